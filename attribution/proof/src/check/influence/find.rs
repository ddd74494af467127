//! The watcher's side of fraud proof 5.

use super::super::span::Library;
use super::*;
use crate::tree::MerkleTree;

/// What a watcher has of a model's rows.
pub trait Rows: Library {
    /// A row's leaf fields.
    fn row(&self, row: u32) -> Option<Vec<u8>>;
    /// The tree of all rows.
    fn rows(&self) -> Option<&MerkleTree>;
}

/// The first fault of a published leaf's influence entries, as a witness; `None` if there is none.
///
/// `right` are the influence entries that the rules give ([`crate::rules::influence::best`]), `sketch` the response's published bytes.
///
/// # Errors
/// [`Error::BadSource`] if a row or contribution of the library is missing, or an error of the leaf's encoding.
pub fn find<H: Hasher>(
    evidence: EvidenceOpening,
    head: &TreeHead,
    receipt: &Receipt,
    right: &[Influence],
    sketch: &[u8],
    library: &impl Rows,
    facts: &(impl SourceFacts + RevisionFacts),
) -> Result<Option<InfluenceWitness>, Error> {
    let leaf = EvidenceLeaf::decode(&evidence.fields)?;
    let open = |row: u32| -> Result<RowOpening, Error> {
        let path = library.rows().ok_or(Error::BadSource)?.path(u64::from(row))?;
        Ok(RowOpening { fields: library.row(row).ok_or(Error::BadSource)?, path })
    };
    let contribution = |opening: &RowOpening| -> Option<ContributionOpening> {
        let row = SketchRow::decode(&opening.fields).ok()?;
        let (leaves, tree) = library.version(row.source)?;
        let leaf = *leaves.get(usize::try_from(row.index).ok()?)?;
        Some(ContributionOpening { leaf, path: tree.path(u64::from(row.index)).ok()? })
    };
    let mut faults = alloc::vec![InfluenceFault::NoSketch, InfluenceFault::SketchLength(sketch.to_vec())];
    for (position, entry) in (0u8..).zip(&leaf.entries) {
        let Entry::Influence(entry) = entry else { continue };
        faults.push(InfluenceFault::NoRow(position));
        let Ok(opening) = open(entry.row) else { continue };
        faults.push(InfluenceFault::BadRow(position, opening.clone()));
        if let Some(contribution) = contribution(&opening) {
            faults.push(InfluenceFault::DoesNotCount(position, opening.clone(), contribution));
        }
        faults.push(InfluenceFault::Score(position, opening, sketch.to_vec()));
    }
    for entry in right {
        let opening = open(entry.row)?;
        let contribution = contribution(&opening).ok_or(Error::BadSource)?;
        faults.push(InfluenceFault::LeftOut(entry.row, opening, contribution, sketch.to_vec()));
    }
    for fault in faults {
        let witness = InfluenceWitness { evidence: evidence.clone(), receipt: *receipt, fault };
        if check::<H>(head, &witness, facts).is_ok() {
            return Ok(Some(witness));
        }
    }
    Ok(None)
}
