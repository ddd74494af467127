//! The programs that run and stay: host, oracle, watcher.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Result;
use chain::Keypair;
use corpus::Store;
use factory::Base;
use serve::answer::Answerer;
use serve::cashier::Cashier;
use serve::catalog::Catalog;
use serve::ledger::Ledger;
use serve::scheduler::Scheduler;
use worker::fetch::Fetcher;
use worker::gather::Gatherer;
use worker::oracle::{Oracle, OracleConfig, OracleError, Step};
use worker::watcher::{Finding, Watcher};

use crate::context::{Context, folder};

/// Between two looks at the chain.
const POLL: Duration = Duration::from_millis(500);

/// Batches of different hosts that an oracle fetches at once.
const HOLDERS: usize = 8;

/// What a host needs to know.
pub struct HostOptions {
    /// The operator's account; pays for redeeming.
    pub key: Keypair,
    pub signing_key: Keypair,
    pub base: PathBuf,
    pub models: Vec<u32>,
    pub listen: SocketAddr,
    /// Its ledger and its adapters.
    pub folder: PathBuf,
    /// Objects that it publishes.
    pub store: PathBuf,
    pub mirrors: Vec<String>,
    pub max_unpaid: u64,
    /// Sequences decoded at once.
    pub width: usize,
    pub redeem_every: Duration,
}

/// A gatherer with a store in a folder.
pub fn gatherer(context: &Context, store: &Path, mirrors: Vec<String>, oracles: Vec<String>) -> Result<Gatherer> {
    let store = Arc::new(Store::folder(store)?);
    let fetcher = Fetcher::new(store);
    Ok(Gatherer::new(context.chain.clone(), context.suite.clone(), fetcher, mirrors, oracles))
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build()?)
}

/// Serves models until the process ends; `ready` gets the base URL.
pub fn serve(context: &Context, options: HostOptions, ready: impl FnOnce(&str) + Send) -> Result<()> {
    let runtime = runtime()?;
    let listener = runtime.block_on(worker::http::bind(options.listen))?;
    let ledger = Ledger::open(&folder(options.folder.join("ledger"))?)?;
    let base = Base::load(&options.base, "base")?;
    let mut gatherer = gatherer(context, &options.store, options.mirrors.clone(), Vec::new())?;
    let adapters = folder(options.folder.join("adapters"))?;
    let catalog = Catalog::load(&base.model, &mut gatherer, &options.models, &adapters)?;
    let account = options.key.account();
    let cashier =
        Arc::new(Cashier::new(context.chain.clone(), context.suite.clone(), account, options.max_unpaid, ledger));
    let tokenizer = engine::Tokenizer::load(&options.base)?;
    let answerer = Arc::new(Answerer {
        tokenizer,
        scheduler: Scheduler::start(base.model.clone(), options.width)?,
        cashier: cashier.clone(),
        context: base.model.config.context,
        sketching: Mutex::new(()),
        key: options.signing_key.clone(),
    });
    let host = Arc::new(serve::http::Host {
        answerer,
        catalog,
        store: Arc::new(Store::folder(&options.store)?),
        network: serve::payment::network(&context.chain.genesis()),
        asset: chain::ss58(&context.suite.token),
        escrow: chain::ss58(&context.suite.escrow),
        account: chain::ss58(&account),
        receipt_key: hex::encode(options.signing_key.public()),
    });
    let key = options.key;
    let every = options.redeem_every;
    std::thread::spawn(move || {
        loop {
            for outcome in cashier.redeem(&key) {
                match outcome {
                    Ok(redeemed) => tracing::info!(lane = %redeemed.lane, waiting = redeemed.waiting, "redeemed"),
                    Err(error) => tracing::warn!("{error:#}"),
                }
            }
            std::thread::sleep(every);
        }
    });
    let url = format!("http://{}", listener.local_addr()?);
    ready(&url);
    runtime.block_on(async move { axum::serve(listener, serve::http::routes(host)).await })?;
    Ok(())
}

/// Runs an oracle until the process ends. `report` hears what it did.
pub fn oracle(
    gatherer: Gatherer,
    config: OracleConfig,
    listen: SocketAddr,
    ready: impl FnOnce(&str),
    mut report: impl FnMut(&Step),
) -> Result<()> {
    let runtime = runtime()?;
    let listener = runtime.block_on(worker::http::bind(listen))?;
    let oracle = Arc::new(Oracle::open(config, gatherer)?);
    let url = format!("http://{}", listener.local_addr()?);
    runtime.spawn(worker::http::serve(oracle.clone(), listener));
    ready(&url);
    let (steps, done) = std::sync::mpsc::channel();
    for worker in 0..HOLDERS {
        let oracle = oracle.clone();
        // The first is kept for hosts that did not fail.
        std::thread::spawn(move || keep(|| Ok(oracle.hold_next(worker == 0)?.then_some(())), |()| {}));
    }
    for task in [Oracle::attest, Oracle::see_to_epochs] {
        let (oracle, steps) = (oracle.clone(), steps.clone());
        std::thread::spawn(move || {
            keep(|| Ok(Some(task(&oracle)?).filter(|step| *step != Step::Waiting)), |step| drop(steps.send(step)));
        });
    }
    drop(steps);
    done.iter().for_each(|step| report(&step));
    Ok(())
}

/// Does a task again and again until the process ends: at once if there was something to do, else after a while.
fn keep<T>(mut task: impl FnMut() -> Result<Option<T>, OracleError>, mut did: impl FnMut(T)) {
    let mut last = String::new();
    loop {
        match task() {
            Ok(Some(done)) => did(done),
            Ok(None) => std::thread::sleep(POLL),
            Err(error) => {
                // The same trouble is said once.
                let text = error.to_string();
                if text != last {
                    tracing::warn!("{text}");
                    last = text;
                }
                std::thread::sleep(POLL);
            }
        }
    }
}

/// Runs the watcher until the process ends. `report` hears each finding.
pub fn watch(gatherer: Gatherer, key: Keypair, folder: PathBuf, mut report: impl FnMut(&Finding)) -> Result<()> {
    let mut watcher = Watcher::new(key, gatherer, folder);
    let mut last = String::new();
    loop {
        match watcher.step() {
            Ok(Some(finding)) => report(&finding),
            Ok(None) => std::thread::sleep(POLL),
            Err(error) => {
                let text = error.to_string();
                if text != last {
                    tracing::warn!("{text}");
                    last = text;
                }
                std::thread::sleep(POLL);
            }
        }
    }
}
