//! What Solidity can read of the models.

use super::*;
use openledger_core::ModelsFace;

impl<T: Config> ModelsFace<T::AccountId> for Pallet<T> {
	fn weight() -> Weight {
		// A lineage is at most 33 reads, all else is less.
		Weight::from_parts(40_000_000, 16_384).saturating_add(T::DbWeight::get().reads(33))
	}

	fn lineage(model: ModelId) -> Vec<ModelId> {
		Self::lineage(model)
	}
}
