//! What is proved against a registered index.

use crate::{
	mock::{Datanets, Spans, *},
	*,
};
use frame::testing_prelude::*;
use openledger_core::{Spans as _, SpansCall, SpansFace};
use openledger_spans::{Builder, Index};
use openledger_spans_math::{
	reference::{Corpus, Deepest},
	MAX_DEPTH, SEPARATOR,
};

type Errors = crate::Error<Test>;

/// The index of a version, written and registered.
fn indexed(folder: &tempfile::TempDir, datanet: DatanetId, corpus: &Corpus) -> Index {
	publish(datanet, corpus);
	let mut builder = Builder::new();
	for row in corpus.text().split_inclusive(|token| *token == SEPARATOR) {
		builder.push(&row[..row.len() - 1]).unwrap();
	}
	let path = folder.path().join(datanet.to_string());
	let commitment = builder.write(&path, &|_| {}).unwrap();
	assert_ok!(Spans::register(origin(ALICE), datanet, 1, commitment));
	Index::open(&path).unwrap()
}

/// Three batches, so that Carol has two.
fn corpus() -> Corpus {
	let rows = [&[1, 2, 3, 4][..], &[2, 3, 4, 5], &[9, 2, 3]];
	Corpus::new(&rows.map(|row| vec![row.to_vec()]))
}

#[test]
fn proofs_should_hold_when_they_are_made_from_the_registered_index() {
	let folder = tempfile::tempdir().unwrap();
	build_and_execute(|| {
		let index = indexed(&folder, 1, &corpus());
		let query = [2, 3, 4, 7];
		let proof = index.prove(&query).unwrap();
		let found = <Spans as openledger_core::Spans>::verify_span(1, 1, &query, &proof).unwrap();
		assert_eq!((found.length, found.place.map(|place| place.row)), (3, Some(1)));
		assert_eq!(Spans::verify_span(1, 1, query.to_vec(), proof), Some(found));

		let span = [2, 3];
		let count = index.prove_count(&span).unwrap();
		let ranks = <Spans as openledger_core::Spans>::verify_count(1, 1, &span, &count).unwrap();
		assert_eq!(ranks, index.ranks(&span));
		assert_eq!(Spans::verify_count(1, 1, span.to_vec(), count), Some(3));
		let mut owners = Vec::new();
		for rank in ranks {
			let (opening, text) = index.prove_occurrence(&span, rank).unwrap();
			let place = Spans::verify_occurrence(1, 1, &span, &opening, &text).unwrap();
			let row = <Datanets as openledger_core::Datanets<_>>::row(1, 1, place.row).unwrap();
			owners.push((place.row, row.batch, row.index, row.block, row.owner));
		}
		owners.sort();
		assert_eq!(owners, [(0, 0, 0, 0, CAROL), (1, 1, 0, 1, DAVE), (2, 2, 0, 0, CAROL)]);
		assert_eq!(<Datanets as openledger_core::Datanets<_>>::row(1, 1, 3), None);
		assert_eq!(<Datanets as openledger_core::Datanets<_>>::row(1, 2, 0), None);
	});
}

#[test]
fn proofs_should_fail_when_they_are_of_another_index_or_query() {
	let folder = tempfile::tempdir().unwrap();
	build_and_execute(|| {
		let verify = |datanet, query: &[u16], proof: &SpanProof| {
			<Spans as openledger_core::Spans>::verify_span(datanet, 1, query, proof)
		};
		let index = indexed(&folder, 1, &corpus());
		indexed(&folder, 2, &Corpus::new(&[vec![vec![1, 2, 3, 4]]]));
		let (query, other) = ([2, 3], [4]);
		let proof = index.prove(&query).unwrap();
		assert_noop!(verify(3, &query, &proof), Errors::NoIndex);
		assert_noop!(verify(2, &query, &proof), Errors::WrongSuffixes);
		assert_noop!(verify(1, &other, &proof), Errors::WrongBracket);
		assert_noop!(verify(1, &[], &proof), Errors::BadQuery);
		let count = index.prove_count(&query).unwrap();
		assert_eq!(Spans::verify_count(1, 1, other.to_vec(), count), None);
		let (opening, mut text) =
			index.prove_occurrence(&query, index.ranks(&query).start).unwrap();
		let at =
			|span: &[u16], text: &Excerpt| Spans::verify_occurrence(1, 1, span, &opening, text);
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
		assert_ok!(register(ALICE, 1, honest().commitment()));
		// No version is so long.
		Indices::<Test>::mutate(0, 1, |index| index.as_mut().unwrap().commitment = commitment);
		assert!(Spans::verify_span(0, 1, span.clone(), proof).is_some());
		assert!(Spans::verify_count(0, 1, span.clone(), count).is_some());
		assert_ok!(Spans::verify_occurrence(0, 1, &span, &occurrence.0, &occurrence.1));
		assert_ok!(challenge(BOB, 1, &fraud));
	});
}
