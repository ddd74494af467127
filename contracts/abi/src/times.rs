//! How long things may take: the bounds of every contract's times, by which all that has to end before something else does so.
//!
//! Each contract knows only its own times and bounds them by these constants, so what has to hold between contracts follows from
//! the constants, whatever is voted:
//!
//! - who signed a report can't carry its stake off before the last proof or question against it is over:
//!   `UNBONDING` > window + hold + 9 · (answer + step) + reveal;
//! - a guardian who sees a false report that nobody can refute can hold it until a vote has voided it:
//!   `HOLD` > a vote's whole way.
//!
//! All are counted in the *unit* that a contract is constructed with, a day on a chain that lives.

use crate::Timestamp;

/// What bounds are counted in. Fixed when a contract is constructed.
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unit {
    #[default]
    Day,
    /// For development chains, whose time can't be moved: short enough to wait for, long enough for a block, a proof and a vote.
    TenSeconds,
}

impl Unit {
    /// The least time in which something can be done that needs a block or two of its own: a 24th.
    pub const fn least(self) -> Timestamp {
        match self.ms(1).checked_div(24) {
            Some(least) => least,
            None => 0,
        }
    }

    /// So many units, ms.
    pub const fn ms(self, units: u64) -> Timestamp {
        let one: u64 = match self {
            Self::Day => 86_400_000,
            Self::TenSeconds => 10_000,
        };
        one.saturating_mul(units)
    }
}

/// How short and how long a time may be, in units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    pub min: u64,
    pub max: u64,
}

impl Bounds {
    /// Whether a time lies within.
    pub const fn allow(&self, unit: Unit, ms: u64) -> bool {
        unit.ms(self.min) <= ms && ms <= unit.ms(self.max)
    }
}

/// Staking: from unbonding to maturity.
pub const UNBONDING: Bounds = Bounds { min: 42, max: 365 };

/// Governor: voting delay, voting period and late extension together.
pub const VOTING: Bounds = Bounds { min: 0, max: 12 };
/// Timelock: from queueing to execution.
pub const TIMELOCK_DELAY: Bounds = Bounds { min: 0, max: 3 };
/// For whoever queues and executes what was decided.
pub const QUEUE_SLACK: u64 = 1;
/// From a proposal to its execution, at most.
pub const VOTE: u64 = VOTING.max + TIMELOCK_DELAY.max + QUEUE_SLACK;

/// Payout: how long a report can be refuted.
pub const WINDOW: Bounds = Bounds { min: 1, max: 4 };
/// Payout: how much longer the guardian may make that.
pub const HOLD: Bounds = Bounds { min: VOTE + 1, max: VOTE + 4 };
/// Payout: both together, at most.
pub const WINDOW_AND_HOLD: u64 = 21;
/// Payout: after how long an epoch without a report may be cut again; long enough to make a report.
pub const REPORT: Bounds = Bounds { min: 1, max: 30 };
/// Payout: for how long a member has to be out of service before a reserve takes its place.
pub const REFILL: Bounds = Bounds { min: 1, max: 30 };
/// Payout: from one epoch to the next.
pub const EPOCH: Bounds = Bounds { min: 0, max: 30 };

/// Escrow: from a payer's wish to leave, a key's revocation or a parameter set's replacement until it is final: time for the host to
/// redeem what it holds.
pub const EXIT_DELAY: Bounds = Bounds { min: 1, max: 30 };

/// Disputes: from a commit to its reveal.
pub const REVEAL: Bounds = Bounds { min: 0, max: 2 };
/// Availability: for an answer, at least; with the time for the next step, at most.
pub const ANSWER: Bounds = Bounds { min: 1, max: ANSWER_AND_STEP };
pub const ANSWER_AND_STEP: u64 = 2;
/// Availability: steps of a line of questions.
pub const STEPS: u64 = 9;
/// After the window and the hold of a report, the last question or proof against it is over within this.
pub const DISPUTE_TAIL: u64 = STEPS * ANSWER_AND_STEP + REVEAL.max;

/// Escrow: after how long without an attestation host and owner may take half of their shares.
pub const ATTEST_GRACE: u64 = 7;
/// Escrow: after how long without one a fee expires; long enough for a vote to name other oracles, and for these to attest.
pub const POT_GRACE: u64 = 2 * VOTE + 1;

/// Arbitration: for commits, and as much again for reveals.
pub const JUDGING: Bounds = Bounds { min: 1, max: 10 };
/// Arbitration: from the last reveal until a decision takes force.
pub const IN_FORCE: u64 = VOTE + 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_stake_that_signed_a_report_is_gone_before_the_last_proof_against_it() {
        const { assert!(UNBONDING.min > WINDOW_AND_HOLD + STEPS * ANSWER_AND_STEP + REVEAL.max) };
        assert_eq!(DISPUTE_TAIL, STEPS * ANSWER_AND_STEP + REVEAL.max);
    }

    #[test]
    fn a_report_can_be_held_until_a_vote_has_voided_it() {
        assert_eq!(VOTE, VOTING.max + TIMELOCK_DELAY.max + QUEUE_SLACK);
        const { assert!(HOLD.min > VOTE) };
    }

    #[test]
    fn a_window_and_a_hold_can_be_set_together() {
        const { assert!(WINDOW.min + HOLD.min <= WINDOW_AND_HOLD) };
        const { assert!(WINDOW.max <= WINDOW_AND_HOLD && HOLD.max <= WINDOW_AND_HOLD) };
    }

    #[test]
    fn a_vote_can_undo_a_decision_before_its_judges_stake_is_gone() {
        const { assert!(IN_FORCE > VOTE) };
        const { assert!(UNBONDING.min > 2 * JUDGING.max + IN_FORCE) };
    }

    #[test]
    fn a_vote_can_name_oracles_who_attest_before_a_fee_expires() {
        const { assert!(ATTEST_GRACE < POT_GRACE && POT_GRACE > VOTE) };
    }

    #[test]
    fn every_bound_can_be_kept() {
        let all = [
            UNBONDING,
            VOTING,
            TIMELOCK_DELAY,
            WINDOW,
            HOLD,
            REPORT,
            REFILL,
            EPOCH,
            REVEAL,
            ANSWER,
            JUDGING,
            EXIT_DELAY,
        ];
        for bounds in all {
            assert!(bounds.min <= bounds.max && bounds.max > 0, "{bounds:?}");
            for unit in [Unit::Day, Unit::TenSeconds] {
                assert!(bounds.allow(unit, unit.ms(bounds.min)) && bounds.allow(unit, unit.ms(bounds.max)));
                assert!(!bounds.allow(unit, unit.ms(bounds.max) + 1));
                assert!(bounds.min == 0 || !bounds.allow(unit, unit.ms(bounds.min) - 1));
            }
        }
    }
}
