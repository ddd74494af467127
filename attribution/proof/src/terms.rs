//! What a contributor signs when giving a text to a Datanet.

use crate::{limits, Account, Error, Hash};
use scale::{Decode, Encode};

/// What a contributor allows. SCALE encodes it as the protocol does (47 bytes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Licence {
    /// H of the SPDX expression in ASCII, or of the licence's text.
    pub licence: Hash,
    /// May train models.
    pub train: bool,
    /// May be retrieved into prompts.
    pub retrieve: bool,
    /// May be shown.
    pub display: bool,
    /// May be used for money.
    pub commercial: bool,
    /// What is built from it must be shared under the same terms.
    pub share_alike: bool,
    /// The least share of a fee that must go to contributors, in basis points.
    pub min_bps: u16,
    /// Until when new versions and models may use it, ms; 0 for ever.
    pub expires_at: u64,
}

/// The body under tag `OL-TERMS-1`, for the Datanet registry. SCALE encodes it as the protocol does (171 bytes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Terms {
    /// The Datanet.
    pub datanet: u32,
    /// The root of the text (tree 01).
    pub content_root: Hash,
    /// The text's bytes.
    pub length: u64,
    /// H of the CID's bytes.
    pub cid: Hash,
    /// Who contributes and signs.
    pub contributor: Account,
    /// What is allowed.
    pub licence: Licence,
    /// The contributor's nonce.
    pub nonce: u64,
    /// Until when the signature may be used, ms.
    pub deadline: u64,
}

impl Terms {
    /// Whether the terms are within their bounds.
    ///
    /// # Errors
    /// [`Error::BadTerms`] if `min_bps` exceeds 10,000; [`Error::Empty`] or [`Error::TooLarge`] for the text's length.
    pub fn validate(&self) -> Result<(), Error> {
        if self.licence.min_bps > limits::BPS {
            return Err(Error::BadTerms);
        }
        if self.length == 0 {
            return Err(Error::Empty);
        }
        if self.length > limits::MAX_CONTRIBUTION_BYTES {
            return Err(Error::TooLarge);
        }
        Ok(())
    }
}
