//! Tree 06: what each account is due of an epoch, one leaf an entry of evidence.

use crate::tree::{leaf_hash, Keyed, Tree};
use crate::{Account, Hasher, Node};
use scale::{Decode, Encode};

/// One credit. SCALE encodes it as the protocol does (57 bytes); leaves strictly ascend by the first three fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct CreditLeaf {
    /// Who is due the amount.
    pub account: Account,
    /// The evidence leaf.
    pub evidence: u64,
    /// The entry in that leaf.
    pub entry: u8,
    /// The entry's amount, more than 0.
    pub amount: u128,
}

impl CreditLeaf {
    /// Bytes of the leaf's fields.
    pub const BYTES: usize = 57;

    /// H(06 ‖ fields), with the amount.
    pub fn node<H: Hasher>(&self) -> Node {
        Node { hash: leaf_hash::<H>(Tree::Credits, &self.encode()), sum: self.amount }
    }
}

impl Keyed for CreditLeaf {
    type Key = (Account, u64, u8);
    fn key(&self) -> Self::Key {
        (self.account, self.evidence, self.entry)
    }
    fn node<H: Hasher>(&self) -> Node {
        CreditLeaf::node::<H>(self)
    }
}
