//! How long things take, printed: `cargo test --release -p chain --test figures -- --ignored --nocapture`.

mod common;

use std::time::{Duration, Instant};

use chain::{Chain, Embedded, Genesis, Keypair, Node, Rpc, find_node, read, send};
use common::{Cell, new_cell};
use ink::message_builder;

const CALLS: u32 = 2_000;

fn alice() -> Keypair {
    Keypair::from_uri("//Alice").unwrap()
}

/// Sends so many calls; the time of one.
fn calls(chain: &dyn Chain, number: u32) -> Duration {
    let cell = new_cell(chain, &alice(), 1, b"figures");
    let start = Instant::now();
    for value in 0..number {
        send(chain, &alice(), cell, message_builder!(Cell).set(value)).unwrap();
    }
    let each = start.elapsed() / number;
    let start = Instant::now();
    for _ in 0..number {
        read(chain, cell, message_builder!(Cell).get()).unwrap();
    }
    println!("  a call {each:?}, a read {:?}", start.elapsed() / number);
    each
}

#[test]
#[ignore = "prints figures"]
fn the_embedded_chains_times() {
    println!("ephemeral:");
    let start = Instant::now();
    let chain = Embedded::ephemeral();
    println!("  a new chain {:?}", start.elapsed());
    calls(&chain, CALLS);
    let start = Instant::now();
    let _fork = chain.fork();
    println!("  a fork {:?}", start.elapsed());

    println!("in a folder:");
    let folder = tempfile::tempdir().unwrap();
    let chain = Embedded::open(folder.path(), &Genesis::default()).unwrap();
    calls(&chain, 900);
    drop(chain);
    let start = Instant::now();
    let chain = Embedded::open(folder.path(), &Genesis::default()).unwrap();
    let took = start.elapsed();
    println!("  replay of 901 calls {took:?}: {:.0} a second", 901.0 / took.as_secs_f64());
    let blocks = chain.block_number().unwrap();
    let start = Instant::now();
    for _ in blocks..1_001 {
        chain.advance(Duration::from_millis(1)).unwrap();
    }
    println!("  {} empty blocks and a snapshot {:?}", 1_001 - blocks, start.elapsed());
    let path = folder.path().join("state-1000");
    println!("  the snapshot has {} bytes", std::fs::metadata(path).unwrap().len());
}

#[test]
#[ignore = "prints figures"]
fn the_suites_code_on_the_embedded_chain() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../contracts/artifacts");
    let wasm = |name: &str| std::fs::read(format!("{folder}/{name}.wasm")).unwrap();
    let chain = Embedded::ephemeral();
    let start = Instant::now();
    let (mut files, mut bytes) = (0, 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            let code = std::fs::read(path).unwrap();
            chain.upload(&alice(), &code).unwrap();
            files += 1;
            bytes += code.len();
        }
    }
    println!("{files} contracts of {bytes} bytes uploaded in {:?}", start.elapsed());
    let start = Instant::now();
    let _fork = chain.fork();
    println!("a fork {:?}", start.elapsed());

    let new = chain::input("new", &(chain.genesis(), alice().account()));
    let start = Instant::now();
    let (token, _) = chain::deploy::<_, ()>(&chain, &alice(), &wasm("open_token"), &new, b"").unwrap();
    println!("the token instantiated in {:?}", start.elapsed());
    let transfer = chain::input("PSP22::transfer", &(chain::AccountId::from([9; 32]), 5u128, Vec::<u8>::new()));
    let start = Instant::now();
    for _ in 0..500 {
        chain.submit(&alice(), token, &transfer, 0).unwrap();
    }
    println!("a transfer {:?}", start.elapsed() / 500);
    let supply = chain::input("PSP22::total_supply", &());
    let start = Instant::now();
    for _ in 0..500 {
        chain.dry_run(alice().account(), token, &supply, 0).unwrap();
    }
    println!("a read {:?}", start.elapsed() / 500);
}

#[test]
#[ignore = "prints figures"]
fn a_nodes_times() {
    let Some(program) = find_node() else {
        println!("did not run: no substrate-contracts-node found");
        return;
    };
    let start = Instant::now();
    let node = Node::spawn(&program).unwrap();
    println!("a node is up after {:?}:", start.elapsed());
    let start = Instant::now();
    let chain = Rpc::connect(&node.url()).unwrap();
    println!("  connected in {:?}", start.elapsed());
    calls(&chain, 30);
    let start = Instant::now();
    let events = chain.events(0).unwrap().len();
    println!("  {events} events in {:?}", start.elapsed());
}
