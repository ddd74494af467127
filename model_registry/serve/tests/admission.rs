//! Whose requests a host answers, over HTTP: each field of a request and of a voucher, deposits, caps, what is ahead.

mod counter;

use chain::{Keypair, send};
use counter::{Counter, MAX_UNPAID, question, request, said};
use ink::message_builder;
use openledger_abi::OPEN;
use openledger_abi::models::{Access, ModelRegistry, ModelStatus};
use proof::Blake2;
use proof::request::Request;
use proof::signed::Signable;
use serve::ledger::SignedVoucher;
use serve::payer::PayerError;
use serve::payment::Asking;

const TEXT: &str = "a question";

impl Counter {
    fn asking(&self, body: Request, random: [u8; 32], key: &Keypair) -> Asking {
        Asking { request: self.sign(body, key), random, context: Vec::new(), voucher: None }
    }
}

#[test]
fn each_field_of_a_request_that_is_not_as_it_should_be_is_refused_by_name() {
    let counter = Counter::open();
    let payer = counter.world.people.payer.clone();
    let model = counter.models[0];
    let (right, random) = request(&counter, model, 0, TEXT);
    let changes: [(&str, fn(&mut Request)); 12] = [
        ("channel 77", |body| body.channel = 77),
        ("request's model", |body| body.model = 77),
        ("request's revision", |body| body.revision = 77),
        ("parameter set", |body| body.params = 77),
        ("this request adds 78", |body| body.sequence = 77),
        ("prompt hash", |body| body.prompt = [1; 32]),
        ("prompt bytes", |body| body.prompt_bytes -= 1),
        ("max tokens out", |body| body.max_tokens_out = 0),
        ("max fee", |body| body.max_fee -= 1),
        ("flags", |body| body.flags = 2),
        ("context hash", |body| body.context = [1; 32]),
        ("deadline", |body| body.deadline = 1),
    ];
    for (field, change) in changes {
        let mut body = right;
        change(&mut body);
        let answer = counter.post(TEXT, &counter.asking(body, random, &payer));
        assert!(answer.0 >= 400 && said(&answer).contains(field), "{field}: {answer:?}");
        // What was not signed so is refused as well, whatever was changed.
        let mut asking = counter.asking(right, random, &payer);
        asking.request.body = body;
        assert!(counter.post(TEXT, &asking).0 >= 400, "{field}");
    }
    // A list that no oracle would attest.
    let mut long = right;
    let list = vec![0; proof::limits::MAX_CONTEXT_BYTES + 9];
    long.context = proof::request::context_hash::<Blake2>(&list);
    let asking = Asking { context: list, ..counter.asking(long, random, &payer) };
    let answer = counter.post(TEXT, &asking);
    assert!(answer.0 == 400 && said(&answer).contains("context list has 153 bytes"), "{answer:?}");
    // Each field that may differ is bound by the signature.
    let signed_over: [fn(&mut Request); 6] = [
        |body| body.sequence += 1,
        |body| body.prompt_bytes += 1,
        |body| body.max_tokens_out -= 1,
        |body| body.max_fee += 1,
        |body| body.flags = 1,
        |body| body.deadline += 1,
    ];
    for change in signed_over {
        let mut asking = counter.asking(right, random, &payer);
        change(&mut asking.request.body);
        let answer = counter.post(TEXT, &asking);
        assert!(said(&answer).contains("request's signature"), "{answer:?}");
    }
    let mut other_key = counter.asking(right, random, &payer);
    other_key.request.key = counter.world.people.watcher.public();
    assert!(said(&counter.post(TEXT, &other_key)).contains("neither the payer"));
    assert_eq!(counter.cashier.with_ledger(|ledger| ledger.ahead(counter.channel)), 0);
    let answer = counter.post(TEXT, &counter.asking(right, random, &payer));
    assert_eq!(answer.0, 200, "{answer:?}");
}

#[test]
fn each_field_of_a_voucher_that_is_not_as_it_should_be_is_refused_by_name() {
    let counter = Counter::open();
    let payer = counter.world.people.payer.clone();
    let mut channel = counter.payer(&payer);
    channel.ask(counter.models[0], &question(TEXT)).unwrap();
    let right = channel.voucher(counter.models[0]).unwrap().unwrap();
    let signed = |mut voucher: SignedVoucher| {
        voucher.signature = payer.sign(&Signable::voucher::<Blake2>(&counter.domain(), &voucher.body()).digest);
        voucher
    };
    let changes: [(&str, fn(&mut SignedVoucher)); 8] = [
        ("channel 77", |voucher| voucher.channel = 77),
        ("voucher's count", |voucher| voucher.model += 1),
        ("voucher's count", |voucher| voucher.count = 2),
        ("voucher's fee", |voucher| voucher.fee += 1),
        ("voucher's top", |voucher| voucher.top = [1; 32]),
        ("voucher's deadline", |voucher| voucher.deadline = 1),
        ("neither the payer", |voucher| voucher.key = [1; 32]),
        ("voucher's top", |voucher| {
            voucher.count = 0;
            voucher.fee = 0;
        }),
    ];
    for (field, change) in changes {
        let mut voucher = right.clone();
        change(&mut voucher);
        let answer = counter.send("/openledger/vouchers", &signed(voucher.clone()));
        assert!(answer.0 >= 400 && said(&answer).contains(field), "{field}: {answer:?}");
        voucher.signature = right.signature;
        assert!(counter.send("/openledger/vouchers", &voucher).0 >= 400, "{field}");
    }
    assert_eq!(counter.send("/openledger/vouchers", &right).0, 200);
}

#[test]
fn a_payer_is_served_as_far_ahead_and_as_far_as_its_deposit_goes() {
    let counter = Counter::open();
    let payer = counter.world.people.payer.clone();
    let model = counter.models[0];
    // More than the deposit.
    let (mut body, random) = request(&counter, model, 0, TEXT);
    body.max_fee = 11 * OPEN;
    let answer = counter.post(TEXT, &counter.asking(body, random, &payer));
    assert!(said(&answer).contains("deposit covers"), "{answer:?}");
    // As many as the host serves ahead, over both models, in any order; then a voucher lets it go on.
    let mut channel = counter.payer(&payer);
    for turn in 0..MAX_UNPAID {
        channel.ask(counter.models[usize::try_from(turn).unwrap() % 2], &question(TEXT)).unwrap();
    }
    match channel.ask(model, &question(TEXT)) {
        Err(PayerError::Refused { message, .. }) => assert!(message.contains("wait for a voucher"), "{message}"),
        other => panic!("{other:?}"),
    }
    channel.acknowledge(model).unwrap();
    channel.ask(model, &question(TEXT)).unwrap();
}

#[test]
fn requests_are_taken_in_any_order_of_arrival() {
    let counter = Counter::open();
    let payer = counter.world.people.payer.clone();
    let model = counter.models[0];
    let lane = worker::published::Lane { channel: counter.channel, model, key: payer.public() };
    for (sequence, count) in [(1, 0), (0, 2)] {
        let (body, random) = request(&counter, model, sequence, TEXT);
        let answer = counter.post(TEXT, &counter.asking(body, random, &payer));
        assert_eq!(answer.0, 200, "{answer:?}");
        assert_eq!(counter.cashier.with_ledger(|ledger| ledger.head(&lane)).count, count);
    }
}

#[test]
fn only_whom_the_models_owner_lists_is_served_and_nobody_while_it_is_paused() {
    let counter = Counter::open();
    let world = &counter.world;
    let (owner, registry) = (&world.people.owner, world.suite.model_registry);
    let mut revision = world.revision();
    revision.access = Access::Allowlist;
    let model = world.register_model(revision).unwrap();
    let considered = || counter.cashier.consider(counter.channel, &world.people.payer.public(), model, OPEN);
    assert!(considered().unwrap_err().to_string().contains("may not use model"));
    let listed = message_builder!(ModelRegistry).set_allowed(model, world.people.payer.account(), true);
    send(&*world.chain, owner, registry, listed).unwrap();
    considered().unwrap();
    let paused = message_builder!(ModelRegistry).set_status(model, ModelStatus::Paused);
    send(&*world.chain, owner, registry, paused).unwrap();
    assert!(considered().unwrap_err().to_string().contains("may not use model"));
}
