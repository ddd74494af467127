//! A whole tree in memory, for those who publish: paths and range proofs of any leaf.

use super::node::{join, Node, Sibling, SumHead, Tree, TreeHead};
use super::{subtrees, Frontier};
use crate::{Error, Hasher};
use alloc::vec::Vec;

/// All levels of a tree, leaves first. An empty tree has one empty level.
#[derive(Clone, Debug)]
pub struct MerkleTree {
    tree: Tree,
    levels: Vec<Vec<Node>>,
}

impl MerkleTree {
    /// Builds the tree over leaf nodes (hash, and in a sum tree the amount).
    ///
    /// # Errors
    /// [`Error::TooLarge`] beyond the kind's limit, [`Error::Overflow`] of sums.
    pub fn build<H: Hasher>(tree: Tree, leaves: Vec<Node>) -> Result<Self, Error> {
        if u64::try_from(leaves.len()).map_err(|_| Error::Overflow)? > tree.max_leaves() {
            return Err(Error::TooLarge);
        }
        let mut levels = Vec::new();
        let mut level = leaves;
        while level.len() > 1 {
            let mut next = Vec::with_capacity(level.len().div_ceil(2));
            for pair in level.chunks(2) {
                next.push(match pair {
                    [left, right] => join::<H>(tree, left, right)?,
                    [alone] => *alone,
                    _ => return Err(Error::Empty),
                });
            }
            levels.push(core::mem::replace(&mut level, next));
        }
        levels.push(level);
        Ok(MerkleTree { tree, levels })
    }

    /// The kind of tree.
    pub fn kind(&self) -> Tree {
        self.tree
    }

    /// Leaves.
    pub fn count(&self) -> u64 {
        self.levels.first().and_then(|leaves| u64::try_from(leaves.len()).ok()).unwrap_or(0)
    }

    /// The top node; [`Node::EMPTY`] without leaves.
    pub fn top(&self) -> Node {
        self.levels.last().and_then(|level| level.first()).copied().unwrap_or(Node::EMPTY)
    }

    /// Count and top.
    pub fn head(&self) -> TreeHead {
        TreeHead { count: self.count(), top: self.top().hash }
    }

    /// Count, sum and top.
    pub fn sum_head(&self) -> SumHead {
        SumHead { count: self.count(), sum: self.top().sum, top: self.top().hash }
    }

    /// The leaf nodes.
    pub fn leaves(&self) -> &[Node] {
        self.levels.first().map(Vec::as_slice).unwrap_or(&[])
    }

    /// The node at (level, index), level 0 being the leaves.
    pub fn node(&self, level: usize, index: u64) -> Option<Node> {
        self.levels.get(level)?.get(usize::try_from(index).ok()?).copied()
    }

    /// Levels, the leaves' included.
    pub fn depth(&self) -> usize {
        self.levels.len()
    }

    /// The siblings of leaf `index`, bottom-up.
    ///
    /// # Errors
    /// [`Error::IndexOutOfRange`].
    pub fn path<S: Sibling>(&self, index: u64) -> Result<Vec<S>, Error> {
        self.range_path(index, 1)
    }

    /// The siblings of the leaves `from .. from + len`, bottom-up, left before right.
    ///
    /// # Errors
    /// [`Error::IndexOutOfRange`], [`Error::Empty`] for `len` 0.
    pub fn range_path<S: Sibling>(&self, from: u64, len: u64) -> Result<Vec<S>, Error> {
        let last = from.checked_add(len.checked_sub(1).ok_or(Error::Empty)?).ok_or(Error::Overflow)?;
        if last >= self.count() {
            return Err(Error::IndexOutOfRange);
        }
        let mut low = usize::try_from(from).map_err(|_| Error::Overflow)?;
        let mut high = usize::try_from(last).map_err(|_| Error::Overflow)?;
        let mut siblings = Vec::new();
        for level in &self.levels {
            if level.len() <= 1 {
                break;
            }
            if low & 1 == 1 {
                siblings.push(S::of(level.get(low ^ 1).ok_or(Error::IndexOutOfRange)?));
            }
            if high & 1 == 0 {
                if let Some(right) = level.get(high ^ 1) {
                    siblings.push(S::of(right));
                }
            }
            low >>= 1;
            high >>= 1;
        }
        Ok(siblings)
    }

    /// The tops of the complete subtrees that fill the leaves `from .. to`: what [`Frontier::extend`] takes.
    ///
    /// # Errors
    /// [`Error::IndexOutOfRange`] if `to` is beyond the tree.
    pub fn between<S: Sibling>(&self, from: u64, to: u64) -> Result<Vec<S>, Error> {
        let mut at = from;
        let mut nodes = Vec::new();
        for level in subtrees(from, to) {
            let depth = usize::try_from(level).map_err(|_| Error::Overflow)?;
            nodes.push(S::of(&self.node(depth, at >> level).ok_or(Error::IndexOutOfRange)?));
            at = at.checked_add(1u64.checked_shl(level).ok_or(Error::Overflow)?).ok_or(Error::Overflow)?;
        }
        if to > self.count() {
            return Err(Error::IndexOutOfRange);
        }
        Ok(nodes)
    }

    /// The frontier of the first `count` leaves.
    ///
    /// # Errors
    /// [`Error::IndexOutOfRange`] if there are fewer.
    pub fn frontier<S: Sibling>(&self, count: u64) -> Result<Frontier<S>, Error> {
        Frontier::from_parts(count, self.between(0, count)?)
    }

    /// The sum of the amounts of the leaves before `index` (all of them for `index` = count).
    ///
    /// # Errors
    /// [`Error::IndexOutOfRange`].
    pub fn prefix(&self, index: u64) -> Result<u128, Error> {
        if index == self.count() {
            return Ok(self.top().sum);
        }
        if index > self.count() {
            return Err(Error::IndexOutOfRange);
        }
        let mut position = usize::try_from(index).map_err(|_| Error::Overflow)?;
        let mut sum = 0u128;
        for level in &self.levels {
            if position & 1 == 1 {
                let left = level.get(position ^ 1).ok_or(Error::IndexOutOfRange)?;
                sum = sum.checked_add(left.sum).ok_or(Error::Overflow)?;
            }
            position >>= 1;
        }
        Ok(sum)
    }
}

/// The top of a tree whose leaves come by one at a time; nothing but the frontier is kept.
///
/// # Errors
/// As [`Frontier::append`].
pub fn top_of<H: Hasher>(tree: Tree, leaves: impl Iterator<Item = Node>) -> Result<SumHead, Error> {
    let mut frontier = Frontier::<Node>::new();
    for leaf in leaves {
        frontier.append::<H>(tree, leaf)?;
    }
    frontier.sum_head::<H>(tree)
}
