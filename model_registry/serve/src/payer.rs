//! The payer's side of a channel: asks, checks each receipt, keeps its own tree and signs vouchers over it.
//!
//! What was asked is on disk before it is sent. If the connection breaks, the host may have signed an answer that never
//! came; before the next question the payer fetches it from what the host publishes, and takes it into its tree only if it
//! asked for it. So a channel never sticks, and a host can't put receipts there that nobody asked for.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use chain::{Keypair, verify};
use engine::Message;
use proof::receipt::Receipt;
use proof::signed::{Domain, Signable};
use proof::voucher::Voucher;
use proof::{Blake2, Node, SumFrontier, Tree};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ureq::Body;
use ureq::http::Response;
use worker::published::{ReceiptRecord, hexed};

use crate::answer::{Prompt, Shown};
use crate::http::Ask;
use crate::ledger::SignedVoucher;
use crate::payment::{self, PaymentPayload, PaymentRequired, SCHEME};

/// Why an answer was not got, or not accepted.
#[derive(Debug, thiserror::Error)]
pub enum PayerError {
    #[error("{url}: {reason}")]
    Http { url: String, reason: String },
    #[error("the host wants payment: {0}")]
    PaymentRequired(String),
    #[error("the host answered {status}: {message}")]
    Refused { status: u16, message: String },
    #[error("the host's receipt is not what it should be: {0}. Not paid; the channel should not be used on")]
    BadReceipt(String),
    #[error("{path}: {reason}")]
    State { path: PathBuf, reason: String },
    #[error(transparent)]
    Proof(#[from] proof::Error),
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
    /// The host's prices by model, in and out, for 1,000 tokens: no receipt may charge more.
    pub prices: BTreeMap<u32, (u128, u128)>,
    /// Escrow's least fee of an answer.
    pub min_fee: u128,
    /// Chain time in ms until which vouchers can be redeemed.
    pub deadline: u64,
}

/// The payer's own tree of one model's receipts.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Book {
    count: u64,
    peaks: Vec<(String, String)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Saved {
    config: ChannelConfig,
    books: BTreeMap<u32, Book>,
    /// Hashes of the prompts, by model, that were sent and whose receipts are not in the tree.
    #[serde(default)]
    pending: BTreeMap<u32, Vec<String>>,
}

/// A channel as its payer keeps it, in one file that is replaced whole after each answer.
pub struct PayerChannel {
    key: Keypair,
    /// Whether the key is a session's and not the payer's own.
    session: bool,
    path: PathBuf,
    agent: ureq::Agent,
    saved: Saved,
}

/// A checked answer.
#[derive(Debug, Clone)]
pub struct Answered {
    pub text: String,
    pub record: ReceiptRecord,
    pub attribution: Vec<Shown>,
}

impl PayerChannel {
    /// Opens the channel's file, or begins one. `session` says that `key` is a session key.
    pub fn open(path: &Path, config: ChannelConfig, key: Keypair, session: bool) -> Result<Self, PayerError> {
        let state = |reason: String| PayerError::State { path: path.to_path_buf(), reason };
        let saved = match std::fs::read(path) {
            Ok(bytes) => {
                let mut saved: Saved = serde_json::from_slice(&bytes).map_err(|e| state(e.to_string()))?;
                if saved.config.channel != config.channel || saved.config.genesis != config.genesis {
                    return Err(state("it belongs to another channel or chain".into()));
                }
                saved.config = config;
                saved
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Saved { config, books: BTreeMap::new(), pending: BTreeMap::new() }
            }
            Err(error) => return Err(state(error.to_string())),
        };
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        Ok(Self { key, session, path: path.to_path_buf(), agent, saved })
    }

    /// Asks for an answer, checks it and its receipt, and takes it into the payer's tree; what [`PayerChannel::recover`]
    /// finds is taken first.
    ///
    /// # Errors
    /// The host's refusal, or what is wrong with its receipt. Nothing is owed for an answer that was refused here.
    pub fn ask(&mut self, model: u32, prompt: &Prompt, mut ask: Ask) -> Result<Answered, PayerError> {
        ask.stream = false;
        let (url, mut response) = self.post(model, prompt, ask)?;
        let body = response.body_mut().read_json().map_err(|e| http(&url, e))?;
        let answered = read_answer(&body, prompt).map_err(PayerError::BadReceipt)?;
        self.accept_asked(model, prompt, &answered)?;
        Ok(answered)
    }

    /// The same, giving each piece of the text to `on_text` as it comes. What was shown counts only once this returns.
    ///
    /// # Errors
    /// Those of [`PayerChannel::ask`].
    pub fn ask_streaming(
        &mut self,
        model: u32,
        prompt: &Prompt,
        mut ask: Ask,
        on_text: &mut dyn FnMut(&str),
    ) -> Result<Answered, PayerError> {
        ask.stream = true;
        let (url, mut response) = self.post(model, prompt, ask)?;
        let mut text = String::new();
        let mut extension = Value::Null;
        for line in BufReader::new(response.body_mut().as_reader()).lines() {
            let line = line.map_err(|e| http(&url, e))?;
            let Some(data) = line.strip_prefix("data:").map(str::trim).filter(|data| *data != "[DONE]") else {
                continue;
            };
            let mut chunk: Value = serde_json::from_str(data).map_err(|e| http(&url, e))?;
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
        let answered = with_receipt(text, &extension).map_err(PayerError::BadReceipt)?;
        self.accept_asked(model, prompt, &answered)?;
        Ok(answered)
    }

    /// Takes the answers that the host signed for what was asked here and that never came, as a broken connection leaves
    /// them, into the payer's tree, and returns them. Asks nobody when nothing is missing.
    ///
    /// # Errors
    /// The host can't be reached, or a receipt that it publishes is not what it should be.
    pub fn recover(&mut self, model: u32) -> Result<Vec<Answered>, PayerError> {
        self.recover_until(model, u64::MAX)
    }

    fn recover_until(&mut self, model: u32, end: u64) -> Result<Vec<Answered>, PayerError> {
        let mut recovered = Vec::new();
        while self.saved.pending.get(&model).is_some_and(|pending| !pending.is_empty()) {
            let from = self.frontier(model)?.count;
            if from >= end {
                break;
            }
            let Some(record) = self.published(model, from)? else { break };
            // Somebody else with the same key may have asked for it: then this payer can't vouch for it.
            let prompt = record.receipt.prompt;
            if !self.is_pending(model, &prompt) {
                return Err(PayerError::BadReceipt(format!(
                    "number {from} is over a prompt that was not sent from here"
                )));
            }
            let text = String::from_utf8_lossy(&record.response).into_owned();
            let answered = Answered { text, record, attribution: Vec::new() };
            self.accept(model, &prompt, &answered)?;
            recovered.push(answered);
        }
        Ok(recovered)
    }

    /// The receipt that the host publishes at a place, if it has come so far.
    fn published(&self, model: u32, at: u64) -> Result<Option<ReceiptRecord>, PayerError> {
        let ChannelConfig { endpoint, channel, .. } = &self.saved.config;
        let url = format!("{endpoint}/openledger/receipts/{channel}/{model}?from={at}&to={}", at.saturating_add(1));
        let mut response = self.agent.get(&url).call().map_err(|e| http(&url, e))?;
        let status = response.status().as_u16();
        if status != 200 {
            let message = response.body_mut().read_to_string().unwrap_or_default();
            return Err(PayerError::Refused { status, message });
        }
        let records: Vec<ReceiptRecord> = response.body_mut().read_json().map_err(|e| http(&url, e))?;
        Ok(records.into_iter().next())
    }

    fn is_pending(&self, model: u32, prompt: &[u8; 32]) -> bool {
        let prompt = hex::encode(prompt);
        self.saved.pending.get(&model).is_some_and(|pending| pending.contains(&prompt))
    }

    /// One sending of this prompt is not waited for any more. Not saved yet.
    fn forget(&mut self, model: u32, prompt: &[u8; 32]) {
        let prompt = hex::encode(prompt);
        let Some(pending) = self.saved.pending.get_mut(&model) else { return };
        if let Some(place) = pending.iter().position(|other| *other == prompt) {
            pending.remove(place);
        }
        if pending.is_empty() {
            self.saved.pending.remove(&model);
        }
    }

    /// Sends a request with the voucher over all before it. Returns the URL and a response with status 200.
    fn post(&mut self, model: u32, prompt: &Prompt, mut ask: Ask) -> Result<(String, Response<Body>), PayerError> {
        self.recover(model)?;
        let hash = prompt.hash();
        self.saved.pending.entry(model).or_default().push(hex::encode(hash));
        self.save()?;
        ask.model = model.to_string();
        let route = match prompt {
            Prompt::Chat(messages) => {
                ask.messages = Some(messages.clone());
                "/v1/chat/completions"
            }
            Prompt::Text(text) => {
                ask.prompt = Some(text.clone());
                "/v1/completions"
            }
        };
        let url = format!("{}{route}", self.saved.config.endpoint);
        let payment = payment::encode(&self.payload(model)?);
        let sent = self.agent.post(&url).header(payment::SIGNATURE, payment).send_json(&ask);
        let refused = match &sent {
            Ok(response) => response.status() != 200,
            Err(error) => was_never_sent(error),
        };
        if refused {
            self.forget(model, &hash);
            self.save()?;
        }
        let mut response = sent.map_err(|e| http(&url, e))?;
        let status = response.status().as_u16();
        if status == 200 {
            return Ok((url, response));
        }
        let body: Value = response.body_mut().read_json().map_err(|e| http(&url, e))?;
        if status == 402 {
            let required: PaymentRequired = serde_json::from_value(body).map_err(|e| http(&url, e))?;
            return Err(PayerError::PaymentRequired(required.error));
        }
        let message = body["error"]["message"].as_str().unwrap_or("no reason given").to_owned();
        Err(PayerError::Refused { status, message })
    }

    /// Sends the voucher over all that was answered by a model, so that the host can redeem it.
    pub fn acknowledge(&self, model: u32) -> Result<(), PayerError> {
        let url = format!("{}/openledger/vouchers", self.saved.config.endpoint);
        let mut response = self.agent.post(&url).send_json(self.payload(model)?).map_err(|e| http(&url, e))?;
        match response.status().as_u16() {
            200 => Ok(()),
            status => {
                let message = response.body_mut().read_to_string().unwrap_or_default();
                Err(PayerError::Refused { status, message })
            }
        }
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

    /// A signed voucher over all answers of a model so far, as it travels.
    pub fn payload(&self, model: u32) -> Result<PaymentPayload, PayerError> {
        let head = self.frontier(model)?.sum_head::<Blake2>(Tree::Receipts)?;
        let config = &self.saved.config;
        let body = Voucher {
            channel: config.channel,
            model,
            count: head.count,
            fee: head.sum,
            top: head.top,
            deadline: config.deadline,
        };
        let signature = self.key.sign(&Signable::voucher::<Blake2>(&self.domain(), &body).digest);
        Ok(PaymentPayload {
            x402_version: 2,
            scheme: SCHEME.into(),
            network: config.network.clone(),
            payload: SignedVoucher {
                channel: body.channel,
                model,
                count: body.count,
                fee: body.fee,
                top: body.top,
                deadline: body.deadline,
                session: self.session.then(|| hex::encode(self.key.public())),
                signature,
            },
        })
    }

    /// Accepts the answer to what was asked, after the ones before it whose answers never came.
    fn accept_asked(&mut self, model: u32, prompt: &Prompt, answered: &Answered) -> Result<(), PayerError> {
        self.recover_until(model, answered.record.receipt.sequence)?;
        self.accept(model, &prompt.hash(), answered)
    }

    fn accept(&mut self, model: u32, prompt: &[u8; 32], answered: &Answered) -> Result<(), PayerError> {
        let bad = |what: &str| PayerError::BadReceipt(what.to_owned());
        let receipt: Receipt = answered.record.open().map_err(|e| PayerError::BadReceipt(e.to_string()))?;
        let mut frontier = self.frontier(model)?;
        if receipt.channel != self.saved.config.channel || receipt.model != model {
            return Err(bad("it names another channel or model"));
        }
        if receipt.sequence != frontier.count {
            return Err(bad("its sequence is not the next one"));
        }
        if answered.record.response != answered.text.as_bytes() {
            return Err(bad("it is over another response"));
        }
        if receipt.prompt != *prompt {
            return Err(bad("it is over another prompt"));
        }
        let Some((price_in, price_out)) = self.saved.config.prices.get(&model) else {
            return Err(bad("the host announced no price for this model"));
        };
        let agreed =
            payment::fee(receipt.tokens_in, receipt.tokens_out, *price_in, *price_out, self.saved.config.min_fee);
        if agreed.is_none_or(|agreed| receipt.fee > agreed) {
            return Err(bad("it charges more than the announced price"));
        }
        let signable = Signable::receipt::<Blake2>(&self.domain(), &receipt);
        let key = self.saved.config.receipt_key;
        if !signable.verified_by(|message| verify(&key, message, &answered.record.signature)) {
            return Err(bad("the host did not sign it"));
        }
        let leaf = receipt.leaf(receipt.hash::<Blake2>()).node::<Blake2>();
        frontier.append::<Blake2>(Tree::Receipts, leaf)?;
        let peaks = frontier.peaks.iter().map(|node| (hex::encode(node.hash), node.sum.to_string())).collect();
        self.saved.books.insert(model, Book { count: frontier.count, peaks });
        self.forget(model, prompt);
        self.save()
    }

    fn save(&self) -> Result<(), PayerError> {
        let state = |reason: String| PayerError::State { path: self.path.clone(), reason };
        let json = serde_json::to_vec_pretty(&self.saved).map_err(|e| state(e.to_string()))?;
        worker::files::write_whole(&self.path, &json).map_err(|e| state(e.to_string()))
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

fn with_receipt(text: String, extension: &Value) -> Result<Answered, String> {
    let record = serde_json::from_value(extension["record"].clone()).map_err(|e| format!("no receipt ({e})"))?;
    let attribution = serde_json::from_value(extension["attribution"].clone()).unwrap_or_default();
    Ok(Answered { text, record, attribution })
}

/// Whether no host can have seen the request.
fn was_never_sent(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => true,
        ureq::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        _ => false,
    }
}

fn http(url: &str, reason: impl ToString) -> PayerError {
    PayerError::Http { url: url.to_owned(), reason: reason.to_string() }
}

/// A chat of one user message.
pub fn user(text: &str) -> Prompt {
    Prompt::Chat(vec![Message::new("user", text)])
}

#[cfg(test)]
#[path = "payer_tests.rs"]
mod tests;
