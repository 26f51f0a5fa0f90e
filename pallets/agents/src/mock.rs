//! A chain of balances and this pallet.
#![allow(missing_docs)]

use crate as pallet_agents;
use crate::*;
use frame::{
	deps::{
		frame_support::traits::{fungible::HoldConsideration, LinearStoragePrice},
		sp_runtime::{traits::IdentityLookup, AccountId32},
	},
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
	type AccountId = AccountId32;
	type Lookup = IdentityLookup<AccountId32>;
	type AccountData = pallet_balances::AccountData<u128>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = u128;
	type ExistentialDeposit = ConstU128<EXISTENTIAL>;
	type AccountStore = System;
}

pub const EXISTENTIAL: u128 = 1_000;
// Long enough for every agent to have a wallet of its own.
pub const OWNER: AccountId32 = AccountId32::new([1; 32]);
pub const CALLER: AccountId32 = AccountId32::new([2; 32]);
pub const STRANGER: AccountId32 = AccountId32::new([3; 32]);
pub const PROTOCOL: AccountId32 = AccountId32::new([90; 32]);

parameter_types! {
	pub const Hold: RuntimeHoldReason =
		RuntimeHoldReason::Agents(pallet_agents::HoldReason::Storage);
	pub const Base: u128 = 1_000;
	pub const PerByte: u128 = 10;
	pub const WalletId: PalletId = PalletId(*b"olg/agnt");
	pub const Protocol: AccountId32 = PROTOCOL;
}

impl Config for Test {
	type Currency = Balances;
	type Consideration =
		HoldConsideration<AccountId32, Balances, Hold, LinearStoragePrice<Base, PerByte, u128>>;
	type PalletId = WalletId;
	type ProtocolPot = Protocol;
	type WeightInfo = crate::weights::SubstrateWeight<Test>;
}

pub fn origin(who: AccountId32) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

/// The state in which every test begins.
pub fn state() -> TestState {
	let rich = [OWNER, CALLER, STRANGER].map(|who| (who, 1u128 << 100));
	let storage = RuntimeGenesisConfig {
		balances: pallet_balances::GenesisConfig {
			balances: rich.into_iter().chain([(PROTOCOL, EXISTENTIAL)]).collect(),
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
		Agents::do_try_state().unwrap();
	});
}
