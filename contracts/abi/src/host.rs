//! What contracts ask of the chain they run on: its hash function and its signature check.

use proof::signed::Signable;

/// blake2b-256 by the chain's host function.
#[derive(Debug, Clone, Copy)]
pub struct HostHasher;

impl proof::Hasher for HostHasher {
    fn blake2_256(data: &[u8]) -> proof::Hash {
        let mut hash = [0; 32];
        ink::env::hash_bytes::<ink::env::hash::Blake2x256>(data, &mut hash);
        hash
    }
}

/// Whether `signature` is an sr25519 one by `key` over the message, bare or wrapped in `<Bytes>`.
pub fn signed_by(message: &Signable, signature: &[u8; 64], key: &[u8; 32]) -> bool {
    message.verified_by(|bytes| ink::env::sr25519_verify(signature, bytes, key).is_ok())
}
