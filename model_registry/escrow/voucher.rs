//! What a redemption must be to be paid (PROTOCOL.md section 2). Signatures are checked by the contract.

use openledger_abi::escrow::{Channel, EscrowError, Paid, ParameterSet, Redemption, Session, MAX_BATCH};
use openledger_abi::{ensure, Balance, Bytes32, Timestamp};
use proof::receipt::ReceiptLeaf;
use proof::tree::{verify_path, SumFrontier, Tree};
use proof::{Hasher, SumHead};

use crate::channel;

/// What a redemption adds to what was paid before of its (channel, model, key).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Increase {
    pub before: Paid,
    pub after: Paid,
    /// Top of tree 03 over what is paid after.
    pub top: Bytes32,
    /// The fees of the new places.
    pub fee: Balance,
}

/// Opens what a redemption adds, whatever it may cost.
///
/// The voucher's top is made anew from the peaks of what was paid and the subtrees that follow. So the tree begins with the
/// places that were paid, at the price they were paid at, and what is paid now is a prefix of what was signed.
pub fn increase<H: Hasher>(redemption: &Redemption, paid: Paid) -> Result<Increase, EscrowError> {
    let (voucher, count) = (&redemption.voucher, redemption.count);
    ensure!(count > paid.count && count <= voucher.count, EscrowError::NothingNew);
    ensure!(count.saturating_sub(paid.count) <= MAX_BATCH, EscrowError::BatchTooLarge);
    let bad = |_| EscrowError::BadPath;
    let mut frontier = SumFrontier::from_parts(paid.count, paid.peaks.clone()).map_err(bad)?;
    frontier.extend::<H>(Tree::Receipts, count, &redemption.added).map_err(bad)?;
    let peaks = frontier.peaks.clone();
    let SumHead { sum, top, .. } = frontier.sum_head::<H>(Tree::Receipts).map_err(bad)?;
    frontier.extend::<H>(Tree::Receipts, voucher.count, &redemption.rest).map_err(bad)?;
    ensure!(frontier.sum_head::<H>(Tree::Receipts) == Ok(voucher.head()), EscrowError::BadPath);
    let fee = sum.checked_sub(paid.fee).ok_or(EscrowError::Overflow)?;
    Ok(Increase { before: paid, after: Paid { count, fee: sum, peaks }, top, fee })
}

/// The number of the parameter set that the opened answer's request names.
///
/// Who signed the voucher signed its top, so this receipt, so its request: the set is not the host's choice.
pub fn named_parameters<H: Hasher>(redemption: &Redemption, increase: &Increase) -> Result<u32, EscrowError> {
    let (answer, voucher) = (&redemption.answer, &redemption.voucher);
    let new = increase.before.count..increase.after.count;
    ensure!(new.contains(&answer.index), EscrowError::BadAnswer);
    ensure!(answer.request.hash::<H>() == answer.receipt.request, EscrowError::BadAnswer);
    let ReceiptLeaf { receipt, fee } = answer.receipt.leaf(answer.receipt.hash::<H>());
    verify_path::<H, _>(
        Tree::Receipts,
        &voucher.top,
        voucher.fee,
        ReceiptLeaf { receipt, fee }.node::<H>(),
        answer.index,
        voucher.count,
        &answer.path,
    )
    .map_err(|_| EscrowError::BadAnswer)?;
    Ok(answer.request.body.params)
}

/// Whether a set that is not current, and was replaced at this time, may still be named.
pub fn still_counts(replaced_at: Timestamp, exit_delay_ms: u64, now: Timestamp) -> bool {
    now < replaced_at.saturating_add(exit_delay_ms)
}

/// Judges an increase by floors, deposit, deadline and session, and books it.
pub fn book(
    redemption: &Redemption,
    increase: &Increase,
    parameters: &ParameterSet,
    channel: &mut Channel,
    session: Option<&mut Session>,
    now: Timestamp,
) -> Result<(), EscrowError> {
    channel::ensure_not_closed(channel)?;
    ensure!(now <= redemption.voucher.deadline, EscrowError::Expired);
    let places = increase.after.count.saturating_sub(increase.before.count);
    let filled = redemption.filled;
    ensure!(filled <= places && places <= filled.saturating_mul(2), EscrowError::TooFewFilled);
    let least = floor(filled, redemption.kib, parameters).ok_or(EscrowError::FeeTooLow)?;
    ensure!(increase.fee >= least, EscrowError::FeeTooLow);
    ensure!(increase.fee <= channel::left(channel)?, EscrowError::DepositExceeded);
    if let Some(session) = session {
        ensure!(now < session.expires_at, EscrowError::SessionExpired);
        let spent = session.spent.checked_add(increase.fee).ok_or(EscrowError::Overflow)?;
        ensure!(spent <= session.cap, EscrowError::SessionCapExceeded);
        session.spent = spent;
    }
    channel.spent = channel.spent.checked_add(increase.fee).ok_or(EscrowError::Overflow)?;
    Ok(())
}

/// What so many answers with so many KiB cost at least.
fn floor(filled: u64, kib: u64, parameters: &ParameterSet) -> Option<Balance> {
    let answers = u128::from(filled).checked_mul(parameters.min_fee)?;
    answers.checked_add(u128::from(kib).checked_mul(parameters.min_fee_kib)?)
}
