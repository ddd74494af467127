//! What fraud proofs ask of the chain, by calls into the other contracts.
//!
//! A proof may rest on something not being there, so a call that fails must never read as an answer: it is remembered,
//! and whoever asked for a verdict has to look at [`OnChain::failure`] before believing it.

use core::cell::{Cell, RefCell};
use ink::message_builder;
use openledger_abi::ask::ask;
use openledger_abi::datanet::{Contribution, DatanetRegistry};
use openledger_abi::escrow::Escrow;
use openledger_abi::host::{signed_by, HostHasher};
use openledger_abi::judge::{JudgeError, JudgePeers, ReportId};
use openledger_abi::models::{ModelRegistry, Revision};
use openledger_abi::payout::{Batch, Cut, Payout, ReportBody};
use openledger_abi::{AccountId, Bytes32};
use proof::check::{BatchTerms, EpochFacts, PayeeFacts, RequestFacts, RevisionFacts, RevisionTerms, SourceFacts};
use proof::params::{ParameterSet, Policy};
use proof::request::SignedRequest;
use proof::rules::epoch::Carry;
use proof::signed::{Domain, Signable};
use proof::sketch::{SketchHead, SketchHeader};
use proof::version::VersionHead;
use proof::Account;

/// The record that payout keeps of a report: its body and its cut.
pub fn record(payout: AccountId, report: ReportId) -> Result<(ReportBody, Cut), JudgeError> {
    let body = match ask(payout, message_builder!(Payout).report_of(report.epoch, report.attempt)) {
        Some(info) => info.ok_or(JudgeError::NoSuchReport)?.body,
        _ => return Err(JudgeError::PayoutFailed),
    };
    match ask(payout, message_builder!(Payout).cut(report.epoch, report.attempt)) {
        Some(cut) => Ok((body, cut.ok_or(JudgeError::NoSuchReport)?)),
        _ => Err(JudgeError::PayoutFailed),
    }
}

/// The contracts' facts as of the cut in dispute.
pub struct OnChain<'a> {
    peers: &'a JudgePeers,
    genesis: Bytes32,
    cut: &'a Cut,
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
    pub fn new(peers: &'a JudgePeers, genesis: Bytes32, cut: &'a Cut) -> Self {
        let (revision, batch) = (RefCell::new(None), RefCell::new(None));
        Self { peers, genesis, cut, revision, batch, failure: Cell::new(None) }
    }

    /// Errors if a contract did not answer.
    pub fn failure(&self) -> Result<(), JudgeError> {
        match self.failure.get() {
            None => Ok(()),
            Some(Failure::Models) => Err(JudgeError::ModelRegistryFailed),
            Some(Failure::Datanets) => Err(JudgeError::DatanetRegistryFailed),
            Some(Failure::Payout) => Err(JudgeError::PayoutFailed),
            Some(Failure::Escrow) => Err(JudgeError::EscrowFailed),
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

    /// A batch of the cut.
    fn load_batch(&self, batch: u64) -> Option<Batch> {
        if !(self.cut.from..self.cut.to).contains(&batch) {
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
        self.contribution(contribution).is_none_or(|found| found.standing().counts(self.cut.closed_at))
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
}

impl EpochFacts for OnChain<'_> {
    fn batch(&self, batch: u64) -> Option<BatchTerms> {
        let found = self.load_batch(batch)?;
        let start = if batch == self.cut.from {
            counts_before(&found)?
        } else {
            counts_before(&self.load_batch(self.cut.from)?)?
        };
        Some(BatchTerms {
            first: counts_before(&found)?.checked_sub(start)?,
            channel: found.channel,
            model: found.model,
            key: found.key,
            params: found.params,
            at: found.at,
            count_from: found.count_from,
            count_to: found.count_to,
            fee_from: found.fee_from,
            fee_to: found.fee_to,
            top: found.top,
            pot: self.cut.pot_of(batch, &found),
            withheld: self.cut.withheld.binary_search(&batch).is_ok(),
        })
    }

    fn parameters(&self, batch: u64) -> Option<ParameterSet> {
        let number = self.load_batch(batch)?.params;
        match ask(self.peers.escrow, message_builder!(Escrow).parameters(number)) {
            Some(Some(set)) => Some(set.into()),
            _ => self.failed(Failure::Escrow),
        }
    }

    fn carry(&self) -> Carry {
        Carry { carry_in: self.cut.carry_in, pots: self.cut.pots, carry_bps: self.cut.carry_bps }
    }
}

impl RequestFacts for OnChain<'_> {
    fn signed(&self, request: &SignedRequest) -> bool {
        let domain = Domain { genesis: self.genesis, contract: *self.peers.escrow.as_ref() };
        signed_by(&Signable::request::<HostHasher>(&domain, &request.body), &request.signature, &request.key)
    }
}

impl PayeeFacts for OnChain<'_> {
    fn payee(&self, contribution: u64, _contributor: &Account, batch_at: u64) -> Option<Account> {
        let found = self.contribution(contribution)?;
        if !found.standing().earns(self.cut.closed_at, batch_at) {
            return None;
        }
        match ask(
            self.peers.datanet_registry,
            message_builder!(DatanetRegistry).payee_at(contribution, self.cut.closed_at),
        ) {
            Some(Some(payee)) => Some(*payee.as_ref()),
            _ => self.failed(Failure::Datanets),
        }
    }
}
