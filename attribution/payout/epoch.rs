//! Batches, which of those that wait a cut takes, and where the queue stands after it is reported.

use ink::prelude::vec::Vec;
use openledger_abi::payout::{Batch, Cut, NewBatch, PayoutError, MAX_EPOCH_RECEIPTS, MAX_WITHHELD};
use openledger_abi::{ensure, Balance, BPS};
use proof::math::mul_div;

/// A batch as it is kept, after all batches with so many receipts and such pots.
pub fn record(new: &NewBatch, receipts: u64, pots: Balance) -> Result<Batch, PayoutError> {
    let count = new.count_to.checked_sub(new.count_from).ok_or(PayoutError::BadBatch)?;
    // Parts of the pot are in proportion to fees: there must be some.
    ensure!(count > 0 && new.pot > 0 && new.fee_to > new.fee_from, PayoutError::BadBatch);
    Ok(Batch {
        channel: new.channel,
        host: new.host,
        model: new.model,
        key: new.key,
        params: new.params,
        at: new.at,
        count_from: new.count_from,
        count_to: new.count_to,
        fee_from: new.fee_from,
        fee_to: new.fee_to,
        top: new.top,
        filled: new.filled,
        kib: new.kib,
        pot: new.pot,
        sum_counts: receipts.checked_add(count).ok_or(PayoutError::Overflow)?,
        sum_pots: pots.checked_add(new.pot).ok_or(PayoutError::Overflow)?,
    })
}

/// An epoch keeps this part of the cover free, and one that leaves something waiting has at least as much in it.
const SLACK_DIVISOR: Balance = 8;

/// What bounds the pots of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// They, with the share of a carry that a report may add to them, stay within seven eighths of the cover, beside what is credited and
    /// not claimed. Were it all of the cover, whoever has something bonded to an oracle could have the epoch cut again and again by
    /// unbonding a few units at a time; so a step costs an eighth of the cover.
    pub most: Balance,
    /// An epoch below it would leave nearly all that waits to the next one, and take a report's whole time: who pushes just so many claims
    /// could have every second epoch pay nothing.
    pub least: Balance,
}

impl Room {
    /// Beside what is unclaimed.
    ///
    /// # Errors
    /// `Overflow`.
    pub fn within(cover: Balance, unclaimed: Balance, carry_bps: u16) -> Result<Self, PayoutError> {
        let whole = u128::from(BPS);
        let least = cover / SLACK_DIVISOR;
        let room = cover.saturating_sub(least).saturating_sub(unclaimed);
        let most = mul_div(room, whole, whole.saturating_add(carry_bps.into())).map_err(|_| PayoutError::Overflow)?;
        Ok(Self { most, least })
    }
}

/// Where the batches that are not reported begin.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Queue {
    /// The first that is not reported, or not with its whole pot.
    pub next: u64,
    /// What reported epochs took of its pot.
    pub spent: Balance,
}

/// What a cut takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// The batch after the last.
    pub to: u64,
    pub receipts: u64,
    pub first_pot: Balance,
    pub pots: Balance,
}

/// Takes as many of the `count` batches as fit, in order. Their running sums only grow, so a binary search finds the last one. If not
/// even the first fits, takes as much of its pot as does.
///
/// # Errors
/// `NothingToClose`, `CoverExceeded` if something would be left for lack of room while that is below the least, `Overflow`,
/// `BadBatch` if a batch is missing.
pub fn take(
    queue: &Queue,
    count: u64,
    room: &Room,
    batch: impl Fn(u64) -> Option<Batch>,
) -> Result<Taken, PayoutError> {
    ensure!(queue.next < count, PayoutError::NothingToClose);
    let most = room.most;
    ensure!(most > 0, PayoutError::CoverExceeded);
    let waiting = Waiting::new(queue, batch(queue.next).ok_or(PayoutError::BadBatch)?)?;
    // Everything before `low` fits; `high` and beyond doesn't.
    let (mut low, mut high) = (queue.next, count);
    let mut best = None;
    // The usual case first: all of them.
    let mut probe = count.saturating_sub(1);
    while low < high {
        let last = batch(probe).ok_or(PayoutError::BadBatch)?;
        match waiting.through(probe, &last, most)? {
            Some(taken) => {
                low = taken.to;
                best = Some(taken);
            }
            None => high = probe,
        }
        probe = low.midpoint(high);
    }
    ensure!(low == count || most >= room.least, PayoutError::CoverExceeded);
    match best {
        Some(taken) => Ok(taken),
        None => {
            let to = queue.next.checked_add(1).ok_or(PayoutError::Overflow)?;
            Ok(Taken { to, receipts: waiting.first_receipts, first_pot: most, pots: most })
        }
    }
}

/// What lies before the first batch that waits, and what is left of it.
struct Waiting {
    receipts_before: u64,
    pots_before: Balance,
    first_receipts: u64,
    first_left: Balance,
}

impl Waiting {
    fn new(queue: &Queue, first: Batch) -> Result<Self, PayoutError> {
        let first_receipts = first.count_to.checked_sub(first.count_from).ok_or(PayoutError::Overflow)?;
        let first_left = first.pot.checked_sub(queue.spent).ok_or(PayoutError::Overflow)?;
        Ok(Self {
            receipts_before: first.sum_counts.checked_sub(first_receipts).ok_or(PayoutError::Overflow)?,
            pots_before: first.sum_pots.checked_sub(first_left).ok_or(PayoutError::Overflow)?,
            first_receipts,
            first_left,
        })
    }

    /// The batches through the one of this number, if they fit.
    fn through(&self, number: u64, last: &Batch, most: Balance) -> Result<Option<Taken>, PayoutError> {
        let receipts = last.sum_counts.checked_sub(self.receipts_before).ok_or(PayoutError::Overflow)?;
        let pots = last.sum_pots.checked_sub(self.pots_before).ok_or(PayoutError::Overflow)?;
        if receipts > MAX_EPOCH_RECEIPTS || pots > most {
            return Ok(None);
        }
        let to = number.checked_add(1).ok_or(PayoutError::Overflow)?;
        Ok(Some(Taken { to, receipts, first_pot: self.first_left, pots }))
    }
}

/// Where the queue stands once a cut is reported; `first` is its first batch.
///
/// # Errors
/// `Overflow`.
pub fn after(queue: &Queue, cut: &Cut, first: &Batch) -> Result<Queue, PayoutError> {
    let spent = queue.spent.checked_add(cut.first_pot).ok_or(PayoutError::Overflow)?;
    if spent < first.pot {
        return Ok(Queue { next: cut.from, spent });
    }
    Ok(Queue { next: cut.to, spent: 0 })
}

/// Those of the marked batches that lie in `from .. to`.
pub fn withheld_in(marked: &[u64], from: u64, to: u64) -> Vec<u64> {
    marked.iter().copied().filter(|batch| (from..to).contains(batch)).collect()
}

/// Marks a batch. The list stays in order.
///
/// # Errors
/// `AlreadyWithheld`, `TooManyWithheld`.
pub fn mark(marked: &mut Vec<u64>, batch: u64) -> Result<(), PayoutError> {
    let Err(place) = marked.binary_search(&batch) else {
        return Err(PayoutError::AlreadyWithheld);
    };
    ensure!(marked.len() < MAX_WITHHELD, PayoutError::TooManyWithheld);
    marked.insert(place, batch);
    Ok(())
}
