//! Pay for work that the chain can see: signatures of live reports, verdicts that agree with the outcome.
//!
//! It comes from the duty fund, a part of what stakers are given, and goes where an operator's commission lies. Who did the work
//! is told by others; here it is only counted.

use crate::pool::{Global, Operator};
use crate::store::Store;
use ink::prelude::vec::Vec;
use openledger_abi::ensure;
use openledger_abi::staking::StakingError;
use openledger_abi::{AccountId, Balance};

/// Pays each of these accounts, if it is an operator and not in jail. Returns who was paid, and the sum.
///
/// # Errors
/// `NothingDue`, `DutyFundShort`, `Overflow`.
pub fn pay(
    store: &mut Store,
    accounts: Vec<AccountId>,
    each: Balance,
) -> Result<(Vec<AccountId>, Balance), StakingError> {
    let free = |account: &AccountId| store.operator(*account).is_ok_and(|found| found.jailed_at.is_none());
    let accounts: Vec<AccountId> = accounts.into_iter().filter(free).collect();
    let mut global = store.global();
    let sum = take(&mut global, accounts.len(), each)?;
    for account in &accounts {
        let mut operator = store.operator(*account)?;
        credit(&mut operator, each)?;
        store.put_operator(*account, &operator);
    }
    store.put_global(&global);
    Ok((accounts, sum))
}

/// Moves `each` for so many from the fund to the rewards. All or nothing: else whoever asks first, while the fund is low, would
/// settle what others are paid.
///
/// # Errors
/// `NothingDue`, `DutyFundShort`, `Overflow`.
pub fn take(global: &mut Global, count: usize, each: Balance) -> Result<Balance, StakingError> {
    let count = u128::try_from(count).map_err(|_| StakingError::Overflow)?;
    let sum = count.checked_mul(each).ok_or(StakingError::Overflow)?;
    ensure!(sum > 0, StakingError::NothingDue);
    let totals = &mut global.totals;
    totals.duty = totals.duty.checked_sub(sum).ok_or(StakingError::DutyFundShort)?;
    totals.rewards = totals.rewards.checked_add(sum).ok_or(StakingError::Overflow)?;
    Ok(sum)
}

/// Puts an amount to an operator's own rewards.
///
/// # Errors
/// `Overflow`.
pub fn credit(operator: &mut Operator, amount: Balance) -> Result<(), StakingError> {
    let commission = &mut operator.pool.commission;
    *commission = commission.checked_add(amount).ok_or(StakingError::Overflow)?;
    Ok(())
}
