//! The last table, the JSON, and whether the run was good enough.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Result, ensure};
use ink::message_builder;
use openledger_abi::disputes::Disputes;
use openledger_abi::judge::ReportId;
use openledger_abi::payout::Payout;
use proof::Account;
use serde::Serialize;
use serve::answer::Shown;
use worker::published::decimal;

use super::cast::{Cast, LIARS};
use super::narrate::Narrator;
use super::processes::peak_of;
use super::stage::Stage;
use crate::actions::{claims::Earned, staking, token};
use crate::context::Context;
use crate::{amount, table};

/// At least this share of the responses must have a span, and of the funds be credited.
const LEAST_WITH_SPAN_BPS: u64 = 5_000;
const LEAST_CREDITED_BPS: u128 = 6_000;

/// The figures of a run; amounts in 10^-18 OPEN.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    pub epochs: u32,
    pub receipts: u64,
    /// Batches that oracles attested.
    pub batches: u64,
    #[serde(with = "decimal")]
    pub funded: u128,
    #[serde(with = "decimal")]
    pub credited: u128,
    #[serde(with = "decimal")]
    pub carried_over: u128,
    #[serde(with = "decimal")]
    pub claimed: u128,
    pub fraud_proofs: u32,
    #[serde(with = "decimal")]
    pub slashed: u128,
    pub contributors_paid: usize,
    /// Ballots cast.
    pub votes: u32,
    /// Of those, by a signature that somebody else sent in.
    pub votes_by_signature: u32,
    /// Orders of contributors at the gas station, and what they paid and got.
    pub gas_swaps: u32,
    #[serde(with = "decimal")]
    pub gas_open: u128,
    #[serde(with = "decimal")]
    pub gas_native: u128,
    /// Rewards that the delegator took.
    #[serde(with = "decimal")]
    pub delegator_rewards: u128,
    /// Paid by the duty fund to the signers of reports.
    #[serde(with = "decimal")]
    pub signature_pay: u128,
    pub span_credits: u32,
    pub influence_credits: u32,
    pub responses_with_span: u64,
    pub wall_s: f64,
    /// Of all processes together.
    pub peak_rss_bytes: u64,
}

/// What the watcher's proofs brought it; it takes that by itself.
fn rewards(context: &Context, cast: &Cast) -> Result<u128> {
    let (payout, disputes) = (context.suite.payout, context.suite.disputes);
    let mut sum = 0u128;
    for epoch in 0..context.read(payout, message_builder!(Payout).epoch_count())? {
        let attempts =
            context.read(payout, message_builder!(Payout).latest_cut(epoch))?.map_or(0, |(attempt, _)| attempt);
        for attempt in 0..attempts {
            let fall = context.read(disputes, message_builder!(Disputes).fall_of(ReportId { epoch, attempt }))?;
            let alone = fall.filter(|fall| fall.first == cast.watcher.account() && fall.others == 0);
            sum = sum.saturating_add(alone.map_or(0, |fall| fall.reward));
        }
    }
    Ok(sum)
}

/// Takes the rewards, prints the table, checks its sums against the chain.
pub fn close(context: &Context, cast: &Cast, narrator: &Narrator, stage: &Stage, started: Instant) -> Result<Summary> {
    let played = &stage.played;
    let pulled = staking::pull_rewards(context, &cast.curator)?;
    let honest = cast.oracles.get(LIARS).map(|oracle| oracle.key.account());
    let reward = match honest {
        Some(operator) if pulled > 0 => staking::claim_rewards(context, &cast.delegator, operator)?,
        _ => 0,
    };
    let proved = rewards(context, cast)?;
    narrator.step(
        "The books",
        &format!(
            "stakers share {} OPEN (the delegator takes {}), the watcher takes {} for its proof",
            amount::show(pulled),
            amount::show(reward),
            amount::show(proved)
        ),
    );
    let mut signature_pay = 0u128;
    for epoch in 0..context.read(context.suite.payout, message_builder!(Payout).live())?.epochs {
        match staking::pay_report(context, &cast.curator, epoch) {
            Ok(paid) => {
                signature_pay += paid;
                narrator.line(&format!("the duty fund pays the signers of report {epoch} {} OPEN", amount::show(paid)));
            }
            Err(error) => narrator.line(&format!("report {epoch}: {error:#}")),
        }
    }
    println!();
    print!("{}", books(stage, &played.earned, &played.claimed));
    let totals = context.read(context.suite.payout, message_builder!(Payout).totals())?;
    let epochs = context.read(context.suite.payout, message_builder!(Payout).live())?.epochs;
    let earned: u128 = played.earned.values().map(Earned::total).sum();
    let claimed: u128 = played.claimed.values().sum();
    ensure!(earned == totals.credited, "the table says {earned} earned, the chain {}", totals.credited);
    ensure!(claimed == totals.claimed, "the table says {claimed} claimed, the chain {}", totals.claimed);
    let mut held = 0u128;
    for account in stage.names.keys() {
        held += token::balance(context, chain::AccountId::from(*account))?;
    }
    let gas = played.gas.open;
    ensure!(
        held.checked_add(gas) == Some(claimed),
        "contributors hold {held} and paid {gas} for gas, but {claimed} was claimed"
    );
    println!(
        "\n  on chain: funded {}, credited {}, carried over {}, claimed {} OPEN",
        amount::show(totals.funded),
        amount::show(totals.credited),
        amount::show(totals.carried),
        amount::show(totals.claimed)
    );
    let with_span = played
        .answers
        .iter()
        .filter(|(_, answer)| answer.attribution.iter().any(|line| matches!(line, Shown::Span { .. })));
    let peak = stage.processes.iter().map(super::processes::Process::peak).sum::<u64>() + peak_of("self");
    let summary = Summary {
        epochs,
        receipts: played.answers.len() as u64,
        batches: context.read(context.suite.payout, message_builder!(Payout).batch_count())?,
        funded: totals.funded,
        credited: totals.credited,
        carried_over: totals.carried,
        claimed: totals.claimed,
        fraud_proofs: played.fraud_proofs,
        slashed: played.slashed,
        contributors_paid: played.claimed.len(),
        votes: played.ballots,
        votes_by_signature: played.ballots_by_signature,
        gas_swaps: played.gas.swaps,
        gas_open: played.gas.open,
        gas_native: played.gas.native,
        delegator_rewards: reward,
        signature_pay,
        span_credits: played.earned.values().map(|earned| earned.span_credits).sum(),
        influence_credits: played.earned.values().map(|earned| earned.influence_credits).sum(),
        responses_with_span: with_span.count() as u64,
        wall_s: started.elapsed().as_secs_f64(),
        peak_rss_bytes: peak,
    };
    println!(
        "  {} of {} responses quote somebody; {:.1} s, {:.2} GiB at most in {} processes",
        summary.responses_with_span,
        summary.receipts,
        summary.wall_s,
        peak as f64 / (1u64 << 30) as f64,
        stage.processes.len() + 1
    );
    Ok(summary)
}

fn books(stage: &Stage, earned: &BTreeMap<Account, Earned>, claimed: &BTreeMap<Account, u128>) -> String {
    let mut order: Vec<(&Account, &Earned)> = earned.iter().collect();
    order.sort_by_key(|(_, earned)| std::cmp::Reverse(earned.total()));
    let mut rows = Vec::new();
    let mut sum = Earned::default();
    let mut all_claimed = 0u128;
    for (account, earned) in order {
        let got = claimed.get(account).copied().unwrap_or(0);
        all_claimed += got;
        sum.span_credits += earned.span_credits;
        sum.influence_credits += earned.influence_credits;
        sum.spans += earned.spans;
        sum.influence += earned.influence;
        let name = stage.names.get(account).cloned().unwrap_or_else(|| hex::encode(account));
        rows.push(row(name, earned, got));
    }
    rows.push(row("all".into(), &sum, all_claimed));
    table::render(
        &["contributor", "span credits", "influence credits", "by spans", "by influence", "earned", "claimed"],
        &rows,
    )
}

fn row(name: String, earned: &Earned, claimed: u128) -> Vec<String> {
    vec![
        name,
        earned.span_credits.to_string(),
        earned.influence_credits.to_string(),
        amount::show(earned.spans),
        amount::show(earned.influence),
        amount::show(earned.total()),
        amount::show(claimed),
    ]
}

impl Summary {
    /// Fails if the run attributed too little, or its sums don't add up.
    pub fn check(&self) -> Result<()> {
        ensure!(
            self.credited.checked_add(self.carried_over) == Some(self.funded),
            "credited {} and carried over {} are not the {} funded",
            self.credited,
            self.carried_over,
            self.funded
        );
        ensure!(
            self.responses_with_span * 10_000 >= self.receipts * LEAST_WITH_SPAN_BPS,
            "only {} of {} responses quote a contribution: train longer (--epochs, --rows)",
            self.responses_with_span,
            self.receipts
        );
        ensure!(
            self.credited / 100 * 10_000 >= self.funded / 100 * LEAST_CREDITED_BPS,
            "only {} of {} funded was credited",
            self.credited,
            self.funded
        );
        Ok(())
    }
}
