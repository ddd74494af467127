//! The short form of `scripts/fuzz`, and every sequence that ever broke something.
use std::path::Path;

use anyhow::{Context, Result, ensure};
use e2e::fuzz::{Care, Coverage, Generator, Sequence, run};

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

#[test]
fn what_broke_once_does_not_break_again() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz_cases");
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        let name = path.display().to_string();
        let sequence: Sequence =
            serde_json::from_str(&std::fs::read_to_string(&path)?).with_context(|| name.clone())?;
        let report = run(&sequence, Care::Always)?;
        ensure!(report.untried.is_empty(), "{name}: {:?}", report.untried);
        ensure!(report.failure.is_none(), "{name}: {}", report.failure.map(|f| f.to_string()).unwrap_or_default());
    }
    Ok(())
}
