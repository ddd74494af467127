//! The chain inside this process: signed envelopes, fees, a clock in ms, state on disk.
//!
//! A chain, not a mock: the contracts run in pallet-contracts, each call is a signed envelope in a block
//! of its own, and what was answered is on disk before the answer. It knows no network:
//! [`crate::Server`] serves it to other processes.

mod borrowed;
mod clock;
mod depth;
mod execution;
mod ground;
mod journal;
mod machine;
mod runtime;
mod snapshot;
mod store;

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    AccountId, BlockNumber, ChainCopy, ChainError, ContractEvent, Keypair, Native,
    keys::DEVELOPMENT_NAMES,
    ledger::{EVENTS_A_PAGE, KeyLocks, Ledger, Request, Response},
};
pub(crate) use borrowed::{Lender, Loan};
use clock::Clock;
pub(crate) use execution::message_fee;
use journal::Entry;
use machine::Machine;
pub(crate) use runtime::{DEPOSIT_PER_BYTE, DEPOSIT_PER_ITEM};
use store::Store;

/// What a development account has at genesis, as on the node: 2^60.
pub const DEVELOPMENT_ENDOWMENT: Native = 1 << 60;

/// The longest input of a message or constructor (ink!'s buffer).
const MAX_INPUT: usize = 16 * 1024;

/// How a new chain begins.
#[derive(Debug, Clone, Default)]
pub struct Genesis {
    /// Accounts with native coin beside the development accounts. One named twice gets both.
    pub balances: Vec<(AccountId, Native)>,
    /// The chain's id; drawn at random if there is none.
    pub id: Option<[u8; 32]>,
}

impl Genesis {
    /// The development accounts and these, each with [`DEVELOPMENT_ENDOWMENT`].
    pub fn endowing(accounts: impl IntoIterator<Item = AccountId>) -> Self {
        let balances = accounts.into_iter().map(|account| (account, DEVELOPMENT_ENDOWMENT)).collect();
        Genesis { balances, id: None }
    }

    /// All balances, the development accounts' included, each account once.
    fn all_balances(&self) -> Result<Vec<(AccountId, Native)>, ChainError> {
        let mut all = std::collections::BTreeMap::<AccountId, Native>::new();
        for name in DEVELOPMENT_NAMES {
            all.insert(Keypair::from_uri(name)?.account(), DEVELOPMENT_ENDOWMENT);
        }
        for (account, amount) in &self.balances {
            let sum = all.entry(*account).or_default();
            *sum = sum.saturating_add(*amount);
        }
        Ok(all.into_iter().collect())
    }
}

/// The embedded chain.
pub struct Embedded {
    genesis: [u8; 32],
    locks: KeyLocks,
    of: Of,
    state: Mutex<State>,
}

/// What it is: a chain of its own or a copy, which is nobody's, so that calls need no signature.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Itself,
    /// A chain of the same runtime.
    Embedded,
    /// A node.
    Node,
}

struct State {
    machine: Machine,
    clock: Clock,
    /// Everything contracts ever emitted, by block.
    events: Vec<ContractEvent>,
    /// Who knows the events before the first of those; asked once, when somebody wants them.
    earlier: Option<Arc<dyn Lender>>,
    /// `None`: in memory alone.
    store: Option<Store>,
}

impl Embedded {
    /// A chain in memory that nobody else sees, for tests: development accounts endowed, and a clock that
    /// stands still but for a millisecond a block and what [`crate::Chain::advance`] adds.
    ///
    /// # Panics
    /// Never: its genesis is constant.
    pub fn ephemeral() -> Self {
        match Self::ephemeral_with(&Genesis::default()) {
            Ok(chain) => chain,
            Err(error) => unreachable!("the default genesis is valid: {error}"),
        }
    }

    /// [`Embedded::ephemeral`] with another genesis.
    ///
    /// # Errors
    /// [`ChainError::Input`] if an account has less than the existential deposit.
    pub fn ephemeral_with(genesis: &Genesis) -> Result<Self, ChainError> {
        let clock = Clock::manual();
        let machine = Machine::genesis(&genesis.all_balances()?, clock.start())?;
        let id = genesis.id.unwrap_or_else(rand::random);
        Ok(Self::assemble(id, Of::Itself, State { machine, clock, events: Vec::new(), earlier: None, store: None }))
    }

    /// Opens the chain in `folder`, or begins one there. `genesis` matters only for a new one.
    ///
    /// # Errors
    /// [`ChainError::Locked`] if another process has it open, [`ChainError::Corrupt`] if a file is damaged,
    /// [`ChainError::Io`].
    pub fn open(folder: &Path, genesis: &Genesis) -> Result<Self, ChainError> {
        let opened = Store::open(folder, genesis)?;
        let clock = Clock::real(opened.offset_ms);
        let mut state = State { machine: opened.machine, clock, events: opened.events, earlier: None, store: None };
        for entry in opened.entries {
            state.replay(entry)?;
        }
        state.store = Some(opened.store);
        Ok(Self::assemble(opened.genesis, Of::Itself, state))
    }

    /// How deep calls between contracts went so far in this process: 1 is a message alone, 0 that none ran.
    ///
    /// The chain allows 24 frames, as the node does; others allow 6, so a suite that means to run there checks this.
    pub fn deepest_call(&self) -> u32 {
        self.state().machine.deepest_call()
    }

    /// A copy in memory: the same id, state, events and time, and from then on its own way.
    ///
    /// The clock stands still as in [`Embedded::ephemeral`]. Deploying once and forking for each test is faster than
    /// deploying for each.
    pub fn fork(&self) -> Self {
        let mut state = self.state();
        let machine = state.machine.fork();
        let (events, earlier) = (state.events.clone(), state.earlier.clone());
        let fork = State { machine, clock: Clock::manual(), events, earlier, store: None };
        drop(state);
        let of = if self.of == Of::Node { Of::Node } else { Of::Embedded };
        Self::assemble(self.genesis, of, fork)
    }

    /// [`Embedded::fork`] at the time that the next call here would see.
    pub(crate) fn fork_now(&self) -> Result<Self, ChainError> {
        let now = self.state().next_time();
        let fork = self.fork();
        let mut state = fork.state();
        // The fork's own next block is a millisecond later.
        if now.saturating_sub(1) > state.machine.time_ms() {
            state.machine.pass(now.saturating_sub(1))?;
        }
        drop(state);
        Ok(fork)
    }

    /// A copy of another chain: its state and events as of a block, and from then on its own way.
    pub(crate) fn over(loan: Loan) -> Self {
        let (machine, genesis) = (Machine::over(&loan), loan.genesis);
        let state =
            State { machine, clock: Clock::manual(), events: Vec::new(), earlier: Some(loan.lender), store: None };
        Self::assemble(genesis, Of::Node, state)
    }

    fn assemble(genesis: [u8; 32], of: Of, state: State) -> Self {
        Embedded { genesis, locks: KeyLocks::default(), of, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic inside a call is caught and rolled back, so the state is whole even then.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn next_time(&self) -> u64 {
        self.clock.next(self.machine.time_ms())
    }

    /// Journals the entry, then does it.
    fn commit(&mut self, entry: Entry) -> Result<Response, ChainError> {
        if let Some(store) = &mut self.store {
            store.append(&entry)?;
        }
        let outcome = self.perform(entry);
        if let Some(store) = &mut self.store {
            store.snapshot_if_due(&mut self.machine, &self.clock, &self.events);
        }
        outcome
    }

    fn perform(&mut self, entry: Entry) -> Result<Response, ChainError> {
        match entry {
            Entry::Envelope { at_ms, envelope } => {
                let block = self.machine.apply(at_ms, &envelope);
                self.events.extend(block.events);
                block.outcome.map(Response::Applied)
            }
            Entry::Advance { at_ms, by_ms } => {
                self.clock.advance(by_ms);
                self.machine.pass(at_ms)?;
                Ok(Response::Advanced)
            }
        }
    }

    /// Does again what the journal says was done. A refused call is refused again.
    fn replay(&mut self, entry: Entry) -> Result<(), ChainError> {
        if let Entry::Envelope { envelope, .. } = &entry {
            self.machine
                .admit(envelope)
                .map_err(|error| ChainError::Io(format!("the journal does not fit its snapshot: {error}")))?;
        }
        let _refused_again = self.perform(entry);
        Ok(())
    }

    fn events_from(&mut self, from: BlockNumber) -> Result<(Vec<ContractEvent>, Option<BlockNumber>), ChainError> {
        if let Some(lender) = &self.earlier {
            let earlier = lender.events()?;
            self.events.splice(0..0, earlier);
            self.earlier = None;
        }
        let start = self.events.partition_point(|event| event.block < from);
        let rest = self.events.get(start..).unwrap_or_default();
        let Some(last) = rest.get(EVENTS_A_PAGE) else {
            return Ok((rest.to_vec(), None));
        };
        // The page ends with a block.
        let end = rest.partition_point(|event| event.block <= last.block);
        let page = rest.get(..end).unwrap_or_default().to_vec();
        let next = rest.get(end).map(|event| event.block);
        Ok((page, next))
    }
}

/// # Errors
/// [`ChainError::Input`] if input bytes are more than a contract can read.
fn check_input(input: &[u8]) -> Result<(), ChainError> {
    if input.len() > MAX_INPUT {
        let length = input.len();
        return Err(ChainError::Input(format!(
            "the call's input has {length} bytes, a contract reads at most {MAX_INPUT}"
        )));
    }
    Ok(())
}

impl Ledger for Embedded {
    fn genesis_id(&self) -> [u8; 32] {
        self.genesis
    }

    fn key_locks(&self) -> &KeyLocks {
        &self.locks
    }

    fn answer(&self, request: Request) -> Result<Response, ChainError> {
        let mut state = self.state();
        match request {
            Request::Head => {
                Ok(Response::Head { genesis: self.genesis, number: state.machine.number(), now: state.next_time() })
            }
            Request::Nonce(account) => Ok(Response::Nonce(state.machine.nonce(&account)?)),
            Request::Apply(envelope) => {
                check_input(envelope.input())?;
                envelope.verify(&self.genesis)?;
                state.machine.admit(&envelope)?;
                let at_ms = state.next_time();
                state.commit(Entry::Envelope { at_ms, envelope })
            }
            Request::DryRun { origin, contract, input, value } => {
                check_input(&input)?;
                let at_ms = state.next_time();
                let outcome = state.machine.dry_run(at_ms, &origin, &contract, input, value)?;
                Ok(Response::DryRun(outcome))
            }
            Request::Events(from) => {
                let (events, next) = state.events_from(from)?;
                Ok(Response::Events { events, next })
            }
            Request::Balance(account) => Ok(Response::Balance(state.machine.balance(&account)?)),
            Request::CodeHash(contract) => Ok(Response::CodeHash(state.machine.code_hash(&contract)?)),
            Request::Advance { by_ms } => {
                let at_ms = state
                    .next_time()
                    .checked_add(by_ms)
                    .ok_or_else(|| ChainError::Input("time can't advance beyond 2^64 ms".into()))?;
                state.commit(Entry::Advance { at_ms, by_ms })
            }
            Request::CallAs { origin, contract, input, value } => {
                if self.of == Of::Itself {
                    return Err(ChainError::Input("without a signature one may only call on a copy of a chain".into()));
                }
                check_input(&input)?;
                let at_ms = state.next_time();
                let block = state.machine.call_as(at_ms, &origin, &contract, input, value);
                state.events.extend(block.events);
                block.outcome.map(Response::Applied)
            }
        }
    }

    fn weighs_alike(&self) -> bool {
        self.of != Of::Node
    }

    fn copied(&self) -> Result<Arc<dyn ChainCopy>, ChainError> {
        Ok(Arc::new(self.fork_now()?))
    }
}
