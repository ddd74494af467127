//! A node that runs contracts-node-runtime as a development chain: a block for each transaction, none
//! otherwise, final after a delay. It knows no network, no parachain and no consensus between nodes.

mod service;
mod spec;

use clap::Parser;
use sc_cli::SubstrateCli;

/// The options of every Substrate node, and when a block becomes final.
#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    run: sc_cli::RunCmd,

    /// Seconds until a sealed block is final.
    #[arg(long, default_value_t = 1)]
    finalize_delay_sec: u8,
}

impl SubstrateCli for Cli {
    fn impl_name() -> String {
        "Substrate Contracts Node".into()
    }

    fn impl_version() -> String {
        env!("CARGO_PKG_VERSION").into()
    }

    fn description() -> String {
        env!("CARGO_PKG_DESCRIPTION").into()
    }

    fn author() -> String {
        env!("CARGO_PKG_AUTHORS").into()
    }

    fn support_url() -> String {
        env!("CARGO_PKG_REPOSITORY").into()
    }

    fn copyright_start_year() -> i32 {
        2026
    }

    fn load_spec(&self, id: &str) -> Result<Box<dyn sc_cli::ChainSpec>, String> {
        match id {
            "" | "dev" => Ok(Box::new(spec::development()?)),
            path => Ok(Box::new(spec::ChainSpec::from_json_file(path.into())?)),
        }
    }
}

fn main() -> sc_cli::Result<()> {
    let mut cli = Cli::from_args();
    if cli.run.shared_params.chain.is_none() {
        cli.run.shared_params.dev = true;
    }
    if cli.run.shared_params.log.is_empty() {
        // What contracts print, where the RPC listens, and warnings; not a line for each block.
        let quiet = ["runtime::contracts=debug", "sc_cli=info", "sc_rpc_server=info", "warn"];
        cli.run.shared_params.log = quiet.map(String::from).to_vec();
    }
    let delay = u64::from(cli.finalize_delay_sec);
    let runner = cli.create_runner(&cli.run)?;
    runner.run_node_until_exit(|config| async move { service::start(config, delay).map_err(sc_cli::Error::Service) })
}
