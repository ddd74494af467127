//! Proposing, voting, executing.

use anyhow::{Result, bail};
use chain::Keypair;
use ink::message_builder;
use openledger_abi::escrow::{Escrow, ParameterSet};
use openledger_abi::governor::{Governor, ProposalId, ProposalState, Support};
use openledger_abi::timelock::{Call, Timelock};

use crate::context::Context;

/// Proposes another fee split. Returns the proposal's id.
pub fn propose_fee_split(
    context: &Context,
    proposer: &Keypair,
    parameters: ParameterSet,
    description: &str,
) -> Result<ProposalId> {
    let call = Call::of(context.suite.escrow, &message_builder!(Escrow).set_parameters(parameters).input);
    let call = message_builder!(Governor).propose(vec![call], description.to_owned());
    Ok(context.send("proposing", proposer, context.suite.governor, call)?.value)
}

/// Casts an account's votes. Returns how many.
pub fn vote(context: &Context, voter: &Keypair, id: ProposalId, support: Support) -> Result<u128> {
    let call = message_builder!(Governor).cast_vote(id, support);
    Ok(context.send("voting", voter, context.suite.governor, call)?.value)
}

/// Where a proposal stands.
pub fn state(context: &Context, id: ProposalId) -> Result<ProposalState> {
    let state = context.read(context.suite.governor, message_builder!(Governor).state(id))?;
    state.map_err(|error| anyhow::anyhow!("the proposal's state: {error:?}"))
}

/// Puts a proposal that succeeded into the timelock.
pub fn queue(context: &Context, key: &Keypair, id: ProposalId) -> Result<()> {
    context.send("queueing", key, context.suite.governor, message_builder!(Governor).queue(id))?;
    Ok(())
}

/// When the timelock lets a queued proposal through.
pub fn ready_at(context: &Context, id: ProposalId) -> Result<u64> {
    let calls = calls(context, id)?;
    let timelock = context.suite.timelock;
    let operation = context.read(timelock, message_builder!(Timelock).hash_operation(calls, [0; 32], id))?;
    match context.read(timelock, message_builder!(Timelock).operation(operation))? {
        Some(operation) => Ok(operation.ready_at),
        None => bail!("the proposal is not in the timelock: queue it first"),
    }
}

/// Executes a queued proposal whose delay is over; anyone may.
pub fn execute(context: &Context, key: &Keypair, id: ProposalId) -> Result<()> {
    let calls = calls(context, id)?;
    let call = message_builder!(Timelock).execute(calls, [0; 32], id);
    context.send("executing", key, context.suite.timelock, call)?;
    Ok(())
}

fn calls(context: &Context, id: ProposalId) -> Result<Vec<Call>> {
    match context.read(context.suite.governor, message_builder!(Governor).proposal_calls(id))? {
        Some(calls) => Ok(calls),
        None => bail!("the governor has no proposal 0x{}", hex::encode(id)),
    }
}
