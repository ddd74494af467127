//! A false report is refuted by anyone who opens its bytes; a true one by nobody.
//!
//! The last scenario leaves the first set's oracles jailed, and reserves in their places.

use anyhow::{Context, Result, anyhow, bail, ensure};
use chain::{CallError, Receipt, Sent, account_bytes, read, send};
use ink::message_builder;
use ink::scale::Encode;
use openledger_abi::disputes::{Disputes, DisputesError, Outcome};
use openledger_abi::judge::{JudgeError, Proof, ReportId};
use openledger_abi::payout::ReportStatus;
use openledger_abi::staking::{OperatorInfo, Staking};
use proof::check::EvidenceOpening;
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
pub fn false_span(world: &World, closed: &Closed, report: &Report) -> Result<Option<SpanWitness>> {
    let rule = |e: Rule| anyhow!("{e:?}");
    let (leaves, texts) = world.library()?;
    let nodes = leaves.iter().map(VersionLeaf::node::<H>).collect();
    let tree = MerkleTree::build::<H>(Tree::Version, nodes).map_err(rule)?;
    let shelf = Shelf { leaves, tree, texts };
    let evidence = evidence_tree(report)?;
    let policy = world.rules()?.policy;
    let mut leaves = (0..).zip(&report.evidence);
    for (number, (batch, places)) in (closed.cut.from..).zip(&closed.batches) {
        let within = (number, world.parameters(batch.params)?.common_max);
        for (place, (index, fields)) in places.iter().zip(leaves.by_ref()) {
            let Some(answer) = place else { continue };
            let (receipt, text) = (&answer.receipt, answer.text());
            let found = find::<H>(fields, index, &evidence, within, receipt, text, &policy, &shelf).map_err(rule)?;
            if found.is_some() {
                return Ok(found);
            }
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
    let (committed, revealed) = file(world, id, &Proof::Span(witness)).map_err(|e| anyhow!("{e}"))?;
    Ok(Filed { committed: committed.receipt, revealed: revealed.receipt })
}

/// Says that the third contributor wrote whatever spans there are.
pub fn credit_the_third(leaf: &mut EvidenceLeaf) {
    for entry in &mut leaf.entries {
        if let Entry::Span(span) = entry {
            (span.credited.index, span.whole.index) = (2, 2);
        }
    }
}

/// A proof against a span of a report, whatever it is, which says that there is no such contribution.
pub fn slander(closed: &Closed, report: &Report) -> Result<Proof> {
    let fields = report.evidence.first().context("no evidence")?;
    let evidence = EvidenceOpening::of(fields, &evidence_tree(report)?, 0).map_err(|e| anyhow!("{e:?}"))?;
    let answer = closed.answer(0)?;
    let fault = SpanFault::NoSuchContribution(Which::Credited);
    Ok(Proof::Span(SpanWitness { evidence, receipt: answer.receipt, entry: 0, fault }))
}

pub type Both = (Sent<u64>, Sent<Outcome>);

/// Commits to a proof and shows it in a later block.
pub fn file(world: &World, report: ReportId, proof: &Proof) -> Result<Both, CallError<DisputesError>> {
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
    let report = world.report(&closed, tamper)?;
    sent("a report", world.submit(world.signed_report(report.body, &world.quorum())))?;
    let id = ReportId { epoch: report.body.epoch, attempt: report.body.attempt };
    Ok((closed, report, id))
}

pub fn operator(world: &World, place: usize) -> Result<OperatorInfo> {
    let call = message_builder!(Staking).operator(world.people.oracles[place].account.account());
    read(&*world.chain, world.suite.staking, call)?.context("no such operator")
}

pub fn a_true_report_cannot_be_refuted(world: &mut World) -> Result<()> {
    let (closed, report, id) = submitted(world, |_| ())?;
    ensure!(false_span(world, &closed, &report)?.is_none(), "the watcher sees a false span in a true report");

    let slander = slander(&closed, &report)?;
    let outcome = file(world, id, &slander).map(|(_, revealed)| revealed);
    refused(outcome, &DisputesError::Judge(JudgeError::NotProven(Rule::NotFraud)))?;
    ensure!(operator(world, 0)?.jailed_at.is_none(), "a signer of a true report is in jail");
    world.finalize(report).map(|_| ())
}

pub fn a_false_span_voids_the_report_and_costs_its_signers(world: &mut World) -> Result<()> {
    // The signers credit what the first contributor wrote to the third.
    let (closed, report, id) = submitted(world, credit_the_third)?;
    let stake = operator(world, 0)?.active;
    let witness = false_span(world, &closed, &report)?.context("the watcher sees nothing wrong")?;
    let (_, revealed) = file(world, id, &Proof::Span(witness)).map_err(|e| anyhow!("{e}"))?;
    let outcome = revealed.value;

    let Outcome::Voided { report: voided, signers, slashed, reward } = outcome else { bail!("{outcome:?}") };
    let places = world.quorum();
    let oracles: Vec<_> = places.iter().map(|place| world.people.oracles[*place].account.account()).collect();
    ensure!(voided == id && signers == oracles, "{voided:?} {signers:?}");
    // A false report costs its signers all that is their own.
    ensure!(slashed == stake * places.len() as u128, "{slashed} slashed");
    for place in places {
        let info = operator(world, place)?;
        ensure!(info.jailed_at.is_some() && info.active == 0, "{info:?}");
    }
    ensure!(world.reported(id.epoch)?.status == ReportStatus::Void);

    // Alone, the watcher has the whole of what is the provers', once nobody can join any more.
    let (watcher, disputes) = (world.people.watcher.clone(), world.suite.disputes);
    let claim = || send(&*world.chain, &watcher, disputes, message_builder!(Disputes).claim(id));
    refused(claim(), &DisputesError::SharingOpen)?;
    let fall = read(&*world.chain, disputes, message_builder!(Disputes).fall_of(id))?.context("it did not fall")?;
    world.after(fall.share_until)?;
    ensure!(sent("claiming the reward", claim())? == reward && reward <= slashed / 2, "{reward} of {slashed}");
    refused(claim(), &DisputesError::NothingToClaim)?;

    // Reserves step in and report truly, and the pots are still there.
    let closed = world.refill()?;
    ensure!(closed.attempt > id.attempt && closed.cut.pots > 0);
    let paid = world.report_epoch(&closed)?;
    let third = account_bytes(&world.people.contributors[2].account());
    ensure!(paid.iter().all(|leaf| leaf.account != third), "the third contributor is paid for what it didn't write");
    let claim = world.claim_of(0)?;
    sent("claiming", world.claim(claim)).map(|_| ())
}
