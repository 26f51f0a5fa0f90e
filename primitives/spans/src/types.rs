//! The commitment, the leaves of its trees, and what is proved of them.

use crate::{CHUNK, MAX_DEPTH, MAX_TOKENS, SEPARATOR, SPAN};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use openledger_influence_math::Hash;
use scale_info::TypeInfo;
use sp_core::{bounded::BoundedVec, ConstU32};
use sp_crypto_hashing::blake2_256;

/// Token ids: a prefix of at most [`SPAN`], or a chunk of at most [`CHUNK`].
pub type Tokens = BoundedVec<
	u16,
	ConstU32<
		{
			if SPAN > CHUNK {
				SPAN
			} else {
				CHUNK
			}
		},
	>,
>;

/// Hashes from the leaves to the root, lowest level first: for two neighbours at most two a level.
pub type Path = BoundedVec<Hash, ConstU32<{ 2 * MAX_DEPTH }>>;

/// What a version commits to.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Default,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Commitment {
	/// Tokens of the text, one separator for each row counted.
	pub tokens: u64,
	/// The root over its chunks ([`Chunk::item`]); zero if it is empty.
	pub text_root: Hash,
	/// The root over its suffix array ([`Suffix::item`]), sentinels counted.
	pub suffix_root: Hash,
}

impl Commitment {
	/// How many chunks there are.
	pub fn chunks(&self) -> u64 {
		self.tokens.div_ceil(CHUNK.into())
	}

	/// How many tokens chunk `at` has: [`CHUNK`], the last one what is left, and none beyond.
	pub fn chunk_length(&self, at: u64) -> u64 {
		let begin = at.saturating_mul(CHUNK.into());
		self.tokens.saturating_sub(begin).min(CHUNK.into())
	}

	/// How many slots the suffix array has: a rank for each token and two sentinels.
	pub fn slots(&self) -> u64 {
		self.tokens.saturating_add(2)
	}

	/// How many levels the suffix array's tree has above its leaves.
	pub fn levels(&self) -> u32 {
		u64::BITS - self.tokens.saturating_add(1).leading_zeros()
	}

	/// Whether the text is short enough for [`MAX_DEPTH`] levels.
	pub fn check(&self) -> Result<(), SpanError> {
		if self.tokens <= MAX_TOKENS {
			Ok(())
		} else {
			Err(SpanError::TooLong)
		}
	}
}

/// Tokens of the text, from a multiple of [`CHUNK`] on.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Chunk {
	/// The row that the first of them is of: the number of separators before it.
	pub row: u64,
	/// The tokens, and separators between them.
	pub tokens: Tokens,
}

impl Chunk {
	/// What stands at `index` in the text's tree.
	pub fn item(&self, index: u64) -> Hash {
		chunk_item(index, self.row, &self.tokens)
	}

	/// How many rows end in it.
	pub fn separators(&self) -> u64 {
		separators(&self.tokens)
	}
}

/// [`Chunk::item`] for tokens that lie elsewhere: BLAKE2b-256 of the SCALE encoding of
/// `(b"spans/chunk", index, row, tokens)`.
pub fn chunk_item(index: u64, row: u64, tokens: &[u16]) -> Hash {
	(b"spans/chunk", index, row, tokens).using_encoded(blake2_256).into()
}

pub(crate) fn separators(tokens: &[u16]) -> u64 {
	tokens.iter().filter(|token| **token == SEPARATOR).count() as u64
}

/// A position and what stands there.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Suffix {
	/// The first token's place in the text, from 0 on.
	pub position: u64,
	/// The tokens up to the row's end, at most [`SPAN`]; none if a separator stands there.
	pub prefix: Tokens,
}

impl Suffix {
	/// The sentinel of slot 0: below every query, in common with none.
	pub fn first(tokens: u64) -> Self {
		Self { position: tokens, prefix: Tokens::new() }
	}

	/// The sentinel of the last slot: above every query, in common with none.
	pub fn last(tokens: u64) -> Self {
		Self { position: tokens, prefix: Tokens::truncate_from([SEPARATOR].into()) }
	}

	/// What stands at `slot` in the suffix array's tree.
	pub fn item(&self, slot: u64) -> Hash {
		suffix_item(slot, self.position, &self.prefix)
	}

	/// Whether it may stand at `slot` of a text of so many tokens: a sentinel at either end, else a
	/// position in the text and a prefix without separators.
	pub fn fits(&self, slot: u64, tokens: u64) -> bool {
		if slot == 0 {
			*self == Self::first(tokens)
		} else if slot > tokens {
			*self == Self::last(tokens)
		} else {
			self.position < tokens && !self.prefix.contains(&SEPARATOR)
		}
	}
}

/// [`Suffix::item`] for a prefix that lies elsewhere: BLAKE2b-256 of the SCALE encoding of
/// `(b"spans/suffix", slot, position, prefix)`.
pub fn suffix_item(slot: u64, position: u64, prefix: &[u16]) -> Hash {
	(b"spans/suffix", slot, position, prefix).using_encoded(blake2_256).into()
}

/// Neighbours in the suffix array, which cut it in two.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Cut {
	/// How many ranks are below the cut: the right one's rank, and the left one's slot.
	pub rank: u64,
	/// The last suffix below, or the first sentinel.
	pub left: Suffix,
	/// The first suffix above, or the last sentinel.
	pub right: Suffix,
	/// From both to the root.
	pub path: Path,
}

/// One leaf of the suffix array.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Opening {
	/// Where it stands: rank + 1.
	pub slot: u64,
	/// What stands there.
	pub suffix: Suffix,
	/// From there to the root.
	pub path: Path,
}

/// The chunks that a stretch of the text lies in.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Excerpt {
	/// One, or two that are neighbours.
	pub chunks: BoundedVec<Chunk, ConstU32<2>>,
	/// From them to the root.
	pub path: Path,
}

/// That a match is the longest, and where it stands.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct SpanProof {
	/// Between which suffixes the query falls.
	pub cut: Cut,
	/// The text at the match; none if not even the query's first token stands anywhere.
	pub text: Option<Excerpt>,
}

/// Where a span first and last stands in the suffix array.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct CountProof {
	/// Below the first suffix that the span is a prefix of.
	pub lower: Cut,
	/// Above the last one.
	pub upper: Cut,
}

/// Where a span stands.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Default,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Place {
	/// Its first token's place in the text.
	pub position: u64,
	/// The row that it is in.
	pub row: u64,
}

/// The longest match of a query.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Match {
	/// How many of the query's tokens, from its first, stand in the text together.
	pub length: u32,
	/// Where they stand; of several places the one next to the query in the suffix array. None if
	/// the length is 0.
	pub place: Option<Place>,
}

impl Match {
	/// Whether the answer's match may go on: proofs end at [`SPAN`] tokens.
	pub fn is_at_least(&self) -> bool {
		self.length >= SPAN
	}
}

/// Why a proof is refused.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum SpanError {
	/// The commitment is to more than [`MAX_TOKENS`].
	TooLong,
	/// The query is empty, longer than [`SPAN`], or has a separator in it.
	Query,
	/// The suffixes do not stand at these ranks of the committed array, or may not.
	Suffixes,
	/// The query does not fall between the two suffixes.
	Bracket,
	/// The chunks are not those of the committed text that the stretch lies in.
	Text,
	/// The text at this position is another.
	Mismatch,
	/// What is shown is no fault of the commitment.
	NoFault,
	/// The rows are not those of the version that stand there.
	Rows,
}
