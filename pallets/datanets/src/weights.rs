//! Weights of `pallet_datanets`, measured on the compiled runtime by `scripts/bench weights`.
//!
//! 2026-11-21 · AMD EPYC · 2 steps, 12 repeats, worst case kept between; publishing, removing and dividing,
//! blocks, what is at risk and demands: 2026-11-22 · Intel(R) Xeon(R) Processor · 2 steps, 5 repeats, demands
//! beside other work.
//!
//! One more read in `close` and `release_bond` is counted by hand.
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
	fn announce() -> Weight;
	fn contribute_announced(n: u32) -> Weight;
	fn exhibit(n: u32, l: u32) -> Weight;
	fn retract() -> Weight;
	fn release_bond() -> Weight;
	fn distribute(m: u32) -> Weight;
	fn buy_block() -> Weight;
	fn leave_block() -> Weight;
	fn put_at_risk() -> Weight;
	fn release_at_risk() -> Weight;
	fn demand() -> Weight;
	fn show(n: u32) -> Weight;
	fn end_demand() -> Weight;
	fn read() -> Weight;
}

/// Weights on the reference machine.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn create() -> Weight {
		Weight::from_parts(68_182_000, 3874)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn set_terms() -> Weight {
		Weight::from_parts(15_102_000, 3659)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn set_curator() -> Weight {
		Weight::from_parts(15_003_000, 3659)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	/// `n` is from 1 to 256.
	fn contribute(n: u32) -> Weight {
		Weight::from_parts(133_955_602, 6574)
			.saturating_add(Weight::from_parts(11_463_225, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().reads(2).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().writes(5))
			.saturating_add(T::DbWeight::get().writes(1).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 2595).saturating_mul(n.into()))
	}
	fn accept() -> Weight {
		Weight::from_parts(37_225_000, 3659)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	/// `n` is from 1 to 256.
	fn reject(n: u32) -> Weight {
		Weight::from_parts(118_530_093, 6574)
			.saturating_add(Weight::from_parts(7_753_933, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().reads(1).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().writes(4))
			.saturating_add(T::DbWeight::get().writes(1).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 2543).saturating_mul(n.into()))
	}
	/// `n` is from 1 to 16384.
	fn publish(n: u32) -> Weight {
		Weight::from_parts(240_600_000, 3910)
			.saturating_add(Weight::from_parts(20_870_000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().reads(1).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().writes(5))
			.saturating_add(Weight::from_parts(0, 2706).saturating_mul(n.into()))
	}
	fn buy_licence() -> Weight {
		Weight::from_parts(236_011_000, 11402)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(7))
	}
	fn claim_for() -> Weight {
		Weight::from_parts(85_116_000, 6196)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn withdraw_row() -> Weight {
		Weight::from_parts(149_214_000, 6574)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(9))
	}
	/// `n` is from 1 to 255.
	fn recommit(n: u32) -> Weight {
		Weight::from_parts(23_268_984, 3623)
			.saturating_add(Weight::from_parts(8_450_306, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().reads(1).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().writes(1))
			.saturating_add(Weight::from_parts(0, 2543).saturating_mul(n.into()))
	}
	fn remove_licence() -> Weight {
		Weight::from_parts(67_901_000, 3874)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn remove_version() -> Weight {
		Weight::from_parts(4_531_000_000, 309763)
			.saturating_add(T::DbWeight::get().reads(772))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn close() -> Weight {
		Weight::from_parts(88_661_000, 16379)
			.saturating_add(T::DbWeight::get().reads(10))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn announce() -> Weight {
		Weight::from_parts(70_304_000, 3874)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	/// `n` is from 1 to 256.
	fn contribute_announced(n: u32) -> Weight {
		Weight::from_parts(172_382_866, 6574)
			.saturating_add(Weight::from_parts(158_623_133, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().reads(6).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().writes(7))
			.saturating_add(T::DbWeight::get().writes(6).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 5584).saturating_mul(n.into()))
	}
	/// `n` is from 8000 to 327680.
	/// `l` is from 1 to 16.
	fn exhibit(n: u32, l: u32) -> Weight {
		Weight::from_parts(3_608_491_000, 11162)
			.saturating_add(Weight::from_parts(68_834, 0).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(115_600_204, 0).saturating_mul(l.into()))
			.saturating_add(T::DbWeight::get().reads(11))
			.saturating_add(T::DbWeight::get().reads(7).saturating_mul(l.into()))
			.saturating_add(T::DbWeight::get().writes(6))
			.saturating_add(T::DbWeight::get().writes(6).saturating_mul(l.into()))
			.saturating_add(Weight::from_parts(0, 5584).saturating_mul(l.into()))
	}
	fn retract() -> Weight {
		Weight::from_parts(61_812_000, 3874)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn release_bond() -> Weight {
		Weight::from_parts(65_958_000, 3874)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	/// `m` is from 1 to 1024.
	fn distribute(m: u32) -> Weight {
		Weight::from_parts(263_500_000, 309763)
			.saturating_add(Weight::from_parts(30_890_000, 0).saturating_mul(m.into()))
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().reads(2).saturating_mul(m.into()))
			.saturating_add(T::DbWeight::get().writes(4))
			.saturating_add(T::DbWeight::get().writes(1).saturating_mul(m.into()))
			.saturating_add(Weight::from_parts(0, 2643).saturating_mul(m.into()))
	}
	fn buy_block() -> Weight {
		Weight::from_parts(521_500_000, 309763)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn leave_block() -> Weight {
		Weight::from_parts(246_100_000, 309763)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn put_at_risk() -> Weight {
		Weight::from_parts(194_000_000, 3910)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn release_at_risk() -> Weight {
		Weight::from_parts(286_400_000, 3910)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn demand() -> Weight {
		Weight::from_parts(381_664_000, 3928)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	/// `n` is from 1 to 65536.
	fn show(n: u32) -> Weight {
		Weight::from_parts(261_431_060, 6196)
			.saturating_add(Weight::from_parts(9_698, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn end_demand() -> Weight {
		Weight::from_parts(792_140_000, 8799)
			.saturating_add(T::DbWeight::get().reads(12))
			.saturating_add(T::DbWeight::get().writes(11))
	}
	fn read() -> Weight {
		Weight::from_parts(51_626_000, 16379).saturating_add(T::DbWeight::get().reads(2))
	}
}
