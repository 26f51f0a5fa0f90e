//! The rows that a registered text is made of: those of a published version of a Datanet, a token for
//! each byte, batch by batch in the order of their roots and in a batch by rising hash.
//!
//! The chain knows the version's root, and how many rows and bytes each batch has. With the list of
//! one batch's rows this says where each of them stands, so that a single token of the text can be
//! compared with the row's content ([`Evidence`]), whatever else is known of the text.

use crate::{tree::fold, types::Path, Hash, SpanError, SEPARATOR};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use openledger_influence_math::merkle;
use scale_info::TypeInfo;
use sp_core::{bounded::BoundedVec, ConstU32};
use sp_crypto_hashing::blake2_256;

/// The most rows of a batch.
pub const MAX_ROWS: u32 = 256;
/// The longest row, in bytes.
pub const MAX_ROW_BYTES: u32 = 65_536;

/// How large a batch is.
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
pub struct Extent {
	/// Its rows.
	pub rows: u32,
	/// Their bytes.
	pub bytes: u64,
}

impl Extent {
	/// How many tokens it makes: its bytes, and a separator for each row.
	pub fn tokens(&self) -> u64 {
		self.bytes.saturating_add(self.rows.into())
	}
}

/// What the chain knows of a version's rows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Source {
	/// Merkle root over the roots of its batches.
	pub root: Hash,
	/// How large each batch is.
	pub batches: Vec<Extent>,
}

/// Which of `sizes`, one behind the other, has `at`, and how far from its beginning.
fn locate(sizes: impl Iterator<Item = u64>, at: u64) -> Option<(usize, u64)> {
	let mut rest = at;
	for (index, size) in sizes.enumerate() {
		match rest.checked_sub(size) {
			Some(behind) => rest = behind,
			None => return Some((index, rest)),
		}
	}
	None
}

impl Source {
	/// How many tokens the text has.
	pub fn tokens(&self) -> u64 {
		self.batches.iter().fold(0, |sum, batch| sum.saturating_add(batch.tokens()))
	}

	/// The batch that a position of the text is in, by its place under the root, and the position
	/// from the batch's beginning.
	pub fn batch_at(&self, position: u64) -> Option<(usize, u64)> {
		locate(self.batches.iter().map(Extent::tokens), position)
	}

	/// The batch that a row of the version is in, by its place under the root, and which of its rows
	/// that is, by rising hash.
	pub fn batch_of(&self, row: u64) -> Option<(usize, u32)> {
		let (batch, row) = locate(self.batches.iter().map(|batch| batch.rows.into()), row)?;
		Some((batch, u32::try_from(row).ok()?))
	}
}

/// A row as its batch has it: the hash of its content, and its length in bytes.
pub type Listed = (Hash, u32);

/// What a version has at one position of the text.
#[derive(
	Clone,
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
pub struct Evidence {
	/// All rows of the batch that the position is in, by rising hash.
	pub rows: BoundedVec<Listed, ConstU32<MAX_ROWS>>,
	/// From the batch's root to that of the version.
	pub path: Path,
	/// The content of the row that the position is in; empty where the row ends.
	pub content: BoundedVec<u8, ConstU32<MAX_ROW_BYTES>>,
}

/// The token of a row at `offset`. Content that is shorter than the row says is filled with zeros and
/// longer one is cut, so that what a row says makes the same text of it for everybody.
fn token(content: &[u8], offset: usize) -> u16 {
	content.get(offset).copied().unwrap_or_default().into()
}

/// A row's tokens, without its separator.
pub fn tokens(content: &[u8], bytes: u32) -> impl Iterator<Item = u16> + '_ {
	(0..bytes as usize).map(move |offset| token(content, offset))
}

impl Evidence {
	/// The token that belongs at `position`. Errors: `Rows` if these are not the version's rows.
	pub fn token(&self, source: &Source, position: u64) -> Result<u16, SpanError> {
		let (batch, offset) = source.batch_at(position).ok_or(SpanError::Rows)?;
		let batches = source.batches.len() as u64;
		// The tree's shape is that of its leaves' number: no other list has this root.
		match fold(batches, batch as u64, &[root(&self.rows)], &self.path) {
			Some(root) if root == source.root => {},
			_ => return Err(SpanError::Rows),
		}
		let sizes = self.rows.iter().map(|(_, bytes)| u64::from(*bytes).saturating_add(1));
		let (row, offset) = locate(sizes, offset).ok_or(SpanError::Rows)?;
		let (hash, bytes) = self.rows.get(row).ok_or(SpanError::Rows)?;
		if offset == u64::from(*bytes) {
			// More than needed would be a second proof of the same.
			return if self.content.is_empty() { Ok(SEPARATOR) } else { Err(SpanError::Rows) };
		}
		if Hash::from(blake2_256(&self.content)) != *hash {
			return Err(SpanError::Rows);
		}
		Ok(token(&self.content, offset as usize))
	}
}

/// The root of a batch's rows in this order.
fn root(rows: &[Listed]) -> Hash {
	let items: Vec<Hash> = rows.iter().map(|(hash, bytes)| merkle::row(hash, *bytes)).collect();
	merkle::root(&items)
}

/// All rows of a version, batch by batch: what whoever indexes it or looks for a fault has.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Listing {
	batches: Vec<Vec<Listed>>,
}

impl Listing {
	/// Of batches in the order of their roots, their rows in any.
	pub fn new(mut batches: Vec<Vec<Listed>>) -> Self {
		batches.iter_mut().for_each(|rows| rows.sort_unstable());
		Self { batches }
	}

	/// What the chain knows of a version with these rows.
	pub fn source(&self) -> Source {
		let roots: Vec<Hash> = self.batches.iter().map(|rows| root(rows)).collect();
		let extent = |rows: &Vec<Listed>| Extent {
			rows: rows.len() as u32,
			bytes: rows.iter().map(|(_, bytes)| u64::from(*bytes)).sum(),
		};
		Source { root: merkle::root(&roots), batches: self.batches.iter().map(extent).collect() }
	}

	/// The rows of each batch, by rising hash.
	pub fn batches(&self) -> &[Vec<Listed>] {
		&self.batches
	}

	/// The rows in the order of the text.
	pub fn rows(&self) -> impl Iterator<Item = &Listed> {
		self.batches.iter().flatten()
	}

	/// For [`Evidence::token`]; `content` is that of the row that the position is in, which it is
	/// not asked for where the row ends. `None` if the text has no such position, or if the content
	/// is too long to be shown.
	pub fn evidence(
		&self,
		position: u64,
		content: impl FnOnce(&Hash) -> Option<Vec<u8>>,
	) -> Option<Evidence> {
		let size = |rows: &Vec<Listed>| rows.iter().map(|(_, bytes)| u64::from(*bytes) + 1).sum();
		let (batch, offset) = locate(self.batches.iter().map(size), position)?;
		let rows = self.batches.get(batch)?;
		let sizes = rows.iter().map(|(_, bytes)| u64::from(*bytes) + 1);
		let (row, offset) = locate(sizes, offset)?;
		let (hash, bytes) = rows.get(row)?;
		let content = if offset == u64::from(*bytes) { Vec::new() } else { content(hash)? };
		let roots: Vec<Hash> = self.batches.iter().map(|rows| root(rows)).collect();
		Some(Evidence {
			rows: BoundedVec::try_from(rows.clone()).ok()?,
			path: Path::try_from(merkle::proof(&roots, batch)?).ok()?,
			content: BoundedVec::try_from(content).ok()?,
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		reference::{Corpus, Leaves, Reference},
		verify_fraud, Fraud,
	};
	use proptest::prelude::*;

	/// Rows that repeat each other, a few of which are not as long as they say.
	fn corpus() -> impl Strategy<Value = Corpus> {
		let byte = prop_oneof![Just(0u8), Just(1), Just(255)];
		let more = prop_oneof![8 => Just(0), 1 => -3i32..4];
		let row = (prop::collection::vec(byte, 1..90), more).prop_map(|(content, more)| {
			let bytes = (content.len() as i32 + more).max(1) as u32;
			(content, bytes)
		});
		let batch = prop::collection::vec(row, 1..6);
		prop::collection::vec(batch, 1..6).prop_map(Corpus::of)
	}

	fn accuse(corpus: &Corpus, index: &Reference, position: u64) -> Fraud {
		corpus.accuse(index, position).unwrap()
	}

	/// A text of as many tokens, and not the same.
	#[derive(Clone, Debug)]
	enum Forgery {
		/// Another token at a place.
		Token(prop::sample::Index, u16),
		/// Two tokens in each other's place.
		Swap(prop::sample::Index, prop::sample::Index),
		/// What follows a place comes before what stands there.
		Rotate(prop::sample::Index),
		/// Rows in another order.
		Rows(prop::sample::Index),
		/// Separators elsewhere.
		Boundary(prop::sample::Index, bool),
		/// Something else from beginning to end.
		Other(u16),
	}

	fn forgery() -> impl Strategy<Value = Forgery> {
		let token = || prop_oneof![Just(0u16), Just(1), Just(255), Just(256), Just(SEPARATOR)];
		prop_oneof![
			(any::<prop::sample::Index>(), token()).prop_map(|(at, t)| Forgery::Token(at, t)),
			any::<(prop::sample::Index, prop::sample::Index)>()
				.prop_map(|(a, b)| Forgery::Swap(a, b)),
			any::<prop::sample::Index>().prop_map(Forgery::Rotate),
			any::<prop::sample::Index>().prop_map(Forgery::Rows),
			any::<(prop::sample::Index, bool)>().prop_map(|(at, up)| Forgery::Boundary(at, up)),
			token().prop_map(Forgery::Other),
		]
	}

	fn forge(text: &[u16], forgery: Forgery) -> Vec<u16> {
		let mut text = text.to_vec();
		let length = text.len();
		match forgery {
			Forgery::Token(at, token) => text[at.index(length)] = token,
			Forgery::Swap(a, b) => text.swap(a.index(length), b.index(length)),
			Forgery::Rotate(at) => text.rotate_left(at.index(length)),
			Forgery::Rows(at) => {
				let mut rows: Vec<&[u16]> = text.split_inclusive(|t| *t == SEPARATOR).collect();
				let at = at.index(rows.len());
				rows.rotate_left(at);
				text = rows.concat();
			},
			Forgery::Boundary(at, up) => {
				let ends: Vec<usize> = (0..length).filter(|i| text[*i] == SEPARATOR).collect();
				let end = ends[at.index(ends.len())];
				let other = if up { (end + 1).min(length - 1) } else { end.saturating_sub(1) };
				text.swap(end, other);
			},
			Forgery::Other(token) => text.fill(token),
		}
		text
	}

	proptest! {
		#[test]
		fn verify_fraud_should_accept_exactly_the_tokens_that_are_not_the_versions_when_shown(
			corpus in corpus(), forgery in forgery(),
		) {
			let (source, honest) = (corpus.listing().source(), corpus.text());
			prop_assert_eq!(source.tokens(), honest.len() as u64);
			for text in [forge(&honest, forgery), honest.clone()] {
				let index = Reference::of(Leaves::of_text(&text));
				for at in 0..text.len() {
					let fraud = accuse(&corpus, &index, at as u64);
					let said = verify_fraud(&index.commitment(), &source, &fraud);
					let fault = text[at] != honest[at];
					prop_assert_eq!(said, if fault { Ok(()) } else { Err(SpanError::NoFault) });
				}
			}
		}

		#[test]
		fn verify_fraud_should_refuse_when_the_text_is_the_versions_and_the_evidence_is_not(
			corpus in corpus(), a: prop::sample::Index, b: prop::sample::Index,
			byte: prop::sample::Index, bit in 0u8..8,
		) {
			let (source, text) = (corpus.listing().source(), corpus.text());
			let index = Reference::of(Leaves::of_text(&text));
			let (a, b) = (a.index(text.len()) as u64, b.index(text.len()) as u64);
			let fraud = accuse(&corpus, &index, a);
			let mut bytes = fraud.encode();
			let at = byte.index(bytes.len());
			bytes[at] ^= 1 << bit;
			if let Ok(forged) = Fraud::decode(&mut &bytes[..]) {
				prop_assert!(verify_fraud(&index.commitment(), &source, &forged).is_err());
			}
			// What belongs elsewhere.
			let Fraud::Foreign { evidence, .. } = accuse(&corpus, &index, b) else { unreachable!() };
			let Fraud::Foreign { position, text, .. } = fraud else { unreachable!() };
			let forged = Fraud::Foreign { position, text, evidence };
			prop_assert!(verify_fraud(&index.commitment(), &source, &forged).is_err());
		}

		#[test]
		fn batch_of_should_be_the_batch_of_the_row_when_there_is_one(corpus in corpus()) {
			let source = corpus.listing().source();
			let mut row = 0;
			for (batch, extent) in source.batches.iter().enumerate() {
				for within in 0..extent.rows {
					prop_assert_eq!(source.batch_of(row), Some((batch, within)));
					row += 1;
				}
			}
			prop_assert_eq!(source.batch_of(row), None);
			prop_assert_eq!(source.batch_of(u64::MAX), None);
			prop_assert_eq!(source.batch_at(source.tokens()), None);
		}
	}

	#[test]
	fn source_should_have_the_roots_of_the_datanets_when_rows_come_in_any_order() {
		let rows: Vec<Listed> =
			(0..5).map(|n| (Hash::from_low_u64_be(n * 7 % 5), n as u32 + 1)).collect();
		let source = Listing::new(vec![rows.clone(), rows[..1].to_vec()]).source();
		let roots = [merkle::rows_root(rows.clone()), merkle::rows_root(rows[..1].to_vec())];
		assert_eq!(source.root, merkle::root(&roots));
		assert_eq!(source.batches[0], Extent { rows: 5, bytes: 15 });
		assert_eq!(source.tokens(), 15 + 5 + 1 + 1);
	}

	#[test]
	fn tokens_should_be_as_many_as_the_row_says_when_its_content_is_not() {
		let read = |bytes| tokens(&[7, 8], bytes).collect::<Vec<_>>();
		assert_eq!((read(1), read(2), read(4)), (vec![7], vec![7, 8], vec![7, 8, 0, 0]));
	}

	#[test]
	fn evidence_should_be_refused_when_fewer_rows_pose_as_the_batch() {
		// Of three rows the first two make an inner node, which is no row.
		let corpus = Corpus::new(&[vec![vec![1], vec![2], vec![3]]]);
		let (source, text) = (corpus.listing().source(), corpus.text());
		let index = Reference::of(Leaves::of_text(&text));
		let Fraud::Foreign { evidence, .. } = accuse(&corpus, &index, 4) else { unreachable!() };
		assert_eq!(evidence.token(&source, 4), Ok(text[4]));
		for rows in [vec![], evidence.rows[..2].to_vec(), evidence.rows[1..].to_vec()] {
			let rows = BoundedVec::try_from(rows).unwrap();
			let fewer = Evidence { rows, ..evidence.clone() };
			assert_eq!(fewer.token(&source, 4), Err(SpanError::Rows));
		}
		let twice = Source { batches: vec![source.batches[0]; 2], ..source };
		assert_eq!(evidence.token(&twice, 4), Err(SpanError::Rows));
	}
}
