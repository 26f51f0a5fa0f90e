//! A chain of balances, preimages, the scheduler and this pallet.
#![allow(missing_docs)]

use crate as pallet_timelock;
use frame::{
	deps::frame_support::traits::EqualPrivilegeOnly, runtime::prelude::*, testing_prelude::*,
};

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
	pub type Preimage = pallet_preimage;
	#[runtime::pallet_index(3)]
	pub type Scheduler = pallet_scheduler;
	#[runtime::pallet_index(4)]
	pub type Timelock = pallet_timelock;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = MockBlock<Test>;
	type AccountData = pallet_balances::AccountData<u64>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
}

impl pallet_preimage::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = ();
	type Currency = Balances;
	type ManagerOrigin = EnsureRoot<u64>;
	type Consideration = ();
}

parameter_types! {
	pub MaximumWeight: Weight = Weight::from_parts(1_000_000_000_000, u64::MAX);
}

impl pallet_scheduler::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeOrigin = RuntimeOrigin;
	type PalletsOrigin = OriginCaller;
	type RuntimeCall = RuntimeCall;
	type MaximumWeight = MaximumWeight;
	type ScheduleOrigin = EnsureRoot<u64>;
	type OriginPrivilegeCmp = EqualPrivilegeOnly;
	type MaxScheduledPerBlock = ConstU32<50>;
	type WeightInfo = ();
	type Preimages = Preimage;
	type BlockNumberProvider = System;
}

impl pallet_timelock::Config for Test {
	type Proposal = RuntimeCall;
	type PalletsOrigin = OriginCaller;
	type Scheduler = Scheduler;
	type Preimages = Preimage;
	type ScheduleOrigin = frame_system::EnsureSignedBy<Council, u64>;
	type CancelOrigin = frame_system::EnsureSignedBy<Council, u64>;
	type AdminOrigin = crate::EnsureMatured;
	type WeightInfo = crate::weights::SubstrateWeight<Test>;
}

ord_parameter_types! {
	pub const Council: u64 = 1;
}

pub const DELAY: u64 = 10;

/// The state in which every test begins.
pub fn state() -> TestState {
	let storage = RuntimeGenesisConfig {
		timelock: pallet_timelock::GenesisConfig { delay: DELAY },
		..Default::default()
	};
	let mut state = TestState::new(storage.build_storage().unwrap());
	state.execute_with(|| System::set_block_number(1));
	state
}
