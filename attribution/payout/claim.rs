//! What a claim pays: the account's leaf in the live payouts, less what it got before.

use openledger_abi::payout::{Claim, PayoutError, SumHead};
use openledger_abi::{ensure, AccountId, Balance};
use proof::payouts::PayoutLeaf;
use proof::Hasher;

/// Checks the leaf. Returns what is still due, 0 if all of it was claimed.
pub fn due<H: Hasher>(claim: &Claim, payouts: &SumHead, claimed: Balance) -> Result<Balance, PayoutError> {
    let leaf = PayoutLeaf { account: *claim.account.as_ref(), cumulative: claim.cumulative };
    leaf.verify::<H>(payouts, claim.index, &claim.path).map_err(|_| PayoutError::BadClaim)?;
    Ok(claim.cumulative.saturating_sub(claimed))
}

/// The sum of all claims with this one. It can exceed the payouts' sum only by a report that was false and not refuted
/// (it would have to lower an account's total): then nobody is paid twice, and the last ones wait.
pub fn total(claimed: Balance, amount: Balance, payouts: &SumHead) -> Result<Balance, PayoutError> {
    let total = claimed.checked_add(amount).ok_or(PayoutError::Overflow)?;
    ensure!(total <= payouts.sum, PayoutError::NotFunded);
    Ok(total)
}

/// Adds a payment to the list, joined with the one before if it goes to the same account.
pub fn add(
    payments: &mut ink::prelude::vec::Vec<(AccountId, Balance)>,
    to: AccountId,
    amount: Balance,
) -> Result<(), PayoutError> {
    match payments.last_mut() {
        Some((last, sum)) if *last == to => {
            *sum = sum.checked_add(amount).ok_or(PayoutError::Overflow)?;
        }
        _ => payments.push((to, amount)),
    }
    Ok(())
}
