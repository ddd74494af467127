//! The worlds that sequences begin in: made once, the same each time, forked for each sequence.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use anyhow::{Context, Result, anyhow};
use chain::{AccountId, Embedded, Genesis, Keypair, read, send};
use ink::message_builder;
use openledger_abi::OPEN;
use openledger_abi::governor::{Governor, Support};
use openledger_abi::staking::Staking;
use openledger_abi::timelock::{Administration, Call, Timelock};
use openledger_abi::token::Token;
use proof::Hasher;
use psp22::PSP22;

use super::watched::Watched;
use crate::scenarios::fraud;
use crate::{H, People, World, epoch::Report, outcome::sent};

/// Accounts without a key that others send to.
const GHOSTS: usize = 4;
/// The chain that all sequences are on.
const GENESIS: [u8; 32] = [0x0f; 32];

/// A prepared world.
pub struct Start {
    pub name: &'static str,
    chain: Embedded,
    world: World,
    /// A report that waits for its window to end.
    report: Option<Report>,
    /// OPEN by account.
    balances: BTreeMap<AccountId, u128>,
}

/// Everybody by name.
#[derive(Debug, Clone)]
pub struct Cast {
    pub names: Vec<String>,
    pub accounts: BTreeMap<String, AccountId>,
}

impl Cast {
    fn of(world: &World) -> Self {
        let mut accounts: BTreeMap<String, AccountId> =
            world.people.named().into_iter().map(|(name, key)| (name, key.account())).collect();
        accounts.extend(world.suite.named().map(|(name, account)| (name.to_owned(), account)));
        for ghost in 0..GHOSTS {
            let name = format!("ghost{ghost}");
            let account = AccountId::from(H::blake2_256(name.as_bytes()));
            accounts.insert(name, account);
        }
        accounts.insert("zero".into(), AccountId::from([0; 32]));
        Cast { names: accounts.keys().cloned().collect(), accounts }
    }

    /// Who has this account.
    pub fn name(&self, account: &[u8]) -> Option<String> {
        let found = self.accounts.iter().find(|(_, known)| AsRef::<[u8]>::as_ref(*known) == account);
        found.map(|(name, _)| name.clone())
    }
}

impl Start {
    fn new(
        name: &'static str,
        before: &Start,
        prepare: impl FnOnce(&mut World) -> Result<Option<Report>>,
    ) -> Result<Self> {
        let chain = before.chain.fork();
        let shared = Arc::new(chain.fork());
        let mut world = before.world.on(shared.clone());
        let report = prepare(&mut world).with_context(|| format!("preparing `{name}`"))?;
        let balances = balances(&world)?;
        Ok(Start { name, chain: shared.fork(), world, report, balances })
    }

    /// A world of its own under watch.
    pub fn begin(&self) -> (Arc<Watched>, World, Option<Report>) {
        let watched = Arc::new(Watched::new(self.chain.fork(), &self.world.suite, self.balances.clone()));
        let world = self.world.on(watched.clone());
        (watched, world, self.report.clone())
    }

    /// Everybody in it.
    pub fn cast(&self) -> Cast {
        Cast::of(&self.world)
    }
}

fn balances(world: &World) -> Result<BTreeMap<AccountId, u128>> {
    Cast::of(world).accounts.into_values().map(|account| Ok((account, world.balance(account)?))).collect()
}

/// All starts; made at the first call.
///
/// # Errors
/// The first step that failed.
pub fn starts() -> Result<&'static [Start]> {
    static STARTS: LazyLock<Result<Vec<Start>, String>> = LazyLock::new(|| prepare().map_err(|e| format!("{e:#}")));
    STARTS.as_deref().map_err(|e| anyhow!("the worlds to start from: {e}"))
}

/// The start of a name.
///
/// # Errors
/// If there is none.
pub fn start(name: &str) -> Result<&'static Start> {
    starts()?.iter().find(|start| start.name == name).with_context(|| format!("no start `{name}`"))
}

fn prepare() -> Result<Vec<Start>> {
    let founded = founded()?;
    let paid = Start::new("paid", &founded, |world| {
        world.pay_epoch()?;
        let channel = world.open_channel(1_000 * OPEN)?;
        world.answer(channel, "There traders weigh saffron against river salt, they say.", 7 * OPEN)?;
        world.settle(channel)?;
        Ok(None)
    })?;
    let reported = Start::new("reported", &paid, |world| report(world, |_| ()))?;
    let lied = Start::new("lied", &paid, |world| report(world, fraud::credit_the_third))?;
    let staked = Start::new("staked", &paid, |world| staked(world).map(|()| None))?;
    let governed = Start::new("governed", &staked, |world| {
        governed(world)?;
        report(world, |_| ())
    })?;
    Ok(vec![founded, paid, reported, lied, staked, governed])
}

/// A suite in use, in which everybody has OPEN and lets the contracts take it.
fn founded() -> Result<Start> {
    let people = People::seeded("fuzz");
    let mut genesis = Genesis::endowing(people.named().iter().map(|(_, key)| key.account()));
    genesis.id = Some(GENESIS);
    let chain = Arc::new(Embedded::ephemeral_with(&genesis)?);
    let world = World::found_by(chain.clone(), people)?;
    let (token, suite) = (world.suite.token, &world.suite);
    for (name, key) in world.people.named() {
        if name != "deployer" {
            let call = message_builder!(PSP22).transfer(key.account(), 20_000 * OPEN, Vec::new());
            sent("handing out OPEN", send(&*chain, &world.people.deployer, token, call))?;
        }
        for spender in
            [suite.staking, suite.escrow, suite.disputes, suite.availability, suite.gas_station, suite.arbitration]
        {
            world.approve(key, spender, 1_000_000 * OPEN)?;
        }
    }
    let votes = message_builder!(Token).delegate(Some(world.people.deployer.account()));
    sent("delegating", send(&*chain, &world.people.deployer, token, votes))?;
    world.tick()?;
    let (chain, balances) = (chain.fork(), balances(&world)?);
    Ok(Start { name: "founded", chain, world, report: None, balances })
}

/// A report of the next epoch that waits for its window to end.
fn report(world: &mut World, tamper: impl Fn(&mut proof::evidence::EvidenceLeaf)) -> Result<Option<Report>> {
    let closed = world.closed_epoch()?;
    let report = world.report(&closed, tamper)?;
    sent("a report", world.submit(world.signed_report(report.body, &world.quorum())))?;
    Ok(Some(report))
}

/// Stakes, votes, rewards to be given, something that unbonds.
fn staked(world: &mut World) -> Result<()> {
    let (chain, suite) = (world.chain.clone(), world.suite.clone());
    let people = world.people.clone();
    let bond = |key: &Keypair, operator: AccountId, amount| {
        sent("bonding", send(&*chain, key, suite.staking, message_builder!(Staking).bond(operator, amount)))
    };
    let oracle = |number: usize| people.oracles[number].account.account();
    bond(&people.payer, oracle(0), 3_000 * OPEN)?;
    bond(&people.payer, oracle(1), 777 * OPEN + 1)?;
    bond(&people.owner, oracle(0), 5_000 * OPEN)?;
    bond(&people.contributors[0], people.host.account(), 100 * OPEN)?;
    let unbond = message_builder!(Staking).unbond(oracle(0), 500 * OPEN);
    sent("unbonding", send(&*chain, &people.payer, suite.staking, unbond))?;
    for (key, to) in [(&people.payer, &people.host), (&people.host, &people.host)] {
        let call = message_builder!(Token).delegate(Some(to.account()));
        sent("delegating", send(&*chain, key, suite.token, call))?;
    }
    world.tick()
}

/// A proposer beside the governor, and a vote that is open.
fn governed(world: &mut World) -> Result<()> {
    let grant = Administration::GrantProposer(world.people.owner.account());
    let call = Call::of(world.suite.timelock, &message_builder!(Timelock).administer(grant).input);
    let id = propose(world, vec![call.clone()], "A second proposer")?;
    let (chain, suite) = (world.chain.clone(), world.suite.clone());
    let deployer = world.people.deployer.clone();
    let proposal = || -> Result<_> {
        read(&*chain, suite.governor, message_builder!(Governor).proposal(id))?.context("no proposal")
    };
    world.after(proposal()?.snapshot_at)?;
    let vote = message_builder!(Governor).cast_vote(id, Support::For);
    sent("voting", send(&*chain, &deployer, suite.governor, vote))?;
    world.after(proposal()?.deadline_at)?;
    sent("queueing", send(&*chain, &deployer, suite.governor, message_builder!(Governor).queue(id)))?;
    let operation = proposal()?.operation.context("not queued")?;
    let operation = read(&*chain, suite.timelock, message_builder!(Timelock).operation(operation))?;
    world.after(operation.context("no operation")?.ready_at)?;
    let execute = message_builder!(Timelock).execute(vec![call.clone()], id);
    sent("executing", send(&*chain, &deployer, suite.timelock, execute))?;
    let open = propose(world, vec![call], "The same again")?;
    let snapshot = read(&*chain, suite.governor, message_builder!(Governor).proposal(open))?.context("no proposal")?;
    world.after(snapshot.snapshot_at)
}

fn propose(world: &World, calls: Vec<Call>, why: &str) -> Result<[u8; 32]> {
    let propose = message_builder!(Governor).propose(calls, why.to_owned());
    sent("proposing", send(&*world.chain, &world.people.deployer, world.suite.governor, propose))
}
