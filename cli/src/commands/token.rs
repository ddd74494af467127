//! `token`: OPEN in hands.

use anyhow::Result;
use clap::Subcommand;
use serde_json::json;

use super::common::{Common, KeyArg, open};
use crate::actions::{staking, token};
use crate::amount;

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
        #[command(flatten)]
        key: KeyArg,
        #[command(flatten)]
        common: Common,
    },
    /// Give the votes of your OPEN to an account (yourself, to vote), or take them back.
    ///
    /// Only what is delegated when a vote begins counts in it. The OPEN stays yours.
    /// Example: openledger token delegate //Alice --key //Alice
    #[command(verbatim_doc_comment)]
    Delegate {
        /// Who gets the votes.
        #[arg(required_unless_present = "back")]
        to: Option<String>,
        /// Take them back.
        #[arg(long, conflicts_with = "to")]
        back: bool,
        #[command(flatten)]
        key: KeyArg,
        #[command(flatten)]
        common: Common,
    },
}

impl TokenCommand {
    pub fn run(self) -> Result<()> {
        match self {
            Self::Balance { account, common } => holdings(&common, &account),
            Self::Transfer { to, amount, key, common } => {
                let (context, from) = common.signed(&key)?;
                let account = common.account(&to)?;
                token::transfer(&context, &from, account, amount)?;
                let left = token::balance(&context, from.account())?;
                let text = format!("sent {} OPEN to {to}; {} are left", amount::show(amount), amount::show(left));
                let value =
                    json!({ "to": chain::ss58(&account), "amount": amount.to_string(), "left": left.to_string() });
                common.output().say(&value, text)
            }
            Self::Delegate { to, back: _, key, common } => {
                let (context, from) = common.signed(&key)?;
                let account = to.as_deref().map(|to| common.account(to)).transpose()?;
                token::delegate(&context, &from, account)?;
                let text = match &to {
                    Some(to) => format!("{to} has your votes from now on"),
                    None => "your OPEN gives no votes from now on".to_owned(),
                };
                common.output().say(&json!({ "delegate": account.map(|to| chain::ss58(&to)) }), text)
            }
        }
    }
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
        "{}\n{} OPEN, votes delegated {shown}\nvotes: {} by OPEN, {} by stake\n{native} units of native coin, for fees",
        chain::ss58(&account),
        amount::show(open),
        amount::show(votes),
        amount::show(staked_votes)
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
