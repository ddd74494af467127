//! Who takes part in a world.

use chain::{AccountId, Keypair};
use proof::Hasher;

use crate::H;

/// Contributors, by position; each has one text.
pub const CONTRIBUTORS: usize = 3;
/// Oracles of the set: with four, one may fail and three sign.
pub const ORACLES: usize = 4;
/// Who steps in for them: one for each signer of a false report.
pub const RESERVES: usize = 3;

/// An operator that signs with a key apart from its account's.
#[derive(Clone)]
pub struct Oracle {
    /// Bonds, registers.
    pub account: Keypair,
    /// Signs reports.
    pub signing: Keypair,
}

/// Keys of everybody, new for each world, so that worlds on one chain don't meet.
#[derive(Clone)]
pub struct People {
    /// Deploys, and holds the whole supply of OPEN.
    pub deployer: Keypair,
    pub guardian: Keypair,
    /// Credited the platform's share.
    pub treasury: Keypair,
    /// Owns the Datanet and the model.
    pub owner: Keypair,
    pub validator: Keypair,
    pub host: Keypair,
    pub payer: Keypair,
    /// Files fraud proofs.
    pub watcher: Keypair,
    pub contributors: Vec<Keypair>,
    /// The members of the first set, by place.
    pub oracles: Vec<Oracle>,
    /// Who steps in for them, in order.
    pub reserves: Vec<Oracle>,
}

impl People {
    /// New people.
    pub fn new() -> Self {
        Self::made_by(|_| Keypair::generate())
    }

    /// New people with so many oracles.
    pub fn with_oracles(count: usize) -> Self {
        let oracle = || Oracle { account: Keypair::generate(), signing: Keypair::generate() };
        People { oracles: (0..count).map(|_| oracle()).collect(), ..Self::new() }
    }

    /// The same people each time.
    pub fn seeded(seed: &str) -> Self {
        Self::made_by(|name| Keypair::from_seed(H::blake2_256(format!("{seed} {name}").as_bytes())))
    }

    fn made_by(make: impl Fn(&str) -> Keypair) -> Self {
        let operator = |account: &str, signing: &str, number: usize| Oracle {
            account: make(&format!("{account}{number}")),
            signing: make(&format!("{signing}{number}")),
        };
        People {
            deployer: make("deployer"),
            guardian: make("guardian"),
            treasury: make("treasury"),
            owner: make("owner"),
            validator: make("validator"),
            host: make("host"),
            payer: make("payer"),
            watcher: make("watcher"),
            contributors: (0..CONTRIBUTORS).map(|number| make(&format!("contributor{number}"))).collect(),
            oracles: (0..ORACLES).map(|number| operator("oracle", "signing", number)).collect(),
            reserves: (0..RESERVES).map(|number| operator("reserve", "reserve_signing", number)).collect(),
        }
    }

    /// Everybody by name.
    pub fn named(&self) -> Vec<(String, &Keypair)> {
        let mut all: Vec<(String, &Keypair)> = [
            ("deployer", &self.deployer),
            ("guardian", &self.guardian),
            ("treasury", &self.treasury),
            ("owner", &self.owner),
            ("validator", &self.validator),
            ("host", &self.host),
            ("payer", &self.payer),
            ("watcher", &self.watcher),
        ]
        .map(|(name, key)| (name.to_owned(), key))
        .into();
        all.extend(self.contributors.iter().enumerate().map(|(n, key)| (format!("contributor{n}"), key)));
        for (number, oracle) in self.oracles.iter().enumerate() {
            all.push((format!("oracle{number}"), &oracle.account));
            all.push((format!("signing{number}"), &oracle.signing));
        }
        for (number, reserve) in self.reserves.iter().enumerate() {
            all.push((format!("reserve{number}"), &reserve.account));
        }
        all
    }

    /// Everybody who sends transactions, apart from the deployer.
    pub fn senders(&self) -> Vec<AccountId> {
        [&self.guardian, &self.treasury, &self.owner, &self.validator, &self.host, &self.payer, &self.watcher]
            .into_iter()
            .chain(&self.contributors)
            .chain(self.oracles.iter().chain(&self.reserves).map(|oracle| &oracle.account))
            .map(Keypair::account)
            .collect()
    }
}

impl Default for People {
    fn default() -> Self {
        Self::new()
    }
}
