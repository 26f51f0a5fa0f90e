//! What is proved against a registered index.

use crate::{
	mock::{Spans, *},
	*,
};
use frame::testing_prelude::*;
use openledger_core::{Spans as _, SpansCall, SpansFace};
use openledger_spans::{Builder, Index};
use openledger_spans_math::{reference::Deepest, MAX_DEPTH};

type Errors = crate::Error<Test>;

/// The index of a text, written and registered for a version.
fn indexed(folder: &tempfile::TempDir, version: Version, rows: &[&[u16]]) -> Index {
	let mut builder = Builder::new();
	rows.iter().for_each(|row| builder.push(row).unwrap());
	let path = folder.path().join(version.to_string());
	let commitment = builder.write(&path, &|_| {}).unwrap();
	assert_ok!(register(ALICE, version, commitment));
	Index::open(&path).unwrap()
}

const ROWS: [&[u16]; 3] = [&[1, 2, 3, 4], &[2, 3, 4, 5], &[9, 2, 3]];

#[test]
fn proofs_should_hold_when_they_are_made_from_the_registered_index() {
	let folder = tempfile::tempdir().unwrap();
	build_and_execute(|| {
		let index = indexed(&folder, 1, &ROWS);
		let query = [2, 3, 4, 7];
		let proof = index.prove(&query).unwrap();
		let found = <Spans as openledger_core::Spans>::verify_span(0, 1, &query, &proof).unwrap();
		assert_eq!((found.length, found.place.map(|place| place.row)), (3, Some(1)));
		assert_eq!(Spans::verify_span(0, 1, query.to_vec(), proof), Some(found));

		let span = [2, 3];
		let count = index.prove_count(&span).unwrap();
		let ranks = <Spans as openledger_core::Spans>::verify_count(0, 1, &span, &count).unwrap();
		assert_eq!(ranks, index.ranks(&span));
		assert_eq!(Spans::verify_count(0, 1, span.to_vec(), count), Some(3));
		let mut rows = Vec::new();
		for rank in ranks {
			let (opening, text) = index.prove_occurrence(&span, rank).unwrap();
			let place = Spans::verify_occurrence(0, 1, &span, &opening, &text).unwrap();
			rows.push(place.row);
		}
		rows.sort();
		assert_eq!(rows, [0, 1, 2]);
	});
}

#[test]
fn proofs_should_fail_when_they_are_of_another_index_or_query() {
	let folder = tempfile::tempdir().unwrap();
	build_and_execute(|| {
		let verify = |version, query: &[u16], proof: &SpanProof| {
			<Spans as openledger_core::Spans>::verify_span(0, version, query, proof)
		};
		let index = indexed(&folder, 1, &ROWS);
		indexed(&folder, 2, &ROWS[..2]);
		let (query, other) = ([2, 3], [4]);
		let proof = index.prove(&query).unwrap();
		assert_noop!(verify(3, &query, &proof), Errors::NoIndex);
		assert_noop!(verify(2, &query, &proof), Errors::WrongSuffixes);
		assert_noop!(verify(1, &other, &proof), Errors::WrongBracket);
		assert_noop!(verify(1, &[], &proof), Errors::BadQuery);
		let count = index.prove_count(&query).unwrap();
		assert_eq!(Spans::verify_count(0, 1, other.to_vec(), count), None);
		let (opening, mut text) =
			index.prove_occurrence(&query, index.ranks(&query).start).unwrap();
		let at =
			|span: &[u16], text: &Excerpt| Spans::verify_occurrence(0, 1, span, &opening, text);
		assert_noop!(at(&other, &text), Errors::Mismatch);
		text.path.pop();
		text.chunks[0].tokens[0] += 1;
		assert_noop!(at(&query, &text), Errors::WrongText);
		assert_ok!(verify(1, &query, &proof));
	});
}

#[test]
fn weight_should_grow_with_the_index_when_proofs_are_verified() {
	type Calls = fn(u32) -> SpansCall;
	let calls: [Calls; 3] = [
		|levels| SpansCall::Span { levels },
		|levels| SpansCall::Count { levels },
		|levels| SpansCall::Occurrence { levels },
	];
	let weight = |call| <Spans as SpansFace<u64>>::weight(call).ref_time();
	for call in calls {
		assert!(weight(call(0)) == weight(call(MIN_LEVELS)) && weight(call(0)) > 0);
		assert!((MIN_LEVELS..MAX_DEPTH).all(|n| weight(call(n)) < weight(call(n + 1))));
	}
}

#[test]
fn proofs_should_hold_when_they_are_the_deepest() {
	build_and_execute(|| {
		let Deepest { commitment, span, proof, count, occurrence, fraud } = Deepest::new(MAX_DEPTH);
		assert_ok!(register(ALICE, 1, commitment));
		assert!(Spans::verify_span(0, 1, span.clone(), proof).is_some());
		assert!(Spans::verify_count(0, 1, span.clone(), count).is_some());
		assert_ok!(Spans::verify_occurrence(0, 1, &span, &occurrence.0, &occurrence.1));
		assert_ok!(challenge(BOB, 1, &fraud));
	});
}
