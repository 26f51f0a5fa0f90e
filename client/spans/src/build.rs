use crate::{
	layout::{Header, Layout, Levels, BLOCK, HEADER},
	leaves::{top, Leaves},
	Error,
};
use libsais::SuffixArrayConstruction;
use openledger_spans_math::{tree::layer_above, Commitment, Hash, MAX_TOKENS, SEPARATOR};
use rayon::prelude::*;
use std::{
	fs,
	io::{self, BufWriter, Seek, SeekFrom, Write},
	path::Path,
	sync::atomic::{AtomicU64, Ordering},
};

/// What a builder is at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
	/// Sorting suffixes: the library does not say how far it is.
	Sorting,
	/// Checking that the array is in order and complete.
	Checking,
	/// Hashing the leaves of both trees.
	Hashing,
	/// Writing the file.
	Writing,
}

/// How far a builder is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
	/// What it is at.
	pub stage: Stage,
	/// Tokens that are done.
	pub done: u64,
	/// Tokens that there are.
	pub total: u64,
}

/// Takes rows and writes an index of them.
///
/// It needs 2 bytes a token for the text, 4 for the suffix array (8 from 2³¹ tokens on), an eighth of
/// a byte to check it and less than a tenth for hashes; nothing grows with the number of rows.
#[derive(Clone, Default, Debug)]
pub struct Builder {
	/// As in the file: 0 ends a row, token t is t + 1.
	text: Vec<u16>,
	rows: u64,
}

/// Positions by rank, as the library gives them.
enum Pointers {
	Narrow(Vec<i32>),
	Wide(Vec<i64>),
}

/// Everything that is hashed and written.
pub(crate) struct Built {
	text: Vec<u16>,
	pointers: Pointers,
	counters: Vec<u64>,
}

impl Builder {
	/// Without rows yet.
	pub fn new() -> Self {
		Self::default()
	}

	/// With room for so many tokens, so that memory does not grow by doubling.
	pub fn with_capacity(tokens: usize) -> Self {
		Self { text: Vec::with_capacity(tokens), rows: 0 }
	}

	/// Tokens so far, one separator for each row counted.
	pub fn tokens(&self) -> u64 {
		self.text.len() as u64
	}

	/// Adds a row, which may be empty. Errors: `Token` if 65,535 is among its tokens, `TooLong`;
	/// nothing is added then.
	pub fn push(&mut self, row: &[u16]) -> Result<(), Error> {
		if row.contains(&SEPARATOR) {
			return Err(Error::Token { row: self.rows });
		}
		let tokens = self.tokens() + row.len() as u64 + 1;
		if tokens > MAX_TOKENS {
			return Err(Error::TooLong(tokens));
		}
		self.text.extend(row.iter().map(|token| token + 1));
		self.text.push(0);
		self.rows += 1;
		Ok(())
	}

	/// Writes the index, all of it or nothing: a file of this name is replaced when the new one is
	/// whole on disk. `progress` is called from several threads. Errors: `Sort`, `Write`.
	pub fn write(
		self,
		path: &Path,
		progress: &(dyn Fn(Progress) + Sync),
	) -> Result<Commitment, Error> {
		let total = self.tokens();
		progress(Progress { stage: Stage::Sorting, done: 0, total });
		let pointers = sort(&self.text)?;
		let built = Built::new(self.text, pointers);
		built.check(progress)?;
		built.write(path, progress)
	}
}

/// The suffix array of rows that end in 0. Zeros are the least, so that sorting across them sorts
/// what stands before them, and equal rests of rows by what comes after.
fn sort(text: &[u16]) -> Result<Pointers, Error> {
	let failed = |why| Error::Sort(format!("{why:?}"));
	if text.is_empty() {
		return Ok(Pointers::Narrow(Vec::new()));
	}
	let construction = SuffixArrayConstruction::for_text(text);
	Ok(if text.len() < i32::MAX as usize {
		let construction = construction.in_owned_buffer32().single_threaded();
		Pointers::Narrow(construction.run().map_err(failed)?.into_vec())
	} else {
		let construction = construction.in_owned_buffer64().single_threaded();
		Pointers::Wide(construction.run().map_err(failed)?.into_vec())
	})
}

impl Leaves for Built {
	fn tokens(&self) -> u64 {
		self.text.len() as u64
	}

	fn stored(&self, position: u64) -> u16 {
		self.text.get(position as usize).copied().unwrap_or_default()
	}

	fn pointer(&self, rank: u64) -> u64 {
		let position = match &self.pointers {
			Pointers::Narrow(pointers) => pointers.get(rank as usize).copied().map(i64::from),
			Pointers::Wide(pointers) => pointers.get(rank as usize).copied(),
		};
		position.and_then(|position| u64::try_from(position).ok()).unwrap_or(u64::MAX)
	}

	fn counter(&self, block: u64) -> u64 {
		self.counters.get(block as usize).copied().unwrap_or_default()
	}
}

impl Built {
	fn new(text: Vec<u16>, pointers: Pointers) -> Self {
		let mut rows = 0;
		let mut counters = Vec::with_capacity(text.len().div_ceil(BLOCK as usize));
		for block in text.chunks(BLOCK as usize) {
			counters.push(rows);
			rows += block.iter().filter(|stored| **stored == 0).count() as u64;
		}
		Self { text, pointers, counters }
	}

	/// With pointers of one's own, right or wrong.
	#[cfg(test)]
	pub(crate) fn forged(builder: Builder, pointers: Vec<i32>) -> Self {
		Self::new(builder.text, Pointers::Narrow(pointers))
	}

	/// Counts blocks of a tree as tokens.
	fn counted<T: Send>(
		&self,
		stage: Stage,
		levels: Levels,
		progress: &(dyn Fn(Progress) + Sync),
		block: impl Fn(u64) -> T + Sync + Send,
	) -> Vec<T> {
		let (done, blocks, total) = (AtomicU64::new(0), levels.width(levels.lowest), self.tokens());
		let run = |at| {
			let result = block(at);
			let done = done.fetch_add(1, Ordering::Relaxed) + 1;
			progress(Progress { stage, done: total * done / blocks, total });
			result
		};
		(0..blocks).into_par_iter().map(run).collect()
	}

	/// The library's work is not taken on trust: a wrong array would be a fraud of whoever commits
	/// to it.
	pub(crate) fn check(&self, progress: &(dyn Fn(Progress) + Sync)) -> Result<(), Error> {
		let tokens = self.tokens();
		let mut seen = vec![0u64; self.text.len().div_ceil(64)];
		for rank in 0..tokens {
			let position = self.pointer(rank);
			let bit = 1 << (position % 64);
			match seen.get_mut((position / 64) as usize) {
				Some(word) if position < tokens && *word & bit == 0 => *word |= bit,
				_ => return Err(Error::Sort(format!("rank {rank} is wrong"))),
			}
		}
		drop(seen);
		let levels = Layout::new(tokens).array;
		let disorder =
			self.counted(Stage::Checking, levels, progress, |block| self.disorder(block));
		match disorder.into_iter().flatten().next() {
			Some(slot) => Err(Error::Sort(format!("rank {} is out of order", slot - 1))),
			None => Ok(()),
		}
	}

	pub(crate) fn write(
		&self,
		path: &Path,
		progress: &(dyn Fn(Progress) + Sync),
	) -> Result<Commitment, Error> {
		let layout = Layout::new(self.tokens());
		let hashing = Stage::Hashing;
		let text = self.counted(hashing, layout.text, progress, |at| top(self.text_block(at)));
		let array = self.counted(hashing, layout.array, progress, |at| top(self.array_block(at)));
		let failed = |why| Error::Write { path: path.into(), why };
		static COUNTER: AtomicU64 = AtomicU64::new(0);
		let unique = COUNTER.fetch_add(1, Ordering::Relaxed);
		let name = path.file_name().ok_or_else(|| failed(io::ErrorKind::InvalidInput.into()))?;
		let mut part = name.to_owned();
		part.push(format!(".{}.{unique}.part", std::process::id()));
		let part = path.with_file_name(part);
		let write = || -> io::Result<Commitment> {
			let mut file = BufWriter::with_capacity(1 << 20, fs::File::create(&part)?);
			let commitment = self.write_to(&mut file, text, array, progress)?;
			file.into_inner()?.sync_all()?;
			fs::rename(&part, path)?;
			// The name must survive a power cut as well.
			let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
			fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
			Ok(commitment)
		};
		write().map_err(|why| {
			let _ = fs::remove_file(&part);
			failed(why)
		})
	}

	fn write_to(
		&self,
		file: &mut (impl Write + Seek),
		text: Vec<Hash>,
		array: Vec<Hash>,
		progress: &(dyn Fn(Progress) + Sync),
	) -> io::Result<Commitment> {
		let layout = Layout::new(self.tokens());
		let total = self.tokens();
		// The header comes last: a file without one is no index.
		file.write_all(&[0; HEADER as usize])?;
		for stored in &self.text {
			file.write_all(&stored.to_le_bytes())?;
		}
		for rank in 0..total {
			file.write_all(&self.pointer(rank).to_le_bytes()[..layout.width as usize])?;
			if rank % (1 << 20) == 0 {
				progress(Progress { stage: Stage::Writing, done: rank, total });
			}
		}
		for counter in &self.counters {
			file.write_all(&counter.to_le_bytes())?;
		}
		let text_root = write_levels(file, text)?;
		let suffix_root = write_levels(file, array)?;
		let commitment = Commitment { tokens: total, text_root, suffix_root };
		let rows = self.text.iter().filter(|stored| **stored == 0).count() as u64;
		file.seek(SeekFrom::Start(0))?;
		file.write_all(&Header { rows, commitment }.encode())?;
		progress(Progress { stage: Stage::Writing, done: total, total });
		Ok(commitment)
	}
}

/// Writes a layer and all above it; returns the root, zero if there is none.
fn write_levels(file: &mut impl Write, mut layer: Vec<Hash>) -> io::Result<Hash> {
	loop {
		for hash in &layer {
			file.write_all(hash.as_bytes())?;
		}
		if layer.len() <= 1 {
			return Ok(layer.first().copied().unwrap_or_default());
		}
		layer = layer_above(&layer);
	}
}
