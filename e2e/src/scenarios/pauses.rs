//! A guardian stops a function; only a vote sets it free. What lets people leave can't be stopped.

use anyhow::{Result, ensure};
use chain::{Keypair, read, send};
use ink::message_builder;
use openledger_abi::admin::{AdminError, Pausable};
use openledger_abi::staking::{Staking, StakingError, pause};
use openledger_abi::timelock::Call;
use openledger_abi::{AccountId, OPEN};

use super::governance::decide;
use crate::{World, outcome::sent, refused};

/// The contracts whose functions can be stopped.
fn pausable(world: &World) -> [AccountId; 4] {
    let s = &world.suite;
    [s.staking, s.datanet_registry, s.model_registry, s.payout]
}

fn stop(world: &World, key: &Keypair, contract: AccountId, function: u8) -> Result<()> {
    let call = message_builder!(Pausable).pause(function);
    sent("stopping a function", send(&*world.chain, key, contract, call))
}

pub fn a_guardian_stops_a_function_and_only_a_vote_sets_it_free(world: &mut World) -> Result<()> {
    let guardian = world.people.guardian.clone();
    let staking = world.suite.staking;
    for contract in pausable(world) {
        let named = read(&*world.chain, contract, message_builder!(Pausable).guardian())?;
        ensure!(named == Some(guardian.account()), "{named:?}");
        for key in [&world.people.deployer, &world.people.owner] {
            let call = message_builder!(Pausable).pause(0);
            refused(send(&*world.chain, key, contract, call), &AdminError::NotGuardian)?;
        }
        let unknown = message_builder!(Pausable).pause(8);
        refused(send(&*world.chain, &guardian, contract, unknown), &AdminError::NoSuchFunction)?;
        stop(world, &guardian, contract, 0)?;
        ensure!(read(&*world.chain, contract, message_builder!(Pausable).paused())? == 1);
        let free = message_builder!(Pausable).unpause(0);
        refused(send(&*world.chain, &guardian, contract, free), &AdminError::NotAdmin)?;
        let successor = message_builder!(Pausable).set_guardian(Some(guardian.account()));
        refused(send(&*world.chain, &guardian, contract, successor), &AdminError::NotAdmin)?;
    }
    let host = world.people.host.clone();
    let bond = message_builder!(Staking).bond(host.account(), OPEN);
    refused(send(&*world.chain, &host, staking, bond), &StakingError::FunctionPaused)?;

    let free = |contract| Call::of(contract, &message_builder!(Pausable).unpause(pause::BOND).input);
    let calls = pausable(world).map(free).to_vec();
    decide(world, calls, "Set free what the guardian stopped")?;
    for contract in pausable(world) {
        ensure!(read(&*world.chain, contract, message_builder!(Pausable).paused())? == 0);
    }
    world.approve(&host, staking, OPEN)?;
    let bond = message_builder!(Staking).bond(host.account(), OPEN);
    sent("bonding", send(&*world.chain, &host, staking, bond))
}

pub fn a_vote_names_another_guardian(world: &mut World) -> Result<()> {
    let (payout, heir) = (world.suite.payout, world.people.treasury.clone());
    let name = |account| Call::of(payout, &message_builder!(Pausable).set_guardian(account).input);
    decide(world, vec![name(Some(heir.account()))], "Another guardian for payout")?;
    let old = message_builder!(Pausable).pause(0);
    refused(send(&*world.chain, &world.people.guardian, payout, old), &AdminError::NotGuardian)?;
    stop(world, &heir, payout, 0)?;
    let free = Call::of(payout, &message_builder!(Pausable).unpause(0).input);
    let back = name(Some(world.people.guardian.account()));
    decide(world, vec![free, back], "The guardian of before, and what the other stopped")?;
    ensure!(read(&*world.chain, payout, message_builder!(Pausable).paused())? == 0);
    Ok(())
}
