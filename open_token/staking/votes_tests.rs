//! Votes through time, with the storage that the contract uses.
use crate::flow::{self, Act};
use crate::pool::{Global, Operator};
use crate::store::Store;
use ink::env::DefaultEnvironment;
use openledger_abi::staking::{Role, StakingError, StakingParameters};
use openledger_abi::{AccountId, Balance, Timestamp};
use proptest::prelude::*;

const ACCOUNTS: u8 = 4;
const OPERATORS: u8 = 2;

fn account(byte: u8) -> AccountId {
    AccountId::from([byte; 32])
}

fn parameters() -> StakingParameters {
    StakingParameters {
        unbonding_ms: 1_600,
        jail_ms: 0,
        min_bonds: [0; 4],
        commission_cap_bps: 0,
        beneficiary_bps: 3_000,
        ..StakingParameters::default()
    }
}

fn enlist(store: &mut Store, operator: u8) {
    store.enlist(account(operator), [operator; 32]).unwrap();
    let new = Operator::new(Role::Validator, [operator; 32], 0, 1, &store.global());
    store.put_operator(account(operator), &new);
}

fn bond(store: &mut Store, act: Act, amount: Balance) -> Result<(), StakingError> {
    let (mut global, mut operator) = (store.global(), store.operator(act.operator)?);
    let mut staker = store.staker(act.account);
    flow::bond(act, &mut global, &parameters(), &mut operator, &mut staker, true, amount)?;
    store.put_global(&global);
    store.put_operator(act.operator, &operator);
    store.put_voter(act.account, &mut staker, act.now)
}

fn unbond(store: &mut Store, act: Act, amount: Balance) -> Result<(), StakingError> {
    let (mut global, mut operator) = (store.global(), store.operator(act.operator)?);
    let mut staker = store.staker(act.account);
    let mut slices = store.fresh_slices(act.operator, act.now, 1_600);
    flow::unbond(act, &mut global, &parameters(), &mut operator, &mut slices, &mut staker, amount)?;
    store.put_global(&global);
    store.put_operator(act.operator, &operator);
    store.put_slices(act.operator, &slices);
    store.put_voter(act.account, &mut staker, act.now)
}

fn slash(store: &mut Store, operator: u8, bps: u16, now: Timestamp) {
    let id = account(operator);
    let (mut global, mut found): (Global, Operator) = (store.global(), store.operator(id).unwrap());
    let mut slices = store.slices(id);
    let penalty = flow::Penalty { bps, offence_at: now, now, rewarded: false };
    flow::slash(&penalty, &mut global, &parameters(), &mut found, &mut slices, Vec::new).unwrap();
    if bps > 0 {
        store.put_rate(id, &found, now).unwrap();
    }
    // Out of jail at once: jail is not what is tested here.
    found.jailed_at = None;
    store.put_global(&global);
    store.put_operator(id, &found);
    store.put_slices(id, &slices);
}

fn on_chain(test: impl FnOnce(&mut Store)) {
    ink::env::test::run_test::<DefaultEnvironment, _>(|_| {
        test(&mut Store::default());
        Ok(())
    })
    .unwrap();
}

#[test]
fn the_last_change_of_a_block_is_what_counts() {
    on_chain(|store| {
        enlist(store, 1);
        let at = |now| Act { account: account(3), operator: account(1), now };
        bond(store, at(10), 50).unwrap();
        bond(store, at(10), 50).unwrap();
        slash(store, 1, 5_000, 20);
        slash(store, 1, 5_000, 20);
        assert_eq!(store.votes_at(account(3), 9), 0);
        assert_eq!(store.votes_at(account(3), 10), 100);
        assert_eq!(store.votes_at(account(3), 19), 100);
        assert_eq!(store.votes_at(account(3), 20), 25);
        assert_eq!(store.votes(account(3)), 25);
    });
}

#[test]
fn a_signing_key_belongs_to_one_operator_for_good() {
    on_chain(|store| {
        enlist(store, 1);
        assert_eq!(store.enlist(account(2), [1; 32]), Err(StakingError::KeyTaken));
        assert_eq!(store.enlist(account(1), [9; 32]), Err(StakingError::AlreadyOperator));
        assert_eq!(store.take_key([0; 32], account(1)), Err(StakingError::ZeroKey));
        assert_eq!(store.owner_of_key([1; 32]), Some(account(1)));
    });
}

#[derive(Debug, Clone)]
enum Step {
    Bond(u8, u8, u32),
    Unbond(u8, u8, u32),
    Slash(u8, u16),
    Pass(u16),
}

fn step() -> impl Strategy<Value = Step> {
    let (who, operator) = (3..3 + ACCOUNTS, 1..=OPERATORS);
    prop_oneof![
        4 => (who.clone(), operator.clone(), 1u32..1_000_000).prop_map(|(w, o, a)| Step::Bond(w, o, a)),
        3 => (who, operator.clone(), 1u32..1_000_000).prop_map(|(w, o, a)| Step::Unbond(w, o, a)),
        1 => (operator, 0u16..9_000).prop_map(|(o, b)| Step::Slash(o, b)),
        3 => (1u16..2_000).prop_map(Step::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn past_votes_are_what_the_votes_were(steps in proptest::collection::vec(step(), 1..60)) {
        on_chain(|store| {
            (1..=OPERATORS).for_each(|operator| enlist(store, operator));
            let mut now = 1_000u64;
            let mut seen: Vec<(Timestamp, Vec<Balance>)> = Vec::new();
            let votes = |store: &Store| (3..3 + ACCOUNTS).map(|who| store.votes(account(who))).collect::<Vec<_>>();
            for step in steps {
                let act = |who, operator| Act { account: account(who), operator: account(operator), now };
                match step {
                    // What is refused must leave nothing behind: flows work on copies.
                    Step::Bond(who, operator, amount) => { let _ = bond(store, act(who, operator), amount.into()); }
                    Step::Unbond(who, operator, amount) => { let _ = unbond(store, act(who, operator), amount.into()); }
                    Step::Slash(operator, bps) => slash(store, operator, bps, now),
                    Step::Pass(ms) => {
                        // The end of a time: what stood before the clock went on.
                        seen.push((now, votes(store)));
                        now += u64::from(ms);
                        seen.push((now - 1, votes(store)));
                    }
                }
                let all: Balance = votes(store).iter().sum();
                assert!(all <= store.global().totals.active, "votes are backed by what is bonded");
            }
            for (at, then) in seen {
                let found: Vec<Balance> = (3..3 + ACCOUNTS).map(|who| store.votes_at(account(who), at)).collect();
                assert_eq!(found, then, "at {at}");
            }
        });
    }
}
