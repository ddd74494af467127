//! The world of these tests: a suite with live durations, two voters, and a clock that only tests move.
use chain::{AccountId, CallError, Chain, Embedded, Keypair, advance_to, endow, read, send};
use ink::message_builder;
use openledger_abi::governor::{
    Governor, GovernorError, GovernorParameters, Proposal, ProposalId, ProposalState, Support,
};
use openledger_abi::timelock::{Administration, Call, Timelock, TimelockError};
use openledger_abi::token::{Token, TokenError};
use openledger_abi::{Balance, OPEN};
use psp22::PSP22;
use std::fmt::Debug;
use std::sync::LazyLock;
use std::time::Duration;
use suite::{Suite, SuiteConfig};

pub const NONE: [u8; 32] = [0; 32];
/// What each of the two voters holds. The quorum is 40 million, the threshold 100,000.
pub const HOLDING: Balance = 50_000_000 * OPEN;

/// A suite, two voters who delegated to themselves, and somebody with nothing.
pub struct World {
    pub chain: Embedded,
    pub suite: Suite,
    pub config: SuiteConfig,
    pub holder: Keypair,
    pub guardian: Keypair,
    pub anne: Keypair,
    pub bert: Keypair,
    pub poor: Keypair,
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
pub fn fork() -> World {
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

pub fn own_error<T: Debug, E: Debug>(outcome: Result<T, CallError<E>>) -> E {
    match outcome {
        Err(CallError::Message(error)) => error,
        other => panic!("wanted the contract's own error, got {other:?}"),
    }
}

impl World {
    pub fn pay(&self, from: &Keypair, to: &Keypair, value: Balance) {
        let call = message_builder!(PSP22).transfer(to.account(), value, vec![]);
        send(&self.chain, from, self.suite.token, call).unwrap();
    }

    pub fn delegate(&self, from: &Keypair, to: Option<AccountId>) {
        send(&self.chain, from, self.suite.token, message_builder!(Token).delegate(to)).unwrap();
    }

    pub fn votes(&self, of: &Keypair) -> Balance {
        read(&self.chain, self.suite.token, message_builder!(Token).get_votes(of.account())).unwrap()
    }

    pub fn past_votes(&self, of: &Keypair, at: u64) -> Result<Balance, TokenError> {
        read(&self.chain, self.suite.token, message_builder!(Token).get_past_votes(of.account(), at)).unwrap()
    }

    pub fn after(&self, at: u64) {
        advance_to(&self.chain, at + 1).unwrap();
    }

    pub fn try_propose(&self, by: &Keypair, calls: &[Call], why: &str) -> Result<ProposalId, CallError<GovernorError>> {
        let call = message_builder!(Governor).propose(calls.to_vec(), why.into());
        send(&self.chain, by, self.suite.governor, call).map(|sent| sent.value)
    }

    pub fn propose(&self, calls: &[Call]) -> ProposalId {
        self.try_propose(&self.anne, calls, "because").unwrap()
    }

    pub fn proposal(&self, id: ProposalId) -> Proposal {
        read(&self.chain, self.suite.governor, message_builder!(Governor).proposal(id)).unwrap().unwrap()
    }

    pub fn state(&self, id: ProposalId) -> ProposalState {
        read(&self.chain, self.suite.governor, message_builder!(Governor).state(id)).unwrap().unwrap()
    }

    pub fn vote(&self, by: &Keypair, id: ProposalId, support: Support) -> Result<Balance, CallError<GovernorError>> {
        let call = message_builder!(Governor).cast_vote(id, support);
        send(&self.chain, by, self.suite.governor, call).map(|sent| sent.value)
    }

    pub fn queue(&self, id: ProposalId) -> Result<(), CallError<GovernorError>> {
        send(&self.chain, &self.poor, self.suite.governor, message_builder!(Governor).queue(id)).map(|_| ())
    }

    pub fn cancel(&self, by: &Keypair, id: ProposalId) -> Result<(), CallError<GovernorError>> {
        send(&self.chain, by, self.suite.governor, message_builder!(Governor).cancel(id)).map(|_| ())
    }

    pub fn execute(&self, calls: &[Call], id: ProposalId) -> Result<chain::Receipt, CallError<TimelockError>> {
        let call = message_builder!(Timelock).execute(calls.to_vec(), id);
        send(&self.chain, &self.poor, self.suite.timelock, call).map(|sent| sent.receipt)
    }

    /// A proposal that both voters voted for, when its vote is over.
    pub fn succeeded(&self, calls: &[Call]) -> ProposalId {
        let id = self.propose(calls);
        self.after(self.proposal(id).snapshot_at);
        self.vote(&self.anne, id, Support::For).unwrap();
        self.vote(&self.bert, id, Support::For).unwrap();
        self.after(self.proposal(id).deadline_at);
        id
    }

    /// The same, queued, when the timelock would execute it.
    pub fn ready(&self, calls: &[Call]) -> ProposalId {
        let id = self.succeeded(calls);
        self.queue(id).unwrap();
        self.chain.advance(Duration::from_millis(self.config.timelock_delay_ms)).unwrap();
        id
    }

    pub fn parameters(&self) -> GovernorParameters {
        read(&self.chain, self.suite.governor, message_builder!(Governor).parameters()).unwrap()
    }

    pub fn min_delay(&self) -> u64 {
        read(&self.chain, self.suite.timelock, message_builder!(Timelock).min_delay_ms()).unwrap()
    }

    pub fn set_governor(&self, parameters: GovernorParameters) -> Call {
        Call::of(self.suite.governor, &message_builder!(Governor).set_parameters(parameters).input)
    }

    pub fn set_timelock(&self, action: Administration) -> Call {
        Call::of(self.suite.timelock, &message_builder!(Timelock).administer(action).input)
    }

    /// Any call: for what doesn't come to execution.
    pub fn something(&self) -> Vec<Call> {
        vec![self.set_timelock(Administration::SetMinDelay(1))]
    }
}
