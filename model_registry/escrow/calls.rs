//! What escrow asks of the other contracts. Whatever goes wrong in a call, at whichever layer, is an error of escrow's.

use ink::message_builder;
use ink::prelude::vec::Vec;
use openledger_abi::ask::ask;
use openledger_abi::escrow::EscrowError;
use openledger_abi::host::signed_by;
use openledger_abi::models::{ModelError, ModelRegistry, Settlement};
use openledger_abi::payout::{NewBatch, Payout};
use openledger_abi::staking::{Role, Staking};
use openledger_abi::{ensure, AccountId, Balance, Bytes32};
use proof::signed::Signable;
use psp22::PSP22;

/// Takes what `from` has approved.
pub fn pull(token: AccountId, from: AccountId, to: AccountId, amount: Balance) -> Result<(), EscrowError> {
    match ask(token, message_builder!(PSP22).transfer_from(from, to, amount, Vec::new())) {
        Some(Ok(())) => Ok(()),
        _ => Err(EscrowError::TransferFailed),
    }
}

/// Pays out.
pub fn push(token: AccountId, to: AccountId, amount: Balance) -> Result<(), EscrowError> {
    match ask(token, message_builder!(PSP22).transfer(to, amount, Vec::new())) {
        Some(Ok(())) => Ok(()),
        _ => Err(EscrowError::TransferFailed),
    }
}

/// Who shares in the fees of a model. A paused or retired model's answers were given before it was; they are paid.
pub fn settlement(registry: AccountId, model: u32) -> Result<Settlement, EscrowError> {
    match ask(registry, message_builder!(ModelRegistry).settlement(model)) {
        Some(Ok(settlement)) => Ok(settlement),
        Some(Err(ModelError::UnknownModel)) => Err(EscrowError::NoSuchModel),
        _ => Err(EscrowError::ModelRegistryFailed),
    }
}

/// Records a batch whose pot has been pushed. Returns its number.
pub fn record(payout: AccountId, batch: NewBatch) -> Result<u64, EscrowError> {
    match ask(payout, message_builder!(Payout).record_batch(batch)) {
        Some(Ok(number)) => Ok(number),
        _ => Err(EscrowError::PayoutFailed),
    }
}

/// Hands what expired to payout, after it was pushed.
pub fn record_expired(payout: AccountId, amount: Balance) -> Result<(), EscrowError> {
    match ask(payout, message_builder!(Payout).record_expired(amount)) {
        Some(Ok(())) => Ok(()),
        _ => Err(EscrowError::PayoutFailed),
    }
}

/// The current oracle set's number and keys.
pub fn oracles(payout: AccountId) -> Result<(u32, Vec<Bytes32>), EscrowError> {
    ask(payout, message_builder!(Payout).current_keys()).ok_or(EscrowError::PayoutFailed)
}

/// Errors with `NotInService` unless the account is bonded as a host and in service.
pub fn ensure_host(staking: AccountId, host: AccountId) -> Result<(), EscrowError> {
    let operator = ask(staking, message_builder!(Staking).operator(host)).ok_or(EscrowError::StakingFailed)?;
    ensure!(operator.is_some_and(|it| it.role == Role::Host && it.in_service), EscrowError::NotInService);
    Ok(())
}

/// Whether the host signed: by its account's key, or by its signing key in staking.
pub fn host_signed(staking: AccountId, host: AccountId, message: &Signable, signature: &[u8; 64]) -> bool {
    if signed_by(message, signature, host.as_ref()) {
        return true;
    }
    match ask(staking, message_builder!(Staking).operator(host)) {
        Some(Some(operator)) => signed_by(message, signature, &operator.signing_key),
        _ => false,
    }
}
