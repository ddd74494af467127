//! `propose`: a change for holders to vote on, from settings or calls as people write them.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;

use super::common::{Common, SenderArg};
use super::proposal::{call_lines, proposal_json};
use crate::abi::Contracts;
use crate::actions::compose::{self, Wish};
use crate::actions::{governance, proposals};
use crate::output::Usage;
use crate::rehearsal::Said;
use crate::{amount, time};

/// Propose a change for holders to vote on: settings, or any calls, that the timelock then makes.
///
/// Several make one proposal, executed all or not at all: first the settings, then the calls, each as they are given.
/// `--set CONTRACT.SETTING=VALUE` changes a parameter; what is not named stays. Values: OPEN for amounts, 800 or 8% for
/// shares, 12h or 3d for times. `--call "CONTRACT MESSAGE ARGUMENTS…"` calls any message, with arguments as on this line
/// or in JSON; "CONTRACT 0x…" takes bytes as they are.
/// Example: openledger propose --set escrow.platform=5% --set escrow.contributors=50% --description "More to contributors" --key //Alice
/// Example: openledger propose --call "staking unpause 0" --call "token transfer //Bob 100 0x" --description "Go on" --key //Alice
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct ProposeArgs {
    /// A setting and its new value.
    #[arg(long = "set", value_name = "CONTRACT.SETTING=VALUE", required_unless_present = "call",
          value_parser = |text: &str| compose::parse_set(text).map_err(|error| format!("{error:#}")))]
    set: Vec<Wish>,
    /// A call of any message.
    #[arg(long, value_name = "CONTRACT MESSAGE ARGUMENTS…",
          value_parser = |text: &str| compose::parse_call(text).map_err(|error| format!("{error:#}")))]
    call: Vec<Wish>,
    /// What it is for; voters read it.
    #[arg(long, required_unless_present = "description_file")]
    description: Option<String>,
    /// The same from a file, at most 4,096 bytes.
    #[arg(long, conflicts_with = "description")]
    description_file: Option<PathBuf>,
    #[command(flatten)]
    sender: SenderArg,
    #[command(flatten)]
    common: Common,
}

impl ProposeArgs {
    pub fn run(self) -> Result<()> {
        let context = self.common.context()?;
        let contracts = Contracts::of(&context.suite)?;
        let description = match (&self.description, &self.description_file) {
            (Some(text), _) => text.clone(),
            (None, Some(path)) => {
                let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
                text.trim_end().to_owned()
            }
            (None, None) => anyhow::bail!(Usage("say what it is for: --description or --description-file".into())),
        };
        let wishes: Vec<Wish> = self.set.iter().chain(&self.call).cloned().collect();
        let accounts = |text: &str| self.common.account(text);
        let calls = compose::calls(&context, &contracts, &accounts, &wishes).map_err(Usage::of)?;
        let read = proposals::read(&context, &contracts, &calls)?;
        if !self.common.json {
            eprintln!("proposes, to be executed by the timelock in this order:\n{}", call_lines(&read));
        }
        // It is opened again, and a chain in a folder is open once at a time.
        drop(context);
        self.common.transact(&self.sender, |context, key| {
            let id = governance::propose(context, key, calls.clone(), &description)?;
            let proposal = governance::show(context, id)?;
            let text = format!(
                "proposal 0x{}\nvoting is open from {} to {} UTC; votes count as they are at its begin, {} for or abstaining make the quorum",
                hex::encode(id),
                time::show(proposal.snapshot_at),
                time::show(proposal.deadline_at),
                amount::show(governance::quorum(context, &proposal)?)
            );
            let mut value = proposal_json(context, id, &proposal, Some(&description))?;
            value["calls"] = json!(read.iter().map(proposals::ReadCall::json).collect::<Vec<_>>());
            Ok(Said::new(value, text))
        })
    }
}
