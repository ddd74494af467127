//! Computing final reports again from what hosts publish, and comparing them with what the chain holds.

use anyhow::Result;
use serde::Serialize;
use worker::epoch::plan;
use worker::gather::Gatherer;
use worker::oracle::difference;

use super::reports;
use crate::context::Context;

/// What came out for one epoch.
#[derive(Debug, Clone, Serialize)]
pub struct Audited {
    pub epoch: u32,
    pub attempt: u32,
    pub receipts: u64,
    /// Its credits, in 10^-18 OPEN.
    #[serde(with = "worker::published::decimal")]
    pub credited: u128,
    /// The first field of the report that differs; `None` if it is what this program computes too.
    pub difference: Option<String>,
}

/// Audits a final report.
///
/// # Errors
/// Data that nobody publishes any more, or that is not what the chain commits to.
pub fn report(context: &Context, gatherer: &mut Gatherer, epoch: u32) -> Result<Audited> {
    let Some(theirs) = reports::report(context, epoch, None)? else {
        anyhow::bail!("epoch {epoch} has no report");
    };
    let data = gatherer.final_epoch(epoch)?;
    let ours = plan(&data)?;
    let body = ours.body(&data);
    gatherer.remember_payouts(&body.payouts, ours.files.payout_leaves()?);
    Ok(Audited {
        epoch,
        attempt: theirs.body.attempt,
        receipts: theirs.body.evidence.count,
        credited: theirs.body.credits.sum,
        difference: difference(&theirs.body, &body),
    })
}
