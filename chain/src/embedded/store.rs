//! The chain's folder.
//!
//! ```text
//! lock               held exclusively while a process has the chain open; says which
//! genesis.json       id and first balances; written once
//! state-B            the state after block B, every SNAPSHOT_EVERY blocks; only the newest is kept
//! events-B           what contracts emitted up to block B, from the events file before it on; all are kept
//! journal-B          what was done after block B
//! ```
//! A snapshot writes events-B, then an empty journal-B, then state-B, then removes the older state and journal. Whatever a
//! crash leaves, the newest state with its journal (an absent one is empty) is the chain.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    Genesis,
    clock::Clock,
    journal::{Entry, Journal},
    machine::Machine,
    snapshot::{EventsFile, StateFile, sync_folder, write_whole},
};
use crate::{BlockNumber, ChainError, ContractEvent, Native, account};

/// A snapshot is taken after so many blocks: at most half a second of replay.
const SNAPSHOT_EVERY: BlockNumber = 1_000;

/// The open folder.
pub(crate) struct Store {
    folder: PathBuf,
    genesis: [u8; 32],
    journal: Journal,
    /// The newest snapshot's block.
    snapshot_at: BlockNumber,
    /// The next snapshot's block, or a later one.
    snapshot_due: BlockNumber,
    /// A failed snapshot left files that contradict the journal: nothing more is accepted.
    broken: bool,
    /// The lock lives as long as this file is open.
    _lock: File,
}

/// A chain as found in its folder: state, and what is to be done again.
pub(crate) struct Opened {
    pub store: Store,
    pub genesis: [u8; 32],
    pub machine: Machine,
    pub offset_ms: u64,
    pub events: Vec<ContractEvent>,
    pub entries: Vec<Entry>,
}

/// The content of `genesis.json`.
#[derive(Serialize, Deserialize)]
struct GenesisFile {
    id: String,
    created_ms: u64,
    /// Address and native units (decimal: JSON numbers lose digits).
    balances: Vec<(String, String)>,
}

impl Store {
    pub fn open(folder: &Path, genesis: &Genesis) -> Result<Opened, ChainError> {
        fs::create_dir_all(folder).map_err(|cause| ChainError::file(folder, cause))?;
        let lock = lock(folder)?;
        let (id, created_ms, balances) = load_or_begin(folder, genesis)?;

        let state_at = newest(folder, "state-")?;
        let (machine, offset_ms) = match state_at {
            None => (Machine::genesis(&balances, created_ms)?, 0),
            Some(block) => {
                let path = folder.join(format!("state-{block}"));
                let state = StateFile::read(&path)?;
                if state.genesis != id {
                    return Err(ChainError::OtherChain {
                        what: path.display().to_string(),
                        theirs: state.genesis,
                        ours: id,
                    });
                }
                (Machine::restore(state.snapshot), state.offset_ms)
            }
        };
        let snapshot_at = state_at.unwrap_or(0);
        let events = read_events(folder, &id, snapshot_at)?;
        let path = folder.join(format!("journal-{snapshot_at}"));
        let (journal, entries) = if path.exists() {
            Journal::open(&path, &id, snapshot_at)?
        } else {
            (Journal::create(&path, &id, snapshot_at)?, Vec::new())
        };
        sync_folder(folder)?;
        let store = Store {
            folder: folder.to_owned(),
            genesis: id,
            journal,
            snapshot_at,
            snapshot_due: snapshot_at.saturating_add(SNAPSHOT_EVERY),
            broken: false,
            _lock: lock,
        };
        store.remove_unreferenced();
        Ok(Opened { store, genesis: id, machine, offset_ms, events, entries })
    }

    /// Makes the entry last, before it is done.
    pub fn append(&mut self, entry: &Entry) -> Result<(), ChainError> {
        if self.broken {
            return Err(ChainError::Io(format!(
                "{}: a snapshot failed half-way; free space on the disk and start again",
                self.folder.display()
            )));
        }
        self.journal.append(entry)
    }

    /// Takes a snapshot if the last one is old enough. If that fails (a full disk), the journal goes on and it
    /// is tried again later: no call is lost.
    pub fn snapshot_if_due(&mut self, machine: &mut Machine, clock: &Clock, events: &[ContractEvent]) {
        if machine.number() < self.snapshot_due {
            return;
        }
        if let Err(error) = self.snapshot(machine, clock, events) {
            eprintln!("chain: no snapshot after block {}: {error}", machine.number());
            self.snapshot_due = machine.number().saturating_add(SNAPSHOT_EVERY / 10);
        }
    }

    fn snapshot(&mut self, machine: &mut Machine, clock: &Clock, events: &[ContractEvent]) -> Result<(), ChainError> {
        let (after, through) = (self.snapshot_at, machine.number());
        self.remove_unreferenced();
        let start = events.partition_point(|event| event.block <= after);
        let events = events.get(start..).unwrap_or_default().to_vec();
        EventsFile { genesis: self.genesis, after, through, events }
            .write(&self.folder.join(format!("events-{through}")))?;
        let path = self.folder.join(format!("journal-{through}"));
        let journal = Journal::create(&path, &self.genesis, through)?;
        sync_folder(&self.folder)?;
        let snapshot = machine.snapshot().ok_or(ChainError::NoCopy)?;
        let state = StateFile { genesis: self.genesis, offset_ms: clock.offset_ms(), snapshot };
        let path = self.folder.join(format!("state-{through}"));
        if let Err(error) = state.write(&path) {
            // A state file that stood there would hide what the old journal still gets.
            let removed = fs::remove_file(&path);
            self.broken = removed.is_err() && path.exists();
            return Err(error);
        }
        // From here on the new state is the chain; the old journal no longer counts.
        self.journal = journal;
        self.snapshot_at = through;
        self.snapshot_due = through.saturating_add(SNAPSHOT_EVERY);
        self.remove_unreferenced();
        Ok(())
    }

    /// Removes what the newest state doesn't need: older states and journals, and what an interrupted snapshot
    /// left. What can't be removed does no harm now.
    fn remove_unreferenced(&self) {
        let is_current = |kind: &str, block: BlockNumber| match kind {
            "events-" => block <= self.snapshot_at,
            _ => block == self.snapshot_at,
        };
        for kind in ["state-", "journal-", "events-"] {
            for block in numbered(&self.folder, kind).unwrap_or_default() {
                if !is_current(kind, block) {
                    let _harmless = fs::remove_file(self.folder.join(format!("{kind}{block}")));
                }
            }
        }
    }
}

/// Takes the folder's lock and leaves this process's id in it.
fn lock(folder: &Path) -> Result<File, ChainError> {
    let path = folder.join("lock");
    let failed = |cause| ChainError::file(&path, cause);
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    match fs4::fs_std::FileExt::try_lock_exclusive(&file) {
        Ok(true) => {}
        Ok(false) => {
            let mut text = String::new();
            let _unreadable_is_zero = file.read_to_string(&mut text);
            return Err(ChainError::Locked {
                path: folder.display().to_string(),
                pid: text.trim().parse().unwrap_or(0),
            });
        }
        Err(cause) => return Err(failed(cause)),
    }
    file.set_len(0).map_err(failed)?;
    file.rewind().map_err(failed)?;
    write!(file, "{}", std::process::id()).map_err(failed)?;
    Ok(file)
}

type Begun = ([u8; 32], u64, Vec<(crate::AccountId, Native)>);

/// The folder's genesis, or a new one by `genesis`.
fn load_or_begin(folder: &Path, genesis: &Genesis) -> Result<Begun, ChainError> {
    let path = folder.join("genesis.json");
    if path.exists() {
        let text = fs::read_to_string(&path).map_err(|cause| ChainError::file(&path, cause))?;
        return parse_genesis(&text).map_err(|what| ChainError::Corrupt {
            file: path.display().to_string(),
            offset: 0,
            what,
        });
    }
    if newest(folder, "state-")?.is_some() || newest(folder, "journal-")?.is_some() {
        return Err(ChainError::Corrupt {
            file: path.display().to_string(),
            offset: 0,
            what: "it is missing, though the chain's other files are there".into(),
        });
    }
    let balances = genesis.all_balances()?;
    let id = genesis.id.unwrap_or_else(rand::random);
    let created_ms = Clock::real(0).start();
    // Refuse now what could never be opened again.
    Machine::genesis(&balances, created_ms)?;
    let file = GenesisFile {
        id: hex::encode(id),
        created_ms,
        balances: balances.iter().map(|(account, free)| (account::ss58(account), free.to_string())).collect(),
    };
    let text =
        serde_json::to_string_pretty(&file).map_err(|cause| ChainError::Io(format!("{}: {cause}", path.display())))?;
    write_whole(&path, text.as_bytes())?;
    Ok((id, created_ms, balances))
}

fn parse_genesis(text: &str) -> Result<Begun, String> {
    let file: GenesisFile = serde_json::from_str(text).map_err(|cause| cause.to_string())?;
    let mut id = [0u8; 32];
    hex::decode_to_slice(&file.id, &mut id).map_err(|cause| format!("the id: {cause}"))?;
    let balances = file
        .balances
        .iter()
        .map(|(address, free)| {
            let account = account::parse_account(address).map_err(|cause| cause.to_string())?;
            let free = free.parse().map_err(|cause| format!("the balance `{free}`: {cause}"))?;
            Ok((account, free))
        })
        .collect::<Result<_, String>>()?;
    Ok((id, file.created_ms, balances))
}

/// The block numbers of the files `KIND-N`, ascending.
fn numbered(folder: &Path, kind: &str) -> Result<Vec<BlockNumber>, ChainError> {
    let failed = |cause| ChainError::file(folder, cause);
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(kind)?.parse::<BlockNumber>().ok());
        numbers.extend(number);
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn newest(folder: &Path, kind: &str) -> Result<Option<BlockNumber>, ChainError> {
    Ok(numbered(folder, kind)?.last().copied())
}

/// All events up to block `through`, from the files that reach each other.
fn read_events(folder: &Path, genesis: &[u8; 32], through: BlockNumber) -> Result<Vec<ContractEvent>, ChainError> {
    let mut all = Vec::new();
    let mut reached = 0;
    for block in numbered(folder, "events-")? {
        if block > through {
            // A crash came between these events and their state: the journal has them still.
            continue;
        }
        let path = folder.join(format!("events-{block}"));
        let file = EventsFile::read(&path)?;
        if file.genesis != *genesis || file.after != reached || file.through != block {
            return Err(gap(&path, reached));
        }
        all.extend(file.events);
        reached = block;
    }
    if reached != through {
        return Err(gap(&folder.join(format!("events-{through}")), reached));
    }
    Ok(all)
}

fn gap(path: &Path, reached: BlockNumber) -> ChainError {
    ChainError::Corrupt {
        file: path.display().to_string(),
        offset: 0,
        what: format!("the events after block {reached} are missing"),
    }
}
