//! Text of known contributors: canonical form, documents, chunks, roots, content-addressed store.
//!
//! A path with texts is [`read()`] into drafts, each draft becomes a [`Document`] in [`canonical`] form (one
//! document is one contribution), a [`Corpus`] keeps its text by content and refuses a copy, and a
//! [`Manifest`] lists what a collection holds. Later [`open_version()`] reads the texts of a Datanet version and
//! checks them against the chain, and [`rows()`] cuts them for training.
//!
//! The crate knows nothing of a chain, of accounts, of HTTP or of a tokenizer: what it needs from there comes as
//! arguments. A store is a folder that a host publishes as it is.

mod canonical;
mod cid;
mod csv;
mod document;
mod error;
mod ingest;
mod manifest;
mod near;
mod personal;
mod read;
mod rows;
mod store;
mod version;

pub use canonical::{canonical, is_canonical};
pub use cid::Cid;
pub use document::{Document, text_root};
pub use error::{Error, Holder, Place, Result};
pub use ingest::{Corpus, DocumentPreview, Ingested, Preview, preview};
pub use manifest::{Entry, Manifest};
pub use near::{Signature, near_duplicates};
pub use personal::{Kind, Warning, personal};
pub use read::{Draft, Layout, Options, Table, read};
pub use rows::{Row, rows, rows_by_bytes};
pub use store::{Store, object_file, object_path};
pub use version::{Held, Listed, Version, check_text, open_available, open_version};

/// The longest contribution, in bytes of canonical text: 16 MiB.
pub const MAX_CONTRIBUTION: u64 = 16 * 1024 * 1024;
