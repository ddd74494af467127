//! Who plays: keys derived from names, so that every run has the same accounts.

use anyhow::Result;
use chain::{AccountId, Keypair};

/// Oracles in the set: four, so that one may be false (f = 1) and three must sign.
pub const MEMBERS: usize = 4;
/// The first so many oracles lie about the first epoch: more than the protocol takes to be false, or no lie would be accepted.
pub const LIARS: usize = 3;
/// Oracles with their reserves, one for each liar.
pub const ORACLES: usize = MEMBERS + LIARS;

/// An operator: the account that bonds, and its hot key.
#[derive(Clone)]
pub struct Operator {
    pub uri: String,
    pub key: Keypair,
    pub signing_uri: String,
    pub signing_key: Keypair,
}

impl Operator {
    fn new(name: &str) -> Result<Self> {
        let (uri, signing_uri) = (format!("//demo//{name}"), format!("//demo//{name}//signing"));
        Ok(Self { key: Keypair::from_uri(&uri)?, signing_key: Keypair::from_uri(&signing_uri)?, uri, signing_uri })
    }
}

/// All accounts but the contributors'.
pub struct Cast {
    pub deployer: Keypair,
    pub treasury: Keypair,
    pub guardian: Keypair,
    /// Creates the Datanets and sends contributions in.
    pub curator: Keypair,
    /// Publishes the base model, and the adapters.
    pub base_owner: Keypair,
    pub model_owner: Keypair,
    pub validators: Vec<Keypair>,
    pub oracles: Vec<Operator>,
    pub host: Operator,
    pub payers: Vec<Keypair>,
    pub watcher_uri: String,
    pub watcher: Keypair,
    pub voters: Vec<Keypair>,
    /// Bonds to an honest oracle and takes its rewards.
    pub delegator: Keypair,
}

impl Cast {
    /// The same accounts each time.
    pub fn new(payers: usize) -> Result<Self> {
        let key = |name: &str| Keypair::from_uri(&format!("//demo//{name}"));
        let many = |name: &str, n: usize| (0..n).map(|i| key(&format!("{name}{i}"))).collect::<Result<Vec<_>, _>>();
        Ok(Self {
            deployer: key("deployer")?,
            treasury: key("treasury")?,
            guardian: key("guardian")?,
            curator: key("curator")?,
            base_owner: key("base-owner")?,
            model_owner: key("model-owner")?,
            validators: many("validator", 2)?,
            oracles: (0..ORACLES).map(|i| Operator::new(&format!("oracle{i}"))).collect::<Result<_>>()?,
            host: Operator::new("host")?,
            payers: many("payer", payers)?,
            watcher_uri: "//demo//watcher".into(),
            watcher: key("watcher")?,
            voters: many("voter", 2)?,
            delegator: key("delegator")?,
        })
    }

    /// A contributor's key.
    pub fn contributor(name: &str) -> Result<Keypair> {
        let slug: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        Ok(Keypair::from_uri(&format!("//demo//contributor//{slug}"))?)
    }

    /// Accounts that send transactions and so need native coin. (Contributors only sign.)
    pub fn senders(&self) -> Vec<AccountId> {
        let single = [
            &self.deployer,
            &self.curator,
            &self.base_owner,
            &self.model_owner,
            &self.watcher,
            &self.delegator,
            &self.host.key,
        ];
        let many = self.validators.iter().chain(&self.payers).chain(&self.voters);
        let oracles = self.oracles.iter().map(|oracle| &oracle.key);
        single.into_iter().chain(many).chain(oracles).map(Keypair::account).collect()
    }
}
