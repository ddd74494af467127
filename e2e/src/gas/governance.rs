//! What voters do, and the gas station's one service.

use anyhow::{Context, Result};
use chain::{read, send};
use ink::message_builder;
use openledger_abi::OPEN;
use openledger_abi::escrow::Escrow;
use openledger_abi::governor::{Governor, Support, VOTE_TAG, vote_body};
use openledger_abi::timelock::{Call, Timelock};
use openledger_abi::token::Token;
use proof::Hasher;
use proof::signed::Signable;

use super::{Scale, Want, taken};
use crate::scenarios::gas_station;
use crate::{H, World, outcome::sent};

/// Weighs a proposal on its whole way, and a swap.
///
/// # Errors
/// The first call that failed.
pub fn governance(world: &World, scale: &mut Scale) -> Result<()> {
    let (chain, suite, people) = (&*world.chain, &world.suite, &world.people);
    for key in [&people.deployer, &people.payer] {
        let delegate = message_builder!(Token).delegate(Some(key.account()));
        sent("delegating", send(chain, key, suite.token, delegate))?;
    }
    world.tick()?;
    let call = Call::of(suite.escrow, &message_builder!(Escrow).set_pot_floor(world.config.pot_floor_bps).input);
    let asked = ["governor", "open_token", "staking"];
    let propose = message_builder!(Governor).propose(vec![call.clone()], "To be weighed".into());
    let id =
        scale.weigh("governor: propose one call", &asked, send(chain, &people.deployer, suite.governor, propose))?;
    let proposal = || -> Result<_> {
        read(chain, suite.governor, message_builder!(Governor).proposal(id))?.context("no proposal")
    };
    world.after(proposal()?.snapshot_at)?;
    let vote = message_builder!(Governor).cast_vote(id, Support::For);
    scale.weigh("governor: cast_vote", &asked, send(chain, &people.deployer, suite.governor, vote))?;

    let (voter, deadline) = (people.payer.account(), world.later()?);
    let body = vote_body(&id, Support::For, &voter, &H::blake2_256(b""), deadline);
    let signature = people.payer.sign(&Signable::new::<H>(&VOTE_TAG, &world.domain(suite.governor), &body).digest);
    let vote = message_builder!(Governor).cast_vote_by_sig(id, Support::For, String::new(), voter, deadline, signature);
    scale.weigh("governor: cast_vote_by_sig", &asked, send(chain, &people.host, suite.governor, vote))?;

    world.after(proposal()?.deadline_at)?;
    let queue = message_builder!(Governor).queue(id);
    scale.weigh("governor: queue", &["governor", "timelock"], send(chain, &people.host, suite.governor, queue))?;
    let operation = proposal()?.operation.context("not queued")?;
    let operation = read(chain, suite.timelock, message_builder!(Timelock).operation(operation))?;
    world.after(operation.context("no operation")?.ready_at)?;
    let execute = message_builder!(Timelock).execute(vec![call], id);
    let contracts = ["timelock", "escrow"];
    scale.weigh("timelock: execute one call", &contracts, send(chain, &people.host, suite.timelock, execute))?;

    let contracts = ["gas_station", "open_token"];
    let holder = gas_station::holder(world, 20 * OPEN)?;
    for call in ["gas_station: swap, the first of an account", "gas_station: swap again"] {
        let receipt = taken(call, gas_station::swap(world, suite.gas_station, &holder, 2 * OPEN)?)?;
        scale.add(call, &receipt, &contracts, Want::Nothing);
    }
    Ok(())
}
