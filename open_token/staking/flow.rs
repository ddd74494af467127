//! What a message does to the totals, one operator and one account together.

use crate::pool::{Global, Operator};
use crate::staker::Staker;
use crate::unbonding::{self, Part, Slice};
use ink::prelude::vec::Vec;
use openledger_abi::ensure;
use openledger_abi::staking::{StakingError, StakingParameters, StakingTotals};
use openledger_abi::{AccountId, Balance, Timestamp, BPS};

/// Who acts on which pool, and when.
#[derive(Debug, Clone, Copy)]
pub struct Act {
    pub account: AccountId,
    pub operator: AccountId,
    pub now: Timestamp,
}

/// What bonding gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BondOutcome {
    pub shares: Balance,
    /// Whether the pool earns, if that changed.
    pub earning: Option<bool>,
}

/// What unbonding gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnbondOutcome {
    pub shares: Balance,
    pub id: u32,
    pub matures_at: Timestamp,
    /// Whether the pool earns, if that changed.
    pub earning: Option<bool>,
}

/// What an operator, or several, are punished with.
#[derive(Debug, Clone, Copy)]
pub struct Penalty {
    pub bps: u16,
    pub offence_at: Timestamp,
    pub now: Timestamp,
    /// Whether somebody is credited for the proof.
    pub rewarded: bool,
}

/// What a slash took and where it goes: burned + credited + to the pot = own + active + unbonding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlashOutcome {
    /// Of the operator's own shares, taken as a whole.
    pub own: Balance,
    /// Of the pool, by its rate.
    pub active: Balance,
    pub unbonding: Balance,
    pub burned: Balance,
    pub credited: Balance,
    pub to_pot: Balance,
}

fn plus(a: Balance, b: Balance) -> Result<Balance, StakingError> {
    a.checked_add(b).ok_or(StakingError::Overflow)
}

fn minus(a: Balance, b: Balance) -> Result<Balance, StakingError> {
    a.checked_sub(b).ok_or(StakingError::Overflow)
}

/// Bonds `amount`. The pool may begin to earn if it is `seated` ([`Operator::begin`]).
///
/// # Errors
/// `ZeroAmount`, `Jailed`, `TooManyStakes`, `PoolWorthless`, `Overflow`.
pub fn bond(
    act: Act,
    global: &mut Global,
    parameters: &StakingParameters,
    operator: &mut Operator,
    staker: &mut Staker,
    seated: bool,
    amount: Balance,
) -> Result<BondOutcome, StakingError> {
    ensure!(amount > 0, StakingError::ZeroAmount);
    let own = act.account == act.operator;
    ensure!(own || operator.jailed_at.is_none(), StakingError::Jailed);
    operator.detach(global)?;
    let stake = staker.stake_or_new(act.operator, &operator.pool)?;
    stake.settle(&operator.pool)?;
    let shares = operator.pool.enter(amount)?;
    stake.shares = plus(stake.shares, shares)?;
    if own {
        operator.pool.own_shares = plus(operator.pool.own_shares, shares)?;
    }
    let earning = operator.begin(global, parameters, seated)?;
    Ok(BondOutcome { shares, earning })
}

/// Starts to unbond `amount`.
///
/// # Errors
/// `ZeroAmount`, `NoStake`, `InsufficientStake`, `TooManyUnbondings`, `Overflow`.
pub fn unbond(
    act: Act,
    global: &mut Global,
    parameters: &StakingParameters,
    operator: &mut Operator,
    slices: &mut Vec<Slice>,
    staker: &mut Staker,
    amount: Balance,
) -> Result<UnbondOutcome, StakingError> {
    operator.detach(global)?;
    let stake = staker.stake(act.operator)?;
    stake.settle(&operator.pool)?;
    let held = stake.shares;
    ensure!(held > 0, StakingError::NoStake);
    ensure!(amount > 0 || operator.pool.worth(held) == 0, StakingError::ZeroAmount);
    let shares = operator.pool.leave(held, amount)?;
    stake.shares = minus(held, shares)?;
    if act.account == act.operator {
        operator.pool.own_shares = minus(operator.pool.own_shares, shares)?;
    }
    let (mut id, mut matures_at) = (staker.next_id, act.now);
    if amount > 0 {
        matures_at = unbonding::enter(slices, act.now, parameters.unbonding_ms, amount)?;
        id = unbonding::note(&mut staker.parts, &mut staker.next_id, act.operator, matures_at, amount)?;
        global.totals.unbonding = plus(global.totals.unbonding, amount)?;
    }
    let earning = operator.attach(global, parameters)?;
    staker.tidy();
    Ok(UnbondOutcome { shares, id, matures_at, earning })
}

/// Pays `units` of a matured slice out. Returns their worth.
///
/// # Errors
/// `Overflow`.
pub fn pay(totals: &mut StakingTotals, slice: &mut Slice, units: Balance) -> Result<Balance, StakingError> {
    let (worth, rest) = slice.pay(units)?;
    totals.unbonding = minus(totals.unbonding, plus(worth, rest)?)?;
    totals.pot = plus(totals.pot, rest)?;
    Ok(worth)
}

/// Takes what an account earned in a pool.
///
/// # Errors
/// `NoStake`, `NothingToClaim`, `Overflow`.
pub fn claim(
    act: Act,
    global: &mut Global,
    operator: &mut Operator,
    staker: &mut Staker,
) -> Result<Balance, StakingError> {
    operator.settle(global)?;
    let mut amount = 0;
    // An operator that unbonded everything may still have commission to come.
    if act.account == act.operator {
        amount = core::mem::take(&mut operator.pool.commission);
    }
    match staker.stake(act.operator) {
        Ok(stake) => {
            stake.settle(&operator.pool)?;
            amount = plus(amount, core::mem::take(&mut stake.owed))?;
        }
        Err(error) => ensure!(amount > 0, error),
    }
    ensure!(amount > 0, StakingError::NothingToClaim);
    global.totals.rewards = minus(global.totals.rewards, amount)?;
    staker.tidy();
    Ok(amount)
}

/// Slashes and jails an operator. `own_parts` tells what the operator itself has unbonding from its pool, if that is asked.
///
/// # Errors
/// `BadBps`, `OffenceInFuture`, `Overflow`.
pub fn slash(
    penalty: &Penalty,
    global: &mut Global,
    parameters: &StakingParameters,
    operator: &mut Operator,
    slices: &mut [Slice],
    own_parts: impl FnOnce() -> Vec<Part>,
) -> Result<SlashOutcome, StakingError> {
    let Penalty { bps, offence_at, now, rewarded } = *penalty;
    ensure!(bps <= BPS, StakingError::BadBps);
    ensure!(offence_at <= now, StakingError::OffenceInFuture);
    operator.detach(global)?;
    operator.jail(now, parameters);
    let (mut active, mut unbonding) = (0, 0);
    let (own, unslashed) = (operator.own(), slices.to_vec());
    if bps > 0 {
        active = operator.pool.slash(bps, now)?;
        unbonding = unbonding::slash(slices, offence_at, now, parameters.unbonding_ms, bps)?;
    }
    let taken = plus(active, unbonding)?;
    // What isn't burned: at most half.
    let mut kept = taken / 2;
    let mut credited = 0;
    if rewarded {
        // A signer must not gain by its own proof, which takes from its delegators too, neither as the prover nor as a staker who
        // shares in the pot: no more is kept than half of what it loses itself.
        let mut own_lost = minus(own, operator.own())?;
        if kept > own_lost / 2 {
            let parts = own_parts();
            let lost = minus(unbonding::worth(&unslashed, &parts), unbonding::worth(slices, &parts))?;
            own_lost = plus(own_lost, lost)?;
        }
        kept = kept.min(own_lost / 2);
        credited = crate::math::bps_of(taken, parameters.beneficiary_bps)?.min(kept);
    }
    let burned = minus(taken, kept)?;
    let to_pot = minus(kept, credited)?;
    global.totals.unbonding = minus(global.totals.unbonding, unbonding)?;
    global.totals.credits = plus(global.totals.credits, credited)?;
    global.totals.pot = plus(global.totals.pot, to_pot)?;
    // In jail its pool earns nothing.
    operator.attach(global, parameters)?;
    Ok(SlashOutcome { own: 0, active, unbonding, burned, credited, to_pot })
}

/// Slashes and jails a signer of a false report: all that is its own, and of the rest the rate of a false report. `staker` is the
/// operator's own account. What is credited leaves the contract at once, so it is in no total.
///
/// # Errors
/// `OffenceInFuture`, `Overflow`.
pub fn slash_false_report(
    act: Act,
    penalty: &Penalty,
    global: &mut Global,
    parameters: &StakingParameters,
    operator: &mut Operator,
    slices: &mut Vec<Slice>,
    staker: &mut Staker,
) -> Result<SlashOutcome, StakingError> {
    let Penalty { bps, offence_at, now, rewarded } = *penalty;
    ensure!(offence_at <= now, StakingError::OffenceInFuture);
    operator.detach(global)?;
    operator.jail(now, parameters);
    if let Ok(stake) = staker.stake(act.operator) {
        stake.settle(&operator.pool)?;
        stake.shares = 0;
    }
    let own = operator.pool.forfeit_own()?;
    let unbonding_ms = parameters.unbonding_ms;
    let own_parts = unbonding::forfeit(slices, &mut staker.parts, act.operator, offence_at, now, unbonding_ms)?;
    staker.tidy();
    // Only now by the rate: what is the operator's own is taken whole.
    let active = operator.pool.slash(bps, now)?;
    let others = unbonding::slash(slices, offence_at, now, unbonding_ms, bps)?;

    let own_lost = plus(own, own_parts)?;
    let unbonding = plus(own_parts, others)?;
    let taken = plus(plus(own, active)?, unbonding)?;
    // A liar that proves itself, or shares in the pot, gets back less than it loses.
    let kept = own_lost / 2;
    let credited = if rewarded { crate::math::bps_of(taken, parameters.beneficiary_bps)?.min(kept) } else { 0 };
    let to_pot = minus(kept, credited)?;
    global.totals.unbonding = minus(global.totals.unbonding, unbonding)?;
    global.totals.pot = plus(global.totals.pot, to_pot)?;
    operator.attach(global, parameters)?;
    Ok(SlashOutcome { own, active, unbonding, burned: minus(taken, kept)?, credited, to_pot })
}
