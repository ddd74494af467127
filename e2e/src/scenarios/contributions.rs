//! What the registry takes, and what a model may be made from.

use anyhow::Result;
use chain::{CallError, Sent, send};
use ink::message_builder;
use openledger_abi::datanet::{
    DatanetError, DatanetRegistry, Judges, LicenceFloor, NewContribution, Opening, Term, Terms,
};
use openledger_abi::models::{ModelError, ModelKind, ModelRegistry, NewModel, Source};
use proof::tree::MerkleTree;
use proof::{Hash, Tree};

use crate::world::TEXTS;
use crate::{H, World, outcome::sent, refused};

fn contribute(world: &World, new: NewContribution, signature: [u8; 64]) -> Result<Sent<u64>, CallError<DatanetError>> {
    world.send_in(&world.people.host, new, signature)
}

/// A contribution that was committed to, whose signed length is `length`, whatever its text.
fn of_length(world: &mut World, length: u64) -> Result<(NewContribution, [u8; 64])> {
    let contributor = world.people.contributors[0].clone();
    let text = world.fresh_text();
    let mut new = world.contribution(world.datanet, &contributor, text.as_bytes(), World::open_terms())?;
    new.length = length;
    world.commit(&contributor, &new)?;
    let signature = world.terms_signature(&contributor, &new);
    Ok((new, signature))
}

pub fn a_contributor_enters_a_text_once_in_a_datanet(world: &mut World) -> Result<()> {
    let contributor = world.people.contributors[0].clone();
    let mut new = world.contribution(world.datanet, &contributor, TEXTS[0].as_bytes(), World::open_terms())?;
    new.salt = [1; 32];
    world.commit(&contributor, &new)?;
    let signature = world.terms_signature(&contributor, &new);
    let contribution = world.contributions[0];
    refused(contribute(world, new, signature), &DatanetError::AlreadyEntered { contribution })
}

pub fn a_text_that_nobody_committed_to_is_refused(world: &mut World) -> Result<()> {
    let contributor = world.people.contributors[0].clone();
    let text = world.fresh_text();
    let mut new = world.contribution(world.datanet, &contributor, text.as_bytes(), World::open_terms())?;
    world.commit(&contributor, &new)?;
    new.salt = [1; 32];
    let signature = world.terms_signature(&contributor, &new);
    refused(contribute(world, new, signature), &DatanetError::UnknownCommitment)
}

pub fn one_commits_for_many_and_each_opens_its_own_place(world: &mut World) -> Result<()> {
    let people = world.people.contributors.clone();
    let mut all = Vec::new();
    for contributor in &people {
        let text = world.fresh_text();
        all.push(world.contribution(world.datanet, contributor, text.as_bytes(), World::open_terms())?);
    }
    let nodes = all.iter().map(|new| World::terms_body(new).commitment().node::<H>()).collect();
    let tree = MerkleTree::build::<H>(Tree::Commitments, nodes).map_err(|e| anyhow::anyhow!("{e:?}"))?;
    let registry = world.suite.datanet_registry;
    let call = message_builder!(DatanetRegistry).commit(tree.top().hash, 3);
    let number = sent("committing for all", send(&*world.chain, &world.people.host, registry, call))?;
    world.tick()?;
    for (index, (contributor, new)) in (0..3u32).zip(people.iter().zip(all)).rev() {
        let path = tree.path::<Hash>(index.into()).map_err(|e| anyhow::anyhow!("{e:?}"))?;
        let opening = Opening { count: 3, index, path };
        let signature = world.terms_signature(contributor, &new);
        let call = || message_builder!(DatanetRegistry).contribute(new.clone(), opening.clone(), signature);
        let contribution = sent("opening", send(&*world.chain, &world.people.host, registry, call()))?;
        let call_again = send(&*world.chain, &world.people.host, registry, call());
        refused(call_again, &DatanetError::AlreadyOpened)?;
        let found = chain::read(&*world.chain, registry, message_builder!(DatanetRegistry).contribution(contribution))?;
        let wanted = proof::terms::seq(number, index).map_err(|e| anyhow::anyhow!("{e:?}"))?;
        anyhow::ensure!(found.as_ref().is_some_and(|found| found.seq == wanted), "{found:?}");
    }
    Ok(())
}

pub fn an_empty_text_is_refused(world: &mut World) -> Result<()> {
    let (new, signature) = of_length(world, 0)?;
    refused(contribute(world, new, signature), &DatanetError::Empty)
}

pub fn a_text_above_sixteen_mebibytes_is_refused(world: &mut World) -> Result<()> {
    let (new, signature) = of_length(world, (16 << 20) + 1)?;
    refused(contribute(world, new, signature), &DatanetError::TooLong)
}

pub fn terms_that_another_signed_are_refused(world: &mut World) -> Result<()> {
    let (contributor, other) = (world.people.contributors[0].clone(), world.people.contributors[1].clone());
    let text = world.fresh_text();
    let new = world.contribution(world.datanet, &contributor, text.as_bytes(), World::open_terms())?;
    world.commit(&contributor, &new)?;
    let signature = world.terms_signature(&other, &new);
    refused(contribute(world, new, signature), &DatanetError::BadSignature)
}

/// Registers a model over a version of a Datanet.
fn model_over(world: &World, datanet: u32, version: u32) -> Result<Sent<u32>, CallError<ModelError>> {
    let mut revision = world.revision();
    revision.sources.push(Source { datanet, version });
    let new = NewModel { kind: ModelKind::Base, parents: Vec::new(), revision };
    let call = message_builder!(ModelRegistry).register(new);
    send(&*world.chain, &world.people.owner, world.suite.model_registry, call)
}

pub fn a_datanet_that_does_not_promise_training_stops_a_model_by_name(world: &mut World) -> Result<()> {
    let floor = LicenceFloor { train: false, ..world.floor() };
    let datanet = world.create_datanet_with(floor, Judges::Validators { agreeing: 1 })?;
    let contributor = world.people.contributors[2].clone();
    let closed = world.fresh_text();
    world.contribute(datanet, &contributor, closed.as_bytes(), Terms { train: false, ..World::open_terms() })?;
    let version = world.cut_version(datanet)?;
    // The second of the model's sources.
    let error = DatanetError::NotPromised(Term::Training);
    refused(model_over(world, datanet, version), &ModelError::SourceRefused { source: 1, error })
}

pub fn the_curators_that_a_datanet_names_decide(world: &mut World) -> Result<()> {
    let (first, second) = (world.people.host.clone(), world.people.payer.clone());
    let judges = Judges::Curators { members: vec![first.account(), second.account()], threshold: 2 };
    let datanet = world.create_datanet_with(world.floor(), judges)?;
    let contributor = world.people.contributors[2].clone();
    let text = world.fresh_text();
    let contribution = world.enter(datanet, &contributor, text.as_bytes(), World::open_terms())?;
    let registry = world.suite.datanet_registry;
    let verdict = || message_builder!(DatanetRegistry).verdict(contribution, true, 9_000);
    refused(send(&*world.chain, &world.people.validator, registry, verdict()), &DatanetError::NotCurator)?;
    sent("the first verdict", send(&*world.chain, &first, registry, verdict()))?;
    refused(send(&*world.chain, &first, registry, verdict()), &DatanetError::AlreadyJudged)?;
    sent("the second verdict", send(&*world.chain, &second, registry, verdict()))?;
    world.cut_version(datanet).map(|_| ())
}
