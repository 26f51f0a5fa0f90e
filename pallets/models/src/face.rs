//! What Solidity can read of the models.

use super::*;
use openledger_core::ModelsFace;

impl<T: Config> ModelsFace<T::AccountId> for Pallet<T> {
	fn weight() -> Weight {
		// A lineage is at most 33 reads of models, all else is less.
		T::WeightInfo::read().saturating_mul(33)
	}

	fn lineage(model: ModelId) -> Vec<ModelId> {
		Self::lineage(model)
	}
}
