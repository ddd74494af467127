//! The attribution worker: from receipts to an oracle-signed report, and from a false report to its refutation.
//!
//! * [`published`], [`files`], [`card`] – what hosts, oracles and model owners publish, and its exact form.
//! * [`fetch`], [`gather`] – reading it, and the chain; all that is read is checked against what the chain commits to.
//! * [`epoch`] – the report as a pure function of what was gathered.
//! * [`attest`], [`held`] – holding what redeemed batches rest on, and signing that it is held.
//! * [`ask`] – what one oracle asks another, signed.
//! * [`oracle`], [`http`], [`journal`] – closing, recomputing, co-signing, submitting; what was signed is on disk first.
//! * [`watcher`], [`refute`] – recomputing every report in its window, and the fraud proof.
//! * [`respond`] – answers to questions about a true report, and what to ask of signers who hide a false one.
//! * [`drill`] – an oracle that lies on purpose, for drills.
//!
//! The crate knows no language model: sketches are bytes here.

pub mod ask;
pub mod attest;
pub mod card;
pub mod drill;
pub mod epoch;
pub mod fetch;
pub mod files;
pub mod gather;
pub mod held;
pub mod http;
pub mod journal;
pub mod oracle;
pub mod published;
pub mod refute;
pub mod respond;
pub mod watcher;
