//! What can be done, one module a domain: commands and the demo call the same functions.

pub mod audit;
pub mod channel;
pub mod claims;
pub mod datanet;
pub mod deploy;
pub mod governance;
pub mod models;
pub mod reports;
pub mod roles;
pub mod staking;
pub mod token;
