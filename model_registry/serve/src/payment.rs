//! x402 v2 over HTTP: what is asked for, what is sent, and whether it pays.
//!
//! A question without payment gets status 402 with `PAYMENT-REQUIRED`: what an answer to it may cost at most, and what has to be
//! signed for it. A paid one carries `PAYMENT-SIGNATURE`; the answer carries `PAYMENT-RESPONSE`. Each is base64 of JSON. The
//! scheme is `batch-settlement`: the payload ([`Asking`]) is the signed request for this answer, which alone is served, with the
//! payer's last voucher, which pays for the answers before it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use proof::Hash;
use proof::request::SignedRequest;
use worker::published::{hexed, scaled};

use crate::ledger::SignedVoucher;

/// The headers of x402 v2.
pub const REQUIRED: &str = "PAYMENT-REQUIRED";
pub const SIGNATURE: &str = "PAYMENT-SIGNATURE";
pub const RESPONSE: &str = "PAYMENT-RESPONSE";
/// The scheme's name.
pub const SCHEME: &str = "batch-settlement";

/// A CAIP-2 name of a chain: `polkadot:` and the first 32 hex digits of its genesis.
pub fn network(genesis: &[u8; 32]) -> String {
    format!("polkadot:{}", &hex::encode(genesis)[..32])
}

/// What a host asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRequired {
    pub x402_version: u32,
    /// Why what was sent (if anything) does not pay, and what to do.
    pub error: String,
    pub resource: Resource,
    pub accepts: Vec<Requirement>,
}

/// What is paid for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    pub url: String,
    pub description: String,
    pub mime_type: String,
}

/// One way to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Requirement {
    pub scheme: String,
    pub network: String,
    /// The most that the answer can cost, in 10^-18 OPEN.
    pub amount: String,
    /// The OPEN token's address.
    pub asset: String,
    /// The host's account.
    pub pay_to: String,
    pub max_timeout_seconds: u32,
    pub extra: Extra,
}

/// What a payer needs to open a channel and to sign a request for this answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Extra {
    /// The escrow contract.
    pub escrow: String,
    /// The key that signs receipts, hex.
    pub receipt_key: String,
    /// Answers that this host serves ahead of a voucher.
    pub max_unpaid: u64,
    pub model: u32,
    pub revision: u32,
    /// The number of escrow's parameter set.
    pub params: u32,
    /// Bytes of the text that the question gives to the tokenizer, template included.
    pub prompt_bytes: u32,
    /// Tokens of the answer, at most.
    pub max_tokens: u32,
    /// For 1,000 tokens, in 10^-18 OPEN.
    pub price_in: String,
    pub price_out: String,
}

/// What a payer sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentPayload {
    pub x402_version: u32,
    pub scheme: String,
    pub network: String,
    pub payload: Asking,
}

/// A signed request with what its host needs to answer it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asking {
    /// Body, key and signature, 221 bytes.
    #[serde(with = "scaled")]
    pub request: SignedRequest,
    /// Opens the prompt hash. Who does not know it is not served, not even again.
    #[serde(with = "hexed")]
    pub random: Hash,
    /// The context list of the request, 9 bytes a chunk.
    #[serde(with = "hexed", default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<u8>,
    /// The payer's last voucher.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voucher: Option<SignedVoucher>,
}

/// What a host says of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentResponse {
    pub success: bool,
    pub network: String,
    pub payer: String,
    /// Empty: a voucher is redeemed later, with others.
    pub transaction: String,
    /// The most that the answer may cost, in 10^-18 OPEN.
    pub amount: String,
}

/// A header that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{header}: {reason}")]
pub struct BadHeader {
    pub header: &'static str,
    pub reason: String,
}

/// The header's value for a message.
pub fn encode<T: Serialize>(message: &T) -> String {
    // These messages hold nothing that JSON can't.
    STANDARD.encode(serde_json::to_vec(message).unwrap_or_default())
}

/// Reads a header's value.
pub fn decode<T: DeserializeOwned>(header: &'static str, value: &str) -> Result<T, BadHeader> {
    let bytes = STANDARD.decode(value.trim()).map_err(|e| BadHeader { header, reason: format!("not base64 ({e})") })?;
    serde_json::from_slice(&bytes).map_err(|e| BadHeader { header, reason: format!("not the JSON of x402 v2 ({e})") })
}

/// The fee of an answer: ⌈(tokens in · price in + tokens out · price out) / 1000⌉, at least `floor`.
pub fn fee(tokens_in: u32, tokens_out: u32, price_in: u128, price_out: u128, floor: u128) -> Option<u128> {
    let input = u128::from(tokens_in).checked_mul(price_in)?;
    let output = u128::from(tokens_out).checked_mul(price_out)?;
    Some(input.checked_add(output)?.div_ceil(1000).max(floor))
}

/// What escrow wants of a response of so many bytes: `min_fee`, and `min_fee_kib` for each KiB that is begun.
pub fn floor(bytes: u64, min_fee: u128, min_fee_kib: u128) -> Option<u128> {
    u128::from(bytes.div_ceil(1024)).checked_mul(min_fee_kib)?.checked_add(min_fee)
}

/// Bytes that so many tokens may give: more than 16 a token on average is no text.
pub fn most_bytes(tokens: u32) -> u64 {
    u64::from(tokens).saturating_mul(16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proof::request::Request;

    #[test]
    fn a_payload_survives_its_header() {
        let body = Request {
            channel: 1,
            model: 2,
            revision: 3,
            params: 4,
            sequence: 5,
            prompt: [6; 32],
            prompt_bytes: 7,
            max_tokens_out: 8,
            max_fee: u128::MAX,
            flags: 1,
            context: [9; 32],
            deadline: 10,
        };
        let voucher = SignedVoucher {
            channel: 1,
            model: 2,
            count: 3,
            fee: u128::MAX,
            top: [4; 32],
            deadline: 5,
            key: [6; 32],
            signature: [7; 64],
        };
        let payload = PaymentPayload {
            x402_version: 2,
            scheme: SCHEME.into(),
            network: network(&[0xab; 32]),
            payload: Asking {
                request: SignedRequest { body, key: [11; 32], signature: [12; 64] },
                random: [13; 32],
                context: vec![0; 9],
                voucher: Some(voucher),
            },
        };
        assert_eq!(decode::<PaymentPayload>(SIGNATURE, &encode(&payload)).unwrap(), payload);
        assert_eq!(payload.network.len(), "polkadot:".len() + 32);
    }

    #[test]
    fn a_header_that_is_no_payment_says_what_is_wrong() {
        let error = decode::<PaymentPayload>(SIGNATURE, "%%%").unwrap_err();
        assert!(error.to_string().starts_with("PAYMENT-SIGNATURE: not base64"), "{error}");
        assert!(decode::<PaymentPayload>(SIGNATURE, &STANDARD.encode("{}")).is_err());
    }

    #[test]
    fn a_fee_is_rounded_up_and_never_below_the_least() {
        assert_eq!(fee(1, 0, 1, 0, 1), Some(1));
        assert_eq!(fee(1000, 500, 10, 20, 1), Some(20));
        assert_eq!(fee(1, 1, 0, 0, 7), Some(7));
        assert_eq!(fee(u32::MAX, 0, u128::MAX, 0, 0), None);
        assert_eq!((floor(0, 5, 3), floor(1, 5, 3), floor(1025, 5, 3)), (Some(5), Some(8), Some(11)));
    }
}
