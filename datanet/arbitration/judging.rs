//! Validators commit, then reveal. What an operator's pool has is asked by the shell.

use crate::state::Cases;
use openledger_abi::arbitration::{judgement_hash, ArbitrationError, Challenge, Choice, Judgement};
use openledger_abi::{ensure, AccountId, Balance, Bytes32, Timestamp};

/// A validator's pool, as far as it has a vote.
#[derive(Debug, Clone, Copy)]
pub struct Pool {
    /// Not in jail, with the least bond of its role, which is a validator's.
    pub in_service: bool,
    /// Bonded now.
    pub active: Balance,
}

/// When stake counts: strictly before the challenge.
pub fn snapshot_at(challenge: &Challenge) -> Timestamp {
    challenge.opened_at.saturating_sub(1)
}

impl Cases {
    /// Whether a validator may commit to something in this challenge now.
    ///
    /// # Errors
    /// `UnknownChallenge`, `CommitOver`, `OwnCase`, `AlreadyCommitted`.
    pub fn ensure_committable(
        &self,
        number: u64,
        (validator, now): (AccountId, Timestamp),
    ) -> Result<Challenge, ArbitrationError> {
        let challenge = self.challenge(number)?;
        ensure!(now < challenge.commit_until, ArbitrationError::CommitOver);
        ensure!(!challenge.parties.contains(&validator), ArbitrationError::OwnCase);
        ensure!(self.judgement(number, validator).is_none(), ArbitrationError::AlreadyCommitted);
        Ok(challenge)
    }

    /// Notes a commitment of [`Self::ensure_committable`]; `snapshot` is what the pool had at [`snapshot_at`]. Returns the weight.
    ///
    /// # Errors
    /// `NotValidator`, `NoStake`.
    pub fn commit(
        &mut self,
        number: u64,
        validator: AccountId,
        hash: Bytes32,
        pool: Pool,
        snapshot: Balance,
    ) -> Result<Balance, ArbitrationError> {
        ensure!(pool.in_service, ArbitrationError::NotValidator);
        let weight = snapshot.min(pool.active);
        ensure!(weight > 0, ArbitrationError::NoStake);
        self.put_judgement(number, validator, &Judgement { hash, weight, choice: None });
        Ok(weight)
    }

    /// Counts what a validator had committed to. Returns the weight.
    ///
    /// # Errors
    /// `UnknownChallenge`, `RevealNotOpen`, `RevealOver`, `NotCommitted`, `AlreadyRevealed`, `WrongPreimage`, `OwnCase`, `NotValidator`,
    /// `NoStake`, `Overflow`.
    pub fn reveal<H: proof::Hasher>(
        &mut self,
        number: u64,
        (validator, now): (AccountId, Timestamp),
        choice: Choice,
        salt: &Bytes32,
        pool: Pool,
    ) -> Result<Balance, ArbitrationError> {
        let mut challenge = self.challenge(number)?;
        let at = challenge.commit_until;
        ensure!(now >= at, ArbitrationError::RevealNotOpen { at });
        ensure!(now < challenge.reveal_until, ArbitrationError::RevealOver);
        let mut judgement = self.judgement(number, validator).ok_or(ArbitrationError::NotCommitted)?;
        ensure!(judgement.choice.is_none(), ArbitrationError::AlreadyRevealed);
        let hash = judgement_hash::<H>(number, &validator, choice, salt);
        ensure!(judgement.hash == hash, ArbitrationError::WrongPreimage);
        let gains = choice == Choice::Uphold && challenge.authors.contains(&validator);
        ensure!(!gains, ArbitrationError::OwnCase);
        ensure!(pool.in_service, ArbitrationError::NotValidator);
        // What left since the commit has no vote, what came since neither.
        let weight = judgement.weight.min(pool.active);
        ensure!(weight > 0, ArbitrationError::NoStake);
        judgement.weight = weight;
        judgement.choice = Some(choice);
        let side = challenge.side_mut(choice);
        side.weight = side.weight.checked_add(weight).ok_or(ArbitrationError::Overflow)?;
        side.judges = side.judges.checked_add(1).ok_or(ArbitrationError::Overflow)?;
        self.put(number, &challenge);
        self.put_judgement(number, validator, &judgement);
        Ok(weight)
    }
}
