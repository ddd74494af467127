use crate::registry::Registry;
use crate::rules;
use ink::env::DefaultEnvironment;
use openledger_abi::models::*;
use openledger_abi::{AccountId, Timestamp, OPEN};
use proptest::prelude::*;

const OWNER: u8 = 1;
const NOW: Timestamp = 1_000;

fn account(byte: u8) -> AccountId {
    AccountId::from([byte; 32])
}

fn parameters() -> ModelParameters {
    ModelParameters { royalty_cap_bps: 5_000, min_contributors_bps: 3_000, max_contributors_bps: 5_000 }
}

fn revision() -> NewRevision {
    NewRevision {
        artefact_cid: b"cid".to_vec(),
        artefact_hash: [7; 32],
        sources: vec![Source { datanet: 0, version: 0 }],
        sketches: SketchRoot::default(),
        price_in: OPEN,
        price_out: 2 * OPEN,
        contributors_bps: 4_500,
        policy: AttributionPolicy { span_bps: 6_000, influence_bps: 4_000, retrieval_bps: 0, min_words: 6, c_max: 3 },
        access: Access::Open,
        evaluation_hash: [0; 32],
        card_cid: vec![],
    }
}

fn new_model(kind: ModelKind, parents: &[(u32, u16)]) -> NewModel {
    let parents = parents.iter().map(|(model, royalty_bps)| Parent { model: *model, royalty_bps: *royalty_bps });
    NewModel { kind, parents: parents.collect(), revision: revision() }
}

fn register(registry: &mut Registry, owner: u8, new: NewModel) -> Result<u32, ModelError> {
    registry.examine(&parameters(), &new)?;
    registry.register(account(owner), NOW, new).map(|kept| kept.0)
}

fn base(registry: &mut Registry) -> u32 {
    register(registry, OWNER, new_model(ModelKind::Base, &[])).unwrap()
}

fn on_chain(test: impl FnOnce(&mut Registry)) {
    ink::env::test::run_test::<DefaultEnvironment, _>(|_| {
        test(&mut Registry::default());
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_parent_must_exist_before_its_child_so_no_cycle_can_be() {
    on_chain(|registry| {
        let itself = register(registry, OWNER, new_model(ModelKind::Base, &[(0, 1)]));
        assert_eq!(itself, Err(ModelError::BadParent { model: 0 }));
        base(registry);
        assert_eq!(register(registry, OWNER, new_model(ModelKind::Adapter, &[(0, 100)])), Ok(1));
        let unknown = register(registry, OWNER, new_model(ModelKind::Adapter, &[(0, 1), (2, 1)]));
        assert_eq!(unknown, Err(ModelError::BadParent { model: 2 }));
    });
}

#[test]
fn a_retired_parent_is_none() {
    on_chain(|registry| {
        base(registry);
        registry.set_status(account(OWNER), 0, ModelStatus::Retired).unwrap();
        let child = register(registry, OWNER, new_model(ModelKind::Adapter, &[(0, 1)]));
        assert_eq!(child, Err(ModelError::BadParent { model: 0 }));
    });
}

#[test]
fn adapters_stand_on_a_model_and_agents_use_one() {
    on_chain(|registry| {
        assert_eq!(register(registry, 1, new_model(ModelKind::Adapter, &[])), Err(ModelError::NeedsParent));
        assert_eq!(register(registry, 1, new_model(ModelKind::Agent, &[])), Err(ModelError::NeedsParent));
        base(registry);
        assert_eq!(register(registry, 1, new_model(ModelKind::Agent, &[(0, 0)])), Ok(1));
        assert_eq!(register(registry, 1, new_model(ModelKind::Adapter, &[(1, 0)])), Err(ModelError::NeedsParent));
    });
}

#[test]
fn royalties_are_capped_and_parents_named_once() {
    on_chain(|registry| {
        base(registry);
        base(registry);
        let parents = |list: &[(u32, u16)]| {
            let new = new_model(ModelKind::Base, list);
            rules::parents(new.kind, &new.parents, &parameters(), |model| registry.get(model))
        };
        assert_eq!(parents(&[(0, 2_500), (1, 2_500)]), Ok(()));
        assert_eq!(parents(&[(0, 2_500), (1, 2_501)]), Err(ModelError::RoyaltiesAboveCap { cap_bps: 5_000 }));
        assert_eq!(parents(&[(0, u16::MAX), (1, u16::MAX)]), Err(ModelError::RoyaltiesAboveCap { cap_bps: 5_000 }));
        assert_eq!(parents(&[(0, 1), (1, 1), (0, 1)]), Err(ModelError::DoubleParent { model: 0 }));
        assert_eq!(parents(&[(0, 0); 9]), Err(ModelError::TooManyParents));
    });
}

#[test]
fn a_policy_is_within_its_bounds() {
    let judge = |change: &dyn Fn(&mut AttributionPolicy)| {
        let mut new = revision();
        change(&mut new.policy);
        rules::revision(ModelKind::Adapter, &new, &parameters())
    };
    for min_words in 0..20 {
        let wanted = if (3..=16).contains(&min_words) { Ok(()) } else { Err(ModelError::BadPolicy) };
        assert_eq!(judge(&|policy| policy.min_words = min_words), wanted, "{min_words}");
    }
    for c_max in 0..6 {
        let wanted = if (2..=3).contains(&c_max) { Ok(()) } else { Err(ModelError::BadPolicy) };
        assert_eq!(judge(&|policy| policy.c_max = c_max), wanted, "{c_max}");
    }
    let retrieval = |bps: u16| {
        judge(&|policy| (policy.span_bps, policy.influence_bps, policy.retrieval_bps) = (10_000 - bps, 0, bps))
    };
    assert_eq!((retrieval(2_000), retrieval(2_001)), (Ok(()), Err(ModelError::BadPolicy)));
}

#[test]
fn what_a_revision_must_be_is_named() {
    let check = |change: fn(&mut NewRevision), wanted| {
        let mut new = revision();
        change(&mut new);
        assert_eq!(rules::revision(ModelKind::Adapter, &new, &parameters()), wanted);
    };
    check(|_| {}, Ok(()));
    check(|new| new.artefact_hash = [0; 32], Err(ModelError::NoArtefact));
    check(|new| new.artefact_cid = vec![], Err(ModelError::BadCid));
    check(|new| new.card_cid = vec![0; MAX_MODEL_CID + 1], Err(ModelError::BadCid));
    check(|new| new.sources = vec![], Err(ModelError::NeedsSource));
    check(|new| new.sources = (0..16).map(|n| Source { datanet: n, version: 0 }).collect(), Ok(()));
    let many = Err(ModelError::TooManySources);
    check(|new| new.sources = (0..17).map(|n| Source { datanet: n, version: 0 }).collect(), many);
    check(|new| new.sources.push(new.sources[0]), Err(ModelError::DoubleSource { source: 1 }));
    check(|new| new.policy.span_bps = 6_001, Err(ModelError::BadPolicy));
    check(|new| new.policy.retrieval_bps = 1, Err(ModelError::BadPolicy));
    fn retrieve(new: &mut NewRevision, bps: u16) {
        new.policy = AttributionPolicy { influence_bps: 4_000 - bps, retrieval_bps: bps, ..new.policy };
    }
    check(|new| retrieve(new, 2_000), Ok(()));
    check(|new| retrieve(new, 2_001), Err(ModelError::BadPolicy));
    check(|new| new.sketches.d = 1, Err(ModelError::BadSketches));
    check(|new| new.sketches = SketchRoot { count: 1, d: 4_096, ..SketchRoot::default() }, Ok(()));
    let bad = Err(ModelError::BadSketches);
    check(|new| new.sketches = SketchRoot { count: 1, d: 4_097, ..SketchRoot::default() }, bad);
    check(|new| new.sketches = SketchRoot { count: (1 << 20) + 1, d: 1, ..SketchRoot::default() }, bad);
    let bounds = Err(ModelError::ShareOutOfBounds { min_bps: 3_000, max_bps: 5_000 });
    check(|new| new.contributors_bps = 2_999, bounds);
    check(|new| new.contributors_bps = 5_001, bounds);
    let mut base = revision();
    base.sources.clear();
    assert_eq!(rules::revision(ModelKind::Base, &base, &parameters()), Ok(()));
}

#[test]
fn what_a_model_does_with_its_sources_follows_from_its_kind_and_policy() {
    let wanted = rules::wanted(ModelKind::Adapter, &revision());
    assert!(wanted.train && wanted.display && wanted.commercial && !wanted.retrieve);
    let mut free = revision();
    (free.price_in, free.price_out) = (0, 0);
    assert!(!rules::wanted(ModelKind::Base, &free).commercial);
    let agent = rules::wanted(ModelKind::Agent, &revision());
    assert!(agent.retrieve && !agent.train);
}

#[test]
fn a_revision_of_the_same_artefact_keeps_its_sources_and_asks_again_only_for_more() {
    on_chain(|registry| {
        base(registry);
        let ask = |registry: &Registry, new: &NewRevision| {
            registry.examine_revision(account(OWNER), &parameters(), 0, new).map(|demand| demand.is_some())
        };
        let mut dearer = revision();
        dearer.price_out = 9 * OPEN;
        assert_eq!(ask(registry, &dearer), Ok(false));
        let mut meaner = revision();
        meaner.contributors_bps = 4_499;
        assert_eq!(ask(registry, &meaner), Err(ModelError::ShareLowered));
        meaner.artefact_hash = [8; 32];
        assert_eq!(ask(registry, &meaner), Err(ModelError::ShareLowered), "whatever else it changes");
        let mut elsewhere = revision();
        elsewhere.sources[0].version = 1;
        assert_eq!(ask(registry, &elsewhere), Err(ModelError::SourcesChanged));
        elsewhere.artefact_hash = [8; 32];
        assert_eq!(ask(registry, &elsewhere), Ok(true));
        let other = registry.examine_revision(account(2), &parameters(), 0, &dearer);
        assert_eq!(other, Err(ModelError::NotOwner));
    });
}

#[test]
fn revisions_are_numbered_and_kept() {
    on_chain(|registry| {
        base(registry);
        let before = registry.revision(0, 0).unwrap();
        let mut new = revision();
        new.price_in = 5;
        assert_eq!(registry.revise(NOW + 1, 0, new).unwrap().0, 1);
        assert_eq!(registry.revision(0, 0).unwrap(), before);
        let second = registry.revision(0, 1).unwrap();
        assert_eq!((second.price_in, second.created_at), (5, NOW + 1));
        assert_eq!(registry.settlement(0).unwrap().price_in, 5);
        assert_eq!(registry.revision(0, 2), None);
    });
}

#[test]
fn a_settlement_names_the_present_owners_of_the_parents() {
    on_chain(|registry| {
        register(registry, 5, new_model(ModelKind::Base, &[])).unwrap();
        register(registry, 6, new_model(ModelKind::Adapter, &[(0, 1_000)])).unwrap();
        let mut parent = registry.get(0).unwrap();
        parent.owner = account(9);
        registry.put(0, &parent);
        let settlement = registry.settlement(1).unwrap();
        assert_eq!(settlement.owner, account(6));
        assert_eq!(settlement.parents, vec![(account(9), 1_000)]);
        assert!(settlement.active);
        registry.set_status(account(6), 1, ModelStatus::Paused).unwrap();
        assert!(!registry.settlement(1).unwrap().active);
        assert_eq!(registry.settlement(2), Err(ModelError::UnknownModel));
    });
}

#[test]
fn a_retired_model_stays_so() {
    on_chain(|registry| {
        base(registry);
        let set = |registry: &mut Registry, status| registry.set_status(account(OWNER), 0, status);
        assert_eq!(set(registry, ModelStatus::Active), Err(ModelError::SameStatus));
        set(registry, ModelStatus::Paused).unwrap();
        set(registry, ModelStatus::Active).unwrap();
        set(registry, ModelStatus::Retired).unwrap();
        assert_eq!(set(registry, ModelStatus::Active), Err(ModelError::Retired));
        assert_eq!(registry.owned(0, account(OWNER)), Err(ModelError::Retired));
    });
}

fn host_of(models: &[u32]) -> Host {
    let hosted = |model: &u32| HostedModel { model: *model, price_in: 1, price_out: 2 };
    Host { endpoint: b"http://127.0.0.1:1".to_vec(), models: models.iter().map(hosted).collect() }
}

#[test]
fn announcements_are_well_formed() {
    on_chain(|registry| {
        base(registry);
        let mut announce = |host| registry.announce(account(3), NOW, host);
        assert_eq!(announce(host_of(&[0, 0])), Err(ModelError::DoubleHosted { model: 0 }));
        assert_eq!(announce(host_of(&[1])), Err(ModelError::UnknownModel));
        assert_eq!(announce(host_of(&(0..65).collect::<Vec<_>>())), Err(ModelError::TooManyHosted));
        let endpoint = |bytes: Vec<u8>| Host { endpoint: bytes, models: vec![] };
        assert_eq!(announce(endpoint(vec![])), Err(ModelError::BadEndpoint));
        assert_eq!(announce(endpoint(vec![0xFF])), Err(ModelError::BadEndpoint));
        assert_eq!(announce(endpoint(vec![b'a'; MAX_ENDPOINT + 1])), Err(ModelError::BadEndpoint));
        assert_eq!(announce(host_of(&[0])), Ok(()));
        assert_eq!(registry.withdraw(account(4)), Err(ModelError::NotAnnounced));
    });
}

#[test]
fn parameters_outside_their_bounds_are_refused() {
    let bad = |change: fn(&mut ModelParameters)| {
        let mut changed = parameters();
        change(&mut changed);
        assert_eq!(rules::parameters(&changed), Err(ModelError::BadParameters));
    };
    assert_eq!(rules::parameters(&parameters()), Ok(()));
    bad(|p| p.royalty_cap_bps = 10_001);
    bad(|p| p.max_contributors_bps = 10_001);
    bad(|p| p.min_contributors_bps = 5_001);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_models_hosts_are_those_that_announce_it_each_once(
        steps in proptest::collection::vec((0u8..6, proptest::collection::btree_set(0u32..5, 0..5)), 1..40)
    ) {
        on_chain(|registry| {
            for _ in 0..5 { base(registry); }
            for (host, models) in steps {
                let list: Vec<u32> = models.iter().copied().collect();
                if list.is_empty() {
                    let _ = registry.withdraw(account(host));
                } else {
                    registry.announce(account(host), NOW, host_of(&list)).unwrap();
                }
                for model in 0..5 {
                    let count = registry.host_count_of(model);
                    let mut listed: Vec<AccountId> =
                        (0..count).map(|place| registry.offer(model, place).unwrap().host).collect();
                    listed.sort();
                    let serves = |who: &u8| {
                        registry.host(account(*who))
                            .is_some_and(|info| info.host.models.iter().any(|hosted| hosted.model == model))
                    };
                    let expected: Vec<AccountId> = (0..6).filter(serves).map(account).collect();
                    assert_eq!(listed, expected);
                    assert!(registry.offer(model, count).is_none());
                }
            }
        });
    }
}
