//! What the station asks of the token.

use ink::codegen::TraitCallBuilder;
use ink::env::DefaultEnvironment;
use ink::prelude::vec::Vec;
use openledger_abi::gas_station::{GasOrder, GasPermit, GasStationError};
use openledger_abi::token::{Token, TokenError};
use openledger_abi::{AccountId, Balance};
use psp22::{PSP22Error, PSP22};

/// Takes the order's OPEN to `station` and pays the tip out of it. A refused permit matters only if the station may not
/// take that much without it: somebody may have brought the permit to the token before.
pub fn take(
    token: AccountId,
    order: &GasOrder,
    station: AccountId,
    relayer: AccountId,
    permit: Option<GasPermit>,
) -> Result<(), GasStationError> {
    let refused = match permit {
        Some(permit) => present(token, order.holder, station, permit)?,
        None => None,
    };
    let mut open: ink::contract_ref!(PSP22, DefaultEnvironment) = token.into();
    match open.call_mut().transfer_from(order.holder, station, order.open, Vec::new()).try_invoke() {
        Ok(Ok(Ok(()))) => {}
        Ok(Ok(Err(PSP22Error::InsufficientAllowance))) => return Err(GasStationError::NotAllowed(refused)),
        Ok(Ok(Err(PSP22Error::InsufficientBalance))) => return Err(GasStationError::InsufficientBalance),
        _ => return Err(GasStationError::TokenFailed),
    }
    if order.tip == 0 {
        return Ok(());
    }
    send(token, relayer, order.tip)
}

/// Brings a permit to the token. Returns why it was refused, if it was.
fn present(
    token: AccountId,
    holder: AccountId,
    station: AccountId,
    permit: GasPermit,
) -> Result<Option<TokenError>, GasStationError> {
    let mut token: ink::contract_ref!(Token, DefaultEnvironment) = token.into();
    let GasPermit { value, deadline, signature } = permit;
    match token.call_mut().permit(holder, station, value, deadline, signature).try_invoke() {
        Ok(Ok(outcome)) => Ok(outcome.err()),
        _ => Err(GasStationError::TokenFailed),
    }
}

/// Sends OPEN of the station's.
pub fn send(token: AccountId, to: AccountId, amount: Balance) -> Result<(), GasStationError> {
    let mut token: ink::contract_ref!(PSP22, DefaultEnvironment) = token.into();
    match token.call_mut().transfer(to, amount, Vec::new()).try_invoke() {
        Ok(Ok(Ok(()))) => Ok(()),
        _ => Err(GasStationError::TokenFailed),
    }
}

/// OPEN of an account.
pub fn balance(token: AccountId, of: AccountId) -> Result<Balance, GasStationError> {
    let token: ink::contract_ref!(PSP22, DefaultEnvironment) = token.into();
    match token.call().balance_of(of).try_invoke() {
        Ok(Ok(balance)) => Ok(balance),
        _ => Err(GasStationError::TokenFailed),
    }
}
