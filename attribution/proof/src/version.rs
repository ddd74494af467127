//! Tree 02: the contributions of a Datanet version, root over their count.

use crate::tree::{leaf_hash, root_hash, verify_path, Tree};
use crate::{Account, Error, Hash, Hasher, Node};
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// One contribution in a Datanet version. SCALE encodes it as the protocol does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct VersionLeaf {
    /// The registry's global acceptance number: lower is earlier.
    pub seq: u64,
    /// The contribution's id in the registry.
    pub contribution: u64,
    /// The root of its text (tree 01).
    pub content_root: Hash,
    /// Who contributed it.
    pub contributor: Account,
}

impl VersionLeaf {
    /// H(02 ‖ seq ‖ contribution ‖ content root ‖ contributor).
    pub fn node<H: Hasher>(&self) -> Node {
        Node::plain(leaf_hash::<H>(Tree::Version, &self.encode()))
    }
}

/// H(0x82 ‖ count u32 ‖ top): a version's root.
pub fn version_root<H: Hasher>(count: u32, top: &Hash) -> Hash {
    root_hash::<H>(Tree::Version, &count.to_le_bytes(), top)
}

/// A contribution opened from a version's root; or, with no leaf, the version's count alone.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct VersionOpening {
    /// Contributions in the version, which its root hashes.
    pub count: u32,
    /// The leaf, if there is one to open.
    pub leaf: Option<VersionLeaf>,
    /// Siblings bottom-up; with no leaf, the tree's top alone.
    pub path: Vec<Hash>,
}

impl VersionOpening {
    /// Checks the opening of leaf `index`; `None` if the version has no such leaf (then `index` ≥ count was shown).
    ///
    /// # Errors
    /// [`Error::WrongHash`] for another root, [`Error::PathLength`], [`Error::IndexOutOfRange`], [`Error::WitnessMismatch`]
    /// if the version has such a leaf and it is not opened.
    pub fn verify<H: Hasher>(&self, root: &Hash, index: u32) -> Result<Option<&VersionLeaf>, Error> {
        let Some(leaf) = &self.leaf else {
            let [top] = self.path.as_slice() else { return Err(Error::PathLength) };
            if version_root::<H>(self.count, top) != *root {
                return Err(Error::WrongHash);
            }
            return if index < self.count { Err(Error::WitnessMismatch) } else { Ok(None) };
        };
        let climbed = crate::tree::climb::<H, Hash>(
            Tree::Version,
            leaf.node::<H>(),
            u64::from(index),
            u64::from(self.count),
            &self.path,
        )?;
        if version_root::<H>(self.count, &climbed.top.hash) != *root {
            return Err(Error::WrongHash);
        }
        Ok(Some(leaf))
    }

    /// The opening of leaf `index` in a tree of version leaves, or of its count if there is no such leaf.
    ///
    /// # Errors
    /// [`Error::Overflow`] if the tree is none of a version.
    pub fn of(leaves: &[VersionLeaf], tree: &crate::tree::MerkleTree, index: u32) -> Result<Self, Error> {
        let count = u32::try_from(tree.count()).map_err(|_| Error::Overflow)?;
        let at = usize::try_from(index).map_err(|_| Error::Overflow)?;
        Ok(match leaves.get(at) {
            Some(leaf) => VersionOpening { count, leaf: Some(*leaf), path: tree.path(u64::from(index))? },
            None => VersionOpening { count, leaf: None, path: alloc::vec![tree.top().hash] },
        })
    }
}

/// Checks that `leaf` stands at `index` in the version of (count, top).
///
/// # Errors
/// As [`verify_path`].
pub fn verify_leaf<H: Hasher>(
    leaf: &VersionLeaf,
    index: u32,
    count: u32,
    top: &Hash,
    path: &[Hash],
) -> Result<(), Error> {
    verify_path::<H, Hash>(Tree::Version, top, 0, leaf.node::<H>(), u64::from(index), u64::from(count), path)
        .map(|_| ())
}
