//! The loop: texts, models, channels, epochs, claims.

use anyhow::{Context, Result, anyhow};
use chain::{account_bytes, send};
use ink::message_builder;
use openledger_abi::OPEN;
use openledger_abi::datanet::DatanetRegistry;
use openledger_abi::escrow::Escrow;
use openledger_abi::models::{ModelKind, ModelRegistry, NewModel};
use openledger_abi::payout::{Claim, Payout, SumHead};
use openledger_abi::staking::Staking;
use proof::payouts::PayoutLeaf;
use proof::tree::{MerkleTree, Tree, join};
use proof::{Hasher, Node};

use super::{Scale, Want, taken};
use crate::epoch::Report;
use crate::{H, World, epoch::FEE, outcome::sent};

/// Leaves of the claim of many.
const MANY: usize = 16;
/// Levels of the tree of a million accounts.
const DEEP: u32 = 20;

/// Weighs the loop's calls in their order.
///
/// # Errors
/// The first call that failed.
pub fn settlement(world: &mut World, scale: &mut Scale) -> Result<()> {
    texts(world, scale)?;
    fees(world, scale)?;
    epochs(world, scale)
}

fn texts(world: &mut World, scale: &mut Scale) -> Result<()> {
    let (chain, registry) = (world.chain.clone(), world.suite.datanet_registry);
    let (contributor, owner) = (world.people.contributors[0].clone(), world.people.owner.clone());
    let text = world.fresh_text();
    let new = world.contribution(world.datanet, &contributor, text.as_bytes(), World::open_terms())?;
    let signature = world.terms_signature(&contributor, &new);
    let body = World::terms_body(&new);
    let commit = message_builder!(DatanetRegistry).commit(body.commitment().node::<H>().hash, 1);
    scale.weigh("datanet: commit", &["datanet_registry"], send(&*chain, &contributor, registry, commit))?;
    world.tick()?;
    let contributed = world.send_in(&contributor, new, signature);
    let number = scale.weigh("datanet: contribute", &["datanet_registry"], contributed)?;
    let verdict = message_builder!(DatanetRegistry).verdict(number, true, 9_000);
    let asked = ["datanet_registry", "staking"];
    let validator = world.people.validator.clone();
    scale.weigh("datanet: the verdict that accepts", &asked, send(&*chain, &validator, registry, verdict))?;
    let cut = message_builder!(DatanetRegistry).cut_version(world.datanet);
    scale.weigh("datanet: cut_version", &["datanet_registry"], send(&*chain, &owner, registry, cut))?;
    let revoke = message_builder!(DatanetRegistry).revoke(number);
    scale.weigh("datanet: revoke", &["datanet_registry"], send(&*chain, &contributor, registry, revoke))?;
    let call = message_builder!(Staking).pay_verdicts(number);
    let contracts = ["staking", "datanet_registry"];
    // The validators' pay comes from fees; there may be none yet.
    if let Ok(paid) = send(&*chain, &owner, world.suite.staking, call) {
        scale.add("staking: pay_verdicts", &paid.receipt, &contracts, Want::Nothing);
    }
    let new = NewModel { kind: ModelKind::Base, parents: Vec::new(), revision: world.revision() };
    let register = message_builder!(ModelRegistry).register(new);
    let contracts = ["model_registry", "datanet_registry"];
    scale.weigh("model: register", &contracts, send(&*chain, &owner, world.suite.model_registry, register))?;
    Ok(())
}

fn fees(world: &mut World, scale: &mut Scale) -> Result<()> {
    let (chain, escrow) = (world.chain.clone(), world.suite.escrow);
    let (payer, host) = (world.people.payer.clone(), world.people.host.clone());
    let contracts = ["escrow", "open_token"];
    world.approve(&payer, escrow, 200 * OPEN)?;
    let open = message_builder!(Escrow).open(host.account(), 50 * OPEN, None);
    let channel = scale.weigh("escrow: open a channel", &contracts, send(&*chain, &payer, escrow, open))?;
    let top_up = message_builder!(Escrow).top_up(channel, OPEN);
    scale.weigh("escrow: top_up", &contracts, send(&*chain, &payer, escrow, top_up))?;
    let close = message_builder!(Escrow).close(channel);
    scale.weigh("escrow: close", &["escrow"], send(&*chain, &host, escrow, close))?;

    let position = world.open_channel(100 * OPEN)?;
    let redeemed = ["escrow", "open_token", "payout"];
    for call in ["escrow: redeem, the first of a channel", "escrow: redeem again"] {
        world.answer(position, "He kept a ledger of every ship that came in, they say.", FEE)?;
        world.answer(position, "There traders weigh saffron against river salt, or so it is told.", FEE)?;
        world.tick()?;
        let redemption = world.redemption(position)?;
        let waiting = scale.weigh(call, &["escrow", "model_registry"], world.redeem(redemption))?;
        let ledger = world.ledger(position)?;
        ledger.redeemed = ledger.count();
        scale.weigh("escrow: attest", &redeemed, world.attest_by(waiting, &world.quorum())?)?;
    }
    let withdraw = message_builder!(Escrow).withdraw();
    scale.weigh("escrow: withdraw", &contracts, send(&*chain, &host, escrow, withdraw))?;
    Ok(())
}

fn epochs(world: &mut World, scale: &mut Scale) -> Result<()> {
    let (chain, payout) = (world.chain.clone(), world.suite.payout);
    let due = chain::read(&*chain, payout, message_builder!(Payout).due_at())?;
    world.after(due)?;
    let close = message_builder!(Payout).close_epoch();
    let host = world.people.host.clone();
    let asked = ["payout", "staking"];
    let number = scale.weigh("payout: close_epoch", &asked, send(&*chain, &host, payout, close))?;
    let report_ms = world.config.payout.report_ms;
    world.after(world.closed(number)?.cut.closed_at + report_ms)?;
    let recut = message_builder!(Payout).recut(number);
    scale.weigh("payout: recut", &asked, send(&*chain, &host, payout, recut))?;
    let closed = world.closed(number)?;
    let report = world.true_report(&closed)?;
    let receipt = taken("report", world.submit(world.signed_report(report.body, &world.quorum())))?;
    scale.add("payout: a report, 3 of 4 oracles", &receipt, &asked, Want::OfBlock(50));
    world.finalize(report)?;
    let claim = world.claim_of(0)?;
    let receipt = taken("claim", world.claim(claim))?;
    scale.add("payout: a claim", &receipt, &["payout", "open_token"], Want::OfBlock(25));
    let pull = message_builder!(Staking).pull_rewards();
    sent("pulling", send(&*chain, &host, world.suite.staking, pull))?;
    let pay = message_builder!(Staking).pay_report(number);
    scale.weigh("staking: pay_report", &["staking", "payout"], send(&*chain, &host, world.suite.staking, pay))?;
    Ok(())
}

/// Has a report made live whose payouts are this tree, with the true sum. Nobody refutes it here.
fn with_payouts(world: &mut World, payouts: Vec<PayoutLeaf>, count: u64, top: proof::Hash) -> Result<()> {
    let closed = world.closed_epoch()?;
    let mut report: Report = world.true_report(&closed)?;
    // What is live may be such a tree too, of which its leaves don't tell.
    report.body.previous = world.live()?.payouts;
    report.body.payouts = SumHead { count, sum: report.body.payouts.sum, top };
    report.payouts = payouts;
    sent("a report", world.submit(world.signed_report(report.body, &world.quorum())))?;
    world.finalize(report).map(|_| ())
}

/// What the next report's payouts add up to.
fn next_total(world: &mut World) -> Result<u128> {
    let closed = world.closed_epoch()?;
    Ok(world.true_report(&closed)?.body.payouts.sum)
}

/// Weighs a claim among a million accounts, and one of many leaves in a call, against trees made for it.
///
/// # Errors
/// The first call that failed.
pub fn large_claims(world: &mut World, scale: &mut Scale) -> Result<()> {
    let rule = |e: proof::Error| anyhow!("{e:?}");
    let contracts = ["payout", "open_token"];
    let total = next_total(world)?;
    let mut accounts: Vec<[u8; 32]> = (0..MANY as u64).map(|n| H::blake2_256(&n.to_le_bytes())).collect();
    accounts.sort_unstable();
    let each = total / MANY as u128;
    let mut leaves: Vec<PayoutLeaf> =
        accounts.into_iter().map(|account| PayoutLeaf { account, cumulative: each }).collect();
    leaves.last_mut().context("no leaves")?.cumulative += total - each * MANY as u128;
    let nodes = leaves.iter().map(PayoutLeaf::node::<H>).collect();
    let head = MerkleTree::build::<H>(Tree::Payouts, nodes).map_err(rule)?.sum_head();
    with_payouts(world, leaves, head.count, head.top)?;
    let claims = (0..MANY).map(|place| world.claim_of(place)).collect::<Result<Vec<_>>>()?;
    let call = message_builder!(Payout).claim_many(claims);
    let receipt = taken("claims", send(&*world.chain, &world.people.host, world.suite.payout, call))?;
    scale.add("payout: claim_many of 16 leaves", &receipt, &contracts, Want::Nothing);

    let total = next_total(world)?;
    let account = account_bytes(&world.people.contributors[0].account());
    // What others have by now stands beside it.
    let others = world.live()?.payouts.sum;
    let leaf = PayoutLeaf { account, cumulative: total - others };
    let sibling =
        |level: u32| Node { hash: H::blake2_256(&level.to_le_bytes()), sum: if level == 0 { others } else { 0 } };
    let path: Vec<Node> = (0..DEEP).map(sibling).collect();
    let mut node = leaf.node::<H>();
    for sibling in &path {
        node = join::<H>(Tree::Payouts, &node, sibling).map_err(rule)?;
    }
    with_payouts(world, vec![leaf], 1 << DEEP, node.hash)?;
    let claim = Claim { account: account.into(), cumulative: leaf.cumulative, index: 0, path };
    let receipt = taken("claim", world.claim(claim))?;
    scale.add("payout: a claim among 1,048,576 accounts", &receipt, &contracts, Want::OfBlock(25));
    Ok(())
}
