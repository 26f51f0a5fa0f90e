//! How much of one row stands in others: exact, in integers.
//!
//! A row is made canonical, only letters and digits left, in lower case, and stands for the set of
//! its shingles: all runs of [`WIDTH`] bytes of that (Broder, “On the resemblance and containment of
//! documents”, 1997). White space, case and punctuation change nothing. Runs of bytes, not of words,
//! so that text without spaces between its words is cut like any other. A shingle is held as the
//! number that its bytes are: nothing is hashed, so nothing collides, and nobody can make two texts
//! look alike that are not.
//!
//! Of Broder's two measures containment decides, of the later row in the earlier ones: a row whose
//! text stands in others adds nothing, be it one of the parts into which a row was split, a copy
//! with changes, or several rows merged. Resemblance misses the parts; containment of the smaller
//! row would let a short, common phrase void every later text that has it.
//!
//! What is not text has few letters and digits and so few shingles, or none: only the exact hash
//! protects it. A paraphrase, a translation and letters of another script that look the same are
//! other text.

use alloc::{string::String, vec::Vec};

/// Bytes of a shingle, of about three words.
pub const WIDTH: usize = 16;

/// The fewest shingles that a row must share with others to stand in them: less is a phrase. A row
/// of fewer, with less than 79 letters and digits, is protected by its exact hash alone.
pub const LEAST: usize = 64;

/// A row of which this part stands in earlier ones is a near-duplicate, in basis points.
///
/// Chosen from what `scripts/bench duplicates` measures on text that Debian installs, in per cent of
/// rows of 256 bytes and of 1 KiB; both are at most 10,000 of a kind:
///
/// | stand in up to four rows of other documents | 256 B | … without 64 bytes in one run | 1 KiB | … |
/// |---|---|---|---|---|
/// | manual pages (English) | 2.77 | .32 | 5.24 | 0 |
/// | Perl's modules | 8.12 | .76 | 8.33 | 0 |
/// | copyright files of packages | 9.08 | .26 | 36.28 | 0 |
/// | 13 licences | 36.17 | 1.68 | 35.14 | 0 |
/// | manual pages (Japanese, three bytes a letter) | 7.26 | .59 | 6.43 | 0 |
///
/// Rows with 64 letters and digits in one run from another document are copied from it, or from the
/// same third text: these documents do repeat each other, licences most (the versions of the GPL). The
/// others were sampled and read: those in English and of code are texts after one template with words
/// exchanged; of those in Japanese about half share terms alone, and are false. So at most .6 % of
/// rows of 256 bytes where a letter takes three bytes are false, and none was seen of 1 KiB.
///
/// Copies of 256 bytes in which words were replaced are found in 98.0 % of cases at 5 % of words,
/// 83.6 at 10, 54.3 at 15, 28.7 at 20; of 1 KiB in 100, 96.5, 59.1 and 12.5. With sentences moved, case, spaces and signs
/// changed, up to a third of foreign text appended or two rows interleaved, 99.8 % and more.
pub const NEAR_DUPLICATE: u16 = 5_000;

/// The whole, in basis points.
const WHOLE: usize = 10_000;

/// Letters and digits of a row, in lower case, UTF-8; what is no UTF-8 is left out.
///
/// At most half as long again as the row.
pub fn canonical(row: &[u8]) -> Vec<u8> {
	let mut text = String::with_capacity(row.len());
	for chunk in row.utf8_chunks() {
		let kept = chunk.valid().chars().filter(|c| c.is_alphanumeric());
		text.extend(kept.flat_map(char::to_lowercase));
	}
	text.into_bytes()
}

/// A set of shingles, of one row or several.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Shingles(Vec<u128>);

impl Shingles {
	/// The shingles of rows; none is across two. Memory: 16 bytes for each byte of canonical text.
	pub fn of<'a>(rows: impl IntoIterator<Item = &'a [u8]>) -> Self {
		Self::wide(rows, WIDTH)
	}

	/// Shingles of another width, at most 16: for measuring which is best.
	pub fn wide<'a>(rows: impl IntoIterator<Item = &'a [u8]>, width: usize) -> Self {
		let unused = 16usize.saturating_sub(width) as u32 * 8;
		let mask = u128::MAX.checked_shr(unused).unwrap_or(0);
		let mut all = Vec::new();
		for row in rows {
			let mut last = 0u128;
			for (at, byte) in canonical(row).into_iter().enumerate() {
				last = (last << 8 | u128::from(byte)) & mask;
				if at + 1 >= width {
					all.push(last);
				}
			}
		}
		all.sort_unstable();
		all.dedup();
		Self(all)
	}

	/// How many there are.
	pub fn len(&self) -> usize {
		self.0.len()
	}

	/// Whether there are none.
	pub fn is_empty(&self) -> bool {
		self.0.is_empty()
	}

	/// All of them, in ascending order.
	pub fn iter(&self) -> impl Iterator<Item = u128> + '_ {
		self.0.iter().copied()
	}

	/// How many are in `other` as well.
	pub fn shared(&self, other: &Self) -> usize {
		let mut others = other.0.iter().peekable();
		let in_other = |shingle: &&u128| {
			while others.next_if(|one| one < shingle).is_some() {}
			others.peek() == Some(shingle)
		};
		self.0.iter().filter(in_other).count()
	}

	/// The part of this set that is in `other`, in basis points, rounded down; none of an empty one.
	/// Broder's containment c(self, other) = |self ∩ other| / |self|.
	pub fn containment(&self, other: &Self) -> u16 {
		basis_points(self.shared(other), self.len())
	}

	/// The part of this row that stands in `others`, in basis points, if that makes it a
	/// near-duplicate: at least [`LEAST`] shingles, and at least `threshold`.
	pub fn stands_in(&self, others: &Self, threshold: u16) -> Option<u16> {
		let shared = self.shared(others);
		let contained = basis_points(shared, self.len());
		(shared >= LEAST && contained >= threshold).then_some(contained)
	}

	/// What both sets share of what either has, in basis points, rounded down; nothing if both are
	/// empty. Broder's resemblance r = |self ∩ other| / |self ∪ other|, the index of Jaccard.
	pub fn resemblance(&self, other: &Self) -> u16 {
		let shared = self.shared(other);
		basis_points(shared, self.len().saturating_add(other.len()).saturating_sub(shared))
	}
}

/// `part` of `whole`, which is at least as large.
fn basis_points(part: usize, whole: usize) -> u16 {
	(part.saturating_mul(WHOLE) / whole.max(1)) as u16
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn of(row: &str) -> Shingles {
		Shingles::of([row.as_bytes()])
	}

	/// Text of words, long enough to have shingles.
	fn text() -> impl Strategy<Value = String> {
		prop::collection::vec("[a-z]{1,9}", 10..80).prop_map(|words| words.join(" "))
	}

	proptest! {
		#[test]
		fn measures_should_be_exact_when_counted_one_by_one(
			a in "[ab]{0,40}", b in "[ab]{0,40}", width in 1usize..=16,
		) {
			let set = |row: &str| -> std::collections::BTreeSet<Vec<u8>> {
				row.as_bytes().windows(width).map(<[u8]>::to_vec).collect()
			};
			let (x, y) = (set(&a), set(&b));
			let shared = x.intersection(&y).count();
			let all = x.union(&y).count();
			let wide = |row: &str| Shingles::wide([row.as_bytes()], width);
			prop_assert_eq!(wide(&a).len(), x.len());
			prop_assert_eq!(wide(&a).shared(&wide(&b)), shared);
			let part = |whole: usize| (shared * 10_000).checked_div(whole).unwrap_or(0) as u16;
			prop_assert_eq!(wide(&a).containment(&wide(&b)), part(x.len()));
			prop_assert_eq!(wide(&a).resemblance(&wide(&b)), part(all));
		}

		#[test]
		fn resemblance_should_be_symmetric_and_whole_when_equal(a in text(), b in text()) {
			prop_assert_eq!(of(&a).resemblance(&of(&b)), of(&b).resemblance(&of(&a)));
			prop_assert_eq!(of(&a).resemblance(&of(&a)), 10_000);
			prop_assert_eq!(of(&a).containment(&of(&a)), 10_000);
			let least = of(&a).containment(&of(&b)).min(of(&b).containment(&of(&a)));
			prop_assert!(of(&a).resemblance(&of(&b)) <= least);
		}

		#[test]
		fn containment_should_not_fall_when_the_other_row_grows(
			a in text(), b in text(), more in text(), near in any::<prop::sample::Index>(),
		) {
			let b = [&a[near.index(a.len())..], &b].join(" ");
			let longer = [&b[..], &more].join(" ");
			prop_assert!(of(&a).containment(&of(&longer)) >= of(&a).containment(&of(&b)));
			let both = Shingles::of([b.as_bytes(), more.as_bytes()]);
			prop_assert!(of(&a).containment(&both) >= of(&a).containment(&of(&b)));
		}

		#[test]
		fn shingles_should_be_the_same_when_only_case_space_and_punctuation_differ(
			row in text(), noise in prop::collection::vec((any::<prop::sample::Index>(), "[ \n\t.,;:!?'\"()\u{200b}\u{a0}\u{2014}-]{1,4}"), 0..40),
		) {
			let mut padded = row.to_uppercase();
			for (at, noise) in noise {
				let places: Vec<usize> = padded.char_indices().map(|(at, _)| at).collect();
				padded.insert_str(places[at.index(places.len())], &noise);
			}
			prop_assert_eq!(of(&padded), of(&row));
		}

		#[test]
		fn parts_should_be_contained_when_a_row_is_split_or_rows_are_merged(
			row in text(), other in text(), at in any::<prop::sample::Index>(),
		) {
			let (left, right) = row.split_at(at.index(row.len()));
			for part in [left, right] {
				let contained = of(part).containment(&of(&row));
				prop_assert_eq!(contained, if of(part).is_empty() { 0 } else { 10_000 });
			}
			// A seam has at most fifteen shingles of its own.
			let merged = of(&[&row[..], &other].concat());
			let parts = Shingles::of([row.as_bytes(), other.as_bytes()]);
			prop_assert!(merged.len() - merged.shared(&parts) < WIDTH);
		}

		#[test]
		fn canonical_should_stay_within_its_bound_when_bytes_are_any(row: Vec<u8>) {
			prop_assert!(canonical(&row).len() <= row.len() * 3 / 2);
		}
	}

	#[test]
	fn canonical_should_keep_letters_and_digits_of_any_script_when_mixed_with_others() {
		assert_eq!(canonical("Ä-1, ß Ж\u{200b}ж 漢字!".as_bytes()), "ä1ßжж漢字".as_bytes());
		assert_eq!(canonical(&[b'a', 0xff, 0, b'B']), b"ab");
	}

	#[test]
	fn stands_in_should_want_both_the_part_and_the_least_when_a_row_is_short_or_long() {
		let row = |from: u32, letters: u32| -> String {
			(from..from + letters).filter_map(|n| char::from_u32(0x4e00 + n)).collect()
		};
		// Three bytes a letter: 64 shingles are 79 bytes.
		let (short, phrase) = (row(0, 27), row(0, 26));
		assert!(of(&short).len() >= LEAST && of(&phrase).len() < LEAST);
		assert_eq!(of(&short).stands_in(&of(&short), 10_000), Some(10_000));
		assert_eq!(of(&phrase).stands_in(&of(&phrase), 1), None);
		let long = row(0, 60);
		let part = of(&long).containment(&of(&short));
		assert_eq!(of(&long).stands_in(&of(&short), part), Some(part));
		assert_eq!(of(&long).stands_in(&of(&short), part + 1), None);
	}

	#[test]
	fn containment_should_be_nothing_when_a_row_has_no_shingles() {
		let (short, long) = (of("fifteen letters"), of("fifteen letters are too few"));
		assert!(short.is_empty());
		assert_eq!((short.containment(&long), long.containment(&short)), (0, 0));
	}
}
