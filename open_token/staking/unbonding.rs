//! What leaves a pool: it matures in time slices, and until then a slash reaches it.
//!
//! All that matures together from one pool lies in one *slice*, so a slash lowers at most some dozens of slices and never walks
//! over accounts.

use crate::math::{bps_of, mul_div};
use ink::prelude::vec::Vec;
use openledger_abi::ensure;
use openledger_abi::staking::{StakingError, MAX_UNBONDINGS};
use openledger_abi::{AccountId, Balance, Timestamp};

/// Slices of an unbonding period.
pub const SLICES: u64 = 16;
/// Slices that an operator may have at a time: two periods' worth, and as many again that slashes closed.
pub const MAX_SLICES: usize = 96;

/// What matures together.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    pub matures_at: Timestamp,
    /// What it is worth.
    pub amount: Balance,
    /// What entered and has not been withdrawn. Once slashed, `amount` is less and nothing more enters.
    pub units: Balance,
}

/// An account's part of a slice.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub id: u32,
    pub operator: AccountId,
    pub matures_at: Timestamp,
    pub units: Balance,
}

impl Slice {
    fn slashed(&self) -> bool {
        self.amount != self.units
    }

    /// Whether it matured a whole period ago.
    fn is_old(&self, now: Timestamp, unbonding_ms: u64) -> bool {
        self.matures_at.saturating_add(unbonding_ms) <= now
    }

    /// What `units` of it are worth, rounded down.
    pub fn worth(&self, units: Balance) -> Balance {
        mul_div(units, self.amount, self.units).unwrap_or(0)
    }

    /// Pays `units` out. Returns their worth and, when nothing is left in it, what rounding left.
    ///
    /// # Errors
    /// `Overflow`.
    pub fn pay(&mut self, units: Balance) -> Result<(Balance, Balance), StakingError> {
        let worth = self.worth(units);
        self.units = self.units.checked_sub(units).ok_or(StakingError::Overflow)?;
        self.amount = self.amount.checked_sub(worth).ok_or(StakingError::Overflow)?;
        if self.units > 0 {
            return Ok((worth, 0));
        }
        Ok((worth, core::mem::take(&mut self.amount)))
    }
}

/// When what starts to unbond now matures: a period later, rounded up to a whole slice.
///
/// # Errors
/// `Overflow`.
pub fn maturity(now: Timestamp, unbonding_ms: u64) -> Result<Timestamp, StakingError> {
    let width = unbonding_ms.checked_div(SLICES).filter(|width| *width > 0).ok_or(StakingError::BadParameters)?;
    let due = now.checked_add(unbonding_ms).ok_or(StakingError::Overflow)?;
    let past = due.checked_rem(width).ok_or(StakingError::Overflow)?;
    if past == 0 {
        return Ok(due);
    }
    let rest = width.checked_sub(past).ok_or(StakingError::Overflow)?;
    due.checked_add(rest).ok_or(StakingError::Overflow)
}

/// Puts `amount` into the slice that it matures with. Returns when that is.
///
/// # Errors
/// `TooManyUnbondings` if slashes have closed too many slices, `Overflow`.
pub fn enter(
    slices: &mut Vec<Slice>,
    now: Timestamp,
    unbonding_ms: u64,
    amount: Balance,
) -> Result<Timestamp, StakingError> {
    let mut matures_at = maturity(now, unbonding_ms)?;
    // A slashed slice takes nothing more in: what enters later gets one beside it, a millisecond later.
    while let Some(slice) = slices.iter_mut().find(|slice| slice.matures_at == matures_at) {
        if !slice.slashed() {
            slice.amount = slice.amount.checked_add(amount).ok_or(StakingError::Overflow)?;
            slice.units = slice.units.checked_add(amount).ok_or(StakingError::Overflow)?;
            return Ok(matures_at);
        }
        matures_at = matures_at.checked_add(1).ok_or(StakingError::Overflow)?;
    }
    ensure!(slices.len() < MAX_SLICES, StakingError::TooManyUnbondings);
    slices.push(Slice { matures_at, amount, units: amount });
    Ok(matures_at)
}

/// Takes out the oldest slice that matured a whole period ago, if there is one: no slash reaches it any more. One at a time, since
/// whoever unbonds pays the deposit for what others left; each unbonding makes at most one slice, so they grow no more for it.
pub fn retire(slices: &mut Vec<Slice>, now: Timestamp, unbonding_ms: u64) -> Option<Slice> {
    let old = slices.iter().enumerate().filter(|(_, slice)| slice.is_old(now, unbonding_ms));
    let (place, _) = old.min_by_key(|(_, slice)| slice.matures_at)?;
    Some(slices.remove(place))
}

/// Takes `bps` of every slice that was not mature at the offence and did not mature a whole period ago. Returns the amount.
///
/// # Errors
/// `Overflow`.
pub fn slash(
    slices: &mut [Slice],
    offence_at: Timestamp,
    now: Timestamp,
    unbonding_ms: u64,
    bps: u16,
) -> Result<Balance, StakingError> {
    let mut total: Balance = 0;
    let reached = |slice: &&mut Slice| slice.matures_at > offence_at && !slice.is_old(now, unbonding_ms);
    for slice in slices.iter_mut().filter(reached) {
        let taken = bps_of(slice.amount, bps)?;
        slice.amount = slice.amount.checked_sub(taken).ok_or(StakingError::Overflow)?;
        total = total.checked_add(taken).ok_or(StakingError::Overflow)?;
    }
    Ok(total)
}

/// Takes those of an account's `parts` out that lie in a slice of `operator`'s which was not mature at the offence and did not
/// mature a whole period ago. Returns the amount, with what rounding left in slices that nobody else has a part of.
///
/// # Errors
/// `Overflow`.
pub fn forfeit(
    slices: &mut Vec<Slice>,
    parts: &mut Vec<Part>,
    operator: AccountId,
    offence_at: Timestamp,
    now: Timestamp,
    unbonding_ms: u64,
) -> Result<Balance, StakingError> {
    let mut total: Balance = 0;
    let mut kept = Vec::with_capacity(parts.len());
    for part in parts.drain(..) {
        let reached = |slice: &&mut Slice| {
            slice.matures_at == part.matures_at && slice.matures_at > offence_at && !slice.is_old(now, unbonding_ms)
        };
        match slices.iter_mut().find(reached).filter(|_| part.operator == operator) {
            Some(slice) => {
                let (worth, rest) = slice.pay(part.units)?;
                let taken = worth.checked_add(rest).ok_or(StakingError::Overflow)?;
                total = total.checked_add(taken).ok_or(StakingError::Overflow)?;
            }
            None => kept.push(part),
        }
    }
    *parts = kept;
    slices.retain(|slice| slice.units > 0);
    Ok(total)
}

/// What these parts of these slices are worth.
pub fn worth(slices: &[Slice], parts: &[Part]) -> Balance {
    let of = |part: &Part| {
        let slice = slices.iter().find(|slice| slice.matures_at == part.matures_at);
        slice.map_or(0, |slice| slice.worth(part.units))
    };
    parts.iter().fold(0, |sum: Balance, part| sum.saturating_add(of(part)))
}

/// What has not matured yet.
pub fn reachable(slices: &[Slice], now: Timestamp) -> Balance {
    let young = slices.iter().filter(|slice| slice.matures_at > now);
    young.fold(0, |sum: Balance, slice| sum.saturating_add(slice.amount))
}

/// Notes what an account has unbonding; what matures with an earlier part of the same pool joins it. Returns the part's id.
///
/// # Errors
/// `TooManyUnbondings`, `Overflow`.
pub fn note(
    parts: &mut Vec<Part>,
    next_id: &mut u32,
    operator: AccountId,
    matures_at: Timestamp,
    units: Balance,
) -> Result<u32, StakingError> {
    if let Some(part) = parts.iter_mut().find(|part| part.operator == operator && part.matures_at == matures_at) {
        part.units = part.units.checked_add(units).ok_or(StakingError::Overflow)?;
        return Ok(part.id);
    }
    ensure!(parts.len() < MAX_UNBONDINGS, StakingError::TooManyUnbondings);
    let id = *next_id;
    *next_id = next_id.checked_add(1).ok_or(StakingError::Overflow)?;
    parts.push(Part { id, operator, matures_at, units });
    Ok(id)
}
