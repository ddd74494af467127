//! Proposing, voting, executing.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use chain::{AccountId, Keypair};
use ink::message_builder;
use openledger_abi::escrow::{Escrow, ParameterSet};
use openledger_abi::governor::{
    Ballot, Governor, MAX_PAGE, Proposal, ProposalCreated, ProposalId, ProposalState, Support, VoteCast,
};
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
    propose(context, proposer, vec![call], description)
}

/// Proposes calls for the timelock to make. Returns the proposal's id.
pub fn propose(context: &Context, proposer: &Keypair, calls: Vec<Call>, description: &str) -> Result<ProposalId> {
    let call = message_builder!(Governor).propose(calls, description.to_owned());
    Ok(context.send("proposing", proposer, context.suite.governor, call)?.value)
}

/// Casts an account's votes. Returns how many.
pub fn vote(context: &Context, voter: &Keypair, id: ProposalId, support: Support) -> Result<u128> {
    let call = message_builder!(Governor).cast_vote(id, support);
    Ok(context.send("voting", voter, context.suite.governor, call)?.value)
}

/// [`vote`] with a reason for others to read.
pub fn vote_with_reason(
    context: &Context,
    voter: &Keypair,
    id: ProposalId,
    support: Support,
    reason: &str,
) -> Result<u128> {
    let call = message_builder!(Governor).cast_vote_with_reason(id, support, reason.to_owned());
    Ok(context.send("voting", voter, context.suite.governor, call)?.value)
}

/// Cancels a proposal: its proposer while it is pending, anyone once the proposer has less votes than the threshold.
pub fn cancel(context: &Context, key: &Keypair, id: ProposalId) -> Result<()> {
    context.send("cancelling", key, context.suite.governor, message_builder!(Governor).cancel(id))?;
    Ok(())
}

/// The guardian takes a queued proposal out of the timelock.
pub fn veto(context: &Context, guardian: &Keypair, id: ProposalId) -> Result<()> {
    let Some(operation) = show(context, id)?.operation else { bail!("the proposal is not in the timelock") };
    context.send("the veto", guardian, context.suite.timelock, message_builder!(Timelock).cancel(operation))?;
    Ok(())
}

/// All ballots of a proposal that the chain's events tell, most votes first.
pub fn ballots(context: &Context, id: ProposalId) -> Result<Vec<VoteCast>> {
    let events = context.chain.events(0)?.into_iter().filter(|event| event.contract == context.suite.governor);
    let mut all: Vec<_> = events.filter_map(|event| event.decode::<VoteCast>()).filter(|vote| vote.id == id).collect();
    all.sort_by_key(|vote| std::cmp::Reverse(vote.weight));
    Ok(all)
}

/// When the timelock lets a queued proposal go for good.
pub fn expires_at(context: &Context, proposal: &Proposal) -> Result<Option<u64>> {
    let Some(operation) = proposal.operation else { return Ok(None) };
    let found = context.read(context.suite.timelock, message_builder!(Timelock).operation(operation))?;
    Ok(found.map(|operation| operation.expires_at))
}

/// How an account voted.
pub fn ballot(context: &Context, id: ProposalId, voter: AccountId) -> Result<Option<Ballot>> {
    context.read(context.suite.governor, message_builder!(Governor).ballot(id, voter))
}

/// The votes that make a quorum: the proposal's own, or those that the supply of `at` or now would ask for.
pub fn quorum(context: &Context, proposal: &Proposal) -> Result<u128> {
    if let Some(quorum) = proposal.quorum {
        return Ok(quorum);
    }
    let at = context.chain.now()?.saturating_sub(1).min(proposal.snapshot_at);
    let quorum = context.read(context.suite.governor, message_builder!(Governor).quorum(at))?;
    quorum.map_err(|error| anyhow::anyhow!("the quorum: {error:?}"))
}

/// Where a proposal stands.
pub fn state(context: &Context, id: ProposalId) -> Result<ProposalState> {
    let state = context.read(context.suite.governor, message_builder!(Governor).state(id))?;
    state.map_err(|error| anyhow::anyhow!("the proposal's state: {error:?}"))
}

/// Puts a proposal that succeeded into the timelock. Anyone may.
pub fn queue(context: &Context, key: &Keypair, id: ProposalId) -> Result<()> {
    context.send("queueing", key, context.suite.governor, message_builder!(Governor).queue(id))?;
    Ok(())
}

/// When the timelock lets a queued proposal through.
pub fn ready_at(context: &Context, id: ProposalId) -> Result<u64> {
    let calls = calls(context, id)?;
    let timelock = context.suite.timelock;
    let operation = context.read(timelock, message_builder!(Timelock).hash_operation(calls, id))?;
    match context.read(timelock, message_builder!(Timelock).operation(operation))? {
        Some(operation) => Ok(operation.ready_at),
        None => bail!("the proposal is not in the timelock: queue it first"),
    }
}

/// Executes a queued proposal whose delay is over; anyone may.
pub fn execute(context: &Context, key: &Keypair, id: ProposalId) -> Result<()> {
    let calls = calls(context, id)?;
    let call = message_builder!(Timelock).execute(calls, id);
    context.send("executing", key, context.suite.timelock, call)?;
    Ok(())
}

/// A proposal with its count.
pub fn show(context: &Context, id: ProposalId) -> Result<Proposal> {
    match context.read(context.suite.governor, message_builder!(Governor).proposal(id))? {
        Some(proposal) => Ok(proposal),
        None => bail!("the governor has no proposal 0x{}; see `openledger proposal list`", hex::encode(id)),
    }
}

/// The ids of all proposals, oldest first.
pub fn list(context: &Context) -> Result<Vec<ProposalId>> {
    let mut all = Vec::new();
    loop {
        let from = u32::try_from(all.len())?;
        let page = context.read(context.suite.governor, message_builder!(Governor).proposals(from, MAX_PAGE))?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// The descriptions of all proposals that the chain's events still tell: they are kept nowhere else.
pub fn descriptions(context: &Context) -> Result<BTreeMap<ProposalId, String>> {
    let created = context.chain.events(0)?.into_iter().filter(|event| event.contract == context.suite.governor);
    Ok(created.filter_map(|event| event.decode::<ProposalCreated>()).map(|made| (made.id, made.description)).collect())
}

/// The calls of a proposal.
pub fn calls(context: &Context, id: ProposalId) -> Result<Vec<Call>> {
    match context.read(context.suite.governor, message_builder!(Governor).proposal_calls(id))? {
        Some(calls) => Ok(calls),
        None => bail!("the governor has no proposal 0x{}", hex::encode(id)),
    }
}
