//! Attesting redeemed batches: no fee is split and nothing is credited before n − f oracles hold the bytes that it rests on.
//!
//! Each oracle looks through the batches that wait. The one whose turn it is fetches and checks all of a batch, keeps it, signs, and
//! asks the others, who do the same. A batch that can't be had is tried again later and later, and stops no other.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chain::{CallError, read, send};
use ink::message_builder;
use openledger_abi::escrow::{Escrow, EscrowError, WaitingBatch};
use openledger_abi::payout::OracleSet;
use proof::Blake2;
use proof::signed::Signable;
use serde::{Deserialize, Serialize};
use suite::Suite;

use crate::oracle::{CosignAnswer, Oracle, OracleError, Step};

/// Batches that are looked at in one round.
const PAGE: u32 = 50;
/// The first wait after a failure; it doubles up to the last.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LAST_WAIT: Duration = Duration::from_secs(300);
/// Batches whose trouble is remembered. Beyond that, the oldest are looked at as if they were new.
const REMEMBERED: usize = 4_096;

/// What one oracle asks another to sign.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AttestRequest {
    /// The batch's number among those that were redeemed.
    pub waiting: u64,
}

/// How far an oracle is with the batches that wait.
#[derive(Default)]
pub struct Attesting {
    /// No batch below this number waits.
    low: u64,
    /// Where the next round looks.
    scan: u64,
    seen: HashMap<u64, Seen>,
}

/// A batch that waits, as this oracle saw it.
struct Seen {
    since: Instant,
    next: Instant,
    failures: u32,
}

impl Seen {
    fn new(now: Instant) -> Self {
        Self { since: now, next: now, failures: 0 }
    }

    /// It did not work: later again.
    fn fail(&mut self, now: Instant) {
        self.next = now + FIRST_WAIT.saturating_mul(1 << self.failures.min(16)).min(LAST_WAIT);
        self.failures = self.failures.saturating_add(1);
    }
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
    fn looked(&mut self, first: u64, count: u64, waiting: &[(u64, WaitingBatch)]) {
        let end = first.saturating_add(u64::from(PAGE)).min(count);
        if first == self.low {
            self.low = waiting.first().map_or(end, |(number, _)| *number);
        }
        self.scan = end;
        let (low, numbers) = (self.low, first..end);
        self.seen.retain(|number, _| {
            *number >= low && (!numbers.contains(number) || waiting.iter().any(|(known, _)| known == number))
        });
        if self.seen.len() > REMEMBERED {
            self.seen.clear();
        }
    }
}

impl Oracle {
    /// Attests the next batch that it is this oracle's turn for. Trouble with one batch is told once all of a page were looked at.
    pub(crate) fn attest(&self) -> Result<Step, OracleError> {
        let escrow = self.suite().escrow;
        let count = read(&**self.chain(), escrow, message_builder!(Escrow).waiting_count())?;
        let first = self.attesting(|state| state.page(count));
        if first >= count {
            return Ok(Step::Waiting);
        }
        let page = read(&**self.chain(), escrow, message_builder!(Escrow).waiting_batches(first, PAGE))?;
        self.attesting(|state| state.looked(first, count, &page));
        if page.is_empty() {
            return Ok(Step::Waiting);
        }
        let (number, set) = self.current_set()?;
        let Some(before) = self.turns_before(&set)? else { return Ok(Step::Waiting) };
        let mut trouble = None;
        for (waiting, batch) in page {
            let now = Instant::now();
            let due = self.attesting(|state| {
                let seen = state.seen.entry(waiting).or_insert_with(|| Seen::new(now));
                now >= seen.next && seen.since.elapsed() >= self.patience() * before
            });
            if !due {
                continue;
            }
            match self.attest_one(waiting, &batch, number, &set) {
                Ok(Step::Waiting) => {}
                Ok(step) => return Ok(step),
                Err(error) => {
                    self.attesting(|state| {
                        if let Some(seen) = state.seen.get_mut(&waiting) {
                            seen.fail(now);
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
        let mine = self.hold_and_sign(waiting, batch, number, set)?;
        let digest = self.attestation(waiting, batch, number).digest;
        let request = AttestRequest { waiting };
        let what = format!("batch {waiting}");
        let (signers, signatures) = self.collect(what, set, &digest, mine, "attest", &request)?;
        let count = signatures.len();
        let call = message_builder!(Escrow).attest(waiting, signers, signatures);
        match send(&**self.chain(), self.key(), self.suite().escrow, call) {
            Ok(sent) => Ok(Step::Attested { waiting, batch: sent.value, signatures: count }),
            // Another oracle was faster.
            Err(CallError::Message(EscrowError::NotWaiting)) => Ok(Step::Waiting),
            Err(error) => Err(OracleError::NotAttested { waiting, reason: error.to_string() }),
        }
    }

    /// Answers another oracle's request: signs once this oracle holds the batch itself.
    pub fn cosign_batch(&self, request: &AttestRequest) -> Result<CosignAnswer, OracleError> {
        let waiting = request.waiting;
        let call = message_builder!(Escrow).waiting(waiting);
        let Some(batch) = read(&**self.chain(), self.suite().escrow, call)? else {
            return Ok(CosignAnswer::Differs { reason: format!("no batch {waiting} waits") });
        };
        let (number, set) = self.current_set()?;
        let (place, signature) = self.hold_and_sign(waiting, &batch, number, &set)?;
        Ok(CosignAnswer::Signed { place, signature })
    }

    fn hold_and_sign(
        &self,
        waiting: u64,
        batch: &WaitingBatch,
        number: u32,
        set: &OracleSet,
    ) -> Result<(u8, [u8; 64]), OracleError> {
        let place = self.place(number, set)?;
        self.hold(&batch.batch)?;
        Ok((place, self.signing_key().sign(&self.attestation(waiting, batch, number).digest)))
    }

    fn attestation(&self, waiting: u64, batch: &WaitingBatch, set: u32) -> Signable {
        let domain = Suite::domain(self.chain().genesis(), self.suite().escrow);
        Signable::batch::<Blake2>(&domain, &batch.body(waiting, set))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_that_fails_is_tried_again_later_and_later_and_never_given_up() {
        let now = Instant::now();
        let mut seen = Seen::new(now);
        let mut waits = Vec::new();
        for _ in 0..12 {
            seen.fail(now);
            waits.push(seen.next - now);
        }
        assert_eq!(waits[..4], [1, 2, 4, 8].map(Duration::from_secs));
        assert_eq!(waits.last(), Some(&LAST_WAIT));
    }

    #[test]
    fn rounds_go_through_all_that_waits_and_begin_again() {
        let mut state = Attesting::default();
        assert_eq!(state.page(0), 0);
        assert_eq!(state.page(120), 0);
        state.looked(0, 120, &[]);
        assert_eq!((state.low, state.page(120)), (50, 50));
        state.looked(50, 120, &[]);
        state.looked(100, 120, &[]);
        assert_eq!(state.low, 120);
        assert_eq!(state.page(121), 120);
    }
}
