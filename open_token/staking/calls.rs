//! What staking asks of the other contracts. Whatever goes wrong in a call, at whichever layer, is an error of staking's.

use ink::message_builder;
use ink::prelude::vec::Vec;
use openledger_abi::ask::ask;
use openledger_abi::datanet::DatanetRegistry;
use openledger_abi::escrow::Escrow;
use openledger_abi::payout::{Payout, ReportStatus};
use openledger_abi::staking::StakingError;
use openledger_abi::{AccountId, Balance};
use psp22::{PSP22Burnable, PSP22Error, PSP22};

fn done(answer: Option<Result<(), PSP22Error>>) -> Result<(), StakingError> {
    match answer {
        Some(Ok(())) => Ok(()),
        Some(Err(PSP22Error::InsufficientBalance)) => Err(StakingError::InsufficientBalance),
        Some(Err(PSP22Error::InsufficientAllowance)) => Err(StakingError::InsufficientAllowance),
        _ => Err(StakingError::TokenFailed),
    }
}

/// Takes what `from` has approved.
pub fn take(token: AccountId, from: AccountId, to: AccountId, amount: Balance) -> Result<(), StakingError> {
    done(ask(token, message_builder!(PSP22).transfer_from(from, to, amount, Vec::new())))
}

/// Pays out.
pub fn pay(token: AccountId, to: AccountId, amount: Balance) -> Result<(), StakingError> {
    done(ask(token, message_builder!(PSP22).transfer(to, amount, Vec::new())))
}

/// Burns what slashes took.
pub fn burn(token: AccountId, amount: Balance) -> Result<(), StakingError> {
    done(ask(token, message_builder!(PSP22Burnable).burn(amount)))
}

/// Takes the stakers' share from escrow, if there is any.
pub fn pull(escrow: AccountId, me: AccountId) -> Result<Balance, StakingError> {
    let due = ask(escrow, message_builder!(Escrow).withdrawable(me)).ok_or(StakingError::EscrowFailed)?;
    if due == 0 {
        return Ok(0);
    }
    match ask(escrow, message_builder!(Escrow).withdraw()) {
        Some(Ok(paid)) => Ok(paid),
        _ => Err(StakingError::EscrowFailed),
    }
}

/// Whether an oracle is in the set that signs now.
pub fn in_set(payout: AccountId, oracle: AccountId) -> Result<bool, StakingError> {
    ask(payout, message_builder!(Payout).is_oracle(oracle)).ok_or(StakingError::PayoutFailed)
}

/// Who signed the live report of an epoch.
pub fn signers(payout: AccountId, epoch: u32) -> Result<Vec<AccountId>, StakingError> {
    match ask(payout, message_builder!(Payout).report(epoch)).ok_or(StakingError::PayoutFailed)? {
        Some(report) if report.status == ReportStatus::Live => Ok(report.signers),
        _ => Err(StakingError::ReportNotLive),
    }
}

/// Which validators agreed with the outcome over a contribution.
pub fn agreeing(registry: AccountId, contribution: u64) -> Result<Vec<AccountId>, StakingError> {
    let outcome = ask(registry, message_builder!(DatanetRegistry).outcome(contribution));
    Ok(outcome.ok_or(StakingError::RegistryFailed)?.ok_or(StakingError::NotDecided)?.agreeing)
}
