//! The service: database, pool, network, consensus.

use crate::{
	eth::{Limits, SubscriptionIds},
	keys::DevelopmentKeys,
	rpc,
	sealing::{Author, Clock, Demand, Sealing},
};
use futures::{FutureExt, StreamExt};
use openledger_influence_math::host::{Engine, EngineExt};
use polkadot_sdk::*;
use runtime::{Hash, OpaqueBlock as Block, RuntimeApi};
use sc_chain_spec::ChainType;
use sc_client_api::Backend as _;
use sc_consensus_grandpa::{GrandpaBlockImport, GrandpaPruningFilter, LinkHalf, SharedVoterState};
use sc_executor::{HeapAllocStrategy, WasmExecutor, DEFAULT_HEAP_ALLOC_STRATEGY};
use sc_network::{Event, NetworkBackend, NetworkEventStream};
use sc_service::{
	config::{Configuration, ExecutorConfiguration},
	error::Error,
	TaskManager, WarpSyncConfig,
};
use sc_telemetry::{Telemetry, TelemetryWorker};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_consensus_babe::inherents::BabeCreateInherentDataProviders;
use std::{path::Path, sync::Arc, time::Duration};

/// Blocks between two stored justifications.
const JUSTIFICATION_PERIOD: u32 = 512;

/// What the runtime may call: the SDK's functions and the engine behind the off-chain worker.
pub type HostFunctions =
	(sp_io::SubstrateHostFunctions, openledger_influence_math::host::HostFunctions);
pub type FullClient = sc_service::TFullClient<Block, RuntimeApi, WasmExecutor<HostFunctions>>;
pub type FullBackend = sc_service::TFullBackend<Block>;
pub type FullPool = sc_transaction_pool::TransactionPoolHandle<Block, FullClient>;
pub type SelectChain = sc_consensus::LongestChain<FullBackend, Block>;
pub type Grandpa = GrandpaBlockImport<FullBackend, Block, FullClient, SelectChain>;
pub type BabeImport = sc_consensus_babe::BabeBlockImport<
	Block,
	FullClient,
	Grandpa,
	BabeCreateInherentDataProviders<Block>,
	SelectChain,
>;

/// What the full node takes over from the partial one.
pub struct Consensus {
	block_import: BabeImport,
	grandpa_link: LinkHalf<Block, FullClient, SelectChain>,
	babe_link: sc_consensus_babe::BabeLink<Block>,
	rpc: rpc::Deps,
	clock: Arc<Clock>,
	telemetry: Option<Telemetry>,
}

type Partial = sc_service::PartialComponents<
	FullClient,
	FullBackend,
	SelectChain,
	sc_consensus::DefaultImportQueue<Block>,
	FullPool,
	Consensus,
>;

/// What runs runtimes. With a `cache` each is compiled once, and kept there for the next start.
fn executor(
	config: &ExecutorConfiguration,
	cache: Option<&Path>,
) -> Result<WasmExecutor<HostFunctions>, Error> {
	let Some(cache) = cache else { return Ok(sc_service::new_wasm_executor(config)) };
	// The same as that one, which knows of no cache.
	let pages = config.default_heap_pages.map_or(DEFAULT_HEAP_ALLOC_STRATEGY, |pages| {
		HeapAllocStrategy::Static { extra_pages: pages as u32 }
	});
	Ok(WasmExecutor::<HostFunctions>::builder()
		.with_execution_method(config.wasm_method)
		.with_onchain_heap_alloc_strategy(pages)
		.with_offchain_heap_alloc_strategy(pages)
		.with_max_runtime_instances(config.max_runtime_instances)
		.with_runtime_cache_size(config.runtime_cache_size)
		.with_cache_path(std::path::absolute(cache)?)
		.build())
}

/// What both a full node and a check of blocks need. The compiled runtime is kept in
/// `runtime_cache`.
pub fn partial(config: &Configuration, runtime_cache: Option<&Path>) -> Result<Partial, Error> {
	let telemetry = config
		.telemetry_endpoints
		.clone()
		.filter(|endpoints| !endpoints.is_empty())
		.map(|endpoints| -> Result<_, sc_telemetry::Error> {
			let worker = TelemetryWorker::new(16)?;
			let telemetry = worker.handle().new_telemetry(endpoints);
			Ok((worker, telemetry))
		})
		.transpose()?;
	let executor = executor(&config.executor, runtime_cache)?;
	let (client, backend, keystore_container, task_manager) =
		sc_service::new_full_parts::<Block, RuntimeApi, _>(
			config,
			telemetry.as_ref().map(|(_, telemetry)| telemetry.handle()),
			executor,
			vec![Arc::new(GrandpaPruningFilter)],
		)?;
	let client = Arc::new(client);
	let telemetry = telemetry.map(|(worker, telemetry)| {
		task_manager.spawn_handle().spawn("telemetry", None, worker.run());
		telemetry
	});
	let handle = || telemetry.as_ref().map(|telemetry| telemetry.handle());

	let select_chain = SelectChain::new(backend.clone());
	let transaction_pool = Arc::from(
		sc_transaction_pool::Builder::new(
			task_manager.spawn_essential_handle(),
			client.clone(),
			config.role.is_authority().into(),
		)
		.with_options(config.transaction_pool.clone())
		.with_prometheus(config.prometheus_registry())
		.build(),
	);

	let (grandpa, grandpa_link) = sc_consensus_grandpa::block_import(
		client.clone(),
		JUSTIFICATION_PERIOD,
		&client,
		select_chain.clone(),
		handle(),
	)?;
	let babe_config = sc_consensus_babe::configuration(&*client)?;
	let slot_duration = babe_config.slot_duration();
	let clock = Arc::new(Clock::new(slot_duration.as_millis()));
	let inherents = on_clock(clock.clone(), slot_duration);
	let (block_import, babe_link) = sc_consensus_babe::block_import(
		babe_config,
		grandpa.clone(),
		client.clone(),
		inherents,
		select_chain.clone(),
		OffchainTransactionPoolFactory::new(transaction_pool.clone()),
	)?;
	let (import_queue, babe) =
		sc_consensus_babe::import_queue(sc_consensus_babe::ImportQueueParams {
			link: babe_link.clone(),
			block_import: block_import.clone(),
			justification_import: Some(Box::new(grandpa)),
			client: client.clone(),
			slot_duration,
			spawner: &task_manager.spawn_essential_handle(),
			registry: config.prometheus_registry(),
			telemetry: handle(),
		})?;

	let authority_set = grandpa_link.shared_authority_set().clone();
	let rpc = rpc::Deps {
		client: client.clone(),
		pool: Arc::clone(&transaction_pool),
		select_chain: select_chain.clone(),
		keystore: keystore_container.keystore(),
		babe,
		voter_state: SharedVoterState::empty(),
		authority_set: authority_set.clone(),
		justifications: grandpa_link.justification_stream(),
		finality: sc_consensus_grandpa::FinalityProofProvider::new_for_service(
			backend.clone(),
			Some(authority_set),
		),
		demand: None,
	};
	Ok(Partial {
		client,
		backend,
		task_manager,
		keystore_container,
		select_chain,
		import_queue,
		transaction_pool,
		other: Consensus { block_import, grandpa_link, babe_link, rpc, clock, telemetry },
	})
}

/// What a block at a time, in milliseconds since 1970, has in it from outside.
pub fn inherents(
	now: u64,
	slot_duration: sp_consensus_babe::SlotDuration,
) -> (sp_consensus_babe::inherents::InherentDataProvider, sp_timestamp::InherentDataProvider) {
	let timestamp = sp_timestamp::InherentDataProvider::new(now.into());
	let slot = sp_consensus_babe::inherents::InherentDataProvider::from_timestamp_and_slot_duration(
		*timestamp,
		slot_duration,
	);
	(slot, timestamp)
}

/// What a block has in it from outside, if it is made or arrives now.
fn on_clock(
	clock: Arc<Clock>,
	slot_duration: sp_consensus_babe::SlotDuration,
) -> BabeCreateInherentDataProviders<Block> {
	Arc::new(move |_, ()| {
		let now = clock.now();
		async move { Ok(inherents(now, slot_duration)) }
	})
}

/// The keys that the node signs with for Ethereum's tools: those that everybody has, on a chain on
/// which people try things, and none elsewhere.
fn eth_keys(chain: &ChainType) -> Result<Arc<dyn openledger_eth_rpc::Keys>, Error> {
	Ok(match chain {
		ChainType::Development | ChainType::Local => {
			Arc::new(DevelopmentKeys::derive().map_err(Error::Other)?)
		},
		ChainType::Live | ChainType::Custom(_) => Arc::new(openledger_eth_rpc::NoKeys),
	})
}

/// Fails if blocks are to be made on demand on a chain that is not for development.
fn refuse_sealing(chain: &dyn sc_chain_spec::ChainSpec) -> Result<(), Error> {
	match chain.chain_type() {
		ChainType::Development => Ok(()),
		other => Err(Error::Other(format!(
			"--sealing makes blocks without the other validators, so it is for development chains: \
			 {:?} is of the type {other:?}; start with --dev, or leave --sealing out",
			chain.name()
		))),
	}
}

/// What talks to the peers. The other back end of the SDK is not compiled in.
type Network = sc_network::Litep2pNetworkBackend;

/// The engine behind the off-chain worker, scoring in a child process of this program.
fn engine(
	client: Arc<FullClient>,
	keystore: sp_keystore::KeystorePtr,
	blobs: &std::path::Path,
) -> Result<Arc<dyn Engine>, Error> {
	use sp_blockchain::HeaderBackend;
	// Before anything is promised to the chain: can this machine score at all?
	openledger_onnx::Runtime::check().map_err(|error| Error::Other(error.to_string()))?;
	let store =
		openledger_blobs::Store::open(blobs).map_err(|error| Error::Other(error.to_string()))?;
	let arguments = vec!["engine".into(), blobs.to_string_lossy().into_owned()];
	let options = openledger_worker::Options {
		store,
		keystore,
		key_type: pallet_attribution::KEY_TYPE,
		child: (std::env::current_exe()?, arguments),
		finalized: Arc::new(move || client.info().finalized_number),
	};
	Ok(openledger_worker::Parent::start(options)?)
}

/// A full node. `scorer` is where its engine keeps blobs; without it the off-chain worker's host
/// function says that no engine is here. With `sealing` it makes blocks on demand. `ethereum` bounds
/// what the Ethereum RPC does for one client. The compiled runtime is kept in `runtime_cache`.
pub fn full(
	mut config: Configuration,
	scorer: Option<std::path::PathBuf>,
	sealing: Option<Sealing>,
	ethereum: Limits,
	runtime_cache: Option<&Path>,
) -> Result<TaskManager, Error> {
	if sealing.is_some() {
		refuse_sealing(&*config.chain_spec)?;
	}
	config.rpc.id_provider = Some(Box::new(SubscriptionIds));
	let Partial {
		client,
		backend,
		mut task_manager,
		keystore_container,
		select_chain,
		import_queue,
		transaction_pool,
		other: Consensus { block_import, grandpa_link, babe_link, mut rpc, clock, mut telemetry },
	} = partial(&config, runtime_cache)?;

	let role = config.role;
	let keystore = keystore_container.keystore();
	let registry = config.prometheus_registry().cloned();
	let force_authoring = config.force_authoring;
	let disable_grandpa = config.disable_grandpa;
	let node_name = config.network.node_name.clone();
	let public_addresses = config.network.public_addresses.clone();
	let publish_non_global_ips = config.network.allow_non_globals_in_dht;
	let cache = config.network.net_config_path.clone();
	let genesis = client.chain_info().genesis_hash;

	let metrics = <Network as NetworkBackend<Block, Hash>>::register_notification_metrics(
		config.prometheus_config.as_ref().map(|config| &config.registry),
	);
	let mut net_config = sc_network::config::FullNetworkConfiguration::<Block, Hash, Network>::new(
		&config.network,
		registry.clone(),
	);
	let grandpa_protocol =
		sc_consensus_grandpa::protocol_standard_name(&genesis, &config.chain_spec);
	let (grandpa_config, grandpa_notifications) =
		sc_consensus_grandpa::grandpa_peers_set_config::<Block, Network>(
			grandpa_protocol.clone(),
			metrics.clone(),
			net_config.peer_store_handle(),
		);
	net_config.add_notification_protocol(grandpa_config);
	let warp_sync = Arc::new(sc_consensus_grandpa::warp_proof::NetworkProvider::new(
		backend.clone(),
		grandpa_link.shared_authority_set().clone(),
		Vec::new(),
	));

	let (network, system_rpc_tx, tx_handler_controller, sync_service, _bitswap) =
		sc_service::build_network(sc_service::BuildNetworkParams {
			config: &config,
			net_config,
			client: client.clone(),
			transaction_pool: transaction_pool.clone(),
			spawn_handle: task_manager.spawn_handle(),
			spawn_essential_handle: task_manager.spawn_essential_handle(),
			import_queue,
			block_announce_validator_builder: None,
			warp_sync_config: Some(WarpSyncConfig::WithProvider(warp_sync)),
			block_relay: None,
			metrics,
			gap_sync_body_policy: None,
		})?;

	let engine = scorer
		.map(|blobs| engine(client.clone(), keystore.clone(), &blobs))
		.transpose()?;
	if config.offchain_worker.enabled {
		let workers = sc_offchain::OffchainWorkers::new(sc_offchain::OffchainWorkerOptions {
			runtime_api_provider: client.clone(),
			keystore: Some(keystore.clone()),
			offchain_db: backend.offchain_storage(),
			transaction_pool: Some(OffchainTransactionPoolFactory::new(transaction_pool.clone())),
			network_provider: Arc::new(network.clone()),
			is_validator: role.is_authority(),
			enable_http_requests: false,
			// Only here: blocks are executed without an engine.
			custom_extensions: move |_| {
				engine
					.iter()
					.map(|engine| Box::new(EngineExt(engine.clone())) as Box<_>)
					.collect()
			},
		})?;
		task_manager.spawn_handle().spawn(
			"offchain-workers",
			"offchain-worker",
			workers.run(client.clone(), task_manager.spawn_handle()).boxed(),
		);
	}

	let voter_state = rpc.voter_state.clone();
	let mut eth_config = ethereum.config();
	let chain_folder = config.base_path.config_dir(config.chain_spec.id());
	eth_config.index_path = Some(chain_folder.join("eth-index"));
	let eth_index = eth_config
		.index(client.chain_info().genesis_hash)
		.map_err(|error| Error::Other(error.to_string()))?;
	let eth_indexer = Arc::new(openledger_eth_rpc::Indexer::new(
		openledger_eth_rpc::Chain::new(client.clone(), Arc::new(crate::eth::RuntimeTransactions)),
		eth_index,
	));
	task_manager
		.spawn_handle()
		.spawn_blocking("eth-index", None, eth_indexer.clone().run());
	let eth_client = client.clone();
	let eth_pool = transaction_pool.clone();
	let eth_sync = sync_service.clone();
	let eth_keys = eth_keys(&config.chain_spec.chain_type())?;
	let eth_clock = clock.clone();
	let sealing = sealing.map(|sealing| {
		Demand::new(sealing, clock.clone(), client.clone(), transaction_pool.clone())
	});
	rpc.demand = sealing.as_ref().map(|(demand, _)| demand.clone());
	sc_service::spawn_tasks(sc_service::SpawnTasksParams {
		config,
		backend,
		client: client.clone(),
		keystore: keystore.clone(),
		network: network.clone(),
		sync_service: sync_service.clone(),
		rpc_builder: Box::new(move |executor| {
			let mut io = rpc::module(rpc.clone(), executor)?;
			io.merge(openledger_eth_rpc::module(openledger_eth_rpc::Deps {
				client: eth_client.clone(),
				pool: eth_pool.clone(),
				indexer: eth_indexer.clone(),
				network: Arc::new(crate::eth::Syncing(eth_sync.clone())),
				keys: eth_keys.clone(),
				now: {
					let clock = eth_clock.clone();
					Arc::new(move || clock.now())
				},
				sealer: rpc.demand.clone().map(|demand| demand as _),
				config: eth_config.clone(),
			}))
			.map_err(|error| Error::Other(error.to_string()))?;
			Ok(io)
		}),
		transaction_pool: transaction_pool.clone(),
		task_manager: &mut task_manager,
		system_rpc_tx,
		tx_handler_controller,
		telemetry: telemetry.as_mut(),
		tracing_execute_block: None,
	})?;
	let handle = || telemetry.as_ref().map(|telemetry| telemetry.handle());

	let env = sc_basic_authorship::ProposerFactory::new(
		task_manager.spawn_handle(),
		client.clone(),
		transaction_pool.clone(),
		registry.as_ref(),
		handle(),
	);
	if let Some((demand, commands)) = sealing {
		let author = Author {
			block_import,
			env,
			client: client.clone(),
			pool: transaction_pool.clone(),
			select_chain,
			babe_link,
			keystore,
			clock,
			commands,
		};
		let spawner = task_manager.spawn_essential_handle();
		let author = author.run().map_err(Error::Other)?;
		spawner.spawn_blocking("sealing", "authoring", author);
		spawner.spawn("demand", "authoring", demand.run());
		// There is nobody to agree with: a block is final when it is made.
		return Ok(task_manager);
	}

	if role.is_authority() {
		let slot_duration = babe_link.config().slot_duration();
		let babe = sc_consensus_babe::start_babe(sc_consensus_babe::BabeParams {
			keystore: keystore.clone(),
			client: client.clone(),
			select_chain,
			block_import,
			env,
			sync_oracle: sync_service.clone(),
			justification_sync_link: sync_service.clone(),
			create_inherent_data_providers: on_clock(clock, slot_duration),
			force_authoring,
			backoff_authoring_blocks: Some(
				sc_consensus_slots::BackoffAuthoringOnFinalizedHeadLagging::default(),
			),
			babe_link,
			block_proposal_slot_portion: sc_consensus_babe::SlotProportion::new(2f32 / 3f32),
			max_block_proposal_slot_portion: None,
			telemetry: handle(),
		})?;
		task_manager.spawn_essential_handle().spawn_blocking("babe", "authoring", babe);

		let events = network.event_stream("authority-discovery").filter_map(|event| async {
			match event {
				Event::Dht(event) => Some(event),
				_ => None,
			}
		});
		let (worker, _) = sc_authority_discovery::new_worker_and_service_with_config(
			sc_authority_discovery::WorkerConfig {
				publish_non_global_ips,
				public_addresses,
				strict_record_validation: true,
				persisted_cache_directory: cache,
				..Default::default()
			},
			client,
			Arc::new(network.clone()),
			Box::pin(events),
			sc_authority_discovery::Role::PublishAndDiscover(keystore.clone()),
			registry.clone(),
			task_manager.spawn_handle(),
		);
		task_manager.spawn_handle().spawn("authority-discovery", None, worker.run());
	}

	if !disable_grandpa {
		let voter = sc_consensus_grandpa::run_grandpa_voter(sc_consensus_grandpa::GrandpaParams {
			config: sc_consensus_grandpa::Config {
				gossip_duration: Duration::from_millis(333),
				justification_generation_period: JUSTIFICATION_PERIOD,
				name: Some(node_name),
				observer_enabled: false,
				keystore: role.is_authority().then_some(keystore),
				local_role: role,
				telemetry: handle(),
				protocol_name: grandpa_protocol,
			},
			link: grandpa_link,
			network,
			sync: sync_service,
			notification_service: grandpa_notifications,
			voting_rule: sc_consensus_grandpa::VotingRulesBuilder::default().build(),
			prometheus_registry: registry,
			shared_voter_state: voter_state,
			telemetry: handle(),
			offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(transaction_pool),
		})?;
		task_manager
			.spawn_essential_handle()
			.spawn_blocking("grandpa-voter", None, voter);
	}
	Ok(task_manager)
}
