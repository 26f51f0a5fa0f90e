//! Reading Ethereum blocks out of Substrate ones.

use crate::{
	receipt::{receipts, Receipt},
	types::BlockId,
	Bloom, Error, LOG_TARGET,
};
use pallet_revive::{
	evm::{TransactionInfo, TransactionSigned},
	keccak_256,
	pallet_revive_types::runtime_api::{
		BlockInputPayloadV1, BlockOutputPayloadV1, BlockV1, GasPriceInputPayloadV1,
		GasPriceOutputPayloadV1, HashesOrTransactionInfosV1, MaxExtrinsicWeightInGasInputPayloadV1,
		MaxExtrinsicWeightInGasOutputPayloadV1, ReceiptDataInputPayloadV1,
		ReceiptDataOutputPayloadV1, TransactionInfoV1,
	},
	ReviveApi,
};
use parking_lot::Mutex;
use sc_client_api::{BlockBackend, BlockchainEvents, HeaderBackend, StateBackend};
use serde_json::{json, Value};
use sp_api::{CallApiAt, ProvideRuntimeApi};
use sp_core::{H160, H256, U256};
use sp_runtime::{
	traits::{Block as BlockT, Header as _, NumberFor},
	AccountId32, SaturatedConversion,
};
use std::{collections::VecDeque, sync::Arc};

/// Blocks that are kept decoded.
const CACHED_BLOCKS: usize = 64;
/// The largest number that JavaScript holds exactly.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;
/// Where FRAME keeps the events of a block: `twox128("System") ++ twox128("Events")`.
const EVENTS_KEY: [u8; 32] = [
	0x26, 0xaa, 0x39, 0x4e, 0xea, 0x56, 0x30, 0xe0, 0x7c, 0x48, 0xae, 0x0c, 0x95, 0x58, 0xce, 0xf7,
	0x80, 0xd4, 0x1e, 0x5e, 0x16, 0x05, 0x67, 0x65, 0xbc, 0x84, 0x61, 0x85, 0x10, 0x72, 0xc9, 0xd7,
];

/// The client that this crate works on: headers, bodies, state, notifications and a runtime with
/// `ReviveApi`. Implemented for every type that can do it.
pub trait EthClient<Block: BlockT<Hash = H256>>:
	ProvideRuntimeApi<Block, Api: ReviveApi<Block, AccountId32, u128, u32, NumberFor<Block>, u64>>
	+ HeaderBackend<Block>
	+ BlockBackend<Block>
	+ BlockchainEvents<Block>
	+ CallApiAt<Block>
	+ Send
	+ Sync
	+ 'static
{
}

impl<Block, C> EthClient<Block> for C
where
	Block: BlockT<Hash = H256>,
	C: ProvideRuntimeApi<Block>
		+ HeaderBackend<Block>
		+ BlockBackend<Block>
		+ BlockchainEvents<Block>
		+ CallApiAt<Block>
		+ Send
		+ Sync
		+ 'static,
	C::Api: ReviveApi<Block, AccountId32, u128, u32, NumberFor<Block>, u64>,
{
}

/// What only the node knows: the runtime's own extrinsic and event types.
pub trait EthTransactions<Extrinsic>: Send + Sync + 'static {
	/// The signed Ethereum transaction in a bare `Revive.eth_transact`; none for another extrinsic.
	fn payload(&self, extrinsic: &Extrinsic) -> Option<Vec<u8>>;
	/// The bare `Revive.eth_transact` of a signed Ethereum transaction.
	fn extrinsic(&self, payload: Vec<u8>) -> Extrinsic;
	/// From the SCALE bytes of `System.Events`: what `Revive` emitted while extrinsics ran.
	fn events(&self, encoded: &[u8]) -> Result<Vec<EthEvent>, codec::Error>;
}

/// An event of `pallet-revive` that a receipt shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EthEvent {
	/// Index of the extrinsic in the block.
	pub extrinsic: u32,
	/// What happened.
	pub kind: EthEventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EthEventKind {
	/// `ContractEmitted`.
	Log {
		/// The contract.
		address: H160,
		/// At most four.
		topics: Vec<H256>,
		/// The rest.
		data: Vec<u8>,
	},
	/// `EthExtrinsicRevert`.
	Reverted,
}

/// An Ethereum transaction in a block or in the pool.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
	pub(crate) hash: H256,
	pub(crate) from: H160,
	pub(crate) signed: TransactionSigned,
	pub(crate) extrinsic: u32,
	length: usize,
}

impl Transaction {
	/// None if the payload is no validly signed transaction.
	pub(crate) fn decode(extrinsic: u32, payload: &[u8]) -> Option<Self> {
		let signed = TransactionSigned::decode(payload).ok()?;
		let from = signed.recover_eth_address().ok()?;
		Some(Self {
			hash: H256(keccak_256(payload)),
			from,
			signed,
			extrinsic,
			length: payload.len(),
		})
	}

	/// As `eth_getTransactionByHash` gives it; `place` is (block, position, price), none while
	/// pending.
	pub(crate) fn to_json(&self, place: Option<(&BlockV1, usize, U256)>) -> Result<Value, Error> {
		let info = TransactionInfo {
			block_hash: place.map(|(block, ..)| block.hash).unwrap_or_default(),
			block_number: place.map(|(block, ..)| block.number).unwrap_or_default(),
			from: self.from,
			hash: self.hash,
			transaction_index: place.map(|(_, position, _)| position).unwrap_or_default().into(),
			transaction_signed: self.signed.clone(),
		};
		let mut json =
			serde_json::to_value(TransactionInfoV1::from(info)).map_err(Error::internal)?;
		if let Some(fields) = json.as_object_mut() {
			match place {
				// What was paid, where the signed transaction has what was offered.
				Some((.., price)) => {
					fields.insert("gasPrice".into(), json!(price));
				},
				None => {
					// What may be paid, as nothing was yet.
					if let Some(cap) = fields.get("maxFeePerGas").cloned() {
						fields.insert("gasPrice".into(), cap);
					}
					for key in ["blockHash", "blockNumber", "transactionIndex"] {
						fields.insert(key.into(), Value::Null);
					}
				},
			}
			// Typed transactions carry the parity under both names, as geth shows it.
			if let (Some(parity), false) =
				(fields.get("yParity").cloned(), fields.contains_key("v"))
			{
				fields.insert("v".into(), parity);
			}
		}
		Ok(json)
	}
}

/// An Ethereum block with everything that a request may want of it.
pub struct LoadedBlock {
	pub(crate) block: BlockV1,
	gas_limit: U256,
	pub(crate) transactions: Vec<Transaction>,
	/// The receipts, in parallel with the transactions.
	pub receipts: Vec<Receipt>,
}

impl LoadedBlock {
	/// As `eth_getBlockByNumber` gives it, with whole transactions or their hashes.
	pub(crate) fn to_json(&self, whole: bool) -> Result<Value, Error> {
		let transactions = if whole {
			(0..self.transactions.len())
				.filter_map(|position| self.transaction(position).transpose())
				.collect::<Result<Vec<_>, _>>()?
		} else {
			self.transactions.iter().map(|transaction| json!(transaction.hash)).collect()
		};
		let mut json = self.header_json()?;
		if let Some(fields) = json.as_object_mut() {
			fields.insert("transactions".into(), transactions.into());
		}
		Ok(json)
	}

	/// As the subscription `newHeads` gives it.
	pub(crate) fn header_json(&self) -> Result<Value, Error> {
		let mut json = serde_json::to_value(&self.block).map_err(Error::internal)?;
		if let Some(fields) = json.as_object_mut() {
			fields.insert("gasLimit".into(), json!(self.gas_limit));
			fields.insert("size".into(), json!(self.size()));
			fields.remove("transactions");
		}
		Ok(json)
	}

	/// The transaction at a position, if there is one.
	pub(crate) fn transaction(&self, position: usize) -> Result<Option<Value>, Error> {
		match (self.transactions.get(position), self.receipts.get(position)) {
			(Some(transaction), Some(receipt)) => transaction
				.to_json(Some((&self.block, position, receipt.effective_gas_price)))
				.map(Some),
			_ => Ok(None),
		}
	}

	/// Bytes of the block in RLP: header, transactions, no uncles, no withdrawals.
	fn size(&self) -> U256 {
		// Eight hashes of 33 bytes, the address of 21, the bloom of 259, nonce of 9, and the
		// numbers.
		let numbers = [
			U256::zero(),
			self.block.number,
			U256::from(u64::MAX).min(self.block.gas_limit),
			self.block.gas_used,
			self.block.timestamp,
			self.block.base_fee_per_gas,
			self.block.blob_gas_used,
			self.block.excess_blob_gas,
		];
		let fixed = 7 * 33 + 21 + 259 + 9;
		let header = fixed
			+ numbers.into_iter().map(number_length).sum::<usize>()
			+ string_length(self.block.extra_data.0.len());
		let transactions = self
			.transactions
			.iter()
			.map(|transaction| match transaction.signed {
				// A legacy transaction is a list in the list, a typed one a byte string.
				TransactionSigned::TransactionLegacySigned(_) => transaction.length,
				_ => string_length(transaction.length),
			})
			.sum::<usize>();
		list_length(list_length(header) + list_length(transactions) + 2).into()
	}

	pub(crate) fn gas_limit(&self) -> U256 {
		self.gas_limit
	}
}

fn number_length(number: U256) -> usize {
	if number < 0x80.into() {
		1
	} else {
		1 + number.bits().div_ceil(8)
	}
}

/// RLP bytes of a byte string that is longer than one byte or empty.
fn string_length(length: usize) -> usize {
	list_length(length)
}

/// RLP bytes of a list whose items take `payload`.
fn list_length(payload: usize) -> usize {
	let prefix = if payload < 56 { 1 } else { 1 + number_bytes(payload) };
	prefix + payload
}

fn number_bytes(number: usize) -> usize {
	(usize::BITS as usize - number.leading_zeros() as usize).div_ceil(8)
}

/// The chain as Ethereum sees it.
pub struct Chain<Block: BlockT<Hash = H256>, C> {
	/// The client.
	pub client: Arc<C>,
	/// The runtime's types.
	pub transactions: Arc<dyn EthTransactions<Block::Extrinsic>>,
	cache: Mutex<VecDeque<(H256, Arc<LoadedBlock>)>>,
}

impl<Block: BlockT<Hash = H256>, C: EthClient<Block>> Chain<Block, C> {
	/// The chain of a client.
	pub fn new(client: Arc<C>, transactions: Arc<dyn EthTransactions<Block::Extrinsic>>) -> Self {
		Self { client, transactions, cache: Default::default() }
	}

	/// Substrate hash and number of the best block.
	pub fn best(&self) -> (H256, u64) {
		let info = self.client.info();
		(info.best_hash, info.best_number.saturated_into())
	}

	/// The Substrate hash at a height of the best chain.
	pub fn hash_at(&self, number: u64) -> Result<Option<H256>, Error> {
		if number > self.best().1 {
			return Ok(None);
		}
		Ok(self.client.hash(NumberFor::<Block>::saturated_from(number))?)
	}

	/// The Substrate hash of what a tag or a number means. Ethereum hashes are the index's affair.
	pub(crate) fn resolve(&self, id: BlockId) -> Result<Option<H256>, Error> {
		let info = self.client.info();
		match id {
			BlockId::Latest | BlockId::Pending => Ok(Some(info.best_hash)),
			BlockId::Safe | BlockId::Finalized => Ok(Some(info.finalized_hash)),
			BlockId::Earliest => Ok(Some(info.genesis_hash)),
			BlockId::Number(number) => self.hash_at(number),
			BlockId::Hash(_) => Ok(None),
		}
	}

	/// Whether the state after the block is still there.
	pub fn has_state(&self, hash: H256) -> bool {
		self.client.state_at(hash).is_ok()
	}

	/// Fails with a clear error unless the state after the block is there.
	pub(crate) fn need_state(&self, hash: H256) -> Result<(), Error> {
		if self.has_state(hash) {
			return Ok(());
		}
		let header = self.client.header(hash)?.ok_or(Error::BlockNotFound)?;
		Err(Error::StateUnavailable((*header.number()).saturated_into()))
	}

	/// The Ethereum block, its transactions by hash.
	pub(crate) fn eth_block(&self, hash: H256) -> Result<BlockV1, Error> {
		self.need_state(hash)?;
		let output = self
			.client
			.runtime_api()
			.eth_block_versioned(hash, BlockInputPayloadV1.into())?;
		BlockOutputPayloadV1::try_from(output)
			.map(|output| output.block)
			.map_err(Error::internal)
	}

	/// Wei for one gas in the block after this one.
	pub(crate) fn gas_price(&self, hash: H256) -> Result<U256, Error> {
		self.need_state(hash)?;
		let output = self
			.client
			.runtime_api()
			.gas_price_versioned(hash, GasPriceInputPayloadV1.into())?;
		GasPriceOutputPayloadV1::try_from(output)
			.map(|output| output.gas_price)
			.map_err(Error::internal)
	}

	/// The block with its transactions and receipts.
	pub fn load(&self, hash: H256) -> Result<Arc<LoadedBlock>, Error> {
		if let Some((_, block)) = self.cache.lock().iter().find(|(cached, _)| *cached == hash) {
			return Ok(block.clone());
		}
		let loaded = Arc::new(self.read(hash)?);
		let mut cache = self.cache.lock();
		if cache.len() >= CACHED_BLOCKS {
			cache.pop_front();
		}
		cache.push_back((hash, loaded.clone()));
		Ok(loaded)
	}

	fn read(&self, hash: H256) -> Result<LoadedBlock, Error> {
		let block = self.eth_block(hash)?;
		let api = self.client.runtime_api();
		let gas_limit = MaxExtrinsicWeightInGasOutputPayloadV1::try_from(
			api.max_extrinsic_weight_in_gas_versioned(
				hash,
				MaxExtrinsicWeightInGasInputPayloadV1.into(),
			)?,
		)
		.map_err(Error::internal)?
		.max_extrinsic_weight_in_gas
		.min(MAX_SAFE_INTEGER.into());
		let hashes = transaction_hashes(block.transactions.clone());
		if hashes.is_empty() {
			return Ok(LoadedBlock {
				block,
				gas_limit,
				transactions: Vec::new(),
				receipts: Vec::new(),
			});
		}

		let gas = ReceiptDataOutputPayloadV1::try_from(
			api.eth_receipt_data_versioned(hash, ReceiptDataInputPayloadV1.into())?,
		)
		.map_err(Error::internal)?
		.receipt_data;
		let body = self.client.block_body(hash)?.ok_or(Error::BlockNotFound)?;
		let candidates: Vec<_> = body
			.iter()
			.enumerate()
			.filter_map(|(index, extrinsic)| {
				let payload = self.transactions.payload(extrinsic)?;
				Transaction::decode(u32::try_from(index).ok()?, &payload)
			})
			.collect();
		// The block's own list decides: an extrinsic that left no receipt is not in it.
		let transactions: Vec<_> = hashes
			.iter()
			.filter_map(|wanted| candidates.iter().find(|candidate| candidate.hash == *wanted))
			.cloned()
			.collect();
		if transactions.len() != hashes.len() || gas.len() != hashes.len() {
			return Err(Error::Internal(format!(
				"block {hash:?} lists {} Ethereum transactions, its body has {} and its state {} \
				 receipts",
				hashes.len(),
				transactions.len(),
				gas.len(),
			)));
		}
		let state = self.client.state_at(hash)?;
		let encoded = state.storage(&EVENTS_KEY).map_err(Error::internal)?.unwrap_or_default();
		let events = if encoded.is_empty() {
			Vec::new()
		} else {
			self.transactions.events(&encoded).map_err(Error::internal)?
		};
		let receipts = receipts(&block, &transactions, &gas, events);
		let bloom = receipts.iter().flat_map(|receipt| &receipt.logs).fold(
			Bloom::default(),
			|mut bloom, log| {
				bloom.accrue(log);
				bloom
			},
		);
		if bloom.0 != block.logs_bloom.0 {
			log::warn!(target: LOG_TARGET, "The logs of block {hash:?} do not give its bloom.");
		}
		Ok(LoadedBlock { block, gas_limit, transactions, receipts })
	}
}

/// The hashes of a block's transactions.
pub(crate) fn transaction_hashes(transactions: HashesOrTransactionInfosV1) -> Vec<H256> {
	match transactions {
		HashesOrTransactionInfosV1::Hashes(hashes) => hashes,
		HashesOrTransactionInfosV1::TransactionInfos(infos) => {
			infos.into_iter().map(|info| info.hash).collect()
		},
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use pallet_revive::evm::{
		rlp::RlpStream, Account, Transaction1559Unsigned, TransactionUnsigned,
	};

	fn transaction() -> Transaction {
		let tx = TransactionUnsigned::from(Transaction1559Unsigned {
			max_fee_per_gas: 100.into(),
			to: Some(H160::repeat_byte(2)),
			..Default::default()
		});
		let payload = Account::default().sign_transaction(tx).signed_payload();
		Transaction::decode(1, &payload).expect("the payload is what was signed")
	}

	#[test]
	fn events_key_should_be_that_of_frame_when_hashed() {
		use pallet_revive::frame_support::{StorageHasher, Twox128};
		let mut key = Twox128::hash(b"System").to_vec();
		key.extend(Twox128::hash(b"Events"));
		assert_eq!(key, EVENTS_KEY);
	}

	#[test]
	fn rlp_length_should_equal_the_encoder_when_measured() {
		for length in [0usize, 2, 55, 56, 255, 256, 70_000] {
			let mut stream = RlpStream::new();
			stream.append(&vec![0xffu8; length]);
			assert_eq!(string_length(length), stream.out().len(), "{length}");
		}
		for number in [0u64, 1, 127, 128, 255, 256, u64::MAX] {
			let mut stream = RlpStream::new();
			stream.append(&number);
			assert_eq!(number_length(number.into()), stream.out().len(), "{number}");
		}
	}

	#[test]
	fn transaction_should_have_null_place_when_pending() {
		let json = transaction().to_json(None).unwrap();
		for key in ["blockHash", "blockNumber", "transactionIndex"] {
			assert_eq!(json[key], Value::Null);
		}
		assert_eq!(json["type"], "0x2");
		assert_eq!(json["gasPrice"], "0x64");
		assert_eq!(json["v"], json["yParity"]);
		assert_eq!(json["from"], json!(Account::default().address()));
	}

	#[test]
	fn transaction_should_show_the_paid_price_when_mined() {
		let block = BlockV1 { hash: H256::repeat_byte(3), number: 8.into(), ..Default::default() };
		let json = transaction().to_json(Some((&block, 2, 10.into()))).unwrap();
		assert_eq!(json["blockHash"], json!(block.hash));
		assert_eq!(json["blockNumber"], "0x8");
		assert_eq!(json["transactionIndex"], "0x2");
		assert_eq!(json["gasPrice"], "0xa");
		assert_eq!(json["maxFeePerGas"], "0x64");
	}

	#[test]
	fn transaction_should_not_decode_when_the_payload_is_garbage() {
		for payload in [&[][..], &[0x02], &[0xff; 40], &[0xc0]] {
			assert!(Transaction::decode(0, payload).is_none());
		}
	}
}
