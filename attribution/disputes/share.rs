//! How the provers of a report that fell share the reward.

use openledger_abi::disputes::{DisputesError, Fall, Part, REPAID_DIVISOR, SHARE_FEE_DIVISOR};
use openledger_abi::{AccountId, Balance, Timestamp};
use proof::math::mul_div;

/// The first proof, or question, that makes a report fall.
#[derive(Debug, Clone, Copy)]
pub struct First {
    pub prover: AccountId,
    /// `None` of an unanswered question.
    pub commit: Option<u64>,
    pub at: Timestamp,
    pub block: u32,
}

/// A report falls: `reward` is the provers' part of the slash, `lost` what bonds were lost on the report.
pub fn fall(first: First, reveal_ms: u64, reward: Balance, lost: Balance) -> Result<Fall, DisputesError> {
    let limit = reward.checked_div(REPAID_DIVISOR).ok_or(DisputesError::Overflow)?;
    let repaid = lost.min(limit);
    Ok(Fall {
        at: first.at,
        block: first.block,
        share_until: first.at.checked_add(reveal_ms).ok_or(DisputesError::Overflow)?,
        earliest: first.commit,
        first: first.prover,
        others: 0,
        reward: reward.checked_sub(repaid).ok_or(DisputesError::Overflow)?,
        repaid,
        lost,
    })
}

/// Takes another prover, whose commit `number` held as well. If it is earlier than the earliest so far, the first half is its.
pub fn join(fall: &mut Fall, number: u64, prover: AccountId) -> Result<(), DisputesError> {
    // However many there are, shares are paid one by one; with a bound a liar's accounts could fill all places.
    fall.others = fall.others.checked_add(1).ok_or(DisputesError::Overflow)?;
    if fall.earliest.is_some_and(|earliest| number < earliest) {
        fall.earliest = Some(number);
        fall.first = prover;
    }
    Ok(())
}

/// What a reveal after the first pays.
pub fn fee(bond: Balance) -> Balance {
    bond.checked_div(SHARE_FEE_DIVISOR).unwrap_or(0)
}

/// What an account gets of the reward, and of the bonds that it lost.
pub fn due(fall: &Fall, account: &AccountId, part: &Part) -> Result<(Balance, Balance), DisputesError> {
    let overflow = DisputesError::Overflow;
    // Without others the second half is the first's too: with a second account it would be all the same.
    let each = fall.reward.checked_div(2).and_then(|half| half.checked_div(u128::from(fall.others))).unwrap_or(0);
    let share = match part.proved {
        false => 0,
        true if fall.first == *account => {
            let given = each.checked_mul(u128::from(fall.others)).ok_or(overflow.clone())?;
            fall.reward.checked_sub(given).ok_or(overflow.clone())?
        }
        true => each,
    };
    let repaid = mul_div(fall.repaid, part.lost, fall.lost).map_err(|_| overflow)?;
    Ok((share, repaid))
}
