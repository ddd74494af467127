//! What every command works with: a chain, the contracts on it, and a folder for files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use chain::{AccountId, Chain, Keypair, Receipt, Sent};
use ink::env::call::Execution;
use scale::{Decode, Encode};
use serde::{Deserialize, Serialize};
use suite::Suite;

/// A chain and the suite on it.
#[derive(Clone)]
pub struct Context {
    pub chain: Arc<dyn Chain>,
    pub suite: Suite,
    /// Sees each transaction before and after it is sent, if anybody wants to.
    watcher: Option<Arc<dyn SendWatcher>>,
}

/// A transaction that is about to be sent.
#[derive(Debug)]
pub struct Sending<'a> {
    /// What it does, for people.
    pub what: &'a str,
    pub contract: AccountId,
    pub input: &'a [u8],
    /// Native coin that goes along.
    pub value: u128,
}

/// Shows, counts or stops transactions.
pub trait SendWatcher: Send + Sync {
    /// Called before; an error stops it.
    ///
    /// # Errors
    /// Why it shall not be sent.
    fn before(&self, chain: &dyn Chain, key: &Keypair, sending: &Sending) -> Result<()>;

    /// Called after it succeeded.
    fn after(&self, sending: &Sending, receipt: &Receipt);
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
    /// The suite on a chain; nobody watches.
    pub fn new(chain: Arc<dyn Chain>, suite: Suite) -> Self {
        Self { chain, suite, watcher: None }
    }

    /// The same suite on a copy of the chain, or with somebody who watches.
    pub fn watched(&self, chain: Arc<dyn Chain>, watcher: Arc<dyn SendWatcher>) -> Self {
        Self { chain, suite: self.suite.clone(), watcher: Some(watcher) }
    }

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
        self.send_value(what, key, contract, call, 0)
    }

    /// [`Context::send`] with native coin.
    pub fn send_value<A: Encode, T: Decode, E: Decode + std::fmt::Debug>(
        &self,
        what: &str,
        key: &Keypair,
        contract: AccountId,
        call: Execution<A, Result<T, E>>,
        value: u128,
    ) -> Result<Sent<T>> {
        let input = call.input.encode();
        let sending = Sending { what, contract, input: &input, value };
        if let Some(watcher) = &self.watcher {
            watcher.before(&*self.chain, key, &sending)?;
        }
        let sent = chain::send_value(&*self.chain, key, contract, call, value).map_err(|error| {
            let hint = error.message().and_then(|refusal| crate::hints::hint(&format!("{refusal:?}")));
            match hint {
                Some(hint) => anyhow::anyhow!("{what}: {error}: {hint}"),
                None => anyhow::anyhow!("{what}: {error}"),
            }
        })?;
        if let Some(watcher) = &self.watcher {
            watcher.after(&sending, &sent.receipt);
        }
        Ok(sent)
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
        Ok(Self::new(chain, file.suite))
    }
}

/// A folder of the program's files; made when first used.
pub fn folder(path: PathBuf) -> Result<PathBuf> {
    std::fs::create_dir_all(&path).with_context(|| format!("can't make {}", path.display()))?;
    Ok(path)
}
