//! What a model's owner and governance may set, with its bounds.

use crate::sketch::SketchHead;
use crate::version::VersionHead;
use crate::{limits, Error, Hash};
use alloc::vec::Vec;
use scale::{Decode, Encode};

/// The attribution policy of a model revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Policy {
    /// Share of a part that goes to spans, in basis points; the three sum to 10,000.
    pub span_bps: u16,
    /// Share that goes to influence.
    pub influence_bps: u16,
    /// Share that goes to retrieval, at most 2,000: the payer alone says what it was.
    pub retrieval_bps: u16,
    /// The fewest words of a match, 3 to 16; it has at least five times as many bytes.
    pub min_words: u16,
    /// The most distinct contributors that may hold a short range before it is common knowledge, 2 or 3.
    pub c_max: u8,
}

impl Policy {
    /// Whether the policy is within its bounds.
    ///
    /// # Errors
    /// [`Error::BadPolicy`].
    pub fn validate(&self) -> Result<(), Error> {
        let sum = u32::from(self.span_bps)
            .checked_add(u32::from(self.influence_bps))
            .and_then(|sum| sum.checked_add(u32::from(self.retrieval_bps)));
        let whole = sum == Some(u32::from(limits::BPS));
        let words = (limits::MIN_MIN_WORDS..=limits::MAX_MIN_WORDS).contains(&self.min_words);
        let contributors = (limits::MIN_C_MAX..=limits::MAX_C_MAX).contains(&self.c_max);
        if whole && words && contributors && self.retrieval_bps <= limits::MAX_RETRIEVAL_BPS {
            Ok(())
        } else {
            Err(Error::BadPolicy)
        }
    }

    /// The fewest bytes of a match: five for each word of `min_words`, so that letters which are words by themselves or words
    /// of one letter don't make a quote of what anybody could have written.
    pub fn min_bytes(&self) -> u32 {
        u32::from(self.min_words).saturating_mul(u32::from(limits::BYTES_PER_WORD))
    }

    /// w, how many witnesses an exempt range names: c_max + 1.
    pub const fn witnesses(&self) -> usize {
        (self.c_max as usize).saturating_add(1)
    }
}

/// A numbered, immutable revision of a model, as far as attribution needs it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct Revision {
    /// The attribution policy.
    pub policy: Policy,
    /// Hash of the adapter's artefact.
    pub adapter: Hash,
    /// The rows' sketches (tree 04), if the model has any.
    pub sketches: Option<SketchHead>,
    /// Its sources' versions (tree 02), in order; at most 16.
    pub sources: Vec<VersionHead>,
    /// When it was registered, ms: it judges only batches that are strictly younger.
    pub created_at: u64,
}

/// The parameter set of a batch, as far as attribution needs it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct ParameterSet {
    /// The least fee of an answer, in 10^-18 OPEN; at least 1.
    pub min_fee: u128,
    /// Weight of a retrieved chunk by its rank; 0 beyond. At most 16.
    pub rank_weights: Vec<u16>,
    /// The longest range that can be common knowledge, 1 to 256 bytes.
    pub common_max: u16,
}

impl ParameterSet {
    /// The weight of a rank, 0 beyond the table.
    pub fn weight(&self, rank: u8) -> u16 {
        self.rank_weights.get(usize::from(rank)).copied().unwrap_or(0)
    }

    /// Whether the table has at most 16 ranks and `common_max` is within its bounds.
    ///
    /// # Errors
    /// [`Error::BadPolicy`].
    pub fn validate(&self) -> Result<(), Error> {
        let common = (1..=limits::MAX_COMMON_BYTES).contains(&self.common_max);
        if common && self.rank_weights.len() <= limits::MAX_RETRIEVAL {
            Ok(())
        } else {
            Err(Error::BadPolicy)
        }
    }
}
