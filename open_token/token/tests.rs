use crate::entry::{Common, Read};
use crate::open_token::OpenToken;
use ink::codegen::Env as _;
use ink::env::test::{default_accounts, recorded_events, set_block_timestamp, set_caller};
use ink::env::DefaultEnvironment as E;
use ink::scale::Decode;
use openledger_abi::token::{self, Token, TokenError};
use openledger_abi::{AccountId, AdminError, Administered, Balance, Bytes32};
use proof::signed::{Domain, Signable, Tag};
use psp22::{PSP22Burnable, PSP22Error, PSP22Metadata, PSP22};
use schnorrkel::{signing_context, Keypair};

const GENESIS: Bytes32 = [7; 32];

fn deploy(supply: Balance) -> OpenToken {
    OpenToken::with_supply(GENESIS, ink::env::caller::<E>(), supply)
}

psp22::tests!(OpenToken, crate::tests::deploy);

fn key(seed: u8) -> (Keypair, AccountId) {
    let secret = schnorrkel::MiniSecretKey::from_bytes(&[seed; 32]).unwrap();
    let pair = secret.expand_to_keypair(schnorrkel::ExpansionMode::Ed25519);
    let account = AccountId::from(pair.public.to_bytes());
    (pair, account)
}

fn signable(token: &OpenToken, genesis: Bytes32, tag: &Tag, body: &[u8]) -> Signable {
    let domain = Domain { genesis, contract: *token.env().account_id().as_ref() };
    Signable::new::<proof::Blake2>(tag, &domain, body)
}

fn sign(pair: &Keypair, message: &[u8]) -> [u8; 64] {
    pair.sign(signing_context(b"substrate").bytes(message)).to_bytes()
}

#[ink::test]
fn the_supply_is_a_billion_and_belongs_to_the_named_holder() {
    let accounts = default_accounts::<E>();
    let token = OpenToken::new(GENESIS, accounts.bob);
    assert_eq!(token.total_supply(), 1_000_000_000 * 10u128.pow(18));
    assert_eq!(token.balance_of(accounts.bob), token.total_supply());
    assert_eq!(token.token_symbol().as_deref(), Some("OPEN"));
    assert_eq!(token.token_decimals(), 18);
    assert_eq!(token.clock_mode(), "mode=timestamp");
}

#[ink::test]
fn a_permit_sets_the_allowance_in_both_signed_forms_and_only_once() {
    let mut token = deploy(1_000);
    let accounts = default_accounts::<E>();
    let (pair, owner) = key(1);
    set_block_timestamp::<E>(50);

    for (nonce, value) in [(0u64, 10u128), (1, 20)] {
        let body = token::permit_body(&owner, &accounts.bob, value, nonce, 60);
        let signable = signable(&token, GENESIS, &token::PERMIT_TAG, &body);
        let message = if nonce == 0 { signable.digest.to_vec() } else { signable.wrapped.to_vec() };
        let signature = sign(&pair, &message);
        assert_eq!(token.permit(owner, accounts.bob, value, 60, signature), Ok(()));
        assert_eq!(token.allowance(owner, accounts.bob), value);
        assert_eq!(token.permit(owner, accounts.bob, value, 60, signature), Err(TokenError::BadSignature));
    }
    assert_eq!(token.nonces(owner), 2);
}

#[ink::test]
fn a_permit_for_another_chain_value_account_or_time_is_refused() {
    let mut token = deploy(1_000);
    let accounts = default_accounts::<E>();
    let (pair, owner) = key(1);
    let (_, other) = key(2);
    let body = token::permit_body(&owner, &accounts.bob, 10, 0, 60);
    let here = sign(&pair, &signable(&token, GENESIS, &token::PERMIT_TAG, &body).digest);
    let elsewhere = sign(&pair, &signable(&token, [8; 32], &token::PERMIT_TAG, &body).digest);
    let as_delegation = sign(&pair, &signable(&token, GENESIS, &token::DELEGATE_TAG, &body).digest);

    set_block_timestamp::<E>(60);
    assert_eq!(token.permit(owner, accounts.bob, 10, 60, elsewhere), Err(TokenError::BadSignature));
    assert_eq!(token.permit(owner, accounts.bob, 10, 60, as_delegation), Err(TokenError::BadSignature));
    assert_eq!(token.permit(owner, accounts.bob, 11, 60, here), Err(TokenError::BadSignature));
    assert_eq!(token.permit(owner, accounts.eve, 10, 60, here), Err(TokenError::BadSignature));
    assert_eq!(token.permit(other, accounts.bob, 10, 60, here), Err(TokenError::BadSignature));
    assert_eq!(token.permit(owner, accounts.bob, 10, 61, here), Err(TokenError::BadSignature));
    set_block_timestamp::<E>(61);
    assert_eq!(token.permit(owner, accounts.bob, 10, 60, here), Err(TokenError::SignatureExpired));
    set_block_timestamp::<E>(60);
    assert_eq!(token.permit(owner, accounts.bob, 10, 60, here), Ok(()));
}

#[ink::test]
fn anyone_relays_a_signed_delegation() {
    let mut token = deploy(1_000);
    let accounts = default_accounts::<E>();
    let (pair, owner) = key(1);
    token.transfer(owner, 400, vec![]).unwrap();
    let body = token::delegate_body(&owner, Some(&accounts.bob), 0, 60);
    let signature = sign(&pair, &signable(&token, GENESIS, &token::DELEGATE_TAG, &body).digest);

    set_caller::<E>(accounts.eve);
    assert_eq!(token.delegate_by_sig(owner, None, 60, signature), Err(TokenError::BadSignature));
    assert_eq!(token.delegate_by_sig(owner, Some(accounts.bob), 60, signature), Ok(()));
    assert_eq!(token.delegates(owner), Some(accounts.bob));
    assert_eq!(token.get_votes(accounts.bob), 400);
    assert_eq!(token.nonces(owner), 1);
    assert_eq!(token.delegate_by_sig(owner, Some(accounts.bob), 60, signature), Err(TokenError::BadSignature));
}

#[ink::test]
fn only_the_admin_offers_its_role_and_only_the_invited_takes_it() {
    let accounts = default_accounts::<E>();
    set_caller::<E>(accounts.alice);
    let mut token = deploy(1_000);
    set_caller::<E>(accounts.eve);
    assert_eq!(token.wire(accounts.eve), Err(TokenError::Admin(AdminError::NotDeployer)));
    assert_eq!(token.upgrade([1; 32]), Err(AdminError::NotWired));
    set_caller::<E>(accounts.alice);
    assert_eq!(token.wire(accounts.bob), Ok(()));
    assert_eq!(token.wire(accounts.bob), Err(TokenError::Admin(AdminError::AlreadyWired)));
    assert_eq!(token.upgrade([1; 32]), Err(AdminError::NotAdmin));
    assert_eq!(token.transfer_admin(accounts.alice), Err(AdminError::NotAdmin));
    set_caller::<E>(accounts.bob);
    assert_eq!(token.transfer_admin(accounts.charlie), Ok(()));
    assert_eq!(token.accept_admin(), Err(AdminError::NotOffered));
    set_caller::<E>(accounts.charlie);
    assert_eq!(token.accept_admin(), Ok(()));
    assert_eq!(token.admin().account, accounts.charlie);
}

#[ink::test]
fn a_transfer_between_people_who_delegate_to_nobody_emits_one_event() {
    let mut token = deploy(1_000);
    let before = recorded_events().count();
    token.transfer(default_accounts::<E>().bob, 5, vec![]).unwrap();
    assert_eq!(recorded_events().count(), before + 1);
}

/// The input of a message as its callers encode it.
macro_rules! input {
    ($($call:tt)*) => { ink::scale::Encode::encode(&ink::message_builder!(PSP22).$($call)*.input) };
}

#[test]
fn the_commonest_messages_are_recognised_and_nothing_else() {
    let (a, b) = (AccountId::from([1; 32]), AccountId::from([2; 32]));
    let transfer = input!(transfer(a, 7, vec![]));
    let transfer_from = input!(transfer_from(a, b, 8, vec![]));
    let approve = input!(approve(b, u128::MAX));
    assert_eq!(Common::of(&transfer), Some(Common::Transfer { to: a, value: 7 }));
    assert_eq!(Common::of(&transfer_from), Some(Common::TransferFrom { from: a, to: b, value: 8 }));
    assert_eq!(Common::of(&approve), Some(Common::Approve { spender: b, value: u128::MAX }));
    for good in [transfer, transfer_from, approve] {
        let longer = [good.clone(), vec![0]].concat();
        assert_eq!(Common::of(&longer), None);
        for length in 0..good.len() {
            assert_eq!(Common::of(&good[..length]), None);
        }
        let Read(read) = Read::decode(&mut good.as_slice()).unwrap();
        assert_eq!(read, Common::of(&good));
    }
    assert_eq!(Common::of(&input!(transfer(a, 7, vec![1]))), None);
    assert_eq!(Common::of(&input!(increase_allowance(a, 7))), None);
    assert!(Read::decode(&mut [0u8; 4_000].as_slice()).unwrap().0.is_none());
}

#[ink::test]
fn who_may_burn_what() {
    let accounts = default_accounts::<E>();
    set_caller::<E>(accounts.alice);
    let mut token = deploy(1_000);
    token.transfer(accounts.bob, 300, vec![]).unwrap();
    token.delegate(Some(accounts.alice)).unwrap();

    assert_eq!(token.burn_from(accounts.alice, 100), Ok(()));
    assert_eq!((token.total_supply(), token.balance_of(accounts.alice)), (900, 600));
    assert_eq!(token.burn_from(accounts.bob, 1), Err(PSP22Error::InsufficientAllowance));
    set_caller::<E>(accounts.bob);
    token.approve(accounts.alice, 250).unwrap();
    set_caller::<E>(accounts.eve);
    assert_eq!(token.burn_from(accounts.bob, 1), Err(PSP22Error::InsufficientAllowance));
    assert_eq!(token.burn_from(accounts.bob, 0), Ok(()));
    set_caller::<E>(accounts.alice);
    assert_eq!(token.burn_from(accounts.bob, 251), Err(PSP22Error::InsufficientAllowance));
    assert_eq!(token.burn_from(accounts.bob, 200), Ok(()));
    assert_eq!(token.allowance(accounts.bob, accounts.alice), 50);
    assert_eq!((token.total_supply(), token.balance_of(accounts.bob)), (700, 100));
    assert_eq!(token.burn(601), Err(PSP22Error::InsufficientBalance));
    assert_eq!(token.get_votes(accounts.alice), 600);
}

#[ink::test]
fn an_allowance_above_the_balance_burns_no_more_than_there_is() {
    let accounts = default_accounts::<E>();
    set_caller::<E>(accounts.alice);
    let mut token = deploy(100);
    token.approve(accounts.bob, 1_000).unwrap();
    set_caller::<E>(accounts.bob);
    assert_eq!(token.burn_from(accounts.alice, 101), Err(PSP22Error::InsufficientBalance));
    assert_eq!(token.allowance(accounts.alice, accounts.bob), 1_000);
    assert_eq!(token.burn_from(accounts.alice, 100), Ok(()));
    assert_eq!((token.total_supply(), token.get_past_total_supply(0).is_err()), (0, true));
}

#[ink::test]
fn a_transfer_to_oneself_changes_and_emits_nothing_even_beyond_the_balance() {
    let accounts = default_accounts::<E>();
    set_caller::<E>(accounts.alice);
    let mut token = deploy(100);
    let before = recorded_events().count();
    for value in [0, 50, 100, 101] {
        assert_eq!(token.transfer(accounts.alice, value, vec![]), Ok(()));
        assert_eq!(token.transfer_from(accounts.alice, accounts.alice, value, vec![]), Ok(()));
    }
    assert_eq!((token.balance_of(accounts.alice), recorded_events().count()), (100, before));
}

#[ink::test]
fn a_transfer_of_everything_empties_the_account_and_the_zero_account_is_one_like_others() {
    let accounts = default_accounts::<E>();
    set_caller::<E>(accounts.alice);
    let mut token = deploy(100);
    let zero = AccountId::from([0; 32]);
    assert_eq!(token.transfer(zero, 0, vec![]), Ok(()));
    assert_eq!(token.transfer(zero, 100, vec![]), Ok(()));
    assert_eq!((token.balance_of(accounts.alice), token.balance_of(zero)), (0, 100));
    assert_eq!(token.total_supply(), 100);
    assert_eq!(token.transfer(zero, 1, vec![]), Err(PSP22Error::InsufficientBalance));
}

#[ink::test]
fn the_past_of_votes_and_supply_is_told_in_pages() {
    let accounts = default_accounts::<E>();
    set_caller::<E>(accounts.alice);
    set_block_timestamp::<E>(10);
    let mut token = deploy(1_000);
    token.delegate(Some(accounts.bob)).unwrap();
    set_block_timestamp::<E>(20);
    token.burn(400).unwrap();
    assert_eq!(token.checkpoint_count(Some(accounts.bob)), 2);
    assert_eq!(token.checkpoints(Some(accounts.bob), 0, 10), [(10, 1_000), (20, 600)]);
    assert_eq!(token.checkpoints(None, 1, 10), [(20, 600)]);
    assert_eq!(token.checkpoint_count(Some(accounts.alice)), 0);
    assert_eq!(token.checkpoints(Some(accounts.alice), 0, 10), []);
}
