//! ModelFactory: from the texts of Datanets to a published LoRA adapter.
//!
//! [`train`] cuts texts into rows, trains an adapter on all but the held-out ones, compares it with the base on those,
//! sketches every trained row, and writes a folder: the adapter in PEFT's format, `sketches.bin` and `sketch_meta.bin`,
//! `loss.json` and `loss.svg`, `model_card.json`. It goes on from its last checkpoint after an interruption, gives the
//! same bytes for the same configuration, texts and machine, and so takes a folder that it finished before as it is.
//!
//! The crate knows nothing of a chain: the caller brings the texts with the place that each has in its source, and
//! registers what comes out.

mod card;
mod checkpoint;
mod config;
mod error;
mod evaluate;
mod finished;
mod loss;
mod progress;
mod rows;
mod train;

pub use card::{Card, Evaluation, Provenance, Training};
pub use config::{BaseConfig, LoraSection, SketchSection, TrainConfig, TrainingSection};
pub use error::{Error, Result};
pub use progress::{Progress, Silent, Stage, Terminal};
pub use rows::{SourceText, TrainingRow, cut};
pub use train::{Base, Job, Outcome, train};

/// Sketches of the rows, in the adapter's folder.
pub const SKETCHES_FILE: &str = "sketches.bin";
/// Projection seed, whitening and scales, in the adapter's folder.
pub const SKETCH_META_FILE: &str = "sketch_meta.bin";
/// The model card, in the adapter's folder.
pub const CARD_FILE: &str = "model_card.json";
