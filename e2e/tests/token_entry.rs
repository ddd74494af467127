//! The token takes its commonest messages before ink!'s dispatch: nobody must be able to tell which way a call went.
use std::sync::LazyLock;

use chain::{AccountId, Chain, Embedded, Keypair, deploy, endow, input, read};
use ink::message_builder;
use openledger_abi::token::{Token, TokenError};
use proptest::prelude::*;
use psp22::PSP22;

struct Founded {
    chain: Embedded,
    token: AccountId,
    people: Vec<Keypair>,
}

/// A token of which the first of three people holds everything, and the second votes for itself.
static FOUNDED: LazyLock<Founded> = LazyLock::new(|| {
    let chain = Embedded::ephemeral();
    let people: Vec<Keypair> = (0..3).map(|_| Keypair::generate()).collect();
    let accounts: Vec<AccountId> = people.iter().map(Keypair::account).collect();
    endow(&chain, &Keypair::from_uri("//Alice").unwrap(), &accounts, 10_000_000_000_000_000).unwrap();
    let code = suite::artifact("open_token").unwrap().wasm;
    let arguments = input("new", &(chain.genesis(), accounts[0]));
    let (token, _) = deploy::<_, TokenError>(&chain, &people[0], code, &arguments, &[]).unwrap();
    let delegate = message_builder!(Token).delegate(Some(accounts[1]));
    chain::send(&chain, &people[1], token, delegate).unwrap();
    Founded { chain, token, people }
});

#[derive(Debug, Clone, Copy)]
enum Act {
    Transfer { to: usize, value: u128 },
    TransferFrom { from: usize, to: usize, value: u128 },
    Approve { spender: usize, value: u128 },
}

fn acts() -> impl Strategy<Value = (usize, Act)> {
    let value = prop_oneof![0u128..4, Just(1_000_000_000 * 10u128.pow(18)), Just(u128::MAX)];
    let act = (0..3u8, 0..3usize, 0..3usize, value).prop_map(|(kind, one, other, value)| match kind {
        0 => Act::Transfer { to: one, value },
        1 => Act::TransferFrom { from: one, to: other, value },
        _ => Act::Approve { spender: one, value },
    });
    (0..3usize, act)
}

/// The call's bytes. Whatever follows a message's arguments goes unread, but keeps the call off the short way.
fn bytes(act: Act, long_way: bool) -> Vec<u8> {
    use ink::scale::Encode;
    let account = |index: usize| FOUNDED.people[index].account();
    let mut bytes = match act {
        Act::Transfer { to, value } => message_builder!(PSP22).transfer(account(to), value, vec![]).input.encode(),
        Act::TransferFrom { from, to, value } => {
            message_builder!(PSP22).transfer_from(account(from), account(to), value, vec![]).input.encode()
        }
        Act::Approve { spender, value } => message_builder!(PSP22).approve(account(spender), value).input.encode(),
    };
    if long_way {
        bytes.push(0);
    }
    bytes
}

/// What a call comes to, told by everything that it can be told by, and its ref time.
fn outcome(chain: &Embedded, who: usize, act: Act, long_way: bool) -> (impl PartialEq + std::fmt::Debug, u64) {
    let (token, key) = (FOUNDED.token, &FOUNDED.people[who]);
    let bytes = bytes(act, long_way);
    let dry = chain.dry_run(key.account(), token, &bytes, 0).unwrap();
    let done = chain.submit(key, token, &bytes, 0);
    let events = done.as_ref().map(|receipt| receipt.events.clone()).map_err(|error| format!("{error:?}"));
    let deposit = done.as_ref().map(|receipt| receipt.deposit).unwrap_or(0);
    let balances: Vec<u128> = FOUNDED
        .people
        .iter()
        .map(|key| read(chain, token, message_builder!(PSP22).balance_of(key.account())).unwrap())
        .collect();
    ((dry.returned, dry.reverted, events, deposit, balances), dry.gas.ref_time)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_short_way_does_what_the_long_way_does(acts in proptest::collection::vec(acts(), 1..24)) {
        let (short, long) = (FOUNDED.chain.fork(), FOUNDED.chain.fork());
        for (who, act) in acts {
            let (by_short, lighter) = outcome(&short, who, act, false);
            let (by_long, heavier) = outcome(&long, who, act, true);
            prop_assert_eq!(by_short, by_long);
            prop_assert!(lighter < heavier, "{} {}", lighter, heavier);
        }
    }
}

#[test]
fn native_coin_sent_along_is_refused_on_both_ways() {
    let chain = FOUNDED.chain.fork();
    let act = Act::Transfer { to: 1, value: 1 };
    let from = FOUNDED.people[0].account();
    let short = chain.dry_run(from, FOUNDED.token, &bytes(act, false), 1);
    let long = chain.dry_run(from, FOUNDED.token, &bytes(act, true), 1);
    assert!(short.is_err() || short.as_ref().unwrap().reverted);
    assert_eq!(format!("{:?}", short.map(|run| run.returned)), format!("{:?}", long.map(|run| run.returned)));
}
