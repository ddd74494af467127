//! `channel session`: keys that may sign requests and vouchers of a channel in its payer's place.

use anyhow::{Context as _, Result};
use clap::Subcommand;
use openledger_abi::escrow::Session;
use serde_json::{Value, json};

use super::common::{Common, SenderArg, bytes32, open};
use crate::actions::channel;
use crate::rehearsal::Said;
use crate::{amount, time};

#[derive(Subcommand)]
pub enum SessionCommand {
    /// Let a key ask and pay up to a cap over all models, until an end. Of a key that may already, both can only grow.
    /// The key then asks with `openledger chat MODEL "…" --channel CHANNEL --key KEY`.
    ///
    /// Example: openledger channel session set 0 agent --cap 5 --valid 1d --key //Eve
    #[command(verbatim_doc_comment)]
    Set {
        channel: u64,
        /// The key: its name or file, or its public part in hex.
        session_key: String,
        /// All that it may spend, over all models, in OPEN: what was answered and what is being asked.
        #[arg(long, value_parser = open)]
        cap: u128,
        /// For how long from now.
        #[arg(long, value_parser = |text: &str| time::parse_span(text).map_err(|error| error.to_string()))]
        valid: u64,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// End a key, after the delay in which the host can redeem what it signed.
    ///
    /// Example: openledger channel session revoke 0 agent --key //Eve
    #[command(verbatim_doc_comment)]
    Revoke {
        channel: u64,
        session_key: String,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// What a key may still spend.
    ///
    /// Example: openledger channel session show 0 agent
    #[command(verbatim_doc_comment)]
    Show {
        channel: u64,
        session_key: String,
        #[command(flatten)]
        common: Common,
    },
}

fn public(common: &Common, text: &str) -> Result<[u8; 32]> {
    match bytes32(text) {
        Ok(public) => Ok(public),
        Err(_) => Ok(common.chain.key(text)?.public()),
    }
}

fn session_json(channel: u64, key: &[u8; 32], session: &Session) -> Value {
    json!({
        "channel": channel,
        "session_key": hex::encode(key),
        "cap": session.cap.to_string(),
        "spent": session.spent.to_string(),
        "expires_at": session.expires_at,
    })
}

fn session_text(session: &Session) -> String {
    format!(
        "the key may spend {} OPEN of its {} until {} UTC",
        amount::show(session.cap.saturating_sub(session.spent)),
        amount::show(session.cap),
        time::show(session.expires_at)
    )
}

impl SessionCommand {
    pub fn run(self) -> Result<()> {
        match self {
            Self::Set { channel: number, session_key, cap, valid, sender, common } => {
                let session = public(&common, &session_key)?;
                common.transact(&sender, |context, key| {
                    let expires_at = context.chain.now()?.saturating_add(valid);
                    channel::set_session(context, key, number, session, cap, expires_at)?;
                    let set = channel::session(context, number, session)?.context("escrow does not list the key")?;
                    Ok(Said::new(session_json(number, &session, &set), session_text(&set)))
                })
            }
            Self::Revoke { channel: number, session_key, sender, common } => {
                let session = public(&common, &session_key)?;
                common.transact(&sender, |context, key| {
                    channel::revoke_session(context, key, number, session)?;
                    let set = channel::session(context, number, session)?.context("escrow does not list the key")?;
                    Ok(Said::new(session_json(number, &session, &set), session_text(&set)))
                })
            }
            Self::Show { channel: number, session_key, common } => {
                let session = public(&common, &session_key)?;
                let found = channel::session(&common.context()?, number, session)?;
                let set = found.with_context(|| format!("channel {number} knows no such key"))?;
                common.output().say(&session_json(number, &session, &set), session_text(&set))
            }
        }
    }
}
