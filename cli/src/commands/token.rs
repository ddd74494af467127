//! `token`: OPEN in hands.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::json;

use super::common::{Common, SenderArg, open};
use super::signing::{self, SignatureArgs};
use crate::actions::signed::Message;
use crate::actions::{staking, token};
use crate::output::Usage;
use crate::rehearsal::Said;
use crate::{amount, time};

#[derive(Subcommand)]
pub enum TokenCommand {
    /// An account's OPEN, votes and native coin.
    ///
    /// Example: openledger token balance //Alice
    #[command(verbatim_doc_comment)]
    Balance {
        account: String,
        #[command(flatten)]
        common: Common,
    },
    /// Send OPEN.
    ///
    /// Example: openledger token transfer maria 12.5 --key //Alice
    #[command(verbatim_doc_comment)]
    Transfer {
        to: String,
        /// In OPEN: 12.5, or 17u for units of 10^-18.
        #[arg(value_parser = open)]
        amount: u128,
        /// Take it from this account, which allowed it to your key.
        #[arg(long)]
        from: Option<String>,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Set what an account or contract may take of your OPEN.
    ///
    /// It replaces what was allowed before: who sees the change coming can still take the old amount first.
    /// Example: openledger token approve //Bob 100 --key //Alice
    #[command(verbatim_doc_comment)]
    Approve {
        spender: String,
        /// In OPEN; 0 takes the allowance back.
        #[arg(value_parser = open)]
        amount: u128,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// What a spender may take of an owner's OPEN.
    ///
    /// Example: openledger token allowance //Alice //Bob
    #[command(verbatim_doc_comment)]
    Allowance {
        owner: String,
        spender: String,
        #[command(flatten)]
        common: Common,
    },
    Permit(PermitArgs),
    /// Destroy OPEN for good: your own, or somebody's who allowed it.
    ///
    /// Example: openledger token burn 5 --key //Alice
    #[command(verbatim_doc_comment)]
    Burn {
        /// In OPEN.
        #[arg(value_parser = open)]
        amount: u128,
        /// Burn this account's, within what it allowed your key.
        #[arg(long)]
        from: Option<String>,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    Delegate(DelegateArgs),
    /// Send in a permit or delegation that somebody signed; you pay the fee.
    ///
    /// Example: openledger token relay delegation.json --key //Bob
    #[command(verbatim_doc_comment)]
    Relay {
        file: PathBuf,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// When an account's votes by OPEN changed, and to what; without an account, the supply.
    ///
    /// Example: openledger token checkpoints //Alice
    #[command(verbatim_doc_comment)]
    Checkpoints {
        account: Option<String>,
        #[command(flatten)]
        common: Common,
    },
}

/// Sign what a spender may take of your OPEN, without a transaction of yours.
///
/// Example: openledger token permit //Bob 100 --by-signature permit.json --key //Alice
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct PermitArgs {
    spender: String,
    /// In OPEN.
    #[arg(value_parser = open)]
    amount: u128,
    /// Your next nonce; asked of the chain if not given.
    #[arg(long)]
    nonce: Option<u64>,
    #[command(flatten)]
    signature: SignatureArgs,
    #[command(flatten)]
    key: super::common::KeyArg,
    #[command(flatten)]
    common: Common,
}

impl PermitArgs {
    fn run(self) -> Result<()> {
        let key = self.common.chain.key(&self.key.key)?;
        let Some(file) = self.signature.by_signature.as_deref() else {
            anyhow::bail!(Usage("name the file to sign to with --by-signature".into()));
        };
        let desk = self.signature.desk(&self.common)?;
        let spender = self.common.account(&self.spender)?;
        let nonce = nonce(&desk, &key, self.nonce)?;
        let message = Message::Permit { owner: key.account(), spender, value: self.amount, nonce };
        self.signature.write(&self.common, file, &desk, &key, message, "token relay")
    }
}

fn nonce(desk: &signing::Desk, key: &chain::Keypair, given: Option<u64>) -> Result<u64> {
    match (given, &desk.context) {
        (Some(nonce), _) => Ok(nonce),
        (None, Some(context)) => token::nonce(context, key.account()),
        (None, None) => {
            anyhow::bail!(Usage("offline nobody can be asked for your next nonce: give it with --nonce".into()))
        }
    }
}

/// Give the votes of your OPEN to an account (yourself, to vote), or take them back.
///
/// Only what is delegated when a vote begins counts in it. The OPEN stays yours.
/// Example: openledger token delegate //Alice --key //Alice
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct DelegateArgs {
    /// Who gets the votes; `openledger delegates` lists some.
    #[arg(required_unless_present = "back")]
    to: Option<String>,
    /// Take them back.
    #[arg(long, conflicts_with = "to")]
    back: bool,
    /// With --by-signature: your next nonce; asked of the chain if not given.
    #[arg(long, requires = "by_signature")]
    nonce: Option<u64>,
    #[command(flatten)]
    signature: SignatureArgs,
    #[command(flatten)]
    sender: SenderArg,
    #[command(flatten)]
    common: Common,
}

impl DelegateArgs {
    fn run(self) -> Result<()> {
        let common = &self.common;
        let account = self.to.as_deref().map(|to| common.account(to)).transpose()?;
        if let Some(file) = self.signature.file(&self.sender)? {
            let key = common.chain.key(&self.sender.key.key)?;
            let desk = self.signature.desk(common)?;
            let nonce = nonce(&desk, &key, self.nonce)?;
            let to = account.map(|to| chain::ss58(&to));
            let message = Message::Delegation { delegator: key.account(), to, nonce };
            return self.signature.write(common, file, &desk, &key, message, "token relay");
        }
        common.transact(&self.sender, |context, from| {
            token::delegate(context, from, account)?;
            let text = match &self.to {
                Some(to) => format!("{to} has your votes from now on"),
                None => "your OPEN gives no votes from now on".to_owned(),
            };
            Ok(Said::new(json!({ "delegate": account.map(|to| chain::ss58(&to)) }), text))
        })
    }
}

impl TokenCommand {
    pub fn run(self) -> Result<()> {
        match self {
            Self::Balance { account, common } => holdings(&common, &account),
            Self::Transfer { to, amount, from, sender, common } => {
                let account = common.account(&to)?;
                let of = from.as_deref().map(|from| common.account(from)).transpose()?;
                common.transact(&sender, |context, key| {
                    match of {
                        None => token::transfer(context, key, account, amount)?,
                        Some(from) => token::transfer_from(context, key, from, account, amount)?,
                    }
                    let left = token::balance(context, of.unwrap_or(key.account()))?;
                    let text = format!("sent {} OPEN to {to}; {} are left", amount::show(amount), amount::show(left));
                    let value =
                        json!({ "to": chain::ss58(&account), "amount": amount.to_string(), "left": left.to_string() });
                    Ok(Said::new(value, text))
                })
            }
            Self::Approve { spender, amount, sender, common } => {
                let account = common.account(&spender)?;
                common.transact(&sender, |context, key| {
                    let before = token::allowance(context, key.account(), account)?;
                    token::set_allowance(context, key, account, amount)?;
                    let (before_text, now) = (amount::show(before), amount::show(amount));
                    let text = format!("{spender} may take {now} OPEN of yours; before, {before_text}");
                    let value = json!({ "spender": chain::ss58(&account), "before": before.to_string(), "allowance": amount.to_string() });
                    Ok(Said::new(value, text))
                })
            }
            Self::Allowance { owner, spender, common } => {
                let context = common.context()?;
                let allowed = token::allowance(&context, common.account(&owner)?, common.account(&spender)?)?;
                let text = format!("{spender} may take {} OPEN of {owner}'s", amount::show(allowed));
                common.output().say(&json!({ "allowance": allowed.to_string() }), text)
            }
            Self::Permit(args) => args.run(),
            Self::Burn { amount, from, sender, common } => burn(&common, &sender, amount, from.as_deref()),
            Self::Delegate(args) => args.run(),
            Self::Relay { file, sender, common } => signing::relay(&common, &sender, &file),
            Self::Checkpoints { account, common } => checkpoints(&common, account.as_deref()),
        }
    }
}

fn burn(common: &Common, sender: &SenderArg, amount: u128, from: Option<&str>) -> Result<()> {
    let of = from.map(|from| common.account(from)).transpose()?;
    let warn = |_: &crate::context::Context, _: &chain::Keypair| {
        Ok(format!("{} OPEN will be gone for good: nobody can make OPEN again.", amount::show(amount)))
    };
    common.transact_warned(sender, warn, |context, key| {
        match of {
            None => token::burn(context, key, amount)?,
            Some(from) => token::burn_from(context, key, from, amount)?,
        }
        let supply = token::supply(context)?;
        let text = format!("{} OPEN burned; {} are left in all", amount::show(amount), amount::show(supply));
        Ok(Said::new(json!({ "burned": amount.to_string(), "supply": supply.to_string() }), text))
    })
}

fn checkpoints(common: &Common, account: Option<&str>) -> Result<()> {
    let context = common.context()?;
    let of = account.map(|account| common.account(account)).transpose()?;
    let all = token::checkpoints(&context, of)?;
    let rows: Vec<_> = all.iter().map(|(at, value)| vec![time::show(*at), amount::show(*value)]).collect();
    let value =
        json!(all.iter().map(|(at, value)| json!({ "at": at, "value": value.to_string() })).collect::<Vec<_>>());
    let what = if of.is_some() { "votes by OPEN" } else { "supply, OPEN" };
    common.output().table(&value, &["from (UTC)", what], &rows, "no votes were ever given to it")
}

/// What an account has, for `token balance`.
fn holdings(common: &Common, name: &str) -> Result<()> {
    let context = common.context()?;
    let account = common.account(name)?;
    let open = token::balance(&context, account)?;
    let votes = token::votes(&context, account)?;
    let staked_votes = staking::votes(&context, account)?;
    let delegate = token::delegate_of(&context, account)?;
    let native = context.chain.balance(account)?;
    let shown = match &delegate {
        None => "to nobody: its own OPEN does not vote".to_owned(),
        Some(to) if *to == account => "to itself".to_owned(),
        Some(to) => format!("to {}", chain::ss58(to)),
    };
    let text = format!(
        "{}\n{} OPEN, votes delegated {shown}\nvotes: {} by OPEN, {} by stake\n{} of native coin, for fees",
        chain::ss58(&account),
        amount::show(open),
        amount::show(votes),
        amount::show(staked_votes),
        amount::show_native(native)
    );
    let value = json!({
        "account": chain::ss58(&account),
        "open": open.to_string(),
        "votes": votes.to_string(),
        "staked_votes": staked_votes.to_string(),
        "delegate": delegate.map(|to| chain::ss58(&to)),
        "native": native.to_string(),
    });
    common.output().say(&value, text)
}
