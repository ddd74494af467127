//! What the demo says on standard output.

use std::cell::Cell;
use std::time::Instant;

/// Numbers the steps and tells the time since the start.
pub struct Narrator {
    started: Instant,
    step: Cell<u32>,
}

impl Narrator {
    /// Starts the clock.
    pub fn new() -> Self {
        Self { started: Instant::now(), step: Cell::new(0) }
    }

    /// A step's heading and first line.
    pub fn step(&self, title: &str, text: &str) {
        self.step.set(self.step.get() + 1);
        println!("\n{:>2}. {title}  [{:.0} s]", self.step.get(), self.started.elapsed().as_secs_f64());
        self.line(text);
    }

    /// A further line.
    pub fn line(&self, text: &str) {
        println!("    {text}");
    }
}

/// The first words of a text, in one line.
pub fn excerpt(text: &str, words: usize) -> String {
    let all: Vec<&str> = text.split_whitespace().collect();
    let shown = all.iter().take(words).copied().collect::<Vec<_>>().join(" ");
    if all.len() > words { format!("{shown} …") } else { shown }
}
