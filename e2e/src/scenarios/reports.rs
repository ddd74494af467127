//! Payout takes the next epoch's report alone, signed by just enough oracles, within the money and the cover.

use anyhow::Result;
use chain::{read, send};
use ink::message_builder;
use openledger_abi::OPEN;
use openledger_abi::payout::{Payout, PayoutError, ReportBody};
use openledger_abi::quorum::QuorumError;
use proof::signed::{Domain, Signable};

use crate::epoch::{Closed, Submission};
use crate::{H, World, refused};

/// The epoch to be reported, and its true report's body.
fn reportable(world: &mut World) -> Result<(Closed, ReportBody)> {
    let closed = world.closed_epoch()?;
    let body = world.true_report(&closed)?.body;
    Ok((closed, body))
}

pub fn a_report_with_one_signer_too_few_is_refused(world: &mut World) -> Result<()> {
    let too_few = PayoutError::Quorum(QuorumError::WrongSignatureCount);
    let (_, body) = reportable(world)?;
    refused(world.submit(world.signed_report(body, &[2, 3])), &too_few)
}

pub fn a_report_with_one_signer_too_many_is_refused(world: &mut World) -> Result<()> {
    let too_many = PayoutError::Quorum(QuorumError::WrongSignatureCount);
    let (_, body) = reportable(world)?;
    refused(world.submit(world.signed_report(body, &[0, 1, 2, 3])), &too_many)
}

pub fn a_report_signed_twice_by_one_oracle_is_refused(world: &mut World) -> Result<()> {
    let (_, body) = reportable(world)?;
    let once = world.report_signature(&world.people.oracles[0].signing, &body);
    let twice = Submission { body, signers: 0b111, signatures: vec![once, once, once] };
    refused(world.submit(twice), &PayoutError::Quorum(QuorumError::BadSignature(1)))
}

pub fn a_report_of_another_set_is_refused(world: &mut World) -> Result<()> {
    let (_, mut body) = reportable(world)?;
    body.set -= 1;
    refused(world.submit(world.signed_report(body, &[0, 1, 2])), &PayoutError::WrongOracleSet)
}

pub fn a_report_of_another_epoch_is_refused(world: &mut World) -> Result<()> {
    let (_, body) = reportable(world)?;
    let next = ReportBody { epoch: body.epoch + 1, ..body };
    refused(world.submit(world.signed_report(next, &[0, 1, 2])), &PayoutError::WrongEpoch)
}

pub fn no_epoch_closes_before_the_last_is_reported(world: &mut World) -> Result<()> {
    let closed = world.closed_epoch()?;
    let channel = world.open_channel(100 * OPEN)?;
    // One that is credited, for what a report's sums are tried with next on the same chain.
    world.answer(channel, "He kept a ledger of every ship that came in, they say.", crate::epoch::FEE)?;
    world.settle(channel)?;
    let payout = world.suite.payout;
    let due_at = read(&*world.chain, payout, message_builder!(Payout).due_at())?;
    world.after(due_at)?;
    let close = || send(&*world.chain, &world.people.host, payout, message_builder!(Payout).close_epoch());
    refused(close(), &PayoutError::EpochOpen)?;
    world.report_epoch(&closed)?;
    world.close_epoch().map(|_| ())
}

pub fn a_report_of_another_attempt_is_refused(world: &mut World) -> Result<()> {
    let (_, body) = reportable(world)?;
    let other = ReportBody { attempt: body.attempt + 1, ..body };
    refused(world.submit(world.signed_report(other, &[0, 1, 2])), &PayoutError::WrongAttempt)
}

pub fn a_report_of_more_than_is_funded_is_refused(world: &mut World) -> Result<()> {
    let (_, mut body) = reportable(world)?;
    body.credits.sum += 1;
    body.payouts.sum += 1;
    refused(world.submit(world.signed_report(body, &[0, 1, 2])), &PayoutError::NotConserved)
}

pub fn a_report_on_a_chain_of_another_genesis_is_refused(world: &mut World) -> Result<()> {
    let (_, body) = reportable(world)?;
    let domain = Domain { genesis: [7; 32], ..world.domain(world.suite.payout) };
    let digest = Signable::report::<H>(&domain, &body).digest;
    let signatures = world.people.oracles[..3].iter().map(|oracle| oracle.signing.sign(&digest)).collect();
    let elsewhere = Submission { body, signers: 0b111, signatures };
    refused(world.submit(elsewhere), &PayoutError::Quorum(QuorumError::BadSignature(0)))
}

pub fn a_report_above_its_signers_cover_is_refused(world: &mut World) -> Result<()> {
    // What others bonded to the oracles covered the epoch when it was closed, and is gone since.
    let (mut world, delegator) = World::with_small_bonds(world.chain.clone())?;
    let channel = world.open_channel(100 * OPEN)?;
    world.answer(channel, "He kept a ledger of every ship that came in, they say.", 100 * OPEN)?;
    world.settle(channel)?;
    let closed = world.close_epoch()?;
    let body = world.true_report(&closed)?.body;
    world.undelegate(&delegator)?;
    refused(world.submit(world.signed_report(body, &[0, 1, 2])), &PayoutError::NotCovered)
}
