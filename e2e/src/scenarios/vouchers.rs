//! Escrow takes a voucher only from its payer, over its own tree, once.

use anyhow::{Result, bail};
use chain::send;
use ink::message_builder;
use openledger_abi::OPEN;
use openledger_abi::escrow::{Escrow, EscrowError};
use proof::signed::{Domain, Signable};

use crate::epoch::FEE;
use crate::{H, World, outcome::sent, refused};

/// A channel with one answer that is redeemed and one that isn't.
fn half_paid(world: &mut World) -> Result<usize> {
    let channel = world.open_channel(100 * OPEN)?;
    world.answer(channel, "A first answer.", FEE)?;
    world.settle(channel)?;
    world.answer(channel, "A second answer.", FEE)?;
    Ok(channel)
}

pub fn a_voucher_that_another_payer_signed_is_refused(world: &mut World) -> Result<()> {
    let channel = half_paid(world)?;
    let mut redemption = world.redemption(channel)?;
    let digest = Signable::voucher::<H>(&world.domain(world.suite.escrow), &redemption.voucher).digest;
    redemption.signature = world.people.watcher.sign(&digest);
    refused(world.redeem(redemption), &EscrowError::BadSignature)
}

/// Else a payer could redeem one over receipts that the host never gave, and none of the host's would be its continuation.
pub fn a_voucher_that_the_host_does_not_bring_is_refused(world: &mut World) -> Result<()> {
    let channel = half_paid(world)?;
    let redemption = world.redemption(channel)?;
    for stranger in [&world.people.payer, &world.people.watcher] {
        let call = message_builder!(Escrow).redeem(redemption.clone());
        refused(send(&*world.chain, stranger, world.suite.escrow, call), &EscrowError::NotHost)?;
    }
    sent("the host's", world.redeem(redemption))?;
    Ok(())
}

pub fn a_voucher_for_another_chain_is_refused(world: &mut World) -> Result<()> {
    let channel = half_paid(world)?;
    let mine = world.redemption(channel)?;
    let elsewhere = Domain { genesis: [7; 32], ..world.domain(world.suite.escrow) };
    refused(world.redeem(world.signed(mine.voucher, mine.first, &elsewhere)), &EscrowError::BadSignature)
}

pub fn a_voucher_for_another_contract_is_refused(world: &mut World) -> Result<()> {
    let channel = half_paid(world)?;
    let mine = world.redemption(channel)?;
    let elsewhere = world.domain(world.suite.payout);
    refused(world.redeem(world.signed(mine.voucher, mine.first, &elsewhere)), &EscrowError::BadSignature)
}

pub fn a_voucher_over_another_tree_is_refused(world: &mut World) -> Result<()> {
    let channel = half_paid(world)?;
    let other = half_paid(world)?;
    // Another answer, so that the trees differ beyond the channel's number too.
    world.answer(other, "A third answer.", FEE)?;
    let mine = world.redemption(channel)?;
    let top = world.redemption(other)?.voucher.top;
    let mut voucher = mine.voucher;
    voucher.top = top;
    let domain = world.domain(world.suite.escrow);
    refused(world.redeem(world.signed(voucher, mine.first, &domain)), &EscrowError::BadPath)
}

pub fn a_voucher_with_a_lower_total_is_refused(world: &mut World) -> Result<()> {
    let channel = half_paid(world)?;
    let mine = world.redemption(channel)?;
    let mut voucher = mine.voucher;
    voucher.fee = FEE / 2;
    let domain = world.domain(world.suite.escrow);
    refused(world.redeem(world.signed(voucher, mine.first, &domain)), &EscrowError::FeeDecreased)
}

pub fn a_voucher_redeemed_twice_is_refused(world: &mut World) -> Result<()> {
    let channel = half_paid(world)?;
    world.tick()?;
    let redemption = world.redemption(channel)?;
    sent("redeeming", world.redeem(redemption.clone()))?;
    refused(world.redeem(redemption), &EscrowError::NothingNew)
}

pub fn a_voucher_above_the_deposit_is_refused(world: &mut World) -> Result<()> {
    let channel = world.open_channel(OPEN)?;
    world.answer(channel, "Too dear.", 2 * OPEN)?;
    let redemption = world.redemption(channel)?;
    refused(world.redeem(redemption), &EscrowError::DepositExceeded)
}

pub fn a_voucher_below_the_least_fee_is_refused(world: &mut World) -> Result<()> {
    let channel = world.open_channel(OPEN)?;
    let least = world.config.fees.min_fee;
    world.answer(channel, "Too cheap.", least - 1)?;
    let redemption = world.redemption(channel)?;
    refused(world.redeem(redemption), &EscrowError::FeeTooLow)
}

pub fn a_wallet_may_sign_a_voucher_in_its_wrapping(world: &mut World) -> Result<()> {
    let channel = half_paid(world)?;
    world.tick()?;
    let mut redemption = world.redemption(channel)?;
    let wrapped = Signable::voucher::<H>(&world.domain(world.suite.escrow), &redemption.voucher).wrapped;
    redemption.signature = world.people.payer.sign(&wrapped);
    match world.redeem(redemption) {
        Ok(_) => Ok(()),
        Err(e) => bail!("{e}"),
    }
}
