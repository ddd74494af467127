//! What all commands share: the chain, keys and accounts by name, output.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use chain::{AccountId, Chain, Keypair};
use clap::Args;

use crate::context::Context;
use crate::output::Output;
use crate::rehearsal::{self, Manner, Said};

/// Which chain, where its contracts are known, where keys are.
#[derive(Args, Debug, Clone)]
pub struct ChainArgs {
    /// `embedded`, http://127.0.0.1:PORT of one that another process serves, or a node's ws://…; if not given, the
    /// running `openledger up` of this folder, else the embedded chain.
    #[arg(long, env = "OPENLEDGER_CHAIN")]
    pub chain: Option<String>,
    /// The file with the contracts' addresses.
    #[arg(long, env = "OPENLEDGER_SUITE", default_value = ".openledger/suite.json")]
    pub suite: PathBuf,
    /// Folder of the embedded chain's state.
    #[arg(long, env = "OPENLEDGER_STATE", default_value = ".openledger/chain")]
    pub state: PathBuf,
    /// Folder of the key files that are named without a path.
    #[arg(long, env = "OPENLEDGER_KEYS", default_value = ".openledger/keys")]
    pub keys: PathBuf,
}

impl ChainArgs {
    /// The file in which `up` says where it serves the chain.
    pub fn url_file(&self) -> PathBuf {
        self.state.with_extension("url")
    }

    /// Opens the chain.
    pub fn open(&self) -> Result<Arc<dyn Chain>> {
        if let Some(url) = &self.chain {
            return Ok(Arc::from(chain::open(url, &self.state)?));
        }
        if let Ok(url) = std::fs::read_to_string(self.url_file()) {
            // A file that `up` could not take away with it names nobody who answers.
            if let Ok(running) = chain::Remote::connect(url.trim()) {
                return Ok(Arc::new(running));
            }
        }
        Ok(Arc::from(chain::open("embedded", &self.state)?))
    }

    /// Opens the chain and reads the contracts' addresses.
    pub fn context(&self) -> Result<Context> {
        if !self.suite.exists() {
            bail!(
                "{}: no contracts are known here; run `openledger up` or `openledger deploy` first, or name the file with --suite",
                self.suite.display()
            );
        }
        Context::load(self.open()?, &self.suite)
    }

    /// A key: `//Name` (a development key), a key file, or the name of one in the keys' folder.
    pub fn key(&self, text: &str) -> Result<Keypair> {
        if text.starts_with("//") {
            return Ok(Keypair::from_uri(text)?);
        }
        match self.key_file(text) {
            Some(path) => Ok(Keypair::load(&path)?),
            None => bail!(
                "no key `{text}`: neither a file nor in {}; make one with `openledger key new {text}`, or write //Name for a development key",
                self.keys.display()
            ),
        }
    }

    fn key_file(&self, text: &str) -> Option<PathBuf> {
        let own = Path::new(text);
        let named = self.keys.join(format!("{text}.json"));
        [own.to_path_buf(), named].into_iter().find(|path| path.is_file())
    }

    /// An account: an address (SS58 or 0x…), or whatever names a key.
    pub fn account(&self, text: &str) -> Result<AccountId> {
        if text.starts_with("//") || self.key_file(text).is_some() {
            return Ok(self.key(text)?.account());
        }
        chain::parse_account(text).with_context(|| format!("`{text}` is neither a key's name nor an address"))
    }
}

/// A command that only reads.
#[derive(Args, Debug, Clone)]
pub struct Common {
    #[command(flatten)]
    pub chain: ChainArgs,
    /// One JSON value for machines; amounts as decimal strings of 10^-18 OPEN.
    #[arg(long)]
    pub json: bool,
}

impl Common {
    pub fn context(&self) -> Result<Context> {
        self.chain.context()
    }

    pub fn output(&self) -> Output {
        Output { json: self.json }
    }

    pub fn account(&self, text: &str) -> Result<AccountId> {
        self.chain.account(text)
    }

    /// Opens the chain as the account of `key`, to send at once.
    pub fn signed(&self, key: &KeyArg) -> Result<(Context, Keypair)> {
        let key = self.chain.key(&key.key)?;
        Ok((self.context()?, key))
    }

    /// Does what `act` does, after it was tried out, shown, and agreed to.
    pub fn transact(&self, sender: &SenderArg, act: impl Fn(&Context, &Keypair) -> Result<Said>) -> Result<()> {
        self.act(sender, None, act)
    }

    /// [`Common::transact`] of something that can't be taken back: `warn` says what to know before.
    pub fn transact_warned(
        &self,
        sender: &SenderArg,
        warn: impl Fn(&Context, &Keypair) -> Result<String>,
        act: impl Fn(&Context, &Keypair) -> Result<Said>,
    ) -> Result<()> {
        self.act(sender, Some(&warn), act)
    }

    fn act(
        &self,
        sender: &SenderArg,
        warn: Option<Warn>,
        act: impl Fn(&Context, &Keypair) -> Result<Said>,
    ) -> Result<()> {
        let key = self.chain.key(&sender.key.key)?;
        let context = self.context()?;
        let warning = warn.map(|warn| warn(&context, &key)).transpose()?;
        let (yes, dry_run, output) = (sender.yes, sender.dry_run, self.output());
        rehearsal::run(&context, &key, Manner { yes, dry_run, output, warning: warning.as_deref() }, act)
    }
}

/// Says what to know before.
type Warn<'a> = &'a dyn Fn(&Context, &Keypair) -> Result<String>;

/// Who signs and pays for the transaction.
#[derive(Args, Debug, Clone)]
pub struct KeyArg {
    /// Who signs and pays: the name of a key (`openledger key new`), a key file, or a development key such as //Alice.
    #[arg(long, env = "OPENLEDGER_KEY")]
    pub key: String,
}

/// Who sends a transaction, and how sure of it.
#[derive(Args, Debug, Clone)]
pub struct SenderArg {
    #[command(flatten)]
    pub key: KeyArg,
    /// Don't ask before sending.
    #[arg(long)]
    pub yes: bool,
    /// Show what it would do and cost; send nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// An amount of OPEN on the command line.
pub fn open(text: &str) -> Result<u128, String> {
    crate::amount::parse(text).map_err(|error| format!("{error:#}"))
}

/// An amount of native coin on the command line.
pub fn native(text: &str) -> Result<u128, String> {
    crate::amount::parse_native(text).map_err(|error| format!("{error:#}"))
}

/// Basis points on the command line, at most 10,000.
pub fn bps(text: &str) -> Result<u16, String> {
    match text.parse::<u16>() {
        Ok(bps) if bps <= 10_000 => Ok(bps),
        _ => Err(format!("`{text}` is not a share in basis points: 0 to 10,000 (45 % is 4500)")),
    }
}

/// A proposal's id or other 32 bytes in hex.
pub fn bytes32(text: &str) -> Result<[u8; 32], String> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    hex::decode(digits)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| format!("`{text}` is not 32 bytes of hex (64 digits)"))
}

/// A Datanet's version on the command line: `3` (its newest) or `3:1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionName {
    pub datanet: u32,
    pub version: Option<u32>,
}

/// Reads a [`VersionName`].
pub fn version_name(text: &str) -> Result<VersionName, String> {
    let wrong = || format!("`{text}` is not a Datanet or a version of it: write 3 or 3:1");
    let number = |digits: &str| digits.parse::<u32>().map_err(|_| wrong());
    match text.split_once(':') {
        None => Ok(VersionName { datanet: number(text)?, version: None }),
        Some((datanet, version)) => Ok(VersionName { datanet: number(datanet)?, version: Some(number(version)?) }),
    }
}

/// A list of accounts for people: a short form of one.
pub fn short(account: &AccountId) -> String {
    chain::ss58_short(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_named_by_one_or_two_numbers() {
        assert_eq!(version_name("3").unwrap(), VersionName { datanet: 3, version: None });
        assert_eq!(version_name("3:1").unwrap(), VersionName { datanet: 3, version: Some(1) });
        for text in ["", ":", "3:", "a", "3:1:2", "-1"] {
            assert!(version_name(text).is_err(), "{text}");
        }
    }

    #[test]
    fn shares_above_the_whole_are_refused() {
        assert_eq!(bps("10000"), Ok(10_000));
        assert!(bps("10001").is_err() && bps("45%").is_err() && bps("").is_err());
    }
}
