//! `propose`, `proposal`, `vote`, `queue`, `execute`: holders decide.

use anyhow::{Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use openledger_abi::governor::{Proposal, ProposalState, Support};
use openledger_abi::timelock::Call;
use serde_json::{Value, json};

use super::common::{Common, KeyArg, bps, bytes32, open};
use crate::actions::{channel, governance};
use crate::context::Context;
use crate::{amount, table, time};

#[derive(Subcommand)]
pub enum ProposeCommand {
    FeeSplit(FeeSplitArgs),
    Call(CallArgs),
}

/// Propose another split of fees. What is not named stays; the five shares sum to 10,000.
///
/// Example: openledger propose fee-split --platform 500 --contributors 5000 --description "More to contributors" --key //Alice
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct FeeSplitArgs {
    /// Basis points of a fee to the platform's treasury.
    #[arg(long, value_parser = bps)]
    platform: Option<u16>,
    /// To the host that answers.
    #[arg(long, value_parser = bps)]
    host: Option<u16>,
    /// To the model's owner and its parents'.
    #[arg(long, value_parser = bps)]
    owner: Option<u16>,
    /// To stakers.
    #[arg(long, value_parser = bps)]
    stakers: Option<u16>,
    /// To contributors.
    #[arg(long, value_parser = bps)]
    contributors: Option<u16>,
    /// The least fee of an answer, in OPEN.
    #[arg(long, value_parser = open)]
    min_fee: Option<u128>,
    /// What it is for; voters read it.
    #[arg(long)]
    description: String,
    #[command(flatten)]
    key: KeyArg,
    #[command(flatten)]
    common: Common,
}

impl FeeSplitArgs {
    fn run(self) -> Result<()> {
        let (context, key) = self.common.signed(&self.key)?;
        let (_, mut set) = channel::fee_split(&context)?;
        let named = [
            (self.platform, &mut set.platform_bps),
            (self.host, &mut set.host_bps),
            (self.owner, &mut set.owner_bps),
            (self.stakers, &mut set.stakers_bps),
            (self.contributors, &mut set.contributors_bps),
        ];
        let mut sum = 0u32;
        for (given, share) in named {
            *share = given.unwrap_or(*share);
            sum = sum.saturating_add(u32::from(*share));
        }
        set.min_fee = self.min_fee.unwrap_or(set.min_fee);
        if sum != 10_000 {
            bail!(
                "the shares sum to {sum} bps instead of 10,000: platform {}, host {}, owner {}, stakers {}, contributors {}",
                set.platform_bps,
                set.host_bps,
                set.owner_bps,
                set.stakers_bps,
                set.contributors_bps
            );
        }
        let id = governance::propose_fee_split(&context, &key, set, &self.description)?;
        proposed(&context, &self.common, id)
    }
}

/// Propose that the timelock make any call: a contract's message with its arguments, SCALE-encoded.
///
/// The metadata in contracts/artifacts/*.json lists messages with their selectors.
/// Example: openledger propose call --target escrow --input 0xf0e71a84… --description "…" --key //Alice
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct CallArgs {
    /// A contract of the suite by name (`openledger chain show`), or an address.
    #[arg(long)]
    target: String,
    /// Selector and arguments in hex.
    #[arg(long)]
    input: String,
    /// What it is for; voters read it.
    #[arg(long)]
    description: String,
    #[command(flatten)]
    key: KeyArg,
    #[command(flatten)]
    common: Common,
}

impl CallArgs {
    fn run(self) -> Result<()> {
        let (context, key) = self.common.signed(&self.key)?;
        let known = context.suite.named().into_iter().find(|(name, _)| *name == self.target);
        let target = match known {
            Some((_, address)) => address,
            None => self.common.account(&self.target)?,
        };
        let digits = self.input.strip_prefix("0x").unwrap_or(&self.input);
        let bytes = hex::decode(digits).map_err(|error| anyhow::anyhow!("--input is not hex: {error}"))?;
        let Some((selector, arguments)) = bytes.split_first_chunk::<4>() else {
            bail!("--input has {} bytes: it begins with a message's selector of 4", bytes.len());
        };
        let call = Call { target, selector: *selector, input: arguments.to_vec(), value: 0 };
        let id = governance::propose(&context, &key, vec![call], &self.description)?;
        proposed(&context, &self.common, id)
    }
}

fn proposed(context: &Context, common: &Common, id: [u8; 32]) -> Result<()> {
    let proposal = governance::show(context, id)?;
    let text = format!(
        "proposal 0x{}\nvoting is open from {} to {} UTC; votes count as they are at its begin",
        hex::encode(id),
        time::show(proposal.snapshot_at),
        time::show(proposal.deadline_at)
    );
    common.output().say(&proposal_json(context, id, &proposal, None)?, text)
}

impl ProposeCommand {
    pub fn run(self) -> Result<()> {
        match self {
            Self::FeeSplit(args) => args.run(),
            Self::Call(args) => args.run(),
        }
    }
}

fn state_name(state: ProposalState) -> &'static str {
    match state {
        ProposalState::Pending => "pending",
        ProposalState::Active => "active",
        ProposalState::Canceled => "canceled",
        ProposalState::Defeated => "defeated",
        ProposalState::Succeeded => "succeeded",
        ProposalState::Queued => "queued",
        ProposalState::Expired => "expired",
        ProposalState::Executed => "executed",
    }
}

fn proposal_json(context: &Context, id: [u8; 32], proposal: &Proposal, description: Option<&str>) -> Result<Value> {
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
        "quorum": proposal.quorum.map(|quorum| quorum.to_string()),
        "ready_at": match state {
            ProposalState::Queued => Some(governance::ready_at(context, id)?),
            _ => None,
        },
    }))
}

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
    /// A proposal: where it stands, its count, its calls.
    ///
    /// Example: openledger proposal show 0x5c0e…
    #[command(verbatim_doc_comment)]
    Show {
        #[arg(value_parser = bytes32)]
        id: [u8; 32],
        #[command(flatten)]
        common: Common,
    },
}

impl ProposalCommand {
    pub fn run(self) -> Result<()> {
        match self {
            Self::List { common } => list(&common),
            Self::Show { id, common } => show(&common, id),
        }
    }
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
            description.unwrap_or("").chars().take(40).collect(),
        ]);
        values.push(proposal_json(&context, id, &proposal, description)?);
    }
    let header = ["proposal", "state", "for", "against", "vote ends (UTC)", "what"];
    common.output().table(&json!(values), &header, &rows, "no proposals yet; `openledger propose fee-split …`")
}

fn show(common: &Common, id: [u8; 32]) -> Result<()> {
    let context = common.context()?;
    let proposal = governance::show(&context, id)?;
    let calls = governance::calls(&context, id)?;
    let state = governance::state(&context, id)?;
    let descriptions = governance::descriptions(&context)?;
    let description = descriptions.get(&id).map(String::as_str);
    let next = match state {
        ProposalState::Pending => format!("voting begins {} UTC", time::show(proposal.snapshot_at)),
        ProposalState::Active => format!("`openledger vote` until {} UTC", time::show(proposal.deadline_at)),
        ProposalState::Succeeded => "`openledger queue` puts it into the timelock".into(),
        ProposalState::Queued => {
            format!("`openledger execute` from {} UTC on", time::show(governance::ready_at(&context, id)?))
        }
        _ => "nothing more happens".into(),
    };
    let targets: Vec<_> = calls
        .iter()
        .map(|call| {
            let known = context.suite.named().into_iter().find(|(_, address)| *address == call.target);
            let target = known.map_or_else(|| chain::ss58(&call.target), |(name, _)| name.to_owned());
            vec![target, format!("0x{}", hex::encode(call.selector)), format!("0x{}", hex::encode(&call.input))]
        })
        .collect();
    let text = format!(
        "{}\n{}, by {}; {next}\nfor {}, against {}, abstain {}; quorum {}\n\n{}",
        description.unwrap_or("(the chain does not tell its description any more)"),
        state_name(state),
        chain::ss58(&proposal.proposer),
        amount::show(proposal.votes_for),
        amount::show(proposal.votes_against),
        amount::show(proposal.votes_abstain),
        proposal.quorum.map_or_else(|| "is known from the first vote on".into(), amount::show),
        table::render(&["calls", "selector", "arguments"], &targets)
    );
    let mut value = proposal_json(&context, id, &proposal, description)?;
    value["calls"] =
        json!(targets.iter().map(|t| json!({ "target": t[0], "selector": t[1], "input": t[2] })).collect::<Vec<_>>());
    common.output().say(&value, text)
}

/// A vote.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Choice {
    For,
    Against,
    /// Counts for the quorum alone.
    Abstain,
}

/// Vote on a proposal, with all votes that you had when its vote began.
///
/// Example: openledger vote 0x5c0e… for --key //Alice
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct VoteArgs {
    #[arg(value_parser = bytes32)]
    id: [u8; 32],
    #[arg(value_enum)]
    choice: Choice,
    #[command(flatten)]
    key: KeyArg,
    #[command(flatten)]
    common: Common,
}

impl VoteArgs {
    pub fn run(self) -> Result<()> {
        let (context, key) = self.common.signed(&self.key)?;
        let support = match self.choice {
            Choice::For => Support::For,
            Choice::Against => Support::Against,
            Choice::Abstain => Support::Abstain,
        };
        let weight = governance::vote(&context, &key, self.id, support)?;
        let text = format!("voted {:?} with {} votes", self.choice, amount::show(weight));
        self.common.output().say(&json!({ "id": hex::encode(self.id), "weight": weight.to_string() }), text)
    }
}

/// Put a proposal that succeeded into the timelock. Anybody may.
///
/// Example: openledger queue 0x5c0e… --key //Alice
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct QueueArgs {
    #[arg(value_parser = bytes32)]
    id: [u8; 32],
    #[command(flatten)]
    key: KeyArg,
    #[command(flatten)]
    common: Common,
}

impl QueueArgs {
    pub fn run(self) -> Result<()> {
        let (context, key) = self.common.signed(&self.key)?;
        governance::queue(&context, &key, self.id)?;
        let ready_at = governance::ready_at(&context, self.id)?;
        let text = format!("queued; `openledger execute` works from {} UTC on", time::show(ready_at));
        self.common.output().say(&json!({ "id": hex::encode(self.id), "ready_at": ready_at }), text)
    }
}

/// Execute a queued proposal whose delay is over. Anybody may.
///
/// Example: openledger execute 0x5c0e… --key //Alice
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct ExecuteArgs {
    #[arg(value_parser = bytes32)]
    id: [u8; 32],
    #[command(flatten)]
    key: KeyArg,
    #[command(flatten)]
    common: Common,
}

impl ExecuteArgs {
    pub fn run(self) -> Result<()> {
        let (context, key) = self.common.signed(&self.key)?;
        governance::execute(&context, &key, self.id)?;
        let (number, set) = channel::fee_split(&context)?;
        let text = format!(
            "executed. Fees now split by set {number}: platform {}, host {}, owner {}, stakers {}, contributors {} bps",
            set.platform_bps, set.host_bps, set.owner_bps, set.stakers_bps, set.contributors_bps
        );
        let value = json!({
            "id": hex::encode(self.id),
            "parameters": number,
            "platform_bps": set.platform_bps,
            "host_bps": set.host_bps,
            "owner_bps": set.owner_bps,
            "stakers_bps": set.stakers_bps,
            "contributors_bps": set.contributors_bps,
        });
        self.common.output().say(&value, text)
    }
}
