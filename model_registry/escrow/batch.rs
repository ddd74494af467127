//! A batch whose fee was taken, and what becomes of it.

use openledger_abi::escrow::{Channel, EscrowError, ParameterSet, Redemption, Split, WaitingBatch};
use openledger_abi::models::Settlement;
use openledger_abi::payout::NewBatch;
use openledger_abi::times::{Unit, ATTEST_GRACE, POT_GRACE};
use openledger_abi::{ensure, AccountId, Balance, Bytes32, Timestamp};

use crate::split::split;
use crate::voucher::Increase;

/// Fixes all that an increase is settled by.
///
/// # Errors
/// `Overflow`.
pub fn fix(
    (redemption, increase): (&Redemption, &Increase),
    (channel, key): (&Channel, Bytes32),
    (params, parameters): (u32, &ParameterSet),
    settlement: &Settlement,
    at: Timestamp,
) -> Result<WaitingBatch, EscrowError> {
    let split = split(increase.fee, parameters, settlement)?;
    let batch = NewBatch {
        channel: redemption.voucher.channel,
        host: channel.host,
        model: redemption.voucher.model,
        key,
        params,
        at,
        count_from: increase.before.count,
        count_to: increase.after.count,
        fee_from: increase.before.fee,
        fee_to: increase.after.fee,
        top: increase.top,
        filled: redemption.filled,
        kib: redemption.kib,
        pot: split.pot,
    };
    Ok(WaitingBatch { batch, owner: settlement.owner, split, advanced: false })
}

/// Whether a batch waits for so many units.
fn waits_for(waiting: &WaitingBatch, units: u64, unit: Unit, now: Timestamp) -> bool {
    now >= waiting.batch.at.saturating_add(unit.ms(units))
}

/// Lets host and owner have half of their shares, once. Returns both halves, rounded down.
///
/// # Errors
/// `NotEntitled`, `AlreadyAdvanced`, `GraceNotOver`, `Overflow`.
pub fn advance(
    waiting: &mut WaitingBatch,
    caller: AccountId,
    unit: Unit,
    now: Timestamp,
) -> Result<(Balance, Balance), EscrowError> {
    ensure!(caller == waiting.batch.host || caller == waiting.owner, EscrowError::NotEntitled);
    ensure!(!waiting.advanced, EscrowError::AlreadyAdvanced);
    ensure!(waits_for(waiting, ATTEST_GRACE, unit, now), EscrowError::GraceNotOver);
    let Split { host, owner, .. } = &mut waiting.split;
    let halves = (*host >> 1, *owner >> 1);
    *host = host.checked_sub(halves.0).ok_or(EscrowError::Overflow)?;
    *owner = owner.checked_sub(halves.1).ok_or(EscrowError::Overflow)?;
    waiting.advanced = true;
    Ok(halves)
}

/// What carries over of a batch that waits for too long.
///
/// # Errors
/// `GraceNotOver`, `Overflow`.
pub fn expire(waiting: &WaitingBatch, unit: Unit, now: Timestamp) -> Result<Balance, EscrowError> {
    ensure!(waits_for(waiting, POT_GRACE, unit, now), EscrowError::GraceNotOver);
    let Split { platform, host, owner, parents, stakers, pot } = &waiting.split;
    let mut parts = [platform, host, owner, stakers, pot].into_iter().chain(parents.iter().map(|(_, share)| share));
    parts.try_fold(0, |sum: Balance, part| sum.checked_add(*part)).ok_or(EscrowError::Overflow)
}
