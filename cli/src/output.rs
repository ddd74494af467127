//! What a command says: text for people, or one JSON value for machines (amounts as decimal strings of 10^-18 OPEN).

use std::io::{IsTerminal, Write};

use anyhow::{Result, bail};
use serde_json::Value;

use crate::table;

/// How to say it.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    pub json: bool,
}

impl Output {
    /// Says `text`, or the JSON value.
    pub fn say(self, value: &Value, text: impl AsRef<str>) -> Result<()> {
        let line = if self.json { serde_json::to_string_pretty(value)? } else { text.as_ref().trim_end().to_owned() };
        match writeln!(std::io::stdout(), "{line}") {
            // Whoever reads has seen enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            outcome => Ok(outcome?),
        }
    }

    /// Says a table, or the JSON value; `none` in place of a table without rows.
    pub fn table(self, value: &Value, header: &[&str], rows: &[Vec<String>], none: &str) -> Result<()> {
        let text = if rows.is_empty() { none.to_owned() } else { table::render(header, rows) };
        self.say(value, text)
    }
}

/// The command line asks for what makes no sense: exit code 2, as clap's own.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

impl Usage {
    /// An error of reading the command line, unless it is the chain's.
    pub fn of(error: anyhow::Error) -> anyhow::Error {
        match error.chain().any(|cause| {
            matches!(cause.downcast_ref::<chain::ChainError>(), Some(known) if !matches!(known, chain::ChainError::Input(_)))
        }) {
            true => error,
            false => Self(format!("{error:#}")).into(),
        }
    }
}

/// Lets a person at a terminal decide; a program that runs this has decided, unless it is something to be `careful` with.
///
/// # Errors
/// The answer is no, or a careful question meets nobody.
pub fn ask(question: &str, yes: bool, careful: bool) -> Result<()> {
    if yes || (!careful && !std::io::stdin().is_terminal()) {
        return Ok(());
    }
    confirm(question, false)
}

/// Lets a person decide. With `yes` nobody is asked.
///
/// # Errors
/// The answer is no, or there is no terminal to ask at.
pub fn confirm(question: &str, yes: bool) -> Result<()> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        bail!("{question} Nobody can be asked here: say --yes. Nothing was done.");
    }
    eprint!("{question} [y/N] ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    if !matches!(answer.trim(), "y" | "Y" | "yes") {
        bail!("nothing was done");
    }
    Ok(())
}
