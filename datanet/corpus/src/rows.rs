//! The rows that a model is trained on: stretches of one contribution, cut between words.

use serde::{Deserialize, Serialize};

/// The longest stretch without a space that is kept in one piece; a longer one is cut between characters.
const LONGEST_PIECE: usize = 1_024;

/// A row: where it lies in its contribution's canonical text. Offset and length are the fields of a leaf of
/// the tree of sketches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// First byte.
    pub offset: u32,
    /// Bytes.
    pub length: u32,
}

impl Row {
    /// The row's text, or nothing where `text` is not the one that it was cut from.
    pub fn of<'a>(&self, text: &'a str) -> Option<&'a str> {
        let start = self.offset as usize;
        text.get(start..start.checked_add(self.length as usize)?)
    }
}

/// Cuts `text` into rows that cost at most `limit` each, where `cost` prices a piece: a word with the space
/// before it. (A tokenizer that splits at spaces first, as byte-level BPE does, gives a row the sum of its
/// pieces' tokens.) The rows are in order, touch but for the spaces between them, and begin and end with words.
///
/// A piece that alone costs more than `limit` is a row of its own. The last two rows share their pieces
/// evenly, so that none is a mere scrap. `limit` 0 counts as 1. Texts above 4 GiB are cut up to that length only.
pub fn rows(text: &str, limit: usize, mut cost: impl FnMut(&str) -> usize) -> Vec<Row> {
    let limit = limit.max(1);
    let pieces: Vec<Piece> =
        pieces(text).map(|(start, end)| Piece { start, end, cost: cost(&text[start..end]) }).collect();
    let mut cuts = vec![0];
    let mut spent = 0usize;
    for (i, piece) in pieces.iter().enumerate() {
        if spent > 0 && spent.saturating_add(piece.cost) > limit {
            cuts.push(i);
            spent = 0;
        }
        spent = spent.saturating_add(piece.cost);
    }
    if let [.., from, last] = cuts[..] {
        if let Some(middle) = even_cut(&pieces[from..], limit) {
            let at = cuts.len() - 1;
            cuts[at] = last.min(from + middle);
        }
    }
    cuts.push(pieces.len());
    cuts.windows(2).filter_map(|w| row(text, &pieces[w[0]..w[1]])).collect()
}

/// Cuts `text` into rows of at most `limit` bytes: [`rows`] with a byte's price of one.
pub fn rows_by_bytes(text: &str, limit: usize) -> Vec<Row> {
    rows(text, limit, str::len)
}

struct Piece {
    start: usize,
    end: usize,
    cost: usize,
}

/// Where to cut `pieces` so that both halves cost about the same and neither more than `limit`.
fn even_cut(pieces: &[Piece], limit: usize) -> Option<usize> {
    let total = pieces.iter().fold(0usize, |sum, p| sum.saturating_add(p.cost));
    let mut left = 0usize;
    for (i, pair) in pieces.windows(2).enumerate() {
        left = left.saturating_add(pair[0].cost);
        if left.saturating_mul(2).saturating_add(pair[1].cost) >= total {
            return (left.max(total - left) <= limit).then_some(i + 1);
        }
    }
    None
}

fn row(text: &str, pieces: &[Piece]) -> Option<Row> {
    let (first, last) = (pieces.first()?, pieces.last()?);
    let start = first.start + usize::from(text[first.start..].starts_with(' '));
    let length = last.end.checked_sub(start).filter(|&n| n > 0)?;
    Some(Row { offset: u32::try_from(start).ok()?, length: u32::try_from(length).ok()? })
}

/// Words with the space before each, as byte ranges.
fn pieces(text: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|r| !r.is_empty())?;
        let skip = rest.chars().next().map_or(0, char::len_utf8);
        let word_end = rest[skip..].find(' ').map_or(rest.len(), |i| i + skip);
        let end = floor_char(rest, word_end.min(LONGEST_PIECE));
        let found = (at, at + end);
        at += end;
        Some(found)
    })
}

fn floor_char(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(text: &str, limit: usize) -> Vec<&str> {
        rows_by_bytes(text, limit).iter().map(|r| r.of(text).unwrap()).collect()
    }

    #[test]
    fn a_short_text_is_one_row() {
        assert_eq!(texts("one two", 100), ["one two"]);
        assert_eq!(texts("", 100), Vec::<&str>::new());
    }

    #[test]
    fn rows_are_cut_between_words_and_the_last_two_are_even() {
        assert_eq!(texts("aaa bbb ccc ddd eee", 12), ["aaa bbb ccc", "ddd eee"]);
        assert_eq!(texts("aaa bbb ccc ddd", 13), ["aaa bbb", "ccc ddd"]);
    }

    #[test]
    fn a_word_above_the_limit_is_a_row_of_its_own() {
        assert_eq!(texts("a bbbbbbbbb c", 4), ["a", "bbbbbbbbb", "c"]);
    }

    #[test]
    fn a_stretch_without_spaces_is_cut_between_characters() {
        let text = "é".repeat(2_000);
        let cut = texts(&text, 1_024);
        assert_eq!(cut.concat(), text);
        assert!(cut.iter().all(|row| row.len() <= 1_024));
    }

    proptest! {
        #[test]
        fn rows_hold_every_word_once_in_order_and_none_is_above_the_limit(
            words in prop::collection::vec("[aé]{1,6}", 0..40), limit in 1usize..40
        ) {
            let text = words.join(" ");
            let cut = texts(&text, limit);
            prop_assert_eq!(cut.join(" "), text.clone());
            for row in cut {
                prop_assert!(row.len() < limit.max(1) + 1 || !row.contains(' '), "{row:?} {limit}");
            }
        }
    }
}
