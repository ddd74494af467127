use super::*;
use proof::receipt::Receipt;

fn record(channel: u64, model: u32, sequence: u64, fee: u128) -> ReceiptRecord {
    let response = format!("answer {sequence}").into_bytes();
    let receipt = Receipt {
        channel,
        model,
        revision: 0,
        adapter: [3; 32],
        sequence,
        flags: 0,
        tokens_in: 1,
        tokens_out: 2,
        fee,
        prompt: [0; 32],
        response: proof::text::root_of::<Blake2>(&response).unwrap(),
        sketch: proof::ZERO,
        context: proof::ZERO,
        credits: proof::ZERO,
    };
    ReceiptRecord {
        receipt: receipt.into(),
        signature: [0; 64],
        response,
        sketch: vec![],
        context: vec![],
        credits: vec![],
    }
}

fn voucher(head: SumHead) -> SignedVoucher {
    SignedVoucher {
        channel: 1,
        model: 2,
        count: head.count,
        fee: head.sum,
        top: head.top,
        deadline: 9,
        session: None,
        signature: [1; 64],
    }
}

#[test]
fn receipts_and_vouchers_are_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(dir.path()).unwrap();
    for i in 0..5 {
        ledger.append(&record(1, 2, i, 10 + u128::from(i))).unwrap();
    }
    let head = ledger.head(1, 2);
    ledger.accept(&voucher(head)).unwrap();
    ledger.append(&record(1, 2, 5, 7)).unwrap();
    drop(ledger);
    let ledger = Ledger::open(dir.path()).unwrap();
    assert_eq!(ledger.head(1, 2).count, 6);
    assert_eq!(ledger.voucher(1, 2), Some(&voucher(head)));
    assert_eq!(ledger.unpaid(1), 1);
    assert_eq!(ledger.charged(1), 67);
    let records = ledger.records(1, 2, 2, 9, 3).unwrap();
    assert_eq!(records.iter().map(|r| r.receipt.sequence).collect::<Vec<_>>(), [2, 3, 4]);
}

#[test]
fn a_receipt_cut_short_by_a_crash_is_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(dir.path()).unwrap();
    ledger.append(&record(1, 2, 0, 10)).unwrap();
    let head = ledger.head(1, 2);
    drop(ledger);
    let path = dir.path().join("1-2.receipts.jsonl");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.extend_from_slice(b"{\"receipt\":");
    std::fs::write(&path, bytes).unwrap();
    let mut ledger = Ledger::open(dir.path()).unwrap();
    assert_eq!(ledger.head(1, 2), head);
    ledger.append(&record(1, 2, 1, 10)).unwrap();
    assert_eq!(ledger.records(1, 2, 0, 2, 9).unwrap().len(), 2);
}

#[test]
fn a_receipt_out_of_order_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(dir.path()).unwrap();
    let error = ledger.append(&record(1, 2, 1, 10)).unwrap_err();
    assert!(matches!(error, LedgerError::OutOfOrder { expected: 0, got: 1, .. }));
}

#[test]
fn a_voucher_with_a_lower_total_another_top_or_too_many_answers_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(dir.path()).unwrap();
    ledger.append(&record(1, 2, 0, 10)).unwrap();
    ledger.append(&record(1, 2, 1, 10)).unwrap();
    let head = ledger.head(1, 2);
    let lower = SignedVoucher { fee: 19, ..voucher(head) };
    assert!(matches!(ledger.accept(&lower), Err(LedgerError::OtherTree { what: "fee", .. })));
    let other = SignedVoucher { top: [5; 32], ..voucher(head) };
    assert!(matches!(ledger.accept(&other), Err(LedgerError::OtherTree { what: "top", .. })));
    let beyond = SignedVoucher { count: 3, ..voucher(head) };
    assert!(matches!(ledger.accept(&beyond), Err(LedgerError::BeyondAnswered { answered: 2, got: 3, .. })));
    ledger.accept(&voucher(head)).unwrap();
    let earlier = SignedVoucher { count: 1, ..voucher(head) };
    assert!(matches!(ledger.accept(&earlier), Err(LedgerError::Lower { held: 2, got: 1 })));
}

#[test]
fn the_path_of_a_receipt_leads_to_the_vouchers_top() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(dir.path()).unwrap();
    for i in 0..7 {
        ledger.append(&record(1, 2, i, 10)).unwrap();
    }
    let head = ledger.head(1, 2);
    let (leaf, path) = ledger.path(1, 2, 4, 7).unwrap();
    let prefix =
        proof::tree::verify_path::<Blake2, Node>(Tree::Receipts, &head.top, head.sum, leaf, 4, 7, &path).unwrap();
    assert_eq!(prefix, 40);
    assert!(ledger.path(1, 2, 7, 7).is_err());
}
