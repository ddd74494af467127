//! A commit's life: bonded, revealed in a later block and in time, or settled.

use openledger_abi::disputes::{
    Commit, CommitStatus, DisputeParameters, DisputesError, Fall, BOND_STEPS, MAX_PROOF_BYTES,
};
use openledger_abi::judge::ReportId;
use openledger_abi::times::{Unit, REVEAL};
use openledger_abi::{ensure, AccountId, Balance, Bytes32, Timestamp};

/// Whether bond and times are within their bounds.
pub fn validate(unit: Unit, parameters: &DisputeParameters) -> Result<(), DisputesError> {
    // A lower bond would not grow by its sixteenths.
    ensure!(parameters.bond >= BOND_STEPS, DisputesError::BadParameters);
    let in_time = parameters.reveal_ms >= unit.least() && REVEAL.allow(unit, parameters.reveal_ms);
    ensure!(in_time, DisputesError::BadParameters);
    Ok(())
}

/// A new commit.
pub fn make(
    prover: AccountId,
    hash: Bytes32,
    report: ReportId,
    bond: Balance,
    reveal_ms: u64,
    now: Timestamp,
    block: u32,
) -> Result<Commit, DisputesError> {
    let reveal_by = now.checked_add(reveal_ms).ok_or(DisputesError::Overflow)?;
    Ok(Commit { prover, hash, report, bond, at: now, block, reveal_by, status: CommitStatus::Open })
}

/// Whether this caller may reveal this proof in this block. `hash` is that of the caller and the proof.
///
/// A later block, so that nobody who saw a proof on its way can commit and reveal it before it arrives.
pub fn ensure_revealable(
    commit: &Commit,
    caller: AccountId,
    hash: Bytes32,
    length: usize,
    block: u32,
) -> Result<(), DisputesError> {
    ensure!(commit.prover == caller, DisputesError::NotProver);
    ensure!(commit.status == CommitStatus::Open, DisputesError::CommitSpent);
    ensure!(block > commit.block, DisputesError::TooEarly);
    ensure!(length <= MAX_PROOF_BYTES, DisputesError::ProofTooLong);
    ensure!(commit.hash == hash, DisputesError::WrongPreimage);
    Ok(())
}

/// Whether the reveal comes in time: before `reveal_by`, or while the provers of a report that fell by then share.
///
/// Of the blocks before the first reveal alone, since from then on everybody can see a proof that holds.
pub fn ensure_in_time(commit: &Commit, fall: Option<&Fall>, now: Timestamp) -> Result<(), DisputesError> {
    let until = match fall {
        None => commit.reveal_by,
        Some(fall) => {
            ensure!(commit.block < fall.block, DisputesError::NotBeforeFirst);
            ensure!(commit.reveal_by >= fall.at, DisputesError::TooLate);
            fall.share_until
        }
    };
    ensure!(now <= until, DisputesError::TooLate);
    Ok(())
}

/// How its report stands when a commit is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Pending or live.
    Stands,
    /// Void, and no prover shares.
    Void,
    /// It fell; provers may join through this time.
    Fell { share_until: Timestamp },
}

/// What becomes of a commit that is not revealed: its bond goes back if its report fell without it, and is lost once the
/// time is over. Nobody but its prover may take its chance to share.
pub fn settle(
    commit: &mut Commit,
    caller: AccountId,
    standing: Standing,
    now: Timestamp,
) -> Result<CommitStatus, DisputesError> {
    ensure!(commit.status == CommitStatus::Open, DisputesError::CommitSpent);
    commit.status = match standing {
        Standing::Void => CommitStatus::Returned,
        Standing::Fell { share_until } => {
            ensure!(commit.prover == caller || now > share_until, DisputesError::SharingOpen);
            CommitStatus::Returned
        }
        Standing::Stands => {
            ensure!(now > commit.reveal_by, DisputesError::RevealOpen);
            CommitStatus::Forfeited
        }
    };
    Ok(commit.status)
}
