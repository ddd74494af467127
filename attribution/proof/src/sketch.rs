//! Tree 04: the sketches of a model's rows, and the score of two sketches.

use crate::tree::{leaf_hash, root_hash, Tree};
use crate::{limits, Error, Hash, Hasher, Node};
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// A row's leaf: which bytes of which contribution, and their sketch. The leaf's index is the row's number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SketchRow {
    /// The source among the revision's.
    pub source: u8,
    /// The contribution's index in that source's version.
    pub index: u32,
    /// First byte of the row in the contribution.
    pub offset: u32,
    /// Bytes of the row.
    pub length: u32,
    /// d int8 entries.
    pub sketch: Vec<i8>,
}

impl SketchRow {
    /// The leaf's fields: source, index, offset, length, d × i8.
    pub fn fields(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.sketch.len().saturating_add(13));
        bytes.push(self.source);
        bytes.extend_from_slice(&self.index.to_le_bytes());
        bytes.extend_from_slice(&self.offset.to_le_bytes());
        bytes.extend_from_slice(&self.length.to_le_bytes());
        bytes.extend(self.sketch.iter().flat_map(|entry| entry.to_le_bytes()));
        bytes
    }

    /// Reads a leaf's fields: all that follows the first 13 bytes is the sketch.
    ///
    /// # Errors
    /// [`Error::Truncated`], [`Error::TooLarge`] beyond 4,096 entries.
    pub fn decode(fields: &[u8]) -> Result<Self, Error> {
        let (head, sketch) = fields.split_at_checked(13).ok_or(Error::Truncated)?;
        if sketch.len() > limits::MAX_SKETCH_BYTES {
            return Err(Error::TooLarge);
        }
        let mut input = head;
        let read = |e: scale::Error| {
            let _ = e;
            Error::Truncated
        };
        Ok(SketchRow {
            source: u8::decode(&mut input).map_err(read)?,
            index: u32::decode(&mut input).map_err(read)?,
            offset: u32::decode(&mut input).map_err(read)?,
            length: u32::decode(&mut input).map_err(read)?,
            sketch: as_int8(sketch),
        })
    }

    /// H(04 ‖ fields).
    pub fn node<H: Hasher>(&self) -> Node {
        Node::plain(leaf_hash::<H>(Tree::Sketches, &self.fields()))
    }
}

/// What a model revision commits to about its sketches. SCALE encodes the header as the protocol does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct SketchHeader {
    /// Rows.
    pub count: u32,
    /// Entries of one sketch.
    pub d: u16,
    /// Digest of projection seed, whitening and scales.
    pub digest: Hash,
}

impl SketchHeader {
    /// H(0x84 ‖ count u32 ‖ d u16 ‖ digest ‖ top).
    pub fn root<H: Hasher>(&self, top: &Hash) -> Hash {
        root_hash::<H>(Tree::Sketches, &self.encode(), top)
    }
}

/// A model's sketch tree: its header's fields and its top.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct SketchHead {
    /// Rows, d and digest.
    pub header: SketchHeader,
    /// The top of the tree.
    pub top: Hash,
}

impl SketchHead {
    /// Whether sketches of this length can be scored: 1 to 4,096 entries. A model with others has none.
    pub const fn usable(&self) -> bool {
        self.header.d > 0 && (self.header.d as usize) <= limits::MAX_SKETCH_BYTES
    }

    /// The root that a model revision can name.
    pub fn root<H: Hasher>(&self) -> Hash {
        self.header.root::<H>(&self.top)
    }
}

/// Bytes as int8 entries.
pub fn as_int8(bytes: &[u8]) -> Vec<i8> {
    bytes.iter().map(|byte| i8::from_le_bytes([*byte])).collect()
}

/// Int8 entries as bytes.
pub fn as_bytes(sketch: &[i8]) -> Vec<u8> {
    sketch.iter().flat_map(|entry| entry.to_le_bytes()).collect()
}

/// The score of a response and a row: their int8 dot product.
///
/// # Errors
/// [`Error::WitnessMismatch`] for different lengths, [`Error::TooLarge`] beyond 4,096 entries (within, i32 never overflows).
pub fn score(a: &[i8], b: &[i8]) -> Result<i32, Error> {
    if a.len() != b.len() {
        return Err(Error::WitnessMismatch);
    }
    if a.len() > limits::MAX_SKETCH_BYTES {
        return Err(Error::TooLarge);
    }
    // 4,096 · 128 · 128 = 2^26, so wrapping never happens; it only spares the check in the inner loop.
    Ok(a.iter().zip(b).fold(0i32, |sum, (x, y)| sum.wrapping_add(i32::from(*x).wrapping_mul(i32::from(*y)))))
}
