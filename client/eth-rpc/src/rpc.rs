//! The methods.

use crate::{
	chain::{Chain, LoadedBlock, Transaction},
	types::{BlockId, LogFilter, Quantity},
	Bloom, ChainUpdate, Config, Deps, Error, EthClient, Indexer, Log, Network, Receipt, LOG_TARGET,
};
use codec::Encode;
use jsonrpsee::{
	core::{async_trait, RpcResult, SubscriptionResult},
	proc_macros::rpc,
	PendingSubscriptionSink, SubscriptionMessage,
};
use pallet_revive::{
	evm::{Bytes, GenericTransaction, TransactionSigned},
	keccak_256,
	pallet_revive_types::runtime_api::{
		AccountIdInputPayloadV1, AccountIdOutputPayloadV1, BalanceInputPayloadV1,
		BalanceOutputPayloadV1, CodeInputPayloadV1, CodeOutputPayloadV1, EstimateGasInputPayloadV1,
		EstimateGasOutputPayloadV1, GenericTransactionV1, GetStorageInputPayloadV1,
		GetStorageOutputPayloadV1, NonceInputPayloadV1, NonceOutputPayloadV1, StateOverrideSetV1,
		StorageKeyV1, TraceEntryV1, TraceTxInputPayloadV2, TraceTxOutputPayloadV2, TracerTypeV1,
		TransactInputPayloadV1, TransactOutputPayloadV1,
	},
	ReviveApi,
};
use sc_transaction_pool_api::{
	error::IntoPoolError, InPoolTransaction, TransactionPool, TransactionSource,
};
use serde_json::{json, Value};
use sp_core::{H160, H256, U256};
use sp_runtime::traits::{Block as BlockT, Header as _};
use std::{collections::HashSet, sync::Arc};
use tokio::sync::broadcast::error::RecvError;

/// The Ethereum methods; names and shapes as in the Ethereum execution API specification.
#[rpc(server)]
pub trait EthApi {
	/// The EVM chain id.
	#[method(name = "eth_chainId")]
	fn chain_id(&self) -> RpcResult<U256>;

	/// The EVM chain id in decimal.
	#[method(name = "net_version")]
	fn net_version(&self) -> RpcResult<String>;

	/// Whether the node accepts connections.
	#[method(name = "net_listening")]
	fn net_listening(&self) -> RpcResult<bool>;

	/// The number of peers.
	#[method(name = "net_peerCount")]
	fn net_peer_count(&self) -> RpcResult<U256>;

	/// Name and version of the node.
	#[method(name = "web3_clientVersion")]
	fn client_version(&self) -> RpcResult<String>;

	/// The Keccak-256 hash.
	#[method(name = "web3_sha3")]
	fn sha3(&self, data: Bytes) -> RpcResult<H256>;

	/// False, or how far the synchronisation is.
	#[method(name = "eth_syncing")]
	async fn syncing(&self) -> RpcResult<Value>;

	/// The node holds no keys.
	#[method(name = "eth_accounts")]
	fn accounts(&self) -> RpcResult<Vec<H160>>;

	/// The best block's number.
	#[method(name = "eth_blockNumber")]
	fn block_number(&self) -> RpcResult<U256>;

	/// The balance in wei.
	#[method(name = "eth_getBalance", blocking)]
	fn balance(&self, address: H160, block: Option<BlockId>) -> RpcResult<U256>;

	/// The next nonce; at `pending` after the account's transactions in the pool.
	#[method(name = "eth_getTransactionCount", blocking)]
	fn transaction_count(&self, address: H160, block: Option<BlockId>) -> RpcResult<U256>;

	/// The code.
	#[method(name = "eth_getCode", blocking)]
	fn code(&self, address: H160, block: Option<BlockId>) -> RpcResult<Bytes>;

	/// A storage slot.
	#[method(name = "eth_getStorageAt", blocking)]
	fn storage_at(&self, address: H160, slot: Quantity, block: Option<BlockId>) -> RpcResult<H256>;

	/// Runs a call and forgets it.
	#[method(name = "eth_call", blocking)]
	fn call(
		&self,
		call: GenericTransactionV1,
		block: Option<BlockId>,
		overrides: Option<StateOverrideSetV1>,
	) -> RpcResult<Bytes>;

	/// The gas that a transaction needs, storage deposit included.
	#[method(name = "eth_estimateGas", blocking)]
	fn estimate_gas(
		&self,
		call: GenericTransactionV1,
		block: Option<BlockId>,
		overrides: Option<StateOverrideSetV1>,
	) -> RpcResult<U256>;

	/// Wei for one gas in the next block.
	#[method(name = "eth_gasPrice", blocking)]
	fn gas_price(&self) -> RpcResult<U256>;

	/// Zero: tips buy nothing on this chain.
	#[method(name = "eth_maxPriorityFeePerGas")]
	fn max_priority_fee(&self) -> RpcResult<U256>;

	/// Base fees and fullness of the last blocks up to `newest`.
	#[method(name = "eth_feeHistory", blocking)]
	fn fee_history(
		&self,
		count: Quantity,
		newest: BlockId,
		percentiles: Option<Vec<f64>>,
	) -> RpcResult<Value>;

	/// Submits a signed transaction and gives its hash.
	#[method(name = "eth_sendRawTransaction")]
	async fn send_raw_transaction(&self, transaction: Bytes) -> RpcResult<H256>;

	/// A block, with whole transactions or with their hashes.
	#[method(name = "eth_getBlockByNumber", blocking)]
	fn block_by_number(&self, block: BlockId, whole: Option<bool>) -> RpcResult<Option<Value>>;

	/// As `eth_getBlockByNumber`, by Ethereum hash.
	#[method(name = "eth_getBlockByHash", blocking)]
	fn block_by_hash(&self, hash: H256, whole: Option<bool>) -> RpcResult<Option<Value>>;

	/// The number of Ethereum transactions in a block.
	#[method(name = "eth_getBlockTransactionCountByNumber", blocking)]
	fn transaction_count_by_number(&self, block: BlockId) -> RpcResult<Option<U256>>;

	/// The number of Ethereum transactions in a block.
	#[method(name = "eth_getBlockTransactionCountByHash", blocking)]
	fn transaction_count_by_hash(&self, hash: H256) -> RpcResult<Option<U256>>;

	/// A transaction in a block or in the pool.
	#[method(name = "eth_getTransactionByHash", blocking)]
	fn transaction_by_hash(&self, hash: H256) -> RpcResult<Option<Value>>;

	/// A transaction by its position.
	#[method(name = "eth_getTransactionByBlockNumberAndIndex", blocking)]
	fn transaction_by_number_and_index(
		&self,
		block: BlockId,
		index: Quantity,
	) -> RpcResult<Option<Value>>;

	/// A transaction by its position.
	#[method(name = "eth_getTransactionByBlockHashAndIndex", blocking)]
	fn transaction_by_hash_and_index(
		&self,
		hash: H256,
		index: Quantity,
	) -> RpcResult<Option<Value>>;

	/// The receipt of a mined transaction.
	#[method(name = "eth_getTransactionReceipt", blocking)]
	fn transaction_receipt(&self, hash: H256) -> RpcResult<Option<Receipt>>;

	/// All receipts of a block.
	#[method(name = "eth_getBlockReceipts", blocking)]
	fn block_receipts(&self, block: BlockId) -> RpcResult<Option<Vec<Receipt>>>;

	/// The logs that a filter admits.
	#[method(name = "eth_getLogs", blocking)]
	fn logs(&self, filter: LogFilter) -> RpcResult<Vec<Log>>;

	/// Runs a mined transaction again under a tracer: `callTracer`, `prestateTracer` or, where the
	/// runtime allows it, the execution tracer.
	#[method(name = "debug_traceTransaction", blocking)]
	fn trace_transaction(&self, hash: H256, tracer: Option<Value>) -> RpcResult<Value>;

	/// `newHeads` or `logs` of the best chain.
	#[subscription(
		name = "eth_subscribe" => "eth_subscription",
		unsubscribe = "eth_unsubscribe",
		item = Value
	)]
	async fn subscribe(&self, kind: String, filter: Option<LogFilter>) -> SubscriptionResult;
}

/// The implementation of [`EthApiServer`].
pub struct EthRpc<Block: BlockT<Hash = H256>, C, P>(Arc<Inner<Block, C, P>>);

struct Inner<Block: BlockT<Hash = H256>, C, P> {
	client: Arc<C>,
	pool: Arc<P>,
	indexer: Arc<Indexer<Block, C>>,
	network: Arc<dyn Network>,
	config: Config,
	started_at: u64,
}

impl<Block, C, P> EthRpc<Block, C, P>
where
	Block: BlockT<Hash = H256>,
	C: EthClient<Block>,
	P: TransactionPool<Block = Block> + 'static,
{
	/// The methods on these parts.
	pub fn new(deps: Deps<Block, C, P>) -> Self {
		let Deps { client, pool, indexer, network, config } = deps;
		let started_at = indexer.chain.best().1;
		Self(Arc::new(Inner { client, pool, indexer, network, config, started_at }))
	}
}

impl<Block, C, P> Inner<Block, C, P>
where
	Block: BlockT<Hash = H256>,
	C: EthClient<Block>,
	P: TransactionPool<Block = Block> + 'static,
{
	fn chain(&self) -> &Chain<Block, C> {
		&self.indexer.chain
	}

	/// The Substrate hash of a block of the best chain; none if there is no such block.
	fn find(&self, id: BlockId) -> Result<Option<H256>, Error> {
		let BlockId::Hash(hash) = id else { return self.chain().resolve(id) };
		self.indexer.catch_up()?;
		Ok(self.indexer.index.block(&hash))
	}

	/// As `find`, for a state that must be there.
	fn state(&self, id: Option<BlockId>) -> Result<H256, Error> {
		let hash = self.find(id.unwrap_or_default())?.ok_or(Error::BlockNotFound)?;
		self.chain().need_state(hash)?;
		Ok(hash)
	}

	fn load(&self, id: BlockId) -> Result<Option<Arc<LoadedBlock>>, Error> {
		self.find(id)?.map(|hash| self.chain().load(hash)).transpose()
	}

	fn nonce(&self, at: H256, address: H160) -> Result<u32, Error> {
		let input = NonceInputPayloadV1 { address };
		let output = self.client.runtime_api().nonce_versioned(at, input.into())?;
		NonceOutputPayloadV1::try_from(output)
			.map(|output| output.nonce)
			.map_err(Error::internal)
	}

	fn balance(&self, at: H256, address: H160) -> Result<U256, Error> {
		let input = BalanceInputPayloadV1 { address };
		let output = self.client.runtime_api().balance_versioned(at, input.into())?;
		BalanceOutputPayloadV1::try_from(output)
			.map(|output| output.balance)
			.map_err(Error::internal)
	}

	/// The nonce after the account's transactions in the pool, up to the first gap. Native
	/// transactions of the same account count, because they share the nonce.
	fn pending_nonce(&self, address: H160) -> Result<u32, Error> {
		let at = self.chain().best().0;
		let mut nonce = self.nonce(at, address)?;
		let input = AccountIdInputPayloadV1 { address };
		let output = self.client.runtime_api().account_id_versioned(at, input.into())?;
		let account =
			AccountIdOutputPayloadV1::try_from(output).map_err(Error::internal)?.account_id;
		let account = account.encode();
		let mut provided = HashSet::new();
		let mut collect = |tags: &[Vec<u8>]| {
			provided.extend(tags.iter().filter(|tag| tag.starts_with(&account)).cloned())
		};
		self.pool.ready().for_each(|transaction| collect(transaction.provides()));
		self.pool
			.futures()
			.iter()
			.for_each(|transaction| collect(transaction.provides()));
		// `CheckNonce` tags a transaction with the account and the nonce.
		while provided.contains(&[account.clone(), nonce.encode()].concat()) {
			nonce = nonce.saturating_add(1);
		}
		Ok(nonce)
	}

	/// An Ethereum transaction in the pool.
	fn pooled(&self, hash: H256) -> Option<Transaction> {
		let decode = |extrinsic: &Block::Extrinsic| {
			let payload = self.chain().transactions.payload(extrinsic)?;
			(keccak_256(&payload) == hash.0)
				.then(|| Transaction::decode(0, &payload))
				.flatten()
		};
		let ready = self.pool.ready().find_map(|transaction| decode(transaction.data()));
		ready.or_else(|| {
			self.pool.futures().iter().find_map(|transaction| decode(transaction.data()))
		})
	}

	/// The block and position of a mined transaction.
	fn mined(&self, hash: H256) -> Result<Option<(H256, usize)>, Error> {
		self.indexer.catch_up()?;
		Ok(self
			.indexer
			.index
			.transaction(&hash)
			.map(|(block, position)| (block, position as usize)))
	}

	fn estimate(
		&self,
		tx: GenericTransactionV1,
		block: Option<BlockId>,
		state_overrides: Option<StateOverrideSetV1>,
	) -> Result<U256, Error> {
		let at = self.state(block)?;
		let input = EstimateGasInputPayloadV1 { tx, timestamp_override: None, state_overrides };
		let output = self.client.runtime_api().eth_estimate_gas_versioned(at, input.into())??;
		EstimateGasOutputPayloadV1::try_from(output)
			.map(|output| output.gas_estimate)
			.map_err(Error::internal)
	}

	fn call(
		&self,
		tx: GenericTransactionV1,
		block: Option<BlockId>,
		state_overrides: Option<StateOverrideSetV1>,
	) -> Result<Bytes, Error> {
		let at = self.state(block)?;
		let input = TransactInputPayloadV1 {
			tx,
			timestamp_override: None,
			// As geth: a call pays no gas unless it names a price.
			perform_balance_checks: false,
			state_overrides,
		};
		let output = self.client.runtime_api().eth_transact_versioned(at, input.into())??;
		TransactOutputPayloadV1::try_from(output)
			.map(|output| output.transact_info.data.into())
			.map_err(Error::internal)
	}

	/// What the pool would refuse with fewer words.
	fn check(&self, transaction: &Transaction) -> Result<(), Error> {
		if matches!(
			transaction.signed,
			TransactionSigned::Transaction4844Signed(_)
				| TransactionSigned::Transaction7702Signed(_)
		) {
			return Err(Error::refused("transaction type not supported: send type 0, 1 or 2"));
		}
		if self.pooled(transaction.hash).is_some() {
			return Err(Error::refused("already known"));
		}
		let at = self.chain().best().0;
		let base_fee = self.chain().gas_price(at)?;
		// The cap on the price counts here, not the price that will be paid.
		let tx = GenericTransaction::from_signed(
			transaction.signed.clone(),
			U256::MAX,
			Some(transaction.from),
		);
		if let Some(chain_id) = tx.chain_id {
			if chain_id != self.config.chain_id.into() {
				return Err(Error::refused(format!(
					"invalid chain id for signer: have {chain_id} want {}",
					self.config.chain_id
				)));
			}
		}
		let (nonce, next) = (tx.nonce.unwrap_or_default(), self.nonce(at, transaction.from)?);
		if nonce < next.into() {
			return Err(Error::refused(format!(
				"nonce too low: next nonce {next}, tx nonce {nonce}"
			)));
		}
		let price = tx.max_fee_per_gas.or(tx.gas_price).unwrap_or_default();
		if price < base_fee {
			return Err(Error::refused(format!(
				"max fee per gas less than block base fee: address {:?}, maxFeePerGas: {price}, \
				 baseFee: {base_fee}",
				transaction.from
			)));
		}
		// No more than the base fee is ever charged.
		let cost = tx
			.gas
			.unwrap_or_default()
			.saturating_mul(base_fee)
			.saturating_add(tx.value.unwrap_or_default());
		let balance = self.balance(at, transaction.from)?;
		if balance < cost {
			return Err(Error::refused(format!(
				"insufficient funds for gas * price + value: address {:?} have {balance} want {cost}",
				transaction.from
			)));
		}
		Ok(())
	}

	fn fee_history(
		&self,
		count: u64,
		newest: BlockId,
		percentiles: Option<Vec<f64>>,
	) -> Result<Value, Error> {
		let percentiles = percentiles.unwrap_or_default();
		if percentiles.iter().any(|percentile| !(0.0..=100.0).contains(percentile))
			|| percentiles.windows(2).any(|pair| pair[0] > pair[1])
		{
			return Err(Error::InvalidParams(
				"invalid reward percentile: use ascending numbers from 0 to 100".into(),
			));
		}
		let newest = self.state(Some(newest))?;
		let last = self.chain().eth_block(newest)?.number.saturating_add(1.into());
		let last = u64::try_from(last).map_err(Error::internal)?;
		let count = count.min(self.config.max_fee_history).min(last);
		let mut oldest = last - count;
		let mut fees = Vec::new();
		let mut ratios = Vec::new();
		for number in last - count..last {
			let hash = self.chain().hash_at(number)?.ok_or(Error::BlockNotFound)?;
			if !self.chain().has_state(hash) {
				// Older blocks are pruned: the history starts later.
				(fees.clear(), ratios.clear());
				oldest = number + 1;
				continue;
			}
			let block = self.chain().eth_block(hash)?;
			let limit = self.chain().load(hash)?.gas_limit().max(1.into());
			let millionths = block.gas_used.saturating_mul(1_000_000.into()) / limit;
			ratios.push(millionths.min(1_000_000.into()).as_u64() as f64 / 1e6);
			fees.push(block.base_fee_per_gas);
		}
		fees.push(self.chain().gas_price(newest)?);
		let rewards = (!percentiles.is_empty())
			.then(|| vec![vec![U256::zero(); percentiles.len()]; ratios.len()]);
		let mut history = json!({
			"oldestBlock": U256::from(oldest),
			"baseFeePerGas": fees,
			"gasUsedRatio": ratios,
		});
		if let (Some(fields), Some(rewards)) = (history.as_object_mut(), rewards) {
			fields.insert("reward".into(), json!(rewards));
		}
		Ok(history)
	}

	fn logs(&self, filter: &LogFilter) -> Result<Vec<Log>, Error> {
		if let Some(hash) = filter.block_hash {
			if filter.from_block.is_some() || filter.to_block.is_some() {
				return Err(Error::InvalidParams(
					"give either blockHash or fromBlock and toBlock".into(),
				));
			}
			let hash = self.find(BlockId::Hash(hash))?.ok_or(Error::BlockNotFound)?;
			let mut logs = Vec::new();
			self.collect_logs(hash, filter, &mut logs)?;
			return Ok(logs);
		}
		let (_, best) = self.chain().best();
		let height = |id: Option<BlockId>| -> Result<u64, Error> {
			match id.unwrap_or_default() {
				BlockId::Number(number) => Ok(number),
				other => {
					let hash = self.find(other)?.ok_or(Error::BlockNotFound)?;
					let header = self.client.header(hash)?.ok_or(Error::BlockNotFound)?;
					Ok(sp_runtime::SaturatedConversion::saturated_into(*header.number()))
				},
			}
		};
		let (from, to) = (height(filter.from_block)?, height(filter.to_block)?.min(best));
		if filter.to_block.is_some() && from > to && from <= best {
			return Err(Error::InvalidParams("invalid block range: fromBlock > toBlock".into()));
		}
		if to.saturating_sub(from) >= self.config.max_log_blocks {
			return Err(Error::Limit(format!(
				"query exceeds max block range {}: ask for fewer blocks at a time",
				self.config.max_log_blocks
			)));
		}
		self.indexer.catch_up()?;
		let mut logs = Vec::new();
		for number in from..=to {
			let indexed = self.indexer.index.at(number);
			let hash = match indexed {
				Some(block) if block.eth_hash.is_some() => {
					if !block.bloom.is_some_and(|bloom| filter.may_be_in(&bloom)) {
						continue;
					}
					block.hash
				},
				_ => self.chain().hash_at(number)?.ok_or(Error::BlockNotFound)?,
			};
			self.collect_logs(hash, filter, &mut logs)?;
		}
		Ok(logs)
	}

	fn collect_logs(
		&self,
		hash: H256,
		filter: &LogFilter,
		logs: &mut Vec<Log>,
	) -> Result<(), Error> {
		let block = self.chain().load(hash)?;
		if !filter.may_be_in(&Bloom(block.block.logs_bloom.0)) {
			return Ok(());
		}
		let admitted = block
			.receipts
			.iter()
			.flat_map(|receipt| &receipt.logs)
			.filter(|log| filter.admits(log));
		for log in admitted {
			if logs.len() >= self.config.max_logs {
				return Err(Error::Limit(format!(
					"query returned more than {} results: narrow the block range or the filter",
					self.config.max_logs
				)));
			}
			logs.push(log.clone());
		}
		Ok(())
	}

	fn trace(&self, hash: H256, tracer: Option<Value>) -> Result<Value, Error> {
		let config = match tracer {
			Some(Value::Object(mut fields)) if fields.contains_key("tracer") => {
				// Other options, such as geth's `timeout`, are not the tracer's.
				fields.retain(|key, _| key == "tracer" || key == "tracerConfig");
				serde_json::from_value::<TracerTypeV1>(fields.into()).map_err(|error| {
					Error::InvalidParams(format!(
						"unknown tracer: use callTracer or prestateTracer ({error})"
					))
				})?
			},
			_ => TracerTypeV1::default(),
		};
		let (at, position) =
			self.mined(hash)?.ok_or_else(|| Error::refused("transaction not found"))?;
		let loaded = self.chain().load(at)?;
		let transaction = loaded
			.transactions
			.get(position)
			.ok_or_else(|| Error::refused("transaction not found"))?;
		let block = self.client.block(at)?.ok_or(Error::BlockNotFound)?.block;
		let parent = *block.header().parent_hash();
		self.chain().need_state(parent)?;
		let input = TraceTxInputPayloadV2 { block, tx_index: transaction.extrinsic, config };
		let output = self.client.runtime_api().trace_tx_versioned(parent, input.into())?;
		match TraceTxOutputPayloadV2::try_from(output).map_err(Error::internal)?.entry {
			Some(TraceEntryV1::Traced(trace)) => {
				serde_json::to_value(trace).map_err(Error::internal)
			},
			_ => Err(Error::refused(
				"the transaction was not traced: use callTracer or prestateTracer; struct logs \
				 need a runtime with debugging enabled",
			)),
		}
	}

	/// What a subscriber gets for a change of the chain.
	fn messages(
		&self,
		update: &ChainUpdate,
		filter: Option<&LogFilter>,
	) -> Result<Vec<Value>, Error> {
		let Some(filter) = filter else {
			return update
				.enacted
				.iter()
				.map(|hash| self.chain().load(*hash)?.header_json())
				.collect();
		};
		let mut messages = Vec::new();
		let changes = update
			.retracted
			.iter()
			.map(|hash| (hash, true))
			.chain(update.enacted.iter().map(|hash| (hash, false)));
		for (hash, removed) in changes {
			let mut logs = Vec::new();
			self.collect_logs(*hash, filter, &mut logs)?;
			for log in logs {
				messages
					.push(serde_json::to_value(Log { removed, ..log }).map_err(Error::internal)?);
			}
		}
		Ok(messages)
	}
}

#[async_trait]
impl<Block, C, P> EthApiServer for EthRpc<Block, C, P>
where
	Block: BlockT<Hash = H256>,
	C: EthClient<Block>,
	P: TransactionPool<Block = Block> + 'static,
{
	fn chain_id(&self) -> RpcResult<U256> {
		Ok(self.0.config.chain_id.into())
	}

	fn net_version(&self) -> RpcResult<String> {
		Ok(self.0.config.chain_id.to_string())
	}

	fn net_listening(&self) -> RpcResult<bool> {
		Ok(true)
	}

	fn net_peer_count(&self) -> RpcResult<U256> {
		Ok(self.0.network.peers().into())
	}

	fn client_version(&self) -> RpcResult<String> {
		Ok(self.0.config.client_version.clone())
	}

	fn sha3(&self, data: Bytes) -> RpcResult<H256> {
		Ok(H256(keccak_256(&data.0)))
	}

	async fn syncing(&self) -> RpcResult<Value> {
		if !self.0.network.is_syncing() {
			return Ok(false.into());
		}
		let (_, current) = self.0.chain().best();
		let highest = self.0.network.highest_block().await.unwrap_or(current).max(current);
		Ok(json!({
			"startingBlock": U256::from(self.0.started_at),
			"currentBlock": U256::from(current),
			"highestBlock": U256::from(highest),
		}))
	}

	fn accounts(&self) -> RpcResult<Vec<H160>> {
		Ok(Vec::new())
	}

	fn block_number(&self) -> RpcResult<U256> {
		Ok(self.0.chain().best().1.into())
	}

	fn balance(&self, address: H160, block: Option<BlockId>) -> RpcResult<U256> {
		Ok(self.0.balance(self.0.state(block)?, address)?)
	}

	fn transaction_count(&self, address: H160, block: Option<BlockId>) -> RpcResult<U256> {
		Ok(match block {
			Some(BlockId::Pending) => self.0.pending_nonce(address)?,
			block => self.0.nonce(self.0.state(block)?, address)?,
		}
		.into())
	}

	fn code(&self, address: H160, block: Option<BlockId>) -> RpcResult<Bytes> {
		let at = self.0.state(block)?;
		let input = CodeInputPayloadV1 { address };
		let output = self
			.0
			.client
			.runtime_api()
			.code_versioned(at, input.into())
			.map_err(Error::from)?;
		let code = CodeOutputPayloadV1::try_from(output).map_err(Error::internal)?.code;
		Ok(code.into())
	}

	fn storage_at(&self, address: H160, slot: Quantity, block: Option<BlockId>) -> RpcResult<H256> {
		let at = self.0.state(block)?;
		let key = StorageKeyV1::Fixed(slot.0.to_big_endian());
		let input = GetStorageInputPayloadV1 { address, key };
		let output = self
			.0
			.client
			.runtime_api()
			.get_storage_versioned(at, input.into())
			.map_err(Error::from)?;
		// An account without code has no storage: every slot is zero.
		let Ok(output) = output else { return Ok(H256::zero()) };
		let value = GetStorageOutputPayloadV1::try_from(output).map_err(Error::internal)?.storage;
		Ok(value
			.filter(|value| value.len() <= 32)
			.map(|value| H256(U256::from_big_endian(&value).to_big_endian()))
			.unwrap_or_default())
	}

	fn call(
		&self,
		call: GenericTransactionV1,
		block: Option<BlockId>,
		overrides: Option<StateOverrideSetV1>,
	) -> RpcResult<Bytes> {
		Ok(self.0.call(call, block, overrides)?)
	}

	fn estimate_gas(
		&self,
		call: GenericTransactionV1,
		block: Option<BlockId>,
		overrides: Option<StateOverrideSetV1>,
	) -> RpcResult<U256> {
		Ok(self.0.estimate(call, block, overrides)?)
	}

	fn gas_price(&self) -> RpcResult<U256> {
		Ok(self.0.chain().gas_price(self.0.chain().best().0)?)
	}

	fn max_priority_fee(&self) -> RpcResult<U256> {
		Ok(U256::zero())
	}

	fn fee_history(
		&self,
		count: Quantity,
		newest: BlockId,
		percentiles: Option<Vec<f64>>,
	) -> RpcResult<Value> {
		Ok(self.0.fee_history(count.saturating_u64(), newest, percentiles)?)
	}

	async fn send_raw_transaction(&self, transaction: Bytes) -> RpcResult<H256> {
		TransactionSigned::decode(&transaction.0).map_err(|error| {
			Error::refused(format!("rlp: the transaction is malformed: {error}"))
		})?;
		let decoded = Transaction::decode(0, &transaction.0)
			.ok_or_else(|| Error::refused("invalid sender: the signature does not recover"))?;
		let hash = decoded.hash;
		let inner = self.0.clone();
		tokio::task::spawn_blocking(move || inner.check(&decoded))
			.await
			.map_err(Error::internal)??;
		let extrinsic = self.0.chain().transactions.extrinsic(transaction.0);
		self.0
			.pool
			.submit_one(self.0.chain().best().0, TransactionSource::External, extrinsic)
			.await
			.map_err(|error| match error.into_pool_error() {
				Ok(error) => Error::pool(error),
				Err(error) => Error::internal(error),
			})?;
		Ok(hash)
	}

	fn block_by_number(&self, block: BlockId, whole: Option<bool>) -> RpcResult<Option<Value>> {
		let whole = whole.unwrap_or(false);
		Ok(self.0.load(block)?.map(|block| block.to_json(whole)).transpose()?)
	}

	fn block_by_hash(&self, hash: H256, whole: Option<bool>) -> RpcResult<Option<Value>> {
		self.block_by_number(BlockId::Hash(hash), whole)
	}

	fn transaction_count_by_number(&self, block: BlockId) -> RpcResult<Option<U256>> {
		Ok(self.0.load(block)?.map(|block| block.transactions.len().into()))
	}

	fn transaction_count_by_hash(&self, hash: H256) -> RpcResult<Option<U256>> {
		self.transaction_count_by_number(BlockId::Hash(hash))
	}

	fn transaction_by_hash(&self, hash: H256) -> RpcResult<Option<Value>> {
		let mined = || -> Result<Option<Value>, Error> {
			match self.0.mined(hash)? {
				Some((block, position)) => self.0.chain().load(block)?.transaction(position),
				None => Ok(None),
			}
		};
		if let Some(found) = mined()? {
			return Ok(Some(found));
		}
		if let Some(transaction) = self.0.pooled(hash) {
			return Ok(Some(transaction.to_json(None)?));
		}
		// It may have moved from the pool into a block between the two looks.
		Ok(mined()?)
	}

	fn transaction_by_number_and_index(
		&self,
		block: BlockId,
		index: Quantity,
	) -> RpcResult<Option<Value>> {
		let Some(block) = self.0.load(block)? else { return Ok(None) };
		let position = usize::try_from(index.saturating_u64()).unwrap_or(usize::MAX);
		Ok(block.transaction(position)?)
	}

	fn transaction_by_hash_and_index(
		&self,
		hash: H256,
		index: Quantity,
	) -> RpcResult<Option<Value>> {
		self.transaction_by_number_and_index(BlockId::Hash(hash), index)
	}

	fn transaction_receipt(&self, hash: H256) -> RpcResult<Option<Receipt>> {
		let Some((block, position)) = self.0.mined(hash)? else { return Ok(None) };
		Ok(self.0.chain().load(block)?.receipts.get(position).cloned())
	}

	fn block_receipts(&self, block: BlockId) -> RpcResult<Option<Vec<Receipt>>> {
		Ok(self.0.load(block)?.map(|block| block.receipts.clone()))
	}

	fn logs(&self, filter: LogFilter) -> RpcResult<Vec<Log>> {
		Ok(self.0.logs(&filter)?)
	}

	fn trace_transaction(&self, hash: H256, tracer: Option<Value>) -> RpcResult<Value> {
		Ok(self.0.trace(hash, tracer)?)
	}

	async fn subscribe(
		&self,
		pending: PendingSubscriptionSink,
		kind: String,
		filter: Option<LogFilter>,
	) -> SubscriptionResult {
		let filter = match kind.as_str() {
			"newHeads" => None,
			"logs" => Some(filter.unwrap_or_default()),
			other => {
				let error = Error::InvalidParams(format!(
					"no {other:?} subscription: subscribe to newHeads or logs"
				));
				pending.reject(error).await;
				return Ok(());
			},
		};
		// Before the subscription is accepted, so that the client misses nothing after that.
		let mut updates = self.0.indexer.subscribe();
		let sink = pending.accept().await?;
		loop {
			let update = tokio::select! {
				() = sink.closed() => return Ok(()),
				update = updates.recv() => match update {
					Ok(update) => update,
					Err(RecvError::Closed) => return Ok(()),
					Err(RecvError::Lagged(blocks)) =>
						return Err(format!("too slow: {blocks} changes were missed").into()),
				},
			};
			let (inner, filter) = (self.0.clone(), filter.clone());
			let messages =
				tokio::task::spawn_blocking(move || inner.messages(&update, filter.as_ref()))
					.await?;
			let messages = messages.unwrap_or_else(|error| {
				log::warn!(target: LOG_TARGET, "A subscriber misses a block: {error}");
				Vec::new()
			});
			for message in messages {
				if sink.send(SubscriptionMessage::from_json(&message)?).await.is_err() {
					return Ok(());
				}
			}
		}
	}
}
