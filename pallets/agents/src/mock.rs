//! A chain of balances and this pallet.
#![allow(missing_docs)]

use crate as pallet_agents;
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
	pub type Agents = pallet_agents;
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
pub const OWNER: u64 = 1;
pub const CALLER: u64 = 2;
pub const STRANGER: u64 = 3;
pub const PROTOCOL: u64 = 90;

parameter_types! {
	pub const Hold: RuntimeHoldReason =
		RuntimeHoldReason::Agents(pallet_agents::HoldReason::Storage);
	pub const Base: u128 = 1_000;
	pub const PerByte: u128 = 10;
	pub const WalletId: PalletId = PalletId(*b"olg/agnt");
	pub const Protocol: u64 = PROTOCOL;
}

impl Config for Test {
	type Currency = Balances;
	type Consideration =
		HoldConsideration<u64, Balances, Hold, LinearStoragePrice<Base, PerByte, u128>>;
	type PalletId = WalletId;
	type ProtocolPot = Protocol;
	type WeightInfo = ();
}

pub fn origin(who: u64) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

pub fn build_and_execute(test: impl FnOnce()) {
	let rich = [OWNER, CALLER, STRANGER].map(|who| (who, 1u128 << 100));
	let storage = RuntimeGenesisConfig {
		balances: pallet_balances::GenesisConfig {
			balances: rich.into_iter().chain([(PROTOCOL, EXISTENTIAL)]).collect(),
			..Default::default()
		},
		..Default::default()
	};
	TestState::new(storage.build_storage().unwrap()).execute_with(|| {
		System::set_block_number(1);
		test();
		Agents::do_try_state().unwrap();
	});
}
