//! Bonding.

use anyhow::Result;
use chain::{AccountId, Keypair};
use ink::message_builder;
use openledger_abi::staking::{
    MAX_STAKING_PAGE, OperatorInfo, Role, StakeInfo, Staking, StakingParameters, StakingTotals, UnbondingInfo,
};

use super::token;
use crate::context::Context;

/// Makes the key's account an operator with a first bond.
pub fn register(
    context: &Context,
    key: &Keypair,
    role: Role,
    signing_key: [u8; 32],
    commission_bps: u16,
    bond: u128,
) -> Result<()> {
    token::approve(context, key, context.suite.staking, bond)?;
    let call = message_builder!(Staking).register(role, signing_key, commission_bps, bond);
    context.send("registering the operator", key, context.suite.staking, call)?;
    Ok(())
}

/// Bonds to an operator.
pub fn bond(context: &Context, key: &Keypair, operator: AccountId, amount: u128) -> Result<()> {
    token::approve(context, key, context.suite.staking, amount)?;
    let call = message_builder!(Staking).bond(operator, amount);
    context.send("bonding", key, context.suite.staking, call)?;
    Ok(())
}

/// Starts to unbond; returns the unbonding's id.
pub fn unbond(context: &Context, key: &Keypair, operator: AccountId, amount: u128) -> Result<u32> {
    let call = message_builder!(Staking).unbond(operator, amount);
    Ok(context.send("unbonding", key, context.suite.staking, call)?.value)
}

/// Takes what has matured.
pub fn withdraw(context: &Context, key: &Keypair) -> Result<u128> {
    Ok(context.send("withdrawing", key, context.suite.staking, message_builder!(Staking).withdraw())?.value)
}

/// Brings the stakers' share of fees from escrow to the pools.
pub fn pull_rewards(context: &Context, key: &Keypair) -> Result<u128> {
    Ok(context.send("pulling rewards", key, context.suite.staking, message_builder!(Staking).pull_rewards())?.value)
}

/// Takes an account's rewards from an operator's pool.
pub fn claim_rewards(context: &Context, key: &Keypair, operator: AccountId) -> Result<u128> {
    let call = message_builder!(Staking).claim_rewards(operator);
    Ok(context.send("claiming rewards", key, context.suite.staking, call)?.value)
}

/// What slashes credited to the key's account (a prover's part).
pub fn claim_credit(context: &Context, key: &Keypair) -> Result<u128> {
    Ok(context.send("claiming", key, context.suite.staking, message_builder!(Staking).claim_credit())?.value)
}

/// Sets an operator's commission; a rise is announced, and can be put in force when it is due.
pub fn set_commission(context: &Context, key: &Keypair, bps: u16) -> Result<()> {
    context.send("the commission", key, context.suite.staking, message_builder!(Staking).set_commission(bps))?;
    Ok(())
}

/// Puts an announced commission in force. Returns it.
pub fn apply_commission(context: &Context, key: &Keypair, operator: AccountId) -> Result<u16> {
    let call = message_builder!(Staking).apply_commission(operator);
    Ok(context.send("the commission", key, context.suite.staking, call)?.value)
}

/// The key's account leaves jail.
pub fn unjail(context: &Context, key: &Keypair) -> Result<()> {
    context.send("leaving jail", key, context.suite.staking, message_builder!(Staking).unjail())?;
    Ok(())
}

/// Has staking look again whether an operator's pool earns.
pub fn refresh(context: &Context, key: &Keypair, operator: AccountId) -> Result<()> {
    context.send("refreshing", key, context.suite.staking, message_builder!(Staking).refresh(operator))?;
    Ok(())
}

/// Has an operator's work signed by another key from now on.
pub fn set_signing_key(context: &Context, key: &Keypair, signing_key: [u8; 32]) -> Result<()> {
    let call = message_builder!(Staking).set_signing_key(signing_key);
    context.send("the signing key", key, context.suite.staking, call)?;
    Ok(())
}

/// Pays the signers of an epoch's live report from the duty fund. Returns the sum.
pub fn pay_report(context: &Context, key: &Keypair, epoch: u32) -> Result<u128> {
    let call = message_builder!(Staking).pay_report(epoch);
    Ok(context.send("paying for signatures", key, context.suite.staking, call)?.value)
}

/// Pays the validators who agreed with a contribution's outcome. Returns the sum.
pub fn pay_verdicts(context: &Context, key: &Keypair, contribution: u64) -> Result<u128> {
    let call = message_builder!(Staking).pay_verdicts(contribution);
    Ok(context.send("paying for verdicts", key, context.suite.staking, call)?.value)
}

/// An operator as the chain sees it.
pub fn operator(context: &Context, account: AccountId) -> Result<Option<OperatorInfo>> {
    context.read(context.suite.staking, message_builder!(Staking).operator(account))
}

/// What an account has bonded.
pub fn stakes(context: &Context, account: AccountId) -> Result<Vec<StakeInfo>> {
    context.read(context.suite.staking, message_builder!(Staking).stakes(account))
}

/// What an account has unbonding.
pub fn unbondings(context: &Context, account: AccountId) -> Result<Vec<UnbondingInfo>> {
    context.read(context.suite.staking, message_builder!(Staking).unbondings(account))
}

/// What slashes credited to an account and it did not take yet.
pub fn credit(context: &Context, account: AccountId) -> Result<u128> {
    context.read(context.suite.staking, message_builder!(Staking).credit_of(account))
}

/// The votes of what an account has bonded.
pub fn votes(context: &Context, account: AccountId) -> Result<u128> {
    context.read(context.suite.staking, message_builder!(Staking).get_votes(account))
}

/// All operators, in the order of registration.
pub fn operators(context: &Context) -> Result<Vec<(AccountId, OperatorInfo)>> {
    let staking = context.suite.staking;
    let mut all = Vec::new();
    loop {
        let from = u32::try_from(all.len())?;
        let page = context.read(staking, message_builder!(Staking).operator_page(from, MAX_STAKING_PAGE))?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// Least bonds, delays and caps.
pub fn parameters(context: &Context) -> Result<StakingParameters> {
    context.read(context.suite.staking, message_builder!(Staking).parameters())
}

/// What staking holds for whom.
pub fn totals(context: &Context) -> Result<StakingTotals> {
    context.read(context.suite.staking, message_builder!(Staking).totals())
}
