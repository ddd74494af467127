//! What holders of OPEN do between the epochs: a contributor buys gas with it, voters change the fee split.

use anyhow::{Context as _, Result, bail};
use chain::advance_to;
use ink::message_builder;
use openledger_abi::OPEN;
use openledger_abi::escrow::Escrow;
use openledger_abi::governor::{Governor, ProposalId, ProposalState, Support};
use proof::Account;

use super::cast::Cast;
use super::narrate::Narrator;
use super::stage::Stage;
use crate::abi::Contracts;
use crate::actions::{gas, governance, proposals, signed, simulation, token};
use crate::amount;
use crate::context::Context;

/// A contributor's name and key.
pub fn contributor(stage: &Stage, account: &Account) -> Option<(String, chain::Keypair)> {
    let name = stage.names.get(account)?;
    Some((name.clone(), stage.contributors.get(name)?.clone()))
}

/// A contributor who has earned most and never had native coin buys some with OPEN.
pub fn fuel_one(context: &Context, cast: &Cast, narrator: &Narrator, stage: &mut Stage) -> Result<Option<Account>> {
    let mut earners: Vec<(Account, u128)> =
        stage.played.claimed.iter().map(|(account, paid)| (*account, *paid)).collect();
    earners.sort_by_key(|(account, paid)| (std::cmp::Reverse(*paid), *account));
    let Some((account, _)) = earners.first() else { return Ok(None) };
    let Some((name, key)) = contributor(stage, account) else { return Ok(None) };
    narrator.step(
        "A contributor with no native coin buys gas",
        &format!(
            "{name} has {} OPEN and no native coin, so it can send no transaction",
            amount::show(token::balance(context, key.account())?)
        ),
    );
    Ok(buy_gas(context, cast, narrator, stage, &name, &key)?.then_some(*account))
}

/// The least OPEN that is spent on gas, if the holder has so much.
const GAS_OPEN: u128 = OPEN / 5;

/// Signs a permit and an order; a payer relays both for the tip. Whether the holder has OPEN enough for that.
pub fn buy_gas(
    context: &Context,
    cast: &Cast,
    narrator: &Narrator,
    stage: &mut Stage,
    name: &str,
    holder: &chain::Keypair,
) -> Result<bool> {
    let relayer = cast.payers.first().context("no payer")?;
    let balance = token::balance(context, holder.account())?;
    let open = balance.min(GAS_OPEN.max(balance / 2));
    let tip = gas::parameters(context)?.tip.min(open / 4);
    let order = match gas::order(context, holder, open, tip, 3_600_000) {
        Ok(order) => order,
        Err(error) => {
            narrator.line(&format!("{name} has too little OPEN for the station: {error:#}"));
            return Ok(false);
        }
    };
    let signed::Relayed::Swapped(native) = signed::relay(context, relayer, &order)? else {
        bail!("the order for gas was none");
    };
    let gas = &mut stage.played.gas;
    gas.swaps += 1;
    gas.open += open;
    gas.native += native;
    narrator.line(&format!(
        "{name} signs a permit and an order for {} OPEN; payer 0 relays them for {} OPEN of it, the gas station gives {} of native coin",
        amount::show(open),
        amount::show(tip),
        amount::show_native(native)
    ));
    Ok(true)
}

/// Holders change the fee split: proposed, simulated, voted on by transaction and by signature, queued, executed.
pub fn vote(context: &Context, cast: &Cast, narrator: &Narrator, stage: &mut Stage) -> Result<()> {
    let escrow = context.suite.escrow;
    let number = context.read(escrow, message_builder!(Escrow).current_parameters())?;
    let before = context.read(escrow, message_builder!(Escrow).parameters(number))?.context("no parameter set")?;
    let mut after = before.clone();
    after.platform_bps -= 500;
    after.contributors_bps += 500;
    let proposer = cast.voters.first().context("no voter")?;
    let text = "Give contributors 5 % more, the platform 5 % less";
    let id = governance::propose_fee_split(context, proposer, after, text)?;
    narrator.step("Holders vote on the fee split", &format!("“{text}”: platform 10 → 5 %, contributors 45 → 50 %"));
    let parameters = context.read(context.suite.governor, message_builder!(Governor).parameters())?;
    let now = context.chain.now()?;
    advance_to(&*context.chain, now + parameters.voting_delay_ms + 1)?;
    simulate(context, narrator, id)?;
    let mut votes = governance::vote(context, proposer, id, Support::For)?;
    stage.played.ballots += 1;
    // The others sign, and the proposer sends their votes in.
    for voter in cast.voters.iter().skip(1) {
        let message = signed::Message::Vote {
            proposal: hex::encode(id),
            support: signed::Choice::For,
            reason: "Whose words they are shall earn more".into(),
            voter: voter.account(),
        };
        let deadline = context.chain.now()? + parameters.voting_period_ms;
        let vote = signed::sign(context.chain.genesis(), &context.suite, voter, message, deadline)?;
        let signed::Relayed::Voted(weight) = signed::relay(context, proposer, &vote)? else {
            bail!("the vote was none")
        };
        votes += weight;
        stage.played.ballots += 1;
        stage.played.ballots_by_signature += 1;
    }
    let now = context.chain.now()?;
    advance_to(&*context.chain, now + parameters.voting_period_ms + 1)?;
    let state = governance::state(context, id)?;
    anyhow::ensure!(state == ProposalState::Succeeded, "the proposal is {state:?}, not Succeeded");
    governance::queue(context, proposer, id)?;
    advance_to(&*context.chain, governance::ready_at(context, id)? + 1)?;
    governance::execute(context, proposer, id)?;
    let current = context.read(escrow, message_builder!(Escrow).current_parameters())?;
    narrator.line(&format!(
        "{} OPEN for ({} of {} ballots by signature), none against; queued, delayed, executed: parameter set {number} → {current}",
        amount::show(votes),
        stage.played.ballots_by_signature,
        stage.played.ballots
    ));
    Ok(())
}

/// What executing the proposal would change, before anybody votes.
fn simulate(context: &Context, narrator: &Narrator, id: ProposalId) -> Result<()> {
    let contracts = Contracts::of(&context.suite)?;
    let simulation = simulation::run(context, &contracts, id)?;
    let changes: Vec<_> = simulation.changes.iter().map(proposals::Change::text).collect();
    if let Some(failure) = simulation.failure {
        bail!("the proposal would fail: {failure}");
    }
    narrator.line(&format!("executed on a copy of the chain: {}", changes.join(", ")));
    Ok(())
}
