//! What escrow asks of the other contracts. Whatever goes wrong in a call, at whichever layer, is an error of escrow's.

use ink::codegen::TraitCallBuilder;
use ink::env::DefaultEnvironment;
use ink::prelude::vec::Vec;
use openledger_abi::escrow::EscrowError;
use openledger_abi::host::signed_by;
use openledger_abi::models::{ModelError, ModelRegistry, Settlement};
use openledger_abi::payout::{NewBatch, Payout};
use openledger_abi::staking::Staking;
use openledger_abi::{AccountId, Balance};
use proof::signed::Signable;
use psp22::PSP22;

/// Takes what `from` has approved.
pub fn pull(token: AccountId, from: AccountId, to: AccountId, amount: Balance) -> Result<(), EscrowError> {
    let mut token: ink::contract_ref!(PSP22, DefaultEnvironment) = token.into();
    match token.call_mut().transfer_from(from, to, amount, Vec::new()).try_invoke() {
        Ok(Ok(Ok(()))) => Ok(()),
        _ => Err(EscrowError::TransferFailed),
    }
}

/// Pays out.
pub fn push(token: AccountId, to: AccountId, amount: Balance) -> Result<(), EscrowError> {
    let mut token: ink::contract_ref!(PSP22, DefaultEnvironment) = token.into();
    match token.call_mut().transfer(to, amount, Vec::new()).try_invoke() {
        Ok(Ok(Ok(()))) => Ok(()),
        _ => Err(EscrowError::TransferFailed),
    }
}

/// Who shares in the fees of a model. A paused or retired model's answers were given before it was; they are paid.
pub fn settlement(registry: AccountId, model: u32) -> Result<Settlement, EscrowError> {
    let registry: ink::contract_ref!(ModelRegistry, DefaultEnvironment) = registry.into();
    match registry.call().settlement(model).try_invoke() {
        Ok(Ok(Ok(settlement))) => Ok(settlement),
        Ok(Ok(Err(ModelError::UnknownModel))) => Err(EscrowError::NoSuchModel),
        _ => Err(EscrowError::ModelRegistryFailed),
    }
}

/// Records a batch whose pot has been pushed. Returns its number.
pub fn record(payout: AccountId, batch: NewBatch) -> Result<u64, EscrowError> {
    let mut payout: ink::contract_ref!(Payout, DefaultEnvironment) = payout.into();
    match payout.call_mut().record_batch(batch).try_invoke() {
        Ok(Ok(Ok(number))) => Ok(number),
        _ => Err(EscrowError::PayoutFailed),
    }
}

/// Whether the host signed: by its account's key, or by its signing key in staking.
pub fn host_signed(staking: AccountId, host: AccountId, message: &Signable, signature: &[u8; 64]) -> bool {
    if signed_by(message, signature, host.as_ref()) {
        return true;
    }
    let staking: ink::contract_ref!(Staking, DefaultEnvironment) = staking.into();
    match staking.call().operator(host).try_invoke() {
        Ok(Ok(Some(operator))) => signed_by(message, signature, &operator.signing_key),
        _ => false,
    }
}
