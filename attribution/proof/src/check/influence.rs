//! Fraud proof 5: influence that the sketches don't give.

use super::span::ContributionOpening;
use super::{show, EvidenceOpening, Fraud, RevisionFacts, SourceFacts};
use crate::evidence::{Entry, EvidenceLeaf, Influence, Place};
use crate::receipt::{no_sketch, sketch_hash, Receipt};
use crate::rules::influence::outranks;
use crate::sketch::{as_int8, score, SketchHead, SketchRow};
use crate::tree::{leaf_hash, verify_path, Node, Tree, TreeHead};
use crate::{limits, Error, Hash, Hasher};
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// A leaf of a model's sketch tree.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct RowOpening {
    /// The leaf's fields, as hashed after the tag.
    pub fields: Vec<u8>,
    /// Siblings bottom-up.
    pub path: Vec<Hash>,
}

impl RowOpening {
    /// Checks that the leaf stands at `row`; `None` if its fields are no row of d entries, which counts as absent.
    ///
    /// # Errors
    /// As [`verify_path`].
    pub fn open<H: Hasher>(&self, sketches: &SketchHead, row: u32) -> Result<Option<SketchRow>, Error> {
        let node = Node::plain(leaf_hash::<H>(Tree::Sketches, &self.fields));
        let count = u64::from(sketches.header.count);
        verify_path::<H, Hash>(Tree::Sketches, &sketches.top, 0, node, u64::from(row), count, &self.path)?;
        let d = usize::from(sketches.header.d);
        Ok(SketchRow::decode(&self.fields).ok().filter(|row| row.sketch.len() == d))
    }
}

/// What is wrong with the influence entries.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
#[allow(clippy::cast_possible_truncation)] // the codec's derive casts the variant's index
pub enum InfluenceFault {
    /// There are some though the receipt has no sketch, or its model has none.
    NoSketch,
    /// There are some though the response's sketch, opened, is not of d bytes.
    SketchLength(Vec<u8>),
    /// The score of the entry at this position: the row, then the response's sketch.
    Score(u8, RowOpening, Vec<u8>),
    /// The row of the entry at this position is beyond the count.
    NoRow(u8),
    /// The row of the entry at this position is no row of d entries, or in no existing contribution.
    BadRow(u8, RowOpening),
    /// The row of the entry at this position lies in a contribution that is struck.
    DoesNotCount(u8, RowOpening, ContributionOpening),
    /// This row was left out: its leaf, its contribution, the response's sketch.
    LeftOut(u32, RowOpening, ContributionOpening, Vec<u8>),
}

/// A leaf of a report's evidence and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct InfluenceWitness {
    /// The evidence leaf.
    pub evidence: EvidenceOpening,
    /// The receipt that it names.
    pub receipt: Receipt,
    /// What is wrong.
    pub fault: InfluenceFault,
}

/// Checks the witness against the evidence of a report.
///
/// # Errors
/// [`Error::NotFraud`] if the leaf is right in what was opened; [`Error::WitnessMismatch`], [`Error::NoSuchEntry`], or an error of the openings.
pub fn check<H: Hasher>(
    evidence: &TreeHead,
    witness: &InfluenceWitness,
    facts: &(impl SourceFacts + RevisionFacts),
) -> Result<Fraud, Error> {
    let leaf = witness.evidence.open::<H>(evidence)?;
    let receipt = &witness.receipt;
    if receipt.hash::<H>() != leaf.receipt {
        return Err(Error::WitnessMismatch);
    }
    if leaf.status != crate::evidence::ATTRIBUTED {
        return Err(Error::NotFraud);
    }
    let terms = facts.revision(receipt.model, receipt.revision).ok_or(Error::WitnessMismatch)?;
    let any = leaf.entries.iter().any(|entry| matches!(entry, Entry::Influence(_)));
    let none_due = no_sketch::<H>(&receipt.sketch);
    let sketches = match terms.sketches {
        Some(sketches) if !none_due && sketches.usable() => sketches,
        _ => return show(any, Fraud::NoSketch),
    };
    judge::<H>(&leaf, receipt, &sketches, &witness.fault, facts)
}

fn judge<H: Hasher>(
    leaf: &EvidenceLeaf,
    receipt: &Receipt,
    sketches: &SketchHead,
    fault: &InfluenceFault,
    facts: &(impl SourceFacts + RevisionFacts),
) -> Result<Fraud, Error> {
    let d = usize::from(sketches.header.d);
    let response = |sketch: &[u8]| -> Result<Option<Vec<i8>>, Error> {
        if sketch_hash::<H>(sketch) != receipt.sketch {
            return Err(Error::WrongHash);
        }
        Ok((sketch.len() == d).then(|| as_int8(sketch)))
    };
    let entry = |position: u8| match leaf.entries.get(usize::from(position)) {
        Some(Entry::Influence(entry)) => Ok(*entry),
        _ => Err(Error::NoSuchEntry),
    };
    let place = |row: &SketchRow| Place { source: row.source, index: row.index, offset: row.offset };
    match fault {
        InfluenceFault::NoSketch => Err(Error::NotFraud),
        InfluenceFault::SketchLength(sketch) => {
            let any = leaf.entries.iter().any(|entry| matches!(entry, Entry::Influence(_)));
            show(any && response(sketch)?.is_none(), Fraud::NoSketch)
        }
        InfluenceFault::Score(position, opening, sketch) => {
            let entry = entry(*position)?;
            let row = opening.open::<H>(sketches, entry.row)?.ok_or(Error::WitnessMismatch)?;
            let ours = response(sketch)?.ok_or(Error::WitnessMismatch)?;
            show(score(&ours, &row.sketch)? != entry.score, Fraud::WrongScore)
        }
        InfluenceFault::NoRow(position) => show(entry(*position)?.row >= sketches.header.count, Fraud::RowDoesNotCount),
        InfluenceFault::BadRow(position, opening) => {
            let row = opening.open::<H>(sketches, entry(*position)?.row)?;
            let exists = row.is_some_and(|row| {
                facts
                    .source(receipt.model, receipt.revision, row.source)
                    .is_some_and(|version| row.index < version.count)
            });
            show(!exists, Fraud::RowDoesNotCount)
        }
        InfluenceFault::DoesNotCount(position, opening, contribution) => {
            let row = opening.open::<H>(sketches, entry(*position)?.row)?.ok_or(Error::WitnessMismatch)?;
            let found = contribution.open::<H>(receipt, &place(&row), facts)?;
            let counts = facts.counts(receipt.model, receipt.revision, row.source, found.contribution);
            show(!counts, Fraud::RowDoesNotCount)
        }
        InfluenceFault::LeftOut(number, opening, contribution, sketch) => {
            let row = opening.open::<H>(sketches, *number)?.ok_or(Error::WitnessMismatch)?;
            let found = contribution.open::<H>(receipt, &place(&row), facts)?;
            if !facts.counts(receipt.model, receipt.revision, row.source, found.contribution) {
                return Err(Error::NotFraud);
            }
            let ours = response(sketch)?.ok_or(Error::WitnessMismatch)?;
            let score = score(&ours, &row.sketch)?;
            show(left_out(leaf, *number, score), Fraud::RowLeftOut)
        }
    }
}

/// Whether a row with this score should be among the leaf's entries and is not.
fn left_out(leaf: &EvidenceLeaf, row: u32, score: i32) -> bool {
    let named = || {
        leaf.entries.iter().filter_map(|entry| match entry {
            Entry::Influence(entry) => Some(entry),
            _ => None,
        })
    };
    let absent = named().all(|entry| entry.row != row);
    let room = named().count() < limits::MAX_INFLUENCE;
    let beats_last = |last: &Influence| outranks((score, row), (last.score, last.row));
    absent && score > 0 && (room || named().next_back().is_some_and(beats_last))
}

#[cfg(feature = "std")]
pub use find::{find, Rows};

#[cfg(feature = "std")]
mod find;
