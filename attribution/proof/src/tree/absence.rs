//! That a key is in no leaf of a tree whose keys strictly ascend.

use super::node::{Sibling, Tree};
use super::path::verify_path;
use crate::{Error, Hash, Hasher, Node};
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// A leaf that has a key by which its tree is ordered.
pub trait Keyed {
    /// Numbers compare as numbers, accounts bytewise.
    type Key: Ord;
    /// The leaf's key.
    fn key(&self) -> Self::Key;
    /// The leaf's node.
    fn node<H: Hasher>(&self) -> Node;
}

/// Absence = two neighbours around the key, or the tree's first or last leaf, or no leaf at all.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Absence<L, S> {
    /// The last leaf before the key, at `at − 1`; none if the key would be first.
    pub before: Option<(L, Vec<S>)>,
    /// The first leaf after the key, at `at`; none if the key would be last.
    pub after: Option<(L, Vec<S>)>,
    /// Where the key would stand.
    pub at: u64,
}

impl<L: Keyed, S: Sibling> Absence<L, S> {
    /// Checks that `key` stands nowhere in the tree; returns the sum of the amounts before it.
    ///
    /// # Errors
    /// [`Error::WitnessMismatch`] if the neighbours do not enclose the key, else as [`verify_path`].
    pub fn verify<H: Hasher>(
        &self,
        tree: Tree,
        count: u64,
        sum: u128,
        top: &Hash,
        key: &L::Key,
    ) -> Result<u128, Error> {
        self.verify_gap::<H>(tree, count, sum, top, |leaf| leaf.key() < *key, |leaf| leaf.key() > *key)
    }

    /// Checks that the gap lies between a leaf that `before` accepts and one that `after` accepts; returns the sum of the
    /// amounts before the gap. With "less than" and "at least" this finds the sum before a key that may be there.
    ///
    /// # Errors
    /// As [`Absence::verify`].
    pub fn verify_gap<H: Hasher>(
        &self,
        tree: Tree,
        count: u64,
        sum: u128,
        top: &Hash,
        before: impl Fn(&L) -> bool,
        after: impl Fn(&L) -> bool,
    ) -> Result<u128, Error> {
        if self.at > count || self.before.is_some() != (self.at > 0) || self.after.is_some() != (self.at < count) {
            return Err(Error::WitnessMismatch);
        }
        if count == 0 {
            return if *top == crate::ZERO && sum == 0 { Ok(0) } else { Err(Error::WrongHash) };
        }
        let mut prefix = 0;
        if let Some((leaf, path)) = &self.before {
            if !before(leaf) {
                return Err(Error::WitnessMismatch);
            }
            let index = self.at.checked_sub(1).ok_or(Error::Overflow)?;
            let node = leaf.node::<H>();
            let left = verify_path::<H, S>(tree, top, sum, node, index, count, path)?;
            prefix = left.checked_add(node.sum).ok_or(Error::Overflow)?;
        }
        if let Some((leaf, path)) = &self.after {
            if !after(leaf) {
                return Err(Error::WitnessMismatch);
            }
            let left = verify_path::<H, S>(tree, top, sum, leaf.node::<H>(), self.at, count, path)?;
            if self.before.is_none() {
                prefix = left;
            }
        }
        Ok(prefix)
    }

    /// The gap before the leaf at `at` of a tree, `at` = count being its end.
    ///
    /// # Errors
    /// [`Error::IndexOutOfRange`].
    pub fn of(leaves: &[L], tree: &super::MerkleTree, at: u64) -> Result<Self, Error>
    where
        L: Clone,
    {
        let neighbour = |index: Option<u64>| -> Result<Option<(L, Vec<S>)>, Error> {
            let Some(index) = index else { return Ok(None) };
            let position = usize::try_from(index).map_err(|_| Error::Overflow)?;
            match leaves.get(position) {
                Some(leaf) => Ok(Some((leaf.clone(), tree.path(index)?))),
                None => Ok(None),
            }
        };
        if at > tree.count() {
            return Err(Error::IndexOutOfRange);
        }
        Ok(Absence { before: neighbour(at.checked_sub(1))?, after: neighbour(Some(at))?, at })
    }
}
