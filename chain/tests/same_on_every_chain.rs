//! One set of behaviours, run on the embedded chain, on one served by HTTP, and on a node.

mod common;

use std::{sync::Arc, time::Duration};

use chain::{
    AccountId, CallError, Chain, ChainError, Embedded, Keypair, Node, Remote, Rpc, Server, advance_to, deploy, endow,
    estimate, find_node, input, read, send,
};
use common::{Cell, CellError, CellStored, a_copy_goes_its_own_way, cell_wasm, new_cell, unknown_message};
use ink::message_builder;
use scale::Encode;

fn alice() -> Keypair {
    Keypair::from_uri("//Alice").unwrap()
}

/// Everything below, one after the other.
fn behave(chain: &dyn Chain) {
    a_message_returns_its_value_and_emits_its_event(chain);
    a_refusal_comes_back_as_the_contracts_own_error(chain);
    a_trap_and_an_unknown_message_are_errors_of_the_chain(chain);
    native_coin_moves_and_pays_fees(chain);
    time_passes(chain);
    events_are_kept_by_block(chain);
    many_threads_may_share_a_key(chain);
    code_is_uploaded_twice_without_harm(chain);
    a_copy_goes_its_own_way(chain, 0);
}

fn a_message_returns_its_value_and_emits_its_event(chain: &dyn Chain) {
    let cell = new_cell(chain, &alice(), 7, b"value");
    assert_eq!(read(chain, cell, message_builder!(Cell).get()), Ok(7));
    let sent = send(chain, &alice(), cell, message_builder!(Cell).set(8)).unwrap();
    assert_eq!(sent.value, 7);
    assert_eq!(sent.receipt.events_of::<CellStored>(cell), [CellStored { value: 8 }]);
    assert!(sent.receipt.gas.ref_time > 0 && sent.receipt.fee > 0);
    assert_eq!(read(chain, cell, message_builder!(Cell).get()), Ok(8));
    let hash = sp_core::hashing::blake2_256(&cell_wasm());
    assert_eq!(chain.code_hash(cell), Ok(Some(hash)));
    assert_eq!(chain.code_hash(alice().account()), Ok(None));
}

fn a_refusal_comes_back_as_the_contracts_own_error(chain: &dyn Chain) {
    let cell = new_cell(chain, &alice(), 7, b"refusal");
    let refused = send(chain, &alice(), cell, message_builder!(Cell).refuse(5));
    assert_eq!(refused.unwrap_err(), CallError::Message(CellError::Refused(5)));
    assert_eq!(read(chain, cell, message_builder!(Cell).get()), Ok(7));
    let seen = read(chain, cell, message_builder!(Cell).refuse(6));
    assert_eq!(seen, Ok(Err(CellError::Refused(6))));
    let dry = estimate(chain, alice().account(), cell, message_builder!(Cell).refuse(6), 0).unwrap();
    assert!(dry.reverted);

    let made = deploy::<_, CellError>(chain, &alice(), &cell_wasm(), &input("new", &(0u32,)), b"no");
    assert_eq!(made.unwrap_err(), CallError::Message(CellError::Refused(9)));
}

fn a_trap_and_an_unknown_message_are_errors_of_the_chain(chain: &dyn Chain) {
    let cell = new_cell(chain, &alice(), 7, b"trap");
    let trapped = send(chain, &alice(), cell, message_builder!(Cell).trap());
    let reason = "Contracts::ContractTrapped".to_owned();
    assert_eq!(trapped.unwrap_err(), CallError::Chain(ChainError::Dispatch { reason }));
    assert_eq!(read(chain, cell, message_builder!(Cell).get()), Ok(7));

    let unknown = send(chain, &alice(), cell, unknown_message());
    assert_eq!(unknown.unwrap_err(), CallError::Chain(ChainError::UnknownMessage));

    let nobody = AccountId::from([77; 32]);
    let reason = "Contracts::ContractNotFound".to_owned();
    let missing = read(chain, nobody, message_builder!(Cell).get());
    assert_eq!(missing, Err(ChainError::Dispatch { reason }));

    let no_code = chain.upload_and_instantiate(&alice(), b"not wasm", &[], b"", 0);
    assert!(matches!(no_code, Err(ChainError::Dispatch { .. })), "{no_code:?}");
}

fn native_coin_moves_and_pays_fees(chain: &dyn Chain) {
    let somebody = Keypair::generate();
    assert_eq!(chain.balance(somebody.account()), Ok(0));
    let enough = 10_000_000_000_000;
    endow(chain, &alice(), &[somebody.account()], enough).unwrap();
    endow(chain, &alice(), &[somebody.account()], enough).unwrap();
    assert_eq!(chain.balance(somebody.account()), Ok(enough));

    let cell = new_cell(chain, &somebody, 7, b"coin");
    let before = chain.balance(somebody.account()).unwrap();
    let call = message_builder!(Cell).set(1).input.encode();
    let dry = chain.dry_run(somebody.account(), cell, &call, 0).unwrap();
    let told = chain.fee(cell, &call, 0, dry.gas).unwrap();
    let receipt = send(chain, &somebody, cell, message_builder!(Cell).set(1)).unwrap().receipt;
    assert_eq!(chain.balance(somebody.account()), Ok(before - receipt.fee));
    assert!(told.abs_diff(receipt.fee) <= receipt.fee / 10, "told {told}, taken {}", receipt.fee);

    let penniless = Keypair::generate();
    assert!(chain.transfer(&penniless, cell, 1).is_err());
    let too_little = chain.transfer(&alice(), penniless.account(), 1);
    assert!(too_little.is_err(), "{too_little:?}");
    let too_much = chain.transfer(&somebody, alice().account(), enough);
    assert!(too_much.is_err(), "{too_much:?}");
}

fn time_passes(chain: &dyn Chain) {
    let cell = new_cell(chain, &alice(), 7, b"time");
    let before = chain.now().unwrap();
    chain.advance(Duration::from_millis(1_500)).unwrap();
    let after = chain.now().unwrap();
    assert!(after >= before + 1_500, "{before} {after}");
    advance_to(chain, after + 100).unwrap();
    assert!(read(chain, cell, message_builder!(Cell).time()).unwrap() >= after + 100);
}

fn events_are_kept_by_block(chain: &dyn Chain) {
    let cell = new_cell(chain, &alice(), 7, b"events");
    let first = send(chain, &alice(), cell, message_builder!(Cell).set(1)).unwrap().receipt;
    let second = send(chain, &alice(), cell, message_builder!(Cell).set(2)).unwrap().receipt;
    assert!(first.block < second.block && second.block <= chain.block_number().unwrap());
    let values = |from| {
        let all = chain.events(from).unwrap();
        let ours = all.iter().filter(|event| event.contract == cell);
        ours.map(|event| (event.block, event.decode::<CellStored>().unwrap().value)).collect::<Vec<_>>()
    };
    let both = [(first.block, 1), (second.block, 2)];
    assert_eq!(values(0), both);
    assert_eq!(values(first.block), both);
    assert_eq!(values(first.block + 1), both[1..]);
    assert_eq!(values(second.block + 1), []);
}

fn many_threads_may_share_a_key(chain: &dyn Chain) {
    let cell = new_cell(chain, &alice(), 7, b"threads");
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for value in 0..3 {
                    let message = message_builder!(Cell).set(thread * 10 + value);
                    send(chain, &alice(), cell, message).unwrap();
                }
            });
        }
    });
    let all = chain.events(0).unwrap();
    assert_eq!(all.iter().filter(|event| event.contract == cell).count(), 12);
}

fn code_is_uploaded_twice_without_harm(chain: &dyn Chain) {
    let hash = sp_core::hashing::blake2_256(&cell_wasm());
    for _ in 0..2 {
        assert_eq!(chain.upload(&alice(), &cell_wasm()).unwrap().0, hash);
    }
}

/// As two processes with the same key do: nothing is lost, nothing is done twice.
fn two_clients_may_share_a_key(one: &dyn Chain, two: &dyn Chain) {
    let cell = new_cell(one, &alice(), 7, b"clients");
    std::thread::scope(|scope| {
        for chain in [one, two] {
            scope.spawn(move || {
                for value in 0..5 {
                    send(chain, &alice(), cell, message_builder!(Cell).set(value)).unwrap();
                }
            });
        }
    });
    let all = one.events(0).unwrap();
    assert_eq!(all.iter().filter(|event| event.contract == cell).count(), 10);
}

#[test]
fn the_embedded_chain_behaves() {
    behave(&Embedded::ephemeral());
}

#[test]
fn a_chain_in_a_folder_behaves() {
    let folder = tempfile::tempdir().unwrap();
    behave(&*chain::open("embedded", folder.path()).unwrap());
}

#[test]
fn a_served_chain_behaves() {
    let chain = Arc::new(Embedded::ephemeral());
    let server = Server::start(Arc::clone(&chain), ([127, 0, 0, 1], 0).into()).unwrap();
    let remote = chain::open(&server.url(), std::path::Path::new("unused")).unwrap();
    assert_eq!(remote.genesis(), chain.genesis());
    behave(&*remote);
    two_clients_may_share_a_key(&*remote, &Remote::connect(&server.url()).unwrap());
}

#[test]
#[ignore = "needs a node"]
fn a_node_behaves() {
    let program = find_node().expect("no substrate-contracts-node: scripts/node says how to get one");
    let node = Node::spawn(&program).unwrap();
    let (chain, url) = (Rpc::connect(&node.url()).unwrap(), node.url());
    behave(&chain);
    two_clients_may_share_a_key(&chain, &Rpc::connect(&url).unwrap());
    drop(node);
    for _ in 0..2 {
        let gone = chain.block_number();
        assert!(matches!(&gone, Err(ChainError::Unreachable { url: named, .. }) if *named == url), "{gone:?}");
    }
}
