//! What payout stores beside the types of its messages.

use crate::epoch::Queue;
use openledger_abi::payout::{Live, PayoutParameters, PayoutPeers};
use openledger_abi::times::Unit;
use openledger_abi::{AccountId, Balance, Bytes32, Timestamp};

/// What nearly every message reads.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone)]
pub struct Config {
    pub token: AccountId,
    pub genesis: Bytes32,
    pub unit: Unit,
    pub parameters: PayoutParameters,
    /// One bit a paused function.
    pub paused: u8,
    pub peers: Option<PayoutPeers>,
}

/// How far batches, epochs and sets have come.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Default)]
pub struct Counters {
    pub batches: u64,
    pub receipts: u64,
    /// Σ of all pots.
    pub funded: Balance,
    /// Σ of all that expired in escrow, and what of it no live report has consumed.
    pub expired: Balance,
    pub unconsumed: Balance,
    pub epochs: u32,
    /// Where the batches that are not reported begin. A closed epoch's begin there too.
    pub queue: Queue,
    /// When the last epoch was first closed, or the contract was wired.
    pub closed_at: Timestamp,
    /// The oracle set that signs.
    pub set: u32,
    /// When a refill made a set last; 0 if none did.
    pub refilled_at: Timestamp,
}

/// The last attempts of an epoch.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, Default)]
pub struct Attempts {
    /// Of its last cut.
    pub cut: u32,
    /// Of its last report.
    pub reported: Option<u32>,
}

/// The one report that can be refuted now.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy)]
pub struct Pending {
    pub attempt: u32,
    pub live_at: Timestamp,
}

/// What claims are paid by, and what is to come: a pending report is always that of epoch `live.epochs`.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    pub live: Live,
    pub pending: Option<Pending>,
    /// Σ of all that was paid.
    pub claimed: Balance,
}

/// What the contract keeps of an account.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Default)]
pub struct Claimant {
    pub claimed: Balance,
    pub recipient: Option<AccountId>,
}
