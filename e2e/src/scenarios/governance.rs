//! What holders vote for happens, and nothing else does.

use anyhow::{Context, Result, ensure};
use chain::{read, send};
use ink::message_builder;
use openledger_abi::OPEN;
use openledger_abi::admin::{AdminError, Pausable};
use openledger_abi::escrow::{Escrow, EscrowError, ParameterSet};
use openledger_abi::governor::{Governor, Proposal, ProposalId, ProposalState, Support};
use openledger_abi::payout::Payout;
use openledger_abi::timelock::{Call, Timelock};
use openledger_abi::token::Token;

use crate::epoch::FEE;
use crate::{World, outcome::sent, refused};

/// The current split with half of the platform's share given to the contributors.
fn wanted(world: &World) -> Result<ParameterSet> {
    let number = read(&*world.chain, world.suite.escrow, message_builder!(Escrow).current_parameters())?;
    let call = message_builder!(Escrow).parameters(number);
    let mut set = read(&*world.chain, world.suite.escrow, call)?.context("no parameter set")?;
    let half = set.platform_bps / 2;
    set.platform_bps -= half;
    set.contributors_bps += half;
    Ok(set)
}

/// Proposes these calls, has the holder of all OPEN vote for them, and executes them: one operation.
pub(crate) fn decide(world: &World, calls: Vec<Call>, description: &str) -> Result<ProposalId> {
    let id = proposed(world, calls.clone(), description)?;
    let (chain, suite) = (&*world.chain, &world.suite);
    world.after(proposal(world, id)?.snapshot_at)?;
    vote(world, id)?;
    world.after(proposal(world, id)?.deadline_at)?;
    sent("queueing", send(chain, &world.people.deployer, suite.governor, message_builder!(Governor).queue(id)))?;
    let operation = proposal(world, id)?.operation.context("not queued")?;
    let operation = read(chain, suite.timelock, message_builder!(Timelock).operation(operation))?;
    world.after(operation.context("no operation")?.ready_at)?;
    let execute = message_builder!(Timelock).execute(calls, id);
    sent("executing", send(chain, &world.people.host, suite.timelock, execute))?;
    Ok(id)
}

/// Has the holder of all OPEN propose.
pub(crate) fn proposed(world: &World, calls: Vec<Call>, description: &str) -> Result<ProposalId> {
    let (chain, suite, holder) = (&*world.chain, &world.suite, &world.people.deployer);
    let votes = message_builder!(Token).delegate(Some(holder.account()));
    sent("delegating", send(chain, holder, suite.token, votes))?;
    world.tick()?;
    let description = format!("{description}, {}", chain.now()?);
    let propose = message_builder!(Governor).propose(calls, description);
    sent("proposing", send(chain, holder, suite.governor, propose))
}

pub(crate) fn proposal(world: &World, id: ProposalId) -> Result<Proposal> {
    read(&*world.chain, world.suite.governor, message_builder!(Governor).proposal(id))?.context("no proposal")
}

fn vote(world: &World, id: ProposalId) -> Result<()> {
    let vote = message_builder!(Governor).cast_vote(id, Support::For);
    sent("voting", send(&*world.chain, &world.people.deployer, world.suite.governor, vote)).map(|_| ())
}

pub fn a_vote_changes_the_fee_split(world: &mut World) -> Result<()> {
    let (chain, suite) = (&*world.chain, &world.suite);
    let set = wanted(world)?;
    let call = Call::of(suite.escrow, &message_builder!(Escrow).set_parameters(set.clone()).input);
    let id = decide(world, vec![call], "Half of the platform's share to contributors")?;

    let state = read(chain, suite.governor, message_builder!(Governor).state(id))?;
    ensure!(state == Ok(ProposalState::Executed), "{state:?}");
    let number = read(chain, suite.escrow, message_builder!(Escrow).current_parameters())?;
    let now = read(chain, suite.escrow, message_builder!(Escrow).parameters(number))?;
    ensure!(now == Some(set), "{now:?}");
    Ok(())
}

/// A host that answered under one set has the exit delay to redeem by it; a set from before that is nobody's price any more.
pub fn a_replaced_parameter_set_counts_until_the_exit_delay_is_over(world: &mut World) -> Result<()> {
    let channel = world.open_channel(100 * OPEN)?;
    for text in ["Redeemed in time.", "Redeemed too late."] {
        world.answer(channel, text, FEE)?;
    }
    let call = Call::of(world.suite.escrow, &message_builder!(Escrow).set_parameters(wanted(world)?).input);
    decide(world, vec![call], "Half of the platform's share to contributors, again")?;
    let replaced_at = world.chain.now()?;

    let early = world.prefix(channel, 1)?;
    let waiting = sent("under the set that was replaced", world.redeem(early))?;
    let batch = world.attest(waiting)?;
    world.ledger(channel)?.redeemed = 1;
    let batch = read(&*world.chain, world.suite.payout, message_builder!(Payout).batch(batch))?.context("no batch")?;
    let current = read(&*world.chain, world.suite.escrow, message_builder!(Escrow).current_parameters())?;
    ensure!(batch.params + 1 == current, "{} of {current}", batch.params);
    world.after(replaced_at + world.config.exit_delay_ms)?;
    let late = world.redemption(channel)?;
    refused(world.redeem(late), &EscrowError::ParametersExpired)?;
    world.ledger(channel)?.places.truncate(1);
    Ok(())
}

pub fn a_quorum_in_the_last_moment_extends_the_vote(world: &mut World) -> Result<()> {
    let call = Call::of(world.suite.payout, &message_builder!(Pausable).unpause(0).input);
    let id = proposed(world, vec![call], "Nothing that matters")?;
    let before = proposal(world, id)?;
    let extension = world.config.late_quorum_extension_ms;
    // The last moment: less than the extension is left.
    world.after(before.deadline_at - extension * 3 / 4)?;
    vote(world, id)?;
    let after = proposal(world, id)?;
    ensure!(after.deadline_at > before.deadline_at, "{before:?} {after:?}");
    ensure!(after.deadline_at <= before.deadline_at + extension);
    world.after(before.deadline_at)?;
    let state = read(&*world.chain, world.suite.governor, message_builder!(Governor).state(id))?;
    ensure!(state == Ok(ProposalState::Active), "{state:?}");
    world.after(after.deadline_at)?;
    let state = read(&*world.chain, world.suite.governor, message_builder!(Governor).state(id))?;
    ensure!(state == Ok(ProposalState::Succeeded), "{state:?}");
    Ok(())
}

pub fn nobody_sets_parameters_past_the_timelock(world: &mut World) -> Result<()> {
    let set = wanted(world)?;
    for key in [&world.people.deployer, &world.people.guardian, &world.people.owner] {
        let call = message_builder!(Escrow).set_parameters(set.clone());
        refused(send(&*world.chain, key, world.suite.escrow, call), &EscrowError::Admin(AdminError::NotAdmin))?;
    }
    Ok(())
}
