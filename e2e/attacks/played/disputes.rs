//! Provers: the liar as its own (A13).

use anyhow::{Context, Result, bail, ensure};
use chain::{Keypair, read, send};
use e2e::falsehoods::{Filed, differing_byte, file, misattribute};
use e2e::{H, World, refused, sent};
use ink::message_builder;
use ink::scale::Encode;
use openledger_abi::Balance;
use openledger_abi::disputes::{CommitStatus, Disputes, DisputesError, Fall, Outcome, commit_hash};
use openledger_abi::judge::ReportId;

/// A false report that two provers have committed to, in a world of its own: the liars' second account first.
struct Raced {
    world: World,
    id: ReportId,
    proof: Vec<u8>,
    liar: Keypair,
    honest: Keypair,
    /// Their commits.
    first: u64,
    second: u64,
}

fn raced(world: &World) -> Result<Raced> {
    let mut world = World::found(world.chain.clone(), &Keypair::from_uri("//Alice")?)?;
    let (liar, honest) = (world.people.payer.clone(), world.people.watcher.clone());
    for key in [&liar, &honest] {
        world.approve(key, world.suite.disputes, 4 * world.config.disputes.bond)?;
    }
    let filed: Filed = file(&mut world, misattribute, |_| ())?;
    let (id, proof) = (filed.id, differing_byte(&world, &filed)?.encode());
    let commit = |key: &Keypair| {
        let hash = commit_hash::<H>(&key.account(), &proof);
        let call = message_builder!(Disputes).commit(id, hash);
        sent("committing", send(&*world.chain, key, world.suite.disputes, call))
    };
    let (first, second) = (commit(&liar)?, commit(&honest)?);
    // The reveals come in later blocks, and so must the dry runs before them.
    world.chain.advance(std::time::Duration::from_millis(1))?;
    Ok(Raced { world, id, proof, liar, honest, first, second })
}

fn reveal(raced: &Raced, key: &Keypair, commit: u64) -> Result<Outcome> {
    let call = message_builder!(Disputes).reveal(commit, raced.proof.clone());
    sent("revealing", send(&*raced.world.chain, key, raced.world.suite.disputes, call))
}

fn fall_of(world: &World, report: ReportId) -> Result<Fall> {
    let call = message_builder!(Disputes).fall_of(report);
    read(&*world.chain, world.suite.disputes, call)?.context("the report did not fall")
}

fn claim(world: &World, key: &Keypair, report: ReportId) -> Result<Balance> {
    sent("claiming", send(&*world.chain, key, world.suite.disputes, message_builder!(Disputes).claim(report)))
}

pub fn a_liar_who_proves_its_own_lie_first_gains_nothing(world: &mut World) -> Result<()> {
    let raced = raced(world)?;
    let Raced { world, id, liar, honest, first, second, .. } = &raced;
    let before = world.balance(liar.account())?;
    let outcome = reveal(&raced, liar, *first)?;
    let Outcome::Voided { slashed, reward, .. } = outcome else { bail!("{outcome:?}") };
    // Whoever settled the honest commit now would take its share away.
    let settle = message_builder!(Disputes).settle(*second);
    refused(send(&*world.chain, liar, world.suite.disputes, settle), &DisputesError::SharingOpen)?;
    ensure!(reveal(&raced, honest, *second)? == Outcome::Shared { report: *id });

    world.after(fall_of(world, *id)?.share_until)?;
    let (theirs, ours) = (claim(world, liar, *id)?, claim(world, honest, *id)?);
    ensure!(theirs == reward - reward / 2 && ours == reward / 2, "{theirs} and {ours} of {reward}");
    let gained = world.balance(liar.account())? - before - world.config.disputes.bond;
    ensure!(gained == theirs && gained <= slashed / 4, "the liars got back {gained} of {slashed}");
    let fee = (world.config.disputes.bond + world.config.disputes.bond / 16) / 10;
    ensure!(ours > 10 * fee, "to share costs {fee} and brings {ours}");
    println!("of {slashed} slashed the liars' account got {theirs}, the honest prover {ours}");
    Ok(())
}

pub fn an_honest_prover_shares_whoever_was_first(world: &mut World) -> Result<()> {
    let raced = raced(world)?;
    let Raced { world, id, liar, honest, first, second, .. } = &raced;
    // It reveals first, but its commit came later: half is the liar's, if the liar shows its proof at all.
    let outcome = reveal(&raced, honest, *second)?;
    let Outcome::Voided { reward, .. } = outcome else { bail!("{outcome:?}") };
    ensure!(reveal(&raced, liar, *first)? == Outcome::Shared { report: *id });
    world.after(fall_of(world, *id)?.share_until)?;
    ensure!(claim(world, honest, *id)? == reward / 2);
    Ok(())
}

pub fn a_commit_that_is_never_shown_takes_nothing_from_others(world: &mut World) -> Result<()> {
    let raced = raced(world)?;
    let Raced { world, id, liar, honest, first, second, .. } = &raced;
    let outcome = reveal(&raced, honest, *second)?;
    let Outcome::Voided { reward, .. } = outcome else { bail!("{outcome:?}") };
    world.after(fall_of(world, *id)?.share_until)?;
    ensure!(claim(world, honest, *id)? == reward);
    let settle = message_builder!(Disputes).settle(*first);
    let status = sent("settling", send(&*world.chain, liar, world.suite.disputes, settle))?;
    ensure!(status == CommitStatus::Returned, "{status:?}");
    Ok(())
}
