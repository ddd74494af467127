//! The whole loop on real input, narrated: texts, Datanets, training, paid answers, attribution, a false report refuted,
//! the true one paid, a vote, a revocation.
//!
//! Every step calls the same code as the command of its name; host, oracles and watcher are processes of their own.

mod cast;
mod epoch;
mod holders;
mod home;
mod narrate;
mod processes;
mod stage;
mod summary;
mod texts;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, bail};
use chain::{Chain, Embedded, Genesis, Rpc, Server, endow};
use suite::{Suite, SuiteConfig};

use crate::context::Context;
use cast::Cast;
use narrate::Narrator;

/// How the demo is run.
#[derive(Debug, Clone)]
pub struct Options {
    /// `embedded`, or a development node's `ws://…`.
    pub chain: String,
    /// The demo's own folder; emptied at the start, but for adapters that were trained on the same rows.
    pub home: PathBuf,
    /// Folder with base model and texts (see `scripts/fetch-data`).
    pub cache: PathBuf,
    pub json: Option<PathBuf>,
    pub seed: u64,
    /// Rows that each adapter is trained on, and how often.
    pub rows: usize,
    pub epochs: usize,
    /// Whether to train again what the run before trained on the same rows.
    pub retrain: bool,
    /// Tokens of an answer at most.
    pub max_tokens: u32,
    /// Payers, each with a channel; as many answers are made at once.
    pub payers: usize,
}

/// Native coin of each account on a node.
const NATIVE: u128 = 5_000_000_000_000_000;
const DEPLOYER_NATIVE: u128 = 100_000_000_000_000_000;

/// Runs the demo.
///
/// # Errors
/// What failed, with the log of the process that it failed in; and if too little was attributed.
pub fn run(options: &Options) -> Result<()> {
    let started = Instant::now();
    home::prepare(options)?;
    let narrator = Narrator::new();
    let cast = Cast::new(options.payers)?;
    let mut opened = open_chain(options, &cast)?;
    narrator.step("The chain", &opened.description);
    let config = opened.config(&cast);
    let suite = Suite::deploy(&*opened.chain, &cast.deployer, &config)?;
    let context = Context::new(opened.chain.clone(), suite);
    context.save(&options.home.join("suite.json"))?;
    narrator.line(&format!(
        "{} contracts deployed and wired; 1,000,000,000 OPEN at {}",
        context.suite.named().len(),
        chain::ss58_short(&context.suite.token)
    ));
    let mut stage = stage::set(&context, &cast, &narrator, options, &opened.url)?;
    epoch::play(&context, &cast, &narrator, options, &mut stage)?;
    let summary = summary::close(&context, &cast, &narrator, &stage, started)?;
    if let Some(path) = &options.json {
        worker::files::write_whole(path, &serde_json::to_vec_pretty(&summary)?)?;
    }
    drop(stage);
    opened.server.take();
    summary.check()
}

impl Options {
    /// The base model's file.
    pub fn model_file(&self) -> PathBuf {
        self.cache.join("SmolLM2-135M-Instruct.Q4_1.gguf")
    }

    /// The State of the Union texts.
    pub fn texts(&self) -> PathBuf {
        self.cache.join("sotu")
    }
}

struct Opened {
    chain: Arc<dyn Chain>,
    /// Where other processes reach it.
    url: String,
    description: String,
    server: Option<Server>,
}

impl Opened {
    fn config(&self, cast: &Cast) -> SuiteConfig {
        let (holder, treasury, guardian) = (cast.deployer.account(), cast.treasury.account(), cast.guardian.account());
        match self.server {
            Some(_) => SuiteConfig::live(holder, treasury, guardian),
            None => SuiteConfig::quick(holder, treasury, guardian),
        }
    }
}

fn open_chain(options: &Options, cast: &Cast) -> Result<Opened> {
    match options.chain.as_str() {
        "embedded" => {
            let genesis = Genesis::endowing(cast.senders());
            let chain = Arc::new(Embedded::open(&options.home.join("chain"), &genesis)?);
            let server = Server::start(chain.clone(), SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
            let url = server.url();
            let description = format!("pallet-contracts in this process, served to the others on {url}; time is moved");
            Ok(Opened { chain, url, description, server: Some(server) })
        }
        url if url.starts_with("ws://") => {
            let chain = Rpc::connect(url)?;
            let alice = chain::Keypair::from_uri("//Alice")?;
            endow(&chain, &alice, &[cast.deployer.account()], DEPLOYER_NATIVE)?;
            endow(&chain, &alice, &cast.senders(), NATIVE)?;
            let description = format!("the node at {url}; windows of seconds, time is waited for");
            Ok(Opened { chain: Arc::new(chain), url: url.to_owned(), description, server: None })
        }
        other => {
            bail!("`{other}`: the demo starts its own chain; use --chain embedded, or ws://… for a development node")
        }
    }
}
