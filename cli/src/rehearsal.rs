//! Before a transaction is sent it is tried out on a copy of the chain. So whoever signs sees the fee, the storage deposit and
//! what will change, and a refusal costs nothing.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use chain::{AccountId, Chain, ChainError, ContractEvent, Keypair, Receipt};
use serde_json::{Value, json};

use crate::abi::Contracts;
use crate::actions::{staking, token};
use crate::amount;
use crate::context::{Context, SendWatcher, Sending};
use crate::output::{Output, ask, confirm};

/// How a command that changes something was asked to run.
#[derive(Debug, Clone, Copy)]
pub struct Manner<'a> {
    pub yes: bool,
    pub dry_run: bool,
    pub output: Output,
    /// Said before anybody is asked; with it nobody's silence counts as a yes.
    pub warning: Option<&'a str>,
}

/// What a command says when it is done.
pub struct Said {
    pub value: Value,
    pub text: String,
}

impl Said {
    /// The same thing, for programs and for people.
    pub fn new(value: Value, text: impl Into<String>) -> Self {
        Self { value, text: text.into() }
    }
}

/// What one transaction costs.
#[derive(Debug, Clone)]
struct Cost {
    what: String,
    fee: u128,
    /// The fee was weighed on a copy of a node, where all weighs more, and not by the node.
    bound: bool,
    /// What the copy charged.
    charged: u128,
    deposit: i128,
    events: Vec<ContractEvent>,
}

impl Cost {
    fn text(&self) -> String {
        format!("{}: {}{}", self.what, fee_text(self.fee, self.bound), deposit_text(self.deposit))
    }

    fn json(&self) -> Value {
        json!({
            "what": self.what,
            "fee": self.fee.to_string(),
            "fee_is_bound": self.bound,
            "deposit": self.deposit.to_string(),
        })
    }
}

fn fee_text(fee: u128, bound: bool) -> String {
    let up_to = if bound { "up to about " } else { "" };
    format!("fee {up_to}{} native", amount::show_native(fee))
}

fn deposit_text(deposit: i128) -> String {
    match deposit {
        0 => String::new(),
        1.. => format!(", storage deposit {}", amount::show_native(deposit.unsigned_abs())),
        _ => format!(", storage deposit {} given back", amount::show_native(deposit.unsigned_abs())),
    }
}

/// What an account has that transactions change.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Holdings(Vec<Holding>);

const NATIVE: &str = "native coin";

/// One kind of it: its name, how much, and how it is shown.
type Holding = (&'static str, u128, Show);
type Show = fn(u128) -> String;

impl Holdings {
    fn of(context: &Context, account: AccountId) -> Result<Self> {
        let unbonding = staking::unbondings(context, account)?.iter().map(|unbonding| unbonding.amount).sum();
        Ok(Self(vec![
            ("OPEN", token::balance(context, account)?, amount::show),
            ("votes by OPEN", token::votes(context, account)?, amount::show),
            ("votes by stake", staking::votes(context, account)?, amount::show),
            ("OPEN unbonding", unbonding, amount::show),
            (NATIVE, context.chain.balance(account)?, amount::show_native),
        ]))
    }

    /// The same, had these transactions been charged what they cost on the chain itself.
    fn charged_for(mut self, costs: &[Cost]) -> Self {
        if let Some((_, native, _)) = self.0.iter_mut().find(|(name, _, _)| *name == NATIVE) {
            for cost in costs {
                *native = native.saturating_add(cost.charged).saturating_sub(cost.fee);
            }
        }
        self
    }

    fn changes(&self, after: &Self) -> Vec<(&'static str, u128, u128, Show)> {
        let both = self.0.iter().zip(&after.0);
        both.filter(|(b, a)| b.1 != a.1)
            .map(|((name, before, show), (_, after, _))| (*name, *before, *after, *show))
            .collect()
    }
}

/// Notes what each transaction cost on a copy.
struct Recorder {
    /// The chain itself, where its transactions weigh something else than on the copy.
    weighs: Option<Arc<dyn Chain>>,
    /// The fee that it says the transaction being tried takes. It can't tell of one that needs what an earlier one changes.
    told: Mutex<Option<u128>>,
    costs: Mutex<Vec<Cost>>,
}

impl Recorder {
    fn new(weighs: Option<Arc<dyn Chain>>) -> Self {
        Self { weighs, told: Mutex::default(), costs: Mutex::default() }
    }

    fn costs(&self) -> Vec<Cost> {
        std::mem::take(&mut *locked(&self.costs))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SendWatcher for Recorder {
    fn before(&self, _: &dyn Chain, key: &Keypair, sending: &Sending) -> Result<()> {
        if let Some(chain) = &self.weighs {
            // Only the first is sent on the state that the chain has now.
            let first = locked(&self.costs).is_empty();
            *locked(&self.told) = if first { told_fee(&**chain, key, sending)? } else { None };
        }
        Ok(())
    }

    fn after(&self, sending: &Sending, receipt: &Receipt) {
        let told = locked(&self.told).take();
        let cost = Cost {
            what: sending.what.to_owned(),
            fee: told.unwrap_or(receipt.fee),
            bound: self.weighs.is_some() && told.is_none(),
            charged: receipt.fee,
            deposit: receipt.deposit,
            events: receipt.events.clone(),
        };
        locked(&self.costs).push(cost);
    }
}

/// The fee of a transaction if it were sent now; `None` if it would be refused.
fn told_fee(chain: &dyn Chain, key: &Keypair, sending: &Sending) -> Result<Option<u128>> {
    match chain.dry_run(key.account(), sending.contract, sending.input, sending.value) {
        Ok(run) if !run.reverted => Ok(Some(chain.fee(sending.contract, sending.input, sending.value, run.gas)?)),
        Ok(_) | Err(ChainError::Dispatch { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What a command would cost and change.
struct Preview {
    account: AccountId,
    costs: Vec<Cost>,
    before: Holdings,
    after: Holdings,
}

impl Preview {
    fn fee(&self) -> u128 {
        self.costs.iter().fold(0, |sum, cost| sum.saturating_add(cost.fee))
    }

    fn deposit(&self) -> i128 {
        self.costs.iter().fold(0, |sum, cost| sum.saturating_add(cost.deposit))
    }

    fn text(&self) -> String {
        let mut lines = vec![format!("as {}", chain::ss58(&self.account))];
        lines.extend(self.costs.iter().map(|cost| format!("  {}", cost.text())));
        if self.costs.len() > 1 {
            let bound = self.costs.iter().any(|cost| cost.bound);
            lines.push(format!("  together: {}{}", fee_text(self.fee(), bound), deposit_text(self.deposit())));
        }
        for (name, before, after, show) in self.before.changes(&self.after) {
            lines.push(format!("  {name}: {} → {}", show(before), show(after)));
        }
        lines.join("\n")
    }

    fn events(&self, contracts: &Contracts) -> Vec<crate::abi::Told> {
        self.costs.iter().flat_map(|cost| &cost.events).filter_map(|event| contracts.told(event)).collect()
    }
}

/// Does what `act` does, after it was tried out, shown, and agreed to.
///
/// # Errors
/// Those of `act` (from trying it out, so that nothing was sent); that nobody agreed.
pub fn run(
    context: &Context,
    key: &Keypair,
    manner: Manner,
    act: impl Fn(&Context, &Keypair) -> Result<Said>,
) -> Result<()> {
    match context.chain.copy() {
        Ok(copy) => {
            let weighs = (!copy.weighs_alike()).then(|| context.chain.clone());
            on_a_copy(context, copy.as_chain(), Recorder::new(weighs), key, manner, act)
        }
        Err(error @ ChainError::NoCopy) if manner.dry_run => Err(error.into()),
        Err(error @ ChainError::NoCopy) => {
            if let Some(warning) = manner.warning {
                eprintln!("{warning}");
            }
            confirm(&format!("{error}. Send it untried?"), manner.yes)?;
            let said = act(context, key)?;
            manner.output.say(&said.value, said.text)
        }
        Err(error) => Err(error.into()),
    }
}

fn on_a_copy(
    context: &Context,
    copy: Arc<dyn Chain>,
    recorder: Recorder,
    key: &Keypair,
    manner: Manner,
    act: impl Fn(&Context, &Keypair) -> Result<Said>,
) -> Result<()> {
    let recorder = Arc::new(recorder);
    let tried = context.watched(copy, recorder.clone());
    let before = Holdings::of(&tried, key.account())?;
    let would_say = act(&tried, key)?;
    let after = Holdings::of(&tried, key.account())?;
    drop(tried);
    let costs = recorder.costs();
    let after = after.charged_for(&costs);
    let preview = Preview { account: key.account(), costs, before, after };
    if manner.dry_run {
        return say_dry(context, manner, &preview, &would_say);
    }
    if !preview.costs.is_empty() {
        // Who is asked sees what for, also beside JSON.
        if !manner.output.json || !manner.yes {
            eprintln!("{}", preview.text());
        }
        if let Some(warning) = manner.warning {
            eprintln!("{warning}");
        }
        ask("Send it?", manner.yes, manner.warning.is_some())?;
    }
    let said = act(context, key)?;
    manner.output.say(&said.value, said.text)
}

fn say_dry(context: &Context, manner: Manner, preview: &Preview, said: &Said) -> Result<()> {
    let contracts = Contracts::of(&context.suite)?;
    let told = preview.events(&contracts);
    let mut text = format!("dry run, on a copy of the chain: nothing was sent\n{}", preview.text());
    for event in &told {
        text.push_str(&format!("\n  event {}", event.text()));
    }
    if let Some(warning) = manner.warning {
        text.push_str(&format!("\n{warning}"));
    }
    text.push_str(&format!("\nit would say: {}", said.text.trim_end()));
    let changes = preview.before.changes(&preview.after);
    let value = json!({
        "dry_run": true,
        "account": chain::ss58(&preview.account),
        "transactions": preview.costs.iter().map(Cost::json).collect::<Vec<_>>(),
        "fee": preview.fee().to_string(),
        "deposit": preview.deposit().to_string(),
        "changes": changes.iter().map(|(name, before, after, _)| {
            json!({ "what": name, "before": before.to_string(), "after": after.to_string() })
        }).collect::<Vec<_>>(),
        "events": told.iter().map(crate::abi::Told::json).collect::<Vec<_>>(),
        "warning": manner.warning,
        "result": said.value,
    });
    manner.output.say(&value, text)
}
