//! The committed artifacts are what their sources build to, and fit both chains.
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use serde_json::Value;

/// What a contract's code stays within; the embedded chain's pallet takes 123 KiB, the node's 256.
const CODE_LIMIT: usize = 100 * 1024;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Runs the driver, the one place that knows the contracts and how their sources are recorded.
fn build_contracts(argument: &str) -> anyhow::Result<(bool, String)> {
    let script = root().join("scripts/build-contracts");
    let out = Command::new(&script).arg(argument).output().with_context(|| format!("{}", script.display()))?;
    let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    Ok((out.status.success(), said))
}

fn contracts() -> anyhow::Result<Vec<String>> {
    let (good, said) = build_contracts("--list")?;
    ensure!(good, "scripts/build-contracts --list: {said}");
    Ok(said.lines().map(str::to_owned).collect())
}

fn artifact(name: &str, extension: &str) -> anyhow::Result<Vec<u8>> {
    let path = root().join("contracts/artifacts").join(format!("{name}.{extension}"));
    std::fs::read(&path).with_context(|| format!("{}", path.display()))
}

fn blake2_256(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(Blake2b::<U32>::digest(bytes)))
}

#[test]
fn every_artifact_was_built_from_the_sources_beside_it() -> anyhow::Result<()> {
    let (current, said) = build_contracts("--check")?;
    ensure!(current, "\n{said}");
    Ok(())
}

#[test]
fn every_code_fits_the_embedded_chain() -> anyhow::Result<()> {
    for name in contracts()? {
        let code = artifact(&name, "wasm")?;
        ensure!(code.len() <= CODE_LIMIT, "{name}: {} bytes of code, the limit is {CODE_LIMIT}", code.len());
    }
    Ok(())
}

#[test]
fn every_bundle_holds_the_code_and_the_metadata_beside_it() -> anyhow::Result<()> {
    for name in contracts()? {
        let code = artifact(&name, "wasm")?;
        let described: Value = serde_json::from_slice(&artifact(&name, "json")?)?;
        let mut bundle: Value = serde_json::from_slice(&artifact(&name, "contract")?)?;

        ensure!(described["source"]["hash"] == blake2_256(&code), "{name}.json names another code hash");
        ensure!(described["contract"]["name"] == name.as_str(), "{name}.json is of another contract");
        ensure!(described["version"] == 5, "{name}.json is not ink! metadata of version 5");
        let messages = described["spec"]["messages"].as_array().map_or(0, Vec::len);
        ensure!(messages > 0, "{name} has no messages");

        let source = bundle["source"].as_object_mut().with_context(|| format!("{name}.contract has no source"))?;
        let held = source.remove("wasm");
        ensure!(held == Some(Value::from(format!("0x{}", hex::encode(&code)))), "{name}.contract holds other code");
        ensure!(bundle == described, "{name}.contract and {name}.json differ");
    }
    Ok(())
}

#[test]
fn no_code_holds_a_path_of_its_builder() -> anyhow::Result<()> {
    for name in contracts()? {
        let code = artifact(&name, "wasm")?;
        ensure!(code.starts_with(b"\0asm\x01\0\0\0"), "{name} is not a wasm module");
        for path in [b"/.cargo/".as_slice(), b"/registry/src/"] {
            ensure!(!code.windows(path.len()).any(|w| w == path), "{name}'s code holds a path of its builder");
        }
    }
    Ok(())
}
