//! An operator's commission: a rise waits, so that its stakers can leave before it counts.

use anyhow::{Context, Result, ensure};
use chain::{read, send};
use ink::message_builder;
use openledger_abi::staking::{OperatorInfo, Staking, StakingError};

use crate::{World, outcome::sent, refused};

fn info(world: &World) -> Result<OperatorInfo> {
    let host = world.people.host.account();
    read(&*world.chain, world.suite.staking, message_builder!(Staking).operator(host))?.context("no operator")
}

fn set(world: &World, bps: u16) -> Result<()> {
    let call = message_builder!(Staking).set_commission(bps);
    sent("setting the commission", send(&*world.chain, &world.people.host, world.suite.staking, call))
}

pub fn a_higher_commission_waits_and_a_lower_one_does_not(world: &mut World) -> Result<()> {
    let staking = world.suite.staking;
    let apply = || message_builder!(Staking).apply_commission(world.people.host.account());
    let anyone = &world.people.watcher;
    set(world, 500)?;
    let announced = info(world)?;
    let rise = announced.rise.context("nothing was announced")?;
    ensure!(announced.commission_bps == 0 && rise.commission_bps == 500, "{announced:?}");
    refused(send(&*world.chain, anyone, staking, apply()), &StakingError::RiseNotDue)?;
    world.after(rise.due_at)?;
    ensure!(info(world)?.commission_bps == 0, "it is in force before anybody put it there");
    ensure!(sent("raising", send(&*world.chain, anyone, staking, apply()))? == 500);
    refused(send(&*world.chain, anyone, staking, apply()), &StakingError::NoRise)?;

    set(world, 0)?;
    let lowered = info(world)?;
    ensure!(lowered.commission_bps == 0 && lowered.rise.is_none(), "{lowered:?}");
    let above = message_builder!(Staking).set_commission(world.config.staking.commission_cap_bps + 1);
    let outcome = send(&*world.chain, &world.people.host, staking, above);
    refused(outcome, &StakingError::CommissionAboveCap)
}
