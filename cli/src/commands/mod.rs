//! The command line: one module a group of commands.

mod arbitration;
mod channel;
mod common;
mod contribute;
mod datanet;
mod delegates;
mod deploy;
mod gas;
mod guardian;
mod key;
mod model;
mod proposal;
mod propose;
mod recipient;
mod report;
mod roles;
mod session;
mod signing;
mod stake;
mod stake_show;
mod token;
mod train;
mod vote;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::demo;
pub use common::bytes32;

/// Data, models and the people behind them, on chain.
///
/// Contributors put text into Datanets, models are fine-tuned on them, answers are paid for and attributed, and everybody can
/// check every amount. Examples:
///
///   openledger demo                         the whole loop, narrated
///   openledger demo --chain ws://127.0.0.1:9944 --json out.json
///   openledger up                           a chain of your own, with development accounts; then in another terminal:
///   openledger datanet create proverbs --key //Alice
///   openledger datanet contribute 0 proverbs.txt --key //Eve
///
/// Amounts are in OPEN (12.5) or, with a u, in units of 10^-18 (17u). Keys are named: //Alice, a file, or what `key new` made.
#[derive(Parser)]
#[command(name = "openledger", version, verbatim_doc_comment)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The whole loop on real texts: train, serve, pay, attribute, refute, claim, vote.
    ///
    /// Example: openledger demo --json out.json
    #[command(verbatim_doc_comment)]
    Demo(DemoArgs),
    Up(deploy::UpArgs),
    Deploy(deploy::DeployArgs),
    WirePayout(deploy::WirePayoutArgs),
    /// The chain, its time, the contracts on it.
    #[command(subcommand)]
    Chain(deploy::ChainCommand),
    /// Keys: make, show, give native coin for fees.
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// OPEN: balance, transfer, approve, permit, delegate, burn.
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Bonding: become an operator, bond to one, take rewards, leave.
    #[command(subcommand)]
    Stake(stake::StakeCommand),
    /// Datanets: create, contribute, judge, version.
    #[command(subcommand)]
    Datanet(datanet::DatanetCommand),
    /// Challenges of contributions: challenge, back, judge, claim.
    #[command(subcommand)]
    Arbitration(arbitration::ArbitrationCommand),
    Train(train::TrainArgs),
    /// Models: register, list, show, other prices, pause, retire.
    #[command(subcommand)]
    Model(model::ModelCommand),
    /// What a host says on chain.
    #[command(subcommand)]
    Host(model::HostCommand),
    /// Serve models to paying clients (OpenLoRA). The host must have bonded and announced its endpoint.
    ///
    /// Example: openledger serve --key //Dave --models 1,2 --listen 127.0.0.1:8080
    #[command(verbatim_doc_comment)]
    Serve(roles::ServeArgs),
    /// Be an oracle.
    Oracle {
        #[command(subcommand)]
        command: roles::OracleCommand,
    },
    /// Recompute every report in its window, and refute the false ones.
    ///
    /// Example: openledger watch --key //Eve --oracle http://127.0.0.1:8090
    #[command(verbatim_doc_comment)]
    Watch(roles::WatchArgs),
    /// Payment channels: open, show, top up, leave, withdraw.
    #[command(subcommand)]
    Channel(channel::ChannelCommand),
    Chat(channel::ChatArgs),
    /// Epochs: what was answered and paid between two reports.
    #[command(subcommand)]
    Epoch(report::EpochCommand),
    /// Reports that oracles signed.
    #[command(subcommand)]
    Report(report::ReportCommand),
    Earnings(report::EarningsArgs),
    Claim(report::ClaimArgs),
    Audit(report::AuditArgs),
    /// Where your claims are paid to.
    #[command(subcommand)]
    Recipient(recipient::RecipientCommand),
    Propose(propose::ProposeArgs),
    /// Proposals: list, show, simulate, queue, execute, cancel.
    #[command(subcommand)]
    Proposal(proposal::ProposalCommand),
    /// Vote on a proposal: for, against, abstain; by signature too.
    #[command(subcommand)]
    Vote(vote::VoteCommand),
    Delegates(delegates::DelegatesArgs),
    /// Stop what may be going wrong: pause, veto, hold.
    #[command(subcommand)]
    Guardian(guardian::GuardianCommand),
    /// Native coin for OPEN: quote, order, relay, fund.
    #[command(subcommand)]
    Gas(gas::GasCommand),
}

#[derive(Args)]
struct DemoArgs {
    /// `embedded` (a fresh chain in this process), or ws://… of a development node.
    #[arg(long, default_value = "embedded")]
    chain: String,
    /// The demo's own folder; emptied at each start, but for adapters that were trained on the same rows.
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
    /// Train again, also what this program trained on the same rows in the run before.
    #[arg(long)]
    retrain: bool,
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
            retrain: args.retrain,
            max_tokens: args.max_tokens,
            payers: args.payers.max(1),
        }),
        Command::Up(args) => args.run(),
        Command::Deploy(args) => args.run(),
        Command::WirePayout(args) => args.run(),
        Command::Chain(command) => command.run(),
        Command::Key(command) => command.run(),
        Command::Token(command) => command.run(),
        Command::Stake(command) => command.run(),
        Command::Datanet(command) => command.run(),
        Command::Arbitration(command) => command.run(),
        Command::Train(args) => args.run(),
        Command::Model(command) => command.run(),
        Command::Host(command) => command.run(),
        Command::Serve(args) => args.run(),
        Command::Oracle { command } => command.run(),
        Command::Watch(args) => args.run(),
        Command::Channel(command) => command.run(),
        Command::Chat(args) => args.run(),
        Command::Epoch(command) => command.run(),
        Command::Report(command) => command.run(),
        Command::Earnings(args) => args.run(),
        Command::Claim(args) => args.run(),
        Command::Audit(args) => args.run(),
        Command::Recipient(command) => command.run(),
        Command::Propose(args) => args.run(),
        Command::Proposal(command) => command.run(),
        Command::Vote(command) => command.run(),
        Command::Delegates(args) => args.run(),
        Command::Guardian(command) => command.run(),
        Command::Gas(command) => command.run(),
    }
}
