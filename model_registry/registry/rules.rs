//! What a model, a revision and an announcement must be.

use ink::prelude::vec::Vec;
use openledger_abi::datanet::Use;
use openledger_abi::models::*;
use openledger_abi::{ensure, Timestamp, BPS};

fn cid(bytes: &[u8]) -> Result<(), ModelError> {
    ensure!(bytes.len() <= MAX_MODEL_CID, ModelError::BadCid);
    Ok(())
}

/// The first value that stands a second time in a list of a few dozen.
fn doubled<T: PartialEq>(list: &[T]) -> Option<usize> {
    list.iter()
        .enumerate()
        .find_map(|(place, value)| list.iter().take(place).any(|other| other == value).then_some(place))
}

/// Whether a revision of a model of this kind is well formed, but for what its sources allow.
///
/// # Errors
/// `NoArtefact`, `BadCid`, `TooManySources`, `DoubleSource`, `NeedsSource`, `BadPolicy`, `BadSketches`, `ShareOutOfBounds`.
pub fn revision(kind: ModelKind, new: &NewRevision, parameters: &ModelParameters) -> Result<(), ModelError> {
    ensure!(new.artefact_hash != [0; 32], ModelError::NoArtefact);
    ensure!(!new.artefact_cid.is_empty(), ModelError::BadCid);
    cid(&new.artefact_cid)?;
    cid(&new.card_cid)?;
    ensure!(new.sources.len() <= MAX_SOURCES, ModelError::TooManySources);
    if let Some(place) = doubled(&new.sources) {
        return Err(ModelError::DoubleSource { source: position(place)? });
    }
    ensure!(!new.sources.is_empty() || kind != ModelKind::Adapter, ModelError::NeedsSource);
    proof::params::Policy::from(new.policy).validate().map_err(|_| ModelError::BadPolicy)?;
    sketches(&new.sketches)?;
    let (min_bps, max_bps) = (parameters.min_contributors_bps, parameters.max_contributors_bps);
    let within = new.contributors_bps >= min_bps && new.contributors_bps <= max_bps;
    ensure!(within, ModelError::ShareOutOfBounds { min_bps, max_bps });
    Ok(())
}

/// A source's position as evidence names it.
///
/// # Errors
/// `TooManySources`.
pub fn position(place: usize) -> Result<u8, ModelError> {
    u8::try_from(place).map_err(|_| ModelError::TooManySources)
}

fn sketches(root: &SketchRoot) -> Result<(), ModelError> {
    if root.count == 0 {
        ensure!(*root == SketchRoot::default(), ModelError::BadSketches);
        return Ok(());
    }
    ensure!(root.count <= MAX_ROWS && root.d > 0 && root.d <= MAX_SKETCH, ModelError::BadSketches);
    Ok(())
}

/// What a revision wants to do with its sources.
pub fn wanted(kind: ModelKind, new: &NewRevision) -> Use {
    use_of(kind, &new.policy, new.price_in > 0 || new.price_out > 0, new.contributors_bps)
}

/// What a kept revision wanted to do with its sources.
pub fn wanted_by(kind: ModelKind, kept: &Revision) -> Use {
    use_of(kind, &kept.policy, kept.price_in > 0 || kept.price_out > 0, kept.contributors_bps)
}

fn use_of(kind: ModelKind, policy: &AttributionPolicy, commercial: bool, contributors_bps: u16) -> Use {
    Use {
        train: kind != ModelKind::Agent,
        retrieve: kind == ModelKind::Agent || policy.retrieval_bps > 0,
        display: policy.span_bps > 0,
        commercial,
        contributors_bps,
    }
}

/// Whether a revision asks for nothing of its sources that the one before it did not ask for.
pub fn asks_no_more(before: &Use, after: &Use) -> bool {
    let no_more = |before: bool, after: bool| before || !after;
    no_more(before.train, after.train)
        && no_more(before.retrieve, after.retrieve)
        && no_more(before.display, after.display)
        && no_more(before.commercial, after.commercial)
        && after.contributors_bps >= before.contributors_bps
}

/// Whether parents fit a model of this kind; `read` gives those that exist.
///
/// # Errors
/// `TooManyParents`, `DoubleParent`, `BadParent`, `NeedsParent`, `RoyaltiesAboveCap`.
pub fn parents(
    kind: ModelKind,
    parents: &[Parent],
    parameters: &ModelParameters,
    read: impl Fn(u32) -> Option<Model>,
) -> Result<(), ModelError> {
    ensure!(parents.len() <= MAX_MODEL_PARENTS, ModelError::TooManyParents);
    let numbers: Vec<u32> = parents.iter().map(|parent| parent.model).collect();
    if let Some(model) = doubled(&numbers).and_then(|place| numbers.get(place)) {
        return Err(ModelError::DoubleParent { model: *model });
    }
    let mut royalties = 0u32;
    let mut first = None;
    for parent in parents {
        // A parent exists before its child, so it has a lower number and no cycle can come about.
        let found = read(parent.model).filter(|found| found.status != ModelStatus::Retired);
        let found = found.ok_or(ModelError::BadParent { model: parent.model })?;
        first = first.or(Some(found.kind));
        royalties = royalties.checked_add(u32::from(parent.royalty_bps)).ok_or(ModelError::Overflow)?;
    }
    let fits = match kind {
        ModelKind::Base => true,
        ModelKind::Adapter => matches!(first, Some(ModelKind::Base | ModelKind::Adapter)),
        ModelKind::Agent => first.is_some(),
    };
    ensure!(fits, ModelError::NeedsParent);
    let cap_bps = parameters.royalty_cap_bps;
    ensure!(royalties <= u32::from(cap_bps), ModelError::RoyaltiesAboveCap { cap_bps });
    Ok(())
}

/// Whether an announcement is well formed; `exists` tells of models that are not retired.
///
/// # Errors
/// `BadEndpoint`, `TooManyHosted`, `DoubleHosted`, `UnknownModel`, `Retired`.
pub fn announcement(host: &Host, status: impl Fn(u32) -> Option<ModelStatus>) -> Result<(), ModelError> {
    let endpoint = &host.endpoint;
    let good = !endpoint.is_empty() && endpoint.len() <= MAX_ENDPOINT && core::str::from_utf8(endpoint).is_ok();
    ensure!(good, ModelError::BadEndpoint);
    ensure!(host.models.len() <= MAX_HOSTED, ModelError::TooManyHosted);
    let numbers: Vec<u32> = host.models.iter().map(|hosted| hosted.model).collect();
    if let Some(model) = doubled(&numbers).and_then(|place| numbers.get(place)) {
        return Err(ModelError::DoubleHosted { model: *model });
    }
    for model in numbers {
        let found = status(model).ok_or(ModelError::UnknownModel)?;
        ensure!(found != ModelStatus::Retired, ModelError::Retired);
    }
    Ok(())
}

/// Whether parameters are within their bounds.
///
/// # Errors
/// `BadParameters`.
pub fn parameters(parameters: &ModelParameters) -> Result<(), ModelError> {
    let good = parameters.royalty_cap_bps <= BPS
        && parameters.max_contributors_bps <= BPS
        && parameters.min_contributors_bps <= parameters.max_contributors_bps;
    ensure!(good, ModelError::BadParameters);
    Ok(())
}

/// A revision as it is kept.
pub fn kept(new: NewRevision, now: Timestamp) -> Revision {
    Revision {
        artefact_cid: new.artefact_cid,
        artefact_hash: new.artefact_hash,
        sources: new.sources,
        sketches: new.sketches,
        price_in: new.price_in,
        price_out: new.price_out,
        contributors_bps: new.contributors_bps,
        policy: new.policy,
        access: new.access,
        evaluation_hash: new.evaluation_hash,
        card_cid: new.card_cid,
        created_at: now,
    }
}
