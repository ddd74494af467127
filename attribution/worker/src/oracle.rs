//! An oracle: closes epochs that are due, recomputes their reports, signs what it found itself, submits and finalizes.
//!
//! The body of a report is a function of the epoch's data and of (set, attempt, round), its deadline too. So whoever
//! proposes proposes the same bytes, and a signature can be asked for by anyone: an oracle signs only what it computed.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chain::{AccountId, CallError, Chain, ChainError, Keypair, read, send, verify};
use ink::message_builder;
use openledger_abi::payout::{OracleSet, Payout, PayoutError, ReportStatus};
use openledger_abi::staking::Staking;
use proof::limits::quorum;
use proof::report::ReportBody;
use proof::signed::Signable;
use proof::{Blake2, SumHead};
use scale::{Decode, Encode};
use serde::{Deserialize, Serialize};
use suite::Suite;

use crate::drill::Drill;
use crate::epoch::{EpochData, Plan, PlanError, plan};
use crate::files::FilesError;
use crate::gather::{GatherError, Gatherer};
use crate::journal::{Journal, JournalError, Slot};
use crate::published::hexed;

/// A report can be submitted for so long after its demand time: long enough for three voided attempts.
const REPORT_LIFE_MS: u64 = 60 * 24 * 3_600_000;

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
    #[error("payout refused the report of epoch {epoch}: {reason}")]
    Refused { epoch: u32, reason: String },
    #[error("epoch {epoch}: {got} of {wanted} signatures; {last}")]
    TooFew { epoch: u32, got: usize, wanted: usize, last: String },
    #[error("the account {0} is not in oracle set {1}: ask for a set with it by a vote")]
    NotInSet(String, u32),
}

/// What one oracle asks another to sign.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CosignRequest {
    /// The report's body, SCALE.
    #[serde(with = "hexed")]
    pub body: Vec<u8>,
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
    Submitted {
        epoch: u32,
        attempt: u16,
        signatures: usize,
    },
    Finalized {
        epoch: u32,
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
    state: Mutex<State>,
    journal: Mutex<Journal>,
}

struct State {
    gatherer: Gatherer,
    /// The last plan that was computed, by (epoch, attempt).
    planned: Option<Planned>,
    /// When this oracle first saw that (epoch, attempt) can be reported.
    seen: Option<((u32, u16), Instant)>,
    /// Batches when they were last counted otherwise, and when that was.
    batches: Option<(u64, Instant)>,
}

#[derive(Clone)]
struct Planned {
    key: (u32, u16),
    data: Arc<EpochData>,
    plan: Arc<Plan>,
    demand_end: u64,
}

impl Oracle {
    /// An oracle with its journal opened. At most one process may run with one signing key.
    pub fn open(config: OracleConfig, gatherer: Gatherer) -> Result<Self, OracleError> {
        std::fs::create_dir_all(&config.folder)
            .map_err(|source| FilesError::Io { path: config.folder.clone(), source })?;
        let journal = Journal::open(&config.folder.join("signed.jsonl"))?;
        Ok(Self {
            chain: gatherer.chain().clone(),
            suite: gatherer.suite().clone(),
            config,
            state: Mutex::new(State { gatherer, planned: None, seen: None, batches: None }),
            journal: Mutex::new(journal),
        })
    }

    /// Where the files of a report are.
    pub fn report_folder(&self, epoch: u32, attempt: u16) -> PathBuf {
        self.config.folder.join("reports").join(epoch.to_string()).join(attempt.to_string())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does the next thing that is due.
    pub fn step(&self) -> Result<Step, OracleError> {
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
        let reported = match next.checked_sub(1) {
            None => 0,
            Some(last) => read(&*self.chain, payout, message_builder!(Payout).epoch(last))?.map_or(0, |epoch| epoch.to),
        };
        let batches = read(&*self.chain, payout, message_builder!(Payout).batch_count())?;
        let due = read(&*self.chain, payout, message_builder!(Payout).due_at())?;
        if batches == reported || self.chain.now()? < due || !self.quiet_at(batches) {
            return Ok(Step::Waiting);
        }
        match send(&*self.chain, &self.config.key, payout, message_builder!(Payout).close_epoch()) {
            Ok(sent) => Ok(Step::ClosedEpoch { epoch: sent.value }),
            // Another oracle was faster, or the clock of the chain is behind.
            Err(CallError::Message(PayoutError::EpochNotDue | PayoutError::NothingToClose)) => Ok(Step::Waiting),
            Err(error) => Err(refused(next, error)),
        }
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
                return Ok(Step::Waiting);
            }
            return match send(&*self.chain, &self.config.key, payout, message_builder!(Payout).finalize(epoch)) {
                Ok(_) => Ok(Step::Finalized { epoch }),
                Err(CallError::Message(PayoutError::NotPending | PayoutError::WindowOpen)) => Ok(Step::Waiting),
                Err(error) => Err(refused(epoch, error)),
            };
        }
        let Some(facts) = read(&*self.chain, payout, message_builder!(Payout).epoch(epoch))? else {
            return Ok(Step::Waiting);
        };
        if now <= facts.demand_end {
            return Ok(Step::Waiting);
        }
        let (number, set) = self.current_set()?;
        if !self.my_turn(epoch, facts.attempt, &set)? {
            return Ok(Step::Waiting);
        }
        let planned = self.planned(epoch)?;
        self.submit(&planned, number, &set)
    }

    fn current_set(&self) -> Result<(u32, OracleSet), OracleError> {
        let payout = self.suite.payout;
        let number = read(&*self.chain, payout, message_builder!(Payout).current_set())?;
        let set = read(&*self.chain, payout, message_builder!(Payout).oracle_set(number))?
            .ok_or_else(|| OracleError::NotInSet(chain::ss58(&self.config.operator), number))?;
        Ok((number, set))
    }

    fn place(&self, number: u32, set: &OracleSet) -> Result<u8, OracleError> {
        let place = set.oracles.iter().position(|oracle| oracle.account == self.config.operator);
        place
            .and_then(|place| u8::try_from(place).ok())
            .ok_or_else(|| OracleError::NotInSet(chain::ss58(&self.config.operator), number))
    }

    /// Whether it is this oracle's turn to submit: each one that stands before it and isn't in jail has its patience's time.
    fn my_turn(&self, epoch: u32, attempt: u16, set: &OracleSet) -> Result<bool, OracleError> {
        let jailed = self.jailed(set)?;
        let mut before = 0u32;
        for (oracle, jailed) in set.oracles.iter().zip(&jailed) {
            if oracle.account == self.config.operator {
                if *jailed {
                    return Ok(false);
                }
                break;
            }
            before += u32::from(!jailed);
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

    /// Of each oracle of a set, whether it can't sign now: in jail, or no operator any more.
    fn jailed(&self, set: &OracleSet) -> Result<Vec<bool>, OracleError> {
        let accounts: Vec<AccountId> = set.oracles.iter().map(|oracle| oracle.account).collect();
        let infos = read(&*self.chain, self.suite.staking, message_builder!(Staking).operators(accounts))?;
        Ok(infos.iter().map(|info| info.as_ref().is_none_or(|info| info.jailed_at.is_some())).collect())
    }

    /// This oracle's own report of an epoch, computed once and published in its folder.
    fn planned(&self, epoch: u32) -> Result<Planned, OracleError> {
        let mut state = self.state();
        let facts = read(&*self.chain, self.suite.payout, message_builder!(Payout).epoch(epoch))?
            .ok_or_else(|| GatherError::Absent(format!("closed epoch {epoch}")))?;
        let key = (epoch, facts.attempt);
        if let Some(planned) = state.planned.as_ref().filter(|planned| planned.key == key) {
            return Ok(planned.clone());
        }
        let data = state.gatherer.epoch(epoch)?;
        let mut plan = plan(&data)?;
        if let Some(drill) = self.config.drill.filter(|drill| drill.applies(&data)) {
            plan = drill.falsify(&data, &plan)?;
        }
        plan.files.write(&self.report_folder(epoch, data.attempt))?;
        let head: SumHead = plan.totals.payouts;
        state.gatherer.remember_payouts(&head, plan.files.payout_leaves()?);
        let planned = Planned { key, data: Arc::new(data), plan: Arc::new(plan), demand_end: facts.demand_end };
        state.planned = Some(planned.clone());
        Ok(planned)
    }

    fn body(&self, planned: &Planned, set: u32, round: u16) -> ReportBody {
        planned.plan.body(&planned.data, set, round, planned.demand_end.saturating_add(REPORT_LIFE_MS))
    }

    fn signable(&self, body: &ReportBody) -> Signable {
        Signable::report::<Blake2>(&Suite::domain(self.chain.genesis(), self.suite.payout), body)
    }

    fn sign(&self, body: &ReportBody) -> Result<[u8; 64], OracleError> {
        let (set, epoch, attempt, round) = body.slot();
        let digest = self.signable(body).digest;
        self.journal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .record(Slot { set, epoch, attempt, round }, &digest)?;
        Ok(self.config.signing_key.sign(&digest))
    }

    /// Answers another oracle's request: signs if this oracle computes the same body, else says where they part.
    pub fn cosign(&self, request: &CosignRequest) -> Result<CosignAnswer, OracleError> {
        let differs = |reason: String| Ok(CosignAnswer::Differs { reason });
        let Ok(theirs) = ReportBody::decode(&mut request.body.as_slice()) else {
            return differs("the body does not decode".into());
        };
        let live = read(&*self.chain, self.suite.payout, message_builder!(Payout).live())?;
        if theirs.epoch != live.epochs {
            return differs(format!("epoch {} is not the next one to report, {} is", theirs.epoch, live.epochs));
        }
        let (number, set) = self.current_set()?;
        let place = self.place(number, &set)?;
        if self.jailed(&set)?.get(usize::from(place)).copied().unwrap_or(true) {
            return differs("this oracle is in jail".into());
        }
        let planned = self.planned(theirs.epoch)?;
        let ours = self.body(&planned, number, theirs.round);
        if let Some(field) = difference(&theirs, &ours) {
            return differs(field);
        }
        Ok(CosignAnswer::Signed { place, signature: self.sign(&ours)? })
    }

    fn submit(&self, planned: &Planned, number: u32, set: &OracleSet) -> Result<Step, OracleError> {
        let (epoch, attempt) = planned.key;
        let body = self.body(planned, number, 0);
        let place = self.place(number, set)?;
        let mut signatures = vec![(place, self.sign(&body)?)];
        let wanted = quorum(u32::try_from(set.oracles.len()).unwrap_or(u32::MAX)) as usize;
        let digest = self.signable(&body).digest;
        let mut last = "no other oracle to ask".to_owned();
        let (agent, peers) = {
            let state = self.state();
            (state.gatherer.fetcher().agent().clone(), state.gatherer.oracles().to_vec())
        };
        for peer in &peers {
            if signatures.len() >= wanted {
                break;
            }
            let asked = agent
                .post(format!("{peer}/openledger/cosign"))
                .send_json(CosignRequest { body: body.encode() })
                .and_then(|mut answer| answer.body_mut().read_json::<CosignAnswer>());
            match asked {
                Ok(CosignAnswer::Signed { place, signature }) => {
                    let key = set.oracles.get(usize::from(place)).map(|oracle| oracle.key);
                    let known = signatures.iter().any(|(known, _)| *known == place);
                    if key.is_some_and(|key| verify(&key, &digest, &signature)) && !known {
                        signatures.push((place, signature));
                    } else {
                        last = format!("{peer} sent a signature that does not count");
                    }
                }
                Ok(CosignAnswer::Differs { reason }) => last = format!("{peer} does not sign: {reason}"),
                Err(error) => last = format!("{peer}: {error}"),
            }
        }
        if signatures.len() < wanted {
            return Err(OracleError::TooFew { epoch, got: signatures.len(), wanted, last });
        }
        signatures.sort_unstable_by_key(|(place, _)| *place);
        let signers = signatures.iter().fold(0u32, |bits, (place, _)| bits | 1 << place);
        let signatures: Vec<[u8; 64]> = signatures.into_iter().map(|(_, signature)| signature).collect();
        let count = signatures.len();
        let call = message_builder!(Payout).submit_report(body, signers, signatures);
        match send(&*self.chain, &self.config.key, self.suite.payout, call) {
            Ok(_) => Ok(Step::Submitted { epoch, attempt, signatures: count }),
            Err(CallError::Message(PayoutError::AlreadyReported)) => Ok(Step::Waiting),
            Err(error) => Err(refused(epoch, error)),
        }
    }
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
    compare!(set, epoch, attempt, round, from, to, previous, evidence, credits, payouts, carry_out, files, deadline);
    None
}
