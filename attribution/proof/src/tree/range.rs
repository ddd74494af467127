//! A range of adjacent leaves with the siblings on both flanks: cheaper than a path a leaf.

use super::node::{join, Node, Sibling, Tree};
use super::path::Climb;
use crate::{Error, Hasher};
use alloc::vec::Vec;

/// How many siblings prove the leaves `from .. from + len` of a tree of `count` leaves.
pub fn range_len(from: u64, len: u64, count: u64) -> usize {
    let (mut low, mut high, mut width, mut siblings) =
        (from, from.saturating_add(len.saturating_sub(1)), count, 0usize);
    while width > 1 {
        if low & 1 == 1 {
            siblings = siblings.saturating_add(1);
        }
        if high & 1 == 0 && high.saturating_add(1) < width {
            siblings = siblings.saturating_add(1);
        }
        low >>= 1;
        high >>= 1;
        width = width.div_ceil(2);
    }
    siblings
}

/// Computes the top from the adjacent leaves `from ..` and the siblings bottom-up, on each level left before right.
///
/// The prefix is the sum of the amounts left of the range. `leaves` is used as working space.
///
/// # Errors
/// [`Error::Empty`] without leaves, [`Error::IndexOutOfRange`], [`Error::PathLength`], [`Error::TooLarge`], [`Error::Overflow`].
pub fn verify_range<H: Hasher, S: Sibling>(
    tree: Tree,
    mut leaves: Vec<Node>,
    from: u64,
    count: u64,
    path: &[S],
) -> Result<Climb, Error> {
    if count > tree.max_leaves() {
        return Err(Error::TooLarge);
    }
    let len = u64::try_from(leaves.len()).map_err(|_| Error::Overflow)?;
    if len == 0 {
        return Err(Error::Empty);
    }
    if from.checked_add(len).ok_or(Error::Overflow)? > count {
        return Err(Error::IndexOutOfRange);
    }
    let mut siblings = path.iter();
    let (mut low, mut width, mut prefix) = (from, count, 0u128);
    while width > 1 {
        let left = if low & 1 == 1 {
            let left = siblings.next().ok_or(Error::PathLength)?.node();
            prefix = prefix.checked_add(left.sum).ok_or(Error::Overflow)?;
            Some(left)
        } else {
            None
        };
        let here = u64::try_from(leaves.len()).map_err(|_| Error::Overflow)?;
        let end = low.checked_add(here).ok_or(Error::Overflow)?;
        let right =
            if end & 1 == 1 && end < width { Some(siblings.next().ok_or(Error::PathLength)?.node()) } else { None };
        halve::<H>(tree, &mut leaves, left, right)?;
        low >>= 1;
        width = width.div_ceil(2);
    }
    if siblings.next().is_some() {
        return Err(Error::PathLength);
    }
    let top = *leaves.first().ok_or(Error::Empty)?;
    Ok(Climb { top, prefix })
}

/// One level up, in place: contracts never free memory, so no level gets a vector of its own.
fn halve<H: Hasher>(tree: Tree, nodes: &mut Vec<Node>, left: Option<Node>, right: Option<Node>) -> Result<(), Error> {
    let mut written = 0usize;
    let mut pending = left;
    let mut read = 0usize;
    loop {
        let next = match nodes.get(read) {
            Some(node) => *node,
            None => match right {
                Some(node) if read == nodes.len() => node,
                _ => break,
            },
        };
        read = read.checked_add(1).ok_or(Error::Overflow)?;
        match pending.take() {
            None => pending = Some(next),
            Some(first) => {
                let parent = join::<H>(tree, &first, &next)?;
                *nodes.get_mut(written).ok_or(Error::Overflow)? = parent;
                written = written.checked_add(1).ok_or(Error::Overflow)?;
            }
        }
    }
    if let Some(promoted) = pending {
        *nodes.get_mut(written).ok_or(Error::Overflow)? = promoted;
        written = written.checked_add(1).ok_or(Error::Overflow)?;
    }
    nodes.truncate(written);
    Ok(())
}
