//! The span rule: take the longest match that touches no taken byte, then the leftmost, up to 24 times.
//!
//! Matches are closed under cutting at word boundaries: within equal bytes the same words start and end on both sides. So all
//! matches of a response are known from, for each word start, the farthest word end that some contribution reaches.

use crate::evidence::{Entry, Exempt, Place, Span};
use crate::params::Policy;
use crate::words::Words;
use crate::{limits, Account, Error};
use alloc::vec::Vec;

/// A contribution that holds a range of the response, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Source, index and offset of the first byte.
    pub place: Place,
    /// The contribution's precedence.
    pub seq: u64,
    /// Its contributor, as in tree 02.
    pub contributor: Account,
}

/// All matches of one response in the contributions of the model's sources that count: those that are not struck
/// and not longer than 16 MiB. Withdrawn ones still hold their text.
///
/// Holdings run word start to word end in the contribution. Offsets are bytes of the contribution's text.
pub trait Matches {
    /// For a word start of the response: the farthest word end ≤ `limit` such that some contribution holds all between;
    /// `None` if there is none. Matches with fewer words or bytes than the policy asks may be left out or not, as is easier.
    fn farthest(&self, start: u32, limit: u32) -> Option<u32>;

    /// Every holding of the response's range `[start, end)`, which begins and ends with a word; in any order.
    fn holdings(&self, start: u32, end: u32) -> Vec<Holding>;

    /// The first of the holdings by seq, then offset, source, index. An index overrides it to answer without listing them:
    /// a text that says one word a million times holds a range a million times.
    fn first(&self, start: u32, end: u32) -> Option<Holding> {
        self.holdings(start, end).into_iter().min_by_key(order)
    }

    /// The first holding of each of the first `n` distinct contributors, in that order; fewer if there are fewer.
    fn first_of_each(&self, start: u32, end: u32, n: usize) -> Vec<Holding> {
        first_of_each(self.holdings(start, end), n)
    }
}

/// The ranges that the rule takes, in the order in which it takes them, as (start, end).
pub fn taken<M: Matches + ?Sized>(response: &[u8], policy: &Policy, matches: &M) -> Vec<(u32, u32)> {
    let words = Words::of(response, limits::MAX_SPAN_END);
    let min_words = usize::from(policy.min_words).max(1);
    let reach: Vec<u32> = words
        .starts
        .iter()
        .map(|start| {
            let limit = start.saturating_add(u32::from(limits::MAX_SPAN_BYTES)).min(limits::MAX_SPAN_END);
            matches.farthest(*start, limit).unwrap_or(0).min(limit)
        })
        .collect();
    let mut taken: Vec<(u32, u32)> = Vec::new();
    while taken.len() < limits::MAX_SPANS {
        let mut best: Option<(u32, u32)> = None;
        for (i, (start, reach)) in words.starts.iter().zip(&reach).enumerate() {
            let Some(free) = free_until(&taken, *start) else { continue };
            let limit = (*reach).min(free);
            // The last word that ends at or before the limit, if it is at least the min_words-th from here.
            let fits = words.ends.partition_point(|end| *end <= limit);
            if fits < i.saturating_add(min_words) {
                continue;
            }
            let Some(end) = fits.checked_sub(1).and_then(|last| words.ends.get(last)) else { continue };
            let len = end.saturating_sub(*start);
            if len >= policy.min_bytes() && best.is_none_or(|(s, e)| len > e.saturating_sub(s)) {
                best = Some((*start, *end));
            }
        }
        match best {
            Some(range) => taken.push(range),
            None => break,
        }
    }
    taken
}

/// The first taken byte after `at`, or the end of all; `None` if `at` itself is taken.
fn free_until(taken: &[(u32, u32)], at: u32) -> Option<u32> {
    let mut free = u32::MAX;
    for (start, end) in taken {
        if *start <= at && at < *end {
            return None;
        }
        if *start > at {
            free = free.min(*start);
        }
    }
    Some(free)
}

/// The entry of a taken range: exempt if more than `c_max` contributors hold it whole and it has at most `common_max` bytes,
/// else credited.
///
/// # Errors
/// [`Error::BadSource`] if nobody holds the range, so that the source of matches contradicts itself.
pub fn entry<M: Matches + ?Sized>(
    response: &[u8],
    (start, end): (u32, u32),
    policy: &Policy,
    common_max: u16,
    matches: &M,
) -> Result<Entry, Error> {
    let small = |value: u32| u16::try_from(value).map_err(|_| Error::Overflow);
    let len = small(end.checked_sub(start).ok_or(Error::Overflow)?)?;
    if len <= common_max {
        let witnesses = matches.first_of_each(start, end, policy.witnesses());
        if witnesses.len() == policy.witnesses() {
            let witnesses = witnesses.iter().map(|holding| holding.place).collect();
            return Ok(Entry::Exempt(Exempt { start: small(start)?, len, amount: 0, witnesses }));
        }
    }
    let first = matches.first(start, end).ok_or(Error::BadSource)?;
    let best = credited(response, (start, end), policy, matches)?.ok_or(Error::BadSource)?;
    Ok(Entry::Span(Span {
        start: small(start)?,
        len,
        skip: small(best.skip)?,
        held: small(best.held)?,
        credited: best.holding.place,
        whole: first.place,
        amount: 0,
    }))
}

/// Earlier by seq, then lower offset, source, index: the order among holdings of one range.
fn order(holding: &Holding) -> (u64, u32, u8, u32) {
    (holding.seq, holding.place.offset, holding.place.source, holding.place.index)
}

/// The first holding of each of the first `n` distinct contributors.
fn first_of_each(mut holdings: Vec<Holding>, n: usize) -> Vec<Holding> {
    holdings.sort_unstable_by_key(order);
    let mut firsts: Vec<Holding> = Vec::with_capacity(n);
    for holding in holdings {
        if firsts.len() == n {
            break;
        }
        if firsts.iter().all(|known| known.contributor != holding.contributor) {
            firsts.push(holding);
        }
    }
    firsts
}

struct Candidate {
    holding: Holding,
    skip: u32,
    held: u32,
}

impl Candidate {
    /// Seq, then longer held, lower skip, offset, source, index.
    fn rank(&self) -> (u64, u32, u32, u32, u8, u32) {
        let place = self.holding.place;
        (self.holding.seq, u32::MAX.saturating_sub(self.held), self.skip, place.offset, place.source, place.index)
    }
}

/// Among those that hold a match of at least ¾ inside the range, the one that comes first.
fn credited<M: Matches + ?Sized>(
    response: &[u8],
    (start, end): (u32, u32),
    policy: &Policy,
    matches: &M,
) -> Result<Option<Candidate>, Error> {
    let words = Words::of(response, limits::MAX_SPAN_END);
    let min_words = usize::from(policy.min_words).max(1);
    let len = end.checked_sub(start).ok_or(Error::Overflow)?;
    let enough =
        |held: u32| held >= policy.min_bytes() && u64::from(held).saturating_mul(4) >= u64::from(len).saturating_mul(3);
    let first_word = words.starts.partition_point(|at| *at < start);
    let after_word = words.ends.partition_point(|at| *at <= end);

    // Whoever holds a long match holds its short beginning, so the earliest holder shows among the shortest that are enough.
    let mut earliest: Option<u64> = None;
    let mut openings: Vec<(usize, usize)> = Vec::new();
    for from in first_word..after_word {
        let Some(begin) = words.starts.get(from).copied() else { break };
        if !enough(end.saturating_sub(begin)) {
            break;
        }
        let shortest = (from.saturating_add(min_words).saturating_sub(1)..after_word)
            .find(|word| words.ends.get(*word).is_some_and(|at| enough(at.saturating_sub(begin))));
        let Some(shortest) = shortest else { continue };
        let Some(stop) = words.ends.get(shortest).copied() else { continue };
        if let Some(Holding { seq, .. }) = matches.first(begin, stop) {
            earliest = Some(earliest.map_or(seq, |known| known.min(seq)));
            openings.push((from, shortest));
        }
    }
    let Some(seq) = earliest else { return Ok(None) };

    let mut best: Option<Candidate> = None;
    for (from, shortest) in openings {
        let Some(begin) = words.starts.get(from).copied() else { continue };
        for word in (shortest..after_word).rev() {
            let Some(stop) = words.ends.get(word).copied() else { continue };
            let held = stop.saturating_sub(begin);
            if best.as_ref().is_some_and(|known| known.held > held) {
                break;
            }
            // Nobody who holds more is earlier than the earliest who holds enough.
            if let Some(holding) = matches.first(begin, stop).filter(|holding| holding.seq == seq) {
                let found = Candidate { holding, skip: begin.saturating_sub(start), held };
                if best.as_ref().is_none_or(|known| found.rank() < known.rank()) {
                    best = Some(found);
                }
                break;
            }
        }
    }
    Ok(best)
}

/// The span and exempt entries of a response, in the order taken, amounts 0.
///
/// # Errors
/// [`Error::BadSource`] if the source of matches contradicts itself.
pub fn entries<M: Matches + ?Sized>(
    response: &[u8],
    policy: &Policy,
    common_max: u16,
    matches: &M,
) -> Result<Vec<Entry>, Error> {
    taken(response, policy, matches)
        .into_iter()
        .map(|range| entry(response, range, policy, common_max, matches))
        .collect()
}

/// A contribution's text as the span rule sees it.
#[derive(Clone, Debug)]
pub struct SourceText {
    /// The source among the revision's.
    pub source: u8,
    /// The contribution's index in that source's version.
    pub index: u32,
    /// Precedence.
    pub seq: u64,
    /// Contributor, as in tree 02.
    pub contributor: Account,
    /// The text.
    pub text: Vec<u8>,
}

/// [`Matches`] by comparing the response with every byte of every text: quadratic, for tests and small corpora.
#[derive(Clone, Debug)]
pub struct Scan<'a> {
    response: &'a [u8],
    texts: &'a [SourceText],
}

impl<'a> Scan<'a> {
    /// Over the texts that count; those longer than 16 MiB are skipped.
    pub fn new(response: &'a [u8], texts: &'a [SourceText]) -> Self {
        Scan { response, texts }
    }

    fn texts(&self) -> impl Iterator<Item = (&SourceText, Words)> {
        self.texts
            .iter()
            .filter(|text| u64::try_from(text.text.len()).is_ok_and(|length| length <= limits::MAX_CONTRIBUTION_BYTES))
            .map(|text| (text, Words::of(&text.text, u32::MAX)))
    }
}

fn at(index: u32) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}

impl Matches for Scan<'_> {
    fn farthest(&self, start: u32, limit: u32) -> Option<u32> {
        let response = Words::of(self.response, limits::MAX_SPAN_END);
        let rest = self.response.get(at(start)..)?;
        let mut best = None;
        for (text, words) in self.texts() {
            for offset in &words.starts {
                let Some(tail) = text.text.get(at(*offset)..) else { continue };
                let common = rest.iter().zip(tail).take_while(|(a, b)| a == b).count();
                let common = u32::try_from(common).unwrap_or(u32::MAX);
                let end = response.ends.iter().rev().find(|end| {
                    **end > start
                        && **end <= limit
                        && end.saturating_sub(start) <= common
                        && words.ends.binary_search(&offset.saturating_add(end.saturating_sub(start))).is_ok()
                });
                best = best.max(end.copied());
            }
        }
        best
    }

    fn holdings(&self, start: u32, end: u32) -> Vec<Holding> {
        let Some(range) = self.response.get(at(start)..at(end)) else { return Vec::new() };
        let len = end.saturating_sub(start);
        let mut found = Vec::new();
        for (text, words) in self.texts() {
            for offset in &words.starts {
                let stop = offset.saturating_add(len);
                if text.text.get(at(*offset)..at(stop)) == Some(range) && words.ends.binary_search(&stop).is_ok() {
                    found.push(Holding {
                        place: Place { source: text.source, index: text.index, offset: *offset },
                        seq: text.seq,
                        contributor: text.contributor,
                    });
                }
            }
        }
        found
    }
}
