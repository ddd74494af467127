use crate::timelock::TimelockContract;
use ink::codegen::Env as _;
use ink::env::test::{default_accounts, recorded_events, set_block_timestamp, set_caller};
use ink::env::DefaultEnvironment as E;
use openledger_abi::timelock::{Administration, Call, CallFailure, OperationState, Timelock, TimelockError};
use openledger_abi::{AdminError, Bytes32};

const NO_PREDECESSOR: Bytes32 = [0; 32];

const DAY: u64 = 86_400_000;
const SALT: Bytes32 = [3; 32];

/// A wired timelock: alice deployed it, bob proposes, charlie is guardian; the clock shows day 10.
fn deploy() -> TimelockContract {
    let accounts = default_accounts::<E>();
    set_block_timestamp::<E>(10 * DAY);
    set_caller::<E>(accounts.alice);
    let mut timelock = TimelockContract::new(2 * DAY, 14 * DAY, Some(accounts.charlie)).unwrap();
    timelock.wire(accounts.bob).unwrap();
    set_caller::<E>(accounts.bob);
    timelock
}

fn on_itself(timelock: &TimelockContract, action: Administration) -> Vec<Call> {
    let input = ink::message_builder!(Timelock).administer(action).input;
    vec![Call::of(timelock.env().account_id(), &input)]
}

fn run(timelock: &mut TimelockContract, action: Administration) -> Result<(), TimelockError> {
    let calls = on_itself(timelock, action);
    let now = timelock.env().block_timestamp();
    let operation = timelock.schedule(calls.clone(), NO_PREDECESSOR, SALT, None)?;
    set_block_timestamp::<E>(operation.ready_at);
    let result = timelock.execute(calls, NO_PREDECESSOR, SALT);
    set_block_timestamp::<E>(now);
    result
}

#[ink::test]
fn nothing_is_scheduled_before_wiring_nor_by_others() {
    let accounts = default_accounts::<E>();
    set_caller::<E>(accounts.alice);
    let mut timelock = TimelockContract::new(1, 1, None).unwrap();
    let calls = on_itself(&timelock, Administration::SetMinDelay(5));
    assert_eq!(
        timelock.schedule(calls.clone(), NO_PREDECESSOR, SALT, None),
        Err(TimelockError::Admin(AdminError::NotWired))
    );
    set_caller::<E>(accounts.eve);
    assert_eq!(timelock.wire(accounts.eve), Err(TimelockError::Admin(AdminError::NotDeployer)));
    set_caller::<E>(accounts.alice);
    timelock.wire(accounts.bob).unwrap();
    assert_eq!(timelock.wire(accounts.eve), Err(TimelockError::Admin(AdminError::AlreadyWired)));
    assert_eq!(timelock.schedule(calls, NO_PREDECESSOR, SALT, None), Err(TimelockError::NotProposer));
}

#[ink::test]
fn the_timelock_changes_itself_by_its_own_operations_alone() {
    let mut timelock = deploy();
    let accounts = default_accounts::<E>();
    assert_eq!(timelock.administer(Administration::SetMinDelay(0)), Err(TimelockError::OnlyItself));
    assert_eq!(run(&mut timelock, Administration::SetMinDelay(DAY)), Ok(()));
    assert_eq!(timelock.min_delay(), DAY);
    assert_eq!(run(&mut timelock, Administration::SetGrace(DAY)), Ok(()));
    assert_eq!(timelock.grace(), DAY);
    assert_eq!(run(&mut timelock, Administration::SetGuardian(None)), Ok(()));
    assert_eq!(timelock.guardian(), None);
    assert_eq!(run(&mut timelock, Administration::GrantProposer(accounts.eve)), Ok(()));
    assert!(timelock.is_proposer(accounts.eve));
    assert_eq!(run(&mut timelock, Administration::RevokeProposer(accounts.bob)), Ok(()));
    assert!(!timelock.is_proposer(accounts.bob));
}

#[ink::test]
fn a_change_that_can_not_be_names_its_call() {
    let mut timelock = deploy();
    let mut calls = on_itself(&timelock, Administration::SetMinDelay(1));
    calls.extend(on_itself(&timelock, Administration::SetGrace(0)));
    let operation = timelock.schedule(calls.clone(), NO_PREDECESSOR, SALT, None).unwrap();
    set_block_timestamp::<E>(operation.ready_at);
    assert_eq!(
        timelock.execute(calls, NO_PREDECESSOR, SALT),
        Err(TimelockError::CallFailed { index: 1, failure: CallFailure::Refused })
    );
}

#[ink::test]
fn anyone_executes_when_the_delay_has_passed() {
    let mut timelock = deploy();
    let accounts = default_accounts::<E>();
    let calls = on_itself(&timelock, Administration::SetMinDelay(DAY));
    let operation = timelock.schedule(calls.clone(), NO_PREDECESSOR, SALT, None).unwrap();
    assert_eq!(operation.ready_at, 12 * DAY);
    assert_eq!(operation.expires_at, 26 * DAY);
    assert_eq!(operation.id, timelock.hash_operation(calls.clone(), NO_PREDECESSOR, SALT));
    assert_eq!(timelock.operation(operation.id), Some(operation.clone()));

    set_caller::<E>(accounts.eve);
    set_block_timestamp::<E>(12 * DAY - 1);
    assert_eq!(
        timelock.execute(calls.clone(), NO_PREDECESSOR, SALT),
        Err(TimelockError::WrongState(OperationState::Waiting))
    );
    set_block_timestamp::<E>(12 * DAY);
    assert_eq!(timelock.operation_state(operation.id), OperationState::Ready);
    let before = recorded_events().count();
    assert_eq!(timelock.execute(calls.clone(), NO_PREDECESSOR, SALT), Ok(()));
    assert_eq!(recorded_events().count(), before + 2);
    assert_eq!(timelock.execute(calls, NO_PREDECESSOR, SALT), Err(TimelockError::WrongState(OperationState::Done)));
}

#[ink::test]
fn other_calls_salt_or_predecessor_are_another_operation() {
    let mut timelock = deploy();
    let calls = on_itself(&timelock, Administration::SetMinDelay(DAY));
    let others = on_itself(&timelock, Administration::SetMinDelay(0));
    let operation = timelock.schedule(calls.clone(), NO_PREDECESSOR, SALT, None).unwrap();
    set_block_timestamp::<E>(operation.ready_at);
    let unset = Err(TimelockError::WrongState(OperationState::Unset));
    assert_eq!(timelock.execute(others, NO_PREDECESSOR, SALT), unset);
    assert_eq!(timelock.execute(calls.clone(), NO_PREDECESSOR, [4; 32]), unset);
    assert_eq!(timelock.execute(calls, [4; 32], SALT), unset);
}

#[ink::test]
fn the_guardian_and_proposers_cancel_and_nobody_else() {
    let mut timelock = deploy();
    let accounts = default_accounts::<E>();
    let calls = on_itself(&timelock, Administration::SetMinDelay(DAY));
    for by in [accounts.charlie, accounts.bob] {
        set_caller::<E>(accounts.bob);
        let operation = timelock.schedule(calls.clone(), NO_PREDECESSOR, SALT, None).unwrap();
        set_caller::<E>(accounts.eve);
        assert_eq!(timelock.cancel(operation.id), Err(TimelockError::MayNotCancel));
        set_caller::<E>(by);
        assert_eq!(timelock.cancel(operation.id), Ok(()));
        assert_eq!(timelock.operation_state(operation.id), OperationState::Canceled);
        assert_eq!(timelock.cancel(operation.id), Err(TimelockError::WrongState(OperationState::Canceled)));
    }
}
