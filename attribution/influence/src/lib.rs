//! Influence: which training rows pulled the model towards a response.
//!
//! The gradient of a row's margin (Σ ln(p / (1 − p)) of its tokens, the loss's gradient with each token divided by
//! 1 − p) at the published weights is projected to a few thousand numbers, whitened and rounded
//! to int8: the row's *sketch*. The same is done for a response. The dot product of two sketches is the score that
//! credits rest on; from the sketches on, everything is integers.
//!
//! * [`Layout`]: which modules are sketched, and how wide.
//! * [`Projector`]: gradients of sequences, projected module by module as the backward pass reaches them.
//! * [`Meta`]: seed, whitening and scales: the published file from which anyone derives the same response sketch.
//! * [`sketch_rows`] makes sketches and meta of a model; [`Sketcher`] makes response sketches.
//! * [`RowIndex`]: the published rows, their tree's head, and scores.
//!
//! The pass runs in canonical f32, so that two machines get the same bits. The crate knows nothing of receipts,
//! contracts or HTTP.

mod error;
mod index;
mod layout;
mod meta;
mod project;
mod sketch;
mod whiten;

pub use error::{Error, Result};
pub use index::{Row, RowIndex, write_rows};
pub use layout::{Layout, Module, Part};
pub use meta::Meta;
pub use project::Projector;
pub use sketch::{Sketcher, sketch_rows};
