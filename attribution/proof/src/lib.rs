//! The protocol of attribution, to the byte: what is signed, hashed, paid and refuted.
//!
//! Oracle, watcher, host, payer and contract use the same functions, so that none of them can read
//! a report otherwise than the others. Everything here is integers and bytes: no float, no clock,
//! no I/O, no signature scheme and no chain. The crate doesn't know ink!, a network or a file.
//!
//! * [`tree`] – Merkle trees, sum trees, frontiers, paths, range proofs, absence.
//! * [`text`], [`version`], [`sketch`], [`request`], [`receipt`], [`evidence`], [`credits`], [`payouts`] – the leaves.
//! * [`voucher`], [`attestation`], [`report`], [`terms`], [`signed`] – what is signed; in [`terms`] also when facts count.
//! * [`rules`] – what a true report contains: spans, influence, retrieval, amounts, epochs.
//! * [`check`] – what refutes a false one: one pure function a fraud proof.
//! * [`question`] – what may be asked about a report, and what answers it.
//!
//! Generic over a [`Hasher`]: contracts pass the host function, programs `Blake2` (feature `std`).
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic
    )
)]

extern crate alloc;

pub mod attestation;
pub mod check;
pub mod credits;
pub mod error;
pub mod evidence;
pub mod hash;
pub mod limits;
pub mod math;
pub mod params;
pub mod payouts;
pub mod question;
pub mod receipt;
pub mod report;
pub mod request;
pub mod rules;
pub mod signed;
pub mod sketch;
pub mod terms;
pub mod text;
pub mod tree;
pub mod version;
pub mod voucher;
pub mod words;

pub use error::Error;
#[cfg(feature = "std")]
pub use hash::Blake2;
pub use hash::{Account, Hash, Hasher, ZERO};
pub use tree::{Frontier, Node, PlainFrontier, SumFrontier, SumHead, Tree, TreeHead};
