//! The influence rule: the ≤ 16 highest positive scores, by score descending, then row ascending.

use crate::evidence::Influence;
use crate::limits;
use alloc::vec::Vec;

/// The best rows of (row, score) pairs, amounts 0. Rows that don't count (absent, struck) must not be among the pairs.
pub fn best(scores: impl IntoIterator<Item = (u32, i32)>) -> Vec<Influence> {
    let mut best: Vec<Influence> = Vec::with_capacity(limits::MAX_INFLUENCE.saturating_add(1));
    for (row, score) in scores {
        if score <= 0 {
            continue;
        }
        let at = best.partition_point(|known| outranks((known.score, known.row), (score, row)));
        if at < limits::MAX_INFLUENCE {
            best.insert(at, Influence { row, score, amount: 0 });
            best.truncate(limits::MAX_INFLUENCE);
        }
    }
    best
}

/// Whether (score, row) a comes before b: by score descending, then row ascending.
pub const fn outranks(a: (i32, u32), b: (i32, u32)) -> bool {
    a.0 > b.0 || (a.0 == b.0 && a.1 < b.1)
}
