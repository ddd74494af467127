//! `model`, `host`: what is registered, at which price, and who serves it.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::builder::RangedI64ValueParser;
use clap::{Args, Subcommand};
use corpus::Store;
use factory::Base;
use openledger_abi::datanet::Use;
use openledger_abi::models::{AttributionPolicy, Model, ModelKind, ModelStatus, Parent, Revision, Source};
use proof::limits::{MAX_C_MAX, MAX_MIN_WORDS, MIN_C_MAX, MIN_MIN_WORDS};
use serde_json::{Value, json};

use super::common::{Common, KeyArg, SenderArg, bps, open, short};
use crate::actions::models;
use crate::context::Context;
use crate::rehearsal::Said;
use crate::{amount, table};

/// Price, share and attribution policy of a model.
#[derive(Args, Debug, Clone)]
pub struct OfferArgs {
    /// For 1,000 tokens of a prompt, in OPEN.
    #[arg(long, default_value = "5", value_parser = open)]
    price_in: u128,
    /// For 1,000 tokens of an answer, in OPEN.
    #[arg(long, default_value = "20", value_parser = open)]
    price_out: u128,
    /// The least share of a fee that goes to contributors.
    #[arg(long, default_value = "4500", value_parser = bps)]
    contributors_bps: u16,
    /// Of the contributors' share, the part by words that answers quote; the rest goes by influence.
    #[arg(long, default_value = "6000", value_parser = bps)]
    span_bps: u16,
    /// The fewest words that count as a quotation, and five times as many bytes; a letter of a script without spaces is a word.
    #[arg(long, default_value_t = 6, value_parser = min_words())]
    min_words: u16,
    /// The most contributors that may hold the same few words before they are common knowledge.
    #[arg(long, default_value_t = 3, value_parser = c_max())]
    c_max: u8,
}

fn min_words() -> RangedI64ValueParser<u16> {
    RangedI64ValueParser::new().range(i64::from(MIN_MIN_WORDS)..=i64::from(MAX_MIN_WORDS))
}

fn c_max() -> RangedI64ValueParser<u8> {
    RangedI64ValueParser::new().range(i64::from(MIN_C_MAX)..=i64::from(MAX_C_MAX))
}

impl OfferArgs {
    /// What sources must allow for it.
    pub fn needs(&self) -> Use {
        Use {
            train: true,
            retrieve: false,
            display: self.span_bps > 0,
            commercial: self.price_in > 0 || self.price_out > 0,
            contributors_bps: self.contributors_bps,
        }
    }

    /// As actions take it.
    pub fn offer(&self) -> models::Offer {
        models::Offer {
            price_in: self.price_in,
            price_out: self.price_out,
            contributors_bps: self.contributors_bps,
            policy: AttributionPolicy {
                span_bps: self.span_bps,
                influence_bps: 10_000u16.saturating_sub(self.span_bps),
                retrieval_bps: 0,
                min_words: self.min_words,
                c_max: self.c_max,
            },
        }
    }
}

/// Which model an adapter stands on, and what that one's owner gets.
#[derive(Args, Debug, Clone)]
pub struct ParentArgs {
    /// The base's number; found by its file's hash if not given.
    #[arg(long)]
    parent: Option<u32>,
    /// Of the owner's part, what goes to the base's owner.
    #[arg(long, default_value = "1000", value_parser = bps)]
    royalty_bps: u16,
}

impl ParentArgs {
    /// The parent, named or found by the base's hash.
    pub fn find(&self, context: &Context, base_hash: [u8; 32]) -> Result<Vec<Parent>> {
        let model = match self.parent {
            Some(model) => model,
            None => models::base_of(context, base_hash)?.with_context(|| {
                format!(
                    "no base with the hash 0x{} is registered; do that first with `openledger model register --base FILE`",
                    hex::encode(base_hash)
                )
            })?,
        };
        Ok(vec![Parent { model, royalty_bps: self.royalty_bps }])
    }
}

#[derive(Subcommand)]
pub enum ModelCommand {
    Register(RegisterArgs),
    /// All models.
    ///
    /// Example: openledger model list
    #[command(verbatim_doc_comment)]
    List {
        #[command(flatten)]
        common: Common,
    },
    /// A model with its newest revision, sources and hosts.
    ///
    /// Example: openledger model show 1
    #[command(verbatim_doc_comment)]
    Show {
        model: u32,
        #[command(flatten)]
        common: Common,
    },
    /// Give a model other prices, as a new revision. By its owner; hosts announce again to follow.
    ///
    /// Example: openledger model revise-price 1 --price-in 4 --price-out 16 --key maria
    #[command(verbatim_doc_comment)]
    RevisePrice {
        model: u32,
        /// For 1,000 tokens of a prompt, in OPEN.
        #[arg(long, value_parser = open)]
        price_in: u128,
        /// For 1,000 tokens of an answer, in OPEN.
        #[arg(long, value_parser = open)]
        price_out: u128,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
    /// Take no more answers of a model for now. By its owner.
    ///
    /// Example: openledger model pause 1 --key maria
    #[command(verbatim_doc_comment)]
    Pause(StatusArgs),
    /// Take answers of a paused model again.
    ///
    /// Example: openledger model resume 1 --key maria
    #[command(verbatim_doc_comment)]
    Resume(StatusArgs),
    /// Take a model out of use, for good.
    ///
    /// Example: openledger model retire 1 --key maria
    #[command(verbatim_doc_comment)]
    Retire(StatusArgs),
}

/// Which model, by its owner.
#[derive(Args)]
pub struct StatusArgs {
    model: u32,
    #[command(flatten)]
    sender: SenderArg,
    #[command(flatten)]
    common: Common,
}

impl StatusArgs {
    fn run(self, status: ModelStatus) -> Result<()> {
        let (number, name) = (self.model, status_name(status));
        let said = |context: &Context, key: &chain::Keypair| {
            models::set_status(context, key, number, status)?;
            Ok(Said::new(json!({ "model": number, "status": name }), format!("model {number} is {name}")))
        };
        if status == ModelStatus::Retired {
            let warn = |_: &Context, _: &chain::Keypair| {
                Ok(format!("A retired model stays retired: nobody can be paid for answers of model {number} any more."))
            };
            return self.common.transact_warned(&self.sender, warn, said);
        }
        self.common.transact(&self.sender, said)
    }
}

/// Register a base model's file, or an adapter's folder as `train` wrote it.
///
/// Example: openledger model register --dir .openledger/models/proverbs --key maria
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct RegisterArgs {
    /// The GGUF file of a base.
    #[arg(long, conflicts_with = "dir", required_unless_present = "dir")]
    base: Option<PathBuf>,
    /// The folder of an adapter.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// The folder from which a host publishes the adapter's files.
    #[arg(long, env = "OPENLEDGER_STORE", default_value = ".openledger/store")]
    store: PathBuf,
    #[command(flatten)]
    offer: OfferArgs,
    #[command(flatten)]
    parent: ParentArgs,
    #[command(flatten)]
    key: KeyArg,
    #[command(flatten)]
    common: Common,
}

impl RegisterArgs {
    fn run(self) -> Result<()> {
        let (context, key) = self.common.signed(&self.key)?;
        let offer = self.offer.offer();
        let number = match (&self.base, &self.dir) {
            (Some(file), _) => models::register_base(&context, &key, &Base::load(file, "base")?, &offer)?,
            (None, Some(dir)) => {
                let card = models::card(dir)?;
                let base_hash = super::common::bytes32(&card.base_hash).map_err(anyhow::Error::msg)?;
                let parents = self.parent.find(&context, base_hash)?;
                let provenance = card.provenance.iter();
                let sources = provenance.map(|from| Source { datanet: from.datanet, version: from.version }).collect();
                let store = Store::folder(&self.store)?;
                models::register_folder(&context, &key, &store, dir, sources, parents, &offer)?
            }
            (None, None) => bail!("name a base's file with --base, or an adapter's folder with --dir"),
        };
        self.common.output().say(&json!({ "model": number }), format!("registered as model {number}"))
    }
}

impl ModelCommand {
    pub fn run(self) -> Result<()> {
        match self {
            Self::Register(args) => args.run(),
            Self::List { common } => list(&common),
            Self::Show { model, common } => show(&common, model),
            Self::RevisePrice { model, price_in, price_out, sender, common } => {
                common.transact(&sender, |context, key| {
                    let revision = models::revise_price(context, key, model, price_in, price_out)?;
                    let text = format!(
                        "model {model} has revision {revision} with these prices; hosts announce again to follow"
                    );
                    Ok(Said::new(json!({ "model": model, "revision": revision }), text))
                })
            }
            Self::Pause(args) => args.run(ModelStatus::Paused),
            Self::Resume(args) => args.run(ModelStatus::Active),
            Self::Retire(args) => args.run(ModelStatus::Retired),
        }
    }
}

fn kind_name(kind: ModelKind) -> &'static str {
    match kind {
        ModelKind::Base => "base",
        ModelKind::Adapter => "adapter",
        ModelKind::Agent => "agent",
    }
}

fn status_name(status: ModelStatus) -> &'static str {
    match status {
        ModelStatus::Active => "active",
        ModelStatus::Paused => "paused",
        ModelStatus::Retired => "retired",
    }
}

fn model_json(number: u32, model: &Model, revision: &Revision) -> Value {
    json!({
        "model": number,
        "kind": kind_name(model.kind),
        "status": status_name(model.status),
        "owner": chain::ss58(&model.owner),
        "revision": model.revision,
        "parents": model.parents.iter()
            .map(|parent| json!({ "model": parent.model, "royalty_bps": parent.royalty_bps }))
            .collect::<Vec<_>>(),
        "sources": revision.sources.iter()
            .map(|source| json!({ "datanet": source.datanet, "version": source.version }))
            .collect::<Vec<_>>(),
        "artefact": hex::encode(revision.artefact_hash),
        "rows": revision.sketches.count,
        "price_in": revision.price_in.to_string(),
        "price_out": revision.price_out.to_string(),
        "contributors_bps": revision.contributors_bps,
        "policy": {
            "span_bps": revision.policy.span_bps,
            "influence_bps": revision.policy.influence_bps,
            "retrieval_bps": revision.policy.retrieval_bps,
            "min_words": revision.policy.min_words,
            "c_max": revision.policy.c_max,
        },
    })
}

fn sources_text(revision: &Revision) -> String {
    let names = revision.sources.iter().map(|source| format!("{}:{}", source.datanet, source.version));
    names.collect::<Vec<_>>().join(", ")
}

fn list(common: &Common) -> Result<()> {
    let context = common.context()?;
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for (number, model) in (0u32..).zip(models::list(&context)?) {
        let (_, revision) = models::show(&context, number)?;
        rows.push(vec![
            number.to_string(),
            kind_name(model.kind).to_owned(),
            status_name(model.status).to_owned(),
            short(&model.owner),
            sources_text(&revision),
            format!("{} / {}", amount::show(revision.price_in), amount::show(revision.price_out)),
        ]);
        values.push(model_json(number, &model, &revision));
    }
    let header = ["model", "kind", "status", "owner", "sources", "OPEN / 1,000 tokens in, out"];
    common.output().table(&json!(values), &header, &rows, "no models yet; `openledger model register --base FILE`")
}

fn show(common: &Common, number: u32) -> Result<()> {
    let context = common.context()?;
    let (model, revision) = models::show(&context, number)?;
    let hosts = models::hosts_of(&context, number)?;
    let policy = &revision.policy;
    let mut text = format!(
        "model {number}, {} ({}), owner {}\nrevision {}: artefact 0x{}\n{} OPEN for 1,000 tokens in, {} out; at least {} bps to contributors\n\
         attribution: {} bps by spans of {} words or more, {} by influence, {} by retrieval\n",
        kind_name(model.kind),
        status_name(model.status),
        chain::ss58(&model.owner),
        model.revision,
        hex::encode(revision.artefact_hash),
        amount::show(revision.price_in),
        amount::show(revision.price_out),
        revision.contributors_bps,
        policy.span_bps,
        policy.min_words,
        policy.influence_bps,
        policy.retrieval_bps
    );
    if !revision.sources.is_empty() {
        text.push_str(&format!("trained on {} rows of {}\n", revision.sketches.count, sources_text(&revision)));
    }
    for parent in &model.parents {
        text.push_str(&format!("stands on model {}, royalty {} bps\n", parent.model, parent.royalty_bps));
    }
    let rows: Vec<_> = hosts
        .iter()
        .map(|offer| vec![chain::ss58(&offer.host), String::from_utf8_lossy(&offer.endpoint).into_owned()])
        .collect();
    text.push('\n');
    text.push_str(&match rows.is_empty() {
        true => "no host serves it".to_owned(),
        false => table::render(&["host", "endpoint"], &rows),
    });
    let mut value = model_json(number, &model, &revision);
    value["hosts"] = json!(
        hosts
            .iter()
            .map(|offer| json!({
                "host": chain::ss58(&offer.host),
                "endpoint": String::from_utf8_lossy(&offer.endpoint),
                "price_in": offer.price_in.to_string(),
                "price_out": offer.price_out.to_string(),
            }))
            .collect::<Vec<_>>()
    );
    common.output().say(&value, text)
}

#[derive(Subcommand)]
pub enum HostCommand {
    /// Say on chain where a bonded host answers and which models it serves, at the models' own prices.
    ///
    /// Example: openledger host announce http://127.0.0.1:8080 --models 1,2 --key //Dave
    #[command(verbatim_doc_comment)]
    Announce {
        /// The base URL.
        endpoint: String,
        /// The models' numbers.
        #[arg(long, value_delimiter = ',', required = true)]
        models: Vec<u32>,
        #[command(flatten)]
        sender: SenderArg,
        #[command(flatten)]
        common: Common,
    },
}

impl HostCommand {
    pub fn run(self) -> Result<()> {
        match self {
            Self::Announce { endpoint, models: numbers, sender, common } => {
                anyhow::ensure!(
                    endpoint.starts_with("http://") || endpoint.starts_with("https://"),
                    "`{endpoint}` is no base URL: write for instance http://127.0.0.1:8080"
                );
                let endpoint = endpoint.trim_end_matches('/');
                common.transact(&sender, |context, key| {
                    models::announce(context, key, endpoint, &numbers)?;
                    let text = format!("announced {endpoint} with models {numbers:?}; now `openledger serve`");
                    Ok(Said::new(json!({ "endpoint": endpoint, "models": numbers }), text))
                })
            }
        }
    }
}
