//! Payment channels, from the payer's side.

use std::path::Path;

use anyhow::{Context as _, Result};
use chain::{AccountId, Keypair, account_bytes};
use ink::message_builder;
use openledger_abi::escrow::{Channel, Escrow, Paid};
use openledger_abi::models::ModelRegistry;
use openledger_abi::staking::Staking;
use serve::payer::{ChannelConfig, PayerChannel};
use serve::payment::network;

use super::token;
use crate::context::Context;

/// Vouchers can be redeemed for so long after the channel's file was opened, in chain time.
const VOUCHER_LIFE_MS: u64 = 90 * 24 * 3_600_000;

/// Opens a channel with a deposit. Returns its number.
pub fn open(context: &Context, payer: &Keypair, host: AccountId, deposit: u128) -> Result<u64> {
    token::approve(context, payer, context.suite.escrow, deposit)?;
    let call = message_builder!(Escrow).open(host, deposit, None);
    Ok(context.send("opening the channel", payer, context.suite.escrow, call)?.value)
}

/// A channel as the chain keeps it.
pub fn show(context: &Context, number: u64) -> Result<Channel> {
    context
        .read(context.suite.escrow, message_builder!(Escrow).channel(number))?
        .with_context(|| format!("escrow has no channel {number}"))
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
    let escrow = context.suite.escrow;
    let number_now = context.read(escrow, message_builder!(Escrow).current_parameters())?;
    let parameters = context
        .read(escrow, message_builder!(Escrow).parameters(number_now))?
        .context("escrow has no parameter set")?;
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
