//! What the calls of the loop weigh, on any chain.

use anyhow::{Context, Result, anyhow};
use chain::{CallError, Gas, Receipt, Sent, send};
use ink::message_builder;
use openledger_abi::OPEN;
use openledger_abi::datanet::DatanetRegistry;
use openledger_abi::payout::Payout;
use openledger_abi::token::Token;
use psp22::PSP22;
use serde_json::{Value, json};

use crate::scenarios::fraud;
use crate::{World, epoch::FEE};

/// One call's weight.
#[derive(Debug, Clone)]
pub struct Row {
    pub call: &'static str,
    pub gas: Gas,
    /// Native coin locked for storage, in its smallest unit; negative: given back.
    pub deposit: i128,
    /// Code that the call loads, in bytes, over all contracts that take part.
    pub code: usize,
    /// Picoseconds of ref time that we want it to stay within on a node; none if we want nothing.
    pub wanted: Option<u64>,
}

/// What the embedded chain's pallet charges for each byte of code that a call loads, in ps. The node's pallet
/// charges 700, so that this part hides all else there.
pub const EMBEDDED_CODE_PS: u64 = 33_471;

impl Row {
    /// Ref time without what an embedded chain charges for loading code.
    pub fn without_code(&self) -> u64 {
        self.gas.ref_time.saturating_sub(EMBEDDED_CODE_PS.saturating_mul(self.code as u64))
    }

    /// For `--json`.
    pub fn json(&self) -> Value {
        json!({
            "call": self.call,
            "ref_time_ps": self.gas.ref_time,
            "ref_time_without_code_ps": self.without_code(),
            "proof_size": self.gas.proof_size,
            "deposit": self.deposit.to_string(),
            "wanted_ps": self.wanted,
        })
    }
}

/// Bytes of the contracts' code.
fn code(names: &[&str]) -> usize {
    names.iter().filter_map(|name| suite::artifact(name)).map(|artifact| artifact.wasm.len()).sum()
}

fn receipt<T, E: std::fmt::Debug>(
    call: &'static str,
    sent: std::result::Result<Sent<T>, CallError<E>>,
) -> Result<Receipt> {
    Ok(sent.map_err(|e| anyhow!("{e}")).context(call)?.receipt)
}

/// Measures each call once, in the order of the loop.
///
/// # Errors
/// The first call that failed.
pub fn measure(world: &mut World) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut row = |call, receipt: Receipt, contracts: &[&str], wanted| {
        rows.push(Row { call, gas: receipt.gas, deposit: receipt.deposit, code: code(contracts), wanted });
    };
    let chain = world.chain.clone();
    let payer = world.people.payer.clone();

    let someone = chain::Keypair::generate().account();
    let transfer = || message_builder!(PSP22).transfer(someone, OPEN, Vec::new());
    let call = "token: transfer to a new holder";
    row(
        call,
        receipt(call, send(&*chain, &payer, world.suite.token, transfer()))?,
        &["open_token"],
        Some(1_300_000_000),
    );
    let call = "token: transfer to a holder";
    row(call, receipt(call, send(&*chain, &payer, world.suite.token, transfer()))?, &["open_token"], None);
    let call = "token: delegate to oneself";
    let delegate = message_builder!(Token).delegate(Some(payer.account()));
    row(call, receipt(call, send(&*chain, &payer, world.suite.token, delegate))?, &["open_token"], None);
    let call = "token: transfer by a voter";
    row(call, receipt(call, send(&*chain, &payer, world.suite.token, transfer()))?, &["open_token"], None);

    let registry = world.suite.datanet_registry;
    let contributor = world.people.contributors[0].clone();
    let text = world.fresh_text();
    let new = world.contribution(world.datanet, &contributor, text.as_bytes(), World::open_terms())?;
    let signature = world.terms_signature(&contributor, &new);
    let call = "datanet: contribute";
    let sent = send(&*chain, &contributor, registry, message_builder!(DatanetRegistry).contribute(new, signature));
    let number = sent.as_ref().map(|sent| sent.value).unwrap_or_default();
    row(call, receipt(call, sent)?, &["datanet_registry"], None);
    let call = "datanet: the verdict that accepts";
    let verdict = message_builder!(DatanetRegistry).verdict(number, true, 9_000);
    let sent = send(&*chain, &world.people.validator, registry, verdict);
    row(call, receipt(call, sent)?, &["datanet_registry", "staking"], None);

    let channel = world.open_channel(100 * OPEN)?;
    world.answer(channel, "He kept a ledger of every ship that came in, they say.", FEE)?;
    world.answer(channel, "There traders weigh saffron against river salt, or so it is told.", FEE)?;
    world.tick()?;
    let redemption = world.redemption(channel)?;
    let call = "escrow: redeem a voucher";
    let redeemed = receipt(call, world.redeem(redemption))?;
    row(call, redeemed, &["escrow", "model_registry", "open_token", "payout"], None);
    world.ledger(channel)?.redeemed = 2;

    let closed = world.close_epoch()?;
    world.after(closed.epoch.demand_end)?;
    let report = world.true_report(&closed)?;
    let call = "payout: a report (2 of 4 oracles)";
    let submitted = receipt(call, world.submit(world.signed_report(report.body, &[0, 1])))?;
    row(call, submitted, &["payout", "staking"], Some(10_000_000_000));
    world.finalize(report)?;
    let claim = world.claim_of(0)?;
    let call = "payout: a claim";
    row(call, receipt(call, world.claim(claim.clone()))?, &["payout", "open_token"], Some(2_500_000_000));
    let call = "payout: set a recipient";
    let recipient = message_builder!(Payout).set_recipient(Some(someone));
    row(call, receipt(call, send(&*chain, &contributor, world.suite.payout, recipient))?, &["payout"], None);

    let filed = fraud::file_a_false_span(world)?;
    let all = ["disputes", "payout", "model_registry", "datanet_registry", "staking", "open_token"];
    row("disputes: commit to a proof", filed.committed, &["disputes", "open_token", "payout"], None);
    row("disputes: fraud proof 3 (a span's byte), 2 signers slashed", filed.revealed, &all, Some(15_000_000_000));
    Ok(rows)
}
