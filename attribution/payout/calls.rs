//! What payout asks of the other contracts. Whatever goes wrong in a call, at whichever layer, is an error of payout's.

use ink::message_builder;
use ink::prelude::vec::Vec;
use openledger_abi::ask::ask;
use openledger_abi::payout::PayoutError;
use openledger_abi::staking::{OperatorInfo, Staking};
use openledger_abi::{AccountId, Balance, Timestamp};
use psp22::PSP22;

/// What staking knows of these accounts, in order.
pub fn operators(staking: AccountId, accounts: Vec<AccountId>) -> Result<Vec<Option<OperatorInfo>>, PayoutError> {
    let wanted = accounts.len();
    match ask(staking, message_builder!(Staking).operators(accounts)) {
        Some(operators) if operators.len() == wanted => Ok(operators),
        _ => Err(PayoutError::StakingFailed),
    }
}

/// What each account's signature would answer for until `matures_after`, in order; `None` if it is not in service.
pub fn cover(
    staking: AccountId,
    accounts: Vec<AccountId>,
    matures_after: Timestamp,
) -> Result<Vec<Option<Balance>>, PayoutError> {
    let wanted = accounts.len();
    match ask(staking, message_builder!(Staking).report_cover(accounts, matures_after)) {
        Some(covers) if covers.len() == wanted => Ok(covers),
        _ => Err(PayoutError::StakingFailed),
    }
}

/// Pays out.
pub fn pay(token: AccountId, to: AccountId, amount: Balance) -> Result<(), PayoutError> {
    match ask(token, message_builder!(PSP22).transfer(to, amount, Vec::new())) {
        Some(Ok(())) => Ok(()),
        _ => Err(PayoutError::TransferFailed),
    }
}
