//! What a call should have come to.

use std::fmt::Debug;

use anyhow::{Context, Result, anyhow, bail};
use chain::{CallError, Sent};

/// The value of a call that should succeed.
///
/// # Errors
/// The contract's or the chain's, with `what`.
pub fn sent<T, E: Debug>(what: &str, outcome: std::result::Result<Sent<T>, CallError<E>>) -> Result<T> {
    outcome.map(|sent| sent.value).map_err(|e| anyhow!("{e}")).with_context(|| what.to_owned())
}

/// A call that should be refused with exactly this error.
///
/// # Errors
/// If it succeeded, or failed otherwise.
pub fn refused<T, E: Debug + PartialEq>(outcome: std::result::Result<Sent<T>, CallError<E>>, wanted: &E) -> Result<()> {
    match outcome {
        Err(CallError::Message(error)) if error == *wanted => Ok(()),
        Err(other) => bail!("wanted {wanted:?}, got: {other}"),
        Ok(_) => bail!("wanted {wanted:?}, but the call was taken"),
    }
}
