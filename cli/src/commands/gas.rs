//! `gas`: native coin for OPEN.

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use serde_json::json;

use super::common::{Common, KeyArg, SenderArg, native, open};
use super::signing;
use crate::actions::{gas, signed, token};
use crate::rehearsal::Said;
use crate::{amount, time};

#[derive(Subcommand)]
pub enum GasCommand {
    /// The native coin that so much OPEN gives now.
    ///
    /// Example: openledger gas quote 2
    #[command(verbatim_doc_comment)]
    Quote {
        /// In OPEN, the relayer's tip included.
        #[arg(value_parser = open)]
        open: u128,
        /// Of it, what the relayer gets; what relayers expect if not given.
        #[arg(long, value_parser = open)]
        tip: Option<u128>,
        #[command(flatten)]
        common: Common,
    },
    /// Sign an order for native coin. You need none for it: anybody sends it in, for the tip.
    ///
    /// With --relayer it is sent in at once by that key.
    /// Example: openledger gas swap 2 --key maria --out order.json
    #[command(verbatim_doc_comment)]
    Swap {
        /// In OPEN, the relayer's tip included.
        #[arg(value_parser = open)]
        open: u128,
        /// Of it, what the relayer gets; what relayers expect if not given.
        #[arg(long, value_parser = open)]
        tip: Option<u128>,
        /// How long the order counts.
        #[arg(long, default_value = "1h", value_parser = |text: &str| time::parse_span(text).map_err(|error| error.to_string()))]
        valid: u64,
        /// Where the signed order goes.
        #[arg(long, required_unless_present = "relayer", conflicts_with = "dry_run", value_name = "FILE")]
        out: Option<PathBuf>,
        /// A key that sends it in at once, and pays the fee.
        #[arg(long, conflicts_with = "out")]
        relayer: Option<String>,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Send in an order that somebody signed. You pay fee and storage deposit in native coin, and get the tip in OPEN.
    ///
    /// Example: openledger gas relay order.json --key //Bob
    #[command(verbatim_doc_comment)]
    Relay {
        file: PathBuf,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Give the station native coin.
    ///
    /// Example: openledger gas fund 1000 --key //Alice
    #[command(verbatim_doc_comment)]
    Fund {
        /// In native coin: 12.5, or 17u for its smallest units.
        #[arg(value_parser = native)]
        amount: u128,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Send the OPEN that the station took to its treasury. Anybody may.
    ///
    /// Example: openledger gas collect --key //Alice
    #[command(verbatim_doc_comment)]
    Collect {
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Rate, limits and what the station has; of an account, what it can still get.
    ///
    /// Example: openledger gas status //Eve
    #[command(verbatim_doc_comment)]
    Status {
        account: Option<String>,
        #[command(flatten)]
        common: Common,
    },
}

impl GasCommand {
    pub fn run(self) -> Result<()> {
        match self {
            Self::Quote { open, tip, common } => {
                let context = common.context()?;
                let tip = tip.map_or_else(|| gas::parameters(&context).map(|p| p.tip), Ok)?;
                let native = gas::quote(&context, open, tip)?;
                let text = format!(
                    "{} OPEN give {} of native coin; {} of it is the relayer's tip",
                    amount::show(open),
                    amount::show_native(native),
                    amount::show(tip)
                );
                let value = json!({ "open": open.to_string(), "tip": tip.to_string(), "native": native.to_string() });
                common.output().say(&value, text)
            }
            Self::Swap { open, tip, valid, out, relayer, sender, common } => {
                let order = Order { open, tip, valid, out };
                swap(&common, sender, order, relayer)
            }
            Self::Relay { file, sender, common } => signing::relay(&common, &sender, &file),
            Self::Fund { amount: native, sender, common } => common.transact(&sender, |context, key| {
                gas::fund(context, key, native)?;
                let funds = gas::left(context, key.account())?.funds;
                let text = format!("the station has {} of native coin to give", amount::show_native(funds));
                Ok(Said::new(json!({ "funds": funds.to_string() }), text))
            }),
            Self::Collect { sender, common } => common.transact(&sender, |context, key| {
                let sent = gas::collect(context, key)?;
                Ok(Said::new(
                    json!({ "sent": sent.to_string() }),
                    format!("{} OPEN went to the treasury", amount::show(sent)),
                ))
            }),
            Self::Status { account, common } => status(&common, account.as_deref()),
        }
    }
}

/// What is ordered, and where the signed order goes.
struct Order {
    open: u128,
    tip: Option<u128>,
    valid: u64,
    out: Option<PathBuf>,
}

fn swap(common: &Common, sender: SenderArg, order: Order, relayer: Option<String>) -> Result<()> {
    let (context, holder) = common.signed(&sender.key)?;
    let tip = order.tip.map_or_else(|| gas::parameters(&context).map(|p| p.tip), Ok)?;
    let signed = gas::order(&context, &holder, order.open, tip, order.valid)?;
    let mut value = serde_json::to_value(&signed)?;
    value["file"] = json!(order.out);
    let mut text = format!(
        "{} pays {} OPEN, {} of them to the relayer, for at least {} of native coin, until {} UTC",
        holder.address(),
        amount::show(order.open),
        amount::show(tip),
        amount::show_native(gas::quote(&context, order.open, tip)?),
        time::show(signed.deadline)
    );
    if let Some(path) = &order.out {
        signed.save(path)?;
        text.push_str(&format!(
            "\nsigned in {0}; anybody sends it in: openledger gas relay {0} --key NAME",
            path.display()
        ));
    }
    let Some(name) = relayer else { return common.output().say(&value, text) };
    // It is opened again, and a chain in a folder is open once at a time.
    drop(context);
    let relayer = SenderArg { key: KeyArg { key: name.clone() }, ..sender };
    common.transact(&relayer, |context, key| {
        signed::relay(context, key, &signed)?;
        let now = context.chain.balance(holder.account())?;
        let mut value = value.clone();
        value["native"] = json!(now.to_string());
        Ok(Said::new(
            value,
            format!("{text}\nsent in by {name}: it has {} of native coin now", amount::show_native(now)),
        ))
    })
}

fn status(common: &Common, account: Option<&str>) -> Result<()> {
    let context = common.context()?;
    let p = gas::parameters(&context)?;
    let holder = account.map_or(Ok(context.suite.gas_station), |name| common.account(name))?;
    let left = gas::left(&context, holder)?;
    let taken = token::balance(&context, context.suite.gas_station)?;
    let mut text = format!(
        "{} of native coin for {} OPEN; relayers expect a tip of {} OPEN\na swap gives at least {}; in {}, {} at most to an account and {} to all\n\
         the station has {} to give, {} more to all until {} UTC; it holds {} OPEN",
        amount::show_native(p.rate.native),
        amount::show(p.rate.open),
        amount::show(p.tip),
        amount::show_native(p.least),
        time::span(p.period_ms),
        amount::show_native(p.account_limit),
        amount::show_native(p.total_limit),
        amount::show_native(left.funds),
        amount::show_native(left.total),
        time::show(left.renewed_at),
        amount::show(taken)
    );
    if let Some(name) = account {
        text.push_str(&format!("\n{name} can get {} of it until then", amount::show_native(left.account)));
    }
    let value = json!({
        "rate": { "native": p.rate.native.to_string(), "open": p.rate.open.to_string() },
        "tip": p.tip.to_string(),
        "least": p.least.to_string(),
        "account_limit": p.account_limit.to_string(),
        "total_limit": p.total_limit.to_string(),
        "reserve": p.reserve.to_string(),
        "period_ms": p.period_ms,
        "funds": left.funds.to_string(),
        "left": left.total.to_string(),
        "left_to_account": account.map(|_| left.account.to_string()),
        "renewed_at": left.renewed_at,
        "open": taken.to_string(),
    });
    common.output().say(&value, text)
}
