//! Runs sequences and says what broke.

use std::fmt;

use anyhow::Result;

use super::action::Sequence;
use super::invariants::{Figures, Memory, hold};
use super::stage::Stage;
use super::start::start;
use super::watched::Coverage;

/// After an action that changed nothing, all figures are read once in so many actions, to see that it did not.
const UNCHANGED: usize = 16;
/// In one of so many sequences the sums over all accounts are taken.
const SUMMED: u64 = 4;

/// How often the sums over all accounts are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// At the end, and not in each sequence: they take more reads than the sequence has calls.
    Seldom,
    /// After each action.
    Always,
}

/// What broke, and after which action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The place of the action in its sequence.
    pub step: usize,
    pub what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "after action {}: {}", self.step, self.what)
    }
}

/// What a sequence came to.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub coverage: Coverage,
    pub failure: Option<Failure>,
    /// Actions that could not be tried, with the reason: a fault of the fuzzing, none of the suite.
    pub untried: Vec<String>,
}

/// Runs a sequence until it ends or breaks something.
///
/// # Errors
/// If its start can't be prepared.
pub fn run(sequence: &Sequence, care: Care) -> Result<Report> {
    let mut stage = Stage::begin(start(&sequence.start)?)?;
    let mut untried = Vec::new();
    let failure = broken(&mut stage, sequence, care, &mut untried);
    let coverage = std::mem::take(&mut stage.watched.notes().coverage);
    Ok(Report { coverage, failure, untried })
}

fn broken(stage: &mut Stage, sequence: &Sequence, care: Care, untried: &mut Vec<String>) -> Option<Failure> {
    let mut memory = Memory::default();
    let salt = usize::try_from(sequence.seed % 64).unwrap_or_default();
    let middle = sequence.actions.len() / 2;
    let end = sequence.actions.len().checked_sub(1)?;
    let mut changes = 0;
    let mut figures = match Figures::of(stage) {
        Ok(figures) => figures,
        Err(error) => return Some(Failure { step: 0, what: format!("at the start: {error:#}") }),
    };
    for (step, action) in sequence.actions.iter().enumerate() {
        let fail = |what: String| Some(Failure { step, what });
        if let Err(error) = stage.perform(action) {
            untried.push(format!("{action:?}: {error:#}"));
        }
        if let Some(fault) = stage.watched.notes().faults.first() {
            return fail(fault.clone());
        }
        let changed = stage.watched.notes().changes;
        let now = if changed == changes && (care == Care::Always || step % UNCHANGED == 0) {
            Figures::of(stage)
        } else {
            figures.now(stage)
        };
        match now.and_then(|now| now.follow(&figures).map(|()| now)) {
            Ok(now) if changed == changes && now != figures => {
                return fail(format!("nothing was done, but {figures:?} became {now:?}"));
            }
            Ok(now) => figures = now,
            Err(error) => return fail(format!("{error:#}")),
        }
        changes = changed;
        if care == Care::Always || step == end {
            let all = care == Care::Always || sequence.seed % SUMMED == 0;
            if let Err(error) = hold(stage, all).and_then(|()| memory.check(stage)) {
                return fail(format!("{error:#}"));
            }
        }
        if step == middle && sequence.seed % SUMMED <= 1 {
            if let Err(error) = memory.keep(stage, salt) {
                return fail(format!("{error:#}"));
            }
        }
    }
    None
}
