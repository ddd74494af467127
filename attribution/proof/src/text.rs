//! Tree 01: a text (contribution or response) in leaves of 256 bytes, root over its byte length. A private answer's leaves
//! are salted, so that one can be opened without telling of the others.

use crate::hash::tagged;
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

/// The leaf node of one chunk of a public text.
pub fn chunk_node<H: Hasher>(chunk: &[u8]) -> Node {
    Node::plain(leaf_hash::<H>(Tree::Text, chunk))
}

/// H(0E ‖ random 32 bytes ‖ index u64): what hides one leaf of a private text, and tells nothing of the random bytes.
pub fn salt<H: Hasher>(random: &Hash, index: u64) -> Hash {
    let mut bytes = [0u8; 40];
    let (first, second) = bytes.split_at_mut(32);
    first.copy_from_slice(random);
    second.copy_from_slice(&index.to_le_bytes());
    tagged::<H>(0x0E, &bytes)
}

/// The leaf node of one chunk of a private text: H(01 ‖ salt ‖ bytes).
pub fn private_node<H: Hasher>(salt: &Hash, chunk: &[u8]) -> Node {
    let mut bytes = Vec::with_capacity(chunk.len().saturating_add(32));
    bytes.extend_from_slice(salt);
    bytes.extend_from_slice(chunk);
    chunk_node::<H>(&bytes)
}

/// A whole text for those who have it: public, or private with the random bytes that its leaves are salted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Text<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// The random bytes of a private text.
    pub random: Option<Hash>,
}

impl<'a> Text<'a> {
    /// A public text: a contribution, or an answer that anybody may read.
    pub const fn public(bytes: &'a [u8]) -> Self {
        Text { bytes, random: None }
    }

    /// A private answer.
    pub const fn private(bytes: &'a [u8], random: Hash) -> Self {
        Text { bytes, random: Some(random) }
    }

    /// Its bytes' number.
    ///
    /// # Errors
    /// [`Error::Overflow`] (never on a 64-bit machine).
    pub fn length(&self) -> Result<u64, Error> {
        u64::try_from(self.bytes.len()).map_err(|_| Error::Overflow)
    }

    /// Its tree.
    ///
    /// # Errors
    /// [`Error::TooLarge`] beyond 2³² leaves.
    pub fn tree<H: Hasher>(&self) -> Result<MerkleTree, Error> {
        let chunks = self.bytes.chunks(256);
        let leaves = match &self.random {
            None => chunks.map(chunk_node::<H>).collect(),
            Some(random) => {
                (0u64..).zip(chunks).map(|(i, chunk)| private_node::<H>(&salt::<H>(random, i), chunk)).collect()
            }
        };
        MerkleTree::build::<H>(Tree::Text, leaves)
    }

    /// Its root.
    ///
    /// # Errors
    /// [`Error::TooLarge`] beyond 2³² leaves.
    pub fn root<H: Hasher>(&self) -> Result<Hash, Error> {
        Ok(text_root::<H>(self.length()?, &self.tree::<H>()?.top().hash))
    }

    /// Opens the chunks that cover the bytes `[from, to)`, or the length alone if that is empty.
    ///
    /// # Errors
    /// [`Error::IndexOutOfRange`] if `to` is beyond the text.
    pub fn open<H: Hasher>(&self, from: u64, to: u64) -> Result<TextOpening, Error> {
        self.open_in::<H>(&self.tree::<H>()?, from, to)
    }

    /// As [`Text::open`], with the tree at hand.
    ///
    /// # Errors
    /// [`Error::IndexOutOfRange`] if `to` is beyond the text.
    pub fn open_in<H: Hasher>(&self, tree: &MerkleTree, from: u64, to: u64) -> Result<TextOpening, Error> {
        let length = self.length()?;
        if from >= to {
            let path = alloc::vec![tree.top().hash];
            return Ok(TextOpening { length, first: 0, bytes: Vec::new(), salts: Vec::new(), path });
        }
        if to > length {
            return Err(Error::IndexOutOfRange);
        }
        let first = from >> 8;
        let end = to.div_ceil(limits::CHUNK_BYTES);
        let chunks = end.checked_sub(first).ok_or(Error::Overflow)?;
        let start = usize::try_from(first << 8).map_err(|_| Error::Overflow)?;
        let stop = usize::try_from((end << 8).min(length)).map_err(|_| Error::Overflow)?;
        let salts = self.random.iter().flat_map(|random| (first..end).map(|index| salt::<H>(random, index)));
        Ok(TextOpening {
            length,
            first,
            bytes: self.bytes.get(start..stop).ok_or(Error::IndexOutOfRange)?.to_vec(),
            salts: salts.collect(),
            path: tree.range_path(first, chunks)?,
        })
    }
}

impl<'a> From<&'a [u8]> for Text<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Text::public(bytes)
    }
}

/// The tree over a whole public text.
///
/// # Errors
/// [`Error::TooLarge`] beyond 2³² leaves.
pub fn text_tree<H: Hasher>(text: &[u8]) -> Result<MerkleTree, Error> {
    Text::public(text).tree::<H>()
}

/// The root of a whole public text.
///
/// # Errors
/// [`Error::TooLarge`] beyond 2³² leaves.
pub fn root_of<H: Hasher>(text: &[u8]) -> Result<Hash, Error> {
    Text::public(text).root::<H>()
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
    /// Of a private text, the salt of each opened chunk; else none.
    pub salts: Vec<Hash>,
    /// Siblings bottom-up, left before right; with no bytes, the tree's top alone.
    pub path: Vec<Hash>,
}

impl TextOpening {
    /// [`Text::open`] of a public text.
    ///
    /// # Errors
    /// [`Error::IndexOutOfRange`] if `to` is beyond the text.
    pub fn of<H: Hasher>(text: &[u8], from: u64, to: u64) -> Result<Self, Error> {
        Text::public(text).open::<H>(from, to)
    }

    /// Checks that the chunks stand in the text of this root.
    ///
    /// With the text's length, which the root hashes, a chunk's index says how many bytes it has, and a salted leaf hashes 32
    /// more: so no leaf opens both with a salt and without.
    ///
    /// # Errors
    /// [`Error::ChunkLength`] if a chunk has another length than its place gives, [`Error::SaltCount`] if there is not a salt a
    /// chunk or none at all, [`Error::WrongHash`] for another root, [`Error::PathLength`], [`Error::IndexOutOfRange`].
    pub fn verify<H: Hasher>(&self, root: &Hash) -> Result<OpenText<'_>, Error> {
        let count = chunk_count(self.length);
        let start = self.first.checked_mul(limits::CHUNK_BYTES).ok_or(Error::Overflow)?;
        let top = if self.bytes.is_empty() {
            if !self.salts.is_empty() {
                return Err(Error::SaltCount);
            }
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
            verify_range::<H, Hash>(Tree::Text, self.leaves::<H>()?, self.first, count, &self.path)?.top.hash
        };
        if text_root::<H>(self.length, &top) != *root {
            return Err(Error::WrongHash);
        }
        Ok(OpenText { length: self.length, start, bytes: &self.bytes })
    }

    fn leaves<H: Hasher>(&self) -> Result<Vec<Node>, Error> {
        let chunks = self.bytes.len().div_ceil(256);
        let mut leaves = Vec::with_capacity(chunks);
        if self.salts.is_empty() {
            leaves.extend(self.bytes.chunks(256).map(chunk_node::<H>));
        } else if self.salts.len() == chunks {
            leaves.extend(
                self.salts.iter().zip(self.bytes.chunks(256)).map(|(salt, chunk)| private_node::<H>(salt, chunk)),
            );
        } else {
            return Err(Error::SaltCount);
        }
        Ok(leaves)
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
