//! What a host publishes of each public answer, so that anybody can recompute the report: the receipt, its signature and
//! the bytes that its hashes commit to.
//!
//! `GET {endpoint}/openledger/receipts/{channel}/{model}?from=A&to=B` answers a JSON array of [`ReceiptRecord`]s, at most
//! [`PAGE`] of them. Nothing in it is trusted: [`ReceiptRecord::open`] checks each byte string against its hash.

use proof::receipt::Receipt;
use proof::receipt::{context_hash, credits_hash, no_context, no_credits, no_sketch, sketch_hash};
use proof::{Blake2, Hash};
use serde::{Deserialize, Serialize};

/// Receipts in one answer of the host.
pub const PAGE: u64 = 256;

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

/// A receipt in JSON, field by field as the protocol names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptFields {
    pub channel: u64,
    pub model: u32,
    pub revision: u32,
    #[serde(with = "hexed")]
    pub adapter: Hash,
    pub sequence: u64,
    pub flags: u8,
    pub tokens_in: u32,
    pub tokens_out: u32,
    /// In 10^-18 OPEN.
    #[serde(with = "decimal")]
    pub fee: u128,
    #[serde(with = "hexed")]
    pub prompt: Hash,
    #[serde(with = "hexed")]
    pub response: Hash,
    #[serde(with = "hexed")]
    pub sketch: Hash,
    #[serde(with = "hexed")]
    pub context: Hash,
    #[serde(with = "hexed")]
    pub credits: Hash,
}

macro_rules! same_fields {
    ($from:ty => $to:ident) => {
        impl From<$from> for $to {
            fn from(r: $from) -> Self {
                $to {
                    channel: r.channel,
                    model: r.model,
                    revision: r.revision,
                    adapter: r.adapter,
                    sequence: r.sequence,
                    flags: r.flags,
                    tokens_in: r.tokens_in,
                    tokens_out: r.tokens_out,
                    fee: r.fee,
                    prompt: r.prompt,
                    response: r.response,
                    sketch: r.sketch,
                    context: r.context,
                    credits: r.credits,
                }
            }
        }
    };
}
same_fields!(Receipt => ReceiptFields);
same_fields!(ReceiptFields => Receipt);

/// One answer as its host publishes it. Byte strings are hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptRecord {
    pub receipt: ReceiptFields,
    /// The host's sr25519 signature (tag OL-RECEIPT-1).
    #[serde(with = "hexed")]
    pub signature: [u8; 64],
    /// The response's bytes; empty for a private one.
    #[serde(with = "hexed")]
    pub response: Vec<u8>,
    /// The response's sketch, int8; empty where there is none.
    #[serde(with = "hexed")]
    pub sketch: Vec<u8>,
    /// The context list, 9 bytes a chunk.
    #[serde(with = "hexed")]
    pub context: Vec<u8>,
    /// A private answer's entries (n ‖ entries with amounts 0).
    #[serde(with = "hexed")]
    pub credits: Vec<u8>,
}

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
    /// The receipt, after each published byte string was checked against its hash.
    pub fn open(&self) -> Result<Receipt, Unopened> {
        let receipt = Receipt::from(self.receipt.clone());
        let fail = |what| Unopened { channel: receipt.channel, model: receipt.model, sequence: receipt.sequence, what };
        let response = proof::text::root_of::<Blake2>(&self.response).map_err(|_| fail("response"))?;
        if !receipt.is_private() && response != receipt.response {
            return Err(fail("response"));
        }
        let opened = |bytes: &[u8], hash: Hash, absent: bool, of: fn(&[u8]) -> Hash| {
            (absent && bytes.is_empty()) || of(bytes) == hash
        };
        if !opened(&self.sketch, receipt.sketch, no_sketch::<Blake2>(&receipt.sketch), sketch_hash::<Blake2>) {
            return Err(fail("sketch"));
        }
        if !opened(&self.context, receipt.context, no_context::<Blake2>(&receipt.context), context_hash::<Blake2>) {
            return Err(fail("context list"));
        }
        if receipt.is_private()
            && !opened(&self.credits, receipt.credits, no_credits::<Blake2>(&receipt.credits), credits_hash::<Blake2>)
        {
            return Err(fail("credits preimage"));
        }
        Ok(receipt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> ReceiptRecord {
        let response = b"four score and seven years ago".to_vec();
        let sketch = vec![1u8, 255, 3];
        let receipt = Receipt {
            channel: 1,
            model: 2,
            revision: 0,
            adapter: [7; 32],
            sequence: 3,
            flags: 0,
            tokens_in: 5,
            tokens_out: 6,
            fee: 10u128.pow(30),
            prompt: [1; 32],
            response: proof::text::root_of::<Blake2>(&response).unwrap(),
            sketch: sketch_hash::<Blake2>(&sketch),
            context: proof::ZERO,
            credits: proof::ZERO,
        };
        ReceiptRecord {
            receipt: receipt.into(),
            signature: [9; 64],
            response,
            sketch,
            context: Vec::new(),
            credits: Vec::new(),
        }
    }

    #[test]
    fn a_record_reads_back_from_json_and_opens() {
        let record = record();
        let json = serde_json::to_string(&record).unwrap();
        let back: ReceiptRecord = serde_json::from_str(&json).unwrap();
        assert_eq!(back, record);
        assert_eq!(back.open().unwrap().fee, 10u128.pow(30));
    }

    #[test]
    fn a_changed_response_or_sketch_does_not_open() {
        let mut changed = record();
        changed.response[0] ^= 1;
        assert_eq!(changed.open().unwrap_err().what, "response");
        let mut changed = record();
        changed.sketch.clear();
        assert_eq!(changed.open().unwrap_err().what, "sketch");
    }
}
