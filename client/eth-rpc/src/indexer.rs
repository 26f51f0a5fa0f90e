//! Who keeps the index up with the best chain, and tells of its changes.

use crate::{
	block::{Facts, LoadedBlock},
	chain::{Chain, Source},
	filters::Filters,
	index::{Index, IndexedBlock},
	pool::Pending,
	types::LogFilter,
	Error, EthClient, Log, LOG_TARGET,
};
use futures::{FutureExt, StreamExt};
use parking_lot::Mutex;
use serde_json::Value;
use sp_core::H256;
use sp_runtime::traits::Block as BlockT;
use std::{collections::VecDeque, sync::Arc, time::Instant};
use tokio::sync::broadcast;

/// Changes that a slow subscriber may lag behind before it is cut off.
const UPDATES: usize = 256;
/// Blocks that are kept decoded.
const CACHED_BLOCKS: usize = 64;
/// Blocks that one change of the best chain indexes at once; older ones are filled in behind.
const MAX_WALK: usize = 256;

/// A change of the best chain. A block that cannot be read is left out.
#[derive(Clone, Debug, Default)]
pub struct ChainUpdate {
	/// Blocks that left it, highest first.
	pub retracted: Vec<Arc<LoadedBlock>>,
	/// Blocks that joined it, lowest first.
	pub enacted: Vec<Arc<LoadedBlock>>,
}

impl ChainUpdate {
	/// The headers that joined, as `newHeads` gives them.
	pub(crate) fn heads(&self) -> Result<Vec<Value>, Error> {
		self.enacted.iter().map(|block| block.header_json()).collect()
	}

	/// The logs that the filter admits: those taken back, then the new ones.
	pub(crate) fn logs<'a>(&'a self, filter: &'a LogFilter) -> impl Iterator<Item = Log> + 'a {
		let query = filter.bloom_query();
		let taken = self.retracted.iter().map(|block| (block, true));
		let given = self.enacted.iter().map(|block| (block, false));
		taken
			.chain(given)
			.filter(move |(block, _)| query.may_be_in(block.bloom()))
			.flat_map(|(block, removed)| {
				block
					.logs()
					.filter(|log| filter.admits(log) && filter.covers(log))
					.map(move |log| Log { removed, ..log.clone() })
			})
	}
}

/// The follower of a client's chain.
pub type Indexer<Block, C> = Follower<Chain<Block, C>>;

/// Keeps an [`Index`] up with the best chain.
pub struct Follower<S> {
	pub(crate) chain: S,
	pub(crate) index: Arc<dyn Index>,
	pub(crate) filters: Filters,
	pub(crate) pending: Pending,
	cache: Mutex<VecDeque<(H256, Arc<LoadedBlock>)>>,
	updates: broadcast::Sender<Arc<ChainUpdate>>,
	progress: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
	/// The best block when the index was last brought up to it.
	head: Option<H256>,
	/// Heights below this one were not yet compared with the chain since the start.
	unchecked: u64,
}

impl<S: Source> Follower<S> {
	/// A follower that writes to `index`.
	pub fn new(chain: S, index: Arc<dyn Index>) -> Self {
		let (updates, _) = broadcast::channel(UPDATES);
		Self {
			chain,
			index,
			filters: Filters::default(),
			pending: Pending::default(),
			cache: Mutex::default(),
			updates,
			progress: Mutex::default(),
		}
	}

	/// The changes of the best chain from now on, each after it is indexed.
	pub fn subscribe(&self) -> broadcast::Receiver<Arc<ChainUpdate>> {
		self.updates.subscribe()
	}

	fn follow(&self) {
		if let Err(error) = self.catch_up() {
			log::warn!(target: LOG_TARGET, "Could not index the best block: {error}");
		}
	}

	/// Indexes the best chain down to the first block that is indexed already, and tells of it.
	/// Cheap when there is nothing to do.
	pub fn catch_up(&self) -> Result<(), Error> {
		let mut progress = self.progress.lock();
		let (best, number) = self.chain.best();
		if progress.head == Some(best) {
			return Ok(());
		}
		let (mut hash, mut height) = (best, number);
		let mut joined = Vec::new();
		while joined.len() < MAX_WALK
			&& self.index.at(height).is_none_or(|block| block.hash != hash)
			&& self.chain.has_state(hash)
		{
			joined.push((height, hash));
			let Some(below) = height.checked_sub(1) else { break };
			hash = self.chain.parent(hash)?;
			height = below;
		}
		// Also when the best block went back on its own chain.
		let from = joined.last().map_or(number.saturating_add(1), |(height, _)| *height);
		// Nobody can have seen the chain before the first time.
		let tell = progress.head.is_some();
		let mut update = ChainUpdate::default();
		if tell {
			// They go from the index: this is the last time that they can be read.
			let left: Vec<_> = (from..).map_while(|height| self.index.at(height)).collect();
			update.retracted = left.iter().rev().filter_map(|b| self.readable(b.hash)).collect();
		}
		self.index.retract(from);
		for (height, hash) in joined.iter().rev() {
			let block = self.insert(*height, *hash);
			update.enacted.extend(block.filter(|_| tell));
		}
		if progress.head.is_none() || joined.len() == MAX_WALK {
			progress.unchecked = progress.unchecked.max(from);
		}
		progress.head = Some(best);
		if !update.retracted.is_empty() || !update.enacted.is_empty() {
			let update = Arc::new(update);
			self.filters.on_chain(update.clone(), Instant::now());
			// An error says that nobody listens.
			let _ = self.updates.send(update);
		}
		Ok(())
	}

	/// Compares the highest unchecked height with the chain, and indexes its block if the index
	/// lacks it; false when there is none, or none with its state.
	fn fill_one(&self) -> bool {
		let mut progress = self.progress.lock();
		let Some(number) = progress.unchecked.checked_sub(1) else { return false };
		match self.chain.hash_at(number) {
			Ok(Some(hash)) => {
				if !self.index.has(number, &hash) {
					if !self.chain.has_state(hash) {
						return false;
					}
					// Past the cache, which is for what is asked for.
					self.index_block(number, hash, self.read(hash).as_ref().ok());
				}
			},
			Ok(None) => return false,
			Err(error) => {
				log::warn!(target: LOG_TARGET, "Could not find block {number}: {error}");
				return false;
			},
		}
		progress.unchecked = number;
		true
	}

	/// The block with its transactions and receipts, by its Substrate hash.
	pub fn load(&self, hash: H256) -> Result<Arc<LoadedBlock>, Error> {
		if let Some((_, block)) = self.cache.lock().iter().find(|(cached, _)| *cached == hash) {
			return Ok(block.clone());
		}
		let facts = match self.index.facts(&hash) {
			Some(facts) => facts,
			None => self.chain.facts(hash)?,
		};
		Ok(self.remember(hash, LoadedBlock::new(facts)))
	}

	fn remember(&self, hash: H256, block: LoadedBlock) -> Arc<LoadedBlock> {
		let block = Arc::new(block);
		let mut cache = self.cache.lock();
		if cache.len() >= CACHED_BLOCKS {
			cache.pop_front();
		}
		cache.push_back((hash, block.clone()));
		block
	}

	fn readable(&self, hash: H256) -> Option<Arc<LoadedBlock>> {
		self.load(hash)
			.inspect_err(
				|error| log::warn!(target: LOG_TARGET, "Block {hash:?} cannot be read: {error}"),
			)
			.ok()
	}

	fn insert(&self, number: u64, hash: H256) -> Option<Arc<LoadedBlock>> {
		let facts = self.read(hash);
		self.index_block(number, hash, facts.as_ref().ok());
		facts.ok().map(|facts| self.remember(hash, LoadedBlock::new(facts)))
	}

	fn read(&self, hash: H256) -> Result<Facts, Error> {
		self.chain.facts(hash).inspect_err(
			|error| log::warn!(target: LOG_TARGET, "Block {hash:?} is left out: {error}"),
		)
	}

	fn index_block(&self, number: u64, hash: H256, facts: Option<&Facts>) {
		let indexed = IndexedBlock {
			number,
			hash,
			eth_hash: facts.map(|facts| facts.block.hash),
			transactions: facts.map(Facts::hashes).unwrap_or_default(),
			bloom: facts.map(Facts::bloom).filter(|bloom| !bloom.is_empty()).map(Box::new),
		};
		self.index.insert(indexed, facts.cloned());
	}
}

impl<Block: BlockT<Hash = H256>, C: EthClient<Block>> Indexer<Block, C> {
	/// Follows the import notifications, and between them walks back over the blocks that were
	/// there before, down to genesis or to where the state is pruned: what the index lacks, or has
	/// wrong, is read from the chain again. A block that cannot be read is logged and skipped.
	/// Returns when the client shuts down. It blocks: spawn it so.
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
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use crate::{
		block::{tests::facts, transaction_hashes},
		DiskIndex, MemoryIndex,
	};
	use serde_json::{from_value, json};
	use sp_core::H160;
	use std::collections::HashMap;
	use tempfile::TempDir;

	pub(crate) fn loaded(number: u64, fork: u8, nonces: &[u64]) -> Arc<LoadedBlock> {
		Arc::new(LoadedBlock::new(facts(number, fork, nonces)))
	}

	#[test]
	fn update_should_take_logs_back_before_it_gives_new_ones_when_the_chain_reorganises() {
		// Transaction 0 moves from block 2 to block 3 of the other fork; 1 is lost.
		let update = ChainUpdate {
			retracted: vec![loaded(2, 0, &[0, 1])],
			enacted: vec![loaded(2, 1, &[]), loaded(3, 1, &[0])],
		};
		let summary = |filter: &LogFilter| -> Vec<_> {
			update
				.logs(filter)
				.map(|log| (log.removed, log.block_number.as_u64(), log.data.0[0]))
				.collect()
		};
		let all = [(true, 2, 0), (true, 2, 0), (false, 3, 1)];
		assert_eq!(summary(&LogFilter::default()), all);
		let of_0: LogFilter = from_value(json!({ "address": H160::repeat_byte(1) })).unwrap();
		assert_eq!(summary(&of_0), [(true, 2, 0), (false, 3, 1)]);
		let up_to_2: LogFilter = from_value(json!({ "toBlock": "0x2" })).unwrap();
		assert_eq!(summary(&up_to_2), [(true, 2, 0), (true, 2, 0)]);
		let nobody: LogFilter = from_value(json!({ "address": H160::repeat_byte(9) })).unwrap();
		assert_eq!(summary(&nobody), []);
	}

	#[test]
	fn update_should_announce_only_what_joined_when_heads_are_asked() {
		let update = ChainUpdate {
			retracted: vec![loaded(2, 0, &[])],
			enacted: vec![loaded(2, 1, &[]), loaded(3, 1, &[])],
		};
		let heads = update.heads().unwrap();
		assert_eq!(heads.len(), 2);
		assert_eq!(heads[0]["number"], "0x2");
		assert_eq!(heads[0]["hash"], json!(update.enacted[0].hash()));
		assert_eq!(heads[0].get("transactions"), None);
	}

	/// A chain that is written by hand.
	#[derive(Default)]
	struct Script(Arc<Mutex<Blocks>>);

	#[derive(Default)]
	struct Blocks {
		best: Vec<H256>,
		/// Number, parent and contents; none for a block that the runtime cannot read.
		all: HashMap<H256, (u64, H256, Option<Facts>)>,
		/// Blocks below this one have no state.
		pruned: u64,
	}

	impl Blocks {
		/// Makes a block of a fork the best one; what was above its parent is on the best chain no
		/// more.
		fn push(&mut self, number: u64, fork: u8, nonces: &[u64]) -> H256 {
			let facts = facts(number, fork, nonces);
			// Any other hash than Ethereum's.
			let hash = H256::from_low_u64_be(number * 256 + u64::from(fork));
			self.best.truncate(number as usize);
			let parent = self.best.last().copied().unwrap_or_default();
			self.best.push(hash);
			self.all.insert(hash, (number, parent, Some(facts)));
			hash
		}

		fn hash_of(&self, number: u64) -> H256 {
			self.best[number as usize]
		}
	}

	impl Source for Script {
		fn best(&self) -> (H256, u64) {
			let best = &self.0.lock().best;
			(*best.last().unwrap(), best.len() as u64 - 1)
		}

		fn hash_at(&self, number: u64) -> Result<Option<H256>, Error> {
			Ok(self.0.lock().best.get(number as usize).copied())
		}

		fn parent(&self, hash: H256) -> Result<H256, Error> {
			Ok(self.0.lock().all[&hash].1)
		}

		fn has_state(&self, hash: H256) -> bool {
			let blocks = self.0.lock();
			blocks.all[&hash].0 >= blocks.pruned
		}

		fn facts(&self, hash: H256) -> Result<Facts, Error> {
			let blocks = self.0.lock();
			let (number, _, facts) = &blocks.all[&hash];
			if *number < blocks.pruned {
				return Err(Error::StateUnavailable(*number));
			}
			facts.clone().ok_or(Error::Internal("unreadable".into()))
		}
	}

	fn follow(chain: &Arc<Mutex<Blocks>>, index: impl Index) -> Follower<Script> {
		let follower = Follower::new(Script(chain.clone()), Arc::new(index));
		follower.catch_up().unwrap();
		follower
	}

	fn fill(follower: &Follower<Script>) {
		while follower.fill_one() {}
	}

	fn chain(blocks: u64) -> Arc<Mutex<Blocks>> {
		let chain = Arc::<Mutex<Blocks>>::default();
		for number in 0..blocks {
			chain.lock().push(number, 0, &[number]);
		}
		chain
	}

	fn numbers(blocks: &[Arc<LoadedBlock>]) -> Vec<u64> {
		blocks.iter().map(|block| block.block.number.as_u64()).collect()
	}

	#[test]
	fn follower_should_tell_of_both_forks_when_the_chain_reorganises() {
		let chain = chain(4);
		let follower = follow(&chain, MemoryIndex::default());
		let mut updates = follower.subscribe();
		let moved = facts(3, 0, &[3]).block;
		chain.lock().push(2, 1, &[]);
		chain.lock().push(3, 1, &[]);
		let winner = chain.lock().push(4, 1, &[3]);
		follower.catch_up().unwrap();
		let update = updates.try_recv().unwrap();
		assert_eq!(numbers(&update.retracted), [3, 2]);
		assert_eq!(numbers(&update.enacted), [2, 3, 4]);
		let removed: Vec<_> = update
			.logs(&LogFilter::default())
			.map(|log| (log.removed, log.block_number.as_u64()))
			.collect();
		assert_eq!(removed, [(true, 3), (true, 2), (false, 4)]);
		let transaction = transaction_hashes(moved.transactions)[0];
		assert_eq!(follower.index.transaction(&transaction), Some((winner, 0)));
		let lost = follower.index.block(&moved.hash).expect("geth has it still, too");
		assert_eq!(follower.load(lost).unwrap().hash(), moved.hash);
		follower.catch_up().unwrap();
		assert!(updates.try_recv().is_err(), "nothing happened since");
	}

	#[test]
	fn follower_should_take_blocks_back_when_the_best_block_falls_on_its_own_chain() {
		let chain = chain(4);
		let follower = follow(&chain, MemoryIndex::default());
		let mut updates = follower.subscribe();
		chain.lock().best.truncate(2);
		follower.catch_up().unwrap();
		let update = updates.try_recv().unwrap();
		assert_eq!((numbers(&update.retracted), numbers(&update.enacted)), (vec![3, 2], vec![]));
		assert_eq!(follower.index.at(2), None);
	}

	#[test]
	fn follower_should_index_all_and_tell_of_none_when_the_chain_was_there_before() {
		let chain = chain(MAX_WALK as u64 + 40);
		let follower = Follower::new(Script(chain.clone()), Arc::new(MemoryIndex::default()));
		let mut updates = follower.subscribe();
		follower.catch_up().unwrap();
		assert_eq!(follower.index.at(39), None, "the rest is filled in behind");
		fill(&follower);
		for number in 0..MAX_WALK as u64 + 40 {
			let hash = chain.lock().hash_of(number);
			assert!(follower.index.has(number, &hash), "{number}");
		}
		assert!(updates.try_recv().is_err());
	}

	#[test]
	fn follower_should_go_on_when_a_block_cannot_be_read() {
		let chain = chain(2);
		let follower = follow(&chain, MemoryIndex::default());
		let mut updates = follower.subscribe();
		let broken = chain.lock().push(2, 0, &[7]);
		chain.lock().all.get_mut(&broken).unwrap().2 = None;
		let whole = chain.lock().push(3, 0, &[8]);
		follower.catch_up().unwrap();
		assert_eq!(numbers(&updates.try_recv().unwrap().enacted), [3]);
		assert_eq!(follower.index.at(2).unwrap().eth_hash, None);
		assert_eq!(follower.index.at(3).unwrap().hash, whole);
	}

	#[test]
	fn receipts_should_outlive_state_and_restart_when_the_index_is_on_disk() {
		let (chain, folder) = (chain(6), TempDir::new().unwrap());
		let open = || DiskIndex::open(folder.path(), H256::zero()).unwrap();
		let follower = follow(&chain, open());
		fill(&follower);
		drop(follower);
		chain.lock().push(6, 0, &[]);
		chain.lock().pruned = 6;
		let hash = chain.lock().hash_of(1);

		let follower = follow(&chain, open());
		fill(&follower);
		let block = follower.load(hash).unwrap();
		assert_eq!(block.hash(), facts(1, 0, &[1]).block.hash);
		assert_eq!(block.logs().count(), 1);
		assert_eq!(follower.index.block(&block.hash()), Some(hash));
		drop(follower);

		// The same chain with an index in memory has lost them.
		let forgetful = follow(&chain, MemoryIndex::default());
		assert!(matches!(forgetful.load(hash), Err(Error::StateUnavailable(1))));
	}

	#[test]
	fn follower_should_read_from_the_chain_again_when_the_index_on_disk_is_lost_or_wrong() {
		let (chain, folder) = (chain(6), TempDir::new().unwrap());
		let open = || DiskIndex::open(folder.path(), H256::zero()).unwrap();
		let whole = |follower: &Follower<Script>| {
			fill(follower);
			(0..6).all(|number| {
				let hash = chain.lock().hash_of(number);
				follower.index.has(number, &hash)
			})
		};
		assert!(whole(&follow(&chain, open())));
		// A block of another fork, one without its facts, and one that is missing.
		let index = open();
		let other = IndexedBlock { hash: H256::repeat_byte(9), ..index.at(1).unwrap() };
		index.insert(other, Some(facts(1, 0, &[1])));
		index.insert(index.at(2).unwrap(), None);
		index.retract(5);
		drop(index);
		assert!(whole(&follow(&chain, open())));
		std::fs::write(folder.path().join("metadata"), b"version=?").unwrap();
		assert!(whole(&follow(&chain, open())));
		std::fs::remove_dir_all(folder.path()).unwrap();
		assert!(whole(&follow(&chain, open())));
	}
}
