//! The Shapley regression's solution as an integer matrix.
//!
//! With `z` the K x U membership matrix of the subsets, `d` the gains over the base model and `G`
//! the gain of the published adapter, the shares `φ` minimise
//! `Σ_k w_k (d_k − c(k) − z_k·φ)² + s (Σ_u φ_u − L)² + Σ_u (φ_u − p_u L)²`: `p` the size prior, `c` a level
//! of its own for each stratum of sizes and each group of one seed, `w` what a subset counts against the
//! prior, `L` what all blocks add ([`level`]), and `s` what that counts ([`sureness`]). What a block adds falls
//! with what is there already, and a seed shifts all that is trained under it: so subsets are compared with
//! others of their stratum and group alone, and the strata weighed so that they give the mean over all sizes,
//! which is the Shapley value.
//!
//! The solution is linear: `φ = Ψ·(G, d)`. With `x` the memberships centred among those it
//! satisfies `(xᵀwx + s11ᵀ + 1) φ = xᵀw d + (s1 + p) L`, which [`Psi::check`] verifies without solving
//! anything.
//!
//! The same shape holds what gradients say of an answer: then `d` are the answer's features, column for
//! column, the published adapter's column is zero, and a row is what the block's rows add to features
//! under the inverse of the damped empirical Fisher matrix (LoGRA, Choe et al. 2024). Nothing of that
//! can be checked by integers, so that committees make rows again and compare their hashes ([`page`]);
//! [`Psi::check_bounds`] keeps all sums inside their types.

use crate::{
	design::{contains, group, level, stratum, sureness, weight, Stratum, Subset},
	score::Nats,
	Hash,
};
use alloc::{collections::BTreeMap, vec, vec::Vec};
use codec::{Decode, Encode};
use scale_info::TypeInfo;
use sp_crypto_hashing::blake2_256;

/// One in the entries of [`Psi`].
pub const ONE: i32 = 1 << 20;
/// The most that the absolute entries of a row may sum to where no equations bound them: 64 units. With
/// that [`Pool`](crate::Pool) holds 2^15 answers of any vectors, as its own bounds say, and a
/// committee that is biased together by δ moves a score by 128 δ at most.
pub const MAX_NORM: u64 = 64 * ONE as u64;
/// One in the prior.
const PRIOR_ONE: u64 = 1 << 16;

/// Ψ: blocks x (adapters + 1), row by row, the published adapter's column first, [`ONE`] to the
/// unit.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Psi {
	adapters: u16,
	entries: Vec<i32>,
}

/// Why a matrix is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PsiError {
	/// It has not `blocks x (adapters + 1)` entries, or there is no block or adapter.
	Shape,
	/// It does not solve the normal equations of its design.
	NormalEquations,
	/// The published adapter's column is not zero, or a row sums to more than [`MAX_NORM`].
	Bounds,
}

/// The hash of a row of Ψ under the map that makes an answer's features: of both, so that nobody finds
/// it who finds another map.
pub fn page(map: &Hash, row: &[i32]) -> Hash {
	(map, row).using_encoded(blake2_256).into()
}

/// A product. One of 64 bits is enough for almost all, and WebAssembly has no multiplication beyond that.
fn product(a: i64, b: i32) -> i128 {
	match i32::try_from(a) {
		Ok(a) => (i64::from(a) * i64::from(b)).into(),
		Err(_) => i128::from(a) * i128::from(b),
	}
}

/// Sizes as parts of [`PRIOR_ONE`], which they sum to: floors, the rest to the first ones.
fn prior(sizes: &[u64]) -> Vec<u64> {
	let total = sizes.iter().map(|s| u128::from(*s)).sum::<u128>();
	if total == 0 {
		return prior(&vec![1; sizes.len()]);
	}
	let part = |s: &u64| (u128::from(*s) * u128::from(PRIOR_ONE) / total) as u64;
	let mut parts: Vec<u64> = sizes.iter().map(part).collect();
	let rest = PRIOR_ONE.saturating_sub(parts.iter().sum());
	parts.iter_mut().take(rest as usize).for_each(|p| *p += 1);
	parts
}

impl Psi {
	/// Wraps a matrix whose shape fits; [`check`](Self::check) says whether it is right.
	pub fn new(blocks: usize, adapters: u16, entries: Vec<i32>) -> Result<Self, PsiError> {
		let fits = blocks > 0 && adapters > 0 && entries.len() == blocks * (adapters as usize + 1);
		if fits {
			Ok(Self { adapters, entries })
		} else {
			Err(PsiError::Shape)
		}
	}

	/// The entries, row by row.
	pub fn entries(&self) -> &[i32] {
		&self.entries
	}

	/// How many counterfactual adapters it weighs.
	pub fn adapters(&self) -> usize {
		self.adapters as usize
	}

	/// How many blocks it scores.
	pub fn blocks(&self) -> usize {
		self.entries.len() / self.columns()
	}

	fn columns(&self) -> usize {
		self.adapters as usize + 1
	}

	/// One row per block.
	pub fn rows(&self) -> impl Iterator<Item = &[i32]> {
		self.entries.chunks(self.columns())
	}

	/// Whether this is the solution for `subsets` and the blocks' `sizes` (bytes), up to the
	/// rounding of each entry to a neighbouring integer. The trainer has no choice beyond that.
	pub fn check(&self, subsets: &[Subset], sizes: &[u64]) -> Result<(), PsiError> {
		let (blocks, columns) = (self.blocks(), self.columns());
		if subsets.len() + 1 != columns || sizes.len() != blocks {
			return Err(PsiError::Shape);
		}
		let (memberships, prior) = (Memberships::new(subsets, blocks), prior(sizes));
		let gram = memberships.gram(blocks);
		let slack = gram
			.chunks(blocks)
			.map(|row| row.iter().map(|a| a.unsigned_abs() as i128).sum::<i128>())
			.max()
			.unwrap_or(0);
		for (u, row) in gram.chunks(blocks).enumerate() {
			let mut left = vec![0i128; columns];
			for (a, psi) in row.iter().zip(self.rows()) {
				left.iter_mut().zip(psi).for_each(|(sum, entry)| *sum += product(*a, *entry));
			}
			// Both sides in the units of memberships and of the prior.
			let residual = |(column, left): (usize, i128)| {
				left * PRIOR_ONE as i128 - memberships.right_side(column, u, &prior)
			};
			let mut residuals = left.into_iter().enumerate().map(residual);
			// Nothing but rounding is left.
			if residuals.any(|left| left.abs() > slack * PRIOR_ONE as i128) {
				return Err(PsiError::NormalEquations);
			}
		}
		Ok(())
	}

	/// Whether this can be the Ψ of features: nothing of the published adapter's gain, and rows of at most
	/// [`MAX_NORM`].
	pub fn check_bounds(&self) -> Result<(), PsiError> {
		let norm = |row: &[i32]| row.iter().map(|a| u64::from(a.unsigned_abs())).sum::<u64>();
		let fits = |row: &[i32]| row.first() == Some(&0) && norm(row) <= MAX_NORM;
		self.rows().all(fits).then_some(()).ok_or(PsiError::Bounds)
	}

	/// Solves the regression for `subsets` and the blocks' `sizes` (bytes).
	#[cfg(any(feature = "std", feature = "runtime-benchmarks"))]
	pub fn solve(subsets: &[Subset], sizes: &[u64]) -> Result<Self, PsiError> {
		let blocks = sizes.len();
		if blocks == 0 || subsets.is_empty() {
			return Err(PsiError::Shape);
		}
		let entries = Memberships::new(subsets, blocks).solution(&prior(sizes));
		Self::new(blocks, subsets.len() as u16, entries)
	}

	/// Scores of all blocks for an answer: [`ONE`] times [`Nats`]. `None` if `y` has not one
	/// entry for the base model, one for the published and one for each adapter.
	pub fn scores(&self, y: &[Nats]) -> Option<Vec<i128>> {
		if y.len() != self.adapters() + 2 {
			return None;
		}
		let gains = crate::score::gains(y);
		let dot = |row: &[i32]| row.iter().zip(&gains).map(|(a, g)| product(*g, *a)).sum();
		Some(self.rows().map(dot).collect())
	}
}

impl Psi {
	/// By how much each block's score moves at most, in the unit of [`Psi::scores`], if every entry of
	/// `y` is off by up to `tolerance`, the base model's among them.
	pub fn worst_bias(&self, tolerance: u32) -> Vec<i128> {
		let bias = |row: &[i32]| {
			let entries: i128 = row.iter().map(|a| i128::from(a.unsigned_abs())).sum();
			let base = row.iter().map(|a| i128::from(*a)).sum::<i128>().abs();
			(entries + base) * i128::from(tolerance)
		};
		self.rows().map(bias).collect()
	}
}

/// The memberships of all subsets, each centred on the mean of its stratum and group.
struct Memberships {
	/// Subsets x blocks, each row in parts of its scale.
	entries: Vec<Vec<i64>>,
	/// `one`, but in proportion less in groups that are smaller than the first of their stratum: integers as
	/// well, and such a row counts by the square of that.
	scales: Vec<i64>,
	one: i64,
	/// What each subset counts.
	weights: Vec<i64>,
	/// What all blocks add, by column of Ψ, [`ONE`] to the unit.
	level: Vec<i64>,
	/// What that counts.
	sureness: i64,
}

impl Memberships {
	fn new(subsets: &[Subset], blocks: usize) -> Self {
		let adapters = subsets.len();
		let held = |k: &usize, u: usize| subsets.get(*k).is_some_and(|s| contains(s, u));
		// Those that are compared among themselves.
		let mut compared = BTreeMap::<(Stratum, u8), Vec<usize>>::new();
		for k in 0..adapters {
			let of = (stratum(k, blocks, adapters), group(k, blocks, adapters));
			compared.entry(of).or_default().push(k);
		}
		let first = |stratum: Stratum| compared.get(&(stratum, 0)).map_or(1, Vec::len);
		// A common multiple of how many subsets the strata have in their first groups.
		let common = |one: usize, n: usize| if one.is_multiple_of(n) { one } else { one * n };
		let strata = [Stratum::Alone, Stratum::LeftOut, Stratum::Half];
		let one = strata.map(first).into_iter().fold(1, common);
		let mut entries = vec![vec![0i64; blocks]; adapters];
		let mut scales = vec![0i64; adapters];
		for ((stratum, _), members) in &compared {
			let (count, times) = (members.len() as i64, (one / first(*stratum)) as i64);
			for k in members {
				if let Some(scale) = scales.get_mut(*k) {
					*scale = count * times;
				}
			}
			for u in 0..blocks {
				let sum = members.iter().filter(|k| held(k, u)).count() as i64;
				for k in members {
					let whole = i64::from(held(k, u)) * count;
					if let Some(entry) = entries.get_mut(*k).and_then(|row| row.get_mut(u)) {
						*entry = (whole - sum) * times;
					}
				}
			}
		}
		let weights = (0..adapters).map(|k| weight(k, blocks, adapters)).collect();
		let level = level(subsets, blocks, ONE.into());
		let sureness = sureness(blocks, adapters);
		Self { entries, scales, one: one as i64, weights, level, sureness }
	}

	/// `xᵀwx + s11ᵀ + 1` times the square of `one`, blocks x blocks.
	fn gram(&self, blocks: usize) -> Vec<i64> {
		let mut gram = vec![self.sureness * self.one * self.one; blocks * blocks];
		for (row, weight) in self.entries.iter().zip(&self.weights) {
			for (cells, a) in gram.chunks_mut(blocks).zip(row) {
				let a = weight * a;
				cells.iter_mut().zip(row).for_each(|(cell, b)| *cell += a * b);
			}
		}
		gram.iter_mut()
			.step_by(blocks + 1)
			.for_each(|cell| *cell += self.one * self.one);
		gram
	}

	/// `xᵀw d + (s1 + p) L` for block `u`, in this column of Ψ, times [`ONE`], [`PRIOR_ONE`] and the square of
	/// `one`.
	fn right_side(&self, column: usize, u: usize, prior: &[u64]) -> i128 {
		let one = self.one as i128;
		let level = self.level.get(column).copied().unwrap_or(0) as i128;
		let part = prior.get(u).copied().unwrap_or(0) as i128;
		let by_level = (self.sureness as i128 * PRIOR_ONE as i128 + part) * level;
		let by_gain = column.checked_sub(1).map_or(0, |k| {
			let entry = self.entries.get(k).and_then(|row| row.get(u)).copied().unwrap_or(0);
			let weight = self.weights.get(k).copied().unwrap_or(0);
			let scale = self.scales.get(k).copied().unwrap_or(0);
			(entry * weight * scale) as i128 * PRIOR_ONE as i128 * ONE as i128
		});
		by_level * one * one + by_gain
	}

	/// The entries of Ψ.
	#[cfg(any(feature = "std", feature = "runtime-benchmarks"))]
	fn solution(&self, prior: &[u64]) -> Vec<i32> {
		let (blocks, columns) = (prior.len(), self.level.len());
		let gram: Vec<f64> = self.gram(blocks).iter().map(|a| *a as f64).collect();
		let factor = factorise(&gram, blocks);
		let mut entries = vec![0i32; blocks * columns];
		for column in 0..columns {
			let right: Vec<f64> = (0..blocks)
				.map(|u| self.right_side(column, u, prior) as f64 / PRIOR_ONE as f64)
				.collect();
			for (u, value) in substitute(&factor, &right).into_iter().enumerate() {
				entries[u * columns + column] = round(value);
			}
		}
		entries
	}
}

/// `L` and `D` of `L·D·Lᵀ = a` for a symmetric `a` of `n` rows, `D` on the diagonal of `L`, row by row.
/// The order of all sums is fixed: the same bits everywhere.
#[cfg(any(feature = "std", feature = "runtime-benchmarks"))]
pub fn factorise(a: &[f64], n: usize) -> Vec<f64> {
	let mut l = vec![0.0; n * n];
	for i in 0..n {
		for j in 0..=i {
			let dot: f64 = (0..j).map(|k| l[i * n + k] * l[j * n + k] * l[k * n + k]).sum();
			let rest = a[i * n + j] - dot;
			l[i * n + j] = if i == j { rest } else { rest / l[j * n + j] };
		}
	}
	l
}

/// Solves `L·D·Lᵀ x = b`, with what [`factorise`] gives.
#[cfg(any(feature = "std", feature = "runtime-benchmarks"))]
pub fn substitute(l: &[f64], b: &[f64]) -> Vec<f64> {
	let n = b.len();
	let mut x = b.to_vec();
	for i in 0..n {
		x[i] -= (0..i).map(|k| l[i * n + k] * x[k]).sum::<f64>();
	}
	for i in (0..n).rev() {
		x[i] = x[i] / l[i * n + i] - (i + 1..n).map(|k| l[k * n + i] * x[k]).sum::<f64>();
	}
	x
}

/// The nearest integer. Without the standard library a float has no `round`.
#[cfg(any(feature = "std", feature = "runtime-benchmarks"))]
fn round(value: f64) -> i32 {
	(value + if value < 0.0 { -0.5 } else { 0.5 }) as i32
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		design::{draw, groups, MAX_SINGLE},
		score::NAT,
	};
	use proptest::prelude::*;

	fn solved(seed: [u8; 32], blocks: u16, adapters: u16, sizes: &[u64]) -> (Vec<Subset>, Psi) {
		let subsets = draw(seed.into(), blocks, adapters);
		let psi = Psi::solve(&subsets, sizes).unwrap();
		(subsets, psi)
	}

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(64))]

		#[test]
		fn check_should_accept_when_psi_is_solved(
			seed: [u8; 32], sizes in prop::collection::vec(1u64..1_000_000, 1..48), ratio in 1u16..4,
		) {
			let blocks = sizes.len() as u16;
			let (subsets, psi) = solved(seed, blocks, blocks * ratio + 1, &sizes);
			prop_assert_eq!(psi.check(&subsets, &sizes), Ok(()));
		}

		#[test]
		fn check_should_refuse_when_an_entry_moved(
			seed: [u8; 32], from in 0usize..8, to in 0usize..8, column in 0usize..17, by in 64i32..1000,
		) {
			prop_assume!(from != to);
			let sizes = [1000; 8];
			let (subsets, mut psi) = solved(seed, 8, 16, &sizes);
			psi.entries[from * 17 + column] -= by;
			prop_assert_eq!(psi.check(&subsets, &sizes), Err(PsiError::NormalEquations));
			psi.entries[to * 17 + column] += by;
			prop_assert_eq!(psi.check(&subsets, &sizes), Err(PsiError::NormalEquations));
		}

		#[test]
		fn scores_should_be_next_to_nothing_when_a_block_adds_nothing(
			seed: [u8; 32],
			worth in prop::collection::vec(0f64..9.0, 2..40),
			junk in 0usize..40,
			spare in 0u16..80,
		) {
			let (blocks, junk) = (worth.len(), junk % worth.len());
			// Gains saturate: the first blocks of a subset bring most.
			let value = |held: &dyn Fn(usize) -> bool| {
				let sum: f64 = (0..blocks).filter(|u| *u != junk && held(*u)).map(|u| worth[u]).sum();
				(sum.sqrt() * 65_536.0) as i32
			};
			let adapters = 2 * blocks as u16 + spare;
			let (subsets, psi) = solved(seed, blocks as u16, adapters, &vec![500; blocks]);
			let base = -(1 << 24);
			let y: Vec<i32> = [base, base + value(&|_| true)]
				.into_iter()
				.chain(subsets.iter().map(|s| base + value(&|u| contains(s, u))))
				.collect();
			let scores = psi.scores(&y).unwrap();
			let even = crate::score::positive(&scores) / blocks as u128;
			prop_assert!(scores[junk] <= (even / 4 + (1 << 30)) as i128, "{} {even}", scores[junk]);
		}
	}

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(16))]

		#[test]
		fn check_should_accept_when_halves_are_in_groups(
			seed: [u8; 32], blocks in 2u16..48, halves in 100u16..=300,
		) {
			let singles = if blocks <= MAX_SINGLE { blocks } else { 0 };
			let adapters = 2 * singles + halves;
			let sizes: Vec<u64> = (0..u64::from(blocks)).map(|u| 1_000 + 17 * u).collect();
			prop_assert!(groups(sizes.len(), adapters.into()) > 1);
			let (subsets, psi) = solved(seed, blocks, adapters, &sizes);
			prop_assert_eq!(psi.check(&subsets, &sizes), Ok(()));
		}

		#[test]
		fn scores_should_be_the_truth_when_each_seed_but_the_first_shifts_its_group(
			seed: [u8; 32],
			truth in prop::collection::vec(0i32..10, 2..40),
			shifts in prop::array::uniform8(-50i32..50),
			halves in 100u16..=256,
		) {
			let blocks = truth.len();
			let singles = if blocks <= usize::from(MAX_SINGLE) { blocks as u16 } else { 0 };
			let adapters = 2 * singles + halves;
			let (subsets, psi) = solved(seed, blocks as u16, adapters, &vec![1; blocks]);
			let value = |k: usize, s: &Subset| {
				let sum = (0..blocks).filter(|u| contains(s, *u)).map(|u| truth[u]).sum::<i32>();
				let shift = match group(k, blocks, subsets.len()) {
					0 => 0,
					of => shifts[usize::from(of)],
				};
				(sum + shift) * NAT
			};
			let y: Vec<Nats> = [0, truth.iter().sum::<i32>() * NAT]
				.into_iter()
				.chain(subsets.iter().enumerate().map(|(k, s)| value(k, s)))
				.collect();
			for (score, truth) in psi.scores(&y).unwrap().iter().zip(&truth) {
				let error = *score as f64 / f64::from(ONE) / f64::from(NAT) - f64::from(*truth);
				// The prior holds blocks a little.
				prop_assert!(error.abs() < 0.5, "{error}");
			}
		}
	}

	#[test]
	fn check_should_refuse_when_psi_compares_halves_of_different_seeds() {
		let (blocks, adapters) = (100, 128i64);
		let (sizes, subsets) = ([1; 100], draw([7; 32].into(), 100, 128));
		let mut memberships = Memberships::new(&subsets, blocks);
		let solved = |memberships: &Memberships| {
			Psi::new(blocks, adapters as u16, memberships.solution(&prior(&sizes))).unwrap()
		};
		assert_eq!(solved(&memberships).check(&subsets, &sizes), Ok(()));
		memberships.one = adapters;
		memberships.scales = vec![adapters; subsets.len()];
		for u in 0..blocks {
			let held = |s: &Subset| i64::from(contains(s, u));
			let sum = subsets.iter().map(held).sum::<i64>();
			for (row, subset) in memberships.entries.iter_mut().zip(&subsets) {
				row[u] = held(subset) * adapters - sum;
			}
		}
		let refused = Err(PsiError::NormalEquations);
		assert_eq!(solved(&memberships).check(&subsets, &sizes), refused);
	}

	#[test]
	fn scores_should_be_the_truth_when_values_are_additive() {
		for seed in 0..32 {
			additive(seed);
		}
	}

	fn additive(seed: u8) {
		let truth = [5, -2, 0, 9, 1, 1, 30, 4].map(|v| v * 65_536);
		let (subsets, psi) = solved([seed; 32], 8, 16, &[1; 8]);
		let value = |s: &Subset| (0..8).filter(|u| contains(s, *u)).map(|u| truth[u]).sum::<i32>();
		let base = -4_000_000;
		let y: Vec<i32> = [base, base + truth.iter().sum::<i32>()]
			.into_iter()
			.chain(subsets.iter().map(|s| base + value(s)))
			.collect();
		for (score, truth) in psi.scores(&y).unwrap().iter().zip(truth) {
			let error = (*score - truth as i128 * ONE as i128).abs();
			assert!(error < 65_536 * ONE as i128 / 50, "{score} against {truth}");
		}
	}

	#[test]
	fn check_should_tell_right_from_wrong_when_blocks_and_adapters_are_the_most() {
		let sizes: Vec<u64> = (0..256).map(|u| 1_000 + 17 * u).collect();
		let (subsets, mut psi) = solved([9; 32], 256, 512, &sizes);
		assert_eq!(psi.check(&subsets, &sizes), Ok(()));
		psi.entries[200 * 513 + 300] += 400;
		assert_eq!(psi.check(&subsets, &sizes), Err(PsiError::NormalEquations));
	}

	/// What the model gains from `n` blocks of text that are all alike.
	const SATURATING: [f64; 9] = [0.0, 76.0, 111.0, 128.0, 138.0, 146.0, 151.0, 155.0, 158.5];

	#[test]
	fn scores_should_be_near_the_shapley_values_when_gains_saturate() {
		// Ends alone; with halves, few and many.
		saturating(16, 0.01);
		saturating(24, 0.03);
		saturating(64, 0.03);
	}

	fn saturating(adapters: u16, tolerance: f64) {
		// Seven blocks alike and one of noise: the noise earns little, the others the same.
		let (subsets, psi) = solved([7; 32], 8, adapters, &[1; 8]);
		let value = |s: &Subset| SATURATING[(0..7).filter(|u| contains(s, *u)).count()];
		let nats = |v: f64| -40_000_000 + (v * 65_536.0) as i32;
		let y: Vec<i32> = [nats(0.0), nats(SATURATING[7])]
			.into_iter()
			.chain(subsets.iter().map(|s| nats(value(s))))
			.collect();
		let scores = psi.scores(&y).unwrap();
		let whole = crate::score::positive(&scores) as f64;
		let shares: Vec<f64> = scores.iter().map(|s| *s as f64 / whole).collect();
		assert!(shares[7].abs() < 0.02, "{shares:?}");
		assert!(shares[..7].iter().all(|s| (s - 1.0 / 7.0).abs() < tolerance), "{shares:?}");
	}

	#[test]
	fn scores_should_move_by_the_worst_bias_at_most_when_all_entries_are_off() {
		let (_, psi) = solved([7; 32], 8, 16, &[1; 8]);
		let scores = |y: &[Nats]| psi.scores(y).unwrap();
		let (zero, worst) = (scores(&[0; 18]), psi.worst_bias(64));
		for (u, row) in psi.rows().enumerate() {
			let towards = |a: &i32| 64 * a.signum();
			let base = -64 * row.iter().map(|a| i64::from(*a)).sum::<i64>().signum() as i32;
			let y: Vec<Nats> = [base].into_iter().chain(row.iter().map(towards)).collect();
			assert_eq!(scores(&y)[u] - zero[u], worst[u]);
			// What the entries are off by moves a block by twice that.
			let times = worst[u] as f64 / f64::from(ONE) / 64.0;
			assert!((times - 2.0).abs() < 0.01, "{times}");
		}
	}

	#[test]
	fn scores_should_be_none_when_y_has_the_wrong_length() {
		let (_, psi) = solved([7; 32], 8, 16, &[1; 8]);
		assert_eq!(psi.scores(&[0; 17]), None);
	}

	#[test]
	fn check_bounds_should_refuse_when_the_first_column_counts_or_a_row_is_too_long() {
		let half = (MAX_NORM / 2) as i32;
		let check = |row: [i32; 3]| Psi::new(1, 2, row.to_vec()).unwrap().check_bounds();
		assert_eq!(check([0, half, -half]), Ok(()));
		for row in [[1, 0, 0], [0, half, -half - 1], [0, i32::MIN, 0]] {
			assert_eq!(check(row), Err(PsiError::Bounds));
		}
	}

	#[test]
	fn page_should_differ_when_the_map_or_an_entry_differs() {
		let (one, other) = (Hash::repeat_byte(1), Hash::repeat_byte(2));
		let row = [0, 5, -6];
		assert_eq!(page(&one, &row), page(&one, &row));
		assert_ne!(page(&one, &row), page(&other, &row));
		assert_ne!(page(&one, &row), page(&one, &[0, 5, -7]));
	}

	#[test]
	fn new_should_refuse_when_the_shape_is_wrong() {
		assert_eq!(Psi::new(8, 16, vec![0; 8 * 16]), Err(PsiError::Shape));
		assert_eq!(Psi::new(0, 16, vec![]), Err(PsiError::Shape));
	}

	#[test]
	fn check_should_refuse_when_the_design_is_another() {
		let (_, psi) = solved([7; 32], 20, 40, &[1; 20]);
		let other = draw([8; 32].into(), 20, 40);
		assert_eq!(psi.check(&other, &[1; 20]), Err(PsiError::NormalEquations));
	}
}
