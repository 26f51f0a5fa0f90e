//! A chain of balances and this pallet, with a Datanet and designs that tests set up.
#![allow(missing_docs)]

use crate as pallet_models;
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
	pub type Models = pallet_models;
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
pub const DEVELOPER: u64 = 1;
pub const OPERATOR: u64 = 2;
pub const STRANGER: u64 = 3;
pub const DEADLINE: u32 = 50;

parameter_types! {
	pub const Hold: RuntimeHoldReason =
		RuntimeHoldReason::Models(pallet_models::HoldReason::Storage);
	pub const Base: u128 = 1_000;
	pub const PerByte: u128 = 10;
}

impl Config for Test {
	type Datanets = World;
	type Designs = World;
	type Consideration =
		HoldConsideration<u64, Balances, Hold, LinearStoragePrice<Base, PerByte, u128>>;
	type RunDeadline = ConstU32<DEADLINE>;
	type WeightInfo = crate::weights::SubstrateWeight<Test>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = World;
}

/// A Datanet with two versions, the second stale, and designs that note what was asked.
pub struct World;

std::thread_local! {
	pub static NEEDED: core::cell::Cell<bool> = const { core::cell::Cell::new(false) };
	pub static RETAINED: core::cell::Cell<u32> = const { core::cell::Cell::new(0) };
	pub static OPEN: core::cell::RefCell<Vec<ModelId>> = const { core::cell::RefCell::new(Vec::new()) };
}

impl openledger_core::Datanets<u64> for World {
	fn version(_: DatanetId, version: Version) -> Option<openledger_core::VersionInfo<u64>> {
		let blocks = vec![openledger_core::Block { owner: 9, rows: 1, bytes: 1 }];
		(version < 3).then(|| openledger_core::VersionInfo {
			root: Hash::zero(),
			blocks,
			stale: version == 2,
		})
	}
	fn is_stale(_: u32, _: Version) -> bool {
		false
	}
	fn source(_: u32, _: Version) -> Option<openledger_core::Source> {
		None
	}
	fn row(_: u32, _: Version, _: u64) -> Option<openledger_core::RowInfo<u64>> {
		None
	}
	fn retain(_: DatanetId, _: Version) -> DispatchResult {
		RETAINED.set(RETAINED.get() + 1);
		Ok(())
	}
	fn release(_: DatanetId, _: Version) {
		RETAINED.set(RETAINED.get() - 1);
	}
	fn is_licensed(who: &u64, _: DatanetId, rights: Rights) -> bool {
		![OPERATOR, STRANGER].contains(who) && rights == Rights::FINE_TUNE
	}
	fn blocks_of_batches(_: DatanetId, _: Version) -> Option<Vec<u16>> {
		None
	}
	fn bytes_left(_: DatanetId, _: Version) -> Option<(Vec<u64>, u32)> {
		None
	}
	fn curator(_: DatanetId) -> Option<(u64, u16)> {
		None
	}
	fn reward_rows(_: DatanetId, _: &u64, _: u128) -> DispatchResult {
		Ok(())
	}
	fn seize(_: DatanetId, _: Version, _: &u64, _: u128) -> Result<u128, DispatchError> {
		Ok(0)
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl BenchmarkHelper<u64> for World {
	fn endow(who: &u64) {
		use frame::token::fungible::Mutate;
		Balances::mint_into(who, 1 << 100).unwrap();
	}
	fn version(_: &u64, _: u32) -> (DatanetId, Version) {
		(0, 1)
	}
	fn trained(_: ModelId) -> (Vec<Hash>, Vec<i32>) {
		(vec![Hash::zero(); 2], Vec::new())
	}
	fn tested(_: ModelId) {}
}

impl Designs<u64> for World {
	fn open(
		_: &u64,
		model: ModelId,
		_: Vec<openledger_core::Block<u64>>,
		_: Method,
		_: u16,
		_: Class,
	) -> DispatchResult {
		OPEN.with_borrow_mut(|open| open.push(model));
		Ok(())
	}
	fn close(_: ModelId, adapters: Vec<Hash>, _: Vec<i32>) -> DispatchResult {
		ensure!(adapters.len() == 2, DispatchError::Other("the design wants two"));
		Ok(())
	}
	fn draw_weight(_: u32) -> Weight {
		Weight::zero()
	}
	fn forget_weight() -> Weight {
		Weight::zero()
	}
	fn forget(who: &u64, model: ModelId) -> DispatchResult {
		ensure!(!NEEDED.get(), DispatchError::Other("a receipt needs the design"));
		Self::cancel(who, model);
		Ok(())
	}
	fn cancel(_: &u64, model: ModelId) {
		OPEN.with_borrow_mut(|open| open.retain(|one| *one != model));
	}
}

pub fn origin(who: u64) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

pub fn url() -> Url {
	b"http://127.0.0.1:8080".to_vec().try_into().unwrap()
}

/// The state in which every test begins.
pub fn state() -> TestState {
	let storage = RuntimeGenesisConfig {
		balances: pallet_balances::GenesisConfig {
			balances: [DEVELOPER, OPERATOR, STRANGER].map(|who| (who, 1 << 100)).to_vec(),
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
		OPEN.with_borrow_mut(Vec::clear);
		RETAINED.set(0);
		NEEDED.set(false);
		test();
		Models::do_try_state().unwrap();
	});
}
