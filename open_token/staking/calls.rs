//! What staking asks of the other contracts. Whatever goes wrong in a call, at whichever layer, is an error of staking's.

use ink::codegen::TraitCallBuilder;
use ink::env::DefaultEnvironment;
use ink::prelude::vec::Vec;
use openledger_abi::datanet::DatanetRegistry;
use openledger_abi::escrow::Escrow;
use openledger_abi::payout::{Payout, ReportStatus};
use openledger_abi::staking::StakingError;
use openledger_abi::{AccountId, Balance};
use psp22::{PSP22Burnable, PSP22Error, PSP22};

/// All layers of a call into the token as one error of ours.
fn flatten<L, E>(result: Result<Result<Result<(), PSP22Error>, L>, E>) -> Result<(), StakingError> {
    match result {
        Ok(Ok(Ok(()))) => Ok(()),
        Ok(Ok(Err(PSP22Error::InsufficientBalance))) => Err(StakingError::InsufficientBalance),
        Ok(Ok(Err(PSP22Error::InsufficientAllowance))) => Err(StakingError::InsufficientAllowance),
        _ => Err(StakingError::TokenFailed),
    }
}

/// Takes what `from` has approved.
pub fn take(token: AccountId, from: AccountId, to: AccountId, amount: Balance) -> Result<(), StakingError> {
    let mut token: ink::contract_ref!(PSP22, DefaultEnvironment) = token.into();
    flatten(token.call_mut().transfer_from(from, to, amount, Vec::new()).try_invoke())
}

/// Pays out.
pub fn pay(token: AccountId, to: AccountId, amount: Balance) -> Result<(), StakingError> {
    let mut token: ink::contract_ref!(PSP22, DefaultEnvironment) = token.into();
    flatten(token.call_mut().transfer(to, amount, Vec::new()).try_invoke())
}

/// Burns what slashes took.
pub fn burn(token: AccountId, amount: Balance) -> Result<(), StakingError> {
    let mut token: ink::contract_ref!(PSP22Burnable, DefaultEnvironment) = token.into();
    flatten(token.call_mut().burn(amount).try_invoke())
}

/// Takes the stakers' share from escrow, if there is any.
pub fn pull(escrow: AccountId, me: AccountId) -> Result<Balance, StakingError> {
    let mut escrow: ink::contract_ref!(Escrow, DefaultEnvironment) = escrow.into();
    let Ok(Ok(due)) = escrow.call().withdrawable(me).try_invoke() else { return Err(StakingError::EscrowFailed) };
    if due == 0 {
        return Ok(0);
    }
    match escrow.call_mut().withdraw().try_invoke() {
        Ok(Ok(Ok(paid))) => Ok(paid),
        _ => Err(StakingError::EscrowFailed),
    }
}

/// Who signed the live report of an epoch.
pub fn signers(payout: AccountId, epoch: u32) -> Result<Vec<AccountId>, StakingError> {
    let payout: ink::contract_ref!(Payout, DefaultEnvironment) = payout.into();
    match payout.call().report(epoch).try_invoke() {
        Ok(Ok(Some(report))) if report.status == ReportStatus::Live => Ok(report.signers),
        Ok(Ok(_)) => Err(StakingError::ReportNotLive),
        _ => Err(StakingError::PayoutFailed),
    }
}

/// Which validators agreed with the outcome over a contribution.
pub fn agreeing(registry: AccountId, contribution: u64) -> Result<Vec<AccountId>, StakingError> {
    let registry: ink::contract_ref!(DatanetRegistry, DefaultEnvironment) = registry.into();
    match registry.call().outcome(contribution).try_invoke() {
        Ok(Ok(outcome)) => Ok(outcome.ok_or(StakingError::NotDecided)?.agreeing),
        _ => Err(StakingError::RegistryFailed),
    }
}
