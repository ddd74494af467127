//! Commits, reveals and slashes to the edges of their windows, on the embedded chain, whose clock stands still between
//! blocks. What both back ends are tried with is in `e2e::scenarios::fraud`.
mod refutations;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use chain::{CallError, Embedded, Keypair, Sent, advance_to, read, send};
use e2e::epoch::FEE;
use e2e::falsehoods::{Filed, differing_byte, file, misattribute, span_witness};
use e2e::{H, World, refused, sent};
use ink::message_builder;
use ink::scale::Encode;
use openledger_abi::disputes::{
    CommitStatus, Disputes, DisputesError, EquivocationWitness, FraudProof, HostsReceipt, Outcome, ReportId,
    TreeWitness, commit_hash,
};
use openledger_abi::payout::{Payout, PayoutError, ReportBody, ReportStatus};
use openledger_abi::staking::{OperatorInfo, Staking};
use openledger_abi::{AccountId, Balance};
use proof::check::tree::{SumTree, find};
use proof::evidence::{ATTRIBUTED, Entry, EvidenceLeaf, Place, Span, encode_entries};
use proof::payouts::PayoutLeaf;
use proof::receipt::{FLAG_PRIVATE, credits_hash};
use proof::tree::{Tree, join, leaf_hash};
use proof::{Error as Rule, Hash, Hasher, Node, SumHead};
use psp22::PSP22;

static FOUNDED: LazyLock<Result<(Arc<Embedded>, World), String>> = LazyLock::new(|| {
    let chain = Arc::new(Embedded::ephemeral());
    let rich = Keypair::from_uri("//Alice").map_err(|e| e.to_string())?;
    let world = World::found(chain.clone(), &rich).map_err(|e| format!("{e:#}"))?;
    // Bonds for as many commits as any test makes.
    let bonds = 4 * world.config.disputes.bond;
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
    report: Option<ReportId>,
    proof: &FraudProof,
) -> Result<Sent<u64>, CallError<DisputesError>> {
    let hash = commit_hash::<H>(&key.account(), &proof.encode());
    send(&*world.chain, key, world.suite.disputes, message_builder!(Disputes).commit(report, hash))
}

fn reveal(
    world: &World,
    key: &Keypair,
    commit: u64,
    proof: &FraudProof,
) -> Result<Sent<Outcome>, CallError<DisputesError>> {
    send(&*world.chain, key, world.suite.disputes, message_builder!(Disputes).reveal(commit, proof.encode()))
}

fn prove(
    world: &World,
    report: Option<ReportId>,
    proof: &FraudProof,
) -> Result<Sent<Outcome>, CallError<DisputesError>> {
    let number = commit(world, &world.people.watcher, report, proof)?.value;
    // The reveal comes in a later block, and so must the dry run before it.
    world.chain.advance(Duration::ZERO)?;
    reveal(world, &world.people.watcher, number, proof)
}

fn settle(world: &World, commit: u64) -> Result<Sent<CommitStatus>, CallError<DisputesError>> {
    send(&*world.chain, &world.people.host, world.suite.disputes, message_builder!(Disputes).settle(commit))
}

fn operator(world: &World, account: AccountId) -> Result<OperatorInfo> {
    read(&*world.chain, world.suite.staking, message_builder!(Staking).operator(account))?.context("no operator")
}

#[test]
fn a_false_span_falls_and_the_bond_comes_back() -> Result<()> {
    let mut world = world()?;
    let filed = file(&mut world, misattribute, |_| ())?;
    let before = world.balance(world.people.watcher.account())?;
    let outcome = prove(&world, Some(filed.id), &differing_byte(&world, &filed)?).map_err(|e| anyhow!("{e}"))?.value;
    ensure!(matches!(outcome, Outcome::Voided { report, .. } if report == filed.id), "{outcome:?}");
    ensure!(world.balance(world.people.watcher.account())? == before);
    ensure!(world.balance(world.suite.disputes)? == 0);
    ensure!(world.reported(filed.id.epoch)?.status == ReportStatus::Void);
    Ok(())
}

#[test]
fn a_true_span_stands() -> Result<()> {
    let mut world = world()?;
    let filed = file(&mut world, |_| (), |_| ())?;
    let proof = differing_byte(&world, &filed)?;
    refused(prove(&world, Some(filed.id), &proof), &DisputesError::NotProven(Rule::NotFraud))?;
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
    let number = sent("committing", commit(&early, &watcher, Some(filed.id), &proof))?;
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
    refused(commit(&after, &watcher, Some(filed.id), &proof), &DisputesError::WindowOver)
}

#[test]
fn a_reveal_in_the_last_moment_counts() -> Result<()> {
    let mut world = world()?;
    let filed = file(&mut world, misattribute, |_| ())?;
    let proof = differing_byte(&world, &filed)?;
    let watcher = world.people.watcher.clone();
    let number = sent("committing", commit(&world, &watcher, Some(filed.id), &proof))?;
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
    let number = sent("committing", commit(&world, &watcher, Some(filed.id), &proof))?;
    refused(reveal(&world, &thief, number, &proof), &DisputesError::NotProver)?;

    // Nor with a commit of the watcher's hash.
    let hash = commit_hash::<H>(&watcher.account(), &proof.encode());
    let copy = message_builder!(Disputes).commit(Some(filed.id), hash);
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
    let slower = sent("committing", commit(&world, &second, Some(filed.id), &proof))?;
    refused(settle(&world, slower), &DisputesError::RevealOpen)?;
    let faster = sent("committing", commit(&world, &first, Some(filed.id), &proof))?;
    sent("revealing", reveal(&world, &first, faster, &proof))?;
    refused(reveal(&world, &second, slower, &proof), &DisputesError::NotPending)?;
    ensure!(sent("settling", settle(&world, slower))? == CommitStatus::Returned);
    ensure!(world.balance(second.account())? == before);
    refused(settle(&world, slower), &DisputesError::CommitSpent)
}

#[test]
fn a_commit_that_nothing_follows_burns_its_bond() -> Result<()> {
    let mut world = world()?;
    let filed = file(&mut world, |_| (), |_| ())?;
    let proof = differing_byte(&world, &filed)?;
    let watcher = world.people.watcher.clone();
    let number = sent("committing", commit(&world, &watcher, Some(filed.id), &proof))?;
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
        (vec![], DisputesError::BadProof),
        (vec![3, 1, 2, 3], DisputesError::BadProof),
        (vec![0xff; 100], DisputesError::BadProof),
        (vec![8, 0, 0, 0], DisputesError::BadProof),
        (vec![0; 16_001], DisputesError::ProofTooLong),
    ] {
        let hash = commit_hash::<H>(&watcher.account(), &bytes);
        let call = message_builder!(Disputes).commit(Some(filed.id), hash);
        let number = sent("committing", send(&*world.chain, &watcher, world.suite.disputes, call))?;
        let call = message_builder!(Disputes).reveal(number, bytes);
        refused(send(&*world.chain, &watcher, world.suite.disputes, call), &error)?;
        world.approve(&watcher, world.suite.disputes, world.config.disputes.bond)?;
    }
    Ok(())
}

#[test]
fn a_proof_against_a_report_needs_a_commit_against_it() -> Result<()> {
    let mut world = world()?;
    let filed = file(&mut world, misattribute, |_| ())?;
    let proof = differing_byte(&world, &filed)?;
    refused(prove(&world, None, &proof), &DisputesError::WrongReport)?;
    let unknown = ReportId { epoch: filed.id.epoch, attempt: 7 };
    refused(prove(&world, Some(unknown), &proof), &DisputesError::NoSuchReport)
}

#[test]
fn an_oracle_that_signs_two_reports_of_one_slot_is_slashed_once_and_the_report_stands() -> Result<()> {
    let mut world = world()?;
    let filed = file(&mut world, |_| (), |_| ())?;
    let body = filed.report.body;
    let other = ReportBody { carry_out: body.carry_out + 1, ..body };
    let key = world.people.oracles[1].signing.clone();
    let witness = EquivocationWitness {
        first: body,
        second: other,
        first_signature: world.report_signature(&key, &body),
        second_signature: world.report_signature(&key, &other),
    };
    // Of another oracle it proves nothing.
    let slander = FraudProof::Equivocation(0, witness.clone());
    refused(prove(&world, None, &slander), &DisputesError::NotProven(Rule::BadSignature))?;

    let account = world.people.oracles[1].account.account();
    let stake = operator(&world, account)?.active;
    let proof = FraudProof::Equivocation(1, witness);
    // It is about a slot: it holds no report up.
    refused(prove(&world, Some(filed.id), &proof), &DisputesError::WrongReport)?;
    let outcome = sent("proving", prove(&world, None, &proof))?;
    let lost = stake * u128::from(world.config.disputes.equivocation_bps) / 10_000;
    ensure!(outcome == Outcome::Slashed { operator: account, slashed: lost }, "{outcome:?}");
    ensure!(operator(&world, account)?.jailed_at.is_some());
    ensure!(world.reported(filed.id.epoch)?.status == ReportStatus::Pending);

    // Proven again, the prover gets its bond back and the oracle loses no more.
    let again = sent("proving", prove(&world, None, &proof))?;
    ensure!(again == Outcome::Slashed { operator: account, slashed: 0 }, "{again:?}");
    ensure!(operator(&world, account)?.active == stake - lost);
    Ok(())
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
    let proof = FraudProof::Tree(witness.context("nothing is wrong")?);
    let outcome = sent("proving", prove(&world, Some(filed.id), &proof))?;
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
    let proof = FraudProof::Tree(witness.context("nothing is wrong")?);
    sent("proving", prove(&world, Some(filed.id), &proof)).map(|_| ())
}

#[test]
fn payouts_in_order_stand() -> Result<()> {
    let mut world = world()?;
    let sum = true_sum(&mut world)?;
    let (filed, witness) = false_payouts(&mut world, &[(leaf(1, 1), 1), (leaf(2, sum - 1), sum - 1)])?;
    ensure!(witness.is_none());
    let slander = FraudProof::Tree(TreeWitness { tree: SumTree::Payouts, fault: proof::check::tree::TreeFault::Head });
    refused(prove(&world, Some(filed.id), &slander), &DisputesError::NotProven(Rule::NotFraud))
}

#[test]
fn after_a_void_the_epoch_waits_for_the_next_attempt_and_keeps_its_pots() -> Result<()> {
    let mut world = world()?;
    let filed = file(&mut world, misattribute, |_| ())?;
    sent("proving", prove(&world, Some(filed.id), &differing_byte(&world, &filed)?))?;
    let epoch = world.epoch(filed.id.epoch)?;
    ensure!(epoch.attempt == 1 && epoch.pots == filed.closed.epoch.pots);
    let mut old = world.true_report(&filed.closed)?.body;
    old.attempt = 0;
    refused(world.submit(world.signed_report(old, &[2, 3])), &PayoutError::WrongAttempt)?;
    let truth = world.true_report(&filed.closed)?;
    sent("the true report", world.submit(world.signed_report(truth.body, &[2, 3])))?;
    // The first attempt's proof can't void the second.
    let stale = prove(&world, Some(filed.id), &differing_byte(&world, &filed)?);
    refused(stale, &DisputesError::NotPending)
}

/// A world with one private answer, whose host claims in it a span that the text doesn't hold.
fn private(world: &mut World) -> Result<(Filed, FraudProof)> {
    let place = Place { source: 0, index: 1, offset: 0 };
    let span =
        |amount| Entry::Span(Span { start: 0, len: 20, skip: 0, held: 20, credited: place, whole: place, amount });
    let position = world.open_channel(10 * FEE)?;
    world.answer(position, "Nothing of this stands in any text at all.", FEE)?;
    let ledger = world.ledger(position)?;
    let receipt = &mut ledger.answers[0].receipt;
    receipt.flags = FLAG_PRIVATE;
    receipt.credits = credits_hash::<H>(&rule(encode_entries(&[span(0)]))?);
    let batch = world.settle(position)?;
    world.close_epoch()?;
    let tamper = |leaf: &mut EvidenceLeaf| {
        leaf.status = ATTRIBUTED;
        leaf.entries = vec![span(leaf.part)];
    };
    let filed = file(world, tamper, |_| ())?;
    let witness = span_witness(world, &filed)?;
    let path = rule(world.ledger(position)?.tree(1)?.path::<Node>(0))?;
    Ok((filed, FraudProof::PrivateSpan(HostsReceipt { batch, path }, witness)))
}

#[test]
fn the_host_of_a_false_private_receipt_is_slashed_and_the_report_stands() -> Result<()> {
    let mut world = world()?;
    let (filed, proof) = private(&mut world)?;
    let host = world.people.host.account();
    let stake = operator(&world, host)?.active;
    let outcome = sent("proving", prove(&world, Some(filed.id), &proof))?;
    let lost = stake * u128::from(world.config.disputes.report_bps) / 10_000;
    ensure!(outcome == Outcome::Slashed { operator: host, slashed: lost }, "{outcome:?}");
    ensure!(world.reported(filed.id.epoch)?.status == ReportStatus::Pending);
    Ok(())
}

#[test]
fn a_private_receipts_span_voids_no_report() -> Result<()> {
    let mut world = world()?;
    let (filed, proof) = private(&mut world)?;
    let FraudProof::PrivateSpan(redeemed, witness) = proof else { bail!("another proof") };
    let against_signers = FraudProof::Span(witness.clone());
    refused(prove(&world, Some(filed.id), &against_signers), &DisputesError::WrongAgainst)?;
    let elsewhere = FraudProof::PrivateSpan(HostsReceipt { batch: redeemed.batch + 1, ..redeemed }, witness);
    refused(prove(&world, Some(filed.id), &elsewhere), &DisputesError::NoSuchBatch)
}

#[test]
fn the_watchers_part_of_a_slash_is_paid_out_by_staking() -> Result<()> {
    let mut world = world()?;
    let filed = file(&mut world, misattribute, |_| ())?;
    let outcome = sent("proving", prove(&world, Some(filed.id), &differing_byte(&world, &filed)?))?;
    let Outcome::Voided { slashed, .. } = outcome else { bail!("{outcome:?}") };
    let watcher = world.people.watcher.clone();
    let before = world.balance(watcher.account())?;
    let call = message_builder!(Staking).claim_credit();
    let paid = sent("claiming", send(&*world.chain, &watcher, world.suite.staking, call))?;
    ensure!(paid == slashed * 3 / 10 && world.balance(watcher.account())? == before + paid, "{paid} of {slashed}");
    Ok(())
}
