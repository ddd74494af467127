//! `stake`: bonding OPEN to operators.

use anyhow::{Context as _, Result};
use chain::Keypair;
use clap::{Args, Subcommand, ValueEnum};
use openledger_abi::governor::ProposalState;
use openledger_abi::staking::Role;
use serde_json::json;

use super::common::{Common, SenderArg, bps, bytes32, open};
use super::stake_show;
use crate::actions::{governance, staking, token};
use crate::context::Context;
use crate::rehearsal::Said;
use crate::{amount, time};

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

/// The roles with their names, in the contract's order.
pub const ROLES: [(Role, &str); 4] =
    [(Role::Oracle, "oracle"), (Role::Validator, "validator"), (Role::Host, "host"), (Role::Agent, "agent")];

/// A role's name.
pub fn role_name(role: Role) -> &'static str {
    ROLES.iter().find(|(known, _)| *known == role).map_or("?", |(_, name)| name)
}

#[derive(Subcommand)]
pub enum StakeCommand {
    Register(RegisterArgs),
    /// Bond OPEN to an operator (yourself if you are one); it earns a part of the stakers' share, and can be slashed with it.
    /// An oracle's pool earns while the oracle is in the set.
    ///
    /// Example: openledger stake bond //oracle//3 500 --key //Eve
    #[command(verbatim_doc_comment)]
    Bond {
        operator: String,
        /// In OPEN.
        #[arg(value_parser = open)]
        amount: u128,
        #[command(flatten)]
        sender: SenderArg,
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
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Take what has matured.
    ///
    /// Example: openledger stake withdraw --key //Eve
    #[command(verbatim_doc_comment)]
    Withdraw {
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Bring the stakers' share of fees from escrow to the pools, then take all your rewards and credits.
    ///
    /// Example: openledger stake rewards --key //Eve
    #[command(verbatim_doc_comment)]
    Rewards {
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Set your commission as an operator. A rise is announced, and comes in force when this is said again once it is due.
    ///
    /// Example: openledger stake commission 1500 --key //oracle//3
    #[command(verbatim_doc_comment)]
    Commission {
        /// Your part of your stakers' rewards, in basis points.
        #[arg(value_parser = bps, required_unless_present = "apply")]
        bps: Option<u16>,
        /// Put this operator's announced rise in force; anybody may, once it is due.
        #[arg(long, value_name = "OPERATOR", conflicts_with = "bps")]
        apply: Option<String>,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Leave jail, once your time there is over and your own bond reaches the least.
    ///
    /// Example: openledger stake unjail --key //oracle//0
    #[command(verbatim_doc_comment)]
    Unjail {
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Have the chain look again whether an operator's pool earns: once an oracle entered or left the set, or the least bonds changed.
    /// Anybody may.
    ///
    /// Example: openledger stake refresh //oracle//3 --key //Eve
    #[command(verbatim_doc_comment)]
    Refresh {
        operator: String,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Have your work as an operator signed by another key from now on. The bond stays as it is.
    ///
    /// Example: openledger stake signing-key hot2 --key //oracle//3
    #[command(verbatim_doc_comment)]
    SigningKey {
        /// The new key: a key's name or file, or its public part in hex. One that no operator ever had.
        signing_key: String,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Have the duty fund pay for work: the signatures under an epoch's live report, or the verdicts over a contribution.
    ///
    /// Anybody may; the pay goes to the operators' rewards.
    /// Example: openledger stake pay --epoch 0 --key //Eve
    #[command(verbatim_doc_comment)]
    Pay {
        /// The epoch whose report was signed.
        #[arg(long, required_unless_present = "contribution")]
        epoch: Option<u32>,
        /// The contribution that was judged.
        #[arg(long, conflicts_with = "epoch")]
        contribution: Option<u64>,
        #[command(flatten)]
        sender: SenderArg,
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
    /// Example: openledger stake operators
    #[command(verbatim_doc_comment, alias = "list")]
    Operators {
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
    sender: SenderArg,
    #[command(flatten)]
    common: Common,
}

impl RegisterArgs {
    fn run(self) -> Result<()> {
        let signing = self.common.chain.key(self.signing_key.as_deref().unwrap_or(&self.sender.key.key))?;
        self.common.transact(&self.sender, |context, key| {
            let role = Role::from(self.role);
            staking::register(context, key, role, signing.public(), self.commission_bps, self.bond)?;
            let name = role_name(role);
            let text = format!("{} is a bonded {name} with {} OPEN", key.address(), amount::show(self.bond));
            Ok(Said::new(json!({ "account": key.address(), "role": name, "bond": self.bond.to_string() }), text))
        })
    }
}

impl StakeCommand {
    pub fn run(self) -> Result<()> {
        match self {
            Self::Register(args) => args.run(),
            Self::Bond { operator, amount, sender, common } => bond(&common, &sender, &operator, amount),
            Self::Unbond { operator, amount, sender, common } => unbond(&common, &sender, &operator, amount),
            Self::Withdraw { sender, common } => common.transact(&sender, |context, key| {
                let got = staking::withdraw(context, key)?;
                Ok(Said::new(json!({ "amount": got.to_string() }), format!("{} OPEN are back", amount::show(got))))
            }),
            Self::Rewards { sender, common } => common.transact(&sender, rewards),
            Self::Commission { bps, apply, sender, common } => commission(&common, &sender, bps, apply.as_deref()),
            Self::Unjail { sender, common } => common.transact(&sender, |context, key| {
                staking::unjail(context, key)?;
                Ok(Said::new(json!({ "account": key.address() }), "out of jail"))
            }),
            Self::Refresh { operator, sender, common } => refresh(&common, &sender, &operator),
            Self::SigningKey { signing_key, sender, common } => {
                let public = match bytes32(&signing_key) {
                    Ok(public) => public,
                    Err(_) => common.chain.key(&signing_key)?.public(),
                };
                common.transact(&sender, |context, key| {
                    staking::set_signing_key(context, key, public)?;
                    let text = format!(
                        "signing key is 0x{} from now on; an oracle's counts from the next oracle set on",
                        hex::encode(public)
                    );
                    Ok(Said::new(json!({ "account": key.address(), "signing_key": hex::encode(public) }), text))
                })
            }
            Self::Pay { epoch, contribution, sender, common } => common.transact(&sender, |context, key| {
                let paid = match (epoch, contribution) {
                    (Some(epoch), _) => staking::pay_report(context, key, epoch)?,
                    (None, Some(contribution)) => staking::pay_verdicts(context, key, contribution)?,
                    (None, None) => anyhow::bail!("name --epoch or --contribution"),
                };
                let text = format!("{} OPEN of the duty fund are among the operators' rewards now", amount::show(paid));
                Ok(Said::new(json!({ "paid": paid.to_string() }), text))
            }),
            Self::Show { account, common } => stake_show::show(&common, &account),
            Self::Operators { common } => stake_show::operators(&common),
        }
    }
}

fn refresh(common: &Common, sender: &SenderArg, operator: &str) -> Result<()> {
    let account = common.account(operator)?;
    common.transact(sender, |context, key| {
        staking::refresh(context, key, account)?;
        let info = staking::operator(context, account)?.context("staking does not know the operator")?;
        let text = format!("{operator}: {}", stake_show::service_text(&info));
        Ok(Said::new(stake_show::operator_json(&account, &info), text))
    })
}

fn bond(common: &Common, sender: &SenderArg, operator: &str, amount: u128) -> Result<()> {
    let account = common.account(operator)?;
    common.transact(sender, |context, key| {
        staking::bond(context, key, account, amount)?;
        let votes = staking::votes(context, key.account())?;
        let text = format!(
            "{} OPEN are bonded to {operator}; bonded OPEN votes by itself, yours {} in all",
            amount::show(amount),
            amount::show(votes)
        );
        let value =
            json!({ "operator": chain::ss58(&account), "amount": amount.to_string(), "votes": votes.to_string() });
        Ok(Said::new(value, text))
    })
}

/// Votes that are open count what they counted when they began; those that have not begun will count less.
fn proposals_text(context: &Context) -> Result<String> {
    const NEWEST: usize = 20;
    let (mut active, mut pending) = (0u32, 0u32);
    for id in governance::list(context)?.into_iter().rev().take(NEWEST) {
        match governance::state(context, id)? {
            ProposalState::Active => active += 1,
            ProposalState::Pending => pending += 1,
            _ => {}
        }
    }
    Ok(format!(
        "Open votes ({active} now) go on counting what you had when they began; those that begin later ({pending} waiting) count what is left."
    ))
}

fn unbonding_warning(context: &Context, key: &Keypair, operator: &str, amount: u128) -> Result<String> {
    let votes = staking::votes(context, key.account())?;
    let parameters = staking::parameters(context)?;
    let delegated = token::delegate_of(context, key.account())?.is_some();
    Ok(format!(
        "Unbonding {} OPEN from {operator}: your votes by stake fall from {} to {} at once{}. {} It can be slashed until it \
         matures in {}, then `stake withdraw` returns it{}.",
        amount::show(amount),
        amount::show(votes),
        amount::show(votes.saturating_sub(amount)),
        if amount > votes { " (you have less bonded than that)" } else { "" },
        proposals_text(context)?,
        time::span(parameters.unbonding_ms),
        if delegated {
            ", and it votes by your delegation again"
        } else {
            "; it votes again only once you delegate your OPEN"
        }
    ))
}

fn unbond(common: &Common, sender: &SenderArg, operator: &str, amount: u128) -> Result<()> {
    let account = common.account(operator)?;
    let warn = |context: &Context, key: &Keypair| unbonding_warning(context, key, operator, amount);
    common.transact_warned(sender, warn, |context, key| {
        let before = staking::votes(context, key.account())?;
        let id = staking::unbond(context, key, account, amount)?;
        let unbonding = staking::unbondings(context, key.account())?.into_iter().find(|unbonding| unbonding.id == id);
        let matures_at = unbonding.context("staking does not list the unbonding")?.matures_at;
        let after = staking::votes(context, key.account())?;
        let text = format!("unbonding {id} matures at {} UTC", time::show(matures_at));
        let value = json!({
            "id": id,
            "amount": amount.to_string(),
            "matures_at": matures_at,
            "votes_before": before.to_string(),
            "votes": after.to_string(),
        });
        Ok(Said::new(value, text))
    })
}

fn commission(common: &Common, sender: &SenderArg, bps: Option<u16>, apply: Option<&str>) -> Result<()> {
    let of = apply.map(|operator| common.account(operator)).transpose()?;
    common.transact(sender, |context, key| {
        let operator = of.unwrap_or(key.account());
        let info = staking::operator(context, operator)?;
        let due = match info.and_then(|info| info.rise) {
            Some(rise) => context.chain.now()? >= rise.due_at && bps.is_none_or(|bps| bps == rise.commission_bps),
            None => false,
        };
        match bps {
            Some(bps) if !due => staking::set_commission(context, key, bps)?,
            _ => {
                staking::apply_commission(context, key, operator)?;
            }
        }
        let info = staking::operator(context, operator)?.context("staking does not know the operator")?;
        let text = format!("commission: {}", stake_show::commission_text(&info));
        Ok(Said::new(stake_show::operator_json(&operator, &info), text))
    })
}

/// Brings the stakers' share to the pools, then takes all that is the key's.
fn rewards(context: &Context, key: &Keypair) -> Result<Said> {
    let pulled = staking::pull_rewards(context, key)?;
    let mut claimed = 0u128;
    for stake in staking::stakes(context, key.account())?.into_iter().filter(|stake| stake.rewards > 0) {
        claimed = claimed.saturating_add(staking::claim_rewards(context, key, stake.operator)?);
    }
    let mut credit = staking::credit(context, key.account())?;
    if credit > 0 {
        credit = staking::claim_credit(context, key)?;
    }
    let text = format!(
        "{} OPEN came to the pools; {} of rewards and {} of credits are yours now",
        amount::show(pulled),
        amount::show(claimed),
        amount::show(credit)
    );
    let value = json!({ "pulled": pulled.to_string(), "rewards": claimed.to_string(), "credits": credit.to_string() });
    Ok(Said::new(value, text))
}
