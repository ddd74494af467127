//! Who signs a false report to take what is others'.

use anyhow::{Context, Result, bail, ensure};
use chain::{account_bytes, read};
use e2e::scenarios::fraud::{credit_the_third, false_span, file};
use e2e::{World, outcome::sent, refused};
use ink::message_builder;
use openledger_abi::OPEN;
use openledger_abi::disputes::Outcome;
use openledger_abi::judge::{Proof, ReportId};
use openledger_abi::payout::PayoutError;
use openledger_abi::quorum::QuorumError;
use openledger_abi::staking::Staking;

/// A3: with f + 1 of n oracles bought, there is no report of theirs.
pub fn f_plus_one_liars_are_not_enough_for_a_report(world: &mut World) -> Result<()> {
    let closed = world.closed_epoch()?;
    let lie = world.report(&closed, credit_the_third)?;
    let missing = PayoutError::Quorum(QuorumError::WrongSignatureCount);
    refused(world.submit(world.signed_report(lie.body, &[0, 1])), &missing)?;
    // Nor with an honest oracle's signature of the true report.
    let mut padded = world.signed_report(lie.body, &[0, 1, 2]);
    let truth = world.true_report(&closed)?.body;
    padded.signatures[2] = world.report_signature(&world.people.oracles[2].signing, &truth);
    refused(world.submit(padded), &PayoutError::Quorum(QuorumError::BadSignature(2)))?;
    world.report_epoch(&closed).map(|_| ())
}

/// A3: q liars, who have much more delegated than they have themselves, and an epoch that is worth it.
pub fn what_signers_can_take_is_at_most_half_of_what_they_lose(world: &mut World) -> Result<()> {
    let (mut world, _) = World::with_small_bonds(world.chain.clone())?;
    let channel = world.open_channel(500 * OPEN)?;
    world.answer(channel, "He kept a ledger of every ship that came in, they say.", 500 * OPEN)?;
    world.settle(channel)?;
    let closed = world.close_epoch()?;
    let lie = world.report(&closed, credit_the_third)?;
    let third = account_bytes(&world.people.contributors[2].account());
    let taken: u128 = lie.payouts.iter().filter(|leaf| leaf.account == third).map(|leaf| leaf.cumulative).sum();
    ensure!(taken > 0, "the lie takes nothing");
    let own = |world: &World, place: usize| -> Result<u128> {
        let call = message_builder!(Staking).operator(world.people.oracles[place].account.account());
        Ok(read(&*world.chain, world.suite.staking, call)?.context("no operator")?.own)
    };
    let owned = own(&world, 0)? + own(&world, 1)? + own(&world, 2)?;
    sent("a lie of three", world.submit(world.signed_report(lie.body, &[0, 1, 2])))?;

    world.approve(&world.people.watcher, world.suite.disputes, world.config.disputes.bond)?;
    let witness = false_span(&world, &closed, &lie)?.context("the watcher sees nothing wrong")?;
    let id = ReportId { epoch: lie.body.epoch, attempt: lie.body.attempt };
    let (_, revealed) = file(&world, id, &Proof::Span(witness)).map_err(|e| anyhow::anyhow!("{e}"))?;
    let Outcome::Voided { slashed, .. } = revealed.value else { bail!("{:?}", revealed.value) };
    println!("{taken} to take, {slashed} lost, {owned} of their own");
    ensure!(2 * taken <= slashed, "{taken} to take for {slashed}");
    ensure!(taken <= owned, "{taken} to take for {owned} of their own");
    for place in 0..3 {
        ensure!(own(&world, place)? == 0, "a liar keeps something of its own");
    }
    Ok(())
}
