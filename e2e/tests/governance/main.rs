//! Token, governor and timelock together: what holders vote for happens, when it may, and nothing else.

mod execution;
mod token;
mod voting;
mod world;
