//! Weights of `pallet_spans`, measured on the compiled runtime by `scripts/bench weights`.
//!
//! 2026-11-22 · Intel(R) Xeon(R) Processor · 2 steps, 5 repeats, worst case kept between
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
		Weight::from_parts(631_333_000, 309763)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn challenge() -> Weight {
		Weight::from_parts(866_801_000, 309763)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	fn retire() -> Weight {
		Weight::from_parts(93_605_000, 3646)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn remove() -> Weight {
		Weight::from_parts(400_470_000, 309763)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn demand() -> Weight {
		Weight::from_parts(215_542_000, 3910)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn show() -> Weight {
		Weight::from_parts(305_647_000, 6196)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn end_demand() -> Weight {
		Weight::from_parts(535_041_000, 309763)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(8))
	}
	fn read() -> Weight {
		Weight::from_parts(33_210_000, 3646).saturating_add(T::DbWeight::get().reads(1))
	}
	/// `n` is from 7 to 40.
	fn verify_span(n: u32) -> Weight {
		Weight::from_parts(8_835_998, 0)
			.saturating_add(Weight::from_parts(3_915_845, 0).saturating_mul(n.into()))
	}
	/// `n` is from 7 to 40.
	fn verify_count(n: u32) -> Weight {
		Weight::from_parts(20_819_544, 0)
			.saturating_add(Weight::from_parts(4_586_584, 0).saturating_mul(n.into()))
	}
	/// `n` is from 7 to 40.
	fn verify_occurrence(n: u32) -> Weight {
		Weight::from_parts(4_240_862, 0)
			.saturating_add(Weight::from_parts(2_680_923, 0).saturating_mul(n.into()))
	}
	fn verify_foreign() -> Weight {
		Weight::from_parts(857_144_000, 0)
	}
}
