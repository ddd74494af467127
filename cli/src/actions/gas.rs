//! Native coin for OPEN, at the gas station.

use anyhow::Result;
use chain::{AccountId, Keypair};
use ink::message_builder;
use openledger_abi::gas_station::{GasLeft, GasParameters, GasStation};

use super::signed::{Message, Signed, sign};
use super::token;
use crate::context::Context;

/// Rate, tip, limits.
pub fn parameters(context: &Context) -> Result<GasParameters> {
    context.read(context.suite.gas_station, message_builder!(GasStation).parameters())
}

/// What an account can still get, and what the station has.
pub fn left(context: &Context, holder: AccountId) -> Result<GasLeft> {
    context.read(context.suite.gas_station, message_builder!(GasStation).left(holder))
}

/// Native coin that so much OPEN gives now.
pub fn quote(context: &Context, open: u128, tip: u128) -> Result<u128> {
    let quote = context.read(context.suite.gas_station, message_builder!(GasStation).quote(open, tip))?;
    quote.map_err(|error| match crate::hints::hint(&format!("{error:?}")) {
        Some(hint) => anyhow::anyhow!("the quote: {error:?}: {hint}"),
        None => anyhow::anyhow!("the quote: {error:?}"),
    })
}

/// An order for native coin with its permit, both signed by the holder, who needs no native coin for that.
pub fn order(context: &Context, holder: &Keypair, open: u128, tip: u128, valid_ms: u64) -> Result<Signed> {
    let least_native = quote(context, open, tip)?;
    let (station, account) = (context.suite.gas_station, holder.account());
    let deadline = context.chain.now()?.saturating_add(valid_ms);
    let genesis = context.chain.genesis();
    let nonce = context.read(station, message_builder!(GasStation).order_nonce(account))?;
    let permit =
        Message::Permit { owner: account, spender: station, value: open, nonce: token::nonce(context, account)? };
    let permit = sign(genesis, &context.suite, holder, permit, deadline)?;
    let order = Message::GasOrder { holder: account, open, least_native, tip, nonce, permit: Some(Box::new(permit)) };
    sign(genesis, &context.suite, holder, order, deadline)
}

/// Gives the station native coin.
pub fn fund(context: &Context, key: &Keypair, native: u128) -> Result<()> {
    let call = message_builder!(GasStation).fund();
    context.send_value("funding the station", key, context.suite.gas_station, call, native)?;
    Ok(())
}

/// Sends the OPEN that the station took to its treasury.
pub fn collect(context: &Context, key: &Keypair) -> Result<u128> {
    let call = message_builder!(GasStation).collect();
    Ok(context.send("collecting", key, context.suite.gas_station, call)?.value)
}
