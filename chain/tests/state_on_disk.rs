//! What a chain keeps in its folder: across restarts, crashes and damage.

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use chain::{AccountId, Chain, ChainError, Embedded, Genesis, Keypair, read, send};
use common::{Cell, CellStored, new_cell};
use ink::message_builder;
use proptest::prelude::*;

fn alice() -> Keypair {
    Keypair::from_uri("//Alice").unwrap()
}

fn open(folder: &Path) -> Embedded {
    Embedded::open(folder, &Genesis::default()).unwrap()
}

fn set(chain: &Embedded, cell: AccountId, value: u32) {
    send(chain, &alice(), cell, message_builder!(Cell).set(value)).unwrap();
}

fn get(chain: &Embedded, cell: AccountId) -> u32 {
    read(chain, cell, message_builder!(Cell).get()).unwrap()
}

fn stored(chain: &Embedded) -> Vec<u32> {
    chain.events(0).unwrap().iter().map(|event| event.decode::<CellStored>().unwrap().value).collect()
}

fn file(folder: &Path, kind: &str) -> PathBuf {
    let mut found: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(kind))
        .collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

fn refusal(folder: &Path) -> ChainError {
    Embedded::open(folder, &Genesis::default()).map(|_| ()).unwrap_err()
}

#[test]
fn a_chain_opened_again_is_the_same_chain() {
    let folder = tempfile::tempdir().unwrap();
    let chain = open(folder.path());
    let cell = new_cell(&chain, &alice(), 1, b"");
    set(&chain, cell, 2);
    let _refused = send(&chain, &alice(), cell, message_builder!(Cell).refuse(1));
    let _trapped = send(&chain, &alice(), cell, message_builder!(Cell).trap());
    chain.advance(Duration::from_secs(86_400)).unwrap();
    set(&chain, cell, 3);
    let facts = |chain: &Embedded| {
        (chain.genesis(), chain.block_number(), chain.balance(alice().account()), chain.events(0), get(chain, cell))
    };
    let before = (facts(&chain), chain.now().unwrap());
    drop(chain);

    let again = open(folder.path());
    assert_eq!(facts(&again), before.0);
    assert!(again.now().unwrap() >= before.1, "the day that was jumped is not forgotten");
    set(&again, cell, 4);
    assert_eq!(stored(&again), [2, 3, 4]);
}

#[test]
fn a_second_opening_of_the_same_folder_names_the_process_that_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let chain = open(folder.path());
    match refusal(folder.path()) {
        ChainError::Locked { path, pid } => {
            assert_eq!(path, folder.path().display().to_string());
            assert_eq!(pid, std::process::id());
        }
        other => panic!("{other}"),
    }
    drop(chain);
    open(folder.path());
}

#[test]
fn a_call_cut_short_by_a_crash_is_forgotten_and_the_rest_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let chain = open(folder.path());
    let cell = new_cell(&chain, &alice(), 1, b"");
    set(&chain, cell, 2);
    set(&chain, cell, 3);
    drop(chain);
    let journal = file(folder.path(), "journal-");
    let bytes = fs::read(&journal).unwrap();
    fs::write(&journal, &bytes[..bytes.len() - 5]).unwrap();

    let again = open(folder.path());
    assert_eq!((get(&again, cell), stored(&again)), (2, vec![2]));
    set(&again, cell, 9);
    drop(again);
    assert_eq!(stored(&open(folder.path())), [2, 9]);
}

#[test]
fn a_damaged_file_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let chain = open(folder.path());
    let cell = new_cell(&chain, &alice(), 1, b"");
    set(&chain, cell, 2);
    drop(chain);
    for kind in ["journal-", "genesis.json"] {
        let path = file(folder.path(), kind);
        let bytes = fs::read(&path).unwrap();
        let mut damaged = bytes.clone();
        damaged[60] ^= 0x80;
        fs::write(&path, &damaged).unwrap();
        match refusal(folder.path()) {
            ChainError::Corrupt { file, .. } => assert_eq!(file, path.display().to_string()),
            ChainError::Io(text) => assert!(text.contains("genesis.json"), "{text}"),
            other => panic!("{kind}: {other}"),
        }
        fs::write(&path, &bytes).unwrap();
    }
    fs::remove_file(file(folder.path(), "genesis.json")).unwrap();
    assert!(matches!(refusal(folder.path()), ChainError::Corrupt { .. }));
}

#[test]
fn snapshots_replace_the_journal_and_keep_state_and_events() {
    let folder = tempfile::tempdir().unwrap();
    let chain = open(folder.path());
    let cell = new_cell(&chain, &alice(), 1, b"");
    // A snapshot is due every thousand blocks: two of them, and some blocks more.
    for _ in 0..7 {
        for value in 0..5 {
            set(&chain, cell, value);
        }
        for _ in 0..300 {
            chain.advance(Duration::from_millis(1)).unwrap();
        }
    }
    let before = (chain.block_number(), chain.events(0), chain.balance(alice().account()));
    drop(chain);
    assert!(file(folder.path(), "state-").ends_with("state-2000"));
    assert!(file(folder.path(), "journal-").ends_with("journal-2000"));

    // What an interrupted snapshot leaves is ignored.
    fs::write(folder.path().join("events-2100"), b"half").unwrap();
    fs::write(folder.path().join("journal-2100"), b"OLJR").unwrap();
    fs::write(folder.path().join("state-2100.tmp"), b"half").unwrap();
    let again = open(folder.path());
    assert_eq!((again.block_number(), again.events(0), again.balance(alice().account())), before);
    drop(again);
    assert!(file(folder.path(), "journal-").ends_with("journal-2000"));

    let state = file(folder.path(), "state-2000");
    let mut bytes = fs::read(&state).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&state, bytes).unwrap();
    assert!(matches!(refusal(folder.path()), ChainError::Corrupt { file, .. } if file.ends_with("state-2000")));
}

#[test]
fn a_missing_stretch_of_events_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let chain = open(folder.path());
    for _ in 0..2_000 {
        chain.advance(Duration::from_millis(1)).unwrap();
    }
    drop(chain);
    fs::remove_file(folder.path().join("events-1000")).unwrap();
    assert!(matches!(refusal(folder.path()), ChainError::Corrupt { .. }));
}

#[test]
fn a_new_chain_has_the_balances_of_its_genesis_and_an_id_of_its_own() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let somebody = AccountId::from([5; 32]);
    let genesis = Genesis { balances: vec![(somebody, 7_000_000_000)], id: None };
    let chain = Embedded::open(one.path(), &genesis).unwrap();
    assert_eq!(chain.balance(somebody), Ok(7_000_000_000));
    assert_eq!(chain.balance(alice().account()), Ok(chain::DEVELOPMENT_ENDOWMENT));
    assert_ne!(chain.genesis(), open(two.path()).genesis());
}

#[test]
fn a_fork_goes_its_own_way() {
    let chain = Embedded::ephemeral();
    let cell = new_cell(&chain, &alice(), 1, b"");
    set(&chain, cell, 2);
    let fork = chain.fork();
    assert_eq!((fork.genesis(), fork.block_number(), fork.now()), (chain.genesis(), chain.block_number(), chain.now()));
    set(&fork, cell, 3);
    assert_eq!((get(&chain, cell), get(&fork, cell)), (2, 3));
    assert_eq!((stored(&chain), stored(&fork)), (vec![2], vec![2, 3]));
    assert_eq!(chain.deepest_call(), 1);
}

#[test]
fn an_ephemeral_chains_clock_moves_only_by_blocks_and_advances() {
    let chain = Embedded::ephemeral();
    let now = chain.now().unwrap();
    std::thread::sleep(Duration::from_millis(3));
    assert_eq!(chain.now(), Ok(now));
    chain.advance(Duration::from_millis(100)).unwrap();
    assert_eq!(chain.now(), Ok(now + 101));
}

/// Something that makes one block.
#[derive(Debug, Clone)]
enum Step {
    Set(u32),
    Refuse(u8),
    Trap,
    Advance(u16),
    Transfer(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        any::<u32>().prop_map(Step::Set),
        any::<u8>().prop_map(Step::Refuse),
        Just(Step::Trap),
        any::<u16>().prop_map(Step::Advance),
        (0..3_000_000_000u64).prop_map(Step::Transfer),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Wherever a crash cuts the journal, the chain is what it was after some whole number of blocks.
    #[test]
    fn a_chain_cut_anywhere_is_the_chain_after_some_block(
        steps in prop::collection::vec(step(), 1..12),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 4),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let chain = open(folder.path());
        let bob = Keypair::from_uri("//Bob").unwrap().account();
        let cell = new_cell(&chain, &alice(), 1, b"");
        let facts = |chain: &Embedded| {
            let balances = (chain.balance(alice().account()), chain.balance(bob));
            (chain.block_number().unwrap(), balances, chain.events(0).unwrap(), get(chain, cell))
        };
        let journal = file(folder.path(), "journal-");
        let deployed = std::fs::metadata(&journal).unwrap().len() as usize;
        let mut after = vec![facts(&chain)];
        for step in steps {
            match step {
                Step::Set(value) => set(&chain, cell, value),
                Step::Refuse(code) => drop(send(&chain, &alice(), cell, message_builder!(Cell).refuse(code))),
                Step::Trap => drop(send(&chain, &alice(), cell, message_builder!(Cell).trap())),
                Step::Advance(ms) => chain.advance(Duration::from_millis(ms.into())).unwrap(),
                Step::Transfer(value) => drop(chain.transfer(&alice(), bob, value.into())),
            }
            after.push(facts(&chain));
        }
        drop(chain);
        let bytes = fs::read(&journal).unwrap();
        for cut in cuts {
            let end = deployed + cut.index(bytes.len() - deployed + 1);
            fs::write(&journal, &bytes[..end]).unwrap();
            let again = facts(&open(folder.path()));
            prop_assert_eq!(&again, &after[(again.0 - after[0].0) as usize]);
            if end == bytes.len() {
                prop_assert_eq!(again.0, after.last().unwrap().0);
            }
        }
    }
}
