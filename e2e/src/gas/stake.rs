//! What operators and stakers do.

use anyhow::{Context, Result};
use chain::{EXISTENTIAL_DEPOSIT, Receipt, read, send};
use ink::message_builder;
use ink::scale::Encode;
use openledger_abi::OPEN;
use openledger_abi::staking::{Offence, Role, Staking};

use super::{Scale, Want};
use crate::World;
use crate::epoch::FEE;

const CONTRACTS: &[&str] = &["staking", "open_token"];

/// Weighs staking's messages, in a world whose unbonding takes seconds.
///
/// # Errors
/// The first call that failed.
pub fn stake(world: &mut World, scale: &mut Scale) -> Result<()> {
    let (chain, staking) = (world.chain.clone(), world.suite.staking);
    let (payer, watcher) = (world.people.payer.clone(), world.people.watcher.clone());
    let oracle = world.people.oracles[0].account.account();
    let least = world.config.staking.min_bonds[Role::Agent as usize];

    world.approve(&watcher, staking, least)?;
    let register = message_builder!(Staking).register(Role::Agent, watcher.public(), 0, least);
    scale.weigh("staking: register", CONTRACTS, send(&*chain, &watcher, staking, register))?;
    world.approve(&payer, staking, 1_000 * OPEN)?;
    let bond = || message_builder!(Staking).bond(oracle, 500 * OPEN);
    let with_escrow = ["staking", "open_token", "escrow"];
    scale.weigh("staking: bond, the first of an account", &with_escrow, send(&*chain, &payer, staking, bond()))?;
    scale.weigh("staking: bond more", &with_escrow, send(&*chain, &payer, staking, bond()))?;

    // The stakers' share of a fee, to be pulled and claimed.
    let channel = world.open_channel(100 * OPEN)?;
    world.answer(channel, "He kept a ledger of every ship that came in, they say.", FEE)?;
    world.settle(channel)?;
    let pull = message_builder!(Staking).pull_rewards();
    scale.weigh("staking: pull_rewards", &with_escrow, send(&*chain, &watcher, staking, pull))?;
    let claim = message_builder!(Staking).claim_rewards(oracle);
    scale.weigh("staking: claim_rewards", CONTRACTS, send(&*chain, &payer, staking, claim))?;

    let unbond = message_builder!(Staking).unbond(oracle, 500 * OPEN);
    scale.weigh("staking: unbond", &["staking"], send(&*chain, &payer, staking, unbond))?;
    let unbonding = read(&*chain, staking, message_builder!(Staking).unbondings(payer.account()))?;
    world.after(unbonding.first().context("nothing unbonds")?.matures_at)?;
    let withdraw = message_builder!(Staking).withdraw();
    scale.weigh("staking: withdraw", CONTRACTS, send(&*chain, &payer, staking, withdraw))?;

    let key = message_builder!(Staking).set_signing_key([7; 32]);
    scale.weigh("staking: set_signing_key", &["staking"], send(&*chain, &watcher, staking, key))?;

    // Governance would call it; what it would weigh is asked of the chain.
    chain.transfer(&payer, world.suite.timelock, 1_000 * EXISTENTIAL_DEPOSIT)?;
    let now = chain.now()?;
    let call = message_builder!(Staking).slash(oracle, 1_000, now.saturating_sub(1), None, Offence::Misconduct);
    let run = chain.dry_run(world.suite.timelock, staking, &call.input.encode(), 0)?;
    anyhow::ensure!(!run.reverted, "a slash: 0x{}", hex::encode(run.returned));
    let receipt = Receipt { gas: run.gas, deposit: run.deposit, ..Receipt::default() };
    scale.add("staking: slash, by the admin (dry run)", &receipt, CONTRACTS, Want::Nothing);
    Ok(())
}
