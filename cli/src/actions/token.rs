//! OPEN in hands: balances, transfers, allowances, delegation.

use anyhow::Result;
use chain::{AccountId, Keypair};
use ink::message_builder;
use openledger_abi::token::Token;
use psp22::PSP22;

use crate::context::Context;

/// An account's OPEN.
pub fn balance(context: &Context, account: AccountId) -> Result<u128> {
    context.read(context.suite.token, message_builder!(PSP22).balance_of(account))
}

/// Sends OPEN.
pub fn transfer(context: &Context, from: &Keypair, to: AccountId, amount: u128) -> Result<()> {
    let call = message_builder!(PSP22).transfer(to, amount, Vec::new());
    context.send("the transfer", from, context.suite.token, call)?;
    Ok(())
}

/// Lets a contract take `amount` in addition to what it may take already.
pub fn approve(context: &Context, owner: &Keypair, spender: AccountId, amount: u128) -> Result<()> {
    let call = message_builder!(PSP22).increase_allowance(spender, amount);
    context.send("the allowance", owner, context.suite.token, call)?;
    Ok(())
}

/// Gives an account's votes to `to`, or takes them back.
pub fn delegate(context: &Context, from: &Keypair, to: Option<AccountId>) -> Result<()> {
    context.send("the delegation", from, context.suite.token, message_builder!(Token).delegate(to))?;
    Ok(())
}

/// Votes that an account has now by tokens delegated to it.
pub fn votes(context: &Context, account: AccountId) -> Result<u128> {
    context.read(context.suite.token, message_builder!(Token).get_votes(account))
}

/// To whom an account's votes are given, if to anybody.
pub fn delegate_of(context: &Context, account: AccountId) -> Result<Option<AccountId>> {
    context.read(context.suite.token, message_builder!(Token).delegates(account))
}
