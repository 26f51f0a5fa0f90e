//! Weights of the calls.
#![allow(missing_docs)]

use frame::weights_prelude::*;

/// What each call costs.
pub trait WeightInfo {
	fn register() -> Weight;
	fn set_card() -> Weight;
	fn set_active() -> Weight;
	fn transfer_agent() -> Weight;
	fn list_skill() -> Weight;
	fn unlist_skill() -> Weight;
	fn call_skill() -> Weight;
	fn withdraw() -> Weight;
}

/// Estimates of a laptop-class core, to be replaced by the output of `benchmark pallet`.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn register() -> Weight {
		Weight::from_parts(45_000_000, 12288).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}
	fn set_card() -> Weight {
		Weight::from_parts(15_000_000, 4096).saturating_add(T::DbWeight::get().reads_writes(1, 1))
	}
	fn set_active() -> Weight {
		Weight::from_parts(15_000_000, 4096).saturating_add(T::DbWeight::get().reads_writes(1, 1))
	}
	fn transfer_agent() -> Weight {
		Weight::from_parts(50_000_000, 16384).saturating_add(T::DbWeight::get().reads_writes(4, 4))
	}
	fn list_skill() -> Weight {
		Weight::from_parts(45_000_000, 16384).saturating_add(T::DbWeight::get().reads_writes(4, 4))
	}
	fn unlist_skill() -> Weight {
		Weight::from_parts(40_000_000, 12288).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}
	fn call_skill() -> Weight {
		Weight::from_parts(110_000_000, 28672).saturating_add(T::DbWeight::get().reads_writes(7, 6))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(60_000_000, 16384).saturating_add(T::DbWeight::get().reads_writes(4, 3))
	}
}

impl WeightInfo for () {
	fn register() -> Weight {
		Weight::from_parts(45_000_000, 0)
	}
	fn set_card() -> Weight {
		Weight::from_parts(15_000_000, 0)
	}
	fn set_active() -> Weight {
		Weight::from_parts(15_000_000, 0)
	}
	fn transfer_agent() -> Weight {
		Weight::from_parts(50_000_000, 0)
	}
	fn list_skill() -> Weight {
		Weight::from_parts(45_000_000, 0)
	}
	fn unlist_skill() -> Weight {
		Weight::from_parts(40_000_000, 0)
	}
	fn call_skill() -> Weight {
		Weight::from_parts(110_000_000, 0)
	}
	fn withdraw() -> Weight {
		Weight::from_parts(60_000_000, 0)
	}
}
