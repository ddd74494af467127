//! Work that the chain can see is paid from the stakers' share, once, when anyone asks for it.

use anyhow::{Context, Result, ensure};
use chain::{Keypair, read, send};
use ink::message_builder;
use openledger_abi::Balance;
use openledger_abi::datanet::DatanetRegistry;
use openledger_abi::staking::{Staking, StakingError, StakingTotals};

use crate::epoch::FEE;
use crate::{World, outcome::sent, refused};

fn totals(world: &World) -> Result<StakingTotals> {
    Ok(read(&*world.chain, world.suite.staking, message_builder!(Staking).totals())?)
}

/// Has fees come in and given out, so that the duty fund holds something.
fn fill_the_fund(world: &mut World) -> Result<()> {
    let position = world.open_channel(10 * FEE)?;
    world.answer(position, "An answer that quotes nobody.", FEE)?;
    world.settle(position)?;
    let pull = message_builder!(Staking).pull_rewards();
    sent("pulling", send(&*world.chain, &world.people.watcher, world.suite.staking, pull))?;
    ensure!(totals(world)?.duty > 0, "nothing came into the duty fund");
    Ok(())
}

/// What an operator takes of its own rewards.
fn claimed(world: &World, operator: &Keypair) -> Result<Balance> {
    let claim = message_builder!(Staking).claim_rewards(operator.account());
    sent("claiming", send(&*world.chain, operator, world.suite.staking, claim))
}

pub fn the_signers_of_a_live_report_are_paid_once(world: &mut World) -> Result<()> {
    fill_the_fund(world)?;
    let closed = world.close_epoch()?;
    let pay = || message_builder!(Staking).pay_report(closed.number);
    let staking = world.suite.staking;
    let early = send(&*world.chain, &world.people.watcher, staking, pay());
    refused(early, &StakingError::ReportNotLive)?;
    world.pay_epoch()?;
    // What they earned as stakers is not what this is about.
    let [first, second, third, idle] = [0, 1, 2, 3].map(|place| world.people.oracles[place].account.clone());
    let signers = [&first, &second, &third];
    for oracle in signers.into_iter().chain([&idle]) {
        claimed(world, oracle)?;
    }

    let (each, before) = (world.config.staking.signature_pay, totals(world)?);
    let paid = sent("paying", send(&*world.chain, &world.people.watcher, staking, pay()))?;
    ensure!(paid == 3 * each, "{paid}");
    let after = totals(world)?;
    ensure!(after.duty + paid == before.duty && after.rewards == before.rewards + paid, "{before:?} {after:?}");
    refused(send(&*world.chain, &world.people.watcher, staking, pay()), &StakingError::AlreadyPaid)?;
    ensure!(read(&*world.chain, staking, message_builder!(Staking).report_paid(closed.number))?);
    for oracle in signers {
        ensure!(claimed(world, oracle)? == each);
    }
    // Who signed nothing is paid nothing.
    let claim = message_builder!(Staking).claim_rewards(idle.account());
    refused(send(&*world.chain, &idle, staking, claim), &StakingError::NothingToClaim)
}

pub fn validators_who_agreed_are_paid_once_a_contribution(world: &mut World) -> Result<()> {
    fill_the_fund(world)?;
    let (staking, registry) = (world.suite.staking, world.suite.datanet_registry);
    let contribution = *world.contributions.first().context("no contribution")?;
    let outcome = read(&*world.chain, registry, message_builder!(DatanetRegistry).outcome(contribution))?;
    let outcome = outcome.context("not decided")?;
    ensure!(outcome.accepted && outcome.agreeing == [world.people.validator.account()], "{outcome:?}");
    let validator = world.people.validator.clone();
    claimed(world, &validator)?;

    let pay = || message_builder!(Staking).pay_verdicts(contribution);
    let each = world.config.staking.verdict_pay;
    ensure!(sent("paying", send(&*world.chain, &world.people.watcher, staking, pay()))? == each);
    refused(send(&*world.chain, &world.people.watcher, staking, pay()), &StakingError::AlreadyPaid)?;
    ensure!(claimed(world, &validator)? == each);
    Ok(())
}

pub fn what_is_not_decided_is_not_paid(world: &mut World) -> Result<()> {
    let (chain, staking, anyone) = (&*world.chain, world.suite.staking, &world.people.watcher);
    let report = message_builder!(Staking).pay_report(1_000);
    refused(send(chain, anyone, staking, report), &StakingError::ReportNotLive)?;
    let verdicts = message_builder!(Staking).pay_verdicts(1_000_000);
    refused(send(chain, anyone, staking, verdicts), &StakingError::NotDecided)
}
