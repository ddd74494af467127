//! Words in raw bytes. A word byte is ASCII alphanumeric or ≥ 0x80; a run of them is a word. In scripts that put no spaces
//! between words each letter is one: the three or four bytes of a listed code point ([`LISTED`]), where they are
//! well-formed UTF-8, are a word by themselves with a boundary on both sides. Boundaries are judged on the whole text.
//!
//! Listed sequences can't overlap: each begins with its lead byte and has no other. So whether there is a boundary at a place
//! depends on four bytes on each side of it and on no byte further away, whatever the text, malformed and cut ones too.

use crate::text::OpenText;
use alloc::vec::Vec;

/// How many bytes on each side of a place decide whether there is a boundary.
pub const CONTEXT: u64 = 4;

/// Code points that are words by themselves, as inclusive ranges in ascending order: whole blocks, so that nothing changes
/// when Unicode fills them.
pub const LISTED: [(u32, u32); 17] = [
    (0x0E00, 0x0EFF),   // Thai, Lao
    (0x1000, 0x109F),   // Myanmar
    (0x1780, 0x17FF),   // Khmer
    (0x19E0, 0x19FF),   // Khmer Symbols
    (0x2E80, 0x2FDF),   // CJK Radicals Supplement, Kangxi Radicals
    (0x3005, 0x3007),   // 々 〆 〇
    (0x3040, 0x30FF),   // Hiragana, Katakana
    (0x31F0, 0x31FF),   // Katakana Phonetic Extensions
    (0x3400, 0x4DBF),   // CJK Unified Ideographs Extension A
    (0x4E00, 0x9FFF),   // CJK Unified Ideographs
    (0xA9E0, 0xA9FF),   // Myanmar Extended-B
    (0xAA60, 0xAA7F),   // Myanmar Extended-A
    (0xF900, 0xFAFF),   // CJK Compatibility Ideographs
    (0xFF66, 0xFF9F),   // halfwidth Katakana
    (0x116D0, 0x116FF), // Myanmar Extended-C
    (0x1AFF0, 0x1B16F), // Kana Extended-B, Kana Supplement, Kana Extended-A, Small Kana Extension
    (0x20000, 0x3FFFF), // the planes of ideographs: extensions B to J, Compatibility Ideographs Supplement
];

/// Whether a byte belongs to a word.
pub const fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// The length of the listed code point's UTF-8 with which `bytes` begins, 3 or 4; 0 if it begins with none.
///
/// Looks at no more than four bytes.
pub fn listed_len(bytes: &[u8]) -> usize {
    let Some(lead) = bytes.first() else { return 0 };
    // What a lead byte gives to the code point, the sequence's length, and the least code point that needs so many bytes.
    let (high, len, least) = match *lead {
        0xE0..=0xEF => (lead & 0x0F, 3, 0x800),
        0xF0..=0xF4 => (lead & 0x07, 4, 0x1_0000),
        _ => return 0,
    };
    let Some(rest) = bytes.get(1..len) else { return 0 };
    let mut point = u32::from(high);
    for byte in rest {
        if byte & 0xC0 != 0x80 {
            return 0;
        }
        point = (point << 6) | u32::from(byte & 0x3F);
    }
    let listed = LISTED.iter().any(|(first, last)| *first <= point && point <= *last);
    if listed && point >= least {
        len
    } else {
        0
    }
}

/// Whether there is a boundary of words between what stands before a place and what stands after it: at a text's edge, beside
/// a byte of no word, and on both sides of a listed code point.
///
/// [`CONTEXT`] bytes of each decide; fewer mean that the text begins or ends there.
pub fn is_boundary(before: &[u8], after: &[u8]) -> bool {
    let (Some(last), Some(next)) = (before.last(), after.first()) else { return true };
    let ends = |len: usize| {
        let from = before.len().checked_sub(len).and_then(|from| before.get(from..));
        from.is_some_and(|bytes| listed_len(bytes) == len)
    };
    !is_word_byte(*last) || !is_word_byte(*next) || listed_len(after) > 0 || ends(3) || ends(4)
}

/// The bytes beside a place that decide, as far as the text has them; `None` if not all of those are opened.
fn around<'a>(text: &OpenText<'a>, at: u64) -> Option<(&'a [u8], &'a [u8])> {
    let from = at.saturating_sub(CONTEXT);
    let to = at.saturating_add(CONTEXT).min(text.length);
    Some((text.slice(from, at)?, text.slice(at, to)?))
}

/// Whether a word starts at `at`; `None` if the bytes that decide it are not opened.
///
/// At or beyond the text's end no word starts.
pub fn starts_word(text: &OpenText<'_>, at: u64) -> Option<bool> {
    if at >= text.length {
        return Some(false);
    }
    let (before, after) = around(text, at)?;
    Some(after.first().is_some_and(|first| is_word_byte(*first)) && is_boundary(before, after))
}

/// Whether a word ends before `end`; `None` if the bytes that decide it are not opened.
///
/// Beyond the text's end, and at 0, no word ends.
pub fn ends_word(text: &OpenText<'_>, end: u64) -> Option<bool> {
    if end == 0 || end > text.length {
        return Some(false);
    }
    let (before, after) = around(text, end)?;
    Some(before.last().is_some_and(|last| is_word_byte(*last)) && is_boundary(before, after))
}

/// The words of a text in ascending order, each as [start, end).
#[derive(Clone, Debug)]
pub struct WordsIn<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> WordsIn<'a> {
    /// Of a whole text, or of a range that starts and ends with a word.
    pub const fn of(text: &'a [u8]) -> Self {
        WordsIn { text, at: 0 }
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }
}

impl Iterator for WordsIn<'_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<(usize, usize)> {
        let skipped = self.rest().iter().position(|byte| is_word_byte(*byte))?;
        self.at = self.at.saturating_add(skipped);
        let start = self.at;
        match listed_len(self.rest()) {
            0 => {
                while self.rest().first().is_some_and(|byte| is_word_byte(*byte)) && listed_len(self.rest()) == 0 {
                    self.at = self.at.saturating_add(1);
                }
            }
            len => self.at = self.at.saturating_add(len),
        }
        Some((start, self.at))
    }
}

/// Words in a range that starts and ends with one.
pub fn count_words(range: &[u8]) -> u32 {
    u32::try_from(WordsIn::of(range).count()).unwrap_or(u32::MAX)
}

/// Where words start and end in a text, in ascending order: word i is `[starts[i], ends[i])`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// First bytes.
    pub starts: Vec<u32>,
    /// Bytes after the last ones.
    pub ends: Vec<u32>,
}

impl Words {
    /// The words of a text that end at or before byte `limit`.
    pub fn of(text: &[u8], limit: u32) -> Self {
        let mut words = Words::default();
        for (start, end) in WordsIn::of(text) {
            let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(end)) else { break };
            if end > limit {
                break;
            }
            words.starts.push(start);
            words.ends.push(end);
        }
        words
    }
}
