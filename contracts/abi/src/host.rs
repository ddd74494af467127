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

/// Whether `signature` is an sr25519 one by `key` over these bytes.
///
/// A key of zeros signs nothing. It is the identity of the group, for which one constant passes as a signature over whatever
/// there is, so anybody could sign for the zero account. The group's order is prime: no other key is like it.
pub fn is_signature(signature: &[u8; 64], bytes: &[u8], key: &[u8; 32]) -> bool {
    *key != [0; 32] && ink::env::sr25519_verify(signature, bytes, key).is_ok()
}

/// Whether `signature` is one by `key` over the message, bare or wrapped in `<Bytes>`.
pub fn signed_by(message: &Signable, signature: &[u8; 64], key: &[u8; 32]) -> bool {
    message.verified_by(|bytes| is_signature(signature, bytes, key))
}
