//! A contract's next code takes over its storage: by a vote, in one operation with its migration.

use anyhow::{Result, anyhow, ensure};
use chain::{AccountId, Keypair, decode_output, input, read, send};
use ink::message_builder;
use openledger_abi::admin::{AdminError, Administered, Migrates};
use openledger_abi::gas_station::{GasStation, GasStationError};
use openledger_abi::timelock::Call;
use openledger_abi::{Balance, OPEN};

use super::gas_station::{COIN, holder, left, order, station, swap};
use super::governance::decide;
use crate::{World, refused, sent};

/// The gas station's next version, built by `scripts/build-contracts gas_station_next`.
const NEXT: &[u8] = include_bytes!("../../gas_station_next/gas_station_next.wasm");

/// What must be the same before and after, and what the version of the storage is.
fn state(world: &World, station: AccountId, holder: &Keypair) -> Result<(impl PartialEq + std::fmt::Debug, u16)> {
    let chain = &*world.chain;
    let admin = read(chain, station, message_builder!(Administered).admin())?;
    let kept = (
        read(chain, station, message_builder!(GasStation).parameters())?,
        read(chain, station, message_builder!(GasStation).treasury())?,
        read(chain, station, message_builder!(GasStation).token())?,
        read(chain, station, message_builder!(GasStation).order_nonce(holder.account()))?,
        (admin.account, admin.guardian),
        (chain.balance(station)?, world.balance(station)?),
    );
    Ok((kept, admin.storage_version))
}

/// What only the next version answers: the part of a swap that it keeps.
fn fee(world: &World, station: AccountId) -> Result<Option<u16>> {
    let dry = world.chain.dry_run(world.people.owner.account(), station, &input("fee", &()), 0)?;
    Ok(decode_output(&dry.returned)?)
}

fn migrate(world: &World, by: &Keypair, station: AccountId) -> std::result::Result<(), chain::CallError<AdminError>> {
    send(&*world.chain, by, station, message_builder!(Migrates).migrate()).map(|_| ())
}

fn no_more<T>(outcome: std::result::Result<T, chain::CallError<AdminError>>, wanted: AdminError) -> Result<()> {
    match outcome {
        Err(chain::CallError::Message(error)) if error == wanted => Ok(()),
        Err(other) => Err(anyhow!("wanted {wanted:?}, got {other}")),
        Ok(_) => Err(anyhow!("wanted {wanted:?}, but it was taken")),
    }
}

pub fn a_vote_upgrades_a_contract_and_keeps_its_state(world: &mut World) -> Result<()> {
    let (chain, station) = (world.chain.clone(), world.suite.gas_station);
    let holder = holder(world, 20 * OPEN)?;
    sent("a swap", swap(world, station, &holder, 2 * OPEN)?)?;
    let (before, version) = state(world, station, &holder)?;
    ensure!(version == 1);

    let (code_hash, _) = chain.upload(&world.people.owner, NEXT)?;
    // The code before knows no `migrate`, whoever asks.
    ensure!(migrate(world, &world.people.deployer, station).is_err());
    let upgrade = message_builder!(Administered).upgrade(code_hash);
    refused(send(&*chain, &world.people.deployer, station, upgrade), &AdminError::NotAdmin)?;

    let calls = vec![
        Call::of(station, &message_builder!(Administered).upgrade(code_hash).input),
        Call::of(station, &message_builder!(Migrates).migrate().input),
    ];
    decide(world, calls, "The gas station's next version")?;

    let (after, version) = state(world, station, &holder)?;
    ensure!(version == 2 && before == after, "{before:?} {after:?}");
    ensure!(chain.code_hash(station)? == Some(code_hash));
    ensure!(fee(world, station)? == Some(0));
    no_more(migrate(world, &world.people.deployer, station), AdminError::NotAdmin)?;
    // Nothing was given back to anybody: the next order has the next nonce, and what was swapped still counts.
    ensure!(order(world, station, &holder, OPEN)?.nonce == 1);
    sent("a swap by the next version", swap(world, station, &holder, 2 * OPEN)?)?;
    ensure!(chain.balance(holder.account())? == 3 * COIN);
    Ok(())
}

pub fn nothing_moves_between_new_code_and_its_migration(world: &mut World) -> Result<()> {
    let (chain, owner) = (world.chain.clone(), world.people.owner.clone());
    let station = station(world, world.config.gas, 50 * COIN)?;
    let holder = holder(world, 20 * OPEN)?;
    sent("a swap", swap(world, station, &holder, 2 * OPEN)?)?;
    let native: Balance = chain.balance(station)?;
    let (code_hash, _) = chain.upload(&owner, NEXT)?;
    sent("new code", send(&*chain, &owner, station, message_builder!(Administered).upgrade(code_hash)))?;

    let not_migrated = GasStationError::Admin(AdminError::NotMigrated);
    refused(swap(world, station, &holder, 2 * OPEN)?, &not_migrated)?;
    refused(send(&*chain, &owner, station, message_builder!(GasStation).collect()), &not_migrated)?;
    let parameters = message_builder!(GasStation).set_parameters(world.config.gas);
    refused(send(&*chain, &owner, station, parameters), &not_migrated)?;
    let quote = read(&*chain, station, message_builder!(GasStation).quote(2 * OPEN, 0))?;
    ensure!(quote == Err(not_migrated), "{quote:?}");
    ensure!(fee(world, station)?.is_none());
    ensure!(chain.balance(station)? == native);

    for stranger in [&world.people.guardian, &world.people.deployer, &world.people.host] {
        no_more(migrate(world, stranger, station), AdminError::NotAdmin)?;
    }
    migrate(world, &owner, station).map_err(|e| anyhow!("{e}"))?;
    no_more(migrate(world, &owner, station), AdminError::NothingToMigrate)?;
    // The new field is there, and what was there before stayed.
    chain.submit(&owner, station, &input("set_fee", &(1_000u16,)), 0)?;
    ensure!(fee(world, station)? == Some(1_000));
    let before = chain.balance(holder.account())?;
    sent("a swap by the next version", swap(world, station, &holder, 5 * OPEN / 2)?)?;
    ensure!(chain.balance(holder.account())? == before + 2 * COIN * 9 / 10);
    ensure!(left(world, station, &holder)?.account < world.config.gas.account_limit);
    Ok(())
}

pub fn an_upgrade_to_code_that_is_not_there_changes_nothing(world: &mut World) -> Result<()> {
    let station = station(world, world.config.gas, COIN)?;
    let owner = &world.people.owner;
    let before = world.chain.code_hash(station)?;
    let upgrade = message_builder!(Administered).upgrade([7; 32]);
    refused(send(&*world.chain, owner, station, upgrade), &AdminError::UnknownCode)?;
    ensure!(world.chain.code_hash(station)? == before);
    Ok(())
}
