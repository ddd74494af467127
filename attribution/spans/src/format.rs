//! A segment to the byte. All numbers are little-endian.
//!
//! | at | what |
//! |---|---|
//! | 0 | magic `OLSPANS\n` |
//! | 8 | format u32 = 2 |
//! | 12 | flags u32: bit 0, a zero byte stands in some text |
//! | 16 | index of the first contribution in its version u32 |
//! | 20 | contributions u32 = n |
//! | 24 | bytes of text u64 = t, with one separator after each contribution |
//! | 32 | suffixes u64 = s |
//! | 40 | label, 32 bytes: the root of the version that the texts are of |
//! | 72 | blake2b-256 of bytes 0 to 72 and of all that follows the header |
//! | 104 | n × u32: where each contribution's text ends |
//! | | t bytes: the texts, each followed by a zero byte |
//! | | s × u32: where the suffixes begin, one for each word start, in ascending order of the suffixes |

use std::path::Path;

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};

use crate::error::{Error, Result};

pub(crate) const HEADER: usize = 104;
const SIGNED: usize = 72;
const MAGIC: &[u8; 8] = b"OLSPANS\n";
const FORMAT: u32 = 2;
const ZERO_FLAG: u32 = 1;
/// libsais counts with i32, so does a segment.
pub(crate) const MOST_TEXT: usize = i32::MAX as usize;

/// What a segment says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// A zero byte stands in some text, so that the separator alone doesn't show where a text ends.
    pub has_zero: bool,
    /// Index of the first contribution in its version.
    pub first: u32,
    /// Contributions.
    pub contributions: u32,
    /// Bytes of text with separators.
    pub text: u64,
    /// Suffixes.
    pub suffixes: u64,
    /// The version that the texts are of.
    pub label: [u8; 32],
}

impl Header {
    fn signed(&self) -> [u8; SIGNED] {
        let mut out = [0; SIGNED];
        out[..8].copy_from_slice(MAGIC);
        out[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        out[12..16].copy_from_slice(&if self.has_zero { ZERO_FLAG } else { 0 }.to_le_bytes());
        out[16..20].copy_from_slice(&self.first.to_le_bytes());
        out[20..24].copy_from_slice(&self.contributions.to_le_bytes());
        out[24..32].copy_from_slice(&self.text.to_le_bytes());
        out[32..40].copy_from_slice(&self.suffixes.to_le_bytes());
        out[40..72].copy_from_slice(&self.label);
        out
    }

    /// The header's bytes for a body that comes in parts.
    pub fn encode<'a>(&self, body: impl Iterator<Item = &'a [u8]>) -> [u8; HEADER] {
        let mut out = [0; HEADER];
        out[..SIGNED].copy_from_slice(&self.signed());
        out[SIGNED..].copy_from_slice(&digest(&self.signed(), body));
        out
    }

    /// Reads the header of a whole segment and checks length and digest.
    pub fn decode(path: &Path, bytes: &[u8]) -> Result<Self> {
        let path = || path.to_path_buf();
        if !bytes.starts_with(MAGIC) {
            return Err(Error::NotASegment { path: path() });
        }
        let wanted = HEADER as u128;
        let found = bytes.len() as u64;
        let Some((head, body)) = bytes.split_at_checked(HEADER) else {
            return Err(Error::Length { path: path(), found, wanted });
        };
        let format = u32_at(head, 8);
        if format != FORMAT {
            return Err(Error::Format { path: path(), found: format, known: FORMAT });
        }
        let mut label = [0; 32];
        label.copy_from_slice(&head[40..72]);
        let header = Self {
            has_zero: u32_at(head, 12) & ZERO_FLAG != 0,
            first: u32_at(head, 16),
            contributions: u32_at(head, 20),
            text: u64_at(head, 24),
            suffixes: u64_at(head, 32),
            label,
        };
        let wanted =
            wanted + 4 * u128::from(header.contributions) + u128::from(header.text) + 4 * u128::from(header.suffixes);
        if u128::from(found) != wanted {
            return Err(Error::Length { path: path(), found, wanted });
        }
        if digest(&head[..SIGNED], [body].into_iter()) != head[SIGNED..] {
            return Err(Error::Damaged { path: path() });
        }
        Ok(header)
    }
}

fn digest<'a>(head: &[u8], body: impl Iterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut hash = Blake2b::<U32>::new();
    hash.update(head);
    body.for_each(|part| hash.update(part));
    hash.finalize().into()
}

/// The four bytes at `at` as a number. Callers stay within `bytes`, whose length was checked.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut four = [0; 4];
    four.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(four)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(eight)
}
