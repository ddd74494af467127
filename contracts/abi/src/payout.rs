//! Batches, epochs, oracle-signed reports, windows and claims (PROTOCOL.md section 4).
//!
//! Escrow records each redeemed voucher as a *batch* with its pot. `close_epoch` fixes which batches an epoch holds. A
//! report, signed by exactly f + 1 of the oracle set, says what each account is due of all epochs so far, as the top of a
//! Merkle sum tree. Within its window it can be voided by disputes; after it the tree is live and claims are paid.

use crate::{AccountId, AdminError, Balance, Bytes32, Timestamp};
use ink::prelude::vec::Vec;

pub use proof::report::ReportBody;
pub use proof::{Node, SumHead, TreeHead};

/// Receipts that one epoch may hold.
pub const MAX_EPOCH_RECEIPTS: u64 = 1 << 26;
/// Oracles in a set.
pub const MAX_ORACLES: usize = 31;
/// The highest share of an epoch's pots that may be added from what was carried.
pub const MAX_CARRY_BPS: u16 = 1_000;
/// Voided reports of an epoch after which the admin has to name a new oracle set.
pub const MAX_ATTEMPTS: u16 = 3;
/// Epochs that can be closed and without a live report at a time.
pub const MAX_UNREPORTED: u32 = 2;

/// Functions that can be paused ([`crate::Pausable`]). Recording batches, voiding and extending never pause.
pub mod pause {
    pub const CLOSE_EPOCH: u8 = 0;
    pub const SUBMIT_REPORT: u8 = 1;
    pub const CLAIM: u8 = 2;
    /// How many there are.
    pub const FUNCTIONS: u8 = 3;
}

/// What escrow hands over with a pot.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBatch {
    pub channel: u64,
    pub host: AccountId,
    pub model: u32,
    /// The parameter set that the batch is judged by.
    pub params: u32,
    /// The batch holds the receipts `count_from .. count_to` of (channel, model).
    pub count_from: u64,
    pub count_to: u64,
    /// The sums of all fees before them, and with them.
    pub fee_from: Balance,
    pub fee_to: Balance,
    /// Top of tree 03 over `count_to` receipts.
    pub top: Bytes32,
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
    pub params: u32,
    /// When it was redeemed.
    pub at: Timestamp,
    pub count_from: u64,
    pub count_to: u64,
    pub fee_from: Balance,
    pub fee_to: Balance,
    pub top: Bytes32,
    pub pot: Balance,
    /// Receipts of all batches through this one.
    pub sum_counts: u64,
    /// Pots of all batches through this one.
    pub sum_pots: Balance,
}

/// An epoch: closed batches that are reported together.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epoch {
    /// It holds the batches `from .. to`.
    pub from: u64,
    pub to: u64,
    /// Receipts in them.
    pub receipts: u64,
    /// Σ of their pots.
    pub pots: Balance,
    /// At most this share of the pots is added from what was carried.
    pub carry_bps: u16,
    pub closed_at: Timestamp,
    /// Until when withheld data can be demanded; reports are accepted strictly after it.
    pub demand_end: Timestamp,
    /// Reports voided so far: the number that the next report must name.
    pub attempt: u16,
    /// The report must be signed by this oracle set or a later one (raised when three attempts were voided).
    pub min_set: u32,
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
    /// Refuted.
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
    /// Commits, requests and holds are accepted through this.
    pub window_end: Timestamp,
    /// It goes live strictly after this: the window's end, or the end of the last commit, request or hold.
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

/// A report that was just voided, and its epoch before that.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voided {
    pub report: ReportInfo,
    pub epoch: Epoch,
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

/// Those who may sign reports. Numbered from 1, immutable and kept.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OracleSet {
    pub oracles: Vec<Oracle>,
    pub made_at: Timestamp,
}

/// Durations and limits, set by the admin; what an epoch needs of them is fixed when it closes.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PayoutParameters {
    /// The least time between two closed epochs.
    pub epoch_ms: u64,
    /// How long after an epoch closed data can be demanded.
    pub demand_ms: u64,
    /// How long a report can be refuted.
    pub window_ms: u64,
    /// The longest that the guardian may hold a report.
    pub max_hold_ms: u64,
    /// At most this share of an epoch's pots is added from what was carried; ≤ 1,000.
    pub carry_bps: u16,
    /// What is credited and unclaimed may reach this share of the signers' slashable stake; ≤ 10,000.
    pub cover_bps: u16,
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
    /// Σ of all pots that escrow moved here.
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
    /// Not even one more batch is covered: oracles must bond more, or accounts must claim.
    CoverExceeded,
    NoSuchEpoch,
    /// Reports come in the order of epochs: this is not the next one.
    WrongEpoch,
    /// The report before this one is not final yet.
    PreviousNotFinal,
    /// Data can still be demanded.
    DemandOpen,
    /// The epoch has a report that was not voided.
    AlreadyReported,
    WrongAttempt,
    /// The body names another oracle set than the current one, or a set that may no longer report this epoch.
    WrongOracleSet,
    /// The body's batches are not the epoch's.
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
    /// The body's deadline is over.
    Expired,
    /// Not exactly f + 1 signatures, as many as bits.
    WrongSignatureCount,
    /// A bit beyond the set.
    NoSuchOracle,
    /// The signature of the oracle at this place of the set is not its own over this body in this contract on this chain.
    BadSignature(u8),
    /// The oracle at this place of the set is in jail, below its least own bond, or no operator.
    SignerJailed(u8),
    /// What is credited and unclaimed exceeds the share of the signers' slashable stake that covers it.
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
    /// No oracles, too many, one twice, or one that is no operator with the role.
    BadOracles,
    BadParameters,
    /// An empty list, or too many.
    BadInput,
    /// [`MAX_UNREPORTED`] epochs are closed and have no live report yet.
    EpochsWaiting,
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
    pub staking: AccountId,
}

/// Epochs, reports, claims; beside it stand [`crate::Administered`] and [`crate::Pausable`], whose guardian may also hold a
/// report. Constructor: `new(token: AccountId, genesis: Bytes32, guardian: Option<AccountId>, parameters: PayoutParameters)`.
#[ink::trait_definition]
pub trait Payout {
    /// Sets the peers, makes `timelock` the admin, and makes oracle set 1 of `oracles` unless that is empty. Once, by the
    /// deployer; all that changes state errors until then.
    #[ink(message)]
    fn wire(
        &mut self,
        escrow: AccountId,
        disputes: AccountId,
        staking: AccountId,
        timelock: AccountId,
        oracles: Vec<AccountId>,
    ) -> Result<(), PayoutError>;

    /// Records a batch whose pot escrow has just moved here. By escrow. Returns the batch's number, from 0.
    #[ink(message)]
    fn record_batch(&mut self, batch: NewBatch) -> Result<u64, PayoutError>;

    /// Closes the next epoch over the batches that wait, by anyone: at least one batch, at most 2^26 receipts, and no more
    /// pots than f + 1 oracles cover even if the f best-bonded ones don't sign; while fewer than [`MAX_UNREPORTED`] wait for a live
    /// report. Returns the epoch's number, from 0.
    #[ink(message)]
    fn close_epoch(&mut self) -> Result<u32, PayoutError>;

    /// Submits the next epoch's report, by anyone. `signers` has one bit an oracle of the current set, `signatures` follow
    /// in ascending order of the bits: exactly f + 1, sr25519 over the body's signing hash, raw or wrapped in `<Bytes>`.
    #[ink(message)]
    fn submit_report(&mut self, body: ReportBody, signers: u32, signatures: Vec<[u8; 64]>) -> Result<(), PayoutError>;

    /// Makes a report live whose window is over, by anyone. (`claim` and `submit_report` do it too.)
    #[ink(message)]
    fn finalize(&mut self, epoch: u32) -> Result<(), PayoutError>;

    /// Keeps a pending report from going live until `until`, since a commit or request against it is open. By disputes,
    /// within the window. Returns when it goes live.
    #[ink(message)]
    fn extend(&mut self, epoch: u32, attempt: u16, until: Timestamp) -> Result<Timestamp, PayoutError>;

    /// Voids a pending report. By disputes. The epoch's attempt grows by one, its pots stay. Returns the report and its
    /// epoch as they were: disputes voids first, judges by what it got, and errors, which undoes it, if nothing is wrong.
    #[ink(message)]
    fn void(&mut self, epoch: u32, attempt: u16) -> Result<Voided, PayoutError>;

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

    /// Makes a new oracle set of operators with the role, with the signing keys they have in staking now. By the admin.
    /// Returns its number.
    #[ink(message)]
    fn set_oracles(&mut self, oracles: Vec<AccountId>) -> Result<u32, PayoutError>;

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

    #[ink(message)]
    fn epoch(&self, epoch: u32) -> Option<Epoch>;

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
    fn report_of(&self, epoch: u32, attempt: u16) -> Option<ReportInfo>;

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
    pub host: AccountId,
    pub count_from: u64,
    pub count_to: u64,
    pub pot: Balance,
}

/// An epoch was closed.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct EpochClosed {
    #[ink(topic)]
    pub epoch: u32,
    pub from: u64,
    pub to: u64,
    pub receipts: u64,
    pub pots: Balance,
    pub demand_end: Timestamp,
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
pub struct ReportExtended {
    #[ink(topic)]
    pub epoch: u32,
    pub attempt: u16,
    pub live_at: Timestamp,
    /// By the guardian, not for a dispute.
    pub hold: bool,
}

/// A report was refuted.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ReportVoided {
    #[ink(topic)]
    pub epoch: u32,
    pub attempt: u16,
    pub signers: Vec<AccountId>,
}

/// A report is final; claims are paid by it.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ReportFinalized {
    #[ink(topic)]
    pub epoch: u32,
    pub attempt: u16,
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
}

/// Durations and limits changed.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct PayoutParametersSet {
    pub parameters: PayoutParameters,
}
