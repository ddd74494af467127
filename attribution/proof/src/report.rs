//! What oracles sign: one epoch's report.

use crate::{Hash, SumHead, TreeHead};
use scale::{Decode, Encode};

/// A report's body. SCALE encodes it as the protocol does (284 bytes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct ReportBody {
    /// The oracle set that signs.
    pub set: u32,
    /// The epoch.
    pub epoch: u32,
    /// Which cut of the epoch it reports: the chain keeps one for each (epoch, attempt), so there is one true body.
    pub attempt: u32,
    /// The first batch.
    pub from: u64,
    /// The batch after the last.
    pub to: u64,
    /// The payouts of the epoch before, final.
    pub previous: SumHead,
    /// Tree 05.
    pub evidence: TreeHead,
    /// Tree 06.
    pub credits: SumHead,
    /// Tree 07.
    pub payouts: SumHead,
    /// What no account is due.
    pub carry_out: u128,
    /// Digest of the published files.
    pub files: Hash,
}
