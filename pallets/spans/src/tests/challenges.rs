//! Faults are paid for, and honest indices have none.

use crate::{
	mock::{Spans, *},
	*,
};
use frame::testing_prelude::*;
use openledger_spans::Builder;
use openledger_spans_math::{
	reference::{Corpus, Leaves, Reference},
	Suffix, SEPARATOR, SPAN,
};
use proptest::prelude::*;

type Errors = crate::Error<Test>;

/// A fault of every kind, each with the commitment that has it.
fn faults() -> Vec<(Commitment, Fraud)> {
	let prefix = forged(|leaves| {
		leaves.suffixes[4].prefix.pop();
	});
	let opening = prefix.opening(4).unwrap();
	let rest = prefix.commitment().tokens - opening.suffix.position;
	let text = prefix.excerpt(opening.suffix.position, rest.min(SPAN.into())).unwrap();

	let twice = forged(|leaves| leaves.suffixes[4] = leaves.suffixes[3].clone());
	let (one, other) = (twice.opening(3).unwrap(), twice.opening(4).unwrap());

	let misplaced = forged(|leaves| leaves.suffixes[0].position = 0);
	let Opening { slot, suffix, path } = misplaced.opening(0).unwrap();

	let chunk = forged(|leaves| leaves.chunks[0].row = 1);
	let whole = chunk.chunks(0, 1).unwrap();

	let rows = forged(|leaves| leaves.chunks[1].row += 1);
	let both = rows.chunks(0, 2).unwrap();

	let mut rotated = corpus().text();
	rotated.rotate_left(4);
	let rotated = Reference::of(Leaves::of_text(&rotated));
	let foreign = corpus().accuse(&rotated, 0).unwrap();

	vec![
		disordered(),
		(prefix.commitment(), Fraud::Prefix { opening, text }),
		(twice.commitment(), Fraud::Twice { one, other }),
		(misplaced.commitment(), Fraud::Misplaced { slot, number: slot, suffix, path }),
		(
			chunk.commitment(),
			Fraud::Chunk {
				index: 0,
				number: 0,
				chunk: whole.chunks[0].clone(),
				path: whole.path.clone(),
			},
		),
		(rows.commitment(), Fraud::Rows { index: 0, text: both }),
		(rotated.commitment(), foreign),
	]
}

/// What a challenger gets of a bond.
const REWARD: Balance = BOND * 3 / 10;

#[test]
fn challenge_should_slash_and_pay_when_an_index_has_any_fault() {
	let faults = faults();
	let kinds: std::collections::BTreeSet<u8> =
		faults.iter().map(|(_, fraud)| fraud.encode()[0]).collect();
	assert_eq!(kinds.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6]);
	for (commitment, fraud) in faults {
		build_and_execute(|| {
			assert_ok!(register(ALICE, 1, commitment));
			assert_ok!(challenge(BOB, 1, &fraud));
			System::assert_last_event(
				Event::Refuted {
					datanet: 0,
					version: 1,
					registrant: ALICE,
					challenger: BOB,
					reward: REWARD,
					rest: BOND - REWARD,
				}
				.into(),
			);
			// The deposit returns, the bond does not.
			assert_eq!(Balances::reserved_balance(ALICE), 0);
			assert_eq!(Balances::free_balance(ALICE), RICH - BOND);
			assert_eq!(Balances::total_balance(&BOB), RICH + REWARD);
			assert_eq!(Balances::free_balance(PROTOCOL), EXISTENTIAL + BOND - REWARD);
			assert_eq!(Spans::span_index(0, 1), None);
			assert_noop!(challenge(BOB, 1, &fraud), Errors::NoIndex);
			// The version is free for an honest one.
			assert_ok!(register(BOB, 1, honest().commitment()));
		});
	}
}

#[test]
fn challenge_should_find_the_bond_when_the_index_is_final_or_retired() {
	let (commitment, fraud) = disordered();
	for (retire, block) in [(false, 1_000), (true, 1), (true, 1 + WINDOWS.unbonding)] {
		build_and_execute(|| {
			assert_ok!(register(ALICE, 1, commitment));
			if retire {
				assert_ok!(Spans::retire(origin(ALICE), 0, 1));
			}
			run_to(block);
			assert_ok!(challenge(BOB, 1, &fraud));
			assert_noop!(Spans::remove(origin(ALICE), 0, 1), Errors::NoIndex);
			assert_eq!(Balances::total_balance(&ALICE), RICH - BOND);
		});
	}
}

#[test]
fn challenge_should_fail_when_the_fault_is_of_another_index() {
	build_and_execute(|| {
		let (commitment, fraud) = disordered();
		assert_noop!(challenge(BOB, 1, &fraud), Errors::NoIndex);
		assert_ok!(register(ALICE, 1, commitment));
		assert_ok!(register(ALICE, 2, honest().commitment()));
		assert_noop!(challenge(BOB, 2, &fraud), Errors::WrongSuffixes);
		let call = Spans::challenge(RuntimeOrigin::none(), 0, 1, Box::new(fraud));
		assert_noop!(call, BadOrigin);
	});
}

#[test]
fn challenge_should_cost_the_rest_of_the_bond_when_registrants_refute_themselves() {
	build_and_execute(|| {
		let (commitment, fraud) = disordered();
		assert_ok!(register(ALICE, 1, commitment));
		assert_ok!(challenge(ALICE, 1, &fraud));
		assert_eq!(Balances::reserved_balance(ALICE), 0);
		assert_eq!(Balances::free_balance(ALICE), RICH - BOND + REWARD);
	});
}

#[test]
fn challenge_should_leave_the_other_bonds_when_one_account_has_several() {
	build_and_execute(|| {
		let (commitment, fraud) = disordered();
		assert_ok!(register(ALICE, 1, commitment));
		assert_ok!(register(ALICE, 2, honest().commitment()));
		let one = Balances::reserved_balance(ALICE) / 2;
		assert_ok!(challenge(BOB, 1, &fraud));
		assert_eq!(Balances::reserved_balance(ALICE), one);
	});
}

#[test]
fn challenge_should_weigh_the_same_when_proofs_differ_and_fit_into_a_block() {
	use frame::deps::frame_support::dispatch::GetDispatchInfo;
	let weight = |fraud: &Fraud| {
		let fraud = Box::new(fraud.clone());
		Call::<Test>::challenge { datanet: 0, version: 1, fraud }
			.get_dispatch_info()
			.call_weight
	};
	let all: Vec<Weight> = faults().iter().map(|(_, fraud)| weight(fraud)).collect();
	assert!(all.iter().all(|one| *one == all[0]));
	// A thousandth of a second of one that has one.
	assert!(all[0].ref_time() < 5_000_000_000);
}

/// Everything that can be said against an index of which all leaves are known.
fn accusations(corpus: &Corpus, index: &Reference) -> Vec<Fraud> {
	let n = index.commitment().tokens;
	let mut all = Vec::new();
	for slot in 0..n + 2 {
		let opening = index.opening(slot).unwrap();
		let Opening { suffix, path, .. } = opening.clone();
		let Suffix { position, .. } = suffix;
		all.extend(index.cut(slot).map(Fraud::Order));
		all.push(Fraud::Misplaced { slot, number: slot, suffix, path });
		let other = index.opening((slot * 7 + 1) % (n + 2)).unwrap();
		all.push(Fraud::Twice { one: opening.clone(), other });
		let length = n.saturating_sub(position).min(SPAN.into());
		if let Some(text) = index.excerpt(position, length) {
			all.push(Fraud::Prefix { opening, text });
		}
	}
	for at in 0..index.leaves().chunks.len() as u64 {
		let Excerpt { chunks, path } = index.chunks(at, 1).unwrap();
		all.push(Fraud::Chunk { index: at, number: at, chunk: chunks[0].clone(), path });
		all.extend(index.chunks(at, 2).map(|text| Fraud::Rows { index: at, text }));
	}
	all.extend((0..n).filter_map(|position| corpus.accuse(index, position)));
	all
}

/// Rows that are all different, as a Datanet has them.
fn versions() -> impl Strategy<Value = Corpus> {
	let row = prop::collection::vec(0u8..4, 1..90);
	let rows = prop::collection::btree_set(row, 2..8);
	(rows, 1usize..4).prop_map(|(rows, each)| {
		let rows: Vec<Vec<u8>> = rows.into_iter().collect();
		Corpus::new(&rows.chunks(each).map(<[_]>::to_vec).collect::<Vec<_>>())
	})
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(32))]

	#[test]
	fn challenge_should_fail_when_the_index_is_built_honestly(corpus in versions()) {
		let mut builder = Builder::new();
		let text = corpus.text();
		for row in text.split_inclusive(|token| *token == SEPARATOR) {
			builder.push(&row[..row.len() - 1]).unwrap();
		}
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("index");
		let commitment = builder.write(&path, &|_| {}).unwrap();
		prop_assert_eq!(openledger_spans::Index::open(&path).unwrap().audit().unwrap(), None);
		let index = corpus.index();
		prop_assert_eq!(index.commitment(), commitment);
		build_and_execute(|| {
			publish(1, &corpus);
			assert_ok!(Spans::register(origin(ALICE), 1, 1, commitment));
			for fraud in accusations(&corpus, &index) {
				let challenged = Spans::challenge(origin(BOB), 1, 1, Box::new(fraud.clone()));
				assert!(challenged.is_err(), "{fraud:?}");
			}
			assert_eq!(Balances::total_balance(&ALICE), RICH);
		});
	}

	#[test]
	fn challenge_should_hold_when_the_text_is_another(
		corpus in versions(), a: prop::sample::Index, b: prop::sample::Index,
		token in prop_oneof![0u16..4, Just(256), Just(SEPARATOR)], what in 0..4,
	) {
		let honest = corpus.text();
		let mut text = honest.clone();
		let (a, b) = (a.index(text.len()), b.index(text.len()));
		match what {
			0 => text[a] = token,
			1 => text.swap(a, b),
			2 => text.rotate_left(a),
			_ => text.reverse(),
		}
		let index = Reference::of(Leaves::of_text(&text));
		build_and_execute(|| {
			publish(1, &corpus);
			assert_ok!(Spans::register(origin(ALICE), 1, 1, index.commitment()));
			// Any token that is wrong will do.
			let wrong: Vec<usize> = (0..text.len()).filter(|at| text[*at] != honest[*at]).collect();
			let fraud = wrong.get(b % wrong.len().max(1)).map(|at| *at as u64);
			if let Some(fraud) = fraud.and_then(|at| corpus.accuse(&index, at)) {
				assert_ok!(Spans::challenge(origin(BOB), 1, 1, Box::new(fraud)));
				assert_eq!(Balances::total_balance(&ALICE), RICH - BOND);
			} else {
				assert_eq!(text, honest);
			}
		});
	}
}
