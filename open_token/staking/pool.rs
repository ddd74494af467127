//! An operator and its pool: shares, their worth, rewards.
//!
//! A share is worth `rate` / 2^127, and only a slash changes the rate. So what a stake is worth at any time, past ones too, follows
//! from its shares and the slashes alone, and the sum of all worths never exceeds what is bonded: entering rounds shares down,
//! leaving rounds them up, a slash rounds the rate down.

use crate::math::{bps_of, mul_div, mul_div_up, Accumulator};
use openledger_abi::datanet::MAX_AGREEING;
use openledger_abi::ensure;
use openledger_abi::staking::{
    CommissionRise, OperatorInfo, Role, StakingError, StakingParameters, StakingTotals, MAX_COMMISSION_DELAY_MS,
    MAX_DUTY_BPS, MAX_JAIL_MS, MAX_LEAST_BOND, MAX_OPERATORS_ASKED, MIN_BENEFICIARY_BPS,
};
use openledger_abi::times::{Unit, UNBONDING};
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
    /// By role, rewards per unit bonded in a pool that earns.
    pub rewards: [Accumulator; 4],
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
    /// Since when it has been out of service, as far as was noted.
    pub out_since: Option<Timestamp>,
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
    /// The role's accumulator up to which they came in.
    pub paid: Accumulator,
    /// Rewards per share.
    pub per_share: Accumulator,
    /// The operator's commission, not claimed.
    pub commission: Balance,
}

impl Operator {
    /// A new operator with nothing bonded.
    pub fn new(role: Role, signing_key: Bytes32, commission_bps: u16, now: Timestamp, global: &Global) -> Self {
        let pool = Pool {
            active: 0,
            shares: 0,
            own_shares: 0,
            rate: ONE,
            slashes: 0,
            slashed_at: 0,
            earning: false,
            paid: of_role(&global.rewards, role),
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
            out_since: None,
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

    /// Notes whether it is in service, and since when not: to be called before what may change it, and after. `bonds_set_at` is
    /// when the least bonds last changed: in between it may have been in service unnoticed.
    pub fn note_service(&mut self, parameters: &StakingParameters, bonds_set_at: Timestamp, now: Timestamp) {
        self.out_since = if self.is_active(parameters) {
            None
        } else {
            let since = self.out_since.unwrap_or(now);
            Some(if self.jailed_at.is_some() { since } else { since.max(bonds_set_at) })
        };
    }

    /// What its signature under a report answers for; `own_unbonding` is what of its own unbonds and stays in reach. `None` if it is
    /// not in service.
    ///
    /// # Errors
    /// `Overflow`.
    pub fn report_cover(
        &self,
        own_unbonding: Balance,
        parameters: &StakingParameters,
    ) -> Result<Option<Balance>, StakingError> {
        if !self.is_active(parameters) {
            return Ok(None);
        }
        let others = self.pool.active.checked_sub(self.own()).ok_or(StakingError::Overflow)?;
        let own = self.own().checked_add(own_unbonding).ok_or(StakingError::Overflow)?;
        let lost = bps_of(others, parameters.false_report_bps)?.min(own);
        Ok(Some(own.checked_add(lost).ok_or(StakingError::Overflow)?))
    }

    /// As others see it, after [`Self::note_service`]; `unbonding` is what a slash would still reach.
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
            out_since: self.out_since,
            earning: self.pool.earning,
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
            let earning = of_role_mut(&mut totals.earning, self.role);
            *earning = earning.checked_sub(self.pool.active).ok_or(StakingError::Overflow)?;
        }
        Ok(())
    }

    /// Puts the pool back into the totals; it may begin to earn, if it is `seated`: in the oracle set, or no oracle. To be called
    /// where what came in until now has been shared out before, else it would take part in that. Returns whether it earns, if that
    /// changed.
    ///
    /// # Errors
    /// `Overflow`.
    pub fn begin(
        &mut self,
        global: &mut Global,
        parameters: &StakingParameters,
        seated: bool,
    ) -> Result<Option<bool>, StakingError> {
        self.put_back(global, parameters, seated)
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
        let earned = self.pool.earning;
        self.put_back(global, parameters, earned)
    }

    fn put_back(
        &mut self,
        global: &mut Global,
        parameters: &StakingParameters,
        may_earn: bool,
    ) -> Result<Option<bool>, StakingError> {
        let earned = self.pool.earning;
        if self.pool.shares == 0 {
            // Nobody's: what rounding left.
            let totals = &mut global.totals;
            totals.pot = totals.pot.checked_add(self.pool.active).ok_or(StakingError::Overflow)?;
            self.pool.active = 0;
        }
        self.pool.earning = self.pool.shares > 0 && self.is_active(parameters) && may_earn;
        let totals = &mut global.totals;
        totals.active = totals.active.checked_add(self.pool.active).ok_or(StakingError::Overflow)?;
        if self.pool.earning {
            let earning = of_role_mut(&mut totals.earning, self.role);
            *earning = earning.checked_add(self.pool.active).ok_or(StakingError::Overflow)?;
        }
        Ok((earned != self.pool.earning).then_some(self.pool.earning))
    }

    /// Takes in what the pool earned since the last time: the commission, and the rest by shares.
    ///
    /// # Errors
    /// `Overflow`.
    pub fn settle(&mut self, global: &Global) -> Result<(), StakingError> {
        let (pool, rewards) = (&mut self.pool, of_role(&global.rewards, self.role));
        if pool.earning && pool.shares > 0 {
            let earned = rewards.earned_exactly(pool.paid, pool.active)?;
            let commission = bps_of(earned.whole()?, self.commission_bps)?;
            pool.commission = pool.commission.checked_add(commission).ok_or(StakingError::Overflow)?;
            // With its fractions, so that only a stake's own settling loses less than a unit.
            pool.per_share = pool.per_share.raised_by(earned.less(commission)?, pool.shares)?;
        }
        pool.paid = rewards;
        Ok(())
    }

    /// Whether its pool may begin to earn: an oracle's while it is `in_set`, which is only asked of an oracle.
    ///
    /// # Errors
    /// What `in_set` returns.
    pub fn seated<E>(&self, in_set: impl FnOnce() -> Result<bool, E>) -> Result<bool, E> {
        if self.role == Role::Oracle {
            in_set()
        } else {
            Ok(true)
        }
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

    /// Takes all of the operator's own shares out. Returns what they were worth.
    ///
    /// # Errors
    /// `Overflow`.
    pub fn forfeit_own(&mut self) -> Result<Balance, StakingError> {
        let worth = self.worth(self.own_shares);
        self.active = self.active.checked_sub(worth).ok_or(StakingError::Overflow)?;
        self.shares = self.shares.checked_sub(self.own_shares).ok_or(StakingError::Overflow)?;
        self.own_shares = 0;
        Ok(worth)
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
    of_role(&parameters.min_bonds, role)
}

/// A role's of four values, in the order of [`Role`].
fn of_role<T: Copy>(all: &[T; 4], role: Role) -> T {
    let [oracle, validator, host, agent] = *all;
    match role {
        Role::Oracle => oracle,
        Role::Validator => validator,
        Role::Host => host,
        Role::Agent => agent,
    }
}

fn of_role_mut<T>(all: &mut [T; 4], role: Role) -> &mut T {
    let [oracle, validator, host, agent] = all;
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
    /// To the pools that earn, by role.
    pub given: [Balance; 4],
    /// Into the duty fund.
    pub duty: Balance,
}

impl Spread {
    /// To all pools.
    pub fn total(&self) -> Balance {
        // Parts of one pot.
        self.given.iter().fold(0, |sum: Balance, given| sum.saturating_add(*given))
    }
}

/// Spreads the pot, with what was `pulled`: a part into the duty fund while that is not full, the rest over the roles in which a
/// pool earns, by their weights. Nothing if none has both. What rounding leaves stays in the pot.
///
/// # Errors
/// `Overflow`.
pub fn distribute(
    global: &mut Global,
    parameters: &StakingParameters,
    pulled: Balance,
) -> Result<Spread, StakingError> {
    let Global { totals, rewards } = global;
    totals.pot = totals.pot.checked_add(pulled).ok_or(StakingError::Overflow)?;
    let mut weights = parameters.role_weights.map(u128::from);
    for (weight, earning) in weights.iter_mut().zip(totals.earning) {
        if earning == 0 {
            *weight = 0;
        }
    }
    let whole = weights.iter().fold(0, |sum: u128, weight| sum.saturating_add(*weight));
    if whole == 0 || totals.pot == 0 {
        return Ok(Spread::default());
    }
    let room = parameters.duty_cap.saturating_sub(totals.duty);
    let duty = bps_of(totals.pot, parameters.duty_bps)?.min(room);
    let left = totals.pot.checked_sub(duty).ok_or(StakingError::Overflow)?;
    let mut spread = Spread { given: [0; 4], duty };
    let roles = spread.given.iter_mut().zip(rewards.iter_mut()).zip(weights).zip(totals.earning);
    for (((given, rewards), weight), earning) in roles.filter(|(_, earning)| *earning > 0) {
        *given = mul_div(left, weight, whole)?;
        *rewards = rewards.raised(*given, earning)?;
    }
    let given = spread.total();
    totals.rewards = totals.rewards.checked_add(given).ok_or(StakingError::Overflow)?;
    totals.duty = totals.duty.checked_add(duty).ok_or(StakingError::Overflow)?;
    totals.pot = left.checked_sub(given).ok_or(StakingError::Overflow)?;
    Ok(spread)
}

/// Whether parameters are within their bounds: under none of them is anybody's stake out of reach for good, work that can never be
/// paid, or a role that nobody can take.
///
/// # Errors
/// `BadParameters`.
pub fn validate(parameters: &StakingParameters, unit: Unit) -> Result<(), StakingError> {
    let whole = openledger_abi::BPS;
    let paid = |each: Balance, most: usize| {
        // The fund pays all who worked together, or nobody.
        let most = u128::try_from(most).unwrap_or(u128::MAX);
        each == 0 || (parameters.duty_bps > 0 && each.checked_mul(most).is_some_and(|sum| sum <= parameters.duty_cap))
    };
    let good = UNBONDING.allow(unit, parameters.unbonding_ms)
        && parameters.jail_ms <= MAX_JAIL_MS
        && parameters.min_bonds.iter().all(|bond| *bond <= MAX_LEAST_BOND)
        && parameters.commission_cap_bps <= whole
        && parameters.commission_delay_ms <= MAX_COMMISSION_DELAY_MS
        && parameters.duty_bps <= MAX_DUTY_BPS
        && paid(parameters.signature_pay, MAX_OPERATORS_ASKED)
        && paid(parameters.verdict_pay, MAX_AGREEING.into())
        && parameters.false_report_bps <= whole
        && parameters.role_weights.iter().any(|weight| *weight > 0)
        && (MIN_BENEFICIARY_BPS..=openledger_abi::staking::MAX_BENEFICIARY_BPS).contains(&parameters.beneficiary_bps);
    ensure!(good, StakingError::BadParameters);
    Ok(())
}
