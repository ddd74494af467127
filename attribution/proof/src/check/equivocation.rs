//! Fraud proof 1: one oracle signed two different reports of one (set, epoch, attempt, round).

use super::{Against, Fraud, Verdict};
use crate::report::ReportBody;
use crate::signed::{Domain, Signable};
use crate::{Error, Hasher};
use scale::{Decode, Encode};

/// Two signed payloads.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct EquivocationWitness {
    /// One body.
    pub first: ReportBody,
    /// Another body of the same slot.
    pub second: ReportBody,
    /// The oracle's signature of the first.
    pub first_signature: [u8; 64],
    /// The oracle's signature of the second.
    pub second_signature: [u8; 64],
}

/// Checks that the oracle behind `verify` signed both bodies.
///
/// `verify(signature, message)` answers for that oracle's key in the set `witness.first.set`.
///
/// # Errors
/// [`Error::NotFraud`] if the bodies are one, [`Error::WitnessMismatch`] if their slots differ, [`Error::BadSignature`].
pub fn check<H: Hasher>(
    domain: &Domain,
    witness: &EquivocationWitness,
    verify: impl Fn(&[u8; 64], &[u8]) -> bool,
) -> Result<Verdict, Error> {
    if witness.first.slot() != witness.second.slot() {
        return Err(Error::WitnessMismatch);
    }
    if witness.first == witness.second {
        return Err(Error::NotFraud);
    }
    for (body, signature) in [(&witness.first, &witness.first_signature), (&witness.second, &witness.second_signature)]
    {
        if !Signable::report::<H>(domain, body).verified_by(|message| verify(signature, message)) {
            return Err(Error::BadSignature);
        }
    }
    Ok(Verdict { fraud: Fraud::Equivocation, against: Against::Oracle })
}

/// The witness of two signed bodies, if they are an equivocation.
#[cfg(feature = "std")]
pub fn find(first: (&ReportBody, &[u8; 64]), second: (&ReportBody, &[u8; 64])) -> Option<EquivocationWitness> {
    (first.0.slot() == second.0.slot() && first.0 != second.0).then_some(EquivocationWitness {
        first: *first.0,
        second: *second.0,
        first_signature: *first.1,
        second_signature: *second.1,
    })
}
