//! Who unbonds answers for what was done before, and who was jailed can come back. Both slash the third oracle by a vote.

use anyhow::{Context, Result, ensure};
use chain::{read, send};
use ink::message_builder;
use openledger_abi::staking::{Offence, Role, Staking, StakingError};
use openledger_abi::timelock::Call;
use openledger_abi::{Balance, OPEN};

use super::fraud::operator;
use super::governance::decide;
use crate::{World, outcome::sent, refused};

/// The oracle that misbehaves.
const CULPRIT: usize = 2;
/// What it is slashed for that.
const SLASHED_BPS: u16 = 3_000;

/// Has holders slash and jail the culprit for what it did just now.
fn slash(world: &World) -> Result<()> {
    let culprit = world.people.oracles[CULPRIT].account.account();
    let now = world.chain.now()?;
    let slash = message_builder!(Staking).slash(culprit, SLASHED_BPS, now, None, Offence::Misconduct);
    decide(world, vec![Call::of(world.suite.staking, &slash.input)], "Slash the third oracle").map(|_| ())
}

pub fn a_slash_reaches_what_unbonds_since_before_the_offence(world: &mut World) -> Result<()> {
    let (chain, staking, payer) = (world.chain.clone(), world.suite.staking, world.people.payer.clone());
    let culprit = world.people.oracles[CULPRIT].account.account();
    world.approve(&payer, staking, 1_000 * OPEN)?;
    let bond = message_builder!(Staking).bond(culprit, 1_000 * OPEN);
    sent("bonding", send(&*chain, &payer, staking, bond))?;
    let unbond = message_builder!(Staking).unbond(culprit, 400 * OPEN);
    sent("unbonding", send(&*chain, &payer, staking, unbond))?;
    slash(world)?;

    let kept = |amount: Balance| amount - amount * u128::from(SLASHED_BPS) / 10_000;
    let near = |is: Balance, should: Balance| is <= should && should - is <= 2;
    let unbondings = read(&*chain, staking, message_builder!(Staking).unbondings(payer.account()))?;
    let unbonding = unbondings.first().context("nothing unbonds")?.amount;
    ensure!(near(unbonding, kept(400 * OPEN)), "{unbonding} of 400 OPEN still unbond");
    let stakes = read(&*chain, staking, message_builder!(Staking).stakes(payer.account()))?;
    let stake = stakes.iter().find(|stake| stake.operator == culprit).context("no stake")?.amount;
    ensure!(near(stake, kept(600 * OPEN)), "{stake} of 600 OPEN are still staked");
    Ok(())
}

pub fn a_jailed_operator_returns_when_its_time_is_over(world: &mut World) -> Result<()> {
    let (chain, staking) = (world.chain.clone(), world.suite.staking);
    if operator(world, CULPRIT)?.jailed_at.is_none() {
        slash(world)?;
    }
    let culprit = world.people.oracles[CULPRIT].account.clone();
    let info = operator(world, CULPRIT)?;
    ensure!(info.jailed_at.is_some() && info.out_since.is_some(), "who was slashed is in service: {info:?}");
    let active = message_builder!(Staking).is_active(culprit.account(), Role::Oracle);
    ensure!(!read(&*chain, staking, active)?, "a jailed oracle is active");

    let missing = world.config.staking.min_bonds[Role::Oracle as usize] - info.own;
    world.approve(&culprit, staking, missing + OPEN)?;
    let bond = message_builder!(Staking).bond(culprit.account(), missing + OPEN);
    sent("bonding from jail", send(&*chain, &culprit, staking, bond))?;
    if chain.now()? + 1_000 < info.jailed_until {
        let unjail = message_builder!(Staking).unjail();
        refused(send(&*chain, &culprit, staking, unjail), &StakingError::JailNotOver)?;
    }
    world.after(info.jailed_until)?;
    sent("leaving jail", send(&*chain, &culprit, staking, message_builder!(Staking).unjail()))?;
    let active = message_builder!(Staking).is_active(culprit.account(), Role::Oracle);
    ensure!(read(&*chain, staking, active)?, "an oracle that left jail is not active");
    Ok(())
}
