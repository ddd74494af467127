//! What a proposal's calls mean: contract, message, arguments, and what they would change.

use anyhow::{Context as _, Result};
use chain::{AccountId, Chain};
use openledger_abi::timelock::Call;
use proof::Hasher;
use serde_json::{Value, json};

use crate::abi::{Contracts, Datum, Interface, Message};
use crate::context::Context;

/// Views are asked by nobody in particular.
const NOBODY: [u8; 32] = [0; 32];

/// A value that is now one thing and would be another.
#[derive(Debug, Clone)]
pub struct Change {
    pub what: String,
    pub before: Datum,
    pub after: Datum,
}

impl Change {
    /// `platform_bps: 1000 bps → 500 bps`
    pub fn text(&self) -> String {
        format!("{}: {} → {}", self.what, self.before.text, self.after.text)
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({ "what": self.what, "before": self.before.json, "after": self.after.json })
    }
}

/// A call of a proposal, read.
#[derive(Debug, Clone)]
pub struct ReadCall {
    /// The contract's name, or its address if the suite doesn't have it.
    pub contract: String,
    /// `Trait::message`, or the selector if the contract doesn't have it.
    pub message: String,
    pub arguments: Vec<(String, Datum)>,
    /// What it would change, as far as a view of the contract shows that.
    pub changes: Vec<Change>,
    /// What to be careful with.
    pub notes: Vec<String>,
    call: Call,
}

impl ReadCall {
    /// `escrow.set_pot_floor(bps 3500 bps)`
    pub fn title(&self) -> String {
        let arguments: Vec<_> = self.arguments.iter().map(|(name, datum)| format!("{name} {}", datum.text)).collect();
        let name = self.message.rsplit("::").next().unwrap_or_default();
        // What changes is shown field by field; saying it twice would hide it.
        match self.changes.is_empty() {
            true => format!("{}.{name}({})", self.contract, arguments.join(", ")),
            false => format!("{}.{name}", self.contract),
        }
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let arguments: serde_json::Map<String, Value> =
            self.arguments.iter().map(|(name, datum)| (name.clone(), datum.json.clone())).collect();
        json!({
            "target": self.contract,
            "address": chain::ss58(&self.call.target),
            "message": self.message,
            "arguments": arguments,
            "changes": self.changes.iter().map(Change::json).collect::<Vec<_>>(),
            "notes": self.notes,
            "selector": format!("0x{}", hex::encode(self.call.selector)),
            "input": format!("0x{}", hex::encode(&self.call.input)),
            "value": self.call.value.to_string(),
        })
    }
}

/// Reads the calls of a proposal; what can't be read is shown as bytes, with a note.
pub fn read(context: &Context, contracts: &Contracts, calls: &[Call]) -> Result<Vec<ReadCall>> {
    calls.iter().map(|call| read_one(context, contracts, call)).collect()
}

fn read_one(context: &Context, contracts: &Contracts, call: &Call) -> Result<ReadCall> {
    let mut read = ReadCall {
        contract: contracts.names.of(&call.target),
        message: format!("0x{}", hex::encode(call.selector)),
        arguments: Vec::new(),
        changes: Vec::new(),
        notes: Vec::new(),
        call: call.clone(),
    };
    if call.value > 0 {
        read.notes.push(format!("sends {} of native coin along", crate::amount::show_native(call.value)));
    }
    let Some(interface) = contracts.at(&call.target) else {
        read.notes.push("no contract of this suite: nobody here can say what it does".into());
        return Ok(read);
    };
    if let Some(hash) = context.chain.code_hash(call.target)?.filter(|hash| code_of(hash) != Some(interface.name)) {
        let note =
            format!("runs code 0x{}, which this program doesn't know: what follows may be wrong", hex::encode(hash));
        read.notes.push(note);
    }
    let Some(message) = interface.by_selector(call.selector) else {
        read.notes.push(format!("{} has no such message: the call would fail", interface.name));
        return Ok(read);
    };
    read.message = message.label.clone();
    match interface.arguments(&contracts.names, message, &call.input) {
        Err(error) => read.notes.push(format!("its arguments don't read ({error:#}): the call would fail")),
        Ok(arguments) => {
            read.arguments = arguments;
            let changes = changes(context, contracts, call.target, interface, message, &read.arguments)?;
            if changes.as_ref().is_some_and(Vec::is_empty) {
                read.notes.push("changes nothing: these are the values already".into());
            }
            read.changes = changes.unwrap_or_default();
        }
    }
    Ok(read)
}

/// The package whose committed code has this hash.
pub fn code_of(hash: &[u8; 32]) -> Option<&'static str> {
    suite::CONTRACTS
        .iter()
        .copied()
        .find(|name| suite::artifact(name).is_some_and(|artifact| proof::Blake2::blake2_256(artifact.wasm) == *hash))
}

/// Asks a view.
pub fn view(
    chain: &dyn Chain,
    contracts: &Contracts,
    account: AccountId,
    interface: &Interface,
    message: &Message,
    values: &[Value],
) -> Result<Datum> {
    let accounts = |text: &str| Ok(chain::parse_account(text)?);
    let mut input = message.selector_bytes().context("a selector that is none")?.to_vec();
    input.extend(interface.encode(&accounts, message, values)?);
    let outcome = chain.dry_run(AccountId::from(NOBODY), account, &input, 0)?;
    interface.returned(&contracts.names, message, &outcome.returned)
}

/// The parameters in force, by whichever views a contract has for them.
pub fn parameters(
    chain: &dyn Chain,
    contracts: &Contracts,
    account: AccountId,
    interface: &Interface,
) -> Result<Option<Datum>> {
    let ask = |message: &Message, values: &[Value]| view(chain, contracts, account, interface, message, values);
    if let Some(message) = interface.view("parameters") {
        return ask(message, &[]).map(Some);
    }
    // Escrow keeps numbered sets.
    let Some(current) = interface.view("current_parameters") else { return Ok(None) };
    let number = ask(current, &[])?.json;
    ask(interface.message("parameters")?, &[number]).map(Some)
}

/// What a setter would change; `None` where no view shows it.
fn changes(
    context: &Context,
    contracts: &Contracts,
    account: AccountId,
    interface: &Interface,
    message: &Message,
    arguments: &[(String, Datum)],
) -> Result<Option<Vec<Change>>> {
    let chain = &*context.chain;
    let ask = |name: &str| match interface.view(name) {
        Some(message) => view(chain, contracts, account, interface, message, &[]).map(Some),
        None => Ok(None),
    };
    let compare = |what: &str, before: &Datum, after: &Datum| {
        let mut found = Vec::new();
        differences(what, before, after, &mut found);
        found
    };
    if let ("set_oracles", [(_, members), (_, reserves)]) = (message.name(), arguments) {
        let number = ask("current_set")?.map(|datum| datum.json).unwrap_or_default();
        let set = view(chain, contracts, account, interface, interface.message("oracle_set")?, &[number])?;
        let mut found = compare("oracles", &oracles_of(&set), members);
        if let Some(before) = ask("reserves")? {
            found.extend(compare("reserves", &before, reserves));
        }
        return Ok(Some(found));
    }
    let [(_, given)] = arguments else { return Ok(None) };
    let one = |what: &str, before: Option<Datum>| before.map(|before| compare(what, &before, given));
    Ok(match message.name() {
        "set_parameters" => one("", parameters(chain, contracts, account, interface)?),
        "upgrade" => Some(code_change(context, account, given)?),
        "transfer_admin" => {
            one("admin (once it accepts)", ask("admin")?.and_then(|admin| admin.field("account").cloned()))
        }
        "administer" => administration(given, &ask)?,
        "pause" | "unpause" => ask("paused")?.map(|mask| pausing(interface.name, message.name(), given, &mask)),
        name => match name.strip_prefix("set_") {
            Some(what) => {
                let before = match ask(what)? {
                    Some(before) => Some(before),
                    None => ask("peers")?.and_then(|peers| peers.field(what).cloned()),
                };
                one(what, before)
            }
            None => None,
        },
    })
}

/// The accounts of an oracle set, as `set_oracles` takes them.
fn oracles_of(set: &Datum) -> Datum {
    let oracles = set.json["oracles"].as_array().cloned().unwrap_or_default();
    let accounts: Vec<Value> = oracles.iter().map(|oracle| oracle["account"].clone()).collect();
    let names: Vec<_> = accounts.iter().filter_map(Value::as_str).collect();
    Datum {
        text: format!("[{}]", names.join(", ")),
        json: json!(accounts),
        written: json!(accounts),
        fields: Vec::new(),
    }
}

fn code_change(context: &Context, account: AccountId, given: &Datum) -> Result<Vec<Change>> {
    let describe = |hash: Option<[u8; 32]>, json: Value| {
        let known =
            hash.and_then(|hash| code_of(&hash)).map_or_else(String::new, |name| format!(" (this program's {name})"));
        let hex = hash.map_or_else(|| "none".to_owned(), |hash| format!("0x{}", hex::encode(hash)));
        Datum { text: format!("{hex}{known}"), written: json.clone(), json, fields: Vec::new() }
    };
    let now = context.chain.code_hash(account)?;
    let new = given.json.as_str().and_then(|text| hex::decode(text.trim_start_matches("0x")).ok()?.try_into().ok());
    let before = describe(now, json!(now.map(|hash| format!("0x{}", hex::encode(hash)))));
    let after = describe(new, given.json.clone());
    Ok(match before.json == after.json {
        true => Vec::new(),
        false => vec![Change { what: "code".into(), before, after }],
    })
}

/// Which function would be stopped or set free.
fn pausing(contract: &str, message: &str, given: &Datum, mask: &Datum) -> Vec<Change> {
    let number = given.json.as_u64().and_then(|number| u8::try_from(number).ok()).unwrap_or(u8::MAX);
    let mask = mask.json.as_u64().and_then(|mask| u8::try_from(mask).ok()).unwrap_or(0);
    let functions =
        super::guardian::PAUSABLE.iter().find(|(name, _)| *name == contract).map(|(_, functions)| *functions);
    let known = functions.and_then(|functions| functions.iter().find(|(_, of)| *of == number));
    let state = |paused: bool| {
        let json = json!(if paused { "paused" } else { "runs" });
        Datum { text: json.as_str().unwrap_or_default().to_owned(), written: json.clone(), json, fields: Vec::new() }
    };
    let (now, then) = (openledger_abi::admin::is_paused(mask, number), message == "pause");
    match now == then {
        true => Vec::new(),
        false => {
            let what = known.map_or_else(|| format!("function {number}"), |(name, _)| format!("`{name}`"));
            vec![Change { what, before: state(now), after: state(then) }]
        }
    }
}

/// What an operation of the timelock on itself would change.
fn administration(action: &Datum, ask: &dyn Fn(&str) -> Result<Option<Datum>>) -> Result<Option<Vec<Change>>> {
    let Some((name, value)) = action.json.as_object().and_then(|object| object.iter().next()) else { return Ok(None) };
    let what = match name.as_str() {
        "SetMinDelay" => "min_delay_ms",
        "SetGrace" => "grace_ms",
        "SetGuardian" => "guardian",
        _ => return Ok(None),
    };
    let Some(before) = ask(what)? else { return Ok(None) };
    let text = match value.as_u64() {
        Some(ms) => crate::time::exact_span(ms),
        None => value.as_str().unwrap_or("none").to_owned(),
    };
    let after = Datum { json: value.clone(), written: value.clone(), text, fields: Vec::new() };
    Ok(Some(match before.json == after.json {
        true => Vec::new(),
        false => vec![Change { what: what.into(), before, after }],
    }))
}

/// Where two values differ, field by field.
pub fn differences(what: &str, before: &Datum, after: &Datum, found: &mut Vec<Change>) {
    if before.json == after.json {
        return;
    }
    let same_form = !before.fields.is_empty()
        && before.fields.len() == after.fields.len()
        && before.fields.iter().zip(&after.fields).all(|((a, _), (b, _))| a == b);
    if !same_form {
        found.push(Change { what: what.to_owned(), before: before.clone(), after: after.clone() });
        return;
    }
    for ((name, old), (_, new)) in before.fields.iter().zip(&after.fields) {
        let path = if what.is_empty() { name.clone() } else { format!("{what}.{name}") };
        differences(&path, old, new, found);
    }
}
