use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

const LANE: Lane = Lane { channel: 1, model: 2, key: [3; 32] };

fn fetcher() -> Fetcher {
    let folder = tempfile::tempdir().unwrap();
    Fetcher::new(Arc::new(Store::folder(folder.path()).unwrap()))
}

fn batch(filled: u64, kib: u64) -> NewBatch {
    NewBatch {
        channel: LANE.channel,
        host: [1; 32].into(),
        model: LANE.model,
        key: LANE.key,
        params: 0,
        at: 0,
        count_from: 0,
        count_to: filled,
        fee_from: 0,
        fee_to: 1,
        top: [0; 32],
        filled,
        kib,
        pot: 1,
    }
}

/// A host that answers everything with a head and then whatever `body` writes, until the other side hangs up; with how often it
/// was asked and the bytes that were taken from it.
fn host(head: &'static str, body: fn(&mut TcpStream) -> std::io::Result<usize>) -> (String, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let sent = Arc::new(AtomicU64::new(0));
    let counter = sent.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            counter.fetch_add(1, Ordering::Relaxed);
            let mut asked = [0; 4096];
            let _ = stream.read(&mut asked).unwrap();
            let _ = stream.write_all(format!("HTTP/1.1 {head}\r\n\r\n").as_bytes());
            while let Ok(written) = body(&mut stream) {
                counter.fetch_add(written as u64, Ordering::Relaxed);
            }
        }
    });
    (url, sent)
}

/// What a socket's buffers take without anybody having read it.
const BUFFERED: u64 = 16 << 20;

#[test]
fn a_page_of_endless_empty_places_is_left_once_it_has_more_than_were_asked_for() {
    let (url, sent) = host("200 OK\r\ncontent-type: application/json", |stream| {
        let nulls = b"[null,null,null,null".to_vec();
        let more = b",null".repeat(10_000);
        static ONCE: std::sync::Once = std::sync::Once::new();
        ONCE.call_once(|| drop(stream.write_all(&nulls)));
        stream.write_all(&more).map(|()| more.len())
    });
    let wanted = batch(100, 1);
    let error = fetcher().receipts(&url, &LANE, 0, 100, &mut Allowance::of_batch(&wanted)).unwrap_err();
    assert!(error.to_string().contains("exactly 100 places"), "{error}");
    std::thread::sleep(Duration::from_millis(100));
    assert!(sent.load(Ordering::Relaxed) < BUFFERED);
}

#[test]
fn an_endless_body_is_left_at_what_the_batch_paid_for() {
    let (url, sent) = host("200 OK\r\ncontent-type: application/json", |stream| {
        let spaces = [b' '; 1 << 16];
        stream.write_all(&spaces).map(|()| spaces.len())
    });
    let wanted = batch(4, 3);
    let mut allowance = Allowance::of_batch(&wanted);
    assert!(allowance.bytes < 100 << 10, "{}", allowance.bytes);
    let error = fetcher().receipts(&url, &LANE, 0, 4, &mut allowance).unwrap_err();
    assert!(error.to_string().contains("longer than what was asked for"), "{error}");
    let order = FetchOrder { object: [1; 32], key: [2; 32], deadline: 0, signature: [3; 64] };
    assert!(fetcher().private_text(&url, &order, &mut Allowance::of_batch(&wanted)).is_err());
    let endpoints = [url.clone()];
    assert!(fetcher().object(&Cid::of(b"text"), &endpoints, Allowance::of(4)).is_err());
    std::thread::sleep(Duration::from_millis(100));
    assert!(sent.load(Ordering::Relaxed) < 3 * BUFFERED);
}

#[test]
fn pages_share_the_allowance_of_their_batch() {
    let mut allowance = Allowance::within(2_000, Duration::from_secs(5));
    let (url, _) = host("200 OK\r\ncontent-length: 1281", |stream| {
        let page = format!("[null{}]", ",null".repeat(255));
        stream.write_all(page.as_bytes()).and_then(|()| Err(std::io::Error::other("one page")))
    });
    assert_eq!(fetcher().receipts(&url, &LANE, 0, 256, &mut allowance).unwrap().len(), 256);
    assert!(fetcher().receipts(&url, &LANE, 256, 512, &mut allowance).is_err());
}

#[test]
fn a_host_that_drips_is_left_when_the_time_is_up() {
    let (url, _) = host("200 OK\r\ncontent-type: application/json", |stream| {
        std::thread::sleep(Duration::from_millis(20));
        stream.write_all(b" ").map(|()| 1)
    });
    let began = Instant::now();
    let mut allowance = Allowance::within(1 << 20, Duration::from_millis(700));
    assert!(fetcher().receipts(&url, &LANE, 0, 1, &mut allowance).is_err());
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[test]
fn nobody_leads_a_fetch_elsewhere() {
    let (elsewhere, asked) = host("200 OK\r\ncontent-length: 4", |stream| {
        stream.write_all(b"text").and_then(|()| Err(std::io::Error::other("once")))
    });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).unwrap();
        let answer = format!("HTTP/1.1 302 Found\r\nlocation: {elsewhere}\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).unwrap();
    });
    assert!(fetcher().object(&Cid::of(b"text"), &[url], Allowance::of(4)).is_err());
    assert_eq!(asked.load(Ordering::Relaxed), 0);
}
