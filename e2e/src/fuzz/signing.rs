//! Signatures that fit: over the arguments that a call carries, by whom it says.

use anyhow::{Context, Result, bail};
use chain::{AccountId, Keypair, read};
use ink::message_builder;
use ink::scale::{Decode, Encode};
use openledger_abi::datanet::NewContribution;
use openledger_abi::gas_station::{GasOrder, GasPermit, ORDER_TAG, order_body};
use openledger_abi::governor::{Support, VOTE_TAG, vote_body};
use openledger_abi::token::{DELEGATE_TAG, PERMIT_TAG, Token, delegate_body, permit_body};
use proof::Hasher;
use proof::signed::{Domain, Signable};

use crate::{H, World};

/// Bytes of a signature.
const SIGNATURE: usize = 64;

fn token_nonce(world: &World, account: AccountId) -> Result<u64> {
    Ok(read(&*world.chain, world.suite.token, message_builder!(Token).nonces(account))?)
}

/// What a permit's holder signs.
fn permit(world: &World, owner: AccountId, spender: AccountId, value: u128, deadline: u64) -> Result<Signable> {
    let body = permit_body(&owner, &spender, value, token_nonce(world, owner)?, deadline);
    Ok(Signable::new::<H>(&PERMIT_TAG, &world.domain(world.suite.token), &body))
}

/// What is signed for a message with these arguments, whose signature comes last.
fn signable(world: &World, message: &str, domain: &Domain, mut arguments: &[u8]) -> Result<Signable> {
    let bytes = &mut arguments;
    Ok(match message {
        "permit" => {
            let (owner, spender, value, deadline) = <(AccountId, AccountId, u128, u64)>::decode(bytes)?;
            permit(world, owner, spender, value, deadline)?
        }
        "delegate_by_sig" => {
            let (from, to, deadline) = <(AccountId, Option<AccountId>, u64)>::decode(bytes)?;
            let body = delegate_body(&from, to.as_ref(), token_nonce(world, from)?, deadline);
            Signable::new::<H>(&DELEGATE_TAG, domain, &body)
        }
        "cast_vote_by_sig" => {
            let (id, support, reason, voter, deadline) = <([u8; 32], Support, String, AccountId, u64)>::decode(bytes)?;
            let body = vote_body(&id, support, &voter, &H::blake2_256(reason.as_bytes()), deadline);
            Signable::new::<H>(&VOTE_TAG, domain, &body)
        }
        "close_by_consent" => {
            let (channel, spent, deadline) = <(u64, u128, u64)>::decode(bytes)?;
            Signable::close::<H>(domain, channel, spent, deadline)
        }
        "contribute" => world.terms(&NewContribution::decode(bytes)?),
        other => bail!("what `{other}` wants signed is not known here"),
    })
}

/// Signs an order, and the permit beside it.
fn swap(world: &World, input: &mut [u8], key: &Keypair) -> Result<()> {
    let (selector, mut arguments) = input.split_at(4);
    let (order, _, permitted) = <(GasOrder, [u8; 64], Option<GasPermit>)>::decode(&mut arguments)?;
    let station = world.suite.gas_station;
    let signature = key.sign(&Signable::new::<H>(&ORDER_TAG, &world.domain(station), &order_body(&order)).digest);
    let permitted = match permitted {
        Some(mut by) => {
            by.signature = key.sign(&permit(world, order.holder, station, by.value, by.deadline)?.digest);
            Some(by)
        }
        None => None,
    };
    let signed = [selector, &(order, signature, permitted).encode()].concat();
    input.copy_from_slice(signed.get(..input.len()).context("longer than it was")?);
    Ok(())
}

/// Puts the signature of `key` into a call's input.
///
/// # Errors
/// If the message takes no signature that is known here.
pub fn sign(
    world: &World,
    message: &str,
    contract: AccountId,
    input: &mut [u8],
    key: &Keypair,
    wrapped: bool,
) -> Result<()> {
    if message == "swap" {
        return swap(world, input, key);
    }
    let end = input.len().checked_sub(SIGNATURE).context("too short for a signature")?;
    let arguments = input.get(4..end).context("too short for a signature")?;
    let signable = signable(world, message, &world.domain(contract), arguments)?;
    let bytes: &[u8] = if wrapped { &signable.wrapped } else { &signable.digest };
    let signature = key.sign(bytes);
    input[end..].copy_from_slice(&signature);
    Ok(())
}
