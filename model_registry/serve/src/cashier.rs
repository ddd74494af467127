//! Whether a request is answered: against the chain, against what the host answered, and against what it would cost. A voucher
//! pays for what was answered and opens nothing: who is served has signed a request for this answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chain::{AccountId, Chain, ChainError, account_bytes, read, verify};
use ink::message_builder;
use openledger_abi::escrow::{Channel, ChannelStatus, Escrow, ParameterSet, Session};
use openledger_abi::models::ModelRegistry;
use openledger_abi::payout::Payout;
use proof::limits::MAX_CONTEXT_BYTES;
use proof::request::{FLAG_PRIVATE, SignedRequest, context_hash, no_context, prompt_hash};
use proof::signed::{Domain, Signable};
use proof::{Account, Blake2, Hash};
use suite::Suite;
use worker::published::{FetchOrder, Lane, PrivateText, ReceiptRecord};

use crate::ledger::{Head, Ledger, LedgerError, SignedVoucher, Taken};
use crate::payment::{self, Asking};

/// A voucher must stay redeemable for at least so long, and so must what a session key signs (chain time).
pub const MIN_DEADLINE_MS: u64 = 3_600_000;
/// How far the clocks of payers and of the chain may be apart: a place lapses so long after its deadline.
pub const SKEW_MS: u64 = 60_000;
/// The longest life of an order to fetch a private text.
pub const MAX_FETCH_MS: u64 = 3_600_000;

/// Why a request is not answered. Each names what is wrong and says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Unpaid {
    #[error("escrow has no channel {0}: open one to this host with `openledger channel open`")]
    NoChannel(u64),
    #[error("channel {0} pays another host")]
    OtherHost(u64),
    #[error("channel {0} is closing or closed: open another one")]
    NotOpen(u64),
    #[error("the request's model is {got}, what is asked is model {wanted}")]
    OtherModel { got: u32, wanted: u32 },
    #[error("the request's revision is {got}, this host serves revision {wanted}")]
    OtherRevision { got: u32, wanted: u32 },
    #[error("the request's parameter set is {got}, the current one is {wanted}")]
    OtherParams { got: u32, wanted: u32 },
    #[error("the request's prompt hash is not that of what is asked, with these random bytes")]
    OtherPrompt,
    #[error(
        "the request's prompt bytes are {got}, but the text for the tokenizer has {wanted}, template and chunks included"
    )]
    PromptBytes { got: u32, wanted: u32 },
    #[error("the request's max tokens out are 0")]
    NoTokens,
    #[error("the request's max fee is {got}, this answer may cost {wanted} (10^-18 OPEN)")]
    MaxFee { got: u128, wanted: u128 },
    #[error("the request's flags are {0:#04x}: bit 0 (private) is the only one that there is")]
    Flags(u8),
    #[error("the request's context hash is not that of the context list that came with it")]
    OtherContext,
    #[error("the context list has {0} bytes, at most {most} count: 9 a chunk", most = MAX_CONTEXT_BYTES)]
    LongContext(usize),
    #[error("the request's deadline is over ({deadline}, it is {now})")]
    DeadlineOver { deadline: u64, now: u64 },
    #[error("key {0} is neither the payer of this channel nor one of its session keys")]
    OtherKey(String),
    #[error("session key {0} ends within the hour: what it signs might not be redeemed")]
    SessionEnds(String),
    #[error("the session's cap leaves {left}, this answer may cost {wanted} (10^-18 OPEN)")]
    SessionCap { left: u128, wanted: u128 },
    #[error(
        "payer {payer} may not use model {model}: its owner has not listed the payer, wants a stake of it, or has paused the model"
    )]
    NotAllowed { model: u32, payer: String },
    #[error("the {what}'s signature is not its key's over this {what} for this escrow on this chain")]
    BadSignature { what: &'static str },
    #[error("the voucher's deadline is less than an hour away: sign one that lasts longer")]
    TooShort,
    #[error(
        "{unpaid} answers of channel {channel} wait for a voucher and this request adds {added}; this host serves {max} ahead: acknowledge the last answer (POST /openledger/vouchers)"
    )]
    Ahead { channel: u64, unpaid: u64, added: u64, max: u64 },
    #[error("the channel's deposit covers {left} more (10^-18 OPEN), this answer may cost {wanted}: top it up")]
    Deposit { left: u128, wanted: u128 },
    #[error("this request is being answered: send it again in a moment")]
    BeingAnswered,
    #[error("no private answer here has that response root")]
    NoSuchText,
    #[error("the order's key is neither that of the answer's payer nor an oracle's of the current set")]
    NotForYou,
    #[error("the order's deadline is over, or more than an hour away")]
    OrderDeadline,
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Chain(#[from] ChainError),
}

/// What a host offers for one question: nobody is bound by it before a request names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    pub model: u32,
    pub revision: u32,
    /// For 1,000 tokens.
    pub price_in: u128,
    pub price_out: u128,
    pub tokens_in: u32,
    /// Bytes of the text for the tokenizer.
    pub prompt_bytes: u32,
}

impl Offer {
    /// The most that an answer of so many tokens may cost.
    pub fn bound(&self, max_tokens: u32, terms: &Terms) -> Option<u128> {
        let floor = payment::floor(payment::most_bytes(max_tokens), terms.min_fee, terms.min_fee_kib)?;
        payment::fee(self.tokens_in, max_tokens, self.price_in, self.price_out, floor)
    }
}

/// Escrow's parameter set, as far as answers go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    pub params: u32,
    pub min_fee: u128,
    pub min_fee_kib: u128,
    /// The longest quote that is shown as common knowledge.
    pub common_max: u16,
}

/// The host's books and what it may count on.
pub struct Cashier {
    chain: Arc<dyn Chain>,
    suite: Suite,
    host: AccountId,
    max_unpaid: u64,
    books: Mutex<Books>,
}

struct Books {
    ledger: Ledger,
    /// Requests whose answers are being made, by their hashes.
    busy: HashMap<Hash, Lane>,
}

/// An answer that was allowed; ends when it is dropped.
pub struct Ticket {
    cashier: Arc<Cashier>,
    pub request: SignedRequest,
    pub context: Vec<u8>,
    pub terms: Terms,
    hash: Hash,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.cashier.books().busy.remove(&self.hash);
    }
}

/// What a request leads to.
pub enum Admitted {
    /// Its answer is to be made.
    Begin(Box<Ticket>),
    /// It was answered before, under these terms.
    Again(Box<ReceiptRecord>, Terms),
}

impl Cashier {
    /// Over an opened ledger.
    pub fn new(chain: Arc<dyn Chain>, suite: Suite, host: AccountId, max_unpaid: u64, ledger: Ledger) -> Self {
        let books = Mutex::new(Books { ledger, busy: HashMap::new() });
        Self { chain, suite, host, max_unpaid, books }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `f` on the ledger.
    pub fn with_ledger<T>(&self, f: impl FnOnce(&mut Ledger) -> T) -> T {
        f(&mut self.books().ledger)
    }

    /// Answers served ahead of vouchers, at most.
    pub fn max_unpaid(&self) -> u64 {
        self.max_unpaid
    }

    /// The domain of requests, vouchers and receipts.
    pub fn domain(&self) -> Domain {
        Suite::domain(self.chain.genesis(), self.suite.escrow)
    }

    pub(crate) fn chain(&self) -> &Arc<dyn Chain> {
        &self.chain
    }

    pub(crate) fn suite(&self) -> &Suite {
        &self.suite
    }

    /// Escrow's current parameter set.
    pub fn terms(&self) -> Result<Terms, Unpaid> {
        self.terms_of(read(&*self.chain, self.suite.escrow, message_builder!(Escrow).current_parameters())?)
    }

    /// A parameter set by its number; all are kept.
    fn terms_of(&self, params: u32) -> Result<Terms, Unpaid> {
        let set: Option<ParameterSet> =
            read(&*self.chain, self.suite.escrow, message_builder!(Escrow).parameters(params))?;
        let set = set.ok_or_else(|| ChainError::Input(format!("escrow has no parameter set {params}")))?;
        Ok(Terms { params, min_fee: set.min_fee, min_fee_kib: set.min_fee_kib, common_max: set.common_max })
    }

    /// Checks a voucher and takes it into the ledger. The channel may be closing: what was answered is still redeemed then.
    pub fn take(&self, voucher: &SignedVoucher) -> Result<(), Unpaid> {
        let channel = self.channel(voucher.channel)?;
        if channel.status == ChannelStatus::Closed {
            return Err(Unpaid::NotOpen(voucher.channel));
        }
        self.session(voucher.channel, &channel, &voucher.key)?;
        let signable = Signable::voucher::<Blake2>(&self.domain(), &voucher.body());
        if !signable.verified_by(|message| verify(&voucher.key, message, &voucher.signature)) {
            return Err(Unpaid::BadSignature { what: "voucher" });
        }
        if voucher.deadline < self.chain.now()?.saturating_add(MIN_DEADLINE_MS) {
            return Err(Unpaid::TooShort);
        }
        Ok(self.books().ledger.accept(voucher)?)
    }

    /// Whether a request by `key` would be answered, before anything is signed: only a request's own bytes are not judged.
    pub fn consider(&self, channel: u64, key: &Account, model: u32, bound: u128) -> Result<(), Unpaid> {
        let known = self.served_channel(channel)?;
        let session = self.session(channel, &known, key)?;
        self.may_use(model, &known)?;
        let books = self.books();
        let lane = Lane { channel, model, key: *key };
        self.affordable(&books.ledger, &known, session.as_ref(), &lane, 1, bound)
    }

    /// Lets the answer to a request begin, or returns the one that it got before.
    pub fn admit(self: &Arc<Self>, offer: &Offer, prompt: &[u8], asking: Asking) -> Result<Admitted, Unpaid> {
        let Asking { request, random, context, voucher } = asking;
        let body = &request.body;
        if prompt_hash::<Blake2>(&random, prompt) != body.prompt {
            return Err(Unpaid::OtherPrompt);
        }
        let paid = voucher.as_ref().map_or(Ok(()), |voucher| self.take(voucher));
        // The same bytes again, by whom can open them, get the same answer, whatever has changed since: also if the voucher beside
        // them can't be taken any more.
        let taken = self.books().ledger.taken(&request)?;
        if let Some(Taken::Answered(record)) = taken {
            return Ok(Admitted::Again(record, self.terms_of(body.params)?));
        }
        paid?;
        let terms = self.terms()?;
        self.judge(offer, &request, &context, &terms)?;
        let channel = self.served_channel(body.channel)?;
        let session = self.session(body.channel, &channel, &request.key)?;
        let signable = Signable::request::<Blake2>(&self.domain(), body);
        if !signable.verified_by(|message| verify(&request.key, message, &request.signature)) {
            return Err(Unpaid::BadSignature { what: "request" });
        }
        self.may_use(body.model, &channel)?;
        let lane = Lane::of(&request);
        let hash = request.hash::<Blake2>();
        let mut books = self.books();
        if books.busy.contains_key(&hash) {
            return Err(Unpaid::BeingAnswered);
        }
        // A request that has its place already was counted when it got it.
        if books.ledger.taken(&request)?.is_none() {
            let added = books.ledger.added(&lane, body.sequence);
            self.affordable(&books.ledger, &channel, session.as_ref(), &lane, added, body.max_fee)?;
        }
        match books.ledger.take(&request)? {
            Taken::Answered(record) => Ok(Admitted::Again(record, terms)),
            Taken::Waiting => {
                books.busy.insert(hash, lane);
                Ok(Admitted::Begin(Box::new(Ticket { cashier: self.clone(), request, context, terms, hash })))
            }
        }
    }

    /// A request's own fields against what is offered.
    fn judge(&self, offer: &Offer, request: &SignedRequest, context: &[u8], terms: &Terms) -> Result<(), Unpaid> {
        let body = &request.body;
        if body.model != offer.model {
            return Err(Unpaid::OtherModel { got: body.model, wanted: offer.model });
        }
        if body.revision != offer.revision {
            return Err(Unpaid::OtherRevision { got: body.revision, wanted: offer.revision });
        }
        if body.params != terms.params {
            return Err(Unpaid::OtherParams { got: body.params, wanted: terms.params });
        }
        if body.prompt_bytes < offer.prompt_bytes {
            return Err(Unpaid::PromptBytes { got: body.prompt_bytes, wanted: offer.prompt_bytes });
        }
        if body.max_tokens_out == 0 {
            return Err(Unpaid::NoTokens);
        }
        let wanted = offer.bound(body.max_tokens_out, terms).ok_or(LedgerError::Overflow)?;
        if body.max_fee < wanted {
            return Err(Unpaid::MaxFee { got: body.max_fee, wanted });
        }
        if body.flags & !FLAG_PRIVATE != 0 {
            return Err(Unpaid::Flags(body.flags));
        }
        // No oracle attests a longer one: what is asked about a report must fit an answer.
        if context.len() > MAX_CONTEXT_BYTES {
            return Err(Unpaid::LongContext(context.len()));
        }
        let listed = match context.is_empty() {
            true => no_context::<Blake2>(&body.context),
            false => context_hash::<Blake2>(context) == body.context,
        };
        if !listed {
            return Err(Unpaid::OtherContext);
        }
        let now = self.chain.now()?;
        if body.deadline <= now {
            return Err(Unpaid::DeadlineOver { deadline: body.deadline, now });
        }
        Ok(())
    }

    /// Whether the payer is not too far ahead, and its deposit and its session's cap cover all that was answered or asked for
    /// so far, over all models, and this.
    fn affordable(
        &self,
        ledger: &Ledger,
        channel: &Channel,
        session: Option<&Session>,
        lane: &Lane,
        added: u64,
        bound: u128,
    ) -> Result<(), Unpaid> {
        let unpaid = ledger.ahead(lane.channel);
        if unpaid.saturating_add(added) > self.max_unpaid {
            return Err(Unpaid::Ahead { channel: lane.channel, unpaid, added, max: self.max_unpaid });
        }
        let left = channel.deposit.saturating_sub(ledger.committed(lane.channel).max(channel.spent));
        if left < bound {
            return Err(Unpaid::Deposit { left, wanted: bound });
        }
        if let Some(session) = session {
            let committed = ledger.committed_by(lane.channel, &lane.key).max(session.spent);
            let left = session.cap.saturating_sub(committed);
            if left < bound {
                return Err(Unpaid::SessionCap { left, wanted: bound });
            }
        }
        Ok(())
    }

    /// Takes the payer's last voucher, if it shows one, then lets places lapse whose time is over. Returns the head.
    pub fn told(&self, lane: &Lane, voucher: Option<&SignedVoucher>) -> Result<Head, Unpaid> {
        if let Some(voucher) = voucher {
            if voucher.lane() != *lane {
                return Err(Unpaid::OtherKey(hex::encode(voucher.key)));
            }
            self.take(voucher)?;
        }
        let over = self.chain.now()?.saturating_sub(SKEW_MS);
        let mut books = self.books();
        // Nothing of a lane lapses while an answer is being made there: it would be lost for both.
        if books.busy.values().all(|busy| busy != lane) {
            books.ledger.lapse(lane, over)?;
        }
        Ok(books.ledger.told(lane))
    }

    /// The text of a private answer, for its payer and for the oracles of the current set.
    pub fn private_text(&self, order: &FetchOrder) -> Result<PrivateText, Unpaid> {
        let now = self.chain.now()?;
        if order.deadline < now || order.deadline > now.saturating_add(MAX_FETCH_MS) {
            return Err(Unpaid::OrderDeadline);
        }
        let host = account_bytes(&self.host);
        let signable = FetchOrder::signable(&self.domain(), &host, &order.object, &order.key, order.deadline);
        if !signable.verified_by(|message| verify(&order.key, message, &order.signature)) {
            return Err(Unpaid::BadSignature { what: "order" });
        }
        let record = self.books().ledger.by_response(&order.object)?.ok_or(Unpaid::NoSuchText)?;
        let Some(random) = record.random else { return Err(Unpaid::NoSuchText) };
        let channel = self.channel(record.receipt.channel)?;
        let own = record.request.key == order.key || account_bytes(&channel.payer) == order.key;
        if !own && !self.is_oracle(&order.key)? {
            return Err(Unpaid::NotForYou);
        }
        Ok(PrivateText { response: record.response, random, sketch: record.sketch })
    }

    fn is_oracle(&self, key: &Account) -> Result<bool, Unpaid> {
        let number = read(&*self.chain, self.suite.payout, message_builder!(Payout).current_set())?;
        let set = read(&*self.chain, self.suite.payout, message_builder!(Payout).oracle_set(number))?;
        Ok(set.is_some_and(|set| set.oracles.iter().any(|oracle| oracle.key == *key)))
    }

    fn channel(&self, number: u64) -> Result<Channel, Unpaid> {
        let channel = read(&*self.chain, self.suite.escrow, message_builder!(Escrow).channel(number))?
            .ok_or(Unpaid::NoChannel(number))?;
        if channel.host != self.host {
            return Err(Unpaid::OtherHost(number));
        }
        Ok(channel)
    }

    fn served_channel(&self, number: u64) -> Result<Channel, Unpaid> {
        let channel = self.channel(number)?;
        match channel.status {
            ChannelStatus::Open => Ok(channel),
            ChannelStatus::Exiting { .. } | ChannelStatus::Closed => Err(Unpaid::NotOpen(number)),
        }
    }

    /// The session of a key, `None` if it is the payer's own.
    fn session(&self, number: u64, channel: &Channel, key: &Account) -> Result<Option<Session>, Unpaid> {
        if *key == account_bytes(&channel.payer) {
            return Ok(None);
        }
        let session = read(&*self.chain, self.suite.escrow, message_builder!(Escrow).session(number, *key))?
            .ok_or_else(|| Unpaid::OtherKey(hex::encode(key)))?;
        if session.expires_at <= self.chain.now()?.saturating_add(MIN_DEADLINE_MS) {
            return Err(Unpaid::SessionEnds(hex::encode(key)));
        }
        Ok(Some(session))
    }

    fn may_use(&self, model: u32, channel: &Channel) -> Result<(), Unpaid> {
        let may_use = message_builder!(ModelRegistry).may_use(model, channel.payer);
        match read(&*self.chain, self.suite.model_registry, may_use)? {
            true => Ok(()),
            false => Err(Unpaid::NotAllowed { model, payer: chain::ss58(&channel.payer) }),
        }
    }
}
