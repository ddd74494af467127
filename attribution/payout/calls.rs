//! What payout asks of the other contracts. Whatever goes wrong in a call, at whichever layer, is an error of payout's.

use ink::codegen::TraitCallBuilder;
use ink::env::DefaultEnvironment;
use ink::prelude::vec::Vec;
use openledger_abi::payout::PayoutError;
use openledger_abi::staking::{OperatorInfo, Staking};
use openledger_abi::{AccountId, Balance};
use psp22::PSP22;

/// What staking knows of these accounts, in order.
pub fn operators(staking: AccountId, accounts: Vec<AccountId>) -> Result<Vec<Option<OperatorInfo>>, PayoutError> {
    let wanted = accounts.len();
    let staking: ink::contract_ref!(Staking, DefaultEnvironment) = staking.into();
    match staking.call().operators(accounts).try_invoke() {
        Ok(Ok(operators)) if operators.len() == wanted => Ok(operators),
        _ => Err(PayoutError::StakingFailed),
    }
}

/// Pays out.
pub fn pay(token: AccountId, to: AccountId, amount: Balance) -> Result<(), PayoutError> {
    let mut token: ink::contract_ref!(PSP22, DefaultEnvironment) = token.into();
    match token.call_mut().transfer(to, amount, Vec::new()).try_invoke() {
        Ok(Ok(Ok(()))) => Ok(()),
        _ => Err(PayoutError::TransferFailed),
    }
}
