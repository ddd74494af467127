//! What oracles sign: one epoch's report.

use crate::{Hash, SumHead, TreeHead};
use scale::{Decode, Encode};

/// A report's body. SCALE encodes it as the protocol does (292 bytes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(scale_info::TypeInfo))]
pub struct ReportBody {
    /// The oracle set that signs.
    pub set: u32,
    /// The epoch.
    pub epoch: u32,
    /// How many reports of the epoch were voided before.
    pub attempt: u16,
    /// The signing round of this attempt: an oracle signs one digest for each.
    pub round: u16,
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
    /// Until when it may be submitted, ms.
    pub deadline: u64,
}

impl ReportBody {
    /// (set, epoch, attempt, round): an oracle that signs two bodies of one slot is slashed.
    pub const fn slot(&self) -> (u32, u32, u16, u16) {
        (self.set, self.epoch, self.attempt, self.round)
    }
}
