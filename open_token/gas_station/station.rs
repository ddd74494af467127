//! The station's rules: what an order gives, and how much may leave in a period. Knows no chain.

use openledger_abi::gas_station::{GasLeft, GasOrder, GasParameters, GasRate, GasStationError, MAX_PERIOD};
use openledger_abi::{ensure, AccountId, Balance, Bytes32, Timestamp};
use proof::math::mul_div;

/// What is set at the start and by governance.
#[derive(Debug, Clone, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub struct Config {
    pub token: AccountId,
    pub genesis: Bytes32,
    pub treasury: AccountId,
    pub parameters: GasParameters,
    pub paused: u8,
}

/// What left in the newest period in which anything did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub struct Window {
    /// Its number since the Unix epoch.
    period: u64,
    /// Native coin that left in it.
    used: Balance,
}

/// What the station knows of one account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub struct Account {
    /// The nonce of its next order.
    pub nonce: u64,
    /// What it got.
    pub window: Window,
}

impl Window {
    /// What is left of `limit` in `period`.
    pub fn left(&self, period: u64, limit: Balance) -> Balance {
        if self.period == period {
            limit.saturating_sub(self.used)
        } else {
            limit
        }
    }

    /// The window after `amount` left in `period`. Errs with what is left of `limit` if that is less.
    fn draw(self, period: u64, amount: Balance, limit: Balance) -> Result<Self, Balance> {
        let left = self.left(period, limit);
        if amount > left {
            return Err(left);
        }
        let used = if self.period == period { self.used } else { 0 };
        // At most the limit, as was just checked.
        Ok(Self { period, used: used.saturating_add(amount) })
    }
}

/// Errors with `BadParameters` unless the parameters are what their documentation says.
pub fn validate(parameters: &GasParameters) -> Result<(), GasStationError> {
    let GasParameters { rate, least, account_limit, total_limit, period_ms, .. } = *parameters;
    let rate_stands = rate.native > 0 && rate.open > 0;
    let limits_nest = least <= account_limit && account_limit <= total_limit;
    ensure!(rate_stands && limits_nest && (1..=MAX_PERIOD).contains(&period_ms), GasStationError::BadParameters);
    Ok(())
}

/// The native coin for `open` units of OPEN of which `tip` go to the relayer: rounded down, so that the station never
/// gives more than the rate. `least` is the least that a swap gives.
pub fn native_for(rate: GasRate, open: Balance, tip: Balance, least: Balance) -> Result<Balance, GasStationError> {
    let paid = open.checked_sub(tip).ok_or(GasStationError::TipAboveOrder)?;
    let native = mul_div(paid, rate.native, rate.open).map_err(|_| GasStationError::Overflow)?;
    // A swap for nothing would use up a nonce and serve nobody.
    ensure!(native >= least && native > 0, GasStationError::BelowLeast { native, least });
    Ok(native)
}

/// The least native coin of a swap, given the chain's existential deposit: less would not make an account.
pub fn least(parameters: &GasParameters, existential: Balance) -> Balance {
    parameters.least.max(existential)
}

/// The number of the period at `now`. A period of no length, which parameters can't have, never ends.
pub fn period(parameters: &GasParameters, now: Timestamp) -> u64 {
    now.checked_div(parameters.period_ms).unwrap_or(0)
}

/// What a station with `balance` can give without touching what it keeps.
pub fn funds(parameters: &GasParameters, balance: Balance, existential: Balance) -> Balance {
    balance.saturating_sub(existential).saturating_sub(parameters.reserve)
}

/// The native coin that an order gives, if the holder agrees to it.
pub fn price(parameters: &GasParameters, existential: Balance, order: &GasOrder) -> Result<Balance, GasStationError> {
    let least = least(parameters, existential);
    let native = native_for(parameters.rate, order.open, order.tip, least)?;
    ensure!(native >= order.least_native, GasStationError::BelowOrder { native });
    Ok(native)
}

/// The account and the total after `native` left for the account, whose nonce is used up.
pub fn spend(
    parameters: &GasParameters,
    account: Account,
    total: Window,
    native: Balance,
    now: Timestamp,
) -> Result<(Account, Window), GasStationError> {
    let period = period(parameters, now);
    let window = account
        .window
        .draw(period, native, parameters.account_limit)
        .map_err(|left| GasStationError::AccountLimit { left })?;
    let total =
        total.draw(period, native, parameters.total_limit).map_err(|left| GasStationError::TotalLimit { left })?;
    let nonce = account.nonce.checked_add(1).ok_or(GasStationError::Overflow)?;
    Ok((Account { nonce, window }, total))
}

/// What the limits leave at `now`.
pub fn left(parameters: &GasParameters, account: Account, total: Window, funds: Balance, now: Timestamp) -> GasLeft {
    let period = period(parameters, now);
    GasLeft {
        account: account.window.left(period, parameters.account_limit),
        total: total.left(period, parameters.total_limit),
        funds,
        renewed_at: period.saturating_add(1).saturating_mul(parameters.period_ms),
    }
}
