//! The kinds of trees and how their leaves, nodes and roots are hashed.

use crate::{limits, Error, Hash, Hasher, ZERO};
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// The kind of a tree; its number is the tag t of all its hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
#[repr(u8)]
pub enum Tree {
    /// 01: the 256-byte chunks of a contribution or response.
    Text = 1,
    /// 02: the contributions of a Datanet version.
    Version = 2,
    /// 03: the receipts of a (channel, model, key), with their fees.
    Receipts = 3,
    /// 04: the sketches of a model's rows.
    Sketches = 4,
    /// 05: the evidence of an epoch.
    Evidence = 5,
    /// 06: the credits of an epoch, with their amounts.
    Credits = 6,
    /// 07: the cumulative payouts, with their amounts.
    Payouts = 7,
    /// 0F: commitments to contributions.
    Commitments = 15,
}

impl Tree {
    /// t, the first byte of a leaf's preimage.
    pub const fn tag(self) -> u8 {
        match self {
            Tree::Text => 0x01,
            Tree::Version => 0x02,
            Tree::Receipts => 0x03,
            Tree::Sketches => 0x04,
            Tree::Evidence => 0x05,
            Tree::Credits => 0x06,
            Tree::Payouts => 0x07,
            Tree::Commitments => 0x0F,
        }
    }

    /// t + 0x40, the first byte of a node's preimage.
    pub const fn node_tag(self) -> u8 {
        self.tag() | 0x40
    }

    /// t + 0x80, the first byte of a root's preimage.
    pub const fn root_tag(self) -> u8 {
        self.tag() | 0x80
    }

    /// Whether nodes carry the sums of their amounts.
    pub const fn sums(self) -> bool {
        matches!(self, Tree::Receipts | Tree::Credits | Tree::Payouts)
    }

    /// How many leaves a tree of this kind may have.
    pub const fn max_leaves(self) -> u64 {
        match self {
            Tree::Version => limits::MAX_VERSION_LEAVES,
            Tree::Sketches => limits::MAX_SKETCH_ROWS,
            Tree::Commitments => limits::MAX_COMMITMENTS,
            _ => limits::MAX_LEAVES,
        }
    }
}

/// A node of a tree: its hash, and in a sum tree the sum of the amounts below it (else 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Node {
    /// The node's hash.
    pub hash: Hash,
    /// The sum of the amounts below; 0 in a tree without sums.
    pub sum: u128,
}

impl Node {
    /// A node of a tree without sums.
    pub const fn plain(hash: Hash) -> Self {
        Node { hash, sum: 0 }
    }

    /// The top of an empty tree.
    pub const EMPTY: Node = Node { hash: ZERO, sum: 0 };
}

/// What a path is made of: plain hashes in trees without sums, [`Node`]s in sum trees.
pub trait Sibling: Copy {
    /// As a node (sum 0 for a plain hash).
    fn node(&self) -> Node;
    /// From a node (a plain hash drops the sum).
    fn of(node: &Node) -> Self;
}

impl Sibling for Hash {
    fn node(&self) -> Node {
        Node::plain(*self)
    }
    fn of(node: &Node) -> Self {
        node.hash
    }
}

impl Sibling for Node {
    fn node(&self) -> Node {
        *self
    }
    fn of(node: &Node) -> Self {
        *node
    }
}

/// Count and top of a tree without sums. SCALE encodes it as the protocol does: count u64, top.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct TreeHead {
    /// Leaves.
    pub count: u64,
    /// The top node's hash; zeros if there is no leaf.
    pub top: Hash,
}

/// Count, sum and top of a sum tree. SCALE encodes it as the protocol does: count u64, Σ u128, top.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct SumHead {
    /// Leaves.
    pub count: u64,
    /// The sum of their amounts.
    pub sum: u128,
    /// The top node's hash; zeros if there is no leaf.
    pub top: Hash,
}

impl TreeHead {
    /// No leaf: count 0, top zeros.
    pub const EMPTY: TreeHead = TreeHead { count: 0, top: ZERO };

    /// The root, with the count as header (evidence).
    pub fn root<H: Hasher>(&self, tree: Tree) -> Hash {
        root_hash::<H>(tree, &self.count.to_le_bytes(), &self.top)
    }
}

impl SumHead {
    /// No leaf: count 0, sum 0, top zeros.
    pub const EMPTY: SumHead = SumHead { count: 0, sum: 0, top: ZERO };

    /// The root, with count and sum as header (receipts, credits, payouts).
    pub fn root<H: Hasher>(&self, tree: Tree) -> Hash {
        let mut header = [0u8; 24];
        let (count, sum) = header.split_at_mut(8);
        count.copy_from_slice(&self.count.to_le_bytes());
        sum.copy_from_slice(&self.sum.to_le_bytes());
        root_hash::<H>(tree, &header, &self.top)
    }

    /// The top with the stated sum.
    pub const fn node(&self) -> Node {
        Node { hash: self.top, sum: self.sum }
    }

    /// Count and top alone.
    pub const fn plain(&self) -> TreeHead {
        TreeHead { count: self.count, top: self.top }
    }
}

/// H(t ‖ fields).
pub fn leaf_hash<H: Hasher>(tree: Tree, fields: &[u8]) -> Hash {
    crate::hash::tagged::<H>(tree.tag(), fields)
}

/// H(t + 0x80 ‖ header ‖ top).
pub fn root_hash<H: Hasher>(tree: Tree, header: &[u8], top: &Hash) -> Hash {
    let mut bytes = Vec::with_capacity(header.len().saturating_add(33));
    bytes.push(tree.root_tag());
    bytes.extend_from_slice(header);
    bytes.extend_from_slice(top);
    H::blake2_256(&bytes)
}

/// The parent of two nodes.
///
/// # Errors
/// [`Error::Overflow`] if the sums do not fit u128.
pub fn join<H: Hasher>(tree: Tree, left: &Node, right: &Node) -> Result<Node, Error> {
    if tree.sums() {
        let sum = left.sum.checked_add(right.sum).ok_or(Error::Overflow)?;
        Ok(Node { hash: H::blake2_256(&sum_preimage(tree, left, right)), sum })
    } else {
        let mut bytes = [0u8; 65];
        bytes[0] = tree.node_tag();
        bytes[1..33].copy_from_slice(&left.hash);
        bytes[33..].copy_from_slice(&right.hash);
        Ok(Node::plain(H::blake2_256(&bytes)))
    }
}

/// The 97 bytes that a sum node hashes: t+0x40 ‖ L ‖ ΣL ‖ R ‖ ΣR.
pub(crate) fn sum_preimage(tree: Tree, left: &Node, right: &Node) -> [u8; 97] {
    let mut bytes = [0u8; 97];
    bytes[0] = tree.node_tag();
    bytes[1..33].copy_from_slice(&left.hash);
    bytes[33..49].copy_from_slice(&left.sum.to_le_bytes());
    bytes[49..81].copy_from_slice(&right.hash);
    bytes[81..].copy_from_slice(&right.sum.to_le_bytes());
    bytes
}
