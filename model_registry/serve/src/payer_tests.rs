//! A payer against a host whose connections break, or that cheats. The host here keeps the product's own ledger; only its answers are
//! written beforehand, since no model is needed to lose one.

use super::*;
use crate::ledger::{Ledger, Taken};
use crate::payment::{Extra, Requirement, Resource};
use proof::receipt::Receipt;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use worker::published::Random;

/// What a host changes in an answer.
type Change = fn(&mut ReceiptRecord);
/// What a host changes in what it asks.
type Terms = fn(&mut Requirement);

const CHANNEL: u64 = 4;
const MODEL: u32 = 7;
const DOMAIN: Domain = Domain { genesis: [1; 32], contract: [2; 32] };
const ADAPTER: Hash = [3; 32];
const NOW: u64 = 1_000_000;

/// What the host does with a question.
#[derive(Clone, Copy)]
enum Line {
    Holds,
    /// Breaks when the receipt is on disk and nothing was sent.
    BreaksAfterSigning,
    /// Breaks before anything is done.
    BreaksAtOnce,
    /// Signs another receipt than it should.
    Lies(Change),
    /// Offers something else than it announced.
    Offers(fn(&mut Requirement)),
    /// Takes no voucher.
    LosesVouchers,
}

struct Host {
    key: Keypair,
    ledger: Mutex<Ledger>,
    line: Mutex<Line>,
    now: Arc<AtomicU64>,
    endpoint: String,
}

impl Host {
    fn start(folder: &Path) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = Arc::new(Self {
            key: Keypair::from_uri("//Host").unwrap(),
            ledger: Mutex::new(Ledger::open(folder).unwrap()),
            line: Mutex::new(Line::Holds),
            now: Arc::new(AtomicU64::new(NOW)),
            endpoint: format!("http://{}", listener.local_addr().unwrap()),
        });
        let serving = host.clone();
        std::thread::spawn(move || listener.incoming().for_each(|stream| serving.serve(stream.unwrap())));
        host
    }

    fn line(&self, line: Line) {
        *self.line.lock().unwrap() = line;
    }

    fn waits(&self, ms: u64) {
        self.now.fetch_add(ms, Ordering::Relaxed);
    }

    /// The answer to a request, which is not in the books yet.
    fn record(&self, request: &SignedRequest) -> ReceiptRecord {
        let response = format!("answer {}", request.body.sequence).into_bytes();
        let random = request.body.is_private().then_some(Random([5; 32]));
        let mut record = ReceiptRecord {
            receipt: Receipt {
                channel: CHANNEL,
                model: MODEL,
                revision: 0,
                adapter: ADAPTER,
                sequence: request.body.sequence,
                tokens_in: 3,
                tokens_out: 2,
                fee: 5,
                request: request.hash::<Blake2>(),
                response: ZERO,
                sketch: ZERO,
            },
            signature: [0; 64],
            request: *request,
            response,
            random,
            sketch: vec![],
            context: vec![],
        };
        record.receipt.response = record.text().root::<Blake2>().unwrap();
        record
    }

    fn answer(&self, payload: &PaymentPayload) -> ReceiptRecord {
        let asking = &payload.payload;
        let mut ledger = self.ledger.lock().unwrap();
        if let Some(voucher) = &asking.voucher {
            ledger.accept(voucher).unwrap();
        }
        if let Taken::Answered(record) = ledger.take(&asking.request).unwrap() {
            return *record;
        }
        let mut record = self.record(&asking.request);
        if let Line::Lies(change) = *self.line.lock().unwrap() {
            change(&mut record);
        }
        record.signature = self.key.sign(&Signable::receipt::<Blake2>(&DOMAIN, &record.receipt).digest);
        // These books take no receipt over another request; the liar sends it all the same.
        let _ = ledger.answer(&record);
        record
    }

    fn offer(&self) -> Value {
        let extra = Extra {
            escrow: String::new(),
            receipt_key: String::new(),
            max_unpaid: 4,
            model: MODEL,
            revision: 0,
            params: 0,
            prompt_bytes: 3,
            max_tokens: 8,
            price_in: "1000".into(),
            price_out: "1000".into(),
        };
        let mut wanted = Requirement {
            scheme: SCHEME.into(),
            network: "polkadot:0".into(),
            amount: "11".into(),
            asset: String::new(),
            pay_to: String::new(),
            max_timeout_seconds: 600,
            extra,
        };
        if let Line::Offers(change) = *self.line.lock().unwrap() {
            change(&mut wanted);
        }
        let resource = Resource { url: String::new(), description: String::new(), mime_type: String::new() };
        let error = String::new();
        serde_json::to_value(PaymentRequired { x402_version: 2, error, resource, accepts: vec![wanted] }).unwrap()
    }

    fn serve(&self, mut stream: TcpStream) {
        let (head, body) = read_request(&mut stream);
        let line = *self.line.lock().unwrap();
        let lane = Lane { channel: CHANNEL, model: MODEL, key: Keypair::from_uri("//Payer").unwrap().public() };
        let header = format!("{}: ", payment::SIGNATURE).to_lowercase();
        let (status, answer) = if head.contains("/openledger/heads/") {
            let shown: http::Shown = serde_json::from_slice(&body).unwrap();
            let mut ledger = self.ledger.lock().unwrap();
            if let Some(voucher) = shown.voucher {
                ledger.accept(&voucher).unwrap();
            }
            ledger.lapse(&lane, self.now.load(Ordering::Relaxed) - SKEW_MS).unwrap();
            (200, serde_json::to_value(ledger.told(&lane)).unwrap())
        } else if head.contains("/openledger/vouchers") {
            if matches!(line, Line::LosesVouchers) {
                return;
            }
            self.ledger.lock().unwrap().accept(&serde_json::from_slice(&body).unwrap()).unwrap();
            (200, serde_json::json!({ "accepted": true }))
        } else if let Some(header) = head.lines().find_map(|line| line.strip_prefix(&header)) {
            if matches!(line, Line::BreaksAtOnce) {
                return;
            }
            let record = self.answer(&payment::decode(payment::SIGNATURE, header).unwrap());
            if matches!(line, Line::BreaksAfterSigning) {
                return;
            }
            let text = String::from_utf8(record.response.clone()).unwrap();
            (200, serde_json::json!({ "choices": [{ "text": text }], "openledger": { "record": record } }))
        } else {
            (402, self.offer())
        };
        let body = answer.to_string();
        let length = body.len();
        write!(stream, "HTTP/1.1 {status} As said\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
            .unwrap();
    }
}

/// The head in lower case, and the body.
fn read_request(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let mut read = Vec::new();
    let mut byte = [0];
    while !read.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        read.push(byte[0]);
    }
    let text = String::from_utf8(read).unwrap();
    // Of a header only the name is made lower case: the value is base64.
    let head: Vec<_> = text
        .lines()
        .map(|line| {
            line.split_once(": ").map_or(line.to_owned(), |(name, value)| format!("{}: {value}", name.to_lowercase()))
        })
        .collect();
    let length = head.iter().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    (head.join("\n"), body)
}

fn payer(host: &Host, path: &Path) -> PayerChannel {
    opened(host, path, |_| ()).unwrap()
}

/// The channel, with what is on chain now.
fn opened(host: &Host, path: &Path, change: impl FnOnce(&mut Agreed)) -> Result<PayerChannel, PayerError> {
    let mut agreed = Agreed {
        revision: 0,
        adapter: ADAPTER,
        price_in: 1_000,
        price_out: 1_000,
        params: 0,
        min_fee: 1,
        min_fee_kib: 0,
        registered_in: 1_000,
        registered_out: 1_000,
    };
    change(&mut agreed);
    let config = ChannelConfig {
        channel: CHANNEL,
        endpoint: host.endpoint.clone(),
        receipt_key: host.key.public(),
        network: "polkadot:0".into(),
        genesis: DOMAIN.genesis,
        escrow: DOMAIN.contract,
        models: BTreeMap::from([(MODEL, agreed)]),
        deadline: 9,
    };
    let now = host.now.clone();
    let clock = Box::new(move || Ok(now.load(Ordering::Relaxed)));
    PayerChannel::open(path, config, Keypair::from_uri("//Payer").unwrap(), clock)
}

fn question(text: &str) -> Question {
    Question::new(Prompt::Text(text.into()), Ask { max_tokens: Some(8), ..Ask::default() })
}

fn start() -> (tempfile::TempDir, Arc<Host>, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::start(&folder.path().join("host"));
    let path = folder.path().join("payer.json");
    (folder, host, path)
}

fn fees(channel: &mut PayerChannel) -> (u64, u128) {
    channel.voucher(MODEL).unwrap().map_or((0, 0), |voucher| (voucher.count, voucher.fee))
}

#[test]
fn an_answer_whose_connection_broke_is_fetched_before_the_next_question_also_after_a_restart() {
    let (_folder, host, path) = start();
    let mut channel = payer(&host, &path);
    assert_eq!(channel.ask(MODEL, &question("one")).unwrap().text, "answer 0");
    host.line(Line::BreaksAfterSigning);
    assert!(matches!(channel.ask(MODEL, &question("two")), Err(PayerError::Http { .. })));
    host.line(Line::Holds);

    drop(channel);
    let mut channel = payer(&host, &path);
    let late = channel.recover(MODEL).unwrap();
    assert_eq!(late.iter().map(|answered| answered.text.as_str()).collect::<Vec<_>>(), ["answer 1"]);
    assert_eq!(channel.recover(MODEL).unwrap().len(), 0);
    assert_eq!(channel.ask(MODEL, &question("tri")).unwrap().text, "answer 2");
    assert_eq!(fees(&mut channel), (3, 15));
}

#[test]
fn a_question_that_the_host_never_saw_is_sent_again_by_the_same_bytes() {
    let (_folder, host, path) = start();
    let mut channel = payer(&host, &path);
    host.line(Line::BreaksAtOnce);
    assert!(channel.ask(MODEL, &question("one")).is_err());
    let signed = channel.saved.books[&MODEL].places[&0].request;
    host.line(Line::Holds);
    drop(channel);
    let mut channel = payer(&host, &path);
    let late = channel.recover(MODEL).unwrap();
    assert_eq!(late[0].record.request, signed);
    assert_eq!(channel.ask(MODEL, &question("two")).unwrap().record.receipt.sequence, 1);
    assert_eq!(fees(&mut channel), (2, 10));
}

#[test]
fn a_question_that_found_no_host_takes_no_place() {
    let (_folder, host, path) = start();
    let mut channel = payer(&host, &path);
    channel.saved.config.endpoint = "http://127.0.0.1:9".into();
    assert!(matches!(channel.ask(MODEL, &question("one")), Err(PayerError::Http { .. })));
    channel.saved.config.endpoint = host.endpoint.clone();
    assert_eq!(channel.ask(MODEL, &question("two")).unwrap().record.receipt.sequence, 0);
}

#[test]
fn a_receipt_beyond_its_request_is_not_taken_and_no_voucher_covers_it() {
    let lies: [(&str, Change); 12] = [
        ("the receipt's channel", |record| record.receipt.channel += 1),
        ("the receipt's model", |record| record.receipt.model += 1),
        ("another revision", |record| record.receipt.revision += 1),
        ("the adapter", |record| record.receipt.adapter = [9; 32]),
        ("the receipt's sequence", |record| record.receipt.sequence += 1),
        ("more tokens in", |record| record.receipt.tokens_in = 3 + 257),
        ("more tokens out than the request", |record| record.receipt.tokens_out = 9),
        ("the fee is above the request's", |record| record.receipt.fee = 12),
        ("more than the announced price", |record| record.receipt.fee = 6),
        ("request is not what", |record| record.receipt.request = [9; 32]),
        ("response is not what", |record| record.receipt.response = [9; 32]),
        ("another response", |record| record.receipt.response = ZERO),
    ];
    for (why, lie) in lies {
        let (_folder, host, path) = start();
        let mut channel = payer(&host, &path);
        host.line(Line::Lies(lie));
        match channel.ask(MODEL, &question("one")) {
            Err(PayerError::BadReceipt(said)) => assert!(said.contains(why), "{said} where {why} is wrong"),
            other => panic!("{why}: {other:?}"),
        }
        assert_eq!(fees(&mut channel), (0, 0), "{why}");
    }
}

#[test]
fn more_tokens_than_the_response_has_bytes_are_not_paid() {
    let (_folder, host, path) = start();
    let mut channel = payer(&host, &path);
    host.line(Line::Lies(|record| {
        record.response = b"a".to_vec();
        record.receipt.response = record.text().root::<Blake2>().unwrap();
        record.receipt.tokens_out = 3;
        record.receipt.fee = 5;
    }));
    let said = channel.ask(MODEL, &question("one")).unwrap_err().to_string();
    assert!(said.contains("response's bytes"), "{said}");
}

#[test]
fn an_answer_to_another_request_is_not_taken_after_a_broken_connection_either() {
    let (_folder, host, path) = start();
    let mut channel = payer(&host, &path);
    host.line(Line::BreaksAtOnce);
    assert!(channel.ask(MODEL, &question("one")).is_err());
    host.line(Line::Lies(|record| {
        record.request.body.max_fee = 1_000;
        record.receipt.request = record.request.hash::<Blake2>();
        record.receipt.fee = 1_000;
    }));
    assert!(matches!(channel.recover(MODEL), Err(PayerError::BadReceipt(_))));
    assert_eq!(fees(&mut channel), (0, 0));
}

#[test]
fn a_place_whose_receipt_was_refused_is_given_up_after_its_deadline_and_the_channel_goes_on() {
    let (_folder, host, path) = start();
    let mut channel = payer(&host, &path);
    assert_eq!(channel.ask(MODEL, &question("one")).unwrap().text, "answer 0");
    channel.acknowledge(MODEL).unwrap();
    host.line(Line::Lies(|record| record.receipt.fee = 1_000));
    assert!(matches!(channel.ask(MODEL, &question("two")), Err(PayerError::BadReceipt(_))));
    host.line(Line::Holds);
    assert!(matches!(channel.recover(MODEL), Err(PayerError::BadReceipt(_))));
    host.waits(REQUEST_LIFE_MS + 2 * SKEW_MS);
    channel.recover(MODEL).unwrap();
    assert_eq!(channel.ask(MODEL, &question("tri")).unwrap().record.receipt.sequence, 2);
    channel.acknowledge(MODEL).unwrap();
    assert_eq!(fees(&mut channel), (3, 10));
}

#[test]
fn an_answer_that_the_host_let_lapse_is_back_once_its_payer_shows_the_voucher_over_it() {
    let (_folder, host, path) = start();
    let mut channel = payer(&host, &path);
    channel.ask(MODEL, &question("one")).unwrap();
    host.line(Line::LosesVouchers);
    assert!(channel.acknowledge(MODEL).is_err());
    let key = channel.key.public();
    let lane = Lane { channel: CHANNEL, model: MODEL, key };
    host.waits(REQUEST_LIFE_MS + 2 * SKEW_MS);
    let now = host.now.load(Ordering::Relaxed);
    host.ledger.lock().unwrap().lapse(&lane, now - SKEW_MS).unwrap();
    assert_eq!(host.ledger.lock().unwrap().head(&lane).sum, 0);
    host.line(Line::Holds);
    // The next request carries the voucher, after a restart too.
    drop(channel);
    let mut channel = payer(&host, &path);
    channel.ask(MODEL, &question("two")).unwrap();
    assert_eq!(host.ledger.lock().unwrap().vouched(&lane), 1);
    assert_eq!(host.ledger.lock().unwrap().head(&lane).sum, 10);
}

#[test]
fn nothing_is_signed_for_an_offer_that_is_not_what_was_announced() {
    let offers: [(&str, Terms); 6] = [
        ("model 8", |wanted| wanted.extra.model = 8),
        ("revision 1", |wanted| wanted.extra.revision = 1),
        ("parameter set 5", |wanted| wanted.extra.params = 5),
        ("has 4 bytes", |wanted| wanted.extra.prompt_bytes = 4),
        ("costs up to 12", |wanted| wanted.amount = "12".into()),
        ("takes no batch-settlement", |wanted| wanted.network = "polkadot:1".into()),
    ];
    for (why, offer) in offers {
        let (_folder, host, path) = start();
        let mut channel = payer(&host, &path);
        host.line(Line::Offers(offer));
        match channel.ask(MODEL, &question("one")) {
            Err(PayerError::Offer(said)) => assert!(said.contains(why), "{said} where {why} is wrong"),
            other => panic!("{why}: {other:?}"),
        }
        assert!(channel.saved.books.get(&MODEL).is_none_or(|book| book.places.is_empty()), "{why}");
    }
    let (_folder, host, path) = start();
    let mut channel = payer(&host, &path);
    let cheap = Question { max_fee: Some(10), ..question("one") };
    assert!(matches!(channel.ask(MODEL, &cheap), Err(PayerError::Offer(_))));
}

#[test]
fn a_private_answer_counts_with_its_random_bytes_alone() {
    let (_folder, host, path) = start();
    let mut channel = payer(&host, &path);
    let private = |text: &str| Question { private: true, ..question(text) };
    let answered = channel.ask(MODEL, &private("one")).unwrap();
    assert!(answered.record.random.is_some() && answered.record.request.body.is_private());
    host.line(Line::Lies(|record| record.random = None));
    assert!(matches!(channel.ask(MODEL, &private("two")), Err(PayerError::BadReceipt(_))));
}

#[test]
fn the_file_of_one_key_is_not_taken_by_another() {
    let (_folder, host, path) = start();
    let mut channel = payer(&host, &path);
    channel.ask(MODEL, &question("one")).unwrap();
    let config = channel.saved.config.clone();
    drop(channel);
    let clock: Clock = Box::new(|| Ok(NOW));
    let other = PayerChannel::open(&path, config, Keypair::from_uri("//Session").unwrap(), clock);
    assert!(matches!(other, Err(PayerError::State { .. })));
}

#[test]
fn two_processes_do_not_sign_for_one_place() {
    let (_folder, host, path) = start();
    let mut channel = payer(&host, &path);
    assert!(matches!(opened(&host, &path, |_| ()), Err(PayerError::InUse(_))));
    channel.ask(MODEL, &question("one")).unwrap();
    drop(channel);
    assert_eq!(payer(&host, &path).ask(MODEL, &question("two")).unwrap().record.receipt.sequence, 1);
}

#[test]
fn a_price_above_what_was_agreed_to_or_registered_is_paid_by_consent_alone() {
    let raised: [fn(&mut Agreed); 4] = [
        |agreed| agreed.price_in += 1,
        |agreed| agreed.price_out += 1,
        |agreed| agreed.min_fee += 1,
        |agreed| agreed.min_fee_kib += 1,
    ];
    let dearer = |channel: &mut PayerChannel, question: &Question| match channel.ask(MODEL, question) {
        Err(PayerError::Dearer { limit, .. }) => limit,
        other => panic!("{other:?}"),
    };
    let freely = |agreed: &mut Agreed| (agreed.registered_in, agreed.registered_out) = (u128::MAX, u128::MAX);
    for raise in raised {
        let (_folder, host, path) = start();
        payer(&host, &path).ask(MODEL, &question("one")).unwrap();
        let now = |agreed: &mut Agreed| {
            freely(agreed);
            raise(agreed);
        };
        let mut channel = opened(&host, &path, now).unwrap();
        assert_eq!(dearer(&mut channel, &question("two")), "was agreed to on this channel");
        assert!(channel.saved.books[&MODEL].places.is_empty());
        // For one answer; then for all.
        channel.ask(MODEL, &Question { max_fee: Some(11), ..question("two") }).unwrap();
        assert_eq!(dearer(&mut channel, &question("tri")), "was agreed to on this channel");
        channel.ask(MODEL, &Question { accept_prices: true, ..question("tri") }).unwrap();
        drop(channel);
        opened(&host, &path, now).unwrap().ask(MODEL, &question("for")).unwrap();
    }
    // From the first question on the owner's prices bound the host's.
    let (_folder, host, path) = start();
    let mut channel = opened(&host, &path, |agreed| agreed.price_out += 1).unwrap();
    assert_eq!(dearer(&mut channel, &question("one")), "its owner registered");
    channel.ask(MODEL, &Question { accept_prices: true, ..question("one") }).unwrap();
    channel.ask(MODEL, &question("two")).unwrap();
}
