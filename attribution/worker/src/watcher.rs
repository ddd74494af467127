//! The watcher: recomputes every report in its window and files the fraud proof against a false one.

use std::collections::HashMap;
use std::path::PathBuf;

use chain::{Keypair, read, send};
use ink::message_builder;
use openledger_abi::disputes::{Disputes, FraudProof, Outcome, ReportId};
use openledger_abi::payout::{Payout, ReportInfo, ReportStatus};
use proof::check::span::Library;
use proof::check::{span, tree};
use proof::credits::CreditLeaf;
use proof::evidence::evidence_node;
use proof::payouts::PayoutLeaf;
use proof::tree::{MerkleTree, Tree};
use proof::version::VersionLeaf;
use proof::{Blake2, Hash, Hasher};
use psp22::PSP22;
use scale::Encode;
use serde::{Deserialize, Serialize};

use crate::epoch::{EpochData, ModelData, Plan, PlanError, plan};
use crate::fetch::FetchError;
use crate::files::{FilesError, ReportFiles};
use crate::gather::{GatherError, Gatherer};
use crate::oracle::difference;

/// Why the watcher did not get on.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    #[error(transparent)]
    Chain(#[from] chain::ChainError),
    #[error(transparent)]
    Gather(#[from] GatherError),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error("{0}")]
    Proof(#[from] proof::Error),
    #[error("disputes refused {step}: {reason}")]
    Refused { step: &'static str, reason: String },
    #[error(
        "report {epoch}.{attempt} is false ({difference}), but none of the proofs that this watcher can build shows it: {published}"
    )]
    Unproven { epoch: u32, attempt: u16, difference: String, published: String },
}

/// What the watcher found about one report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// It is what the watcher computed itself.
    True { epoch: u32, attempt: u16 },
    /// It was false; it is void now and its signers were slashed.
    Refuted {
        epoch: u32,
        attempt: u16,
        /// The first field of the body that differs.
        difference: String,
        /// What was proved, for people.
        proof: String,
        /// In 10^-18 OPEN.
        #[serde(with = "crate::published::decimal")]
        slashed: u128,
        signers: Vec<String>,
        /// Bytes of the proof.
        bytes: usize,
        /// Weight of the reveal, ref time in picoseconds.
        ref_time: u64,
    },
}

impl Finding {
    /// The report's (epoch, attempt).
    pub fn report(&self) -> (u32, u16) {
        match self {
            Finding::True { epoch, attempt } | Finding::Refuted { epoch, attempt, .. } => (*epoch, *attempt),
        }
    }
}

/// A watcher over a [`Gatherer`].
pub struct Watcher {
    key: Keypair,
    gatherer: Gatherer,
    /// Where the proofs that were filed are kept.
    folder: PathBuf,
    judged: HashMap<(u32, u16), ()>,
}

impl Watcher {
    /// `key` pays for transactions and bonds.
    pub fn new(key: Keypair, gatherer: Gatherer, folder: PathBuf) -> Self {
        Self { key, gatherer, folder, judged: HashMap::new() }
    }

    /// Judges the report that is pending, if there is one that was not judged yet.
    pub fn step(&mut self) -> Result<Option<Finding>, WatchError> {
        let chain = self.gatherer.chain().clone();
        let payout = self.gatherer.suite().payout;
        let live = read(&*chain, payout, message_builder!(Payout).live())?;
        let Some(report) = read(&*chain, payout, message_builder!(Payout).report(live.epochs))? else {
            return Ok(None);
        };
        let key = (report.body.epoch, report.body.attempt);
        if report.status != ReportStatus::Pending || self.judged.contains_key(&key) {
            return Ok(None);
        }
        let mut data = self.gatherer.epoch(report.body.epoch)?;
        data.attempt = report.body.attempt;
        let ours = plan(&data)?;
        let body = ours.body(&data, report.body.set, report.body.round, report.body.deadline);
        let finding = match difference(&report.body, &body) {
            None => {
                self.gatherer.remember_payouts(&body.payouts, ours.files.payout_leaves()?);
                Finding::True { epoch: key.0, attempt: key.1 }
            }
            Some(difference) => self.refute(&report, &data, &ours, difference)?,
        };
        self.judged.insert(key, ());
        Ok(Some(finding))
    }

    fn refute(
        &self,
        report: &ReportInfo,
        data: &EpochData,
        ours: &Plan,
        difference: String,
    ) -> Result<Finding, WatchError> {
        let (epoch, attempt) = (report.body.epoch, report.body.attempt);
        let files = self.gatherer.fetcher().files(self.gatherer.oracles(), epoch, attempt, &report.body.files)?;
        let Some((proof, shown)) = find(report, data, ours, &files)? else {
            let published = "its files have the digest it names".to_owned();
            return Err(WatchError::Unproven { epoch, attempt, difference, published });
        };
        let bytes = proof.encode();
        let (outcome, ref_time) = self.file(ReportId { epoch, attempt }, &bytes)?;
        let (slashed, signers) = match outcome {
            Outcome::Voided { slashed, signers, .. } => (slashed, signers),
            Outcome::Slashed { slashed, operator } => (slashed, vec![operator]),
        };
        Ok(Finding::Refuted {
            epoch,
            attempt,
            difference,
            proof: shown,
            slashed,
            signers: signers.iter().map(chain::ss58).collect(),
            bytes: bytes.len(),
            ref_time,
        })
    }

    /// Bond, commit, reveal in a later block.
    fn file(&self, report: ReportId, proof: &[u8]) -> Result<(Outcome, u64), WatchError> {
        let chain = self.gatherer.chain();
        let suite = self.gatherer.suite();
        let refused = |step: &'static str| move |reason: String| WatchError::Refused { step, reason };
        crate::files::write_whole(
            &self.folder.join(format!("proof-{}-{}.scale", report.epoch, report.attempt)),
            proof,
        )?;
        let bond = read(&**chain, suite.disputes, message_builder!(Disputes).parameters())?.bond;
        send(&**chain, &self.key, suite.token, message_builder!(PSP22).approve(suite.disputes, bond))
            .map_err(|e| refused("the bond")(e.to_string()))?;
        let mut preimage = self.key.public().to_vec();
        preimage.extend_from_slice(proof);
        let hash: Hash = Blake2::blake2_256(&preimage);
        let call = message_builder!(Disputes).commit(Some(report), hash);
        let commit =
            send(&**chain, &self.key, suite.disputes, call).map_err(|e| refused("the commit")(e.to_string()))?;
        let call = message_builder!(Disputes).reveal(commit.value, proof.to_vec());
        let revealed =
            send(&**chain, &self.key, suite.disputes, call).map_err(|e| refused("the proof")(e.to_string()))?;
        Ok((revealed.value, revealed.receipt.gas.ref_time))
    }
}

/// The first fraud that the published files show, as a proof and in words.
fn find(
    report: &ReportInfo,
    data: &EpochData,
    ours: &Plan,
    files: &ReportFiles,
) -> Result<Option<(FraudProof, String)>, WatchError> {
    if let Some(found) = find_span(data, ours, files)? {
        return Ok(Some(found));
    }
    for kind in [tree::SumTree::Credits, tree::SumTree::Payouts] {
        let known = preimages(files, kind)?;
        match tree::find::<Blake2>(kind, &report.body, &|hash| known.get(hash).cloned()) {
            Ok(Some(witness)) => return Ok(Some((FraudProof::Tree(witness), format!("{kind:?} tree is not sound")))),
            Ok(None) => {}
            // Not all of the tree is published: for a request for data, which this watcher can't make.
            Err(proof::Error::Absent) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}

fn find_span(data: &EpochData, ours: &Plan, files: &ReportFiles) -> Result<Option<(FraudProof, String)>, WatchError> {
    let theirs = files.evidence_leaves()?;
    let right = ours.files.evidence_leaves()?;
    let nodes = theirs.iter().map(|fields| evidence_node::<Blake2>(fields)).collect();
    let evidence = MerkleTree::build::<Blake2>(Tree::Evidence, nodes)?;
    let receipts = data.batches.iter().flat_map(|batch| match &batch.receipts {
        Some(receipts) => receipts.iter().map(Some).collect::<Vec<_>>(),
        None => (batch.count_from..batch.count_to).map(|_| None).collect(),
    });
    for ((index, open), (fields, right)) in (0u64..).zip(receipts).zip(theirs.iter().zip(&right)) {
        let Some(open) = open.filter(|_| fields != right) else { continue };
        let Some(model) = data.models.get(&(open.receipt.model, open.receipt.revision)) else { continue };
        let library = Shelf { model, closed_at: data.closed_at };
        let policy = &model.revision.policy;
        let response = &open.record.response;
        let found = span::find::<Blake2>(fields, index, &evidence, &open.receipt, response, policy, &library)?;
        if let Some(witness) = found {
            let shown =
                format!("receipt {index} of the epoch, entry {}: {}", witness.entry, fault_name(&witness.fault));
            return Ok(Some((FraudProof::Span(witness), shown)));
        }
    }
    Ok(None)
}

fn fault_name(fault: &span::SpanFault) -> &'static str {
    match fault {
        span::SpanFault::DifferingByte(..) => "a byte of the response is not the one at the place that is named",
        span::SpanFault::ResponseBoundary(..) => "the range does not begin and end with a word of the response",
        span::SpanFault::HoldingBoundary(..) => "the place does not begin and end with a word of the contribution",
        span::SpanFault::TooFewWords(..) => "the range has too few words",
        span::SpanFault::NoSuchOffset(..) => "the place lies beyond the contribution's end",
        _ => "the entry names what is not there",
    }
}

/// What a model's data shows of its sources.
struct Shelf<'a> {
    model: &'a ModelData,
    closed_at: u64,
}

impl Library for Shelf<'_> {
    fn version(&self, source: u8) -> Option<(&[VersionLeaf], &MerkleTree)> {
        let source = self.model.sources.get(usize::from(source))?;
        Some((&source.leaves, &source.tree))
    }

    fn text(&self, source: u8, index: u32) -> Option<&[u8]> {
        self.model.texts.get(&(source, index)).map(Vec::as_slice)
    }

    fn counts(&self, source: u8, contribution: u64) -> bool {
        let source = self.model.sources.get(usize::from(source));
        let known = source.and_then(|s| s.contributions.iter().find(|facts| facts.contribution == contribution));
        known.is_some_and(|facts| !facts.absent(self.closed_at))
    }
}

/// Every preimage of a published tree's nodes and leaves.
fn preimages(files: &ReportFiles, kind: tree::SumTree) -> Result<HashMap<Hash, Vec<u8>>, WatchError> {
    let (tree, tag, leaves): (Tree, u8, Vec<Vec<u8>>) = match kind {
        tree::SumTree::Credits => {
            let leaves = files.credit_leaves()?;
            (Tree::Credits, Tree::Credits.tag(), leaves.iter().map(CreditLeaf::encode).collect())
        }
        tree::SumTree::Payouts => {
            let leaves = files.payout_leaves()?;
            (Tree::Payouts, Tree::Payouts.tag(), leaves.iter().map(PayoutLeaf::encode).collect())
        }
    };
    let mut known = HashMap::new();
    let mut nodes = Vec::new();
    for leaf in leaves {
        let preimage = [&[tag], leaf.as_slice()].concat();
        let hash = Blake2::blake2_256(&preimage);
        // The amount is the last 16 bytes of either leaf.
        let sum = leaf.last_chunk::<16>().map_or(0, |bytes| u128::from_le_bytes(*bytes));
        nodes.push(proof::Node { hash, sum });
        known.insert(hash, preimage);
    }
    while nodes.len() > 1 {
        let mut next = Vec::with_capacity(nodes.len().div_ceil(2));
        for pair in nodes.chunks(2) {
            let [left, right] = pair else {
                next.extend_from_slice(pair);
                continue;
            };
            let preimage = [&[tree.node_tag()][..], &(left, right).encode()].concat();
            let parent = proof::tree::join::<Blake2>(tree, left, right)?;
            known.insert(parent.hash, preimage);
            next.push(parent);
        }
        nodes = next;
    }
    Ok(known)
}
