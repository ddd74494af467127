use crate::governor::GovernorContract;
use ink::codegen::Env as _;
use ink::env::test::{default_accounts, set_block_timestamp, set_caller};
use ink::env::DefaultEnvironment as E;
use openledger_abi::governor::{
    vote_body, Governor, GovernorError, GovernorParameters, Support, MAX_DESCRIPTION, VOTE_TAG,
};
use openledger_abi::timelock::Call;
use openledger_abi::times::Unit;
use openledger_abi::{AccountId, AdminError, Administered, Bytes32};
use proof::signed::{Domain, Signable};
use proof::Hasher;

const GENESIS: Bytes32 = [7; 32];
const PARAMETERS: GovernorParameters = GovernorParameters {
    voting_delay_ms: 10,
    voting_period_ms: 100,
    threshold: 50,
    quorum_bps: 400,
    late_quorum_extension_ms: 20,
};

/// Alice deploys; token, staking and timelock are bob, charlie and django.
fn deploy() -> GovernorContract {
    set_caller::<E>(default_accounts::<E>().alice);
    GovernorContract::new(GENESIS, Unit::Day, PARAMETERS).unwrap()
}

fn wire(governor: &mut GovernorContract) {
    let accounts = default_accounts::<E>();
    governor.wire(accounts.bob, accounts.charlie, accounts.django).unwrap();
}

fn calls() -> Vec<Call> {
    vec![Call { target: AccountId::from([1; 32]), selector: [0; 4], input: vec![], value: 0 }]
}

#[ink::test]
fn senseless_parameters_are_refused_at_the_start() {
    for senseless in [
        GovernorParameters { voting_period_ms: 0, ..PARAMETERS },
        GovernorParameters { quorum_bps: 10_001, ..PARAMETERS },
    ] {
        let refused = GovernorContract::new(GENESIS, Unit::Day, senseless).err();
        assert_eq!(refused, Some(GovernorError::BadParameters));
    }
}

#[ink::test]
fn nothing_is_proposed_before_wiring_which_the_deployer_does_once() {
    let accounts = default_accounts::<E>();
    let mut governor = deploy();
    set_block_timestamp::<E>(5);
    let not_wired = GovernorError::Admin(AdminError::NotWired);
    assert_eq!(governor.propose(calls(), String::new()), Err(not_wired.clone()));
    assert_eq!(governor.set_parameters(governor.parameters()), Err(not_wired));
    set_caller::<E>(accounts.eve);
    assert_eq!(
        governor.wire(accounts.eve, accounts.eve, accounts.eve),
        Err(GovernorError::Admin(AdminError::NotDeployer))
    );
    set_caller::<E>(accounts.alice);
    wire(&mut governor);
    assert_eq!(governor.peers(), Some((accounts.bob, accounts.charlie, accounts.django)));
    assert_eq!(
        governor.wire(accounts.bob, accounts.bob, accounts.bob),
        Err(GovernorError::Admin(AdminError::AlreadyWired))
    );
}

#[ink::test]
fn only_the_timelock_sets_parameters() {
    let mut governor = deploy();
    wire(&mut governor);
    let parameters = GovernorParameters { voting_delay_ms: 1, voting_period_ms: 2, threshold: 3, ..PARAMETERS };
    assert_eq!(governor.set_parameters(parameters), Err(GovernorError::Admin(AdminError::NotAdmin)));
    set_caller::<E>(default_accounts::<E>().django);
    assert_eq!(governor.set_parameters(parameters), Ok(()));
    assert_eq!(governor.parameters(), parameters);
    let senseless = GovernorParameters { voting_period_ms: 0, ..parameters };
    assert_eq!(governor.set_parameters(senseless), Err(GovernorError::BadParameters));
    assert_eq!(governor.admin().account, default_accounts::<E>().django);
}

#[ink::test]
fn a_proposal_without_calls_or_with_a_book_is_refused() {
    let mut governor = deploy();
    wire(&mut governor);
    assert_eq!(governor.propose(vec![], String::new()), Err(GovernorError::BadCalls));
    let book = "a".repeat(MAX_DESCRIPTION + 1);
    assert_eq!(governor.propose(calls(), book), Err(GovernorError::TooLong));
}

#[ink::test]
fn what_was_never_proposed_has_no_state() {
    let mut governor = deploy();
    wire(&mut governor);
    let id = [9; 32];
    assert_eq!(governor.state(id), Err(GovernorError::UnknownProposal));
    assert_eq!(governor.cast_vote(id, Support::For), Err(GovernorError::UnknownProposal));
    assert_eq!(governor.queue(id), Err(GovernorError::UnknownProposal));
    assert_eq!(governor.cancel(id), Err(GovernorError::UnknownProposal));
    assert_eq!(governor.proposals(0, 10), Vec::<Bytes32>::new());
    assert_eq!(governor.proposals(u32::MAX, u32::MAX), Vec::<Bytes32>::new());
}

#[ink::test]
fn a_signed_vote_counts_for_its_voter_reason_side_and_time_alone() {
    let mut governor = deploy();
    wire(&mut governor);
    let secret = schnorrkel::MiniSecretKey::from_bytes(&[1; 32]).unwrap();
    let pair = secret.expand_to_keypair(schnorrkel::ExpansionMode::Ed25519);
    let voter = AccountId::from(pair.public.to_bytes());
    let (id, reason) = ([9; 32], String::from("it is right"));
    let body = vote_body(&id, Support::For, &voter, &proof::Blake2::blake2_256(reason.as_bytes()), 60);
    let domain = Domain { genesis: GENESIS, contract: *governor.env().account_id().as_ref() };
    let signable = Signable::new::<proof::Blake2>(&VOTE_TAG, &domain, &body);

    for message in [&signable.digest[..], &signable.wrapped[..]] {
        let signature = pair.sign(schnorrkel::signing_context(b"substrate").bytes(message)).to_bytes();
        let mut cast = |support, reason: &str, voter, deadline| {
            governor.cast_vote_by_sig(id, support, reason.into(), voter, deadline, signature)
        };
        set_block_timestamp::<E>(60);
        // The signature is right, so the next thing that is missed is the proposal.
        assert_eq!(cast(Support::For, &reason, voter, 60), Err(GovernorError::UnknownProposal));
        assert_eq!(cast(Support::Against, &reason, voter, 60), Err(GovernorError::BadSignature));
        assert_eq!(cast(Support::For, "", voter, 60), Err(GovernorError::BadSignature));
        assert_eq!(cast(Support::For, &reason, default_accounts::<E>().bob, 60), Err(GovernorError::BadSignature));
        assert_eq!(cast(Support::For, &reason, voter, 61), Err(GovernorError::BadSignature));
        set_block_timestamp::<E>(61);
        assert_eq!(cast(Support::For, &reason, voter, 60), Err(GovernorError::SignatureExpired));
    }
}
