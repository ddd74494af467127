//! Random sequences of calls: what is owed is there, rounding is the pool's.

use crate::math::mul_div;
use crate::tests::{account, World, LEAST, UNBONDING};
use openledger_abi::staking::{Role, StakingError};
use openledger_abi::{Balance, BPS};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    Bond(u8, u8, u64),
    Unbond(u8, u8, u64),
    UnbondAll(u8, u8),
    Withdraw(u8),
    Claim(u8, u8),
    Fund(u64),
    Pay(u8, u32),
    Commission(u8, u16),
    ApplyCommission(u8),
    Slash(u8, u16, u64),
    FalseReport(u8, u64),
    /// Looks again whether a pool earns; an oracle may have entered or left the set.
    Refresh(u8, bool),
    Pass(u64),
    Unjail(u8),
}

fn step() -> impl Strategy<Value = Step> {
    // Operators 1 to 3, stakers 1 to 6; odd amounts, so that everything rounds.
    let (who, operator, amount) = (1u8..=6, 1u8..=3, 1u64..2_000_000_000);
    prop_oneof![
        4 => (who.clone(), operator.clone(), amount.clone()).prop_map(|(w, o, a)| Step::Bond(w, o, a)),
        3 => (who.clone(), operator.clone(), amount.clone()).prop_map(|(w, o, a)| Step::Unbond(w, o, a)),
        1 => (who.clone(), operator.clone()).prop_map(|(w, o)| Step::UnbondAll(w, o)),
        2 => who.clone().prop_map(Step::Withdraw),
        2 => (who, operator.clone()).prop_map(|(w, o)| Step::Claim(w, o)),
        3 => amount.prop_map(Step::Fund),
        1 => (operator.clone(), 1u32..200_000_000).prop_map(|(o, a)| Step::Pay(o, a)),
        1 => (operator.clone(), 0u16..=2_000).prop_map(|(o, bps)| Step::Commission(o, bps)),
        1 => operator.clone().prop_map(Step::ApplyCommission),
        1 => (operator.clone(), 0u16..=BPS, 0u64..3_000).prop_map(|(o, b, ago)| Step::Slash(o, b, ago)),
        1 => (operator.clone(), 0u64..3_000).prop_map(|(o, ago)| Step::FalseReport(o, ago)),
        2 => (operator.clone(), any::<bool>()).prop_map(|(o, seated)| Step::Refresh(o, seated)),
        3 => (1u64..900).prop_map(Step::Pass),
        1 => operator.prop_map(Step::Unjail),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_sequence_of_calls_owes_more_than_there_is(
        steps in proptest::collection::vec(step(), 1..80),
        role_weights: [u16; 4],
    ) {
        let mut world = World::new();
        world.parameters.role_weights = role_weights;
        (world.parameters.duty_bps, world.parameters.duty_cap) = (1_000, 300_000_000);
        for operator in 1..=3u8 {
            let role = if operator == 3 { Role::Host } else { Role::Oracle };
            world.register_as(role, operator, u16::from(operator) * 333, LEAST + 12_345).unwrap();
        }
        for step in steps {
            match step {
                Step::Bond(who, operator, amount) => {
                    let before = world.worth(who, operator);
                    if world.bond(who, operator, amount.into()).is_ok() {
                        let gained = world.worth(who, operator) - before;
                        prop_assert!(gained <= Balance::from(amount), "a bond is never worth more than was paid in");
                        prop_assert!(gained + 1 >= Balance::from(amount) );
                    }
                }
                Step::Unbond(who, operator, amount) => {
                    let before = world.worth(who, operator);
                    if world.unbond(who, operator, amount.into()).is_ok() {
                        prop_assert!(world.worth(who, operator) + Balance::from(amount) <= before);
                    }
                }
                Step::UnbondAll(who, operator) => {
                    let worth = world.worth(who, operator);
                    let _ = world.unbond(who, operator, worth);
                    prop_assert_eq!(world.worth(who, operator), if worth == 0 { 0 } else { world.worth(who, operator) });
                }
                Step::Withdraw(who) => { world.withdraw(who); }
                Step::Claim(who, operator) => {
                    let owed = world.rewards(who, operator);
                    if let Ok(paid) = world.claim(who, operator) { prop_assert_eq!(paid, owed); }
                    prop_assert_eq!(world.rewards(who, operator), 0);
                }
                Step::Fund(amount) => { world.fund(amount.into()); }
                Step::Pay(operator, each) => {
                    let fund = world.global.totals.duty;
                    let paid = world.pay(&[operator], each.into());
                    prop_assert_eq!(paid.is_ok(), fund >= Balance::from(each), "the fund is never overdrawn");
                }
                Step::Commission(operator, bps) => {
                    let _ = world.set_commission(operator, bps);
                }
                Step::ApplyCommission(operator) => {
                    let owed: Vec<_> = (1..=6).map(|who| world.rewards(who, operator)).collect();
                    let _ = world.apply_commission(operator);
                    let after: Vec<_> = (1..=6).map(|who| world.rewards(who, operator)).collect();
                    prop_assert_eq!(owed, after, "a rise takes nothing of what was earned before it");
                }
                Step::Slash(operator, bps, ago) => {
                    let worths: Vec<_> = (1..=6).map(|who| world.worth(who, operator)).collect();
                    let own = world.own(operator);
                    let outcome = world.slash(operator, bps, world.now - ago).unwrap();
                    let kept = outcome.credited + outcome.to_pot;
                    prop_assert!(2 * kept <= own - world.own(operator), "nobody gains by its own proof");
                    for (who, before) in (1..=6).zip(worths) {
                        let after = world.worth(who, operator);
                        let fair = mul_div(before, u128::from(BPS - bps), u128::from(BPS)).unwrap();
                        prop_assert!(after <= before.min(fair + 1) && after + 2 >= fair, "the same part of everybody");
                    }
                }
                Step::FalseReport(operator, ago) => {
                    let worths: Vec<_> = (1..=6).map(|who| world.worth(who, operator)).collect();
                    let owed: Vec<_> = (1..=6).map(|who| world.rewards(who, operator)).collect();
                    let own = world.own(operator);
                    let outcome = world.slash_false_report(operator, world.now - ago).unwrap();
                    let kept = outcome.credited + outcome.to_pot;
                    prop_assert!(2 * kept <= own - world.own(operator), "nobody gains by its own proof");
                    let taken = outcome.own + outcome.active + outcome.unbonding;
                    prop_assert_eq!(taken, kept + outcome.burned);
                    prop_assert_eq!(world.operators[&account(operator)].own(), 0, "all of its own shares");
                    let rate = u128::from(BPS - world.parameters.false_report_bps);
                    for (who, before) in (1..=6).zip(worths).filter(|(who, _)| *who != operator) {
                        let after = world.worth(who, operator);
                        let fair = mul_div(before, rate, u128::from(BPS)).unwrap();
                        prop_assert!(after <= before.min(fair + 1) && after + 2 >= fair, "the rate of others");
                    }
                    let after: Vec<_> = (1..=6).map(|who| world.rewards(who, operator)).collect();
                    prop_assert_eq!(owed, after, "what was earned before stays earned");
                }
                Step::Refresh(operator, seated) => {
                    let parameters = world.parameters.clone();
                    world.atomic(operator, operator, |global, _, found, _, _| {
                        found.detach(global)?;
                        let seated = found.seated(|| Ok::<_, StakingError>(seated))?;
                        found.begin(global, &parameters, seated)
                    }).unwrap();
                }
                Step::Pass(ms) => world.now += ms,
                Step::Unjail(operator) => {
                    let (now, parameters) = (world.now, world.parameters.clone());
                    let _ = world.atomic(operator, operator, |global, _, found, _, _| {
                        found.detach(global)?;
                        found.unjail(now, &parameters)?;
                        found.begin(global, &parameters, true)
                    });
                }
            }
            world.check();
        }
        // Everybody leaves: everything that is owed can be paid.
        for operator in 1..=3 {
            for who in 1..=6 {
                let worth = world.worth(who, operator);
                let _ = world.claim(who, operator);
                let left = world.unbond(who, operator, worth);
                let bounded = matches!(left, Err(StakingError::TooManyUnbondings | StakingError::NoStake));
                prop_assert!(left.is_ok() || bounded, "{:?}", left);
                world.check();
            }
        }
        world.now += 2 * UNBONDING;
        for who in 1..=6 { world.withdraw(who); }
        world.check();
    }
}
