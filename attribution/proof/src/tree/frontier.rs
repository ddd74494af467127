//! A growing tree's right edge: enough to append and to know the top, O(log n) to store.

use super::node::{join, Node, Sibling, SumHead, Tree, TreeHead};
use crate::{Error, Hash, Hasher};
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// The tops of the perfect subtrees that a tree of `count` leaves consists of, largest first: one for each set bit of
/// `count`. In storage at most 21 hashes for a version, 33 nodes for any other tree.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Frontier<S> {
    /// Leaves so far.
    pub count: u64,
    /// Tops of the perfect subtrees, largest first.
    pub peaks: Vec<S>,
}

/// The frontier of a tree without sums.
pub type PlainFrontier = Frontier<Hash>;
/// The frontier of a sum tree.
pub type SumFrontier = Frontier<Node>;

impl<S> Default for Frontier<S> {
    fn default() -> Self {
        Frontier { count: 0, peaks: Vec::new() }
    }
}

impl<S: Sibling> Frontier<S> {
    /// An empty tree's.
    pub fn new() -> Self {
        Self::default()
    }

    /// From its stored parts.
    ///
    /// # Errors
    /// [`Error::BadFrontier`] if there is not one peak a set bit of `count`.
    pub fn from_parts(count: u64, peaks: Vec<S>) -> Result<Self, Error> {
        let wanted = usize::try_from(count.count_ones()).map_err(|_| Error::BadFrontier)?;
        if peaks.len() != wanted {
            return Err(Error::BadFrontier);
        }
        Ok(Frontier { count, peaks })
    }

    /// Appends a leaf and returns its index.
    ///
    /// # Errors
    /// [`Error::TooLarge`] if the tree is full, [`Error::Overflow`] of sums, [`Error::BadFrontier`]. Nothing changes then.
    pub fn append<H: Hasher>(&mut self, tree: Tree, leaf: Node) -> Result<u64, Error> {
        let index = self.count;
        if index >= tree.max_leaves() {
            return Err(Error::TooLarge);
        }
        // Like a binary counter: each trailing one of the old count is a subtree that the new leaf completes.
        let carries = usize::try_from(index.trailing_ones()).map_err(|_| Error::Overflow)?;
        let keep = self.peaks.len().checked_sub(carries).ok_or(Error::BadFrontier)?;
        let mut node = leaf;
        for peak in self.peaks.get(keep..).ok_or(Error::BadFrontier)?.iter().rev() {
            node = join::<H>(tree, &peak.node(), &node)?;
        }
        let count = index.checked_add(1).ok_or(Error::Overflow)?;
        if tree.sums() {
            // Joins bound the sums within subtrees only; the whole must fit too.
            let mut sum = node.sum;
            for peak in self.peaks.iter().take(keep) {
                sum = sum.checked_add(peak.node().sum).ok_or(Error::Overflow)?;
            }
        }
        self.peaks.truncate(keep);
        self.peaks.push(S::of(&node));
        self.count = count;
        Ok(index)
    }

    /// The top: peaks joined from the right.
    ///
    /// # Errors
    /// [`Error::Overflow`] of sums (not after successful appends).
    pub fn top<H: Hasher>(&self, tree: Tree) -> Result<Node, Error> {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else {
            return Ok(Node::EMPTY);
        };
        let mut node = last.node();
        for peak in peaks {
            node = join::<H>(tree, &peak.node(), &node)?;
        }
        Ok(node)
    }

    /// Count and top.
    ///
    /// # Errors
    /// As [`Frontier::top`].
    pub fn head<H: Hasher>(&self, tree: Tree) -> Result<TreeHead, Error> {
        Ok(TreeHead { count: self.count, top: self.top::<H>(tree)?.hash })
    }

    /// Count, sum and top.
    ///
    /// # Errors
    /// As [`Frontier::top`].
    pub fn sum_head<H: Hasher>(&self, tree: Tree) -> Result<SumHead, Error> {
        let top = self.top::<H>(tree)?;
        Ok(SumHead { count: self.count, sum: top.sum, top: top.hash })
    }
}
