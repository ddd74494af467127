//! What every contract shares: plain types, `ensure!`, and the events that several of them emit.

pub use ink::primitives::AccountId;

/// An amount of OPEN in units of 10^-18.
pub type Balance = u128;
/// A point in chain time, in milliseconds since the Unix epoch (ERC-6372's timestamp mode).
pub type Timestamp = u64;
/// A hash, a root, a public key.
pub type Bytes32 = [u8; 32];

/// The whole in basis points.
pub const BPS: u16 = 10_000;
/// One OPEN.
pub const OPEN: Balance = 1_000_000_000_000_000_000;

/// Returns the error unless the condition holds.
#[macro_export]
macro_rules! ensure {
    ($condition:expr, $error:expr $(,)?) => {
        if !$condition {
            return Err($error.into());
        }
    };
}

/// The deployer set the contract's peers and handed the admin role to the timelock.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct Wired {
    /// The new admin.
    pub admin: AccountId,
}

/// The admin offered its role; nothing changes until the other account accepts.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct AdminTransferStarted {
    pub from: AccountId,
    pub to: AccountId,
}

/// The admin role moved.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct AdminTransferred {
    pub from: AccountId,
    pub to: AccountId,
}

/// One function of the contract was paused (`paused`) or set free again.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct PauseSet {
    /// The bit of the function in the contract's pause mask.
    pub number: u8,
    pub paused: bool,
    pub by: AccountId,
}

/// Another account may pause the contract's functions, or nobody.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct GuardianSet {
    pub guardian: Option<AccountId>,
}

/// The contract's code was replaced.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct CodeUpgraded {
    pub code_hash: Bytes32,
}

/// The contract's values were rewritten for its new code.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct StorageMigrated {
    /// The storage's version before.
    pub from: u16,
    /// Its version now.
    pub to: u16,
}
