//! A host in a whole suite on the embedded chain, with a tiny model, reached over HTTP.
#![allow(dead_code)]

#[path = "../../../engine/tests/common/mod.rs"]
mod tiny;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use chain::{Embedded, Keypair, account_bytes, send};
use corpus::Store;
use e2e::World;
use engine::{Model, Tokenizer};
use ink::message_builder;
use openledger_abi::OPEN;
use openledger_abi::escrow::{Escrow, NewSession};
use proof::params::{Policy, Revision};
use proof::request::SignedRequest;
use proof::signed::{Domain, Signable};
use proof::{Blake2, Hash};
use serde_json::Value;
use serve::answer::{Answerer, Prompt};
use serve::cashier::Cashier;
use serve::catalog::{Catalog, Served};
use serve::http::{Ask, Host, routes};
use serve::ledger::Ledger;
use serve::payer::{Agreed, ChannelConfig, PayerChannel, Question};
use serve::payment::{self, Asking, PaymentPayload, SCHEME};
use serve::scheduler::Scheduler;
use worker::epoch::ModelData;

/// Answers ahead of a voucher.
pub const MAX_UNPAID: u64 = 2;
/// Tokens of each answer.
pub const TOKENS: u32 = 6;

/// A world with a channel of 10 OPEN to its host, and two models that the host serves.
pub struct Counter {
    pub world: World,
    pub models: [u32; 2],
    pub channel: u64,
    pub url: String,
    pub cashier: Arc<Cashier>,
    pub files: tempfile::TempDir,
    /// Of all vouchers.
    pub deadline: u64,
    runtime: tokio::runtime::Runtime,
    serving: tokio::task::JoinHandle<()>,
}

fn served(world: &World, model: u32, name: &str) -> Served {
    let revision = world.revision();
    let policy = &revision.policy;
    let policy = Policy {
        span_bps: policy.span_bps,
        influence_bps: policy.influence_bps,
        retrieval_bps: policy.retrieval_bps,
        min_words: policy.min_words,
        c_max: policy.c_max,
    };
    let judged = Revision { policy, adapter: world.adapter, sketches: None, sources: Vec::new(), created_at: 0 };
    Served {
        model,
        revision: 0,
        name: name.into(),
        adapter: None,
        adapter_hash: world.adapter,
        price_in: revision.price_in,
        price_out: revision.price_out,
        sketcher: None,
        data: Arc::new(ModelData {
            revision: judged,
            sources: Vec::new(),
            texts: BTreeMap::new(),
            spans: spans::Index::new(Vec::new()).unwrap(),
            rows: None,
        }),
    }
}

impl Counter {
    pub fn open() -> Self {
        let chain = Arc::new(Embedded::ephemeral());
        let mut world = World::found(chain, &Keypair::from_uri("//Alice").unwrap()).unwrap();
        let position = world.open_channel(10 * OPEN).unwrap();
        let channel = world.ledgers[position].channel;
        let models = [world.model, world.register_model(world.revision()).unwrap()];
        let files = tempfile::tempdir().unwrap();
        tiny::write_tiny_gguf(&files.path().join("tiny.gguf"));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (url, cashier, serving) = serve(&world, &models, files.path(), &runtime);
        let deadline = world.chain.now().unwrap() + 30 * 24 * 3_600_000;
        Self { world, models, channel, url, cashier, files, deadline, runtime, serving }
    }

    /// Ends the host and starts it again over the same files.
    pub fn restart(&mut self) {
        self.serving.abort();
        let (url, cashier, serving) = serve(&self.world, &self.models, self.files.path(), &self.runtime);
        (self.url, self.cashier, self.serving) = (url, cashier, serving);
    }

    pub fn domain(&self) -> Domain {
        self.cashier.domain()
    }

    pub fn now(&self) -> u64 {
        self.world.chain.now().unwrap()
    }

    /// What is agreed on for any of the models.
    pub fn agreed(&self) -> Agreed {
        let revision = self.world.revision();
        let terms = self.cashier.terms().unwrap();
        Agreed {
            revision: 0,
            adapter: self.world.adapter,
            price_in: revision.price_in,
            price_out: revision.price_out,
            params: terms.params,
            min_fee: terms.min_fee,
            min_fee_kib: terms.min_fee_kib,
            registered_in: revision.price_in,
            registered_out: revision.price_out,
        }
    }

    /// The channel as a key keeps it.
    pub fn payer(&self, key: &Keypair) -> PayerChannel {
        let genesis = self.world.chain.genesis();
        let config = ChannelConfig {
            channel: self.channel,
            endpoint: self.url.clone(),
            receipt_key: self.world.people.host.public(),
            network: payment::network(&genesis),
            genesis,
            escrow: account_bytes(&self.world.suite.escrow),
            models: self.models.iter().map(|model| (*model, self.agreed())).collect(),
            deadline: self.deadline,
        };
        let chain = self.world.chain.clone();
        let clock = Box::new(move || chain.now().map_err(|error| error.to_string()));
        let path = self.files.path().join(format!("payer-{}.json", hex::encode(key.public())));
        PayerChannel::open(&path, config, key.clone(), clock).unwrap()
    }

    /// A session key with a cap.
    pub fn session(&self, cap: u128) -> Keypair {
        let key = Keypair::generate();
        let session = NewSession { key: key.public(), cap, expires_at: self.now() + 24 * 3_600_000 };
        let call = message_builder!(Escrow).set_session(self.channel, session);
        send(&*self.world.chain, &self.world.people.payer, self.world.suite.escrow, call).unwrap();
        key
    }

    /// What an answer to a text of `bytes` bytes may cost.
    pub fn bound(&self, bytes: u32) -> u128 {
        let agreed = self.agreed();
        let offer = serve::cashier::Offer {
            model: self.models[0],
            revision: 0,
            price_in: agreed.price_in,
            price_out: agreed.price_out,
            tokens_in: bytes,
            prompt_bytes: bytes,
        };
        offer.bound(TOKENS, &self.cashier.terms().unwrap()).unwrap()
    }

    /// Signs a request as it stands.
    pub fn sign(&self, body: proof::request::Request, key: &Keypair) -> SignedRequest {
        let signature = key.sign(&Signable::request::<Blake2>(&self.domain(), &body).digest);
        SignedRequest { body, key: key.public(), signature }
    }

    /// Sends a request with a text over HTTP; the status and the body. The tokens are those of the request.
    pub fn post(&self, text: &str, asking: &Asking) -> (u16, Value) {
        let payload = PaymentPayload {
            x402_version: 2,
            scheme: SCHEME.into(),
            network: payment::network(&self.world.chain.genesis()),
            payload: asking.clone(),
        };
        let model = asking.request.body.model;
        let ask = Ask { model: self.known(model).to_string(), prompt: Some(text.into()), ..Ask::default() };
        let sent = agent()
            .post(format!("{}/v1/completions", self.url))
            .header(payment::SIGNATURE, payment::encode(&payload))
            .send_json(&ask);
        read(sent.unwrap())
    }

    /// The model that is asked for when a request names another one than there is.
    fn known(&self, model: u32) -> u32 {
        if self.models.contains(&model) { model } else { self.models[0] }
    }

    pub fn get(&self, path: &str) -> (u16, Value) {
        read(agent().get(format!("{}{path}", self.url)).call().unwrap())
    }

    pub fn send(&self, path: &str, body: &impl serde::Serialize) -> (u16, Value) {
        read(agent().post(format!("{}{path}", self.url)).send_json(body).unwrap())
    }
}

fn serve(
    world: &World,
    models: &[u32; 2],
    files: &Path,
    runtime: &tokio::runtime::Runtime,
) -> (String, Arc<Cashier>, tokio::task::JoinHandle<()>) {
    let gguf = files.join("tiny.gguf");
    let base = Arc::new(Model::load(&gguf).unwrap());
    let ledger = Ledger::open(&files.join("ledger")).unwrap();
    let account = world.people.host.account();
    let cashier = Arc::new(Cashier::new(world.chain.clone(), world.suite.clone(), account, MAX_UNPAID, ledger));
    let answerer = Arc::new(Answerer {
        tokenizer: Tokenizer::load(&gguf).unwrap(),
        context: base.config.context,
        scheduler: Scheduler::start(base, 4).unwrap(),
        cashier: cashier.clone(),
        key: world.people.host.clone(),
        sketching: Mutex::new(()),
    });
    let host = Arc::new(Host {
        answerer,
        catalog: Catalog::of([served(world, models[0], "tiny"), served(world, models[1], "small")]),
        store: Arc::new(Store::folder(&files.join("store")).unwrap()),
        network: payment::network(&world.chain.genesis()),
        asset: chain::ss58(&world.suite.token),
        escrow: chain::ss58(&world.suite.escrow),
        account: chain::ss58(&account),
        receipt_key: hex::encode(world.people.host.public()),
    });
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = runtime.spawn(async move { axum::serve(listener, routes(host)).await.unwrap() });
    (url, cashier, serving)
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.body_mut().read_to_string().unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// A short question.
pub fn question(text: &str) -> Question {
    Question::new(Prompt::Text(text.into()), Ask { max_tokens: Some(TOKENS), ..Ask::default() })
}

/// A request for a text as its payer would sign it, with what opens it.
pub fn request(counter: &Counter, model: u32, sequence: u64, text: &str) -> (proof::request::Request, Hash) {
    let random = [7; 32];
    let bytes = u32::try_from(text.len()).unwrap();
    let body = proof::request::Request {
        channel: counter.channel,
        model,
        revision: 0,
        params: counter.agreed().params,
        sequence,
        prompt: proof::request::prompt_hash::<Blake2>(&random, text.as_bytes()),
        prompt_bytes: bytes,
        max_tokens_out: TOKENS,
        max_fee: counter.bound(bytes),
        flags: 0,
        context: proof::ZERO,
        deadline: counter.now() + 600_000,
    };
    (body, random)
}

/// What is said of a refusal.
pub fn said(answer: &(u16, Value)) -> String {
    answer.1["error"]["message"].as_str().unwrap_or_default().to_owned()
}
