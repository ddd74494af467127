//! `fuzz`: random sequences of calls on forks of a suite in use, until one breaks an invariant or enough were tried.
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Parser;
use e2e::fuzz::{Care, Coverage, Failure, Generator, Sequence, run, shrink};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Sequences of the long form.
const LONG_FORM: u64 = 2_000;

/// Random calls by random accounts on a deployed suite, and what must hold after each of them.
///
/// Exits with 1 if an invariant broke; the sequence is then kept in a file that --replay takes.
#[derive(Parser)]
#[command(name = "scripts/fuzz")]
struct Arguments {
    /// Sequences to run, of 30 to 60 actions each.
    #[arg(long, conflicts_with = "seconds")]
    sequences: Option<u64>,
    /// Run for so many seconds.
    #[arg(long)]
    seconds: Option<u64>,
    /// Seed of the first sequence; the others count on from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Run a kept sequence again.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["sequences", "seconds"])]
    replay: Option<PathBuf>,
    /// Print the figures as JSON.
    #[arg(long)]
    json: bool,
    /// Where a failing sequence is kept.
    #[arg(long, value_name = "FOLDER", default_value = "target/fuzz")]
    keep: PathBuf,
}

/// A failing sequence as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// What broke when it was found.
    failure: String,
    #[serde(flatten)]
    sequence: Sequence,
}

#[derive(Default)]
struct Tally {
    coverage: Coverage,
    untried: Vec<String>,
    failed: Option<(Sequence, Failure)>,
}

/// Runs sequences from `seed` on, on all threads, until the first failure.
fn search(arguments: &Arguments, bar: &ProgressBar) -> Result<(u64, Tally)> {
    let generator = Generator::new()?;
    let wanted = match (arguments.sequences, arguments.seconds) {
        (Some(sequences), _) => sequences,
        (None, Some(_)) => u64::MAX,
        (None, None) => LONG_FORM,
    };
    let until = arguments.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let (next, done, stop) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let tally = Mutex::new(Tally::default());
    let work = || -> Result<()> {
        while !stop.load(Ordering::Relaxed) && until.is_none_or(|until| Instant::now() < until) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= wanted {
                break;
            }
            let sequence = generator.sequence(arguments.seed.wrapping_add(number));
            let report = run(&sequence, Care::Seldom)?;
            done.fetch_add(1, Ordering::Relaxed);
            bar.inc(1);
            let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
            tally.coverage.add(&report.coverage);
            tally.untried.extend(report.untried);
            bar.set_message(format!("{} calls", tally.coverage.calls()));
            if let Some(failure) = report.failure {
                stop.store(true, Ordering::Relaxed);
                tally.failed.get_or_insert((sequence, failure));
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..arguments.threads.max(1)).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| match thread.join() {
            Ok(outcome) => outcome,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })?;
    Ok((done.into_inner(), tally.into_inner().unwrap_or_else(PoisonError::into_inner)))
}

fn keep(folder: &Path, sequence: Sequence, failure: &Failure) -> Result<PathBuf> {
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let path = folder.join(format!("{}.json", sequence.seed));
    let kept = Kept { failure: failure.to_string(), sequence };
    std::fs::write(&path, serde_json::to_string_pretty(&kept)? + "\n").with_context(|| path.display().to_string())?;
    Ok(path)
}

fn replay(path: &Path) -> Result<ExitCode> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let kept: Kept = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
    println!("{} actions from `{}`; it broke {}", kept.sequence.actions.len(), kept.sequence.start, kept.failure);
    let report = run(&kept.sequence, Care::Always)?;
    for untried in &report.untried {
        println!("could not be tried: {untried}");
    }
    match report.failure {
        Some(failure) => {
            println!("it breaks {failure}");
            Ok(ExitCode::FAILURE)
        }
        None => {
            println!("nothing breaks now");
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn table(coverage: &Coverage) {
    println!("\n{:<48}{:>9}{:>9}{:>9}  refused by", "message", "calls", "done", "inside");
    for ((contract, message), reach) in &coverage.messages {
        let mut errors: Vec<_> = reach.errors.iter().collect();
        errors.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let errors: Vec<String> = errors.iter().map(|(error, count)| format!("{error} {count}")).collect();
        println!(
            "{:<48}{:>9}{:>9}{:>9}  {}",
            format!("{contract}: {}", message.rsplit("::").next().unwrap_or(message)),
            reach.calls,
            reach.done,
            reach.inside,
            errors.join(", ")
        );
    }
}

/// Messages of the suite that never did what they should.
fn never_done(coverage: &Coverage) -> Vec<String> {
    let all = e2e::metadata::INTERFACES.iter().flat_map(|known| known.mutating().map(move |message| (known, message)));
    all.filter(|(known, message)| {
        let reach = coverage.messages.get(&(known.name, message.label.clone()));
        reach.is_none_or(|reach| reach.done + reach.inside == 0)
    })
    .map(|(known, message)| format!("{}: {}", known.name, message.name()))
    .collect()
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    if let Some(path) = &arguments.replay {
        return replay(path);
    }
    let bar = match (arguments.sequences, arguments.seconds) {
        (None, Some(_)) => ProgressBar::new_spinner(),
        (sequences, _) => ProgressBar::new(sequences.unwrap_or(LONG_FORM)),
    };
    bar.set_style(ProgressStyle::with_template("{elapsed_precise} {bar:30} {pos} sequences, {msg}")?);
    if arguments.json {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let begun = Instant::now();
    let (sequences, tally) = search(&arguments, &bar)?;
    bar.finish_and_clear();
    let seconds = begun.elapsed().as_secs_f64();
    let kept = match &tally.failed {
        Some((sequence, failure)) => {
            eprintln!("seed {} breaks {failure}\nmaking it smaller", sequence.seed);
            let (smallest, failure) = shrink(sequence)?.unwrap_or_else(|| (sequence.clone(), failure.clone()));
            let path = keep(&arguments.keep, smallest, &failure)?;
            Some((path, failure))
        }
        None => None,
    };
    let never = never_done(&tally.coverage);
    if arguments.json {
        let messages: Vec<_> = tally
            .coverage
            .messages
            .iter()
            .map(|((contract, message), reach)| {
                json!({
                    "contract": contract, "message": message, "calls": reach.calls, "done": reach.done,
                    "inside": reach.inside, "errors": reach.errors,
                })
            })
            .collect();
        let figures = json!({
            "sequences": sequences, "calls": tally.coverage.calls(), "seconds": seconds, "first_seed": arguments.seed,
            "messages": messages, "never_done": never, "untried": tally.untried.len(),
            "failure": kept.as_ref().map(|(path, failure)| json!({ "file": path, "what": failure.to_string() })),
        });
        println!("{}", serde_json::to_string_pretty(&figures)?);
    } else {
        table(&tally.coverage);
        println!("\n{sequences} sequences, {} calls, {seconds:.0} s", tally.coverage.calls());
        if !tally.untried.is_empty() {
            println!("{} actions could not be tried, the first: {}", tally.untried.len(), tally.untried[0]);
        }
        if !never.is_empty() {
            println!("never done: {}", never.join(", "));
        }
    }
    match kept {
        Some((path, failure)) => {
            eprintln!("broke {failure}\nkept in {}; scripts/fuzz --replay {}", path.display(), path.display());
            Ok(ExitCode::FAILURE)
        }
        None => Ok(ExitCode::SUCCESS),
    }
}
