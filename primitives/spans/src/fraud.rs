//! Fraud proofs: that a commitment is not what it claims to be, each checked in one step.
//!
//! # Why these are all
//!
//! Let no [`Fraud`] exist against a commitment whose leaves are all known. No leaf is misplaced, so
//! the n slots between the sentinels have positions below n; none stands there twice, so by the
//! pigeonhole principle each stands there once: the array is a permutation, and a missing position
//! needs no proof of its own since another one is then there twice. Every prefix is the text's, and
//! neighbours are in order, hence all are. So the array is the text's suffix array, up to the order
//! of equal prefixes, and what `verify_span` and `verify_count` conclude from neighbours is true.
//! The chunks are as long as they have to be and count rows without a gap from 0 on, so rows are
//! true too. And every token is that of the version's rows, whose number fixes n: so the text is
//! theirs, with nothing missing, added, moved or cut elsewhere.
//!
//! # How to find one
//!
//! Whoever holds the text and the leaves reads the array once: compares each prefix with the text
//! (b), with its neighbour (a), and marks its position in n bits (c); and the chunks once, counting
//! separators. That is linear time, and n / 8 bytes. Whoever holds the rows compares them with the
//! text, or with any chunk of it that somebody has shown: for (d) no other is needed.
//!
//! # What needs more than this
//!
//! A hash in the tree whose leaf nobody shows, or that is a hash of something else, cannot be refuted
//! by whoever does not know it. That is a matter of availability: who committed is asked for a slot
//! or a chunk, and shows it, or else loses ([`demand`](crate::demand)). A claim that rests on such a leaf
//! cannot be made either, since its proof would open it. And (d) needs the content of the row: a row
//! that nobody has left can be said to be anything.

use crate::{
	source::{Evidence, Source},
	span::{read, verify_chunks, verify_items, verify_neighbours, verify_opening},
	tree::fold,
	types::{Chunk, Commitment, Cut, Excerpt, Opening, Path, SpanError, Suffix},
	SEPARATOR, SPAN,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// A fault of a commitment.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Fraud {
	/// (a) The left one's prefix is above the right one's. Equal prefixes are in order: of what comes
	/// after [`SPAN`] tokens nothing is claimed.
	Order(Cut),
	/// (b) A prefix is not what stands in the text at its position.
	Prefix {
		/// The leaf, of a rank.
		opening: Opening,
		/// The chunks in which the [`SPAN`] tokens from its position on lie, or those up to the end.
		text: Excerpt,
	},
	/// (c) Two leaves of ranks have the same position.
	Twice {
		/// One of them.
		one: Opening,
		/// The other.
		other: Opening,
	},
	/// A leaf that may not stand at its slot: its own number is another, its position is not in the
	/// text, its prefix has a separator, or it is no sentinel at an end.
	Misplaced {
		/// Where it stands.
		slot: u64,
		/// The slot that its hash names.
		number: u64,
		/// What it says.
		suffix: Suffix,
		/// From there to the root.
		path: Path,
	},
	/// A chunk whose own number is another, that is shorter or longer than it has to be, or that
	/// comes first and does not begin in row 0.
	Chunk {
		/// Where it stands.
		index: u64,
		/// The index that its hash names.
		number: u64,
		/// What it says.
		chunk: Chunk,
		/// From there to the root.
		path: Path,
	},
	/// The second of two neighbouring chunks does not go on with the row that the first one ends in.
	Rows {
		/// The first one's index.
		index: u64,
		/// Both.
		text: Excerpt,
	},
	/// (d) A token is not what the version's rows have there.
	Foreign {
		/// Where it stands.
		position: u64,
		/// The chunk that it is in.
		text: Excerpt,
		/// What belongs there.
		evidence: Evidence,
	},
}

/// Whether a commitment to the text of a version has this fault. Errors: `NoFault` if what is shown is
/// in order; `TooLong`, `Suffixes` and `Text` if it is not what was committed, `Rows` if it is not the
/// version's.
pub fn verify_fraud(
	commitment: &Commitment,
	source: &Source,
	fraud: &Fraud,
) -> Result<(), SpanError> {
	commitment.check()?;
	let fault = match fraud {
		Fraud::Order(cut) => {
			verify_neighbours(commitment, cut)?;
			cut.left.prefix[..] > cut.right.prefix[..]
		},
		Fraud::Prefix { opening, text } => {
			verify_rank(commitment, opening)?;
			let position = opening.suffix.position;
			let length = commitment.tokens.saturating_sub(position).min(SPAN.into());
			let (_, tokens) = read(commitment, position, length, text)?;
			let prefix = tokens.iter().take_while(|token| **token != SEPARATOR);
			!prefix.eq(opening.suffix.prefix.iter())
		},
		Fraud::Twice { one, other } => {
			verify_rank(commitment, one)?;
			verify_rank(commitment, other)?;
			one.slot != other.slot && one.suffix.position == other.suffix.position
		},
		Fraud::Misplaced { slot, number, suffix, path } => {
			verify_items(commitment, *slot, &[suffix.item(*number)], path)?;
			slot != number || !suffix.fits(*slot, commitment.tokens)
		},
		Fraud::Chunk { index, number, chunk, path } => {
			match fold(commitment.chunks(), *index, &[chunk.item(*number)], path) {
				Some(root) if root == commitment.text_root => {},
				_ => return Err(SpanError::Text),
			}
			let length = chunk.tokens.len() as u64;
			index != number
				|| length != commitment.chunk_length(*index)
				|| (*index == 0 && chunk.row != 0)
		},
		Fraud::Rows { index, text } => {
			verify_chunks(commitment, *index, text)?;
			match &text.chunks[..] {
				[one, next] => one.row.checked_add(one.separators()) != Some(next.row),
				_ => return Err(SpanError::Text),
			}
		},
		Fraud::Foreign { position, text, evidence } => {
			let (_, tokens) = read(commitment, *position, 1, text)?;
			tokens[..] != [evidence.token(source, *position)?]
		},
	};
	if fault {
		Ok(())
	} else {
		Err(SpanError::NoFault)
	}
}

/// Whether a leaf stands where it says, between the sentinels.
fn verify_rank(commitment: &Commitment, opening: &Opening) -> Result<(), SpanError> {
	if (1..=commitment.tokens).contains(&opening.slot) {
		verify_opening(commitment, opening)
	} else {
		Err(SpanError::Suffixes)
	}
}
