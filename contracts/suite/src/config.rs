//! What a new suite starts with. All of it can be changed later by a vote.

use chain::AccountId;
use openledger_abi::arbitration::ArbitrationParameters;
use openledger_abi::availability::AvailabilityParameters;
use openledger_abi::datanet::DatanetParameters;
use openledger_abi::disputes::DisputeParameters;
use openledger_abi::escrow::ParameterSet;
use openledger_abi::gas_station::{GasParameters, GasRate};
use openledger_abi::models::ModelParameters;
use openledger_abi::payout::PayoutParameters;
use openledger_abi::staking::StakingParameters;
use openledger_abi::times::Unit;
use openledger_abi::{Balance, OPEN};

/// One whole of the native coin, as the chains we know count it.
const COIN: Balance = 1_000_000_000_000;
const SECOND: u64 = 1_000;
const HOUR: u64 = 3_600 * SECOND;
const DAY: u64 = 24 * HOUR;

/// Parameters and roles of a new suite.
#[derive(Debug, Clone)]
pub struct SuiteConfig {
    /// Gets the whole supply of OPEN.
    pub holder: AccountId,
    /// Is credited the platform's share of fees.
    pub treasury: AccountId,
    /// May cancel in the timelock, hold a report once and pause functions of staking, the registries, payout and the gas station.
    pub guardian: AccountId,
    /// What the contracts' times are bounded in.
    pub unit: Unit,
    pub voting_delay_ms: u64,
    pub voting_period_ms: u64,
    pub proposal_threshold: Balance,
    pub quorum_bps: u16,
    pub late_quorum_extension_ms: u64,
    pub timelock_delay_ms: u64,
    pub timelock_grace_ms: u64,
    pub exit_delay_ms: u64,
    pub pot_floor_bps: u16,
    pub staking: StakingParameters,
    pub datanets: DatanetParameters,
    pub arbitration: ArbitrationParameters,
    pub models: ModelParameters,
    pub fees: ParameterSet,
    pub payout: PayoutParameters,
    pub disputes: DisputeParameters,
    pub availability: AvailabilityParameters,
    pub gas: GasParameters,
    /// Native coin that the deployer gives the gas station.
    pub gas_funds: Balance,
}

impl SuiteConfig {
    /// What a live network would start with: days for windows and votes.
    pub fn live(holder: AccountId, treasury: AccountId, guardian: AccountId) -> Self {
        Self {
            holder,
            treasury,
            guardian,
            unit: Unit::Day,
            voting_delay_ms: DAY,
            voting_period_ms: 7 * DAY,
            proposal_threshold: 100_000 * OPEN,
            quorum_bps: 400,
            late_quorum_extension_ms: 2 * DAY,
            timelock_delay_ms: 2 * DAY,
            timelock_grace_ms: 14 * DAY,
            exit_delay_ms: 3 * DAY,
            pot_floor_bps: 3_000,
            staking: StakingParameters {
                unbonding_ms: 42 * DAY,
                jail_ms: 7 * DAY,
                min_bonds: [10_000 * OPEN, 1_000 * OPEN, 1_000 * OPEN, 100 * OPEN],
                commission_cap_bps: 2_000,
                beneficiary_bps: 3_000,
                commission_delay_ms: 7 * DAY,
                duty_bps: 1_000,
                duty_cap: 100_000 * OPEN,
                signature_pay: OPEN / 100,
                verdict_pay: OPEN / 100,
                false_report_bps: 2_000,
                role_weights: [4_000, 3_000, 3_000, 0],
            },
            datanets: DatanetParameters { min_agreeing: 2 },
            arbitration: ArbitrationParameters {
                bond: 100 * OPEN,
                commit_ms: 3 * DAY,
                reveal_ms: 2 * DAY,
                fee_bps: 2_000,
                slash_bps: 1_000,
            },
            models: ModelParameters {
                royalty_cap_bps: 5_000,
                min_contributors_bps: 3_000,
                max_contributors_bps: 5_000,
            },
            fees: ParameterSet {
                platform_bps: 1_000,
                host_bps: 2_000,
                owner_bps: 1_500,
                stakers_bps: 1_000,
                contributors_bps: 4_500,
                min_fee: OPEN / 1_000_000,
                min_fee_kib: OPEN / 1_000_000,
                retrieval_weights: vec![100, 80, 60, 50, 40, 30, 20, 10],
                common_max: 48,
            },
            payout: PayoutParameters {
                epoch_ms: DAY,
                report_ms: 2 * DAY,
                window_ms: 3 * DAY,
                max_hold_ms: 18 * DAY,
                refill_ms: 3 * DAY,
                carry_bps: 1_000,
            },
            disputes: DisputeParameters { bond: 100 * OPEN, reveal_ms: HOUR },
            availability: AvailabilityParameters { bond: 20 * OPEN, answer_ms: DAY, step_ms: 12 * HOUR },
            gas: GasParameters {
                rate: GasRate { native: COIN, open: OPEN },
                tip: OPEN / 2,
                least: COIN / 10,
                account_limit: 20 * COIN,
                total_limit: 1_000 * COIN,
                reserve: COIN,
                period_ms: DAY,
            },
            gas_funds: 1_000 * COIN,
        }
    }

    /// The same rules with windows of seconds, for a development node whose time can't be moved.
    pub fn quick(holder: AccountId, treasury: AccountId, guardian: AccountId) -> Self {
        let mut config = Self::live(holder, treasury, guardian);
        config.unit = Unit::TenSeconds;
        config.voting_delay_ms = 2 * SECOND;
        config.voting_period_ms = 10 * SECOND;
        config.late_quorum_extension_ms = 4 * SECOND;
        config.timelock_delay_ms = 2 * SECOND;
        config.timelock_grace_ms = HOUR;
        config.exit_delay_ms = 10 * SECOND;
        config.staking.unbonding_ms = 600 * SECOND;
        config.staking.jail_ms = 60 * SECOND;
        config.staking.commission_delay_ms = 2 * SECOND;
        config.arbitration.commit_ms = 20 * SECOND;
        config.arbitration.reveal_ms = 20 * SECOND;
        config.payout.epoch_ms = SECOND;
        config.payout.report_ms = 60 * SECOND;
        config.payout.window_ms = 20 * SECOND;
        config.payout.max_hold_ms = 180 * SECOND;
        config.payout.refill_ms = 10 * SECOND;
        config.disputes.reveal_ms = 15 * SECOND;
        config.availability.answer_ms = 10 * SECOND;
        config.availability.step_ms = 5 * SECOND;
        config.gas.period_ms = 60 * SECOND;
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use openledger_abi::times;

    /// A test for every contract's bounds: what one of them refuses could not be deployed.
    #[test]
    fn first_parameters_keep_the_bounds_of_their_unit() {
        let nobody = AccountId::from([0; 32]);
        for c in [SuiteConfig::live(nobody, nobody, nobody), SuiteConfig::quick(nobody, nobody, nobody)] {
            let voting = c.voting_delay_ms + c.voting_period_ms + c.late_quorum_extension_ms;
            let p = c.payout;
            for (bounds, ms) in [
                (times::UNBONDING, c.staking.unbonding_ms),
                (times::VOTING, voting),
                (times::TIMELOCK_DELAY, c.timelock_delay_ms),
                (times::EPOCH, p.epoch_ms),
                (times::REPORT, p.report_ms),
                (times::WINDOW, p.window_ms),
                (times::HOLD, p.max_hold_ms),
                (times::REFILL, p.refill_ms),
                (times::EXIT_DELAY, c.exit_delay_ms),
                (times::REVEAL, c.disputes.reveal_ms),
                (times::ANSWER, c.availability.answer_ms),
                (times::JUDGING, c.arbitration.commit_ms),
                (times::JUDGING, c.arbitration.reveal_ms),
            ] {
                assert!(bounds.allow(c.unit, ms), "{ms} ms in {:?} is not within {bounds:?}", c.unit);
            }
            assert!(p.window_ms + p.max_hold_ms <= c.unit.ms(times::WINDOW_AND_HOLD));
            assert!(c.availability.answer_ms + c.availability.step_ms <= c.unit.ms(times::ANSWER_AND_STEP));
            // What the constants promise, of these parameters.
            let tail = c.unit.ms(times::DISPUTE_TAIL);
            assert!(c.staking.unbonding_ms > p.window_ms + p.max_hold_ms + tail);
            let judged = c.arbitration.commit_ms + c.arbitration.reveal_ms + c.unit.ms(times::IN_FORCE);
            assert!(c.staking.unbonding_ms > judged);
            assert!(p.max_hold_ms > voting + c.timelock_delay_ms + c.unit.ms(times::QUEUE_SLACK));
        }
    }
}
