//! What part of an answer stands word for word in the rows that its model was trained on.

use crate::{
	child::{run, Failure},
	parent::LOG_TARGET,
	protocol,
};
use openledger_blobs::{Hash, Space, Store};
use openledger_factory::Run;
use openledger_influence_math::Spans;
use openledger_spans::{text, Builder, Index, Progress};
use std::{
	path::{Path, PathBuf},
	sync::atomic::{AtomicU64, Ordering},
	time::Instant,
};

/// Seconds between two lines on how far an index is.
const TELL: u64 = 10;

/// An index of the rows, and the block of each.
pub(crate) struct Corpus {
	index: Index,
	blocks: Vec<u16>,
	least: usize,
}

/// Where the index of a run's rows is kept.
pub(crate) fn path(store: &Store, manifest: &Hash) -> PathBuf {
	store.root().join("spans").join(hex::encode(manifest))
}

/// Builds the index of a run's rows, and says how far it is.
fn build(store: &Store, run: &Run, path: &Path) -> Result<Index, Failure> {
	std::fs::create_dir_all(store.root().join("spans"))?;
	let mut builder = Builder::new();
	for hash in run.contents()? {
		builder.push(&text::tokens(&store.get(Space::Public, &hash)?))?;
	}
	let (begun, told) = (Instant::now(), AtomicU64::new(0));
	log::info!(target: LOG_TARGET, "indexing rows of {} bytes for spans", builder.tokens());
	builder.write(path, &|Progress { stage, done, total }| {
		let seconds = begun.elapsed().as_secs();
		// Of its threads one says so.
		if told.fetch_max(seconds / TELL, Ordering::Relaxed) < seconds / TELL {
			let percent = 100 * done / total.max(1);
			log::info!(target: LOG_TARGET, "index of rows: {stage:?} {percent} %, {seconds} s");
		}
	})?;
	log::info!(target: LOG_TARGET, "rows are indexed, in {} s", begun.elapsed().as_secs());
	Ok(Index::open(path)?)
}

impl Corpus {
	/// Opens the index of a run's rows, which is built if there is none yet.
	pub fn open(store: &Store, work: &protocol::Corpus) -> Result<Self, Failure> {
		let (manifest, run) = run(store, &work.manifest, &work.root)?;
		let path = path(store, &manifest);
		let index = match Index::open(&path) {
			Ok(index) => index,
			Err(_) => build(store, &run, &path)?,
		};
		let rows = run.batches.iter().zip(&work.blocks);
		let blocks = rows.flat_map(|(rows, block)| rows.iter().map(|_| *block)).collect();
		Ok(Self { index, blocks, least: work.least.into() })
	}

	/// The blocks whose rows have spans of an answer first, and what part of its bytes. What stands in the
	/// prompt as well is nobody's: the model had it from there.
	pub fn find(&self, prompt: &str, answer: &str) -> Spans {
		let asked = |said: &[u8]| prompt.as_bytes().windows(said.len()).any(|part| part == said);
		let found = |span: openledger_spans::Span| {
			let said = answer.as_bytes().get(span.start..span.start + span.length)?;
			let place = self.index.places(span.ranks).min_by_key(|place| place.position)?;
			let block = *self.blocks.get(place.row as usize)?;
			(!asked(said)).then_some((block, span.length as u64))
		};
		let spans = self.index.parse(&text::tokens(answer.as_bytes()), self.least);
		let found: Vec<(u16, u64)> = spans.into_iter().filter_map(found).collect();
		Spans::new(&found, answer.len() as u64)
	}
}
