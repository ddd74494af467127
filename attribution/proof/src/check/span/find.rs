//! The watcher's side of fraud proof 3: finds the fault of a published leaf and opens the bytes that show it.

use super::*;
use crate::evidence::EvidenceLeaf;
use crate::text::{OpenText, Text};
use crate::tree::MerkleTree;
use crate::words::CONTEXT;

/// What a watcher has of the sources of one model revision.
pub trait Library {
    /// The leaves of a source's version and their tree, `None` if the revision has no such source.
    fn version(&self, source: u8) -> Option<(&[VersionLeaf], &MerkleTree)>;
    /// A contribution's text.
    fn text(&self, source: u8, index: u32) -> Option<&[u8]>;
    /// As [`SourceFacts::counts`].
    fn counts(&self, source: u8, contribution: u64) -> bool;
}

/// The first fault of any span or exempt entry of a published evidence leaf, as a witness; `None` if all are right.
///
/// `response` is the text that the receipt's root stands for, with the random bytes of a private one; `evidence` the tree of all
/// published leaves; `common_max` that of `batch`, to which the leaf belongs.
///
/// # Errors
/// [`Error::BadSource`] if a text of the library is missing, or an error of the leaf's encoding.
#[allow(clippy::too_many_arguments)]
pub fn find<H: Hasher>(
    fields: &[u8],
    index: u64,
    evidence: &MerkleTree,
    (batch, common_max): (u64, u16),
    receipt: &Receipt,
    response: Text<'_>,
    policy: &Policy,
    library: &impl Library,
) -> Result<Option<SpanWitness>, Error> {
    let leaf = EvidenceLeaf::decode(fields)?;
    let finder = Finder { batch, common_max, receipt, response, policy, library };
    for (position, entry) in (0u8..).zip(&leaf.entries) {
        if let Some(fault) = finder.fault::<H>(entry)? {
            return Ok(Some(SpanWitness {
                evidence: EvidenceOpening::of(fields, evidence, index)?,
                receipt: *receipt,
                entry: position,
                fault,
            }));
        }
    }
    Ok(None)
}

struct Finder<'a, L> {
    batch: u64,
    common_max: u16,
    receipt: &'a Receipt,
    response: Text<'a>,
    policy: &'a Policy,
    library: &'a L,
}

impl<L: Library> Finder<'_, L> {
    fn fault<H: Hasher>(&self, entry: &Entry) -> Result<Option<SpanFault>, Error> {
        let Some((start, end)) = entry.range() else { return Ok(None) };
        if self.receipt.response == ZERO {
            return Ok(Some(SpanFault::AbsentResponse));
        }
        if too_long(entry, (start, end), self.common_max) {
            return Ok(Some(SpanFault::TooLong(self.batch)));
        }
        let whole = OpenText::whole(self.response.bytes)?;
        if u64::from(end) > whole.length {
            return Ok(Some(SpanFault::BeyondResponse(self.response.open::<H>(0, 0)?)));
        }
        let places: Vec<Which> = match entry {
            Entry::Exempt(exempt) => {
                if exempt.witnesses.len() != self.policy.witnesses() {
                    return Ok(Some(SpanFault::WrongWitnesses));
                }
                (0u8..).zip(&exempt.witnesses).map(|(i, _)| Which::Witness(i)).collect()
            }
            _ => alloc::vec![Which::Whole, Which::Credited],
        };
        for which in &places {
            if let Some(fault) = self.place::<H>(entry, *which, &whole)? {
                return Ok(Some(fault));
            }
        }
        self.one_contributor(entry)
    }

    fn place<H: Hasher>(
        &self,
        entry: &Entry,
        which: Which,
        response: &OpenText<'_>,
    ) -> Result<Option<SpanFault>, Error> {
        let claimed = Claimed::of(entry, which)?;
        let (from, to) = (claimed.start, claimed.end());
        let length = response.length;
        if to > length {
            // A credited part beyond its range (proof 6) that also leaves the response.
            return Ok(None);
        }
        if claimed.len < u64::from(self.policy.min_bytes()) {
            return Ok(Some(SpanFault::TooFewWords(which, self.response.open::<H>(0, 0)?)));
        }
        if starts_word(response, from) != Some(true) {
            let opening = around::<H>(self.response, from, length)?;
            return Ok(Some(SpanFault::ResponseBoundary(which, Side::Start, opening)));
        }
        if ends_word(response, to) != Some(true) {
            let opening = around::<H>(self.response, to, length)?;
            return Ok(Some(SpanFault::ResponseBoundary(which, Side::End, opening)));
        }
        let range = response.slice(from, to).ok_or(Error::BadSource)?;
        if count_words(range) < u32::from(self.policy.min_words) {
            let opening = self.response.open::<H>(from, to)?;
            return Ok(Some(SpanFault::TooFewWords(which, opening)));
        }
        let place = claimed.place;
        let Some((leaves, tree)) = self.library.version(place.source) else {
            return Ok(Some(SpanFault::NoSuchSource(which)));
        };
        let Some(leaf) = usize::try_from(place.index).ok().and_then(|at| leaves.get(at)) else {
            return Ok(Some(SpanFault::NoSuchContribution(which)));
        };
        let contribution = ContributionOpening { leaf: *leaf, path: tree.path(u64::from(place.index))? };
        if !self.library.counts(place.source, leaf.contribution) {
            return Ok(Some(SpanFault::DoesNotCount(which, contribution)));
        }
        let text = self.library.text(place.source, place.index).ok_or(Error::BadSource)?;
        let theirs = OpenText::whole(text)?;
        if theirs.length > limits::MAX_CONTRIBUTION_BYTES || claimed.held_end() > theirs.length {
            let opening = TextOpening::of::<H>(text, 0, 0)?;
            return Ok(Some(SpanFault::NoSuchOffset(which, contribution, opening)));
        }
        let held = theirs.slice(claimed.offset(), claimed.held_end()).ok_or(Error::BadSource)?;
        if let Some(at) = range.iter().zip(held).position(|(a, b)| a != b) {
            let at = u64::try_from(at).map_err(|_| Error::Overflow)?;
            let ours = byte::<H>(self.response, from.saturating_add(at))?;
            let theirs = byte::<H>(Text::public(text), claimed.offset().saturating_add(at))?;
            let at = u16::try_from(at).map_err(|_| Error::Overflow)?;
            return Ok(Some(SpanFault::DifferingByte(which, at, ours, contribution, theirs)));
        }
        if starts_word(&theirs, claimed.offset()) != Some(true) {
            let opening = around::<H>(Text::public(text), claimed.offset(), theirs.length)?;
            return Ok(Some(SpanFault::HoldingBoundary(which, Side::Start, contribution, opening)));
        }
        if ends_word(&theirs, claimed.held_end()) != Some(true) {
            let opening = around::<H>(Text::public(text), claimed.held_end(), theirs.length)?;
            return Ok(Some(SpanFault::HoldingBoundary(which, Side::End, contribution, opening)));
        }
        Ok(None)
    }

    fn one_contributor(&self, entry: &Entry) -> Result<Option<SpanFault>, Error> {
        let Entry::Exempt(exempt) = entry else { return Ok(None) };
        let open = |place: &Place| -> Result<ContributionOpening, Error> {
            let (leaves, tree) = self.library.version(place.source).ok_or(Error::BadSource)?;
            let at = usize::try_from(place.index).map_err(|_| Error::Overflow)?;
            let leaf = *leaves.get(at).ok_or(Error::BadSource)?;
            Ok(ContributionOpening { leaf, path: tree.path(u64::from(place.index))? })
        };
        for (b, later) in (0u8..).zip(&exempt.witnesses) {
            let second = open(later)?;
            for (a, earlier) in (0u8..b).zip(&exempt.witnesses) {
                let first = open(earlier)?;
                if first.leaf.contributor == second.leaf.contributor {
                    return Ok(Some(SpanFault::OneContributor(a, b, first, second)));
                }
            }
        }
        Ok(None)
    }
}

/// The chunk of one byte.
fn byte<H: Hasher>(text: Text<'_>, at: u64) -> Result<TextOpening, Error> {
    text.open::<H>(at, at.saturating_add(1))
}

/// The bytes on both sides of a place that decide whether a word starts or ends there, as far as the text has them.
fn around<H: Hasher>(text: Text<'_>, at: u64, length: u64) -> Result<TextOpening, Error> {
    let to = at.saturating_add(CONTEXT).min(length);
    text.open::<H>(at.saturating_sub(CONTEXT), to)
}
