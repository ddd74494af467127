//! Challenges of what a Datanet holds, judged by the bonded validators.
//!
//! Constructor: `new(token: AccountId, unit: Unit, parameters: ArbitrationParameters)`; returns `BadParameters`.
//!
//! Anyone challenges a contribution with a bond. Validators commit to a choice, then reveal it: nobody sees how others judge before
//! it has chosen (UMA's and Kleros' way). What most of the revealed weight chose takes force after a delay in which a vote can undo it,
//! and the registry notes it then: only epochs that close later see it. A challenge stops nothing: verdicts and admission go on.
//!
//! **Weight.** The least of what the operator's pool had bonded just before the challenge, has at the commit, and has at the reveal.
//! So nobody bonds for a case, and what left has no vote: whatever judges is at stake while it does.
//!
//! **Money.** The majority of the judges shares a fee by weight, the same whichever side it found right: of the loser's bonds, and of the
//! challenger's where the loser had less. What is left of the loser's bonds goes to the winner's backers by bond. All is pulled by
//! [`Arbitration::claim`]; what can be nobody's, and the rest of the divisions, is burned.

use crate::times::Unit;
use crate::{AccountId, AdminError, Balance, Bytes32, Timestamp};
use ink::prelude::vec::Vec;
use ink::scale::Encode;
use proof::signed::{tag, Tag};

/// What the hash of a judge's choice begins with.
pub const JUDGE_TAG: Tag = tag("OL-JUDGE-1");
/// Rows of a page of challenges.
pub const MAX_CHALLENGES_PAGE: u32 = 16;

/// What is wrong with a contribution.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// It is copied from another contribution. Whose is the earlier one, judges decide: precedence only says who committed first.
    Copied { original: u64, remedy: Remedy },
    /// It is nothing that a model should learn from: it is struck.
    Worthless,
    /// Validators rejected what they should have accepted: it is accepted.
    WronglyRejected,
}

impl Ground {
    /// What names it: of each, one challenge of a contribution can be open. A copy of another original is another ground, else
    /// whoever copied could keep the author out with an original that nobody copied.
    pub fn name(self) -> (u8, u64) {
        match self {
            Self::Copied { original, .. } => (0, original),
            Self::Worthless => (1, 0),
            Self::WronglyRejected => (2, 0),
        }
    }
}

/// What becomes of a copy.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// It is struck: as if not there.
    Strike,
    /// It stays, and the original's payee is paid for it.
    PayAuthor,
}

/// What a judge chooses, and a bond backs.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The challenger is right.
    Uphold,
    /// The challenged is.
    Dismiss,
}

impl Choice {
    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::Uphold => Self::Dismiss,
            Self::Dismiss => Self::Uphold,
        }
    }
}

/// What governance sets. A challenge keeps those that it was opened under.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ArbitrationParameters {
    /// The bond of the first challenge of a contribution on a ground, at least 1; after each that was dismissed the next costs double.
    pub bond: Balance,
    /// Time to commit, within [`crate::times::JUDGING`].
    pub commit_ms: u64,
    /// Time to reveal after that, within [`crate::times::JUDGING`].
    pub reveal_ms: u64,
    /// The fee, in parts of the challenger's bond: the majority of the judges gets it; it is burned if nothing is decided.
    pub fee_bps: u16,
    /// What a validator loses of its stake whose verdict was overturned; 0 only jails.
    pub slash_bps: u16,
}

/// Where a challenge stands.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChallengeStatus {
    /// Committing, revealing, or waiting for its decision to take force: its times say which.
    Open,
    /// The challenger was right, and the registry was told.
    Upheld,
    /// The challenged was right.
    Dismissed,
    /// Too little weight was revealed, or as much for one side as for the other: nothing changes.
    Undecided,
    /// A vote undid the decision: nothing changes.
    Undone,
}

/// What stands behind a choice.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Side {
    /// Bonds, the challenger's included.
    pub bonded: Balance,
    /// Accounts that bonded them.
    pub backers: u32,
    /// Weight that was revealed.
    pub weight: Balance,
    /// Validators who revealed it.
    pub judges: u32,
}

/// A challenge.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    pub contribution: u64,
    pub ground: Ground,
    pub challenger: AccountId,
    /// What the challenger bonded when it opened.
    pub bond: Balance,
    pub status: ChallengeStatus,
    /// Stake counts as of strictly before this.
    pub opened_at: Timestamp,
    /// Bonds and commits are taken strictly before this, reveals from then on.
    pub commit_until: Timestamp,
    /// Reveals are taken strictly before this.
    pub reveal_until: Timestamp,
    /// A decision takes force from then on.
    pub due_at: Timestamp,
    /// What all validators but the parties had bonded just before it was opened: a third of it must judge.
    pub total_stake: Balance,
    /// The parameters that hold for it.
    pub terms: ArbitrationParameters,
    pub uphold: Side,
    pub dismiss: Side,
    /// Who may not judge: the challenger, the contribution's contributor and payee.
    pub parties: Vec<AccountId>,
    /// Contributor and payee of the original, who may only dismiss: else a challenger would choose whose stake does not count.
    pub authors: Vec<AccountId>,
    /// Once it is closed: what can still be claimed.
    pub owed: Balance,
    /// Bonds and judgements for which something can still be claimed; with the last one, what division left is burned.
    pub claims_left: u32,
}

impl Challenge {
    /// What stands behind a choice.
    pub fn side(&self, choice: Choice) -> &Side {
        match choice {
            Choice::Uphold => &self.uphold,
            Choice::Dismiss => &self.dismiss,
        }
    }

    /// The same, to change it.
    pub fn side_mut(&mut self, choice: Choice) -> &mut Side {
        match choice {
            Choice::Uphold => &mut self.uphold,
            Choice::Dismiss => &mut self.dismiss,
        }
    }
}

/// A judge's commitment, and its choice once revealed.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    /// [`judgement_hash`].
    pub hash: Bytes32,
    /// Its weight as far as it is known: of the commit, then of the reveal.
    pub weight: Balance,
    pub choice: Option<Choice>,
}

/// The hash that a judge commits to: H([`JUDGE_TAG`] ‖ challenge u64 ‖ validator 32 ‖ 0 to uphold, 1 to dismiss ‖ salt 32). It names the
/// judge, so nobody can take another's commitment as its own.
pub fn judgement_hash<H: proof::Hasher>(
    challenge: u64,
    validator: &AccountId,
    choice: Choice,
    salt: &Bytes32,
) -> Bytes32 {
    H::blake2_256(&(JUDGE_TAG, challenge, validator, choice, salt).encode())
}

/// The contracts that arbitration works with.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArbitrationPeers {
    pub staking: AccountId,
    pub datanet_registry: AccountId,
}

/// Why arbitration refused. Appended to, never reordered.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArbitrationError {
    /// Not wired yet, not the admin, not the deployer, another storage version.
    Admin(AdminError),
    /// A number is beyond its type; a bond that was doubled too often, too.
    Overflow,
    /// Parameters outside their bounds.
    BadParameters,
    ZeroAmount,
    UnknownChallenge,
    /// The registry knows no such contribution, or not the original.
    UnknownContribution,
    /// A contribution is no copy of itself.
    OwnOriginal,
    /// The contribution doesn't stand where this ground could change it: what is rejected, struck or was restored can't be struck,
    /// only what is rejected can be accepted; or the original's payee is paid for it already.
    NotChallengeable,
    /// The contribution is challenged on this ground already.
    AlreadyChallenged {
        challenge: u64,
    },
    /// The caller has less OPEN than it wants to bond.
    InsufficientBalance,
    /// The caller allowed arbitration less OPEN than it wants to bond: `approve` first.
    InsufficientAllowance,
    /// Bonds and commits are not taken any more.
    CommitOver,
    /// The caller is no validator in service.
    NotValidator,
    /// A party judges nothing of its own, and nobody upholds what pays itself.
    OwnCase,
    /// The caller's pool has nothing bonded now, or had nothing before the challenge.
    NoStake,
    AlreadyCommitted,
    /// Reveals are taken from then on.
    RevealNotOpen {
        at: Timestamp,
    },
    RevealOver,
    /// The caller committed to nothing here.
    NotCommitted,
    AlreadyRevealed,
    /// The caller did not commit to this choice and salt.
    WrongPreimage,
    /// Judges may still reveal, until then.
    StillJudged {
        until: Timestamp,
    },
    /// The decision takes force then.
    NotDue {
        at: Timestamp,
    },
    /// The challenge is closed already.
    AlreadyClosed,
    /// The challenge is not closed yet.
    NotClosed,
    /// The account has nothing in this challenge, or claimed it before.
    NothingToClaim,
    /// The token contract refused, or could not be asked.
    TokenFailed,
    /// Staking could not be asked.
    StakingFailed,
    /// The Datanet registry could not be asked.
    RegistryFailed,
}

impl From<AdminError> for ArbitrationError {
    fn from(error: AdminError) -> Self {
        Self::Admin(error)
    }
}

/// Challenges; beside it stands [`crate::Administered`].
#[ink::trait_definition]
pub trait Arbitration {
    /// Sets the peers and makes `timelock` the admin. Once, by the deployer; all that changes state returns an error until then.
    #[ink(message)]
    fn wire(&mut self, peers: ArbitrationPeers, timelock: AccountId) -> Result<(), ArbitrationError>;

    /// Challenges a contribution, with the bond that [`Arbitration::price`] says, taken by `transfer_from`. By anyone. Returns the
    /// challenge's number, from 0. Emits `ChallengeOpened`.
    #[ink(message)]
    fn challenge(&mut self, contribution: u64, ground: Ground) -> Result<u64, ArbitrationError>;

    /// Puts more bond behind a side, by anyone, strictly before `commit_until`: nobody knows then how it will be judged. Emits
    /// `ChallengeBacked`.
    #[ink(message)]
    fn back(&mut self, challenge: u64, choice: Choice, amount: Balance) -> Result<(), ArbitrationError>;

    /// The calling validator commits to a choice by [`judgement_hash`], once, strictly before `commit_until`. Emits `JudgeCommitted`.
    #[ink(message)]
    fn commit(&mut self, challenge: u64, hash: Bytes32) -> Result<(), ArbitrationError>;

    /// The calling validator shows what it chose, from `commit_until` on and strictly before `reveal_until`. Returns its weight.
    /// Emits `JudgeRevealed`.
    #[ink(message)]
    fn reveal(&mut self, challenge: u64, choice: Choice, salt: Bytes32) -> Result<Balance, ArbitrationError>;

    /// Closes a challenge, by anyone: from `due_at` on with what was decided, or from `reveal_until` on if nothing was. If it is upheld,
    /// the registry strikes, moves the payee or accepts, and those validators are slashed whose verdict is overturned. What the registry
    /// refuses (it was struck meanwhile) stays undone, and all else is as decided. Returns how it ended. Emits `ChallengeClosed`.
    #[ink(message)]
    fn execute(&mut self, challenge: u64) -> Result<ChallengeStatus, ArbitrationError>;

    /// Closes a challenge as if nothing had been decided, and without a fee. From `reveal_until` on, while it is not executed. By the
    /// admin: the timelock. Emits `ChallengeClosed`.
    #[ink(message)]
    fn undo(&mut self, challenge: u64) -> Result<(), ArbitrationError>;

    /// Pays the caller all that a closed challenge owes it: bonds of the winner, its part of the loser's, its part as a judge. What is
    /// worth nothing goes away with it. Returns the amount. Emits `ChallengeClaimed`.
    #[ink(message)]
    fn claim(&mut self, challenge: u64) -> Result<Balance, ArbitrationError>;

    /// Sets the parameters, for challenges from now on. By the admin. Emits `ArbitrationParametersSet`.
    #[ink(message)]
    fn set_parameters(&mut self, parameters: ArbitrationParameters) -> Result<(), ArbitrationError>;

    /// The bond of the next challenge of a contribution on this ground.
    ///
    /// # Errors
    /// `Overflow` if it was doubled too often.
    #[ink(message)]
    fn price(&self, contribution: u64, ground: Ground) -> Result<Balance, ArbitrationError>;

    /// The challenge of a contribution on this ground that is open.
    #[ink(message)]
    fn open_challenge(&self, contribution: u64, ground: Ground) -> Option<u64>;

    #[ink(message)]
    fn challenge_of(&self, challenge: u64) -> Option<Challenge>;

    #[ink(message)]
    fn challenge_count(&self) -> u64;

    /// Challenges `start..` by their numbers, at most `limit` and [`MAX_CHALLENGES_PAGE`].
    #[ink(message)]
    fn challenges(&self, start: u64, limit: u32) -> Vec<Challenge>;

    /// What an account has bonded behind a choice, and has not claimed.
    #[ink(message)]
    fn bond_of(&self, challenge: u64, choice: Choice, account: AccountId) -> Balance;

    /// What a validator committed to, and what it chose; `None` once it has claimed, too.
    #[ink(message)]
    fn judgement_of(&self, challenge: u64, validator: AccountId) -> Option<Judgement>;

    /// What [`Arbitration::claim`] would pay an account; 0 while the challenge is open.
    #[ink(message)]
    fn claimable(&self, challenge: u64, account: AccountId) -> Balance;

    #[ink(message)]
    fn parameters(&self) -> ArbitrationParameters;

    /// What its times are counted in.
    #[ink(message)]
    fn unit(&self) -> Unit;

    /// `None` until wired.
    #[ink(message)]
    fn peers(&self) -> Option<ArbitrationPeers>;

    /// The token that bonds are in.
    #[ink(message)]
    fn token(&self) -> Option<AccountId>;
}

/// A contribution was challenged.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ChallengeOpened {
    #[ink(topic)]
    pub challenge: u64,
    #[ink(topic)]
    pub contribution: u64,
    pub ground: Ground,
    pub challenger: AccountId,
    pub bond: Balance,
    pub total_stake: Balance,
    pub commit_until: Timestamp,
    pub reveal_until: Timestamp,
    pub due_at: Timestamp,
}

/// More bond stands behind a side.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ChallengeBacked {
    #[ink(topic)]
    pub challenge: u64,
    pub account: AccountId,
    pub choice: Choice,
    pub amount: Balance,
}

/// A validator committed to a choice.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct JudgeCommitted {
    #[ink(topic)]
    pub challenge: u64,
    pub validator: AccountId,
    pub hash: Bytes32,
    /// Its weight at most.
    pub weight: Balance,
}

/// A validator revealed its choice.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct JudgeRevealed {
    #[ink(topic)]
    pub challenge: u64,
    pub validator: AccountId,
    pub choice: Choice,
    pub weight: Balance,
}

/// A challenge is closed.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ChallengeClosed {
    #[ink(topic)]
    pub challenge: u64,
    #[ink(topic)]
    pub contribution: u64,
    pub status: ChallengeStatus,
    /// Whether the registry did what was decided.
    pub applied: bool,
    /// Validators whose verdict is overturned.
    pub overturned: Vec<AccountId>,
    /// What they lost together.
    pub slashed: Balance,
    /// Burned of the bonds.
    pub burned: Balance,
}

/// An account took what a closed challenge owed it; with the last claim, `burned` is what division left.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ChallengeClaimed {
    #[ink(topic)]
    pub challenge: u64,
    pub account: AccountId,
    pub amount: Balance,
    pub burned: Balance,
}

/// The parameters, after a change and at the start.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ArbitrationParametersSet {
    pub parameters: ArbitrationParameters,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proof::Hasher;

    #[test]
    fn a_judgements_hash_is_over_the_documented_bytes() {
        let mut bytes = b"OL-JUDGE-1\0\0\0\0\0\0".to_vec();
        bytes.extend(7u64.to_le_bytes());
        bytes.extend([3; 32]);
        bytes.push(1);
        bytes.extend([9; 32]);
        let made = judgement_hash::<proof::Blake2>(7, &AccountId::from([3; 32]), Choice::Dismiss, &[9; 32]);
        assert_eq!(made, proof::Blake2::blake2_256(&bytes));
    }
}
