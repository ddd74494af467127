//! An oracle: closes epochs that are due, recomputes their reports, signs what it found itself, submits and finalizes.
//!
//! The body of a report is a function of the cut that the chain keeps and of published data. So whoever proposes proposes the same
//! bytes, and a signature can be asked for by anyone: an oracle signs only what it computed.
//!
//! An oracle also keeps epochs going: it cuts an epoch again whose set or cover changed, or that nobody could report; has reserves
//! step in for members that are gone; and, when nothing more is covered, pays out the largest claims, which frees cover.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chain::{AccountId, CallError, Chain, ChainError, Keypair, Sent, account_bytes, read, send, verify};
use ink::env::call::Execution;
use ink::message_builder;
use openledger_abi::availability::Availability;
use openledger_abi::judge::ReportId;
use openledger_abi::payout::{Claim, Cut, OracleSet, Payout, PayoutError, ReportStatus};
use openledger_abi::staking::Staking;
use proof::limits::quorum;
use proof::payouts::PayoutLeaf;
use proof::report::ReportBody;
use proof::signed::Signable;
use proof::tree::MerkleTree;
use proof::{Blake2, SumHead, Tree};
use scale::{Decode, DecodeAll, Encode};
use serde::{Deserialize, Serialize};
use suite::Suite;

use crate::ask::{Door, Question, Refusal, Wish};
use crate::attest::Attesting;
use crate::drill::Drill;
use crate::epoch::{EpochData, Plan, PlanError, plan};
use crate::files::FilesError;
use crate::gather::{GatherError, Gatherer};
use crate::held::{Held, Places};
use crate::journal::{Journal, JournalError, Slot};
use crate::published::{FetchOrder, Lane, PrivateText, ReceiptRecord, hexed};
use crate::respond::{self, RespondError, Waiting};

/// For how long an order for a private text may count.
const MAX_ORDER_MS: u64 = 20 * 60_000;
/// The folder of the reports that it publishes.
const REPORTS: &str = "reports";
/// An epoch that is due waits for quiet for so many times the quiet that is wanted, and no longer.
const QUIETS: u64 = 10;
/// The longest answer of another oracle.
const MAX_ANSWER: u64 = 64 << 10;
/// Claims that are paid in one call when cover is short.
const CLAIMS_AT_A_TIME: usize = 16;

/// Why an oracle did not get on.
#[derive(Debug, thiserror::Error)]
pub enum OracleError {
    #[error(transparent)]
    Chain(#[from] ChainError),
    #[error(transparent)]
    Gather(#[from] GatherError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error(transparent)]
    Respond(#[from] RespondError),
    #[error("payout refused the report of epoch {epoch}: {reason}")]
    Refused { epoch: u32, reason: String },
    #[error("escrow refused the attestation of batch {waiting}: {reason}")]
    NotAttested { waiting: u64, reason: String },
    #[error("{what}: {got} of {wanted} signatures; {last}")]
    TooFew { what: String, got: usize, wanted: usize, last: String },
    #[error("epoch {0}: its cut is no longer covered, or is another set's")]
    NotCovered(u32),
    #[error("the account {0} is not in oracle set {1}: ask for a set with it by a vote")]
    NotInSet(String, u32),
}

/// A signature, or what the other oracle found instead.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CosignAnswer {
    /// The oracle's place in the set, and its signature.
    Signed {
        place: u8,
        #[serde(with = "hexed")]
        signature: [u8; 64],
    },
    /// It does not sign, and says why: for instance which field of the body it computes otherwise.
    Differs { reason: String },
}

/// What an oracle did in one round of [`Oracle::step`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Nothing to do now.
    Waiting,
    ClosedEpoch {
        epoch: u32,
    },
    /// An epoch was cut again.
    Recut {
        epoch: u32,
        attempt: u32,
    },
    /// Reserves stepped in; the new set.
    Refilled {
        set: u32,
    },
    /// Claims were paid, so that cover is free for what waits.
    FreedCover {
        accounts: usize,
        #[serde(with = "crate::published::decimal")]
        paid: u128,
    },
    /// A batch was attested by so many; its number in payout.
    Attested {
        waiting: u64,
        batch: u64,
        signatures: usize,
    },
    Submitted {
        epoch: u32,
        attempt: u32,
        signatures: usize,
    },
    Finalized {
        epoch: u32,
    },
    /// A question about a pending report was answered.
    Answered {
        epoch: u32,
        attempt: u32,
        question: u64,
    },
}

/// Who an oracle is.
pub struct OracleConfig {
    /// Pays for transactions; the operator's account or any other.
    pub key: Keypair,
    /// Signs reports.
    pub signing_key: Keypair,
    /// The operator's account in staking.
    pub operator: AccountId,
    /// Its files: the signing journal and the reports it publishes.
    pub folder: PathBuf,
    /// How long one of a later place in the set leaves submitting to the earlier ones.
    pub patience: Duration,
    /// An epoch that is due is closed once no batch came for so long, so that what is redeemed together is reported together.
    pub quiet: Duration,
    /// For drills on a test chain.
    pub drill: Option<Drill>,
}

/// An oracle over a [`Gatherer`].
pub struct Oracle {
    config: OracleConfig,
    chain: Arc<dyn Chain>,
    suite: Suite,
    gatherer: Gatherer,
    /// Locked for a look or a note; never while anything is read, fetched or sent.
    state: Mutex<State>,
    /// Batches that wait to be attested; locked as briefly.
    attesting: Mutex<Attesting>,
    /// Questions that wait to be answered.
    waiting: Mutex<Waiting>,
    held: Held,
    journal: Mutex<Journal>,
    /// One transaction of the account at a time.
    sending: Mutex<()>,
    /// Who may ask.
    door: Door,
}

struct State {
    /// The last plan that was computed, by (epoch, attempt).
    planned: Option<Planned>,
    /// When this oracle first saw that (epoch, attempt) can be reported.
    seen: Option<((u32, u32), Instant)>,
    /// Batches when they were last counted otherwise, and when that was.
    batches: Option<(u64, Instant)>,
}

#[derive(Clone)]
struct Planned {
    key: (u32, u32),
    data: Arc<EpochData>,
    plan: Arc<Plan>,
}

impl Oracle {
    /// An oracle with its journal opened. At most one process may run with one signing key.
    pub fn open(config: OracleConfig, gatherer: Gatherer) -> Result<Self, OracleError> {
        std::fs::create_dir_all(&config.folder)
            .map_err(|source| FilesError::Io { path: config.folder.clone(), source })?;
        let journal = Journal::open(&config.folder.join("signed.jsonl"))?;
        let held = Held::open(&config.folder.join("held")).map_err(GatherError::from)?;
        let gatherer = gatherer.holding(held.clone()).publishing(config.folder.join(REPORTS));
        Ok(Self {
            held,
            chain: gatherer.chain().clone(),
            suite: gatherer.suite().clone(),
            config,
            gatherer,
            state: Mutex::new(State { planned: None, seen: None, batches: None }),
            attesting: Mutex::default(),
            waiting: Mutex::default(),
            journal: Mutex::new(journal),
            sending: Mutex::new(()),
            door: Door::default(),
        })
    }

    /// Where the files of a report are.
    pub fn report_folder(&self, epoch: u32, attempt: u32) -> PathBuf {
        self.config.folder.join(REPORTS).join(epoch.to_string()).join(attempt.to_string())
    }

    pub(crate) fn chain(&self) -> &Arc<dyn Chain> {
        &self.chain
    }

    pub(crate) fn suite(&self) -> &Suite {
        &self.suite
    }

    pub(crate) fn gatherer(&self) -> &Gatherer {
        &self.gatherer
    }

    /// Sends a transaction, one at a time.
    pub(crate) fn send<A: Encode, T: Decode, E: Decode>(
        &self,
        contract: AccountId,
        call: Execution<A, Result<T, E>>,
    ) -> Result<Sent<T>, CallError<E>> {
        let _one = locked(&self.sending);
        send(&*self.chain, &self.config.key, contract, call)
    }

    pub(crate) fn signing_key(&self) -> &Keypair {
        &self.config.signing_key
    }

    pub(crate) fn patience(&self) -> Duration {
        self.config.patience
    }

    pub(crate) fn attesting<T>(&self, change: impl FnOnce(&mut Attesting) -> T) -> T {
        change(&mut locked(&self.attesting))
    }

    /// What this oracle holds of a lane, as anybody may see it; `None` if it does not hold all of it.
    pub fn held(&self, lane: &Lane, from: u64, to: u64) -> Result<Option<Places>, OracleError> {
        let found = self.held.get(lane, from, to).map_err(GatherError::from)?;
        Ok(found.map(|places| places.into_iter().map(|place| place.map(ReceiptRecord::published)).collect()))
    }

    /// The account that bonded.
    pub fn operator(&self) -> AccountId {
        self.config.operator
    }

    /// The text of a private answer that this oracle holds, for members of the current set: with q of them it must not be lost to the
    /// others. `None` if it is not held, or the order is not one of a member's for this oracle now.
    pub fn private_text(&self, order: &FetchOrder) -> Result<Option<PrivateText>, OracleError> {
        let now = self.chain.now()?;
        if order.deadline < now || order.deadline > now.saturating_add(MAX_ORDER_MS) {
            return Ok(None);
        }
        let domain = Suite::domain(self.chain.genesis(), self.suite.escrow);
        let own = account_bytes(&self.config.operator);
        let signable = FetchOrder::signable(&domain, &own, &order.object, &order.key, order.deadline);
        let (_, keys) = read(&*self.chain, self.suite.payout, message_builder!(Payout).current_keys())?;
        let signed = signable.verified_by(|message| verify(&order.key, message, &order.signature));
        if !signed || !keys.contains(&order.key) {
            return Ok(None);
        }
        Ok(self.held.private(&order.object).map_err(GatherError::from)?)
    }

    /// A lane's leaves before this place, as bytes; `None` if this oracle does not hold all of them.
    pub fn leaves(&self, lane: &Lane, count: u64) -> Result<Option<Vec<u8>>, OracleError> {
        let found = self.held.leaves(lane, count).map_err(GatherError::from)?;
        Ok(found.map(|leaves| leaves.iter().flat_map(Encode::encode).collect()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    /// Does the next thing that is due for epochs: closes, reports, answers, finalizes. What waits to be attested has threads of its own
    /// ([`Oracle::hold_next`], [`Oracle::attest`]): neither keeps the other waiting.
    pub fn see_to_epochs(&self) -> Result<Step, OracleError> {
        let payout = self.suite.payout;
        let live = read(&*self.chain, payout, message_builder!(Payout).live())?;
        let count = read(&*self.chain, payout, message_builder!(Payout).epoch_count())?;
        if live.epochs < count {
            return self.report(live.epochs);
        }
        self.close(count)
    }

    fn close(&self, next: u32) -> Result<Step, OracleError> {
        let payout = self.suite.payout;
        let batches = read(&*self.chain, payout, message_builder!(Payout).batch_count())?;
        let due = read(&*self.chain, payout, message_builder!(Payout).due_at())?;
        let now = self.chain.now()?;
        if batches == 0 || now < due || !(self.quiet_at(batches) || self.is_late(due, now)) {
            return Ok(Step::Waiting);
        }
        if self.is_short()? {
            match self.free_cover()? {
                Step::Waiting => {}
                freed => return Ok(freed),
            }
        }
        match self.send(payout, message_builder!(Payout).close_epoch()) {
            Ok(sent) => Ok(Step::ClosedEpoch { epoch: sent.value }),
            Err(CallError::Message(PayoutError::CoverExceeded)) => self.free_cover(),
            // Another oracle was faster, or the clock of the chain is behind.
            Err(CallError::Message(
                PayoutError::EpochNotDue | PayoutError::NothingToClose | PayoutError::EpochOpen,
            )) => Ok(Step::Waiting),
            Err(error) => Err(refused(next, error)),
        }
    }

    /// Whether an epoch would take only a part of what waits since so much is unclaimed.
    fn is_short(&self) -> Result<bool, OracleError> {
        let payout = self.suite.payout;
        let totals = read(&*self.chain, payout, message_builder!(Payout).totals())?;
        let Ok(cover) = read(&*self.chain, payout, message_builder!(Payout).cover())? else { return Ok(false) };
        let unclaimed = totals.credited.saturating_sub(totals.claimed);
        let waiting = totals.funded.saturating_sub(totals.credited).saturating_sub(totals.carried);
        Ok(unclaimed > 0 && waiting.saturating_add(unclaimed) > cover - cover / 8)
    }

    /// Pays the largest claims of the live payouts: what is credited and not claimed uses up cover.
    fn free_cover(&self) -> Result<Step, OracleError> {
        let payout = self.suite.payout;
        let live = read(&*self.chain, payout, message_builder!(Payout).live())?;
        let leaves = self.gatherer.live_payouts(&live)?;
        let mut open = Vec::new();
        for (index, leaf) in (0u64..).zip(&leaves) {
            let claimed = read(&*self.chain, payout, message_builder!(Payout).claimed(leaf.account.into()))?;
            let due = leaf.cumulative.saturating_sub(claimed);
            if due > 0 {
                open.push((due, index, *leaf));
            }
        }
        open.sort_unstable_by_key(|(due, ..)| std::cmp::Reverse(*due));
        open.truncate(CLAIMS_AT_A_TIME);
        if open.is_empty() {
            return Ok(Step::Waiting);
        }
        let nodes = leaves.iter().map(PayoutLeaf::node::<Blake2>).collect();
        let tree = MerkleTree::build::<Blake2>(Tree::Payouts, nodes).map_err(PlanError::Sums)?;
        let mut claims = Vec::new();
        for (_, index, leaf) in &open {
            let path = tree.path(*index).map_err(PlanError::Sums)?;
            claims.push(Claim { account: leaf.account.into(), cumulative: leaf.cumulative, index: *index, path });
        }
        let accounts = claims.len();
        match self.send(payout, message_builder!(Payout).claim_many(claims)) {
            Ok(sent) => Ok(Step::FreedCover { accounts, paid: sent.value }),
            Err(CallError::Message(PayoutError::NothingToClaim | PayoutError::BadClaim)) => Ok(Step::Waiting),
            Err(error) => Err(refused(live.epochs, error)),
        }
    }

    /// Cuts an epoch again if it may be.
    fn recut(&self, epoch: u32) -> Result<Step, OracleError> {
        match self.send(self.suite.payout, message_builder!(Payout).recut(epoch)) {
            Ok(sent) => Ok(Step::Recut { epoch, attempt: sent.value }),
            Err(CallError::Message(PayoutError::CoverExceeded)) => self.free_cover(),
            Err(CallError::Message(PayoutError::CutStands | PayoutError::ReportPending | PayoutError::WrongEpoch)) => {
                Ok(Step::Waiting)
            }
            Err(error) => Err(refused(epoch, error)),
        }
    }

    /// Has reserves step in, if that is due.
    fn refill(&self, epoch: u32) -> Result<Step, OracleError> {
        match self.send(self.suite.payout, message_builder!(Payout).refill()) {
            Ok(sent) => Ok(Step::Refilled { set: sent.value }),
            Err(CallError::Message(PayoutError::RefillNotDue | PayoutError::NothingToRefill)) => Ok(Step::Waiting),
            Err(error) => Err(refused(epoch, error)),
        }
    }

    /// Whether an epoch has been due for so long that it is closed in the midst of batches: they may never end.
    fn is_late(&self, due: u64, now: u64) -> bool {
        let quiet = u64::try_from(self.config.quiet.as_millis()).unwrap_or(u64::MAX);
        now >= due.saturating_add(quiet.saturating_mul(QUIETS))
    }

    /// Whether the number of batches has been this one for the configured time.
    fn quiet_at(&self, batches: u64) -> bool {
        let mut state = self.state();
        match state.batches {
            Some((known, since)) if known == batches => since.elapsed() >= self.config.quiet,
            _ => {
                state.batches = Some((batches, Instant::now()));
                self.config.quiet.is_zero()
            }
        }
    }

    fn report(&self, epoch: u32) -> Result<Step, OracleError> {
        let payout = self.suite.payout;
        let now = self.chain.now()?;
        let current = read(&*self.chain, payout, message_builder!(Payout).report(epoch))?;
        if let Some(report) = current.filter(|report| report.status == ReportStatus::Pending) {
            if now <= report.live_at {
                return self.answer(ReportId { epoch, attempt: report.body.attempt });
            }
            return match self.send(payout, message_builder!(Payout).finalize(epoch)) {
                Ok(_) => Ok(Step::Finalized { epoch }),
                Err(CallError::Message(PayoutError::NotPending | PayoutError::WindowOpen)) => Ok(Step::Waiting),
                Err(error) => Err(refused(epoch, error)),
            };
        }
        let (number, set) = self.current_set()?;
        let (attempt, cut) = self.latest_cut(epoch)?;
        let report_ms = read(&*self.chain, payout, message_builder!(Payout).parameters())?.report_ms;
        let outdated = cut.set != number || now >= cut.closed_at.saturating_add(report_ms);
        let member = set.oracles.iter().any(|oracle| oracle.account == self.config.operator);
        let turn = self.my_turn(epoch, attempt, &set)?;
        // Also before its turn: whoever asks for its signature is answered from what it has computed.
        if member && !outdated {
            self.planned(epoch)?;
        }
        if !turn {
            return Ok(Step::Waiting);
        }
        // A reserve signs nothing, but steps in where nobody else is there to see to it.
        if !member {
            return self.refill(epoch);
        }
        if outdated {
            return self.recut(epoch);
        }
        let planned = self.planned(epoch)?;
        match self.submit(&planned, number, &set) {
            Err(OracleError::NotCovered(_)) => self.recut(epoch),
            // So few that no report gets its signatures: reserves may step in.
            Err(error @ OracleError::TooFew { .. }) => match self.refill(epoch)? {
                Step::Waiting => Err(error),
                done => Ok(done),
            },
            done => done,
        }
    }

    /// Answers what is asked about a pending report: what stays unanswered costs its signers all that is their own.
    fn answer(&self, report: ReportId) -> Result<Step, OracleError> {
        let availability = self.suite.availability;
        let waiting = locked(&self.waiting).look(&*self.chain, availability, report)?;
        if waiting.is_empty() {
            return Ok(Step::Waiting);
        }
        // No cut is made while a report is pending, so it is the last one's.
        let Planned { data, plan, .. } = self.planned(report.epoch)?;
        for (question, info) in waiting {
            let Some(answer) = respond::answer(&info.asked, &data, &plan)? else { continue };
            let call = message_builder!(Availability).answer(question, answer.encode());
            // Another may have answered it first, which is as good; what failed is tried again.
            if self.send(availability, call).is_ok() {
                return Ok(Step::Answered { epoch: report.epoch, attempt: report.attempt, question });
            }
        }
        Ok(Step::Waiting)
    }

    fn latest_cut(&self, epoch: u32) -> Result<(u32, Cut), OracleError> {
        let found = read(&*self.chain, self.suite.payout, message_builder!(Payout).latest_cut(epoch))?;
        found.ok_or_else(|| GatherError::Absent(format!("closed epoch {epoch}")).into())
    }

    pub(crate) fn current_set(&self) -> Result<(u32, OracleSet), OracleError> {
        let payout = self.suite.payout;
        let number = read(&*self.chain, payout, message_builder!(Payout).current_set())?;
        let set = read(&*self.chain, payout, message_builder!(Payout).oracle_set(number))?
            .ok_or_else(|| OracleError::NotInSet(chain::ss58(&self.config.operator), number))?;
        Ok((number, set))
    }

    pub(crate) fn place(&self, number: u32, set: &OracleSet) -> Result<u8, OracleError> {
        let place = set.oracles.iter().position(|oracle| oracle.account == self.config.operator);
        place
            .and_then(|place| u8::try_from(place).ok())
            .ok_or_else(|| OracleError::NotInSet(chain::ss58(&self.config.operator), number))
    }

    /// Whether it is this oracle's turn to submit: each one that stands before it and is in service has its patience's time.
    fn my_turn(&self, epoch: u32, attempt: u32, set: &OracleSet) -> Result<bool, OracleError> {
        let out = self.out(set)?;
        let mut before = 0u32;
        for (oracle, out) in set.oracles.iter().zip(&out) {
            if oracle.account == self.config.operator {
                if *out {
                    return Ok(false);
                }
                break;
            }
            before += u32::from(!out);
        }
        let mut state = self.state();
        let since = match state.seen {
            Some((key, since)) if key == (epoch, attempt) => since,
            _ => {
                let now = Instant::now();
                state.seen = Some(((epoch, attempt), now));
                now
            }
        };
        Ok(since.elapsed() >= self.config.patience * before)
    }

    /// How many of the set stand before this oracle and are in service; `None` if it can't sign now.
    pub(crate) fn turns_before(&self, set: &OracleSet) -> Result<Option<u32>, OracleError> {
        let out = self.out(set)?;
        let Some(mine) = set.oracles.iter().position(|oracle| oracle.account == self.config.operator) else {
            return Ok(None);
        };
        let before = out.iter().take(mine).filter(|out| !**out).count();
        Ok((!out.get(mine).copied().unwrap_or(true)).then(|| u32::try_from(before).unwrap_or(u32::MAX)))
    }

    /// Of each oracle of a set, whether it can't sign now: in jail, below its least own bond, or no operator any more.
    fn out(&self, set: &OracleSet) -> Result<Vec<bool>, OracleError> {
        let accounts: Vec<AccountId> = set.oracles.iter().map(|oracle| oracle.account).collect();
        let infos = read(&*self.chain, self.suite.staking, message_builder!(Staking).operators(accounts))?;
        Ok(infos.iter().map(|info| info.as_ref().is_none_or(|info| !info.in_service)).collect())
    }

    /// What this oracle has computed already of its last cut.
    fn computed(&self, epoch: u32, attempt: u32) -> Option<Planned> {
        self.state().planned.clone().filter(|planned| planned.key == (epoch, attempt))
    }

    /// This oracle's own report of an epoch, computed once and published in its folder.
    fn planned(&self, epoch: u32) -> Result<Planned, OracleError> {
        let (attempt, _) = self.latest_cut(epoch)?;
        if let Some(planned) = self.computed(epoch, attempt) {
            return Ok(planned);
        }
        let data = self.gatherer.epoch(epoch, attempt)?;
        let mut plan = plan(&data)?;
        if let Some(drill) = self.config.drill.filter(|drill| drill.applies(&data)) {
            plan = drill.falsify(&data, &plan)?;
        }
        plan.files.write(&self.report_folder(epoch, data.attempt))?;
        let head: SumHead = plan.totals.payouts;
        self.gatherer.remember_payouts(&head, plan.files.payout_leaves()?);
        let planned = Planned { key: (epoch, attempt), data: Arc::new(data), plan: Arc::new(plan) };
        self.state().planned = Some(planned.clone());
        Ok(planned)
    }

    fn signable(&self, body: &ReportBody) -> Signable {
        Signable::report::<Blake2>(&Suite::domain(self.chain.genesis(), self.suite.payout), body)
    }

    fn sign(&self, body: &ReportBody) -> Result<[u8; 64], OracleError> {
        let digest = self.signable(body).digest;
        locked(&self.journal).record(Slot { epoch: body.epoch, attempt: body.attempt }, &digest)?;
        Ok(self.config.signing_key.sign(&digest))
    }

    /// Answers another oracle: of strangers nothing is looked at, and of each member one question at a time.
    pub fn asked(&self, wish: Wish, question: &Question) -> Result<Result<CosignAnswer, OracleError>, Refusal> {
        let _turn = self.door.enter(&*self.chain, &self.suite, wish, question)?;
        let mut body = question.body.as_slice();
        Ok(match wish {
            Wish::Cosign => self.cosign(body),
            Wish::Attest => match u64::decode_all(&mut body) {
                Ok(waiting) => self.cosign_batch(waiting),
                Err(_) => Ok(CosignAnswer::Differs { reason: "the number does not decode".into() }),
            },
        })
    }

    /// Signs if this oracle computed the same body, else says where they part, or that it has not computed it yet.
    fn cosign(&self, mut body: &[u8]) -> Result<CosignAnswer, OracleError> {
        let differs = |reason: String| Ok(CosignAnswer::Differs { reason });
        let Ok(theirs) = ReportBody::decode_all(&mut body) else {
            return differs("the body does not decode".into());
        };
        let live = read(&*self.chain, self.suite.payout, message_builder!(Payout).live())?;
        if theirs.epoch != live.epochs {
            return differs(format!("epoch {} is not the next one to report, {} is", theirs.epoch, live.epochs));
        }
        let (number, set) = self.current_set()?;
        let place = self.place(number, &set)?;
        if self.out(&set)?.get(usize::from(place)).copied().unwrap_or(true) {
            return differs("this oracle is out of service".into());
        }
        let (attempt, _) = self.latest_cut(theirs.epoch)?;
        let Some(planned) = self.computed(theirs.epoch, attempt) else {
            return differs(format!("this oracle has not computed epoch {}, attempt {attempt} yet", theirs.epoch));
        };
        let ours = planned.plan.body(&planned.data);
        if let Some(field) = difference(&theirs, &ours) {
            return differs(field);
        }
        Ok(CosignAnswer::Signed { place, signature: self.sign(&ours)? })
    }

    /// Asks all other oracles at once for their signatures over a digest. Returns the bitmap of places and as many signatures as the
    /// set's quorum, in the order of their places.
    pub(crate) fn collect(
        &self,
        what: String,
        set: &OracleSet,
        digest: &[u8; 32],
        mine: (u8, [u8; 64]),
        wish: Wish,
        body: Vec<u8>,
    ) -> Result<(u32, Vec<[u8; 64]>), OracleError> {
        let mut signatures = vec![mine];
        let wanted = quorum(u32::try_from(set.oracles.len()).unwrap_or(u32::MAX)) as usize;
        let mut last = "no other oracle to ask".to_owned();
        let question = Question::sign(&*self.chain, &self.suite, &self.config.signing_key, wish, body)?;
        let agent = self.gatherer.fetcher().agent();
        let ask = |peer: &String| {
            let url = format!("{peer}/openledger/{}", wish.route());
            let answer = agent.post(url).send_json(&question);
            answer.and_then(|mut answer| answer.body_mut().with_config().limit(MAX_ANSWER).read_json::<CosignAnswer>())
        };
        let peers = self.gatherer.oracles();
        let answers: Vec<_> = std::thread::scope(|scope| {
            let asked: Vec<_> = peers.iter().map(|peer| scope.spawn(move || ask(peer))).collect();
            asked.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
        });
        for (peer, asked) in peers.iter().zip(answers) {
            match asked {
                Ok(Ok(CosignAnswer::Signed { place, signature })) => {
                    let key = set.oracles.get(usize::from(place)).map(|oracle| oracle.key);
                    let known = signatures.iter().any(|(known, _)| *known == place);
                    if key.is_some_and(|key| verify(&key, digest, &signature)) && !known {
                        signatures.push((place, signature));
                    } else {
                        last = format!("{peer} sent a signature that does not count");
                    }
                }
                Ok(Ok(CosignAnswer::Differs { reason })) => last = format!("{peer} does not sign: {reason}"),
                Ok(Err(error)) => last = format!("{peer}: {error}"),
                Err(_) => last = format!("{peer}: asking it failed"),
            }
        }
        signatures.truncate(wanted);
        if signatures.len() < wanted {
            return Err(OracleError::TooFew { what, got: signatures.len(), wanted, last });
        }
        signatures.sort_unstable_by_key(|(place, _)| *place);
        let signers = signatures.iter().fold(0u32, |bits, (place, _)| bits | 1 << place);
        Ok((signers, signatures.into_iter().map(|(_, signature)| signature).collect()))
    }

    fn submit(&self, planned: &Planned, number: u32, set: &OracleSet) -> Result<Step, OracleError> {
        let (epoch, attempt) = planned.key;
        let body = planned.plan.body(&planned.data);
        let place = self.place(number, set)?;
        let digest = self.signable(&body).digest;
        let mine = (place, self.sign(&body)?);
        let what = format!("epoch {epoch}");
        let (signers, signatures) = self.collect(what, set, &digest, mine, Wish::Cosign, body.encode())?;
        let count = signatures.len();
        let call = message_builder!(Payout).submit_report(body, signers, signatures);
        match self.send(self.suite.payout, call) {
            Ok(_) => Ok(Step::Submitted { epoch, attempt, signatures: count }),
            Err(CallError::Message(PayoutError::AlreadyReported | PayoutError::WrongAttempt)) => Ok(Step::Waiting),
            Err(CallError::Message(PayoutError::NotCovered | PayoutError::WrongOracleSet)) => {
                Err(OracleError::NotCovered(epoch))
            }
            Err(error) => Err(refused(epoch, error)),
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn refused<E: std::fmt::Debug>(epoch: u32, error: CallError<E>) -> OracleError {
    OracleError::Refused { epoch, reason: error.to_string() }
}

/// The first field in which two bodies differ, for people.
pub fn difference(theirs: &ReportBody, ours: &ReportBody) -> Option<String> {
    let field = |name: &str, theirs: &dyn std::fmt::Debug, ours: &dyn std::fmt::Debug| {
        Some(format!("{name}: they say {theirs:?}, this oracle finds {ours:?}"))
    };
    macro_rules! compare {
        ($($name:ident),*) => {
            $(if theirs.$name != ours.$name {
                return field(stringify!($name), &theirs.$name, &ours.$name);
            })*
        };
    }
    compare!(set, epoch, attempt, from, to, previous, evidence, credits, payouts, carry_out, files);
    None
}
