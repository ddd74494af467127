//! Getting bytes from hosts and oracles over HTTP, each checked by its name or its hash.
//!
//! Whoever answers may be hostile, so nothing is read beyond an [`Allowance`]: bytes that follow from what is wanted, counted while
//! they come in, and a time for all of it.

use std::io::{BufReader, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

use corpus::{Cid, Store};
use openledger_abi::payout::NewBatch;
use proof::credits::CreditLeaf;
use proof::limits::MAX_EVIDENCE_BYTES;
use proof::payouts::PayoutLeaf;
use proof::receipt::ReceiptLeaf;
use proof::report::ReportBody;
use proof::{Account, Blake2, Node};
use scale::Decode;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};

use crate::files::{NAMES, ReportFiles};
use crate::held::LEAF_BYTES;
use crate::published::{FetchOrder, Lane, PAGE, PrivateText, ReceiptRecord};

/// The most that one file of a report may hold, whatever its head counts.
const MAX_FILE: u64 = 512 << 20;
/// How long another may take to begin an answer.
const FIRST_BYTE: Duration = Duration::from_secs(10);
/// The least time for one object or file; each MiB has a second more.
const PATIENCE: Duration = Duration::from_secs(20);
/// The least time for all places of a batch; each MiB and each hundred places have a second more.
const BATCH_PATIENCE: Duration = Duration::from_secs(60);
/// Hex and JSON of a record at most, but for its response: receipt, request, two signatures, random bytes, context list and the
/// longest sketch are 9,466 characters of hex.
const RECORD: u64 = 12 << 10;
/// Hex of the response of a place before a batch, on the average of a page: of those only the leaves are kept.
const EARLIER: u64 = 128 << 10;
/// An unfilled place: `null`, a comma and white space.
const UNFILLED: u64 = 16;
/// What is told of another's error.
const TOLD: usize = 300;

/// How long so many bytes in so many pieces may take in all.
pub fn patience(bytes: u64, pieces: u64) -> Duration {
    BATCH_PATIENCE + Duration::from_secs((bytes >> 20).saturating_add(pieces / 100).min(1 << 20))
}

/// What getting something may cost.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    bytes: u64,
    until: Instant,
}

impl Allowance {
    /// So many bytes, and so long from now.
    pub fn within(bytes: u64, time: Duration) -> Self {
        Self { bytes, until: Instant::now() + time }
    }

    /// So many bytes, until then.
    pub fn by(bytes: u64, until: Instant) -> Self {
        Self { bytes, until }
    }

    /// One object or file of at most so many bytes.
    pub fn of(bytes: u64) -> Self {
        Self::within(bytes, PATIENCE + Duration::from_secs(bytes >> 20))
    }

    /// The places of a batch, with what its fee was paid for and no more.
    pub fn of_batch(batch: &NewBatch) -> Self {
        let places = batch.count_to.saturating_sub(batch.count_from);
        let filled = batch.filled.min(places);
        let bytes = filled.saturating_mul(RECORD).saturating_add(places.saturating_mul(UNFILLED));
        let bytes = bytes.saturating_add(batch.kib.saturating_mul(2 << 10)).saturating_add(RECORD);
        Self::within(bytes, patience(bytes, places))
    }

    /// The same, for no longer than one thing may take of it.
    fn for_one(mut self) -> Self {
        self.until = self.until.min(Instant::now() + PATIENCE + Duration::from_secs(self.bytes >> 20));
        self
    }

    fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

/// Reads no more than an allowance has left.
struct Within<'a, R> {
    inner: R,
    left: &'a mut u64,
}

impl<R: Read> Read for Within<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        *self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| std::io::Error::other("it is longer than what was asked for can be"))?;
        Ok(read)
    }
}

/// A page of exactly so many places, of which not one more is taken in.
struct Page(u64);

impl<'de> DeserializeSeed<'de> for Page {
    type Value = Vec<Option<ReceiptRecord>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Page {
    type Value = Vec<Option<ReceiptRecord>>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exactly {} places", self.0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut places = Vec::new();
        while let Some(place) = sequence.next_element()? {
            places.push(place);
            if places.len() as u64 > self.0 {
                break;
            }
        }
        match places.len() as u64 == self.0 {
            true => Ok(places),
            false => Err(serde::de::Error::invalid_length(places.len(), &self)),
        }
    }
}

/// Why bytes can't be had.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("{url}: {reason}")]
    Http { url: String, reason: String },
    #[error("object {cid}: none of {asked} places that were asked has it ({last}); is its host or the store down?")]
    NoObject { cid: Cid, asked: usize, last: String },
    #[error("the files behind report {digest}: none of {asked} oracles that were asked has them ({last})")]
    NoFiles { digest: String, asked: usize, last: String },
    #[error(transparent)]
    Store(#[from] corpus::Error),
}

/// A client with a store of its own, in which every object is kept once it was fetched.
#[derive(Clone)]
pub struct Fetcher {
    agent: ureq::Agent,
    store: Arc<Store>,
}

impl Fetcher {
    /// A fetcher that keeps objects in `store`.
    pub fn new(store: Arc<Store>) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_connect(Some(Duration::from_secs(5)))
            .timeout_recv_response(Some(FIRST_BYTE))
            .timeout_global(Some(PATIENCE))
            // Where an announcement leads, and nowhere else.
            .max_redirects(0)
            .build();
        Self { agent: config.into(), store }
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The HTTP agent, for calls of other kinds.
    pub fn agent(&self) -> &ureq::Agent {
        &self.agent
    }

    fn bytes(&self, url: &str, mut allowance: Allowance) -> Result<Vec<u8>, FetchError> {
        let mut bytes = Vec::new();
        self.get(url, &mut allowance, |reader| reader.read_to_end(&mut bytes).map(|_| ()).map_err(|e| e.to_string()))?;
        Ok(bytes)
    }

    fn get<T>(
        &self,
        url: &str,
        allowance: &mut Allowance,
        take: impl FnOnce(&mut dyn Read) -> Result<T, String>,
    ) -> Result<T, FetchError> {
        let request = self.agent.get(url).config().timeout_global(Some(allowance.left())).build();
        taken(url, request.call(), allowance, take)
    }

    /// An object from the store, else from the first of the endpoints that has it.
    pub fn object(&self, cid: &Cid, endpoints: &[String], allowance: Allowance) -> Result<Vec<u8>, FetchError> {
        match self.store.get(cid) {
            Ok(bytes) => return Ok(bytes),
            Err(corpus::Error::Missing { .. } | corpus::Error::Corrupted { .. }) => {}
            Err(other) => return Err(other.into()),
        }
        let mut last = "nobody to ask".to_owned();
        for endpoint in endpoints {
            match self.bytes(&format!("{endpoint}/openledger/objects/{cid}"), allowance.for_one()) {
                Ok(bytes) if Cid::of(&bytes) == *cid => {
                    self.store.put(&bytes)?;
                    return Ok(bytes);
                }
                Ok(_) => last = format!("{endpoint} answered other bytes than the name says"),
                Err(error) => last = error.to_string(),
            }
        }
        Err(FetchError::NoObject { cid: *cid, asked: endpoints.len(), last })
    }

    /// The leaves of a lane before this place, as an oracle keeps them; not yet checked.
    pub fn leaves(&self, oracle: &str, lane: &Lane, count: u64) -> Result<Vec<Node>, FetchError> {
        let url = format!("{oracle}/openledger/leaves/{lane}?count={count}");
        let fail = |reason: String| FetchError::Http { url: url.clone(), reason };
        let bytes = self.bytes(&url, Allowance::of(count.saturating_mul(LEAF_BYTES as u64)))?;
        let leaves = bytes.chunks(LEAF_BYTES).map(|mut leaf| Node::decode(&mut leaf).map_err(|e| fail(e.to_string())));
        let leaves = leaves.collect::<Result<Vec<_>, _>>()?;
        match leaves.len() as u64 == count {
            true => Ok(leaves),
            false => Err(fail(format!("{} leaves where {count} are wanted", leaves.len()))),
        }
    }

    /// The account that an oracle says is its operator's.
    pub fn operator(&self, oracle: &str) -> Result<Account, FetchError> {
        let url = format!("{oracle}/openledger/operator");
        let mut account = [0; 32];
        hex::decode_to_slice(self.bytes(&url, Allowance::of(64))?, &mut account)
            .map_err(|e| FetchError::Http { url: url.clone(), reason: e.to_string() })?;
        Ok(account)
    }

    /// The leaves of the places `from..to` of a lane, by the receipts that its host publishes; not yet checked.
    pub fn published_leaves(&self, host: &str, lane: &Lane, from: u64, to: u64) -> Result<Vec<Node>, FetchError> {
        let until = Instant::now() + patience(0, to.saturating_sub(from));
        let mut leaves = Vec::new();
        let mut at = from;
        while at < to {
            let end = to.min(at.saturating_add(PAGE));
            let mut allowance = Allowance::by((end - at).saturating_mul(RECORD + EARLIER), until);
            let page = self.receipts(host, lane, at, end, &mut allowance)?;
            leaves.extend(page.iter().map(leaf_of));
            at = end;
        }
        Ok(leaves)
    }

    /// The places `from..to` of a lane, as its host publishes them, `None` for an unfilled one; not yet checked.
    pub fn receipts(
        &self,
        endpoint: &str,
        lane: &Lane,
        from: u64,
        to: u64,
        allowance: &mut Allowance,
    ) -> Result<Vec<Option<ReceiptRecord>>, FetchError> {
        let mut records = Vec::new();
        let mut at = from;
        while at < to {
            let end = to.min(at.saturating_add(PAGE));
            let url = format!("{endpoint}/openledger/receipts/{lane}?from={at}&to={end}");
            let page = self.get(&url, allowance, |reader| {
                let mut json = serde_json::Deserializer::from_reader(BufReader::new(reader));
                Page(end - at).deserialize(&mut json).map_err(|e| e.to_string())
            })?;
            records.extend(page);
            at = end;
        }
        Ok(records)
    }

    /// The text of a private answer, from its host or an oracle; not yet checked. What fails takes nothing of the allowance but time.
    pub fn private_text(
        &self,
        endpoint: &str,
        order: &FetchOrder,
        allowance: &mut Allowance,
    ) -> Result<PrivateText, FetchError> {
        let url = format!("{endpoint}/openledger/private");
        let mut one = allowance.for_one();
        let request = self.agent.post(&url).config().timeout_global(Some(one.left())).build();
        let text = taken(&url, request.send_json(order), &mut one, |reader| {
            serde_json::from_reader(BufReader::new(reader)).map_err(|e| e.to_string())
        })?;
        allowance.bytes = one.bytes;
        Ok(text)
    }

    /// The files behind a report, from the first oracle whose files have the report's digest.
    pub fn files(&self, oracles: &[String], report: &ReportBody) -> Result<ReportFiles, FetchError> {
        let (epoch, attempt) = (report.epoch, report.attempt);
        let sizes = [
            report.evidence.count.saturating_mul(MAX_EVIDENCE_BYTES as u64 + 4),
            report.credits.count.saturating_mul(CreditLeaf::BYTES as u64),
            report.payouts.count.saturating_mul(PayoutLeaf::BYTES as u64),
        ];
        let mut last = "nobody to ask".to_owned();
        for oracle in oracles {
            let get = |which: usize| {
                let url = format!("{oracle}/openledger/reports/{epoch}/{attempt}/{}", NAMES[which]);
                self.bytes(&url, Allowance::of(sizes[which].min(MAX_FILE)))
            };
            let files = get(0).and_then(|evidence| Ok(ReportFiles { evidence, credits: get(1)?, payouts: get(2)? }));
            match files {
                Ok(files) if files.digest() == report.files => return Ok(files),
                Ok(_) => last = format!("{oracle} has files with another digest"),
                Err(error) => last = error.to_string(),
            }
        }
        Err(FetchError::NoFiles { digest: hex::encode(report.files), asked: oracles.len(), last })
    }
}

/// The leaf of a place.
pub fn leaf_of(place: &Option<ReceiptRecord>) -> Node {
    let receipt = place.as_ref().map(|record| record.receipt);
    receipt.map_or_else(ReceiptLeaf::unfilled::<Blake2>, |r| r.leaf(r.hash::<Blake2>())).node::<Blake2>()
}

/// Takes an answer's body in, within the allowance.
fn taken<T>(
    url: &str,
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    allowance: &mut Allowance,
    take: impl FnOnce(&mut dyn Read) -> Result<T, String>,
) -> Result<T, FetchError> {
    let fail = |reason: String| FetchError::Http { url: url.to_owned(), reason: reason.chars().take(TOLD).collect() };
    let mut answer = answer.map_err(|e| fail(e.to_string()))?;
    let inner = answer.body_mut().with_config().limit(u64::MAX).reader();
    take(&mut Within { inner, left: &mut allowance.bytes }).map_err(fail)
}

#[cfg(test)]
#[path = "fetch_tests.rs"]
mod tests;
