//! Weights of the calls and hooks.
#![allow(missing_docs)]

use frame::weights_prelude::*;

/// What each call and hook costs.
pub trait WeightInfo {
	/// `n` tasks done.
	fn on_initialize(n: u32) -> Weight;
	fn set_parameters() -> Weight;
	fn set_paused() -> Weight;
	fn bond() -> Weight;
	fn unbond() -> Weight;
	fn withdraw_bond() -> Weight;
	fn fund_channel() -> Weight;
	fn close_channel() -> Weight;
	fn withdraw_channel() -> Weight;
	fn submit_receipt() -> Weight;
	fn commit() -> Weight;
	fn authorize_commit() -> Weight;
	/// `n` entries of the vector.
	fn reveal(n: u32) -> Weight;
	fn authorize_reveal(n: u32) -> Weight;
	fn settle() -> Weight;
	fn claim_for() -> Weight;
	fn prune() -> Weight;
}

/// Estimates of a laptop-class core, to be replaced by the output of `benchmark pallet`.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn on_initialize(n: u32) -> Weight {
		Weight::from_parts(5_000_000, 12288)
			.saturating_add(Weight::from_parts(2500000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads_writes(6, 6).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}
	fn set_parameters() -> Weight {
		Weight::from_parts(5_000_000, 4096).saturating_add(T::DbWeight::get().reads_writes(0, 1))
	}
	fn set_paused() -> Weight {
		Weight::from_parts(5_000_000, 4096).saturating_add(T::DbWeight::get().reads_writes(0, 1))
	}
	fn bond() -> Weight {
		Weight::from_parts(95_000_000, 24576).saturating_add(T::DbWeight::get().reads_writes(6, 5))
	}
	fn unbond() -> Weight {
		Weight::from_parts(30_000_000, 12288).saturating_add(T::DbWeight::get().reads_writes(3, 2))
	}
	fn withdraw_bond() -> Weight {
		Weight::from_parts(60_000_000, 20480).saturating_add(T::DbWeight::get().reads_writes(5, 4))
	}
	fn fund_channel() -> Weight {
		Weight::from_parts(60_000_000, 16384).saturating_add(T::DbWeight::get().reads_writes(4, 3))
	}
	fn close_channel() -> Weight {
		Weight::from_parts(20_000_000, 8192).saturating_add(T::DbWeight::get().reads_writes(2, 1))
	}
	fn withdraw_channel() -> Weight {
		Weight::from_parts(60_000_000, 16384).saturating_add(T::DbWeight::get().reads_writes(4, 3))
	}
	fn submit_receipt() -> Weight {
		Weight::from_parts(380_000_000, 90112)
			.saturating_add(T::DbWeight::get().reads_writes(22, 14))
	}
	fn commit() -> Weight {
		Weight::from_parts(45_000_000, 16384).saturating_add(T::DbWeight::get().reads_writes(4, 3))
	}
	fn authorize_commit() -> Weight {
		Weight::from_parts(70_000_000, 12288).saturating_add(T::DbWeight::get().reads_writes(3, 0))
	}
	fn reveal(n: u32) -> Weight {
		Weight::from_parts(900_000_000, 139264)
			.saturating_add(Weight::from_parts(120000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads_writes(34, 30))
	}
	fn authorize_reveal(n: u32) -> Weight {
		Weight::from_parts(75_000_000, 16384)
			.saturating_add(Weight::from_parts(8000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads_writes(4, 0))
	}
	fn settle() -> Weight {
		Weight::from_parts(6000_000_000, 2129920)
			.saturating_add(T::DbWeight::get().reads_writes(520, 514))
	}
	fn claim_for() -> Weight {
		Weight::from_parts(55_000_000, 12288).saturating_add(T::DbWeight::get().reads_writes(3, 3))
	}
	fn prune() -> Weight {
		Weight::from_parts(50_000_000, 20480).saturating_add(T::DbWeight::get().reads_writes(5, 4))
	}
}

impl WeightInfo for () {
	fn on_initialize(_: u32) -> Weight {
		Weight::from_parts(5_000_000, 0)
	}
	fn set_parameters() -> Weight {
		Weight::from_parts(5_000_000, 0)
	}
	fn set_paused() -> Weight {
		Weight::from_parts(5_000_000, 0)
	}
	fn bond() -> Weight {
		Weight::from_parts(95_000_000, 0)
	}
	fn unbond() -> Weight {
		Weight::from_parts(30_000_000, 0)
	}
	fn withdraw_bond() -> Weight {
		Weight::from_parts(60_000_000, 0)
	}
	fn fund_channel() -> Weight {
		Weight::from_parts(60_000_000, 0)
	}
	fn close_channel() -> Weight {
		Weight::from_parts(20_000_000, 0)
	}
	fn withdraw_channel() -> Weight {
		Weight::from_parts(60_000_000, 0)
	}
	fn submit_receipt() -> Weight {
		Weight::from_parts(380_000_000, 0)
	}
	fn commit() -> Weight {
		Weight::from_parts(45_000_000, 0)
	}
	fn authorize_commit() -> Weight {
		Weight::from_parts(70_000_000, 0)
	}
	fn reveal(_: u32) -> Weight {
		Weight::from_parts(900_000_000, 0)
	}
	fn authorize_reveal(_: u32) -> Weight {
		Weight::from_parts(75_000_000, 0)
	}
	fn settle() -> Weight {
		Weight::from_parts(6000_000_000, 0)
	}
	fn claim_for() -> Weight {
		Weight::from_parts(55_000_000, 0)
	}
	fn prune() -> Weight {
		Weight::from_parts(50_000_000, 0)
	}
}
