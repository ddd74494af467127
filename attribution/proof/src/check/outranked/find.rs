//! The watcher's side of fraud proof 4: compares a published leaf with what the rules give.

use super::super::span::Library;
use super::*;
use crate::text::Text;
use crate::words::CONTEXT;

/// What outranks a published leaf's spans, as a witness; `None` if nothing does.
///
/// `right` are the span and exempt entries that the rules give, by the parameters of `batch`. The leaf must have passed fraud proofs 3 and 6: then the first entry
/// in which it differs from `right` is outranked.
///
/// # Errors
/// [`Error::BadSource`] if a contribution of the library is missing, or an error of the leaf's encoding.
pub fn find<H: Hasher>(
    evidence: EvidenceOpening,
    batch: u64,
    receipt: &Receipt,
    response: Text<'_>,
    right: &[Entry],
    library: &impl Library,
) -> Result<Option<OutrankedWitness>, Error> {
    let leaf = EvidenceLeaf::decode(&evidence.fields)?;
    let published: Vec<&Entry> = leaf.entries.iter().filter(|entry| entry.range().is_some()).collect();
    let witness = |(start, end): (u32, u32), fault: OutrankedFault| -> Result<_, Error> {
        let response = around::<H>(response, u64::from(start), u64::from(end))?;
        Ok(Some(OutrankedWitness { evidence: evidence.clone(), receipt: *receipt, response, fault }))
    };
    let ranges = right.iter().filter(|entry| entry.range().is_some());
    for (position, entry) in (0u8..).zip(ranges) {
        let Some((start, end)) = entry.range() else { continue };
        let same = published.get(usize::from(position)).filter(|theirs| theirs.range() == entry.range());
        match (entry, same) {
            (_, None) => {
                let place = match entry {
                    Entry::Span(span) => Some(span.whole),
                    Entry::Exempt(exempt) => exempt.witnesses.first().copied(),
                    _ => None,
                };
                let len = end.checked_sub(start).ok_or(Error::Overflow)?;
                let holding = open::<H>(library, place.ok_or(Error::BadSource)?, len)?;
                let small = |value: u32| u16::try_from(value).map_err(|_| Error::Overflow);
                return witness((start, end), OutrankedFault::Match(small(start)?, small(len)?, holding));
            }
            (Entry::Exempt(exempt), Some(Entry::Span(_))) => {
                let holdings: Result<Vec<_>, Error> =
                    exempt.witnesses.iter().map(|place| open::<H>(library, *place, u32::from(exempt.len))).collect();
                return witness((start, end), OutrankedFault::Common(batch, position, holdings?));
            }
            (Entry::Span(ours), Some(Entry::Span(theirs))) => {
                let differ = (ours.credited, ours.skip, ours.held) != (theirs.credited, theirs.skip, theirs.held);
                if differ {
                    let holding = open::<H>(library, ours.credited, u32::from(ours.held))?;
                    let named = contribution(library, theirs.credited)?;
                    let from = start.saturating_add(u32::from(ours.skip));
                    let range = (from, from.saturating_add(u32::from(ours.held)));
                    let fault = OutrankedFault::Earlier(position, ours.skip, ours.held, holding, named);
                    return witness(range, fault);
                }
            }
            _ => {}
        }
    }
    Ok(None)
}

fn contribution(library: &impl Library, place: Place) -> Result<ContributionOpening, Error> {
    let (leaves, tree) = library.version(place.source).ok_or(Error::BadSource)?;
    let at = usize::try_from(place.index).map_err(|_| Error::Overflow)?;
    let leaf = *leaves.get(at).ok_or(Error::BadSource)?;
    Ok(ContributionOpening { leaf, path: tree.path(u64::from(place.index))? })
}

fn open<H: Hasher>(library: &impl Library, place: Place, len: u32) -> Result<HoldingOpening, Error> {
    let text = library.text(place.source, place.index).ok_or(Error::BadSource)?;
    let from = u64::from(place.offset);
    Ok(HoldingOpening {
        place,
        contribution: contribution(library, place)?,
        text: around::<H>(Text::public(text), from, from.saturating_add(u64::from(len)))?,
    })
}

fn around<H: Hasher>(text: Text<'_>, from: u64, to: u64) -> Result<TextOpening, Error> {
    text.open::<H>(from.saturating_sub(CONTEXT), to.saturating_add(CONTEXT).min(text.length()?))
}
