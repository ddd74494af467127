//! The life of a commit and how provers share, without a chain.

use crate::commit::{self, Standing};
use crate::share::{self, First};
use openledger_abi::disputes::*;
use openledger_abi::judge::ReportId;
use openledger_abi::times::Unit;
use openledger_abi::AccountId;
use proof::Blake2;
use proptest::prelude::*;

const PARAMETERS: DisputeParameters = DisputeParameters { bond: 1_600, reveal_ms: 50 };
const REPORT: ReportId = ReportId { epoch: 3, attempt: 1 };

fn account(byte: u8) -> AccountId {
    AccountId::from([byte; 32])
}

/// A commit of account 1 at time 10 in block 5.
fn made() -> Commit {
    commit::make(account(1), [7; 32], REPORT, 1_600, PARAMETERS.reveal_ms, 10, 5).unwrap()
}

/// A report that fell at this time in this block by account 2's commit 4, with a reward of 1,000.
fn fell(at: u64, block: u32) -> Fall {
    share::fall(First { prover: account(2), commit: Some(4), at, block }, PARAMETERS.reveal_ms, 1_000, 0).unwrap()
}

#[test]
fn a_proof_is_revealed_in_a_later_block_and_in_time() {
    let at = |now, block| {
        commit::ensure_revealable(&made(), account(1), [7; 32], 10, block)
            .and_then(|()| commit::ensure_in_time(&made(), None, now))
    };
    assert_eq!(at(10, 5), Err(DisputesError::TooEarly));
    assert_eq!(at(10, 6), Ok(()));
    assert_eq!(at(60, 6), Ok(()));
    assert_eq!(at(61, 6), Err(DisputesError::TooLate));
}

#[test]
fn only_the_prover_reveals_and_only_what_it_committed_to() {
    let reveal = |caller, hash, length| commit::ensure_revealable(&made(), caller, hash, length, 6);
    assert_eq!(reveal(account(2), [7; 32], 10), Err(DisputesError::NotProver));
    assert_eq!(reveal(account(1), [8; 32], 10), Err(DisputesError::WrongPreimage));
    assert_eq!(reveal(account(1), [7; 32], MAX_PROOF_BYTES + 1), Err(DisputesError::ProofTooLong));
    assert_eq!(reveal(account(1), [7; 32], MAX_PROOF_BYTES), Ok(()));
}

#[test]
fn the_hash_is_the_provers_own() {
    let of = |account: &AccountId| commit_hash::<Blake2>(account, b"proof");
    assert_ne!(of(&account(1)), of(&account(2)));
    let mut preimage = vec![1; 32];
    preimage.extend_from_slice(b"proof");
    assert_eq!(of(&account(1)), <Blake2 as proof::Hasher>::blake2_256(&preimage));
}

#[test]
fn commits_of_blocks_before_the_first_reveal_may_follow_it_and_no_others() {
    let follow = |fall: Fall, now| commit::ensure_in_time(&made(), Some(&fall), now);
    assert_eq!(follow(fell(20, 6), 70), Ok(()), "through the sharing time, longer than its own");
    assert_eq!(follow(fell(20, 6), 71), Err(DisputesError::TooLate));
    assert_eq!(follow(fell(60, 6), 110), Ok(()), "it was open in the last moment");
    assert_eq!(follow(fell(61, 6), 61), Err(DisputesError::TooLate), "its time was over before");
    assert_eq!(follow(fell(20, 5), 30), Err(DisputesError::NotBeforeFirst), "the same block");
}

#[test]
fn a_bond_goes_back_when_another_voided_the_report_and_is_lost_when_nothing_came() {
    let settle = |standing, now| commit::settle(&mut made(), account(9), standing, now);
    assert_eq!(settle(Standing::Void, 11), Ok(CommitStatus::Returned));
    assert_eq!(settle(Standing::Stands, 60), Err(DisputesError::RevealOpen));
    let mut commit = made();
    assert_eq!(commit::settle(&mut commit, account(9), Standing::Stands, 61), Ok(CommitStatus::Forfeited));
    assert_eq!(commit::settle(&mut commit, account(9), Standing::Void, 62), Err(DisputesError::CommitSpent));
    let reveal = commit::ensure_revealable(&commit, account(1), [7; 32], 10, 6);
    assert_eq!(reveal, Err(DisputesError::CommitSpent));
}

#[test]
fn nobody_settles_anothers_commit_while_it_may_still_share() {
    let fell = Standing::Fell { share_until: 70 };
    assert_eq!(commit::settle(&mut made(), account(9), fell, 70), Err(DisputesError::SharingOpen));
    assert_eq!(commit::settle(&mut made(), account(1), fell, 30), Ok(CommitStatus::Returned));
    assert_eq!(commit::settle(&mut made(), account(9), fell, 71), Ok(CommitStatus::Returned));
}

#[test]
fn each_open_commit_makes_the_next_a_sixteenth_dearer() {
    assert_eq!(price(1_600, 0), Some(1_600));
    assert_eq!(price(1_600, 1), Some(1_700));
    assert_eq!(price(1_600, 16), Some(3_200));
    assert_eq!(price(u128::MAX, 1), None);
}

#[test]
fn the_earliest_commit_has_half_and_the_others_share_the_rest() {
    let proved = Part { proved: true, ..Part::default() };
    let share = |fall: &Fall, byte| share::due(fall, &account(byte), &proved).unwrap().0;
    let mut fall = fell(20, 6);
    assert_eq!(share(&fall, 2), 1_000, "alone");
    share::join(&mut fall, 7, account(3)).unwrap();
    assert_eq!((share(&fall, 2), share(&fall, 3)), (500, 500));
    // Who committed earlier and revealed later has the first half after all.
    share::join(&mut fall, 1, account(4)).unwrap();
    assert_eq!((share(&fall, 2), share(&fall, 3), share(&fall, 4)), (250, 250, 500));
    assert_eq!(share::due(&fall, &account(5), &Part::default()), Ok((0, 0)));
}

#[test]
fn who_asked_what_nobody_answered_stays_the_first() {
    let first = First { prover: account(2), commit: None, at: 20, block: 6 };
    let mut fall = share::fall(first, 50, 1_000, 0).unwrap();
    share::join(&mut fall, 0, account(3)).unwrap();
    assert_eq!(fall.first, account(2));
}

#[test]
fn nobody_is_shut_out_by_a_crowd_of_provers() {
    let mut fall = fell(20, 6);
    for number in 0..1_000 {
        share::join(&mut fall, 10 + number, account(3)).unwrap();
    }
    share::join(&mut fall, 1, account(4)).unwrap();
    assert_eq!((fall.first, fall.others), (account(4), 1_001), "the earliest, however late it shows its proof");
}

#[test]
fn lost_bonds_are_repaid_first_and_never_take_more_than_half() {
    let first = First { prover: account(2), commit: Some(4), at: 20, block: 6 };
    let lost = |lost| Part { lost, ..Part::default() };
    let few = share::fall(first, 50, 1_000, 300).unwrap();
    assert_eq!((few.reward, few.repaid), (700, 300));
    assert_eq!(share::due(&few, &account(8), &lost(100)), Ok((0, 100)));
    let many = share::fall(first, 50, 1_000, 2_000).unwrap();
    assert_eq!((many.reward, many.repaid), (500, 500));
    assert_eq!(share::due(&many, &account(8), &lost(400)), Ok((0, 100)));
}

#[test]
fn parameters_keep_their_bounds() {
    let unit = Unit::TenSeconds;
    let right = DisputeParameters { bond: 16, reveal_ms: 416 };
    assert_eq!(commit::validate(unit, &right), Ok(()));
    for bad in [
        DisputeParameters { bond: 15, ..right },
        DisputeParameters { reveal_ms: 415, ..right },
        DisputeParameters { reveal_ms: 20_001, ..right },
    ] {
        assert_eq!(commit::validate(unit, &bad), Err(DisputesError::BadParameters));
    }
}

proptest! {
    /// Whoever proves in whatever order, and whatever was lost: no more is paid than came.
    #[test]
    fn no_more_is_paid_than_came(
        reward in 0u128..1_000_000,
        commits in proptest::collection::vec(0u64..50, 0..40),
        lost in proptest::collection::vec(0u128..100_000, 0..6),
    ) {
        let sum: u128 = lost.iter().sum();
        let first = First { prover: account(200), commit: Some(25), at: 20, block: 6 };
        let mut fall = share::fall(first, 50, reward, sum).unwrap();
        let mut provers = vec![account(200)];
        for (byte, number) in (0u8..).zip(commits) {
            if share::join(&mut fall, number, account(byte)).is_ok() {
                provers.push(account(byte));
            }
        }
        let part = Part { proved: true, ..Part::default() };
        let shares: u128 = provers.iter().map(|prover| share::due(&fall, prover, &part).unwrap().0).sum();
        prop_assert_eq!(shares, fall.reward);
        let part = |lost| Part { lost, ..Part::default() };
        let repaid: u128 = lost.iter().map(|lost| share::due(&fall, &account(250), &part(*lost)).unwrap().1).sum();
        prop_assert!(repaid <= fall.repaid && fall.repaid + fall.reward == reward);
    }
}
