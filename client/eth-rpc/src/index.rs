//! From Ethereum hashes to blocks.

use crate::{block::Facts, Bloom};
use codec::{Decode, Encode};
use parking_lot::RwLock;
use sp_core::H256;
use std::collections::{BTreeMap, HashMap};

/// What the index keeps of a block of the best chain.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
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

impl IndexedBlock {
	pub(crate) fn glance(&self, admits: &dyn Fn(&Bloom) -> bool) -> Glance {
		match (self.eth_hash, &self.bloom) {
			(None, _) => Glance::Unknown,
			(_, Some(bloom)) if admits(bloom) => Glance::Perhaps(self.hash),
			_ => Glance::Nothing,
		}
	}
}

/// What the index says of wanted logs in a block, without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glance {
	/// There are none.
	Nothing,
	/// There may be some in the block with this Substrate hash.
	Perhaps(H256),
	/// The block is not in, or the runtime could not tell.
	Unknown,
}

/// The best chain's blocks and transactions by their Ethereum hashes, and the blocks that left it.
pub trait Index: Send + Sync + 'static {
	/// Adds a block; one that was there at its height goes. `facts` are those of the block, none
	/// if the runtime could not tell.
	fn insert(&self, block: IndexedBlock, facts: Option<Facts>);
	/// Removes the blocks from this height on and gives their Substrate hashes, highest first. By
	/// their own hashes they can still be found, their transactions not.
	fn retract(&self, from: u64) -> Vec<H256>;
	/// The block at a height.
	fn at(&self, number: u64) -> Option<IndexedBlock>;
	/// Whether wanted logs may be in the block at a height: `admits` says it of a bloom.
	fn glance(&self, number: u64, admits: &dyn Fn(&Bloom) -> bool) -> Glance;
	/// The Substrate hash of an Ethereum block that is in, or was.
	fn block(&self, eth_hash: &H256) -> Option<H256>;
	/// The Substrate hash of the block and the position of an Ethereum transaction in it.
	fn transaction(&self, hash: &H256) -> Option<(H256, u32)>;
	/// The facts of a block by its Substrate hash, if this index keeps facts.
	fn facts(&self, hash: &H256) -> Option<Facts>;
	/// Whether the block is in with all that this index keeps.
	fn has(&self, number: u64, hash: &H256) -> bool;
}

/// An [`Index`] in memory: about 100 bytes a block, 80 a transaction and 256 a block with logs. It
/// keeps no facts, so blocks whose state is pruned have no receipts.
#[derive(Default)]
pub struct MemoryIndex(RwLock<Maps>);

#[derive(Default)]
struct Maps {
	blocks: BTreeMap<u64, IndexedBlock>,
	hashes: HashMap<H256, H256>,
	transactions: HashMap<H256, (u64, u32)>,
}

impl Maps {
	fn remove(&mut self, number: u64) -> Option<H256> {
		let block = self.blocks.remove(&number)?;
		for hash in &block.transactions {
			// It may be in another block already.
			if self.transactions.get(hash).is_some_and(|(at, _)| *at == number) {
				self.transactions.remove(hash);
			}
		}
		Some(block.hash)
	}
}

impl Index for MemoryIndex {
	fn insert(&self, block: IndexedBlock, _: Option<Facts>) {
		let mut maps = self.0.write();
		maps.remove(block.number);
		if let Some(hash) = block.eth_hash {
			maps.hashes.insert(hash, block.hash);
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

	fn glance(&self, number: u64, admits: &dyn Fn(&Bloom) -> bool) -> Glance {
		let maps = self.0.read();
		maps.blocks.get(&number).map_or(Glance::Unknown, |block| block.glance(admits))
	}

	fn block(&self, eth_hash: &H256) -> Option<H256> {
		self.0.read().hashes.get(eth_hash).copied()
	}

	fn transaction(&self, hash: &H256) -> Option<(H256, u32)> {
		let maps = self.0.read();
		let (number, position) = maps.transactions.get(hash)?;
		maps.blocks.get(number).map(|block| (block.hash, *position))
	}

	fn facts(&self, _: &H256) -> Option<Facts> {
		None
	}

	fn has(&self, number: u64, hash: &H256) -> bool {
		let maps = self.0.read();
		maps.blocks.get(&number).is_some_and(|block| block.hash == *hash)
	}
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;

	pub(crate) fn block(number: u64, fork: u8, transactions: &[u8]) -> IndexedBlock {
		let id = number as u8 * 16 + fork;
		IndexedBlock {
			number,
			hash: H256::repeat_byte(id),
			eth_hash: Some(H256::repeat_byte(id + 128)),
			transactions: transactions.iter().map(|tx| H256::repeat_byte(*tx)).collect(),
			bloom: None,
		}
	}

	/// What every index has to do, whatever it is made of.
	pub(crate) fn check(make: impl Fn() -> Box<dyn Index>) {
		let index = make();
		index.insert(block(2, 0, &[1, 2]), None);
		index.insert(block(1, 0, &[]), None);
		assert_eq!(index.block(&H256::repeat_byte(160)), Some(H256::repeat_byte(32)));
		assert_eq!(index.transaction(&H256::repeat_byte(2)), Some((H256::repeat_byte(32), 1)));
		assert_eq!(index.transaction(&H256::repeat_byte(3)), None);
		assert!(!index.has(1, &H256::repeat_byte(17)), "another fork's block");

		// A look at blooms says where logs may be.
		let index = make();
		let bloom = Some(Box::new(Bloom([1; 256])));
		index.insert(IndexedBlock { bloom, ..block(1, 0, &[1]) }, None);
		index.insert(block(2, 0, &[2]), None);
		index.insert(IndexedBlock { eth_hash: None, ..block(3, 0, &[]) }, None);
		let look = |number| {
			[true, false].map(|admits| index.glance(number, &|bloom| bloom.0[0] == 1 && admits))
		};
		// Twice, as the second may be from memory.
		for _ in 0..2 {
			assert_eq!(look(1), [Glance::Perhaps(H256::repeat_byte(16)), Glance::Nothing]);
			assert_eq!(look(2), [Glance::Nothing; 2]);
			assert_eq!(look(3), [Glance::Unknown; 2]);
			assert_eq!(look(4), [Glance::Unknown; 2]);
		}
		index.retract(2);
		assert_eq!(look(2), [Glance::Unknown; 2]);
		index.insert(block(1, 1, &[]), None);
		assert_eq!(look(1), [Glance::Nothing; 2]);

		// A fork is retracted; the same transaction comes again in a block of the other fork.
		let index = make();
		for number in 0..4 {
			index.insert(block(number, 0, &[number as u8 + 1]), None);
		}
		assert_eq!(index.retract(2), [H256::repeat_byte(48), H256::repeat_byte(32)]);
		assert_eq!(index.at(2), None);
		assert_eq!(index.at(1), Some(block(1, 0, &[2])));
		let lost = H256::repeat_byte(160);
		assert_eq!(index.block(&lost), Some(H256::repeat_byte(32)));
		assert_eq!(index.transaction(&H256::repeat_byte(3)), None);
		index.insert(block(2, 1, &[9, 3]), None);
		assert_eq!(index.transaction(&H256::repeat_byte(3)), Some((H256::repeat_byte(33), 1)));
		assert_eq!(index.block(&lost), Some(H256::repeat_byte(32)));
		assert_eq!(index.retract(7), []);

		// A height is taken by another block, and an older one's transaction has moved on.
		let index = make();
		index.insert(block(1, 0, &[1]), None);
		index.insert(block(2, 0, &[1]), None);
		index.insert(block(1, 1, &[2]), None);
		assert_eq!(index.transaction(&H256::repeat_byte(1)), Some((H256::repeat_byte(32), 0)));
		assert_eq!(index.block(&H256::repeat_byte(144)), Some(H256::repeat_byte(16)));
		assert_eq!(index.at(1).map(|block| block.hash), Some(H256::repeat_byte(17)));
	}

	#[test]
	fn memory_index_should_follow_the_best_chain_when_it_changes() {
		check(|| Box::new(MemoryIndex::default()));
	}
}
