//! `proposal`: what is voted on, what it would do, and how it goes on after the vote.

use anyhow::Result;
use clap::Subcommand;
use openledger_abi::governor::{Proposal, ProposalState, VoteCast};
use serde_json::{Value, json};

use super::common::{Common, SenderArg, bytes32};
use crate::abi::Contracts;
use crate::actions::proposals::ReadCall;
use crate::actions::{governance, proposals, simulation};
use crate::context::Context;
use crate::rehearsal::Said;
use crate::{amount, table, time};

#[derive(Subcommand)]
pub enum ProposalCommand {
    /// All proposals.
    ///
    /// Example: openledger proposal list
    #[command(verbatim_doc_comment)]
    List {
        #[command(flatten)]
        common: Common,
    },
    /// A proposal: where it stands, its count, what each call does and what would change.
    ///
    /// Example: openledger proposal show 0x5c0e…
    #[command(verbatim_doc_comment)]
    Show {
        #[arg(value_parser = bytes32)]
        id: [u8; 32],
        /// Say how this account voted too.
        #[arg(long)]
        voter: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Execute a proposal on a copy of the chain and show what would change. Nothing happens on the chain itself.
    ///
    /// The copy of a node's state runs here and fetches what it reads.
    /// Example: openledger proposal simulate 0x5c0e…
    #[command(verbatim_doc_comment)]
    Simulate {
        #[arg(value_parser = bytes32)]
        id: [u8; 32],
        #[command(flatten)]
        common: Common,
    },
    Create(super::propose::ProposeArgs),
    /// Put a proposal that succeeded into the timelock. Anybody may.
    ///
    /// Example: openledger proposal queue 0x5c0e… --key //Alice
    #[command(verbatim_doc_comment)]
    Queue {
        #[arg(value_parser = bytes32)]
        id: [u8; 32],
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Execute a queued proposal whose delay is over. Anybody may.
    ///
    /// Example: openledger proposal execute 0x5c0e… --key //Alice
    #[command(verbatim_doc_comment)]
    Execute {
        #[arg(value_parser = bytes32)]
        id: [u8; 32],
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Cancel a proposal: its proposer while it is pending, anybody once its proposer has less votes than it needs.
    ///
    /// Example: openledger proposal cancel 0x5c0e… --key //Alice
    #[command(verbatim_doc_comment)]
    Cancel {
        #[arg(value_parser = bytes32)]
        id: [u8; 32],
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
}

impl ProposalCommand {
    pub fn run(self) -> Result<()> {
        match self {
            Self::List { common } => list(&common),
            Self::Show { id, voter, common } => show(&common, id, voter.as_deref()),
            Self::Simulate { id, common } => simulate(&common, id),
            Self::Create(args) => args.run(),
            Self::Queue { id, sender, common } => common.transact(&sender, |context, key| {
                governance::queue(context, key, id)?;
                let ready_at = governance::ready_at(context, id)?;
                let text = format!("queued; `openledger proposal execute` works from {} UTC on", time::show(ready_at));
                Ok(Said::new(json!({ "id": hex::encode(id), "ready_at": ready_at }), text))
            }),
            Self::Execute { id, sender, common } => execute(&common, &sender, id),
            Self::Cancel { id, sender, common } => common.transact(&sender, |context, key| {
                governance::cancel(context, key, id)?;
                Ok(Said::new(json!({ "id": hex::encode(id), "state": "cancelled" }), "cancelled for good"))
            }),
        }
    }
}

/// A state's name.
pub fn state_name(state: ProposalState) -> &'static str {
    match state {
        ProposalState::Pending => "pending",
        ProposalState::Active => "active",
        ProposalState::Cancelled => "cancelled",
        ProposalState::Defeated => "defeated",
        ProposalState::Succeeded => "succeeded",
        ProposalState::Queued => "queued",
        ProposalState::Expired => "expired",
        ProposalState::Executed => "executed",
    }
}

/// A proposal for programs.
pub fn proposal_json(context: &Context, id: [u8; 32], proposal: &Proposal, description: Option<&str>) -> Result<Value> {
    let state = governance::state(context, id)?;
    Ok(json!({
        "id": hex::encode(id),
        "state": state_name(state),
        "proposer": chain::ss58(&proposal.proposer),
        "description": description,
        "proposed_at": proposal.proposed_at,
        "snapshot_at": proposal.snapshot_at,
        "deadline_at": proposal.deadline_at,
        "for": proposal.votes_for.to_string(),
        "against": proposal.votes_against.to_string(),
        "abstain": proposal.votes_abstain.to_string(),
        "quorum": governance::quorum(context, proposal)?.to_string(),
        "quorum_is_fixed": proposal.quorum.is_some(),
        "ready_at": match state {
            ProposalState::Queued => Some(governance::ready_at(context, id)?),
            _ => None,
        },
    }))
}

/// Text of others, fit for a terminal.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || *c == '\n').collect()
}

fn list(common: &Common) -> Result<()> {
    let context = common.context()?;
    let descriptions = governance::descriptions(&context)?;
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for id in governance::list(&context)? {
        let proposal = governance::show(&context, id)?;
        let description = descriptions.get(&id).map(String::as_str);
        rows.push(vec![
            format!("0x{}", hex::encode(id)),
            state_name(governance::state(&context, id)?).to_owned(),
            amount::show(proposal.votes_for),
            amount::show(proposal.votes_against),
            time::show(proposal.deadline_at),
            plain(description.unwrap_or("")).lines().next().unwrap_or("").chars().take(40).collect(),
        ]);
        values.push(proposal_json(&context, id, &proposal, description)?);
    }
    let header = ["proposal", "state", "for", "against", "vote ends (UTC)", "what"];
    common.output().table(&json!(values), &header, &rows, "no proposals yet; make one with `openledger propose`")
}

/// What happens next, and how long until then.
fn next(context: &Context, id: [u8; 32], proposal: &Proposal, state: ProposalState) -> Result<String> {
    let now = context.chain.now()?;
    let left = |at: u64| format!("{} UTC (in {})", time::show(at), time::span(at.saturating_sub(now)));
    Ok(match state {
        ProposalState::Pending => format!("voting begins {}", left(proposal.snapshot_at)),
        ProposalState::Active => format!("`openledger vote` until {}", left(proposal.deadline_at)),
        ProposalState::Succeeded => "`openledger proposal queue` puts it into the timelock".into(),
        ProposalState::Queued => match governance::ready_at(context, id)? {
            ready_at if ready_at > now => format!("`openledger proposal execute` from {} on", left(ready_at)),
            _ => match governance::expires_at(context, proposal)? {
                Some(expires_at) => format!("`openledger proposal execute` until {}", left(expires_at)),
                None => "`openledger proposal execute` works now".into(),
            },
        },
        _ => "nothing more happens".into(),
    })
}

/// The calls, numbered, with what they change.
pub fn call_lines(calls: &[ReadCall]) -> String {
    let mut text = String::new();
    for (number, call) in (1u32..).zip(calls) {
        text.push_str(&format!("  {number}. {}\n", call.title()));
        for change in &call.changes {
            text.push_str(&format!("       {}\n", change.text()));
        }
        for note in &call.notes {
            text.push_str(&format!("       note: {note}\n"));
        }
    }
    text.trim_end().to_owned()
}

fn show(common: &Common, id: [u8; 32], voter: Option<&str>) -> Result<()> {
    let context = common.context()?;
    let contracts = Contracts::of(&context.suite)?;
    let proposal = governance::show(&context, id)?;
    let calls = proposals::read(&context, &contracts, &governance::calls(&context, id)?)?;
    let state = governance::state(&context, id)?;
    let descriptions = governance::descriptions(&context)?;
    let description = descriptions.get(&id).map(String::as_str);
    let quorum = governance::quorum(&context, &proposal)?;
    let counted = proposal.votes_for.saturating_add(proposal.votes_abstain);
    let mut text = format!(
        "{}\n\n{}, by {}; {}\nvotes: for {}, against {}, abstain {} OPEN\nquorum: {}, {} of {} votes for or abstaining{}\n\ncalls, made by the timelock in order{}:\n{}",
        plain(description.unwrap_or("(the chain does not tell its description any more)")),
        state_name(state),
        chain::ss58(&proposal.proposer),
        next(&context, id, &proposal, state)?,
        amount::show(proposal.votes_for),
        amount::show(proposal.votes_against),
        amount::show(proposal.votes_abstain),
        if counted >= quorum { "reached" } else { "not reached" },
        amount::show(counted),
        amount::show(quorum),
        if proposal.quorum.is_some() { "" } else { " (as of now; fixed by the first vote)" },
        if state == ProposalState::Executed { " (done: the values of now are the new ones)" } else { ", now → then" },
        call_lines(&calls)
    );
    let ballots = governance::ballots(&context, id)?;
    if !ballots.is_empty() {
        text.push_str(&format!("\n\n{}", ballot_lines(&ballots)));
    }
    let mut value = proposal_json(&context, id, &proposal, description)?;
    value["ballots"] = json!(ballots.iter().map(ballot_json).collect::<Vec<_>>());
    value["calls"] = json!(calls.iter().map(ReadCall::json).collect::<Vec<_>>());
    if let Some(name) = voter {
        let ballot = governance::ballot(&context, id, common.account(name)?)?;
        let said = match &ballot {
            None => format!("{name} has not voted"),
            Some(ballot) => format!("{name} voted {:?} with {}", ballot.support, amount::show(ballot.weight)),
        };
        text.push_str(&format!("\n\n{said}"));
        value["ballot"] = json!(ballot.map(|ballot| {
            json!({ "support": format!("{:?}", ballot.support).to_lowercase(), "weight": ballot.weight.to_string() })
        }));
    }
    common.output().say(&value, text)
}

/// Ballots shown to people; programs get all.
const BALLOTS_SHOWN: usize = 10;

fn ballot_lines(ballots: &[VoteCast]) -> String {
    let rows: Vec<_> = ballots
        .iter()
        .take(BALLOTS_SHOWN)
        .map(|vote| {
            let reason: String = plain(&vote.reason).replace('\n', " ").chars().take(50).collect();
            vec![
                chain::ss58(&vote.voter),
                format!("{:?}", vote.support).to_lowercase(),
                amount::show(vote.weight),
                reason,
            ]
        })
        .collect();
    let more = ballots.len().saturating_sub(BALLOTS_SHOWN);
    let mut text = table::render(&["voter", "vote", "votes", "why"], &rows);
    if more > 0 {
        text.push_str(&format!("  and {more} more (--json shows all)\n"));
    }
    text
}

fn ballot_json(vote: &VoteCast) -> Value {
    json!({
        "voter": chain::ss58(&vote.voter),
        "support": format!("{:?}", vote.support).to_lowercase(),
        "weight": vote.weight.to_string(),
        "reason": vote.reason,
    })
}

fn simulate(common: &Common, id: [u8; 32]) -> Result<()> {
    let context = common.context()?;
    let contracts = Contracts::of(&context.suite)?;
    let calls = governance::calls(&context, id)?;
    let read = proposals::read(&context, &contracts, &calls)?;
    let simulation = simulation::run(&context, &contracts, id)?;
    let mut text = format!(
        "executed by the timelock on a copy of the chain, as if it had been scheduled now and its delay ended {} UTC; nothing \
         happened on the chain itself\n",
        time::show(simulation.at)
    );
    text.push_str(&match &simulation.failure {
        Some(failure) => format!("it would fail, and change nothing: {failure}\n"),
        None => "it would succeed\n".to_owned(),
    });
    text.push_str(&format!("\ncalls:\n{}\n", call_lines(&read)));
    if simulation.failure.is_none() {
        text.push_str("\nwhat the contracts would say, before → after:\n");
        for change in &simulation.changes {
            text.push_str(&format!("  {}\n", change.text()));
        }
        if simulation.changes.is_empty() {
            text.push_str("  the same as now\n");
        }
        text.push_str("\nevents:\n");
        for event in &simulation.events {
            text.push_str(&format!("  {}\n", event.text()));
        }
    }
    let mut value = simulation.json();
    value["id"] = json!(hex::encode(id));
    value["decoded"] = json!(read.iter().map(ReadCall::json).collect::<Vec<_>>());
    common.output().say(&value, text)
}

fn execute(common: &Common, sender: &SenderArg, id: [u8; 32]) -> Result<()> {
    let context = common.context()?;
    let contracts = Contracts::of(&context.suite)?;
    // Read before: afterwards the old values are gone.
    let calls = proposals::read(&context, &contracts, &governance::calls(&context, id)?)?;
    // It is opened again, and a chain in a folder is open once at a time.
    drop(context);
    common.transact(sender, |context, key| {
        governance::execute(context, key, id)?;
        let value = json!({
            "id": hex::encode(id),
            "state": "executed",
            "calls": calls.iter().map(ReadCall::json).collect::<Vec<_>>(),
        });
        Ok(Said::new(value, format!("executed:\n{}", call_lines(&calls))))
    })
}
