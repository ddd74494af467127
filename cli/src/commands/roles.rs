//! `serve`, `oracle run`, `watch`: programs that stay.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use worker::drill::Drill;
use worker::oracle::OracleConfig;

use super::common::ChainArgs;
use crate::actions::roles;
use crate::context::folder;

/// Serve models. The host must have bonded (`stake register --role host`) and announced its endpoint.
///
/// Answers signed requests alone, each place once, and redeems the vouchers over what it answered. Its ledger, below --folder, is
/// what it is paid by: keep it.
///
/// Example: openledger serve --key //Dave --models 1,2 --max-unpaid 4
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct ServeArgs {
    #[command(flatten)]
    chain: ChainArgs,
    /// The operator's key: a file, or //Name. Pays for redeeming vouchers.
    #[arg(long)]
    key: String,
    /// The key that signs receipts, as bonded; the operator's own if not given.
    #[arg(long)]
    signing_key: Option<String>,
    /// The base model's GGUF.
    #[arg(long, default_value = ".cache/SmolLM2-135M-Instruct.Q4_1.gguf")]
    base: PathBuf,
    /// Numbers of the models to serve.
    #[arg(long, value_delimiter = ',', required = true)]
    models: Vec<u32>,
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The host's ledger and adapters.
    #[arg(long, default_value = ".openledger/host")]
    folder: PathBuf,
    /// The objects it publishes.
    #[arg(long, default_value = ".openledger/store")]
    store: PathBuf,
    /// Other places that may have objects (base URLs).
    #[arg(long = "mirror")]
    mirrors: Vec<String>,
    /// Answers served ahead of vouchers, of a channel over all its models and keys. What lapsed unpaid counts too.
    #[arg(long, default_value_t = 1)]
    max_unpaid: u64,
    /// Sequences decoded at once.
    #[arg(long, default_value_t = 32)]
    width: usize,
    /// How often vouchers are redeemed.
    #[arg(long, default_value_t = 60_000)]
    redeem_every_ms: u64,
}

impl ServeArgs {
    /// Serves until ended.
    pub fn run(self) -> Result<()> {
        let context = self.chain.context()?;
        let operator = self.chain.key(&self.key)?;
        let signing_key = match &self.signing_key {
            Some(text) => self.chain.key(text)?,
            None => operator.clone(),
        };
        let options = roles::HostOptions {
            key: operator,
            signing_key,
            base: self.base,
            models: self.models,
            listen: self.listen,
            folder: folder(self.folder)?,
            store: self.store,
            mirrors: self.mirrors,
            max_unpaid: self.max_unpaid,
            width: self.width,
            redeem_every: Duration::from_millis(self.redeem_every_ms),
        };
        roles::serve(&context, options, |url| println!("serving on {url}"))
    }
}

#[derive(Subcommand)]
pub enum OracleCommand {
    /// Close epochs, recompute and co-sign their reports, submit and finalize them.
    ///
    /// Example: openledger oracle run --key //oracle//0 --listen 127.0.0.1:8090 --peer http://127.0.0.1:8091
    #[command(verbatim_doc_comment)]
    Run(OracleArgs),
}

impl OracleCommand {
    /// Dispatches.
    pub fn run(self) -> Result<()> {
        match self {
            OracleCommand::Run(args) => args.run(),
        }
    }
}

#[derive(Args)]
pub struct OracleArgs {
    #[command(flatten)]
    chain: ChainArgs,
    /// Pays for transactions: a key file, or //Name.
    #[arg(long)]
    key: String,
    /// The key that signs reports, as bonded; --key if not given.
    #[arg(long)]
    signing_key: Option<String>,
    /// The operator's account in staking; --key's if not given.
    #[arg(long)]
    operator: Option<String>,
    /// Where other oracles and watchers reach it.
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// Its signing journal, its store, the reports it publishes.
    #[arg(long, default_value = ".openledger/oracle")]
    folder: PathBuf,
    /// Base URL of another oracle; once for each.
    #[arg(long = "peer")]
    peers: Vec<String>,
    /// Places that may have objects besides the hosts (base URLs).
    #[arg(long = "mirror")]
    mirrors: Vec<String>,
    /// How long it leaves submitting to each oracle that stands before it in the set.
    #[arg(long, default_value_t = 10_000)]
    patience_ms: u64,
    /// Close an epoch that is due once no batch came for so long; after ten times that whatever comes.
    #[arg(long, default_value_t = 30_000)]
    quiet_ms: u64,
    /// For drills on a test chain: sign a false report of this epoch's first attempt. Costs the stake if anybody watches.
    #[arg(long)]
    drill_false_epoch: Option<u32>,
}

impl OracleArgs {
    fn run(self) -> Result<()> {
        let context = self.chain.context()?;
        let payer = self.chain.key(&self.key)?;
        let signing_key = match &self.signing_key {
            Some(text) => self.chain.key(text)?,
            None => payer.clone(),
        };
        let operator = match &self.operator {
            Some(text) => self.chain.account(text)?,
            None => payer.account(),
        };
        let home = folder(self.folder)?;
        let gatherer = roles::gatherer(&context, &home.join("store"), self.mirrors, self.peers)?;
        let gatherer = gatherer.reading_as(signing_key.clone());
        let config = OracleConfig {
            key: payer,
            signing_key,
            operator,
            folder: home,
            patience: Duration::from_millis(self.patience_ms),
            quiet: Duration::from_millis(self.quiet_ms),
            drill: self.drill_false_epoch.map(|epoch| Drill { epoch }),
        };
        roles::oracle(
            gatherer,
            config,
            self.listen,
            |url| println!("oracle on {url}"),
            |step| println!("{}", serde_json::to_string(step).unwrap_or_default()),
        )
    }
}

/// Recompute every report in its window; file the fraud proof against a false one.
#[derive(Args)]
pub struct WatchArgs {
    #[command(flatten)]
    chain: ChainArgs,
    /// Pays for transactions and bonds: a key file, or //Name.
    #[arg(long)]
    key: String,
    /// Base URL of an oracle that publishes reports; once for each.
    #[arg(long = "oracle", required = true)]
    oracles: Vec<String>,
    /// Places that may have objects besides the hosts (base URLs).
    #[arg(long = "mirror")]
    mirrors: Vec<String>,
    /// Its store and the proofs it filed.
    #[arg(long, default_value = ".openledger/watcher")]
    folder: PathBuf,
    /// Append each finding to this file, one JSON object a line.
    #[arg(long)]
    findings: Option<PathBuf>,
    /// An oracle's signing key, which hosts give the texts of private answers to.
    #[arg(long)]
    signing_key: Option<String>,
}

impl WatchArgs {
    /// Watches until ended.
    pub fn run(self) -> Result<()> {
        let context = self.chain.context()?;
        let home = folder(self.folder)?;
        let mut gatherer = roles::gatherer(&context, &home.join("store"), self.mirrors, self.oracles)?;
        if let Some(key) = &self.signing_key {
            gatherer = gatherer.reading_as(self.chain.key(key)?);
        }
        let mut file = match &self.findings {
            None => None,
            Some(path) => Some(
                std::fs::OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(path)
                    .with_context(|| path.display().to_string())?,
            ),
        };
        roles::watch(gatherer, self.chain.key(&self.key)?, home, |finding| {
            let line = serde_json::to_string(finding).unwrap_or_default();
            println!("{line}");
            if let Some(file) = &mut file {
                if let Err(error) = writeln!(file, "{line}") {
                    tracing::warn!("the findings file: {error}");
                }
            }
        })
    }
}
