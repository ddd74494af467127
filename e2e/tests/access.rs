//! Who may call what: every message that changes state, tried as everybody, against the table in `ARCHITECTURE.md`.
use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use chain::read;
use e2e::access::{self, Row, TABLE};
use e2e::epoch::FEE;
use e2e::fuzz::{Action, Known, Outcome, Redeem, Spec, Stage, Value, spec, start};
use e2e::metadata::{INTERFACES, Interface, Shape, interface};
use ink::message_builder;
use openledger_abi::escrow::Escrow;

/// The contribution that waits for verdicts.
const PENDING: u128 = 3;

/// A value of a type that says as little as can be.
fn plain(interface: &Interface, ty: u32) -> Value {
    let Some(known) = interface.ty(ty) else { return Value::Number(0) };
    match &known.shape {
        _ if known.name == "AccountId" => Value::Account("watcher".into()),
        Shape::Bool => Value::Bool(true),
        Shape::Unsigned(_) | Shape::Signed(_) => Value::Number(0),
        Shape::Text => Value::Text("Because.".into()),
        Shape::Struct(fields) => Value::Each(fields.iter().map(|field| plain(interface, field.ty)).collect()),
        Shape::Tuple(types) => Value::Each(types.iter().map(|ty| plain(interface, *ty)).collect()),
        Shape::Enum(variants) => {
            let fields = variants[0].fields.iter();
            Value::Variant(variants[0].index, fields.map(|field| plain(interface, field.ty)).collect())
        }
        Shape::List(_) => Value::Each(Vec::new()),
        Shape::Array(32, _) => Value::Hash(Known::Fresh, 1),
        Shape::Array(64, _) => Value::Bytes(Vec::new()),
        Shape::Array(length, ty) => Value::Each(vec![plain(interface, *ty); *length]),
    }
}

/// The batch that was redeemed last, and which nobody attested.
fn last_waiting(stage: &Stage) -> Result<u64> {
    let world = &stage.world;
    let count = read(&*world.chain, world.suite.escrow, message_builder!(Escrow).waiting_count())?;
    count.checked_sub(1).context("nothing was redeemed")
}

/// Calls in which nothing but the caller is wrong, as far as it matters for who may call: one of them is enough for who
/// may.
fn calls(stage: &Stage, interface: &Interface, function: &str) -> Result<Vec<Spec>> {
    let message = interface.message(function)?;
    let mut arguments: Vec<Value> = message.arguments.iter().map(|argument| plain(interface, argument.ty)).collect();
    let operation = || {
        let burn = spec("open_token", "PSP22Burnable::burn", vec![Value::Number(1)]);
        Value::Each(vec![Value::Call(Box::new(burn))])
    };
    match (interface.name, function) {
        ("governor", "cast_vote" | "cast_vote_with_reason") => arguments[0] = Value::Hash(Known::Proposal, 1),
        ("governor", "cancel") => arguments[0] = Value::Hash(Known::Proposal, 2),
        ("governor", "propose") | ("timelock", "schedule") => arguments[0] = operation(),
        ("escrow", "advance") => arguments[0] = Value::Number(last_waiting(stage)?.into()),
        ("datanet_registry", "verdict") => arguments[0] = Value::Number(PENDING),
        _ => {}
    }
    let made = |arguments| spec(interface.name, &message.label, arguments);
    if ["slash", "slash_many"].contains(&function) {
        // Each offence has its judge.
        let Some((ty, shape)) =
            message.arguments.last().and_then(|last| Some((last.ty, &interface.ty(last.ty)?.shape)))
        else {
            anyhow::bail!("{function} takes no offence");
        };
        let Shape::Enum(offences) = shape else { anyhow::bail!("type {ty} is no offence") };
        let with = |offence: u8| {
            let mut arguments = arguments.clone();
            arguments.pop();
            arguments.push(Value::Variant(offence, vec![]));
            made(arguments)
        };
        return Ok(offences.iter().map(|offence| with(offence.index)).collect());
    }
    Ok(vec![made(arguments)])
}

/// A world in which everything that a function can be about is there.
fn prepared() -> Result<Stage> {
    let mut stage = Stage::begin(start("governed")?)?;
    let number = |number: u128| Value::Number(number);
    let watcher = || Value::Account("watcher".into());
    let endpoint = Value::Each(vec![Value::Text("https://host.example".into()), Value::Each(vec![])]);
    let proposed = vec![
        Value::Each(vec![Value::Call(Box::new(spec("open_token", "PSP22Burnable::burn", vec![number(1)])))]),
        Value::Text("Pending".into()),
    ];
    // The report that is pending there.
    let report = Value::Each(vec![number(1), number(0)]);
    let mut steps = vec![
        ("owner", spec("datanet_registry", "DatanetRegistry::offer_datanet", vec![number(0), watcher()])),
        ("owner", spec("model_registry", "ModelRegistry::offer_model", vec![number(0), watcher()])),
        ("host", spec("model_registry", "ModelRegistry::announce", vec![endpoint])),
        ("watcher", spec("disputes", "Disputes::commit", vec![report, Value::Hash(Known::Fresh, 1)])),
        ("deployer", spec("governor", "Governor::propose", proposed)),
    ];
    for interface in INTERFACES.iter().filter(|interface| interface.message("transfer_admin").is_ok()) {
        steps.push(("timelock", spec(interface.name, "Administered::transfer_admin", vec![watcher()])));
    }
    for (by, call) in steps {
        let outcome = stage.call(by, &call)?;
        ensure!(outcome == Outcome::Done, "{by} calls {}: {outcome:?}", call.message);
    }
    stage.perform(&Action::Contribute { contributor: 1, signed_by: 1, datanet: 0, text: 0, verdicts: 0 })?;
    stage.perform(&Action::Serve { channel: Some(0), answers: 1, fee: FEE, redeem: Redeem::Unattested })?;
    Ok(stage)
}

/// One of each kind: those who stand for others of their kind are left out.
fn everybody(stage: &Stage) -> Vec<String> {
    let twins = [
        "ghost1",
        "ghost2",
        "ghost3",
        "zero",
        "oracle1",
        "oracle2",
        "oracle3",
        "signing1",
        "signing2",
        "signing3",
        "contributor1",
        "contributor2",
    ];
    stage.cast.names.iter().filter(|name| !twins.contains(&name.as_str())).cloned().collect()
}

fn error(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Refused(error) => error,
        _ => "",
    }
}

/// Tries a row's functions as everybody; what is not as the row says.
fn tried(stage: &Stage, row: &Row) -> Result<Vec<String>> {
    // Whatever else is wrong with the call, these say that it is the caller.
    let same = TABLE.iter().filter(|other| other.contract == row.contract && !other.refusal.is_empty());
    // That somebody has no votes or is no operator is for one function a question of who, for another of what.
    let of_what = ["NoVotes", "UnknownOperator", "BelowThreshold"];
    let refusals: BTreeSet<&str> = same
        .map(|other| other.refusal)
        .filter(|refusal| row.refusal == *refusal || !of_what.contains(refusal))
        .collect();
    let known = interface(row.contract)?;
    let mut wrong = Vec::new();
    for function in row.functions {
        let calls = calls(stage, known, function).with_context(|| format!("{}: {function}", row.contract))?;
        for name in everybody(stage) {
            let outcomes: Vec<Outcome> = calls.iter().map(|call| stage.tried(&name, call)).collect::<Result<_>>()?;
            let may = row.refusal.is_empty() || row.roles.contains(&name.as_str());
            let as_it_should_be = if may {
                outcomes.iter().any(|outcome| !refusals.contains(error(outcome)))
            } else {
                outcomes.iter().all(|outcome| error(outcome) == row.refusal)
            };
            if !as_it_should_be {
                let may = if may { "may" } else { "may not" };
                wrong.push(format!("{}: {function}: {name} {may}, and got {outcomes:?}", row.contract));
            }
        }
    }
    Ok(wrong)
}

#[test]
fn exactly_those_listed_get_past_the_access_checks() -> Result<()> {
    let stage = prepared()?;
    let mut wrong = Vec::new();
    for row in TABLE {
        wrong.extend(tried(&stage, row)?);
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    let faults = stage.watched.notes().faults.clone();
    ensure!(faults.is_empty(), "{}", faults.join("\n"));
    Ok(())
}

#[test]
fn every_function_that_changes_state_has_one_row() -> Result<()> {
    let built: BTreeSet<(&str, &str)> = INTERFACES
        .iter()
        .flat_map(|interface| interface.mutating().map(|message| (interface.name, message.name())))
        .collect();
    let listed: Vec<(&str, &str)> =
        TABLE.iter().flat_map(|row| row.functions.iter().map(|function| (row.contract, *function))).collect();
    let once: BTreeSet<(&str, &str)> = listed.iter().copied().collect();
    ensure!(once.len() == listed.len(), "a function has two rows");
    let missing: Vec<_> = built.difference(&once).collect();
    let gone: Vec<_> = once.difference(&built).collect();
    ensure!(missing.is_empty() && gone.is_empty(), "without a row: {missing:?}; no longer there: {gone:?}");
    Ok(())
}

#[test]
fn the_architecture_shows_this_table() -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ARCHITECTURE.md");
    let text = std::fs::read_to_string(path)?;
    let table = access::markdown();
    ensure!(text.contains(&table), "the table \"Who may call what\" should be:\n{table}");
    Ok(())
}
