//! What fraud proofs ask of the registries, by calls into them.
//!
//! A proof may rest on something not being there, so a call that fails must never read as an answer: it is remembered,
//! and whoever asked for a verdict has to look at [`Registries::failure`] before believing it.

use core::cell::{Cell, RefCell};
use ink::codegen::TraitCallBuilder;
use ink::env::DefaultEnvironment;
use openledger_abi::datanet::{Contribution, DatanetRegistry};
use openledger_abi::disputes::DisputesError;
use openledger_abi::models::{ModelRegistry, Revision};
use openledger_abi::payout::Epoch;
use openledger_abi::AccountId;
use proof::check::SourceFacts;
use proof::params::Policy;
use proof::version::VersionHead;

/// The registries as of the epoch in dispute.
pub struct Registries {
    models: AccountId,
    datanets: AccountId,
    epoch: Epoch,
    /// The last revision asked for: a proof asks for one, several times.
    revision: RefCell<Option<((u32, u32), Revision)>>,
    failure: Cell<Option<Registry>>,
}

/// Which registry did not answer.
#[derive(Clone, Copy)]
enum Registry {
    Models,
    Datanets,
}

impl Registries {
    pub fn new(models: AccountId, datanets: AccountId, epoch: Epoch) -> Self {
        Self { models, datanets, epoch, revision: RefCell::new(None), failure: Cell::new(None) }
    }

    /// Errors if a registry did not answer.
    pub fn failure(&self) -> Result<(), DisputesError> {
        match self.failure.get() {
            None => Ok(()),
            Some(Registry::Models) => Err(DisputesError::ModelRegistryFailed),
            Some(Registry::Datanets) => Err(DisputesError::DatanetRegistryFailed),
        }
    }

    fn with_revision<T>(&self, model: u32, revision: u32, read: impl Fn(&Revision) -> T) -> Option<T> {
        if let Some((key, known)) = &*self.revision.borrow() {
            if *key == (model, revision) {
                return Some(read(known));
            }
        }
        let registry: ink::contract_ref!(ModelRegistry, DefaultEnvironment) = self.models.into();
        let found = match registry.call().revision(model, revision).try_invoke() {
            Ok(Ok(found)) => found?,
            _ => {
                self.failure.set(Some(Registry::Models));
                return None;
            }
        };
        let answer = read(&found);
        *self.revision.borrow_mut() = Some(((model, revision), found));
        Some(answer)
    }

    fn contribution(&self, contribution: u64) -> Option<Contribution> {
        let registry: ink::contract_ref!(DatanetRegistry, DefaultEnvironment) = self.datanets.into();
        match registry.call().contribution(contribution).try_invoke() {
            Ok(Ok(Some(found))) => Some(found),
            // A version's leaf names it, so it exists.
            _ => {
                self.failure.set(Some(Registry::Datanets));
                None
            }
        }
    }
}

impl SourceFacts for Registries {
    fn policy(&self, model: u32, revision: u32) -> Option<Policy> {
        self.with_revision(model, revision, |revision| Policy {
            span_bps: revision.policy.span_bps,
            influence_bps: revision.policy.influence_bps,
            retrieval_bps: revision.policy.retrieval_bps,
            min_words: revision.policy.min_words,
            c_max: revision.policy.c_max,
        })
    }

    fn source(&self, model: u32, revision: u32, source: u8) -> Option<VersionHead> {
        let named = self.with_revision(model, revision, |revision| revision.sources.get(usize::from(source)).copied());
        let source = named.flatten()?;
        let registry: ink::contract_ref!(DatanetRegistry, DefaultEnvironment) = self.datanets.into();
        match registry.call().version(source.datanet, source.version).try_invoke() {
            Ok(Ok(Some(version))) => Some(VersionHead { count: version.count, top: version.top }),
            // A registered revision's sources exist.
            _ => {
                self.failure.set(Some(Registry::Datanets));
                None
            }
        }
    }

    fn counts(&self, _model: u32, _revision: u32, _source: u8, contribution: u64) -> bool {
        let Some(found) = self.contribution(contribution) else { return true };
        let before = |event: Option<u64>, end: u64| event.is_some_and(|at| at < end);
        !before(found.struck_at, self.epoch.closed_at) && !before(found.passed_over_at, self.epoch.demand_end)
    }
}
