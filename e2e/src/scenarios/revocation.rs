//! A text that its contributor takes back earns no more, and keeps what it earned.

use anyhow::{Context, Result, ensure};
use chain::{account_bytes, send};
use ink::message_builder;
use openledger_abi::OPEN;
use openledger_abi::datanet::DatanetRegistry;

use crate::{World, epoch::FEE, outcome::sent};

pub fn a_revoked_text_keeps_what_it_earned_and_earns_no_more(world: &mut World) -> Result<()> {
    let first = world.people.contributors[0].clone();
    let earned = |world: &World| {
        let account = account_bytes(&first.account());
        world.payouts.iter().find(|leaf| leaf.account == account).map(|leaf| leaf.cumulative)
    };
    world.pay_epoch()?;
    let before = earned(world).context("the first contributor earned nothing")?;

    let call = message_builder!(DatanetRegistry).revoke(world.contributions[0]);
    sent("revoking", send(&*world.chain, &first, world.suite.datanet_registry, call))?;
    world.tick()?;
    let channel = world.open_channel(100 * OPEN)?;
    world.answer(channel, "Again he kept a ledger of every ship that came in.", FEE)?;
    world.settle(channel)?;
    world.close_epoch()?;
    let carried = world.live()?.carry;
    world.pay_epoch()?;
    ensure!(earned(world) == Some(before), "{:?} after {before}", earned(world));
    ensure!(world.live()?.carry > carried, "what nobody is due doesn't carry over");

    let place = world.payouts.iter().position(|leaf| leaf.account == account_bytes(&first.account()));
    let claim = world.claim_of(place.context("its payout is gone")?)?;
    ensure!(sent("claiming what it earned", world.claim(claim))? == before);
    Ok(())
}
