//! The state machine: blocks of one envelope each over a trie in memory. Knows no disk, no clock, no keys.

use std::panic::{AssertUnwindSafe, catch_unwind};

use frame_support::{traits::Hooks, weights::Weight};
use pallet_contracts::{CollectEvents, DebugInfo, Determinism};
use sp_core::H256;
use sp_io::TestExternalities;
use sp_runtime::BuildStorage;

use super::{
    depth,
    execution::{
        CALL_REF_TIME, base_weight, charge, deposit, execute, execute_as, fee_of, gas, native, refused, spendable,
    },
    runtime::{Balances, Contracts, Runtime, RuntimeEvent, System, Timestamp},
};
use crate::{AccountId, BlockNumber, ChainError, ContractEvent, DryRun, Native, envelope::Envelope, ledger::Applied};

/// Dead trie nodes are dropped this often; they stay in memory until then.
const PURGE_EVERY: BlockNumber = 256;

/// The chain's state between two blocks.
pub(crate) struct Machine {
    ext: TestExternalities,
    number: BlockNumber,
    parent: H256,
    time_ms: u64,
    deepest_call: u32,
}

/// A node of the state's trie: its key in the store, its bytes, how often it is referred to.
pub(crate) type TrieNode = (Vec<u8>, (Vec<u8>, i32));

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
        let ext = TestExternalities::new(storage);
        Ok(Machine { ext, number: 0, parent: H256::zero(), time_ms, deepest_call: 0 })
    }

    /// The state that a snapshot kept.
    pub fn restore(snapshot: Snapshot) -> Self {
        let ext = TestExternalities::from_raw_snapshot(snapshot.nodes, H256(snapshot.root), Default::default());
        Machine {
            ext,
            number: snapshot.number,
            parent: H256(snapshot.parent),
            time_ms: snapshot.time_ms,
            deepest_call: 0,
        }
    }

    /// The state as of the last block.
    pub fn snapshot(&mut self) -> Snapshot {
        self.ext.backend.backend_storage_mut().purge();
        let nodes = self
            .ext
            .backend
            .backend_storage()
            .clone()
            .drain()
            .into_iter()
            .filter(|(_, (_, references))| *references > 0)
            .collect();
        Snapshot {
            number: self.number,
            parent: self.parent.0,
            time_ms: self.time_ms,
            root: self.ext.backend.root().0,
            nodes,
        }
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
    fn view<T>(&mut self, look: impl FnOnce() -> T) -> T {
        self.ext.execute_with(look)
    }

    pub fn nonce(&mut self, account: &AccountId) -> u32 {
        let account = native(account);
        self.view(|| System::account_nonce(&account))
    }

    pub fn balance(&mut self, account: &AccountId) -> Native {
        let account = native(account);
        self.view(|| Balances::free_balance(&account))
    }

    pub fn code_hash(&mut self, contract: &AccountId) -> Option<[u8; 32]> {
        let contract = native(contract);
        self.view(|| Contracts::code_hash(&contract)).map(|hash| hash.0)
    }

    /// Whether the envelope may enter a block: nonce and the least fee.
    ///
    /// # Errors
    /// [`ChainError::StaleNonce`], [`ChainError::CannotPay`].
    pub fn admit(&mut self, envelope: &Envelope) -> Result<(), ChainError> {
        let expected = self.nonce(&envelope.signer);
        if envelope.nonce != expected {
            return Err(ChainError::StaleNonce { expected, got: envelope.nonce });
        }
        let signer = native(&envelope.signer);
        let available = self.view(|| spendable(&signer));
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
            Err(panic) => {
                // The call's block was rolled back whole. Its envelope pays and is used up all the same.
                let failed = self.block(time_ms, || {
                    let signer = native(&envelope.signer);
                    System::inc_account_nonce(&signer);
                    charge(&signer, fee_of(Weight::from_parts(CALL_REF_TIME, 0), envelope));
                });
                let events = failed.map(|block| block.events).unwrap_or_default();
                Block { outcome: Err(ChainError::Panicked(panic)), events }
            }
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
            Err(panic) => Block { outcome: Err(ChainError::Panicked(panic)), events: Vec::new() },
        };
        if let Ok(applied) = &mut block.outcome {
            applied.receipt.block = number;
            applied.receipt.events = block.events.clone();
        }
        block
    }

    /// A block at `time_ms` with nothing in it.
    pub fn pass(&mut self, time_ms: u64) -> Result<(), ChainError> {
        self.block(time_ms, || ()).map(|_| ()).map_err(ChainError::Panicked)
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
        let result = self.guarded(|ext| {
            ext.execute_with(|| {
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
        let result = result.map_err(ChainError::Panicked)?;
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
    /// The panic's text; then nothing has changed.
    fn block<T>(&mut self, time_ms: u64, body: impl FnOnce() -> T) -> Result<Block<T>, String> {
        let (number, parent) = (self.number.saturating_add(1), self.parent);
        let (outcome, events, hash) = self.guarded(|ext| {
            ext.execute_with(|| {
                sp_io::storage::start_transaction();
                initialize(number, parent, time_ms);
                let outcome = body();
                let events = emitted(number);
                let hash = finalize(number);
                sp_io::storage::commit_transaction();
                (outcome, events, hash)
            })
        })?;
        self.ext.commit_all()?;
        self.number = number;
        self.parent = hash;
        self.time_ms = time_ms;
        if number % PURGE_EVERY == 0 {
            self.ext.backend.backend_storage_mut().purge();
        }
        Ok(Block { outcome, events })
    }

    /// Runs `work`; if it panics, whatever it had changed is rolled back.
    fn guarded<T>(&mut self, work: impl FnOnce(&mut TestExternalities) -> T) -> Result<T, String> {
        let ext = &mut self.ext;
        depth::reset();
        let outcome = catch_unwind(AssertUnwindSafe(|| work(ext)));
        self.deepest_call = self.deepest_call.max(depth::deepest());
        outcome.map_err(|panic| {
            while self.ext.overlayed_changes().transaction_depth() > 0 {
                self.ext.execute_with(sp_io::storage::rollback_transaction);
            }
            panic_text(panic.as_ref())
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
    use super::*;
    use crate::{Keypair, envelope::Call};

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
        let before = machine.snapshot().root;
        let panicked = machine.block(2_000, || {
            System::inc_account_nonce(native(&key.account()));
            sp_io::storage::start_transaction();
            sp_io::storage::set(b"half", b"done");
            panic!("in the middle");
        });
        assert_eq!(panicked.map(|block: Block<()>| block.outcome), Err("in the middle".to_owned()));
        assert_eq!((machine.number(), machine.time_ms()), (0, 1_000));
        assert_eq!(machine.snapshot().root, before);
        let block = machine.apply(2_000, &transfer(&key, 0, EXISTENTIAL));
        assert!(block.outcome.is_ok());
        assert_eq!(machine.number(), 1);
    }

    const EXISTENTIAL: Native = crate::EXISTENTIAL_DEPOSIT;

    #[test]
    fn a_refused_call_pays_its_fee_and_uses_its_nonce() {
        let (mut machine, key) = machine();
        let before = machine.balance(&key.account());
        let refused = machine.apply(2_000, &transfer(&key, 0, EXISTENTIAL - 1));
        assert!(matches!(refused.outcome, Err(ChainError::Dispatch { .. })));
        assert!(machine.balance(&key.account()) < before);
        assert_eq!(machine.nonce(&key.account()), 1);
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
        assert_eq!(machine.balance(&AccountId::from([2; 32])), 0);
        assert!(machine.balance(&key.account()) > all_but_the_fee - 1_000_000_000);
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
        let mut again = Machine::restore(machine.snapshot());
        let next = transfer(&key, 1, EXISTENTIAL);
        machine.apply(3_000, &next);
        again.apply(3_000, &next);
        assert_eq!(machine.snapshot().root, again.snapshot().root);
        assert_eq!(machine.snapshot().parent, again.snapshot().parent);
    }

    #[test]
    fn a_genesis_with_less_than_the_existential_deposit_is_refused() {
        let poor = [(AccountId::from([1; 32]), EXISTENTIAL - 1)];
        assert!(matches!(Machine::genesis(&poor, 0), Err(ChainError::Input(_))));
    }
}
