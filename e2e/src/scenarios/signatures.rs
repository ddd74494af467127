//! What holders sign and others relay: allowances, delegations, votes.

use anyhow::{Result, ensure};
use chain::{AccountId, Keypair, read, send};
use ink::message_builder;
use openledger_abi::OPEN;
use openledger_abi::escrow::Escrow;
use openledger_abi::gas_station::{GasOrder, GasPermit, GasStation, GasStationError};
use openledger_abi::governor::{Governor, GovernorError, Support, VOTE_TAG, vote_body};
use openledger_abi::timelock::Call;
use openledger_abi::token::{DELEGATE_TAG, PERMIT_TAG, Token, TokenError, delegate_body, permit_body};
use proof::Hasher;
use proof::signed::Signable;
use psp22::PSP22;

use super::gas_station::holder;
use super::governance::{proposal, proposed};
use crate::{H, World, outcome::sent, refused};

fn nonce(world: &World, key: &Keypair) -> Result<u64> {
    Ok(read(&*world.chain, world.suite.token, message_builder!(Token).nonces(key.account()))?)
}

pub fn a_permit_lets_another_spend_and_counts_once(world: &mut World) -> Result<()> {
    let (chain, token) = (&*world.chain, world.suite.token);
    let (owner, spender) = (holder(world, 5 * OPEN)?, world.people.host.clone());
    let deadline = world.later()?;
    let body = permit_body(&owner.account(), &spender.account(), 3 * OPEN, nonce(world, &owner)?, deadline);
    // As a wallet signs it.
    let signature = owner.sign(&Signable::new::<H>(&PERMIT_TAG, &world.domain(token), &body).wrapped);
    let permit = || message_builder!(Token).permit(owner.account(), spender.account(), 3 * OPEN, deadline, signature);
    sent("a permit", send(chain, &world.people.owner, token, permit()))?;
    refused(send(chain, &world.people.owner, token, permit()), &TokenError::BadSignature)?;
    let before = world.balance(spender.account())?;
    let take = message_builder!(PSP22).transfer_from(owner.account(), spender.account(), 3 * OPEN, Vec::new());
    sent("taking it", send(chain, &spender, token, take))?;
    ensure!(world.balance(owner.account())? == 2 * OPEN);
    ensure!(world.balance(spender.account())? == before + 3 * OPEN);
    Ok(())
}

pub fn a_signed_delegation_moves_votes_until_its_deadline(world: &mut World) -> Result<()> {
    let (chain, token) = (&*world.chain, world.suite.token);
    let (delegator, delegate) = (holder(world, 5 * OPEN)?, world.people.watcher.account());
    let votes = || read(chain, token, message_builder!(Token).get_votes(delegate));
    let signed = |deadline| -> Result<[u8; 64]> {
        let body = delegate_body(&delegator.account(), Some(&delegate), nonce(world, &delegator)?, deadline);
        Ok(delegator.sign(&Signable::new::<H>(&DELEGATE_TAG, &world.domain(token), &body).digest))
    };
    let before = votes()?;
    let (late, deadline) = (chain.now()?.saturating_sub(1), world.later()?);
    let call = message_builder!(Token).delegate_by_sig(delegator.account(), Some(delegate), late, signed(late)?);
    refused(send(chain, &world.people.owner, token, call), &TokenError::SignatureExpired)?;
    let call =
        message_builder!(Token).delegate_by_sig(delegator.account(), Some(delegate), deadline, signed(deadline)?);
    sent("a signed delegation", send(chain, &world.people.owner, token, call))?;
    ensure!(votes()? == before + 5 * OPEN, "{} votes after, {before} before", votes()?);
    Ok(())
}

/// On this curve a constant passes as the zero account's signature over everything.
pub fn nobody_signs_for_the_zero_account(world: &mut World) -> Result<()> {
    let (chain, suite, relayer) = (&*world.chain, &world.suite, &world.people.host);
    let zero = AccountId::from([0; 32]);
    let mut forged = [0; 64];
    forged[63] = 0x80;
    let deadline = world.later()?;
    let give = message_builder!(PSP22).transfer(zero, 5 * OPEN, Vec::new());
    sent("OPEN for nobody", send(chain, &world.people.deployer, suite.token, give))?;
    let permit = message_builder!(Token).permit(zero, relayer.account(), OPEN, deadline, forged);
    refused(send(chain, relayer, suite.token, permit), &TokenError::BadSignature)?;
    let delegate = message_builder!(Token).delegate_by_sig(zero, Some(relayer.account()), deadline, forged);
    refused(send(chain, relayer, suite.token, delegate), &TokenError::BadSignature)?;

    let order = GasOrder { holder: zero, open: OPEN, least_native: 0, tip: OPEN / 2, nonce: 0, deadline };
    let permit = Some(GasPermit { value: OPEN, deadline, signature: forged });
    let swap = message_builder!(GasStation).swap(order, forged, permit);
    refused(send(chain, relayer, suite.gas_station, swap), &GasStationError::BadSignature)?;

    let floor = message_builder!(Escrow).set_pot_floor(world.config.pot_floor_bps).input;
    let id = proposed(world, vec![Call::of(suite.escrow, &floor)], "A vote of nobody's")?;
    world.after(proposal(world, id)?.snapshot_at)?;
    let vote = message_builder!(Governor).cast_vote_by_sig(id, Support::For, String::new(), zero, deadline, forged);
    refused(send(chain, relayer, suite.governor, vote), &GovernorError::BadSignature)
}

pub fn a_signed_vote_counts_once(world: &mut World) -> Result<()> {
    let (chain, suite, voter) = (&*world.chain, &world.suite, holder(world, 7 * OPEN)?);
    let nonce = nonce(world, &voter)?;
    let deadline = world.later()?;
    let body = delegate_body(&voter.account(), Some(&voter.account()), nonce, deadline);
    let signature = voter.sign(&Signable::new::<H>(&DELEGATE_TAG, &world.domain(suite.token), &body).digest);
    let call = message_builder!(Token).delegate_by_sig(voter.account(), Some(voter.account()), deadline, signature);
    sent("a signed delegation", send(chain, &world.people.owner, suite.token, call))?;

    let floor = message_builder!(Escrow).set_pot_floor(world.config.pot_floor_bps).input;
    let id = proposed(world, vec![Call::of(suite.escrow, &floor)], "A vote by signature")?;
    world.after(proposal(world, id)?.snapshot_at)?;
    let reason = "It is signed.";
    let signed = |support| {
        let body = vote_body(&id, support, &voter.account(), &H::blake2_256(reason.as_bytes()), deadline);
        voter.sign(&Signable::new::<H>(&VOTE_TAG, &world.domain(suite.governor), &body).digest)
    };
    let call = |support, signature| {
        let account = voter.account();
        message_builder!(Governor).cast_vote_by_sig(id, support, reason.into(), account, deadline, signature)
    };
    let relayer = &world.people.host;
    let changed = send(chain, relayer, suite.governor, call(Support::Against, signed(Support::For)));
    refused(changed, &GovernorError::BadSignature)?;
    sent("a vote", send(chain, relayer, suite.governor, call(Support::For, signed(Support::For))))?;
    let again = send(chain, relayer, suite.governor, call(Support::Against, signed(Support::Against)));
    refused(again, &GovernorError::AlreadyVoted)?;
    let votes = proposal(world, id)?.votes_for;
    ensure!(votes == 7 * OPEN, "{votes} votes");
    Ok(())
}
