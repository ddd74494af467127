use crate::timelock::TimelockContract;
use ink::codegen::Env as _;
use ink::env::test::{default_accounts, recorded_events, set_block_timestamp, set_caller};
use ink::env::DefaultEnvironment as E;
use openledger_abi::timelock::{Administration, Call, CallFailure, OperationState, Timelock, TimelockError};
use openledger_abi::times::Unit;
use openledger_abi::{AccountId, AdminError, Bytes32};

const DAY: u64 = 86_400_000;
const SALT: Bytes32 = [3; 32];

/// A wired timelock: alice deployed it, bob proposes, charlie is guardian; the clock shows day 10.
fn deploy() -> TimelockContract {
    let accounts = default_accounts::<E>();
    set_block_timestamp::<E>(10 * DAY);
    set_caller::<E>(accounts.alice);
    let mut timelock = TimelockContract::new(2 * DAY, 14 * DAY, Some(accounts.charlie), Unit::Day).unwrap();
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
    let operation = timelock.schedule(calls.clone(), SALT, None)?;
    set_block_timestamp::<E>(operation.ready_at);
    let result = timelock.execute(calls, SALT);
    set_block_timestamp::<E>(now);
    result
}

#[ink::test]
fn nothing_is_scheduled_before_wiring_nor_by_others() {
    let accounts = default_accounts::<E>();
    set_caller::<E>(accounts.alice);
    let mut timelock = TimelockContract::new(DAY, DAY, None, Unit::Day).unwrap();
    let calls = on_itself(&timelock, Administration::SetMinDelay(5));
    assert_eq!(timelock.schedule(calls.clone(), SALT, None), Err(TimelockError::Admin(AdminError::NotWired)));
    set_caller::<E>(accounts.eve);
    assert_eq!(timelock.wire(accounts.eve), Err(TimelockError::Admin(AdminError::NotDeployer)));
    set_caller::<E>(accounts.alice);
    timelock.wire(accounts.bob).unwrap();
    assert_eq!(timelock.wire(accounts.eve), Err(TimelockError::Admin(AdminError::AlreadyWired)));
    assert_eq!(timelock.schedule(calls, SALT, None), Err(TimelockError::NotProposer));
}

#[ink::test]
fn the_timelock_changes_itself_by_its_own_operations_alone() {
    let mut timelock = deploy();
    let accounts = default_accounts::<E>();
    assert_eq!(timelock.administer(Administration::SetMinDelay(0)), Err(TimelockError::OnlyItself));
    assert_eq!(run(&mut timelock, Administration::SetMinDelay(DAY)), Ok(()));
    assert_eq!(timelock.min_delay_ms(), DAY);
    assert_eq!(run(&mut timelock, Administration::SetGrace(DAY)), Ok(()));
    assert_eq!(timelock.grace_ms(), DAY);
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
    let operation = timelock.schedule(calls.clone(), SALT, None).unwrap();
    set_block_timestamp::<E>(operation.ready_at);
    assert_eq!(
        timelock.execute(calls, SALT),
        Err(TimelockError::CallFailed { index: 1, failure: CallFailure::Refused })
    );
}

#[ink::test]
fn anyone_executes_when_the_delay_has_passed() {
    let mut timelock = deploy();
    let accounts = default_accounts::<E>();
    let calls = on_itself(&timelock, Administration::SetMinDelay(DAY));
    let operation = timelock.schedule(calls.clone(), SALT, None).unwrap();
    assert_eq!(operation.ready_at, 12 * DAY);
    assert_eq!(operation.expires_at, 26 * DAY);
    assert_eq!(operation.id, timelock.hash_operation(calls.clone(), SALT));
    assert_eq!(timelock.operation(operation.id), Some(operation.clone()));

    set_caller::<E>(accounts.eve);
    set_block_timestamp::<E>(12 * DAY - 1);
    assert_eq!(timelock.execute(calls.clone(), SALT), Err(TimelockError::WrongState(OperationState::Waiting)));
    set_block_timestamp::<E>(12 * DAY);
    assert_eq!(timelock.operation_state(operation.id), OperationState::Ready);
    let before = recorded_events().count();
    assert_eq!(timelock.execute(calls.clone(), SALT), Ok(()));
    assert_eq!(recorded_events().count(), before + 2);
    assert_eq!(timelock.execute(calls, SALT), Err(TimelockError::WrongState(OperationState::Done)));
}

#[ink::test]
fn other_calls_or_another_salt_are_another_operation() {
    let mut timelock = deploy();
    let calls = on_itself(&timelock, Administration::SetMinDelay(DAY));
    let others = on_itself(&timelock, Administration::SetMinDelay(0));
    let operation = timelock.schedule(calls.clone(), SALT, None).unwrap();
    set_block_timestamp::<E>(operation.ready_at);
    let unset = Err(TimelockError::WrongState(OperationState::Unset));
    assert_eq!(timelock.execute(others, SALT), unset);
    assert_eq!(timelock.execute(calls, [4; 32]), unset);
}

#[ink::test]
fn the_guardian_and_proposers_cancel_and_nobody_else() {
    let mut timelock = deploy();
    let accounts = default_accounts::<E>();
    let calls = on_itself(&timelock, Administration::SetMinDelay(DAY));
    for by in [accounts.charlie, accounts.bob] {
        set_caller::<E>(accounts.bob);
        let operation = timelock.schedule(calls.clone(), SALT, None).unwrap();
        set_caller::<E>(accounts.eve);
        assert_eq!(timelock.cancel(operation.id), Err(TimelockError::MayNotCancel));
        set_caller::<E>(by);
        assert_eq!(timelock.cancel(operation.id), Ok(()));
        assert_eq!(timelock.operation_state(operation.id), OperationState::Cancelled);
        assert_eq!(timelock.cancel(operation.id), Err(TimelockError::WrongState(OperationState::Cancelled)));
    }
}

/// An operation on each of these accounts, which hold no contract: executing it fails at its first call.
fn on(targets: &[u8]) -> Vec<Call> {
    let call = |byte: &u8| Call { target: AccountId::from([*byte; 32]), selector: [0; 4], input: vec![], value: 0 };
    targets.iter().map(call).collect()
}

const NO_CONTRACT: Result<(), TimelockError> =
    Err(TimelockError::CallFailed { index: 0, failure: CallFailure::NoContract });
const HELD_BACK: Result<(), TimelockError> = Err(TimelockError::PredecessorOpen);

#[ink::test]
fn what_was_queued_before_on_one_of_its_contracts_holds_an_operation_back() {
    let mut timelock = deploy();
    let first = timelock.schedule(on(&[1]), SALT, None).unwrap();
    let second = timelock.schedule(on(&[2]), SALT, None).unwrap();
    timelock.schedule(on(&[3]), SALT, None).unwrap();
    let both = timelock.schedule(on(&[2, 1]), SALT, None).unwrap();
    assert_eq!(timelock.queued(AccountId::from([1; 32])), [first.id, both.id]);
    set_block_timestamp::<E>(12 * DAY);
    assert_eq!(timelock.execute(on(&[2, 1]), SALT), HELD_BACK);
    assert_eq!(timelock.execute(on(&[3]), SALT), NO_CONTRACT, "it shares no contract with the others");
    // A cancelled one holds nobody back, the other one still does.
    assert_eq!(timelock.cancel(second.id), Ok(()));
    assert_eq!(timelock.execute(on(&[2, 1]), SALT), HELD_BACK);
    assert_eq!(timelock.cancel(first.id), Ok(()));
    assert_eq!(timelock.execute(on(&[2, 1]), SALT), NO_CONTRACT);
}

#[ink::test]
fn one_that_was_cancelled_in_between_does_not_hide_the_one_before_it() {
    let mut timelock = deploy();
    timelock.schedule(on(&[1]), [1; 32], None).unwrap();
    let middle = timelock.schedule(on(&[1]), [2; 32], None).unwrap();
    timelock.schedule(on(&[1]), [3; 32], None).unwrap();
    timelock.cancel(middle.id).unwrap();
    set_block_timestamp::<E>(12 * DAY);
    assert_eq!(timelock.execute(on(&[1]), [3; 32]), HELD_BACK);
}

#[ink::test]
fn an_operation_that_fails_freezes_nothing_and_is_closed_by_the_next_one() {
    let mut timelock = deploy();
    let mut failing = on_itself(&timelock, Administration::SetGrace(0));
    failing.extend(on_itself(&timelock, Administration::SetMinDelay(DAY)));
    let good = on_itself(&timelock, Administration::SetMinDelay(3 * DAY));
    let first = timelock.schedule(failing.clone(), SALT, None).unwrap();
    let second = timelock.schedule(good.clone(), SALT, None).unwrap();
    set_block_timestamp::<E>(12 * DAY);
    assert_eq!(timelock.execute(good.clone(), SALT), HELD_BACK);
    assert_eq!((first.free_at, second.free_at), (12 * DAY, 13 * DAY));
    set_block_timestamp::<E>(second.free_at);
    assert_eq!(timelock.execute(good, SALT), Ok(()));
    assert_eq!(timelock.min_delay_ms(), 3 * DAY);
    assert_eq!(timelock.operation_state(first.id), OperationState::Expired);
    assert_eq!(timelock.execute(failing, SALT), Err(TimelockError::WrongState(OperationState::Expired)));
    assert_eq!(timelock.queued(timelock.env().account_id()), Vec::<Bytes32>::new());
}

#[ink::test]
fn a_contract_has_sixteen_operations_queued_at_most() {
    let mut timelock = deploy();
    for salt in 0..16 {
        timelock.schedule(on(&[1]), [salt; 32], None).unwrap();
    }
    assert_eq!(timelock.schedule(on(&[1]), [16; 32], None), Err(TimelockError::TooManyQueued));
    set_block_timestamp::<E>(99 * DAY);
    assert!(timelock.schedule(on(&[1]), [16; 32], None).is_ok(), "those that expired make room");
}
