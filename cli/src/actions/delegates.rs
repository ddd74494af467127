//! Those who hold votes of others, and what they say they will do with them: statements signed by their keys, kept in a
//! folder. The chain holds none of it, so a statement is judged by its signature alone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use chain::{AccountId, Keypair, account_bytes};
use openledger_abi::staking::Bonded;
use openledger_abi::token::DelegateVotesChanged;
use proof::signed::{Signable, Tag, tag};
use proof::{Blake2, Hasher};
use serde::{Deserialize, Serialize};
use suite::{Suite, address};

use super::{staking, token};
use crate::context::Context;

/// The tag of a signed statement; the contract in its domain is the token.
const STATEMENT_TAG: Tag = tag("OL-STATEMENT-1");
/// The longest statement, bytes.
pub const MAX_STATEMENT: usize = 16 * 1024;

/// What a delegate says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// The chain's genesis id, hex.
    pub genesis: String,
    #[serde(with = "address")]
    pub account: AccountId,
    pub text: String,
    /// Chain time, ms. Of two the later one counts.
    pub made_at: u64,
    /// sr25519 over tag `OL-STATEMENT-1` and account 32 ‖ blake2b-256 of the text 32 ‖ made_at u64; hex.
    pub signature: String,
}

fn body(account: &AccountId, text: &str, made_at: u64) -> Vec<u8> {
    let mut body = account_bytes(account).to_vec();
    body.extend(Blake2::blake2_256(text.as_bytes()));
    body.extend(made_at.to_le_bytes());
    body
}

fn signable(context: &Context, account: &AccountId, text: &str, made_at: u64) -> Signable {
    let domain = Suite::domain(context.chain.genesis(), context.suite.token);
    Signable::new::<Blake2>(&STATEMENT_TAG, &domain, &body(account, text, made_at))
}

fn file(folder: &Path, account: &AccountId) -> PathBuf {
    folder.join(format!("{}.json", chain::ss58(account)))
}

impl Statement {
    /// Signs a statement.
    pub fn sign(context: &Context, key: &Keypair, text: &str) -> Result<Self> {
        ensure!(!text.trim().is_empty(), "the statement says nothing");
        ensure!(
            text.len() <= MAX_STATEMENT,
            "the statement has {} bytes, at most {MAX_STATEMENT} are kept",
            text.len()
        );
        let (account, made_at) = (key.account(), context.chain.now()?);
        let signature = key.sign(&signable(context, &account, text, made_at).digest);
        Ok(Self {
            genesis: hex::encode(context.chain.genesis()),
            account,
            text: text.to_owned(),
            made_at,
            signature: hex::encode(signature),
        })
    }

    /// Reads a statement and checks whose it is.
    ///
    /// # Errors
    /// If it is of another chain, or not signed by the account that it names.
    pub fn load(context: &Context, path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
        let statement: Self =
            serde_json::from_slice(&bytes).with_context(|| format!("{}: not a statement", path.display()))?;
        statement.check(context).with_context(|| path.display().to_string())?;
        Ok(statement)
    }

    fn check(&self, context: &Context) -> Result<()> {
        let genesis = hex::encode(context.chain.genesis());
        ensure!(self.genesis == genesis, "signed for chain 0x{}, this is chain 0x{genesis}", self.genesis);
        ensure!(self.text.len() <= MAX_STATEMENT, "longer than {MAX_STATEMENT} bytes");
        let signature =
            hex::decode(self.signature.trim_start_matches("0x")).ok().and_then(|bytes| bytes.try_into().ok());
        let signature: [u8; 64] = signature.context("its signature is not 64 bytes of hex")?;
        let public = account_bytes(&self.account);
        ensure!(
            signable(context, &self.account, &self.text, self.made_at)
                .verified_by(|message| chain::verify(&public, message, &signature)),
            "it is not signed by {}",
            chain::ss58(&self.account)
        );
        Ok(())
    }

    /// Keeps it in the folder, unless a later one of the account's is there.
    pub fn keep(&self, context: &Context, folder: &Path) -> Result<PathBuf> {
        let path = file(folder, &self.account);
        if path.exists() {
            let there = Self::load(context, &path)?;
            ensure!(
                there.made_at <= self.made_at,
                "a later statement of {}'s is there already, of {} UTC",
                chain::ss58(&self.account),
                crate::time::show(there.made_at)
            );
        }
        crate::context::folder(folder.to_path_buf())?;
        worker::files::write_whole(&path, &serde_json::to_vec_pretty(self)?)?;
        Ok(path)
    }
}

/// An account's statement in the folder: none, a checked one, or why what is there is none.
pub fn statement(context: &Context, folder: &Path, account: &AccountId) -> Result<Option<Statement>> {
    let path = file(folder, account);
    match path.exists() {
        true => {
            let statement = Statement::load(context, &path)?;
            ensure!(statement.account == *account, "{}: the statement of another account", path.display());
            Ok(Some(statement))
        }
        false => Ok(None),
    }
}

/// An account with votes.
#[derive(Debug, Clone)]
pub struct Delegate {
    pub account: AccountId,
    pub by_token: u128,
    pub by_stake: u128,
}

impl Delegate {
    /// All its votes.
    pub fn votes(&self) -> u128 {
        self.by_token.saturating_add(self.by_stake)
    }

    /// An account's votes of now.
    pub fn of(context: &Context, account: AccountId) -> Result<Self> {
        Ok(Self { account, by_token: token::votes(context, account)?, by_stake: staking::votes(context, account)? })
    }
}

/// All accounts that votes were ever given to, or that bonded, and have some now; most votes first.
pub fn list(context: &Context) -> Result<Vec<Delegate>> {
    let mut seen = BTreeSet::new();
    for event in context.chain.events(0)? {
        if event.contract == context.suite.token {
            seen.extend(event.decode::<DelegateVotesChanged>().map(|changed| account_bytes(&changed.delegate)));
        } else if event.contract == context.suite.staking {
            seen.extend(event.decode::<Bonded>().map(|bonded| account_bytes(&bonded.account)));
        }
    }
    let mut all = Vec::new();
    for account in seen {
        let delegate = Delegate::of(context, AccountId::from(account))?;
        if delegate.votes() > 0 {
            all.push(delegate);
        }
    }
    all.sort_by_key(|delegate| std::cmp::Reverse(delegate.votes()));
    Ok(all)
}
