//! What staking keeps, and what can be read from it. Knows storage, but no caller, clock or other contract.

use crate::pool::{self, Global, Operator};
use crate::staker::{last_at, RateCheckpoint, Stake, Staker, VoteCheckpoint};
use crate::unbonding::{self, Part, Slice};
use ink::prelude::vec::Vec;
use ink::storage::traits::ManualKey;
use ink::storage::{Lazy, Mapping};
use openledger_abi::ensure;
use openledger_abi::staking::{OperatorInfo, StakeInfo, StakingError, StakingParameters, UnbondingInfo};
use openledger_abi::{AccountId, Balance, Bytes32, Timestamp};

type Outcome<T> = Result<T, StakingError>;

/// Operators, accounts and what both have.
#[ink::storage_item]
#[derive(Debug, Default)]
pub struct Store {
    operator_count: u32,
    /// When the least bonds last changed.
    bonds_set_at: Timestamp,
    global: Lazy<Global, ManualKey<0x5354_0004>>,
    operators: Mapping<AccountId, Operator, ManualKey<0x5354_0005>>,
    /// Operators in the order of registration.
    numbers: Mapping<u32, AccountId, ManualKey<0x5354_0006>>,
    /// Whose a signing key is or was.
    keys: Mapping<Bytes32, AccountId, ManualKey<0x5354_0007>>,
    /// What unbonds from a pool, where a slash can reach it.
    slices: Mapping<AccountId, Vec<Slice>, ManualKey<0x5354_0008>>,
    /// What matured long ago and waits to be withdrawn.
    retired: Mapping<(AccountId, Timestamp), Slice, ManualKey<0x5354_0009>>,
    stakers: Mapping<AccountId, Staker, ManualKey<0x5354_000a>>,
    votes: Mapping<(AccountId, u32), VoteCheckpoint, ManualKey<0x5354_000b>>,
    rates: Mapping<(AccountId, u32), RateCheckpoint, ManualKey<0x5354_000c>>,
    credits: Mapping<AccountId, Balance, ManualKey<0x5354_000d>>,
    /// Epochs whose signers were paid.
    paid_reports: Mapping<u32, (), ManualKey<0x5354_000e>>,
    /// Contributions whose validators were paid.
    paid_verdicts: Mapping<u64, (), ManualKey<0x5354_000f>>,
}

impl Store {
    pub fn global(&self) -> Global {
        self.global.get_or_default()
    }

    pub fn put_global(&mut self, global: &Global) {
        self.global.set(global);
    }

    pub fn operator_count(&self) -> u32 {
        self.operator_count
    }

    pub fn account_of(&self, number: u32) -> Option<AccountId> {
        self.numbers.get(number)
    }

    /// # Errors
    /// `UnknownOperator`.
    pub fn operator(&self, account: AccountId) -> Outcome<Operator> {
        self.operators.get(account).ok_or(StakingError::UnknownOperator)
    }

    /// An operator before something that may change whether it is in service.
    ///
    /// # Errors
    /// `UnknownOperator`.
    pub fn noted_operator(
        &self,
        account: AccountId,
        parameters: &StakingParameters,
        now: Timestamp,
    ) -> Outcome<Operator> {
        let mut operator = self.operator(account)?;
        operator.note_service(parameters, self.bonds_set_at, now);
        Ok(operator)
    }

    /// Writes an operator after it.
    pub fn put_noted(
        &mut self,
        account: AccountId,
        mut operator: Operator,
        parameters: &StakingParameters,
        now: Timestamp,
    ) {
        operator.note_service(parameters, self.bonds_set_at, now);
        self.put_operator(account, &operator);
    }

    pub fn put_bonds_set_at(&mut self, now: Timestamp) {
        self.bonds_set_at = now;
    }

    pub fn put_operator(&mut self, account: AccountId, operator: &Operator) {
        self.operators.insert(account, operator);
    }

    /// Gives a new operator its number.
    ///
    /// # Errors
    /// `AlreadyOperator`, `ZeroKey`, `KeyTaken`.
    pub fn enlist(&mut self, account: AccountId, key: Bytes32) -> Outcome<()> {
        ensure!(!self.operators.contains(account), StakingError::AlreadyOperator);
        self.take_key(key, account)?;
        let number = self.operator_count;
        self.operator_count = number.checked_add(1).ok_or(StakingError::Overflow)?;
        self.numbers.insert(number, &account);
        Ok(())
    }

    /// Makes a signing key an operator's for good.
    ///
    /// # Errors
    /// `ZeroKey`, `KeyTaken`.
    pub fn take_key(&mut self, key: Bytes32, account: AccountId) -> Outcome<()> {
        ensure!(key != [0; 32], StakingError::ZeroKey);
        ensure!(!self.keys.contains(key), StakingError::KeyTaken);
        self.keys.insert(key, &account);
        Ok(())
    }

    pub fn owner_of_key(&self, key: Bytes32) -> Option<AccountId> {
        self.keys.get(key)
    }

    pub fn slices(&self, operator: AccountId) -> Vec<Slice> {
        self.slices.get(operator).unwrap_or_default()
    }

    pub fn put_slices(&mut self, operator: AccountId, slices: &Vec<Slice>) {
        if slices.is_empty() {
            self.slices.remove(operator);
        } else {
            self.slices.insert(operator, slices);
        }
    }

    /// What unbonds from a pool; a slice that no slash reaches any more is put aside.
    pub fn fresh_slices(&mut self, operator: AccountId, now: Timestamp, unbonding_ms: u64) -> Vec<Slice> {
        let mut slices = self.slices(operator);
        if let Some(slice) = unbonding::retire(&mut slices, now, unbonding_ms) {
            self.retired.insert((operator, slice.matures_at), &slice);
        }
        slices
    }

    /// The slice that a part lies in.
    pub fn slice_of(&self, part: &Part) -> Option<Slice> {
        let slices = self.slices(part.operator);
        let found = slices.into_iter().find(|slice| slice.matures_at == part.matures_at);
        found.or_else(|| self.retired.get((part.operator, part.matures_at)))
    }

    /// Writes a slice back after something was paid from it.
    pub fn put_slice(&mut self, operator: AccountId, changed: &Slice) {
        let mut slices = self.slices(operator);
        if let Some(slice) = slices.iter_mut().find(|slice| slice.matures_at == changed.matures_at) {
            *slice = *changed;
            slices.retain(|slice| slice.units > 0);
            self.put_slices(operator, &slices);
        } else if changed.units > 0 {
            self.retired.insert((operator, changed.matures_at), changed);
        } else {
            self.retired.remove((operator, changed.matures_at));
        }
    }

    pub fn staker(&self, account: AccountId) -> Staker {
        self.stakers.get(account).unwrap_or_default()
    }

    /// What an operator itself has unbonding from its own pool.
    pub fn own_parts(&self, operator: AccountId) -> Vec<Part> {
        let mut parts = self.staker(operator).parts;
        parts.retain(|part| part.operator == operator);
        parts
    }

    pub fn put_staker(&mut self, account: AccountId, staker: &Staker) {
        self.stakers.insert(account, staker);
    }

    /// Writes an account whose shares changed, with its votes.
    ///
    /// # Errors
    /// `Overflow`.
    pub fn put_voter(&mut self, account: AccountId, staker: &mut Staker, now: Timestamp) -> Outcome<()> {
        let (number, checkpoint) = staker.checkpoint(now)?;
        self.votes.insert((account, number), &checkpoint);
        self.stakers.insert(account, staker);
        Ok(())
    }

    /// Notes a slashed operator's new rate.
    ///
    /// # Errors
    /// `Overflow`.
    pub fn put_rate(&mut self, account: AccountId, operator: &Operator, now: Timestamp) -> Outcome<()> {
        let number = operator.pool.slashes.checked_sub(1).ok_or(StakingError::Overflow)?;
        self.rates.insert((account, number), &RateCheckpoint { at: now, rate: operator.pool.rate });
        Ok(())
    }

    pub fn credit_of(&self, account: AccountId) -> Balance {
        self.credits.get(account).unwrap_or(0)
    }

    /// # Errors
    /// `Overflow`.
    pub fn add_credit(&mut self, account: AccountId, amount: Balance) -> Outcome<()> {
        let credit = self.credit_of(account).checked_add(amount).ok_or(StakingError::Overflow)?;
        self.credits.insert(account, &credit);
        Ok(())
    }

    /// # Errors
    /// `NothingToClaim`.
    pub fn take_credit(&mut self, account: AccountId) -> Outcome<Balance> {
        self.credits.take(account).ok_or(StakingError::NothingToClaim)
    }

    pub fn report_paid(&self, epoch: u32) -> bool {
        self.paid_reports.contains(epoch)
    }

    pub fn put_report_paid(&mut self, epoch: u32) {
        self.paid_reports.insert(epoch, &());
    }

    pub fn verdicts_paid(&self, contribution: u64) -> bool {
        self.paid_verdicts.contains(contribution)
    }

    pub fn put_verdicts_paid(&mut self, contribution: u64) {
        self.paid_verdicts.insert(contribution, &());
    }

    /// An operator as others see it.
    pub fn info(&self, account: AccountId, now: Timestamp, parameters: &StakingParameters) -> Option<OperatorInfo> {
        let mut operator = self.operators.get(account)?;
        operator.note_service(parameters, self.bonds_set_at, now);
        Some(operator.info(unbonding::reachable(&self.slices(account), now), parameters))
    }

    /// What an operator's signature under a report answers for; of what unbonds, what matures after a time counts.
    pub fn report_cover(
        &self,
        account: AccountId,
        matures_after: Timestamp,
        parameters: &StakingParameters,
    ) -> Option<Balance> {
        let operator = self.operators.get(account)?;
        let mut slices = self.slices(account);
        slices.retain(|slice| slice.matures_at > matures_after);
        operator.report_cover(unbonding::worth(&slices, &self.own_parts(account)), parameters).ok()?
    }

    /// What an account has in pools.
    pub fn stakes(&self, account: AccountId) -> Vec<StakeInfo> {
        let global = self.global();
        let info = |mut stake: Stake| {
            let mut found = self.operators.get(stake.operator)?;
            found.settle(&global).ok()?;
            stake.settle(&found.pool).ok()?;
            let commission = if stake.operator == account { found.pool.commission } else { 0 };
            let rewards = stake.owed.saturating_add(commission);
            Some(StakeInfo { operator: stake.operator, amount: found.pool.worth(stake.shares), rewards })
        };
        self.staker(account).stakes.into_iter().filter_map(info).collect()
    }

    /// What an account has unbonding.
    pub fn unbondings(&self, account: AccountId) -> Vec<UnbondingInfo> {
        let info = |part: Part| {
            let amount = self.slice_of(&part)?.worth(part.units);
            Some(UnbondingInfo { id: part.id, operator: part.operator, amount, matures_at: part.matures_at })
        };
        self.staker(account).parts.into_iter().filter_map(info).collect()
    }

    /// What an account's shares are worth.
    pub fn votes(&self, account: AccountId) -> Balance {
        self.staker(account).stakes.iter().fold(0, |sum: Balance, stake| {
            let rate = self.operators.get(stake.operator).map_or(0, |found| found.pool.rate);
            sum.saturating_add(pool::worth_at(rate, stake.shares))
        })
    }

    /// What an account's shares of that time were worth then.
    pub fn votes_at(&self, account: AccountId, at: Timestamp) -> Balance {
        let count = self.staker(account).checkpoints;
        let read = |number| self.votes.get((account, number));
        let found = last_at(count, at, read, |checkpoint: &VoteCheckpoint| checkpoint.at);
        let shares = found.map(|checkpoint| checkpoint.shares).unwrap_or_default();
        shares.into_iter().fold(0, |sum: Balance, (operator, shares)| {
            sum.saturating_add(pool::worth_at(self.rate_at(operator, at), shares))
        })
    }

    fn rate_at(&self, operator: AccountId, at: Timestamp) -> u128 {
        let Some(found) = self.operators.get(operator) else { return 0 };
        let pool = found.pool;
        if pool.slashes == 0 || pool.slashed_at <= at {
            return pool.rate;
        }
        let read = |number| self.rates.get((operator, number));
        last_at(pool.slashes, at, read, |checkpoint: &RateCheckpoint| checkpoint.at)
            .map_or(pool::ONE, |checkpoint| checkpoint.rate)
    }
}
