//! How fast the arithmetic of attribution is on this machine, natively, as JSON; `scripts/bench poa`
//! runs it. Of ten times of the same the fastest counts.

use openledger_influence_math::{
	batch::{entries_per_page, pages, sample, Entry, MAX_ITEMS},
	design::draw,
	score::NAT,
	Nats, Pool, Psi,
};
use std::{hint::black_box, time::Instant};

/// Blocks and counterfactual adapters: two adapters to the block or more, as many blocks as fit.
const SHAPES: [(u16, u16); 3] = [(8, 16), (32, 64), (128, 256)];

/// Microseconds of the fastest of ten times, for each of so many.
fn fastest(count: usize, mut work: impl FnMut()) -> f64 {
	let once = |_| {
		let start = Instant::now();
		work();
		start.elapsed().as_secs_f64() * 1e6 / count as f64
	};
	(0..10).map(once).fold(f64::INFINITY, f64::min)
}

/// The log-probabilities of an answer to which every block adds something else.
fn vector(n: usize, adapters: u16) -> Vec<Nats> {
	let base = -300 * NAT;
	let gain = |k: usize| 40 * NAT + (n * 7_919 + k * 104_729) as i32 % (20 * NAT);
	std::iter::once(base)
		.chain((0..=usize::from(adapters)).map(|k| base + gain(k)))
		.collect()
}

fn main() {
	let mut scores = Vec::new();
	for (blocks, adapters) in SHAPES {
		let subsets = draw([7; 32].into(), blocks, adapters);
		let psi = Psi::solve(&subsets, &vec![1_000; blocks.into()]).expect("the shape is right");
		let count = entries_per_page(adapters);
		let vectors: Vec<Vec<Nats>> = (0..count).map(|n| vector(n, adapters)).collect();
		let entries: Vec<Entry> = vectors
			.iter()
			.enumerate()
			.map(|(n, y)| Entry::new(n as u16, 0, 256, 1 << 50, y))
			.collect();
		let page = pages(&entries, adapters).swap_remove(0);
		let paged = fastest(count, || {
			let mut pool = Pool::default();
			let added =
				pool.add_page(&psi, black_box(&page), 12, 0, u128::MAX).expect("it is a page");
			assert_eq!(added.answers as usize, count, "all are scored");
			black_box(pool);
		});
		let single = fastest(count, || {
			let mut pool = Pool::default();
			for y in &vectors {
				assert_eq!(pool.add(&psi, black_box(y), 1 << 50), Some(true));
			}
			black_box(pool);
		});
		scores.push(format!(
			"\"{adapters}\": {{\"blocks\": {blocks}, \"batch_us\": {paged:.3}, \"single_us\": {single:.3}}}"
		));
	}

	let subsets = draw([7; 32].into(), 256, 62);
	let psi = Psi::solve(&subsets, &[1_000; 256]).expect("the shape is right");
	let mut pool = Pool::default();
	(0..100).for_each(|n| assert_eq!(pool.add(&psi, &vector(n, 62), 1 << 50), Some(true)));
	let settle = fastest(1, || assert!(black_box(&pool).settle(&psi).is_some()));
	let check = fastest(1, || assert_eq!(psi.check(black_box(&subsets), &[1_000; 256]), Ok(())));
	let fees: Vec<u128> = (0..u128::from(MAX_ITEMS)).map(|n| 1 + n * 37 % 1_000).collect();
	let paid = fees.iter().sum();
	let drawn = fastest(1, || {
		assert!(sample(&[1; 32].into(), black_box(&fees), paid, 800, 1 << 60).is_some())
	});
	println!(
		"{{\"scores\": {{{}}}, \"settle_256_us\": {settle:.1}, \"check_psi_256_us\": {check:.1}, \
		 \"sample_4096_us\": {drawn:.1}}}",
		scores.join(", ")
	);
}
