//! Weights of `pallet_attribution`, measured on the compiled runtime by `scripts/bench weights`.
//!
//! 2026-11-21 · AMD EPYC · 2 steps, 20 repeats, worst case kept between. The steps of committees were
//! measured with eight seats: a panel of 21 takes more, which is to be measured and charged apart.
//! What challenges, slashes and batches take is set by hand, rather too high, until it is measured
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
	fn settle(n: u32) -> Weight;
	fn claim_for() -> Weight;
	fn prune() -> Weight;
	fn draw_wide(n: u32) -> Weight;
	fn draw_tall(n: u32) -> Weight;
	fn forget() -> Weight;
	fn scores(n: u32) -> Weight;
	fn read() -> Weight;
	fn challenge() -> Weight;
	fn activate() -> Weight;
	fn apply_slash() -> Weight;
	fn cancel_slash() -> Weight;
	fn submit_batch(n: u32) -> Weight;
	fn post_page(n: u32) -> Weight;
	fn authorize_page(n: u32) -> Weight;
	fn close_batch() -> Weight;
}

/// Weights on the reference machine.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn on_initialize() -> Weight {
		Weight::from_parts(15_402_000, 5655)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn draw_seed() -> Weight {
		Weight::from_parts(85_497_000, 14794)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn draw_committee(_n: u32) -> Weight {
		Weight::from_parts(321_158_000, 38310)
			.saturating_add(T::DbWeight::get().reads(12))
			.saturating_add(T::DbWeight::get().writes(10))
	}
	fn close_commits(_n: u32) -> Weight {
		Weight::from_parts(643_337_000, 38310)
			.saturating_add(T::DbWeight::get().reads(19))
			.saturating_add(T::DbWeight::get().writes(27))
	}
	fn conclude(_m: u32, _n: u32) -> Weight {
		Weight::from_parts(1_138_655_000, 69017)
			.saturating_add(T::DbWeight::get().reads(27))
			.saturating_add(T::DbWeight::get().writes(34))
	}
	fn set_parameters() -> Weight {
		Weight::from_parts(7_571_000, 0).saturating_add(T::DbWeight::get().writes(1))
	}
	fn set_paused() -> Weight {
		Weight::from_parts(6_350_000, 0).saturating_add(T::DbWeight::get().writes(1))
	}
	fn bond() -> Weight {
		Weight::from_parts(198_896_000, 34255)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn unbond() -> Weight {
		Weight::from_parts(76_964_000, 34255)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn withdraw_bond() -> Weight {
		Weight::from_parts(126_068_000, 3766)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn fund_channel() -> Weight {
		Weight::from_parts(126_348_000, 3766)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn close_channel() -> Weight {
		Weight::from_parts(23_986_000, 3606)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn withdraw_channel() -> Weight {
		Weight::from_parts(108_311_000, 3766)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn submit_receipt() -> Weight {
		Weight::from_parts(776_906_000, 69017)
			.saturating_add(T::DbWeight::get().reads(27))
			.saturating_add(T::DbWeight::get().writes(13))
	}
	fn commit() -> Weight {
		Weight::from_parts(121_922_000, 38310)
			.saturating_add(T::DbWeight::get().reads(10))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn authorize_commit() -> Weight {
		Weight::from_parts(112_437_000, 4268).saturating_add(T::DbWeight::get().reads(4))
	}
	fn reveal() -> Weight {
		Weight::from_parts(59_709_000, 4268)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	/// `n` is from 4 to 514.
	fn authorize_reveal(_n: u32) -> Weight {
		Weight::from_parts(155_590_634, 14794).saturating_add(T::DbWeight::get().reads(5))
	}
	/// `n` is from 1 to 256.
	fn settle(n: u32) -> Weight {
		Weight::from_parts(106_160_184, 69017)
			.saturating_add(Weight::from_parts(33_284_449, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(9))
			.saturating_add(T::DbWeight::get().reads(2).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().writes(4))
			.saturating_add(T::DbWeight::get().writes(2).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(0, 2551).saturating_mul(n.into()))
	}
	fn claim_for() -> Weight {
		Weight::from_parts(80_079_000, 6196)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn prune() -> Weight {
		Weight::from_parts(118_286_000, 11719)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	/// `n` is from 2 to 62.
	fn draw_wide(n: u32) -> Weight {
		Weight::from_parts(528_206_000, 0)
			.saturating_add(Weight::from_parts(323_419_530, 0).saturating_mul(n.into()))
	}
	/// `n` is from 2 to 512.
	fn draw_tall(n: u32) -> Weight {
		Weight::from_parts(66_288_000, 0)
			.saturating_add(Weight::from_parts(47_913_006, 0).saturating_mul(n.into()))
	}
	fn forget() -> Weight {
		Weight::from_parts(600_000_000, 700_000)
			.saturating_add(T::DbWeight::get().reads(261))
			.saturating_add(T::DbWeight::get().writes(260))
	}
	/// `n` is from 768 to 16384.
	fn scores(n: u32) -> Weight {
		Weight::from_parts(54_930_121, 69017)
			.saturating_add(Weight::from_parts(8_506, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(2))
	}
	fn read() -> Weight {
		Weight::from_parts(16_214_000, 4268).saturating_add(T::DbWeight::get().reads(1))
	}
	fn challenge() -> Weight {
		Weight::from_parts(250_000_000, 69017)
			.saturating_add(T::DbWeight::get().reads(14))
			.saturating_add(T::DbWeight::get().writes(14))
	}
	fn activate() -> Weight {
		Weight::from_parts(100_000_000, 69017)
			.saturating_add(T::DbWeight::get().reads(12))
			.saturating_add(T::DbWeight::get().writes(10))
	}
	fn apply_slash() -> Weight {
		Weight::from_parts(200_000_000, 34255)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(8))
	}
	fn cancel_slash() -> Weight {
		Weight::from_parts(100_000_000, 34255)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	// Not measured on the compiled runtime yet: the two of pages are ten times what their arithmetic and
	// hashing take natively, the others are as measured calls that do the same (`submit_receipt` for
	// each voucher, `claim_for` for each payer).
	/// `n` is from 1 to 64.
	fn submit_batch(n: u32) -> Weight {
		Weight::from_parts(600_000_000, 69017)
			.saturating_add(Weight::from_parts(400_000_000, 3766).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(24))
			.saturating_add(T::DbWeight::get().reads(3).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().writes(13))
			.saturating_add(T::DbWeight::get().writes(3).saturating_mul(n.into()))
	}
	/// `n` is from 1 to 424.
	fn post_page(n: u32) -> Weight {
		Weight::from_parts(400_000_000, 69017)
			.saturating_add(Weight::from_parts(80_000_000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	/// `n` is from 2 to 64.
	fn authorize_page(n: u32) -> Weight {
		Weight::from_parts(100_000_000, 3766)
			.saturating_add(Weight::from_parts(12_000_000, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(1))
	}
	fn close_batch() -> Weight {
		Weight::from_parts(6_000_000_000, 69017)
			.saturating_add(T::DbWeight::get().reads(80))
			.saturating_add(T::DbWeight::get().writes(74))
	}
}
