//! What a host or a stranger may try over HTTP at a payer's cost, and what stops it.

mod counter;

use chain::{Keypair, account_bytes};
use counter::{Counter, question, request, said};
use proof::Blake2;
use proof::request::FLAG_PRIVATE;
use serde_json::Value;
use serve::payer::{PayerError, Question};
use serve::payment::Asking;
use worker::published::{FetchOrder, Lane, ReceiptRecord};

const TEXT: &str = "a question";

fn order(counter: &Counter, host: [u8; 32], object: [u8; 32], key: &Keypair, deadline: u64) -> FetchOrder {
    let signable = FetchOrder::signable(&counter.domain(), &host, &object, &key.public(), deadline);
    FetchOrder { object, key: key.public(), deadline, signature: key.sign(&signable.digest) }
}

/// A4.
#[test]
fn only_the_payer_makes_an_answer_private_and_its_text_is_for_payer_and_oracles_alone() {
    let counter = Counter::open();
    let world = &counter.world;
    let payer = world.people.payer.clone();
    let model = counter.models[0];
    let mut channel = counter.payer(&payer);
    let public = channel.ask(model, &question(TEXT)).unwrap();
    assert!(public.record.random.is_none() && !public.record.request.body.is_private());
    let private = channel.ask(model, &Question { private: true, ..question(TEXT) }).unwrap();
    let receipt = private.record.receipt;
    assert!(private.record.random.is_some() && receipt.sketch == proof::ZERO);
    // The root hides the text: the same text said in public has another one.
    assert_ne!(receipt.response, proof::text::root_of::<Blake2>(&private.record.response).unwrap());
    channel.acknowledge(model).unwrap();

    let lane = Lane { channel: counter.channel, model, key: payer.public() };
    let (status, published) = counter.get(&format!("/openledger/receipts/{lane}"));
    let published: Vec<Option<ReceiptRecord>> = serde_json::from_value(published).unwrap();
    assert_eq!((status, published.len()), (200, 2));
    assert_eq!(published[0], Some(public.record.clone()));
    let shown = published[1].clone().unwrap();
    assert!(shown.is_withheld() && shown.response.is_empty() && shown.receipt == receipt);
    // The object routes know nothing of it, under no name of its bytes.
    let cid = corpus::Cid::of(&private.record.response);
    assert_eq!(counter.get(&format!("/openledger/objects/{cid}")).0, 404);

    let host = account_bytes(&world.people.host.account());
    let until = counter.now() + 60_000;
    let ask = |key: &Keypair| counter.send("/openledger/private", &order(&counter, host, receipt.response, key, until));
    for reader in [&payer, &world.people.oracles[0].signing, &world.people.oracles[3].signing] {
        let (status, text) = ask(reader);
        let text: worker::published::PrivateText = serde_json::from_value(text).unwrap();
        assert_eq!((status, &text.response), (200, &private.record.response));
        let mut whole = shown.clone();
        (whole.response, whole.random) = (text.response, Some(text.random));
        assert_eq!(whole.open().unwrap(), receipt);
    }
    // As an oracle's program fetches both.
    let store = corpus::Store::folder(&counter.files.path().join("oracle")).unwrap();
    let fetcher = worker::fetch::Fetcher::new(std::sync::Arc::new(store));
    let mut allowance = worker::fetch::Allowance::of(1 << 20);
    assert_eq!(fetcher.receipts(&counter.url, &lane, 0, 2, &mut allowance).unwrap(), published);
    let signed = order(&counter, host, receipt.response, &world.people.oracles[1].signing, until);
    assert_eq!(fetcher.private_text(&counter.url, &signed, &mut allowance).unwrap().response, private.record.response);
    assert!(fetcher.receipts(&counter.url, &lane, 0, 3, &mut allowance).is_err());
    // An oracle's account is not its key; a watcher, the host and a stranger are no members.
    for stranger in [&world.people.oracles[0].account, &world.people.watcher, &world.people.host] {
        let answer = ask(stranger);
        assert_eq!(answer.0, 403, "{answer:?}");
    }
    let oracle = &world.people.oracles[0].signing;
    let refused = |order: FetchOrder, why: &str| {
        let answer = counter.send("/openledger/private", &order);
        assert!(answer.0 >= 400 && said(&answer).contains(why), "{why}: {answer:?}");
    };
    refused(order(&counter, [9; 32], receipt.response, oracle, until), "order's signature");
    refused(order(&counter, host, receipt.response, oracle, 1), "order's deadline");
    refused(order(&counter, host, receipt.response, oracle, until + 4_000_000), "order's deadline");
    let changes: [fn(&mut FetchOrder); 3] =
        [|order| order.object = [1; 32], |order| order.deadline += 1, |order| order.key = [1; 32]];
    for change in changes {
        let mut changed = order(&counter, host, receipt.response, oracle, until);
        change(&mut changed);
        refused(changed, "order's signature");
    }
    // A public answer is no private text.
    refused(order(&counter, host, published[0].clone().unwrap().receipt.response, oracle, until), "no private answer");
}

/// A4: who sees the published request of a private answer cannot have it answered again.
#[test]
fn a_published_request_opens_nothing_without_its_random_bytes() {
    let counter = Counter::open();
    let payer = counter.world.people.payer.clone();
    let (mut body, random) = request(&counter, counter.models[0], 0, TEXT);
    body.flags = FLAG_PRIVATE;
    let asking = Asking { request: counter.sign(body, &payer), random, context: Vec::new(), voucher: None };
    let first = counter.post(TEXT, &asking);
    assert_eq!(first.0, 200, "{first:?}");
    let guessed = Asking { random: [0; 32], ..asking.clone() };
    let answer = counter.post(TEXT, &guessed);
    assert!(answer.0 == 400 && said(&answer).contains("prompt hash"), "{answer:?}");
    let answer = counter.post("another question", &asking);
    assert!(answer.0 == 400 && said(&answer).contains("prompt hash"), "{answer:?}");
}

/// A5 on the host's side, A6: the same bytes get the same answer and are paid once, also after a restart.
#[test]
fn a_replayed_request_gets_its_answer_again_and_is_paid_once() {
    let mut counter = Counter::open();
    let payer = counter.world.people.payer.clone();
    let model = counter.models[0];
    let (body, random) = request(&counter, model, 0, TEXT);
    let asking = Asking { request: counter.sign(body, &payer), random, context: Vec::new(), voucher: None };
    let record = |answer: &(u16, Value)| answer.1["openledger"]["record"].clone();
    let first = counter.post(TEXT, &asking);
    assert_eq!(first.0, 200, "{first:?}");
    let lane = Lane::of(&asking.request);
    let head = counter.cashier.with_ledger(|ledger| ledger.head(&lane));
    let again = counter.post(TEXT, &asking);
    assert_eq!((again.0, record(&again)), (200, record(&first)));
    counter.restart();
    let again = counter.post(TEXT, &asking);
    assert_eq!((again.0, record(&again)), (200, record(&first)));
    assert_eq!(counter.cashier.with_ledger(|ledger| ledger.head(&lane)), head);
    // A second, other request for the place.
    let mut other = body;
    other.deadline += 1;
    let other = Asking { request: counter.sign(other, &payer), ..asking };
    let answer = counter.post(TEXT, &other);
    assert!(answer.0 == 409 && said(&answer).contains("another request"), "{answer:?}");
}

/// A6: a voucher that was seen on its way or in a transaction serves nobody.
#[test]
fn a_voucher_or_request_of_another_serves_nobody() {
    let counter = Counter::open();
    let (payer, stranger) = (counter.world.people.payer.clone(), counter.world.people.watcher.clone());
    let model = counter.models[0];
    let mut channel = counter.payer(&payer);
    channel.ask(model, &question(TEXT)).unwrap();
    channel.acknowledge(model).unwrap();
    let voucher = channel.voucher(model).unwrap().unwrap();
    // With it a stranger is taken for a payer's letter-carrier at most.
    assert_eq!(counter.send("/openledger/vouchers", &voucher).0, 200);
    let (body, random) = request(&counter, model, 1, TEXT);
    let by_stranger =
        Asking { request: counter.sign(body, &stranger), random, context: Vec::new(), voucher: Some(voucher.clone()) };
    let answer = counter.post(TEXT, &by_stranger);
    assert!(answer.0 == 400 && said(&answer).contains("neither the payer"), "{answer:?}");
    let mut forged = by_stranger;
    forged.request.key = payer.public();
    let answer = counter.post(TEXT, &forged);
    assert!(answer.0 == 400 && said(&answer).contains("request's signature"), "{answer:?}");
    // A request that the payer signed for another channel of its own.
    let mut elsewhere = body;
    elsewhere.channel += 1;
    let elsewhere = Asking { request: counter.sign(elsewhere, &payer), random, context: Vec::new(), voucher: None };
    assert_eq!(counter.post(TEXT, &elsewhere).0, 400);
    let lane = Lane { channel: counter.channel, model, key: payer.public() };
    assert_eq!(counter.cashier.with_ledger(|ledger| ledger.head(&lane).count), 1);
}

/// A7.
#[test]
fn a_sessions_cap_holds_over_all_models_for_what_is_unredeemed_and_what_is_being_asked() {
    let counter = Counter::open();
    let bound = counter.bound(u32::try_from(TEXT.len()).unwrap());
    let cap = bound * 3 - 1;
    let session = counter.session(cap);
    let mut channel = counter.payer(&session);
    let first = channel.ask(counter.models[0], &question(TEXT)).unwrap();
    channel.acknowledge(counter.models[0]).unwrap();
    let left = cap - first.record.receipt.fee;
    // What is being asked counts with the most that it may cost.
    let (mut body, random) = request(&counter, counter.models[1], 0, TEXT);
    body.max_fee = left;
    let asked = counter.sign(body, &session);
    let lane = Lane::of(&asked);
    counter.cashier.with_ledger(|ledger| ledger.take(&asked)).unwrap();
    for model in counter.models {
        match channel.ask(model, &question(TEXT)) {
            Err(PayerError::Refused { message, .. }) => assert!(message.contains("session's cap"), "{message}"),
            other => panic!("model {model}: {other:?}"),
        }
        let sequence = counter.cashier.with_ledger(|ledger| ledger.added(&Lane { model, ..lane }, 0)).min(1);
        let (over, random) = request(&counter, model, 1 - sequence, TEXT);
        let asking = Asking { request: counter.sign(over, &session), random, context: Vec::new(), voucher: None };
        let answer = counter.post(TEXT, &asking);
        assert!(answer.0 == 400 && said(&answer).contains("session's cap"), "{answer:?}");
    }
    // The request that has its place is answered.
    let answer = counter.post(TEXT, &Asking { request: asked, random, context: Vec::new(), voucher: None });
    assert_eq!(answer.0, 200, "{answer:?}");
    // Another key of the channel is not held by it.
    counter.payer(&counter.world.people.payer).ask(counter.models[0], &question(TEXT)).unwrap();
}

#[test]
fn payer_and_sessions_ask_side_by_side_each_in_a_tree_of_its_own() {
    let counter = Counter::open();
    let payer = counter.world.people.payer.clone();
    let session = counter.session(openledger_abi::OPEN);
    let model = counter.models[0];
    for round in 0..2 {
        for key in [&payer, &session] {
            let mut channel = counter.payer(key);
            let answered = channel.ask(model, &question(TEXT)).unwrap();
            assert_eq!(answered.record.receipt.sequence, round);
            channel.acknowledge(model).unwrap();
        }
    }
}

/// Host and payer are ended and started again after each step of a question; nothing is lost, nothing is paid twice.
#[test]
fn a_restart_of_both_sides_at_any_step_loses_nothing() {
    let mut counter = Counter::open();
    let payer = counter.world.people.payer.clone();
    let model = counter.models[0];
    let lane = Lane { channel: counter.channel, model, key: payer.public() };
    let mut fees = 0;
    for place in 0..3 {
        let mut channel = counter.payer(&payer);
        let answered = channel.ask(model, &question(TEXT)).unwrap();
        fees += answered.record.receipt.fee;
        assert_eq!(answered.record.receipt.sequence, place);
        counter.restart();
        drop(channel);
        let mut channel = counter.payer(&payer);
        assert!(channel.recover(model).unwrap().is_empty());
        // The voucher was signed, not sent; then both stop.
        let voucher = channel.voucher(model).unwrap().unwrap();
        assert_eq!((voucher.count, voucher.fee), (place + 1, fees));
        counter.restart();
        drop(channel);
        let mut channel = counter.payer(&payer);
        assert_eq!(channel.voucher(model).unwrap(), Some(voucher.clone()));
        channel.acknowledge(model).unwrap();
        counter.restart();
        let held = counter.cashier.with_ledger(|ledger| ledger.voucher(&lane).cloned());
        assert_eq!(held, Some(voucher));
    }
    let redeemed = counter.cashier.redeem(&counter.world.people.host);
    assert_eq!(redeemed.len(), 1);
    assert_eq!(redeemed.into_iter().next().unwrap().unwrap().fee, fees);
    assert!(counter.cashier.redeem(&counter.world.people.host).is_empty());
}
