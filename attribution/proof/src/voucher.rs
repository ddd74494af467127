//! The voucher by which a payer co-signs every receipt of a (channel, model, key) so far.

use crate::{Hash, SumHead};
use scale::{Decode, Encode};

/// A voucher's body. SCALE encodes it as the protocol does (76 bytes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Voucher {
    /// The escrow's channel.
    pub channel: u64,
    /// The model.
    pub model: u32,
    /// Receipts so far.
    pub count: u64,
    /// Their fees so far.
    pub fee: u128,
    /// The top of tree 03 over them.
    pub top: Hash,
    /// Until when it may be redeemed, ms.
    pub deadline: u64,
}

impl Voucher {
    /// The head of tree 03 that the voucher signs.
    pub const fn head(&self) -> SumHead {
        SumHead { count: self.count, sum: self.fee, top: self.top }
    }
}
