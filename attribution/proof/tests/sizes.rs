//! The largest witness of each fraud proof, with every tree at its limit, fits a contract call.

use proof::check::influence::{InfluenceFault, InfluenceWitness, RowOpening};
use proof::check::outranked::{HoldingOpening, OutrankedFault, OutrankedWitness};
use proof::check::payouts::{PayoutWitness, Standing};
use proof::check::receipt::{ReceiptFault, ReceiptOpening, ReceiptWitness, StatusOpening};
use proof::check::span::{ContributionOpening, Side, SpanFault, SpanWitness, Which};
use proof::check::tree::{Descent, SumTree, TreeFault, TreeWitness};
use proof::check::{credits, form, EvidenceOpening, Proof};
use proof::credits::CreditLeaf;
use proof::evidence::Place;
use proof::limits::{MAX_EVIDENCE_BYTES, MAX_PROOF_BYTES, MAX_RETRIEVAL};
use proof::payouts::PayoutLeaf;
use proof::receipt::{Receipt, ReceiptLeaf};
use proof::request::{Request, SignedRequest};
use proof::text::TextOpening;
use proof::tree::{range_len, Absence, Node};
use proof::version::VersionLeaf;
use scale::Encode;

const ANY: Node = Node { hash: [1; 32], sum: 1 };

fn evidence() -> EvidenceOpening {
    // 2^26 receipts in an epoch.
    EvidenceOpening { index: u64::MAX, fields: vec![1; MAX_EVIDENCE_BYTES], path: vec![[1; 32]; 26] }
}

fn receipt() -> Receipt {
    Receipt::UNFILLED
}

fn request() -> SignedRequest {
    let body = Request {
        channel: 1,
        model: 1,
        revision: 1,
        params: 1,
        sequence: 1,
        prompt: [1; 32],
        prompt_bytes: 1,
        max_tokens_out: 1,
        max_fee: 1,
        flags: 1,
        context: [1; 32],
        deadline: 1,
    };
    SignedRequest { body, key: [1; 32], signature: [1; 64] }
}

/// The same of a private answer: a salt a chunk beside the bytes.
fn private(len: u64) -> TextOpening {
    let public = text(len);
    TextOpening { salts: vec![[1; 32]; public.bytes.len() / 256], ..public }
}

/// A range of a text of 16 MiB, at its worst place, with four bytes on each side.
fn text(len: u64) -> TextOpening {
    let chunks = (len + 8).div_ceil(256) + 1;
    let path = (0..1 << 16).step_by(331).map(|at| range_len(at.min((1 << 16) - chunks), chunks, 1 << 16)).max();
    TextOpening {
        length: 1,
        first: 1,
        bytes: vec![1; (chunks * 256) as usize],
        salts: Vec::new(),
        path: vec![[1; 32]; path.unwrap()],
    }
}

fn contribution() -> ContributionOpening {
    let leaf = VersionLeaf { seq: 1, contribution: 1, content_root: [1; 32], contributor: [1; 32] };
    ContributionOpening { leaf, path: vec![[1; 32]; 20] }
}

fn holding(len: u64) -> HoldingOpening {
    let place = Place { source: 1, index: 1, offset: 1 };
    HoldingOpening { place, contribution: contribution(), text: text(len) }
}

fn row() -> RowOpening {
    RowOpening { fields: vec![1; 13 + 4_096], path: vec![[1; 32]; 20] }
}

fn gap<L: Clone>(leaf: L) -> Absence<L, Node> {
    Absence { before: Some((leaf.clone(), vec![ANY; 32])), after: Some((leaf, vec![ANY; 32])), at: u64::MAX }
}

fn fits(proof: Proof) {
    let size = proof.encoded_size();
    assert!(size <= MAX_PROOF_BYTES, "{size} bytes");
}

#[test]
fn the_largest_receipt_proof_fits() {
    let opening = ReceiptOpening { leaf: ReceiptLeaf { receipt: [1; 32], fee: 1 }, path: vec![ANY; 32] };
    let response = TextOpening { length: 1, first: 0, bytes: vec![], salts: vec![], path: vec![[1; 32]] };
    let fault = ReceiptFault::Status(StatusOpening {
        opening,
        receipt: receipt(),
        request: Some(request()),
        response: Some(response),
    });
    fits(Proof::Receipt(ReceiptWitness { evidence: evidence(), batch: 1, fault }));
}

#[test]
fn the_largest_span_proof_fits() {
    for fault in [
        SpanFault::DifferingByte(Which::Whole, 1, private(1), contribution(), text(1)),
        SpanFault::TooFewWords(Which::Whole, private(2_048)),
        SpanFault::HoldingBoundary(Which::Whole, Side::End, contribution(), text(1)),
        SpanFault::OneContributor(0, 1, contribution(), contribution()),
    ] {
        fits(Proof::Span(SpanWitness { evidence: evidence(), receipt: receipt(), entry: 1, fault }));
    }
}

#[test]
fn the_largest_outranked_proof_with_four_holders_fits() {
    for (len, fault) in [
        (256, OutrankedFault::Common(1, 1, (0..4).map(|_| holding(256)).collect())),
        (2_048, OutrankedFault::Match(1, 1, holding(2_048))),
        (2_048, OutrankedFault::Earlier(1, 1, 1, holding(2_048), contribution())),
    ] {
        let response = private(len);
        fits(Proof::Outranked(OutrankedWitness { evidence: evidence(), receipt: receipt(), response, fault }));
    }
}

#[test]
fn the_largest_influence_proof_fits() {
    let fault = InfluenceFault::LeftOut(1, row(), contribution(), vec![1; 4_096]);
    fits(Proof::Influence(InfluenceWitness { evidence: evidence(), receipt: receipt(), fault }));
}

#[test]
fn the_largest_form_proof_fits() {
    let fault = form::FormFault::Retrieval(receipt(), request(), vec![1; 9 * MAX_RETRIEVAL]);
    fits(Proof::Form(form::FormWitness { evidence: evidence(), fault }));
}

#[test]
fn the_largest_credit_proof_fits() {
    let leaf = CreditLeaf { account: [1; 32], evidence: 1, entry: 1, amount: 1 };
    let opening = credits::DueOpening {
        evidence: evidence(),
        receipt: receipt(),
        batch: 1,
        row: Some(row()),
        contribution: Some(contribution()),
    };
    fits(Proof::Credits(credits::CreditFault::Missing(1, opening, gap(leaf))));
}

#[test]
fn the_largest_tree_proof_fits() {
    let descent = || Descent { index: u64::MAX, nodes: vec![(ANY, ANY); 32], last: Some(vec![1; 58]) };
    fits(Proof::Tree(TreeWitness { tree: SumTree::Credits, fault: TreeFault::Order(descent(), descent()) }));
}

#[test]
fn the_largest_payout_proof_fits() {
    let credit = CreditLeaf { account: [1; 32], evidence: 1, entry: 1, amount: 1 };
    let payout = PayoutLeaf { account: [1; 32], cumulative: 1 };
    fits(Proof::Payouts(PayoutWitness {
        account: [1; 32],
        old: Standing::Absent(gap(payout)),
        new: Standing::Absent(gap(payout)),
        from: gap(credit),
        to: gap(credit),
    }));
}
