//! Operators bond OPEN, anyone bonds to them, slashers take it: the ink! shell.
//!
//! `pool` knows shares, worth and rewards, `unbonding` what leaves, `staker` an account and its votes, `flow` what a message
//! does to all of them, `store` where they are kept. What the messages do is documented in `openledger_abi::staking`.
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
pub mod store;
#[cfg(test)]
mod tests;
pub mod unbonding;
#[cfg(test)]
mod votes_tests;

#[ink::contract]
mod staking {
    use crate::flow::{self, Act};
    use crate::pool::{self, Global, Operator};
    use crate::store::Store;
    use ink::codegen::TraitCallBuilder;
    use ink::prelude::vec::Vec;
    use ink::storage::traits::ManualKey;
    use ink::storage::Lazy;
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
        store: Store,
        admin: Lazy<Admin, ManualKey<0x5354_0001>>,
        peers: Lazy<StakingPeers, ManualKey<0x5354_0002>>,
        parameters: Lazy<StakingParameters, ManualKey<0x5354_0003>>,
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
                store: Store::default(),
                admin: Lazy::new(),
                peers: Lazy::new(),
                parameters: Lazy::new(),
            };
            contract.admin.set(&Admin::new(Self::env().caller()));
            contract.parameters.set(&parameters);
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

        fn tell_earning(&self, operator: AccountId, earning: Option<bool>) {
            if let Some(earning) = earning {
                self.env().emit_event(EarningSet { operator, earning });
            }
        }

        /// Takes the stakers' share from escrow, if there is any.
        fn pull_from_escrow(&mut self) -> Outcome<Balance> {
            let peers = self.peers.get().ok_or(AdminError::NotWired)?;
            let mut escrow: ink::contract_ref!(Escrow) = peers.escrow.into();
            let due = escrow.call().withdrawable(self.env().account_id()).try_invoke();
            let Ok(Ok(due)) = due else { return Err(StakingError::EscrowFailed) };
            if due == 0 {
                return Ok(0);
            }
            match escrow.call_mut().withdraw().try_invoke() {
                Ok(Ok(Ok(paid))) => Ok(paid),
                _ => Err(StakingError::EscrowFailed),
            }
        }

        /// Gives the pot and what was pulled to the pools that earn.
        fn spread(&self, global: &mut Global, pulled: Balance) -> Outcome<Balance> {
            let given = pool::distribute(global, pulled)?;
            if given > 0 {
                self.env().emit_event(RewardsDistributed { pulled, given, over: global.totals.earning });
            }
            Ok(given)
        }

        /// The second half of `register` and `bond`: the shares and the tokens.
        fn take_bond(&mut self, id: AccountId, mut operator: Operator, amount: Balance) -> Outcome<()> {
            let account = self.env().caller();
            let now = self.env().block_timestamp();
            let act = Act { account, operator: id, now };
            // What came in until now belongs to who was bonded until now: nobody can bond just in time for it. If escrow can't be
            // asked, bonding goes on.
            let pulled = self.pull_from_escrow().unwrap_or(0);
            let mut global = self.store.global();
            self.spread(&mut global, pulled)?;
            let mut staker = self.store.staker(account);
            let outcome = flow::bond(act, &mut global, &self.limits()?, &mut operator, &mut staker, amount)?;
            self.store.put_global(&global);
            self.store.put_operator(id, &operator);
            self.store.put_voter(account, &mut staker, now)?;
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
        fn register(
            &mut self,
            role: Role,
            signing_key: Bytes32,
            commission_bps: u16,
            own_bond: Balance,
        ) -> Outcome<()> {
            self.ensure_running(pause::BOND)?;
            let account = self.env().caller();
            let parameters = self.limits()?;
            ensure!(commission_bps <= parameters.commission_cap_bps, StakingError::CommissionAboveCap);
            ensure!(own_bond >= pool::least_bond(&parameters, role), StakingError::BelowMinBond);
            self.store.enlist(account, signing_key)?;
            self.env().emit_event(OperatorRegistered { operator: account, role, signing_key, commission_bps });
            let rewards = self.store.global().rewards;
            let operator = Operator::new(role, signing_key, commission_bps, self.env().block_timestamp(), rewards);
            self.take_bond(account, operator, own_bond)
        }

        #[ink(message)]
        fn bond(&mut self, operator: AccountId, amount: Balance) -> Outcome<()> {
            self.ensure_running(pause::BOND)?;
            let found = self.store.operator(operator)?;
            self.take_bond(operator, found, amount)
        }

        #[ink(message)]
        fn unbond(&mut self, operator: AccountId, amount: Balance) -> Outcome<u32> {
            self.role_holder().ensure_wired()?;
            let account = self.env().caller();
            let act = Act { account, operator, now: self.env().block_timestamp() };
            let parameters = self.limits()?;
            let mut found = self.store.operator(operator)?;
            let mut global = self.store.global();
            let mut staker = self.store.staker(account);
            let mut slices = self.store.fresh_slices(operator, act.now, parameters.unbonding_ms);
            let outcome = flow::unbond(act, &mut global, &parameters, &mut found, &mut slices, &mut staker, amount)?;
            self.store.put_global(&global);
            self.store.put_operator(operator, &found);
            self.store.put_slices(operator, &slices);
            self.store.put_voter(account, &mut staker, act.now)?;
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
            let mut global = self.store.global();
            let mut staker = self.store.staker(account);
            let (matured, rest): (Vec<_>, Vec<_>) =
                staker.parts.iter().copied().partition(|part| part.matures_at <= now);
            ensure!(!matured.is_empty(), StakingError::NothingMatured);
            let mut amount: Balance = 0;
            for part in matured {
                let mut slice = self.store.slice_of(&part).ok_or(StakingError::NothingMatured)?;
                let worth = flow::pay(&mut global.totals, &mut slice, part.units)?;
                self.store.put_slice(part.operator, &slice);
                amount = amount.checked_add(worth).ok_or(StakingError::Overflow)?;
            }
            staker.parts = rest;
            self.store.put_staker(account, &staker);
            self.store.put_global(&global);
            self.env().emit_event(StakeWithdrawn { account, amount });
            self.send(account, amount)?;
            Ok(amount)
        }

        #[ink(message)]
        fn claim_rewards(&mut self, operator: AccountId) -> Outcome<Balance> {
            self.ensure_running(pause::CLAIM)?;
            let account = self.env().caller();
            let act = Act { account, operator, now: self.env().block_timestamp() };
            let mut found = self.store.operator(operator)?;
            let mut global = self.store.global();
            let mut staker = self.store.staker(account);
            let amount = flow::claim(act, &mut global, &mut found, &mut staker)?;
            self.store.put_global(&global);
            self.store.put_operator(operator, &found);
            self.store.put_staker(account, &staker);
            self.env().emit_event(RewardsClaimed { account, operator, amount });
            self.send(account, amount)?;
            Ok(amount)
        }

        #[ink(message)]
        fn claim_credit(&mut self) -> Outcome<Balance> {
            self.ensure_running(pause::CLAIM)?;
            let account = self.env().caller();
            let amount = self.store.take_credit(account)?;
            let mut global = self.store.global();
            let credits = &mut global.totals.credits;
            *credits = credits.checked_sub(amount).ok_or(StakingError::Overflow)?;
            self.store.put_global(&global);
            self.env().emit_event(CreditClaimed { account, amount });
            self.send(account, amount)?;
            Ok(amount)
        }

        #[ink(message)]
        fn set_signing_key(&mut self, key: Bytes32) -> Outcome<()> {
            self.role_holder().ensure_wired()?;
            let account = self.env().caller();
            let mut operator = self.store.operator(account)?;
            self.store.take_key(key, account)?;
            operator.signing_key = key;
            self.store.put_operator(account, &operator);
            self.env().emit_event(SigningKeyReplaced { operator: account, key });
            Ok(())
        }

        #[ink(message)]
        fn set_commission(&mut self, commission_bps: u16) -> Outcome<()> {
            self.role_holder().ensure_wired()?;
            let account = self.env().caller();
            let mut operator = self.store.operator(account)?;
            ensure!(commission_bps <= self.limits()?.commission_cap_bps, StakingError::CommissionAboveCap);
            // What came in until now is shared as it was agreed on.
            operator.settle(&self.store.global())?;
            operator.commission_bps = commission_bps;
            self.store.put_operator(account, &operator);
            self.env().emit_event(CommissionSet { operator: account, commission_bps });
            Ok(())
        }

        #[ink(message)]
        fn unjail(&mut self) -> Outcome<()> {
            self.role_holder().ensure_wired()?;
            let account = self.env().caller();
            let mut operator = self.store.operator(account)?;
            let parameters = self.limits()?;
            let mut global = self.store.global();
            operator.detach(&mut global)?;
            operator.unjail(self.env().block_timestamp(), &parameters)?;
            let earning = operator.attach(&mut global, &parameters)?;
            self.store.put_global(&global);
            self.store.put_operator(account, &operator);
            self.env().emit_event(Unjailed { operator: account });
            self.tell_earning(account, earning);
            Ok(())
        }

        #[ink(message)]
        fn pull_rewards(&mut self) -> Outcome<Balance> {
            self.ensure_running(pause::PULL)?;
            let pulled = self.pull_from_escrow()?;
            let mut global = self.store.global();
            let given = self.spread(&mut global, pulled)?;
            self.store.put_global(&global);
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
            let mut found = self.store.operator(operator)?;
            let mut slices = self.store.slices(operator);
            let mut global = self.store.global();
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
                self.store.add_credit(account, outcome.credited)?;
            }
            if bps > 0 {
                self.store.put_rate(operator, &found, now)?;
                self.store.put_slices(operator, &slices);
            }
            self.store.put_global(&global);
            self.store.put_operator(operator, &found);
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
            let mut found = self.store.operator(operator)?;
            let mut global = self.store.global();
            found.detach(&mut global)?;
            let earning = found.attach(&mut global, &self.limits()?)?;
            self.store.put_global(&global);
            self.store.put_operator(operator, &found);
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
            self.store.info(account, self.env().block_timestamp())
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
            let end = from.saturating_add(limit.min(MAX_STAKING_PAGE)).min(self.store.operator_count());
            (from..end)
                .filter_map(|number| {
                    let account = self.store.account_of(number)?;
                    Some((account, self.operator(account)?))
                })
                .collect()
        }

        #[ink(message)]
        fn operator_count(&self) -> u32 {
            self.store.operator_count()
        }

        #[ink(message)]
        fn is_active(&self, account: AccountId, role: Role) -> bool {
            match (self.store.operator(account), self.limits()) {
                (Ok(operator), Ok(parameters)) => operator.role == role && operator.is_active(&parameters),
                _ => false,
            }
        }

        #[ink(message)]
        fn operator_of_key(&self, key: Bytes32) -> Option<AccountId> {
            self.store.owner_of_key(key)
        }

        #[ink(message)]
        fn stakes(&self, account: AccountId) -> Vec<StakeInfo> {
            self.store.stakes(account)
        }

        #[ink(message)]
        fn unbondings(&self, account: AccountId) -> Vec<UnbondingInfo> {
            self.store.unbondings(account)
        }

        #[ink(message)]
        fn credit_of(&self, account: AccountId) -> Balance {
            self.store.credit_of(account)
        }

        #[ink(message)]
        fn totals(&self) -> StakingTotals {
            self.store.global().totals
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
            self.store.votes(account)
        }

        #[ink(message)]
        fn get_past_votes(&self, account: AccountId, at: Timestamp) -> Outcome<Balance> {
            ensure!(at < self.env().block_timestamp(), StakingError::FutureLookup);
            Ok(self.store.votes_at(account, at))
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
