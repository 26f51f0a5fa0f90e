//! Weights of `pallet_attribution`, measured on the compiled runtime by `scripts/bench weights`.
//!
//! 2026-11-22 · Intel(R) Xeon(R) Processor · 2 steps, 5 repeats, worst case kept between; challenges
//! and settling beside other work; of draws and the ends of committees more reads alone are counted
#![allow(missing_docs)]

use frame::weights_prelude::*;

/// What each call costs.
pub trait WeightInfo {
	fn on_initialize() -> Weight;
	fn draw_seed() -> Weight;
	fn draw_committee(n: u32) -> Weight;
	fn close_commits(n: u32) -> Weight;
	fn conclude(m: u32, n: u32) -> Weight;
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
	fn reveal() -> Weight;
	fn authorize_reveal(n: u32) -> Weight;
	fn challenge() -> Weight;
	fn activate() -> Weight;
	fn apply_slash() -> Weight;
	fn cancel_slash() -> Weight;
	fn settle(n: u32) -> Weight;
	fn claim_for() -> Weight;
	fn prune() -> Weight;
	fn draw(n: u32) -> Weight;
	fn forget() -> Weight;
	fn scores(n: u32) -> Weight;
	fn read() -> Weight;
	fn submit_batch(n: u32) -> Weight;
	fn post_page(n: u32) -> Weight;
	fn open_page(n: u32) -> Weight;
	fn authorize_page(n: u32) -> Weight;
	fn close_batch(n: u32) -> Weight;
}

/// Weights on the reference machine.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn on_initialize() -> Weight {
		Weight::from_parts(22_516_000, 7831)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn draw_seed() -> Weight {
		Weight::from_parts(134_090_000, 14836)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	/// `n` is from 1 to 21.
	fn draw_committee(n: u32) -> Weight {
		Weight::from_parts(452_284_033, 110446)
			.saturating_add(Weight::from_parts(8_255_133, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(21))
			.saturating_add(T::DbWeight::get().reads(4).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().writes(2))
			.saturating_add(T::DbWeight::get().writes(2).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 10188).saturating_mul(n.into()))
	}
	/// `n` is from 1 to 21.
	fn close_commits(n: u32) -> Weight {
		Weight::from_parts(326_310_600, 110446)
			.saturating_add(Weight::from_parts(181_121_733, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(21))
			.saturating_add(T::DbWeight::get().reads(3).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().writes(4))
			.saturating_add(T::DbWeight::get().writes(5).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 2601).saturating_mul(n.into()))
	}
	/// `m` is from 2 to 8.
	/// `n` is from 3 to 21.
	fn conclude(m: u32, n: u32) -> Weight {
		Weight::from_parts(1_584_359_333, 528793)
			.saturating_add(Weight::from_parts(205_885_333, 0).saturating_mul(m.into()))
			.saturating_add(Weight::from_parts(226_982_000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(27))
			.saturating_add(T::DbWeight::get().reads(3).saturating_mul(m.into()))
			.saturating_add(T::DbWeight::get().reads(5).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().writes(10))
			.saturating_add(T::DbWeight::get().writes(4).saturating_mul(m.into()))
			.saturating_add(T::DbWeight::get().writes(5).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 2601).saturating_mul(m.into()))
			.saturating_add(Weight::from_parts(0, 3342).saturating_mul(n.into()))
	}
	fn set_parameters() -> Weight {
		Weight::from_parts(16_130_000, 0).saturating_add(T::DbWeight::get().writes(1))
	}
	fn set_paused() -> Weight {
		Weight::from_parts(11_977_000, 0).saturating_add(T::DbWeight::get().writes(1))
	}
	fn bond() -> Weight {
		Weight::from_parts(300_491_000, 42447)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn unbond() -> Weight {
		Weight::from_parts(144_119_000, 42447)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn withdraw_bond() -> Weight {
		Weight::from_parts(159_487_000, 3910)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn fund_channel() -> Weight {
		Weight::from_parts(170_068_000, 3910)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn close_channel() -> Weight {
		Weight::from_parts(38_245_000, 3622)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn withdraw_channel() -> Weight {
		Weight::from_parts(160_850_000, 3910)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn submit_receipt() -> Weight {
		Weight::from_parts(1_338_184_000, 103605)
			.saturating_add(T::DbWeight::get().reads(35))
			.saturating_add(T::DbWeight::get().writes(14))
	}
	fn commit() -> Weight {
		Weight::from_parts(324_757_000, 110446)
			.saturating_add(T::DbWeight::get().reads(18))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn authorize_commit() -> Weight {
		Weight::from_parts(194_617_000, 5516).saturating_add(T::DbWeight::get().reads(4))
	}
	fn reveal() -> Weight {
		Weight::from_parts(121_866_000, 5516)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	/// `n` is from 4 to 514.
	fn authorize_reveal(n: u32) -> Weight {
		Weight::from_parts(255_677_718, 14836)
			.saturating_add(Weight::from_parts(44_528, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(6))
	}
	fn challenge() -> Weight {
		Weight::from_parts(1_183_503_000, 110446)
			.saturating_add(T::DbWeight::get().reads(30))
			.saturating_add(T::DbWeight::get().writes(12))
	}
	fn activate() -> Weight {
		Weight::from_parts(605_058_000, 528793)
			.saturating_add(T::DbWeight::get().reads(24))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn apply_slash() -> Weight {
		Weight::from_parts(276_415_000, 8799)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	fn cancel_slash() -> Weight {
		Weight::from_parts(68_121_000, 3596)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	/// `n` is from 1 to 256.
	fn settle(n: u32) -> Weight {
		Weight::from_parts(329_842_630, 528793)
			.saturating_add(Weight::from_parts(47_267_702, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(10))
			.saturating_add(T::DbWeight::get().reads(2).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().writes(4))
			.saturating_add(T::DbWeight::get().writes(2).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 2551).saturating_mul(n.into()))
	}
	fn claim_for() -> Weight {
		Weight::from_parts(132_910_000, 6196)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn prune() -> Weight {
		Weight::from_parts(284_510_000, 15817)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	/// `n` is from 2 to 512.
	fn draw(n: u32) -> Weight {
		Weight::from_parts(111_542_097, 0)
			.saturating_add(Weight::from_parts(123_102_523, 0).saturating_mul(n.into()))
	}
	fn forget() -> Weight {
		Weight::from_parts(42_138_482_000, 751430)
			.saturating_add(T::DbWeight::get().reads(1034))
			.saturating_add(T::DbWeight::get().writes(1031))
	}
	/// `n` is from 768 to 131328.
	fn scores(n: u32) -> Weight {
		Weight::from_parts(113_366_438, 528793)
			.saturating_add(Weight::from_parts(8_866, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(2))
	}
	fn read() -> Weight {
		Weight::from_parts(66_559_000, 5516).saturating_add(T::DbWeight::get().reads(2))
	}
	/// `n` is from 1 to 64.
	fn submit_batch(n: u32) -> Weight {
		Weight::from_parts(1_041_764_365, 103605)
			.saturating_add(Weight::from_parts(268_306_634, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(32))
			.saturating_add(T::DbWeight::get().reads(3).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().writes(13))
			.saturating_add(T::DbWeight::get().writes(3).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 2920).saturating_mul(n.into()))
	}
	/// `n` is from 1 to 240.
	fn post_page(n: u32) -> Weight {
		Weight::from_parts(2_032_492_288, 528793)
			.saturating_add(Weight::from_parts(71_132_211, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	/// `n` is from 768 to 131328.
	fn open_page(n: u32) -> Weight {
		Weight::from_parts(272_288_133, 528793)
			.saturating_add(Weight::from_parts(8_660, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	/// `n` is from 2 to 256.
	fn authorize_page(n: u32) -> Weight {
		Weight::from_parts(128_105_411, 3840)
			.saturating_add(Weight::from_parts(1_844_544, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(1))
	}
	/// `n` is from 0 to 64.
	fn close_batch(n: u32) -> Weight {
		Weight::from_parts(406_990_666, 15817)
			.saturating_add(Weight::from_parts(74_618_526, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(11))
			.saturating_add(T::DbWeight::get().reads(1).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().writes(8))
			.saturating_add(T::DbWeight::get().writes(1).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 2603).saturating_mul(n.into()))
	}
}
