//! OPEN in hands: balances, transfers, allowances, delegation.

use anyhow::Result;
use chain::{AccountId, Keypair};
use ink::message_builder;
use openledger_abi::Timestamp;
use openledger_abi::token::Token;
use psp22::{PSP22, PSP22Burnable};

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

/// Sets what a spender may take, whatever it was.
pub fn set_allowance(context: &Context, owner: &Keypair, spender: AccountId, amount: u128) -> Result<()> {
    let call = message_builder!(PSP22).approve(spender, amount);
    context.send("the allowance", owner, context.suite.token, call)?;
    Ok(())
}

/// What a spender may take of an owner's OPEN.
pub fn allowance(context: &Context, owner: AccountId, spender: AccountId) -> Result<u128> {
    context.read(context.suite.token, message_builder!(PSP22).allowance(owner, spender))
}

/// Sends OPEN of `from`'s within what it allowed the key.
pub fn transfer_from(context: &Context, key: &Keypair, from: AccountId, to: AccountId, amount: u128) -> Result<()> {
    let call = message_builder!(PSP22).transfer_from(from, to, amount, Vec::new());
    context.send("the transfer", key, context.suite.token, call)?;
    Ok(())
}

/// Destroys OPEN of the key's.
pub fn burn(context: &Context, key: &Keypair, amount: u128) -> Result<()> {
    context.send("burning", key, context.suite.token, message_builder!(PSP22Burnable).burn(amount))?;
    Ok(())
}

/// Destroys OPEN of `from`'s within what it allowed the key.
pub fn burn_from(context: &Context, key: &Keypair, from: AccountId, amount: u128) -> Result<()> {
    context.send("burning", key, context.suite.token, message_builder!(Token).burn_from(from, amount))?;
    Ok(())
}

/// All OPEN there is.
pub fn supply(context: &Context) -> Result<u128> {
    context.read(context.suite.token, message_builder!(PSP22).total_supply())
}

/// The nonce of an account's next permit or signed delegation.
pub fn nonce(context: &Context, account: AccountId) -> Result<u64> {
    context.read(context.suite.token, message_builder!(Token).nonces(account))
}

/// When an account's votes changed and to what, oldest first; of nobody, the supply.
pub fn checkpoints(context: &Context, account: Option<AccountId>) -> Result<Vec<(Timestamp, u128)>> {
    const PAGE: u32 = 100;
    let mut all = Vec::new();
    loop {
        let from = u32::try_from(all.len())?;
        let page = context.read(context.suite.token, message_builder!(Token).checkpoints(account, from, PAGE))?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
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
