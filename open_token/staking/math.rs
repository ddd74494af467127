//! Products in 256 bits, and the accumulator that spreads rewards.

use openledger_abi::staking::StakingError;
use openledger_abi::{Balance, BPS};
use primitive_types::U256;

/// 2^128, in the words of primitive-types, lowest first.
const SCALE: U256 = U256([0, 0, 1, 0]);

fn narrow(value: U256) -> Result<Balance, StakingError> {
    Balance::try_from(value).map_err(|_| StakingError::Overflow)
}

/// ⌊a · b / c⌋.
///
/// # Errors
/// `Overflow` if c is 0 or the quotient is beyond 128 bits.
pub fn mul_div(a: u128, b: u128, c: u128) -> Result<u128, StakingError> {
    // 128 · 128 bits always fit.
    let product = U256::from(a).checked_mul(U256::from(b)).ok_or(StakingError::Overflow)?;
    narrow(product.checked_div(U256::from(c)).ok_or(StakingError::Overflow)?)
}

/// ⌈a · b / c⌉.
///
/// # Errors
/// As [`mul_div`].
pub fn mul_div_up(a: u128, b: u128, c: u128) -> Result<u128, StakingError> {
    let product = U256::from(a).checked_mul(U256::from(b)).ok_or(StakingError::Overflow)?;
    let divisor = U256::from(c);
    let quotient = product.checked_div(divisor).ok_or(StakingError::Overflow)?;
    let rest = product.checked_rem(divisor).ok_or(StakingError::Overflow)?;
    let up = U256::from(u8::from(!rest.is_zero()));
    narrow(quotient.checked_add(up).ok_or(StakingError::Overflow)?)
}

/// ⌊amount · bps / 10,000⌋.
///
/// # Errors
/// `Overflow` beyond 128 bits; never for bps ≤ 10,000.
pub fn bps_of(amount: Balance, bps: u16) -> Result<Balance, StakingError> {
    mul_div(amount, u128::from(bps), u128::from(BPS))
}

/// Rewards per unit since the beginning, times 2^128.
///
/// Synthetix StakingRewards: it only grows, so one subtraction pays any stretch of time, however many share. With a supply below
/// 2^90, units · difference stays below 2^218.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Accumulator([u8; 32]);

impl Accumulator {
    fn value(self) -> U256 {
        U256::from_little_endian(&self.0)
    }

    /// After `amount` was spread over `units`.
    ///
    /// # Errors
    /// `Overflow` for no units.
    pub fn raised(self, amount: Balance, units: Balance) -> Result<Self, StakingError> {
        // amount < 2^128, so the product fits.
        let scaled = U256::from(amount).checked_mul(SCALE).ok_or(StakingError::Overflow)?;
        self.raised_by(Scaled(scaled), units)
    }

    /// After a part of another accumulator's rewards, fractions of a unit and all, was spread over `units`.
    ///
    /// # Errors
    /// `Overflow` for no units.
    pub fn raised_by(self, amount: Scaled, units: Balance) -> Result<Self, StakingError> {
        let step = amount.0.checked_div(U256::from(units)).ok_or(StakingError::Overflow)?;
        let value = self.value().checked_add(step).ok_or(StakingError::Overflow)?;
        Ok(Self(value.to_little_endian()))
    }

    /// What `units` earned since it stood at `since`, to the 2^-128th.
    ///
    /// # Errors
    /// `Overflow` if it stood higher then.
    pub fn earned_exactly(self, since: Self, units: Balance) -> Result<Scaled, StakingError> {
        let difference = self.value().checked_sub(since.value()).ok_or(StakingError::Overflow)?;
        Ok(Scaled(difference.checked_mul(U256::from(units)).ok_or(StakingError::Overflow)?))
    }

    /// What `units` earned since it stood at `since`, rounded down.
    ///
    /// # Errors
    /// `Overflow` if it stood higher then, or beyond 128 bits.
    pub fn earned(self, since: Self, units: Balance) -> Result<Balance, StakingError> {
        self.earned_exactly(since, units)?.whole()
    }
}

/// An amount times 2^128.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scaled(U256);

impl Scaled {
    /// Whole units of it.
    ///
    /// # Errors
    /// `Overflow` beyond 128 bits.
    pub fn whole(self) -> Result<Balance, StakingError> {
        narrow(self.0.checked_div(SCALE).ok_or(StakingError::Overflow)?)
    }

    /// The rest after `amount` was taken.
    ///
    /// # Errors
    /// `Overflow` if it is less.
    pub fn less(self, amount: Balance) -> Result<Self, StakingError> {
        let scaled = U256::from(amount).checked_mul(SCALE).ok_or(StakingError::Overflow)?;
        Ok(Self(self.0.checked_sub(scaled).ok_or(StakingError::Overflow)?))
    }
}
