//! Operators bond OPEN, anyone bonds to them, slashers take it: the ink! shell.
//!
//! `pool` knows shares, worth and rewards, `unbonding` what leaves, `staker` an account and its votes, `flow` what a message
//! does to all of them, `duty` pays for work, `history` is what validators had bonded through time, `store` is where all is kept, `calls` asks other contracts. What the messages do is
//! documented in `openledger_abi::staking`.
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

pub mod calls;
pub mod duty;
#[cfg(test)]
mod false_reports_tests;
pub mod flow;
pub mod history;
#[cfg(test)]
mod history_tests;
pub mod math;
pub mod pool;
#[cfg(test)]
mod rewards_tests;
#[cfg(test)]
mod sequences_tests;
pub mod staker;
pub mod store;
#[cfg(test)]
mod tests;
pub mod unbonding;
#[cfg(test)]
mod votes_tests;

#[ink::contract]
mod staking {
    use crate::flow::{self, Act, Penalty, SlashOutcome};
    use crate::history::History;
    use crate::pool::{self, Global, Operator};
    use crate::store::Store;
    use crate::{calls, duty};
    use ink::prelude::{vec, vec::Vec};
    use ink::storage::traits::ManualKey;
    use ink::storage::Lazy;
    use openledger_abi::admin::is_paused;
    use openledger_abi::staking::*;
    use openledger_abi::times::Unit;
    use openledger_abi::{ensure, roles, Admin, AdminError, Administered, Bytes32, Pausable};

    #[ink(storage)]
    pub struct StakingContract {
        token: AccountId,
        unit: Unit,
        paused: u8,
        store: Store,
        history: History,
        admin: Lazy<Admin, ManualKey<0x5354_0001>>,
        peers: Lazy<StakingPeers, ManualKey<0x5354_0002>>,
        parameters: Lazy<StakingParameters, ManualKey<0x5354_0003>>,
    }

    type Outcome<T> = Result<T, StakingError>;

    impl StakingContract {
        /// Staking of `token`, whose functions `guardian` may pause and whose times are bounded in `unit`, for good; whoever deploys
        /// it may `wire` it.
        ///
        /// # Errors
        /// `BadParameters`.
        #[ink(constructor)]
        pub fn new(
            token: AccountId,
            guardian: Option<AccountId>,
            unit: Unit,
            parameters: StakingParameters,
        ) -> Outcome<Self> {
            pool::validate(&parameters, unit)?;
            let mut contract = Self {
                token,
                unit,
                paused: 0,
                store: Store::default(),
                history: History::default(),
                admin: Lazy::new(),
                peers: Lazy::new(),
                parameters: Lazy::new(),
            };
            contract.admin.set(&Admin::guarded(Self::env().caller(), guardian));
            contract.parameters.set(&parameters);
            Ok(contract)
        }

        fn ensure_wired(&self) -> Outcome<()> {
            Ok(roles::admin(&self.admin).ensure_wired()?)
        }

        fn the_peers(&self) -> Outcome<StakingPeers> {
            Ok(self.peers.get().ok_or(AdminError::NotWired)?)
        }

        fn limits(&self) -> Outcome<StakingParameters> {
            self.parameters.get().ok_or(StakingError::BadParameters)
        }

        fn ensure_running(&self, function: u8) -> Outcome<()> {
            self.ensure_wired()?;
            ensure!(!is_paused(self.paused, function), StakingError::FunctionPaused);
            Ok(())
        }

        fn tell_earning(&self, operator: AccountId, earning: Option<bool>) {
            if let Some(earning) = earning {
                self.env().emit_event(EarningSet { operator, earning });
            }
        }

        /// Takes what escrow holds for the stakers.
        fn pull(&self) -> Outcome<Balance> {
            calls::pull(self.the_peers()?.escrow, self.env().account_id())
        }

        /// [`Self::pull`], before something begins to earn: what came in until now belongs to those who earned until now, so
        /// nobody can come in just in time for it. An error of escrow's is one of the message's: a caller can bring a call inside it
        /// about, at the bottom of the call stack.
        fn pull_before(&self) -> Outcome<Balance> {
            self.ensure_running(pause::PULL)?;
            self.pull()
        }

        /// Whether an operator's pool may begin to earn, for which payout is asked, if it is an oracle's.
        fn seated(&self, account: AccountId, operator: &Operator) -> Outcome<bool> {
            let payout = self.the_peers()?.payout;
            operator.seated(|| calls::in_set(payout, account))
        }

        /// Gives the pot and what was pulled to the pools that earn and the duty fund. Returns what the pools got.
        fn spread(&self, global: &mut Global, parameters: &StakingParameters, pulled: Balance) -> Outcome<Balance> {
            let spread = pool::distribute(global, parameters, pulled)?;
            let (total, pool::Spread { given, duty }) = (spread.total(), spread);
            if total > 0 || duty > 0 {
                self.env().emit_event(RewardsDistributed { pulled, given, duty, over: global.totals.earning });
            }
            Ok(total)
        }

        /// Whether the caller may slash for an offence by a rate. For a false report nobody may: it takes all of a signer's own.
        fn ensure_rate_for(&self, offence: Offence) -> Outcome<()> {
            if offence == Offence::FalseReport {
                self.ensure_judge(Judge::GovernanceAlone)?;
                return Err(StakingError::WrongOffence);
            }
            self.ensure_judge(offence.judge())
        }

        /// Whether the caller is this judge, or the admin, who may slash for each offence.
        fn ensure_judge(&self, judge: Judge) -> Outcome<()> {
            let (admin, peers) = (roles::admin(&self.admin), self.the_peers()?);
            let judge = match judge {
                Judge::Disputes => peers.disputes,
                Judge::Arbitration => peers.arbitration,
                Judge::GovernanceAlone => admin.account,
            };
            let caller = self.env().caller();
            ensure!(caller == judge || admin.ensure(caller).is_ok(), StakingError::NotSlasher);
            Ok(())
        }

        /// Slashes these operators, credits and burns once for all. Returns what was taken.
        fn punish(
            &mut self,
            operators: Vec<AccountId>,
            penalty: &Penalty,
            beneficiary: Option<AccountId>,
            offence: Offence,
        ) -> Outcome<Balance> {
            let parameters = self.limits()?;
            let mut global = self.store.global();
            let (mut taken, mut burned, mut credited): (Balance, Balance, Balance) = (0, 0, 0);
            let add = |sum: &mut Balance, amount: Balance| -> Outcome<()> {
                *sum = sum.checked_add(amount).ok_or(StakingError::Overflow)?;
                Ok(())
            };
            for account in operators {
                let found = self.store.noted_operator(account, &parameters, penalty.now);
                let Ok(mut operator) = found else { continue };
                let mut slices = self.store.slices(account);
                let own_parts = || self.store.own_parts(account);
                let outcome = flow::slash(penalty, &mut global, &parameters, &mut operator, &mut slices, own_parts)?;
                if penalty.bps > 0 {
                    self.store.put_rate(account, &operator, penalty.now)?;
                }
                if outcome.unbonding > 0 {
                    self.store.put_slices(account, &slices);
                }
                self.history.note(account, &operator, penalty.now)?;
                self.tell_slash(account, penalty, &operator, outcome, beneficiary, offence);
                self.store.put_noted(account, operator, &parameters, penalty.now);
                add(&mut taken, outcome.active)?;
                add(&mut taken, outcome.unbonding)?;
                add(&mut burned, outcome.burned)?;
                add(&mut credited, outcome.credited)?;
            }
            self.store.put_global(&global);
            if let Some(account) = beneficiary.filter(|_| credited > 0) {
                self.store.add_credit(account, credited)?;
            }
            if burned > 0 {
                calls::burn(self.token, burned)?;
            }
            Ok(taken)
        }

        /// Slashes the signers of a false report, burns and pays the provers' part once for all.
        fn punish_signers(&mut self, signers: Vec<AccountId>, penalty: &Penalty) -> Outcome<FalseReportSlash> {
            let parameters = self.limits()?;
            let now = penalty.now;
            let mut global = self.store.global();
            let (mut slash, mut burned) = (FalseReportSlash::default(), 0);
            let add = |sum: &mut Balance, amount: Balance| -> Outcome<()> {
                *sum = sum.checked_add(amount).ok_or(StakingError::Overflow)?;
                Ok(())
            };
            let caller = self.env().caller();
            let beneficiary = penalty.rewarded.then_some(caller);
            for account in signers {
                let Ok(mut operator) = self.store.noted_operator(account, &parameters, now) else { continue };
                let act = Act { account, operator: account, now };
                let (mut slices, mut staker) = (self.store.slices(account), self.store.staker(account));
                let (shares, places) = (&mut slices, &mut staker);
                let outcome =
                    flow::slash_false_report(act, penalty, &mut global, &parameters, &mut operator, shares, places)?;
                self.store.put_rate(account, &operator, now)?;
                self.store.put_slices(account, &slices);
                self.store.put_voter(account, &mut staker, now)?;
                self.history.note(account, &operator, now)?;
                self.tell_slash(account, penalty, &operator, outcome, beneficiary, Offence::FalseReport);
                self.store.put_noted(account, operator, &parameters, now);
                for part in [outcome.own, outcome.active, outcome.unbonding] {
                    add(&mut slash.taken, part)?;
                }
                add(&mut burned, outcome.burned)?;
                add(&mut slash.reward, outcome.credited)?;
            }
            self.store.put_global(&global);
            if slash.reward > 0 {
                calls::pay(self.token, caller, slash.reward)?;
            }
            if burned > 0 {
                calls::burn(self.token, burned)?;
            }
            Ok(slash)
        }

        fn tell_slash(
            &self,
            account: AccountId,
            penalty: &Penalty,
            operator: &Operator,
            outcome: SlashOutcome,
            beneficiary: Option<AccountId>,
            offence: Offence,
        ) {
            self.env().emit_event(Slashed {
                operator: account,
                bps: penalty.bps,
                offence_at: penalty.offence_at,
                own: outcome.own,
                active: outcome.active,
                unbonding: outcome.unbonding,
                burned: outcome.burned,
                credited: outcome.credited,
                to_pot: outcome.to_pot,
                beneficiary,
                jailed_until: operator.jailed_until,
                offence,
            });
        }

        /// The second half of `register` and `bond`: the shares and the tokens.
        fn take_bond(
            &mut self,
            parameters: StakingParameters,
            id: AccountId,
            mut operator: Operator,
            amount: Balance,
        ) -> Outcome<()> {
            let account = self.env().caller();
            let now = self.env().block_timestamp();
            let act = Act { account, operator: id, now };
            let pulled = self.pull_before()?;
            let seated = self.seated(id, &operator)?;
            let mut global = self.store.global();
            self.spread(&mut global, &parameters, pulled)?;
            let mut staker = self.store.staker(account);
            let outcome = flow::bond(act, &mut global, &parameters, &mut operator, &mut staker, seated, amount)?;
            self.store.put_global(&global);
            self.history.note(id, &operator, now)?;
            self.store.put_noted(id, operator, &parameters, now);
            self.store.put_voter(account, &mut staker, now)?;
            self.env().emit_event(Bonded { operator: id, account, amount, shares: outcome.shares });
            self.tell_earning(id, outcome.earning);
            calls::take(self.token, account, self.env().account_id(), amount)
        }
    }

    impl Staking for StakingContract {
        #[ink(message)]
        fn wire(
            &mut self,
            escrow: AccountId,
            disputes: AccountId,
            datanet_registry: AccountId,
            arbitration: AccountId,
            payout: AccountId,
            timelock: AccountId,
        ) -> Outcome<()> {
            roles::wire(&mut self.admin, timelock)?;
            let token = self.token;
            self.peers.set(&StakingPeers { token, escrow, disputes, datanet_registry, arbitration, payout });
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
            let (now, global) = (self.env().block_timestamp(), self.store.global());
            let operator = Operator::new(role, signing_key, commission_bps, now, &global);
            self.take_bond(parameters, account, operator, own_bond)
        }

        #[ink(message)]
        fn bond(&mut self, operator: AccountId, amount: Balance) -> Outcome<()> {
            self.ensure_running(pause::BOND)?;
            let parameters = self.limits()?;
            let found = self.store.noted_operator(operator, &parameters, self.env().block_timestamp())?;
            self.take_bond(parameters, operator, found, amount)
        }

        #[ink(message)]
        fn unbond(&mut self, operator: AccountId, amount: Balance) -> Outcome<u32> {
            self.ensure_wired()?;
            let account = self.env().caller();
            let act = Act { account, operator, now: self.env().block_timestamp() };
            let parameters = self.limits()?;
            let mut found = self.store.noted_operator(operator, &parameters, act.now)?;
            let mut global = self.store.global();
            let mut staker = self.store.staker(account);
            let mut slices = self.store.fresh_slices(operator, act.now, parameters.unbonding_ms);
            let outcome = flow::unbond(act, &mut global, &parameters, &mut found, &mut slices, &mut staker, amount)?;
            self.store.put_global(&global);
            self.history.note(operator, &found, act.now)?;
            self.store.put_noted(operator, found, &parameters, act.now);
            self.store.put_slices(operator, &slices);
            self.store.put_voter(account, &mut staker, act.now)?;
            let (shares, id, matures_at) = (outcome.shares, outcome.id, outcome.matures_at);
            self.env().emit_event(UnbondingStarted { operator, account, amount, shares, id, matures_at });
            self.tell_earning(operator, outcome.earning);
            Ok(id)
        }

        #[ink(message)]
        fn withdraw(&mut self) -> Outcome<Balance> {
            self.ensure_wired()?;
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
            calls::pay(self.token, account, amount)?;
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
            calls::pay(self.token, account, amount)?;
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
            calls::pay(self.token, account, amount)?;
            Ok(amount)
        }

        #[ink(message)]
        fn set_signing_key(&mut self, key: Bytes32) -> Outcome<()> {
            self.ensure_wired()?;
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
            self.ensure_wired()?;
            let account = self.env().caller();
            let mut operator = self.store.operator(account)?;
            let now = self.env().block_timestamp();
            let rise = operator.set_commission(&self.store.global(), &self.limits()?, commission_bps, now)?;
            self.store.put_operator(account, &operator);
            match rise {
                Some(CommissionRise { commission_bps, due_at }) => {
                    self.env().emit_event(CommissionRiseAnnounced { operator: account, commission_bps, due_at });
                }
                None => self.env().emit_event(CommissionSet { operator: account, commission_bps }),
            }
            Ok(())
        }

        #[ink(message)]
        fn apply_commission(&mut self, operator: AccountId) -> Outcome<u16> {
            self.ensure_running(pause::PULL)?;
            let now = self.env().block_timestamp();
            let mut found = self.store.operator(operator)?;
            found.due_rise(now)?;
            let pulled = self.pull()?;
            let parameters = self.limits()?;
            let mut global = self.store.global();
            self.spread(&mut global, &parameters, pulled)?;
            let commission_bps = found.apply_rise(&global, &parameters, now)?;
            self.store.put_global(&global);
            self.store.put_operator(operator, &found);
            self.env().emit_event(CommissionSet { operator, commission_bps });
            Ok(commission_bps)
        }

        #[ink(message)]
        fn unjail(&mut self) -> Outcome<()> {
            self.ensure_wired()?;
            let account = self.env().caller();
            let (parameters, now) = (self.limits()?, self.env().block_timestamp());
            let mut operator = self.store.noted_operator(account, &parameters, now)?;
            let pulled = self.pull_before()?;
            let seated = self.seated(account, &operator)?;
            let mut global = self.store.global();
            self.spread(&mut global, &parameters, pulled)?;
            operator.detach(&mut global)?;
            operator.unjail(now, &parameters)?;
            let earning = operator.begin(&mut global, &parameters, seated)?;
            self.store.put_global(&global);
            self.store.put_noted(account, operator, &parameters, now);
            self.env().emit_event(Unjailed { operator: account });
            self.tell_earning(account, earning);
            Ok(())
        }

        #[ink(message)]
        fn pull_rewards(&mut self) -> Outcome<Balance> {
            self.ensure_running(pause::PULL)?;
            let pulled = self.pull()?;
            let mut global = self.store.global();
            let given = self.spread(&mut global, &self.limits()?, pulled)?;
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
            offence: Offence,
        ) -> Outcome<Balance> {
            self.ensure_wired()?;
            self.ensure_rate_for(offence)?;
            self.store.operator(operator)?;
            let now = self.env().block_timestamp();
            let penalty = Penalty { bps, offence_at, now, rewarded: beneficiary.is_some() };
            self.punish(vec![operator], &penalty, beneficiary, offence)
        }

        #[ink(message)]
        fn slash_many(
            &mut self,
            operators: Vec<AccountId>,
            bps: u16,
            offence_at: Timestamp,
            beneficiary: Option<AccountId>,
            offence: Offence,
        ) -> Outcome<Balance> {
            self.ensure_wired()?;
            self.ensure_rate_for(offence)?;
            ensure!(operators.len() <= MAX_OPERATORS_ASKED, StakingError::TooManyAsked);
            let now = self.env().block_timestamp();
            let penalty = Penalty { bps, offence_at, now, rewarded: beneficiary.is_some() };
            self.punish(operators, &penalty, beneficiary, offence)
        }

        #[ink(message)]
        fn slash_false_report(&mut self, signers: Vec<AccountId>, offence_at: Timestamp) -> Outcome<FalseReportSlash> {
            self.ensure_wired()?;
            self.ensure_judge(Offence::FalseReport.judge())?;
            ensure!(signers.len() <= MAX_OPERATORS_ASKED, StakingError::TooManyAsked);
            // Voters prove nothing that anybody is rewarded for.
            let rewarded = self.env().caller() == self.the_peers()?.disputes;
            let (bps, now) = (self.limits()?.false_report_bps, self.env().block_timestamp());
            self.punish_signers(signers, &Penalty { bps, offence_at, now, rewarded })
        }

        #[ink(message)]
        fn pay_report(&mut self, epoch: u32) -> Outcome<Balance> {
            self.ensure_running(pause::PULL)?;
            ensure!(!self.store.report_paid(epoch), StakingError::AlreadyPaid);
            let signers = calls::signers(self.the_peers()?.payout, epoch)?;
            let each = self.limits()?.signature_pay;
            let (operators, sum) = duty::pay(&mut self.store, signers, each)?;
            self.store.put_report_paid(epoch);
            self.env().emit_event(ReportPaid { epoch, operators, each });
            Ok(sum)
        }

        #[ink(message)]
        fn pay_verdicts(&mut self, contribution: u64) -> Outcome<Balance> {
            self.ensure_running(pause::PULL)?;
            ensure!(!self.store.verdicts_paid(contribution), StakingError::AlreadyPaid);
            let agreeing = calls::agreeing(self.the_peers()?.datanet_registry, contribution)?;
            let each = self.limits()?.verdict_pay;
            let (operators, sum) = duty::pay(&mut self.store, agreeing, each)?;
            self.store.put_verdicts_paid(contribution);
            self.env().emit_event(VerdictsPaid { contribution, operators, each });
            Ok(sum)
        }

        #[ink(message)]
        fn report_paid(&self, epoch: u32) -> bool {
            self.store.report_paid(epoch)
        }

        #[ink(message)]
        fn verdicts_paid(&self, contribution: u64) -> bool {
            self.store.verdicts_paid(contribution)
        }

        #[ink(message)]
        fn set_parameters(&mut self, parameters: StakingParameters) -> Outcome<()> {
            roles::ensure_admin(&self.admin)?;
            pool::validate(&parameters, self.unit)?;
            if self.limits()?.min_bonds != parameters.min_bonds {
                self.store.put_bonds_set_at(self.env().block_timestamp());
            }
            self.parameters.set(&parameters);
            self.env().emit_event(StakingParametersSet { parameters });
            Ok(())
        }

        #[ink(message)]
        fn refresh(&mut self, operator: AccountId) -> Outcome<()> {
            self.ensure_wired()?;
            let (parameters, now) = (self.limits()?, self.env().block_timestamp());
            let mut found = self.store.noted_operator(operator, &parameters, now)?;
            let pulled = self.pull_before()?;
            let seated = self.seated(operator, &found)?;
            let mut global = self.store.global();
            self.spread(&mut global, &parameters, pulled)?;
            found.detach(&mut global)?;
            let earning = found.begin(&mut global, &parameters, seated)?;
            let capped = found.cap_commission(&global, &parameters)?;
            self.store.put_global(&global);
            self.store.put_noted(operator, found, &parameters, now);
            self.tell_earning(operator, earning);
            if let Some(commission_bps) = capped {
                self.env().emit_event(CommissionSet { operator, commission_bps });
            }
            Ok(())
        }

        #[ink(message)]
        fn operator(&self, account: AccountId) -> Option<OperatorInfo> {
            self.store.info(account, self.env().block_timestamp(), &self.limits().ok()?)
        }

        #[ink(message)]
        fn operators(&self, accounts: Vec<AccountId>) -> Vec<Option<OperatorInfo>> {
            let (Ok(parameters), true) = (self.limits(), accounts.len() <= MAX_OPERATORS_ASKED) else {
                return Vec::new();
            };
            let now = self.env().block_timestamp();
            accounts.into_iter().map(|account| self.store.info(account, now, &parameters)).collect()
        }

        #[ink(message)]
        fn report_cover(&self, operators: Vec<AccountId>, matures_after: Timestamp) -> Vec<Option<Balance>> {
            let (Ok(parameters), true) = (self.limits(), operators.len() <= MAX_OPERATORS_ASKED) else {
                return Vec::new();
            };
            let cover = |account| self.store.report_cover(account, matures_after, &parameters);
            operators.into_iter().map(cover).collect()
        }

        #[ink(message)]
        fn operator_page(&self, start: u32, limit: u32) -> Vec<(AccountId, OperatorInfo)> {
            let Ok(parameters) = self.limits() else { return Vec::new() };
            let now = self.env().block_timestamp();
            let end = start.saturating_add(limit.min(MAX_STAKING_PAGE)).min(self.store.operator_count());
            (start..end)
                .filter_map(|number| {
                    let account = self.store.account_of(number)?;
                    Some((account, self.store.info(account, now, &parameters)?))
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
            self.parameters.get().unwrap_or_default()
        }

        #[ink(message)]
        fn unit(&self) -> Unit {
            self.unit
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
        fn stake_at(&self, operator: AccountId, at: Timestamp) -> Outcome<Balance> {
            ensure!(at < self.env().block_timestamp(), StakingError::FutureLookup);
            self.history.stake_at(operator, &self.store.operator(operator)?, at)
        }

        #[ink(message)]
        fn role_stake_at(&self, role: Role, at: Timestamp) -> Outcome<Balance> {
            ensure!(at < self.env().block_timestamp(), StakingError::FutureLookup);
            self.history.role_stake_at(role, at)
        }

        #[ink(message)]
        fn clock(&self) -> Timestamp {
            self.env().block_timestamp()
        }
    }

    impl Administered for StakingContract {
        #[ink(message)]
        fn admin(&self) -> Admin {
            roles::admin(&self.admin)
        }

        #[ink(message)]
        fn transfer_admin(&mut self, to: AccountId) -> Result<(), AdminError> {
            roles::transfer(&mut self.admin, to)
        }

        #[ink(message)]
        fn accept_admin(&mut self) -> Result<(), AdminError> {
            roles::accept(&mut self.admin)
        }

        #[ink(message)]
        fn upgrade(&mut self, code_hash: Bytes32) -> Result<(), AdminError> {
            roles::upgrade(&self.admin, code_hash)
        }
    }

    impl Pausable for StakingContract {
        #[ink(message)]
        fn pause(&mut self, number: u8) -> Result<(), AdminError> {
            roles::set_paused(&self.admin, &mut self.paused, number, pause::FUNCTIONS, true)
        }

        #[ink(message)]
        fn unpause(&mut self, number: u8) -> Result<(), AdminError> {
            roles::set_paused(&self.admin, &mut self.paused, number, pause::FUNCTIONS, false)
        }

        #[ink(message)]
        fn paused(&self) -> u8 {
            self.paused
        }

        #[ink(message)]
        fn set_guardian(&mut self, guardian: Option<AccountId>) -> Result<(), AdminError> {
            roles::set_guardian(&mut self.admin, guardian)
        }

        #[ink(message)]
        fn guardian(&self) -> Option<AccountId> {
            roles::admin(&self.admin).guardian
        }
    }
}
