//! Scores of one answer.

use crate::{
	design::{contains, group, groups, stratum, Stratum},
	Psi, Subset,
};
use alloc::{vec, vec::Vec};

/// The natural logarithm of a probability, [`NAT`] to the unit.
pub type Nats = i32;
/// One nat.
pub const NAT: i32 = 1 << 16;

/// The log-probability, in [`Nats`], of `tokens` tokens at `band` nats each: below it none is taken
/// to have been drawn from the model.
pub fn lowest(band: u8, tokens: u32) -> i64 {
	i64::from(band)
		.saturating_mul(NAT.into())
		.saturating_mul(tokens.into())
		.saturating_neg()
}

/// What the published and each counterfactual adapter gained over the base model.
pub fn gains(y: &[Nats]) -> Vec<i64> {
	let base = i64::from(y.first().copied().unwrap_or(0));
	y.iter().skip(1).map(|v| i64::from(*v) - base).collect()
}

/// Coordinate by coordinate the median of what a committee revealed, the lower one of an even
/// number. `None` without a vector, or if their lengths differ.
pub fn median(vectors: &[Vec<Nats>]) -> Option<Vec<Nats>> {
	let length = vectors.first()?.len();
	if vectors.iter().any(|v| v.len() != length) {
		return None;
	}
	let coordinate = |i: usize| {
		let mut column: Vec<Nats> = vectors.iter().filter_map(|v| v.get(i).copied()).collect();
		column.sort_unstable();
		column.get(column.len().saturating_sub(1) / 2).copied().unwrap_or(0)
	};
	Some((0..length).map(coordinate).collect())
}

/// Whether no entry differs by more than `tolerance`.
pub fn agrees(a: &[Nats], b: &[Nats], tolerance: u32) -> bool {
	a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x.abs_diff(*y) <= tolerance)
}

/// The sum of the positive scores.
pub fn positive(scores: &[i128]) -> u128 {
	scores.iter().map(|s| s.max(&0).unsigned_abs()).sum()
}

/// Standard errors of the blocks' scores, in the scores' unit (`psi::ONE` times [`Nats`]).
///
/// Where every block was measured alone and left out, the score lies between the two, and where
/// depends on how its gain falls with what was seen before: the first counts nothing if it falls at
/// once and half if it falls evenly. Uniform between these, that is √(1/48) of the difference, less what
/// all blocks have of it, evenly or in proportion to their scores, whichever leaves more; its mean square
/// over the blocks is taken. Else it is the regression's residual variance through Ψ.
pub fn standard_errors(psi: &Psi, subsets: &[Subset], y: &[Nats]) -> Option<Vec<u128>> {
	let blocks = psi.blocks();
	if stratum(0, blocks, subsets.len()) == Stratum::Half {
		return residual_errors(psi, subsets, y);
	}
	(y.len() == psi.adapters() + 2).then_some(())?;
	let gains = gains(y);
	let whole = gains.first()?;
	// The gain from each block alone, less that from it as the last.
	let falls: Vec<i64> = gains
		.get(1..=2 * blocks)?
		.chunks_exact(2)
		.map(|pair| pair.iter().sum::<i64>() - whole)
		.collect();
	let scores = psi.scores(y)?;
	let all = falls.iter().map(|fall| i128::from(*fall)).sum::<i128>();
	let positive = positive(&scores).max(1) as i128;
	let squares = |common: &dyn Fn(i128) -> i128| -> u128 {
		let off = |(fall, score): (&i64, &i128)| i128::from(*fall) - common(*score);
		// No gain reaches 2³³: beyond 2⁴⁰ an error is all that it can be.
		let square = |off: i128| off.unsigned_abs().min(1 << 40).pow(2);
		falls.iter().zip(&scores).map(|one| square(off(one))).sum()
	};
	let evenly = squares(&|_| all / blocks.max(1) as i128);
	let squares = evenly.max(squares(&|score| score * all / positive));
	let one = u128::from(crate::psi::ONE.unsigned_abs());
	let error = square_root(squares.checked_mul(one * one)? / (48 * blocks.max(1) as u128));
	Some(vec![error; blocks])
}

/// The regression's residual variance through Ψ. The level of each group and the blocks take degrees of
/// freedom, at least one is left.
fn residual_errors(psi: &Psi, subsets: &[Subset], y: &[Nats]) -> Option<Vec<u128>> {
	let scores = psi.scores(y)?;
	let gains = gains(y);
	let one = i128::from(crate::psi::ONE);
	let residual = |(subset, gain): (&Subset, &i64)| {
		let members = scores.iter().enumerate().filter(|(u, _)| contains(subset, *u));
		i128::from(*gain) - members.map(|(_, s)| s).sum::<i128>() / one
	};
	let residuals: Vec<i128> = subsets.iter().zip(gains.iter().skip(1)).map(residual).collect();
	let (blocks, adapters) = (psi.blocks(), subsets.len());
	let groups = groups(blocks, adapters);
	let mut squares = 0u128;
	for this in 0..groups {
		let member = |(k, _): &(usize, &i128)| group(*k, blocks, adapters) == this;
		let among = || residuals.iter().enumerate().filter(member).map(|(_, r)| r);
		let mean = among().sum::<i128>() / among().count().max(1) as i128;
		for r in among() {
			let off = (r - mean).unsigned_abs();
			squares = squares.checked_add(off.checked_mul(off)?)?;
		}
	}
	// The blocks' sum is none of them, since halves do not tell it.
	let taken = usize::from(groups) + blocks.saturating_sub(1);
	let freedom = adapters.saturating_sub(taken).max(1) as u128;
	let variance = squares / freedom;
	let norm =
		|row: &[i32]| row.iter().skip(1).map(|a| (i128::from(*a).pow(2)) as u128).sum::<u128>();
	Some(
		psi.rows()
			.map(|row| square_root(variance).saturating_mul(square_root(norm(row))))
			.collect(),
	)
}

/// The floor of the square root.
fn square_root(n: u128) -> u128 {
	let mut low = 0u128;
	let mut bit = 1u128 << 63;
	while bit > 0 {
		let candidate = low | bit;
		if candidate.checked_mul(candidate).is_some_and(|square| square <= n) {
			low = candidate;
		}
		bit >>= 1;
	}
	low
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::design::draw;
	use proptest::prelude::*;

	#[test]
	fn median_should_outvote_when_one_of_three_lies() {
		let honest = vec![-10, -5, -7];
		let liar = vec![900, -900, 0];
		for order in [[&honest, &honest, &liar], [&liar, &honest, &honest]] {
			assert_eq!(median(&order.map(Clone::clone)), Some(honest.clone()));
		}
	}

	#[test]
	fn median_should_be_none_when_lengths_differ() {
		assert_eq!(median(&[vec![1, 2], vec![1]]), None);
		assert_eq!(median(&[]), None);
	}

	#[test]
	fn standard_errors_should_be_small_when_values_are_additive() {
		// Every block alone and left out; halves, of one seed and of several.
		[(8, 16), (20, 40), (20, 120)]
			.into_iter()
			.for_each(|(blocks, adapters)| additive(blocks, adapters));
	}

	fn additive(blocks: usize, adapters: u16) {
		let subsets = draw([3; 32].into(), blocks as u16, adapters);
		let psi = Psi::solve(&subsets, &vec![1; blocks]).unwrap();
		let sum = |members: &dyn Fn(usize) -> bool| {
			(0..blocks).filter(|u| members(*u)).map(|u| (u as i32 + 1) * NAT).sum::<i32>()
		};
		let value = |s: &Subset| sum(&|u| contains(s, u));
		// What a seed adds to all of its adapters is no error.
		let shift = |k: usize| 30 * NAT * Nats::from(group(k, blocks, subsets.len()));
		let exact: Vec<Nats> = [0, sum(&|_| true)]
			.into_iter()
			.chain(subsets.iter().enumerate().map(|(k, s)| value(s) + shift(k)))
			.collect();
		let mut noisy = exact.clone();
		// In every group in some and not in others.
		noisy.iter_mut().skip(2).step_by(5).for_each(|v| *v += NAT);
		let one = u128::from(crate::psi::ONE.unsigned_abs()) * u128::from(NAT.unsigned_abs());
		let small = standard_errors(&psi, &subsets, &exact).unwrap();
		let large = standard_errors(&psi, &subsets, &noisy).unwrap();
		// The prior holds halves back a little.
		assert!(small.iter().all(|error| *error < one / 2), "{small:?}");
		assert!(small.iter().zip(&large).all(|(small, large)| small < large), "{large:?}");
	}

	proptest! {
		#[test]
		fn square_root_should_be_the_floor_when_n_is_any(n: u128) {
			let root = square_root(n);
			prop_assert!(root * root <= n);
			prop_assert!((root + 1).checked_mul(root + 1).is_none_or(|above| above > n));
		}
	}
}
