//! Datanet and model registry on the embedded chain, in a whole suite: texts under signed terms, verdicts, versions, what models may
//! be made from, owners, hosts.
use std::fmt::Debug;
use std::sync::{Arc, LazyLock};

use chain::{AccountId, CallError, Embedded, Keypair, account_bytes, read, send};
use e2e::{H, World};
use ink::env::call::Execution;
use ink::message_builder;
use openledger_abi::OPEN;
use openledger_abi::admin::{AdminError, Pausable};
use openledger_abi::datanet::{
    ContributionStatus, DatanetError, DatanetRegistry, Judges, LeafInfo, LicenceFloor, NewContribution, OPENING_MS,
    Term, Terms, Use, Version,
};
use openledger_abi::models::{
    Access, Host, HostedModel, ModelError, ModelKind, ModelRegistry, ModelStatus, NewModel, Parent, Source,
};
use openledger_abi::staking::{Role, Staking};
use proof::Tree;
use proof::signed::{Domain, Signable};
use proof::tree::MerkleTree;
use proof::version::VersionLeaf;

static FOUNDED: LazyLock<(Arc<Embedded>, World)> = LazyLock::new(|| {
    let chain = Arc::new(Embedded::ephemeral());
    let rich = Keypair::from_uri("//Alice").unwrap();
    let world = World::found(chain.clone(), &rich).unwrap();
    (chain, world)
});

fn fork() -> World {
    let (chain, world) = &*FOUNDED;
    world.on(Arc::new(chain.fork()))
}

fn own_error<T: Debug, E: Debug>(outcome: Result<T, CallError<E>>) -> E {
    match outcome {
        Err(CallError::Message(error)) => error,
        other => panic!("wanted the contract's own error, got {other:?}"),
    }
}

fn datanets<A, T>(world: &World, by: &Keypair, call: Execution<A, Result<T, DatanetError>>) -> DatanetOutcome<T>
where
    A: ink::scale::Encode,
    T: ink::scale::Decode,
{
    send(&*world.chain, by, world.suite.datanet_registry, call).map(|sent| sent.value)
}

fn models<A, T>(
    world: &World,
    by: &Keypair,
    call: Execution<A, Result<T, ModelError>>,
) -> Result<T, CallError<ModelError>>
where
    A: ink::scale::Encode,
    T: ink::scale::Decode,
{
    send(&*world.chain, by, world.suite.model_registry, call).map(|sent| sent.value)
}

type DatanetOutcome<T> = Result<T, CallError<DatanetError>>;

fn new_text(world: &World, datanet: u32, by: &Keypair, text: &str) -> NewContribution {
    world.contribution(datanet, by, text.as_bytes(), World::open_terms()).unwrap()
}

fn contribute(world: &World, new: NewContribution, signature: [u8; 64]) -> DatanetOutcome<u64> {
    // Sent in by somebody else.
    world.send_in(&world.people.payer, new, signature).map(|sent| sent.value)
}

/// Enters a text and leaves it pending.
fn pending(world: &World, datanet: u32, by: &Keypair, text: &str) -> u64 {
    world.enter(datanet, by, text.as_bytes(), World::open_terms()).unwrap()
}

fn verdict(world: &World, by: &Keypair, contribution: u64, accept: bool) -> DatanetOutcome<ContributionStatus> {
    datanets(world, by, message_builder!(DatanetRegistry).verdict(contribution, accept, 7_000))
}

/// A Datanet of validators' under a floor.
fn create(world: &World, floor: LicenceFloor) -> u32 {
    world.create_datanet_with(floor, Judges::Validators { agreeing: 1 }).unwrap()
}

fn version(world: &World, datanet: u32, version: u32) -> Version {
    let call = message_builder!(DatanetRegistry).version(datanet, version);
    read(&*world.chain, world.suite.datanet_registry, call).unwrap().unwrap()
}

/// The version's root from the leaves that the registry lists, by crate proof.
fn proofs_root(world: &World, datanet: u32, version: &Version) -> [u8; 32] {
    let mut leaves: Vec<LeafInfo> = Vec::new();
    while leaves.len() < version.count as usize {
        let from = leaves.len() as u32;
        let call = message_builder!(DatanetRegistry).leaves(datanet, from, version.count - from);
        leaves.extend(read(&*world.chain, world.suite.datanet_registry, call).unwrap());
    }
    let nodes = leaves.iter().map(|leaf| {
        let contributor = account_bytes(&leaf.contributor);
        VersionLeaf { seq: leaf.seq, contribution: leaf.contribution, content_root: leaf.root, contributor }.node::<H>()
    });
    let tree = MerkleTree::build::<H>(Tree::Version, nodes.collect()).unwrap();
    proof::version::version_root::<H>(version.count, &tree.top().hash)
}

fn check_source(world: &World, datanet: u32, version: u32) -> Result<(), DatanetError> {
    let contributors_bps = world.config.models.min_contributors_bps;
    let wanted = Use { train: true, retrieve: true, display: true, commercial: true, contributors_bps };
    let call = message_builder!(DatanetRegistry).check_source(datanet, version, wanted);
    read(&*world.chain, world.suite.datanet_registry, call).unwrap()
}

#[test]
fn a_text_enters_by_its_contributors_signature_bare_or_as_wallets_wrap_it() {
    let world = fork();
    let author = &world.people.contributors[0];
    let first = pending(&world, world.datanet, author, "Written by hand.");
    let new = new_text(&world, world.datanet, author, "Written in a wallet.");
    world.commit(author, &new).unwrap();
    let message = world.terms(&new);
    let second = contribute(&world, new, author.sign(&message.wrapped)).unwrap();
    assert_eq!(second, first + 1);
}

#[test]
fn a_signature_over_anything_else_is_refused() {
    let world = fork();
    let author = &world.people.contributors[0];
    let new = new_text(&world, world.datanet, author, "Signed once.");
    world.commit(author, &new).unwrap();
    let signature = world.terms_signature(author, &new);
    let change = |f: fn(&mut NewContribution)| {
        let mut changed = new.clone();
        f(&mut changed);
        own_error(contribute(&world, changed, signature))
    };
    assert_eq!(change(|new| new.terms.licence[0] ^= 1), DatanetError::BadSignature);
    assert_eq!(change(|new| new.length += 1), DatanetError::BadSignature);
    assert_eq!(change(|new| new.cid.push(0)), DatanetError::BadSignature);
    assert_eq!(change(|new| new.deadline += 1), DatanetError::BadSignature);
    // What was committed to is not that.
    assert_eq!(change(|new| new.root[0] ^= 1), DatanetError::UnknownCommitment);
    assert_eq!(change(|new| new.salt[0] ^= 1), DatanetError::UnknownCommitment);
    assert_eq!(change(|new| new.contributor = AccountId::from([8; 32])), DatanetError::UnknownCommitment);
    // Another chain, another contract.
    let here = world.domain(world.suite.datanet_registry);
    for domain in [Domain { genesis: [1; 32], ..here }, Domain { contract: [1; 32], ..here }] {
        let elsewhere = author.sign(&Signable::terms::<H>(&domain, &World::terms_body(&new)).digest);
        assert_eq!(own_error(contribute(&world, new.clone(), elsewhere)), DatanetError::BadSignature);
    }
    let contribution = contribute(&world, new.clone(), signature).unwrap();
    assert_eq!(own_error(contribute(&world, new.clone(), signature)), DatanetError::UnknownCommitment);
    // Committed to once more by a stranger, it is the contributor's all the same, and in the Datanet already.
    world.commit(&world.people.payer, &new).unwrap();
    let replayed = own_error(contribute(&world, new, signature));
    assert_eq!(replayed, DatanetError::AlreadyEntered { contribution });
}

#[test]
fn a_commitment_opens_for_thirty_days_and_is_then_forgotten() {
    let world = fork();
    let author = &world.people.contributors[0];
    let mut new = new_text(&world, world.datanet, author, "Forgotten in a drawer.");
    new.deadline += 2 * OPENING_MS;
    world.commit(author, &new).unwrap();
    let signature = world.terms_signature(author, &new);
    let top = World::terms_body(&new).commitment().node::<H>().hash;
    let call = message_builder!(DatanetRegistry).commitment(top, 1);
    let entered = read(&*world.chain, world.suite.datanet_registry, call).unwrap().unwrap();
    let until = entered.committed_at + OPENING_MS;
    let forget = || {
        let call = message_builder!(DatanetRegistry).forget(top, 1);
        send(&*world.chain, &world.people.payer, world.suite.datanet_registry, call)
    };
    assert_eq!(own_error(forget()), DatanetError::StillOpen { until });
    world.after(until).unwrap();
    assert_eq!(own_error(contribute(&world, new, signature)), DatanetError::CommitmentLapsed { until });
    let forgotten = forget().unwrap();
    assert!(forgotten.receipt.deposit < 0, "the deposit is given back: {}", forgotten.receipt.deposit);
    assert_eq!(own_error(forget()), DatanetError::UnknownCommitment);
}

#[test]
fn committing_and_contributing_lock_at_most_three_tenths_of_a_coin() {
    let world = fork();
    let author = &world.people.contributors[0];
    let new = new_text(&world, world.datanet, author, "A text of which the deposits are counted.");
    let top = World::terms_body(&new).commitment().node::<H>().hash;
    let call = message_builder!(DatanetRegistry).commit(top, 1);
    let committed = send(&*world.chain, author, world.suite.datanet_registry, call).unwrap().receipt.deposit;
    world.tick().unwrap();
    let signature = world.terms_signature(author, &new);
    let entered = world.send_in(author, new, signature).unwrap().receipt.deposit;
    const TENTH: i128 = 100_000_000_000;
    assert!(committed + entered < 3 * TENTH, "{committed} + {entered}");
    assert!(committed + entered.max(0) < 3 * TENTH, "also at the worst moment: {committed}, {entered}");
}

#[test]
fn only_bonded_validators_judge_and_each_once() {
    let world = fork();
    let contribution = pending(&world, world.datanet, &world.people.contributors[0], "To be judged.");
    let host = own_error(verdict(&world, &world.people.host, contribution, true));
    assert_eq!(host, DatanetError::NotValidator);
    assert_eq!(own_error(verdict(&world, &world.people.payer, contribution, true)), DatanetError::NotValidator);
    verdict(&world, &world.people.validator, contribution, true).unwrap();
    assert_eq!(own_error(verdict(&world, &world.people.validator, contribution, true)), DatanetError::NotPending);
    // A validator below its least bond is none.
    let second = pending(&world, world.datanet, &world.people.contributors[0], "To be judged later.");
    let call = message_builder!(Staking).unbond(world.people.validator.account(), 1);
    send(&*world.chain, &world.people.validator, world.suite.staking, call).unwrap();
    assert_eq!(own_error(verdict(&world, &world.people.validator, second, true)), DatanetError::NotValidator);
}

#[test]
fn a_versions_root_is_the_one_crate_proof_gives_and_stays_when_more_comes() {
    let world = fork();
    let first = version(&world, world.datanet, 0);
    assert_eq!(proofs_root(&world, world.datanet, &first), first.root);
    let author = &world.people.contributors[2];
    for number in 0..5 {
        let text = format!("Text number {number} for the next version.");
        world.contribute(world.datanet, author, text.as_bytes(), World::open_terms()).unwrap();
    }
    let number = world.cut_version(world.datanet).unwrap();
    let second = version(&world, world.datanet, number);
    assert_eq!(second.count, first.count + 5);
    assert_eq!(proofs_root(&world, world.datanet, &second), second.root);
    assert_eq!(version(&world, world.datanet, 0), first);
    let again = datanets(&world, &world.people.owner, message_builder!(DatanetRegistry).cut_version(world.datanet));
    assert_eq!(own_error(again), DatanetError::NothingNew);
    let other = datanets(&world, author, message_builder!(DatanetRegistry).cut_version(world.datanet));
    assert_eq!(own_error(other), DatanetError::NotOwner);
}

#[test]
fn a_revoked_text_stays_in_the_tree_and_the_datanet_goes_on() {
    let world = fork();
    let author = &world.people.contributors[1];
    let contribution = world.contributions[1];
    let revoke = |by: &Keypair| datanets(&world, by, message_builder!(DatanetRegistry).revoke(contribution));
    assert_eq!(own_error(revoke(&world.people.owner)), DatanetError::NotPayee);
    revoke(author).unwrap();
    assert_eq!(own_error(revoke(author)), DatanetError::AlreadyRevoked);
    let before = version(&world, world.datanet, 0);
    assert_eq!(check_source(&world, world.datanet, 0), Ok(()));
    world.contribute(world.datanet, author, b"One more text of the same author.", World::open_terms()).unwrap();
    let number = world.cut_version(world.datanet).unwrap();
    let after = version(&world, world.datanet, number);
    assert_eq!(after.count, before.count + 1);
    assert_eq!(proofs_root(&world, world.datanet, &after), after.root);
    assert_eq!(check_source(&world, world.datanet, number), Ok(()));
    assert_eq!(version(&world, world.datanet, 0), before, "what was cut stays as it was");
}

#[test]
fn what_arbitration_and_votes_may_do_nobody_else_may() {
    let world = fork();
    let contribution = world.contributions[0];
    let by = &world.people.owner;
    let strike = datanets(&world, by, message_builder!(DatanetRegistry).strike(contribution));
    assert_eq!(own_error(strike), DatanetError::NotArbitration);
    let reinstate = datanets(&world, by, message_builder!(DatanetRegistry).reinstate(contribution));
    assert_eq!(own_error(reinstate), DatanetError::NotArbitration);
    let payee = datanets(&world, by, message_builder!(DatanetRegistry).set_payee(contribution, by.account()));
    assert_eq!(own_error(payee), DatanetError::NotArbitration);
    let restore = datanets(&world, by, message_builder!(DatanetRegistry).restore(contribution));
    assert_eq!(own_error(restore), DatanetError::Admin(AdminError::NotAdmin));
    let pause = send(&*world.chain, by, world.suite.datanet_registry, message_builder!(Pausable).pause(0));
    assert_eq!(own_error(pause), AdminError::NotGuardian);
}

#[test]
fn a_datanet_changes_hands_in_two_steps() {
    let world = fork();
    let (owner, heir) = (&world.people.owner, &world.people.watcher);
    let accept = || datanets(&world, heir, message_builder!(DatanetRegistry).accept_datanet(world.datanet));
    assert_eq!(own_error(accept()), DatanetError::NotOffered);
    let offer = message_builder!(DatanetRegistry).offer_datanet(world.datanet, heir.account());
    datanets(&world, owner, offer).unwrap();
    accept().unwrap();
    let pause =
        |by: &Keypair| datanets(&world, by, message_builder!(DatanetRegistry).set_datanet_paused(world.datanet, true));
    assert_eq!(own_error(pause(owner)), DatanetError::NotOwner);
    pause(heir).unwrap();
    let new = new_text(&world, world.datanet, &world.people.contributors[0], "Too late.");
    world.commit(heir, &new).unwrap();
    let signature = world.terms_signature(&world.people.contributors[0], &new);
    assert_eq!(own_error(contribute(&world, new, signature)), DatanetError::DatanetPaused);
}

fn register(world: &World, new: NewModel) -> Result<u32, CallError<ModelError>> {
    models(world, &world.people.owner, message_builder!(ModelRegistry).register(new))
}

fn adapter(world: &World, sources: Vec<Source>, royalty_bps: u16) -> NewModel {
    let mut revision = world.revision();
    revision.sources = sources;
    NewModel { kind: ModelKind::Adapter, parents: vec![Parent { model: world.model, royalty_bps }], revision }
}

/// A Datanet of one text that allows what its floor asks, with its version 0.
fn datanet_of(world: &mut World, floor: LicenceFloor) -> (u32, u64) {
    let datanet = create(world, floor);
    let author = world.people.contributors[0].clone();
    let text = world.fresh_text();
    let terms = Terms { min_bps: floor.share_bps, ..World::open_terms() };
    let contribution = world.contribute(datanet, &author, text.as_bytes(), terms).unwrap();
    world.cut_version(datanet).unwrap();
    (datanet, contribution)
}

#[test]
fn the_first_source_and_term_that_a_model_breaks_are_named() {
    let mut world = fork();
    type Change = fn(&mut LicenceFloor);
    let cases: [(Change, Term); 4] = [
        (|floor| floor.train = false, Term::Training),
        (|floor| floor.display = false, Term::Display),
        (|floor| floor.commercial = false, Term::Commerce),
        (|floor| floor.share_bps = 9_000, Term::Share),
    ];
    for (change, term) in cases {
        let mut floor = world.floor();
        change(&mut floor);
        let (datanet, _) = datanet_of(&mut world, floor);
        let sources = vec![Source { datanet: world.datanet, version: 0 }, Source { datanet, version: 0 }];
        let error = DatanetError::NotPromised(term);
        let refused = own_error(register(&world, adapter(&world, sources, 0)));
        assert_eq!(refused, ModelError::SourceRefused { source: 1, error });
    }
    let unknown = own_error(register(&world, adapter(&world, vec![Source { datanet: 99, version: 0 }], 0)));
    assert_eq!(unknown, ModelError::SourceRefused { source: 0, error: DatanetError::UnknownDatanet });
    let floor = LicenceFloor { retrieve: false, ..world.floor() };
    let (datanet, _) = datanet_of(&mut world, floor);
    register(&world, adapter(&world, vec![Source { datanet, version: 0 }], 0)).unwrap();
}

#[test]
fn a_datanet_that_may_not_be_trained_on_can_still_feed_an_agent() {
    let mut world = fork();
    let floor = LicenceFloor { train: false, ..world.floor() };
    let (datanet, _) = datanet_of(&mut world, floor);
    let mut new = adapter(&world, vec![Source { datanet, version: 0 }], 0);
    new.kind = ModelKind::Agent;
    register(&world, new).unwrap();
}

#[test]
fn a_revocation_stops_neither_a_new_price_nor_new_weights() {
    let mut world = fork();
    let floor = world.floor();
    let (datanet, contribution) = datanet_of(&mut world, floor);
    let new = adapter(&world, vec![Source { datanet, version: 0 }], 0);
    let model = register(&world, new.clone()).unwrap();
    let author = world.people.contributors[0].clone();
    datanets(&world, &author, message_builder!(DatanetRegistry).revoke(contribution)).unwrap();
    let revise =
        |revision| models(&world, &world.people.owner, message_builder!(ModelRegistry).revise(model, revision));
    let mut dearer = new.revision.clone();
    dearer.price_out += 1;
    assert_eq!(revise(dearer).unwrap(), 1);
    let mut retrained = new.revision.clone();
    retrained.artefact_hash = [3; 32];
    assert_eq!(revise(retrained).unwrap(), 2);
}

#[test]
fn a_settlement_names_owner_and_parents_of_the_newest_revision() {
    let world = fork();
    let child = register(&world, adapter(&world, world.revision().sources, 1_234)).unwrap();
    let settlement = || {
        let call = message_builder!(ModelRegistry).settlement(child);
        read(&*world.chain, world.suite.model_registry, call).unwrap().unwrap()
    };
    let owner = world.people.owner.account();
    assert_eq!((settlement().owner, settlement().parents), (owner, vec![(owner, 1_234)]));
    let set = |status| models(&world, &world.people.owner, message_builder!(ModelRegistry).set_status(child, status));
    set(ModelStatus::Paused).unwrap();
    assert!(!settlement().active);
    set(ModelStatus::Retired).unwrap();
    assert_eq!(own_error(set(ModelStatus::Active)), ModelError::Retired);
    let cap = own_error(register(&world, adapter(&world, world.revision().sources, 5_001)));
    assert_eq!(cap, ModelError::RoyaltiesAboveCap { cap_bps: 5_000 });
}

#[test]
fn a_model_changes_hands_in_two_steps() {
    let world = fork();
    let heir = &world.people.watcher;
    let accept = || models(&world, heir, message_builder!(ModelRegistry).accept_model(world.model));
    assert_eq!(own_error(accept()), ModelError::NotOffered);
    let offer = message_builder!(ModelRegistry).offer_model(world.model, heir.account());
    models(&world, &world.people.owner, offer).unwrap();
    accept().unwrap();
    let call = message_builder!(ModelRegistry).set_status(world.model, ModelStatus::Paused);
    assert_eq!(own_error(models(&world, &world.people.owner, call)), ModelError::NotOwner);
}

#[test]
fn who_may_use_a_model_follows_its_access() {
    let world = fork();
    let may = |model, who: &Keypair| {
        let call = message_builder!(ModelRegistry).may_use(model, who.account());
        read(&*world.chain, world.suite.model_registry, call).unwrap()
    };
    let with = |access| {
        let mut new = adapter(&world, world.revision().sources, 0);
        new.revision.access = access;
        register(&world, new).unwrap()
    };
    let (payer, host) = (&world.people.payer, &world.people.host);
    assert!(may(world.model, payer));
    let listed = with(Access::Allowlist);
    assert!(!may(listed, payer));
    let allow = |allowed| {
        let call = message_builder!(ModelRegistry).set_allowed(listed, payer.account(), allowed);
        models(&world, &world.people.owner, call).unwrap();
    };
    allow(true);
    assert!(may(listed, payer));
    allow(false);
    assert!(!may(listed, payer));
    let staked = with(Access::Stake(world.config.staking.min_bonds[Role::Host as usize]));
    assert!(may(staked, host) && !may(staked, payer));
}

#[test]
fn bonded_hosts_announce_what_they_serve_and_are_found_by_model() {
    let world = fork();
    let host = Host {
        endpoint: b"http://127.0.0.1:4000".to_vec(),
        models: vec![HostedModel { model: world.model, price_in: OPEN, price_out: OPEN }],
    };
    let announce =
        |by: &Keypair, host: &Host| models(&world, by, message_builder!(ModelRegistry).announce(host.clone()));
    assert_eq!(own_error(announce(&world.people.payer, &host)), ModelError::NotHost);
    announce(&world.people.host, &host).unwrap();
    let found = || {
        let call = message_builder!(ModelRegistry).hosts_of(world.model, 0, 10);
        read(&*world.chain, world.suite.model_registry, call).unwrap()
    };
    assert_eq!(found().len(), 1);
    assert_eq!((found()[0].host, found()[0].endpoint.clone()), (world.people.host.account(), host.endpoint.clone()));
    announce(&world.people.host, &Host { endpoint: b"http://127.0.0.1:5000".to_vec(), models: vec![] }).unwrap();
    assert!(found().is_empty());
    announce(&world.people.host, &host).unwrap();
    models(&world, &world.people.host, message_builder!(ModelRegistry).withdraw_announcement()).unwrap();
    assert!(found().is_empty());
}

#[test]
fn a_page_of_leaves_and_the_largest_inputs_fit_a_call() {
    let world = fork();
    let author = &world.people.contributors[0];
    for number in 0..130u32 {
        let text = format!("Leaf number {number} of a long Datanet.");
        world.contribute(world.datanet, author, text.as_bytes(), World::open_terms()).unwrap();
    }
    let number = world.cut_version(world.datanet).unwrap();
    let cut = version(&world, world.datanet, number);
    assert_eq!(cut.count, 133);
    assert_eq!(proofs_root(&world, world.datanet, &cut), cut.root);
    let call = message_builder!(DatanetRegistry).contributions(world.datanet, None, 100);
    assert_eq!(read(&*world.chain, world.suite.datanet_registry, call).unwrap().len(), 16);
    let host = Host {
        endpoint: vec![b'a'; 256],
        models: (0..64).map(|_| HostedModel { model: world.model, price_in: 1, price_out: 1 }).collect(),
    };
    let doubled = models(&world, &world.people.host, message_builder!(ModelRegistry).announce(host));
    assert_eq!(own_error(doubled), ModelError::DoubleHosted { model: world.model });
}
