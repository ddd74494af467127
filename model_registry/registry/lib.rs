//! Models, their sources, parents, price and policy; hosts: the ink! shell.
//!
//! `registry` holds the state and what messages do to it, `rules` what a model, a revision and an announcement must be. What the
//! messages do is documented in `openledger_abi::models`.
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

pub mod registry;
pub mod rules;
#[cfg(test)]
mod tests;

#[ink::contract]
mod model_registry {
    use crate::registry::{Demand, Registry};
    use crate::rules;
    use ink::message_builder;
    use ink::prelude::vec::Vec;
    use ink::storage::traits::ManualKey;
    use ink::storage::Lazy;
    use openledger_abi::admin::is_paused;
    use openledger_abi::ask::ask;
    use openledger_abi::datanet::DatanetRegistry;
    use openledger_abi::models::*;
    use openledger_abi::staking::{Role, Staking};
    use openledger_abi::{ensure, roles, Admin, AdminError, Administered, Bytes32, Pausable};

    #[ink(storage)]
    pub struct ModelContract {
        paused: u8,
        registry: Registry,
        admin: Lazy<Admin, ManualKey<0x40DE_0101>>,
        peers: Lazy<ModelPeers, ManualKey<0x40DE_0102>>,
        parameters: Lazy<ModelParameters, ManualKey<0x40DE_0103>>,
    }

    type Outcome<T> = Result<T, ModelError>;

    impl ModelContract {
        /// A registry whose functions `guardian` may pause; whoever deploys it may `wire` it.
        ///
        /// # Errors
        /// `BadParameters`.
        #[ink(constructor)]
        pub fn new(guardian: Option<AccountId>, parameters: ModelParameters) -> Outcome<Self> {
            rules::parameters(&parameters)?;
            let mut contract = Self {
                paused: 0,
                registry: Registry::default(),
                admin: Lazy::new(),
                peers: Lazy::new(),
                parameters: Lazy::new(),
            };
            contract.admin.set(&Admin::guarded(Self::env().caller(), guardian));
            contract.parameters.set(&parameters);
            Ok(contract)
        }

        fn ensure_running(&self, function: u8) -> Outcome<()> {
            roles::admin(&self.admin).ensure_wired()?;
            ensure!(!is_paused(self.paused, function), ModelError::FunctionPaused);
            Ok(())
        }

        fn limits(&self) -> Outcome<ModelParameters> {
            self.parameters.get().ok_or(ModelError::BadParameters)
        }

        fn the_peers(&self) -> Outcome<ModelPeers> {
            Ok(self.peers.get().ok_or(AdminError::NotWired)?)
        }

        /// Asks the Datanet registry for each source; the first that refuses is named.
        fn ensure_allowed(&self, demand: &Demand) -> Outcome<()> {
            let registry = self.the_peers()?.datanet_registry;
            for (place, source) in demand.sources.iter().enumerate() {
                let check =
                    message_builder!(DatanetRegistry).check_source(source.datanet, source.version, demand.wanted);
                match ask(registry, check) {
                    Some(Ok(())) => {}
                    Some(Err(error)) => {
                        return Err(ModelError::SourceRefused { source: rules::position(place)?, error })
                    }
                    _ => return Err(ModelError::DatanetRegistryFailed),
                }
            }
            Ok(())
        }
    }

    impl ModelRegistry for ModelContract {
        #[ink(message)]
        fn wire(&mut self, datanet_registry: AccountId, staking: AccountId, timelock: AccountId) -> Outcome<()> {
            roles::wire(&mut self.admin, timelock)?;
            self.peers.set(&ModelPeers { datanet_registry, staking });
            Ok(())
        }

        #[ink(message)]
        fn register(&mut self, entry: NewModel) -> Outcome<u32> {
            self.ensure_running(pause::REGISTER)?;
            let owner = self.env().caller();
            let demand = self.registry.examine(&self.limits()?, &entry)?;
            self.ensure_allowed(&demand)?;
            let (kind, parents) = (entry.kind, entry.parents.clone());
            let (model, content) = self.registry.register(owner, self.env().block_timestamp(), entry)?;
            self.env().emit_event(ModelRegistered { model, owner, kind, parents });
            self.env().emit_event(RevisionAdded { model, revision: 0, content });
            Ok(model)
        }

        #[ink(message)]
        fn revise(&mut self, model: u32, revision: NewRevision) -> Outcome<u32> {
            self.ensure_running(pause::REGISTER)?;
            let caller = self.env().caller();
            if let Some(demand) = self.registry.examine_revision(caller, &self.limits()?, model, &revision)? {
                self.ensure_allowed(&demand)?;
            }
            let (number, content) = self.registry.revise(self.env().block_timestamp(), model, revision)?;
            self.env().emit_event(RevisionAdded { model, revision: number, content });
            Ok(number)
        }

        #[ink(message)]
        fn set_status(&mut self, model: u32, status: ModelStatus) -> Outcome<()> {
            self.registry.set_status(self.env().caller(), model, status)?;
            self.env().emit_event(ModelStatusSet { model, status });
            Ok(())
        }

        #[ink(message)]
        fn offer_model(&mut self, model: u32, to: AccountId) -> Outcome<()> {
            let mut found = self.registry.owned(model, self.env().caller())?;
            found.offered = Some(to);
            self.registry.put(model, &found);
            self.env().emit_event(ModelOffered { model, to });
            Ok(())
        }

        #[ink(message)]
        fn accept_model(&mut self, model: u32) -> Outcome<()> {
            let to = self.env().caller();
            let mut found = self.registry.get(model).ok_or(ModelError::UnknownModel)?;
            ensure!(found.offered == Some(to), ModelError::NotOffered);
            found.offered = None;
            found.owner = to;
            self.registry.put(model, &found);
            self.env().emit_event(ModelTransferred { model, to });
            Ok(())
        }

        #[ink(message)]
        fn set_allowed(&mut self, model: u32, account: AccountId, allowed: bool) -> Outcome<()> {
            self.registry.set_allowed(self.env().caller(), model, account, allowed)?;
            self.env().emit_event(AllowedSet { model, account, allowed });
            Ok(())
        }

        #[ink(message)]
        fn announce(&mut self, host: Host) -> Outcome<()> {
            self.ensure_running(pause::ANNOUNCE)?;
            let account = self.env().caller();
            let active = ask(self.the_peers()?.staking, message_builder!(Staking).is_active(account, Role::Host));
            ensure!(active.ok_or(ModelError::StakingFailed)?, ModelError::NotHost);
            self.registry.announce(account, self.env().block_timestamp(), host.clone())?;
            self.env().emit_event(HostAnnounced { account, host });
            Ok(())
        }

        #[ink(message)]
        fn withdraw_announcement(&mut self) -> Outcome<()> {
            let account = self.env().caller();
            self.registry.withdraw(account)?;
            self.env().emit_event(HostWithdrawn { account });
            Ok(())
        }

        #[ink(message)]
        fn set_parameters(&mut self, parameters: ModelParameters) -> Outcome<()> {
            roles::ensure_admin(&self.admin)?;
            rules::parameters(&parameters)?;
            self.parameters.set(&parameters);
            self.env().emit_event(ModelParametersSet { parameters });
            Ok(())
        }

        #[ink(message)]
        fn model(&self, model: u32) -> Option<Model> {
            self.registry.get(model)
        }

        #[ink(message)]
        fn model_count(&self) -> u32 {
            self.registry.model_count()
        }

        #[ink(message)]
        fn models(&self, from: u32, limit: u32) -> Vec<Model> {
            let end = from.saturating_add(limit.min(MAX_MODEL_PAGE)).min(self.registry.model_count());
            (from..end).filter_map(|number| self.registry.get(number)).collect()
        }

        #[ink(message)]
        fn revision(&self, model: u32, revision: u32) -> Option<Revision> {
            self.registry.revision(model, revision)
        }

        #[ink(message)]
        fn settlement(&self, model: u32) -> Outcome<Settlement> {
            self.registry.settlement(model)
        }

        #[ink(message)]
        fn may_use(&self, model: u32, account: AccountId) -> bool {
            let Some(found) = self.registry.get(model).filter(|found| found.status == ModelStatus::Active) else {
                return false;
            };
            let Some(revision) = self.registry.revision(model, found.revision) else { return false };
            match revision.access {
                Access::Open => true,
                Access::Allowlist => self.registry.is_allowed(model, account),
                Access::Stake(least) => {
                    let Some(peers) = self.peers.get() else { return false };
                    let bonded = ask(peers.staking, message_builder!(Staking).get_votes(account));
                    bonded.is_some_and(|bonded| bonded >= least)
                }
            }
        }

        #[ink(message)]
        fn host(&self, account: AccountId) -> Option<HostInfo> {
            self.registry.host(account)
        }

        #[ink(message)]
        fn host_count_of(&self, model: u32) -> u32 {
            self.registry.host_count_of(model)
        }

        #[ink(message)]
        fn hosts_of(&self, model: u32, from: u32, limit: u32) -> Vec<HostOffer> {
            let end = from.saturating_add(limit.min(MAX_MODEL_PAGE)).min(self.registry.host_count_of(model));
            (from..end).filter_map(|place| self.registry.offer(model, place)).collect()
        }

        #[ink(message)]
        fn parameters(&self) -> ModelParameters {
            let none = ModelParameters { royalty_cap_bps: 0, min_contributors_bps: 0, max_contributors_bps: 0 };
            self.parameters.get().unwrap_or(none)
        }

        #[ink(message)]
        fn peers(&self) -> Option<ModelPeers> {
            self.peers.get()
        }
    }

    impl Administered for ModelContract {
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

    impl Pausable for ModelContract {
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
