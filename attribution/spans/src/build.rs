//! From texts to segments.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use libsais::SuffixArrayConstruction;
use proof::limits::{MAX_CONTRIBUTION_BYTES, MAX_VERSION_LEAVES};
use proof::words::WordsIn;

use crate::error::{Error, Result, io};
use crate::format::{Header, MOST_TEXT};

/// A segment in parts, before it is written.
pub(crate) struct Parts {
    header: Header,
    ends: Vec<u8>,
    text: Vec<u8>,
    suffixes: Vec<u8>,
}

impl Parts {
    fn new(label: [u8; 32], first: u32) -> Self {
        let header = Header { has_zero: false, first, contributions: 0, text: 0, suffixes: 0, label };
        Self { header, ends: Vec::new(), text: Vec::new(), suffixes: Vec::new() }
    }

    fn push(&mut self, text: &[u8]) {
        self.header.has_zero |= text.contains(&0);
        self.text.extend_from_slice(text);
        self.ends.extend_from_slice(&(self.text.len() as u32).to_le_bytes());
        self.text.push(0);
        self.header.contributions += 1;
    }

    fn sort(mut self) -> Result<Self> {
        let sorted = match self.header.has_zero {
            false => suffix_array(&self.text)?,
            true => self.suffixes_with_zeros()?,
        };
        let starts = WordStarts::of(&self.text);
        for at in sorted.into_iter().filter_map(|at| u32::try_from(at).ok()).filter(|&at| starts.contain(at)) {
            self.suffixes.extend_from_slice(&at.to_le_bytes());
        }
        self.header.text = self.text.len() as u64;
        self.header.suffixes = self.suffixes.len() as u64 / 4;
        Ok(self)
    }

    /// The separators must sort below every byte of the texts, or a suffix that ends there would not stand next
    /// to the longer ones that begin as it does: so the texts' bytes move up by one, into 16 bits.
    fn suffixes_with_zeros(&self) -> Result<Vec<i32>> {
        let mut wide: Vec<u16> = self.text.iter().map(|&b| u16::from(b) + 1).collect();
        for end in self.ends.chunks_exact(4) {
            wide[crate::format::u32_at(end, 0) as usize] = 0;
        }
        suffix_array(&wide)
    }

    fn body(&self) -> [&[u8]; 3] {
        [&self.ends, &self.text, &self.suffixes]
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        let head = self.header.encode(self.body().into_iter());
        let [ends, text, suffixes] = self.body();
        [&head[..], ends, text, suffixes].concat()
    }

    /// To a file beside the segment's, on disk, then renamed: the segment is whole or not there.
    fn write(&self, path: &Path) -> Result<()> {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(io(folder))?;
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}.part", std::process::id()));
        let beside = PathBuf::from(beside);
        let written = File::create(&beside).and_then(|file| {
            let mut out = BufWriter::with_capacity(1 << 20, file);
            out.write_all(&self.header.encode(self.body().into_iter()))?;
            self.body().into_iter().try_for_each(|part| out.write_all(part))?;
            out.into_inner().map_err(|failed| failed.into_error())?.sync_all()?;
            std::fs::rename(&beside, path)?;
            File::open(folder)?.sync_all()
        });
        written.map_err(|cause| {
            let _ = std::fs::remove_file(&beside);
            io(path)(cause)
        })
    }
}

/// Builds the segments of a version's texts (by their index) in memory. A text above 16 MiB holds nothing.
pub(crate) fn parts<'a>(
    label: [u8; 32],
    texts: impl Iterator<Item = &'a [u8]>,
    limit: usize,
    take: &mut dyn FnMut(Parts) -> Result<()>,
) -> Result<()> {
    let limit = limit.min(MOST_TEXT);
    let mut open = Parts::new(label, 0);
    for (index, text) in (0u32..).zip(texts) {
        if u64::from(index) >= MAX_VERSION_LEAVES {
            return Err(Error::TooMany(MAX_VERSION_LEAVES as usize));
        }
        let text = if text.len() as u64 <= MAX_CONTRIBUTION_BYTES { text } else { &[] };
        if text.len() >= limit {
            return Err(Error::TooLong { index, bytes: text.len(), limit });
        }
        if open.text.len() + text.len() + 1 > limit {
            take(std::mem::replace(&mut open, Parts::new(label, index)).sort()?)?;
        }
        open.push(text);
    }
    take(open.sort()?)
}

/// Writes the segments of a version's texts (by their index) to `folder/<name>.<n>.seg` and returns the files.
/// `label` is the version's root; it is checked when the segments are opened. Needs about 5 bytes of memory a
/// byte of the longest segment (2 GiB at most), 6 where a text holds a zero byte.
///
/// # Errors
/// `Io`, `TooMany`, `Suffixes`.
pub fn build<'a>(
    folder: &Path,
    name: &str,
    label: [u8; 32],
    texts: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<PathBuf>> {
    build_with(folder, name, label, texts, MOST_TEXT)
}

/// As [`build`], with segments of at most `limit` bytes of text.
///
/// # Errors
/// As [`build`], and `TooLong` if a text alone is longer.
pub fn build_with<'a>(
    folder: &Path,
    name: &str,
    label: [u8; 32],
    texts: impl IntoIterator<Item = &'a [u8]>,
    limit: usize,
) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    parts(label, texts.into_iter(), limit, &mut |part| {
        let path = folder.join(format!("{name}.{}.seg", files.len()));
        part.write(&path)?;
        files.push(path);
        Ok(())
    })?;
    Ok(files)
}

fn suffix_array<I: libsais::SmallAlphabet>(text: &[I]) -> Result<Vec<i32>>
where
    i32: libsais::IsValidOutputFor<I>,
{
    if text.is_empty() {
        return Ok(Vec::new());
    }
    SuffixArrayConstruction::for_text(text)
        .in_owned_buffer32()
        .single_threaded()
        .run()
        .map(|built| built.into_vec())
        .map_err(|problem| Error::Suffixes { bytes: text.len(), problem: problem.to_string() })
}

/// A bit a byte of text: small enough for the processor's cache, which the text itself is not.
struct WordStarts(Vec<u64>);

impl WordStarts {
    /// Separators are no word bytes and no part of a letter, so the joined text has the word starts of its parts.
    fn of(text: &[u8]) -> Self {
        let mut bits = vec![0u64; text.len().div_ceil(64)];
        for (at, _) in WordsIn::of(text) {
            bits[at / 64] |= 1 << (at % 64);
        }
        Self(bits)
    }

    fn contain(&self, at: u32) -> bool {
        self.0.get(at as usize / 64).is_some_and(|bits| bits >> (at % 64) & 1 == 1)
    }
}
