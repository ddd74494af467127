use crate::gas_station::GasStationContract;
use crate::station::{self, Account, Window};
use ink::codegen::Env as _;
use ink::env::test::{default_accounts, set_account_balance, set_block_timestamp, set_caller};
use ink::env::DefaultEnvironment as E;
use openledger_abi::gas_station::*;
use openledger_abi::{AccountId, AdminError, Administered, Balance, Bytes32, Pausable, OPEN};
use proof::signed::{Domain, Signable, Tag};
use proptest::prelude::*;
use schnorrkel::{signing_context, Keypair};

const GENESIS: Bytes32 = [7; 32];
const UNIT: Balance = 1_000_000_000_000;
const DAY: u64 = 86_400_000;

fn parameters() -> GasParameters {
    GasParameters {
        rate: GasRate { native: UNIT, open: OPEN },
        tip: OPEN / 2,
        least: UNIT / 10,
        account_limit: 20 * UNIT,
        total_limit: 100 * UNIT,
        reserve: 5 * UNIT,
        period_ms: DAY,
    }
}

fn key(seed: u8) -> (Keypair, AccountId) {
    let secret = schnorrkel::MiniSecretKey::from_bytes(&[seed; 32]).unwrap();
    let pair = secret.expand_to_keypair(schnorrkel::ExpansionMode::Ed25519);
    let account = AccountId::from(pair.public.to_bytes());
    (pair, account)
}

fn order() -> GasOrder {
    GasOrder { holder: key(1).1, open: 10 * OPEN, least_native: 9 * UNIT, tip: OPEN, nonce: 0, deadline: 100 }
}

fn sign(station: &GasStationContract, genesis: Bytes32, tag: &Tag, order: &GasOrder) -> [u8; 64] {
    let domain = Domain { genesis, contract: *station.env().account_id().as_ref() };
    let message = Signable::new::<proof::Blake2>(tag, &domain, &order_body(order));
    key(1).0.sign(signing_context(b"substrate").bytes(&message.digest)).to_bytes()
}

fn signed(station: &GasStationContract, order: &GasOrder) -> [u8; 64] {
    sign(station, GENESIS, &ORDER_TAG, order)
}

/// A station deployed by Alice; Bob is the admin, Charlie the guardian, Django the treasury.
fn deploy(funds: Balance) -> GasStationContract {
    let accounts = default_accounts::<E>();
    set_caller::<E>(accounts.alice);
    let token = AccountId::from([9; 32]);
    let mut station =
        GasStationContract::new(token, GENESIS, accounts.django, Some(accounts.charlie), parameters()).unwrap();
    station.wire(accounts.bob).unwrap();
    set_account_balance::<E>(station.env().account_id(), funds);
    set_block_timestamp::<E>(50);
    station
}

#[test]
fn an_order_gives_what_the_rate_says_rounded_down() {
    let rate = GasRate { native: 3, open: 7 };
    assert_eq!(station::native_for(rate, 100, 0, 1), Ok(42)); // 300 / 7 = 42.86
    assert_eq!(station::native_for(rate, 100, 2, 1), Ok(42)); // 294 / 7 = 42
    assert_eq!(station::native_for(rate, 100, 3, 1), Ok(41)); // 291 / 7 = 41.57
    assert_eq!(station::native_for(rate, 100, 100, 0), Err(GasStationError::BelowLeast { native: 0, least: 0 }));
    assert_eq!(station::native_for(rate, 100, 101, 1), Err(GasStationError::TipAboveOrder));
    assert_eq!(station::native_for(rate, 0, 0, 1), Err(GasStationError::BelowLeast { native: 0, least: 1 }));
    assert_eq!(station::native_for(rate, 2, 0, 1), Err(GasStationError::BelowLeast { native: 0, least: 1 }));
}

#[test]
fn amounts_up_to_the_largest_are_priced_and_what_is_beyond_is_refused() {
    let even = GasRate { native: Balance::MAX, open: Balance::MAX };
    assert_eq!(station::native_for(even, Balance::MAX, 0, 1), Ok(Balance::MAX));
    let dear = GasRate { native: 2, open: 1 };
    assert_eq!(station::native_for(dear, Balance::MAX, 0, 1), Err(GasStationError::Overflow));
    assert!(station::native_for(dear, Balance::MAX, Balance::MAX, 0).is_err());
}

#[test]
fn the_least_is_the_chains_existential_deposit_at_least() {
    let few = GasParameters { least: 5, ..parameters() };
    assert_eq!(station::least(&few, 1_000), 1_000);
    assert_eq!(station::least(&few, 3), 5);
    let order = GasOrder { open: OPEN, tip: 0, least_native: 0, ..order() };
    let refused = GasStationError::BelowLeast { native: UNIT, least: 2 * UNIT };
    assert_eq!(station::price(&few, 2 * UNIT, &order), Err(refused));
    assert_eq!(station::price(&few, UNIT, &order), Ok(UNIT));
}

#[test]
fn a_holder_never_gets_less_than_it_agreed_to() {
    assert_eq!(station::price(&parameters(), 1, &order()), Ok(9 * UNIT));
    let greedy = GasOrder { least_native: 9 * UNIT + 1, ..order() };
    assert_eq!(station::price(&parameters(), 1, &greedy), Err(GasStationError::BelowOrder { native: 9 * UNIT }));
}

#[test]
fn limits_end_with_their_period_to_the_millisecond() {
    let parameters = parameters();
    let (account, total) = (Account::default(), Window::default());
    let full = 20 * UNIT;
    let last = 3 * DAY - 1;
    let (account, total) = station::spend(&parameters, account, total, full, 2 * DAY).unwrap();
    let none = Err(GasStationError::AccountLimit { left: 0 });
    assert_eq!(station::spend(&parameters, account, total, 1, 2 * DAY), none);
    assert_eq!(station::spend(&parameters, account, total, 1, last), none);
    let (account, total) = station::spend(&parameters, account, total, full, 3 * DAY).unwrap();
    assert_eq!(account.nonce, 2);
    assert_eq!(station::left(&parameters, account, total, 0, 3 * DAY).total, 80 * UNIT);
    assert_eq!(station::left(&parameters, account, total, 0, 3 * DAY).renewed_at, 4 * DAY);
    assert_eq!(station::left(&parameters, account, total, 0, 4 * DAY).account, full);
}

#[test]
fn the_first_period_counts_too() {
    let (account, total) = station::spend(&parameters(), Account::default(), Window::default(), 20 * UNIT, 0).unwrap();
    assert!(station::spend(&parameters(), account, total, 1, DAY - 1).is_err());
    assert!(station::spend(&parameters(), account, total, 1, DAY).is_ok());
}

#[test]
fn many_accounts_together_stay_within_the_total() {
    let mut total = Window::default();
    for _ in 0..5 {
        total = station::spend(&parameters(), Account::default(), total, 20 * UNIT, 5).unwrap().1;
    }
    let refused = station::spend(&parameters(), Account::default(), total, 1, 5);
    assert_eq!(refused, Err(GasStationError::TotalLimit { left: 0 }));
}

#[test]
fn a_lowered_limit_leaves_nothing_rather_than_less_than_nothing() {
    let (account, total) = station::spend(&parameters(), Account::default(), Window::default(), 10 * UNIT, 5).unwrap();
    let lower = GasParameters { account_limit: UNIT, total_limit: UNIT, ..parameters() };
    assert_eq!(station::left(&lower, account, total, 0, 5).account, 0);
    assert_eq!(station::spend(&lower, account, total, 1, 5), Err(GasStationError::AccountLimit { left: 0 }));
}

#[test]
fn what_the_station_keeps_is_not_among_its_funds() {
    let parameters = parameters();
    assert_eq!(station::funds(&parameters, 7 * UNIT, UNIT), UNIT);
    assert_eq!(station::funds(&parameters, 6 * UNIT, UNIT), 0);
    assert_eq!(station::funds(&parameters, 0, UNIT), 0);
}

#[test]
fn parameters_that_make_no_sense_are_refused() {
    let good = parameters();
    assert_eq!(station::validate(&good), Ok(()));
    for bad in [
        GasParameters { rate: GasRate { native: 0, open: 1 }, ..good },
        GasParameters { rate: GasRate { native: 1, open: 0 }, ..good },
        GasParameters { least: good.account_limit + 1, ..good },
        GasParameters { account_limit: good.total_limit + 1, ..good },
        GasParameters { period_ms: 0, ..good },
        GasParameters { period_ms: MAX_PERIOD + 1, ..good },
    ] {
        assert_eq!(station::validate(&bad), Err(GasStationError::BadParameters));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Splitting an order never gives more than the whole, and the whole never more than the rate.
    #[test]
    fn rounding_is_always_in_the_stations_favour(
        native in 1u128..1 << 64,
        open in 1u128..1 << 64,
        first in 0u128..1 << 60,
        second in 0u128..1 << 60,
    ) {
        let rate = GasRate { native, open };
        let given = |paid| station::native_for(rate, paid, 0, 0).unwrap_or(0);
        prop_assert!(given(first) + given(second) <= given(first + second));
        // given · open ≤ paid · native, compared by quotients since the products leave 128 bits.
        let back = GasRate { native: open, open: native };
        let worth = station::native_for(back, given(first), 0, 0).unwrap_or(0);
        prop_assert!(worth <= first);
    }

    /// No sequence of swaps gives an account, or all together, more than the limit of a period.
    #[test]
    fn no_sequence_of_swaps_passes_a_limit(
        swaps in proptest::collection::vec((0usize..4, 0u128..30, 0u64..40), 0..60),
    ) {
        let parameters = GasParameters {
            least: 0, account_limit: 50, total_limit: 90, reserve: 0, period_ms: 100, ..parameters()
        };
        let mut accounts = [Account::default(); 4];
        let mut total = Window::default();
        let mut now = 0;
        let mut given = std::collections::BTreeMap::<(u64, Option<usize>), u128>::new();
        for (who, amount, wait) in swaps {
            now += wait;
            if let Ok((account, sum)) = station::spend(&parameters, accounts[who], total, amount, now) {
                prop_assert_eq!(account.nonce, accounts[who].nonce + 1);
                (accounts[who], total) = (account, sum);
                *given.entry((now / 100, Some(who))).or_default() += amount;
                *given.entry((now / 100, None)).or_default() += amount;
            }
        }
        for ((_, who), amount) in given {
            let limit = if who.is_some() { 50 } else { 90 };
            prop_assert!(amount <= limit);
        }
    }
}

#[ink::test]
fn an_order_counts_until_its_deadline_and_with_its_nonce() {
    let mut station = deploy(100 * UNIT);
    let late = order();
    let signature = signed(&station, &late);
    set_block_timestamp::<E>(101);
    assert_eq!(station.swap(late, signature, None), Err(GasStationError::OrderExpired));
    set_block_timestamp::<E>(100);
    let early = GasOrder { nonce: 1, ..order() };
    let signature = signed(&station, &early);
    assert_eq!(station.swap(early, signature, None), Err(GasStationError::WrongNonce { expected: 0 }));
}

#[ink::test]
fn an_order_of_another_chain_purpose_or_content_is_refused() {
    let mut station = deploy(100 * UNIT);
    let order = order();
    let here = signed(&station, &order);
    let elsewhere = sign(&station, [8; 32], &ORDER_TAG, &order);
    let as_permit = sign(&station, GENESIS, &openledger_abi::token::PERMIT_TAG, &order);
    for (order, signature) in [
        (order, elsewhere),
        (order, as_permit),
        (GasOrder { open: order.open + 1, ..order }, here),
        (GasOrder { tip: order.tip + 1, ..order }, here),
        (GasOrder { least_native: 0, ..order }, here),
        (GasOrder { deadline: order.deadline + 1, ..order }, here),
        (GasOrder { holder: key(2).1, ..order }, here),
    ] {
        assert_eq!(station.swap(order, signature, None), Err(GasStationError::BadSignature));
    }
}

#[ink::test]
fn an_order_above_the_funds_or_a_limit_is_refused_before_anything_moves() {
    let mut station = deploy(6 * UNIT);
    let existential = station.env().minimum_balance();
    let signature = signed(&station, &order());
    let funds = UNIT - existential;
    assert_eq!(station.swap(order(), signature, None), Err(GasStationError::OutOfFunds { funds }));
    let large = GasOrder { open: 30 * OPEN, ..order() };
    let signature = signed(&station, &large);
    assert_eq!(station.swap(large, signature, None), Err(GasStationError::AccountLimit { left: 20 * UNIT }));
    assert_eq!(station.order_nonce(order().holder), 0);
    assert_eq!(station.left(order().holder), GasLeft { account: 20 * UNIT, total: 100 * UNIT, funds, renewed_at: DAY });
}

#[ink::test]
fn a_quote_is_what_the_order_would_give() {
    let station = deploy(0);
    assert_eq!(station.quote(10 * OPEN, OPEN), Ok(9 * UNIT));
    assert_eq!(station.quote(OPEN, 2 * OPEN), Err(GasStationError::TipAboveOrder));
    let refused = GasStationError::BelowLeast { native: UNIT / 20, least: UNIT / 10 };
    assert_eq!(station.quote(OPEN / 20, 0), Err(refused));
}

#[ink::test]
fn nobody_swaps_or_sets_anything_before_wiring() {
    let accounts = default_accounts::<E>();
    set_caller::<E>(accounts.alice);
    let token = AccountId::from([9; 32]);
    let mut station = GasStationContract::new(token, GENESIS, accounts.django, None, parameters()).unwrap();
    let not_wired = GasStationError::Admin(AdminError::NotWired);
    let signature = signed(&station, &order());
    assert_eq!(station.swap(order(), signature, None), Err(not_wired.clone()));
    assert_eq!(station.collect(), Err(not_wired.clone()));
    assert_eq!(station.withdraw(accounts.alice, 1), Err(not_wired.clone()));
    assert_eq!(station.set_parameters(parameters()), Err(not_wired.clone()));
    assert_eq!(station.set_treasury(accounts.alice), Err(not_wired));
    set_caller::<E>(accounts.eve);
    assert_eq!(station.wire(accounts.eve), Err(GasStationError::Admin(AdminError::NotDeployer)));
}

#[ink::test]
fn the_admin_alone_sets_and_withdraws() {
    let accounts = default_accounts::<E>();
    let mut station = deploy(100 * UNIT);
    let not_admin = GasStationError::Admin(AdminError::NotAdmin);
    for caller in [accounts.alice, accounts.charlie, accounts.django, accounts.eve] {
        set_caller::<E>(caller);
        assert_eq!(station.withdraw(caller, 1), Err(not_admin.clone()));
        assert_eq!(station.set_parameters(parameters()), Err(not_admin.clone()));
        assert_eq!(station.set_treasury(caller), Err(not_admin.clone()));
        assert_eq!(station.unpause(pause::SWAP), Err(AdminError::NotAdmin));
        assert_eq!(station.set_guardian(Some(caller)), Err(AdminError::NotAdmin));
        assert_eq!(station.transfer_admin(caller), Err(AdminError::NotAdmin));
        assert_eq!(station.upgrade([1; 32]), Err(AdminError::NotAdmin));
    }
    set_caller::<E>(accounts.bob);
    let dearer = GasParameters { rate: GasRate { native: 1, open: 2 }, least: 1, ..parameters() };
    assert_eq!(station.set_parameters(dearer), Ok(()));
    assert_eq!(GasStation::parameters(&station), dearer);
    let bad = GasParameters { period_ms: 0, ..parameters() };
    assert_eq!(station.set_parameters(bad), Err(GasStationError::BadParameters));
    assert_eq!(station.set_treasury(accounts.frank), Ok(()));
    assert_eq!(station.treasury(), Some(accounts.frank));
    let existential = station.env().minimum_balance();
    let funds = 100 * UNIT - existential;
    assert_eq!(station.withdraw(accounts.bob, 0), Err(GasStationError::ZeroAmount));
    assert_eq!(station.withdraw(accounts.bob, funds + 1), Err(GasStationError::OutOfFunds { funds }));
    assert_eq!(station.withdraw(accounts.bob, funds), Ok(()));
}

#[ink::test]
fn a_guardian_stops_a_function_and_only_the_admin_sets_it_free() {
    let accounts = default_accounts::<E>();
    let mut station = deploy(100 * UNIT);
    let signature = signed(&station, &order());
    set_caller::<E>(accounts.eve);
    assert_eq!(station.pause(pause::SWAP), Err(AdminError::NotGuardian));
    set_caller::<E>(accounts.charlie);
    assert_eq!(station.pause(2), Err(AdminError::NoSuchFunction));
    assert_eq!(station.pause(pause::SWAP), Ok(()));
    assert_eq!(station.paused(), 1);
    assert_eq!(station.swap(order(), signature, None), Err(GasStationError::FunctionPaused));
    assert_eq!(station.unpause(pause::SWAP), Err(AdminError::NotAdmin));
    assert_eq!(station.pause(pause::COLLECT), Ok(()));
    assert_eq!(station.collect(), Err(GasStationError::FunctionPaused));
    set_caller::<E>(accounts.bob);
    assert_eq!(station.unpause(pause::SWAP), Ok(()));
    assert_eq!(station.paused(), 2);
}

#[ink::test]
fn funding_with_nothing_is_refused() {
    let mut station = deploy(0);
    assert_eq!(station.fund(), Err(GasStationError::ZeroAmount));
}
