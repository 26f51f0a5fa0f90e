//! Gradient features as integers: block floating point, one exponent to a row.
//!
//! A row's feature is `mantissa · 2^exponent` with mantissas of eight bits and an exponent of four, so
//! that rows of very different size keep their precision and sums stay exact, which a scale of its
//! own to each row would not allow. A contributor's sum `Ψ_c` over rows is a vector of i64, its score
//! for a query one inner product, and both are linear: how rows are split among accounts changes
//! nothing.
//!
//! | number | bound |
//! |---|---|
//! | a value | 127 · 2^15 < 2^22 |
//! | an entry of a sum over [`MAX_ROWS`] rows | 2^62 |
//! | a score of [`MAX_WIDTH`] numbers | 2^96 |

use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;

/// The largest mantissa.
pub const MAX_MANTISSA: i8 = 127;
/// The largest exponent.
pub const MAX_EXPONENT: u8 = 15;
/// The most numbers of a feature.
pub const MAX_WIDTH: usize = 4096;
/// The most rows of a sum.
pub const MAX_ROWS: u64 = 1 << 40;

/// A row's or a query's feature.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Feature {
	exponent: u8,
	mantissas: Vec<i8>,
}

impl Feature {
	/// Wraps numbers; `None` if the exponent, a mantissa or the width is out of bounds.
	pub fn new(exponent: u8, mantissas: Vec<i8>) -> Option<Self> {
		let fits = exponent <= MAX_EXPONENT
			&& mantissas.len() <= MAX_WIDTH
			&& mantissas.iter().all(|m| *m >= -MAX_MANTISSA);
		fits.then_some(Self { exponent, mantissas })
	}

	/// Rounds whole numbers to the nearest that can be written with the smallest exponent that holds
	/// them all, halves away from zero. What no exponent holds is cut to the largest value, a bound
	/// to what an outlier can weigh. `None` if there are more than [`MAX_WIDTH`].
	pub fn round(values: &[i64]) -> Option<Self> {
		let largest = values.iter().map(|v| v.unsigned_abs()).max().unwrap_or(0);
		let limit = u64::from(MAX_MANTISSA.unsigned_abs());
		let exponent = (0..MAX_EXPONENT)
			.find(|e| shifted(largest, *e) <= limit)
			.unwrap_or(MAX_EXPONENT);
		let mantissa = |v: &i64| {
			let size = shifted(v.unsigned_abs(), exponent).min(limit) as i8;
			if *v < 0 {
				-size
			} else {
				size
			}
		};
		Self::new(exponent, values.iter().map(mantissa).collect())
	}

	/// How many numbers it has.
	pub fn width(&self) -> usize {
		self.mantissas.len()
	}

	/// The numbers.
	pub fn values(&self) -> impl Iterator<Item = i64> + '_ {
		self.mantissas.iter().map(|m| i64::from(*m) << self.exponent)
	}

	/// Adds the row to a contributor's sum. `None`, with the sum as it was, if the widths differ or an
	/// entry would leave its range, which [`MAX_ROWS`] rows cannot cause.
	pub fn add_to(&self, sum: &mut [i64]) -> Option<()> {
		let total = |(s, v): (&i64, i64)| s.checked_add(v);
		let fits = sum.len() == self.width();
		let added: Vec<i64> =
			fits.then(|| sum.iter().zip(self.values()).map(total).collect()).flatten()?;
		sum.copy_from_slice(&added);
		Some(())
	}

	/// The score of a contributor's sum for this query. `None` if the widths differ.
	pub fn score(&self, sum: &[i64]) -> Option<i128> {
		(sum.len() == self.width()).then(|| {
			let product = |(s, v): (&i64, i64)| i128::from(*s) * i128::from(v);
			sum.iter().zip(self.values()).map(product).sum()
		})
	}
}

/// `size / 2^exponent`, halves up.
fn shifted(size: u64, exponent: u8) -> u64 {
	let half = (1u64 << exponent) >> 1;
	size.saturating_add(half) >> exponent
}

#[cfg(test)]
mod tests {
	use super::*;
	use alloc::vec;
	use proptest::prelude::*;

	fn feature() -> impl Strategy<Value = Feature> {
		(0..=MAX_EXPONENT, prop::collection::vec(-127i8..=127, 6))
			.prop_map(|(exponent, mantissas)| Feature::new(exponent, mantissas).unwrap())
	}

	fn sum(rows: &[Feature]) -> Vec<i64> {
		let mut sum = vec![0; 6];
		rows.iter().for_each(|row| row.add_to(&mut sum).unwrap());
		sum
	}

	proptest! {
		#[test]
		fn score_should_be_the_same_when_rows_are_split_among_accounts(
			rows in prop::collection::vec(feature(), 0..20), cut in 0usize..20, query in feature(),
		) {
			let cut = cut.min(rows.len());
			let score = |rows: &[Feature]| query.score(&sum(rows)).unwrap();
			prop_assert_eq!(score(&rows), score(&rows[..cut]) + score(&rows[cut..]));
			let each: i128 = rows.iter().map(|row| score(core::slice::from_ref(row))).sum();
			prop_assert_eq!(score(&rows), each);
		}

		#[test]
		fn round_should_be_nearest_when_values_fit(
			values in prop::collection::vec(-(127i64 << 15)..=127i64 << 15, 1..50),
		) {
			let feature = Feature::round(&values).unwrap();
			let step = 1i64 << feature.exponent;
			for (value, rounded) in values.iter().zip(feature.values()) {
				prop_assert!((value - rounded).abs() * 2 <= step, "{} is {}", value, rounded);
			}
			// With the exponent below, the largest would not fit.
			let largest = values.iter().map(|v| v.unsigned_abs()).max().unwrap();
			prop_assert!(feature.exponent == 0 || shifted(largest, feature.exponent - 1) > 127);
		}

		#[test]
		fn round_should_keep_direction_when_a_row_is_ten_thousand_times_another(
			values in prop::collection::vec(-400i64..=400, 16),
		) {
			prop_assume!(values.iter().any(|v| v.abs() >= 127));
			let large: Vec<i64> = values.iter().map(|v| v * 10_000).collect();
			let (one, other) = (Feature::round(&values).unwrap(), Feature::round(&large).unwrap());
			for (a, b) in one.values().zip(other.values()) {
				let step = (1i64 << one.exponent) * 10_000 + (1i64 << other.exponent);
				prop_assert!((a * 10_000 - b).abs() <= step, "{} and {}", a, b);
			}
		}

		#[test]
		fn score_should_follow_real_numbers_when_blocks_differ_a_thousandfold(
			values in prop::collection::vec(prop::collection::vec(-4000i64..=4000, 32), 8),
			query in prop::collection::vec(-4000i64..=4000, 32),
		) {
			let query = Feature::round(&query).unwrap();
			let asked: Vec<i64> = query.values().collect();
			let size = |v: &[i64]| v.iter().map(|v| (*v as f64).powi(2)).sum::<f64>().sqrt();
			for (block, values) in values.iter().enumerate() {
				let scaled: Vec<i64> =
					values.iter().map(|v| if block % 2 == 0 { *v } else { v * 1000 }).collect();
				let mut sum = vec![0; 32];
				Feature::round(&scaled).unwrap().add_to(&mut sum).unwrap();
				let found = query.score(&sum).unwrap() as f64;
				let real: f64 = scaled.iter().zip(&asked).map(|(a, b)| *a as f64 * *b as f64).sum();
				// Half a step of 1/127 of the largest entry in each of 32 numbers, at the worst.
				let bound = 32f64.sqrt() / 127.0 * size(&scaled) * size(&asked);
				prop_assert!((found - real).abs() <= bound, "{} and {}", found, real);
			}
		}
	}

	#[test]
	fn add_to_should_not_overflow_when_all_is_at_its_bound() {
		let row = Feature::new(MAX_EXPONENT, vec![MAX_MANTISSA; MAX_WIDTH]).unwrap();
		let value = row.values().next().unwrap();
		// One row short of the most, and one more.
		let mut sum = vec![value * (MAX_ROWS as i64 - 1); MAX_WIDTH];
		assert_eq!(row.add_to(&mut sum), Some(()));
		assert!(sum[0] < 1 << 62);
		let score = row.score(&sum).unwrap();
		assert_eq!(score, i128::from(sum[0]) * i128::from(value) * MAX_WIDTH as i128);
		assert!(score < 1 << 96);
	}

	#[test]
	fn add_to_should_leave_the_sum_as_it_was_when_it_refuses() {
		let row = Feature::new(0, vec![1, 1]).unwrap();
		let mut sum = vec![5, i64::MAX];
		assert_eq!(row.add_to(&mut sum), None);
		assert_eq!(sum, [5, i64::MAX]);
		assert_eq!(row.add_to(&mut [0; 3]), None);
		assert_eq!(row.score(&[0; 3]), None);
	}

	#[test]
	fn new_should_refuse_when_a_number_is_out_of_bounds() {
		assert_eq!(Feature::new(16, vec![0]), None);
		assert_eq!(Feature::new(0, vec![-128]), None);
		assert_eq!(Feature::new(0, vec![0; MAX_WIDTH + 1]), None);
		assert_eq!(Feature::round(&[i64::MIN, i64::MAX]), Feature::new(15, vec![-127, 127]));
		assert_eq!(Feature::round(&[]), Feature::new(0, vec![]));
	}
}
