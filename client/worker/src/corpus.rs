//! What part of an answer stands word for word in the rows that its model was trained on.

use crate::{
	child::{run, Failure},
	protocol,
};
use openledger_blobs::{Hash, Space, Store};
use openledger_influence_math::Spans;
use openledger_spans::{text, Builder, Index};
use std::path::PathBuf;

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

impl Corpus {
	/// Opens the index of a run's rows, which is built if there is none yet.
	pub fn open(store: &Store, work: &protocol::Corpus) -> Result<Self, Failure> {
		let (manifest, run) = run(store, &work.manifest, &work.root)?;
		let path = path(store, &manifest);
		let index = match Index::open(&path) {
			Ok(index) => index,
			Err(_) => {
				std::fs::create_dir_all(store.root().join("spans"))?;
				let mut builder = Builder::new();
				for hash in run.contents()? {
					builder.push(&text::tokens(&store.get(Space::Public, &hash)?))?;
				}
				builder.write(&path, &|_| ())?;
				Index::open(&path)?
			},
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
