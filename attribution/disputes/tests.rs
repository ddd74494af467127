//! The life of a commit and a private receipt's proof of origin, without a chain.

use crate::{commit, private};
use ink::scale::{DecodeAll, Encode};
use openledger_abi::disputes::*;
use openledger_abi::payout::Batch;
use openledger_abi::AccountId;
use proof::check::tree::{SumTree, TreeFault};
use proof::evidence::{encode_entries, Entry, EvidenceLeaf, Place, Span, ATTRIBUTED};
use proof::receipt::{credits_hash, Receipt, FLAG_PRIVATE};
use proof::tree::{MerkleTree, Tree};
use proof::Blake2;

const PARAMETERS: DisputeParameters =
    DisputeParameters { bond: 100, reveal_ms: 50, report_bps: 10_000, equivocation_bps: 1_000 };

fn account(byte: u8) -> AccountId {
    AccountId::from([byte; 32])
}

/// A commit of account 1 at time 10 in block 5.
fn made() -> Commit {
    commit::make(account(1), [7; 32], None, &PARAMETERS, 10, 5).unwrap()
}

#[test]
fn a_proof_is_revealed_in_a_later_block_and_in_time() {
    let at = |now, block| commit::ensure_revealable(&made(), account(1), [7; 32], 10, now, block);
    assert_eq!(at(10, 5), Err(DisputesError::TooEarly));
    assert_eq!(at(10, 6), Ok(()));
    assert_eq!(at(60, 6), Ok(()));
    assert_eq!(at(61, 6), Err(DisputesError::TooLate));
}

#[test]
fn only_the_prover_reveals_and_only_what_it_committed_to() {
    let reveal = |caller, hash, length| commit::ensure_revealable(&made(), caller, hash, length, 20, 6);
    assert_eq!(reveal(account(2), [7; 32], 10), Err(DisputesError::NotProver));
    assert_eq!(reveal(account(1), [8; 32], 10), Err(DisputesError::WrongPreimage));
    assert_eq!(reveal(account(1), [7; 32], MAX_PROOF_BYTES + 1), Err(DisputesError::ProofTooLong));
    assert_eq!(reveal(account(1), [7; 32], MAX_PROOF_BYTES), Ok(()));
}

#[test]
fn the_hash_is_the_provers_own() {
    let of = |account: &AccountId| commit_hash::<Blake2>(account, b"proof");
    assert_ne!(of(&account(1)), of(&account(2)));
    let mut preimage = vec![1; 32];
    preimage.extend_from_slice(b"proof");
    assert_eq!(of(&account(1)), <Blake2 as proof::Hasher>::blake2_256(&preimage));
}

#[test]
fn a_bond_goes_back_when_another_voided_the_report_and_is_lost_when_nothing_came() {
    assert_eq!(commit::settle(&mut made(), true, 11), Ok(CommitStatus::Returned));
    assert_eq!(commit::settle(&mut made(), false, 60), Err(DisputesError::RevealOpen));
    let mut commit = made();
    assert_eq!(commit::settle(&mut commit, false, 61), Ok(CommitStatus::Forfeited));
    assert_eq!(commit::settle(&mut commit, true, 62), Err(DisputesError::CommitSpent));
    assert_eq!(commit::ensure_revealable(&commit, account(1), [7; 32], 10, 20, 6), Err(DisputesError::CommitSpent));
}

#[test]
fn parameters_keep_their_bounds() {
    assert_eq!(commit::validate(&PARAMETERS), Ok(()));
    for bad in [
        DisputeParameters { bond: 0, ..PARAMETERS },
        DisputeParameters { reveal_ms: 0, ..PARAMETERS },
        DisputeParameters { report_bps: 0, ..PARAMETERS },
        DisputeParameters { report_bps: 10_001, ..PARAMETERS },
        DisputeParameters { equivocation_bps: 0, ..PARAMETERS },
    ] {
        assert_eq!(commit::validate(&bad), Err(DisputesError::BadParameters));
    }
}

#[test]
fn a_proof_begins_with_its_number() {
    let tree = FraudProof::Tree(TreeWitness { tree: SumTree::Credits, fault: TreeFault::Head });
    let bytes = tree.encode();
    assert_eq!(bytes, [8, 0, 0]);
    assert_eq!(FraudProof::decode_all(&mut bytes.as_slice()), Ok(tree));
    assert!(FraudProof::decode_all(&mut [8, 0, 0, 0].as_slice()).is_err());
    assert!(FraudProof::decode_all(&mut [10, 0, 0].as_slice()).is_err());
    // All but an equivocation, which also names the oracle, are encoded as crate proof encodes them.
    let proof = Proof::Tree(TreeWitness { tree: SumTree::Credits, fault: TreeFault::Head });
    assert_eq!(proof.encode(), bytes);
    assert_eq!(FraudProof::against_signers(proof).unwrap().encode(), bytes);
}

/// Two private receipts of channel 4, model 5; the second with one span; redeemed as receipts 7 and 8.
struct Private {
    batch: Batch,
    redeemed: HostsReceipt,
    receipt: Receipt,
    evidence: EvidenceLeaf,
}

fn private_proof() -> Private {
    let place = Place { source: 0, index: 1, offset: 2 };
    let span = |amount| Span { start: 0, len: 30, skip: 0, held: 30, credited: place, whole: place, amount };
    let preimage = encode_entries(&[Entry::Span(span(0))]).unwrap();
    let receipt = Receipt {
        channel: 4,
        model: 5,
        revision: 0,
        adapter: [1; 32],
        sequence: 8,
        flags: FLAG_PRIVATE,
        tokens_in: 1,
        tokens_out: 1,
        fee: 10,
        prompt: [2; 32],
        response: [3; 32],
        sketch: [0; 32],
        context: [0; 32],
        credits: credits_hash::<Blake2>(&preimage),
    };
    let leaves = (0..9)
        .map(|i| {
            let receipt = Receipt { sequence: i, ..receipt };
            receipt.leaf(receipt.hash::<Blake2>()).node::<Blake2>()
        })
        .collect();
    let tree = MerkleTree::build::<Blake2>(Tree::Receipts, leaves).unwrap();
    let evidence = EvidenceLeaf {
        receipt: receipt.hash::<Blake2>(),
        part: 99,
        status: ATTRIBUTED,
        entries: vec![Entry::Span(span(99))],
    };
    let batch = Batch {
        channel: 4,
        host: account(9),
        model: 5,
        params: 0,
        at: 0,
        count_from: 7,
        count_to: 9,
        fee_from: 70,
        fee_to: 90,
        top: tree.top().hash,
        pot: 9,
        sum_counts: 2,
        sum_pots: 9,
    };
    Private { batch, redeemed: HostsReceipt { batch: 0, path: tree.path(8).unwrap() }, receipt, evidence }
}

fn word(change: impl FnOnce(&mut Private)) -> Result<(), DisputesError> {
    let mut private = private_proof();
    change(&mut private);
    let Private { batch, redeemed, receipt, evidence } = private;
    private::ensure_hosts_word::<Blake2>(&batch, &redeemed, &receipt, &evidence.fields().unwrap())
}

#[test]
fn a_redeemed_private_receipt_with_its_own_entries_is_its_hosts_word() {
    assert_eq!(word(|_| ()), Ok(()));
}

#[test]
fn a_receipt_that_was_never_redeemed_slashes_no_host() {
    assert_eq!(word(|p| p.receipt.tokens_in += 1), Err(DisputesError::NotTheHosts));
    assert_eq!(word(|p| p.batch.channel = 3), Err(DisputesError::NotTheHosts));
    assert_eq!(word(|p| p.batch.count_to = 8), Err(DisputesError::NotTheHosts));
    assert_eq!(word(|p| p.redeemed.path.clear()), Err(DisputesError::NotTheHosts));
}

#[test]
fn entries_that_the_signers_wrote_slash_no_host() {
    let other = word(|p| {
        if let Entry::Span(span) = &mut p.evidence.entries[0] {
            span.credited.offset += 1;
        }
    });
    assert_eq!(other, Err(DisputesError::NotTheHosts));
}
