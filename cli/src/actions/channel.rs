//! Payment channels, from the payer's side.

use std::path::Path;

use anyhow::{Context as _, Result};
use chain::{AccountId, Keypair, account_bytes};
use ink::message_builder;
use openledger_abi::escrow::{Channel, ChannelStatus, Escrow, NewSession, Paid, ParameterSet, Session};
use openledger_abi::models::ModelRegistry;
use openledger_abi::staking::Staking;
use serve::payer::{ChannelConfig, PayerChannel};
use serve::payment::network;

use super::token;
use crate::context::Context;

/// Vouchers can be redeemed for so long after the channel's file was opened, in chain time.
const VOUCHER_LIFE_MS: u64 = 90 * 24 * 3_600_000;
/// Channels of one read.
const PAGE: u32 = 50;

/// Opens a channel with a deposit. Returns its number.
pub fn open(context: &Context, payer: &Keypair, host: AccountId, deposit: u128) -> Result<u64> {
    token::approve(context, payer, context.suite.escrow, deposit)?;
    let call = message_builder!(Escrow).open(host, deposit, None);
    Ok(context.send("opening the channel", payer, context.suite.escrow, call)?.value)
}

/// Lets a key sign vouchers of a channel for its payer.
pub fn set_session(
    context: &Context,
    payer: &Keypair,
    number: u64,
    key: [u8; 32],
    cap: u128,
    expires_at: u64,
) -> Result<()> {
    let call = message_builder!(Escrow).set_session(number, NewSession { key, cap, expires_at });
    context.send("the session key", payer, context.suite.escrow, call)?;
    Ok(())
}

/// Ends a session key, after the exit delay.
pub fn revoke_session(context: &Context, payer: &Keypair, number: u64, key: [u8; 32]) -> Result<()> {
    let call = message_builder!(Escrow).revoke_session(number, key);
    context.send("revoking the session key", payer, context.suite.escrow, call)?;
    Ok(())
}

/// What a session key may do.
pub fn session(context: &Context, number: u64, key: [u8; 32]) -> Result<Option<Session>> {
    context.read(context.suite.escrow, message_builder!(Escrow).session(number, key))
}

/// A channel as the chain keeps it.
pub fn show(context: &Context, number: u64) -> Result<Channel> {
    context
        .read(context.suite.escrow, message_builder!(Escrow).channel(number))?
        .with_context(|| format!("escrow has no channel {number}; see `openledger channel list`"))
}

/// All channels, or those of an account as payer or host, each with its number.
pub fn list(context: &Context, of: Option<AccountId>) -> Result<Vec<(u64, Channel)>> {
    let escrow = context.suite.escrow;
    let mut all = Vec::new();
    let mut from = 0u64;
    loop {
        let page = context.read(escrow, message_builder!(Escrow).channels(from, PAGE))?;
        if page.is_empty() {
            return Ok(all);
        }
        for (number, channel) in (from..).zip(page) {
            from = number.saturating_add(1);
            if of.is_none_or(|account| channel.payer == account || channel.host == account) {
                all.push((number, channel));
            }
        }
    }
}

/// The newest open channel of a payer's to a host that announces a model.
pub fn for_model(context: &Context, payer: AccountId, model: u32) -> Result<Option<u64>> {
    let hosts = super::models::hosts_of(context, model)?;
    let serves = |host: &AccountId| hosts.iter().any(|offer| offer.host == *host);
    let channels = list(context, Some(payer))?;
    let fits = |c: &&(u64, Channel)| c.1.payer == payer && c.1.status == ChannelStatus::Open && serves(&c.1.host);
    Ok(channels.iter().rev().find(fits).map(|(number, _)| *number))
}

/// Adds to a channel's deposit.
pub fn top_up(context: &Context, from: &Keypair, number: u64, amount: u128) -> Result<()> {
    token::approve(context, from, context.suite.escrow, amount)?;
    let call = message_builder!(Escrow).top_up(number, amount);
    context.send("topping up the channel", from, context.suite.escrow, call)?;
    Ok(())
}

/// Asks to leave a channel; returns from when on it can be closed.
pub fn request_exit(context: &Context, payer: &Keypair, number: u64) -> Result<u64> {
    let call = message_builder!(Escrow).request_exit(number);
    context.send("asking to leave the channel", payer, context.suite.escrow, call)?;
    match show(context, number)?.status {
        ChannelStatus::Exiting { exit_at } => Ok(exit_at),
        other => anyhow::bail!("the channel is {other:?} after the request to leave"),
    }
}

/// Closes a channel that its payer leaves; the rest is credited to the payer.
pub fn exit(context: &Context, key: &Keypair, number: u64) -> Result<()> {
    context.send("closing the channel", key, context.suite.escrow, message_builder!(Escrow).exit(number))?;
    Ok(())
}

/// Takes what escrow credits to the key's account: shares of fees, the rest of closed channels.
pub fn withdraw(context: &Context, key: &Keypair) -> Result<u128> {
    Ok(context.send("withdrawing from escrow", key, context.suite.escrow, message_builder!(Escrow).withdraw())?.value)
}

/// What escrow credits to an account.
pub fn withdrawable(context: &Context, account: AccountId) -> Result<u128> {
    context.read(context.suite.escrow, message_builder!(Escrow).withdrawable(account))
}

/// The fee split that new batches get, with its number.
pub fn fee_split(context: &Context) -> Result<(u32, ParameterSet)> {
    let escrow = context.suite.escrow;
    let number = context.read(escrow, message_builder!(Escrow).current_parameters())?;
    let set = context.read(escrow, message_builder!(Escrow).parameters(number))?;
    Ok((number, set.context("escrow has no parameter set")?))
}

/// What was redeemed of a (channel, model).
pub fn paid(context: &Context, number: u64, model: u32) -> Result<Paid> {
    context.read(context.suite.escrow, message_builder!(Escrow).paid(number, model))
}

/// The payer's end of a channel: where its host answers comes from the host's announcement, its receipts' key from its bond.
pub fn attach(context: &Context, payer: Keypair, number: u64, folder: &Path) -> Result<PayerChannel> {
    let channel = show(context, number)?;
    let host = chain::ss58(&channel.host);
    let announced = context
        .read(context.suite.model_registry, message_builder!(ModelRegistry).host(channel.host))?
        .with_context(|| format!("host {host} announces no endpoint"))?;
    let operator = context
        .read(context.suite.staking, message_builder!(Staking).operator(channel.host))?
        .with_context(|| format!("{host} is no bonded operator"))?;
    let (_, parameters) = fee_split(context)?;
    let config = ChannelConfig {
        channel: number,
        endpoint: String::from_utf8(announced.host.endpoint).context("the host's endpoint is not UTF-8")?,
        receipt_key: operator.signing_key,
        network: network(&context.chain.genesis()),
        genesis: context.chain.genesis(),
        escrow: account_bytes(&context.suite.escrow),
        prices: announced.host.models.iter().map(|m| (m.model, (m.price_in, m.price_out))).collect(),
        min_fee: parameters.min_fee,
        deadline: context.chain.now()?.saturating_add(VOUCHER_LIFE_MS),
    };
    let path = crate::context::folder(folder.to_path_buf())?.join(format!("channel-{number}.json"));
    Ok(PayerChannel::open(&path, config, payer, false)?)
}
