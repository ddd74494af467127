//! The trait that everything off chain is written against.

use std::{sync::Arc, time::Duration};

use crate::{AccountId, BlockNumber, ChainError, ContractEvent, DryRun, Gas, Keypair, Native, Receipt};

/// A chain with pallet-contracts: embedded in this process, served by another one, or a node.
///
/// All methods block; from async code call them in `spawn_blocking`. Typed calls are in
/// [`crate::read`] and [`crate::send`].
pub trait Chain: Send + Sync {
    /// The chain's identity: a node's genesis hash, an embedded chain's 32 random bytes.
    fn genesis(&self) -> [u8; 32];

    /// The chain's time, ms since 1970: on an embedded chain what the next call will see, on a node
    /// that of its last block.
    ///
    /// # Errors
    /// If the chain can't be reached.
    fn now(&self) -> Result<u64, ChainError>;

    /// The last block's number.
    ///
    /// # Errors
    /// If the chain can't be reached.
    fn block_number(&self) -> Result<BlockNumber, ChainError>;

    /// Uploads code without a contract, for upgrades; its hash is that of the bytes. Uploading what is there
    /// already is no error.
    ///
    /// # Errors
    /// [`ChainError::Dispatch`] if the code is refused; what a transaction can meet.
    fn upload(&self, key: &Keypair, wasm: &[u8]) -> Result<([u8; 32], Receipt), ChainError>;

    /// Uploads code and makes a contract of it: `input` is the constructor's selector and
    /// arguments ([`crate::input`]), `value` its endowment.
    ///
    /// # Errors
    /// [`ChainError::Reverted`] if the constructor refuses, [`ChainError::Dispatch`] if the chain does.
    fn upload_and_instantiate(
        &self,
        key: &Keypair,
        wasm: &[u8],
        input: &[u8],
        salt: &[u8],
        value: Native,
    ) -> Result<(AccountId, Receipt), ChainError>;

    /// Calls a message in a transaction and waits until it is in the chain.
    ///
    /// # Errors
    /// [`ChainError::Reverted`] if the message returns an error, [`ChainError::Dispatch`] if it fails otherwise.
    fn submit(&self, key: &Keypair, contract: AccountId, input: &[u8], value: Native) -> Result<Receipt, ChainError>;

    /// What a call by `origin` would return and cost now. Changes nothing; a message that returns an error is
    /// no error here.
    ///
    /// # Errors
    /// [`ChainError::Dispatch`] if the call traps or there is no such contract.
    fn dry_run(
        &self,
        origin: AccountId,
        contract: AccountId,
        input: &[u8],
        value: Native,
    ) -> Result<DryRun, ChainError>;

    /// Lets time pass: afterwards [`Chain::now`] is at least what it was plus `by`. The embedded chain
    /// moves its clock and opens a block; for a development node this waits and sends a remark.
    ///
    /// # Errors
    /// If the chain can't be reached.
    fn advance(&self, by: Duration) -> Result<(), ChainError>;

    /// What contracts emitted in block `from` and later, in order.
    ///
    /// # Errors
    /// If the chain can't be reached, or doesn't keep blocks that old.
    fn events(&self, from: BlockNumber) -> Result<Vec<ContractEvent>, ChainError>;

    /// Sends native coin; the sender keeps at least the existential deposit.
    ///
    /// # Errors
    /// [`ChainError::Dispatch`] if it has too little, or the receiver would have less than the existential deposit.
    fn transfer(&self, key: &Keypair, to: AccountId, value: Native) -> Result<Receipt, ChainError>;

    /// Native coin that the account has free.
    ///
    /// # Errors
    /// If the chain can't be reached.
    fn balance(&self, account: AccountId) -> Result<Native, ChainError>;

    /// The hash of a contract's code, `None` if there is no contract.
    ///
    /// # Errors
    /// If the chain can't be reached.
    fn code_hash(&self, contract: AccountId) -> Result<Option<[u8; 32]>, ChainError>;

    /// The fee of a transaction that calls a message and uses `gas` in it (as [`Chain::dry_run`] says). Storage deposits
    /// are no part of it.
    ///
    /// # Errors
    /// If the chain can't be reached or can't tell.
    fn fee(&self, contract: AccountId, input: &[u8], value: Native, gas: Gas) -> Result<Native, ChainError>;

    /// A copy of the chain's state as of now, which goes its own way: whatever is done to it happens nowhere else. A copy of a
    /// node's state runs in this process and fetches what it reads.
    ///
    /// # Errors
    /// [`ChainError::NoCopy`] where there is none to be had; [`ChainError::Input`] if too many are in use; if the chain can't
    /// be reached.
    fn copy(&self) -> Result<Arc<dyn ChainCopy>, ChainError>;
}

/// A copy of a chain, for trying things out. Its clock stands still but for a millisecond a block and what
/// [`Chain::advance`] adds.
pub trait ChainCopy: Chain {
    /// Calls a message as any account, without its key: no signature, no nonce, no fee. The account is given native coin
    /// for storage deposits first.
    ///
    /// # Errors
    /// Those of [`Chain::submit`].
    fn call_as(
        &self,
        origin: AccountId,
        contract: AccountId,
        input: &[u8],
        value: Native,
    ) -> Result<Receipt, ChainError>;

    /// Whether a transaction weighs here what it weighs on the chain itself, so that fees are the same. (They are not on a copy
    /// of a node, whose pallet-contracts is of another version than ours.)
    fn weighs_alike(&self) -> bool;

    /// The copy as what everything is written against.
    fn as_chain(self: Arc<Self>) -> Arc<dyn Chain>;
}

/// Lets the chain's time reach `at` (ms since 1970), if it hasn't.
///
/// # Errors
/// Those of [`Chain::advance`].
pub fn advance_to<C: Chain + ?Sized>(chain: &C, at: u64) -> Result<(), ChainError> {
    loop {
        let now = chain.now()?;
        if now >= at {
            return Ok(());
        }
        chain.advance(Duration::from_millis(at.saturating_sub(now)))?;
    }
}

/// Gives each account native coin from `from`, so that it has at least `amount`.
///
/// # Errors
/// Those of [`Chain::transfer`].
pub fn endow<C: Chain + ?Sized>(
    chain: &C,
    from: &Keypair,
    accounts: &[AccountId],
    amount: Native,
) -> Result<(), ChainError> {
    for account in accounts {
        let missing = amount.saturating_sub(chain.balance(*account)?);
        if missing > 0 {
            // At least the existential deposit, or a new account couldn't be made.
            chain.transfer(from, *account, missing.max(crate::EXISTENTIAL_DEPOSIT))?;
        }
    }
    Ok(())
}
