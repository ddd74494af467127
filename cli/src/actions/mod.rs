//! What can be done, one module a domain: commands and the demo call the same functions.

pub mod arbitration;
pub mod audit;
pub mod channel;
pub mod claims;
pub mod compose;
pub mod datanet;
pub mod delegates;
pub mod deploy;
pub mod gas;
pub mod governance;
pub mod guardian;
pub mod models;
pub mod proposals;
pub mod reports;
pub mod roles;
pub mod signed;
pub mod simulation;
pub mod staking;
pub mod token;
