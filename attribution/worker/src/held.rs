//! What an oracle attested: the records of batches, on disk before it signs, so that no credit rests on a host that is gone.
//!
//! One file a batch, `FOLDER/CHANNEL-MODEL-KEY/FROM-TO.json`, with the record of each place (the texts of private answers
//! included) or `null`; beside them `leaves.bin`, the lane's leaves before the last of them (hash and fee, 48 bytes each), without which
//! nobody could open a batch that follows one which was never attested. The texts of private answers also stand in
//! `FOLDER/private/ROOT.json`, for other members of the set. A file is written beside its name, synced, and renamed.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use proof::Node;
use scale::{Decode, Encode};

use crate::published::{Lane, PrivateText, ReceiptRecord};

/// What is at each of a batch's places.
pub type Places = Vec<Option<ReceiptRecord>>;

/// A file of held records can't be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}")]
pub struct HeldError {
    pub path: PathBuf,
    pub source: io::Error,
}

/// A folder of held batches.
#[derive(Debug, Clone)]
pub struct Held {
    folder: PathBuf,
}

/// A lane's leaves.
const LEAVES: &str = "leaves.bin";
/// A leaf's hash and fee.
pub const LEAF_BYTES: usize = 48;

/// Writes a file of a folder whole.
fn write(folder: &Path, path: &Path, bytes: &[u8]) -> Result<(), HeldError> {
    let fresh = path.with_extension("new");
    let mut file = at(&fresh, File::create(&fresh))?;
    at(&fresh, file.write_all(bytes).and_then(|()| file.sync_all()))?;
    at(path, std::fs::rename(&fresh, path))?;
    at(folder, File::open(folder).and_then(|folder| folder.sync_all()))
}

fn at<T>(path: &Path, result: io::Result<T>) -> Result<T, HeldError> {
    result.map_err(|source| HeldError { path: path.to_owned(), source })
}

/// The range that a file's name states.
fn range_of(path: &Path) -> Option<(u64, u64)> {
    let (from, to) = path.file_name()?.to_str()?.strip_suffix(".json")?.split_once('-')?;
    Some((from.parse().ok()?, to.parse().ok()?))
}

impl Held {
    /// Opens the folder, or makes it.
    pub fn open(folder: &Path) -> Result<Self, HeldError> {
        at(folder, std::fs::create_dir_all(folder))?;
        Ok(Self { folder: folder.to_owned() })
    }

    fn lane(&self, lane: &Lane) -> PathBuf {
        self.folder.join(format!("{}-{}-{}", lane.channel, lane.model, hex::encode(lane.key)))
    }

    /// Keeps the places from this one on. They are on disk when this returns.
    pub fn put(&self, lane: &Lane, from: u64, places: &[Option<ReceiptRecord>]) -> Result<(), HeldError> {
        for record in places.iter().flatten() {
            self.put_private(record)?;
        }
        let folder = self.lane(lane);
        at(&folder, std::fs::create_dir_all(&folder))?;
        at(&self.folder, File::open(&self.folder).and_then(|folder| folder.sync_all()))?;
        let path = folder.join(format!("{from}-{}.json", from.saturating_add(places.len() as u64)));
        let bytes = at(&path, serde_json::to_vec(places).map_err(io::Error::from))?;
        write(&folder, &path, &bytes)
    }

    fn private_path(&self, root: &proof::Hash) -> PathBuf {
        self.folder.join("private").join(format!("{}.json", hex::encode(root)))
    }

    fn put_private(&self, record: &ReceiptRecord) -> Result<(), HeldError> {
        let Some(random) = record.random else { return Ok(()) };
        let text = PrivateText { response: record.response.clone(), random, sketch: record.sketch.clone() };
        let path = self.private_path(&record.receipt.response);
        let folder = self.folder.join("private");
        at(&folder, std::fs::create_dir_all(&folder))?;
        let bytes = at(&path, serde_json::to_vec(&text).map_err(io::Error::from))?;
        write(&folder, &path, &bytes)
    }

    /// The text of a private answer by its root, if it is held.
    pub fn private(&self, root: &proof::Hash) -> Result<Option<PrivateText>, HeldError> {
        let path = self.private_path(root);
        if !path.exists() {
            return Ok(None);
        }
        let bytes = at(&path, std::fs::read(&path))?;
        at(&path, serde_json::from_slice(&bytes).map_err(io::Error::from)).map(Some)
    }

    /// Keeps a lane's first leaves, unless more are kept.
    pub fn put_leaves(&self, lane: &Lane, leaves: &[Node]) -> Result<(), HeldError> {
        let folder = self.lane(lane);
        at(&folder, std::fs::create_dir_all(&folder))?;
        let path = folder.join(LEAVES);
        let bytes: Vec<u8> = leaves.iter().flat_map(Encode::encode).collect();
        match std::fs::read(&path) {
            Ok(kept) if kept.starts_with(&bytes) => Ok(()),
            _ => write(&folder, &path, &bytes),
        }
    }

    /// A lane's leaves before this place, if all of them are kept.
    pub fn leaves(&self, lane: &Lane, count: u64) -> Result<Option<Vec<Node>>, HeldError> {
        let path = self.lane(lane).join(LEAVES);
        if count == 0 {
            return Ok(Some(Vec::new()));
        }
        if !path.exists() {
            return Ok(None);
        }
        let bytes = at(&path, std::fs::read(&path))?;
        let wanted = usize::try_from(count).unwrap_or(usize::MAX);
        let leaves = bytes.chunks_exact(LEAF_BYTES).take(wanted).map(|mut leaf| Node::decode(&mut leaf));
        let leaves: Vec<Node> = at(&path, leaves.collect::<Result<_, _>>().map_err(io::Error::other))?;
        Ok((leaves.len() == wanted).then_some(leaves))
    }

    /// Whether there is a file of just this batch, readable or not.
    pub fn has(&self, lane: &Lane, from: u64, to: u64) -> bool {
        self.lane(lane).join(format!("{from}-{to}.json")).exists()
    }

    /// The places `from..to`, if all of them are held.
    pub fn get(&self, lane: &Lane, from: u64, to: u64) -> Result<Option<Places>, HeldError> {
        let folder = self.lane(lane);
        if !folder.exists() {
            return Ok(None);
        }
        let mut files = Vec::new();
        for entry in at(&folder, std::fs::read_dir(&folder))? {
            let path = at(&folder, entry)?.path();
            files.extend(range_of(&path).map(|range| (range, path)));
        }
        files.sort();
        let mut found = Places::new();
        let mut next = from;
        for ((start, end), path) in files {
            if next >= to {
                break;
            }
            if end <= next {
                continue;
            }
            if start > next {
                return Ok(None);
            }
            let bytes = at(&path, std::fs::read(&path))?;
            let places: Places = at(&path, serde_json::from_slice(&bytes).map_err(io::Error::from))?;
            // The name says where they begin and end; whoever reads them checks them against a batch's top.
            let skip = usize::try_from(next - start).unwrap_or(usize::MAX);
            let wanted = usize::try_from(to.min(end) - next).unwrap_or(usize::MAX);
            found.extend(places.into_iter().skip(skip).take(wanted));
            next = to.min(end);
        }
        Ok((found.len() as u64 == to.saturating_sub(from)).then_some(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::published::Random;
    use proof::receipt::Receipt;
    use proof::request::{Request, SignedRequest};

    fn record(sequence: u64) -> Option<ReceiptRecord> {
        let body = Request {
            channel: 1,
            model: 2,
            revision: 0,
            params: 0,
            sequence,
            prompt: [0; 32],
            prompt_bytes: 1,
            max_tokens_out: 1,
            max_fee: 1,
            flags: 0,
            context: [0; 32],
            deadline: 0,
        };
        let request = SignedRequest { body, key: [3; 32], signature: [4; 64] };
        let receipt = Receipt { sequence, fee: 1, ..Receipt::UNFILLED };
        let (response, sketch, context) = (b"text".to_vec(), vec![], vec![]);
        Some(ReceiptRecord { receipt, signature: [5; 64], request, response, random: None, sketch, context })
    }

    #[test]
    fn what_was_put_is_there_in_any_range_that_is_held_also_when_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let lane = Lane { channel: 1, model: 2, key: [3; 32] };
        let places = [record(0), None, record(2), record(3), record(4)];
        let held = Held::open(folder.path()).unwrap();
        held.put(&lane, 0, &places[..3]).unwrap();
        held.put(&lane, 3, &places[3..]).unwrap();
        // The same batch again, as after a crash before the signature.
        held.put(&lane, 3, &places[3..]).unwrap();
        let again = Held::open(folder.path()).unwrap();
        for (from, to) in [(0, 5), (0, 3), (1, 4), (2, 2), (4, 5)] {
            let wanted = places[from as usize..to as usize].to_vec();
            assert_eq!(again.get(&lane, from, to).unwrap(), Some(wanted), "{from}..{to}");
        }
        assert_eq!(again.get(&lane, 0, 6).unwrap(), None);
        assert_eq!(again.get(&lane, 5, 6).unwrap(), None);
        assert_eq!(again.get(&Lane { model: 3, ..lane }, 0, 1).unwrap(), None);
    }

    #[test]
    fn the_text_of_a_private_answer_is_found_by_its_root_and_no_other_is() {
        let folder = tempfile::tempdir().unwrap();
        let lane = Lane { channel: 1, model: 2, key: [3; 32] };
        let mut private = record(0).unwrap();
        private.receipt.response = [8; 32];
        private.random = Some(Random([7; 32]));
        let held = Held::open(folder.path()).unwrap();
        held.put(&lane, 0, &[Some(private.clone()), record(1)]).unwrap();
        let text = PrivateText { response: private.response, random: Random([7; 32]), sketch: private.sketch };
        assert_eq!(held.private(&[8; 32]).unwrap(), Some(text));
        assert_eq!(held.private(&[9; 32]).unwrap(), None);
        assert_eq!(held.private(&record(1).unwrap().receipt.response).unwrap(), None);
    }

    #[test]
    fn the_leaves_before_a_batch_are_kept_and_never_fewer() {
        let folder = tempfile::tempdir().unwrap();
        let lane = Lane { channel: 1, model: 2, key: [3; 32] };
        let leaves: Vec<Node> = (0..4).map(|i| Node { hash: [i; 32], sum: u128::from(i) << 100 }).collect();
        let held = Held::open(folder.path()).unwrap();
        assert_eq!(held.leaves(&lane, 0).unwrap(), Some(vec![]));
        assert_eq!(held.leaves(&lane, 1).unwrap(), None);
        held.put_leaves(&lane, &leaves[..3]).unwrap();
        held.put_leaves(&lane, &leaves[..1]).unwrap();
        assert_eq!(held.leaves(&lane, 3).unwrap().as_deref(), Some(&leaves[..3]));
        assert_eq!(held.leaves(&lane, 2).unwrap().as_deref(), Some(&leaves[..2]));
        assert_eq!(held.leaves(&lane, 4).unwrap(), None);
        held.put_leaves(&lane, &leaves).unwrap();
        assert_eq!(held.leaves(&lane, 4).unwrap(), Some(leaves));
        // They are no batch.
        assert_eq!(held.get(&lane, 0, 1).unwrap(), None);
    }

    #[test]
    fn a_gap_is_not_bridged_and_a_half_written_file_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let lane = Lane { channel: 1, model: 2, key: [3; 32] };
        let held = Held::open(folder.path()).unwrap();
        held.put(&lane, 0, &[record(0)]).unwrap();
        held.put(&lane, 2, &[record(2)]).unwrap();
        assert_eq!(held.get(&lane, 0, 3).unwrap(), None);
        std::fs::write(held.lane(&lane).join("1-2.new"), b"[").unwrap();
        assert_eq!(held.get(&lane, 0, 3).unwrap(), None);
        std::fs::write(held.lane(&lane).join("1-2.json"), b"[").unwrap();
        assert!(held.get(&lane, 0, 3).is_err());
    }
}
