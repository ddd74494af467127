//! Who comes first, what a single text can do to a Datanet, and what it costs when one is taken back.

use anyhow::{Context, Result, anyhow, ensure};
use chain::{CallError, Keypair, Sent, account_bytes, read, send};
use e2e::{H, World, outcome::sent, refused};
use ink::message_builder;
use openledger_abi::datanet::{
    Contribution, DatanetError, DatanetRegistry, Judges, LicenceFloor, NewContribution, Term, Terms,
};
use openledger_abi::models::{ModelError, ModelKind, ModelRegistry, NewModel, Source};
use proof::evidence::Entry;
use proof::params::Policy;
use proof::rules::spans::{Scan, SourceText, entries};

/// The author, and who would like to be.
fn author_and_thief(world: &World) -> (Keypair, Keypair) {
    (world.people.contributors[0].clone(), world.people.contributors[1].clone())
}

fn found(world: &World, contribution: u64) -> Result<Contribution> {
    let call = message_builder!(DatanetRegistry).contribution(contribution);
    read(&*world.chain, world.suite.datanet_registry, call)?.context("no such contribution")
}

fn signed(world: &World, by: &Keypair, datanet: u32, text: &str) -> Result<(NewContribution, [u8; 64])> {
    let new = world.contribution(datanet, by, text.as_bytes(), World::open_terms())?;
    let signature = world.terms_signature(by, &new);
    Ok((new, signature))
}

/// Whom the rules credit when an answer quotes `quoted`, if these are a Datanet's texts.
fn credited(world: &World, datanet: u32, texts: &[(u64, &str)], quoted: &str) -> Result<[u8; 32]> {
    let call = message_builder!(DatanetRegistry).leaves(datanet, 0, 128);
    let leaves = read(&*world.chain, world.suite.datanet_registry, call)?;
    let text_of = |number: u64| texts.iter().find(|(known, _)| *known == number).map(|(_, text)| *text);
    let texts: Vec<SourceText> = (0..)
        .zip(&leaves)
        .map(|(index, leaf)| SourceText {
            source: 0,
            index,
            seq: leaf.seq,
            contributor: account_bytes(&leaf.contributor),
            text: text_of(leaf.contribution).unwrap_or_default().as_bytes().to_vec(),
        })
        .collect();
    let policy = Policy { span_bps: 10_000, influence_bps: 0, retrieval_bps: 0, min_words: 3, c_max: 2 };
    let response = format!("They say: {quoted} So it is.");
    let scan = Scan::new(response.as_bytes(), &texts);
    let found = entries(response.as_bytes(), &policy, 48, &scan).map_err(|e| anyhow!("{e:?}"))?;
    let span = found.iter().find_map(|entry| match entry {
        Entry::Span(span) => Some(span.credited.index),
        _ => None,
    });
    let index = span.context("nothing is credited")?;
    Ok(texts.get(index as usize).context("no such text")?.contributor)
}

/// Two validators of the thief's own accept its near copy before the author's text; it enters the tree first.
pub fn a_copy_accepted_first_does_not_outrank_its_author(world: &mut World) -> Result<()> {
    let (author, thief) = author_and_thief(world);
    let datanet = world.create_datanet()?;
    let text = world.fresh_text();
    let copy = format!("{text} Truly.");
    let (original, signature) = signed(world, &author, datanet, &text)?;
    world.commit(&author, &original)?;

    // From here on the thief sees the text, and is faster in all that follows.
    let (stolen, thiefs) = signed(world, &thief, datanet, &copy)?;
    world.commit(&thief, &stolen)?;
    let second = sent("the copy", world.send_in(&thief, stolen, thiefs))?;
    world.accept(second)?;
    let first = sent("the original", world.send_in(&author, original, signature))?;
    world.accept(first)?;

    let (first_leaf, second_leaf) = (found(world, first)?, found(world, second)?);
    ensure!(second_leaf.index < first_leaf.index, "the copy is not before the original in the tree");
    ensure!(first_leaf.seq < second_leaf.seq, "the copy outranks its author");
    let texts = [(first, text.as_str()), (second, copy.as_str())];
    let paid = credited(world, datanet, &texts, &text)?;
    ensure!(paid == account_bytes(&author.account()), "the words are credited to the copy");
    let paid = credited(world, datanet, &texts, &copy)?;
    ensure!(paid == account_bytes(&author.account()), "a word more makes the copy the first");
    Ok(())
}

/// A relayer, or who makes blocks, sees what an author sends in, and sends something in before it, or nothing at all.
pub fn a_contribution_seen_on_its_way_cannot_be_taken(world: &mut World) -> Result<()> {
    let (author, thief) = author_and_thief(world);
    let (datanet, registry) = (world.datanet, world.suite.datanet_registry);
    let text = world.fresh_text();
    let (original, signature) = signed(world, &author, datanet, &text)?;

    // The commitment on its way: entered under another count, it would never open.
    let top = World::terms_body(&original).commitment().node::<H>().hash;
    let call = message_builder!(DatanetRegistry).commit(top, 2);
    sent("committing for nobody", send(&*world.chain, &thief, registry, call))?;
    let number = world.commit(&author, &original)?;
    // Entered again it gets no other number.
    let call = message_builder!(DatanetRegistry).commit(top, 1);
    let taken = send(&*world.chain, &thief, registry, call);
    refused(taken, &DatanetError::AlreadyCommitted { commitment: number })?;

    // The contribution on its way: the commitment is of the author's root and account, and the terms are of its salt.
    let (mut stolen, _) = signed(world, &thief, datanet, &text)?;
    stolen.salt = original.salt;
    let mine = world.terms_signature(&thief, &stolen);
    refused(world.send_in(&thief, stolen, mine), &DatanetError::UnknownCommitment)?;
    for change in [
        (|new: &mut NewContribution| new.datanet ^= 1) as fn(&mut NewContribution),
        |new: &mut NewContribution| new.terms.min_bps = 1,
        |new: &mut NewContribution| new.cid.push(0),
        |new: &mut NewContribution| new.deadline += 1,
    ] {
        let mut changed = original.clone();
        change(&mut changed);
        let outcome = world.send_in(&thief, changed, signature);
        let refusals = [DatanetError::BadSignature, DatanetError::UnknownDatanet];
        ensure!(
            matches!(&outcome, Err(CallError::Message(error)) if refusals.contains(error)),
            "changed terms: {:?}",
            outcome.map(|sent| sent.value)
        );
    }
    // With a commitment of its own the thief is a later contributor of the same text, and keeps nobody out.
    let (stolen, mine) = signed(world, &thief, datanet, &text)?;
    world.commit(&thief, &stolen)?;
    let second = sent("the same text", world.send_in(&thief, stolen, mine))?;
    // Whoever held it back: the author, or anybody else, opens it any time within its thirty days.
    let first = sent("the original", world.send_in(&world.people.host, original, signature))?;
    ensure!(found(world, first)?.seq < found(world, second)?.seq, "who was faster has precedence");
    Ok(())
}

/// Registers a model that trains, shows and sells, over a version.
fn model_over(world: &World, datanet: u32, version: u32) -> Result<Sent<u32>, CallError<ModelError>> {
    let mut revision = world.revision();
    revision.sources = vec![Source { datanet, version }];
    let new = NewModel { kind: ModelKind::Base, parents: Vec::new(), revision };
    let call = message_builder!(ModelRegistry).register(new);
    send(&*world.chain, &world.people.owner, world.suite.model_registry, call)
}

/// One text that allows nothing, wants everything or ends at once used to be in every later version.
pub fn one_text_whose_terms_forbid_training_ends_no_datanet(world: &mut World) -> Result<()> {
    let (author, spoiler) = author_and_thief(world);
    let datanet = world.create_datanet()?;
    let good = world.fresh_text();
    world.contribute(datanet, &author, good.as_bytes(), World::open_terms())?;
    let soon = world.chain.now()? + 600_000;
    let open = World::open_terms();
    for (terms, term) in [
        (Terms { train: false, ..open }, Term::Training),
        (Terms { retrieve: false, ..open }, Term::Retrieval),
        (Terms { display: false, ..open }, Term::Display),
        (Terms { commercial: false, ..open }, Term::Commerce),
        (Terms { share_alike: true, ..open }, Term::ShareAlike),
        (Terms { min_bps: 10_000, ..open }, Term::Share),
        (Terms { expires_at: soon, ..open }, Term::End),
    ] {
        let bad = world.fresh_text();
        let new = world.contribution(datanet, &spoiler, bad.as_bytes(), terms)?;
        world.commit(&spoiler, &new)?;
        let signature = world.terms_signature(&spoiler, &new);
        refused(world.send_in(&spoiler, new, signature), &DatanetError::BelowFloor(term))?;
    }
    let version = world.cut_version(datanet)?;
    sent("a model over it", model_over(world, datanet, version))?;

    // Where terms may end, what ended is as revoked and the Datanet goes on.
    let floor = LicenceFloor { earliest_end: 1, ..world.floor() };
    let agreeing = world.config.datanets.min_agreeing;
    let judges = Judges::Validators { agreeing };
    let datanet = world.create_datanet_with(floor, judges)?;
    let ends_at = world.chain.now()? + 60_000;
    let ending = world.fresh_text();
    let ending =
        world.contribute(datanet, &spoiler, ending.as_bytes(), Terms { expires_at: ends_at, ..World::open_terms() })?;
    let version = world.cut_version(datanet)?;
    let standing = found(world, ending)?.standing();
    ensure!(standing.earns(ends_at + 2, ends_at) && !standing.earns(ends_at + 2, ends_at + 1));
    sent("a model over it", model_over(world, datanet, version)).map(|_| ())
}

/// A contributor takes one text after the other back; each time the owner had to pay 0.2 coin a text to go on.
pub fn revoking_costs_nobody_anything(world: &mut World) -> Result<()> {
    let (author, spoiler) = author_and_thief(world);
    let (datanet, registry) = (world.create_datanet()?, world.suite.datanet_registry);
    let mut revoked = Vec::new();
    for _ in 0..3 {
        let text = world.fresh_text();
        revoked.push(world.contribute(datanet, &spoiler, text.as_bytes(), World::open_terms())?);
    }
    let before = world.cut_version(datanet)?;
    for contribution in revoked {
        let call = message_builder!(DatanetRegistry).revoke(contribution);
        let outcome = send(&*world.chain, &spoiler, registry, call).map_err(|e| anyhow!("{e}"))?;
        ensure!(
            outcome.receipt.deposit.abs() < 1_000_000_000,
            "revoking moved a deposit of {}",
            outcome.receipt.deposit
        );
    }
    // Versions of before and after stay what a model can name; nothing has to be done again.
    sent("a model over it", model_over(world, datanet, before))?;
    let text = world.fresh_text();
    world.contribute(datanet, &author, text.as_bytes(), World::open_terms())?;
    let after = world.cut_version(datanet)?;
    sent("a model over more", model_over(world, datanet, after)).map(|_| ())
}
