//! The admin role, the same in every contract that has one: the deployer wires once, the timelock is admin from then
//! on, and the role moves only in two steps.

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
}

impl Admin {
    /// The state of a contract that was just deployed by `deployer`.
    pub fn new(deployer: AccountId) -> Self {
        Self { account: deployer, offered: None, wired: false, storage_version: 1 }
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
}
