//! What the registry takes, and what a model may be made from.

use anyhow::{Result, anyhow};
use chain::{CallError, Sent, send};
use ink::message_builder;
use openledger_abi::datanet::{Breach, DatanetError, DatanetRegistry, NewContribution, Terms};
use openledger_abi::models::{ModelError, ModelKind, ModelRegistry, NewModel, Source};

use crate::world::TEXTS;
use crate::{World, outcome::sent, refused};

fn contribute(world: &World, new: NewContribution, signature: [u8; 64]) -> Result<Sent<u64>, CallError<DatanetError>> {
    let call = message_builder!(DatanetRegistry).contribute(new, signature);
    send(&*world.chain, &world.people.host, world.suite.datanet_registry, call)
}

/// A contribution whose signed length is `length`, whatever its text.
fn of_length(world: &mut World, length: u64) -> Result<(NewContribution, [u8; 64])> {
    let contributor = world.people.contributors[0].clone();
    let text = world.fresh_text();
    let mut new = world.contribution(world.datanet, &contributor, text.as_bytes(), World::open_terms())?;
    new.length = length;
    let signature = world.terms_signature(&contributor, &new);
    Ok((new, signature))
}

pub fn a_copy_is_refused_and_names_the_first(world: &mut World) -> Result<()> {
    // Under somebody else's name and into another Datanet: the text is the same.
    let datanet = world.create_datanet()?;
    let thief = world.people.contributors[1].clone();
    let new = world.contribution(datanet, &thief, TEXTS[0].as_bytes(), World::open_terms())?;
    let signature = world.terms_signature(&thief, &new);
    let contribution = world.contributions[0];
    refused(contribute(world, new, signature), &DatanetError::RootTaken { contribution })
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

pub fn a_text_that_may_not_be_trained_on_stops_a_model_by_name(world: &mut World) -> Result<()> {
    let datanet = world.create_datanet()?;
    let contributor = world.people.contributors[2].clone();
    let open = world.fresh_text();
    world.contribute(datanet, &contributor, open.as_bytes(), World::open_terms())?;
    let closed = world.fresh_text();
    let terms = Terms { train: false, ..World::open_terms() };
    let contribution = world.contribute(datanet, &contributor, closed.as_bytes(), terms)?;
    let version = world.cut_version(datanet)?;
    // The second of the model's sources, and in it this contribution.
    let error = DatanetError::Breach(Breach::ForbidsTraining { contribution });
    refused(model_over(world, datanet, version), &ModelError::SourceRefused { source: 1, error })
}

pub fn a_version_with_a_revoked_text_stops_a_model(world: &mut World) -> Result<()> {
    let datanet = world.create_datanet()?;
    let contributor = world.people.contributors[2].clone();
    let text = world.fresh_text();
    let contribution = world.contribute(datanet, &contributor, text.as_bytes(), World::open_terms())?;
    let version = world.cut_version(datanet)?;
    model_over(world, datanet, version).map_err(|e| anyhow!("{e}"))?;

    let call = message_builder!(DatanetRegistry).revoke(contribution);
    sent("revoking", send(&*world.chain, &contributor, world.suite.datanet_registry, call))?;
    let error = DatanetError::Breach(Breach::HoldsRevoked { contribution });
    refused(model_over(world, datanet, version), &ModelError::SourceRefused { source: 1, error })
}
