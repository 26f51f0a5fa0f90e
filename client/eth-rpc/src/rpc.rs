//! `eth_*` without filters and subscriptions.

use crate::{
	block::{LoadedBlock, Transaction},
	chain::{Chain, Source},
	fees,
	index::Glance,
	pool::Terms,
	txpool::nonce,
	types::{BlockId, LogFilter, Quantity},
	Config, Deps, Error, EthClient, Indexer, Keys, Log, Network, Now, Receipt, Sealer,
};
use codec::Encode;
use futures::executor::block_on;
use jsonrpsee::{
	core::{async_trait, RpcResult},
	proc_macros::rpc,
};
use pallet_revive::{
	evm::{Bytes, TransactionSigned},
	pallet_revive_types::runtime_api::{
		AccountIdInputPayloadV1, AccountIdOutputPayloadV1, BalanceInputPayloadV1,
		BalanceOutputPayloadV1, BlockAuthorInputPayloadV1, BlockAuthorOutputPayloadV1,
		CodeInputPayloadV1, CodeOutputPayloadV1, EstimateGasInputPayloadV1,
		EstimateGasOutputPayloadV1, GenericTransactionV1, GetStorageInputPayloadV1,
		GetStorageOutputPayloadV1, NonceInputPayloadV1, NonceOutputPayloadV1, StateOverrideSetV1,
		StorageKeyV1, TransactInputPayloadV1, TransactOutputPayloadV1,
	},
	ReviveApi,
};
use sc_transaction_pool_api::{
	error::IntoPoolError, InPoolTransaction, TransactionPool, TransactionSource,
};
use serde_json::{json, value::RawValue, Value};
use sp_core::{H160, H256, U256};
use sp_runtime::traits::{Block as BlockT, Header as _};
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::sync::{Mutex, Semaphore};

/// Wei for one blob gas: EIP-4844 with no excess, as every header has it.
const BLOB_BASE_FEE: U256 = U256::one();
/// eth/68, the last version whose messages clients know by this method.
const PROTOCOL_VERSION: u64 = 68;
/// How long the pool may take to know a new block.
const POOL_PATIENCE: Duration = Duration::from_millis(500);
/// What a client learns that asks for work.
const NO_WORK: &str = "blocks are authored by stake, not by work";

/// The Ethereum methods; names and shapes as in the Ethereum execution API specification.
#[rpc(server)]
pub trait EthApi {
	/// The EVM chain id.
	#[method(name = "eth_chainId")]
	fn chain_id(&self) -> RpcResult<U256>;

	/// False, or how far the synchronisation is.
	#[method(name = "eth_syncing")]
	async fn syncing(&self) -> RpcResult<Value>;

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

	/// Runs a call and forgets it. Block overrides are refused.
	#[method(name = "eth_call", blocking)]
	fn call(
		&self,
		call: GenericTransactionV1,
		block: Option<BlockId>,
		overrides: Option<StateOverrideSetV1>,
		block_overrides: Option<Value>,
	) -> RpcResult<Bytes>;

	/// The gas that a transaction needs, storage deposit included. Block overrides are refused.
	#[method(name = "eth_estimateGas", blocking)]
	fn estimate_gas(
		&self,
		call: GenericTransactionV1,
		block: Option<BlockId>,
		overrides: Option<StateOverrideSetV1>,
		block_overrides: Option<Value>,
	) -> RpcResult<U256>;

	/// Wei for one gas in the next block, with the tip of `eth_maxPriorityFeePerGas`.
	#[method(name = "eth_gasPrice", blocking)]
	fn gas_price(&self) -> RpcResult<U256>;

	/// Wei of tip for one gas to offer, from those that were enough in recent blocks; never zero.
	#[method(name = "eth_maxPriorityFeePerGas", blocking)]
	fn max_priority_fee(&self) -> RpcResult<U256>;

	/// Base fees, fullness and tips of the last blocks up to `newest`.
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
	fn block_by_number(
		&self,
		block: BlockId,
		whole: Option<bool>,
	) -> RpcResult<Option<Box<RawValue>>>;

	/// As `eth_getBlockByNumber`, by Ethereum hash.
	#[method(name = "eth_getBlockByHash", blocking)]
	fn block_by_hash(&self, hash: H256, whole: Option<bool>) -> RpcResult<Option<Box<RawValue>>>;

	/// A block's header.
	#[method(name = "eth_getHeaderByNumber", blocking)]
	fn header_by_number(&self, block: BlockId) -> RpcResult<Option<Value>>;

	/// A block's header, by Ethereum hash.
	#[method(name = "eth_getHeaderByHash", blocking)]
	fn header_by_hash(&self, hash: H256) -> RpcResult<Option<Value>>;

	/// The number of transactions in a block.
	#[method(name = "eth_getBlockTransactionCountByNumber", blocking)]
	fn transaction_count_by_number(&self, block: BlockId) -> RpcResult<Option<U256>>;

	/// The number of transactions in a block.
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

	/// The Ethereum transactions in the pool that may go into the next block.
	#[method(name = "eth_pendingTransactions", blocking)]
	fn pending_transactions(&self) -> RpcResult<Vec<Value>>;

	/// A transaction as it was signed.
	#[method(name = "eth_getRawTransactionByHash", blocking)]
	fn raw_transaction_by_hash(&self, hash: H256) -> RpcResult<Option<Bytes>>;

	/// A transaction as it was signed, by its position.
	#[method(name = "eth_getRawTransactionByBlockNumberAndIndex", blocking)]
	fn raw_transaction_by_number_and_index(
		&self,
		block: BlockId,
		index: Quantity,
	) -> RpcResult<Option<Bytes>>;

	/// A transaction as it was signed, by its position.
	#[method(name = "eth_getRawTransactionByBlockHashAndIndex", blocking)]
	fn raw_transaction_by_hash_and_index(
		&self,
		hash: H256,
		index: Quantity,
	) -> RpcResult<Option<Bytes>>;

	/// Zero in a block that is there: there are no uncles.
	#[method(name = "eth_getUncleCountByBlockNumber", blocking)]
	fn uncle_count_by_number(&self, block: BlockId) -> RpcResult<Option<U256>>;

	/// Zero in a block that is there: there are no uncles.
	#[method(name = "eth_getUncleCountByBlockHash", blocking)]
	fn uncle_count_by_hash(&self, hash: H256) -> RpcResult<Option<U256>>;

	/// None: there are no uncles.
	#[method(name = "eth_getUncleByBlockNumberAndIndex")]
	fn uncle_by_number(&self, block: BlockId, index: Quantity) -> RpcResult<Option<Value>>;

	/// None: there are no uncles.
	#[method(name = "eth_getUncleByBlockHashAndIndex")]
	fn uncle_by_hash(&self, hash: H256, index: Quantity) -> RpcResult<Option<Value>>;

	/// The least fee that the header's fields stand for; transactions with blobs are refused.
	#[method(name = "eth_blobBaseFee")]
	fn blob_base_fee(&self) -> RpcResult<U256>;

	/// The gas of the call and an empty list: naming accounts and slots saves nothing on this chain.
	#[method(name = "eth_createAccessList", blocking)]
	fn create_access_list(
		&self,
		call: GenericTransactionV1,
		block: Option<BlockId>,
	) -> RpcResult<Value>;

	/// Refused: the chain keeps no Ethereum state trie.
	#[method(name = "eth_getProof")]
	fn proof(&self, address: H160, slots: Value, block: Option<BlockId>) -> RpcResult<Value>;

	/// The version of Ethereum's wire protocol that a client may expect of the methods.
	#[method(name = "eth_protocolVersion")]
	fn protocol_version(&self) -> RpcResult<U256>;

	/// The author of the best block.
	#[method(name = "eth_coinbase", blocking)]
	fn coinbase(&self) -> RpcResult<H160>;

	/// False: blocks are authored by stake.
	#[method(name = "eth_mining")]
	fn mining(&self) -> RpcResult<bool>;

	/// Zero: blocks are authored by stake.
	#[method(name = "eth_hashrate")]
	fn hashrate(&self) -> RpcResult<U256>;

	/// Refused: blocks are authored by stake.
	#[method(name = "eth_getWork")]
	fn work(&self) -> RpcResult<Value>;

	/// Refused: blocks are authored by stake.
	#[method(name = "eth_submitWork")]
	fn submit_work(&self) -> RpcResult<bool>;

	/// Refused: blocks are authored by stake.
	#[method(name = "eth_submitHashrate")]
	fn submit_hashrate(&self) -> RpcResult<bool>;
}

/// The implementation of all the methods.
pub struct EthRpc<Block: BlockT<Hash = H256>, C, P>(pub(crate) Arc<Inner<Block, C, P>>);

impl<Block: BlockT<Hash = H256>, C, P> Clone for EthRpc<Block, C, P> {
	fn clone(&self) -> Self {
		Self(self.0.clone())
	}
}

pub(crate) struct Inner<Block: BlockT<Hash = H256>, C, P> {
	pub(crate) client: Arc<C>,
	pub(crate) pool: Arc<P>,
	pub(crate) indexer: Arc<Indexer<Block, C>>,
	pub(crate) network: Arc<dyn Network>,
	pub(crate) config: Config,
	pub(crate) keys: Arc<dyn Keys>,
	now: Now,
	sealer: Option<Arc<dyn Sealer>>,
	/// Held while a transaction that the node signs gets its nonce and enters the pool.
	pub(crate) sending: Mutex<()>,
	/// Places for traces that run at the same time.
	pub(crate) traces: Arc<Semaphore>,
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
		let Deps { client, pool, indexer, network, keys, now, sealer, config } = deps;
		let started_at = indexer.chain.best().1;
		let traces = Arc::new(Semaphore::new(config.max_traces));
		indexer.filters.limit(config.max_filters, config.filter_idle, config.max_logs);
		Self(Arc::new(Inner {
			client,
			pool,
			indexer,
			network,
			config,
			keys,
			now,
			sealer,
			sending: Mutex::new(()),
			traces,
			started_at,
		}))
	}
}

/// What Ethereum charges for a transaction before its first instruction (EIP-2028, EIP-3860).
fn intrinsic_gas(tx: &GenericTransactionV1) -> U256 {
	let data = tx.input.input.as_ref().or(tx.input.data.as_ref());
	let data = data.map_or(&[][..], |data| data.0.as_slice());
	let bytes: u64 = data.iter().map(|byte| if *byte == 0 { 4 } else { 16 }).sum();
	let creation = 32_000 + 2 * data.len().div_ceil(32) as u64;
	U256::from(21_000 + bytes + if tx.to.is_none() { creation } else { 0 })
}

/// How `CheckNonce` tags a transaction of this encoded account in the pool.
fn tag(account: &[u8], nonce: u32) -> Vec<u8> {
	[account, &nonce.encode()].concat()
}

impl<Block, C, P> Inner<Block, C, P>
where
	Block: BlockT<Hash = H256>,
	C: EthClient<Block>,
	P: TransactionPool<Block = Block> + 'static,
{
	pub(crate) fn chain(&self) -> &Chain<Block, C> {
		&self.indexer.chain
	}

	/// The Substrate hash of a block; none if there is no such block.
	pub(crate) fn find(&self, id: BlockId) -> Result<Option<H256>, Error> {
		let (BlockId::Hash(hash) | BlockId::Canonical(hash)) = id else {
			return self.chain().resolve(id);
		};
		self.indexer.catch_up()?;
		let Some(found) = self.indexer.index.block(&hash) else { return Ok(None) };
		if let BlockId::Canonical(_) = id {
			let header = self.client.header(found)?;
			let best = header.map(|header| self.client.hash(*header.number())).transpose()?;
			if best.flatten() != Some(found) {
				return Err(Error::refused("hash is not currently canonical"));
			}
		}
		Ok(Some(found))
	}

	/// As `find`, for a state that must be there.
	pub(crate) fn state(&self, id: Option<BlockId>) -> Result<H256, Error> {
		let hash = self.find(id.unwrap_or_default())?.ok_or(Error::BlockNotFound)?;
		self.chain().need_state(hash)?;
		Ok(hash)
	}

	pub(crate) fn load(&self, id: BlockId) -> Result<Option<Arc<LoadedBlock>>, Error> {
		self.find(id)?.map(|hash| self.indexer.load(hash)).transpose()
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

	/// The encoded native account of an address.
	fn account(&self, at: H256, address: H160) -> Result<Vec<u8>, Error> {
		let input = AccountIdInputPayloadV1 { address };
		let output = self.client.runtime_api().account_id_versioned(at, input.into())?;
		AccountIdOutputPayloadV1::try_from(output)
			.map(|output| output.account_id.encode())
			.map_err(Error::internal)
	}

	/// The nonce after the account's transactions in the pool, up to the first gap. Native
	/// transactions of the same account count, because they share the nonce.
	pub(crate) fn pending_nonce(&self, address: H160) -> Result<u32, Error> {
		loop {
			let at = self.chain().best().0;
			let nonce = self.nonce_after(at, address)?;
			// Else a block came between the two looks, and took transactions out of the pool.
			if self.chain().best().0 == at {
				return Ok(nonce);
			}
		}
	}

	/// The nonce in a block's state, and after the account's transactions in the pool.
	fn nonce_after(&self, at: H256, address: H160) -> Result<u32, Error> {
		let mut nonce = self.nonce(at, address)?;
		let account = self.account(at, address)?;
		let mut provided = HashSet::new();
		let mut collect = |tags: &[Vec<u8>]| {
			provided.extend(tags.iter().filter(|tag| tag.starts_with(&account)).cloned())
		};
		// The pool may not know this block yet; till then it has nothing that came after the last.
		let ready = block_on(self.pool.ready_at_with_timeout(at, POOL_PATIENCE));
		ready.for_each(|transaction| collect(transaction.provides()));
		self.pool
			.futures()
			.iter()
			.for_each(|transaction| collect(transaction.provides()));
		while provided.contains(&tag(&account, nonce)) {
			nonce = nonce.saturating_add(1);
		}
		Ok(nonce)
	}

	/// The block and position of a mined transaction.
	pub(crate) fn mined(&self, hash: H256) -> Result<Option<(H256, usize)>, Error> {
		self.indexer.catch_up()?;
		Ok(self
			.indexer
			.index
			.transaction(&hash)
			.map(|(block, position)| (block, position as usize)))
	}

	/// What a mined or pooled transaction was signed as.
	pub(crate) fn raw_transaction(&self, hash: H256) -> Result<Option<Bytes>, Error> {
		let mined = || -> Result<_, Error> {
			let Some((block, position)) = self.mined(hash)? else { return Ok(None) };
			Ok(self.indexer.load(block)?.at(position).map(|mined| mined.transaction.clone()))
		};
		// It may have moved from the pool into a block between the two looks.
		let found = match mined()?.or_else(|| self.pooled(hash)) {
			Some(found) => Some(found),
			None => mined()?,
		};
		Ok(found.map(|transaction| transaction.payload.into()))
	}

	/// A block's transaction, as it was signed.
	fn raw_at(&self, id: BlockId, index: Quantity) -> Result<Option<Bytes>, Error> {
		let block = self.load(id)?;
		let mined = block.as_ref().and_then(|block| block.at(index.saturating_usize()));
		Ok(mined.map(|mined| mined.transaction.payload.clone().into()))
	}

	/// False, or how far the synchronisation is.
	pub(crate) async fn syncing(&self) -> Value {
		if !self.network.is_syncing() {
			return false.into();
		}
		let (_, current) = self.chain().best();
		let highest = self.network.highest_block().await.unwrap_or(current).max(current);
		json!({
			"startingBlock": U256::from(self.started_at),
			"currentBlock": U256::from(current),
			"highestBlock": U256::from(highest),
		})
	}

	/// Lowers the gas that a call names to the limit on calls.
	pub(crate) fn cap_gas(&self, tx: &mut GenericTransactionV1) {
		if let (Some(gas), Some(cap)) = (&mut tx.gas, self.config.max_call_gas) {
			*gas = (*gas).min(cap.into());
		}
	}

	pub(crate) fn estimate(
		&self,
		mut tx: GenericTransactionV1,
		block: Option<BlockId>,
		state_overrides: Option<StateOverrideSetV1>,
	) -> Result<U256, Error> {
		let at = self.state(block)?;
		self.cap_gas(&mut tx);
		let least = intrinsic_gas(&tx);
		// The transaction will be in a later block, and contracts look at the time.
		let timestamp_override =
			matches!(block.unwrap_or_default(), BlockId::Latest | BlockId::Pending)
				.then(|| (self.now)());
		let input = EstimateGasInputPayloadV1 { tx, timestamp_override, state_overrides };
		let output = self.client.runtime_api().eth_estimate_gas_versioned(at, input.into())??;
		let estimate = EstimateGasOutputPayloadV1::try_from(output)
			.map_err(Error::internal)?
			.gas_estimate;
		// Wallets refuse to sign with less than Ethereum would charge. What is not used costs
		// nothing.
		Ok(estimate.max(least))
	}

	fn call(
		&self,
		mut tx: GenericTransactionV1,
		block: Option<BlockId>,
		state_overrides: Option<StateOverrideSetV1>,
	) -> Result<Bytes, Error> {
		let at = self.state(block)?;
		let timestamp_override = (block == Some(BlockId::Pending)).then(|| (self.now)());
		// A call that names no gas has as much as a call may have.
		tx.gas = tx.gas.or(self.config.max_call_gas.map(Into::into));
		self.cap_gas(&mut tx);
		let input = TransactInputPayloadV1 {
			tx,
			timestamp_override,
			// As geth: a call pays no gas unless it names a price.
			perform_balance_checks: false,
			state_overrides,
		};
		let output = self.client.runtime_api().eth_transact_versioned(at, input.into())??;
		TransactOutputPayloadV1::try_from(output)
			.map(|output| output.transact_info.data.into())
			.map_err(Error::internal)
	}

	/// Fails with geth's words where the pool would refuse with fewer.
	fn check(&self, transaction: &Transaction) -> Result<(), Error> {
		if self.pooled(transaction.hash).is_some() {
			return Err(Error::refused("already known"));
		}
		let at = self.chain().best().0;
		let account = self.account(at, transaction.from)?;
		// No transaction with a nonce beyond the chain's ever enters the pool.
		let nonce = u32::try_from(nonce(transaction)).ok();
		let terms = Terms {
			chain_id: self.config.chain_id,
			base_fee: self.chain().gas_price(at)?,
			nonce: self.nonce(at, transaction.from)?,
			balance: self.balance(at, transaction.from)?,
			rivals: nonce.map_or_else(Vec::new, |nonce| self.offers(&tag(&account, nonce))),
		};
		terms.admit(transaction)
	}

	/// Wei of tip for one gas to offer. Blocks that cannot be read any more do not count.
	pub(crate) fn tip(&self) -> Result<U256, Error> {
		let best = self.chain().best().1;
		let hashes = (best.saturating_sub(fees::ADVISING_BLOCKS - 1)..=best)
			.map(|number| self.chain().hash_at(number));
		let blocks = hashes
			.filter_map(|hash| Some(self.indexer.load(hash.transpose()?.ok()?)))
			.filter(|block| !matches!(block, Err(Error::StateUnavailable(_))))
			.collect::<Result<Vec<_>, _>>()?;
		Ok(fees::advice(blocks.iter().map(AsRef::as_ref)))
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
		let last = self.indexer.load(newest)?.block.number.saturating_add(1.into());
		let last = u64::try_from(last).map_err(Error::internal)?;
		let count = count.min(self.config.max_fee_history).min(last);
		let mut oldest = last - count;
		let mut base_fees = Vec::new();
		let mut ratios = Vec::new();
		let mut rewards = Vec::new();
		for number in last - count..last {
			let hash = self.chain().hash_at(number)?.ok_or(Error::BlockNotFound)?;
			let loaded = match self.indexer.load(hash) {
				Ok(loaded) => loaded,
				Err(Error::StateUnavailable(_)) => {
					// Older blocks are pruned: the history starts later.
					base_fees.clear();
					ratios.clear();
					rewards.clear();
					oldest = number + 1;
					continue;
				},
				Err(error) => return Err(error),
			};
			let limit = loaded.gas_limit.max(1.into());
			let millionths = loaded.block.gas_used.saturating_mul(1_000_000.into()) / limit;
			ratios.push(millionths.min(1_000_000.into()).as_u64() as f64 / 1e6);
			base_fees.push(loaded.block.base_fee_per_gas);
			rewards.push(fees::rewards(&loaded, &percentiles));
		}
		base_fees.push(self.chain().gas_price(newest)?);
		let mut history = json!({
			"oldestBlock": U256::from(oldest),
			"baseFeePerGas": base_fees,
			"gasUsedRatio": ratios,
			// No blob was ever in a block.
			"baseFeePerBlobGas": vec![BLOB_BASE_FEE; base_fees.len()],
			"blobGasUsedRatio": vec![0.0; ratios.len()],
		});
		if let (Some(fields), false) = (history.as_object_mut(), percentiles.is_empty()) {
			fields.insert("reward".into(), json!(rewards));
		}
		Ok(history)
	}

	pub(crate) fn logs(&self, filter: &LogFilter) -> Result<Vec<Log>, Error> {
		filter.check()?;
		if let Some(hash) = filter.block_hash {
			if filter.from_block.is_some() || filter.to_block.is_some() {
				return Err(Error::InvalidParams(
					"cannot specify both blockHash and fromBlock/toBlock, choose one or the other"
						.into(),
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
			return Err(Error::InvalidParams(
				"invalid block range params: fromBlock > toBlock".into(),
			));
		}
		if to.saturating_sub(from) >= self.config.max_log_blocks {
			return Err(Error::Limit(format!(
				"block range greater than {} max: ask for fewer blocks at a time",
				self.config.max_log_blocks
			)));
		}
		self.indexer.catch_up()?;
		let query = filter.bloom_query();
		let mut logs = Vec::new();
		for number in from..=to {
			let hash = match self.indexer.index.glance(number, &|bloom| query.may_be_in(bloom)) {
				Glance::Nothing => continue,
				Glance::Perhaps(hash) => hash,
				Glance::Unknown => self.chain().hash_at(number)?.ok_or(Error::BlockNotFound)?,
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
		let block = self.indexer.load(hash)?;
		let admitted = block.logs().filter(|log| filter.admits(log));
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

	/// The gas that a call takes, with no access list.
	fn access_list(
		&self,
		tx: GenericTransactionV1,
		block: Option<BlockId>,
	) -> Result<Value, Error> {
		let gas = self.estimate(tx, block, None)?;
		Ok(json!({ "accessList": [], "gasUsed": gas }))
	}
}

/// Fails if there are block overrides: the answer would not be what was asked.
pub(crate) fn without(block_overrides: Option<&Value>) -> Result<(), Error> {
	match block_overrides {
		None | Some(Value::Null) => Ok(()),
		Some(Value::Object(fields)) if fields.is_empty() => Ok(()),
		Some(_) => Err(Error::InvalidParams(
			"block overrides are not supported: leave them out, and name a block instead".into(),
		)),
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

	async fn syncing(&self) -> RpcResult<Value> {
		Ok(self.0.syncing().await)
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
		block_overrides: Option<Value>,
	) -> RpcResult<Bytes> {
		without(block_overrides.as_ref())?;
		Ok(self.0.call(call, block, overrides)?)
	}

	fn estimate_gas(
		&self,
		call: GenericTransactionV1,
		block: Option<BlockId>,
		overrides: Option<StateOverrideSetV1>,
		block_overrides: Option<Value>,
	) -> RpcResult<U256> {
		without(block_overrides.as_ref())?;
		Ok(self.0.estimate(call, block, overrides)?)
	}

	fn gas_price(&self) -> RpcResult<U256> {
		let base_fee = self.0.chain().gas_price(self.0.chain().best().0)?;
		Ok(base_fee.saturating_add(self.0.tip()?))
	}

	fn max_priority_fee(&self) -> RpcResult<U256> {
		Ok(self.0.tip()?)
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
		// As with Hardhat and Anvil, whoever learns the hash finds the receipt: their tools look for
		// it once, and then only when there is another block.
		if let Some(sealer) = &self.0.sealer {
			sealer.settled().await;
		}
		Ok(hash)
	}

	fn block_by_number(
		&self,
		block: BlockId,
		whole: Option<bool>,
	) -> RpcResult<Option<Box<RawValue>>> {
		let whole = whole.unwrap_or(false);
		Ok(self.0.load(block)?.map(|block| block.text(whole)).transpose()?)
	}

	fn block_by_hash(&self, hash: H256, whole: Option<bool>) -> RpcResult<Option<Box<RawValue>>> {
		self.block_by_number(BlockId::Hash(hash), whole)
	}

	fn header_by_number(&self, block: BlockId) -> RpcResult<Option<Value>> {
		Ok(self.0.load(block)?.map(|block| block.header_json()).transpose()?)
	}

	fn header_by_hash(&self, hash: H256) -> RpcResult<Option<Value>> {
		self.header_by_number(BlockId::Hash(hash))
	}

	fn transaction_count_by_number(&self, block: BlockId) -> RpcResult<Option<U256>> {
		Ok(self.0.load(block)?.map(|block| block.count().into()))
	}

	fn transaction_count_by_hash(&self, hash: H256) -> RpcResult<Option<U256>> {
		self.transaction_count_by_number(BlockId::Hash(hash))
	}

	fn transaction_by_hash(&self, hash: H256) -> RpcResult<Option<Value>> {
		let mined = || -> Result<Option<Value>, Error> {
			match self.0.mined(hash)? {
				Some((block, position)) => self.0.indexer.load(block)?.transaction(position),
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
		Ok(block.transaction(index.saturating_usize())?)
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
		let block = self.0.indexer.load(block)?;
		Ok(block.receipt(position).cloned())
	}

	fn block_receipts(&self, block: BlockId) -> RpcResult<Option<Vec<Receipt>>> {
		Ok(self.0.load(block)?.map(|block| block.receipts().cloned().collect()))
	}

	fn logs(&self, filter: LogFilter) -> RpcResult<Vec<Log>> {
		Ok(self.0.logs(&filter)?)
	}

	fn pending_transactions(&self) -> RpcResult<Vec<Value>> {
		let pooled = self.0.pooled_all();
		Ok(pooled.ready.iter().map(|tx| tx.to_json(None)).collect::<Result<_, _>>()?)
	}

	fn raw_transaction_by_hash(&self, hash: H256) -> RpcResult<Option<Bytes>> {
		Ok(self.0.raw_transaction(hash)?)
	}

	fn raw_transaction_by_number_and_index(
		&self,
		block: BlockId,
		index: Quantity,
	) -> RpcResult<Option<Bytes>> {
		Ok(self.0.raw_at(block, index)?)
	}

	fn raw_transaction_by_hash_and_index(
		&self,
		hash: H256,
		index: Quantity,
	) -> RpcResult<Option<Bytes>> {
		Ok(self.0.raw_at(BlockId::Hash(hash), index)?)
	}

	fn uncle_count_by_number(&self, block: BlockId) -> RpcResult<Option<U256>> {
		Ok(self.0.find(block)?.map(|_| U256::zero()))
	}

	fn uncle_count_by_hash(&self, hash: H256) -> RpcResult<Option<U256>> {
		self.uncle_count_by_number(BlockId::Hash(hash))
	}

	fn uncle_by_number(&self, _: BlockId, _: Quantity) -> RpcResult<Option<Value>> {
		Ok(None)
	}

	fn uncle_by_hash(&self, _: H256, _: Quantity) -> RpcResult<Option<Value>> {
		Ok(None)
	}

	fn blob_base_fee(&self) -> RpcResult<U256> {
		Ok(BLOB_BASE_FEE)
	}

	fn create_access_list(
		&self,
		call: GenericTransactionV1,
		block: Option<BlockId>,
	) -> RpcResult<Value> {
		Ok(self.0.access_list(call, block)?)
	}

	fn proof(&self, _: H160, _: Value, _: Option<BlockId>) -> RpcResult<Value> {
		Err(Error::NoMethod(
			"eth_getProof",
			"no proof can be given, as the chain keeps no Ethereum state trie; state_getReadProof \
			 is for its native one",
		)
		.into())
	}

	fn protocol_version(&self) -> RpcResult<U256> {
		Ok(PROTOCOL_VERSION.into())
	}

	fn coinbase(&self) -> RpcResult<H160> {
		let at = self.0.state(None)?;
		let output = self
			.0
			.client
			.runtime_api()
			.block_author_versioned(at, BlockAuthorInputPayloadV1.into())
			.map_err(Error::from)?;
		Ok(BlockAuthorOutputPayloadV1::try_from(output)
			.map_err(Error::internal)?
			.block_author)
	}

	fn mining(&self) -> RpcResult<bool> {
		Ok(false)
	}

	fn hashrate(&self) -> RpcResult<U256> {
		Ok(U256::zero())
	}

	fn work(&self) -> RpcResult<Value> {
		Err(Error::NoMethod("eth_getWork", NO_WORK).into())
	}

	fn submit_work(&self) -> RpcResult<bool> {
		Err(Error::NoMethod("eth_submitWork", NO_WORK).into())
	}

	fn submit_hashrate(&self) -> RpcResult<bool> {
		Err(Error::NoMethod("eth_submitHashrate", NO_WORK).into())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn block_overrides_should_be_refused_when_they_say_something() {
		for nothing in [Value::Null, json!({})] {
			assert!(without(Some(&nothing)).is_ok());
		}
		assert!(without(None).is_ok());
		for something in [json!({ "time": "0x1" }), json!("0x1"), json!([1])] {
			assert!(matches!(without(Some(&something)), Err(Error::InvalidParams(_))));
		}
	}

	#[test]
	fn intrinsic_gas_should_be_ethereums_when_there_is_data_or_none() {
		let tx = |to: Option<H160>, data: &[u8]| GenericTransactionV1 {
			to,
			input: Bytes(data.to_vec()).into(),
			..Default::default()
		};
		let to = Some(H160::zero());
		assert_eq!(
			intrinsic_gas(&GenericTransactionV1 { to, ..Default::default() }),
			21_000.into()
		);
		assert_eq!(intrinsic_gas(&tx(to, &[0, 1, 0])), (21_000 + 16 + 8).into());
		assert_eq!(intrinsic_gas(&tx(None, &[1; 33])), (53_000 + 33 * 16 + 4).into());
	}
}
