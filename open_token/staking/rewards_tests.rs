//! Commission that rises and falls, the duty fund, and bonds of exactly the least.

use crate::duty;
use crate::pool::{Operator, Spread};
use crate::store::Store;
use crate::tests::{account, World, LEAST, RISE};
use ink::env::DefaultEnvironment;
use openledger_abi::staking::{CommissionRise, Judge, Offence, Role, StakingError};
use openledger_abi::{Balance, OPEN};

/// An operator with a commission of 10 % and as much of bert's as its own.
fn world() -> World {
    let mut world = World::new();
    world.register(1, 1_000, LEAST).unwrap();
    world.bond(2, 1, LEAST).unwrap();
    world
}

#[test]
fn a_lower_commission_is_in_force_at_once_for_what_comes_after() {
    let mut world = world();
    world.fund(1_000);
    assert_eq!(world.set_commission(1, 0).unwrap(), None);
    world.fund(1_000);
    assert_eq!(world.rewards(2, 1), 450 + 500);
    assert!((1_049..=1_050).contains(&world.rewards(1, 1)), "commission rounds down");
}

#[test]
fn a_higher_commission_waits_for_its_time_and_takes_nothing_that_came_before() {
    let mut world = world();
    let due_at = world.now + RISE;
    let rise = CommissionRise { commission_bps: 2_000, due_at };
    assert_eq!(world.set_commission(1, 2_000).unwrap(), Some(rise));
    assert_eq!(world.operators[&account(1)].info(0, &world.parameters).rise, Some(rise));
    world.fund(1_000);
    world.now = due_at - 1;
    assert_eq!(world.apply_commission(1), Err(StakingError::RiseNotDue));
    world.now = due_at;
    world.fund(1_000);
    assert_eq!(world.apply_commission(1), Ok(2_000));
    assert_eq!(world.rewards(2, 1), 900, "both came in at the old rate");
    world.fund(1_000);
    assert_eq!(world.rewards(2, 1), 1_300);
    assert_eq!(world.apply_commission(1), Err(StakingError::NoRise), "not twice");
}

#[test]
fn a_rise_that_is_due_but_not_put_in_force_charges_nobody() {
    let mut world = world();
    world.set_commission(1, 2_000).unwrap();
    world.now += 10 * RISE;
    world.fund(1_000);
    assert_eq!(world.rewards(2, 1), 450);
    world.claim(2, 1).unwrap();
    world.fund(1_000);
    assert_eq!(world.rewards(2, 1), 450, "claims don't put it in force");
}

#[test]
fn an_announcement_replaces_the_one_before_it_and_a_fall_drops_it() {
    let mut world = world();
    world.set_commission(1, 2_000).unwrap();
    world.now += RISE;
    let again = world.set_commission(1, 1_500).unwrap().unwrap();
    assert_eq!(again.due_at, world.now + RISE, "whoever changes it waits again");
    assert_eq!(world.apply_commission(1), Err(StakingError::RiseNotDue));
    world.now += RISE;
    world.set_commission(1, 1_000).unwrap();
    assert_eq!(world.apply_commission(1), Err(StakingError::NoRise));
    assert_eq!(world.set_commission(1, 2_001), Err(StakingError::CommissionAboveCap));
}

#[test]
fn a_cap_that_was_lowered_holds_for_rises_and_after_a_refresh_for_all() {
    let mut world = world();
    world.set_commission(1, 2_000).unwrap();
    world.now += RISE;
    world.parameters.commission_cap_bps = 1_200;
    assert_eq!(world.apply_commission(1), Ok(1_200));
    world.parameters.commission_cap_bps = 500;
    world.fund(1_000);
    let parameters = world.parameters.clone();
    let capped = world.atomic(1, 1, |global, _, operator, _, _| operator.cap_commission(global, &parameters));
    assert_eq!(capped, Ok(Some(500)));
    assert_eq!(world.rewards(2, 1), 440, "what came in before was at the old rate");
    let again = world.atomic(1, 1, |global, _, operator, _, _| operator.cap_commission(global, &parameters));
    assert_eq!(again, Ok(None));
}

#[test]
fn the_duty_fund_takes_its_part_until_it_is_full() {
    let mut world = world();
    (world.parameters.duty_bps, world.parameters.duty_cap) = (1_000, 150);
    let mut spread = |amount| {
        world.balance += amount;
        crate::pool::distribute(&mut world.global, &world.parameters, amount).unwrap()
    };
    let oracles = |given, duty| Spread { given: [given, 0, 0, 0], duty };
    assert_eq!(spread(1_000), oracles(900, 100));
    assert_eq!(spread(1_000), oracles(950, 50));
    assert_eq!(spread(1_000), oracles(1_000, 0));
}

#[test]
fn nothing_goes_into_the_duty_fund_while_no_pool_earns() {
    let mut world = World::new();
    (world.parameters.duty_bps, world.parameters.duty_cap) = (1_000, OPEN);
    assert_eq!(world.fund(1_000), 0);
    assert_eq!(world.global.totals.duty, 0);
    world.register(1, 0, LEAST).unwrap();
    assert_eq!(world.fund(0), 900);
    world.check();
}

#[test]
fn work_is_paid_in_full_or_not_at_all() {
    let mut world = world();
    (world.parameters.duty_bps, world.parameters.duty_cap) = (10_000, OPEN);
    world.fund(100);
    assert_eq!(world.pay(&[1], 0), Err(StakingError::NothingDue));
    assert_eq!(world.pay(&[], 5), Err(StakingError::NothingDue));
    assert_eq!(world.pay(&[1], 101), Err(StakingError::DutyFundShort));
    assert_eq!(world.pay(&[1], 100), Ok(100));
    assert_eq!(world.pay(&[1], 1), Err(StakingError::DutyFundShort));
    assert_eq!(world.claim(1, 1), Ok(100), "it is the operator's own");
    assert_eq!(world.claim(2, 1), Err(StakingError::NothingToClaim));
    world.check();
}

#[test]
fn who_is_in_jail_or_no_operator_is_paid_nothing() {
    ink::env::test::run_test::<DefaultEnvironment, _>(|_| {
        let mut store = Store::default();
        for byte in 1..=3 {
            store.enlist(account(byte), [byte; 32]).unwrap();
            let mut operator = Operator::new(Role::Oracle, [byte; 32], 0, 1, &store.global());
            operator.jailed_at = (byte == 2).then_some(5);
            store.put_operator(account(byte), &operator);
        }
        let mut global = store.global();
        global.totals.duty = 70;
        store.put_global(&global);
        let all = (1..=4).map(account).collect();
        assert_eq!(duty::pay(&mut store, all, 30), Ok((vec![account(1), account(3)], 60)));
        let commission = |byte| store.operator(account(byte)).unwrap().pool.commission;
        assert_eq!([1, 2, 3].map(commission), [30, 0, 30]);
        let totals = store.global().totals;
        assert_eq!((totals.duty, totals.rewards), (10, 60));
        let jailed = duty::pay(&mut store, vec![account(2)], 1);
        assert_eq!(jailed, Err(StakingError::NothingDue));
        Ok(())
    })
    .unwrap();
}

#[test]
fn exactly_the_least_bond_is_enough_in_a_slashed_pool_too() {
    for bps in [1, 333, 3_333, 9_999] {
        let mut world = World::with_operator(1, LEAST);
        world.slash(1, bps, world.now).unwrap();
        let own = world.worth(1, 1);
        world.bond(1, 1, LEAST - own).unwrap();
        let id = account(1);
        assert!(world.operators[&id].has_least_bond(&world.parameters), "after {bps} bps: {}", world.worth(1, 1));
        world.unbond(1, 1, 2).unwrap();
        assert!(!world.operators[&id].has_least_bond(&world.parameters), "after {bps} bps");
    }
}

#[test]
fn a_slash_after_a_bond_shares_it_though_the_offence_was_before() {
    // What the documentation says of late bonds.
    let mut world = World::with_operator(1, LEAST);
    let offence_at = world.now;
    world.now += 10;
    world.bond(2, 1, 1_000).unwrap();
    world.slash(1, 1_000, offence_at).unwrap();
    assert_eq!(world.worth(2, 1), 899, "rounded down");
}

#[test]
fn each_role_has_an_offence_and_each_offence_a_judge() {
    use Offence::*;
    let all = [FalseReport, FalseReceipt, FalseVerdict, ContradictingVouchers, Misconduct, FalseAttestation];
    for role in [Role::Oracle, Role::Validator, Role::Host, Role::Agent] {
        assert!(all.iter().any(|offence| offence.role() == Some(role)), "{role:?}");
    }
    for judged_by_voters in [Misconduct, FalseAttestation, FalseReceipt] {
        assert_eq!(judged_by_voters.judge(), Judge::GovernanceAlone);
    }
    assert_eq!(FalseVerdict.judge(), Judge::Arbitration);
    assert_eq!(FalseReport.judge(), Judge::Disputes);
}

/// Whoever settles often loses no more than a unit each time, and never gains.
#[test]
fn settling_often_loses_less_than_a_unit_a_time() {
    let mut often = world();
    let mut once = world();
    let mut claimed: Balance = 0;
    for _ in 0..100 {
        often.fund(333);
        once.fund(333);
        claimed += often.claim(2, 1).unwrap();
    }
    let whole = once.claim(2, 1).unwrap();
    assert!(claimed <= whole && claimed + 100 >= whole, "{claimed} by a hundred claims, {whole} by one");
}
