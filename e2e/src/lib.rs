//! Scenarios of the whole suite, written once and run on the embedded chain and on a node.
//!
//! [`World`] is a suite with people, a Datanet, a model and an open channel. A scenario is a function over it; it
//! leaves the world usable for the next one, since on a node, where deploying takes seconds, the scenarios of a module
//! share one. On the embedded chain each gets a fork of its own. Reports are built with crate proof alone, by the
//! shortest way: that the worker builds the same is its own tests' concern.

pub mod access;
pub mod epoch;
pub mod falsehoods;
pub mod fuzz;
pub mod gas;
pub mod harness;
pub mod invariants;
pub mod metadata;
pub mod outcome;
pub mod people;
pub mod scenarios;
pub mod served;
pub mod world;

pub use outcome::{refused, sent};
pub use people::People;
pub use world::World;

/// The hasher of all programs.
pub type H = proof::Blake2;
