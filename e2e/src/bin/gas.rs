//! `gas [--json FILE]`: prints what the loop's calls weigh on the embedded chain and, if one is found, on a node.
use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use chain::{Chain, Embedded, Keypair, Node, Rpc, find_node};
use e2e::World;
use e2e::gas::{
    BLOCK, CodePrice, EMBEDDED, NODE, PEER, PROOFS, Row, Scale, Want, asking, governance, hiding, judging,
    large_claims, large_set, measure_a_large_set, proofs, settlement, stake, token,
};
use e2e::metadata::CONTRACTS;
use openledger_abi::times::{UNBONDING, Unit};
use serde_json::{Value, json};
use suite::artifact;

/// As little as unbonding may take, so that slices and a withdrawal can be weighed on a node within minutes.
const UNBONDING_MS: u64 = Unit::TenSeconds.ms(UNBONDING.min);

/// Code size limit that all contracts should stay within.
const LARGEST_CODE: usize = 100 * 1024;

/// Weighs everything on a chain. Development accounts pay.
fn on(chain: Arc<dyn Chain>, price: CodePrice) -> Result<Vec<Row>> {
    let [alice, bob] = [Keypair::from_uri("//Alice")?, Keypair::from_uri("//Bob")?];
    let mut scale = Scale::new(price);
    let people = World::endowed(&*chain, &alice)?;
    let mut world = World::found_with(chain.clone(), people, |config| config.staking.unbonding_ms = UNBONDING_MS)?;
    token(&world, &mut scale)?;
    stake(&mut world, &mut scale)?;
    governance(&world, &mut scale)?;
    settlement(&mut world, &mut scale)?;
    judging(&mut world, &mut scale)?;
    let mut world = World::found(chain.clone(), &alice)?;
    large_claims(&mut world, &mut scale)?;
    for number in PROOFS {
        proofs(&mut World::found(chain.clone(), &alice)?, number, &mut scale)
            .with_context(|| format!("proof {number}"))?;
    }
    asking(&mut World::found(chain.clone(), &alice)?, &mut scale)?;
    hiding(&mut World::found(chain.clone(), &alice)?, &mut scale)?;
    scale.rows.extend(measure_a_large_set(&mut large_set(chain, &bob)?, price)?);
    Ok(scale.rows)
}

/// Each contract's code, against the limit; psp22's beside the token's.
fn sizes() -> Vec<Value> {
    CONTRACTS
        .iter()
        .filter_map(|name| artifact(name))
        .map(|built| {
            let peer = (built.name == "open_token").then_some(PEER.len());
            json!({
                "name": format!("code size: {}", built.name),
                "value": built.wasm.len(),
                "unit": "bytes",
                "peer": peer.map(|_| "psp22 2.0.0's own contract"),
                "peer_value": peer,
                "ratio": peer.map(|peer| built.wasm.len() as f64 / peer as f64),
                "want": format!("≤ {LARGEST_CODE}"),
                "met": built.wasm.len() <= LARGEST_CODE,
            })
        })
        .collect()
}

fn print_sizes(out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "\n{:<54}{:>9}  {:<14}{:>4}", "code size", "bytes", "want", "met")?;
    for built in CONTRACTS.iter().filter_map(|name| artifact(name)) {
        let met = if built.wasm.len() <= LARGEST_CODE { "yes" } else { "no" };
        let want = format!("≤ {LARGEST_CODE}");
        writeln!(out, "{:<54}{:>9}  {want:<14}{met:>4}", built.name, built.wasm.len())?;
    }
    writeln!(out, "{:<54}{:>9}", "psp22 2.0.0's own contract", PEER.len())
}

/// 10^9 ps are a millisecond on the reference machine.
fn billions(ps: u64) -> f64 {
    ps as f64 / 1e9
}

fn want(row: &Row) -> String {
    match row.want {
        Want::Nothing => "-".into(),
        Want::Peer(hundredths) => format!("≤ {:.1}× psp22", hundredths as f64 / 100.0),
        Want::OfBlock(parts) => format!("≤ {:.3}", billions(BLOCK / 10_000 * parts)),
    }
}

fn figure(row: &Row, chain: &str, ref_time: u64, judged: bool) -> Value {
    let peer = row.peer.as_deref();
    let value = if peer.is_some() { row.without_code() } else { ref_time };
    json!({
        "name": format!("{} ({chain})", row.call),
        "value": billions(value),
        "unit": "10^9 ps of ref time",
        "peer": peer.map(|_| "psp22 2.0.0's own contract, both without code load"),
        "peer_value": peer.map(|peer| billions(peer.without_code())),
        "ratio": row.ratio(),
        "want": want(row),
        "met": judged.then(|| row.met(ref_time)).flatten(),
        "proof_size": row.proof_size,
        "proof_size_without_code": row.proof_size.saturating_sub(row.code),
        "deposit": row.deposit.to_string(),
    })
}

/// `judged` gives the ref time that goals are judged by, `None` if they are judged elsewhere.
fn print(out: &mut impl Write, chain: &str, rows: &[Row], judged: &dyn Fn(&Row) -> Option<u64>) -> std::io::Result<()> {
    writeln!(
        out,
        "\n{chain:<54}{:>9}{:>10}{:>9}{:>8}{:>10}{:>10}{:>16}  {:<14}{:>4}",
        "ref time", "less code", "psp22's", "ratio", "proof B", "less code", "deposit", "want", "met"
    )?;
    for row in rows {
        let peer = row.peer.as_deref().map_or("-".into(), |peer| format!("{:.3}", billions(peer.without_code())));
        writeln!(
            out,
            "{:<54}{:>9.3}{:>10.3}{:>9}{:>8}{:>10}{:>10}{:>16}  {:<14}{:>4}",
            row.call,
            billions(row.ref_time),
            billions(row.without_code()),
            peer,
            row.ratio().map_or("-".into(), |ratio| format!("{ratio:.2}×")),
            row.proof_size,
            row.proof_size.saturating_sub(row.code),
            row.deposit,
            want(row),
            judged(row).and_then(|ps| row.met(ps)).map_or("-", |met| if met { "yes" } else { "no" }),
        )?;
    }
    Ok(())
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let json = match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => None,
        (Some("--json"), Some(file)) => Some(file),
        _ => bail!("usage: gas [--json FILE]"),
    };
    let embedded = on(Arc::new(Embedded::ephemeral()), EMBEDDED).context("on the embedded chain")?;
    let node = match find_node() {
        Some(program) => {
            let node = Node::spawn(&program)?;
            Some(on(Arc::new(Rpc::connect(&node.url())?), NODE).context("on the node")?)
        }
        None => None,
    };

    let mut out = std::io::stdout().lock();
    writeln!(out, "Weights in 10^9 ps of ref time; a block has {}.", BLOCK / 1_000_000_000)?;
    let here = |row: &Row| node.is_none().then(|| row.without_code());
    print(&mut out, "embedded chain", &embedded, &here)?;
    let mut figures: Vec<Value> =
        embedded.iter().map(|row| figure(row, "embedded, less code", row.without_code(), node.is_none())).collect();
    match &node {
        Some(rows) => {
            print(&mut out, "substrate-contracts-node", rows, &|row| Some(row.ref_time))?;
            figures.extend(rows.iter().map(|row| figure(row, "node", row.ref_time, true)));
        }
        None => writeln!(out, "\nNo substrate-contracts-node was found (scripts/node says how to get one).")?,
    }
    print_sizes(&mut out)?;
    figures.extend(sizes());
    writeln!(
        out,
        "\nMethod: each call once, in a new suite, as the chain charged it; deposits in the native coin's smallest\n\
         unit. The embedded chain's pallet takes {} ps for each\n\
         byte of code loaded, which hides all else; the node's takes {}. `less code` is without that, each contract counted once\n\
         though every call into it loads it again. Goals are judged on the node, or less code where there is none.",
        EMBEDDED.0, NODE.0
    )?;
    if let Some(file) = json {
        std::fs::write(&file, serde_json::to_string_pretty(&figures)? + "\n").with_context(|| file)?;
    }
    Ok(())
}
