//! `stake`: bonding OPEN to operators.

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand, ValueEnum};
use openledger_abi::staking::{OperatorInfo, Role};
use serde_json::{Value, json};

use super::common::{Common, KeyArg, bps, open, short};
use crate::actions::{staking, token};
use crate::output::confirm;
use crate::{amount, table, time};

/// An operator's role.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum RoleName {
    /// Signs reports.
    Oracle,
    /// Gives verdicts over contributions.
    Validator,
    /// Serves models.
    Host,
    /// Acts for others.
    Agent,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Oracle => Role::Oracle,
            RoleName::Validator => Role::Validator,
            RoleName::Host => Role::Host,
            RoleName::Agent => Role::Agent,
        }
    }
}

const ROLES: [(Role, &str); 4] =
    [(Role::Oracle, "oracle"), (Role::Validator, "validator"), (Role::Host, "host"), (Role::Agent, "agent")];

fn role_name(role: Role) -> &'static str {
    ROLES.iter().find(|(known, _)| *known == role).map_or("?", |(_, name)| name)
}

#[derive(Subcommand)]
pub enum StakeCommand {
    Register(RegisterArgs),
    /// Bond OPEN to an operator (yourself if you are one); it earns a part of the stakers' share, and can be slashed with it.
    ///
    /// Example: openledger stake bond //oracle//3 500 --key //Eve
    #[command(verbatim_doc_comment)]
    Bond {
        operator: String,
        /// In OPEN.
        #[arg(value_parser = open)]
        amount: u128,
        #[command(flatten)]
        key: KeyArg,
        #[command(flatten)]
        common: Common,
    },
    /// Start to take OPEN back from an operator. It stops to earn and to vote at once, and can be slashed until it matures.
    ///
    /// Example: openledger stake unbond //oracle//3 500 --key //Eve
    #[command(verbatim_doc_comment)]
    Unbond {
        operator: String,
        /// In OPEN.
        #[arg(value_parser = open)]
        amount: u128,
        /// Don't ask.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        key: KeyArg,
        #[command(flatten)]
        common: Common,
    },
    /// Take what has matured.
    ///
    /// Example: openledger stake withdraw --key //Eve
    #[command(verbatim_doc_comment)]
    Withdraw {
        #[command(flatten)]
        key: KeyArg,
        #[command(flatten)]
        common: Common,
    },
    /// Bring the stakers' share of fees from escrow to the pools, then take all your rewards and credits.
    ///
    /// Example: openledger stake rewards --key //Eve
    #[command(verbatim_doc_comment)]
    Rewards {
        #[command(flatten)]
        key: KeyArg,
        #[command(flatten)]
        common: Common,
    },
    /// What an account has bonded and unbonding, and what it is as an operator.
    ///
    /// Example: openledger stake show //oracle//3
    #[command(verbatim_doc_comment)]
    Show {
        account: String,
        #[command(flatten)]
        common: Common,
    },
    /// All operators, and the least bond of each role.
    ///
    /// Example: openledger stake list
    #[command(verbatim_doc_comment)]
    List {
        #[command(flatten)]
        common: Common,
    },
}

/// Become an operator with a first bond. An account has one role for good.
///
/// Example: openledger stake register --role validator --bond 2000 --key maria
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct RegisterArgs {
    #[arg(long, value_enum)]
    role: RoleName,
    /// The first bond, in OPEN.
    #[arg(long, value_parser = open)]
    bond: u128,
    /// The key that signs the operator's work, apart from the account's own; --key if not given.
    #[arg(long)]
    signing_key: Option<String>,
    /// Part of the stakers' rewards that the operator keeps.
    #[arg(long, default_value = "1000", value_parser = bps)]
    commission_bps: u16,
    #[command(flatten)]
    key: KeyArg,
    #[command(flatten)]
    common: Common,
}

impl RegisterArgs {
    fn run(self) -> Result<()> {
        let (context, key) = self.common.signed(&self.key)?;
        let signing = match &self.signing_key {
            Some(text) => self.common.chain.key(text)?,
            None => key.clone(),
        };
        let role = Role::from(self.role);
        staking::register(&context, &key, role, signing.public(), self.commission_bps, self.bond)?;
        let name = role_name(role);
        let text = format!("{} is a bonded {name} with {} OPEN", key.address(), amount::show(self.bond));
        let value = json!({ "account": key.address(), "role": name, "bond": self.bond.to_string() });
        self.common.output().say(&value, text)
    }
}

impl StakeCommand {
    pub fn run(self) -> Result<()> {
        match self {
            Self::Register(args) => args.run(),
            Self::Bond { operator, amount, key, common } => {
                let (context, key) = common.signed(&key)?;
                let account = common.account(&operator)?;
                staking::bond(&context, &key, account, amount)?;
                let votes = staking::votes(&context, key.account())?;
                let text = format!(
                    "{} OPEN are bonded to {operator}; bonded OPEN votes by itself, yours {} in all",
                    amount::show(amount),
                    amount::show(votes)
                );
                let value = json!({ "operator": chain::ss58(&account), "amount": amount.to_string(), "votes": votes.to_string() });
                common.output().say(&value, text)
            }
            Self::Unbond { operator, amount, yes, key, common } => unbond(&common, &key, &operator, amount, yes),
            Self::Withdraw { key, common } => {
                let (context, key) = common.signed(&key)?;
                let got = staking::withdraw(&context, &key)?;
                common
                    .output()
                    .say(&json!({ "amount": got.to_string() }), format!("{} OPEN are back", amount::show(got)))
            }
            Self::Rewards { key, common } => rewards(&common, &key),
            Self::Show { account, common } => show(&common, &account),
            Self::List { common } => list(&common),
        }
    }
}

fn unbond(common: &Common, key: &KeyArg, operator: &str, amount: u128, yes: bool) -> Result<()> {
    let (context, key) = common.signed(key)?;
    let account = common.account(operator)?;
    let votes = staking::votes(&context, key.account())?;
    let parameters = staking::parameters(&context)?;
    let delegated = token::delegate_of(&context, key.account())?.is_some();
    eprintln!(
        "Unbonding {} OPEN from {operator}: your staked votes fall from {} to {} at once{}. Votes that are already open \
         count what you had when they began. It can be slashed until it matures in {}, then `stake withdraw` returns it{}.",
        amount::show(amount),
        amount::show(votes),
        amount::show(votes.saturating_sub(amount)),
        if amount > votes { " (you have less bonded than that)" } else { "" },
        time::span(parameters.unbonding_ms),
        if delegated { "" } else { ", and votes again only once you delegate your OPEN" }
    );
    confirm("Unbond it?", yes)?;
    let id = staking::unbond(&context, &key, account, amount)?;
    let unbonding = staking::unbondings(&context, key.account())?.into_iter().find(|unbonding| unbonding.id == id);
    let matures_at = unbonding.context("staking does not list the unbonding")?.matures_at;
    let text = format!("unbonding {id} matures at {} UTC", time::show(matures_at));
    common.output().say(&json!({ "id": id, "amount": amount.to_string(), "matures_at": matures_at }), text)
}

fn rewards(common: &Common, key: &KeyArg) -> Result<()> {
    let (context, key) = common.signed(key)?;
    let pulled = staking::pull_rewards(&context, &key)?;
    let mut claimed = 0u128;
    for stake in staking::stakes(&context, key.account())?.into_iter().filter(|stake| stake.rewards > 0) {
        claimed = claimed.saturating_add(staking::claim_rewards(&context, &key, stake.operator)?);
    }
    let mut credit = staking::credit(&context, key.account())?;
    if credit > 0 {
        credit = staking::claim_credit(&context, &key)?;
    }
    let text = format!(
        "{} OPEN came to the pools; {} of rewards and {} of credits are yours now",
        amount::show(pulled),
        amount::show(claimed),
        amount::show(credit)
    );
    let value = json!({ "pulled": pulled.to_string(), "rewards": claimed.to_string(), "credits": credit.to_string() });
    common.output().say(&value, text)
}

fn operator_json(account: &chain::AccountId, info: &OperatorInfo) -> Value {
    json!({
        "account": chain::ss58(account),
        "role": role_name(info.role),
        "signing_key": hex::encode(info.signing_key),
        "active": info.active.to_string(),
        "own": info.own.to_string(),
        "slashable": info.slashable.to_string(),
        "jailed_at": info.jailed_at,
        "commission_bps": info.commission_bps,
    })
}

fn show(common: &Common, name: &str) -> Result<()> {
    let context = common.context()?;
    let account = common.account(name)?;
    let operator = staking::operator(&context, account)?;
    let stakes = staking::stakes(&context, account)?;
    let unbondings = staking::unbondings(&context, account)?;
    let credit = staking::credit(&context, account)?;
    let mut text = format!("{}\n", chain::ss58(&account));
    match &operator {
        None => text.push_str("no operator\n"),
        Some(info) => {
            let jail = match info.jailed_at {
                Some(_) => format!(", in jail until {} UTC at least", time::show(info.jailed_until)),
                None => String::new(),
            };
            text.push_str(&format!(
                "{}: {} OPEN bonded, {} of them its own; commission {} bps{jail}\n",
                role_name(info.role),
                amount::show(info.active),
                amount::show(info.own),
                info.commission_bps
            ));
        }
    }
    if !stakes.is_empty() {
        let rows: Vec<_> = stakes
            .iter()
            .map(|stake| vec![short(&stake.operator), amount::show(stake.amount), amount::show(stake.rewards)])
            .collect();
        text.push_str(&format!("\n{}", table::render(&["bonded to", "OPEN", "rewards"], &rows)));
    }
    if !unbondings.is_empty() {
        let rows: Vec<_> = unbondings
            .iter()
            .map(|u| vec![short(&u.operator), amount::show(u.amount), time::show(u.matures_at)])
            .collect();
        text.push_str(&format!("\n{}", table::render(&["unbonding from", "OPEN", "matures (UTC)"], &rows)));
    }
    if credit > 0 {
        text.push_str(&format!("\n{} OPEN credited for proofs: `openledger stake rewards`\n", amount::show(credit)));
    }
    let value = json!({
        "account": chain::ss58(&account),
        "operator": operator.as_ref().map(|info| operator_json(&account, info)),
        "stakes": stakes.iter().map(|stake| json!({
            "operator": chain::ss58(&stake.operator),
            "amount": stake.amount.to_string(),
            "rewards": stake.rewards.to_string(),
        })).collect::<Vec<_>>(),
        "unbondings": unbondings.iter().map(|u| json!({
            "id": u.id,
            "operator": chain::ss58(&u.operator),
            "amount": u.amount.to_string(),
            "matures_at": u.matures_at,
        })).collect::<Vec<_>>(),
        "credit": credit.to_string(),
    });
    common.output().say(&value, text)
}

fn list(common: &Common) -> Result<()> {
    let context = common.context()?;
    let operators = staking::operators(&context)?;
    let parameters = staking::parameters(&context)?;
    let rows: Vec<_> = operators
        .iter()
        .map(|(account, info)| {
            vec![
                chain::ss58(account),
                role_name(info.role).to_owned(),
                amount::show(info.active),
                amount::show(info.own),
                if info.jailed_at.is_some() { "jailed" } else { "" }.to_owned(),
            ]
        })
        .collect();
    let least: Vec<_> = ROLES
        .iter()
        .zip(parameters.min_bonds)
        .map(|((_, name), bond)| format!("{name} {}", amount::show(bond)))
        .collect();
    let text = format!(
        "{}\nleast own bonds: {}",
        match rows.is_empty() {
            true => "no operators yet".to_owned(),
            false => table::render(&["operator", "role", "bonded", "own", ""], &rows),
        },
        least.join(", ")
    );
    let value = json!({
        "operators": operators.iter().map(|(account, info)| operator_json(account, info)).collect::<Vec<_>>(),
        "min_bonds": parameters.min_bonds.map(|bond| bond.to_string()),
    });
    common.output().say(&value, text)
}
