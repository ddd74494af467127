//! Getting bytes from hosts and oracles over HTTP, each checked by its name or its hash.

use std::sync::Arc;
use std::time::Duration;

use corpus::{Cid, Store};

use crate::files::{NAMES, ReportFiles};
use crate::published::{FetchOrder, Lane, PAGE, PrivateText, ReceiptRecord};

/// The most that one answer may hold: a contribution (16 MiB), an adapter or a file of sketches.
const MAX_BODY: u64 = 512 << 20;

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
            .timeout_global(Some(Duration::from_secs(120)))
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

    /// The bytes at a URL.
    pub fn bytes(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        let fail = |reason: String| FetchError::Http { url: url.to_owned(), reason };
        let mut answer = self.agent.get(url).call().map_err(|e| fail(e.to_string()))?;
        answer.body_mut().with_config().limit(MAX_BODY).read_to_vec().map_err(|e| fail(e.to_string()))
    }

    /// An object from the store, else from the first of the endpoints that has it.
    pub fn object(&self, cid: &Cid, endpoints: &[String]) -> Result<Vec<u8>, FetchError> {
        match self.store.get(cid) {
            Ok(bytes) => return Ok(bytes),
            Err(corpus::Error::Missing { .. } | corpus::Error::Corrupted { .. }) => {}
            Err(other) => return Err(other.into()),
        }
        let mut last = "nobody to ask".to_owned();
        for endpoint in endpoints {
            match self.bytes(&format!("{endpoint}/openledger/objects/{cid}")) {
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

    /// The places `from..to` of a lane, as its host publishes them, `None` for an unfilled one; not yet checked.
    pub fn receipts(
        &self,
        endpoint: &str,
        lane: &Lane,
        from: u64,
        to: u64,
    ) -> Result<Vec<Option<ReceiptRecord>>, FetchError> {
        let mut records = Vec::new();
        let mut at = from;
        while at < to {
            let end = to.min(at + PAGE);
            let url = format!("{endpoint}/openledger/receipts/{lane}?from={at}&to={end}");
            let fail = |reason: String| FetchError::Http { url: url.clone(), reason };
            let page: Vec<Option<ReceiptRecord>> =
                serde_json::from_slice(&self.bytes(&url)?).map_err(|e| fail(e.to_string()))?;
            if page.len() as u64 != end - at {
                return Err(fail(format!("{} places where {} are wanted", page.len(), end - at)));
            }
            records.extend(page);
            at = end;
        }
        Ok(records)
    }

    /// The text of a private answer, from its host; not yet checked.
    pub fn private_text(&self, endpoint: &str, order: &FetchOrder) -> Result<PrivateText, FetchError> {
        let url = format!("{endpoint}/openledger/private");
        let fail = |reason: String| FetchError::Http { url: url.clone(), reason };
        let mut answer = self.agent.post(&url).send_json(order).map_err(|e| fail(e.to_string()))?;
        let bytes = answer.body_mut().with_config().limit(MAX_BODY).read_to_vec().map_err(|e| fail(e.to_string()))?;
        serde_json::from_slice(&bytes).map_err(|e| fail(e.to_string()))
    }

    /// The files behind a report, from the first oracle whose files have the report's digest.
    pub fn files(
        &self,
        oracles: &[String],
        epoch: u32,
        attempt: u32,
        digest: &[u8; 32],
    ) -> Result<ReportFiles, FetchError> {
        let mut last = "nobody to ask".to_owned();
        for oracle in oracles {
            let get = |name: &str| self.bytes(&format!("{oracle}/openledger/reports/{epoch}/{attempt}/{name}"));
            let files = get(NAMES[0])
                .and_then(|evidence| Ok(ReportFiles { evidence, credits: get(NAMES[1])?, payouts: get(NAMES[2])? }));
            match files {
                Ok(files) if files.digest() == *digest => return Ok(files),
                Ok(_) => last = format!("{oracle} has files with another digest"),
                Err(error) => last = error.to_string(),
            }
        }
        Err(FetchError::NoFiles { digest: hex::encode(digest), asked: oracles.len(), last })
    }
}
