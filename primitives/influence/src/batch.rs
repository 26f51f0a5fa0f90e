//! Batches of answers: which of them are scored, and the pages that hold what was found.
//!
//! A batch is paid as one. The seed of its committee's draw picks the answers that are scored
//! ([`sample`]); what they say of the contributors is written into pages of entries of one size
//! ([`Entry`]), whose root is what a committee agrees on, and whose scores and money the runtime
//! computes itself ([`Pool::add_page`]).

use crate::{
	merkle,
	money::{join_limbs, split_limbs, FRACTION, LIMBS, MAX_POOL, MIN_GAIN},
	score::{lowest, Nats},
	spans, Hash, Pool, Psi, Spans,
};
use alloc::{vec, vec::Vec};
use sp_core::U256;
use sp_crypto_hashing::blake2_256;

/// The most answers of a batch: those that 64 pages hold at 512 adapters.
pub const MAX_ITEMS: u32 = 15_616;
/// The most bytes of a page.
pub const MAX_PAGE: u32 = 1 << 18;
/// Bytes of an entry before its gains.
pub const HEAD: usize = 2 + 1 + 4 + 16 + spans::SIZE + 4 + 1;
/// The largest shift: no difference of two [`Nats`] needs more.
const MAX_SHIFT: u8 = 18;
/// Fraction bits of what a unit of gain is worth.
const RATE: u32 = 16;

/// A scored answer: 44 bytes, and 2 for each adapter, the published one among them; 174 at 64
/// counterfactual adapters.
///
/// Gains over the base model are in units of `2^shift` [`Nats`], the smallest in which the largest
/// one fits 16 bits: exact below half a nat, and never off by more than the answer's largest gain over
/// 32,767. A block's score is thus off by at most `‖Ψ_u‖₁·2^(shift − 1)`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Entry {
	/// Which answer of the batch.
	pub item: u16,
	/// Which voucher paid for it.
	pub payer: u8,
	/// How many tokens it has.
	pub tokens: u32,
	/// Its part of the contributors' money, in wei.
	pub amount: u128,
	/// What stands in the data word for word.
	pub spans: Spans,
	/// Log-probability of its tokens under the base model.
	pub base: Nats,
	/// [`Nats`] in a unit of gain, as a power of two.
	pub shift: u8,
	/// What the published and each counterfactual adapter gained.
	pub gains: Vec<i16>,
}

/// A difference in units of `2^shift`, to the nearest, halves up.
fn rounded(difference: i64, shift: u8) -> i64 {
	let half = (1i64 << shift) >> 1;
	difference.saturating_add(half) >> shift
}

impl Entry {
	/// An answer with the log-probabilities `y` (base model, published adapter, counterfactual ones), none of
	/// which stands in the data.
	pub fn new(item: u16, payer: u8, tokens: u32, amount: u128, y: &[Nats]) -> Self {
		let exact = crate::score::gains(y);
		let narrow = |shift: u8| -> Option<Vec<i16>> {
			exact.iter().map(|gain| i16::try_from(rounded(*gain, shift)).ok()).collect()
		};
		let found = (0..=MAX_SHIFT).find_map(|shift| Some((shift, narrow(shift)?)));
		let (shift, gains) = found.unwrap_or_default();
		let (base, spans) = (y.first().copied().unwrap_or(0), Spans::default());
		Self { item, payer, tokens, amount, spans, base, shift, gains }
	}

	/// An answer that cannot be scored: the prior takes its part.
	pub fn unscored(item: u16, payer: u8, tokens: u32, amount: u128, adapters: u16) -> Self {
		let gains = vec![0; usize::from(adapters) + 1];
		Self { item, payer, tokens, amount, gains, ..Default::default() }
	}

	/// Its bytes, little endian.
	fn write(&self, page: &mut Vec<u8>) {
		page.extend(self.item.to_le_bytes());
		page.push(self.payer);
		page.extend(self.tokens.to_le_bytes());
		page.extend(self.amount.to_le_bytes());
		page.extend(self.spans.to_bytes());
		page.extend(self.base.to_le_bytes());
		page.push(self.shift);
		self.gains.iter().for_each(|gain| page.extend(gain.to_le_bytes()));
	}

	/// Takes an entry's bytes into this one, whose gains stay where they are in memory. `None` if they
	/// are not one of so many gains.
	fn read(&mut self, bytes: &[u8]) -> Option<()> {
		let (item, bytes) = bytes.split_first_chunk()?;
		let (&[payer], bytes) = bytes.split_first_chunk()?;
		let (tokens, bytes) = bytes.split_first_chunk()?;
		let (amount, bytes) = bytes.split_first_chunk()?;
		let (spans, bytes) = bytes.split_first_chunk()?;
		let (base, bytes) = bytes.split_first_chunk()?;
		let (&[shift], bytes) = bytes.split_first_chunk()?;
		let (gains, rest) = bytes.as_chunks::<2>();
		if shift > MAX_SHIFT || gains.len() != self.gains.len() || !rest.is_empty() {
			return None;
		}
		self.item = u16::from_le_bytes(*item);
		self.payer = payer;
		self.tokens = u32::from_le_bytes(*tokens);
		self.amount = u128::from_le_bytes(*amount);
		self.spans = Spans::from_bytes(spans);
		self.base = Nats::from_le_bytes(*base);
		self.shift = shift;
		for (gain, bytes) in self.gains.iter_mut().zip(gains) {
			*gain = i16::from_le_bytes(*bytes);
		}
		Some(())
	}

	/// The vector that it stands for, up to the rounding of its gains: log-probabilities under the base model,
	/// the published adapter and the counterfactual ones.
	pub fn vector(&self) -> Vec<Nats> {
		let likelihood = |gain: &i16| {
			let value = i64::from(self.base) + (i64::from(*gain) << self.shift);
			value.clamp(Nats::MIN.into(), Nats::MAX.into()) as Nats
		};
		core::iter::once(self.base).chain(self.gains.iter().map(likelihood)).collect()
	}

	/// Whether the published adapter cannot have drawn the tokens: less likely than `band` nats each.
	pub fn is_out_of(&self, band: u8) -> bool {
		let published = self.gains.first().copied().unwrap_or(0);
		let likelihood = i64::from(self.base) + (i64::from(published) << self.shift);
		likelihood < lowest(band, self.tokens)
	}
}

/// Bytes of an entry.
pub fn entry_size(adapters: u16) -> usize {
	HEAD + 2 * (usize::from(adapters) + 1)
}

/// Entries of a full page.
pub fn entries_per_page(adapters: u16) -> usize {
	MAX_PAGE as usize / entry_size(adapters)
}

/// Pages of a batch of `count` answers if all are scored: the leaves under the root of its pages,
/// whatever the sample.
pub fn page_count(count: u16, adapters: u16) -> usize {
	usize::from(count).div_ceil(entries_per_page(adapters))
}

/// The pages of `entries`, full but for the last.
pub fn pages(entries: &[Entry], adapters: u16) -> Vec<Vec<u8>> {
	let write = |entries: &[Entry]| {
		let mut page = Vec::with_capacity(entries.len() * entry_size(adapters));
		entries.iter().for_each(|entry| entry.write(&mut page));
		page
	};
	entries.chunks(entries_per_page(adapters)).map(write).collect()
}

/// Hashes of all pages: BLAKE2b-256 of their bytes, zero where the sample left a page empty.
pub fn page_hashes(pages: &[Vec<u8>], count: u16, adapters: u16) -> Vec<Hash> {
	let mut hashes: Vec<Hash> = pages.iter().map(|page| blake2_256(page).into()).collect();
	hashes.resize(page_count(count, adapters), Hash::zero());
	hashes
}

/// The entries of a page; `None` if it is none.
pub fn read_page(page: &[u8], adapters: u16) -> Option<Vec<Entry>> {
	let chunks = page.chunks_exact(entry_size(adapters));
	if page.is_empty() || page.len() > MAX_PAGE as usize || !chunks.remainder().is_empty() {
		return None;
	}
	let read = |bytes| {
		let mut entry = Entry::unscored(0, 0, 0, 0, adapters);
		entry.read(bytes).map(|()| entry)
	};
	chunks.map(read).collect()
}

/// The root that a committee agrees on.
pub fn root(pages: &[Vec<u8>], count: u16, adapters: u16) -> Hash {
	merkle::root(&page_hashes(pages, count, adapters))
}

/// Which answers of a batch are scored, and the part of `pool` of each, in wei: indices into `fees`
/// in rising order. `None` if a sum is out of its type.
///
/// `fees` are what the answers cost at the same prices, `paid` is what was paid for all: a fee counts
/// as its part of that. An answer that costs `full` (f₀) or more is always scored. The cheaper ones
/// cost R together, and `m = max(1, ⌊R/f₀⌋)` of them are drawn systematically with probability
/// proportional to size (Madow 1949): they are laid end to end, and a grid of step R/m whose start is
/// drawn hits each with probability `p = m·fee/R`, which is `fee/f₀` up to the rounding of m. An
/// answer that is hit stands for R/m of fees. So every answer's part is exactly `pool·fee/Σfees` in
/// expectation; all parts sum to the pool whatever is drawn; there are at most `1 + Σfees/f₀` of them,
/// which is what pays for scoring them.
pub fn sample(
	seed: &Hash,
	fees: &[u128],
	paid: u128,
	full: u128,
	pool: u128,
) -> Option<Vec<(u16, u128)>> {
	let sum = |sum: u128, fee: &u128| sum.checked_add(*fee);
	let whole = fees.iter().try_fold(0, sum)?;
	// f₀ in the unit of the fees.
	let full = U256::from(full) * U256::from(whole) / U256::from(paid.max(1));
	let full = u128::try_from(full).unwrap_or(u128::MAX);
	let cheap = |fee: &u128| *fee < full;
	let rest = fees.iter().filter(|fee| cheap(fee)).try_fold(0, sum)?;
	let draws = (rest / full.max(1)).max(1);
	let (rest, draws) = (U256::from(rest), U256::from(draws));
	let total = U256::from(whole).checked_mul(draws)?;
	// Uniform below `rest`.
	let start = (U256::from_big_endian(seed.as_bytes()) >> 128).checked_mul(rest)? >> 128;
	// Grid points below `at`, which is scaled by `draws` so that the step is `rest`.
	let points = |at: U256| match at.checked_sub(start) {
		Some(above) if !rest.is_zero() => (above + rest - U256::one()) / rest,
		_ => U256::zero(),
	};
	let (mut laid, mut weighed, mut given, mut drawn) =
		(U256::zero(), U256::zero(), U256::zero(), Vec::new());
	for (index, fee) in fees.iter().enumerate() {
		let length = U256::from(*fee).checked_mul(draws)?;
		let weight = if cheap(fee) {
			let before = points(laid);
			laid += length;
			(points(laid) - before).checked_mul(rest)?
		} else {
			length
		};
		if weight.is_zero() {
			continue;
		}
		weighed += weight;
		// Floors of the running sum, so that the parts sum to the pool.
		let upto = U256::from(pool).checked_mul(weighed)? / total;
		let part = u128::try_from(upto - given).ok()?;
		drawn.push((u16::try_from(index).ok()?, part));
		given = upto;
	}
	Some(drawn)
}

/// What a page did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Added {
	/// Answers that count for the contributors.
	pub answers: u32,
	/// What all its answers were worth, in wei.
	pub amount: u128,
	/// What goes back to payers, by voucher, in wei: the model cannot have drawn these tokens.
	pub refunds: Vec<(u8, u128)>,
}

impl Pool {
	/// Adds the answers of a page, by the rules of [`Pool::add_spans`] with a `share` of so many basis points
	/// and of [`Pool::add`]. `left` is the most that they may be worth together, `band` the nats per token
	/// below which an answer is not the model's. `None`, with nothing changed, if the page is none of this
	/// design, or worth more, or a sum would overflow.
	///
	/// An answer's rate of money for gains is rounded down, so it is worth at most its part, and then
	/// each entry of [`Pool::weighted`] by less than one unit, which [`Pool::settle`] takes off.
	pub fn add_page(
		&mut self,
		psi: &Psi,
		page: &[u8],
		band: u8,
		share: u16,
		left: u128,
	) -> Option<Added> {
		let (blocks, columns) = (psi.blocks(), psi.adapters() + 1);
		let entries = page.chunks_exact(HEAD + 2 * columns);
		if page.len() > MAX_PAGE as usize || !entries.remainder().is_empty() {
			return None;
		}
		let lanes = Lanes::new(psi);
		let mut entry = Entry { gains: vec![0; columns], ..Default::default() };
		let (mut added, mut after) = (Added::default(), self.clone());
		let mut sums = vec![[0i64; LIMBS]; columns];
		for bytes in entries {
			entry.read(bytes)?;
			added.amount = added.amount.checked_add(entry.amount)?;
			if entry.is_out_of(band) {
				added.refunds.push((entry.payer, entry.amount));
				continue;
			}
			let amount = after.add_spans(&entry.spans, blocks, entry.amount, share)?;
			after.total = after.total.checked_add(amount)?;
			let positive = lanes.positive(&entry.gains);
			if positive << entry.shift < MIN_GAIN {
				after.prior = after.prior.checked_add(amount)?;
				continue;
			}
			added.answers += 1;
			add_gains(&mut sums, &entry.gains, amount, positive)?;
		}
		if added.amount > left {
			return None;
		}
		if added.answers > 0 {
			after.answers = self.answers.checked_add(added.answers)?;
			after.weighted.resize(columns, 0);
			for (weighted, limbs) in after.weighted.iter_mut().zip(sums) {
				*weighted = weighted.checked_add(join_limbs(limbs.map(i128::from), RATE)?)?;
			}
		}
		*self = after;
		Some(added)
	}
}

/// Rows of Ψ that are multiplied at once.
const LANES: usize = 4;

/// Ψ as it is multiplied fastest: so many rows side by side, zeros after the last.
struct Lanes {
	columns: usize,
	entries: Vec<[i32; LANES]>,
}

impl Lanes {
	fn new(psi: &Psi) -> Self {
		let columns = psi.adapters() + 1;
		let mut entries = vec![[0; LANES]; psi.blocks().div_ceil(LANES) * columns];
		for (group, rows) in entries.chunks_mut(columns).zip(psi.entries().chunks(LANES * columns))
		{
			for (lane, row) in rows.chunks(columns).enumerate() {
				for (place, entry) in group.iter_mut().filter_map(|at| at.get_mut(lane)).zip(row) {
					*place = *entry;
				}
			}
		}
		Self { columns, entries }
	}

	/// The sum of the positive scores, in units of gain times `psi::ONE`: 2^46 at most for each of the 131,328
	/// entries that a Ψ has at most, which is below 2^64.
	fn positive(&self, gains: &[i16]) -> u128 {
		let mut positive = 0u64;
		for group in self.entries.chunks(self.columns) {
			let mut scores = [0i64; LANES];
			for (entries, gain) in group.iter().zip(gains) {
				let gain = i64::from(*gain);
				for (score, entry) in scores.iter_mut().zip(entries) {
					*score += i64::from(*entry) * gain;
				}
			}
			positive += scores.iter().map(|score| score.max(&0).unsigned_abs()).sum::<u64>();
		}
		positive.into()
	}
}

/// Adds `amount·gains/positive` to the limbs of sums, with their fraction bits and those of the rate: of the
/// at most 2^13 entries of a page, a gain of 2^15 times 32 bits at most each, which is below 2^63.
fn add_gains(sums: &mut [[i64; LIMBS]], gains: &[i16], amount: u128, positive: u128) -> Option<()> {
	if amount > MAX_POOL {
		return None;
	}
	// What a unit of gain is worth: rounded down, so that no answer is worth more than its part.
	let rate = (amount << (20 + FRACTION + RATE)).checked_div(positive)?;
	let rate = split_limbs(i128::try_from(rate).ok()?);
	for (limbs, gain) in sums.iter_mut().zip(gains) {
		let gain = i64::from(*gain);
		limbs.iter_mut().zip(rate).for_each(|(sum, limb)| *sum += limb * gain);
	}
	Some(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::design::draw;
	use crate::score::NAT;
	use proptest::prelude::*;

	const BLOCKS: u16 = 8;
	const ADAPTERS: u16 = 16;

	fn psi(seed: [u8; 32]) -> Psi {
		Psi::solve(&draw(seed.into(), BLOCKS, ADAPTERS), &[100; BLOCKS as usize]).unwrap()
	}

	fn vector() -> impl Strategy<Value = Vec<Nats>> {
		let gain =
			prop_oneof![-300i32..300, -(20 * NAT)..100 * NAT, -(1i32 << 29)..1 << 29, Just(0)];
		(prop::collection::vec(gain, usize::from(ADAPTERS) + 1), -(1i32 << 29)..=0).prop_map(
			|(gains, base)| core::iter::once(base).chain(gains.iter().map(|g| base + g)).collect(),
		)
	}

	prop_compose! {
		fn entry()(
			y in vector(), item: u16, payer: u8, tokens: u32,
			amount in prop_oneof![0u128..10_000, 0..MAX_POOL, 1u128..=1_000_000_000_000_000_000],
			spans in prop::collection::vec((0..BLOCKS, 0u64..100), 0..6),
		) -> Entry {
			let spans = Spans::new(&spans, 600);
			Entry { spans, ..Entry::new(item, payer, tokens, amount, &y) }
		}
	}

	fn gain_of(entry: &Entry, column: usize) -> i64 {
		i64::from(entry.gains[column]) << entry.shift
	}

	/// What the entry's gains are exactly.
	fn vector_of(entry: &Entry) -> Vec<Nats> {
		let gains = (0..entry.gains.len()).map(|k| gain_of(entry, k) as i32);
		core::iter::once(0).chain(gains).collect()
	}

	proptest! {
		#[test]
		fn pages_should_give_the_entries_back_when_read(
			entries in prop::collection::vec(entry(), 1..600), cut in 1usize..60,
		) {
			let pages = pages(&entries, ADAPTERS);
			prop_assert!(pages.iter().all(|page| page.len() <= MAX_PAGE as usize));
			let read: Vec<Entry> =
				pages.iter().flat_map(|page| read_page(page, ADAPTERS).unwrap()).collect();
			prop_assert_eq!(&read, &entries);
			let short = &pages[0][..pages[0].len() - cut];
			prop_assert_eq!(read_page(short, ADAPTERS), None);
			prop_assert_eq!(Pool::default().add_page(&psi([1; 32]), short, 12, 0, u128::MAX), None);
		}

		#[test]
		fn gains_should_be_off_by_at_most_half_a_unit_when_quantised(y in vector()) {
			let entry = Entry::new(0, 0, 1, 0, &y);
			let exact = crate::score::gains(&y);
			let largest = exact.iter().map(|gain| gain.abs()).max().unwrap();
			for (column, gain) in exact.iter().enumerate() {
				let off = (gain_of(&entry, column) - gain).abs();
				prop_assert!(2 * off <= 1 << entry.shift);
				prop_assert!(off * 32_767 <= largest, "{} of {}", off, largest);
			}
		}

		#[test]
		fn add_page_should_settle_as_single_answers_when_gains_are_the_same(
			seed: [u8; 32], entries in prop::collection::vec(entry(), 1..20), share in 0u16..=10_000,
		) {
			let psi = psi(seed);
			let (mut paged, mut single) = (Pool::default(), Pool::default());
			// Nothing is out of this band.
			let entries: Vec<Entry> =
				entries.into_iter().map(|e| Entry { tokens: u32::MAX, ..e }).collect();
			let mut scored = 0;
			for page in pages(&entries, ADAPTERS) {
				let added = paged.add_page(&psi, &page, 255, share, u128::MAX).unwrap();
				scored += added.answers;
				prop_assert!(added.refunds.is_empty());
			}
			let mut counted = 0;
			for entry in &entries {
				let Entry { spans, amount, .. } = entry;
				let left = single.add_spans(spans, BLOCKS.into(), *amount, share).unwrap();
				counted += u32::from(single.add(&psi, &vector_of(entry), left).unwrap());
			}
			prop_assert_eq!((scored, paged.total), (counted, single.total));
			prop_assert_eq!(paged.prior, single.prior);
			prop_assert_eq!(&paged.by_spans, &single.by_spans);
			let (paged, single) = (paged.settle(&psi).unwrap(), single.settle(&psi).unwrap());
			for (a, b) in paged.amounts.iter().zip(&single.amounts) {
				// Every entry of every answer is rounded by less than three units of the sums.
				let largest = psi.entries().iter().map(|a| a.unsigned_abs()).max().unwrap();
				let row = u128::from(largest) * (1 + u128::from(ADAPTERS));
				let slack = 2 + ((3 * row * u128::from(counted)) >> 28);
				prop_assert!(a.abs_diff(*b) <= slack, "{a} {b} {slack}");
			}
			let paid: u128 = paged.amounts.iter().map(|a| a.max(&0).unsigned_abs()).sum();
			prop_assert_eq!(paid + paged.rest, single_total(&entries));
		}

		#[test]
		fn add_page_should_change_nothing_when_the_page_is_any(
			seed: [u8; 32], bytes in prop::collection::vec(any::<u8>(), 0..6 * 78), left: u64,
		) {
			let (psi, mut pool) = (psi(seed), Pool::default());
			match pool.add_page(&psi, &bytes, 12, 5_000, left.into()) {
				None => prop_assert_eq!(pool, Pool::default()),
				Some(added) => {
					let refunded: u128 = added.refunds.iter().map(|(_, amount)| amount).sum();
					prop_assert!(added.amount <= left.into());
					prop_assert_eq!(pool.total + refunded, added.amount);
					let settled = pool.settle(&psi).unwrap();
					let paid: u128 =
						settled.amounts.iter().map(|a| a.max(&0).unsigned_abs()).sum();
					prop_assert_eq!(paid + settled.rest + refunded, added.amount);
				},
			}
		}

		#[test]
		fn sample_should_share_the_whole_pool_when_fees_are_any(
			seed: [u8; 32], full in 0u128..2_000, pool in 0u128..MAX_POOL,
			fees in prop::collection::vec(prop_oneof![1u128..3_000, 1u128..1 << 80], 1..300),
		) {
			let paid = fees.iter().sum();
			let drawn = sample(&seed.into(), &fees, paid, full, pool).unwrap();
			prop_assert_eq!(drawn.iter().map(|(_, part)| part).sum::<u128>(), pool);
			prop_assert!(drawn.windows(2).all(|pair| pair[0].0 < pair[1].0));
			let sure = fees.iter().filter(|fee| **fee >= full).count();
			let rest: u128 = fees.iter().filter(|fee| **fee < full).sum();
			prop_assert!(drawn.len() as u128 <= sure as u128 + 1 + rest / full.max(1));
			for (index, fee) in fees.iter().enumerate().filter(|(_, fee)| **fee >= full) {
				let (_, part) = drawn.iter().find(|(one, _)| usize::from(*one) == index).unwrap();
				let whole = U256::from(fees.iter().sum::<u128>());
				let due = (U256::from(pool) * U256::from(*fee) / whole).low_u128();
				prop_assert!(part.abs_diff(due) <= 1);
			}
		}
	}

	fn single_total(entries: &[Entry]) -> u128 {
		entries.iter().map(|entry| entry.amount).sum()
	}

	/// The mean of every answer's part over many draws is its part of the fees.
	#[test]
	fn sample_should_be_unbiased_when_drawn_often() {
		let fees: Vec<u128> = (0..40).map(|i| 10 + i * 37 % 150).collect();
		let (pool, draws, whole) = (1_000_000u128, 40_000u32, fees.iter().sum::<u128>());
		let mut sums = vec![0u128; fees.len()];
		for draw in 0..draws {
			let seed = blake2_256(&draw.to_le_bytes()).into();
			for (index, part) in sample(&seed, &fees, whole, 120, pool).unwrap() {
				sums[usize::from(index)] += part;
			}
		}
		for (sum, fee) in sums.iter().zip(&fees) {
			let (mean, due) = (*sum as f64 / f64::from(draws), (pool * fee / whole) as f64);
			// Five standard errors of a part that is drawn at least 10 times in 120.
			let error = 5.0 * due * (11.0 / f64::from(draws)).sqrt();
			assert!((mean - due).abs() <= error + 1.0, "{mean} against {due}");
		}
	}

	#[test]
	fn sample_should_take_all_when_every_answer_costs_enough() {
		let drawn = sample(&Hash::zero(), &[100, 300, 600], 1_000, 100, 10).unwrap();
		assert_eq!(drawn, vec![(0, 1), (1, 3), (2, 6)]);
	}

	#[test]
	fn sample_should_take_more_when_more_was_paid_for_the_same() {
		let drawn = |paid| sample(&Hash::zero(), &[1; 100], paid, 50, 1_000).unwrap().len();
		assert_eq!([1, 100, 1_000, 5_000].map(drawn), [1, 2, 20, 100]);
	}

	#[test]
	fn entry_should_take_174_bytes_when_there_are_64_adapters() {
		assert_eq!(entry_size(64), 174);
		let page = pages(&[Entry::new(1, 2, 3, 4, &[0; 66])], 64);
		assert_eq!(page, vec![page[0].clone()]);
		assert_eq!(page[0].len(), 174);
	}

	#[test]
	fn vector_should_be_that_of_the_answer_when_its_gains_fit() {
		let y = [-1_000, -900, -1_100, 31_767, -33_768];
		let entry = Entry::new(0, 0, 1, 0, &y);
		assert_eq!((entry.shift, entry.vector()), (0, y.to_vec()));
		// A unit of gain is four Nats here.
		let y = [0, 4 * 30_000, -4 * 30_000 + 1];
		assert_eq!(Entry::new(0, 0, 1, 0, &y).vector(), [0, 4 * 30_000, -4 * 30_000]);
	}

	#[test]
	fn vector_should_end_at_its_type_when_an_entry_says_more() {
		let entry = Entry { base: Nats::MAX, shift: 18, gains: vec![1, -1], ..Default::default() };
		assert_eq!(entry.vector(), [Nats::MAX, Nats::MAX, Nats::MAX - (1 << 18)]);
	}

	#[test]
	fn root_should_prove_a_page_when_the_sample_left_others_empty() {
		let entries: Vec<Entry> =
			(0..2_000).map(|item| Entry::unscored(item, 0, 1, 1, 64)).collect();
		let pages = pages(&entries, 64);
		assert_eq!((pages.len(), page_count(15_000, 64)), (2, 10));
		let hashes = page_hashes(&pages, 15_000, 64);
		let proof = merkle::proof(&hashes, 1).unwrap();
		let root = root(&pages, 15_000, 64);
		let hash = blake2_256(&pages[1]).into();
		assert!(merkle::verify(&root, 10, 1, &hash, &proof));
		assert!(!merkle::verify(&root, 10, 0, &hash, &proof));
	}

	#[test]
	fn add_page_should_refund_when_the_model_cannot_have_drawn_the_tokens() {
		let (psi, mut pool) = (psi([3; 32]), Pool::default());
		let y = [vec![-13 * 50 * NAT], vec![-13 * 50 * NAT + 5; 17]].concat();
		let page = pages(&[Entry::new(0, 9, 50, 1_000, &y)], ADAPTERS).remove(0);
		let added = pool.add_page(&psi, &page, 12, 0, 1_000).unwrap();
		assert_eq!(added, Added { answers: 0, amount: 1_000, refunds: vec![(9, 1_000)] });
		assert_eq!(pool, Pool::default());
	}

	#[test]
	fn add_page_should_pay_by_the_prior_when_nothing_was_gained() {
		let (psi, mut pool) = (psi([3; 32]), Pool::default());
		let page = pages(&[Entry::unscored(0, 9, 50, 1_000, ADAPTERS)], ADAPTERS).remove(0);
		assert_eq!(pool.add_page(&psi, &page, 12, 0, 1_000).unwrap().answers, 0);
		assert_eq!((pool.total, pool.answers, pool.weighted.len()), (1_000, 0, 0));
		assert_eq!(pool.prior, 1_000);
		assert_eq!(pool.add_page(&psi, &page, 12, 0, 999), None);
	}
}
