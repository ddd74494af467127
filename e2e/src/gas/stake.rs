//! What operators and stakers do.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use chain::{AccountId, EXISTENTIAL_DEPOSIT, Keypair, Receipt, read, send};
use ink::message_builder;
use ink::scale::Encode;
use openledger_abi::OPEN;
use openledger_abi::staking::{Offence, Role, Staking};

use super::{Scale, Want};
use crate::World;
use crate::epoch::FEE;

const CONTRACTS: &[&str] = &["staking", "open_token"];

/// Slices of an unbonding period: what unbonds in it matures in so many lots.
const SLICES: usize = 16;

/// Weighs staking's messages, in a world whose unbonding takes as little as it may.
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
    let key = message_builder!(Staking).set_signing_key([7; 32]);
    scale.weigh("staking: set_signing_key", &["staking"], send(&*chain, &watcher, staking, key))?;

    chain.transfer(&payer, world.suite.timelock, 1_000 * EXISTENTIAL_DEPOSIT)?;
    weigh_a_slash(world, scale, "staking: slash, by the admin (dry run)")?;
    fill_slices(world, &payer, oracle)?;
    weigh_a_slash(world, scale, &format!("staking: slash, {SLICES} slices unbonding (dry run)"))?;
    let signers: Vec<_> = world.people.oracles.iter().take(3).map(|oracle| oracle.account.account()).collect();
    let offence_at = chain.now()?.saturating_sub(1);
    let slash = message_builder!(Staking).slash_false_report(signers, offence_at);
    weigh_a_vote(world, scale, "staking: slash_false_report, 3 signers (dry run)", &slash.input.encode())?;

    // By now most of its time is over.
    let unbonding = read(&*chain, staking, message_builder!(Staking).unbondings(payer.account()))?;
    world.after(unbonding.first().context("nothing unbonds")?.matures_at)?;
    let withdraw = message_builder!(Staking).withdraw();
    scale.weigh("staking: withdraw", CONTRACTS, send(&*chain, &payer, staking, withdraw)).map(|_| ())
}

fn weigh_a_slash(world: &World, scale: &mut Scale, name: &str) -> Result<()> {
    let oracle = world.people.oracles[0].account.account();
    let offence_at = world.chain.now()?.saturating_sub(1);
    let call = message_builder!(Staking).slash(oracle, 1_000, offence_at, None, Offence::Misconduct);
    weigh_a_vote(world, scale, name, &call.input.encode())
}

/// Governance would call it; what it would weigh is asked of the chain.
fn weigh_a_vote(world: &World, scale: &mut Scale, name: &str, input: &[u8]) -> Result<()> {
    let run = world.chain.dry_run(world.suite.timelock, world.suite.staking, input, 0)?;
    anyhow::ensure!(!run.reverted, "a slash: 0x{}", hex::encode(run.returned));
    let receipt = Receipt { gas: run.gas, deposit: run.deposit, ..Receipt::default() };
    scale.add(name, &receipt, CONTRACTS, Want::Nothing);
    Ok(())
}

/// Unbonds from an operator until so many slices of it wait that a slash reaches.
fn fill_slices(world: &World, staker: &Keypair, operator: AccountId) -> Result<()> {
    let (chain, staking) = (&world.chain, world.suite.staking);
    let period = world.config.staking.unbonding_ms;
    for _ in 0..2 * SLICES {
        let unbond = message_builder!(Staking).unbond(operator, OPEN);
        send(&**chain, staker, staking, unbond).context("unbonding a little")?;
        let waiting = read(&**chain, staking, message_builder!(Staking).unbondings(staker.account()))?;
        let live: BTreeSet<_> = waiting.iter().map(|part| part.matures_at).collect();
        if live.len() >= SLICES {
            return Ok(());
        }
        chain.advance(Duration::from_millis(period.div_ceil(SLICES as u64)))?;
    }
    bail!("{SLICES} slices never waited at once")
}
