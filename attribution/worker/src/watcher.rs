//! The watcher: recomputes every report in its window and files the fraud proof against a false one.

use std::collections::HashSet;
use std::path::PathBuf;

use chain::{BlockNumber, Keypair, read, send};
use ink::message_builder;
use openledger_abi::availability::{Answer, Availability, Question, QuestionAnswered, QuestionStatus};
use openledger_abi::disputes::{Disputes, Outcome};
use openledger_abi::judge::{Proof, ReportId};
use openledger_abi::payout::{Payout, ReportInfo, ReportStatus};
use proof::{Blake2, Hash, Hasher};
use psp22::PSP22;
use scale::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::epoch::{EpochData, Plan, PlanError, plan};
use crate::fetch::FetchError;
use crate::files::FilesError;
use crate::gather::{GatherError, Gatherer};
use crate::oracle::difference;
use crate::refute::{RefuteError, find, find_opened};
use crate::respond::{self, RespondError, Waiting};

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
    /// Its part of the reward, and bonds that it had lost on the report, came.
    Paid {
        epoch: u32,
        attempt: u32,
        /// In 10^-18 OPEN.
        #[serde(with = "crate::published::decimal")]
        amount: u128,
    },
}

impl Finding {
    /// The report's (epoch, attempt).
    pub fn report(&self) -> (u32, u32) {
        match self {
            Finding::True { epoch, attempt }
            | Finding::Refuted { epoch, attempt, .. }
            | Finding::Asked { epoch, attempt, .. }
            | Finding::Answered { epoch, attempt, .. }
            | Finding::Hidden { epoch, attempt, .. }
            | Finding::Paid { epoch, attempt, .. } => (*epoch, *attempt),
        }
    }
}

/// The report that is pending, as far as it was judged.
struct Held {
    report: ReportId,
    data: EpochData,
    plan: Plan,
    truth: bool,
    /// The last question that was asked about it.
    asked: Option<Line>,
    waiting: Waiting,
}

/// Where a line of questions stands.
#[derive(Clone)]
struct Line {
    number: u64,
    question: Question,
    step: u8,
    /// Its answer is not in an earlier block.
    from: BlockNumber,
    difference: String,
}

impl Line {
    fn finding(&self, report: ReportId) -> Finding {
        let (question, difference) = (self.number, self.difference.clone());
        Finding::Asked { epoch: report.epoch, attempt: report.attempt, question, difference }
    }
}

/// A watcher over a [`Gatherer`].
pub struct Watcher {
    key: Keypair,
    gatherer: Gatherer,
    /// Where the proofs that were filed are kept.
    folder: PathBuf,
    judged: HashSet<(u32, u32)>,
    held: Option<Held>,
    /// Reports of which it may have something to get; `None` until what earlier runs left was looked for.
    parts: Option<Vec<ReportId>>,
}

impl Watcher {
    /// `key` pays for transactions and bonds.
    pub fn new(key: Keypair, gatherer: Gatherer, folder: PathBuf) -> Self {
        Self { key, gatherer, folder, judged: HashSet::new(), held: None, parts: None }
    }

    /// Judges the report that is pending, if there is one that was not judged yet; if it was, sees to the questions about it, and
    /// else to what the watcher has to get of reports that fell.
    pub fn step(&mut self) -> Result<Option<Finding>, WatchError> {
        match self.look()? {
            Some(finding) => Ok(Some(finding)),
            None => self.collect(),
        }
    }

    fn look(&mut self) -> Result<Option<Finding>, WatchError> {
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
                    let line = self.begin(&report, &ours, difference)?;
                    let finding = line.finding(ReportId { epoch: key.0, attempt: key.1 });
                    asked = Some(line);
                    (false, finding)
                }
                refuted => (false, refuted?),
            },
        };
        self.judged.insert(key);
        // What is not looked for yet will be found by what was sent.
        if let (false, Some(parts)) = (truth, &mut self.parts) {
            parts.push(ReportId { epoch: key.0, attempt: key.1 });
        }
        let report = ReportId { epoch: key.0, attempt: key.1 };
        self.held = Some(Held { report, data, plan: ours, truth, asked, waiting: Waiting::default() });
        Ok(Some(finding))
    }

    /// Takes what is due of the next report that fell, once nobody can join its provers any more.
    fn collect(&mut self) -> Result<Option<Finding>, WatchError> {
        let chain = self.gatherer.chain().clone();
        let (suite, me) = (self.gatherer.suite().clone(), self.key.account());
        let mut parts = match self.parts.take() {
            Some(parts) => parts,
            None => self.left_by_earlier_runs()?,
        };
        let mut paid = None;
        let now = chain.now()?;
        let live = read(&*chain, suite.payout, message_builder!(Payout).live())?.epochs;
        for report in std::mem::take(&mut parts) {
            let part = read(&*chain, suite.disputes, message_builder!(Disputes).part_of(report, me))?;
            let fall = read(&*chain, suite.disputes, message_builder!(Disputes).fall_of(report))?;
            let due = fall.is_some_and(|fall| now > fall.share_until);
            let stood = fall.is_none() && report.epoch < live;
            if part.paid || stood || (due && !part.proved && part.lost == 0) {
                continue;
            }
            if !due || paid.is_some() {
                parts.push(report);
                continue;
            }
            let claim = message_builder!(Disputes).claim(report);
            let refused = |reason: String| WatchError::Refused { step: "the claim of a reward", reason };
            let sent = send(&*chain, &self.key, suite.disputes, claim).map_err(|e| refused(e.to_string()))?;
            paid = Some(Finding::Paid { epoch: report.epoch, attempt: report.attempt, amount: sent.value });
        }
        self.parts = Some(parts);
        Ok(paid)
    }

    /// Reports against which this key committed or asked before.
    fn left_by_earlier_runs(&self) -> Result<Vec<ReportId>, WatchError> {
        let (chain, suite, me) = (self.gatherer.chain(), self.gatherer.suite(), self.key.account());
        let mut reports: Vec<ReportId> = Vec::new();
        let mut note = |report: ReportId| {
            if !reports.contains(&report) {
                reports.push(report);
            }
        };
        for number in 0..read(&**chain, suite.disputes, message_builder!(Disputes).commit_count())? {
            let commit = read(&**chain, suite.disputes, message_builder!(Disputes).commit_of(number))?;
            commit.filter(|commit| commit.prover == me).into_iter().for_each(|commit| note(commit.report));
        }
        for number in 0..read(&**chain, suite.availability, message_builder!(Availability).question_count())? {
            let question = read(&**chain, suite.availability, message_builder!(Availability).question_of(number))?;
            question.filter(|asked| asked.asker == me).into_iter().for_each(|asked| note(asked.report));
        }
        Ok(reports)
    }

    /// Asks the signers of a report whose files nobody serves.
    fn begin(&self, report: &ReportInfo, ours: &Plan, difference: String) -> Result<Line, WatchError> {
        let (epoch, attempt) = (report.body.epoch, report.body.attempt);
        let Some(question) = respond::first_question(&report.body, ours)? else {
            let published = "nobody serves its files, and no tree of it differs".to_owned();
            return Err(WatchError::Unproven { epoch, attempt, difference, published });
        };
        self.ask(ReportId { epoch, attempt }, question, None, difference)
    }

    fn ask(
        &self,
        report: ReportId,
        question: Question,
        follows: Option<&Line>,
        difference: String,
    ) -> Result<Line, WatchError> {
        let (chain, suite) = (self.gatherer.chain(), self.gatherer.suite());
        let refused = |step: &'static str| move |reason: String| WatchError::Refused { step, reason };
        let step = follows.map_or(1, |line| line.step.saturating_add(1));
        // Others may ask in between, and each makes the next dearer; after the window each step costs double.
        let call = message_builder!(Availability).bond_for(report);
        let bond = read(&**chain, suite.availability, call)?.saturating_mul(1 << step.min(16));
        send(&**chain, &self.key, suite.token, message_builder!(PSP22).approve(suite.availability, bond))
            .map_err(|e| refused("the bond")(e.to_string()))?;
        let call = message_builder!(Availability).ask(report, question.encode(), follows.map(|line| line.number));
        let sent =
            send(&**chain, &self.key, suite.availability, call).map_err(|e| refused("the question")(e.to_string()))?;
        Ok(Line { number: sent.value, question, step, from: sent.receipt.block, difference })
    }

    /// Goes on from an answer: the next step of the line, or the proof that the opened leaf makes possible.
    fn follow(&self, held: &Held, line: &Line) -> Result<(Option<Line>, Finding), WatchError> {
        let (chain, suite) = (self.gatherer.chain(), self.gatherer.suite());
        let report = held.report;
        let (epoch, attempt) = (report.epoch, report.attempt);
        let unproven = |published: &str| WatchError::Unproven {
            epoch,
            attempt,
            difference: line.difference.clone(),
            published: published.to_owned(),
        };
        let events = chain.events(line.from)?;
        let of_line = |event: QuestionAnswered| (event.question == line.number).then_some(event.answer);
        let mut answers =
            events.iter().filter(|event| event.contract == suite.availability).filter_map(|event| event.decode());
        let bytes = answers.find_map(of_line).ok_or_else(|| unproven("its answer is in no block"))?;
        let answer = Answer::decode(&mut bytes.as_slice()).map_err(|_| unproven("its answer does not decode"))?;
        if let Some(next) = respond::next_question(&line.question, &answer, &held.plan)? {
            let next = self.ask(report, next, Some(line), line.difference.clone())?;
            let finding = next.finding(report);
            return Ok((Some(next), finding));
        }
        let opening = respond::opened(&line.question, &answer)
            .ok_or_else(|| unproven("its signers answer on chain, and serve no files"))?;
        let call = message_builder!(Payout).report_of(epoch, attempt);
        let info = read(&**chain, suite.payout, call)?.ok_or_else(|| unproven("it is gone"))?;
        let found = find_opened(&info.body, &held.data, &held.plan, opening)?;
        let (proof, shown) = found.ok_or_else(|| unproven("its signers opened the leaf"))?;
        Ok((None, self.prove(&info, &proof, shown, line.difference.clone())?))
    }

    /// Answers what others ask about a true report, and settles its own question about a false one.
    fn attend(&mut self) -> Result<Option<Finding>, WatchError> {
        let Some(mut held) = self.held.take() else { return Ok(None) };
        let found = self.see_to_line(&mut held);
        let found = match found {
            Ok(None) if held.truth => self.answer(&mut held),
            found => found,
        };
        self.held = Some(held);
        found
    }

    /// Settles the watcher's own question if nobody answered it, and goes on if somebody did.
    fn see_to_line(&self, held: &mut Held) -> Result<Option<Finding>, WatchError> {
        let (chain, availability) = (self.gatherer.chain(), self.gatherer.suite().availability);
        let (epoch, attempt) = (held.report.epoch, held.report.attempt);
        let Some(line) = held.asked.clone() else { return Ok(None) };
        let call = message_builder!(Availability).question_of(line.number);
        let Some(info) = read(&**chain, availability, call)? else { return Ok(None) };
        match info.status {
            QuestionStatus::Open if chain.now()? > info.answer_by => {
                let call = message_builder!(Availability).settle(line.number);
                send(&**chain, &self.key, availability, call)
                    .map_err(|e| WatchError::Refused { step: "the settling", reason: e.to_string() })?;
                held.asked = None;
                Ok(Some(Finding::Hidden { epoch, attempt, question: line.number }))
            }
            QuestionStatus::Open => Ok(None),
            QuestionStatus::Answered => match self.follow(held, &line) {
                Ok((next, finding)) => {
                    held.asked = next;
                    Ok(Some(finding))
                }
                Err(error @ WatchError::Unproven { .. }) => {
                    held.asked = None;
                    Err(error)
                }
                Err(error) => Err(error),
            },
            QuestionStatus::Unanswered | QuestionStatus::Returned => {
                held.asked = None;
                Ok(None)
            }
        }
    }

    /// Answers what others ask about a true report.
    fn answer(&self, held: &mut Held) -> Result<Option<Finding>, WatchError> {
        let (chain, availability) = (self.gatherer.chain(), self.gatherer.suite().availability);
        let (epoch, attempt) = (held.report.epoch, held.report.attempt);
        for (question, info) in held.waiting.look(&**chain, availability, held.report)? {
            let Some(answer) = respond::answer(&info.asked, &held.data, &held.plan)? else { continue };
            let call = message_builder!(Availability).answer(question, answer.encode());
            // Another may have answered it first, which is as good; what failed is tried again.
            if send(&**chain, &self.key, availability, call).is_ok() {
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
        let files = self.gatherer.fetcher().files(self.gatherer.oracles(), &report.body)?;
        let Some((proof, shown)) = find(&report.body, data, ours, &files)? else {
            let published = "its files have the digest it names".to_owned();
            return Err(WatchError::Unproven { epoch, attempt, difference, published });
        };
        self.prove(report, &proof, shown, difference)
    }

    fn prove(
        &self,
        report: &ReportInfo,
        proof: &Proof,
        shown: String,
        difference: String,
    ) -> Result<Finding, WatchError> {
        let (epoch, attempt) = (report.body.epoch, report.body.attempt);
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
