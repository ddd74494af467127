use super::*;
use proof::receipt::Receipt;
use proof::request::Request;

const LANE: Lane = Lane { channel: 1, model: 2, key: [7; 32] };

fn request(lane: Lane, sequence: u64, deadline: u64) -> SignedRequest {
    let body = Request {
        channel: lane.channel,
        model: lane.model,
        revision: 0,
        params: 0,
        sequence,
        prompt: [1; 32],
        prompt_bytes: 1,
        max_tokens_out: 2,
        max_fee: 50,
        flags: 0,
        context: proof::ZERO,
        deadline,
    };
    SignedRequest { body, key: lane.key, signature: [2; 64] }
}

fn record(request: &SignedRequest, fee: u128) -> ReceiptRecord {
    let body = &request.body;
    let response = format!("answer {}", body.sequence).into_bytes();
    let receipt = Receipt {
        channel: body.channel,
        model: body.model,
        revision: 0,
        adapter: [3; 32],
        sequence: body.sequence,
        tokens_in: 1,
        tokens_out: 2,
        fee,
        request: request.hash::<Blake2>(),
        response: proof::text::root_of::<Blake2>(&response).unwrap(),
        sketch: proof::ZERO,
    };
    ReceiptRecord {
        receipt,
        signature: [0; 64],
        request: *request,
        response,
        random: None,
        sketch: vec![],
        context: vec![],
    }
}

/// Asked for and answered.
fn fill(ledger: &mut Ledger, lane: Lane, sequence: u64, fee: u128) {
    let request = request(lane, sequence, 100);
    assert_eq!(ledger.take(&request).unwrap(), Taken::Waiting);
    ledger.answer(&record(&request, fee)).unwrap();
}

fn voucher(head: SumHead) -> SignedVoucher {
    SignedVoucher {
        channel: LANE.channel,
        model: LANE.model,
        count: head.count,
        fee: head.sum,
        top: head.top,
        deadline: 9,
        key: LANE.key,
        signature: [1; 64],
    }
}

fn opened() -> (tempfile::TempDir, Ledger) {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(dir.path()).unwrap();
    (dir, ledger)
}

#[test]
fn requests_receipts_and_vouchers_are_there_after_a_restart() {
    let (dir, mut ledger) = opened();
    for i in 0..5 {
        fill(&mut ledger, LANE, i, 10 + u128::from(i));
    }
    let head = ledger.head(&LANE);
    ledger.accept(&voucher(head)).unwrap();
    fill(&mut ledger, LANE, 5, 7);
    ledger.take(&request(LANE, 6, 100)).unwrap();
    drop(ledger);
    let ledger = Ledger::open(dir.path()).unwrap();
    assert_eq!(ledger.head(&LANE).count, 6);
    assert_eq!(ledger.voucher(&LANE), Some(&voucher(head)));
    assert_eq!(ledger.ahead(1), 2);
    assert_eq!(ledger.committed(1), 67 + 50);
    // What no voucher covers is published to nobody.
    let records = ledger.records(&LANE, 2, 9, 9).unwrap();
    assert_eq!(records.iter().map(|r| r.as_ref().unwrap().receipt.sequence).collect::<Vec<_>>(), [2, 3, 4]);
}

#[test]
fn a_line_cut_short_by_a_crash_is_dropped_wherever_it_was_cut() {
    let (dir, mut ledger) = opened();
    fill(&mut ledger, LANE, 0, 10);
    let head = ledger.head(&LANE);
    let path = dir.path().join(format!("{}.jsonl", file_name(&LANE)));
    let before = std::fs::read(&path).unwrap().len();
    fill(&mut ledger, LANE, 1, 20);
    drop(ledger);
    let bytes = std::fs::read(&path).unwrap();
    let asked = before + bytes[before..].iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for cut in (before..bytes.len()).step_by(37).chain([asked, bytes.len() - 1]) {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        let mut ledger = Ledger::open(dir.path()).unwrap();
        assert_eq!(ledger.head(&LANE), head, "cut at {cut}");
        // The request goes on, and gets its answer.
        let again = request(LANE, 1, 100);
        assert_eq!(ledger.take(&again).unwrap(), Taken::Waiting, "cut at {cut}");
        ledger.answer(&record(&again, 20)).unwrap();
        assert_eq!(ledger.head(&LANE).sum, 30, "cut at {cut}");
        // Another one for the place is refused if the first one's line was whole, as if it was not cut at all.
        let other = request(LANE, 1, 101);
        assert!(matches!(ledger.take(&other), Err(LedgerError::OtherRequest { sequence: 1, .. })), "cut at {cut}");
    }
}

#[test]
fn a_place_has_one_request_and_one_answer_which_it_gives_again() {
    let (dir, mut ledger) = opened();
    let first = request(LANE, 0, 100);
    assert_eq!(ledger.take(&first).unwrap(), Taken::Waiting);
    assert!(matches!(ledger.take(&request(LANE, 0, 101)), Err(LedgerError::OtherRequest { .. })));
    assert_eq!(ledger.take(&first).unwrap(), Taken::Waiting);
    ledger.answer(&record(&first, 10)).unwrap();
    assert!(matches!(ledger.answer(&record(&first, 10)), Err(LedgerError::NotAsked { .. })));
    drop(ledger);
    let mut ledger = Ledger::open(dir.path()).unwrap();
    assert_eq!(ledger.take(&first).unwrap(), Taken::Answered(Box::new(record(&first, 10))));
    assert!(matches!(ledger.take(&request(LANE, 0, 101)), Err(LedgerError::OtherRequest { .. })));
    assert_eq!(ledger.committed(1), 10);
}

#[test]
fn places_fill_in_any_order_and_the_tree_goes_as_far_as_there_is_no_gap() {
    let (dir, mut ledger) = opened();
    for (sequence, count) in [(2, 0), (0, 1), (1, 3)] {
        fill(&mut ledger, LANE, sequence, 10 + u128::from(sequence));
        assert_eq!(ledger.head(&LANE).count, count);
    }
    let (_other, mut in_order) = opened();
    for sequence in 0..3 {
        fill(&mut in_order, LANE, sequence, 10 + u128::from(sequence));
    }
    assert_eq!(ledger.head(&LANE), in_order.head(&LANE));
    drop(ledger);
    assert_eq!(Ledger::open(dir.path()).unwrap().head(&LANE), in_order.head(&LANE));
}

#[test]
fn keys_and_models_are_counted_apart_and_their_channel_together() {
    let (_dir, mut ledger) = opened();
    let (session, other_model) = (Lane { key: [8; 32], ..LANE }, Lane { model: 3, ..LANE });
    for (lane, fee) in [(LANE, 1), (session, 2), (other_model, 4), (Lane { channel: 9, ..LANE }, 8)] {
        fill(&mut ledger, lane, 0, fee);
    }
    assert_eq!((ledger.ahead(1), ledger.committed(1)), (3, 7));
    assert_eq!((ledger.committed_by(1, &LANE.key), ledger.committed_by(1, &session.key)), (5, 2));
    // Places that are skipped are counted with the one that skips them.
    assert_eq!((ledger.added(&LANE, 1), ledger.added(&LANE, 4), ledger.added(&LANE, 0)), (1, 4, 0));
    ledger.take(&request(LANE, 4, 100)).unwrap();
    assert_eq!(ledger.ahead(1), 7);
}

#[test]
fn a_voucher_with_another_count_fee_or_top_is_refused_by_name() {
    let (_dir, mut ledger) = opened();
    fill(&mut ledger, LANE, 0, 10);
    fill(&mut ledger, LANE, 1, 10);
    let head = ledger.head(&LANE);
    let named = |ledger: &mut Ledger, voucher: SignedVoucher| ledger.accept(&voucher).unwrap_err().to_string();
    assert!(named(&mut ledger, SignedVoucher { fee: 19, ..voucher(head) }).contains("voucher's fee"));
    assert!(named(&mut ledger, SignedVoucher { top: [5; 32], ..voucher(head) }).contains("voucher's top"));
    assert!(named(&mut ledger, SignedVoucher { count: 3, ..voucher(head) }).contains("voucher's count"));
    for other in [
        SignedVoucher { channel: 2, ..voucher(head) },
        SignedVoucher { model: 3, ..voucher(head) },
        SignedVoucher { key: [9; 32], ..voucher(head) },
    ] {
        assert!(matches!(ledger.accept(&other), Err(LedgerError::BeyondAnswered { answered: 0, .. })));
    }
    ledger.accept(&voucher(head)).unwrap();
    let earlier = SignedVoucher { count: 1, ..voucher(head) };
    assert!(matches!(ledger.accept(&earlier), Err(LedgerError::Lower { held: 2, got: 1 })));
}

#[test]
fn places_lapse_in_order_after_their_deadlines_and_an_answer_only_once_it_could_be_paid() {
    let (dir, mut ledger) = opened();
    ledger.take(&request(LANE, 1, 50)).unwrap();
    ledger.answer(&record(&request(LANE, 1, 50), 10)).unwrap();
    ledger.take(&request(LANE, 2, 200)).unwrap();
    ledger.lapse(&LANE, 50).unwrap();
    assert_eq!(ledger.head(&LANE).count, 0);
    // The first request never came: its place goes by its successor's deadline. The answer after it may be paid now.
    ledger.lapse(&LANE, 51).unwrap();
    let head = ledger.head(&LANE);
    assert_eq!((head.count, head.sum), (2, 10));
    assert_eq!(ledger.told(&LANE).lapsed, [0]);
    assert!(matches!(ledger.take(&request(LANE, 0, 100)), Err(LedgerError::Lapsed { .. })));
    ledger.lapse(&LANE, 51).unwrap();
    assert_eq!(ledger.head(&LANE).sum, 0);
    assert_eq!(ledger.told(&LANE).lapsed, [0, 1]);
    // It was served and not paid: it counts until a voucher puts it back.
    assert_eq!(ledger.ahead(1), 2);
    // The last one's deadline is not over.
    assert_eq!(ledger.head(&LANE).count, 2);
    drop(ledger);
    let ledger = Ledger::open(dir.path()).unwrap();
    assert_eq!((ledger.head(&LANE).count, ledger.told(&LANE).lapsed), (2, vec![0, 1]));
}

#[test]
fn what_a_voucher_covers_never_lapses_and_what_lapsed_is_back_by_a_voucher_over_it() {
    let (dir, mut ledger) = opened();
    for sequence in 0..4 {
        fill(&mut ledger, LANE, sequence, 10);
    }
    let all = ledger.head(&LANE);
    ledger.lapse(&LANE, 101).unwrap();
    let lapsed = ledger.head(&LANE);
    assert_eq!((lapsed.count, lapsed.sum), (4, 0));
    // A voucher over a tree in which the first two are unfilled and the others are not.
    let mut mixed = SumFrontier::new();
    for sequence in 0..4u64 {
        let leaf = match sequence {
            0 | 1 => ReceiptLeaf::unfilled::<Blake2>(),
            _ => {
                let receipt = record(&request(LANE, sequence, 100), 10).receipt;
                receipt.leaf(receipt.hash::<Blake2>())
            }
        };
        mixed.append::<Blake2>(Tree::Receipts, leaf.node::<Blake2>()).unwrap();
    }
    let mixed = mixed.sum_head::<Blake2>(Tree::Receipts).unwrap();
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(dir.path()).unwrap().map(Result::unwrap) {
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    for (folder, head, unpaid) in [(dir.path(), all, 0), (copy.path(), mixed, 2)] {
        let mut ledger = Ledger::open(folder).unwrap();
        ledger.accept(&voucher(head)).unwrap();
        assert_eq!(ledger.head(&LANE), head);
        ledger.lapse(&LANE, 1_000).unwrap();
        assert_eq!(ledger.head(&LANE), head);
        drop(ledger);
        let ledger = Ledger::open(folder).unwrap();
        // What the payer left unfilled, though it was served, stays unpaid.
        assert_eq!((ledger.head(&LANE), ledger.vouched(&LANE), ledger.ahead(1)), (head, 4, unpaid));
    }
    // A tree of nobody's brings nothing back.
    let other = SignedVoucher { top: [5; 32], ..voucher(all) };
    assert!(matches!(ledger.accept(&other), Err(LedgerError::OtherTree { .. })));
}

#[test]
fn answers_that_no_batch_can_pay_for_count_as_unpaid_whatever_vouchers_cover_them() {
    // Five places are left out and four asked for; once the first are unfilled, a voucher covers all.
    let (_dir, mut ledger) = opened();
    for sequence in 5..9 {
        fill(&mut ledger, LANE, sequence, 10);
    }
    ledger.lapse(&LANE, 50).unwrap();
    assert_eq!(ledger.head(&LANE).count, 0);
    ledger.books.get_mut(&LANE).unwrap().places[5].request.as_mut().unwrap().deadline = 40;
    ledger.lapse(&LANE, 50).unwrap();
    ledger.accept(&voucher(ledger.head(&LANE))).unwrap();
    assert_eq!((ledger.vouched(&LANE), ledger.head(&LANE).sum), (9, 40));
    assert_eq!(ledger.ahead(1), 4);
    // One more, and as many are filled as are not.
    fill(&mut ledger, LANE, 9, 10);
    ledger.accept(&voucher(ledger.head(&LANE))).unwrap();
    assert_eq!(ledger.ahead(1), 0);

    // Answers that lapsed and that a voucher for nothing covers.
    let (_dir, mut ledger) = opened();
    for sequence in 0..4 {
        fill(&mut ledger, LANE, sequence, 10);
    }
    ledger.lapse(&LANE, 101).unwrap();
    ledger.accept(&voucher(ledger.head(&LANE))).unwrap();
    assert_eq!((ledger.vouched(&LANE), ledger.head(&LANE).sum, ledger.ahead(1)), (4, 0, 4));

    // What is paid makes up for nothing that comes after it.
    let (_dir, mut ledger) = opened();
    for sequence in [0, 1, 2, 5] {
        fill(&mut ledger, LANE, sequence, 10);
    }
    ledger.books.get_mut(&LANE).unwrap().places[5].request.as_mut().unwrap().deadline = 40;
    ledger.accept(&voucher(ledger.head(&LANE))).unwrap();
    ledger.note_paid(&LANE, 3);
    ledger.lapse(&LANE, 50).unwrap();
    ledger.accept(&voucher(ledger.head(&LANE))).unwrap();
    assert_eq!((ledger.vouched(&LANE), ledger.ahead(1)), (6, 1));
}

#[test]
fn a_journal_with_a_line_that_cannot_stand_there_is_named() {
    let (dir, mut ledger) = opened();
    fill(&mut ledger, LANE, 0, 10);
    drop(ledger);
    let path = dir.path().join(format!("{}.jsonl", file_name(&LANE)));
    let text = std::fs::read_to_string(&path).unwrap();
    let swapped: Vec<_> = text.lines().rev().collect();
    std::fs::write(&path, swapped.join("\n") + "\n").unwrap();
    assert!(matches!(Ledger::open(dir.path()), Err(LedgerError::Corrupt { line: 1, .. })));
}

#[test]
fn the_path_of_a_receipt_leads_to_the_vouchers_top() {
    let (_dir, mut ledger) = opened();
    for i in 0..7 {
        fill(&mut ledger, LANE, i, 10);
    }
    let head = ledger.head(&LANE);
    let tree = ledger.tree(&LANE, 7).unwrap();
    let receipt = record(&request(LANE, 4, 100), 10).receipt;
    let leaf = receipt.leaf(receipt.hash::<Blake2>()).node::<Blake2>();
    let path = tree.path::<Node>(4).unwrap();
    let prefix =
        proof::tree::verify_path::<Blake2, Node>(Tree::Receipts, &head.top, head.sum, leaf, 4, 7, &path).unwrap();
    assert_eq!(prefix, 40);
    assert!(ledger.tree(&LANE, 8).is_err());
}
