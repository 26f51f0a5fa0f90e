//! Weights of the calls.
#![allow(missing_docs)]

use frame::weights_prelude::*;

/// What each call costs.
pub trait WeightInfo {
	fn create() -> Weight;
	fn set_terms() -> Weight;
	fn set_curator() -> Weight;
	fn contribute(n: u32) -> Weight;
	fn review(n: u32) -> Weight;
	fn publish(n: u32) -> Weight;
	fn withdraw_row() -> Weight;
	fn buy_licence() -> Weight;
	fn claim_for() -> Weight;
}

/// Estimates of a laptop-class core, to be replaced by the output of `benchmark pallet`.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn create() -> Weight {
		Weight::from_parts(40_000_000, 12288).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}
	fn set_terms() -> Weight {
		Weight::from_parts(15_000_000, 4096).saturating_add(T::DbWeight::get().reads_writes(1, 1))
	}
	fn set_curator() -> Weight {
		Weight::from_parts(15_000_000, 4096).saturating_add(T::DbWeight::get().reads_writes(1, 1))
	}
	fn contribute(n: u32) -> Weight {
		Weight::from_parts(50_000_000, 12288)
			.saturating_add(Weight::from_parts(5000000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads_writes(1, 1).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads_writes(3, 4))
	}
	fn review(n: u32) -> Weight {
		Weight::from_parts(50_000_000, 24576)
			.saturating_add(Weight::from_parts(3000000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads_writes(1, 1).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads_writes(6, 5))
	}
	fn publish(n: u32) -> Weight {
		Weight::from_parts(60_000_000, 16384)
			.saturating_add(Weight::from_parts(9000000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads_writes(1, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads_writes(4, 4))
	}
	fn withdraw_row() -> Weight {
		Weight::from_parts(45_000_000, 24576).saturating_add(T::DbWeight::get().reads_writes(6, 6))
	}
	fn buy_licence() -> Weight {
		Weight::from_parts(140_000_000, 40960)
			.saturating_add(T::DbWeight::get().reads_writes(10, 9))
	}
	fn claim_for() -> Weight {
		Weight::from_parts(60_000_000, 20480).saturating_add(T::DbWeight::get().reads_writes(5, 5))
	}
}

impl WeightInfo for () {
	fn create() -> Weight {
		Weight::from_parts(40_000_000, 0)
	}
	fn set_terms() -> Weight {
		Weight::from_parts(15_000_000, 0)
	}
	fn set_curator() -> Weight {
		Weight::from_parts(15_000_000, 0)
	}
	fn contribute(_: u32) -> Weight {
		Weight::from_parts(50_000_000, 0)
	}
	fn review(_: u32) -> Weight {
		Weight::from_parts(50_000_000, 0)
	}
	fn publish(_: u32) -> Weight {
		Weight::from_parts(60_000_000, 0)
	}
	fn withdraw_row() -> Weight {
		Weight::from_parts(45_000_000, 0)
	}
	fn buy_licence() -> Weight {
		Weight::from_parts(140_000_000, 0)
	}
	fn claim_for() -> Weight {
		Weight::from_parts(60_000_000, 0)
	}
}
