//! Files written once, whole: state snapshots and the events between two of them.
//!
//! `magic 8 · SCALE body · blake2b-256 of both`. Written to a temporary file, synced, renamed.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
};

use scale::{Decode, Encode};

use crate::{BlockNumber, ChainError, ContractEvent, embedded::machine::Snapshot};

const STATE_MAGIC: [u8; 8] = *b"OLSTATE1";
const EVENTS_MAGIC: [u8; 8] = *b"OLEVENT1";

/// The chain's whole state after a block.
#[derive(Encode, Decode)]
pub(crate) struct StateFile {
    pub genesis: [u8; 32],
    pub offset_ms: u64,
    pub snapshot: Snapshot,
}

/// What contracts emitted after block `after`, up to `through`.
#[derive(Encode, Decode)]
pub(crate) struct EventsFile {
    pub genesis: [u8; 32],
    pub after: BlockNumber,
    pub through: BlockNumber,
    pub events: Vec<ContractEvent>,
}

impl StateFile {
    pub fn write(&self, path: &Path) -> Result<(), ChainError> {
        write(path, STATE_MAGIC, self)
    }

    pub fn read(path: &Path) -> Result<Self, ChainError> {
        read(path, STATE_MAGIC)
    }
}

impl EventsFile {
    pub fn write(&self, path: &Path) -> Result<(), ChainError> {
        write(path, EVENTS_MAGIC, self)
    }

    pub fn read(path: &Path) -> Result<Self, ChainError> {
        read(path, EVENTS_MAGIC)
    }
}

/// Makes renames and new files in `folder` last.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), ChainError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|cause| ChainError::file(folder, cause))
}

fn write(path: &Path, magic: [u8; 8], content: &impl Encode) -> Result<(), ChainError> {
    let mut bytes = magic.to_vec();
    content.encode_to(&mut bytes);
    let check = sp_core::hashing::blake2_256(&bytes);
    bytes.extend(check);
    write_whole(path, &bytes)
}

/// Writes a file so that it is either whole or absent.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), ChainError> {
    let temporary = path.with_extension("tmp");
    let failed = |cause| ChainError::file(&temporary, cause);
    let mut file = File::create(&temporary).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    fs::rename(&temporary, path).map_err(|cause| ChainError::file(path, cause))?;
    match path.parent() {
        Some(folder) => sync_folder(folder),
        None => Ok(()),
    }
}

fn read<T: Decode>(path: &Path, magic: [u8; 8]) -> Result<T, ChainError> {
    let bytes = fs::read(path).map_err(|cause| ChainError::file(path, cause))?;
    let corrupt =
        |what: &str| ChainError::Corrupt { file: path.display().to_string(), offset: 0, what: what.to_owned() };
    let (content, check) = bytes
        .len()
        .checked_sub(32)
        .and_then(|end| bytes.split_at_checked(end))
        .ok_or_else(|| corrupt("it is too short"))?;
    if sp_core::hashing::blake2_256(content) != *check {
        return Err(corrupt("its content does not fit its hash"));
    }
    let mut body =
        content.strip_prefix(&magic).ok_or_else(|| corrupt("it is another kind of file, or of another version"))?;
    T::decode(&mut body).map_err(|_| corrupt("its content is of another version"))
}
