//! Two epochs: questions, vouchers, reports; between them a vote and a revocation.

use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use chain::advance_to;
use ink::message_builder;
use openledger_abi::payout::{Payout, ReportStatus};
use proof::Account;
use serve::answer::{Prompt, Shown};
use serve::http::Ask;
use serve::payer::{Answered, Question as Asked};
use worker::fetch::Fetcher;
use worker::published::Lane;

use super::Options;
use super::cast::Cast;
use super::holders::{buy_gas, contributor, fuel_one, vote};
use super::narrate::{Narrator, excerpt};
use super::stage::Stage;
use crate::actions::claims::{self, Earned};
use crate::actions::{channel, datanet};
use crate::amount;
use crate::context::Context;

/// No step waits longer for another process.
const LIMIT: Duration = Duration::from_secs(240);

/// What happened, for the table and the JSON.
#[derive(Default)]
pub struct Played {
    pub answers: Vec<(usize, Answered)>,
    pub earned: BTreeMap<Account, Earned>,
    pub claimed: BTreeMap<Account, u128>,
    pub fraud_proofs: u32,
    pub slashed: u128,
    pub ballots: u32,
    /// Of those, cast by a signature that somebody else sent in.
    pub ballots_by_signature: u32,
    /// What contributors bought at the gas station.
    pub gas: Gas,
}

/// Native coin for OPEN.
#[derive(Debug, Default, Clone, Copy)]
pub struct Gas {
    pub swaps: u32,
    /// OPEN paid, tips included.
    pub open: u128,
    pub native: u128,
}

/// One question to one room's model.
#[derive(Debug, Clone)]
struct Question {
    room: usize,
    prompt: String,
}

/// Plays both epochs.
pub fn play(context: &Context, cast: &Cast, narrator: &Narrator, options: &Options, stage: &mut Stage) -> Result<()> {
    narrator
        .step("First epoch: paid answers", "each question is a signed request; each answer is co-signed by a voucher");
    let first = questions(stage, 0);
    ask_all(context, narrator, options, stage, &first)?;
    report(context, cast, narrator, stage, 0)?;
    pay(context, cast, narrator, stage, 0, None)?;

    let fuelled = fuel_one(context, cast, narrator, stage)?;
    vote(context, cast, narrator, stage)?;
    let revoked = revoke(context, cast, narrator, stage)?;
    // What payers agree to was read before the vote. One process has a channel's file at a time, so it is let go first.
    let numbers: Vec<u64> = std::mem::take(&mut stage.channels).into_iter().map(|(number, _)| number).collect();
    for (payer, number) in cast.payers.iter().zip(numbers) {
        let channel = channel::attach(context, payer.clone(), number, &options.home.join("channels"))?;
        stage.channels.push((number, channel));
    }

    narrator.step("Second epoch: the new split, and a text that earns no more", "the same kind of questions again");
    let mut second = questions(stage, 1);
    if let (Some(question), Some(revoked)) = (second.first_mut().and_then(|q| q.first_mut()), &revoked) {
        *question = revoked.question.clone();
    }
    ask_all(context, narrator, options, stage, &second)?;
    report(context, cast, narrator, stage, 1)?;
    if let Some(revoked) = revoked {
        show_revoked(context, narrator, stage, &revoked)?;
    }
    pay(context, cast, narrator, stage, 1, fuelled)
}

/// For each payer one question to each room's model: payers with an even number quote a training row's opening, the
/// others a sentence that was held out.
fn questions(stage: &Stage, epoch: usize) -> Vec<Vec<Question>> {
    let payers = stage.channels.len();
    (0..payers)
        .map(|payer| {
            let rooms = stage.rooms.len();
            (0..rooms)
                .map(|turn| {
                    // Neighbours begin with different models, so that every batch holds both adapters.
                    let room = (payer + turn) % rooms;
                    let pool = if payer % 2 == 0 { &stage.rooms[room].seen } else { &stage.rooms[room].held_out };
                    let prompt = pool[(epoch * payers + payer) % pool.len()].clone();
                    Question { room, prompt }
                })
                .collect()
        })
        .collect()
}

fn ask_all(
    context: &Context,
    narrator: &Narrator,
    options: &Options,
    stage: &mut Stage,
    questions: &[Vec<Question>],
) -> Result<()> {
    let started = Instant::now();
    let before = context.read(context.suite.payout, message_builder!(Payout).batch_count())?;
    let models: Vec<u32> = stage.rooms.iter().map(|room| room.model).collect();
    let answers = std::thread::scope(|scope| {
        let mut asking = Vec::new();
        for (payer, ((_, channel), questions)) in stage.channels.iter_mut().zip(questions).enumerate() {
            let models = &models;
            asking.push(scope.spawn(move || -> Result<Vec<(usize, Answered)>> {
                let mut answers = Vec::new();
                for question in questions {
                    let model = models[question.room];
                    let ask = Ask { max_tokens: Some(options.max_tokens), temperature: Some(0.0), ..Ask::default() };
                    let asked = Asked::new(Prompt::Text(question.prompt.clone()), ask);
                    // Both ways of asking are in the loop: every second payer reads the answer as it comes.
                    let answered = match payer % 2 {
                        0 => channel.ask(model, &asked)?,
                        _ => channel.ask_streaming(model, &asked, &mut |_| {})?,
                    };
                    channel.acknowledge(model)?;
                    answers.push((question.room, answered));
                }
                Ok(answers)
            }));
        }
        let mut all = Vec::new();
        for thread in asking {
            match thread.join() {
                Ok(answers) => all.extend(answers?),
                Err(_) => bail!("a payer's thread panicked"),
            }
        }
        Ok(all)
    });
    let answers = match answers {
        Ok(answers) => answers,
        Err(error) => {
            check(stage)?;
            return Err(error);
        }
    };
    for (payer, question) in questions.iter().enumerate().filter_map(|(i, q)| q.first().map(|q| (i, q))) {
        let Some((_, answer)) = answers.get(payer * stage.rooms.len()) else { continue };
        narrator.line(&format!("payer {payer} asks model {}: “{} …”", models[question.room], question.prompt));
        narrator.line(&format!("   → “{}”", excerpt(&answer.text, 24)));
        show_attribution(narrator, stage, &answer.attribution);
    }
    let tokens: u32 = answers.iter().map(|(_, answer)| answer.record.receipt.tokens_out).sum();
    let fees: u128 = answers.iter().map(|(_, answer)| answer.record.receipt.fee).sum();
    narrator.line(&format!(
        "{} answers, {tokens} tokens in {:.1} s ({} at once over {} adapters), {} OPEN of fees, each receipt co-signed by its payer",
        answers.len(),
        started.elapsed().as_secs_f64(),
        stage.channels.len(),
        stage.rooms.len(),
        amount::show(fees)
    ));
    stage.played.answers.extend(answers);
    let batches = settled(context, stage)?;
    narrator.line(&format!(
        "the host redeems the vouchers as {} batches; three of four oracles attest that they hold what each rests on",
        batches.saturating_sub(before)
    ));
    Ok(())
}

fn show_attribution(narrator: &Narrator, stage: &Stage, attribution: &[Shown]) {
    let name = |address: &str| {
        let account = chain::parse_account(address).ok().map(|account| chain::account_bytes(&account));
        account.and_then(|account| stage.names.get(&account).cloned()).unwrap_or_else(|| address.to_owned())
    };
    let longest = attribution.iter().find_map(|line| match line {
        Shown::Span { text, contributor, .. } => Some((text, contributor)),
        _ => None,
    });
    if let Some((text, contributor)) = longest {
        narrator.line(&format!("   words of {}: “{}”", name(contributor), excerpt(text, 16)));
    }
    let best = attribution.iter().find_map(|line| match line {
        Shown::Influence { contributor, score, .. } => Some((contributor, score)),
        _ => None,
    });
    if let Some((contributor, score)) = best {
        narrator.line(&format!("   nearest training row: {} (score {score})", name(contributor)));
    }
}

fn check(stage: &mut Stage) -> Result<()> {
    stage.processes.iter_mut().try_for_each(super::processes::Process::check)
}

/// Tries until there is something, while all processes live.
fn until<T>(stage: &mut Stage, what: &str, mut look: impl FnMut(&mut Stage) -> Result<Option<T>>) -> Result<T> {
    let started = Instant::now();
    loop {
        if let Some(found) = look(stage)? {
            return Ok(found);
        }
        check(stage)?;
        if started.elapsed() > LIMIT {
            bail!("waited {} s for {what}; the logs are in the demo's folder", LIMIT.as_secs());
        }
        sleep(Duration::from_millis(100));
    }
}

/// Waits until the host has redeemed every voucher and the oracles have attested what it redeemed. Returns how many batches
/// there were so far.
fn settled(context: &Context, stage: &mut Stage) -> Result<u64> {
    let mut owed: BTreeMap<Lane, u64> = BTreeMap::new();
    for (_, answer) in &stage.played.answers {
        *owed.entry(Lane::of(&answer.record.request)).or_default() += 1;
    }
    until(stage, "the host to redeem its vouchers", |_| {
        for (lane, count) in &owed {
            if channel::paid(context, lane.channel, lane.model, lane.key)?.count < *count {
                return Ok(None);
            }
        }
        Ok(Some(()))
    })?;
    until(stage, "the oracles to attest what was redeemed", |_| {
        let waiting = channel::waiting(context)?;
        let batches = context.read(context.suite.payout, message_builder!(Payout).batch_count())?;
        Ok(waiting.is_empty().then_some(batches))
    })
}

/// From redeemed vouchers to a live report.
fn report(context: &Context, cast: &Cast, narrator: &Narrator, stage: &mut Stage, epoch: u32) -> Result<()> {
    let payout = context.suite.payout;
    let due = context.read(payout, message_builder!(Payout).due_at())?;
    advance_to(&*context.chain, due)?;
    context.send("closing the epoch", &cast.curator, payout, message_builder!(Payout).close_epoch())?;
    let (_, facts) =
        context.read(payout, message_builder!(Payout).latest_cut(epoch))?.context("the epoch did not close")?;
    narrator.step(
        &format!("Epoch {epoch} closes"),
        &format!(
            "{} batches, {} receipts, {} OPEN for contributors; the oracles recompute every receipt",
            facts.to - facts.from,
            facts.receipts,
            amount::show(facts.pots)
        ),
    );
    loop {
        let report = until(stage, "a report", |_| {
            let report = context.read(payout, message_builder!(Payout).report(epoch))?;
            Ok(report.filter(|report| report.status == ReportStatus::Pending))
        })?;
        let attempt = report.body.attempt;
        narrator.line(&format!(
            "report {epoch}.{attempt}: signed by {} of 4 oracles; {} OPEN credited in {} credits, {} carried over",
            report.signers.len(),
            amount::show(report.body.credits.sum),
            report.body.credits.count,
            amount::show(report.body.carry_out)
        ));
        let finding = until(stage, "the watcher's finding", |stage| finding(stage, epoch, attempt))?;
        match finding {
            worker::watcher::Finding::Refuted { difference, proof, slashed, signers, bytes, ref_time, .. } => {
                narrator.line(&format!("the watcher computes another one ({})", excerpt(&difference, 1)));
                narrator.line(&format!("fraud proof, {bytes} bytes, {:.2}·10^9 ps: {proof}", ref_time as f64 / 1e9));
                narrator.line(&format!(
                    "report void; its {} signers are slashed {} OPEN and jailed",
                    signers.len(),
                    amount::show(slashed)
                ));
                stage.played.fraud_proofs += 1;
                stage.played.slashed += slashed;
                wait_for_reserves(context, narrator)?;
            }
            worker::watcher::Finding::True { .. } => {
                advance_to(&*context.chain, report.live_at + 1)?;
                until(stage, "the report to go live", |_| {
                    let live = context.read(payout, message_builder!(Payout).live())?;
                    Ok((live.epochs > epoch).then_some(()))
                })?;
                narrator.line("the watcher computes the same; the window passes, the report is live");
                return Ok(());
            }
            other => anyhow::bail!("nobody hides or asks for anything in the demo: {other:?}"),
        }
    }
}

/// Lets the time pass after which reserves take the places of oracles in jail; the oracle that is left sees to it.
fn wait_for_reserves(context: &Context, narrator: &Narrator) -> Result<()> {
    let refill_ms = context.read(context.suite.payout, message_builder!(Payout).parameters())?.refill_ms;
    narrator.line("reserves step in for them, and the epoch is cut again for the new set");
    Ok(advance_to(&*context.chain, context.chain.now()?.saturating_add(refill_ms).saturating_add(1))?)
}

fn finding(stage: &mut Stage, epoch: u32, attempt: u32) -> Result<Option<worker::watcher::Finding>> {
    let text = std::fs::read_to_string(&stage.findings).unwrap_or_default();
    for line in text.lines() {
        let Ok(finding) = serde_json::from_str::<worker::watcher::Finding>(line) else { continue };
        if finding.report() == (epoch, attempt) {
            return Ok(Some(finding));
        }
    }
    Ok(None)
}

fn fetcher(stage: &Stage) -> Result<Fetcher> {
    Ok(Fetcher::new(std::sync::Arc::new(corpus::Store::folder(&stage.fetched)?)))
}

/// Pays an epoch's credits. Whoever has native coin of its own claims by itself; the curator pushes the others' claims.
fn pay(
    context: &Context,
    cast: &Cast,
    narrator: &Narrator,
    stage: &mut Stage,
    epoch: u32,
    by_itself: Option<Account>,
) -> Result<()> {
    let fetcher = fetcher(stage)?;
    let files = claims::files(context, &fetcher, &stage.oracles, epoch)?;
    claims::earnings(&files, &mut stage.played.earned)?;
    let leaves = files.payout_leaves()?;
    let mut paid = BTreeMap::new();
    if let Some((name, key)) = by_itself.and_then(|account| contributor(stage, &account)) {
        paid = claims::claim(context, &key, &leaves, Some(&[key.account()]))?;
        if let Some(amount) = paid.values().next() {
            narrator.line(&format!("{name} claims {} OPEN by its own transaction", amount::show(*amount)));
        }
    }
    paid.extend(claims::claim(context, &cast.curator, &leaves, None)?);
    let mut best: Vec<(&Account, &u128)> = paid.iter().collect();
    best.sort_by_key(|(_, amount)| std::cmp::Reverse(**amount));
    let shown: Vec<String> = best
        .iter()
        .take(4)
        .map(|(account, paid)| {
            let name = stage.names.get(*account).map_or("?", String::as_str);
            format!("{name} {}", amount::show(**paid))
        })
        .collect();
    narrator.line(&format!(
        "{} contributors claim {} OPEN: {} …",
        paid.len(),
        amount::show(paid.values().sum()),
        shown.join(", ")
    ));
    for (account, paid) in paid {
        *stage.played.claimed.entry(account).or_default() += paid;
    }
    Ok(())
}

/// A contribution that was revoked, and the question whose answer it earned by.
struct Revoked {
    contributor: String,
    contribution: u64,
    question: Question,
}

fn revoke(context: &Context, cast: &Cast, narrator: &Narrator, stage: &mut Stage) -> Result<Option<Revoked>> {
    // The first answer of the first payer that quotes somebody.
    let questions = questions(stage, 0);
    let asked = questions.first().map(Vec::as_slice).unwrap_or_default();
    let found = asked.iter().zip(&stage.played.answers).find_map(|(question, (_, answer))| {
        answer.attribution.iter().find_map(|line| match line {
            Shown::Span { contributor, contribution, .. } => {
                Some((contributor.clone(), *contribution, question.clone()))
            }
            _ => None,
        })
    });
    let Some((address, contribution, question)) = found else { return Ok(None) };
    let account = chain::account_bytes(&chain::parse_account(&address)?);
    let name = stage.names.get(&account).cloned().unwrap_or(address);
    let key = stage.contributors.get(&name).context("a contributor without a key")?.clone();
    narrator.step(
        "A contributor takes a text back",
        &format!("{name} revokes contribution {contribution}; no new model may rest on it, what it earned stays"),
    );
    // It has only signed so far; revoking is a transaction of its own.
    let fuelled = context.chain.balance(key.account())? > 0 || buy_gas(context, cast, narrator, stage, &name, &key)?;
    if !fuelled {
        chain::endow(&*context.chain, &cast.curator, &[key.account()], 1_000_000_000_000)?;
        narrator.line("the curator gives it native coin for the transaction");
    }
    datanet::revoke(context, &key, contribution)?;
    Ok(Some(Revoked { contributor: name, contribution, question }))
}

/// What the revoked contribution got in the second epoch: nothing, its amounts carried over.
fn show_revoked(context: &Context, narrator: &Narrator, stage: &mut Stage, revoked: &Revoked) -> Result<()> {
    let files = claims::files(context, &fetcher(stage)?, &stage.oracles, 1)?;
    let credited: std::collections::BTreeSet<(u64, u8)> =
        files.credit_leaves()?.iter().map(|credit| (credit.evidence, credit.entry)).collect();
    let room = &stage.rooms[revoked.question.room];
    let held = &room.version.contributions;
    let index = held.iter().position(|held| held.listed.leaf.contribution == revoked.contribution);
    let index = u32::try_from(index.context("the revoked contribution is in no version")?)?;
    let mut withheld = 0u128;
    let mut paid = 0u128;
    let adapters: BTreeMap<[u8; 32], u32> =
        stage.played.answers.iter().map(|(_, answer)| (hash(&answer.record), answer.record.receipt.model)).collect();
    for (evidence, fields) in (0u64..).zip(files.evidence_leaves()?) {
        let leaf = proof::evidence::EvidenceLeaf::decode(fields)?;
        if adapters.get(&leaf.receipt) != Some(&room.model) {
            continue;
        }
        for (entry, line) in (0u8..).zip(&leaf.entries) {
            let proof::evidence::Entry::Span(span) = line else { continue };
            if span.credited.index == index {
                match credited.contains(&(evidence, entry)) {
                    true => paid += span.amount,
                    false => withheld += span.amount,
                }
            }
        }
    }
    anyhow::ensure!(paid == 0, "a revoked contribution was paid {paid}");
    narrator.line(&format!(
        "spans of {}'s revoked text would have earned {} OPEN: credited 0, carried over",
        revoked.contributor,
        amount::show(withheld)
    ));
    Ok(())
}

fn hash(record: &worker::published::ReceiptRecord) -> [u8; 32] {
    record.receipt.hash::<proof::Blake2>()
}
