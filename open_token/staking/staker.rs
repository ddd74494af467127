//! What an account has in pools, and its votes through time.

use crate::math::Accumulator;
use crate::pool::Pool;
use crate::unbonding::Part;
use ink::prelude::vec::Vec;
use openledger_abi::ensure;
use openledger_abi::staking::{StakingError, MAX_STAKES};
use openledger_abi::{AccountId, Balance, Timestamp};

/// An account.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Staker {
    /// At most [`MAX_STAKES`].
    pub stakes: Vec<Stake>,
    /// At most [`openledger_abi::staking::MAX_UNBONDINGS`].
    pub parts: Vec<Part>,
    /// The next unbonding's id.
    pub next_id: u32,
    /// Checkpoints of its votes.
    pub checkpoints: u32,
    /// The last of them.
    pub checkpoint_at: Timestamp,
}

/// An account's shares of a pool.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stake {
    pub operator: AccountId,
    pub shares: Balance,
    /// The pool's accumulator up to which rewards are in `owed`.
    pub paid: Accumulator,
    pub owed: Balance,
}

/// The shares of an account from a time on.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoteCheckpoint {
    pub at: Timestamp,
    /// By operator.
    pub shares: Vec<(AccountId, Balance)>,
}

/// A pool's rate from a time on.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateCheckpoint {
    pub at: Timestamp,
    pub rate: u128,
}

impl Stake {
    /// Takes in what its shares earned.
    ///
    /// # Errors
    /// `Overflow`.
    pub fn settle(&mut self, pool: &Pool) -> Result<(), StakingError> {
        let earned = pool.per_share.earned(self.paid, self.shares)?;
        self.owed = self.owed.checked_add(earned).ok_or(StakingError::Overflow)?;
        self.paid = pool.per_share;
        Ok(())
    }
}

impl Staker {
    /// The stake in a pool, begun if there is none.
    ///
    /// # Errors
    /// `TooManyStakes`.
    pub fn stake_or_new(&mut self, operator: AccountId, pool: &Pool) -> Result<&mut Stake, StakingError> {
        let found = self.stakes.iter().position(|stake| stake.operator == operator);
        let place = match found {
            Some(place) => place,
            None => {
                ensure!(self.stakes.len() < MAX_STAKES, StakingError::TooManyStakes);
                self.stakes.push(Stake { operator, shares: 0, paid: pool.per_share, owed: 0 });
                self.stakes.len().saturating_sub(1)
            }
        };
        self.stakes.get_mut(place).ok_or(StakingError::NoStake)
    }

    /// The stake in a pool.
    ///
    /// # Errors
    /// `NoStake`.
    pub fn stake(&mut self, operator: AccountId) -> Result<&mut Stake, StakingError> {
        self.stakes.iter_mut().find(|stake| stake.operator == operator).ok_or(StakingError::NoStake)
    }

    /// Forgets stakes without shares and rewards.
    pub fn tidy(&mut self) {
        self.stakes.retain(|stake| stake.shares > 0 || stake.owed > 0);
    }

    /// The checkpoint of its shares now, and its number; a second one in a block replaces the first.
    ///
    /// # Errors
    /// `Overflow`.
    pub fn checkpoint(&mut self, now: Timestamp) -> Result<(u32, VoteCheckpoint), StakingError> {
        if self.checkpoints == 0 || self.checkpoint_at != now {
            self.checkpoints = self.checkpoints.checked_add(1).ok_or(StakingError::Overflow)?;
            self.checkpoint_at = now;
        }
        let number = self.checkpoints.checked_sub(1).ok_or(StakingError::Overflow)?;
        let held = self.stakes.iter().filter(|stake| stake.shares > 0);
        let shares = held.map(|stake| (stake.operator, stake.shares)).collect();
        Ok((number, VoteCheckpoint { at: now, shares }))
    }
}

/// The last of `count` values, ordered by time, that is not after `at`. Reads about log2(count) of them.
pub fn last_at<T>(
    count: u32,
    at: Timestamp,
    read: impl Fn(u32) -> Option<T>,
    time: impl Fn(&T) -> Timestamp,
) -> Option<T> {
    let (mut low, mut high) = (0u32, count);
    let mut best = None;
    while low < high {
        let middle = low.saturating_add(high.saturating_sub(low).checked_div(2)?);
        let value = read(middle)?;
        if time(&value) <= at {
            best = Some(value);
            low = middle.saturating_add(1);
        } else {
            high = middle;
        }
    }
    best
}
