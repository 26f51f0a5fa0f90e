//! Reading Ethereum blocks out of Substrate ones.

use crate::{
	block::{transaction_hashes, Facts, SignedPayload, Transaction},
	native::{visible, NativeCall, NativeTransaction, Signed},
	types::BlockId,
	Error, LOG_TARGET,
};
use codec::{Decode, Encode};
use pallet_revive::{
	pallet_revive_types::runtime_api::{
		BlockInputPayloadV1, BlockOutputPayloadV1, BlockV1, GasPriceInputPayloadV1,
		GasPriceOutputPayloadV1, MaxExtrinsicWeightInGasInputPayloadV1,
		MaxExtrinsicWeightInGasOutputPayloadV1, ReceiptDataInputPayloadV1,
		ReceiptDataOutputPayloadV1,
	},
	ReviveApi,
};
use sc_client_api::{BlockBackend, BlockchainEvents, HeaderBackend, StateBackend};
use sp_api::{CallApiAt, ProvideRuntimeApi};
use sp_core::{H160, H256, U256};
use sp_runtime::{
	traits::{BlakeTwo256, Block as BlockT, Hash as _, Header as _, NumberFor},
	AccountId32, SaturatedConversion,
};
use std::{
	collections::{BTreeMap, BTreeSet, HashMap},
	sync::Arc,
};

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

/// The chain that an index follows. Hashes are Substrate's.
pub trait Source: Send + Sync + 'static {
	/// Hash and number of the best block.
	fn best(&self) -> (H256, u64);
	/// The hash at a height of the best chain.
	fn hash_at(&self, number: u64) -> Result<Option<H256>, Error>;
	/// The hash of the block before.
	fn parent(&self, hash: H256) -> Result<H256, Error>;
	/// Whether the state after the block is still there.
	fn has_state(&self, hash: H256) -> bool;
	/// The Ethereum block, read out of the state and the body.
	fn facts(&self, hash: H256) -> Result<Facts, Error>;
}

/// What only the node knows: the runtime's own extrinsic and event types.
pub trait EthTransactions<Extrinsic>: Send + Sync + 'static {
	/// The signed Ethereum transaction in a bare `Revive.eth_transact`; none for another extrinsic.
	fn payload(&self, extrinsic: &Extrinsic) -> Option<Vec<u8>>;
	/// The bare `Revive.eth_transact` of a signed Ethereum transaction.
	fn extrinsic(&self, payload: Vec<u8>) -> Extrinsic;
	/// What another extrinsic does; none if it cannot be told.
	fn native(&self, extrinsic: &Extrinsic) -> Option<NativeCall>;
	/// From the SCALE bytes of `System.Events`: what Ethereum may want to know, in order.
	fn events(&self, encoded: &[u8]) -> Result<Vec<EthEvent>, codec::Error>;
}

/// An event that a receipt shows.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct EthEvent {
	/// Index of the extrinsic in the block; none for what the chain did by itself.
	pub extrinsic: Option<u32>,
	/// What happened.
	pub kind: EthEventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum EthEventKind {
	/// A contract or a precompile emitted a log.
	Log(RawLog),
	/// What a pallet did, as the log of its precompile.
	Pallet(RawLog),
	/// Nothing of it stays but the fee.
	Reverted,
	/// What it cost, in wei, the tip included.
	Fee(u128),
}

/// A log apart from where it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Encode, Decode)]
pub struct RawLog {
	/// The contract.
	pub address: H160,
	/// At most four.
	pub topics: Vec<H256>,
	/// The arguments that are not indexed.
	pub data: Vec<u8>,
}

/// The chain as Ethereum sees it.
pub struct Chain<Block: BlockT<Hash = H256>, C> {
	/// The client.
	pub client: Arc<C>,
	/// The runtime's types.
	pub transactions: Arc<dyn EthTransactions<Block::Extrinsic>>,
}

impl<Block: BlockT<Hash = H256>, C: EthClient<Block>> Chain<Block, C> {
	/// The chain of a client.
	pub fn new(client: Arc<C>, transactions: Arc<dyn EthTransactions<Block::Extrinsic>>) -> Self {
		Self { client, transactions }
	}

	/// The Substrate hash of what a tag or a number means. Ethereum hashes are the index's affair.
	pub(crate) fn resolve(&self, id: BlockId) -> Result<Option<H256>, Error> {
		let info = self.client.info();
		match id {
			BlockId::Latest | BlockId::Pending => Ok(Some(info.best_hash)),
			BlockId::Safe | BlockId::Finalized => Ok(Some(info.finalized_hash)),
			BlockId::Earliest => Ok(Some(info.genesis_hash)),
			BlockId::Number(number) => self.hash_at(number),
			BlockId::Hash(_) | BlockId::Canonical(_) => Ok(None),
		}
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
	fn eth_block(&self, hash: H256) -> Result<BlockV1, Error> {
		self.need_state(hash)?;
		let output = self
			.client
			.runtime_api()
			.eth_block_versioned(hash, BlockInputPayloadV1.into())?;
		BlockOutputPayloadV1::try_from(output)
			.map(|output| output.block)
			.map_err(Error::internal)
	}

	/// What Ethereum may want to know of what happened in a block.
	fn events(&self, hash: H256) -> Result<Vec<EthEvent>, Error> {
		let state = self.client.state_at(hash)?;
		let encoded = state.storage(&EVENTS_KEY).map_err(Error::internal)?.unwrap_or_default();
		if encoded.is_empty() {
			return Ok(Vec::new());
		}
		self.transactions.events(&encoded).map_err(Error::internal)
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
}

impl<Block: BlockT<Hash = H256>, C: EthClient<Block>> Source for Chain<Block, C> {
	fn best(&self) -> (H256, u64) {
		let info = self.client.info();
		(info.best_hash, info.best_number.saturated_into())
	}

	fn hash_at(&self, number: u64) -> Result<Option<H256>, Error> {
		if number > self.best().1 {
			return Ok(None);
		}
		Ok(self.client.hash(NumberFor::<Block>::saturated_from(number))?)
	}

	fn parent(&self, hash: H256) -> Result<H256, Error> {
		let header = self.client.header(hash)?.ok_or(Error::BlockNotFound)?;
		Ok(*header.parent_hash())
	}

	fn has_state(&self, hash: H256) -> bool {
		self.client.state_at(hash).is_ok()
	}

	fn facts(&self, hash: H256) -> Result<Facts, Error> {
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
		// Storage deposits are gas too, which the weight does not bound.
		.max(block.gas_used)
		.min(MAX_SAFE_INTEGER.into());
		let mut facts = Facts {
			block,
			gas_limit,
			gas: Vec::new(),
			transactions: Vec::new(),
			natives: Vec::new(),
			events: self.events(hash)?,
		};
		let hashes = transaction_hashes(facts.block.transactions.clone());
		if hashes.is_empty() && facts.events.is_empty() {
			return Ok(facts);
		}

		facts.gas = ReceiptDataOutputPayloadV1::try_from(
			api.eth_receipt_data_versioned(hash, ReceiptDataInputPayloadV1.into())?,
		)
		.map_err(Error::internal)?
		.receipt_data;
		let body = self.client.block_body(hash)?.ok_or(Error::BlockNotFound)?;
		let mut signed = BTreeMap::new();
		// The block's own list decides: an extrinsic that left no receipt is not in it.
		let mut candidates: HashMap<_, _> = (0..)
			.zip(&body)
			.filter_map(|(extrinsic, body)| {
				let payload = self.transactions.payload(body)?;
				let transaction = Transaction::decode(extrinsic, &payload)?;
				let for_runtime = transaction.to() == Some(NativeTransaction::TO);
				let by = if for_runtime { Signed::ForRuntime } else { Signed::ForEthereum };
				signed.insert(extrinsic, by);
				let Transaction { hash, from, payload, .. } = transaction;
				Some((hash, SignedPayload { extrinsic, from, payload }))
			})
			.collect();
		facts.transactions = hashes.iter().map(|wanted| candidates.remove(wanted)).collect();
		let missing = facts.transactions.iter().filter(|found| found.is_none()).count();
		if missing > 0 || facts.gas.len() != hashes.len() {
			log::warn!(
				target: LOG_TARGET,
				"Block {hash:?} lists {} Ethereum transactions: its body lacks {missing}, its \
				 state has {} receipts.",
				hashes.len(),
				facts.gas.len(),
			);
		}
		facts.events = visible(facts.events, &signed);
		let seen: BTreeSet<_> = facts.events.iter().map(|event| event.extrinsic).collect();
		let natives = (0..).zip(&body).filter_map(|(index, extrinsic)| {
			let native = seen.contains(&Some(index)) && !signed.contains_key(&index);
			let call = native.then(|| self.transactions.native(extrinsic))??;
			let hash = BlakeTwo256::hash_of(extrinsic);
			Some(NativeTransaction { hash, extrinsic: Some(index), call })
		});
		let own = seen.contains(&None).then(|| NativeTransaction {
			hash,
			extrinsic: None,
			call: NativeCall::default(),
		});
		facts.natives = natives.chain(own).collect();
		Ok(facts)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn events_key_should_be_that_of_frame_when_hashed() {
		use pallet_revive::frame_support::{StorageHasher, Twox128};
		let mut key = Twox128::hash(b"System").to_vec();
		key.extend(Twox128::hash(b"Events"));
		assert_eq!(key, EVENTS_KEY);
	}
}
