//! OPEN: PSP22, PSP22Metadata and PSP22Burnable of the psp22 crate, and what is ours: permits and votes.
//!
//! Constructor: `new(genesis: Bytes32, holder: AccountId)`: the whole supply goes to `holder`. No message makes new
//! OPEN and none can stop a transfer: the token has no pause, so that nobody's money can be frozen by a vote.
//!
//! **Changing an allowance.** `approve` and `permit` set an allowance, whatever it was: a spender who sees a change from
//! 100 to 50 coming can take the 100 before it and the 50 after it. To lower an allowance that somebody might be using,
//! call `decrease_allowance`, which fails if the spender was faster; to raise one, `increase_allowance`. Or set it to 0,
//! look at what was taken, and set it anew.

use crate::admin::AdminError;
use crate::common::{AccountId, Balance, Bytes32, Timestamp};
use ink::prelude::string::String;
use ink::prelude::vec::Vec;
use proof::signed::{tag, Tag};
use psp22::PSP22Error;

/// The whole supply: 1,000,000,000 OPEN.
pub const TOTAL_SUPPLY: Balance = 1_000_000_000 * crate::common::OPEN;

/// The most checkpoints of one page.
pub const MAX_CHECKPOINTS: u32 = 100;

/// The tag of a signed permit.
pub const PERMIT_TAG: Tag = tag("OL-PERMIT-1");
/// The tag of a signed delegation.
pub const DELEGATE_TAG: Tag = tag("OL-DELEGATE-1");

/// Errors of the messages that PSP22 doesn't have.
#[derive(Debug, Clone, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub enum TokenError {
    /// See [`AdminError`].
    Admin(AdminError),
    /// Votes are known only for times before `now`, when they can't change any more.
    FutureLookup {
        /// The time of the current block.
        now: Timestamp,
    },
    /// The signature's deadline has passed.
    SignatureExpired,
    /// The signature is not the account's over this message: another key, body, nonce, contract or chain.
    BadSignature,
    /// A sum left its range.
    Overflow,
}

impl From<AdminError> for TokenError {
    fn from(error: AdminError) -> Self {
        Self::Admin(error)
    }
}

/// Votes and permits of OPEN. Votes are counted in units of OPEN (10^-18) and belong to whom a holder delegates them;
/// a holder who never delegated has none (delegate to yourself to vote yourself).
#[ink::trait_definition]
pub trait Token {
    /// Sets the admin, who may only upgrade the code. Once, by the deployer; transfers work before.
    /// Errors: `Admin(AlreadyWired | NotDeployer)`.
    #[ink(message)]
    fn wire(&mut self, timelock: AccountId) -> Result<(), TokenError>;

    /// Gives the votes of the caller's whole balance, now and later, to `to`; `None` takes them back.
    /// Emits `DelegateChanged` and up to two `DelegateVotesChanged`. No-op if nothing changes.
    #[ink(message)]
    fn delegate(&mut self, to: Option<AccountId>) -> Result<(), TokenError>;

    /// [`delegate`](Token::delegate) for `delegator`, by its signature (sr25519) over [`delegate_body`] under
    /// [`DELEGATE_TAG`]. Uses up one nonce. Errors: `SignatureExpired`, `BadSignature`.
    #[ink(message)]
    fn delegate_by_sig(
        &mut self,
        delegator: AccountId,
        to: Option<AccountId>,
        deadline: Timestamp,
        signature: [u8; 64],
    ) -> Result<(), TokenError>;

    /// Whom `account` delegates to.
    #[ink(message)]
    fn delegates(&self, account: AccountId) -> Option<AccountId>;

    /// The votes delegated to `account` now.
    #[ink(message)]
    fn get_votes(&self, account: AccountId) -> Balance;

    /// The votes delegated to `account` at the end of time `at` (ms). Errors: `FutureLookup` if `at` ≥ now.
    #[ink(message)]
    fn get_past_votes(&self, account: AccountId, at: Timestamp) -> Result<Balance, TokenError>;

    /// The supply at the end of time `at` (ms). Errors: `FutureLookup` if `at` ≥ now.
    #[ink(message)]
    fn get_past_total_supply(&self, at: Timestamp) -> Result<Balance, TokenError>;

    /// Destroys `value` of `from`'s OPEN: of the caller's own, or within the allowance that `from` gave to the caller,
    /// which shrinks by it. Emits PSP22's `Transfer` to nobody, and `Approval`. No-op for 0.
    /// Errors: `InsufficientAllowance`, `InsufficientBalance`.
    #[ink(message)]
    fn burn_from(&mut self, from: AccountId, value: Balance) -> Result<(), PSP22Error>;

    /// How many checkpoints the votes of `account` have, or with `None` the supply.
    #[ink(message)]
    fn checkpoint_count(&self, account: Option<AccountId>) -> u32;

    /// Checkpoints of the votes of `account`, or with `None` of the supply, oldest first, from the one numbered `from`
    /// (0 is the first) on: the time (ms) since which a value counts, and the value. At most `limit` and at most
    /// [`MAX_CHECKPOINTS`]. The newest one may still change in its own block.
    #[ink(message)]
    fn checkpoints(&self, account: Option<AccountId>, from: u32, limit: u32) -> Vec<(Timestamp, Balance)>;

    /// Sets the allowance of `spender` by `owner`'s signature (sr25519) over [`permit_body`] under
    /// [`PERMIT_TAG`]. Uses up one nonce. Emits PSP22's `Approval`. Errors: `SignatureExpired`, `BadSignature`.
    #[ink(message)]
    fn permit(
        &mut self,
        owner: AccountId,
        spender: AccountId,
        value: Balance,
        deadline: Timestamp,
        signature: [u8; 64],
    ) -> Result<(), TokenError>;

    /// The nonce that `account`'s next permit or signed delegation must carry.
    #[ink(message)]
    fn nonces(&self, account: AccountId) -> u64;

    /// The token's clock: the block's time in ms.
    #[ink(message)]
    fn clock(&self) -> Timestamp;

    /// ERC-6372: `mode=timestamp`.
    #[ink(message)]
    fn clock_mode(&self) -> String;

    /// The genesis id that signatures must name.
    #[ink(message)]
    fn genesis(&self) -> Bytes32;
}

/// What `owner` signs for [`Token::permit`]: owner 32 ‖ spender 32 ‖ value u128 ‖ nonce u64 ‖ deadline u64.
pub fn permit_body(
    owner: &AccountId,
    spender: &AccountId,
    value: Balance,
    nonce: u64,
    deadline: Timestamp,
) -> [u8; 96] {
    let mut body = [0; 96];
    body[..32].copy_from_slice(owner.as_ref());
    body[32..64].copy_from_slice(spender.as_ref());
    body[64..80].copy_from_slice(&value.to_le_bytes());
    body[80..88].copy_from_slice(&nonce.to_le_bytes());
    body[88..].copy_from_slice(&deadline.to_le_bytes());
    body
}

/// What `delegator` signs for [`Token::delegate_by_sig`]: delegator 32 ‖ 01 and delegate 32, or 00 and zeros ‖
/// nonce u64 ‖ deadline u64.
pub fn delegate_body(delegator: &AccountId, to: Option<&AccountId>, nonce: u64, deadline: Timestamp) -> [u8; 81] {
    let mut body = [0; 81];
    body[..32].copy_from_slice(delegator.as_ref());
    if let Some(to) = to {
        body[32] = 1;
        body[33..65].copy_from_slice(to.as_ref());
    }
    body[65..73].copy_from_slice(&nonce.to_le_bytes());
    body[73..].copy_from_slice(&deadline.to_le_bytes());
    body
}

/// `delegator`'s votes go to `to` from now on, and went to `from` before.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct DelegateChanged {
    #[ink(topic)]
    pub delegator: AccountId,
    pub from: Option<AccountId>,
    pub to: Option<AccountId>,
}

/// The votes delegated to `delegate` changed by a delegation, a transfer or a burn.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct DelegateVotesChanged {
    #[ink(topic)]
    pub delegate: AccountId,
    pub before: Balance,
    pub after: Balance,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signed_bodies_are_the_documented_bytes() {
        let (a, b) = (AccountId::from([1; 32]), AccountId::from([2; 32]));
        let mut permit = [[1u8; 32], [2; 32]].concat();
        permit.extend([3u8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        permit.extend([4u8, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(permit_body(&a, &b, 3, 4, 5).as_slice(), permit);

        let mut delegate = [1u8; 32].to_vec();
        delegate.push(1);
        delegate.extend([2u8; 32]);
        delegate.extend([4u8, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(delegate_body(&a, Some(&b), 4, 5).as_slice(), delegate);
        assert_eq!(delegate_body(&a, None, 4, 5)[32..65], [0; 33]);
    }
}
