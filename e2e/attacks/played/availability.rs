//! Signers who hide what their report rests on (A3), and askers who would hold a true report up.

use anyhow::{Context, Result, ensure};
use chain::{CallError, Keypair, Sent, read, send};
use e2e::falsehoods::{Filed, evidence, file, misattribute, payout_tree, receipt};
use e2e::{H, World, refused, sent};
use ink::message_builder;
use ink::scale::Encode;
use openledger_abi::Balance;
use openledger_abi::availability::{
    Answer, Availability, AvailabilityError, ProofError, Question, QuestionInfo, QuestionStatus, ReportTree,
};
use openledger_abi::disputes::Disputes;
use openledger_abi::payout::{Payout, ReportStatus};
use openledger_abi::staking::Staking;
use proof::payouts::PayoutLeaf;
use proof::tree::{MerkleTree, Node, Tree};

/// A world of its own, in which the watcher can ask.
fn world(world: &World) -> Result<World> {
    let world = World::found(world.chain.clone(), &Keypair::from_uri("//Alice")?)?;
    world.approve(&world.people.watcher, world.suite.availability, 20 * world.config.availability.bond)?;
    Ok(world)
}

fn ask(
    world: &World,
    filed: &Filed,
    question: &Question,
    follows: Option<u64>,
) -> Result<Sent<u64>, CallError<AvailabilityError>> {
    let call = message_builder!(Availability).ask(filed.id, question.encode(), follows);
    send(&*world.chain, &world.people.watcher, world.suite.availability, call)
}

fn answer(
    world: &World,
    key: &Keypair,
    question: u64,
    answer: &Answer,
) -> Result<Sent<()>, CallError<AvailabilityError>> {
    let call = message_builder!(Availability).answer(question, answer.encode());
    send(&*world.chain, key, world.suite.availability, call)
}

fn settle(world: &World, question: u64) -> Result<Sent<QuestionStatus>, CallError<AvailabilityError>> {
    let call = message_builder!(Availability).settle(question);
    send(&*world.chain, &world.people.host, world.suite.availability, call)
}

fn question_of(world: &World, question: u64) -> Result<QuestionInfo> {
    let call = message_builder!(Availability).question_of(question);
    read(&*world.chain, world.suite.availability, call)?.context("no such question")
}

/// What the signers have of their own.
fn own(world: &World) -> Result<Balance> {
    let mut sum = 0;
    for place in world.quorum() {
        let call = message_builder!(Staking).operator(world.people.oracles[place].account.account());
        sum += read(&*world.chain, world.suite.staking, call)?.context("no operator")?.own;
    }
    Ok(sum)
}

/// Lets the time for the answer pass, and has the report fall.
fn falls(world: &World, filed: &Filed, question: u64) -> Result<()> {
    let asker = &world.people.watcher;
    world.after(question_of(world, question)?.answer_by)?;
    let before = world.balance(asker.account())?;
    ensure!(sent("settling", settle(world, question))? == QuestionStatus::Unanswered);
    ensure!(world.balance(asker.account())? - before == question_of(world, question)?.bond, "the bond");
    ensure!(world.reported(filed.id.epoch)?.status == ReportStatus::Void);
    ensure!(own(world)? == 0, "the signers still have {}", own(world)?);
    // The asker counts as the report's prover.
    let call = message_builder!(Disputes).fall_of(filed.id);
    let fall = read(&*world.chain, world.suite.disputes, call)?.context("it did not fall")?;
    ensure!(fall.first == asker.account() && fall.earliest.is_none() && fall.reward > 0, "{fall:?}");
    world.after(fall.share_until)?;
    let claim = message_builder!(Disputes).claim(filed.id);
    ensure!(sent("claiming", send(&*world.chain, asker, world.suite.disputes, claim))? == fall.reward);
    Ok(())
}

pub fn signers_who_publish_nothing_lose_the_report_and_their_bond(chain: &mut World) -> Result<()> {
    let mut world = world(chain)?;
    let filed = file(&mut world, misattribute, |_| ())?;
    ensure!(own(&world)? > 0);
    let number = sent("asking", ask(&world, &filed, &Question::Leaf(ReportTree::Evidence, 0), None))?;
    refused(settle(&world, number), &AvailabilityError::AnswerOpen)?;
    // It does not go live meanwhile, though its window is over.
    world.after(filed.window_end)?;
    let finalize = message_builder!(Payout).finalize(filed.id.epoch);
    ensure!(send(&*world.chain, &world.people.host, world.suite.payout, finalize).is_err(), "it went live");
    falls(&world, &filed, number)
}

pub fn a_tree_whose_leaf_is_no_leaf_falls(chain: &mut World) -> Result<()> {
    let mut world = world(chain)?;
    let closed = world.closed_epoch()?;
    let truth = world.true_report(&closed)?;
    // The first leaf is nothing that anybody knows; it takes nearly all.
    let last = *truth.payouts.last().context("no payouts")?;
    let hidden = Node { hash: [9; 32], sum: truth.body.payouts.sum - last.cumulative };
    let rule = |e: ProofError| anyhow::anyhow!("{e}");
    let tree = MerkleTree::build::<H>(Tree::Payouts, vec![hidden, last.node::<H>()]).map_err(rule)?;
    let filed = file(&mut world, |_| (), |body| body.payouts = tree.sum_head())?;
    let number = sent("asking", ask(&world, &filed, &Question::Leaf(ReportTree::Payouts, 0), None))?;
    let made_up = PayoutLeaf { account: [1; 32], cumulative: hidden.sum };
    let bytes = Answer::leaf(&made_up.encode(), &tree, 0).map_err(rule)?;
    let host = world.people.host.clone();
    refused(answer(&world, &host, number, &bytes), &AvailabilityError::WrongAnswer(ProofError::WrongHash))?;
    falls(&world, &filed, number)
}

pub fn nobody_holds_a_true_report_up_for_longer_than_a_line(chain: &mut World) -> Result<()> {
    let mut world = world(chain)?;
    let filed = file(&mut world, |_| (), |_| ())?;
    let host = world.people.host.clone();
    let evidence = evidence(&filed, 0)?;
    let leaf = Question::Leaf(ReportTree::Evidence, 0);
    let rule = |e: ProofError| anyhow::anyhow!("{e}");
    let nodes = filed.report.evidence.iter().map(|fields| proof::evidence::evidence_node::<H>(fields)).collect();
    let tree = MerkleTree::build::<H>(Tree::Evidence, nodes).map_err(rule)?;

    // Late in the window. Whoever has the bytes answers, and is paid for it by who asked.
    world.after(filed.window_end - 2_500)?;
    let (bond, before) = (world.config.availability.bond, world.balance(host.account())?);
    let first = sent("asking", ask(&world, &filed, &leaf, None))?;
    let dearer = message_builder!(Availability).bond_for(filed.id);
    ensure!(read(&*world.chain, world.suite.availability, dearer)? == bond + bond / 16);
    let bytes = Answer::leaf(&evidence.fields, &tree, 0).map_err(rule)?;
    sent("answering", answer(&world, &host, first, &bytes))?;
    ensure!(world.balance(host.account())? == before + bond / 2);
    refused(settle(&world, first), &AvailabilityError::QuestionSpent)?;

    // After the window nobody begins a line; one that rests on an answer goes on, for its time.
    world.after(filed.window_end)?;
    let receipt_of = Question::Receipt(evidence.clone());
    refused(ask(&world, &filed, &receipt_of, None), &AvailabilityError::WindowOver)?;
    let elsewhere = Question::Leaf(ReportTree::Evidence, 1);
    refused(ask(&world, &filed, &elsewhere, Some(first)), &AvailabilityError::AnotherLine)?;
    let second = sent("the next step", ask(&world, &filed, &receipt_of, Some(first)))?;
    ensure!(question_of(&world, second)?.step == 2);
    let bytes = Answer::Preimage(receipt(&filed)?.encode());
    sent("answering", answer(&world, &host, second, &bytes))?;
    world.after(question_of(&world, second)?.step_by)?;
    refused(ask(&world, &filed, &receipt_of, Some(second)), &AvailabilityError::WindowOver)?;
    world.after(world.reported(filed.id.epoch)?.live_at)?;
    let call = message_builder!(Payout).finalize(filed.id.epoch);
    sent("finalizing", send(&*world.chain, &host, world.suite.payout, call))?;
    ensure!(payout_tree(&filed.report.payouts)?.sum_head() == world.live()?.payouts);
    Ok(())
}
