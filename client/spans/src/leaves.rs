//! The leaves of both trees, hashed block by block.

use crate::layout::{ARRAY_LEVEL, BLOCK, TEXT_LEVEL};
use openledger_spans_math::{
	tree::{layer_above, leaf},
	types::{chunk_item, suffix_item},
	Chunk, Hash, Suffix, Tokens, CHUNK, SEPARATOR, SPAN,
};

/// A text and its suffix array, wherever they are.
pub trait Leaves: Sync {
	/// n.
	fn tokens(&self) -> u64;
	/// What the text has at a position: 0 ends a row, token t is t + 1; 0 beyond the end.
	fn stored(&self, position: u64) -> u16;
	/// The position of a rank below n.
	fn pointer(&self, rank: u64) -> u64;
	/// The row of the first token of a block of the text.
	fn counter(&self, block: u64) -> u64;

	/// The tokens up to the row's end, at most [`SPAN`]; returns how many.
	fn prefix(&self, position: u64, prefix: &mut [u16; SPAN as usize]) -> usize {
		for (length, token) in prefix.iter_mut().enumerate() {
			match self.stored(position.saturating_add(length as u64)) {
				0 => return length,
				stored => *token = stored - 1,
			}
		}
		SPAN as usize
	}

	/// The leaf at a slot of the suffix array: position and prefix.
	fn slot(&self, slot: u64, prefix: &mut [u16; SPAN as usize]) -> (u64, usize) {
		let tokens = self.tokens();
		match slot.checked_sub(1) {
			None => (tokens, 0),
			Some(rank) if rank < tokens => {
				let position = self.pointer(rank);
				(position, self.prefix(position, prefix))
			},
			Some(_) => {
				prefix[0] = SEPARATOR;
				(tokens, 1)
			},
		}
	}

	/// The leaf at a slot of the suffix array.
	fn suffix(&self, slot: u64) -> Suffix {
		let mut prefix = [0; SPAN as usize];
		let (position, length) = self.slot(slot, &mut prefix);
		Suffix { position, prefix: Tokens::truncate_from(prefix[..length].to_vec()) }
	}

	/// The tokens of a chunk, with separators.
	fn chunk_tokens(&self, index: u64) -> Vec<u16> {
		let begin = index.saturating_mul(CHUNK.into());
		let end = begin.saturating_add(CHUNK.into()).min(self.tokens());
		// The separator is one below 0.
		(begin..end).map(|position| self.stored(position).wrapping_sub(1)).collect()
	}

	/// Of which row the token at a position is.
	fn row(&self, position: u64) -> u64 {
		let block = position / BLOCK;
		let ends = (block * BLOCK..position).filter(|position| self.stored(*position) == 0);
		self.counter(block) + ends.count() as u64
	}

	/// A chunk.
	fn chunk(&self, index: u64) -> Chunk {
		Chunk {
			row: self.row(index * u64::from(CHUNK)),
			tokens: Tokens::truncate_from(self.chunk_tokens(index)),
		}
	}

	/// The leaves of the text's tree under one stored hash.
	fn text_block(&self, block: u64) -> Vec<Hash> {
		let chunks = self.tokens().div_ceil(CHUNK.into());
		let mut row = self.counter(block);
		(block << TEXT_LEVEL..((block + 1) << TEXT_LEVEL).min(chunks))
			.map(|index| {
				let tokens = self.chunk_tokens(index);
				let item = chunk_item(index, row, &tokens);
				row += tokens.iter().filter(|token| **token == SEPARATOR).count() as u64;
				leaf(&item)
			})
			.collect()
	}

	/// The leaves of the suffix array's tree under one stored hash.
	fn array_block(&self, block: u64) -> Vec<Hash> {
		let mut prefix = [0; SPAN as usize];
		(block << ARRAY_LEVEL..((block + 1) << ARRAY_LEVEL).min(self.tokens() + 2))
			.map(|slot| {
				let (position, length) = self.slot(slot, &mut prefix);
				leaf(&suffix_item(slot, position, &prefix[..length]))
			})
			.collect()
	}

	/// The first slot of a block whose prefix is below that of the slot before it.
	fn disorder(&self, block: u64) -> Option<u64> {
		let (mut prefix, mut before) = ([0; SPAN as usize], [0; SPAN as usize]);
		let first = (block << ARRAY_LEVEL).max(1);
		let (_, mut length) = self.slot(first - 1, &mut before);
		(first..((block + 1) << ARRAY_LEVEL).min(self.tokens() + 2)).find(|slot| {
			let (_, next) = self.slot(*slot, &mut prefix);
			let wrong = prefix[..next] < before[..length];
			(before, length) = (prefix, next);
			wrong
		})
	}
}

/// The layers above leaves, these among them, up to the level where they are one node.
pub fn layers(leaves: Vec<Hash>, levels: u32) -> Vec<Vec<Hash>> {
	let mut layers = vec![leaves];
	for _ in 0..levels {
		let above = layers.last().map(|layer| layer_above(layer)).unwrap_or_default();
		layers.push(above);
	}
	layers
}

/// The one node above the leaves of a block; zero for none.
pub fn top(leaves: Vec<Hash>) -> Hash {
	let mut layer = leaves;
	while layer.len() > 1 {
		layer = layer_above(&layer);
	}
	layer.first().copied().unwrap_or_default()
}
