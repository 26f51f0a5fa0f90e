//! What Solidity can do with the span indices.

use super::*;
use openledger_core::{SpansCall, SpansFace};

impl<T: Config> SpansFace<T::AccountId> for Pallet<T> {
	fn weight(call: SpansCall) -> Weight {
		match call {
			SpansCall::Register => T::WeightInfo::register(),
			SpansCall::Challenge => Self::challenge_weight(),
			SpansCall::Retire => T::WeightInfo::retire(),
			SpansCall::Remove => T::WeightInfo::remove(),
			SpansCall::Demand => T::WeightInfo::demand(),
			SpansCall::Show => T::WeightInfo::show(),
			SpansCall::EndDemand => T::WeightInfo::end_demand(),
			SpansCall::Read => T::WeightInfo::read(),
			SpansCall::Span { levels } => T::WeightInfo::verify_span(levels.max(MIN_LEVELS)),
			SpansCall::Count { levels } => T::WeightInfo::verify_count(levels.max(MIN_LEVELS)),
			SpansCall::Occurrence { levels } => {
				T::WeightInfo::verify_occurrence(levels.max(MIN_LEVELS))
			},
		}
	}

	fn registrant(datanet: DatanetId, version: Version) -> Option<T::AccountId> {
		Indices::<T>::get(datanet, version).map(|index| index.registrant)
	}

	fn register(
		who: T::AccountId,
		datanet: DatanetId,
		version: Version,
		commitment: Commitment,
	) -> Result<u32, DispatchError> {
		Self::do_register(who, datanet, version, commitment)
	}

	fn challenge(
		who: T::AccountId,
		datanet: DatanetId,
		version: Version,
		fraud: Fraud,
	) -> Result<(T::AccountId, Balance), DispatchError> {
		Self::do_challenge(who, datanet, version, &fraud)
	}

	fn retire(
		who: T::AccountId,
		datanet: DatanetId,
		version: Version,
	) -> Result<u32, DispatchError> {
		Self::do_retire(who, datanet, version)
	}

	fn remove(datanet: DatanetId, version: Version) -> DispatchResult {
		Self::do_remove(datanet, version)
	}

	fn demand(
		who: T::AccountId,
		datanet: DatanetId,
		version: Version,
		leaf: Leaf,
	) -> Result<u32, DispatchError> {
		Self::do_demand(who, datanet, version, leaf)
	}

	fn show(
		who: T::AccountId,
		datanet: DatanetId,
		version: Version,
		shown: Shown,
	) -> DispatchResult {
		Self::do_show(who, datanet, version, &shown)
	}

	fn end_demand(
		datanet: DatanetId,
		version: Version,
		leaf: Leaf,
	) -> Result<(T::AccountId, Option<(T::AccountId, Balance)>), DispatchError> {
		Self::do_end_demand(datanet, version, leaf)
	}
}
