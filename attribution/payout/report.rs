//! What a report must say to be accepted, and its way from there (PROTOCOL.md section 8).

use openledger_abi::payout::{Cut, Live, PayoutError, PayoutParameters, ReportBody, ReportInfo, ReportStatus};
use openledger_abi::payout::{SumHead, TreeHead, MAX_CARRY_BPS};
use openledger_abi::times::{self, Unit};
use openledger_abi::{ensure, Balance, Timestamp};
use proof::limits::MAX_LEAVES;
use proof::rules::epoch::Carry;
use proof::ZERO;

/// Where the contract stands when a report comes in.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// The next epoch to be reported has the number `live.epochs`: its last attempt, and its cut.
    pub attempt: u32,
    pub cut: &'a Cut,
    pub live: &'a Live,
    /// The oracle set that signs now.
    pub set: u32,
}

/// Checks all that can be checked of a body without opening its trees. Returns what it credits.
///
/// # Errors
/// What the body says that the cut doesn't.
pub fn check(body: &ReportBody, at: &Standing) -> Result<Balance, PayoutError> {
    let (cut, live) = (at.cut, at.live);
    ensure!(body.epoch == live.epochs, PayoutError::WrongEpoch);
    ensure!(body.attempt == at.attempt, PayoutError::WrongAttempt);
    ensure!(body.set == cut.set && body.set == at.set, PayoutError::WrongOracleSet);
    ensure!(body.from == cut.from && body.to == cut.to, PayoutError::WrongBatches);
    ensure!(body.previous == live.payouts, PayoutError::WrongPrevious);
    ensure!(body.evidence.count == cut.receipts, PayoutError::WrongEvidenceCount);
    plain_head(&body.evidence)?;
    sum_head(&body.credits)?;
    sum_head(&body.payouts)?;

    let credited = body.credits.sum;
    let out = credited.checked_add(body.carry_out).ok_or(PayoutError::Overflow)?;
    let come_in = cut.pots.checked_add(cut.carry_in).ok_or(PayoutError::Overflow)?;
    ensure!(out == come_in, PayoutError::NotConserved);
    ensure!(credited <= creditable(cut)?, PayoutError::CarryExceeded);

    let total = body.previous.sum.checked_add(credited).ok_or(PayoutError::Overflow)?;
    ensure!(body.payouts.sum == total, PayoutError::WrongPayoutSum);
    // An account that was ever due something stays in the tree.
    ensure!(body.payouts.count >= body.previous.count, PayoutError::BadHead);
    if credited == 0 {
        ensure!(body.payouts == body.previous, PayoutError::BadHead);
    }
    Ok(credited)
}

/// What a cut's report may credit: its pots, with what the carry adds.
///
/// # Errors
/// `Overflow`.
pub fn creditable(cut: &Cut) -> Result<Balance, PayoutError> {
    let carry = Carry { carry_in: cut.carry_in, pots: cut.pots, carry_bps: cut.carry_bps };
    let added = carry.spent().map_err(|_| PayoutError::Overflow)?;
    cut.pots.checked_add(added).ok_or(PayoutError::Overflow)
}

/// What is credited by live payouts and not claimed.
///
/// # Errors
/// `Overflow`, which would be a claim that paid too much.
pub fn unclaimed(live: &Live, claimed: Balance) -> Result<Balance, PayoutError> {
    live.payouts.sum.checked_sub(claimed).ok_or(PayoutError::Overflow)
}

/// For lack of cover an epoch is cut again after this part of `report_ms`: signatures of the cut before have that long.
const RECUT_DIVISOR: u64 = 8;

/// Whether an epoch without a pending report may be cut again.
///
/// # Errors
/// `Overflow`.
pub fn may_recut(
    cut: &Cut,
    set: u32,
    unclaimed: Balance,
    cover: Balance,
    report_ms: u64,
    now: Timestamp,
) -> Result<bool, PayoutError> {
    let holds = unclaimed.checked_add(creditable(cut)?).ok_or(PayoutError::Overflow)?;
    let passed = |ms: u64| cut.closed_at.checked_add(ms).is_some_and(|due| due <= now);
    Ok(cut.set != set || (holds > cover && passed(report_ms / RECUT_DIVISOR)) || passed(report_ms))
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

/// Keeps a report from going live until `until`, for a commit that comes while commits are accepted.
///
/// # Errors
/// `NotPending`, `WindowOver`.
pub fn delay_for_commit(report: &mut ReportInfo, until: Timestamp, now: Timestamp) -> Result<Timestamp, PayoutError> {
    ensure!(now <= report.open_until, PayoutError::WindowOver);
    delay(report, until, None, now)
}

/// The same for a question or an answer, which may come until the report is due; after an answer commits are accepted until
/// `open_until`.
///
/// # Errors
/// `NotPending`, `WindowOver` if the report is due.
pub fn delay(
    report: &mut ReportInfo,
    until: Timestamp,
    open_until: Option<Timestamp>,
    now: Timestamp,
) -> Result<Timestamp, PayoutError> {
    ensure!(report.status == ReportStatus::Pending, PayoutError::NotPending);
    ensure!(!is_due(report.live_at, now), PayoutError::WindowOver);
    report.open_until = report.open_until.max(open_until.unwrap_or(0));
    report.live_at = report.live_at.max(until).max(report.open_until);
    Ok(report.live_at)
}

/// Lengthens a report's window, once: a hold is for looking, and what is found must still count.
///
/// # Errors
/// `NotPending`, `WindowOver`, `HoldRefused`, `Overflow`.
pub fn hold(report: &mut ReportInfo, hold_ms: u64, max_ms: u64, now: Timestamp) -> Result<Timestamp, PayoutError> {
    ensure!(report.status == ReportStatus::Pending, PayoutError::NotPending);
    ensure!(now <= report.window_end, PayoutError::WindowOver);
    ensure!(!report.held && hold_ms > 0 && hold_ms <= max_ms, PayoutError::HoldRefused);
    report.held = true;
    report.window_end = report.window_end.checked_add(hold_ms).ok_or(PayoutError::Overflow)?;
    report.open_until = report.open_until.max(report.window_end);
    report.live_at = report.live_at.max(report.window_end);
    Ok(report.live_at)
}

/// Marks a report void; it must not be due yet.
///
/// # Errors
/// `NotPending`, `WindowOver`.
pub fn void(report: &mut ReportInfo, now: Timestamp) -> Result<(), PayoutError> {
    ensure!(report.status == ReportStatus::Pending, PayoutError::NotPending);
    ensure!(!is_due(report.live_at, now), PayoutError::WindowOver);
    report.status = ReportStatus::Void;
    Ok(())
}

/// Whether durations and limits are within their bounds.
///
/// # Errors
/// `BadParameters`.
pub fn validate(unit: Unit, parameters: &PayoutParameters) -> Result<(), PayoutError> {
    let p = parameters;
    let times = times::EPOCH.allow(unit, p.epoch_ms)
        && times::REPORT.allow(unit, p.report_ms)
        && times::WINDOW.allow(unit, p.window_ms)
        && times::HOLD.allow(unit, p.max_hold_ms)
        && times::REFILL.allow(unit, p.refill_ms)
        && p.window_ms.saturating_add(p.max_hold_ms) <= unit.ms(times::WINDOW_AND_HOLD);
    ensure!(times && p.carry_bps <= MAX_CARRY_BPS, PayoutError::BadParameters);
    Ok(())
}

/// When all that can be brought against a report submitted now is over: stake that matures earlier answers for nothing.
pub fn answers_until(unit: Unit, parameters: &PayoutParameters, now: Timestamp) -> Timestamp {
    now.saturating_add(parameters.window_ms)
        .saturating_add(parameters.max_hold_ms)
        .saturating_add(unit.ms(times::DISPUTE_TAIL))
}
