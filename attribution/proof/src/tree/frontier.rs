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
        self.append_subtree::<H>(tree, 0, leaf)?;
        Ok(index)
    }

    /// Appends the top of a complete subtree of 2^`level` leaves at a place that is aligned to its size.
    fn append_subtree<H: Hasher>(&mut self, tree: Tree, level: u32, top: Node) -> Result<(), Error> {
        let leaves = 1u64.checked_shl(level).ok_or(Error::TooLarge)?;
        let count = self.count.checked_add(leaves).ok_or(Error::Overflow)?;
        if count > tree.max_leaves() {
            return Err(Error::TooLarge);
        }
        // Like a binary counter: each trailing one of the old count, in subtrees of this size, is a peak that the new one completes.
        let carries = usize::try_from((self.count >> level).trailing_ones()).map_err(|_| Error::Overflow)?;
        let keep = self.peaks.len().checked_sub(carries).ok_or(Error::BadFrontier)?;
        let mut node = top;
        for peak in self.peaks.get(keep..).ok_or(Error::BadFrontier)?.iter().rev() {
            node = join::<H>(tree, &peak.node(), &node)?;
        }
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
        Ok(())
    }

    /// Grows the tree to `count` leaves by the tops of the complete subtrees between, which [`subtrees`] numbers.
    ///
    /// The top of what comes out commits to the old peaks: so whoever keeps the peaks of a prefix and compares the top knows
    /// that the longer tree begins with the same leaves.
    ///
    /// # Errors
    /// [`Error::PathLength`] for more or fewer nodes, else as [`Frontier::append`]. What was appended before an error stays.
    pub fn extend<H: Hasher>(&mut self, tree: Tree, count: u64, nodes: &[S]) -> Result<(), Error> {
        let mut nodes = nodes.iter();
        for level in subtrees(self.count, count) {
            let node = nodes.next().ok_or(Error::PathLength)?;
            self.append_subtree::<H>(tree, level, node.node())?;
        }
        if nodes.next().is_some() {
            return Err(Error::PathLength);
        }
        Ok(())
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

/// The levels of the complete subtrees that fill the leaves `from .. to`, from the left, each as large as its place and the
/// end allow; none if `to` is not beyond `from`. At most 2·32 of them for any tree.
pub fn subtrees(from: u64, to: u64) -> impl Iterator<Item = u32> {
    let mut at = from;
    core::iter::from_fn(move || {
        let left = to.checked_sub(at).filter(|left| *left > 0)?;
        let level = at.trailing_zeros().min(left.ilog2());
        at = at.checked_add(1u64.checked_shl(level)?)?;
        Some(level)
    })
}
