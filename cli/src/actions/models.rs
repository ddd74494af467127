//! Models: train on Datanet versions, publish the files, register, announce a host.

use std::path::Path;

use anyhow::{Context as _, Result};
use chain::Keypair;
use corpus::{Cid, Store};
use factory::{
    Base, CARD_FILE, Card, Job, Outcome, Progress, Provenance, SKETCH_META_FILE, SKETCHES_FILE, SourceText, TrainConfig,
};
use influence::RowIndex;
use ink::message_builder;
use openledger_abi::models::{
    Access, AttributionPolicy, Host, HostOffer, HostedModel, MAX_MODEL_PAGE, Model, ModelKind, ModelRegistry,
    ModelStatus, NewModel, NewRevision, Parent, Revision, SketchRoot, Source,
};
use proof::{Blake2, Hasher};

use super::datanet;
use crate::context::Context;

/// Price, share and policy of a model to be registered.
#[derive(Debug, Clone)]
pub struct Offer {
    /// For 1,000 tokens, in 10^-18 OPEN.
    pub price_in: u128,
    pub price_out: u128,
    pub contributors_bps: u16,
    pub policy: AttributionPolicy,
}

impl Default for Offer {
    /// 5 OPEN for 1,000 tokens in, 20 out; 45 % to contributors, of it 60 % by spans and 40 % by influence.
    fn default() -> Self {
        Self {
            price_in: 5 * openledger_abi::OPEN,
            price_out: 20 * openledger_abi::OPEN,
            contributors_bps: 4_500,
            policy: AttributionPolicy {
                span_bps: 6_000,
                influence_bps: 4_000,
                retrieval_bps: 0,
                min_words: 6,
                c_max: 3,
            },
        }
    }
}

/// What is trained on what.
pub struct Run<'a> {
    pub base: &'a Base,
    pub config: &'a TrainConfig,
    pub sources: &'a [Source],
    /// The byte of each text from which on it is trained on; 0 for all of it.
    pub begin: &'a dyn Fn(&str) -> usize,
    /// The folder of the result.
    pub out: &'a Path,
}

/// Trains an adapter on Datanet versions whose texts are in the store; the result is a folder. What was taken back or struck, or whose terms
/// have ended, is left out: a new model may have no row in it.
///
/// # Errors
/// A text that is missing or not what the chain says, a configuration that makes no sense, the engine's.
pub fn train(context: &Context, store: &Store, run: &Run<'_>, progress: &dyn Progress) -> Result<Outcome> {
    let Run { base, config, sources, begin, out } = *run;
    let mut texts = Vec::new();
    let mut provenance = Vec::new();
    for (position, source) in (0u8..).zip(sources) {
        let version = datanet::version(context, store, source.datanet, source.version)?;
        provenance.push(Provenance {
            source: position,
            datanet: source.datanet,
            version: source.version,
            root: hex::encode(version.root),
        });
        let now = context.chain.now()?;
        for (index, held) in (0u32..).zip(&version.contributions) {
            if !datanet::contribution(context, held.listed.leaf.contribution)?.standing().earns(now, now) {
                continue;
            }
            let text =
                held.text().with_context(|| format!("contribution {} is not UTF-8", held.listed.leaf.contribution))?;
            let offset = begin(text);
            let text = text.get(offset..).unwrap_or_default().to_owned();
            texts.push(SourceText { source: position, index, offset: u32::try_from(offset)?, text });
        }
    }
    Ok(factory::train(Job { config, base, texts: &texts, provenance, out }, progress)?)
}

/// Puts an adapter's files into the store and registers it on chain.
pub fn register_adapter(
    context: &Context,
    owner: &Keypair,
    store: &Store,
    outcome: &Outcome,
    sources: Vec<Source>,
    parents: Vec<Parent>,
    offer: &Offer,
) -> Result<u32> {
    register_folder(context, owner, store, &outcome.folder, sources, parents, offer)
}

/// The card of a folder that training wrote: it names the base and the sources.
pub fn card(folder: &Path) -> Result<Card> {
    let path = folder.join(CARD_FILE);
    let bytes = std::fs::read(&path)
        .with_context(|| format!("{}: not there; training writes it last, so train again", path.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("{}: not a model card", path.display()))
}

/// [`register_adapter`] of the folder that training wrote.
pub fn register_folder(
    context: &Context,
    owner: &Keypair,
    store: &Store,
    folder: &Path,
    sources: Vec<Source>,
    parents: Vec<Parent>,
    offer: &Offer,
) -> Result<u32> {
    let put = |name: &str| -> Result<(Cid, Vec<u8>)> {
        let path = folder.join(name);
        let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
        Ok((store.put(&bytes)?, bytes))
    };
    let (weights, bytes) = put(engine::WEIGHTS_FILE)?;
    let adapter_hash = Blake2::blake2_256(&bytes);
    put(engine::CONFIG_FILE)?;
    let (_, sketches) = put(SKETCHES_FILE)?;
    put(SKETCH_META_FILE)?;
    let (card_cid, _) = put(CARD_FILE)?;
    let described = card(folder)?;
    anyhow::ensure!(
        described.adapter_hash == hex::encode(adapter_hash),
        "{}: the card is of other weights than {}; train again",
        folder.display(),
        engine::WEIGHTS_FILE
    );
    let head = RowIndex::open(&sketches).with_context(|| folder.join(SKETCHES_FILE).display().to_string())?.head();
    let evaluation = match &described.evaluation {
        Some(evaluation) => *Cid::of(&serde_json::to_vec(evaluation)?).digest(),
        None => [0; 32],
    };
    let revision = NewRevision {
        artefact_cid: weights.to_bytes(),
        artefact_hash: adapter_hash,
        sources,
        sketches: SketchRoot { count: head.header.count, d: head.header.d, digest: head.header.digest, top: head.top },
        price_in: offer.price_in,
        price_out: offer.price_out,
        contributors_bps: offer.contributors_bps,
        policy: offer.policy,
        access: Access::Open,
        evaluation_hash: evaluation,
        card_cid: card_cid.to_bytes(),
    };
    register(context, owner, NewModel { kind: ModelKind::Adapter, parents, revision })
}

/// Registers the base that adapters stand on: its file's hash, no sources, no price.
pub fn register_base(context: &Context, owner: &Keypair, base: &Base, offer: &Offer) -> Result<u32> {
    let revision = NewRevision {
        artefact_cid: Cid::from_digest(base.hash).to_bytes(),
        artefact_hash: base.hash,
        sources: Vec::new(),
        sketches: SketchRoot::default(),
        price_in: 0,
        price_out: 0,
        contributors_bps: offer.contributors_bps,
        policy: offer.policy,
        access: Access::Open,
        evaluation_hash: [0; 32],
        card_cid: Vec::new(),
    };
    register(context, owner, NewModel { kind: ModelKind::Base, parents: Vec::new(), revision })
}

fn register(context: &Context, owner: &Keypair, model: NewModel) -> Result<u32> {
    let call = message_builder!(ModelRegistry).register(model);
    Ok(context.send("registering the model", owner, context.suite.model_registry, call)?.value)
}

/// All models; a model's number is its place.
pub fn list(context: &Context) -> Result<Vec<Model>> {
    let registry = context.suite.model_registry;
    let mut all = Vec::new();
    loop {
        let from = u32::try_from(all.len())?;
        let page = context.read(registry, message_builder!(ModelRegistry).models(from, MAX_MODEL_PAGE))?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// A model and its newest revision.
pub fn show(context: &Context, number: u32) -> Result<(Model, Revision)> {
    let registry = context.suite.model_registry;
    let model = context
        .read(registry, message_builder!(ModelRegistry).model(number))?
        .with_context(|| format!("the registry has no model {number}; see `openledger model list`"))?;
    let revision = context
        .read(registry, message_builder!(ModelRegistry).revision(number, model.revision))?
        .with_context(|| format!("model {number} has no revision {}", model.revision))?;
    Ok((model, revision))
}

/// The registered base whose file has this hash.
pub fn base_of(context: &Context, hash: [u8; 32]) -> Result<Option<u32>> {
    for (number, model) in (0u32..).zip(list(context)?) {
        if model.kind == ModelKind::Base && show(context, number)?.1.artefact_hash == hash {
            return Ok(Some(number));
        }
    }
    Ok(None)
}

/// Hosts that announced a model.
pub fn hosts_of(context: &Context, model: u32) -> Result<Vec<HostOffer>> {
    let call = message_builder!(ModelRegistry).hosts_of(model, 0, MAX_MODEL_PAGE);
    context.read(context.suite.model_registry, call)
}

/// Pauses a model, lets it go on, or retires it for good. By its owner.
pub fn set_status(context: &Context, owner: &Keypair, model: u32, status: ModelStatus) -> Result<()> {
    let call = message_builder!(ModelRegistry).set_status(model, status);
    context.send("the model's status", owner, context.suite.model_registry, call)?;
    Ok(())
}

/// Gives a model other prices from its next revision on. Returns the revision's number.
pub fn revise_price(context: &Context, owner: &Keypair, model: u32, price_in: u128, price_out: u128) -> Result<u32> {
    let (_, now) = show(context, model)?;
    let revision = NewRevision {
        artefact_cid: now.artefact_cid,
        artefact_hash: now.artefact_hash,
        sources: now.sources,
        sketches: now.sketches,
        price_in,
        price_out,
        contributors_bps: now.contributors_bps,
        policy: now.policy,
        access: now.access,
        evaluation_hash: now.evaluation_hash,
        card_cid: now.card_cid,
    };
    let call = message_builder!(ModelRegistry).revise(model, revision);
    Ok(context.send("revising the model", owner, context.suite.model_registry, call)?.value)
}

/// Announces where a host answers and what it serves, at the models' own prices.
pub fn announce(context: &Context, host: &Keypair, endpoint: &str, models: &[u32]) -> Result<()> {
    let registry = context.suite.model_registry;
    let mut hosted = Vec::new();
    for model in models {
        let settlement = context
            .read(registry, message_builder!(ModelRegistry).settlement(*model))?
            .map_err(|error| anyhow::anyhow!("model {model}: {error:?}"))?;
        hosted.push(HostedModel { model: *model, price_in: settlement.price_in, price_out: settlement.price_out });
    }
    let call =
        message_builder!(ModelRegistry).announce(Host { endpoint: endpoint.as_bytes().to_vec(), models: hosted });
    context.send("announcing the host", host, registry, call)?;
    Ok(())
}
