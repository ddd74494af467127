//! What a report must say to be accepted, and its way from there (PROTOCOL.md section 4).

use openledger_abi::payout::{Epoch, Live, PayoutError, PayoutParameters, ReportBody, ReportInfo, ReportStatus};
use openledger_abi::payout::{SumHead, TreeHead, MAX_CARRY_BPS};
use openledger_abi::{ensure, Balance, Timestamp, BPS};
use proof::limits::MAX_LEAVES;
use proof::math::mul_div;
use proof::ZERO;

/// Where the contract stands when a report comes in.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// The next epoch to be reported: its number is `live.epochs`.
    pub epoch: &'a Epoch,
    pub live: &'a Live,
    /// The oracle set that signs now.
    pub set: u32,
    pub now: Timestamp,
}

/// Checks all that can be checked of a body without opening its trees. Returns what it credits.
pub fn check(body: &ReportBody, at: &Standing) -> Result<Balance, PayoutError> {
    let (epoch, live) = (at.epoch, at.live);
    ensure!(body.epoch == live.epochs, PayoutError::WrongEpoch);
    ensure!(at.now > epoch.demand_end, PayoutError::DemandOpen);
    ensure!(body.attempt == epoch.attempt, PayoutError::WrongAttempt);
    ensure!(body.set == at.set && body.set >= epoch.min_set, PayoutError::WrongOracleSet);
    ensure!(body.deadline >= at.now, PayoutError::Expired);
    ensure!(body.from == epoch.from && body.to == epoch.to, PayoutError::WrongBatches);
    ensure!(body.previous == live.payouts, PayoutError::WrongPrevious);
    ensure!(body.evidence.count == epoch.receipts, PayoutError::WrongEvidenceCount);
    plain_head(&body.evidence)?;
    sum_head(&body.credits)?;
    sum_head(&body.payouts)?;

    let credited = body.credits.sum;
    let out = credited.checked_add(body.carry_out).ok_or(PayoutError::Overflow)?;
    let come_in = epoch.pots.checked_add(live.carry).ok_or(PayoutError::Overflow)?;
    ensure!(out == come_in, PayoutError::NotConserved);
    let added = carry_added(epoch.pots, live.carry, epoch.carry_bps)?;
    let most = epoch.pots.checked_add(added).ok_or(PayoutError::Overflow)?;
    ensure!(credited <= most, PayoutError::CarryExceeded);

    let total = body.previous.sum.checked_add(credited).ok_or(PayoutError::Overflow)?;
    ensure!(body.payouts.sum == total, PayoutError::WrongPayoutSum);
    // An account that was ever due something stays in the tree.
    ensure!(body.payouts.count >= body.previous.count, PayoutError::BadHead);
    if credited == 0 {
        ensure!(body.payouts == body.previous, PayoutError::BadHead);
    }
    Ok(credited)
}

/// B: how much of what was carried an epoch may add to its pots.
pub fn carry_added(pots: Balance, carry_in: Balance, carry_bps: u16) -> Result<Balance, PayoutError> {
    let most = mul_div(pots, u128::from(carry_bps), u128::from(BPS)).map_err(|_| PayoutError::Overflow)?;
    Ok(carry_in.min(most))
}

/// A tree has a top if and only if it has leaves.
fn plain_head(head: &TreeHead) -> Result<(), PayoutError> {
    ensure!(head.count <= MAX_LEAVES, PayoutError::BadHead);
    ensure!((head.count == 0) == (head.top == ZERO), PayoutError::BadHead);
    Ok(())
}

/// A sum tree's leaves are all above zero, so it adds up to at least their number, and to 0 only if there is none.
fn sum_head(head: &SumHead) -> Result<(), PayoutError> {
    plain_head(&head.plain())?;
    ensure!((head.count == 0) == (head.sum == 0), PayoutError::BadHead);
    ensure!(u128::from(head.count) <= head.sum, PayoutError::BadHead);
    Ok(())
}

/// Whether a report's time to be refuted is over.
pub fn is_due(live_at: Timestamp, now: Timestamp) -> bool {
    now > live_at
}

/// Keeps a report from going live until `until`. Only what came up within the window can.
pub fn extend(report: &mut ReportInfo, until: Timestamp, now: Timestamp) -> Result<Timestamp, PayoutError> {
    ensure!(report.status == ReportStatus::Pending, PayoutError::NotPending);
    ensure!(now <= report.window_end, PayoutError::WindowOver);
    report.live_at = report.live_at.max(until);
    Ok(report.live_at)
}

/// Lengthens a report's window, once: a hold is for looking, and what is found must still count.
pub fn hold(report: &mut ReportInfo, hold_ms: u64, max_ms: u64, now: Timestamp) -> Result<Timestamp, PayoutError> {
    ensure!(report.status == ReportStatus::Pending, PayoutError::NotPending);
    ensure!(now <= report.window_end, PayoutError::WindowOver);
    ensure!(!report.held && hold_ms > 0 && hold_ms <= max_ms, PayoutError::HoldRefused);
    report.held = true;
    report.window_end = report.window_end.checked_add(hold_ms).ok_or(PayoutError::Overflow)?;
    report.live_at = report.live_at.max(report.window_end);
    Ok(report.live_at)
}

/// Marks a report void; it must not be due yet.
pub fn void(report: &mut ReportInfo, now: Timestamp) -> Result<(), PayoutError> {
    ensure!(report.status == ReportStatus::Pending, PayoutError::NotPending);
    ensure!(!is_due(report.live_at, now), PayoutError::WindowOver);
    report.status = ReportStatus::Void;
    Ok(())
}

/// Whether durations and limits are within their bounds.
pub fn validate(parameters: &PayoutParameters) -> Result<(), PayoutError> {
    ensure!(parameters.carry_bps <= MAX_CARRY_BPS, PayoutError::BadParameters);
    ensure!(parameters.cover_bps >= 1 && parameters.cover_bps <= BPS, PayoutError::BadParameters);
    ensure!(parameters.window_ms >= 1, PayoutError::BadParameters);
    Ok(())
}
