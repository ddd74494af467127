//! What a false report costs its signer, what a signature covers, and since when who is out of service.

use crate::flow;
use crate::pool::Spread;
use crate::tests::{account, World, JAIL, LEAST, UNBONDING};
use openledger_abi::staking::{Role, StakingError};
use openledger_abi::{Balance, Timestamp, BPS};

/// Operator 1 with 100 OPEN of its own and as much of bert's.
fn world() -> World {
    let mut world = World::with_operator(1, LEAST);
    world.bond(2, 1, LEAST).unwrap();
    world
}

fn cover(world: &World, operator: u8, matures_after: Timestamp) -> Option<Balance> {
    let id = account(operator);
    let mut slices = world.slices.get(&id).cloned().unwrap_or_default();
    slices.retain(|slice| slice.matures_at > matures_after);
    let mut parts = world.stakers[&id].parts.clone();
    parts.retain(|part| part.operator == id);
    let unbonding = crate::unbonding::worth(&slices, &parts);
    world.operators[&id].report_cover(unbonding, &world.parameters).unwrap()
}

#[test]
fn a_false_report_takes_all_of_a_signers_own_and_the_rate_of_the_rest() {
    let mut world = world();
    let outcome = world.slash_false_report(1, world.now).unwrap();
    assert_eq!((outcome.own, outcome.active, outcome.unbonding), (LEAST, LEAST / 5, 0));
    assert_eq!(world.own(1), 0);
    assert!((LEAST * 4 / 5 - 1..=LEAST * 4 / 5).contains(&world.worth(2, 1)), "rounded down");
    // 30 % of 120 is the provers', 50 less that the pot's.
    assert_eq!((outcome.credited, outcome.to_pot), (LEAST * 36 / 100, LEAST * 14 / 100));
    assert!(world.operators[&account(1)].jailed_at.is_some());
    world.check();
}

#[test]
fn its_own_parts_leave_their_slice_before_the_rate_applies() {
    let mut world = world();
    world.unbond(2, 1, 400).unwrap();
    let matures_at = world.unbond(1, 1, 600).unwrap().matures_at;
    let outcome = world.slash_false_report(1, world.now).unwrap();
    assert_eq!(outcome.unbonding, 600 + 80);
    assert!(world.stakers[&account(1)].parts.is_empty());
    world.now = matures_at;
    assert_eq!(world.withdraw(2), 320);
    world.check();
}

#[test]
fn what_was_mature_at_the_submission_is_not_touched() {
    let mut world = world();
    let early = world.unbond(1, 1, 700).unwrap().matures_at;
    world.now = early + UNBONDING / 4;
    world.unbond(1, 1, 300).unwrap();
    assert_eq!(world.slash_false_report(1, early).unwrap().unbonding, 300);
    assert_eq!(world.withdraw(1), 700);
    world.check();
}

#[test]
fn what_it_has_in_other_pools_and_earned_before_stays() {
    let mut world = world();
    world.register(3, 0, LEAST).unwrap();
    world.bond(1, 3, 50).unwrap();
    world.fund(3_000);
    let owed = world.rewards(1, 1);
    world.slash_false_report(1, world.now).unwrap();
    assert_eq!((world.worth(1, 3), world.rewards(1, 1)), (50, owed));
    assert_eq!(world.claim(1, 1), Ok(owed));
    world.check();
}

#[test]
fn a_signer_without_anything_of_its_own_pays_its_provers_nothing() {
    let mut world = world();
    world.unbond(1, 1, LEAST).unwrap();
    world.now += 2 * UNBONDING;
    let outcome = world.slash_false_report(1, world.now).unwrap();
    assert_eq!((outcome.credited, outcome.to_pot, outcome.burned), (0, 0, LEAST / 5));
    world.check();
}

#[test]
fn who_lied_bonds_anew_and_returns_when_its_time_is_over() {
    let mut world = world();
    world.slash_false_report(1, world.now).unwrap();
    assert_eq!(world.bond(2, 1, 5).unwrap_err(), StakingError::Jailed);
    world.bond(1, 1, LEAST).unwrap();
    let (now, parameters) = (world.now, world.parameters.clone());
    let operator = world.operators.get_mut(&account(1)).unwrap();
    assert_eq!(operator.unjail(now + JAIL, &parameters), Ok(()));
    world.check();
}

#[test]
fn an_offence_in_the_future_is_refused() {
    let mut world = world();
    assert_eq!(world.slash_false_report(1, world.now + 1).unwrap_err(), StakingError::OffenceInFuture);
}

#[test]
fn a_pool_that_lost_everything_to_a_false_report_leaves_nothing_behind() {
    let mut world = world();
    world.parameters.false_report_bps = BPS;
    world.slash_false_report(1, world.now).unwrap();
    assert_eq!(world.operators[&account(1)].pool.active, 0);
    assert_eq!(world.worth(2, 1), 0);
    world.check();
}

#[test]
fn cover_is_the_own_bond_and_as_much_of_others_as_a_false_report_takes() {
    let mut world = world();
    assert_eq!(cover(&world, 1, world.now), Some(LEAST * 6 / 5));
    // At most as much as the own bond.
    world.bond(2, 1, 99 * LEAST).unwrap();
    assert_eq!(cover(&world, 1, world.now), Some(2 * LEAST));
}

#[test]
fn of_what_unbonds_only_what_stays_long_enough_covers() {
    let mut world = World::with_operator(1, 2 * LEAST);
    let matures_at = world.unbond(1, 1, LEAST).unwrap().matures_at;
    assert_eq!(cover(&world, 1, matures_at - 1), Some(2 * LEAST));
    assert_eq!(cover(&world, 1, matures_at), Some(LEAST));
}

#[test]
fn who_is_not_in_service_covers_nothing() {
    let mut world = world();
    world.unbond(1, 1, 1).unwrap();
    assert_eq!(cover(&world, 1, world.now), None);
    let mut world = self::world();
    world.slash(1, 0, world.now).unwrap();
    assert_eq!(cover(&world, 1, world.now), None);
}

/// What is slashed is at least what was counted as cover.
#[test]
fn a_false_report_takes_at_least_what_its_signature_covered() {
    for others in [0, 1, LEAST / 7, LEAST, 50 * LEAST] {
        let mut world = World::with_operator(1, 2 * LEAST);
        if others > 0 {
            world.bond(2, 1, others).unwrap();
        }
        world.slash(1, 3_333, world.now).unwrap();
        world.operators.get_mut(&account(1)).unwrap().jailed_at = None;
        world.unbond(1, 1, 777).unwrap();
        let covered = cover(&world, 1, world.now + UNBONDING / 2).unwrap();
        let outcome = world.slash_false_report(1, world.now).unwrap();
        let taken = outcome.own + outcome.active + outcome.unbonding;
        assert!(taken >= covered, "{taken} of {covered} with {others} of others");
    }
}

#[test]
fn an_operator_is_out_of_service_since_its_first_reason_without_a_break() {
    let mut world = World::with_operator(1, LEAST);
    let mut operator = world.operators.remove(&account(1)).unwrap();
    let parameters = world.parameters.clone();
    operator.note_service(&parameters, 0, 10);
    assert_eq!(operator.out_since, None);
    operator.jail(20, &parameters);
    operator.note_service(&parameters, 0, 20);
    operator.note_service(&parameters, 0, 30);
    assert_eq!(operator.out_since, Some(20));
    operator.jailed_at = None;
    operator.note_service(&parameters, 0, 40);
    assert_eq!(operator.out_since, None, "a break");
}

#[test]
fn votes_over_the_least_bond_begin_the_time_anew() {
    let mut world = World::with_operator(1, LEAST);
    let mut operator = world.operators.remove(&account(1)).unwrap();
    let mut parameters = world.parameters.clone();
    parameters.min_bonds = [LEAST + 1; 4];
    operator.note_service(&parameters, 100, 110);
    assert_eq!(operator.out_since, Some(110));
    // Lowered and raised again at 200: it may have been in service for a while, and nobody noted it.
    operator.note_service(&parameters, 200, 210);
    assert_eq!(operator.out_since, Some(200));
    // Who is in jail was out all the time, whatever the least bond was.
    operator.jail(220, &parameters);
    operator.note_service(&parameters, 200, 220);
    operator.note_service(&parameters, 300, 310);
    assert_eq!(operator.out_since, Some(200));
}

#[test]
fn roles_share_by_their_weights_and_pools_by_stake_within_them() {
    let mut world = World::new();
    world.parameters.role_weights = [6, 3, 1, 0];
    world.register_as(Role::Oracle, 1, 0, LEAST).unwrap();
    world.register_as(Role::Host, 2, 0, LEAST).unwrap();
    world.register_as(Role::Host, 3, 0, 3 * LEAST).unwrap();
    world.register_as(Role::Agent, 4, 0, 9 * LEAST).unwrap();
    // No validator works, so what is theirs goes to the others.
    world.fund(7_000);
    let near = |is: Balance, should: Balance| assert!(is <= should && should - is <= 1, "{is} of {should}");
    near(world.rewards(1, 1), 6_000);
    near(world.rewards(2, 2), 250);
    near(world.rewards(3, 3), 750);
    assert_eq!(world.rewards(4, 4), 0);
    world.check();
}

#[test]
fn what_does_not_divide_waits_in_the_pot() {
    let mut world = World::new();
    world.parameters.role_weights = [1, 0, 2, 0];
    world.register_as(Role::Oracle, 1, 0, LEAST).unwrap();
    world.register_as(Role::Host, 2, 0, LEAST).unwrap();
    world.balance += 1_001;
    let spread = crate::pool::distribute(&mut world.global, &world.parameters, 1_001).unwrap();
    assert_eq!(spread, Spread { given: [333, 0, 667, 0], duty: 0 });
    assert_eq!(world.global.totals.pot, 1);
}

#[test]
fn an_oracle_earns_while_it_is_in_the_set() {
    let mut world = World::new();
    world.register(1, 0, LEAST).unwrap();
    world.register(2, 0, LEAST).unwrap();
    let parameters = world.parameters.clone();
    let refresh = |world: &mut World, operator: u8, seated: bool| {
        world.atomic(operator, operator, |global, _, found, _, _| {
            found.detach(global)?;
            let seated = found.seated(|| Ok::<_, StakingError>(seated))?;
            found.begin(global, &parameters, seated)
        })
    };
    assert_eq!(refresh(&mut world, 2, false), Ok(Some(false)));
    world.fund(1_000);
    assert_eq!((world.rewards(1, 1), world.rewards(2, 2)), (999, 0));
    // More of its own bond does not bring it back by itself.
    let act = world.act(2, 2);
    world
        .atomic(2, 2, |global, parameters, operator, _, staker| {
            flow::bond(act, global, parameters, operator, staker, false, 5)
        })
        .unwrap();
    world.balance += 5;
    world.fund(1_000);
    assert_eq!(world.rewards(2, 2), 0);
    assert_eq!(refresh(&mut world, 2, true), Ok(Some(true)));
    world.fund(1_000);
    assert!(world.rewards(2, 2) > 400);
    world.check();
}

#[test]
fn nobody_is_asked_whether_a_host_is_in_the_set() {
    let mut world = World::new();
    world.register_as(Role::Host, 1, 0, LEAST).unwrap();
    let host = &world.operators[&account(1)];
    assert_eq!(host.seated(|| Err(StakingError::PayoutFailed)), Ok(true));
}
