//! The payer's side of a channel: signs a request for each answer, checks the receipt against it, keeps its own tree and signs
//! vouchers over it.
//!
//! A request's signed bytes are on disk before they are sent, and only those are ever sent again. If the connection breaks, the
//! same bytes fetch the same answer; what comes is taken only if it is a valid receipt over that request. A place whose answer
//! was refused here, or never came, is given up by the host after its deadline; then it is an unfilled place here too. So no
//! channel sticks, and a host can't put receipts there that nobody asked for. A voucher is on disk before it is sent as well:
//! a host that lost it is shown it again.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chain::{Keypair, verify};
use engine::Message;
use proof::params::ParameterSet;
use proof::receipt::ReceiptLeaf;
use proof::request::{ContextChunk, FLAG_PRIVATE, Request, SignedRequest, context_hash, encode_context, prompt_hash};
use proof::rules::validity::{Opened, Slot, Terms, judge};
use proof::signed::{Domain, Signable};
use proof::voucher::Voucher;
use proof::{Blake2, Hash, Node, SumFrontier, Tree, ZERO, limits};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ureq::Body;
use ureq::http::Response;
use worker::published::{Lane, ReceiptRecord, hexed, scaled};

use crate::answer::{Prompt, Shown, random_bytes};
use crate::cashier::SKEW_MS;
use crate::http::{self, Ask, Payer};
use crate::ledger::{Head, SignedVoucher};
use crate::payment::{self, Asking, PaymentPayload, PaymentRequired, SCHEME};

/// A request may be answered for so long after it was signed, chain time.
pub const REQUEST_LIFE_MS: u64 = 600_000;
/// Bytes that a chat template may add to a chat, and to each of its messages.
const TEMPLATE_BYTES: usize = 1_024;
const MESSAGE_BYTES: usize = 64;
/// Tokens of an answer when the question doesn't say.
const MAX_TOKENS: u32 = 128;

/// How long a host may take to be reached, and for the whole of an answer.
const CONNECTING: Duration = Duration::from_secs(10);
const ANSWERING: Duration = Duration::from_secs(600);

/// Why an answer was not got, or not accepted.
#[derive(Debug, thiserror::Error)]
pub enum PayerError {
    #[error("{url}: {reason}")]
    Http { url: String, reason: String },
    #[error("the host's offer is not what its announcement says: {0}. Nothing was signed")]
    Offer(String),
    #[error("model {model} costs more than {limit}: {what}. Nothing was signed")]
    Dearer { model: u32, what: String, limit: &'static str },
    #[error("the host answered {status}: {message}")]
    Refused { status: u16, message: String },
    #[error(
        "the host's receipt is not what it should be: {0}. No voucher covers it; its place is given up after the request's deadline"
    )]
    BadReceipt(String),
    #[error("{0}: another process asks with this key; wait for it, or use a session key of your own")]
    InUse(PathBuf),
    #[error("{path}: {reason}")]
    State { path: PathBuf, reason: String },
    #[error("the chain's time is not known: {0}")]
    Clock(String),
    #[error(transparent)]
    Proof(#[from] proof::Error),
}

/// A model as its owner registered it and its host announced it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    pub revision: u32,
    #[serde(with = "hexed")]
    pub adapter: Hash,
    /// For 1,000 tokens: no receipt may charge more.
    pub price_in: u128,
    pub price_out: u128,
    /// Escrow's parameter set, and what it wants of an answer.
    pub params: u32,
    pub min_fee: u128,
    pub min_fee_kib: u128,
    /// What the revision's owner registered, for 1,000 tokens.
    pub registered_in: u128,
    pub registered_out: u128,
}

/// The highest prices that a payer has agreed to: a host announces others whenever it likes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Ceiling {
    price_in: u128,
    price_out: u128,
    min_fee: u128,
    min_fee_kib: u128,
}

impl Ceiling {
    fn of(agreed: &Agreed) -> Self {
        let Agreed { price_in, price_out, min_fee, min_fee_kib, .. } = *agreed;
        Self { price_in, price_out, min_fee, min_fee_kib }
    }

    /// The same without what is above the registered prices.
    fn registered(agreed: &Agreed) -> Self {
        let Agreed { price_in, price_out, registered_in, registered_out, .. } = *agreed;
        Self { price_in: price_in.min(registered_in), price_out: price_out.min(registered_out), ..Self::of(agreed) }
    }

    /// Which price of `now` is above this one.
    fn exceeded_by(&self, now: &Self) -> Option<String> {
        let prices = [
            ("1,000 tokens in", now.price_in, self.price_in),
            ("1,000 tokens out", now.price_out, self.price_out),
            ("an answer at least", now.min_fee, self.min_fee),
            ("a KiB at least", now.min_fee_kib, self.min_fee_kib),
        ];
        let above = prices.into_iter().find(|(_, now, agreed)| now > agreed);
        above.map(|(what, now, agreed)| format!("{what} {now}, not {agreed} (10^-18 OPEN)"))
    }
}

impl Agreed {
    /// What an answer may cost.
    fn fee(&self, tokens_in: u32, tokens_out: u32, bytes: u64) -> Option<u128> {
        let floor = payment::floor(bytes, self.min_fee, self.min_fee_kib)?;
        payment::fee(tokens_in, tokens_out, self.price_in, self.price_out, floor)
    }
}

/// Where a channel goes and who signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelConfig {
    pub channel: u64,
    /// The host's base URL.
    pub endpoint: String,
    /// The key that must have signed receipts.
    #[serde(with = "hexed")]
    pub receipt_key: [u8; 32],
    /// CAIP-2 name of the chain.
    pub network: String,
    #[serde(with = "hexed")]
    pub genesis: [u8; 32],
    #[serde(with = "hexed")]
    pub escrow: [u8; 32],
    /// What holds for requests that are signed from now on, by model.
    pub models: BTreeMap<u32, Agreed>,
    /// Chain time in ms until which vouchers can be redeemed.
    pub deadline: u64,
}

/// What is asked, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub prompt: Prompt,
    /// Tokens, sampling; the rest of it is filled in.
    pub ask: Ask,
    /// The answer goes to the payer and to the oracles alone.
    pub private: bool,
    /// The payer's list of retrieved chunks.
    pub context: Vec<ContextChunk>,
    /// The most that the answer may cost, if that is less than the announced price allows. Up to it, a price above those that were
    /// agreed to or registered is agreed to for this answer.
    pub max_fee: Option<u128>,
    /// The prices announced now are agreed to, for later answers too.
    pub accept_prices: bool,
}

impl Question {
    /// A public question without retrieved chunks, at the announced price.
    pub fn new(prompt: Prompt, ask: Ask) -> Self {
        Self { prompt, ask, private: false, context: Vec::new(), max_fee: None, accept_prices: false }
    }
}

/// A place that was asked for and is not in the tree yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Place {
    #[serde(with = "scaled")]
    request: SignedRequest,
    #[serde(with = "hexed")]
    random: Hash,
    prompt: Prompt,
    ask: Ask,
    #[serde(with = "hexed")]
    context: Vec<u8>,
    agreed: Agreed,
    /// Its answer, if it was taken while an earlier place is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    record: Option<ReceiptRecord>,
}

/// The payer's own tree of one model's receipts, and the places beyond it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Book {
    count: u64,
    peaks: Vec<(String, String)>,
    /// The last voucher that was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    voucher: Option<SignedVoucher>,
    #[serde(default)]
    places: BTreeMap<u64, Place>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Saved {
    config: ChannelConfig,
    #[serde(with = "hexed")]
    key: [u8; 32],
    books: BTreeMap<u32, Book>,
    /// By model, what was agreed to when it was first asked.
    #[serde(default)]
    ceilings: BTreeMap<u32, Ceiling>,
}

/// Tells the chain's time in ms.
pub type Clock = Box<dyn Fn() -> Result<u64, String> + Send + Sync>;

/// A channel as one of its keys keeps it, in one file that is replaced whole at each step.
pub struct PayerChannel {
    key: Keypair,
    path: PathBuf,
    agent: ureq::Agent,
    clock: Clock,
    saved: Saved,
    /// Locked as long as this lives: two that sign for one place would end the channel.
    _lock: File,
}

/// A checked answer.
#[derive(Debug, Clone)]
pub struct Answered {
    pub text: String,
    pub record: ReceiptRecord,
    pub attribution: Vec<Shown>,
}

impl PayerChannel {
    /// Opens the file of a channel and key, or begins one. The key is the payer's or a session's.
    pub fn open(path: &Path, config: ChannelConfig, key: Keypair, clock: Clock) -> Result<Self, PayerError> {
        let state = |reason: String| PayerError::State { path: path.to_path_buf(), reason };
        let lock = File::create(path.with_extension("lock")).map_err(|e| state(e.to_string()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(PayerError::InUse(path.to_path_buf())),
            Err(TryLockError::Error(error)) => return Err(state(error.to_string())),
        }
        let saved = match std::fs::read(path) {
            Ok(bytes) => {
                let mut saved: Saved = serde_json::from_slice(&bytes).map_err(|e| state(e.to_string()))?;
                let known = (saved.config.channel, saved.config.genesis, saved.key);
                if known != (config.channel, config.genesis, key.public()) {
                    return Err(state("it belongs to another channel, key or chain".into()));
                }
                saved.config = config;
                saved
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Saved { config, key: key.public(), books: BTreeMap::new(), ceilings: BTreeMap::new() }
            }
            Err(error) => return Err(state(error.to_string())),
        };
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(CONNECTING))
            .timeout_global(Some(ANSWERING))
            .build()
            .into();
        Ok(Self { key, path: path.to_path_buf(), agent, clock, saved, _lock: lock })
    }

    /// Asks for an answer, checks it and its receipt, and takes it into the payer's tree; what [`PayerChannel::recover`]
    /// finds is taken first.
    ///
    /// # Errors
    /// The host's refusal, or what is wrong with its receipt. Nothing is owed for an answer that was refused here.
    pub fn ask(&mut self, model: u32, question: &Question) -> Result<Answered, PayerError> {
        let sequence = self.sign(model, question)?;
        self.send(model, sequence, None)
    }

    /// The same, giving each piece of the text to `on_text` as it comes. What was shown counts only once this returns.
    ///
    /// # Errors
    /// Those of [`PayerChannel::ask`].
    pub fn ask_streaming(
        &mut self,
        model: u32,
        question: &Question,
        on_text: &mut dyn FnMut(&str),
    ) -> Result<Answered, PayerError> {
        let sequence = self.sign(model, question)?;
        self.send(model, sequence, Some(on_text))
    }

    /// Fetches the answers to what was asked here and that never came, as a broken connection leaves them, by the same signed
    /// bytes, and returns them. Places that the host gave up after their deadlines are given up here. Asks nobody when nothing
    /// is missing.
    ///
    /// # Errors
    /// The host can't be reached, or a receipt is not what it should be and its place can't be given up yet.
    pub fn recover(&mut self, model: u32) -> Result<Vec<Answered>, PayerError> {
        let missing = |book: &Book| -> Vec<u64> {
            book.places.iter().filter(|(_, place)| place.record.is_none()).map(|(sequence, _)| *sequence).collect()
        };
        let mut recovered = Vec::new();
        let mut bad = None;
        for sequence in self.saved.books.get(&model).map(missing).unwrap_or_default() {
            match self.send(model, sequence, None) {
                Ok(answered) => recovered.push(answered),
                Err(error @ PayerError::BadReceipt(_)) => bad = bad.or(Some(error)),
                Err(PayerError::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        self.give_up(model)?;
        let open = self.saved.books.get(&model).map(missing).unwrap_or_default();
        match bad.filter(|_| !open.is_empty()) {
            Some(error) => Err(error),
            None => Ok(recovered),
        }
    }

    /// If the time of the next place is over, asks the host for the head, showing the last voucher, and takes what lapsed there
    /// into the tree as unfilled places.
    fn give_up(&mut self, model: u32) -> Result<(), PayerError> {
        let Some(book) = self.saved.books.get(&model) else { return Ok(()) };
        let next = book.places.range(book.count..).find(|(_, place)| place.record.is_none());
        let Some((_, place)) = next else { return Ok(()) };
        if place.request.body.deadline.saturating_add(SKEW_MS) >= (self.clock)().map_err(PayerError::Clock)? {
            return Ok(());
        }
        let lane = Lane { channel: self.saved.config.channel, model, key: self.key.public() };
        let url = format!("{}/openledger/heads/{lane}", self.saved.config.endpoint);
        let shown = http::Shown { voucher: book.voucher.clone() };
        let mut response = self.agent.post(&url).send_json(&shown).map_err(|e| unreachable(&url, e))?;
        refused(&mut response)?;
        let head: Head = response.body_mut().read_json().map_err(|e| unreachable(&url, e))?;
        let mut frontier = self.frontier(model)?;
        let book = self.saved.books.entry(model).or_default();
        while head.lapsed.contains(&frontier.count)
            && book.places.get(&frontier.count).is_none_or(|place| place.record.is_none())
        {
            book.places.remove(&frontier.count);
            frontier.append::<Blake2>(Tree::Receipts, ReceiptLeaf::unfilled::<Blake2>().node::<Blake2>())?;
        }
        book.keep(&frontier);
        self.grow(model)
    }

    /// Gets the host's offer for a question, and signs and keeps the request that it asks for.
    fn sign(&mut self, model: u32, question: &Question) -> Result<u64, PayerError> {
        self.recover(model)?;
        let mut ask = question.ask.clone();
        ask.model = model.to_string();
        ask.max_tokens = Some(ask.max_completion_tokens.take().or(ask.max_tokens).unwrap_or(MAX_TOKENS));
        ask.payer = Some(Payer { channel: self.saved.config.channel, key: self.key.public() });
        match &question.prompt {
            Prompt::Chat(messages) => ask.messages = Some(messages.clone()),
            Prompt::Text(text) => ask.prompt = Some(text.clone()),
        }
        let ceiling = self.ceiling(model, question)?;
        let (agreed, prompt_bytes, max_fee) = self.offer(model, question, &ask)?;
        self.saved.ceilings.insert(model, ceiling);
        let now = (self.clock)().map_err(PayerError::Clock)?;
        let random = random_bytes();
        let context = encode_context(&question.context);
        let book = self.saved.books.entry(model).or_default();
        let after = book.places.last_key_value().map_or(0, |(sequence, _)| sequence.saturating_add(1));
        let sequence = book.count.max(after);
        let body = Request {
            channel: self.saved.config.channel,
            model,
            revision: agreed.revision,
            params: agreed.params,
            sequence,
            prompt: prompt_hash::<Blake2>(&random, &question.prompt.bytes()),
            prompt_bytes,
            max_tokens_out: ask.max_tokens.unwrap_or(MAX_TOKENS),
            max_fee,
            flags: if question.private { FLAG_PRIVATE } else { 0 },
            context: if context.is_empty() { ZERO } else { context_hash::<Blake2>(&context) },
            deadline: now.saturating_add(REQUEST_LIFE_MS),
        };
        let signature = self.key.sign(&Signable::request::<Blake2>(&self.domain(), &body).digest);
        let request = SignedRequest { body, key: self.key.public(), signature };
        let place = Place { request, random, prompt: question.prompt.clone(), ask, context, agreed, record: None };
        self.saved.books.entry(model).or_default().places.insert(sequence, place);
        self.save()?;
        Ok(sequence)
    }

    /// The prices that are agreed to from this question on.
    fn ceiling(&self, model: u32, question: &Question) -> Result<Ceiling, PayerError> {
        let agreed = self.saved.config.models.get(&model);
        let agreed = agreed.ok_or_else(|| PayerError::Offer(format!("it announced no model {model}")))?;
        let now = Ceiling::of(agreed);
        if question.accept_prices {
            return Ok(now);
        }
        let (limit, most) = match self.saved.ceilings.get(&model) {
            Some(ceiling) => ("was agreed to on this channel", *ceiling),
            None => ("its owner registered", Ceiling::registered(agreed)),
        };
        match most.exceeded_by(&now) {
            Some(what) if question.max_fee.is_none() => Err(PayerError::Dearer { model, what, limit }),
            _ => Ok(most),
        }
    }

    /// What a host asks for a question, checked against what was announced: terms, prompt bytes, the highest fee.
    fn offer(&self, model: u32, question: &Question, ask: &Ask) -> Result<(Agreed, u32, u128), PayerError> {
        let bad = |what: String| PayerError::Offer(what);
        let agreed = self.saved.config.models.get(&model).cloned();
        let agreed = agreed.ok_or_else(|| bad(format!("it announced no model {model}")))?;
        let url = self.url(&question.prompt);
        let mut response = self.agent.post(&url).send_json(ask).map_err(|e| unreachable(&url, e))?;
        if response.status() != 402 {
            refused(&mut response)?;
            return Err(bad("it wants no payment".into()));
        }
        let required: PaymentRequired = response.body_mut().read_json().map_err(|e| unreachable(&url, e))?;
        let ours = |accepted: &&payment::Requirement| {
            accepted.scheme == SCHEME && accepted.network == self.saved.config.network
        };
        let wanted = required.accepts.iter().find(ours);
        let wanted = wanted.ok_or_else(|| bad(format!("it takes no {SCHEME} on {}", self.saved.config.network)))?;
        let extra = &wanted.extra;
        if extra.model != model {
            return Err(bad(format!("it offers model {}", extra.model)));
        }
        if extra.revision != agreed.revision {
            return Err(bad(format!("it offers revision {}, registered is {}", extra.revision, agreed.revision)));
        }
        if extra.params != agreed.params {
            return Err(bad(format!("it names parameter set {}, the current one is {}", extra.params, agreed.params)));
        }
        let most = match &question.prompt {
            Prompt::Text(text) => text.len(),
            Prompt::Chat(messages) => {
                question.prompt.length() + TEMPLATE_BYTES + messages.len().saturating_mul(MESSAGE_BYTES)
            }
        };
        if extra.prompt_bytes as usize > most {
            return Err(bad(format!("the text for the tokenizer has {} bytes, at most {most}", extra.prompt_bytes)));
        }
        let max_tokens = ask.max_tokens.unwrap_or(MAX_TOKENS);
        let fee: u128 = wanted.amount.parse().map_err(|_| bad(format!("its amount is `{}`", wanted.amount)))?;
        // Every token has at least one byte.
        let bound = agreed.fee(extra.prompt_bytes, max_tokens, payment::most_bytes(max_tokens));
        let bound = bound.ok_or(proof::Error::Overflow)?;
        if fee > bound {
            return Err(bad(format!("an answer costs up to {fee}, by the announced price up to {bound}")));
        }
        match question.max_fee.filter(|max| fee > *max) {
            Some(max) => Err(bad(format!("an answer costs up to {fee}, allowed are {max}"))),
            None => Ok((agreed, extra.prompt_bytes, fee)),
        }
    }

    fn url(&self, prompt: &Prompt) -> String {
        let route = match prompt {
            Prompt::Chat(_) => "/v1/chat/completions",
            Prompt::Text(_) => "/v1/completions",
        };
        format!("{}{route}", self.saved.config.endpoint)
    }

    /// Sends a kept request, the first time or again, and takes the answer.
    fn send(
        &mut self,
        model: u32,
        sequence: u64,
        on_text: Option<&mut dyn FnMut(&str)>,
    ) -> Result<Answered, PayerError> {
        let book = self.saved.books.get(&model);
        let place = book.and_then(|book| book.places.get(&sequence)).cloned().ok_or(proof::Error::Absent)?;
        let payload = PaymentPayload {
            x402_version: 2,
            scheme: SCHEME.into(),
            network: self.saved.config.network.clone(),
            payload: Asking {
                request: place.request,
                random: place.random,
                context: place.context.clone(),
                voucher: book.and_then(|book| book.voucher.clone()),
            },
        };
        let mut ask = place.ask.clone();
        ask.stream = on_text.is_some();
        let url = self.url(&place.prompt);
        let sent = self.agent.post(&url).header(payment::SIGNATURE, payment::encode(&payload)).send_json(&ask);
        if sent.as_ref().is_err_and(was_never_sent) {
            // Nobody has these bytes: the place is free again.
            self.saved.books.entry(model).or_default().places.remove(&sequence);
            self.save()?;
        }
        let mut response = sent.map_err(|e| unreachable(&url, e))?;
        refused(&mut response)?;
        let answered = match on_text {
            None => {
                let body = response.body_mut().read_json().map_err(|e| unreachable(&url, e))?;
                read_answer(&body, &place.prompt).map_err(PayerError::BadReceipt)?
            }
            Some(on_text) => read_pieces(&url, &mut response, &place.prompt, on_text)?,
        };
        self.check(model, &place, &answered)?;
        if let Some(place) = self.saved.books.entry(model).or_default().places.get_mut(&sequence) {
            place.record = Some(answered.record.clone());
        }
        self.grow(model)?;
        Ok(answered)
    }

    /// Signs a voucher over all that was taken of a model so far, keeps it and sends it, so that the host can redeem it.
    pub fn acknowledge(&mut self, model: u32) -> Result<(), PayerError> {
        let Some(voucher) = self.voucher(model)? else { return Ok(()) };
        let url = format!("{}/openledger/vouchers", self.saved.config.endpoint);
        let mut response = self.agent.post(&url).send_json(&voucher).map_err(|e| unreachable(&url, e))?;
        refused(&mut response)
    }

    fn domain(&self) -> Domain {
        Domain { genesis: self.saved.config.genesis, contract: self.saved.config.escrow }
    }

    fn frontier(&self, model: u32) -> Result<SumFrontier, PayerError> {
        let Some(book) = self.saved.books.get(&model) else { return Ok(SumFrontier::new()) };
        let corrupt = || PayerError::State { path: self.path.clone(), reason: "its tree does not read".into() };
        let mut peaks = Vec::with_capacity(book.peaks.len());
        for (hash, sum) in &book.peaks {
            let hash = hex::decode(hash).ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(corrupt)?;
            peaks.push(Node { hash, sum: sum.parse().map_err(|_| corrupt())? });
        }
        SumFrontier::from_parts(book.count, peaks).map_err(|_| corrupt())
    }

    /// The voucher over all that was taken of a model so far, kept before it is given out. `None` if nothing was.
    pub fn voucher(&mut self, model: u32) -> Result<Option<SignedVoucher>, PayerError> {
        let head = self.frontier(model)?.sum_head::<Blake2>(Tree::Receipts)?;
        if head.count == 0 {
            return Ok(None);
        }
        let config = &self.saved.config;
        let body = Voucher {
            channel: config.channel,
            model,
            count: head.count,
            fee: head.sum,
            top: head.top,
            deadline: config.deadline,
        };
        let last = self.saved.books.get(&model).and_then(|book| book.voucher.clone());
        if let Some(last) = last.filter(|last| last.body() == body) {
            return Ok(Some(last));
        }
        let signature = self.key.sign(&Signable::voucher::<Blake2>(&self.domain(), &body).digest);
        let voucher = SignedVoucher {
            channel: body.channel,
            model,
            count: body.count,
            fee: body.fee,
            top: body.top,
            deadline: body.deadline,
            key: self.key.public(),
            signature,
        };
        self.saved.books.entry(model).or_default().voucher = Some(voucher.clone());
        self.save()?;
        Ok(Some(voucher))
    }

    /// Whether an answer is a valid one to the request at a place, by the rule that oracles and contracts judge by, at no more than
    /// the announced price.
    fn check(&self, model: u32, place: &Place, answered: &Answered) -> Result<(), PayerError> {
        let bad = |what: &str| PayerError::BadReceipt(what.to_owned());
        let record = &answered.record;
        if record.request != place.request {
            return Err(bad("it answers another request"));
        }
        let receipt = record.open().map_err(|e| PayerError::BadReceipt(e.to_string()))?;
        if record.response != answered.text.as_bytes() || record.text().root::<Blake2>()? != receipt.response {
            return Err(bad("it is over another response"));
        }
        let body = &place.request.body;
        let agreed = &place.agreed;
        let slot = Slot {
            channel: self.saved.config.channel,
            model,
            key: self.key.public(),
            params: body.params,
            sequence: body.sequence,
            fee: receipt.fee,
            // It has no batch yet: any revision that exists is older.
            at: u64::MAX,
        };
        // Of a parameter set, only the fee counts for validity.
        let params =
            ParameterSet { min_fee: agreed.min_fee, rank_weights: Vec::new(), common_max: limits::MAX_COMMON_BYTES };
        let terms = Terms { slot: &slot, revision: Some((agreed.adapter, 0)), params: &params };
        let bytes = record.response.len() as u64;
        let opened = Opened { receipt: &receipt, request: Some(&record.request), response_bytes: Some(bytes) };
        let signed = |request: &SignedRequest| {
            let signable = Signable::request::<Blake2>(&self.domain(), &request.body);
            signable.verified_by(|message| verify(&request.key, message, &request.signature))
        };
        if let Some(invalid) = judge::<Blake2>(&opened, &terms, signed)? {
            return Err(PayerError::BadReceipt(invalid.to_string()));
        }
        if agreed.fee(receipt.tokens_in, receipt.tokens_out, bytes).is_none_or(|most| receipt.fee > most) {
            return Err(bad("it charges more than the announced price"));
        }
        let signable = Signable::receipt::<Blake2>(&self.domain(), &receipt);
        let key = self.saved.config.receipt_key;
        if !signable.verified_by(|message| verify(&key, message, &record.signature)) {
            return Err(bad("the host did not sign it"));
        }
        Ok(())
    }

    /// Takes into the tree what was answered without a gap, and saves.
    fn grow(&mut self, model: u32) -> Result<(), PayerError> {
        let mut frontier = self.frontier(model)?;
        let book = self.saved.books.entry(model).or_default();
        while let Some(record) = book.places.get(&frontier.count).and_then(|place| place.record.as_ref()) {
            let receipt = &record.receipt;
            let leaf = receipt.leaf(receipt.hash::<Blake2>()).node::<Blake2>();
            book.places.remove(&frontier.count);
            frontier.append::<Blake2>(Tree::Receipts, leaf)?;
        }
        book.keep(&frontier);
        self.save()
    }

    fn save(&self) -> Result<(), PayerError> {
        let state = |reason: String| PayerError::State { path: self.path.clone(), reason };
        let json = serde_json::to_vec_pretty(&self.saved).map_err(|e| state(e.to_string()))?;
        worker::files::write_whole(&self.path, &json).map_err(|e| state(e.to_string()))
    }
}

impl Book {
    fn keep(&mut self, frontier: &SumFrontier) {
        self.count = frontier.count;
        self.peaks = frontier.peaks.iter().map(|node| (hex::encode(node.hash), node.sum.to_string())).collect();
    }
}

fn read_answer(body: &Value, prompt: &Prompt) -> Result<Answered, String> {
    let choice = &body["choices"][0];
    let text = match prompt {
        Prompt::Chat(_) => choice["message"]["content"].as_str(),
        Prompt::Text(_) => choice["text"].as_str(),
    };
    let text = text.ok_or("the answer has no text")?.to_owned();
    with_receipt(text, &body["openledger"])
}

fn read_pieces(
    url: &str,
    response: &mut Response<Body>,
    prompt: &Prompt,
    on_text: &mut dyn FnMut(&str),
) -> Result<Answered, PayerError> {
    let mut text = String::new();
    let mut extension = Value::Null;
    for line in BufReader::new(response.body_mut().as_reader()).lines() {
        let line = line.map_err(|e| unreachable(url, e))?;
        let Some(data) = line.strip_prefix("data:").map(str::trim).filter(|data| *data != "[DONE]") else {
            continue;
        };
        let mut chunk: Value = serde_json::from_str(data).map_err(|e| unreachable(url, e))?;
        if let Some(message) = chunk["error"]["message"].as_str() {
            return Err(PayerError::Refused { status: 200, message: message.to_owned() });
        }
        let choice = &chunk["choices"][0];
        let piece = match prompt {
            Prompt::Chat(_) => choice["delta"]["content"].as_str(),
            Prompt::Text(_) => choice["text"].as_str(),
        };
        if let Some(piece) = piece {
            on_text(piece);
            text.push_str(piece);
        }
        if chunk["openledger"].is_object() {
            extension = chunk["openledger"].take();
        }
    }
    if extension.is_null() {
        return Err(unreachable(url, "the answer broke off before its receipt"));
    }
    with_receipt(text, &extension).map_err(PayerError::BadReceipt)
}

fn with_receipt(text: String, extension: &Value) -> Result<Answered, String> {
    let record = serde_json::from_value(extension["record"].clone()).map_err(|e| format!("no receipt ({e})"))?;
    let attribution = serde_json::from_value(extension["attribution"].clone()).unwrap_or_default();
    Ok(Answered { text, record, attribution })
}

/// Anything but status 200 is a refusal; its message is the host's.
fn refused(response: &mut Response<Body>) -> Result<(), PayerError> {
    let status = response.status().as_u16();
    if status == 200 {
        return Ok(());
    }
    let text = response.body_mut().read_to_string().unwrap_or_default();
    let said = serde_json::from_str::<Value>(&text).ok();
    let message = said.and_then(|body| body["error"]["message"].as_str().map(ToOwned::to_owned)).unwrap_or(text);
    Err(PayerError::Refused { status, message })
}

/// Whether no host can have seen the request.
fn was_never_sent(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => true,
        ureq::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        _ => false,
    }
}

fn unreachable(url: &str, reason: impl ToString) -> PayerError {
    PayerError::Http { url: url.to_owned(), reason: reason.to_string() }
}

/// A chat of one user message.
pub fn user(text: &str) -> Prompt {
    Prompt::Chat(vec![Message::new("user", text)])
}

#[cfg(test)]
#[path = "payer_tests.rs"]
mod tests;
