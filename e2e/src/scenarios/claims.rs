//! A live payout is paid to its account, once.

use anyhow::{Result, ensure};
use chain::{read, send};
use ink::message_builder;
use openledger_abi::payout::{Payout, PayoutError};

use crate::{World, outcome::sent, refused};

/// At least two accounts that were credited; each scenario claims for another one.
fn paid(world: &mut World) -> Result<()> {
    if world.payouts.is_empty() {
        world.pay_epoch()?;
    }
    ensure!(world.payouts.len() >= 2, "only {} accounts were credited", world.payouts.len());
    Ok(())
}

pub fn a_claim_is_paid_once(world: &mut World) -> Result<()> {
    paid(world)?;
    let claim = world.claim_of(0)?;
    let claimed = read(&*world.chain, world.suite.payout, message_builder!(Payout).claimed(claim.account))?;
    let before = world.balance(claim.account)?;
    let due = sent("claiming", world.claim(claim.clone()))?;
    ensure!(due == claim.cumulative - claimed, "{due} instead of what was not claimed yet");
    ensure!(world.balance(claim.account)? == before + due, "the tokens didn't move");
    refused(world.claim(claim), &PayoutError::NothingToClaim)
}

pub fn a_claim_for_more_than_the_leaf_says_is_refused(world: &mut World) -> Result<()> {
    paid(world)?;
    let mut claim = world.claim_of(0)?;
    claim.cumulative += 1;
    refused(world.claim(claim), &PayoutError::BadClaim)
}

pub fn a_claim_with_the_proof_of_another_account_is_refused(world: &mut World) -> Result<()> {
    paid(world)?;
    let mut claim = world.claim_of(0)?;
    claim.account = world.people.watcher.account();
    refused(world.claim(claim), &PayoutError::BadClaim)?;
    // Nor with another place's path.
    let mut claim = world.claim_of(0)?;
    claim.path = world.claim_of(1)?.path;
    refused(world.claim(claim), &PayoutError::BadClaim)
}

pub fn a_claim_is_paid_to_the_recipient_that_the_account_chose(world: &mut World) -> Result<()> {
    paid(world)?;
    let claim = world.claim_of(1)?;
    let contributor =
        world.people.contributors.iter().find(|key| key.account() == claim.account).expect("a contributor").clone();
    let recipient = chain::Keypair::generate().account();
    let choose = |to| message_builder!(Payout).set_recipient(to);
    sent("choosing", send(&*world.chain, &contributor, world.suite.payout, choose(Some(recipient))))?;
    let due = sent("claiming", world.claim(claim))?;
    ensure!(world.balance(recipient)? == due, "{due} did not reach the recipient");
    sent("choosing", send(&*world.chain, &contributor, world.suite.payout, choose(None)))
}

pub fn what_was_credited_and_carried_is_what_was_funded(world: &mut World) -> Result<()> {
    paid(world)?;
    let totals = read(&*world.chain, world.suite.payout, message_builder!(Payout).totals())?;
    ensure!(totals.credited + totals.carried == totals.funded, "{totals:?}");
    ensure!(totals.claimed <= totals.credited, "{totals:?}");
    let leaves: u128 = world.payouts.iter().map(|leaf| leaf.cumulative).sum();
    ensure!(leaves == totals.credited, "{leaves} in the leaves, {totals:?}");
    ensure!(world.balance(world.suite.payout)? >= totals.funded - totals.claimed, "{totals:?}");
    Ok(())
}
