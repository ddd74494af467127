//! `recipient`: where an account's claims are paid to.

use anyhow::Result;
use clap::Subcommand;
use serde_json::json;

use super::common::{Common, SenderArg};
use crate::actions::guardian;
use crate::rehearsal::Said;

#[derive(Subcommand)]
pub enum RecipientCommand {
    /// Have your claims paid to another account, or to yourself again.
    ///
    /// Example: openledger recipient set //Bob --key maria
    #[command(verbatim_doc_comment)]
    Set {
        #[arg(required_unless_present = "back")]
        to: Option<String>,
        /// To yourself again.
        #[arg(long, conflicts_with = "to")]
        back: bool,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Whom an account's claims are paid to.
    ///
    /// Example: openledger recipient show maria
    #[command(verbatim_doc_comment)]
    Show {
        account: String,
        #[command(flatten)]
        common: Common,
    },
}

impl RecipientCommand {
    pub fn run(self) -> Result<()> {
        match self {
            Self::Set { to, back: _, sender, common } => {
                let recipient = to.as_deref().map(|to| common.account(to)).transpose()?;
                common.transact(&sender, |context, key| {
                    guardian::set_recipient(context, key, recipient)?;
                    let text = match &to {
                        Some(to) => format!("what {} earns is paid to {to} from now on", key.address()),
                        None => format!("what {} earns is paid to itself", key.address()),
                    };
                    Ok(Said::new(json!({ "recipient": recipient.map(|to| chain::ss58(&to)) }), text))
                })
            }
            Self::Show { account, common } => {
                let found = guardian::recipient(&common.context()?, common.account(&account)?)?;
                let text = match &found {
                    Some(to) => format!("what {account} earns is paid to {}", chain::ss58(to)),
                    None => format!("what {account} earns is paid to itself"),
                };
                common.output().say(&json!({ "recipient": found.map(|to| chain::ss58(&to)) }), text)
            }
        }
    }
}
