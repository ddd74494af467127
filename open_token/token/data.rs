//! The token's rules: balances, allowances, votes. Methods take the caller and the time, and return the events.

use crate::account::{Account, OutOfRange};
use crate::checkpoints::Checkpoints;
use ink::prelude::{string::String, vec, vec::Vec};
use ink::storage::{traits::ManualKey, Mapping};
use openledger_abi::token::{DelegateChanged, DelegateVotesChanged, TokenError};
use openledger_abi::{AccountId, Balance, Timestamp};
use psp22::{Approval, PSP22Error, Transfer};

impl From<OutOfRange> for PSP22Error {
    fn from(_: OutOfRange) -> Self {
        Self::Custom(String::from("a sum left the range of 128 bits"))
    }
}

impl From<OutOfRange> for TokenError {
    fn from(_: OutOfRange) -> Self {
        Self::Overflow
    }
}

/// What happened.
pub enum TokenEvent {
    Transfer(Transfer),
    Approval(Approval),
    DelegateChanged(DelegateChanged),
    DelegateVotesChanged(DelegateVotesChanged),
}

/// Every account, allowance and checkpoint. The supply is a series of checkpoints too.
#[ink::storage_item]
#[derive(Debug, Default)]
pub struct TokenData {
    accounts: Mapping<AccountId, Account, ManualKey<0x4f50_0001>>,
    allowances: Mapping<(AccountId, AccountId), Balance, ManualKey<0x4f50_0002>>,
    checkpoints: Checkpoints,
}

impl TokenData {
    /// A token whose whole `supply` belongs to `holder`.
    pub fn new(holder: AccountId, supply: Balance, now: Timestamp) -> (Self, Vec<TokenEvent>) {
        let mut data = Self::default();
        if supply == 0 {
            return (data, vec![]);
        }
        let mut account = Account::default();
        // Neither can leave its range from zero.
        let _ = account.credit(supply);
        let _ = data.checkpoints.update(None, now, |_| Some(supply));
        data.accounts.insert(holder, &account);
        (data, vec![TokenEvent::Transfer(Transfer { from: None, to: Some(holder), value: supply })])
    }

    pub fn total_supply(&self) -> Balance {
        self.checkpoints.latest(None)
    }

    pub fn balance_of(&self, owner: AccountId) -> Balance {
        self.account(owner).balance
    }

    pub fn allowance(&self, owner: AccountId, spender: AccountId) -> Balance {
        self.allowances.get((owner, spender)).unwrap_or(0)
    }

    pub fn delegate_of(&self, account: AccountId) -> Option<AccountId> {
        self.account(account).delegate()
    }

    pub fn nonce_of(&self, account: AccountId) -> u64 {
        self.account(account).nonce()
    }

    pub fn votes_of(&self, delegate: AccountId) -> Balance {
        self.checkpoints.latest(Some(delegate))
    }

    /// The votes of `delegate` at the end of `at`.
    pub fn past_votes_of(&self, delegate: AccountId, at: Timestamp, now: Timestamp) -> Result<Balance, TokenError> {
        Self::ensure_past(at, now)?;
        Ok(self.checkpoints.value_at(Some(delegate), at))
    }

    /// The supply at the end of `at`.
    pub fn past_total_supply(&self, at: Timestamp, now: Timestamp) -> Result<Balance, TokenError> {
        Self::ensure_past(at, now)?;
        Ok(self.checkpoints.value_at(None, at))
    }

    /// Moves `value` from the caller to `to`. No-op if they are one, or for nothing.
    pub fn transfer(
        &mut self,
        caller: AccountId,
        to: AccountId,
        value: Balance,
        now: Timestamp,
    ) -> Result<Vec<TokenEvent>, PSP22Error> {
        if caller == to || value == 0 {
            return Ok(vec![]);
        }
        let mut events = vec![];
        self.shift(caller, to, value, now, &mut events)?;
        Ok(events)
    }

    /// Moves `value` from `from` to `to` within the caller's allowance. No-op if they are one, or for nothing.
    pub fn transfer_from(
        &mut self,
        caller: AccountId,
        from: AccountId,
        to: AccountId,
        value: Balance,
        now: Timestamp,
    ) -> Result<Vec<TokenEvent>, PSP22Error> {
        if caller == from || from == to || value == 0 {
            return self.transfer(from, to, value, now);
        }
        let left = self.allowance(from, caller).checked_sub(value).ok_or(PSP22Error::InsufficientAllowance)?;
        let mut events = vec![];
        self.shift(from, to, value, now, &mut events)?;
        events.insert(0, self.set_allowance(from, caller, left));
        Ok(events)
    }

    /// Sets an allowance. No-op for oneself.
    pub fn approve(&mut self, owner: AccountId, spender: AccountId, value: Balance) -> Vec<TokenEvent> {
        if owner == spender {
            return vec![];
        }
        vec![self.set_allowance(owner, spender, value)]
    }

    /// Adds to an allowance. No-op for oneself, or for nothing.
    pub fn increase_allowance(
        &mut self,
        owner: AccountId,
        spender: AccountId,
        delta: Balance,
    ) -> Result<Vec<TokenEvent>, PSP22Error> {
        if owner == spender || delta == 0 {
            return Ok(vec![]);
        }
        let value = self.allowance(owner, spender).checked_add(delta).ok_or(OutOfRange)?;
        Ok(vec![self.set_allowance(owner, spender, value)])
    }

    /// Takes from an allowance. No-op for oneself, or for nothing.
    pub fn decrease_allowance(
        &mut self,
        owner: AccountId,
        spender: AccountId,
        delta: Balance,
    ) -> Result<Vec<TokenEvent>, PSP22Error> {
        if owner == spender || delta == 0 {
            return Ok(vec![]);
        }
        let value = self.allowance(owner, spender).checked_sub(delta).ok_or(PSP22Error::InsufficientAllowance)?;
        Ok(vec![self.set_allowance(owner, spender, value)])
    }

    /// Destroys `value` of the caller's own.
    pub fn burn(&mut self, caller: AccountId, value: Balance, now: Timestamp) -> Result<Vec<TokenEvent>, PSP22Error> {
        if value == 0 {
            return Ok(vec![]);
        }
        let mut account = self.account(caller);
        account.debit(value).map_err(|_| PSP22Error::InsufficientBalance)?;
        self.store(caller, &account);
        self.checkpoints.update(None, now, |supply| supply.checked_sub(value))?;
        let mut events = vec![TokenEvent::Transfer(Transfer { from: Some(caller), to: None, value })];
        self.move_votes(account.delegate(), None, value, now, &mut events)?;
        Ok(events)
    }

    /// Sends the votes of `delegator`'s balance to `to`. No-op if they go there already.
    pub fn delegate(
        &mut self,
        delegator: AccountId,
        to: Option<AccountId>,
        now: Timestamp,
    ) -> Result<Vec<TokenEvent>, TokenError> {
        let mut account = self.account(delegator);
        let from = account.set_delegate(to);
        if from == to {
            return Ok(vec![]);
        }
        self.store(delegator, &account);
        let mut events = vec![TokenEvent::DelegateChanged(DelegateChanged { delegator, from, to })];
        self.move_votes(from, to, account.balance, now, &mut events)?;
        Ok(events)
    }

    /// Uses up `account`'s nonce: whatever carried it counts no more.
    pub fn use_nonce(&mut self, account: AccountId) -> Result<(), TokenError> {
        let mut state = self.account(account);
        state.use_nonce()?;
        self.store(account, &state);
        Ok(())
    }

    fn ensure_past(at: Timestamp, now: Timestamp) -> Result<(), TokenError> {
        if at < now {
            Ok(())
        } else {
            Err(TokenError::FutureLookup { now })
        }
    }

    fn account(&self, id: AccountId) -> Account {
        self.accounts.get(id).unwrap_or_default()
    }

    fn store(&mut self, id: AccountId, account: &Account) {
        if account.is_empty() {
            self.accounts.remove(id);
        } else {
            self.accounts.insert(id, account);
        }
    }

    fn set_allowance(&mut self, owner: AccountId, spender: AccountId, amount: Balance) -> TokenEvent {
        if amount == 0 {
            self.allowances.remove((owner, spender));
        } else {
            self.allowances.insert((owner, spender), &amount);
        }
        TokenEvent::Approval(Approval { owner, spender, amount })
    }

    /// Moves `value` > 0 between two different accounts, and its votes between their delegates.
    fn shift(
        &mut self,
        from: AccountId,
        to: AccountId,
        value: Balance,
        now: Timestamp,
        events: &mut Vec<TokenEvent>,
    ) -> Result<(), PSP22Error> {
        let mut sender = self.account(from);
        sender.debit(value).map_err(|_| PSP22Error::InsufficientBalance)?;
        let mut receiver = self.account(to);
        receiver.credit(value)?;
        self.store(from, &sender);
        self.store(to, &receiver);
        events.push(TokenEvent::Transfer(Transfer { from: Some(from), to: Some(to), value }));
        self.move_votes(sender.delegate(), receiver.delegate(), value, now, events)?;
        Ok(())
    }

    fn move_votes(
        &mut self,
        from: Option<AccountId>,
        to: Option<AccountId>,
        value: Balance,
        now: Timestamp,
        events: &mut Vec<TokenEvent>,
    ) -> Result<(), OutOfRange> {
        if from == to || value == 0 {
            return Ok(());
        }
        if let Some(delegate) = from {
            let (before, after) = self.checkpoints.update(from, now, |votes| votes.checked_sub(value))?;
            events.push(TokenEvent::DelegateVotesChanged(DelegateVotesChanged { delegate, before, after }));
        }
        if let Some(delegate) = to {
            let (before, after) = self.checkpoints.update(to, now, |votes| votes.checked_add(value))?;
            events.push(TokenEvent::DelegateVotesChanged(DelegateVotesChanged { delegate, before, after }));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
