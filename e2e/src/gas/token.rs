//! What holders of OPEN do, and the same with psp22's own token.

use anyhow::{Context, Result, anyhow};
use chain::{AccountId, CallError, Chain, Keypair, Receipt, Sent, deploy, input, read, send};
use ink::message_builder;
use openledger_abi::OPEN;
use openledger_abi::token::{DELEGATE_TAG, PERMIT_TAG, Token, delegate_body, permit_body};
use proof::signed::Signable;
use psp22::{PSP22, PSP22Burnable, PSP22Error};

use super::{CodePrice, PEER, Row, Scale, Want, code, taken};
use crate::{H, World};

const NAME: &str = "open_token";

/// What every token's holders do, on one token.
fn common(
    chain: &dyn Chain,
    token: AccountId,
    [holder, spender]: [&Keypair; 2],
    code: usize,
    price: CodePrice,
) -> Result<Vec<Row>> {
    let someone = Keypair::generate().account();
    let transfer = || message_builder!(PSP22).transfer(someone, OPEN, Vec::new());
    let mut rows = Vec::new();
    let mut call = |name: &str, outcome: std::result::Result<Sent<()>, CallError<PSP22Error>>, want| -> Result<()> {
        let row = Row::new(name, &taken(name, outcome)?, code, price);
        rows.push(Row { want, ..row });
        Ok(())
    };
    let equal = Want::Peer(100);
    call("token: transfer to a new holder", send(chain, holder, token, transfer()), equal)?;
    call("token: transfer to a holder", send(chain, holder, token, transfer()), equal)?;
    let approve = message_builder!(PSP22).approve(spender.account(), 5 * OPEN);
    call("token: approve", send(chain, holder, token, approve), equal)?;
    let transfer_from = message_builder!(PSP22).transfer_from(holder.account(), someone, OPEN, Vec::new());
    call("token: transfer_from", send(chain, spender, token, transfer_from), equal)?;
    let increase = message_builder!(PSP22).increase_allowance(spender.account(), OPEN);
    call("token: increase_allowance", send(chain, holder, token, increase), Want::Nothing)?;
    let decrease = message_builder!(PSP22).decrease_allowance(spender.account(), OPEN);
    call("token: decrease_allowance", send(chain, holder, token, decrease), Want::Nothing)?;
    Ok(rows)
}

/// Weighs the token's messages; its payer and host then delegate to themselves.
///
/// # Errors
/// The first call that failed.
pub fn token(world: &World, scale: &mut Scale) -> Result<()> {
    let chain = &*world.chain;
    let (payer, host) = (&world.people.payer, &world.people.host);
    let price = scale.price;
    let mut ours = common(chain, world.suite.token, [payer, host], code(&[NAME]), price)?;
    let arguments = (1_000_000 * OPEN, Some("Peer".to_owned()), Some("PEER".to_owned()), 18u8);
    let (peer, _) = deploy::<_, PSP22Error>(chain, payer, PEER, &input("new", &arguments), &[])
        .map_err(|e| anyhow!("{e}"))
        .context("deploying psp22's contract")?;
    let theirs = common(chain, peer, [payer, host], PEER.len(), price)?;
    let transfer = theirs.iter().find(|row| row.call == "token: transfer to a holder").cloned();
    for (row, peer) in ours.iter_mut().zip(theirs) {
        row.peer = Some(Box::new(peer));
    }
    scale.rows.extend(ours);
    own(world, scale, transfer.context("no transfer")?)
}

/// What psp22's token has not.
fn own(world: &World, scale: &mut Scale, transfer: Row) -> Result<()> {
    let (chain, token) = (&*world.chain, world.suite.token);
    let (payer, host, relayer) = (&world.people.payer, &world.people.host, &world.people.owner);
    let pay = || message_builder!(PSP22).transfer(host.account(), OPEN, Vec::new());
    scale.weigh("token: burn", &[NAME], send(chain, payer, token, message_builder!(PSP22Burnable).burn(OPEN)))?;

    let deadline = world.later()?;
    let domain = world.domain(token);
    let body = permit_body(&payer.account(), &host.account(), OPEN, nonce(world, payer)?, deadline);
    let signature = payer.sign(&Signable::new::<H>(&PERMIT_TAG, &domain, &body).digest);
    let permit = message_builder!(Token).permit(payer.account(), host.account(), OPEN, deadline, signature);
    scale.weigh("token: permit", &[NAME], send(chain, relayer, token, permit))?;

    let delegate = message_builder!(Token).delegate(Some(payer.account()));
    scale.weigh("token: delegate to oneself", &[NAME], send(chain, payer, token, delegate))?;
    scale.weigh("token: transfer by a voter", &[NAME], send(chain, payer, token, pay()))?;

    let body = delegate_body(&host.account(), Some(&host.account()), nonce(world, host)?, deadline);
    let signature = host.sign(&Signable::new::<H>(&DELEGATE_TAG, &domain, &body).wrapped);
    let delegate = message_builder!(Token).delegate_by_sig(host.account(), Some(host.account()), deadline, signature);
    scale.weigh("token: delegate_by_sig", &[NAME], send(chain, relayer, token, delegate))?;

    let receipt: Receipt = taken("a transfer", send(chain, payer, token, pay()))?;
    let row = Row::new("token: transfer between two voters", &receipt, code(&[NAME]), scale.price);
    scale.rows.push(Row { want: Want::Peer(250), peer: Some(Box::new(transfer)), ..row });
    Ok(())
}

/// The nonce of somebody's next permit or signed delegation.
fn nonce(world: &World, key: &Keypair) -> Result<u64> {
    Ok(read(&*world.chain, world.suite.token, message_builder!(Token).nonces(key.account()))?)
}
