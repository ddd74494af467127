//! A failing sequence made smaller: actions are left out as long as it still fails in the same way.

use anyhow::Result;

use super::action::{Action, Sequence};
use super::run::{Care, Failure, run};

/// Runs at most so many sequences to make one smaller.
const MOST_RUNS: usize = 600;

/// What a failure is about, without its figures.
fn kind(failure: &Failure) -> String {
    failure.what.chars().filter(|character| !character.is_ascii_digit()).collect()
}

/// The smallest sequence found that fails as this one does, and how it fails. `None` if it doesn't fail again.
///
/// # Errors
/// If its start can't be prepared.
pub fn shrink(sequence: &Sequence) -> Result<Option<(Sequence, Failure)>> {
    let Some(first) = run(sequence, Care::Always)?.failure else { return Ok(None) };
    let wanted = kind(&first);
    let mut best = (sequence.clone(), first);
    best.0.actions.truncate(best.1.step + 1);
    let mut runs = 0;
    let mut width = best.0.actions.len() / 2;
    let mut try_out = |actions: Vec<Action>| -> Result<Option<(Sequence, Failure)>> {
        runs += 1;
        if runs > MOST_RUNS {
            return Ok(None);
        }
        let mut smaller = Sequence { actions, ..sequence.clone() };
        let Some(failure) = run(&smaller, Care::Always)?.failure else { return Ok(None) };
        if kind(&failure) != wanted {
            return Ok(None);
        }
        smaller.actions.truncate(failure.step + 1);
        Ok(Some((smaller, failure)))
    };
    while width > 0 {
        let mut from = 0;
        while from < best.0.actions.len() {
            let mut actions = best.0.actions.clone();
            actions.drain(from..(from + width).min(actions.len()));
            match try_out(actions)? {
                Some(smaller) => best = smaller,
                None => from += width,
            }
        }
        width /= 2;
    }
    // Then the calls within an action.
    for place in 0..best.0.actions.len() {
        loop {
            let mut actions = best.0.actions.clone();
            let Some(calls) = actions.get_mut(place).and_then(Action::calls_mut).filter(|calls| calls.len() > 1) else {
                break;
            };
            calls.pop();
            match try_out(actions)? {
                Some(smaller) => best = smaller,
                None => break,
            }
        }
    }
    Ok(Some(best))
}
