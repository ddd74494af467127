//! The watcher's side of fraud proof 7: compares two sorted lists of credits.

use super::*;
use crate::tree::{Keyed, MerkleTree};

/// The first difference between the published credits and those that the evidence gives, as a fault; `None` if they are equal.
///
/// `published` must strictly ascend (fraud proof 8 shows if not) and `right` be sorted; `evidence` opens a leaf of the report, `whose` opens
/// what decides who is due an entry.
///
/// # Errors
/// Of the openings.
pub fn find(
    published: &[CreditLeaf],
    tree: &MerkleTree,
    right: &[CreditLeaf],
    report: &ReportBody,
    evidence: impl Fn(u64) -> Result<EvidenceOpening, Error>,
    whose: impl Fn(u64, u8) -> Result<DueOpening, Error>,
) -> Result<Option<CreditFault>, Error> {
    for (index, leaf) in (0u64..).zip(published) {
        if right.binary_search(leaf).is_ok() {
            continue;
        }
        let credit = CreditOpening { leaf: *leaf, index, path: tree.path(index)? };
        if leaf.evidence >= report.evidence.count {
            return Ok(Some(CreditFault::NoEntry(credit, None)));
        }
        let opening = evidence(leaf.evidence)?;
        let decoded = crate::evidence::EvidenceLeaf::decode(&opening.fields)?;
        let amount = decoded.entries.get(usize::from(leaf.entry)).map(Entry::amount);
        return Ok(Some(if amount == Some(leaf.amount) {
            CreditFault::NotDue(credit, whose(leaf.evidence, leaf.entry)?)
        } else {
            CreditFault::NoEntry(credit, Some(opening))
        }));
    }
    for leaf in right {
        if published.binary_search(leaf).is_ok() {
            continue;
        }
        let at = published.partition_point(|other| other.key() < leaf.key());
        let at = u64::try_from(at).map_err(|_| Error::Overflow)?;
        let absence = Absence::of(published, tree, at)?;
        return Ok(Some(CreditFault::Missing(leaf.entry, whose(leaf.evidence, leaf.entry)?, absence)));
    }
    Ok(None)
}
