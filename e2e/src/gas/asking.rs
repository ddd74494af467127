//! Questions about a report, and what provers after the first cost. Needs a world of its own: its report falls.

use anyhow::{Context, Result, anyhow};
use chain::{Keypair, read, send};
use ink::message_builder;
use ink::scale::Encode;
use openledger_abi::availability::{Answer, Availability, Question, ReceiptOf, ReportTree};
use openledger_abi::disputes::{Disputes, commit_hash};
use proof::question::RequestOf;
use proof::tree::MerkleTree;

use super::{Scale, Want};
use crate::epoch::FEE;
use crate::falsehoods::{differing_byte, evidence, file, misattribute};
use crate::scenarios::fraud::evidence_tree;
use crate::{H, World};

/// The longest text that one answer opens: 32 leaves.
const LEAVES: usize = 32 * 256;

/// Weighs questions, the longest answers, and the second of two provers.
///
/// # Errors
/// The first call that failed.
pub fn asking(world: &mut World, scale: &mut Scale) -> Result<()> {
    let channel = world.open_channel(100 * FEE)?;
    world.answer(channel, "He kept a ledger of every ship that came in, they say.", FEE)?;
    world.answer(channel, &"Nobody ever wrote this down before. ".repeat(LEAVES / 36 + 1), FEE)?;
    world.settle(channel)?;
    world.close_epoch()?;
    let filed = file(world, misattribute, |_| ())?;
    let (chain, availability, disputes) = (world.chain.clone(), world.suite.availability, world.suite.disputes);
    let (watcher, second) = (world.people.watcher.clone(), world.people.payer.clone());
    world.approve(&watcher, availability, 10 * world.config.availability.bond)?;
    for key in [&watcher, &second] {
        world.approve(key, disputes, 4 * world.config.disputes.bond)?;
    }

    let ask = |question: &Question| {
        let call = message_builder!(Availability).ask(filed.id, question.encode(), None);
        send(&*chain, &watcher, availability, call)
    };
    let answer = |number: u64, answer: &Answer| {
        let call = message_builder!(Availability).answer(number, answer.encode());
        send(&*chain, &second, availability, call)
    };
    let rule = |e: proof::Error| anyhow!("{e}");
    let asked = ["availability", "judge", "payout", "open_token"];
    let answered = ["availability", "payout", "disputes", "open_token"];
    let leaf = scale.weigh("availability: ask for a leaf", &asked, ask(&Question::Leaf(ReportTree::Evidence, 0)))?;
    let tree: MerkleTree = evidence_tree(&filed.report)?;
    let opening = evidence(&filed, 0)?;
    let bytes = Answer::leaf(&opening.fields, &tree, 0).map_err(rule)?;
    scale.weigh("availability: answer with a leaf", &answered, answer(leaf, &bytes))?;
    let long = filed.closed.answer(1)?;
    let at = ReceiptOf { evidence: evidence(&filed, 1)?, receipt: long.receipt };
    let of_request = RequestOf { at, request: long.request };
    let text = scale.weigh("availability: ask for a response", &asked, ask(&Question::Response(of_request, 0)))?;
    let bytes = Answer::chunks::<H>(&long.response, 0).map_err(rule)?;
    scale.weigh("availability: answer with 32 leaves of a text", &answered, answer(text, &bytes))?;

    let proof = differing_byte(world, &filed)?.encode();
    let commit = |key: &Keypair| {
        let call = message_builder!(Disputes).commit(filed.id, commit_hash::<H>(&key.account(), &proof));
        send(&*chain, key, disputes, call).map_err(|e| anyhow!("{e}"))
    };
    let (first, other) = (commit(&watcher)?.value, commit(&second)?.value);
    let hidden = ask(&Question::Leaf(ReportTree::Payouts, 0)).map_err(|e| anyhow!("{e}"))?.value;
    chain.advance(std::time::Duration::from_millis(1))?;
    let reveal = |key: &Keypair, number: u64| {
        send(&*chain, key, disputes, message_builder!(Disputes).reveal(number, proof.clone()))
    };
    reveal(&watcher, first).map_err(|e| anyhow!("{e}"))?;
    let judges = ["disputes", "judge", "payout", "model_registry", "datanet_registry", "open_token"];
    let shared = reveal(&second, other).map_err(|e| anyhow!("{e}"))?;
    scale.add("disputes: proof 3 by a second prover", &shared.receipt, &judges, Want::OfBlock(100));
    let settle = message_builder!(Availability).settle(hidden);
    let settled = ["availability", "payout", "open_token"];
    scale.weigh(
        "availability: settle, of a report that fell",
        &settled,
        send(&*chain, &second, availability, settle),
    )?;
    let fall = read(&*chain, disputes, message_builder!(Disputes).fall_of(filed.id))?.context("it did not fall")?;
    world.after(fall.share_until)?;
    let claim = message_builder!(Disputes).claim(filed.id);
    scale.weigh("disputes: claim a share", &["disputes", "open_token"], send(&*chain, &second, disputes, claim))?;
    Ok(())
}

/// Weighs what nobody answers: the report falls. Needs a world of its own.
///
/// # Errors
/// The first call that failed.
pub fn hiding(world: &mut World, scale: &mut Scale) -> Result<()> {
    let filed = file(world, misattribute, |_| ())?;
    let (chain, availability) = (world.chain.clone(), world.suite.availability);
    let watcher = world.people.watcher.clone();
    world.approve(&watcher, availability, world.config.availability.bond)?;
    let call = message_builder!(Availability).ask(filed.id, Question::Leaf(ReportTree::Evidence, 0).encode(), None);
    let number = send(&*chain, &watcher, availability, call).map_err(|e| anyhow!("{e}"))?.value;
    let call = message_builder!(Availability).question_of(number);
    world.after(read(&*chain, availability, call)?.context("no question")?.answer_by)?;
    let all = ["availability", "disputes", "payout", "staking", "open_token"];
    let settle = message_builder!(Availability).settle(number);
    scale.weigh("availability: settle, 3 slashed", &all, send(&*chain, &watcher, availability, settle))?;
    Ok(())
}
