//! Fraud proof 8: a sum tree that is none, opened top-down with the sums that it states.
//!
//! Bottom-up such a tree can't be opened at all, since a path computes its sums. Top-down each step opens one preimage and compares
//! the sum that the parent states with what the children state.

use super::Fraud;
use crate::credits::CreditLeaf;
use crate::payouts::PayoutLeaf;
use crate::report::ReportBody;
use crate::tree::{Keyed, Node, SumHead, Tree};
use crate::{Error, Hasher};
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// The sum trees of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub enum SumTree {
    /// Tree 06.
    Credits,
    /// Tree 07.
    Payouts,
}

impl SumTree {
    /// The kind of tree.
    pub const fn kind(self) -> Tree {
        match self {
            SumTree::Credits => Tree::Credits,
            SumTree::Payouts => Tree::Payouts,
        }
    }

    /// Its head in a report.
    pub const fn head(self, report: &ReportBody) -> SumHead {
        match self {
            SumTree::Credits => report.credits,
            SumTree::Payouts => report.payouts,
        }
    }
}

/// A walk from the top towards one leaf.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Descent {
    /// The leaf that the walk heads for.
    pub index: u64,
    /// The children of each node on the way, top first, with their stated sums. Promoted nodes are skipped.
    pub nodes: Vec<(Node, Node)>,
    /// The preimage of what the walk ends at (a leaf, or a node that is none), if that is needed.
    pub last: Option<Vec<u8>>,
}

/// What is wrong with a tree.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
#[allow(clippy::cast_possible_truncation)] // the codec's derive casts the variant's index
pub enum TreeFault {
    /// The head is none: count 0 with a sum or a top, or too many leaves.
    Head,
    /// On the way to one leaf a sum or a preimage is wrong.
    Way(Descent),
    /// A leaf does not come after the one before it.
    Order(Descent, Descent),
}

/// A tree of a report and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct TreeWitness {
    /// Which tree.
    pub tree: SumTree,
    /// What is wrong.
    pub fault: TreeFault,
}

/// A leaf of either tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Leaf {
    Credit(CreditLeaf),
    Payout(PayoutLeaf),
}

impl Leaf {
    fn decode(tree: SumTree, preimage: &[u8]) -> Option<Self> {
        let (tag, mut fields) = preimage.split_first()?;
        if *tag != tree.kind().tag() {
            return None;
        }
        match tree {
            SumTree::Credits if fields.len() == CreditLeaf::BYTES => {
                CreditLeaf::decode(&mut fields).ok().map(Leaf::Credit)
            }
            SumTree::Payouts if fields.len() == PayoutLeaf::BYTES => {
                PayoutLeaf::decode(&mut fields).ok().map(Leaf::Payout)
            }
            _ => None,
        }
    }

    const fn amount(&self) -> u128 {
        match self {
            Leaf::Credit(leaf) => leaf.amount,
            Leaf::Payout(leaf) => leaf.cumulative,
        }
    }

    fn before(&self, next: &Leaf) -> bool {
        match (self, next) {
            (Leaf::Credit(a), Leaf::Credit(b)) => a.key() < b.key(),
            (Leaf::Payout(a), Leaf::Payout(b)) => a.account < b.account,
            _ => false,
        }
    }
}

/// What a walk that was checked ends in.
enum Walked {
    /// A fault on the way.
    Fraud(Fraud),
    /// A sound leaf.
    Leaf(Leaf),
}

/// Checks the witness against a report.
///
/// # Errors
/// [`Error::NotFraud`] if what was opened is right, [`Error::WrongHash`] if a preimage is another node's, [`Error::WitnessMismatch`].
pub fn check<H: Hasher>(report: &ReportBody, witness: &TreeWitness) -> Result<Fraud, Error> {
    let head = witness.tree.head(report);
    let shown = match &witness.fault {
        TreeFault::Head => {
            let empty = head.count == 0 && (head.sum != 0 || head.top != crate::ZERO);
            if !empty && head.count <= witness.tree.kind().max_leaves() {
                return Err(Error::NotFraud);
            }
            Fraud::BadHead
        }
        TreeFault::Way(descent) => match walk::<H>(witness.tree, &head, descent)? {
            Walked::Fraud(fraud) => fraud,
            Walked::Leaf(_) => return Err(Error::NotFraud),
        },
        TreeFault::Order(first, second) => {
            if first.index.checked_add(1) != Some(second.index) {
                return Err(Error::WitnessMismatch);
            }
            match (walk::<H>(witness.tree, &head, first)?, walk::<H>(witness.tree, &head, second)?) {
                (Walked::Fraud(fraud), _) | (_, Walked::Fraud(fraud)) => fraud,
                (Walked::Leaf(a), Walked::Leaf(b)) if !a.before(&b) => Fraud::NotAscending,
                _ => return Err(Error::NotFraud),
            }
        }
    };
    Ok(shown)
}

/// Levels above the leaves.
fn levels(count: u64) -> u32 {
    u64::BITS.saturating_sub(count.saturating_sub(1).leading_zeros())
}

/// Whether the node above (level, index) is its parent by hashing; else the node is promoted.
fn paired(index: u64, level: u32, count: u64) -> bool {
    let at = index >> level;
    let width = count.saturating_sub(1) >> level;
    at & 1 == 1 || at < width
}

fn walk<H: Hasher>(tree: SumTree, head: &SumHead, descent: &Descent) -> Result<Walked, Error> {
    let kind = tree.kind();
    if head.count > kind.max_leaves() {
        return Err(Error::TooLarge);
    }
    if descent.index >= head.count {
        return Err(Error::IndexOutOfRange);
    }
    let mut expected = head.node();
    let mut opened = descent.nodes.iter();
    for level in (0..levels(head.count)).rev() {
        if !paired(descent.index, level, head.count) {
            continue;
        }
        let Some((left, right)) = opened.next() else {
            // The walk ends at an inner node, whose preimage must be no node.
            let preimage = descent.last.as_ref().ok_or(Error::WitnessMismatch)?;
            if H::blake2_256(preimage) != expected.hash {
                return Err(Error::WrongHash);
            }
            let sound = preimage.len() == 97 && preimage.first() == Some(&kind.node_tag());
            return if sound { Err(Error::WitnessMismatch) } else { Ok(Walked::Fraud(Fraud::MalformedNode)) };
        };
        if H::blake2_256(&crate::tree::sum_preimage(kind, left, right)) != expected.hash {
            return Err(Error::WrongHash);
        }
        match left.sum.checked_add(right.sum) {
            None => return Ok(Walked::Fraud(Fraud::SumOverflow)),
            Some(sum) if sum != expected.sum => return Ok(Walked::Fraud(Fraud::WrongSum)),
            Some(_) => {}
        }
        expected = if (descent.index >> level) & 1 == 1 { *right } else { *left };
    }
    if opened.next().is_some() {
        return Err(Error::PathLength);
    }
    let preimage = descent.last.as_ref().ok_or(Error::WitnessMismatch)?;
    if H::blake2_256(preimage) != expected.hash {
        return Err(Error::WrongHash);
    }
    let Some(leaf) = Leaf::decode(tree, preimage) else {
        return Ok(Walked::Fraud(Fraud::LeafWidth));
    };
    Ok(if leaf.amount() != expected.sum {
        Walked::Fraud(Fraud::WrongSum)
    } else if leaf.amount() == 0 {
        Walked::Fraud(Fraud::ZeroAmount)
    } else {
        Walked::Leaf(leaf)
    })
}

#[cfg(feature = "std")]
pub use find::{descend, find};

#[cfg(feature = "std")]
mod find;
