//! What a text must be to enter, what a Datanet may state of the terms in it, and what it promises to models.

use openledger_abi::datanet::{
    DatanetError, DatanetParameters, Judges, LicenceFloor, NewContribution, Term, Terms, Use, MAX_AGREEING, MAX_CID,
    MAX_CURATORS,
};
use openledger_abi::{ensure, Bytes32, Timestamp, BPS};

/// Whether a text may enter, but for its signature, its Datanet's floor, and what the registry holds already.
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
        licence: new.terms,
        salt: new.salt,
        deadline: new.deadline,
    }
}

/// Whether terms have run out.
pub fn expired(terms: &Terms, now: Timestamp) -> bool {
    terms.expires_at != 0 && terms.expires_at <= now
}

/// Whether terms allow what the Datanet states of all of them.
///
/// # Errors
/// `BelowFloor` with the first that they don't.
pub fn reach(floor: &LicenceFloor, terms: &Terms) -> Result<(), DatanetError> {
    let sooner = terms.expires_at != 0 && (floor.earliest_end == 0 || terms.expires_at < floor.earliest_end);
    let short = [
        (floor.train && !terms.train, Term::Training),
        (floor.retrieve && !terms.retrieve, Term::Retrieval),
        (floor.display && !terms.display, Term::Display),
        (floor.commercial && !terms.commercial, Term::Commerce),
        (terms.share_alike && !floor.share_alike, Term::ShareAlike),
        (terms.min_bps > floor.share_bps, Term::Share),
        (sooner, Term::End),
    ];
    first_of(&short).map_or(Ok(()), |term| Err(DatanetError::BelowFloor(term)))
}

/// Whether what is stated of all terms allows a use.
///
/// # Errors
/// `NotPromised` with the first term that it breaks.
pub fn allow(floor: &LicenceFloor, wanted: &Use) -> Result<(), DatanetError> {
    let broken = [
        (wanted.train && !floor.train, Term::Training),
        (wanted.retrieve && !floor.retrieve, Term::Retrieval),
        (wanted.display && !floor.display, Term::Display),
        (wanted.commercial && !floor.commercial, Term::Commerce),
        (wanted.contributors_bps < floor.share_bps, Term::Share),
    ];
    first_of(&broken).map_or(Ok(()), |term| Err(DatanetError::NotPromised(term)))
}

fn first_of(terms: &[(bool, Term)]) -> Option<Term> {
    terms.iter().find(|(applies, _)| *applies).map(|(_, term)| *term)
}

/// Whether a Datanet may name these judges.
///
/// # Errors
/// `BadJudges`.
pub fn judges(judges: &Judges, parameters: &DatanetParameters) -> Result<(), DatanetError> {
    let good = match judges {
        Judges::Curators { members, threshold } => {
            let twice = (1..).zip(members).any(|(next, member)| members.iter().skip(next).any(|other| other == member));
            members.len() <= MAX_CURATORS && !twice && *threshold >= 1 && usize::from(*threshold) <= members.len()
        }
        Judges::Validators { agreeing } => *agreeing >= parameters.min_agreeing && *agreeing <= MAX_AGREEING,
    };
    ensure!(good, DatanetError::BadJudges);
    Ok(())
}
