//! Weights of `pallet_models`, measured on the compiled runtime by `scripts/bench weights`.
//!
//! 2026-11-21 · AMD EPYC · 2 steps, 20 repeats, worst case kept between; `cancel_run`: 2026-11-22 · Intel(R) Xeon(R)
//! Processor, beside other work
#![allow(missing_docs)]

use frame::weights_prelude::*;

/// What each call costs.
pub trait WeightInfo {
	fn register_base() -> Weight;
	fn start_run() -> Weight;
	fn register_version(n: u32) -> Weight;
	fn set_price() -> Weight;
	fn serve() -> Weight;
	fn stop_serving() -> Weight;
	fn cancel_run() -> Weight;
	fn remove_base() -> Weight;
	fn retire() -> Weight;
	fn remove_operator() -> Weight;
	fn remove_version() -> Weight;
	fn read() -> Weight;
}

/// Weights on the reference machine.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn register_base() -> Weight {
		Weight::from_parts(98_707_000, 3766)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn start_run() -> Weight {
		Weight::from_parts(280_838_000, 15869)
			.saturating_add(T::DbWeight::get().reads(9))
			.saturating_add(T::DbWeight::get().writes(8))
	}
	/// `n` is from 768 to 131328.
	fn register_version(n: u32) -> Weight {
		Weight::from_parts(817_214_744, 528793)
			.saturating_add(Weight::from_parts(1_997_549, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	fn set_price() -> Weight {
		Weight::from_parts(23_586_000, 3648)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn serve() -> Weight {
		Weight::from_parts(86_148_000, 3766)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn stop_serving() -> Weight {
		Weight::from_parts(69_734_000, 3766)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn cancel_run() -> Weight {
		Weight::from_parts(1_083_688_000, 528793)
			.saturating_add(T::DbWeight::get().reads(9))
			.saturating_add(T::DbWeight::get().writes(10))
	}
	fn remove_base() -> Weight {
		Weight::from_parts(83_164_000, 3766)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn retire() -> Weight {
		Weight::from_parts(25_077_000, 3648)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn remove_operator() -> Weight {
		Weight::from_parts(74_722_000, 3766)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn remove_version() -> Weight {
		Weight::from_parts(390_638_000, 309763)
			.saturating_add(T::DbWeight::get().reads(10))
			.saturating_add(T::DbWeight::get().writes(8))
	}
	fn read() -> Weight {
		Weight::from_parts(12_428_000, 3691).saturating_add(T::DbWeight::get().reads(2))
	}
}
