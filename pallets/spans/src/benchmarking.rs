//! Benchmarks of the calls and of verification, each in its worst case.
#![allow(missing_docs)]

use super::*;
use codec::{Decode, Encode};
use frame::benchmarking::prelude::*;
use openledger_core::MAX_BLOCKS;
use openledger_spans_math::{self as math, reference::Deepest, MAX_DEPTH};

/// Makes what benchmarks need of other pallets.
pub trait BenchmarkHelper<AccountId> {
	/// Gives an account what bonds and deposits need.
	fn endow(who: &AccountId);
	/// A published version with `blocks` contributors.
	fn version(curator: &AccountId, blocks: u32) -> (DatanetId, Version);
}

fn rich<T: Config>(name: &'static str) -> T::AccountId {
	let who = account(name, 0, 0);
	T::BenchmarkHelper::endow(&who);
	who
}

/// A version with as many batches as there can be, and a commitment to a text as long as its.
fn version<T: Config>() -> (DatanetId, Version, Commitment) {
	let (datanet, version) = T::BenchmarkHelper::version(&rich::<T>("curator"), MAX_BLOCKS);
	let source = T::Datanets::source(datanet, version).expect("it is published; qed");
	(datanet, version, Commitment { tokens: source.tokens(), ..Default::default() })
}

/// A registered index, as deep as there can be.
fn indexed<T: Config>(registrant: &T::AccountId) -> (DatanetId, Version) {
	let (datanet, version, commitment) = version::<T>();
	Pallet::<T>::do_register(registrant.clone(), datanet, version, commitment)
		.expect("the registrant is rich; qed");
	Indices::<T>::mutate(datanet, version, |index| {
		if let Some(index) = index {
			index.commitment = Deepest::new(MAX_DEPTH).commitment;
		}
	});
	(datanet, version)
}

/// The largest leaf that can be demanded.
fn shown() -> Shown {
	let (opening, _) = Deepest::new(MAX_DEPTH).occurrence;
	Shown::Slot(opening)
}

#[benchmarks]
mod benches {
	use super::*;

	#[cfg(test)]
	use crate::mock::{state, Test};
	impl_benchmark_test_suite!(Pallet, state(), Test);

	#[benchmark]
	fn register() {
		let (datanet, version, commitment) = version::<T>();
		let registrant = rich::<T>("registrant");

		#[extrinsic_call]
		_(RawOrigin::Signed(registrant), datanet, version, commitment);

		assert!(Indices::<T>::contains_key(datanet, version));
	}

	#[benchmark]
	fn challenge() {
		let (datanet, version) = indexed::<T>(&rich::<T>("registrant"));
		// The pot exists on a chain.
		T::BenchmarkHelper::endow(&T::ProtocolPot::get());
		let (challenger, fraud) = (rich::<T>("challenger"), Deepest::new(MAX_DEPTH).fraud);

		#[extrinsic_call]
		_(RawOrigin::Signed(challenger), datanet, version, Box::new(fraud));

		assert!(!Indices::<T>::contains_key(datanet, version));
	}

	#[benchmark]
	fn retire() {
		let registrant = rich::<T>("registrant");
		let (datanet, version) = indexed::<T>(&registrant);

		#[extrinsic_call]
		_(RawOrigin::Signed(registrant), datanet, version);

		assert!(Indices::<T>::get(datanet, version).is_some_and(|index| index.free_at.is_some()));
	}

	#[benchmark]
	fn remove() -> Result<(), BenchmarkError> {
		let registrant = rich::<T>("registrant");
		let (datanet, version) = indexed::<T>(&registrant);
		let free_at = Pallet::<T>::do_retire(registrant.clone(), datanet, version)?;
		frame_system::Pallet::<T>::set_block_number(free_at.into());

		#[extrinsic_call]
		_(RawOrigin::Signed(registrant), datanet, version);

		assert!(!Indices::<T>::contains_key(datanet, version));
		Ok(())
	}

	#[benchmark]
	fn demand() {
		let (datanet, version) = indexed::<T>(&rich::<T>("registrant"));
		let (asker, leaf) = (rich::<T>("asker"), shown().leaf());

		#[extrinsic_call]
		_(RawOrigin::Signed(asker), datanet, version, leaf);

		assert!(Demands::<T>::contains_key((datanet, version, leaf)));
	}

	#[benchmark]
	fn show() -> Result<(), BenchmarkError> {
		let (datanet, version) = indexed::<T>(&rich::<T>("registrant"));
		let (other, shown) = (rich::<T>("other"), shown());
		let leaf = shown.leaf();
		Pallet::<T>::do_demand(rich::<T>("asker"), datanet, version, leaf)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(other), datanet, version, Box::new(shown));

		assert!(!Demands::<T>::contains_key((datanet, version, leaf)));
		Ok(())
	}

	/// With which the index falls.
	#[benchmark]
	fn end_demand() -> Result<(), BenchmarkError> {
		let (datanet, version) = indexed::<T>(&rich::<T>("registrant"));
		let leaf = shown().leaf();
		let until = Pallet::<T>::do_demand(rich::<T>("asker"), datanet, version, leaf)?;
		let other = rich::<T>("other");
		frame_system::Pallet::<T>::set_block_number(until.saturating_add(1).into());
		// The pot exists on a chain.
		T::BenchmarkHelper::endow(&T::ProtocolPot::get());

		#[extrinsic_call]
		_(RawOrigin::Signed(other), datanet, version, leaf);

		assert!(!Indices::<T>::contains_key(datanet, version));
		Ok(())
	}

	/// Looks an index up twice, as its verification does after its size was asked for.
	#[benchmark]
	fn read() {
		use openledger_core::SpansFace;
		let (datanet, version) = indexed::<T>(&rich::<T>("registrant"));
		let (index, registrant);

		#[block]
		{
			index = <Pallet<T> as Spans>::span_index(datanet, version);
			registrant = Pallet::<T>::registrant(datanet, version);
		}

		assert!(index.is_some() && registrant.is_some());
	}

	/// In trees of `n` levels.
	#[benchmark]
	fn verify_span(n: Linear<7, 40>) {
		let Deepest { commitment, span, proof, .. } = Deepest::new(n);
		let proof = proof.encode();
		let found;

		#[block]
		{
			found = SpanProof::decode(&mut &proof[..])
				.map(|proof| math::verify_span(&commitment, &span, &proof));
		}

		assert!(matches!(found, Ok(Ok(_))));
	}

	/// In a tree of `n` levels.
	#[benchmark]
	fn verify_count(n: Linear<7, 40>) {
		let Deepest { commitment, span, count, .. } = Deepest::new(n);
		let proof = count.encode();
		let ranks;

		#[block]
		{
			ranks = CountProof::decode(&mut &proof[..])
				.map(|proof| math::verify_count(&commitment, &span, &proof));
		}

		assert!(matches!(ranks, Ok(Ok(_))));
	}

	/// In trees of `n` levels.
	#[benchmark]
	fn verify_occurrence(n: Linear<7, 40>) {
		let Deepest { commitment, span, occurrence, .. } = Deepest::new(n);
		let proof = occurrence.encode();
		let place;

		#[block]
		{
			place = <(Opening, Excerpt)>::decode(&mut &proof[..]).map(|(opening, text)| {
				math::verify_occurrence(&commitment, &span, &opening, &text)
			});
		}

		assert!(matches!(place, Ok(Ok(_))));
	}

	/// The fault that takes the longest, without what a challenge costs in any case.
	#[benchmark]
	fn verify_foreign() {
		let (commitment, source, fraud) = Deepest::foreign();
		let fraud = fraud.encode();
		let found;

		#[block]
		{
			found = Fraud::decode(&mut &fraud[..])
				.map(|fraud| math::verify_fraud(&commitment, &source, &fraud));
		}

		assert!(matches!(found, Ok(Ok(()))));
	}
}
