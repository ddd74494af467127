//! The oracles' side: a closed epoch, its true report, false ones, signatures, claims.

use anyhow::{Context, Result, anyhow};
use chain::{CallError, Keypair, Sent, account_bytes, read, send};
use ink::message_builder;
use openledger_abi::datanet::DatanetRegistry;
use openledger_abi::escrow::Escrow;
use openledger_abi::models::ModelRegistry;
use openledger_abi::payout::{Batch, Claim, Cut, Live, Payout, PayoutError, ReportBody, ReportInfo};
use openledger_abi::staking::Staking;
use openledger_abi::{Balance, OPEN};
use proof::evidence::EvidenceLeaf;
use proof::params::{ParameterSet, Revision};
use proof::payouts::PayoutLeaf;
use proof::request::SignedRequest;
use proof::rules::epoch::{Carry, EpochBuilder, part};
use proof::rules::leaf::{Facts, attribute};
use proof::rules::spans::{Scan, SourceText};
use proof::rules::validity::Slot;
use proof::signed::Signable;
use proof::tree::{MerkleTree, Tree};
use proof::version::{VersionHead, VersionLeaf};
use proof::{Account, Node, ZERO};

use crate::people::Oracle;
use crate::served::Answer;
use crate::{H, World, outcome::sent};

/// What the payer pays for an answer here.
pub const FEE: Balance = 10 * OPEN;

/// An epoch that waits for its report, with what is reported on.
#[derive(Debug, Clone)]
pub struct Closed {
    pub number: u32,
    /// The attempt of its cut.
    pub attempt: u32,
    pub cut: Cut,
    /// Its batches with what is at each of their places.
    pub batches: Vec<(Batch, Vec<Option<Answer>>)>,
}

impl Closed {
    /// What is at each place of the epoch, in the order of its evidence.
    pub fn places(&self) -> impl Iterator<Item = &Option<Answer>> {
        self.batches.iter().flat_map(|(_, places)| places)
    }

    /// The answer at an index of the epoch's evidence.
    pub fn answer(&self, index: usize) -> Result<&Answer> {
        self.places().nth(index).and_then(Option::as_ref).context("no answer at this place")
    }
}

/// A report with all that it rests on.
#[derive(Debug, Clone)]
pub struct Report {
    pub body: ReportBody,
    /// Fields of tree 05's leaves.
    pub evidence: Vec<Vec<u8>>,
    /// Tree 07's leaves.
    pub payouts: Vec<PayoutLeaf>,
}

/// A report as it is sent in.
#[derive(Debug, Clone)]
pub struct Submission {
    pub body: ReportBody,
    pub signers: u32,
    pub signatures: Vec<[u8; 64]>,
}

/// Who is due for a contribution, as the chain says.
pub struct Due {
    /// By index in the version; `None` where nobody is.
    pub payees: Vec<Option<Account>>,
}

impl Facts for Due {
    fn due(&self, source: u8, index: u32) -> Option<Account> {
        if source == 0 { *self.payees.get(index as usize)? } else { None }
    }

    fn row(&self, _: u32) -> Option<(u8, u32)> {
        None
    }
}

/// The place of a leaf of a batch's tree 03.
pub fn slot(batch: &Batch, sequence: u64, fee: Balance) -> Slot {
    let Batch { channel, model, key, params, at, .. } = *batch;
    Slot { channel, model, key, params, sequence, fee, at }
}

impl World {
    /// The epoch that waits for its report; if there is none, serves two answers, one on each of the first two texts, and
    /// closes one.
    pub fn closed_epoch(&mut self) -> Result<Closed> {
        if let Some(closed) = &self.closed {
            return Ok(closed.clone());
        }
        let channel = self.open_channel(100 * OPEN)?;
        self.answer(channel, "He kept a ledger of every ship that came in, they say.", FEE)?;
        self.answer(channel, "There traders weigh saffron against river salt, or so it is told.", FEE)?;
        self.settle(channel)?;
        self.close_epoch()
    }

    /// Closes an epoch over all batches that wait.
    pub fn close_epoch(&mut self) -> Result<Closed> {
        let payout = self.suite.payout;
        let due_at = read(&*self.chain, payout, message_builder!(Payout).due_at())?;
        self.after(due_at)?;
        let call = message_builder!(Payout).close_epoch();
        let number = sent("closing an epoch", send(&*self.chain, &self.people.host, payout, call))?;
        let closed = self.closed(number)?;
        self.closed = Some(closed.clone());
        Ok(closed)
    }

    /// A closed epoch with what was answered in it.
    pub fn closed(&self, number: u32) -> Result<Closed> {
        let payout = self.suite.payout;
        let (attempt, cut) = self.cut(number)?;
        let mut batches = Vec::new();
        for index in cut.from..cut.to {
            let call = message_builder!(Payout).batch(index);
            let batch = read(&*self.chain, payout, call)?.context("a closed batch is missing")?;
            let ledger = self.ledgers.iter().find(|ledger| ledger.has(&batch)).context("no ledger")?;
            let (from, to) = (usize::try_from(batch.count_from)?, usize::try_from(batch.count_to)?);
            batches.push((batch, ledger.places[from..to].to_vec()));
        }
        Ok(Closed { number, attempt, cut, batches })
    }

    /// The last cut of an epoch, with its attempt.
    pub fn cut(&self, number: u32) -> Result<(u32, Cut)> {
        read(&*self.chain, self.suite.payout, message_builder!(Payout).latest_cut(number))?.context("no such epoch")
    }

    /// Cuts the epoch that waits for its report again.
    pub fn recut(&mut self) -> Result<Closed> {
        let number = self.live()?.epochs;
        let call = message_builder!(Payout).recut(number);
        sent("cutting again", send(&*self.chain, &self.people.host, self.suite.payout, call))?;
        let closed = self.closed(number)?;
        self.closed = Some(closed.clone());
        Ok(closed)
    }

    /// Has reserves take the places of those who have just been jailed, and the epoch cut again for the new set.
    pub fn refill(&mut self) -> Result<Closed> {
        self.after(self.chain.now()? + self.config.payout.refill_ms)?;
        let call = message_builder!(Payout).refill();
        sent("refilling", send(&*self.chain, &self.people.host, self.suite.payout, call))?;
        self.recut()
    }

    /// What claims are paid by.
    pub fn live(&self) -> Result<Live> {
        Ok(read(&*self.chain, self.suite.payout, message_builder!(Payout).live())?)
    }

    /// The leaves of version 0 with their texts.
    pub fn library(&self) -> Result<(Vec<VersionLeaf>, Vec<SourceText>)> {
        let call = message_builder!(DatanetRegistry).leaves(self.datanet, 0, self.texts.len() as u32);
        let leaves = read(&*self.chain, self.suite.datanet_registry, call)?;
        let tree: Vec<VersionLeaf> = leaves
            .iter()
            .map(|leaf| VersionLeaf {
                seq: leaf.seq,
                contribution: leaf.contribution,
                content_root: leaf.root,
                contributor: account_bytes(&leaf.contributor),
            })
            .collect();
        let texts = (0..).zip(&tree).zip(&self.texts).map(|((index, leaf), text)| SourceText {
            source: 0,
            index,
            seq: leaf.seq,
            contributor: leaf.contributor,
            text: text.as_bytes().to_vec(),
        });
        let texts = texts.collect();
        Ok((tree, texts))
    }

    /// Who is due what for a batch of this time in an epoch closed at that time.
    fn due(&self, batch_at: u64, closed_at: u64) -> Result<Due> {
        let mut payees = Vec::new();
        for number in &self.contributions {
            let registry = self.suite.datanet_registry;
            let call = message_builder!(DatanetRegistry).contribution(*number);
            let contribution = read(&*self.chain, registry, call)?.context("no such contribution")?;
            let call = message_builder!(DatanetRegistry).payee_at(*number, closed_at);
            let payee = read(&*self.chain, registry, call)?;
            let earns = contribution.standing().earns(closed_at, batch_at);
            payees.push(payee.filter(|_| earns).map(|account| account_bytes(&account)));
        }
        Ok(Due { payees })
    }

    /// The model's revision as the rules read it.
    pub fn rules(&self) -> Result<Revision> {
        let call = message_builder!(ModelRegistry).revision(self.model, 0);
        let revision = read(&*self.chain, self.suite.model_registry, call)?.context("no such revision")?;
        let mut sources = Vec::new();
        for source in &revision.sources {
            let call = message_builder!(DatanetRegistry).version(source.datanet, source.version);
            let version = read(&*self.chain, self.suite.datanet_registry, call)?.context("no such version")?;
            sources.push(VersionHead { count: version.count, top: version.top });
        }
        Ok(Revision {
            policy: revision.policy.into(),
            adapter: revision.artefact_hash,
            sketches: None,
            sources,
            created_at: revision.created_at,
        })
    }

    /// The report that the rules give.
    pub fn true_report(&self, closed: &Closed) -> Result<Report> {
        self.report(closed, |_| ())
    }

    /// A parameter set as the rules read it.
    pub fn parameters(&self, number: u32) -> Result<ParameterSet> {
        let call = message_builder!(Escrow).parameters(number);
        let set = read(&*self.chain, self.suite.escrow, call)?.context("no such parameter set")?;
        Ok(ParameterSet::from(set))
    }

    /// A report whose evidence leaves were changed by `tamper` before all else was derived from them.
    pub fn report(&self, closed: &Closed, tamper: impl Fn(&mut EvidenceLeaf)) -> Result<Report> {
        let rule = |e: proof::Error| anyhow!("{e:?}");
        let (attempt, cut) = self.cut(closed.number)?;
        let carry = Carry { carry_in: cut.carry_in, pots: cut.pots, carry_bps: cut.carry_bps };
        let revision = self.rules()?;
        let (_, texts) = self.library()?;
        let mut builder = EpochBuilder::new();
        for (number, (batch, places)) in (cut.from..).zip(&closed.batches) {
            if cut.withheld.contains(&number) {
                let nobody = Due { payees: Vec::new() };
                for _ in places {
                    builder.push::<H>(&EvidenceLeaf::withheld(), &nobody).map_err(rule)?;
                }
                continue;
            }
            let params = self.parameters(batch.params)?;
            let due = self.due(batch.at, cut.closed_at)?;
            let grown = carry.grown(cut.pot_of(number, batch)).map_err(rule)?;
            let mut prefix = batch.fee_from;
            for (sequence, place) in (batch.count_from..).zip(places) {
                let mut leaf = EvidenceLeaf::unfilled::<H>();
                if let Some(answer) = place {
                    let fee = answer.receipt.fee;
                    let share = part(grown, prefix, fee, batch.fee_from, batch.fee_to).map_err(rule)?;
                    prefix += fee;
                    let slot = slot(batch, sequence, fee);
                    let named = (answer.receipt.revision == 0).then_some(&revision);
                    let signed = |request: &SignedRequest| self.request_signed(request);
                    let scan = Scan::new(&answer.response, &texts);
                    let opened = answer.opened();
                    leaf = attribute::<H, _>(&opened, share, &slot, named, &params, signed, &scan, []).map_err(rule)?;
                }
                tamper(&mut leaf);
                builder.push::<H>(&leaf, &due).map_err(rule)?;
            }
        }
        let totals = builder.finish::<H>(&self.payouts, &carry).map_err(rule)?;
        let body = ReportBody {
            set: cut.set,
            epoch: closed.number,
            attempt,
            from: cut.from,
            to: cut.to,
            previous: totals.previous,
            evidence: totals.evidence,
            credits: totals.credits,
            payouts: totals.payouts,
            carry_out: totals.carry_out,
            files: ZERO,
        };
        Ok(Report { body, evidence: builder.leaves, payouts: builder.payouts })
    }

    /// An oracle's signature over a report.
    pub fn report_signature(&self, key: &Keypair, body: &ReportBody) -> [u8; 64] {
        key.sign(&Signable::report::<H>(&self.domain(self.suite.payout), body).digest)
    }

    /// The members of the current set, by place.
    ///
    /// # Errors
    /// If one is none of this world's people.
    pub fn members(&self) -> Result<Vec<Oracle>> {
        let payout = self.suite.payout;
        let number = read(&*self.chain, payout, message_builder!(Payout).current_set())?;
        let set = read(&*self.chain, payout, message_builder!(Payout).oracle_set(number))?.context("no oracle set")?;
        let known = || self.people.oracles.iter().chain(&self.people.reserves);
        set.oracles
            .iter()
            .map(|member| known().find(|oracle| oracle.account.account() == member.account).cloned())
            .collect::<Option<_>>()
            .context("a stranger in the oracle set")
    }

    /// A report signed by the oracles at these places of the first set, in ascending order.
    pub fn signed_report(&self, body: ReportBody, oracles: &[usize]) -> Submission {
        self.signed_by(&self.people.oracles, body, oracles)
    }

    /// A report signed by those of these oracles who stand at these places, in ascending order.
    pub fn signed_by(&self, set: &[Oracle], body: ReportBody, places: &[usize]) -> Submission {
        let signers = places.iter().fold(0, |bits, place| bits | 1 << place);
        let signatures = places.iter().map(|&i| self.report_signature(&set[i].signing, &body)).collect();
        Submission { body, signers, signatures }
    }

    /// The first places of the set that make a report: q = n − f.
    pub fn quorum(&self) -> Vec<usize> {
        let n = self.people.oracles.len();
        (0..n - n.saturating_sub(1) / 3).collect()
    }

    /// Sends a report in, as it is.
    pub fn submit(&self, report: Submission) -> Result<Sent<()>, CallError<PayoutError>> {
        let call = message_builder!(Payout).submit_report(report.body, report.signers, report.signatures);
        send(&*self.chain, &self.people.host, self.suite.payout, call)
    }

    /// The report of an epoch as the contract has it.
    pub fn reported(&self, epoch: u32) -> Result<ReportInfo> {
        read(&*self.chain, self.suite.payout, message_builder!(Payout).report(epoch))?.context("no report")
    }

    /// Reports the closed epoch truly, lets its window pass and makes it live; its payouts.
    pub fn pay_epoch(&mut self) -> Result<Vec<PayoutLeaf>> {
        let closed = self.closed_epoch()?;
        self.report_epoch(&closed)
    }

    /// Reports a closed epoch truly, by whoever is in the set and in service; lets its window pass and makes it live.
    pub fn report_epoch(&mut self, closed: &Closed) -> Result<Vec<PayoutLeaf>> {
        let report = self.true_report(closed)?;
        let set = self.members()?;
        let asked = set.iter().map(|oracle| oracle.account.account()).collect();
        let infos = read(&*self.chain, self.suite.staking, message_builder!(Staking).operators(asked))?;
        let serves = |place: &usize| infos[*place].as_ref().is_some_and(|info| info.in_service);
        let places: Vec<usize> = (0..set.len()).filter(serves).take(self.quorum().len()).collect();
        sent("a report", self.submit(self.signed_by(&set, report.body, &places)))?;
        self.finalize(report)
    }

    /// Waits for a submitted report's window and makes it live; its payouts.
    pub fn finalize(&mut self, report: Report) -> Result<Vec<PayoutLeaf>> {
        let epoch = report.body.epoch;
        self.after(self.reported(epoch)?.live_at)?;
        let call = message_builder!(Payout).finalize(epoch);
        sent("finalizing", send(&*self.chain, &self.people.host, self.suite.payout, call))?;
        self.closed = None;
        self.payouts = report.payouts.clone();
        Ok(report.payouts)
    }

    /// The claim of the account at a place of the live payouts.
    pub fn claim_of(&self, index: usize) -> Result<Claim> {
        let leaf = self.payouts.get(index).context("no such payout")?;
        let nodes = self.payouts.iter().map(PayoutLeaf::node::<H>).collect();
        let tree = MerkleTree::build::<H>(Tree::Payouts, nodes).map_err(|e| anyhow!("{e:?}"))?;
        Ok(Claim {
            account: leaf.account.into(),
            cumulative: leaf.cumulative,
            index: index as u64,
            path: tree.path::<Node>(index as u64).map_err(|e| anyhow!("{e:?}"))?,
        })
    }

    /// Sends a claim in; anybody may.
    pub fn claim(&self, claim: Claim) -> Result<Sent<Balance>, CallError<PayoutError>> {
        let call = message_builder!(Payout).claim(claim);
        send(&*self.chain, &self.people.host, self.suite.payout, call)
    }
}
