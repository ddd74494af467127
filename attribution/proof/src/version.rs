//! Tree 02: the contributions of a Datanet in order of admission; a version is a prefix of it, its root over the count.

use crate::tree::{leaf_hash, root_hash, verify_path, Tree};
use crate::{Account, Error, Hash, Hasher, Node};
use scale::{Decode, Encode};

/// One contribution in a Datanet version. SCALE encodes it as the protocol does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct VersionLeaf {
    /// Its precedence, from its commitment: lower is earlier. It need not ascend in the tree.
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

/// Count and top of a version's tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct VersionHead {
    /// Contributions.
    pub count: u32,
    /// The top of the tree.
    pub top: Hash,
}

impl VersionHead {
    /// The version's root.
    pub fn root<H: Hasher>(&self) -> Hash {
        version_root::<H>(self.count, &self.top)
    }

    /// Checks that `leaf` stands at `index`.
    ///
    /// # Errors
    /// As [`verify_path`].
    pub fn verify<H: Hasher>(&self, leaf: &VersionLeaf, index: u32, path: &[Hash]) -> Result<(), Error> {
        let node = leaf.node::<H>();
        verify_path::<H, Hash>(Tree::Version, &self.top, 0, node, u64::from(index), u64::from(self.count), path)
            .map(|_| ())
    }
}
