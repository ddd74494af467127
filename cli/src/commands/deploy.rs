//! `deploy`, `wire-payout`, `up`, `chain`: the ground that everything else stands on.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use chain::{Chain, Embedded, Genesis, Server};
use clap::{Args, Subcommand};
use serde_json::json;

use super::common::{ChainArgs, Common, KeyArg};
use crate::actions::deploy::{self, Founders, PLAYERS};
use crate::context::{Context, folder};
use crate::{table, time};

/// Put the thirteen contracts on a chain and wire them; payout waits for its oracles (`wire-payout`).
///
/// Example: openledger deploy --chain ws://127.0.0.1:9944 --key //Alice --quick
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct DeployArgs {
    /// Gets the whole supply of OPEN; the key's account if not given.
    #[arg(long)]
    holder: Option<String>,
    /// Is credited the platform's share of fees.
    #[arg(long)]
    treasury: Option<String>,
    /// May hold a report once, cancel in the timelock, and pause payout.
    #[arg(long)]
    guardian: Option<String>,
    /// Windows and votes of seconds instead of days, for trying things.
    #[arg(long)]
    quick: bool,
    /// Deploy another suite although the suite file names one.
    #[arg(long)]
    again: bool,
    #[command(flatten)]
    key: KeyArg,
    #[command(flatten)]
    common: Common,
}

impl DeployArgs {
    pub fn run(self) -> Result<()> {
        let args = &self.common.chain;
        if args.suite.exists() && !self.again {
            bail!(
                "{}: names contracts already; name another file with --suite, or say --again to replace it",
                args.suite.display()
            );
        }
        let key = args.key(&self.key.key)?;
        let account = |text: &Option<String>| match text {
            Some(text) => args.account(text),
            None => Ok(key.account()),
        };
        let founders = Founders {
            holder: account(&self.holder)?,
            treasury: account(&self.treasury)?,
            guardian: account(&self.guardian)?,
        };
        let context = deploy::deploy(args.open()?, &key, founders, self.quick)?;
        save(&context, args)?;
        let rows: Vec<_> =
            context.suite.named().iter().map(|(name, at)| vec![(*name).to_owned(), chain::ss58(at)]).collect();
        let text = format!(
            "{}\nwritten to {}. Payout waits for its oracles: let them bond (`stake register --role oracle`), then `openledger wire-payout`",
            table::render(&["contract", "address"], &rows),
            args.suite.display()
        );
        self.common.output().say(&serde_json::to_value(&context.suite)?, text)
    }
}

fn save(context: &Context, args: &ChainArgs) -> Result<()> {
    if let Some(parent) = args.suite.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        folder(parent.to_path_buf())?;
    }
    context.save(&args.suite)
}

/// Name the first oracles to payout, once they have bonded. By the deployer, once.
///
/// Example: openledger wire-payout //oracle//0 //oracle//1 //oracle//2 //oracle//3 --key //Alice
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct WirePayoutArgs {
    /// The oracles' operator accounts, at least four.
    #[arg(required = true)]
    oracles: Vec<String>,
    /// Who steps in for an oracle that is out of service for long; once for each, in order.
    #[arg(long = "reserve")]
    reserves: Vec<String>,
    #[command(flatten)]
    key: KeyArg,
    #[command(flatten)]
    common: Common,
}

impl WirePayoutArgs {
    pub fn run(self) -> Result<()> {
        let (context, key) = self.common.signed(&self.key)?;
        let oracles = self.oracles.iter().map(|text| self.common.account(text)).collect::<Result<Vec<_>>>()?;
        let reserves = self.reserves.iter().map(|text| self.common.account(text)).collect::<Result<Vec<_>>>()?;
        deploy::wire_payout(&context, &key, &oracles, &reserves)?;
        let signatures = proof::limits::quorum(u32::try_from(oracles.len())?);
        let text =
            format!("{} oracles sign reports from now on; a report needs {signatures} signatures", oracles.len());
        let accounts: Vec<_> = oracles.iter().map(chain::ss58).collect();
        self.common.output().say(&json!({ "oracles": accounts, "signatures": signatures }), text)
    }
}

/// Run a chain of your own: embedded, kept in a folder, served to the other commands until Ctrl-C.
///
/// The first start deploys the contracts and gives development accounts OPEN and roles; later starts go on.
/// Windows and votes take seconds (--live: days; `openledger chain advance` moves the time).
/// Example: openledger up
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct UpArgs {
    /// Where to serve the chain; loopback alone.
    #[arg(long, default_value = "127.0.0.1:9955")]
    listen: SocketAddr,
    /// Windows and votes of days, as on a live network.
    #[arg(long)]
    live: bool,
    #[command(flatten)]
    common: Common,
}

impl UpArgs {
    pub fn run(self) -> Result<()> {
        let args = &self.common.chain;
        if args.chain.as_ref().is_some_and(|chain| chain != "embedded") {
            bail!("`up` serves the embedded chain: leave --chain away, or use `deploy` on the other chain");
        }
        let embedded = Arc::new(Embedded::open(&folder(args.state.clone())?, &Genesis::default())?);
        let server = Server::start(embedded.clone(), self.listen)
            .map_err(|error| anyhow::anyhow!("{error}; choose another address with --listen, or stop what is there"))?;
        let chain: Arc<dyn Chain> = embedded;
        let known = args.suite.exists();
        let context = match known {
            true => Context::load(chain, &args.suite)?,
            false => {
                let alice = args.key("//Alice")?;
                let (holder, treasury) = (alice.account(), args.account("//Ferdie")?);
                let founders = Founders { holder, treasury, guardian: treasury };
                let context = deploy::deploy(chain, &alice, founders, !self.live)?;
                save(&context, args)?;
                context
            }
        };
        deploy::people(&context)?;
        let url_file = args.url_file();
        worker::files::write_whole(&url_file, server.url().as_bytes())?;
        let mut text = format!(
            "chain on {}, kept in {}, {}\n",
            server.url(),
            args.state.display(),
            if known { "goes on" } else { "new: contracts deployed, operators bonded" }
        );
        // On a suite that was deployed otherwise nobody plays.
        if deploy::played(&context)? {
            let players: Vec<_> =
                PLAYERS.iter().map(|player| vec![player.uri.to_owned(), player.what.to_owned()]).collect();
            text.push_str(&format!("\n{}", table::render(&["development key", "what it does"], &players)));
        }
        text.push_str("\nother commands in this folder find it by themselves; Ctrl-C ends it, nothing is lost");
        let value = json!({ "url": server.url(), "state": args.state, "suite": args.suite, "new": !known });
        self.common.output().say(&value, text)?;
        let ended = until_stopped();
        // Somebody else's file stays: it names another process.
        if std::fs::read_to_string(&url_file).is_ok_and(|url| url == server.url()) {
            std::fs::remove_file(&url_file).with_context(|| url_file.display().to_string())?;
        }
        ended
    }
}

fn until_stopped() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        #[cfg(unix)]
        {
            let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
            tokio::select! {
                outcome = tokio::signal::ctrl_c() => outcome?,
                _ = terminated.recv() => {}
            }
        }
        #[cfg(not(unix))]
        tokio::signal::ctrl_c().await?;
        Ok(())
    })
}

#[derive(Subcommand)]
pub enum ChainCommand {
    /// The chain's id, height and time, and the contracts on it.
    ///
    /// Example: openledger chain show
    #[command(verbatim_doc_comment)]
    Show {
        #[command(flatten)]
        common: Common,
    },
    /// Let time pass: an embedded chain's clock is moved, a development node is waited for.
    ///
    /// Example: openledger chain advance 2d
    #[command(verbatim_doc_comment)]
    Advance {
        /// For instance 90s, 5min, 2h, 3d.
        #[arg(value_parser = |text: &str| time::parse_span(text).map_err(|error| error.to_string()))]
        by: u64,
        #[command(flatten)]
        common: Common,
    },
}

impl ChainCommand {
    pub fn run(self) -> Result<()> {
        match self {
            Self::Show { common } => {
                let context = common.context()?;
                let (block, now) = (context.chain.block_number()?, context.chain.now()?);
                let genesis = hex::encode(context.chain.genesis());
                let rows: Vec<_> =
                    context.suite.named().iter().map(|(name, at)| vec![(*name).to_owned(), chain::ss58(at)]).collect();
                let text = format!(
                    "chain 0x{genesis}\nblock {block}, {} UTC\n\n{}",
                    time::show(now),
                    table::render(&["contract", "address"], &rows)
                );
                let value = json!({ "genesis": genesis, "block": block, "now": now, "suite": context.suite });
                common.output().say(&value, text)
            }
            Self::Advance { by, common } => {
                let chain = common.chain.open()?;
                chain.advance(Duration::from_millis(by))?;
                let now = chain.now()?;
                common.output().say(&json!({ "now": now }), format!("it is {} UTC", time::show(now)))
            }
        }
    }
}
