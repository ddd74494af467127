//! A false report is refuted by anyone who opens its bytes; a true one by nobody.
//!
//! The last two scenarios leave oracles jailed; in one world they come in this order.

use anyhow::{Context, Result, anyhow, bail, ensure};
use chain::{CallError, Receipt, Sent, account_bytes, read, send};
use ink::message_builder;
use ink::scale::Encode;
use openledger_abi::disputes::{Disputes, DisputesError, FraudProof, Outcome, ReportId};
use openledger_abi::payout::{Payout, PayoutError, ReportBody, ReportStatus, SumHead, TreeHead};
use openledger_abi::staking::{OperatorInfo, Staking};
use proof::check::EvidenceOpening;
use proof::check::equivocation::EquivocationWitness;
use proof::check::span::{Library, SpanFault, SpanWitness, Which, find};
use proof::evidence::{Entry, EvidenceLeaf, evidence_node};
use proof::rules::spans::SourceText;
use proof::tree::{MerkleTree, Tree};
use proof::version::VersionLeaf;
use proof::{Error as Rule, Hasher};

use crate::epoch::{Closed, Report};
use crate::{H, World, outcome::sent, refused};

/// The texts of version 0, as a watcher has them.
struct Shelf {
    leaves: Vec<VersionLeaf>,
    tree: MerkleTree,
    texts: Vec<SourceText>,
}

impl Library for Shelf {
    fn version(&self, source: u8) -> Option<(&[VersionLeaf], &MerkleTree)> {
        (source == 0).then_some((&self.leaves, &self.tree))
    }

    fn text(&self, source: u8, index: u32) -> Option<&[u8]> {
        let text = self.texts.get(index as usize)?;
        (source == 0).then_some(&text.text)
    }

    fn counts(&self, _: u8, _: u64) -> bool {
        true
    }
}

/// The first span of a report that the bytes don't bear out.
pub(crate) fn false_span(world: &World, closed: &Closed, report: &Report) -> Result<Option<SpanWitness>> {
    let rule = |e: Rule| anyhow!("{e:?}");
    let (leaves, texts) = world.library()?;
    let nodes = leaves.iter().map(VersionLeaf::node::<H>).collect();
    let tree = MerkleTree::build::<H>(Tree::Version, nodes).map_err(rule)?;
    let shelf = Shelf { leaves, tree, texts };
    let evidence = evidence_tree(report)?;
    let policy = world.rules()?.policy;
    let common_max = world.config.fees.common_max;
    let batches = (closed.epoch.from..).zip(&closed.batches);
    let answers = batches.flat_map(|(number, (_, answers))| answers.iter().map(move |answer| (number, answer)));
    for ((index, fields), (number, answer)) in (0..).zip(&report.evidence).zip(answers) {
        let (receipt, response) = (&answer.receipt, &answer.response);
        let batch = (number, common_max);
        let found = find::<H>(fields, index, &evidence, batch, receipt, response, &policy, &shelf).map_err(rule)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

pub(crate) fn evidence_tree(report: &Report) -> Result<MerkleTree> {
    let nodes = report.evidence.iter().map(|fields| evidence_node::<H>(fields)).collect();
    MerkleTree::build::<H>(Tree::Evidence, nodes).map_err(|e| anyhow!("{e:?}"))
}

/// Transactions that showed a fraud.
pub struct Filed {
    pub committed: Receipt,
    pub revealed: Receipt,
}

/// Has a false report submitted and refuted, as the second scenario does; leaves two oracles jailed.
pub fn file_a_false_span(world: &mut World) -> Result<Filed> {
    let (closed, report, id) = submitted(world, credit_the_third)?;
    let witness = false_span(world, &closed, &report)?.context("the watcher sees nothing wrong")?;
    let (committed, revealed) = file(world, Some(id), &FraudProof::Span(witness)).map_err(|e| anyhow!("{e}"))?;
    Ok(Filed { committed: committed.receipt, revealed: revealed.receipt })
}

/// Has an oracle shown that signed two reports of one slot: the third of the set, which is jailed then.
pub fn file_an_equivocation(world: &mut World) -> Result<Filed> {
    world.approve(&world.people.watcher.clone(), world.suite.disputes, world.config.disputes.bond)?;
    let proof = equivocation(world)?;
    let (committed, revealed) = file(world, None, &proof).map_err(|e| anyhow!("{e}"))?;
    Ok(Filed { committed: committed.receipt, revealed: revealed.receipt })
}

/// The third oracle's signatures under two reports of an epoch to come.
pub(crate) fn equivocation(world: &World) -> Result<FraudProof> {
    let head = SumHead::EMPTY;
    let first = ReportBody {
        set: read(&*world.chain, world.suite.payout, message_builder!(Payout).current_set())?,
        epoch: 1_000,
        attempt: 0,
        round: 0,
        from: 0,
        to: 1,
        previous: head,
        evidence: TreeHead::EMPTY,
        credits: head,
        payouts: head,
        carry_out: 0,
        files: proof::ZERO,
        deadline: world.later()?,
    };
    let second = ReportBody { carry_out: 1, ..first };
    let sign = |body| world.report_signature(&world.people.oracles[2].signing, body);
    let (first_signature, second_signature) = (sign(&first), sign(&second));
    Ok(FraudProof::Equivocation(2, EquivocationWitness { first, second, first_signature, second_signature }))
}

/// Says that the third contributor wrote whatever spans there are.
pub(crate) fn credit_the_third(leaf: &mut EvidenceLeaf) {
    for entry in &mut leaf.entries {
        if let Entry::Span(span) = entry {
            (span.credited.index, span.whole.index) = (2, 2);
        }
    }
}

/// A proof against a span of a report, whatever it is, which says that there is no such contribution.
pub(crate) fn slander(closed: &Closed, report: &Report) -> Result<FraudProof> {
    let fields = report.evidence.first().context("no evidence")?;
    let evidence = EvidenceOpening::of(fields, &evidence_tree(report)?, 0).map_err(|e| anyhow!("{e:?}"))?;
    let answer = closed.batches.first().and_then(|(_, answers)| answers.first()).context("no answer")?;
    let fault = SpanFault::NoSuchContribution(Which::Credited);
    Ok(FraudProof::Span(SpanWitness { evidence, receipt: answer.receipt, entry: 0, fault }))
}

/// A commit and its reveal.
pub type Both = (Sent<u64>, Sent<Outcome>);

/// Commits to a proof and shows it in a later block.
pub fn file(world: &World, report: Option<ReportId>, proof: &FraudProof) -> Result<Both, CallError<DisputesError>> {
    let (watcher, disputes) = (&world.people.watcher, world.suite.disputes);
    let bytes = proof.encode();
    let hash = H::blake2_256(&[account_bytes(&watcher.account()).as_slice(), &bytes].concat());
    let commit = send(&*world.chain, watcher, disputes, message_builder!(Disputes).commit(report, hash))?;
    world.chain.advance(std::time::Duration::from_millis(1))?;
    let reveal = message_builder!(Disputes).reveal(commit.value, bytes);
    let revealed = send(&*world.chain, watcher, disputes, reveal)?;
    Ok((commit, revealed))
}

/// Submits a report of the closed epoch; its number and attempt.
fn submitted(world: &mut World, tamper: impl Fn(&mut EvidenceLeaf)) -> Result<(Closed, Report, ReportId)> {
    let bond = world.config.disputes.bond;
    world.approve(&world.people.watcher.clone(), world.suite.disputes, 2 * bond)?;
    let closed = world.closed_epoch()?;
    world.after(closed.epoch.demand_end)?;
    let report = world.report(&closed, tamper)?;
    sent("a report", world.submit(world.signed_report(report.body, &world.quorum())))?;
    let id = ReportId { epoch: report.body.epoch, attempt: report.body.attempt };
    Ok((closed, report, id))
}

/// The oracle at a place of the set.
pub fn operator(world: &World, place: usize) -> Result<OperatorInfo> {
    let call = message_builder!(Staking).operator(world.people.oracles[place].account.account());
    read(&*world.chain, world.suite.staking, call)?.context("no such operator")
}

pub fn a_true_report_cannot_be_refuted(world: &mut World) -> Result<()> {
    let (closed, report, id) = submitted(world, |_| ())?;
    ensure!(false_span(world, &closed, &report)?.is_none(), "the watcher sees a false span in a true report");

    let slander = slander(&closed, &report)?;
    let outcome = file(world, Some(id), &slander).map(|(_, revealed)| revealed);
    refused(outcome, &DisputesError::NotProven(Rule::NotFraud))?;
    ensure!(operator(world, 0)?.jailed_at.is_none(), "a signer of a true report is in jail");
    world.finalize(report).map(|_| ())
}

pub fn an_oracle_that_signs_two_reports_of_one_slot_is_slashed(world: &mut World) -> Result<()> {
    let before = operator(world, 2)?.active;
    file_an_equivocation(world)?;
    let info = operator(world, 2)?;
    let lost = before * u128::from(world.config.disputes.equivocation_bps) / 10_000;
    ensure!(info.jailed_at.is_some() && info.active == before - lost, "{info:?}");
    Ok(())
}

pub fn a_false_span_voids_the_report_and_costs_its_signers(world: &mut World) -> Result<()> {
    // The signers credit what the first contributor wrote to the third.
    let (closed, report, id) = submitted(world, credit_the_third)?;
    let stake = operator(world, 0)?.active;
    let witness = false_span(world, &closed, &report)?.context("the watcher sees nothing wrong")?;
    let (_, revealed) = file(world, Some(id), &FraudProof::Span(witness)).map_err(|e| anyhow!("{e}"))?;
    let outcome = revealed.value;

    let Outcome::Voided { report: voided, signers, slashed } = outcome else { bail!("{outcome:?}") };
    let oracle = |place: usize| world.people.oracles[place].account.account();
    ensure!(voided == id && signers == [oracle(0), oracle(1)], "{voided:?} {signers:?}");
    let lost = stake * u128::from(world.config.disputes.report_bps) / 10_000;
    ensure!(slashed == 2 * lost, "{slashed} slashed");
    for place in [0, 1] {
        let info = operator(world, place)?;
        ensure!(info.jailed_at.is_some() && info.active == stake - lost, "{info:?}");
    }
    let watcher = world.people.watcher.clone();
    let credit = read(&*world.chain, world.suite.staking, message_builder!(Staking).credit_of(watcher.account()))?;
    ensure!(credit > 0 && credit <= slashed * 3 / 10, "the watcher is credited {credit}");
    ensure!(world.reported(id.epoch)?.status == ReportStatus::Void);

    // The same two can't report again; the other two report truly, and the pots are still there.
    let truth = world.true_report(&closed)?;
    ensure!(truth.body.attempt == id.attempt + 1);
    refused(world.submit(world.signed_report(truth.body, &[0, 1])), &PayoutError::SignerJailed(0))?;
    sent("the true report", world.submit(world.signed_report(truth.body, &[2, 3])))?;
    let paid = world.finalize(truth)?;
    let third = account_bytes(&world.people.contributors[2].account());
    ensure!(paid.iter().all(|leaf| leaf.account != third), "the third contributor is paid for what it didn't write");
    let claim = world.claim_of(0)?;
    sent("claiming", world.claim(claim)).map(|_| ())
}
