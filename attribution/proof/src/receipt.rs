//! The receipt that a host signs for each answer. Tree 03 holds receipts and fees, one tree a (channel, model, key).

use crate::hash::tagged;
use crate::tree::{leaf_hash, Tree};
use crate::{Hash, Hasher, Node, ZERO};
use scale::{Decode, Encode};

/// Bytes of an encoded receipt.
pub const RECEIPT_BYTES: usize = 176;

/// One answer. What is absent is zeros. SCALE encodes it as the protocol does (176 bytes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Receipt {
    /// The escrow's channel.
    pub channel: u64,
    /// The model that answered.
    pub model: u32,
    /// Its revision, by which the receipt is judged.
    pub revision: u32,
    /// Hash of the adapter's artefact.
    pub adapter: Hash,
    /// The receipt's index in tree 03 of its (channel, model, key).
    pub sequence: u64,
    /// Tokens of the prompt.
    pub tokens_in: u32,
    /// Tokens of the response.
    pub tokens_out: u32,
    /// The fee, in 10^-18 OPEN.
    pub fee: u128,
    /// [`crate::request::SignedRequest::hash`] of what was asked for.
    pub request: Hash,
    /// Root of the response's text (tree 01).
    pub response: Hash,
    /// [`sketch_hash`] of the response's sketch.
    pub sketch: Hash,
}

impl Receipt {
    /// All zeros, whose hash stands in an unfilled place.
    pub const UNFILLED: Receipt = Receipt {
        channel: 0,
        model: 0,
        revision: 0,
        adapter: ZERO,
        sequence: 0,
        tokens_in: 0,
        tokens_out: 0,
        fee: 0,
        request: ZERO,
        response: ZERO,
        sketch: ZERO,
    };

    /// H(08 ‖ fields).
    pub fn hash<H: Hasher>(&self) -> Hash {
        tagged::<H>(0x08, &self.encode())
    }

    /// The leaf of tree 03.
    pub fn leaf(&self, hash: Hash) -> ReceiptLeaf {
        ReceiptLeaf { receipt: hash, fee: self.fee }
    }
}

/// Z, the hash in an unfilled place: H(08 ‖ 176 zero bytes).
pub fn unfilled<H: Hasher>() -> Hash {
    tagged::<H>(0x08, &[0; RECEIPT_BYTES])
}

/// A leaf of tree 03: receipt hash, fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct ReceiptLeaf {
    /// The receipt's hash.
    pub receipt: Hash,
    /// Its fee, the leaf's amount.
    pub fee: u128,
}

impl ReceiptLeaf {
    /// The leaf of a place that no answer took: (Z, 0).
    pub fn unfilled<H: Hasher>() -> Self {
        ReceiptLeaf { receipt: unfilled::<H>(), fee: 0 }
    }

    /// H(03 ‖ receipt hash ‖ fee), with the fee as amount.
    pub fn node<H: Hasher>(&self) -> Node {
        Node { hash: leaf_hash::<H>(Tree::Receipts, &self.encode()), sum: self.fee }
    }
}

/// H(09 ‖ int8 bytes).
pub fn sketch_hash<H: Hasher>(sketch: &[u8]) -> Hash {
    tagged::<H>(0x09, sketch)
}

/// Whether the receipt has no sketch: zeros, or the hash of an empty one.
pub fn no_sketch<H: Hasher>(hash: &Hash) -> bool {
    *hash == ZERO || *hash == sketch_hash::<H>(&[])
}
