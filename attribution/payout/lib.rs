//! Epochs, oracle-signed reports, windows and claims.
//!
//! This file is the ink! shell: storage, messages, calls, events. The rules are in [`epoch`], [`oracles`], [`report`] and
//! [`claim`], which know no chain; [`state`] is what is stored, [`calls`] asks
//! the other contracts; what the messages do is documented in `openledger_abi::payout`.
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
pub mod claim;
pub mod epoch;
pub mod oracles;
pub mod report;
pub mod state;

#[cfg(test)]
mod tests;

#[ink::contract]
mod payout {
    use crate::state::{Claimant, Config, Counters, Pending, Standing};
    use crate::{calls, claim as claims, epoch as epochs, oracles, report as reports};
    use ink::prelude::vec::Vec;
    use ink::storage::traits::ManualKey;
    use ink::storage::{Lazy, Mapping};
    use openledger_abi::admin::{is_paused, Admin, AdminError, Administered, Pausable};
    use openledger_abi::host::{signed_by, HostHasher};
    use openledger_abi::payout::*;
    use openledger_abi::{ensure, roles, Bytes32};
    use proof::signed::{Domain, Signable};

    /// Batches of a page.
    const MAX_PAGE: u64 = 50;

    #[ink(storage)]
    pub struct PayoutContract {
        admin: Lazy<Admin, ManualKey<0xBA10_0001>>,
        config: Lazy<Config, ManualKey<0xBA10_0002>>,
        counters: Lazy<Counters, ManualKey<0xBA10_0003>>,
        standing: Lazy<Standing, ManualKey<0xBA10_0004>>,
        batches: Mapping<u64, Batch, ManualKey<0xBA10_0005>>,
        epochs: Mapping<u32, Epoch, ManualKey<0xBA10_0006>>,
        reports: Mapping<(u32, u16), ReportInfo, ManualKey<0xBA10_0007>>,
        sets: Mapping<u32, OracleSet, ManualKey<0xBA10_0008>>,
        claimants: Mapping<AccountId, Claimant, ManualKey<0xBA10_0009>>,
    }

    impl PayoutContract {
        /// Errors with `BadParameters`.
        #[ink(constructor)]
        pub fn new(
            token: AccountId,
            genesis: Bytes32,
            guardian: Option<AccountId>,
            parameters: PayoutParameters,
        ) -> Result<Self, PayoutError> {
            reports::validate(&parameters)?;
            let mut contract = Self {
                admin: Lazy::new(),
                config: Lazy::new(),
                counters: Lazy::new(),
                standing: Lazy::new(),
                batches: Mapping::new(),
                epochs: Mapping::new(),
                reports: Mapping::new(),
                sets: Mapping::new(),
                claimants: Mapping::new(),
            };
            contract.admin.set(&Admin::guarded(Self::env().caller(), guardian));
            contract.config.set(&Config { token, genesis, parameters, paused: 0, peers: None });
            contract.counters.set(&Counters::default());
            contract.standing.set(&Standing {
                live: Live { epochs: 0, payouts: SumHead::EMPTY, carry: 0 },
                pending: None,
                claimed: 0,
            });
            Self::env().emit_event(PayoutParametersSet { parameters });
            Ok(contract)
        }

        fn config(&self) -> Result<Config, PayoutError> {
            self.config.get().ok_or(PayoutError::Admin(AdminError::NotWired))
        }

        /// The configuration of a wired contract.
        fn wired(&self) -> Result<(Config, PayoutPeers), PayoutError> {
            let config = self.config()?;
            let peers = config.peers.clone().ok_or(AdminError::NotWired)?;
            Ok((config, peers))
        }

        /// The same, if the function is not paused.
        fn running(&self, function: u8) -> Result<(Config, PayoutPeers), PayoutError> {
            let (config, peers) = self.wired()?;
            ensure!(!is_paused(config.paused, function), PayoutError::Paused);
            Ok((config, peers))
        }

        fn standing(&self) -> Result<Standing, PayoutError> {
            self.standing.get().ok_or(PayoutError::Admin(AdminError::NotWired))
        }

        fn load_epoch(&self, epoch: u32) -> Result<Epoch, PayoutError> {
            self.epochs.get(epoch).ok_or(PayoutError::NoSuchEpoch)
        }

        /// The pending report of this epoch and attempt.
        fn load_pending(&self, standing: &Standing, epoch: u32, attempt: u16) -> Result<ReportInfo, PayoutError> {
            let report = self.reports.get((epoch, attempt)).ok_or(PayoutError::NoSuchReport)?;
            let pending = standing.pending.is_some_and(|pending| pending.attempt == attempt);
            ensure!(pending && standing.live.epochs == epoch, PayoutError::NotPending);
            Ok(report)
        }

        fn make_set(&mut self, staking: AccountId, accounts: Vec<AccountId>) -> Result<u32, PayoutError> {
            ensure!(accounts.len() <= MAX_ORACLES, PayoutError::BadOracles);
            let operators = calls::operators(staking, accounts.clone())?;
            let oracles = oracles::make(&accounts, &operators)?;
            let mut counters = self.counters.get_or_default();
            let set = counters.set.checked_add(1).ok_or(PayoutError::Overflow)?;
            counters.set = set;
            self.counters.set(&counters);
            let made_at = self.env().block_timestamp();
            self.sets.insert(set, &OracleSet { oracles: oracles.clone(), made_at });
            self.env().emit_event(OracleSetMade { set, oracles });
            Ok(set)
        }

        /// Makes the pending report live if its time is over. Returns whether it did.
        fn settle(&mut self, standing: &mut Standing) -> Result<bool, PayoutError> {
            let now = self.env().block_timestamp();
            let Some(pending) = standing.pending.filter(|pending| reports::is_due(pending.live_at, now)) else {
                return Ok(false);
            };
            let epoch = standing.live.epochs;
            let key = (epoch, pending.attempt);
            let mut report = self.reports.get(key).ok_or(PayoutError::NoSuchReport)?;
            report.status = ReportStatus::Live;
            self.reports.insert(key, &report);
            standing.live = Live {
                epochs: epoch.checked_add(1).ok_or(PayoutError::Overflow)?,
                payouts: report.body.payouts,
                carry: report.body.carry_out,
            };
            standing.pending = None;
            self.standing.set(standing);
            self.env().emit_event(ReportFinalized {
                epoch,
                attempt: pending.attempt,
                total: report.body.payouts.sum,
                carry: report.body.carry_out,
            });
            Ok(true)
        }

        /// Who signed the body, each signature checked.
        fn signers(
            &self,
            config: &Config,
            body: &ReportBody,
            set: &OracleSet,
            places: &[u8],
            signatures: &[[u8; 64]],
        ) -> Result<Vec<AccountId>, PayoutError> {
            let domain = Domain { genesis: config.genesis, contract: *self.env().account_id().as_ref() };
            let message = Signable::report::<HostHasher>(&domain, body);
            let mut signers = Vec::with_capacity(places.len());
            for (place, signature) in places.iter().zip(signatures) {
                let oracle = set.oracles.get(usize::from(*place)).ok_or(PayoutError::NoSuchOracle)?;
                ensure!(signed_by(&message, signature, &oracle.key), PayoutError::BadSignature(*place));
                signers.push(oracle.account);
            }
            Ok(signers)
        }

        /// Books the claims and pays them. Returns the total.
        fn pay_claims(&mut self, list: &[Claim]) -> Result<Balance, PayoutError> {
            let (config, _) = self.running(pause::CLAIM)?;
            let mut standing = self.standing()?;
            self.settle(&mut standing)?;
            let before = standing.claimed;
            let mut payments = Vec::with_capacity(list.len());
            for claim in list {
                let mut claimant = self.claimants.get(claim.account).unwrap_or_default();
                let amount = claims::due::<HostHasher>(claim, &standing.live.payouts, claimant.claimed)?;
                if amount == 0 {
                    continue;
                }
                standing.claimed = claims::total(standing.claimed, amount, &standing.live.payouts)?;
                claimant.claimed = claim.cumulative;
                self.claimants.insert(claim.account, &claimant);
                let recipient = claimant.recipient.unwrap_or(claim.account);
                claims::add(&mut payments, recipient, amount)?;
                self.env().emit_event(Claimed {
                    account: claim.account,
                    recipient,
                    amount,
                    cumulative: claim.cumulative,
                });
            }
            ensure!(!payments.is_empty(), PayoutError::NothingToClaim);
            self.standing.set(&standing);
            for (recipient, amount) in payments {
                calls::pay(config.token, recipient, amount)?;
            }
            standing.claimed.checked_sub(before).ok_or(PayoutError::Overflow)
        }

        /// Stops a function, or sets it free.
        fn stop(&mut self, function: u8, stopped: bool) -> Result<(), AdminError> {
            let mut config = self.config.get().ok_or(AdminError::NotWired)?;
            roles::set_paused(&self.admin, &mut config.paused, function, pause::FUNCTIONS, stopped)?;
            self.config.set(&config);
            Ok(())
        }

        /// Stores a pending report whose times changed.
        fn postpone(&mut self, mut standing: Standing, report: &ReportInfo, hold: bool) {
            let (epoch, attempt, live_at) = (report.body.epoch, report.body.attempt, report.live_at);
            self.reports.insert((epoch, attempt), report);
            standing.pending = Some(Pending { attempt, live_at });
            self.standing.set(&standing);
            self.env().emit_event(ReportExtended { epoch, attempt, live_at, hold });
        }
    }

    impl Payout for PayoutContract {
        #[ink(message)]
        fn wire(
            &mut self,
            escrow: AccountId,
            disputes: AccountId,
            staking: AccountId,
            timelock: AccountId,
            oracles: Vec<AccountId>,
        ) -> Result<(), PayoutError> {
            roles::wire(&mut self.admin, timelock)?;
            let mut config = self.config()?;
            config.peers = Some(PayoutPeers { token: config.token, escrow, disputes, staking });
            self.config.set(&config);
            let mut counters = self.counters.get_or_default();
            counters.closed_at = self.env().block_timestamp();
            self.counters.set(&counters);
            if !oracles.is_empty() {
                self.make_set(staking, oracles)?;
            }
            Ok(())
        }

        #[ink(message)]
        fn record_batch(&mut self, batch: NewBatch) -> Result<u64, PayoutError> {
            let (_, peers) = self.wired()?;
            ensure!(self.env().caller() == peers.escrow, PayoutError::NotEscrow);
            let mut counters = self.counters.get_or_default();
            let number = counters.batches;
            let stored = epochs::record(&batch, counters.receipts, counters.funded, self.env().block_timestamp())?;
            counters.batches = number.checked_add(1).ok_or(PayoutError::Overflow)?;
            counters.receipts = stored.sum_counts;
            counters.funded = stored.sum_pots;
            self.counters.set(&counters);
            self.batches.insert(number, &stored);
            self.env().emit_event(BatchRecorded {
                batch: number,
                channel: batch.channel,
                model: batch.model,
                host: batch.host,
                count_from: batch.count_from,
                count_to: batch.count_to,
                pot: batch.pot,
            });
            Ok(number)
        }

        #[ink(message)]
        fn close_epoch(&mut self) -> Result<u32, PayoutError> {
            let (config, peers) = self.running(pause::CLOSE_EPOCH)?;
            let (now, p) = (self.env().block_timestamp(), config.parameters);
            let mut counters = self.counters.get_or_default();
            let mut standing = self.standing()?;
            self.settle(&mut standing)?;
            // Reports go one after the other. Were epochs closed faster than that, the deadlines of the later ones would pass.
            let unreported = counters.epochs.saturating_sub(standing.live.epochs);
            ensure!(unreported < MAX_UNREPORTED, PayoutError::EpochsWaiting);
            let due_at = counters.closed_at.checked_add(p.epoch_ms).ok_or(PayoutError::Overflow)?;
            ensure!(now >= due_at, PayoutError::EpochNotDue);
            ensure!(counters.closed_to < counters.batches, PayoutError::NothingToClose);

            let set = self.sets.get(counters.set).ok_or(PayoutError::WrongOracleSet)?;
            let accounts = set.oracles.iter().map(|oracle| oracle.account).collect();
            let cover = oracles::sure_cover(&calls::operators(peers.staking, accounts)?, p.cover_bps)?;
            let waiting = epochs::Waiting {
                from: counters.closed_to,
                count: counters.batches,
                receipts_before: counters.closed_receipts,
                pots_before: counters.closed_pots,
                most_pots: epochs::most_pots(standing.claimed, standing.live.carry, cover, p.carry_bps)?,
            };
            let taken = epochs::take(&waiting, |number| self.batches.get(number))?;

            let number = counters.epochs;
            let epoch = Epoch {
                from: waiting.from,
                to: taken.to,
                receipts: taken.receipts,
                pots: taken.pots,
                carry_bps: p.carry_bps,
                closed_at: now,
                demand_end: now.checked_add(p.demand_ms).ok_or(PayoutError::Overflow)?,
                attempt: 0,
                min_set: 0,
            };
            counters.epochs = number.checked_add(1).ok_or(PayoutError::Overflow)?;
            counters.closed_to = taken.to;
            counters.closed_receipts =
                counters.closed_receipts.checked_add(taken.receipts).ok_or(PayoutError::Overflow)?;
            counters.closed_pots = counters.closed_pots.checked_add(taken.pots).ok_or(PayoutError::Overflow)?;
            counters.closed_at = now;
            self.counters.set(&counters);
            self.epochs.insert(number, &epoch);
            self.env().emit_event(EpochClosed {
                epoch: number,
                from: epoch.from,
                to: epoch.to,
                receipts: epoch.receipts,
                pots: epoch.pots,
                demand_end: epoch.demand_end,
            });
            Ok(number)
        }

        #[ink(message)]
        fn submit_report(
            &mut self,
            body: ReportBody,
            signers: u32,
            signatures: Vec<[u8; 64]>,
        ) -> Result<(), PayoutError> {
            let (config, peers) = self.running(pause::SUBMIT_REPORT)?;
            let (now, p) = (self.env().block_timestamp(), config.parameters);
            let mut standing = self.standing()?;
            self.settle(&mut standing)?;
            if standing.pending.is_some() {
                return Err(match body.epoch == standing.live.epochs {
                    true => PayoutError::AlreadyReported,
                    false => PayoutError::PreviousNotFinal,
                });
            }
            ensure!(body.epoch == standing.live.epochs, PayoutError::WrongEpoch);
            let epoch = self.load_epoch(body.epoch)?;
            let number = self.counters.get_or_default().set;
            let at = reports::Standing { epoch: &epoch, live: &standing.live, set: number, now };
            let credited = reports::check(&body, &at)?;

            let set = self.sets.get(number).ok_or(PayoutError::WrongOracleSet)?;
            let places = oracles::places(signers, set.oracles.len(), signatures.len())?;
            let signers = self.signers(&config, &body, &set, &places, &signatures)?;
            let operators = calls::operators(peers.staking, signers.clone())?;
            let cover = oracles::cover(&places, &operators, p.cover_bps)?;
            let unclaimed = standing.live.payouts.sum.checked_sub(standing.claimed).ok_or(PayoutError::Overflow)?;
            let owed = unclaimed.checked_add(credited).ok_or(PayoutError::Overflow)?;
            ensure!(owed <= cover, PayoutError::NotCovered);

            let window_end = now.checked_add(p.window_ms).ok_or(PayoutError::Overflow)?;
            let report = ReportInfo {
                body,
                signers: signers.clone(),
                submitted_at: now,
                window_end,
                live_at: window_end,
                held: false,
                status: ReportStatus::Pending,
            };
            self.reports.insert((body.epoch, body.attempt), &report);
            standing.pending = Some(Pending { attempt: body.attempt, live_at: window_end });
            self.standing.set(&standing);
            self.env().emit_event(ReportSubmitted { epoch: body.epoch, body, signers, window_end });
            Ok(())
        }

        #[ink(message)]
        fn finalize(&mut self, epoch: u32) -> Result<(), PayoutError> {
            self.wired()?;
            let mut standing = self.standing()?;
            ensure!(standing.live.epochs == epoch && standing.pending.is_some(), PayoutError::NotPending);
            ensure!(self.settle(&mut standing)?, PayoutError::WindowOpen);
            Ok(())
        }

        #[ink(message)]
        fn extend(&mut self, epoch: u32, attempt: u16, until: Timestamp) -> Result<Timestamp, PayoutError> {
            let (_, peers) = self.wired()?;
            ensure!(self.env().caller() == peers.disputes, PayoutError::NotDisputes);
            let standing = self.standing()?;
            let mut report = self.load_pending(&standing, epoch, attempt)?;
            let live_at = reports::extend(&mut report, until, self.env().block_timestamp())?;
            self.postpone(standing, &report, false);
            Ok(live_at)
        }

        #[ink(message)]
        fn void(&mut self, epoch: u32, attempt: u16) -> Result<Voided, PayoutError> {
            let (_, peers) = self.wired()?;
            ensure!(self.env().caller() == peers.disputes, PayoutError::NotDisputes);
            let mut standing = self.standing()?;
            let report = self.load_pending(&standing, epoch, attempt)?;
            let mut void = report.clone();
            reports::void(&mut void, self.env().block_timestamp())?;
            self.reports.insert((epoch, attempt), &void);
            standing.pending = None;
            self.standing.set(&standing);

            let state = self.load_epoch(epoch)?;
            let mut next = state.clone();
            epochs::next_attempt(&mut next, self.counters.get_or_default().set)?;
            self.epochs.insert(epoch, &next);
            self.env().emit_event(ReportVoided { epoch, attempt, signers: void.signers });
            Ok(Voided { report, epoch: state })
        }

        #[ink(message)]
        fn hold(&mut self, epoch: u32, hold_ms: u64) -> Result<Timestamp, PayoutError> {
            let (config, _) = self.wired()?;
            let guardian = roles::admin(&self.admin).guardian;
            ensure!(guardian == Some(self.env().caller()), PayoutError::NotGuardian);
            let standing = self.standing()?;
            let attempt = standing.pending.ok_or(PayoutError::NotPending)?.attempt;
            let mut report = self.load_pending(&standing, epoch, attempt)?;
            let now = self.env().block_timestamp();
            let live_at = reports::hold(&mut report, hold_ms, config.parameters.max_hold_ms, now)?;
            self.postpone(standing, &report, true);
            Ok(live_at)
        }

        #[ink(message)]
        fn claim(&mut self, claim: Claim) -> Result<Balance, PayoutError> {
            self.pay_claims(&[claim])
        }

        #[ink(message)]
        fn claim_many(&mut self, claims: Vec<Claim>) -> Result<Balance, PayoutError> {
            self.pay_claims(&claims)
        }

        #[ink(message)]
        fn set_recipient(&mut self, recipient: Option<AccountId>) -> Result<(), PayoutError> {
            self.wired()?;
            let account = self.env().caller();
            let mut claimant = self.claimants.get(account).unwrap_or_default();
            claimant.recipient = recipient;
            self.claimants.insert(account, &claimant);
            self.env().emit_event(RecipientSet { account, recipient });
            Ok(())
        }

        #[ink(message)]
        fn set_oracles(&mut self, oracles: Vec<AccountId>) -> Result<u32, PayoutError> {
            roles::ensure_admin(&self.admin)?;
            let (_, peers) = self.wired()?;
            self.make_set(peers.staking, oracles)
        }

        #[ink(message)]
        fn set_parameters(&mut self, parameters: PayoutParameters) -> Result<(), PayoutError> {
            roles::ensure_admin(&self.admin)?;
            reports::validate(&parameters)?;
            let mut config = self.config()?;
            config.parameters = parameters;
            self.config.set(&config);
            self.env().emit_event(PayoutParametersSet { parameters });
            Ok(())
        }

        #[ink(message)]
        fn batch(&self, batch: u64) -> Option<Batch> {
            self.batches.get(batch)
        }

        #[ink(message)]
        fn batch_count(&self) -> u64 {
            self.counters.get_or_default().batches
        }

        #[ink(message)]
        fn batches(&self, from: u64, limit: u32) -> Vec<Batch> {
            let to = from.saturating_add(u64::from(limit).min(MAX_PAGE)).min(self.batch_count());
            (from..to).filter_map(|number| self.batches.get(number)).collect()
        }

        #[ink(message)]
        fn epoch(&self, epoch: u32) -> Option<Epoch> {
            self.epochs.get(epoch)
        }

        #[ink(message)]
        fn epoch_count(&self) -> u32 {
            self.counters.get_or_default().epochs
        }

        #[ink(message)]
        fn due_at(&self) -> Timestamp {
            let epoch_ms = self.config.get().map_or(0, |config| config.parameters.epoch_ms);
            self.counters.get_or_default().closed_at.saturating_add(epoch_ms)
        }

        #[ink(message)]
        fn report(&self, epoch: u32) -> Option<ReportInfo> {
            let attempt = self.epochs.get(epoch)?.attempt;
            self.reports
                .get((epoch, attempt))
                .or_else(|| attempt.checked_sub(1).and_then(|before| self.reports.get((epoch, before))))
        }

        #[ink(message)]
        fn report_of(&self, epoch: u32, attempt: u16) -> Option<ReportInfo> {
            self.reports.get((epoch, attempt))
        }

        #[ink(message)]
        fn live(&self) -> Live {
            self.standing().map_or(Live { epochs: 0, payouts: SumHead::EMPTY, carry: 0 }, |standing| standing.live)
        }

        #[ink(message)]
        fn totals(&self) -> Totals {
            let (live, funded) = (self.live(), self.counters.get_or_default().funded);
            let claimed = self.standing().map_or(0, |standing| standing.claimed);
            Totals { funded, credited: live.payouts.sum, carried: live.carry, claimed }
        }

        #[ink(message)]
        fn claimed(&self, account: AccountId) -> Balance {
            self.claimants.get(account).unwrap_or_default().claimed
        }

        #[ink(message)]
        fn recipient(&self, account: AccountId) -> Option<AccountId> {
            self.claimants.get(account).unwrap_or_default().recipient
        }

        #[ink(message)]
        fn oracle_set(&self, set: u32) -> Option<OracleSet> {
            self.sets.get(set)
        }

        #[ink(message)]
        fn current_set(&self) -> u32 {
            self.counters.get_or_default().set
        }

        #[ink(message)]
        fn parameters(&self) -> PayoutParameters {
            self.config.get().map_or_else(PayoutParameters::default, |config| config.parameters)
        }

        #[ink(message)]
        fn peers(&self) -> Option<PayoutPeers> {
            self.config.get().and_then(|config| config.peers)
        }
    }

    impl Administered for PayoutContract {
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

    impl Pausable for PayoutContract {
        #[ink(message)]
        fn pause(&mut self, function: u8) -> Result<(), AdminError> {
            self.stop(function, true)
        }

        #[ink(message)]
        fn unpause(&mut self, function: u8) -> Result<(), AdminError> {
            self.stop(function, false)
        }

        #[ink(message)]
        fn paused(&self) -> u8 {
            self.config.get().map_or(0, |config| config.paused)
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
