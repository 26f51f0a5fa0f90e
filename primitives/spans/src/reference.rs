//! An index that is held in memory whole and searched leaf by leaf: what the real one is compared
//! with, and where tests and benchmarks have proofs from. Its leaves may be changed, to forge. And
//! the [`Corpus`] of a version that is indexed, and the [`Deepest`] proofs that there can be.

use crate::{
	source, tree,
	types::{
		separators, Chunk, Commitment, CountProof, Cut, Excerpt, Opening, Path, SpanProof, Suffix,
		Tokens,
	},
	Fraud, Hash, Listed, Listing, Source, CHUNK, MAX_DEPTH, MAX_ROWS, MAX_ROW_BYTES, MAX_TOKENS,
	SEPARATOR, SPAN,
};
use alloc::{collections::BTreeMap, vec, vec::Vec};
use sp_core::bounded::BoundedVec;
use sp_crypto_hashing::blake2_256;

/// The leaves of both trees.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Leaves {
	/// The text.
	pub chunks: Vec<Chunk>,
	/// The suffix array, between its sentinels.
	pub suffixes: Vec<Suffix>,
}

/// Leaves, and the nodes above them.
#[derive(Clone, Debug)]
pub struct Reference {
	leaves: Leaves,
	text: Vec<Vec<Hash>>,
	array: Vec<Vec<Hash>>,
}

fn layers(items: Vec<Hash>) -> Vec<Vec<Hash>> {
	let mut layers = vec![items.iter().map(tree::leaf).collect::<Vec<_>>()];
	while let Some(layer) = layers.last().filter(|layer| layer.len() > 1) {
		let above = tree::layer_above(layer);
		layers.push(above);
	}
	layers
}

fn root(layers: &[Vec<Hash>]) -> Hash {
	layers.last().and_then(|top| top.first().copied()).unwrap_or_default()
}

fn path(layers: &[Vec<Hash>], first: u64, count: u64) -> Option<Path> {
	let leaves = layers.first()?.len() as u64;
	let node = |level: u32, index: u64| {
		layers.get(level as usize).and_then(|layer| layer.get(index as usize)).copied()
	};
	let path =
		tree::path(leaves, first, count, |level, index| node(level, index).unwrap_or_default())?;
	Path::try_from(path).ok()
}

/// Tokens up to the first separator.
fn row(tokens: &[u16]) -> &[u16] {
	tokens.split(|token| *token == SEPARATOR).next().unwrap_or_default()
}

impl Leaves {
	/// Indexes rows of tokens below [`SEPARATOR`].
	pub fn new<R: AsRef<[u16]>>(rows: &[R]) -> Self {
		let mut text = Vec::new();
		for row in rows {
			text.extend_from_slice(row.as_ref());
			text.push(SEPARATOR);
		}
		Self::of_text(&text)
	}

	/// Indexes a text, whose last row need not end. Prefixes that are equal are ordered by all that
	/// comes after, separators being less than tokens.
	pub fn of_text(text: &[u16]) -> Self {
		let mut chunks: Vec<Chunk> = Vec::new();
		for tokens in text.chunks(CHUNK as usize) {
			let row = chunks.last().map_or(0, |last| last.row + separators(&last.tokens));
			chunks.push(Chunk { row, tokens: Tokens::truncate_from(tokens.to_vec()) });
		}
		// One more than the last token wraps around to the least.
		let order: Vec<u16> = text.iter().map(|token| token.wrapping_add(1)).collect();
		let mut array: Vec<usize> = (0..text.len()).collect();
		array.sort_by_key(|at| order.get(*at..));
		let n = text.len() as u64;
		let mut suffixes = vec![Suffix::first(n)];
		suffixes.extend(array.into_iter().map(|at| {
			let rest = row(text.get(at..).unwrap_or_default());
			let prefix = rest.iter().copied().take(SPAN as usize).collect();
			Suffix { position: at as u64, prefix: Tokens::truncate_from(prefix) }
		}));
		suffixes.push(Suffix::last(n));
		Self { chunks, suffixes }
	}
}

impl Reference {
	/// Indexes rows of tokens below [`SEPARATOR`].
	pub fn new<R: AsRef<[u16]>>(rows: &[R]) -> Self {
		Self::of(Leaves::new(rows))
	}

	/// Hashes leaves, whether they are right or not.
	pub fn of(leaves: Leaves) -> Self {
		let text = (0..).zip(&leaves.chunks).map(|(at, chunk)| chunk.item(at)).collect();
		let array = (0..).zip(&leaves.suffixes).map(|(slot, suffix)| suffix.item(slot)).collect();
		Self { leaves, text: layers(text), array: layers(array) }
	}

	/// The leaves.
	pub fn leaves(&self) -> &Leaves {
		&self.leaves
	}

	/// What it commits to.
	pub fn commitment(&self) -> Commitment {
		Commitment {
			tokens: self.leaves.suffixes.len().saturating_sub(2) as u64,
			text_root: root(&self.text),
			suffix_root: root(&self.array),
		}
	}

	/// The neighbours below and above the cut at `rank`; `None` if there is no such rank.
	pub fn cut(&self, rank: u64) -> Option<Cut> {
		let (left, right) = (rank as usize, (rank as usize).checked_add(1)?);
		Some(Cut {
			rank,
			left: self.leaves.suffixes.get(left)?.clone(),
			right: self.leaves.suffixes.get(right)?.clone(),
			path: path(&self.array, rank, 2)?,
		})
	}

	/// The leaf at `slot`.
	pub fn opening(&self, slot: u64) -> Option<Opening> {
		let suffix = self.leaves.suffixes.get(slot as usize)?.clone();
		Some(Opening { slot, suffix, path: path(&self.array, slot, 1)? })
	}

	/// So many chunks from index `first` on.
	pub fn chunks(&self, first: u64, count: u64) -> Option<Excerpt> {
		let chunks = self.leaves.chunks.get(first as usize..first.checked_add(count)? as usize)?;
		Some(Excerpt {
			chunks: BoundedVec::try_from(chunks.to_vec()).ok()?,
			path: path(&self.text, first, count)?,
		})
	}

	/// The chunks in which `length` tokens from `position` on lie.
	pub fn excerpt(&self, position: u64, length: u64) -> Option<Excerpt> {
		let first = position / u64::from(CHUNK);
		self.chunks(first, position.checked_add(length)?.div_ceil(CHUNK.into()) - first)
	}

	/// How many of the suffixes between the sentinels are below; those that are have to come first.
	fn below(&self, is: impl Fn(&[u16]) -> bool) -> u64 {
		let ranks = self.leaves.suffixes.len().saturating_sub(2);
		let suffixes = self.leaves.suffixes.iter().skip(1).take(ranks);
		suffixes.take_while(|suffix| is(&suffix.prefix)).count() as u64
	}

	/// The ranks of the suffixes that `span` is a prefix of.
	pub fn ranks(&self, span: &[u16]) -> core::ops::Range<u64> {
		let upper = |prefix: &[u16]| prefix.get(..span.len()).unwrap_or(prefix) <= span;
		self.below(|prefix| prefix < span)..self.below(upper)
	}

	/// The proof for [`verify_count`](crate::verify_count).
	pub fn prove_count(&self, span: &[u16]) -> Option<CountProof> {
		let ranks = self.ranks(span);
		Some(CountProof { lower: self.cut(ranks.start)?, upper: self.cut(ranks.end)? })
	}

	/// The proof for [`verify_span`](crate::verify_span).
	pub fn prove_span(&self, query: &[u16]) -> Option<SpanProof> {
		let cut = self.cut(self.ranks(query).start)?;
		let common =
			|suffix: &Suffix| suffix.prefix.iter().zip(query).take_while(|(a, b)| a == b).count();
		let (below, above) = (common(&cut.left), common(&cut.right));
		let (length, suffix) = if below > above { (below, &cut.left) } else { (above, &cut.right) };
		let text = match length {
			0 => None,
			length => Some(self.excerpt(suffix.position, length as u64)?),
		};
		Some(SpanProof { cut, text })
	}
}

/// A version of a Datanet whose contents are in memory.
#[derive(Clone, Debug, Default)]
pub struct Corpus {
	listing: Listing,
	contents: BTreeMap<Hash, Vec<u8>>,
}

impl Corpus {
	/// Of the contents of its rows, batch by batch.
	pub fn new(batches: &[Vec<Vec<u8>>]) -> Self {
		let row = |content: &Vec<u8>| (content.clone(), content.len() as u32);
		Self::of(batches.iter().map(|rows| rows.iter().map(row).collect()).collect())
	}

	/// Of contents, each with the length that its row says it has.
	pub fn of(batches: Vec<Vec<(Vec<u8>, u32)>>) -> Self {
		let mut contents = BTreeMap::new();
		let mut row = |(content, bytes): (Vec<u8>, u32)| {
			let hash = Hash::from(blake2_256(&content));
			contents.insert(hash, content);
			(hash, bytes)
		};
		let batches = batches.into_iter().map(|rows| rows.into_iter().map(&mut row).collect());
		let listing = Listing::new(batches.collect());
		Self { listing, contents }
	}

	/// Its rows by their hashes.
	pub fn listing(&self) -> &Listing {
		&self.listing
	}

	/// Its text.
	pub fn text(&self) -> Vec<u16> {
		let row = |(hash, bytes): &Listed| -> Vec<u16> {
			let content = self.contents.get(hash).map(Vec::as_slice).unwrap_or_default();
			source::tokens(content, *bytes).chain([SEPARATOR]).collect()
		};
		self.listing.rows().flat_map(row).collect()
	}

	/// The index of its text.
	pub fn index(&self) -> Reference {
		Reference::of(Leaves::of_text(&self.text()))
	}

	/// What can be said against a token of somebody's index, right or wrong.
	pub fn accuse(&self, index: &Reference, position: u64) -> Option<Fraud> {
		let content = |hash: &Hash| self.contents.get(hash).cloned();
		Some(Fraud::Foreign {
			position,
			text: index.excerpt(position, 1)?,
			evidence: self.listing.evidence(position, content)?,
		})
	}
}

/// A tree that is full, all of whose leaves but a few are one: as deep as any, and not larger.
struct Sparse {
	levels: u32,
	items: BTreeMap<u64, Hash>,
	/// What is above other leaves, by level.
	others: Vec<Hash>,
}

impl Sparse {
	fn new(levels: u32, items: impl IntoIterator<Item = (u64, Hash)>) -> Self {
		let mut others = vec![tree::leaf(&Hash::zero())];
		for level in 0..levels as usize {
			others.push(tree::node(&others[level], &others[level]));
		}
		Self { levels, items: items.into_iter().collect(), others }
	}

	fn node(&self, level: u32, index: u64) -> Hash {
		let leaves = index << level..(index + 1) << level;
		match self.items.range(leaves).next() {
			None => self.others[level as usize],
			Some((_, item)) if level == 0 => tree::leaf(item),
			Some(_) => {
				tree::node(&self.node(level - 1, 2 * index), &self.node(level - 1, 2 * index + 1))
			},
		}
	}

	fn root(&self) -> Hash {
		self.node(self.levels, 0)
	}

	fn path(&self, first: u64, count: u64) -> Path {
		let path = tree::path(1 << self.levels, first, count, |level, at| self.node(level, at));
		Path::truncate_from(path.unwrap_or_default())
	}
}

/// Proofs that take the longest to verify in trees of so many levels: all prefixes and chunks are
/// full, and neighbours have nothing in common but the root. The commitment is a fraud, as no text
/// has such a suffix array; what is proved of it holds.
#[derive(Clone, Debug)]
pub struct Deepest {
	/// To a text that fills the levels.
	pub commitment: Commitment,
	/// [`SPAN`] tokens that stand there.
	pub span: Vec<u16>,
	/// For [`verify_span`](crate::verify_span).
	pub proof: SpanProof,
	/// For [`verify_count`](crate::verify_count).
	pub count: CountProof,
	/// For [`verify_occurrence`](crate::verify_occurrence).
	pub occurrence: (Opening, Excerpt),
	/// For [`verify_fraud`](crate::verify_fraud): of the faults of the array the one that takes the
	/// longest.
	pub fraud: Fraud,
}

impl Deepest {
	/// `levels`: those of the suffix array's tree, 7 to [`MAX_DEPTH`](crate::MAX_DEPTH).
	pub fn new(levels: u32) -> Self {
		let tokens = (1 << levels) - 2;
		let commitment = Commitment { tokens, ..Default::default() };
		let chunk_levels = levels - CHUNK.ilog2();
		// The span lies across the middle of the text.
		let after = 1 << (chunk_levels - 1);
		let position = after * u64::from(CHUNK) - u64::from(SPAN / 2);
		let chunks = [after - 1, after].map(|at| Chunk {
			row: 0,
			tokens: Tokens::truncate_from(vec![5; commitment.chunk_length(at) as usize]),
		});
		let items = (after - 1..).zip(chunks.iter());
		let text = Sparse::new(chunk_levels, items.map(|(at, chunk)| (at, chunk.item(at))));
		let excerpt = Excerpt {
			path: text.path(after - 1, 2),
			chunks: BoundedVec::truncate_from(chunks.to_vec()),
		};

		let suffix = |position, token| Suffix {
			position,
			prefix: Tokens::truncate_from(vec![token; SPAN as usize]),
		};
		// Its first place is the first suffix of the right half, its last is in the middle of that.
		let (middle, last) = (1 << (levels - 1), (3 << (levels - 2)) - 1);
		let suffixes = BTreeMap::from([
			(1, suffix(position, 9)),
			(middle - 1, suffix(0, 3)),
			(middle, suffix(position, 5)),
			(last, suffix(1, 5)),
			(last + 1, suffix(2, 7)),
		]);
		let items = suffixes.iter().map(|(slot, suffix)| (*slot, suffix.item(*slot)));
		let array = Sparse::new(levels, items);
		let cut = |rank: u64| Cut {
			rank,
			left: suffixes[&rank].clone(),
			right: suffixes[&(rank + 1)].clone(),
			path: array.path(rank, 2),
		};
		let opening = |slot: u64| Opening {
			slot,
			suffix: suffixes[&slot].clone(),
			path: array.path(slot, 1),
		};
		Self {
			commitment: Commitment { text_root: text.root(), suffix_root: array.root(), tokens },
			span: vec![5; SPAN as usize],
			proof: SpanProof { cut: cut(middle - 1), text: Some(excerpt.clone()) },
			count: CountProof { lower: cut(middle - 1), upper: cut(last) },
			occurrence: (opening(middle), excerpt.clone()),
			fraud: Fraud::Prefix { opening: opening(1), text: excerpt },
		}
	}

	/// A text with a token that is not its version's, in a version of 256 batches whose last one has
	/// as many rows as any, the last of them as long as any.
	pub fn foreign() -> (Commitment, Source, Fraud) {
		let content = vec![0; MAX_ROW_BYTES as usize];
		let row = |n: u32| -> Listed { (Hash::from_low_u64_be(n.into()), 1) };
		let mut batches: Vec<Vec<Listed>> = (0..255).map(|n| vec![row(n)]).collect();
		let others = (1..MAX_ROWS).map(row);
		let longest = (Hash::from(blake2_256(&content)), MAX_ROW_BYTES);
		batches.push(others.chain([longest]).collect());
		let listing = Listing::new(batches);
		let source = listing.source();
		// Before the separator that ends the text.
		let position = source.tokens().saturating_sub(2);
		let evidence = listing.evidence(position, |_| Some(content)).unwrap_or_default();

		let levels = MAX_DEPTH - CHUNK.ilog2();
		let at = position / u64::from(CHUNK);
		let chunk = Chunk { row: 0, tokens: Tokens::truncate_from(vec![5; CHUNK as usize]) };
		let tree = Sparse::new(levels, [(at, chunk.item(at))]);
		let commitment =
			Commitment { tokens: MAX_TOKENS, text_root: tree.root(), suffix_root: Hash::zero() };
		let chunks = BoundedVec::truncate_from(vec![chunk]);
		let text = Excerpt { chunks, path: tree.path(at, 1) };
		(commitment, source, Fraud::Foreign { position, text, evidence })
	}
}
