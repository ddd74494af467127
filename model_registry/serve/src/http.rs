//! OpenLoRA over HTTP: the OpenAI routes for those who ask, the published receipts and objects for those who check.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use corpus::{Cid, Store};
use engine::{Finish, Message, Sampling};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::UnboundedReceiverStream;
use worker::published::{FetchOrder, Lane, PAGE};

use crate::answer::{Answer, AnswerError, Answerer, Prompt, Ready};
use crate::cashier::{Admitted, Terms, Ticket, Unpaid};
use crate::catalog::{Catalog, Served};
use crate::ledger::{LedgerError, SignedVoucher};
use crate::payment::{self, Extra, PaymentPayload, PaymentRequired, PaymentResponse, Requirement, Resource, SCHEME};

/// The longest request body.
const MAX_BODY: usize = 4 << 20;
/// Tokens of an answer when the request doesn't say.
const DEFAULT_MAX_TOKENS: u32 = 128;

/// What the routes share.
pub struct Host {
    pub answerer: Arc<Answerer>,
    pub catalog: Catalog,
    pub store: Arc<Store>,
    /// For x402 requirements.
    pub network: String,
    pub asset: String,
    pub escrow: String,
    pub account: String,
    pub receipt_key: String,
}

/// All routes of a host.
pub fn routes(host: Arc<Host>) -> Router {
    Router::new()
        .route("/v1/models", get(models))
        .route("/v1/chat/completions", post(chat))
        .route("/v1/completions", post(complete))
        .route("/openledger/health", get(|| async { "ok" }))
        .route("/openledger/objects/{cid}", get(object))
        .route("/openledger/receipts/{channel}/{model}/{key}", get(receipts))
        .route("/openledger/heads/{channel}/{model}/{key}", post(head))
        .route("/openledger/private", post(private))
        .route("/openledger/vouchers", post(acknowledge))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(host)
}

/// The body of a request for an answer; OpenAI's names.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    pub model: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<Vec<Message>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_completion_tokens: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    #[serde(default)]
    pub stream: bool,
    /// Who would pay, for a question without payment: then a host that would not answer says so before anything is signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer: Option<Payer>,
}

/// A channel and the key that would sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payer {
    pub channel: u64,
    #[serde(with = "worker::published::hexed")]
    pub key: proof::Account,
}

fn failure(status: StatusCode, kind: &str, message: impl ToString) -> Response {
    (status, Json(json!({ "error": { "message": message.to_string(), "type": kind } }))).into_response()
}

fn invalid(message: impl ToString) -> Response {
    failure(StatusCode::BAD_REQUEST, "invalid_request_error", message)
}

async fn models(State(host): State<Arc<Host>>) -> Json<Value> {
    let data: Vec<Value> = host
        .catalog
        .iter()
        .map(|served| {
            json!({
                "id": served.name,
                "object": "model",
                "owned_by": host.account,
                "openledger": {
                    "model": served.model,
                    "revision": served.revision,
                    "price_in": served.price_in.to_string(),
                    "price_out": served.price_out.to_string(),
                    "adapter": hex::encode(served.adapter_hash),
                },
            })
        })
        .collect();
    Json(json!({ "object": "list", "data": data }))
}

async fn chat(State(host): State<Arc<Host>>, headers: HeaderMap, Json(mut ask): Json<Ask>) -> Response {
    match ask.messages.take() {
        Some(messages) if !messages.is_empty() => respond(host, headers, ask, Prompt::Chat(messages)).await,
        _ => invalid("`messages` is missing or empty"),
    }
}

async fn complete(State(host): State<Arc<Host>>, headers: HeaderMap, Json(mut ask): Json<Ask>) -> Response {
    match ask.prompt.take() {
        Some(prompt) if !prompt.is_empty() => respond(host, headers, ask, Prompt::Text(prompt)).await,
        _ => invalid("`prompt` is missing or empty"),
    }
}

async fn respond(host: Arc<Host>, headers: HeaderMap, ask: Ask, prompt: Prompt) -> Response {
    let Some(served) = host.catalog.find(&ask.model).cloned() else {
        let message = format!("no model `{}` here; GET /v1/models lists those that are", ask.model);
        return failure(StatusCode::NOT_FOUND, "not_found_error", message);
    };
    let max_tokens = ask.max_completion_tokens.or(ask.max_tokens).unwrap_or(DEFAULT_MAX_TOKENS);
    let sampling = Sampling {
        temperature: ask.temperature.unwrap_or(0.0),
        top_p: ask.top_p.unwrap_or(1.0),
        seed: ask.seed.unwrap_or(0),
    };
    if max_tokens == 0 {
        return invalid("`max_tokens` must be at least 1");
    }
    if let Some(problem) = sampling.problem() {
        return invalid(problem);
    }
    let payload = match paid(&headers) {
        Ok(payload) => payload,
        Err(error) => return invalid(error),
    };
    // What is signed counts, not what is asked for beside it.
    let max_tokens = payload.as_ref().map_or(max_tokens, |payload| payload.payload.request.body.max_tokens_out);
    let ready = match host.answerer.prepare(&served, prompt, max_tokens, sampling) {
        Ok(ready) => ready,
        Err(error) => return invalid(error),
    };
    let Some(payload) = payload else { return quote(&host, &served, &ready, max_tokens, ask.payer).await };
    if payload.network != host.network || payload.scheme != SCHEME {
        return invalid(format!("this host takes scheme {SCHEME} on network {}", host.network));
    }
    let cashier = host.answerer.cashier.clone();
    let (offer, prompt, asking) = (ready.offer, ready.prompt.bytes(), payload.payload);
    let (channel, amount) = (asking.request.body.channel, asking.request.body.max_fee);
    let admitted = tokio::task::spawn_blocking(move || cashier.admit(&offer, &prompt, asking)).await;
    let mut response = match admitted {
        Ok(Ok(Admitted::Begin(ticket))) => match ask.stream {
            true => stream(&host, served, ready, *ticket),
            false => begin(&host, served, ready, *ticket).await,
        },
        Ok(Ok(Admitted::Again(record, terms))) => {
            let chat = matches!(ready.prompt, Prompt::Chat(_));
            let answer = host.answerer.again(&served, *record, &terms);
            match ask.stream {
                true => events(tokio_stream::iter([
                    piece(&served.name, &answer.text, chat),
                    last_piece(&served.name, &answer, chat),
                ])),
                false => Json(complete_body(&served, &answer, chat)).into_response(),
            }
        }
        Ok(Err(error)) => return denied(error),
        Err(error) => return failure(StatusCode::INTERNAL_SERVER_ERROR, "server_error", error),
    };
    let settled = PaymentResponse {
        success: true,
        network: host.network.clone(),
        payer: channel.to_string(),
        transaction: String::new(),
        amount: amount.to_string(),
    };
    if let Ok(value) = HeaderValue::from_str(&payment::encode(&settled)) {
        response.headers_mut().insert(HeaderName::from_static("payment-response"), value);
    }
    response
}

/// Answers in one piece. The answer runs to its receipt even if the client goes away, which cancels what waits here.
async fn begin(host: &Arc<Host>, served: Arc<Served>, ready: Ready, ticket: Ticket) -> Response {
    let chat = matches!(ready.prompt, Prompt::Chat(_));
    let (answerer, model) = (host.answerer.clone(), served.clone());
    let answering = tokio::spawn(async move { answerer.answer(model, ready, ticket, |_| {}).await });
    match answering.await {
        Ok(Ok(answer)) => Json(complete_body(&served, &answer, chat)).into_response(),
        Ok(Err(error)) => refused(&error),
        Err(error) => failure(StatusCode::INTERNAL_SERVER_ERROR, "server_error", error),
    }
}

/// What has to be signed for an answer, or why whoever would pay gets none.
async fn quote(host: &Arc<Host>, served: &Served, ready: &Ready, max_tokens: u32, payer: Option<Payer>) -> Response {
    let cashier = host.answerer.cashier.clone();
    let offer = ready.offer;
    let considered = tokio::task::spawn_blocking(move || {
        let terms = cashier.terms()?;
        let bound = offer.bound(max_tokens, &terms).ok_or(LedgerError::Overflow)?;
        if let Some(payer) = payer {
            cashier.consider(payer.channel, &payer.key, offer.model, bound)?;
        }
        Ok::<_, Unpaid>((terms, bound))
    });
    match considered.await {
        Ok(Ok((terms, bound))) => payment_required(host, served, ready, max_tokens, &terms, bound),
        Ok(Err(error)) => denied(error),
        Err(error) => failure(StatusCode::INTERNAL_SERVER_ERROR, "server_error", error),
    }
}

/// Why a request, a voucher or an order is not taken.
fn denied(error: Unpaid) -> Response {
    let (status, kind) = match &error {
        Unpaid::Chain(_) => (StatusCode::BAD_GATEWAY, "chain_error"),
        Unpaid::Ledger(LedgerError::Io { .. } | LedgerError::Corrupt { .. }) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "server_error")
        }
        Unpaid::NotAllowed { .. } | Unpaid::NotForYou => (StatusCode::FORBIDDEN, "access_error"),
        Unpaid::NoSuchText => (StatusCode::NOT_FOUND, "not_found_error"),
        Unpaid::Ahead { .. } | Unpaid::BeingAnswered | Unpaid::Ledger(_) => (StatusCode::CONFLICT, "payment_error"),
        _ => (StatusCode::BAD_REQUEST, "payment_error"),
    };
    failure(status, kind, error)
}

fn refused(error: &AnswerError) -> Response {
    match error {
        AnswerError::Engine(error) => invalid(error),
        other => failure(StatusCode::INTERNAL_SERVER_ERROR, "server_error", other),
    }
}

fn paid(headers: &HeaderMap) -> Result<Option<PaymentPayload>, payment::BadHeader> {
    let Some(value) = headers.get(payment::SIGNATURE) else { return Ok(None) };
    let text =
        value.to_str().map_err(|_| payment::BadHeader { header: payment::SIGNATURE, reason: "not ASCII".into() })?;
    payment::decode(payment::SIGNATURE, text).map(Some)
}

fn payment_required(
    host: &Host,
    served: &Served,
    ready: &Ready,
    max_tokens: u32,
    terms: &Terms,
    bound: u128,
) -> Response {
    let required = PaymentRequired {
        x402_version: 2,
        error: "this model is paid for: sign a request for this answer".into(),
        resource: Resource {
            url: "/v1/chat/completions".into(),
            description: format!("an answer by {}", served.name),
            mime_type: "application/json".into(),
        },
        accepts: vec![Requirement {
            scheme: SCHEME.into(),
            network: host.network.clone(),
            amount: bound.to_string(),
            asset: host.asset.clone(),
            pay_to: host.account.clone(),
            max_timeout_seconds: 600,
            extra: Extra {
                escrow: host.escrow.clone(),
                receipt_key: host.receipt_key.clone(),
                max_unpaid: host.answerer.cashier.max_unpaid(),
                model: served.model,
                revision: served.revision,
                params: terms.params,
                prompt_bytes: ready.offer.prompt_bytes,
                max_tokens,
                price_in: served.price_in.to_string(),
                price_out: served.price_out.to_string(),
            },
        }],
    };
    let mut response = (StatusCode::PAYMENT_REQUIRED, Json(&required)).into_response();
    if let Ok(value) = HeaderValue::from_str(&payment::encode(&required)) {
        response.headers_mut().insert(HeaderName::from_static("payment-required"), value);
    }
    response
}

fn finish_name(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "stop",
        Finish::Length => "length",
    }
}

/// What stands beside OpenAI's fields: the signed receipt and what the answer is attributed to.
fn extension(answer: &Answer) -> Value {
    json!({ "record": answer.record, "attribution": answer.attribution })
}

fn identifier(answer: &Answer) -> String {
    let receipt = &answer.record.receipt;
    format!("ol-{}-{}-{}", receipt.channel, receipt.model, receipt.sequence)
}

fn complete_body(served: &Served, answer: &Answer, chat: bool) -> Value {
    let receipt = &answer.record.receipt;
    let finish = finish_name(answer.finish);
    let choice = match chat {
        true => json!({
            "index": 0,
            "message": { "role": "assistant", "content": answer.text },
            "finish_reason": finish,
        }),
        false => json!({ "index": 0, "text": answer.text, "finish_reason": finish }),
    };
    json!({
        "id": identifier(answer),
        "object": if chat { "chat.completion" } else { "text_completion" },
        "model": served.name,
        "choices": [choice],
        "usage": {
            "prompt_tokens": receipt.tokens_in,
            "completion_tokens": receipt.tokens_out,
            "total_tokens": receipt.tokens_in.saturating_add(receipt.tokens_out),
        },
        "openledger": extension(answer),
    })
}

fn object_name(chat: bool) -> &'static str {
    if chat { "chat.completion.chunk" } else { "text_completion" }
}

fn piece(model: &str, text: &str, chat: bool) -> Value {
    let delta = match chat {
        true => json!({ "index": 0, "delta": { "content": text }, "finish_reason": null }),
        false => json!({ "index": 0, "text": text, "finish_reason": null }),
    };
    json!({ "object": object_name(chat), "model": model, "choices": [delta] })
}

fn last_piece(model: &str, answer: &Answer, chat: bool) -> Value {
    let finish = finish_name(answer.finish);
    let end = match chat {
        true => json!({ "index": 0, "delta": {}, "finish_reason": finish }),
        false => json!({ "index": 0, "text": "", "finish_reason": finish }),
    };
    json!({
        "id": identifier(answer),
        "object": object_name(chat),
        "model": model,
        "choices": [end],
        "openledger": extension(answer),
    })
}

fn events(pieces: impl tokio_stream::Stream<Item = Value> + Send + 'static) -> Response {
    let events = pieces
        .map(|value| value.to_string())
        .chain(tokio_stream::once("[DONE]".to_owned()))
        .map(|data| Ok::<_, Infallible>(Event::default().data(data)));
    Sse::new(events).into_response()
}

fn stream(host: &Arc<Host>, served: Arc<Served>, ready: Ready, ticket: Ticket) -> Response {
    let (sender, receiver) = mpsc::unbounded_channel::<Value>();
    let name = served.name.clone();
    let chat = matches!(ready.prompt, Prompt::Chat(_));
    let answerer = host.answerer.clone();
    tokio::spawn(async move {
        let pieces = sender.clone();
        let model = name.clone();
        // A client that went away still owes for what it asked: the answer runs to its receipt.
        let answered = answerer
            .answer(served, ready, ticket, move |text| {
                if !text.is_empty() {
                    drop(pieces.send(piece(&model, text, chat)));
                }
            })
            .await;
        let last = match answered {
            Ok(answer) => last_piece(&name, &answer, chat),
            Err(error) => json!({ "error": { "message": error.to_string(), "type": "server_error" } }),
        };
        drop(sender.send(last));
    });
    events(UnboundedReceiverStream::new(receiver))
}

async fn object(State(host): State<Arc<Host>>, Path(cid): Path<String>) -> Response {
    let cid: Cid = match cid.parse() {
        Ok(cid) => cid,
        Err(error) => return invalid(error),
    };
    let store = host.store.clone();
    match tokio::task::spawn_blocking(move || store.get(&cid)).await {
        Ok(Ok(bytes)) => bytes.into_response(),
        Ok(Err(error)) => failure(StatusCode::NOT_FOUND, "not_found_error", error),
        Err(error) => failure(StatusCode::INTERNAL_SERVER_ERROR, "server_error", error),
    }
}

#[derive(Deserialize)]
struct Range {
    #[serde(default)]
    from: u64,
    #[serde(default = "end")]
    to: u64,
}

fn end() -> u64 {
    u64::MAX
}

/// The lane that a route names.
fn lane((channel, model, key): (u64, u32, String)) -> Result<Lane, String> {
    let bytes = hex::decode(&key).ok().and_then(|bytes| bytes.try_into().ok());
    let key = bytes.ok_or_else(|| format!("`{key}` is not a key: 64 hex digits wanted"))?;
    Ok(Lane { channel, model, key })
}

/// What a voucher covers, for everybody; of private answers without their texts.
async fn receipts(
    State(host): State<Arc<Host>>,
    Path(place): Path<(u64, u32, String)>,
    Query(range): Query<Range>,
) -> Response {
    let lane = match lane(place) {
        Ok(lane) => lane,
        Err(error) => return invalid(error),
    };
    let read = move || host.answerer.cashier.with_ledger(|ledger| ledger.records(&lane, range.from, range.to, PAGE));
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(records)) => {
            let published = records.into_iter().map(|record| record.map(worker::published::ReceiptRecord::published));
            Json(published.collect::<Vec<_>>()).into_response()
        }
        Ok(Err(error)) => failure(StatusCode::INTERNAL_SERVER_ERROR, "server_error", error),
        Err(error) => failure(StatusCode::INTERNAL_SERVER_ERROR, "server_error", error),
    }
}

/// What a payer shows when it asks for the head of its tree.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Shown {
    /// Its last voucher, if it ever signed one.
    pub voucher: Option<SignedVoucher>,
}

async fn head(
    State(host): State<Arc<Host>>,
    Path(place): Path<(u64, u32, String)>,
    Json(shown): Json<Shown>,
) -> Response {
    let lane = match lane(place) {
        Ok(lane) => lane,
        Err(error) => return invalid(error),
    };
    let cashier = host.answerer.cashier.clone();
    answer_with(move || cashier.told(&lane, shown.voucher.as_ref())).await
}

async fn private(State(host): State<Arc<Host>>, Json(order): Json<FetchOrder>) -> Response {
    let cashier = host.answerer.cashier.clone();
    answer_with(move || cashier.private_text(&order)).await
}

async fn acknowledge(State(host): State<Arc<Host>>, Json(voucher): Json<SignedVoucher>) -> Response {
    let cashier = host.answerer.cashier.clone();
    answer_with(move || cashier.take(&voucher).map(|()| json!({ "accepted": true }))).await
}

/// Runs what reads the chain and the disk, and answers with what it gives.
async fn answer_with<T: Serialize + Send + 'static>(
    f: impl FnOnce() -> Result<T, Unpaid> + Send + 'static,
) -> Response {
    match tokio::task::spawn_blocking(f).await {
        Ok(Ok(value)) => Json(value).into_response(),
        Ok(Err(error)) => denied(error),
        Err(error) => failure(StatusCode::INTERNAL_SERVER_ERROR, "server_error", error),
    }
}
