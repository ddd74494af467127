//! The admin role, the same in every contract that has one: the deployer wires once, the timelock is admin from then
//! on, and the role moves only in two steps. Beside it a guardian, who can stop a function but not set it free.
//!
//! What the messages do with the storage and the events of a contract is in [`crate::roles`].

use crate::common::{AccountId, Bytes32};

/// What an account may not do, or not yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub enum AdminError {
    /// Only the admin may do this.
    NotAdmin,
    /// Only the account that deployed the contract may wire it.
    NotDeployer,
    /// The contract is wired already.
    AlreadyWired,
    /// The deployer has not wired the contract yet.
    NotWired,
    /// The caller is not the account to which the role was offered.
    NotOffered,
    /// The chain refused the new code: no code was uploaded under this hash.
    UnknownCode,
    /// Only the guardian and the admin may do this.
    NotGuardian,
    /// The contract has no function of this number that can be paused.
    NoSuchFunction,
    /// The code knows another version of the storage than the one that is there: an upgrade waits for `migrate`.
    NotMigrated,
    /// There is nothing that this code can migrate: done already, or another version than the one before its own.
    NothingToMigrate,
}

/// Who may change a contract. Costs nothing to pass between messages: keep it in a `Lazy` with a manual key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub struct Admin {
    /// The admin; before wiring, the deployer, who can only wire.
    pub account: AccountId,
    /// To whom the role is offered.
    pub offered: Option<AccountId>,
    /// Whether the contract knows its peers.
    pub wired: bool,
    /// The version of the storage layout that the contract's values are written in.
    pub storage_version: u16,
    /// Who may pause functions of a [`Pausable`] contract; nobody in any other.
    pub guardian: Option<AccountId>,
}

impl Admin {
    /// The state of a contract that was just deployed by `deployer`.
    pub fn new(deployer: AccountId) -> Self {
        Self { account: deployer, offered: None, wired: false, storage_version: 1, guardian: None }
    }

    /// The same of a contract whose functions a guardian may pause.
    pub fn guarded(deployer: AccountId, guardian: Option<AccountId>) -> Self {
        Self { guardian, ..Self::new(deployer) }
    }

    /// Wires the contract: `admin` holds the role from now on. Errors: `AlreadyWired`, `NotDeployer`.
    pub fn wire(&mut self, caller: AccountId, admin: AccountId) -> Result<(), AdminError> {
        if self.wired {
            return Err(AdminError::AlreadyWired);
        }
        if caller != self.account {
            return Err(AdminError::NotDeployer);
        }
        self.account = admin;
        self.wired = true;
        Ok(())
    }

    /// Errors with `NotWired` until the contract is wired.
    pub fn ensure_wired(&self) -> Result<(), AdminError> {
        if self.wired {
            Ok(())
        } else {
            Err(AdminError::NotWired)
        }
    }

    /// Errors unless the contract is wired and `caller` is its admin.
    pub fn ensure(&self, caller: AccountId) -> Result<(), AdminError> {
        self.ensure_wired()?;
        if caller == self.account {
            Ok(())
        } else {
            Err(AdminError::NotAdmin)
        }
    }

    /// Errors unless the contract is wired and its storage is of `version`, the one its code knows.
    pub fn ensure_current(&self, version: u16) -> Result<(), AdminError> {
        self.ensure_wired()?;
        if self.storage_version == version {
            Ok(())
        } else {
            Err(AdminError::NotMigrated)
        }
    }

    /// Notes that the storage goes from one version to another, by the admin; the contract rewrites its values in the
    /// same call. Errors: `NotWired`, `NotAdmin`, `NothingToMigrate` unless the storage is of version `from`.
    pub fn migrate(&mut self, caller: AccountId, from: u16, to: u16) -> Result<(), AdminError> {
        self.ensure(caller)?;
        if self.storage_version != from {
            return Err(AdminError::NothingToMigrate);
        }
        self.storage_version = to;
        Ok(())
    }

    /// The admin offers its role to `to`; an earlier offer is replaced.
    pub fn offer(&mut self, caller: AccountId, to: AccountId) -> Result<(), AdminError> {
        self.ensure(caller)?;
        self.offered = Some(to);
        Ok(())
    }

    /// The account to which the role was offered takes it. Returns the admin before it.
    pub fn accept(&mut self, caller: AccountId) -> Result<AccountId, AdminError> {
        self.ensure_wired()?;
        if self.offered != Some(caller) {
            return Err(AdminError::NotOffered);
        }
        self.offered = None;
        Ok(core::mem::replace(&mut self.account, caller))
    }

    /// Errors unless the contract is wired and `caller` is its guardian.
    pub fn ensure_guardian(&self, caller: AccountId) -> Result<(), AdminError> {
        self.ensure_wired()?;
        if self.guardian == Some(caller) {
            Ok(())
        } else {
            Err(AdminError::NotGuardian)
        }
    }

    /// The pause mask with `function` stopped, by the guardian or the admin; the contract has `functions` of them.
    ///
    /// # Errors
    /// `NotWired`, `NotGuardian`, `NoSuchFunction`.
    pub fn pause(&self, caller: AccountId, mask: u8, function: u8, functions: u8) -> Result<u8, AdminError> {
        self.ensure(caller).or_else(|_| self.ensure_guardian(caller))?;
        Ok(mask | bit(function, functions)?)
    }

    /// The pause mask with `function` set free. By the admin alone: a guardian stops what may be going wrong, only
    /// governance decides that it goes on.
    ///
    /// # Errors
    /// `NotWired`, `NotAdmin`, `NoSuchFunction`.
    pub fn unpause(&self, caller: AccountId, mask: u8, function: u8, functions: u8) -> Result<u8, AdminError> {
        self.ensure(caller)?;
        Ok(mask & !bit(function, functions)?)
    }

    /// Another guardian, or none. By the admin.
    ///
    /// # Errors
    /// `NotWired`, `NotAdmin`.
    pub fn set_guardian(&mut self, caller: AccountId, guardian: Option<AccountId>) -> Result<(), AdminError> {
        self.ensure(caller)?;
        self.guardian = guardian;
        Ok(())
    }
}

/// The bit of a function in a contract's pause mask.
fn bit(function: u8, functions: u8) -> Result<u8, AdminError> {
    let known = (function < functions).then(|| 1u8.checked_shl(u32::from(function))).flatten();
    known.ok_or(AdminError::NoSuchFunction)
}

/// Whether a pause mask stops a function.
pub fn is_paused(mask: u8, function: u8) -> bool {
    mask.checked_shr(u32::from(function)).unwrap_or(0) & 1 == 1
}

/// What governance may do with any contract of the suite; the same selectors everywhere, so that a program needs to
/// know no contract to list who may change it.
#[ink::trait_definition]
pub trait Administered {
    /// Who may change the contract, and whether it is wired.
    #[ink(message)]
    fn admin(&self) -> Admin;

    /// The admin offers its role to another account. Emits `AdminTransferStarted`.
    /// Errors: `NotWired`, `NotAdmin`.
    #[ink(message)]
    fn transfer_admin(&mut self, to: AccountId) -> Result<(), AdminError>;

    /// The account to which the role was offered takes it. Emits `AdminTransferred`.
    /// Errors: `NotWired`, `NotOffered`.
    #[ink(message)]
    fn accept_admin(&mut self) -> Result<(), AdminError>;

    /// Replaces the contract's code by an uploaded one, from the next call on; the storage stays. Admin only. Emits
    /// `CodeUpgraded`. Errors: `NotWired`, `NotAdmin`, `UnknownCode`.
    #[ink(message)]
    fn upgrade(&mut self, code_hash: Bytes32) -> Result<(), AdminError>;
}

/// What can be stopped in a contract, function by function; their numbers stand in its module's `pause`. What lets people
/// leave with what is theirs is never among them.
#[ink::trait_definition]
pub trait Pausable {
    /// Stops a function. By the guardian or the admin. Emits [`crate::PauseSet`].
    /// Errors: `NotWired`, `NotGuardian`, `NoSuchFunction`.
    #[ink(message)]
    fn pause(&mut self, number: u8) -> Result<(), AdminError>;

    /// Sets a function free. By the admin. Emits [`crate::PauseSet`]. Errors: `NotWired`, `NotAdmin`, `NoSuchFunction`.
    #[ink(message)]
    fn unpause(&mut self, number: u8) -> Result<(), AdminError>;

    /// Bit i: function i is stopped.
    #[ink(message)]
    fn paused(&self) -> u8;

    /// Makes another account guardian, or nobody. By the admin. Emits [`crate::GuardianSet`]. Errors: `NotWired`, `NotAdmin`.
    #[ink(message)]
    fn set_guardian(&mut self, guardian: Option<AccountId>) -> Result<(), AdminError>;

    /// Who may stop functions beside the admin.
    #[ink(message)]
    fn guardian(&self) -> Option<AccountId>;
}

/// A code that follows another one on the same storage, and rewrites what the earlier one wrote.
#[ink::trait_definition]
pub trait Migrates {
    /// Brings the storage from the version of the code before to this code's own; until then every message that needs
    /// the storage errs with `NotMigrated`. Once, by the admin: the call after `upgrade` in one operation. Emits
    /// `StorageMigrated`. Errors: `NotWired`, `NotAdmin`, `NothingToMigrate`.
    #[ink(message)]
    fn migrate(&mut self) -> Result<(), AdminError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(byte: u8) -> AccountId {
        AccountId::from([byte; 32])
    }

    fn deployer() -> AccountId {
        account(1)
    }

    fn timelock() -> AccountId {
        account(2)
    }

    fn other() -> AccountId {
        account(3)
    }

    fn wired() -> Admin {
        let mut admin = Admin::new(deployer());
        admin.wire(deployer(), timelock()).unwrap();
        admin
    }

    #[test]
    fn the_deployer_wires_once_and_is_admin_no_more() {
        let mut admin = Admin::new(deployer());
        assert_eq!(admin.ensure(deployer()), Err(AdminError::NotWired));
        assert_eq!(admin.wire(other(), other()), Err(AdminError::NotDeployer));
        assert_eq!(admin.wire(deployer(), timelock()), Ok(()));
        assert_eq!(admin.wire(deployer(), deployer()), Err(AdminError::AlreadyWired));
        assert_eq!(admin.ensure(deployer()), Err(AdminError::NotAdmin));
        assert_eq!(admin.ensure(timelock()), Ok(()));
    }

    #[test]
    fn the_role_moves_when_the_other_side_accepts() {
        let mut admin = wired();
        assert_eq!(admin.offer(other(), other()), Err(AdminError::NotAdmin));
        assert_eq!(admin.accept(other()), Err(AdminError::NotOffered));
        admin.offer(timelock(), other()).unwrap();
        assert_eq!(admin.ensure(timelock()), Ok(()));
        assert_eq!(admin.accept(other()), Ok(timelock()));
        assert_eq!(admin.ensure(other()), Ok(()));
        assert_eq!(admin.accept(other()), Err(AdminError::NotOffered));
    }

    #[test]
    fn a_guardian_stops_functions_and_only_the_admin_sets_them_free() {
        let (guardian, functions) = (account(4), 3);
        let mut admin = Admin::guarded(deployer(), Some(guardian));
        assert_eq!(admin.pause(guardian, 0, 0, functions), Err(AdminError::NotWired));
        admin.wire(deployer(), timelock()).unwrap();
        for (caller, expected) in
            [(guardian, Ok(0b100)), (timelock(), Ok(0b100)), (deployer(), Err(AdminError::NotGuardian))]
        {
            assert_eq!(admin.pause(caller, 0, 2, functions), expected);
        }
        for (caller, expected) in
            [(guardian, Err(AdminError::NotAdmin)), (timelock(), Ok(0b001)), (deployer(), Err(AdminError::NotAdmin))]
        {
            assert_eq!(admin.unpause(caller, 0b101, 2, functions), expected);
        }
    }

    #[test]
    fn pausing_twice_is_pausing_once_and_an_unknown_function_is_refused() {
        let admin = wired();
        assert_eq!(admin.pause(timelock(), 0b010, 1, 3), Ok(0b010));
        assert_eq!(admin.unpause(timelock(), 0b101, 1, 3), Ok(0b101));
        for function in [3, 8, u8::MAX] {
            assert_eq!(admin.pause(timelock(), 0, function, 3), Err(AdminError::NoSuchFunction));
            assert_eq!(admin.unpause(timelock(), 0, function, 3), Err(AdminError::NoSuchFunction));
        }
        assert_eq!(admin.pause(timelock(), 0, 7, u8::MAX), Ok(0b1000_0000));
        assert_eq!(admin.pause(timelock(), 0, 8, u8::MAX), Err(AdminError::NoSuchFunction));
    }

    #[test]
    fn a_mask_stops_the_functions_whose_bits_are_set() {
        for function in 0..=u8::MAX {
            assert_eq!(is_paused(0b0000_0101, function), function == 0 || function == 2);
        }
    }

    #[test]
    fn the_admin_names_the_guardian_and_without_one_stops_functions_itself() {
        let mut admin = wired();
        assert_eq!(admin.pause(other(), 0, 0, 1), Err(AdminError::NotGuardian));
        assert_eq!(admin.set_guardian(other(), Some(other())), Err(AdminError::NotAdmin));
        admin.set_guardian(timelock(), Some(other())).unwrap();
        assert_eq!(admin.ensure_guardian(other()), Ok(()));
        assert_eq!(admin.ensure_guardian(timelock()), Err(AdminError::NotGuardian));
        // A guardian can't name its successor.
        assert_eq!(admin.set_guardian(other(), Some(deployer())), Err(AdminError::NotAdmin));
        admin.set_guardian(timelock(), None).unwrap();
        assert_eq!(admin.pause(other(), 0, 0, 1), Err(AdminError::NotGuardian));
        assert_eq!(admin.pause(timelock(), 0, 0, 1), Ok(1));
    }
    #[test]
    fn storage_moves_one_version_on_once_and_by_the_admin() {
        let mut admin = Admin::new(deployer());
        assert_eq!(admin.ensure_current(1), Err(AdminError::NotWired));
        assert_eq!(admin.migrate(deployer(), 1, 2), Err(AdminError::NotWired));
        admin.wire(deployer(), timelock()).unwrap();
        assert_eq!(admin.ensure_current(2), Err(AdminError::NotMigrated));
        assert_eq!(admin.migrate(other(), 1, 2), Err(AdminError::NotAdmin));
        assert_eq!(admin.migrate(timelock(), 2, 3), Err(AdminError::NothingToMigrate));
        assert_eq!(admin.migrate(timelock(), 1, 2), Ok(()));
        assert_eq!(admin.ensure_current(2), Ok(()));
        assert_eq!(admin.ensure_current(1), Err(AdminError::NotMigrated));
        assert_eq!(admin.migrate(timelock(), 1, 2), Err(AdminError::NothingToMigrate));
    }
}
