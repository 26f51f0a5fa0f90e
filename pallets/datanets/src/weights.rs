//! Weights of `pallet_datanets`, measured on the compiled runtime by `scripts/bench weights`.
//!
//! 2026-11-21 · AMD EPYC · 2 steps, 20 repeats, worst case kept between
//!
//! `announce` and what is below it, and what `contribute`, `reject` and `withdraw_row` do with bonds,
//! are not measured so yet: they are put together from the calls above, and from 190 ns a byte of
//! an exhibit for shingles compiled to WebAssembly, under wasmtime, on the same machine.
#![allow(missing_docs)]

use frame::weights_prelude::*;

/// What each call costs.
pub trait WeightInfo {
	fn create() -> Weight;
	fn set_terms() -> Weight;
	fn set_curator() -> Weight;
	fn contribute(n: u32) -> Weight;
	fn accept() -> Weight;
	fn reject(n: u32) -> Weight;
	fn publish(n: u32) -> Weight;
	fn buy_licence() -> Weight;
	fn claim_for() -> Weight;
	fn withdraw_row() -> Weight;
	fn recommit(n: u32) -> Weight;
	fn remove_licence() -> Weight;
	fn remove_version() -> Weight;
	fn close() -> Weight;
	fn read() -> Weight;
	fn announce() -> Weight;
	fn contribute_announced(n: u32) -> Weight;
	fn exhibit(n: u32, l: u32) -> Weight;
	fn retract() -> Weight;
	fn release_bond() -> Weight;
}

/// Weights on the reference machine.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn create() -> Weight {
		Weight::from_parts(66_790_000, 3766)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn set_terms() -> Weight {
		Weight::from_parts(15_193_000, 3659)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn set_curator() -> Weight {
		Weight::from_parts(15_183_000, 3659)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	/// `n` is from 1 to 256.
	fn contribute(n: u32) -> Weight {
		Weight::from_parts(105_562_309, 3766)
			.saturating_add(Weight::from_parts(12_216_619, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().reads(2).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().writes(4))
			.saturating_add(T::DbWeight::get().writes(1).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 2543).saturating_mul(n.into()))
	}
	fn accept() -> Weight {
		Weight::from_parts(36_174_000, 3659)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	/// `n` is from 1 to 256.
	fn reject(n: u32) -> Weight {
		Weight::from_parts(99_898_149, 3766)
			.saturating_add(Weight::from_parts(7_486_244, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().reads(1).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().writes(3))
			.saturating_add(T::DbWeight::get().writes(1).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 2543).saturating_mul(n.into()))
	}
	/// `n` is from 1 to 256.
	fn publish(n: u32) -> Weight {
		Weight::from_parts(79_910_141, 3766)
			.saturating_add(Weight::from_parts(7_771_247, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().reads(1).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().writes(4))
			.saturating_add(Weight::from_parts(0, 2597).saturating_mul(n.into()))
	}
	fn buy_licence() -> Weight {
		Weight::from_parts(225_575_000, 11402)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(7))
	}
	fn claim_for() -> Weight {
		Weight::from_parts(82_593_000, 6196)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn withdraw_row() -> Weight {
		Weight::from_parts(130_317_000, 3766)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(8))
	}
	/// `n` is from 1 to 255.
	fn recommit(n: u32) -> Weight {
		Weight::from_parts(20_323_350, 3587)
			.saturating_add(Weight::from_parts(9_123_995, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().reads(1).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().writes(1))
			.saturating_add(Weight::from_parts(0, 2543).saturating_mul(n.into()))
	}
	fn remove_licence() -> Weight {
		Weight::from_parts(65_077_000, 3766)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn remove_version() -> Weight {
		Weight::from_parts(139_898_000, 15869)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn close() -> Weight {
		Weight::from_parts(82_253_000, 15869)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn read() -> Weight {
		Weight::from_parts(47_210_000, 15869).saturating_add(T::DbWeight::get().reads(2))
	}
	fn announce() -> Weight {
		Weight::from_parts(66_790_000, 3766)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	/// `n` is from 1 to 256.
	fn contribute_announced(n: u32) -> Weight {
		Weight::from_parts(170_629_309, 3766)
			.saturating_add(Weight::from_parts(182_533_619, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().reads(8).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().writes(6))
			.saturating_add(T::DbWeight::get().writes(7).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 12_000).saturating_mul(n.into()))
	}
	/// `n` is from 8,000 to 327,680, `l` from 1 to 16.
	fn exhibit(n: u32, l: u32) -> Weight {
		Weight::from_parts(115_077_000, 3766)
			.saturating_add(Weight::from_parts(200_000, 0).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(250_000_000, 0).saturating_mul(l.into()))
			.saturating_add(T::DbWeight::get().reads(15))
			.saturating_add(T::DbWeight::get().reads(8).saturating_mul(l.into()))
			.saturating_add(T::DbWeight::get().writes(6))
			.saturating_add(T::DbWeight::get().writes(7).saturating_mul(l.into()))
			.saturating_add(Weight::from_parts(0, 12_000).saturating_mul(l.into()))
	}
	fn retract() -> Weight {
		Weight::from_parts(65_077_000, 3766)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn release_bond() -> Weight {
		Weight::from_parts(65_077_000, 3766)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
}
