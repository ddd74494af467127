//! One false report for each of the proofs 2, 4, 5, 6, 7 and 9, and the same proof against the true report.

use e2e::falsehoods::{
    add_influence, credit_tree, due, file_money, match_left_out, moved_total, no_sketch, not_due, stolen_credit,
    take_a_unit, wrong_amounts, wrong_form, wrong_part,
};
use openledger_abi::disputes::{FraudProven, ReportFell};
use openledger_abi::judge::CreditFault;
use openledger_abi::staking::Slashed;

use super::*;

/// Files a report tampered with so, shows that the proof voids it for this fraud, and that it does nothing to a true one.
fn refutes(
    tamper: impl Fn(&mut EvidenceLeaf),
    proof: impl Fn(&World, &Filed) -> Result<Proof>,
    fraud: Fraud,
) -> Result<()> {
    let mut world = world()?;
    let filed = file(&mut world, tamper, |_| ())?;
    voids(&world, &filed, &proof(&world, &filed)?, fraud)?;

    let mut honest = super::world()?;
    let filed = file(&mut honest, |_| (), |_| ())?;
    let outcome = prove(&honest, filed.id, &proof(&honest, &filed)?);
    refused(outcome, &not_proven(Rule::NotFraud))?;
    ensure!(honest.reported(filed.id.epoch)?.status == ReportStatus::Pending);
    Ok(())
}

fn voids(world: &World, filed: &Filed, proof: &Proof, fraud: Fraud) -> Result<()> {
    ensure!(proof.encode().len() <= openledger_abi::disputes::MAX_PROOF_BYTES);
    let sent = prove(world, filed.id, proof).map_err(|e| anyhow!("{e}"))?;
    ensure!(matches!(sent.value, Outcome::Voided { report, .. } if report == filed.id), "{:?}", sent.value);
    let events = sent.receipt.events_of::<FraudProven>(world.suite.disputes);
    let shown = events.first().context("no FraudProven")?;
    ensure!(shown.fraud == fraud && shown.fee == 0, "{shown:?}");
    let fell = sent.receipt.events_of::<ReportFell>(world.suite.disputes);
    ensure!(fell.first().is_some_and(|fell| fell.slashed.len() == 3), "{fell:?}");
    ensure!(sent.receipt.events_of::<Slashed>(world.suite.staking).len() == 3);
    println!("{fraud:?}: {} bytes, {:.1}·10^9 ps", proof.encode().len(), sent.receipt.gas.ref_time as f64 / 1e9);
    Ok(())
}

#[test]
fn a_wrong_part_voids_the_report() -> Result<()> {
    refutes(|leaf| leaf.part += 1, wrong_part, Fraud::WrongPart)
}

#[test]
fn a_match_left_out_voids_the_report() -> Result<()> {
    refutes(|leaf| leaf.entries.clear(), match_left_out, Fraud::MatchLeftOut)
}

#[test]
fn influence_without_a_sketch_voids_the_report() -> Result<()> {
    refutes(add_influence, no_sketch, Fraud::NoSketch)
}

#[test]
fn wrong_amounts_void_the_report() -> Result<()> {
    refutes(take_a_unit, wrong_amounts, Fraud::WrongAmounts)
}

#[test]
fn wrong_form_voids_the_report() -> Result<()> {
    let twice = |leaf: &mut EvidenceLeaf| {
        let mut again = leaf.entries[0].clone();
        again.set_amount(0);
        leaf.entries.push(again);
    };
    refutes(twice, wrong_form, Fraud::BadForm)
}

#[test]
fn a_credit_to_somebody_else_voids_the_report() -> Result<()> {
    let mut world = world()?;
    let (filed, proof) = stolen_credit(&mut world)?;
    voids(&world, &filed, &proof, Fraud::CreditNotDue)?;

    let mut honest = super::world()?;
    let (filed, money) = file_money(&mut honest, |_| (), |_| ())?;
    let proof = not_due(&honest, &filed, &money, 0)?;
    refused(prove(&honest, filed.id, &proof), &not_proven(Rule::NotFraud))
}

#[test]
fn a_credit_left_out_voids_the_report() -> Result<()> {
    let mut world = world()?;
    let left_out = std::cell::Cell::new(None);
    let (filed, money) = file_money(&mut world, |credits| left_out.set(Some(credits.remove(0))), |_| ())?;
    let left_out = left_out.get().context("nothing left out")?;
    let tree = credit_tree(&money.credits)?;
    let absence = rule(proof::tree::Absence::of(&money.credits, &tree, 0))?;
    let fault = CreditFault::Missing(left_out.entry, due(&world, &filed, left_out.evidence)?, absence);
    voids(&world, &filed, &Proof::Credits(fault), Fraud::CreditMissing)
}

#[test]
fn a_total_moved_to_somebody_else_voids_the_report() -> Result<()> {
    let mut world = world()?;
    let (filed, proof) = moved_total(&mut world)?;
    voids(&world, &filed, &proof, Fraud::WrongPayout)
}
