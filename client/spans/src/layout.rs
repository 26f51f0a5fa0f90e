//! The file, little endian throughout:
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 8 | `OLSPANS` and a zero |
//! | 8 | 4 | format, 1 |
//! | 12 | 4 | bytes of a pointer: as many as n needs, 1 to 5 |
//! | 16 | 8 | n, tokens with one separator for each row |
//! | 24 | 8 | rows |
//! | 32 | 32 | root of the text |
//! | 64 | 32 | root of the suffix array |
//! | 96 | 32 | BLAKE2b-256 of the 96 bytes before |
//! | 128 | 2 n | the text: 0 ends a row, token t is t + 1 |
//! | | n · width | the suffix array: positions by rank |
//! | | 8 for 4,096 tokens | rows that end before them |
//! | | | the text's tree from level 6 to its root, layer by layer |
//! | | | the suffix array's tree from level 10 to its root |
//!
//! Lower levels are hashed again when a proof needs them.

use openledger_spans_math::{Commitment, Hash, CHUNK, MAX_TOKENS};
use sp_crypto_hashing::blake2_256;

pub const MAGIC: [u8; 8] = *b"OLSPANS\0";
pub const VERSION: u32 = 1;
pub const HEADER: u64 = 128;
/// The lowest level of the text's tree that is in the file: 4,096 tokens a hash.
pub const TEXT_LEVEL: u32 = 6;
/// The lowest level of the suffix array's tree that is in the file: 1,024 suffixes a hash.
pub const ARRAY_LEVEL: u32 = 10;
/// Tokens under one stored hash of the text.
pub const BLOCK: u64 = (CHUNK as u64) << TEXT_LEVEL;

/// What the first 128 bytes say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
	pub rows: u64,
	pub commitment: Commitment,
}

/// Why a header is refused.
#[derive(PartialEq, Eq, Debug)]
pub enum Refused {
	Foreign,
	Version(u32),
	Damaged,
}

/// Bytes of a pointer into so many tokens.
pub fn width(tokens: u64) -> u32 {
	(u64::BITS - tokens.saturating_sub(1).leading_zeros()).div_ceil(8).max(1)
}

fn word<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
	let mut word = [0; N];
	let end = at.saturating_add(N);
	word.copy_from_slice(bytes.get(at..end).unwrap_or(&[0; N]));
	word
}

impl Header {
	pub fn encode(&self) -> [u8; HEADER as usize] {
		let mut bytes = [0; HEADER as usize];
		bytes[..8].copy_from_slice(&MAGIC);
		bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
		bytes[12..16].copy_from_slice(&width(self.commitment.tokens).to_le_bytes());
		bytes[16..24].copy_from_slice(&self.commitment.tokens.to_le_bytes());
		bytes[24..32].copy_from_slice(&self.rows.to_le_bytes());
		bytes[32..64].copy_from_slice(self.commitment.text_root.as_bytes());
		bytes[64..96].copy_from_slice(self.commitment.suffix_root.as_bytes());
		let checksum = blake2_256(&bytes[..96]);
		bytes[96..].copy_from_slice(&checksum);
		bytes
	}

	/// `bytes` may be fewer than a header has.
	pub fn decode(bytes: &[u8]) -> Result<Self, Refused> {
		if !bytes.starts_with(&MAGIC) {
			return Err(Refused::Foreign);
		}
		if bytes.len() < HEADER as usize {
			return Err(Refused::Damaged);
		}
		let version = u32::from_le_bytes(word(bytes, 8));
		if version != VERSION {
			return Err(Refused::Version(version));
		}
		let tokens = u64::from_le_bytes(word(bytes, 16));
		let checksum = bytes.get(..96).map(blake2_256);
		let fits = checksum == Some(word(bytes, 96))
			&& u32::from_le_bytes(word(bytes, 12)) == width(tokens)
			&& tokens <= MAX_TOKENS;
		if !fits {
			return Err(Refused::Damaged);
		}
		let commitment = Commitment {
			tokens,
			text_root: Hash::from(word::<32>(bytes, 32)),
			suffix_root: Hash::from(word::<32>(bytes, 64)),
		};
		Ok(Self { rows: u64::from_le_bytes(word(bytes, 24)), commitment })
	}
}

/// The upper levels of a tree in the file.
#[derive(Clone, Copy, Debug)]
pub struct Levels {
	pub leaves: u64,
	pub lowest: u32,
	offset: u64,
}

impl Levels {
	/// Nodes of a level.
	pub fn width(&self, level: u32) -> u64 {
		self.leaves.div_ceil(1 << level)
	}

	/// The level that is the root alone, or the lowest one if that has no more than one node.
	fn top(&self) -> u32 {
		(self.lowest..).find(|level| self.width(*level) <= 1).unwrap_or(self.lowest)
	}

	/// Where a node is in the file; `None` if it is not there.
	pub fn at(&self, level: u32, index: u64) -> Option<u64> {
		if level < self.lowest || level > self.top() || index >= self.width(level) {
			return None;
		}
		let before: u64 = (self.lowest..level).map(|level| self.width(level)).sum();
		Some(self.offset + 32 * (before + index))
	}

	fn end(&self) -> u64 {
		let nodes: u64 = (self.lowest..=self.top()).map(|level| self.width(level)).sum();
		self.offset + 32 * nodes
	}
}

/// Where everything is.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
	pub width: u64,
	pub pointers: u64,
	pub counters: u64,
	pub text: Levels,
	pub array: Levels,
	/// Bytes of the file.
	pub end: u64,
}

impl Layout {
	/// Of a text of at most [`MAX_TOKENS`].
	pub fn new(tokens: u64) -> Self {
		let width = width(tokens).into();
		let pointers = HEADER + 2 * tokens;
		let counters = pointers + width * tokens;
		let offset = counters + 8 * tokens.div_ceil(BLOCK);
		let leaves = tokens.div_ceil(CHUNK.into());
		let text = Levels { leaves, lowest: TEXT_LEVEL, offset };
		let array = Levels { leaves: tokens + 2, lowest: ARRAY_LEVEL, offset: text.end() };
		Self { width, pointers, counters, text, array, end: array.end() }
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn width_should_hold_every_position_when_it_is_the_least() {
		for (tokens, bytes) in [
			(0, 1),
			(256, 1),
			(257, 2),
			(1 << 16, 2),
			((1 << 16) + 1, 3),
			(1 << 32, 4),
			((1 << 32) + 1, 5),
			(MAX_TOKENS, 5),
		] {
			assert_eq!(width(tokens), bytes, "{tokens}");
		}
	}

	#[test]
	fn layout_should_need_seven_bytes_a_token_when_pointers_are_widest() {
		for tokens in [1 << 20, 1 << 32, MAX_TOKENS] {
			let layout = Layout::new(tokens);
			assert!(layout.counters - HEADER <= 7 * tokens);
			// The trees and the counters come to a tenth of a byte.
			assert!(layout.end - layout.counters < tokens / 10);
		}
	}

	#[test]
	fn header_should_come_back_when_encoded() {
		let commitment = Commitment {
			tokens: 7,
			text_root: Hash::repeat_byte(1),
			suffix_root: Hash::repeat_byte(2),
		};
		let header = Header { rows: 3, commitment };
		let bytes = header.encode();
		assert_eq!(Header::decode(&bytes), Ok(header));
		for at in 0..128 {
			let mut bytes = bytes;
			bytes[at] ^= 1;
			assert!(Header::decode(&bytes).is_err());
			assert!(Header::decode(&bytes[..at]).is_err());
		}
	}
}
