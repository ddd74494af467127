//! What every command works with: a chain, the contracts on it, and a folder for files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use chain::{AccountId, Chain, Keypair, Sent};
use ink::env::call::Execution;
use scale::{Decode, Encode};
use serde::{Deserialize, Serialize};
use suite::Suite;

/// A chain and the suite on it.
#[derive(Clone)]
pub struct Context {
    pub chain: Arc<dyn Chain>,
    pub suite: Suite,
}

/// `suite.json`: the contracts' addresses and the chain they are on.
#[derive(Debug, Serialize, Deserialize)]
pub struct SuiteFile {
    /// Genesis id of the chain, hex.
    pub genesis: String,
    #[serde(flatten)]
    pub suite: Suite,
}

impl Context {
    /// Reads a message, as nobody in particular.
    pub fn read<A: Encode, O: Decode>(&self, contract: AccountId, call: Execution<A, O>) -> Result<O> {
        Ok(chain::read(&*self.chain, contract, call)?)
    }

    /// Sends a message; `what` names it in errors.
    pub fn send<A: Encode, T: Decode, E: Decode + std::fmt::Debug>(
        &self,
        what: &str,
        key: &Keypair,
        contract: AccountId,
        call: Execution<A, Result<T, E>>,
    ) -> Result<Sent<T>> {
        chain::send(&*self.chain, key, contract, call).map_err(|error| {
            let hint = error.message().and_then(|refusal| crate::hints::hint(&format!("{refusal:?}")));
            match hint {
                Some(hint) => anyhow::anyhow!("{what}: {error}: {hint}"),
                None => anyhow::anyhow!("{what}: {error}"),
            }
        })
    }

    /// Writes the addresses to a file.
    pub fn save(&self, path: &Path) -> Result<()> {
        let file = SuiteFile { genesis: hex::encode(self.chain.genesis()), suite: self.suite.clone() };
        worker::files::write_whole(path, &serde_json::to_vec_pretty(&file)?)?;
        Ok(())
    }

    /// Reads the addresses from a file; they must be of this chain.
    pub fn load(chain: Arc<dyn Chain>, path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).with_context(|| {
            format!(
                "{}: no contracts are known here; run `openledger deploy` first, or name the file with --suite",
                path.display()
            )
        })?;
        let file: SuiteFile =
            serde_json::from_slice(&bytes).with_context(|| format!("{}: not a suite file", path.display()))?;
        let genesis = hex::encode(chain.genesis());
        anyhow::ensure!(
            file.genesis == genesis,
            "{}: its contracts are on chain 0x{}, this is chain 0x{genesis}; name another file with --suite",
            path.display(),
            file.genesis
        );
        Ok(Self { chain, suite: file.suite })
    }
}

/// A folder of the program's files; made when first used.
pub fn folder(path: PathBuf) -> Result<PathBuf> {
    std::fs::create_dir_all(&path).with_context(|| format!("can't make {}", path.display()))?;
    Ok(path)
}
