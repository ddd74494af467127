//! Datanets, commitments, contributions under signed terms, verdicts, versions: the ink! shell.
//!
//! `registry` holds the state and what messages do to it, `commitments` what can be opened, `tree` a Datanet's growing tree, `terms` what
//! a text must be and what a Datanet promises. What the messages do is documented in `openledger_abi::datanet`.
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

pub mod commitments;
pub mod registry;
pub mod terms;
#[cfg(test)]
mod tests;
pub mod tree;

#[ink::contract]
mod datanet_registry {
    use crate::commitments::Commitments;
    use crate::registry::{NewDatanet, Registry};
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
    use openledger_abi::{ensure, roles, Admin, AdminError, Administered, Bytes32, Pausable};
    use proof::signed::{Domain, Signable};
    use proof::Hasher;

    #[ink(storage)]
    pub struct DatanetContract {
        paused: u8,
        registry: Registry,
        commitments: Commitments,
        genesis: Lazy<Bytes32, ManualKey<0xDA7A_0101>>,
        admin: Lazy<Admin, ManualKey<0xDA7A_0102>>,
        peers: Lazy<DatanetPeers, ManualKey<0xDA7A_0103>>,
        parameters: Lazy<DatanetParameters, ManualKey<0xDA7A_0104>>,
    }

    type Outcome<T> = Result<T, DatanetError>;

    fn validate(parameters: &DatanetParameters) -> Outcome<()> {
        let good = parameters.min_agreeing >= 1 && parameters.min_agreeing <= MAX_AGREEING;
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
                commitments: Commitments::default(),
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

        fn ensure_arbitration(&self) -> Outcome<()> {
            ensure!(self.the_peers()?.arbitration == self.env().caller(), DatanetError::NotArbitration);
            Ok(())
        }

        /// Caller and time.
        fn now(&self) -> (AccountId, Timestamp) {
            (self.env().caller(), self.env().block_timestamp())
        }

        /// Appends an accepted contribution to its Datanet's tree.
        fn admit(&mut self, contribution: u64) -> Outcome<()> {
            let admitted = self.registry.admit::<HostHasher>(contribution)?;
            let (datanet, seq, index) = (admitted.datanet, admitted.seq, admitted.index);
            self.env().emit_event(ContributionAdmitted { contribution, datanet, seq, index });
            Ok(())
        }
    }

    impl DatanetRegistry for DatanetContract {
        #[ink(message)]
        fn wire(&mut self, staking: AccountId, timelock: AccountId, arbitration: AccountId) -> Outcome<()> {
            roles::wire(&mut self.admin, timelock)?;
            self.peers.set(&DatanetPeers { staking, arbitration });
            Ok(())
        }

        #[ink(message)]
        fn create(
            &mut self,
            name: Vec<u8>,
            metadata_cid: Vec<u8>,
            floor: LicenceFloor,
            judges: Judges,
        ) -> Outcome<u32> {
            self.ensure_running(pause::CONTRIBUTE)?;
            let (owner, now) = self.now();
            let new =
                NewDatanet { name: name.clone(), metadata_cid: metadata_cid.clone(), floor, judges: judges.clone() };
            let datanet = self.registry.create(&self.parameters(), owner, now, new)?;
            self.env().emit_event(DatanetCreated { datanet, owner, name, metadata_cid, floor, judges });
            Ok(datanet)
        }

        #[ink(message)]
        fn describe(&mut self, datanet: u32, metadata_cid: Vec<u8>) -> Outcome<()> {
            let mut found = self.registry.owned(datanet, self.env().caller())?;
            ensure!(metadata_cid.len() <= MAX_CID, DatanetError::BadCid);
            found.metadata_cid = metadata_cid.clone();
            self.registry.put_datanet(datanet, &found);
            self.env().emit_event(DatanetDescribed { datanet, metadata_cid });
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
        fn commit(&mut self, top: Bytes32, count: u32) -> Outcome<u64> {
            roles::admin(&self.admin).ensure_wired()?;
            let commitment = self.commitments.enter(self.env().block_timestamp(), top, count)?;
            self.env().emit_event(Committed { commitment, top, count });
            Ok(commitment)
        }

        #[ink(message)]
        fn contribute(&mut self, entry: NewContribution, opening: Opening, signature: [u8; 64]) -> Outcome<u64> {
            self.ensure_running(pause::CONTRIBUTE)?;
            let now = self.env().block_timestamp();
            terms::validate(&entry, now)?;
            let body = terms::signed_body(&entry, HostHasher::blake2_256(&entry.cid));
            let (contributor, datanet, root, length) = (entry.contributor, entry.datanet, entry.root, entry.length);
            let (cid, terms) = (entry.cid.clone(), entry.terms);
            let seq = self.commitments.open::<HostHasher>(now, &body.commitment(), &opening)?;
            let contribution = self.registry.contribute(now, entry, seq)?;
            // Last, because it is the dearest check; an error undoes the rest.
            let contract: [u8; 32] = *self.env().account_id().as_ref();
            let domain = Domain { genesis: self.genesis.get_or_default(), contract };
            let message = Signable::terms::<HostHasher>(&domain, &body);
            ensure!(signed_by(&message, &signature, contributor.as_ref()), DatanetError::BadSignature);
            self.env().emit_event(ContributionMade {
                contributor,
                contribution,
                datanet,
                seq,
                root,
                length,
                cid,
                terms,
            });
            Ok(contribution)
        }

        #[ink(message)]
        fn forget(&mut self, top: Bytes32, count: u32) -> Outcome<()> {
            roles::admin(&self.admin).ensure_wired()?;
            let commitment = self.commitments.forget(self.env().block_timestamp(), top, count)?;
            self.env().emit_event(CommitmentForgotten { commitment });
            Ok(())
        }

        #[ink(message)]
        fn verdict(&mut self, contribution: u64, accept: bool, quality_bps: u16) -> Outcome<ContributionStatus> {
            self.ensure_running(pause::VERDICT)?;
            let (judge, now) = self.now();
            let judges = self.registry.may_judge(judge, now, contribution, quality_bps)?;
            if let Judges::Validators { .. } = judges {
                let bonded = message_builder!(Staking).is_active(judge, Role::Validator);
                let active = ask(self.the_peers()?.staking, bonded).ok_or(DatanetError::StakingFailed)?;
                ensure!(active, DatanetError::NotValidator);
            }
            let judged = self.registry.judge(judges.agreeing(), judge, now, contribution, accept, quality_bps)?;
            self.env().emit_event(VerdictGiven { contribution, judge, accept, quality_bps });
            match judged.status {
                ContributionStatus::Pending => (),
                ContributionStatus::Rejected => self.env().emit_event(ContributionRejected { contribution }),
                ContributionStatus::Accepted => {
                    let quality_bps = judged.quality_bps;
                    self.env().emit_event(ContributionAccepted { contribution, quality_bps });
                    self.admit(contribution)?;
                }
            }
            Ok(judged.status)
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
            self.env().emit_event(VersionCut { datanet, version, count: cut.count, root: cut.root });
            Ok(version)
        }

        #[ink(message)]
        fn strike(&mut self, contribution: u64) -> Outcome<()> {
            self.ensure_arbitration()?;
            let at = self.env().block_timestamp();
            self.registry.strike(at, contribution)?;
            self.env().emit_event(ContributionStruck { contribution, at });
            Ok(())
        }

        #[ink(message)]
        fn set_payee(&mut self, contribution: u64, payee: AccountId) -> Outcome<()> {
            self.ensure_arbitration()?;
            let at = self.env().block_timestamp();
            self.registry.set_payee(at, contribution, payee)?;
            self.env().emit_event(PayeeSet { contribution, payee, at });
            Ok(())
        }

        #[ink(message)]
        fn reinstate(&mut self, contribution: u64) -> Outcome<()> {
            self.ensure_arbitration()?;
            self.registry.reinstate(self.env().block_timestamp(), contribution)?;
            self.env().emit_event(ContributionAccepted { contribution, quality_bps: 0 });
            self.admit(contribution)
        }

        #[ink(message)]
        fn restore(&mut self, contribution: u64) -> Outcome<()> {
            roles::ensure_admin(&self.admin)?;
            let at = self.env().block_timestamp();
            self.registry.restore(at, contribution)?;
            self.env().emit_event(ContributionRestored { contribution, at });
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
        fn datanets(&self, first: u32, limit: u32) -> Vec<Datanet> {
            let end = first.saturating_add(limit.min(MAX_DATANET_PAGE)).min(self.registry.datanet_count());
            (first..end).filter_map(|number| self.registry.datanet(number).ok()).collect()
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
        fn contributions(&self, datanet: u32, before: Option<u64>, limit: u32) -> Vec<(u64, Contribution)> {
            self.registry.contributions(datanet, before, limit.min(MAX_DATANET_PAGE))
        }

        #[ink(message)]
        fn entered(&self, datanet: u32, root: Bytes32, contributor: AccountId) -> Option<u64> {
            self.registry.entered(datanet, root, contributor)
        }

        #[ink(message)]
        fn commitment(&self, top: Bytes32, count: u32) -> Option<CommitmentInfo> {
            self.commitments.get(top, count)
        }

        #[ink(message)]
        fn commitment_count(&self) -> u64 {
            self.commitments.count()
        }

        #[ink(message)]
        fn leaves(&self, datanet: u32, first: u32, limit: u32) -> Vec<LeafInfo> {
            let end = first.saturating_add(limit.min(MAX_LEAVES_PAGE)).min(self.registry.leaf_count(datanet));
            (first..end).filter_map(|index| self.registry.leaf(datanet, index)).collect()
        }

        #[ink(message)]
        fn version(&self, datanet: u32, version: u32) -> Option<Version> {
            self.registry.version(datanet, version)
        }

        #[ink(message)]
        fn versions(&self, datanet: u32, first: u32, limit: u32) -> Vec<Version> {
            let count = self.registry.datanet(datanet).map_or(0, |found| found.versions);
            let end = first.saturating_add(limit.min(MAX_DATANET_PAGE)).min(count);
            (first..end).filter_map(|number| self.registry.version(datanet, number)).collect()
        }

        #[ink(message)]
        fn check_source(&self, datanet: u32, version: u32, wanted: Use) -> Outcome<()> {
            self.registry.check_source(datanet, version, &wanted)
        }

        #[ink(message)]
        fn verdict_of(&self, contribution: u64, judge: AccountId) -> Option<Verdict> {
            self.registry.verdict_of(contribution, judge)
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
        fn parameters(&self) -> DatanetParameters {
            self.parameters.get().unwrap_or(DatanetParameters { min_agreeing: MAX_AGREEING })
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
