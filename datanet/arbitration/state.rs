//! What arbitration keeps. Knows storage, but no caller, clock or other contract.
// The types of mappings, spelled out by ink!.
#![allow(clippy::type_complexity)]

use ink::prelude::vec::Vec;
use ink::storage::traits::ManualKey;
use ink::storage::{Lazy, Mapping};
use openledger_abi::arbitration::{
    ArbitrationError, ArbitrationParameters, ArbitrationPeers, Challenge, Choice, Ground, Judgement,
    MAX_CHALLENGES_PAGE,
};
use openledger_abi::times::Unit;
use openledger_abi::{AccountId, Balance};

/// What holds for all challenges.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    pub token: AccountId,
    pub unit: Unit,
    pub parameters: ArbitrationParameters,
    pub peers: Option<ArbitrationPeers>,
}

/// All challenges of a contribution on one ground.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Line {
    /// How many were dismissed.
    pub dismissed: u32,
    /// The one that is open.
    pub open: Option<u64>,
}

/// Whose bond it is: of which challenge, behind which choice, of which account.
type BondKey = (u64, Choice, AccountId);

/// Challenges with their bonds and judgements.
#[ink::storage_item]
#[derive(Debug, Default)]
pub struct Cases {
    count: Lazy<u64, ManualKey<0x4152_0003>>,
    challenges: Mapping<u64, Challenge, ManualKey<0x4152_0004>>,
    lines: Mapping<(u64, (u8, u64)), Line, ManualKey<0x4152_0005>>,
    bonds: Mapping<BondKey, Balance, ManualKey<0x4152_0006>>,
    judgements: Mapping<(u64, AccountId), Judgement, ManualKey<0x4152_0007>>,
}

impl Cases {
    pub fn count(&self) -> u64 {
        self.count.get_or_default()
    }

    /// # Errors
    /// `UnknownChallenge`.
    pub fn challenge(&self, number: u64) -> Result<Challenge, ArbitrationError> {
        self.challenges.get(number).ok_or(ArbitrationError::UnknownChallenge)
    }

    pub fn put(&mut self, number: u64, challenge: &Challenge) {
        self.challenges.insert(number, challenge);
    }

    /// Gives a new challenge its number.
    ///
    /// # Errors
    /// `Overflow`.
    pub fn add(&mut self, challenge: &Challenge) -> Result<u64, ArbitrationError> {
        let number = self.count();
        self.count.set(&number.checked_add(1).ok_or(ArbitrationError::Overflow)?);
        self.put(number, challenge);
        Ok(number)
    }

    pub fn page(&self, start: u64, limit: u32) -> Vec<Challenge> {
        let end = start.saturating_add(limit.min(MAX_CHALLENGES_PAGE).into()).min(self.count());
        (start..end).filter_map(|number| self.challenges.get(number)).collect()
    }

    pub fn line(&self, contribution: u64, ground: Ground) -> Line {
        self.lines.get((contribution, ground.name())).unwrap_or_default()
    }

    pub fn put_line(&mut self, contribution: u64, ground: Ground, line: &Line) {
        self.lines.insert((contribution, ground.name()), line);
    }

    pub fn bond(&self, challenge: u64, choice: Choice, account: AccountId) -> Balance {
        self.bonds.get((challenge, choice, account)).unwrap_or(0)
    }

    pub fn put_bond(&mut self, challenge: u64, choice: Choice, account: AccountId, amount: Balance) {
        self.bonds.insert((challenge, choice, account), &amount);
    }

    pub fn judgement(&self, challenge: u64, validator: AccountId) -> Option<Judgement> {
        self.judgements.get((challenge, validator))
    }

    pub fn put_judgement(&mut self, challenge: u64, validator: AccountId, judgement: &Judgement) {
        self.judgements.insert((challenge, validator), judgement);
    }

    /// Forgets what an account has in a challenge.
    pub fn forget(&mut self, challenge: u64, account: AccountId) {
        for choice in [Choice::Uphold, Choice::Dismiss] {
            self.bonds.remove((challenge, choice, account));
        }
        self.judgements.remove((challenge, account));
    }
}
