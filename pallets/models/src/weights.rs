//! Weights of the calls.
#![allow(missing_docs)]

use frame::weights_prelude::*;

/// What each call costs.
pub trait WeightInfo {
	fn register_base() -> Weight;
	fn start_run(n: u32) -> Weight;
	fn register_version(n: u32) -> Weight;
	fn set_price() -> Weight;
	fn serve() -> Weight;
	fn stop_serving() -> Weight;
	fn cancel_run() -> Weight;
}

/// Estimates of a laptop-class core, to be replaced by the output of `benchmark pallet`.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn register_base() -> Weight {
		Weight::from_parts(40_000_000, 12288).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}
	fn start_run(n: u32) -> Weight {
		Weight::from_parts(120_000_000, 40960)
			.saturating_add(Weight::from_parts(1500000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads_writes(0, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads_writes(10, 8))
	}
	fn register_version(n: u32) -> Weight {
		Weight::from_parts(200_000_000, 32768)
			.saturating_add(Weight::from_parts(1200000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads_writes(0, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads_writes(8, 6))
	}
	fn set_price() -> Weight {
		Weight::from_parts(15_000_000, 4096).saturating_add(T::DbWeight::get().reads_writes(1, 1))
	}
	fn serve() -> Weight {
		Weight::from_parts(40_000_000, 16384).saturating_add(T::DbWeight::get().reads_writes(4, 4))
	}
	fn stop_serving() -> Weight {
		Weight::from_parts(40_000_000, 16384).saturating_add(T::DbWeight::get().reads_writes(4, 4))
	}
	fn cancel_run() -> Weight {
		Weight::from_parts(80_000_000, 24576).saturating_add(T::DbWeight::get().reads_writes(6, 6))
	}
}

impl WeightInfo for () {
	fn register_base() -> Weight {
		Weight::from_parts(40_000_000, 0)
	}
	fn start_run(_: u32) -> Weight {
		Weight::from_parts(120_000_000, 0)
	}
	fn register_version(_: u32) -> Weight {
		Weight::from_parts(200_000_000, 0)
	}
	fn set_price() -> Weight {
		Weight::from_parts(15_000_000, 0)
	}
	fn serve() -> Weight {
		Weight::from_parts(40_000_000, 0)
	}
	fn stop_serving() -> Weight {
		Weight::from_parts(40_000_000, 0)
	}
	fn cancel_run() -> Weight {
		Weight::from_parts(80_000_000, 0)
	}
}
