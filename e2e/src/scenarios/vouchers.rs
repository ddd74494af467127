//! Escrow takes a voucher only from its payer, over its own tree, once.

use anyhow::{Result, bail, ensure};
use chain::{Keypair, read, send};
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
    refused(world.redeem(world.signed(mine, &elsewhere)), &EscrowError::BadSignature)
}

pub fn a_voucher_for_another_contract_is_refused(world: &mut World) -> Result<()> {
    let channel = half_paid(world)?;
    let mine = world.redemption(channel)?;
    let elsewhere = world.domain(world.suite.payout);
    refused(world.redeem(world.signed(mine, &elsewhere)), &EscrowError::BadSignature)
}

pub fn a_voucher_over_another_tree_is_refused(world: &mut World) -> Result<()> {
    let channel = half_paid(world)?;
    let other = half_paid(world)?;
    // Another answer, so that the trees differ beyond the channel's number too.
    world.answer(other, "A third answer.", FEE)?;
    let mut mine = world.redemption(channel)?;
    mine.voucher.top = world.redemption(other)?.voucher.top;
    let domain = world.domain(world.suite.escrow);
    refused(world.redeem(world.signed(mine, &domain)), &EscrowError::BadPath)
}

pub fn a_voucher_with_a_lower_total_is_refused(world: &mut World) -> Result<()> {
    let channel = half_paid(world)?;
    let mut mine = world.redemption(channel)?;
    mine.voucher.fee = FEE / 2;
    let domain = world.domain(world.suite.escrow);
    refused(world.redeem(world.signed(mine, &domain)), &EscrowError::BadPath)
}

/// A payer that changed its mind about what it paid for signs another tree over the old places: it is no continuation.
pub fn a_voucher_that_changes_what_was_paid_is_refused(world: &mut World) -> Result<()> {
    let channel = half_paid(world)?;
    world.ledger(channel)?.answer(0)?.receipt.tokens_in += 1;
    let changed = world.redemption(channel)?;
    refused(world.redeem(changed), &EscrowError::BadPath)?;
    world.ledger(channel)?.answer(0)?.receipt.tokens_in -= 1;
    world.settle(channel).map(|_| ())
}

pub fn a_voucher_above_the_deposit_is_paid_as_far_as_it_reaches(world: &mut World) -> Result<()> {
    let channel = world.open_channel(2 * FEE)?;
    for text in ["One.", "Two.", "Three."] {
        world.answer(channel, text, FEE)?;
    }
    world.tick()?;
    let all = world.redemption(channel)?;
    refused(world.redeem(all), &EscrowError::DepositExceeded)?;
    let prefix = world.prefix(channel, 2)?;
    sent("a prefix", world.redeem(prefix))?;
    world.ledger(channel)?.redeemed = 2;
    let call = message_builder!(Escrow).top_up(world.ledger(channel)?.channel, FEE);
    world.approve(&world.people.payer, world.suite.escrow, FEE)?;
    sent("topping up", send(&*world.chain, &world.people.payer, world.suite.escrow, call))?;
    world.settle(channel).map(|_| ())
}

pub fn two_keys_of_a_channel_are_redeemed_side_by_side(world: &mut World) -> Result<()> {
    let payers = world.open_channel(100 * OPEN)?;
    let agents = world.open_session(payers, &Keypair::generate(), 2 * FEE)?;
    for position in [payers, agents, agents] {
        world.answer(position, "Each key has a tree of its own.", FEE)?;
    }
    world.settle(agents)?;
    world.settle(payers)?;
    world.answer(payers, "And goes on in it.", FEE)?;
    world.settle(payers)?;
    for (position, count) in [(payers, 2), (agents, 2)] {
        let ledger = world.ledger(position)?.clone();
        let call = message_builder!(Escrow).paid(ledger.channel, ledger.model, ledger.key.public());
        let paid = read(&*world.chain, world.suite.escrow, call)?;
        ensure!(paid.count == count && paid.fee == u128::from(count) * FEE, "{paid:?}");
    }
    Ok(())
}

pub fn a_place_that_no_answer_took_costs_nothing(world: &mut World) -> Result<()> {
    let channel = world.open_channel(100 * OPEN)?;
    world.leave_unfilled(channel)?;
    world.answer(channel, "The second place.", FEE)?;
    world.settle(channel)?;
    world.leave_unfilled(channel)?;
    world.leave_unfilled(channel)?;
    world.answer(channel, "The fifth.", FEE)?;
    world.tick()?;
    let redemption = world.redemption(channel)?;
    refused(world.redeem(redemption), &EscrowError::TooFewFilled)
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
