//! Which bytes of a response stand in which contribution: a suffix array over the texts of Datanet versions.
//!
//! [`build()`] writes the texts of a version as immutable [`Segment`]s: the texts and, sorted, their suffixes at
//! word starts (a match begins at one, so no other is ever asked for; in scripts without spaces each letter is one), in a memory-mapped file with its digest.
//! A [`Source`] is a version's segments with the holders of its texts, an [`Index`] a model's sources. Its
//! [`Response`] answers what `proof::rules::spans` asks: how far a match reaches, and who holds a range.
//!
//! There is no array of common prefixes: the two neighbours of the place where a text would stand show the
//! longest match, at 4 bytes a word start less.
//!
//! The crate knows nothing of chains, stores, models or amounts. Which match counts for what is the rule's matter.

mod build;
mod error;
mod format;
mod index;
mod minima;
mod segment;

pub use build::{build, build_with};
pub use error::{Error, Result};
pub use index::{Holder, Index, Response, Source};
pub use segment::Segment;
