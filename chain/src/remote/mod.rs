//! An embedded chain for other processes on this machine: loopback HTTP, SCALE both ways.
//!
//! `POST /v1/chain`, content type `application/x-scale`, body a SCALE request, answer a SCALE
//! `Result<Response, ChainError>`. What changes state is an envelope signed by the client: the server never sees
//! a key. Moving the clock is open to whoever may connect, so it listens on loopback alone, and the content type
//! keeps web pages out (a browser asks first, and is not answered).

mod client;
mod copies;
mod server;

pub use client::Remote;
pub use server::Server;

/// Where requests go.
const PATH: &str = "/v1/chain";
/// Where a copy of the chain is asked for; requests to it go to `/v1/copies/{number}`, `…/drop` gives it up.
const COPIES_PATH: &str = "/v1/copies";
/// What they are.
const CONTENT_TYPE: &str = "application/x-scale";
/// A request's longest body: code of 256 KiB and its arguments, with room.
const MAX_REQUEST: usize = 1024 * 1024;
/// An answer's longest body: a page of events, each with 16 KiB.
const MAX_ANSWER: u64 = 128 * 1024 * 1024;
