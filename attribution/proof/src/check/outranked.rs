//! Fraud proof 4: spans that the texts outrank: a match left out, an earlier holder, common knowledge that was credited.

use super::span::ContributionOpening;
use super::{parameters_of, show, EpochFacts, EvidenceOpening, Fraud, SourceFacts};
use crate::evidence::{Entry, EvidenceLeaf, Place, Span};
use crate::params::Policy;
use crate::receipt::Receipt;
use crate::text::{OpenText, TextOpening};
use crate::tree::TreeHead;
use crate::version::VersionLeaf;
use crate::words::{count_words, ends_word, starts_word};
use crate::{limits, Account, Error, Hasher};
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// A holding of a range of the response, with the contribution's leaf and bytes.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct HoldingOpening {
    /// Where it begins.
    pub place: Place,
    /// The contribution.
    pub contribution: ContributionOpening,
    /// Its bytes: the holding and four bytes on each side, as far as there are.
    pub text: TextOpening,
}

/// What outranks the leaf's entries.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
#[allow(clippy::cast_possible_truncation)] // the codec's derive casts the variant's index
pub enum OutrankedFault {
    /// The match of the response's [start, start + len) with this holding was left out.
    Match(u16, u16, HoldingOpening),
    /// In the span at this position, the match at skip of held bytes comes before the credited holding, whose leaf is opened.
    Earlier(u8, u16, u16, HoldingOpening, ContributionOpening),
    /// By the parameters of this batch the span at this position is short enough to be common, and it is held whole by these, of
    /// c_max + 1 distinct contributors.
    Common(u64, u8, Vec<HoldingOpening>),
}

/// A leaf of a report's evidence and what outranks it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct OutrankedWitness {
    /// The evidence leaf.
    pub evidence: EvidenceOpening,
    /// The receipt that it names.
    pub receipt: Receipt,
    /// The response: the range in question and four bytes on each side.
    pub response: TextOpening,
    /// What outranks it.
    pub fault: OutrankedFault,
}

/// Checks the witness against the evidence of a report.
///
/// # Errors
/// [`Error::NotFraud`] if what was opened is no match or outranks nothing; [`Error::WitnessMismatch`], [`Error::NoSuchEntry`], or an error of
/// the openings.
pub fn check<H: Hasher>(
    evidence: &TreeHead,
    witness: &OutrankedWitness,
    facts: &(impl SourceFacts + EpochFacts),
) -> Result<Fraud, Error> {
    let leaf = witness.evidence.open::<H>(evidence)?;
    let receipt = &witness.receipt;
    if receipt.hash::<H>() != leaf.receipt {
        return Err(Error::WitnessMismatch);
    }
    if leaf.status != crate::evidence::ATTRIBUTED {
        return Err(Error::NotFraud);
    }
    let policy = facts.policy(receipt.model, receipt.revision).ok_or(Error::WitnessMismatch)?;
    let judge = Judge { receipt, response: witness.response.verify::<H>(&receipt.response)?, policy: &policy, facts };
    match &witness.fault {
        OutrankedFault::Match(start, len, holding) => {
            judge.holds::<H>(u64::from(*start), u64::from(*len), holding, true)?;
            show(outranks_all(&leaf, u32::from(*start), u32::from(*len)), Fraud::MatchLeftOut)
        }
        OutrankedFault::Earlier(position, skip, held, holding, credited) => {
            let span = span_at(&leaf, *position)?;
            judge.earlier::<H>(span, (*skip, *held), holding, credited)
        }
        OutrankedFault::Common(batch, position, holdings) => {
            let common_max = parameters_of(facts, *batch, witness.evidence.index)?.common_max;
            let span = span_at(&leaf, *position)?;
            judge.common::<H>(span, common_max, holdings)
        }
    }
}

fn span_at(leaf: &EvidenceLeaf, position: u8) -> Result<&Span, Error> {
    match leaf.entries.get(usize::from(position)) {
        Some(Entry::Span(span)) => Ok(span),
        _ => Err(Error::NoSuchEntry),
    }
}

/// Whether a range comes before every entry that it touches, and before the last one if there are 24.
fn outranks_all(leaf: &EvidenceLeaf, start: u32, len: u32) -> bool {
    let end = start.saturating_add(len);
    let before = |(s, e): (u32, u32)| {
        let theirs = e.saturating_sub(s);
        len > theirs || (len == theirs && start < s)
    };
    let mut taken = 0usize;
    let mut last = None;
    for range in leaf.entries.iter().filter_map(Entry::range) {
        taken = taken.saturating_add(1);
        last = Some(range);
        if range.0 < end && start < range.1 && !before(range) {
            return false;
        }
    }
    taken < limits::MAX_SPANS || last.is_none_or(before)
}

struct Judge<'a, F> {
    receipt: &'a Receipt,
    response: OpenText<'a>,
    policy: &'a Policy,
    facts: &'a F,
}

impl<F: SourceFacts> Judge<'_, F> {
    /// Checks that the holding holds [start, start + len) of the response, word start to word end on both sides, and counts.
    /// If `is_match`, that the range is long and short enough for a match, too.
    fn holds<'w, H: Hasher>(
        &self,
        start: u64,
        len: u64,
        holding: &'w HoldingOpening,
        is_match: bool,
    ) -> Result<&'w VersionLeaf, Error> {
        let end = start.checked_add(len).ok_or(Error::Overflow)?;
        let leaf = holding.contribution.open::<H>(self.receipt, &holding.place, self.facts)?;
        let (model, revision) = (self.receipt.model, self.receipt.revision);
        if !self.facts.counts(model, revision, holding.place.source, leaf.contribution) {
            return Err(Error::NotFraud);
        }
        let text = holding.text.verify::<H>(&leaf.content_root)?;
        let offset = u64::from(holding.place.offset);
        let stop = offset.checked_add(len).ok_or(Error::Overflow)?;
        if text.length > limits::MAX_CONTRIBUTION_BYTES || stop > text.length || end > self.response.length {
            return Err(Error::NotFraud);
        }
        let ours = self.response.slice(start, end).ok_or(Error::WitnessMismatch)?;
        let theirs = text.slice(offset, stop).ok_or(Error::WitnessMismatch)?;
        let boundaries = [
            starts_word(&self.response, start),
            ends_word(&self.response, end),
            starts_word(&text, offset),
            ends_word(&text, stop),
        ];
        let mut whole_words = true;
        for boundary in boundaries {
            whole_words &= boundary.ok_or(Error::WitnessMismatch)?;
        }
        let fits = !is_match
            || (len <= u64::from(limits::MAX_SPAN_BYTES)
                && end <= u64::from(limits::MAX_SPAN_END)
                && len >= u64::from(self.policy.min_bytes())
                && count_words(ours) >= u32::from(self.policy.min_words));
        if ours == theirs && whole_words && fits {
            Ok(leaf)
        } else {
            Err(Error::NotFraud)
        }
    }

    fn earlier<H: Hasher>(
        &self,
        span: &Span,
        (skip, held): (u16, u16),
        holding: &HoldingOpening,
        credited: &ContributionOpening,
    ) -> Result<Fraud, Error> {
        let (len, end) = (u32::from(span.len), u32::from(skip).saturating_add(u32::from(held)));
        if end > len || u32::from(held).saturating_mul(4) < len.saturating_mul(3) {
            return Err(Error::NotFraud);
        }
        let start = u64::from(span.start).saturating_add(u64::from(skip));
        let first = self.holds::<H>(start, u64::from(held), holding, true)?;
        let named = credited.open::<H>(self.receipt, &span.credited, self.facts)?;
        let order = |leaf: &VersionLeaf, held: u16, skip: u16, place: &Place| {
            (leaf.seq, u16::MAX.saturating_sub(held), skip, place.offset, place.source, place.index)
        };
        let theirs = order(first, held, skip, &holding.place);
        show(theirs < order(named, span.held, span.skip, &span.credited), Fraud::EarlierHolding)
    }

    fn common<H: Hasher>(&self, span: &Span, common_max: u16, holdings: &[HoldingOpening]) -> Result<Fraud, Error> {
        if span.len > common_max || holdings.len() != self.policy.witnesses() {
            return Err(Error::NotFraud);
        }
        let mut contributors: Vec<Account> = Vec::with_capacity(holdings.len());
        for holding in holdings {
            let leaf = self.holds::<H>(u64::from(span.start), u64::from(span.len), holding, false)?;
            if contributors.contains(&leaf.contributor) {
                return Err(Error::NotFraud);
            }
            contributors.push(leaf.contributor);
        }
        Ok(Fraud::CommonKnowledge)
    }
}

#[cfg(feature = "std")]
pub use find::find;

#[cfg(feature = "std")]
mod find;
