//! How a challenge ends, and what it owes then.

use crate::state::Cases;
use openledger_abi::arbitration::{ArbitrationError, Challenge, ChallengeStatus, Choice, Judgement};
use openledger_abi::{ensure, AccountId, Balance, Timestamp, BPS};
use proof::math::mul_div;

/// A part of an amount, rounded down.
fn part(amount: Balance, of: Balance, whole: Balance) -> Result<Balance, ArbitrationError> {
    mul_div(amount, of, whole).map_err(|_| ArbitrationError::Overflow)
}

fn sum(a: Balance, b: Balance) -> Result<Balance, ArbitrationError> {
    a.checked_add(b).ok_or(ArbitrationError::Overflow)
}

fn less(a: Balance, b: Balance) -> Result<Balance, ArbitrationError> {
    a.checked_sub(b).ok_or(ArbitrationError::Overflow)
}

/// What most of the revealed weight chose, if that weight is a third of all validators' stake.
pub fn decision(challenge: &Challenge) -> Option<Choice> {
    let (uphold, dismiss) = (challenge.uphold.weight, challenge.dismiss.weight);
    let quorum = challenge.total_stake.div_ceil(3);
    if uphold == dismiss || uphold.saturating_add(dismiss) < quorum {
        return None;
    }
    Some(if uphold > dismiss { Choice::Uphold } else { Choice::Dismiss })
}

/// Whose choice a status is.
fn winner(status: ChallengeStatus) -> Option<Choice> {
    match status {
        ChallengeStatus::Upheld => Some(Choice::Uphold),
        ChallengeStatus::Dismissed => Some(Choice::Dismiss),
        ChallengeStatus::Open | ChallengeStatus::Undecided | ChallengeStatus::Undone => None,
    }
}

/// How what a decided challenge brought is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spoils {
    /// To the majority: the fee, whichever side that found right.
    judges: Balance,
    /// Of the fee, what the loser's bonds did not pay: the challenger does, since it called the judges.
    short: Balance,
    /// To the winner's backers.
    backers: Balance,
    /// Nobody backed the winner: what would have been its backers'.
    burned: Balance,
}

fn spoils(challenge: &Challenge, winner: Choice) -> Result<Spoils, ArbitrationError> {
    let (lost, judges) = (challenge.side(winner.other()).bonded, fee(challenge)?);
    let paid = judges.min(lost);
    let (short, rest) = (less(judges, paid)?, less(lost, paid)?);
    let backed = challenge.side(winner).bonded > 0;
    let (backers, burned) = if backed { (rest, 0) } else { (0, rest) };
    Ok(Spoils { judges, short, backers, burned })
}

/// What the judges are paid, of the challenger's bond.
fn fee(challenge: &Challenge) -> Result<Balance, ArbitrationError> {
    part(challenge.bond, challenge.terms.fee_bps.into(), BPS.into())
}

/// Closes a challenge. Returns what is burned at once; all else waits to be claimed.
fn settle(challenge: &mut Challenge, status: ChallengeStatus) -> Result<Balance, ArbitrationError> {
    challenge.status = status;
    let all = sum(challenge.uphold.bonded, challenge.dismiss.bonded)?;
    let (burned, claims) = match winner(status) {
        Some(choice) => {
            let side = challenge.side(choice);
            (spoils(challenge, choice)?.burned, side.backers.checked_add(side.judges))
        }
        None => {
            let burned = if status == ChallengeStatus::Undecided { fee(challenge)? } else { 0 };
            (burned, challenge.uphold.backers.checked_add(challenge.dismiss.backers))
        }
    };
    challenge.owed = less(all, burned)?;
    challenge.claims_left = claims.ok_or(ArbitrationError::Overflow)?;
    Ok(burned)
}

/// What a closed challenge owes for a bond.
fn for_bond(
    challenge: &Challenge,
    account: AccountId,
    choice: Choice,
    bond: Balance,
) -> Result<Balance, ArbitrationError> {
    // Dismissed, the fee is paid of the lost bonds.
    let called = account == challenge.challenger && choice == Choice::Uphold;
    match winner(challenge.status) {
        Some(won) if won == choice => {
            let spoils = spoils(challenge, won)?;
            let kept = if called { less(bond, spoils.short)? } else { bond };
            sum(kept, part(spoils.backers, bond, challenge.side(won).bonded)?)
        }
        Some(_) => Ok(0),
        None if called && challenge.status == ChallengeStatus::Undecided => less(bond, fee(challenge)?),
        None => Ok(bond),
    }
}

/// What a closed challenge owes for a judgement; `None` if it was not on the winner's side.
fn for_judgement(challenge: &Challenge, judgement: &Judgement) -> Result<Option<Balance>, ArbitrationError> {
    match winner(challenge.status) {
        Some(won) if judgement.choice == Some(won) => {
            part(spoils(challenge, won)?.judges, judgement.weight, challenge.side(won).weight).map(Some)
        }
        _ => Ok(None),
    }
}

/// What an account is owed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Due {
    pub amount: Balance,
    /// Bonds and judgements that it is for.
    claims: u32,
    /// Whether it has anything here, be it worth nothing.
    any: bool,
}

impl Cases {
    /// Closes a challenge that is due, with what was decided. Returns it, and what is burned.
    ///
    /// # Errors
    /// `UnknownChallenge`, `AlreadyClosed`, `StillJudged`, `NotDue`, `Overflow`.
    pub fn close(&mut self, number: u64, now: Timestamp) -> Result<(Challenge, Balance), ArbitrationError> {
        let mut challenge = self.judged(number, now)?;
        let status = match decision(&challenge) {
            None => ChallengeStatus::Undecided,
            Some(choice) => {
                let at = challenge.due_at;
                ensure!(now >= at, ArbitrationError::NotDue { at });
                match choice {
                    Choice::Uphold => ChallengeStatus::Upheld,
                    Choice::Dismiss => ChallengeStatus::Dismissed,
                }
            }
        };
        let burned = settle(&mut challenge, status)?;
        self.end(number, &challenge);
        Ok((challenge, burned))
    }

    /// Closes a challenge as if it had not been.
    ///
    /// # Errors
    /// `UnknownChallenge`, `AlreadyClosed`, `StillJudged`, `Overflow`.
    pub fn undo(&mut self, number: u64, now: Timestamp) -> Result<Challenge, ArbitrationError> {
        let mut challenge = self.judged(number, now)?;
        settle(&mut challenge, ChallengeStatus::Undone)?;
        self.end(number, &challenge);
        Ok(challenge)
    }

    /// An open challenge in which nobody can reveal any more.
    fn judged(&self, number: u64, now: Timestamp) -> Result<Challenge, ArbitrationError> {
        let challenge = self.challenge(number)?;
        ensure!(challenge.status == ChallengeStatus::Open, ArbitrationError::AlreadyClosed);
        let until = challenge.reveal_until;
        ensure!(now >= until, ArbitrationError::StillJudged { until });
        Ok(challenge)
    }

    fn end(&mut self, number: u64, challenge: &Challenge) {
        let mut line = self.line(challenge.contribution, challenge.ground);
        line.open = None;
        if challenge.status == ChallengeStatus::Dismissed {
            line.dismissed = line.dismissed.saturating_add(1);
        }
        self.put_line(challenge.contribution, challenge.ground, &line);
        self.put(number, challenge);
    }

    /// What a closed challenge owes an account.
    ///
    /// # Errors
    /// `UnknownChallenge`, `NotClosed`, `Overflow`.
    pub fn due(&self, number: u64, account: AccountId) -> Result<(Challenge, Due), ArbitrationError> {
        let challenge = self.challenge(number)?;
        ensure!(challenge.status != ChallengeStatus::Open, ArbitrationError::NotClosed);
        let mut due = Due::default();
        let mut add = |amount: Balance, counts: bool| -> Result<(), ArbitrationError> {
            due.amount = sum(due.amount, amount)?;
            due.claims = due.claims.checked_add(counts.into()).ok_or(ArbitrationError::Overflow)?;
            due.any = true;
            Ok(())
        };
        for choice in [Choice::Uphold, Choice::Dismiss] {
            let bond = self.bond(number, choice, account);
            if bond > 0 {
                let counts = winner(challenge.status).is_none_or(|won| won == choice);
                add(for_bond(&challenge, account, choice, bond)?, counts)?;
            }
        }
        if let Some(judgement) = self.judgement(number, account) {
            let amount = for_judgement(&challenge, &judgement)?;
            add(amount.unwrap_or(0), amount.is_some())?;
        }
        Ok((challenge, due))
    }

    /// Takes what a closed challenge owes an account. Returns the amount, and what is burned: with the last claim, what division left.
    ///
    /// # Errors
    /// `UnknownChallenge`, `NotClosed`, `NothingToClaim`, `Overflow`.
    pub fn claim(&mut self, number: u64, account: AccountId) -> Result<(Balance, Balance), ArbitrationError> {
        let (mut challenge, due) = self.due(number, account)?;
        ensure!(due.any, ArbitrationError::NothingToClaim);
        challenge.owed = less(challenge.owed, due.amount)?;
        challenge.claims_left = challenge.claims_left.checked_sub(due.claims).ok_or(ArbitrationError::Overflow)?;
        let burned = if challenge.claims_left == 0 { core::mem::take(&mut challenge.owed) } else { 0 };
        self.forget(number, account);
        self.put(number, &challenge);
        Ok((due.amount, burned))
    }
}
