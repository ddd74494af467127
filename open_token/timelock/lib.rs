//! The timelock: executes what a proposer scheduled, after a delay in public, and holds the roles.
//!
//! The shell: storage, messages, events. When what may happen is in [`operations`], how calls are made in
//! [`perform`]; the messages are documented in `openledger_abi::timelock`.
#![cfg_attr(not(feature = "std"), no_std, no_main)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap
    )
)]

mod operations;
mod perform;
#[cfg(test)]
mod tests;

#[ink::contract]
mod timelock {
    use crate::operations::{self, By, Parameters, Plan, Record};
    use crate::perform;
    use ink::prelude::vec::Vec;
    use ink::storage::{traits::ManualKey, Lazy, Mapping};
    use openledger_abi::timelock::{
        Administration, Call, CallFailure, Operation, OperationCancelled, OperationExecuted, OperationScheduled,
        OperationState, OperationSuperseded, ProposerSet, Timelock, TimelockError, TimelockParametersSet, MAX_QUEUED,
    };
    use openledger_abi::times::Unit;
    use openledger_abi::{ensure, Admin, AdminError, Bytes32, CodeUpgraded, Wired};

    #[ink(storage)]
    pub struct TimelockContract {
        operations: Mapping<Bytes32, Record, ManualKey<0x544c_0001>>,
        proposers: Mapping<AccountId, (), ManualKey<0x544c_0002>>,
        parameters: Lazy<Parameters, ManualKey<0x544c_0003>>,
        admin: Lazy<Admin, ManualKey<0x544c_0004>>,
        /// Operations with a call on a contract, in the order in which they were queued.
        queues: Mapping<AccountId, Vec<Bytes32>, ManualKey<0x544c_0005>>,
    }

    impl TimelockContract {
        /// `min_delay_ms`: the least delay of an operation; `grace_ms`: how long it stays ready; `guardian`: who may
        /// cancel beside the proposers; `unit`: what times are bounded in, for good. Errors: `BadParameters`.
        #[ink(constructor)]
        pub fn new(
            min_delay_ms: Timestamp,
            grace_ms: Timestamp,
            guardian: Option<AccountId>,
            unit: Unit,
        ) -> Result<Self, TimelockError> {
            let mut contract = Self {
                operations: Mapping::new(),
                proposers: Mapping::new(),
                parameters: Lazy::new(),
                admin: Lazy::new(),
                queues: Mapping::new(),
            };
            contract.admin.set(&Admin::new(Self::env().caller()));
            contract.set_parameters(Parameters { min_delay_ms, grace_ms, guardian, unit })?;
            Ok(contract)
        }

        fn parameters(&self) -> Result<Parameters, TimelockError> {
            Ok(self.parameters.get().ok_or(AdminError::NotWired)?)
        }

        fn set_parameters(&mut self, parameters: Parameters) -> Result<(), TimelockError> {
            let parameters = parameters.checked()?;
            self.parameters.set(&parameters);
            let Parameters { min_delay_ms, grace_ms, guardian, .. } = parameters;
            self.env().emit_event(TimelockParametersSet { min_delay_ms, grace_ms, guardian });
            Ok(())
        }

        fn set_proposer(&mut self, account: AccountId, granted: bool) {
            if granted {
                self.proposers.insert(account, &());
            } else {
                self.proposers.remove(account);
            }
            self.env().emit_event(ProposerSet { account, granted });
        }

        fn state_of(&self, id: Bytes32) -> OperationState {
            operations::state(self.operations.get(id).as_ref(), self.env().block_timestamp())
        }

        fn id_of(&self, calls: &[Call], salt: &Bytes32) -> Bytes32 {
            self.env().hash_bytes::<ink::env::hash::Blake2x256>(&operations::preimage(calls, salt))
        }

        fn is_open(&self, id: &Bytes32) -> bool {
            operations::is_open(self.operations.get(id).as_ref(), self.env().block_timestamp())
        }

        /// Puts an operation at the end of the queues of its contracts. Returns those before it that are open, each once.
        fn enqueue(&mut self, id: Bytes32, calls: &[Call]) -> Result<Vec<Bytes32>, TimelockError> {
            let mut predecessors: Vec<Bytes32> = Vec::new();
            for target in operations::targets(calls) {
                let mut queue = self.queues.get(target).unwrap_or_default();
                queue.retain(|other| self.is_open(other));
                ensure!(queue.len() < MAX_QUEUED, TimelockError::TooManyQueued);
                for other in &queue {
                    if !predecessors.contains(other) {
                        predecessors.push(*other);
                    }
                }
                queue.push(id);
                self.queues.insert(target, &queue);
            }
            Ok(predecessors)
        }

        /// Closes what stands before an operation in the queues of its contracts and holds it back no more; takes it out of them.
        fn dequeue(&mut self, id: Bytes32, calls: &[Call]) -> Result<(), TimelockError> {
            let (now, unit) = (self.env().block_timestamp(), self.unit());
            for target in operations::targets(calls) {
                let mut queue = self.queues.get(target).unwrap_or_default();
                let before = queue.iter().take_while(|other| **other != id).copied();
                for other in before.filter(|other| self.is_open(other)).collect::<Vec<_>>() {
                    let record = self.operations.get(other).ok_or(TimelockError::PredecessorOpen)?;
                    self.operations.insert(other, &operations::supersede(&record, unit, now)?);
                    self.env().emit_event(OperationSuperseded { id: other, later: id });
                }
                queue.retain(|other| *other != id && self.is_open(other));
                self.queues.insert(target, &queue);
            }
            Ok(())
        }

        /// Performs one call of an operation: inside if it is on the timelock itself.
        fn perform(&mut self, call: &Call) -> Result<(), CallFailure> {
            if call.target == self.env().account_id() {
                self.apply(perform::administration(call)?)
            } else {
                perform::call(call)
            }
        }

        fn apply(&mut self, action: Administration) -> Result<(), CallFailure> {
            match action {
                Administration::SetMinDelay(min_delay_ms) => self.change(|now| Parameters { min_delay_ms, ..now }),
                Administration::SetGrace(grace_ms) => self.change(|now| Parameters { grace_ms, ..now }),
                Administration::SetGuardian(guardian) => self.change(|now| Parameters { guardian, ..now }),
                Administration::GrantProposer(account) => {
                    self.set_proposer(account, true);
                    Ok(())
                }
                Administration::RevokeProposer(account) => {
                    self.set_proposer(account, false);
                    Ok(())
                }
                Administration::SetCodeHash(code_hash) => {
                    self.env().set_code_hash(&Hash::from(code_hash)).map_err(|_| CallFailure::Refused)?;
                    self.env().emit_event(CodeUpgraded { code_hash });
                    Ok(())
                }
            }
        }

        fn change(&mut self, change: impl FnOnce(Parameters) -> Parameters) -> Result<(), CallFailure> {
            let parameters = self.parameters().map_err(|_| CallFailure::Refused)?;
            self.set_parameters(change(parameters)).map_err(|_| CallFailure::Refused)
        }
    }

    impl Timelock for TimelockContract {
        #[ink(message)]
        fn wire(&mut self, governor: AccountId) -> Result<(), TimelockError> {
            let itself = self.env().account_id();
            let mut admin = self.admin.get().ok_or(AdminError::NotWired)?;
            admin.wire(self.env().caller(), itself)?;
            self.admin.set(&admin);
            self.env().emit_event(Wired { admin: itself });
            self.set_proposer(governor, true);
            Ok(())
        }

        #[ink(message)]
        fn schedule(
            &mut self,
            calls: Vec<Call>,
            salt: Bytes32,
            delay_ms: Option<Timestamp>,
        ) -> Result<Operation, TimelockError> {
            ensure!(self.is_wired(), AdminError::NotWired);
            ensure!(self.is_proposer(self.env().caller()), TimelockError::NotProposer);
            operations::ensure_calls(&calls)?;
            let id = self.id_of(&calls, &salt);
            ensure!(!self.is_open(&id), TimelockError::AlreadyScheduled);
            let predecessors = self.enqueue(id, &calls)?;
            let parameters = self.parameters()?;
            let yields_at = |id| self.operations.get(id).map_or(0, |record| record.yields_at(parameters.unit));
            let free_at = predecessors.iter().map(yields_at).max().unwrap_or(0);
            let names_guardian = perform::only_names_guardian(&calls, self.env().account_id());
            let plan = Plan { delay_ms, names_guardian, free_at };
            let (before, now) = (self.operations.get(id), self.env().block_timestamp());
            let record = operations::schedule(before.as_ref(), &parameters, plan, now)?;
            self.operations.insert(id, &record);
            let Record { ready_at, free_at, expires_at, .. } = record;
            self.env().emit_event(OperationScheduled { id, calls, predecessors, salt, ready_at, free_at, expires_at });
            Ok(Operation { id, ready_at, free_at, expires_at })
        }

        #[ink(message)]
        fn execute(&mut self, calls: Vec<Call>, salt: Bytes32) -> Result<(), TimelockError> {
            let id = self.id_of(&calls, &salt);
            let record = operations::execute(self.operations.get(id).as_ref(), self.env().block_timestamp())?;
            self.dequeue(id, &calls)?;
            self.operations.insert(id, &record);
            for (index, call) in (0u32..).zip(&calls) {
                self.perform(call).map_err(|failure| TimelockError::CallFailed { index, failure })?;
            }
            self.env().emit_event(OperationExecuted { id, by: self.env().caller() });
            Ok(())
        }

        #[ink(message)]
        fn cancel(&mut self, id: Bytes32) -> Result<(), TimelockError> {
            let by = self.env().caller();
            let role = if self.is_proposer(by) {
                By::Proposer
            } else {
                ensure!(self.guardian() == Some(by), TimelockError::MayNotCancel);
                By::Guardian
            };
            let record = operations::cancel(self.operations.get(id).as_ref(), role, self.env().block_timestamp())?;
            self.operations.insert(id, &record);
            self.env().emit_event(OperationCancelled { id, by });
            Ok(())
        }

        #[ink(message)]
        fn administer(&mut self, _action: Administration) -> Result<(), TimelockError> {
            Err(TimelockError::OnlyItself)
        }

        #[ink(message)]
        fn operation_state(&self, id: Bytes32) -> OperationState {
            self.state_of(id)
        }

        #[ink(message)]
        fn operation(&self, id: Bytes32) -> Option<Operation> {
            let Record { ready_at, free_at, expires_at, .. } = self.operations.get(id)?;
            Some(Operation { id, ready_at, free_at, expires_at })
        }

        #[ink(message)]
        fn hash_operation(&self, calls: Vec<Call>, salt: Bytes32) -> Bytes32 {
            self.id_of(&calls, &salt)
        }

        #[ink(message)]
        fn queued(&self, target: AccountId) -> Vec<Bytes32> {
            self.queues.get(target).unwrap_or_default()
        }

        #[ink(message)]
        fn min_delay_ms(&self) -> Timestamp {
            self.parameters.get().map_or(0, |parameters| parameters.min_delay_ms)
        }

        #[ink(message)]
        fn grace_ms(&self) -> Timestamp {
            self.parameters.get().map_or(0, |parameters| parameters.grace_ms)
        }

        #[ink(message)]
        fn unit(&self) -> Unit {
            self.parameters.get().map_or_else(Unit::default, |parameters| parameters.unit)
        }

        #[ink(message)]
        fn guardian(&self) -> Option<AccountId> {
            self.parameters.get().and_then(|parameters| parameters.guardian)
        }

        #[ink(message)]
        fn is_proposer(&self, account: AccountId) -> bool {
            self.proposers.contains(account)
        }

        #[ink(message)]
        fn is_wired(&self) -> bool {
            self.admin.get().is_some_and(|admin| admin.wired)
        }
    }
}
