use crate::{
	layout::{Levels, BLOCK},
	leaves::{layers, top, Leaves},
	Error, Index,
};
use openledger_spans_math::{
	tree::path, verify_count, verify_fraud, verify_occurrence, verify_span, CountProof, Cut,
	Excerpt, Fraud, Hash, Opening, Path, Source, SpanProof, CHUNK, SEPARATOR, SPAN,
};
use rayon::prelude::*;

impl Index {
	/// A node that is in the file.
	fn node(&self, levels: &Levels, level: u32, index: u64) -> Option<Hash> {
		Some(Hash::from(self.read::<32>(levels.at(level, index)?, 32)))
	}

	/// From `count` leaves to the root; what is below the levels in the file is hashed again.
	fn path(
		&self,
		levels: &Levels,
		first: u64,
		count: u64,
		leaves: impl Fn(u64) -> Vec<Hash>,
	) -> Option<Path> {
		let mut blocks: Vec<(u64, Vec<Vec<Hash>>)> = Vec::new();
		let hashes = path(levels.leaves, first, count, |level, index| {
			let Some(above) = levels.lowest.checked_sub(level).filter(|above| *above > 0) else {
				return self.node(levels, level, index).unwrap_or_default();
			};
			let block = index >> above;
			if !blocks.iter().any(|(known, _)| *known == block) {
				blocks.push((block, layers(leaves(block), levels.lowest)));
			}
			let known = blocks.iter().find(|(known, _)| *known == block);
			let layer = known.and_then(|(_, layers)| layers.get(level as usize));
			let hash = layer.and_then(|layer| layer.get((index - (block << above)) as usize));
			hash.copied().unwrap_or_default()
		})?;
		Path::try_from(hashes).ok()
	}

	/// The neighbours of the suffix array below and above `rank`, 0 to n. Errors: `Missing`.
	pub fn neighbours(&self, rank: u64) -> Result<Cut, Error> {
		let path = self.path(&self.layout.array, rank, 2, |block| self.array_block(block));
		let path = path.ok_or(Error::Missing)?;
		Ok(Cut { rank, left: self.suffix(rank), right: self.suffix(rank + 1), path })
	}

	/// The leaf of the suffix array at `slot`, which is the rank and 1. Errors: `Missing`.
	pub fn opening(&self, slot: u64) -> Result<Opening, Error> {
		let path = self.path(&self.layout.array, slot, 1, |block| self.array_block(block));
		Ok(Opening { slot, suffix: self.suffix(slot), path: path.ok_or(Error::Missing)? })
	}

	/// One or two chunks from index `first` on. Errors: `Missing`.
	pub fn chunks(&self, first: u64, count: u64) -> Result<Excerpt, Error> {
		let path = self.path(&self.layout.text, first, count, |block| self.text_block(block));
		let path = path.ok_or(Error::Missing)?;
		let chunks: Vec<_> = (first..first + count.min(3)).map(|index| self.chunk(index)).collect();
		Ok(Excerpt { chunks: chunks.try_into().map_err(|_| Error::Missing)?, path })
	}

	/// The chunks in which `length` tokens from `position` on lie, at most [`SPAN`]. Errors:
	/// `Missing`.
	pub fn excerpt(&self, position: u64, length: usize) -> Result<Excerpt, Error> {
		let first = position / u64::from(CHUNK);
		let end = position.checked_add(length as u64).ok_or(Error::Missing)?;
		self.chunks(first, end.div_ceil(CHUNK.into()).saturating_sub(first))
	}

	pub(crate) fn damaged(&self, what: &'static str) -> Error {
		Error::Damaged { path: self.path.clone(), what }
	}

	/// Proves the longest match of a query of 1 to [`SPAN`] tokens, for
	/// [`verify_span`](openledger_spans_math::verify_span), which is asked before the proof is given.
	/// Errors: `Query`, `Damaged`.
	pub fn prove(&self, query: &[u16]) -> Result<SpanProof, Error> {
		check_query(query)?;
		let cut = self.neighbours(self.lower(query))?;
		let common = |tokens: &[u16]| tokens.iter().zip(query).take_while(|(a, b)| a == b).count();
		let (below, above) = (common(&cut.left.prefix), common(&cut.right.prefix));
		let (length, suffix) = if below > above { (below, &cut.left) } else { (above, &cut.right) };
		let text = match length {
			0 => None,
			length => Some(self.excerpt(suffix.position, length)?),
		};
		let proof = SpanProof { cut, text };
		match verify_span(&self.commitment(), query, &proof) {
			Ok(_) => Ok(proof),
			Err(_) => Err(self.damaged("what it says of this query does not fit its roots")),
		}
	}

	/// Proves how often a span of 1 to [`SPAN`] tokens stands in the text, for
	/// [`verify_count`](openledger_spans_math::verify_count), which is asked before the proof is
	/// given. Errors: `Query`, `Damaged`.
	pub fn prove_count(&self, span: &[u16]) -> Result<CountProof, Error> {
		check_query(span)?;
		let ranks = self.ranks(span);
		let (lower, upper) = (self.neighbours(ranks.start)?, self.neighbours(ranks.end)?);
		let proof = CountProof { lower, upper };
		match verify_count(&self.commitment(), span, &proof) {
			Ok(_) => Ok(proof),
			Err(_) => Err(self.damaged("what it says of this span does not fit its roots")),
		}
	}

	/// Proves that `span`, 1 to [`SPAN`] tokens, stands at the place of one of its ranks, for
	/// [`verify_occurrence`](openledger_spans_math::verify_occurrence), which is asked before the
	/// proof is given. Errors: `Query`, `Missing` (not one of its ranks), `Damaged`.
	pub fn prove_occurrence(&self, span: &[u16], rank: u64) -> Result<(Opening, Excerpt), Error> {
		check_query(span)?;
		if !self.ranks(span).contains(&rank) {
			return Err(Error::Missing);
		}
		let opening = self.opening(rank + 1)?;
		let text = self.excerpt(opening.suffix.position, span.len())?;
		match verify_occurrence(&self.commitment(), span, &opening, &text) {
			Ok(_) => Ok((opening, text)),
			Err(_) => Err(self.damaged("what it says of this rank does not fit its roots")),
		}
	}

	/// Reads the whole file: every hash in it is computed again, in parallel. Says nothing about
	/// whether the array is the text's: [`audit`](Self::audit) does. Errors: `Damaged`.
	pub fn check(&self) -> Result<(), Error> {
		let commitment = self.commitment();
		let text = self.check_tree(&self.layout.text, |block| self.text_block(block))?;
		let array = self.check_tree(&self.layout.array, |block| self.array_block(block))?;
		let rows = (0..self.tokens()).into_par_iter().filter(|at| self.stored(*at) == 0).count();
		if (text, array) != (commitment.text_root, commitment.suffix_root) {
			return Err(self.damaged("its content has other roots"));
		}
		if rows as u64 != self.rows() {
			return Err(self.damaged("it has another number of rows"));
		}
		Ok(())
	}

	fn check_tree(
		&self,
		levels: &Levels,
		leaves: impl Fn(u64) -> Vec<Hash> + Sync,
	) -> Result<Hash, Error> {
		let mut level = levels.lowest;
		let mut layer: Vec<Hash> = (0..levels.width(level))
			.into_par_iter()
			.map(|block| top(leaves(block)))
			.collect();
		loop {
			let stored = |index| self.node(levels, level, index);
			if !(0..).zip(&layer).all(|(index, hash)| stored(index) == Some(*hash)) {
				return Err(self.damaged("its content has other hashes"));
			}
			if layer.len() <= 1 {
				return Ok(layer.first().copied().unwrap_or_default());
			}
			layer = openledger_spans_math::tree::layer_above(&layer);
			level += 1;
		}
	}

	/// Looks for a fault in the array that somebody else has committed to and published this file of, for
	/// [`verify_fraud`](openledger_spans_math::verify_fraud), which is asked before the proof is
	/// given; none if the commitment is an honest one to its text, which [`audit_rows`](Self::audit_rows)
	/// looks at. Needs n / 8 bytes. Errors: `Damaged` if the file is not what was committed, which is
	/// then a question to the one who published it.
	pub fn audit(&self) -> Result<Option<Fraud>, Error> {
		self.check()?;
		let Some(fraud) = self.find()? else { return Ok(None) };
		// No fault that is looked for here hangs on the rows of a version.
		match verify_fraud(&self.commitment(), &Source::default(), &fraud) {
			Ok(()) => Ok(Some(fraud)),
			Err(_) => Err(self.damaged("the fault that it shows does not fit its roots")),
		}
	}

	fn find(&self) -> Result<Option<Fraud>, Error> {
		let n = self.tokens();
		let blocks = self.layout.array.width(self.layout.array.lowest);
		let disorder = (0..blocks).into_par_iter().find_map_first(|block| self.disorder(block));
		if let Some(slot) = disorder {
			return Ok(Some(Fraud::Order(self.neighbours(slot - 1)?)));
		}
		let mut seen = vec![0u64; n.div_ceil(64) as usize];
		for rank in 0..n {
			let position = self.pointer(rank);
			let bit = 1 << (position % 64);
			match seen.get_mut((position / 64) as usize).filter(|_| position < n) {
				None => {
					let Opening { slot, suffix, path } = self.opening(rank + 1)?;
					return Ok(Some(Fraud::Misplaced { slot, number: slot, suffix, path }));
				},
				Some(word) if *word & bit != 0 => {
					let one = (0..rank).find(|rank| self.pointer(*rank) == position);
					let one = self.opening(one.ok_or(Error::Missing)? + 1)?;
					return Ok(Some(Fraud::Twice { one, other: self.opening(rank + 1)? }));
				},
				Some(word) => *word |= bit,
			}
		}
		let mut row = 0;
		for block in 0..n.div_ceil(BLOCK) {
			let first = block * BLOCK / u64::from(CHUNK);
			if self.counter(block) != row && block == 0 {
				let Excerpt { mut chunks, path } = self.chunks(0, 1)?;
				let chunk = chunks.pop().ok_or(Error::Missing)?;
				return Ok(Some(Fraud::Chunk { index: 0, number: 0, chunk, path }));
			}
			if self.counter(block) != row {
				let text = self.chunks(first - 1, 2)?;
				return Ok(Some(Fraud::Rows { index: first - 1, text }));
			}
			let end = ((block + 1) * BLOCK).min(n);
			row += (block * BLOCK..end).filter(|at| self.stored(*at) == 0).count() as u64;
		}
		Ok(None)
	}
}

fn check_query(query: &[u16]) -> Result<(), Error> {
	if query.is_empty() || query.len() > SPAN as usize || query.contains(&SEPARATOR) {
		Err(Error::Query)
	} else {
		Ok(())
	}
}
