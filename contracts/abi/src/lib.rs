//! What the contracts of OpenLedger say to each other and to programs: traits, types, events, errors.
//!
//! One module a contract. The documentation of each message stands here and is not repeated in the contracts.
#![cfg_attr(not(feature = "std"), no_std)]
// The codec's derive casts an enum's index, which fits; nothing here casts by hand.
#![allow(clippy::cast_possible_truncation)]

pub mod admin;
pub mod arbitration;
pub mod ask;
pub mod availability;
pub mod common;
pub mod datanet;
pub mod disputes;
pub mod escrow;
pub mod gas_station;
pub mod governor;
pub mod host;
pub mod judge;
pub mod models;
pub mod payout;
pub mod quorum;
pub mod roles;
pub mod staking;
pub mod timelock;
pub mod times;
pub mod token;

pub use admin::{Admin, AdminError, Administered, Migrates, Pausable};
pub use common::*;
