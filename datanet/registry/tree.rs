//! A Datanet's growing tree 02: its count and right edge, which is all that it takes to append and to give a version's root.

use ink::prelude::vec::Vec;
use openledger_abi::datanet::{DatanetError, Version, MAX_VERSION};
use openledger_abi::{ensure, Bytes32, Timestamp};
use proof::version::VersionLeaf;
use proof::{Hasher, PlainFrontier};

/// The one tree of a Datanet, in order of admission.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    pub count: u32,
    /// Tops of the perfect subtrees, largest first.
    pub peaks: Vec<Bytes32>,
}

impl Tree {
    fn frontier(&self) -> Result<PlainFrontier, DatanetError> {
        PlainFrontier::from_parts(u64::from(self.count), self.peaks.clone()).map_err(|_| DatanetError::Overflow)
    }

    /// Appends a contribution. Returns its index.
    ///
    /// # Errors
    /// `TreeFull`.
    pub fn append<H: Hasher>(&mut self, leaf: &VersionLeaf) -> Result<u32, DatanetError> {
        ensure!(self.count < MAX_VERSION, DatanetError::TreeFull);
        let index = self.count;
        let mut frontier = self.frontier()?;
        frontier.append::<H>(proof::Tree::Version, leaf.node::<H>()).map_err(|_| DatanetError::TreeFull)?;
        self.peaks = frontier.peaks;
        self.count = index.checked_add(1).ok_or(DatanetError::Overflow)?;
        Ok(index)
    }

    /// All leaves as a version.
    ///
    /// # Errors
    /// `NothingNew` without leaves.
    pub fn cut<H: Hasher>(&self, now: Timestamp) -> Result<Version, DatanetError> {
        ensure!(self.count > 0, DatanetError::NothingNew);
        let top = self.frontier()?.top::<H>(proof::Tree::Version).map_err(|_| DatanetError::Overflow)?.hash;
        let root = proof::version::version_root::<H>(self.count, &top);
        Ok(Version { count: self.count, top, root, cut_at: now })
    }
}
