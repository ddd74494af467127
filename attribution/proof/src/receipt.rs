//! The receipt that a host signs for each answer, and what its hashes commit to. Tree 03 holds receipts and fees.

use crate::hash::tagged;
use crate::tree::{leaf_hash, Tree};
use crate::{limits, Hash, Hasher, Node, ZERO};
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// Flags bit 0: the text is not published.
pub const FLAG_PRIVATE: u8 = 1;

/// One answer. What is absent is zeros. SCALE encodes it as the protocol does (241 bytes).
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
    /// The receipt's index in tree 03 of its (channel, model).
    pub sequence: u64,
    /// Bit 0: private. No other bit has a meaning.
    pub flags: u8,
    /// Tokens of the prompt.
    pub tokens_in: u32,
    /// Tokens of the response.
    pub tokens_out: u32,
    /// The fee, in 10^-18 OPEN.
    pub fee: u128,
    /// Hash of the prompt.
    pub prompt: Hash,
    /// Root of the response's text (tree 01).
    pub response: Hash,
    /// [`sketch_hash`] of the response's sketch.
    pub sketch: Hash,
    /// [`context_hash`] of the retrieved chunks.
    pub context: Hash,
    /// [`credits_hash`] of a private answer's entries; ignored on a public receipt.
    pub credits: Hash,
}

impl Receipt {
    /// H(08 ‖ fields).
    pub fn hash<H: Hasher>(&self) -> Hash {
        tagged::<H>(0x08, &self.encode())
    }

    /// Whether the text is not published.
    pub const fn is_private(&self) -> bool {
        self.flags & FLAG_PRIVATE != 0
    }

    /// The leaf of tree 03.
    pub fn leaf(&self, hash: Hash) -> ReceiptLeaf {
        ReceiptLeaf { receipt: hash, fee: self.fee }
    }
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
    /// H(03 ‖ receipt hash ‖ fee), with the fee as amount.
    pub fn node<H: Hasher>(&self) -> Node {
        Node { hash: leaf_hash::<H>(Tree::Receipts, &self.encode()), sum: self.fee }
    }
}

/// H(09 ‖ int8 bytes).
pub fn sketch_hash<H: Hasher>(sketch: &[u8]) -> Hash {
    tagged::<H>(0x09, sketch)
}

/// One retrieved chunk: 9 bytes of the context list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct ContextChunk {
    /// The source among the revision's.
    pub source: u8,
    /// The contribution's index in that source's version.
    pub index: u32,
    /// The chunk's number (not checked by anybody).
    pub chunk: u32,
}

/// H(0A ‖ (source u8, index u32, chunk u32)…).
pub fn context_hash<H: Hasher>(list: &[u8]) -> Hash {
    tagged::<H>(0x0A, list)
}

/// The bytes of a context list, rank 0 first.
pub fn encode_context(chunks: &[ContextChunk]) -> Vec<u8> {
    chunks.iter().flat_map(Encode::encode).collect()
}

/// Reads a context list. One that is not k·9 bytes with k ≤ 16 counts as absent: an empty list.
pub fn decode_context(list: &[u8]) -> Vec<ContextChunk> {
    let chunks = list.chunks_exact(9);
    if !chunks.remainder().is_empty() || list.len() / 9 > limits::MAX_RETRIEVAL {
        return Vec::new();
    }
    chunks.filter_map(|mut chunk| ContextChunk::decode(&mut chunk).ok()).collect()
}

/// H(0B ‖ n u8 ‖ entries with amounts 0).
pub fn credits_hash<H: Hasher>(preimage: &[u8]) -> Hash {
    tagged::<H>(0x0B, preimage)
}

/// Whether the receipt has no sketch: zeros, or the hash of an empty one.
pub fn no_sketch<H: Hasher>(hash: &Hash) -> bool {
    *hash == ZERO || *hash == sketch_hash::<H>(&[])
}

/// Whether the receipt has no context list: zeros, or the hash of an empty one.
pub fn no_context<H: Hasher>(hash: &Hash) -> bool {
    *hash == ZERO || *hash == context_hash::<H>(&[])
}

/// Whether a private receipt has no entries: zeros, or the hash of an empty preimage (no byte, or n = 0).
pub fn no_credits<H: Hasher>(hash: &Hash) -> bool {
    *hash == ZERO || *hash == credits_hash::<H>(&[]) || *hash == credits_hash::<H>(&[0])
}
