//! The texts of a model's sources as one index, and a response's matches in them.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use proof::Account;
use proof::evidence::Place;
use proof::limits::{MAX_SOURCES, MAX_SPAN_BYTES, MAX_SPAN_END};
use proof::rules::spans::{Holding, Matches};
use proof::words::count_words;

use crate::Segment;
use crate::error::{Error, Result};
use crate::minima::Minima;
use crate::segment::{View, ends_word};

/// Who holds a contribution's text, from tree 02.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Precedence; it need not ascend with the index.
    pub seq: u64,
    /// Contributor.
    pub contributor: Account,
}

/// One of a model's sources: the segments of its version, and each contribution's holder by its index.
#[derive(Clone, Debug)]
pub struct Source {
    segments: Vec<Arc<Segment>>,
    holders: Arc<[Holder]>,
}

impl Source {
    /// A source of a version's segments, which must hold its contributions without a gap.
    ///
    /// # Errors
    /// `Source` if segments are missing or there are more or fewer holders than contributions.
    pub fn new(segments: Vec<Segment>, holders: Vec<Holder>) -> Result<Self> {
        let wrong = |problem: String| Error::Source { source_number: 0, problem };
        let mut next = 0;
        for segment in &segments {
            if segment.first() != next {
                return Err(wrong(format!("a segment begins at contribution {}, not {next}", segment.first())));
            }
            next += segment.contributions();
        }
        if holders.len() != next as usize {
            return Err(wrong(format!("{next} contributions and {} holders", holders.len())));
        }
        Ok(Self { segments: segments.into_iter().map(Arc::new).collect(), holders: holders.into() })
    }
}

/// The index of a model revision's sources, in their order.
#[derive(Clone, Debug, Default)]
pub struct Index {
    sources: Vec<(Arc<[Holder]>, Vec<Part>)>,
}

/// A segment with the contributions that count.
#[derive(Clone, Debug)]
struct Part {
    segment: Arc<Segment>,
    /// The suffixes that count, if not all do.
    kept: Option<Arc<[u32]>>,
    /// The order of holdings over the suffixes; made when it is first worth its while.
    first: Arc<OnceLock<Minima>>,
}

impl Index {
    /// Over a model's sources; a source's number in evidence is its place here.
    ///
    /// # Errors
    /// `Source` for more than 16.
    pub fn new(sources: Vec<Source>) -> Result<Self> {
        if sources.len() > MAX_SOURCES {
            let problem = format!("a model has at most {MAX_SOURCES} sources");
            return Err(Error::Source { source_number: sources.len() - 1, problem });
        }
        let whole = |segment| Part { segment, kept: None, first: Arc::default() };
        let parts = |source: Source| (source.holders, source.segments.into_iter().map(whole).collect());
        Ok(Self { sources: sources.into_iter().map(parts).collect() })
    }

    /// The same index as if the contributions `left_out` (source, index) weren't there: struck
    /// ones. One pass over the suffixes of the segments that hold any; those of the others are shared.
    pub fn without(&self, left_out: &[(u8, u32)]) -> Self {
        let mut sources = self.sources.clone();
        for (number, (_, parts)) in (0u8..).zip(&mut sources) {
            let gone: HashSet<u32> = left_out.iter().filter(|(s, _)| *s == number).map(|&(_, index)| index).collect();
            for part in parts {
                let segment = &part.segment;
                let held = segment.first()..segment.first() + segment.contributions();
                if gone.iter().any(|index| held.contains(index)) {
                    let counts = |&at: &u32| !gone.contains(&(segment.first() + segment.place(at).0));
                    let view = part.view();
                    let kept = (0..view.len()).map(|i| view.suffix(i)).filter(counts).collect();
                    *part = Part { segment: segment.clone(), kept: Some(kept), first: Arc::default() };
                }
            }
        }
        Self { sources }
    }

    /// A response to be matched: the implementation of the span rule's [`Matches`].
    pub fn response<'a>(&'a self, response: &'a [u8]) -> Response<'a> {
        Response { index: self, response }
    }

    /// The holdings of `range` (which begins and ends with a word) from the `skip`th on, at most `limit`, and
    /// how many there are in all. In the order of sources, segments and suffixes.
    pub fn holdings(&self, range: &[u8], skip: usize, limit: usize) -> (Vec<Holding>, usize) {
        let (mut found, mut total) = (Vec::new(), 0usize);
        for (number, holders, part) in self.parts() {
            for places in part.view().ending(range) {
                let from = skip.saturating_sub(total).min(places.len());
                let room = limit - found.len();
                let some = places.clone().skip(from).take(room);
                found.extend(some.map(|i| part.holding(number, holders, i)));
                total += places.len();
            }
        }
        (found, total)
    }

    /// The first holding of `range` by seq, then offset, source, index.
    pub fn first(&self, range: &[u8]) -> Option<Holding> {
        let firsts = self.parts().flat_map(|(number, holders, part)| {
            let ranges = part.view().ending(range).into_iter();
            ranges.filter_map(move |places| part.first(number, holders, places))
        });
        firsts.min_by_key(order)
    }

    /// The first holding of `range` of each of the first `n` contributors that hold it.
    pub fn first_of_each(&self, range: &[u8], n: usize) -> Vec<Holding> {
        let mut firsts: HashMap<Account, Holding> = HashMap::new();
        for (number, holders, part) in self.parts() {
            for i in part.view().ending(range).into_iter().flatten() {
                let found = part.holding(number, holders, i);
                let known = firsts.entry(found.contributor).or_insert(found);
                if order(&found) < order(known) {
                    *known = found;
                }
            }
        }
        let mut firsts: Vec<_> = firsts.into_values().collect();
        firsts.sort_unstable_by_key(order);
        firsts.truncate(n);
        firsts
    }

    fn parts(&self) -> impl Iterator<Item = (u8, &[Holder], &Part)> {
        (0u8..)
            .zip(&self.sources)
            .flat_map(|(number, (holders, parts))| parts.iter().map(move |part| (number, &holders[..], part)))
    }
}

/// From here on a search of places one by one takes longer than the order of all of them is worth.
const MANY: usize = 4_096;

impl Part {
    fn view(&self) -> View<'_> {
        View { segment: &self.segment, kept: self.kept.as_deref() }
    }

    fn holding(&self, number: u8, holders: &[Holder], i: usize) -> Holding {
        let (contribution, offset) = self.segment.place(self.view().suffix(i));
        let index = self.segment.first() + contribution;
        // Source::new counted the holders.
        let Holder { seq, contributor } = holders[index as usize];
        Holding { place: Place { source: number, index, offset }, seq, contributor }
    }

    fn first(&self, number: u8, holders: &[Holder], places: Range<usize>) -> Option<Holding> {
        let key = |i: usize| order(&self.holding(number, holders, i));
        let least = match places.len() {
            0..MANY => places.min_by_key(|&i| key(i)),
            _ => self.first.get_or_init(|| Minima::of(self.view().len(), key)).least(places, key),
        };
        least.map(|i| self.holding(number, holders, i))
    }
}

/// The order of holdings of one range.
fn order(holding: &Holding) -> (u64, u32, u8, u32) {
    (holding.seq, holding.place.offset, holding.place.source, holding.place.index)
}
/// A response and the index that it is matched in.
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    index: &'a Index,
    response: &'a [u8],
}

impl Response<'_> {
    fn range(&self, start: u32, end: u32) -> Option<&[u8]> {
        self.response.get(start as usize..end as usize).filter(|range| !range.is_empty())
    }

    /// For each word start of the response from which at least `min_words` words stand in some contribution: the longest
    /// such range, as [start, end). Each of its beginnings that end with a word does too, and there are no others.
    pub fn longest_matches(&self, min_words: u32) -> Vec<(u32, u32)> {
        let starts = proof::words::Words::of(self.response, MAX_SPAN_END).starts;
        let longest = |start: u32| Some((start, self.farthest(start, start.saturating_add(MAX_SPAN_BYTES.into()))?));
        let enough =
            |&(start, end): &(u32, u32)| count_words(&self.response[start as usize..end as usize]) >= min_words;
        starts.into_iter().filter_map(longest).filter(enough).collect()
    }
}

impl Matches for Response<'_> {
    fn farthest(&self, start: u32, limit: u32) -> Option<u32> {
        let from = start as usize;
        let end = (limit.min(MAX_SPAN_END) as usize).min(self.response.len());
        let wanted = self.response.get(from..end)?;
        let is_end = |n: usize| ends_word(self.response, from + n);
        let longest = self.index.parts().filter_map(|(.., part)| part.view().longest(wanted, is_end)).max()?;
        // Within the limit, which is a u32.
        Some(start + longest as u32)
    }

    fn holdings(&self, start: u32, end: u32) -> Vec<Holding> {
        self.range(start, end).map_or_else(Vec::new, |range| self.index.holdings(range, 0, usize::MAX).0)
    }

    fn first(&self, start: u32, end: u32) -> Option<Holding> {
        self.index.first(self.range(start, end)?)
    }

    fn first_of_each(&self, start: u32, end: u32, n: usize) -> Vec<Holding> {
        self.range(start, end).map_or_else(Vec::new, |range| self.index.first_of_each(range, n))
    }
}
