//! The timelock: it holds the admin role of every contract, and does nothing before its delay has passed in public.
//!
//! **In order.** An operation waits for each one that was queued before it and has a call on one of its contracts, so that of two votes
//! over one contract the later one has the last word. The earlier one holds it back while it is waiting or ready, but no longer
//! than [`crate::times::QUEUE_SLACK`] after anyone could have executed it: an operation whose call fails freezes nothing. Whoever
//! executes the later one then closes the earlier one.
//!
//! Constructor: `new(min_delay_ms: u64, grace_ms: u64, guardian: Option<AccountId>, unit: Unit)`, within
//! [`crate::times::TIMELOCK_DELAY`] and [`GRACE`].
//! Its own admin is itself: what changes the timelock is an operation like any other, and is applied inside.

use crate::admin::AdminError;
use crate::common::{AccountId, Balance, Bytes32, Timestamp};
use crate::times::{Bounds, Unit, QUEUE_SLACK};
use ink::prelude::vec::Vec;

/// The most calls an operation may have.
pub const MAX_CALLS: usize = 16;
/// The most bytes that an operation's calls may take, SCALE-encoded.
pub const MAX_CALLS_BYTES: usize = 8_192;

/// The most operations that wait or are ready at a time with a call on one contract.
pub const MAX_QUEUED: usize = 16;
/// How long an operation stays ready, in units: at least as long as it may hold others back.
pub const GRACE: Bounds = Bounds { min: QUEUE_SLACK, max: 365 };

/// One call that the timelock makes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub struct Call {
    /// The contract called. If it is the timelock itself, the call must be [`Timelock::administer`].
    pub target: AccountId,
    /// The message's selector.
    pub selector: [u8; 4],
    /// The message's arguments, SCALE-encoded one after the other.
    pub input: Vec<u8>,
    /// Native coin sent along, from the timelock's own balance.
    pub value: Balance,
}

impl Call {
    /// The call of `target` that a typed message stands for, without native coin:
    /// `Call::of(escrow, &message_builder!(Escrow).set_parameters(p).input)`. `input` is anything that encodes to the
    /// selector and then the arguments; less than four bytes count as filled up with zeros.
    pub fn of(target: AccountId, input: &impl ink::scale::Encode) -> Self {
        let bytes = input.encode();
        let mut selector = [0; 4];
        let split = bytes.len().min(4);
        selector[..split].copy_from_slice(&bytes[..split]);
        Self { target, selector, input: bytes[split..].to_vec(), value: 0 }
    }
}

/// What the timelock can do to itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub enum Administration {
    /// The shortest delay from now on, ms, within [`crate::times::TIMELOCK_DELAY`]; what is scheduled keeps its time.
    SetMinDelay(Timestamp),
    /// How long an operation stays ready before it expires, ms, within [`GRACE`]. What is scheduled keeps its time.
    SetGrace(Timestamp),
    /// Who may cancel beside the proposers.
    SetGuardian(Option<AccountId>),
    /// Lets an account schedule and cancel.
    GrantProposer(AccountId),
    /// Takes that from it.
    RevokeProposer(AccountId),
    /// Replaces the timelock's code by an uploaded one, from the next call on.
    SetCodeHash(Bytes32),
}

/// Where an operation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub enum OperationState {
    /// Never scheduled.
    Unset,
    /// Scheduled; its delay has not passed.
    Waiting,
    /// Anyone may execute it.
    Ready,
    /// Nobody executed it in its grace period, or a later one came before it; it can be scheduled again.
    Expired,
    /// Executed.
    Done,
    /// Cancelled; it can be scheduled again.
    Cancelled,
}

/// A scheduled operation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub struct Operation {
    /// blake2b-256 of (calls, salt), SCALE-encoded.
    pub id: Bytes32,
    /// From when on it may be executed, ms, if none that was queued before it still holds it back.
    pub ready_at: Timestamp,
    /// From when on none does any more, ms; not before `ready_at`.
    pub free_at: Timestamp,
    /// From when on it may not be executed any more, ms.
    pub expires_at: Timestamp,
}

/// Why a call inside an operation failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub enum CallFailure {
    /// The message returned an error, or doesn't exist.
    Reverted,
    /// The contract trapped, or ran out of gas.
    Trapped,
    /// There is no contract at the target.
    NoContract,
    /// The timelock has not enough native coin for the call's value.
    Value,
    /// A call on the timelock itself that is no [`Administration`], or carries native coin.
    NotAnAdministration,
    /// The [`Administration`] can't be applied: times out of bounds, a code hash that the chain doesn't know.
    Refused,
    /// Something else that the chain reports.
    Other,
}

/// Errors of the timelock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub enum TimelockError {
    /// See [`AdminError`].
    Admin(AdminError),
    /// Only a proposer may schedule.
    NotProposer,
    /// Only a proposer or the guardian may cancel, and the guardian nothing that only replaces it.
    MayNotCancel,
    /// An operation has 1 to [`MAX_CALLS`] calls of [`MAX_CALLS_BYTES`] bytes together.
    BadCalls,
    /// The delay is shorter than the least one.
    DelayTooShort {
        /// The least delay, ms.
        min_delay_ms: Timestamp,
    },
    /// The operation is scheduled or done already.
    AlreadyScheduled,
    /// The operation doesn't stand where this needs it to.
    WrongState(OperationState),
    /// An operation that was queued before this one, with a call on one of its contracts, holds it back.
    PredecessorOpen,
    /// A call failed, so nothing of the operation was done.
    CallFailed {
        /// The place of the call in the operation, from 0.
        index: u32,
        /// Why.
        failure: CallFailure,
    },
    /// Only the timelock itself, by an operation.
    OnlyItself,
    /// A time left its range.
    Overflow,
    /// A time out of its bounds.
    BadParameters,
    /// As many operations as may wait have a call on one of the contracts.
    TooManyQueued,
}

impl From<AdminError> for TimelockError {
    fn from(error: AdminError) -> Self {
        Self::Admin(error)
    }
}

/// Schedules, and executes by anyone's call. Nobody can stop an operation but by `cancel`; there is no pause.
#[ink::trait_definition]
pub trait Timelock {
    /// Makes the governor a proposer. Once, by the deployer. Emits `Wired`, `ProposerSet`.
    /// Errors: `Admin(AlreadyWired | NotDeployer)`.
    #[ink(message)]
    fn wire(&mut self, governor: AccountId) -> Result<(), TimelockError>;

    /// Schedules `calls`, to be executed `delay_ms` from now or later (`None`: the least delay), after those queued before with a
    /// call on one of their contracts. `salt` tells equal operations apart. Emits `OperationScheduled`.
    /// Errors: `Admin(NotWired)`, `NotProposer`, `BadCalls`, `DelayTooShort`, `AlreadyScheduled`, `TooManyQueued`, `Overflow`.
    #[ink(message)]
    fn schedule(
        &mut self,
        calls: Vec<Call>,
        salt: Bytes32,
        delay_ms: Option<Timestamp>,
    ) -> Result<Operation, TimelockError>;

    /// Executes a ready operation: all of its calls in order, or none. Anyone. Emits `OperationSuperseded` for each one before it that
    /// no longer holds it back, `OperationExecuted`, and an event for each change of the timelock itself.
    /// Errors: `WrongState`, `PredecessorOpen`, `CallFailed`.
    #[ink(message)]
    fn execute(&mut self, calls: Vec<Call>, salt: Bytes32) -> Result<(), TimelockError>;

    /// Cancels an operation that is waiting or ready. Proposers and the guardian, who can't cancel what names another guardian
    /// (or none) and does nothing else: it could stay for good. Emits `OperationCancelled`.
    /// Errors: `MayNotCancel`, `WrongState`.
    #[ink(message)]
    fn cancel(&mut self, id: Bytes32) -> Result<(), TimelockError>;

    /// Stands for a change of the timelock in the calls of an operation on itself; called from outside it always errs
    /// with `OnlyItself`.
    #[ink(message)]
    fn administer(&mut self, action: Administration) -> Result<(), TimelockError>;

    /// Where the operation stands now.
    #[ink(message)]
    fn operation_state(&self, id: Bytes32) -> OperationState;

    /// The operation, if it was ever scheduled; its times are the last scheduling's.
    #[ink(message)]
    fn operation(&self, id: Bytes32) -> Option<Operation>;

    /// The id of an operation.
    #[ink(message)]
    fn hash_operation(&self, calls: Vec<Call>, salt: Bytes32) -> Bytes32;

    /// The operations with a call on a contract, in the order in which they were queued, at most [`MAX_QUEUED`]; some may be closed.
    #[ink(message)]
    fn queued(&self, target: AccountId) -> Vec<Bytes32>;

    /// The least delay.
    #[ink(message)]
    fn min_delay_ms(&self) -> Timestamp;

    /// How long an operation stays ready.
    #[ink(message)]
    fn grace_ms(&self) -> Timestamp;

    /// What times are bounded in.
    #[ink(message)]
    fn unit(&self) -> Unit;

    /// Who may cancel beside the proposers.
    #[ink(message)]
    fn guardian(&self) -> Option<AccountId>;

    /// Whether the account may schedule and cancel.
    #[ink(message)]
    fn is_proposer(&self, account: AccountId) -> bool;

    /// Whether the deployer has wired the timelock.
    #[ink(message)]
    fn is_wired(&self) -> bool;
}

/// An operation was scheduled.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct OperationScheduled {
    #[ink(topic)]
    pub id: Bytes32,
    pub calls: Vec<Call>,
    /// Those queued before it that hold it back.
    pub predecessors: Vec<Bytes32>,
    pub salt: Bytes32,
    pub ready_at: Timestamp,
    pub free_at: Timestamp,
    pub expires_at: Timestamp,
}

/// All calls of an operation were made.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct OperationExecuted {
    #[ink(topic)]
    pub id: Bytes32,
    pub by: AccountId,
}

/// An operation that held another one back for too long was closed when that one, `later`, was executed.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct OperationSuperseded {
    #[ink(topic)]
    pub id: Bytes32,
    pub later: Bytes32,
}

/// An operation was cancelled.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct OperationCancelled {
    #[ink(topic)]
    pub id: Bytes32,
    pub by: AccountId,
}

/// An account became a proposer, or is none any more.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct ProposerSet {
    #[ink(topic)]
    pub account: AccountId,
    pub granted: bool,
}

/// The timelock's parameters, after a change and at the start.
#[ink::event]
#[derive(Debug, PartialEq, Eq)]
pub struct TimelockParametersSet {
    pub min_delay_ms: Timestamp,
    pub grace_ms: Timestamp,
    pub guardian: Option<AccountId>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use ink::env::call::{ExecutionInput, Selector};

    #[test]
    fn a_typed_message_becomes_selector_and_arguments() {
        let target = AccountId::from([7; 32]);
        let input = ExecutionInput::new(Selector::new([1, 2, 3, 4])).push_arg(5u32).push_arg(true);
        assert_eq!(
            Call::of(target, &input),
            Call { target, selector: [1, 2, 3, 4], input: vec![5, 0, 0, 0, 1], value: 0 }
        );
        assert_eq!(Call::of(target, &1u8).selector, [1, 0, 0, 0]);
    }
}
