//! Requests: nobody is billed, hidden or served beyond what a payer signed for.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use chain::{Keypair, read, read_as, send};
use e2e::epoch::{Closed, FEE, slot};
use e2e::falsehoods::{Filed, differing_byte, file, misattribute, wrong_status};
use e2e::scenarios::fraud;
use e2e::served::signed_request;
use e2e::{H, World, refused, sent};
use ink::message_builder;
use ink::scale::Encode;
use openledger_abi::disputes::{Disputes, DisputesError, FraudProven, Outcome, commit_hash};
use openledger_abi::escrow::{Escrow, EscrowError};
use openledger_abi::judge::JudgeError;
use openledger_abi::payout::ReportStatus;
use openledger_abi::{Balance, OPEN};
use proof::check::Fraud;
use proof::evidence::ATTRIBUTED;
use proof::params::ParameterSet;
use proof::receipt::Receipt;
use proof::request::{Request, SignedRequest};
use proof::rules::validity::{Invalid, Opened, Slot, Terms, judge};
use proof::text::Text;
use proof::{Error as Rule, Hasher};

/// What a text's first contributor wrote, in an answer.
const QUOTE: &str = "He kept a ledger of every ship that came in, they say.";

/// A4: a host salts the leaves of an answer that its payer asked for in the open, and signers credit a friend for it.
pub fn a_host_cannot_make_an_answer_private(world: &mut World) -> Result<()> {
    let world = &mut apart(world, 1)?;
    let channel = world.open_channel(10 * FEE)?;
    world.answer(channel, QUOTE, FEE)?;
    let ledger = world.ledger(channel)?;
    let answer = ledger.answer(0)?;
    answer.random = Some([9; 32]);
    answer.receipt.response = answer.text().root::<H>().map_err(|e| anyhow!("{e:?}"))?;
    // What the payer, and every oracle that is asked to attest, looks at first: it is not a response to this request.
    ensure!(answer.opened().verify::<H>() == Err(Rule::WrongHash), "a salted response to a public request is taken");
    world.settle(channel)?;

    // Nor does it help signers who credit it all the same: whoever has the bytes opens them, salts and all.
    let filed = file(world, misattribute, |_| ())?;
    let proof = differing_byte(world, &filed)?;
    fraud::file(world, filed.id, &proof).map_err(|e| anyhow!("{e}"))?;
    ensure!(world.reported(filed.id.epoch)?.status == ReportStatus::Void, "the false report stands");
    Ok(())
}

/// One way of billing more than a request allows: what the host writes, and what the payer's client says of it.
struct Bill {
    why: Invalid,
    /// The request, as it is signed.
    request: fn(&mut Request),
    receipt: fn(&mut Receipt),
}

/// Each field once. The fee is the leaf's and the place the batch's by the way that trees are built here.
const BILLS: [Bill; 12] = [
    Bill { why: Invalid::Channel, request: |_| (), receipt: |receipt| receipt.channel += 1 },
    Bill { why: Invalid::Model, request: |_| (), receipt: |receipt| receipt.model += 1 },
    Bill { why: Invalid::Sequence, request: |_| (), receipt: |receipt| receipt.sequence += 1 },
    Bill { why: Invalid::NoRevision, request: |_| (), receipt: |receipt| receipt.revision += 1 },
    Bill { why: Invalid::Adapter, request: |_| (), receipt: |receipt| receipt.adapter = [1; 32] },
    Bill { why: Invalid::RequestedRevision, request: |body| body.revision += 1, receipt: |_| () },
    Bill { why: Invalid::RequestedParams, request: |body| body.params += 1, receipt: |_| () },
    Bill { why: Invalid::RequestedSequence, request: |body| body.sequence += 1, receipt: |_| () },
    Bill { why: Invalid::FeeAboveMost, request: |body| body.max_fee -= 1, receipt: |_| () },
    Bill { why: Invalid::TokensOutAboveMost, request: |_| (), receipt: |receipt| receipt.tokens_out = 7_900 },
    Bill { why: Invalid::TokensInAbovePrompt, request: |_| (), receipt: |receipt| receipt.tokens_in = 8 + 257 },
    Bill {
        why: Invalid::TokensOutAboveResponse,
        request: |body| body.max_tokens_out = 7_900,
        receipt: |receipt| receipt.tokens_out = 7_900,
    },
];

/// A5: a host bills other fields than it was asked for; its client was careless, and signers call the receipts valid.
pub fn a_bill_beyond_its_request_is_refuted(world: &mut World) -> Result<()> {
    let world = &mut apart(world, BILLS.len() as u128 + 3)?;
    let channel = world.open_channel(100 * FEE)?;
    let domain = world.domain(world.suite.escrow);
    world.answer(channel, "An honest answer names the batch's parameters.", FEE)?;
    for (place, bill) in (1..).zip(&BILLS) {
        world.answer(channel, "Three words, perhaps.", FEE)?;
        let ledger = world.ledger(channel)?;
        let key = ledger.key.clone();
        let answer = ledger.answer(place)?;
        (bill.request)(&mut answer.request.body);
        answer.request = signed_request(&key, &domain, answer.request.body);
        (bill.receipt)(&mut answer.receipt);
        answer.receipt.request = answer.request.hash::<H>();
    }
    // One that the payer did not sign at all.
    world.answer(channel, "Nobody asked for this.", FEE)?;
    let place = BILLS.len() + 1;
    let answer = world.ledger(channel)?.answer(place)?;
    answer.request.signature[0] ^= 1;
    answer.receipt.request = answer.request.hash::<H>();
    world.settle(channel)?;

    let closed = world.close_epoch()?;
    let whys = BILLS.iter().map(|bill| bill.why).chain([Invalid::Signature]);
    for (place, why) in (1..).zip(whys.clone()) {
        let judged = judged(world, &closed, place)?;
        ensure!(judged == Some(why), "place {place}: wanted {why:?}, got {judged:?}");
    }
    ensure!(judged(world, &closed, 0)?.is_none(), "the honest answer is not valid");

    // The true report marks all but the first as invalid; the liars' does not.
    let filed = file(world, |leaf| leaf.status = ATTRIBUTED, |_| ())?;
    let honest = shown(world, &filed, 0)?;
    ensure!(honest == Err(DisputesError::Judge(JudgeError::NotProven(Rule::NotFraud))), "{honest:?}");
    for (place, why) in (1..).zip(whys) {
        let outcome = shown(world, &filed, place)?;
        ensure!(matches!(outcome, Ok(Outcome::Voided { .. })), "{why:?} is not refuted: {outcome:?}");
    }
    let (_, revealed) = fraud::file(world, filed.id, &wrong_status(world, &filed, 1)?).map_err(|e| anyhow!("{e}"))?;
    let events = revealed.receipt.events_of::<FraudProven>(world.suite.disputes);
    ensure!(events.first().is_some_and(|event| event.fraud == Fraud::WrongStatus), "{events:?}");
    Ok(())
}

/// What a client, or an oracle before it attests, says of the answer at a place of the epoch.
fn judged(world: &World, closed: &Closed, place: usize) -> Result<Option<Invalid>> {
    let (answer, batch) = (closed.answer(place)?, &closed.batches[0].0);
    let params = world.parameters(batch.params)?;
    let revision = world.rules()?;
    let named = (answer.receipt.revision == 0).then_some((revision.adapter, revision.created_at));
    let slot = slot(batch, batch.count_from + place as u64, answer.receipt.fee);
    let opened = Opened {
        receipt: &answer.receipt,
        request: Some(&answer.request),
        response_bytes: Some(answer.response.len() as u64),
    };
    let terms = Terms { slot: &slot, revision: named, params: &params };
    judge::<H>(&opened, &terms, |request| world.request_signed(request)).map_err(|e| anyhow!("{e:?}"))
}

/// What disputes would say of that proof; nothing is voided by asking.
fn shown(world: &World, filed: &Filed, place: u64) -> Result<std::result::Result<Outcome, DisputesError>> {
    let (watcher, disputes) = (&world.people.watcher, world.suite.disputes);
    let bytes = wrong_status(world, filed, place)?.encode();
    let hash = commit_hash::<H>(&watcher.account(), &bytes);
    let call = message_builder!(Disputes).commit(filed.id, hash);
    let commit = sent("committing", send(&*world.chain, watcher, disputes, call))?;
    world.chain.advance(Duration::from_millis(1))?;
    Ok(read_as(&*world.chain, watcher.account(), disputes, message_builder!(Disputes).reveal(commit, bytes))?)
}

/// A world of its own, where reports may fall, with a watcher who can afford to commit this often.
fn apart(world: &World, commits: Balance) -> Result<World> {
    let world = World::found(world.chain.clone(), &Keypair::from_uri("//Alice")?)?;
    // The k-th commit that is open on a report costs k sixteenths more.
    let bonds = commits * world.config.disputes.bond * (16 + commits) / 16;
    world.approve(&world.people.watcher, world.suite.disputes, bonds)?;
    Ok(world)
}

/// A6: somebody has a voucher of the payer's, from a transaction or the wire.
pub fn a_voucher_alone_serves_nobody(world: &mut World) -> Result<()> {
    let channel = world.open_channel(10 * FEE)?;
    world.answer(channel, "An answer.", FEE)?;
    world.tick()?;
    let seen = world.redemption(channel)?;
    let stranger = Keypair::generate();

    // It asks at the payer's place: with its own signature, or with one that it can't make.
    let domain = world.domain(world.suite.escrow);
    let ledger = world.ledger(channel)?;
    let asked = Request { sequence: 1, ..ledger.answer(0)?.request.body };
    let payer = ledger.key.public();
    let own = signed_request(&stranger, &domain, asked);
    let forged = SignedRequest { key: payer, ..own };
    for (request, why) in [(own, Invalid::RequestedKey), (forged, Invalid::Signature)] {
        let response = b"Said to a stranger.".to_vec();
        let receipt = Receipt {
            sequence: 1,
            request: request.hash::<H>(),
            response: Text::public(&response).root::<H>().map_err(|e| anyhow!("{e:?}"))?,
            tokens_out: 1,
            ..world.ledger(channel)?.answer(0)?.receipt
        };
        let place = Slot {
            channel: receipt.channel,
            model: receipt.model,
            key: payer,
            params: request.body.params,
            sequence: 1,
            fee: FEE,
            at: u64::MAX,
        };
        let params = ParameterSet { min_fee: 1, rank_weights: Vec::new(), common_max: 48 };
        let terms = Terms { slot: &place, revision: Some((receipt.adapter, 0)), params: &params };
        let opened = Opened { receipt: &receipt, request: Some(&request), response_bytes: Some(response.len() as u64) };
        let judged = judge::<H>(&opened, &terms, |request| world.request_signed(request));
        ensure!(judged == Ok(Some(why)), "wanted {why:?}, got {judged:?}");
    }

    // Nor is anything paid by a voucher whose receipts rest on no request.
    let mut bare = seen.clone();
    bare.answer.request = own;
    refused(world.redeem(bare), &EscrowError::BadAnswer)?;
    world.answer(channel, "Nobody asked.", FEE)?;
    world.ledger(channel)?.answer(1)?.receipt.request = H::blake2_256(b"nothing");
    sent("what was asked for", world.redeem(seen))?;
    world.ledger(channel)?.redeemed = 1;
    world.tick()?;
    let unasked = world.redemption(channel)?;
    refused(world.redeem(unasked), &EscrowError::BadAnswer)?;
    // The payer goes on at the place that it asked for.
    world.ledger(channel)?.places.truncate(1);
    world.answer(channel, "Asked for.", FEE)?;
    world.settle(channel).map(|_| ())
}

/// A7: a session key asks several models for as much as its cap each.
pub fn a_session_cap_holds_over_all_models(world: &mut World) -> Result<()> {
    let channel = world.open_channel(100 * FEE)?;
    let agent = Keypair::generate();
    let first = world.open_session(channel, &agent, FEE)?;
    let model = world.register_model(world.revision())?;
    let second = world.for_model(first, model)?;
    for position in [first, second] {
        world.answer(position, "An answer at the whole cap.", FEE)?;
    }
    world.settle(first)?;
    let beyond = world.redemption(second)?;
    refused(world.redeem(beyond), &EscrowError::SessionCapExceeded)?;
    let number = world.ledger(first)?.channel;
    let call = message_builder!(Escrow).session(number, agent.public());
    let session = read(&*world.chain, world.suite.escrow, call)?.context("no session")?;
    ensure!(session.spent == FEE && session.cap == FEE, "{session:?}");
    // The place stays unpaid; nothing of it waits for an epoch.
    world.ledger(second)?.places.clear();
    Ok(())
}

/// A17: an attacker pays itself for answers that cost it nothing and every oracle much.
pub fn empty_receipts_cost_their_floor(world: &mut World) -> Result<()> {
    let (least, each_kib) = (world.config.fees.min_fee, world.config.fees.min_fee_kib);
    let channel = world.open_channel(OPEN)?;
    let long = "x".repeat(64 * 1024);
    // At the least fee alone, 64 KiB an answer.
    world.answer(channel, &long, least)?;
    world.tick()?;
    let cheap = world.redemption(channel)?;
    ensure!(cheap.kib == 64, "{} KiB", cheap.kib);
    refused(world.redeem(cheap), &EscrowError::FeeTooLow)?;
    world.ledger(channel)?.places.clear();
    world.answer(channel, &long, least + 64 * each_kib)?;
    world.settle(channel)?;

    // Places cost nothing only as long as as many are paid for.
    for _ in 0..2 {
        world.leave_unfilled(channel)?;
    }
    world.answer(channel, "x", least + each_kib)?;
    world.tick()?;
    let empty = world.redemption(channel)?;
    refused(world.redeem(empty), &EscrowError::TooFewFilled)?;
    world.ledger(channel)?.places.truncate(1);
    Ok(())
}
