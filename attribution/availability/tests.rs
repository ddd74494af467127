//! The life of a question, without a chain.

use crate::line;
use openledger_abi::availability::*;
use openledger_abi::judge::ReportId;
use openledger_abi::payout::{ReportBody, ReportInfo, ReportStatus, SumHead, TreeHead};
use openledger_abi::times::Unit;
use openledger_abi::AccountId;

const PARAMETERS: AvailabilityParameters = AvailabilityParameters { bond: 1_600, answer_ms: 10_000, step_ms: 5_000 };
const REPORT: ReportId = ReportId { epoch: 3, attempt: 1 };
const LEAF: Scope = Scope { tree: ReportTree::Evidence, level: 0, index: 4, depth: 64 };
/// What the leaf names.
const NEXT: Scope = Scope { depth: 65, ..LEAF };

/// A report whose window ends at 1,000.
fn report(status: ReportStatus) -> ReportInfo {
    let body = ReportBody {
        set: 1,
        epoch: 3,
        attempt: 1,
        from: 0,
        to: 1,
        previous: SumHead::EMPTY,
        evidence: TreeHead::EMPTY,
        credits: SumHead::EMPTY,
        payouts: SumHead::EMPTY,
        carry_out: 0,
        files: [0; 32],
    };
    let signers = Vec::new();
    ReportInfo {
        body,
        signers,
        submitted_at: 0,
        window_end: 1_000,
        open_until: 1_000,
        live_at: 1_000,
        held: false,
        status,
    }
}

/// The third step of a line, answered; the next one is taken through 2,000.
fn answered() -> QuestionInfo {
    QuestionInfo {
        asker: AccountId::from([1; 32]),
        report: REPORT,
        step: 3,
        bond: 1_600,
        asked: Asked::Preimage(8, [7; 32]),
        scope: LEAF,
        answer_by: 1_500,
        step_by: 2_000,
        status: QuestionStatus::Answered,
    }
}

fn step(follows: Option<&QuestionInfo>, scope: Scope, now: u64) -> Result<u8, AvailabilityError> {
    line::step(&report(ReportStatus::Pending), REPORT, &scope, follows, now)
}

#[test]
fn a_line_begins_within_the_window_alone() {
    assert_eq!(step(None, LEAF, 1_000), Ok(1));
    assert_eq!(step(None, LEAF, 1_001), Err(AvailabilityError::WindowOver));
    let void = line::step(&report(ReportStatus::Void), REPORT, &LEAF, None, 10);
    assert_eq!(void, Err(AvailabilityError::NotPending));
}

#[test]
fn after_the_window_a_line_goes_on_until_its_time_is_over() {
    assert_eq!(step(Some(&answered()), NEXT, 2_000), Ok(4));
    assert_eq!(step(Some(&answered()), NEXT, 2_001), Err(AvailabilityError::WindowOver));
    let open = QuestionInfo { status: QuestionStatus::Open, ..answered() };
    assert_eq!(step(Some(&open), NEXT, 1_500), Err(AvailabilityError::NotAnswered));
    let elsewhere = QuestionInfo { report: ReportId { epoch: 3, attempt: 0 }, ..answered() };
    assert_eq!(step(Some(&elsewhere), NEXT, 1_500), Err(AvailabilityError::NotAnswered));
}

#[test]
fn a_next_step_rests_on_the_answer_before_it() {
    let other = Scope { index: 5, ..NEXT };
    assert_eq!(step(Some(&answered()), other, 1_500), Err(AvailabilityError::AnotherLine));
    assert_eq!(step(Some(&answered()), LEAF, 1_500), Err(AvailabilityError::AnotherLine), "the same again");
    // Below nodes seven levels up.
    let nodes = QuestionInfo { scope: Scope { level: 8, index: 1, depth: 56, ..LEAF }, ..answered() };
    assert_eq!(step(Some(&nodes), Scope { level: 1, index: 128, depth: 63, ..LEAF }, 1_500), Ok(4));
    assert_eq!(step(Some(&nodes), Scope { index: 511, ..LEAF }, 1_500), Ok(4));
    assert_eq!(step(Some(&nodes), Scope { index: 512, ..LEAF }, 1_500), Err(AvailabilityError::AnotherLine));
    let credits = Scope { tree: ReportTree::Credits, ..NEXT };
    assert_eq!(step(Some(&answered()), credits, 1_500), Err(AvailabilityError::AnotherLine));
}

#[test]
fn a_line_has_nine_steps() {
    let at = |step| QuestionInfo { step, ..answered() };
    assert_eq!(step(Some(&at(8)), NEXT, 1_500), Ok(9));
    assert_eq!(step(Some(&at(9)), NEXT, 1_500), Err(AvailabilityError::LineTooLong));
}

#[test]
fn after_the_window_each_step_costs_double() {
    let bond = |open, step, now| line::bond(&PARAMETERS, open, step, &report(ReportStatus::Pending), now);
    assert_eq!((bond(0, 9, 1_000), bond(1, 1, 1_000)), (Ok(1_600), Ok(1_700)));
    assert_eq!((bond(0, 2, 1_001), bond(0, 9, 1_001)), (Ok(3_200), Ok(409_600)));
}

#[test]
fn a_question_is_answered_in_time_and_once() {
    let open = QuestionInfo { status: QuestionStatus::Open, ..answered() };
    assert_eq!(line::ensure_answerable(&open, 1_500), Ok(()));
    assert_eq!(line::ensure_answerable(&open, 1_501), Err(AvailabilityError::TooLate));
    assert_eq!(line::ensure_answerable(&answered(), 1_500), Err(AvailabilityError::QuestionSpent));
}

#[test]
fn what_nobody_answered_makes_a_pending_report_fall() {
    let open = QuestionInfo { status: QuestionStatus::Open, ..answered() };
    let settle = |status, now| line::settle(&open, status, now);
    assert_eq!(settle(ReportStatus::Pending, 1_500), Err(AvailabilityError::AnswerOpen));
    assert_eq!(settle(ReportStatus::Pending, 1_501), Ok(QuestionStatus::Unanswered));
    assert_eq!(settle(ReportStatus::Void, 10), Ok(QuestionStatus::Returned));
    assert_eq!(settle(ReportStatus::Live, 9_999), Ok(QuestionStatus::Returned));
    let spent = line::settle(&answered(), ReportStatus::Pending, 9_999);
    assert_eq!(spent, Err(AvailabilityError::QuestionSpent));
}

#[test]
fn parameters_keep_their_bounds() {
    let unit = Unit::TenSeconds;
    assert_eq!(line::validate(unit, &PARAMETERS), Ok(()));
    for bad in [
        AvailabilityParameters { bond: 15, ..PARAMETERS },
        AvailabilityParameters { answer_ms: 9_999, ..PARAMETERS },
        AvailabilityParameters { step_ms: 415, ..PARAMETERS },
        AvailabilityParameters { step_ms: 10_001, ..PARAMETERS },
    ] {
        assert_eq!(line::validate(unit, &bad), Err(AvailabilityError::BadParameters));
    }
}
