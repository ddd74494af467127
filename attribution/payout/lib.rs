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
    use crate::state::{Attempts, Claimant, Config, Counters, Pending, Standing};
    use crate::{calls, claim as claims, epoch as epochs, oracles, report as reports};
    use ink::prelude::vec::Vec;
    use ink::storage::traits::ManualKey;
    use ink::storage::{Lazy, Mapping};
    use openledger_abi::admin::{is_paused, Admin, AdminError, Administered, Pausable};
    use openledger_abi::host::HostHasher;
    use openledger_abi::payout::*;
    use openledger_abi::times::Unit;
    use openledger_abi::{ensure, quorum, roles, Bytes32};
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
        cuts: Mapping<(u32, u32), Cut, ManualKey<0xBA10_0006>>,
        attempts: Mapping<u32, Attempts, ManualKey<0xBA10_000A>>,
        withheld: Lazy<Vec<u64>, ManualKey<0xBA10_000B>>,
        reports: Mapping<(u32, u32), ReportInfo, ManualKey<0xBA10_0007>>,
        reserves: Lazy<Vec<AccountId>, ManualKey<0xBA10_000C>>,
        sets: Mapping<u32, OracleSet, ManualKey<0xBA10_0008>>,
        claimants: Mapping<AccountId, Claimant, ManualKey<0xBA10_0009>>,
    }

    /// The attempts of an epoch that is cut again.
    fn next(attempts: Attempts) -> Result<Attempts, PayoutError> {
        let cut = attempts.cut.checked_add(1).ok_or(PayoutError::Overflow)?;
        Ok(Attempts { cut, ..attempts })
    }

    impl PayoutContract {
        /// Errors with `BadParameters`.
        #[ink(constructor)]
        pub fn new(
            token: AccountId,
            genesis: Bytes32,
            guardian: Option<AccountId>,
            unit: Unit,
            parameters: PayoutParameters,
        ) -> Result<Self, PayoutError> {
            reports::validate(unit, &parameters)?;
            let mut contract = Self {
                admin: Lazy::new(),
                config: Lazy::new(),
                counters: Lazy::new(),
                standing: Lazy::new(),
                batches: Mapping::new(),
                cuts: Mapping::new(),
                attempts: Mapping::new(),
                withheld: Lazy::new(),
                reports: Mapping::new(),
                reserves: Lazy::new(),
                sets: Mapping::new(),
                claimants: Mapping::new(),
            };
            contract.admin.set(&Admin::guarded(Self::env().caller(), guardian));
            contract.config.set(&Config { token, genesis, unit, parameters, paused: 0, peers: None });
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

        /// The last attempt of an epoch, and its cut.
        fn load_cut(&self, epoch: u32) -> Result<(Attempts, Cut), PayoutError> {
            let attempts = self.attempts.get(epoch).ok_or(PayoutError::NoSuchEpoch)?;
            let cut = self.cuts.get((epoch, attempts.cut)).ok_or(PayoutError::NoSuchEpoch)?;
            Ok((attempts, cut))
        }

        /// Keeps a cut; it is never written again.
        fn keep_cut(&mut self, epoch: u32, attempts: Attempts, cut: Cut) {
            self.attempts.insert(epoch, &attempts);
            self.cuts.insert((epoch, attempts.cut), &cut);
            self.env().emit_event(EpochCut { epoch, attempt: attempts.cut, cut });
        }

        /// The same cut under the next attempt, with the batches that are withheld by now.
        fn renew_cut(&mut self, epoch: u32) -> Result<(), PayoutError> {
            let (attempts, cut) = self.load_cut(epoch)?;
            let withheld = epochs::withheld_in(&self.withheld.get_or_default(), cut.from, cut.to);
            let closed_at = self.env().block_timestamp();
            self.keep_cut(epoch, next(attempts)?, Cut { withheld, closed_at, ..cut });
            Ok(())
        }

        /// Cuts what waits, as much as is covered.
        fn make_cut(
            &mut self,
            epoch: u32,
            attempts: Attempts,
            counters: &Counters,
            standing: &Standing,
            carry_bps: u16,
            cover: Balance,
        ) -> Result<(), PayoutError> {
            let unclaimed = reports::unclaimed(&standing.live, standing.claimed)?;
            let room = epochs::Room::within(cover, unclaimed, carry_bps)?;
            let taken = epochs::take(&counters.queue, counters.batches, &room, |number| self.batches.get(number))?;
            let from = counters.queue.next;
            let cut = Cut {
                set: counters.set,
                from,
                to: taken.to,
                receipts: taken.receipts,
                first_pot: taken.first_pot,
                pots: taken.pots,
                withheld: epochs::withheld_in(&self.withheld.get_or_default(), from, taken.to),
                carry_in: standing.live.carry.checked_add(counters.unconsumed).ok_or(PayoutError::Overflow)?,
                expired: counters.unconsumed,
                carry_bps,
                closed_at: self.env().block_timestamp(),
            };
            self.keep_cut(epoch, attempts, cut);
            Ok(())
        }

        /// What is covered whichever q of the current set sign.
        fn sure_cover(&self, config: &Config, staking: AccountId, set: u32) -> Result<Balance, PayoutError> {
            let set = self.sets.get(set).ok_or(PayoutError::WrongOracleSet)?;
            let accounts = set.oracles.iter().map(|oracle| oracle.account).collect();
            let until = reports::answers_until(config.unit, &config.parameters, self.env().block_timestamp());
            oracles::sure_cover(&calls::cover(staking, accounts, until)?)
        }

        /// The pending report of this epoch and attempt.
        fn load_pending(&self, standing: &Standing, epoch: u32, attempt: u32) -> Result<ReportInfo, PayoutError> {
            let report = self.reports.get((epoch, attempt)).ok_or(PayoutError::NoSuchReport)?;
            let pending = standing.pending.is_some_and(|pending| pending.attempt == attempt);
            ensure!(pending && standing.live.epochs == epoch, PayoutError::NotPending);
            Ok(report)
        }

        /// Voids a pending report; its epoch is to be reported again. Returns the report as it was.
        fn fall(&mut self, epoch: u32, attempt: u32, refuted: bool) -> Result<ReportInfo, PayoutError> {
            let mut standing = self.standing()?;
            let report = self.load_pending(&standing, epoch, attempt)?;
            let mut void = report.clone();
            reports::void(&mut void, self.env().block_timestamp())?;
            self.reports.insert((epoch, attempt), &void);
            standing.pending = None;
            self.standing.set(&standing);
            self.env().emit_event(ReportVoided { epoch, attempt, signers: void.signers, refuted });
            self.renew_cut(epoch)?;
            Ok(report)
        }

        fn make_set(
            &mut self,
            staking: AccountId,
            members: Vec<AccountId>,
            reserves: Vec<AccountId>,
        ) -> Result<u32, PayoutError> {
            ensure!(members.len() <= MAX_ORACLES, PayoutError::BadOracles);
            let operators = calls::operators(staking, members.clone())?;
            let oracles = oracles::make(&members, &reserves, &operators)?;
            let counters = self.counters.get_or_default();
            self.keep_set(counters, oracles, reserves)
        }

        /// Makes a set the current one.
        fn keep_set(
            &mut self,
            mut counters: Counters,
            oracles: Vec<Oracle>,
            reserves: Vec<AccountId>,
        ) -> Result<u32, PayoutError> {
            let set = counters.set.checked_add(1).ok_or(PayoutError::Overflow)?;
            counters.set = set;
            self.counters.set(&counters);
            let made_at = self.env().block_timestamp();
            self.sets.insert(set, &OracleSet { oracles: oracles.clone(), made_at });
            self.reserves.set(&reserves);
            self.env().emit_event(OracleSetMade { set, oracles, reserves });
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
            self.move_on(epoch, pending.attempt)?;
            self.env().emit_event(ReportFinalized {
                epoch,
                attempt: pending.attempt,
                total: report.body.payouts.sum,
                carry: report.body.carry_out,
            });
            Ok(true)
        }

        /// Takes what a cut whose report went live holds off the queue.
        fn move_on(&mut self, epoch: u32, attempt: u32) -> Result<(), PayoutError> {
            let cut = self.cuts.get((epoch, attempt)).ok_or(PayoutError::NoSuchEpoch)?;
            let first = self.batches.get(cut.from).ok_or(PayoutError::BadBatch)?;
            let mut counters = self.counters.get_or_default();
            counters.queue = epochs::after(&counters.queue, &cut, &first)?;
            counters.unconsumed = counters.unconsumed.checked_sub(cut.expired).ok_or(PayoutError::Overflow)?;
            self.counters.set(&counters);
            let mut withheld = self.withheld.get_or_default();
            if withheld.first().is_some_and(|batch| *batch < counters.queue.next) {
                withheld.retain(|batch| *batch >= counters.queue.next);
                self.withheld.set(&withheld);
            }
            Ok(())
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
            self.env().emit_event(ReportDelayed { epoch, attempt, live_at, hold });
        }
    }

    impl Payout for PayoutContract {
        #[ink(message)]
        fn wire(
            &mut self,
            escrow: AccountId,
            disputes: AccountId,
            availability: AccountId,
            staking: AccountId,
            timelock: AccountId,
            oracles: Vec<AccountId>,
            reserves: Vec<AccountId>,
        ) -> Result<(), PayoutError> {
            roles::wire(&mut self.admin, timelock)?;
            let mut config = self.config()?;
            config.peers = Some(PayoutPeers { token: config.token, escrow, disputes, availability, staking });
            self.config.set(&config);
            let mut counters = self.counters.get_or_default();
            counters.closed_at = self.env().block_timestamp();
            self.counters.set(&counters);
            if !oracles.is_empty() {
                self.make_set(staking, oracles, reserves)?;
            }
            Ok(())
        }

        #[ink(message)]
        fn record_batch(&mut self, batch: NewBatch) -> Result<u64, PayoutError> {
            let (_, peers) = self.wired()?;
            ensure!(self.env().caller() == peers.escrow, PayoutError::NotEscrow);
            let mut counters = self.counters.get_or_default();
            let number = counters.batches;
            let stored = epochs::record(&batch, counters.receipts, counters.funded)?;
            counters.batches = number.checked_add(1).ok_or(PayoutError::Overflow)?;
            counters.receipts = stored.sum_counts;
            counters.funded = stored.sum_pots;
            self.counters.set(&counters);
            self.batches.insert(number, &stored);
            self.env().emit_event(BatchRecorded {
                batch: number,
                channel: batch.channel,
                model: batch.model,
                key: batch.key,
                host: batch.host,
                count_from: batch.count_from,
                count_to: batch.count_to,
                filled: batch.filled,
                kib: batch.kib,
                pot: batch.pot,
            });
            Ok(number)
        }

        #[ink(message)]
        fn record_expired(&mut self, amount: Balance) -> Result<(), PayoutError> {
            let (_, peers) = self.wired()?;
            ensure!(self.env().caller() == peers.escrow, PayoutError::NotEscrow);
            let mut counters = self.counters.get_or_default();
            counters.expired = counters.expired.checked_add(amount).ok_or(PayoutError::Overflow)?;
            counters.unconsumed = counters.unconsumed.checked_add(amount).ok_or(PayoutError::Overflow)?;
            self.counters.set(&counters);
            self.env().emit_event(ExpiredRecorded { amount });
            Ok(())
        }

        #[ink(message)]
        fn close_epoch(&mut self) -> Result<u32, PayoutError> {
            let (config, peers) = self.running(pause::CLOSE_EPOCH)?;
            let (now, p) = (self.env().block_timestamp(), config.parameters);
            let mut standing = self.standing()?;
            self.settle(&mut standing)?;
            let mut counters = self.counters.get_or_default();
            let number = counters.epochs;
            ensure!(number == standing.live.epochs, PayoutError::EpochOpen);
            let due_at = counters.closed_at.checked_add(p.epoch_ms).ok_or(PayoutError::Overflow)?;
            ensure!(now >= due_at, PayoutError::EpochNotDue);
            ensure!(counters.queue.next < counters.batches, PayoutError::NothingToClose);
            let cover = self.sure_cover(&config, peers.staking, counters.set)?;
            self.make_cut(number, Attempts::default(), &counters, &standing, p.carry_bps, cover)?;
            counters.epochs = number.checked_add(1).ok_or(PayoutError::Overflow)?;
            counters.closed_at = now;
            self.counters.set(&counters);
            Ok(number)
        }

        #[ink(message)]
        fn recut(&mut self, epoch: u32) -> Result<u32, PayoutError> {
            let (config, peers) = self.running(pause::CLOSE_EPOCH)?;
            let (now, p) = (self.env().block_timestamp(), config.parameters);
            let mut standing = self.standing()?;
            self.settle(&mut standing)?;
            ensure!(epoch == standing.live.epochs, PayoutError::WrongEpoch);
            let (attempts, cut) = self.load_cut(epoch)?;
            ensure!(standing.pending.is_none(), PayoutError::ReportPending);
            let counters = self.counters.get_or_default();
            let unclaimed = reports::unclaimed(&standing.live, standing.claimed)?;
            let cover = self.sure_cover(&config, peers.staking, counters.set)?;
            let may = reports::may_recut(&cut, counters.set, unclaimed, cover, p.report_ms, now)?;
            ensure!(may, PayoutError::CutStands);
            let attempts = next(attempts)?;
            self.make_cut(epoch, attempts, &counters, &standing, p.carry_bps, cover)?;
            Ok(attempts.cut)
        }

        #[ink(message)]
        fn mark_withheld(&mut self, batch: u64) -> Result<(), PayoutError> {
            roles::ensure_admin(&self.admin)?;
            self.wired()?;
            let mut standing = self.standing()?;
            self.settle(&mut standing)?;
            let counters = self.counters.get_or_default();
            ensure!(batch < counters.batches, PayoutError::NoSuchBatch);
            ensure!(batch >= counters.queue.next, PayoutError::BatchReported);
            let mut withheld = self.withheld.get_or_default();
            epochs::mark(&mut withheld, batch)?;
            self.withheld.set(&withheld);
            self.env().emit_event(BatchWithheld { batch });
            let epoch = standing.live.epochs;
            let cut = self.load_cut(epoch).ok().map(|(_, cut)| cut);
            if cut.is_some_and(|cut| (cut.from..cut.to).contains(&batch)) {
                match standing.pending {
                    Some(pending) => self.fall(epoch, pending.attempt, false).map(|_| ())?,
                    None => self.renew_cut(epoch)?,
                }
            }
            Ok(())
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
            let (mut attempts, cut) = self.load_cut(body.epoch)?;
            let number = self.counters.get_or_default().set;
            let at = reports::Standing { attempt: attempts.cut, cut: &cut, live: &standing.live, set: number };
            let credited = reports::check(&body, &at)?;

            let set = self.sets.get(number).ok_or(PayoutError::WrongOracleSet)?;
            let keys: Vec<Bytes32> = set.oracles.iter().map(|oracle| oracle.key).collect();
            let domain = Domain { genesis: config.genesis, contract: *self.env().account_id().as_ref() };
            let message = Signable::report::<HostHasher>(&domain, &body);
            let places = quorum::signers(&message, &keys, signers, &signatures)?;
            let signers: Vec<AccountId> = places
                .iter()
                .filter_map(|place| set.oracles.get(usize::from(*place)).map(|oracle| oracle.account))
                .collect();
            let until = reports::answers_until(config.unit, &p, now);
            let cover = oracles::cover(&places, &calls::cover(peers.staking, signers.clone(), until)?)?;
            let unclaimed = reports::unclaimed(&standing.live, standing.claimed)?;
            let owed = unclaimed.checked_add(credited).ok_or(PayoutError::Overflow)?;
            ensure!(owed <= cover, PayoutError::NotCovered);

            let window_end = now.checked_add(p.window_ms).ok_or(PayoutError::Overflow)?;
            let report = ReportInfo {
                body,
                signers: signers.clone(),
                submitted_at: now,
                window_end,
                open_until: window_end,
                live_at: window_end,
                held: false,
                status: ReportStatus::Pending,
            };
            self.reports.insert((body.epoch, body.attempt), &report);
            attempts.reported = Some(body.attempt);
            self.attempts.insert(body.epoch, &attempts);
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
        fn delay(
            &mut self,
            epoch: u32,
            attempt: u32,
            until: Timestamp,
            open_until: Option<Timestamp>,
        ) -> Result<Timestamp, PayoutError> {
            let (_, peers) = self.wired()?;
            let (caller, now) = (self.env().caller(), self.env().block_timestamp());
            let for_commit = caller == peers.disputes;
            ensure!(for_commit || caller == peers.availability, PayoutError::NotDisputes);
            let standing = self.standing()?;
            let mut report = self.load_pending(&standing, epoch, attempt)?;
            let live_at = if for_commit {
                reports::delay_for_commit(&mut report, until, now)?
            } else {
                reports::delay(&mut report, until, open_until, now)?
            };
            self.postpone(standing, &report, false);
            Ok(live_at)
        }

        #[ink(message)]
        fn void(&mut self, epoch: u32, attempt: u32) -> Result<ReportInfo, PayoutError> {
            let (_, peers) = self.wired()?;
            ensure!(self.env().caller() == peers.disputes, PayoutError::NotDisputes);
            self.fall(epoch, attempt, true)
        }

        #[ink(message)]
        fn void_report(&mut self, epoch: u32, attempt: u32) -> Result<(), PayoutError> {
            roles::ensure_admin(&self.admin)?;
            self.wired()?;
            self.fall(epoch, attempt, false).map(|_| ())
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
        fn set_oracles(&mut self, members: Vec<AccountId>, reserves: Vec<AccountId>) -> Result<u32, PayoutError> {
            roles::ensure_admin(&self.admin)?;
            let (_, peers) = self.wired()?;
            self.make_set(peers.staking, members, reserves)
        }

        #[ink(message)]
        fn refill(&mut self) -> Result<u32, PayoutError> {
            let (config, peers) = self.wired()?;
            let mut counters = self.counters.get_or_default();
            let mut oracles = self.sets.get(counters.set).ok_or(PayoutError::WrongOracleSet)?.oracles;
            let mut reserves = self.reserves.get_or_default();
            let members = oracles.iter().map(|oracle| oracle.account).collect();
            let members = calls::operators(peers.staking, members)?;
            let stand_by = calls::operators(peers.staking, reserves.clone())?;
            let now = self.env().block_timestamp();
            let patience =
                oracles::Patience { refill_ms: config.parameters.refill_ms, refilled_at: counters.refilled_at, now };
            oracles::refill(&mut oracles, &mut reserves, (&members, &stand_by), &patience)?;
            counters.refilled_at = now;
            self.keep_set(counters, oracles, reserves)
        }

        #[ink(message)]
        fn set_parameters(&mut self, parameters: PayoutParameters) -> Result<(), PayoutError> {
            roles::ensure_admin(&self.admin)?;
            let mut config = self.config()?;
            reports::validate(config.unit, &parameters)?;
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
        fn cut(&self, epoch: u32, attempt: u32) -> Option<Cut> {
            self.cuts.get((epoch, attempt))
        }

        #[ink(message)]
        fn latest_cut(&self, epoch: u32) -> Option<(u32, Cut)> {
            self.load_cut(epoch).ok().map(|(attempts, cut)| (attempts.cut, cut))
        }

        #[ink(message)]
        fn withheld(&self) -> Vec<u64> {
            self.withheld.get_or_default()
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
            let attempt = self.attempts.get(epoch)?.reported?;
            self.reports.get((epoch, attempt))
        }

        #[ink(message)]
        fn report_of(&self, epoch: u32, attempt: u32) -> Option<ReportInfo> {
            self.reports.get((epoch, attempt))
        }

        #[ink(message)]
        fn live(&self) -> Live {
            self.standing().map_or(Live { epochs: 0, payouts: SumHead::EMPTY, carry: 0 }, |standing| standing.live)
        }

        #[ink(message)]
        fn totals(&self) -> Totals {
            let (live, counters) = (self.live(), self.counters.get_or_default());
            let funded = counters.funded.saturating_add(counters.expired);
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
        fn current_keys(&self) -> (u32, Vec<Bytes32>) {
            let set = self.current_set();
            let oracles = self.sets.get(set).map_or_else(Vec::new, |set| set.oracles);
            (set, oracles.iter().map(|oracle| oracle.key).collect())
        }

        #[ink(message)]
        fn is_oracle(&self, account: AccountId) -> bool {
            let set = self.sets.get(self.current_set());
            set.is_some_and(|set| set.oracles.iter().any(|oracle| oracle.account == account))
        }

        #[ink(message)]
        fn cover(&self) -> Result<Balance, PayoutError> {
            let (config, peers) = self.wired()?;
            self.sure_cover(&config, peers.staking, self.current_set())
        }

        #[ink(message)]
        fn reserves(&self) -> Vec<AccountId> {
            self.reserves.get_or_default()
        }

        #[ink(message)]
        fn unit(&self) -> Unit {
            self.config.get().map_or_else(Unit::default, |config| config.unit)
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
        fn pause(&mut self, number: u8) -> Result<(), AdminError> {
            self.stop(number, true)
        }

        #[ink(message)]
        fn unpause(&mut self, number: u8) -> Result<(), AdminError> {
            self.stop(number, false)
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
