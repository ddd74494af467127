//! Fraud proofs, each in a world of its own: it jails the signers of its report.

use anyhow::{Context, Result, anyhow};
use chain::{Keypair, Receipt};
use openledger_abi::judge::Proof;

use super::{CodePrice, Row, Scale, Want, taken};
use crate::epoch::FEE;
use crate::falsehoods::{self, Filed};
use crate::outcome::sent;
use crate::scenarios::{fraud, sums};
use crate::{People, World};

/// All contracts that a proof asks.
const CONTRACTS: &[&str] =
    &["disputes", "judge", "payout", "model_registry", "datanet_registry", "staking", "open_token"];
const GOAL: Want = Want::OfBlock(100);

/// The numbers of the proofs, each weighed by [`proofs`].
pub const PROOFS: [u8; 8] = [2, 3, 4, 5, 6, 7, 8, 9];

/// Commits and reveals against a report that was filed.
fn shown(world: &World, filed: &Filed, proof: &Proof) -> Result<Receipt> {
    world.approve(&world.people.watcher, world.suite.disputes, world.config.disputes.bond)?;
    let (_, revealed) = fraud::file(world, filed.id, proof).map_err(|e| anyhow!("{e}"))?;
    Ok(revealed.receipt)
}

/// Files a report whose leaves were changed so, and shows it.
fn tampered(
    world: &mut World,
    tamper: fn(&mut proof::evidence::EvidenceLeaf),
    proof: fn(&World, &Filed) -> Result<Proof>,
) -> Result<Receipt> {
    let filed = falsehoods::file(world, tamper, |_| ())?;
    let proof = proof(world, &filed)?;
    shown(world, &filed, &proof)
}

/// Weighs the proof of this number.
///
/// # Errors
/// The first call that failed.
pub fn proofs(world: &mut World, number: u8, scale: &mut Scale) -> Result<()> {
    let (what, receipt) = match number {
        2 => ("2, a receipt's part", tampered(world, |leaf| leaf.part += 1, falsehoods::wrong_part)?),
        3 => {
            let filed = fraud::file_a_false_span(world)?;
            scale.add("disputes: a commit", &filed.committed, &["disputes", "open_token", "payout"], Want::Nothing);
            ("3, a span's byte", filed.revealed)
        }
        4 => ("4, a match left out", tampered(world, |leaf| leaf.entries.clear(), falsehoods::match_left_out)?),
        5 => ("5, influence", tampered(world, falsehoods::add_influence, falsehoods::no_sketch)?),
        6 => ("6, amounts", tampered(world, falsehoods::take_a_unit, falsehoods::wrong_amounts)?),
        7 => {
            let (filed, proof) = falsehoods::stolen_credit(world)?;
            ("7, a credit", shown(world, &filed, &proof)?)
        }
        8 => ("8, a tree's order", sums::file_a_wrong_order(world)?.1.revealed),
        9 => {
            let (filed, proof) = falsehoods::moved_total(world)?;
            ("9, a total", shown(world, &filed, &proof)?)
        }
        other => anyhow::bail!("no proof has number {other}"),
    };
    scale.add(&format!("disputes: proof {what}: 3 slashed"), &receipt, CONTRACTS, GOAL);
    Ok(())
}

/// What the largest set of oracles costs: 31, of whom 21 sign and are slashed. Needs a world of its own, of
/// [`People::with_oracles`].
///
/// # Errors
/// The first call that failed.
pub fn measure_a_large_set(world: &mut World, price: CodePrice) -> Result<Vec<Row>> {
    let mut scale = Scale::new(price);
    let (oracles, signers) = (world.people.oracles.len(), world.quorum().len());
    let position = world.open_channel(10 * FEE)?;
    world.answer(position, "He kept a ledger of every ship that came in, they say.", FEE)?;
    world.tick()?;
    let redemption = world.redemption(position)?;
    let waiting = sent("redeeming", world.redeem(redemption))?;
    world.ledger(position)?.redeemed = 1;
    let attested = ["escrow", "open_token", "payout"];
    let name = format!("escrow: attest, {signers} of {oracles} oracles");
    let receipt = taken("attest", world.attest_by(waiting, &world.quorum())?)?;
    scale.add(&name, &receipt, &attested, Want::OfBlock(200));
    let closed = world.close_epoch()?;
    let report = world.true_report(&closed)?;
    let receipt = taken("report", world.submit(world.signed_report(report.body, &world.quorum())))?;
    let name = format!("payout: a report, {signers} of {oracles} oracles");
    scale.add(&name, &receipt, &["payout", "staking"], Want::OfBlock(50));
    world.finalize(report)?;
    let filed = fraud::file_a_false_span(world)?;
    scale.add(
        &format!("disputes: proof 3, a span's byte: {signers} slashed"),
        &filed.revealed,
        CONTRACTS,
        Want::OfBlock(175),
    );
    Ok(scale.rows)
}

/// A world with the largest set of oracles, paid for by `rich`.
///
/// # Errors
/// The first step that failed.
pub fn large_set(chain: std::sync::Arc<dyn chain::Chain>, rich: &Keypair) -> Result<World> {
    let people = People::with_oracles(openledger_abi::payout::MAX_ORACLES);
    chain::endow(&*chain, rich, &[people.deployer.account()], 300_000_000_000_000_000)?;
    World::found_by(chain, people).context("a world of the largest set of oracles")
}
