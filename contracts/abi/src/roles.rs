//! What the messages of [`crate::Administered`] and [`crate::Pausable`] do, once for all contracts: ink! wants the messages
//! themselves inside each of them, so there they are one line each.
//!
//! `kept` is where the contract keeps its [`Admin`]; a contract that was instantiated always has one there.

use crate::{
    Admin, AdminError, AdminTransferStarted, AdminTransferred, Bytes32, CodeUpgraded, GuardianSet, PauseSet, Wired,
};
use ink::env::DefaultEnvironment;
use ink::primitives::AccountId;
use ink::storage::traits::StorageKey;
use ink::storage::Lazy;

fn caller() -> AccountId {
    ink::env::caller::<DefaultEnvironment>()
}

/// Who may change the contract. Without one (which can't be), nobody.
pub fn admin<K: StorageKey>(kept: &Lazy<Admin, K>) -> Admin {
    kept.get().unwrap_or_else(|| Admin::new(AccountId::from([0; 32])))
}

/// The deployer hands the role over, once. Emits [`Wired`].
///
/// # Errors
/// `AlreadyWired`, `NotDeployer`.
pub fn wire<K: StorageKey>(kept: &mut Lazy<Admin, K>, to: AccountId) -> Result<(), AdminError> {
    let mut state = admin(kept);
    state.wire(caller(), to)?;
    kept.set(&state);
    ink::env::emit_event::<DefaultEnvironment, _>(Wired { admin: to });
    Ok(())
}

/// Whether the caller is the admin of a wired contract.
///
/// # Errors
/// `NotWired`, `NotAdmin`.
pub fn ensure_admin<K: StorageKey>(kept: &Lazy<Admin, K>) -> Result<(), AdminError> {
    admin(kept).ensure(caller())
}

/// [`crate::Administered::transfer_admin`].
///
/// # Errors
/// `NotWired`, `NotAdmin`.
pub fn transfer<K: StorageKey>(kept: &mut Lazy<Admin, K>, to: AccountId) -> Result<(), AdminError> {
    let (mut state, from) = (admin(kept), caller());
    state.offer(from, to)?;
    kept.set(&state);
    ink::env::emit_event::<DefaultEnvironment, _>(AdminTransferStarted { from, to });
    Ok(())
}

/// [`crate::Administered::accept_admin`].
///
/// # Errors
/// `NotWired`, `NotOffered`.
pub fn accept<K: StorageKey>(kept: &mut Lazy<Admin, K>) -> Result<(), AdminError> {
    let (mut state, to) = (admin(kept), caller());
    let from = state.accept(to)?;
    kept.set(&state);
    ink::env::emit_event::<DefaultEnvironment, _>(AdminTransferred { from, to });
    Ok(())
}

/// [`crate::Administered::upgrade`].
///
/// # Errors
/// `NotWired`, `NotAdmin`, `UnknownCode`.
pub fn upgrade<K: StorageKey>(kept: &Lazy<Admin, K>, code_hash: Bytes32) -> Result<(), AdminError> {
    ensure_admin(kept)?;
    ink::env::set_code_hash::<DefaultEnvironment>(&code_hash.into()).map_err(|_| AdminError::UnknownCode)?;
    ink::env::emit_event::<DefaultEnvironment, _>(CodeUpgraded { code_hash });
    Ok(())
}

/// [`crate::Pausable::pause`] and, for `stopped == false`, [`crate::Pausable::unpause`]; `mask` is the contract's pause mask, of
/// `functions` bits.
///
/// # Errors
/// `NotWired`, `NotGuardian`, `NotAdmin`, `NoSuchFunction`.
pub fn set_paused<K: StorageKey>(
    kept: &Lazy<Admin, K>,
    mask: &mut u8,
    function: u8,
    functions: u8,
    stopped: bool,
) -> Result<(), AdminError> {
    let (state, by) = (admin(kept), caller());
    *mask = match stopped {
        true => state.pause(by, *mask, function, functions)?,
        false => state.unpause(by, *mask, function, functions)?,
    };
    ink::env::emit_event::<DefaultEnvironment, _>(PauseSet { number: function, paused: stopped, by });
    Ok(())
}

/// [`crate::Pausable::set_guardian`].
///
/// # Errors
/// `NotWired`, `NotAdmin`.
pub fn set_guardian<K: StorageKey>(kept: &mut Lazy<Admin, K>, guardian: Option<AccountId>) -> Result<(), AdminError> {
    let mut state = admin(kept);
    state.set_guardian(caller(), guardian)?;
    kept.set(&state);
    ink::env::emit_event::<DefaultEnvironment, _>(GuardianSet { guardian });
    Ok(())
}
