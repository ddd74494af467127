//! Commits to fraud proofs, reveals, and what provers get.
//!
//! This file is the ink! shell: storage, messages, events. [`commit`] and [`share`] know no chain, [`calls`] asks the other
//! contracts, the judge first of all. What the messages do is documented in `openledger_abi::disputes`.
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
pub mod commit;
pub mod share;

#[cfg(test)]
mod tests;

#[ink::contract]
mod disputes {
    use crate::commit::Standing;
    use crate::share::First;
    use crate::{calls, commit as commits, share};
    use ink::prelude::vec::Vec;
    use ink::storage::traits::ManualKey;
    use ink::storage::{Lazy, Mapping};
    use openledger_abi::admin::{Admin, AdminError, Administered};
    use openledger_abi::disputes::*;
    use openledger_abi::host::HostHasher;
    use openledger_abi::judge::ReportId;
    use openledger_abi::payout::ReportStatus;
    use openledger_abi::times::Unit;
    use openledger_abi::{ensure, roles, Bytes32};

    #[ink::scale_derive(Encode, Decode, TypeInfo)]
    #[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
    #[derive(Debug, Clone)]
    pub struct Config {
        token: AccountId,
        unit: Unit,
        parameters: DisputeParameters,
        peers: Option<DisputesPeers>,
    }

    #[ink(storage)]
    pub struct DisputesContract {
        admin: Lazy<Admin, ManualKey<0xD15B_0001>>,
        config: Lazy<Config, ManualKey<0xD15B_0002>>,
        count: Lazy<u64, ManualKey<0xD15B_0003>>,
        commits: Mapping<u64, Commit, ManualKey<0xD15B_0004>>,
        dockets: Mapping<ReportId, Docket, ManualKey<0xD15B_0005>>,
        falls: Mapping<ReportId, Fall, ManualKey<0xD15B_0006>>,
        parts: Mapping<(ReportId, AccountId), Part, ManualKey<0xD15B_0007>>,
    }

    impl DisputesContract {
        /// Errors with `BadParameters`.
        #[ink(constructor)]
        pub fn new(token: AccountId, unit: Unit, parameters: DisputeParameters) -> Result<Self, DisputesError> {
            commits::validate(unit, &parameters)?;
            let mut contract = Self {
                admin: Lazy::new(),
                config: Lazy::new(),
                count: Lazy::new(),
                commits: Mapping::new(),
                dockets: Mapping::new(),
                falls: Mapping::new(),
                parts: Mapping::new(),
            };
            contract.admin.set(&Admin::new(Self::env().caller()));
            contract.config.set(&Config { token, unit, parameters, peers: None });
            Self::env().emit_event(DisputeParametersSet { parameters });
            Ok(contract)
        }

        fn config(&self) -> Result<Config, DisputesError> {
            self.config.get().ok_or(DisputesError::Admin(AdminError::NotWired))
        }

        /// The configuration of a wired contract.
        fn wired(&self) -> Result<(Config, DisputesPeers), DisputesError> {
            let config = self.config()?;
            let peers = config.peers.ok_or(AdminError::NotWired)?;
            Ok((config, peers))
        }

        fn load(&self, commit: u64) -> Result<Commit, DisputesError> {
            self.commits.get(commit).ok_or(DisputesError::NoSuchCommit)
        }

        fn load_docket(&self, report: ReportId) -> Docket {
            self.dockets.get(report).unwrap_or_default()
        }

        fn load_part(&self, report: ReportId, account: AccountId) -> Part {
            self.parts.get((report, account)).unwrap_or_default()
        }

        /// Notes that a commit is open no more.
        fn close(&mut self, report: ReportId) {
            let mut docket = self.load_docket(report);
            docket.open = docket.open.saturating_sub(1);
            self.dockets.insert(report, &docket);
        }

        /// An account lost a bond on a report.
        fn note_lost(&mut self, report: ReportId, account: AccountId, bond: Balance) -> Result<(), DisputesError> {
            let (mut docket, mut part) = (self.load_docket(report), self.load_part(report, account));
            docket.lost = docket.lost.checked_add(bond).ok_or(DisputesError::Overflow)?;
            part.lost = part.lost.checked_add(bond).ok_or(DisputesError::Overflow)?;
            self.dockets.insert(report, &docket);
            self.parts.insert((report, account), &part);
            self.env().emit_event(BondLost { report, account, bond });
            Ok(())
        }

        /// The configuration, for a message of availability's.
        fn for_availability(&self) -> Result<(Config, DisputesPeers), DisputesError> {
            let (config, peers) = self.wired()?;
            let availability = calls::availability(peers.payout)?;
            ensure!(self.env().caller() == availability, DisputesError::NotAvailability);
            Ok((config, peers))
        }

        /// Voids the report, slashes its signers, and notes who made it fall.
        fn convict_by(
            &mut self,
            config: &Config,
            peers: &DisputesPeers,
            report: ReportId,
            first: First,
        ) -> Result<Outcome, DisputesError> {
            let voided = calls::void(peers.payout, report)?;
            let (signers, submitted_at) = (voided.signers, voided.submitted_at);
            let slash = calls::slash(peers.staking, signers.clone(), submitted_at)?;
            let (lost, reveal_ms) = (self.load_docket(report).lost, config.parameters.reveal_ms);
            let fall = share::fall(first, reveal_ms, slash.reward, lost)?;
            self.falls.insert(report, &fall);
            let mut part = self.load_part(report, first.prover);
            part.proved = true;
            self.parts.insert((report, first.prover), &part);
            self.env().emit_event(ReportFell {
                report,
                slashed: signers.clone(),
                amount: slash.taken,
                reward: fall.reward,
                repaid: fall.repaid,
                share_until: fall.share_until,
            });
            Ok(Outcome::Voided { report, signers, slashed: slash.taken, reward: slash.reward })
        }

        /// Takes a prover after the first.
        fn join(&mut self, report: ReportId, mut fall: Fall, commit: u64) -> Result<(), DisputesError> {
            let prover = self.env().caller();
            let mut part = self.load_part(report, prover);
            ensure!(!part.proved, DisputesError::AlreadyShares);
            share::join(&mut fall, commit, prover)?;
            part.proved = true;
            self.falls.insert(report, &fall);
            self.parts.insert((report, prover), &part);
            Ok(())
        }
    }

    impl Disputes for DisputesContract {
        #[ink(message)]
        fn wire(
            &mut self,
            payout: AccountId,
            staking: AccountId,
            judge: AccountId,
            timelock: AccountId,
        ) -> Result<(), DisputesError> {
            roles::wire(&mut self.admin, timelock)?;
            let mut config = self.config()?;
            config.peers = Some(DisputesPeers { token: config.token, payout, staking, judge });
            self.config.set(&config);
            Ok(())
        }

        #[ink(message)]
        fn commit(&mut self, report: ReportId, hash: Bytes32) -> Result<u64, DisputesError> {
            let (config, peers) = self.wired()?;
            let (prover, now, block) = (self.env().caller(), self.env().block_timestamp(), self.env().block_number());
            let mut docket = self.load_docket(report);
            let bond = price(config.parameters.bond, docket.open).ok_or(DisputesError::Overflow)?;
            let commit = commits::make(prover, hash, report, bond, config.parameters.reveal_ms, now, block)?;
            let number = self.count.get().unwrap_or(0);
            self.count.set(&number.checked_add(1).ok_or(DisputesError::Overflow)?);
            self.commits.insert(number, &commit);
            docket.open = docket.open.checked_add(1).ok_or(DisputesError::Overflow)?;
            self.dockets.insert(report, &docket);
            let reveal_by = commit.reveal_by;
            self.env().emit_event(ProofCommitted { commit: number, prover, report, bond, reveal_by });

            calls::take(config.token, prover, self.env().account_id(), bond)?;
            calls::delay(peers.payout, report, reveal_by)?;
            Ok(number)
        }

        #[ink(message)]
        fn reveal(&mut self, commit: u64, proof: Vec<u8>) -> Result<Outcome, DisputesError> {
            let (config, peers) = self.wired()?;
            let (number, mut commit) = (commit, self.load(commit)?);
            let (prover, report) = (self.env().caller(), commit.report);
            let hash = commit_hash::<HostHasher>(&prover, &proof);
            let (now, block) = (self.env().block_timestamp(), self.env().block_number());
            commits::ensure_revealable(&commit, prover, hash, proof.len(), block)?;
            let fall = self.falls.get(report);
            commits::ensure_in_time(&commit, fall.as_ref(), now)?;
            let fraud = calls::judged(peers.judge, report, proof)?;

            commit.status = CommitStatus::Proven;
            self.commits.insert(number, &commit);
            self.close(report);
            let fee = if fall.is_some() { share::fee(commit.bond) } else { 0 };
            self.env().emit_event(FraudProven { commit: number, prover, report, fraud, fee });
            let outcome = match fall {
                None => {
                    self.convict_by(&config, &peers, report, First { prover, commit: Some(number), at: now, block })?
                }
                Some(fall) => {
                    self.join(report, fall, number)?;
                    calls::burn(config.token, fee)?;
                    Outcome::Shared { report }
                }
            };
            calls::pay(config.token, prover, commit.bond.checked_sub(fee).ok_or(DisputesError::Overflow)?)?;
            Ok(outcome)
        }

        #[ink(message)]
        fn settle(&mut self, commit: u64) -> Result<CommitStatus, DisputesError> {
            let (config, peers) = self.wired()?;
            let (number, mut commit) = (commit, self.load(commit)?);
            let report = commit.report;
            let standing = match self.falls.get(report) {
                Some(fall) => Standing::Fell { share_until: fall.share_until },
                None if calls::report_of(peers.payout, report)?.status == ReportStatus::Void => Standing::Void,
                None => Standing::Stands,
            };
            let status = commits::settle(&mut commit, self.env().caller(), standing, self.env().block_timestamp())?;
            self.commits.insert(number, &commit);
            self.env().emit_event(CommitSettled { commit: number, status, bond: commit.bond });
            self.close(report);
            if status == CommitStatus::Returned {
                calls::pay(config.token, commit.prover, commit.bond)?;
            } else {
                self.note_lost(report, commit.prover, commit.bond)?;
                calls::burn(config.token, commit.bond)?;
            }
            Ok(status)
        }

        #[ink(message)]
        fn claim(&mut self, report: ReportId) -> Result<Balance, DisputesError> {
            let (config, _) = self.wired()?;
            let account = self.env().caller();
            let fall = self.falls.get(report).ok_or(DisputesError::NotFallen)?;
            ensure!(self.env().block_timestamp() > fall.share_until, DisputesError::SharingOpen);
            let mut part = self.load_part(report, account);
            ensure!(!part.paid, DisputesError::NothingToClaim);
            let (share, repaid) = share::due(&fall, &account, &part)?;
            let amount = share.checked_add(repaid).ok_or(DisputesError::Overflow)?;
            ensure!(amount > 0, DisputesError::NothingToClaim);
            part.paid = true;
            self.parts.insert((report, account), &part);
            self.env().emit_event(RewardClaimed { report, account, share, repaid });
            calls::pay(config.token, account, amount)?;
            Ok(amount)
        }

        #[ink(message)]
        fn convict(&mut self, report: ReportId, asker: AccountId) -> Result<Outcome, DisputesError> {
            let (config, peers) = self.for_availability()?;
            let (at, block) = (self.env().block_timestamp(), self.env().block_number());
            self.convict_by(&config, &peers, report, First { prover: asker, commit: None, at, block })
        }

        #[ink(message)]
        fn lose(&mut self, report: ReportId, account: AccountId, bond: Balance) -> Result<(), DisputesError> {
            self.for_availability()?;
            self.note_lost(report, account, bond)
        }

        #[ink(message)]
        fn set_parameters(&mut self, parameters: DisputeParameters) -> Result<(), DisputesError> {
            roles::ensure_admin(&self.admin)?;
            let mut config = self.config()?;
            commits::validate(config.unit, &parameters)?;
            config.parameters = parameters;
            self.config.set(&config);
            self.env().emit_event(DisputeParametersSet { parameters });
            Ok(())
        }

        #[ink(message)]
        fn commit_of(&self, commit: u64) -> Option<Commit> {
            self.commits.get(commit)
        }

        #[ink(message)]
        fn commit_count(&self) -> u64 {
            self.count.get().unwrap_or(0)
        }

        #[ink(message)]
        fn bond_for(&self, report: ReportId) -> Balance {
            let bond = Disputes::parameters(self).bond;
            price(bond, self.load_docket(report).open).unwrap_or(Balance::MAX)
        }

        #[ink(message)]
        fn docket(&self, report: ReportId) -> Docket {
            self.load_docket(report)
        }

        #[ink(message)]
        fn fall_of(&self, report: ReportId) -> Option<Fall> {
            self.falls.get(report)
        }

        #[ink(message)]
        fn part_of(&self, report: ReportId, account: AccountId) -> Part {
            self.load_part(report, account)
        }

        #[ink(message)]
        fn parameters(&self) -> DisputeParameters {
            self.config.get().map_or_else(DisputeParameters::default, |config| config.parameters)
        }

        #[ink(message)]
        fn peers(&self) -> Option<DisputesPeers> {
            self.config.get().and_then(|config| config.peers)
        }
    }

    impl Administered for DisputesContract {
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
}
