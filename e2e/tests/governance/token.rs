//! OPEN on the chain: votes follow balances, signatures are relayed, sums agree.
use chain::{AccountId, Chain, Keypair, read, send};
use ink::message_builder;
use openledger_abi::token::{DELEGATE_TAG, PERMIT_TAG, Token, TokenError, delegate_body, permit_body};
use openledger_abi::{Balance, OPEN};
use proof::Blake2;
use proof::signed::Signable;
use proptest::prelude::*;
use psp22::{PSP22, PSP22Burnable};
use std::time::Duration;
use suite::Suite;

use crate::world::{HOLDING, fork, own_error};

#[test]
fn a_transfer_between_delegated_accounts_moves_votes_and_leaves_the_past() {
    let world = fork();
    let before = world.chain.now().unwrap();
    world.chain.advance(Duration::from_secs(1)).unwrap();
    world.pay(&world.anne, &world.bert, 7 * OPEN);
    assert_eq!(world.votes(&world.anne), HOLDING - 7 * OPEN);
    assert_eq!(world.votes(&world.bert), HOLDING + 7 * OPEN);
    world.chain.advance(Duration::from_secs(1)).unwrap();
    assert_eq!(world.past_votes(&world.anne, before), Ok(HOLDING));
    assert_eq!(world.past_votes(&world.bert, before), Ok(HOLDING));
    let now = world.chain.now().unwrap();
    assert_eq!(world.past_votes(&world.bert, now - 1), Ok(HOLDING + 7 * OPEN));
    assert!(matches!(world.past_votes(&world.bert, now + 1_000), Err(TokenError::FutureLookup { .. })));
}

#[test]
fn permits_and_delegations_are_relayed_and_burning_lowers_the_supply() {
    let world = fork();
    let (owner, spender) = (world.anne.account(), world.bert.account());
    let deadline = world.chain.now().unwrap() + 60_000;
    let domain = Suite::domain(world.chain.genesis(), world.suite.token);

    let body = permit_body(&owner, &spender, 5 * OPEN, 0, deadline);
    let signature = world.anne.sign(&Signable::new::<Blake2>(&PERMIT_TAG, &domain, &body).digest);
    let permit = || message_builder!(Token).permit(owner, spender, 5 * OPEN, deadline, signature);
    send(&world.chain, &world.poor, world.suite.token, permit()).unwrap();
    assert_eq!(own_error(send(&world.chain, &world.poor, world.suite.token, permit())), TokenError::BadSignature);
    let take = message_builder!(PSP22).transfer_from(owner, world.poor.account(), 5 * OPEN, vec![]);
    send(&world.chain, &world.bert, world.suite.token, take).unwrap();

    let body = delegate_body(&owner, Some(&spender), 1, deadline);
    let signature = world.anne.sign(&Signable::new::<Blake2>(&DELEGATE_TAG, &domain, &body).wrapped);
    let delegate = message_builder!(Token).delegate_by_sig(owner, Some(spender), deadline, signature);
    send(&world.chain, &world.poor, world.suite.token, delegate).unwrap();
    assert_eq!(world.votes(&world.anne), 0);
    assert_eq!(world.votes(&world.bert), 2 * HOLDING - 5 * OPEN);

    let supply = || read(&world.chain, world.suite.token, message_builder!(PSP22).total_supply()).unwrap();
    let before = supply();
    send(&world.chain, &world.anne, world.suite.token, message_builder!(PSP22Burnable).burn(OPEN)).unwrap();
    assert_eq!(supply(), before - OPEN);
    assert_eq!(world.votes(&world.bert), 2 * HOLDING - 6 * OPEN);
}

/// A call that may be refused: who, to whom, how much, which message.
type Step = (usize, usize, Balance, u8);

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(8) })]

    #[test]
    fn supply_balances_and_votes_agree_after_any_calls(
        steps in proptest::collection::vec((0usize..4, 0usize..4, 0..HOLDING, 0u8..4), 1..25),
    ) {
        let world = fork();
        let people = [&world.anne, &world.bert, &world.poor, &world.guardian];
        let step = |(from, to, value, kind): Step| {
            let (from, to) = (people[from], people[to].account());
            match kind {
                0 => drop(send(&world.chain, from, world.suite.token, message_builder!(Token).delegate(Some(to)))),
                1 => drop(send(&world.chain, from, world.suite.token, message_builder!(PSP22Burnable).burn(value / 8))),
                _ => drop(send(
                    &world.chain,
                    from,
                    world.suite.token,
                    message_builder!(PSP22).transfer(to, value, vec![]),
                )),
            }
        };
        steps.into_iter().for_each(step);

        let token = world.suite.token;
        let balance = |of| read(&world.chain, token, message_builder!(PSP22).balance_of(of)).unwrap();
        let accounts = people.map(Keypair::account);
        let held: Balance = accounts.iter().map(|of| balance(*of)).sum();
        let supply = read(&world.chain, token, message_builder!(PSP22).total_supply()).unwrap();
        prop_assert_eq!(held + balance(world.holder.account()), supply);
        for delegate in accounts {
            let whose = |of: &AccountId| read(&world.chain, token, message_builder!(Token).delegates(*of)).unwrap();
            let units = accounts.iter().filter(|of| whose(of) == Some(delegate)).map(|of| balance(*of)).sum::<Balance>();
            let votes = read(&world.chain, token, message_builder!(Token).get_votes(delegate)).unwrap();
            prop_assert_eq!(votes, units);
        }
    }
}
