//! Weights of `pallet_agents`, measured on the compiled runtime by `scripts/bench weights`.
//!
//! 2026-11-21 · AMD EPYC · 2 steps, 20 repeats, worst case kept between
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
	fn deregister() -> Weight;
	fn read() -> Weight;
}

/// Weights on the reference machine.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn register() -> Weight {
		Weight::from_parts(68_072_000, 3766)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn set_card() -> Weight {
		Weight::from_parts(14_372_000, 3594)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn set_active() -> Weight {
		Weight::from_parts(13_871_000, 3594)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn transfer_agent() -> Weight {
		Weight::from_parts(13_941_000, 3594)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn list_skill() -> Weight {
		Weight::from_parts(73_910_000, 3766)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn unlist_skill() -> Weight {
		Weight::from_parts(68_131_000, 3766)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn call_skill() -> Weight {
		Weight::from_parts(140_419_000, 8799)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(126_639_000, 6196)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	fn deregister() -> Weight {
		Weight::from_parts(174_249_000, 8799)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(8))
	}
	fn read() -> Weight {
		Weight::from_parts(5_749_000, 3594).saturating_add(T::DbWeight::get().reads(1))
	}
}
