//! What oracles sign when they hold what a credit will rest on.

use crate::Hash;
use scale::{Decode, Encode};

/// The body under tag `OL-BATCH-1`, for the escrow contract. SCALE encodes it as the protocol does (156 bytes).
///
/// Who signs it holds, valid and under their hashes, every receipt, request, response and sketch of the batch's filled places, all
/// under `top`, and every revision that they name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct BatchBody {
    /// The oracle set that signs.
    pub set: u32,
    /// The batch's number among those that were redeemed.
    pub waiting: u64,
    /// The escrow's channel.
    pub channel: u64,
    /// The model.
    pub model: u32,
    /// The key that signed requests and voucher.
    pub key: Hash,
    /// The number of the parameter set.
    pub params: u32,
    /// Places of (channel, model, key) before the batch.
    pub from: u64,
    /// Places through it.
    pub to: u64,
    /// Places of it that hold a receipt.
    pub filled: u64,
    /// Fees before it.
    pub fee_from: u128,
    /// Fees through it.
    pub fee_to: u128,
    /// The top of tree 03 through it.
    pub top: Hash,
    /// At least Σ ⌈response bytes / 1024⌉ over it.
    pub kib: u64,
}
