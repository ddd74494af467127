//! A Datanet's growing tree: its right edge, what its leaves allow together, and the first leaf that no longer stands.

use crate::terms;
use ink::prelude::vec::Vec;
use openledger_abi::datanet::{DatanetError, Terms, Version, VersionTerms, MAX_VERSION};
use openledger_abi::{ensure, Bytes32, Timestamp};
use proof::version::VersionLeaf;
use proof::{Hasher, PlainFrontier, Tree};

/// A leaf that was revoked, struck or passed over.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Barred {
    pub index: u32,
    pub contribution: u64,
}

/// One tree of a Datanet. A rebuild starts the next.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Generation {
    pub count: u32,
    /// Tops of the perfect subtrees, largest first.
    pub peaks: Vec<Bytes32>,
    pub terms: VersionTerms,
    /// The lowest index that no longer stands: versions up to it still may be used.
    pub barred: Option<Barred>,
}

impl Generation {
    fn frontier(&self) -> Result<PlainFrontier, DatanetError> {
        PlainFrontier::from_parts(u64::from(self.count), self.peaks.clone()).map_err(|_| DatanetError::Overflow)
    }

    /// Appends a contribution. Returns its index.
    ///
    /// # Errors
    /// `TreeFull`.
    pub fn append<H: Hasher>(&mut self, leaf: &VersionLeaf, terms: &Terms) -> Result<u32, DatanetError> {
        ensure!(self.count < MAX_VERSION, DatanetError::TreeFull);
        let index = self.count;
        let mut frontier = self.frontier()?;
        frontier.append::<H>(Tree::Version, leaf.node::<H>()).map_err(|_| DatanetError::TreeFull)?;
        self.peaks = frontier.peaks;
        self.count = index.checked_add(1).ok_or(DatanetError::Overflow)?;
        terms::join(&mut self.terms, terms, leaf.contribution);
        Ok(index)
    }

    /// Notes that a leaf no longer stands.
    pub fn bar(&mut self, index: u32, contribution: u64) {
        if self.barred.is_none_or(|barred| index < barred.index) {
            self.barred = Some(Barred { index, contribution });
        }
    }

    /// The first contribution that keeps new versions from being cut.
    pub fn hindrance(&self, now: Timestamp) -> Option<u64> {
        let expired = self.terms.expires_by.filter(|_| self.terms.expires_at <= now);
        self.barred.map(|barred| barred.contribution).or(expired)
    }

    /// All leaves as a version.
    ///
    /// # Errors
    /// `NothingNew` without leaves, `MustRebuild`.
    pub fn cut<H: Hasher>(&self, number: u32, floor_bps: u16, now: Timestamp) -> Result<Version, DatanetError> {
        ensure!(self.count > 0, DatanetError::NothingNew);
        if let Some(contribution) = self.hindrance(now) {
            return Err(DatanetError::MustRebuild { contribution });
        }
        let top = self.frontier()?.top::<H>(Tree::Version).map_err(|_| DatanetError::Overflow)?.hash;
        Ok(Version {
            generation: number,
            count: self.count,
            top,
            root: proof::version::version_root::<H>(self.count, &top),
            cut_at: now,
            terms: terms::with_floor(self.terms, floor_bps),
        })
    }

    /// Whether the first `count` leaves all stand.
    ///
    /// # Errors
    /// The contribution that doesn't.
    pub fn all_stand(&self, count: u32) -> Result<(), u64> {
        match self.barred {
            Some(barred) if barred.index < count => Err(barred.contribution),
            _ => Ok(()),
        }
    }
}
