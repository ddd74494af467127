//! What the station asks of the token.

use ink::message_builder;
use ink::prelude::vec::Vec;
use openledger_abi::ask::ask;
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
    match ask(token, message_builder!(PSP22).transfer_from(order.holder, station, order.open, Vec::new())) {
        Some(Ok(())) => {}
        Some(Err(PSP22Error::InsufficientAllowance)) => return Err(GasStationError::NotAllowed(refused)),
        Some(Err(PSP22Error::InsufficientBalance)) => return Err(GasStationError::InsufficientBalance),
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
    let GasPermit { value, deadline, signature } = permit;
    match ask(token, message_builder!(Token).permit(holder, station, value, deadline, signature)) {
        Some(outcome) => Ok(outcome.err()),
        None => Err(GasStationError::TokenFailed),
    }
}

/// Sends OPEN of the station's.
pub fn send(token: AccountId, to: AccountId, amount: Balance) -> Result<(), GasStationError> {
    match ask(token, message_builder!(PSP22).transfer(to, amount, Vec::new())) {
        Some(Ok(())) => Ok(()),
        _ => Err(GasStationError::TokenFailed),
    }
}

/// OPEN of an account.
pub fn balance(token: AccountId, of: AccountId) -> Result<Balance, GasStationError> {
    ask(token, message_builder!(PSP22).balance_of(of)).ok_or(GasStationError::TokenFailed)
}
