//! `net_*`, `web3_*` and `rpc_*`.

use crate::{EthClient, EthRpc};
use jsonrpsee::{core::RpcResult, proc_macros::rpc};
use pallet_revive::{evm::Bytes, keccak_256};
use sc_transaction_pool_api::TransactionPool;
use serde_json::{json, Value};
use sp_core::{H256, U256};
use sp_runtime::traits::Block as BlockT;

/// What a client asks of the network.
#[rpc(server)]
pub trait NetApi {
	/// The EVM chain id in decimal.
	#[method(name = "net_version")]
	fn version(&self) -> RpcResult<String>;

	/// Whether the node accepts connections.
	#[method(name = "net_listening")]
	fn listening(&self) -> RpcResult<bool>;

	/// The number of peers.
	#[method(name = "net_peerCount")]
	fn peer_count(&self) -> RpcResult<U256>;
}

/// What a client asks of the node's program.
#[rpc(server)]
pub trait Web3Api {
	/// Name and version of the node.
	#[method(name = "web3_clientVersion")]
	fn client_version(&self) -> RpcResult<String>;

	/// The Keccak-256 hash.
	#[method(name = "web3_sha3")]
	fn sha3(&self, data: Bytes) -> RpcResult<H256>;

	/// The families of methods, each with its version.
	#[method(name = "rpc_modules")]
	fn modules(&self) -> RpcResult<Value>;
}

impl<Block, C, P> NetApiServer for EthRpc<Block, C, P>
where
	Block: BlockT<Hash = H256>,
	C: EthClient<Block>,
	P: TransactionPool<Block = Block> + 'static,
{
	fn version(&self) -> RpcResult<String> {
		Ok(self.0.config.chain_id.to_string())
	}

	fn listening(&self) -> RpcResult<bool> {
		Ok(true)
	}

	fn peer_count(&self) -> RpcResult<U256> {
		Ok(self.0.network.peers().into())
	}
}

impl<Block, C, P> Web3ApiServer for EthRpc<Block, C, P>
where
	Block: BlockT<Hash = H256>,
	C: EthClient<Block>,
	P: TransactionPool<Block = Block> + 'static,
{
	fn client_version(&self) -> RpcResult<String> {
		Ok(self.0.config.client_version.clone())
	}

	fn sha3(&self, data: Bytes) -> RpcResult<H256> {
		Ok(H256(keccak_256(&data.0)))
	}

	fn modules(&self) -> RpcResult<Value> {
		let version = "1.0";
		Ok(json!({
			"debug": version,
			"eth": version,
			"net": version,
			"personal": version,
			"rpc": version,
			"txpool": version,
			"web3": version,
		}))
	}
}
