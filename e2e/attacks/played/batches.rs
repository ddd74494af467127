//! Batches over bytes that nobody can have (A1, A2).

use anyhow::{Context, Result, ensure};
use chain::{read, send};
use e2e::epoch::FEE;
use e2e::outcome::sent;
use e2e::{H, World, refused};
use ink::message_builder;
use openledger_abi::escrow::{Escrow, EscrowError};
use openledger_abi::payout::Payout;
use openledger_abi::quorum::QuorumError;
use openledger_abi::times::POT_GRACE;
use proof::Hasher;

/// A batch whose bytes no oracle can open: the response's root is that of nothing that anybody has.
fn redeem_nothing(world: &mut World) -> Result<u64> {
    let channel = world.open_channel(10 * FEE)?;
    world.answer(channel, "What nobody ever wrote.", FEE)?;
    world.ledger(channel)?.answer(0)?.receipt.response = H::blake2_256(b"a root of nothing");
    world.tick()?;
    let redemption = world.redemption(channel)?;
    let waiting = sent("redeeming", world.redeem(redemption))?;
    world.ledger(channel)?.redeemed = 1;
    Ok(waiting)
}

/// A1: for the least fee, somebody who is payer and host in one redeems a batch that no epoch that held it could ever be reported with.
pub fn a_batch_over_nothing_freezes_no_epoch(world: &mut World) -> Result<()> {
    let nothing = redeem_nothing(world)?;
    let channel = world.open_channel(10 * FEE)?;
    world.answer(channel, "He kept a ledger of every ship that came in, they say.", FEE)?;
    let batch = world.settle(channel)?;
    let closed = world.close_epoch()?;
    ensure!(closed.batches.len() == 1 && (closed.cut.from..closed.cut.to).contains(&batch), "{:?}", closed.cut);
    world.pay_epoch()?;
    let still = read(&*world.chain, world.suite.escrow, message_builder!(Escrow).waiting(nothing))?;
    ensure!(still.is_some(), "what no oracle holds was attested");
    Ok(())
}

/// f oracles who sign whatever they are told are no quorum, nor are more of them under other names.
pub fn f_oracles_attest_nothing(world: &mut World) -> Result<()> {
    let nothing = redeem_nothing(world)?;
    let few = QuorumError::WrongSignatureCount;
    refused(world.attest_by(nothing, &[0])?, &EscrowError::Quorum(few))?;
    refused(world.attest_by(nothing, &[0, 1])?, &EscrowError::Quorum(few))?;
    refused(world.attest_by(nothing, &[0, 1, 2, 3])?, &EscrowError::Quorum(few))?;
    // Three signatures of one oracle under three places.
    let (chain, escrow) = (world.chain.clone(), world.suite.escrow);
    let waiting = message_builder!(Escrow).waiting(nothing);
    let taken = read(&*chain, escrow, waiting)?.context("nothing waits")?;
    let set = read(&*chain, world.suite.payout, message_builder!(Payout).current_set())?;
    let message = proof::signed::Signable::batch::<H>(&world.domain(escrow), &taken.body(nothing, set));
    let liar = world.members()?[0].signing.sign(&message.digest);
    let call = message_builder!(Escrow).attest(nothing, 0b111, vec![liar; 3]);
    let bad = EscrowError::Quorum(QuorumError::BadSignature(1));
    refused(send(&*chain, &world.people.payer, escrow, call), &bad)
}

/// A2: what a host that is gone took and nobody can check is credited to nobody; it carries over.
pub fn what_nobody_attests_carries_over(world: &mut World) -> Result<()> {
    let nothing = redeem_nothing(world)?;
    let (chain, escrow, payout) = (world.chain.clone(), world.suite.escrow, world.suite.payout);
    let taken = read(&*chain, escrow, message_builder!(Escrow).waiting(nothing))?.context("nothing waits")?;
    let expire = || send(&*chain, &world.people.payer, escrow, message_builder!(Escrow).expire(nothing));
    refused(expire(), &EscrowError::GraceNotOver)?;
    let (held, funded) = (world.balance(payout)?, read(&*chain, payout, message_builder!(Payout).totals())?.funded);
    world.after(taken.batch.at + world.config.unit.ms(POT_GRACE))?;
    sent("expiring", expire())?;
    ensure!(world.balance(payout)? == held + FEE, "the fee did not move");
    ensure!(read(&*chain, payout, message_builder!(Payout).totals())?.funded == funded + FEE);
    refused(expire(), &EscrowError::NotWaiting)?;
    let channel = world.open_channel(10 * FEE)?;
    world.answer(channel, "He kept a ledger of every ship that came in, they say.", FEE)?;
    world.settle(channel)?;
    let closed = world.close_epoch()?;
    ensure!(closed.cut.expired >= FEE && closed.cut.carry_in >= FEE, "{:?}", closed.cut);
    world.pay_epoch().map(|_| ())
}
