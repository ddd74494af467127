//! Tree 07: what each account is due of all epochs so far.

use crate::tree::{leaf_hash, verify_path, Keyed, Tree};
use crate::{Account, Error, Hasher, Node, SumHead};
use scale::{Decode, Encode};

/// One account's cumulative payout. SCALE encodes it as the protocol does (48 bytes); accounts strictly ascend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct PayoutLeaf {
    /// The account.
    pub account: Account,
    /// All that it was ever due, more than 0; claims pay this less what was claimed.
    pub cumulative: u128,
}

impl PayoutLeaf {
    /// Bytes of the leaf's fields.
    pub const BYTES: usize = 48;

    /// H(07 ‖ fields), with the amount.
    pub fn node<H: Hasher>(&self) -> Node {
        Node { hash: leaf_hash::<H>(Tree::Payouts, &self.encode()), sum: self.cumulative }
    }

    /// Checks that the leaf stands at `index` of the payouts `head`.
    ///
    /// # Errors
    /// As [`verify_path`].
    pub fn verify<H: Hasher>(&self, head: &SumHead, index: u64, path: &[Node]) -> Result<(), Error> {
        verify_path::<H, Node>(Tree::Payouts, &head.top, head.sum, self.node::<H>(), index, head.count, path)
            .map(|_| ())
    }
}

impl Keyed for PayoutLeaf {
    type Key = Account;
    fn key(&self) -> Account {
        self.account
    }
    fn node<H: Hasher>(&self) -> Node {
        PayoutLeaf::node::<H>(self)
    }
}
