//! Who has OPEN and no native coin gets some by a signed order, and nobody gets more than the station gives.

use anyhow::{Context, Result, anyhow, ensure};
use chain::{AccountId, CallError, Keypair, Sent, deploy, input, read, send, send_value};
use ink::message_builder;
use openledger_abi::gas_station::{
    GasLeft, GasOrder, GasParameters, GasPermit, GasStation, GasStationError, GasSwapped, ORDER_TAG, order_body,
};
use openledger_abi::token::{PERMIT_TAG, Token, TokenError, permit_body};
use openledger_abi::{AdminError, Balance, OPEN};
use proof::signed::{Domain, Signable};
use psp22::PSP22;

use crate::{H, World, refused, sent};

/// One whole of the native coin.
pub(super) const COIN: Balance = 1_000_000_000_000;

pub(crate) type Swapped = std::result::Result<Sent<Balance>, CallError<GasStationError>>;

/// A new key with so much OPEN and no native coin.
pub(crate) fn holder(world: &World, open: Balance) -> Result<Keypair> {
    let holder = Keypair::generate();
    let call = message_builder!(PSP22).transfer(holder.account(), open, Vec::new());
    sent("handing out OPEN", send(&*world.chain, &world.people.deployer, world.suite.token, call))?;
    Ok(holder)
}

/// The next order of a holder.
pub(super) fn order(world: &World, station: AccountId, holder: &Keypair, open: Balance) -> Result<GasOrder> {
    let nonce = read(&*world.chain, station, message_builder!(GasStation).order_nonce(holder.account()))?;
    let holder = holder.account();
    Ok(GasOrder { holder, open, least_native: 0, tip: OPEN / 2, nonce, deadline: world.later()? })
}

pub(super) fn signed(domain: &Domain, holder: &Keypair, order: &GasOrder) -> [u8; 64] {
    holder.sign(&Signable::new::<H>(&ORDER_TAG, domain, &order_body(order)).digest)
}

/// Lets the station take `value` of the holder's.
pub(super) fn permit(world: &World, station: AccountId, holder: &Keypair, value: Balance) -> Result<GasPermit> {
    let owner = holder.account();
    let nonce = read(&*world.chain, world.suite.token, message_builder!(Token).nonces(owner))?;
    let deadline = world.later()?;
    let body = permit_body(&owner, &station, value, nonce, deadline);
    let message = Signable::new::<H>(&PERMIT_TAG, &world.domain(world.suite.token), &body);
    // As a wallet signs it.
    Ok(GasPermit { value, deadline, signature: holder.sign(&message.wrapped) })
}

pub(super) fn relayed(
    world: &World,
    relayer: &Keypair,
    station: AccountId,
    order: GasOrder,
    signature: [u8; 64],
    permit: Option<GasPermit>,
) -> Swapped {
    send(&*world.chain, relayer, station, message_builder!(GasStation).swap(order, signature, permit))
}

/// Signs and relays an order of so much OPEN, with a permit of as much.
pub(crate) fn swap(world: &World, station: AccountId, holder: &Keypair, open: Balance) -> Result<Swapped> {
    let order = order(world, station, holder, open)?;
    let signature = signed(&world.domain(station), holder, &order);
    let permit = permit(world, station, holder, open)?;
    Ok(relayed(world, &world.people.payer, station, order, signature, Some(permit)))
}

/// A station of its own, with `funds` coins, whose admin is the world's owner.
pub(super) fn station(world: &World, parameters: GasParameters, funds: Balance) -> Result<AccountId> {
    let (chain, people) = (&*world.chain, &world.people);
    let code = suite::artifact("gas_station").context("no artifact")?.wasm;
    let arguments =
        (world.suite.token, chain.genesis(), people.treasury.account(), Some(people.guardian.account()), parameters);
    let salt = Keypair::generate().public();
    let (station, _) = deploy::<_, GasStationError>(chain, &people.owner, code, &input("new", &arguments), &salt)
        .map_err(|e| anyhow!("{e}"))?;
    let wire = message_builder!(GasStation).wire(people.owner.account());
    sent("wiring", send(chain, &people.owner, station, wire))?;
    sent("funding", send_value(chain, &people.owner, station, message_builder!(GasStation).fund(), funds))?;
    Ok(station)
}

pub(super) fn left(world: &World, station: AccountId, holder: &Keypair) -> Result<GasLeft> {
    Ok(read(&*world.chain, station, message_builder!(GasStation).left(holder.account()))?)
}

pub fn a_holder_without_coin_gets_some_for_a_signed_order(world: &mut World) -> Result<()> {
    let (chain, station) = (world.chain.clone(), world.suite.gas_station);
    let holder = holder(world, 10 * OPEN)?;
    ensure!(chain.balance(holder.account())? == 0);
    let relayers = world.balance(world.people.payer.account())?;
    let order = order(world, station, &holder, 4 * OPEN)?;
    let quote = read(&*chain, station, message_builder!(GasStation).quote(order.open, order.tip))?;
    ensure!(quote == Ok(7 * COIN / 2), "{quote:?}");

    let order = GasOrder { least_native: 7 * COIN / 2, ..order };
    let signature = signed(&world.domain(station), &holder, &order);
    let permit = permit(world, station, &holder, order.open)?;
    let done = relayed(world, &world.people.payer, station, order, signature, Some(permit));
    let receipt = done.map_err(|e| anyhow!("{e}"))?.receipt;

    ensure!(chain.balance(holder.account())? == 7 * COIN / 2);
    ensure!(world.balance(holder.account())? == 6 * OPEN);
    ensure!(world.balance(world.people.payer.account())? == relayers + order.tip);
    let told = receipt.events_of::<GasSwapped>(station);
    let expected = GasSwapped {
        holder: holder.account(),
        relayer: world.people.payer.account(),
        open: order.open,
        tip: order.tip,
        native: 7 * COIN / 2,
        nonce: order.nonce,
    };
    ensure!(told == [expected], "{told:?}");
    // From now on the holder sends its own transactions.
    let call = message_builder!(PSP22).transfer(world.people.owner.account(), OPEN, Vec::new());
    sent("a first transaction", send(&*chain, &holder, world.suite.token, call)).map(|_| ())
}

pub fn an_order_is_executed_once_whoever_relays_it(world: &mut World) -> Result<()> {
    let station = world.suite.gas_station;
    let holder = holder(world, 10 * OPEN)?;
    world_approves(world, station, &holder, 10 * OPEN)?;
    let order = order(world, station, &holder, 2 * OPEN)?;
    let signature = signed(&world.domain(station), &holder, &order);
    sent("relaying", relayed(world, &world.people.payer, station, order, signature, None))?;
    let spent = GasStationError::WrongNonce { expected: order.nonce + 1 };
    for relayer in [&world.people.payer, &world.people.watcher] {
        refused(relayed(world, relayer, station, order, signature, None), &spent)?;
    }
    ensure!(world.balance(holder.account())? == 8 * OPEN);
    Ok(())
}

/// A permit brought to the token by somebody else.
fn world_approves(world: &World, station: AccountId, holder: &Keypair, value: Balance) -> Result<GasPermit> {
    let permit = permit(world, station, holder, value)?;
    let GasPermit { value, deadline, signature } = permit;
    let call = message_builder!(Token).permit(holder.account(), station, value, deadline, signature);
    sent("a permit", send(&*world.chain, &world.people.watcher, world.suite.token, call))?;
    Ok(permit)
}

pub fn a_permit_that_somebody_brought_before_stops_nothing(world: &mut World) -> Result<()> {
    let station = world.suite.gas_station;
    let holder = holder(world, 10 * OPEN)?;
    let order = order(world, station, &holder, 2 * OPEN)?;
    // As a wallet signs it.
    let message = Signable::new::<H>(&ORDER_TAG, &world.domain(station), &order_body(&order));
    let signature = holder.sign(&message.wrapped);
    let used = world_approves(world, station, &holder, 2 * OPEN)?;
    sent("relaying", relayed(world, &world.people.payer, station, order, signature, Some(used)))?;
    ensure!(world.chain.balance(holder.account())? == 3 * COIN / 2);
    Ok(())
}

pub fn an_order_for_another_station_or_chain_is_refused(world: &mut World) -> Result<()> {
    let suite = &world.suite;
    let holder = holder(world, 10 * OPEN)?;
    world_approves(world, suite.gas_station, &holder, 10 * OPEN)?;
    let order = order(world, suite.gas_station, &holder, 2 * OPEN)?;
    let elsewhere = Domain { genesis: [9; 32], ..world.domain(suite.gas_station) };
    for domain in [world.domain(suite.token), elsewhere] {
        let signature = signed(&domain, &holder, &order);
        let outcome = relayed(world, &world.people.payer, suite.gas_station, order, signature, None);
        refused(outcome, &GasStationError::BadSignature)?;
    }
    Ok(())
}

pub fn an_order_that_is_late_or_gives_too_little_is_refused(world: &mut World) -> Result<()> {
    let station = world.suite.gas_station;
    let holder = holder(world, 10 * OPEN)?;
    world_approves(world, station, &holder, 10 * OPEN)?;
    let good = order(world, station, &holder, 2 * OPEN)?;
    let attempt = |order: GasOrder, error: GasStationError| -> Result<()> {
        let signature = signed(&world.domain(station), &holder, &order);
        refused(relayed(world, &world.people.payer, station, order, signature, None), &error)
    };
    let past = world.chain.now()?.saturating_sub(1);
    attempt(GasOrder { deadline: past, ..good }, GasStationError::OrderExpired)?;
    attempt(GasOrder { tip: 2 * OPEN + 1, ..good }, GasStationError::TipAboveOrder)?;
    let native = 3 * COIN / 2;
    attempt(GasOrder { least_native: native + 1, ..good }, GasStationError::BelowOrder { native })?;
    let least = world.config.gas.least;
    attempt(GasOrder { open: 0, tip: 0, ..good }, GasStationError::BelowLeast { native: 0, least })?;
    attempt(GasOrder { tip: 2 * OPEN, ..good }, GasStationError::BelowLeast { native: 0, least })?;
    attempt(
        GasOrder { open: Balance::MAX, tip: 0, ..good },
        GasStationError::AccountLimit { left: world.config.gas.account_limit },
    )?;
    ensure!(world.chain.balance(holder.account())? == 0);
    Ok(())
}

pub fn a_holder_who_allows_or_has_too_little_is_refused(world: &mut World) -> Result<()> {
    let station = world.suite.gas_station;
    let holder = holder(world, 2 * OPEN)?;
    let large = order(world, station, &holder, 3 * OPEN)?;
    let signature = signed(&world.domain(station), &holder, &large);
    let attempt =
        |permit, error| refused(relayed(world, &world.people.payer, station, large, signature, permit), &error);
    attempt(None, GasStationError::NotAllowed(None))?;
    let small = permit(world, station, &holder, 2 * OPEN)?;
    attempt(Some(small), GasStationError::NotAllowed(None))?;
    let forged = GasPermit { value: 3 * OPEN, ..small };
    attempt(Some(forged), GasStationError::NotAllowed(Some(TokenError::BadSignature)))?;
    let enough = permit(world, station, &holder, 3 * OPEN)?;
    attempt(Some(enough), GasStationError::InsufficientBalance)?;
    // What was refused left nothing behind: the permit still counts, and so does the nonce.
    ensure!(order(world, station, &holder, 1)?.nonce == large.nonce);
    ensure!(permit(world, station, &holder, 3 * OPEN)?.signature != [0; 64]);
    let nonce = read(&*world.chain, world.suite.token, message_builder!(Token).nonces(holder.account()))?;
    ensure!(nonce == 0, "{nonce}");
    Ok(())
}

pub fn limits_hold_for_an_account_and_for_all_until_their_period_ends(world: &mut World) -> Result<()> {
    let parameters = GasParameters {
        account_limit: 3 * COIN,
        total_limit: 4 * COIN,
        period_ms: 15_000,
        reserve: 0,
        ..world.config.gas
    };
    let station = station(world, parameters, 100 * COIN)?;
    let [first, second] = [holder(world, 50 * OPEN)?, holder(world, 50 * OPEN)?];
    // All of it within one period.
    world.after(left(world, station, &first)?.renewed_at)?;
    refused(swap(world, station, &first, 4 * OPEN)?, &GasStationError::AccountLimit { left: 3 * COIN })?;
    sent("to the limit", swap(world, station, &first, 7 * OPEN / 2)?)?;
    refused(swap(world, station, &first, OPEN)?, &GasStationError::AccountLimit { left: 0 })?;
    refused(swap(world, station, &second, 2 * OPEN)?, &GasStationError::TotalLimit { left: COIN })?;
    sent("to the limit of all", swap(world, station, &second, 3 * OPEN / 2)?)?;
    refused(swap(world, station, &second, OPEN)?, &GasStationError::TotalLimit { left: 0 })?;

    world.after(left(world, station, &first)?.renewed_at)?;
    let renewed = left(world, station, &first)?;
    ensure!((renewed.account, renewed.total) == (3 * COIN, 4 * COIN), "{renewed:?}");
    sent("in the next period", swap(world, station, &first, OPEN)?)?;
    ensure!(world.chain.balance(first.account())? == 7 * COIN / 2);
    Ok(())
}

pub fn the_station_keeps_what_it_must(world: &mut World) -> Result<()> {
    let parameters = GasParameters { reserve: 2 * COIN, ..world.config.gas };
    let (chain, owner) = (world.chain.clone(), world.people.owner.clone());
    let station = station(world, parameters, 5 * COIN)?;
    let holder = holder(world, 50 * OPEN)?;
    let funds = left(world, station, &holder)?.funds;
    ensure!(funds <= 3 * COIN, "{funds}");
    refused(swap(world, station, &holder, 4 * OPEN)?, &GasStationError::OutOfFunds { funds })?;

    let withdraw = |key: &Keypair, amount| {
        send(&*chain, key, station, message_builder!(GasStation).withdraw(owner.account(), amount))
    };
    for key in [&world.people.deployer, &world.people.guardian, &world.people.treasury, &holder_of_coin(world)] {
        refused(withdraw(key, 1), &GasStationError::Admin(AdminError::NotAdmin))?;
    }
    let all = funds + 2 * COIN;
    refused(withdraw(&owner, all + 1), &GasStationError::OutOfFunds { funds: all })?;
    sent("withdrawing all", withdraw(&owner, all))?;
    ensure!(chain.balance(station)? >= chain::EXISTENTIAL_DEPOSIT);
    refused(swap(world, station, &holder, 2 * OPEN)?, &GasStationError::OutOfFunds { funds: 0 })?;
    Ok(())
}

/// Somebody with no role.
fn holder_of_coin(world: &World) -> Keypair {
    world.people.host.clone()
}

pub fn the_tip_covers_what_a_first_swap_costs_its_relayer(world: &mut World) -> Result<()> {
    let (chain, station) = (world.chain.clone(), world.suite.gas_station);
    let GasParameters { rate, tip, .. } = world.config.gas;
    let holder = holder(world, 10 * OPEN)?;
    // One who has no OPEN yet, so that the token makes it an entry too.
    let relayer = Keypair::generate();
    chain::endow(&*chain, &world.people.deployer, &[relayer.account()], 100 * COIN)?;
    let before = chain.balance(relayer.account())?;
    let order = GasOrder { tip, ..order(world, station, &holder, 2 * OPEN)? };
    let signature = signed(&world.domain(station), &holder, &order);
    let permit = permit(world, station, &holder, order.open)?;
    let done = relayed(world, &relayer, station, order, signature, Some(permit)).map_err(|e| anyhow!("{e}"))?;
    let cost = before - chain.balance(relayer.account())?;
    let worth = tip * rate.native / rate.open;
    println!(
        "a first swap costs its relayer {cost} (of it {} deposit), its tip is worth {worth}",
        done.receipt.deposit
    );
    ensure!(done.receipt.deposit > 0 && cost > 0);
    ensure!(cost <= worth, "{cost} above {worth}");
    ensure!(world.balance(relayer.account())? == tip);
    Ok(())
}

pub fn what_was_taken_goes_to_the_treasury(world: &mut World) -> Result<()> {
    let station = station(world, world.config.gas, 20 * COIN)?;
    let collect = || send(&*world.chain, &world.people.watcher, station, message_builder!(GasStation).collect());
    refused(collect(), &GasStationError::ZeroAmount)?;
    let holder = holder(world, 10 * OPEN)?;
    sent("a swap", swap(world, station, &holder, 10 * OPEN)?)?;
    ensure!(world.balance(holder.account())? == 0);
    let treasury = world.people.treasury.account();
    let before = world.balance(treasury)?;
    sent("collecting", collect())?;
    // All but the tip and the unit that keeps the station's entry in the token.
    ensure!(world.balance(treasury)? == before + 10 * OPEN - OPEN / 2 - 1);
    ensure!(world.balance(station)? == 1);
    refused(collect(), &GasStationError::ZeroAmount)
}
