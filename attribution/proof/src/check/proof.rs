//! All nine fraud proofs as one type, and the one that refutes a published leaf.

use super::{credits, equivocation, form, influence, outranked, payouts, receipt, span, tree, Verdict};
use crate::report::ReportBody;
use crate::{Error, Hasher};
use scale::{Decode, Encode};

/// A fraud proof with its witness. The encoded proof must not exceed [`crate::limits::MAX_PROOF_BYTES`].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
#[allow(clippy::cast_possible_truncation)] // the codec's derive casts the variant's index
pub enum Proof {
    /// 1: [`equivocation`].
    #[codec(index = 1)]
    Equivocation(equivocation::EquivocationWitness),
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

impl Proof {
    /// Checks a proof against a report; an equivocation needs a signature check instead: [`equivocation::check`].
    ///
    /// # Errors
    /// Of the proof's own check; [`Error::WitnessMismatch`] for an equivocation.
    pub fn check<H: Hasher>(&self, report: &ReportBody, facts: &impl credits::Facts) -> Result<Verdict, Error> {
        match self {
            Proof::Equivocation(_) => Err(Error::WitnessMismatch),
            Proof::Receipt(witness) => receipt::check::<H>(&report.evidence, witness, facts),
            Proof::Span(witness) => span::check::<H>(&report.evidence, witness, facts),
            Proof::Outranked(witness) => outranked::check::<H>(&report.evidence, witness, facts),
            Proof::Influence(witness) => influence::check::<H>(&report.evidence, witness, facts),
            Proof::Form(witness) => form::check::<H>(&report.evidence, witness, facts),
            Proof::Credits(fault) => credits::check::<H>(report, fault, facts),
            Proof::Tree(witness) => tree::check::<H>(report, witness),
            Proof::Payouts(witness) => payouts::check::<H>(report, witness),
        }
    }
}

#[cfg(feature = "std")]
pub use find::{find_leaf, Published};

#[cfg(feature = "std")]
mod find {
    use super::*;
    use crate::check::influence::Rows;
    use crate::check::{EpochFacts, EvidenceOpening, RevisionFacts, SourceFacts};
    use crate::evidence::{Entry, EvidenceLeaf};
    use crate::receipt::Receipt;
    use crate::tree::{MerkleTree, TreeHead};
    use alloc::vec::Vec;

    /// What a host published of the receipt that stands at an evidence leaf's place.
    #[derive(Clone, Copy, Debug)]
    pub struct Published<'a> {
        /// Tree 03 through the batch.
        pub receipts: &'a MerkleTree,
        /// The receipt.
        pub receipt: &'a Receipt,
        /// The response's text, if it is public.
        pub response: &'a [u8],
        /// The context list of a public receipt, the credits preimage of a private one.
        pub list: &'a [u8],
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
        facts: &(impl SourceFacts + RevisionFacts + EpochFacts),
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
        facts: &(impl SourceFacts + RevisionFacts + EpochFacts),
    ) -> Result<Option<Proof>, Error> {
        let Published { receipts, receipt, response, list, sketch } = published;
        let preimage: &[u8] = if receipt.is_private() { list } else { &[] };
        let found = receipt::find::<H>(opening.clone(), head, batch, receipts, receipt, preimage, facts)?;
        if let Some(witness) = found {
            return Ok(Some(Proof::Receipt(witness)));
        }
        if let Some(witness) = form::find::<H>(opening.clone(), head, batch, receipt, list, facts)? {
            return Ok(Some(Proof::Form(witness)));
        }
        let Some(policy) = facts.policy(receipt.model, receipt.revision).filter(|_| !receipt.is_private()) else {
            return Ok(None);
        };
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
