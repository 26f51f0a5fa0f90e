//! A chain of balances and this pallet.
#![allow(missing_docs)]

use crate as pallet_datanets;
use crate::*;
use frame::{
	deps::frame_support::traits::{fungible::HoldConsideration, LinearStoragePrice},
	runtime::prelude::*,
	testing_prelude::*,
};
pub use openledger_core::Hash;

#[frame_construct_runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(2)]
	pub type Datanets = pallet_datanets;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = MockBlock<Test>;
	type AccountData = pallet_balances::AccountData<u128>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = u128;
	type ExistentialDeposit = ConstU128<EXISTENTIAL>;
	type AccountStore = System;
}

pub const EXISTENTIAL: u128 = 1_000;
pub const RICH: u128 = 1 << 100;
pub const PROTOCOL: u64 = 90;

parameter_types! {
	pub const Hold: RuntimeHoldReason =
		RuntimeHoldReason::Datanets(pallet_datanets::HoldReason::Storage);
	pub const Base: u128 = 1_000;
	pub const PerByte: u128 = 10;
	pub const PotId: PalletId = PalletId(*b"olg/data");
	pub const Protocol: u64 = PROTOCOL;
}

impl Config for Test {
	type Currency = Balances;
	type Consideration =
		HoldConsideration<u64, Balances, Hold, LinearStoragePrice<Base, PerByte, u128>>;
	type PalletId = PotId;
	type ProtocolPot = Protocol;
	type WeightInfo = crate::weights::SubstrateWeight<Test>;
}

/// Owner and curator of the Datanet 0.
pub const OWNER: u64 = 1;
/// Contributors are 10 and up, builders 20 and up.
pub const ALICE: u64 = 10;
pub const BOB: u64 = 11;
pub const BUILDER: u64 = 20;

pub const TERMS: Terms =
	Terms { rights: Rights(0b11), price: 1_000_003, period: 100, curator_cut: 500 };

pub fn row(n: u8, bytes: u32) -> Row {
	Row { hash: Hash::repeat_byte(n), bytes }
}

pub fn rows(all: &[Row]) -> Rows {
	all.to_vec().try_into().unwrap()
}

pub fn origin(who: u64) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

pub const GOOD: Scores = Scores { authenticity: 90, ownership: 100, quality: 70, uniqueness: 100 };

pub fn create() {
	let name = b"law".to_vec().try_into().unwrap();
	assert_ok!(Datanets::create(origin(OWNER), name, TERMS));
}

/// Contributes and accepts one row.
pub fn accepted(who: u64, n: u8, bytes: u32) -> BatchId {
	let batch = crate::Datanets::<Test>::get(0).unwrap().next_batch;
	assert_ok!(Datanets::contribute(origin(who), 0, rows(&[row(n, bytes)])));
	assert_ok!(Datanets::review(origin(OWNER), 0, batch, Verdict::Accept(GOOD)));
	batch
}

/// The state in which every test begins.
pub fn state() -> TestState {
	let rich = [OWNER, ALICE, BOB, 12, 13, BUILDER, 21].map(|who| (who, RICH));
	let poor = [(PROTOCOL, EXISTENTIAL), (Datanets::pot(), EXISTENTIAL)];
	let storage = RuntimeGenesisConfig {
		balances: pallet_balances::GenesisConfig {
			balances: rich.into_iter().chain(poor).collect(),
			..Default::default()
		},
		..Default::default()
	};
	let mut state = TestState::new(storage.build_storage().unwrap());
	state.execute_with(|| System::set_block_number(1));
	state
}

pub fn build_and_execute(test: impl FnOnce()) {
	state().execute_with(|| {
		test();
		Datanets::do_try_state().unwrap();
	});
}
