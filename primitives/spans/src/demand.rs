//! Leaves that whoever committed to them is asked to show.
//!
//! A hash that nobody can open can be neither used in a proof nor refuted. Whoever cannot have a leaf
//! demands it; it is shown, to everybody, or the commitment falls. So a commitment that stands is one
//! all of whose leaves can be had, and [`Fraud`](crate::Fraud) has a proof against every way in which
//! these can be wrong.
//!
//! Whoever has the rows needs few demands to find what is wrong: it builds the index itself, compares
//! the path of the leaf that was shown with its own, and demands next a leaf below the lowest hash that
//! differs. Each demand is of a smaller subtree than the one before, so that after at most as many as
//! a tree has levels a leaf is shown that differs, or none is. One of the array that differs only by
//! the order of equal prefixes is no fault, and costs the search for another.

use crate::{
	span::{verify_chunks, verify_opening},
	types::{Commitment, Excerpt, Opening, SpanError},
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// A leaf of one of the trees.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Leaf {
	/// Of the suffix array, at this slot.
	#[codec(index = 0)]
	Slot(u64),
	/// Of the text, at this index.
	#[codec(index = 1)]
	Chunk(u64),
}

impl Leaf {
	/// One of the text, or else of the suffix array, that stands at a place.
	pub fn of(text: bool, at: u64) -> Self {
		if text {
			Self::Chunk(at)
		} else {
			Self::Slot(at)
		}
	}

	/// Whether it is one of the text, and where it stands.
	pub fn parts(&self) -> (bool, u64) {
		match self {
			Self::Slot(slot) => (false, *slot),
			Self::Chunk(index) => (true, *index),
		}
	}

	/// Whether a commitment has it.
	pub fn is_of(&self, commitment: &Commitment) -> bool {
		match self {
			Self::Slot(slot) => *slot < commitment.slots(),
			Self::Chunk(index) => *index < commitment.chunks(),
		}
	}
}

/// Shows a leaf.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Shown {
	/// One of the suffix array.
	#[codec(index = 0)]
	Slot(Opening),
	/// One of the text.
	#[codec(index = 1)]
	Chunk {
		/// Where it stands.
		index: u64,
		/// It alone.
		text: Excerpt,
	},
}

impl Shown {
	/// Which leaf it is said to be.
	pub fn leaf(&self) -> Leaf {
		match self {
			Self::Slot(opening) => Leaf::Slot(opening.slot),
			Self::Chunk { index, .. } => Leaf::Chunk(*index),
		}
	}
}

/// Whether a leaf is what was committed to, and may stand where it does: one that may not cannot be
/// shown. Errors: `TooLong`, `Suffixes`, `Text`.
pub fn verify_shown(commitment: &Commitment, shown: &Shown) -> Result<(), SpanError> {
	match shown {
		Shown::Slot(opening) => verify_opening(commitment, opening),
		Shown::Chunk { text, .. } if text.chunks.len() != 1 => Err(SpanError::Text),
		Shown::Chunk { index, text } => verify_chunks(commitment, *index, text),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::reference::Reference;
	use proptest::prelude::*;

	fn shown(index: &Reference, leaf: Leaf) -> Shown {
		match leaf {
			Leaf::Slot(slot) => Shown::Slot(index.opening(slot).unwrap()),
			Leaf::Chunk(at) => Shown::Chunk { index: at, text: index.chunks(at, 1).unwrap() },
		}
	}

	proptest! {
		#[test]
		fn verify_shown_should_accept_every_leaf_and_no_other_when_the_index_is_honest(
			rows in prop::collection::vec(prop::collection::vec(0u16..3, 0..90), 0..5),
			at: prop::sample::Index, byte: prop::sample::Index, bit in 0u8..8,
		) {
			let index = Reference::new(&rows);
			let commitment = index.commitment();
			let slots = (0..commitment.slots()).map(Leaf::Slot);
			let leaves: Vec<Leaf> = slots.chain((0..commitment.chunks()).map(Leaf::Chunk)).collect();
			for leaf in &leaves {
				prop_assert!(leaf.is_of(&commitment));
				let (text, at) = leaf.parts();
				prop_assert_eq!(Leaf::of(text, at), *leaf);
				let shown = shown(&index, *leaf);
				prop_assert_eq!(shown.leaf(), *leaf);
				prop_assert_eq!(verify_shown(&commitment, &shown), Ok(()));
			}
			for beyond in [Leaf::Slot(commitment.slots()), Leaf::Chunk(commitment.chunks())] {
				prop_assert!(!beyond.is_of(&commitment));
			}
			let mut bytes = shown(&index, leaves[at.index(leaves.len())]).encode();
			let at = byte.index(bytes.len());
			bytes[at] ^= 1 << bit;
			if let Ok(forged) = Shown::decode(&mut &bytes[..]) {
				prop_assert!(verify_shown(&commitment, &forged).is_err());
			}
		}
	}
}
