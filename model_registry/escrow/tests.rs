//! The rules of channels, vouchers and splits, without a chain.

use crate::{channel, split, voucher};
use openledger_abi::escrow::*;
use openledger_abi::models::Settlement;
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

/// The receipts of one (channel, model) with these fees.
struct Receipts(Vec<ReceiptLeaf>);

impl Receipts {
    fn of(fees: &[Balance]) -> Self {
        let leaf = |(i, fee): (usize, &Balance)| ReceiptLeaf { receipt: [i as u8 + 1; 32], fee: *fee };
        Self(fees.iter().enumerate().map(leaf).collect())
    }

    /// A voucher over the first `count` of them, with leaf `from` opened.
    fn redemption(&self, from: usize, count: usize) -> Redemption {
        let nodes = self.0[..count].iter().map(|leaf| leaf.node::<Blake2>()).collect();
        let tree = MerkleTree::build::<Blake2>(Tree::Receipts, nodes).unwrap();
        let head = tree.sum_head();
        Redemption {
            voucher: Voucher {
                channel: 0,
                model: 7,
                count: count as u64,
                fee: head.sum,
                top: head.top,
                deadline: NOW + 100,
            },
            session: None,
            signature: [0; 64],
            first: ReceiptOpening { leaf: self.0[from], path: tree.path(from as u64).unwrap() },
        }
    }
}

fn open(deposit: Balance) -> Channel {
    channel::open(account(PAYER), account(HOST), deposit, 0).unwrap()
}

/// Admits a redemption of a fresh channel with this deposit after `paid`.
fn admit(redemption: &Redemption, deposit: Balance, mut paid: Paid) -> Result<Balance, EscrowError> {
    voucher::admit::<Blake2>(redemption, &mut open(deposit), None, &mut paid, 10, NOW).map(|increase| increase.fee)
}

const NOTHING: Paid = Paid { count: 0, fee: 0 };

#[test]
fn a_first_voucher_pays_all_its_receipts() {
    let receipts = Receipts::of(&[100, 20, 30]);
    assert_eq!(admit(&receipts.redemption(0, 3), 150, NOTHING), Ok(150));
}

#[test]
fn a_later_voucher_pays_what_is_new() {
    let receipts = Receipts::of(&[100, 20, 30, 40]);
    assert_eq!(admit(&receipts.redemption(2, 4), 1_000, Paid { count: 2, fee: 120 }), Ok(70));
}

#[test]
fn a_voucher_redeemed_twice_pays_nothing() {
    let receipts = Receipts::of(&[100, 20]);
    assert_eq!(admit(&receipts.redemption(0, 2), 1_000, Paid { count: 2, fee: 120 }), Err(EscrowError::NothingNew));
    assert_eq!(admit(&receipts.redemption(0, 1), 1_000, Paid { count: 2, fee: 120 }), Err(EscrowError::NothingNew));
}

#[test]
fn a_lower_total_is_refused() {
    let receipts = Receipts::of(&[10, 10, 10]);
    assert_eq!(admit(&receipts.redemption(2, 3), 1_000, Paid { count: 2, fee: 120 }), Err(EscrowError::FeeDecreased));
}

#[test]
fn the_sum_before_the_first_new_receipt_must_be_what_was_paid() {
    // The same total, but the old receipts are cheaper in this tree than they were.
    let receipts = Receipts::of(&[10, 20, 200]);
    assert_eq!(admit(&receipts.redemption(2, 3), 1_000, Paid { count: 2, fee: 120 }), Err(EscrowError::BadPath));
}

#[test]
fn another_trees_top_opens_nothing() {
    let mut redemption = Receipts::of(&[100, 20]).redemption(0, 2);
    redemption.voucher.top = Receipts::of(&[100, 21]).redemption(0, 2).voucher.top;
    assert_eq!(admit(&redemption, 1_000, NOTHING), Err(EscrowError::BadPath));
}

#[test]
fn a_total_other_than_the_trees_is_refused() {
    let mut redemption = Receipts::of(&[100, 20]).redemption(0, 2);
    redemption.voucher.fee += 1;
    assert_eq!(admit(&redemption, 1_000, NOTHING), Err(EscrowError::BadPath));
}

#[test]
fn the_opened_receipt_must_be_the_first_new_one() {
    let receipts = Receipts::of(&[100, 20, 30]);
    assert_eq!(admit(&receipts.redemption(1, 3), 1_000, NOTHING), Err(EscrowError::BadPath));
    let mut short = receipts.redemption(0, 3);
    short.first.path.pop();
    assert_eq!(admit(&short, 1_000, NOTHING), Err(EscrowError::BadPath));
}

#[test]
fn a_fee_at_the_least_passes_and_one_below_does_not() {
    assert_eq!(admit(&Receipts::of(&[10, 10]).redemption(0, 2), 1_000, NOTHING), Ok(20));
    assert_eq!(admit(&Receipts::of(&[10, 9]).redemption(0, 2), 1_000, NOTHING), Err(EscrowError::FeeTooLow));
}

#[test]
fn the_deposit_is_the_most_that_can_be_spent() {
    let redemption = Receipts::of(&[100, 20]).redemption(0, 2);
    assert_eq!(admit(&redemption, 120, NOTHING), Ok(120));
    assert_eq!(admit(&redemption, 119, NOTHING), Err(EscrowError::DepositExceeded));
}

#[test]
fn a_deadline_includes_its_last_moment() {
    let mut redemption = Receipts::of(&[100]).redemption(0, 1);
    redemption.voucher.deadline = NOW;
    assert_eq!(admit(&redemption, 1_000, NOTHING), Ok(100));
    redemption.voucher.deadline = NOW - 1;
    assert_eq!(admit(&redemption, 1_000, NOTHING), Err(EscrowError::Expired));
}

#[test]
fn a_batch_of_more_than_a_million_receipts_is_refused() {
    let mut redemption = Receipts::of(&[100]).redemption(0, 1);
    redemption.voucher.count = MAX_BATCH + 1;
    assert_eq!(admit(&redemption, 1_000, NOTHING), Err(EscrowError::BatchTooLarge));
    redemption.voucher.count = u64::MAX;
    assert_eq!(admit(&redemption, 1_000, NOTHING), Err(EscrowError::BatchTooLarge));
}

#[test]
fn a_session_key_spends_up_to_its_cap_before_its_expiry() {
    let redemption = Receipts::of(&[100]).redemption(0, 1);
    let run = |mut session: Session| {
        let (mut channel, mut paid) = (open(1_000), NOTHING);
        voucher::admit::<Blake2>(&redemption, &mut channel, Some(&mut session), &mut paid, 1, NOW)
            .map(|_| session.spent)
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
    let redemption = Receipts::of(&[100]).redemption(0, 1);
    let (mut state, mut paid) = (open(1_000), NOTHING);
    channel::request_exit(&mut state, account(PAYER), 0, 1).unwrap();
    assert!(voucher::admit::<Blake2>(&redemption, &mut state, None, &mut paid, 1, NOW).is_ok());
    channel::close(&mut state).unwrap();
    let late = voucher::admit::<Blake2>(&redemption, &mut state, None, &mut NOTHING.clone(), 1, NOW);
    assert_eq!(late, Err(EscrowError::ChannelClosed));
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
        fees in prop::collection::vec(1u128..1_000, 1..40),
        steps in prop::collection::vec(1usize..8, 1..20),
    ) {
        let receipts = Receipts::of(&fees);
        let total: Balance = fees.iter().sum();
        let (mut state, mut paid) = (open(total), NOTHING);
        for step in steps {
            let from = paid.count as usize;
            let to = (from + step).min(fees.len());
            if from == to { break; }
            let redemption = receipts.redemption(from, to);
            let increase = voucher::admit::<Blake2>(&redemption, &mut state, None, &mut paid, 1, NOW).unwrap();
            prop_assert_eq!(increase.fee, fees[from..to].iter().sum::<Balance>());
        }
        prop_assert_eq!(state.spent, paid.fee);
        prop_assert_eq!(paid.fee, fees[..paid.count as usize].iter().sum::<Balance>());
    }
}
