//! One trait over a chain with pallet-contracts, and three ways to reach one:
//!
//! - [`Embedded`]: in this process, nothing installed ([`Embedded::ephemeral`] in memory for tests);
//! - [`Remote`]: an embedded chain that another process [serves](Server) on loopback;
//! - [`Rpc`]: a node.
//!
//! [`open`] picks by URL. Calls are typed by what `ink::message_builder!(Trait)` makes: [`read`], [`send`].
//! This crate knows keys and addresses; it knows none of the suite's contracts.

mod account;
mod address_book;
mod chain;
mod embedded;
mod envelope;
mod error;
mod keys;
mod ledger;
mod node;
mod open;
mod remote;
mod rpc;
mod typed;
mod types;

pub use account::{AccountId, account_bytes, parse_account, ss58, ss58_short};
pub use address_book::{AddressBook, Entry as AddressBookEntry};
pub use chain::{Chain, ChainCopy, advance_to, endow};
pub use embedded::{DEVELOPMENT_ENDOWMENT, Embedded, Genesis};
pub use error::{CallError, ChainError};
pub use keys::{DEVELOPMENT_NAMES, Keypair, verify};
pub use node::{Node, find_node};
pub use open::{open, open_with};
pub use remote::{Remote, Server};
pub use rpc::Rpc;
pub use typed::{Sent, decode_output, deploy, estimate, input, read, read_as, selector, send, send_plain, send_value};
pub use types::{BlockNumber, ContractEvent, DryRun, Gas, Native, Receipt};

/// The least native coin that an account can have, on the embedded chain and on substrate-contracts-node.
pub const EXISTENTIAL_DEPOSIT: Native = 1_000_000_000;
