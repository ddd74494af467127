//! What an oracle serves: the files of its reports, and its signature to other oracles that found the same.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tokio::net::TcpListener;

use crate::ask::{Question, Refusal, Wish};
use crate::files::NAMES;
use crate::oracle::{CosignAnswer, Oracle};
use crate::published::{FetchOrder, Lane, PAGE};

/// The longest body that is read.
const MAX_ASKED: usize = 16 << 10;

/// The oracle's routes.
pub fn routes(oracle: Arc<Oracle>) -> Router {
    Router::new()
        .route("/openledger/health", get(|| async { "ok" }))
        .route("/openledger/reports/{epoch}/{attempt}/{name}", get(file))
        .route("/openledger/cosign", post(cosign))
        .route("/openledger/attest", post(attest))
        .route("/openledger/receipts/{channel}/{model}/{key}", get(receipts))
        .route("/openledger/operator", get(operator))
        .route("/openledger/private", post(private))
        .route("/openledger/leaves/{channel}/{model}/{key}", get(leaves))
        .layer(DefaultBodyLimit::max(MAX_ASKED))
        .with_state(oracle)
}

/// Serves the routes until the process ends. A port in use is an error of [`TcpListener::bind`], before this.
pub async fn serve(oracle: Arc<Oracle>, listener: TcpListener) -> std::io::Result<()> {
    axum::serve(listener, routes(oracle)).await
}

/// Binds the address, with an error that names it.
pub async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        std::io::Error::new(error.kind(), format!("{address}: {error}; is another program using this port?"))
    })
}

async fn file(State(oracle): State<Arc<Oracle>>, Path((epoch, attempt, name)): Path<(u32, u32, String)>) -> Response {
    if !NAMES.contains(&name.as_str()) {
        return (StatusCode::NOT_FOUND, format!("no such file; there are {}", NAMES.join(", "))).into_response();
    }
    let path = oracle.report_folder(epoch, attempt).join(&name);
    match tokio::fs::read(&path).await {
        Ok(bytes) => bytes.into_response(),
        Err(_) => (StatusCode::NOT_FOUND, format!("this oracle has no report {epoch}.{attempt}")).into_response(),
    }
}

async fn cosign(State(oracle): State<Arc<Oracle>>, Json(question): Json<Question>) -> Response {
    answered(oracle, Wish::Cosign, question).await
}

async fn attest(State(oracle): State<Arc<Oracle>>, Json(question): Json<Question>) -> Response {
    answered(oracle, Wish::Attest, question).await
}

/// An oracle's answer to another; why it does not sign is an answer too.
async fn answered(oracle: Arc<Oracle>, wish: Wish, question: Question) -> Response {
    match tokio::task::spawn_blocking(move || oracle.asked(wish, &question)).await {
        Ok(Ok(Ok(answer))) => Json(answer).into_response(),
        Ok(Ok(Err(error))) => Json(CosignAnswer::Differs { reason: error.to_string() }).into_response(),
        Ok(Err(refusal @ Refusal::Busy)) => (StatusCode::TOO_MANY_REQUESTS, refusal.to_string()).into_response(),
        Ok(Err(refusal)) => (StatusCode::FORBIDDEN, refusal.to_string()).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// A range of places.
#[derive(serde::Deserialize)]
struct Range {
    from: u64,
    to: u64,
}

/// What this oracle attested, in the form that hosts publish it in.
async fn receipts(
    State(oracle): State<Arc<Oracle>>,
    Path((channel, model, key)): Path<(u64, u32, String)>,
    Query(Range { from, to }): Query<Range>,
) -> Response {
    let lane = match lane(channel, model, &key) {
        Ok(lane) => lane,
        Err(refused) => return (StatusCode::BAD_REQUEST, refused).into_response(),
    };
    if to < from || to - from > PAGE {
        return (StatusCode::BAD_REQUEST, format!("from and to: at most {PAGE} places in one answer")).into_response();
    }
    match tokio::task::spawn_blocking(move || oracle.held(&lane, from, to)).await {
        Ok(Ok(Some(places))) => Json(places).into_response(),
        Ok(Ok(None)) => (StatusCode::NOT_FOUND, "this oracle does not hold all of these places").into_response(),
        Ok(Err(error)) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// A lane, or what is wrong with its key.
fn lane(channel: u64, model: u32, key: &str) -> Result<Lane, String> {
    let mut bytes = [0; 32];
    match hex::decode_to_slice(key, &mut bytes) {
        Ok(()) => Ok(Lane { channel, model, key: bytes }),
        Err(_) => Err(format!("key: `{key}` is not 32 bytes of hex")),
    }
}

/// How many leaves are wanted.
#[derive(serde::Deserialize)]
struct Count {
    count: u64,
}

/// The leaves of a lane before what this oracle attested of it: hash and fee, 48 bytes each.
async fn leaves(
    State(oracle): State<Arc<Oracle>>,
    Path((channel, model, key)): Path<(u64, u32, String)>,
    Query(Count { count }): Query<Count>,
) -> Response {
    let lane = match lane(channel, model, &key) {
        Ok(lane) => lane,
        Err(refused) => return (StatusCode::BAD_REQUEST, refused).into_response(),
    };
    match tokio::task::spawn_blocking(move || oracle.leaves(&lane, count)).await {
        Ok(Ok(Some(leaves))) => leaves.into_response(),
        Ok(Ok(None)) => (StatusCode::NOT_FOUND, "this oracle does not hold all of these leaves").into_response(),
        Ok(Err(error)) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// The account that an order for this oracle names.
async fn operator(State(oracle): State<Arc<Oracle>>) -> String {
    hex::encode(chain::account_bytes(&oracle.operator()))
}

async fn private(State(oracle): State<Arc<Oracle>>, Json(order): Json<FetchOrder>) -> Response {
    match tokio::task::spawn_blocking(move || oracle.private_text(&order)).await {
        Ok(Ok(Some(text))) => Json(text).into_response(),
        Ok(Ok(None)) => {
            (StatusCode::NOT_FOUND, "this oracle holds no such text for whoever signed the order").into_response()
        }
        Ok(Err(error)) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
