//! Batches, epochs, oracle-signed reports, windows and claims (PROTOCOL.md section 8).
//!
//! Escrow records each redeemed voucher as a *batch* with its pot. `close_epoch` makes a *cut*: which batches an epoch holds, and
//! all else that its report depends on. A report, signed by exactly q = n − f of the oracle set, says what each account is due of
//! all epochs so far, as the top of a Merkle sum tree. Within its window it can be voided; after it the tree is live and claims are
//! paid. Each cut is kept for ever by (epoch, attempt), so that there is one true report of each.

use crate::quorum::QuorumError;
use crate::times::Unit;
use crate::{AccountId, AdminError, Balance, Bytes32, Timestamp};
use ink::prelude::vec::Vec;

pub use proof::limits::{MAX_CARRY_BPS, MAX_EPOCH_RECEIPTS};
pub use proof::report::ReportBody;
pub use proof::{Node, SumHead, TreeHead};

/// Oracles in a set, and reserves.
pub const MAX_ORACLES: usize = proof::limits::MAX_ORACLES as usize;
/// Oracles in a set, at least.
pub const MIN_ORACLES: usize = proof::limits::MIN_ORACLES as usize;
/// Batches that can be marked as withheld and are not reported yet.
pub const MAX_WITHHELD: usize = 64;

/// Functions that can be paused ([`crate::Pausable`]). Recording batches, refilling, voiding and delaying never pause.
pub mod pause {
    /// `close_epoch`, `recut`.
    pub const CLOSE_EPOCH: u8 = 0;
    pub const SUBMIT_REPORT: u8 = 1;
    pub const CLAIM: u8 = 2;
    /// How many there are.
    pub const FUNCTIONS: u8 = 3;
}

/// What escrow hands over with a pot.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBatch {
    pub channel: u64,
    pub host: AccountId,
    pub model: u32,
    /// The payer's or the session's, which signed all of it.
    pub key: Bytes32,
    /// The parameter set that the batch is judged by.
    pub params: u32,
    /// When its fee was taken.
    pub at: Timestamp,
    /// The batch holds the places `count_from .. count_to` of (channel, model, key).
    pub count_from: u64,
    pub count_to: u64,
    /// The sums of all fees before them, and with them.
    pub fee_from: Balance,
    pub fee_to: Balance,
    /// Top of tree 03 over `count_to` receipts.
    pub top: Bytes32,
    /// Places of the batch that hold a receipt.
    pub filled: u64,
    /// KiB of their responses, each rounded up.
    pub kib: u64,
    /// What was moved to payout for its contributors, at least 1.
    pub pot: Balance,
}

/// Receipts that were redeemed together.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    pub channel: u64,
    pub host: AccountId,
    pub model: u32,
    pub key: Bytes32,
    pub params: u32,
    /// When it was redeemed.
    pub at: Timestamp,
    pub count_from: u64,
    pub count_to: u64,
    pub fee_from: Balance,
    pub fee_to: Balance,
    pub top: Bytes32,
    pub filled: u64,
    pub kib: u64,
    pub pot: Balance,
    /// Receipts of all batches through this one.
    pub sum_counts: u64,
    /// Pots of all batches through this one.
    pub sum_pots: Balance,
}

impl Batch {
    /// What escrow handed over.
    pub fn redeemed(&self) -> NewBatch {
        NewBatch {
            channel: self.channel,
            host: self.host,
            model: self.model,
            key: self.key,
            params: self.params,
            at: self.at,
            count_from: self.count_from,
            count_to: self.count_to,
            fee_from: self.fee_from,
            fee_to: self.fee_to,
            top: self.top,
            filled: self.filled,
            kib: self.kib,
            pot: self.pot,
        }
    }
}

/// A cut of an epoch: the batches that are reported together, and all else that their report depends on. Never changed.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// The oracle set that reports it.
    pub set: u32,
    /// It holds the batches `from .. to`.
    pub from: u64,
    pub to: u64,
    /// Receipts in them.
    pub receipts: u64,
    /// What it takes of the first batch's pot: less than all if other epochs take some of it too, since the whole was more than
    /// could be covered. Of the others it takes all.
    pub first_pot: Balance,
    /// Σ of what it takes, withheld batches included.
    pub pots: Balance,
    /// Those of the batches that are withheld, ascending; at most [`MAX_WITHHELD`].
    pub withheld: Vec<u64>,
    /// What the epoch before carried out, and what expired in escrow until now.
    pub carry_in: Balance,
    /// Of that, what expired: it is consumed when a report of this cut goes live.
    pub expired: Balance,
    /// At most this share of the pots is added from it.
    pub carry_bps: u16,
    pub closed_at: Timestamp,
}

impl Cut {
    /// What it takes of the pot of one of its batches.
    pub fn pot_of(&self, number: u64, batch: &Batch) -> Balance {
        if number == self.from {
            self.first_pot
        } else {
            batch.pot
        }
    }
}

/// Where a report stands.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportStatus {
    /// It can be voided until `live_at`.
    Pending,
    /// Claims were or are paid by it.
    Live,
    /// Refuted, or voided by vote.
    Void,
}

/// A report as the contract keeps it.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportInfo {
    pub body: ReportBody,
    /// Those who signed, in the set's order.
    pub signers: Vec<AccountId>,
    pub submitted_at: Timestamp,
    /// What begins a dispute, and a hold, is accepted through this.
    pub window_end: Timestamp,
    /// Commits to proofs are accepted through this: the window's end, or the end of the last step of a line of questions.
    pub open_until: Timestamp,
    /// It goes live strictly after this: the window's end, or the end of the last commit, question or hold.
    pub live_at: Timestamp,
    /// The guardian used its one hold.
    pub held: bool,
    pub status: ReportStatus,
}

// By hand, since the body's types belong to a crate that knows nothing of ink!.
#[cfg(feature = "std")]
impl ink::storage::traits::StorageLayout for ReportInfo {
    fn layout(key: &ink::primitives::Key) -> ink::metadata::layout::Layout {
        ink::metadata::layout::Layout::Leaf(ink::metadata::layout::LeafLayout::from_key::<Self>((*key).into()))
    }
}

/// One oracle of a set with the key it had when the set was made.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Oracle {
    /// Its operator account in staking.
    pub account: AccountId,
    /// Its sr25519 signing key.
    pub key: Bytes32,
}

/// Those who sign reports and attestations. Numbered from 1, immutable and kept: a key counts in its set and place alone.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OracleSet {
    pub oracles: Vec<Oracle>,
    pub made_at: Timestamp,
}

/// Durations and limits, set by the admin within the bounds of [`crate::times`]; what an epoch needs of them is kept in its cut.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PayoutParameters {
    /// The least time between two closed epochs.
    pub epoch_ms: u64,
    /// After so long an epoch without a report can be cut again.
    pub report_ms: u64,
    /// How long a report can be refuted.
    pub window_ms: u64,
    /// The longest that the guardian may hold a report: longer than a vote's whole way.
    pub max_hold_ms: u64,
    /// How long a member of the set has to be out of service, without a break, before a reserve takes its place; and the least time
    /// between two refills, unless more than f are out.
    pub refill_ms: u64,
    /// At most this share of an epoch's pots is added from what was carried; ≤ 1,000.
    pub carry_bps: u16,
}

/// One account's leaf of the live payouts and its path.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub account: AccountId,
    pub cumulative: Balance,
    pub index: u64,
    /// Siblings bottom-up, with their sums.
    pub path: Vec<Node>,
}

/// The latest final payouts.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Live {
    /// Epochs whose report is final: 0 .. this. The next report is for the epoch of this number.
    pub epochs: u32,
    /// Tree 07.
    pub payouts: SumHead,
    /// What no account was due so far.
    pub carry: Balance,
}

// By hand, as ReportInfo's.
#[cfg(feature = "std")]
impl ink::storage::traits::StorageLayout for Live {
    fn layout(key: &ink::primitives::Key) -> ink::metadata::layout::Layout {
        ink::metadata::layout::Layout::Leaf(ink::metadata::layout::LeafLayout::from_key::<Self>((*key).into()))
    }
}

/// The sums that bound each other: claimed ≤ credited, credited + carried = pots of the reported epochs ≤ funded.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Σ of all pots that escrow moved here, and of what expired there.
    pub funded: Balance,
    /// Σ of the live payouts.
    pub credited: Balance,
    /// What the last live report carries over.
    pub carried: Balance,
    /// Σ of all that was paid to claims.
    pub claimed: Balance,
}

/// Why payout refused. Appended to, never reordered.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayoutError {
    /// Wiring and the admin role.
    Admin(AdminError),
    NotEscrow,
    NotDisputes,
    NotGuardian,
    /// An amount or count is beyond its type.
    Overflow,
    /// The function is paused.
    Paused,
    NoSuchFunction,
    /// A batch without receipts or pot, or with falling totals.
    BadBatch,
    /// The last epoch closed less than `epoch_ms` ago.
    EpochNotDue,
    /// No batch to put into an epoch.
    NothingToClose,
    /// Less than an eighth of the cover is free: accounts must claim, or oracles bond more.
    CoverExceeded,
    /// The epoch before has no live report yet.
    EpochOpen,
    NoSuchEpoch,
    /// The epoch's cut stands: its set is the current one, its cover holds, and `report_ms` are not over.
    CutStands,
    /// The epoch has a pending report.
    ReportPending,
    NoSuchBatch,
    /// The batch is reported already.
    BatchReported,
    /// The batch is marked already.
    AlreadyWithheld,
    /// [`MAX_WITHHELD`] batches are marked and not reported.
    TooManyWithheld,
    /// Reports come in the order of epochs: this is not the next one.
    WrongEpoch,
    /// The report before this one is not final yet.
    PreviousNotFinal,
    /// The epoch has a report that was not voided.
    AlreadyReported,
    WrongAttempt,
    /// The body names another oracle set than the cut does, or that one is no longer the current one: cut again.
    WrongOracleSet,
    /// The body's batches are not the cut's.
    WrongBatches,
    /// The body's previous payouts are not the live ones.
    WrongPrevious,
    /// The evidence has not one leaf for each receipt.
    WrongEvidenceCount,
    /// credited + carry out is not Σ pots + carry in.
    NotConserved,
    /// The new payouts' sum is not the previous one plus the credits'.
    WrongPayoutSum,
    /// More is credited than the pots and the share of the carry that may be added.
    CarryExceeded,
    /// A tree's count, sum and top don't fit each other.
    BadHead,
    /// The signatures are not those of exactly q of the set.
    Quorum(QuorumError),
    /// The oracle at this place of the set is in jail, below its least own bond, or no operator.
    SignerOutOfService(u8),
    /// What is credited and unclaimed exceeds half of what the signers would lose.
    NotCovered,
    /// Staking could not be asked.
    StakingFailed,
    NoSuchReport,
    /// The report is no longer pending.
    NotPending,
    /// The window is over.
    WindowOver,
    /// The window is not over.
    WindowOpen,
    /// The guardian used its hold, or asks for too long a one.
    HoldRefused,
    /// The leaf is not in the live payouts.
    BadClaim,
    /// All of it was claimed before.
    NothingToClaim,
    /// More than the contract can pay by its own sums: a report that was not refuted is false.
    NotFunded,
    /// The token contract refused the transfer.
    TransferFailed,
    /// Fewer than [`MIN_ORACLES`], too many, one twice, or a member that is no oracle in service.
    BadOracles,
    /// The last refill was less than `refill_ms` ago, and no more than f are out.
    RefillNotDue,
    /// No member has been out for `refill_ms`, or no reserve is in service.
    NothingToRefill,
    BadParameters,
    /// An empty list, or too many.
    BadInput,
}

impl From<QuorumError> for PayoutError {
    fn from(error: QuorumError) -> Self {
        Self::Quorum(error)
    }
}

impl From<AdminError> for PayoutError {
    fn from(error: AdminError) -> Self {
        Self::Admin(error)
    }
}

/// The contracts that payout works with.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutPeers {
    pub token: AccountId,
    pub escrow: AccountId,
    pub disputes: AccountId,
    pub availability: AccountId,
    pub staking: AccountId,
}

/// Epochs, reports, claims; beside it stand [`crate::Administered`] and [`crate::Pausable`], whose guardian may also hold a
/// report. Constructor: `new(token: AccountId, genesis: Bytes32, guardian: Option<AccountId>, unit: Unit, parameters:
/// PayoutParameters)`.
#[ink::trait_definition]
pub trait Payout {
    /// Sets the peers, makes `timelock` the admin, and makes oracle set 1 of `oracles`, with `reserves`, unless `oracles` is empty.
    /// Once, by the deployer; all that changes state errors until then.
    #[ink(message)]
    #[allow(clippy::too_many_arguments)]
    fn wire(
        &mut self,
        escrow: AccountId,
        disputes: AccountId,
        availability: AccountId,
        staking: AccountId,
        timelock: AccountId,
        oracles: Vec<AccountId>,
        reserves: Vec<AccountId>,
    ) -> Result<(), PayoutError>;

    /// Records a batch whose pot escrow has just moved here. By escrow. Returns the batch's number, from 0.
    #[ink(message)]
    fn record_batch(&mut self, batch: NewBatch) -> Result<u64, PayoutError>;

    /// Takes note of money that escrow has just moved here because nobody attested its batch in time: it carries over. By escrow.
    #[ink(message)]
    fn record_expired(&mut self, amount: Balance) -> Result<(), PayoutError>;

    /// Closes the next epoch over the batches that wait, by anyone, when the one before has a live report: at least one batch, at
    /// most 2^26 receipts, and no more pots than seven eighths of what whichever q oracles sign cover, what is unclaimed counted. If the
    /// first batch alone is more, as much of its pot as is covered; the rest stays first in the queue, over the same receipts. Where less
    /// than an eighth of the cover is free and something would be left waiting, refuses with `CoverExceeded`: claims free cover. Returns
    /// the epoch's number, from 0.
    #[ink(message)]
    fn close_epoch(&mut self) -> Result<u32, PayoutError>;

    /// Cuts the last epoch again over what waits now, by anyone, while it has no pending report: once its cover is below what it
    /// holds (an eighth of `report_ms` after its cut at the earliest), the oracle set changed, or `report_ms` are over since its cut. Returns the new attempt.
    #[ink(message)]
    fn recut(&mut self, epoch: u32) -> Result<u32, PayoutError>;

    /// Marks a batch that is not reported yet as withheld: nobody is credited for it, its pot carries over. If its epoch is closed,
    /// a pending report of it is voided, which slashes nobody, and the epoch's attempt grows by one. By the admin.
    #[ink(message)]
    fn mark_withheld(&mut self, batch: u64) -> Result<(), PayoutError>;

    /// Submits the next epoch's report, by anyone. `signers` has one bit an oracle of the current set, `signatures` follow
    /// in ascending order of the bits: exactly q, sr25519 over the body's signing hash, raw or wrapped in `<Bytes>`.
    #[ink(message)]
    fn submit_report(&mut self, body: ReportBody, signers: u32, signatures: Vec<[u8; 64]>) -> Result<(), PayoutError>;

    /// Makes a report live whose window is over, by anyone. (`claim` and `submit_report` do it too.)
    #[ink(message)]
    fn finalize(&mut self, epoch: u32) -> Result<(), PayoutError>;

    /// Keeps a pending report from going live until `until`, since a commit or question against it is open. By disputes, while
    /// commits are accepted; by availability, which judges itself whether a question comes in time, and after an answer has
    /// commits accepted until `open_until`. Returns when it goes live.
    #[ink(message)]
    fn delay(
        &mut self,
        epoch: u32,
        attempt: u32,
        until: Timestamp,
        open_until: Option<Timestamp>,
    ) -> Result<Timestamp, PayoutError>;

    /// Voids a pending report. By disputes. The epoch's attempt grows by one, its batches stay. Returns the report as it was.
    #[ink(message)]
    fn void(&mut self, epoch: u32, attempt: u32) -> Result<ReportInfo, PayoutError>;

    /// Voids a pending report without slashing anybody, by vote: the admin.
    #[ink(message)]
    fn void_report(&mut self, epoch: u32, attempt: u32) -> Result<(), PayoutError>;

    /// Keeps a pending report from going live for `hold_ms` longer. By the guardian, once a report, within its window.
    #[ink(message)]
    fn hold(&mut self, epoch: u32, hold_ms: u64) -> Result<Timestamp, PayoutError>;

    /// Pays an account what it is due by the live payouts, less what it got before. By anyone, to the account or its
    /// recipient. Returns the amount.
    #[ink(message)]
    fn claim(&mut self, claim: Claim) -> Result<Balance, PayoutError>;

    /// The same for many leaves; those with nothing to claim are passed over. Returns the total.
    #[ink(message)]
    fn claim_many(&mut self, claims: Vec<Claim>) -> Result<Balance, PayoutError>;

    /// Has the caller's claims paid to another account, or to itself again.
    #[ink(message)]
    fn set_recipient(&mut self, recipient: Option<AccountId>) -> Result<(), PayoutError>;

    /// Makes a new oracle set of operators with the role, with the signing keys they have in staking now, and names the reserves, in
    /// the order in which they step in. The same operators may be named again. By the admin. Returns the set's number.
    #[ink(message)]
    fn set_oracles(&mut self, members: Vec<AccountId>, reserves: Vec<AccountId>) -> Result<u32, PayoutError>;

    /// Makes a new oracle set in which reserves have taken the places of members that have been in jail or out of service for
    /// `refill_ms` without a break. Each reserve steps in once; who left comes back by vote alone. A place without a reserve in
    /// service keeps its member. By anyone; at most once in `refill_ms` unless more than f are out. Returns the set's number.
    #[ink(message)]
    fn refill(&mut self) -> Result<u32, PayoutError>;

    /// By the admin.
    #[ink(message)]
    fn set_parameters(&mut self, parameters: PayoutParameters) -> Result<(), PayoutError>;

    #[ink(message)]
    fn batch(&self, batch: u64) -> Option<Batch>;

    #[ink(message)]
    fn batch_count(&self) -> u64;

    /// Batches `from..`, at most `limit` and 50.
    #[ink(message)]
    fn batches(&self, from: u64, limit: u32) -> Vec<Batch>;

    /// A cut of an epoch, kept for ever.
    #[ink(message)]
    fn cut(&self, epoch: u32, attempt: u32) -> Option<Cut>;

    /// The last cut of an epoch with its attempt.
    #[ink(message)]
    fn latest_cut(&self, epoch: u32) -> Option<(u32, Cut)>;

    /// Batches that are marked as withheld and not reported yet.
    #[ink(message)]
    fn withheld(&self) -> Vec<u64>;

    /// Epochs that are closed: 0 .. this.
    #[ink(message)]
    fn epoch_count(&self) -> u32;

    /// From when on `close_epoch` is due.
    #[ink(message)]
    fn due_at(&self) -> Timestamp;

    /// The latest report of an epoch.
    #[ink(message)]
    fn report(&self, epoch: u32) -> Option<ReportInfo>;

    /// The report of an attempt, also a voided one.
    #[ink(message)]
    fn report_of(&self, epoch: u32, attempt: u32) -> Option<ReportInfo>;

    /// The payouts that claims are paid by. (A report whose window is over and that nobody finalized is not in it yet.)
    #[ink(message)]
    fn live(&self) -> Live;

    #[ink(message)]
    fn totals(&self) -> Totals;

    /// What the account got so far.
    #[ink(message)]
    fn claimed(&self, account: AccountId) -> Balance;

    /// Whom the account's claims are paid to, if not to itself.
    #[ink(message)]
    fn recipient(&self, account: AccountId) -> Option<AccountId>;

    #[ink(message)]
    fn oracle_set(&self, set: u32) -> Option<OracleSet>;

    /// The number of the set that signs; 0 if there is none yet.
    #[ink(message)]
    fn current_set(&self) -> u32;

    /// The same with its keys by place: what [`crate::quorum::signers`] checks oracles' word by.
    #[ink(message)]
    fn current_keys(&self) -> (u32, Vec<Bytes32>);

    /// Whether the account is in the current set.
    #[ink(message)]
    fn is_oracle(&self, account: AccountId) -> bool;

    /// What is covered now, whichever q of the current set sign: half of what the q of them in service would lose who would lose least.
    ///
    /// # Errors
    /// `Admin(NotWired)`, `WrongOracleSet` if there is none, `StakingFailed`.
    #[ink(message)]
    fn cover(&self) -> Result<Balance, PayoutError>;

    /// Who steps in next, in order.
    #[ink(message)]
    fn reserves(&self) -> Vec<AccountId>;

    /// What times are bounded in.
    #[ink(message)]
    fn unit(&self) -> Unit;

    #[ink(message)]
    fn parameters(&self) -> PayoutParameters;

    /// `None` until wired.
    #[ink(message)]
    fn peers(&self) -> Option<PayoutPeers>;
}

/// A batch was recorded.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct BatchRecorded {
    #[ink(topic)]
    pub batch: u64,
    pub channel: u64,
    pub model: u32,
    pub key: Bytes32,
    pub host: AccountId,
    pub count_from: u64,
    pub count_to: u64,
    pub filled: u64,
    pub kib: u64,
    pub pot: Balance,
}

/// What nobody attested in time came in: it carries over.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ExpiredRecorded {
    pub amount: Balance,
}

/// An epoch was closed, or cut again.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct EpochCut {
    #[ink(topic)]
    pub epoch: u32,
    pub attempt: u32,
    pub cut: Cut,
}

/// A batch was marked as withheld.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct BatchWithheld {
    #[ink(topic)]
    pub batch: u64,
}

/// A report was accepted and can be refuted.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ReportSubmitted {
    #[ink(topic)]
    pub epoch: u32,
    pub body: ReportBody,
    pub signers: Vec<AccountId>,
    pub window_end: Timestamp,
}

/// A report goes live later than it would have.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ReportDelayed {
    #[ink(topic)]
    pub epoch: u32,
    pub attempt: u32,
    pub live_at: Timestamp,
    /// By the guardian, not for a dispute.
    pub hold: bool,
}

/// A report was voided.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ReportVoided {
    #[ink(topic)]
    pub epoch: u32,
    pub attempt: u32,
    pub signers: Vec<AccountId>,
    /// By disputes, not by vote.
    pub refuted: bool,
}

/// A report is final; claims are paid by it.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ReportFinalized {
    #[ink(topic)]
    pub epoch: u32,
    pub attempt: u32,
    /// Σ of all payouts so far.
    pub total: Balance,
    pub carry: Balance,
}

/// An account was paid.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct Claimed {
    #[ink(topic)]
    pub account: AccountId,
    pub recipient: AccountId,
    pub amount: Balance,
    pub cumulative: Balance,
}

/// An account's claims are paid elsewhere.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct RecipientSet {
    #[ink(topic)]
    pub account: AccountId,
    pub recipient: Option<AccountId>,
}

/// A new oracle set signs from now on.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct OracleSetMade {
    #[ink(topic)]
    pub set: u32,
    pub oracles: Vec<Oracle>,
    /// Who steps in next.
    pub reserves: Vec<AccountId>,
}

/// Durations and limits changed.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct PayoutParametersSet {
    pub parameters: PayoutParameters,
}
