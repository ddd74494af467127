//! The rules of channels, vouchers and splits, without a chain.

use crate::voucher::Increase;
use crate::{batch, channel, split, voucher};
use openledger_abi::escrow::*;
use openledger_abi::models::Settlement;
use openledger_abi::times::{Unit, ATTEST_GRACE, POT_GRACE};
use openledger_abi::{AccountId, Balance, OPEN};
use proof::tree::{MerkleTree, Tree};
use proof::Blake2;
use proptest::prelude::*;

const PAYER: u8 = 1;
const HOST: u8 = 2;
const NOW: u64 = 1_000;

fn account(byte: u8) -> AccountId {
    AccountId::from([byte; 32])
}

fn set() -> ParameterSet {
    ParameterSet {
        platform_bps: 1_000,
        host_bps: 2_000,
        owner_bps: 1_500,
        stakers_bps: 1_000,
        contributors_bps: 4_500,
        min_fee: 10,
        min_fee_kib: 5,
        retrieval_weights: vec![8, 4, 2, 1],
        common_max: 48,
    }
}

fn model(parents: &[u16], contributors_bps: u16) -> Settlement {
    Settlement {
        owner: account(9),
        parents: parents.iter().map(|bps| (account(10), *bps)).collect(),
        active: true,
        revision: 0,
        price_in: 0,
        price_out: 0,
        contributors_bps,
    }
}

/// One place of a tree 03: a fee, or nothing.
type PlaceFee = Option<Balance>;

/// The places of one (channel, model, key).
struct Places(Vec<(Receipt, SignedRequest)>);

impl Places {
    /// Answers of these fees.
    fn of(fees: &[Balance]) -> Self {
        Self::with_gaps(&fees.iter().copied().map(Some).collect::<Vec<_>>())
    }

    /// Answers of these fees, and unfilled places.
    fn with_gaps(fees: &[PlaceFee]) -> Self {
        let place = |(i, fee): (usize, &PlaceFee)| {
            let body = Request {
                channel: 0,
                model: 7,
                revision: 0,
                params: 3,
                sequence: i as u64,
                prompt: [i as u8; 32],
                prompt_bytes: 1,
                max_tokens_out: 1,
                max_fee: 1_000,
                flags: 0,
                context: [0; 32],
                deadline: NOW,
            };
            let request = SignedRequest { body, key: [PAYER; 32], signature: [1; 64] };
            let answered = |fee| Receipt { fee, request: request.hash::<Blake2>(), ..Receipt::UNFILLED };
            (fee.map_or(Receipt::UNFILLED, answered), request)
        };
        Self(fees.iter().enumerate().map(place).collect())
    }

    fn tree(&self, count: usize) -> MerkleTree {
        let node = |(receipt, _): &(Receipt, SignedRequest)| receipt.leaf(receipt.hash::<Blake2>()).node::<Blake2>();
        MerkleTree::build::<Blake2>(Tree::Receipts, self.0[..count].iter().map(node).collect()).unwrap()
    }

    /// What is paid once `count` of them are.
    fn paid(&self, count: usize) -> Paid {
        let tree = self.tree(count);
        Paid { count: count as u64, fee: tree.top().sum, peaks: tree.frontier(count as u64).unwrap().peaks }
    }

    /// Redeems the places `from .. to` by a voucher over the first `end`; the first filled one is opened.
    fn prefix(&self, from: usize, to: usize, end: usize) -> Redemption {
        let tree = self.tree(end);
        let head = tree.sum_head();
        let filled: Vec<usize> = (from..to).filter(|at| self.0[*at].0.fee > 0).collect();
        let index = filled.first().copied().unwrap_or(from);
        let (receipt, request) = self.0[index];
        Redemption {
            voucher: Voucher {
                channel: 0,
                model: 7,
                count: end as u64,
                fee: head.sum,
                top: head.top,
                deadline: NOW + 100,
            },
            session: None,
            signature: [0; 64],
            count: to as u64,
            added: tree.between(from as u64, to as u64).unwrap(),
            rest: tree.between(to as u64, end as u64).unwrap(),
            filled: filled.len() as u64,
            kib: 0,
            answer: AnswerOpening { receipt, request, index: index as u64, path: tree.path(index as u64).unwrap() },
        }
    }

    /// Redeems the places `from .. to` by a voucher that ends there.
    fn whole(&self, from: usize, to: usize) -> Redemption {
        self.prefix(from, to, to)
    }
}

fn open(deposit: Balance) -> Channel {
    channel::open(account(PAYER), account(HOST), deposit, 0).unwrap()
}

/// Takes a redemption on a channel as the contract does, but for the signature.
fn take(
    redemption: &Redemption,
    channel: &mut Channel,
    session: Option<&mut Session>,
    paid: Paid,
) -> Result<Increase, EscrowError> {
    let increase = voucher::increase::<Blake2>(redemption, paid)?;
    assert_eq!(voucher::named_parameters::<Blake2>(redemption, &increase)?, 3);
    voucher::book(redemption, &increase, &set(), channel, session, NOW)?;
    Ok(increase)
}

/// What a redemption takes of a fresh channel with this deposit after `paid`.
fn fee(redemption: &Redemption, deposit: Balance, paid: Paid) -> Result<Balance, EscrowError> {
    take(redemption, &mut open(deposit), None, paid).map(|increase| increase.fee)
}

#[test]
fn a_first_voucher_pays_all_its_receipts() {
    assert_eq!(fee(&Places::of(&[100, 20, 30]).whole(0, 3), 150, Paid::default()), Ok(150));
}

#[test]
fn a_later_voucher_pays_what_is_new() {
    let places = Places::of(&[100, 20, 30, 40]);
    let increase = take(&places.whole(2, 4), &mut open(1_000), None, places.paid(2)).unwrap();
    assert_eq!((increase.fee, increase.after), (70, places.paid(4)));
    assert_eq!(increase.top, places.tree(4).top().hash);
}

#[test]
fn a_prefix_of_a_voucher_pays_that_prefix_and_the_rest_is_paid_later() {
    let places = Places::of(&[100, 20, 30, 40, 50, 60, 70]);
    for cut in 3..7 {
        let first = take(&places.prefix(2, cut, 7), &mut open(1_000), None, places.paid(2)).unwrap();
        assert_eq!(first.after, places.paid(cut));
        assert_eq!(first.top, places.tree(cut).top().hash);
        let rest = take(&places.whole(cut, 7), &mut open(1_000), None, first.after).unwrap();
        assert_eq!(rest.after, places.paid(7));
    }
}

#[test]
fn a_voucher_above_the_deposit_or_the_cap_is_paid_as_far_as_they_reach() {
    let places = Places::of(&[100, 20, 30]);
    assert_eq!(fee(&places.whole(0, 3), 149, Paid::default()), Err(EscrowError::DepositExceeded));
    assert_eq!(fee(&places.prefix(0, 2, 3), 149, Paid::default()), Ok(120));
    let mut session = Session { cap: 130, spent: 5, expires_at: NOW + 1 };
    let all = take(&places.whole(0, 3), &mut open(1_000), Some(&mut session), Paid::default());
    assert_eq!(all, Err(EscrowError::SessionCapExceeded));
    take(&places.prefix(0, 2, 3), &mut open(1_000), Some(&mut session), Paid::default()).unwrap();
    assert_eq!(session.spent, 125);
}

#[test]
fn a_voucher_redeemed_twice_pays_nothing() {
    let places = Places::of(&[100, 20]);
    assert_eq!(fee(&places.whole(0, 2), 1_000, places.paid(2)), Err(EscrowError::NothingNew));
    assert_eq!(fee(&places.whole(0, 1), 1_000, places.paid(2)), Err(EscrowError::NothingNew));
    let beyond = Redemption { count: 3, ..places.whole(0, 2) };
    assert_eq!(fee(&beyond, 1_000, Paid::default()), Err(EscrowError::NothingNew));
}

#[test]
fn a_tree_that_does_not_begin_with_what_was_paid_is_refused() {
    let places = Places::of(&[100, 20, 30, 40]);
    // Dearer, cheaper, and the same total with the fees the other way round.
    for other in [[101, 20], [99, 20], [20, 100]] {
        let paid = Places::of(&other).paid(2);
        assert_eq!(fee(&places.whole(2, 4), 1_000, paid), Err(EscrowError::BadPath));
    }
    assert_eq!(fee(&places.whole(2, 4), 1_000, places.paid(1)), Err(EscrowError::BadPath));
}

#[test]
fn another_trees_top_total_or_nodes_lead_nowhere() {
    let places = Places::of(&[100, 20, 30]);
    let bad = |change: fn(&mut Redemption)| {
        let mut redemption = places.prefix(0, 2, 3);
        change(&mut redemption);
        assert_eq!(fee(&redemption, 1_000, Paid::default()), Err(EscrowError::BadPath));
    };
    bad(|r| r.voucher.top[0] ^= 1);
    bad(|r| r.voucher.fee += 1);
    bad(|r| r.voucher.count += 2);
    bad(|r| r.added[0].sum += 1);
    bad(|r| r.rest[0].hash[0] ^= 1);
    bad(|r| r.rest.clear());
    bad(|r| r.added.push(r.rest[0]));
    bad(|r| (r.added[0].sum, r.rest[0].sum) = (u128::MAX, 1));
}

#[test]
fn the_opened_answer_must_be_a_new_one_with_its_own_request() {
    let places = Places::of(&[100, 20, 30]);
    let bad = |change: fn(&mut Redemption, &Places)| {
        let mut redemption = places.prefix(1, 2, 3);
        change(&mut redemption, &places);
        assert_eq!(fee(&redemption, 1_000, places.paid(1)), Err(EscrowError::BadAnswer));
    };
    fn at(places: &Places, index: usize) -> AnswerOpening {
        places.prefix(index, index + 1, 3).answer
    }
    bad(|r, places| r.answer = at(places, 0));
    bad(|r, places| r.answer = at(places, 2));
    bad(|r, _| r.answer.request.body.params += 1);
    bad(|r, _| r.answer.receipt.fee += 1);
    bad(|r, _| r.answer.path.truncate(1));
    bad(|r, places| r.answer.path = at(places, 2).path);
}

#[test]
fn a_voucher_over_receipts_that_no_request_asks_for_is_refused() {
    let mut places = Places::of(&[100]);
    places.0[0].0.request = [9; 32];
    assert_eq!(fee(&places.whole(0, 1), 1_000, Paid::default()), Err(EscrowError::BadAnswer));
}

#[test]
fn half_of_the_places_may_be_unfilled_and_no_more() {
    let places = Places::with_gaps(&[None, Some(50), None, Some(60), None, None]);
    assert_eq!(fee(&places.whole(0, 4), 1_000, Paid::default()), Ok(110));
    assert_eq!(fee(&places.whole(0, 5), 1_000, Paid::default()), Err(EscrowError::TooFewFilled));
    // To claim more than are filled only makes it dearer; more than there are is refused.
    let more = |filled| Redemption { filled, ..places.whole(0, 4) };
    assert_eq!(fee(&more(4), 1_000, Paid::default()), Ok(110));
    assert_eq!(fee(&more(5), 1_000, Paid::default()), Err(EscrowError::TooFewFilled));
    assert_eq!(fee(&more(1), 1_000, Paid::default()), Err(EscrowError::TooFewFilled));
}

#[test]
fn a_batch_of_unfilled_places_alone_is_refused() {
    let places = Places::with_gaps(&[None, None]);
    let mut redemption = places.whole(0, 2);
    // An unfilled place has no request, so nothing can be opened; without filled ones it would be refused anyway.
    assert_eq!(fee(&redemption, 1_000, Paid::default()), Err(EscrowError::BadAnswer));
    redemption.filled = 1;
    assert_eq!(fee(&redemption, 1_000, Paid::default()), Err(EscrowError::BadAnswer));
}

#[test]
fn a_fee_at_the_floor_passes_and_one_below_does_not() {
    assert_eq!(fee(&Places::of(&[10, 10]).whole(0, 2), 1_000, Paid::default()), Ok(20));
    assert_eq!(fee(&Places::of(&[10, 9]).whole(0, 2), 1_000, Paid::default()), Err(EscrowError::FeeTooLow));
    // 2 answers at 10, 3 KiB at 5.
    let with_kib = |fees: &[Balance], kib| Redemption { kib, ..Places::of(fees).whole(0, 2) };
    assert_eq!(fee(&with_kib(&[20, 15], 3), 1_000, Paid::default()), Ok(35));
    assert_eq!(fee(&with_kib(&[20, 14], 3), 1_000, Paid::default()), Err(EscrowError::FeeTooLow));
    assert_eq!(fee(&with_kib(&[20, 14], u64::MAX), 1_000, Paid::default()), Err(EscrowError::FeeTooLow));
}

#[test]
fn the_deposit_is_the_most_that_can_be_spent() {
    let redemption = Places::of(&[100, 20]).whole(0, 2);
    assert_eq!(fee(&redemption, 120, Paid::default()), Ok(120));
    assert_eq!(fee(&redemption, 119, Paid::default()), Err(EscrowError::DepositExceeded));
}

#[test]
fn a_deadline_includes_its_last_moment() {
    let mut redemption = Places::of(&[100]).whole(0, 1);
    redemption.voucher.deadline = NOW;
    assert_eq!(fee(&redemption, 1_000, Paid::default()), Ok(100));
    redemption.voucher.deadline = NOW - 1;
    assert_eq!(fee(&redemption, 1_000, Paid::default()), Err(EscrowError::Expired));
}

#[test]
fn a_batch_of_more_than_a_million_places_is_refused() {
    let mut redemption = Places::of(&[100]).whole(0, 1);
    for count in [MAX_BATCH + 1, u64::MAX] {
        (redemption.voucher.count, redemption.count) = (count, count);
        assert_eq!(fee(&redemption, 1_000, Paid::default()), Err(EscrowError::BatchTooLarge));
    }
}

#[test]
fn a_replaced_parameter_set_counts_until_the_exit_delay_is_over() {
    assert!(voucher::still_counts(NOW, 500, NOW + 499));
    assert!(!voucher::still_counts(NOW, 500, NOW + 500));
    assert!(!voucher::still_counts(NOW, 0, NOW));
}

#[test]
fn a_session_key_spends_up_to_its_cap_before_its_expiry() {
    let redemption = Places::of(&[100]).whole(0, 1);
    let run = |mut session: Session| {
        take(&redemption, &mut open(1_000), Some(&mut session), Paid::default()).map(|_| session.spent)
    };
    assert_eq!(run(Session { cap: 150, spent: 50, expires_at: NOW + 1 }), Ok(150));
    assert_eq!(run(Session { cap: 149, spent: 50, expires_at: NOW + 1 }), Err(EscrowError::SessionCapExceeded));
    assert_eq!(run(Session { cap: 150, spent: 50, expires_at: NOW }), Err(EscrowError::SessionExpired));
}

#[test]
fn a_session_can_only_grow_and_ends_after_the_exit_delay() {
    let new = |cap, expires_at| NewSession { key: [3; 32], cap, expires_at };
    let session = channel::set_session(None, &new(100, 5_000), NOW).unwrap();
    assert_eq!(channel::set_session(None, &new(100, NOW), NOW), Err(EscrowError::SessionExpired));
    assert_eq!(channel::set_session(None, &new(0, 5_000), NOW), Err(EscrowError::ZeroAmount));
    let lower = channel::set_session(Some(session.clone()), &new(99, 5_000), NOW);
    assert_eq!(lower, Err(EscrowError::SessionLowered));
    let mut grown = channel::set_session(Some(session), &new(200, 6_000), NOW).unwrap();
    channel::revoke_session(&mut grown, NOW, 500).unwrap();
    assert_eq!(grown.expires_at, NOW + 500);
    channel::revoke_session(&mut grown, NOW + 100, 500).unwrap();
    assert_eq!(grown.expires_at, NOW + 500);
}

#[test]
fn a_payer_leaves_after_the_delay_and_gets_the_rest() {
    let mut state = open(100);
    state.spent = 30;
    assert_eq!(channel::exit(&mut state, NOW), Err(EscrowError::ExitNotDue));
    assert_eq!(channel::request_exit(&mut state, account(HOST), NOW, 500), Err(EscrowError::NotPayer));
    assert_eq!(channel::request_exit(&mut state, account(PAYER), NOW, 500), Ok(NOW + 500));
    assert_eq!(channel::request_exit(&mut state, account(PAYER), NOW, 500), Err(EscrowError::ExitAlreadyRequested));
    assert_eq!(channel::exit(&mut state, NOW + 499), Err(EscrowError::ExitNotDue));
    assert_eq!(channel::exit(&mut state, NOW + 500), Ok(70));
    assert_eq!(channel::exit(&mut state, NOW + 500), Err(EscrowError::ChannelClosed));
    assert_eq!(channel::top_up(&mut state, 1), Err(EscrowError::ChannelClosed));
}

#[test]
fn vouchers_are_paid_while_the_payer_is_leaving_and_not_once_it_left() {
    let redemption = Places::of(&[100]).whole(0, 1);
    let mut state = open(1_000);
    channel::request_exit(&mut state, account(PAYER), 0, 1).unwrap();
    assert!(take(&redemption, &mut state, None, Paid::default()).is_ok());
    channel::close(&mut state).unwrap();
    assert_eq!(take(&redemption, &mut state, None, Paid::default()), Err(EscrowError::ChannelClosed));
}

#[test]
fn one_hundred_open_split_by_the_defaults() {
    let split = split::split(100 * OPEN, &set(), &model(&[2_000, 1_000], 0)).unwrap();
    assert_eq!(split.platform, 10 * OPEN);
    assert_eq!(split.host, 20 * OPEN);
    assert_eq!(split.owner, 15 * OPEN * 7 / 10);
    assert_eq!(split.parents, vec![(account(10), 3 * OPEN), (account(10), 15 * OPEN / 10)]);
    assert_eq!(split.stakers, 10 * OPEN);
    assert_eq!(split.pot, 45 * OPEN);
}

#[test]
fn what_a_model_promises_its_contributors_comes_from_its_owner() {
    let split = split::split(10_000, &set(), &model(&[], 5_000)).unwrap();
    assert_eq!((split.owner, split.pot), (1_000, 5_000));
    let all = split::split(10_000, &set(), &model(&[], 9_000)).unwrap();
    assert_eq!((all.owner, all.pot), (0, 6_000));
}

#[test]
fn the_smallest_fee_goes_to_the_pot() {
    let split = split::split(1, &set(), &model(&[5_000], 0)).unwrap();
    assert_eq!(split.pot, 1);
}

#[test]
fn royalties_above_the_whole_are_an_error() {
    assert_eq!(split::split(100, &set(), &model(&[6_000, 5_000], 0)), Err(EscrowError::Overflow));
}

#[test]
fn parameter_sets_add_up_and_keep_the_floor() {
    let check = |change: fn(&mut ParameterSet), floor| {
        let mut set = set();
        change(&mut set);
        split::validate(&set, floor)
    };
    assert_eq!(check(|_| (), 4_500), Ok(()));
    assert_eq!(check(|_| (), 4_501), Err(EscrowError::BelowPotFloor));
    assert_eq!(check(|set| set.host_bps += 1, 0), Err(EscrowError::BadParameters));
    assert_eq!(check(|set| set.host_bps = u16::MAX, 0), Err(EscrowError::BadParameters));
    assert_eq!(check(|set| set.min_fee = 0, 0), Err(EscrowError::BadParameters));
    // Above these no answer could be paid for.
    assert_eq!(check(|set| (set.min_fee, set.min_fee_kib) = (MAX_MIN_FEE, MAX_MIN_FEE), 0), Ok(()));
    assert_eq!(check(|set| set.min_fee = MAX_MIN_FEE + 1, 0), Err(EscrowError::BadParameters));
    assert_eq!(check(|set| set.min_fee_kib = MAX_MIN_FEE + 1, 0), Err(EscrowError::BadParameters));
    assert_eq!(check(|set| set.retrieval_weights = vec![1; 17], 0), Err(EscrowError::BadParameters));
    assert_eq!(check(|set| set.common_max = 0, 0), Err(EscrowError::BadParameters));
    assert_eq!(check(|set| set.common_max = 257, 0), Err(EscrowError::BadParameters));
    assert_eq!((check(|set| set.common_max = 1, 0), check(|set| set.common_max = 256, 0)), (Ok(()), Ok(())));
    let nothing_for_contributors = check(
        |set| {
            set.host_bps += 4_500;
            set.contributors_bps = 0;
        },
        0,
    );
    assert_eq!(nothing_for_contributors, Err(EscrowError::BelowPotFloor));
}

prop_compose! {
    fn any_set()(cuts in prop::collection::vec(0u16..=9_999, 4)) -> ParameterSet {
        let mut cuts = cuts;
        cuts.sort_unstable();
        ParameterSet {
            platform_bps: cuts[0],
            host_bps: cuts[1] - cuts[0],
            owner_bps: cuts[2] - cuts[1],
            stakers_bps: cuts[3] - cuts[2],
            contributors_bps: 10_000 - cuts[3],
            ..set()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn shares_add_up_to_the_fee_and_leave_a_pot(
        fee in 1u128..=1_000_000_000 * OPEN,
        set in any_set(),
        parents in prop::collection::vec(0u16..=1_250, 0..=8),
        promised in 0u16..=10_000,
    ) {
        prop_assert_eq!(split::validate(&set, 0), Ok(()));
        let split = split::split(fee, &set, &model(&parents, promised)).unwrap();
        let parents: Balance = split.parents.iter().map(|(_, share)| share).sum();
        prop_assert_eq!(split.platform + split.host + split.owner + parents + split.stakers + split.pot, fee);
        prop_assert!(split.pot >= 1);
        prop_assert!(split.pot >= fee * u128::from(set.contributors_bps) / 10_000);
    }

    #[test]
    fn any_sequence_of_vouchers_spends_exactly_the_fees(
        fees in prop::collection::vec(prop::option::weighted(0.8, 10u128..1_000), 1..40),
        steps in prop::collection::vec((1usize..8, 0usize..8), 1..20),
    ) {
        let places = Places::with_gaps(&fees);
        let total: Balance = fees.iter().flatten().sum();
        let (mut state, mut paid) = (open(total.max(1)), Paid::default());
        for (step, beyond) in steps {
            let from = paid.count as usize;
            let to = (from + step).min(fees.len());
            let end = (to + beyond).min(fees.len());
            if from == to { break; }
            match take(&places.prefix(from, to, end), &mut state, None, paid.clone()) {
                Ok(increase) => {
                    prop_assert_eq!(increase.fee, fees[from..to].iter().flatten().sum::<Balance>());
                    paid = increase.after;
                }
                Err(error) => {
                    let filled = fees[from..to].iter().flatten().count();
                    prop_assert!(2 * filled < to - from, "{error:?}");
                    break;
                }
            }
        }
        prop_assert_eq!(state.spent, paid.fee);
        prop_assert_eq!(paid.fee, fees[..paid.count as usize].iter().flatten().sum::<Balance>());
    }
}

/// A batch whose fee of 100 OPEN was taken at `NOW`.
fn waiting() -> WaitingBatch {
    let places = Places::of(&[100 * OPEN]);
    let redemption = places.prefix(0, 1, 1);
    let mut state = open(100 * OPEN);
    let increase = take(&redemption, &mut state, None, Paid::default()).unwrap();
    batch::fix((&redemption, &increase), (&state, [7; 32]), (0, &set()), &model(&[2_000], 0), NOW).unwrap()
}

#[test]
fn host_and_owner_may_have_half_of_their_shares_once_after_the_grace() {
    let (mut taken, unit) = (waiting(), Unit::Day);
    let (host, owner) = (taken.batch.host, taken.owner);
    let due = NOW + unit.ms(ATTEST_GRACE);
    assert_eq!(batch::advance(&mut taken, account(77), unit, due), Err(EscrowError::NotEntitled));
    assert_eq!(batch::advance(&mut taken, host, unit, due - 1), Err(EscrowError::GraceNotOver));
    let before = taken.split.clone();
    let (to_host, to_owner) = batch::advance(&mut taken, owner, unit, due).unwrap();
    assert_eq!((to_host, to_owner), (before.host / 2, before.owner / 2));
    assert_eq!((taken.split.host, taken.split.owner), (before.host - to_host, before.owner - to_owner));
    let untouched = |split: &Split| (split.platform, split.parents.clone(), split.stakers, split.pot);
    assert_eq!(untouched(&taken.split), untouched(&before));
    assert_eq!(batch::advance(&mut taken, host, unit, due), Err(EscrowError::AlreadyAdvanced));
}

#[test]
fn what_nobody_attests_carries_over_less_what_was_advanced() {
    let (mut taken, unit) = (waiting(), Unit::TenSeconds);
    let due = NOW + unit.ms(POT_GRACE);
    assert_eq!(batch::expire(&taken, unit, due - 1), Err(EscrowError::GraceNotOver));
    assert_eq!(batch::expire(&taken, unit, due), Ok(100 * OPEN));
    let host = taken.batch.host;
    let (to_host, to_owner) = batch::advance(&mut taken, host, unit, due).unwrap();
    assert_eq!(batch::expire(&taken, unit, due), Ok(100 * OPEN - to_host - to_owner));
}

#[test]
fn what_oracles_sign_names_all_that_a_batch_is_judged_by() {
    let taken = waiting();
    let body = taken.body(5, 3);
    assert_eq!((body.set, body.waiting, body.channel, body.model), (3, 5, taken.batch.channel, taken.batch.model));
    assert_eq!((body.key, body.params, body.top, body.kib), ([7; 32], 0, taken.batch.top, taken.batch.kib));
    assert_eq!((body.from, body.to, body.filled, body.fee_from, body.fee_to), (0, 1, 1, 0, 100 * OPEN));
}
