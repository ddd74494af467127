//! The client: signs here, sends there.

use std::{sync::Arc, time::Duration};

use scale::{DecodeAll, Encode};

use super::{CONTENT_TYPE, COPIES_PATH, MAX_ANSWER, PATH};
use crate::{
    ChainCopy, ChainError,
    ledger::{KeyLocks, Ledger, Request, Response},
};

/// How long an answer may take; a call takes milliseconds.
const TIMEOUT: Duration = Duration::from_secs(60);

/// An embedded chain in another process.
pub struct Remote {
    agent: ureq::Agent,
    url: String,
    /// Where requests go there.
    path: String,
    genesis: [u8; 32],
    locks: KeyLocks,
}

impl Remote {
    /// Connects to the chain served at `http://127.0.0.1:PORT`.
    ///
    /// # Errors
    /// [`ChainError::Unreachable`] if no chain is served there.
    pub fn connect(url: &str) -> Result<Self, ChainError> {
        let agent = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).proxy(None).build().new_agent();
        let url = url.trim_end_matches('/').to_owned();
        let mut remote = Remote { agent, url, path: PATH.to_owned(), genesis: [0; 32], locks: KeyLocks::default() };
        match remote.answer(Request::Head)? {
            Response::Head { genesis, .. } => remote.genesis = genesis,
            _ => return Err(remote.unreachable("what answers there is no chain")),
        }
        Ok(remote)
    }

    fn post(&self, body: &[u8]) -> Result<Response, ChainError> {
        self.post_to(&self.path, body)
    }

    fn post_to<T: scale::Decode>(&self, path: &str, body: &[u8]) -> Result<T, ChainError> {
        let mut answer = self
            .agent
            .post(format!("{}{path}", self.url))
            .header("content-type", CONTENT_TYPE)
            .send(body)
            .map_err(|cause| self.unreachable(cause))?;
        let bytes =
            answer.body_mut().with_config().limit(MAX_ANSWER).read_to_vec().map_err(|cause| self.unreachable(cause))?;
        Result::<T, ChainError>::decode_all(&mut bytes.as_slice())
            .map_err(|cause| self.unreachable(format!("what answers there is no chain: {cause}")))?
    }

    fn unreachable(&self, reason: impl ToString) -> ChainError {
        ChainError::Unreachable { url: self.url.clone(), reason: reason.to_string() }
    }
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Remote({})", self.url)
    }
}

impl Ledger for Remote {
    fn genesis_id(&self) -> [u8; 32] {
        self.genesis
    }

    fn key_locks(&self) -> &KeyLocks {
        &self.locks
    }

    fn answer(&self, request: Request) -> Result<Response, ChainError> {
        let body = request.encode();
        match self.post(&body) {
            // A connection kept from before may be dead. Questions can be asked again; an envelope could have been
            // applied, so that is for the caller to find out.
            Err(ChainError::Unreachable { .. })
                if !matches!(request, Request::Apply(_) | Request::Advance { .. } | Request::CallAs { .. }) =>
            {
                self.post(&body)
            }
            outcome => outcome,
        }
    }

    fn copied(&self) -> Result<Arc<dyn ChainCopy>, ChainError> {
        let number: u64 = self.post_to(COPIES_PATH, &[])?;
        Ok(Arc::new(RemoteCopy(Remote {
            agent: self.agent.clone(),
            url: self.url.clone(),
            path: format!("{COPIES_PATH}/{number}"),
            genesis: self.genesis,
            locks: KeyLocks::default(),
        })))
    }
}

/// A copy that the other process holds until this is dropped.
struct RemoteCopy(Remote);

impl Drop for RemoteCopy {
    fn drop(&mut self) {
        // If it can't be told, it drops the copy when it needs the place.
        let _unheard = self.0.post_to::<()>(&format!("{}/drop", self.0.path), &[]);
    }
}

impl Ledger for RemoteCopy {
    fn genesis_id(&self) -> [u8; 32] {
        self.0.genesis
    }

    fn key_locks(&self) -> &KeyLocks {
        &self.0.locks
    }

    fn answer(&self, request: Request) -> Result<Response, ChainError> {
        self.0.answer(request)
    }

    fn copied(&self) -> Result<Arc<dyn ChainCopy>, ChainError> {
        Err(ChainError::NoCopy)
    }
}
