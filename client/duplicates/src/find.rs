use crate::{POSTINGS, SAMPLE};
use openledger_core::MAX_EARLIER;
use openledger_influence_math::{shingles::LEAST, Shingles};
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap};

/// A row that stands in rows before it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
	/// The row.
	pub later: usize,
	/// Those that it stands in, ascending; none of them is found itself.
	pub earlier: Vec<usize>,
	/// How much of it, in basis points.
	pub contained: u16,
}

/// The shingles of rows that are in the index, with the rows that have them.
struct Index(Vec<(u64, u32)>);

impl Index {
	fn new(sketches: &[Vec<u64>]) -> Self {
		let mut all: Vec<(u64, u32)> = sketches
			.par_iter()
			.enumerate()
			.flat_map_iter(|(row, sketch)| sketch.iter().map(move |hash| (*hash, row as u32)))
			.collect();
		all.par_sort_unstable();
		Self(all)
	}

	/// The earliest rows with a shingle.
	fn rows(&self, hash: u64) -> impl Iterator<Item = usize> + '_ {
		let from = self.0.partition_point(|(other, _)| *other < hash);
		let rows = self.0[from..]
			.iter()
			.take(POSTINGS)
			.take_while(move |(other, _)| *other == hash);
		rows.map(|(_, row)| *row as usize)
	}
}

/// Hashes of a row's shingles that are in the index, ascending.
fn sketch(row: &[u8]) -> Vec<u64> {
	let hash = |shingle: u128| {
		// Two rounds of multiplication by odd constants mix all bits into the upper ones.
		let low = (shingle as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
		let mixed = (low ^ low >> 32 ^ (shingle >> 64) as u64).wrapping_mul(0xd6e8_feb8_6659_fd93);
		mixed ^ mixed >> 32
	};
	let shingles = Shingles::of([row]);
	if shingles.len() < LEAST {
		return Vec::new();
	}
	let mut hashes: Vec<u64> =
		shingles.iter().map(hash).filter(|hash| hash.is_multiple_of(SAMPLE)).collect();
	hashes.sort_unstable();
	hashes.dedup();
	hashes
}

/// The rows of which at least `threshold` basis points stand in rows before them, at most
/// [`MAX_EARLIER`] each. `rows` are in the order in which they count as registered.
///
/// Memory: the rows, and 16 bytes for each of their sampled shingles.
pub fn find<R: AsRef<[u8]> + Sync>(rows: &[R], threshold: u16) -> Vec<Found> {
	find_with(rows, threshold, &|| ())
}

/// The same; `step` is called [`crate::STEPS`] times for each row, for a bar.
pub fn find_with<R: AsRef<[u8]> + Sync>(
	rows: &[R],
	threshold: u16,
	step: &(dyn Fn() + Sync),
) -> Vec<Found> {
	let sketched = |row: &R| {
		let sketch = sketch(row.as_ref());
		step();
		sketch
	};
	let sketches: Vec<Vec<u64>> = rows.par_iter().map(sketched).collect();
	let index = Index::new(&sketches);
	let seek = |later: usize, gone: &BTreeSet<usize>| {
		cover(rows, later, &sketches[later], &index, gone, threshold)
	};
	let nothing = BTreeSet::new();
	let stands = |later: &usize| {
		let stands = seek(*later, &nothing).is_some();
		step();
		stands
	};
	let found: Vec<usize> = (0..rows.len()).into_par_iter().filter(stands).collect();
	// What is found will be gone when the next one is shown.
	let mut gone = BTreeSet::new();
	let mut all = Vec::new();
	for later in found {
		if let Some(found) = seek(later, &gone) {
			gone.insert(later);
			all.push(found);
		}
	}
	all
}

/// Chooses rows before `later`, each time that with most of what is not covered yet.
fn cover<R: AsRef<[u8]>>(
	rows: &[R],
	later: usize,
	sketch: &[u64],
	index: &Index,
	gone: &BTreeSet<usize>,
	threshold: u16,
) -> Option<Found> {
	let standing = |hash: u64| {
		let before = index.rows(hash).take_while(|row| *row < later);
		before.filter(|row| !gone.contains(row)).collect::<Vec<_>>()
	};
	let mut left: Vec<Vec<usize>> = sketch.iter().map(|hash| standing(*hash)).collect();
	left.retain(|rows| !rows.is_empty());
	// Below this even all of them are too little; half of it allows for the sample.
	if left.len() * 20_000 < sketch.len() * usize::from(threshold) {
		return None;
	}
	let shingles = Shingles::of([rows[later].as_ref()]);
	let mut earlier = BTreeSet::new();
	while earlier.len() < MAX_EARLIER as usize {
		let mut counts = HashMap::<usize, usize>::new();
		left.iter().flatten().for_each(|row| *counts.entry(*row).or_default() += 1);
		// The earliest of equal ones, whatever the order of the map.
		let (best, _) = counts.into_iter().max_by_key(|(row, count)| (*count, usize::MAX - row))?;
		earlier.insert(best);
		let shown = Shingles::of(earlier.iter().map(|row| rows[*row].as_ref()));
		if let Some(contained) = shingles.stands_in(&shown, threshold) {
			return Some(Found { later, earlier: earlier.into_iter().collect(), contained });
		}
		left.retain(|rows| !rows.contains(&best));
	}
	None
}
