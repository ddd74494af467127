//! The one hash function of the protocol, blake2b-256, brought by the caller.

/// 32 bytes of blake2b-256.
pub type Hash = [u8; 32];

/// An account: its 32-byte sr25519 public key or contract address.
pub type Account = [u8; 32];

/// What stands where a hash is absent, and the top of an empty tree.
pub const ZERO: Hash = [0; 32];

/// blake2b with 32 bytes of output, no key. Contracts implement it by the host function.
pub trait Hasher {
    /// The hash of `data`.
    fn blake2_256(data: &[u8]) -> Hash;
}

/// [`Hasher`] by the blake2 crate, for programs.
#[cfg(feature = "std")]
#[derive(Clone, Copy, Debug, Default)]
pub struct Blake2;

#[cfg(feature = "std")]
impl Hasher for Blake2 {
    fn blake2_256(data: &[u8]) -> Hash {
        use blake2::Digest;
        blake2::Blake2b::<blake2::digest::consts::U32>::digest(data).into()
    }
}

/// H(tag ‖ data): the one way in which things outside trees are hashed.
pub fn tagged<H: Hasher>(tag: u8, data: &[u8]) -> Hash {
    let mut bytes = alloc::vec::Vec::with_capacity(data.len().saturating_add(1));
    bytes.push(tag);
    bytes.extend_from_slice(data);
    H::blake2_256(&bytes)
}
