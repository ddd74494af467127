//! From a vote to its execution, and what can't be executed.
use chain::{Chain, read, send};
use ink::message_builder;
use openledger_abi::CodeUpgraded;
use openledger_abi::admin::{AdminError, Administered};
use openledger_abi::escrow::Escrow;
use openledger_abi::governor::{Governor, GovernorError, GovernorParameters, ProposalId, ProposalState, Support};
use openledger_abi::timelock::{
    Administration, Call, CallFailure, OperationExecuted, OperationState, OperationSuperseded, Timelock, TimelockError,
};
use psp22::PSP22Metadata;
use std::time::Duration;

use crate::world::{HOLDING, NONE, World, fork, own_error};

#[test]
fn a_vote_changes_governor_timelock_and_escrow_at_once() {
    let world = fork();
    let parameters = GovernorParameters { voting_period_ms: 3 * 86_400_000, ..world.parameters() };
    let mut fees = world.config.fees.clone();
    fees.platform_bps -= 100;
    fees.contributors_bps += 100;
    let calls = [
        world.set_governor(parameters),
        world.set_timelock(Administration::SetMinDelay(86_400_000)),
        Call::of(world.suite.escrow, &message_builder!(Escrow).set_parameters(fees.clone()).input),
    ];

    let id = world.propose(&calls);
    assert_eq!(world.state(id), ProposalState::Pending);
    world.after(world.proposal(id).snapshot_at);
    assert_eq!(world.state(id), ProposalState::Active);
    assert_eq!(world.vote(&world.anne, id, Support::For).unwrap(), HOLDING);
    world.after(world.proposal(id).deadline_at);
    assert_eq!(world.state(id), ProposalState::Succeeded);
    world.queue(id).unwrap();
    assert_eq!(world.state(id), ProposalState::Queued);
    world.chain.advance(Duration::from_millis(world.config.timelock_delay_ms)).unwrap();
    let receipt = world.execute(&calls, id).unwrap();

    assert_eq!(world.state(id), ProposalState::Executed);
    assert_eq!(world.parameters(), parameters);
    assert_eq!(world.min_delay(), 86_400_000);
    let number = read(&world.chain, world.suite.escrow, message_builder!(Escrow).current_parameters()).unwrap();
    let now = read(&world.chain, world.suite.escrow, message_builder!(Escrow).parameters(number)).unwrap();
    assert_eq!(now, Some(fees));
    let executed = receipt.events_of::<OperationExecuted>(world.suite.timelock);
    assert_eq!(executed.len(), 1);
    assert_eq!(executed[0].by, world.poor.account());
    let listed = read(&world.chain, world.suite.governor, message_builder!(Governor).proposals(0, 10)).unwrap();
    assert_eq!(listed, [id]);
}

#[test]
fn nothing_is_executed_too_early_twice_or_otherwise_than_voted() {
    let world = fork();
    let calls = world.something();
    let id = world.succeeded(&calls);
    assert_eq!(
        own_error(world.execute(&calls, id)),
        TimelockError::WrongState(OperationState::Unset),
        "before it is queued"
    );
    world.queue(id).unwrap();
    assert_eq!(own_error(world.queue(id)), GovernorError::WrongState(ProposalState::Queued));
    assert_eq!(own_error(world.execute(&calls, id)), TimelockError::WrongState(OperationState::Waiting));
    world.chain.advance(Duration::from_millis(world.config.timelock_delay_ms)).unwrap();
    let others = [world.set_timelock(Administration::SetMinDelay(2))];
    assert_eq!(own_error(world.execute(&others, id)), TimelockError::WrongState(OperationState::Unset));
    world.execute(&calls, id).unwrap();
    assert_eq!(world.min_delay(), 1);
    assert_eq!(own_error(world.execute(&calls, id)), TimelockError::WrongState(OperationState::Done));
    assert_eq!(own_error(world.queue(id)), GovernorError::WrongState(ProposalState::Executed));
    assert_eq!(own_error(world.cancel(&world.anne, id)), GovernorError::WrongState(ProposalState::Executed));
}

#[test]
fn what_nobody_executes_within_the_grace_period_expires() {
    let world = fork();
    let calls = world.something();
    let id = world.ready(&calls);
    world.chain.advance(Duration::from_millis(world.config.timelock_grace_ms)).unwrap();
    assert_eq!(world.state(id), ProposalState::Expired);
    assert_eq!(own_error(world.execute(&calls, id)), TimelockError::WrongState(OperationState::Expired));
    assert_eq!(own_error(world.queue(id)), GovernorError::WrongState(ProposalState::Expired));
}

#[test]
fn what_nobody_queues_within_the_grace_period_expires() {
    let world = fork();
    let id = world.succeeded(&world.something());
    world.after(world.proposal(id).deadline_at + world.config.timelock_grace_ms - 1_000);
    assert_eq!(world.state(id), ProposalState::Succeeded);
    world.after(world.proposal(id).deadline_at + world.config.timelock_grace_ms);
    assert_eq!(world.state(id), ProposalState::Expired);
    assert_eq!(own_error(world.queue(id)), GovernorError::WrongState(ProposalState::Expired));
}

/// Two proposals that both passed and were queued in this order, when the timelock would execute either.
fn queued(world: &World, first: &[Call], second: &[Call]) -> (ProposalId, ProposalId) {
    let ids = [first, second].map(|calls| world.propose(calls));
    world.after(world.proposal(ids[1]).snapshot_at);
    for id in ids {
        world.vote(&world.anne, id, Support::For).unwrap();
    }
    world.after(world.proposal(ids[1]).deadline_at);
    for id in ids {
        world.queue(id).unwrap();
    }
    world.chain.advance(Duration::from_millis(world.config.timelock_delay_ms)).unwrap();
    (ids[0], ids[1])
}

#[test]
fn of_two_votes_over_one_contract_the_later_one_has_the_last_word() {
    let world = fork();
    let set = |ms| [world.set_timelock(Administration::SetMinDelay(ms))];
    let (first, second) = queued(&world, &set(1), &set(2));
    assert_eq!(own_error(world.execute(&set(2), second)), TimelockError::PredecessorOpen);
    world.execute(&set(1), first).unwrap();
    world.execute(&set(2), second).unwrap();
    assert_eq!(world.min_delay(), 2);
}

#[test]
fn a_vote_whose_call_fails_freezes_nothing() {
    let world = fork();
    let failing = [world.set_timelock(Administration::SetGrace(0))];
    let good = [world.set_timelock(Administration::SetMinDelay(2))];
    let (first, second) = queued(&world, &failing, &good);
    assert!(matches!(own_error(world.execute(&failing, first)), TimelockError::CallFailed { .. }));
    assert_eq!(own_error(world.execute(&good, second)), TimelockError::PredecessorOpen);
    let operation = world.proposal(second).operation.unwrap();
    let operation = read(&world.chain, world.suite.timelock, message_builder!(Timelock).operation(operation));
    let free_at = operation.unwrap().unwrap().free_at;
    world.after(free_at - 1_000);
    assert_eq!(own_error(world.execute(&good, second)), TimelockError::PredecessorOpen);
    world.after(free_at);
    let receipt = world.execute(&good, second).unwrap();
    let closed = receipt.events_of::<OperationSuperseded>(world.suite.timelock);
    assert_eq!(closed.len(), 1);
    assert_eq!((world.state(first), world.state(second)), (ProposalState::Expired, ProposalState::Executed));
    let again = own_error(world.execute(&failing, first));
    assert_eq!(again, TimelockError::WrongState(OperationState::Expired));
}

#[test]
fn nobody_goes_past_the_vote() {
    let world = fork();
    for key in [&world.holder, &world.guardian, &world.anne] {
        let call = message_builder!(Governor).set_parameters(world.parameters());
        let error = own_error(send(&world.chain, key, world.suite.governor, call));
        assert_eq!(error, GovernorError::Admin(AdminError::NotAdmin));
        let call = message_builder!(Timelock).schedule(world.something(), NONE, None);
        assert_eq!(own_error(send(&world.chain, key, world.suite.timelock, call)), TimelockError::NotProposer);
        let call = message_builder!(Timelock).administer(Administration::SetMinDelay(0));
        assert_eq!(own_error(send(&world.chain, key, world.suite.timelock, call)), TimelockError::OnlyItself);
        for contract in [world.suite.token, world.suite.governor] {
            let call = message_builder!(Administered).upgrade([1; 32]);
            assert_eq!(own_error(send(&world.chain, key, contract, call)), AdminError::NotAdmin);
        }
        let call = message_builder!(Governor).wire(key.account(), key.account(), key.account());
        let error = own_error(send(&world.chain, key, world.suite.governor, call));
        assert_eq!(error, GovernorError::Admin(AdminError::AlreadyWired));
    }
}

#[test]
fn the_guardian_cancels_in_the_timelock_and_the_proposal_stays_cancelled() {
    let world = fork();
    let calls = world.something();
    let id = world.ready(&calls);
    let operation = world.proposal(id).operation.unwrap();
    let cancel = || message_builder!(Timelock).cancel(operation);
    let error = own_error(send(&world.chain, &world.anne, world.suite.timelock, cancel()));
    assert_eq!(error, TimelockError::MayNotCancel);
    send(&world.chain, &world.guardian, world.suite.timelock, cancel()).unwrap();
    assert_eq!(world.state(id), ProposalState::Cancelled);
    assert_eq!(own_error(world.queue(id)), GovernorError::WrongState(ProposalState::Cancelled));
}

#[test]
fn a_guardian_cannot_keep_its_office_against_a_vote() {
    let world = fork();
    let naming = world.set_timelock(Administration::SetGuardian(Some(world.bert.account())));
    // Something else along with it can be cancelled: the office is no cover for other calls.
    let with_more = [naming.clone(), world.something().remove(0)];
    let id = world.ready(&with_more);
    let cancel = |id| message_builder!(Timelock).cancel(world.proposal(id).operation.unwrap());
    send(&world.chain, &world.guardian, world.suite.timelock, cancel(id)).unwrap();

    let alone = [naming];
    let id = world.ready(&alone);
    let error = own_error(send(&world.chain, &world.guardian, world.suite.timelock, cancel(id)));
    assert_eq!(error, TimelockError::MayNotCancel);
    world.execute(&alone, id).unwrap();
    let guardian = read(&world.chain, world.suite.timelock, message_builder!(Timelock).guardian()).unwrap();
    assert_eq!(guardian, Some(world.bert.account()));
    // And the one before is nobody now.
    let id = world.try_propose(&world.anne, &world.something(), "another reason").unwrap();
    world.after(world.proposal(id).snapshot_at);
    world.vote(&world.anne, id, Support::For).unwrap();
    world.vote(&world.bert, id, Support::For).unwrap();
    world.after(world.proposal(id).deadline_at);
    world.queue(id).unwrap();
    let error = own_error(send(&world.chain, &world.guardian, world.suite.timelock, cancel(id)));
    assert_eq!(error, TimelockError::MayNotCancel);
    send(&world.chain, &world.bert, world.suite.timelock, cancel(id)).unwrap();
}

#[test]
fn a_failing_call_undoes_the_calls_before_it_and_is_named() {
    let world = fork();
    let senseless = GovernorParameters { voting_period_ms: 0, ..world.parameters() };
    let nowhere = Call { target: world.poor.account(), selector: [0; 4], input: vec![], value: 0 };
    let unknown = Call { target: world.suite.token, ..nowhere.clone() };
    let paid = Call { value: 1_000_000_000_000, ..world.set_governor(world.parameters()) };
    let unsealed = Call::of(world.suite.governor, &message_builder!(Administered).upgrade([1; 32]).input);
    let foreign = Call { target: world.suite.timelock, ..unknown.clone() };
    let cases = [
        (world.set_governor(senseless), CallFailure::Reverted),
        (nowhere, CallFailure::NoContract),
        (unknown, CallFailure::Reverted),
        (paid, CallFailure::Value),
        (unsealed, CallFailure::Reverted),
        (foreign, CallFailure::NotAnAdministration),
        (world.set_timelock(Administration::SetGrace(0)), CallFailure::Refused),
        (world.set_timelock(Administration::SetCodeHash([1; 32])), CallFailure::Refused),
    ];
    let before = world.min_delay();
    for (bad, failure) in cases {
        let world = World { chain: world.chain.fork(), ..fork() };
        let calls = [world.set_timelock(Administration::SetMinDelay(1)), bad.clone()];
        let id = world.ready(&calls);
        let error = own_error(world.execute(&calls, id));
        assert_eq!(error, TimelockError::CallFailed { index: 1, failure }, "{bad:?}");
        assert_eq!(world.min_delay(), before);
        assert_eq!(world.state(id), ProposalState::Queued);
    }
}

#[test]
fn a_message_that_returns_a_value_beginning_with_one_is_no_failure() {
    let world = fork();
    // `Some("OpenLedger")` begins with the byte 1, as an `Err` would.
    let calls = [Call::of(world.suite.token, &message_builder!(PSP22Metadata).token_name().input)];
    let id = world.ready(&calls);
    world.execute(&calls, id).unwrap();
    assert_eq!(world.state(id), ProposalState::Executed);
}

#[test]
fn a_call_that_comes_back_to_the_timelock_fails_and_nothing_more() {
    let world = fork();
    let other = [world.set_timelock(Administration::SetMinDelay(2))];
    let waiting = world.try_propose(&world.bert, &other, "waits for its queueing").unwrap();
    let calls = [Call::of(world.suite.governor, &message_builder!(Governor).queue(waiting).input)];
    let id = world.propose(&calls);
    world.after(world.proposal(id).snapshot_at);
    for proposal in [waiting, id] {
        world.vote(&world.anne, proposal, Support::For).unwrap();
    }
    world.after(world.proposal(id).deadline_at);
    world.queue(id).unwrap();
    world.chain.advance(Duration::from_millis(world.config.timelock_delay_ms)).unwrap();
    let error = own_error(world.execute(&calls, id));
    // The governor was trapped when it called the timelock, which is on the stack.
    assert_eq!(error, TimelockError::CallFailed { index: 0, failure: CallFailure::Trapped });
    world.queue(waiting).unwrap();
}

#[test]
fn code_is_replaced_by_a_vote() {
    let world = fork();
    let hash = |contract| world.chain.code_hash(contract).unwrap().unwrap();
    let (old, new) = (hash(world.suite.timelock), hash(world.suite.governor));
    let calls = [
        Call::of(world.suite.token, &message_builder!(Administered).upgrade(new).input),
        world.set_timelock(Administration::SetCodeHash(old)),
    ];
    let id = world.ready(&calls);
    let receipt = world.execute(&calls, id).unwrap();
    assert_eq!(hash(world.suite.token), new);
    for (contract, code_hash) in [(world.suite.token, new), (world.suite.timelock, old)] {
        assert_eq!(receipt.events_of::<CodeUpgraded>(contract), [CodeUpgraded { code_hash }]);
    }
    assert_eq!(world.state(id), ProposalState::Executed);
}

#[test]
fn the_admin_role_of_a_contract_moves_by_a_vote_and_an_acceptance() {
    let world = fork();
    let call = message_builder!(Administered).transfer_admin(world.bert.account());
    let calls = [Call::of(world.suite.token, &call.input)];
    let id = world.ready(&calls);
    world.execute(&calls, id).unwrap();
    let accept = || message_builder!(Administered).accept_admin();
    let error = own_error(send(&world.chain, &world.anne, world.suite.token, accept()));
    assert_eq!(error, AdminError::NotOffered);
    send(&world.chain, &world.bert, world.suite.token, accept()).unwrap();
    let admin = read(&world.chain, world.suite.token, message_builder!(Administered).admin()).unwrap();
    assert_eq!(admin.account, world.bert.account());
}
