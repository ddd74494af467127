//! A text that its contributor takes back, or whose terms have ended, earns no more, and keeps what it earned.

use anyhow::{Context, Result, ensure};
use chain::{account_bytes, send};
use ink::message_builder;
use openledger_abi::OPEN;
use openledger_abi::datanet::{DatanetRegistry, Judges, LicenceFloor, Terms};

use crate::world::TEXTS;
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

pub fn a_text_whose_terms_ended_before_the_batch_earns_nothing_in_it(world: &mut World) -> Result<()> {
    let floor = LicenceFloor { earliest_end: 1, ..world.floor() };
    let agreeing = world.config.datanets.min_agreeing;
    let datanet = world.create_datanet_with(floor, Judges::Validators { agreeing })?;
    let ends_at = world.chain.now()? + 30_000;
    let mut contributions = Vec::new();
    for (contributor, text) in world.people.contributors.iter().zip(TEXTS) {
        let expires_at = if text == TEXTS[0] { ends_at } else { 0 };
        let terms = Terms { expires_at, ..World::open_terms() };
        contributions.push(world.contribute(datanet, contributor, text.as_bytes(), terms)?);
    }
    world.cut_version(datanet)?;
    // The same people in a world of this Datanet alone.
    let mut ending = World { datanet, contributions, ..world.clone() };
    ending.model = ending.register_model(ending.revision())?;
    ending.after(ends_at)?;
    let channel = ending.open_channel(100 * OPEN)?;
    ending.answer(channel, "Again he kept a ledger of every ship that came in.", FEE)?;
    ending.answer(channel, "There traders weigh saffron against river salt, they say.", FEE)?;
    ending.settle(channel)?;
    ending.close_epoch()?;
    let before = ending.payouts.clone();
    let after = ending.pay_epoch()?;
    let earned = |leaves: &[proof::payouts::PayoutLeaf], place: usize| {
        let account = account_bytes(&world.people.contributors[place].account());
        leaves.iter().find(|leaf| leaf.account == account).map_or(0, |leaf| leaf.cumulative)
    };
    ensure!(earned(&after, 0) == earned(&before, 0), "it was paid after its terms had ended");
    ensure!(earned(&after, 1) > earned(&before, 1), "the other text was not paid");
    let (datanet, model, contributions) = (world.datanet, world.model, world.contributions.clone());
    *world = World { datanet, model, contributions, ..ending };
    Ok(())
}
