//! Copies of a chain: what happens there happens nowhere else.

mod common;

use std::sync::Arc;

use chain::{Chain, ChainError, Embedded, Keypair, Remote, Server};
use common::{Cell, a_copy_goes_its_own_way, new_cell};
use ink::message_builder;
use scale::Encode;

#[test]
fn a_copy_of_a_served_chain_goes_its_own_way_until_it_is_dropped() {
    let server = Server::start(Arc::new(Embedded::ephemeral()), ([127, 0, 0, 1], 0).into()).unwrap();
    let remote = Remote::connect(&server.url()).unwrap();
    // More than may be held at once: each is given up in between.
    for salt in 0..6 {
        a_copy_goes_its_own_way(&remote, salt);
    }
    let held: Vec<_> = (0..4).map(|_| remote.copy().unwrap()).collect();
    assert!(matches!(remote.copy().map(|_| ()), Err(ChainError::Input(_))));
    drop(held);
    assert!(remote.copy().is_ok());
}

#[test]
fn nobody_calls_without_a_signature_but_on_a_copy() {
    use chain::ChainCopy;
    let chain = Embedded::ephemeral();
    let alice = Keypair::from_uri("//Alice").unwrap();
    let cell = new_cell(&chain, &alice, 1, b"copies");
    let call = message_builder!(Cell).set(8).input.encode();
    let refused = chain.call_as(alice.account(), cell, &call, 0);
    assert!(matches!(refused, Err(ChainError::Input(_))), "{refused:?}");
}

#[test]
fn the_fee_that_is_told_is_the_fee_that_is_taken() {
    let chain = Embedded::ephemeral();
    let alice = Keypair::from_uri("//Alice").unwrap();
    let cell = new_cell(&chain, &alice, 1, b"copies");
    let call = message_builder!(Cell).set(8).input.encode();
    let dry = chain.dry_run(alice.account(), cell, &call, 0).unwrap();
    let told = chain.fee(cell, &call, 0, dry.gas).unwrap();
    let receipt = chain.submit(&alice, cell, &call, 0).unwrap();
    assert!(told >= receipt.fee && told - receipt.fee <= receipt.fee / 10, "{told} {}", receipt.fee);
}
