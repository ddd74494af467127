//! Commits, reveals and slashes to the edges of their windows, on the embedded chain, whose clock stands still between
//! blocks. What both back ends are tried with is in `e2e::scenarios::fraud`.
mod refutations;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use chain::{CallError, Embedded, Keypair, Sent, advance_to, read, send};
use e2e::epoch::FEE;
use e2e::falsehoods::{Filed, differing_byte, file, misattribute};
use e2e::{H, World, refused, sent};
use ink::message_builder;
use ink::scale::Encode;
use openledger_abi::Balance;
use openledger_abi::disputes::{CommitStatus, Disputes, DisputesError, Outcome, commit_hash};
use openledger_abi::judge::{Fraud, Judge, JudgeError, Proof, ReportId, TreeWitness};
use openledger_abi::payout::{Payout, PayoutError, ReportStatus};
use proof::check::tree::{SumTree, find};
use proof::evidence::EvidenceLeaf;
use proof::payouts::PayoutLeaf;
use proof::tree::{Tree, join, leaf_hash};
use proof::{Error as Rule, Hash, Hasher, Node, SumHead};
use psp22::PSP22;

static FOUNDED: LazyLock<Result<(Arc<Embedded>, World), String>> = LazyLock::new(|| {
    let chain = Arc::new(Embedded::ephemeral());
    let rich = Keypair::from_uri("//Alice").map_err(|e| e.to_string())?;
    let world = World::found(chain.clone(), &rich).map_err(|e| format!("{e:#}"))?;
    // Bonds for as many commits as any test makes.
    let bonds = 8 * world.config.disputes.bond;
    for key in [&world.people.watcher, &world.people.payer] {
        world.approve(key, world.suite.disputes, bonds).map_err(|e| format!("{e:#}"))?;
    }
    Ok((chain, world))
});

/// A world of the test's own.
fn world() -> Result<World> {
    let (chain, world) = FOUNDED.as_ref().map_err(|e| anyhow!("the world: {e}"))?;
    Ok(world.on(Arc::new(chain.fork())))
}

fn rule<T>(result: std::result::Result<T, Rule>) -> Result<T> {
    result.map_err(|e| anyhow!("{e:?}"))
}

/// Lets the next call happen at exactly this time.
fn at(world: &World, time: u64) -> Result<()> {
    // An advance ends with a block of its own, and the next one is a millisecond later.
    advance_to(&*world.chain, time - 1)?;
    if world.chain.now()? < time {
        world.chain.advance(Duration::ZERO)?;
    }
    ensure!(world.chain.now()? == time, "{time} is past");
    Ok(())
}

fn commit(
    world: &World,
    key: &Keypair,
    report: ReportId,
    proof: &Proof,
) -> Result<Sent<u64>, CallError<DisputesError>> {
    let hash = commit_hash::<H>(&key.account(), &proof.encode());
    send(&*world.chain, key, world.suite.disputes, message_builder!(Disputes).commit(report, hash))
}

fn reveal(world: &World, key: &Keypair, commit: u64, proof: &Proof) -> Result<Sent<Outcome>, CallError<DisputesError>> {
    send(&*world.chain, key, world.suite.disputes, message_builder!(Disputes).reveal(commit, proof.encode()))
}

fn prove(world: &World, report: ReportId, proof: &Proof) -> Result<Sent<Outcome>, CallError<DisputesError>> {
    let number = commit(world, &world.people.watcher, report, proof)?.value;
    // The reveal comes in a later block, and so must the dry run before it.
    world.chain.advance(Duration::ZERO)?;
    reveal(world, &world.people.watcher, number, proof)
}

fn settle(world: &World, commit: u64) -> Result<Sent<CommitStatus>, CallError<DisputesError>> {
    send(&*world.chain, &world.people.host, world.suite.disputes, message_builder!(Disputes).settle(commit))
}

/// Why the judge finds no fraud.
fn not_proven(rule: Rule) -> DisputesError {
    DisputesError::Judge(JudgeError::NotProven(rule))
}

#[test]
fn a_false_span_falls_and_the_bond_comes_back() -> Result<()> {
    let mut world = world()?;
    let filed = file(&mut world, misattribute, |_| ())?;
    let before = world.balance(world.people.watcher.account())?;
    let outcome = prove(&world, filed.id, &differing_byte(&world, &filed)?).map_err(|e| anyhow!("{e}"))?.value;
    ensure!(matches!(outcome, Outcome::Voided { report, .. } if report == filed.id), "{outcome:?}");
    ensure!(world.balance(world.people.watcher.account())? == before);
    ensure!(world.reported(filed.id.epoch)?.status == ReportStatus::Void);
    Ok(())
}

#[test]
fn a_true_span_stands() -> Result<()> {
    let mut world = world()?;
    let filed = file(&mut world, |_| (), |_| ())?;
    let proof = differing_byte(&world, &filed)?;
    refused(prove(&world, filed.id, &proof), &not_proven(Rule::NotFraud))?;
    ensure!(world.reported(filed.id.epoch)?.status == ReportStatus::Pending);
    Ok(())
}

#[test]
fn a_commit_in_the_last_moment_of_the_window_counts_and_one_after_it_does_not() -> Result<()> {
    let mut early = world()?;
    let filed = file(&mut early, misattribute, |_| ())?;
    let proof = differing_byte(&early, &filed)?;
    let watcher = early.people.watcher.clone();
    at(&early, filed.window_end)?;
    let number = sent("committing", commit(&early, &watcher, filed.id, &proof))?;
    let call = message_builder!(Disputes).commit_of(number);
    let reveal_by = read(&*early.chain, early.suite.disputes, call)?.context("no commit")?.reveal_by;

    // The report doesn't go live meanwhile.
    at(&early, reveal_by)?;
    let finalize = message_builder!(Payout).finalize(filed.id.epoch);
    let finalized = send(&*early.chain, &early.people.host, early.suite.payout, finalize);
    refused(finalized, &PayoutError::WindowOpen)?;
    // That was the last moment.
    refused(reveal(&early, &watcher, number, &proof), &DisputesError::TooLate)?;

    let mut after = world()?;
    let filed = file(&mut after, misattribute, |_| ())?;
    let proof = differing_byte(&after, &filed)?;
    at(&after, filed.window_end + 1)?;
    refused(commit(&after, &watcher, filed.id, &proof), &DisputesError::WindowOver)
}

#[test]
fn a_reveal_in_the_last_moment_counts() -> Result<()> {
    let mut world = world()?;
    let filed = file(&mut world, misattribute, |_| ())?;
    let proof = differing_byte(&world, &filed)?;
    let watcher = world.people.watcher.clone();
    let number = sent("committing", commit(&world, &watcher, filed.id, &proof))?;
    let call = message_builder!(Disputes).commit_of(number);
    let reveal_by = read(&*world.chain, world.suite.disputes, call)?.context("no commit")?.reveal_by;
    at(&world, reveal_by)?;
    sent("revealing", reveal(&world, &watcher, number, &proof)).map(|_| ())
}

#[test]
fn nobody_reveals_anothers_proof() -> Result<()> {
    let mut world = world()?;
    let filed = file(&mut world, misattribute, |_| ())?;
    let proof = differing_byte(&world, &filed)?;
    let (watcher, thief) = (world.people.watcher.clone(), world.people.payer.clone());
    let number = sent("committing", commit(&world, &watcher, filed.id, &proof))?;
    refused(reveal(&world, &thief, number, &proof), &DisputesError::NotProver)?;

    // Nor with a commit of the watcher's hash.
    let hash = commit_hash::<H>(&watcher.account(), &proof.encode());
    let copy = message_builder!(Disputes).commit(filed.id, hash);
    let copied = sent("copying", send(&*world.chain, &thief, world.suite.disputes, copy))?;
    refused(reveal(&world, &thief, copied, &proof), &DisputesError::WrongPreimage)
}

#[test]
fn a_second_watcher_gets_its_bond_back_when_the_first_one_was_faster() -> Result<()> {
    let mut world = world()?;
    let filed = file(&mut world, misattribute, |_| ())?;
    let proof = differing_byte(&world, &filed)?;
    let (first, second) = (world.people.watcher.clone(), world.people.payer.clone());
    let before = world.balance(second.account())?;
    let slower = sent("committing", commit(&world, &second, filed.id, &proof))?;
    refused(settle(&world, slower), &DisputesError::RevealOpen)?;
    let faster = sent("committing", commit(&world, &first, filed.id, &proof))?;
    world.chain.advance(Duration::ZERO)?;
    sent("revealing", reveal(&world, &first, faster, &proof))?;
    // It may still share, so nobody else settles it.
    refused(settle(&world, slower), &DisputesError::SharingOpen)?;
    at(&world, share_until(&world, filed.id)? + 1)?;
    refused(reveal(&world, &second, slower, &proof), &DisputesError::TooLate)?;
    ensure!(sent("settling", settle(&world, slower))? == CommitStatus::Returned);
    ensure!(world.balance(second.account())? == before);
    refused(settle(&world, slower), &DisputesError::CommitSpent)
}

/// Until when provers of a report that fell may join.
fn share_until(world: &World, report: ReportId) -> Result<u64> {
    let call = message_builder!(Disputes).fall_of(report);
    Ok(read(&*world.chain, world.suite.disputes, call)?.context("it did not fall")?.share_until)
}

fn claim(world: &World, key: &Keypair, report: ReportId) -> Result<Sent<Balance>, CallError<DisputesError>> {
    send(&*world.chain, key, world.suite.disputes, message_builder!(Disputes).claim(report))
}

#[test]
fn the_judge_gives_its_answer_before_and_after_the_report_is_void() -> Result<()> {
    let mut world = world()?;
    let filed = file(&mut world, misattribute, |_| ())?;
    let proof = differing_byte(&world, &filed)?;
    let asked = || read(&*world.chain, world.suite.judge, message_builder!(Judge).check(filed.id, proof.encode()));
    ensure!(asked()? == Ok(Fraud::DifferingByte));
    sent("proving", prove(&world, filed.id, &proof))?;
    ensure!(asked()? == Ok(Fraud::DifferingByte), "the record stays");
    Ok(())
}

#[test]
fn no_account_shares_twice_and_nobody_commits_to_what_has_fallen() -> Result<()> {
    let mut world = world()?;
    let filed = file(&mut world, misattribute, |_| ())?;
    let proof = differing_byte(&world, &filed)?;
    let watcher = world.people.watcher.clone();
    let first = sent("committing", commit(&world, &watcher, filed.id, &proof))?;
    let again = sent("committing", commit(&world, &watcher, filed.id, &proof))?;
    world.chain.advance(Duration::ZERO)?;
    sent("revealing", reveal(&world, &watcher, first, &proof))?;
    refused(reveal(&world, &watcher, again, &proof), &DisputesError::AlreadyShares)?;
    // Nobody commits to what has fallen.
    refused(commit(&world, &watcher, filed.id, &proof), &DisputesError::NotPending)
}

#[test]
fn each_open_commit_makes_the_next_one_dearer_until_it_is_settled() -> Result<()> {
    let mut world = world()?;
    let filed = file(&mut world, |_| (), |_| ())?;
    let proof = differing_byte(&world, &filed)?;
    let (bond, watcher) = (world.config.disputes.bond, world.people.watcher.clone());
    let price = || read(&*world.chain, world.suite.disputes, message_builder!(Disputes).bond_for(filed.id));
    ensure!(price()? == bond);
    let number = sent("committing", commit(&world, &watcher, filed.id, &proof))?;
    ensure!(price()? == bond + bond / 16);
    let call = message_builder!(Disputes).commit_of(number);
    at(&world, read(&*world.chain, world.suite.disputes, call)?.context("no commit")?.reveal_by + 1)?;
    sent("settling", settle(&world, number))?;
    ensure!(price()? == bond);
    Ok(())
}

#[test]
fn a_bond_lost_on_a_report_that_falls_later_is_repaid_first() -> Result<()> {
    let mut world = world()?;
    let filed = file(&mut world, misattribute, |_| ())?;
    let proof = differing_byte(&world, &filed)?;
    let (watcher, late) = (world.people.watcher.clone(), world.people.payer.clone());
    let missed = sent("committing", commit(&world, &late, filed.id, &proof))?;
    let call = message_builder!(Disputes).commit_of(missed);
    let made = read(&*world.chain, world.suite.disputes, call)?.context("no commit")?;
    at(&world, made.reveal_by + 1)?;
    ensure!(sent("settling", settle(&world, missed))? == CommitStatus::Forfeited);
    let outcome = sent("proving", prove(&world, filed.id, &proof))?;
    let Outcome::Voided { reward, .. } = outcome else { bail!("{outcome:?}") };
    at(&world, share_until(&world, filed.id)? + 1)?;
    ensure!(sent("claiming", claim(&world, &late, filed.id))? == made.bond);
    ensure!(sent("claiming", claim(&world, &watcher, filed.id))? == reward - made.bond);
    refused(claim(&world, &late, filed.id), &DisputesError::NothingToClaim)?;
    ensure!(world.balance(world.suite.disputes)? == 0);
    Ok(())
}

#[test]
fn a_commit_that_nothing_follows_burns_its_bond() -> Result<()> {
    let mut world = world()?;
    let filed = file(&mut world, |_| (), |_| ())?;
    let proof = differing_byte(&world, &filed)?;
    let watcher = world.people.watcher.clone();
    let number = sent("committing", commit(&world, &watcher, filed.id, &proof))?;
    let call = message_builder!(Disputes).commit_of(number);
    let made = read(&*world.chain, world.suite.disputes, call)?.context("no commit")?;
    at(&world, made.reveal_by)?;
    refused(settle(&world, number), &DisputesError::RevealOpen)?;
    at(&world, made.reveal_by + 1)?;
    let supply = || read(&*world.chain, world.suite.token, message_builder!(PSP22).total_supply());
    let before: Balance = supply()?;
    ensure!(sent("settling", settle(&world, number))? == CommitStatus::Forfeited);
    ensure!(before - supply()? == made.bond);
    Ok(())
}

#[test]
fn bytes_that_are_no_proof_are_refused() -> Result<()> {
    let mut world = world()?;
    let filed = file(&mut world, |_| (), |_| ())?;
    let watcher = world.people.watcher.clone();
    for (bytes, error) in [
        (vec![], not_proven(Rule::BadProof)),
        (vec![1, 0, 0], not_proven(Rule::BadProof)),
        (vec![3, 1, 2, 3], not_proven(Rule::BadProof)),
        (vec![0xff; 100], not_proven(Rule::BadProof)),
        (vec![8, 0, 0, 0], not_proven(Rule::BadProof)),
        (vec![0; 16_001], DisputesError::ProofTooLong),
    ] {
        let hash = commit_hash::<H>(&watcher.account(), &bytes);
        let call = message_builder!(Disputes).commit(filed.id, hash);
        let number = sent("committing", send(&*world.chain, &watcher, world.suite.disputes, call))?;
        let call = message_builder!(Disputes).reveal(number, bytes);
        refused(send(&*world.chain, &watcher, world.suite.disputes, call), &error)?;
        world.approve(&watcher, world.suite.disputes, 2 * world.config.disputes.bond)?;
    }
    Ok(())
}

#[test]
fn no_commit_is_taken_against_a_report_that_is_not_there() -> Result<()> {
    let mut world = world()?;
    let filed = file(&mut world, misattribute, |_| ())?;
    let proof = differing_byte(&world, &filed)?;
    let unknown = ReportId { epoch: filed.id.epoch, attempt: 7 };
    refused(prove(&world, unknown, &proof), &DisputesError::NoSuchReport)
}

/// What each hash of a published tree is of.
type Preimages = Vec<(Hash, Vec<u8>)>;

/// The preimages of all nodes and leaves of a tree, as published.
fn preimages(kind: Tree, leaves: &[(Vec<u8>, Balance)]) -> Result<(SumHead, Preimages)> {
    let mut known = Vec::new();
    let mut level: Vec<Node> = Vec::new();
    for (fields, sum) in leaves {
        let mut bytes = vec![kind.tag()];
        bytes.extend_from_slice(fields);
        known.push((H::blake2_256(&bytes), bytes));
        level.push(Node { hash: leaf_hash::<H>(kind, fields), sum: *sum });
    }
    while level.len() > 1 {
        let mut next = Vec::new();
        for pair in level.chunks(2) {
            let [left, right] = pair else {
                next.push(pair[0]);
                continue;
            };
            let mut bytes = vec![kind.node_tag()];
            bytes.extend_from_slice(&(*left, *right).encode());
            let parent = rule(join::<H>(kind, left, right))?;
            known.push((parent.hash, bytes));
            next.push(parent);
        }
        level = next;
    }
    let top = level.first().context("no leaf")?;
    Ok((SumHead { count: leaves.len() as u64, sum: top.sum, top: top.hash }, known))
}

/// A report whose payouts are these leaves with these stated amounts, and the witness of what is wrong with them.
fn false_payouts(world: &mut World, leaves: &[(PayoutLeaf, Balance)]) -> Result<(Filed, Option<TreeWitness>)> {
    let leaves: Vec<_> = leaves.iter().map(|(leaf, stated)| (leaf.encode(), *stated)).collect();
    let (head, known) = preimages(Tree::Payouts, &leaves)?;
    let filed = file(world, |_| (), |body| body.payouts = head)?;
    let preimage = |hash: &Hash| known.iter().find(|(known, _)| known == hash).map(|(_, bytes)| bytes.clone());
    let witness = rule(find::<H>(SumTree::Payouts, &filed.report.body, &preimage))?;
    Ok((filed, witness))
}

/// The sum of the true payouts, which false ones must come to as well.
fn true_sum(world: &mut World) -> Result<Balance> {
    let closed = world.closed_epoch()?;
    Ok(world.true_report(&closed)?.body.payouts.sum)
}

fn leaf(byte: u8, cumulative: Balance) -> PayoutLeaf {
    PayoutLeaf { account: [byte; 32], cumulative }
}

#[test]
fn payouts_out_of_order_void_the_report() -> Result<()> {
    let mut world = world()?;
    let sum = true_sum(&mut world)?;
    let (filed, witness) = false_payouts(&mut world, &[(leaf(2, 1), 1), (leaf(1, sum - 1), sum - 1)])?;
    let proof = Proof::Tree(witness.context("nothing is wrong")?);
    let outcome = sent("proving", prove(&world, filed.id, &proof))?;
    ensure!(matches!(outcome, Outcome::Voided { .. }), "{outcome:?}");
    Ok(())
}

#[test]
fn payouts_that_state_more_than_they_hold_void_the_report() -> Result<()> {
    let mut world = world()?;
    let sum = true_sum(&mut world)?;
    // The first leaf says 1 and is counted as all but 2.
    let leaves = [(leaf(1, 1), sum - 2), (leaf(2, 1), 1), (leaf(3, 1), 1)];
    let (filed, witness) = false_payouts(&mut world, &leaves)?;
    let proof = Proof::Tree(witness.context("nothing is wrong")?);
    sent("proving", prove(&world, filed.id, &proof)).map(|_| ())
}

#[test]
fn payouts_in_order_stand() -> Result<()> {
    let mut world = world()?;
    let sum = true_sum(&mut world)?;
    let (filed, witness) = false_payouts(&mut world, &[(leaf(1, 1), 1), (leaf(2, sum - 1), sum - 1)])?;
    ensure!(witness.is_none());
    let slander = Proof::Tree(TreeWitness { tree: SumTree::Payouts, fault: proof::check::tree::TreeFault::Head });
    refused(prove(&world, filed.id, &slander), &not_proven(Rule::NotFraud))
}

#[test]
fn after_a_void_the_epoch_waits_for_the_next_attempt_and_keeps_its_pots() -> Result<()> {
    let mut world = world()?;
    let filed = file(&mut world, misattribute, |_| ())?;
    sent("proving", prove(&world, filed.id, &differing_byte(&world, &filed)?))?;
    let closed = world.refill()?;
    ensure!(closed.attempt > filed.id.attempt && closed.cut.pots == filed.closed.cut.pots);
    let truth = world.true_report(&closed)?;
    let mut old = truth.body;
    old.attempt = filed.id.attempt;
    let (set, places) = (world.members()?, world.quorum());
    refused(world.submit(world.signed_by(&set, old, &places)), &PayoutError::WrongAttempt)?;
    sent("the true report", world.submit(world.signed_by(&set, truth.body, &places)))?;
    // The first attempt's proof can't void the second.
    refused(prove(&world, filed.id, &differing_byte(&world, &filed)?), &DisputesError::NotPending)
}

/// Of a private answer nobody publishes a byte; whoever holds them opens what a proof needs.
#[test]
fn a_false_span_of_a_private_answer_voids_the_report() -> Result<()> {
    let mut world = world()?;
    let position = world.open_channel(10 * FEE)?;
    world.answer_privately(position, "He kept a ledger of every ship that came in, they say.", FEE)?;
    world.settle(position)?;
    world.close_epoch()?;
    let filed = file(&mut world, misattribute, |_| ())?;
    sent("proving", prove(&world, filed.id, &differing_byte(&world, &filed)?))?;
    ensure!(world.reported(filed.id.epoch)?.status == ReportStatus::Void);
    Ok(())
}

#[test]
fn the_provers_part_of_a_slash_waits_in_disputes() -> Result<()> {
    let mut world = world()?;
    let filed = file(&mut world, misattribute, |_| ())?;
    let outcome = sent("proving", prove(&world, filed.id, &differing_byte(&world, &filed)?))?;
    let Outcome::Voided { slashed, reward, .. } = outcome else { bail!("{outcome:?}") };
    ensure!(reward == slashed * 3 / 10 && world.balance(world.suite.disputes)? == reward, "{reward} of {slashed}");
    let watcher = world.people.watcher.clone();
    at(&world, share_until(&world, filed.id)?)?;
    refused(claim(&world, &watcher, filed.id), &DisputesError::SharingOpen)?;
    at(&world, share_until(&world, filed.id)? + 1)?;
    let before = world.balance(watcher.account())?;
    let paid = sent("claiming", claim(&world, &watcher, filed.id))?;
    ensure!(paid == reward && world.balance(watcher.account())? == before + paid, "{paid} of {reward}");
    refused(claim(&world, &world.people.payer.clone(), filed.id), &DisputesError::NothingToClaim)
}
