//! A commit's life: bonded, revealed in a later block and in time, or settled.

use openledger_abi::disputes::{Commit, CommitStatus, DisputeParameters, DisputesError, ReportId, MAX_PROOF_BYTES};
use openledger_abi::{ensure, AccountId, Bytes32, Timestamp, BPS};

/// Whether bond, times and rates are within their bounds.
pub fn validate(parameters: &DisputeParameters) -> Result<(), DisputesError> {
    let rate = |bps: u16| (1..=BPS).contains(&bps);
    ensure!(parameters.bond > 0 && parameters.reveal_ms > 0, DisputesError::BadParameters);
    ensure!(rate(parameters.report_bps) && rate(parameters.equivocation_bps), DisputesError::BadParameters);
    Ok(())
}

/// A new commit.
pub fn make(
    prover: AccountId,
    hash: Bytes32,
    report: Option<ReportId>,
    parameters: &DisputeParameters,
    now: Timestamp,
    block: u32,
) -> Result<Commit, DisputesError> {
    Ok(Commit {
        prover,
        hash,
        report,
        bond: parameters.bond,
        at: now,
        block,
        reveal_by: now.checked_add(parameters.reveal_ms).ok_or(DisputesError::Overflow)?,
        status: CommitStatus::Open,
    })
}

/// Whether this caller may reveal this proof now. `hash` is that of the caller and the proof.
///
/// A later block, so that nobody who saw a proof on its way can commit and reveal it before it arrives.
pub fn ensure_revealable(
    commit: &Commit,
    caller: AccountId,
    hash: Bytes32,
    length: usize,
    now: Timestamp,
    block: u32,
) -> Result<(), DisputesError> {
    ensure!(commit.prover == caller, DisputesError::NotProver);
    ensure!(commit.status == CommitStatus::Open, DisputesError::CommitSpent);
    ensure!(block > commit.block, DisputesError::TooEarly);
    ensure!(now <= commit.reveal_by, DisputesError::TooLate);
    ensure!(length <= MAX_PROOF_BYTES, DisputesError::ProofTooLong);
    ensure!(commit.hash == hash, DisputesError::WrongPreimage);
    Ok(())
}

/// What becomes of a commit that is not revealed: its bond goes back if its report was voided by another's proof, and is
/// lost once the time is over.
pub fn settle(commit: &mut Commit, voided: bool, now: Timestamp) -> Result<CommitStatus, DisputesError> {
    ensure!(commit.status == CommitStatus::Open, DisputesError::CommitSpent);
    commit.status = if voided {
        CommitStatus::Returned
    } else {
        ensure!(now > commit.reveal_by, DisputesError::RevealOpen);
        CommitStatus::Forfeited
    };
    Ok(commit.status)
}
