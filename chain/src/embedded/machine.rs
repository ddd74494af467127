//! The state machine: blocks of one envelope each. Knows no disk, no clock, no keys.

use std::panic::{AssertUnwindSafe, catch_unwind};

use frame_support::{traits::Hooks, weights::Weight};
use pallet_contracts::{CollectEvents, DebugInfo, Determinism};
use sp_core::H256;
use sp_io::TestExternalities;
use sp_runtime::BuildStorage;

use super::{
    borrowed::{Borrowed, Loan},
    depth,
    execution::{
        CALL_REF_TIME, base_weight, charge, deposit, execute, execute_as, fee_of, gas, native, refused, spendable,
    },
    ground::{Ground, TrieNode},
    runtime::{Balances, Contracts, Runtime, RuntimeEvent, System, Timestamp},
};
use crate::{AccountId, BlockNumber, ChainError, ContractEvent, DryRun, Native, envelope::Envelope, ledger::Applied};

/// Dead trie nodes are dropped this often; they stay in memory until then.
const PURGE_EVERY: BlockNumber = 256;

/// The chain's state between two blocks.
pub(crate) struct Machine {
    ground: Ground,
    number: BlockNumber,
    parent: H256,
    time_ms: u64,
    deepest_call: u32,
}

/// The state, as a snapshot keeps it.
#[derive(scale::Encode, scale::Decode)]
pub(crate) struct Snapshot {
    pub number: BlockNumber,
    pub parent: [u8; 32],
    pub time_ms: u64,
    pub root: [u8; 32],
    pub nodes: Vec<TrieNode>,
}

/// What a block did: the envelope's outcome and every contract's events.
pub(crate) struct Block<T> {
    pub outcome: T,
    pub events: Vec<ContractEvent>,
}

impl Machine {
    /// Block 0 at `time_ms`, with these balances.
    pub fn genesis(balances: &[(AccountId, Native)], time_ms: u64) -> Result<Self, ChainError> {
        let failed = |cause: String| ChainError::Input(format!("can't build the genesis: {cause}"));
        let mut storage = frame_system::GenesisConfig::<Runtime>::default().build_storage().map_err(failed)?;
        let balances = balances.iter().map(|(account, free)| (native(account), *free)).collect();
        // The pallet asserts what it dislikes (twice the same account, less than the existential deposit).
        catch_unwind(AssertUnwindSafe(|| {
            pallet_balances::GenesisConfig::<Runtime> { balances }.assimilate_storage(&mut storage)
        }))
        .unwrap_or_else(|panic| Err(panic_text(panic.as_ref())))
        .map_err(failed)?;
        let ground = Ground::Own(Box::new(TestExternalities::new(storage)));
        Ok(Machine { ground, number: 0, parent: H256::zero(), time_ms, deepest_call: 0 })
    }

    /// The state that a snapshot kept.
    pub fn restore(snapshot: Snapshot) -> Self {
        Machine {
            ground: Ground::of_nodes(snapshot.root, snapshot.nodes),
            number: snapshot.number,
            parent: H256(snapshot.parent),
            time_ms: snapshot.time_ms,
            deepest_call: 0,
        }
    }

    /// Goes on from another chain's state; what it changes stays here.
    pub fn over(loan: &Loan) -> Self {
        Machine {
            ground: Ground::Borrowed { below: Borrowed::new(loan), changes: Box::default() },
            number: loan.number,
            parent: H256(loan.hash),
            // The next block's is a millisecond later.
            time_ms: loan.time_ms.saturating_sub(1),
            deepest_call: 0,
        }
    }

    /// The state as of the last block; `None` if it rests on another chain's.
    pub fn snapshot(&mut self) -> Option<Snapshot> {
        let (root, nodes) = self.ground.nodes()?;
        Some(Snapshot { number: self.number, parent: self.parent.0, time_ms: self.time_ms, root, nodes })
    }

    /// Another machine in the same state.
    pub fn fork(&mut self) -> Self {
        Machine { ground: self.ground.fork(), deepest_call: 0, ..*self }
    }

    pub fn deepest_call(&self) -> u32 {
        self.deepest_call
    }

    pub fn number(&self) -> BlockNumber {
        self.number
    }

    /// Time of the last block.
    pub fn time_ms(&self) -> u64 {
        self.time_ms
    }

    /// Reads state.
    fn view<T>(&mut self, look: impl FnOnce() -> T) -> Result<T, ChainError> {
        self.guarded(|ground| ground.execute_with(look))
    }

    pub fn nonce(&mut self, account: &AccountId) -> Result<u32, ChainError> {
        let account = native(account);
        self.view(|| System::account_nonce(&account))
    }

    pub fn balance(&mut self, account: &AccountId) -> Result<Native, ChainError> {
        let account = native(account);
        self.view(|| Balances::free_balance(&account))
    }

    pub fn code_hash(&mut self, contract: &AccountId) -> Result<Option<[u8; 32]>, ChainError> {
        let contract = native(contract);
        Ok(self.view(|| Contracts::code_hash(&contract))?.map(|hash| hash.0))
    }

    /// Whether the envelope may enter a block: nonce and the least fee.
    ///
    /// # Errors
    /// [`ChainError::StaleNonce`], [`ChainError::CannotPay`].
    pub fn admit(&mut self, envelope: &Envelope) -> Result<(), ChainError> {
        let expected = self.nonce(&envelope.signer)?;
        if envelope.nonce != expected {
            return Err(ChainError::StaleNonce { expected, got: envelope.nonce });
        }
        let signer = native(&envelope.signer);
        let available = self.view(|| spendable(&signer))?;
        let needed = fee_of(base_weight(&envelope.call), envelope);
        if available < needed {
            return Err(ChainError::CannotPay { needed, available });
        }
        Ok(())
    }

    /// A block at `time_ms` with this admitted envelope. Its failure is an outcome: the fee is paid, the
    /// nonce used, nothing else changed.
    pub fn apply(&mut self, time_ms: u64, envelope: &Envelope) -> Block<Result<Applied, ChainError>> {
        let number = self.number.saturating_add(1);
        let mut block = match self.block(time_ms, || execute(envelope)) {
            Ok(block) => block,
            Err(ChainError::Panicked(panic)) => {
                // The call's block was rolled back whole. Its envelope pays and is used up all the same.
                let failed = self.block(time_ms, || {
                    let signer = native(&envelope.signer);
                    System::inc_account_nonce(&signer);
                    charge(&signer, fee_of(Weight::from_parts(CALL_REF_TIME, 0), envelope));
                });
                let events = failed.map(|block| block.events).unwrap_or_default();
                Block { outcome: Err(ChainError::Panicked(panic)), events }
            }
            Err(error) => Block { outcome: Err(error), events: Vec::new() },
        };
        if let Ok(applied) = &mut block.outcome {
            applied.receipt.block = number;
            applied.receipt.events = block.events.clone();
        }
        block
    }

    /// A block at `time_ms` with a call that nobody signed.
    pub fn call_as(
        &mut self,
        time_ms: u64,
        origin: &AccountId,
        contract: &AccountId,
        input: Vec<u8>,
        value: Native,
    ) -> Block<Result<Applied, ChainError>> {
        let number = self.number.saturating_add(1);
        let mut block = match self.block(time_ms, || execute_as(origin, contract, input, value)) {
            Ok(block) => block,
            Err(error) => Block { outcome: Err(error), events: Vec::new() },
        };
        if let Ok(applied) = &mut block.outcome {
            applied.receipt.block = number;
            applied.receipt.events = block.events.clone();
        }
        block
    }

    /// A block at `time_ms` with nothing in it.
    pub fn pass(&mut self, time_ms: u64) -> Result<(), ChainError> {
        self.block(time_ms, || ()).map(|_| ())
    }

    /// What a call would do in a block at `time_ms`.
    pub fn dry_run(
        &mut self,
        time_ms: u64,
        origin: &AccountId,
        contract: &AccountId,
        input: Vec<u8>,
        value: Native,
    ) -> Result<DryRun, ChainError> {
        let (number, parent) = (self.number.saturating_add(1), self.parent);
        let (origin, contract) = (native(origin), native(contract));
        let result = self.guarded(|ground| {
            ground.execute_with(|| {
                sp_io::storage::start_transaction();
                initialize(number, parent, time_ms);
                let result = Contracts::bare_call(
                    origin,
                    contract,
                    value,
                    Weight::from_parts(CALL_REF_TIME, u64::MAX),
                    None,
                    input,
                    DebugInfo::Skip,
                    CollectEvents::Skip,
                    Determinism::Enforced,
                );
                sp_io::storage::rollback_transaction();
                result
            })
        });
        let result = result?;
        let returned = result.result.map_err(refused)?;
        Ok(DryRun {
            gas: gas(result.gas_required),
            deposit: deposit(&result.storage_deposit),
            reverted: returned.did_revert(),
            returned: returned.data,
        })
    }

    /// Runs a block around `body` and commits it.
    ///
    /// # Errors
    /// Those of [`Machine::guarded`].
    fn block<T>(&mut self, time_ms: u64, body: impl FnOnce() -> T) -> Result<Block<T>, ChainError> {
        let (number, parent) = (self.number.saturating_add(1), self.parent);
        let (outcome, events, hash) = self.guarded(|ground| {
            ground.execute_with(|| {
                sp_io::storage::start_transaction();
                initialize(number, parent, time_ms);
                let outcome = body();
                let events = emitted(number);
                let hash = finalize(number);
                sp_io::storage::commit_transaction();
                (outcome, events, hash)
            })
        })?;
        self.ground.commit().map_err(ChainError::Panicked)?;
        self.number = number;
        self.parent = hash;
        self.time_ms = time_ms;
        if number % PURGE_EVERY == 0 {
            self.ground.purge();
        }
        Ok(Block { outcome, events })
    }

    /// Runs `work`; if it panics, whatever it had changed is rolled back.
    ///
    /// # Errors
    /// [`ChainError::Panicked`], and then nothing has changed; what kept borrowed state from being read, and then this machine
    /// is of no use any more.
    fn guarded<T>(&mut self, work: impl FnOnce(&mut Ground) -> T) -> Result<T, ChainError> {
        let ground = &mut self.ground;
        depth::reset();
        let outcome = catch_unwind(AssertUnwindSafe(|| work(ground)));
        self.deepest_call = self.deepest_call.max(depth::deepest());
        if let Some(failure) = self.ground.failure() {
            return Err(failure);
        }
        outcome.map_err(|panic| {
            while self.ground.open_transactions() > 0 {
                self.ground.execute_with(sp_io::storage::rollback_transaction);
            }
            ChainError::Panicked(panic_text(panic.as_ref()))
        })
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no reason given".into())
}

fn initialize(number: BlockNumber, parent: H256, time_ms: u64) {
    System::reset_events();
    System::initialize(&number, &parent, &Default::default());
    Balances::on_initialize(number);
    Timestamp::set_timestamp(time_ms);
    Timestamp::on_initialize(number);
    Contracts::on_initialize(number);
    System::note_finished_initialize();
}

fn finalize(number: BlockNumber) -> H256 {
    System::note_finished_extrinsics();
    // Removes the storage of terminated contracts bit by bit.
    Contracts::on_idle(number, Weight::from_parts(CALL_REF_TIME, u64::MAX));
    Contracts::on_finalize(number);
    Timestamp::on_finalize(number);
    Balances::on_finalize(number);
    System::finalize().hash()
}

/// What contracts emitted so far in this block.
fn emitted(block: BlockNumber) -> Vec<ContractEvent> {
    System::read_events_no_consensus()
        .filter_map(|record| match record.event {
            RuntimeEvent::Contracts(pallet_contracts::Event::ContractEmitted { contract, data }) => {
                Some(ContractEvent {
                    block,
                    contract: AccountId::from(<[u8; 32]>::from(contract)),
                    topics: record.topics.into_iter().map(|topic| topic.0).collect(),
                    data,
                })
            }
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    };

    use super::*;
    use crate::{Keypair, embedded::Lender, envelope::Call};

    const COINS: Native = 1_000_000_000_000_000;

    fn machine() -> (Machine, Keypair) {
        let key = Keypair::from_seed([1; 32]);
        (Machine::genesis(&[(key.account(), COINS)], 1_000).unwrap(), key)
    }

    fn transfer(key: &Keypair, nonce: u32, value: Native) -> Envelope {
        Envelope::sign(key, &[0; 32], nonce, Call::Transfer { to: AccountId::from([2; 32]), value })
    }

    #[test]
    fn a_panic_inside_a_block_leaves_nothing_behind_and_the_next_block_works() {
        let (mut machine, key) = machine();
        let before = machine.snapshot().unwrap().root;
        let panicked = machine.block(2_000, || {
            System::inc_account_nonce(native(&key.account()));
            sp_io::storage::start_transaction();
            sp_io::storage::set(b"half", b"done");
            panic!("in the middle");
        });
        assert_eq!(
            panicked.map(|block: Block<()>| block.outcome),
            Err(ChainError::Panicked("in the middle".to_owned()))
        );
        assert_eq!((machine.number(), machine.time_ms()), (0, 1_000));
        assert_eq!(machine.snapshot().unwrap().root, before);
        let block = machine.apply(2_000, &transfer(&key, 0, EXISTENTIAL));
        assert!(block.outcome.is_ok());
        assert_eq!(machine.number(), 1);
    }

    const EXISTENTIAL: Native = crate::EXISTENTIAL_DEPOSIT;

    #[test]
    fn a_refused_call_pays_its_fee_and_uses_its_nonce() {
        let (mut machine, key) = machine();
        let before = machine.balance(&key.account()).unwrap();
        let refused = machine.apply(2_000, &transfer(&key, 0, EXISTENTIAL - 1));
        assert!(matches!(refused.outcome, Err(ChainError::Dispatch { .. })));
        assert!(machine.balance(&key.account()).unwrap() < before);
        assert_eq!(machine.nonce(&key.account()), Ok(1));
    }

    #[test]
    fn a_nonce_that_is_not_the_next_one_is_not_admitted() {
        let (mut machine, key) = machine();
        let early = machine.admit(&transfer(&key, 1, EXISTENTIAL));
        assert_eq!(early, Err(ChainError::StaleNonce { expected: 0, got: 1 }));
        machine.apply(2_000, &transfer(&key, 0, EXISTENTIAL));
        let twice = machine.admit(&transfer(&key, 0, EXISTENTIAL));
        assert_eq!(twice, Err(ChainError::StaleNonce { expected: 1, got: 0 }));
    }

    #[test]
    fn a_call_that_spends_its_own_fee_is_undone() {
        let (mut machine, key) = machine();
        let all_but_the_fee = COINS - EXISTENTIAL - 1;
        let block = machine.apply(2_000, &transfer(&key, 0, all_but_the_fee));
        assert!(matches!(block.outcome, Err(ChainError::CannotPay { .. })), "{:?}", block.outcome);
        assert_eq!(machine.balance(&AccountId::from([2; 32])), Ok(0));
        assert!(machine.balance(&key.account()).unwrap() > all_but_the_fee - 1_000_000_000);
    }

    #[test]
    fn an_account_that_cannot_pay_the_least_fee_is_not_admitted() {
        let (mut machine, _) = machine();
        let poor = Keypair::from_seed([3; 32]);
        let refused = machine.admit(&transfer(&poor, 0, 1));
        assert!(matches!(refused, Err(ChainError::CannotPay { available: 0, .. })));
    }

    #[test]
    fn a_restored_snapshot_goes_on_to_the_same_root() {
        let (mut machine, key) = machine();
        machine.apply(2_000, &transfer(&key, 0, EXISTENTIAL));
        let mut again = Machine::restore(machine.snapshot().unwrap());
        let next = transfer(&key, 1, EXISTENTIAL);
        machine.apply(3_000, &next);
        again.apply(3_000, &next);
        assert_eq!(machine.snapshot().unwrap().root, again.snapshot().unwrap().root);
        assert_eq!(machine.snapshot().unwrap().parent, again.snapshot().unwrap().parent);
    }

    #[test]
    fn a_genesis_with_less_than_the_existential_deposit_is_refused() {
        let poor = [(AccountId::from([1; 32]), EXISTENTIAL - 1)];
        assert!(matches!(Machine::genesis(&poor, 0), Err(ChainError::Input(_))));
    }

    /// A machine whose state is lent, so many values of it; then it can't be reached any more.
    struct Lent {
        machine: Mutex<Machine>,
        values_left: AtomicU32,
    }

    impl Lender for Lent {
        fn value(&self, trie: Option<&[u8]>, key: &[u8]) -> Result<Option<Vec<u8>>, ChainError> {
            if self.values_left.fetch_sub(1, Ordering::Relaxed) == 0 {
                return Err(unreachable());
            }
            self.machine.lock().unwrap().view(|| match trie {
                None => sp_io::storage::get(key).map(|value| value.to_vec()),
                Some(trie) => sp_io::default_child_storage::get(trie, key),
            })
        }

        fn events(&self) -> Result<Vec<ContractEvent>, ChainError> {
            Ok(Vec::new())
        }
    }

    fn unreachable() -> ChainError {
        ChainError::Unreachable { url: "ws://nowhere".into(), reason: "gone".into() }
    }

    fn over(mut machine: Machine, values: u32) -> Machine {
        let (number, parent, time_ms) = (machine.number(), machine.parent.0, machine.time_ms() + 1);
        let lender = Arc::new(Lent { machine: Mutex::new(machine.fork()), values_left: AtomicU32::new(values) });
        // Contracts are the fourth pallet here.
        Machine::over(&Loan { lender, genesis: [0; 32], number, hash: parent, time_ms, contracts_index: 3 })
    }

    #[test]
    fn what_rests_on_another_chains_state_goes_on_as_that_chain_does() {
        let (mut machine, key) = machine();
        machine.apply(2_000, &transfer(&key, 0, EXISTENTIAL));
        let mut copy = over(machine.fork(), u32::MAX);
        assert_eq!((copy.number(), copy.time_ms()), (machine.number(), machine.time_ms()));
        for nonce in 1..4 {
            let next = transfer(&key, nonce, EXISTENTIAL);
            let (ours, theirs) = (copy.apply(3_000, &next), machine.apply(3_000, &next));
            assert_eq!(ours.outcome.unwrap().receipt, theirs.outcome.unwrap().receipt);
        }
        let mut again = copy.fork();
        again.apply(4_000, &transfer(&key, 4, EXISTENTIAL));
        for account in [key.account(), AccountId::from([2; 32])] {
            assert_eq!(copy.balance(&account), machine.balance(&account));
            assert_ne!(again.balance(&account), machine.balance(&account));
        }
        assert!(copy.snapshot().is_none());
    }

    #[test]
    fn what_rests_on_a_state_that_is_out_of_reach_says_so_and_is_believed_no_more() {
        let (mut source, key) = machine();
        for values in [0, 1, 2] {
            let mut copy = over(source.fork(), values);
            let lost = copy.apply(2_000, &transfer(&key, 0, EXISTENTIAL));
            assert_eq!(lost.outcome.map(|_| ()), Err(unreachable()));
            assert_eq!(copy.balance(&key.account()), Err(unreachable()));
            assert_eq!(copy.nonce(&key.account()), Err(unreachable()));
        }
    }
}
