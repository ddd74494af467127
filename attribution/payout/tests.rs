//! The rules of epochs, reports and claims, without a chain.

use crate::{claim, epoch, oracles, report};
use openledger_abi::payout::*;
use openledger_abi::staking::{OperatorInfo, Role};
use openledger_abi::{AccountId, Balance};
use proof::payouts::PayoutLeaf;
use proof::tree::{MerkleTree, Tree};
use proof::Blake2;
use proptest::prelude::*;

const NOW: u64 = 10_000;

fn account(byte: u8) -> AccountId {
    AccountId::from([byte; 32])
}

fn an_epoch() -> Epoch {
    Epoch {
        from: 3,
        to: 5,
        receipts: 7,
        pots: 1_000,
        carry_bps: 1_000,
        closed_at: 1_000,
        demand_end: NOW - 1,
        attempt: 1,
        min_set: 0,
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
        round: 0,
        from: 3,
        to: 5,
        previous: live().payouts,
        evidence: TreeHead { count: 7, top: [1; 32] },
        credits: SumHead { count: 9, sum: 1_050, top: [2; 32] },
        payouts: SumHead { count: 3, sum: 1_550, top: [3; 32] },
        carry_out: 250,
        files: [4; 32],
        deadline: NOW,
    }
}

fn check(change: impl FnOnce(&mut ReportBody)) -> Result<Balance, PayoutError> {
    let mut body = body();
    change(&mut body);
    check_at(&body, &an_epoch(), &live())
}

fn check_at(body: &ReportBody, epoch: &Epoch, live: &Live) -> Result<Balance, PayoutError> {
    report::check(body, &report::Standing { epoch, live, set: 4, now: NOW })
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
    let mut epoch = an_epoch();
    epoch.min_set = 5;
    assert_eq!(check_at(&body(), &epoch, &live()), Err(PayoutError::WrongOracleSet));
}

#[test]
fn a_report_names_the_attempt_it_is() {
    assert_eq!(check(|body| body.attempt = 0), Err(PayoutError::WrongAttempt));
    assert_eq!(check(|body| body.round = 9), Ok(1_050));
}

#[test]
fn a_report_comes_after_the_demands_and_before_its_deadline() {
    let mut epoch = an_epoch();
    epoch.demand_end = NOW;
    assert_eq!(check_at(&body(), &epoch, &live()), Err(PayoutError::DemandOpen));
    assert_eq!(check(|body| body.deadline = NOW - 1), Err(PayoutError::Expired));
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
    assert_eq!(report::extend(&mut void, 200, 1), Err(PayoutError::NotPending));
}

#[test]
fn a_commit_at_the_end_of_the_window_keeps_the_report_until_its_reveal() {
    let mut report = info();
    assert_eq!(report::extend(&mut report, 150, 100), Ok(150));
    assert_eq!(report::extend(&mut report, 120, 100), Ok(150));
    assert_eq!(report::extend(&mut report, 160, 101), Err(PayoutError::WindowOver));
    assert_eq!(report::void(&mut report, 150), Ok(()));
}

#[test]
fn a_guardian_holds_a_report_once_and_what_is_found_then_still_counts() {
    let mut report = info();
    assert_eq!(report::hold(&mut report, 51, 50, 100), Err(PayoutError::HoldRefused));
    assert_eq!(report::hold(&mut report, 50, 50, 100), Ok(150));
    assert_eq!(report::hold(&mut report, 1, 50, 100), Err(PayoutError::HoldRefused));
    assert_eq!(report::extend(&mut report, 200, 150), Ok(200));
    assert_eq!(report::hold(&mut info(), 50, 50, 101), Err(PayoutError::WindowOver));
}

#[test]
fn after_three_voided_reports_another_set_must_sign() {
    let mut epoch = Epoch { attempt: 0, ..an_epoch() };
    epoch::next_attempt(&mut epoch, 4).unwrap();
    epoch::next_attempt(&mut epoch, 4).unwrap();
    assert_eq!((epoch.attempt, epoch.min_set), (2, 0));
    epoch::next_attempt(&mut epoch, 4).unwrap();
    assert_eq!((epoch.attempt, epoch.min_set), (3, 5));
    epoch::next_attempt(&mut epoch, 5).unwrap();
    assert_eq!((epoch.attempt, epoch.min_set), (4, 5));
}

fn operator(active: Balance, jailed: bool) -> Option<OperatorInfo> {
    Some(OperatorInfo {
        role: Role::Oracle,
        signing_key: [0; 32],
        active,
        slashable: active * 2,
        jailed_at: jailed.then_some(1),
        commission_bps: 0,
        registered_at: 0,
        own: active,
        jailed_until: 0,
        rise: None,
        in_service: !jailed,
    })
}

#[test]
fn exactly_f_plus_one_signatures_in_ascending_places() {
    assert_eq!(oracles::places(0b0101, 4, 2), Ok(vec![0, 2]));
    assert_eq!(oracles::places(0b0001, 4, 1), Err(PayoutError::WrongSignatureCount));
    assert_eq!(oracles::places(0b0111, 4, 3), Err(PayoutError::WrongSignatureCount));
    // The same signer twice: one bit, two signatures.
    assert_eq!(oracles::places(0b0001, 4, 2), Err(PayoutError::WrongSignatureCount));
    assert_eq!(oracles::places(0b1_0001, 4, 2), Err(PayoutError::NoSuchOracle));
    assert_eq!(oracles::places(u32::MAX, 31, 11), Err(PayoutError::NoSuchOracle));
    assert_eq!(oracles::places((1 << 11) - 1, 31, 11), Ok((0..11).collect()));
    assert_eq!(oracles::places(1, 1, 1), Ok(vec![0]));
}

#[test]
fn a_jailed_signer_and_a_stranger_cover_nothing() {
    assert_eq!(oracles::cover(&[0, 2], &[operator(100, false), operator(50, false)], 5_000), Ok(75));
    assert_eq!(
        oracles::cover(&[0, 2], &[operator(100, false), operator(50, true)], 5_000),
        Err(PayoutError::SignerJailed(2))
    );
    assert_eq!(oracles::cover(&[0, 2], &[None, operator(50, false)], 5_000), Err(PayoutError::SignerJailed(0)));
}

#[test]
fn an_epoch_is_covered_even_if_the_best_bonded_dont_sign() {
    let four = [operator(100, false), operator(10, false), operator(30, false), operator(20, false)];
    assert_eq!(oracles::sure_cover(&four, 10_000), Ok(50));
    let jailed = [operator(100, false), operator(10, false), operator(30, true), operator(20, false)];
    assert_eq!(oracles::sure_cover(&jailed, 10_000), Ok(30));
    assert_eq!(oracles::sure_cover(&[operator(100, false)], 2_000), Ok(20));
    assert_eq!(oracles::sure_cover(&[None], 10_000), Ok(0));
}

#[test]
fn a_set_is_made_of_distinct_free_oracles() {
    let make = |accounts: &[u8], operators: &[Option<OperatorInfo>]| {
        let accounts: Vec<AccountId> = accounts.iter().map(|byte| account(*byte)).collect();
        oracles::make(&accounts, operators)
    };
    assert_eq!(make(&[1, 2], &[operator(1, false), operator(1, false)]).unwrap().len(), 2);
    assert_eq!(make(&[], &[]), Err(PayoutError::BadOracles));
    assert_eq!(make(&[1, 1], &[operator(1, false), operator(1, false)]), Err(PayoutError::BadOracles));
    assert_eq!(make(&[1], &[operator(1, true)]), Err(PayoutError::BadOracles));
    assert_eq!(make(&[1], &[None]), Err(PayoutError::BadOracles));
    let mut host = operator(1, false);
    host.as_mut().unwrap().role = Role::Host;
    assert_eq!(make(&[1], &[host]), Err(PayoutError::BadOracles));
    let many: Vec<u8> = (0..32).collect();
    assert_eq!(make(&many, &vec![operator(1, false); 32]), Err(PayoutError::BadOracles));
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
                params: 0,
                count_from: 0,
                count_to: *count,
                fee_from: 0,
                fee_to: *pot,
                top: [0; 32],
                pot: *pot,
            };
            let batch = epoch::record(&new, receipts, pots, NOW).unwrap();
            (receipts, pots) = (batch.sum_counts, batch.sum_pots);
            batch
        })
        .collect()
}

fn take(list: &[Batch], from: usize, most_pots: Balance) -> Result<epoch::Taken, PayoutError> {
    let before = from.checked_sub(1).map(|last| &list[last]);
    let waiting = epoch::Waiting {
        from: from as u64,
        count: list.len() as u64,
        receipts_before: before.map_or(0, |batch| batch.sum_counts),
        pots_before: before.map_or(0, |batch| batch.sum_pots),
        most_pots,
    };
    epoch::take(&waiting, |number| list.get(number as usize).cloned())
}

#[test]
fn what_is_claimed_or_carried_uses_up_no_cover() {
    // 10 % of what is carried may come on top of the pots, so 1,100 cover pots of 1,000.
    assert_eq!(epoch::most_pots(0, 0, 1_100, 1_000), Ok(1_000));
    assert_eq!(epoch::most_pots(50, 7, 1_100, 1_000), Ok(1_057));
    assert_eq!(epoch::most_pots(Balance::MAX, 7, 1_100, 0), Ok(Balance::MAX));
}

#[test]
fn an_epoch_needs_a_batch_and_cover_for_it() {
    let list = batches(&[(1, 10), (2, 20)]);
    assert_eq!(take(&list, 2, 1_000), Err(PayoutError::NothingToClose));
    assert_eq!(take(&list, 0, 9), Err(PayoutError::CoverExceeded));
    assert_eq!(take(&list, 0, 10), Ok(epoch::Taken { to: 1, receipts: 1, pots: 10 }));
    assert_eq!(take(&list, 0, 30), Ok(epoch::Taken { to: 2, receipts: 3, pots: 30 }));
    assert_eq!(take(&list, 1, 30), Ok(epoch::Taken { to: 2, receipts: 2, pots: 20 }));
}

#[test]
fn an_epoch_stops_at_two_to_the_26_receipts() {
    let list = batches(&vec![(1 << 20, 1); 65]);
    assert_eq!(take(&list, 0, 1_000), Ok(epoch::Taken { to: 64, receipts: 1 << 26, pots: 64 }));
}

#[test]
fn a_batch_without_receipts_fees_or_pot_is_none() {
    let new = NewBatch {
        channel: 0,
        host: account(1),
        model: 0,
        params: 0,
        count_from: 5,
        count_to: 6,
        fee_from: 10,
        fee_to: 20,
        top: [0; 32],
        pot: 4,
    };
    let bad = |change: fn(&mut NewBatch)| {
        let mut new = new.clone();
        change(&mut new);
        epoch::record(&new, 0, 0, NOW).unwrap_err()
    };
    assert!(epoch::record(&new, 0, 0, NOW).is_ok());
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
fn parameters_keep_their_bounds() {
    let good = PayoutParameters {
        epoch_ms: 0,
        demand_ms: 0,
        window_ms: 1,
        max_hold_ms: 0,
        carry_bps: 1_000,
        cover_bps: 10_000,
    };
    assert_eq!(report::validate(&good), Ok(()));
    for bad in [
        PayoutParameters { carry_bps: 1_001, ..good },
        PayoutParameters { cover_bps: 0, ..good },
        PayoutParameters { cover_bps: 10_001, ..good },
        PayoutParameters { window_ms: 0, ..good },
    ] {
        assert_eq!(report::validate(&bad), Err(PayoutError::BadParameters));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_search_finds_what_counting_finds(
        list in prop::collection::vec((1u64..1 << 20, 1u128..100), 1..80),
        from in 0usize..80,
        most in 0u128..8_000,
    ) {
        let from = from % list.len();
        let list = batches(&list);
        let before = from.checked_sub(1).map_or(0, |last| list[last].sum_counts);
        let fits = list[from..]
            .iter()
            .take_while(|batch| batch.sum_counts - before <= MAX_EPOCH_RECEIPTS && batch.sum_pots <= most)
            .count();
        match take(&list, from, most) {
            Ok(taken) => prop_assert_eq!(taken.to as usize, from + fits),
            Err(error) => {
                prop_assert_eq!(error, PayoutError::CoverExceeded);
                prop_assert_eq!(fits, 0);
            }
        }
    }

    #[test]
    fn credits_and_carry_are_all_that_was_funded(
        epochs in prop::collection::vec((1u128..1_000_000, 0u16..=1_000, 0u128..=100), 1..30),
    ) {
        let mut live = Live { epochs: 0, payouts: SumHead::EMPTY, carry: 0 };
        let mut funded = 0;
        for (pots, carry_bps, percent) in epochs {
            funded += pots;
            let epoch = Epoch { pots, carry_bps, attempt: 1, ..an_epoch() };
            let most = pots + report::carry_added(pots, live.carry, carry_bps).unwrap();
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
            prop_assert_eq!(check_at(&body, &epoch, &live), Ok(credited));
            let one_more = ReportBody { carry_out: body.carry_out + 1, ..body };
            prop_assert_eq!(check_at(&one_more, &epoch, &live), Err(PayoutError::NotConserved));
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
