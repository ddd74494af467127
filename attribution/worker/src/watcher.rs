//! The watcher: recomputes every report in its window and files the fraud proof against a false one.

use std::collections::HashSet;
use std::path::PathBuf;

use chain::{Keypair, read, send};
use ink::message_builder;
use openledger_abi::availability::{Availability, QuestionStatus};
use openledger_abi::disputes::{Disputes, Outcome};
use openledger_abi::judge::ReportId;
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
use crate::respond::{self, RespondError};

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
    #[error(transparent)]
    Respond(#[from] RespondError),
    #[error("the contract refused {step}: {reason}")]
    Refused { step: &'static str, reason: String },
    #[error(
        "report {epoch}.{attempt} is false ({difference}), but none of the proofs that this watcher can build shows it: {published}"
    )]
    Unproven { epoch: u32, attempt: u32, difference: String, published: String },
}

/// What the watcher found about one report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// It is what the watcher computed itself.
    True { epoch: u32, attempt: u32 },
    /// It was false; it is void now and its signers were slashed.
    Refuted {
        epoch: u32,
        attempt: u32,
        /// The first field of the body that differs.
        difference: String,
        /// What was proved, for people.
        proof: String,
        /// In 10^-18 OPEN.
        #[serde(with = "crate::published::decimal")]
        slashed: u128,
        /// Another prover's reveal came first: this one shares the reward.
        shared: bool,
        signers: Vec<String>,
        /// Bytes of the proof.
        bytes: usize,
        /// Weight of the reveal, ref time in picoseconds.
        ref_time: u64,
    },
    /// It is not what the watcher computed, and nobody serves its files: it was asked for them on chain.
    Asked { epoch: u32, attempt: u32, question: u64, difference: String },
    /// Somebody's question about it was answered.
    Answered { epoch: u32, attempt: u32, question: u64 },
    /// Nobody answered: it is void now and its signers were slashed.
    Hidden { epoch: u32, attempt: u32, question: u64 },
}

impl Finding {
    /// The report's (epoch, attempt).
    pub fn report(&self) -> (u32, u32) {
        match self {
            Finding::True { epoch, attempt }
            | Finding::Refuted { epoch, attempt, .. }
            | Finding::Asked { epoch, attempt, .. }
            | Finding::Answered { epoch, attempt, .. }
            | Finding::Hidden { epoch, attempt, .. } => (*epoch, *attempt),
        }
    }
}

/// The report that is pending, as far as it was judged.
struct Held {
    report: ReportId,
    data: EpochData,
    plan: Plan,
    truth: bool,
    /// The question that was asked about it.
    asked: Option<u64>,
    /// Questions before this one were looked at.
    seen: u64,
}

/// A watcher over a [`Gatherer`].
pub struct Watcher {
    key: Keypair,
    gatherer: Gatherer,
    /// Where the proofs that were filed are kept.
    folder: PathBuf,
    judged: HashSet<(u32, u32)>,
    held: Option<Held>,
}

impl Watcher {
    /// `key` pays for transactions and bonds.
    pub fn new(key: Keypair, gatherer: Gatherer, folder: PathBuf) -> Self {
        Self { key, gatherer, folder, judged: HashSet::new(), held: None }
    }

    /// Judges the report that is pending, if there is one that was not judged yet; if it was, sees to the questions about it.
    pub fn step(&mut self) -> Result<Option<Finding>, WatchError> {
        let chain = self.gatherer.chain().clone();
        let payout = self.gatherer.suite().payout;
        let live = read(&*chain, payout, message_builder!(Payout).live())?;
        let Some(report) = read(&*chain, payout, message_builder!(Payout).report(live.epochs))? else {
            return Ok(None);
        };
        let key = (report.body.epoch, report.body.attempt);
        if report.status != ReportStatus::Pending {
            return Ok(None);
        }
        if self.judged.contains(&key) {
            return self.attend();
        }
        let data = self.gatherer.epoch(key.0, key.1)?;
        let ours = plan(&data)?;
        let body = ours.body(&data);
        let mut asked = None;
        let (truth, finding) = match difference(&report.body, &body) {
            None => {
                self.gatherer.remember_payouts(&body.payouts, ours.files.payout_leaves()?);
                (true, Finding::True { epoch: key.0, attempt: key.1 })
            }
            Some(difference) => match self.refute(&report, &data, &ours, difference.clone()) {
                // What nobody serves can only be asked for.
                Err(WatchError::Fetch(FetchError::NoFiles { .. })) => {
                    let finding = self.ask(&report, &ours, difference)?;
                    if let Finding::Asked { question, .. } = &finding {
                        asked = Some(*question);
                    }
                    (false, finding)
                }
                refuted => (false, refuted?),
            },
        };
        self.judged.insert(key);
        let report = ReportId { epoch: key.0, attempt: key.1 };
        self.held = Some(Held { report, data, plan: ours, truth, asked, seen: 0 });
        Ok(Some(finding))
    }

    /// Asks the signers of a report whose files nobody serves.
    fn ask(&self, report: &ReportInfo, ours: &Plan, difference: String) -> Result<Finding, WatchError> {
        let (chain, suite) = (self.gatherer.chain(), self.gatherer.suite());
        let (epoch, attempt) = (report.body.epoch, report.body.attempt);
        let refused = |step: &'static str| move |reason: String| WatchError::Refused { step, reason };
        let Some(question) = respond::first_question(&report.body, ours)? else {
            let published = "nobody serves its files, and no tree of it differs".to_owned();
            return Err(WatchError::Unproven { epoch, attempt, difference, published });
        };
        let id = ReportId { epoch, attempt };
        let call = message_builder!(Availability).bond_for(id);
        // Others may ask in between, and each makes the next dearer.
        let bond = read(&**chain, suite.availability, call)?.saturating_mul(2);
        send(&**chain, &self.key, suite.token, message_builder!(PSP22).approve(suite.availability, bond))
            .map_err(|e| refused("the bond")(e.to_string()))?;
        let call = message_builder!(Availability).ask(id, question.encode(), None);
        let asked =
            send(&**chain, &self.key, suite.availability, call).map_err(|e| refused("the question")(e.to_string()))?;
        Ok(Finding::Asked { epoch, attempt, question: asked.value, difference })
    }

    /// Answers what others ask about a true report, and settles its own question about a false one.
    fn attend(&mut self) -> Result<Option<Finding>, WatchError> {
        let chain = self.gatherer.chain().clone();
        let availability = self.gatherer.suite().availability;
        let refused = |step: &'static str| move |reason: String| WatchError::Refused { step, reason };
        let Some(held) = &mut self.held else { return Ok(None) };
        let (epoch, attempt) = (held.report.epoch, held.report.attempt);
        if let Some(question) = held.asked {
            let info = read(&*chain, availability, message_builder!(Availability).question_of(question))?;
            let due = |info: &openledger_abi::availability::QuestionInfo, now| {
                info.status == QuestionStatus::Open && now > info.answer_by
            };
            if info.is_some_and(|info| chain.now().is_ok_and(|now| due(&info, now))) {
                send(&*chain, &self.key, availability, message_builder!(Availability).settle(question))
                    .map_err(|e| refused("the settling")(e.to_string()))?;
                held.asked = None;
                return Ok(Some(Finding::Hidden { epoch, attempt, question }));
            }
        }
        if !held.truth {
            return Ok(None);
        }
        let count = read(&*chain, availability, message_builder!(Availability).question_count())?;
        while held.seen < count {
            let question = held.seen;
            held.seen += 1;
            let call = message_builder!(Availability).question_of(question);
            let Some(info) = read(&*chain, availability, call)? else { continue };
            if info.report != held.report || info.status != QuestionStatus::Open {
                continue;
            }
            let Some(answer) = respond::answer(&info.asked, &held.data, &held.plan)? else { continue };
            let call = message_builder!(Availability).answer(question, answer.encode());
            // Another may have answered it first, which is as good.
            if send(&*chain, &self.key, availability, call).is_ok() {
                return Ok(Some(Finding::Answered { epoch, attempt, question }));
            }
        }
        Ok(None)
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
        let (slashed, signers, shared) = match outcome {
            Outcome::Voided { slashed, signers, .. } => (slashed, signers, false),
            // Another prover was faster; what its reveal took stands in the event of that.
            Outcome::Shared { .. } => (0, report.signers.clone(), true),
        };
        Ok(Finding::Refuted {
            epoch,
            attempt,
            difference,
            proof: shown,
            slashed,
            shared,
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
        // Others may commit in between, and each makes the next dearer.
        let bond = read(&**chain, suite.disputes, message_builder!(Disputes).bond_for(report))?.saturating_mul(2);
        send(&**chain, &self.key, suite.token, message_builder!(PSP22).approve(suite.disputes, bond))
            .map_err(|e| refused("the bond")(e.to_string()))?;
        let mut preimage = self.key.public().to_vec();
        preimage.extend_from_slice(proof);
        let hash: Hash = Blake2::blake2_256(&preimage);
        let call = message_builder!(Disputes).commit(report, hash);
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
