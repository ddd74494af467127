//! A node with pallet-contracts, reached by its RPC. Knows no static metadata: what it sends is encoded by hand
//! against the pallets' names, so any runtime with these calls will do.

mod codec;
mod copy;
mod transaction;

use std::{
    collections::HashMap,
    future::Future,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use futures::{StreamExt, TryStreamExt, stream};
use scale::{Decode, Encode};
use subxt::{
    OnlineClient, SubstrateConfig,
    backend::{legacy::LegacyRpcMethods, rpc::RpcClient},
    utils::H256,
};

use crate::{
    AccountId, BlockNumber, Chain, ChainCopy, ChainError, ContractEvent, DryRun, Embedded, Gas, Keypair, Native,
    Receipt, account::account_bytes,
};

/// Blocks whose events are fetched at once.
const BLOCKS_AT_ONCE: usize = 16;

/// The chain behind a node's RPC.
///
/// On a development chain a transaction counts once it is in a block; elsewhere once that block is final. A connection that
/// was lost is made anew by the next request.
pub struct Rpc {
    /// Runs all requests; taken out only when dropped.
    runtime: Option<tokio::runtime::Runtime>,
    client: Mutex<Arc<Client>>,
    /// The connection is gone.
    lost: AtomicBool,
}

/// The connection.
struct Client {
    api: OnlineClient<SubstrateConfig>,
    rpc: RpcClient,
    methods: LegacyRpcMethods<SubstrateConfig>,
    genesis: [u8; 32],
    url: String,
    /// A development chain seals a block only for a transaction.
    seals_on_demand: bool,
    /// One lock a key, held from asking for a nonce until the pool has the transaction.
    key_locks: Mutex<HashMap<[u8; 32], Arc<tokio::sync::Mutex<()>>>>,
}

impl Rpc {
    /// Connects to the node at `ws://…`.
    ///
    /// # Errors
    /// [`ChainError::Unreachable`] if none answers there; [`ChainError::Node`] if it has no pallet-contracts.
    pub fn connect(url: &str) -> Result<Self, ChainError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("chain-rpc")
            .enable_all()
            .build()
            .map_err(|cause| ChainError::Io(format!("can't start the RPC thread: {cause}")))?;
        let client = run(runtime.handle(), Client::connect(url.to_owned()))?;
        Ok(Rpc { runtime: Some(runtime), client: Mutex::new(Arc::new(client)), lost: AtomicBool::new(false) })
    }

    /// Runs a request and waits for it, from async code too.
    fn wait<T, F>(&self, request: impl FnOnce(Arc<Client>) -> F) -> Result<T, ChainError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, ChainError>> + Send + 'static,
    {
        let Some(runtime) = &self.runtime else {
            return Err(closed());
        };
        let runtime = runtime.handle();
        let client = self.client(runtime)?;
        let outcome = run(runtime, request(Arc::clone(&client)));
        match outcome {
            Err(ChainError::Node(reason)) if connection_lost(&reason) => {
                self.lost.store(true, Ordering::Relaxed);
                Err(ChainError::Unreachable { url: client.url.clone(), reason })
            }
            outcome => outcome,
        }
    }

    /// The connection, a new one to the same chain if the last was lost.
    fn client(&self, runtime: &tokio::runtime::Handle) -> Result<Arc<Client>, ChainError> {
        let mut client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if self.lost.load(Ordering::Relaxed) {
            let fresh = run(runtime, Client::connect(client.url.clone()))?;
            if fresh.genesis != client.genesis {
                return Err(ChainError::OtherChain {
                    what: format!("the node at {}", client.url),
                    theirs: fresh.genesis,
                    ours: client.genesis,
                });
            }
            *client = Arc::new(fresh);
            self.lost.store(false, Ordering::Relaxed);
        }
        Ok(Arc::clone(&client))
    }

    fn current(&self) -> Arc<Client> {
        Arc::clone(&self.client.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Rpc {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A plain drop would wait, which async code must not.
            runtime.shutdown_background();
        }
    }
}

fn run<T: Send + 'static>(
    runtime: &tokio::runtime::Handle,
    work: impl Future<Output = Result<T, ChainError>> + Send + 'static,
) -> Result<T, ChainError> {
    let (sender, receiver) = mpsc::sync_channel(1);
    runtime.spawn(async move {
        let _nobody_waits_any_more = sender.send(work.await);
    });
    receiver.recv().unwrap_or_else(|_| Err(ChainError::Io("the request to the node panicked".into())))
}

fn closed() -> ChainError {
    ChainError::Io("the connection is closed".into())
}

/// Whether the node's answer says that there is no connection any more.
fn connection_lost(reason: &str) -> bool {
    ["estart required", "background task", "onnection closed", "onnection reset", "ubscription dropped"]
        .iter()
        .any(|sign| reason.contains(sign))
}

/// The machine's clock, ms since 1970.
fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn node(error: impl Into<subxt::Error>) -> ChainError {
    ChainError::Node(error.into().to_string())
}

impl Client {
    async fn connect(url: String) -> Result<Self, ChainError> {
        let unreachable = |reason: String| ChainError::Unreachable { url: url.clone(), reason };
        let rpc = RpcClient::from_insecure_url(&url).await.map_err(|cause| unreachable(cause.to_string()))?;
        let methods = LegacyRpcMethods::new(rpc.clone());
        let api = OnlineClient::<SubstrateConfig>::from_rpc_client(rpc.clone())
            .await
            .map_err(|cause| unreachable(cause.to_string()))?;
        if api.metadata().pallet_by_name("Contracts").is_none() {
            return Err(ChainError::Node("it has no pallet-contracts".into()));
        }
        let seals_on_demand = methods.system_chain().await.map_err(node)? == "Development";
        let genesis = api.genesis_hash().0;
        Ok(Client { api, rpc, methods, genesis, url, seals_on_demand, key_locks: Mutex::default() })
    }

    fn key_lock(&self, key: &Keypair) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.key_locks.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(locks.entry(key.public()).or_default())
    }

    /// A storage value at the best block.
    async fn storage<T: Decode>(&self, key: Vec<u8>) -> Result<Option<T>, ChainError> {
        let found = self.methods.state_get_storage(&key, None).await.map_err(node)?;
        found
            .map(|bytes| T::decode(&mut bytes.as_slice()))
            .transpose()
            .map_err(|cause| ChainError::Decode(format!("storage: {cause}")))
    }

    async fn now(&self) -> Result<u64, ChainError> {
        let now = self.storage(codec::storage_key("Timestamp", "Now", &[])).await?;
        Ok(now.unwrap_or(0))
    }

    async fn block_number(&self) -> Result<BlockNumber, ChainError> {
        let header = self.methods.chain_get_header(None).await.map_err(node)?;
        Ok(header.map_or(0, |header| header.number))
    }

    /// The last block that can't be undone.
    async fn final_block(&self) -> Result<BlockNumber, ChainError> {
        let hash = self.methods.chain_get_finalized_head().await.map_err(node)?;
        let header = self.methods.chain_get_header(Some(hash)).await.map_err(node)?;
        Ok(header.map_or(0, |header| header.number))
    }

    async fn block_hash(&self, number: BlockNumber) -> Result<H256, ChainError> {
        let hash = self.methods.chain_get_block_hash(Some(number.into())).await.map_err(node)?;
        hash.ok_or_else(|| ChainError::Node(format!("it has no block {number}")))
    }

    async fn dry_run(
        &self,
        origin: [u8; 32],
        contract: [u8; 32],
        input: &[u8],
        value: Native,
    ) -> Result<DryRun, ChainError> {
        let no_limits: (Option<codec::Weight>, Option<Native>) = (None, None);
        let arguments = (origin, contract, value, no_limits, input).encode();
        let answer = self.methods.state_call("ContractsApi_call", Some(&arguments), None).await.map_err(node)?;
        codec::contract_result(&answer, &self.api.metadata()).map(|(outcome, _)| outcome)
    }

    /// What contracts emitted in a block.
    async fn events_in(&self, number: BlockNumber) -> Result<Vec<ContractEvent>, ChainError> {
        let hash = self.block_hash(number).await?;
        let events = self.api.events().at(hash).await.map_err(|cause| {
            ChainError::Node(format!(
                "the events of block {number}: {cause} (a node must run with --state-pruning archive)"
            ))
        })?;
        let mut emitted = Vec::new();
        for event in events.iter() {
            let event = event.map_err(node)?;
            emitted.extend(codec::contract_emitted(number, &event)?);
        }
        Ok(emitted)
    }

    async fn events(self: Arc<Self>, from: BlockNumber) -> Result<Vec<ContractEvent>, ChainError> {
        let last = if self.seals_on_demand { self.block_number().await? } else { self.final_block().await? };
        self.events_through(from, last).await
    }

    /// What contracts emitted from one block to another.
    async fn events_through(
        self: Arc<Self>,
        from: BlockNumber,
        last: BlockNumber,
    ) -> Result<Vec<ContractEvent>, ChainError> {
        // Block 0 has no transactions.
        let blocks = from.max(1)..=last;
        let per_block: Vec<_> = stream::iter(blocks)
            .map(|number| {
                let client = Arc::clone(&self);
                async move { client.events_in(number).await }
            })
            .buffered(BLOCKS_AT_ONCE)
            .try_collect()
            .await?;
        Ok(per_block.into_iter().flatten().collect())
    }

    /// Waits until the chain's time is `by` later; a development node needs a transaction to notice.
    async fn advance(&self, by: Duration) -> Result<(), ChainError> {
        let by = u64::try_from(by.as_millis())
            .map_err(|_| ChainError::Input("can't advance by more than 2^64 ms".into()))?;
        let target = self.now().await?.saturating_add(by);
        loop {
            let wait = target.saturating_sub(unix_ms()).clamp(1, u64::MAX);
            tokio::time::sleep(Duration::from_millis(wait)).await;
            if self.seals_on_demand {
                let key = Keypair::from_uri("//Alice")?;
                self.transact(&key, "System", "remark", Vec::<u8>::new().encode()).await?;
            } else {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            if self.now().await? >= target {
                return Ok(());
            }
        }
    }
}

impl std::fmt::Debug for Rpc {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Rpc({})", self.current().url)
    }
}

impl Chain for Rpc {
    fn genesis(&self) -> [u8; 32] {
        self.current().genesis
    }

    fn now(&self) -> Result<u64, ChainError> {
        self.wait(|client| async move { client.now().await })
    }

    fn block_number(&self) -> Result<BlockNumber, ChainError> {
        self.wait(|client| async move { client.block_number().await })
    }

    fn upload(&self, key: &Keypair, wasm: &[u8]) -> Result<([u8; 32], Receipt), ChainError> {
        let (key, wasm) = (key.clone(), wasm.to_vec());
        self.wait(|client| async move { client.upload(&key, &wasm).await })
    }

    fn upload_and_instantiate(
        &self,
        key: &Keypair,
        wasm: &[u8],
        input: &[u8],
        salt: &[u8],
        value: Native,
    ) -> Result<(AccountId, Receipt), ChainError> {
        let (key, wasm) = (key.clone(), wasm.to_vec());
        let (input, salt) = (input.to_vec(), salt.to_vec());
        self.wait(|client| async move { client.instantiate(&key, &wasm, &input, &salt, value).await })
    }

    fn submit(&self, key: &Keypair, contract: AccountId, input: &[u8], value: Native) -> Result<Receipt, ChainError> {
        let (key, contract, input) = (key.clone(), account_bytes(&contract), input.to_vec());
        self.wait(|client| async move { client.call(&key, contract, &input, value).await })
    }

    fn dry_run(
        &self,
        origin: AccountId,
        contract: AccountId,
        input: &[u8],
        value: Native,
    ) -> Result<DryRun, ChainError> {
        let (origin, contract) = (account_bytes(&origin), account_bytes(&contract));
        let input = input.to_vec();
        self.wait(|client| async move { client.dry_run(origin, contract, &input, value).await })
    }

    fn advance(&self, by: Duration) -> Result<(), ChainError> {
        self.wait(|client| async move { client.advance(by).await })
    }

    fn events(&self, from: BlockNumber) -> Result<Vec<ContractEvent>, ChainError> {
        self.wait(|client| client.events(from))
    }

    fn transfer(&self, key: &Keypair, to: AccountId, value: Native) -> Result<Receipt, ChainError> {
        let (key, to) = (key.clone(), account_bytes(&to));
        self.wait(|client| async move {
            let arguments = (codec::address(to), scale::Compact(value)).encode();
            client.transact(&key, "Balances", "transfer_keep_alive", arguments).await
        })
    }

    fn balance(&self, account: AccountId) -> Result<Native, ChainError> {
        let key = codec::storage_key("System", "Account", &codec::blake2_128_concat(&account_bytes(&account)));
        self.wait(|client| async move {
            // nonce, consumers, providers, sufficients, then free.
            let info = client.storage::<(u32, u32, u32, u32, Native)>(key).await?;
            Ok(info.map_or(0, |(_, _, _, _, free)| free))
        })
    }

    fn code_hash(&self, contract: AccountId) -> Result<Option<[u8; 32]>, ChainError> {
        let key = codec::storage_key("Contracts", "ContractInfoOf", &codec::twox_64_concat(&account_bytes(&contract)));
        self.wait(|client| async move {
            // trie id, then the code's hash.
            let info = client.storage::<(Vec<u8>, [u8; 32])>(key).await?;
            Ok(info.map(|(_, hash)| hash))
        })
    }

    fn fee(&self, contract: AccountId, input: &[u8], value: Native, gas: Gas) -> Result<Native, ChainError> {
        let (contract, input) = (account_bytes(&contract), input.to_vec());
        self.wait(|client| async move { client.fee(contract, &input, value, gas).await })
    }

    fn copy(&self) -> Result<Arc<dyn ChainCopy>, ChainError> {
        let Some(runtime) = &self.runtime else { return Err(closed()) };
        let runtime = runtime.handle().clone();
        let loan = self.wait(|client| client.lend(runtime))?;
        Ok(Arc::new(Embedded::over(loan)))
    }
}
