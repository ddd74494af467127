//! Where a fee goes, and how it gets out of escrow.

use anyhow::{Context, Result, bail, ensure};
use chain::{read, send};
use ink::message_builder;
use openledger_abi::escrow::{ChannelStatus, Escrow, EscrowError, VoucherRedeemed};
use openledger_abi::{BPS, OPEN};

use crate::epoch::FEE;
use crate::{World, outcome::sent, refused};

pub fn a_fee_splits_into_shares_that_add_up_to_it(world: &mut World) -> Result<()> {
    let channel = world.open_channel(100 * OPEN)?;
    // An odd fee, so that the divisions leave something.
    let fee = FEE + 7;
    world.answer(channel, "An answer.", fee)?;
    world.tick()?;
    let redemption = world.redemption(channel)?;
    let receipt = world.redeem(redemption).map_err(|e| anyhow::anyhow!("{e}"))?.receipt;
    let events = receipt.events_of::<VoucherRedeemed>(world.suite.escrow);
    let split = events.first().context("no VoucherRedeemed")?;

    let parents: u128 = split.parents.iter().map(|(_, share)| share).sum();
    let all = split.platform + split.host + split.owner_share + parents + split.stakers + split.pot;
    ensure!(split.fee == fee && all == fee, "{split:?}");
    let of = |bps: u16| fee * u128::from(bps) / u128::from(BPS);
    let number = read(&*world.chain, world.suite.escrow, message_builder!(Escrow).current_parameters())?;
    let set = read(&*world.chain, world.suite.escrow, message_builder!(Escrow).parameters(number))?;
    let set = set.context("no parameter set")?;
    ensure!(split.host == of(set.host_bps) && split.platform == of(set.platform_bps), "{split:?}");
    ensure!(split.pot >= of(set.contributors_bps), "the divisions' remainders go to the pot: {split:?}");
    Ok(())
}

pub fn a_share_is_paid_once(world: &mut World) -> Result<()> {
    let channel = world.open_channel(100 * OPEN)?;
    world.answer(channel, "An answer.", FEE)?;
    world.settle(channel)?;
    let (escrow, owner) = (world.suite.escrow, world.people.owner.clone());
    let due = read(&*world.chain, escrow, message_builder!(Escrow).withdrawable(owner.account()))?;
    ensure!(due > 0, "the owner has no share");
    let before = world.balance(owner.account())?;

    let paid = sent("withdrawing", send(&*world.chain, &owner, escrow, message_builder!(Escrow).withdraw()))?;
    ensure!(paid == due && world.balance(owner.account())? == before + due, "{paid} of {due}");
    refused(send(&*world.chain, &owner, escrow, message_builder!(Escrow).withdraw()), &EscrowError::NothingToWithdraw)
}

pub fn a_payer_leaves_with_the_rest_after_the_delay(world: &mut World) -> Result<()> {
    let position = world.open_channel(100 * OPEN)?;
    world.answer(position, "An answer.", FEE)?;
    world.settle(position)?;
    let (escrow, payer) = (world.suite.escrow, world.people.payer.clone());
    let channel = world.ledger(position)?.channel;
    let exit = || message_builder!(Escrow).exit(channel);
    let call = message_builder!(Escrow).request_exit(channel);
    sent("asking to leave", send(&*world.chain, &payer, escrow, call))?;
    // Not the call's value: on a node that is the dry run's, of the block before.
    let status = read(&*world.chain, escrow, message_builder!(Escrow).channel(channel))?.context("no channel")?.status;
    let ChannelStatus::Exiting { exit_at } = status else { bail!("{status:?}") };
    refused(send(&*world.chain, &payer, escrow, exit()), &EscrowError::ExitNotDue)?;
    let owed = || read(&*world.chain, escrow, message_builder!(Escrow).withdrawable(payer.account()));
    let before = owed()?;

    world.after(exit_at)?;
    sent("leaving", send(&*world.chain, &payer, escrow, exit()))?;
    ensure!(owed()? - before == 100 * OPEN - FEE, "{} instead of the rest", owed()? - before);
    refused(send(&*world.chain, &payer, escrow, exit()), &EscrowError::ChannelClosed)
}
