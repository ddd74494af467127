//! What an oracle has signed, on disk before the signature leaves the process.
//!
//! There is one true report of each (epoch, attempt), so an oracle that is about to sign a second one has lost its data or is
//! asked to lie. The journal answers "may I sign this digest?" also after a crash: the line is synced first, the signature is
//! made after.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// What one signature binds: an oracle signs one digest for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Slot {
    pub epoch: u32,
    pub attempt: u32,
}

#[derive(Serialize, Deserialize)]
struct Line {
    #[serde(flatten)]
    slot: Slot,
    digest: String,
}

/// Why the journal can't be used, or refuses.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("{path}: {source}; the signing journal must be readable and writable by this oracle")]
    Io { path: PathBuf, source: std::io::Error },
    #[error(
        "{path}, line {line}: not a record of this journal; it is never safe to sign without it: restore the file from a copy, or take a new signing key"
    )]
    Corrupt { path: PathBuf, line: usize },
    #[error(
        "epoch {}, attempt {}: already signed {signed}, and there is no second true report, so {asked} is not signed",
        slot.epoch, slot.attempt
    )]
    SignedAnother { slot: Slot, signed: String, asked: String },
}

/// An append-only file of signed slots, one JSON object a line.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Bytes of whole, synced lines.
    length: u64,
    signed: BTreeMap<Slot, String>,
}

impl Journal {
    /// Opens the journal, or starts one. A last line cut short by a crash is dropped: its signature never left.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let io = |source| JournalError::Io { path: path.to_path_buf(), source };
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(io)?;
        let mut signed = BTreeMap::new();
        let mut whole = 0u64;
        let mut reader = BufReader::new(&file);
        let mut text = Vec::new();
        for line in 1.. {
            text.clear();
            let read = reader.read_until(b'\n', &mut text).map_err(io)?;
            if read == 0 || text.last() != Some(&b'\n') {
                break;
            }
            let record: Line =
                serde_json::from_slice(&text).map_err(|_| JournalError::Corrupt { path: path.to_path_buf(), line })?;
            signed.insert(record.slot, record.digest);
            whole += read as u64;
        }
        file.set_len(whole).map_err(io)?;
        file.seek(SeekFrom::End(0)).map_err(io)?;
        Ok(Self { path: path.to_path_buf(), file, length: whole, signed })
    }

    /// Records that `digest` is about to be signed for `slot`, durably. Signing the same digest again is allowed.
    pub fn record(&mut self, slot: Slot, digest: &[u8; 32]) -> Result<(), JournalError> {
        let digest = hex::encode(digest);
        match self.signed.get(&slot) {
            Some(signed) if *signed == digest => return Ok(()),
            Some(signed) => {
                return Err(JournalError::SignedAnother { slot, signed: signed.clone(), asked: digest });
            }
            None => {}
        }
        let io = |source| JournalError::Io { path: self.path.clone(), source };
        let mut line = serde_json::to_vec(&Line { slot, digest: digest.clone() }).map_err(|e| io(e.into()))?;
        line.push(b'\n');
        // What a full disk cut short at the last try goes first: nothing is appended to half a line.
        self.file.set_len(self.length).map_err(io)?;
        self.file.write_all(&line).map_err(io)?;
        self.file.sync_data().map_err(io)?;
        self.length += line.len() as u64;
        self.signed.insert(slot, digest);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOT: Slot = Slot { epoch: 3, attempt: 1 };

    #[test]
    fn a_second_digest_for_a_signed_slot_is_refused_also_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("signed.jsonl");
        let mut journal = Journal::open(&path).unwrap();
        journal.record(SLOT, &[1; 32]).unwrap();
        journal.record(SLOT, &[1; 32]).unwrap();
        drop(journal);
        let mut journal = Journal::open(&path).unwrap();
        assert!(matches!(journal.record(SLOT, &[2; 32]), Err(JournalError::SignedAnother { .. })));
        journal.record(Slot { attempt: 2, ..SLOT }, &[2; 32]).unwrap();
    }

    #[test]
    fn a_line_cut_short_by_a_crash_is_dropped_and_the_next_one_stands() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("signed.jsonl");
        Journal::open(&path).unwrap().record(SLOT, &[1; 32]).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend_from_slice(br#"{"epo"#);
        std::fs::write(&path, bytes).unwrap();
        let mut journal = Journal::open(&path).unwrap();
        journal.record(Slot { epoch: 4, ..SLOT }, &[3; 32]).unwrap();
        drop(journal);
        assert_eq!(Journal::open(&path).unwrap().signed.len(), 2);
    }

    #[test]
    fn half_a_line_that_a_full_disk_left_is_no_part_of_the_next_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("signed.jsonl");
        let mut journal = Journal::open(&path).unwrap();
        journal.record(SLOT, &[1; 32]).unwrap();
        // As a write that ends with ENOSPC half-way.
        journal.file.write_all(br#"{"epoch":4,"atte"#).unwrap();
        journal.record(Slot { epoch: 4, ..SLOT }, &[3; 32]).unwrap();
        journal.record(Slot { epoch: 5, ..SLOT }, &[4; 32]).unwrap();
        drop(journal);
        assert_eq!(Journal::open(&path).unwrap().signed.len(), 3);
    }

    #[test]
    fn a_foreign_line_in_the_middle_is_an_error_that_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("signed.jsonl");
        std::fs::write(&path, "nonsense\n").unwrap();
        assert!(matches!(Journal::open(&path), Err(JournalError::Corrupt { line: 1, .. })));
    }
}
