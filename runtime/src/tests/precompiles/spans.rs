//! Span indices from Solidity.

use super::*;
use openledger_spans_math::{
	reference::{Corpus, Leaves, Reference},
	Fraud, Shown,
};
use pallet_spans::{HoldReason, CHALLENGER_CUT};

fn corpus() -> Corpus {
	Corpus::new(&[vec![vec![1, 2, 3], vec![2, 3, 4]]])
}

/// A Datanet with version 1, of one batch.
pub(super) fn published() -> u32 {
	let id = ask(&owner(), DATANETS, create(0)).unwrap();
	let corpus = corpus();
	let rows: Vec<_> = corpus.listing().rows().collect();
	let contribute = IDatanets::contributeCall {
		id,
		hashes: rows.iter().map(|(hash, _)| hash.0.into()).collect(),
		lengths: rows.iter().map(|(_, bytes)| *bytes).collect(),
	};
	let batch = ask(&owner(), DATANETS, contribute).unwrap();
	publish(&owner(), id, &[batch]);
	id
}

pub(super) fn honest() -> Reference {
	corpus().index()
}

/// An index that counts a row too many, and the proof of it.
pub(super) fn faulty() -> (Reference, Fraud) {
	let mut leaves = honest().leaves().clone();
	leaves.chunks[0].row = 1;
	let index = Reference::of(leaves);
	let chunk = index.leaves().chunks[0].clone();
	let path = index.chunks(0, 1).unwrap().path;
	(index, Fraud::Chunk { index: 0, number: 0, chunk, path })
}

/// An index of rows that nobody contributed, and the proof of it.
fn foreign() -> (Reference, Fraud) {
	let index = Reference::of(Leaves::of_text(&[9; 8]));
	let fraud = corpus().accuse(&index, 5).unwrap();
	(index, fraud)
}

pub(super) fn register(datanet: u32, index: &Reference) -> IAttribution::registerSpansCall {
	let commitment = index.commitment();
	IAttribution::registerSpansCall {
		datanet,
		version: 1,
		tokens: commitment.tokens,
		textRoot: commitment.text_root.0.into(),
		suffixRoot: commitment.suffix_root.0.into(),
	}
}

pub(super) fn verify_span(
	datanet: u32,
	index: &Reference,
	query: &[u16],
) -> IAttribution::verifySpanCall {
	let proof = index.prove_span(query).unwrap().encode().into();
	IAttribution::verifySpanCall { datanet, version: 1, query: query.to_vec(), proof }
}

pub(super) fn verify_count(
	datanet: u32,
	index: &Reference,
	span: &[u16],
) -> IAttribution::verifyCountCall {
	let proof = index.prove_count(span).unwrap().encode().into();
	IAttribution::verifyCountCall { datanet, version: 1, span: span.to_vec(), proof }
}

pub(super) fn verify_occurrence(
	datanet: u32,
	index: &Reference,
	span: &[u16],
	rank: u64,
) -> IAttribution::verifyOccurrenceCall {
	let opening = index.opening(rank + 1).unwrap();
	let text = index.excerpt(opening.suffix.position, span.len() as u64).unwrap();
	let proof = (opening, text).encode().into();
	IAttribution::verifyOccurrenceCall { datanet, version: 1, span: span.to_vec(), proof }
}

pub(super) fn show(datanet: u32, index: &Reference, slot: u64) -> IAttribution::showSpanCall {
	let shown = Shown::Slot(index.opening(slot).unwrap()).encode().into();
	IAttribution::showSpanCall { datanet, version: 1, shown }
}

pub(super) fn demand(datanet: u32, place: u64) -> IAttribution::demandSpanCall {
	IAttribution::demandSpanCall { datanet, version: 1, inText: false, place }
}

pub(super) fn end_demand(datanet: u32, place: u64) -> IAttribution::endSpanDemandCall {
	IAttribution::endSpanDemandCall { datanet, version: 1, inText: false, place }
}

pub(super) fn challenge(datanet: u32, fraud: &Fraud) -> IAttribution::challengeSpansCall {
	let fraud = fraud.encode().into();
	IAttribution::challengeSpansCall { datanet, version: 1, fraud }
}

fn bonded(who: &AccountId) -> Balance {
	use frame_support::traits::fungible::InspectHold;
	Balances::balance_on_hold(&RuntimeHoldReason::Spans(HoldReason::Bond), who)
}

#[test]
fn spans_should_be_verified_when_their_index_is_registered() {
	development().execute_with(|| {
		let id = published();
		let (who, index) = (other(), honest());
		let final_at = ask(&who, ATTRIBUTION, register(id, &index)).unwrap();
		assert_eq!(bonded(&who), 1_000 * UNIT);
		let shown = || {
			let call = IAttribution::spanIndexCall { datanet: id, version: 1 };
			ask(&owner(), ATTRIBUTION, call).unwrap()
		};
		let commitment = index.commitment();
		assert_eq!((shown().registrant, shown().tokens), (at(&who), commitment.tokens));
		assert_eq!(shown().textRoot.0, commitment.text_root.0);
		assert_eq!(shown().suffixRoot.0, commitment.suffix_root.0);
		assert!(!shown().isFinal);

		let call = verify_span(id, &index, &[2, 3, 4, 5]);
		let found = ask(&owner(), ATTRIBUTION, call.clone()).unwrap();
		let row = corpus().text().chunks(4).position(|row| row[..3] == [2, 3, 4]).unwrap() as u64;
		assert_eq!((found.length, found.position, found.row), (3, 4 * row, row));
		assert!(!found.isFinal);
		let row_of = |number, row| IDatanets::rowOfCall { id, number, row };
		let of = ask(&other(), DATANETS, row_of(1, found.row)).unwrap();
		assert_eq!((of.batch, of.index, of.blockIndex), (0, row as u32, 0));
		assert_eq!(of.owner, at(&owner()));
		for (number, row) in [(1, 2), (1, u64::MAX), (2, 0)] {
			assert_eq!(refusal(&other(), DATANETS, row_of(number, row)), "NoRow");
		}
		let nowhere = ask(&owner(), ATTRIBUTION, verify_span(id, &index, &[9])).unwrap();
		assert_eq!((nowhere.length, nowhere.position, nowhere.row), (0, 0, 0));
		let counted = ask(&owner(), ATTRIBUTION, verify_count(id, &index, &[2, 3])).unwrap();
		assert_eq!(counted.count, 2);
		let mut rows = Vec::new();
		for rank in counted.first..counted.first + counted.count {
			let call = verify_occurrence(id, &index, &[2, 3], rank);
			let place = ask(&owner(), ATTRIBUTION, call).unwrap();
			assert_eq!(place.rank, rank);
			rows.push(place.row);
		}
		rows.sort();
		assert_eq!(rows, [0, 1]);

		let refused = |call: IAttribution::verifySpanCall| refusal(&owner(), ATTRIBUTION, call);
		let other = IAttribution::verifySpanCall { query: vec![1], ..call.clone() };
		assert_eq!(refused(other), "WrongBracket");
		let elsewhere = IAttribution::verifySpanCall { version: 2, ..call.clone() };
		assert_eq!(refused(elsewhere), "NoIndex");
		let mut proof = call.proof.to_vec();
		proof.push(0);
		let longer = IAttribution::verifySpanCall { proof: proof.into(), ..call.clone() };
		assert_eq!(refused(longer), "the bytes are no such proof");
		assert_eq!(refused(verify_span(id, &faulty().0, &[1])), "WrongText");
		assert_eq!(refused(verify_span(id, &foreign().0, &[1])), "WrongSuffixes");

		System::set_block_number(final_at);
		assert!(shown().isFinal);
		assert!(ask(&owner(), ATTRIBUTION, call).unwrap().isFinal);
		assert!(ask(&owner(), ATTRIBUTION, verify_count(id, &index, &[2, 3])).unwrap().isFinal);
	});
}

#[test]
fn challenger_should_be_paid_when_it_shows_a_fault_from_solidity() {
	development().execute_with(|| {
		let id = published();
		let (index, fraud) = faulty();
		ask(&other(), ATTRIBUTION, register(id, &index)).unwrap();
		let (mine, theirs) = (Balances::balance(&owner()), Balances::total_balance(&other()));
		let pot = Balances::balance(&pots::Treasury::get());
		let reward = ask(&owner(), ATTRIBUTION, challenge(id, &fraud)).unwrap();
		assert_eq!(reward, wei(1_000 * UNIT * Balance::from(CHALLENGER_CUT) / 10_000));
		assert_eq!(wei(Balances::balance(&owner()) - mine), reward);
		assert_eq!(theirs - Balances::total_balance(&other()), 1_000 * UNIT);
		assert_eq!(Balances::balance(&pots::Treasury::get()) - pot, 700 * UNIT);
		assert_eq!(refusal(&owner(), ATTRIBUTION, challenge(id, &fraud)), "NoIndex");

		// Nor is one of another text left, or taken that is longer.
		let (index, fraud) = foreign();
		let longer = Reference::of(Leaves::of_text(&[9; 9]));
		assert_eq!(refusal(&other(), ATTRIBUTION, register(id, &longer)), "WrongLength");
		ask(&other(), ATTRIBUTION, register(id, &index)).unwrap();
		assert_eq!(ask(&owner(), ATTRIBUTION, challenge(id, &fraud)), Ok(reward));

		// An honest one cannot be challenged, and its bond comes back.
		ask(&other(), ATTRIBUTION, register(id, &honest())).unwrap();
		assert_eq!(refusal(&owner(), ATTRIBUTION, challenge(id, &fraud)), "WrongText");
		let retire = IAttribution::retireSpansCall { datanet: id, version: 1 };
		let remove = IAttribution::removeSpansCall { datanet: id, version: 1 };
		assert_eq!(refusal(&owner(), ATTRIBUTION, retire.clone()), "NotRegistrant");
		let free_at = ask(&other(), ATTRIBUTION, retire).unwrap();
		assert_eq!(refusal(&owner(), ATTRIBUTION, remove.clone()), "StillBonded");
		System::set_block_number(free_at);
		ask(&owner(), ATTRIBUTION, remove).unwrap();
		assert_eq!(bonded(&other()), 0);
	});
}

#[test]
fn index_should_fall_when_a_leaf_that_solidity_demands_is_not_shown() {
	development().execute_with(|| {
		let (id, index) = (published(), honest());
		ask(&other(), ATTRIBUTION, register(id, &index)).unwrap();
		let mine = Balances::total_balance(&owner());
		let until = ask(&owner(), ATTRIBUTION, demand(id, 3)).unwrap();
		assert_eq!(refusal(&owner(), ATTRIBUTION, demand(id, 3)), "AlreadyDemanded");
		assert_eq!(refusal(&owner(), ATTRIBUTION, demand(id, 10)), "NoLeaf");
		let in_text = IAttribution::demandSpanCall { inText: true, place: 1, ..demand(id, 0) };
		assert_eq!(refusal(&owner(), ATTRIBUTION, in_text), "NoLeaf");
		ask(&other(), ATTRIBUTION, show(id, &index, 3)).unwrap();
		assert_eq!(mine - Balances::total_balance(&owner()), UNIT);
		assert_eq!(refusal(&other(), ATTRIBUTION, show(id, &index, 3)), "NotDemanded");

		assert_eq!(ask(&owner(), ATTRIBUTION, demand(id, 4)), Ok(until));
		System::set_block_number(until);
		assert_eq!(refusal(&other(), ATTRIBUTION, end_demand(id, 4)), "StillOpen");
		System::set_block_number(until + 1);
		assert_eq!(refusal(&other(), ATTRIBUTION, show(id, &index, 4)), "TooLate");
		ask(&other(), ATTRIBUTION, end_demand(id, 4)).unwrap();
		assert_eq!(Balances::total_balance(&owner()) - mine, 299 * UNIT);
		assert_eq!(bonded(&other()), 0);
		let (challenger, registrant) = (at(&owner()), at(&other()));
		let (datanet, version, reward) = (id, 1, wei(300 * UNIT));
		assert!(logged(
			ATTRIBUTION,
			&IAttribution::SpansRefuted { datanet, version, challenger, registrant, reward },
		));
		let index = IAttribution::spanIndexCall { datanet, version };
		assert_eq!(refusal(&owner(), ATTRIBUTION, index), "NoIndex");
	});
}

#[test]
fn challenge_should_fit_into_a_transaction_when_the_proof_is_the_largest() {
	use frame_support::dispatch::{DispatchClass, GetDispatchInfo};
	let (.., fraud) = openledger_spans_math::reference::Deepest::foreign();
	let call =
		pallet_spans::Call::<Runtime>::challenge { datanet: 0, version: 1, fraud: Box::new(fraud) };
	let limits = system::RuntimeBlockWeights::get();
	let most = limits.get(DispatchClass::Normal).max_extrinsic.unwrap();
	assert!(call.get_dispatch_info().call_weight.ref_time() < most.ref_time() / 100);
	assert!(call.encoded_size() < 80_000);
}
