//! What the calls of the loop weigh, on any chain, and psp22's own token beside ours.

use anyhow::{Context, Result, anyhow};
use chain::{AccountId, CallError, Chain, Keypair, Receipt, Sent, deploy, input, send};
use ink::message_builder;
use openledger_abi::OPEN;
use openledger_abi::datanet::DatanetRegistry;
use openledger_abi::token::Token;
use psp22::{PSP22, PSP22Error};

use crate::scenarios::{fraud, sums};
use crate::{World, epoch::FEE};

/// psp22 2.0.0's own contract, built with our flags by `scripts/build-contracts psp22_peer`.
pub const PEER: &[u8] = include_bytes!("../psp22_peer/psp22_peer.wasm");

/// What a chain charges for each byte of code that a call loads, in ps of ref time.
#[derive(Debug, Clone, Copy)]
pub struct CodePrice(pub u64);

/// pallet-contracts 31's; it hides all else.
pub const EMBEDDED: CodePrice = CodePrice(33_471);
/// pallet-contracts 38's.
pub const NODE: CodePrice = CodePrice(700);

/// A block's ref time in ps: 2 s.
pub const BLOCK: u64 = 2_000_000_000_000;

/// What a weight should stay within.
#[derive(Debug, Clone, Copy)]
pub enum Want {
    /// No goal.
    Nothing,
    /// At most so many parts in 10,000 of a block.
    OfBlock(u64),
    /// At most what the same call of psp22's contract weighs, both without code.
    Peer,
}

/// One call's weight.
#[derive(Debug, Clone)]
pub struct Row {
    pub call: String,
    /// ps of ref time.
    pub ref_time: u64,
    /// Bytes of storage proof.
    pub proof_size: u64,
    /// Native coin locked for storage, in its smallest unit; negative: given back.
    pub deposit: i128,
    /// Bytes of code that the call loads, over all contracts that take part.
    pub code: u64,
    /// ps that the chain charged for loading them.
    pub code_time: u64,
    /// The same call of psp22's contract.
    pub peer: Option<Box<Row>>,
    pub want: Want,
}

impl Row {
    fn new(call: &str, receipt: &Receipt, code: usize, price: CodePrice) -> Self {
        let code = code as u64;
        Row {
            call: call.to_owned(),
            ref_time: receipt.gas.ref_time,
            proof_size: receipt.gas.proof_size,
            deposit: receipt.deposit,
            code,
            code_time: price.0.saturating_mul(code),
            peer: None,
            want: Want::Nothing,
        }
    }

    /// Ref time without what the chain charged for loading code.
    pub fn without_code(&self) -> u64 {
        self.ref_time.saturating_sub(self.code_time)
    }

    /// Our weight in parts of the peer's, both without code.
    pub fn ratio(&self) -> Option<f64> {
        let peer = self.peer.as_ref()?;
        Some(self.without_code() as f64 / peer.without_code() as f64)
    }

    /// Whether it stays within what is wanted, judged by `ref_time` ps; `None` if nothing is.
    pub fn met(&self, ref_time: u64) -> Option<bool> {
        match self.want {
            Want::Nothing => None,
            Want::OfBlock(parts) => Some(ref_time <= BLOCK / 10_000 * parts),
            Want::Peer => self.ratio().map(|ratio| ratio <= 1.0),
        }
    }
}

/// Code of these contracts, in bytes.
fn code(names: &[&str]) -> usize {
    names.iter().filter_map(|name| suite::artifact(name)).map(|artifact| artifact.wasm.len()).sum()
}

fn taken<T, E: std::fmt::Debug>(call: &str, outcome: std::result::Result<Sent<T>, CallError<E>>) -> Result<Receipt> {
    Ok(outcome.map_err(|e| anyhow!("{e}")).with_context(|| call.to_owned())?.receipt)
}

/// What every token's holders do, on one token.
fn token_calls(
    chain: &dyn Chain,
    token: AccountId,
    [holder, spender]: [&Keypair; 2],
    code: usize,
    price: CodePrice,
) -> Result<Vec<Row>> {
    let someone = Keypair::generate().account();
    let transfer = || message_builder!(PSP22).transfer(someone, OPEN, Vec::new());
    let mut rows = Vec::new();
    let mut call = |name: &str, outcome: std::result::Result<Sent<()>, CallError<PSP22Error>>| -> Result<()> {
        let mut row = Row::new(name, &taken(name, outcome)?, code, price);
        row.want = Want::Peer;
        rows.push(row);
        Ok(())
    };
    call("token: transfer to a new holder", send(chain, holder, token, transfer()))?;
    call("token: transfer to a holder", send(chain, holder, token, transfer()))?;
    let approve = message_builder!(PSP22).approve(spender.account(), 5 * OPEN);
    call("token: approve", send(chain, holder, token, approve))?;
    let transfer_from = message_builder!(PSP22).transfer_from(holder.account(), someone, OPEN, Vec::new());
    call("token: transfer_from", send(chain, spender, token, transfer_from))?;
    Ok(rows)
}

fn token_rows(world: &World, price: CodePrice) -> Result<Vec<Row>> {
    let chain = &*world.chain;
    let holders = [&world.people.payer, &world.people.host];
    let mut ours = token_calls(chain, world.suite.token, holders, code(&["open_token"]), price)?;
    let arguments = (1_000_000 * OPEN, Some("Peer".to_owned()), Some("PEER".to_owned()), 18u8);
    let constructor = input("new", &arguments);
    let (peer, _) = deploy::<_, PSP22Error>(chain, &world.people.payer, PEER, &constructor, &[])
        .map_err(|e| anyhow!("{e}"))
        .context("deploying psp22's contract")?;
    let theirs = token_calls(chain, peer, holders, PEER.len(), price)?;
    for (row, peer) in ours.iter_mut().zip(theirs) {
        row.peer = Some(Box::new(peer));
    }
    Ok(ours)
}

/// Measures each call once, in the order of the loop.
///
/// # Errors
/// The first call that failed.
pub fn measure(world: &mut World, price: CodePrice) -> Result<Vec<Row>> {
    let mut rows = token_rows(world, price)?;
    let mut add = |call: &str, receipt: Receipt, contracts: &[&str], want| {
        rows.push(Row { want, ..Row::new(call, &receipt, code(contracts), price) });
    };
    let chain = world.chain.clone();
    let payer = world.people.payer.clone();

    let delegate = message_builder!(Token).delegate(Some(payer.account()));
    let receipt = taken("delegate", send(&*chain, &payer, world.suite.token, delegate))?;
    add("token: delegate to oneself", receipt, &["open_token"], Want::Nothing);
    let transfer = message_builder!(PSP22).transfer(world.people.host.account(), OPEN, Vec::new());
    let receipt = taken("transfer", send(&*chain, &payer, world.suite.token, transfer))?;
    add("token: transfer by a voter", receipt, &["open_token"], Want::Nothing);

    let registry = world.suite.datanet_registry;
    let contributor = world.people.contributors[0].clone();
    let text = world.fresh_text();
    let new = world.contribution(world.datanet, &contributor, text.as_bytes(), World::open_terms())?;
    let signature = world.terms_signature(&contributor, &new);
    let sent = send(&*chain, &contributor, registry, message_builder!(DatanetRegistry).contribute(new, signature))
        .map_err(|e| anyhow!("{e}"))?;
    add("datanet: contribute", sent.receipt, &["datanet_registry"], Want::Nothing);
    let verdict = message_builder!(DatanetRegistry).verdict(sent.value, true, 9_000);
    let receipt = taken("verdict", send(&*chain, &world.people.validator, registry, verdict))?;
    add("datanet: the verdict that accepts", receipt, &["datanet_registry", "staking"], Want::Nothing);

    let channel = world.open_channel(100 * OPEN)?;
    world.answer(channel, "He kept a ledger of every ship that came in, they say.", FEE)?;
    world.answer(channel, "There traders weigh saffron against river salt, or so it is told.", FEE)?;
    world.tick()?;
    let redemption = world.redemption(channel)?;
    let receipt = taken("redeem", world.redeem(redemption))?;
    let contracts = ["escrow", "model_registry", "open_token", "payout"];
    add("escrow: redeem a voucher", receipt, &contracts, Want::Nothing);
    world.ledger(channel)?.redeemed = 2;

    let closed = world.close_epoch()?;
    world.after(closed.epoch.demand_end)?;
    let report = world.true_report(&closed)?;
    let receipt = taken("report", world.submit(world.signed_report(report.body, &[0, 1])))?;
    add("payout: a report, 2 of 4 oracles", receipt, &["payout", "staking"], Want::OfBlock(50));
    world.finalize(report)?;
    let claim = world.claim_of(0)?;
    add("payout: a claim", taken("claim", world.claim(claim))?, &["payout", "open_token"], Want::OfBlock(25));

    Ok(rows)
}

/// The same for fraud proofs; they leave three of the four oracles jailed.
///
/// # Errors
/// The first call that failed.
pub fn measure_proofs(world: &mut World, price: CodePrice) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut add = |call: &str, receipt: Receipt, contracts: &[&str], want| {
        rows.push(Row { want, ..Row::new(call, &receipt, code(contracts), price) });
    };
    let filed = fraud::file_an_equivocation(world)?;
    let contracts = ["disputes", "payout", "staking", "open_token"];
    add("disputes: proof 1, equivocation: 1 slashed", filed.revealed, &contracts, Want::OfBlock(100));
    let filed = fraud::file_a_false_span(world)?;
    add("disputes: a commit", filed.committed, &["disputes", "open_token", "payout"], Want::Nothing);
    let contracts = ["disputes", "payout", "model_registry", "datanet_registry", "staking", "open_token"];
    add("disputes: proof 3, a span's byte: 2 slashed", filed.revealed, &contracts, Want::OfBlock(100));
    Ok(rows)
}

/// The same for proof 8, in a world of its own since it jails two oracles more.
///
/// # Errors
/// The first call that failed.
pub fn measure_a_tree(world: &mut World, price: CodePrice) -> Result<Row> {
    let (_, filed, _) = sums::file_a_wrong_order(world)?;
    let code = code(&["disputes", "payout", "staking", "open_token"]);
    let row = Row::new("disputes: proof 8, a tree's order: 2 slashed", &filed.revealed, code, price);
    Ok(Row { want: Want::OfBlock(100), ..row })
}

/// What the largest set of oracles costs: 31, of whom 11 sign and are slashed. Needs a world of its own, of
/// [`crate::People::with_oracles`].
///
/// # Errors
/// The first call that failed.
pub fn measure_a_large_set(world: &mut World, price: CodePrice) -> Result<Vec<Row>> {
    let (oracles, signers) = (world.people.oracles.len(), world.quorum().len());
    let mut rows = Vec::new();
    let closed = world.closed_epoch()?;
    world.after(closed.epoch.demand_end)?;
    let report = world.true_report(&closed)?;
    let receipt = taken("report", world.submit(world.signed_report(report.body, &world.quorum())))?;
    let name = format!("payout: a report, {signers} of {oracles} oracles");
    let row = Row::new(&name, &receipt, code(&["payout", "staking"]), price);
    rows.push(Row { want: Want::OfBlock(50), ..row });
    world.finalize(report)?;
    let filed = fraud::file_a_false_span(world)?;
    let contracts = ["disputes", "payout", "model_registry", "datanet_registry", "staking", "open_token"];
    let name = format!("disputes: proof 3, a span's byte: {signers} slashed");
    rows.push(Row { want: Want::OfBlock(100), ..Row::new(&name, &filed.revealed, code(&contracts), price) });
    Ok(rows)
}
