//! The subsets on which the counterfactual adapters are trained.

use crate::Hash;
use alloc::{vec, vec::Vec};
// By a host function: a design of 256 blocks and 512 adapters takes 11,000 hashes.
use sp_io::hashing::blake2_256;

/// A set of at most 256 blocks: block `u` is bit `u % 8` of byte `u / 8`.
pub type Subset = [u8; 32];

/// Whether block `u` is in the subset.
pub fn contains(subset: &Subset, u: usize) -> bool {
	subset.get(u / 8).is_some_and(|byte| byte >> (u % 8) & 1 == 1)
}

/// Uniform numbers from a seed: BLAKE2b-256 in counter mode.
struct Stream {
	seed: Hash,
	counter: u64,
	block: [u8; 32],
	used: usize,
}

impl Stream {
	fn new(seed: Hash) -> Self {
		Self { seed, counter: 0, block: [0; 32], used: 32 }
	}

	fn word(&mut self) -> u32 {
		if self.used >= 32 {
			let mut input = [0; 40];
			input[..32].copy_from_slice(self.seed.as_bytes());
			input[32..].copy_from_slice(&self.counter.to_le_bytes());
			self.block = blake2_256(&input);
			self.counter = self.counter.wrapping_add(1);
			self.used = 0;
		}
		let mut word = [0; 4];
		word.copy_from_slice(&self.block[self.used..self.used + 4]);
		self.used += 4;
		u32::from_le_bytes(word)
	}

	/// Below `bound`, without bias: the words at the end that would favour some are thrown away.
	fn below(&mut self, bound: u32) -> u32 {
		let bound = bound.max(1);
		let limit = u32::MAX - u32::MAX % bound;
		loop {
			let word = self.word();
			if word < limit {
				return word % bound;
			}
		}
	}
}

/// A random order of `0..n`: Fisher and Yates' shuffle.
pub fn permutation(seed: Hash, n: u16) -> Vec<u16> {
	shuffle(&mut Stream::new(seed), n)
}

fn shuffle(stream: &mut Stream, n: u16) -> Vec<u16> {
	let mut order: Vec<u16> = (0..n).collect();
	for i in (1..order.len()).rev() {
		let j = stream.below(i as u32 + 1) as usize;
		order.swap(i, j);
	}
	order
}

/// For each half that is taken several are drawn: so many by the number of blocks, since each takes longer
/// the more there are.
const CANDIDATES: usize = 256;
/// The most blocks whose rows are measured alone and left out alone.
pub const MAX_SINGLE: u16 = 16;

/// The subsets that are compared among themselves alone, since a model gains the more from a block the
/// less it has seen before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stratum {
	/// One block alone.
	Alone,
	/// All blocks but one.
	LeftOut,
	/// Half of the blocks.
	Half,
}

/// The stratum of subset `k` of a design.
pub fn stratum(k: usize, blocks: usize, adapters: usize) -> Stratum {
	let singles = singles(blocks as u16, adapters as u16) as usize;
	match k {
		k if k >= 2 * singles => Stratum::Half,
		k if k % 2 == 0 => Stratum::Alone,
		_ => Stratum::LeftOut,
	}
}

/// Halves from which on a design has several groups of them.
const MANY: usize = 100;
/// The fewest halves for each group, if there are several.
const GROUP: usize = 20;
/// The most groups: more were not measured to be of use.
const MAX_GROUPS: usize = 8;

/// In how many groups the halves of a design are, each trained under a seed of its own. A seed shifts all
/// that is trained under it, so halves are compared with those of their group alone.
///
/// Adapters of one seed say what blocks do under its first weights and its order of rows. However many they
/// are, they foretell retrainings under another seed no better than one retraining of the very same half does.
/// By short trainings 144 halves under seven seeds gain .03 of the linear datamodeling score by that; 72 under
/// six, twelve each, nothing that is sure, nor do 128 under six by usual trainings
/// (`client/influence/README.md`). So groups are as large as those that gained, and where there are too few
/// halves for five of them there is one.
pub fn groups(blocks: usize, adapters: usize) -> u8 {
	let (_, halves) = counts(blocks, adapters);
	if halves < MANY {
		1
	} else {
		(halves / GROUP).min(MAX_GROUPS) as u8
	}
}

/// The group of subset `k` of a design, below [`groups`]. Halves are dealt in turn, complements as their
/// halves. The first group's seed is that of the published adapter; what is no half is in it too.
pub fn group(k: usize, blocks: usize, adapters: usize) -> u8 {
	let (singles, halves) = counts(blocks, adapters);
	let Some(half) = k.checked_sub(2 * singles) else { return 0 };
	let different = different(halves, blocks as u16, singles as u16);
	let place = half.checked_sub(different).unwrap_or(half);
	(place % usize::from(groups(blocks, adapters))) as u8
}

/// What an observation counts against the prior where every block is measured alone and left out.
const SHARP: i64 = 1024;

/// What a stratum counts, in fifths.
///
/// The gain from a block falls steeply with what was seen before and then levels off. If it falls as
/// the reciprocal of the blocks seen, the Shapley value of eight blocks, its mean over all sizes, is one
/// fifth, two fifths and two fifths of its first, middle and last values. Without middle ones the last
/// take their part: of .125 to .4 for the first, a fifth is best on licence texts.
fn part(stratum: Stratum, singles: usize, halves: usize) -> i64 {
	match stratum {
		Stratum::Half if singles == 0 => 5,
		Stratum::Alone => 1,
		Stratum::LeftOut if halves == 0 => 4,
		Stratum::LeftOut | Stratum::Half => 2,
	}
}

/// How many blocks a design measures alone, and how many halves it has.
fn counts(blocks: usize, adapters: usize) -> (usize, usize) {
	let singles = singles(blocks as u16, adapters as u16) as usize;
	(singles, adapters.saturating_sub(2 * singles))
}

/// What subset `k` of a design counts, the prior counting one.
///
/// Random halves alone tell little about a block each, and if there are about as many of them as
/// blocks nothing about some sums of blocks: the prior holds these. Two was the best of seven weights for
/// 16 to 128 halves of 48 blocks of text, by held-out text and by served answers alike.
///
/// Where every block is measured alone and left out too, each half tells a quarter of what there is to
/// know about a block, so many of them share what the stratum counts.
pub fn weight(k: usize, blocks: usize, adapters: usize) -> i64 {
	let (singles, halves) = counts(blocks, adapters);
	let stratum = stratum(k, blocks, adapters);
	let part = part(stratum, singles, halves);
	match stratum {
		Stratum::Half if singles == 0 => 2,
		Stratum::Half => SHARP * part * 4,
		_ => SHARP * part * halves.max(1) as i64,
	}
}

/// What the sum of all blocks' values counts that [`level`] says, the prior counting one.
pub fn sureness(blocks: usize, adapters: usize) -> i64 {
	let (singles, halves) = counts(blocks, adapters);
	SHARP * if singles == 0 { 1 } else { halves.max(1) as i64 }
}

/// What each gain tells about the sum of all blocks' values, of `one`: the published adapter's first, then
/// those of `subsets`.
///
/// A stratum says what all blocks add there: `U/n` times what `n` blocks gain alone, or what a subset lacks
/// that misses `n`. Halves say what the first and the second half of the blocks adds; by themselves a
/// twelfth of the first and eleven of the second are what blocks add there: on licence texts, where halves of
/// 18 and of 30 of 48 blocks tell it by their difference, .07 to .08 of the first for answers at every
/// temperature.
///
/// Only halves of the first group say it, since it is a difference from the published adapter: one of another
/// seed would hold what that shifts all adapters by.
///
/// So a block that adds nothing anywhere, a null player, is due next to nothing. Shapley values sum to the
/// whole gain, as these do where values are additive; elsewhere strata do not tell whose the difference is,
/// and dividing it evenly would pay for junk. Money is divided in proportion, whatever the sum is.
pub fn level(subsets: &[Subset], blocks: usize, one: i64) -> Vec<i64> {
	let (singles, halves) = counts(blocks, subsets.len());
	let under_first = |k: usize| group(k, blocks, subsets.len()) == 0;
	let first_halves = (2 * singles..subsets.len()).filter(|k| under_first(*k)).count();
	let mut level = vec![0; subsets.len() + 1];
	let Some((published, counterfactual)) = level.split_first_mut() else { return level };
	for (k, (entry, subset)) in counterfactual.iter_mut().zip(subsets).enumerate() {
		if !under_first(k) {
			continue;
		}
		let stratum = stratum(k, blocks, subsets.len());
		// In twelfths.
		let (first, last, count) = match stratum {
			Stratum::Alone => (12, 0, singles),
			Stratum::LeftOut => (0, 12, singles),
			Stratum::Half if singles == 0 => (1, 11, first_halves),
			Stratum::Half => (0, 12, first_halves),
		};
		let size = subset.iter().map(|byte| i64::from(byte.count_ones())).sum::<i64>();
		let whole = one * part(stratum, singles, halves) * blocks as i64;
		let of = |twelfths: i64, n: i64| whole * twelfths / (60 * n.max(1) * count.max(1) as i64);
		let (first, last) = (of(first, size), of(last, blocks as i64 - size));
		*entry = first - last;
		*published += last;
	}
	level
}

/// How many blocks are measured alone: all, if they are few and there are adapters for it.
fn singles(blocks: u16, adapters: u16) -> u16 {
	let few = (2..=MAX_SINGLE).contains(&blocks) && adapters >= blocks.saturating_mul(2);
	if few {
		blocks
	} else {
		0
	}
}

/// How many different halves are drawn before their complements, if there are `halves` in all: half of
/// them where every block is measured alone, else four for three blocks if there are so many.
///
/// A complement tells nothing new about what a block adds, it cancels what pairs of blocks do together.
/// So it pays once all blocks can be told apart: with 48 blocks of text and 64 random halves, of which 32
/// are complements, the linear datamodeling score of answers at temperature .3 is .59, with 64 different
/// ones .80; with 128 it is .88 if 64 are complements and .87 if none is.
fn different(halves: usize, blocks: u16, singles: u16) -> usize {
	let enough = if singles > 0 { 0 } else { (4 * usize::from(blocks)).div_ceil(3) };
	halves.div_ceil(2).max(halves.min(enough))
}

/// Draws `adapters` subsets of `blocks` blocks: first, if there are adapters for it, every block alone
/// and left out; then random halves, and the complements of the first of these. With an odd number of
/// blocks a half has one less than its complement.
///
/// A half is drawn at random, then blocks in it are exchanged for others as long as that makes it less
/// correlated with those before it; of several, the best one is taken. So few adapters already tell all
/// blocks apart: close to a folded-over Plackett–Burman design (1946), for any number of blocks. What
/// chance does to scores has 1.04 times the variance that it has if memberships are orthogonal, for 64
/// halves of 48 blocks and for 128; by the best of 16 random halves without exchanges 1.7 and 1.9 times.
pub fn draw(seed: Hash, blocks: u16, adapters: u16) -> Vec<Subset> {
	let mut stream = Stream::new(seed);
	let mut subsets: Vec<Subset> = Vec::with_capacity(adapters.into());
	let singles = singles(blocks, adapters);
	for u in 0..singles {
		let member = |v: &u16| *v == u;
		let (alone, rest): (Vec<u16>, Vec<u16>) = (0..blocks).partition(member);
		subsets.extend([subset(&alone), subset(&rest)]);
	}
	let count = usize::from(adapters).saturating_sub(subsets.len());
	let blocks = blocks.min(256);
	let mut drawn: Vec<(Subset, Subset)> = Vec::new();
	let mut together = Together::new(blocks.into());
	let candidates = CANDIDATES / usize::from(blocks.max(1));
	for _ in 0..different(count, blocks, singles) {
		let best = (0..candidates)
			.map(|_| together.spread(shuffle(&mut stream, blocks)))
			.min_by_key(|(correlation, _)| *correlation);
		if let Some((_, order)) = best {
			together.add(&order);
			let (half, rest) = order.split_at(order.len() / 2);
			drawn.push((subset(half), subset(rest)));
		}
	}
	let complements = drawn.iter().map(|(_, rest)| *rest);
	subsets.extend(drawn.iter().map(|(half, _)| *half).chain(complements).take(count));
	subsets
}

/// The bits of some blocks.
fn subset(members: &[u16]) -> Subset {
	let mut subset = [0; 32];
	members.iter().for_each(|u| subset[*u as usize / 8] |= 1 << (u % 8));
	subset
}

/// For every two blocks, in how many halves both or neither are, less in how many one of them is. A half is
/// an order of all blocks, of which it has the first half.
struct Together {
	blocks: usize,
	counts: Vec<i32>,
}

impl Together {
	fn new(blocks: usize) -> Self {
		Self { blocks, counts: vec![0; blocks * blocks] }
	}

	fn row(&self, u: usize) -> &[i32] {
		self.counts.get(u * self.blocks..(u + 1) * self.blocks).unwrap_or_default()
	}

	/// Blocks of an order, with 1 for those in the half and −1 for the others.
	fn signs(order: &[u16]) -> impl Iterator<Item = (usize, i32)> + '_ {
		let sign = |i: usize| if i < order.len() / 2 { 1 } else { -1 };
		order.iter().enumerate().map(move |(i, u)| (usize::from(*u), sign(i)))
	}

	/// Counts a half.
	fn add(&mut self, order: &[u16]) {
		let mut signs = vec![0; self.blocks];
		for (u, sign) in Self::signs(order) {
			signs.get_mut(u).into_iter().for_each(|place| *place = sign);
		}
		for (row, a) in self.counts.chunks_mut(self.blocks.max(1)).zip(&signs) {
			row.iter_mut().zip(&signs).for_each(|(count, b)| *count += a * b);
		}
	}

	/// Exchanges a block of the half for another one while that lowers the sum of the squares of its inner
	/// products with the halves that were counted, as vectors of ±1. That sum comes with it.
	fn spread(&self, mut order: Vec<u16>) -> (i64, Vec<u16>) {
		// How much each block was with this half.
		let mut with = vec![0i32; self.blocks];
		for (u, sign) in Self::signs(&order) {
			with.iter_mut().zip(self.row(u)).for_each(|(sum, count)| *sum += sign * count);
		}
		let of = |with: &[i32], u: usize| with.get(u).copied().unwrap_or_default();
		let middle = order.len() / 2;
		for _ in 0..self.blocks {
			let (half, rest) = order.split_at_mut(middle);
			let key = |u: &&mut u16| of(&with, usize::from(**u));
			let (Some(out), Some(into)) =
				(half.iter_mut().max_by_key(key), rest.iter_mut().min_by_key(key))
			else {
				break;
			};
			let (u, v) = (usize::from(*out), usize::from(*into));
			let (lost, won) = (self.row(u), self.row(v));
			// A quarter of what the sum grows by.
			let (kept, gained) = (of(&with, u) - of(lost, u), of(&with, v) + of(won, v));
			if gained - kept - 2 * of(lost, v) >= 0 {
				break;
			}
			core::mem::swap(out, into);
			for (sum, (won, lost)) in with.iter_mut().zip(won.iter().zip(lost)) {
				*sum += 2 * (won - lost);
			}
		}
		let sum = Self::signs(&order).map(|(u, sign)| i64::from(sign * of(&with, u))).sum();
		(sum, order)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	proptest! {
		#[test]
		fn draw_should_give_different_halves_and_then_complements_when_blocks_are_many(
			seed: [u8; 32], blocks in 17u16..=256, adapters in 1u16..64,
		) {
			let subsets = draw(seed.into(), blocks, adapters);
			prop_assert_eq!(subsets.len(), adapters as usize);
			let size = |s: &Subset| (0..256).filter(|u| contains(s, *u)).count();
			let different = different(adapters.into(), blocks, 0);
			prop_assert!(2 * different >= subsets.len());
			for (k, half) in subsets.iter().enumerate() {
				prop_assert!((0..256).all(|u| u < blocks as usize || !contains(half, u)));
				prop_assert!(!subsets[..k].contains(half));
				if k < different {
					prop_assert_eq!(size(half), blocks as usize / 2);
				} else {
					let other = &subsets[k - different];
					prop_assert!((0..32).all(|i| half[i] & other[i] == 0));
					prop_assert_eq!(size(half) + size(other), blocks as usize);
				}
			}
		}

		#[test]
		fn draw_should_give_as_many_complements_as_halves_when_blocks_are_few(
			seed: [u8; 32], blocks in 2u16..=16, pairs in 1u16..8,
		) {
			let subsets = draw(seed.into(), blocks, 2 * blocks + 2 * pairs);
			let (halves, rest) =
				subsets[2 * usize::from(blocks)..].split_at(usize::from(pairs));
			for (half, rest) in halves.iter().zip(rest) {
				let whole = |u| contains(half, u) != contains(rest, u);
				prop_assert!((0..usize::from(blocks)).all(whole));
			}
		}

		#[test]
		fn draw_should_tell_all_blocks_apart_when_halves_are_enough(
			seed: [u8; 32], blocks in 17u16..=64,
		) {
			let count = (4 * blocks).div_ceil(3);
			let subsets = draw(seed.into(), blocks, count);
			let sign = |s: &Subset, u: u16| if contains(s, u.into()) { 1i64 } else { -1 };
			let product = |u, v| subsets.iter().map(|s| sign(s, u) * sign(s, v)).sum::<i64>();
			let sum: i64 = (0..blocks)
				.flat_map(|u| (0..blocks).map(move |v| (u, v)))
				.map(|(u, v)| product(u, v).pow(2))
				.sum();
			// Of any halves the sum is least if all blocks are told apart equally well; random ones have 1.75
			// times that.
			let least = (i64::from(count) * i64::from(blocks)).pow(2) / (i64::from(blocks) - 1);
			prop_assert!(4 * sum <= 5 * least, "{sum} {least}");
		}

		#[test]
		fn group_should_deal_pairs_evenly_when_halves_are_many(
			blocks in 2usize..=256, adapters in 1usize..=512,
		) {
			let (singles, halves) = counts(blocks, adapters);
			let of = |k: usize| group(k, blocks, adapters);
			prop_assert!((0..2 * singles).all(|k| of(k) == 0));
			let groups = groups(blocks, adapters);
			prop_assert_eq!(groups > 1, halves >= MANY);
			let size = |g: u8| (2 * singles..adapters).filter(|k| of(*k) == g).count();
			let sizes: Vec<usize> = (0..groups).map(size).collect();
			prop_assert_eq!(sizes.iter().sum::<usize>(), halves);
			// The first one is the largest, and no other smaller by more than a pair.
			prop_assert!(sizes.iter().all(|n| (*n..=n + 2).contains(&sizes[0])), "{:?}", sizes);
			prop_assert!(groups == 1 || sizes.iter().all(|n| n + 1 >= GROUP), "{:?}", sizes);
			let different = different(halves, blocks as u16, singles as u16);
			for k in 2 * singles + different..adapters {
				prop_assert_eq!(of(k), of(k - different));
			}
		}

		#[test]
		fn permutation_should_hold_each_once_when_drawn(seed: [u8; 32], n in 0u16..300) {
			let mut order = permutation(seed.into(), n);
			order.sort_unstable();
			prop_assert_eq!(order, (0..n).collect::<Vec<_>>());
		}
	}

	#[test]
	fn groups_should_be_one_when_halves_are_few_and_at_most_eight() {
		let halves = [16, 64, 99, 100, 128, 144, 256, 512];
		assert_eq!(halves.map(|halves| groups(48, halves)), [1, 1, 1, 5, 6, 7, 8, 8]);
		// Where every block is measured alone and left out, these are no halves.
		assert_eq!([115, 116].map(|adapters| groups(8, adapters)), [1, 5]);
	}

	#[test]
	fn draw_should_differ_when_the_seed_differs() {
		assert_ne!(draw([1; 32].into(), 8, 18), draw([2; 32].into(), 8, 18));
		assert_eq!(draw([1; 32].into(), 8, 18), draw([1; 32].into(), 8, 18));
	}

	#[test]
	fn draw_should_measure_every_block_alone_and_left_out_when_blocks_are_few() {
		let subsets = draw([1; 32].into(), 8, 20);
		let size = |s: &Subset| (0..256).filter(|u| contains(s, *u)).count();
		for u in 0..8 {
			assert!(contains(&subsets[2 * u], u) && size(&subsets[2 * u]) == 1);
			assert!(!contains(&subsets[2 * u + 1], u) && size(&subsets[2 * u + 1]) == 7);
			assert_eq!(stratum(2 * u, 8, 20), Stratum::Alone);
			assert_eq!(stratum(2 * u + 1, 8, 20), Stratum::LeftOut);
		}
		for (k, subset) in subsets.iter().enumerate().skip(16) {
			assert_eq!((size(subset), stratum(k, 8, 20)), (4, Stratum::Half));
		}
		assert_eq!(stratum(0, 8, 14), Stratum::Half);
		assert_eq!(stratum(0, 17, 512), Stratum::Half);
	}
}
