//! The oracles' side: a closed epoch, its true report, false ones, signatures, claims.

use anyhow::{Context, Result, anyhow};
use chain::{CallError, Keypair, Sent, account_bytes, read, send};
use ink::message_builder;
use openledger_abi::datanet::DatanetRegistry;
use openledger_abi::escrow::Escrow;
use openledger_abi::models::ModelRegistry;
use openledger_abi::payout::{Batch, Claim, Epoch, Live, Payout, PayoutError, ReportBody, ReportInfo};
use openledger_abi::{Balance, OPEN};
use proof::evidence::EvidenceLeaf;
use proof::params::{ParameterSet, Revision};
use proof::payouts::PayoutLeaf;
use proof::rules::epoch::{Carry, EpochBuilder, part};
use proof::rules::leaf::{Facts, Published, Slot, attribute};
use proof::rules::spans::{Scan, SourceText};
use proof::signed::Signable;
use proof::tree::{MerkleTree, Tree};
use proof::version::{VersionHead, VersionLeaf};
use proof::{Account, Node, ZERO};

use crate::served::Answer;
use crate::{H, World, outcome::sent};

/// What the payer pays for an answer here.
pub const FEE: Balance = 10 * OPEN;

/// An epoch that waits for its report, with what is reported on.
#[derive(Debug, Clone)]
pub struct Closed {
    pub number: u32,
    pub epoch: Epoch,
    /// Its batches with their answers.
    pub batches: Vec<(Batch, Vec<Answer>)>,
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
        let epoch = self.epoch(number)?;
        let mut batches = Vec::new();
        for index in epoch.from..epoch.to {
            let call = message_builder!(Payout).batch(index);
            let batch = read(&*self.chain, payout, call)?.context("a closed batch is missing")?;
            let ledger = self.ledgers.iter().find(|ledger| ledger.channel == batch.channel).context("no ledger")?;
            let (from, to) = (usize::try_from(batch.count_from)?, usize::try_from(batch.count_to)?);
            batches.push((batch, ledger.answers[from..to].to_vec()));
        }
        Ok(Closed { number, epoch, batches })
    }

    /// An epoch as the contract has it now.
    pub fn epoch(&self, number: u32) -> Result<Epoch> {
        read(&*self.chain, self.suite.payout, message_builder!(Payout).epoch(number))?.context("no such epoch")
    }

    /// What claims are paid by.
    pub fn live(&self) -> Result<Live> {
        Ok(read(&*self.chain, self.suite.payout, message_builder!(Payout).live())?)
    }

    /// The leaves of version 0 with their texts.
    pub fn library(&self) -> Result<(Vec<VersionLeaf>, Vec<SourceText>)> {
        let call = message_builder!(DatanetRegistry).leaves(self.datanet, 0, 0, self.texts.len() as u32);
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
            let withdrawn = contribution.withdrawn_at.is_some_and(|at| at < batch_at);
            payees.push(if withdrawn { None } else { payee.map(|account| account_bytes(&account)) });
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

    /// A report whose evidence leaves were changed by `tamper` before all else was derived from them.
    pub fn report(&self, closed: &Closed, tamper: impl Fn(&mut EvidenceLeaf)) -> Result<Report> {
        let rule = |e: proof::Error| anyhow!("{e:?}");
        let live = self.live()?;
        let epoch = self.epoch(closed.number)?;
        let carry = Carry { carry_in: live.carry, pots: epoch.pots, carry_bps: epoch.carry_bps };
        let revision = self.rules()?;
        let (_, texts) = self.library()?;
        let mut builder = EpochBuilder::new();
        for (batch, answers) in &closed.batches {
            let call = message_builder!(Escrow).parameters(batch.params);
            let set = read(&*self.chain, self.suite.escrow, call)?.context("no such parameter set")?;
            let params = ParameterSet::from(set);
            let due = self.due(batch.at, epoch.closed_at)?;
            let grown = carry.grown(batch.pot).map_err(rule)?;
            let mut prefix = batch.fee_from;
            for (sequence, answer) in (batch.count_from..).zip(answers) {
                let fee = answer.receipt.fee;
                let share = part(grown, prefix, fee, batch.fee_from, batch.fee_to).map_err(rule)?;
                prefix += fee;
                let slot = Slot { channel: batch.channel, model: batch.model, sequence, fee, at: batch.at };
                let published = Published { response: &answer.response, ..Published::default() };
                let scan = Scan::new(&answer.response, &texts);
                let mut leaf =
                    attribute::<H, _>(&answer.receipt, share, &slot, Some(&revision), &params, &published, &scan, [])
                        .map_err(rule)?;
                tamper(&mut leaf);
                builder.push::<H>(&leaf, &due).map_err(rule)?;
            }
        }
        let totals = builder.finish::<H>(&self.payouts, &carry).map_err(rule)?;
        let body = ReportBody {
            set: read(&*self.chain, self.suite.payout, message_builder!(Payout).current_set())?,
            epoch: closed.number,
            attempt: epoch.attempt,
            round: 0,
            from: epoch.from,
            to: epoch.to,
            previous: totals.previous,
            evidence: totals.evidence,
            credits: totals.credits,
            payouts: totals.payouts,
            carry_out: totals.carry_out,
            files: ZERO,
            deadline: self.later()?,
        };
        Ok(Report { body, evidence: builder.leaves, payouts: builder.payouts })
    }

    /// An oracle's signature over a report.
    pub fn report_signature(&self, key: &Keypair, body: &ReportBody) -> [u8; 64] {
        key.sign(&Signable::report::<H>(&self.domain(self.suite.payout), body).digest)
    }

    /// A report signed by the oracles at these places of the set, in ascending order.
    pub fn signed_report(&self, body: ReportBody, oracles: &[usize]) -> Submission {
        let signers = oracles.iter().fold(0, |bits, place| bits | 1 << place);
        let signatures =
            oracles.iter().map(|&i| self.report_signature(&self.people.oracles[i].signing, &body)).collect();
        Submission { body, signers, signatures }
    }

    /// The first places of the set that make a report: f + 1.
    pub fn quorum(&self) -> Vec<usize> {
        (0..=self.people.oracles.len().saturating_sub(1) / 3).collect()
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
        self.after(closed.epoch.demand_end)?;
        let report = self.true_report(&closed)?;
        sent("a report", self.submit(self.signed_report(report.body, &self.quorum())))?;
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
