//! Who takes part in a world.

use chain::{AccountId, Keypair};

/// Contributors, by position; each has one text.
pub const CONTRIBUTORS: usize = 3;
/// Oracles: with four, one may fail and two sign.
pub const ORACLES: usize = 4;

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
    pub oracles: Vec<Oracle>,
}

impl People {
    /// New people.
    pub fn new() -> Self {
        let oracle = |_| Oracle { account: Keypair::generate(), signing: Keypair::generate() };
        People {
            deployer: Keypair::generate(),
            guardian: Keypair::generate(),
            treasury: Keypair::generate(),
            owner: Keypair::generate(),
            validator: Keypair::generate(),
            host: Keypair::generate(),
            payer: Keypair::generate(),
            watcher: Keypair::generate(),
            contributors: (0..CONTRIBUTORS).map(|_| Keypair::generate()).collect(),
            oracles: (0..ORACLES).map(oracle).collect(),
        }
    }

    /// Everybody who sends transactions, apart from the deployer.
    pub fn senders(&self) -> Vec<AccountId> {
        [&self.guardian, &self.treasury, &self.owner, &self.validator, &self.host, &self.payer, &self.watcher]
            .into_iter()
            .chain(&self.contributors)
            .chain(self.oracles.iter().map(|oracle| &oracle.account))
            .map(Keypair::account)
            .collect()
    }
}

impl Default for People {
    fn default() -> Self {
        Self::new()
    }
}
