//! Who wants epochs to stop, or oracles to be slashed for what never was.

use anyhow::{Result, ensure};
use chain::{Keypair, read, send};
use e2e::epoch::FEE;
use e2e::{H, World, outcome::sent, refused};
use ink::message_builder;
use ink::scale::Encode;
use openledger_abi::OPEN;
use openledger_abi::disputes::{Disputes, DisputesError, commit_hash};
use openledger_abi::judge::{Judge, JudgeError, ProofError, ReportId};
use openledger_abi::payout::{Payout, PayoutError, ReportBody};
use openledger_abi::staking::Staking;

/// Answers with quotations of the first text, for so much.
fn batch(world: &mut World, fee: u128) -> Result<u64> {
    let channel = world.open_channel(fee)?;
    world.answer(channel, "He kept a ledger of every ship that came in, they say.", fee)?;
    world.settle(channel)
}

/// A11. A signing key that was replaced long ago is in a thief's hands, who signs two reports of each of a dozen epochs that never
/// were. There is no proof that only a key is needed for.
pub fn a_signing_key_of_years_ago_harms_nobody(world: &mut World) -> Result<()> {
    let oracle = world.people.oracles[2].clone();
    let info = |world: &World| {
        let call = message_builder!(Staking).operator(oracle.account.account());
        read(&*world.chain, world.suite.staking, call)
    };
    let rotate = message_builder!(Staking).set_signing_key(Keypair::generate().public());
    sent("rotating", send(&*world.chain, &oracle.account, world.suite.staking, rotate))?;
    let before = info(world)?;
    // The set keeps the key that it was made with: a report that is there can be named.
    let closed = world.closed_epoch()?;
    let truth = world.true_report(&closed)?;
    sent("a true report", world.submit(world.signed_report(truth.body, &[0, 1, 3])))?;
    let id = ReportId { epoch: truth.body.epoch, attempt: truth.body.attempt };
    let watcher = world.people.watcher.clone();
    world.approve(&watcher, world.suite.disputes, 12 * world.config.disputes.bond)?;
    for epoch in 1_000..1_012 {
        let first = ReportBody { epoch, ..truth.body };
        let second = ReportBody { carry_out: first.carry_out + 1, ..first };
        let signatures = [first, second].map(|body| world.report_signature(&oracle.signing, &body));
        // As it was once encoded: proof 1, the place, both bodies, both signatures.
        let bytes = (1u8, 2u8, first, second, signatures).encode();
        let asked = message_builder!(Judge).check(id, bytes.clone());
        let verdict = read(&*world.chain, world.suite.judge, asked)?;
        ensure!(verdict == Err(JudgeError::NotProven(ProofError::BadProof)), "{verdict:?}");
        let hash = commit_hash::<H>(&watcher.account(), &bytes);
        let commit = message_builder!(Disputes).commit(ReportId { epoch, attempt: 0 }, hash);
        refused(send(&*world.chain, &watcher, world.suite.disputes, commit), &DisputesError::NoSuchReport)?;
    }
    ensure!(info(world)? == before, "an oracle lost something by a key that it no longer has");
    world.finalize(truth).map(|_| ())
}

/// A12, the first half: one large honest customer.
pub fn a_batch_above_the_cover_stops_no_batch_behind_it(world: &mut World) -> Result<()> {
    let (mut world, _) = World::with_small_bonds(world.chain.clone())?;
    // 60 OPEN are covered; the pot is 90 of 200.
    let large = batch(&mut world, 200 * OPEN)?;
    let small = batch(&mut world, FEE)?;
    let first = world.close_epoch()?;
    ensure!((first.cut.from, first.cut.to) == (large, large + 1), "{:?}", first.cut);
    let pot = first.batches[0].0.pot;
    ensure!(first.cut.pots == first.cut.first_pot && first.cut.pots < pot, "{:?} of a pot of {pot}", first.cut);
    world.report_epoch(&first)?;
    // What was credited uses up cover until it is claimed. In what little is left there is no epoch of dust, whose report would take as
    // long as any; anybody may push the claims.
    let close = message_builder!(Payout).close_epoch();
    refused(send(&*world.chain, &world.people.host, world.suite.payout, close), &PayoutError::CoverExceeded)?;
    claim_all(&world)?;
    let second = world.close_epoch()?;
    ensure!((second.cut.from, second.cut.to) == (large, small + 1), "{:?}", second.cut);
    ensure!(second.cut.first_pot == pot - first.cut.pots, "{:?} after {:?}", second.cut, first.cut);
    ensure!(second.cut.receipts == 2, "the rest of a batch is over the same receipts");
    world.report_epoch(&second)?;
    let live = world.live()?;
    let funded = read(&*world.chain, world.suite.payout, message_builder!(Payout).totals())?.funded;
    ensure!(live.payouts.sum + live.carry == funded, "{live:?} of {funded}");
    Ok(())
}

fn claim_all(world: &World) -> Result<()> {
    for place in 0..world.payouts.len() {
        sent("claiming", world.claim(world.claim_of(place)?))?;
    }
    Ok(())
}

/// A12 the other way: who delegated a little takes back a few units at a time, so that the cover falls below an epoch that used it up, and
/// has the epoch cut again before anybody can sign it.
pub fn a_delegator_who_leaves_by_units_has_no_epoch_cut_again(world: &mut World) -> Result<()> {
    let (mut world, delegator) = World::with_small_bonds(world.chain.clone())?;
    batch(&mut world, 200 * OPEN)?;
    let closed = world.close_epoch()?;
    ensure!(closed.cut.first_pot < closed.batches[0].0.pot, "the cover is not used up");
    let (chain, payout) = (world.chain.clone(), world.suite.payout);
    for oracle in &world.people.oracles {
        let unbond = message_builder!(Staking).unbond(oracle.account.account(), OPEN);
        sent("unbonding", send(&*chain, &delegator, world.suite.staking, unbond))?;
    }
    world.after(closed.cut.closed_at + world.config.payout.report_ms / 8)?;
    if world.chain.now()? + 2_000 < closed.cut.closed_at + world.config.payout.report_ms {
        let recut = message_builder!(Payout).recut(closed.number);
        refused(send(&*chain, &delegator, payout, recut), &PayoutError::CutStands)?;
    }
    let body = world.true_report(&closed)?.body;
    sent("a covered report", world.submit(world.signed_report(body, &[0, 1, 2])))
}

/// A12, the second half: stake that leaves once the epoch is closed.
pub fn cover_that_unbonds_after_closing_stops_no_epoch(world: &mut World) -> Result<()> {
    let (mut world, delegator) = World::with_small_bonds(world.chain.clone())?;
    let number = batch(&mut world, 100 * OPEN)?;
    let closed = world.close_epoch()?;
    ensure!(closed.cut.to == number + 1 && closed.cut.pots == closed.batches[0].0.pot);
    let payout = world.suite.payout;
    let recut = |world: &World| send(&*world.chain, &world.people.host, payout, message_builder!(Payout).recut(0));
    if world.chain.now()? + 2_000 < closed.cut.closed_at + world.config.payout.report_ms {
        refused(recut(&world), &PayoutError::CutStands)?;
    }
    world.undelegate(&delegator)?;
    world.after(closed.cut.closed_at + world.config.payout.report_ms / 8)?;
    let body = world.true_report(&closed)?.body;
    refused(world.submit(world.signed_report(body, &[1, 2, 3])), &PayoutError::NotCovered)?;
    let again = world.recut()?;
    ensure!(again.attempt == 1 && again.cut.pots < closed.cut.pots, "{:?} after {:?}", again.cut, closed.cut);
    // The old cut is kept, and no longer reported.
    refused(world.submit(world.signed_report(body, &[0, 1, 2])), &PayoutError::WrongAttempt)?;
    world.report_epoch(&again)?;
    claim_all(&world)?;
    let rest = world.close_epoch()?;
    ensure!(rest.cut.from == number && rest.cut.first_pot == closed.cut.pots - again.cut.pots, "{:?}", rest.cut);
    world.report_epoch(&rest).map(|_| ())
}
