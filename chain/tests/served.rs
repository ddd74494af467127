//! The served chain as strangers meet it.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};

use chain::{Chain, ChainError, Embedded, Remote, Server};

fn served() -> Server {
    Server::start(Arc::new(Embedded::ephemeral()), ([127, 0, 0, 1], 0).into()).unwrap()
}

fn status(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // A server that has read enough may close before the end.
    let _all_or_enough = stream.write_all(request.as_bytes());
    let mut answer = String::new();
    let _closed_or_reset = stream.read_to_string(&mut answer);
    answer.lines().next().unwrap_or_default().to_owned()
}

fn post(content_type: &str, body: &str) -> String {
    format!(
        "POST /v1/chain HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn a_web_pages_request_is_refused() {
    let server = served();
    let answer = status(&server, &post("text/plain", "\u{7}"));
    assert!(answer.contains("415"), "{answer}");
}

#[test]
fn a_request_that_is_none_is_refused() {
    let server = served();
    for body in ["", "\u{7f}", "\u{0}\u{0}"] {
        let answer = status(&server, &post("application/x-scale", body));
        assert!(answer.contains("400"), "{answer}");
    }
    let head = status(&server, &post("application/x-scale", &"x".repeat(1_200_000)));
    assert!(head.contains("413"), "{head}");
}

#[test]
fn a_port_in_use_and_an_address_that_is_not_loopback_are_errors() {
    let server = served();
    let chain = Arc::new(Embedded::ephemeral());
    let taken = Server::start(Arc::clone(&chain), server.address()).map(|_| ());
    assert!(matches!(&taken, Err(ChainError::Io(text)) if text.contains(&server.address().to_string())), "{taken:?}");
    let open = Server::start(chain, ([0, 0, 0, 0], 0).into()).map(|_| ());
    assert!(matches!(open, Err(ChainError::Input(_))));
}

#[test]
fn the_port_is_free_again_when_the_server_is_gone() {
    let server = served();
    let (address, url) = (server.address(), server.url());
    let remote = Remote::connect(&url).unwrap();
    drop(server);
    assert!(matches!(remote.block_number(), Err(ChainError::Unreachable { .. })));
    Server::start(Arc::new(Embedded::ephemeral()), address).unwrap();
}

#[test]
fn a_server_that_is_no_chain_is_told_from_one() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _request = stream.read(&mut [0; 4096]);
            let _sent = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello");
        }
    });
    assert!(matches!(Remote::connect(&url), Err(ChainError::Unreachable { .. })));
}

#[test]
fn another_chain_at_the_same_address_is_noticed() {
    let server = served();
    let address = server.address();
    let remote = Remote::connect(&server.url()).unwrap();
    drop(server);
    let _other = Server::start(Arc::new(Embedded::ephemeral()), address).unwrap();
    let alice = chain::Keypair::from_uri("//Alice").unwrap();
    let sent = remote.transfer(&alice, alice.account(), 1);
    assert_eq!(sent.map(|_| ()), Err(ChainError::BadSignature));
}

#[test]
fn input_longer_than_a_contract_reads_is_refused_by_name() {
    let chain = Embedded::ephemeral();
    let alice = chain::Keypair::from_uri("//Alice").unwrap();
    let input = vec![0; 16 * 1024 + 1];
    let sent = chain.submit(&alice, alice.account(), &input, 0);
    assert!(matches!(sent, Err(ChainError::Input(_))));
    let seen = chain.dry_run(alice.account(), alice.account(), &input, 0);
    assert!(matches!(seen, Err(ChainError::Input(_))));
}
