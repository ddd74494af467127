//! Who proposes, votes and cancels, and when.
use chain::{Chain, send};
use ink::message_builder;
use openledger_abi::OPEN;
use openledger_abi::governor::{
    Governor, GovernorError, GovernorParameters, ProposalExtended, ProposalState, Support, VOTE_TAG, VoteCast,
    vote_body,
};
use openledger_abi::staking::{Role, Staking};
use openledger_abi::timelock::{OperationState, TimelockError};
use proof::signed::Signable;
use proof::{Blake2, Hasher};
use psp22::PSP22;
use std::time::Duration;
use suite::Suite;

use crate::world::{HOLDING, fork, own_error};

#[test]
fn who_holds_too_little_does_not_propose_and_who_has_no_votes_does_not_vote() {
    let world = fork();
    let threshold = world.config.proposal_threshold;
    world.pay(&world.anne, &world.poor, threshold - 1);
    world.delegate(&world.poor, Some(world.poor.account()));
    let error = own_error(world.try_propose(&world.poor, &world.something(), "mine"));
    assert_eq!(error, GovernorError::BelowThreshold { votes: threshold - 1, threshold });

    world.pay(&world.anne, &world.poor, 1);
    let id = world.try_propose(&world.poor, &world.something(), "mine").unwrap();
    assert_eq!(own_error(world.try_propose(&world.poor, &world.something(), "mine")), GovernorError::AlreadyProposed);
    world.after(world.proposal(id).snapshot_at);
    assert_eq!(own_error(world.vote(&world.guardian, id, Support::For)), GovernorError::NoVotes);
    assert_eq!(world.vote(&world.anne, id, Support::Against).unwrap(), HOLDING - threshold);
    assert_eq!(own_error(world.vote(&world.anne, id, Support::For)), GovernorError::AlreadyVoted);
}

#[test]
fn a_vote_is_open_from_after_the_snapshot_to_the_deadline() {
    let world = fork();
    let id = world.propose(&world.something());
    let proposal = world.proposal(id);
    assert_eq!(own_error(world.vote(&world.anne, id, Support::For)), GovernorError::WrongState(ProposalState::Pending));
    world.after(proposal.snapshot_at);
    world.vote(&world.anne, id, Support::For).unwrap();
    world.after(proposal.deadline_at);
    assert_eq!(
        own_error(world.vote(&world.bert, id, Support::For)),
        GovernorError::WrongState(ProposalState::Succeeded)
    );
}

#[test]
fn without_a_quorum_or_a_majority_a_proposal_is_defeated() {
    let world = fork();
    // Anne alone, with less than 40 million, is no quorum.
    world.pay(&world.anne, &world.guardian, 10_000_001 * OPEN);
    let small = world.propose(&world.something());
    let tied = world.try_propose(&world.bert, &world.something(), "another").unwrap();
    world.after(world.proposal(tied).snapshot_at);
    world.vote(&world.anne, small, Support::For).unwrap();
    world.vote(&world.anne, tied, Support::For).unwrap();
    world.vote(&world.bert, tied, Support::Against).unwrap();
    world.after(world.proposal(tied).deadline_at);
    for id in [small, tied] {
        assert_eq!(world.state(id), ProposalState::Defeated);
        assert_eq!(own_error(world.queue(id)), GovernorError::WrongState(ProposalState::Defeated));
    }
    assert_eq!(world.proposal(small).quorum, Some(40_000_000 * OPEN));
}

#[test]
fn votes_bought_after_the_snapshot_do_not_count() {
    let world = fork();
    let id = world.propose(&world.something());
    world.after(world.proposal(id).snapshot_at);
    world.pay(&world.anne, &world.bert, HOLDING);
    assert_eq!(world.vote(&world.bert, id, Support::Against).unwrap(), HOLDING);
    assert_eq!(world.vote(&world.anne, id, Support::For).unwrap(), HOLDING);
}

#[test]
fn staked_open_still_votes() {
    let world = fork();
    let bond = 20_000_000 * OPEN;
    let call = message_builder!(PSP22).approve(world.suite.staking, bond);
    send(&world.chain, &world.anne, world.suite.token, call).unwrap();
    let call = message_builder!(Staking).register(Role::Validator, world.anne.public(), 0, bond);
    send(&world.chain, &world.anne, world.suite.staking, call).unwrap();
    assert_eq!(world.votes(&world.anne), HOLDING - bond);
    world.chain.advance(Duration::from_secs(1)).unwrap();

    let id = world.propose(&world.something());
    world.after(world.proposal(id).snapshot_at);
    assert_eq!(world.vote(&world.anne, id, Support::For).unwrap(), HOLDING);
}

#[test]
fn a_signed_vote_is_relayed_by_anyone_and_counts_once() {
    let world = fork();
    let id = world.propose(&world.something());
    let proposal = world.proposal(id);
    world.after(proposal.snapshot_at);
    let (voter, reason) = (world.anne.account(), "it is right");
    let body = vote_body(&id, Support::For, &voter, &Blake2::blake2_256(reason.as_bytes()), proposal.deadline_at);
    let domain = Suite::domain(world.chain.genesis(), world.suite.governor);
    let signable = Signable::new::<Blake2>(&VOTE_TAG, &domain, &body);
    // As a wallet signs it.
    let signature = world.anne.sign(&signable.wrapped);
    let cast = |support| {
        let call = message_builder!(Governor).cast_vote_by_sig(
            id,
            support,
            reason.into(),
            voter,
            proposal.deadline_at,
            signature,
        );
        send(&world.chain, &world.poor, world.suite.governor, call)
    };
    assert_eq!(own_error(cast(Support::Against)), GovernorError::BadSignature);
    let sent = cast(Support::For).unwrap();
    assert_eq!(sent.value, HOLDING);
    let events = sent.receipt.events_of::<VoteCast>(world.suite.governor);
    assert_eq!((events[0].voter, events[0].reason.as_str()), (voter, reason));
    assert_eq!(own_error(cast(Support::For)), GovernorError::AlreadyVoted);
}

#[test]
fn the_proposer_cancels_while_pending_and_no_later() {
    let world = fork();
    let first = world.propose(&world.something());
    assert_eq!(own_error(world.cancel(&world.bert, first)), GovernorError::MayNotCancel);
    world.cancel(&world.anne, first).unwrap();
    assert_eq!(world.state(first), ProposalState::Cancelled);
    assert_eq!(own_error(world.cancel(&world.anne, first)), GovernorError::WrongState(ProposalState::Cancelled));

    let second = world.try_propose(&world.anne, &world.something(), "again").unwrap();
    world.after(world.proposal(second).snapshot_at);
    assert_eq!(own_error(world.cancel(&world.anne, second)), GovernorError::MayNotCancel);
}

#[test]
fn anyone_cancels_what_its_proposer_no_longer_stands_for() {
    let world = fork();
    let calls = world.something();
    let id = world.ready(&calls);
    assert_eq!(own_error(world.cancel(&world.poor, id)), GovernorError::MayNotCancel);
    world.pay(&world.anne, &world.bert, HOLDING - world.config.proposal_threshold + 1);
    world.chain.advance(Duration::from_secs(1)).unwrap();
    world.cancel(&world.poor, id).unwrap();
    assert_eq!(world.state(id), ProposalState::Cancelled);
    assert_eq!(own_error(world.execute(&calls, id)), TimelockError::WrongState(OperationState::Cancelled));
}

#[test]
fn a_change_of_parameters_leaves_proposals_that_are_made() {
    let world = fork();
    let calls = [world.set_governor(GovernorParameters { quorum_bps: 5_000, ..world.parameters() })];
    let first = world.succeeded(&calls);
    world.queue(first).unwrap();
    let running = world.try_propose(&world.bert, &world.something(), "under the old quorum").unwrap();
    world.chain.advance(Duration::from_millis(world.config.timelock_delay_ms)).unwrap();
    world.execute(&calls, first).unwrap();
    world.vote(&world.bert, running, Support::For).unwrap();
    world.after(world.proposal(running).deadline_at);
    assert_eq!(world.state(running), ProposalState::Succeeded);
}

#[test]
fn a_quorum_that_comes_in_the_last_moment_leaves_time_to_answer_it() {
    let world = fork();
    let id = world.propose(&world.something());
    let deadline_at = world.proposal(id).deadline_at;
    world.after(deadline_at - 5);
    let vote = message_builder!(Governor).cast_vote(id, Support::For);
    let sent = send(&world.chain, &world.anne, world.suite.governor, vote).unwrap();
    let until = world.proposal(id).deadline_at;
    let events = sent.receipt.events_of::<ProposalExtended>(world.suite.governor);
    assert_eq!(events, [ProposalExtended { id, deadline_at: until }]);
    let extension = world.config.late_quorum_extension_ms;
    assert!(until > deadline_at && until <= deadline_at + extension, "{until}");

    // Those against it have time now, and their votes move it no further.
    world.after(until - 2);
    world.vote(&world.bert, id, Support::Against).unwrap();
    assert_eq!(world.proposal(id).deadline_at, until);
    world.after(until);
    assert_eq!(world.state(id), ProposalState::Defeated);
}
