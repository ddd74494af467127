//! How one fee splits: five shares by bps, the owner's among the model's parents, every remainder to the pot.

use ink::prelude::vec::Vec;
use openledger_abi::escrow::{EscrowError, ParameterSet, Split, MAX_MIN_FEE};
use openledger_abi::models::Settlement;
use openledger_abi::{ensure, Balance, BPS};
use proof::math::{add, mul_div, sub};

/// Splits a fee. A model that promised its contributors more than the parameter set gives pays the difference out of
/// its owner's share.
pub fn split(fee: Balance, set: &ParameterSet, model: &Settlement) -> Result<Split, EscrowError> {
    let promised = model.contributors_bps.saturating_sub(set.contributors_bps);
    let owners = part(fee, set.owner_bps.saturating_sub(promised))?;
    let mut kept_bps = BPS;
    let mut parents = Vec::with_capacity(model.parents.len());
    for (account, royalty_bps) in &model.parents {
        kept_bps = kept_bps.checked_sub(*royalty_bps).ok_or(EscrowError::Overflow)?;
        parents.push((*account, part(owners, *royalty_bps)?));
    }
    let (platform, host, stakers) =
        (part(fee, set.platform_bps)?, part(fee, set.host_bps)?, part(fee, set.stakers_bps)?);
    let owner = part(owners, kept_bps)?;
    let mut pot = fee;
    for share in [platform, host, stakers, owner].into_iter().chain(parents.iter().map(|(_, share)| *share)) {
        pot = sub(pot, share).map_err(|_| EscrowError::Overflow)?;
    }
    Ok(Split { platform, host, owner, parents, stakers, pot })
}

fn part(amount: Balance, bps: u16) -> Result<Balance, EscrowError> {
    mul_div(amount, u128::from(bps), u128::from(BPS)).map_err(|_| EscrowError::Overflow)
}

/// Whether a parameter set may be used under the pot's floor.
pub fn validate(set: &ParameterSet, pot_floor_bps: u16) -> Result<(), EscrowError> {
    let shares = [set.platform_bps, set.host_bps, set.owner_bps, set.stakers_bps, set.contributors_bps];
    let mut whole = 0u128;
    for share in shares {
        whole = add(whole, u128::from(share)).map_err(|_| EscrowError::Overflow)?;
    }
    ensure!(whole == u128::from(BPS), EscrowError::BadParameters);
    ensure!(set.min_fee >= 1, EscrowError::BadParameters);
    let attribution = proof::params::ParameterSet::from(set.clone());
    attribution.validate().map_err(|_| EscrowError::BadParameters)?;
    ensure!(set.min_fee <= MAX_MIN_FEE && set.min_fee_kib <= MAX_MIN_FEE, EscrowError::BadParameters);
    // A pot of 0 could not be attributed: the split leaves at least 1 only where contributors have a share.
    ensure!(set.contributors_bps >= 1 && set.contributors_bps >= pot_floor_bps, EscrowError::BelowPotFloor);
    Ok(())
}
