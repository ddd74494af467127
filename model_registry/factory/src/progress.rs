//! What a person sees while a model is made.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A long part of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Training,
    Evaluating,
    Sketching,
}

impl Stage {
    fn words(self) -> &'static str {
        match self {
            Stage::Training => "training",
            Stage::Evaluating => "evaluating",
            Stage::Sketching => "sketching rows",
        }
    }
}

/// Told how the work goes on. Implement it to show progress elsewhere.
pub trait Progress: Sync {
    /// A stage of `tokens` begins, `done` of which were done in an earlier run.
    fn begin(&self, stage: Stage, tokens: u64, done: u64);
    /// `done` tokens of the stage are done; `note` says where the loss stands.
    fn advance(&self, done: u64, note: &str);
    /// The stage is over.
    fn end(&self);
    /// True if the work should stop as soon as it can.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Shows nothing.
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: Stage, _: u64, _: u64) {}
    fn advance(&self, _: u64, _: &str) {}
    fn end(&self) {}
}

/// Between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// A bar with tokens a second and time left on standard error; without a terminal a line every five seconds.
pub struct Terminal {
    name: String,
    state: Mutex<Option<State>>,
}

struct State {
    stage: Stage,
    tokens: u64,
    before: u64,
    started: Instant,
    line: Instant,
    bar: Option<ProgressBar>,
}

impl Terminal {
    /// `name` stands before every line.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), state: Mutex::new(None) }
    }

    fn with(&self, f: impl FnOnce(&mut Option<State>)) {
        f(&mut self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }
}

impl Progress for Terminal {
    fn begin(&self, stage: Stage, tokens: u64, done: u64) {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(tokens).with_position(done);
            let template = "{prefix} {bar:28} {percent:>3}%  {per_sec:>12}  {eta:>4} left  {msg}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.with_key(
                    "per_sec",
                    |s: &indicatif::ProgressState, w: &mut dyn std::fmt::Write| {
                        let _ = write!(w, "{:.0} tok/s", s.per_sec());
                    },
                ));
            }
            bar.set_prefix(format!("{}: {}", self.name, stage.words()));
            bar.reset_eta();
            bar
        });
        let now = Instant::now();
        self.with(|s| *s = Some(State { stage, tokens, before: done, started: now, line: now, bar }));
    }

    fn advance(&self, done: u64, note: &str) {
        self.with(|state| {
            let Some(state) = state else { return };
            if let Some(bar) = &state.bar {
                bar.set_message(note.to_owned());
                bar.set_position(done);
            } else if state.line.elapsed() >= LINE_EVERY {
                state.line = Instant::now();
                let rate = done.saturating_sub(state.before) as f64 / state.started.elapsed().as_secs_f64();
                let left = state.tokens.saturating_sub(done) as f64 / rate.max(1e-9);
                let percent = 100 * done / state.tokens.max(1);
                eprintln!(
                    "{}: {} {percent}%, {rate:.0} tokens/s, {left:.0} s left{}{note}",
                    self.name,
                    state.stage.words(),
                    if note.is_empty() { "" } else { ", " }
                );
            }
        });
    }

    fn end(&self) {
        self.with(|state| {
            let Some(state) = state.take() else { return };
            let seconds = state.started.elapsed().as_secs_f64();
            let rate = state.tokens.saturating_sub(state.before) as f64 / seconds.max(1e-9);
            if let Some(bar) = state.bar {
                bar.finish_and_clear();
            }
            eprintln!(
                "{}: {} done, {} tokens in {seconds:.1} s ({rate:.0} tokens/s)",
                self.name,
                state.stage.words(),
                state.tokens
            );
        });
    }
}
