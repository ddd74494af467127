//! Payment channels and the split of each fee (PROTOCOL.md section 2).
//!
//! A payer opens a channel to a host with a deposit. For each answer the payer signs a *voucher* over the tree of all
//! receipts of one (channel, model): their count, the sum of their fees, the tree's top. Redeeming a voucher pays the
//! increase: the fee waits as one batch until n − f oracles have attested that they hold the batch's bytes. Then it splits, as was fixed
//! when it was taken, into shares that are pulled and a pot that moves to payout, where the batch is part of the next epoch.

use crate::payout::NewBatch;
use crate::quorum::QuorumError;
use crate::{AccountId, AdminError, Balance, Bytes32, Timestamp, OPEN};
use ink::prelude::vec::Vec;

pub use proof::attestation::BatchBody;
pub use proof::receipt::Receipt;
pub use proof::request::{Request, SignedRequest};
pub use proof::voucher::Voucher;
pub use proof::Node;

/// Parents of a model that share in its owner's part: the model registry allows no more.
pub const MAX_PARENTS: usize = 8;
/// Receipts that one batch may hold.
pub const MAX_BATCH: u64 = 1 << 20;

/// How fees split and what they must reach. Numbered, immutable and kept: a batch is judged by the set it names.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterSet {
    /// To the platform's treasury.
    pub platform_bps: u16,
    /// To the host that answered.
    pub host_bps: u16,
    /// To the model's owner, who passes on its parents' royalties.
    pub owner_bps: u16,
    /// To the stakers.
    pub stakers_bps: u16,
    /// To the contributors' pot, which also takes what the divisions leave. The five add up to 10,000.
    pub contributors_bps: u16,
    /// The least fee of an answer, 1 to [`MAX_MIN_FEE`]. A batch's must be at least filled · min_fee + kib · min_fee_kib.
    pub min_fee: Balance,
    /// The least fee of each KiB of responses, at most [`MAX_MIN_FEE`]: what oracles fetch and keep has its price.
    pub min_fee_kib: Balance,
    /// Weights of retrieved chunks by rank, at most 16; 0 beyond.
    pub retrieval_weights: Vec<u16>,
    /// The longest quote that can be common knowledge, 1 to 256 bytes.
    pub common_max: u16,
}

impl From<ParameterSet> for proof::params::ParameterSet {
    fn from(set: ParameterSet) -> Self {
        Self { min_fee: set.min_fee, rank_weights: set.retrieval_weights, common_max: set.common_max }
    }
}

/// What a channel is doing.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelStatus {
    /// Vouchers can be redeemed.
    Open,
    /// The payer wants out: vouchers can still be redeemed, and from `exit_at` on the channel can be closed.
    Exiting { exit_at: Timestamp },
    /// What was left went back to the payer.
    Closed,
}

/// A payer's deposit for one host.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    pub payer: AccountId,
    pub host: AccountId,
    /// All that was ever paid in.
    pub deposit: Balance,
    /// All fees redeemed, over all models.
    pub spent: Balance,
    pub opened_at: Timestamp,
    pub status: ChannelStatus,
}

/// A key that may sign requests and vouchers of one channel in the payer's place, for an agent. Its cap holds over all models.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// All fees that its vouchers may spend.
    pub cap: Balance,
    /// Of those, redeemed so far.
    pub spent: Balance,
    /// Its vouchers are redeemed strictly before this.
    pub expires_at: Timestamp,
}

/// A session key to be set: an sr25519 public key, its cap and its expiry.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    pub key: Bytes32,
    pub cap: Balance,
    pub expires_at: Timestamp,
}

/// What was redeemed of one (channel, model, key).
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paid {
    /// Places of tree 03.
    pub count: u64,
    /// Their fees.
    pub fee: Balance,
    /// The tops of the complete subtrees that the places consist of, largest first: every later tree begins with them.
    pub peaks: Vec<Node>,
}

// By hand, since nodes belong to a crate that knows nothing of ink!.
#[cfg(feature = "std")]
impl ink::storage::traits::StorageLayout for Paid {
    fn layout(key: &ink::primitives::Key) -> ink::metadata::layout::Layout {
        ink::metadata::layout::Layout::Leaf(ink::metadata::layout::LeafLayout::from_key::<Self>((*key).into()))
    }
}

/// A receipt in the tree of a voucher, and the request that it answers.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerOpening {
    pub receipt: Receipt,
    pub request: SignedRequest,
    /// Its index in tree 03.
    pub index: u64,
    /// Siblings bottom-up, with their sums.
    pub path: Vec<Node>,
}

/// A voucher to be redeemed.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redemption {
    pub voucher: Voucher,
    /// `None`: the payer signed. Otherwise the session key that did.
    pub session: Option<Bytes32>,
    /// sr25519 over the voucher's signing hash, raw or wrapped in `<Bytes>`.
    pub signature: [u8; 64],
    /// Through which place the voucher is paid: all of it, or what the deposit and the session's cap allow.
    pub count: u64,
    /// The tops of the complete subtrees that fill the places from those paid so far to `count`.
    pub added: Vec<Node>,
    /// The same from `count` to the voucher's end.
    pub rest: Vec<Node>,
    /// New places that hold a receipt.
    pub filled: u64,
    /// KiB of their responses, each rounded up.
    pub kib: u64,
    /// One of them: its request names the batch's parameter set. The voucher's signer signed for it with the voucher's top.
    pub answer: AnswerOpening,
}

/// The shares of one fee, in 10^-18 OPEN; they add up to it.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    pub platform: Balance,
    pub host: Balance,
    pub owner: Balance,
    /// The model's parents, of the owner's part.
    pub parents: Vec<(AccountId, Balance)>,
    pub stakers: Balance,
    pub pot: Balance,
}

/// A redeemed batch whose fee waits for the oracles to hold its bytes. All that it is settled by is fixed.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingBatch {
    /// What payout is told once it is attested.
    pub batch: NewBatch,
    /// The model's owner when the fee was taken.
    pub owner: AccountId,
    pub split: Split,
    /// Host and owner took half of their shares.
    pub advanced: bool,
}

impl WaitingBatch {
    /// What q oracles of this set sign.
    pub fn body(&self, waiting: u64, set: u32) -> BatchBody {
        let batch = &self.batch;
        BatchBody {
            set,
            waiting,
            channel: batch.channel,
            model: batch.model,
            key: batch.key,
            params: batch.params,
            from: batch.count_from,
            to: batch.count_to,
            filled: batch.filled,
            fee_from: batch.fee_from,
            fee_to: batch.fee_to,
            top: batch.top,
            kib: batch.kib,
        }
    }
}

/// Why escrow refused. Appended to, never reordered.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EscrowError {
    /// Wiring and the admin role.
    Admin(AdminError),
    /// An amount is beyond what 128 bits hold.
    Overflow,
    NoSuchChannel,
    ChannelClosed,
    /// Only the channel's payer may do this.
    NotPayer,
    /// Only the channel's host may do this.
    NotHost,
    /// A deposit, a cap or a withdrawal of nothing.
    ZeroAmount,
    /// A payer can't be its own host.
    SelfChannel,
    /// The token contract refused the transfer: too little allowance or balance.
    TransferFailed,
    /// The exit was not requested, or its delay is not over.
    ExitNotDue,
    ExitAlreadyRequested,
    ExitNotRequested,
    /// The signature is not the payer's, nor of a live session key, over this voucher in this contract on this chain.
    BadSignature,
    /// The voucher's or consent's deadline is over.
    Expired,
    /// Nothing new is to be paid: the count is not above what was paid, or beyond the voucher's.
    NothingNew,
    /// More than 2^20 places in one batch.
    BatchTooLarge,
    /// The fee is below filled · min_fee + kib · min_fee_kib.
    FeeTooLow,
    /// Fewer than half of the new places are filled, or more than there are.
    TooFewFilled,
    /// The channel's deposit doesn't cover the increase.
    DepositExceeded,
    /// The nodes don't lead from what was paid to the voucher's top: its tree does not begin with the places that were paid.
    BadPath,
    /// The opened receipt is no new one of the voucher's tree, or the request is not its own.
    BadAnswer,
    /// The answer's request names a parameter set that is not current, nor was replaced less than the exit delay ago.
    ParametersExpired,
    NoSuchSession,
    /// The session key's time is over.
    SessionExpired,
    /// The session key's cap doesn't cover the increase.
    SessionCapExceeded,
    /// A session's cap or expiry can't be lowered but by revoking it, which takes effect after the exit delay.
    SessionLowered,
    /// The model registry doesn't know the model.
    NoSuchModel,
    /// The model registry could not be asked.
    ModelRegistryFailed,
    /// Payout did not record the batch.
    PayoutFailed,
    /// The five shares don't add up to 10,000 bps, min_fee is 0, a least fee is above [`MAX_MIN_FEE`], or there are more than
    /// 16 weights.
    BadParameters,
    /// The contributors' share is below the floor.
    BelowPotFloor,
    NothingToWithdraw,
    /// The host's consent is to another amount spent than is spent now.
    SpentMismatch,
    /// The account is no host that is bonded and in service.
    NotInService,
    /// Staking could not be asked.
    StakingFailed,
    /// No batch of this number waits: it was attested, it expired, or it never was.
    NotWaiting,
    /// The signatures are not the word of the current oracle set.
    Quorum(QuorumError),
    /// Only the batch's host and its model's owner may do this.
    NotEntitled,
    /// It waits for too short a time.
    GraceNotOver,
    /// Host and owner have half of their shares already.
    AlreadyAdvanced,
}

impl From<QuorumError> for EscrowError {
    fn from(error: QuorumError) -> Self {
        Self::Quorum(error)
    }
}

impl From<AdminError> for EscrowError {
    fn from(error: AdminError) -> Self {
        Self::Admin(error)
    }
}

/// The peers of escrow.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EscrowPeers {
    pub token: AccountId,
    pub model_registry: AccountId,
    pub payout: AccountId,
    /// Is credited the stakers' share.
    pub staking: AccountId,
    /// Is credited the platform's share.
    pub treasury: AccountId,
}

/// The most that `min_fee` and `min_fee_kib` may be: above it no answer would be worth its price, and nobody could be paid.
pub const MAX_MIN_FEE: Balance = OPEN;

/// Channels, vouchers, shares. Constructor: `new(token, genesis, unit, exit_delay_ms, pot_floor_bps, parameters)`.
#[ink::trait_definition]
pub trait Escrow {
    /// Sets the peers and makes `timelock` the admin. Once, by the deployer; all that changes state errors until then.
    #[ink(message)]
    fn wire(
        &mut self,
        model_registry: AccountId,
        payout: AccountId,
        staking: AccountId,
        timelock: AccountId,
        treasury: AccountId,
    ) -> Result<(), EscrowError>;

    /// Opens a channel from the caller to `host`, who must be bonded as a host and in service; takes `deposit` by
    /// `transfer_from`. Returns the channel's number.
    #[ink(message)]
    fn open(&mut self, host: AccountId, deposit: Balance, session: Option<NewSession>) -> Result<u64, EscrowError>;

    /// Adds to a channel's deposit, by anyone; takes `amount` by `transfer_from`.
    #[ink(message)]
    fn top_up(&mut self, channel: u64, amount: Balance) -> Result<(), EscrowError>;

    /// Lets a key sign vouchers for the payer. Of a known key, cap and expiry can only grow: a host may have relied on them.
    #[ink(message)]
    fn set_session(&mut self, channel: u64, session: NewSession) -> Result<(), EscrowError>;

    /// Ends a session key after the exit delay, so that the host can redeem what the key signed.
    #[ink(message)]
    fn revoke_session(&mut self, channel: u64, key: Bytes32) -> Result<(), EscrowError>;

    /// Takes the fee that a voucher, or a prefix of its tree, adds. By the host, who alone knows whether the voucher is over receipts
    /// that it gave; it need not be bonded any more. The batch waits until it is attested. Returns its number among those that wait.
    #[ink(message)]
    fn redeem(&mut self, redemption: Redemption) -> Result<u64, EscrowError>;

    /// Pays a waiting batch: splits its fee, moves its pot to payout and records it there. By anyone, with the signatures over tag
    /// `OL-BATCH-1` of exactly n − f oracles of the current set, who hold its bytes: a bitmap of their places, and one signature a
    /// bit in ascending order. Returns the batch's number in payout.
    #[ink(message)]
    fn attest(&mut self, waiting: u64, signers: u32, signatures: Vec<[u8; 64]>) -> Result<u64, EscrowError>;

    /// Credits host and owner half of their shares of a batch that waits for [`crate::times::ATTEST_GRACE`] units; by either of them.
    #[ink(message)]
    fn advance(&mut self, waiting: u64) -> Result<(), EscrowError>;

    /// Ends a batch that waits for [`crate::times::POT_GRACE`] units, by anyone: what is left of its fee carries over in payout.
    #[ink(message)]
    fn expire(&mut self, waiting: u64) -> Result<(), EscrowError>;

    /// The host gives the rest of the deposit back at once.
    #[ink(message)]
    fn close(&mut self, channel: u64) -> Result<(), EscrowError>;

    /// The same by the host's signature over tag `OL-CLOSE-1`, body channel u64, spent u128, deadline u64; anyone sends it in. It
    /// counts while `spent` is what is spent, so that nobody closes by it once the host served and redeemed more. The key is the
    /// host account's own, or its signing key in staking.
    #[ink(message)]
    fn close_by_consent(
        &mut self,
        channel: u64,
        spent: Balance,
        deadline: Timestamp,
        signature: [u8; 64],
    ) -> Result<(), EscrowError>;

    /// The payer announces that it leaves; the host has the exit delay to redeem what it holds. Returns when that is over.
    #[ink(message)]
    fn request_exit(&mut self, channel: u64) -> Result<Timestamp, EscrowError>;

    /// The payer stays.
    #[ink(message)]
    fn cancel_exit(&mut self, channel: u64) -> Result<(), EscrowError>;

    /// Closes an exiting channel from `exit_at` on, by anyone; the rest is credited to the payer.
    #[ink(message)]
    fn exit(&mut self, channel: u64) -> Result<(), EscrowError>;

    /// Pays the caller all that is credited to it: shares of fees, what closed channels left. Returns the amount.
    #[ink(message)]
    fn withdraw(&mut self) -> Result<Balance, EscrowError>;

    /// Adds a parameter set, which batches use from now on. By the admin. Returns its number.
    #[ink(message)]
    fn set_parameters(&mut self, parameters: ParameterSet) -> Result<u32, EscrowError>;

    /// Sets the least contributors' share of new parameter sets; the current set must reach it. By the admin.
    #[ink(message)]
    fn set_pot_floor(&mut self, bps: u16) -> Result<(), EscrowError>;

    /// Sets how long payers who leave, and keys that are revoked, wait from now on; within [`crate::times::EXIT_DELAY`], so that a
    /// payer can always leave and a host is paid first. By the admin.
    #[ink(message)]
    fn set_exit_delay(&mut self, exit_delay_ms: u64) -> Result<(), EscrowError>;

    /// Sets who is credited the platform's share. By the admin.
    #[ink(message)]
    fn set_treasury(&mut self, treasury: AccountId) -> Result<(), EscrowError>;

    #[ink(message)]
    fn channel(&self, channel: u64) -> Option<Channel>;

    /// Channels are numbered from 0 to this.
    #[ink(message)]
    fn channel_count(&self) -> u64;

    /// Channels `first..`, at most `limit` and 50.
    #[ink(message)]
    fn channels(&self, first: u64, limit: u32) -> Vec<Channel>;

    #[ink(message)]
    fn session(&self, channel: u64, key: Bytes32) -> Option<Session>;

    /// What was redeemed of (channel, model, key), the payer's account being a key too.
    #[ink(message)]
    fn paid(&self, channel: u64, model: u32, key: Bytes32) -> Paid;

    /// A batch that waits to be attested.
    #[ink(message)]
    fn waiting(&self, waiting: u64) -> Option<WaitingBatch>;

    /// Redeemed batches are numbered from 0 to this.
    #[ink(message)]
    fn waiting_count(&self) -> u64;

    /// Those of the numbers `first..`, at most `limit` and 50 of them, that wait.
    #[ink(message)]
    fn waiting_batches(&self, first: u64, limit: u32) -> Vec<(u64, WaitingBatch)>;

    /// Credited to the account and not withdrawn yet.
    #[ink(message)]
    fn withdrawable(&self, account: AccountId) -> Balance;

    #[ink(message)]
    fn parameters(&self, number: u32) -> Option<ParameterSet>;

    /// The number of the set that new batches get.
    #[ink(message)]
    fn current_parameters(&self) -> u32;

    #[ink(message)]
    fn pot_floor(&self) -> u16;

    /// Milliseconds between a payer's request to leave and its exit.
    #[ink(message)]
    fn exit_delay(&self) -> u64;

    /// All that escrow owes: what is left of open deposits, and credits.
    #[ink(message)]
    fn owed(&self) -> Balance;

    /// `None` until wired.
    #[ink(message)]
    fn peers(&self) -> Option<EscrowPeers>;
}

/// A channel was opened.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ChannelOpened {
    #[ink(topic)]
    pub channel: u64,
    pub payer: AccountId,
    pub host: AccountId,
    pub deposit: Balance,
}

/// A channel's deposit grew.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ChannelToppedUp {
    #[ink(topic)]
    pub channel: u64,
    /// Who paid it in.
    pub account: AccountId,
    pub amount: Balance,
}

/// A session key was set, extended, or given an end.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct SessionChanged {
    #[ink(topic)]
    pub channel: u64,
    pub key: Bytes32,
    pub cap: Balance,
    pub expires_at: Timestamp,
}

/// A voucher was redeemed; its increase waits under this number, split into shares that add up to `fee`.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct VoucherRedeemed {
    #[ink(topic)]
    pub channel: u64,
    pub model: u32,
    pub waiting: u64,
    /// Who signed: the payer or a session key.
    pub key: Bytes32,
    /// The total number of places of this (channel, model, key) that are paid now.
    pub count: u64,
    /// New places that hold a receipt.
    pub filled: u64,
    /// KiB of their responses.
    pub kib: u64,
    /// The increase.
    pub fee: Balance,
    pub parameters: u32,
    pub platform: Balance,
    pub host: Balance,
    pub owner: AccountId,
    pub owner_share: Balance,
    pub parents: Vec<(AccountId, Balance)>,
    pub stakers: Balance,
    pub pot: Balance,
}

/// Oracles of the set hold a batch's bytes: its fee was split; `batch` is payout's number of it.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct BatchAttested {
    #[ink(topic)]
    pub waiting: u64,
    pub batch: u64,
    pub set: u32,
    /// A bitmap of their places.
    pub signers: u32,
}

/// Host and owner got half of their shares of a batch that nobody attested yet.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct SharesAdvanced {
    #[ink(topic)]
    pub waiting: u64,
    pub host: Balance,
    pub owner: Balance,
}

/// Nobody attested a batch in time: what was left of its fee carries over.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct BatchExpired {
    #[ink(topic)]
    pub waiting: u64,
    pub amount: Balance,
}

/// A payer announced its exit.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ExitRequested {
    #[ink(topic)]
    pub channel: u64,
    pub exit_at: Timestamp,
}

/// A payer stays after all.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ExitCancelled {
    #[ink(topic)]
    pub channel: u64,
}

/// A channel was closed; `refund` was credited to its payer.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ChannelWasClosed {
    #[ink(topic)]
    pub channel: u64,
    pub refund: Balance,
}

/// An account took what was credited to it.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ShareWithdrawn {
    #[ink(topic)]
    pub account: AccountId,
    pub amount: Balance,
}

/// A parameter set was added and is the current one.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ParametersAdded {
    #[ink(topic)]
    pub number: u32,
    pub parameters: ParameterSet,
}

/// The least contributors' share changed.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct PotFloorSet {
    pub bps: u16,
}

/// Payers who leave wait so long from now on.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ExitDelaySet {
    pub exit_delay_ms: u64,
}

/// Another account is credited the platform's share.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct TreasurySet {
    pub treasury: AccountId,
}
