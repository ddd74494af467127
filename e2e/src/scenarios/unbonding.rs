//! Who unbonds answers for what was done before, and who was jailed can come back. Both slash the third oracle once: what
//! was proven before takes nothing again.

use anyhow::{Context, Result, ensure};
use chain::{read, send};
use ink::message_builder;
use openledger_abi::staking::{Role, Staking, StakingError};
use openledger_abi::{Balance, OPEN};

use super::fraud::{file_an_equivocation, operator};
use crate::{World, outcome::sent, refused};

/// The oracle that equivocates.
const LIAR: usize = 2;

pub fn a_slash_reaches_what_unbonds_since_before_the_offence(world: &mut World) -> Result<()> {
    let (chain, staking, payer) = (world.chain.clone(), world.suite.staking, world.people.payer.clone());
    let liar = world.people.oracles[LIAR].account.account();
    world.approve(&payer, staking, 1_000 * OPEN)?;
    let bond = message_builder!(Staking).bond(liar, 1_000 * OPEN);
    sent("bonding", send(&*chain, &payer, staking, bond))?;
    let unbond = message_builder!(Staking).unbond(liar, 400 * OPEN);
    sent("unbonding", send(&*chain, &payer, staking, unbond))?;
    file_an_equivocation(world)?;

    let kept = |amount: Balance| amount - amount * u128::from(world.config.disputes.equivocation_bps) / 10_000;
    let near = |is: Balance, should: Balance| is <= should && should - is <= 2;
    let unbondings = read(&*chain, staking, message_builder!(Staking).unbondings(payer.account()))?;
    let unbonding = unbondings.first().context("nothing unbonds")?.amount;
    ensure!(near(unbonding, kept(400 * OPEN)), "{unbonding} of 400 OPEN still unbond");
    let stakes = read(&*chain, staking, message_builder!(Staking).stakes(payer.account()))?;
    let stake = stakes.iter().find(|stake| stake.operator == liar).context("no stake")?.amount;
    ensure!(near(stake, kept(600 * OPEN)), "{stake} of 600 OPEN are still staked");
    Ok(())
}

pub fn a_jailed_operator_returns_when_its_time_is_over(world: &mut World) -> Result<()> {
    let (chain, staking) = (world.chain.clone(), world.suite.staking);
    if operator(world, LIAR)?.jailed_at.is_none() {
        file_an_equivocation(world)?;
    }
    let liar = world.people.oracles[LIAR].account.clone();
    let info = operator(world, LIAR)?;
    ensure!(info.jailed_at.is_some(), "an oracle that signed twice is free: {info:?}");
    let active = message_builder!(Staking).is_active(liar.account(), Role::Oracle);
    ensure!(!read(&*chain, staking, active)?, "a jailed oracle is active");

    let missing = world.config.staking.min_bonds[Role::Oracle as usize] - info.own;
    world.approve(&liar, staking, missing + OPEN)?;
    let bond = message_builder!(Staking).bond(liar.account(), missing + OPEN);
    sent("bonding from jail", send(&*chain, &liar, staking, bond))?;
    if chain.now()? + 1_000 < info.jailed_until {
        let unjail = message_builder!(Staking).unjail();
        refused(send(&*chain, &liar, staking, unjail), &StakingError::JailNotOver)?;
    }
    world.after(info.jailed_until)?;
    sent("leaving jail", send(&*chain, &liar, staking, message_builder!(Staking).unjail()))?;
    let active = message_builder!(Staking).is_active(liar.account(), Role::Oracle);
    ensure!(read(&*chain, staking, active)?, "an oracle that left jail is not active");
    Ok(())
}
