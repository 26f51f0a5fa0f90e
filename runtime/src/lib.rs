//! A standalone chain: BABE and GRANDPA, NPoS, and the EVM of `pallet-revive`.

#![cfg_attr(not(feature = "std"), no_std)]
#![recursion_limit = "512"]

extern crate alloc;

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));

mod apis;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarks;
mod consensus;
pub mod epoch;
pub mod evm;
mod fees;
pub mod genesis;
pub mod governance;
#[cfg(feature = "std")]
pub mod logs;
pub mod openledger;
pub mod pots;
mod staking;
mod system;
#[cfg(test)]
mod tests;
pub mod tips;

use alloc::{borrow::Cow, vec::Vec};
use polkadot_sdk::*;
use sp_runtime::{
	generic,
	traits::{BlakeTwo256, IdentifyAccount, Verify},
	MultiAddress, MultiSignature,
};
use sp_version::{runtime_version, RuntimeVersion};

#[cfg(feature = "std")]
pub use apis::api;
pub use apis::{RuntimeApi, RUNTIME_API_VERSIONS};
pub use consensus::SessionKeys;
pub use evm::EthExtraImpl;
pub use fees::{GAS_PRICE_FLOOR, MIN_MULTIPLIER};

pub type Signature = MultiSignature;
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
pub type Balance = u128;
pub type Nonce = u32;
pub type BlockNumber = u32;
pub type Moment = u64;
pub type Hash = sp_core::H256;
pub type Address = MultiAddress<AccountId, ()>;
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
pub type UncheckedExtrinsic =
	pallet_revive::evm::runtime::UncheckedExtrinsic<Address, Signature, EthExtraImpl>;
pub type Block = generic::Block<Header, UncheckedExtrinsic>;
/// The block as the node sees it: extrinsics are bytes, and hexadecimal in RPC answers.
pub type OpaqueBlock = generic::Block<Header, sp_runtime::OpaqueExtrinsic>;
pub type SignedPayload = generic::SignedPayload<RuntimeCall, TxExtension>;

/// Extensions of a signed transaction. `SetOrigin` comes after all that need a signed origin,
/// `WeightReclaim` is last.
pub type TxExtension = (
	frame_system::AuthorizeCall<Runtime>,
	frame_system::CheckNonZeroSender<Runtime>,
	frame_system::CheckSpecVersion<Runtime>,
	frame_system::CheckTxVersion<Runtime>,
	frame_system::CheckGenesis<Runtime>,
	frame_system::CheckMortality<Runtime>,
	frame_system::CheckNonce<Runtime>,
	frame_system::CheckWeight<Runtime>,
	tips::Charge,
	pallet_revive::evm::tx_extension::SetOrigin<Runtime>,
	frame_metadata_hash_extension::CheckMetadataHash<Runtime>,
	frame_system::WeightReclaim<Runtime>,
);

pub type Executive = frame_executive::Executive<
	Runtime,
	Block,
	frame_system::ChainContext<Runtime>,
	Runtime,
	AllPalletsWithSystem,
>;

/// One whole coin: 18 decimals.
pub const UNIT: Balance = 1_000_000_000_000_000_000;
/// A slot, and so a block, takes this long.
pub const SLOT_MILLIS: Moment = 3_000;
/// The EVM chain id.
pub const EVM_CHAIN_ID: u64 = 918_273;

#[runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
	spec_name: Cow::Borrowed("openledger"),
	impl_name: Cow::Borrowed("openledger"),
	authoring_version: 1,
	spec_version: 1,
	impl_version: 1,
	apis: RUNTIME_API_VERSIONS,
	transaction_version: 1,
	system_version: 1,
};

#[frame_support::runtime]
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
	pub struct Runtime;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	// BABE must come before Timestamp and Session.
	#[runtime::pallet_index(1)]
	pub type Babe = pallet_babe;
	#[runtime::pallet_index(2)]
	pub type Timestamp = pallet_timestamp;
	#[runtime::pallet_index(3)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(4)]
	pub type TransactionPayment = pallet_transaction_payment;

	// Consensus. Authorship first among those that look at the author; Staking before Session.
	#[runtime::pallet_index(10)]
	pub type Authorship = pallet_authorship;
	#[runtime::pallet_index(11)]
	pub type Staking = pallet_staking;
	#[runtime::pallet_index(12)]
	pub type VoterList = pallet_bags_list;
	#[runtime::pallet_index(13)]
	pub type Offences = pallet_offences;
	#[runtime::pallet_index(14)]
	pub type Historical = pallet_session::historical;
	#[runtime::pallet_index(15)]
	pub type Session = pallet_session;
	#[runtime::pallet_index(16)]
	pub type Grandpa = pallet_grandpa;
	#[runtime::pallet_index(17)]
	pub type ImOnline = pallet_im_online;
	#[runtime::pallet_index(18)]
	pub type AuthorityDiscovery = pallet_authority_discovery;
	#[runtime::pallet_index(19)]
	pub type Epoch = epoch;

	#[runtime::pallet_index(30)]
	pub type Utility = pallet_utility;
	#[runtime::pallet_index(31)]
	pub type Multisig = pallet_multisig;
	#[runtime::pallet_index(32)]
	pub type Proxy = pallet_proxy;
	#[runtime::pallet_index(33)]
	pub type Preimage = pallet_preimage;
	#[runtime::pallet_index(34)]
	pub type Scheduler = pallet_scheduler;
	#[runtime::pallet_index(35)]
	pub type Council = pallet_collective<Instance1>;
	#[runtime::pallet_index(36)]
	pub type Timelock = pallet_timelock;

	// The name is looked up by the stock Ethereum RPC.
	#[runtime::pallet_index(40)]
	pub type Revive = pallet_revive;

	#[runtime::pallet_index(50)]
	pub type Datanets = pallet_datanets;
	#[runtime::pallet_index(51)]
	pub type Models = pallet_models;
	#[runtime::pallet_index(52)]
	pub type Agents = pallet_agents;
	#[runtime::pallet_index(53)]
	pub type Attribution = pallet_attribution;
	#[runtime::pallet_index(54)]
	pub type Spans = pallet_spans;
}
