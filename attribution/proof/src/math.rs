//! Proportions of amounts. Every product is taken in 256 bits, every division by zero gives 0.

use crate::Error;

/// The lower half of 128 bits.
const LOW: u128 = u64::MAX as u128;

/// ⌊a·b / d⌋, 0 if d is 0.
///
/// # Errors
/// [`Error::Overflow`] if the quotient exceeds u128.
pub fn mul_div(a: u128, b: u128, d: u128) -> Result<u128, Error> {
    if d == 0 {
        return Ok(0);
    }
    let (high, low) = product(a, b);
    if high == 0 {
        return low.checked_div(d).ok_or(Error::Overflow);
    }
    if high >= d {
        return Err(Error::Overflow);
    }
    Ok(long_division(high, low, d))
}

/// a·b as (high, low) halves of 256 bits, by halves of 64 bits as in school. Nothing here can leave its type: a product
/// of two 64-bit numbers leaves room for the carries that are added to it.
fn product(a: u128, b: u128) -> (u128, u128) {
    let (a1, a0, b1, b0) = (a >> 64, a & LOW, b >> 64, b & LOW);
    let ends = a0.wrapping_mul(b0);
    let (inner, outer) = (a0.wrapping_mul(b1), a1.wrapping_mul(b0));
    let middle = (ends >> 64).wrapping_add(inner & LOW).wrapping_add(outer & LOW);
    let high = a1.wrapping_mul(b1).wrapping_add(inner >> 64).wrapping_add(outer >> 64).wrapping_add(middle >> 64);
    (high, (middle << 64) | (ends & LOW))
}

/// (high·2^128 + low) / d for high < d, in two digits of 64 bits: Knuth's algorithm D as Hacker's Delight has it (divlu).
/// Nothing here can leave its type either; where the algorithm reckons modulo 2^128, the code says `wrapping`.
fn long_division(high: u128, low: u128, d: u128) -> u128 {
    // Both shifted so that the divisor's highest bit is set; `high` < `d` leaves room for it.
    let shift = d.leading_zeros();
    let d = d.wrapping_shl(shift);
    let carried = (low >> 1).wrapping_shr(127u32.wrapping_sub(shift));
    let high = high.wrapping_shl(shift) | carried;
    let low = low.wrapping_shl(shift);
    let (first, rest) = digit(high, low >> 64, d);
    let (second, _) = digit(rest, low & LOW, d);
    (first << 64) | second
}

/// One digit of 64 bits of the quotient (rest·2^64 + next) / d, and what is left; `rest` < `d`, `d`'s highest bit is set.
fn digit(rest: u128, next: u128, d: u128) -> (u128, u128) {
    let (d1, d0) = (d >> 64, d & LOW);
    // Never 0: its highest bit is set.
    let mut digit = rest.checked_div(d1).unwrap_or(0);
    let mut left = rest.wrapping_sub(digit.wrapping_mul(d1));
    // The guess from the divisor's upper half is at most 2 too high.
    while digit > LOW || digit.wrapping_mul(d0) > ((left << 64) | next) {
        digit = digit.wrapping_sub(1);
        left = left.wrapping_add(d1);
        if left > LOW {
            break;
        }
    }
    let whole = (rest << 64) | next;
    (digit, whole.wrapping_sub(digit.wrapping_mul(d)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use primitive_types::U256;
    use proptest::prelude::*;

    fn reference(a: u128, b: u128, d: u128) -> Result<u128, Error> {
        if d == 0 {
            return Ok(0);
        }
        u128::try_from(U256::from(a) * U256::from(b) / U256::from(d)).map_err(|_| Error::Overflow)
    }

    /// Numbers of every length, and those around powers of two, where digits and carries are made.
    fn number() -> impl Strategy<Value = u128> {
        let length = (any::<u128>(), 0u32..128).prop_map(|(bits, shift)| bits >> shift);
        let edge = (0u32..128, 0u128..3).prop_map(|(shift, near)| (1u128 << shift).wrapping_sub(1).wrapping_add(near));
        prop_oneof![length, edge, Just(u128::MAX), Just(LOW << 64)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn a_product_divided_is_what_256_bits_give((a, b, d) in (number(), number(), number())) {
            prop_assert_eq!(mul_div(a, b, d), reference(a, b, d));
        }

        #[test]
        fn a_product_divided_by_one_factor_is_the_other((a, b) in (number(), number())) {
            let expected = if b == 0 { 0 } else { a };
            prop_assert_eq!(mul_div(a, b, b), Ok(expected));
        }
    }

    #[test]
    fn a_division_by_zero_gives_zero_and_a_quotient_above_the_type_is_refused() {
        assert_eq!(mul_div(5, 7, 0), Ok(0));
        assert_eq!(mul_div(u128::MAX, u128::MAX, u128::MAX), Ok(u128::MAX));
        assert_eq!(mul_div(u128::MAX, u128::MAX, u128::MAX - 1), Err(Error::Overflow));
        assert_eq!(mul_div(u128::MAX, 2, 1), Err(Error::Overflow));
    }
}
