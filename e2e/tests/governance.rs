//! Token, governor and timelock together: what holders vote for happens, when it may, and nothing else.
use std::fmt::Debug;
use std::sync::LazyLock;
use std::time::Duration;

use chain::{AccountId, CallError, Chain, Embedded, Keypair, advance_to, endow, read, send};
use ink::message_builder;
use openledger_abi::admin::{AdminError, Administered};
use openledger_abi::escrow::Escrow;
use openledger_abi::governor::{
    Governor, GovernorError, GovernorParameters, Proposal, ProposalId, ProposalState, Support, VOTE_TAG, VoteCast,
    vote_body,
};
use openledger_abi::staking::{Role, Staking};
use openledger_abi::timelock::{
    Administration, Call, CallFailure, OperationExecuted, OperationState, Timelock, TimelockError,
};
use openledger_abi::token::{DELEGATE_TAG, PERMIT_TAG, Token, TokenError, delegate_body, permit_body};
use openledger_abi::{Balance, CodeUpgraded, OPEN};
use proof::signed::Signable;
use proof::{Blake2, Hasher};
use proptest::prelude::*;
use psp22::{PSP22, PSP22Burnable, PSP22Metadata};
use suite::{Suite, SuiteConfig};

const NONE: [u8; 32] = [0; 32];
/// What each of the two voters holds. The quorum is 40 million, the threshold 100,000.
const HOLDING: Balance = 50_000_000 * OPEN;

/// A suite, two voters who delegated to themselves, and somebody with nothing.
struct World {
    chain: Embedded,
    suite: Suite,
    config: SuiteConfig,
    holder: Keypair,
    guardian: Keypair,
    anne: Keypair,
    bert: Keypair,
    poor: Keypair,
}

static FOUNDED: LazyLock<World> = LazyLock::new(|| {
    let chain = Embedded::ephemeral();
    let holder = Keypair::from_uri("//Alice").unwrap();
    let [guardian, anne, bert, poor] = [0; 4].map(|_| Keypair::generate());
    let accounts = [&guardian, &anne, &bert, &poor].map(|key| key.account());
    endow(&chain, &holder, &accounts, 10_000_000_000_000_000).unwrap();
    let config = SuiteConfig::live(holder.account(), holder.account(), guardian.account());
    let suite = Suite::deploy(&chain, &holder, &config).unwrap();
    let world = World { chain, suite, config, holder, guardian, anne, bert, poor };
    for voter in [&world.anne, &world.bert] {
        world.pay(&world.holder, voter, HOLDING);
        world.delegate(voter, Some(voter.account()));
    }
    world
});

/// Runs a test on a copy of the founded world.
fn fork() -> World {
    let founded = &*FOUNDED;
    World {
        chain: founded.chain.fork(),
        suite: founded.suite.clone(),
        config: founded.config.clone(),
        holder: founded.holder.clone(),
        guardian: founded.guardian.clone(),
        anne: founded.anne.clone(),
        bert: founded.bert.clone(),
        poor: founded.poor.clone(),
    }
}

fn own_error<T: Debug, E: Debug>(outcome: Result<T, CallError<E>>) -> E {
    match outcome {
        Err(CallError::Message(error)) => error,
        other => panic!("wanted the contract's own error, got {other:?}"),
    }
}

impl World {
    fn pay(&self, from: &Keypair, to: &Keypair, value: Balance) {
        let call = message_builder!(PSP22).transfer(to.account(), value, vec![]);
        send(&self.chain, from, self.suite.token, call).unwrap();
    }

    fn delegate(&self, from: &Keypair, to: Option<AccountId>) {
        send(&self.chain, from, self.suite.token, message_builder!(Token).delegate(to)).unwrap();
    }

    fn votes(&self, of: &Keypair) -> Balance {
        read(&self.chain, self.suite.token, message_builder!(Token).get_votes(of.account())).unwrap()
    }

    fn past_votes(&self, of: &Keypair, at: u64) -> Result<Balance, TokenError> {
        read(&self.chain, self.suite.token, message_builder!(Token).get_past_votes(of.account(), at)).unwrap()
    }

    fn after(&self, at: u64) {
        advance_to(&self.chain, at + 1).unwrap();
    }

    fn try_propose(&self, by: &Keypair, calls: &[Call], why: &str) -> Result<ProposalId, CallError<GovernorError>> {
        let call = message_builder!(Governor).propose(calls.to_vec(), why.into());
        send(&self.chain, by, self.suite.governor, call).map(|sent| sent.value)
    }

    fn propose(&self, calls: &[Call]) -> ProposalId {
        self.try_propose(&self.anne, calls, "because").unwrap()
    }

    fn proposal(&self, id: ProposalId) -> Proposal {
        read(&self.chain, self.suite.governor, message_builder!(Governor).proposal(id)).unwrap().unwrap()
    }

    fn state(&self, id: ProposalId) -> ProposalState {
        read(&self.chain, self.suite.governor, message_builder!(Governor).state(id)).unwrap().unwrap()
    }

    fn vote(&self, by: &Keypair, id: ProposalId, support: Support) -> Result<Balance, CallError<GovernorError>> {
        let call = message_builder!(Governor).cast_vote(id, support);
        send(&self.chain, by, self.suite.governor, call).map(|sent| sent.value)
    }

    fn queue(&self, id: ProposalId) -> Result<(), CallError<GovernorError>> {
        send(&self.chain, &self.poor, self.suite.governor, message_builder!(Governor).queue(id)).map(|_| ())
    }

    fn cancel(&self, by: &Keypair, id: ProposalId) -> Result<(), CallError<GovernorError>> {
        send(&self.chain, by, self.suite.governor, message_builder!(Governor).cancel(id)).map(|_| ())
    }

    fn execute(&self, calls: &[Call], id: ProposalId) -> Result<chain::Receipt, CallError<TimelockError>> {
        let call = message_builder!(Timelock).execute(calls.to_vec(), NONE, id);
        send(&self.chain, &self.poor, self.suite.timelock, call).map(|sent| sent.receipt)
    }

    /// A proposal that both voters voted for, when its vote is over.
    fn succeeded(&self, calls: &[Call]) -> ProposalId {
        let id = self.propose(calls);
        self.after(self.proposal(id).snapshot_at);
        self.vote(&self.anne, id, Support::For).unwrap();
        self.vote(&self.bert, id, Support::For).unwrap();
        self.after(self.proposal(id).deadline_at);
        id
    }

    /// The same, queued, when the timelock would execute it.
    fn ready(&self, calls: &[Call]) -> ProposalId {
        let id = self.succeeded(calls);
        self.queue(id).unwrap();
        self.chain.advance(Duration::from_millis(self.config.timelock_delay_ms)).unwrap();
        id
    }

    fn parameters(&self) -> GovernorParameters {
        read(&self.chain, self.suite.governor, message_builder!(Governor).parameters()).unwrap()
    }

    fn min_delay(&self) -> u64 {
        read(&self.chain, self.suite.timelock, message_builder!(Timelock).min_delay()).unwrap()
    }

    fn set_governor(&self, parameters: GovernorParameters) -> Call {
        Call::of(self.suite.governor, &message_builder!(Governor).set_parameters(parameters).input)
    }

    fn set_timelock(&self, action: Administration) -> Call {
        Call::of(self.suite.timelock, &message_builder!(Timelock).administer(action).input)
    }

    /// Any call: for what doesn't come to execution.
    fn something(&self) -> Vec<Call> {
        vec![self.set_timelock(Administration::SetMinDelay(1))]
    }
}

#[test]
fn a_vote_changes_governor_timelock_and_escrow_at_once() {
    let world = fork();
    let parameters = GovernorParameters { voting_period: 3 * 86_400_000, ..world.parameters() };
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
fn nobody_goes_past_the_vote() {
    let world = fork();
    for key in [&world.holder, &world.guardian, &world.anne] {
        let call = message_builder!(Governor).set_parameters(world.parameters());
        let error = own_error(send(&world.chain, key, world.suite.governor, call));
        assert_eq!(error, GovernorError::Admin(AdminError::NotAdmin));
        let call = message_builder!(Timelock).schedule(world.something(), NONE, NONE, None);
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
fn a_transfer_between_delegated_accounts_moves_votes_and_leaves_the_past() {
    let world = fork();
    let before = world.chain.now().unwrap();
    world.chain.advance(Duration::from_secs(1)).unwrap();
    world.pay(&world.anne, &world.bert, 7 * OPEN);
    assert_eq!(world.votes(&world.anne), HOLDING - 7 * OPEN);
    assert_eq!(world.votes(&world.bert), HOLDING + 7 * OPEN);
    world.chain.advance(Duration::from_secs(1)).unwrap();
    assert_eq!(world.past_votes(&world.anne, before), Ok(HOLDING));
    assert_eq!(world.past_votes(&world.bert, before), Ok(HOLDING));
    let now = world.chain.now().unwrap();
    assert_eq!(world.past_votes(&world.bert, now - 1), Ok(HOLDING + 7 * OPEN));
    assert!(matches!(world.past_votes(&world.bert, now + 1_000), Err(TokenError::FutureLookup { .. })));
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
    assert_eq!(world.state(first), ProposalState::Canceled);
    assert_eq!(own_error(world.cancel(&world.anne, first)), GovernorError::WrongState(ProposalState::Canceled));

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
    assert_eq!(world.state(id), ProposalState::Canceled);
    assert_eq!(own_error(world.execute(&calls, id)), TimelockError::WrongState(OperationState::Canceled));
}

#[test]
fn the_guardian_cancels_in_the_timelock_and_the_proposal_stays_canceled() {
    let world = fork();
    let calls = world.something();
    let id = world.ready(&calls);
    let operation = world.proposal(id).operation.unwrap();
    let cancel = || message_builder!(Timelock).cancel(operation);
    let error = own_error(send(&world.chain, &world.anne, world.suite.timelock, cancel()));
    assert_eq!(error, TimelockError::MayNotCancel);
    send(&world.chain, &world.guardian, world.suite.timelock, cancel()).unwrap();
    assert_eq!(world.state(id), ProposalState::Canceled);
    assert_eq!(own_error(world.queue(id)), GovernorError::WrongState(ProposalState::Canceled));
}

#[test]
fn a_failing_call_undoes_the_calls_before_it_and_is_named() {
    let world = fork();
    let senseless = GovernorParameters { voting_period: 0, ..world.parameters() };
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

#[test]
fn a_change_of_parameters_leaves_proposals_that_are_made() {
    let world = fork();
    let calls = [world.set_governor(GovernorParameters { quorum_bps: 10_000, ..world.parameters() })];
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
fn permits_and_delegations_are_relayed_and_burning_lowers_the_supply() {
    let world = fork();
    let (owner, spender) = (world.anne.account(), world.bert.account());
    let deadline = world.chain.now().unwrap() + 60_000;
    let domain = Suite::domain(world.chain.genesis(), world.suite.token);

    let body = permit_body(&owner, &spender, 5 * OPEN, 0, deadline);
    let signature = world.anne.sign(&Signable::new::<Blake2>(&PERMIT_TAG, &domain, &body).digest);
    let permit = || message_builder!(Token).permit(owner, spender, 5 * OPEN, deadline, signature);
    send(&world.chain, &world.poor, world.suite.token, permit()).unwrap();
    assert_eq!(own_error(send(&world.chain, &world.poor, world.suite.token, permit())), TokenError::BadSignature);
    let take = message_builder!(PSP22).transfer_from(owner, world.poor.account(), 5 * OPEN, vec![]);
    send(&world.chain, &world.bert, world.suite.token, take).unwrap();

    let body = delegate_body(&owner, Some(&spender), 1, deadline);
    let signature = world.anne.sign(&Signable::new::<Blake2>(&DELEGATE_TAG, &domain, &body).wrapped);
    let delegate = message_builder!(Token).delegate_by_sig(owner, Some(spender), deadline, signature);
    send(&world.chain, &world.poor, world.suite.token, delegate).unwrap();
    assert_eq!(world.votes(&world.anne), 0);
    assert_eq!(world.votes(&world.bert), 2 * HOLDING - 5 * OPEN);

    let supply = || read(&world.chain, world.suite.token, message_builder!(PSP22).total_supply()).unwrap();
    let before = supply();
    send(&world.chain, &world.anne, world.suite.token, message_builder!(PSP22Burnable).burn(OPEN)).unwrap();
    assert_eq!(supply(), before - OPEN);
    assert_eq!(world.votes(&world.bert), 2 * HOLDING - 6 * OPEN);
}

/// A call that may be refused: who, to whom, how much, which message.
type Step = (usize, usize, Balance, u8);

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(8) })]

    #[test]
    fn supply_balances_and_votes_agree_after_any_calls(
        steps in proptest::collection::vec((0usize..4, 0usize..4, 0..HOLDING, 0u8..4), 1..25),
    ) {
        let world = fork();
        let people = [&world.anne, &world.bert, &world.poor, &world.guardian];
        let step = |(from, to, value, kind): Step| {
            let (from, to) = (people[from], people[to].account());
            match kind {
                0 => drop(send(&world.chain, from, world.suite.token, message_builder!(Token).delegate(Some(to)))),
                1 => drop(send(&world.chain, from, world.suite.token, message_builder!(PSP22Burnable).burn(value / 8))),
                _ => drop(send(
                    &world.chain,
                    from,
                    world.suite.token,
                    message_builder!(PSP22).transfer(to, value, vec![]),
                )),
            }
        };
        steps.into_iter().for_each(step);

        let token = world.suite.token;
        let balance = |of| read(&world.chain, token, message_builder!(PSP22).balance_of(of)).unwrap();
        let accounts = people.map(Keypair::account);
        let held: Balance = accounts.iter().map(|of| balance(*of)).sum();
        let supply = read(&world.chain, token, message_builder!(PSP22).total_supply()).unwrap();
        prop_assert_eq!(held + balance(world.holder.account()), supply);
        for delegate in accounts {
            let whose = |of: &AccountId| read(&world.chain, token, message_builder!(Token).delegates(*of)).unwrap();
            let units = accounts.iter().filter(|of| whose(of) == Some(delegate)).map(|of| balance(*of)).sum::<Balance>();
            let votes = read(&world.chain, token, message_builder!(Token).get_votes(delegate)).unwrap();
            prop_assert_eq!(votes, units);
        }
    }
}
