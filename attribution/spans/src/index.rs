//! The texts of a model's sources as one index, and a response's matches in them.

use std::sync::Arc;

use proof::Account;
use proof::evidence::Place;
use proof::limits::{MAX_SOURCES, MAX_SPAN_BYTES, MAX_SPAN_END};
use proof::rules::spans::{Holding, Matches};
use proof::words::count_words;

use crate::Segment;
use crate::error::{Error, Result};
use crate::segment::{View, ends_word};

/// Who holds a contribution's text, from tree 02.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Global acceptance number.
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
    sources: Vec<Counted>,
}

/// A source with the contributions that count: for each segment its suffixes that do, if not all.
#[derive(Clone, Debug)]
struct Counted {
    source: Source,
    kept: Vec<Option<Vec<u32>>>,
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
        let all = |source: Source| Counted { kept: vec![None; source.segments.len()], source };
        Ok(Self { sources: sources.into_iter().map(all).collect() })
    }

    /// The same index as if the contributions `left_out` (source, index) weren't there: struck or passed over
    /// ones. One pass over the suffixes of the segments that hold any; those of the others are shared.
    pub fn without(&self, left_out: &[(u8, u32)]) -> Self {
        let mut sources = self.sources.clone();
        for (number, counted) in sources.iter_mut().enumerate() {
            let gone: std::collections::HashSet<u32> =
                left_out.iter().filter(|(s, _)| usize::from(*s) == number).map(|&(_, index)| index).collect();
            for (segment, kept) in counted.source.segments.iter().zip(&mut counted.kept) {
                let held = segment.first()..segment.first() + segment.contributions();
                if gone.iter().any(|index| held.contains(index)) {
                    let view = View { segment, kept: kept.as_deref() };
                    let counts = |&at: &u32| !gone.contains(&(segment.first() + segment.place(at).0));
                    *kept = Some((0..view.len()).map(|i| view.suffix(i)).filter(counts).collect());
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
        for (number, source, view) in self.views() {
            for part in view.ending(range) {
                let from = skip.saturating_sub(total).min(part.len());
                let room = limit - found.len();
                let some = part.clone().skip(from).take(room);
                found.extend(some.map(|i| holding(number, source, view, i)));
                total += part.len();
            }
        }
        (found, total)
    }

    fn views(&self) -> impl Iterator<Item = (u8, &Source, View<'_>)> {
        (0u8..).zip(&self.sources).flat_map(|(number, counted)| {
            let segments = counted.source.segments.iter().zip(&counted.kept);
            segments.map(move |(segment, kept)| (number, &counted.source, View { segment, kept: kept.as_deref() }))
        })
    }
}

fn holding(number: u8, source: &Source, view: View<'_>, i: usize) -> Holding {
    let (contribution, offset) = view.segment.place(view.suffix(i));
    let index = view.segment.first() + contribution;
    // Source::new counted the holders.
    let Holder { seq, contributor } = source.holders[index as usize];
    Holding { place: Place { source: number, index, offset }, seq, contributor }
}

/// A response and the index that it is matched in.
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    index: &'a Index,
    response: &'a [u8],
}

impl Response<'_> {
    /// For each word start of the response from which a match of at least `min_words` words begins: the longest
    /// one, as [start, end). Each of its beginnings that end with a word are matches too, and there are no others.
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
        let longest = self.index.views().filter_map(|(_, _, view)| view.longest(wanted, is_end)).max()?;
        // Within the limit, which is a u32.
        Some(start + longest as u32)
    }

    fn holdings(&self, start: u32, end: u32) -> Vec<Holding> {
        match self.response.get(start as usize..end as usize) {
            Some(range) if !range.is_empty() => self.index.holdings(range, 0, usize::MAX).0,
            _ => Vec::new(),
        }
    }
}
