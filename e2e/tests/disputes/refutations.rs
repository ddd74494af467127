//! One false report for each of the proofs 2, 4, 5, 6, 7 and 9, and the same proof against the true report.

use openledger_abi::disputes::{
    CreditFault, FormWitness, Fraud, FraudProven, InfluenceWitness, OutrankedWitness, PayoutWitness, ReceiptWitness,
};
use openledger_abi::staking::Slashed;
use proof::Account;
use proof::check::credits::{CreditOpening, DueOpening};
use proof::check::form::FormFault;
use proof::check::influence::InfluenceFault;
use proof::check::outranked::{HoldingOpening, OutrankedFault};
use proof::check::payouts;
use proof::check::receipt::{ReceiptFault, ReceiptOpening};
use proof::check::span::ContributionOpening;
use proof::credits::CreditLeaf;
use proof::evidence::Influence;
use proof::receipt::Receipt;
use proof::rules::epoch::MergePayouts;
use proof::rules::leaf::{Facts, credits};
use proof::text::TextOpening;
use proof::version::VersionLeaf;

use super::*;

/// The receipt of the first answer.
fn receipt(filed: &Filed) -> Receipt {
    filed.closed.batches[0].1[0].receipt
}

fn contribution(world: &World, index: u32) -> Result<ContributionOpening> {
    let (leaves, _) = world.library()?;
    let tree = rule(MerkleTree::build::<H>(Tree::Version, leaves.iter().map(VersionLeaf::node::<H>).collect()))?;
    Ok(ContributionOpening { leaf: leaves[index as usize], path: rule(tree.path(u64::from(index)))? })
}

/// Files a report tampered with so, shows that the proof voids it for this fraud, and that it does nothing to a true one.
fn refutes(
    tamper: impl Fn(&mut EvidenceLeaf),
    proof: impl Fn(&World, &Filed) -> Result<FraudProof>,
    fraud: Fraud,
) -> Result<()> {
    let mut world = world()?;
    let filed = file(&mut world, tamper, |_| ())?;
    voids(&world, &filed, &proof(&world, &filed)?, fraud)?;

    let mut honest = super::world()?;
    let filed = file(&mut honest, |_| (), |_| ())?;
    let outcome = prove(&honest, Some(filed.id), &proof(&honest, &filed)?);
    refused(outcome, &DisputesError::NotProven(Rule::NotFraud))?;
    ensure!(honest.reported(filed.id.epoch)?.status == ReportStatus::Pending);
    Ok(())
}

fn voids(world: &World, filed: &Filed, proof: &FraudProof, fraud: Fraud) -> Result<()> {
    ensure!(proof.encode().len() <= openledger_abi::disputes::MAX_PROOF_BYTES);
    let sent = prove(world, Some(filed.id), proof).map_err(|e| anyhow!("{e}"))?;
    ensure!(matches!(sent.value, Outcome::Voided { report, .. } if report == filed.id), "{:?}", sent.value);
    let events = sent.receipt.events_of::<FraudProven>(world.suite.disputes);
    let shown = events.first().context("no FraudProven")?;
    ensure!(shown.fraud == fraud && shown.slashed.len() == 2, "{shown:?}");
    ensure!(sent.receipt.events_of::<Slashed>(world.suite.staking).len() == 2);
    println!("{fraud:?}: {} bytes, {:.1}·10^9 ps", proof.encode().len(), sent.receipt.gas.ref_time as f64 / 1e9);
    Ok(())
}

#[test]
fn a_wrong_part_voids_the_report() -> Result<()> {
    let proof = |world: &World, filed: &Filed| {
        let channel = filed.closed.batches[0].0.channel;
        let ledger = world.ledgers.iter().find(|ledger| ledger.channel == channel).context("no ledger")?;
        let tree = ledger.tree(filed.closed.batches[0].0.count_to)?;
        let leaf = receipt(filed).leaf(receipt(filed).hash::<H>());
        let fault = ReceiptFault::Part(ReceiptOpening { leaf, path: rule(tree.path(0))? });
        let batch = filed.closed.epoch.from;
        Ok(FraudProof::Receipt(ReceiptWitness { evidence: evidence(filed, 0)?, batch, fault }))
    };
    refutes(|leaf| leaf.part += 1, proof, Fraud::WrongPart)
}

#[test]
fn a_match_left_out_voids_the_report() -> Result<()> {
    let proof = |world: &World, filed: &Filed| {
        let truth = world.true_report(&filed.closed)?;
        let right = rule(EvidenceLeaf::decode(&truth.evidence[0]))?;
        let Some(Entry::Span(span)) = right.entries.first() else { bail!("no span") };
        let (_, texts) = world.library()?;
        let text = &texts[span.whole.index as usize].text;
        let open = |text: &[u8], start: u64, len: u64| {
            let end = (start + len + 1).min(text.len() as u64);
            rule(TextOpening::of::<H>(text, start.saturating_sub(1), end))
        };
        let len = u64::from(span.len);
        let holding = HoldingOpening {
            place: span.whole,
            contribution: contribution(world, span.whole.index)?,
            text: open(text, u64::from(span.whole.offset), len)?,
        };
        Ok(FraudProof::Outranked(OutrankedWitness {
            evidence: evidence(filed, 0)?,
            receipt: receipt(filed),
            response: open(&filed.closed.batches[0].1[0].response, u64::from(span.start), len)?,
            fault: OutrankedFault::Match(span.start, span.len, holding),
        }))
    };
    refutes(|leaf| leaf.entries.clear(), proof, Fraud::MatchLeftOut)
}

#[test]
fn influence_without_a_sketch_voids_the_report() -> Result<()> {
    let proof = |_: &World, filed: &Filed| {
        let (evidence, receipt) = (evidence(filed, 0)?, receipt(filed));
        Ok(FraudProof::Influence(InfluenceWitness { evidence, receipt, fault: InfluenceFault::NoSketch }))
    };
    let tamper =
        |leaf: &mut EvidenceLeaf| leaf.entries.push(Entry::Influence(Influence { row: 0, score: 1, amount: 0 }));
    refutes(tamper, proof, Fraud::NoSketch)
}

#[test]
fn wrong_amounts_void_the_report() -> Result<()> {
    let proof = |_: &World, filed: &Filed| {
        let fault = FormFault::Amounts(receipt(filed), filed.closed.epoch.from);
        Ok(FraudProof::Form(FormWitness { evidence: evidence(filed, 0)?, fault }))
    };
    let tamper = |leaf: &mut EvidenceLeaf| {
        for entry in &mut leaf.entries {
            entry.set_amount(entry.amount() - 1);
        }
    };
    refutes(tamper, proof, Fraud::WrongAmounts)
}

#[test]
fn wrong_form_voids_the_report() -> Result<()> {
    let proof = |_: &World, filed: &Filed| {
        let fault = FormFault::Form(receipt(filed));
        Ok(FraudProof::Form(FormWitness { evidence: evidence(filed, 0)?, fault }))
    };
    let twice = |leaf: &mut EvidenceLeaf| {
        let mut again = leaf.entries[0].clone();
        again.set_amount(0);
        leaf.entries.push(again);
    };
    refutes(twice, proof, Fraud::BadForm)
}

/// Contributions belong to who contributed them.
struct Contributors(Vec<VersionLeaf>);

impl Facts for Contributors {
    fn due(&self, source: u8, index: u32) -> Option<Account> {
        (source == 0).then(|| self.0.get(index as usize)).flatten().map(|leaf| leaf.contributor)
    }

    fn row(&self, _: u32) -> Option<(u8, u32)> {
        None
    }
}

/// Sorted leaves as a tree.
fn credit_tree(leaves: &[CreditLeaf]) -> Result<MerkleTree> {
    rule(MerkleTree::build::<H>(Tree::Credits, leaves.iter().map(CreditLeaf::node::<H>).collect()))
}

fn payout_tree(leaves: &[PayoutLeaf]) -> Result<MerkleTree> {
    rule(MerkleTree::build::<H>(Tree::Payouts, leaves.iter().map(PayoutLeaf::node::<H>).collect()))
}

/// What a report credits and pays.
struct Money {
    credits: Vec<CreditLeaf>,
    payouts: Vec<PayoutLeaf>,
}

/// Files a report whose credits and then payouts were changed.
fn file_money(
    world: &mut World,
    change_credits: impl Fn(&mut Vec<CreditLeaf>),
    change_payouts: impl Fn(&mut Vec<PayoutLeaf>),
) -> Result<(Filed, Money)> {
    let closed = world.closed_epoch()?;
    let truth = world.true_report(&closed)?;
    let facts = Contributors(world.library()?.0);
    let mut list = Vec::new();
    for (index, fields) in (0..).zip(&truth.evidence) {
        list.extend(credits(&rule(EvidenceLeaf::decode(fields))?, index, &facts));
    }
    list.sort_unstable();
    ensure!(rule(Ok(credit_tree(&list)?.sum_head()))? == truth.body.credits, "not the true credits");
    change_credits(&mut list);
    list.sort_unstable();
    let merged = MergePayouts::new(world.payouts.iter().copied(), list.iter().copied());
    let mut payouts = rule(merged.collect::<Result<Vec<_>, _>>())?;
    change_payouts(&mut payouts);
    let (credited, paid) = (credit_tree(&list)?.sum_head(), payout_tree(&payouts)?.sum_head());
    let filed = file(
        world,
        |_| (),
        |body| {
            body.carry_out = body.carry_out + body.credits.sum - credited.sum;
            body.credits = credited;
            body.payouts = paid;
        },
    )?;
    Ok((filed, Money { credits: list, payouts }))
}

fn due(world: &World, filed: &Filed, index: u64) -> Result<DueOpening> {
    let opening = evidence(filed, index)?;
    let leaf = rule(EvidenceLeaf::decode(&opening.fields))?;
    let Some(Entry::Span(span)) = leaf.entries.first() else { bail!("no span") };
    Ok(DueOpening {
        evidence: opening,
        receipt: filed.closed.batches[0].1[usize::try_from(index)?].receipt,
        batch: filed.closed.epoch.from,
        row: None,
        contribution: Some(contribution(world, span.credited.index)?),
    })
}

fn not_due(world: &World, filed: &Filed, money: &Money, at: usize) -> Result<FraudProof> {
    let leaf = money.credits[at];
    let path = rule(credit_tree(&money.credits)?.path(at as u64))?;
    let credit = CreditOpening { leaf, index: at as u64, path };
    Ok(FraudProof::Credits(CreditFault::NotDue(credit, due(world, filed, leaf.evidence)?)))
}

#[test]
fn a_credit_to_somebody_else_voids_the_report() -> Result<()> {
    let mut world = world()?;
    let thief: Account = *AsRef::<[u8; 32]>::as_ref(&world.people.watcher.account());
    let (filed, money) = file_money(&mut world, |credits| credits[0].account = thief, |_| ())?;
    let at = money.credits.iter().position(|leaf| leaf.account == thief).context("no such credit")?;
    let proof = not_due(&world, &filed, &money, at)?;
    voids(&world, &filed, &proof, Fraud::CreditNotDue)?;

    let mut honest = super::world()?;
    let (filed, money) = file_money(&mut honest, |_| (), |_| ())?;
    let proof = not_due(&honest, &filed, &money, 0)?;
    refused(prove(&honest, Some(filed.id), &proof), &DisputesError::NotProven(Rule::NotFraud))
}

#[test]
fn a_credit_left_out_voids_the_report() -> Result<()> {
    let mut world = world()?;
    let left_out = std::cell::Cell::new(None);
    let (filed, money) = file_money(&mut world, |credits| left_out.set(Some(credits.remove(0))), |_| ())?;
    let left_out = left_out.get().context("nothing left out")?;
    let tree = credit_tree(&money.credits)?;
    let absence = rule(proof::tree::Absence::of(&money.credits, &tree, 0))?;
    let fault = CreditFault::Missing(left_out.entry, due(&world, &filed, left_out.evidence)?, absence);
    voids(&world, &filed, &FraudProof::Credits(fault), Fraud::CreditMissing)
}

#[test]
fn a_total_moved_to_somebody_else_voids_the_report() -> Result<()> {
    let mut world = world()?;
    let rob = |payouts: &mut Vec<PayoutLeaf>| {
        payouts[0].cumulative -= 1;
        payouts[1].cumulative += 1;
    };
    let (filed, money) = file_money(&mut world, |_| (), rob)?;
    let witness = |world: &World, money: &Money| -> Result<Option<PayoutWitness>> {
        let old = world.payouts.clone();
        rule(payouts::find(
            (&old, &payout_tree(&old)?),
            (&money.credits, &credit_tree(&money.credits)?),
            (&money.payouts, &payout_tree(&money.payouts)?),
        ))
    };
    let proof = FraudProof::Payouts(witness(&world, &money)?.context("nothing is wrong")?);
    voids(&world, &filed, &proof, Fraud::WrongPayout)
}
