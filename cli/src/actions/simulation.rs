//! What executing a proposal would do: on a copy of the chain, through the timelock itself.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use chain::{AccountId, Chain, ChainCopy, ChainError, advance_to};
use ink::message_builder;
use openledger_abi::governor::ProposalId;
use openledger_abi::timelock::{Call, Operation, Timelock, TimelockError};
use scale::Encode;
use serde_json::{Value, json};

use super::governance;
use super::proposals::{Change, differences, parameters, view};
use crate::abi::{Contracts, Datum, Told};
use crate::context::Context;

/// Under this salt the copy's timelock schedules the calls, so that they meet no operation that is there.
const SALT: [u8; 32] = *b"OL-SIMULATION\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
/// Anybody may execute; this is somebody.
const SOMEBODY: [u8; 32] = [0x51; 32];
/// Views that differ by themselves.
const RESTLESS: [&str; 3] = ["clock", "clock_mode", "genesis"];

/// What came of it.
#[derive(Debug)]
pub struct Simulation {
    /// The chain time at which it was executed.
    pub at: u64,
    /// Why it would fail, if it would.
    pub failure: Option<String>,
    /// What all contracts' views say before and after.
    pub changes: Vec<Change>,
    pub events: Vec<Told>,
}

impl Simulation {
    /// For programs.
    pub fn json(&self) -> Value {
        json!({
            "at": self.at,
            "succeeds": self.failure.is_none(),
            "failure": self.failure,
            "changes": self.changes.iter().map(Change::json).collect::<Vec<_>>(),
            "events": self.events.iter().map(Told::json).collect::<Vec<_>>(),
        })
    }
}

/// Tries a proposal's calls out.
pub fn run(context: &Context, contracts: &Contracts, id: ProposalId) -> Result<Simulation> {
    let calls = governance::calls(context, id)?;
    on_a_copy(context, contracts, &*context.chain.copy()?, &calls)
}

/// What the timelock said, in words.
fn timelock_error(error: ChainError) -> Result<TimelockError> {
    match error.message_error::<TimelockError>() {
        Some(own) => Ok(own),
        None => Err(error.into()),
    }
}

fn on_a_copy(context: &Context, contracts: &Contracts, copy: &dyn ChainCopy, calls: &[Call]) -> Result<Simulation> {
    let (governor, timelock) = (context.suite.governor, context.suite.timelock);
    let somebody = AccountId::from(SOMEBODY);
    let chain: &dyn Chain = copy;
    let mut simulation = Simulation { at: 0, failure: None, changes: Vec::new(), events: Vec::new() };
    let schedule = message_builder!(Timelock).schedule(calls.to_vec(), SALT, None).input.encode();
    let receipt = match copy.call_as(governor, timelock, &schedule, 0) {
        Ok(receipt) => receipt,
        Err(error) => {
            simulation.failure = Some(format!("the timelock does not take it: {:?}", timelock_error(error)?));
            return Ok(simulation);
        }
    };
    let operation = chain::decode_output::<Result<Operation, TimelockError>>(&receipt.returned)?
        .map_err(|error| anyhow::anyhow!("the timelock: {error:?}"))?;
    // When it comes at last, if others stand before it.
    advance_to(chain, operation.free_at)?;
    let before = views(chain, contracts)?;
    simulation.at = chain.now()?;
    let execute = message_builder!(Timelock).execute(calls.to_vec(), SALT).input.encode();
    match copy.call_as(somebody, timelock, &execute, 0) {
        Ok(receipt) => {
            simulation.events = receipt.events.iter().filter_map(|event| contracts.told(event)).collect();
            let after = views(chain, contracts)?;
            for (name, old) in &before {
                differences(name, old, after.get(name).unwrap_or(&silence()), &mut simulation.changes);
            }
        }
        Err(error) => simulation.failure = Some(why(copy, context, contracts, calls, timelock_error(error)?)?),
    }
    Ok(simulation)
}

/// Which call failed, and with which error of its contract's.
fn why(
    copy: &dyn ChainCopy,
    context: &Context,
    contracts: &Contracts,
    calls: &[Call],
    error: TimelockError,
) -> Result<String> {
    let TimelockError::CallFailed { index, failure } = error else {
        return Ok(format!("the timelock refuses: {error:?}"));
    };
    let place = usize::try_from(index)?;
    let timelock = context.suite.timelock;
    // The calls before it are done again, so that it meets what it met.
    for call in calls.iter().take(place).filter(|call| call.target != timelock) {
        copy.call_as(timelock, call.target, &bytes(call), call.value)?;
    }
    let failed = calls.get(place).context("a call that is none")?;
    let own = match copy.dry_run(timelock, failed.target, &bytes(failed), failed.value) {
        Ok(outcome) => refusal(contracts, failed, &outcome.returned),
        Err(error) => error.to_string(),
    };
    Ok(format!("call {} fails ({failure:?}): {own}", index.saturating_add(1)))
}

fn bytes(call: &Call) -> Vec<u8> {
    let mut input = call.selector.to_vec();
    input.extend(&call.input);
    input
}

/// What a message that reverted returned.
fn refusal(contracts: &Contracts, call: &Call, returned: &[u8]) -> String {
    let read = contracts.at(&call.target).and_then(|interface| {
        let message = interface.by_selector(call.selector)?;
        interface.returned(&contracts.names, message, returned).ok()
    });
    match read {
        Some(datum) => datum.text,
        None => format!("0x{}", hex::encode(returned)),
    }
}

/// In place of what a view says that doesn't answer any more, as after an upgrade to code that has no such view.
fn silence() -> Datum {
    Datum { json: Value::Null, written: Value::Null, text: "no answer".into(), fields: Vec::new() }
}

/// All views without arguments of all contracts, and the parameters that need one.
fn views(chain: &dyn Chain, contracts: &Contracts) -> Result<BTreeMap<String, Datum>> {
    let mut all = BTreeMap::new();
    for (account, interface) in contracts.all() {
        let bare = interface.messages.iter().filter(|message| !message.mutates && message.args.is_empty());
        for message in bare.filter(|message| !RESTLESS.contains(&message.name())) {
            let name = format!("{}.{}", interface.name, message.name());
            if let Some(datum) = answered(view(chain, contracts, account, interface, message, &[]))? {
                all.insert(name, datum);
            }
        }
        if let Some(Some(datum)) = answered(parameters(chain, contracts, account, interface))? {
            all.insert(format!("{}.parameters", interface.name), datum);
        }
    }
    Ok(all)
}

/// What a view said; nothing if it refuses, as of a contract that is not wired yet.
///
/// # Errors
/// That the chain can't be asked: then nobody knows what the view would say.
fn answered<T>(outcome: Result<T>) -> Result<Option<T>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) => match error.downcast_ref::<ChainError>() {
            Some(ChainError::Io(_) | ChainError::Unreachable { .. } | ChainError::Node(_)) => Err(error),
            _ => Ok(None),
        },
    }
}
