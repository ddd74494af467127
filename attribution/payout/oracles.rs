//! Who signs, and how much of their stake stands behind what they sign.

use ink::prelude::vec::Vec;
use openledger_abi::payout::{Oracle, PayoutError, MAX_ORACLES};
use openledger_abi::staking::{OperatorInfo, Role};
use openledger_abi::{ensure, AccountId, Balance, BPS};
use proof::limits::{faults, quorum};
use proof::math::mul_div;

/// A set of these operators with the keys that they have now.
pub fn make(accounts: &[AccountId], operators: &[Option<OperatorInfo>]) -> Result<Vec<Oracle>, PayoutError> {
    ensure!(!accounts.is_empty() && accounts.len() <= MAX_ORACLES, PayoutError::BadOracles);
    ensure!(operators.len() == accounts.len(), PayoutError::StakingFailed);
    let mut oracles: Vec<Oracle> = Vec::with_capacity(accounts.len());
    for (account, operator) in accounts.iter().zip(operators) {
        let operator = operator.as_ref().ok_or(PayoutError::BadOracles)?;
        ensure!(operator.role == Role::Oracle && operator.in_service, PayoutError::BadOracles);
        ensure!(oracles.iter().all(|known| known.account != *account), PayoutError::BadOracles);
        oracles.push(Oracle { account: *account, key: operator.signing_key });
    }
    Ok(oracles)
}

/// The places of a bitmap's bits, ascending: exactly f + 1 of n, one signature each.
pub fn places(bitmap: u32, n: usize, signatures: usize) -> Result<Vec<u8>, PayoutError> {
    let n = u32::try_from(n).map_err(|_| PayoutError::BadOracles)?;
    let mut places = Vec::with_capacity(signatures.min(MAX_ORACLES));
    for place in 0u8..32 {
        if bitmap.checked_shr(u32::from(place)).unwrap_or(0) & 1 == 1 {
            ensure!(u32::from(place) < n, PayoutError::NoSuchOracle);
            places.push(place);
        }
    }
    let wanted = usize::try_from(quorum(n)).map_err(|_| PayoutError::Overflow)?;
    ensure!(places.len() == wanted && signatures == wanted, PayoutError::WrongSignatureCount);
    Ok(places)
}

/// What stands behind a report of these signers: `cover_bps` of what they have bonded. What already unbonds is not
/// counted: it may be gone before the window ends.
pub fn cover(places: &[u8], operators: &[Option<OperatorInfo>], cover_bps: u16) -> Result<Balance, PayoutError> {
    ensure!(operators.len() == places.len(), PayoutError::StakingFailed);
    let mut bonded: Balance = 0;
    for (place, operator) in places.iter().zip(operators) {
        match operator {
            Some(operator) if operator.in_service => {
                bonded = bonded.checked_add(operator.active).ok_or(PayoutError::Overflow)?;
            }
            _ => return Err(PayoutError::SignerJailed(*place)),
        }
    }
    part(bonded, cover_bps)
}

/// What an epoch of a set can surely be covered by: the f + 1 best-bonded of those whom f that refuse to sign leave.
pub fn sure_cover(operators: &[Option<OperatorInfo>], cover_bps: u16) -> Result<Balance, PayoutError> {
    let n = u32::try_from(operators.len()).map_err(|_| PayoutError::BadOracles)?;
    let mut bonds: Vec<Balance> =
        operators.iter().flatten().filter(|operator| operator.in_service).map(|operator| operator.active).collect();
    bonds.sort_unstable_by(|a, b| b.cmp(a));
    let skip = usize::try_from(faults(n)).map_err(|_| PayoutError::Overflow)?;
    let take = usize::try_from(quorum(n)).map_err(|_| PayoutError::Overflow)?;
    let mut bonded: Balance = 0;
    for bond in bonds.iter().skip(skip).take(take) {
        bonded = bonded.checked_add(*bond).ok_or(PayoutError::Overflow)?;
    }
    part(bonded, cover_bps)
}

fn part(amount: Balance, bps: u16) -> Result<Balance, PayoutError> {
    mul_div(amount, u128::from(bps), u128::from(BPS)).map_err(|_| PayoutError::Overflow)
}
