//! What an oracle serves: the files of its reports, and its signature to other oracles that found the same.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tokio::net::TcpListener;

use crate::files::NAMES;
use crate::attest::AttestRequest;
use crate::oracle::{CosignAnswer, CosignRequest, Oracle, OracleError};
use crate::published::{Lane, PAGE};

/// The oracle's routes.
pub fn routes(oracle: Arc<Oracle>) -> Router {
    Router::new()
        .route("/openledger/health", get(|| async { "ok" }))
        .route("/openledger/reports/{epoch}/{attempt}/{name}", get(file))
        .route("/openledger/cosign", post(cosign))
        .route("/openledger/attest", post(attest))
        .route("/openledger/receipts/{channel}/{model}/{key}", get(receipts))
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

async fn cosign(State(oracle): State<Arc<Oracle>>, Json(request): Json<CosignRequest>) -> Response {
    answered(move || oracle.cosign(&request)).await
}

async fn attest(State(oracle): State<Arc<Oracle>>, Json(request): Json<AttestRequest>) -> Response {
    answered(move || oracle.cosign_batch(&request)).await
}

/// An oracle's answer to another; why it found none is an answer too.
async fn answered(find: impl FnOnce() -> Result<CosignAnswer, OracleError> + Send + 'static) -> Response {
    match tokio::task::spawn_blocking(find).await {
        Ok(Ok(answer)) => Json(answer).into_response(),
        Ok(Err(error)) => Json(CosignAnswer::Differs { reason: error.to_string() }).into_response(),
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
    let mut bytes = [0; 32];
    if hex::decode_to_slice(&key, &mut bytes).is_err() {
        return (StatusCode::BAD_REQUEST, format!("key: `{key}` is not 32 bytes of hex")).into_response();
    }
    if to < from || to - from > PAGE {
        return (StatusCode::BAD_REQUEST, format!("from and to: at most {PAGE} places in one answer")).into_response();
    }
    let lane = Lane { channel, model, key: bytes };
    match tokio::task::spawn_blocking(move || oracle.held(&lane, from, to)).await {
        Ok(Ok(Some(places))) => Json(places).into_response(),
        Ok(Ok(None)) => (StatusCode::NOT_FOUND, "this oracle does not hold all of these places").into_response(),
        Ok(Err(error)) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
