//! What payout stores beside the types of its messages.

use openledger_abi::payout::{Live, PayoutParameters, PayoutPeers};
use openledger_abi::{AccountId, Balance, Bytes32, Timestamp};

/// What nearly every message reads.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone)]
pub struct Config {
    pub token: AccountId,
    pub genesis: Bytes32,
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
    pub epochs: u32,
    /// The first batch that is in no epoch, and what lies before it.
    pub closed_to: u64,
    pub closed_receipts: u64,
    pub closed_pots: Balance,
    /// When the last epoch closed, or the contract was wired.
    pub closed_at: Timestamp,
    /// The oracle set that signs.
    pub set: u32,
}

/// The one report that can be refuted now.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy)]
pub struct Pending {
    pub attempt: u16,
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
