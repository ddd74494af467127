//! What challenging a contribution and judging it costs.

use anyhow::{Context, Result, ensure};
use chain::{read, send};
use ink::message_builder;
use openledger_abi::OPEN;
use openledger_abi::arbitration::{Arbitration, ChallengeStatus, Choice, Ground, judgement_hash};
use openledger_abi::datanet::{DatanetRegistry, Judges};
use openledger_abi::staking::{Role, Staking};
use psp22::PSP22;

use super::Scale;
use crate::outcome::sent;
use crate::{H, World};

const SALT: [u8; 32] = [3; 32];

/// Weighs arbitration's messages: a text that one validator accepted is struck by another with more stake.
///
/// # Errors
/// The first call that failed.
pub fn judging(world: &mut World, scale: &mut Scale) -> Result<()> {
    let (chain, arbitration) = (world.chain.clone(), world.suite.arbitration);
    let (validator, watcher, payer) =
        (world.people.validator.clone(), world.people.watcher.clone(), world.people.payer.clone());
    // Who has no role yet becomes the validator that is overturned.
    let careless = world.people.guardian.clone();
    let least = world.config.staking.min_bonds[Role::Validator as usize];
    let call = message_builder!(PSP22).transfer(careless.account(), least, Vec::new());
    sent("handing out OPEN", send(&*chain, &world.people.deployer, world.suite.token, call))?;
    world.register(Role::Validator, &careless, &careless)?;
    // The other has the larger part.
    world.approve(&validator, world.suite.staking, 1_000 * OPEN)?;
    let bond = message_builder!(Staking).bond(validator.account(), 1_000 * OPEN);
    let with_escrow = ["staking", "open_token", "escrow"];
    scale.weigh("staking: bond to a validator", &with_escrow, send(&*chain, &validator, world.suite.staking, bond))?;

    let datanet = world.create_datanet_with(world.floor(), Judges::Validators { agreeing: 1 })?;
    let text = world.fresh_text();
    let author = world.people.contributors[0].clone();
    let number = world.enter(datanet, &author, text.as_bytes(), World::open_terms())?;
    let verdict = message_builder!(DatanetRegistry).verdict(number, true, 5_000);
    sent("a verdict", send(&*chain, &careless, world.suite.datanet_registry, verdict))?;
    world.tick()?;

    world.approve(&watcher, arbitration, world.config.arbitration.bond)?;
    let challenge = message_builder!(Arbitration).challenge(number, Ground::Worthless);
    let four = ["arbitration", "datanet_registry", "staking", "open_token"];
    let case = scale.weigh("arbitration: challenge", &four, send(&*chain, &watcher, arbitration, challenge))?;
    world.approve(&payer, arbitration, OPEN)?;
    let back = message_builder!(Arbitration).back(case, Choice::Dismiss, OPEN);
    scale.weigh("arbitration: back", &["arbitration", "open_token"], send(&*chain, &payer, arbitration, back))?;
    let two = ["arbitration", "staking"];
    let hash = judgement_hash::<H>(case, &validator.account(), Choice::Uphold, &SALT);
    let commit = message_builder!(Arbitration).commit(case, hash);
    scale.weigh("arbitration: commit", &two, send(&*chain, &validator, arbitration, commit))?;
    let known = read(&*chain, arbitration, message_builder!(Arbitration).challenge_of(case))?;
    let times = known.context("no challenge")?;
    world.after(times.commit_until)?;
    let reveal = message_builder!(Arbitration).reveal(case, Choice::Uphold, SALT);
    scale.weigh("arbitration: reveal", &two, send(&*chain, &validator, arbitration, reveal))?;
    world.after(times.due_at)?;
    let execute = message_builder!(Arbitration).execute(case);
    let name = "arbitration: execute, struck and 1 slashed";
    let status = scale.weigh(name, &four, send(&*chain, &watcher, arbitration, execute))?;
    ensure!(status == ChallengeStatus::Upheld, "it ended {status:?}");
    let claim = message_builder!(Arbitration).claim(case);
    scale.weigh("arbitration: claim", &["arbitration", "open_token"], send(&*chain, &watcher, arbitration, claim))?;
    Ok(())
}
