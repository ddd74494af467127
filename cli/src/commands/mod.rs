//! The command line: one module a group of commands.

mod roles;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use chain::{Chain, Keypair};
use clap::{Args, Parser, Subcommand};

use crate::context::Context;
use crate::demo;

/// Data, models and the people behind them, on chain.
///
/// Contributors put text into Datanets, models are fine-tuned on them, answers are paid for and attributed, and everybody can
/// check every amount. Examples:
///
///   openledger demo                         the whole loop, narrated
///   openledger demo --chain ws://127.0.0.1:9944 --json out.json
#[derive(Parser)]
#[command(name = "openledger", version, verbatim_doc_comment)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The whole loop on real texts: train, serve, pay, attribute, refute, claim, vote.
    Demo(DemoArgs),
    /// Serve models to paying clients (OpenLoRA).
    Serve(roles::ServeArgs),
    /// Be an oracle.
    Oracle {
        #[command(subcommand)]
        command: roles::OracleCommand,
    },
    /// Recompute every report, and refute the false ones.
    Watch(roles::WatchArgs),
}

/// Which chain, and where its contracts are known.
#[derive(Args)]
pub struct ChainArgs {
    /// `embedded`, http://127.0.0.1:PORT of one that another process serves, or a node's ws://…
    #[arg(long, env = "OPENLEDGER_CHAIN", default_value = "embedded")]
    pub chain: String,
    /// The file with the contracts' addresses.
    #[arg(long, env = "OPENLEDGER_SUITE", default_value = ".openledger/suite.json")]
    pub suite: PathBuf,
    /// Folder of the embedded chain's state.
    #[arg(long, env = "OPENLEDGER_STATE", default_value = ".openledger/chain")]
    pub state: PathBuf,
}

impl ChainArgs {
    /// Opens the chain.
    pub fn open(&self) -> Result<Arc<dyn Chain>> {
        Ok(Arc::from(chain::open(&self.chain, &self.state)?))
    }

    /// Opens the chain and reads the contracts' addresses.
    pub fn context(&self) -> Result<Context> {
        Context::load(self.open()?, &self.suite)
    }
}

/// Reads a key: a file, or a development key such as `//Alice`.
pub fn key(text: &str) -> Result<Keypair> {
    Ok(Keypair::resolve(text)?)
}

#[derive(Args)]
struct DemoArgs {
    /// `embedded` (a fresh chain in this process), or ws://… of a development node.
    #[arg(long, default_value = "embedded")]
    chain: String,
    /// The demo's own folder; emptied at each start.
    #[arg(long, default_value = ".openledger/demo")]
    home: PathBuf,
    /// Folder with base model and texts, as scripts/fetch-data fills it.
    #[arg(long, env = "OPENLEDGER_CACHE", default_value = ".cache")]
    cache: PathBuf,
    /// Write the figures of the run to this file.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Seed of training; the same seed gives the same credits on the same machine.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Rows of 160 tokens that each adapter is trained on.
    #[arg(long, default_value_t = 48)]
    rows: usize,
    /// How often each row is trained on.
    #[arg(long, default_value_t = 5)]
    epochs: usize,
    /// Tokens of an answer at most.
    #[arg(long, default_value_t = 80)]
    max_tokens: u32,
    /// Payers; as many answers are made at once.
    #[arg(long, default_value_t = 4)]
    payers: usize,
}

/// Runs a parsed command line.
pub fn run(cli: Cli) -> Result<()> {
    match cli.command {
        Command::Demo(args) => demo::run(&demo::Options {
            chain: args.chain,
            home: args.home,
            cache: args.cache,
            json: args.json,
            seed: args.seed,
            rows: args.rows,
            epochs: args.epochs,
            max_tokens: args.max_tokens,
            payers: args.payers.max(1),
        }),
        Command::Serve(args) => args.run(),
        Command::Oracle { command } => command.run(),
        Command::Watch(args) => args.run(),
    }
}
