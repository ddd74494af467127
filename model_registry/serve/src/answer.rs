//! From a paid request to a signed receipt: decode, sketch, sign, sync.

use std::sync::{Arc, Mutex, PoisonError};

use chain::Keypair;
use engine::{Finish, Message, Request, Sampling, TextStream, Tokenizer};
use proof::evidence::Entry;
use proof::receipt::{Receipt, sketch_hash};
use proof::rules::{influence as influence_rule, spans as span_rule};
use proof::signed::Signable;
use proof::text::Text;
use proof::{Blake2, Hash, Hasher, ZERO};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use worker::published::{Random, ReceiptRecord};

use crate::cashier::{Cashier, Offer, Terms, Ticket};
use crate::catalog::Served;
use crate::scheduler::{Progress, Scheduler};

/// What is asked of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    Chat(Vec<Message>),
    Text(String),
}

impl Prompt {
    /// What the prompt hash of a request commits to: the text, or the JSON array of the messages.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Prompt::Text(text) => text.as_bytes().to_vec(),
            Prompt::Chat(messages) => serde_json::to_vec(messages).unwrap_or_default(),
        }
    }

    /// Bytes that people wrote: what a template adds comes on top.
    pub fn length(&self) -> usize {
        match self {
            Prompt::Text(text) => text.len(),
            Prompt::Chat(messages) => messages.iter().map(|message| message.content.len()).sum(),
        }
    }

    /// Bytes of the text for the tokenizer.
    fn tokenized_length(&self, tokenizer: &Tokenizer) -> engine::Result<usize> {
        match self {
            Prompt::Text(text) => Ok(text.len()),
            Prompt::Chat(messages) => tokenizer.chat_length(messages),
        }
    }

    fn tokens(&self, tokenizer: &Tokenizer) -> engine::Result<Vec<u32>> {
        match self {
            Prompt::Text(text) => tokenizer.encode(text),
            Prompt::Chat(messages) => tokenizer.encode_chat(messages),
        }
    }
}

/// A complete answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub text: String,
    pub finish: Finish,
    pub record: ReceiptRecord,
    pub attribution: Vec<Shown>,
}

/// One line of an answer's attribution as the host sees it now; the epoch's report decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Shown {
    /// Words of the answer that stand in a contribution.
    Span { start: u16, len: u16, text: String, contributor: String, contribution: u64 },
    /// Words that too many contributors hold to be anybody's.
    Common { start: u16, len: u16, text: String },
    /// A training row whose gradient is like the answer's.
    Influence { row: u32, score: i32, contributor: String, contribution: u64 },
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    #[error(transparent)]
    Engine(#[from] engine::Error),
    #[error(transparent)]
    Scheduler(#[from] crate::scheduler::Gone),
    #[error(transparent)]
    Ledger(#[from] crate::ledger::LedgerError),
    #[error("the answer's sketch could not be made: {0}")]
    Sketch(String),
    #[error("the decoding thread gave the request up")]
    Dropped,
    #[error("{0}")]
    Proof(#[from] proof::Error),
}

/// All that answering needs.
pub struct Answerer {
    pub tokenizer: Tokenizer,
    pub scheduler: Scheduler,
    pub cashier: Arc<Cashier>,
    /// Signs receipts.
    pub key: Keypair,
    /// Tokens that prompt and answer may have together.
    pub context: usize,
    /// One sketch at a time: it uses all cores, and decoding goes first.
    pub sketching: Mutex<()>,
}

/// A question whose prompt is tokens now.
pub struct Ready {
    pub prompt: Prompt,
    pub tokens: Vec<u32>,
    pub sampling: Sampling,
    pub offer: Offer,
}

impl Answerer {
    /// Tokenises a question.
    pub fn prepare(
        &self,
        served: &Served,
        prompt: Prompt,
        max_tokens: u32,
        sampling: Sampling,
    ) -> Result<Ready, AnswerError> {
        let tokens = prompt.tokens(&self.tokenizer)?;
        if tokens.is_empty() {
            return Err(engine::Error::Request("the prompt is empty".into()).into());
        }
        let together = tokens.len().saturating_add(max_tokens as usize);
        if together > self.context {
            return Err(engine::Error::TooLong { tokens: together, context: self.context }.into());
        }
        let offer = Offer {
            model: served.model,
            revision: served.revision,
            price_in: served.price_in,
            price_out: served.price_out,
            tokens_in: count(tokens.len())?,
            prompt_bytes: count(prompt.tokenized_length(&self.tokenizer)?)?,
        };
        Ok(Ready { prompt, tokens, sampling, offer })
    }

    /// Decodes, gives each piece of text to `on_text`, then sketches, signs and syncs the receipt.
    pub async fn answer(
        self: &Arc<Self>,
        served: Arc<Served>,
        ready: Ready,
        ticket: Ticket,
        mut on_text: impl FnMut(&str) + Send,
    ) -> Result<Answer, AnswerError> {
        let (progress, mut events) = mpsc::unbounded_channel();
        self.scheduler.submit(
            Request {
                prompt: ready.tokens.clone(),
                adapter: served.adapter.clone(),
                sampling: ready.sampling,
                max_new_tokens: ticket.request.body.max_tokens_out as usize,
                stop: self.tokenizer.stop_tokens(),
            },
            progress,
        )?;
        let mut stream = TextStream::default();
        let mut tokens = Vec::new();
        let mut text = String::new();
        let finish = loop {
            match events.recv().await.ok_or(AnswerError::Dropped)? {
                Progress::Token(token) => {
                    tokens.push(token);
                    let piece = stream.push(&self.tokenizer, token);
                    on_text(&piece);
                    text.push_str(&piece);
                }
                Progress::Done(finish) => break finish,
                Progress::Refused(error) => return Err(error.into()),
            }
        };
        let rest = stream.finish();
        on_text(&rest);
        text.push_str(&rest);
        let this = self.clone();
        let done = tokio::task::spawn_blocking(move || this.settle(&served, &ready, ticket, &tokens, text, finish));
        done.await.map_err(|_| AnswerError::Dropped)?
    }

    fn settle(
        &self,
        served: &Served,
        ready: &Ready,
        ticket: Ticket,
        tokens: &[u32],
        text: String,
        finish: Finish,
    ) -> Result<Answer, AnswerError> {
        let (body, offer) = (&ticket.request.body, &ready.offer);
        let common_max = ticket.terms.common_max;
        // The sketch of a private answer would tell of it, and without one there is no influence.
        let private = body.is_private();
        let sketch = if private { Vec::new() } else { self.sketch(served, &ready.tokens, tokens)? };
        let response = text.clone().into_bytes();
        let random = private.then(random_bytes);
        let tokens_out = billed(tokens.iter().filter(|token| !self.tokenizer.is_special(**token)).count(), &response)?;
        let floor = crate::payment::floor(response.len() as u64, ticket.terms.min_fee, ticket.terms.min_fee_kib);
        let fee = floor
            .and_then(|floor| crate::payment::fee(offer.tokens_in, tokens_out, offer.price_in, offer.price_out, floor))
            .ok_or(proof::Error::Overflow)?;
        let receipt = Receipt {
            channel: body.channel,
            model: body.model,
            revision: body.revision,
            adapter: served.adapter_hash,
            sequence: body.sequence,
            tokens_in: offer.tokens_in,
            tokens_out,
            fee: fee.min(body.max_fee),
            request: ticket.request.hash::<Blake2>(),
            response: Text { bytes: &response, random }.root::<Blake2>()?,
            sketch: if sketch.is_empty() { ZERO } else { sketch_hash::<Blake2>(&sketch) },
        };
        let signature = self.key.sign(&Signable::receipt::<Blake2>(&self.cashier.domain(), &receipt).digest);
        let record = ReceiptRecord {
            receipt,
            signature,
            request: ticket.request,
            response,
            random: random.map(Random),
            sketch,
            context: ticket.context.clone(),
        };
        self.cashier.with_ledger(|ledger| ledger.answer(&record))?;
        let attribution = attribution(served, common_max, &record.response, &record.sketch);
        Ok(Answer { text, finish, record, attribution })
    }

    /// An answer that was given before, as it was then; its attribution is that of now.
    pub fn again(&self, served: &Served, record: ReceiptRecord, terms: &Terms) -> Answer {
        let finish = match record.receipt.tokens_out < record.request.body.max_tokens_out {
            true => Finish::Stop,
            false => Finish::Length,
        };
        let text = String::from_utf8_lossy(&record.response).into_owned();
        let attribution = attribution(served, terms.common_max, &record.response, &record.sketch);
        Answer { text, finish, record, attribution }
    }

    fn sketch(&self, served: &Served, prompt: &[u32], response: &[u32]) -> Result<Vec<u8>, AnswerError> {
        let Some(sketcher) = served.sketcher.as_ref().filter(|_| !response.is_empty()) else { return Ok(Vec::new()) };
        let _alone = self.sketching.lock().unwrap_or_else(PoisonError::into_inner);
        let sketch = sketcher.response_sketch(prompt, response).map_err(|e| AnswerError::Sketch(e.to_string()))?;
        Ok(sketch.into_iter().map(|value| value as u8).collect())
    }
}

fn count(n: usize) -> Result<u32, proof::Error> {
    u32::try_from(n).map_err(|_| proof::Error::TooLarge)
}

/// Tokens that may be billed: those that gave text, which no receipt may put above the response's bytes and one.
fn billed(gave_text: usize, response: &[u8]) -> Result<u32, proof::Error> {
    count(gave_text.min(response.len().saturating_add(1)))
}

/// 32 bytes that nobody can guess: the hash of a new key's public part.
pub(crate) fn random_bytes() -> Hash {
    Blake2::blake2_256(&Keypair::generate().public())
}

/// What the rules give for an answer with the facts of now.
fn attribution(served: &Served, common_max: u16, response: &[u8], sketch: &[u8]) -> Vec<Shown> {
    let data = &served.data;
    let words = |start: u16, len: u16| {
        let from = usize::from(start);
        let bytes = response.get(from..from + usize::from(len)).unwrap_or_default();
        String::from_utf8_lossy(bytes).into_owned()
    };
    let who = |source: u8, index: u32| {
        let facts = data.sources.get(usize::from(source))?.contributions.get(index as usize)?;
        Some((chain::ss58(&chain::AccountId::from(facts.contributor)), facts.contribution))
    };
    let matches = data.spans.response(response);
    let entries = span_rule::entries(response, &data.revision.policy, common_max, &matches);
    let mut shown: Vec<Shown> = entries
        .unwrap_or_default()
        .iter()
        .filter_map(|entry| match entry {
            Entry::Span(span) => {
                let (contributor, contribution) = who(span.credited.source, span.credited.index)?;
                let text = words(span.start, span.len);
                Some(Shown::Span { start: span.start, len: span.len, text, contributor, contribution })
            }
            Entry::Exempt(range) => {
                Some(Shown::Common { start: range.start, len: range.len, text: words(range.start, range.len) })
            }
            Entry::Influence(_) | Entry::Retrieval(_) => None,
        })
        .collect();
    if let Some(rows) = data.rows.as_ref().filter(|rows| rows.dimension() == sketch.len()) {
        for best in influence_rule::best(rows.scores(sketch)) {
            let Some(row) = rows.row(best.row) else { continue };
            if let Some((contributor, contribution)) = who(row.source, row.index) {
                shown.push(Shown::Influence { row: best.row, score: best.score, contributor, contribution });
            }
        }
    }
    shown
}
