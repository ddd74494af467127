//! Attesting redeemed batches: no fee is split and nothing is credited before n − f oracles hold the bytes that it rests on.
//!
//! Each oracle looks through the batches that wait ([`Oracle::scan`]) and fetches, checks and keeps all of each
//! ([`Oracle::hold_next`], in a few threads of its own, one batch of a host at a time). The one whose turn it is collects the others'
//! signatures and sends them in ([`Oracle::attest`]). A batch that can't be had is tried again later and later, its host is left
//! alone for so long, and neither stops another's batch, nor an epoch.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use chain::{AccountId, CallError, read};
use ink::message_builder;
use openledger_abi::escrow::{Escrow, EscrowError, WaitingBatch};
use openledger_abi::payout::OracleSet;
use proof::Blake2;
use proof::signed::Signable;
use scale::Encode;
use suite::Suite;

use crate::ask::Wish;
use crate::oracle::{CosignAnswer, Oracle, OracleError, Step};

/// Batches that are looked at in one read.
const PAGE: u32 = 50;
/// Reads in one round, if nothing waits on their pages.
const PAGES: u32 = 40;
/// The first wait after a failure; it doubles up to the last.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LAST_WAIT: Duration = Duration::from_secs(300);
/// Batches that are remembered. Beyond that, those that failed most are forgotten.
const REMEMBERED: usize = 4_096;

/// Later and later.
#[derive(Debug, Clone, Copy)]
struct Wait {
    next: Instant,
    failures: u32,
}

impl Wait {
    fn new(now: Instant) -> Self {
        Self { next: now, failures: 0 }
    }

    /// It did not work: later again.
    fn fail(&mut self, now: Instant) {
        self.next = now + FIRST_WAIT.saturating_mul(1 << self.failures.min(16)).min(LAST_WAIT);
        self.failures = self.failures.saturating_add(1);
    }
}

/// How far an oracle is with the batches that wait.
#[derive(Default)]
pub struct Attesting {
    /// No batch below this number waits.
    low: u64,
    /// Where the next round looks.
    scan: u64,
    seen: HashMap<u64, Seen>,
    /// Hosts whose last batch could not be had.
    hosts: HashMap<AccountId, Wait>,
    /// Hosts of which a batch is being fetched.
    busy: HashSet<AccountId>,
}

/// A batch that waits, as this oracle saw it.
struct Seen {
    batch: WaitingBatch,
    since: Instant,
    held: bool,
    /// Fetching it, and why it did not work.
    fetch: Wait,
    trouble: Option<String>,
    /// Collecting signatures for it.
    ask: Wait,
}

impl Seen {
    fn new(batch: WaitingBatch, now: Instant) -> Self {
        Self { batch, since: now, held: false, fetch: Wait::new(now), trouble: None, ask: Wait::new(now) }
    }
}

/// What can be said of a batch at once.
#[derive(Debug, PartialEq)]
enum Known {
    Unseen,
    Held(Box<WaitingBatch>),
    NotYet(String),
}

impl Attesting {
    /// The numbers to look at in this round, of so many redeemed batches.
    fn page(&mut self, count: u64) -> u64 {
        if self.scan >= count || self.scan < self.low {
            self.scan = self.low;
        }
        self.scan
    }

    /// Takes note of which of a page's batches wait.
    fn looked(&mut self, first: u64, count: u64, waiting: Vec<(u64, WaitingBatch)>) {
        let end = first.saturating_add(u64::from(PAGE)).min(count);
        if first == self.low {
            self.low = waiting.first().map_or(end, |(number, _)| *number);
        }
        self.scan = end;
        let (low, numbers) = (self.low, first..end);
        self.seen.retain(|number, _| {
            *number >= low && (!numbers.contains(number) || waiting.iter().any(|(known, _)| known == number))
        });
        for (number, batch) in waiting {
            self.see(number, batch);
        }
    }

    fn see(&mut self, number: u64, batch: WaitingBatch) {
        if self.seen.contains_key(&number) {
            return;
        }
        if self.seen.len() >= REMEMBERED {
            let worst =
                self.seen.iter().max_by_key(|(number, seen)| (seen.fetch.failures, seen.ask.failures, **number));
            let worst = worst.map(|(number, _)| *number);
            worst.into_iter().for_each(|number| drop(self.seen.remove(&number)));
        }
        self.seen.insert(number, Seen::new(batch, Instant::now()));
    }

    /// The next batch to fetch; its host counts as busy until [`Attesting::done`]. `fresh`: only of hosts that did not fail, so that
    /// those who do can't keep all threads.
    fn next(&mut self, now: Instant, fresh: bool) -> Option<(u64, WaitingBatch)> {
        let failures = |host: &AccountId| self.hosts.get(host).map_or(0, |wait| wait.failures);
        let due = self.seen.iter().filter(|(_, seen)| {
            let host = &seen.batch.batch.host;
            !seen.held
                && seen.fetch.next <= now
                && !self.busy.contains(host)
                && self.hosts.get(host).is_none_or(|wait| wait.next <= now)
                && (!fresh || failures(host) == 0)
        });
        let first = due.min_by_key(|(number, seen)| (failures(&seen.batch.batch.host), seen.fetch.failures, **number));
        let (number, batch) = first.map(|(number, seen)| (*number, seen.batch.clone()))?;
        self.busy.insert(batch.batch.host);
        Some((number, batch))
    }

    /// How fetching went.
    fn done(&mut self, number: u64, host: AccountId, trouble: Option<String>) {
        let now = Instant::now();
        self.busy.remove(&host);
        match &trouble {
            None => drop(self.hosts.remove(&host)),
            Some(_) => self.hosts.entry(host).or_insert_with(|| Wait::new(now)).fail(now),
        }
        if let Some(seen) = self.seen.get_mut(&number) {
            seen.held = trouble.is_none();
            if trouble.is_some() {
                seen.fetch.fail(now);
            }
            seen.trouble = trouble;
        }
        if self.hosts.len() > REMEMBERED {
            self.hosts.retain(|_, wait| wait.next > now);
        }
    }

    fn known(&self, number: u64) -> Known {
        match self.seen.get(&number) {
            None => Known::Unseen,
            Some(seen) if seen.held => Known::Held(Box::new(seen.batch.clone())),
            Some(seen) => {
                let trouble = seen.trouble.as_deref().unwrap_or("it is being fetched");
                Known::NotYet(format!("batch {number} is not held yet: {trouble}"))
            }
        }
    }

    /// Batches that are held and due to be attested by who stands behind so many others.
    fn due(&self, patience: Duration) -> Vec<(u64, WaitingBatch)> {
        let now = Instant::now();
        let due = |seen: &&Seen| seen.held && seen.ask.next <= now && seen.since.elapsed() >= patience;
        let mut found: Vec<_> = self.seen.iter().filter(|(_, seen)| due(seen)).collect();
        found.sort_unstable_by_key(|(number, seen)| (seen.ask.failures, **number));
        found.into_iter().map(|(number, seen)| (*number, seen.batch.clone())).collect()
    }
}

impl Oracle {
    /// Looks at the next batches that wait.
    fn scan(&self) -> Result<(), OracleError> {
        let escrow = self.suite().escrow;
        let count = read(&**self.chain(), escrow, message_builder!(Escrow).waiting_count())?;
        for _ in 0..PAGES {
            let first = self.attesting(|state| state.page(count));
            if first >= count {
                break;
            }
            let page = read(&**self.chain(), escrow, message_builder!(Escrow).waiting_batches(first, PAGE))?;
            let waits = !page.is_empty();
            let more = self.attesting(|state| {
                state.looked(first, count, page);
                state.scan < count
            });
            if waits || !more {
                break;
            }
        }
        Ok(())
    }

    /// Fetches, checks and keeps the next batch that waits and is not held; whether there was one. In several threads at once; the
    /// `fresh` ones take only what hosts redeemed that did not fail.
    pub fn hold_next(&self, fresh: bool) -> Result<bool, OracleError> {
        let Some((number, waiting)) = self.attesting(|state| state.next(Instant::now(), fresh)) else {
            return Ok(false);
        };
        let held = self.gatherer().hold(&waiting.batch);
        let trouble = held.as_ref().err().map(ToString::to_string);
        self.attesting(|state| state.done(number, waiting.batch.host, trouble));
        held?;
        Ok(true)
    }

    /// Looks at what waits, and attests the next batch that this oracle holds and that it is its turn for.
    pub fn attest(&self) -> Result<Step, OracleError> {
        self.scan()?;
        let (number, set) = self.current_set()?;
        let Some(before) = self.turns_before(&set)? else { return Ok(Step::Waiting) };
        let mut trouble = None;
        for (waiting, batch) in self.attesting(|state| state.due(self.patience() * before)) {
            match self.attest_one(waiting, &batch, number, &set) {
                Ok(Step::Waiting) => {}
                Ok(step) => return Ok(step),
                Err(error) => {
                    self.attesting(|state| {
                        if let Some(seen) = state.seen.get_mut(&waiting) {
                            seen.ask.fail(Instant::now());
                        }
                    });
                    trouble = trouble.or(Some(error));
                }
            }
        }
        match trouble {
            Some(error) => Err(error),
            None => Ok(Step::Waiting),
        }
    }

    fn attest_one(
        &self,
        waiting: u64,
        batch: &WaitingBatch,
        number: u32,
        set: &OracleSet,
    ) -> Result<Step, OracleError> {
        let digest = self.attestation(waiting, batch, number).digest;
        let mine = (self.place(number, set)?, self.signing_key().sign(&digest));
        let what = format!("batch {waiting}");
        let (signers, signatures) = self.collect(what, set, &digest, mine, Wish::Attest, waiting.encode())?;
        let count = signatures.len();
        let sent = self.send(self.suite().escrow, message_builder!(Escrow).attest(waiting, signers, signatures));
        let step = match sent {
            Ok(sent) => Step::Attested { waiting, batch: sent.value, signatures: count },
            // Another oracle was faster.
            Err(CallError::Message(EscrowError::NotWaiting)) => Step::Waiting,
            Err(error) => return Err(OracleError::NotAttested { waiting, reason: error.to_string() }),
        };
        self.attesting(|state| state.seen.remove(&waiting));
        Ok(step)
    }

    /// Answers another oracle's question: signs if this oracle holds the batch itself. Nothing is fetched for it.
    pub(crate) fn cosign_batch(&self, waiting: u64) -> Result<CosignAnswer, OracleError> {
        let differs = |reason: String| Ok(CosignAnswer::Differs { reason });
        let batch = match self.attesting(|state| state.known(waiting)) {
            Known::Held(batch) => batch,
            Known::NotYet(reason) => return differs(reason),
            Known::Unseen => {
                let call = message_builder!(Escrow).waiting(waiting);
                let Some(batch) = read(&**self.chain(), self.suite().escrow, call)? else {
                    return differs(format!("no batch {waiting} waits"));
                };
                self.attesting(|state| state.see(waiting, batch));
                return differs(format!("batch {waiting} is not held yet: it was not seen before"));
            }
        };
        let (number, set) = self.current_set()?;
        let place = self.place(number, &set)?;
        let signature = self.signing_key().sign(&self.attestation(waiting, &batch, number).digest);
        Ok(CosignAnswer::Signed { place, signature })
    }

    fn attestation(&self, waiting: u64, batch: &WaitingBatch, set: u32) -> Signable {
        let domain = Suite::domain(self.chain().genesis(), self.suite().escrow);
        Signable::batch::<Blake2>(&domain, &batch.body(waiting, set))
    }
}

#[cfg(test)]
#[path = "attest_tests.rs"]
mod tests;
