//! Weights of `pallet_attribution`, measured on the compiled runtime by `scripts/bench weights`.
//!
//! 2026-11-21 · AMD EPYC · 2 steps, 12 repeats, worst case kept between
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
	fn authorize_page(n: u32) -> Weight;
	fn close_batch(n: u32) -> Weight;
}

/// Weights on the reference machine.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn on_initialize() -> Weight {
		Weight::from_parts(14_953_000, 7831)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn draw_seed() -> Weight {
		Weight::from_parts(94_451_000, 14835)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	/// `n` is from 1 to 21.
	fn draw_committee(n: u32) -> Weight {
		Weight::from_parts(442_846_195, 110446)
			.saturating_add(Weight::from_parts(5_935_887, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(20))
			.saturating_add(T::DbWeight::get().reads(1).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().writes(2))
			.saturating_add(T::DbWeight::get().writes(2).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 2527).saturating_mul(n.into()))
	}
	/// `n` is from 1 to 21.
	fn close_commits(n: u32) -> Weight {
		Weight::from_parts(230_121_387, 110446)
			.saturating_add(Weight::from_parts(137_780_362, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(20))
			.saturating_add(T::DbWeight::get().reads(2).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().writes(4))
			.saturating_add(T::DbWeight::get().writes(5).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 2601).saturating_mul(n.into()))
	}
	/// `m` is from 2 to 8.
	/// `n` is from 3 to 21.
	fn conclude(m: u32, n: u32) -> Weight {
		Weight::from_parts(556_300_625, 110446)
			.saturating_add(Weight::from_parts(170_281_097, 0).saturating_mul(m.into()))
			.saturating_add(Weight::from_parts(165_679_310, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(26))
			.saturating_add(T::DbWeight::get().reads(3).saturating_mul(m.into()))
			.saturating_add(T::DbWeight::get().reads(3).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().writes(9))
			.saturating_add(T::DbWeight::get().writes(4).saturating_mul(m.into()))
			.saturating_add(T::DbWeight::get().writes(5).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 2601).saturating_mul(m.into()))
			.saturating_add(Weight::from_parts(0, 3331).saturating_mul(n.into()))
	}
	fn set_parameters() -> Weight {
		Weight::from_parts(8_773_000, 0).saturating_add(T::DbWeight::get().writes(1))
	}
	fn set_paused() -> Weight {
		Weight::from_parts(6_590_000, 0).saturating_add(T::DbWeight::get().writes(1))
	}
	fn bond() -> Weight {
		Weight::from_parts(215_621_000, 42447)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn unbond() -> Weight {
		Weight::from_parts(115_462_000, 42447)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn withdraw_bond() -> Weight {
		Weight::from_parts(125_127_000, 3874)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn fund_channel() -> Weight {
		Weight::from_parts(148_511_000, 3874)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn close_channel() -> Weight {
		Weight::from_parts(26_550_000, 3622)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn withdraw_channel() -> Weight {
		Weight::from_parts(110_765_000, 3874)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn submit_receipt() -> Weight {
		Weight::from_parts(938_417_000, 103605)
			.saturating_add(T::DbWeight::get().reads(35))
			.saturating_add(T::DbWeight::get().writes(14))
	}
	fn commit() -> Weight {
		Weight::from_parts(221_770_000, 110446)
			.saturating_add(T::DbWeight::get().reads(18))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn authorize_commit() -> Weight {
		Weight::from_parts(135_271_000, 5516).saturating_add(T::DbWeight::get().reads(4))
	}
	fn reveal() -> Weight {
		Weight::from_parts(87_100_000, 5516)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	/// `n` is from 4 to 514.
	fn authorize_reveal(n: u32) -> Weight {
		Weight::from_parts(180_313_969, 14835)
			.saturating_add(Weight::from_parts(13_215, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(6))
	}
	fn challenge() -> Weight {
		Weight::from_parts(432_674_000, 110446)
			.saturating_add(T::DbWeight::get().reads(21))
			.saturating_add(T::DbWeight::get().writes(12))
	}
	fn activate() -> Weight {
		Weight::from_parts(398_453_000, 103605)
			.saturating_add(T::DbWeight::get().reads(24))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn apply_slash() -> Weight {
		Weight::from_parts(153_869_000, 8799)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	fn cancel_slash() -> Weight {
		Weight::from_parts(35_714_000, 3596)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	/// `n` is from 1 to 256.
	fn settle(n: u32) -> Weight {
		Weight::from_parts(124_677_839, 69017)
			.saturating_add(Weight::from_parts(28_697_760, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(10))
			.saturating_add(T::DbWeight::get().reads(3).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().writes(4))
			.saturating_add(T::DbWeight::get().writes(2).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 2633).saturating_mul(n.into()))
	}
	fn claim_for() -> Weight {
		Weight::from_parts(81_892_000, 6196)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn prune() -> Weight {
		Weight::from_parts(133_168_000, 11719)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	/// `n` is from 2 to 512.
	fn draw(n: u32) -> Weight {
		Weight::from_parts(62_355_420, 0)
			.saturating_add(Weight::from_parts(573_810_324, 0).saturating_mul(n.into()))
	}
	fn forget() -> Weight {
		Weight::from_parts(24_000_000_000, 2654046)
			.saturating_add(T::DbWeight::get().reads(1300))
			.saturating_add(T::DbWeight::get().writes(1040))
	}
	/// `n` is from 768 to 16384.
	fn scores(n: u32) -> Weight {
		Weight::from_parts(62_857_759, 69017)
			.saturating_add(Weight::from_parts(8_970, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(2))
	}
	fn read() -> Weight {
		Weight::from_parts(43_184_000, 5516).saturating_add(T::DbWeight::get().reads(2))
	}
	/// `n` is from 1 to 64.
	fn submit_batch(n: u32) -> Weight {
		Weight::from_parts(626_502_411, 103605)
			.saturating_add(Weight::from_parts(156_150_838, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(32))
			.saturating_add(T::DbWeight::get().reads(3).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().writes(13))
			.saturating_add(T::DbWeight::get().writes(3).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 2884).saturating_mul(n.into()))
	}
	/// `n` is from 1 to 424.
	fn post_page(n: u32) -> Weight {
		Weight::from_parts(206_283_322, 69017)
			.saturating_add(Weight::from_parts(11_802_093, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	/// `n` is from 2 to 64.
	fn authorize_page(n: u32) -> Weight {
		Weight::from_parts(38_284_260, 3804)
			.saturating_add(Weight::from_parts(996_161, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(1))
	}
	/// `n` is from 0 to 64.
	fn close_batch(n: u32) -> Weight {
		Weight::from_parts(418_816_000, 175391)
			.saturating_add(Weight::from_parts(50_000_000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(11))
			.saturating_add(T::DbWeight::get().reads(1).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().writes(8))
			.saturating_add(T::DbWeight::get().writes(1).saturating_mul(n.into()))
	}
}
