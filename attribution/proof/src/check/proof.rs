//! All eight fraud proofs as one type, and the one that refutes a published leaf.

use super::{credits, form, influence, outranked, payouts, receipt, span, tree, Fraud};
use crate::report::ReportBody;
use crate::{Error, Hasher};
use scale::{Decode, DecodeAll, Encode};

/// A fraud proof with its witness. The encoded proof must not exceed [`crate::limits::MAX_PROOF_BYTES`].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
#[allow(clippy::cast_possible_truncation)] // the codec's derive casts the variant's index
pub enum Proof {
    /// 2: [`receipt`].
    #[codec(index = 2)]
    Receipt(receipt::ReceiptWitness),
    /// 3: [`span`].
    #[codec(index = 3)]
    Span(span::SpanWitness),
    /// 4: [`outranked`].
    #[codec(index = 4)]
    Outranked(outranked::OutrankedWitness),
    /// 5: [`influence`].
    #[codec(index = 5)]
    Influence(influence::InfluenceWitness),
    /// 6: [`form`].
    #[codec(index = 6)]
    Form(form::FormWitness),
    /// 7: [`credits`].
    #[codec(index = 7)]
    Credits(credits::CreditFault),
    /// 8: [`tree`].
    #[codec(index = 8)]
    Tree(tree::TreeWitness),
    /// 9: [`payouts`].
    #[codec(index = 9)]
    Payouts(payouts::PayoutWitness),
}

/// Checks an encoded [`Proof`] against a report: the one place that says which number is which check.
///
/// Each witness is decoded where it is checked. As a value of all kinds at once it would be moved from hand to hand, which
/// takes a contract more code than the checks.
///
/// # Errors
/// [`Error::BadProof`] if the bytes are no proof, else those of the proof's own check.
pub fn check_encoded<H: Hasher>(
    report: &ReportBody,
    proof: &[u8],
    facts: &impl credits::Facts,
) -> Result<Fraud, Error> {
    let (number, bytes) = proof.split_first().ok_or(Error::BadProof)?;
    let evidence = &report.evidence;
    match number {
        2 => receipt::check::<H>(evidence, &decoded(bytes)?, facts),
        3 => span::check::<H>(evidence, &decoded(bytes)?, facts),
        4 => outranked::check::<H>(evidence, &decoded(bytes)?, facts),
        5 => influence::check::<H>(evidence, &decoded(bytes)?, facts),
        6 => form::check::<H>(evidence, &decoded(bytes)?, facts),
        7 => credits::check::<H>(report, &decoded(bytes)?, facts),
        8 => tree::check::<H>(report, &decoded(bytes)?),
        9 => payouts::check::<H>(report, &decoded(bytes)?),
        _ => Err(Error::BadProof),
    }
}

fn decoded<T: Decode>(mut bytes: &[u8]) -> Result<T, Error> {
    T::decode_all(&mut bytes).map_err(|_| Error::BadProof)
}

impl Proof {
    /// [`check_encoded`] of this proof.
    ///
    /// # Errors
    /// Of the proof's own check.
    pub fn check<H: Hasher>(&self, report: &ReportBody, facts: &impl credits::Facts) -> Result<Fraud, Error> {
        check_encoded::<H>(report, &self.encode(), facts)
    }
}

#[cfg(feature = "std")]
pub use find::{find_leaf, Published};

#[cfg(feature = "std")]
mod find {
    use super::*;
    use crate::check::influence::Rows;
    use crate::check::{EpochFacts, EvidenceOpening, RequestFacts, RevisionFacts, SourceFacts};
    use crate::evidence::{Entry, EvidenceLeaf};
    use crate::rules::leaf::Answer;
    use crate::tree::{MerkleTree, TreeHead};
    use alloc::vec::Vec;

    /// What stands in tree 03 at an evidence leaf's place.
    #[derive(Clone, Copy, Debug)]
    pub struct Published<'a> {
        /// Tree 03 through the batch.
        pub receipts: &'a MerkleTree,
        /// The answer; `None` if the place is unfilled.
        pub answer: Option<Answer<'a>>,
        /// The response's sketch.
        pub sketch: &'a [u8],
    }

    /// A proof that refutes a published evidence leaf; `None` if it is what the rules give (up to whole places and witnesses other
    /// than the first, which are no fraud).
    ///
    /// `evidence` is the tree of all published leaves, `right` the leaf by the rules, `published` is `None` for a withheld batch.
    ///
    /// # Errors
    /// [`Error::BadSource`] if the library lacks a text or row, or an error of what was published.
    #[allow(clippy::too_many_arguments)]
    pub fn find_leaf<H: Hasher>(
        fields: &[u8],
        index: u64,
        evidence: &MerkleTree,
        batch: u64,
        right: &EvidenceLeaf,
        published: Option<Published<'_>>,
        library: &impl Rows,
        facts: &(impl SourceFacts + RevisionFacts + EpochFacts + RequestFacts),
    ) -> Result<Option<Proof>, Error> {
        if fields == right.fields()? {
            return Ok(None);
        }
        let head = evidence.head();
        let opening = EvidenceOpening::of(fields, evidence, index)?;
        if EvidenceLeaf::decode(fields).is_err() {
            let fault = form::FormFault::Undecodable;
            return Ok(Some(Proof::Form(form::FormWitness { evidence: opening, fault })));
        }
        let Some(published) = published else {
            let fault = receipt::ReceiptFault::Withheld;
            let witness = receipt::ReceiptWitness { evidence: opening, batch, fault };
            receipt::check::<H>(&head, &witness, facts)?;
            return Ok(Some(Proof::Receipt(witness)));
        };
        with_receipt::<H>(opening, &head, evidence, batch, right, published, library, facts)
    }

    #[allow(clippy::too_many_arguments)]
    fn with_receipt<H: Hasher>(
        opening: EvidenceOpening,
        head: &TreeHead,
        evidence: &MerkleTree,
        batch: u64,
        right: &EvidenceLeaf,
        published: Published<'_>,
        library: &impl Rows,
        facts: &(impl SourceFacts + RevisionFacts + EpochFacts + RequestFacts),
    ) -> Result<Option<Proof>, Error> {
        let Published { receipts, answer, sketch } = published;
        let found = receipt::find::<H>(opening.clone(), head, batch, receipts, answer.as_ref(), facts)?;
        if let Some(witness) = found {
            return Ok(Some(Proof::Receipt(witness)));
        }
        if let Some(witness) = form::find::<H>(opening.clone(), head, batch, answer.as_ref(), facts)? {
            return Ok(Some(Proof::Form(witness)));
        }
        let Some(Answer { receipt, response, .. }) = answer else { return Ok(None) };
        let Some(policy) = facts.policy(receipt.model, receipt.revision) else { return Ok(None) };
        let fields = &opening.fields;
        let index = opening.index;
        let common_max = facts.parameters(batch).ok_or(Error::WitnessMismatch)?.common_max;
        let found = span::find::<H>(fields, index, evidence, (batch, common_max), receipt, response, &policy, library)?;
        if let Some(witness) = found {
            return Ok(Some(Proof::Span(witness)));
        }
        let found = outranked::find::<H>(opening.clone(), batch, receipt, response, &right.entries, library)?;
        if let Some(witness) = found {
            return Ok(Some(Proof::Outranked(witness)));
        }
        let rows: Vec<_> = right
            .entries
            .iter()
            .filter_map(|entry| match entry {
                Entry::Influence(entry) => Some(*entry),
                _ => None,
            })
            .collect();
        let found = influence::find::<H>(opening, head, receipt, &rows, sketch, library, facts)?;
        Ok(found.map(Proof::Influence))
    }
}
