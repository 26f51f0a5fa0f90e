//! The Ethereum JSON-RPC on the node's own client and pool.
//!
//! [`module`] gives a [`jsonrpsee::RpcModule`] that the node merges into its own, so `eth_*` and
//! the Substrate methods share one port for HTTP and WebSocket. Everything is answered from
//! `pallet-revive`'s runtime API, the block bodies, the events and the transaction pool; the
//! [`Indexer`] keeps the one thing that they lack, the way from an Ethereum hash to its block.
//!
//! What differs from a stock Ethereum node, because the chain differs:
//! * `gasLimit` of a block is what one extrinsic may use, not the limit that the block hash commits
//!   to (`u64::MAX`, which JavaScript cannot hold).
//! * Native transactions that made logs are in a block behind those that Ethereum's users signed.
//! * `pending` is the best block's state; only `eth_getTransactionCount` adds the pool to it.
//! * With [`MemoryIndex`], blocks whose state is pruned have no receipts; [`DiskIndex`] keeps them.
//!
//! The table of methods and all that a contract or a wallet may notice is in the crate's README.

mod block;
mod chain;
mod debug;
mod disk;
mod error;
mod evm;
mod fees;
mod filters;
mod index;
mod indexer;
mod native;
mod net;
mod pool;
mod receipt;
mod rpc;
mod sign;
mod subscribe;
mod txpool;
mod types;

pub use block::{Facts, LoadedBlock, SignedPayload};
pub use chain::{Chain, EthClient, EthEvent, EthEventKind, EthTransactions, RawLog, Source};
pub use debug::DebugApiServer;
pub use disk::DiskIndex;
pub use error::Error;
pub use evm::{EvmApiServer, EvmRpc, Mine, Sealer};
pub use filters::EthFilterApiServer;
pub use index::{Glance, Index, IndexedBlock, MemoryIndex};
pub use indexer::{ChainUpdate, Follower, Indexer};
pub use native::{NativeCall, NativeTransaction};
pub use net::{NetApiServer, Web3ApiServer};
pub use receipt::{Bloom, Log, Receipt};
pub use rpc::{EthApiServer, EthRpc};
pub use sign::{Keys, NoKeys, SignApiServer};
pub use subscribe::EthPubSubApiServer;
pub use txpool::{checksummed, TxPoolApiServer};
pub use types::{BlockId, LogFilter, Quantity};

use jsonrpsee::RpcModule;
use sc_transaction_pool_api::TransactionPool;
use sp_core::H256;
use sp_runtime::traits::Block as BlockT;
use std::{path::PathBuf, sync::Arc, time::Duration};

/// What the network knows, for `net_*` and `eth_syncing`.
#[async_trait::async_trait]
pub trait Network: Send + Sync + 'static {
	/// Number of connected peers.
	fn peers(&self) -> usize;
	/// Whether the node is far behind its peers.
	fn is_syncing(&self) -> bool;
	/// The highest block that a peer announced, if any did.
	async fn highest_block(&self) -> Option<u64>;
}

/// What the answers depend on beside the chain.
#[derive(Clone, Debug)]
pub struct Config {
	/// The EVM chain id, as the runtime has it.
	pub chain_id: u64,
	/// What `web3_clientVersion` says, such as `openledger/v0.1.0`.
	pub client_version: String,
	/// The most blocks that one `eth_getLogs` may ask for.
	pub max_log_blocks: u64,
	/// The most logs that one `eth_getLogs` may return.
	pub max_logs: usize,
	/// The most blocks that one `eth_feeHistory` may ask for.
	pub max_fee_history: u64,
	/// The most filters that the node holds for all its clients.
	pub max_filters: usize,
	/// How long a filter lives that nobody asks for.
	pub filter_idle: Duration,
	/// The most gas of a call, an estimate or a traced call; none for what a block allows.
	pub max_call_gas: Option<u64>,
	/// How long a client waits for a trace, its turn included.
	pub trace_timeout: Duration,
	/// The most traces that run at the same time.
	pub max_traces: usize,
	/// The most steps of one trace of the struct logger.
	pub max_trace_steps: u64,
	/// The folder of the index, for nothing else; none to hold the index in memory.
	pub index_path: Option<PathBuf>,
}

impl Config {
	/// The usual limits: 10,000 blocks and 10,000 logs a query, 1,024 blocks of fee history, 1,000
	/// filters of five idle minutes, four traces of 30 seconds and 20,000 steps. The index is in memory.
	pub fn new(chain_id: u64, client_version: impl Into<String>) -> Self {
		Self {
			chain_id,
			client_version: client_version.into(),
			max_log_blocks: 10_000,
			max_logs: 10_000,
			max_fee_history: 1_024,
			max_filters: 1_000,
			filter_idle: Duration::from_secs(300),
			max_call_gas: None,
			trace_timeout: Duration::from_secs(30),
			max_traces: 4,
			max_trace_steps: 20_000,
			index_path: None,
		}
	}

	/// The index: on disk if there is a path. `genesis` is the chain's genesis hash. Fails if the
	/// path is in use or cannot be written.
	pub fn index(&self, genesis: H256) -> Result<Arc<dyn Index>, Error> {
		Ok(match &self.index_path {
			Some(path) => Arc::new(DiskIndex::open(path, genesis)?),
			None => Arc::new(MemoryIndex::default()),
		})
	}
}

/// Milliseconds since 1970 at which the next block is made, if it is made now: calls that ask for
/// what comes next run at this time.
pub type Now = Arc<dyn Fn() -> u64 + Send + Sync>;

/// What [`module`] needs. `indexer` is also spawned by the node, as a blocking task that runs
/// [`Indexer`]'s `run`.
pub struct Deps<Block: BlockT<Hash = H256>, C, P> {
	/// The client.
	pub client: Arc<C>,
	/// The transaction pool.
	pub pool: Arc<P>,
	/// The index, shared with the task that fills it.
	pub indexer: Arc<Indexer<Block, C>>,
	/// Peers and synchronisation.
	pub network: Arc<dyn Network>,
	/// What the node signs with: [`NoKeys`] but on a chain on which people try things.
	pub keys: Arc<dyn Keys>,
	/// The time of the next block.
	pub now: Now,
	/// Who makes blocks on demand, for `evm_*`, if they are made so.
	pub sealer: Option<Arc<dyn Sealer>>,
	/// Chain id and limits.
	pub config: Config,
}

/// The methods, to be merged into the node's module.
pub fn module<Block, C, P>(deps: Deps<Block, C, P>) -> RpcModule<()>
where
	Block: BlockT<Hash = H256>,
	C: EthClient<Block>,
	P: TransactionPool<Block = Block> + 'static,
{
	let mut module = RpcModule::new(());
	let sealer = deps.sealer.clone();
	let rpc = EthRpc::new(deps);
	let merged = module
		.merge(EthApiServer::into_rpc(rpc.clone()))
		.and_then(|()| module.merge(SignApiServer::into_rpc(rpc.clone())))
		.and_then(|()| module.merge(EthFilterApiServer::into_rpc(rpc.clone())))
		.and_then(|()| module.merge(EthPubSubApiServer::into_rpc(rpc.clone())))
		.and_then(|()| module.merge(NetApiServer::into_rpc(rpc.clone())))
		.and_then(|()| module.merge(Web3ApiServer::into_rpc(rpc.clone())))
		.and_then(|()| module.merge(TxPoolApiServer::into_rpc(rpc.clone())))
		.and_then(|()| module.merge(DebugApiServer::into_rpc(rpc)))
		.and_then(|()| match sealer {
			Some(sealer) => module.merge(EvmRpc(sealer).into_rpc()),
			None => Ok(()),
		});
	// Only a clash of names can fail here, and no two methods above share one.
	if let Err(error) = merged {
		log::error!(target: LOG_TARGET, "The Ethereum RPC is not complete: {error}");
	}
	module
}

pub(crate) const LOG_TARGET: &str = "eth-rpc";

#[cfg(test)]
mod tests {
	use super::*;
	use std::{collections::HashSet, future::Future};

	/// The methods' names, as the traits have them.
	fn names() -> Vec<&'static str> {
		[
			include_str!("rpc.rs"),
			include_str!("filters.rs"),
			include_str!("subscribe.rs"),
			include_str!("net.rs"),
			include_str!("txpool.rs"),
			include_str!("debug.rs"),
			include_str!("sign.rs"),
			include_str!("evm.rs"),
		]
		.into_iter()
		.flat_map(|source| source.split("name = \"").skip(1))
		.filter_map(|rest| rest.split_once('"').map(|(name, _)| name))
		.collect()
	}

	#[test]
	fn methods_should_have_names_of_their_own_when_they_are_merged() {
		let names = names();
		assert!(names.len() > 70, "{}", names.len());
		assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
	}

	#[test]
	fn readme_should_list_every_method_when_one_is_added() {
		let readme = include_str!("../README.md");
		for name in names() {
			assert!(readme.contains(&format!("`{name}`")), "{name} is not in the README");
		}
	}

	/// What a node does with the parts; it has to compile.
	#[allow(dead_code)]
	fn serve<B, C, P>(
		client: Arc<C>,
		pool: Arc<P>,
		transactions: Arc<dyn EthTransactions<B::Extrinsic>>,
		network: Arc<dyn Network>,
		keys: Arc<dyn Keys>,
		now: Now,
		sealer: Option<Arc<dyn Sealer>>,
		spawn: impl FnOnce(Box<dyn Future<Output = ()> + Send>),
	) -> Result<RpcModule<()>, Error>
	where
		B: BlockT<Hash = H256>,
		C: EthClient<B>,
		P: TransactionPool<Block = B> + 'static,
	{
		let config = Config::new(1, "test/v0");
		let index = config.index(client.info().genesis_hash)?;
		let indexer = Arc::new(Indexer::new(Chain::new(client.clone(), transactions), index));
		spawn(Box::new(indexer.clone().run()));
		Ok(module(Deps { client, pool, indexer, network, keys, now, sealer, config }))
	}
}
