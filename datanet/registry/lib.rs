//! Datanets, contributions under signed terms, verdicts, versions: the ink! shell.
//!
//! `registry` holds the state and what messages do to it, `generation` a Datanet's growing tree, `terms` what a text must be and
//! what a version allows. What the messages do is documented in `openledger_abi::datanet`.
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

pub mod generation;
pub mod registry;
pub mod terms;
#[cfg(test)]
mod tests;

#[ink::contract]
mod datanet_registry {
    use crate::registry::{Fact, Registry};
    use crate::terms;
    use ink::message_builder;
    use ink::prelude::vec::Vec;
    use ink::storage::traits::ManualKey;
    use ink::storage::Lazy;
    use openledger_abi::admin::is_paused;
    use openledger_abi::ask::ask;
    use openledger_abi::datanet::*;
    use openledger_abi::host::{signed_by, HostHasher};
    use openledger_abi::staking::{Role, Staking};
    use openledger_abi::{ensure, roles, Admin, AdminError, Administered, Bytes32, Pausable, BPS};
    use proof::signed::{Domain, Signable};
    use proof::Hasher;

    #[ink(storage)]
    pub struct DatanetContract {
        paused: u8,
        registry: Registry,
        genesis: Lazy<Bytes32, ManualKey<0xDA7A_0101>>,
        admin: Lazy<Admin, ManualKey<0xDA7A_0102>>,
        peers: Lazy<DatanetPeers, ManualKey<0xDA7A_0103>>,
        parameters: Lazy<DatanetParameters, ManualKey<0xDA7A_0104>>,
    }

    type Outcome<T> = Result<T, DatanetError>;

    fn validate(parameters: &DatanetParameters) -> Outcome<()> {
        let good = parameters.agreeing >= 1 && parameters.agreeing <= MAX_AGREEING;
        ensure!(good, DatanetError::BadParameters);
        Ok(())
    }

    impl DatanetContract {
        /// A registry on the chain of `genesis`, whose functions `guardian` may pause; whoever deploys it may `wire` it.
        ///
        /// # Errors
        /// `BadParameters`.
        #[ink(constructor)]
        pub fn new(genesis: Bytes32, guardian: Option<AccountId>, parameters: DatanetParameters) -> Outcome<Self> {
            validate(&parameters)?;
            let mut contract = Self {
                paused: 0,
                registry: Registry::default(),
                genesis: Lazy::new(),
                admin: Lazy::new(),
                peers: Lazy::new(),
                parameters: Lazy::new(),
            };
            contract.genesis.set(&genesis);
            contract.admin.set(&Admin::guarded(Self::env().caller(), guardian));
            contract.parameters.set(&parameters);
            Ok(contract)
        }

        fn ensure_running(&self, function: u8) -> Outcome<()> {
            roles::admin(&self.admin).ensure_wired()?;
            ensure!(!is_paused(self.paused, function), DatanetError::FunctionPaused);
            Ok(())
        }

        fn the_peers(&self) -> Outcome<DatanetPeers> {
            Ok(self.peers.get().ok_or(AdminError::NotWired)?)
        }

        fn ensure_disputes(&self) -> Outcome<()> {
            ensure!(self.the_peers()?.disputes == self.env().caller(), DatanetError::NotDisputes);
            Ok(())
        }

        /// Caller and time.
        fn now(&self) -> (AccountId, Timestamp) {
            (self.env().caller(), self.env().block_timestamp())
        }
    }

    impl DatanetRegistry for DatanetContract {
        #[ink(message)]
        fn wire(&mut self, staking: AccountId, timelock: AccountId, disputes: AccountId) -> Outcome<()> {
            roles::wire(&mut self.admin, timelock)?;
            self.peers.set(&DatanetPeers { staking, disputes });
            Ok(())
        }

        #[ink(message)]
        fn create(
            &mut self,
            name: Vec<u8>,
            metadata_cid: Vec<u8>,
            policy: DatanetPolicy,
            floor_bps: u16,
        ) -> Outcome<u32> {
            self.ensure_running(pause::CONTRIBUTE)?;
            let (owner, now) = self.now();
            let datanet = self.registry.create(owner, now, name.clone(), metadata_cid.clone(), policy, floor_bps)?;
            self.env().emit_event(DatanetCreated { datanet, owner, name, metadata_cid, policy, floor_bps });
            Ok(datanet)
        }

        #[ink(message)]
        fn describe(&mut self, datanet: u32, metadata_cid: Vec<u8>, floor_bps: u16) -> Outcome<()> {
            let mut found = self.registry.owned(datanet, self.env().caller())?;
            ensure!(metadata_cid.len() <= MAX_CID, DatanetError::BadCid);
            ensure!(floor_bps <= BPS, DatanetError::BadBps);
            found.metadata_cid = metadata_cid.clone();
            found.floor_bps = floor_bps;
            self.registry.put_datanet(datanet, &found);
            self.env().emit_event(DatanetDescribed { datanet, metadata_cid, floor_bps });
            Ok(())
        }

        #[ink(message)]
        fn set_datanet_paused(&mut self, datanet: u32, paused: bool) -> Outcome<()> {
            let mut found = self.registry.owned(datanet, self.env().caller())?;
            found.paused = paused;
            self.registry.put_datanet(datanet, &found);
            self.env().emit_event(DatanetPauseSet { datanet, paused });
            Ok(())
        }

        #[ink(message)]
        fn offer_datanet(&mut self, datanet: u32, to: AccountId) -> Outcome<()> {
            let mut found = self.registry.owned(datanet, self.env().caller())?;
            found.offered = Some(to);
            self.registry.put_datanet(datanet, &found);
            self.env().emit_event(DatanetOffered { datanet, to });
            Ok(())
        }

        #[ink(message)]
        fn accept_datanet(&mut self, datanet: u32) -> Outcome<()> {
            let to = self.env().caller();
            let mut found = self.registry.datanet(datanet)?;
            ensure!(found.offered == Some(to), DatanetError::NotOffered);
            found.offered = None;
            found.owner = to;
            self.registry.put_datanet(datanet, &found);
            self.env().emit_event(DatanetTransferred { datanet, to });
            Ok(())
        }

        #[ink(message)]
        fn contribute(&mut self, new: NewContribution, signature: [u8; 64]) -> Outcome<u64> {
            self.ensure_running(pause::CONTRIBUTE)?;
            let now = self.env().block_timestamp();
            let body = terms::signed_body(&new, HostHasher::blake2_256(&new.cid));
            let (contributor, datanet, root, length) = (new.contributor, new.datanet, new.root, new.length);
            let (cid, terms) = (new.cid.clone(), new.terms);
            if let Some(contribution) = self.registry.release(now, root)? {
                let status = ContributionStatus::Rejected;
                self.env().emit_event(ContributionRefused { contribution, status });
            }
            let contribution = self.registry.contribute(now, new)?;
            // Last, because it is the dearest check; an error undoes the rest.
            let contract: [u8; 32] = *self.env().account_id().as_ref();
            let domain = Domain { genesis: self.genesis.get_or_default(), contract };
            let message = Signable::terms::<HostHasher>(&domain, &body);
            ensure!(signed_by(&message, &signature, contributor.as_ref()), DatanetError::BadSignature);
            self.env().emit_event(ContributionMade { contributor, contribution, datanet, root, length, cid, terms });
            Ok(contribution)
        }

        #[ink(message)]
        fn verdict(&mut self, contribution: u64, accept: bool, quality_bps: u16) -> Outcome<ContributionStatus> {
            self.ensure_running(pause::VERDICT)?;
            let (validator, now) = self.now();
            let parameters = self.parameters();
            self.registry.may_judge(&parameters, validator, now, contribution, quality_bps)?;
            let active =
                ask(self.the_peers()?.staking, message_builder!(Staking).is_active(validator, Role::Validator));
            ensure!(active.ok_or(DatanetError::StakingFailed)?, DatanetError::NotValidator);
            let (status, accepted) =
                self.registry.judge::<HostHasher>(&parameters, validator, now, contribution, accept, quality_bps)?;
            self.env().emit_event(VerdictGiven { contribution, validator, accept, quality_bps });
            if let Some(accepted) = accepted {
                self.env().emit_event(ContributionAccepted {
                    contribution,
                    datanet: accepted.datanet,
                    seq: accepted.seq,
                    generation: accepted.generation,
                    index: accepted.index,
                    quality_bps: accepted.quality_bps,
                });
            } else if status != ContributionStatus::Pending {
                self.env().emit_event(ContributionRefused { contribution, status });
            }
            Ok(status)
        }

        #[ink(message)]
        fn veto(&mut self, contribution: u64) -> Outcome<()> {
            roles::admin(&self.admin).ensure_wired()?;
            self.registry.veto(self.env().caller(), contribution)?;
            self.env().emit_event(ContributionRefused { contribution, status: ContributionStatus::Vetoed });
            Ok(())
        }

        #[ink(message)]
        fn revoke(&mut self, contribution: u64) -> Outcome<()> {
            roles::admin(&self.admin).ensure_wired()?;
            let (caller, at) = self.now();
            self.registry.revoke(caller, at, contribution)?;
            self.env().emit_event(ContributionRevoked { contribution, at });
            Ok(())
        }

        #[ink(message)]
        fn cut_version(&mut self, datanet: u32) -> Outcome<u32> {
            self.ensure_running(pause::VERSION)?;
            let (caller, now) = self.now();
            let (version, cut) = self.registry.cut_version::<HostHasher>(caller, now, datanet)?;
            let (generation, count, root, terms) = (cut.generation, cut.count, cut.root, cut.terms);
            self.env().emit_event(VersionCut { datanet, version, generation, count, root, terms });
            Ok(version)
        }

        #[ink(message)]
        fn rebuild(&mut self, datanet: u32, max_items: u32) -> Outcome<RebuildProgress> {
            self.ensure_running(pause::VERSION)?;
            let (caller, now) = self.now();
            let rebuilt = self.registry.rebuild::<HostHasher>(caller, now, datanet, max_items)?;
            self.env().emit_event(DatanetRebuilt {
                datanet,
                generation: rebuilt.generation,
                done: rebuilt.progress.done,
                kept: rebuilt.kept,
                finished: rebuilt.progress.finished,
            });
            Ok(rebuilt.progress)
        }

        #[ink(message)]
        fn strike(&mut self, contribution: u64) -> Outcome<()> {
            self.ensure_disputes()?;
            let at = self.env().block_timestamp();
            self.registry.establish(at, contribution, Fact::Struck)?;
            self.env().emit_event(ContributionStruck { contribution, at });
            Ok(())
        }

        #[ink(message)]
        fn pass_over(&mut self, contribution: u64) -> Outcome<()> {
            self.ensure_disputes()?;
            let at = self.env().block_timestamp();
            self.registry.establish(at, contribution, Fact::PassedOver)?;
            self.env().emit_event(ContributionPassedOver { contribution, at });
            Ok(())
        }

        #[ink(message)]
        fn set_payee(&mut self, contribution: u64, payee: AccountId) -> Outcome<()> {
            self.ensure_disputes()?;
            let at = self.env().block_timestamp();
            self.registry.set_payee(at, contribution, payee)?;
            self.env().emit_event(PayeeSet { contribution, payee, at });
            Ok(())
        }

        #[ink(message)]
        fn set_parameters(&mut self, parameters: DatanetParameters) -> Outcome<()> {
            roles::ensure_admin(&self.admin)?;
            validate(&parameters)?;
            self.parameters.set(&parameters);
            self.env().emit_event(DatanetParametersSet { parameters });
            Ok(())
        }

        #[ink(message)]
        fn datanet(&self, datanet: u32) -> Option<Datanet> {
            self.registry.datanet(datanet).ok()
        }

        #[ink(message)]
        fn datanet_count(&self) -> u32 {
            self.registry.datanet_count()
        }

        #[ink(message)]
        fn datanets(&self, from: u32, limit: u32) -> Vec<Datanet> {
            let end = from.saturating_add(limit.min(MAX_DATANET_PAGE)).min(self.registry.datanet_count());
            (from..end).filter_map(|number| self.registry.datanet(number).ok()).collect()
        }

        #[ink(message)]
        fn contribution(&self, contribution: u64) -> Option<Contribution> {
            self.registry.contribution(contribution)
        }

        #[ink(message)]
        fn contribution_count(&self) -> u64 {
            self.registry.contribution_count()
        }

        #[ink(message)]
        fn contributions(&self, datanet: u32, from: u32, limit: u32) -> Vec<(u64, Contribution)> {
            let count = self.registry.datanet(datanet).map_or(0, |found| found.contributions);
            let end = from.saturating_add(limit.min(MAX_DATANET_PAGE)).min(count);
            (from..end)
                .filter_map(|position| {
                    let number = self.registry.member(datanet, position)?;
                    Some((number, self.registry.contribution(number)?))
                })
                .collect()
        }

        #[ink(message)]
        fn contribution_of_root(&self, root: Bytes32) -> Option<u64> {
            self.registry.holder_of(root)
        }

        #[ink(message)]
        fn accepted_count(&self) -> u64 {
            self.registry.accepted_count()
        }

        #[ink(message)]
        fn leaves(&self, datanet: u32, generation: u32, from: u32, limit: u32) -> Vec<LeafInfo> {
            let count = self.registry.leaf_count(datanet, generation);
            let end = from.saturating_add(limit.min(MAX_LEAVES_PAGE)).min(count);
            (from..end).filter_map(|index| self.registry.leaf(datanet, generation, index)).collect()
        }

        #[ink(message)]
        fn index_in(&self, contribution: u64, generation: u32) -> Option<u32> {
            self.registry.place(contribution, generation)
        }

        #[ink(message)]
        fn version(&self, datanet: u32, version: u32) -> Option<Version> {
            self.registry.version(datanet, version)
        }

        #[ink(message)]
        fn versions(&self, datanet: u32, from: u32, limit: u32) -> Vec<Version> {
            let count = self.registry.datanet(datanet).map_or(0, |found| found.versions);
            let end = from.saturating_add(limit.min(MAX_DATANET_PAGE)).min(count);
            (from..end).filter_map(|number| self.registry.version(datanet, number)).collect()
        }

        #[ink(message)]
        fn check_source(&self, datanet: u32, version: u32, wanted: Use) -> Outcome<()> {
            self.registry.check_source(self.env().block_timestamp(), datanet, version, &wanted)
        }

        #[ink(message)]
        fn verdict_of(&self, contribution: u64, validator: AccountId) -> Option<Verdict> {
            self.registry.verdict_of(contribution, validator)
        }

        #[ink(message)]
        fn verdicts(&self, contribution: u64) -> Vec<(AccountId, Verdict)> {
            self.registry.verdicts(contribution)
        }

        #[ink(message)]
        fn outcome(&self, contribution: u64) -> Option<VerdictOutcome> {
            self.registry.outcome(contribution)
        }

        #[ink(message)]
        fn payee_at(&self, contribution: u64, at: Timestamp) -> Option<AccountId> {
            self.registry.payee_at(contribution, at)
        }

        #[ink(message)]
        fn nonce(&self, contributor: AccountId) -> u64 {
            self.registry.nonce(contributor)
        }

        #[ink(message)]
        fn parameters(&self) -> DatanetParameters {
            self.parameters.get().unwrap_or(DatanetParameters { agreeing: MAX_AGREEING, veto_ms: 0 })
        }

        #[ink(message)]
        fn peers(&self) -> Option<DatanetPeers> {
            self.peers.get()
        }

        #[ink(message)]
        fn genesis(&self) -> Bytes32 {
            self.genesis.get_or_default()
        }
    }

    impl Administered for DatanetContract {
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

    impl Pausable for DatanetContract {
        #[ink(message)]
        fn pause(&mut self, function: u8) -> Result<(), AdminError> {
            roles::set_paused(&self.admin, &mut self.paused, function, pause::FUNCTIONS, true)
        }

        #[ink(message)]
        fn unpause(&mut self, function: u8) -> Result<(), AdminError> {
            roles::set_paused(&self.admin, &mut self.paused, function, pause::FUNCTIONS, false)
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
