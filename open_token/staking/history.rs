//! What validators' pools had bonded through time. Kept for them alone, since only arbitration asks, so that no other role's bond
//! writes more.

use crate::pool::Operator;
use crate::staker::last_at;
use ink::storage::traits::ManualKey;
use ink::storage::Mapping;
use openledger_abi::ensure;
use openledger_abi::staking::{Role, StakingError};
use openledger_abi::{AccountId, Balance, Timestamp};

/// A pool, or (`None`) all validators' together.
type Subject = Option<AccountId>;
const ALL: Subject = None;

/// What was bonded from a time on.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StakeCheckpoint {
    pub at: Timestamp,
    pub active: Balance,
}

/// The newest checkpoint, which most look-ups are about, and how many there are before it.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Newest {
    pub checkpoint: StakeCheckpoint,
    pub older: u32,
}

/// Checkpoints of pools.
#[ink::storage_item]
#[derive(Debug, Default)]
pub struct History {
    newest: Mapping<Subject, Newest, ManualKey<0x5354_0040>>,
    older: Mapping<(Subject, u32), StakeCheckpoint, ManualKey<0x5354_0041>>,
}

impl History {
    /// Notes what an operator's pool has bonded now, if it is a validator's. To be called after every change of it.
    ///
    /// # Errors
    /// `Overflow`.
    pub fn note(&mut self, account: AccountId, operator: &Operator, now: Timestamp) -> Result<(), StakingError> {
        if operator.role != Role::Validator {
            return Ok(());
        }
        let before = self.newest.get(Some(account)).unwrap_or_default().checkpoint.active;
        let all = self.newest.get(ALL).unwrap_or_default().checkpoint.active;
        let others = all.checked_sub(before).ok_or(StakingError::Overflow)?;
        let all = others.checked_add(operator.pool.active).ok_or(StakingError::Overflow)?;
        self.put(Some(account), StakeCheckpoint { at: now, active: operator.pool.active })?;
        self.put(ALL, StakeCheckpoint { at: now, active: all })
    }

    /// A second checkpoint in a block replaces the first.
    fn put(&mut self, subject: Subject, checkpoint: StakeCheckpoint) -> Result<(), StakingError> {
        let older = match self.newest.get(subject) {
            None => 0,
            Some(newest) if newest.checkpoint.at == checkpoint.at => newest.older,
            Some(newest) => {
                self.older.insert((subject, newest.older), &newest.checkpoint);
                newest.older.checked_add(1).ok_or(StakingError::Overflow)?
            }
        };
        self.newest.insert(subject, &Newest { checkpoint, older });
        Ok(())
    }

    fn at(&self, subject: Subject, at: Timestamp) -> Balance {
        let Some(newest) = self.newest.get(subject) else { return 0 };
        if newest.checkpoint.at <= at {
            return newest.checkpoint.active;
        }
        let read = |number| self.older.get((subject, number));
        last_at(newest.older, at, read, |checkpoint: &StakeCheckpoint| checkpoint.at)
            .map_or(0, |checkpoint| checkpoint.active)
    }

    /// What an operator's pool had bonded as of the end of a time.
    ///
    /// # Errors
    /// `NotKept` of another role than the validators'.
    pub fn stake_at(&self, account: AccountId, operator: &Operator, at: Timestamp) -> Result<Balance, StakingError> {
        ensure!(operator.role == Role::Validator, StakingError::NotKept);
        Ok(self.at(Some(account), at))
    }

    /// What all pools of a role had bonded as of the end of a time.
    ///
    /// # Errors
    /// `NotKept` of another role than the validators'.
    pub fn role_stake_at(&self, role: Role, at: Timestamp) -> Result<Balance, StakingError> {
        ensure!(role == Role::Validator, StakingError::NotKept);
        Ok(self.at(ALL, at))
    }
}
