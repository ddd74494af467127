//! The governor: holders of OPEN, staked or not, propose calls and vote on them; what passes goes to the timelock.
//!
//! Constructor: `new(genesis: Bytes32, unit: Unit, parameters: GovernorParameters)`. States and words are OpenZeppelin's Governor's.
//!
//! ```text
//!            propose         delay passed      period passed, quorum reached, for > against
//!   (none) ──────────▶ Pending ─────────▶ Active ─────────────────────▶ Succeeded ──queue──▶ Queued ──▶ Executed
//!                         │                  │ └──────────▶ Defeated        │                  └──▶ Expired
//!                         └──────────────────┴──────── cancel ──────────────┴─────────▶ Cancelled
//! ```

use crate::admin::AdminError;
use crate::common::{AccountId, Balance, Bytes32, Timestamp};
use crate::timelock::{Call, TimelockError};
use crate::times::Unit;
use ink::prelude::{string::String, vec::Vec};
use proof::signed::{tag, Tag};

/// blake2b-256 of (governor, proposer, calls, description hash), SCALE-encoded. The proposer is in it, so nobody can
/// take a proposal from the pool, make it first and cancel it.
pub type ProposalId = Bytes32;

/// The tag of a signed vote.
pub const VOTE_TAG: Tag = tag("OL-VOTE-1");

/// The longest description, bytes.
pub const MAX_DESCRIPTION: usize = 4_096;
/// The longest reason given with a vote, bytes.
pub const MAX_REASON: usize = 1_024;
/// The highest quorum: more than a half could be out of reach for good, since burned and unclaimed OPEN never votes.
pub const MAX_QUORUM_BPS: u16 = 5_000;
/// The highest threshold, a hundredth of the supply: above what anybody holds, nobody could propose to lower it.
pub const MAX_THRESHOLD: Balance = crate::token::TOTAL_SUPPLY / 100;
/// The most ids in one page.
pub const MAX_PAGE: u32 = 100;

/// A vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub enum Support {
    Against,
    For,
    /// Counts for the quorum alone.
    Abstain,
}

/// Where a proposal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub enum ProposalState {
    /// Voting has not begun; votes are counted as of its begin.
    Pending,
    Active,
    Cancelled,
    /// No quorum, or not more for than against.
    Defeated,
    Succeeded,
    /// In the timelock.
    Queued,
    /// Nobody queued it within the timelock's grace, or executed it while the timelock held it ready.
    Expired,
    Executed,
}

/// What governance sets. A change touches no proposal that is already made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub struct GovernorParameters {
    /// From a proposal to the begin of its vote, ms. With the two times below it is within [`crate::times::VOTING`].
    pub voting_delay_ms: Timestamp,
    /// How long a vote is open, ms; at least 1.
    pub voting_period_ms: Timestamp,
    /// The votes that a proposer needs, as of just before it proposes; at most [`MAX_THRESHOLD`].
    pub threshold: Balance,
    /// The share of the supply at the vote's begin that must vote for or abstain; at most [`MAX_QUORUM_BPS`].
    pub quorum_bps: u16,
    /// The least time that a vote stays open after the quorum was reached, ms. So nobody can bring the quorum in the last moment,
    /// when those against have no time to vote (OpenZeppelin's GovernorPreventLateQuorum).
    pub late_quorum_extension_ms: Timestamp,
}

/// A proposal and its count.
#[derive(Debug, Clone, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub struct Proposal {
    pub proposer: AccountId,
    /// blake2b-256 of the description.
    pub description_hash: Bytes32,
    pub proposed_at: Timestamp,
    /// When votes are counted; voting is open from strictly after it, ms.
    pub snapshot_at: Timestamp,
    /// The last time at which one may vote, ms. A late quorum moves it once.
    pub deadline_at: Timestamp,
    pub votes_against: Balance,
    pub votes_for: Balance,
    pub votes_abstain: Balance,
    /// The votes that the proposer must keep, or anyone may cancel.
    pub threshold: Balance,
    pub quorum_bps: u16,
    /// The votes that make the quorum; known from the first vote on.
    pub quorum: Option<Balance>,
    pub cancelled: bool,
    /// The operation in the timelock, once queued.
    pub operation: Option<Bytes32>,
    /// The least time that the vote stays open after the quorum was reached, ms.
    pub late_quorum_extension_ms: Timestamp,
    /// How long after its deadline it can be queued, ms: the timelock's grace when it was proposed.
    pub grace_ms: Timestamp,
}

/// How an account voted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub struct Ballot {
    pub support: Support,
    pub weight: Balance,
}

/// Errors of the governor.
#[derive(Debug, Clone, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub enum GovernorError {
    /// See [`AdminError`].
    Admin(AdminError),
    /// A period of zero, times longer than a vote may take, a threshold or a quorum out of reach.
    BadParameters,
    /// No calls, too many, or too long: see the timelock's limits.
    BadCalls,
    /// The description is longer than [`MAX_DESCRIPTION`], or the reason than [`MAX_REASON`].
    TooLong,
    /// The proposer has too few votes.
    BelowThreshold {
        votes: Balance,
        threshold: Balance,
    },
    /// This proposer made the same proposal before.
    AlreadyProposed,
    UnknownProposal,
    /// The proposal doesn't stand where this needs it to.
    WrongState(ProposalState),
    AlreadyVoted,
    /// The voter had no votes when the vote began.
    NoVotes,
    /// Only the proposer, while the proposal is pending, or anyone once the proposer has less votes than the threshold.
    MayNotCancel,
    /// The signature's deadline has passed.
    SignatureExpired,
    /// The signature is not the voter's over this vote.
    BadSignature,
    /// The token could not be asked.
    TokenFailed,
    /// The staking contract could not be asked.
    StakingFailed,
    /// The timelock could not be asked.
    TimelockFailed,
    /// The timelock refused.
    Timelock(TimelockError),
    /// A sum left its range.
    Overflow,
}

impl From<AdminError> for GovernorError {
    fn from(error: AdminError) -> Self {
        Self::Admin(error)
    }
}

/// Proposals and votes. A vote's weight is what the token and the staking contract say for the proposal's
/// `snapshot_at`.
#[ink::trait_definition]
pub trait Governor {
    /// Sets the peers; the timelock becomes admin. Once, by the deployer. Emits `Wired`.
    /// Errors: `Admin(AlreadyWired | NotDeployer)`.
    #[ink(message)]
    fn wire(&mut self, token: AccountId, staking: AccountId, timelock: AccountId) -> Result<(), GovernorError>;

    /// Proposes that the timelock make `calls`. The description is kept in the event alone. Emits `ProposalCreated`.
    /// Errors: `Admin(NotWired)`, `BadCalls`, `TooLong`, `BelowThreshold`, `AlreadyProposed`, `TimelockFailed`, `Overflow`.
    #[ink(message)]
    fn propose(&mut self, calls: Vec<Call>, description: String) -> Result<ProposalId, GovernorError>;

    /// Votes; returns the weight. Emits `VoteCast`, and `ProposalExtended` if the vote brings the quorum late.
    /// Errors: `UnknownProposal`, `WrongState`, `AlreadyVoted`, `NoVotes`.
    #[ink(message)]
    fn cast_vote(&mut self, id: ProposalId, support: Support) -> Result<Balance, GovernorError>;

    /// [`cast_vote`](Governor::cast_vote) with a reason for others to read.
    /// Errors: those, and `TooLong`.
    #[ink(message)]
    fn cast_vote_with_reason(
        &mut self,
        id: ProposalId,
        support: Support,
        reason: String,
    ) -> Result<Balance, GovernorError>;

    /// [`cast_vote_with_reason`](Governor::cast_vote_with_reason) for `voter`, by its signature (sr25519) over
    /// [`vote_body`] under [`VOTE_TAG`]. A vote can be cast once, so there is no nonce.
    /// Errors: those, and `SignatureExpired`, `BadSignature`.
    #[ink(message)]
    fn cast_vote_by_sig(
        &mut self,
        id: ProposalId,
        support: Support,
        reason: String,
        voter: AccountId,
        deadline: Timestamp,
        signature: [u8; 64],
    ) -> Result<Balance, GovernorError>;

    /// Hands a proposal that succeeded to the timelock, under the salt `id`. Anyone. Emits `ProposalQueued`. Then
    /// anyone calls the timelock's `execute(proposal_calls(id), [0; 32], id)`.
    /// Errors: `UnknownProposal`, `WrongState`, `Timelock`, `TimelockFailed`.
    #[ink(message)]
    fn queue(&mut self, id: ProposalId) -> Result<(), GovernorError>;

    /// Cancels: the proposer, while pending; anyone, until it is executed, once the proposer has less votes than the
    /// proposal's threshold. In the timelock too. Emits `ProposalCancelled`.
    /// Errors: `UnknownProposal`, `WrongState`, `MayNotCancel`, `Timelock`, `TimelockFailed`.
    #[ink(message)]
    fn cancel(&mut self, id: ProposalId) -> Result<(), GovernorError>;

    /// Admin only. Emits `GovernorParametersSet`. Errors: `Admin`, `BadParameters`.
    #[ink(message)]
    fn set_parameters(&mut self, parameters: GovernorParameters) -> Result<(), GovernorError>;

    /// Where the proposal stands now. Errors: `UnknownProposal`, `TimelockFailed`.
    #[ink(message)]
    fn state(&self, id: ProposalId) -> Result<ProposalState, GovernorError>;

    /// The proposal and its count.
    #[ink(message)]
    fn proposal(&self, id: ProposalId) -> Option<Proposal>;

    /// The calls of the proposal.
    #[ink(message)]
    fn proposal_calls(&self, id: ProposalId) -> Option<Vec<Call>>;

    /// How many proposals were made.
    #[ink(message)]
    fn proposal_count(&self) -> u32;

    /// The ids of up to `limit` (≤ [`MAX_PAGE`]) proposals from number `start` on, oldest first.
    #[ink(message)]
    fn proposals(&self, start: u32, limit: u32) -> Vec<ProposalId>;

    /// How the account voted.
    #[ink(message)]
    fn ballot(&self, id: ProposalId, voter: AccountId) -> Option<Ballot>;

    /// The votes of an account at `at` < now: token and staking together. Errors: `TokenFailed`, `StakingFailed`.
    #[ink(message)]
    fn get_votes(&self, account: AccountId, at: Timestamp) -> Result<Balance, GovernorError>;

    /// The votes that make a quorum at `at` < now. Errors: `TokenFailed`.
    #[ink(message)]
    fn quorum(&self, at: Timestamp) -> Result<Balance, GovernorError>;

    /// The id that a proposal would have.
    #[ink(message)]
    fn hash_proposal(&self, proposer: AccountId, calls: Vec<Call>, description_hash: Bytes32) -> ProposalId;

    /// The parameters for the next proposal.
    #[ink(message)]
    fn parameters(&self) -> GovernorParameters;

    /// What times are bounded in.
    #[ink(message)]
    fn unit(&self) -> Unit;

    /// Token, staking and timelock, once wired.
    #[ink(message)]
    fn peers(&self) -> Option<(AccountId, AccountId, AccountId)>;
}

/// What a voter signs for [`Governor::cast_vote_by_sig`]: proposal 32 ‖ support u8 (0 against, 1 for, 2 abstain) ‖
/// voter 32 ‖ blake2b-256 of the reason 32 ‖ deadline u64.
pub fn vote_body(
    id: &ProposalId,
    support: Support,
    voter: &AccountId,
    reason_hash: &Bytes32,
    deadline: Timestamp,
) -> [u8; 105] {
    let mut body = [0; 105];
    body[..32].copy_from_slice(id);
    body[32] = match support {
        Support::Against => 0,
        Support::For => 1,
        Support::Abstain => 2,
    };
    body[33..65].copy_from_slice(voter.as_ref());
    body[65..97].copy_from_slice(reason_hash);
    body[97..].copy_from_slice(&deadline.to_le_bytes());
    body
}

/// A proposal was made. Its vote is open after `snapshot_at` and until `deadline_at`.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ProposalCreated {
    #[ink(topic)]
    pub id: ProposalId,
    pub proposer: AccountId,
    pub calls: Vec<Call>,
    pub snapshot_at: Timestamp,
    pub deadline_at: Timestamp,
    pub threshold: Balance,
    pub quorum_bps: u16,
    pub description: String,
}

/// An account voted.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct VoteCast {
    #[ink(topic)]
    pub id: ProposalId,
    #[ink(topic)]
    pub voter: AccountId,
    pub support: Support,
    pub weight: Balance,
    pub reason: String,
}

/// The quorum was reached late: the vote is open until `deadline_at`.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ProposalExtended {
    #[ink(topic)]
    pub id: ProposalId,
    pub deadline_at: Timestamp,
}

/// A proposal is in the timelock.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ProposalQueued {
    #[ink(topic)]
    pub id: ProposalId,
    pub operation: Bytes32,
    pub ready_at: Timestamp,
    pub expires_at: Timestamp,
}

/// A proposal was cancelled.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ProposalCancelled {
    #[ink(topic)]
    pub id: ProposalId,
    pub by: AccountId,
}

/// The governor's parameters, after a change and at the start.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct GovernorParametersSet {
    pub parameters: GovernorParameters,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signed_body_is_the_documented_bytes() {
        let mut expected = [1u8; 32].to_vec();
        expected.push(2);
        expected.extend([3u8; 32]);
        expected.extend([4u8; 32]);
        expected.extend([5u8, 0, 0, 0, 0, 0, 0, 0]);
        let body = vote_body(&[1; 32], Support::Abstain, &AccountId::from([3; 32]), &[4; 32], 5);
        assert_eq!(body.as_slice(), expected);
    }
}
