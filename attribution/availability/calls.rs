//! What availability asks of the other contracts. Whatever goes wrong in a call, at whichever layer, is an error of its own.

use ink::message_builder;
use ink::prelude::vec::Vec;
use openledger_abi::ask::ask;
use openledger_abi::availability::{Asked, AvailabilityError};
use openledger_abi::disputes::Disputes;
use openledger_abi::judge::{Judge, ReportId};
use openledger_abi::payout::{Payout, PayoutError, ReportInfo};
use openledger_abi::{AccountId, Balance, Timestamp};
use psp22::{PSP22Burnable, PSP22};

/// Takes a bond that its asker has approved.
pub fn take(token: AccountId, from: AccountId, to: AccountId, amount: Balance) -> Result<(), AvailabilityError> {
    match ask(token, message_builder!(PSP22).transfer_from(from, to, amount, Vec::new())) {
        Some(Ok(())) => Ok(()),
        _ => Err(AvailabilityError::TransferFailed),
    }
}

/// Gives a bond back, or half of it to who answered.
pub fn pay(token: AccountId, to: AccountId, amount: Balance) -> Result<(), AvailabilityError> {
    match ask(token, message_builder!(PSP22).transfer(to, amount, Vec::new())) {
        Some(Ok(())) => Ok(()),
        _ => Err(AvailabilityError::TransferFailed),
    }
}

/// Burns a part of a bond.
pub fn burn(token: AccountId, amount: Balance) -> Result<(), AvailabilityError> {
    match ask(token, message_builder!(PSP22Burnable).burn(amount)) {
        Some(Ok(())) => Ok(()),
        _ => Err(AvailabilityError::TransferFailed),
    }
}

/// A report, in whatever state.
pub fn report_of(payout: AccountId, report: ReportId) -> Result<ReportInfo, AvailabilityError> {
    match ask(payout, message_builder!(Payout).report_of(report.epoch, report.attempt)) {
        Some(info) => info.ok_or(AvailabilityError::NoSuchReport),
        _ => Err(AvailabilityError::PayoutFailed),
    }
}

/// Keeps the report from going live until then; and after an answer has commits of proofs taken until `open_until`.
pub fn delay(
    payout: AccountId,
    report: ReportId,
    until: Timestamp,
    open_until: Option<Timestamp>,
) -> Result<(), AvailabilityError> {
    match ask(payout, message_builder!(Payout).delay(report.epoch, report.attempt, until, open_until)) {
        Some(Ok(_)) => Ok(()),
        Some(Err(PayoutError::NotPending | PayoutError::WindowOver)) => Err(AvailabilityError::NotPending),
        _ => Err(AvailabilityError::PayoutFailed),
    }
}

/// What answers a question about a report.
pub fn resolved(judge: AccountId, report: ReportId, question: Vec<u8>) -> Result<Asked, AvailabilityError> {
    match ask(judge, message_builder!(Judge).resolve(report, question)) {
        Some(Ok(asked)) => Ok(asked),
        Some(Err(error)) => Err(AvailabilityError::Judge(error)),
        None => Err(AvailabilityError::JudgeFailed),
    }
}

/// Makes the report fall, with this account as its first prover.
pub fn convict(disputes: AccountId, report: ReportId, asker: AccountId) -> Result<(), AvailabilityError> {
    match ask(disputes, message_builder!(Disputes).convict(report, asker)) {
        Some(Ok(_)) => Ok(()),
        Some(Err(error)) => Err(AvailabilityError::Disputes(error)),
        None => Err(AvailabilityError::DisputesFailed),
    }
}

/// Notes that an account lost a bond on the report.
pub fn lose(disputes: AccountId, report: ReportId, account: AccountId, bond: Balance) -> Result<(), AvailabilityError> {
    match ask(disputes, message_builder!(Disputes).lose(report, account, bond)) {
        Some(Ok(())) => Ok(()),
        Some(Err(error)) => Err(AvailabilityError::Disputes(error)),
        None => Err(AvailabilityError::DisputesFailed),
    }
}
