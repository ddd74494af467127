use crate::generation::Generation;
use crate::registry::{Fact, Registry};
use crate::terms;
use ink::env::DefaultEnvironment;
use openledger_abi::datanet::*;
use openledger_abi::{AccountId, Timestamp};
use proof::tree::MerkleTree;
use proof::version::VersionLeaf;
use proof::{Blake2, Hasher, Tree};
use proptest::prelude::*;

const OWNER: u8 = 1;
const NOW: Timestamp = 1_000;
const FAR: Timestamp = 1_000_000;

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

fn text(number: u16, contributor: u8, nonce: u64, terms: Terms) -> NewContribution {
    NewContribution {
        datanet: 0,
        root: Blake2::blake2_256(&number.to_le_bytes()),
        length: 100,
        cid: vec![1, 2, 3],
        terms,
        nonce,
        deadline: FAR,
        contributor: account(contributor),
    }
}

fn any_use() -> Use {
    Use { train: true, retrieve: true, display: true, commercial: true, contributors_bps: 4_500 }
}

fn parameters(agreeing: u8) -> DatanetParameters {
    DatanetParameters { agreeing, veto_ms: 50 }
}

/// A registry with one Datanet, k = 1, on storage of its own.
struct World {
    registry: Registry,
    next: u16,
}

impl World {
    fn new(policy: DatanetPolicy) -> Self {
        let mut registry = Registry::default();
        registry.create(account(OWNER), NOW, b"net".to_vec(), Vec::new(), policy, 0).unwrap();
        World { registry, next: 0 }
    }

    /// Enters a text nobody else has; contributors count from 10 up.
    fn enter(&mut self, terms: Terms) -> u64 {
        let contributor = 10 + (self.next % 5) as u8;
        let nonce = self.registry.nonce(account(contributor));
        self.next += 1;
        self.registry.contribute(NOW, text(self.next, contributor, nonce, terms)).unwrap()
    }

    fn judge(&mut self, contribution: u64, validator: u8, accept: bool, quality: u16, k: u8) -> Outcome {
        let validator = account(validator);
        let parameters = parameters(k);
        self.registry.may_judge(&parameters, validator, NOW + 60, contribution, quality)?;
        let judged = self.registry.judge::<Blake2>(&parameters, validator, NOW, contribution, accept, quality)?;
        Ok(judged.0)
    }

    fn accepted(&mut self, terms: Terms) -> u64 {
        let contribution = self.enter(terms);
        assert_eq!(self.judge(contribution, 2, true, 8_000, 1), Ok(ContributionStatus::Accepted));
        contribution
    }

    fn cut(&mut self) -> Result<(u32, Version), DatanetError> {
        self.registry.cut_version::<Blake2>(account(OWNER), NOW, 0)
    }

    fn revoke(&mut self, contribution: u64) -> Result<(), DatanetError> {
        let contributor = self.registry.contribution(contribution).unwrap().contributor;
        self.registry.revoke(contributor, NOW + 1, contribution)
    }

    fn rebuild(&mut self, max: u32) -> Result<RebuildProgress, DatanetError> {
        self.registry.rebuild::<Blake2>(account(OWNER), NOW, 0, max).map(|rebuilt| rebuilt.progress)
    }

    fn check(&self, version: u32, wanted: Use) -> Result<(), DatanetError> {
        self.registry.check_source(NOW, 0, version, &wanted)
    }

    /// The root of a version's leaves as crate proof builds it.
    fn proofs_root(&self, version: &Version) -> [u8; 32] {
        let leaf = |index| self.registry.leaf(0, version.generation, index).unwrap();
        let nodes = (0..version.count).map(leaf).map(|leaf| {
            let contributor = *leaf.contributor.as_ref();
            VersionLeaf { seq: leaf.seq, contribution: leaf.contribution, content_root: leaf.root, contributor }
                .node::<Blake2>()
        });
        let tree = MerkleTree::build::<Blake2>(Tree::Version, nodes.collect()).unwrap();
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

fn in_world(policy: DatanetPolicy, test: impl FnOnce(&mut World)) {
    on_chain(|| test(&mut World::new(policy)));
}

fn open(test: impl FnOnce(&mut World)) {
    in_world(DatanetPolicy::Open, test);
}

#[test]
fn a_root_is_taken_once_over_all_datanets() {
    open(|world| {
        let first = world.enter(open_terms());
        world.registry.create(account(3), NOW, b"other".to_vec(), vec![], DatanetPolicy::Open, 0).unwrap();
        let mut copy = text(1, 30, 0, open_terms());
        copy.datanet = 1;
        assert_eq!(world.registry.contribute(NOW, copy), Err(DatanetError::RootTaken { contribution: first }));
    });
}

#[test]
fn a_text_whose_terms_ended_before_it_was_judged_keeps_its_root_from_nobody() {
    open(|world| {
        let lapsing = Terms { expires_at: NOW + 1, ..open_terms() };
        let first = world.enter(lapsing);
        assert_eq!(world.registry.release(NOW, text(1, 30, 0, open_terms()).root), Ok(None));
        let later = NOW + 1;
        assert_eq!(world.registry.release(later, text(1, 30, 0, open_terms()).root), Ok(Some(first)));
        assert_eq!(world.registry.release(later, text(1, 30, 0, open_terms()).root), Ok(None));
        let second = world.registry.contribute(later, text(1, 30, 0, open_terms())).unwrap();
        assert_ne!(first, second);
    });
}

#[test]
fn an_accepted_text_keeps_its_root_also_when_its_terms_have_ended() {
    open(|world| {
        let contribution = world.enter(Terms { expires_at: NOW + 100, ..open_terms() });
        assert_eq!(world.judge(contribution, 2, true, 9_000, 1), Ok(ContributionStatus::Accepted));
        let (later, copy) = (NOW + 100, text(1, 30, 0, open_terms()));
        assert_eq!(world.registry.release(later, copy.root), Ok(None));
        assert_eq!(world.registry.contribute(later, copy), Err(DatanetError::RootTaken { contribution }));
    });
}

#[test]
fn the_root_of_a_refused_text_is_free_again() {
    open(|world| {
        let contribution = world.enter(open_terms());
        assert_eq!(world.judge(contribution, 2, false, 0, 1), Ok(ContributionStatus::Rejected));
        assert!(world.registry.contribute(NOW, text(1, 30, 0, open_terms())).is_ok());
    });
}

#[test]
fn what_a_text_must_be_is_named() {
    let good = text(1, 10, 0, open_terms());
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
fn a_nonce_counts_once() {
    open(|world| {
        world.registry.contribute(NOW, text(1, 10, 0, open_terms())).unwrap();
        let again = world.registry.contribute(NOW, text(2, 10, 0, open_terms()));
        assert_eq!(again, Err(DatanetError::WrongNonce { expected: 1 }));
    });
}

#[test]
fn k_agreeing_verdicts_accept_and_give_the_number() {
    open(|world| {
        let (first, second) = (world.enter(open_terms()), world.enter(open_terms()));
        assert_eq!(world.judge(second, 2, true, 8_000, 2), Ok(ContributionStatus::Pending));
        assert_eq!(world.judge(second, 2, true, 8_000, 2), Err(DatanetError::AlreadyJudged));
        assert_eq!(world.judge(second, 3, false, 0, 2), Ok(ContributionStatus::Pending));
        assert_eq!(world.judge(second, 4, true, 9_001, 2), Ok(ContributionStatus::Accepted));
        assert_eq!(world.judge(second, 5, true, 1, 2), Err(DatanetError::NotPending));
        let found = world.registry.contribution(second).unwrap();
        assert_eq!((found.seq, found.index, found.quality_bps), (Some(0), Some(0), 8_500));
        world.judge(first, 2, true, 0, 2).unwrap();
        world.judge(first, 3, true, 0, 2).unwrap();
        let found = world.registry.contribution(first).unwrap();
        assert_eq!((found.seq, found.index), (Some(1), Some(1)));
    });
}

#[test]
fn who_agreed_with_the_outcome_is_known_once_there_is_one() {
    open(|world| {
        let contribution = world.enter(open_terms());
        assert_eq!(world.registry.verdicts(contribution), []);
        world.judge(contribution, 2, true, 8_000, 2).unwrap();
        world.judge(contribution, 3, false, 0, 2).unwrap();
        assert_eq!(world.registry.outcome(contribution), None, "not decided");
        world.judge(contribution, 4, false, 5, 2).unwrap();
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
fn what_validators_accepted_stays_their_outcome_after_it_is_revoked_and_a_retracted_text_has_none() {
    open(|world| {
        let accepted = world.accepted(open_terms());
        let contributor = world.registry.contribution(accepted).unwrap().contributor;
        world.registry.revoke(contributor, NOW, accepted).unwrap();
        assert!(world.registry.outcome(accepted).is_some_and(|outcome| outcome.accepted));
        let pending = world.enter(open_terms());
        world.judge(pending, 2, true, 1, 2).unwrap();
        let contributor = world.registry.contribution(pending).unwrap().contributor;
        world.registry.revoke(contributor, NOW, pending).unwrap();
        assert_eq!(world.registry.outcome(pending), None);
    });
}

#[test]
fn a_validator_does_not_judge_its_own_text_nor_beyond_the_scale() {
    open(|world| {
        let contribution = world.enter(open_terms());
        assert_eq!(world.judge(contribution, 10, true, 1, 1), Err(DatanetError::OwnContribution));
        assert_eq!(world.judge(contribution, 2, true, 10_001, 1), Err(DatanetError::BadBps));
        assert_eq!(world.judge(99, 2, true, 1, 1), Err(DatanetError::UnknownContribution));
    });
}

#[test]
fn only_the_owner_of_a_curated_datanet_vetoes_and_only_what_is_pending() {
    open(|world| {
        let contribution = world.enter(open_terms());
        assert_eq!(world.registry.veto(account(OWNER), contribution), Err(DatanetError::NotCurated));
    });
    in_world(DatanetPolicy::Curated, |world| {
        let contribution = world.enter(open_terms());
        assert_eq!(world.registry.veto(account(2), contribution), Err(DatanetError::NotOwner));
        let early = world.registry.may_judge(&parameters(1), account(2), NOW + 49, contribution, 1);
        assert_eq!(early, Err(DatanetError::VetoOpen { until: NOW + 50 }));
        assert_eq!(world.registry.veto(account(OWNER), contribution), Ok(()));
        assert_eq!(world.judge(contribution, 2, true, 1, 1), Err(DatanetError::NotPending));
        let accepted = world.accepted(open_terms());
        assert_eq!(world.registry.veto(account(OWNER), accepted), Err(DatanetError::NotPending));
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
fn each_term_that_is_broken_is_named_with_its_contribution() {
    type Change = fn(&mut Terms);
    let cases: [(Change, Breach); 6] = [
        (|terms| terms.train = false, Breach::ForbidsTraining { contribution: 1 }),
        (|terms| terms.retrieve = false, Breach::ForbidsRetrieval { contribution: 1 }),
        (|terms| terms.display = false, Breach::ForbidsDisplay { contribution: 1 }),
        (|terms| terms.commercial = false, Breach::ForbidsCommerce { contribution: 1 }),
        (|terms| terms.min_bps = 4_501, Breach::ShareTooLow { wanted_bps: 4_501, contribution: Some(1) }),
        (|terms| terms.expires_at = NOW + 100, Breach::Expired { contribution: 1, expires_at: NOW + 100 }),
    ];
    for (change, breach) in cases {
        open(|world| {
            world.accepted(open_terms());
            let mut terms = open_terms();
            change(&mut terms);
            world.accepted(terms);
            world.cut().unwrap();
            let refused = world.registry.check_source(NOW + 100, 0, 0, &any_use());
            assert_eq!(refused, Err(DatanetError::Breach(breach)));
            let modest =
                Use { train: false, retrieve: false, display: false, commercial: false, contributors_bps: 10_000 };
            assert_eq!(world.registry.check_source(NOW + 99, 0, 0, &modest), Ok(()));
        });
    }
}

#[test]
fn the_datanets_floor_counts_for_versions_cut_after_it() {
    open(|world| {
        world.accepted(open_terms());
        world.cut().unwrap();
        let mut datanet = world.registry.datanet(0).unwrap();
        datanet.floor_bps = 5_000;
        world.registry.put_datanet(0, &datanet);
        world.cut().unwrap();
        assert_eq!(world.check(0, any_use()), Ok(()));
        let breach = Breach::ShareTooLow { wanted_bps: 5_000, contribution: None };
        assert_eq!(world.check(1, any_use()), Err(DatanetError::Breach(breach)));
    });
}

#[test]
fn a_revoked_text_bars_new_versions_and_those_that_hold_it_but_not_earlier_ones() {
    open(|world| {
        world.accepted(open_terms());
        world.cut().unwrap();
        let revoked = world.accepted(open_terms());
        world.cut().unwrap();
        assert_eq!(world.registry.revoke(account(99), NOW, revoked), Err(DatanetError::NotContributor));
        world.revoke(revoked).unwrap();
        assert_eq!(world.revoke(revoked), Err(DatanetError::AlreadyRevoked));
        assert_eq!(world.cut().unwrap_err(), DatanetError::MustRebuild { contribution: revoked });
        assert_eq!(world.check(0, any_use()), Ok(()));
        let breach = Breach::HoldsRevoked { contribution: revoked };
        assert_eq!(world.check(1, any_use()), Err(DatanetError::Breach(breach)));
        assert_eq!(world.check(2, any_use()), Err(DatanetError::UnknownVersion));
    });
}

#[test]
fn a_rebuild_leaves_the_revoked_out_whatever_the_page() {
    for page in [1, 2, 3, 100] {
        open(|world| {
            let all: Vec<u64> = (0..7).map(|_| world.accepted(open_terms())).collect();
            world.cut().unwrap();
            assert_eq!(world.rebuild(page), Err(DatanetError::NothingToRebuild));
            world.revoke(all[0]).unwrap();
            world.revoke(all[4]).unwrap();
            let mut progress = world.rebuild(page).unwrap();
            while !progress.finished {
                progress = world.rebuild(page).unwrap();
            }
            let (number, version) = world.cut().unwrap();
            assert_eq!((number, version.generation, version.count), (1, 1, 5));
            assert_eq!(world.proofs_root(&version), version.root);
            assert_eq!(world.check(1, any_use()), Ok(()));
            let breach = Breach::Superseded { generation: 1 };
            assert_eq!(world.check(0, any_use()), Err(DatanetError::Breach(breach)));
            assert_eq!(world.registry.contribution(all[4]).unwrap().index, None);
            assert_eq!(world.registry.contribution(all[6]).unwrap().index, Some(4));
            assert_eq!(world.registry.place(all[4], 0), Some(4));
        });
    }
}

#[test]
fn what_is_accepted_or_revoked_during_a_rebuild_is_not_lost() {
    open(|world| {
        let all: Vec<u64> = (0..4).map(|_| world.accepted(open_terms())).collect();
        world.revoke(all[3]).unwrap();
        world.rebuild(2).unwrap();
        // One that was copied already is revoked, and one more is accepted.
        world.revoke(all[1]).unwrap();
        let late = world.accepted(open_terms());
        assert!(world.rebuild(10).unwrap().finished);
        assert_eq!(world.cut().unwrap_err(), DatanetError::MustRebuild { contribution: all[1] });
        assert!(world.rebuild(10).unwrap().finished);
        let (_, version) = world.cut().unwrap();
        assert_eq!(version.count, 3);
        assert_eq!(world.registry.contribution(late).unwrap().index, Some(2));
        assert_eq!(world.proofs_root(&version), version.root);
    });
}

#[test]
fn expired_terms_go_with_a_rebuild() {
    open(|world| {
        world.accepted(open_terms());
        let expiring = world.accepted(Terms { expires_at: NOW + 100, ..open_terms() });
        let later = |world: &mut World| world.registry.cut_version::<Blake2>(account(OWNER), NOW + 100, 0);
        assert_eq!(later(world).unwrap_err(), DatanetError::MustRebuild { contribution: expiring });
        let rebuilt = world.registry.rebuild::<Blake2>(account(OWNER), NOW + 100, 0, 10).unwrap();
        assert_eq!((rebuilt.kept, rebuilt.progress.finished), (1, true));
        assert_eq!(later(world).unwrap().1.count, 1);
    });
}

#[test]
fn a_pending_text_can_be_taken_back_and_a_refused_one_not() {
    open(|world| {
        let contribution = world.enter(open_terms());
        world.revoke(contribution).unwrap();
        assert_eq!(world.registry.contribution(contribution).unwrap().status, ContributionStatus::Retracted);
        let refused = world.enter(open_terms());
        world.judge(refused, 2, false, 0, 1).unwrap();
        assert_eq!(world.revoke(refused), Err(DatanetError::NotAccepted));
    });
}

#[test]
fn struck_and_passed_over_bar_and_stand_with_their_time() {
    for fact in [Fact::Struck, Fact::PassedOver] {
        open(|world| {
            let contribution = world.accepted(open_terms());
            world.cut().unwrap();
            world.registry.establish(NOW + 7, contribution, fact).unwrap();
            assert_eq!(world.registry.establish(NOW + 8, contribution, fact), Err(DatanetError::AlreadySet));
            let found = world.registry.contribution(contribution).unwrap();
            assert_eq!(found.struck_at.or(found.passed_over_at), Some(NOW + 7));
            assert!(world.check(0, any_use()).is_err());
            let pending = world.enter(open_terms());
            assert_eq!(world.registry.establish(NOW, pending, fact), Err(DatanetError::NotAccepted));
        });
    }
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
        let mut elsewhere = text(1, 10, 0, open_terms());
        elsewhere.datanet = 7;
        assert_eq!(world.registry.contribute(NOW, elsewhere), Err(DatanetError::UnknownDatanet));
        let mut datanet = world.registry.datanet(0).unwrap();
        datanet.paused = true;
        world.registry.put_datanet(0, &datanet);
        let refused = world.registry.contribute(NOW, text(1, 10, 0, open_terms()));
        assert_eq!(refused, Err(DatanetError::DatanetPaused));
    });
}

#[test]
fn names_and_descriptions_are_bounded() {
    open(|world| {
        let mut create = |name: &[u8], cid: usize, bps| {
            world.registry.create(account(OWNER), NOW, name.to_vec(), vec![0; cid], DatanetPolicy::Open, bps)
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
fn a_full_tree_takes_no_more() {
    let mut tree = Generation { count: MAX_VERSION, peaks: vec![[1; 32]], ..Generation::default() };
    let leaf = VersionLeaf { seq: 0, contribution: 0, content_root: [1; 32], contributor: [1; 32] };
    assert_eq!(tree.append::<Blake2>(&leaf, &open_terms()), Err(DatanetError::TreeFull));
}

#[derive(Debug, Clone)]
enum Step {
    Accept(bool),
    Refuse,
    Revoke(u16),
    Strike(u16),
    Cut,
    Rebuild(u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => any::<bool>().prop_map(Step::Accept),
        1 => Just(Step::Refuse),
        2 => any::<u16>().prop_map(Step::Revoke),
        1 => any::<u16>().prop_map(Step::Strike),
        3 => Just(Step::Cut),
        3 => (1u32..6).prop_map(Step::Rebuild),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn versions_never_hold_what_was_barred_before_and_always_have_proofs_root(
        steps in proptest::collection::vec(step(), 1..60)
    ) {
        open(|world| {
            let mut barred: Vec<u64> = Vec::new();
            for step in steps {
                let pick = |seed: u16| u64::from(seed) % world.registry.contribution_count().max(1);
                match step {
                    Step::Accept(train) => { world.accepted(Terms { train, ..open_terms() }); }
                    Step::Refuse => { let c = world.enter(open_terms()); world.judge(c, 2, false, 0, 1).unwrap(); }
                    Step::Revoke(seed) => {
                        let c = pick(seed);
                        if world.registry.contribution(c).is_some() && world.revoke(c).is_ok() { barred.push(c); }
                    }
                    Step::Strike(seed) => {
                        let c = pick(seed);
                        if world.registry.establish(NOW, c, Fact::Struck).is_ok() { barred.push(c); }
                    }
                    Step::Cut => {
                        if let Ok((number, version)) = world.cut() {
                            assert_eq!(world.proofs_root(&version), version.root);
                            let held: Vec<u64> = (0..version.count)
                                .map(|i| world.registry.leaf(0, version.generation, i).unwrap().contribution)
                                .collect();
                            assert!(held.iter().all(|c| !barred.contains(c)));
                            let free = held.iter().all(|c| world.registry.contribution(*c).unwrap().terms.train);
                            assert_eq!(world.check(number, any_use()).is_ok(), free);
                        }
                    }
                    Step::Rebuild(page) => { let _ = world.rebuild(page); }
                }
                // Whatever was cut: a version that holds something barred is never allowed.
                for number in 0..world.registry.datanet(0).unwrap().versions {
                    let version = world.registry.version(0, number).unwrap();
                    let holds = (0..version.count)
                        .any(|i| barred.contains(&world.registry.leaf(0, version.generation, i).unwrap().contribution));
                    assert!(!holds || world.check(number, any_use()).is_err());
                }
            }
        });
    }
}
