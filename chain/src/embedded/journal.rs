//! The journal: what was done since the last snapshot, so that it can be done again.
//!
//! ```text
//! file    "OLJRNL01" · genesis id 32 · block that it follows u32 · record …
//! record  length u32 · check 4 of the length · body (SCALE Entry) · check 8 of the body
//! ```
//! Checks are the first bytes of a blake2b-256. Numbers are little-endian. A record is synced before it is
//! acted on. What a crash can leave is a last record cut short (or zeros in its place): it was never answered
//! and is cut off. Damage anywhere else is an error.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use scale::{Decode, Encode};

use crate::{BlockNumber, ChainError, envelope::Envelope};

const MAGIC: [u8; 8] = *b"OLJRNL01";
const HEADER: usize = 8 + 32 + 4;
/// Length and its check.
const RECORD_HEAD: usize = 8;
/// The body's check.
const RECORD_TAIL: usize = 8;

/// One thing that was done; each makes a block.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Entry {
    /// An admitted envelope.
    Envelope { at_ms: u64, envelope: Envelope },
    /// The clock was moved by `by_ms`.
    Advance { at_ms: u64, by_ms: u64 },
}

/// The open journal.
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    /// Length of what is whole.
    length: u64,
}

fn check<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let hash = sp_core::hashing::blake2_256(bytes);
    std::array::from_fn(|index| hash.get(index).copied().unwrap_or_default())
}

fn header(genesis: &[u8; 32], follows: BlockNumber) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(genesis);
    bytes.extend(follows.to_le_bytes());
    bytes
}

fn record(entry: &Entry) -> Result<Vec<u8>, ChainError> {
    let body = entry.encode();
    let length =
        u32::try_from(body.len()).map_err(|_| ChainError::Input("a call can't be 4 GiB".into()))?.to_le_bytes();
    let mut bytes = length.to_vec();
    bytes.extend(check::<4>(&length));
    bytes.extend(&body);
    bytes.extend(check::<8>(&body));
    Ok(bytes)
}

impl Journal {
    /// An empty journal after block `follows`, in place of whatever is at `path`.
    pub fn create(path: &Path, genesis: &[u8; 32], follows: BlockNumber) -> Result<Self, ChainError> {
        let failed = |cause| ChainError::file(path, cause);
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path).map_err(failed)?;
        let header = header(genesis, follows);
        file.write_all(&header).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        let length = u64::try_from(header.len()).unwrap_or_default();
        Ok(Journal { path: path.to_owned(), file, length })
    }

    /// The journal at `path` and its entries; a torn last record is cut off.
    pub fn open(path: &Path, genesis: &[u8; 32], follows: BlockNumber) -> Result<(Self, Vec<Entry>), ChainError> {
        let failed = |cause| ChainError::file(path, cause);
        let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(failed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let wanted = header(genesis, follows);
        match bytes.get(..HEADER) {
            // A crash while the file was made: nothing was recorded yet.
            None if wanted.starts_with(&bytes) || bytes.iter().all(|byte| *byte == 0) => {
                drop(file);
                return Ok((Self::create(path, genesis, follows)?, Vec::new()));
            }
            Some(found) if found == wanted.as_slice() => {}
            _ => {
                return Err(corrupt(path, 0, "it is not this chain's journal after its snapshot"));
            }
        }
        let (entries, whole) = parse(path, &bytes)?;
        let length = u64::try_from(whole).unwrap_or_default();
        if whole < bytes.len() {
            file.set_len(length).map_err(failed)?;
            file.sync_all().map_err(failed)?;
        }
        file.seek(SeekFrom::Start(length)).map_err(failed)?;
        Ok((Journal { path: path.to_owned(), file, length }, entries))
    }

    /// Appends the entry and syncs it to disk.
    ///
    /// # Errors
    /// [`ChainError::Io`]; the journal is then as it was before.
    pub fn append(&mut self, entry: &Entry) -> Result<(), ChainError> {
        let bytes = record(entry)?;
        let written = self.file.write_all(&bytes).and_then(|()| self.file.sync_data());
        if let Err(cause) = written {
            // A record half written must not stand before the next one.
            let restored =
                self.file.set_len(self.length).and_then(|()| self.file.seek(SeekFrom::Start(self.length)).map(|_| ()));
            let note = if restored.is_err() { " (and the journal's end can't be restored)" } else { "" };
            return Err(ChainError::Io(format!("{}: {cause}{note}", self.path.display())));
        }
        let added = u64::try_from(bytes.len()).unwrap_or_default();
        self.length = self.length.saturating_add(added);
        Ok(())
    }
}

fn corrupt(path: &Path, offset: usize, what: &str) -> ChainError {
    ChainError::Corrupt {
        file: path.display().to_string(),
        offset: u64::try_from(offset).unwrap_or(u64::MAX),
        what: what.to_owned(),
    }
}

/// The whole records of a journal, and how many bytes they and the header take.
fn parse(path: &Path, bytes: &[u8]) -> Result<(Vec<Entry>, usize), ChainError> {
    let mut entries = Vec::new();
    let mut at = HEADER;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        // The end, a head cut short, or space that a crash left unwritten.
        if rest.len() < RECORD_HEAD || rest.iter().all(|byte| *byte == 0) {
            return Ok((entries, at));
        }
        let (head, rest) = rest.split_at(RECORD_HEAD);
        let (length, length_check) = head.split_at(4);
        if check::<4>(length) != *length_check {
            return Err(corrupt(path, at, "a record's length does not fit its check"));
        }
        let length = length.iter().rev().fold(0usize, |sum, byte| (sum << 8) | usize::from(*byte));
        let (Some(body), Some(body_check)) = (rest.get(..length), rest.get(length..length.saturating_add(RECORD_TAIL)))
        else {
            return Ok((entries, at));
        };
        let end = at + RECORD_HEAD + length + RECORD_TAIL;
        if check::<8>(body) != *body_check {
            if end == bytes.len() {
                return Ok((entries, at));
            }
            return Err(corrupt(path, at, "a record does not fit its check"));
        }
        let entry = Entry::decode(&mut &body[..]).map_err(|_| corrupt(path, at, "a record of another version"))?;
        entries.push(entry);
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u64) -> Entry {
        Entry::Advance { at_ms: number, by_ms: 7 }
    }

    fn written(entries: u64) -> (tempfile::TempDir, PathBuf, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = Journal::create(&path, &[3; 32], 5).unwrap();
        for number in 0..entries {
            journal.append(&entry(number)).unwrap();
        }
        let bytes = std::fs::read(&path).unwrap();
        (folder, path, bytes)
    }

    #[test]
    fn what_was_appended_is_read_back_and_appending_goes_on() {
        let (_folder, path, _) = written(3);
        let (mut journal, entries) = Journal::open(&path, &[3; 32], 5).unwrap();
        assert_eq!(entries, [entry(0), entry(1), entry(2)]);
        journal.append(&entry(3)).unwrap();
        assert_eq!(Journal::open(&path, &[3; 32], 5).unwrap().1.len(), 4);
    }

    #[test]
    fn a_last_record_cut_anywhere_is_cut_off() {
        let (_folder, path, bytes) = written(3);
        let (_, _, two) = written(2);
        for end in two.len()..bytes.len() {
            std::fs::write(&path, &bytes[..end]).unwrap();
            let (mut journal, entries) = Journal::open(&path, &[3; 32], 5).unwrap();
            assert_eq!(entries, [entry(0), entry(1)], "cut at {end}");
            journal.append(&entry(9)).unwrap();
            let (_, entries) = Journal::open(&path, &[3; 32], 5).unwrap();
            assert_eq!(entries, [entry(0), entry(1), entry(9)], "cut at {end}");
        }
    }

    #[test]
    fn zeros_that_a_crash_left_at_the_end_are_cut_off() {
        let (_folder, path, bytes) = written(2);
        std::fs::write(&path, [bytes.as_slice(), &[0; 300]].concat()).unwrap();
        assert_eq!(Journal::open(&path, &[3; 32], 5).unwrap().1.len(), 2);
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }

    #[test]
    fn damage_before_the_last_record_is_an_error_that_says_where() {
        let (_folder, path, bytes) = written(3);
        let (_, _, one) = written(1);
        let (_, _, two) = written(2);
        for at in one.len()..two.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            std::fs::write(&path, &damaged).unwrap();
            match Journal::open(&path, &[3; 32], 5) {
                Err(ChainError::Corrupt { offset, .. }) => assert_eq!(offset, one.len() as u64),
                other => panic!("byte {at}: {:?}", other.map(|(_, entries)| entries)),
            }
        }
    }

    #[test]
    fn the_journal_of_another_chain_or_snapshot_is_refused() {
        let (_folder, path, _) = written(1);
        assert!(matches!(Journal::open(&path, &[4; 32], 5), Err(ChainError::Corrupt { .. })));
        assert!(matches!(Journal::open(&path, &[3; 32], 6), Err(ChainError::Corrupt { .. })));
    }

    #[test]
    fn a_journal_cut_inside_its_header_is_empty() {
        let (_folder, path, bytes) = written(1);
        for end in 0..HEADER {
            std::fs::write(&path, &bytes[..end]).unwrap();
            assert_eq!(Journal::open(&path, &[3; 32], 5).unwrap().1, []);
        }
    }
}
