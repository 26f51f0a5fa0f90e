//! Weights of `pallet_spans`: at least ten times what its calls and the verification of the deepest
//! proofs take natively. `scripts/bench weights --pallet spans` measures them on the compiled runtime.
#![allow(missing_docs)]

use frame::weights_prelude::*;

/// What each call costs.
pub trait WeightInfo {
	fn register() -> Weight;
	fn challenge() -> Weight;
	fn retire() -> Weight;
	fn remove() -> Weight;
	fn demand() -> Weight;
	fn show() -> Weight;
	fn end_demand() -> Weight;
	fn read() -> Weight;
	fn verify_span(n: u32) -> Weight;
	fn verify_count(n: u32) -> Weight;
	fn verify_occurrence(n: u32) -> Weight;
	fn verify_foreign() -> Weight;
}

/// Weights on the reference machine.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn register() -> Weight {
		Weight::from_parts(620_000_000, 18943)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn challenge() -> Weight {
		Weight::from_parts(800_000_000, 18943)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	fn retire() -> Weight {
		Weight::from_parts(40_000_000, 3766)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn remove() -> Weight {
		Weight::from_parts(360_000_000, 18943)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn demand() -> Weight {
		Weight::from_parts(300_000_000, 8799)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn show() -> Weight {
		Weight::from_parts(600_000_000, 8799)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn end_demand() -> Weight {
		Weight::from_parts(900_000_000, 18943)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(8))
	}
	fn read() -> Weight {
		Weight::from_parts(30_000_000, 3766).saturating_add(T::DbWeight::get().reads(1))
	}
	/// `n` is from 7 to 40.
	fn verify_span(n: u32) -> Weight {
		Weight::from_parts(5_000_000, 0)
			.saturating_add(Weight::from_parts(6_310_000, 0).saturating_mul(n.into()))
	}
	/// `n` is from 7 to 40.
	fn verify_count(n: u32) -> Weight {
		Weight::from_parts(15_000_000, 0)
			.saturating_add(Weight::from_parts(6_320_000, 0).saturating_mul(n.into()))
	}
	/// `n` is from 7 to 40.
	fn verify_occurrence(n: u32) -> Weight {
		Weight::from_parts(5_000_000, 0)
			.saturating_add(Weight::from_parts(4_820_000, 0).saturating_mul(n.into()))
	}
	fn verify_foreign() -> Weight {
		Weight::from_parts(3_000_000_000, 0)
	}
}
