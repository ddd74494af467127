//! What a machine's state rests on: a trie of its own in memory, or another chain's state.

use sp_core::{Blake2Hasher, H256};
use sp_io::TestExternalities;
use sp_state_machine::{Ext, OverlayedChanges};

use super::borrowed::Borrowed;
use crate::ChainError;

/// A node of the state's trie: its key in the store, its bytes, how often it is referred to.
pub(crate) type TrieNode = (Vec<u8>, (Vec<u8>, i32));

/// The state, and what the open block has changed of it.
pub(super) enum Ground {
    Own(Box<TestExternalities>),
    /// All that was ever changed stays above what is borrowed.
    Borrowed {
        below: Borrowed,
        changes: Box<OverlayedChanges<Blake2Hasher>>,
    },
}

impl Ground {
    /// The trie of these nodes.
    pub fn of_nodes(root: [u8; 32], nodes: Vec<TrieNode>) -> Self {
        Self::Own(Box::new(TestExternalities::from_raw_snapshot(nodes, H256(root), Default::default())))
    }

    /// The root and the nodes of a trie of its own.
    pub fn nodes(&mut self) -> Option<([u8; 32], Vec<TrieNode>)> {
        match self {
            Self::Own(trie) => Some(nodes(trie)),
            Self::Borrowed { .. } => None,
        }
    }

    /// The same state once more.
    pub fn fork(&mut self) -> Self {
        match self {
            Self::Own(trie) => {
                let (root, nodes) = nodes(trie);
                Self::of_nodes(root, nodes)
            }
            Self::Borrowed { below, changes } => Self::Borrowed { below: below.clone(), changes: changes.clone() },
        }
    }

    /// Runs `work` with this as its state.
    pub fn execute_with<T>(&mut self, work: impl FnOnce() -> T) -> T {
        match self {
            Self::Own(trie) => trie.execute_with(work),
            Self::Borrowed { below, changes } => {
                sp_externalities::set_and_run_with_externalities(&mut Ext::new(changes, below, None), work)
            }
        }
    }

    /// Transactions that were begun and neither committed nor rolled back.
    pub fn open_transactions(&self) -> usize {
        match self {
            Self::Own(trie) => trie.overlayed_changes().transaction_depth(),
            Self::Borrowed { changes, .. } => changes.transaction_depth(),
        }
    }

    /// Makes a block's changes part of the state.
    ///
    /// # Errors
    /// What the trie says if it is broken.
    pub fn commit(&mut self) -> Result<(), String> {
        match self {
            Self::Own(trie) => trie.commit_all(),
            Self::Borrowed { .. } => Ok(()),
        }
    }

    /// Drops what no state refers to any more.
    pub fn purge(&mut self) {
        if let Self::Own(trie) = self {
            trie.backend.backend_storage_mut().purge();
        }
    }

    /// Why this can't be believed any more, if it can't.
    pub fn failure(&self) -> Option<ChainError> {
        match self {
            Self::Own(_) => None,
            Self::Borrowed { below, .. } => below.failure(),
        }
    }
}

fn nodes(trie: &mut TestExternalities) -> ([u8; 32], Vec<TrieNode>) {
    trie.backend.backend_storage_mut().purge();
    let nodes = trie.backend.backend_storage().clone().drain();
    let live = nodes.into_iter().filter(|(_, (_, references))| *references > 0);
    (trie.backend.root().0, live.collect())
}
