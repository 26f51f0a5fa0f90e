//! The index on disk, which answers for blocks whose state and body are pruned.

use crate::{
	block::Facts,
	index::{Glance, Index, IndexedBlock},
	Bloom, Error, LOG_TARGET,
};
use codec::{Decode, Encode};
use pallet_revive::keccak_256;
use parity_db::{ColumnOptions, CompressionType, Db, Options};
use parking_lot::{Mutex, RwLock};
use sp_core::H256;
use std::{
	collections::BTreeMap,
	fs, io,
	panic::{self, AssertUnwindSafe},
	path::{Path, PathBuf},
	sync::atomic::{AtomicBool, Ordering},
};

/// Raised when what is stored changes; an older index is thrown away and filled again.
const FORMAT: u32 = 3;

/// The format and the chain, and the highest block.
const META: u8 = 0;
/// Height to [`IndexedBlock`].
const BLOCKS: u8 = 1;
/// Ethereum hash of a block to its Substrate hash.
const HASHES: u8 = 2;
/// Ethereum hash of a transaction to height and position.
const TRANSACTIONS: u8 = 3;
/// Substrate hash to [`Facts`].
const FACTS: u8 = 4;
const COLUMNS: u8 = 5;

/// The name of the file that says that the tables are damaged.
const DAMAGED: &str = "damaged";
const FORMAT_KEY: &[u8] = b"format";
const HIGHEST_KEY: &[u8] = b"highest";
/// Changes after which a retraction is written in parts.
const COMMIT_CHANGES: usize = 4_096;
/// Bytes from which facts are compressed: mostly empty blooms and hashes of nothing.
const COMPRESS_FROM: u32 = 256;

/// Blocks whose blooms are in memory: what some queries for logs look through.
const MAX_HEADS: usize = 20_000;

/// An [`Index`] in a folder of its own, kept with the facts of every block.
///
/// Every value carries a checksum. What does not agree with its own is as good as lost: the
/// [`Follower`](crate::Follower) reads it from the chain again, at the latest after the next start. A
/// folder that cannot be opened, whose tables turn out to be damaged, or that belongs to another
/// chain is emptied at the next start and filled again.
pub struct DiskIndex {
	db: Database,
	/// Held while writing: the highest block that is in.
	highest: Mutex<Option<u64>>,
	/// Blocks that were seen, the newest before all, without their transactions.
	heads: RwLock<BTreeMap<u64, IndexedBlock>>,
}

/// The database, which reads and writes files that may be damaged. They are mapped into memory and
/// trusted, so that damage may end in a panic, which would end the node.
struct Database {
	/// Taken when it is closed.
	db: Option<Db>,
	/// The file that says that the tables are damaged.
	mark: PathBuf,
	damaged: AtomicBool,
}

impl Database {
	fn open(options: &Options) -> Result<Self, parity_db::Error> {
		let mark = options.path.join(DAMAGED);
		if mark.exists() {
			return Err(parity_db::Error::Corruption("its tables were found damaged".into()));
		}
		let db = Some(calm(|| Db::open_or_create(options))?);
		Ok(Self { db, mark, damaged: AtomicBool::new(false) })
	}

	fn get(&self, column: u8, key: &[u8]) -> Result<Option<Vec<u8>>, parity_db::Error> {
		self.with(|db| db.get(column, key))
	}

	fn commit(&self, changes: Changes) -> Result<(), parity_db::Error> {
		let changes = changes.into_iter().map(|((column, key), value)| (column, key, value));
		self.with(|db| db.commit(changes))
	}

	fn with<T>(
		&self,
		work: impl FnOnce(&Db) -> Result<T, parity_db::Error>,
	) -> Result<T, parity_db::Error> {
		let Some(db) = &self.db else { return Err(parity_db::Error::DatabaseNotFound) };
		let result = calm(|| work(db));
		if matches!(
			result,
			Err(parity_db::Error::Corruption(_) | parity_db::Error::InvalidValueData)
		) && !self.damaged.swap(true, Ordering::Relaxed)
		{
			log::error!(
				target: LOG_TARGET,
				"The Ethereum index is damaged: restart the node, which fills it again."
			);
			if let Err(error) = fs::write(&self.mark, []) {
				log::error!(target: LOG_TARGET, "Remove the Ethereum index by hand: {error}");
			}
		}
		result
	}
}

impl Drop for Database {
	fn drop(&mut self) {
		let db = self.db.take();
		// Closing writes what is left.
		let _ = calm(|| {
			drop(db);
			Ok(())
		});
	}
}

/// What one commit changes; the last word on a key counts.
type Changes = BTreeMap<(u8, Vec<u8>), Option<Vec<u8>>>;

impl DiskIndex {
	/// Opens the index, or makes it. Fails if another process has it open or the folder cannot be
	/// written.
	pub fn open(path: &Path, genesis: H256) -> Result<Self, Error> {
		let failed = |error: parity_db::Error| {
			Error::Internal(format!(
				"the Ethereum index at {} is not usable: {error}",
				path.display()
			))
		};
		match Self::try_open(path, genesis) {
			Ok(index) => Ok(index),
			// Trouble that is not the index's: nothing is thrown away for it.
			Err(error @ parity_db::Error::Locked(_)) => Err(failed(error)),
			Err(parity_db::Error::Io(error))
				if !matches!(
					error.kind(),
					io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
				) =>
			{
				Err(failed(parity_db::Error::Io(error)))
			},
			Err(error) => {
				log::warn!(
					target: LOG_TARGET,
					"The Ethereum index at {} is filled again from the chain: {error}",
					path.display()
				);
				empty(path).map_err(Error::internal)?;
				Self::try_open(path, genesis).map_err(failed)
			},
		}
	}

	fn try_open(path: &Path, genesis: H256) -> Result<Self, parity_db::Error> {
		fs::create_dir_all(path).map_err(parity_db::Error::Io)?;
		let mut options = Options::with_columns(path, COLUMNS);
		options.stats = false;
		if let Some(facts) = options.columns.get_mut(usize::from(FACTS)) {
			*facts = ColumnOptions { compression: CompressionType::Lz4, ..Default::default() };
		}
		options.compression_threshold.insert(FACTS, COMPRESS_FROM);
		let is_old = path.join("metadata").exists();
		let db = Database::open(&options)?;
		let format = (FORMAT, genesis);
		match db.get(META, FORMAT_KEY)? {
			None if is_old => {
				return Err(parity_db::Error::Corruption("its format is not in it".into()));
			},
			None => {
				db.commit([((META, FORMAT_KEY.to_vec()), Some(seal(&format)))].into())?;
			},
			Some(found) if unseal::<(u32, H256)>(&found) == Some(format) => {},
			Some(_) => {
				let reason = "it has another format or belongs to another chain";
				return Err(parity_db::Error::InvalidConfiguration(reason.into()));
			},
		}
		let highest = match db.get(META, HIGHEST_KEY)? {
			None => None,
			Some(found) => unseal(&found)
				.ok_or_else(|| parity_db::Error::Corruption("its height is unreadable".into()))?,
		};
		Ok(Self { db, highest: Mutex::new(highest), heads: Default::default() })
	}

	fn get<T: Decode>(&self, column: u8, key: &[u8]) -> Option<T> {
		let found = self.db.get(column, key).unwrap_or_else(|error| {
			log::warn!(target: LOG_TARGET, "The Ethereum index could not be read: {error}");
			None
		})?;
		let value = unseal(&found);
		if value.is_none() {
			log::warn!(target: LOG_TARGET, "An entry of the Ethereum index is corrupt.");
		}
		value
	}

	fn remove(&self, number: u64, changes: &mut Changes) -> Option<H256> {
		let block = self.at(number)?;
		self.heads.write().remove(&number);
		changes.insert((BLOCKS, number_key(number)), None);
		for hash in &block.transactions {
			// It may be in another block already.
			let place: Option<(u64, u32)> = self.get(TRANSACTIONS, hash.as_bytes());
			if place.is_some_and(|(at, _)| at == number) {
				changes.insert((TRANSACTIONS, hash.as_bytes().to_vec()), None);
			}
		}
		Some(block.hash)
	}

	fn commit(&self, changes: Changes) {
		if let Err(error) = self.db.commit(changes) {
			log::error!(
				target: LOG_TARGET,
				"The Ethereum index could not be written, restart the node: {error}"
			);
		}
	}
}

impl Index for DiskIndex {
	fn insert(&self, block: IndexedBlock, facts: Option<Facts>) {
		let mut highest = self.highest.lock();
		let mut changes = Changes::new();
		self.remove(block.number, &mut changes);
		if let Some(hash) = block.eth_hash {
			changes.insert((HASHES, hash.as_bytes().to_vec()), Some(seal(&block.hash)));
		}
		for (position, hash) in (0u32..).zip(&block.transactions) {
			let place = seal(&(block.number, position));
			changes.insert((TRANSACTIONS, hash.as_bytes().to_vec()), Some(place));
		}
		if let Some(facts) = facts {
			changes.insert((FACTS, block.hash.as_bytes().to_vec()), Some(seal(&facts)));
		}
		if highest.is_none_or(|highest| highest < block.number) {
			*highest = Some(block.number);
			changes.insert((META, HIGHEST_KEY.to_vec()), Some(seal(&*highest)));
		}
		changes.insert((BLOCKS, number_key(block.number)), Some(seal(&block)));
		self.commit(changes);
		let mut heads = self.heads.write();
		heads.insert(block.number, IndexedBlock { transactions: Vec::new(), ..block });
		if heads.len() > MAX_HEADS {
			heads.pop_first();
		}
	}

	fn retract(&self, from: u64) -> Vec<H256> {
		let mut highest = self.highest.lock();
		let Some(last) = highest.filter(|last| *last >= from) else { return Vec::new() };
		let (mut changes, mut hashes) = (Changes::new(), Vec::new());
		for number in (from..=last).rev() {
			hashes.extend(self.remove(number, &mut changes));
			// From the top, and in parts: a chain that was purged may be long.
			if number == from || changes.len() >= COMMIT_CHANGES {
				*highest = number.checked_sub(1);
				changes.insert((META, HIGHEST_KEY.to_vec()), Some(seal(&*highest)));
				self.commit(std::mem::take(&mut changes));
			}
		}
		hashes
	}

	fn at(&self, number: u64) -> Option<IndexedBlock> {
		self.get(BLOCKS, &number_key(number))
	}

	fn glance(&self, number: u64, admits: &dyn Fn(&Bloom) -> bool) -> Glance {
		if let Some(head) = self.heads.read().get(&number) {
			return head.glance(admits);
		}
		// Under the lock of writers, so that no block that leaves meanwhile stays in memory.
		let _writing = self.highest.lock();
		let Some(block) = self.at(number) else { return Glance::Unknown };
		let glance = block.glance(admits);
		let mut heads = self.heads.write();
		if heads.len() < MAX_HEADS {
			heads.insert(number, IndexedBlock { transactions: Vec::new(), ..block });
		}
		glance
	}

	fn block(&self, eth_hash: &H256) -> Option<H256> {
		self.get(HASHES, eth_hash.as_bytes())
	}

	fn transaction(&self, hash: &H256) -> Option<(H256, u32)> {
		let (number, position): (u64, u32) = self.get(TRANSACTIONS, hash.as_bytes())?;
		let block = self.at(number)?;
		(block.transactions.get(position as usize) == Some(hash)).then_some((block.hash, position))
	}

	fn facts(&self, hash: &H256) -> Option<Facts> {
		self.get(FACTS, hash.as_bytes())
	}

	fn has(&self, number: u64, hash: &H256) -> bool {
		let block = self.at(number).filter(|block| block.hash == *hash);
		block.is_some_and(|block| {
			block.eth_hash.is_some_and(|hash| self.block(&hash) == Some(block.hash))
				&& block.transactions.iter().all(|hash| self.transaction(hash).is_some())
				&& self
					.facts(&block.hash)
					.is_some_and(|facts| block.eth_hash == Some(facts.block.hash))
		})
	}
}

fn number_key(number: u64) -> Vec<u8> {
	number.to_be_bytes().to_vec()
}

/// Runs what may panic and makes an error of it.
fn calm<T>(read: impl FnOnce() -> Result<T, parity_db::Error>) -> Result<T, parity_db::Error> {
	let _guard = sp_panic_handler::AbortGuard::force_unwind();
	panic::catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
		Err(parity_db::Error::Corruption("its files are not what was written".into()))
	})
}

/// The value behind its checksum.
fn seal(value: &impl Encode) -> Vec<u8> {
	let value = value.encode();
	[&checksum(&value)[..], &value].concat()
}

fn checksum(value: &[u8]) -> [u8; 8] {
	let [a, b, c, d, e, f, g, h, ..] = keccak_256(value);
	[a, b, c, d, e, f, g, h]
}

/// None if the value is not what was sealed.
fn unseal<T: Decode>(sealed: &[u8]) -> Option<T> {
	let (sum, mut value) = sealed.split_at_checked(8)?;
	if checksum(value) != sum {
		return None;
	}
	let decoded = T::decode(&mut value).ok()?;
	value.is_empty().then_some(decoded)
}

/// Removes the database's own files, and nothing else that may lie there.
fn empty(path: &Path) -> io::Result<()> {
	const OURS: [&str; 6] = ["metadata", "lock", "index_", "table_", "log", DAMAGED];
	for entry in fs::read_dir(path)? {
		let entry = entry?;
		let ours = entry
			.file_name()
			.to_str()
			.is_some_and(|name| OURS.iter().any(|prefix| name.starts_with(prefix)));
		if ours && entry.file_type()?.is_file() {
			fs::remove_file(entry.path())?;
		}
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		block::{tests::facts, transaction_hashes},
		index::tests::check,
	};
	use tempfile::TempDir;

	const GENESIS: H256 = H256::repeat_byte(1);

	/// A block with its facts, as the indexer inserts it.
	fn put(index: &DiskIndex, number: u64, nonces: &[u64]) -> (H256, Facts) {
		let facts = facts(number, 0, nonces);
		let hash = H256::repeat_byte(100 + number as u8);
		let block = IndexedBlock {
			number,
			hash,
			eth_hash: Some(facts.block.hash),
			transactions: transaction_hashes(facts.block.transactions.clone()),
			bloom: None,
		};
		index.insert(block, Some(facts.clone()));
		(hash, facts)
	}

	fn names(path: &Path) -> Vec<String> {
		fs::read_dir(path)
			.unwrap()
			.map(|entry| entry.unwrap().file_name().into_string().unwrap())
			.collect()
	}

	#[test]
	fn disk_index_should_follow_the_best_chain_when_it_changes() {
		let folder = TempDir::new().unwrap();
		let count = std::cell::Cell::new(0);
		check(|| {
			count.set(count.get() + 1);
			let path = folder.path().join(count.get().to_string());
			Box::new(DiskIndex::open(&path, GENESIS).unwrap())
		});
	}

	#[test]
	fn disk_index_should_know_everything_when_it_is_opened_again() {
		let folder = TempDir::new().unwrap();
		let index = DiskIndex::open(folder.path(), GENESIS).unwrap();
		let (hash, kept) = put(&index, 1, &[0, 1]);
		put(&index, 2, &[2]);
		assert!(index.has(1, &hash));
		drop(index);

		let index = DiskIndex::open(folder.path(), GENESIS).unwrap();
		assert!(index.has(1, &hash));
		assert_eq!(index.facts(&hash), Some(kept.clone()));
		assert_eq!(index.block(&kept.block.hash), Some(hash));
		let hashes = transaction_hashes(kept.block.transactions);
		assert_eq!(index.transaction(&hashes[1]), Some((hash, 1)));
		// It also knows how high it is: a retraction finds the last block.
		let lost = H256::repeat_byte(102);
		let found = index.facts(&lost).expect("it is in");
		assert_eq!(index.retract(2), [lost]);
		assert_eq!((index.at(2), index.block(&found.block.hash)), (None, Some(lost)));
		assert_eq!(index.facts(&lost), Some(found), "it can still be asked for by its hash");
	}

	#[test]
	fn disk_index_should_start_empty_when_its_folder_is_lost_or_of_another_chain() {
		let folder = TempDir::new().unwrap();
		let path = folder.path().join("index");
		put(&DiskIndex::open(&path, GENESIS).unwrap(), 1, &[0]);
		let other = DiskIndex::open(&path, H256::repeat_byte(2)).unwrap();
		assert_eq!(other.at(1), None);
		put(&other, 1, &[0]);
		drop(other);
		fs::remove_dir_all(&path).unwrap();
		assert_eq!(DiskIndex::open(&path, H256::repeat_byte(2)).unwrap().at(1), None);
	}

	#[test]
	fn disk_index_should_start_empty_when_its_metadata_is_corrupt() {
		let folder = TempDir::new().unwrap();
		put(&DiskIndex::open(folder.path(), GENESIS).unwrap(), 1, &[0]);
		fs::write(folder.path().join("metadata"), b"version=99\nsalt=zz").unwrap();
		fs::write(folder.path().join("notes.txt"), b"somebody's").unwrap();
		let index = DiskIndex::open(folder.path(), GENESIS).unwrap();
		assert_eq!(index.at(1), None);
		let (hash, _) = put(&index, 1, &[0]);
		assert!(index.has(1, &hash));
		assert!(names(folder.path()).contains(&"notes.txt".into()), "not ours to remove");
	}

	#[test]
	fn disk_index_should_give_up_an_entry_when_its_bytes_are_corrupt() {
		let folder = TempDir::new().unwrap();
		let index = DiskIndex::open(folder.path(), GENESIS).unwrap();
		let (hash, _) = put(&index, 1, &[0]);
		let (other, _) = put(&index, 2, &[1]);
		let mut sealed = index.db.get(FACTS, hash.as_bytes()).unwrap().unwrap();
		sealed[20] ^= 1;
		index
			.db
			.commit([((FACTS, hash.as_bytes().to_vec()), Some(sealed))].into())
			.unwrap();
		assert_eq!(index.facts(&hash), None);
		assert!(!index.has(1, &hash), "so that it is read from the chain again");
		assert!(index.has(2, &other));
		put(&index, 1, &[0]);
		assert!(index.has(1, &hash));
	}

	/// Changes bytes of all tables, behind their headers.
	fn damage(folder: &Path, every: usize) {
		let tables: Vec<_> =
			names(folder).into_iter().filter(|name| name.starts_with("table_")).collect();
		assert!(!tables.is_empty());
		for name in tables {
			let path = folder.join(name);
			let mut bytes = fs::read(&path).unwrap();
			bytes.iter_mut().skip(64).step_by(every).for_each(|byte| *byte ^= 0x55);
			fs::write(path, bytes).unwrap();
		}
	}

	#[test]
	fn disk_index_should_never_answer_wrongly_when_its_tables_are_overwritten() {
		let folder = TempDir::new().unwrap();
		let index = DiskIndex::open(folder.path(), GENESIS).unwrap();
		let blocks: Vec<_> = (0..20).map(|number| put(&index, number, &[number])).collect();
		drop(index);
		damage(folder.path(), 97);
		// Its height may have been hit: then nothing is in.
		let index = DiskIndex::open(folder.path(), GENESIS).unwrap();
		for (number, (hash, kept)) in (0..).zip(&blocks) {
			assert!(index.facts(hash).is_none_or(|found| found == *kept));
			assert!(index.at(number).is_none_or(|found| found.hash == *hash));
		}
	}

	#[test]
	fn disk_index_should_be_filled_again_after_a_start_when_its_tables_are_damaged() {
		let folder = TempDir::new().unwrap();
		let index = DiskIndex::open(folder.path(), GENESIS).unwrap();
		let (hash, _) = put(&index, 1, &[0]);
		drop(index);
		damage(folder.path(), 1);
		// Either the start finds it, or the first read, and then the next start.
		let index = DiskIndex::open(folder.path(), GENESIS).unwrap();
		assert!(!index.has(1, &hash));
		drop(index);
		let index = DiskIndex::open(folder.path(), GENESIS).unwrap();
		assert!(!names(folder.path()).contains(&DAMAGED.into()));
		assert_eq!(index.at(1), None);
		put(&index, 1, &[0]);
		drop(index);
		assert!(DiskIndex::open(folder.path(), GENESIS).unwrap().has(1, &hash));
	}

	#[test]
	fn disk_index_should_be_emptied_at_the_next_start_when_it_was_marked_as_damaged() {
		let folder = TempDir::new().unwrap();
		let index = DiskIndex::open(folder.path(), GENESIS).unwrap();
		put(&index, 1, &[0]);
		let error = || Err::<(), _>(parity_db::Error::Corruption("a table".into()));
		assert!(index.db.with(|_| error()).is_err());
		assert!(index.at(1).is_some(), "what can be read is read");
		drop(index);
		let index = DiskIndex::open(folder.path(), GENESIS).unwrap();
		assert_eq!(index.at(1), None);
		drop(index);
		assert!(!folder.path().join(DAMAGED).exists());
	}

	#[test]
	fn disk_index_should_give_every_hash_when_a_long_chain_is_retracted_in_parts() {
		let folder = TempDir::new().unwrap();
		let index = DiskIndex::open(folder.path(), GENESIS).unwrap();
		let hash = |number| H256::from_low_u64_be(number);
		for number in 0..3_000 {
			let block = IndexedBlock {
				number,
				hash: hash(number),
				eth_hash: Some(hash(number + 10_000)),
				transactions: Vec::new(),
				bloom: None,
			};
			index.insert(block, None);
		}
		assert!(index.retract(10).into_iter().eq((10..3_000).rev().map(hash)));
		assert_eq!((index.at(10), index.at(2_999)), (None, None));
		drop(index);
		let index = DiskIndex::open(folder.path(), GENESIS).unwrap();
		assert!(index.retract(0).into_iter().eq((0..10).rev().map(hash)));
	}

	#[test]
	fn disk_index_should_refuse_when_another_has_it_open() {
		let folder = TempDir::new().unwrap();
		let first = DiskIndex::open(folder.path(), GENESIS).unwrap();
		put(&first, 1, &[0]);
		assert!(DiskIndex::open(folder.path(), GENESIS).is_err());
		assert!(first.at(1).is_some());
	}
}
