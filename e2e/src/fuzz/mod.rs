//! Random calls by random accounts on forks of a suite in use, and what must hold whatever is called.
//!
//! A seed gives a [`Sequence`], a list of [`Action`]s that can be written down; [`run::run`] performs it in a prepared
//! world and checks the invariants; [`shrink::shrink`] makes a failing one smaller. Every message of every contract is
//! called, with arguments made from the types in its metadata, so that a new message needs no word here.
//!
//! What counts as a failure: a call that traps or runs out of gas, an error whose effects were kept, an effect without
//! a message, a contract that holds less than it owes or pays more than it owed, a supply that rises, balances, votes,
//! stakes or claims that don't add up, votes of the past that change. What doesn't: a message that takes no native coin
//! traps when some is sent (ink! does that before any of the contract's own code), and a caller that can't pay for
//! storage is turned away by the chain.

mod action;
mod arguments;
mod generate;
mod habits;
mod invariants;
mod perform;
mod random;
mod run;
mod shrink;
mod signing;
mod stage;
mod start;
mod value;
mod watched;

pub use action::{Action, Redeem, Sequence};
pub use generate::Generator;
pub use perform::spec;
pub use run::{Care, Failure, Report, run};
pub use shrink::shrink;
pub use stage::Stage;
pub use start::{start, starts};
pub use value::{Known, Names, Spec, Value};
pub use watched::{Coverage, Outcome, Reach};
