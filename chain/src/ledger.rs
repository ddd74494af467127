//! The chain of signed envelopes, seen from outside: requests and answers, the same in this process and over HTTP.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use scale::{Decode, Encode};

use crate::{
    AccountId, BlockNumber, Chain, ChainCopy, ChainError, ContractEvent, DryRun, Gas, Keypair, Native, Receipt,
    embedded,
    envelope::{Call, Envelope},
};

/// A question to the chain, or an envelope for it.
#[derive(Debug, Encode, Decode)]
pub(crate) enum Request {
    /// Genesis id, last block, time.
    Head,
    /// The next nonce of an account.
    Nonce(AccountId),
    /// A transaction.
    Apply(Envelope),
    /// A call without effect.
    DryRun { origin: AccountId, contract: AccountId, input: Vec<u8>, value: Native },
    /// Events from a block on, at most [`EVENTS_A_PAGE`] and whatever else is in the last block.
    Events(BlockNumber),
    /// Free native coin.
    Balance(AccountId),
    /// A contract's code.
    CodeHash(AccountId),
    /// Moves the clock.
    Advance { by_ms: u64 },
    /// A call by anybody without a signature: on copies alone.
    CallAs { origin: AccountId, contract: AccountId, input: Vec<u8>, value: Native },
}

/// The answers, in the order of the requests.
#[derive(Debug, Encode, Decode)]
pub(crate) enum Response {
    Head { genesis: [u8; 32], number: BlockNumber, now: u64 },
    Nonce(u32),
    Applied(Applied),
    DryRun(DryRun),
    Events { events: Vec<ContractEvent>, next: Option<BlockNumber> },
    Balance(Native),
    CodeHash(Option<[u8; 32]>),
    Advanced,
}

/// What an envelope did.
#[derive(Debug, Clone, Encode, Decode)]
pub(crate) struct Applied {
    /// The receipt.
    pub receipt: Receipt,
    /// The new contract, after an instantiation.
    pub contract: Option<AccountId>,
    /// The code's hash, after an upload.
    pub code_hash: Option<[u8; 32]>,
}

/// Events in one answer, about.
pub(crate) const EVENTS_A_PAGE: usize = 4_096;

/// How often an envelope is signed anew because another process used its nonce.
const NONCE_ATTEMPTS: usize = 32;

/// One lock a key, so that threads which share a key don't race for its nonce.
#[derive(Default)]
pub(crate) struct KeyLocks(Mutex<HashMap<[u8; 32], Arc<Mutex<()>>>>);

impl KeyLocks {
    fn of(&self, key: &Keypair) -> Arc<Mutex<()>> {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(locks.entry(key.public()).or_default())
    }
}

/// Whatever answers requests: the embedded chain, or the client of one.
pub(crate) trait Ledger: Send + Sync {
    fn genesis_id(&self) -> [u8; 32];
    fn key_locks(&self) -> &KeyLocks;
    fn answer(&self, request: Request) -> Result<Response, ChainError>;
    /// Whether a transaction weighs here what it weighs on the chain that this is a copy of, if it is one.
    fn weighs_alike(&self) -> bool {
        true
    }
    /// A copy that goes its own way.
    fn copied(&self) -> Result<Arc<dyn ChainCopy>, ChainError>;
}

fn mismatch() -> ChainError {
    ChainError::Decode("the answer fits another question".into())
}

macro_rules! expect {
    ($ledger:expr, $request:expr, $pattern:pat => $value:expr) => {
        match $ledger.answer($request)? {
            $pattern => Ok($value),
            _ => Err(mismatch()),
        }
    };
}

/// Signs `call` with the key's next nonce and applies it.
fn apply<L: Ledger>(ledger: &L, key: &Keypair, call: Call) -> Result<Applied, ChainError> {
    let lock = ledger.key_locks().of(key);
    let _alone = lock.lock().unwrap_or_else(PoisonError::into_inner);
    for _ in 0..NONCE_ATTEMPTS {
        let nonce = expect!(ledger, Request::Nonce(key.account()), Response::Nonce(nonce) => nonce)?;
        let envelope = Envelope::sign(key, &ledger.genesis_id(), nonce, call.clone());
        match ledger.answer(Request::Apply(envelope)) {
            Ok(Response::Applied(applied)) => return Ok(applied),
            Ok(_) => return Err(mismatch()),
            Err(ChainError::StaleNonce { .. }) => continue,
            Err(error) => return Err(error),
        }
    }
    Err(ChainError::Input(format!(
        "other processes keep using the key of {}: give each process its own",
        key.address()
    )))
}

impl<L: Ledger> Chain for L {
    fn genesis(&self) -> [u8; 32] {
        self.genesis_id()
    }

    fn now(&self) -> Result<u64, ChainError> {
        expect!(self, Request::Head, Response::Head { now, .. } => now)
    }

    fn block_number(&self) -> Result<BlockNumber, ChainError> {
        expect!(self, Request::Head, Response::Head { number, .. } => number)
    }

    fn upload(&self, key: &Keypair, wasm: &[u8]) -> Result<([u8; 32], Receipt), ChainError> {
        let applied = apply(self, key, Call::Upload { code: wasm.to_vec() })?;
        let hash = applied.code_hash.ok_or_else(mismatch)?;
        Ok((hash, applied.receipt))
    }

    fn upload_and_instantiate(
        &self,
        key: &Keypair,
        wasm: &[u8],
        input: &[u8],
        salt: &[u8],
        value: Native,
    ) -> Result<(AccountId, Receipt), ChainError> {
        let call = Call::Instantiate { code: wasm.to_vec(), input: input.to_vec(), salt: salt.to_vec(), value };
        let applied = apply(self, key, call)?;
        let contract = applied.contract.ok_or_else(mismatch)?;
        Ok((contract, applied.receipt))
    }

    fn submit(&self, key: &Keypair, contract: AccountId, input: &[u8], value: Native) -> Result<Receipt, ChainError> {
        let call = Call::Message { contract, input: input.to_vec(), value };
        Ok(apply(self, key, call)?.receipt)
    }

    fn dry_run(
        &self,
        origin: AccountId,
        contract: AccountId,
        input: &[u8],
        value: Native,
    ) -> Result<DryRun, ChainError> {
        let request = Request::DryRun { origin, contract, input: input.to_vec(), value };
        expect!(self, request, Response::DryRun(outcome) => outcome)
    }

    fn advance(&self, by: Duration) -> Result<(), ChainError> {
        let by_ms = u64::try_from(by.as_millis())
            .map_err(|_| ChainError::Input("can't advance by more than 2^64 ms".into()))?;
        expect!(self, Request::Advance { by_ms }, Response::Advanced => ())
    }

    fn events(&self, from: BlockNumber) -> Result<Vec<ContractEvent>, ChainError> {
        let mut all = Vec::new();
        let mut page = Some(from);
        while let Some(from) = page {
            let request = Request::Events(from);
            let (events, next) = expect!(self, request, Response::Events { events, next } => (events, next))?;
            all.extend(events);
            page = next;
        }
        Ok(all)
    }

    fn transfer(&self, key: &Keypair, to: AccountId, value: Native) -> Result<Receipt, ChainError> {
        Ok(apply(self, key, Call::Transfer { to, value })?.receipt)
    }

    fn balance(&self, account: AccountId) -> Result<Native, ChainError> {
        expect!(self, Request::Balance(account), Response::Balance(free) => free)
    }

    fn code_hash(&self, contract: AccountId) -> Result<Option<[u8; 32]>, ChainError> {
        expect!(self, Request::CodeHash(contract), Response::CodeHash(hash) => hash)
    }

    fn fee(&self, contract: AccountId, input: &[u8], value: Native, gas: Gas) -> Result<Native, ChainError> {
        Ok(embedded::message_fee(contract, input, value, gas))
    }

    fn copy(&self) -> Result<Arc<dyn ChainCopy>, ChainError> {
        self.copied()
    }
}

impl<L: Ledger + 'static> ChainCopy for L {
    fn call_as(
        &self,
        origin: AccountId,
        contract: AccountId,
        input: &[u8],
        value: Native,
    ) -> Result<Receipt, ChainError> {
        let request = Request::CallAs { origin, contract, input: input.to_vec(), value };
        expect!(self, request, Response::Applied(applied) => applied.receipt)
    }

    fn weighs_alike(&self) -> bool {
        Ledger::weighs_alike(self)
    }

    fn as_chain(self: Arc<Self>) -> Arc<dyn Chain> {
        self
    }
}
