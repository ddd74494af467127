//! `guardian`: stopping what may be going wrong. Setting it free is for a vote.

use anyhow::Result;
use clap::Subcommand;
use serde_json::json;

use super::common::{Common, SenderArg, bytes32};
use crate::actions::{governance, guardian};
use crate::output::Usage;
use crate::rehearsal::Said;
use crate::{table, time};

#[derive(Subcommand)]
pub enum GuardianCommand {
    /// What can be paused, what is, and who may.
    ///
    /// Example: openledger guardian show
    #[command(verbatim_doc_comment)]
    Show {
        #[command(flatten)]
        common: Common,
    },
    /// Pause a function of a contract. Only a vote sets it free: openledger propose --call "staking unpause 0" …
    ///
    /// Example: openledger guardian pause staking bond --key //Ferdie
    #[command(verbatim_doc_comment)]
    Pause {
        contract: String,
        function: String,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Take a queued proposal out of the timelock, for good.
    ///
    /// Example: openledger guardian veto 0x5c0e… --key //Ferdie
    #[command(verbatim_doc_comment)]
    Veto {
        #[arg(value_parser = bytes32)]
        id: [u8; 32],
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Keep an epoch's pending report from going live for longer; once a report.
    ///
    /// Example: openledger guardian hold 0 1d --key //Ferdie
    #[command(verbatim_doc_comment)]
    Hold {
        epoch: u32,
        /// For instance 12h or 3d.
        #[arg(value_parser = |text: &str| time::parse_span(text).map_err(|error| error.to_string()))]
        time: u64,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
}

impl GuardianCommand {
    pub fn run(self) -> Result<()> {
        match self {
            Self::Show { common } => show(&common),
            Self::Pause { contract, function, sender, common } => pause(&common, &sender, &contract, &function),
            Self::Veto { id, sender, common } => {
                let warn = |_: &_, _: &_| {
                    Ok("A vetoed proposal can't be executed; it has to be proposed and voted on anew.".to_owned())
                };
                common.transact_warned(&sender, warn, |context, key| {
                    governance::veto(context, key, id)?;
                    Ok(Said::new(json!({ "id": hex::encode(id), "vetoed": true }), "taken out of the timelock"))
                })
            }
            Self::Hold { epoch, time: ms, sender, common } => common.transact(&sender, |context, key| {
                let live_at = guardian::hold(context, key, epoch, ms)?;
                let text = format!("the report of epoch {epoch} goes live {} UTC at the earliest", time::show(live_at));
                Ok(Said::new(json!({ "epoch": epoch, "live_at": live_at }), text))
            }),
        }
    }
}

fn show(common: &Common) -> Result<()> {
    let context = common.context()?;
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for (name, functions) in guardian::PAUSABLE {
        let (address, _) = guardian::contract(&context, name)?;
        let (mask, by) = (guardian::paused(&context, address)?, guardian::guardian(&context, address)?);
        let admin = guardian::admin(&context, address)?;
        for (function, number) in functions {
            let paused = openledger_abi::admin::is_paused(mask, *number);
            let who = by.as_ref().map_or("nobody".into(), chain::ss58_short);
            let state = if paused { "PAUSED" } else { "runs" };
            rows.push(vec![name.to_owned(), (*function).to_owned(), number.to_string(), state.to_owned(), who]);
            values.push(json!({
                "contract": name,
                "function": function,
                "number": number,
                "paused": paused,
                "guardian": by.as_ref().map(chain::ss58),
                "admin": chain::ss58(&admin),
            }));
        }
    }
    let header = ["contract", "function", "number", "state", "guardian"];
    let text = format!("{}\na vote pauses too, and alone sets free", table::render(&header, &rows));
    common.output().say(&json!(values), text)
}

fn pause(common: &Common, sender: &SenderArg, contract: &str, function: &str) -> Result<()> {
    let (address, functions) = guardian::contract(&common.context()?, contract).map_err(Usage::of)?;
    let Some((name, number)) =
        functions.iter().find(|(name, number)| *name == function || number.to_string() == function)
    else {
        let names: Vec<_> = functions.iter().map(|(name, _)| *name).collect();
        anyhow::bail!(Usage(format!(
            "{contract} has no function `{function}` that can be paused; it has {}",
            names.join(", ")
        )));
    };
    let warn =
        |_: &_, _: &_| Ok(format!("Only a vote sets `{name}` of {contract} free again: delay, vote and timelock."));
    common.transact_warned(sender, warn, |context, key| {
        guardian::pause(context, key, address, *number)?;
        let text = format!(
            "`{name}` of {contract} is paused; a vote sets it free: openledger propose --call \"{contract} unpause {number}\""
        );
        Ok(Said::new(json!({ "contract": contract, "function": name, "number": number, "paused": true }), text))
    })
}
