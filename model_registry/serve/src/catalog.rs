//! The models that a host serves: their adapters in memory, their prices, and what their answers are attributed to.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use chain::read;
use corpus::Cid;
use engine::{Adapter, CONFIG_FILE, Model, WEIGHTS_FILE};
use influence::{Meta, Sketcher};
use ink::message_builder;
use openledger_abi::models::ModelRegistry;
use worker::card::ModelCard;
use worker::epoch::ModelData;
use worker::fetch::Allowance;
use worker::gather::Gatherer;

/// The longest file of an adapter, or other object of a model, that is fetched.
const MAX_ADAPTER: u64 = 512 << 20;

/// A model as it is served.
pub struct Served {
    pub model: u32,
    pub revision: u32,
    /// The name that requests use, from its card.
    pub name: String,
    pub adapter: Option<Arc<Adapter>>,
    /// Hash of the adapter's file, as its receipts name it.
    pub adapter_hash: [u8; 32],
    /// For 1,000 tokens.
    pub price_in: u128,
    pub price_out: u128,
    /// Makes the responses' sketches; `None` for a model without rows.
    pub sketcher: Option<Sketcher>,
    /// Texts, index and rows, for showing an answer's attribution.
    pub data: Arc<ModelData>,
}

/// All served models by their number.
pub struct Catalog {
    models: BTreeMap<u32, Arc<Served>>,
}

impl Catalog {
    /// Loads models from the store or the other places the gatherer knows; adapters are kept as PEFT folders below `folder`.
    ///
    /// # Errors
    /// Names the model and what of it can't be had or doesn't fit.
    pub fn load(base: &Arc<Model>, gatherer: &mut Gatherer, models: &[u32], folder: &Path) -> Result<Self> {
        let load = |model: &u32| load_one(base, gatherer, *model, folder).with_context(|| format!("model {model}"));
        Ok(Self::of(models.iter().map(load).collect::<Result<Vec<_>>>()?))
    }

    /// Of models that are loaded.
    pub fn of(models: impl IntoIterator<Item = Served>) -> Self {
        Self { models: models.into_iter().map(|served| (served.model, Arc::new(served))).collect() }
    }

    /// A model by number (`3`) or by its card's name.
    pub fn find(&self, name: &str) -> Option<&Arc<Served>> {
        match name.parse::<u32>() {
            Ok(number) => self.models.get(&number),
            Err(_) => self.models.values().find(|served| served.name == name),
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Served>> {
        self.models.values()
    }
}

fn load_one(base: &Arc<Model>, gatherer: &mut Gatherer, model: u32, folder: &Path) -> Result<Served> {
    let chain = gatherer.chain().clone();
    let registry = gatherer.suite().model_registry;
    let known = read(&*chain, registry, message_builder!(ModelRegistry).model(model))?
        .with_context(|| "the registry has no such model; `openledger model list` shows all".to_owned())?;
    let number = known.revision;
    let revision = read(&*chain, registry, message_builder!(ModelRegistry).revision(model, number))?
        .context("the registry has no such revision")?;
    let now = chain.now()?;
    let data = gatherer.model((model, number), now)?.context("the registry has no such revision")?;
    let endpoints = gatherer.endpoints(model)?;
    let fetch = |cid: &Cid| gatherer.fetcher().object(cid, &endpoints, Allowance::of(MAX_ADAPTER));
    let card = ModelCard::parse(&fetch(&Cid::from_bytes(&revision.card_cid)?)?).context("its card")?;
    let adapter = match (card.adapter_cid, card.adapter_config_cid) {
        (Some(weights), Some(config)) => {
            let home = folder.join(hex::encode(revision.artefact_hash));
            std::fs::create_dir_all(&home).with_context(|| home.display().to_string())?;
            engine::write_atomically(&home.join(WEIGHTS_FILE), &fetch(&weights)?)?;
            engine::write_atomically(&home.join(CONFIG_FILE), &fetch(&config)?)?;
            let adapter = Arc::new(Adapter::load(&home, &base.config)?);
            if adapter.hash() != revision.artefact_hash {
                bail!("the adapter's file has another hash than the registered one");
            }
            Some(adapter)
        }
        _ => None,
    };
    let sketcher = match (&adapter, card.sketch_meta_cid) {
        (Some(adapter), Some(meta)) => {
            let meta = Meta::from_bytes(&fetch(&meta)?)?;
            if meta.digest()? != revision.sketches.digest {
                bail!("the sketches' meta file has another digest than the registered one");
            }
            Some(Sketcher::new(base.clone(), adapter.clone(), meta)?)
        }
        _ => None,
    };
    Ok(Served {
        model,
        revision: number,
        name: card.name,
        adapter,
        adapter_hash: revision.artefact_hash,
        price_in: revision.price_in,
        price_out: revision.price_out,
        sketcher,
        data,
    })
}
