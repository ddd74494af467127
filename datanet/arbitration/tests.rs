//! Challenges without a chain: the rules over the storage that the contract uses.
use crate::closing::decision;
use crate::judging::{snapshot_at, Pool};
use crate::opening::{self, Subject};
use crate::state::Cases;
use ink::env::DefaultEnvironment;
use openledger_abi::arbitration::*;
use openledger_abi::datanet::{Contribution, ContributionStatus, Terms};
use openledger_abi::times::{Unit, IN_FORCE, JUDGING};
use openledger_abi::{AccountId, Balance, Timestamp, OPEN};

pub const UNIT: Unit = Unit::TenSeconds;
pub const START: Timestamp = 1_000_000;
pub const BOND: Balance = 100 * OPEN;
pub const SALT: [u8; 32] = [5; 32];
/// What all validators have bonded.
pub const ALL: Balance = 9_000 * OPEN;

const CHALLENGER: u8 = 1;
const CONTRIBUTOR: u8 = 2;
const PAYEE: u8 = 3;
const AUTHOR: u8 = 4;
/// Validators.
const V: u8 = 10;
const W: u8 = 11;

pub fn account(byte: u8) -> AccountId {
    AccountId::from([byte; 32])
}

pub fn terms() -> ArbitrationParameters {
    ArbitrationParameters { bond: BOND, commit_ms: 10_000, reveal_ms: 20_000, fee_bps: 1_000, slash_bps: 1_000 }
}

pub fn contribution(status: ContributionStatus) -> Contribution {
    Contribution {
        datanet: 0,
        root: [1; 32],
        length: 10,
        cid: vec![1],
        contributor: account(CONTRIBUTOR),
        payee: account(PAYEE),
        terms: Terms {
            licence: [0; 32],
            train: true,
            retrieve: true,
            display: true,
            commercial: true,
            share_alike: false,
            min_bps: 0,
            expires_at: 0,
        },
        status,
        contributed_at: 1,
        seq: 0,
        index: None,
        decided_at: Some(2),
        quality_bps: 0,
        accepts: 0,
        rejects: 0,
        withdrawn_at: None,
        struck_at: None,
        restored_at: None,
        previous: None,
    }
}

fn subject(status: ContributionStatus) -> Subject {
    Subject { number: 7, contribution: contribution(status), original: None }
}

fn copied(remedy: Remedy) -> (Subject, Ground) {
    let author = account(AUTHOR);
    let original = Contribution { contributor: author, payee: author, ..contribution(ContributionStatus::Accepted) };
    let copy = Subject { original: Some(original), ..subject(ContributionStatus::Accepted) };
    (copy, Ground::Copied { original: 3, remedy })
}

pub fn on_chain(test: impl FnOnce(&mut Cases)) {
    ink::env::test::run_test::<DefaultEnvironment, _>(|_| {
        test(&mut Cases::default());
        Ok(())
    })
    .unwrap();
}

fn open(cases: &mut Cases, subject: &Subject, ground: Ground) -> Result<u64, ArbitrationError> {
    cases.open((UNIT, terms()), (account(CHALLENGER), START), subject, ground, ALL).map(|(number, _)| number)
}

/// An accepted contribution, challenged as worthless.
fn opened(cases: &mut Cases) -> u64 {
    open(cases, &subject(ContributionStatus::Accepted), Ground::Worthless).unwrap()
}

fn pool(active: Balance) -> Pool {
    Pool { in_service: true, active }
}

fn hash(challenge: u64, validator: u8, choice: Choice) -> [u8; 32] {
    judgement_hash::<proof::Blake2>(challenge, &account(validator), choice, &SALT)
}

/// As the shell does it.
fn commit(
    cases: &mut Cases,
    challenge: u64,
    validator: u8,
    now: Timestamp,
    (hash, pool, snapshot): ([u8; 32], Pool, Balance),
) -> Result<Balance, ArbitrationError> {
    cases.ensure_committable(challenge, (account(validator), now))?;
    cases.commit(challenge, account(validator), hash, pool, snapshot)
}

fn reveal(
    cases: &mut Cases,
    challenge: u64,
    validator: u8,
    now: Timestamp,
    choice: Choice,
    active: Balance,
) -> Result<Balance, ArbitrationError> {
    cases.reveal::<proof::Blake2>(challenge, (account(validator), now), choice, &SALT, pool(active))
}

/// A validator of this stake judges, in time.
pub fn judge(cases: &mut Cases, challenge: u64, validator: u8, choice: Choice, stake: Balance) {
    let known = cases.challenge(challenge).unwrap();
    let committed = (hash(challenge, validator, choice), pool(stake), stake);
    commit(cases, challenge, validator, known.opened_at, committed).unwrap();
    reveal(cases, challenge, validator, known.commit_until, choice, stake).unwrap();
}

fn back(cases: &mut Cases, challenge: u64, by: u8, choice: Choice, amount: Balance) {
    cases.back(challenge, (account(by), START), choice, amount).unwrap();
}

fn claim(cases: &mut Cases, challenge: u64, by: u8) -> Result<(Balance, Balance), ArbitrationError> {
    cases.claim(challenge, account(by))
}

#[test]
fn parameters_outside_their_bounds_are_refused() {
    let good = terms();
    let bad = |change: fn(&mut ArbitrationParameters)| {
        let mut changed = good;
        change(&mut changed);
        opening::validate(UNIT, &changed)
    };
    assert_eq!(opening::validate(UNIT, &good), Ok(()));
    let (least, most) = (JUDGING.min, JUDGING.max);
    let set = |commit_ms| opening::validate(UNIT, &ArbitrationParameters { commit_ms, ..good });
    assert_eq!((set(UNIT.ms(least)), set(UNIT.ms(most))), (Ok(()), Ok(())));
    assert_eq!(set(UNIT.ms(least) - 1), Err(ArbitrationError::BadParameters));
    assert_eq!(set(UNIT.ms(most) + 1), Err(ArbitrationError::BadParameters));
    let all: [fn(&mut ArbitrationParameters); 5] = [
        |p| p.bond = 0,
        |p| p.reveal_ms = 9_999,
        |p| p.reveal_ms = 100_001,
        |p| p.fee_bps = 10_001,
        |p| p.slash_bps = 10_001,
    ];
    for change in all {
        assert_eq!(bad(change), Err(ArbitrationError::BadParameters));
    }
    // On a chain that lives, ten seconds are no time to judge.
    assert_eq!(opening::validate(Unit::Day, &good), Err(ArbitrationError::BadParameters));
}

#[test]
fn a_ground_is_taken_where_it_could_change_something() {
    use ContributionStatus::{Accepted, Pending, Rejected};
    let (_, strike) = copied(Remedy::Strike);
    let (_, pay) = copied(Remedy::PayAuthor);
    let refused = Err(ArbitrationError::NotChallengeable);
    for (status, ground, expected) in [
        (Pending, strike, Ok(())),
        (Pending, pay, Ok(())),
        (Pending, Ground::Worthless, Ok(())),
        (Pending, Ground::WronglyRejected, refused),
        (Accepted, strike, Ok(())),
        (Accepted, pay, Ok(())),
        (Accepted, Ground::Worthless, Ok(())),
        (Accepted, Ground::WronglyRejected, refused),
        (Rejected, strike, refused),
        (Rejected, pay, refused),
        (Rejected, Ground::Worthless, refused),
        (Rejected, Ground::WronglyRejected, Ok(())),
    ] {
        let mut subject = subject(status);
        assert_eq!(subject.ensure_open_to(ground), expected, "{status:?} {ground:?}");
        subject.contribution.struck_at = Some(3);
        assert_eq!(subject.ensure_open_to(ground), refused, "struck, {status:?} {ground:?}");
        subject.contribution.restored_at = Some(4);
        let strikes = ground == strike || ground == Ground::Worthless;
        let expected = if strikes { refused } else { expected };
        assert_eq!(subject.ensure_open_to(ground), expected, "restored, {status:?} {ground:?}");
    }
    let itself = Ground::Copied { original: 7, remedy: Remedy::PayAuthor };
    assert_eq!(subject(Accepted).ensure_open_to(itself), Err(ArbitrationError::OwnOriginal));
}

#[test]
fn one_challenge_a_ground_is_open_and_only_a_dismissed_one_makes_the_next_dearer() {
    on_chain(|cases| {
        let accepted = subject(ContributionStatus::Accepted);
        let again = |cases: &mut Cases, bond| {
            let number = open(cases, &accepted, Ground::Worthless).unwrap();
            let second = open(cases, &accepted, Ground::Worthless);
            assert_eq!(second, Err(ArbitrationError::AlreadyChallenged { challenge: number }));
            let known = cases.challenge(number).unwrap();
            assert_eq!((known.bond, cases.bond(number, Choice::Uphold, account(CHALLENGER))), (bond, bond));
            (number, known)
        };
        // Undecided: anybody could see to that, and would keep others out by it.
        let (number, known) = again(cases, BOND);
        assert_eq!(cases.close(number, known.reveal_until).unwrap().0.status, ChallengeStatus::Undecided);
        let (number, known) = again(cases, BOND);
        judge(cases, number, V, Choice::Dismiss, ALL);
        assert_eq!(cases.close(number, known.due_at).unwrap().0.status, ChallengeStatus::Dismissed);
        let (number, known) = again(cases, 2 * BOND);
        judge(cases, number, V, Choice::Dismiss, ALL);
        cases.undo(number, known.due_at).unwrap();
        let (number, known) = again(cases, 2 * BOND);
        judge(cases, number, V, Choice::Dismiss, ALL);
        cases.close(number, known.due_at).unwrap();
        again(cases, 4 * BOND);
        // At last nobody can pay it, and doubling ends as an error.
        for dismissed in [127, 128] {
            let line = crate::state::Line { dismissed, open: None };
            assert_eq!(opening::price(line, &terms()), Err(ArbitrationError::Overflow));
        }
    });
}

#[test]
fn an_original_that_nobody_copied_keeps_nobodys_challenge_out() {
    on_chain(|cases| {
        let (copy, ground) = copied(Remedy::Strike);
        let nonsense = Ground::Copied { original: 55, remedy: Remedy::Strike };
        let first = open(cases, &copy, nonsense).unwrap();
        let second = open(cases, &copy, ground).unwrap();
        assert_eq!(cases.challenge(second).unwrap().bond, BOND);
        // The remedy makes no other ground.
        let (copy, other) = copied(Remedy::PayAuthor);
        let taken = Err(ArbitrationError::AlreadyChallenged { challenge: second });
        assert_eq!(open(cases, &copy, other), taken);
        judge(cases, first, V, Choice::Dismiss, ALL);
        let due = cases.challenge(first).unwrap().due_at;
        cases.close(first, due).unwrap();
        cases.close(second, due).unwrap();
        let third = open(cases, &copy, other).unwrap();
        assert_eq!(cases.challenge(third).unwrap().bond, BOND, "another's dismissal made it dearer");
    });
}

#[test]
fn bonds_are_taken_until_the_commits_end() {
    on_chain(|cases| {
        let number = opened(cases);
        let until = START + terms().commit_ms;
        let by = |now| (account(20), now);
        assert_eq!(cases.back(9, by(START), Choice::Dismiss, 1), Err(ArbitrationError::UnknownChallenge));
        assert_eq!(cases.back(number, by(START), Choice::Dismiss, 0), Err(ArbitrationError::ZeroAmount));
        assert_eq!(cases.back(number, by(until - 1), Choice::Dismiss, 1), Ok(()));
        assert_eq!(cases.back(number, by(until - 1), Choice::Dismiss, 2), Ok(()));
        assert_eq!(cases.back(number, by(until), Choice::Dismiss, 1), Err(ArbitrationError::CommitOver));
        let known = cases.challenge(number).unwrap();
        assert_eq!((known.dismiss.bonded, known.dismiss.backers), (3, 1));
        assert_eq!(cases.bond(number, Choice::Dismiss, account(20)), 3);
    });
}

#[test]
fn commits_end_where_reveals_begin_and_reveals_end_in_time() {
    on_chain(|cases| {
        let number = opened(cases);
        let (ends, over) = (START + terms().commit_ms, START + terms().commit_ms + terms().reveal_ms);
        let stake = 1_000 * OPEN;
        let committed = |validator| (hash(number, validator, Choice::Uphold), pool(stake), stake);
        assert_eq!(commit(cases, number, V, ends, committed(V)), Err(ArbitrationError::CommitOver));
        assert_eq!(commit(cases, number, V, ends - 1, committed(V)), Ok(stake));
        assert_eq!(commit(cases, number, W, START, committed(W)), Ok(stake));
        let early = Err(ArbitrationError::RevealNotOpen { at: ends });
        assert_eq!(reveal(cases, number, V, ends - 1, Choice::Uphold, stake), early);
        assert_eq!(reveal(cases, number, V, ends, Choice::Uphold, stake), Ok(stake));
        assert_eq!(reveal(cases, number, W, over, Choice::Uphold, stake), Err(ArbitrationError::RevealOver));
        assert_eq!(reveal(cases, number, W, over - 1, Choice::Uphold, stake), Ok(stake));
        let known = cases.challenge(number).unwrap();
        assert_eq!((known.uphold.weight, known.uphold.judges), (2 * stake, 2));
    });
}

#[test]
fn a_decision_waits_longer_than_a_vote_takes_and_no_decision_does_not() {
    on_chain(|cases| {
        let number = opened(cases);
        judge(cases, number, V, Choice::Uphold, ALL / 3);
        let known = cases.challenge(number).unwrap();
        assert_eq!(known.due_at, known.reveal_until + UNIT.ms(IN_FORCE));
        let until = known.reveal_until;
        assert_eq!(cases.close(number, until - 1), Err(ArbitrationError::StillJudged { until }));
        assert_eq!(cases.undo(number, until - 1), Err(ArbitrationError::StillJudged { until }));
        let at = known.due_at;
        assert_eq!(cases.close(number, until), Err(ArbitrationError::NotDue { at }));
        assert_eq!(cases.close(number, at - 1), Err(ArbitrationError::NotDue { at }));
        let (closed, burned) = cases.close(number, at).unwrap();
        assert_eq!((closed.status, burned), (ChallengeStatus::Upheld, 0));
        assert_eq!(cases.close(number, at), Err(ArbitrationError::AlreadyClosed));
        assert_eq!(cases.undo(number, at), Err(ArbitrationError::AlreadyClosed));
        assert_eq!(cases.close(99, at), Err(ArbitrationError::UnknownChallenge));
    });
}

#[test]
fn a_third_of_all_stake_decides_and_a_tie_does_not() {
    let with = |uphold, dismiss, total_stake| {
        let (uphold, dismiss) =
            (Side { weight: uphold, ..Side::default() }, Side { weight: dismiss, ..Side::default() });
        on_chain_value(|cases| {
            let number = opened(cases);
            let known = cases.challenge(number).unwrap();
            decision(&Challenge { uphold, dismiss, total_stake, ..known })
        })
    };
    assert_eq!(with(33, 0, 100), None);
    assert_eq!(with(34, 0, 100), Some(Choice::Uphold));
    assert_eq!(with(16, 18, 100), Some(Choice::Dismiss));
    assert_eq!(with(50, 50, 100), None);
    assert_eq!(with(33, 0, 99), Some(Choice::Uphold));
    assert_eq!(with(0, 0, 0), None);
    assert_eq!(with(u128::MAX, 1, u128::MAX), Some(Choice::Uphold));
}

fn on_chain_value<T>(test: impl FnOnce(&mut Cases) -> T) -> T {
    let mut value = None;
    on_chain(|cases| value = Some(test(cases)));
    value.unwrap()
}

#[test]
fn a_weight_is_the_least_of_then_of_the_commit_and_of_the_reveal() {
    for (snapshot, at_commit, at_reveal) in [(5, 7, 9), (7, 5, 9), (9, 7, 5), (5, 5, 5)] {
        on_chain(|cases| {
            let number = opened(cases);
            let known = cases.challenge(number).unwrap();
            assert_eq!(snapshot_at(&known), START - 1);
            let committed = (hash(number, V, Choice::Uphold), pool(at_commit), snapshot);
            assert_eq!(commit(cases, number, V, START, committed), Ok(snapshot.min(at_commit)));
            assert_eq!(reveal(cases, number, V, known.commit_until, Choice::Uphold, at_reveal), Ok(5));
            assert_eq!(cases.judgement(number, account(V)).unwrap().weight, 5);
        });
    }
}

#[test]
fn stake_that_was_not_there_or_left_has_no_vote() {
    on_chain(|cases| {
        let number = opened(cases);
        let of = |active, snapshot| (hash(number, V, Choice::Uphold), pool(active), snapshot);
        assert_eq!(commit(cases, number, V, START, of(5, 0)), Err(ArbitrationError::NoStake));
        assert_eq!(commit(cases, number, V, START, of(0, 5)), Err(ArbitrationError::NoStake));
        assert_eq!(commit(cases, number, V, START, of(5, 5)), Ok(5));
        let ends = START + terms().commit_ms;
        assert_eq!(reveal(cases, number, V, ends, Choice::Uphold, 0), Err(ArbitrationError::NoStake));
        assert_eq!(cases.challenge(number).unwrap().uphold, Side { bonded: BOND, backers: 1, ..Side::default() });
    });
}

#[test]
fn who_left_service_or_is_a_party_does_not_judge() {
    on_chain(|cases| {
        let (copy, ground) = copied(Remedy::Strike);
        let number = open(cases, &copy, ground).unwrap();
        for party in [CHALLENGER, CONTRIBUTOR, PAYEE] {
            let committed = (hash(number, party, Choice::Uphold), pool(5), 5);
            assert_eq!(commit(cases, number, party, START, committed), Err(ArbitrationError::OwnCase));
        }
        let known = cases.challenge(number).unwrap();
        assert_eq!((known.parties.len(), known.authors), (3, vec![account(AUTHOR)]));
        let out = Pool { in_service: false, active: 5 };
        let hash = hash(number, V, Choice::Uphold);
        assert_eq!(commit(cases, number, V, START, (hash, out, 5)), Err(ArbitrationError::NotValidator));
        assert_eq!(commit(cases, number, V, START, (hash, pool(5), 5)), Ok(5));
        let by = (account(V), START + terms().commit_ms);
        let revealed = cases.reveal::<proof::Blake2>(number, by, Choice::Uphold, &SALT, out);
        assert_eq!(revealed, Err(ArbitrationError::NotValidator));
    });
}

#[test]
fn who_is_named_as_an_author_may_dismiss_and_not_uphold() {
    let ends = START + terms().commit_ms;
    for (choice, expected) in [(Choice::Uphold, Err(ArbitrationError::OwnCase)), (Choice::Dismiss, Ok(5))] {
        on_chain(|cases| {
            let (copy, ground) = copied(Remedy::PayAuthor);
            let number = open(cases, &copy, ground).unwrap();
            commit(cases, number, AUTHOR, START, (hash(number, AUTHOR, choice), pool(5), 5)).unwrap();
            assert_eq!(reveal(cases, number, AUTHOR, ends, choice, 5), expected);
        });
    }
}

#[test]
fn who_is_paid_for_a_copy_already_is_not_challenged_for_it() {
    let (mut copy, pay) = copied(Remedy::PayAuthor);
    let (_, strike) = copied(Remedy::Strike);
    copy.contribution.payee = account(AUTHOR);
    assert_eq!(copy.ensure_open_to(pay), Err(ArbitrationError::NotChallengeable));
    assert_eq!(copy.ensure_open_to(strike), Ok(()));
}

#[test]
fn a_judge_commits_and_reveals_once_what_it_committed_to() {
    on_chain(|cases| {
        let number = opened(cases);
        let ends = START + terms().commit_ms;
        let committed = |validator| (hash(number, validator, Choice::Uphold), pool(5), 5);
        commit(cases, number, V, START, committed(V)).unwrap();
        assert_eq!(commit(cases, number, V, START, committed(V)), Err(ArbitrationError::AlreadyCommitted));
        // Another's commitment, with its salt once that is seen.
        commit(cases, number, W, START, committed(V)).unwrap();
        assert_eq!(reveal(cases, number, V, ends, Choice::Dismiss, 5), Err(ArbitrationError::WrongPreimage));
        let by = (account(V), ends);
        let other = cases.reveal::<proof::Blake2>(number, by, Choice::Uphold, &[6; 32], pool(5));
        assert_eq!(other, Err(ArbitrationError::WrongPreimage));
        assert_eq!(reveal(cases, number, V, ends, Choice::Uphold, 5), Ok(5));
        assert_eq!(reveal(cases, number, V, ends, Choice::Uphold, 5), Err(ArbitrationError::AlreadyRevealed));
        assert_eq!(reveal(cases, number, W, ends, Choice::Uphold, 5), Err(ArbitrationError::WrongPreimage));
        assert_eq!(reveal(cases, number, 12, ends, Choice::Uphold, 5), Err(ArbitrationError::NotCommitted));
    });
}

#[test]
fn a_commitment_to_one_challenge_is_none_to_another() {
    on_chain(|cases| {
        let number = opened(cases);
        let (copy, ground) = copied(Remedy::Strike);
        let other = open(cases, &copy, ground).unwrap();
        commit(cases, other, V, START, (hash(number, V, Choice::Uphold), pool(5), 5)).unwrap();
        let revealed = reveal(cases, other, V, START + terms().commit_ms, Choice::Uphold, 5);
        assert_eq!(revealed, Err(ArbitrationError::WrongPreimage));
    });
}

#[test]
fn the_losers_bonds_pay_the_winners_backers_and_the_majority() {
    on_chain(|cases| {
        let number = opened(cases);
        back(cases, number, 20, Choice::Uphold, 3 * BOND);
        back(cases, number, 21, Choice::Dismiss, 2 * BOND);
        judge(cases, number, V, Choice::Uphold, 3_000 * OPEN);
        judge(cases, number, W, Choice::Uphold, 1_000 * OPEN);
        judge(cases, number, 12, Choice::Dismiss, 2_000 * OPEN);
        let due = cases.challenge(number).unwrap().due_at;
        assert_eq!(claim(cases, number, CHALLENGER), Err(ArbitrationError::NotClosed));
        let (closed, burned) = cases.close(number, due).unwrap();
        assert_eq!((closed.status, burned), (ChallengeStatus::Upheld, 0));
        // Of 200 the fee of 10 to the judges by 3 : 1, the rest to the backers by 1 : 3.
        assert_eq!(claim(cases, number, V), Ok((15 * OPEN / 2, 0)));
        assert_eq!(claim(cases, number, CHALLENGER), Ok((BOND + 95 * OPEN / 2, 0)));
        assert_eq!(claim(cases, number, 20), Ok((3 * BOND + 285 * OPEN / 2, 0)));
        assert_eq!(claim(cases, number, 21), Ok((0, 0)));
        assert_eq!(claim(cases, number, 12), Ok((0, 0)));
        assert_eq!(claim(cases, number, W), Ok((5 * OPEN / 2, 0)));
        for again in [V, CHALLENGER, 20, 21, 12, W, 99] {
            assert_eq!(claim(cases, number, again), Err(ArbitrationError::NothingToClaim));
        }
        let known = cases.challenge(number).unwrap();
        assert_eq!((known.owed, known.claims_left), (0, 0));
    });
}

#[test]
fn judges_are_paid_the_same_whichever_side_they_find_right_and_whoever_bonded() {
    for (against, choice) in
        [(0, Choice::Uphold), (0, Choice::Dismiss), (BOND / 20, Choice::Uphold), (9 * BOND, Choice::Dismiss)]
    {
        on_chain(|cases| {
            let number = opened(cases);
            if against > 0 {
                back(cases, number, 21, Choice::Dismiss, against);
            }
            judge(cases, number, V, choice, ALL);
            let due = cases.challenge(number).unwrap().due_at;
            cases.close(number, due).unwrap();
            assert_eq!(claim(cases, number, V), Ok((BOND / 10, 0)), "{against} against, {choice:?}");
            if choice == Choice::Uphold {
                // Who called the judges pays what the other side can't.
                let back = BOND - (BOND / 10 - against);
                assert_eq!(claim(cases, number, CHALLENGER), Ok((back, 0)));
            }
        });
    }
}

#[test]
fn what_would_be_the_backers_is_burned_where_nobody_backed_the_challenged() {
    on_chain(|cases| {
        let number = opened(cases);
        judge(cases, number, V, Choice::Dismiss, ALL);
        let due = cases.challenge(number).unwrap().due_at;
        let (closed, burned) = cases.close(number, due).unwrap();
        assert_eq!((closed.status, burned), (ChallengeStatus::Dismissed, BOND - BOND / 10));
        assert_eq!(claim(cases, number, V), Ok((BOND / 10, 0)));
        assert_eq!(claim(cases, number, CHALLENGER), Ok((0, 0)));
    });
}

#[test]
fn without_a_quorum_a_fee_is_burned_and_the_rest_goes_back() {
    on_chain(|cases| {
        let number = opened(cases);
        back(cases, number, CHALLENGER, Choice::Uphold, BOND);
        back(cases, number, 21, Choice::Dismiss, BOND);
        judge(cases, number, V, Choice::Uphold, ALL / 3 - 1);
        let known = cases.challenge(number).unwrap();
        let (closed, burned) = cases.close(number, known.reveal_until).unwrap();
        assert_eq!((closed.status, burned), (ChallengeStatus::Undecided, BOND / 10));
        assert_eq!(claim(cases, number, CHALLENGER), Ok((2 * BOND - BOND / 10, 0)));
        assert_eq!(claim(cases, number, V), Ok((0, 0)));
        assert_eq!(claim(cases, number, 21), Ok((BOND, 0)));
    });
}

#[test]
fn a_vote_undoes_a_decision_until_it_is_executed_and_everybody_has_its_bond_back() {
    on_chain(|cases| {
        let number = opened(cases);
        back(cases, number, 21, Choice::Dismiss, 2 * BOND);
        judge(cases, number, V, Choice::Uphold, ALL);
        let known = cases.challenge(number).unwrap();
        let undone = cases.undo(number, known.reveal_until).unwrap();
        assert_eq!(undone.status, ChallengeStatus::Undone);
        assert_eq!(cases.close(number, known.due_at), Err(ArbitrationError::AlreadyClosed));
        assert_eq!(claim(cases, number, V), Ok((0, 0)));
        assert_eq!(claim(cases, number, CHALLENGER), Ok((BOND, 0)));
        assert_eq!(claim(cases, number, 21), Ok((2 * BOND, 0)));
        // The ground can be brought forward again.
        assert_eq!(opened(cases), number + 1);
    });
}

#[test]
fn an_account_takes_all_that_it_has_in_a_challenge_at_once() {
    on_chain(|cases| {
        let number = opened(cases);
        // A judge that backs both sides.
        back(cases, number, V, Choice::Uphold, BOND);
        back(cases, number, V, Choice::Dismiss, BOND);
        judge(cases, number, V, Choice::Uphold, ALL);
        let due = cases.challenge(number).unwrap().due_at;
        cases.close(number, due).unwrap();
        let (_, owed) = cases.due(number, account(V)).unwrap();
        assert_eq!(owed.amount, BOND + 45 * OPEN + BOND / 10);
        assert_eq!(claim(cases, number, V), Ok((owed.amount, 0)));
        assert_eq!(claim(cases, number, CHALLENGER), Ok((BOND + 45 * OPEN, 0)));
    });
}

#[test]
fn the_last_claim_burns_what_division_left() {
    on_chain(|cases| {
        let number = opened(cases);
        back(cases, number, 20, Choice::Uphold, BOND);
        back(cases, number, 21, Choice::Dismiss, BOND / 10 + 3);
        for judges in [V, W, 12] {
            judge(cases, number, judges, Choice::Uphold, ALL / 3);
        }
        let due = cases.challenge(number).unwrap().due_at;
        cases.close(number, due).unwrap();
        // Of the fee a third each, of 3 units one each.
        let third = BOND / 30;
        assert_eq!(claim(cases, number, V), Ok((third, 0)));
        assert_eq!(claim(cases, number, W), Ok((third, 0)));
        assert_eq!(claim(cases, number, CHALLENGER), Ok((BOND + 1, 0)));
        assert_eq!(claim(cases, number, 20), Ok((BOND + 1, 0)));
        assert_eq!(claim(cases, number, 12), Ok((third, 2)));
        assert_eq!(cases.challenge(number).unwrap().owed, 0);
    });
}
