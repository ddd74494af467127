use crate::duty;
use crate::flow::{self, Act};
use crate::math::{bps_of, mul_div, mul_div_up, Accumulator};
use crate::pool::{self, Global, Operator, ONE};
use crate::staker::{last_at, Staker};
use crate::unbonding::{self, Slice};
use openledger_abi::staking::{
    CommissionRise, Role, StakingError, StakingParameters, MAX_DUTY_BPS, MAX_JAIL_MS, MAX_LEAST_BOND, MAX_STAKES,
    MAX_UNBONDINGS,
};
use openledger_abi::times::{Unit, UNBONDING as UNBONDING_BOUNDS};
use openledger_abi::{AccountId, Balance, Timestamp, BPS, OPEN};
use std::collections::BTreeMap;

pub const UNBONDING: u64 = 1_600;
pub const JAIL: u64 = 500;
pub const RISE: u64 = 700;
pub const LEAST: Balance = 100 * OPEN;

pub const ROLES: [Role; 4] = [Role::Oracle, Role::Validator, Role::Host, Role::Agent];

pub fn account(byte: u8) -> AccountId {
    AccountId::from([byte; 32])
}

/// Staking without a chain: the same flows, maps for storage, a sum of tokens for the token contract.
pub struct World {
    pub now: Timestamp,
    pub parameters: StakingParameters,
    pub global: Global,
    pub operators: BTreeMap<AccountId, Operator>,
    pub slices: BTreeMap<AccountId, Vec<Slice>>,
    pub stakers: BTreeMap<AccountId, Staker>,
    /// OPEN that the contract holds.
    pub balance: Balance,
    pub funded: Balance,
    /// Given to pools, and paid for work.
    pub given: Balance,
    pub claimed: Balance,
    /// Messages that settled a stake.
    pub settled: Balance,
}

impl World {
    pub fn new() -> Self {
        let parameters = StakingParameters {
            unbonding_ms: UNBONDING,
            jail_ms: JAIL,
            min_bonds: [LEAST; 4],
            commission_cap_bps: 2_000,
            beneficiary_bps: 3_000,
            commission_delay_ms: RISE,
            duty_bps: 0,
            duty_cap: 0,
            signature_pay: 0,
            verdict_pay: 0,
            false_report_bps: 2_000,
            role_weights: [1; 4],
        };
        World {
            now: 1_000_000,
            parameters,
            global: Global::default(),
            operators: BTreeMap::new(),
            slices: BTreeMap::new(),
            stakers: BTreeMap::new(),
            balance: 0,
            funded: 0,
            given: 0,
            claimed: 0,
            settled: 0,
        }
    }

    /// A world with an operator of this own bond.
    pub fn with_operator(byte: u8, own: Balance) -> Self {
        let mut world = World::new();
        world.register(byte, 0, own).unwrap();
        world
    }

    pub fn register(&mut self, byte: u8, commission_bps: u16, own: Balance) -> Result<(), StakingError> {
        self.register_as(Role::Oracle, byte, commission_bps, own)
    }

    pub fn register_as(&mut self, role: Role, byte: u8, commission_bps: u16, own: Balance) -> Result<(), StakingError> {
        let operator = Operator::new(role, [byte; 32], commission_bps, self.now, &self.global);
        self.operators.insert(account(byte), operator);
        self.bond(byte, byte, own).map(|_| ())
    }

    pub fn act(&self, who: u8, operator: u8) -> Act {
        Act { account: account(who), operator: account(operator), now: self.now }
    }

    /// As a transaction: an error changes nothing.
    pub fn atomic<T>(
        &mut self,
        who: u8,
        operator: u8,
        f: impl FnOnce(
            &mut Global,
            &StakingParameters,
            &mut Operator,
            &mut Vec<Slice>,
            &mut Staker,
        ) -> Result<T, StakingError>,
    ) -> Result<T, StakingError> {
        let mut global = self.global;
        let mut found = self.operators.get(&account(operator)).cloned().ok_or(StakingError::UnknownOperator)?;
        let mut slices = self.slices.get(&account(operator)).cloned().unwrap_or_default();
        let mut staker = self.stakers.get(&account(who)).cloned().unwrap_or_default();
        let value = f(&mut global, &self.parameters, &mut found, &mut slices, &mut staker)?;
        self.global = global;
        self.operators.insert(account(operator), found);
        self.slices.insert(account(operator), slices);
        self.stakers.insert(account(who), staker);
        self.settled += 1;
        Ok(value)
    }

    pub fn bond(&mut self, who: u8, operator: u8, amount: Balance) -> Result<flow::BondOutcome, StakingError> {
        let act = self.act(who, operator);
        let outcome = self.atomic(who, operator, |global, parameters, operator, _, staker| {
            flow::bond(act, global, parameters, operator, staker, true, amount)
        })?;
        self.balance += amount;
        Ok(outcome)
    }

    pub fn unbond(&mut self, who: u8, operator: u8, amount: Balance) -> Result<flow::UnbondOutcome, StakingError> {
        let act = self.act(who, operator);
        self.atomic(who, operator, |global, parameters, operator, slices, staker| {
            flow::unbond(act, global, parameters, operator, slices, staker, amount)
        })
    }

    pub fn withdraw(&mut self, who: u8) -> Balance {
        let Some(staker) = self.stakers.get_mut(&account(who)) else { return 0 };
        let (matured, rest): (Vec<_>, Vec<_>) =
            staker.parts.iter().copied().partition(|part| part.matures_at <= self.now);
        staker.parts = rest;
        let mut paid = 0;
        for part in matured {
            let slices = self.slices.get_mut(&part.operator).unwrap();
            let slice = slices.iter_mut().find(|slice| slice.matures_at == part.matures_at).unwrap();
            paid += flow::pay(&mut self.global.totals, slice, part.units).unwrap();
            slices.retain(|slice| slice.units > 0);
        }
        self.balance -= paid;
        paid
    }

    pub fn claim(&mut self, who: u8, operator: u8) -> Result<Balance, StakingError> {
        let act = self.act(who, operator);
        let amount =
            self.atomic(who, operator, |global, _, operator, _, staker| flow::claim(act, global, operator, staker))?;
        self.balance -= amount;
        self.claimed += amount;
        Ok(amount)
    }

    pub fn fund(&mut self, amount: Balance) -> Balance {
        self.balance += amount;
        self.funded += amount;
        let given = pool::distribute(&mut self.global, &self.parameters, amount).unwrap().total();
        self.given += given;
        given
    }

    /// Pays operators for work, as the store does.
    pub fn pay(&mut self, operators: &[u8], each: Balance) -> Result<Balance, StakingError> {
        let sum = duty::take(&mut self.global, operators.len(), each)?;
        for operator in operators {
            duty::credit(self.operators.get_mut(&account(*operator)).unwrap(), each)?;
        }
        self.given += sum;
        Ok(sum)
    }

    pub fn slash(&mut self, operator: u8, bps: u16, offence_at: Timestamp) -> Result<flow::SlashOutcome, StakingError> {
        let (now, id) = (self.now, account(operator));
        let outcome = self.atomic(operator, operator, |global, parameters, operator, slices, staker| {
            let penalty = flow::Penalty { bps, offence_at, now, rewarded: true };
            let own_parts = || staker.parts.iter().copied().filter(|part| part.operator == id).collect();
            flow::slash(&penalty, global, parameters, operator, slices, own_parts)
        })?;
        self.balance -= outcome.burned;
        Ok(outcome)
    }

    /// Slashes a signer of a false report. What is credited leaves at once.
    pub fn slash_false_report(
        &mut self,
        operator: u8,
        offence_at: Timestamp,
    ) -> Result<flow::SlashOutcome, StakingError> {
        let act = self.act(operator, operator);
        let bps = self.parameters.false_report_bps;
        let penalty = flow::Penalty { bps, offence_at, now: self.now, rewarded: true };
        let outcome = self.atomic(operator, operator, |global, parameters, operator, slices, staker| {
            flow::slash_false_report(act, &penalty, global, parameters, operator, slices, staker)
        })?;
        self.balance -= outcome.burned + outcome.credited;
        Ok(outcome)
    }

    pub fn set_commission(&mut self, operator: u8, bps: u16) -> Result<Option<CommissionRise>, StakingError> {
        let now = self.now;
        self.atomic(operator, operator, |global, parameters, operator, _, _| {
            operator.set_commission(global, parameters, bps, now)
        })
    }

    pub fn apply_commission(&mut self, operator: u8) -> Result<u16, StakingError> {
        let now = self.now;
        self.atomic(operator, operator, |global, parameters, operator, _, _| {
            operator.apply_rise(global, parameters, now)
        })
    }

    /// What an operator has in its own pool, unbonding included.
    pub fn own(&self, operator: u8) -> Balance {
        let id = account(operator);
        let mut parts = self.stakers.get(&id).map(|staker| staker.parts.clone()).unwrap_or_default();
        parts.retain(|part| part.operator == id);
        let slices = self.slices.get(&id).map_or(&[][..], |slices| slices);
        self.operators[&id].own() + unbonding::worth(slices, &parts)
    }

    pub fn worth(&self, who: u8, operator: u8) -> Balance {
        let Some(staker) = self.stakers.get(&account(who)) else { return 0 };
        let pool = &self.operators[&account(operator)].pool;
        let of = |stake: &&crate::staker::Stake| stake.operator == account(operator);
        staker.stakes.iter().find(of).map_or(0, |stake| pool.worth(stake.shares))
    }

    pub fn rewards(&self, who: u8, operator: u8) -> Balance {
        let mut found = self.operators[&account(operator)].clone();
        found.settle(&self.global).unwrap();
        let mut owed = if who == operator { found.pool.commission } else { 0 };
        if let Some(staker) = self.stakers.get(&account(who)) {
            for mut stake in staker.stakes.iter().filter(|stake| stake.operator == account(operator)).cloned() {
                stake.settle(&found.pool).unwrap();
                owed += stake.owed;
            }
        }
        owed
    }

    pub fn active(&self, operator: u8) -> bool {
        self.operators[&account(operator)].is_active(&self.parameters)
    }

    /// What must hold after every call.
    pub fn check(&self) {
        let totals = self.global.totals;
        assert_eq!(
            totals.active + totals.unbonding + totals.rewards + totals.credits + totals.pot + totals.duty,
            self.balance,
            "what is accounted for is what is there"
        );
        let bonded: Balance = self.operators.values().map(|operator| operator.pool.active).sum();
        assert_eq!(bonded, totals.active);
        for (role, earning) in ROLES.into_iter().zip(totals.earning) {
            let earns = |operator: &&Operator| operator.role == role && operator.pool.earning;
            let active = self.operators.values().filter(earns).map(|operator| operator.pool.active);
            assert_eq!(active.sum::<Balance>(), earning, "{role:?}");
        }
        let unbonding: Balance = self.slices.values().flatten().map(|slice| slice.amount).sum();
        assert_eq!(unbonding, totals.unbonding);
        let mut owed = 0;
        for (id, operator) in &self.operators {
            let of_pool = |staker: &Staker| {
                staker.stakes.iter().filter(|stake| stake.operator == *id).map(|stake| stake.shares).sum::<Balance>()
            };
            assert_eq!(self.stakers.values().map(of_pool).sum::<Balance>(), operator.pool.shares);
            let byte: u8 = AsRef::<[u8; 32]>::as_ref(id)[0];
            let worths: Balance = (0..=9).map(|who| self.worth(who, byte)).sum();
            assert!(worths <= operator.pool.active, "votes are backed by stake");
            owed += (0..=9).map(|who| self.rewards(who, byte)).sum::<Balance>();
        }
        assert!(owed <= totals.rewards, "no pool owes more rewards than were given");
        assert_eq!(self.claimed + totals.rewards, self.given, "rewards are what was given and not claimed");
        let stakes: usize = self.stakers.values().map(|staker| staker.stakes.len()).sum();
        let lost = totals.rewards - owed;
        assert!(lost <= self.settled + stakes as Balance + 1, "{lost} lost by {} settlements", self.settled);
    }
}

/// Rewards round in the pool's favour, twice: once by pool, once by stake.
fn assert_nearly(paid: Balance, fair: Balance) {
    assert!(paid <= fair && paid + 2 >= fair, "{paid} for {fair}");
}

#[test]
fn a_bond_gives_as_many_shares_as_units() {
    let mut world = World::with_operator(1, LEAST);
    assert_eq!(world.bond(2, 1, 7).unwrap().shares, 7);
    assert_eq!(world.worth(2, 1), 7);
    world.check();
}

#[test]
fn an_operator_is_active_from_its_least_own_bond_on() {
    let mut world = World::with_operator(1, LEAST);
    assert!(world.active(1));
    world.bond(2, 1, 10 * LEAST).unwrap();
    assert_eq!(world.unbond(1, 1, 1).unwrap().earning, Some(false));
    assert!(!world.active(1), "others' stake doesn't count");
    assert_eq!(world.bond(1, 1, 1).unwrap().earning, Some(true));
    assert!(world.active(1));
}

#[test]
fn nothing_can_be_bonded_or_unbonded_of_nothing() {
    let mut world = World::with_operator(1, LEAST);
    assert_eq!(world.bond(2, 1, 0).unwrap_err(), StakingError::ZeroAmount);
    assert_eq!(world.unbond(1, 1, 0).unwrap_err(), StakingError::ZeroAmount);
    assert_eq!(world.unbond(2, 1, 1).unwrap_err(), StakingError::NoStake);
    assert_eq!(world.unbond(1, 1, LEAST + 1).unwrap_err(), StakingError::InsufficientStake);
}

#[test]
fn unbonding_matures_at_the_end_of_its_slice_and_not_before() {
    let mut world = World::with_operator(1, LEAST);
    world.bond(2, 1, 50).unwrap();
    world.now = 1_000_001;
    let matures_at = world.unbond(2, 1, 50).unwrap().matures_at;
    assert_eq!(matures_at, 1_001_700, "a period later, rounded up to a sixteenth of it");
    world.now = matures_at - 1;
    assert_eq!(world.withdraw(2), 0);
    world.now = matures_at;
    assert_eq!(world.withdraw(2), 50);
    assert_eq!(world.withdraw(2), 0, "not twice");
    world.check();
}

#[test]
fn what_starts_to_unbond_in_one_slice_is_one_part() {
    let mut world = World::with_operator(1, LEAST);
    world.bond(2, 1, 50).unwrap();
    let first = world.unbond(2, 1, 20).unwrap();
    let second = world.unbond(2, 1, 10).unwrap();
    assert_eq!(first.id, second.id);
    world.now += UNBONDING;
    let third = world.unbond(2, 1, 10).unwrap();
    assert_ne!(first.id, third.id);
}

#[test]
fn an_account_has_a_bounded_number_of_unbondings_and_stakes() {
    let mut world = World::with_operator(1, LEAST);
    world.bond(2, 1, 1_000).unwrap();
    for _ in 0..MAX_UNBONDINGS {
        world.unbond(2, 1, 1).unwrap();
        world.now += UNBONDING / unbonding::SLICES;
    }
    assert_eq!(world.unbond(2, 1, 1).unwrap_err(), StakingError::TooManyUnbondings);
    world.now += UNBONDING;
    assert_eq!(world.withdraw(2), 16);
    world.unbond(2, 1, 1).unwrap();
    for operator in 0..MAX_STAKES {
        let operator = 100 + operator as u8;
        world.register(operator, 0, LEAST).unwrap();
        let bonded = world.bond(3, operator, 1);
        assert!(bonded.is_ok());
    }
    assert_eq!(world.bond(3, 1, 1).unwrap_err(), StakingError::TooManyStakes);
}

#[test]
fn a_slash_takes_the_same_part_of_everybody() {
    let mut world = World::with_operator(1, LEAST);
    world.bond(2, 1, 3 * LEAST).unwrap();
    world.bond(3, 1, 6 * LEAST).unwrap();
    let outcome = world.slash(1, 2_500, world.now).unwrap();
    assert_eq!(outcome.active, 10 * LEAST / 4);
    assert_eq!(world.worth(1, 1), LEAST * 3 / 4);
    assert_eq!(world.worth(2, 1), 3 * LEAST * 3 / 4);
    assert_eq!(world.worth(3, 1), 6 * LEAST * 3 / 4);
    world.check();
}

#[test]
fn half_of_a_slash_is_burned_and_at_most_three_tenths_rewarded() {
    let mut world = World::with_operator(1, LEAST);
    let outcome = world.slash(1, 1_000, world.now).unwrap();
    assert_eq!(outcome.active, LEAST / 10);
    assert_eq!(outcome.burned, LEAST / 20);
    assert_eq!(outcome.credited, LEAST * 3 / 100);
    assert_eq!(outcome.to_pot, LEAST / 50);
    assert_eq!(world.global.totals.credits, outcome.credited);
    world.check();
}

#[test]
fn an_operator_gains_nothing_by_proving_its_own_fraud() {
    let mut world = World::with_operator(1, LEAST);
    world.bond(2, 1, 9 * LEAST).unwrap();
    let outcome = world.slash(1, 3_000, world.now).unwrap();
    assert_eq!(outcome.active, 3 * LEAST);
    assert_eq!(outcome.credited, LEAST * 3 / 20, "half of what the operator lost itself");
    assert_eq!((outcome.to_pot, outcome.burned), (0, outcome.active - outcome.credited), "nor by a share of the pot");
    // What it unbonds is its own too, once it can still lose it.
    let left = world.worth(1, 1);
    world.unbond(1, 1, left).unwrap();
    let outcome = world.slash(1, 5_000, world.now).unwrap();
    assert_eq!(outcome.credited, left / 4);
    world.now += 2 * UNBONDING;
    world.withdraw(1);
    assert_eq!(world.slash(1, 5_000, world.now).unwrap().credited, 0);
    world.check();
}

#[test]
fn what_matured_a_period_ago_is_out_of_reach_whether_anybody_unbonded_since_or_not() {
    let mut world = World::with_operator(1, LEAST);
    world.bond(2, 1, 400).unwrap();
    world.unbond(2, 1, 400).unwrap();
    let offence_at = world.now;
    world.now += 2 * UNBONDING + 100;
    assert_eq!(world.slash(1, 5_000, offence_at).unwrap().unbonding, 0);
    assert_eq!(world.withdraw(2), 400);
}

#[test]
fn a_pool_begins_to_earn_only_where_what_came_in_was_shared_out_before() {
    let mut world = World::new();
    world.register(1, 0, LEAST - 1).unwrap();
    world.bond(2, 1, 100).unwrap();
    world.parameters.min_bonds = [LEAST - 1; 4];
    world.unbond(2, 1, 1).unwrap();
    assert!(!world.operators[&account(1)].pool.earning);
    world.bond(2, 1, 1).unwrap();
    assert!(world.operators[&account(1)].pool.earning);
    world.check();
}

#[test]
fn one_old_slice_is_put_aside_at_a_time() {
    let slice = |matures_at| Slice { matures_at, amount: 1, units: 1 };
    let mut slices = vec![slice(30), slice(10), slice(20), slice(900)];
    let mut retired = || unbonding::retire(&mut slices, 500, 100).map(|slice| slice.matures_at);
    assert_eq!([retired(), retired(), retired(), retired()], [Some(10), Some(20), Some(30), None]);
    assert_eq!(slices, [slice(900)]);
}

#[test]
fn a_slash_reaches_what_unbonds_but_not_what_was_mature_at_the_offence() {
    let mut world = World::with_operator(1, LEAST);
    world.bond(2, 1, 400).unwrap();
    world.unbond(2, 1, 100).unwrap();
    let early = world.now + UNBONDING;
    world.now = early + 200;
    world.unbond(2, 1, 100).unwrap();
    // Slice one was mature at the offence, slice two unbonds since before it, slice three since after it.
    let offence_at = world.now;
    world.now += 400;
    world.unbond(2, 1, 100).unwrap();
    let outcome = world.slash(1, 5_000, offence_at).unwrap();
    assert_eq!(outcome.unbonding, 100);
    world.now += UNBONDING + 100;
    assert_eq!(world.withdraw(2), 100 + 50 + 50);
    assert_eq!(world.worth(2, 1), 50);
    world.check();
}

#[test]
fn a_slashed_slice_takes_nothing_more_in() {
    let mut world = World::with_operator(1, LEAST);
    world.bond(2, 1, 200).unwrap();
    let first = world.unbond(2, 1, 100).unwrap().matures_at;
    world.slash(1, 5_000, world.now).unwrap();
    let second = world.unbond(2, 1, 50).unwrap().matures_at;
    assert_eq!(second, first + 1);
    world.now = second;
    assert_eq!(world.withdraw(2), 50 + 50);
    world.check();
}

#[test]
fn an_offence_in_the_future_and_more_than_everything_are_refused() {
    let mut world = World::with_operator(1, LEAST);
    assert_eq!(world.slash(1, 1, world.now + 1).unwrap_err(), StakingError::OffenceInFuture);
    assert_eq!(world.slash(1, BPS + 1, world.now).unwrap_err(), StakingError::BadBps);
}

#[test]
fn a_pool_that_lost_everything_takes_no_bonds_and_its_stakes_can_be_forgotten() {
    let mut world = World::with_operator(1, LEAST);
    world.bond(2, 1, 100).unwrap();
    assert_eq!(world.slash(1, BPS, world.now).unwrap().active, LEAST + 100);
    assert_eq!(world.bond(1, 1, LEAST).unwrap_err(), StakingError::PoolWorthless);
    assert_eq!(world.worth(2, 1), 0);
    world.unbond(2, 1, 0).unwrap();
    assert!(world.stakers[&account(2)].stakes.is_empty());
    world.check();
}

#[test]
fn jail_ends_after_its_time_if_the_own_bond_holds() {
    let mut world = World::with_operator(1, LEAST);
    world.slash(1, 1_000, world.now).unwrap();
    assert!(!world.active(1));
    assert_eq!(world.bond(2, 1, 5).unwrap_err(), StakingError::Jailed);
    world.bond(1, 1, LEAST / 20).unwrap();
    let parameters = world.parameters.clone();
    let now = world.now;
    let operator = world.operators.get_mut(&account(1)).unwrap();
    assert_eq!(operator.unjail(now + JAIL - 1, &parameters), Err(StakingError::JailNotOver));
    assert_eq!(operator.unjail(now + JAIL, &parameters), Err(StakingError::BelowMinBond));
    // After a slash a share's worth rounds down: one unit more makes up for it.
    world.bond(1, 1, LEAST / 20 + 2).unwrap();
    let operator = world.operators.get_mut(&account(1)).unwrap();
    assert_eq!(operator.unjail(now + JAIL, &parameters), Ok(()));
    assert_eq!(operator.unjail(now + JAIL, &parameters), Err(StakingError::NotJailed));
    assert!(world.active(1));
}

#[test]
fn rewards_go_by_stake_with_the_commission_to_the_operator() {
    let mut world = World::new();
    world.register(1, 1_000, LEAST).unwrap();
    world.register(2, 0, 2 * LEAST).unwrap();
    world.bond(3, 1, LEAST).unwrap();
    assert_eq!(world.fund(400 * OPEN), 400 * OPEN);
    // Half of the stake is in each pool; operator 1 keeps a tenth of its pool's 200.
    assert_nearly(world.rewards(3, 1), 90 * OPEN);
    assert_nearly(world.claim(3, 1).unwrap(), 90 * OPEN);
    assert_nearly(world.claim(1, 1).unwrap(), 110 * OPEN);
    assert_nearly(world.claim(2, 2).unwrap(), 200 * OPEN);
    assert_eq!(world.claim(2, 2).unwrap_err(), StakingError::NothingToClaim);
    assert_eq!(world.claim(4, 2).unwrap_err(), StakingError::NoStake);
    world.check();
}

#[test]
fn who_bonds_after_a_reward_gets_none_of_it() {
    let mut world = World::with_operator(1, LEAST);
    world.fund(1_000);
    world.bond(2, 1, 9 * LEAST).unwrap();
    assert_eq!(world.rewards(2, 1), 0);
    assert_nearly(world.rewards(1, 1), 1_000);
}

#[test]
fn rewards_wait_in_the_pot_while_no_pool_earns() {
    let mut world = World::with_operator(1, LEAST);
    world.slash(1, 0, world.now).unwrap();
    assert_eq!(world.fund(500), 0);
    assert_eq!(world.global.totals.pot, 500);
    world.register(2, 0, LEAST).unwrap();
    assert_eq!(world.fund(0), 500);
    assert_nearly(world.rewards(2, 2), 500);
    assert_eq!(world.rewards(1, 1), 0, "a pool in jail earns nothing");
    world.check();
}

#[test]
fn votes_are_found_at_their_time() {
    let times = [10u64, 20, 20, 40];
    let read = |i: u32| times.get(i as usize).map(|at| (*at, i));
    let at = |t| last_at(4, t, read, |value: &(u64, u32)| value.0).map(|value| value.1);
    assert_eq!(at(9), None);
    assert_eq!(at(10), Some(0));
    assert_eq!(at(39), Some(2));
    assert_eq!(at(1_000), Some(3));
    assert_eq!(last_at(0, 5, read, |value| value.0), None);
}

#[test]
fn checkpoints_of_one_block_are_one() {
    let mut world = World::with_operator(1, LEAST);
    let staker = world.stakers.get_mut(&account(1)).unwrap();
    assert_eq!(staker.checkpoint(5).unwrap().0, 0);
    assert_eq!(staker.checkpoint(5).unwrap().0, 0);
    assert_eq!(staker.checkpoint(6).unwrap().0, 1);
}

#[test]
fn products_are_exact_and_bounded() {
    assert_eq!(mul_div(u128::MAX, u128::MAX, u128::MAX), Ok(u128::MAX));
    assert_eq!(mul_div(u128::MAX, 2, 1), Err(StakingError::Overflow));
    assert_eq!(mul_div(1, 1, 0), Err(StakingError::Overflow));
    assert_eq!(mul_div_up(7, 1, 2), Ok(4));
    assert_eq!(mul_div_up(8, 1, 2), Ok(4));
    assert_eq!(bps_of(u128::MAX, BPS), Ok(u128::MAX));
    assert_eq!(Accumulator::default().raised(1, 0), Err(StakingError::Overflow));
    assert_eq!(pool::worth_at(ONE, u128::MAX), u128::MAX);
}

#[test]
fn parameters_outside_their_bounds_are_refused() {
    let unit = Unit::Day;
    let good = StakingParameters {
        unbonding_ms: unit.ms(UNBONDING_BOUNDS.min),
        duty_bps: MAX_DUTY_BPS,
        duty_cap: 31,
        signature_pay: 1,
        verdict_pay: 2,
        ..World::new().parameters
    };
    assert_eq!(pool::validate(&good, unit), Ok(()));
    let bad = |f: fn(&mut StakingParameters)| {
        let mut parameters = good.clone();
        f(&mut parameters);
        assert_eq!(pool::validate(&parameters, unit), Err(StakingError::BadParameters));
    };
    bad(|p| p.unbonding_ms -= 1);
    bad(|p| p.unbonding_ms = Unit::Day.ms(UNBONDING_BOUNDS.max) + 1);
    bad(|p| p.jail_ms = MAX_JAIL_MS + 1);
    bad(|p| p.min_bonds[2] = MAX_LEAST_BOND + 1);
    bad(|p| p.commission_cap_bps = BPS + 1);
    bad(|p| p.beneficiary_bps = 3_001);
    bad(|p| p.beneficiary_bps = 99);
    bad(|p| p.false_report_bps = BPS + 1);
    // Nobody would ever be paid.
    bad(|p| p.role_weights = [0; 4]);
    bad(|p| p.duty_bps = MAX_DUTY_BPS + 1);
    bad(|p| p.duty_bps = 0);
    bad(|p| p.duty_cap = 30);
    bad(|p| p.verdict_pay = 3);
}
