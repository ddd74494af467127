//! A channel's life: deposits in, a way out that the host can't be cheated by, session keys.

use openledger_abi::escrow::{Channel, ChannelStatus, EscrowError, NewSession, Session};
use openledger_abi::{ensure, AccountId, Balance, Timestamp};

/// A channel from `payer` to `host`.
pub fn open(payer: AccountId, host: AccountId, deposit: Balance, now: Timestamp) -> Result<Channel, EscrowError> {
    ensure!(payer != host, EscrowError::SelfChannel);
    ensure!(deposit > 0, EscrowError::ZeroAmount);
    Ok(Channel { payer, host, deposit, spent: 0, opened_at: now, status: ChannelStatus::Open })
}

/// What vouchers can still take.
pub fn left(channel: &Channel) -> Result<Balance, EscrowError> {
    channel.deposit.checked_sub(channel.spent).ok_or(EscrowError::Overflow)
}

pub fn ensure_not_closed(channel: &Channel) -> Result<(), EscrowError> {
    ensure!(channel.status != ChannelStatus::Closed, EscrowError::ChannelClosed);
    Ok(())
}

/// A closed channel is nobody's any more; otherwise the caller must be its payer.
pub fn ensure_payer(channel: &Channel, caller: AccountId) -> Result<(), EscrowError> {
    ensure_not_closed(channel)?;
    ensure!(channel.payer == caller, EscrowError::NotPayer);
    Ok(())
}

pub fn top_up(channel: &mut Channel, amount: Balance) -> Result<(), EscrowError> {
    ensure_not_closed(channel)?;
    ensure!(amount > 0, EscrowError::ZeroAmount);
    channel.deposit = channel.deposit.checked_add(amount).ok_or(EscrowError::Overflow)?;
    Ok(())
}

/// Starts the delay in which the host redeems what it holds.
pub fn request_exit(
    channel: &mut Channel,
    caller: AccountId,
    now: Timestamp,
    delay_ms: u64,
) -> Result<Timestamp, EscrowError> {
    ensure_payer(channel, caller)?;
    ensure!(channel.status == ChannelStatus::Open, EscrowError::ExitAlreadyRequested);
    let exit_at = now.checked_add(delay_ms).ok_or(EscrowError::Overflow)?;
    channel.status = ChannelStatus::Exiting { exit_at };
    Ok(exit_at)
}

pub fn cancel_exit(channel: &mut Channel, caller: AccountId) -> Result<(), EscrowError> {
    ensure_payer(channel, caller)?;
    ensure!(channel.status != ChannelStatus::Open, EscrowError::ExitNotRequested);
    channel.status = ChannelStatus::Open;
    Ok(())
}

/// Ends an exiting channel once its delay is over. Returns what goes back to the payer.
pub fn exit(channel: &mut Channel, now: Timestamp) -> Result<Balance, EscrowError> {
    ensure_not_closed(channel)?;
    match channel.status {
        ChannelStatus::Exiting { exit_at } if now >= exit_at => close(channel),
        _ => Err(EscrowError::ExitNotDue),
    }
}

/// Ends the channel. Returns what goes back to the payer.
pub fn close(channel: &mut Channel) -> Result<Balance, EscrowError> {
    ensure_not_closed(channel)?;
    channel.status = ChannelStatus::Closed;
    left(channel)
}

/// Sets a session key, or extends one: a host that relied on a cap and an expiry keeps them.
pub fn set_session(known: Option<Session>, new: &NewSession, now: Timestamp) -> Result<Session, EscrowError> {
    ensure!(new.cap > 0, EscrowError::ZeroAmount);
    ensure!(new.expires_at > now, EscrowError::SessionExpired);
    let spent = match known {
        Some(session) => {
            ensure!(new.cap >= session.cap && new.expires_at >= session.expires_at, EscrowError::SessionLowered);
            session.spent
        }
        None => 0,
    };
    Ok(Session { cap: new.cap, spent, expires_at: new.expires_at })
}

/// Ends a session key once the host had the exit delay to redeem what the key signed.
pub fn revoke_session(session: &mut Session, now: Timestamp, delay_ms: u64) -> Result<(), EscrowError> {
    let end = now.checked_add(delay_ms).ok_or(EscrowError::Overflow)?;
    session.expires_at = session.expires_at.min(end);
    Ok(())
}
