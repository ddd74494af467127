//! `epoch`, `report`, `earnings`, `claim`, `audit`: from answers to money, and whether it was right.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use corpus::Store;
use openledger_abi::payout::{ReportInfo, ReportStatus};
use serde_json::{Value, json};
use worker::fetch::Fetcher;

use super::common::{Common, SenderArg, short};
use crate::actions::{audit, claims, reports, roles};
use crate::rehearsal::Said;
use crate::{amount, table, time};

#[derive(Subcommand)]
pub enum EpochCommand {
    /// All closed epochs with their reports, and what came in and went out.
    ///
    /// Example: openledger epoch list
    #[command(verbatim_doc_comment)]
    List {
        #[command(flatten)]
        common: Common,
    },
    /// An epoch with its batches.
    ///
    /// Example: openledger epoch show 0
    #[command(verbatim_doc_comment)]
    Show {
        epoch: u32,
        #[command(flatten)]
        common: Common,
    },
}

impl EpochCommand {
    pub fn run(self) -> Result<()> {
        match self {
            Self::List { common } => list(&common),
            Self::Show { epoch, common } => show(&common, epoch),
        }
    }
}

fn report_state(report: Option<&ReportInfo>) -> String {
    match report {
        None => "not reported".into(),
        Some(report) => match report.status {
            ReportStatus::Pending => format!("pending until {} UTC", time::show(report.live_at)),
            ReportStatus::Live => "final".into(),
            ReportStatus::Void => "void".into(),
        },
    }
}

fn list(common: &Common) -> Result<()> {
    let context = common.context()?;
    let mut rows = Vec::new();
    let mut values = Vec::new();
    for number in 0..reports::epochs(&context)? {
        let (attempt, epoch) = reports::cut(&context, number)?;
        let report = reports::report(&context, number, None)?;
        let credited = report.as_ref().map_or(0, |report| report.body.credits.sum);
        rows.push(vec![
            number.to_string(),
            time::show(epoch.closed_at),
            epoch.receipts.to_string(),
            amount::show(epoch.pots),
            amount::show(credited),
            attempt.to_string(),
            report_state(report.as_ref()),
        ]);
        values.push(json!({
            "epoch": number,
            "closed_at": epoch.closed_at,
            "batches": [epoch.from, epoch.to],
            "receipts": epoch.receipts,
            "pots": epoch.pots.to_string(),
            "attempt": attempt,
        "set": epoch.set,
            "report": report.as_ref().map(report_json),
        }));
    }
    let totals = reports::totals(&context)?;
    let live = reports::live(&context)?;
    let none = rows.is_empty();
    let header = ["epoch", "closed (UTC)", "answers", "pots", "credited", "attempt", "report"];
    let text = format!(
        "{}\n{} reports are final. Funded {} OPEN, credited {}, carried over {}, claimed {}",
        if none { "no epoch is closed yet".to_owned() } else { table::render(&header, &rows) },
        live.epochs,
        amount::show(totals.funded),
        amount::show(totals.credited),
        amount::show(totals.carried),
        amount::show(totals.claimed)
    );
    let value = json!({
        "epochs": values,
        "final": live.epochs,
        "funded": totals.funded.to_string(),
        "credited": totals.credited.to_string(),
        "carried_over": totals.carried.to_string(),
        "claimed": totals.claimed.to_string(),
    });
    common.output().say(&value, text)
}

fn show(common: &Common, number: u32) -> Result<()> {
    let context = common.context()?;
    let (attempt, epoch) = reports::cut(&context, number)?;
    let batches = reports::batches(&context, epoch.from, epoch.to)?;
    let report = reports::report(&context, number, None)?;
    let rows: Vec<_> = (epoch.from..)
        .zip(&batches)
        .map(|(batch, b)| {
            vec![
                batch.to_string(),
                b.channel.to_string(),
                b.model.to_string(),
                short(&b.host),
                b.count_to.saturating_sub(b.count_from).to_string(),
                amount::show(b.fee_to.saturating_sub(b.fee_from)),
                amount::show(epoch.pot_of(batch, b)),
                if epoch.withheld.contains(&batch) { "withheld".into() } else { String::new() },
            ]
        })
        .collect();
    let header = ["batch", "channel", "model", "host", "answers", "fees", "pot", ""];
    let text = format!(
        "epoch {number}, attempt {attempt} by oracle set {}, cut {} UTC, report {}\n{} answers, {} OPEN for contributors\n\n{}",
        epoch.set,
        time::show(epoch.closed_at),
        report_state(report.as_ref()),
        epoch.receipts,
        amount::show(epoch.pots),
        table::render(&header, &rows)
    );
    let value = json!({
        "epoch": number,
        "closed_at": epoch.closed_at,
        "receipts": epoch.receipts,
        "pots": epoch.pots.to_string(),
        "attempt": attempt,
        "set": epoch.set,
        "report": report.as_ref().map(report_json),
        "batches": (epoch.from..).zip(&batches).map(|(batch, b)| json!({
            "batch": batch,
            "channel": b.channel,
            "model": b.model,
            "host": chain::ss58(&b.host),
            "at": b.at,
            "receipts": [b.count_from, b.count_to],
            "fees": b.fee_to.saturating_sub(b.fee_from).to_string(),
            "pot": epoch.pot_of(batch, b).to_string(),
            "withheld": epoch.withheld.contains(&batch),
        })).collect::<Vec<_>>(),
    });
    common.output().say(&value, text)
}

fn report_json(report: &ReportInfo) -> Value {
    let body = &report.body;
    json!({
        "epoch": body.epoch,
        "attempt": body.attempt,
        "status": match report.status {
            ReportStatus::Pending => "pending",
            ReportStatus::Live => "final",
            ReportStatus::Void => "void",
        },
        "signers": report.signers.iter().map(chain::ss58).collect::<Vec<_>>(),
        "submitted_at": report.submitted_at,
        "window_end": report.window_end,
        "live_at": report.live_at,
        "evidence": { "count": body.evidence.count, "top": hex::encode(body.evidence.top) },
        "credits": { "count": body.credits.count, "sum": body.credits.sum.to_string(), "top": hex::encode(body.credits.top) },
        "payouts": { "count": body.payouts.count, "sum": body.payouts.sum.to_string(), "top": hex::encode(body.payouts.top) },
        "carry_out": body.carry_out.to_string(),
        "files": hex::encode(body.files),
    })
}

#[derive(Subcommand)]
pub enum ReportCommand {
    /// The report of an epoch: who signed it, what it credits, until when it can be refuted.
    ///
    /// Example: openledger report show 0
    #[command(verbatim_doc_comment)]
    Show {
        epoch: u32,
        /// That of an earlier attempt, which is void.
        #[arg(long)]
        attempt: Option<u32>,
        #[command(flatten)]
        common: Common,
    },
}

impl ReportCommand {
    pub fn run(self) -> Result<()> {
        let Self::Show { epoch, attempt, common } = self;
        let context = common.context()?;
        let Some(report) = reports::report(&context, epoch, attempt)? else {
            bail!("epoch {epoch} has no such report yet; see `openledger epoch list`");
        };
        let body = &report.body;
        let signers: Vec<_> = report.signers.iter().map(|signer| format!("  {}\n", chain::ss58(signer))).collect();
        let text = format!(
            "report {epoch}.{}, {}\nsubmitted {} UTC, can be refuted through {} UTC, signed by\n{}\
             {} answers judged, {} credits of {} OPEN\n{} accounts are due {} OPEN in all, {} are carried over\n\
             evidence 0x{}\ncredits  0x{}\npayouts  0x{}",
            body.attempt,
            report_state(Some(&report)),
            time::show(report.submitted_at),
            time::show(report.window_end),
            signers.concat(),
            body.evidence.count,
            body.credits.count,
            amount::show(body.credits.sum),
            body.payouts.count,
            amount::show(body.payouts.sum),
            amount::show(body.carry_out),
            hex::encode(body.evidence.top),
            hex::encode(body.credits.top),
            hex::encode(body.payouts.top)
        );
        common.output().say(&report_json(&report), text)
    }
}

/// Where the files behind reports are.
#[derive(Args, Debug, Clone)]
pub struct OracleArgs {
    /// Base URL of an oracle that publishes reports; once for each, or separated by commas.
    #[arg(long = "oracle", env = "OPENLEDGER_ORACLES", value_delimiter = ',', required = true)]
    oracles: Vec<String>,
    /// The folder that keeps what is fetched.
    #[arg(long, default_value = ".openledger/fetched")]
    fetched: PathBuf,
}

impl OracleArgs {
    fn fetcher(&self) -> Result<Fetcher> {
        Ok(Fetcher::new(Arc::new(Store::folder(&self.fetched)?)))
    }
}

/// What accounts earned, by kind of attribution, from the files that oracles publish of all final reports.
///
/// Example: openledger earnings maria --oracle http://127.0.0.1:8090
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct EarningsArgs {
    /// Only this account.
    account: Option<String>,
    #[command(flatten)]
    oracles: OracleArgs,
    #[command(flatten)]
    common: Common,
}

impl EarningsArgs {
    pub fn run(self) -> Result<()> {
        let context = self.common.context()?;
        let only = self.account.as_deref().map(|text| self.common.account(text)).transpose()?;
        let only = only.map(|account| claims::key(&account));
        let fetcher = self.oracles.fetcher()?;
        let mut earned = BTreeMap::new();
        for epoch in 0..reports::live(&context)?.epochs {
            let files = claims::files(&context, &fetcher, &self.oracles.oracles, epoch)?;
            claims::earnings(&files, &mut earned)?;
        }
        let mut rows = Vec::new();
        let mut values = Vec::new();
        for (account, sums) in earned.iter().filter(|(account, _)| only.is_none_or(|only| only == **account)) {
            let id = chain::AccountId::from(*account);
            let claimed = reports::claimed(&context, id)?;
            rows.push(vec![
                short(&id),
                format!("{} ({})", amount::show(sums.spans), sums.span_credits),
                format!("{} ({})", amount::show(sums.influence), sums.influence_credits),
                format!("{} ({})", amount::show(sums.retrieval), sums.retrieval_credits),
                amount::show(sums.total()),
                amount::show(claimed),
            ]);
            values.push(json!({
                "account": chain::ss58(&id),
                "earned": sums,
                "total": sums.total().to_string(),
                "claimed": claimed.to_string(),
            }));
        }
        let header = ["account", "by spans", "by influence", "by retrieval", "earned", "claimed"];
        self.common.output().table(&json!(values), &header, &rows, "nothing earned yet, by the reports that are final")
    }
}

/// Pay accounts what final reports owe them. Anybody may; the money goes to the account or its recipient.
///
/// Example: openledger claim maria --oracle http://127.0.0.1:8090 --key maria
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct ClaimArgs {
    /// For whom; the key's account if nobody is named.
    accounts: Vec<String>,
    /// For everybody who is owed something.
    #[arg(long, conflicts_with = "accounts")]
    all: bool,
    #[command(flatten)]
    oracles: OracleArgs,
    #[command(flatten)]
    sender: SenderArg,
    #[command(flatten)]
    common: Common,
}

impl ClaimArgs {
    pub fn run(self) -> Result<()> {
        let named = self.accounts.iter().map(|text| self.common.account(text)).collect::<Result<Vec<_>>>()?;
        let leaves = claims::live_payouts(&self.common.context()?, &self.oracles.fetcher()?, &self.oracles.oracles)?;
        self.common.transact(&self.sender, |context, key| {
            let accounts = match (self.all, named.is_empty()) {
                (true, _) => None,
                (false, true) => Some(vec![key.account()]),
                (false, false) => Some(named.clone()),
            };
            let paid = claims::claim(context, key, &leaves, accounts.as_deref())?;
            let rows: Vec<_> = paid
                .iter()
                .map(|(account, amount)| vec![chain::ss58(&chain::AccountId::from(*account)), amount::show(*amount)])
                .collect();
            let value = json!(
                rows.iter()
                    .zip(paid.values())
                    .map(|(row, amount)| json!({ "account": row[0], "amount": amount.to_string() }))
                    .collect::<Vec<_>>()
            );
            let none = "nothing to claim: no final report owes these accounts anything that was not paid";
            let text = match rows.is_empty() {
                true => none.to_owned(),
                false => table::render(&["account", "OPEN paid"], &rows),
            };
            Ok(Said::new(value, text))
        })
    }
}

/// Compute final reports again from what hosts publish, and compare them with the chain.
///
/// Fails if one differs, or if its data is not published any more.
/// Example: openledger audit --oracle http://127.0.0.1:8090
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct AuditArgs {
    /// Only this epoch.
    #[arg(long)]
    epoch: Option<u32>,
    /// Places that may have objects besides the hosts (base URLs).
    #[arg(long = "mirror")]
    mirrors: Vec<String>,
    #[command(flatten)]
    oracles: OracleArgs,
    #[command(flatten)]
    common: Common,
}

impl AuditArgs {
    pub fn run(self) -> Result<()> {
        let context = self.common.context()?;
        let live = reports::live(&context)?.epochs;
        let epochs = match self.epoch {
            None => 0..live,
            Some(epoch) if epoch < live => epoch..epoch.saturating_add(1),
            Some(epoch) => bail!("the report of epoch {epoch} is not final; {live} are (see `openledger epoch list`)"),
        };
        let OracleArgs { oracles, fetched } = self.oracles;
        let mut gatherer = roles::gatherer(&context, &fetched, self.mirrors, oracles)?;
        let mut audited = Vec::new();
        for epoch in epochs {
            audited.push(audit::report(&context, &mut gatherer, epoch)?);
        }
        let rows: Vec<_> = audited
            .iter()
            .map(|report| {
                vec![
                    report.epoch.to_string(),
                    report.receipts.to_string(),
                    amount::show(report.credited),
                    report.difference.clone().unwrap_or_else(|| "the same".into()),
                ]
            })
            .collect();
        let header = ["epoch", "answers", "credited", "computed again"];
        self.common.output().table(&serde_json::to_value(&audited)?, &header, &rows, "no report is final yet")?;
        match audited.iter().find(|report| report.difference.is_some()) {
            None => Ok(()),
            Some(report) => bail!("the report of epoch {} is not what its published data gives", report.epoch),
        }
    }
}
