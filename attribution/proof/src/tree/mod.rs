//! Merkle trees: leaf H(t‖fields), node H(t+0x40‖L‖R), sum node H(t+0x40‖L‖ΣL‖R‖ΣR), root H(t+0x80‖header‖top).
//!
//! The shape is RFC 9162's: an odd node is promoted unhashed. Side and number of the siblings follow
//! from (index, count), never from the prover. Both sums are hashed, else a sum could be forged (eprint 2018/1139).

mod absence;
mod builder;
mod frontier;
mod node;
mod path;
mod range;

pub use absence::{Absence, Keyed};
pub use builder::{top_of, MerkleTree};
pub use frontier::{subtrees, Frontier, PlainFrontier, SumFrontier};
pub(crate) use node::sum_preimage;
pub use node::{join, leaf_hash, root_hash, Node, Sibling, SumHead, Tree, TreeHead};
pub use path::{climb, path_len, verify_path, Climb};
pub use range::{range_len, verify_range};
