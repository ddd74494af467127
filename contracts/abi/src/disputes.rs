//! Commits to fraud proofs, reveals, and what provers get (PROTOCOL.md section 9).
//!
//! Whoever finds a false report commits to a proof with a bond and reveals it at least one block later. What the proof shows
//! is the [judge](crate::judge)'s to say. The first reveal that holds voids the report and slashes each signer; staking moves the
//! *reward*, the provers' part of the slash, here. The hash names the prover, so nobody can take a proof seen on its way and reveal it
//! as his own: a commit of his would come too late.
//!
//! **Who shares.** A liar can always prove its own lie first, so being first must not be worth the whole reward. All commits of
//! blocks before the first reveal that holds may be revealed within `reveal_ms` of it, judged by the record that payout keeps. Half of the
//! reward is the prover's whose commit is the earliest of those that hold, the other half goes to the other provers in equal
//! parts. Each reveal after the first pays a tenth of its bond.
//!
//! **Bonds.** A commit's bond comes back with the reveal of a proof that holds, and also if the report fell before by another's. A proof
//! that doesn't hold changes nothing: the reveal fails, and may be tried again until `reveal_by`. A commit that isn't revealed by then kept a
//! report from going live for nothing: its bond is burned. If the report falls later all the same, bonds lost on it are repaid from
//! the reward first.

use crate::judge::{JudgeError, ReportId};
use crate::{AccountId, AdminError, Balance, Bytes32, Timestamp};
use ink::prelude::vec::Vec;

pub use proof::check::Fraud;
pub use proof::Error as ProofError;

/// The longest proof, in bytes.
pub const MAX_PROOF_BYTES: usize = proof::limits::MAX_PROOF_BYTES;
/// A commit costs a sixteenth of the bond more for each that is open on its report already.
pub const BOND_STEPS: u128 = 16;
/// What a reveal after the first pays: its bond divided by this.
pub const SHARE_FEE_DIVISOR: u128 = 10;
/// Bonds lost on a report are repaid from at most the reward divided by this. Without a limit a liar could lose bonds to itself and
/// have them repaid with what is the honest provers'.
pub const REPAID_DIVISOR: u128 = 2;

/// What became of a commit.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitStatus {
    /// It waits for its reveal.
    Open,
    /// Its proof held; the bond went back.
    Proven,
    /// Its bond went back, since the report fell without it.
    Returned,
    /// Its bond was burned.
    Forfeited,
}

/// A promise to show a proof.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    pub prover: AccountId,
    /// blake2b-256 over the prover's 32 bytes, then the proof's bytes.
    pub hash: Bytes32,
    pub report: ReportId,
    pub bond: Balance,
    pub at: Timestamp,
    /// Its block: the reveal comes in a later one.
    pub block: u32,
    /// The reveal comes at this time or before, or while the provers of a report that fell within this time share.
    pub reveal_by: Timestamp,
    pub status: CommitStatus,
}

/// What is open and lost on a report.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Docket {
    /// Commits that wait for their reveal.
    pub open: u32,
    /// Σ of the bonds that were lost on it.
    pub lost: Balance,
}

/// How a report fell, and what its provers share.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fall {
    pub at: Timestamp,
    /// The block of the first reveal that held: commits of earlier ones share.
    pub block: u32,
    /// Provers are taken through this time, and paid after it.
    pub share_until: Timestamp,
    /// The earliest commit that held; `None` if the report fell by an unanswered question, whose asker is the first prover.
    pub earliest: Option<u64>,
    /// Whose half is the first.
    pub first: AccountId,
    /// The provers beside the first.
    pub others: u32,
    /// What they share, bonds repaid taken off.
    pub reward: Balance,
    /// What repays the bonds lost on the report, in proportion.
    pub repaid: Balance,
    /// Σ of those bonds.
    pub lost: Balance,
}

/// What an account has to do with a report.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Part {
    /// It is one of the provers.
    pub proved: bool,
    /// Σ of the bonds that it lost on the report.
    pub lost: Balance,
    /// It was paid.
    pub paid: bool,
}

/// The hash that a prover commits to: blake2b-256 over its 32 bytes, then the proof's.
pub fn commit_hash<H: proof::Hasher>(prover: &AccountId, proof: &[u8]) -> Bytes32 {
    let account: &[u8; 32] = prover.as_ref();
    let mut preimage = Vec::with_capacity(proof.len().saturating_add(account.len()));
    preimage.extend_from_slice(account);
    preimage.extend_from_slice(proof);
    H::blake2_256(&preimage)
}

/// What the next commit, or question, on a report locks: bond · (1 + open/16), `None` beyond the type.
///
/// The price makes it dear to open so many that nobody can follow all.
pub fn price(bond: Balance, open: u32) -> Option<Balance> {
    proof::math::mul_div(bond, BOND_STEPS.checked_add(u128::from(open))?, BOND_STEPS).ok()
}

/// What a proof that holds did.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was the first: the report is void, each signer was slashed; the sum, and what is the provers' of it.
    Voided { report: ReportId, signers: Vec<AccountId>, slashed: Balance, reward: Balance },
    /// The report had fallen within `reveal_ms` before; the prover shares the reward.
    Shared { report: ReportId },
}

/// Bond and times, set by the admin. A commit keeps the bond and the time it was made with.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DisputeParameters {
    /// What the first commit open on a report locks, in 10^-18 OPEN; at least 16.
    pub bond: Balance,
    /// How long after the commit its proof can be revealed, and after the first reveal the others'.
    pub reveal_ms: u64,
}

/// Why disputes refused. Appended to, never reordered.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DisputesError {
    /// Wiring and the admin role.
    Admin(AdminError),
    Overflow,
    BadParameters,
    NoSuchCommit,
    /// Only the account that committed may do this.
    NotProver,
    /// The commit was revealed, returned or forfeited before.
    CommitSpent,
    /// The reveal must come in a later block than the commit.
    TooEarly,
    /// The time to reveal is over.
    TooLate,
    /// The commit can still be revealed.
    RevealOpen,
    /// The commit's hash is not that of this proof and the caller.
    WrongPreimage,
    /// The proof is longer than 16,000 bytes.
    ProofTooLong,
    /// Payout doesn't know the report.
    NoSuchReport,
    /// The report is live or void already.
    NotPending,
    /// The report's window was over when the commit came.
    WindowOver,
    /// The judge found no fraud, or could not ask for the facts.
    Judge(JudgeError),
    /// The judge could not be asked.
    JudgeFailed,
    /// The commit is not of a block before the first reveal that held.
    NotBeforeFirst,
    /// The account is one of the report's provers already.
    AlreadyShares,
    /// The report did not fall by a proof or an unanswered question.
    NotFallen,
    /// Provers may still join.
    SharingOpen,
    /// The account has nothing to get of this report, or got it.
    NothingToClaim,
    /// The token contract refused a transfer.
    TransferFailed,
    /// Payout could not be asked, or refused.
    PayoutFailed,
    /// Only availability may do this.
    NotAvailability,
    /// Staking could not be asked.
    StakingFailed,
}

impl From<AdminError> for DisputesError {
    fn from(error: AdminError) -> Self {
        Self::Admin(error)
    }
}

/// The peers of disputes.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DisputesPeers {
    pub token: AccountId,
    pub payout: AccountId,
    pub staking: AccountId,
    pub judge: AccountId,
}

/// Commit, reveal, share. Constructor: `new(token, unit, parameters)`.
#[ink::trait_definition]
pub trait Disputes {
    /// Sets the peers and makes `timelock` the admin. Once, by the deployer; all that changes state errors until then.
    #[ink(message)]
    fn wire(
        &mut self,
        payout: AccountId,
        staking: AccountId,
        judge: AccountId,
        timelock: AccountId,
    ) -> Result<(), DisputesError>;

    /// Commits to a proof: `hash` is blake2b-256 over the caller's 32 bytes and the proof's bytes. Takes [`Disputes::bond_for`] the report by
    /// `transfer_from`. The report must be pending, and within its window or the time for a next step of some line of questions; it then doesn't go live before `reveal_ms` are over.
    /// Returns the commit's number.
    #[ink(message)]
    fn commit(&mut self, report: ReportId, hash: Bytes32) -> Result<u64, DisputesError>;

    /// Shows the proof: the SCALE bytes of a [`proof::check::Proof`]. By the prover, in a later block, through `reveal_by`; if another's
    /// reveal made the report fall before that, through the fall's `share_until`, if the commit is of a block before it.
    #[ink(message)]
    fn reveal(&mut self, commit: u64, proof: Vec<u8>) -> Result<Outcome, DisputesError>;

    /// Settles a commit that is not to be revealed any more: its bond goes back if its report fell or is void, and is
    /// burned once the time to reveal is over. By anyone; while provers may still join, by its prover. Returns what it became.
    #[ink(message)]
    fn settle(&mut self, commit: u64) -> Result<CommitStatus, DisputesError>;

    /// Pays the caller's part of the reward for a report that fell, and the bonds that it lost on it, after `share_until`.
    /// Returns the amount.
    #[ink(message)]
    fn claim(&mut self, report: ReportId) -> Result<Balance, DisputesError>;

    /// Makes a pending report fall, as a first reveal does, with the asker of an unanswered question as the first prover. By
    /// availability, which payout knows.
    #[ink(message)]
    fn convict(&mut self, report: ReportId, asker: AccountId) -> Result<Outcome, DisputesError>;

    /// Notes that the account lost a bond on the report elsewhere. By availability.
    #[ink(message)]
    fn lose(&mut self, report: ReportId, account: AccountId, bond: Balance) -> Result<(), DisputesError>;

    /// By the admin.
    #[ink(message)]
    fn set_parameters(&mut self, parameters: DisputeParameters) -> Result<(), DisputesError>;

    #[ink(message)]
    fn commit_of(&self, commit: u64) -> Option<Commit>;

    /// Commits are numbered from 0 to this.
    #[ink(message)]
    fn commit_count(&self) -> u64;

    /// What the next commit on a report locks: bond · (1 + k/16) with k commits open on it.
    #[ink(message)]
    fn bond_for(&self, report: ReportId) -> Balance;

    #[ink(message)]
    fn docket(&self, report: ReportId) -> Docket;

    /// How a report fell, if it did.
    #[ink(message)]
    fn fall_of(&self, report: ReportId) -> Option<Fall>;

    #[ink(message)]
    fn part_of(&self, report: ReportId, account: AccountId) -> Part;

    #[ink(message)]
    fn parameters(&self) -> DisputeParameters;

    /// `None` until wired.
    #[ink(message)]
    fn peers(&self) -> Option<DisputesPeers>;
}

/// Somebody committed to a proof.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ProofCommitted {
    #[ink(topic)]
    pub commit: u64,
    pub prover: AccountId,
    pub report: ReportId,
    pub bond: Balance,
    pub reveal_by: Timestamp,
}

/// A proof held. `fraud` names what it showed.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct FraudProven {
    #[ink(topic)]
    pub commit: u64,
    pub prover: AccountId,
    pub report: ReportId,
    pub fraud: Fraud,
    /// What the prover paid for coming later: 0 for the first.
    pub fee: Balance,
}

/// A report fell: its signers were slashed.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ReportFell {
    pub report: ReportId,
    pub slashed: Vec<AccountId>,
    pub amount: Balance,
    /// What provers share, and what repays bonds.
    pub reward: Balance,
    pub repaid: Balance,
    pub share_until: Timestamp,
}

/// An account lost a bond on a report.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct BondLost {
    pub report: ReportId,
    #[ink(topic)]
    pub account: AccountId,
    pub bond: Balance,
}

/// A commit ended without a proof.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct CommitSettled {
    #[ink(topic)]
    pub commit: u64,
    pub status: CommitStatus,
    pub bond: Balance,
}

/// A prover, or who lost a bond, was paid.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct RewardClaimed {
    pub report: ReportId,
    #[ink(topic)]
    pub account: AccountId,
    /// Its part of the reward.
    pub share: Balance,
    /// Of the bonds that it lost.
    pub repaid: Balance,
}

/// Bond and times changed.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct DisputeParametersSet {
    pub parameters: DisputeParameters,
}
