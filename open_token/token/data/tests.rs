use super::*;
use ink::env::{test::run_test, DefaultEnvironment};
use proptest::prelude::*;

const SUPPLY: Balance = 1_000;
const ACCOUNTS: u8 = 5;

fn account(byte: u8) -> AccountId {
    AccountId::from([byte; 32])
}

fn token() -> TokenData {
    TokenData::new(account(0), SUPPLY, 1, &mut drop)
}

/// How many events a call emits.
fn counted<E: core::fmt::Debug>(call: impl FnOnce(&mut dyn FnMut(TokenEvent)) -> Result<(), E>) -> usize {
    let mut count = 0;
    call(&mut |_| count += 1).unwrap();
    count
}

#[ink::test]
fn a_holder_who_never_delegated_has_no_votes() {
    let token = token();
    assert_eq!(token.balance_of(account(0)), SUPPLY);
    assert_eq!(token.votes_of(account(0)), 0);
}

#[ink::test]
fn delegated_votes_follow_the_balance() {
    let mut token = token();
    token.delegate(account(0), Some(account(7)), 2, &mut drop).unwrap();
    token.delegate(account(1), Some(account(8)), 2, &mut drop).unwrap();
    assert_eq!(token.votes_of(account(7)), SUPPLY);

    let events = counted(|mut emit| token.transfer(account(0), account(1), 300, 3, &mut emit));

    assert_eq!(events, 3);
    assert_eq!(token.votes_of(account(7)), 700);
    assert_eq!(token.votes_of(account(8)), 300);
    assert_eq!(token.past_votes_of(account(7), 2, 4), Ok(SUPPLY));
    assert_eq!(token.past_votes_of(account(8), 2, 4), Ok(0));
}

#[ink::test]
fn a_transfer_within_one_delegate_moves_no_votes() {
    let mut token = token();
    token.delegate(account(0), Some(account(7)), 2, &mut drop).unwrap();
    token.delegate(account(1), Some(account(7)), 2, &mut drop).unwrap();
    let events = counted(|mut emit| token.transfer(account(0), account(1), 300, 3, &mut emit));
    assert_eq!(events, 1);
    assert_eq!(token.votes_of(account(7)), SUPPLY);
}

#[ink::test]
fn votes_can_be_taken_back() {
    let mut token = token();
    token.delegate(account(0), Some(account(7)), 2, &mut drop).unwrap();
    token.delegate(account(0), None, 3, &mut drop).unwrap();
    assert_eq!(token.votes_of(account(7)), 0);
    assert_eq!(token.delegate_of(account(0)), None);
    assert_eq!(token.past_votes_of(account(7), 2, 4), Ok(SUPPLY));
}

#[ink::test]
fn delegating_to_the_same_account_again_is_no_event() {
    let mut token = token();
    token.delegate(account(0), Some(account(7)), 2, &mut drop).unwrap();
    assert_eq!(counted(|mut emit| token.delegate(account(0), Some(account(7)), 3, &mut emit)), 0);
}

#[ink::test]
fn the_present_can_not_be_asked_as_a_past() {
    let token = token();
    assert_eq!(token.past_votes_of(account(0), 5, 5), Err(TokenError::FutureLookup { now: 5 }));
    assert_eq!(token.past_total_supply(6, 5), Err(TokenError::FutureLookup { now: 5 }));
    assert_eq!(token.past_total_supply(4, 5), Ok(SUPPLY));
    assert_eq!(token.past_total_supply(0, 5), Ok(0));
}

#[ink::test]
fn a_burn_takes_supply_balance_and_votes() {
    let mut token = token();
    token.delegate(account(0), Some(account(7)), 2, &mut drop).unwrap();
    token.burn(account(0), account(0), 400, 3, &mut drop).unwrap();
    assert_eq!(token.total_supply(), 600);
    assert_eq!(token.balance_of(account(0)), 600);
    assert_eq!(token.votes_of(account(7)), 600);
    assert_eq!(token.past_total_supply(2, 4), Ok(SUPPLY));
    assert_eq!(token.burn(account(0), account(0), 601, 4, &mut drop).err(), Some(PSP22Error::InsufficientBalance));
}

#[ink::test]
fn an_allowance_that_would_overflow_is_refused() {
    let mut token = token();
    token.approve(account(0), account(1), Balance::MAX, &mut drop);
    let error = token.change_allowance(account(0), account(1), AllowanceChange::More(1), &mut drop).err();
    assert!(matches!(error, Some(PSP22Error::Custom(_))));
    assert_eq!(token.allowance(account(0), account(1)), Balance::MAX);
}

#[ink::test]
fn a_refused_transfer_leaves_the_allowance() {
    let mut token = token();
    token.approve(account(0), account(1), SUPPLY + 5, &mut drop);
    let error = token.transfer_from(account(1), account(0), account(2), SUPPLY + 1, 2, &mut drop).err();
    assert_eq!(error, Some(PSP22Error::InsufficientBalance));
    assert_eq!(token.allowance(account(0), account(1)), SUPPLY + 5);
}

/// One call, whether it succeeds or not.
#[derive(Debug, Clone)]
enum Step {
    Transfer(u8, u8, Balance),
    TransferFrom(u8, u8, u8, Balance),
    Approve(u8, u8, Balance),
    Burn(u8, u8, Balance),
    Delegate(u8, Option<u8>),
    UseNonce(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0..ACCOUNTS;
    let amount = || 0..SUPPLY * 2;
    prop_oneof![
        4 => (who(), who(), amount()).prop_map(|(a, b, v)| Step::Transfer(a, b, v)),
        2 => (who(), who(), who(), amount()).prop_map(|(a, b, c, v)| Step::TransferFrom(a, b, c, v)),
        2 => (who(), who(), amount()).prop_map(|(a, b, v)| Step::Approve(a, b, v)),
        1 => (who(), who(), 0..SUPPLY / 4).prop_map(|(a, b, v)| Step::Burn(a, b, v)),
        3 => (who(), proptest::option::of(who())).prop_map(|(a, b)| Step::Delegate(a, b)),
        1 => who().prop_map(Step::UseNonce),
    ]
}

fn take(token: &mut TokenData, step: &Step, now: Timestamp) -> Balance {
    match *step {
        Step::Transfer(a, b, v) => drop(token.transfer(account(a), account(b), v, now, &mut drop)),
        Step::TransferFrom(a, b, c, v) => {
            drop(token.transfer_from(account(a), account(b), account(c), v, now, &mut drop))
        }
        Step::Approve(a, b, v) => token.approve(account(a), account(b), v, &mut drop),
        Step::Delegate(a, b) => drop(token.delegate(account(a), b.map(account), now, &mut drop)),
        Step::UseNonce(a) => drop(token.use_nonce(account(a))),
        Step::Burn(a, b, v) => {
            if token.burn(account(a), account(b), v, now, &mut drop).is_ok() {
                return v;
            }
        }
    }
    0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn supply_balances_and_votes_agree_after_any_calls(
        steps in proptest::collection::vec((step(), 0u64..3), 1..60),
    ) {
        run_test::<DefaultEnvironment, _>(|_| {
            let mut token = token();
            let mut now = 2;
            let mut burned = 0;
            let mut past = vec![];
            for (step, wait) in &steps {
                if *wait > 0 {
                    let votes: Vec<_> = (0..ACCOUNTS).map(|a| token.votes_of(account(a))).collect();
                    past.push((now, votes, token.total_supply()));
                    now += wait;
                }
                burned += take(&mut token, step, now);

                let balances: Balance = (0..ACCOUNTS).map(|a| token.balance_of(account(a))).sum();
                assert_eq!(token.total_supply(), SUPPLY - burned);
                assert_eq!(balances, token.total_supply());
                for delegate in 0..ACCOUNTS {
                    let delegated: Balance = (0..ACCOUNTS)
                        .filter(|a| token.delegate_of(account(*a)) == Some(account(delegate)))
                        .map(|a| token.balance_of(account(a)))
                        .sum();
                    assert_eq!(token.votes_of(account(delegate)), delegated);
                }
            }
            for (at, votes, supply) in past {
                for (delegate, votes) in (0..ACCOUNTS).zip(votes) {
                    assert_eq!(token.past_votes_of(account(delegate), at, now), Ok(votes));
                }
                assert_eq!(token.past_total_supply(at, now), Ok(supply));
            }
            Ok(())
        }).unwrap();
    }
}
