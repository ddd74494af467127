//! Verdicts and copies that validators of somebody's own brought about, and what a challenge makes of them.

use anyhow::{Context, Result, ensure};
use chain::{CallError, Keypair, Sent, endow, read, send};
use e2e::{H, World, outcome::sent, refused};
use ink::message_builder;
use openledger_abi::arbitration::{
    Arbitration, ArbitrationError, Challenge, ChallengeStatus, Choice, Ground, Remedy, judgement_hash,
};
use openledger_abi::datanet::{Contribution, ContributionStatus, DatanetRegistry, Judges};
use openledger_abi::staking::{OperatorInfo, Role, Staking};
use openledger_abi::{Balance, OPEN};
use psp22::PSP22;

const SALT: [u8; 32] = [7; 32];
/// Native coin of whoever comes in.
const NATIVE: u128 = 20_000_000_000_000;
/// What the honest validators have bonded, more than all that attackers bring in this module together.
const HONEST: Balance = 60_000 * OPEN;

/// Somebody new, with native coin and so much OPEN.
fn newcomer(world: &World, open: Balance) -> Result<Keypair> {
    let key = Keypair::generate();
    endow(&*world.chain, &world.people.deployer, &[key.account()], NATIVE)?;
    let call = message_builder!(PSP22).transfer(key.account(), open, Vec::new());
    sent("handing out OPEN", send(&*world.chain, &world.people.deployer, world.suite.token, call))?;
    Ok(key)
}

/// A validator of somebody's own, with the least bond there is, and 1,000 OPEN beside it.
fn self_made(world: &World) -> Result<Keypair> {
    let least = world.config.staking.min_bonds[Role::Validator as usize];
    let key = newcomer(world, least + 1_000 * OPEN)?;
    world.register(Role::Validator, &key, &key)?;
    Ok(key)
}

fn bond(world: &World, by: &Keypair, operator: &Keypair, amount: Balance) -> Result<()> {
    world.approve(by, world.suite.staking, amount)?;
    let call = message_builder!(Staking).bond(operator.account(), amount);
    sent("bonding", send(&*world.chain, by, world.suite.staking, call))
}

/// The holders stand behind the world's validator.
fn honest_majority(world: &World) -> Result<()> {
    let known = operator(world, &world.people.validator)?;
    if known.active < HONEST {
        bond(world, &world.people.deployer, &world.people.validator, HONEST - known.active)?;
    }
    world.tick()
}

fn operator(world: &World, key: &Keypair) -> Result<OperatorInfo> {
    let call = message_builder!(Staking).operator(key.account());
    read(&*world.chain, world.suite.staking, call)?.context("no such operator")
}

fn contribution(world: &World, number: u64) -> Result<Contribution> {
    let call = message_builder!(DatanetRegistry).contribution(number);
    read(&*world.chain, world.suite.datanet_registry, call)?.context("no such contribution")
}

fn verdict(world: &World, by: &Keypair, number: u64, accept: bool) -> Result<()> {
    let call = message_builder!(DatanetRegistry).verdict(number, accept, 5_000);
    sent("a verdict", send(&*world.chain, by, world.suite.datanet_registry, call)).map(|_| ())
}

type Refusable<T> = std::result::Result<Sent<T>, CallError<ArbitrationError>>;

fn challenge(world: &World, by: &Keypair, number: u64, ground: Ground) -> Result<Refusable<u64>> {
    let arbitration = world.suite.arbitration;
    let price = read(&*world.chain, arbitration, message_builder!(Arbitration).price(number, ground))?;
    world.approve(by, arbitration, price.map_err(|error| anyhow::anyhow!("{error:?}"))?)?;
    Ok(send(&*world.chain, by, arbitration, message_builder!(Arbitration).challenge(number, ground)))
}

fn known(world: &World, number: u64) -> Result<Challenge> {
    let call = message_builder!(Arbitration).challenge_of(number);
    read(&*world.chain, world.suite.arbitration, call)?.context("no such challenge")
}

fn commit(world: &World, by: &Keypair, number: u64, choice: Choice) -> Refusable<()> {
    let hash = judgement_hash::<H>(number, &by.account(), choice, &SALT);
    send(&*world.chain, by, world.suite.arbitration, message_builder!(Arbitration).commit(number, hash))
}

fn reveal(world: &World, by: &Keypair, number: u64, choice: Choice) -> Refusable<Balance> {
    send(&*world.chain, by, world.suite.arbitration, message_builder!(Arbitration).reveal(number, choice, SALT))
}

fn execute(world: &World, number: u64) -> Refusable<ChallengeStatus> {
    let by = &world.people.watcher;
    send(&*world.chain, by, world.suite.arbitration, message_builder!(Arbitration).execute(number))
}

fn claim(world: &World, by: &Keypair, number: u64) -> Refusable<Balance> {
    send(&*world.chain, by, world.suite.arbitration, message_builder!(Arbitration).claim(number))
}

/// What the challenger bonded, and what of it its judges are paid.
fn bond_and_fee(case: &Challenge) -> (Balance, Balance) {
    (case.bond, case.bond / 10_000 * Balance::from(case.terms.fee_bps))
}

/// Lets time pass until the decision is due; before that nobody puts it in force.
fn wait_for_force(world: &World, number: u64) -> Result<()> {
    let at = known(world, number)?.due_at;
    refused(execute(world, number), &ArbitrationError::NotDue { at })?;
    world.after(at)
}

/// An attacker's two validators reject an author's text, for good as the verdicts go.
pub fn a_rejection_by_two_self_made_validators_is_overturned(world: &mut World) -> Result<()> {
    honest_majority(world)?;
    let (author, watcher) = (world.people.contributors[0].clone(), world.people.watcher.clone());
    let thieves = [self_made(world)?, self_made(world)?];
    let datanet = world.create_datanet_with(world.floor(), Judges::Validators { agreeing: 2 })?;
    let text = world.fresh_text();
    let number = world.enter(datanet, &author, text.as_bytes(), World::open_terms())?;
    for thief in &thieves {
        verdict(world, thief, number, false)?;
    }
    ensure!(contribution(world, number)?.status == ContributionStatus::Rejected, "it was not rejected");
    world.tick()?;

    let least = operator(world, &thieves[0])?.active;
    let supply = read(&*world.chain, world.suite.token, message_builder!(PSP22).total_supply())?;
    let held = world.balance(watcher.account())?;
    let case = sent("challenging", challenge(world, &watcher, number, Ground::WronglyRejected)?)?;
    let again = challenge(world, &watcher, number, Ground::WronglyRejected)?;
    refused(again, &ArbitrationError::AlreadyChallenged { challenge: case })?;
    // They put up more bond and vote for themselves.
    let stake = 1_000 * OPEN;
    world.approve(&thieves[0], world.suite.arbitration, stake)?;
    let back = message_builder!(Arbitration).back(case, Choice::Dismiss, stake);
    sent("backing", send(&*world.chain, &thieves[0], world.suite.arbitration, back))?;
    for thief in &thieves {
        sent("a thief commits", commit(world, thief, case, Choice::Dismiss))?;
    }
    let validator = world.people.validator.clone();
    sent("committing", commit(world, &validator, case, Choice::Uphold))?;
    refused(commit(world, &validator, case, Choice::Uphold), &ArbitrationError::AlreadyCommitted)?;
    refused(commit(world, &author, case, Choice::Uphold), &ArbitrationError::NotValidator)?;

    world.after(known(world, case)?.commit_until)?;
    for thief in &thieves {
        sent("a thief reveals", reveal(world, thief, case, Choice::Dismiss))?;
    }
    refused(reveal(world, &validator, case, Choice::Dismiss), &ArbitrationError::WrongPreimage)?;
    sent("revealing", reveal(world, &validator, case, Choice::Uphold))?;
    let until = known(world, case)?.reveal_until;
    refused(execute(world, case), &ArbitrationError::StillJudged { until })?;
    world.after(until)?;
    // Nothing is changed while a vote could undo it.
    ensure!(contribution(world, number)?.status == ContributionStatus::Rejected, "it took force at once");
    wait_for_force(world, case)?;
    let status = sent("executing", execute(world, case))?;
    ensure!(status == ChallengeStatus::Upheld, "the rejection was {status:?}");
    refused(execute(world, case), &ArbitrationError::AlreadyClosed)?;
    ensure!(contribution(world, number)?.status == ContributionStatus::Accepted, "it is still rejected");

    // What the attack cost: a part of both pools, and the bond.
    let lost = least / 10_000 * Balance::from(world.config.arbitration.slash_bps);
    for thief in &thieves {
        let now = operator(world, thief)?;
        ensure!(now.active == least - lost && now.jailed_at.is_some(), "a false verdict cost {}", least - now.active);
        ensure!(sent("a thief claims", claim(world, thief, case))? == 0, "a thief was paid");
    }
    let won = sent("claiming", claim(world, &watcher, case))?;
    let (bond, fee) = bond_and_fee(&known(world, case)?);
    ensure!(won == bond + stake - fee, "the challenger was paid {won}");
    ensure!(world.balance(watcher.account())? == held + stake - fee, "the challenger has not what it was paid");
    let judged = sent("a judge claims", claim(world, &validator, case))?;
    ensure!(judged == fee, "the judge was paid {judged}");
    refused(claim(world, &validator, case), &ArbitrationError::NothingToClaim)?;
    ensure!(known(world, case)?.owed == 0, "something is owed after all claims");
    let now = read(&*world.chain, world.suite.token, message_builder!(PSP22).total_supply())?;
    ensure!(now < supply, "nothing was burned of the slash");
    Ok(())
}

/// An attacker's two validators accept its near copies of an author's text.
pub fn a_copy_is_struck_or_pays_its_author(world: &mut World) -> Result<()> {
    honest_majority(world)?;
    let (author, thief) = (world.people.contributors[0].clone(), world.people.contributors[1].clone());
    let (watcher, validator) = (world.people.watcher.clone(), world.people.validator.clone());
    let thieves = [self_made(world)?, self_made(world)?];
    let text = world.fresh_text();
    let open = world.create_datanet()?;
    let original = world.contribute(open, &author, text.as_bytes(), World::open_terms())?;
    let datanet = world.create_datanet_with(world.floor(), Judges::Validators { agreeing: 2 })?;
    let mut copies = Vec::new();
    for (copy, judges) in [("Truly.", &thieves), ("Indeed.", &thieves)] {
        let number = world.enter(datanet, &thief, format!("{text} {copy}").as_bytes(), World::open_terms())?;
        for judge in judges {
            verdict(world, judge, number, true)?;
        }
        ensure!(contribution(world, number)?.status == ContributionStatus::Accepted, "the copy was not accepted");
        copies.push(number);
    }
    world.tick()?;

    // The thief names an original that nobody copied, and does not keep the author's challenge out by it.
    let nonsense = Ground::Copied { original: world.contributions[1], remedy: Remedy::Strike };
    sent("the thief's own challenge", challenge(world, &thieves[1], copies[0], nonsense)?)?;
    let mut cases = Vec::new();
    for (copy, remedy) in copies.iter().zip([Remedy::Strike, Remedy::PayAuthor]) {
        let itself = Ground::Copied { original: *copy, remedy };
        refused(challenge(world, &watcher, *copy, itself)?, &ArbitrationError::OwnOriginal)?;
        let rejected = challenge(world, &watcher, *copy, Ground::WronglyRejected)?;
        refused(rejected, &ArbitrationError::NotChallengeable)?;
        let ground = Ground::Copied { original, remedy };
        cases.push(sent("challenging", challenge(world, &watcher, *copy, ground)?)?);
    }
    for case in &cases {
        sent("committing", commit(world, &validator, *case, Choice::Uphold))?;
        sent("a thief commits", commit(world, &thieves[0], *case, Choice::Dismiss))?;
    }
    world.after(known(world, cases[1])?.commit_until)?;
    for case in &cases {
        sent("revealing", reveal(world, &validator, *case, Choice::Uphold))?;
        sent("a thief reveals", reveal(world, &thieves[0], *case, Choice::Dismiss))?;
    }
    world.after(known(world, cases[1])?.reveal_until)?;
    wait_for_force(world, cases[1])?;

    // Moving the payee overturns no verdict.
    sent("executing", execute(world, cases[1]))?;
    let moved = contribution(world, copies[1])?;
    ensure!(moved.payee == author.account(), "the copy still pays the thief");
    ensure!(moved.struck_at.is_none(), "it was struck, too");
    for judge in &thieves {
        ensure!(operator(world, judge)?.jailed_at.is_none(), "a verdict that stands was slashed");
    }
    sent("executing", execute(world, cases[0]))?;
    let struck = contribution(world, copies[0])?;
    ensure!(struck.struck_at.is_some(), "the copy stands");
    for judge in &thieves {
        ensure!(operator(world, judge)?.jailed_at.is_some(), "a false verdict cost nothing");
    }
    let again = challenge(world, &watcher, copies[0], Ground::Worthless)?;
    refused(again, &ArbitrationError::NotChallengeable)?;
    let first = contribution(world, original)?;
    ensure!(first.struck_at.is_none() && first.payee == author.account(), "the original was touched");
    Ok(())
}

/// An attacker bonds for a vote, or takes its stake away while it votes.
pub fn stake_that_leaves_has_no_vote(world: &mut World) -> Result<()> {
    honest_majority(world)?;
    let (author, watcher) = (world.people.contributors[2].clone(), world.people.watcher.clone());
    let least = world.config.staking.min_bonds[Role::Validator as usize];
    let (leaver, gone) = (self_made(world)?, self_made(world)?);
    bond(world, &leaver, &leaver, 1_000 * OPEN)?;
    let text = world.fresh_text();
    let datanet = world.create_datanet()?;
    let number = world.contribute(datanet, &author, text.as_bytes(), World::open_terms())?;
    world.tick()?;

    let case = sent("challenging", challenge(world, &watcher, number, Ground::Worthless)?)?;
    // Whoever bonds now comes too late for this challenge.
    let late = self_made(world)?;
    refused(commit(world, &late, case, Choice::Uphold), &ArbitrationError::NoStake)?;
    bond(world, &world.people.deployer, &gone, 50_000 * OPEN)?;
    sent("committing", commit(world, &leaver, case, Choice::Uphold))?;
    sent("committing", commit(world, &gone, case, Choice::Uphold))?;
    let staking = world.suite.staking;
    let call = message_builder!(Staking).unbond(leaver.account(), 1_000 * OPEN);
    sent("unbonding", send(&*world.chain, &leaver, staking, call))?;
    let call = message_builder!(Staking).unbond(gone.account(), least);
    sent("unbonding", send(&*world.chain, &gone, staking, call))?;

    let times = known(world, case)?;
    world.after(times.commit_until)?;
    refused(reveal(world, &gone, case, Choice::Uphold), &ArbitrationError::NotValidator)?;
    let weight = sent("revealing", reveal(world, &leaver, case, Choice::Uphold))?;
    ensure!(weight == least, "{weight} of stake votes, of which only {least} is left");
    world.after(times.reveal_until)?;

    // Too little for a third: nothing changes, and at once.
    let (held, (bond, fee)) = (world.balance(watcher.account())?, bond_and_fee(&times));
    let status = sent("closing", execute(world, case))?;
    ensure!(status == ChallengeStatus::Undecided, "so little stake made it {status:?}");
    let untouched = contribution(world, number)?;
    ensure!(untouched.struck_at.is_none(), "it was struck");
    let back = sent("claiming", claim(world, &watcher, case))?;
    ensure!(back == bond - fee && world.balance(watcher.account())? == held + back, "the challenger got {back}");
    // Nothing was dismissed, so nothing is dearer: else nobody would judge what the thief itself challenged, to keep others out.
    let price = message_builder!(Arbitration).price(number, Ground::Worthless);
    ensure!(read(&*world.chain, world.suite.arbitration, price)? == Ok(bond), "another price");
    Ok(())
}
