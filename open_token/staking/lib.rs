//! Operators bond OPEN, anyone bonds to them, slashers take it: the ink! shell.
//!
//! `pool` knows shares, worth and rewards, `unbonding` what leaves, `staker` an account and its votes, `flow` what a message
//! does to all of them; none of these knows storage or other contracts.
#![cfg_attr(not(feature = "std"), no_std, no_main)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap
    )
)]

pub mod flow;
pub mod math;
pub mod pool;
pub mod staker;
#[cfg(test)]
mod tests;
pub mod unbonding;

#[ink::contract]
mod staking {
    use crate::flow::{self, Act};
    use crate::pool::{self, Global, Operator};
    use crate::staker::{last_at, RateCheckpoint, Staker, VoteCheckpoint};
    use crate::unbonding::{self, Slice};
    use ink::codegen::TraitCallBuilder;
    use ink::prelude::vec::Vec;
    use ink::storage::traits::ManualKey;
    use ink::storage::{Lazy, Mapping};
    use openledger_abi::escrow::Escrow;
    use openledger_abi::staking::*;
    use openledger_abi::{
        ensure, Admin, AdminError, AdminTransferStarted, AdminTransferred, Administered, Bytes32, CodeUpgraded,
        PauseSet, Wired,
    };
    use psp22::{PSP22Burnable, PSP22Error, PSP22};

    #[ink(storage)]
    pub struct StakingContract {
        token: AccountId,
        paused: u8,
        operator_count: u32,
        admin: Lazy<Admin, ManualKey<0x5354_0001>>,
        peers: Lazy<StakingPeers, ManualKey<0x5354_0002>>,
        parameters: Lazy<StakingParameters, ManualKey<0x5354_0003>>,
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
    }

    type Outcome<T> = Result<T, StakingError>;

    impl StakingContract {
        /// Staking of `token`; whoever deploys it may `wire` it.
        ///
        /// # Errors
        /// `BadParameters`.
        #[ink(constructor)]
        pub fn new(token: AccountId, parameters: StakingParameters) -> Outcome<Self> {
            pool::validate(&parameters)?;
            let mut contract = Self {
                token,
                paused: 0,
                operator_count: 0,
                admin: Lazy::new(),
                peers: Lazy::new(),
                parameters: Lazy::new(),
                global: Lazy::new(),
                operators: Mapping::new(),
                numbers: Mapping::new(),
                keys: Mapping::new(),
                slices: Mapping::new(),
                retired: Mapping::new(),
                stakers: Mapping::new(),
                votes: Mapping::new(),
                rates: Mapping::new(),
                credits: Mapping::new(),
            };
            contract.admin.set(&Admin::new(Self::env().caller()));
            contract.parameters.set(&parameters);
            contract.global.set(&Global::default());
            Ok(contract)
        }

        fn role_holder(&self) -> Admin {
            // Set by the constructor; without it nobody could ever wire.
            self.admin.get().unwrap_or_else(|| Admin::new(AccountId::from([0; 32])))
        }

        fn limits(&self) -> Outcome<StakingParameters> {
            self.parameters.get().ok_or(StakingError::BadParameters)
        }

        fn ensure_running(&self, function: u8) -> Outcome<()> {
            self.role_holder().ensure_wired()?;
            let bit = 1u8.checked_shl(u32::from(function)).unwrap_or(0);
            ensure!(self.paused & bit == 0, StakingError::FunctionPaused);
            Ok(())
        }

        fn the_operator(&self, account: AccountId) -> Outcome<Operator> {
            self.operators.get(account).ok_or(StakingError::UnknownOperator)
        }

        fn the_slices(&self, operator: AccountId) -> Vec<Slice> {
            self.slices.get(operator).unwrap_or_default()
        }

        fn put_slices(&mut self, operator: AccountId, slices: &Vec<Slice>) {
            if slices.is_empty() {
                self.slices.remove(operator);
            } else {
                self.slices.insert(operator, slices);
            }
        }

        /// Writes an account whose shares changed, with its votes.
        fn put_staker(&mut self, account: AccountId, staker: &mut Staker) -> Outcome<()> {
            let (number, checkpoint) = staker.checkpoint(self.env().block_timestamp())?;
            self.votes.insert((account, number), &checkpoint);
            self.stakers.insert(account, staker);
            Ok(())
        }

        fn tell_earning(&self, operator: AccountId, earning: Option<bool>) {
            if let Some(earning) = earning {
                self.env().emit_event(EarningSet { operator, earning });
            }
        }

        /// The second half of `register` and `bond`: the shares and the tokens.
        fn take_bond(&mut self, id: AccountId, mut operator: Operator, amount: Balance) -> Outcome<()> {
            let account = self.env().caller();
            let act = Act { account, operator: id, now: self.env().block_timestamp() };
            let mut global = self.global.get_or_default();
            let mut staker = self.stakers.get(account).unwrap_or_default();
            let outcome = flow::bond(act, &mut global, &self.limits()?, &mut operator, &mut staker, amount)?;
            self.global.set(&global);
            self.operators.insert(id, &operator);
            self.put_staker(account, &mut staker)?;
            self.env().emit_event(Bonded { operator: id, account, amount, shares: outcome.shares });
            self.tell_earning(id, outcome.earning);
            let mut token: ink::contract_ref!(PSP22) = self.token.into();
            let me = self.env().account_id();
            flatten(token.call_mut().transfer_from(account, me, amount, Vec::new()).try_invoke())
        }

        fn send(&mut self, to: AccountId, amount: Balance) -> Outcome<()> {
            let mut token: ink::contract_ref!(PSP22) = self.token.into();
            flatten(token.call_mut().transfer(to, amount, Vec::new()).try_invoke())
        }

        fn take_key(&mut self, key: Bytes32, account: AccountId) -> Outcome<()> {
            ensure!(key != [0; 32], StakingError::ZeroKey);
            ensure!(!self.keys.contains(key), StakingError::KeyTaken);
            self.keys.insert(key, &account);
            Ok(())
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

    /// All layers of a call into the token as one error of ours.
    fn flatten<L, E>(result: Result<Result<Result<(), PSP22Error>, L>, E>) -> Outcome<()> {
        match result {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(PSP22Error::InsufficientBalance))) => Err(StakingError::InsufficientBalance),
            Ok(Ok(Err(PSP22Error::InsufficientAllowance))) => Err(StakingError::InsufficientAllowance),
            _ => Err(StakingError::TokenFailed),
        }
    }

    impl Staking for StakingContract {
        #[ink(message)]
        fn wire(
            &mut self,
            escrow: AccountId,
            disputes: AccountId,
            datanet_registry: AccountId,
            timelock: AccountId,
        ) -> Outcome<()> {
            let mut admin = self.role_holder();
            admin.wire(self.env().caller(), timelock)?;
            self.admin.set(&admin);
            self.peers.set(&StakingPeers { token: self.token, escrow, disputes, datanet_registry });
            self.env().emit_event(Wired { admin: timelock });
            Ok(())
        }

        #[ink(message)]
        fn register(&mut self, role: Role, signing_key: Bytes32, commission_bps: u16, own_bond: Balance) -> Outcome<()> {
            self.ensure_running(pause::BOND)?;
            let account = self.env().caller();
            let parameters = self.limits()?;
            ensure!(!self.operators.contains(account), StakingError::AlreadyOperator);
            ensure!(commission_bps <= parameters.commission_cap_bps, StakingError::CommissionAboveCap);
            ensure!(own_bond >= pool::least_bond(&parameters, role), StakingError::BelowMinBond);
            self.take_key(signing_key, account)?;
            let number = self.operator_count;
            self.operator_count = number.checked_add(1).ok_or(StakingError::Overflow)?;
            self.numbers.insert(number, &account);
            self.env().emit_event(OperatorRegistered { operator: account, role, signing_key, commission_bps });
            let rewards = self.global.get_or_default().rewards;
            let operator = Operator::new(role, signing_key, commission_bps, self.env().block_timestamp(), rewards);
            self.take_bond(account, operator, own_bond)
        }

        #[ink(message)]
        fn bond(&mut self, operator: AccountId, amount: Balance) -> Outcome<()> {
            self.ensure_running(pause::BOND)?;
            let found = self.the_operator(operator)?;
            self.take_bond(operator, found, amount)
        }

        #[ink(message)]
        fn unbond(&mut self, operator: AccountId, amount: Balance) -> Outcome<u32> {
            self.role_holder().ensure_wired()?;
            let account = self.env().caller();
            let act = Act { account, operator, now: self.env().block_timestamp() };
            let parameters = self.limits()?;
            let mut found = self.the_operator(operator)?;
            let mut global = self.global.get_or_default();
            let mut staker = self.stakers.get(account).ok_or(StakingError::NoStake)?;
            let mut slices = self.the_slices(operator);
            for slice in unbonding::retire(&mut slices, act.now, parameters.unbonding_ms) {
                self.retired.insert((operator, slice.matures_at), &slice);
            }
            let outcome =
                flow::unbond(act, &mut global, &parameters, &mut found, &mut slices, &mut staker, amount)?;
            self.global.set(&global);
            self.operators.insert(operator, &found);
            self.put_slices(operator, &slices);
            self.put_staker(account, &mut staker)?;
            let (shares, id, matures_at) = (outcome.shares, outcome.id, outcome.matures_at);
            self.env().emit_event(UnbondingStarted { operator, account, amount, shares, id, matures_at });
            self.tell_earning(operator, outcome.earning);
            Ok(id)
        }

        #[ink(message)]
        fn withdraw(&mut self) -> Outcome<Balance> {
            self.role_holder().ensure_wired()?;
            let account = self.env().caller();
            let now = self.env().block_timestamp();
            let mut global = self.global.get_or_default();
            let mut staker = self.stakers.get(account).ok_or(StakingError::NothingMatured)?;
            let (matured, rest): (Vec<_>, Vec<_>) =
                staker.parts.iter().copied().partition(|part| part.matures_at <= now);
            ensure!(!matured.is_empty(), StakingError::NothingMatured);
            let mut amount: Balance = 0;
            for part in matured {
                let mut slices = self.the_slices(part.operator);
                let worth = if let Some(slice) = slices.iter_mut().find(|slice| slice.matures_at == part.matures_at) {
                    let worth = flow::pay(&mut global.totals, slice, part.units)?;
                    slices.retain(|slice| slice.units > 0);
                    self.put_slices(part.operator, &slices);
                    worth
                } else {
                    let key = (part.operator, part.matures_at);
                    let mut slice = self.retired.get(key).ok_or(StakingError::NothingMatured)?;
                    let worth = flow::pay(&mut global.totals, &mut slice, part.units)?;
                    if slice.units > 0 {
                        self.retired.insert(key, &slice);
                    } else {
                        self.retired.remove(key);
                    }
                    worth
                };
                amount = amount.checked_add(worth).ok_or(StakingError::Overflow)?;
            }
            staker.parts = rest;
            self.stakers.insert(account, &staker);
            self.global.set(&global);
            self.env().emit_event(StakeWithdrawn { account, amount });
            self.send(account, amount)?;
            Ok(amount)
        }

        #[ink(message)]
        fn claim_rewards(&mut self, operator: AccountId) -> Outcome<Balance> {
            self.ensure_running(pause::CLAIM)?;
            let account = self.env().caller();
            let act = Act { account, operator, now: self.env().block_timestamp() };
            let mut found = self.the_operator(operator)?;
            let mut global = self.global.get_or_default();
            let mut staker = self.stakers.get(account).unwrap_or_default();
            let amount = flow::claim(act, &mut global, &mut found, &mut staker)?;
            self.global.set(&global);
            self.operators.insert(operator, &found);
            self.stakers.insert(account, &staker);
            self.env().emit_event(RewardsClaimed { account, operator, amount });
            self.send(account, amount)?;
            Ok(amount)
        }

        #[ink(message)]
        fn claim_credit(&mut self) -> Outcome<Balance> {
            self.ensure_running(pause::CLAIM)?;
            let account = self.env().caller();
            let amount = self.credits.take(account).ok_or(StakingError::NothingToClaim)?;
            let mut global = self.global.get_or_default();
            let credits = &mut global.totals.credits;
            *credits = credits.checked_sub(amount).ok_or(StakingError::Overflow)?;
            self.global.set(&global);
            self.env().emit_event(CreditClaimed { account, amount });
            self.send(account, amount)?;
            Ok(amount)
        }

        #[ink(message)]
        fn set_signing_key(&mut self, key: Bytes32) -> Outcome<()> {
            self.role_holder().ensure_wired()?;
            let account = self.env().caller();
            let mut operator = self.the_operator(account)?;
            self.take_key(key, account)?;
            operator.signing_key = key;
            self.operators.insert(account, &operator);
            self.env().emit_event(SigningKeyReplaced { operator: account, key });
            Ok(())
        }

        #[ink(message)]
        fn set_commission(&mut self, commission_bps: u16) -> Outcome<()> {
            self.role_holder().ensure_wired()?;
            let account = self.env().caller();
            let mut operator = self.the_operator(account)?;
            ensure!(commission_bps <= self.limits()?.commission_cap_bps, StakingError::CommissionAboveCap);
            // What came in until now is shared as it was agreed on.
            operator.settle(&self.global.get_or_default())?;
            operator.commission_bps = commission_bps;
            self.operators.insert(account, &operator);
            self.env().emit_event(CommissionSet { operator: account, commission_bps });
            Ok(())
        }

        #[ink(message)]
        fn unjail(&mut self) -> Outcome<()> {
            self.role_holder().ensure_wired()?;
            let account = self.env().caller();
            let mut operator = self.the_operator(account)?;
            let parameters = self.limits()?;
            let mut global = self.global.get_or_default();
            operator.detach(&mut global)?;
            operator.unjail(self.env().block_timestamp(), &parameters)?;
            let earning = operator.attach(&mut global, &parameters)?;
            self.global.set(&global);
            self.operators.insert(account, &operator);
            self.env().emit_event(Unjailed { operator: account });
            self.tell_earning(account, earning);
            Ok(())
        }

        #[ink(message)]
        fn pull_rewards(&mut self) -> Outcome<Balance> {
            self.ensure_running(pause::PULL)?;
            let peers = self.peers.get().ok_or(AdminError::NotWired)?;
            let mut escrow: ink::contract_ref!(Escrow) = peers.escrow.into();
            let due = escrow.call().withdrawable(self.env().account_id()).try_invoke();
            let Ok(Ok(due)) = due else { return Err(StakingError::EscrowFailed) };
            let mut pulled = 0;
            if due > 0 {
                let paid = escrow.call_mut().withdraw().try_invoke();
                let Ok(Ok(Ok(paid))) = paid else { return Err(StakingError::EscrowFailed) };
                pulled = paid;
            }
            let mut global = self.global.get_or_default();
            let given = pool::distribute(&mut global, pulled)?;
            self.global.set(&global);
            if given > 0 {
                self.env().emit_event(RewardsDistributed { pulled, given, over: global.totals.earning });
            }
            Ok(given)
        }

        #[ink(message)]
        fn slash(
            &mut self,
            operator: AccountId,
            bps: u16,
            offence_at: Timestamp,
            beneficiary: Option<AccountId>,
        ) -> Outcome<Balance> {
            let admin = self.role_holder();
            admin.ensure_wired()?;
            let peers = self.peers.get().ok_or(AdminError::NotWired)?;
            let slashers = [peers.disputes, peers.datanet_registry, admin.account];
            ensure!(slashers.contains(&self.env().caller()), StakingError::NotSlasher);
            let now = self.env().block_timestamp();
            let mut found = self.the_operator(operator)?;
            let mut slices = self.the_slices(operator);
            let mut global = self.global.get_or_default();
            let outcome = flow::slash(
                now,
                &mut global,
                &self.limits()?,
                &mut found,
                &mut slices,
                bps,
                offence_at,
                beneficiary.is_some(),
            )?;
            if let Some(account) = beneficiary.filter(|_| outcome.credited > 0) {
                let credit = self.credits.get(account).unwrap_or(0);
                self.credits.insert(account, &credit.checked_add(outcome.credited).ok_or(StakingError::Overflow)?);
            }
            if bps > 0 {
                let number = found.pool.slashes.checked_sub(1).ok_or(StakingError::Overflow)?;
                self.rates.insert((operator, number), &RateCheckpoint { at: now, rate: found.pool.rate });
                self.put_slices(operator, &slices);
            }
            self.global.set(&global);
            self.operators.insert(operator, &found);
            let taken = outcome.active.checked_add(outcome.unbonding).ok_or(StakingError::Overflow)?;
            self.env().emit_event(Slashed {
                operator,
                bps,
                offence_at,
                active: outcome.active,
                unbonding: outcome.unbonding,
                burned: outcome.burned,
                credited: outcome.credited,
                to_pot: outcome.to_pot,
                beneficiary,
                jailed_until: found.jailed_until,
            });
            self.tell_earning(operator, outcome.earning);
            if outcome.burned > 0 {
                let mut token: ink::contract_ref!(PSP22Burnable) = self.token.into();
                flatten(token.call_mut().burn(outcome.burned).try_invoke())?;
            }
            Ok(taken)
        }

        #[ink(message)]
        fn set_parameters(&mut self, parameters: StakingParameters) -> Outcome<()> {
            self.role_holder().ensure(self.env().caller())?;
            pool::validate(&parameters)?;
            self.parameters.set(&parameters);
            self.env().emit_event(StakingParametersSet { parameters });
            Ok(())
        }

        #[ink(message)]
        fn refresh(&mut self, operator: AccountId) -> Outcome<()> {
            self.role_holder().ensure_wired()?;
            let mut found = self.the_operator(operator)?;
            let mut global = self.global.get_or_default();
            found.detach(&mut global)?;
            let earning = found.attach(&mut global, &self.limits()?)?;
            self.global.set(&global);
            self.operators.insert(operator, &found);
            self.tell_earning(operator, earning);
            Ok(())
        }

        #[ink(message)]
        fn set_paused(&mut self, function: u8, paused: bool) -> Outcome<()> {
            let by = self.env().caller();
            self.role_holder().ensure(by)?;
            let bit = 1u8.checked_shl(u32::from(function)).ok_or(StakingError::BadParameters)?;
            self.paused = if paused { self.paused | bit } else { self.paused & !bit };
            self.env().emit_event(PauseSet { function, paused, by });
            Ok(())
        }

        #[ink(message)]
        fn operator(&self, account: AccountId) -> Option<OperatorInfo> {
            let found = self.operators.get(account)?;
            Some(found.info(unbonding::reachable(&self.the_slices(account), self.env().block_timestamp())))
        }

        #[ink(message)]
        fn operators(&self, accounts: Vec<AccountId>) -> Vec<Option<OperatorInfo>> {
            if accounts.len() > MAX_OPERATORS_ASKED {
                return Vec::new();
            }
            accounts.into_iter().map(|account| self.operator(account)).collect()
        }

        #[ink(message)]
        fn operator_page(&self, from: u32, limit: u32) -> Vec<(AccountId, OperatorInfo)> {
            let end = from.saturating_add(limit.min(MAX_STAKING_PAGE)).min(self.operator_count);
            (from..end)
                .filter_map(|number| {
                    let account = self.numbers.get(number)?;
                    Some((account, self.operator(account)?))
                })
                .collect()
        }

        #[ink(message)]
        fn operator_count(&self) -> u32 {
            self.operator_count
        }

        #[ink(message)]
        fn is_active(&self, account: AccountId, role: Role) -> bool {
            match (self.operators.get(account), self.limits()) {
                (Some(operator), Ok(parameters)) => operator.role == role && operator.is_active(&parameters),
                _ => false,
            }
        }

        #[ink(message)]
        fn operator_of_key(&self, key: Bytes32) -> Option<AccountId> {
            self.keys.get(key)
        }

        #[ink(message)]
        fn stakes(&self, account: AccountId) -> Vec<StakeInfo> {
            let global = self.global.get_or_default();
            let staker = self.stakers.get(account).unwrap_or_default();
            let info = |mut stake: crate::staker::Stake| {
                let mut found = self.operators.get(stake.operator)?;
                found.settle(&global).ok()?;
                stake.settle(&found.pool).ok()?;
                let commission = if stake.operator == account { found.pool.commission } else { 0 };
                let rewards = stake.owed.saturating_add(commission);
                Some(StakeInfo { operator: stake.operator, amount: found.pool.worth(stake.shares), rewards })
            };
            staker.stakes.into_iter().filter_map(info).collect()
        }

        #[ink(message)]
        fn unbondings(&self, account: AccountId) -> Vec<UnbondingInfo> {
            let staker = self.stakers.get(account).unwrap_or_default();
            let info = |part: unbonding::Part| {
                let slices = self.the_slices(part.operator);
                let slice = slices.into_iter().find(|slice| slice.matures_at == part.matures_at);
                let slice = slice.or_else(|| self.retired.get((part.operator, part.matures_at)))?;
                Some(UnbondingInfo {
                    id: part.id,
                    operator: part.operator,
                    amount: slice.worth(part.units),
                    matures_at: part.matures_at,
                })
            };
            staker.parts.into_iter().filter_map(info).collect()
        }

        #[ink(message)]
        fn credit_of(&self, account: AccountId) -> Balance {
            self.credits.get(account).unwrap_or(0)
        }

        #[ink(message)]
        fn totals(&self) -> StakingTotals {
            self.global.get_or_default().totals
        }

        #[ink(message)]
        fn parameters(&self) -> StakingParameters {
            self.parameters.get().unwrap_or(StakingParameters {
                unbonding_ms: 0,
                jail_ms: 0,
                min_bonds: [0; 4],
                commission_cap_bps: 0,
                beneficiary_bps: 0,
            })
        }

        #[ink(message)]
        fn paused(&self) -> u8 {
            self.paused
        }

        #[ink(message)]
        fn peers(&self) -> Option<StakingPeers> {
            self.peers.get()
        }

        #[ink(message)]
        fn get_votes(&self, account: AccountId) -> Balance {
            let staker = self.stakers.get(account).unwrap_or_default();
            staker.stakes.iter().fold(0, |sum: Balance, stake| {
                let rate = self.operators.get(stake.operator).map_or(0, |found| found.pool.rate);
                sum.saturating_add(pool::worth_at(rate, stake.shares))
            })
        }

        #[ink(message)]
        fn get_past_votes(&self, account: AccountId, at: Timestamp) -> Outcome<Balance> {
            ensure!(at < self.env().block_timestamp(), StakingError::FutureLookup);
            let count = self.stakers.get(account).map_or(0, |staker| staker.checkpoints);
            let read = |number| self.votes.get((account, number));
            let found = last_at(count, at, read, |checkpoint: &VoteCheckpoint| checkpoint.at);
            let shares = found.map(|checkpoint| checkpoint.shares).unwrap_or_default();
            Ok(shares.into_iter().fold(0, |sum: Balance, (operator, shares)| {
                sum.saturating_add(pool::worth_at(self.rate_at(operator, at), shares))
            }))
        }

        #[ink(message)]
        fn clock(&self) -> Timestamp {
            self.env().block_timestamp()
        }
    }

    impl Administered for StakingContract {
        #[ink(message)]
        fn admin(&self) -> Admin {
            self.role_holder()
        }

        #[ink(message)]
        fn transfer_admin(&mut self, to: AccountId) -> Result<(), AdminError> {
            let mut admin = self.role_holder();
            let from = self.env().caller();
            admin.offer(from, to)?;
            self.admin.set(&admin);
            self.env().emit_event(AdminTransferStarted { from, to });
            Ok(())
        }

        #[ink(message)]
        fn accept_admin(&mut self) -> Result<(), AdminError> {
            let mut admin = self.role_holder();
            let to = self.env().caller();
            let from = admin.accept(to)?;
            self.admin.set(&admin);
            self.env().emit_event(AdminTransferred { from, to });
            Ok(())
        }

        #[ink(message)]
        fn upgrade(&mut self, code_hash: Bytes32) -> Result<(), AdminError> {
            self.role_holder().ensure(self.env().caller())?;
            self.env().set_code_hash(&code_hash.into()).map_err(|_| AdminError::UnknownCode)?;
            self.env().emit_event(CodeUpgraded { code_hash });
            Ok(())
        }
    }
}
