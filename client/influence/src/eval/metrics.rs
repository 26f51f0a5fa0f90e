//! How well scores say what retrainings show.

use super::model::{below, shuffle};
use ndarray::{Array2, Array3, ArrayView1, Axis};
use rand_chacha::{rand_core::SeedableRng, ChaCha8Rng};

/// Resamples of a bootstrap.
const RESAMPLES: usize = 1000;
/// Ways to cut retrainings in halves.
const SPLITS: usize = 20;

/// Places in ascending order, the mean of them where values are equal.
fn ranks(values: &[f64]) -> Vec<f64> {
	let mut order: Vec<usize> = (0..values.len()).collect();
	order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
	let (mut ranks, mut first) = (vec![0.0; values.len()], 0);
	for tied in order.chunk_by(|a, b| values[*a] == values[*b]) {
		let mean = first as f64 + (tied.len() as f64 - 1.0) / 2.0;
		tied.iter().for_each(|i| ranks[*i] = mean);
		first += tied.len();
	}
	ranks
}

/// Spearman's rank correlation; zero if one side is constant.
pub fn spearman(a: &[f64], b: &[f64]) -> f64 {
	pearson(&ranks(a), &ranks(b))
}

fn pearson(a: &[f64], b: &[f64]) -> f64 {
	let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len().max(1) as f64;
	let (m, n) = (mean(a), mean(b));
	let (mut product, mut x, mut y) = (0.0, 0.0, 0.0);
	for (a, b) in a.iter().zip(b) {
		product += (a - m) * (b - n);
		x += (a - m).powi(2);
		y += (b - n).powi(2);
	}
	match (x * y).sqrt() {
		scale if scale > 0.0 => product / scale,
		_ => 0.0,
	}
}

/// The linear datamodeling score (Park et al. 2023) of each query: rank correlation over subsets
/// of `truth` `[subsets, queries]`, a retraining's value, with the sums of `scores` `[parts, queries]`
/// over each subset's `members` `[subsets, parts]`.
pub fn lds(truth: &Array2<f64>, members: &Array2<f32>, scores: &Array2<f32>) -> Vec<f64> {
	let predicted = members.dot(scores);
	let column = |v: ArrayView1<f64>| v.to_vec();
	truth
		.columns()
		.into_iter()
		.zip(predicted.columns())
		.map(|(t, p)| spearman(&column(t), &p.mapv(f64::from).to_vec()))
		.collect()
}

/// The reliability of the mean over retrainings of `values` `[subsets, retrainings, queries]`: the
/// rank correlation of two halves' means, corrected to all (Spearman 1910, Brown 1910), a mean over
/// queries and ways to halve. The best that a method can reach is its square root. `None` for one
/// retraining.
pub fn reliability(values: &Array3<f64>, seed: u64) -> Option<f64> {
	let (subsets, retrainings, queries) = values.dim();
	if retrainings < 2 {
		return None;
	}
	let mut rng = ChaCha8Rng::seed_from_u64(seed);
	let mut sum = 0.0;
	for _ in 0..SPLITS {
		let mut order: Vec<usize> = (0..retrainings).collect();
		shuffle(&mut rng, &mut order);
		let half = retrainings / 2;
		let mean = |part: &[usize], q: usize| -> Vec<f64> {
			let value = |m: usize| part.iter().map(|r| values[[m, *r, q]]).sum::<f64>();
			(0..subsets).map(value).collect()
		};
		for q in 0..queries {
			sum += spearman(&mean(&order[..half], q), &mean(&order[half..2 * half], q));
		}
	}
	let r = sum / (SPLITS * queries) as f64;
	let longer = retrainings as f64 / (retrainings / 2) as f64;
	Some((longer * r / (1.0 + (longer - 1.0) * r)).max(0.0))
}

/// The mean, and the ends of the interval that holds 95 % of its bootstrap (Efron 1979).
pub fn interval(values: &[f64], seed: u64) -> (f64, f64, f64) {
	let n = values.len().max(1);
	let mut rng = ChaCha8Rng::seed_from_u64(seed);
	let mut draw = || {
		let one = |_| values[below(&mut rng, values.len())];
		(0..values.len()).map(one).sum::<f64>() / n as f64
	};
	let mut means: Vec<f64> = (0..RESAMPLES).map(|_| draw()).collect();
	means.sort_by(f64::total_cmp);
	let mean = values.iter().sum::<f64>() / n as f64;
	(mean, means[RESAMPLES / 40], means[RESAMPLES - 1 - RESAMPLES / 40])
}

/// The area under the receiver operating characteristic: how likely a marked one is above an unmarked
/// one.
pub fn auc(scores: &[f64], marked: &[bool]) -> f64 {
	let positive = marked.iter().filter(|m| **m).count() as f64;
	let negative = marked.len() as f64 - positive;
	let sum: f64 = ranks(scores).iter().zip(marked).filter(|(_, m)| **m).map(|(r, _)| r).sum();
	match positive * negative {
		pairs if pairs > 0.0 => (sum - positive * (positive - 1.0) / 2.0) / pairs,
		_ => 0.5,
	}
}

/// Sums over the rows of each block: `[blocks, queries]`.
pub fn by_block(scores: &Array2<f32>, block: &[usize], blocks: usize) -> Array2<f32> {
	let mut sums = Array2::zeros((blocks, scores.ncols()));
	for (row, block) in scores.axis_iter(Axis(0)).zip(block) {
		sums.row_mut(*block).scaled_add(1.0, &row);
	}
	sums
}

/// What each part is paid of a period: each query pays one in proportion to its signed scores over
/// the sum of its positive ones, the sums are clipped at the end and the rest is no one's.
pub fn pay(scores: &Array2<f32>) -> Vec<f64> {
	let mut sums = vec![0f64; scores.nrows()];
	for query in scores.columns() {
		let positive: f64 = query.iter().map(|v| f64::from(v.max(0.0))).sum();
		if positive > 0.0 {
			let share = query.iter().map(|v| f64::from(*v) / positive);
			sums.iter_mut().zip(share).for_each(|(sum, share)| *sum += share);
		}
	}
	let total: f64 = sums.iter().map(|v| v.max(0.0)).sum();
	sums.iter().map(|v| v.max(0.0) / total.max(f64::MIN_POSITIVE)).collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use ndarray::arr2;
	use rand_chacha::rand_core::RngCore;

	#[test]
	fn spearman_should_follow_order_alone() {
		assert_eq!(spearman(&[1.0, 2.0, 9.0], &[-5.0, 0.0, 0.1]), 1.0);
		assert_eq!(spearman(&[1.0, 2.0, 9.0], &[3.0, 2.0, 1.0]), -1.0);
		assert_eq!(spearman(&[1.0, 2.0], &[3.0, 3.0]), 0.0);
		assert_eq!(ranks(&[2.0, 1.0, 2.0]), [1.5, 0.0, 1.5]);
	}

	#[test]
	fn lds_should_be_one_when_values_are_additive() {
		let members = arr2(&[[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 0.0]]);
		let scores = arr2(&[[1.0, -1.0], [2.0, 0.5], [4.0, 0.0]]);
		let truth = members.dot(&scores).mapv(f64::from);
		assert_eq!(lds(&truth, &members, &scores), [1.0, 1.0]);
		assert_eq!(lds(&truth, &members, &-scores), [-1.0, -1.0]);
	}

	#[test]
	fn reliability_should_fall_when_retrainings_disagree() {
		let mut rng = ChaCha8Rng::seed_from_u64(1);
		let mut values = |noise: f64| {
			Array3::from_shape_fn((40, 4, 3), |(m, _, _)| {
				m as f64 + noise * f64::from(rng.next_u32()) / f64::from(u32::MAX)
			})
		};
		assert_eq!(reliability(&values(0.0), 1), Some(1.0));
		let noisy = reliability(&values(80.0), 1).unwrap();
		assert!(noisy > 0.4 && noisy < 0.95, "{noisy}");
		assert_eq!(reliability(&Array3::zeros((4, 1, 1)), 1), None);
	}

	#[test]
	fn interval_should_hold_the_mean() {
		let values: Vec<f64> = (0..100).map(f64::from).collect();
		let (mean, low, high) = interval(&values, 1);
		assert_eq!(mean, 49.5);
		assert!(low < 46.0 && low > 42.0 && high > 53.0 && high < 57.0, "{low} {high}");
	}

	#[test]
	fn auc_should_be_one_when_the_marked_are_above() {
		assert_eq!(auc(&[0.1, 0.9, 0.8], &[false, true, true]), 1.0);
		assert_eq!(auc(&[0.1, 0.9, 0.5], &[true, false, false]), 0.0);
		assert_eq!(auc(&[0.5, 0.5], &[true, false]), 0.5);
	}

	#[test]
	fn pay_should_clip_sums_when_a_part_harms_more_than_it_helps() {
		let scores = arr2(&[[3.0, 1.0], [-1.0, 0.2], [1.0, 0.0]]);
		let paid = pay(&scores);
		assert_eq!(paid[1], 0.0);
		assert!((paid.iter().sum::<f64>() - 1.0).abs() < 1e-12);
	}

	#[test]
	fn by_block_should_sum_the_rows_of_each() {
		let scores = arr2(&[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
		assert_eq!(by_block(&scores, &[1, 0, 1], 3), arr2(&[[3.0, 4.0], [6.0, 8.0], [0.0, 0.0]]));
	}
}
