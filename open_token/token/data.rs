//! The token's rules: balances, allowances, votes. Methods take the caller, the time, and where events go (no list
//! of them is made: that would cost more than the rest of a transfer's arithmetic).

use crate::account::{Account, OutOfRange};
use crate::checkpoints::{Checkpoint, Checkpoints, Series};
use ink::prelude::string::String;
use ink::prelude::vec::Vec;
use ink::storage::{traits::ManualKey, Mapping};
use openledger_abi::token::{DelegateChanged, DelegateVotesChanged, TokenError, MAX_CHECKPOINTS};
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

/// By how much an allowance changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllowanceChange {
    More(Balance),
    Less(Balance),
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
    pub fn new(holder: AccountId, supply: Balance, now: Timestamp, emit: &mut impl FnMut(TokenEvent)) -> Self {
        let mut data = Self::default();
        if supply == 0 {
            return data;
        }
        let mut account = Account::default();
        // Neither can leave its range from zero.
        let _ = account.credit(supply);
        let _ = data.checkpoints.update(None, now, |_| Some(supply));
        data.accounts.insert(holder, &account);
        emit(TokenEvent::Transfer(Transfer { from: None, to: Some(holder), value: supply }));
        data
    }

    pub fn total_supply(&self) -> Balance {
        self.checkpoints.latest(None)
    }

    pub fn balance_of(&self, owner: AccountId) -> Balance {
        self.account(&owner).balance
    }

    pub fn allowance(&self, owner: AccountId, spender: AccountId) -> Balance {
        self.allowances.get((owner, spender)).unwrap_or(0)
    }

    pub fn delegate_of(&self, account: AccountId) -> Option<AccountId> {
        self.account(&account).delegate().copied()
    }

    pub fn nonce_of(&self, account: AccountId) -> u64 {
        self.account(&account).nonce()
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

    /// How many checkpoints a series has.
    pub fn checkpoint_count(&self, series: Series) -> u32 {
        self.checkpoints.count(series)
    }

    /// A page of a series' checkpoints.
    pub fn checkpoints(&self, series: Series, from: u32, limit: u32) -> Vec<(Timestamp, Balance)> {
        let page = self.checkpoints.page(series, from, limit.min(MAX_CHECKPOINTS));
        page.into_iter().map(|Checkpoint { at, value }| (at, value)).collect()
    }

    /// Moves `value` from the caller to `to`. No-op if they are one, or for nothing.
    pub fn transfer(
        &mut self,
        caller: AccountId,
        to: AccountId,
        value: Balance,
        now: Timestamp,
        emit: &mut impl FnMut(TokenEvent),
    ) -> Result<(), PSP22Error> {
        if caller == to || value == 0 {
            return Ok(());
        }
        let sender = self.debited(&caller, value)?;
        self.settle(caller, &sender, to, value, now, emit)
    }

    /// Moves `value` from `from` to `to` within the caller's allowance. No-op if they are one, or for nothing.
    pub fn transfer_from(
        &mut self,
        caller: AccountId,
        from: AccountId,
        to: AccountId,
        value: Balance,
        now: Timestamp,
        emit: &mut impl FnMut(TokenEvent),
    ) -> Result<(), PSP22Error> {
        if caller == from || from == to || value == 0 {
            return self.transfer(from, to, value, now, emit);
        }
        let left = self.allowance_less(from, caller, value)?;
        let sender = self.debited(&from, value)?;
        self.set_allowance(from, caller, left, emit);
        self.settle(from, &sender, to, value, now, emit)
    }

    /// Sets an allowance. No-op for oneself.
    pub fn approve(&mut self, owner: AccountId, spender: AccountId, value: Balance, emit: &mut impl FnMut(TokenEvent)) {
        if owner != spender {
            self.set_allowance(owner, spender, value, emit);
        }
    }

    /// Adds to an allowance or takes from it. No-op for oneself, or for nothing.
    pub fn change_allowance(
        &mut self,
        owner: AccountId,
        spender: AccountId,
        change: AllowanceChange,
        emit: &mut impl FnMut(TokenEvent),
    ) -> Result<(), PSP22Error> {
        if owner == spender || matches!(change, AllowanceChange::More(0) | AllowanceChange::Less(0)) {
            return Ok(());
        }
        let value = match change {
            AllowanceChange::More(delta) => self.allowance(owner, spender).checked_add(delta).ok_or(OutOfRange)?,
            AllowanceChange::Less(delta) => self.allowance_less(owner, spender, delta)?,
        };
        self.set_allowance(owner, spender, value, emit);
        Ok(())
    }

    /// Destroys `value` of `from`'s: the caller's own, or within the caller's allowance. No-op for nothing.
    pub fn burn(
        &mut self,
        caller: AccountId,
        from: AccountId,
        value: Balance,
        now: Timestamp,
        emit: &mut impl FnMut(TokenEvent),
    ) -> Result<(), PSP22Error> {
        if value == 0 {
            return Ok(());
        }
        let left = if caller == from { None } else { Some(self.allowance_less(from, caller, value)?) };
        let account = self.debited(&from, value)?;
        if let Some(left) = left {
            self.set_allowance(from, caller, left, emit);
        }
        self.store(&from, &account);
        self.checkpoints.update(None, now, |supply| supply.checked_sub(value))?;
        emit(TokenEvent::Transfer(Transfer { from: Some(from), to: None, value }));
        self.move_votes(account.delegate(), None, value, now, emit)?;
        Ok(())
    }

    /// Sends the votes of `delegator`'s balance to `to`. No-op if they go there already.
    pub fn delegate(
        &mut self,
        delegator: AccountId,
        to: Option<AccountId>,
        now: Timestamp,
        emit: &mut impl FnMut(TokenEvent),
    ) -> Result<(), TokenError> {
        let mut account = self.account(&delegator);
        let from = account.set_delegate(to);
        if from == to {
            return Ok(());
        }
        self.store(&delegator, &account);
        emit(TokenEvent::DelegateChanged(DelegateChanged { delegator, from, to }));
        self.move_votes(from.as_ref(), to.as_ref(), account.balance, now, emit)?;
        Ok(())
    }

    /// Uses up `account`'s nonce: whatever carried it counts no more.
    pub fn use_nonce(&mut self, account: AccountId) -> Result<(), TokenError> {
        let mut state = self.account(&account);
        state.use_nonce()?;
        self.store(&account, &state);
        Ok(())
    }

    fn ensure_past(at: Timestamp, now: Timestamp) -> Result<(), TokenError> {
        if at < now {
            Ok(())
        } else {
            Err(TokenError::FutureLookup { now })
        }
    }

    /// What is left of an allowance after `value` of it is used.
    fn allowance_less(&self, owner: AccountId, spender: AccountId, value: Balance) -> Result<Balance, PSP22Error> {
        self.allowance(owner, spender).checked_sub(value).ok_or(PSP22Error::InsufficientAllowance)
    }

    fn account(&self, id: &AccountId) -> Account {
        self.accounts.get(id).unwrap_or_default()
    }

    fn store(&mut self, id: &AccountId, account: &Account) {
        if account.is_empty() {
            self.accounts.remove(id);
        } else {
            self.accounts.insert(id, account);
        }
    }

    fn set_allowance(
        &mut self,
        owner: AccountId,
        spender: AccountId,
        amount: Balance,
        emit: &mut impl FnMut(TokenEvent),
    ) {
        if amount == 0 {
            self.allowances.remove((owner, spender));
        } else {
            self.allowances.insert((owner, spender), &amount);
        }
        emit(TokenEvent::Approval(Approval { owner, spender, amount }));
    }

    /// The account less `value`. Nothing is stored yet.
    fn debited(&self, id: &AccountId, value: Balance) -> Result<Account, PSP22Error> {
        let mut account = self.account(id);
        account.debit(value).map_err(|_| PSP22Error::InsufficientBalance)?;
        Ok(account)
    }

    /// Stores the sender, who has paid, gives `value` to another account, and moves its votes between the delegates.
    fn settle(
        &mut self,
        from: AccountId,
        sender: &Account,
        to: AccountId,
        value: Balance,
        now: Timestamp,
        emit: &mut impl FnMut(TokenEvent),
    ) -> Result<(), PSP22Error> {
        let mut receiver = self.account(&to);
        receiver.credit(value)?;
        self.store(&from, sender);
        self.store(&to, &receiver);
        emit(TokenEvent::Transfer(Transfer { from: Some(from), to: Some(to), value }));
        self.move_votes(sender.delegate(), receiver.delegate(), value, now, emit)?;
        Ok(())
    }

    fn move_votes(
        &mut self,
        from: Option<&AccountId>,
        to: Option<&AccountId>,
        value: Balance,
        now: Timestamp,
        emit: &mut impl FnMut(TokenEvent),
    ) -> Result<(), OutOfRange> {
        if from == to || value == 0 {
            return Ok(());
        }
        if let Some(&delegate) = from {
            let (before, after) = self.checkpoints.update(Some(delegate), now, |votes| votes.checked_sub(value))?;
            emit(TokenEvent::DelegateVotesChanged(DelegateVotesChanged { delegate, before, after }));
        }
        if let Some(&delegate) = to {
            let (before, after) = self.checkpoints.update(Some(delegate), now, |votes| votes.checked_add(value))?;
            emit(TokenEvent::DelegateVotesChanged(DelegateVotesChanged { delegate, before, after }));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
