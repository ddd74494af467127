//! Puts the node's parts together: client, pool, RPC, instant seal, delayed finality.

use std::sync::Arc;

use contracts_node_runtime::{opaque::Block, RuntimeApi};
use sc_executor::WasmExecutor;
use sc_network::{config::FullNetworkConfiguration, NetworkBackend, NetworkWorker};
use sc_service::{error::Error, BuildNetworkParams, Configuration, SpawnTasksParams, TaskManager};

type Hash = <Block as sp_runtime::traits::Block>::Hash;
type Client = sc_service::TFullClient<Block, RuntimeApi, WasmExecutor<sp_io::SubstrateHostFunctions>>;
type Pool = sc_transaction_pool::FullPool<Block, Client>;
type RpcError = Box<dyn std::error::Error + Send + Sync>;

/// The nonce and fee calls that clients make beside the core RPC.
fn extensions(client: Arc<Client>, pool: Arc<Pool>) -> Result<jsonrpsee::RpcModule<()>, RpcError> {
    use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
    use substrate_frame_rpc_system::{System, SystemApiServer};

    let mut module = jsonrpsee::RpcModule::new(());
    module.merge(System::new(client.clone(), pool).into_rpc())?;
    module.merge(TransactionPayment::new(client).into_rpc())?;
    Ok(module)
}

/// Starts a node that seals a block for each transaction; `finalize_delay_sec` later it is final.
pub fn start(config: Configuration, finalize_delay_sec: u64) -> Result<TaskManager, Error> {
    let executor = sc_service::new_wasm_executor(&config.executor);
    let (client, backend, keystore, mut tasks) =
        sc_service::new_full_parts::<Block, RuntimeApi, _>(&config, None, executor)?;
    let client = Arc::new(client);
    let registry = config.prometheus_registry().cloned();
    let import_queue = sc_consensus_manual_seal::import_queue(
        Box::new(client.clone()),
        &tasks.spawn_essential_handle(),
        registry.as_ref(),
    );
    let pool = sc_transaction_pool::BasicPool::new_full(
        config.transaction_pool.clone(),
        config.role.is_authority().into(),
        registry.as_ref(),
        tasks.spawn_essential_handle(),
        client.clone(),
    );
    let (network, system_rpc_tx, tx_handler_controller, network_starter, sync_service) =
        sc_service::build_network(BuildNetworkParams {
            config: &config,
            client: client.clone(),
            transaction_pool: pool.clone(),
            spawn_handle: tasks.spawn_handle(),
            import_queue,
            net_config: FullNetworkConfiguration::<Block, Hash, NetworkWorker<Block, Hash>>::new(
                &config.network,
                registry.clone(),
            ),
            block_announce_validator_builder: None,
            warp_sync_config: None,
            block_relay: None,
            metrics: <NetworkWorker<Block, Hash> as NetworkBackend<Block, Hash>>::register_notification_metrics(
                registry.as_ref(),
            ),
        })?;

    let rpc_builder = {
        let (client, pool) = (client.clone(), pool.clone());
        Box::new(move |_| extensions(client.clone(), pool.clone()).map_err(Into::into))
    };
    sc_service::spawn_tasks(SpawnTasksParams {
        network,
        client: client.clone(),
        keystore: keystore.keystore(),
        task_manager: &mut tasks,
        transaction_pool: pool.clone(),
        rpc_builder,
        backend: backend.clone(),
        system_rpc_tx,
        tx_handler_controller,
        sync_service,
        config,
        telemetry: None,
    })?;

    let proposer = sc_basic_authorship::ProposerFactory::new(
        tasks.spawn_handle(),
        client.clone(),
        pool.clone(),
        registry.as_ref(),
        None,
    );
    let seal = sc_consensus_manual_seal::run_instant_seal(sc_consensus_manual_seal::InstantSealParams {
        block_import: client.clone(),
        env: proposer,
        client: client.clone(),
        pool,
        select_chain: sc_consensus::LongestChain::new(backend),
        consensus_data_provider: None,
        create_inherent_data_providers: |_, ()| async { Ok(sp_timestamp::InherentDataProvider::from_system_time()) },
    });
    tasks.spawn_essential_handle().spawn_blocking("instant-seal", None, seal);
    let finality = sc_consensus_manual_seal::run_delayed_finalize(sc_consensus_manual_seal::DelayedFinalizeParams {
        client,
        spawn_handle: tasks.spawn_handle(),
        delay_sec: finalize_delay_sec,
    });
    tasks.spawn_essential_handle().spawn_blocking("delayed-finality", None, finality);
    network_starter.start_network();
    Ok(tasks)
}
