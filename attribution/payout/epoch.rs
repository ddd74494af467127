//! Batches, which of those that wait the next epoch takes, and what a voided report does to its epoch.

use openledger_abi::payout::{Batch, Epoch, NewBatch, PayoutError, MAX_ATTEMPTS, MAX_EPOCH_RECEIPTS};
use openledger_abi::{ensure, Balance, Timestamp, BPS};
use proof::math::mul_div;

/// A batch as it is kept, after all batches with so many receipts and such pots.
pub fn record(new: &NewBatch, receipts: u64, pots: Balance, now: Timestamp) -> Result<Batch, PayoutError> {
    let count = new.count_to.checked_sub(new.count_from).ok_or(PayoutError::BadBatch)?;
    // Parts of the pot are in proportion to fees: there must be some.
    ensure!(count > 0 && new.pot > 0 && new.fee_to > new.fee_from, PayoutError::BadBatch);
    Ok(Batch {
        channel: new.channel,
        host: new.host,
        model: new.model,
        params: new.params,
        at: now,
        count_from: new.count_from,
        count_to: new.count_to,
        fee_from: new.fee_from,
        fee_to: new.fee_to,
        top: new.top,
        pot: new.pot,
        sum_counts: receipts.checked_add(count).ok_or(PayoutError::Overflow)?,
        sum_pots: pots.checked_add(new.pot).ok_or(PayoutError::Overflow)?,
    })
}

/// The epoch waits for another report. After every third one that was void, governance has to name another oracle set.
pub fn next_attempt(epoch: &mut Epoch, set: u32) -> Result<(), PayoutError> {
    epoch.attempt = epoch.attempt.checked_add(1).ok_or(PayoutError::Overflow)?;
    if epoch.attempt.checked_rem(MAX_ATTEMPTS) == Some(0) {
        epoch.min_set = set.checked_add(1).ok_or(PayoutError::Overflow)?;
    }
    Ok(())
}

/// The most that all pots ever may come to with the next epoch: what of them is claimed or carried is no risk, and the rest, with
/// the share of a carry that a report may add to it, stays within the cover.
///
/// # Errors
/// `Overflow`.
pub fn most_pots(claimed: Balance, carry: Balance, cover: Balance, carry_bps: u16) -> Result<Balance, PayoutError> {
    let whole = u128::from(BPS);
    let safe = mul_div(cover, whole, whole.saturating_add(carry_bps.into())).map_err(|_| PayoutError::Overflow)?;
    Ok(claimed.saturating_add(carry).saturating_add(safe))
}

/// The batches that wait, and what bounds how many of them an epoch takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// The first that is in no epoch.
    pub from: u64,
    /// All batches.
    pub count: u64,
    /// Receipts and pots of all batches before `from`.
    pub receipts_before: u64,
    pub pots_before: Balance,
    /// What all pots through the last batch taken may come to: what was claimed, and what is covered.
    pub most_pots: Balance,
}

/// What an epoch takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// The batch after the last.
    pub to: u64,
    pub receipts: u64,
    pub pots: Balance,
}

/// Takes as many batches as fit, in order. Their running sums only grow, so a binary search finds the last one.
pub fn take(waiting: &Waiting, batch: impl Fn(u64) -> Option<Batch>) -> Result<Taken, PayoutError> {
    ensure!(waiting.from < waiting.count, PayoutError::NothingToClose);
    // Everything before `low` fits; `high` and beyond doesn't.
    let (mut low, mut high) = (waiting.from, waiting.count);
    let mut best = None;
    // The usual case first: all of them.
    let mut probe = waiting.count.saturating_sub(1);
    loop {
        match taken(waiting, probe, &batch)? {
            Some(taken) => {
                low = taken.to;
                best = Some(taken);
            }
            None => high = probe,
        }
        if low >= high {
            return best.ok_or(PayoutError::CoverExceeded);
        }
        probe = low.midpoint(high);
    }
}

/// The batches through `last`, if they fit.
fn taken(waiting: &Waiting, last: u64, batch: &impl Fn(u64) -> Option<Batch>) -> Result<Option<Taken>, PayoutError> {
    let batch = batch(last).ok_or(PayoutError::BadBatch)?;
    let receipts = batch.sum_counts.checked_sub(waiting.receipts_before).ok_or(PayoutError::Overflow)?;
    let pots = batch.sum_pots.checked_sub(waiting.pots_before).ok_or(PayoutError::Overflow)?;
    if receipts > MAX_EPOCH_RECEIPTS || batch.sum_pots > waiting.most_pots {
        return Ok(None);
    }
    let to = last.checked_add(1).ok_or(PayoutError::Overflow)?;
    Ok(Some(Taken { to, receipts, pots }))
}
