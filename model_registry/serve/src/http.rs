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
use worker::published::PAGE;

use crate::answer::{Answer, AnswerError, Answerer, Prompt};
use crate::cashier::Unpaid;
use crate::catalog::{Catalog, Served};
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
        .route("/openledger/receipts/{channel}/{model}", get(receipts))
        .route("/openledger/channels/{channel}/{model}", get(head))
        .route("/openledger/vouchers", post(acknowledge))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(host)
}

/// The body of a request for an answer; OpenAI's names.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
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
    let chat = matches!(prompt, Prompt::Chat(_));
    let ready = match host.answerer.prepare(&served, prompt, max_tokens, sampling) {
        Ok(ready) => ready,
        Err(error) => return invalid(error),
    };
    let payload = match paid(&headers) {
        Ok(Some(payload)) => payload,
        Ok(None) => return demand(&host, &served, ready.bound, "this model is paid for: send a voucher"),
        Err(error) => return demand(&host, &served, ready.bound, error),
    };
    if payload.network != host.network || payload.scheme != SCHEME {
        let error = format!("this host takes scheme {SCHEME} on network {}", host.network);
        return demand(&host, &served, ready.bound, error);
    }
    let cashier = host.answerer.cashier.clone();
    let (model, bound, voucher) = (served.model, ready.bound, payload.payload.clone());
    let ticket = tokio::task::spawn_blocking(move || cashier.admit(model, &voucher, bound)).await;
    let ticket = match ticket {
        Ok(Ok(ticket)) => ticket,
        Ok(Err(Unpaid::Chain(error))) => return failure(StatusCode::BAD_GATEWAY, "chain_error", error),
        // Paying more would not help.
        Ok(Err(error @ Unpaid::NotAllowed { .. })) => return failure(StatusCode::FORBIDDEN, "access_error", error),
        Ok(Err(error)) => return demand(&host, &served, ready.bound, error),
        Err(error) => return failure(StatusCode::INTERNAL_SERVER_ERROR, "server_error", error),
    };
    let settled = PaymentResponse {
        success: true,
        network: host.network.clone(),
        payer: chain::ss58(&ticket.payer),
        transaction: String::new(),
        amount: payload.payload.fee.to_string(),
    };
    let mut response = match ask.stream {
        true => stream(&host, served, ready, ticket, chat),
        false => match host.answerer.answer(served.clone(), ready, ticket, |_| {}).await {
            Ok(answer) => Json(complete_body(&served, &answer, chat)).into_response(),
            Err(error) => refused(&error),
        },
    };
    if let Ok(value) = HeaderValue::from_str(&payment::encode(&settled)) {
        response.headers_mut().insert(HeaderName::from_static("payment-response"), value);
    }
    response
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

fn demand(host: &Host, served: &Served, bound: u128, error: impl ToString) -> Response {
    let required = PaymentRequired {
        x402_version: 2,
        error: error.to_string(),
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

fn stream(
    host: &Arc<Host>,
    served: Arc<Served>,
    ready: crate::answer::Ready,
    ticket: crate::cashier::Ticket,
    chat: bool,
) -> Response {
    let (sender, receiver) = mpsc::unbounded_channel::<Value>();
    let object = if chat { "chat.completion.chunk" } else { "text_completion" };
    let name = served.name.clone();
    let answerer = host.answerer.clone();
    tokio::spawn(async move {
        let pieces = sender.clone();
        let model = name.clone();
        // A client that went away still owes for what it got: the answer runs to its receipt.
        let answered = answerer
            .answer(served, ready, ticket, move |piece| {
                if !piece.is_empty() {
                    let delta = match chat {
                        true => json!({ "index": 0, "delta": { "content": piece }, "finish_reason": null }),
                        false => json!({ "index": 0, "text": piece, "finish_reason": null }),
                    };
                    drop(pieces.send(json!({ "object": object, "model": model, "choices": [delta] })));
                }
            })
            .await;
        let last = match answered {
            Ok(answer) => {
                let finish = finish_name(answer.finish);
                let end = match chat {
                    true => json!({ "index": 0, "delta": {}, "finish_reason": finish }),
                    false => json!({ "index": 0, "text": "", "finish_reason": finish }),
                };
                json!({
                    "id": identifier(&answer),
                    "object": object,
                    "model": name,
                    "choices": [end],
                    "openledger": extension(&answer),
                })
            }
            Err(error) => json!({ "error": { "message": error.to_string(), "type": "server_error" } }),
        };
        drop(sender.send(last));
    });
    let events = UnboundedReceiverStream::new(receiver)
        .map(|value| value.to_string())
        .chain(tokio_stream::once("[DONE]".to_owned()))
        .map(|data| Ok::<_, Infallible>(Event::default().data(data)));
    Sse::new(events).into_response()
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

async fn receipts(
    State(host): State<Arc<Host>>,
    Path((channel, model)): Path<(u64, u32)>,
    Query(range): Query<Range>,
) -> Response {
    let read =
        move || host.answerer.cashier.with_ledger(|ledger| ledger.records(channel, model, range.from, range.to, PAGE));
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(records)) => Json(records).into_response(),
        Ok(Err(error)) => failure(StatusCode::INTERNAL_SERVER_ERROR, "server_error", error),
        Err(error) => failure(StatusCode::INTERNAL_SERVER_ERROR, "server_error", error),
    }
}

async fn head(State(host): State<Arc<Host>>, Path((channel, model)): Path<(u64, u32)>) -> Json<Value> {
    let (head, held) = host.answerer.cashier.with_ledger(|ledger| {
        (ledger.head(channel, model), ledger.voucher(channel, model).map_or(0, |voucher| voucher.count))
    });
    Json(json!({
        "count": head.count,
        "fee": head.sum.to_string(),
        "top": hex::encode(head.top),
        "vouched": held,
    }))
}

async fn acknowledge(State(host): State<Arc<Host>>, Json(payload): Json<PaymentPayload>) -> Response {
    if payload.network != host.network || payload.scheme != SCHEME {
        return invalid(format!("this host takes scheme {SCHEME} on network {}", host.network));
    }
    let cashier = host.answerer.cashier.clone();
    match tokio::task::spawn_blocking(move || cashier.take(&payload.payload)).await {
        Ok(Ok(_)) => Json(json!({ "accepted": true })).into_response(),
        Ok(Err(Unpaid::Chain(error))) => failure(StatusCode::BAD_GATEWAY, "chain_error", error),
        Ok(Err(error)) => failure(StatusCode::PAYMENT_REQUIRED, "payment_error", error),
        Err(error) => failure(StatusCode::INTERNAL_SERVER_ERROR, "server_error", error),
    }
}
