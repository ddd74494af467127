//! What a text must be to enter, and what a version allows.

use openledger_abi::datanet::{Breach, Contribution, DatanetError, NewContribution, Terms, Use, VersionTerms, MAX_CID};
use openledger_abi::{ensure, Bytes32, Timestamp, BPS};

/// Whether a text may enter, but for its signature and for what the registry holds already.
///
/// # Errors
/// `ZeroRoot`, `Empty`, `TooLong`, `BadCid`, `BadBps`, `TermsExpired`, `SignatureExpired`.
pub fn validate(new: &NewContribution, now: Timestamp) -> Result<(), DatanetError> {
    ensure!(new.root != [0; 32], DatanetError::ZeroRoot);
    ensure!(new.length > 0, DatanetError::Empty);
    ensure!(new.length <= proof::limits::MAX_CONTRIBUTION_BYTES, DatanetError::TooLong);
    ensure!(!new.cid.is_empty() && new.cid.len() <= MAX_CID, DatanetError::BadCid);
    ensure!(new.terms.min_bps <= BPS, DatanetError::BadBps);
    ensure!(!expired(&new.terms, now), DatanetError::TermsExpired);
    ensure!(now < new.deadline, DatanetError::SignatureExpired);
    Ok(())
}

/// What the contributor signs, with H(cid).
pub fn signed_body(new: &NewContribution, cid: Bytes32) -> proof::terms::Terms {
    proof::terms::Terms {
        datanet: new.datanet,
        content_root: new.root,
        length: new.length,
        cid,
        contributor: *new.contributor.as_ref(),
        licence: new.terms.into(),
        nonce: new.nonce,
        deadline: new.deadline,
    }
}

/// Whether terms have run out.
pub fn expired(terms: &Terms, now: Timestamp) -> bool {
    terms.expires_at != 0 && terms.expires_at <= now
}

/// Whether new versions may hold a contribution.
pub fn stands(contribution: &Contribution, now: Timestamp) -> bool {
    contribution.withdrawn_at.is_none()
        && contribution.struck_at.is_none()
        && contribution.passed_over_at.is_none()
        && !expired(&contribution.terms, now)
}

/// Joins the terms of one more contribution to what all before it allow.
pub fn join(all: &mut VersionTerms, terms: &Terms, contribution: u64) {
    let note = |first: &mut Option<u64>, applies: bool| {
        if applies && first.is_none() {
            *first = Some(contribution);
        }
    };
    note(&mut all.no_training, !terms.train);
    note(&mut all.no_retrieval, !terms.retrieve);
    note(&mut all.no_display, !terms.display);
    note(&mut all.no_commerce, !terms.commercial);
    note(&mut all.share_alike, terms.share_alike);
    if terms.min_bps > all.min_bps {
        all.min_bps = terms.min_bps;
        all.min_bps_by = Some(contribution);
    }
    if terms.expires_at != 0 && (all.expires_at == 0 || terms.expires_at < all.expires_at) {
        all.expires_at = terms.expires_at;
        all.expires_by = Some(contribution);
    }
}

/// What a version promises when its Datanet demands `floor_bps` of every model.
pub fn with_floor(mut all: VersionTerms, floor_bps: u16) -> VersionTerms {
    if floor_bps > all.min_bps {
        all.min_bps = floor_bps;
        all.min_bps_by = None;
    }
    all
}

/// Whether terms allow a use.
///
/// # Errors
/// The first term that it breaks.
pub fn allow(all: &VersionTerms, wanted: &Use, now: Timestamp) -> Result<(), Breach> {
    if let Some(contribution) = all.no_training.filter(|_| wanted.train) {
        return Err(Breach::ForbidsTraining { contribution });
    }
    if let Some(contribution) = all.no_retrieval.filter(|_| wanted.retrieve) {
        return Err(Breach::ForbidsRetrieval { contribution });
    }
    if let Some(contribution) = all.no_display.filter(|_| wanted.display) {
        return Err(Breach::ForbidsDisplay { contribution });
    }
    if let Some(contribution) = all.no_commerce.filter(|_| wanted.commercial) {
        return Err(Breach::ForbidsCommerce { contribution });
    }
    if wanted.contributors_bps < all.min_bps {
        return Err(Breach::ShareTooLow { wanted_bps: all.min_bps, contribution: all.min_bps_by });
    }
    if let Some(contribution) = all.expires_by.filter(|_| all.expires_at <= now) {
        return Err(Breach::Expired { contribution, expires_at: all.expires_at });
    }
    Ok(())
}
