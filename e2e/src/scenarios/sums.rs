//! A payout tree that is none is refuted from its own nodes. Leaves three oracles jailed.

use std::collections::HashMap;

use anyhow::{Context, Result, anyhow, bail, ensure};
use ink::scale::Encode;
use openledger_abi::disputes::Outcome;
use openledger_abi::judge::{Proof, ReportId};
use openledger_abi::payout::ReportStatus;
use proof::check::tree::{SumTree, find};
use proof::payouts::PayoutLeaf;
use proof::tree::{MerkleTree, Tree};
use proof::{Hash, Hasher};

use super::fraud::{Filed, file};
use crate::{H, World, outcome::sent};

/// What each node and leaf of a payout tree hashes, as an oracle would publish it.
fn preimages(leaves: &[PayoutLeaf], tree: &MerkleTree) -> HashMap<Hash, Vec<u8>> {
    let leaf_bytes = leaves.iter().map(|leaf| [vec![Tree::Payouts.tag()], leaf.encode()].concat());
    let mut known: HashMap<Hash, Vec<u8>> = leaf_bytes.map(|bytes| (H::blake2_256(&bytes), bytes)).collect();
    for level in 0..tree.depth() {
        for index in (0..).step_by(2) {
            let Some(left) = tree.node(level, index) else { break };
            let Some(right) = tree.node(level, index + 1) else { break };
            let bytes = [vec![Tree::Payouts.node_tag()], left.encode(), right.encode()].concat();
            known.insert(H::blake2_256(&bytes), bytes);
        }
    }
    known
}

/// Has a report submitted whose payouts are out of order, and refuted.
pub fn file_a_wrong_order(world: &mut World) -> Result<(ReportId, Filed, Outcome)> {
    world.approve(&world.people.watcher.clone(), world.suite.disputes, world.config.disputes.bond)?;
    let closed = world.closed_epoch()?;
    let mut report = world.true_report(&closed)?;
    report.payouts.reverse();
    let nodes = report.payouts.iter().map(PayoutLeaf::node::<H>).collect();
    let tree = MerkleTree::build::<H>(Tree::Payouts, nodes).map_err(|e| anyhow!("{e:?}"))?;
    report.body.payouts = tree.sum_head();
    sent("a report", world.submit(world.signed_report(report.body, &world.quorum())))?;

    let id = ReportId { epoch: report.body.epoch, attempt: report.body.attempt };
    let known = preimages(&report.payouts, &tree);
    let witness = find::<H>(SumTree::Payouts, &report.body, &|hash: &Hash| known.get(hash).cloned())
        .map_err(|e| anyhow!("{e:?}"))?
        .context("the watcher sees nothing wrong")?;
    let (committed, revealed) = file(world, id, &Proof::Tree(witness)).map_err(|e| anyhow!("{e}"))?;
    Ok((id, Filed { committed: committed.receipt, revealed: revealed.receipt }, revealed.value))
}

pub fn payouts_out_of_order_void_the_report(world: &mut World) -> Result<()> {
    let (id, _, outcome) = file_a_wrong_order(world)?;
    let Outcome::Voided { report, signers, slashed, .. } = outcome else { bail!("{outcome:?}") };
    ensure!(report == id && signers.len() == 3 && slashed > 0, "{report:?} {signers:?} {slashed}");
    ensure!(world.reported(id.epoch)?.status == ReportStatus::Void);
    Ok(())
}
