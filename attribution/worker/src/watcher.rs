//! The watcher: recomputes every report in its window and files the fraud proof against a false one.

use std::collections::HashSet;
use std::path::PathBuf;

use chain::{Keypair, read, send};
use ink::message_builder;
use openledger_abi::disputes::{Disputes, Outcome, ReportId};
use openledger_abi::payout::{Payout, ReportInfo, ReportStatus};
use proof::{Blake2, Hash, Hasher};
use psp22::PSP22;
use scale::Encode;
use serde::{Deserialize, Serialize};

use crate::epoch::{EpochData, Plan, PlanError, plan};
use crate::fetch::FetchError;
use crate::files::FilesError;
use crate::gather::{GatherError, Gatherer};
use crate::oracle::difference;
use crate::refute::{RefuteError, find};

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
    #[error(transparent)]
    Refute(#[from] RefuteError),
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
    judged: HashSet<(u32, u16)>,
}

impl Watcher {
    /// `key` pays for transactions and bonds.
    pub fn new(key: Keypair, gatherer: Gatherer, folder: PathBuf) -> Self {
        Self { key, gatherer, folder, judged: HashSet::new() }
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
        if report.status != ReportStatus::Pending || self.judged.contains(&key) {
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
        self.judged.insert(key);
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
        let Some((proof, shown)) = find(&report.body, data, ours, &files)? else {
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
        // The reveal comes in a later block, and on a node so must the dry run before it.
        chain.advance(std::time::Duration::ZERO)?;
        let call = message_builder!(Disputes).reveal(commit.value, proof.to_vec());
        let revealed =
            send(&**chain, &self.key, suite.disputes, call).map_err(|e| refused("the proof")(e.to_string()))?;
        Ok((revealed.value, revealed.receipt.gas.ref_time))
    }
}
