//! A suite in use: deployed, operators bonded, texts accepted, a model registered, OPEN in everybody's hands.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use chain::{AccountId, CallError, Chain, DEVELOPMENT_NAMES, Keypair, Sent, account_bytes, endow, read, send};
use ink::message_builder;
use openledger_abi::datanet::{DatanetError, DatanetRegistry, Judges, LicenceFloor, NewContribution, Opening, Terms};
use openledger_abi::models::{
    Access, AttributionPolicy, ModelKind, ModelRegistry, NewModel, NewRevision, SketchRoot, Source,
};
use openledger_abi::staking::{Role, Staking};
use openledger_abi::{Balance, OPEN};
use proof::payouts::PayoutLeaf;
use proof::signed::{Domain, Signable};
use proof::{Hash, Hasher, text};
use psp22::PSP22;
use suite::{Suite, SuiteConfig};

use crate::epoch::Closed;
use crate::people::Oracle;
use crate::served::Ledger;
use crate::{H, People, outcome::sent};

/// Native coin of the deployer and of everybody else.
const DEPLOYER_NATIVE: u128 = 60_000_000_000_000_000;
const NATIVE: u128 = 3_000_000_000_000_000;
/// OPEN that payer, host, watcher and operators start with, beside bonds.
pub const ALLOWANCE: Balance = 10_000 * OPEN;

/// What oracles of [`World::with_small_bonds`] have of their own, and of others.
const SMALL_BOND: Balance = 20 * OPEN;
const DELEGATED: Balance = 100 * OPEN;

/// What the contributors wrote. The first and the second share no run of three words.
pub const TEXTS: [&str; crate::people::CONTRIBUTORS] = [
    "The harbour master kept a ledger of every ship that came in before the storm, and of each that did not.",
    "Copper bells hang over the northern market, where traders weigh saffron against river salt at dawn.",
    "Nobody repairs a bridge like the people who have to walk across it with their own children every morning.",
];

/// A suite with people, on a chain.
#[derive(Clone)]
pub struct World {
    pub chain: Arc<dyn Chain>,
    pub suite: Suite,
    pub config: SuiteConfig,
    pub people: People,
    pub datanet: u32,
    pub model: u32,
    /// H of the model's artefact, named by receipts.
    pub adapter: Hash,
    /// Contributions by their index in version 0.
    pub contributions: Vec<u64>,
    /// Their texts.
    pub texts: Vec<String>,
    /// What was served on each channel.
    pub ledgers: Vec<Ledger>,
    /// The epoch that is closed and not yet paid.
    pub closed: Option<Closed>,
    /// The leaves of the live payouts.
    pub payouts: Vec<PayoutLeaf>,
    /// Makes texts, names and salts differ.
    pub serial: u64,
}

/// The shortest windows in which a scenario on a node still manages what it has to do within them.
fn windows(people: &People) -> SuiteConfig {
    let account = |key: &Keypair| key.account();
    let mut config =
        SuiteConfig::quick(account(&people.deployer), account(&people.treasury), account(&people.guardian));
    config.voting_delay_ms = 1_000;
    config.voting_period_ms = 6_000;
    config.late_quorum_extension_ms = 3_000;
    config.timelock_delay_ms = 1_000;
    config.staking.jail_ms = 4_000;
    config.datanets.min_agreeing = 1;
    config.payout.epoch_ms = 1_000;
    config.payout.report_ms = 10_000;
    config.payout.window_ms = 10_000;
    config.disputes.reveal_ms = 4_000;
    config
}

impl World {
    /// Deploys a suite on `chain` and brings it to life; `rich` pays the native coin.
    ///
    /// # Errors
    /// The first step that failed.
    pub fn found(chain: Arc<dyn Chain>, rich: &Keypair) -> Result<Self> {
        let people = Self::endowed(&*chain, rich)?;
        Self::found_by(chain, people)
    }

    /// New people, of whom the deployer has native coin for all: the only step that others' worlds can get in the way of, so
    /// one is taken after the other. Where `rich` has given most of its coin away, as on a node with many worlds, another
    /// development account pays.
    ///
    /// # Errors
    /// If nobody can pay.
    pub fn endowed(chain: &dyn Chain, rich: &Keypair) -> Result<People> {
        static PAYING: Mutex<()> = Mutex::new(());
        let _turn = PAYING.lock();
        let people = People::new();
        let mut payer = rich.clone();
        for name in DEVELOPMENT_NAMES {
            if chain.balance(payer.account())? > DEPLOYER_NATIVE + NATIVE {
                break;
            }
            payer = Keypair::from_uri(name)?;
        }
        endow(chain, &payer, &[people.deployer.account()], DEPLOYER_NATIVE)?;
        Ok(people)
    }

    /// [`World::found`] by these people.
    ///
    /// # Errors
    /// The first step that failed.
    pub fn found_by(chain: Arc<dyn Chain>, people: People) -> Result<Self> {
        Self::found_with(chain, people, |_| ())
    }

    /// [`World::found_by`] with other parameters.
    ///
    /// # Errors
    /// The first step that failed.
    pub fn found_with(chain: Arc<dyn Chain>, people: People, change: impl FnOnce(&mut SuiteConfig)) -> Result<Self> {
        let mut config = windows(&people);
        change(&mut config);
        endow(&*chain, &people.deployer, &people.senders(), NATIVE)?;
        let suite = Suite::deploy(&*chain, &people.deployer, &config)?;
        let adapter = H::blake2_256(b"the adapter's weights");
        let mut world = World {
            chain,
            suite,
            config,
            people,
            datanet: 0,
            model: 0,
            adapter,
            contributions: Vec::new(),
            texts: Vec::new(),
            ledgers: Vec::new(),
            closed: None,
            payouts: Vec::new(),
            serial: 0,
        };
        world.hand_out_open()?;
        world.bond_operators()?;
        let accounts = |oracles: &[Oracle]| oracles.iter().map(|oracle| oracle.account.account()).collect::<Vec<_>>();
        let (members, reserves) = (accounts(&world.people.oracles), accounts(&world.people.reserves));
        world.suite.wire_payout(&*world.chain, &world.people.deployer, &members, &reserves)?;
        world.publish(&TEXTS)?;
        Ok(world)
    }

    /// A world whose oracles have 20 OPEN of their own each, and 100 of a delegator's: 40 count as cover of each, 60 of three.
    ///
    /// # Errors
    /// The first step that failed.
    pub fn with_small_bonds(chain: Arc<dyn Chain>) -> Result<(Self, Keypair)> {
        let people = Self::endowed(&*chain, &Keypair::from_uri("//Alice")?)?;
        let world = Self::found_with(chain, people, |config| {
            config.staking.min_bonds[Role::Oracle as usize] = SMALL_BOND;
            config.staking.false_report_bps = 2_000;
        })?;
        let delegator = world.people.deployer.clone();
        for oracle in &world.people.oracles {
            world.approve(&delegator, world.suite.staking, DELEGATED)?;
            let call = message_builder!(Staking).bond(oracle.account.account(), DELEGATED);
            sent("delegating", send(&*world.chain, &delegator, world.suite.staking, call))?;
        }
        Ok((world, delegator))
    }

    /// What [`World::with_small_bonds`] delegated starts to unbond.
    ///
    /// # Errors
    /// The first step that failed.
    pub fn undelegate(&self, delegator: &Keypair) -> Result<()> {
        for oracle in &self.people.oracles {
            let call = message_builder!(Staking).unbond(oracle.account.account(), DELEGATED);
            sent("unbonding", send(&*self.chain, delegator, self.suite.staking, call))?;
        }
        Ok(())
    }

    /// The same world on a copy of its chain.
    pub fn on(&self, chain: Arc<dyn Chain>) -> Self {
        World { chain, ..self.clone() }
    }

    /// A number that no earlier call gave.
    pub fn number(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// The domain of signatures for a contract of this world.
    pub fn domain(&self, contract: AccountId) -> Domain {
        Suite::domain(self.chain.genesis(), contract)
    }

    /// A time for deadlines that nothing here reaches.
    pub fn later(&self) -> Result<u64> {
        Ok(self.chain.now()? + 24 * 3_600_000)
    }

    /// Lets time pass until strictly after `at`.
    pub fn after(&self, at: u64) -> Result<()> {
        Ok(chain::advance_to(&*self.chain, at + 1)?)
    }

    /// Lets a little time pass, so that what comes now is strictly later than what was.
    pub fn tick(&self) -> Result<()> {
        Ok(self.chain.advance(Duration::from_millis(10))?)
    }

    /// OPEN of an account.
    pub fn balance(&self, account: AccountId) -> Result<Balance> {
        Ok(read(&*self.chain, self.suite.token, message_builder!(PSP22).balance_of(account))?)
    }

    /// Lets `spender` take up to `value` of the key's OPEN.
    pub fn approve(&self, key: &Keypair, spender: AccountId, value: Balance) -> Result<()> {
        sent("approve", send(&*self.chain, key, self.suite.token, message_builder!(PSP22).approve(spender, value)))
    }

    fn hand_out_open(&self) -> Result<()> {
        let people = &self.people;
        let bonds = self.config.staking.min_bonds;
        let mut wanted = vec![
            (&people.validator, bonds[Role::Validator as usize]),
            (&people.host, bonds[Role::Host as usize]),
            (&people.payer, 0),
            (&people.watcher, 0),
        ];
        wanted.extend(
            people.oracles.iter().chain(&people.reserves).map(|oracle| (&oracle.account, bonds[Role::Oracle as usize])),
        );
        for (key, bond) in wanted {
            let call = message_builder!(PSP22).transfer(key.account(), bond + ALLOWANCE, Vec::new());
            sent("handing out OPEN", send(&*self.chain, &people.deployer, self.suite.token, call))?;
        }
        Ok(())
    }

    /// Makes an operator of a key, with the least bond.
    pub fn register(&self, role: Role, account: &Keypair, signing: &Keypair) -> Result<()> {
        let bond = self.config.staking.min_bonds[role as usize];
        self.approve(account, self.suite.staking, bond)?;
        let call = message_builder!(Staking).register(role, signing.public(), 0, bond);
        sent("registering an operator", send(&*self.chain, account, self.suite.staking, call))
    }

    fn bond_operators(&self) -> Result<()> {
        let people = &self.people;
        self.register(Role::Validator, &people.validator, &people.validator)?;
        self.register(Role::Host, &people.host, &people.host)?;
        for oracle in people.oracles.iter().chain(&people.reserves) {
            self.register(Role::Oracle, &oracle.account, &oracle.signing)?;
        }
        Ok(())
    }

    /// Terms that allow everything.
    pub fn open_terms() -> Terms {
        Terms {
            licence: H::blake2_256(b"CC-BY-4.0"),
            train: true,
            retrieve: true,
            display: true,
            commercial: true,
            share_alike: false,
            min_bps: 0,
            expires_at: 0,
        }
    }

    /// A contribution of `bytes` as its contributor would sign it.
    pub fn contribution(
        &self,
        datanet: u32,
        contributor: &Keypair,
        bytes: &[u8],
        terms: Terms,
    ) -> Result<NewContribution> {
        let root = text::root_of::<H>(bytes).map_err(|e| anyhow!("{e:?}"))?;
        Ok(NewContribution {
            datanet,
            root,
            length: bytes.len() as u64,
            cid: H::blake2_256(bytes).to_vec(),
            terms,
            // Nobody here guesses at texts: it need only differ.
            salt: H::blake2_256(&[&datanet.to_le_bytes()[..], &root].concat()),
            deadline: self.later()?,
            contributor: contributor.account(),
        })
    }

    /// The body that a contribution's contributor signs.
    pub fn terms_body(new: &NewContribution) -> proof::terms::Terms {
        proof::terms::Terms {
            datanet: new.datanet,
            content_root: new.root,
            length: new.length,
            cid: H::blake2_256(&new.cid),
            contributor: account_bytes(&new.contributor),
            licence: new.terms,
            salt: new.salt,
            deadline: new.deadline,
        }
    }

    /// What a contribution's contributor signs.
    pub fn terms(&self, new: &NewContribution) -> Signable {
        Signable::terms::<H>(&self.domain(self.suite.datanet_registry), &Self::terms_body(new))
    }

    /// The contributor's signature over a contribution.
    pub fn terms_signature(&self, contributor: &Keypair, new: &NewContribution) -> [u8; 64] {
        contributor.sign(&self.terms(new).digest)
    }

    /// The opening of what was committed to alone.
    pub fn alone() -> Opening {
        Opening { count: 1, index: 0, path: Vec::new() }
    }

    /// Commits to a contribution alone and lets its block pass; the commitment's number.
    pub fn commit(&self, by: &Keypair, new: &NewContribution) -> Result<u64> {
        let top = Self::terms_body(new).commitment().node::<H>().hash;
        let call = message_builder!(DatanetRegistry).commit(top, 1);
        let number = sent("committing", send(&*self.chain, by, self.suite.datanet_registry, call))?;
        self.tick()?;
        Ok(number)
    }

    /// Sends in a contribution that was committed to alone.
    ///
    /// # Errors
    /// The registry's.
    pub fn send_in(
        &self,
        by: &Keypair,
        new: NewContribution,
        signature: [u8; 64],
    ) -> std::result::Result<Sent<u64>, CallError<DatanetError>> {
        let call = message_builder!(DatanetRegistry).contribute(new, Self::alone(), signature);
        send(&*self.chain, by, self.suite.datanet_registry, call)
    }

    /// Commits to a text and contributes it; its number. It waits for verdicts.
    pub fn enter(&self, datanet: u32, contributor: &Keypair, bytes: &[u8], terms: Terms) -> Result<u64> {
        let new = self.contribution(datanet, contributor, bytes, terms)?;
        self.commit(contributor, &new)?;
        let signature = self.terms_signature(contributor, &new);
        sent("contributing", self.send_in(contributor, new, signature))
    }

    /// The validator accepts a contribution.
    pub fn accept(&self, contribution: u64) -> Result<()> {
        let call = message_builder!(DatanetRegistry).verdict(contribution, true, 9_000);
        let registry = self.suite.datanet_registry;
        sent("a verdict", send(&*self.chain, &self.people.validator, registry, call)).map(|_| ())
    }

    /// Contributes a text and has it accepted; its number.
    pub fn contribute(&self, datanet: u32, contributor: &Keypair, bytes: &[u8], terms: Terms) -> Result<u64> {
        let number = self.enter(datanet, contributor, bytes, terms)?;
        self.accept(number)?;
        Ok(number)
    }

    /// A floor under which a text allows everything for good, for what any model here gives.
    pub fn floor(&self) -> LicenceFloor {
        LicenceFloor {
            train: true,
            retrieve: true,
            display: true,
            commercial: true,
            share_alike: false,
            share_bps: self.config.models.min_contributors_bps,
            earliest_end: 0,
        }
    }

    /// A new Datanet of the owner's that validators judge.
    pub fn create_datanet(&self) -> Result<u32> {
        let agreeing = self.config.datanets.min_agreeing;
        self.create_datanet_with(self.floor(), Judges::Validators { agreeing })
    }

    /// A new Datanet of the owner's.
    pub fn create_datanet_with(&self, floor: LicenceFloor, judges: Judges) -> Result<u32> {
        let call = message_builder!(DatanetRegistry).create(b"Speeches".to_vec(), b"metadata".to_vec(), floor, judges);
        sent("creating a Datanet", send(&*self.chain, &self.people.owner, self.suite.datanet_registry, call))
    }

    /// Fixes a Datanet's accepted texts as a version.
    pub fn cut_version(&self, datanet: u32) -> Result<u32> {
        let call = message_builder!(DatanetRegistry).cut_version(datanet);
        sent("cutting a version", send(&*self.chain, &self.people.owner, self.suite.datanet_registry, call))
    }

    /// Puts a text of each contributor, in their order, into a new Datanet with a model over it, and makes these the world's.
    pub fn publish(&mut self, texts: &[&str]) -> Result<()> {
        self.datanet = self.create_datanet()?;
        self.contributions.clear();
        for (contributor, text) in self.people.contributors.iter().zip(texts) {
            let number = self.contribute(self.datanet, contributor, text.as_bytes(), Self::open_terms())?;
            self.contributions.push(number);
        }
        self.texts = texts.iter().map(|text| (*text).to_owned()).collect();
        self.cut_version(self.datanet)?;
        self.model = self.register_model(self.revision())?;
        Ok(())
    }

    /// A priced revision that credits spans of at least three words alone, over version 0 of the world's Datanet.
    pub fn revision(&self) -> NewRevision {
        NewRevision {
            artefact_cid: b"adapter".to_vec(),
            artefact_hash: self.adapter,
            sources: vec![Source { datanet: self.datanet, version: 0 }],
            sketches: SketchRoot::default(),
            price_in: OPEN / 10,
            price_out: OPEN,
            contributors_bps: self.config.models.min_contributors_bps,
            policy: AttributionPolicy { span_bps: 10_000, influence_bps: 0, retrieval_bps: 0, min_words: 3, c_max: 2 },
            access: Access::Open,
            evaluation_hash: [0; 32],
            card_cid: Vec::new(),
        }
    }

    /// Registers a model of the owner's.
    pub fn register_model(&self, revision: NewRevision) -> Result<u32> {
        let call =
            message_builder!(ModelRegistry).register(NewModel { kind: ModelKind::Base, parents: Vec::new(), revision });
        sent("registering a model", send(&*self.chain, &self.people.owner, self.suite.model_registry, call))
    }

    /// A text that no other call gives.
    pub fn fresh_text(&mut self) -> String {
        let serial = self.number();
        format!("Lantern number {serial} burned all night beside the quarry road.")
    }

    /// The ledger of the channel at a position.
    pub fn ledger(&mut self, position: usize) -> Result<&mut Ledger> {
        self.ledgers.get_mut(position).context("no such channel in this world")
    }
}
