//! What the governor asks of the token, the staking contract and the timelock. Whatever goes wrong on the way is one
//! error a peer.

use ink::message_builder;
use ink::prelude::vec::Vec;
use openledger_abi::ask::ask;
use openledger_abi::governor::GovernorError;
use openledger_abi::staking::Staking;
use openledger_abi::timelock::{Call, Operation, OperationState, Timelock};
use openledger_abi::token::Token;
use openledger_abi::{AccountId, Balance, Bytes32, Timestamp};

/// The contracts that the governor calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub struct Peers {
    pub token: AccountId,
    pub staking: AccountId,
    pub timelock: AccountId,
}

impl Peers {
    /// The votes of `account` at the end of `at`: what it holds or was delegated, and what is staked in its name.
    pub fn votes(&self, account: AccountId, at: Timestamp) -> Result<Balance, GovernorError> {
        let held = match ask(self.token, message_builder!(Token).get_past_votes(account, at)) {
            Some(Ok(votes)) => votes,
            _ => return Err(GovernorError::TokenFailed),
        };
        let staked = match ask(self.staking, message_builder!(Staking).get_past_votes(account, at)) {
            Some(Ok(votes)) => votes,
            _ => return Err(GovernorError::StakingFailed),
        };
        held.checked_add(staked).ok_or(GovernorError::Overflow)
    }

    /// The supply at the end of `at`.
    pub fn supply(&self, at: Timestamp) -> Result<Balance, GovernorError> {
        match ask(self.token, message_builder!(Token).get_past_total_supply(at)) {
            Some(Ok(supply)) => Ok(supply),
            _ => Err(GovernorError::TokenFailed),
        }
    }

    /// Where an operation stands.
    pub fn operation_state(&self, id: Bytes32) -> Result<OperationState, GovernorError> {
        ask(self.timelock, message_builder!(Timelock).operation_state(id)).ok_or(GovernorError::TimelockFailed)
    }

    /// How long an operation stays ready, and a proposal can be queued.
    pub fn grace_ms(&self) -> Result<Timestamp, GovernorError> {
        ask(self.timelock, message_builder!(Timelock).grace_ms()).ok_or(GovernorError::TimelockFailed)
    }

    /// Schedules the calls under the salt, with the least delay.
    pub fn schedule(&self, calls: Vec<Call>, salt: Bytes32) -> Result<Operation, GovernorError> {
        let scheduled = ask(self.timelock, message_builder!(Timelock).schedule(calls, salt, None));
        scheduled.ok_or(GovernorError::TimelockFailed)?.map_err(GovernorError::Timelock)
    }

    /// Cancels an operation.
    pub fn cancel(&self, id: Bytes32) -> Result<(), GovernorError> {
        let cancelled = ask(self.timelock, message_builder!(Timelock).cancel(id));
        cancelled.ok_or(GovernorError::TimelockFailed)?.map_err(GovernorError::Timelock)
    }
}
