//! Texts into rows of tokens that know their place.

use crate::config::TrainingSection;
use crate::error::{Error, Result};
use engine::{Random, Tokenizer};
use influence::Row;

/// Text of a contribution, as the caller read it from a Datanet version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceText {
    /// Source in the model's revision.
    pub source: u8,
    /// Contribution in the source's version.
    pub index: u32,
    /// Byte of the contribution where `text` begins; 0 for a whole contribution.
    pub offset: u32,
    pub text: String,
}

/// A row and its tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrainingRow {
    pub place: Row,
    pub tokens: Vec<u32>,
}

/// Rows to train on and rows kept from it.
pub(crate) struct Split {
    pub(crate) train: Vec<TrainingRow>,
    pub(crate) held_out: Vec<TrainingRow>,
}

/// Cuts texts into rows of at most `row_tokens` tokens between words. With `max_rows` > 0 rows are taken in turn from
/// every text, first ones first, and the result keeps the texts' order.
///
/// # Errors
/// [`Error::NoRows`] if no row has two tokens; the tokenizer's errors.
pub fn cut(
    texts: &[SourceText],
    tokenizer: &Tokenizer,
    row_tokens: usize,
    max_rows: usize,
) -> Result<Vec<TrainingRow>> {
    // (turn, text, row): with a limit the lowest turns win.
    let mut found: Vec<(usize, usize, TrainingRow)> = Vec::new();
    for (t, source) in texts.iter().enumerate() {
        let mut problem = None;
        let limit = row_tokens.saturating_sub(1);
        let cost = |piece: &str| {
            tokenizer.encode(piece).map(|ids| ids.len()).unwrap_or_else(|e| {
                problem = Some(e);
                1
            })
        };
        let cuts = corpus::rows(&source.text, limit, cost);
        if let Some(error) = problem {
            return Err(error.into());
        }
        for (turn, row) in cuts.iter().enumerate() {
            if max_rows > 0 && turn >= max_rows {
                break;
            }
            let Some(text) = row.of(&source.text) else { continue };
            let tokens = tokenizer.encode(text)?;
            let Some(offset) = source.offset.checked_add(row.offset) else { continue };
            if tokens.len() >= 2 {
                let place = Row { source: source.source, index: source.index, offset, length: row.length };
                found.push((turn, t, TrainingRow { place, tokens }));
            }
        }
    }
    if max_rows > 0 && found.len() > max_rows {
        found.sort_by_key(|(turn, text, _)| (*turn, *text));
        found.truncate(max_rows);
        found.sort_by_key(|(turn, text, _)| (*text, *turn));
    }
    if found.is_empty() {
        return Err(Error::NoRows(format!("{} texts hold no row of two tokens", texts.len())));
    }
    Ok(found.into_iter().map(|(_, _, row)| row).collect())
}

/// Keeps a share of rows from training, chosen by the seed; both parts keep their order.
pub(crate) fn split(rows: Vec<TrainingRow>, config: &TrainingSection) -> Result<Split> {
    let held = (rows.len() as f64 * config.held_out).round() as usize;
    if held >= rows.len() {
        return Err(Error::NoRows(format!("all {} rows are held out", rows.len())));
    }
    let mut order: Vec<usize> = (0..rows.len()).collect();
    Random::new(config.seed ^ 0x4845_4c44).shuffle(&mut order);
    let chosen = &order[..held];
    let (mut train, mut held_out) = (Vec::new(), Vec::new());
    for (i, row) in rows.into_iter().enumerate() {
        if chosen.contains(&i) { held_out.push(row) } else { train.push(row) }
    }
    Ok(Split { train, held_out })
}
