//! Fraud proofs against reports and their signers.
//!
//! This file is the ink! shell: storage, messages, calls, events. What a proof shows is decided by the pure functions of
//! `proof::check`, chosen in [`judge`]; [`commit`] and [`private`] know no chain, [`facts`] and [`calls`] ask the other
//! contracts. What the messages do is
//! documented in `openledger_abi::disputes`.
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
pub mod facts;
pub mod judge;
pub mod private;

#[cfg(test)]
mod tests;

#[ink::contract]
mod disputes {
    use crate::facts::OnChain;
    use crate::judge::{Filed, HostsWord};
    use crate::{calls, commit as commits, judge, private};
    use ink::prelude::{vec, vec::Vec};
    use ink::scale::Encode;
    use ink::storage::traits::ManualKey;
    use ink::storage::{Lazy, Mapping};
    use openledger_abi::admin::{Admin, AdminError, Administered};
    use openledger_abi::disputes::*;
    use openledger_abi::host::{is_signature, HostHasher};
    use openledger_abi::payout::{ReportInfo, ReportStatus};
    use openledger_abi::staking::Offence;
    use openledger_abi::{ensure, roles, Bytes32};
    use proof::check::{equivocation, Fraud};
    use proof::signed::Domain;

    #[ink::scale_derive(Encode, Decode, TypeInfo)]
    #[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
    #[derive(Debug, Clone)]
    pub struct Config {
        token: AccountId,
        genesis: Bytes32,
        parameters: DisputeParameters,
        peers: Option<DisputesPeers>,
    }

    #[ink(storage)]
    pub struct DisputesContract {
        admin: Lazy<Admin, ManualKey<0xD15B_0001>>,
        config: Lazy<Config, ManualKey<0xD15B_0002>>,
        count: Lazy<u64, ManualKey<0xD15B_0003>>,
        commits: Mapping<u64, Commit, ManualKey<0xD15B_0004>>,
        /// What single operators were slashed for: (account, hash of the offence).
        punished: Mapping<(AccountId, Bytes32), (), ManualKey<0xD15B_0005>>,
    }

    /// What a proof leads to.
    enum Sentence {
        /// Of a report that is voided already.
        Void { report: ReportId, signers: Vec<AccountId>, submitted_at: Timestamp, fraud: Fraud },
        Slash {
            operator: AccountId,
            bps: u16,
            offence: Offence,
            offence_at: Timestamp,
            /// What names this one deed, so that it is punished once.
            deed: Bytes32,
            fraud: Fraud,
        },
    }

    impl DisputesContract {
        /// Errors with `BadParameters`.
        #[ink(constructor)]
        pub fn new(token: AccountId, genesis: Bytes32, parameters: DisputeParameters) -> Result<Self, DisputesError> {
            commits::validate(&parameters)?;
            let mut contract = Self {
                admin: Lazy::new(),
                config: Lazy::new(),
                count: Lazy::new(),
                commits: Mapping::new(),
                punished: Mapping::new(),
            };
            contract.admin.set(&Admin::new(Self::env().caller()));
            contract.config.set(&Config { token, genesis, parameters, peers: None });
            Self::env().emit_event(DisputeParametersSet { parameters });
            Ok(contract)
        }

        fn config(&self) -> Result<Config, DisputesError> {
            self.config.get().ok_or(DisputesError::Admin(AdminError::NotWired))
        }

        /// The configuration of a wired contract.
        fn wired(&self) -> Result<(Config, DisputesPeers), DisputesError> {
            let config = self.config()?;
            let peers = config.peers.clone().ok_or(AdminError::NotWired)?;
            Ok((config, peers))
        }

        fn load(&self, commit: u64) -> Result<Commit, DisputesError> {
            self.commits.get(commit).ok_or(DisputesError::NoSuchCommit)
        }

        /// Decides what a proof shows, and what follows.
        fn judge(
            config: &Config,
            peers: &DisputesPeers,
            commit: &Commit,
            proof: Filed<'_>,
        ) -> Result<Sentence, DisputesError> {
            if let Some(bytes) = proof.equivocation() {
                let (place, witness) = judge::decoded::<(u8, EquivocationWitness)>(bytes)?;
                Self::judge_equivocation(config, peers, commit, place, &witness)
            } else if proof.is_private() {
                Self::judge_host(config, peers, commit, proof)
            } else {
                Self::judge_signers(peers, commit, proof)
            }
        }

        /// Voids first, since that one call also brings what there is to judge by; an error here undoes it.
        fn judge_signers(peers: &DisputesPeers, commit: &Commit, proof: Filed<'_>) -> Result<Sentence, DisputesError> {
            let report = commit.report.ok_or(DisputesError::WrongReport)?;
            let voided = calls::void(peers.payout, report)?;
            let facts = OnChain::new(peers, &voided.epoch);
            let verdict = proof.against_signers(&voided.report.body, &facts)?;
            let ReportInfo { signers, submitted_at, .. } = voided.report;
            Ok(Sentence::Void { report, signers, submitted_at, fraud: verdict.fraud })
        }

        fn judge_host(
            config: &Config,
            peers: &DisputesPeers,
            commit: &Commit,
            proof: Filed<'_>,
        ) -> Result<Sentence, DisputesError> {
            let report = commit.report.ok_or(DisputesError::WrongReport)?;
            let info = calls::report_of(peers.payout, report)?;
            ensure!(info.status == ReportStatus::Pending, DisputesError::NotPending);
            let epoch = calls::epoch(peers.payout, report.epoch)?.ok_or(DisputesError::NoSuchReport)?;
            let (verdict, word) = proof.against_host(&info.body, &OnChain::new(peers, &epoch))?;
            let HostsWord { redeemed, receipt, evidence } = word;
            ensure!((epoch.from..epoch.to).contains(&redeemed.batch), DisputesError::NoSuchBatch);
            let batch = calls::batch(peers.payout, redeemed.batch)?;
            private::ensure_hosts_word::<HostHasher>(&batch, &redeemed, &receipt, &evidence.fields)?;
            Ok(Sentence::Slash {
                operator: batch.host,
                bps: config.parameters.report_bps,
                offence: Offence::FalseReceipt,
                offence_at: batch.at,
                deed: receipt.hash::<HostHasher>(),
                fraud: verdict.fraud,
            })
        }

        fn judge_equivocation(
            config: &Config,
            peers: &DisputesPeers,
            commit: &Commit,
            place: u8,
            witness: &EquivocationWitness,
        ) -> Result<Sentence, DisputesError> {
            // It is about a slot; a report that it named would be held up for nothing.
            ensure!(commit.report.is_none(), DisputesError::WrongReport);
            let set = calls::oracle_set(peers.payout, witness.first.set)?;
            let oracle = set.oracles.get(usize::from(place)).ok_or(DisputesError::NoSuchReport)?;
            // Reports are signed for payout.
            let domain = Domain { genesis: config.genesis, contract: *peers.payout.as_ref() };
            let verdict = equivocation::check::<HostHasher>(&domain, witness, |signature, message| {
                is_signature(signature, message, &oracle.key)
            })
            .map_err(DisputesError::NotProven)?;
            // When it signed is nobody's knowledge; nothing true can be said of an epoch before it is closed.
            let offence_at = match calls::epoch(peers.payout, witness.first.epoch)? {
                Some(epoch) => epoch.closed_at,
                None => commit.at,
            };
            Ok(Sentence::Slash {
                operator: oracle.account,
                bps: config.parameters.equivocation_bps,
                offence: Offence::Equivocation,
                offence_at,
                deed: <HostHasher as proof::Hasher>::blake2_256(&witness.first.slot().encode()),
                fraud: verdict.fraud,
            })
        }

        /// Does what a proof leads to. Returns the outcome, what it showed, and who was slashed.
        fn execute(
            &mut self,
            config: &Config,
            peers: &DisputesPeers,
            prover: AccountId,
            sentence: Sentence,
        ) -> Result<(Outcome, Fraud, Vec<AccountId>), DisputesError> {
            match sentence {
                Sentence::Void { report, signers, submitted_at, fraud } => {
                    let (bps, offence) = (config.parameters.report_bps, Offence::FalseReport);
                    let slashed = calls::slash(peers.staking, signers.clone(), bps, offence, submitted_at, prover)?;
                    Ok((Outcome::Voided { report, signers: signers.clone(), slashed }, fraud, signers))
                }
                Sentence::Slash { operator, bps, offence, offence_at, deed, fraud } => {
                    if self.punished.contains((operator, deed)) {
                        return Ok((Outcome::Slashed { operator, slashed: 0 }, fraud, Vec::new()));
                    }
                    self.punished.insert((operator, deed), &());
                    let operators = vec![operator];
                    let slashed = calls::slash(peers.staking, operators, bps, offence, offence_at, prover)?;
                    Ok((Outcome::Slashed { operator, slashed }, fraud, vec![operator]))
                }
            }
        }
    }

    impl Disputes for DisputesContract {
        #[ink(message)]
        fn wire(
            &mut self,
            payout: AccountId,
            staking: AccountId,
            model_registry: AccountId,
            datanet_registry: AccountId,
            timelock: AccountId,
        ) -> Result<(), DisputesError> {
            roles::wire(&mut self.admin, timelock)?;
            let mut config = self.config()?;
            config.peers =
                Some(DisputesPeers { token: config.token, payout, staking, model_registry, datanet_registry });
            self.config.set(&config);
            Ok(())
        }

        #[ink(message)]
        fn commit(&mut self, report: Option<ReportId>, hash: Bytes32) -> Result<u64, DisputesError> {
            let (config, peers) = self.wired()?;
            let (prover, now, block) = (self.env().caller(), self.env().block_timestamp(), self.env().block_number());
            let commit = commits::make(prover, hash, report, &config.parameters, now, block)?;
            let number = self.count.get().unwrap_or(0);
            self.count.set(&number.checked_add(1).ok_or(DisputesError::Overflow)?);
            self.commits.insert(number, &commit);
            let (bond, reveal_by) = (commit.bond, commit.reveal_by);
            self.env().emit_event(ProofCommitted { commit: number, prover, report, bond, reveal_by });

            calls::take(config.token, prover, self.env().account_id(), bond)?;
            if let Some(report) = report {
                calls::extend(peers.payout, report, reveal_by)?;
            }
            Ok(number)
        }

        #[ink(message)]
        fn reveal(&mut self, commit: u64, proof: Vec<u8>) -> Result<Outcome, DisputesError> {
            let (config, peers) = self.wired()?;
            let (number, mut commit) = (commit, self.load(commit)?);
            let prover = self.env().caller();
            let hash = commit_hash::<HostHasher>(&prover, &proof);
            let (now, block) = (self.env().block_timestamp(), self.env().block_number());
            commits::ensure_revealable(&commit, prover, hash, proof.len(), now, block)?;
            let sentence = Self::judge(&config, &peers, &commit, Filed::of(&proof)?)?;
            commit.status = CommitStatus::Proven;
            self.commits.insert(number, &commit);
            let (outcome, fraud, slashed) = self.execute(&config, &peers, prover, sentence)?;
            let (report, amount) = match &outcome {
                Outcome::Voided { report, slashed, .. } => (Some(*report), *slashed),
                Outcome::Slashed { slashed, .. } => (None, *slashed),
            };
            self.env().emit_event(FraudProven { commit: number, prover, fraud, report, slashed, amount });
            calls::pay_back(config.token, &commit)?;
            Ok(outcome)
        }

        #[ink(message)]
        fn settle(&mut self, commit: u64) -> Result<CommitStatus, DisputesError> {
            let (config, peers) = self.wired()?;
            let (number, mut commit) = (commit, self.load(commit)?);
            let voided = match commit.report {
                Some(report) => calls::report_of(peers.payout, report)?.status == ReportStatus::Void,
                None => false,
            };
            let status = commits::settle(&mut commit, voided, self.env().block_timestamp())?;
            self.commits.insert(number, &commit);
            self.env().emit_event(CommitSettled { commit: number, status, bond: commit.bond });
            match status {
                CommitStatus::Returned => calls::pay_back(config.token, &commit)?,
                _ => calls::burn(config.token, commit.bond)?,
            }
            Ok(status)
        }

        #[ink(message)]
        fn set_parameters(&mut self, parameters: DisputeParameters) -> Result<(), DisputesError> {
            roles::ensure_admin(&self.admin)?;
            commits::validate(&parameters)?;
            let mut config = self.config()?;
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
