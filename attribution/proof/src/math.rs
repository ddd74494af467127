//! Proportions of amounts. Every product is taken in 256 bits, every division by zero gives 0.

use crate::Error;
use primitive_types::U256;

/// ⌊a·b / d⌋, 0 if d is 0.
///
/// # Errors
/// [`Error::Overflow`] if the quotient exceeds u128.
pub fn mul_div(a: u128, b: u128, d: u128) -> Result<u128, Error> {
    if d == 0 {
        return Ok(0);
    }
    let product = U256::from(a).checked_mul(U256::from(b)).ok_or(Error::Overflow)?;
    let quotient = product.checked_div(U256::from(d)).ok_or(Error::Overflow)?;
    u128::try_from(quotient).map_err(|_| Error::Overflow)
}

/// The share of `total` that lies between two running weights: ⌊total·after/whole⌋ − ⌊total·before/whole⌋.
///
/// Shares of adjacent ranges add up exactly, whatever the rounding.
///
/// # Errors
/// [`Error::Overflow`] if `before > after`, or a quotient exceeds u128 (never while `after ≤ whole`).
pub fn running_share(total: u128, before: u128, after: u128, whole: u128) -> Result<u128, Error> {
    let low = mul_div(total, before, whole)?;
    let high = mul_div(total, after, whole)?;
    high.checked_sub(low).ok_or(Error::Overflow)
}

/// a + b.
///
/// # Errors
/// [`Error::Overflow`].
pub fn add(a: u128, b: u128) -> Result<u128, Error> {
    a.checked_add(b).ok_or(Error::Overflow)
}

/// a − b.
///
/// # Errors
/// [`Error::Overflow`] if b > a.
pub fn sub(a: u128, b: u128) -> Result<u128, Error> {
    a.checked_sub(b).ok_or(Error::Overflow)
}
