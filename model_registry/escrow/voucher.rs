//! What a voucher must be to be paid (PROTOCOL.md section 2). Signatures are checked by the contract.

use openledger_abi::escrow::{Channel, EscrowError, Paid, Redemption, Session, MAX_BATCH};
use openledger_abi::{ensure, Balance, Timestamp};
use proof::tree::{verify_path, Tree};
use proof::Hasher;

use crate::channel;

/// What a voucher adds to what was paid before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Increase {
    pub before: Paid,
    pub after: Paid,
    /// The fees of the new receipts.
    pub fee: Balance,
}

/// Checks a voucher against what was paid of its (channel, model) and books its increase.
///
/// The first new receipt's path shows two things at once: that top, count and sum belong together, and that the fees
/// before it are those already paid, so that no later tree can give the old receipts another price.
pub fn admit<H: Hasher>(
    redemption: &Redemption,
    channel: &mut Channel,
    session: Option<&mut Session>,
    paid: &mut Paid,
    min_fee: Balance,
    now: Timestamp,
) -> Result<Increase, EscrowError> {
    let voucher = &redemption.voucher;
    channel::ensure_not_closed(channel)?;
    ensure!(now <= voucher.deadline, EscrowError::Expired);
    let receipts = voucher.count.checked_sub(paid.count).ok_or(EscrowError::NothingNew)?;
    ensure!(receipts > 0, EscrowError::NothingNew);
    ensure!(receipts <= MAX_BATCH, EscrowError::BatchTooLarge);
    let fee = voucher.fee.checked_sub(paid.fee).ok_or(EscrowError::FeeDecreased)?;
    // By batch, not by all receipts so far: a raised min_fee must not make what was served before worthless.
    let least = u128::from(receipts).checked_mul(min_fee).ok_or(EscrowError::FeeTooLow)?;
    ensure!(fee >= least, EscrowError::FeeTooLow);
    ensure!(fee <= channel::left(channel)?, EscrowError::DepositExceeded);

    let prefix = verify_path::<H, _>(
        Tree::Receipts,
        &voucher.top,
        voucher.fee,
        redemption.first.leaf.node::<H>(),
        paid.count,
        voucher.count,
        &redemption.first.path,
    )
    .map_err(|_| EscrowError::BadPath)?;
    ensure!(prefix == paid.fee, EscrowError::BadPath);

    if let Some(session) = session {
        ensure!(now < session.expires_at, EscrowError::SessionExpired);
        let spent = session.spent.checked_add(fee).ok_or(EscrowError::Overflow)?;
        ensure!(spent <= session.cap, EscrowError::SessionCapExceeded);
        session.spent = spent;
    }
    channel.spent = channel.spent.checked_add(fee).ok_or(EscrowError::Overflow)?;
    let before = *paid;
    *paid = Paid { count: voucher.count, fee: voucher.fee };
    Ok(Increase { before, after: *paid, fee })
}
