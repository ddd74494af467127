//! One trait over an embedded pallet-contracts chain and a node reached by RPC.
