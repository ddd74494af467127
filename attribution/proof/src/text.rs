//! Tree 01: a text (contribution or response) in leaves of 256 bytes, root over its byte length.

use crate::tree::{leaf_hash, root_hash, verify_range, MerkleTree, Tree};
use crate::{limits, Error, Hash, Hasher, Node};
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// Leaves of a text of `length` bytes.
pub const fn chunk_count(length: u64) -> u64 {
    length.div_ceil(limits::CHUNK_BYTES)
}

/// H(0x81 ‖ byte length u64 ‖ top): a contribution's content root, a receipt's response root.
pub fn text_root<H: Hasher>(length: u64, top: &Hash) -> Hash {
    root_hash::<H>(Tree::Text, &length.to_le_bytes(), top)
}

/// The leaf node of one chunk.
pub fn chunk_node<H: Hasher>(chunk: &[u8]) -> Node {
    Node::plain(leaf_hash::<H>(Tree::Text, chunk))
}

/// The tree over a whole text.
///
/// # Errors
/// [`Error::TooLarge`] beyond 2³² leaves.
pub fn text_tree<H: Hasher>(text: &[u8]) -> Result<MerkleTree, Error> {
    MerkleTree::build::<H>(Tree::Text, text.chunks(256).map(chunk_node::<H>).collect())
}

/// The root of a whole text.
///
/// # Errors
/// [`Error::TooLarge`] beyond 2³² leaves.
pub fn root_of<H: Hasher>(text: &[u8]) -> Result<Hash, Error> {
    let tree = text_tree::<H>(text)?;
    Ok(text_root::<H>(u64::try_from(text.len()).map_err(|_| Error::Overflow)?, &tree.top().hash))
}

/// Adjacent chunks of a text with the siblings that lead to its root; or, with no chunk, its length alone.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct TextOpening {
    /// The text's length in bytes, which its root hashes.
    pub length: u64,
    /// The first opened chunk.
    pub first: u64,
    /// The bytes of the opened chunks, in a row.
    pub bytes: Vec<u8>,
    /// Siblings bottom-up, left before right; with no bytes, the tree's top alone.
    pub path: Vec<Hash>,
}

impl TextOpening {
    /// Opens the chunks that cover the bytes `[from, to)` of a text, or its length alone if that is empty.
    ///
    /// # Errors
    /// [`Error::IndexOutOfRange`] if `to` is beyond the text.
    pub fn of<H: Hasher>(text: &[u8], from: u64, to: u64) -> Result<Self, Error> {
        Self::in_tree(text, &text_tree::<H>(text)?, from, to)
    }

    /// As [`TextOpening::of`], with the tree at hand.
    ///
    /// # Errors
    /// [`Error::IndexOutOfRange`] if `to` is beyond the text.
    pub fn in_tree(text: &[u8], tree: &MerkleTree, from: u64, to: u64) -> Result<Self, Error> {
        let length = u64::try_from(text.len()).map_err(|_| Error::Overflow)?;
        if from >= to {
            return Ok(TextOpening { length, first: 0, bytes: Vec::new(), path: alloc::vec![tree.top().hash] });
        }
        if to > length {
            return Err(Error::IndexOutOfRange);
        }
        let first = from >> 8;
        let end = to.div_ceil(limits::CHUNK_BYTES);
        let chunks = end.checked_sub(first).ok_or(Error::Overflow)?;
        let start = usize::try_from(first << 8).map_err(|_| Error::Overflow)?;
        let stop = usize::try_from((end << 8).min(length)).map_err(|_| Error::Overflow)?;
        Ok(TextOpening {
            length,
            first,
            bytes: text.get(start..stop).ok_or(Error::IndexOutOfRange)?.to_vec(),
            path: tree.range_path(first, chunks)?,
        })
    }

    /// Checks that the chunks stand in the text of this root.
    ///
    /// # Errors
    /// [`Error::ChunkLength`] if a chunk has another length than its place gives, [`Error::WrongHash`] for another root,
    /// [`Error::PathLength`], [`Error::IndexOutOfRange`].
    pub fn verify<H: Hasher>(&self, root: &Hash) -> Result<OpenText<'_>, Error> {
        let count = chunk_count(self.length);
        let start = self.first.checked_mul(limits::CHUNK_BYTES).ok_or(Error::Overflow)?;
        let top = if self.bytes.is_empty() {
            match self.path.as_slice() {
                [top] if self.first == 0 && (count > 0 || *top == crate::ZERO) => *top,
                _ => return Err(Error::PathLength),
            }
        } else {
            let len = u64::try_from(self.bytes.len()).map_err(|_| Error::Overflow)?;
            let end = start.checked_add(len).ok_or(Error::Overflow)?;
            // Only the text's last chunk may be shorter than 256 bytes.
            if end > self.length || (end != self.length && len & 0xff != 0) {
                return Err(Error::ChunkLength);
            }
            let mut leaves = Vec::with_capacity(self.bytes.len().div_ceil(256));
            leaves.extend(self.bytes.chunks(256).map(chunk_node::<H>));
            verify_range::<H, Hash>(Tree::Text, leaves, self.first, count, &self.path)?.top.hash
        };
        if text_root::<H>(self.length, &top) != *root {
            return Err(Error::WrongHash);
        }
        Ok(OpenText { length: self.length, start, bytes: &self.bytes })
    }
}

/// Bytes of a text that were checked against its root.
#[derive(Clone, Copy, Debug)]
pub struct OpenText<'a> {
    /// The whole text's length.
    pub length: u64,
    /// Where in the text the opened bytes begin.
    pub start: u64,
    bytes: &'a [u8],
}

impl<'a> OpenText<'a> {
    /// A whole text, for those who have it.
    ///
    /// # Errors
    /// [`Error::Overflow`] (never on a 64-bit machine).
    pub fn whole(text: &'a [u8]) -> Result<Self, Error> {
        Ok(OpenText { length: u64::try_from(text.len()).map_err(|_| Error::Overflow)?, start: 0, bytes: text })
    }

    /// The byte at a place, if it was opened.
    pub fn byte(&self, at: u64) -> Option<u8> {
        let offset = usize::try_from(at.checked_sub(self.start)?).ok()?;
        self.bytes.get(offset).copied()
    }

    /// The bytes `[from, to)`, if all were opened.
    pub fn slice(&self, from: u64, to: u64) -> Option<&'a [u8]> {
        let low = usize::try_from(from.checked_sub(self.start)?).ok()?;
        let high = usize::try_from(to.checked_sub(self.start)?).ok()?;
        self.bytes.get(low..high)
    }
}
