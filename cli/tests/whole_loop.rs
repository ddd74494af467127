//! The whole loop, small, with the real model: what `openledger demo` does, on fewer rows and with fewer payers.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Base model and texts, if scripts/fetch-data was run.
fn cache() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    let cache = std::env::var_os("OPENLEDGER_CACHE").map_or_else(|| root.join(".cache"), PathBuf::from);
    (cache.join("SmolLM2-135M-Instruct.Q4_1.gguf").exists() && cache.join("sotu").exists()).then_some(cache)
}

fn amount(summary: &Value, name: &str) -> u128 {
    summary[name].as_str().unwrap_or_else(|| panic!("{name} is no decimal string")).parse().unwrap()
}

#[test]
fn texts_are_trained_on_served_attributed_refuted_and_paid() {
    let cache = cache().expect("base model and texts are not in the cache: run scripts/fetch-data");
    let home = tempfile::tempdir().unwrap();
    let json = home.path().join("out.json");
    let output = Command::new(env!("CARGO_BIN_EXE_openledger"))
        .arg("demo")
        .args(["--rows", "8", "--epochs", "10", "--payers", "2", "--max-tokens", "40"])
        .arg("--home")
        .arg(home.path().join("demo"))
        .arg("--cache")
        .arg(cache)
        .arg("--json")
        .arg(&json)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let summary: Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    assert_eq!(summary["epochs"], 2);
    assert_eq!(summary["receipts"], 8);
    // Of each payer and model one an epoch.
    assert_eq!(summary["batches"], 8);
    assert_eq!(summary["fraud_proofs"], 1);
    assert_eq!((&summary["votes"], &summary["votes_by_signature"]), (&Value::from(2), &Value::from(1)));
    assert!(summary["gas_swaps"].as_u64().unwrap() >= 1 && amount(&summary, "gas_native") > 0);
    assert!(amount(&summary, "delegator_rewards") > 0);
    assert_eq!(amount(&summary, "credited") + amount(&summary, "carried_over"), amount(&summary, "funded"));
    assert_eq!(amount(&summary, "credited"), amount(&summary, "claimed"));
    // Three of four oracles lost all of their 50,000 OPEN each.
    assert_eq!(amount(&summary, "slashed"), 150_000 * 10u128.pow(18));
    assert!(summary["span_credits"].as_u64().unwrap() > 0 && summary["influence_credits"].as_u64().unwrap() > 0);
}
