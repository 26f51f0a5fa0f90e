//! What part of an answer stands in the data, word for word, and what that is paid.
//!
//! Beside influence, spans of an answer that stand in rows (Infini-gram, Liu et al. 2024; OLMoTrace, Liu
//! et al. 2025) may carry a share of the contributors' money. Who finds them parses the answer's bytes
//! from the first on into the longest spans of a least length; each counts for the row that has it first.

use crate::money::MAX_POOL;
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// The most blocks that are paid for spans of one answer.
pub const SLOTS: usize = 4;
/// Bytes of [`Spans`].
pub const SIZE: usize = 4 * SLOTS;
/// A whole share.
const BASIS_POINTS: u16 = 10_000;
/// All of an answer.
pub const WHOLE: u16 = u16::MAX;

/// Blocks in whose rows spans of an answer stand, by rising number, with the parts of its bytes that these
/// spans are, of [`WHOLE`]: those [`SLOTS`] that have most. Places that are not used are zero and come last.
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
pub struct Spans([(u16, u16); SLOTS]);

impl Spans {
	/// `found` are blocks and bytes of spans that stand there, each block any number of times; `whole` is the
	/// answer's length in bytes.
	pub fn new(found: &[(u16, u64)], whole: u64) -> Self {
		let mut bytes: Vec<(u16, u64)> = Vec::new();
		for (block, length) in found {
			match bytes.iter_mut().find(|(other, _)| other == block) {
				Some((_, sum)) => *sum = sum.saturating_add(*length),
				None => bytes.push((*block, *length)),
			}
		}
		bytes.sort_by_key(|(block, sum)| (core::cmp::Reverse(*sum), *block));
		let part = |sum: u64| {
			let part = u128::from(sum.min(whole)) * u128::from(WHOLE) / u128::from(whole.max(1));
			part as u16
		};
		let parts = bytes.into_iter().take(SLOTS).map(|(block, sum)| (block, part(sum)));
		let mut parts: Vec<(u16, u16)> = parts.filter(|(_, part)| *part > 0).collect();
		parts.sort_unstable();
		let mut spans = Self::default();
		spans.0.iter_mut().zip(parts).for_each(|(slot, part)| *slot = part);
		spans
	}

	/// The blocks and their parts.
	pub fn parts(&self) -> impl Iterator<Item = (u16, u16)> + '_ {
		self.0.iter().copied().take_while(|(_, part)| *part > 0)
	}

	/// Whether they can be of an answer of a model that has so many blocks.
	pub fn is_valid(&self, blocks: usize) -> bool {
		let rising = self.parts().zip(self.parts().skip(1)).all(|((a, _), (b, _))| a < b);
		let known = self.parts().all(|(block, _)| usize::from(block) < blocks);
		let sum: u32 = self.parts().map(|(_, part)| u32::from(part)).sum();
		let rest = self.0.iter().skip(self.parts().count()).all(|slot| *slot == (0, 0));
		rising && known && rest && sum <= WHOLE.into()
	}

	/// What each block is paid of `amount`, at most [`MAX_POOL`], of which at most `share` basis points are
	/// paid for spans, rounded down. If [valid](Self::is_valid) they sum to at most that share.
	pub fn amounts(&self, amount: u128, share: u16) -> impl Iterator<Item = (u16, u128)> + '_ {
		let most = amount.min(MAX_POOL) * u128::from(share.min(BASIS_POINTS));
		let whole = u128::from(BASIS_POINTS) * u128::from(WHOLE);
		self.parts().map(move |(block, part)| (block, most * u128::from(part) / whole))
	}

	/// Its bytes, little endian.
	pub fn to_bytes(&self) -> [u8; SIZE] {
		let mut bytes = [0; SIZE];
		let numbers = self.0.iter().flat_map(|(block, part)| [*block, *part]);
		let (places, _) = bytes.as_chunks_mut::<2>();
		places.iter_mut().zip(numbers).for_each(|(place, n)| *place = n.to_le_bytes());
		bytes
	}

	/// Of its bytes.
	pub fn from_bytes(bytes: &[u8; SIZE]) -> Self {
		let mut spans = Self::default();
		let (pairs, _) = bytes.as_chunks::<4>();
		for (slot, [a, b, c, d]) in spans.0.iter_mut().zip(pairs) {
			*slot = (u16::from_le_bytes([*a, *b]), u16::from_le_bytes([*c, *d]));
		}
		spans
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;
	use sp_core::U256;

	proptest! {
		#[test]
		fn new_should_be_valid_when_spans_are_any(
			found in prop::collection::vec((0u16..9, 0u64..500), 0..20),
			more in 0u64..1_000,
		) {
			let whole = found.iter().map(|(_, bytes)| bytes).sum::<u64>() + more;
			let spans = Spans::new(&found, whole);
			prop_assert!(spans.is_valid(9));
			prop_assert_eq!(Spans::from_bytes(&spans.to_bytes()), spans);
			prop_assert_eq!(spans.encode(), spans.to_bytes());
		}

		#[test]
		fn amounts_should_be_within_the_share_when_parts_are_valid(
			found in prop::collection::vec((any::<u16>(), 1u64..500), 0..6),
			amount: u128,
			share in 0u16..=10_000,
		) {
			let spans = Spans::new(&found, found.iter().map(|(_, bytes)| bytes).sum());
			let paid = spans.amounts(amount, share).map(|(_, amount)| U256::from(amount));
			let paid = paid.fold(U256::zero(), |sum, amount| sum + amount);
			prop_assert!(paid <= U256::from(amount) * U256::from(share) / U256::from(10_000));
		}
	}

	#[test]
	fn new_should_keep_the_blocks_with_most_when_there_are_more() {
		let found = [(7, 10), (3, 40), (1, 5), (2, 20), (7, 5), (9, 20)];
		let spans = Spans::new(&found, 100);
		let blocks: Vec<u16> = spans.parts().map(|(block, _)| block).collect();
		assert_eq!(blocks, [2, 3, 7, 9]);
		let paid: Vec<(u16, u128)> = spans.amounts(65_535_000, 5_000).collect();
		assert_eq!(paid, [(2, 6_553_500), (3, 13_107_000), (7, 4_915_000), (9, 6_553_500)]);
	}

	#[test]
	fn is_valid_should_refuse_when_blocks_or_parts_are_not() {
		let valid = |slots: [(u16, u16); SLOTS]| Spans(slots).is_valid(9);
		assert!(valid([(0, 1), (8, 65_534), (0, 0), (0, 0)]));
		assert!(!valid([(0, 2), (8, 65_534), (0, 0), (0, 0)]));
		assert!(!valid([(0, 1), (9, 1), (0, 0), (0, 0)]));
		assert!(!valid([(1, 1), (1, 1), (0, 0), (0, 0)]));
		assert!(!valid([(2, 1), (1, 1), (0, 0), (0, 0)]));
		assert!(!valid([(0, 0), (1, 1), (0, 0), (0, 0)]));
		assert!(!valid([(1, 0), (0, 0), (0, 0), (0, 0)]));
	}
}
