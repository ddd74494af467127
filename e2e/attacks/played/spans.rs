//! Whose words are quoted: late copies take nothing from an author, and no script is without words.
//!
//! The last scenario leaves the report's signers jailed.

use anyhow::{Context, Result, anyhow, bail, ensure};
use chain::account_bytes;
use e2e::epoch::FEE;
use e2e::scenarios::fraud::{file, operator};
use e2e::{World, falsehoods};
use openledger_abi::OPEN;
use openledger_abi::disputes::Outcome;
use openledger_abi::payout::ReportStatus;
use proof::evidence::{Entry, EvidenceLeaf};

/// What the author wrote first: longer than what can be common knowledge.
const QUOTE: &str = "the lantern keeper walks to the harbour every morning and counts the boats";
/// The same by an author whose script has no spaces.
const LETTERS: &str = "守夜的灯塔人每个黎明都沿着石阶走下去数一数港湾里归来的渔船";

/// Serves one answer over these texts and closes the epoch; the world's own texts and model come back afterwards.
fn over(world: &mut World, texts: &[&str], answer: &str, play: impl FnOnce(&mut World) -> Result<()>) -> Result<()> {
    let own = (world.datanet, world.model, world.contributions.clone(), world.texts.clone());
    world.publish(texts)?;
    let channel = world.open_channel(100 * OPEN)?;
    world.answer(channel, answer, FEE)?;
    world.settle(channel)?;
    world.close_epoch()?;
    let played = play(world);
    (world.datanet, world.model, world.contributions, world.texts) = own;
    played
}

/// What the rules give for the answer.
fn entries(world: &mut World) -> Result<Vec<Entry>> {
    let closed = world.closed_epoch()?;
    let fields = world.true_report(&closed)?.evidence.into_iter().next().context("no evidence")?;
    Ok(EvidenceLeaf::decode(&fields).map_err(|e| anyhow!("{e:?}"))?.entries)
}

/// What each contributor has been credited in all.
fn credited(world: &World) -> Vec<u128> {
    let account = |place: usize| account_bytes(&world.people.contributors[place].account());
    let of = |place| world.payouts.iter().find(|leaf| leaf.account == account(place)).map_or(0, |leaf| leaf.cumulative);
    (0..world.people.contributors.len()).map(of).collect()
}

/// Reports the epoch, and sees that the first contributor alone gets its pot, as a claim pays it.
fn the_first_gets_all(world: &mut World) -> Result<()> {
    let before = credited(world);
    world.pay_epoch()?;
    let earned: Vec<u128> = credited(world).iter().zip(&before).map(|(after, before)| after - before).collect();
    ensure!(earned[0] > 0 && earned[1..] == [0, 0], "earned: {earned:?}");
    let author = world.people.contributors[0].account();
    let place = world.payouts.iter().position(|leaf| leaf.account == account_bytes(&author)).context("not paid")?;
    let balance = world.balance(author)?;
    let claim = world.claim_of(place)?;
    world.claim(claim).map_err(|e| anyhow!("{e}"))?;
    ensure!(world.balance(author)? == balance + earned[0], "the claim paid something else");
    Ok(())
}

/// Two accounts contribute an author's words again, each with something around them, so that more than c_max contributors hold them
/// and nobody is due anything for them.
pub fn two_later_copies_make_no_authors_words_common(world: &mut World) -> Result<()> {
    let author = format!("At dawn {QUOTE} that came home in the night.");
    let copies = [format!("Somebody told me that {QUOTE}; who knows."), format!("One more time: {QUOTE}, they say.")];
    let answer = format!("It is told how {QUOTE}, one by one.");
    over(world, &[&author, &copies[0], &copies[1]], &answer, |world| {
        let found = entries(world)?;
        let [Entry::Span(span)] = &found[..] else { bail!("not one credited span: {found:?}") };
        ensure!(span.credited.index == 0 && usize::from(span.len) == QUOTE.len(), "{span:?}");
        the_first_gets_all(world)
    })
}

/// Words that no space parts were one word to the rule: an answer could quote page after page, and the author got nothing.
pub fn an_author_whose_script_has_no_spaces_is_credited(world: &mut World) -> Result<()> {
    let texts = letters(world);
    over(world, &[&texts[0], &texts[1], &texts[2]], &quoting_letters(), |world| {
        let found = entries(world)?;
        let [Entry::Span(span)] = &found[..] else { bail!("not one credited span: {found:?}") };
        ensure!(span.credited.index == 0 && usize::from(span.len) == LETTERS.len(), "{span:?}");
        the_first_gets_all(world)
    })
}

/// Signers who leave such a quote out of their report are shown it by proof 4, with the bytes from within both texts.
pub fn a_report_without_an_authors_letters_is_void(world: &mut World) -> Result<()> {
    let texts = letters(world);
    over(world, &[&texts[0], &texts[1], &texts[2]], &quoting_letters(), |world| {
        let watcher = world.people.watcher.clone();
        world.approve(&watcher, world.suite.disputes, world.config.disputes.bond)?;
        let stake = operator(world, 0)?.active;
        let filed = falsehoods::file(world, |leaf| leaf.entries.clear(), |_| ())?;
        let witness = falsehoods::match_left_out(world, &filed)?;
        let (_, revealed) = file(world, filed.id, &witness).map_err(|e| anyhow!("{e}"))?;
        ensure!(
            matches!(&revealed.value, Outcome::Voided { report, .. } if *report == filed.id),
            "{:?}",
            revealed.value
        );
        ensure!(world.reported(filed.id.epoch)?.status == ReportStatus::Void, "the report stands");
        let info = operator(world, 0)?;
        ensure!(info.jailed_at.is_some() && info.active < stake, "{info:?}");
        Ok(())
    })
}

/// The author's text and two others', which no other call gives.
fn letters(world: &mut World) -> [String; 3] {
    let day = world.number();
    [
        format!("小镇第{day}天，老人们说，{LETTERS}，然后才回家煮茶。"),
        format!("山那边的磨坊主第{day}次把最后一袋麦子搬上驴车，孩子们跟在后面唱歌。"),
        format!("秋天的第{day}场雨把集市上的红灯笼都打湿了，没有人急着收摊。"),
    ]
}

fn quoting_letters() -> String {
    format!("传说里{LETTERS}；你也可以去看。")
}
