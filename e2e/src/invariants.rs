//! What must hold after every call, whatever was called.

use anyhow::{Result, ensure};
use chain::{AccountId, Keypair, read};
use ink::message_builder;
use openledger_abi::escrow::Escrow;
use openledger_abi::payout::Payout;
use openledger_abi::staking::Staking;
use openledger_abi::token::Token;
use psp22::PSP22;

use crate::World;

/// Everybody who can hold OPEN in a world, contracts included.
fn holders(world: &World) -> Vec<AccountId> {
    let people = std::iter::once(world.people.deployer.account()).chain(world.people.senders());
    people.chain(world.suite.named().map(|(_, account)| account)).collect()
}

/// Checks money and votes: nothing appears, nothing is owed that isn't there, no path pays twice.
///
/// # Errors
/// Which invariant broke, with the figures.
pub fn hold(world: &World) -> Result<()> {
    let (chain, suite) = (&*world.chain, &world.suite);
    let supply = read(chain, suite.token, message_builder!(PSP22).total_supply())?;
    let (mut all, mut delegated, mut votes) = (0u128, 0u128, 0u128);
    for holder in holders(world) {
        let balance = world.balance(holder)?;
        all += balance;
        votes += read(chain, suite.token, message_builder!(Token).get_votes(holder))?;
        if read(chain, suite.token, message_builder!(Token).delegates(holder))?.is_some() {
            delegated += balance;
        }
    }
    ensure!(all == supply, "{all} in the accounts, {supply} in supply");
    ensure!(votes == delegated, "{votes} votes of {delegated} delegated");

    let owed = read(chain, suite.escrow, message_builder!(Escrow).owed())?;
    let held = world.balance(suite.escrow)?;
    ensure!(held >= owed, "escrow holds {held} and owes {owed}");

    let totals = read(chain, suite.payout, message_builder!(Payout).totals())?;
    ensure!(totals.claimed <= totals.credited && totals.credited + totals.carried <= totals.funded, "{totals:?}");
    let held = world.balance(suite.payout)?;
    ensure!(held >= totals.funded - totals.claimed, "payout holds {held}, {totals:?}");
    let mut claimed = 0;
    for leaf in &world.payouts {
        let got = read(chain, suite.payout, message_builder!(Payout).claimed(leaf.account.into()))?;
        ensure!(got <= leaf.cumulative, "{got} claimed of {}", leaf.cumulative);
        claimed += got;
    }
    ensure!(claimed == totals.claimed, "{claimed} by account, {totals:?}");

    let staked = read(chain, suite.staking, message_builder!(Staking).totals())?;
    let owed = staked.active + staked.unbonding + staked.rewards + staked.credits + staked.pot + staked.duty;
    let held = world.balance(suite.staking)?;
    ensure!(held >= owed, "staking holds {held} and owes {owed}: {staked:?}");
    Ok(())
}

/// The keys that send transactions, by position.
pub fn actors(world: &World) -> Vec<Keypair> {
    let people = &world.people;
    let mut all = vec![people.payer.clone(), people.host.clone(), people.owner.clone(), people.treasury.clone()];
    all.extend(people.contributors.iter().cloned());
    all.extend(people.oracles.iter().map(|oracle| oracle.account.clone()));
    all
}
