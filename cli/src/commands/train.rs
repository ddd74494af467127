//! `train`: from Datanet versions to an adapter.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use corpus::Store;
use factory::{Base, Terminal, TrainConfig};
use openledger_abi::models::Source;
use serde_json::json;

use super::common::{Common, VersionName, version_name};
use super::model::{OfferArgs, ParentArgs};
use crate::actions::{datanet, models};
use crate::context::Context;

/// Fine-tune a LoRA adapter on Datanet versions. Goes on where it was interrupted.
///
/// Texts are taken from the store; the versions' roots on chain say whether they are right.
/// Example: openledger train --config train.toml --datanet 3:0 --out .openledger/models/proverbs --register --key maria
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct TrainArgs {
    /// TOML: name, [base] path, [lora] rank, [training] epochs, max_rows, learning_rate, seed …; the defaults if not given.
    #[arg(long)]
    config: Option<PathBuf>,
    /// A Datanet's version, 3:1; without a version its newest. Once for each source.
    #[arg(long = "datanet", required = true, value_parser = version_name)]
    datanets: Vec<VersionName>,
    /// The folder of the result.
    #[arg(long)]
    out: PathBuf,
    /// The folder that keeps texts.
    #[arg(long, env = "OPENLEDGER_STORE", default_value = ".openledger/store")]
    store: PathBuf,
    /// Register the adapter when it is done.
    #[arg(long, requires = "key")]
    register: bool,
    /// Who registers it.
    #[arg(long, env = "OPENLEDGER_KEY")]
    key: Option<String>,
    #[command(flatten)]
    offer: OfferArgs,
    #[command(flatten)]
    parent: ParentArgs,
    #[command(flatten)]
    common: Common,
}

impl TrainArgs {
    pub fn run(self) -> Result<()> {
        let config = match &self.config {
            Some(path) => TrainConfig::load(path)?,
            None => TrainConfig::default(),
        };
        let context = self.common.context()?;
        let sources = self.datanets.iter().map(|name| source(&context, name)).collect::<Result<Vec<_>>>()?;
        // What the registry would refuse later is said before the work.
        for source in &sources {
            datanet::check_source(&context, source.datanet, source.version, self.offer.needs())?;
        }
        let store = Store::folder(&self.store)?;
        let base = Base::load(&config.base.path, config.base.name.as_str())
            .context("the base model; scripts/fetch-data gets one, [base] path in the configuration names it")?;
        // A base that isn't registered is said before the work, not after it.
        let register = match (&self.key, self.register) {
            (Some(key), true) => Some((self.common.chain.key(key)?, self.parent.find(&context, base.hash)?)),
            _ => None,
        };
        let progress = Terminal::new(config.name.as_str());
        let run = models::Run { base: &base, config: &config, sources: &sources, begin: &|_| 0, out: &self.out };
        let outcome = models::train(&context, &store, &run, &progress)?;
        let number = match register {
            None => None,
            Some((key, parents)) => {
                let offer = self.offer.offer();
                Some(models::register_adapter(&context, &key, &store, &outcome, sources, parents, &offer)?)
            }
        };
        let training = &outcome.card.training;
        let mut text = format!(
            "{} rows, loss {:.2} → {:.2}; in {}",
            training.rows,
            training.first_loss,
            training.last_loss,
            outcome.folder.display()
        );
        if outcome.reused {
            text.push_str("\ntrained before with these texts and settings: taken as it was");
        }
        match number {
            Some(number) => text.push_str(&format!("\nregistered as model {number}")),
            None => {
                text.push_str(&format!("\nregister it with `openledger model register --dir {}`", self.out.display()))
            }
        }
        let value = json!({
            "folder": outcome.folder,
            "adapter": hex::encode(outcome.adapter_hash),
            "rows": training.rows,
            "first_loss": training.first_loss,
            "last_loss": training.last_loss,
            "reused": outcome.reused,
            "model": number,
        });
        self.common.output().say(&value, text)
    }
}

fn source(context: &Context, name: &VersionName) -> Result<Source> {
    let version = match name.version {
        Some(version) => version,
        None => datanet::show(context, name.datanet)?.versions.checked_sub(1).with_context(|| {
            let number = name.datanet;
            format!("Datanet {number} has no version yet; cut one with `openledger datanet version {number}`")
        })?,
    };
    datanet::cut(context, name.datanet, version)?;
    Ok(Source { datanet: name.datanet, version })
}
