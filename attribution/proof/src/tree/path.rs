//! One leaf's path: from the leaf to the top, with the sum of all that lies left of it.

use super::node::{join, Node, Sibling, Tree};
use crate::{Error, Hash, Hasher};

/// Where a path leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Climb {
    /// The top that the path computes.
    pub top: Node,
    /// The sum of the amounts left of the leaf (0 in a tree without sums).
    pub prefix: u128,
}

/// How many siblings the path of leaf `index` in a tree of `count` leaves has.
pub fn path_len(index: u64, count: u64) -> usize {
    let (mut i, mut width, mut len) = (index, count, 0usize);
    while width > 1 {
        if i & 1 == 1 || i.saturating_add(1) < width {
            len = len.saturating_add(1);
        }
        i >>= 1;
        width = width.div_ceil(2);
    }
    len
}

/// Computes the top from a leaf and its siblings, bottom-up.
///
/// # Errors
/// [`Error::IndexOutOfRange`], [`Error::PathLength`], [`Error::TooLarge`] (more leaves than the kind allows), [`Error::Overflow`] of sums.
pub fn climb<H: Hasher, S: Sibling>(
    tree: Tree,
    leaf: Node,
    index: u64,
    count: u64,
    path: &[S],
) -> Result<Climb, Error> {
    if count > tree.max_leaves() {
        return Err(Error::TooLarge);
    }
    if index >= count {
        return Err(Error::IndexOutOfRange);
    }
    let mut siblings = path.iter();
    let (mut node, mut prefix, mut i, mut width) = (leaf, 0u128, index, count);
    while width > 1 {
        if i & 1 == 1 {
            let left = siblings.next().ok_or(Error::PathLength)?.node();
            prefix = prefix.checked_add(left.sum).ok_or(Error::Overflow)?;
            node = join::<H>(tree, &left, &node)?;
        } else if i.checked_add(1).ok_or(Error::Overflow)? < width {
            let right = siblings.next().ok_or(Error::PathLength)?.node();
            node = join::<H>(tree, &node, &right)?;
        }
        i >>= 1;
        width = width.div_ceil(2);
    }
    if siblings.next().is_some() {
        return Err(Error::PathLength);
    }
    Ok(Climb { top: node, prefix })
}

/// [`climb`], and the top must be `top` (and in a sum tree its sum `sum`). Returns the prefix sum.
///
/// # Errors
/// As [`climb`], and [`Error::WrongHash`] for another top or sum.
pub fn verify_path<H: Hasher, S: Sibling>(
    tree: Tree,
    top: &Hash,
    sum: u128,
    leaf: Node,
    index: u64,
    count: u64,
    path: &[S],
) -> Result<u128, Error> {
    let reached = climb::<H, S>(tree, leaf, index, count, path)?;
    if reached.top.hash != *top || (tree.sums() && reached.top.sum != sum) {
        return Err(Error::WrongHash);
    }
    Ok(reached.prefix)
}
