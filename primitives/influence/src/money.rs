//! From scores to money.

use crate::{
	psi,
	score::{gains, Nats, NAT},
	Psi, Spans, Subset,
};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;
use sp_core::U256;

/// The largest contributors' part of one fee, in wei: the sums below stay inside their types for
/// 2^15 such answers a period.
pub const MAX_POOL: u128 = 1 << 80;
/// Answers that moved the contributors' positive scores by less than this pay by the prior:
/// there is nothing to tell the contributors apart by. A hundredth of a nat.
pub const MIN_GAIN: u128 = psi::ONE as u128 * NAT as u128 / 100;
/// Fraction bits of [`Pool::weighted`].
pub(crate) const FRACTION: u32 = 8;

/// What the answers of one model version and period are worth to its contributors.
///
/// An answer with pool `a` and positive scores summing to `n` adds `(a / n)·d` to `weighted`, `d`
/// its gains over the base model. At the end a block earns `Ψ_u · weighted`: an amount, never
/// rescaled by the period's total, so no answer can return more than its own pool to any set of
/// accounts.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode, TypeInfo)]
pub struct Pool {
	/// The contributors' parts of all fees, in wei.
	pub total: u128,
	/// What of the total is the prior's from the start, in wei: what answers had left for influence whose
	/// scores do not count, and what nobody scored.
	pub prior: u128,
	/// How many answers were added to `weighted`.
	pub answers: u32,
	/// The answers' gains weighted by money, one entry per column of Ψ, with fraction bits.
	pub weighted: Vec<i128>,
	/// What spans of the answers are paid, one entry per block, in wei; empty if there are none.
	pub by_spans: Vec<u128>,
}

/// What a period pays.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Settlement {
	/// Signed, in wei, one a block: a negative one is owed.
	pub amounts: Vec<i128>,
	/// What is left for the prior, in wei: [`Pool::prior`], and what netting and rounding leave.
	pub rest: u128,
	/// What netting and rounding leave alone, in wei: of the money that followed influence and spans, what
	/// no block earns by all answers together.
	pub netted: u128,
}

/// What a block earns if `left` of its `all` bytes are left, towards zero; a debt stays whole.
pub fn left_of(amount: i128, left: u64, all: u64) -> i128 {
	if amount <= 0 || left >= all {
		return amount;
	}
	let part = U256::from(amount.unsigned_abs()) * U256::from(left) / U256::from(all);
	i128::try_from(part.low_u128()).unwrap_or(amount)
}

impl Pool {
	/// Adds an answer. Returns whether its scores count; otherwise its pool goes to the prior.
	/// `None`, with nothing changed, if `y` does not fit Ψ or a sum would overflow.
	pub fn add(&mut self, psi: &Psi, y: &[Nats], amount: u128) -> Option<bool> {
		let scores = psi.scores(y)?;
		if amount > MAX_POOL {
			return None;
		}
		let total = self.total.checked_add(amount)?;
		let positive = crate::score::positive(&scores);
		if positive < MIN_GAIN {
			self.prior = self.prior.checked_add(amount)?;
			self.total = total;
			return Some(false);
		}
		let mut weighted = self.weighted.clone();
		weighted.resize(psi.adapters() + 1, 0);
		for (sum, gain) in weighted.iter_mut().zip(gains(y)) {
			let product = U256::from(amount) * U256::from(gain.unsigned_abs());
			let scaled = (product << (20 + FRACTION)) / U256::from(positive);
			let part = i128::try_from(u128::try_from(scaled).ok()?).ok()?;
			*sum = sum.checked_add(if gain < 0 { part.checked_neg()? } else { part })?;
		}
		(self.answers, self.total) = (self.answers.checked_add(1)?, total);
		self.weighted = weighted;
		Some(true)
	}

	/// Adds what an answer that is worth `amount` pays for its spans, `share` basis points of it at most;
	/// returns what is left for influence. `None` if the spans are none of so many blocks or a sum would
	/// overflow; some may then be added, and the sums are of no use.
	pub fn add_spans(
		&mut self,
		spans: &Spans,
		blocks: usize,
		amount: u128,
		share: u16,
	) -> Option<u128> {
		(amount <= MAX_POOL && spans.is_valid(blocks)).then_some(())?;
		let mut left = amount;
		for (block, part) in spans.amounts(amount, share) {
			self.by_spans.resize(blocks, 0);
			let sum = self.by_spans.get_mut(usize::from(block))?;
			*sum = sum.checked_add(part)?;
			left = left.checked_sub(part)?;
		}
		self.total = self.total.checked_add(amount.checked_sub(left)?)?;
		Some(left)
	}

	/// Adds what the prior is paid without any scores. `None`, with nothing changed, if a sum would overflow.
	pub fn add_prior(&mut self, amount: u128) -> Option<()> {
		let total = self.total.checked_add(amount)?;
		self.prior = self.prior.checked_add(amount)?;
		self.total = total;
		Some(())
	}

	/// What each block earns. The sum of the positive amounts and the rest is the total.
	/// `None` if Ψ is of another design.
	pub fn settle(&self, psi: &Psi) -> Option<Settlement> {
		let fits = |found: usize, expected: usize| found == 0 || found == expected;
		let weighted = fits(self.weighted.len(), psi.adapters() + 1);
		(weighted && fits(self.by_spans.len(), psi.blocks())).then_some(())?;
		let mut amounts = psi.rows().map(|row| self.amount(row)).collect::<Option<Vec<i128>>>()?;
		for (amount, paid) in amounts.iter_mut().zip(&self.by_spans) {
			*amount = amount.checked_add_unsigned(*paid)?;
		}
		let paid = amounts.iter().map(|a| a.max(&0).unsigned_abs()).sum::<u128>();
		// Floors keep the sum of the positive ones within the total.
		let rest = self.total.checked_sub(paid)?;
		Some(Settlement { amounts, rest, netted: rest.saturating_sub(self.prior) })
	}

	/// `row · weighted` without the fraction, towards minus infinity.
	fn amount(&self, row: &[i32]) -> Option<i128> {
		// Products of 64 bits, which WebAssembly has.
		let mut limbs = [0i128; LIMBS];
		for (a, weighted) in row.iter().zip(&self.weighted) {
			for (sum, limb) in limbs.iter_mut().zip(split_limbs(*weighted)) {
				*sum += i128::from(i64::from(*a) * limb);
			}
		}
		// Every answer rounded every entry by less than one: taken off, so that rounding never pays
		// more than was paid in.
		let slack: i128 = row.iter().map(|a| i128::from(a.unsigned_abs())).sum();
		if let Some(lowest) = limbs.first_mut() {
			*lowest -= slack * i128::from(self.answers);
		}
		join_limbs(limbs, 20 + FRACTION)
	}
}

/// Limbs of 32 bits in 128.
pub(crate) const LIMBS: usize = 4;

/// The limbs of a number, the lowest first; the highest has its sign.
pub(crate) fn split_limbs(number: i128) -> [i64; LIMBS] {
	let low = |shift: u32| i64::from((number >> shift) as u32);
	[low(0), low(32), low(64), (number >> 96) as i64]
}

/// The sum of limbs that are below 2^94 each, without its `shift` lowest bits, at most 64, towards minus
/// infinity. `None` if it has more than 128.
pub(crate) fn join_limbs([a, b, c, d]: [i128; LIMBS], shift: u32) -> Option<i128> {
	let (low, high) = (a + (b << 32), c + (d << 32));
	high.checked_mul(1 << (64 - shift))?.checked_add(low >> shift)
}

/// What an answer costs, in wei: prices are for a thousand tokens, the sum is rounded up, and at
/// least `minimum`. `None` if it is out of its type.
pub fn fee(input: (u128, u32), output: (u128, u32), minimum: u128) -> Option<u128> {
	let cost = |(price, tokens): (u128, u32)| price.checked_mul(tokens.into());
	let thousandths = cost(input)?.checked_add(cost(output)?)?;
	Some(thousandths.div_ceil(1_000).max(minimum))
}

/// The least that an answer costs, in wei: what scoring its tokens of prompt and answer costs, `scoring`
/// each, and no less than `minimum`.
pub fn least_fee(minimum: u128, scoring: u128, prompt: u32, answer: u32) -> u128 {
	let tokens = u128::from(prompt).saturating_add(answer.into());
	scoring.saturating_mul(tokens).max(minimum)
}

/// What one answer with pool `amount` earns each block, signed, and the standard error of that, in
/// wei. What `spans` are paid, `share` basis points at most, has none. `None` if `y`, the subsets or the
/// spans are of another design.
///
/// Without subsets there is no regression, and nobody knows how far an item is off: in place of an error
/// stands the item's own size.
pub fn items(
	psi: &Psi,
	subsets: &[Subset],
	y: &[Nats],
	(spans, share): (&Spans, u16),
	amount: u128,
) -> Option<Vec<(i128, u128)>> {
	let mut alone = Pool::default();
	let amount = alone.add_spans(spans, psi.blocks(), amount, share)?;
	alone.add(psi, y, amount)?;
	let amounts = alone.settle(psi)?.amounts;
	if subsets.is_empty() {
		return Some(amounts.into_iter().map(|amount| (amount, amount.unsigned_abs())).collect());
	}
	let errors = crate::score::standard_errors(psi, subsets, y)?;
	let positive = crate::score::positive(&psi.scores(y)?).max(1);
	// An error in the unit of the scores is worth as much as a score of that size.
	let in_wei = |error: u128| {
		let product = U256::from(error) * U256::from(amount);
		u128::try_from(product / U256::from(positive)).unwrap_or(u128::MAX)
	};
	Some(amounts.into_iter().zip(errors.into_iter().map(in_wei)).collect())
}

/// Splits `amount` by `parts` (basis points or any weights): floors, and the rest to the first.
/// The sum is `amount`; all of it goes to the first if every part is zero.
pub fn split<const N: usize>(amount: u128, parts: [u16; N]) -> [u128; N] {
	let whole = parts.iter().map(|p| u128::from(*p)).sum::<u128>().max(1);
	// Quotient and remainder apart, so that nothing overflows.
	let (quotient, remainder) = (amount / whole, amount % whole);
	let mut shares = parts.map(|p| quotient * u128::from(p) + remainder * u128::from(p) / whole);
	let rest = amount - shares.iter().sum::<u128>();
	if let Some(first) = shares.first_mut() {
		*first += rest;
	}
	shares
}

/// Parts of an amount in proportion to sizes, of which one at least is not zero: what all up to each one are
/// due, rounded down, less what those before it had. They sum to the amount.
pub fn parts<S: Copy + Into<u128>>(amount: u128, sizes: &[S]) -> Vec<u128> {
	let total = sizes.iter().fold(0u128, |sum, size| sum.saturating_add((*size).into()));
	let (mut up_to, mut given) = (0u128, 0);
	let part = |size: &S| {
		up_to = up_to.saturating_add((*size).into());
		let due = U256::from(amount).saturating_mul(up_to.into()) / U256::from(total.max(1));
		let part = u128::try_from(due).unwrap_or(amount).saturating_sub(given);
		given = given.saturating_add(part);
		part
	};
	sizes.iter().map(part).collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::design::draw;
	use alloc::vec;
	use proptest::prelude::*;
	use sp_core::U512;

	fn psi(seed: [u8; 32]) -> Psi {
		Psi::solve(&draw(seed.into(), 8, 16), &[100; 8]).unwrap()
	}

	/// Its vector, what it pays, and what part of that its spans are paid.
	type Answer = (Vec<Nats>, u128, Spans, u16);

	fn add(pool: &mut Pool, psi: &Psi, (y, amount, spans, share): &Answer) {
		let left = pool.add_spans(spans, psi.blocks(), *amount, *share).unwrap();
		pool.add(psi, y, left).unwrap();
	}

	fn answer() -> impl Strategy<Value = Answer> {
		let gain = prop_oneof![-1000i32..1000, -(20 * NAT)..100 * NAT];
		let amount = prop_oneof![0u128..10_000, 0..MAX_POOL, 1u128..=1_000_000_000_000_000_000];
		let spans = prop::collection::vec((0u16..8, 0u64..100), 0..6);
		(prop::collection::vec(gain, 17), -(1i32 << 24)..0, amount, spans, 0u16..=10_000).prop_map(
			|(gains, base, amount, spans, share)| {
				let y = core::iter::once(base).chain(gains.iter().map(|g| base + g)).collect();
				(y, amount, Spans::new(&spans, 600), share)
			},
		)
	}

	proptest! {
		#[test]
		fn parts_should_sum_to_the_amount_when_sizes_differ(
			amount: u128,
			sizes in prop::collection::vec(1u64..1 << 40, 1..50),
		) {
			let total: u128 = sizes.iter().map(|size| u128::from(*size)).sum();
			let parts = parts(amount, &sizes);
			prop_assert_eq!(parts.iter().try_fold(0u128, |sum, part| sum.checked_add(*part)), Some(amount));
			for (part, size) in parts.iter().zip(&sizes) {
				let due = U256::from(amount) * U256::from(*size) / U256::from(total);
				prop_assert!(U256::from(*part).abs_diff(due) <= U256::one());
			}
		}

		#[test]
		fn settle_should_conserve_when_answers_are_any(
			seed: [u8; 32], answers in prop::collection::vec(answer(), 0..12),
		) {
			let (psi, mut pool) = (psi(seed), Pool::default());
			let mut paid_in = 0;
			for answer in &answers {
				add(&mut pool, &psi, answer);
				paid_in += answer.1;
			}
			let settled = pool.settle(&psi).unwrap();
			let paid: u128 = settled.amounts.iter().map(|a| a.max(&0).unsigned_abs()).sum();
			prop_assert_eq!(paid + settled.rest, paid_in);
			// What was paid by scores and spans is enough for all that blocks earn.
			prop_assert_eq!(settled.netted + pool.prior, settled.rest);
		}

		#[test]
		fn answer_should_never_return_more_than_its_pool_when_added_to_others(
			seed: [u8; 32], others in prop::collection::vec(answer(), 0..6), one in answer(), set: u8,
		) {
			let (psi, mut pool) = (psi(seed), Pool::default());
			others.iter().for_each(|answer| add(&mut pool, &psi, answer));
			let sum = |pool: &Pool| -> i128 {
				let amounts = pool.settle(&psi).unwrap().amounts;
				amounts.iter().enumerate().filter(|(u, _)| set >> u & 1 == 1).map(|(_, a)| a).sum()
			};
			let before = sum(&pool);
			add(&mut pool, &psi, &one);
			// Signed sums, up to one unit of rounding a block.
			prop_assert!(sum(&pool) - before <= one.1 as i128 + 8);
		}

		#[test]
		fn settle_should_be_the_exact_product_when_sums_are_any(
			seed: [u8; 32],
			weighted in prop::collection::vec(any::<i128>().prop_map(|w| w >> 24), 17),
			answers: u32,
		) {
			let psi = psi(seed);
			let pool = Pool { answers, weighted, ..Default::default() };
			for row in psi.rows() {
				let (mut plus, mut minus) = (U512::zero(), U512::zero());
				for (a, w) in row.iter().zip(&pool.weighted) {
					let side = if (*a < 0) == (*w < 0) { &mut plus } else { &mut minus };
					*side += U512::from(a.unsigned_abs()) * U512::from(w.unsigned_abs());
					minus += U512::from(a.unsigned_abs()) * U512::from(answers);
				}
				let one = U512::one() << (20 + FRACTION);
				let expected = if plus >= minus {
					((plus - minus) / one).as_u128() as i128
				} else {
					-(((minus - plus + one - U512::one()) / one).as_u128() as i128)
				};
				prop_assert_eq!(pool.amount(row), Some(expected));
			}
		}

		#[test]
		fn join_limbs_should_undo_split_limbs_when_numbers_are_any(number: i128, shift in 0u32..=64) {
			let limbs = split_limbs(number).map(i128::from);
			prop_assert_eq!(join_limbs(limbs, shift), Some(number >> shift));
		}

		#[test]
		fn fee_should_pay_for_the_scoring_when_prices_and_tokens_are_any(
			prices in prop::array::uniform2(0u128..1 << 60),
			tokens: [u32; 2],
			scoring in 0u128..1 << 60,
			minimum in 0u128..1 << 60,
		) {
			let [prompt, answer] = tokens;
			let least = least_fee(minimum, scoring, prompt, answer);
			let fee = fee((prices[0], prompt), (prices[1], answer), least).unwrap();
			prop_assert!(fee >= scoring * (u128::from(prompt) + u128::from(answer)));
			prop_assert!(fee >= minimum);
			let longer = least_fee(minimum, scoring, prompt, answer.saturating_add(1));
			prop_assert!(longer >= least);
			prop_assert_eq!(least_fee(minimum, 0, prompt, answer), minimum);
		}

		#[test]
		fn split_should_conserve_when_parts_are_any(amount: u128, parts: [u16; 6]) {
			let amount = amount >> 16;
			prop_assert_eq!(split(amount, parts).iter().sum::<u128>(), amount);
		}
	}

	/// A Ψ of features of eight blocks, each row as long as it may be.
	fn gradient() -> impl Strategy<Value = Psi> {
		let entry = prop_oneof![-9i64..=9, -(1i64 << 20)..=1 << 20, Just(0)];
		prop::collection::vec(prop::collection::vec(entry, 16), 8).prop_map(|rows| {
			let longest = |row: Vec<i64>| {
				let norm = row.iter().map(|a| a.abs()).sum::<i64>().max(1);
				let scaled = row.into_iter().map(move |a| a * psi::MAX_NORM as i64 / norm);
				core::iter::once(0).chain(scaled.map(|a| a as i32))
			};
			let psi = Psi::new(8, 16, rows.into_iter().flat_map(longest).collect()).unwrap();
			assert_eq!(psi.check_bounds(), Ok(()));
			psi
		})
	}

	/// A vector of features: log-probabilities, and entries of either sign and any size.
	fn features() -> impl Strategy<Value = Vec<Nats>> {
		let feature = prop_oneof![-1000i32..1000, -NAT..NAT, any::<i32>()];
		(prop_oneof![Just(i32::MIN), -(1i32 << 24)..=0], prop::collection::vec(feature, 17))
			.prop_map(|(base, features)| {
				let entries = features.iter().map(|f| base.saturating_add(*f));
				core::iter::once(base).chain(entries).collect()
			})
	}

	proptest! {
		#[test]
		fn answer_should_never_return_more_than_its_pool_when_scored_by_features(
			psi in gradient(),
			answers in prop::collection::vec((features(), prop_oneof![Just(MAX_POOL), 0..MAX_POOL]), 1..6),
			set: u8,
		) {
			let (mut pool, mut paid_in) = (Pool::default(), 0);
			for (y, amount) in &answers {
				let sum = |pool: &Pool| -> i128 {
					let amounts = pool.settle(&psi).unwrap().amounts;
					let inside = amounts.iter().enumerate().filter(|(u, _)| set >> u & 1 == 1);
					inside.map(|(_, a)| a).sum()
				};
				let before = sum(&pool);
				pool.add(&psi, y, *amount).unwrap();
				paid_in += amount;
				prop_assert!(sum(&pool) - before <= *amount as i128 + 8);
				prop_assert!(items(&psi, &[], y, (&Spans::default(), 0), *amount).is_some());
			}
			let settled = pool.settle(&psi).unwrap();
			let paid: u128 = settled.amounts.iter().map(|a| a.max(&0).unsigned_abs()).sum();
			prop_assert_eq!(paid + settled.rest, paid_in);
		}

		/// Pages of features at the bounds: nothing overflows, and nothing is paid that was not paid in.
		#[test]
		fn add_page_should_conserve_when_scored_by_features(
			psi in gradient(),
			answers in prop::collection::vec((features(), 0..MAX_POOL), 1..6),
		) {
			use crate::batch::{pages, Entry};
			let entry = |(y, amount): &(Vec<Nats>, u128)| Entry::new(0, 0, u32::MAX, *amount, y);
			let entries: Vec<Entry> = answers.iter().map(entry).collect();
			let paid_in: u128 = entries.iter().map(|entry| entry.amount).sum();
			let mut pool = Pool::default();
			let added = pool.add_page(&psi, &pages(&entries, 16)[0], 255, 0, u128::MAX).unwrap();
			prop_assert_eq!(added.amount, paid_in);
			let settled = pool.settle(&psi).unwrap();
			let paid: u128 = settled.amounts.iter().map(|a| a.max(&0).unsigned_abs()).sum();
			prop_assert_eq!(paid + settled.rest, paid_in);
		}
	}

	/// 2^15 answers of the most gain, each of the largest pool, that count for hardly anything.
	#[test]
	fn settle_should_not_overflow_when_all_is_at_its_bound() {
		let most = -(psi::MAX_NORM as i32);
		let psi = Psi::new(2, 2, vec![0, 0, most, 0, 1, 0]).unwrap();
		assert_eq!(psi.check_bounds(), Ok(()));
		let y = [i32::MIN, i32::MAX, i32::MIN + MIN_GAIN as i32 + 1, i32::MAX];
		let mut one = Pool::default();
		assert_eq!(one.add(&psi, &y, MAX_POOL), Some(true));
		let answers = 1u32 << 15;
		let weighted = one.weighted.iter().map(|w| w * i128::from(answers)).collect();
		let total = MAX_POOL * u128::from(answers);
		let settled = Pool { total, answers, weighted, ..Default::default() }.settle(&psi).unwrap();
		assert!(settled.amounts[0] < 0 && settled.amounts[1] > 0, "{settled:?}");
	}

	#[test]
	fn items_should_show_their_own_size_as_error_when_there_is_no_regression() {
		let psi = Psi::new(2, 1, vec![0, psi::ONE, 0, -psi::ONE]).unwrap();
		let items =
			items(&psi, &[], &[-9 * NAT, -NAT, -8 * NAT], (&Spans::default(), 0), 1_000).unwrap();
		assert!(items.iter().all(|(amount, error)| amount.unsigned_abs() == *error));
		assert!(items[0].0 > 990 && items[1].0 < -990, "{items:?}");
	}

	#[test]
	fn add_should_pay_by_the_prior_when_nothing_was_gained() {
		let (psi, mut pool) = (psi([1; 32]), Pool::default());
		assert_eq!(pool.add(&psi, &[-500; 18], 1_000), Some(false));
		let settled = Settlement { amounts: vec![0; 8], rest: 1_000, netted: 0 };
		assert_eq!(pool.settle(&psi).unwrap(), settled);
		assert_eq!(pool.add_prior(500), Some(()));
		assert_eq!(pool.settle(&psi).unwrap(), Settlement { rest: 1_500, ..settled });
		assert_eq!(pool.add_prior(u128::MAX), None);
	}

	/// What one answer pays a block and another one owes for it is not paid: that is netting.
	#[test]
	fn settle_should_say_what_netting_leaves_when_answers_differ_about_a_block() {
		let psi = Psi::new(2, 1, vec![0, psi::ONE, psi::ONE, 0]).unwrap();
		// Of the first answer both blocks gain the same; of the second one, the first gains all and the
		// other one loses as much.
		let (both, one) = ([-9 * NAT, -8 * NAT, -8 * NAT], [-9 * NAT, -10 * NAT, -8 * NAT]);
		let mut pool = Pool::default();
		assert_eq!(pool.add(&psi, &both, 1_000_000), Some(true));
		assert_eq!(pool.add(&psi, &one, 250_000), Some(true));
		assert_eq!(pool.add_prior(77), Some(()));
		let settled = pool.settle(&psi).unwrap();
		// 500,000 and 250,000 for the first one, 500,000 less 250,000 for the other one.
		for (amount, due) in settled.amounts.iter().zip([750_000, 250_000]) {
			assert!((due - 2..=due).contains(amount), "{settled:?}");
		}
		assert!((250_000..=250_004).contains(&settled.netted), "{settled:?}");
		assert_eq!(settled.rest, settled.netted + 77);
	}

	#[test]
	fn add_should_change_nothing_when_the_vector_is_too_short() {
		let (psi, mut pool) = (psi([1; 32]), Pool::default());
		assert_eq!(pool.add(&psi, &[0; 17], 1_000), None);
		assert_eq!(pool.add(&psi, &[0; 18], MAX_POOL + 1), None);
		assert_eq!(pool, Pool::default());
	}

	#[test]
	fn fee_should_round_up_and_cover_the_minimum_when_tokens_are_any() {
		assert_eq!(fee((1_000, 3), (1, 1), 0), Some(4));
		assert_eq!(fee((1_000, 3), (1, 1), 9), Some(9));
		assert_eq!(fee((u128::MAX, 2), (0, 0), 0), None);
		assert_eq!(least_fee(9, u128::MAX, u32::MAX, u32::MAX), u128::MAX);
	}

	#[test]
	fn items_should_be_what_the_answer_alone_settles_when_scored() {
		let subsets = draw([5; 32].into(), 8, 16);
		let psi = Psi::solve(&subsets, &[100; 8]).unwrap();
		let y: Vec<Nats> = (0..18).map(|k| -(40 - k % 7 - 5 * i32::from(k > 0)) * NAT).collect();
		let spans = Spans::new(&[(3, 50), (5, 25)], 100);
		let items = items(&psi, &subsets, &y, (&spans, 1_000), 1_000_000).unwrap();
		let mut pool = Pool::default();
		add(&mut pool, &psi, &(y, 1_000_000, spans, 1_000));
		assert_eq!(pool.by_spans, [0, 0, 0, 49_999, 0, 24_998, 0, 0]);
		let amounts: Vec<i128> = items.iter().map(|(amount, _)| *amount).collect();
		assert_eq!(amounts, pool.settle(&psi).unwrap().amounts);
		assert!(items.iter().all(|(_, error)| *error > 0));
	}
}
