//! Words in raw bytes: a word byte is ASCII alphanumeric or ≥ 0x80. Boundaries are judged on the whole text.

use crate::text::OpenText;
use alloc::vec::Vec;

/// Whether a byte belongs to a word.
pub const fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// Whether a word starts at `at`; `None` if the bytes that decide it are not opened.
///
/// At or beyond the text's end no word starts.
pub fn starts_word(text: &OpenText<'_>, at: u64) -> Option<bool> {
    if at >= text.length {
        return Some(false);
    }
    let first = is_word_byte(text.byte(at)?);
    match at.checked_sub(1) {
        None => Some(first),
        Some(before) => Some(first && !is_word_byte(text.byte(before)?)),
    }
}

/// Whether a word ends before `end`; `None` if the bytes that decide it are not opened.
///
/// Beyond the text's end, and at 0, no word ends.
pub fn ends_word(text: &OpenText<'_>, end: u64) -> Option<bool> {
    let Some(last) = end.checked_sub(1) else { return Some(false) };
    if end > text.length {
        return Some(false);
    }
    let word = is_word_byte(text.byte(last)?);
    if end == text.length {
        return Some(word);
    }
    Some(word && !is_word_byte(text.byte(end)?))
}

/// Words in a range that starts and ends with one: runs of word bytes.
pub fn count_words(range: &[u8]) -> u32 {
    let mut words = 0u32;
    let mut inside = false;
    for byte in range {
        let word = is_word_byte(*byte);
        if word && !inside {
            words = words.saturating_add(1);
        }
        inside = word;
    }
    words
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
        let mut inside = false;
        let mut start = 0u32;
        let mut at = 0u32;
        for byte in text {
            if at > limit {
                // Whatever starts or ends from here on lies beyond.
                return words;
            }
            let word = is_word_byte(*byte);
            if word && !inside {
                start = at;
            } else if !word && inside {
                words.starts.push(start);
                words.ends.push(at);
            }
            inside = word;
            at = at.saturating_add(1);
        }
        if inside && at <= limit {
            words.starts.push(start);
            words.ends.push(at);
        }
        words
    }
}
