//! Prints what the loop's calls weigh on the embedded chain and, if one is found, on a node.
//! `gas [--json FILE]`
use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use chain::{Chain, Embedded, Keypair, Node, Rpc, find_node};
use e2e::World;
use e2e::gas::{EMBEDDED_CODE_PS, Row, measure};
use serde_json::{Value, json};

fn on(chain: Arc<dyn Chain>) -> Result<Vec<Row>> {
    measure(&mut World::found(chain, &Keypair::from_uri("//Alice")?)?)
}

/// 10^9 ps are a millisecond on the reference machine.
fn billions(ps: u64) -> String {
    format!("{:.3}", ps as f64 / 1e9)
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let json = match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => None,
        (Some("--json"), Some(file)) => Some(file),
        _ => bail!("usage: gas [--json FILE]"),
    };
    let embedded = on(Arc::new(Embedded::ephemeral())).context("on the embedded chain")?;
    let node = match find_node() {
        Some(program) => {
            let node = Node::spawn(&program)?;
            Some(on(Arc::new(Rpc::connect(&node.url())?)).context("on the node")?)
        }
        None => None,
    };

    let mut out = std::io::stdout().lock();
    writeln!(out, "Weights in 10^9 ps of ref time (a block has 2,000), proof size in KB, of one call each.")?;
    writeln!(out, "{:<62}{:>10}{:>10}{:>10}{:>9}{:>9}", "call", "embedded", "less code", "node", "wanted", "met")?;
    for (i, row) in embedded.iter().enumerate() {
        let there = node.as_ref().and_then(|rows| rows.get(i));
        let judged = there.map_or(row.without_code(), |row| row.gas.ref_time);
        writeln!(
            out,
            "{:<62}{:>10}{:>10}{:>10}{:>9}{:>9}",
            row.call,
            billions(row.gas.ref_time),
            billions(row.without_code()),
            there.map_or("-".into(), |row| billions(row.gas.ref_time)),
            row.wanted.map_or("-".into(), billions),
            row.wanted.map_or("-", |wanted| if judged <= wanted { "yes" } else { "no" }),
        )?;
    }
    writeln!(
        out,
        "Method: each call is made once in a new suite, its weight is the one the chain reports. The embedded"
    )?;
    writeln!(
        out,
        "chain's pallet charges {EMBEDDED_CODE_PS} ps for each byte of code loaded, the node's 700: `less code` is"
    )?;
    writeln!(
        out,
        "without that part.{}",
        if node.is_none() { " No node was found: `met` is judged by `less code`." } else { "" }
    )?;
    if let Some(file) = json {
        let rows = |rows: &[Row]| rows.iter().map(Row::json).collect::<Vec<Value>>();
        let content = json!({ "embedded": rows(&embedded), "node": node.as_deref().map(rows) });
        std::fs::write(&file, serde_json::to_string_pretty(&content)? + "\n").with_context(|| file)?;
    }
    Ok(())
}
