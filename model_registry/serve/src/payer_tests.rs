//! A payer against a host whose connections break. The host here keeps the product's own ledger; only its answers are written
//! beforehand, since no model is needed to lose one.

use super::*;
use crate::ledger::Ledger;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

const CHANNEL: u64 = 4;
const MODEL: u32 = 7;
const DOMAIN: Domain = Domain { genesis: [1; 32], contract: [2; 32] };

/// What the host does with a question.
#[derive(Clone, Copy, PartialEq)]
enum Line {
    Holds,
    /// Breaks when the receipt is on disk and nothing was sent.
    BreaksAfterSigning,
    /// Breaks before anything is done.
    BreaksAtOnce,
}

struct Host {
    key: Keypair,
    ledger: Mutex<Ledger>,
    line: Mutex<Line>,
    endpoint: String,
}

impl Host {
    fn start(folder: &Path) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = Arc::new(Self {
            key: Keypair::from_uri("//Host").unwrap(),
            ledger: Mutex::new(Ledger::open(folder).unwrap()),
            line: Mutex::new(Line::Holds),
            endpoint: format!("http://{}", listener.local_addr().unwrap()),
        });
        let serving = host.clone();
        std::thread::spawn(move || listener.incoming().for_each(|stream| serving.serve(stream.unwrap())));
        host
    }

    /// Signs an answer to a prompt into the books.
    fn sign(&self, prompt: &Prompt) -> (String, ReceiptRecord) {
        let mut ledger = self.ledger.lock().unwrap();
        let sequence = ledger.head(CHANNEL, MODEL).count;
        let text = format!("answer {sequence}");
        let receipt = Receipt {
            channel: CHANNEL,
            model: MODEL,
            revision: 0,
            adapter: [3; 32],
            sequence,
            flags: 0,
            tokens_in: 1_000,
            tokens_out: 1_000,
            fee: 5,
            prompt: prompt.hash(),
            response: proof::text::root_of::<Blake2>(text.as_bytes()).unwrap(),
            sketch: proof::ZERO,
            context: proof::ZERO,
            credits: proof::ZERO,
        };
        let signature = self.key.sign(&Signable::receipt::<Blake2>(&DOMAIN, &receipt).digest);
        let response = text.clone().into_bytes();
        let record = ReceiptRecord {
            receipt: receipt.into(),
            signature,
            response,
            sketch: vec![],
            context: vec![],
            credits: vec![],
        };
        ledger.append(&record).unwrap();
        (text, record)
    }

    fn serve(&self, mut stream: TcpStream) {
        let (head, body) = read_request(&mut stream);
        let line = *self.line.lock().unwrap();
        let answer = if let Some(range) = head.split("from=").nth(1) {
            let from = range.split('&').next().unwrap().parse().unwrap();
            let records = self.ledger.lock().unwrap().records(CHANNEL, MODEL, from, from + 1, 1).unwrap();
            serde_json::to_value(records).unwrap()
        } else if line == Line::BreaksAtOnce {
            return;
        } else {
            let header =
                head.lines().find_map(|line| line.strip_prefix(&format!("{}: ", payment::SIGNATURE).to_lowercase()));
            let payload: PaymentPayload = payment::decode(payment::SIGNATURE, header.expect("a payment")).unwrap();
            // The host takes no voucher that leaves out what it signed.
            let ledger = &self.ledger;
            let answered = ledger.lock().unwrap().head(CHANNEL, MODEL).count;
            assert_eq!(payload.payload.count, answered, "the payer is behind");
            ledger.lock().unwrap().accept(&payload.payload).unwrap();
            let ask: Value = serde_json::from_slice(&body).unwrap();
            let (text, record) = self.sign(&Prompt::Text(ask["prompt"].as_str().unwrap().to_owned()));
            if line == Line::BreaksAfterSigning {
                return;
            }
            serde_json::json!({ "choices": [{ "text": text }], "openledger": { "record": record } })
        };
        let body = answer.to_string();
        let length = body.len();
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
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
    let config = ChannelConfig {
        channel: CHANNEL,
        endpoint: host.endpoint.clone(),
        receipt_key: host.key.public(),
        network: "polkadot:0".into(),
        genesis: DOMAIN.genesis,
        escrow: DOMAIN.contract,
        prices: BTreeMap::from([(MODEL, (1_000, 1_000))]),
        min_fee: 1,
        deadline: 9,
    };
    PayerChannel::open(path, config, Keypair::from_uri("//Payer").unwrap(), false).unwrap()
}

fn prompt(text: &str) -> Prompt {
    Prompt::Text(text.into())
}

#[test]
fn an_answer_whose_connection_broke_is_fetched_before_the_next_question_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::start(&folder.path().join("host"));
    let path = folder.path().join("payer.json");
    let mut channel = payer(&host, &path);
    assert_eq!(channel.ask(MODEL, &prompt("one"), Ask::default()).unwrap().text, "answer 0");

    *host.line.lock().unwrap() = Line::BreaksAfterSigning;
    assert!(matches!(channel.ask(MODEL, &prompt("two"), Ask::default()), Err(PayerError::Http { .. })));
    *host.line.lock().unwrap() = Line::Holds;

    let mut channel = payer(&host, &path);
    let late = channel.recover(MODEL).unwrap();
    assert_eq!(late.iter().map(|answered| answered.text.as_str()).collect::<Vec<_>>(), ["answer 1"]);
    assert_eq!(channel.recover(MODEL).unwrap().len(), 0);
    assert_eq!(channel.ask(MODEL, &prompt("three"), Ask::default()).unwrap().text, "answer 2");
    assert_eq!(channel.payload(MODEL).unwrap().payload.fee, 15);
}

#[test]
fn a_question_that_the_host_never_saw_costs_nothing_and_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::start(&folder.path().join("host"));
    let mut channel = payer(&host, &folder.path().join("payer.json"));
    *host.line.lock().unwrap() = Line::BreaksAtOnce;
    assert!(channel.ask(MODEL, &prompt("one"), Ask::default()).is_err());
    *host.line.lock().unwrap() = Line::Holds;
    assert_eq!(channel.ask(MODEL, &prompt("two"), Ask::default()).unwrap().text, "answer 0");
    assert_eq!(channel.payload(MODEL).unwrap().payload.fee, 5);
}

#[test]
fn a_published_receipt_that_nobody_asked_for_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::start(&folder.path().join("host"));
    let mut channel = payer(&host, &folder.path().join("payer.json"));
    *host.line.lock().unwrap() = Line::BreaksAtOnce;
    assert!(channel.ask(MODEL, &prompt("mine"), Ask::default()).is_err());
    host.sign(&prompt("invented"));
    assert!(matches!(channel.recover(MODEL), Err(PayerError::BadReceipt(_))));
    assert_eq!(channel.payload(MODEL).unwrap().payload.count, 0);
}
