//! What arbitration asks of the other contracts. Whatever goes wrong in a call, at whichever layer, is an error of arbitration's.

use crate::judging::Pool;
use crate::opening::Subject;
use ink::message_builder;
use ink::prelude::vec::Vec;
use openledger_abi::arbitration::{ArbitrationError, Challenge, Ground, Remedy};
use openledger_abi::ask::ask;
use openledger_abi::datanet::{Contribution, DatanetRegistry};
use openledger_abi::staking::{Offence, Role, Staking, StakingError};
use openledger_abi::{AccountId, Balance, Timestamp};
use psp22::{PSP22Burnable, PSP22Error, PSP22};

fn done(answer: Option<Result<(), PSP22Error>>) -> Result<(), ArbitrationError> {
    match answer {
        Some(Ok(())) => Ok(()),
        Some(Err(PSP22Error::InsufficientBalance)) => Err(ArbitrationError::InsufficientBalance),
        Some(Err(PSP22Error::InsufficientAllowance)) => Err(ArbitrationError::InsufficientAllowance),
        _ => Err(ArbitrationError::TokenFailed),
    }
}

/// Takes a bond that its account has approved.
pub fn take(token: AccountId, account: AccountId, to: AccountId, amount: Balance) -> Result<(), ArbitrationError> {
    done(ask(token, message_builder!(PSP22).transfer_from(account, to, amount, Vec::new())))
}

/// Pays out, if there is anything to.
pub fn pay(token: AccountId, to: AccountId, amount: Balance) -> Result<(), ArbitrationError> {
    if amount == 0 {
        return Ok(());
    }
    done(ask(token, message_builder!(PSP22).transfer(to, amount, Vec::new())))
}

/// Burns what is nobody's, if there is any.
pub fn burn(token: AccountId, amount: Balance) -> Result<(), ArbitrationError> {
    if amount == 0 {
        return Ok(());
    }
    done(ask(token, message_builder!(PSP22Burnable).burn(amount)))
}

fn contribution(registry: AccountId, number: u64) -> Result<Contribution, ArbitrationError> {
    let known = ask(registry, message_builder!(DatanetRegistry).contribution(number));
    known.ok_or(ArbitrationError::RegistryFailed)?.ok_or(ArbitrationError::UnknownContribution)
}

/// What is challenged, and what it is compared with.
pub fn subject(registry: AccountId, number: u64, ground: Ground) -> Result<Subject, ArbitrationError> {
    let original = match ground {
        Ground::Copied { original, .. } => Some(contribution(registry, original)?),
        Ground::Worthless | Ground::WronglyRejected => None,
    };
    Ok(Subject { number, contribution: contribution(registry, number)?, original })
}

/// What all validators but these had bonded at a time before now.
pub fn total_stake(staking: AccountId, but: &[AccountId], at: Timestamp) -> Result<Balance, ArbitrationError> {
    let failed = ArbitrationError::StakingFailed;
    let all = ask(staking, message_builder!(Staking).role_stake_at(Role::Validator, at)).ok_or(failed)?;
    let mut rest = all.map_err(|_| failed)?;
    for account in but {
        match ask(staking, message_builder!(Staking).stake_at(*account, at)).ok_or(failed)? {
            Ok(stake) => rest = rest.checked_sub(stake).ok_or(ArbitrationError::Overflow)?,
            Err(StakingError::UnknownOperator | StakingError::NotKept) => {}
            Err(_) => return Err(failed),
        }
    }
    Ok(rest)
}

/// A validator's pool now.
///
/// # Errors
/// `NotValidator` for whoever is none.
pub fn pool(staking: AccountId, validator: AccountId) -> Result<Pool, ArbitrationError> {
    let known = ask(staking, message_builder!(Staking).operator(validator)).ok_or(ArbitrationError::StakingFailed)?;
    let operator = known.filter(|known| known.role == Role::Validator).ok_or(ArbitrationError::NotValidator)?;
    Ok(Pool { in_service: operator.in_service, active: operator.active })
}

/// What a validator's pool had at a time before now.
pub fn stake_at(staking: AccountId, validator: AccountId, at: Timestamp) -> Result<Balance, ArbitrationError> {
    match ask(staking, message_builder!(Staking).stake_at(validator, at)) {
        Some(Ok(stake)) => Ok(stake),
        _ => Err(ArbitrationError::StakingFailed),
    }
}

/// A verdict that doesn't stand any more.
#[derive(Debug, Default)]
pub struct Overturned {
    pub validators: Vec<AccountId>,
    pub decided_at: Timestamp,
}

/// Tells the registry what was decided. Returns whose verdict that overturns; `None` if the registry refuses, for what it says of itself
/// (struck meanwhile, the payee already): no reason to keep anybody's bond.
pub fn remedy(registry: AccountId, challenge: &Challenge) -> Result<Option<Overturned>, ArbitrationError> {
    let (number, failed) = (challenge.contribution, ArbitrationError::RegistryFailed);
    // Both as they are before: accepting notes another time.
    let outcome = ask(registry, message_builder!(DatanetRegistry).outcome(number)).ok_or(failed)?;
    let decided_at = contribution(registry, number)?.decided_at;
    let (applied, accepted) = match challenge.ground {
        Ground::Copied { original, remedy: Remedy::PayAuthor } => {
            let payee = contribution(registry, original)?.payee;
            let answer = ask(registry, message_builder!(DatanetRegistry).set_payee(number, payee));
            // The text stands, and so do its verdicts.
            return Ok(answer.ok_or(failed)?.is_ok().then(Overturned::default));
        }
        Ground::Copied { remedy: Remedy::Strike, .. } | Ground::Worthless => {
            (ask(registry, message_builder!(DatanetRegistry).strike(number)).ok_or(failed)?.is_ok(), true)
        }
        Ground::WronglyRejected => {
            (ask(registry, message_builder!(DatanetRegistry).reinstate(number)).ok_or(failed)?.is_ok(), false)
        }
    };
    let overturned = match (outcome, decided_at) {
        (Some(outcome), Some(decided_at)) if outcome.accepted == accepted => {
            Overturned { validators: outcome.agreeing, decided_at }
        }
        _ => Overturned::default(),
    };
    Ok(applied.then_some(overturned))
}

/// Slashes validators for the challenger. What staking refuses is 0 and no reason to let a false verdict stand; what fails on its way is
/// an error.
pub fn slash(
    staking: AccountId,
    overturned: &Overturned,
    bps: u16,
    challenger: AccountId,
) -> Result<Balance, ArbitrationError> {
    if overturned.validators.is_empty() {
        return Ok(0);
    }
    let (validators, at) = (overturned.validators.clone(), overturned.decided_at);
    let slash = message_builder!(Staking).slash_many(validators, bps, at, Some(challenger), Offence::FalseVerdict);
    match ask(staking, slash) {
        Some(Ok(slashed)) => Ok(slashed),
        Some(Err(error)) if error != StakingError::TokenFailed => Ok(0),
        _ => Err(ArbitrationError::StakingFailed),
    }
}
