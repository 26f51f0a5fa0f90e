//! Training gives the same bits whatever else is trained, under whatever seeds, in however many slots.

use openledger_factory::{
	base::{Pretraining, SMALL},
	train::{train, Recipe, Row, Wanted, ALL},
	Base,
};
use openledger_graph::Gpt;

const TINY: Gpt = Gpt { vocabulary: 280, context: 16, width: 8, layers: 1, heads: 2, rank: 2 };

/// The bits of an adapter of all rows and of two of the same half, under two seeds: alone or among
/// others, in so many slots.
fn trained(base: &Base, rows: &[Row], slots: usize, threads: usize, others: bool) -> Vec<Vec<u32>> {
	let (mut first, mut second) = ([0; 32], [0; 32]);
	(first[0], second[0]) = (0b01, 0b10);
	let mut wanted = vec![Wanted::from(ALL), first.into(), Wanted { subset: first, group: 1 }];
	if others {
		wanted.extend([second, first, ALL, second].map(Wanted::from));
	}
	let recipe = Recipe { epochs: 1, slots, ..Default::default() };
	let quiet = &mut |_: usize, _: usize, _: f32| ();
	let adapters = train(base, rows, &wanted, &recipe, threads, quiet).unwrap();
	adapters[..3]
		.iter()
		.map(|flat| flat.iter().map(|v| v.to_bits()).collect())
		.collect()
}

fn same_bits(model: Gpt, lines: usize) {
	let text = "the cat sat on the mat and the dog sat on the log while birds flew over them\n";
	let text = text.repeat(60);
	let how = Pretraining { steps: 1, rows: 2, ..Default::default() };
	let base = Base::train(model, &text, how, 1, &mut |_: usize, _: usize, _: f32| ()).unwrap();
	let row = |n: usize| Row {
		block: n % 2,
		tokens: base.tokenizer.encode(&text[n * 7..n * 7 + 150]).unwrap(),
	};
	let rows: Vec<Row> = (0..lines).map(row).collect();
	let alone = trained(&base, &rows, 2, 1, false);
	assert_ne!(alone[1], alone[2]);
	for (slots, threads, others) in [(1, 1, false), (6, 1, false), (6, 2, true), (3, 2, true)] {
		let found = trained(&base, &rows, slots, threads, others);
		assert!(found == alone, "{slots} slots, {threads} threads");
	}
}

#[test]
fn train_should_give_the_same_bits_when_slots_and_threads_differ() {
	same_bits(TINY, 8);
}

#[test]
fn train_should_give_the_same_bits_when_the_model_is_that_of_the_loop() {
	same_bits(SMALL, 20);
}
