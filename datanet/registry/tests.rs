use crate::commitments::Commitments;
use crate::registry::{NewDatanet, Registry};
use crate::terms;
use crate::tree::Tree;
use ink::env::DefaultEnvironment;
use openledger_abi::datanet::*;
use openledger_abi::{AccountId, Timestamp};
use proof::limits::MAX_COMMITMENTS;
use proof::terms::{seq, Commitment};
use proof::tree::MerkleTree;
use proof::version::VersionLeaf;
use proof::{Blake2, Hash, Hasher};
use proptest::prelude::*;

const OWNER: u8 = 1;
const NOW: Timestamp = 1_000;
const FAR: Timestamp = 1_000_000;
const PARAMETERS: DatanetParameters = DatanetParameters { min_agreeing: 1 };

fn account(byte: u8) -> AccountId {
    AccountId::from([byte; 32])
}

fn open_terms() -> Terms {
    Terms {
        licence: [9; 32],
        train: true,
        retrieve: true,
        display: true,
        commercial: true,
        share_alike: false,
        min_bps: 0,
        expires_at: 0,
    }
}

/// Asks for everything that can be asked.
fn high_floor() -> LicenceFloor {
    LicenceFloor {
        train: true,
        retrieve: true,
        display: true,
        commercial: true,
        share_alike: false,
        share_bps: 4_500,
        earliest_end: 0,
    }
}

/// Asks for nothing.
fn low_floor() -> LicenceFloor {
    LicenceFloor {
        train: false,
        retrieve: false,
        display: false,
        commercial: false,
        share_alike: true,
        share_bps: 10_000,
        earliest_end: 1,
    }
}

fn text(number: u16, contributor: u8, terms: Terms) -> NewContribution {
    NewContribution {
        datanet: 0,
        root: Blake2::blake2_256(&number.to_le_bytes()),
        length: 100,
        cid: vec![1, 2, 3],
        terms,
        salt: [7; 32],
        deadline: FAR,
        contributor: account(contributor),
    }
}

fn any_use() -> Use {
    Use { train: true, retrieve: true, display: true, commercial: true, contributors_bps: 4_500 }
}

fn named(name: &[u8], floor: LicenceFloor, judges: Judges) -> NewDatanet {
    NewDatanet { name: name.to_vec(), metadata_cid: Vec::new(), floor, judges }
}

/// A registry with one Datanet on storage of its own.
struct World {
    registry: Registry,
    next: u16,
}

impl World {
    fn new(floor: LicenceFloor, judges: Judges) -> Self {
        let mut registry = Registry::default();
        registry.create(&PARAMETERS, account(OWNER), NOW, named(b"net", floor, judges)).unwrap();
        World { registry, next: 0 }
    }

    /// Enters a text nobody else has; contributors count from 10 up. Precedence falls, so that none of it rests on the order of coming.
    fn enter(&mut self, terms: Terms) -> u64 {
        let contributor = 10 + (self.next % 5) as u8;
        self.next += 1;
        let seq = 1_000_000 - u64::from(self.next);
        self.registry.contribute(NOW, text(self.next, contributor, terms), seq).unwrap()
    }

    /// A verdict, and what it takes to be in the tree beside it.
    fn judge(&mut self, contribution: u64, judge: u8, accept: bool, quality: u16) -> Outcome {
        let judges = self.registry.may_judge(account(judge), NOW, contribution, quality)?;
        let agreeing = judges.agreeing();
        let judged = self.registry.judge(agreeing, account(judge), NOW, contribution, accept, quality)?;
        if judged.status == ContributionStatus::Accepted {
            self.registry.admit::<Blake2>(contribution)?;
        }
        Ok(judged.status)
    }

    fn accepted(&mut self, terms: Terms) -> u64 {
        let contribution = self.enter(terms);
        assert_eq!(self.judge(contribution, 2, true, 8_000), Ok(ContributionStatus::Accepted));
        contribution
    }

    fn cut(&mut self) -> Result<(u32, Version), DatanetError> {
        self.registry.cut_version::<Blake2>(account(OWNER), NOW, 0)
    }

    fn revoke(&mut self, contribution: u64) -> Result<(), DatanetError> {
        let contributor = self.registry.contribution(contribution).unwrap().contributor;
        self.registry.revoke(contributor, NOW + 1, contribution)
    }

    /// The root of a version's leaves as crate proof builds it.
    fn proofs_root(&self, version: &Version) -> Hash {
        let nodes = (0..version.count).map(|index| self.registry.leaf(0, index).unwrap()).map(|leaf| {
            let contributor = *leaf.contributor.as_ref();
            VersionLeaf { seq: leaf.seq, contribution: leaf.contribution, content_root: leaf.root, contributor }
                .node::<Blake2>()
        });
        let tree = MerkleTree::build::<Blake2>(proof::Tree::Version, nodes.collect()).unwrap();
        assert_eq!(tree.top().hash, version.top);
        proof::version::version_root::<Blake2>(version.count, &tree.top().hash)
    }
}

type Outcome = Result<ContributionStatus, DatanetError>;

fn on_chain(test: impl FnOnce()) {
    ink::env::test::run_test::<DefaultEnvironment, _>(|_| {
        test();
        Ok(())
    })
    .unwrap();
}

fn in_world(floor: LicenceFloor, judges: Judges, test: impl FnOnce(&mut World)) {
    on_chain(|| test(&mut World::new(floor, judges)));
}

/// Where `agreeing` validators decide.
fn agreed(agreeing: u8, test: impl FnOnce(&mut World)) {
    in_world(low_floor(), Judges::Validators { agreeing }, test);
}

fn open(test: impl FnOnce(&mut World)) {
    agreed(1, test);
}

fn commitment(byte: u8) -> Commitment {
    Commitment { content_root: [byte; 32], contributor: [byte; 32], salt: [byte; 32] }
}

/// The tree of so many commitments, and the opening of each.
fn tree_of(count: u8) -> (Hash, Vec<Opening>) {
    let nodes = (0..count).map(|byte| commitment(byte).node::<Blake2>()).collect();
    let tree = MerkleTree::build::<Blake2>(proof::Tree::Commitments, nodes).unwrap();
    let opening = |index| Opening { count: count.into(), index, path: tree.path::<Hash>(index.into()).unwrap() };
    (tree.top().hash, (0..count.into()).map(opening).collect())
}

#[test]
fn a_commitment_opens_once_from_the_next_block_for_thirty_days() {
    on_chain(|| {
        let mut all = Commitments::default();
        let (top, openings) = tree_of(1);
        let open = |all: &mut Commitments, now| all.open::<Blake2>(now, &commitment(0), &openings[0]);
        assert_eq!(open(&mut all, NOW), Err(DatanetError::UnknownCommitment));
        assert_eq!(all.enter(NOW, top, 1), Ok(0));
        assert_eq!(open(&mut all, NOW), Err(DatanetError::CommittedNow));
        let until = NOW + OPENING_MS;
        assert_eq!(open(&mut all, until + 1), Err(DatanetError::CommitmentLapsed { until }));
        assert_eq!(open(&mut all, until), Ok(0));
        assert_eq!(open(&mut all, until), Err(DatanetError::UnknownCommitment));
        assert_eq!(all.get(top, 1), None, "its deposit is given back");
    });
}

#[test]
fn each_place_of_a_tree_opens_once_and_gives_its_own_precedence() {
    on_chain(|| {
        let mut all = Commitments::default();
        let (lone, _) = tree_of(1);
        let (top, openings) = tree_of(9);
        all.enter(NOW, lone, 1).unwrap();
        all.enter(NOW, top, 9).unwrap();
        for (byte, opening) in (0..9u8).rev().zip(openings.iter().rev()) {
            let mut open = || all.open::<Blake2>(NOW + 1, &commitment(byte), opening);
            assert_eq!(open(), Ok(seq(1, byte.into()).unwrap()));
            assert_eq!(open(), Err(DatanetError::AlreadyOpened));
        }
    });
}

#[test]
fn a_place_is_opened_by_nothing_else_than_what_was_committed() {
    on_chain(|| {
        let mut all = Commitments::default();
        let (top, openings) = tree_of(5);
        all.enter(NOW, top, 5).unwrap();
        let right = openings[4].clone();
        let wrong = [
            (commitment(3), right.clone()),
            (commitment(4), Opening { index: 3, ..right.clone() }),
            (commitment(4), Opening { count: 6, ..right.clone() }),
            (commitment(4), Opening { count: 0, ..right.clone() }),
            (commitment(4), Opening { path: Vec::new(), ..right.clone() }),
            (commitment(4), Opening { path: vec![[1; 32]; 40], ..right.clone() }),
            // The odd leaf moves up unhashed: under fewer leaves it would stand in another's place.
            (commitment(4), Opening { count: 2, index: 1, ..right.clone() }),
        ];
        for (leaf, opening) in wrong {
            assert_eq!(all.open::<Blake2>(NOW + 1, &leaf, &opening), Err(DatanetError::UnknownCommitment));
        }
        assert!(all.open::<Blake2>(NOW + 1, &commitment(4), &right).is_ok());
    });
}

#[test]
fn what_can_be_opened_is_not_entered_again_and_another_count_keeps_nobody_out() {
    on_chain(|| {
        let mut all = Commitments::default();
        let (top, openings) = tree_of(3);
        // Somebody saw the author's commitment on its way.
        assert_eq!(all.enter(NOW, top, 2), Ok(0));
        assert_eq!(all.enter(NOW, top, 3), Ok(1));
        assert_eq!(all.enter(NOW + OPENING_MS, top, 3), Err(DatanetError::AlreadyCommitted { commitment: 1 }));
        assert_eq!(all.open::<Blake2>(NOW + 1, &commitment(0), &openings[0]), Ok(seq(1, 0).unwrap()));
        let later = NOW + OPENING_MS + 1;
        assert_eq!(all.enter(later, top, 3), Ok(2));
        assert_eq!(all.open::<Blake2>(later + 1, &commitment(0), &openings[0]), Ok(seq(2, 0).unwrap()));
    });
}

#[test]
fn a_tree_has_one_to_two_to_the_twenty_places() {
    on_chain(|| {
        let mut all = Commitments::default();
        let most = MAX_COMMITMENTS as u32;
        assert_eq!(all.enter(NOW, [1; 32], 0), Err(DatanetError::BadCount));
        assert_eq!(all.enter(NOW, [1; 32], most + 1), Err(DatanetError::BadCount));
        assert_eq!(all.enter(NOW, [1; 32], most), Ok(0));
        assert_eq!(all.enter(NOW, [1; 32], 1), Ok(1));
    });
}

#[test]
fn only_what_can_be_opened_no_more_is_forgotten() {
    on_chain(|| {
        let mut all = Commitments::default();
        let until = NOW + OPENING_MS;
        assert_eq!(all.forget(NOW, [1; 32], 4), Err(DatanetError::UnknownCommitment));
        all.enter(NOW, [1; 32], 4).unwrap();
        assert_eq!(all.forget(until, [1; 32], 4), Err(DatanetError::StillOpen { until }));
        assert_eq!(all.forget(until + 1, [1; 32], 4), Ok(0));
        assert_eq!(all.forget(until + 1, [1; 32], 4), Err(DatanetError::UnknownCommitment));
    });
}

#[test]
fn one_text_may_be_entered_by_many_and_in_many_datanets_but_once_by_each_in_each() {
    open(|world| {
        world.registry.create(&PARAMETERS, account(3), NOW, named(b"b", low_floor(), validators(1))).unwrap();
        let one = text(1, 30, open_terms());
        let first = world.registry.contribute(NOW, one.clone(), 8).unwrap();
        let again = world.registry.contribute(NOW, NewContribution { salt: [8; 32], ..one.clone() }, 9);
        assert_eq!(again, Err(DatanetError::AlreadyEntered { contribution: first }));
        assert_eq!(world.registry.entered(0, one.root, account(30)), Some(first));
        let second = world.registry.contribute(NOW, text(1, 31, open_terms()), 5).unwrap();
        assert_eq!(world.registry.contribution(second).unwrap().seq, 5, "precedence is the commitment's");
        assert!(world.registry.contribute(NOW, NewContribution { datanet: 1, ..one }, 10).is_ok());
    });
}

#[test]
fn who_was_rejected_may_come_again_after_thirty_days() {
    open(|world| {
        let rejected = world.enter(open_terms());
        let again = |world: &mut World, now| world.registry.contribute(now, text(1, 10, open_terms()), 1);
        let known = Err(DatanetError::AlreadyEntered { contribution: rejected });
        assert_eq!(again(world, NOW + 2 * AGAIN_MS), known, "it waits for verdicts");
        world.judge(rejected, 2, false, 0).unwrap();
        assert_eq!(again(world, NOW + AGAIN_MS), known);
        let second = again(world, NOW + AGAIN_MS + 1).unwrap();
        assert_eq!(world.registry.entered(0, text(1, 10, open_terms()).root, account(10)), Some(second));
        let known = Err(DatanetError::AlreadyEntered { contribution: second });
        assert_eq!(again(world, NOW + AGAIN_MS + 1), known, "once each time");
    });
}

#[test]
fn what_was_struck_revoked_or_reinstated_does_not_come_again() {
    type Happens = fn(&mut World, u64);
    let cases: [Happens; 3] = [
        |world, rejected| world.registry.strike(NOW, rejected).unwrap(),
        |world, rejected| world.revoke(rejected).unwrap(),
        |world, rejected| world.registry.reinstate(NOW, rejected).unwrap(),
    ];
    for happens in cases {
        open(|world| {
            let rejected = world.enter(open_terms());
            world.judge(rejected, 2, false, 0).unwrap();
            happens(world, rejected);
            let again = world.registry.contribute(NOW + 2 * AGAIN_MS, text(1, 10, open_terms()), 1);
            assert_eq!(again, Err(DatanetError::AlreadyEntered { contribution: rejected }));
        });
    }
}

fn validators(agreeing: u8) -> Judges {
    Judges::Validators { agreeing }
}

#[test]
fn what_a_text_must_be_is_named() {
    let good = text(1, 10, open_terms());
    let check = |change: fn(&mut NewContribution), wanted| {
        let mut new = good.clone();
        change(&mut new);
        assert_eq!(terms::validate(&new, NOW), wanted);
    };
    check(|_| {}, Ok(()));
    check(|new| new.length = 1 << 24, Ok(()));
    check(|new| new.length = (1 << 24) + 1, Err(DatanetError::TooLong));
    check(|new| new.length = 0, Err(DatanetError::Empty));
    check(|new| new.root = [0; 32], Err(DatanetError::ZeroRoot));
    check(|new| new.cid = vec![], Err(DatanetError::BadCid));
    check(|new| new.cid = vec![0; MAX_CID], Ok(()));
    check(|new| new.cid = vec![0; MAX_CID + 1], Err(DatanetError::BadCid));
    check(|new| new.terms.min_bps = 10_001, Err(DatanetError::BadBps));
    check(|new| new.terms.expires_at = NOW, Err(DatanetError::TermsExpired));
    check(|new| new.terms.expires_at = NOW + 1, Ok(()));
    check(|new| new.deadline = NOW, Err(DatanetError::SignatureExpired));
    check(|new| new.deadline = NOW + 1, Ok(()));
}

#[test]
fn terms_below_the_datanets_floor_are_refused_by_name() {
    type Change = fn(&mut Terms);
    let cases: [(Change, Term); 7] = [
        (|terms| terms.train = false, Term::Training),
        (|terms| terms.retrieve = false, Term::Retrieval),
        (|terms| terms.display = false, Term::Display),
        (|terms| terms.commercial = false, Term::Commerce),
        (|terms| terms.share_alike = true, Term::ShareAlike),
        (|terms| terms.min_bps = 4_501, Term::Share),
        (|terms| terms.expires_at = FAR, Term::End),
    ];
    for (change, term) in cases {
        let mut terms = open_terms();
        change(&mut terms);
        in_world(high_floor(), validators(1), |world| {
            let refused = world.registry.contribute(NOW, text(1, 10, terms), 0);
            assert_eq!(refused, Err(DatanetError::BelowFloor(term)));
            assert_eq!(world.registry.contribution_count(), 0);
            let fair = Terms { min_bps: 4_500, ..open_terms() };
            assert!(world.registry.contribute(NOW, text(1, 10, fair), 0).is_ok());
        });
        open(|world| assert!(world.registry.contribute(NOW, text(1, 10, terms), 0).is_ok()));
    }
}

#[test]
fn terms_may_end_from_the_datanets_earliest_end_on() {
    let floor = LicenceFloor { earliest_end: 5_000, ..high_floor() };
    let ending = |expires_at| Terms { expires_at, ..open_terms() };
    assert_eq!(terms::reach(&floor, &ending(4_999)), Err(DatanetError::BelowFloor(Term::End)));
    assert_eq!(terms::reach(&floor, &ending(5_000)), Ok(()));
    assert_eq!(terms::reach(&floor, &ending(0)), Ok(()));
}

#[test]
fn a_model_may_use_what_the_datanet_promises_of_all_its_texts() {
    type Change = fn(&mut LicenceFloor);
    let cases: [(Change, Term); 5] = [
        (|floor| floor.train = false, Term::Training),
        (|floor| floor.retrieve = false, Term::Retrieval),
        (|floor| floor.display = false, Term::Display),
        (|floor| floor.commercial = false, Term::Commerce),
        (|floor| floor.share_bps = 4_501, Term::Share),
    ];
    for (change, term) in cases {
        let mut floor = high_floor();
        change(&mut floor);
        in_world(floor, validators(1), |world| {
            world.accepted(open_terms());
            world.cut().unwrap();
            assert_eq!(world.registry.check_source(0, 0, &any_use()), Err(DatanetError::NotPromised(term)));
            let modest =
                Use { train: false, retrieve: false, display: false, commercial: false, contributors_bps: 10_000 };
            assert_eq!(world.registry.check_source(0, 0, &modest), Ok(()));
        });
    }
    in_world(high_floor(), validators(1), |world| {
        world.accepted(open_terms());
        assert_eq!(world.registry.check_source(0, 0, &any_use()), Err(DatanetError::UnknownVersion));
        world.cut().unwrap();
        assert_eq!(world.registry.check_source(0, 0, &any_use()), Ok(()));
        assert_eq!(world.registry.check_source(1, 0, &any_use()), Err(DatanetError::UnknownDatanet));
    });
}

#[test]
fn agreeing_verdicts_accept_and_the_order_of_admission_is_not_that_of_precedence() {
    agreed(2, |world| {
        let (first, second) = (world.enter(open_terms()), world.enter(open_terms()));
        let (early, late) =
            (world.registry.contribution(second).unwrap().seq, world.registry.contribution(first).unwrap().seq);
        assert!(early < late);
        assert_eq!(world.judge(first, 2, true, 8_000), Ok(ContributionStatus::Pending));
        assert_eq!(world.judge(first, 2, true, 8_000), Err(DatanetError::AlreadyJudged));
        assert_eq!(world.judge(first, 3, false, 0), Ok(ContributionStatus::Pending));
        assert_eq!(world.judge(first, 4, true, 9_001), Ok(ContributionStatus::Accepted));
        assert_eq!(world.judge(first, 5, true, 1), Err(DatanetError::NotPending));
        let found = world.registry.contribution(first).unwrap();
        assert_eq!((found.seq, found.index, found.quality_bps), (late, Some(0), 8_500));
        world.judge(second, 2, true, 0).unwrap();
        world.judge(second, 3, true, 0).unwrap();
        let found = world.registry.contribution(second).unwrap();
        assert_eq!((found.seq, found.index), (early, Some(1)));
    });
}

#[test]
fn curators_alone_judge_where_a_datanet_names_them() {
    let judges = Judges::Curators { members: vec![account(40), account(41), account(42)], threshold: 2 };
    in_world(low_floor(), judges, |world| {
        let contribution = world.enter(open_terms());
        assert_eq!(world.judge(contribution, 2, true, 1), Err(DatanetError::NotCurator));
        assert_eq!(world.judge(contribution, 40, true, 1), Ok(ContributionStatus::Pending));
        assert_eq!(world.judge(contribution, 41, true, 1), Ok(ContributionStatus::Accepted));
        assert_eq!(world.registry.outcome(contribution), None, "validators are paid for verdicts, curators not");
    });
}

#[test]
fn judges_that_could_never_decide_are_refused() {
    let members = |count: u8| (0..count).map(|n| account(100 + n)).collect::<Vec<_>>();
    let curators = |members, threshold| Judges::Curators { members, threshold };
    let parameters = DatanetParameters { min_agreeing: 2 };
    for (judges, good) in [
        (curators(members(0), 0), false),
        (curators(members(0), 1), false),
        (curators(members(3), 0), false),
        (curators(members(3), 3), true),
        (curators(members(3), 4), false),
        (curators(members(16), 16), true),
        (curators(members(17), 1), false),
        (curators(vec![account(1), account(2), account(1)], 1), false),
        (validators(1), false),
        (validators(2), true),
        (validators(MAX_AGREEING), true),
        (validators(MAX_AGREEING + 1), false),
    ] {
        let wanted = if good { Ok(()) } else { Err(DatanetError::BadJudges) };
        assert_eq!(terms::judges(&judges, &parameters), wanted, "{judges:?}");
    }
}

#[test]
fn who_agreed_with_the_outcome_is_known_once_there_is_one() {
    agreed(2, |world| {
        let contribution = world.enter(open_terms());
        assert_eq!(world.registry.verdicts(contribution), []);
        world.judge(contribution, 2, true, 8_000).unwrap();
        world.judge(contribution, 3, false, 0).unwrap();
        assert_eq!(world.registry.outcome(contribution), None, "not decided");
        world.judge(contribution, 4, false, 5).unwrap();
        let outcome = world.registry.outcome(contribution).unwrap();
        assert_eq!((outcome.accepted, outcome.agreeing), (false, vec![account(3), account(4)]));
        let given: Vec<_> =
            world.registry.verdicts(contribution).into_iter().map(|(judge, v)| (judge, v.accept)).collect();
        assert_eq!(given, [(account(2), true), (account(3), false), (account(4), false)]);
        assert_eq!(world.registry.verdict_of(contribution, account(4)).map(|v| v.quality_bps), Some(5));
        assert_eq!(world.registry.verdict_of(contribution, account(5)), None);
        assert_eq!(world.registry.outcome(99), None);
    });
}

#[test]
fn nobody_judges_its_own_text_nor_beyond_the_scale() {
    open(|world| {
        let contribution = world.enter(open_terms());
        assert_eq!(world.judge(contribution, 10, true, 1), Err(DatanetError::OwnContribution));
        world.registry.set_payee(NOW, contribution, account(3)).unwrap();
        assert_eq!(world.judge(contribution, 3, true, 1), Err(DatanetError::OwnContribution));
        assert_eq!(world.judge(contribution, 2, true, 10_001), Err(DatanetError::BadBps));
        assert_eq!(world.judge(99, 2, true, 1), Err(DatanetError::UnknownContribution));
    });
}

#[test]
fn a_text_that_was_revoked_or_struck_or_whose_terms_ended_is_not_accepted() {
    open(|world| {
        let revoked = world.enter(open_terms());
        world.revoke(revoked).unwrap();
        assert_eq!(world.judge(revoked, 2, true, 1), Err(DatanetError::Withdrawn));
        let struck = world.enter(open_terms());
        world.registry.strike(NOW, struck).unwrap();
        assert_eq!(world.judge(struck, 2, true, 1), Err(DatanetError::Struck));
        world.registry.restore(NOW, struck).unwrap();
        assert_eq!(world.judge(struck, 2, true, 1), Ok(ContributionStatus::Accepted));
        let ending = world.enter(Terms { expires_at: NOW + 1, ..open_terms() });
        let late = world.registry.may_judge(account(2), NOW + 1, ending, 1);
        assert_eq!(late, Err(DatanetError::TermsExpired));
    });
}

#[test]
fn what_was_wrongly_rejected_is_accepted_and_its_verdicts_stay() {
    open(|world| {
        let pending = world.enter(open_terms());
        assert_eq!(world.registry.reinstate(NOW, pending), Err(DatanetError::NotRejected));
        world.judge(pending, 2, false, 0).unwrap();
        assert_eq!(world.registry.reinstate(NOW + 5, pending), Ok(()));
        let found = world.registry.contribution(pending).unwrap();
        assert_eq!((found.status, found.decided_at, found.index), (ContributionStatus::Accepted, Some(NOW + 5), None));
        assert_eq!(world.registry.admit::<Blake2>(pending).unwrap().index, 0);
        assert_eq!(world.registry.reinstate(NOW, pending), Err(DatanetError::NotRejected));
        let outcome = world.registry.outcome(pending).unwrap();
        assert_eq!((outcome.accepted, outcome.agreeing), (false, vec![account(2)]));

        let struck = world.enter(open_terms());
        world.judge(struck, 2, false, 0).unwrap();
        world.registry.strike(NOW, struck).unwrap();
        assert_eq!(world.registry.reinstate(NOW, struck), Err(DatanetError::Struck));
        let revoked = world.enter(open_terms());
        world.judge(revoked, 2, false, 0).unwrap();
        world.revoke(revoked).unwrap();
        assert_eq!(world.registry.reinstate(NOW, revoked), Err(DatanetError::Withdrawn));
    });
}

#[test]
fn a_version_has_the_root_that_crate_proof_gives_its_leaves() {
    open(|world| {
        for count in 1..=9u32 {
            world.accepted(open_terms());
            let (number, version) = world.cut().unwrap();
            assert_eq!((number, version.count), (count - 1, count));
            assert_eq!(world.proofs_root(&version), version.root);
        }
    });
}

#[test]
fn a_version_needs_something_new() {
    open(|world| {
        assert_eq!(world.cut().unwrap_err(), DatanetError::NothingNew);
        world.accepted(open_terms());
        world.cut().unwrap();
        assert_eq!(world.cut().unwrap_err(), DatanetError::NothingNew);
        assert_eq!(world.registry.cut_version::<Blake2>(account(2), NOW, 0).unwrap_err(), DatanetError::NotOwner);
    });
}

#[test]
fn revoking_notes_the_time_and_changes_nothing_else() {
    open(|world| {
        let revoked = world.accepted(open_terms());
        world.accepted(open_terms());
        let (_, before) = world.cut().unwrap();
        let known = world.registry.contribution(revoked).unwrap();
        assert_eq!(world.registry.revoke(account(99), NOW, revoked), Err(DatanetError::NotPayee));
        world.revoke(revoked).unwrap();
        assert_eq!(world.revoke(revoked), Err(DatanetError::AlreadyRevoked));
        let now = world.registry.contribution(revoked).unwrap();
        assert_eq!(now, Contribution { withdrawn_at: Some(NOW + 1), ..known });
        assert!(world.registry.outcome(revoked).is_some_and(|outcome| outcome.accepted));
        assert_eq!(world.registry.version(0, 0), Some(before));
        world.accepted(open_terms());
        assert_eq!(world.cut().unwrap().1.count, 3, "the Datanet goes on");
    });
}

#[test]
fn whose_text_was_copied_can_revoke_what_was_awarded_and_who_copied_it_can_not() {
    open(|world| {
        let copy = world.accepted(open_terms());
        let thief = world.registry.contribution(copy).unwrap().contributor;
        world.registry.set_payee(NOW, copy, account(70)).unwrap();
        assert_eq!(world.registry.revoke(thief, NOW, copy), Err(DatanetError::NotPayee));
        assert_eq!(world.registry.revoke(account(70), NOW, copy), Ok(()));
    });
}

#[test]
fn a_strike_stands_with_its_time_and_is_lifted_once_for_good() {
    open(|world| {
        let contribution = world.accepted(open_terms());
        assert_eq!(world.registry.restore(NOW, contribution), Err(DatanetError::NotStruck));
        world.registry.strike(NOW + 7, contribution).unwrap();
        assert_eq!(world.registry.strike(NOW + 8, contribution), Err(DatanetError::AlreadySet));
        let standing = world.registry.contribution(contribution).unwrap().standing();
        assert!(standing.counts(NOW + 7) && !standing.counts(NOW + 8));
        world.registry.restore(NOW + 9, contribution).unwrap();
        assert_eq!(world.registry.restore(NOW + 9, contribution), Err(DatanetError::NotStruck));
        assert_eq!(world.registry.strike(NOW + 10, contribution), Err(DatanetError::AlreadySet));
        assert!(world.registry.contribution(contribution).unwrap().standing().counts(NOW + 10));
        assert_eq!(world.registry.strike(NOW, 99), Err(DatanetError::UnknownContribution));
    });
}

#[test]
fn a_payee_counts_strictly_after_its_change() {
    open(|world| {
        let contribution = world.accepted(open_terms());
        let contributor = world.registry.contribution(contribution).unwrap().contributor;
        world.registry.set_payee(NOW + 10, contribution, account(70)).unwrap();
        assert_eq!(world.registry.payee_at(contribution, NOW + 10), Some(contributor));
        assert_eq!(world.registry.payee_at(contribution, NOW + 11), Some(account(70)));
        assert_eq!(world.registry.set_payee(NOW, contribution, account(70)), Err(DatanetError::AlreadySet));
        for change in 1..MAX_PAYEES as u8 {
            world.registry.set_payee(NOW + 20, contribution, account(70 + change)).unwrap();
        }
        assert_eq!(world.registry.set_payee(NOW, contribution, account(1)), Err(DatanetError::TooManyPayees));
    });
}

#[test]
fn a_paused_datanet_and_an_unknown_one_take_nothing() {
    open(|world| {
        let elsewhere = NewContribution { datanet: 7, ..text(1, 10, open_terms()) };
        assert_eq!(world.registry.contribute(NOW, elsewhere, 0), Err(DatanetError::UnknownDatanet));
        let mut datanet = world.registry.datanet(0).unwrap();
        datanet.paused = true;
        world.registry.put_datanet(0, &datanet);
        let refused = world.registry.contribute(NOW, text(1, 10, open_terms()), 0);
        assert_eq!(refused, Err(DatanetError::DatanetPaused));
    });
}

#[test]
fn names_and_descriptions_are_bounded() {
    open(|world| {
        let mut create = |name: &[u8], cid: usize, share_bps| {
            let floor = LicenceFloor { share_bps, ..low_floor() };
            let new = NewDatanet { metadata_cid: vec![0; cid], ..named(name, floor, validators(1)) };
            world.registry.create(&PARAMETERS, account(OWNER), NOW, new)
        };
        assert_eq!(create(b"", 0, 0), Err(DatanetError::BadName));
        assert_eq!(create(&[0xFF], 0, 0), Err(DatanetError::BadName));
        assert_eq!(create(&[b'a'; MAX_NAME + 1], 0, 0), Err(DatanetError::BadName));
        assert_eq!(create(b"a", MAX_CID + 1, 0), Err(DatanetError::BadCid));
        assert_eq!(create(b"a", 0, 10_001), Err(DatanetError::BadBps));
        assert_eq!(create(&[b'a'; MAX_NAME], MAX_CID, 10_000), Ok(1));
    });
}

#[test]
fn a_datanets_contributions_are_read_from_the_newest_back() {
    open(|world| {
        world.registry.create(&PARAMETERS, account(3), NOW, named(b"b", low_floor(), validators(1))).unwrap();
        let mine: Vec<u64> = (0..5)
            .map(|_| {
                let elsewhere = NewContribution { datanet: 1, ..text(900 + world.next, 30, open_terms()) };
                world.registry.contribute(NOW, elsewhere, 0).unwrap();
                world.enter(open_terms())
            })
            .collect();
        let read = |before, limit| -> Vec<u64> {
            world.registry.contributions(0, before, limit).into_iter().map(|(number, _)| number).collect()
        };
        assert_eq!(read(None, 2), [mine[4], mine[3]]);
        assert_eq!(read(Some(mine[3]), 16), [mine[2], mine[1], mine[0]]);
        assert!(read(Some(mine[0]), 16).is_empty());
        assert!(read(Some(mine[0] - 1), 16).is_empty(), "of another Datanet");
        assert!(read(Some(99), 16).is_empty());
    });
}

#[test]
fn a_full_tree_takes_no_more() {
    let mut tree = Tree { count: MAX_VERSION, peaks: vec![[1; 32]] };
    let leaf = VersionLeaf { seq: 0, contribution: 0, content_root: [1; 32], contributor: [1; 32] };
    assert_eq!(tree.append::<Blake2>(&leaf), Err(DatanetError::TreeFull));
}

#[derive(Debug, Clone)]
enum Step {
    Accept,
    Reject,
    Revoke(u16),
    Strike(u16),
    Restore(u16),
    Reinstate(u16),
    Cut,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Accept),
        2 => Just(Step::Reject),
        2 => any::<u16>().prop_map(Step::Revoke),
        1 => any::<u16>().prop_map(Step::Strike),
        1 => any::<u16>().prop_map(Step::Restore),
        2 => any::<u16>().prop_map(Step::Reinstate),
        3 => Just(Step::Cut),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn versions_are_prefixes_of_one_tree_whatever_becomes_of_its_texts(
        steps in proptest::collection::vec(step(), 1..60)
    ) {
        open(|world| {
            let mut versions: Vec<Version> = Vec::new();
            let mut admitted: Vec<u64> = Vec::new();
            for step in steps {
                let pick = |seed: u16| u64::from(seed) % world.registry.contribution_count().max(1);
                match step {
                    Step::Accept => admitted.push(world.accepted(open_terms())),
                    Step::Reject => { let c = world.enter(open_terms()); world.judge(c, 2, false, 0).unwrap(); }
                    Step::Revoke(seed) => {
                        if world.registry.contribution(pick(seed)).is_some() { let _ = world.revoke(pick(seed)); }
                    }
                    Step::Strike(seed) => { let _ = world.registry.strike(NOW, pick(seed)); }
                    Step::Restore(seed) => { let _ = world.registry.restore(NOW, pick(seed)); }
                    Step::Reinstate(seed) => {
                        let c = pick(seed);
                        if world.registry.reinstate(NOW, c).is_ok() {
                            world.registry.admit::<Blake2>(c).unwrap();
                            admitted.push(c);
                        }
                    }
                    Step::Cut => if let Ok((_, version)) = world.cut() { versions.push(version); }
                }
            }
            let held: Vec<u64> = (0..world.registry.leaf_count(0))
                .map(|index| world.registry.leaf(0, index).unwrap().contribution)
                .collect();
            assert_eq!(held, admitted);
            assert!(versions.windows(2).all(|pair| pair[0].count < pair[1].count));
            for (number, version) in (0u32..).zip(&versions) {
                assert_eq!(world.proofs_root(version), version.root);
                let wanted = Use { train: false, retrieve: false, display: false, commercial: false, contributors_bps: 10_000 };
                assert_eq!(world.registry.check_source(0, number, &wanted), Ok(()));
            }
        });
    }
}
