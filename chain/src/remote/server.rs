//! The server: answers requests from the chain it holds.

use std::{
    net::{SocketAddr, TcpListener},
    sync::Arc,
    thread::JoinHandle,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, StatusCode, header},
    routing::{get, post},
};
use scale::{DecodeAll, Encode};

use super::{CONTENT_TYPE, COPIES_PATH, MAX_REQUEST, PATH, copies::Copies};
use crate::{
    ChainError, Embedded,
    ledger::{Ledger, Request, Response},
};

/// Serves an embedded chain until it is dropped.
pub struct Server {
    address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves `chain` at `address`, which must be loopback; port 0 takes a free one.
    ///
    /// # Errors
    /// [`ChainError::Input`] for another address, [`ChainError::Io`] if the port is in use.
    pub fn start(chain: Arc<Embedded>, address: SocketAddr) -> Result<Self, ChainError> {
        if !address.ip().is_loopback() {
            return Err(ChainError::Input(format!(
                "the embedded chain is served on 127.0.0.1 alone, not on {address}"
            )));
        }
        let failed = |cause| ChainError::Io(format!("can't serve the chain at {address}: {cause}"));
        let listener = TcpListener::bind(address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("chain-http")
            .enable_all()
            .build()
            .map_err(failed)?;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let thread = std::thread::Builder::new()
            .name("chain-http".into())
            .spawn(move || runtime.block_on(serve(chain, listener, stopped)))
            .map_err(failed)?;
        Ok(Server { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What [`crate::open`] takes to reach it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _gone_already = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

async fn serve(chain: Arc<Embedded>, listener: TcpListener, stopped: tokio::sync::oneshot::Receiver<()>) {
    let routes = Router::new()
        .route(PATH, post(answer))
        .route(COPIES_PATH, post(copy))
        .route(&format!("{COPIES_PATH}/{{number}}"), post(answer_from_copy))
        .route(&format!("{COPIES_PATH}/{{number}}/drop"), post(drop_copy))
        .route("/health", get(health))
        .layer(DefaultBodyLimit::max(MAX_REQUEST))
        .with_state(Arc::new(Served { chain, copies: Copies::default() }));
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
        return;
    };
    // Clients keep connections open: don't wait for them to go.
    tokio::select! {
        _ = axum::serve(listener, routes) => {}
        _ = stopped => {}
    }
}

/// The chain and the copies of it that clients try things out on.
struct Served {
    chain: Arc<Embedded>,
    copies: Copies,
}

type Refused = (StatusCode, String);

/// A browser's page can't send this type without asking first.
fn check_type(headers: &HeaderMap) -> Result<(), Refused> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if content_type != Some(CONTENT_TYPE) {
        let wanted = format!("the content type must be {CONTENT_TYPE}");
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, wanted));
    }
    Ok(())
}

async fn blocking(work: impl FnOnce() -> Vec<u8> + Send + 'static) -> Result<Vec<u8>, Refused> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|cause| (StatusCode::INTERNAL_SERVER_ERROR, cause.to_string()))
}

async fn ask(chain: Arc<Embedded>, body: Bytes) -> Result<Vec<u8>, Refused> {
    let request = Request::decode_all(&mut &body[..])
        .map_err(|cause| (StatusCode::BAD_REQUEST, format!("not a request: {cause}")))?;
    blocking(move || chain.answer(request).encode()).await
}

async fn answer(State(served): State<Arc<Served>>, headers: HeaderMap, body: Bytes) -> Result<Vec<u8>, Refused> {
    check_type(&headers)?;
    ask(Arc::clone(&served.chain), body).await
}

async fn copy(State(served): State<Arc<Served>>, headers: HeaderMap) -> Result<Vec<u8>, Refused> {
    check_type(&headers)?;
    blocking(move || served.copies.make(|| served.chain.fork_now()).encode()).await
}

async fn answer_from_copy(
    State(served): State<Arc<Served>>,
    Path(number): Path<u64>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Vec<u8>, Refused> {
    check_type(&headers)?;
    match served.copies.get(number) {
        Ok(copy) => ask(copy, body).await,
        Err(gone) => Ok(Err::<Response, _>(gone).encode()),
    }
}

async fn drop_copy(
    State(served): State<Arc<Served>>,
    Path(number): Path<u64>,
    headers: HeaderMap,
) -> Result<Vec<u8>, Refused> {
    check_type(&headers)?;
    served.copies.remove(number);
    Ok(Ok::<(), ChainError>(()).encode())
}

/// For people: what chain this is and where it stands.
async fn health(State(served): State<Arc<Served>>) -> Json<serde_json::Value> {
    let head = tokio::task::spawn_blocking(move || served.chain.answer(Request::Head)).await;
    Json(match head {
        Ok(Ok(Response::Head { genesis, number, now })) => serde_json::json!({
            "genesis": format!("0x{}", hex::encode(genesis)),
            "block": number,
            "now_ms": now,
        }),
        _ => serde_json::json!({ "error": "the chain does not answer" }),
    })
}
