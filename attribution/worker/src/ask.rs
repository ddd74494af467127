//! What one oracle asks another: signed by a member of the current set, so that nobody else gives an oracle work.
//!
//! An answer never waits for anything to be fetched: an oracle signs what it holds or computed already, and says "not yet" otherwise.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chain::{Chain, ChainError, Keypair, read, verify};
use ink::message_builder;
use openledger_abi::payout::Payout;
use proof::signed::{Signable, Tag, tag};
use proof::{Account, Blake2, Hasher};
use scale::Encode;
use serde::{Deserialize, Serialize};
use suite::Suite;

use crate::published::hexed;

/// What one oracle asks another, for the payout contract; never sent to it.
const ASK: Tag = tag("OL-ASK-1");
/// How long a question counts.
const LIFE_MS: u64 = 60_000;
/// How long the keys of the current set are taken as they were read.
const KEYS_FOR: Duration = Duration::from_secs(5);

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode)]
pub enum Wish {
    /// A signature over a report: the body is the report's, SCALE.
    Cosign,
    /// One over a batch that waits: the body is its number in escrow, SCALE (u64).
    Attest,
}

impl Wish {
    /// The last part of its path.
    pub const fn route(self) -> &'static str {
        match self {
            Self::Cosign => "cosign",
            Self::Attest => "attest",
        }
    }
}

/// A signed question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    #[serde(with = "hexed")]
    pub body: Vec<u8>,
    /// The signing key of a member of the current set.
    #[serde(with = "hexed")]
    pub key: Account,
    /// Until when it counts, chain time in ms; at most a minute ahead.
    pub deadline: u64,
    /// sr25519 over tag `OL-ASK-1`.
    #[serde(with = "hexed")]
    pub signature: [u8; 64],
}

impl Question {
    /// A question as this key asks it.
    pub fn sign(
        chain: &dyn Chain,
        suite: &Suite,
        key: &Keypair,
        wish: Wish,
        body: Vec<u8>,
    ) -> Result<Self, ChainError> {
        let mut asked =
            Self { body, key: key.public(), deadline: chain.now()?.saturating_add(LIFE_MS), signature: [0; 64] };
        asked.signature = key.sign(&asked.signable(chain, suite, wish).digest);
        Ok(asked)
    }

    fn signable(&self, chain: &dyn Chain, suite: &Suite, wish: Wish) -> Signable {
        let domain = Suite::domain(chain.genesis(), suite.payout);
        let body = (wish, Blake2::blake2_256(&self.body), self.key, self.deadline);
        Signable::new::<Blake2>(&ASK, &domain, &body.encode())
    }
}

/// Why a question is not looked at.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("only members of the current oracle set, who sign for it, are answered")]
    Stranger,
    #[error("the question's time is over, or it is more than a minute ahead")]
    Late,
    #[error("one question of a member at a time")]
    Busy,
    #[error(transparent)]
    Chain(#[from] ChainError),
}

/// Lets members in, each with one question at a time.
#[derive(Default)]
pub(crate) struct Door {
    keys: Mutex<Option<(Instant, Vec<Account>)>>,
    inside: Mutex<HashSet<Account>>,
}

/// A question that is being answered.
pub(crate) struct Turn<'a> {
    door: &'a Door,
    key: Account,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        locked(&self.door.inside).remove(&self.key);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Door {
    /// Lets a question in if it is a member's, and the only one of that member's now.
    pub fn enter(&self, chain: &dyn Chain, suite: &Suite, wish: Wish, asked: &Question) -> Result<Turn<'_>, Refusal> {
        let keys = || Ok(read(chain, suite.payout, message_builder!(Payout).current_keys())?.1);
        self.enter_with(asked, asked.signable(chain, suite, wish), keys, || chain.now())
    }

    fn enter_with(
        &self,
        asked: &Question,
        signable: Signable,
        keys: impl FnOnce() -> Result<Vec<Account>, ChainError>,
        now: impl FnOnce() -> Result<u64, ChainError>,
    ) -> Result<Turn<'_>, Refusal> {
        if !self.member(&asked.key, keys)? || !verify(&asked.key, &signable.digest, &asked.signature) {
            return Err(Refusal::Stranger);
        }
        let now = now()?;
        if asked.deadline < now || asked.deadline > now.saturating_add(LIFE_MS) {
            return Err(Refusal::Late);
        }
        match locked(&self.inside).insert(asked.key) {
            true => Ok(Turn { door: self, key: asked.key }),
            false => Err(Refusal::Busy),
        }
    }

    /// Whether a key is in the current set, as it was some seconds ago at most.
    fn member(
        &self,
        key: &Account,
        keys: impl FnOnce() -> Result<Vec<Account>, ChainError>,
    ) -> Result<bool, ChainError> {
        let mut known = locked(&self.keys);
        let fresh = known.as_ref().is_some_and(|(since, _)| since.elapsed() < KEYS_FOR);
        if !fresh {
            *known = Some((Instant::now(), keys()?));
        }
        Ok(known.as_ref().is_some_and(|(_, keys)| keys.contains(key)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proof::signed::Domain;

    const NOW: u64 = 1_000_000;

    fn question(key: &Keypair, deadline: u64) -> (Question, Signable) {
        let domain = Domain { genesis: [1; 32], contract: [2; 32] };
        let body = 7u64.encode();
        let signed = (Wish::Attest, Blake2::blake2_256(&body), key.public(), deadline);
        let signable = Signable::new::<Blake2>(&ASK, &domain, &signed.encode());
        (Question { body, key: key.public(), deadline, signature: key.sign(&signable.digest) }, signable)
    }

    #[test]
    fn members_are_let_in_one_question_at_a_time_and_strangers_never() {
        let (member, other, stranger) =
            (Keypair::from_seed([1; 32]), Keypair::from_seed([2; 32]), Keypair::from_seed([3; 32]));
        let door = Door::default();
        let keys = || Ok(vec![member.public(), other.public()]);
        let enter = |key: &Keypair, deadline| {
            let (asked, signable) = question(key, deadline);
            door.enter_with(&asked, signable, keys, || Ok(NOW))
        };
        let turn = enter(&member, NOW + 1).unwrap();
        assert!(matches!(enter(&member, NOW + 2), Err(Refusal::Busy)));
        let _another = enter(&other, NOW + 1).unwrap();
        drop(turn);
        let _again = enter(&member, NOW + 2).unwrap();
        assert!(matches!(enter(&stranger, NOW + 1), Err(Refusal::Stranger)));
    }

    #[test]
    fn a_question_counts_for_a_minute_and_only_as_it_was_signed() {
        let member = Keypair::from_seed([1; 32]);
        let door = Door::default();
        let keys = || Ok(vec![member.public()]);
        let enter = |asked: &Question, signable| door.enter_with(asked, signable, keys, || Ok(NOW)).map(drop);
        for deadline in [NOW - 1, NOW + LIFE_MS + 1] {
            let (asked, signable) = question(&member, deadline);
            assert!(matches!(enter(&asked, signable), Err(Refusal::Late)));
        }
        let (mut asked, signable) = question(&member, NOW + 1);
        asked.signature[0] ^= 1;
        assert!(matches!(enter(&asked, signable), Err(Refusal::Stranger)));
    }

    #[test]
    fn strangers_do_not_make_an_oracle_ask_the_chain_again_and_again() {
        let door = Door::default();
        let stranger = Keypair::from_seed([3; 32]);
        let mut reads = 0;
        for _ in 0..100 {
            let (asked, signable) = question(&stranger, NOW + 1);
            let keys = || {
                reads += 1;
                Ok(Vec::new())
            };
            let entered = door.enter_with(&asked, signable, keys, || Ok(NOW));
            assert!(matches!(entered, Err(Refusal::Stranger)));
        }
        assert_eq!(reads, 1);
    }
}
