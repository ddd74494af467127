//! Everything before the first question: operators, texts, Datanets, adapters, the host and the oracles.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use chain::{AccountId, Keypair};
use corpus::{Corpus, Store, Version};
use factory::{Base, Terminal, TrainConfig};
use openledger_abi::OPEN;
use openledger_abi::datanet::Judges;
use openledger_abi::models::{Parent, Source};
use openledger_abi::staking::Role;
use proof::Account;
use serve::payer::PayerChannel;

use super::cast::{Cast, LIARS, MEMBERS, Operator};
use super::narrate::Narrator;
use super::processes::{Process, free_ports};
use super::texts::{self, Document};
use super::{Options, home};
use crate::actions::{channel, datanet, models, staking, token};
use crate::amount;
use crate::context::{Context, folder};

const ORACLE_BOND: u128 = 50_000 * OPEN;
const OPERATOR_BOND: u128 = 2_000 * OPEN;
const VOTER_OPEN: u128 = 40_000_000 * OPEN;
const DELEGATION: u128 = 20_000 * OPEN;
const DEPOSIT: u128 = 200 * OPEN;
/// Of the fees that go to contributors, the least that their terms ask for.
const MIN_BPS: u16 = 4_000;
const ROYALTY_BPS: u16 = 1_000;

/// A Datanet with its version 0 and the adapter trained on it.
pub struct Room {
    pub name: &'static str,
    pub datanet: u32,
    pub version: Version,
    pub model: u32,
    pub seen: Vec<String>,
    pub held_out: Vec<String>,
}

/// The stage, set.
pub struct Stage {
    pub rooms: Vec<Room>,
    /// The contributors' names by account.
    pub names: BTreeMap<Account, String>,
    pub contributors: BTreeMap<String, Keypair>,
    pub channels: Vec<(u64, PayerChannel)>,
    pub processes: Vec<Process>,
    pub oracles: Vec<String>,
    /// Lines of JSON, one a finding of the watcher.
    pub findings: PathBuf,
    /// The demo's own store for what it fetches from oracles.
    pub fetched: PathBuf,
    pub played: super::epoch::Played,
}

/// Sets the stage.
pub fn set(context: &Context, cast: &Cast, narrator: &Narrator, options: &Options, url: &str) -> Result<Stage> {
    hand_out(context, cast)?;
    bond(context, cast, narrator)?;
    let store_folder = options.home.join("store");
    let corpus = Corpus::open(&store_folder)?;
    let (mut rooms, names, contributors) = fill(context, cast, narrator, options, &corpus)?;
    train(context, cast, narrator, options, corpus.store(), &mut rooms)?;
    let mut stage = Stage {
        rooms,
        names,
        contributors,
        channels: Vec::new(),
        processes: Vec::new(),
        oracles: Vec::new(),
        findings: options.home.join("findings.jsonl"),
        fetched: options.home.join("fetched"),
        played: Default::default(),
    };
    start(context, cast, narrator, options, url, &mut stage)?;
    Ok(stage)
}

fn hand_out(context: &Context, cast: &Cast) -> Result<()> {
    let give = |to: &Keypair, amount: u128| token::transfer(context, &cast.deployer, to.account(), amount);
    for oracle in &cast.oracles {
        give(&oracle.key, ORACLE_BOND)?;
    }
    for operator in cast.validators.iter().chain([&cast.host.key]) {
        give(operator, OPERATOR_BOND)?;
    }
    for payer in &cast.payers {
        give(payer, DEPOSIT)?;
    }
    give(&cast.watcher, 1_000 * OPEN)?;
    give(&cast.delegator, DELEGATION)?;
    for voter in &cast.voters {
        give(voter, VOTER_OPEN)?;
        token::delegate(context, voter, Some(voter.account()))?;
    }
    Ok(())
}

fn bond(context: &Context, cast: &Cast, narrator: &Narrator) -> Result<()> {
    let register = |operator: &Operator, role, bond| {
        staking::register(context, &operator.key, role, operator.signing_key.public(), 1_000, bond)
    };
    for oracle in &cast.oracles {
        register(oracle, Role::Oracle, ORACLE_BOND)?;
    }
    register(&cast.host, Role::Host, OPERATOR_BOND)?;
    for validator in &cast.validators {
        staking::register(context, validator, Role::Validator, validator.public(), 0, OPERATOR_BOND)?;
    }
    let honest = cast.oracles.get(LIARS).context("no honest oracle")?;
    staking::bond(context, &cast.delegator, honest.key.account(), DELEGATION)?;
    let accounts: Vec<AccountId> = cast.oracles.iter().map(|oracle| oracle.key.account()).collect();
    let (members, reserves) = accounts.split_at(MEMBERS);
    context.suite.wire_payout(&*context.chain, &cast.deployer, members, reserves)?;
    narrator.step(
        "Operators bond OPEN",
        &format!(
            "{} oracles {} each, {} validators and a host {} each; a delegator adds {} to an oracle",
            cast.oracles.len(),
            amount::show(ORACLE_BOND),
            cast.validators.len(),
            amount::show(OPERATOR_BOND),
            amount::show(DELEGATION)
        ),
    );
    Ok(())
}

type Filled = (Vec<Room>, BTreeMap<Account, String>, BTreeMap<String, Keypair>);

fn fill(context: &Context, cast: &Cast, narrator: &Narrator, options: &Options, corpus: &Corpus) -> Result<Filled> {
    let ingested = corpus.ingest("sotu", &options.texts(), &Default::default())?;
    let chosen = texts::choose(&ingested.manifest);
    let mut names = BTreeMap::new();
    let mut contributors = BTreeMap::new();
    for document in chosen.iter().flatten() {
        let key = Cast::contributor(&document.author)?;
        names.insert(key.public(), document.author.clone());
        contributors.insert(document.author.clone(), key);
    }
    narrator.step(
        "Texts go into Datanets",
        &format!(
            "{} State of the Union addresses by {} presidents, each under terms its author signed (at least {} % of the contributors' side)",
            chosen.iter().map(Vec::len).sum::<usize>(),
            contributors.len(),
            MIN_BPS / 100
        ),
    );
    let mut rooms = Vec::new();
    for (name, documents) in ["union-1790-1900", "union-1901-today"].into_iter().zip(&chosen) {
        let judges = Judges::Validators { agreeing: datanet::min_agreeing(context)? };
        let number = datanet::create(context, &cast.curator, name, datanet::open_floor(MIN_BPS), judges)?;
        let by = |document: &Document| contributors.get(&document.author).context("a contributor without a key");
        let texts = documents.iter().map(|document| Ok((by(document)?, document.text))).collect::<Result<Vec<_>>>()?;
        datanet::commit(context, &cast.curator, number, &texts)?;
        for document in documents {
            contribute(context, cast, number, &contributors, document)?;
        }
        let version = datanet::cut_version(context, &cast.curator, number)?;
        let version = datanet::version(context, corpus.store(), number, version)?;
        narrator.line(&format!(
            "Datanet {number} `{name}`: {} texts, two validators' verdicts each; version 0 has root 0x{}…",
            version.contributions.len(),
            &hex::encode(version.root)[..16]
        ));
        rooms.push(Room { name, datanet: number, version, model: 0, seen: Vec::new(), held_out: Vec::new() });
    }
    Ok((rooms, names, contributors))
}

fn contribute(
    context: &Context,
    cast: &Cast,
    number: u32,
    contributors: &BTreeMap<String, Keypair>,
    document: &Document,
) -> Result<()> {
    let key = contributors.get(&document.author).context("a contributor without a key")?;
    let terms = datanet::open_terms("CC0-1.0", MIN_BPS);
    let what = || format!("{} by {}", document.title, document.author);
    let contribution =
        datanet::contribute(context, &cast.curator, key, number, &document.text, terms).with_context(what)?;
    for validator in &cast.validators {
        datanet::verdict(context, validator, contribution, true, 9_000).with_context(what)?;
    }
    Ok(())
}

fn train(
    context: &Context,
    cast: &Cast,
    narrator: &Narrator,
    options: &Options,
    store: &Store,
    rooms: &mut [Room],
) -> Result<()> {
    narrator.step(
        "ModelFactory fine-tunes two LoRA adapters",
        &format!(
            "SmolLM2-135M-Instruct, rank 16 on all linear layers, {} rows of 160 tokens, {} epochs",
            options.rows, options.epochs
        ),
    );
    let base = Base::load(&options.model_file(), "SmolLM2-135M-Instruct")?;
    let offer = models::Offer::default();
    let parent = models::register_base(context, &cast.base_owner, &base, &offer)?;
    for room in rooms {
        let mut config = TrainConfig { name: room.name.to_owned(), ..TrainConfig::default() };
        config.training.max_rows = options.rows;
        config.training.epochs = options.epochs;
        config.training.seed = options.seed;
        config.sketch.seed = options.seed;
        let source = Source { datanet: room.datanet, version: 0 };
        let out = options.home.join(home::MODELS).join(room.name);
        let progress = Terminal::new(room.name);
        let run = models::Run { base: &base, config: &config, sources: &[source], begin: &texts::begin, out: &out };
        let outcome = models::train(context, store, &run, &progress)?;
        let parents = vec![Parent { model: parent, royalty_bps: ROYALTY_BPS }];
        room.model =
            models::register_adapter(context, &cast.model_owner, store, &outcome, vec![source], parents, &offer)?;
        // Half of the questions of two epochs, and as many again to choose from.
        room.seen = texts::seen(&room.version, &outcome.rows, 2 * options.payers)?;
        room.held_out = texts::held_out(&room.version, 2 * options.payers)?;
        let training = &outcome.card.training;
        if outcome.reused {
            narrator.line(&format!(
                "`{}` was trained on these rows by an earlier run (--retrain trains it again):",
                room.name
            ));
        }
        narrator.line(&format!(
            "model {} `{}`: {} rows, loss {:.2} → {:.2}; adapter 0x{}…, sketches of {} entries, loss curve in {}",
            room.model,
            room.name,
            training.rows,
            training.first_loss,
            training.last_loss,
            &hex::encode(outcome.adapter_hash)[..16],
            outcome.rows.dimension(),
            out.join("loss.svg").display()
        ));
    }
    Ok(())
}

fn start(
    context: &Context,
    cast: &Cast,
    narrator: &Narrator,
    options: &Options,
    url: &str,
    stage: &mut Stage,
) -> Result<()> {
    let home = &options.home;
    let logs = folder(home.join("logs"))?;
    let suite_file = home.join("suite.json").display().to_string();
    let common = |words: &[&str]| -> Vec<String> {
        let mut all: Vec<String> = words.iter().map(ToString::to_string).collect();
        all.extend(["--chain".into(), url.to_owned(), "--suite".into(), suite_file.clone()]);
        all
    };
    let mut ports = free_ports(cast.oracles.len().saturating_add(1))?;
    let host_url = format!("http://127.0.0.1:{}", ports.pop().context("no port for the host")?);
    let served: Vec<u32> = stage.rooms.iter().map(|room| room.model).collect();
    models::announce(context, &cast.host.key, &host_url, &served)?;
    let mut arguments = common(&["serve"]);
    let mut push = |name: &str, value: String| arguments.extend([name.to_owned(), value]);
    push("--key", cast.host.uri.clone());
    push("--signing-key", cast.host.signing_uri.clone());
    push("--base", options.model_file().display().to_string());
    push("--models", served.iter().map(ToString::to_string).collect::<Vec<_>>().join(","));
    push("--listen", host_url.trim_start_matches("http://").to_owned());
    push("--folder", home.join("host").display().to_string());
    push("--store", home.join("store").display().to_string());
    push("--redeem-every-ms", "1000".into());
    let mut host = Process::start("host", &logs, &arguments)?;
    stage.oracles = ports.iter().map(|port| format!("http://127.0.0.1:{port}")).collect();
    for (i, oracle) in cast.oracles.iter().enumerate() {
        let mut arguments = common(&["oracle", "run"]);
        let mut push = |name: &str, value: String| arguments.extend([name.to_owned(), value]);
        push("--key", oracle.uri.clone());
        push("--signing-key", oracle.signing_uri.clone());
        push("--listen", format!("127.0.0.1:{}", ports[i]));
        push("--folder", home.join(format!("oracle{i}")).display().to_string());
        push("--mirror", host_url.clone());
        push("--patience-ms", "3000".into());
        // The demo closes its epochs itself, when all of a round is redeemed, however far it moves the time.
        push("--quiet-ms", (365 * 24 * 3_600_000u64).to_string());
        for (j, peer) in stage.oracles.iter().enumerate() {
            if i != j {
                push("--peer", peer.clone());
            }
        }
        if i < LIARS {
            push("--drill-false-epoch", "0".into());
        }
        stage.processes.push(Process::start(&format!("oracle{i}"), &logs, &arguments)?);
    }
    let mut arguments = common(&["watch"]);
    let mut push = |name: &str, value: String| arguments.extend([name.to_owned(), value]);
    push("--key", cast.watcher_uri.clone());
    push("--folder", home.join("watcher").display().to_string());
    push("--mirror", host_url.clone());
    push("--findings", stage.findings.display().to_string());
    for oracle in &stage.oracles {
        push("--oracle", oracle.clone());
    }
    stage.processes.push(Process::start("watcher", &logs, &arguments)?);
    for (process, url) in stage.processes.iter_mut().zip(&stage.oracles) {
        process.wait_ready(url, Duration::from_secs(60))?;
    }
    host.wait_ready(&host_url, Duration::from_secs(120))?;
    stage.processes.push(host);
    for payer in &cast.payers {
        let number = channel::open(context, payer, cast.host.key.account(), DEPOSIT)?;
        stage.channels.push((number, channel::attach(context, payer.clone(), number, &home.join("channels"))?));
    }
    narrator.step(
        "OpenLoRA, oracles and a watcher start, payers open channels",
        &format!(
            "one base in memory, models {served:?} at {host_url}; {} channels of {} OPEN; logs in {}",
            stage.channels.len(),
            amount::show(DEPOSIT),
            logs.display()
        ),
    );
    Ok(())
}
