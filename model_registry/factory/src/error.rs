//! What can go wrong.

use std::path::PathBuf;

/// An error of the factory.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Engine(#[from] engine::Error),
    #[error(transparent)]
    Influence(#[from] influence::Error),
    /// A file could not be read.
    #[error("cannot read {path}: {cause}")]
    Read { path: PathBuf, cause: std::io::Error },
    /// A file could not be written.
    #[error("cannot write {path}: {cause}")]
    Write { path: PathBuf, cause: std::io::Error },
    /// The configuration file does not parse or makes no sense.
    #[error("training configuration: {0}")]
    Config(String),
    /// The texts give nothing to train on.
    #[error("nothing to train on: {0}")]
    NoRows(String),
    /// The loss is no number any more.
    #[error("training diverged at step {step}: the loss is {loss}. Use a lower learning rate")]
    Diverged { step: usize, loss: f64 },
    /// Somebody asked to stop; the checkpoint of the last epoch is kept.
    #[error("interrupted; run again to go on from the last checkpoint")]
    Interrupted,
}

/// Result of this crate's calls.
pub type Result<T> = std::result::Result<T, Error>;
