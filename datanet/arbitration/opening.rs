//! What can be challenged, at which price, and the bonds behind both sides.

use crate::state::{Cases, Line};
use ink::prelude::vec::Vec;
use openledger_abi::arbitration::{
    ArbitrationError, ArbitrationParameters, Challenge, ChallengeStatus, Choice, Ground, Remedy, Side,
};
use openledger_abi::datanet::{Contribution, ContributionStatus};
use openledger_abi::times::{Unit, IN_FORCE, JUDGING};
use openledger_abi::{ensure, AccountId, Balance, Timestamp, BPS};

/// Whether parameters are within their bounds.
///
/// # Errors
/// `BadParameters`.
pub fn validate(unit: Unit, parameters: &ArbitrationParameters) -> Result<(), ArbitrationError> {
    let shares = [parameters.fee_bps, parameters.slash_bps];
    let times = [parameters.commit_ms, parameters.reveal_ms];
    let good = parameters.bond > 0
        && shares.into_iter().all(|share| share <= BPS)
        && times.into_iter().all(|time| JUDGING.allow(unit, time));
    ensure!(good, ArbitrationError::BadParameters);
    Ok(())
}

/// What a challenge is about, as the registry knows it.
pub struct Subject {
    pub number: u64,
    pub contribution: Contribution,
    /// The original that a copy is of.
    pub original: Option<Contribution>,
}

impl Subject {
    /// Whether a ground can be brought forward against it.
    ///
    /// # Errors
    /// `OwnOriginal`, `NotChallengeable`.
    pub fn ensure_open_to(&self, ground: Ground) -> Result<(), ArbitrationError> {
        let known = &self.contribution;
        let strikes = match ground {
            Ground::Copied { original, remedy } => {
                ensure!(original != self.number, ArbitrationError::OwnOriginal);
                remedy == Remedy::Strike
            }
            Ground::Worthless => true,
            Ground::WronglyRejected => false,
        };
        let rejected = known.status == ContributionStatus::Rejected;
        let moved = match (ground, &self.original) {
            (Ground::Copied { remedy: Remedy::PayAuthor, .. }, Some(original)) => known.payee == original.payee,
            _ => false,
        };
        let struck = known.struck_at.is_some() && known.restored_at.is_none();
        let stands = !struck && !moved && rejected == (ground == Ground::WronglyRejected);
        // The registry strikes nothing a second time that a vote restored.
        ensure!(stands && !(strikes && known.restored_at.is_some()), ArbitrationError::NotChallengeable);
        Ok(())
    }

    /// Who judges nothing here, since it is theirs.
    pub fn parties(&self, challenger: AccountId) -> Vec<AccountId> {
        let all = [challenger, self.contribution.contributor, self.contribution.payee];
        distinct(all.into_iter(), &[])
    }

    /// Who gains if it is upheld, and is not there by its own will.
    pub fn authors(&self, parties: &[AccountId]) -> Vec<AccountId> {
        distinct(self.original.iter().flat_map(|known| [known.contributor, known.payee]), parties)
    }
}

/// Accounts, each once, without those that are known already.
fn distinct(accounts: impl Iterator<Item = AccountId>, known: &[AccountId]) -> Vec<AccountId> {
    let mut all = Vec::new();
    for account in accounts {
        if !known.contains(&account) && !all.contains(&account) {
            all.push(account);
        }
    }
    all
}

/// The bond of the next challenge: twice as much for each that was dismissed.
///
/// # Errors
/// `Overflow`.
pub fn price(line: Line, parameters: &ArbitrationParameters) -> Result<Balance, ArbitrationError> {
    let times = 2u128.checked_pow(line.dismissed).ok_or(ArbitrationError::Overflow)?;
    parameters.bond.checked_mul(times).ok_or(ArbitrationError::Overflow)
}

impl Cases {
    /// Whether a ground can be brought forward now: nobody else's challenge on it is open.
    ///
    /// # Errors
    /// `AlreadyChallenged`.
    pub fn ensure_not_open(&self, contribution: u64, ground: Ground) -> Result<Line, ArbitrationError> {
        let line = self.line(contribution, ground);
        match line.open {
            Some(challenge) => Err(ArbitrationError::AlreadyChallenged { challenge }),
            None => Ok(line),
        }
    }

    /// Opens a challenge. `total_stake` is what all validators but the parties had bonded just before `now`. Returns it with its
    /// number.
    ///
    /// # Errors
    /// `AlreadyChallenged`, `OwnOriginal`, `NotChallengeable`, `Overflow`.
    pub fn open(
        &mut self,
        (unit, terms): (Unit, ArbitrationParameters),
        (challenger, now): (AccountId, Timestamp),
        subject: &Subject,
        ground: Ground,
        total_stake: Balance,
    ) -> Result<(u64, Challenge), ArbitrationError> {
        let contribution = subject.number;
        let mut line = self.ensure_not_open(contribution, ground)?;
        subject.ensure_open_to(ground)?;
        let bond = price(line, &terms)?;
        let later = |at: Timestamp, ms: u64| at.checked_add(ms).ok_or(ArbitrationError::Overflow);
        let commit_until = later(now, terms.commit_ms)?;
        let reveal_until = later(commit_until, terms.reveal_ms)?;
        let parties = subject.parties(challenger);
        let challenge = Challenge {
            contribution,
            ground,
            challenger,
            bond,
            status: ChallengeStatus::Open,
            opened_at: now,
            commit_until,
            reveal_until,
            due_at: later(reveal_until, unit.ms(IN_FORCE))?,
            total_stake,
            terms,
            uphold: Side { bonded: bond, backers: 1, ..Side::default() },
            dismiss: Side::default(),
            authors: subject.authors(&parties),
            parties,
            owed: 0,
            claims_left: 0,
        };
        let number = self.add(&challenge)?;
        line.open = Some(number);
        self.put_line(contribution, ground, &line);
        self.put_bond(number, Choice::Uphold, challenger, bond);
        Ok((number, challenge))
    }

    /// Puts more bond behind a choice.
    ///
    /// # Errors
    /// `UnknownChallenge`, `ZeroAmount`, `CommitOver`, `Overflow`.
    pub fn back(
        &mut self,
        number: u64,
        (account, now): (AccountId, Timestamp),
        choice: Choice,
        amount: Balance,
    ) -> Result<(), ArbitrationError> {
        let mut challenge = self.challenge(number)?;
        ensure!(amount > 0, ArbitrationError::ZeroAmount);
        // Reveals show where it goes: from then on nobody bonds.
        ensure!(now < challenge.commit_until, ArbitrationError::CommitOver);
        let before = self.bond(number, choice, account);
        let bond = before.checked_add(amount).ok_or(ArbitrationError::Overflow)?;
        let side = challenge.side_mut(choice);
        side.bonded = side.bonded.checked_add(amount).ok_or(ArbitrationError::Overflow)?;
        if before == 0 {
            side.backers = side.backers.checked_add(1).ok_or(ArbitrationError::Overflow)?;
        }
        self.put(number, &challenge);
        self.put_bond(number, choice, account, bond);
        Ok(())
    }
}
