//! An operator and its pool: shares, their worth, rewards.
//!
//! A share is worth `rate` / 2^127, and only a slash changes the rate. So what a stake is worth at any time, past ones too, follows
//! from its shares and the slashes alone, and the sum of all worths never exceeds what is bonded: entering rounds shares down,
//! leaving rounds them up, a slash rounds the rate down.

use crate::math::{bps_of, mul_div, mul_div_up, Accumulator};
use openledger_abi::ensure;
use openledger_abi::staking::{
    CommissionRise, OperatorInfo, Role, StakingError, StakingParameters, StakingTotals, MAX_COMMISSION_DELAY_MS,
};
use openledger_abi::{Balance, Bytes32, Timestamp};

/// A share's worth before any slash.
pub const ONE: u128 = 1 << 127;
/// Below this rate (a millionth), shares for new bonds would grow out of their type.
pub const LEAST_RATE: u128 = ONE >> 20;

/// What all pools share.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Global {
    pub totals: StakingTotals,
    /// Rewards per unit bonded in a pool that earns.
    pub rewards: Accumulator,
}

/// An operator.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    pub role: Role,
    pub signing_key: Bytes32,
    pub commission_bps: u16,
    pub registered_at: Timestamp,
    pub jailed_at: Option<Timestamp>,
    pub jailed_until: Timestamp,
    /// A higher commission that was announced.
    pub rise: Option<CommissionRise>,
    pub pool: Pool,
}

/// What is bonded to an operator.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// Bonded.
    pub active: Balance,
    /// All shares.
    pub shares: Balance,
    /// Of them, the operator's.
    pub own_shares: Balance,
    /// A share's worth, times 2^127.
    pub rate: u128,
    /// Slashes that changed the rate: the number of its checkpoints.
    pub slashes: u32,
    /// The last of them.
    pub slashed_at: Timestamp,
    /// Whether rewards come in.
    pub earning: bool,
    /// The global accumulator up to which they came in.
    pub paid: Accumulator,
    /// Rewards per share.
    pub per_share: Accumulator,
    /// The operator's commission, not claimed.
    pub commission: Balance,
}

impl Operator {
    /// A new operator with nothing bonded.
    pub fn new(role: Role, signing_key: Bytes32, commission_bps: u16, now: Timestamp, rewards: Accumulator) -> Self {
        let pool = Pool {
            active: 0,
            shares: 0,
            own_shares: 0,
            rate: ONE,
            slashes: 0,
            slashed_at: 0,
            earning: false,
            paid: rewards,
            per_share: Accumulator::default(),
            commission: 0,
        };
        Self {
            role,
            signing_key,
            commission_bps,
            registered_at: now,
            jailed_at: None,
            jailed_until: 0,
            rise: None,
            pool,
        }
    }

    /// The operator's own bond.
    pub fn own(&self) -> Balance {
        self.pool.worth(self.pool.own_shares)
    }

    /// Whether the own bond reaches the least of its role. It counts rounded up: in a slashed pool, the shares of exactly the least
    /// are worth a fraction of a unit less.
    pub fn has_least_bond(&self, parameters: &StakingParameters) -> bool {
        let own = mul_div_up(self.pool.own_shares, self.pool.rate, ONE);
        own.is_ok_and(|own| own >= least_bond(parameters, self.role))
    }

    /// Not in jail, with the least own bond of its role.
    pub fn is_active(&self, parameters: &StakingParameters) -> bool {
        self.jailed_at.is_none() && self.has_least_bond(parameters)
    }

    /// As others see it; `unbonding` is what a slash would still reach.
    pub fn info(&self, unbonding: Balance, parameters: &StakingParameters) -> OperatorInfo {
        OperatorInfo {
            role: self.role,
            signing_key: self.signing_key,
            active: self.pool.active,
            slashable: self.pool.active.saturating_add(unbonding),
            jailed_at: self.jailed_at,
            commission_bps: self.commission_bps,
            registered_at: self.registered_at,
            own: self.own(),
            jailed_until: self.jailed_until,
            rise: self.rise,
            in_service: self.is_active(parameters),
        }
    }

    /// Takes the pool out of the totals, its rewards up to now settled: to be called before anything changes what they depend on.
    ///
    /// # Errors
    /// `Overflow`.
    pub fn detach(&mut self, global: &mut Global) -> Result<(), StakingError> {
        self.settle(global)?;
        let totals = &mut global.totals;
        totals.active = totals.active.checked_sub(self.pool.active).ok_or(StakingError::Overflow)?;
        if self.pool.earning {
            totals.earning = totals.earning.checked_sub(self.pool.active).ok_or(StakingError::Overflow)?;
        }
        Ok(())
    }

    /// Puts the pool back into the totals; it may begin to earn. To be called where what came in until now has been shared out
    /// before, else it would take part in that. Returns whether it earns, if that changed.
    ///
    /// # Errors
    /// `Overflow`.
    pub fn begin(&mut self, global: &mut Global, parameters: &StakingParameters) -> Result<Option<bool>, StakingError> {
        self.put_back(global, parameters, true)
    }

    /// Puts the pool back into the totals; it may go on earning or end, not begin. Returns whether it earns, if that changed.
    ///
    /// # Errors
    /// `Overflow`.
    pub fn attach(
        &mut self,
        global: &mut Global,
        parameters: &StakingParameters,
    ) -> Result<Option<bool>, StakingError> {
        self.put_back(global, parameters, false)
    }

    fn put_back(
        &mut self,
        global: &mut Global,
        parameters: &StakingParameters,
        may_begin: bool,
    ) -> Result<Option<bool>, StakingError> {
        let earned = self.pool.earning;
        if self.pool.shares == 0 {
            // Nobody's: what rounding left.
            let totals = &mut global.totals;
            totals.pot = totals.pot.checked_add(self.pool.active).ok_or(StakingError::Overflow)?;
            self.pool.active = 0;
        }
        self.pool.earning = self.pool.shares > 0 && self.is_active(parameters) && (may_begin || earned);
        let totals = &mut global.totals;
        totals.active = totals.active.checked_add(self.pool.active).ok_or(StakingError::Overflow)?;
        if self.pool.earning {
            totals.earning = totals.earning.checked_add(self.pool.active).ok_or(StakingError::Overflow)?;
        }
        Ok((earned != self.pool.earning).then_some(self.pool.earning))
    }

    /// Takes in what the pool earned since the last time: the commission, and the rest by shares.
    ///
    /// # Errors
    /// `Overflow`.
    pub fn settle(&mut self, global: &Global) -> Result<(), StakingError> {
        let pool = &mut self.pool;
        if pool.earning && pool.shares > 0 {
            let earned = global.rewards.earned_exactly(pool.paid, pool.active)?;
            let commission = bps_of(earned.whole()?, self.commission_bps)?;
            pool.commission = pool.commission.checked_add(commission).ok_or(StakingError::Overflow)?;
            // With its fractions, so that only a stake's own settling loses less than a unit.
            pool.per_share = pool.per_share.raised_by(earned.less(commission)?, pool.shares)?;
        }
        pool.paid = global.rewards;
        Ok(())
    }

    /// Puts the operator into jail, or its time there further away.
    pub fn jail(&mut self, now: Timestamp, parameters: &StakingParameters) {
        self.jailed_at = Some(now);
        self.jailed_until = self.jailed_until.max(now.saturating_add(parameters.jail_ms));
    }

    /// Leaves jail.
    ///
    /// # Errors
    /// `NotJailed`, `JailNotOver`, `BelowMinBond`.
    pub fn unjail(&mut self, now: Timestamp, parameters: &StakingParameters) -> Result<(), StakingError> {
        ensure!(self.jailed_at.is_some(), StakingError::NotJailed);
        ensure!(now >= self.jailed_until, StakingError::JailNotOver);
        ensure!(self.has_least_bond(parameters), StakingError::BelowMinBond);
        self.jailed_at = None;
        Ok(())
    }

    /// Sets the commission: a lower one at once, a higher one is announced. Returns the announcement.
    ///
    /// # Errors
    /// `CommissionAboveCap`, `Overflow`.
    pub fn set_commission(
        &mut self,
        global: &Global,
        parameters: &StakingParameters,
        commission_bps: u16,
        now: Timestamp,
    ) -> Result<Option<CommissionRise>, StakingError> {
        ensure!(commission_bps <= parameters.commission_cap_bps, StakingError::CommissionAboveCap);
        self.rise = None;
        if commission_bps > self.commission_bps {
            let due_at = now.checked_add(parameters.commission_delay_ms).ok_or(StakingError::Overflow)?;
            self.rise = Some(CommissionRise { commission_bps, due_at });
            return Ok(self.rise);
        }
        // What came in until now is shared as it was agreed on.
        self.settle(global)?;
        self.commission_bps = commission_bps;
        Ok(None)
    }

    /// The announced commission, when it is due.
    ///
    /// # Errors
    /// `NoRise`, `RiseNotDue`.
    pub fn due_rise(&self, now: Timestamp) -> Result<u16, StakingError> {
        let rise = self.rise.ok_or(StakingError::NoRise)?;
        ensure!(now >= rise.due_at, StakingError::RiseNotDue);
        Ok(rise.commission_bps)
    }

    /// Puts an announced commission in force, on what comes in from now on. Returns the commission.
    ///
    /// # Errors
    /// `NoRise`, `RiseNotDue`, `Overflow`.
    pub fn apply_rise(
        &mut self,
        global: &Global,
        parameters: &StakingParameters,
        now: Timestamp,
    ) -> Result<u16, StakingError> {
        // The cap may be lower by now.
        let due = self.due_rise(now)?.min(parameters.commission_cap_bps);
        self.settle(global)?;
        self.rise = None;
        self.commission_bps = self.commission_bps.max(due);
        Ok(self.commission_bps)
    }

    /// Brings the commission down to the cap. Returns it, if it changed.
    ///
    /// # Errors
    /// `Overflow`.
    pub fn cap_commission(
        &mut self,
        global: &Global,
        parameters: &StakingParameters,
    ) -> Result<Option<u16>, StakingError> {
        let cap = parameters.commission_cap_bps;
        if self.commission_bps <= cap {
            return Ok(None);
        }
        self.settle(global)?;
        self.commission_bps = cap;
        Ok(Some(cap))
    }
}

impl Pool {
    /// What shares are worth now.
    pub fn worth(&self, shares: Balance) -> Balance {
        worth_at(self.rate, shares)
    }

    /// Takes `amount` in. Returns its shares.
    ///
    /// # Errors
    /// `PoolWorthless`, `Overflow`.
    pub fn enter(&mut self, amount: Balance) -> Result<Balance, StakingError> {
        ensure!(self.rate >= LEAST_RATE, StakingError::PoolWorthless);
        let shares = mul_div(amount, ONE, self.rate)?;
        self.active = self.active.checked_add(amount).ok_or(StakingError::Overflow)?;
        self.shares = self.shares.checked_add(shares).ok_or(StakingError::Overflow)?;
        Ok(shares)
    }

    /// Lets `amount` go from a stake of `held` shares. Returns the shares that go with it.
    ///
    /// # Errors
    /// `InsufficientStake`, `Overflow`.
    pub fn leave(&mut self, held: Balance, amount: Balance) -> Result<Balance, StakingError> {
        let worth = self.worth(held);
        ensure!(amount <= worth, StakingError::InsufficientStake);
        let mut shares = if amount == worth { held } else { mul_div_up(amount, ONE, self.rate)? };
        let left = held.checked_sub(shares).ok_or(StakingError::Overflow)?;
        if self.worth(left) == 0 {
            shares = held;
        }
        self.active = self.active.checked_sub(amount).ok_or(StakingError::Overflow)?;
        self.shares = self.shares.checked_sub(shares).ok_or(StakingError::Overflow)?;
        Ok(shares)
    }

    /// Takes `bps` of all that is bonded. Returns the amount.
    ///
    /// # Errors
    /// `BadBps`, `Overflow`.
    pub fn slash(&mut self, bps: u16, now: Timestamp) -> Result<Balance, StakingError> {
        let taken = bps_of(self.active, bps)?;
        let left = openledger_abi::BPS.checked_sub(bps).ok_or(StakingError::BadBps)?;
        self.rate = bps_of(self.rate, left)?;
        self.active = self.active.checked_sub(taken).ok_or(StakingError::Overflow)?;
        // Slashes of one block share a checkpoint.
        if self.slashes == 0 || self.slashed_at != now {
            self.slashes = self.slashes.checked_add(1).ok_or(StakingError::Overflow)?;
        }
        self.slashed_at = now;
        Ok(taken)
    }
}

/// What shares are worth at a rate.
pub fn worth_at(rate: u128, shares: Balance) -> Balance {
    // rate ≤ 2^127, so the quotient fits and the error can't be.
    mul_div(shares, rate, ONE).unwrap_or(0)
}

/// The least own bond of a role.
pub fn least_bond(parameters: &StakingParameters, role: Role) -> Balance {
    let [oracle, validator, host, agent] = parameters.min_bonds;
    match role {
        Role::Oracle => oracle,
        Role::Validator => validator,
        Role::Host => host,
        Role::Agent => agent,
    }
}

/// What was spread of the pot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spread {
    /// To the pools that earn.
    pub given: Balance,
    /// Into the duty fund.
    pub duty: Balance,
}

/// Spreads the pot, with what was `pulled`: a part into the duty fund while that is not full, the rest over the pools that earn.
/// Nothing if none earns.
///
/// # Errors
/// `Overflow`.
pub fn distribute(
    global: &mut Global,
    parameters: &StakingParameters,
    pulled: Balance,
) -> Result<Spread, StakingError> {
    let totals = &mut global.totals;
    totals.pot = totals.pot.checked_add(pulled).ok_or(StakingError::Overflow)?;
    if totals.earning == 0 || totals.pot == 0 {
        return Ok(Spread::default());
    }
    let room = parameters.duty_cap.saturating_sub(totals.duty);
    let duty = bps_of(totals.pot, parameters.duty_bps)?.min(room);
    let given = totals.pot.checked_sub(duty).ok_or(StakingError::Overflow)?;
    global.rewards = global.rewards.raised(given, totals.earning)?;
    totals.rewards = totals.rewards.checked_add(given).ok_or(StakingError::Overflow)?;
    totals.duty = totals.duty.checked_add(duty).ok_or(StakingError::Overflow)?;
    totals.pot = 0;
    Ok(Spread { given, duty })
}

/// Whether parameters are within their bounds.
///
/// # Errors
/// `BadParameters`.
pub fn validate(parameters: &StakingParameters) -> Result<(), StakingError> {
    let good = parameters.unbonding_ms >= crate::unbonding::SLICES
        && parameters.commission_cap_bps <= openledger_abi::BPS
        && parameters.commission_delay_ms <= MAX_COMMISSION_DELAY_MS
        && parameters.duty_bps <= openledger_abi::BPS
        && parameters.beneficiary_bps <= openledger_abi::staking::MAX_BENEFICIARY_BPS;
    ensure!(good, StakingError::BadParameters);
    Ok(())
}
