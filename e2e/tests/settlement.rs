//! Escrow and payout to the edges of their windows, on the embedded chain, whose clock stands still between blocks.
//!
//! What both back ends are tried with is in `e2e::scenarios`; here are the rest of the messages, and exact times.
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use chain::{ChainCopy, Embedded, Keypair, advance_to, read, send};
use e2e::epoch::FEE;
use e2e::{H, World, refused, sent, served};
use ink::message_builder;
use ink::scale::Encode;
use openledger_abi::admin::{AdminError, Pausable};
use openledger_abi::escrow::{ChannelStatus, Escrow, EscrowError, NewSession, WaitingBatch};
use openledger_abi::payout::{NewBatch, Payout, PayoutError, ReportStatus, pause};
use openledger_abi::quorum::QuorumError;
use openledger_abi::staking::{Offence, Staking};
use openledger_abi::times::{ATTEST_GRACE, POT_GRACE};
use openledger_abi::{AccountId, Balance, OPEN};
use proof::signed::{Domain, Signable};
use psp22::PSP22;
use suite::Suite;

static FOUNDED: LazyLock<Result<(Arc<Embedded>, World), String>> = LazyLock::new(|| {
    let chain = Arc::new(Embedded::ephemeral());
    let rich = Keypair::from_uri("//Alice").map_err(|e| e.to_string())?;
    let world = World::found(chain.clone(), &rich).map_err(|e| format!("{e:#}"))?;
    Ok((chain, world))
});

/// A world of the test's own.
fn world() -> Result<World> {
    let (chain, world) = FOUNDED.as_ref().map_err(|e| anyhow!("the world: {e}"))?;
    Ok(world.on(Arc::new(chain.fork())))
}

/// A channel with one answer that is not paid yet; its position and number.
fn answered(world: &mut World) -> Result<(usize, u64)> {
    let position = world.open_channel(100 * OPEN)?;
    world.answer(position, "An answer.", FEE)?;
    world.tick()?;
    let channel = world.ledger(position)?.channel;
    Ok((position, channel))
}

fn now(world: &World) -> Result<u64> {
    Ok(world.chain.now()?)
}

/// Lets the next call happen at exactly this time.
fn at(world: &World, time: u64) -> Result<()> {
    // An advance ends with a block of its own, and the next one is a millisecond later.
    advance_to(&*world.chain, time - 1)?;
    if world.chain.now()? < time {
        world.chain.advance(Duration::ZERO)?;
    }
    ensure!(world.chain.now()? == time, "{time} is past");
    Ok(())
}

fn set_session(world: &World, channel: u64, key: &Keypair, cap: Balance, expires_at: u64) -> Result<()> {
    let call = message_builder!(Escrow).set_session(channel, NewSession { key: key.public(), cap, expires_at });
    sent("setting a session key", send(&*world.chain, &world.people.payer, world.suite.escrow, call))
}

/// A channel with one answer to a session key of this cap, not paid yet: the session's position, the channel's number, the key.
fn answered_to_session(world: &mut World, cap: Balance) -> Result<(usize, u64, Keypair)> {
    let channel = world.open_channel(100 * OPEN)?;
    let agent = Keypair::generate();
    let position = world.open_session(channel, &agent, cap)?;
    world.answer(position, "An answer.", FEE)?;
    world.tick()?;
    Ok((position, world.ledger(position)?.channel, agent))
}

#[test]
fn a_session_key_pays_up_to_its_cap() -> Result<()> {
    let mut world = world()?;
    let (position, channel, agent) = answered_to_session(&mut world, FEE - 1)?;
    let redemption = world.redemption(position)?;
    refused(world.redeem(redemption.clone()), &EscrowError::SessionCapExceeded)?;
    let later = world.later()?;
    set_session(&world, channel, &agent, FEE, later)?;
    sent("redeeming", world.redeem(redemption))?;
    let session = read(&*world.chain, world.suite.escrow, message_builder!(Escrow).session(channel, agent.public()))?;
    ensure!(session.is_some_and(|session| session.spent == FEE));
    Ok(())
}

#[test]
fn the_payer_cannot_sign_for_a_session_nor_a_session_for_another_channel() -> Result<()> {
    let mut world = world()?;
    let (position, channel, agent) = answered_to_session(&mut world, FEE)?;
    let (other, _) = answered(&mut world)?;
    let mut signed_by_payer = world.redemption(position)?;
    let domain = world.domain(world.suite.escrow);
    signed_by_payer = world.signed(signed_by_payer, &domain);
    refused(world.redeem(signed_by_payer), &EscrowError::BadSignature)?;
    let mut elsewhere = world.redemption(other)?;
    elsewhere.session = Some(agent.public());
    refused(world.redeem(served::signed(elsewhere, &agent, &domain)), &EscrowError::NoSuchSession)?;
    ensure!(world.ledger(other)?.channel != channel);
    Ok(())
}

#[test]
fn a_revoked_session_key_pays_until_the_exit_delay_is_over() -> Result<()> {
    for (early, outcome) in [(1, Ok(())), (0, Err(EscrowError::SessionExpired))] {
        let mut world = world()?;
        let (position, channel, agent) = answered_to_session(&mut world, FEE)?;
        let redemption = world.redemption(position)?;
        let call = message_builder!(Escrow).revoke_session(channel, agent.public());
        sent("revoking", send(&*world.chain, &world.people.payer, world.suite.escrow, call))?;
        let call = message_builder!(Escrow).session(channel, agent.public());
        let expires_at = read(&*world.chain, world.suite.escrow, call)?.ok_or(anyhow!("no session"))?.expires_at;
        at(&world, expires_at - early)?;
        match outcome {
            Ok(()) => sent("redeeming", world.redeem(redemption)).map(|_| ())?,
            Err(error) => refused(world.redeem(redemption), &error)?,
        }
    }
    Ok(())
}

#[test]
fn a_voucher_is_paid_through_its_deadline_and_not_after() -> Result<()> {
    for (late, outcome) in [(0, Ok(())), (1, Err(EscrowError::Expired))] {
        let mut world = world()?;
        let (position, _) = answered(&mut world)?;
        let mut redemption = world.redemption(position)?;
        redemption.voucher.deadline = now(&world)? + 100;
        let deadline = redemption.voucher.deadline;
        let signed = world.signed(redemption, &world.domain(world.suite.escrow));
        at(&world, deadline + late)?;
        match outcome {
            Ok(()) => sent("redeeming", world.redeem(signed)).map(|_| ())?,
            Err(error) => refused(world.redeem(signed), &error)?,
        }
    }
    Ok(())
}

#[test]
fn a_host_is_paid_while_its_payer_is_leaving_and_not_once_it_left() -> Result<()> {
    let mut world = world()?;
    let (position, channel) = answered(&mut world)?;
    let (escrow, payer) = (world.suite.escrow, world.people.payer.clone());
    let call = message_builder!(Escrow).request_exit(channel);
    let exit_at = sent("asking to leave", send(&*world.chain, &payer, escrow, call))?;
    at(&world, exit_at - 1)?;
    let exit = || message_builder!(Escrow).exit(channel);
    refused(send(&*world.chain, &payer, escrow, exit()), &EscrowError::ExitNotDue)?;

    world.settle(position)?;
    world.answer(position, "Another answer.", FEE)?;
    let late = world.redemption(position)?;
    // By anyone, from the first moment on.
    sent("leaving", send(&*world.chain, &world.people.watcher, escrow, exit()))?;
    refused(world.redeem(late), &EscrowError::ChannelClosed)
}

#[test]
fn a_channel_closes_by_its_hosts_word_or_signature_alone() -> Result<()> {
    let mut world = world()?;
    let (position, channel) = answered(&mut world)?;
    let (escrow, payer, host) = (world.suite.escrow, world.people.payer.clone(), world.people.host.clone());
    let close = message_builder!(Escrow).close(channel);
    refused(send(&*world.chain, &payer, escrow, close), &EscrowError::NotHost)?;

    let deadline = now(&world)? + 1_000;
    let domain = world.domain(escrow);
    let consent = |key: &Keypair, spent| {
        let signature = key.sign(&Signable::close::<H>(&domain, channel, spent, deadline).digest);
        message_builder!(Escrow).close_by_consent(channel, spent, deadline, signature)
    };
    refused(send(&*world.chain, &payer, escrow, consent(&payer, 0)), &EscrowError::BadSignature)?;
    // What the host agreed to before it was paid once more is over.
    world.settle(position)?;
    refused(send(&*world.chain, &payer, escrow, consent(&host, 0)), &EscrowError::SpentMismatch)?;
    sent("closing", send(&*world.chain, &payer, escrow, consent(&host, FEE)))?;
    let state = read(&*world.chain, escrow, message_builder!(Escrow).channel(channel))?.ok_or(anyhow!("no channel"))?;
    ensure!(state.status == ChannelStatus::Closed);
    refused(send(&*world.chain, &payer, escrow, consent(&host, FEE)), &EscrowError::ChannelClosed)
}

/// A batch with one answer whose fee was taken and that waits: its number, and what is known of it.
fn redeemed(world: &mut World) -> Result<(u64, WaitingBatch)> {
    let (position, _) = answered(world)?;
    let redemption = world.redemption(position)?;
    let number = sent("redeeming", world.redeem(redemption))?;
    world.ledger(position)?.redeemed = 1;
    let known = read(&*world.chain, world.suite.escrow, message_builder!(Escrow).waiting(number))?;
    Ok((number, known.ok_or(anyhow!("nothing waits"))?))
}

fn withdrawable(world: &World, key: &Keypair) -> Result<Balance> {
    Ok(read(&*world.chain, world.suite.escrow, message_builder!(Escrow).withdrawable(key.account()))?)
}

#[test]
fn host_and_owner_take_half_of_their_shares_once_after_the_grace_and_the_rest_when_it_is_attested() -> Result<()> {
    let mut world = world()?;
    let (number, WaitingBatch { batch, split, .. }) = redeemed(&mut world)?;
    let (host, owner, payer) = (world.people.host.clone(), world.people.owner.clone(), world.people.payer.clone());
    let advance = |world: &World, by: &Keypair| {
        send(&*world.chain, by, world.suite.escrow, message_builder!(Escrow).advance(number))
    };
    let due = batch.at + world.config.unit.ms(ATTEST_GRACE);
    at(&world, due - 1)?;
    refused(advance(&world, &host), &EscrowError::GraceNotOver)?;
    refused(advance(&world, &payer), &EscrowError::NotEntitled)?;
    sent("advancing", advance(&world, &owner))?;
    refused(advance(&world, &host), &EscrowError::AlreadyAdvanced)?;
    ensure!(withdrawable(&world, &host)? == split.host / 2 && withdrawable(&world, &owner)? == split.owner / 2);

    let batch = world.attest(number)?;
    ensure!(withdrawable(&world, &host)? == split.host && withdrawable(&world, &owner)? == split.owner);
    let recorded = read(&*world.chain, world.suite.payout, message_builder!(Payout).batch(batch))?;
    ensure!(recorded.is_some_and(|batch| batch.pot == split.pot));
    // What is paid waits no more, for anything.
    let again = message_builder!(Escrow).attest(number, 0, Vec::new());
    refused(send(&*world.chain, &payer, world.suite.escrow, again), &EscrowError::NotWaiting)?;
    refused(advance(&world, &host), &EscrowError::NotWaiting)
}

#[test]
fn what_nobody_attests_expires_to_the_carry_without_what_was_advanced() -> Result<()> {
    let mut world = world()?;
    let (number, WaitingBatch { batch, split, .. }) = redeemed(&mut world)?;
    let (escrow, payout) = (world.suite.escrow, world.suite.payout);
    world.after(batch.at + world.config.unit.ms(ATTEST_GRACE))?;
    let advance = message_builder!(Escrow).advance(number);
    sent("advancing", send(&*world.chain, &world.people.host, escrow, advance))?;
    let expire =
        |world: &World| send(&*world.chain, &world.people.watcher, escrow, message_builder!(Escrow).expire(number));
    let before = world.balance(payout)?;
    at(&world, batch.at + world.config.unit.ms(POT_GRACE) - 1)?;
    refused(expire(&world), &EscrowError::GraceNotOver)?;
    sent("expiring", expire(&world))?;
    ensure!(world.balance(payout)? - before == FEE - split.host / 2 - split.owner / 2);
    let owed = read(&*world.chain, escrow, message_builder!(Escrow).owed())?;
    ensure!(world.balance(escrow)? == owed, "owes {owed}");
    refused(expire(&world), &EscrowError::NotWaiting)
}

#[test]
fn an_attestation_is_for_one_batch_of_one_chain_by_the_current_set() -> Result<()> {
    let mut world = world()?;
    let (first, known) = redeemed(&mut world)?;
    let (second, _) = redeemed(&mut world)?;
    let (chain, escrow) = (world.chain.clone(), world.suite.escrow);
    let set = read(&*chain, world.suite.payout, message_builder!(Payout).current_set())?;
    let members = world.members()?;
    let home = world.domain(escrow);
    let attest = |number: u64, set: u32, domain: &Domain| {
        let message = Signable::batch::<H>(domain, &known.body(first, set));
        let signatures = members[..3].iter().map(|member| member.signing.sign(&message.digest)).collect();
        send(&*chain, &world.people.payer, escrow, message_builder!(Escrow).attest(number, 0b111, signatures))
    };
    let bad = EscrowError::Quorum(QuorumError::BadSignature(0));
    refused(attest(second, set, &home), &bad)?;
    refused(attest(first, set + 1, &home), &bad)?;
    refused(attest(first, set, &Domain { genesis: [7; 32], ..home }), &bad)?;
    refused(attest(second + 1, set, &home), &EscrowError::NotWaiting)?;
    sent("attesting", attest(first, set, &home)).map(|_| ())
}

#[test]
fn escrow_holds_what_it_owes() -> Result<()> {
    let mut world = world()?;
    let (first, _) = answered(&mut world)?;
    let (second, channel) = answered(&mut world)?;
    let escrow = world.suite.escrow;
    let solvent = |world: &World| -> Result<()> {
        let owed = read(&*world.chain, escrow, message_builder!(Escrow).owed())?;
        let held = world.balance(escrow)?;
        ensure!(owed == held, "owes {owed}, holds {held}");
        Ok(())
    };
    world.settle(first)?;
    solvent(&world)?;
    redeemed(&mut world)?;
    solvent(&world)?;
    world.settle(second)?;
    sent("closing", send(&*world.chain, &world.people.host, escrow, message_builder!(Escrow).close(channel)))?;
    solvent(&world)?;
    for key in [&world.people.host, &world.people.owner, &world.people.treasury, &world.people.payer] {
        sent("withdrawing", send(&*world.chain, key, escrow, message_builder!(Escrow).withdraw()))?;
    }
    solvent(&world)
}

#[test]
fn a_report_goes_live_strictly_after_its_window() -> Result<()> {
    let mut world = world()?;
    let (report, live_at) = reported(&mut world)?;
    let finalize = || message_builder!(Payout).finalize(report.body.epoch);
    at(&world, live_at)?;
    refused(send(&*world.chain, &world.people.host, world.suite.payout, finalize()), &PayoutError::WindowOpen)?;
    at(&world, live_at + 1)?;
    sent("finalizing", send(&*world.chain, &world.people.host, world.suite.payout, finalize()))?;
    refused(send(&*world.chain, &world.people.host, world.suite.payout, finalize()), &PayoutError::NotPending)?;
    ensure!(world.reported(report.body.epoch)?.status == ReportStatus::Live);
    Ok(())
}

/// A true report, just submitted, and when it goes live.
fn reported(world: &mut World) -> Result<(e2e::epoch::Report, u64)> {
    let closed = world.closed_epoch()?;
    let report = world.true_report(&closed)?;
    sent("a report", world.submit(world.signed_report(report.body, &[0, 1, 3])))?;
    let live_at = world.reported(report.body.epoch)?.live_at;
    Ok((report, live_at))
}

#[test]
fn an_epoch_has_one_report_at_a_time() -> Result<()> {
    let mut world = world()?;
    let (report, _) = reported(&mut world)?;
    refused(world.submit(world.signed_report(report.body, &[0, 2, 3])), &PayoutError::AlreadyReported)
}

#[test]
fn an_oracle_without_its_own_bond_signs_nothing_whatever_is_delegated_to_it() -> Result<()> {
    let mut world = world()?;
    let closed = world.closed_epoch()?;
    let (staking, first) = (world.suite.staking, world.people.oracles[0].account.clone());
    let delegated = 20_000 * OPEN;
    world.approve(&world.people.deployer, staking, delegated)?;
    let bond = message_builder!(Staking).bond(first.account(), delegated);
    sent("delegating", send(&*world.chain, &world.people.deployer, staking, bond))?;
    let unbond = message_builder!(Staking).unbond(first.account(), OPEN);
    sent("unbonding", send(&*world.chain, &first, staking, unbond))?;
    let report = world.true_report(&closed)?;
    refused(world.submit(world.signed_report(report.body, &[0, 2, 3])), &PayoutError::SignerOutOfService(0))?;
    sent("the others' report", world.submit(world.signed_report(report.body, &[1, 2, 3])))?;
    Ok(())
}

#[test]
fn an_epoch_closes_when_it_is_due_and_has_a_batch() -> Result<()> {
    let chain = Arc::new(Embedded::ephemeral());
    let people = World::endowed(&*chain, &Keypair::from_uri("//Alice")?)?;
    let mut world = World::found_with(chain, people, |config| config.payout.epoch_ms = 60_000)?;
    let payout = world.suite.payout;
    let close = || message_builder!(Payout).close_epoch();
    let (position, _) = answered(&mut world)?;
    world.settle(position)?;
    let due_at = read(&*world.chain, payout, message_builder!(Payout).due_at())?;
    at(&world, due_at - 1)?;
    refused(send(&*world.chain, &world.people.host, payout, close()), &PayoutError::EpochNotDue)?;
    at(&world, due_at)?;
    sent("closing an epoch", send(&*world.chain, &world.people.host, payout, close()))?;
    let closed = world.closed(0)?;
    world.report_epoch(&closed)?;
    let next = read(&*world.chain, payout, message_builder!(Payout).due_at())?;
    ensure!(next == closed.cut.closed_at + 60_000 && closed.cut.closed_at == due_at);
    world.after(next)?;
    refused(send(&*world.chain, &world.people.host, payout, close()), &PayoutError::NothingToClose)
}

/// The chain itself too, on which anybody can be called as.
fn open_world() -> Result<(Arc<Embedded>, World)> {
    let (chain, world) = FOUNDED.as_ref().map_err(|e| anyhow!("the world: {e}"))?;
    let chain = Arc::new(chain.fork());
    Ok((chain.clone(), world.on(chain)))
}

/// Calls as the timelock does once a vote has decided.
fn decide(chain: &Embedded, world: &World, contract: AccountId, input: Vec<u8>) -> Result<()> {
    chain.call_as(world.suite.timelock, contract, &input, 0)?;
    Ok(())
}

#[test]
fn a_withheld_batch_is_credited_to_nobody_and_its_pot_carries_over() -> Result<()> {
    let (chain, mut world) = open_world()?;
    let closed = world.closed_epoch()?;
    let number = closed.cut.from;
    let lie = world.true_report(&closed)?;
    sent("a report", world.submit(world.signed_report(lie.body, &[0, 1, 2])))?;
    let mark = message_builder!(Payout).mark_withheld(number).input.encode();
    decide(&chain, &world, world.suite.payout, mark)?;
    // The report fell, and nobody was slashed.
    ensure!(world.reported(0)?.status == ReportStatus::Void);
    ensure!(world.members()?.len() == 4 && world.cut(0)?.0 == 1 && world.cut(0)?.1.withheld == [number]);
    refused(world.submit(world.signed_report(lie.body, &[0, 1, 2])), &PayoutError::WrongAttempt)?;
    let again = world.closed(0)?;
    let paid = world.report_epoch(&again)?;
    ensure!(paid.is_empty() && world.live()?.carry == closed.cut.pots, "{paid:?}");
    let withheld = read(&*world.chain, world.suite.payout, message_builder!(Payout).withheld())?;
    ensure!(withheld.is_empty(), "what is reported is marked no more: {withheld:?}");
    Ok(())
}

#[test]
fn a_vote_voids_a_report_and_slashes_nobody() -> Result<()> {
    let (chain, mut world) = open_world()?;
    let (report, _) = reported(&mut world)?;
    let void = message_builder!(Payout).void_report(0, 0).input.encode();
    decide(&chain, &world, world.suite.payout, void)?;
    ensure!(world.reported(0)?.status == ReportStatus::Void);
    let closed = world.closed(0)?;
    ensure!(closed.attempt == report.body.attempt + 1);
    let members = world.people.oracles.iter().map(|oracle| oracle.account.account()).collect();
    let infos = read(&*world.chain, world.suite.staking, message_builder!(Staking).operators(members))?;
    ensure!(infos.iter().flatten().all(|info| info.in_service && info.own == info.active), "{infos:?}");
    world.report_epoch(&closed).map(|_| ())
}

#[test]
fn reserves_step_in_for_members_that_are_out_and_leave_a_pending_report_alone() -> Result<()> {
    let (chain, mut world) = open_world()?;
    let payout = world.suite.payout;
    let refill = |world: &World| send(&*world.chain, &world.people.payer, payout, message_builder!(Payout).refill());
    refused(refill(&world), &PayoutError::NothingToRefill)?;
    let (report, _) = reported(&mut world)?;
    let jail = |place: usize| {
        let account = world.people.oracles[place].account.account();
        let now = world.chain.now()?;
        let slash = message_builder!(Staking).slash(account, 0, now, None, Offence::Misconduct);
        decide(&chain, &world, world.suite.staking, slash.input.encode())
    };
    jail(1)?;
    refused(refill(&world), &PayoutError::NothingToRefill)?;
    world.after(now(&world)? + world.config.payout.refill_ms)?;
    let set = sent("refilling", refill(&world))?;
    ensure!(set == 2);
    let names = |world: &World| -> Result<Vec<AccountId>> {
        Ok(world.members()?.iter().map(|oracle| oracle.account.account()).collect())
    };
    let (oracles, reserves) = (world.people.oracles.clone(), world.people.reserves.clone());
    let wanted = [&oracles[0], &reserves[0], &oracles[2], &oracles[3]].map(|oracle| oracle.account.account());
    ensure!(names(&world)? == wanted);
    let left = read(&*world.chain, payout, message_builder!(Payout).reserves())?;
    ensure!(left.len() == reserves.len() - 1);
    // The report of the set before is as it was.
    world.finalize(report)?;
    // The next refill waits, unless there is no quorum.
    let jail = |account: AccountId| {
        let now = world.chain.now()?;
        let slash = message_builder!(Staking).slash(account, 0, now, None, Offence::Misconduct);
        decide(&chain, &world, world.suite.staking, slash.input.encode())
    };
    jail(wanted[0])?;
    jail(wanted[1])?;
    world.after(now(&world)? + world.config.payout.refill_ms)?;
    let set = sent("refilling", refill(&world))?;
    ensure!(set == 3 && names(&world)?[0] == reserves[1].account.account());
    Ok(())
}

#[test]
fn a_claim_makes_a_due_report_live() -> Result<()> {
    let mut world = world()?;
    let (report, live_at) = reported(&mut world)?;
    world.payouts = report.payouts.clone();
    at(&world, live_at)?;
    refused(world.claim(world.claim_of(0)?), &PayoutError::BadClaim)?;
    at(&world, live_at + 1)?;
    sent("claiming", world.claim(world.claim_of(0)?))?;
    ensure!(world.live()?.epochs == report.body.epoch + 1);
    Ok(())
}

#[test]
fn many_claims_in_one_call_pay_each_what_is_due() -> Result<()> {
    let mut world = world()?;
    world.pay_epoch()?;
    let claims: Vec<_> = (0..world.payouts.len()).map(|i| world.claim_of(i)).collect::<Result<_>>()?;
    ensure!(claims.len() >= 2);
    sent("claiming", world.claim(claims[0].clone()))?;
    let all = || message_builder!(Payout).claim_many(claims.clone());
    let paid = sent("claiming", send(&*world.chain, &world.people.host, world.suite.payout, all()))?;
    ensure!(paid == claims[1..].iter().map(|claim| claim.cumulative).sum::<Balance>());
    for claim in &claims {
        ensure!(world.balance(claim.account)? == claim.cumulative);
    }
    let again = send(&*world.chain, &world.people.host, world.suite.payout, all());
    refused(again, &PayoutError::NothingToClaim)?;
    let none = send(&*world.chain, &world.people.host, world.suite.payout, message_builder!(Payout).claim_many(vec![]));
    refused(none, &PayoutError::NothingToClaim)
}

#[test]
fn a_second_epoch_pays_the_difference() -> Result<()> {
    let mut world = world()?;
    world.pay_epoch()?;
    let first = world.claim_of(0)?;
    sent("claiming", world.claim(first.clone()))?;
    world.pay_epoch()?;
    let second = world.claim_of(0)?;
    ensure!(second.account == first.account && second.cumulative > first.cumulative);
    // The old leaf opens nothing any more.
    refused(world.claim(first.clone()), &PayoutError::BadClaim)?;
    let paid = sent("claiming", world.claim(second.clone()))?;
    ensure!(paid == second.cumulative - first.cumulative);
    Ok(())
}

#[test]
fn a_guardian_holds_a_report_once_for_a_bounded_time() -> Result<()> {
    let mut world = world()?;
    let (report, live_at) = reported(&mut world)?;
    let (payout, guardian) = (world.suite.payout, world.people.guardian.clone());
    let longest = world.config.payout.max_hold_ms;
    let hold = |ms| message_builder!(Payout).hold(report.body.epoch, ms);
    refused(send(&*world.chain, &world.people.payer, payout, hold(1)), &PayoutError::NotGuardian)?;
    refused(send(&*world.chain, &guardian, payout, hold(longest + 1)), &PayoutError::HoldRefused)?;
    let held = sent("holding", send(&*world.chain, &guardian, payout, hold(longest)))?;
    ensure!(held == live_at + longest);
    refused(send(&*world.chain, &guardian, payout, hold(1)), &PayoutError::HoldRefused)?;
    at(&world, held)?;
    let finalize = || message_builder!(Payout).finalize(report.body.epoch);
    refused(send(&*world.chain, &world.people.host, payout, finalize()), &PayoutError::WindowOpen)?;
    at(&world, held + 1)?;
    sent("finalizing", send(&*world.chain, &world.people.host, payout, finalize()))
}

#[test]
fn a_guardian_pauses_claims_and_only_governance_sets_them_free() -> Result<()> {
    let mut world = world()?;
    world.pay_epoch()?;
    let (payout, guardian) = (world.suite.payout, world.people.guardian.clone());
    let pause = |function| message_builder!(Pausable).pause(function);
    refused(send(&*world.chain, &world.people.payer, payout, pause(pause::CLAIM)), &AdminError::NotGuardian)?;
    sent("pausing", send(&*world.chain, &guardian, payout, pause(pause::CLAIM)))?;
    refused(world.claim(world.claim_of(0)?), &PayoutError::Paused)?;
    let unpause = message_builder!(Pausable).unpause(pause::CLAIM);
    refused(send(&*world.chain, &guardian, payout, unpause), &AdminError::NotAdmin)?;
    refused(send(&*world.chain, &guardian, payout, pause(pause::FUNCTIONS)), &AdminError::NoSuchFunction)
}

#[test]
fn peers_alone_call_what_is_theirs() -> Result<()> {
    let world = world()?;
    let (payout, stranger) = (world.suite.payout, world.people.payer.clone());
    let batch = NewBatch {
        channel: 0,
        host: stranger.account(),
        model: 0,
        key: [1; 32],
        params: 0,
        at: 0,
        count_from: 0,
        count_to: 1,
        fee_from: 0,
        fee_to: 1,
        top: [1; 32],
        filled: 1,
        kib: 1,
        pot: 1,
    };
    let record = message_builder!(Payout).record_batch(batch);
    refused(send(&*world.chain, &stranger, payout, record), &PayoutError::NotEscrow)?;
    let void = message_builder!(Payout).void(0, 0);
    refused(send(&*world.chain, &stranger, payout, void), &PayoutError::NotDisputes)?;
    let delay = message_builder!(Payout).delay(0, 0, u64::MAX, None);
    refused(send(&*world.chain, &stranger, payout, delay), &PayoutError::NotDisputes)?;
    let oracles = message_builder!(Payout).set_oracles(vec![stranger.account()], vec![]);
    refused(send(&*world.chain, &stranger, payout, oracles), &PayoutError::Admin(AdminError::NotAdmin))?;
    let mark = message_builder!(Payout).mark_withheld(0);
    refused(send(&*world.chain, &stranger, payout, mark), &PayoutError::Admin(AdminError::NotAdmin))?;
    let void = message_builder!(Payout).void_report(0, 0);
    refused(send(&*world.chain, &stranger, payout, void), &PayoutError::Admin(AdminError::NotAdmin))
}

#[test]
fn contracts_are_wired_once_by_their_deployer_and_do_nothing_before() -> Result<()> {
    let world = world()?;
    let (deployer, stranger) = (world.people.deployer.clone(), world.people.payer.clone());
    let fresh = Suite::deploy(&*world.chain, &deployer, &world.config)?;
    let none: Vec<AccountId> = Vec::new();
    let s = fresh.clone();
    let wire = || {
        message_builder!(Payout).wire(
            s.escrow,
            s.disputes,
            s.disputes,
            s.staking,
            s.timelock,
            none.clone(),
            none.clone(),
        )
    };
    let close = send(&*world.chain, &stranger, fresh.payout, message_builder!(Payout).close_epoch());
    refused(close, &PayoutError::Admin(AdminError::NotWired))?;
    let by_stranger = send(&*world.chain, &stranger, fresh.payout, wire());
    refused(by_stranger, &PayoutError::Admin(AdminError::NotDeployer))?;
    sent("wiring", send(&*world.chain, &deployer, fresh.payout, wire()))?;
    let again = send(&*world.chain, &deployer, fresh.payout, wire());
    refused(again, &PayoutError::Admin(AdminError::AlreadyWired))
}

#[test]
fn a_deposit_without_approval_or_to_no_host_opens_no_channel() -> Result<()> {
    let world = world()?;
    let stranger = world.people.watcher.clone();
    let none = message_builder!(PSP22).approve(world.suite.escrow, 0);
    sent("approving", send(&*world.chain, &stranger, world.suite.token, none))?;
    let open = message_builder!(Escrow).open(world.people.host.account(), OPEN, None);
    refused(send(&*world.chain, &stranger, world.suite.escrow, open), &EscrowError::TransferFailed)?;
    let to_itself = message_builder!(Escrow).open(stranger.account(), OPEN, None);
    refused(send(&*world.chain, &stranger, world.suite.escrow, to_itself), &EscrowError::SelfChannel)?;
    for no_host in [world.people.owner.account(), world.people.validator.account()] {
        let open = message_builder!(Escrow).open(no_host, OPEN, None);
        refused(send(&*world.chain, &stranger, world.suite.escrow, open), &EscrowError::NotInService)?;
    }
    Ok(())
}
