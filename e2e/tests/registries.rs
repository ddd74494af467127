//! Datanet and model registry on the embedded chain, in a whole suite: texts under signed terms, verdicts, versions, what models may
//! be made from, owners, hosts.
use std::fmt::Debug;
use std::sync::{Arc, LazyLock};

use chain::{AccountId, CallError, Embedded, Keypair, account_bytes, read, send};
use e2e::{H, World};
use ink::env::call::Execution;
use ink::message_builder;
use openledger_abi::admin::{AdminError, Pausable};
use openledger_abi::datanet::{
    Breach, ContributionStatus, DatanetError, DatanetPolicy, DatanetRegistry, LeafInfo, NewContribution, Terms, Use,
    Version,
};
use openledger_abi::models::{
    Access, Host, HostedModel, ModelError, ModelKind, ModelRegistry, ModelStatus, NewModel, Parent, Source,
};
use openledger_abi::staking::{Role, Staking};
use openledger_abi::{BPS, OPEN};
use proof::signed::{Domain, Signable};
use proof::tree::MerkleTree;
use proof::version::VersionLeaf;
use proof::{Hasher, Tree};

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
    datanets(world, &world.people.payer, message_builder!(DatanetRegistry).contribute(new, signature))
}

/// Enters a text and leaves it pending.
fn pending(world: &World, datanet: u32, by: &Keypair, text: &str) -> u64 {
    let new = new_text(world, datanet, by, text);
    let signature = world.terms_signature(by, &new);
    contribute(world, new, signature).unwrap()
}

fn verdict(world: &World, by: &Keypair, contribution: u64, accept: bool) -> DatanetOutcome<ContributionStatus> {
    datanets(world, by, message_builder!(DatanetRegistry).verdict(contribution, accept, 7_000))
}

fn create(world: &World, policy: DatanetPolicy, floor_bps: u16) -> u32 {
    let call = message_builder!(DatanetRegistry).create(b"Letters".to_vec(), b"cid".to_vec(), policy, floor_bps);
    datanets(world, &world.people.owner, call).unwrap()
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
        let call = message_builder!(DatanetRegistry).leaves(datanet, version.generation, from, version.count - from);
        leaves.extend(read(&*world.chain, world.suite.datanet_registry, call).unwrap());
    }
    let nodes = leaves.iter().map(|leaf| {
        let contributor = account_bytes(&leaf.contributor);
        VersionLeaf { seq: leaf.seq, contribution: leaf.contribution, content_root: leaf.root, contributor }.node::<H>()
    });
    let tree = MerkleTree::build::<H>(Tree::Version, nodes.collect()).unwrap();
    proof::version::version_root::<H>(version.count, &tree.top().hash)
}

fn any_use() -> Use {
    Use { train: true, retrieve: true, display: true, commercial: true, contributors_bps: BPS }
}

fn check_source(world: &World, datanet: u32, version: u32) -> Result<(), DatanetError> {
    let call = message_builder!(DatanetRegistry).check_source(datanet, version, any_use());
    read(&*world.chain, world.suite.datanet_registry, call).unwrap()
}

#[test]
fn a_text_enters_by_its_contributors_signature_bare_or_as_wallets_wrap_it() {
    let world = fork();
    let author = &world.people.contributors[0];
    let first = pending(&world, world.datanet, author, "Written by hand.");
    let new = new_text(&world, world.datanet, author, "Written in a wallet.");
    let body = proof::terms::Terms {
        datanet: new.datanet,
        content_root: new.root,
        length: new.length,
        cid: H::blake2_256(&new.cid),
        contributor: account_bytes(&new.contributor),
        licence: new.terms.into(),
        nonce: new.nonce,
        deadline: new.deadline,
    };
    let message = Signable::terms::<H>(&world.domain(world.suite.datanet_registry), &body);
    let second = contribute(&world, new, author.sign(&message.wrapped)).unwrap();
    assert_eq!(second, first + 1);
}

#[test]
fn a_signature_over_anything_else_is_refused() {
    let world = fork();
    let author = &world.people.contributors[0];
    let new = new_text(&world, world.datanet, author, "Signed once.");
    let signature = world.terms_signature(author, &new);
    let change = |f: fn(&mut NewContribution)| {
        let mut changed = new.clone();
        f(&mut changed);
        own_error(contribute(&world, changed, signature))
    };
    assert_eq!(change(|new| new.terms.min_bps = 1), DatanetError::BadSignature);
    assert_eq!(change(|new| new.length += 1), DatanetError::BadSignature);
    assert_eq!(change(|new| new.cid.push(0)), DatanetError::BadSignature);
    assert_eq!(change(|new| new.deadline += 1), DatanetError::BadSignature);
    assert_eq!(change(|new| new.root[0] ^= 1), DatanetError::BadSignature);
    assert_eq!(change(|new| new.nonce += 1), DatanetError::WrongNonce { expected: new.nonce });
    assert_eq!(change(|new| new.contributor = AccountId::from([8; 32])), {
        // Nobody has this account: its nonce is 0.
        if new.nonce == 0 { DatanetError::BadSignature } else { DatanetError::WrongNonce { expected: 0 } }
    });
    // Another chain, another contract.
    let here = world.domain(world.suite.datanet_registry);
    let body = proof::terms::Terms {
        datanet: new.datanet,
        content_root: new.root,
        length: new.length,
        cid: H::blake2_256(&new.cid),
        contributor: account_bytes(&new.contributor),
        licence: new.terms.into(),
        nonce: new.nonce,
        deadline: new.deadline,
    };
    for domain in [Domain { genesis: [1; 32], ..here }, Domain { contract: [1; 32], ..here }] {
        let elsewhere = author.sign(&Signable::terms::<H>(&domain, &body).digest);
        assert_eq!(own_error(contribute(&world, new.clone(), elsewhere)), DatanetError::BadSignature);
    }
    contribute(&world, new.clone(), signature).unwrap();
    let replayed = own_error(contribute(&world, new.clone(), signature));
    assert_eq!(replayed, DatanetError::WrongNonce { expected: new.nonce + 1 });
}

#[test]
fn a_copy_is_refused_by_name_until_the_first_was_rejected() {
    let world = fork();
    let (author, thief) = (&world.people.contributors[0], &world.people.contributors[1]);
    let stolen = pending(&world, world.datanet, thief, "I wrote this, says the thief.");
    let new = new_text(&world, world.datanet, author, "I wrote this, says the thief.");
    let signature = world.terms_signature(author, &new);
    let refused = own_error(contribute(&world, new.clone(), signature));
    assert_eq!(refused, DatanetError::RootTaken { contribution: stolen });
    assert_eq!(verdict(&world, &world.people.validator, stolen, false).unwrap(), ContributionStatus::Rejected);
    contribute(&world, new, signature).unwrap();
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
fn the_owner_of_a_curated_datanet_has_its_time_for_a_veto() {
    let world = fork();
    let datanet = create(&world, DatanetPolicy::Curated, 0);
    let author = &world.people.contributors[0];
    let (unwanted, wanted) = (
        pending(&world, datanet, author, "The owner does not want this."),
        pending(&world, datanet, author, "The owner wants this."),
    );
    let early = own_error(verdict(&world, &world.people.validator, unwanted, true));
    assert!(matches!(early, DatanetError::VetoOpen { .. }));
    let veto = |by: &Keypair, contribution| datanets(&world, by, message_builder!(DatanetRegistry).veto(contribution));
    assert_eq!(own_error(veto(author, unwanted)), DatanetError::NotOwner);
    veto(&world.people.owner, unwanted).unwrap();
    world.after(world.chain.now().unwrap() + world.config.datanets.veto_ms).unwrap();
    verdict(&world, &world.people.validator, wanted, true).unwrap();
    assert_eq!(own_error(veto(&world.people.owner, wanted)), DatanetError::NotPending);
    let open = pending(&world, world.datanet, author, "An open Datanet.");
    assert_eq!(own_error(veto(&world.people.owner, open)), DatanetError::NotCurated);
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
fn a_revoked_text_bars_versions_until_the_datanet_is_rebuilt_without_it() {
    let world = fork();
    let author = &world.people.contributors[1];
    let contribution = world.contributions[1];
    let revoke = |by: &Keypair| datanets(&world, by, message_builder!(DatanetRegistry).revoke(contribution));
    assert_eq!(own_error(revoke(&world.people.owner)), DatanetError::NotContributor);
    revoke(author).unwrap();
    assert_eq!(own_error(revoke(author)), DatanetError::AlreadyRevoked);
    let cut = || datanets(&world, &world.people.owner, message_builder!(DatanetRegistry).cut_version(world.datanet));
    assert_eq!(own_error(cut()), DatanetError::MustRebuild { contribution });
    let breach = DatanetError::Breach(Breach::HoldsRevoked { contribution });
    assert_eq!(check_source(&world, world.datanet, 0), Err(breach));
    let before = version(&world, world.datanet, 0);

    let step = || {
        let call = message_builder!(DatanetRegistry).rebuild(world.datanet, 2);
        datanets(&world, &world.people.owner, call).unwrap()
    };
    assert!(!step().finished);
    assert!(step().finished);
    let number = cut().unwrap();
    let rebuilt = version(&world, world.datanet, number);
    assert_eq!((rebuilt.generation, rebuilt.count), (1, before.count - 1));
    assert_eq!(proofs_root(&world, world.datanet, &rebuilt), rebuilt.root);
    assert_eq!(check_source(&world, world.datanet, number), Ok(()));
    let superseded = DatanetError::Breach(Breach::Superseded { generation: 1 });
    assert_eq!(check_source(&world, world.datanet, 0), Err(superseded));
    assert_eq!(version(&world, world.datanet, 0), before, "what was cut stays as it was");
}

#[test]
fn what_disputes_may_do_nobody_else_may() {
    let world = fork();
    let contribution = world.contributions[0];
    let by = &world.people.owner;
    let strike = datanets(&world, by, message_builder!(DatanetRegistry).strike(contribution));
    assert_eq!(own_error(strike), DatanetError::NotDisputes);
    let pass = datanets(&world, by, message_builder!(DatanetRegistry).pass_over(contribution));
    assert_eq!(own_error(pass), DatanetError::NotDisputes);
    let payee = datanets(&world, by, message_builder!(DatanetRegistry).set_payee(contribution, by.account()));
    assert_eq!(own_error(payee), DatanetError::NotDisputes);
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

/// A Datanet of one text under these terms, with its version 0.
fn datanet_of(world: &mut World, terms: Terms, floor_bps: u16) -> (u32, u64) {
    let datanet = create(world, DatanetPolicy::Open, floor_bps);
    let author = world.people.contributors[0].clone();
    let text = world.fresh_text();
    let contribution = world.contribute(datanet, &author, text.as_bytes(), terms).unwrap();
    world.cut_version(datanet).unwrap();
    (datanet, contribution)
}

#[test]
fn the_first_source_and_term_that_a_model_breaks_are_named() {
    let mut world = fork();
    type Change = fn(&mut Terms);
    type Named = fn(u64) -> Breach;
    let cases: [(Change, Named); 4] = [
        (|terms| terms.train = false, |contribution| Breach::ForbidsTraining { contribution }),
        (|terms| terms.display = false, |contribution| Breach::ForbidsDisplay { contribution }),
        (|terms| terms.commercial = false, |contribution| Breach::ForbidsCommerce { contribution }),
        (
            |terms| terms.min_bps = 9_000,
            |contribution| Breach::ShareTooLow { wanted_bps: 9_000, contribution: Some(contribution) },
        ),
    ];
    for (change, breach) in cases {
        let mut terms = World::open_terms();
        change(&mut terms);
        let (datanet, contribution) = datanet_of(&mut world, terms, 0);
        let sources = vec![Source { datanet: world.datanet, version: 0 }, Source { datanet, version: 0 }];
        let error = DatanetError::Breach(breach(contribution));
        let refused = own_error(register(&world, adapter(&world, sources, 0)));
        assert_eq!(refused, ModelError::SourceRefused { source: 1, error });
    }
    let (datanet, _) = datanet_of(&mut world, World::open_terms(), 9_999);
    let refused = own_error(register(&world, adapter(&world, vec![Source { datanet, version: 0 }], 0)));
    let error = DatanetError::Breach(Breach::ShareTooLow { wanted_bps: 9_999, contribution: None });
    assert_eq!(refused, ModelError::SourceRefused { source: 0, error });
    let unknown = own_error(register(&world, adapter(&world, vec![Source { datanet: 99, version: 0 }], 0)));
    assert_eq!(unknown, ModelError::SourceRefused { source: 0, error: DatanetError::UnknownDatanet });
    let (datanet, _) = datanet_of(&mut world, Terms { retrieve: false, ..World::open_terms() }, 0);
    register(&world, adapter(&world, vec![Source { datanet, version: 0 }], 0)).unwrap();
}

#[test]
fn a_text_that_may_not_be_trained_on_can_still_feed_an_agent() {
    let mut world = fork();
    let (datanet, _) = datanet_of(&mut world, Terms { train: false, ..World::open_terms() }, 0);
    let mut new = adapter(&world, vec![Source { datanet, version: 0 }], 0);
    new.kind = ModelKind::Agent;
    register(&world, new).unwrap();
}

#[test]
fn a_revocation_bars_new_weights_but_not_a_new_price() {
    let mut world = fork();
    let (datanet, contribution) = datanet_of(&mut world, World::open_terms(), 0);
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
    let error = DatanetError::Breach(Breach::HoldsRevoked { contribution });
    assert_eq!(own_error(revise(retrained)), ModelError::SourceRefused { source: 0, error });
    let refused = own_error(register(&world, new));
    assert_eq!(refused, ModelError::SourceRefused { source: 0, error });
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
    let call = message_builder!(DatanetRegistry).contributions(world.datanet, 0, 100);
    assert_eq!(read(&*world.chain, world.suite.datanet_registry, call).unwrap().len(), 16);
    // Rebuilt in one page.
    datanets(&world, author, message_builder!(DatanetRegistry).revoke(world.contributions[0])).unwrap();
    let call = message_builder!(DatanetRegistry).rebuild(world.datanet, 1_000);
    let progress = datanets(&world, &world.people.owner, call).unwrap();
    assert!(progress.finished && progress.of == 133);
    let host = Host {
        endpoint: vec![b'a'; 256],
        models: (0..64).map(|_| HostedModel { model: world.model, price_in: 1, price_out: 1 }).collect(),
    };
    let doubled = models(&world, &world.people.host, message_builder!(ModelRegistry).announce(host));
    assert_eq!(own_error(doubled), ModelError::DoubleHosted { model: world.model });
}
