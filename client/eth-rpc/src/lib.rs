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
//! * Tips are not charged, so `eth_maxPriorityFeePerGas` and the rewards of `eth_feeHistory` are 0.
//! * `pending` is the best block's state; only `eth_getTransactionCount` adds the pool to it.
//! * Blocks whose state is pruned have no receipts: run with `--state-pruning archive`.

mod chain;
mod error;
mod index;
mod receipt;
mod rpc;
mod types;

pub use chain::{Chain, EthClient, EthEvent, EthEventKind, EthTransactions, LoadedBlock};
pub use error::Error;
pub use index::{ChainUpdate, Index, IndexedBlock, Indexer, MemoryIndex};
pub use receipt::{Bloom, Log, Receipt};
pub use rpc::{EthApiServer, EthRpc};
pub use types::{BlockId, LogFilter, Quantity};

use jsonrpsee::RpcModule;
use sc_transaction_pool_api::TransactionPool;
use sp_core::H256;
use sp_runtime::traits::Block as BlockT;
use std::sync::Arc;

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
}

impl Config {
	/// The usual limits: 10,000 blocks and 10,000 logs a query, 1,024 blocks of fee history.
	pub fn new(chain_id: u64, client_version: impl Into<String>) -> Self {
		Self {
			chain_id,
			client_version: client_version.into(),
			max_log_blocks: 10_000,
			max_logs: 10_000,
			max_fee_history: 1_024,
		}
	}
}

/// What [`module`] needs. `indexer` is also spawned by the node, as a blocking task that runs
/// [`Indexer::run`].
pub struct Deps<Block: BlockT<Hash = H256>, C, P> {
	/// The client.
	pub client: Arc<C>,
	/// The transaction pool.
	pub pool: Arc<P>,
	/// The index, shared with the task that fills it.
	pub indexer: Arc<Indexer<Block, C>>,
	/// Peers and synchronisation.
	pub network: Arc<dyn Network>,
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
	// Only a clash of names can fail here, and the module is empty.
	if let Err(error) = module.merge(EthRpc::new(deps).into_rpc()) {
		log::error!(target: LOG_TARGET, "The Ethereum RPC is not available: {error}");
	}
	module
}

pub(crate) const LOG_TARGET: &str = "eth-rpc";
