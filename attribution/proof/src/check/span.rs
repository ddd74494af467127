//! Fraud proof 3: a span or exempt range that the bytes don't bear out.

use super::{parameters_of, show, EpochFacts, EvidenceOpening, Fraud, SourceFacts};
use crate::evidence::{Entry, Place};
use crate::params::Policy;
use crate::receipt::Receipt;
use crate::tree::TreeHead;
use crate::version::VersionLeaf;
use crate::words::{count_words, ends_word, starts_word};
use crate::{limits, text::TextOpening, Error, Hash, Hasher, ZERO};
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// Which of the places that an entry names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
#[allow(clippy::cast_possible_truncation)] // the codec's derive casts the variant's index
pub enum Which {
    /// A span's credited holding, of `held` bytes at `skip`.
    Credited,
    /// A span's first whole holding.
    Whole,
    /// An exempt range's witness, by its position.
    Witness(u8),
}

/// Start or end of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum Side {
    /// The first byte.
    Start,
    /// The end.
    End,
}

/// A contribution's leaf in its source's version.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct ContributionOpening {
    /// The leaf of tree 02.
    pub leaf: VersionLeaf,
    /// Siblings bottom-up.
    pub path: Vec<Hash>,
}

/// What is wrong with the entry, with the bytes that show it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
#[allow(clippy::cast_possible_truncation)] // the codec's derive casts the variant's index
pub enum SpanFault {
    /// The receipt has no response.
    AbsentResponse,
    /// The range is longer than it may be by the parameters of this batch, or ends beyond 65,535.
    TooLong(u64),
    /// The response (its length alone is opened) ends before the range does.
    BeyondResponse(TextOpening),
    /// The taken range, or the credited part of it, starts or ends inside or outside a word of the response: four bytes on each
    /// side of that place are opened, as far as the response has them.
    ResponseBoundary(Which, Side, TextOpening),
    /// The taken range, or the credited part of it, has too few words or bytes; the response's bytes of it are opened.
    TooFewWords(Which, TextOpening),
    /// The place names a source that the revision doesn't have.
    NoSuchSource(Which),
    /// The place names an index that the version doesn't have.
    NoSuchContribution(Which),
    /// The contribution (its length alone is opened) ends before the holding does, or holds nothing because it is too long.
    NoSuchOffset(Which, ContributionOpening, TextOpening),
    /// The contribution is struck.
    DoesNotCount(Which, ContributionOpening),
    /// The holding starts or ends inside or outside a word of the contribution, opened as for the response.
    HoldingBoundary(Which, Side, ContributionOpening, TextOpening),
    /// The byte at this offset of the holding differs: opened in the response, then in the contribution.
    DifferingByte(Which, u16, TextOpening, ContributionOpening, TextOpening),
    /// The exempt range does not name c_max + 1 witnesses.
    WrongWitnesses,
    /// Two witnesses, by position, are of one contributor.
    OneContributor(u8, u8, ContributionOpening, ContributionOpening),
}

/// An entry of a report's evidence, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct SpanWitness {
    /// The evidence leaf.
    pub evidence: EvidenceOpening,
    /// The receipt that it names.
    pub receipt: Receipt,
    /// The entry's position in the leaf.
    pub entry: u8,
    /// What is wrong.
    pub fault: SpanFault,
}

/// A place with the range of the response that it should hold.
#[derive(Clone, Copy, Debug)]
struct Claimed {
    place: Place,
    /// First byte in the response.
    start: u64,
    len: u64,
}

impl Claimed {
    /// What `which` names in the entry.
    fn of(entry: &Entry, which: Which) -> Result<Self, Error> {
        match (entry, which) {
            (Entry::Span(span), Which::Credited) => Ok(Claimed {
                place: span.credited,
                start: u64::from(span.start).saturating_add(u64::from(span.skip)),
                len: u64::from(span.held),
            }),
            (Entry::Span(span), Which::Whole) => {
                Ok(Claimed { place: span.whole, start: u64::from(span.start), len: u64::from(span.len) })
            }
            (Entry::Exempt(exempt), Which::Witness(i)) => Ok(Claimed {
                place: *exempt.witnesses.get(usize::from(i)).ok_or(Error::NoSuchEntry)?,
                start: u64::from(exempt.start),
                len: u64::from(exempt.len),
            }),
            _ => Err(Error::NoSuchEntry),
        }
    }

    fn end(&self) -> u64 {
        self.start.saturating_add(self.len)
    }

    fn offset(&self) -> u64 {
        u64::from(self.place.offset)
    }

    fn held_end(&self) -> u64 {
        self.offset().saturating_add(self.len)
    }
}

/// Checks the witness against the evidence of a report.
///
/// # Errors
/// [`Error::NotFraud`] if the entry is right in what was opened; [`Error::NoSuchEntry`], [`Error::WitnessMismatch`] or an error of the
/// openings if the witness shows something else.
pub fn check<H: Hasher>(
    evidence: &TreeHead,
    witness: &SpanWitness,
    facts: &(impl SourceFacts + EpochFacts),
) -> Result<Fraud, Error> {
    let leaf = witness.evidence.open::<H>(evidence)?;
    let receipt = &witness.receipt;
    if receipt.hash::<H>() != leaf.receipt {
        return Err(Error::WitnessMismatch);
    }
    let policy = facts.policy(receipt.model, receipt.revision).ok_or(Error::WitnessMismatch)?;
    let entry = leaf.entries.get(usize::from(witness.entry)).ok_or(Error::NoSuchEntry)?;
    let (start, end) = entry.range().ok_or(Error::NoSuchEntry)?;
    judge::<H>(witness, entry, (start, end), &policy, facts)
}

fn judge<H: Hasher>(
    witness: &SpanWitness,
    entry: &Entry,
    (start, end): (u32, u32),
    policy: &Policy,
    facts: &(impl SourceFacts + EpochFacts),
) -> Result<Fraud, Error> {
    let receipt = &witness.receipt;
    match &witness.fault {
        SpanFault::AbsentResponse => show(receipt.response == ZERO, Fraud::AbsentResponse),
        SpanFault::TooLong(batch) => {
            let common_max = parameters_of(facts, *batch, witness.evidence.index)?.common_max;
            show(too_long(entry, (start, end), common_max), Fraud::TooLong)
        }
        SpanFault::WrongWitnesses => {
            let Entry::Exempt(exempt) = entry else { return Err(Error::NoSuchEntry) };
            show(exempt.witnesses.len() != policy.witnesses(), Fraud::WrongWitnesses)
        }
        SpanFault::BeyondResponse(text) => {
            let text = text.verify::<H>(&receipt.response)?;
            show(u64::from(end) > text.length, Fraud::BeyondResponse)
        }
        SpanFault::ResponseBoundary(which, side, text) => {
            let claimed = Claimed::of(entry, *which)?;
            let text = text.verify::<H>(&receipt.response)?;
            let right = match side {
                Side::Start => starts_word(&text, claimed.start),
                Side::End => ends_word(&text, claimed.end()),
            };
            show(!right.ok_or(Error::WitnessMismatch)?, Fraud::ResponseBoundary)
        }
        SpanFault::TooFewWords(which, text) => {
            let claimed = Claimed::of(entry, *which)?;
            let short = claimed.len < u64::from(policy.min_bytes()) || {
                let text = text.verify::<H>(&receipt.response)?;
                let range = text.slice(claimed.start, claimed.end()).ok_or(Error::WitnessMismatch)?;
                count_words(range) < u32::from(policy.min_words)
            };
            show(short, Fraud::TooFewWords)
        }
        SpanFault::NoSuchSource(which) => {
            let source = Claimed::of(entry, *which)?.place.source;
            show(facts.source(receipt.model, receipt.revision, source).is_none(), Fraud::NoSuchSource)
        }
        SpanFault::NoSuchContribution(which) => {
            let place = Claimed::of(entry, *which)?.place;
            let version = facts.source(receipt.model, receipt.revision, place.source).ok_or(Error::WitnessMismatch)?;
            show(place.index >= version.count, Fraud::NoSuchContribution)
        }
        SpanFault::NoSuchOffset(which, contribution, text) => {
            let claimed = Claimed::of(entry, *which)?;
            let leaf = contribution.open::<H>(receipt, &claimed.place, facts)?;
            let text = text.verify::<H>(&leaf.content_root)?;
            let holds_nothing = text.length > limits::MAX_CONTRIBUTION_BYTES;
            show(holds_nothing || claimed.held_end() > text.length, Fraud::NoSuchOffset)
        }
        SpanFault::DoesNotCount(which, contribution) => {
            let place = Claimed::of(entry, *which)?.place;
            let leaf = contribution.open::<H>(receipt, &place, facts)?;
            let counts = facts.counts(receipt.model, receipt.revision, place.source, leaf.contribution);
            show(!counts, Fraud::DoesNotCount)
        }
        SpanFault::HoldingBoundary(which, side, contribution, text) => {
            let claimed = Claimed::of(entry, *which)?;
            let leaf = contribution.open::<H>(receipt, &claimed.place, facts)?;
            let text = text.verify::<H>(&leaf.content_root)?;
            let right = match side {
                Side::Start => starts_word(&text, claimed.offset()),
                Side::End => ends_word(&text, claimed.held_end()),
            };
            show(!right.ok_or(Error::WitnessMismatch)?, Fraud::HoldingBoundary)
        }
        SpanFault::DifferingByte(which, at, response, contribution, text) => {
            let claimed = Claimed::of(entry, *which)?;
            let at = u64::from(*at);
            if at >= claimed.len {
                return Err(Error::WitnessMismatch);
            }
            let response = response.verify::<H>(&receipt.response)?;
            let leaf = contribution.open::<H>(receipt, &claimed.place, facts)?;
            let text = text.verify::<H>(&leaf.content_root)?;
            let ours = response.byte(claimed.start.saturating_add(at)).ok_or(Error::WitnessMismatch)?;
            let theirs = text.byte(claimed.offset().saturating_add(at)).ok_or(Error::WitnessMismatch)?;
            show(ours != theirs, Fraud::DifferingByte)
        }
        SpanFault::OneContributor(a, b, first, second) => {
            if a == b {
                return Err(Error::WitnessMismatch);
            }
            let one = first.open::<H>(receipt, &Claimed::of(entry, Which::Witness(*a))?.place, facts)?;
            let other = second.open::<H>(receipt, &Claimed::of(entry, Which::Witness(*b))?.place, facts)?;
            show(one.contributor == other.contributor, Fraud::OneContributor)
        }
    }
}

fn too_long(entry: &Entry, (start, end): (u32, u32), common_max: u16) -> bool {
    let longest = if matches!(entry, Entry::Exempt(_)) { common_max } else { limits::MAX_SPAN_BYTES };
    end > limits::MAX_SPAN_END || end.saturating_sub(start) > u32::from(longest)
}

impl ContributionOpening {
    /// Checks that the leaf is the one that a place of the receipt's revision names.
    ///
    /// # Errors
    /// [`Error::WitnessMismatch`] if there is no such source, else as [`crate::tree::verify_path`].
    pub fn open<H: Hasher>(
        &self,
        receipt: &Receipt,
        place: &Place,
        facts: &impl SourceFacts,
    ) -> Result<&VersionLeaf, Error> {
        let version = facts.source(receipt.model, receipt.revision, place.source).ok_or(Error::WitnessMismatch)?;
        version.verify::<H>(&self.leaf, place.index, &self.path)?;
        Ok(&self.leaf)
    }
}

#[cfg(feature = "std")]
pub use find::{find, Library};

#[cfg(feature = "std")]
mod find;
