//! Faults are paid for, and honest indices have none.

use crate::{
	mock::{Spans, *},
	*,
};
use frame::testing_prelude::*;
use openledger_spans::Builder;
use openledger_spans_math::{
	reference::{Leaves, Reference},
	Suffix, CHUNK, SPAN,
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
	let text = prefix.excerpt(opening.suffix.position, rest).unwrap();

	let twice = forged(|leaves| leaves.suffixes[4] = leaves.suffixes[3].clone());
	let (one, other) = (twice.opening(3).unwrap(), twice.opening(4).unwrap());

	let misplaced = forged(|leaves| leaves.suffixes[0].position = 0);
	let Opening { slot, suffix, path } = misplaced.opening(0).unwrap();

	let chunk = forged(|leaves| leaves.chunks[0].row = 1);
	let whole = chunk.chunks(0, 1).unwrap();

	let mut leaves = Leaves::new(&[[7; CHUNK as usize], [8; CHUNK as usize]]);
	leaves.chunks[1].row = 1;
	let rows = Reference::of(leaves);
	let both = rows.chunks(0, 2).unwrap();

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
	]
}

/// What a challenger gets of a bond.
const REWARD: Balance = BOND * 3 / 10;

#[test]
fn challenge_should_slash_and_pay_when_an_index_has_any_fault() {
	let faults = faults();
	let kinds: std::collections::BTreeSet<u8> =
		faults.iter().map(|(_, fraud)| fraud.encode()[0]).collect();
	assert_eq!(kinds.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
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
fn accusations(index: &Reference) -> Vec<Fraud> {
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
	all
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(32))]

	#[test]
	fn challenge_should_fail_when_the_index_is_built_honestly(
		rows in prop::collection::vec(prop::collection::vec(0u16..4, 0..90), 2..5),
	) {
		let mut builder = Builder::new();
		rows.iter().for_each(|row| builder.push(row).unwrap());
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("index");
		let commitment = builder.write(&path, &|_| {}).unwrap();
		prop_assert_eq!(openledger_spans::Index::open(&path).unwrap().audit().unwrap(), None);
		let index = Reference::new(&rows);
		prop_assert_eq!(index.commitment(), commitment);
		build_and_execute(|| {
			assert_ok!(register(ALICE, 1, commitment));
			for fraud in accusations(&index) {
				assert!(challenge(BOB, 1, &fraud).is_err(), "{fraud:?}");
			}
			assert_eq!(Balances::total_balance(&ALICE), RICH);
		});
	}
}
