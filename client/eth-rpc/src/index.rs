//! From Ethereum hashes to blocks, and who changed the best chain.

use crate::{
	chain::{transaction_hashes, Chain},
	Bloom, Error, EthClient, LOG_TARGET,
};
use futures::{FutureExt, StreamExt};
use parking_lot::{Mutex, RwLock};
use sp_core::H256;
use sp_runtime::{
	traits::{Block as BlockT, Header as _},
	SaturatedConversion,
};
use std::{
	collections::{BTreeMap, HashMap},
	sync::Arc,
};
use tokio::sync::broadcast;

/// Changes that a slow subscriber may lag behind before it is cut off.
const UPDATES: usize = 256;

/// What the index keeps of a block of the best chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedBlock {
	/// The height, the same for Substrate and Ethereum.
	pub number: u64,
	/// The Substrate hash.
	pub hash: H256,
	/// The Ethereum hash; none if the runtime could not tell.
	pub eth_hash: Option<H256>,
	/// The Ethereum transactions by position.
	pub transactions: Vec<H256>,
	/// The filter over the logs; none if there are no logs.
	pub bloom: Option<Box<Bloom>>,
}

/// The best chain's blocks and transactions by their Ethereum hashes.
pub trait Index: Send + Sync + 'static {
	/// Adds a block; one that was there at its height goes.
	fn insert(&self, block: IndexedBlock);
	/// Removes the blocks from this height on and gives their Substrate hashes, highest first.
	fn retract(&self, from: u64) -> Vec<H256>;
	/// The block at a height.
	fn at(&self, number: u64) -> Option<IndexedBlock>;
	/// The Substrate hash of an Ethereum block.
	fn block(&self, eth_hash: &H256) -> Option<H256>;
	/// The Substrate hash of the block and the position of an Ethereum transaction in it.
	fn transaction(&self, hash: &H256) -> Option<(H256, u32)>;
	/// The lowest height that is indexed.
	fn lowest(&self) -> Option<u64>;
}

/// An [`Index`] in memory: about 100 bytes a block, 80 a transaction and 256 a block with logs.
#[derive(Default)]
pub struct MemoryIndex(RwLock<Maps>);

#[derive(Default)]
struct Maps {
	blocks: BTreeMap<u64, IndexedBlock>,
	hashes: HashMap<H256, u64>,
	transactions: HashMap<H256, (u64, u32)>,
}

impl Maps {
	fn remove(&mut self, number: u64) -> Option<H256> {
		let block = self.blocks.remove(&number)?;
		if let Some(hash) = block.eth_hash {
			self.hashes.remove(&hash);
		}
		for hash in &block.transactions {
			self.transactions.remove(hash);
		}
		Some(block.hash)
	}
}

impl Index for MemoryIndex {
	fn insert(&self, block: IndexedBlock) {
		let mut maps = self.0.write();
		maps.remove(block.number);
		if let Some(hash) = block.eth_hash {
			maps.hashes.insert(hash, block.number);
		}
		for (position, hash) in (0..).zip(&block.transactions) {
			maps.transactions.insert(*hash, (block.number, position));
		}
		maps.blocks.insert(block.number, block);
	}

	fn retract(&self, from: u64) -> Vec<H256> {
		let mut maps = self.0.write();
		let numbers: Vec<_> = maps.blocks.range(from..).rev().map(|(number, _)| *number).collect();
		numbers.into_iter().filter_map(|number| maps.remove(number)).collect()
	}

	fn at(&self, number: u64) -> Option<IndexedBlock> {
		self.0.read().blocks.get(&number).cloned()
	}

	fn block(&self, eth_hash: &H256) -> Option<H256> {
		let maps = self.0.read();
		let number = maps.hashes.get(eth_hash)?;
		maps.blocks.get(number).map(|block| block.hash)
	}

	fn transaction(&self, hash: &H256) -> Option<(H256, u32)> {
		let maps = self.0.read();
		let (number, position) = maps.transactions.get(hash)?;
		maps.blocks.get(number).map(|block| (block.hash, *position))
	}

	fn lowest(&self) -> Option<u64> {
		self.0.read().blocks.keys().next().copied()
	}
}

/// A change of the best chain, as Substrate hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChainUpdate {
	/// Blocks that left it, highest first.
	pub retracted: Vec<H256>,
	/// Blocks that joined it, lowest first.
	pub enacted: Vec<H256>,
}

/// Keeps an [`Index`] up with the best chain.
pub struct Indexer<Block: BlockT<Hash = H256>, C> {
	pub(crate) chain: Chain<Block, C>,
	pub(crate) index: Arc<dyn Index>,
	updates: broadcast::Sender<Arc<ChainUpdate>>,
	writing: Mutex<()>,
}

impl<Block: BlockT<Hash = H256>, C: EthClient<Block>> Indexer<Block, C> {
	/// An indexer that writes to `index`.
	pub fn new(chain: Chain<Block, C>, index: Arc<dyn Index>) -> Self {
		let (updates, _) = broadcast::channel(UPDATES);
		Self { chain, index, updates, writing: Mutex::new(()) }
	}

	/// The changes of the best chain from now on, each after it is indexed.
	pub fn subscribe(&self) -> broadcast::Receiver<Arc<ChainUpdate>> {
		self.updates.subscribe()
	}

	/// Follows the import notifications, and between them walks back over the blocks that were
	/// there before. A block that cannot be read is logged and skipped; the walk ends at genesis or
	/// where the state is pruned. Returns when the client shuts down. It blocks: spawn it so.
	pub async fn run(self: Arc<Self>) {
		let mut imports = self.chain.client.import_notification_stream();
		let mut filling = true;
		self.follow();
		loop {
			let import =
				if filling { imports.next().now_or_never() } else { Some(imports.next().await) };
			match import {
				Some(None) => return,
				Some(Some(_)) => {
					self.follow();
					filling = true;
				},
				None => {
					filling = self.fill_one();
					// So that a long walk back does not hold up the shutdown.
					tokio::task::yield_now().await;
				},
			}
		}
	}

	fn follow(&self) {
		if let Err(error) = self.catch_up() {
			log::warn!(target: LOG_TARGET, "Could not index the best block: {error}");
		}
	}

	/// Indexes the best chain down to the first block that is indexed already; with an empty index
	/// the best block alone. Cheap when there is nothing to do.
	pub fn catch_up(&self) -> Result<(), Error> {
		let _writing = self.writing.lock();
		let (mut hash, mut number) = self.chain.best();
		let above = number.saturating_add(1);
		let mut enacted = Vec::new();
		let first = self.index.lowest().is_none();
		loop {
			if self.index.at(number).is_some_and(|block| block.hash == hash)
				|| !self.chain.has_state(hash)
			{
				break;
			}
			enacted.push(self.entry(number, hash));
			if first || number == 0 {
				break;
			}
			let header = self.chain.client.header(hash)?.ok_or(Error::BlockNotFound)?;
			hash = *header.parent_hash();
			number = (*header.number()).saturated_into::<u64>().saturating_sub(1);
		}
		// Also when the best block went back on its own chain.
		let from = enacted.last().map_or(above, |block| block.number);
		let retracted = self.index.retract(from);
		if enacted.is_empty() && retracted.is_empty() {
			return Ok(());
		}
		let mut update = ChainUpdate { retracted, enacted: Vec::with_capacity(enacted.len()) };
		for block in enacted.into_iter().rev() {
			update.enacted.push(block.hash);
			self.index.insert(block);
		}
		if !first {
			// An error says that nobody listens.
			let _ = self.updates.send(Arc::new(update));
		}
		Ok(())
	}

	/// Indexes the block below the lowest one; false when there is none, or none with its state.
	fn fill_one(&self) -> bool {
		let _writing = self.writing.lock();
		let Some(number) = self.index.lowest().and_then(|lowest| lowest.checked_sub(1)) else {
			return false;
		};
		match self.chain.hash_at(number) {
			Ok(Some(hash)) if self.chain.has_state(hash) => {
				self.index.insert(self.entry(number, hash));
				true
			},
			Ok(_) => false,
			Err(error) => {
				log::warn!(target: LOG_TARGET, "Could not find block {number}: {error}");
				false
			},
		}
	}

	fn entry(&self, number: u64, hash: H256) -> IndexedBlock {
		match self.chain.eth_block(hash) {
			Ok(block) => {
				let bloom = Bloom(block.logs_bloom.0);
				IndexedBlock {
					number,
					hash,
					eth_hash: Some(block.hash),
					transactions: transaction_hashes(block.transactions),
					bloom: (!bloom.is_empty()).then(|| Box::new(bloom)),
				}
			},
			Err(error) => {
				log::warn!(target: LOG_TARGET, "Block {number} ({hash:?}) is left out: {error}");
				IndexedBlock { number, hash, eth_hash: None, transactions: Vec::new(), bloom: None }
			},
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn block(number: u64, fork: u8, transactions: &[u8]) -> IndexedBlock {
		let id = number as u8 * 16 + fork;
		IndexedBlock {
			number,
			hash: H256::repeat_byte(id),
			eth_hash: Some(H256::repeat_byte(id + 128)),
			transactions: transactions.iter().map(|tx| H256::repeat_byte(*tx)).collect(),
			bloom: None,
		}
	}

	#[test]
	fn index_should_find_blocks_and_transactions_when_they_are_in() {
		let index = MemoryIndex::default();
		index.insert(block(2, 0, &[1, 2]));
		index.insert(block(1, 0, &[]));
		assert_eq!(index.lowest(), Some(1));
		assert_eq!(index.block(&H256::repeat_byte(160)), Some(H256::repeat_byte(32)));
		assert_eq!(index.transaction(&H256::repeat_byte(2)), Some((H256::repeat_byte(32), 1)));
		assert_eq!(index.transaction(&H256::repeat_byte(3)), None);
	}

	#[test]
	fn index_should_forget_a_fork_when_it_is_retracted() {
		let index = MemoryIndex::default();
		for number in 0..4 {
			index.insert(block(number, 0, &[number as u8 + 1]));
		}
		let retracted = index.retract(2);
		assert_eq!(retracted, [H256::repeat_byte(48), H256::repeat_byte(32)]);
		assert_eq!(index.at(2), None);
		assert_eq!(index.block(&H256::repeat_byte(160)), None);
		assert_eq!(index.transaction(&H256::repeat_byte(3)), None);
		// The same transaction comes again in the block of the other fork.
		index.insert(block(2, 1, &[9, 3]));
		assert_eq!(index.transaction(&H256::repeat_byte(3)), Some((H256::repeat_byte(33), 1)));
	}

	#[test]
	fn index_should_replace_a_block_when_its_height_is_taken() {
		let index = MemoryIndex::default();
		index.insert(block(1, 0, &[1]));
		index.insert(block(1, 1, &[2]));
		assert_eq!(index.transaction(&H256::repeat_byte(1)), None);
		assert_eq!(index.block(&H256::repeat_byte(144)), None);
		assert_eq!(index.at(1).map(|block| block.hash), Some(H256::repeat_byte(17)));
	}
}
