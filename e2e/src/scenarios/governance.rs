//! What holders vote for happens, and nothing else does.

use anyhow::{Context, Result, ensure};
use chain::{read, send};
use ink::message_builder;
use openledger_abi::admin::AdminError;
use openledger_abi::escrow::{Escrow, EscrowError, ParameterSet};
use openledger_abi::governor::{Governor, ProposalState, Support};
use openledger_abi::timelock::{Call, Timelock};
use openledger_abi::token::Token;

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

pub fn a_vote_changes_the_fee_split(world: &mut World) -> Result<()> {
    let (chain, suite) = (&*world.chain, &world.suite);
    let holder = &world.people.deployer;
    let set = wanted(world)?;
    let call = Call::of(suite.escrow, &message_builder!(Escrow).set_parameters(set.clone()).input);
    let votes = message_builder!(Token).delegate(Some(holder.account()));
    sent("delegating", send(chain, holder, suite.token, votes))?;
    world.tick()?;

    let description = format!("Half of the platform's share to contributors, {}", chain.now()?);
    let propose = message_builder!(Governor).propose(vec![call.clone()], description);
    let id = sent("proposing", send(chain, holder, suite.governor, propose))?;
    let proposal = || read(chain, suite.governor, message_builder!(Governor).proposal(id));
    let (snapshot, deadline) = proposal()?.map(|p| (p.snapshot_at, p.deadline_at)).context("no proposal")?;
    world.after(snapshot)?;
    sent("voting", send(chain, holder, suite.governor, message_builder!(Governor).cast_vote(id, Support::For)))?;
    world.after(deadline)?;
    sent("queueing", send(chain, holder, suite.governor, message_builder!(Governor).queue(id)))?;

    let operation = proposal()?.and_then(|p| p.operation).context("not queued")?;
    let operation = read(chain, suite.timelock, message_builder!(Timelock).operation(operation))?;
    world.after(operation.context("no operation")?.ready_at)?;
    let execute = message_builder!(Timelock).execute(vec![call], [0; 32], id);
    sent("executing", send(chain, &world.people.host, suite.timelock, execute))?;

    let state = read(chain, suite.governor, message_builder!(Governor).state(id))?;
    ensure!(state == Ok(ProposalState::Executed), "{state:?}");
    let number = read(chain, suite.escrow, message_builder!(Escrow).current_parameters())?;
    let now = read(chain, suite.escrow, message_builder!(Escrow).parameters(number))?;
    ensure!(now == Some(set), "{now:?}");
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
