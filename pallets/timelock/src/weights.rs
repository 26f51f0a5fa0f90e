//! Weights of `pallet_timelock`, measured on the compiled runtime by `scripts/bench weights`.
//!
//! 2026-11-21 · AMD EPYC · 2 steps, 20 repeats, worst case kept between
#![allow(missing_docs)]

use frame::weights_prelude::*;

/// What each call costs.
pub trait WeightInfo {
	fn schedule(n: u32) -> Weight;
	fn cancel() -> Weight;
	fn set_delay() -> Weight;
}

/// Weights on the reference machine.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// `n` is from 0 to 2000000.
	fn schedule(n: u32) -> Weight {
		Weight::from_parts(26_084_383, 13928)
			.saturating_add(Weight::from_parts(21_865, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn cancel() -> Weight {
		Weight::from_parts(56_033_000, 13928)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn set_delay() -> Weight {
		Weight::from_parts(6_600_000, 0).saturating_add(T::DbWeight::get().writes(1))
	}
}
