//! What the oracles say together: exactly q = n − f signatures of one set over one message (PROTOCOL.md section 2, Quorum).
//!
//! Payout keeps the sets ([`crate::payout::Payout::current_keys`]); whoever wants oracles' word checks it by this.

use crate::{ensure, host, Bytes32};
use ink::prelude::vec::Vec;
use proof::limits::{quorum, MAX_ORACLES};
use proof::signed::Signable;

/// Why signatures are not a set's word.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuorumError {
    /// Not exactly q bits, or not one signature a bit.
    WrongSignatureCount,
    /// A bit beyond the set.
    NoSuchOracle,
    /// The signature for this place is not one of its key over this message in this contract on this chain.
    BadSignature(u8),
}

/// The places whose bits are set, ascending: exactly q of n, one signature each.
///
/// # Errors
/// `NoSuchOracle`, `WrongSignatureCount`.
pub fn places(bitmap: u32, n: usize, signatures: usize) -> Result<Vec<u8>, QuorumError> {
    let n = u32::try_from(n).ok().filter(|n| *n <= MAX_ORACLES).ok_or(QuorumError::NoSuchOracle)?;
    // Nothing is beyond 31 of 32 bits but the last.
    ensure!(bitmap.checked_shr(n).unwrap_or(0) == 0, QuorumError::NoSuchOracle);
    ensure!(bitmap.count_ones() == quorum(n) && n > 0, QuorumError::WrongSignatureCount);
    ensure!(usize::try_from(quorum(n)) == Ok(signatures), QuorumError::WrongSignatureCount);
    Ok((0u8..32).filter(|place| bitmap.checked_shr(u32::from(*place)).unwrap_or(0) & 1 == 1).collect())
}

/// Checks that q of these keys, those whose bits are set, signed the message; `signatures` in ascending order of the bits.
/// Returns their places.
///
/// # Errors
/// As [`places`], and `BadSignature`.
pub fn signers(
    message: &Signable,
    keys: &[Bytes32],
    bitmap: u32,
    signatures: &[[u8; 64]],
) -> Result<Vec<u8>, QuorumError> {
    signers_by(keys, bitmap, signatures, |signature, key| host::signed_by(message, signature, key))
}

/// The same with any check of a signature by a key.
fn signers_by(
    keys: &[Bytes32],
    bitmap: u32,
    signatures: &[[u8; 64]],
    signed: impl Fn(&[u8; 64], &Bytes32) -> bool,
) -> Result<Vec<u8>, QuorumError> {
    let places = places(bitmap, keys.len(), signatures.len())?;
    for (place, signature) in places.iter().zip(signatures) {
        let key = keys.get(usize::from(*place)).ok_or(QuorumError::NoSuchOracle)?;
        ensure!(signed(signature, key), QuorumError::BadSignature(*place));
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_q_bits_within_the_set_and_a_signature_each() {
        assert_eq!(places(0b1101, 4, 3), Ok(vec![0, 2, 3]));
        assert_eq!(places(0b0101, 4, 2), Err(QuorumError::WrongSignatureCount));
        assert_eq!(places(0b1111, 4, 4), Err(QuorumError::WrongSignatureCount));
        // One oracle twice: one bit, two signatures.
        assert_eq!(places(0b0101, 4, 3), Err(QuorumError::WrongSignatureCount));
        assert_eq!(places(0b0111, 4, 2), Err(QuorumError::WrongSignatureCount));
        assert_eq!(places(0b1_0011, 4, 3), Err(QuorumError::NoSuchOracle));
        assert_eq!(places(u32::MAX, 31, 21), Err(QuorumError::NoSuchOracle));
        assert_eq!(places((1 << 21) - 1, 31, 21), Ok((0..21).collect()));
        assert_eq!(places(0, 0, 0), Err(QuorumError::WrongSignatureCount));
        assert_eq!(places(0, 32, 0), Err(QuorumError::NoSuchOracle));
    }

    #[test]
    fn a_signature_of_another_place_is_named() {
        let keys = [[1; 32], [2; 32], [3; 32], [4; 32]];
        // Signature bytes stand for the key that made them.
        let signed = |signature: &[u8; 64], key: &Bytes32| signature[..32] == key[..];
        let by = |place: u8| [place + 1; 64];
        assert_eq!(signers_by(&keys, 0b1011, &[by(0), by(1), by(3)], signed), Ok(vec![0, 1, 3]));
        let swapped = signers_by(&keys, 0b1011, &[by(0), by(3), by(1)], signed);
        assert_eq!(swapped, Err(QuorumError::BadSignature(1)));
        assert_eq!(signers_by(&keys, 0b1011, &[by(0), by(1), by(2)], signed), Err(QuorumError::BadSignature(3)));
    }
}
