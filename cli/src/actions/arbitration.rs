//! Challenges of contributions, and judging them.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use chain::Keypair;
use ink::message_builder;
use openledger_abi::arbitration::{
    Arbitration, Challenge, ChallengeStatus, Choice, Ground, MAX_CHALLENGES_PAGE, judgement_hash,
};
use serde::{Deserialize, Serialize};

use super::token;
use crate::context::Context;

/// What a judge keeps to itself until it reveals: without it the commitment is worth nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Secret {
    pub challenge: u64,
    /// Whether it upholds the challenge.
    pub uphold: bool,
    /// In hex.
    pub salt: String,
}

impl Secret {
    /// A new one.
    pub fn new(challenge: u64, choice: Choice) -> Self {
        // A fresh public key is 32 random bytes.
        let salt = hex::encode(Keypair::generate().public());
        Self { challenge, uphold: choice == Choice::Uphold, salt }
    }

    pub fn choice(&self) -> Choice {
        if self.uphold { Choice::Uphold } else { Choice::Dismiss }
    }

    fn salt(&self) -> Result<[u8; 32]> {
        let bytes = hex::decode(&self.salt).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.context("its salt is not 32 bytes of hex")
    }

    /// Writes it to a file that is not there yet.
    pub fn save(&self, path: &Path) -> Result<()> {
        ensure!(!path.exists(), "{}: there is a file already; choose another name", path.display());
        worker::files::write_whole(path, &serde_json::to_vec_pretty(self)?)?;
        Ok(())
    }

    /// Reads it.
    pub fn load(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("can't read {}", path.display()))?;
        serde_json::from_slice(&bytes).with_context(|| format!("{}: not what `commit` wrote", path.display()))
    }
}

/// The bond of the next challenge on this ground.
pub fn price(context: &Context, contribution: u64, ground: Ground) -> Result<u128> {
    let price = context.read(context.suite.arbitration, message_builder!(Arbitration).price(contribution, ground))?;
    price.map_err(|error| anyhow::anyhow!("the bond of another challenge: {error:?}"))
}

/// Challenges a contribution; the challenge's number.
pub fn challenge(context: &Context, key: &Keypair, contribution: u64, ground: Ground) -> Result<u64> {
    let arbitration = context.suite.arbitration;
    token::approve(context, key, arbitration, price(context, contribution, ground)?)?;
    let call = message_builder!(Arbitration).challenge(contribution, ground);
    Ok(context.send("challenging", key, arbitration, call)?.value)
}

/// Puts more bond behind a side.
pub fn back(context: &Context, key: &Keypair, challenge: u64, choice: Choice, amount: u128) -> Result<()> {
    let arbitration = context.suite.arbitration;
    token::approve(context, key, arbitration, amount)?;
    context.send("backing", key, arbitration, message_builder!(Arbitration).back(challenge, choice, amount))?;
    Ok(())
}

/// Commits to a choice.
pub fn commit(context: &Context, key: &Keypair, secret: &Secret) -> Result<()> {
    let hash = judgement_hash::<proof::Blake2>(secret.challenge, &key.account(), secret.choice(), &secret.salt()?);
    let call = message_builder!(Arbitration).commit(secret.challenge, hash);
    context.send("committing", key, context.suite.arbitration, call)?;
    Ok(())
}

/// Reveals a choice; its weight.
pub fn reveal(context: &Context, key: &Keypair, secret: &Secret) -> Result<u128> {
    let call = message_builder!(Arbitration).reveal(secret.challenge, secret.choice(), secret.salt()?);
    Ok(context.send("revealing", key, context.suite.arbitration, call)?.value)
}

/// Closes a challenge; how it ended.
pub fn execute(context: &Context, key: &Keypair, challenge: u64) -> Result<ChallengeStatus> {
    let call = message_builder!(Arbitration).execute(challenge);
    Ok(context.send("closing the challenge", key, context.suite.arbitration, call)?.value)
}

/// Takes what a closed challenge owes the key's account.
pub fn claim(context: &Context, key: &Keypair, challenge: u64) -> Result<u128> {
    let call = message_builder!(Arbitration).claim(challenge);
    Ok(context.send("claiming", key, context.suite.arbitration, call)?.value)
}

/// A challenge.
pub fn known(context: &Context, challenge: u64) -> Result<Challenge> {
    context
        .read(context.suite.arbitration, message_builder!(Arbitration).challenge_of(challenge))?
        .with_context(|| format!("there is no challenge {challenge}; see `openledger arbitration list`"))
}

/// All challenges in their order.
pub fn list(context: &Context) -> Result<Vec<Challenge>> {
    let mut all = Vec::new();
    loop {
        let call = message_builder!(Arbitration).challenges(all.len() as u64, MAX_CHALLENGES_PAGE);
        let page = context.read(context.suite.arbitration, call)?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}
