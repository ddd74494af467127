//! A segment that can be searched: texts and their sorted suffixes in one memory-mapped file.

use std::cmp::Ordering;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use memmap2::Mmap;
use proof::words::{CONTEXT, LISTED, is_boundary, is_word_byte, listed_len};

use crate::build::parts;
use crate::error::{Error, Result, io};
use crate::format::{HEADER, Header, u32_at};

/// An immutable index over some contributions of a version.
pub struct Segment {
    bytes: Bytes,
    header: Header,
    text: Range<usize>,
}

enum Bytes {
    Mapped(Mmap),
    Owned(Vec<u8>),
}

impl std::ops::Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Bytes::Mapped(map) => map,
            Bytes::Owned(bytes) => bytes,
        }
    }
}

impl std::fmt::Debug for Segment {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.header.fmt(out)
    }
}

impl Segment {
    /// Opens a segment file; reads it once to check its digest. `label` is the version that it must be of.
    ///
    /// # Errors
    /// `Io`; `NotASegment`, `Format`, `Length`, `Damaged` or `Foreign` if the file is not what it should be.
    pub fn open(path: &Path, label: &[u8; 32]) -> Result<Self> {
        let file = File::open(path).map_err(io(path))?;
        if file.metadata().map_err(io(path))?.len() == 0 {
            return Err(Error::NotASegment { path: path.to_path_buf() });
        }
        // SAFETY: the map is read only, and no program of ours changes a segment once it has its name. Should
        // another one do so, a search may give wrong answers but stays within the bounds that are checked below.
        let map = unsafe { Mmap::map(&file) }.map_err(io(path))?;
        Self::check(path, Bytes::Mapped(map), label)
    }

    /// The segments of a version's texts in memory, for few texts.
    ///
    /// # Errors
    /// `TooMany`, `Suffixes`.
    pub fn in_memory<'a>(label: [u8; 32], texts: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<Self>> {
        Self::in_memory_with(label, texts, usize::MAX)
    }

    /// As [`Segment::in_memory`], with segments of at most `limit` bytes of text.
    ///
    /// # Errors
    /// As there, and `TooLong` if a text alone is longer.
    pub fn in_memory_with<'a>(
        label: [u8; 32],
        texts: impl IntoIterator<Item = &'a [u8]>,
        limit: usize,
    ) -> Result<Vec<Self>> {
        let mut segments = Vec::new();
        parts(label, texts.into_iter(), limit, &mut |part| {
            segments.push(Self::check(Path::new("(memory)"), Bytes::Owned(part.into_bytes()), &label)?);
            Ok(())
        })?;
        Ok(segments)
    }

    fn check(path: &Path, bytes: Bytes, label: &[u8; 32]) -> Result<Self> {
        let header = Header::decode(path, &bytes)?;
        if header.label != *label {
            let (found, wanted) = (hex::encode(header.label), hex::encode(label));
            return Err(Error::Foreign { path: path.to_path_buf(), found, wanted });
        }
        let start = HEADER + 4 * header.contributions as usize;
        let text = start..start + header.text as usize;
        let segment = Self { bytes, header, text };
        match segment.is_sound() {
            true => Ok(segment),
            false => Err(Error::Damaged { path: PathBuf::from(path) }),
        }
    }

    /// Whether every place that it names lies within its text, so that no search leaves it.
    fn is_sound(&self) -> bool {
        let mut from = 0;
        for contribution in 0..self.header.contributions {
            let end = self.end(contribution);
            if end < from || self.text().get(end) != Some(&0) {
                return false;
            }
            from = end + 1;
        }
        from == self.text.len() && (0..self.suffix_count()).all(|i| (self.suffix(i) as usize) < from)
    }

    /// Index in the version of its first contribution.
    pub fn first(&self) -> u32 {
        self.header.first
    }

    /// How many contributions it holds.
    pub fn contributions(&self) -> u32 {
        self.header.contributions
    }

    /// Bytes of its file.
    pub fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    pub(crate) fn suffix_count(&self) -> usize {
        self.header.suffixes as usize
    }

    pub(crate) fn suffix(&self, i: usize) -> u32 {
        u32_at(&self.bytes, self.text.end + 4 * i)
    }

    fn text(&self) -> &[u8] {
        &self.bytes[self.text.clone()]
    }

    fn end(&self, contribution: u32) -> usize {
        u32_at(&self.bytes, HEADER + 4 * contribution as usize) as usize
    }

    /// The contribution (counted within the segment) that holds byte `at` of the text, and the byte's offset in it.
    pub(crate) fn place(&self, at: u32) -> (u32, u32) {
        let (mut low, mut high) = (0, self.header.contributions);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.end(middle) < at as usize {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        let start = low.checked_sub(1).map_or(0, |before| self.end(before) as u32 + 1);
        (low, at - start)
    }

    /// What follows from `at` to the end of its contribution, perhaps with more behind a separator.
    ///
    /// Where no text holds a zero byte the separator itself ends every comparison, for what is searched holds
    /// none either ([`Self::searchable`]); else the end is looked up.
    fn tail(&self, at: u32) -> &[u8] {
        let end = match self.header.has_zero {
            true => self.end(self.place(at).0),
            false => self.text.len(),
        };
        &self.text()[at as usize..end]
    }

    /// The part of `wanted` that a contribution of this segment can hold.
    fn searchable<'a>(&self, wanted: &'a [u8]) -> &'a [u8] {
        match wanted.iter().position(|&b| b == 0) {
            Some(zero) if !self.header.has_zero => &wanted[..zero],
            _ => wanted,
        }
    }

    /// The byte after the first `length` of a suffix, if its contribution goes on.
    fn next(&self, at: u32, length: usize) -> Option<u8> {
        let next = self.tail(at).get(length).copied();
        next.filter(|&b| self.header.has_zero || b != 0)
    }
}

/// The suffixes of a segment, all or those of the contributions that count.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub segment: &'a Segment,
    /// The suffixes that count, in order, where not all do.
    pub kept: Option<&'a [u32]>,
}

impl<'a> View<'a> {
    pub fn len(&self) -> usize {
        self.kept.map_or(self.segment.suffix_count(), <[u32]>::len)
    }

    pub fn suffix(&self, i: usize) -> u32 {
        self.kept.map_or_else(|| self.segment.suffix(i), |kept| kept[i])
    }

    /// The longest beginning of `wanted` that some suffix begins with and that ends where a word ends both there
    /// and in the response, as its length in bytes. `ends_word(n)` says whether a word of the response ends
    /// after the first n bytes of `wanted`.
    pub fn longest(&self, wanted: &[u8], ends_word: impl Fn(usize) -> bool) -> Option<usize> {
        let wanted = self.segment.searchable(wanted);
        let common = self.longest_common(wanted);
        // Where the suffix goes on as the response does for four bytes more, its words end where the response's do. Within
        // four bytes of the end of what is common it depends on what follows there: any suffix will do whose word ends.
        let held = |n: usize| n + CONTEXT as usize <= common || !self.ending(&wanted[..n]).is_empty();
        (1..=common).rev().find(|&n| ends_word(n) && held(n))
    }

    /// The most bytes of `wanted` that any suffix begins with. Of all suffixes the two beside the place where
    /// `wanted` itself would stand have the most in common with it.
    fn longest_common(&self, wanted: &[u8]) -> usize {
        let at = self.lower_bound(wanted);
        let beside = [at.checked_sub(1), Some(at).filter(|&i| i < self.len())];
        let common = |i: usize| common_prefix(wanted, self.segment.tail(self.suffix(i)));
        beside.into_iter().flatten().map(common).max().unwrap_or(0)
    }

    /// The suffixes that begin with `range` (which begins with a word, and whose last byte is of one) and whose word ends
    /// after it, as ranges of places that are not empty, in order.
    pub fn ending(&self, range: &[u8]) -> Vec<Range<usize>> {
        if self.segment.searchable(range).len() < range.len() {
            return Vec::new();
        }
        let low = self.lower_bound(range);
        let high = low + partition(self.len() - low, |i| self.segment.tail(self.suffix(low + i)).starts_with(range));
        // After a letter that is a word by itself any byte will do.
        if is_boundary(range, b"a") {
            return (low < high).then_some(low..high).into_iter().collect();
        }
        // Between them suffixes are in the order of their next byte, none at all before all bytes. The bytes
        // that end a word are those before '0', between '9' and 'A', 'Z' and 'a', and 'z' and 0x80.
        let mut from = low;
        let mut bound = |limit: u8| {
            let base = from;
            let below = |i| self.segment.next(self.suffix(base + i), range.len()).is_none_or(|next| next < limit);
            from += partition(high - base, below);
            from
        };
        let ends =
            [bound(b'0'), bound(b'9' + 1), bound(b'A'), bound(b'Z' + 1), bound(b'a'), bound(b'z' + 1), bound(0x80)];
        let mut found = vec![low..ends[0], ends[1]..ends[2], ends[3]..ends[4], ends[5]..ends[6]];
        self.letters(ends[6]..high, range.len(), &mut found);
        found.retain(|places| !places.is_empty());
        found
    }

    /// Of suffixes in order, those whose bytes from `skip` on begin with a listed letter, appended to `found`. Searches twice for
    /// each row of letters that differ in their last byte alone, however many suffixes begin with one: there are some two
    /// thousand rows, of which real texts have few behind one range.
    fn letters(&self, places: Range<usize>, skip: usize, found: &mut Vec<Range<usize>>) {
        let rest = |i: usize| self.segment.tail(self.suffix(i)).get(skip..).unwrap_or_default();
        let mut from = places.start;
        while from < places.end {
            let here = rest(from);
            let until =
                |is_before: &dyn Fn(&[u8]) -> bool| from + partition(places.end - from, |i| is_before(rest(from + i)));
            from = match listed_len(here) {
                0 => match first_listed_after(here) {
                    Some(letter) => until(&|bytes| bytes < letter.as_bytes()),
                    None => return,
                },
                len => {
                    // The row: the same bytes but for the last one, as far as they are listed.
                    let row = &here[..len - 1];
                    let in_row = |bytes: &[u8]| bytes.starts_with(row) && listed_len(bytes) == len;
                    let end = until(&in_row);
                    match found.last_mut() {
                        Some(last) if last.end == from => last.end = end,
                        _ => found.push(from..end),
                    }
                    end
                }
            };
        }
    }

    /// How many suffixes stand before `wanted`. Keeps how much both bounds have in common with it (Manber and
    /// Myers 1993): all between them share the lesser, so that no byte is compared twice in vain.
    fn lower_bound(&self, wanted: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.len());
        let (mut low_common, mut high_common) = (0, 0);
        while low < high {
            let middle = low + (high - low) / 2;
            let known = low_common.min(high_common);
            let tail = self.segment.tail(self.suffix(middle));
            let rest = tail.get(known..).unwrap_or_default();
            let common = known + common_prefix(&wanted[known..], rest);
            let order = match (tail.get(common), wanted.get(common)) {
                (_, None) => Ordering::Greater,
                (None, Some(_)) => Ordering::Less,
                (Some(a), Some(b)) => a.cmp(b),
            };
            match order {
                Ordering::Less => (low, low_common) = (middle + 1, common),
                _ => (high, high_common) = (middle, common),
            }
        }
        low
    }
}

fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    // Eight bytes at a time: most comparisons end in the first, long matches in few more.
    let mut at = 0;
    for (x, y) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        if x != y {
            break;
        }
        at += 8;
    }
    at + a[at..].iter().zip(&b[at..]).take_while(|(x, y)| x == y).count()
}

/// How many of `count` places in order fulfil `is_before`, which holds up to some place and for none after it.
fn partition(count: usize, is_before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        match is_before(middle) {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    low
}

/// Whether a word of `text` ends before byte `end`, judged on the whole text.
pub(crate) fn ends_word(text: &[u8], end: usize) -> bool {
    let Some((before, after)) = text.split_at_checked(end) else { return false };
    before.last().is_some_and(|&b| is_word_byte(b)) && is_boundary(before, after)
}

/// The first listed letter whose bytes come after `bytes`, which begin with none. UTF-8 keeps the order of code points.
fn first_listed_after(bytes: &[u8]) -> Option<Letter> {
    let (first, last) = LISTED.into_iter().find(|&(_, last)| Letter::of(last).is_some_and(|l| l.as_bytes() > bytes))?;
    let before = |i: usize| Letter::of(first + i as u32).is_some_and(|letter| letter.as_bytes() < bytes);
    Letter::of(first + partition((last - first) as usize, before) as u32)
}

/// A code point's UTF-8.
struct Letter([u8; 4], usize);

impl Letter {
    fn of(point: u32) -> Option<Self> {
        let mut bytes = [0; 4];
        let len = char::from_u32(point)?.encode_utf8(&mut bytes).len();
        Some(Self(bytes, len))
    }

    fn as_bytes(&self) -> &[u8] {
        &self.0[..self.1]
    }
}
