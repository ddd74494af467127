//! What a contributor commits to and signs when giving a text to a Datanet, and when what happened to it counts.

use crate::tree::{climb, leaf_hash, Tree};
use crate::{limits, Account, Error, Hash, Hasher, Node};
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
    /// When the terms end, ms; 0 never. Terms that ended are as revoked.
    pub expires_at: u64,
}

/// A leaf of tree 0F: a commitment to contribute a text, which shows neither text nor contributor before it is opened. SCALE
/// encodes its fields as the protocol does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Commitment {
    /// The root of the text (tree 01).
    pub content_root: Hash,
    /// Who will contribute it.
    pub contributor: Account,
    /// Random bytes: else who has the text could look whether it is committed to.
    pub salt: Hash,
}

impl Commitment {
    /// H(0F ‖ content root ‖ contributor ‖ salt): of one that is committed alone, the top.
    pub fn node<H: Hasher>(&self) -> Node {
        Node::plain(leaf_hash::<H>(Tree::Commitments, &self.encode()))
    }

    /// The top of the tree of `count` commitments in which it stands at `index`.
    ///
    /// # Errors
    /// As [`climb`].
    pub fn top<H: Hasher>(&self, index: u32, count: u32, path: &[Hash]) -> Result<Hash, Error> {
        let leaf = self.node::<H>();
        Ok(climb::<H, Hash>(Tree::Commitments, leaf, u64::from(index), u64::from(count), path)?.top.hash)
    }
}

/// The precedence of what opens leaf `index` of commitment `number`: number · 2^20 + index.
///
/// # Errors
/// [`Error::IndexOutOfRange`] for an index of 2^20 or more, [`Error::Overflow`].
pub fn seq(number: u64, index: u32) -> Result<u64, Error> {
    if u64::from(index) >= limits::MAX_COMMITMENTS {
        return Err(Error::IndexOutOfRange);
    }
    let first = number.checked_mul(limits::MAX_COMMITMENTS).ok_or(Error::Overflow)?;
    first.checked_add(u64::from(index)).ok_or(Error::Overflow)
}

/// What happened to a contribution, and when (ms). An event counts if it is strictly earlier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Standing {
    /// When its terms end; 0 never.
    pub expires_at: u64,
    /// When its contributor revoked it.
    pub withdrawn_at: Option<u64>,
    /// When it was struck.
    pub struck_at: Option<u64>,
    /// When a vote lifted the strike, for good.
    pub restored_at: Option<u64>,
}

impl Standing {
    /// Whether it counts in an epoch that was closed at this time; if not, it is as if not there.
    pub fn counts(&self, closed_at: u64) -> bool {
        let before = |event: Option<u64>| event.is_some_and(|at| at < closed_at);
        !before(self.struck_at) || before(self.restored_at)
    }

    /// Whether its contributor took it back, or its terms ended, before this time: it holds its text, and is due nothing.
    pub fn withdrawn(&self, at: u64) -> bool {
        let ended = self.expires_at != 0 && self.expires_at < at;
        ended || self.withdrawn_at.is_some_and(|withdrawn_at| withdrawn_at < at)
    }

    /// Whether somebody is due what it earns in a batch of `batch_at`, in an epoch that was closed at `closed_at`.
    pub fn earns(&self, closed_at: u64, batch_at: u64) -> bool {
        self.counts(closed_at) && !self.withdrawn(batch_at)
    }
}

/// The body under tag `OL-TERMS-1`, for the Datanet registry. SCALE encodes it as the protocol does (195 bytes).
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
    /// The salt of the commitment that the terms open: no other can be opened with them.
    pub salt: Hash,
    /// Until when the signature may be used, ms.
    pub deadline: u64,
}

impl Terms {
    /// The commitment that they open.
    pub fn commitment(&self) -> Commitment {
        Commitment { content_root: self.content_root, contributor: self.contributor, salt: self.salt }
    }

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
