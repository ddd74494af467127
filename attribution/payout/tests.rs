//! The rules of epochs, reports and claims, without a chain.

use crate::epoch::{Queue, Taken};
use crate::{claim, epoch, oracles, report};
use openledger_abi::payout::*;
use openledger_abi::staking::{OperatorInfo, Role};
use openledger_abi::times::{self, Unit};
use openledger_abi::{AccountId, Balance};
use proof::payouts::PayoutLeaf;
use proof::tree::{MerkleTree, Tree};
use proof::Blake2;
use proptest::prelude::*;

const NOW: u64 = 10_000;

fn account(byte: u8) -> AccountId {
    AccountId::from([byte; 32])
}

fn a_cut() -> Cut {
    Cut {
        set: 4,
        from: 3,
        to: 5,
        receipts: 7,
        first_pot: 400,
        pots: 1_000,
        withheld: vec![],
        carry_in: 300,
        expired: 0,
        carry_bps: 1_000,
        closed_at: 1_000,
    }
}

fn live() -> Live {
    Live { epochs: 2, payouts: SumHead { count: 2, sum: 500, top: [7; 32] }, carry: 300 }
}

/// A report of the epoch above that credits 1,050 of the 1,300 there are.
fn body() -> ReportBody {
    ReportBody {
        set: 4,
        epoch: 2,
        attempt: 1,
        from: 3,
        to: 5,
        previous: live().payouts,
        evidence: TreeHead { count: 7, top: [1; 32] },
        credits: SumHead { count: 9, sum: 1_050, top: [2; 32] },
        payouts: SumHead { count: 3, sum: 1_550, top: [3; 32] },
        carry_out: 250,
        files: [4; 32],
    }
}

fn check(change: impl FnOnce(&mut ReportBody)) -> Result<Balance, PayoutError> {
    let mut body = body();
    change(&mut body);
    check_at(&body, &a_cut(), &live())
}

fn check_at(body: &ReportBody, cut: &Cut, live: &Live) -> Result<Balance, PayoutError> {
    report::check(body, &report::Standing { attempt: 1, cut, live, set: 4 })
}

#[test]
fn a_report_that_adds_up_is_accepted() {
    assert_eq!(check(|_| ()), Ok(1_050));
}

#[test]
fn a_gap_in_epochs_is_refused() {
    assert_eq!(check(|body| body.epoch = 3), Err(PayoutError::WrongEpoch));
    assert_eq!(check(|body| body.epoch = 1), Err(PayoutError::WrongEpoch));
}

#[test]
fn an_old_or_unknown_oracle_set_is_refused() {
    assert_eq!(check(|body| body.set = 3), Err(PayoutError::WrongOracleSet));
    assert_eq!(check(|body| body.set = 5), Err(PayoutError::WrongOracleSet));
    // The set changed since the cut: nobody's report of that cut is taken any more.
    let older = Cut { set: 3, ..a_cut() };
    assert_eq!(check_at(&body(), &older, &live()), Err(PayoutError::WrongOracleSet));
    let body = ReportBody { set: 3, ..body() };
    assert_eq!(check_at(&body, &older, &live()), Err(PayoutError::WrongOracleSet));
}

#[test]
fn a_report_names_the_attempt_it_is() {
    assert_eq!(check(|body| body.attempt = 0), Err(PayoutError::WrongAttempt));
    assert_eq!(check(|body| body.attempt = 2), Err(PayoutError::WrongAttempt));
}

#[test]
fn other_batches_previous_payouts_or_evidence_are_refused() {
    assert_eq!(check(|body| body.from = 2), Err(PayoutError::WrongBatches));
    assert_eq!(check(|body| body.to = 6), Err(PayoutError::WrongBatches));
    assert_eq!(check(|body| body.previous.top = [8; 32]), Err(PayoutError::WrongPrevious));
    assert_eq!(check(|body| body.previous.count = 1), Err(PayoutError::WrongPrevious));
    assert_eq!(check(|body| body.evidence.count = 6), Err(PayoutError::WrongEvidenceCount));
}

#[test]
fn not_one_unit_appears_or_vanishes() {
    assert_eq!(check(|body| body.carry_out += 1), Err(PayoutError::NotConserved));
    assert_eq!(check(|body| body.carry_out -= 1), Err(PayoutError::NotConserved));
    assert_eq!(check(|body| body.payouts.sum += 1), Err(PayoutError::WrongPayoutSum));
    assert_eq!(check(|body| body.credits.sum = u128::MAX), Err(PayoutError::Overflow));
}

#[test]
fn only_a_share_of_the_carry_can_be_credited() {
    let credit = |sum: Balance| {
        check(|body| {
            body.credits.sum = sum;
            body.carry_out = 1_300 - sum;
            body.payouts.sum = 500 + sum;
        })
    };
    assert_eq!(credit(1_100), Ok(1_100));
    assert_eq!(credit(1_101), Err(PayoutError::CarryExceeded));
}

#[test]
fn a_head_that_no_tree_has_is_refused() {
    assert_eq!(check(|body| body.credits.count = 0), Err(PayoutError::BadHead));
    assert_eq!(check(|body| body.credits.top = [0; 32]), Err(PayoutError::BadHead));
    assert_eq!(check(|body| body.credits.count = 1_051), Err(PayoutError::BadHead));
    assert_eq!(check(|body| body.evidence.top = [0; 32]), Err(PayoutError::BadHead));
    assert_eq!(check(|body| body.payouts.count = 1), Err(PayoutError::BadHead));
}

#[test]
fn an_epoch_that_credits_nobody_leaves_the_payouts_as_they_are() {
    let nobody = |body: &mut ReportBody| {
        body.credits = SumHead::EMPTY;
        body.payouts = body.previous;
        body.carry_out = 1_300;
    };
    assert_eq!(check(nobody), Ok(0));
    let changed = check(|body| {
        nobody(body);
        body.payouts.top = [9; 32];
    });
    assert_eq!(changed, Err(PayoutError::BadHead));
}

fn info() -> ReportInfo {
    ReportInfo {
        body: body(),
        signers: vec![account(1)],
        submitted_at: 0,
        window_end: 100,
        open_until: 100,
        live_at: 100,
        held: false,
        status: ReportStatus::Pending,
    }
}

#[test]
fn a_report_can_be_voided_to_the_last_moment_of_its_window_and_is_due_after_it() {
    assert!(!report::is_due(100, 100));
    assert!(report::is_due(100, 101));
    assert_eq!(report::void(&mut info(), 100), Ok(()));
    assert_eq!(report::void(&mut info(), 101), Err(PayoutError::WindowOver));
    let mut void = info();
    report::void(&mut void, 1).unwrap();
    assert_eq!(report::void(&mut void, 1), Err(PayoutError::NotPending));
}

#[test]
fn a_commit_at_the_end_of_the_window_keeps_the_report_until_its_reveal() {
    let mut report = info();
    assert_eq!(report::delay_for_commit(&mut report, 150, 100), Ok(150));
    assert_eq!(report::delay_for_commit(&mut report, 120, 100), Ok(150));
    assert_eq!(report::delay_for_commit(&mut report, 160, 101), Err(PayoutError::WindowOver));
    assert_eq!(report::void(&mut report, 150), Ok(()));
    assert_eq!(report::delay_for_commit(&mut report, 200, 100), Err(PayoutError::NotPending));
}

#[test]
fn an_answer_after_the_window_lets_commits_in_for_the_time_of_a_step() {
    let mut report = info();
    assert_eq!(report::delay(&mut report, 150, None, 100), Ok(150));
    assert_eq!(report::delay_for_commit(&mut report, 160, 101), Err(PayoutError::WindowOver));
    // The answer comes at 140, the next step until 170.
    assert_eq!(report::delay(&mut report, 150, Some(170), 140), Ok(170));
    assert_eq!(report::delay_for_commit(&mut report, 180, 170), Ok(180));
    assert_eq!(report::delay_for_commit(&mut report, 190, 171), Err(PayoutError::WindowOver));
    assert_eq!(report::delay(&mut report, 190, None, 181), Err(PayoutError::WindowOver));
}

#[test]
fn a_guardian_holds_a_report_once_and_what_is_found_then_still_counts() {
    let mut report = info();
    assert_eq!(report::hold(&mut report, 51, 50, 100), Err(PayoutError::HoldRefused));
    assert_eq!(report::hold(&mut report, 50, 50, 100), Ok(150));
    assert_eq!(report::hold(&mut report, 1, 50, 100), Err(PayoutError::HoldRefused));
    assert_eq!(report::delay_for_commit(&mut report, 200, 150), Ok(200));
    assert_eq!(report::hold(&mut info(), 50, 50, 101), Err(PayoutError::WindowOver));
}

#[test]
fn a_cut_stands_until_its_set_its_cover_or_its_time_is_over() {
    // It holds 1,100 with what the carry adds, beside 200 unclaimed.
    let may = |set, cover, now| report::may_recut(&a_cut(), set, 200, cover, 800, now);
    assert_eq!(may(4, 1_300, 1_799), Ok(false));
    assert_eq!(may(5, 1_300, 1_000), Ok(true));
    assert_eq!(may(4, 1_300, 1_800), Ok(true));
    // Whoever unbonds again and again has it cut again no faster than it can be signed.
    assert_eq!(may(4, 1_299, 1_099), Ok(false));
    assert_eq!(may(4, 1_299, 1_100), Ok(true));
}

fn operator(out_since: Option<u64>) -> Option<OperatorInfo> {
    Some(OperatorInfo {
        role: Role::Oracle,
        signing_key: [9; 32],
        active: 100,
        slashable: 100,
        jailed_at: out_since,
        commission_bps: 0,
        registered_at: 0,
        own: 100,
        jailed_until: 0,
        rise: None,
        in_service: out_since.is_none(),
        out_since,
        earning: out_since.is_none(),
    })
}

#[test]
fn half_of_what_the_signers_would_lose_is_covered() {
    assert_eq!(oracles::cover(&[0, 2], &[Some(100), Some(51)]), Ok(75));
    assert_eq!(oracles::cover(&[0, 2], &[Some(100), None]), Err(PayoutError::SignerOutOfService(2)));
    assert_eq!(oracles::cover(&[0, 2], &[Some(100)]), Err(PayoutError::StakingFailed));
}

#[test]
fn an_epoch_is_covered_whoever_signs_it() {
    let four = [Some(100), Some(10), Some(30), Some(20)];
    assert_eq!(oracles::sure_cover(&four), Ok(30));
    // With one out, the other three have to sign.
    assert_eq!(oracles::sure_cover(&[Some(100), Some(10), None, Some(20)]), Ok(65));
    // With two out, nobody can report.
    assert_eq!(oracles::sure_cover(&[Some(100), None, None, Some(20)]), Ok(0));
}

const PATIENCE: oracles::Patience = oracles::Patience { refill_ms: 100, refilled_at: 0, now: NOW };

/// The members after a refill of a set of accounts 0, 1, … with reserves 10, 11, …, and the reserves left.
fn refill(
    members: &[Option<OperatorInfo>],
    reserves: &[Option<OperatorInfo>],
    patience: oracles::Patience,
) -> Result<(Vec<AccountId>, Vec<AccountId>), PayoutError> {
    let mut set: Vec<Oracle> =
        (0u8..).zip(members).map(|(i, _)| Oracle { account: account(i), key: [i; 32] }).collect();
    let mut left: Vec<AccountId> = (10u8..).zip(reserves).map(|(i, _)| account(i)).collect();
    oracles::refill(&mut set, &mut left, (members, reserves), &patience)?;
    for (i, oracle) in (0u8..).zip(&set) {
        // Who stays keeps the key it has in the set.
        assert_eq!(oracle.key, if oracle.account == account(i) { [i; 32] } else { [9; 32] });
    }
    Ok((set.iter().map(|oracle| oracle.account).collect(), left))
}

fn accounts(bytes: &[u8]) -> Vec<AccountId> {
    bytes.iter().map(|byte| account(*byte)).collect()
}

#[test]
fn reserves_take_the_places_of_those_who_were_out_for_long() {
    let (fine, out, just_out) = (operator(None), operator(Some(NOW - 100)), operator(Some(NOW - 99)));
    let set = [fine.clone(), out.clone(), fine.clone(), just_out.clone()];
    let both = [fine.clone(), fine.clone()];
    assert_eq!(refill(&set, &both, PATIENCE), Ok((accounts(&[0, 10, 2, 3]), accounts(&[11]))));
    // A reserve that is out itself waits; without one the place keeps its member.
    let late = [out.clone(), fine.clone()];
    assert_eq!(refill(&set, &late, PATIENCE), Ok((accounts(&[0, 11, 2, 3]), accounts(&[10]))));
    let two_out = [out.clone(), out.clone(), fine.clone(), fine.clone()];
    assert_eq!(refill(&two_out, &late, PATIENCE), Ok((accounts(&[11, 1, 2, 3]), accounts(&[10]))));
    assert_eq!(refill(&set, std::slice::from_ref(&out), PATIENCE), Err(PayoutError::NothingToRefill));
    assert_eq!(refill(&set, &[], PATIENCE), Err(PayoutError::NothingToRefill));
    let well = [fine.clone(), fine.clone(), fine.clone(), just_out];
    assert_eq!(refill(&well, &both, PATIENCE), Err(PayoutError::NothingToRefill));
    let mut host = fine.clone();
    host.as_mut().unwrap().role = Role::Host;
    assert_eq!(refill(&set, &[host, None], PATIENCE), Err(PayoutError::NothingToRefill));
}

#[test]
fn a_set_is_refilled_once_in_a_while_unless_it_has_no_quorum() {
    let (fine, out) = (operator(None), operator(Some(0)));
    let one_out = [out.clone(), fine.clone(), fine.clone(), fine.clone()];
    let lately = oracles::Patience { refilled_at: NOW - 99, ..PATIENCE };
    assert_eq!(refill(&one_out, std::slice::from_ref(&fine), lately), Err(PayoutError::RefillNotDue));
    let two_out = [out.clone(), out, fine.clone(), fine.clone()];
    assert_eq!(refill(&two_out, &[fine], lately), Ok((accounts(&[10, 1, 2, 3]), vec![])));
}

#[test]
fn a_set_is_made_of_four_to_31_distinct_oracles_in_service() {
    let fine = || operator(None);
    let make = |members: &[u8], reserves: &[u8], operators: &[Option<OperatorInfo>]| {
        oracles::make(&accounts(members), &accounts(reserves), operators)
    };
    let four = vec![fine(); 4];
    assert_eq!(make(&[1, 2, 3, 4], &[5], &four).unwrap().len(), 4);
    let bad = Err(PayoutError::BadOracles);
    assert_eq!(make(&[], &[], &[]), bad);
    assert_eq!(make(&[1, 2, 3], &[], &four[..3]), bad);
    assert_eq!(make(&[1, 2, 3, 1], &[], &four), bad);
    // A reserve that is a member, or named twice, could be in the set twice.
    assert_eq!(make(&[1, 2, 3, 4], &[4], &four), bad);
    assert_eq!(make(&[1, 2, 3, 4], &[5, 5], &four), bad);
    assert_eq!(make(&[1, 2, 3, 4], &[], &[fine(), fine(), fine(), operator(Some(1))]), bad);
    assert_eq!(make(&[1, 2, 3, 4], &[], &[fine(), fine(), fine(), None]), bad);
    let mut host = fine();
    host.as_mut().unwrap().role = Role::Host;
    assert_eq!(make(&[1, 2, 3, 4], &[], &[fine(), fine(), fine(), host]), bad);
    let many: Vec<u8> = (0..32).collect();
    assert_eq!(make(&many, &[], &vec![fine(); 32]), bad);
    assert_eq!(make(&many[..31], &[], &vec![fine(); 31]).unwrap().len(), 31);
    assert_eq!(make(&[100, 101, 102, 103], &many, &four), bad);
}

/// Batches with these (receipts, pot).
fn batches(list: &[(u64, Balance)]) -> Vec<Batch> {
    let (mut receipts, mut pots) = (0, 0);
    list.iter()
        .map(|(count, pot)| {
            let new = NewBatch {
                channel: 0,
                host: account(1),
                model: 0,
                key: [1; 32],
                params: 0,
                at: NOW,
                count_from: 0,
                count_to: *count,
                fee_from: 0,
                fee_to: *pot,
                top: [0; 32],
                filled: 1,
                kib: 1,
                pot: *pot,
            };
            let batch = epoch::record(&new, receipts, pots).unwrap();
            (receipts, pots) = (batch.sum_counts, batch.sum_pots);
            batch
        })
        .collect()
}

fn take(list: &[Batch], queue: Queue, most: Balance) -> Result<Taken, PayoutError> {
    take_with(list, queue, epoch::Room { most, least: 0 })
}

fn take_with(list: &[Batch], queue: Queue, room: epoch::Room) -> Result<Taken, PayoutError> {
    epoch::take(&queue, list.len() as u64, &room, |number| list.get(number as usize).cloned())
}

fn at(next: u64) -> Queue {
    Queue { next, spent: 0 }
}

#[test]
fn pots_and_what_the_carry_adds_to_them_leave_an_eighth_of_the_cover_beside_what_is_unclaimed() {
    let within = |cover, unclaimed, carry_bps| {
        let room = epoch::Room::within(cover, unclaimed, carry_bps).unwrap();
        (room.most, room.least)
    };
    // 10 % of what is carried may come on top of the pots, so of 8,800 a quotient of 7/8 · 1/1.1 are pots.
    assert_eq!(within(8_800, 0, 1_000), (7_000, 1_100));
    assert_eq!(within(8_800, 1_100, 1_000), (6_000, 1_100));
    assert_eq!(within(8_800, 7_701, 1_000), (0, 1_100));
    // By less than what is kept free, no cut falls below its cover.
    let cut = Cut { pots: 7_000, carry_in: 700, ..a_cut() };
    assert_eq!(report::may_recut(&cut, 4, 0, 8_800 - 1_100, 800, 1_100), Ok(false));
    assert_eq!(report::may_recut(&cut, 4, 0, 8_800 - 1_101, 800, 1_100), Ok(true));
}

#[test]
fn no_epoch_leaves_nearly_all_for_lack_of_room() {
    let list = batches(&[(1, 10), (2, 20)]);
    let room = |most| epoch::Room { most, least: 12 };
    // A part of a pot, or some of the batches, but not less than the least.
    assert_eq!(take_with(&list, at(0), room(9)), Err(PayoutError::CoverExceeded));
    assert_eq!(take_with(&list, at(0), room(11)), Err(PayoutError::CoverExceeded));
    assert_eq!(take_with(&list, at(0), room(12)).unwrap().to, 1);
    assert_eq!(take_with(&list, at(1), room(11)), Err(PayoutError::CoverExceeded));
    assert_eq!(take_with(&list, at(1), room(12)).unwrap().pots, 12);
    // All that waits, however little it is.
    assert_eq!(take_with(&list[..1], at(0), room(10)).unwrap().pots, 10);
}

#[test]
fn an_epoch_takes_what_is_covered() {
    let list = batches(&[(1, 10), (2, 20)]);
    let taken = |to, receipts, first_pot, pots| Ok(Taken { to, receipts, first_pot, pots });
    assert_eq!(take(&list, at(2), 1_000), Err(PayoutError::NothingToClose));
    assert_eq!(take(&list, at(0), 0), Err(PayoutError::CoverExceeded));
    assert_eq!(take(&list, at(0), 10), taken(1, 1, 10, 10));
    assert_eq!(take(&list, at(0), 29), taken(1, 1, 10, 10));
    assert_eq!(take(&list, at(0), 30), taken(2, 3, 10, 30));
    assert_eq!(take(&list, at(1), 30), taken(2, 2, 20, 20));
}

#[test]
fn a_batch_above_the_cover_is_reported_in_parts_over_the_same_receipts() {
    let list = batches(&[(5, 25), (2, 4)]);
    let mut queue = at(0);
    let mut parts = vec![];
    while queue.next < 2 {
        let taken = take(&list, queue, 10).unwrap();
        let cut = Cut { from: queue.next, to: taken.to, first_pot: taken.first_pot, pots: taken.pots, ..a_cut() };
        parts.push((queue.next, taken));
        queue = epoch::after(&queue, &cut, &list[queue.next as usize]).unwrap();
    }
    let taken = |to, receipts, first_pot, pots| Taken { to, receipts, first_pot, pots };
    // 10, 10, the last 5 with the batch behind it.
    assert_eq!(parts, [(0, taken(1, 5, 10, 10)), (0, taken(1, 5, 10, 10)), (0, taken(2, 7, 5, 9))]);
    assert_eq!(queue, at(2));
}

#[test]
fn marks_stay_in_order_and_bounded() {
    let mut marked = vec![];
    for batch in [7, 3, 5] {
        epoch::mark(&mut marked, batch).unwrap();
    }
    assert_eq!(marked, [3, 5, 7]);
    assert_eq!(epoch::mark(&mut marked, 5), Err(PayoutError::AlreadyWithheld));
    assert_eq!(epoch::withheld_in(&marked, 4, 7), [5]);
    for batch in 100..100 + MAX_WITHHELD as u64 - 3 {
        epoch::mark(&mut marked, batch).unwrap();
    }
    assert_eq!(epoch::mark(&mut marked, 1), Err(PayoutError::TooManyWithheld));
}

#[test]
fn an_epoch_stops_at_two_to_the_26_receipts() {
    let list = batches(&vec![(1 << 20, 1); 65]);
    assert_eq!(take(&list, at(0), 1_000), Ok(Taken { to: 64, receipts: 1 << 26, first_pot: 1, pots: 64 }));
}

#[test]
fn a_batch_without_receipts_fees_or_pot_is_none() {
    let new = NewBatch {
        channel: 0,
        host: account(1),
        model: 0,
        key: [1; 32],
        params: 0,
        at: NOW,
        count_from: 5,
        count_to: 6,
        fee_from: 10,
        fee_to: 20,
        top: [0; 32],
        filled: 1,
        kib: 1,
        pot: 4,
    };
    let bad = |change: fn(&mut NewBatch)| {
        let mut new = new.clone();
        change(&mut new);
        epoch::record(&new, 0, 0).unwrap_err()
    };
    assert!(epoch::record(&new, 0, 0).is_ok());
    assert_eq!(bad(|new| new.count_to = 5), PayoutError::BadBatch);
    assert_eq!(bad(|new| new.count_to = 4), PayoutError::BadBatch);
    assert_eq!(bad(|new| new.pot = 0), PayoutError::BadBatch);
    assert_eq!(bad(|new| new.fee_to = 10), PayoutError::BadBatch);
}

/// Payouts to accounts 0, 1, … of these amounts, zeros left out, with a claim for each.
fn payouts(amounts: &[Balance]) -> (SumHead, Vec<Claim>) {
    let leaves: Vec<PayoutLeaf> = (0u8..)
        .zip(amounts)
        .filter(|(_, amount)| **amount > 0)
        .map(|(i, amount)| PayoutLeaf { account: [i; 32], cumulative: *amount })
        .collect();
    let tree =
        MerkleTree::build::<Blake2>(Tree::Payouts, leaves.iter().map(|leaf| leaf.node::<Blake2>()).collect()).unwrap();
    let claim = |(index, leaf): (usize, &PayoutLeaf)| Claim {
        account: leaf.account.into(),
        cumulative: leaf.cumulative,
        index: index as u64,
        path: tree.path(index as u64).unwrap(),
    };
    (tree.sum_head(), leaves.iter().enumerate().map(claim).collect())
}

#[test]
fn a_claim_pays_what_is_due_once() {
    let (head, claims) = payouts(&[10, 20, 30]);
    assert_eq!(claim::due::<Blake2>(&claims[1], &head, 0), Ok(20));
    assert_eq!(claim::due::<Blake2>(&claims[1], &head, 15), Ok(5));
    assert_eq!(claim::due::<Blake2>(&claims[1], &head, 20), Ok(0));
}

#[test]
fn a_claim_with_another_accounts_proof_is_refused() {
    let (head, claims) = payouts(&[10, 20, 30]);
    let stolen = Claim { account: account(9), ..claims[2].clone() };
    assert_eq!(claim::due::<Blake2>(&stolen, &head, 0), Err(PayoutError::BadClaim));
    let more = Claim { cumulative: 31, ..claims[2].clone() };
    assert_eq!(claim::due::<Blake2>(&more, &head, 0), Err(PayoutError::BadClaim));
    let elsewhere = Claim { index: 0, ..claims[2].clone() };
    assert_eq!(claim::due::<Blake2>(&elsewhere, &head, 0), Err(PayoutError::BadClaim));
    assert_eq!(claim::due::<Blake2>(&claims[0], &SumHead::EMPTY, 0), Err(PayoutError::BadClaim));
}

#[test]
fn payments_to_one_recipient_in_a_row_are_one_transfer() {
    let mut list = vec![];
    for (to, amount) in [(1, 10), (1, 5), (2, 1), (1, 2)] {
        claim::add(&mut list, account(to), amount).unwrap();
    }
    assert_eq!(list, vec![(account(1), 15), (account(2), 1), (account(1), 2)]);
}

#[test]
fn times_keep_the_bounds_of_their_unit() {
    for unit in [Unit::Day, Unit::TenSeconds] {
        let good = PayoutParameters {
            epoch_ms: 0,
            report_ms: unit.ms(times::REPORT.min),
            window_ms: unit.ms(times::WINDOW.min),
            max_hold_ms: unit.ms(times::HOLD.max),
            refill_ms: unit.ms(times::REFILL.min),
            carry_bps: 1_000,
        };
        assert_eq!(report::validate(unit, &good), Ok(()));
        for bad in [
            PayoutParameters { carry_bps: 1_001, ..good },
            PayoutParameters { epoch_ms: unit.ms(times::EPOCH.max) + 1, ..good },
            PayoutParameters { report_ms: good.report_ms - 1, ..good },
            PayoutParameters { window_ms: good.window_ms - 1, ..good },
            PayoutParameters { window_ms: unit.ms(times::WINDOW.max), ..good },
            PayoutParameters { max_hold_ms: unit.ms(times::HOLD.min) - 1, ..good },
            PayoutParameters { max_hold_ms: good.max_hold_ms + 1, ..good },
            PayoutParameters { refill_ms: good.refill_ms - 1, ..good },
        ] {
            assert_eq!(report::validate(unit, &bad), Err(PayoutError::BadParameters));
        }
        // Stake that is counted matures later than all that can be brought against the report.
        let until = report::answers_until(unit, &good, NOW);
        assert_eq!(until, NOW + good.window_ms + good.max_hold_ms + unit.ms(times::DISPUTE_TAIL));
        assert!(until - NOW < unit.ms(times::UNBONDING.min));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_search_finds_what_counting_finds(
        list in prop::collection::vec((1u64..1 << 20, 1u128..100), 1..80),
        next in 0usize..80,
        spent in 0u128..100,
        most in 1u128..8_000,
    ) {
        let next = next % list.len();
        let list = batches(&list);
        let spent = spent % list[next].pot;
        let before = next.checked_sub(1).map_or((0, 0), |last| (list[last].sum_counts, list[last].sum_pots));
        let fits = list[next..]
            .iter()
            .take_while(|batch| {
                batch.sum_counts - before.0 <= MAX_EPOCH_RECEIPTS && batch.sum_pots - before.1 - spent <= most
            })
            .count();
        let taken = take(&list, Queue { next: next as u64, spent }, most).unwrap();
        prop_assert_eq!(taken.to as usize, next + fits.max(1));
        prop_assert_eq!(taken.first_pot, (list[next].pot - spent).min(most));
        let others: Balance = list[next + 1..taken.to as usize].iter().map(|batch| batch.pot).sum();
        prop_assert_eq!(taken.pots, taken.first_pot + others);
        prop_assert!(taken.pots <= most);
    }

    #[test]
    fn every_pot_is_reported_once_whatever_is_covered(
        list in prop::collection::vec((1u64..10, 1u128..100), 1..20),
        mosts in prop::collection::vec(1u128..150, 400),
    ) {
        let list = batches(&list);
        let (mut queue, mut given, mut mosts) = (Queue::default(), vec![0; list.len()], mosts.into_iter());
        while (queue.next as usize) < list.len() {
            let taken = take(&list, queue, mosts.next().unwrap_or(150)).unwrap();
            let cut = Cut { from: queue.next, to: taken.to, first_pot: taken.first_pot, pots: taken.pots, ..a_cut() };
            for number in cut.from..cut.to {
                given[number as usize] += cut.pot_of(number, &list[number as usize]);
            }
            queue = epoch::after(&queue, &cut, &list[cut.from as usize]).unwrap();
        }
        prop_assert_eq!(given, list.iter().map(|batch| batch.pot).collect::<Vec<_>>());
    }

    #[test]
    fn credits_and_carry_are_all_that_was_funded(
        epochs in prop::collection::vec((1u128..1_000_000, 0u16..=1_000, 0u128..=100), 1..30),
    ) {
        let mut live = Live { epochs: 0, payouts: SumHead::EMPTY, carry: 0 };
        let mut funded = 0;
        for (pots, carry_bps, percent) in epochs {
            funded += pots;
            let cut = Cut { pots, carry_bps, carry_in: live.carry, ..a_cut() };
            let most = report::creditable(&cut).unwrap();
            let credited = most * percent / 100;
            let grown = SumHead { count: 1, sum: live.payouts.sum + credited, top: [3; 32] };
            let body = ReportBody {
                epoch: live.epochs,
                previous: live.payouts,
                credits: if credited == 0 { SumHead::EMPTY } else { SumHead { count: 1, sum: credited, top: [2; 32] } },
                payouts: if credited == 0 { live.payouts } else { grown },
                carry_out: pots + live.carry - credited,
                ..body()
            };
            prop_assert_eq!(check_at(&body, &cut, &live), Ok(credited));
            let one_more = ReportBody { carry_out: body.carry_out + 1, ..body };
            prop_assert_eq!(check_at(&one_more, &cut, &live), Err(PayoutError::NotConserved));
            live = Live { epochs: live.epochs + 1, payouts: body.payouts, carry: body.carry_out };
            prop_assert_eq!(live.payouts.sum + live.carry, funded);
        }
    }

    #[test]
    fn claims_never_exceed_what_is_live(
        growth in prop::collection::vec(prop::collection::vec(0u128..1_000, 5), 1..8),
        order in prop::collection::vec(0usize..5, 0..60),
    ) {
        let mut due = [0u128; 5];
        let (mut claimed, mut total) = ([0u128; 5], 0);
        let mut order = order.into_iter();
        for grown in growth {
            for (due, grown) in due.iter_mut().zip(&grown) { *due += grown; }
            let (head, claims) = payouts(&due);
            for pick in order.by_ref().take(10) {
                let Some(claim) = claims.iter().find(|claim| claim.account == account(pick as u8)) else { continue };
                let amount = claim::due::<Blake2>(claim, &head, claimed[pick]).unwrap();
                total = claim::total(total, amount, &head).unwrap();
                claimed[pick] += amount;
                prop_assert_eq!(claimed[pick], due[pick]);
                prop_assert!(total <= head.sum);
            }
        }
    }
}
