//! What the largest set of oracles weighs on a node: an attestation and a report of 21 signatures, and the proof that slashes them.
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use chain::{Keypair, Node, Rpc};
use e2e::gas::{BLOCK, NODE, large_set, measure_a_large_set};

#[test]
#[ignore = "needs a node"]
fn twenty_one_of_thirty_one_oracles_attest_report_and_are_slashed_in_a_small_part_of_a_block() -> Result<()> {
    let program = chain::find_node().context("no substrate-contracts-node: scripts/node says how to get one")?;
    let node = Node::spawn(Path::new(&program))?;
    let chain = Arc::new(Rpc::connect(&node.url())?);
    let mut world = large_set(chain, &Keypair::from_uri("//Alice")?)?;
    for row in measure_a_large_set(&mut world, NODE)? {
        println!("{}: {:.3}·10^9 ps, proof size {}", row.call, row.ref_time as f64 / 1e9, row.proof_size);
        // Slashing this many may weigh more than is wanted of it, as the table of weights shows, but never a fortieth of a block.
        let much = row.ref_time > BLOCK / 40;
        ensure!(!much && (row.met(row.ref_time) == Some(true) || row.call.starts_with("disputes")), "{row:?}");
    }
    Ok(())
}
