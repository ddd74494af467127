//! Payout takes the next epoch's report alone, signed by just enough oracles, within the money and the cover.

use anyhow::{Result, ensure};
use openledger_abi::OPEN;
use openledger_abi::payout::{PayoutError, ReportBody};
use openledger_abi::staking::{Role, Staking};
use proof::signed::{Domain, Signable};

use chain::{Keypair, send};
use ink::message_builder;

use crate::epoch::{Closed, Submission};
use crate::{H, World, outcome::sent, refused};

/// The epoch to be reported, past its demands, and its true report's body.
fn reportable(world: &mut World) -> Result<(Closed, ReportBody)> {
    let closed = world.closed_epoch()?;
    world.after(closed.epoch.demand_end)?;
    let body = world.true_report(&closed)?.body;
    Ok((closed, body))
}

pub fn a_report_before_the_demands_are_over_is_refused(world: &mut World) -> Result<()> {
    // Of an epoch that was closed just now.
    if world.closed.is_some() {
        world.pay_epoch()?;
    }
    let closed = world.closed_epoch()?;
    ensure!(world.chain.now()? <= closed.epoch.demand_end, "the demands were over too soon to try this");
    let body = world.true_report(&closed)?.body;
    refused(world.submit(world.signed_report(body, &[0, 1])), &PayoutError::DemandOpen)
}

pub fn a_report_with_one_signer_too_few_is_refused(world: &mut World) -> Result<()> {
    let (_, body) = reportable(world)?;
    refused(world.submit(world.signed_report(body, &[2])), &PayoutError::WrongSignatureCount)
}

pub fn a_report_with_one_signer_too_many_is_refused(world: &mut World) -> Result<()> {
    let (_, body) = reportable(world)?;
    refused(world.submit(world.signed_report(body, &[0, 1, 2])), &PayoutError::WrongSignatureCount)
}

pub fn a_report_signed_twice_by_one_oracle_is_refused(world: &mut World) -> Result<()> {
    let (_, body) = reportable(world)?;
    let once = world.report_signature(&world.people.oracles[0].signing, &body);
    let twice = Submission { body, signers: 0b11, signatures: vec![once, once] };
    refused(world.submit(twice), &PayoutError::BadSignature(1))
}

pub fn a_report_of_another_set_is_refused(world: &mut World) -> Result<()> {
    let (_, mut body) = reportable(world)?;
    body.set -= 1;
    refused(world.submit(world.signed_report(body, &[0, 1])), &PayoutError::WrongOracleSet)
}

pub fn a_report_that_leaves_an_epoch_out_is_refused(world: &mut World) -> Result<()> {
    // Two epochs wait; the second is reported first.
    let first = world.closed_epoch()?;
    let channel = world.open_channel(100 * OPEN)?;
    world.answer(channel, "An answer.", crate::epoch::FEE)?;
    world.settle(channel)?;
    let second = world.close_epoch()?;
    world.closed = Some(first);
    world.after(second.epoch.demand_end)?;
    let body = world.true_report(&second)?.body;
    refused(world.submit(world.signed_report(body, &[0, 1])), &PayoutError::WrongEpoch)?;

    // In order both are taken.
    world.pay_epoch()?;
    world.closed = Some(second);
    world.pay_epoch().map(|_| ())
}

pub fn a_report_of_more_than_is_funded_is_refused(world: &mut World) -> Result<()> {
    let (_, mut body) = reportable(world)?;
    body.credits.sum += 1;
    body.payouts.sum += 1;
    refused(world.submit(world.signed_report(body, &[0, 1])), &PayoutError::NotConserved)
}

pub fn a_report_on_a_chain_of_another_genesis_is_refused(world: &mut World) -> Result<()> {
    let (_, body) = reportable(world)?;
    let domain = Domain { genesis: [7; 32], ..world.domain(world.suite.payout) };
    let digest = Signable::report::<H>(&domain, &body).digest;
    let signatures = world.people.oracles[..2].iter().map(|oracle| oracle.signing.sign(&digest)).collect();
    refused(world.submit(Submission { body, signers: 0b11, signatures }), &PayoutError::BadSignature(0))
}

pub fn a_report_after_its_deadline_is_refused(world: &mut World) -> Result<()> {
    let (_, mut body) = reportable(world)?;
    body.deadline = world.chain.now()? - 1;
    refused(world.submit(world.signed_report(body, &[0, 1])), &PayoutError::Expired)
}

pub fn a_report_above_its_signers_cover_is_refused(world: &mut World) -> Result<()> {
    // In a suite whose oracles need hardly a bond: what they have beside it covered the epoch when it was closed, and the two who
    // sign have unbonded that since.
    let people = World::endowed(&*world.chain, &Keypair::from_uri("//Alice")?)?;
    let mut world = World::found_with(world.chain.clone(), people, |config| {
        config.staking.min_bonds[Role::Oracle as usize] = OPEN / 1_000;
    })?;
    let (chain, staking) = (world.chain.clone(), world.suite.staking);
    let oracles: Vec<_> = world.people.oracles.iter().map(|oracle| oracle.account.clone()).collect();
    for oracle in &oracles {
        world.approve(oracle, staking, 100 * OPEN)?;
        let call = message_builder!(Staking).bond(oracle.account(), 100 * OPEN);
        sent("bonding more", send(&*chain, oracle, staking, call))?;
    }
    let (_, body) = reportable(&mut world)?;
    for signer in &oracles[2..4] {
        let call = message_builder!(Staking).unbond(signer.account(), 100 * OPEN);
        sent("unbonding", send(&*chain, signer, staking, call))?;
    }
    refused(world.submit(world.signed_report(body, &[2, 3])), &PayoutError::NotCovered)?;
    sent("a covered report", world.submit(world.signed_report(body, &[0, 1])))?;
    Ok(())
}
