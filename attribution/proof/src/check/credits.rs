//! Fraud proof 7: credits that are not what the evidence gives to those who are due.

use super::influence::RowOpening;
use super::span::ContributionOpening;
use super::{show, EpochFacts, EvidenceOpening, Fraud, PayeeFacts, RequestFacts, RevisionFacts, SourceFacts};
use crate::credits::CreditLeaf;
use crate::evidence::{Entry, Place};
use crate::receipt::Receipt;
use crate::report::ReportBody;
use crate::tree::{verify_path, Absence, Node, Tree};
use crate::{Account, Error, Hasher};
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// A leaf of the credits tree with its path.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct CreditOpening {
    /// The leaf.
    pub leaf: CreditLeaf,
    /// Its index.
    pub index: u64,
    /// Siblings bottom-up.
    pub path: Vec<Node>,
}

/// Whose an entry is: what has to be opened to know who is due.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct DueOpening {
    /// The entry's evidence leaf.
    pub evidence: EvidenceOpening,
    /// The receipt that it names.
    pub receipt: Receipt,
    /// The batch of the leaf.
    pub batch: u64,
    /// The row of an influence entry.
    pub row: Option<RowOpening>,
    /// The contribution; none if the place that the entry names does not exist, or it names none.
    pub contribution: Option<ContributionOpening>,
}

/// What is wrong with the credits.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
#[allow(clippy::cast_possible_truncation)] // the codec's derive casts the variant's index
pub enum CreditFault {
    /// The entry at this position is due to an account, and there is no credit leaf.
    Missing(u8, DueOpening, Absence<CreditLeaf, Node>),
    /// The credit names an evidence leaf beyond the count, or an entry that its leaf (opened) doesn't have or that has another amount.
    NoEntry(CreditOpening, Option<EvidenceOpening>),
    /// The credit's account is not due the entry.
    NotDue(CreditOpening, DueOpening),
}

/// What the chain has to know for [`check`].
pub trait Facts: SourceFacts + RevisionFacts + EpochFacts + RequestFacts + PayeeFacts {}
impl<T: SourceFacts + RevisionFacts + EpochFacts + RequestFacts + PayeeFacts> Facts for T {}

/// Checks the fault against a report.
///
/// # Errors
/// [`Error::NotFraud`] if what was opened is right; [`Error::WitnessMismatch`], [`Error::NoSuchEntry`], or an error of the openings.
pub fn check<H: Hasher>(report: &ReportBody, fault: &CreditFault, facts: &impl Facts) -> Result<Fraud, Error> {
    match fault {
        CreditFault::Missing(position, opening, absence) => {
            let (account, amount) = due::<H>(report, opening, *position, facts)?;
            let account = account.ok_or(Error::NotFraud)?;
            if amount == 0 {
                return Err(Error::NotFraud);
            }
            let head = &report.credits;
            let key = (account, opening.evidence.index, *position);
            absence.verify::<H>(Tree::Credits, head.count, head.sum, &head.top, &key)?;
            Ok(Fraud::CreditMissing)
        }
        CreditFault::NoEntry(credit, evidence) => {
            credit.verify::<H>(report)?;
            let Some(evidence) = evidence else {
                let beyond = credit.leaf.evidence >= report.evidence.count;
                return show(beyond, Fraud::CreditWithoutEntry);
            };
            if evidence.index != credit.leaf.evidence {
                return Err(Error::WitnessMismatch);
            }
            let leaf = evidence.open::<H>(&report.evidence)?;
            let amount = leaf.entries.get(usize::from(credit.leaf.entry)).map(Entry::amount);
            show(amount != Some(credit.leaf.amount), Fraud::CreditWithoutEntry)
        }
        CreditFault::NotDue(credit, opening) => {
            credit.verify::<H>(report)?;
            if opening.evidence.index != credit.leaf.evidence {
                return Err(Error::WitnessMismatch);
            }
            let (account, _) = due::<H>(report, opening, credit.leaf.entry, facts)?;
            show(account != Some(credit.leaf.account), Fraud::CreditNotDue)
        }
    }
}

impl CreditOpening {
    fn verify<H: Hasher>(&self, report: &ReportBody) -> Result<(), Error> {
        let head = &report.credits;
        let node = self.leaf.node::<H>();
        verify_path::<H, Node>(Tree::Credits, &head.top, head.sum, node, self.index, head.count, &self.path).map(|_| ())
    }
}

/// Who is due the entry at this position, and its amount.
fn due<H: Hasher>(
    report: &ReportBody,
    opening: &DueOpening,
    position: u8,
    facts: &impl Facts,
) -> Result<(Option<Account>, u128), Error> {
    let leaf = opening.evidence.open::<H>(&report.evidence)?;
    let receipt = &opening.receipt;
    if receipt.hash::<H>() != leaf.receipt {
        return Err(Error::WitnessMismatch);
    }
    let batch = facts.batch(opening.batch).ok_or(Error::WitnessMismatch)?;
    batch.sequence(opening.evidence.index)?;
    let entry = leaf.entries.get(usize::from(position)).ok_or(Error::NoSuchEntry)?;
    let place = match entry {
        Entry::Exempt(_) => None,
        Entry::Span(span) => Some(span.credited),
        Entry::Retrieval(chunk) => Some(Place { source: chunk.source, index: chunk.index, offset: 0 }),
        Entry::Influence(influence) => {
            let terms = facts.revision(receipt.model, receipt.revision).ok_or(Error::WitnessMismatch)?;
            let sketches = terms.sketches.ok_or(Error::WitnessMismatch)?;
            let row = opening.row.as_ref().ok_or(Error::WitnessMismatch)?;
            // A row that is none is fraud proof 5's.
            let row = row.open::<H>(&sketches, influence.row)?.ok_or(Error::WitnessMismatch)?;
            Some(Place { source: row.source, index: row.index, offset: 0 })
        }
    };
    let Some(place) = place else { return Ok((None, entry.amount())) };
    let version = facts.source(receipt.model, receipt.revision, place.source);
    if version.is_none_or(|version| place.index >= version.count) {
        return Ok((None, entry.amount()));
    }
    let contribution = opening.contribution.as_ref().ok_or(Error::WitnessMismatch)?;
    let found = contribution.open::<H>(receipt, &place, facts)?;
    Ok((facts.payee(found.contribution, &found.contributor, batch.at), entry.amount()))
}

#[cfg(feature = "std")]
pub use find::find;

#[cfg(feature = "std")]
mod find;
