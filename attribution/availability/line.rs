//! A question's life: asked in the window or as a next step, answered in time, or settled.

use openledger_abi::availability::{
    AvailabilityError, AvailabilityParameters, QuestionInfo, QuestionStatus, Scope, MAX_STEPS,
};
use openledger_abi::disputes::{price, BOND_STEPS};
use openledger_abi::judge::ReportId;
use openledger_abi::payout::{ReportInfo, ReportStatus};
use openledger_abi::times::{Unit, ANSWER, ANSWER_AND_STEP};
use openledger_abi::{ensure, Balance, Timestamp};

/// Whether bond and times are within their bounds.
pub fn validate(unit: Unit, parameters: &AvailabilityParameters) -> Result<(), AvailabilityError> {
    let p = parameters;
    let both = p.answer_ms.checked_add(p.step_ms).ok_or(AvailabilityError::BadParameters)?;
    // A lower bond would not grow by its sixteenths.
    ensure!(p.bond >= BOND_STEPS, AvailabilityError::BadParameters);
    ensure!(ANSWER.allow(unit, p.answer_ms) && p.step_ms >= unit.least(), AvailabilityError::BadParameters);
    ensure!(both <= unit.ms(ANSWER_AND_STEP), AvailabilityError::BadParameters);
    Ok(())
}

/// The place in its line of a question about a report that is asked now. In the window anyone may begin a line; after it only
/// what rests on an answer goes on, so that nobody can hold a report up for longer than a line.
pub fn step(
    report: &ReportInfo,
    id: ReportId,
    scope: &Scope,
    follows: Option<&QuestionInfo>,
    now: Timestamp,
) -> Result<u8, AvailabilityError> {
    ensure!(report.status == ReportStatus::Pending, AvailabilityError::NotPending);
    let Some(before) = follows else {
        ensure!(now <= report.window_end, AvailabilityError::WindowOver);
        return Ok(1);
    };
    ensure!(before.report == id && before.status == QuestionStatus::Answered, AvailabilityError::NotAnswered);
    ensure!(now <= before.step_by || now <= report.window_end, AvailabilityError::WindowOver);
    // Further each time: who asks the same again only holds the report up.
    ensure!(before.scope.leads_to(scope), AvailabilityError::AnotherLine);
    ensure!(before.step < MAX_STEPS, AvailabilityError::LineTooLong);
    before.step.checked_add(1).ok_or(AvailabilityError::Overflow)
}

/// What a question locks: after the window each step of a line costs double, since nothing else holds the report up then.
pub fn bond(
    parameters: &AvailabilityParameters,
    open: u32,
    step: u8,
    report: &ReportInfo,
    now: Timestamp,
) -> Result<Balance, AvailabilityError> {
    let bond = price(parameters.bond, open).ok_or(AvailabilityError::Overflow)?;
    let doublings = if now > report.window_end { u32::from(step.saturating_sub(1)) } else { 0 };
    let factor = 1u128.checked_shl(doublings).ok_or(AvailabilityError::Overflow)?;
    bond.checked_mul(factor).ok_or(AvailabilityError::Overflow)
}

/// Whether a question may be answered now.
pub fn ensure_answerable(question: &QuestionInfo, now: Timestamp) -> Result<(), AvailabilityError> {
    ensure!(question.status == QuestionStatus::Open, AvailabilityError::QuestionSpent);
    ensure!(now <= question.answer_by, AvailabilityError::TooLate);
    Ok(())
}

/// What becomes of a question that was not answered. While its report is pending, only once the time for answers is over.
pub fn settle(
    question: &QuestionInfo,
    report: ReportStatus,
    now: Timestamp,
) -> Result<QuestionStatus, AvailabilityError> {
    ensure!(question.status == QuestionStatus::Open, AvailabilityError::QuestionSpent);
    if report != ReportStatus::Pending {
        return Ok(QuestionStatus::Returned);
    }
    ensure!(now > question.answer_by, AvailabilityError::AnswerOpen);
    Ok(QuestionStatus::Unanswered)
}
