//! Epochs and their reports, as payout keeps them.

use anyhow::{Context as _, Result};
use ink::message_builder;
use openledger_abi::payout::{Batch, Cut, Live, Payout, ReportInfo, Totals};

use crate::context::Context;

/// Batches of one read.
const PAGE: u32 = 50;

/// How many epochs are closed.
pub fn epochs(context: &Context) -> Result<u32> {
    context.read(context.suite.payout, message_builder!(Payout).epoch_count())
}

/// The last cut of a closed epoch, with its attempt.
pub fn cut(context: &Context, number: u32) -> Result<(u32, Cut)> {
    context
        .read(context.suite.payout, message_builder!(Payout).latest_cut(number))?
        .with_context(|| format!("payout has no closed epoch {number}; see `openledger epoch list`"))
}

/// The batches `from..to`.
pub fn batches(context: &Context, from: u64, to: u64) -> Result<Vec<Batch>> {
    let mut all = Vec::new();
    let mut at = from;
    while at < to {
        let limit = u32::try_from(to - at).unwrap_or(PAGE).min(PAGE);
        let page = context.read(context.suite.payout, message_builder!(Payout).batches(at, limit))?;
        anyhow::ensure!(!page.is_empty(), "payout does not list batch {at}");
        at = at.saturating_add(page.len() as u64);
        all.extend(page);
    }
    Ok(all)
}

/// The latest report of an epoch, or that of an attempt.
pub fn report(context: &Context, epoch: u32, attempt: Option<u32>) -> Result<Option<ReportInfo>> {
    let payout = context.suite.payout;
    match attempt {
        None => context.read(payout, message_builder!(Payout).report(epoch)),
        Some(attempt) => context.read(payout, message_builder!(Payout).report_of(epoch, attempt)),
    }
}

/// The payouts that claims are paid by.
pub fn live(context: &Context) -> Result<Live> {
    context.read(context.suite.payout, message_builder!(Payout).live())
}

/// What came in, was credited, carried over and claimed.
pub fn totals(context: &Context) -> Result<Totals> {
    context.read(context.suite.payout, message_builder!(Payout).totals())
}

/// What an account got so far.
pub fn claimed(context: &Context, account: chain::AccountId) -> Result<u128> {
    context.read(context.suite.payout, message_builder!(Payout).claimed(account))
}
