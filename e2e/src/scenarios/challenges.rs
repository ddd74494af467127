//! What validators decided takes force when a vote could have undone it.

use anyhow::{Context, Result, anyhow, ensure};
use chain::{read, send};
use ink::message_builder;
use openledger_abi::admin::AdminError;
use openledger_abi::arbitration::{Arbitration, ArbitrationError, ChallengeStatus, Choice, Ground, judgement_hash};
use openledger_abi::datanet::DatanetRegistry;
use openledger_abi::timelock::Call;

use super::governance::decide;
use crate::{H, World, outcome::sent, refused};

const SALT: [u8; 32] = [1; 32];

pub fn a_vote_undoes_a_decision_before_it_takes_force(world: &mut World) -> Result<()> {
    let (chain, arbitration) = (world.chain.clone(), world.suite.arbitration);
    let (validator, watcher) = (world.people.validator.clone(), world.people.watcher.clone());
    let datanet = world.create_datanet()?;
    let (author, text) = (world.people.contributors[0].clone(), world.fresh_text());
    let number = world.contribute(datanet, &author, text.as_bytes(), World::open_terms())?;
    world.tick()?;
    let price = read(&*chain, arbitration, message_builder!(Arbitration).price(number, Ground::Worthless))?;
    world.approve(&watcher, arbitration, price.map_err(|error| anyhow!("{error:?}"))?)?;
    let held = world.balance(watcher.account())?;
    let challenge = message_builder!(Arbitration).challenge(number, Ground::Worthless);
    let case = sent("challenging", send(&*chain, &watcher, arbitration, challenge))?;
    let hash = judgement_hash::<H>(case, &validator.account(), Choice::Uphold, &SALT);
    sent("committing", send(&*chain, &validator, arbitration, message_builder!(Arbitration).commit(case, hash)))?;
    let known = || read(&*chain, arbitration, message_builder!(Arbitration).challenge_of(case));
    let times = known()?.context("no challenge")?;
    world.after(times.commit_until)?;
    let reveal = message_builder!(Arbitration).reveal(case, Choice::Uphold, SALT);
    sent("revealing", send(&*chain, &validator, arbitration, reveal))?;
    world.after(times.reveal_until)?;

    let undo = || message_builder!(Arbitration).undo(case);
    let alone = send(&*chain, &world.people.guardian, arbitration, undo());
    refused(alone, &ArbitrationError::Admin(AdminError::NotAdmin))?;
    decide(world, vec![Call::of(arbitration, &undo().input)], "It is worth something")?;
    ensure!(chain.now()? < times.due_at, "the vote took longer than the delay");
    let status = known()?.context("no challenge")?.status;
    ensure!(status == ChallengeStatus::Undone, "after the vote it is {status:?}");
    let execute = message_builder!(Arbitration).execute(case);
    refused(send(&*chain, &watcher, arbitration, execute), &ArbitrationError::AlreadyClosed)?;
    sent("claiming", send(&*chain, &watcher, arbitration, message_builder!(Arbitration).claim(case)))?;
    ensure!(world.balance(watcher.account())? == held, "the bond did not come back whole");
    let call = message_builder!(DatanetRegistry).contribution(number);
    let text = read(&*chain, world.suite.datanet_registry, call)?.context("no contribution")?;
    ensure!(text.struck_at.is_none(), "it was struck all the same");
    Ok(())
}
