//! Cheap scores as control variates of retrainings.
//!
//! What blocks of data do to an answer is expected from scores that need no retraining, such as
//! gradients or text that is shared, and the retrainings are left to explain the rest.

use crate::eval::{
	linear::{cholesky, solve_lower, solve_upper},
	Error, Result,
};
use ndarray::{Array1, Array2, Axis};
use std::collections::BTreeSet;

/// Shrinkages that cross-validation chooses from, in observations of a membership: powers of two.
const SHRINKAGES: std::ops::Range<i32> = 0..13;

/// Scores, and what was chosen for all queries together.
pub struct Controlled {
	/// `[blocks, queries]`, in the unit of the observations. Halves only tell blocks apart: what all of them
	/// add is as the controls say.
	pub scores: Array2<f64>,
	/// By what each control was multiplied.
	pub scales: Vec<f64>,
	/// How much the rest was shrunk, in observations.
	pub shrinkage: f64,
}

/// `x` less the mean of each column over the rows of the same group.
fn centred(x: &Array2<f64>, groups: &[u8]) -> Array2<f64> {
	let mut centred = x.clone();
	for group in groups.iter().collect::<BTreeSet<_>>() {
		let members: Vec<usize> = (0..groups.len()).filter(|k| groups[*k] == *group).collect();
		let mean = x.select(Axis(0), &members).mean_axis(Axis(0)).unwrap_or_default();
		for k in members {
			let mut row = centred.row_mut(k);
			row -= &mean;
		}
	}
	centred
}

/// `a⁻¹b` for a symmetric, positive definite `a`.
fn solve(a: Array2<f64>, b: &Array2<f64>) -> Result<Array2<f64>> {
	let (l, mut x) = (cholesky(a)?, b.clone());
	solve_lower(&l, &mut x);
	solve_upper(&l, &mut x);
	Ok(x)
}

/// `S = Σ_j a_j C_j + (ZᵀZ + λ/4)⁻¹Zᵀ(y − Z Σ_j a_j C_j)`.
///
/// `members` `[retrainings, blocks]` are ones and zeros, `Z` the same centred; `observed`
/// `[retrainings, queries]` is `y`, the measure of each query after each retraining, in any unit, which is
/// centred as well. `groups` are those of the retrainings: each group is centred on its own means.
/// `controls` are the `C_j`, `[blocks, queries]` each, in units of their own. The scales `a` fit all
/// queries best by least squares; λ is chosen by generalised cross-validation (Golub, Heath and
/// Wahba 1979) over all queries. Given both, scores are linear in `y` and in the controls.
///
/// Fails if shapes do not fit, or if controls are the same.
pub fn controlled(
	members: &Array2<f64>,
	observed: &Array2<f64>,
	controls: &[Array2<f64>],
	groups: &[u8],
) -> Result<Controlled> {
	let (count, blocks) = members.dim();
	let shape = [blocks, observed.ncols()];
	if observed.nrows() != count
		|| groups.len() != count
		|| controls.iter().any(|c| c.shape() != shape)
	{
		return Err(Error::Unfit("controls, retrainings and queries do not fit".into()));
	}
	let (members, observed) = (centred(members, groups), centred(observed, groups));
	let levels = groups.iter().collect::<BTreeSet<_>>().len() as f64;
	let expected: Vec<Array2<f64>> = controls.iter().map(|c| members.dot(c)).collect();
	// Each at length one, since their units differ by orders of magnitude.
	let lengths: Vec<f64> =
		expected.iter().map(|e| (e * e).sum().sqrt().max(f64::MIN_POSITIVE)).collect();
	let n = controls.len();
	let product = |a: &Array2<f64>, b: &Array2<f64>| (a * b).sum();
	let gram = Array2::from_shape_fn((n, n), |(i, j)| {
		product(&expected[i], &expected[j]) / lengths[i] / lengths[j]
	});
	let right =
		Array2::from_shape_fn((n, 1), |(i, _)| product(&expected[i], &observed) / lengths[i]);
	let scales: Vec<f64> = solve(gram, &right)?
		.iter()
		.zip(&lengths)
		.map(|(a, length)| a / length)
		.collect();
	let mut prior = Array2::zeros((blocks, observed.ncols()));
	controls.iter().zip(&scales).for_each(|(c, a)| prior.scaled_add(*a, c));
	let rest = &observed - &members.dot(&prior);
	let mut best: Option<(f64, Controlled)> = None;
	for shrinkage in SHRINKAGES.map(|power| 2f64.powi(power)) {
		// A centred membership's variance is a quarter.
		let ridge = Array2::from_diag(&Array1::from_elem(blocks, shrinkage / 4.0));
		let solution = solve(members.t().dot(&members) + ridge, &members.t().to_owned())?;
		let found = solution.dot(&rest);
		let error = (&rest - &members.dot(&found)).mapv(|v| v * v).sum();
		let freedom = count as f64 - levels - members.dot(&solution).diag().sum();
		let validated = error / freedom.max(1e-9).powi(2);
		if best.as_ref().is_none_or(|(least, _)| validated < *least) {
			let scores = &prior + &found;
			best = Some((validated, Controlled { scores, scales: scales.clone(), shrinkage }));
		}
	}
	best.map(|(_, found)| found).ok_or(Error::Unfit("there is no shrinkage".into()))
}

#[cfg(test)]
mod tests {
	use super::*;

	/// Halves of eight blocks, and what blocks are worth to two queries.
	fn case(count: usize) -> (Array2<f64>, Array2<f64>) {
		let members = Array2::from_shape_fn((count, 8), |(k, u)| {
			f64::from(u8::from((k * 37 + u * 11 + k * u * 5) % 16 < 8))
		});
		let worth = Array2::from_shape_fn((8, 2), |(u, q)| ((u * 3 + 5 * q) % 8) as f64 - 3.5);
		(members, worth)
	}

	fn distance(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
		(a - b).iter().fold(0.0, |most: f64, v| most.max(v.abs()))
	}

	#[test]
	fn controlled_should_find_the_truth_from_few_retrainings_when_a_control_is_a_multiple_of_it() {
		let (members, worth) = case(3);
		let other = Array2::from_shape_fn((8, 2), |(u, q)| ((u * u + q) % 5) as f64);
		let find = |controls: &[Array2<f64>]| {
			controlled(&members, &members.dot(&worth), controls, &[0; 3]).unwrap()
		};
		let found = find(&[&worth * 1e-6, other]);
		assert!(distance(&found.scores, &worth) < 1e-6, "{}", found.scores);
		assert!((found.scales[0] - 1e6).abs() < 1.0 && found.scales[1].abs() < 1e-6);
		assert!(distance(&find(&[]).scores, &worth) > 1.0);
	}

	#[test]
	fn controlled_should_correct_a_wrong_control_when_there_are_many_retrainings() {
		let (members, worth) = case(400);
		let wrong = Array2::from_shape_fn((8, 2), |(u, q)| ((u * u + q) % 5) as f64);
		let groups: Vec<u8> = (0..400).map(|k| (k / 100) as u8).collect();
		// What a seed adds to its group is nobody's.
		let shifts = Array2::from_shape_fn((400, 2), |(k, _)| 50.0 * f64::from(groups[k]));
		let observed = members.dot(&worth) + shifts;
		let found = controlled(&members, &observed, &[wrong], &groups).unwrap();
		assert!(distance(&found.scores, &worth) < 0.1, "{}", found.scores);
		assert_eq!(found.shrinkage, 1.0);
	}

	#[test]
	fn controlled_should_refuse_when_shapes_differ() {
		let (members, worth) = case(4);
		let observed = members.dot(&worth);
		assert!(controlled(&members, &worth, &[], &[0; 4]).is_err());
		assert!(controlled(&members, &observed, &[], &[0; 3]).is_err());
		let control = Array2::zeros((7, 2));
		assert!(controlled(&members, &observed, &[control], &[0; 4]).is_err());
	}
}
