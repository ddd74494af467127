//! What fraud proofs ask of the chain, by calls into the other contracts.
//!
//! A proof may rest on something not being there, so a call that fails must never read as an answer: it is remembered,
//! and whoever asked for a verdict has to look at [`OnChain::failure`] before believing it.

use core::cell::{Cell, RefCell};
use ink::message_builder;
use openledger_abi::ask::ask;
use openledger_abi::datanet::{Contribution, DatanetRegistry};
use openledger_abi::disputes::{DisputesError, DisputesPeers};
use openledger_abi::escrow::Escrow;
use openledger_abi::models::{ModelRegistry, Revision};
use openledger_abi::payout::{Batch, Epoch, Payout};
use openledger_abi::{AccountId, Timestamp};
use proof::check::{BatchTerms, EpochFacts, PayeeFacts, RevisionFacts, RevisionTerms, SourceFacts};
use proof::params::{ParameterSet, Policy};
use proof::rules::epoch::Carry;
use proof::sketch::{SketchHead, SketchHeader};
use proof::version::VersionHead;
use proof::Account;

/// The contracts' facts as of the epoch in dispute.
pub struct OnChain<'a> {
    peers: &'a DisputesPeers,
    epoch: &'a Epoch,
    /// The last revision asked for: a proof asks for one, several times.
    revision: RefCell<Option<((u32, u32), Revision)>>,
    /// The last batch asked for.
    batch: RefCell<Option<(u64, Batch)>>,
    failure: Cell<Option<Failure>>,
}

/// Which contract did not answer.
#[derive(Clone, Copy)]
enum Failure {
    Models,
    Datanets,
    Payout,
    Escrow,
}

impl<'a> OnChain<'a> {
    pub fn new(peers: &'a DisputesPeers, epoch: &'a Epoch) -> Self {
        Self { peers, epoch, revision: RefCell::new(None), batch: RefCell::new(None), failure: Cell::new(None) }
    }

    /// Errors if a contract did not answer.
    pub fn failure(&self) -> Result<(), DisputesError> {
        match self.failure.get() {
            None => Ok(()),
            Some(Failure::Models) => Err(DisputesError::ModelRegistryFailed),
            Some(Failure::Datanets) => Err(DisputesError::DatanetRegistryFailed),
            Some(Failure::Payout) => Err(DisputesError::PayoutFailed),
            Some(Failure::Escrow) => Err(DisputesError::EscrowFailed),
        }
    }

    fn failed<T>(&self, failure: Failure) -> Option<T> {
        self.failure.set(Some(failure));
        None
    }

    fn with_revision<T>(&self, model: u32, revision: u32, read: impl Fn(&Revision) -> T) -> Option<T> {
        if let Some((key, known)) = &*self.revision.borrow() {
            if *key == (model, revision) {
                return Some(read(known));
            }
        }
        let found = match ask(self.peers.model_registry, message_builder!(ModelRegistry).revision(model, revision)) {
            Some(found) => found?,
            _ => return self.failed(Failure::Models),
        };
        let answer = read(&found);
        *self.revision.borrow_mut() = Some(((model, revision), found));
        Some(answer)
    }

    fn contribution(&self, contribution: u64) -> Option<Contribution> {
        match ask(self.peers.datanet_registry, message_builder!(DatanetRegistry).contribution(contribution)) {
            Some(Some(found)) => Some(found),
            // A version's leaf names it, so it exists.
            _ => self.failed(Failure::Datanets),
        }
    }

    /// Struck strictly before the epoch closed, or passed over strictly before its demands ended.
    fn gone(&self, contribution: &Contribution) -> bool {
        before(contribution.struck_at, self.epoch.closed_at)
            || before(contribution.passed_over_at, self.epoch.demand_end)
    }

    /// A batch of the epoch.
    fn load_batch(&self, batch: u64) -> Option<Batch> {
        if !(self.epoch.from..self.epoch.to).contains(&batch) {
            return None;
        }
        if let Some((number, known)) = &*self.batch.borrow() {
            if *number == batch {
                return Some(known.clone());
            }
        }
        let found = match ask(self.peers.payout, message_builder!(Payout).batch(batch)) {
            Some(Some(found)) => found,
            _ => return self.failed(Failure::Payout),
        };
        *self.batch.borrow_mut() = Some((batch, found.clone()));
        Some(found)
    }

    fn escrow(&self) -> Option<AccountId> {
        match ask(self.peers.payout, message_builder!(Payout).peers()) {
            Some(Some(peers)) => Some(peers.escrow),
            _ => self.failed(Failure::Payout),
        }
    }
}

/// Whether something happened strictly before a time.
fn before(event: Option<Timestamp>, time: Timestamp) -> bool {
    event.is_some_and(|at| at < time)
}

/// Receipts of all batches before this one.
fn counts_before(batch: &Batch) -> Option<u64> {
    batch.sum_counts.checked_sub(batch.count_to.checked_sub(batch.count_from)?)
}

impl SourceFacts for OnChain<'_> {
    fn policy(&self, model: u32, revision: u32) -> Option<Policy> {
        self.with_revision(model, revision, |revision| revision.policy.into())
    }

    fn source(&self, model: u32, revision: u32, source: u8) -> Option<VersionHead> {
        let named = self.with_revision(model, revision, |revision| revision.sources.get(usize::from(source)).copied());
        let source = named.flatten()?;
        match ask(
            self.peers.datanet_registry,
            message_builder!(DatanetRegistry).version(source.datanet, source.version),
        ) {
            Some(Some(version)) => Some(VersionHead { count: version.count, top: version.top }),
            // A registered revision's sources exist.
            _ => self.failed(Failure::Datanets),
        }
    }

    fn counts(&self, _model: u32, _revision: u32, _source: u8, contribution: u64) -> bool {
        self.contribution(contribution).is_none_or(|found| !self.gone(&found))
    }
}

impl RevisionFacts for OnChain<'_> {
    fn revision(&self, model: u32, revision: u32) -> Option<RevisionTerms> {
        self.with_revision(model, revision, |revision| {
            let sketches = revision.sketches;
            let header = SketchHeader { count: sketches.count, d: sketches.d, digest: sketches.digest };
            RevisionTerms {
                policy: revision.policy.into(),
                adapter: revision.artefact_hash,
                sketches: (sketches.count > 0).then_some(SketchHead { header, top: sketches.top }),
                created_at: revision.created_at,
            }
        })
    }

    fn row_counts(&self, _model: u32, _revision: u32, _row: u32) -> bool {
        // Rows are passed over by requests for data, of which there are none yet.
        true
    }
}

impl EpochFacts for OnChain<'_> {
    fn batch(&self, batch: u64) -> Option<BatchTerms> {
        let found = self.load_batch(batch)?;
        let start = if batch == self.epoch.from {
            counts_before(&found)?
        } else {
            counts_before(&self.load_batch(self.epoch.from)?)?
        };
        Some(BatchTerms {
            first: counts_before(&found)?.checked_sub(start)?,
            channel: found.channel,
            model: found.model,
            at: found.at,
            count_from: found.count_from,
            count_to: found.count_to,
            fee_from: found.fee_from,
            fee_to: found.fee_to,
            top: found.top,
            pot: found.pot,
            // Batches are withheld by requests for data, of which there are none yet.
            withheld: false,
        })
    }

    fn parameters(&self, batch: u64) -> Option<ParameterSet> {
        let number = self.load_batch(batch)?.params;
        match ask(self.escrow()?, message_builder!(Escrow).parameters(number)) {
            Some(Some(set)) => Some(set.into()),
            _ => self.failed(Failure::Escrow),
        }
    }

    fn carry(&self) -> Carry {
        // The report in dispute is the one after the live ones, so what is carried now is what comes in.
        let carry_in = match ask(self.peers.payout, message_builder!(Payout).live()) {
            Some(live) => live.carry,
            _ => self.failed(Failure::Payout).unwrap_or(0),
        };
        Carry { carry_in, pots: self.epoch.pots, carry_bps: self.epoch.carry_bps }
    }
}

impl PayeeFacts for OnChain<'_> {
    fn payee(&self, contribution: u64, _contributor: &Account, batch_at: u64) -> Option<Account> {
        let found = self.contribution(contribution)?;
        if before(found.withdrawn_at, batch_at) || self.gone(&found) {
            return None;
        }
        match ask(
            self.peers.datanet_registry,
            message_builder!(DatanetRegistry).payee_at(contribution, self.epoch.closed_at),
        ) {
            Some(Some(payee)) => Some(*payee.as_ref()),
            _ => self.failed(Failure::Datanets),
        }
    }
}
