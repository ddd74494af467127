//! What the token knows of one account, in one value: so that a transfer reads and writes each side once.

use ink::prelude::boxed::Box;
use openledger_abi::{AccountId, Balance};

/// A sum left its range, or more was taken than is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfRange;

/// An account. Who neither delegates nor signs takes 17 bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub struct Account {
    /// In units of 10^-18 OPEN.
    pub balance: Balance,
    // Boxed, since what a transfer weighs beside storage is mostly the copying of accounts.
    extra: Option<Box<Extra>>,
}

#[cfg(feature = "std")]
impl ink::storage::traits::StorageLayout for Account {
    fn layout(key: &ink::primitives::Key) -> ink::metadata::layout::Layout {
        use ink::metadata::layout::{Layout, LayoutKey, LeafLayout};
        Layout::Leaf(LeafLayout::from_key::<Self>(LayoutKey::from(*key)))
    }
}

/// What only some accounts have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
struct Extra {
    delegate: Option<AccountId>,
    nonce: u64,
}

impl Account {
    /// Whom the account's votes go to.
    pub fn delegate(&self) -> Option<&AccountId> {
        self.extra.as_ref().and_then(|extra| extra.delegate.as_ref())
    }

    /// The nonce that the next signed message must carry.
    pub fn nonce(&self) -> u64 {
        self.extra.as_ref().map_or(0, |extra| extra.nonce)
    }

    /// Whether nothing need be stored of it.
    pub fn is_empty(&self) -> bool {
        self.balance == 0 && self.extra.is_none()
    }

    /// Sends the votes to `to`; returns where they went before.
    pub fn set_delegate(&mut self, to: Option<AccountId>) -> Option<AccountId> {
        let before = self.delegate().copied();
        self.set_extra(Extra { delegate: to, nonce: self.nonce() });
        before
    }

    /// Uses up the nonce.
    pub fn use_nonce(&mut self) -> Result<(), OutOfRange> {
        let nonce = self.nonce().checked_add(1).ok_or(OutOfRange)?;
        self.set_extra(Extra { delegate: self.delegate().copied(), nonce });
        Ok(())
    }

    /// Adds to the balance.
    pub fn credit(&mut self, value: Balance) -> Result<(), OutOfRange> {
        self.balance = self.balance.checked_add(value).ok_or(OutOfRange)?;
        Ok(())
    }

    /// Takes from the balance.
    pub fn debit(&mut self, value: Balance) -> Result<(), OutOfRange> {
        self.balance = self.balance.checked_sub(value).ok_or(OutOfRange)?;
        Ok(())
    }

    fn set_extra(&mut self, extra: Extra) {
        self.extra = (extra != Extra::default()).then(|| Box::new(extra));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ink::scale::Encode;

    fn delegate() -> AccountId {
        AccountId::from([9; 32])
    }

    #[test]
    fn an_account_that_never_delegated_nor_signed_takes_17_bytes() {
        let mut account = Account::default();
        account.credit(5).unwrap();
        assert_eq!(account.encoded_size(), 17);
        account.set_delegate(Some(delegate()));
        account.set_delegate(None);
        assert_eq!(account.encoded_size(), 17);
    }

    #[test]
    fn a_nonce_survives_an_empty_balance() {
        let mut account = Account::default();
        assert!(account.is_empty());
        account.use_nonce().unwrap();
        assert_eq!(account.nonce(), 1);
        assert!(!account.is_empty());
    }

    #[test]
    fn delegate_and_nonce_keep_each_other() {
        let mut account = Account::default();
        account.use_nonce().unwrap();
        assert_eq!(account.set_delegate(Some(delegate())), None);
        account.use_nonce().unwrap();
        assert_eq!(account.delegate(), Some(&delegate()));
        assert_eq!(account.nonce(), 2);
        assert_eq!(account.set_delegate(None), Some(delegate()));
        assert_eq!(account.nonce(), 2);
    }

    #[test]
    fn a_balance_never_wraps() {
        let mut account = Account::default();
        assert_eq!(account.debit(1), Err(OutOfRange));
        account.credit(Balance::MAX).unwrap();
        assert_eq!(account.credit(1), Err(OutOfRange));
        assert_eq!(account.balance, Balance::MAX);
    }
}
