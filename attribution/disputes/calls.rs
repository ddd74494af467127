//! What disputes asks of the other contracts. Whatever goes wrong in a call, at whichever layer, is an error of disputes'.

use ink::codegen::TraitCallBuilder;
use ink::env::DefaultEnvironment;
use ink::prelude::vec::Vec;
use openledger_abi::disputes::{Commit, DisputesError, ReportId};
use openledger_abi::payout::{Batch, Epoch, OracleSet, Payout, PayoutError, ReportInfo, Voided};
use openledger_abi::staking::{Offence, Staking, StakingError};
use openledger_abi::{AccountId, Balance, Timestamp};
use psp22::{PSP22Burnable, PSP22};

/// Takes a bond that its prover has approved.
pub fn take(token: AccountId, from: AccountId, to: AccountId, amount: Balance) -> Result<(), DisputesError> {
    let mut token: ink::contract_ref!(PSP22, DefaultEnvironment) = token.into();
    match token.call_mut().transfer_from(from, to, amount, Vec::new()).try_invoke() {
        Ok(Ok(Ok(()))) => Ok(()),
        _ => Err(DisputesError::TransferFailed),
    }
}

/// Gives the bond back.
pub fn pay_back(token: AccountId, commit: &Commit) -> Result<(), DisputesError> {
    let mut token: ink::contract_ref!(PSP22, DefaultEnvironment) = token.into();
    match token.call_mut().transfer(commit.prover, commit.bond, Vec::new()).try_invoke() {
        Ok(Ok(Ok(()))) => Ok(()),
        _ => Err(DisputesError::TransferFailed),
    }
}

/// Burns what a forfeited bond was.
pub fn burn(token: AccountId, amount: Balance) -> Result<(), DisputesError> {
    let mut token: ink::contract_ref!(PSP22Burnable, DefaultEnvironment) = token.into();
    match token.call_mut().burn(amount).try_invoke() {
        Ok(Ok(Ok(()))) => Ok(()),
        _ => Err(DisputesError::TransferFailed),
    }
}

/// A report, in whatever state.
pub fn report_of(payout: AccountId, report: ReportId) -> Result<ReportInfo, DisputesError> {
    let payout: ink::contract_ref!(Payout, DefaultEnvironment) = payout.into();
    match payout.call().report_of(report.epoch, report.attempt).try_invoke() {
        Ok(Ok(info)) => info.ok_or(DisputesError::NoSuchReport),
        _ => Err(DisputesError::PayoutFailed),
    }
}

/// An epoch, if it is closed.
pub fn epoch(payout: AccountId, epoch: u32) -> Result<Option<Epoch>, DisputesError> {
    let payout: ink::contract_ref!(Payout, DefaultEnvironment) = payout.into();
    match payout.call().epoch(epoch).try_invoke() {
        Ok(Ok(epoch)) => Ok(epoch),
        _ => Err(DisputesError::PayoutFailed),
    }
}

/// A batch.
pub fn batch(payout: AccountId, batch: u64) -> Result<Batch, DisputesError> {
    let payout: ink::contract_ref!(Payout, DefaultEnvironment) = payout.into();
    match payout.call().batch(batch).try_invoke() {
        Ok(Ok(batch)) => batch.ok_or(DisputesError::NoSuchBatch),
        _ => Err(DisputesError::PayoutFailed),
    }
}

/// An oracle set.
pub fn oracle_set(payout: AccountId, set: u32) -> Result<OracleSet, DisputesError> {
    let payout: ink::contract_ref!(Payout, DefaultEnvironment) = payout.into();
    match payout.call().oracle_set(set).try_invoke() {
        Ok(Ok(set)) => set.ok_or(DisputesError::NoSuchReport),
        _ => Err(DisputesError::PayoutFailed),
    }
}

/// Keeps the report from going live until the reveal.
pub fn extend(payout: AccountId, report: ReportId, until: Timestamp) -> Result<(), DisputesError> {
    let mut payout: ink::contract_ref!(Payout, DefaultEnvironment) = payout.into();
    match payout.call_mut().extend(report.epoch, report.attempt, until).try_invoke() {
        Ok(Ok(Ok(_))) => Ok(()),
        Ok(Ok(Err(PayoutError::WindowOver))) => Err(DisputesError::WindowOver),
        Ok(Ok(Err(PayoutError::NotPending))) => Err(DisputesError::NotPending),
        Ok(Ok(Err(PayoutError::NoSuchReport))) => Err(DisputesError::NoSuchReport),
        _ => Err(DisputesError::PayoutFailed),
    }
}

/// Voids a pending report. Returns it and its epoch as they were. Undone if the caller errors afterwards.
pub fn void(payout: AccountId, report: ReportId) -> Result<Voided, DisputesError> {
    let mut payout: ink::contract_ref!(Payout, DefaultEnvironment) = payout.into();
    match payout.call_mut().void(report.epoch, report.attempt).try_invoke() {
        Ok(Ok(Ok(voided))) => Ok(voided),
        Ok(Ok(Err(PayoutError::NotPending | PayoutError::WindowOver))) => Err(DisputesError::NotPending),
        Ok(Ok(Err(PayoutError::NoSuchReport))) => Err(DisputesError::NoSuchReport),
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
    let mut staking: ink::contract_ref!(Staking, DefaultEnvironment) = staking.into();
    match staking.call_mut().slash_many(operators, bps, offence_at, Some(prover), offence).try_invoke() {
        Ok(Ok(Ok(slashed))) => Ok(slashed),
        Ok(Ok(Err(error))) if error != StakingError::TokenFailed => Ok(0),
        _ => Err(DisputesError::StakingFailed),
    }
}
