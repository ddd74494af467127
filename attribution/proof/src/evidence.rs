//! Tree 05: why each receipt's part goes where it goes, one leaf a receipt.
//!
//! Decoding is strict about bytes (lengths, known kinds, counts that fit); whether a leaf keeps the rules of order,
//! overlap and amounts is another question: see [`crate::rules::form`].

use crate::tree::{leaf_hash, Tree};
use crate::{limits, Error, Hash, Hasher, Node, ZERO};
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// Status 0: attributed.
pub const ATTRIBUTED: u8 = 0;
/// Status 1: the batch's data was withheld.
pub const WITHHELD: u8 = 1;
/// Status 2: the receipt is invalid.
pub const INVALID: u8 = 2;

/// A place in a contribution of one of the revision's sources (9 bytes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Place {
    /// The source among the revision's.
    pub source: u8,
    /// The contribution's index in that source's version.
    pub index: u32,
    /// First byte in the contribution.
    pub offset: u32,
}

/// A credited range of the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Span {
    /// First byte of the taken range in the response.
    pub start: u16,
    /// Bytes of the taken range.
    pub len: u16,
    /// Where in the range the credited holding's match begins.
    pub skip: u16,
    /// Bytes of that match, at least ¾ of `len`.
    pub held: u16,
    /// The credited holding.
    pub credited: Place,
    /// The first that holds the range whole.
    pub whole: Place,
    /// The amount.
    pub amount: u128,
}

/// A range of the response that is common knowledge.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Exempt {
    /// First byte of the taken range in the response.
    pub start: u16,
    /// Bytes of the taken range, at most the parameter set's `common_max`.
    pub len: u16,
    /// The amount, due to nobody.
    pub amount: u128,
    /// The earliest holding of each of the first c_max + 1 contributors.
    pub witnesses: Vec<Place>,
}

/// A row whose sketch is like the response's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Influence {
    /// The row in the model's sketch tree.
    pub row: u32,
    /// The dot product.
    pub score: i32,
    /// The amount.
    pub amount: u128,
}

/// A chunk that was retrieved into the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Retrieval {
    /// Its rank, from 0.
    pub rank: u8,
    /// The source among the revision's.
    pub source: u8,
    /// The contribution's index in that source's version.
    pub index: u32,
    /// The chunk's number.
    pub chunk: u32,
    /// The amount.
    pub amount: u128,
}

/// One line of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
#[allow(clippy::cast_possible_truncation)] // the codec's derive casts the variant's index
pub enum Entry {
    /// Kind 00.
    Span(Span),
    /// Kind 01.
    Exempt(Exempt),
    /// Kind 02.
    Influence(Influence),
    /// Kind 03.
    Retrieval(Retrieval),
}

impl Entry {
    /// The entry's amount.
    pub const fn amount(&self) -> u128 {
        match self {
            Entry::Span(entry) => entry.amount,
            Entry::Exempt(entry) => entry.amount,
            Entry::Influence(entry) => entry.amount,
            Entry::Retrieval(entry) => entry.amount,
        }
    }

    /// Sets the entry's amount.
    pub fn set_amount(&mut self, amount: u128) {
        match self {
            Entry::Span(entry) => entry.amount = amount,
            Entry::Exempt(entry) => entry.amount = amount,
            Entry::Influence(entry) => entry.amount = amount,
            Entry::Retrieval(entry) => entry.amount = amount,
        }
    }

    /// The taken range [start, end) of a span or exempt.
    pub fn range(&self) -> Option<(u32, u32)> {
        let (start, len) = match self {
            Entry::Span(entry) => (entry.start, entry.len),
            Entry::Exempt(entry) => (entry.start, entry.len),
            _ => return None,
        };
        Some((u32::from(start), u32::from(start).saturating_add(u32::from(len))))
    }

    fn encode_into(&self, out: &mut Vec<u8>) {
        match self {
            Entry::Span(entry) => {
                out.push(0);
                entry.encode_to(out);
            }
            Entry::Exempt(entry) => {
                out.push(1);
                entry.start.encode_to(out);
                entry.len.encode_to(out);
                entry.amount.encode_to(out);
                // Never more than MAX_WITNESSES in what decodes; a longer list encodes to something that does not.
                out.push(u8::try_from(entry.witnesses.len()).unwrap_or(u8::MAX));
                for witness in &entry.witnesses {
                    witness.encode_to(out);
                }
            }
            Entry::Influence(entry) => {
                out.push(2);
                entry.encode_to(out);
            }
            Entry::Retrieval(entry) => {
                out.push(3);
                entry.encode_to(out);
            }
        }
    }

    fn read(input: &mut &[u8]) -> Result<Self, Error> {
        Ok(match read::<u8>(input)? {
            0 => Entry::Span(read(input)?),
            1 => {
                let (start, len, amount) = (read(input)?, read(input)?, read(input)?);
                let w = usize::from(read::<u8>(input)?);
                if w > limits::MAX_WITNESSES {
                    return Err(Error::TooManyWitnesses);
                }
                let mut witnesses = Vec::with_capacity(w);
                for _ in 0..w {
                    witnesses.push(read(input)?);
                }
                Entry::Exempt(Exempt { start, len, amount, witnesses })
            }
            2 => Entry::Influence(read(input)?),
            3 => Entry::Retrieval(read(input)?),
            _ => return Err(Error::UnknownEntry),
        })
    }
}

fn read<T: Decode>(input: &mut &[u8]) -> Result<T, Error> {
    T::decode(input).map_err(|_| Error::Truncated)
}

/// n u8 ‖ entries: the tail of a leaf.
///
/// # Errors
/// [`Error::TooLarge`] beyond 56 entries.
pub fn encode_entries(entries: &[Entry]) -> Result<Vec<u8>, Error> {
    if entries.len() > limits::MAX_ENTRIES {
        return Err(Error::TooLarge);
    }
    let mut out = Vec::with_capacity(limits::MAX_EVIDENCE_BYTES);
    out.push(u8::try_from(entries.len()).map_err(|_| Error::TooLarge)?);
    for entry in entries {
        entry.encode_into(&mut out);
    }
    Ok(out)
}

/// Reads n u8 ‖ entries to the last byte.
///
/// # Errors
/// [`Error::Truncated`], [`Error::TrailingBytes`], [`Error::UnknownEntry`], [`Error::TooManyWitnesses`], [`Error::TooLarge`].
pub fn decode_entries(mut bytes: &[u8]) -> Result<Vec<Entry>, Error> {
    let input = &mut bytes;
    let n = usize::from(read::<u8>(input)?);
    if n > limits::MAX_ENTRIES {
        return Err(Error::TooLarge);
    }
    let mut entries = Vec::with_capacity(n);
    for _ in 0..n {
        entries.push(Entry::read(input)?);
    }
    if !input.is_empty() {
        return Err(Error::TrailingBytes);
    }
    Ok(entries)
}

/// The evidence for one receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceLeaf {
    /// The receipt's hash.
    pub receipt: Hash,
    /// The receipt's part of its batch's pot.
    pub part: u128,
    /// [`ATTRIBUTED`], [`WITHHELD`] or [`INVALID`].
    pub status: u8,
    /// Spans and exempts as taken, then influence, then retrieval.
    pub entries: Vec<Entry>,
}

impl EvidenceLeaf {
    /// The leaf of every receipt in a withheld batch.
    pub const fn withheld() -> Self {
        EvidenceLeaf { receipt: ZERO, part: 0, status: WITHHELD, entries: Vec::new() }
    }

    /// The leaf of an unfilled place: (Z, 0, 0, 0).
    pub fn unfilled<H: Hasher>() -> Self {
        EvidenceLeaf { receipt: crate::receipt::unfilled::<H>(), part: 0, status: ATTRIBUTED, entries: Vec::new() }
    }

    /// The leaf's fields: receipt hash ‖ part ‖ status ‖ n ‖ entries.
    ///
    /// # Errors
    /// [`Error::TooLarge`] beyond 56 entries.
    pub fn fields(&self) -> Result<Vec<u8>, Error> {
        let entries = encode_entries(&self.entries)?;
        let mut out = Vec::with_capacity(entries.len().saturating_add(49));
        out.extend_from_slice(&self.receipt);
        self.part.encode_to(&mut out);
        out.push(self.status);
        out.extend_from_slice(&entries);
        Ok(out)
    }

    /// Reads a leaf's fields to the last byte.
    ///
    /// # Errors
    /// [`Error::TooLarge`] beyond 2,274 bytes, [`Error::UnknownStatus`], else as [`decode_entries`].
    pub fn decode(fields: &[u8]) -> Result<Self, Error> {
        if fields.len() > limits::MAX_EVIDENCE_BYTES {
            return Err(Error::TooLarge);
        }
        let mut input = fields;
        let receipt = read(&mut input)?;
        let part = read(&mut input)?;
        let status = read(&mut input)?;
        if status > INVALID {
            return Err(Error::UnknownStatus);
        }
        Ok(EvidenceLeaf { receipt, part, status, entries: decode_entries(input)? })
    }

    /// H(05 ‖ fields).
    ///
    /// # Errors
    /// As [`EvidenceLeaf::fields`].
    pub fn node<H: Hasher>(&self) -> Result<Node, Error> {
        Ok(evidence_node::<H>(&self.fields()?))
    }
}

/// H(05 ‖ fields) of a leaf's encoded fields.
pub fn evidence_node<H: Hasher>(fields: &[u8]) -> Node {
    Node::plain(leaf_hash::<H>(Tree::Evidence, fields))
}
