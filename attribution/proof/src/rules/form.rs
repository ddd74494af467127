//! Which lists of entries are well-formed, whatever the texts say.

use crate::evidence::Entry;
use crate::limits;

/// How a list of entries breaks the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// More than 24 spans and exempts, 16 influence or 16 retrieval entries.
    Counts,
    /// Kinds out of order, spans not by length descending then start ascending, influence not by score then row.
    Order,
    /// Two ranges share a byte.
    Overlap,
    /// A range that is empty, longer than 2,048 bytes (`common_max` if exempt), ends beyond 65,535, or skip + held > len.
    Length,
    /// held less than ¾ of len.
    ThreeQuarters,
    /// An exempt range that does not name c_max + 1 witnesses.
    Witnesses,
    /// A score that is not positive.
    Score,
    /// Retrieval ranks other than 0, 1, 2…
    Rank,
}

/// Checks order, counts, overlap, lengths, ¾, w, scores and ranks, by the policy's `c_max` and the parameter set's `common_max`.
///
/// # Errors
/// The first [`Flaw`].
pub fn check(entries: &[Entry], c_max: u8, common_max: u16) -> Result<(), Flaw> {
    let witnesses = usize::from(c_max).saturating_add(1);
    let (mut spans, mut influence, mut retrieval) = (0usize, 0usize, 0usize);
    let mut last_kind = 0u8;
    let mut last_range: Option<(u32, u32)> = None;
    let mut last_score: Option<(i32, u32)> = None;
    for (i, entry) in entries.iter().enumerate() {
        let kind = match entry {
            Entry::Span(_) | Entry::Exempt(_) => 0,
            Entry::Influence(_) => 1,
            Entry::Retrieval(_) => 2,
        };
        if kind < last_kind {
            return Err(Flaw::Order);
        }
        last_kind = kind;
        if let Some((start, end)) = entry.range() {
            spans = spans.saturating_add(1);
            let len = end.saturating_sub(start);
            let longest = if matches!(entry, Entry::Exempt(_)) { common_max } else { limits::MAX_SPAN_BYTES };
            if len == 0 || len > u32::from(longest) || end > limits::MAX_SPAN_END {
                return Err(Flaw::Length);
            }
            if let Some((s, l)) = last_range {
                if len > l || (len == l && start <= s) {
                    return Err(Flaw::Order);
                }
            }
            last_range = Some((start, len));
            let earlier = entries.iter().take(i).filter_map(Entry::range);
            if earlier.into_iter().any(|(s, e)| start < e && s < end) {
                return Err(Flaw::Overlap);
            }
        }
        match entry {
            Entry::Span(span) => {
                let (len, held) = (u32::from(span.len), u32::from(span.held));
                if u32::from(span.skip).saturating_add(held) > len {
                    return Err(Flaw::Length);
                }
                if held.saturating_mul(4) < len.saturating_mul(3) {
                    return Err(Flaw::ThreeQuarters);
                }
            }
            Entry::Exempt(exempt) => {
                if exempt.witnesses.len() != witnesses {
                    return Err(Flaw::Witnesses);
                }
            }
            Entry::Influence(row) => {
                influence = influence.saturating_add(1);
                if row.score <= 0 {
                    return Err(Flaw::Score);
                }
                if let Some(last) = last_score {
                    if !super::influence::outranks(last, (row.score, row.row)) {
                        return Err(Flaw::Order);
                    }
                }
                last_score = Some((row.score, row.row));
            }
            Entry::Retrieval(chunk) => {
                if usize::from(chunk.rank) != retrieval {
                    return Err(Flaw::Rank);
                }
                retrieval = retrieval.saturating_add(1);
            }
        }
    }
    if spans > limits::MAX_SPANS || influence > limits::MAX_INFLUENCE || retrieval > limits::MAX_RETRIEVAL {
        return Err(Flaw::Counts);
    }
    Ok(())
}
