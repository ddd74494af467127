//! The request that a payer, or its session key, signs for one answer: nothing is billed that it does not allow.

use crate::hash::tagged;
use crate::{Account, Hash, Hasher};
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// Flags bit 0: the response goes to the payer and to the oracles alone.
pub const FLAG_PRIVATE: u8 = 1;

/// A request's body. SCALE encodes it as the protocol does (125 bytes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Request {
    /// The escrow's channel.
    pub channel: u64,
    /// The model that is asked.
    pub model: u32,
    /// Its revision.
    pub revision: u32,
    /// The number of escrow's parameter set.
    pub params: u32,
    /// The place in tree 03 of (channel, model, key).
    pub sequence: u64,
    /// [`prompt_hash`].
    pub prompt: Hash,
    /// Bytes of the text that is given to the tokenizer, template and retrieved chunks included.
    pub prompt_bytes: u32,
    /// The most tokens that may be billed for the response.
    pub max_tokens_out: u32,
    /// The most that may be billed, in 10^-18 OPEN.
    pub max_fee: u128,
    /// Bit 0: private. A request with another bit is answered by an invalid receipt alone.
    pub flags: u8,
    /// [`context_hash`] of the payer's list of retrieved chunks, or zeros.
    pub context: Hash,
    /// Until when it may be answered, ms.
    pub deadline: u64,
}

impl Request {
    /// Whether the response is for the payer and the oracles alone.
    pub const fn is_private(&self) -> bool {
        self.flags & FLAG_PRIVATE != 0
    }
}

/// Bytes of a signed request: 125 of its body, key, signature.
pub const REQUEST_BYTES: usize = 221;

/// A request with the key that signed it: what a host keeps, publishes and is held to (221 bytes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct SignedRequest {
    /// What was asked for.
    pub body: Request,
    /// The payer's account, or a session key of the channel.
    pub key: Account,
    /// sr25519 over tag `OL-REQUEST-1`, raw or wrapped in `<Bytes>`.
    pub signature: [u8; 64],
}

impl SignedRequest {
    /// H(0C ‖ body ‖ key ‖ signature).
    pub fn hash<H: Hasher>(&self) -> Hash {
        tagged::<H>(0x0C, &self.encode())
    }
}

/// H(0D ‖ random 32 bytes ‖ prompt): without the random bytes a short prompt could be guessed from its hash.
pub fn prompt_hash<H: Hasher>(random: &Hash, prompt: &[u8]) -> Hash {
    let mut bytes = Vec::with_capacity(prompt.len().saturating_add(32));
    bytes.extend_from_slice(random);
    bytes.extend_from_slice(prompt);
    tagged::<H>(0x0D, &bytes)
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
    if !chunks.remainder().is_empty() || list.len() / 9 > crate::limits::MAX_RETRIEVAL {
        return Vec::new();
    }
    chunks.filter_map(|mut chunk| ContextChunk::decode(&mut chunk).ok()).collect()
}

/// Whether the request has no context list: zeros, or the hash of an empty one.
pub fn no_context<H: Hasher>(hash: &Hash) -> bool {
    *hash == crate::ZERO || *hash == context_hash::<H>(&[])
}
