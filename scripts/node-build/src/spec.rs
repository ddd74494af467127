//! The development chain's genesis: the well-known accounts, funded; Alice holds sudo.

use contracts_node_runtime::{AccountId, WASM_BINARY};
use sc_service::ChainType;
use sp_core::{sr25519, Pair};
use sp_runtime::traits::{IdentifyAccount, Verify};

pub type ChainSpec = sc_service::GenericChainSpec;

const NAMES: [&str; 6] = ["Alice", "Bob", "Charlie", "Dave", "Eve", "Ferdie"];
/// What each account starts with, in the native coin's smallest unit.
const ENDOWMENT: u64 = 1 << 60;

fn account(path: &str) -> Result<AccountId, String> {
    let pair = sr25519::Pair::from_string(&format!("//{path}"), None).map_err(|e| format!("//{path}: {e:?}"))?;
    Ok(<contracts_node_runtime::Signature as Verify>::Signer::from(pair.public()).into_account())
}

/// The same genesis as substrate-contracts-node 0.42's `--dev`.
pub fn development() -> Result<ChainSpec, String> {
    let wasm = WASM_BINARY.ok_or("built with SKIP_WASM_BUILD: there is no runtime to run")?;
    let mut balances = Vec::new();
    for name in NAMES {
        balances.push((account(name)?, ENDOWMENT));
        balances.push((account(&format!("{name}//stash"))?, ENDOWMENT));
    }
    let genesis = serde_json::json!({
        "balances": { "balances": balances },
        "sudo": { "key": Some(account("Alice")?) },
    });
    Ok(ChainSpec::builder(wasm, Default::default())
        .with_name("Development")
        .with_id("dev")
        .with_chain_type(ChainType::Development)
        .with_genesis_config_patch(genesis)
        .build())
}
