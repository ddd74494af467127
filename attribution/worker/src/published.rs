//! What a host publishes of each answer, so that anybody can recompute the report: the receipt and the request that it
//! answers, their signatures, and the bytes that their hashes commit to.
//!
//! `GET {endpoint}/openledger/receipts/{channel}/{model}/{key}?from=A&to=B` answers a JSON array with a [`ReceiptRecord`] for
//! each place that a voucher covers, at most [`PAGE`] of them, and `null` for a place that no answer took. Nothing in it is
//! trusted: [`ReceiptRecord::open`] checks each byte string against its hash. The text of a private answer is left out, and
//! given by `POST {endpoint}/openledger/private` to its payer and to oracles of the current set, who sign a [`FetchOrder`].

use proof::limits::{MAX_CONTEXT_BYTES, MAX_SKETCH_BYTES};
use proof::receipt::{Receipt, no_sketch, sketch_hash};
use proof::request::{SignedRequest, context_hash, no_context};
use proof::signed::{Domain, Signable, Tag, tag};
use proof::text::Text;
use proof::{Account, Blake2, Hash};
use scale::Encode;
use serde::{Deserialize, Serialize};

/// Places in one answer of the host.
pub const PAGE: u64 = 256;

/// Who fetches a private text, for the escrow contract; never sent to it.
const FETCH: Tag = tag("OL-FETCH-1");

/// Whose receipts stand in one tree 03: those that one key paid of one model on one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane {
    /// Escrow's channel.
    pub channel: u64,
    /// The model.
    pub model: u32,
    /// The payer's account, or a session key of the channel.
    pub key: Account,
}

impl Lane {
    /// That of a request.
    pub fn of(request: &SignedRequest) -> Self {
        Self { channel: request.body.channel, model: request.body.model, key: request.key }
    }
}

impl std::fmt::Display for Lane {
    /// As in URLs: `channel/model/key`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.channel, self.model, hex::encode(self.key))
    }
}

/// Byte strings as lowercase hex in JSON.
pub mod hexed {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// For `#[serde(with = …)]` on anything that is bytes.
    pub fn serialize<T: AsRef<[u8]>, S: Serializer>(bytes: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(bytes.as_ref()))
    }

    /// Reads hex of exactly the type's length.
    pub fn deserialize<'de, T: TryFrom<Vec<u8>>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = hex::decode(&text).map_err(|e| D::Error::custom(format!("`{text}`: {e}")))?;
        T::try_from(bytes).map_err(|_| D::Error::custom(format!("`{text}` has the wrong number of bytes")))
    }
}

/// Amounts as decimal strings in JSON: they exceed what a JSON number holds in most readers.
pub mod decimal {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// For `#[serde(with = …)]` on u128.
    pub fn serialize<S: Serializer>(amount: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&amount.to_string())
    }

    /// Reads the decimal string back.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// Types of the protocol as the hex of their SCALE bytes: what is signed and hashed is what travels.
pub mod scaled {
    use scale::{DecodeAll, Encode};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// For `#[serde(with = …)]` on a type of the protocol.
    pub fn serialize<T: Encode, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(value.encode()))
    }

    /// Reads exactly the type's bytes.
    pub fn deserialize<'de, T: DecodeAll, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = hex::decode(&text).map_err(|e| D::Error::custom(format!("`{text}`: {e}")))?;
        T::decode_all(&mut bytes.as_slice()).map_err(|e| D::Error::custom(format!("`{text}`: {e}")))
    }
}

/// One answer as its host publishes it. Byte strings are hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptRecord {
    /// 176 bytes.
    #[serde(with = "scaled")]
    pub receipt: Receipt,
    /// The host's sr25519 signature (tag OL-RECEIPT-1).
    #[serde(with = "hexed")]
    pub signature: [u8; 64],
    /// What was asked for: body, key, signature (221 bytes).
    #[serde(with = "scaled")]
    pub request: SignedRequest,
    /// The response's bytes; empty where a private one is published.
    #[serde(with = "hexed")]
    pub response: Vec<u8>,
    /// The random bytes that salt a private response's leaves; absent of a public one, and where a private one is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub random: Option<Random>,
    /// The response's sketch, int8; empty where there is none.
    #[serde(with = "hexed")]
    pub sketch: Vec<u8>,
    /// The context list of the request, 9 bytes a chunk.
    #[serde(with = "hexed")]
    pub context: Vec<u8>,
}

/// 32 random bytes, hex in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Random(#[serde(with = "hexed")] pub Hash);

/// A record that does not hold what its receipt commits to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "channel {channel}, model {model}, receipt {sequence}: the published {what} is not what the receipt's hash commits to"
)]
pub struct Unopened {
    pub channel: u64,
    pub model: u32,
    pub sequence: u64,
    pub what: &'static str,
}

impl ReceiptRecord {
    /// The response with what salts it.
    pub fn text(&self) -> Text<'_> {
        Text { bytes: &self.response, random: self.random.map(|random| random.0) }
    }

    /// What anybody may see of it: without the text of a private answer.
    pub fn published(mut self) -> Self {
        if self.request.body.is_private() {
            self.response.clear();
            self.random = None;
            self.sketch.clear();
        }
        self
    }

    /// Whether it is the published form of a private answer, whose text has to be fetched.
    pub fn is_withheld(&self) -> bool {
        self.request.body.is_private() && self.random.is_none()
    }

    /// The receipt, after each byte string was checked against its hash. Of a private answer the text must be there.
    pub fn open(&self) -> Result<Receipt, Unopened> {
        let receipt = self.receipt;
        let fail = |what| Unopened { channel: receipt.channel, model: receipt.model, sequence: receipt.sequence, what };
        if self.request.hash::<Blake2>() != receipt.request {
            return Err(fail("request"));
        }
        if self.random.is_some() != self.request.body.is_private() {
            return Err(fail("random bytes"));
        }
        let response = self.text().root::<Blake2>().map_err(|_| fail("response"))?;
        if receipt.response != proof::ZERO && response != receipt.response {
            return Err(fail("response"));
        }
        // What is longer holds nothing by the rules, and would not fit an answer if somebody asked for it: no oracle attests it.
        if self.sketch.len() > MAX_SKETCH_BYTES {
            return Err(fail("sketch, of more than 4,096 bytes,"));
        }
        if self.context.len() > MAX_CONTEXT_BYTES {
            return Err(fail("context list, of more than 16 chunks,"));
        }
        let opened = |bytes: &[u8], hash: Hash, absent: bool, of: fn(&[u8]) -> Hash| {
            (absent && bytes.is_empty()) || of(bytes) == hash
        };
        if !opened(&self.sketch, receipt.sketch, no_sketch::<Blake2>(&receipt.sketch), sketch_hash::<Blake2>) {
            return Err(fail("sketch"));
        }
        let context = self.request.body.context;
        if !opened(&self.context, context, no_context::<Blake2>(&context), context_hash::<Blake2>) {
            return Err(fail("context list"));
        }
        Ok(receipt)
    }
}

/// Asks a host, or an oracle that attested it, for the text of a private answer; signed by the answer's payer (to the host) or by an oracle
/// of the current set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchOrder {
    /// The response's root.
    #[serde(with = "hexed")]
    pub object: Hash,
    /// Who signs: the payer, the request's key, or an oracle's signing key.
    #[serde(with = "hexed")]
    pub key: Account,
    /// Until when the order counts, chain time in ms.
    pub deadline: u64,
    /// sr25519 over tag `OL-FETCH-1`, raw or wrapped in `<Bytes>`.
    #[serde(with = "hexed")]
    pub signature: [u8; 64],
}

impl FetchOrder {
    /// What is signed: an order for one host or oracle is none for another.
    pub fn signable(domain: &Domain, host: &Account, object: &Hash, key: &Account, deadline: u64) -> Signable {
        Signable::new::<Blake2>(&FETCH, domain, &(host, object, key, deadline).encode())
    }
}

/// The text of a private answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivateText {
    #[serde(with = "hexed")]
    pub response: Vec<u8>,
    pub random: Random,
    /// The response's sketch, if the receipt has one.
    #[serde(with = "hexed")]
    pub sketch: Vec<u8>,
}

#[cfg(test)]
#[path = "published_tests.rs"]
mod tests;
