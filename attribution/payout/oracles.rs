//! Who is in the set, who steps in, and how much stands behind what they sign.

use ink::prelude::vec::Vec;
use openledger_abi::payout::{Oracle, PayoutError, MAX_ORACLES, MIN_ORACLES};
use openledger_abi::staking::{OperatorInfo, Role};
use openledger_abi::{ensure, AccountId, Balance, Timestamp};
use proof::limits::{faults, quorum};

/// Covered is half of what the signers of a false report would lose.
const COVER_DIVISOR: Balance = 2;

/// A set of these operators with the keys that they have now.
///
/// # Errors
/// `BadOracles`, `StakingFailed`.
pub fn make(
    members: &[AccountId],
    reserves: &[AccountId],
    operators: &[Option<OperatorInfo>],
) -> Result<Vec<Oracle>, PayoutError> {
    ensure!((MIN_ORACLES..=MAX_ORACLES).contains(&members.len()), PayoutError::BadOracles);
    ensure!(reserves.len() <= MAX_ORACLES, PayoutError::BadOracles);
    ensure!(operators.len() == members.len(), PayoutError::StakingFailed);
    let mut named: Vec<AccountId> = members.iter().chain(reserves).copied().collect();
    named.sort_unstable();
    ensure!(named.windows(2).all(|pair| pair.first() != pair.last()), PayoutError::BadOracles);
    members
        .iter()
        .zip(operators)
        .map(|(account, operator)| {
            let operator = operator.as_ref().filter(|operator| may_sign(operator)).ok_or(PayoutError::BadOracles)?;
            Ok(Oracle { account: *account, key: operator.signing_key })
        })
        .collect()
}

fn may_sign(operator: &OperatorInfo) -> bool {
    operator.role == Role::Oracle && operator.in_service
}

/// When a member can be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    pub refill_ms: u64,
    /// When a refill made a set last; 0 if none did.
    pub refilled_at: Timestamp,
    pub now: Timestamp,
}

impl Patience {
    fn over_since(&self, at: Timestamp) -> bool {
        at.checked_add(self.refill_ms).is_some_and(|due| due <= self.now)
    }
}

/// Puts reserves in service, in order, into the places of members that have been out for long enough; who did is no reserve any more.
/// `infos` are of the set and of the reserves.
///
/// # Errors
/// `RefillNotDue`, `NothingToRefill`, `StakingFailed`.
pub fn refill(
    set: &mut [Oracle],
    reserves: &mut Vec<AccountId>,
    infos: (&[Option<OperatorInfo>], &[Option<OperatorInfo>]),
    patience: &Patience,
) -> Result<(), PayoutError> {
    let (members, stand_by) = infos;
    ensure!(members.len() == set.len() && stand_by.len() == reserves.len(), PayoutError::StakingFailed);
    let out = members.iter().filter(|member| member.as_ref().is_none_or(|member| !member.in_service)).count();
    let n = u32::try_from(set.len()).map_err(|_| PayoutError::Overflow)?;
    let no_quorum = u32::try_from(out).is_ok_and(|out| out > faults(n));
    ensure!(no_quorum || patience.over_since(patience.refilled_at), PayoutError::RefillNotDue);

    let mut usable = reserves.iter().zip(stand_by).filter_map(|(account, operator)| {
        let operator = operator.as_ref().filter(|operator| may_sign(operator))?;
        Some(Oracle { account: *account, key: operator.signing_key })
    });
    let mut stepped_in = Vec::new();
    for (place, member) in set.iter_mut().zip(members) {
        let long_out = member.as_ref().and_then(|member| member.out_since).is_some_and(|at| patience.over_since(at));
        if !long_out {
            continue;
        }
        let Some(reserve) = usable.next() else { break };
        stepped_in.push(reserve.account);
        *place = reserve;
    }
    drop(usable);
    ensure!(!stepped_in.is_empty(), PayoutError::NothingToRefill);
    reserves.retain(|reserve| !stepped_in.contains(reserve));
    Ok(())
}

/// What is covered if these sign: half of what they would lose.
///
/// # Errors
/// `SignerOutOfService`, `StakingFailed`, `Overflow`.
pub fn cover(places: &[u8], covers: &[Option<Balance>]) -> Result<Balance, PayoutError> {
    ensure!(covers.len() == places.len(), PayoutError::StakingFailed);
    let mut sum: Balance = 0;
    for (place, cover) in places.iter().zip(covers) {
        let cover = cover.ok_or(PayoutError::SignerOutOfService(*place))?;
        sum = sum.checked_add(cover).ok_or(PayoutError::Overflow)?;
    }
    Ok(sum / COVER_DIVISOR)
}

/// What is covered whichever q of those in service sign: by the q of them who would lose the least. 0 if there are fewer.
///
/// # Errors
/// `Overflow`.
pub fn sure_cover(covers: &[Option<Balance>]) -> Result<Balance, PayoutError> {
    let n = u32::try_from(covers.len()).map_err(|_| PayoutError::Overflow)?;
    let wanted = usize::try_from(quorum(n)).map_err(|_| PayoutError::Overflow)?;
    let mut bonds: Vec<Balance> = covers.iter().flatten().copied().collect();
    if bonds.len() < wanted {
        return Ok(0);
    }
    bonds.sort_unstable();
    let mut sum: Balance = 0;
    for bond in bonds.iter().take(wanted) {
        sum = sum.checked_add(*bond).ok_or(PayoutError::Overflow)?;
    }
    Ok(sum / COVER_DIVISOR)
}
