//! False reports, one for each fraud proof, and the proofs that show them.
//!
//! What a prover of the network finds by itself is the worker's concern (`attribution/worker`); here each proof is built by
//! hand, so that it can also be held against a true report.

use anyhow::{Context, Result, anyhow, bail, ensure};
use openledger_abi::judge::{
    CreditFault, FormWitness, InfluenceWitness, OutrankedWitness, PayoutWitness, Proof, ReceiptWitness, ReportId,
    SpanWitness,
};
use openledger_abi::payout::ReportBody;
use proof::check::EvidenceOpening;
use proof::check::credits::{CreditOpening, DueOpening};
use proof::check::form::FormFault;
use proof::check::influence::InfluenceFault;
use proof::check::outranked::{HoldingOpening, OutrankedFault};
use proof::check::payouts;
use proof::check::receipt::{ReceiptFault, ReceiptOpening, StatusOpening};
use proof::check::span::{ContributionOpening, SpanFault, Which};
use proof::credits::CreditLeaf;
use proof::evidence::{Entry, EvidenceLeaf, Influence, evidence_node};
use proof::payouts::PayoutLeaf;
use proof::receipt::Receipt;
use proof::rules::epoch::MergePayouts;
use proof::rules::leaf::{Facts, credits};
use proof::text::Text;
use proof::tree::{MerkleTree, Tree};
use proof::version::VersionLeaf;
use proof::words::CONTEXT;
use proof::{Account, Error as Rule};

use crate::epoch::{Closed, Report};
use crate::{H, World, outcome::sent};

/// A report that was submitted, false or true.
pub struct Filed {
    pub closed: Closed,
    pub report: Report,
    pub id: ReportId,
    pub window_end: u64,
}

fn rule<T>(result: std::result::Result<T, Rule>) -> Result<T> {
    result.map_err(|e| anyhow!("{e:?}"))
}

/// Submits the closed epoch's report, its leaves and then its body changed, signed by the first two oracles.
pub fn file(
    world: &mut World,
    tamper: impl Fn(&mut EvidenceLeaf),
    change: impl FnOnce(&mut ReportBody),
) -> Result<Filed> {
    let closed = world.closed_epoch()?;
    let mut report = world.report(&closed, tamper)?;
    change(&mut report.body);
    sent("a report", world.submit(world.signed_report(report.body, &world.quorum())))?;
    let id = ReportId { epoch: report.body.epoch, attempt: report.body.attempt };
    let window_end = world.reported(id.epoch)?.window_end;
    Ok(Filed { closed, report, id, window_end })
}

/// Credits the first text's words to the third contributor.
pub fn misattribute(leaf: &mut EvidenceLeaf) {
    for entry in &mut leaf.entries {
        if let Entry::Span(span) = entry {
            (span.credited.index, span.whole.index) = (2, 2);
        }
    }
}

pub fn evidence(filed: &Filed, index: u64) -> Result<EvidenceOpening> {
    let nodes = filed.report.evidence.iter().map(|fields| evidence_node::<H>(fields)).collect();
    let tree = rule(MerkleTree::build::<H>(Tree::Evidence, nodes))?;
    let fields = filed.report.evidence.get(usize::try_from(index)?).context("no such leaf")?;
    rule(EvidenceOpening::of(fields, &tree, index))
}

/// A proof that the first answer's credited holding has another byte than the answer. It holds against a report that was
/// tampered with by `misattribute`.
pub fn differing_byte(world: &World, filed: &Filed) -> Result<Proof> {
    Ok(Proof::Span(span_witness(world, filed)?))
}

pub fn span_witness(world: &World, filed: &Filed) -> Result<SpanWitness> {
    let answer = filed.closed.answer(0)?;
    let opening = evidence(filed, 0)?;
    let leaf = rule(EvidenceLeaf::decode(&opening.fields))?;
    let spans = || {
        leaf.entries.iter().enumerate().filter_map(|(i, entry)| match entry {
            Entry::Span(span) => Some((i, span)),
            _ => None,
        })
    };
    let (entry, span) = spans().next().context("no span")?;
    let (leaves, texts) = world.library()?;
    let nodes = leaves.iter().map(VersionLeaf::node::<H>).collect();
    let tree = rule(MerkleTree::build::<H>(Tree::Version, nodes))?;
    let text = &texts[span.credited.index as usize].text;
    let (start, offset) = (usize::from(span.start) + usize::from(span.skip), span.credited.offset as usize);
    let differs = |at: &usize| answer.response[start + at] != text[offset + at];
    // Where nothing differs the proof is about the first byte, and false.
    let at = (0..usize::from(span.held)).find(differs).unwrap_or(0);
    let open = |text: Text<'_>, at: usize| rule(text.open::<H>(at as u64, at as u64 + 1));
    let contribution = ContributionOpening {
        leaf: leaves[span.credited.index as usize],
        path: rule(tree.path(u64::from(span.credited.index)))?,
    };
    let fault = SpanFault::DifferingByte(
        Which::Credited,
        u16::try_from(at)?,
        open(answer.text(), start + at)?,
        contribution,
        open(Text::public(text), offset + at)?,
    );
    Ok(SpanWitness { evidence: opening, receipt: answer.receipt, entry: u8::try_from(entry)?, fault })
}

/// The receipt of the first answer.
pub fn receipt(filed: &Filed) -> Result<Receipt> {
    Ok(filed.closed.answer(0)?.receipt)
}

pub fn contribution(world: &World, index: u32) -> Result<ContributionOpening> {
    let (leaves, _) = world.library()?;
    let tree = rule(MerkleTree::build::<H>(Tree::Version, leaves.iter().map(VersionLeaf::node::<H>).collect()))?;
    Ok(ContributionOpening { leaf: leaves[index as usize], path: rule(tree.path(u64::from(index)))? })
}

/// The receipt at a place of the first batch, in its tree.
pub fn receipt_opening(world: &World, filed: &Filed, place: u64) -> Result<ReceiptOpening> {
    let (batch, receipt) = (&filed.closed.batches[0].0, filed.closed.answer(usize::try_from(place)?)?.receipt);
    let ledger = world.ledgers.iter().find(|ledger| ledger.has(batch)).context("no ledger")?;
    let path = rule(ledger.tree(batch.count_to)?.path(batch.count_from + place))?;
    Ok(ReceiptOpening { leaf: receipt.leaf(receipt.hash::<H>()), path })
}

/// Proof 2: the status of the leaf at a place of the first batch is not what its receipt, with all that it rests on, gives.
pub fn wrong_status(world: &World, filed: &Filed, place: u64) -> Result<Proof> {
    let answer = filed.closed.answer(usize::try_from(place)?)?;
    let status = StatusOpening {
        opening: receipt_opening(world, filed, place)?,
        receipt: answer.receipt,
        request: Some(answer.request),
        response: Some(rule(answer.text().open::<H>(0, 0))?),
    };
    let (batch, fault) = (filed.closed.cut.from, ReceiptFault::Status(status));
    Ok(Proof::Receipt(ReceiptWitness { evidence: evidence(filed, place)?, batch, fault }))
}

/// Proof 2: the first receipt's part is not what its batch gives.
pub fn wrong_part(world: &World, filed: &Filed) -> Result<Proof> {
    let fault = ReceiptFault::Part(receipt_opening(world, filed, 0)?);
    let batch = filed.closed.cut.from;
    Ok(Proof::Receipt(ReceiptWitness { evidence: evidence(filed, 0)?, batch, fault }))
}

/// Proof 4: the first answer's span, where the report has none.
pub fn match_left_out(world: &World, filed: &Filed) -> Result<Proof> {
    let truth = world.true_report(&filed.closed)?;
    let right = rule(EvidenceLeaf::decode(&truth.evidence[0]))?;
    let Some(Entry::Span(span)) = right.entries.first() else { bail!("no span") };
    let (_, texts) = world.library()?;
    let text = &texts[span.whole.index as usize].text;
    let open = |text: Text<'_>, start: u64, len: u64| {
        let end = (start + len + CONTEXT).min(text.bytes.len() as u64);
        rule(text.open::<H>(start.saturating_sub(CONTEXT), end))
    };
    let len = u64::from(span.len);
    let holding = HoldingOpening {
        place: span.whole,
        contribution: contribution(world, span.whole.index)?,
        text: open(Text::public(text), u64::from(span.whole.offset), len)?,
    };
    Ok(Proof::Outranked(OutrankedWitness {
        evidence: evidence(filed, 0)?,
        receipt: receipt(filed)?,
        response: open(filed.closed.answer(0)?.text(), u64::from(span.start), len)?,
        fault: OutrankedFault::Match(span.start, span.len, holding),
    }))
}

/// Proof 5: influence on a receipt without a sketch.
pub fn no_sketch(_: &World, filed: &Filed) -> Result<Proof> {
    let (evidence, receipt) = (evidence(filed, 0)?, receipt(filed)?);
    Ok(Proof::Influence(InfluenceWitness { evidence, receipt, fault: InfluenceFault::NoSketch }))
}

/// Adds influence that nothing gives.
pub fn add_influence(leaf: &mut EvidenceLeaf) {
    leaf.entries.push(Entry::Influence(Influence { row: 0, score: 1, amount: 0 }));
}

/// Proof 6: the first leaf's amounts are not what the rules give.
pub fn wrong_amounts(_: &World, filed: &Filed) -> Result<Proof> {
    let fault = FormFault::Amounts(receipt(filed)?, filed.closed.cut.from);
    Ok(Proof::Form(FormWitness { evidence: evidence(filed, 0)?, fault }))
}

/// Takes a unit from each entry.
pub fn take_a_unit(leaf: &mut EvidenceLeaf) {
    for entry in &mut leaf.entries {
        entry.set_amount(entry.amount().saturating_sub(1));
    }
}

/// Proof 6 on form: the first leaf names a range twice.
pub fn wrong_form(_: &World, filed: &Filed) -> Result<Proof> {
    let fault = FormFault::Form(receipt(filed)?, filed.closed.cut.from);
    Ok(Proof::Form(FormWitness { evidence: evidence(filed, 0)?, fault }))
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
pub fn credit_tree(leaves: &[CreditLeaf]) -> Result<MerkleTree> {
    rule(MerkleTree::build::<H>(Tree::Credits, leaves.iter().map(CreditLeaf::node::<H>).collect()))
}

pub fn payout_tree(leaves: &[PayoutLeaf]) -> Result<MerkleTree> {
    rule(MerkleTree::build::<H>(Tree::Payouts, leaves.iter().map(PayoutLeaf::node::<H>).collect()))
}

/// What a report credits and pays.
pub struct Money {
    pub credits: Vec<CreditLeaf>,
    pub payouts: Vec<PayoutLeaf>,
}

/// Files a report whose credits and then payouts were changed.
pub fn file_money(
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

pub fn due(world: &World, filed: &Filed, index: u64) -> Result<DueOpening> {
    let opening = evidence(filed, index)?;
    let leaf = rule(EvidenceLeaf::decode(&opening.fields))?;
    let Some(Entry::Span(span)) = leaf.entries.first() else { bail!("no span") };
    Ok(DueOpening {
        evidence: opening,
        receipt: filed.closed.answer(usize::try_from(index)?)?.receipt,
        batch: filed.closed.cut.from,
        row: None,
        contribution: Some(contribution(world, span.credited.index)?),
    })
}

pub fn not_due(world: &World, filed: &Filed, money: &Money, at: usize) -> Result<Proof> {
    let leaf = money.credits[at];
    let path = rule(credit_tree(&money.credits)?.path(at as u64))?;
    let credit = CreditOpening { leaf, index: at as u64, path };
    Ok(Proof::Credits(CreditFault::NotDue(credit, due(world, filed, leaf.evidence)?)))
}

/// Files a report in which the first credit is somebody else's, with proof 7 against it.
pub fn stolen_credit(world: &mut World) -> Result<(Filed, Proof)> {
    let thief: Account = *AsRef::<[u8; 32]>::as_ref(&world.people.watcher.account());
    let (filed, money) = file_money(world, |credits| credits[0].account = thief, |_| ())?;
    let at = money.credits.iter().position(|leaf| leaf.account == thief).context("no such credit")?;
    let proof = not_due(world, &filed, &money, at)?;
    Ok((filed, proof))
}

/// Files a report that moves a unit of one account's total to another's, with proof 9 against it.
pub fn moved_total(world: &mut World) -> Result<(Filed, Proof)> {
    let rob = |payouts: &mut Vec<PayoutLeaf>| {
        payouts[0].cumulative -= 1;
        payouts[1].cumulative += 1;
    };
    let (filed, money) = file_money(world, |_| (), rob)?;
    let old = world.payouts.clone();
    let witness: Option<PayoutWitness> = rule(payouts::find(
        (&old, &payout_tree(&old)?),
        (&money.credits, &credit_tree(&money.credits)?),
        (&money.payouts, &payout_tree(&money.payouts)?),
    ))?;
    Ok((filed, Proof::Payouts(witness.context("nothing is wrong")?)))
}
