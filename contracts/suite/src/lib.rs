//! The thirteen contracts together: their built artifacts, how they are deployed and wired, where they are.
//!
//! Contracts that know each other can't take each other's address in their constructors, so deploying has two steps:
//! [`Suite::deploy`] makes all and wires all but one; [`Suite::wire_payout`] wires payout once the first oracles have
//! bonded, since it reads their signing keys from staking then. From that moment nobody but the timelock can change anything.

mod artifacts;
mod config;
mod deploy;

pub use artifacts::{Artifact, CONTRACTS, artifact};
pub use config::SuiteConfig;
pub use deploy::DeployError;

use chain::{AccountId, account_bytes, parse_account, ss58};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where the contracts are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suite {
    #[serde(with = "address")]
    pub token: AccountId,
    #[serde(with = "address")]
    pub staking: AccountId,
    #[serde(with = "address")]
    pub governor: AccountId,
    #[serde(with = "address")]
    pub timelock: AccountId,
    #[serde(with = "address")]
    pub gas_station: AccountId,
    #[serde(with = "address")]
    pub datanet_registry: AccountId,
    #[serde(with = "address")]
    pub arbitration: AccountId,
    #[serde(with = "address")]
    pub model_registry: AccountId,
    #[serde(with = "address")]
    pub escrow: AccountId,
    #[serde(with = "address")]
    pub payout: AccountId,
    #[serde(with = "address")]
    pub disputes: AccountId,
    #[serde(with = "address")]
    pub judge: AccountId,
    #[serde(with = "address")]
    pub availability: AccountId,
}

impl Suite {
    /// The contracts with their package names.
    pub fn named(&self) -> [(&'static str, AccountId); 13] {
        [
            ("open_token", self.token),
            ("staking", self.staking),
            ("governor", self.governor),
            ("timelock", self.timelock),
            ("gas_station", self.gas_station),
            ("datanet_registry", self.datanet_registry),
            ("arbitration", self.arbitration),
            ("model_registry", self.model_registry),
            ("escrow", self.escrow),
            ("payout", self.payout),
            ("disputes", self.disputes),
            ("judge", self.judge),
            ("availability", self.availability),
        ]
    }

    /// What signatures for a contract name as their domain, on the chain with this genesis id.
    pub fn domain(genesis: [u8; 32], contract: AccountId) -> proof::signed::Domain {
        proof::signed::Domain { genesis, contract: account_bytes(&contract) }
    }
}

/// Accounts as SS58 text in JSON.
pub mod address {
    use super::*;

    /// For `#[serde(with = …)]`.
    pub fn serialize<S: Serializer>(account: &AccountId, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&ss58(account))
    }

    /// Reads SS58 or `0x` hex.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<AccountId, D::Error> {
        parse_account(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
