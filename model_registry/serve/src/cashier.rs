//! Whether a request pays: the voucher against the chain and against what the host answered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use chain::{AccountId, Chain, ChainError, Keypair, account_bytes, read, send, verify};
use ink::message_builder;
use openledger_abi::escrow::{Channel, ChannelStatus, Escrow, Redemption};
use openledger_abi::models::ModelRegistry;
use proof::receipt::ReceiptLeaf;
use proof::signed::{Domain, Signable};
use proof::{Blake2, Node};
use suite::Suite;

use crate::ledger::{Ledger, LedgerError, SignedVoucher};

/// A voucher must stay redeemable for at least so long (chain time).
pub const MIN_DEADLINE_MS: u64 = 3_600_000;

/// Why a request does not pay. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Unpaid {
    #[error("escrow has no channel {0}: open one to this host with `openledger channel open`")]
    NoChannel(u64),
    #[error("channel {0} pays another host")]
    OtherHost(u64),
    #[error("channel {0} is closing or closed: open another one")]
    NotOpen(u64),
    #[error("the voucher is for model {got}, the request for model {wanted}")]
    OtherModel { got: u32, wanted: u32 },
    #[error(
        "payer {payer} may not use model {model}: its owner has not listed the payer, wants a stake of it, or has paused the model"
    )]
    NotAllowed { model: u32, payer: String },
    #[error(
        "the voucher's signature is not the payer's (or a live session key's) over this voucher for this escrow on this chain"
    )]
    BadSignature,
    #[error("the voucher's deadline is less than an hour away: sign one that lasts longer")]
    TooShort,
    #[error(
        "{unpaid} answers of channel {channel} wait for a voucher, this host serves {max} ahead: acknowledge the last answer (POST /openledger/vouchers)"
    )]
    Ahead { channel: u64, unpaid: u64, max: u64 },
    #[error("the channel's deposit covers {left} more (10^-18 OPEN), this answer may cost {wanted}: top it up")]
    Deposit { left: u128, wanted: u128 },
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Chain(#[from] ChainError),
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
    /// Answers being made, by channel, and the most that each may cost.
    in_flight: HashMap<u64, Vec<u128>>,
}

/// An answer that was allowed; ends when it is dropped.
pub struct Ticket {
    cashier: Arc<Cashier>,
    pub channel: u64,
    pub payer: AccountId,
    bound: u128,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut books = self.cashier.books();
        if let Some(bounds) = books.in_flight.get_mut(&self.channel) {
            if let Some(at) = bounds.iter().position(|bound| *bound == self.bound) {
                bounds.swap_remove(at);
            }
        }
    }
}

impl Cashier {
    /// Over an opened ledger.
    pub fn new(chain: Arc<dyn Chain>, suite: Suite, host: AccountId, max_unpaid: u64, ledger: Ledger) -> Self {
        let books = Mutex::new(Books { ledger, in_flight: HashMap::new() });
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

    /// The domain of vouchers and receipts.
    pub fn domain(&self) -> Domain {
        Suite::domain(self.chain.genesis(), self.suite.escrow)
    }

    /// Checks a voucher and takes it into the ledger. Returns the channel.
    pub fn take(&self, voucher: &SignedVoucher) -> Result<Channel, Unpaid> {
        let channel = self.channel(voucher.channel)?;
        self.check_signature(voucher, &channel)?;
        if voucher.deadline < self.chain.now()?.saturating_add(MIN_DEADLINE_MS) {
            return Err(Unpaid::TooShort);
        }
        self.books().ledger.accept(voucher)?;
        Ok(channel)
    }

    /// Takes the voucher of a request for `model` that may cost `bound`, and lets the answer begin.
    pub fn admit(self: &Arc<Self>, model: u32, voucher: &SignedVoucher, bound: u128) -> Result<Ticket, Unpaid> {
        if voucher.model != model {
            return Err(Unpaid::OtherModel { got: voucher.model, wanted: model });
        }
        let channel = self.take(voucher)?;
        let may_use = message_builder!(ModelRegistry).may_use(model, channel.payer);
        if !read(&*self.chain, self.suite.model_registry, may_use)? {
            return Err(Unpaid::NotAllowed { model, payer: chain::ss58(&channel.payer) });
        }
        let mut books = self.books();
        let number = voucher.channel;
        let flying = books.in_flight.get(&number).cloned().unwrap_or_default();
        let unpaid = books.ledger.unpaid(number) + flying.len() as u64;
        if unpaid >= self.max_unpaid {
            return Err(Unpaid::Ahead { channel: number, unpaid, max: self.max_unpaid });
        }
        let committed = flying.iter().fold(books.ledger.charged(number), |sum, bound| sum.saturating_add(*bound));
        let left = channel.deposit.saturating_sub(committed);
        if left < bound {
            return Err(Unpaid::Deposit { left, wanted: bound });
        }
        books.in_flight.entry(number).or_default().push(bound);
        Ok(Ticket { cashier: self.clone(), channel: number, payer: channel.payer, bound })
    }

    fn channel(&self, number: u64) -> Result<Channel, Unpaid> {
        let channel = read(&*self.chain, self.suite.escrow, message_builder!(Escrow).channel(number))?
            .ok_or(Unpaid::NoChannel(number))?;
        if channel.host != self.host {
            return Err(Unpaid::OtherHost(number));
        }
        match channel.status {
            ChannelStatus::Open => Ok(channel),
            ChannelStatus::Exiting { .. } | ChannelStatus::Closed => Err(Unpaid::NotOpen(number)),
        }
    }

    fn check_signature(&self, voucher: &SignedVoucher, channel: &Channel) -> Result<(), Unpaid> {
        let key = match voucher.session_key()? {
            None => account_bytes(&channel.payer),
            Some(key) => {
                let call = message_builder!(Escrow).session(voucher.channel, key);
                let session = read(&*self.chain, self.suite.escrow, call)?.ok_or(Unpaid::BadSignature)?;
                let now = self.chain.now()?;
                if session.expires_at <= now.saturating_add(MIN_DEADLINE_MS) || session.cap < voucher.fee {
                    return Err(Unpaid::BadSignature);
                }
                key
            }
        };
        let signable = Signable::voucher::<Blake2>(&self.domain(), &voucher.body());
        match signable.verified_by(|message| verify(&key, message, &voucher.signature)) {
            true => Ok(()),
            false => Err(Unpaid::BadSignature),
        }
    }

    /// Redeems every voucher that covers more than was paid. Returns (channel, model, batch) of each.
    ///
    /// One that is refused stops none of the others.
    pub fn redeem(&self, key: &Keypair) -> Vec<anyhow::Result<(u64, u32, u64)>> {
        let vouchers = self.books().ledger.vouchers();
        let redeemed = vouchers.iter().map(|voucher| {
            let outcome = self.redeem_one(key, voucher);
            outcome.with_context(|| format!("redeeming channel {}, model {}", voucher.channel, voucher.model))
        });
        redeemed.filter_map(anyhow::Result::transpose).collect()
    }

    /// `None` if nothing of it is unpaid.
    fn redeem_one(&self, key: &Keypair, voucher: &SignedVoucher) -> anyhow::Result<Option<(u64, u32, u64)>> {
        let escrow = self.suite.escrow;
        let paid = read(&*self.chain, escrow, message_builder!(Escrow).paid(voucher.channel, voucher.model))?;
        if paid.count >= voucher.count {
            return Ok(None);
        }
        let first = self.opening(voucher, paid.count)?;
        let redemption = Redemption {
            voucher: voucher.body(),
            session: voucher.session_key()?,
            signature: voucher.signature,
            first,
        };
        let sent = send(&*self.chain, key, escrow, message_builder!(Escrow).redeem(redemption))
            .map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(Some((voucher.channel, voucher.model, sent.value)))
    }

    fn opening(
        &self,
        voucher: &SignedVoucher,
        from: u64,
    ) -> Result<openledger_abi::escrow::ReceiptOpening, LedgerError> {
        let (channel, model) = (voucher.channel, voucher.model);
        let books = self.books();
        let (_, path): (Node, Vec<Node>) = books.ledger.path(channel, model, from, voucher.count)?;
        let records = books.ledger.records(channel, model, from, from + 1, 1)?;
        let record = records.into_iter().next().ok_or(LedgerError::Overflow)?;
        let receipt = proof::receipt::Receipt::from(record.receipt);
        let leaf: ReceiptLeaf = receipt.leaf(receipt.hash::<Blake2>());
        Ok(openledger_abi::escrow::ReceiptOpening { leaf, path })
    }
}
