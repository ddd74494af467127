//! What disputes asks of the other contracts. Whatever goes wrong in a call, at whichever layer, is an error of disputes'.

use ink::message_builder;
use ink::prelude::vec::Vec;
use openledger_abi::ask::ask;
use openledger_abi::disputes::{Commit, DisputesError, ReportId};
use openledger_abi::payout::{Batch, Epoch, OracleSet, Payout, PayoutError, ReportInfo, Voided};
use openledger_abi::staking::{Offence, Staking, StakingError};
use openledger_abi::{AccountId, Balance, Timestamp};
use psp22::{PSP22Burnable, PSP22};

/// Takes a bond that its prover has approved.
pub fn take(token: AccountId, from: AccountId, to: AccountId, amount: Balance) -> Result<(), DisputesError> {
    match ask(token, message_builder!(PSP22).transfer_from(from, to, amount, Vec::new())) {
        Some(Ok(())) => Ok(()),
        _ => Err(DisputesError::TransferFailed),
    }
}

/// Gives the bond back.
pub fn pay_back(token: AccountId, commit: &Commit) -> Result<(), DisputesError> {
    match ask(token, message_builder!(PSP22).transfer(commit.prover, commit.bond, Vec::new())) {
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

/// An epoch, if it is closed.
pub fn epoch(payout: AccountId, epoch: u32) -> Result<Option<Epoch>, DisputesError> {
    match ask(payout, message_builder!(Payout).epoch(epoch)) {
        Some(epoch) => Ok(epoch),
        _ => Err(DisputesError::PayoutFailed),
    }
}

/// A batch.
pub fn batch(payout: AccountId, batch: u64) -> Result<Batch, DisputesError> {
    match ask(payout, message_builder!(Payout).batch(batch)) {
        Some(batch) => batch.ok_or(DisputesError::NoSuchBatch),
        _ => Err(DisputesError::PayoutFailed),
    }
}

/// An oracle set.
pub fn oracle_set(payout: AccountId, set: u32) -> Result<OracleSet, DisputesError> {
    match ask(payout, message_builder!(Payout).oracle_set(set)) {
        Some(set) => set.ok_or(DisputesError::NoSuchReport),
        _ => Err(DisputesError::PayoutFailed),
    }
}

/// Keeps the report from going live until the reveal.
pub fn extend(payout: AccountId, report: ReportId, until: Timestamp) -> Result<(), DisputesError> {
    match ask(payout, message_builder!(Payout).extend(report.epoch, report.attempt, until)) {
        Some(Ok(_)) => Ok(()),
        Some(Err(PayoutError::WindowOver)) => Err(DisputesError::WindowOver),
        Some(Err(PayoutError::NotPending)) => Err(DisputesError::NotPending),
        Some(Err(PayoutError::NoSuchReport)) => Err(DisputesError::NoSuchReport),
        _ => Err(DisputesError::PayoutFailed),
    }
}

/// Voids a pending report. Returns it and its epoch as they were. Undone if the caller errors afterwards.
pub fn void(payout: AccountId, report: ReportId) -> Result<Voided, DisputesError> {
    match ask(payout, message_builder!(Payout).void(report.epoch, report.attempt)) {
        Some(Ok(voided)) => Ok(voided),
        Some(Err(PayoutError::NotPending | PayoutError::WindowOver)) => Err(DisputesError::NotPending),
        Some(Err(PayoutError::NoSuchReport)) => Err(DisputesError::NoSuchReport),
        _ => Err(DisputesError::PayoutFailed),
    }
}

/// Slashes operators for the prover. What staking refuses is 0 and no reason to let a false report stand; what fails on
/// its way (which a signer who proves its own fraud could bring about) is an error.
pub fn slash(
    staking: AccountId,
    operators: Vec<AccountId>,
    bps: u16,
    offence: Offence,
    offence_at: Timestamp,
    prover: AccountId,
) -> Result<Balance, DisputesError> {
    match ask(staking, message_builder!(Staking).slash_many(operators, bps, offence_at, Some(prover), offence)) {
        Some(Ok(slashed)) => Ok(slashed),
        Some(Err(error)) if error != StakingError::TokenFailed => Ok(0),
        _ => Err(DisputesError::StakingFailed),
    }
}
