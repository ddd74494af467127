//! `vote`: for, against, abstain; by transaction or by signature.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::json;

use super::common::{Common, SenderArg, bytes32};
use super::signing::{self, SignatureArgs};
use crate::actions::governance;
use crate::actions::signed::{Choice, Message};
use crate::amount;
use crate::rehearsal::Said;

#[derive(Subcommand)]
pub enum VoteCommand {
    /// Vote for a proposal, with all votes that you had when its vote began.
    ///
    /// Example: openledger vote for 0x5c0e… --key //Alice
    #[command(verbatim_doc_comment)]
    For(BallotArgs),
    /// Vote against a proposal.
    ///
    /// Example: openledger vote against 0x5c0e… --reason "too early" --key //Alice
    #[command(verbatim_doc_comment)]
    Against(BallotArgs),
    /// Count for the quorum alone.
    ///
    /// Example: openledger vote abstain 0x5c0e… --by-signature vote.json --key //Alice
    #[command(verbatim_doc_comment)]
    Abstain(BallotArgs),
    /// Send in a vote that somebody signed; you pay the fee, the vote is theirs.
    ///
    /// Example: openledger vote relay vote.json --key //Bob
    #[command(verbatim_doc_comment)]
    Relay {
        file: PathBuf,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
}

/// On what, why, and how.
#[derive(Args)]
pub struct BallotArgs {
    /// The proposal.
    #[arg(value_parser = bytes32)]
    id: [u8; 32],
    /// Why, for others to read.
    #[arg(long, default_value = "")]
    reason: String,
    #[command(flatten)]
    signature: SignatureArgs,
    #[command(flatten)]
    sender: SenderArg,
    #[command(flatten)]
    common: Common,
}

impl VoteCommand {
    pub fn run(self) -> Result<()> {
        match self {
            Self::For(args) => args.run(Choice::For),
            Self::Against(args) => args.run(Choice::Against),
            Self::Abstain(args) => args.run(Choice::Abstain),
            Self::Relay { file, sender, common } => signing::relay(&common, &sender, &file),
        }
    }
}

impl BallotArgs {
    fn run(self, choice: Choice) -> Result<()> {
        let common = &self.common;
        if let Some(file) = self.signature.file(&self.sender)? {
            let key = common.chain.key(&self.sender.key.key)?;
            let desk = self.signature.desk(common)?;
            let message = Message::Vote {
                proposal: hex::encode(self.id),
                support: choice,
                reason: self.reason.clone(),
                voter: key.account(),
            };
            return self.signature.write(common, file, &desk, &key, message, "vote relay");
        }
        common.transact(&self.sender, |context, key| {
            let weight = match self.reason.as_str() {
                "" => governance::vote(context, key, self.id, choice.into())?,
                reason => governance::vote_with_reason(context, key, self.id, choice.into(), reason)?,
            };
            let text = format!("voted {} with {} votes", choice.name(), amount::show(weight));
            let value = json!({ "id": hex::encode(self.id), "support": choice.name(), "weight": weight.to_string() });
            Ok(Said::new(value, text))
        })
    }
}
