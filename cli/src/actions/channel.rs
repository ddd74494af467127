//! Payment channels, from the payer's side.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use chain::{AccountId, Keypair, account_bytes};
use ink::message_builder;
use openledger_abi::escrow::{Channel, ChannelStatus, Escrow, NewSession, Paid, ParameterSet, Session, WaitingBatch};
use openledger_abi::models::ModelRegistry;
use openledger_abi::staking::Staking;
use serve::payer::{Agreed, ChannelConfig, Clock, PayerChannel};
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

/// Lets a key sign requests and vouchers of a channel for its payer.
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

/// What was redeemed of a (channel, model, key).
pub fn paid(context: &Context, number: u64, model: u32, key: [u8; 32]) -> Result<Paid> {
    context.read(context.suite.escrow, message_builder!(Escrow).paid(number, model, key))
}

/// The batches that were redeemed and wait to be attested, each with its number.
pub fn waiting(context: &Context) -> Result<Vec<(u64, WaitingBatch)>> {
    let escrow = context.suite.escrow;
    let count = context.read(escrow, message_builder!(Escrow).waiting_count())?;
    let mut all = Vec::new();
    for from in (0..count).step_by(PAGE as usize) {
        all.extend(context.read(escrow, message_builder!(Escrow).waiting_batches(from, PAGE))?);
    }
    Ok(all)
}

/// Has half of the host's and the owner's shares of a batch credited that waits for long.
pub fn advance(context: &Context, key: &Keypair, waiting: u64) -> Result<()> {
    context.send("taking half of the shares", key, context.suite.escrow, message_builder!(Escrow).advance(waiting))?;
    Ok(())
}

/// Ends a batch that nobody attested in time.
pub fn expire(context: &Context, key: &Keypair, waiting: u64) -> Result<()> {
    context.send("ending the batch", key, context.suite.escrow, message_builder!(Escrow).expire(waiting))?;
    Ok(())
}

/// The end of a channel that a key signs at, the payer's own or a session's: where its host answers comes from the host's
/// announcement, its receipts' key from its bond, models and prices from the registry.
pub fn attach(context: &Context, key: Keypair, number: u64, folder: &Path) -> Result<PayerChannel> {
    let channel = show(context, number)?;
    let own = account_bytes(&channel.payer) == key.public();
    ensure!(
        own || session(context, number, key.public())?.is_some(),
        "{} is neither the payer of channel {number} nor one of its session keys",
        key.address()
    );
    let host = chain::ss58(&channel.host);
    let registry = context.suite.model_registry;
    let announced = context
        .read(registry, message_builder!(ModelRegistry).host(channel.host))?
        .with_context(|| format!("host {host} announces no endpoint"))?;
    let operator = context
        .read(context.suite.staking, message_builder!(Staking).operator(channel.host))?
        .with_context(|| format!("{host} is no bonded operator"))?;
    let (params, parameters) = fee_split(context)?;
    let mut agreed = BTreeMap::new();
    for offer in &announced.host.models {
        let Some(known) = context.read(registry, message_builder!(ModelRegistry).model(offer.model))? else { continue };
        let call = message_builder!(ModelRegistry).revision(offer.model, known.revision);
        let Some(revision) = context.read(registry, call)? else { continue };
        let terms = Agreed {
            revision: known.revision,
            adapter: revision.artefact_hash,
            price_in: offer.price_in,
            price_out: offer.price_out,
            params,
            min_fee: parameters.min_fee,
            min_fee_kib: parameters.min_fee_kib,
            registered_in: revision.price_in,
            registered_out: revision.price_out,
        };
        agreed.insert(offer.model, terms);
    }
    let config = ChannelConfig {
        channel: number,
        endpoint: String::from_utf8(announced.host.endpoint).context("the host's endpoint is not UTF-8")?,
        receipt_key: operator.signing_key,
        network: network(&context.chain.genesis()),
        genesis: context.chain.genesis(),
        escrow: account_bytes(&context.suite.escrow),
        models: agreed,
        deadline: context.chain.now()?.saturating_add(VOUCHER_LIFE_MS),
    };
    let name = match own {
        true => format!("channel-{number}.json"),
        false => format!("channel-{number}-{}.json", hex::encode(key.public())),
    };
    // It holds what was asked.
    worker::files::private_folder(folder).with_context(|| folder.display().to_string())?;
    let path = folder.join(name);
    let chain = context.chain.clone();
    let clock: Clock = Box::new(move || chain.now().map_err(|error| error.to_string()));
    Ok(PayerChannel::open(&path, config, key, clock)?)
}
