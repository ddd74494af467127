//! What an oracle serves: the files of its reports, and its signature to other oracles that found the same.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tokio::net::TcpListener;

use crate::files::NAMES;
use crate::oracle::{CosignAnswer, CosignRequest, Oracle};

/// The oracle's routes.
pub fn routes(oracle: Arc<Oracle>) -> Router {
    Router::new()
        .route("/openledger/health", get(|| async { "ok" }))
        .route("/openledger/reports/{epoch}/{attempt}/{name}", get(file))
        .route("/openledger/cosign", post(cosign))
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
    let answer = tokio::task::spawn_blocking(move || oracle.cosign(&request)).await;
    match answer {
        Ok(Ok(answer)) => Json(answer).into_response(),
        Ok(Err(error)) => Json(CosignAnswer::Differs { reason: error.to_string() }).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
