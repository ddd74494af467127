//! What disputes asks of the other contracts. Whatever goes wrong in a call, at whichever layer, is an error of disputes'.

use ink::message_builder;
use ink::prelude::vec::Vec;
use openledger_abi::ask::ask;
use openledger_abi::disputes::DisputesError;
use openledger_abi::judge::{Judge, ReportId};
use openledger_abi::payout::{Payout, PayoutError, ReportInfo};
use openledger_abi::staking::{FalseReportSlash, Staking, StakingError};
use openledger_abi::{AccountId, Balance, Timestamp};
use proof::check::Fraud;
use psp22::{PSP22Burnable, PSP22};

/// Takes a bond that its prover has approved.
pub fn take(token: AccountId, from: AccountId, to: AccountId, amount: Balance) -> Result<(), DisputesError> {
    match ask(token, message_builder!(PSP22).transfer_from(from, to, amount, Vec::new())) {
        Some(Ok(())) => Ok(()),
        _ => Err(DisputesError::TransferFailed),
    }
}

/// Gives a bond back, or a reward.
pub fn pay(token: AccountId, to: AccountId, amount: Balance) -> Result<(), DisputesError> {
    match ask(token, message_builder!(PSP22).transfer(to, amount, Vec::new())) {
        Some(Ok(())) => Ok(()),
        _ => Err(DisputesError::TransferFailed),
    }
}

/// Burns what a forfeited bond was.
pub fn burn(token: AccountId, amount: Balance) -> Result<(), DisputesError> {
    match ask(token, message_builder!(PSP22Burnable).burn(amount)) {
        Some(Ok(())) => Ok(()),
        _ => Err(DisputesError::TransferFailed),
    }
}

/// A report, in whatever state.
pub fn report_of(payout: AccountId, report: ReportId) -> Result<ReportInfo, DisputesError> {
    match ask(payout, message_builder!(Payout).report_of(report.epoch, report.attempt)) {
        Some(info) => info.ok_or(DisputesError::NoSuchReport),
        _ => Err(DisputesError::PayoutFailed),
    }
}

/// Keeps the report from going live until the reveal; payout knows whether commits against it are still taken.
pub fn delay(payout: AccountId, report: ReportId, until: Timestamp) -> Result<(), DisputesError> {
    match ask(payout, message_builder!(Payout).delay(report.epoch, report.attempt, until, None)) {
        Some(Ok(_)) => Ok(()),
        Some(Err(PayoutError::WindowOver)) => Err(DisputesError::WindowOver),
        Some(Err(PayoutError::NotPending)) => Err(DisputesError::NotPending),
        Some(Err(PayoutError::NoSuchReport)) => Err(DisputesError::NoSuchReport),
        _ => Err(DisputesError::PayoutFailed),
    }
}

/// Whose questions delay reports, by payout's word.
pub fn availability(payout: AccountId) -> Result<AccountId, DisputesError> {
    match ask(payout, message_builder!(Payout).peers()) {
        Some(Some(peers)) => Ok(peers.availability),
        _ => Err(DisputesError::PayoutFailed),
    }
}

/// Voids a pending report. Returns it as it was.
pub fn void(payout: AccountId, report: ReportId) -> Result<ReportInfo, DisputesError> {
    match ask(payout, message_builder!(Payout).void(report.epoch, report.attempt)) {
        Some(Ok(voided)) => Ok(voided),
        Some(Err(PayoutError::NotPending | PayoutError::WindowOver)) => Err(DisputesError::NotPending),
        Some(Err(PayoutError::NoSuchReport)) => Err(DisputesError::NoSuchReport),
        _ => Err(DisputesError::PayoutFailed),
    }
}

/// What a proof shows of a report.
pub fn judged(judge: AccountId, report: ReportId, proof: Vec<u8>) -> Result<Fraud, DisputesError> {
    match ask(judge, message_builder!(Judge).check(report, proof)) {
        Some(Ok(fraud)) => Ok(fraud),
        Some(Err(error)) => Err(DisputesError::Judge(error)),
        None => Err(DisputesError::JudgeFailed),
    }
}

/// Slashes the signers; the provers' part comes here. What staking refuses is 0 and no reason to let a false report stand;
/// what fails on its way (which a signer who proves its own fraud could bring about) is an error.
pub fn slash(
    staking: AccountId,
    signers: Vec<AccountId>,
    offence_at: Timestamp,
) -> Result<FalseReportSlash, DisputesError> {
    match ask(staking, message_builder!(Staking).slash_false_report(signers, offence_at)) {
        Some(Ok(slashed)) => Ok(slashed),
        Some(Err(error)) if error != StakingError::TokenFailed => Ok(FalseReportSlash::default()),
        _ => Err(DisputesError::StakingFailed),
    }
}
