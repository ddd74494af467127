//! The short form of `scripts/fuzz`, and that it would notice.

use anyhow::{Context, Result, ensure};
use e2e::fuzz::{Action, Care, Coverage, Generator, Known, Sequence, Spec, Value, run, shrink};

/// Sequences in `scripts/test`; `scripts/fuzz` runs thousands.
const SEQUENCES: u64 = 48;
/// Their first seed, apart from those that `scripts/fuzz` begins with.
const SEED: u64 = 1_000_000;

#[test]
fn random_calls_break_no_invariant_and_trap_nowhere() -> Result<()> {
    let generator = Generator::new()?;
    let threads = 2;
    let work = |first: u64| -> Result<Coverage> {
        let mut coverage = Coverage::default();
        for number in (first..SEQUENCES).step_by(threads) {
            let sequence = generator.sequence(SEED + number);
            let report = run(&sequence, Care::Seldom)?;
            let seed = sequence.seed;
            if let Some(failure) = report.failure {
                anyhow::bail!("{failure}: scripts/fuzz --sequences 1 --seed {seed} keeps the sequence");
            }
            ensure!(report.untried.is_empty(), "seed {seed}: {:?}", report.untried);
            coverage.add(&report.coverage);
        }
        Ok(coverage)
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads as u64).map(|first| scope.spawn(move || work(first))).collect();
        running.into_iter().try_for_each(|thread| match thread.join() {
            Ok(outcome) => outcome.map(|coverage| println!("{} calls", coverage.calls())),
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}

#[test]
fn a_sequence_is_its_seed_and_survives_being_written_down() -> Result<()> {
    let generator = Generator::new()?;
    for seed in 0..50 {
        let sequence = generator.sequence(seed);
        ensure!(sequence == generator.sequence(seed));
        let text = serde_json::to_string(&sequence)?;
        ensure!(sequence == serde_json::from_str::<Sequence>(&text)?, "{text}");
    }
    Ok(())
}

/// A vote gives one contract the code of another: the worst that an upgrade can be.
fn wrong_code() -> Action {
    let upgrade = Spec {
        contract: "open_token".into(),
        message: "upgrade".into(),
        arguments: vec![Value::Hash(Known::Code, 3)],
        native: 0,
    };
    Action::Operate { by: "owner".into(), calls: vec![upgrade], salt: 9, steps: 2 }
}

#[test]
fn what_breaks_is_noticed_made_small_and_breaks_again_from_its_file() -> Result<()> {
    // In this start an account beside the governor may propose to the timelock.
    let mut sequence = Sequence { start: "governed".into(), ..Generator::new()?.sequence(SEED) };
    let middle = sequence.actions.len() / 2;
    sequence.actions.insert(middle, wrong_code());
    let failure = run(&sequence, Care::Always)?.failure.context("nothing was noticed")?;
    ensure!(failure.step >= middle, "{failure}");
    let (small, again) = shrink(&sequence)?.context("it did not break again")?;
    ensure!(small.actions == [wrong_code()], "{:?}", small.actions);
    let read: Sequence = serde_json::from_str(&serde_json::to_string(&small)?)?;
    ensure!(run(&read, Care::Always)?.failure == Some(again));
    Ok(())
}
