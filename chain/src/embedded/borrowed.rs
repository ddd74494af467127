//! Another chain's state at one of its blocks, as the ground that a machine stands on: values are fetched when they are first
//! read, and kept. What a copy writes never goes there.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use scale::{Decode, Encode};
use sp_core::{
    Blake2Hasher, H256,
    hashing::twox_128,
    storage::{ChildInfo, StateVersion},
};
use sp_state_machine::{
    Backend, BackendTransaction, IterArgs, StateMachineStats, StorageIterator, StorageKey, StorageValue, UsageInfo,
};
use sp_trie::MerkleValue;

use super::runtime::{Balance, RuntimeHoldReason};
use crate::{BlockNumber, ChainError, ContractEvent};

/// A chain with pallet-contracts whose state at one block can be read.
pub(crate) trait Lender: Send + Sync {
    /// The value under a key of the state, or of the child trie with this id.
    ///
    /// # Errors
    /// If the chain can't be reached or has forgotten the block.
    fn value(&self, trie: Option<&[u8]>, key: &[u8]) -> Result<Option<Vec<u8>>, ChainError>;

    /// What contracts emitted until the block, in order.
    ///
    /// # Errors
    /// Those of [`crate::Chain::events`].
    fn events(&self) -> Result<Vec<ContractEvent>, ChainError>;
}

/// What is lent, and of which block.
pub(crate) struct Loan {
    pub lender: Arc<dyn Lender>,
    /// The chain's identity.
    pub genesis: [u8; 32],
    pub number: BlockNumber,
    pub hash: [u8; 32],
    /// The time of the copy's next block, ms since 1970.
    pub time_ms: u64,
    /// Where pallet-contracts stands in that chain's runtime. What it holds of a balance is stored under this number.
    pub contracts_index: u8,
}

/// A child trie's id (none: the state itself) and a key.
type Place = (Option<Vec<u8>>, Vec<u8>);

/// The values seen so far. Copies of a copy share them.
#[derive(Clone)]
pub(super) struct Borrowed {
    lender: Arc<dyn Lender>,
    contracts_index: u8,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    values: HashMap<Place, Option<Vec<u8>>>,
    /// The first failure. From then on nothing that was computed can be believed.
    failure: Option<ChainError>,
}

impl Borrowed {
    pub fn new(loan: &Loan) -> Self {
        Self { lender: Arc::clone(&loan.lender), contracts_index: loan.contracts_index, seen: Arc::default() }
    }

    /// Why a value could not be fetched, once one could not.
    pub fn failure(&self) -> Option<ChainError> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).failure.clone()
    }

    /// A value. One that can't be fetched counts as absent, and is noted: the runtime knows no such failure.
    fn value(&self, trie: Option<&ChildInfo>, key: &[u8]) -> Option<Vec<u8>> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (trie.map(|trie| trie.storage_key().to_vec()), key.to_vec());
        if let Some(value) = seen.values.get(&place) {
            return value.clone();
        }
        if seen.failure.is_some() {
            return None;
        }
        match self.lender.value(place.0.as_deref(), key) {
            Ok(value) => {
                let value = match trie {
                    None if key.starts_with(&holds()) => value.map(|held| self.own_holds(&held)),
                    _ => value,
                };
                seen.values.insert(place, value.clone());
                value
            }
            Err(error) => {
                seen.failure = Some(error);
                None
            }
        }
    }

    /// What pallet-contracts holds of a balance there, under the number that it has here. No other pallet holds any here.
    fn own_holds(&self, theirs: &[u8]) -> Vec<u8> {
        type Hold = (u8, u8, Balance);
        let ours = RuntimeHoldReason::Contracts(pallet_contracts::HoldReason::StorageDepositReserve).encode();
        let held = Vec::<Hold>::decode(&mut &theirs[..]).unwrap_or_default();
        let of_contracts = held.into_iter().filter(|(pallet, _, _)| *pallet == self.contracts_index);
        let renamed =
            of_contracts.map(|(pallet, reason, amount)| (ours.first().copied().unwrap_or(pallet), reason, amount));
        renamed.collect::<Vec<Hold>>().encode()
    }
}

/// The map of held balances.
fn holds() -> [u8; 32] {
    let mut prefix = [0; 32];
    prefix[..16].copy_from_slice(&twox_128(b"Balances"));
    prefix[16..].copy_from_slice(&twox_128(b"Holds"));
    prefix
}

impl std::fmt::Debug for Borrowed {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Borrowed")
    }
}

/// Nothing: what is borrowed is never walked through. Where the runtime removes all keys with a prefix (topics of the last
/// block's events, the storage of a contract that ended), those that stay are never read again.
#[derive(Default)]
pub(super) struct NoKeys;

impl StorageIterator<Blake2Hasher> for NoKeys {
    type Backend = Borrowed;
    type Error = ChainError;

    fn next_key(&mut self, _: &Borrowed) -> Option<Result<StorageKey, ChainError>> {
        None
    }

    fn next_pair(&mut self, _: &Borrowed) -> Option<Result<(StorageKey, StorageValue), ChainError>> {
        None
    }

    fn was_complete(&self) -> bool {
        true
    }
}

impl Backend<Blake2Hasher> for Borrowed {
    type Error = ChainError;
    type TrieBackendStorage = BackendTransaction<Blake2Hasher>;
    type RawIter = NoKeys;

    fn storage(&self, key: &[u8]) -> Result<Option<StorageValue>, ChainError> {
        Ok(self.value(None, key))
    }

    fn storage_hash(&self, key: &[u8]) -> Result<Option<H256>, ChainError> {
        Ok(self.value(None, key).map(|value| hash(&value)))
    }

    fn child_storage(&self, trie: &ChildInfo, key: &[u8]) -> Result<Option<StorageValue>, ChainError> {
        Ok(self.value(Some(trie), key))
    }

    fn child_storage_hash(&self, trie: &ChildInfo, key: &[u8]) -> Result<Option<H256>, ChainError> {
        Ok(self.value(Some(trie), key).map(|value| hash(&value)))
    }

    // No trie is there, and no root is made: nobody asks a copy for proofs.

    fn closest_merkle_value(&self, _: &[u8]) -> Result<Option<MerkleValue<H256>>, ChainError> {
        Ok(None)
    }

    fn child_closest_merkle_value(&self, _: &ChildInfo, _: &[u8]) -> Result<Option<MerkleValue<H256>>, ChainError> {
        Ok(None)
    }

    fn next_storage_key(&self, _: &[u8]) -> Result<Option<StorageKey>, ChainError> {
        Ok(None)
    }

    fn next_child_storage_key(&self, _: &ChildInfo, _: &[u8]) -> Result<Option<StorageKey>, ChainError> {
        Ok(None)
    }

    fn storage_root<'a>(
        &self,
        _: impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)>,
        _: StateVersion,
    ) -> (H256, BackendTransaction<Blake2Hasher>) {
        (H256::zero(), BackendTransaction::default())
    }

    fn child_storage_root<'a>(
        &self,
        _: &ChildInfo,
        _: impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)>,
        _: StateVersion,
    ) -> (H256, bool, BackendTransaction<Blake2Hasher>) {
        (H256::zero(), false, BackendTransaction::default())
    }

    fn raw_iter(&self, _: IterArgs) -> Result<NoKeys, ChainError> {
        Ok(NoKeys)
    }

    fn register_overlay_stats(&self, _: &StateMachineStats) {}

    fn usage_info(&self) -> UsageInfo {
        UsageInfo::empty()
    }
}

fn hash(value: &[u8]) -> H256 {
    H256(sp_core::hashing::blake2_256(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a chain holds under each key of its state.
    struct Values(HashMap<Vec<u8>, Vec<u8>>);

    impl Lender for Values {
        fn value(&self, _: Option<&[u8]>, key: &[u8]) -> Result<Option<Vec<u8>>, ChainError> {
            Ok(self.0.get(key).cloned())
        }

        fn events(&self) -> Result<Vec<ContractEvent>, ChainError> {
            Ok(Vec::new())
        }
    }

    #[test]
    fn what_contracts_hold_of_a_balance_stands_under_our_runtimes_number_and_nothing_else_does() {
        let key = [&holds()[..], b"somebody"].concat();
        // Pallet, reason, amount: contracts are the ninth there.
        let theirs = vec![(4u8, 0u8, 5u128), (9, 1, 70), (9, 0, 800)].encode();
        let loan = Loan {
            lender: Arc::new(Values(HashMap::from([
                (key.clone(), theirs.clone()),
                (b"other".to_vec(), theirs.clone()),
            ]))),
            genesis: [0; 32],
            number: 1,
            hash: [0; 32],
            time_ms: 1,
            contracts_index: 9,
        };
        let borrowed = Borrowed::new(&loan);
        let ours = |reason| RuntimeHoldReason::Contracts(reason);
        let expected = vec![
            (ours(pallet_contracts::HoldReason::StorageDepositReserve), 70u128),
            (ours(pallet_contracts::HoldReason::CodeUploadDepositReserve), 800),
        ];
        assert_eq!(borrowed.storage(&key), Ok(Some(expected.encode())));
        assert_eq!(borrowed.storage(b"other"), Ok(Some(theirs)));
        assert_eq!(borrowed.storage(b"nothing"), Ok(None));
    }
}
