//! The Solidity face of the chain: one interface and one module per precompile.
//!
//! | address | interface | what |
//! |---|---|---|
//! | `0x…0A000000` | [`abi::IRegistry`] | names and addresses of the others |
//! | `0x…0A010000` | [`abi::IDatanets`] | create, contribute, license, claim |
//! | `0x…0A020000` | [`abi::IModels`] | models, operators, lineage |
//! | `0x…0A030000` | [`abi::IAgents`] | register, list and call skills |
//! | `0x…0A040000` | [`abi::IAttribution`] | scores, receipts, channels, claims |
//!
//! What they promise in common:
//!
//! - A call that changes something acts for the account of `msg.sender`, never for another one.
//!   It is refused in static calls, and in delegate calls, where `msg.sender` is not who
//!   decided to call.
//! - The weight that the pallet's own call costs is charged before anything is done.
//! - What a pallet refuses reverts with `Error(string)`, the name of the pallet's error; the frame
//!   is a storage transaction, so nothing of the call stays.
//! - Value is refused, except by `IAgents.callSkill`.
//! - What is stored holds a deposit of the caller's balance, as native calls do.
//!
//! The runtime's `NativeToEthRatio` must be 1: amounts are native wei.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod agents;
mod attribution;
mod context;
mod datanets;
mod models;
mod registry;

pub use agents::AgentsPrecompile;
pub use attribution::AttributionPrecompile;
pub use datanets::DatanetsPrecompile;
pub use models::ModelsPrecompile;
pub use registry::RegistryPrecompile;

use core::num::NonZero;
use pallet_revive::precompiles::{AddressMatcher, H160};

/// The interfaces, as the files in `sol/` declare them.
pub mod abi {
	#![allow(missing_docs, clippy::all)]
	use pallet_revive::precompiles::alloy::sol;

	sol!("sol/IRegistry.sol");
	sol!("sol/IDatanets.sol");
	sol!("sol/IModels.sol");
	sol!("sol/IAgents.sol");
	sol!("sol/IAttribution.sol");
}

/// Where [`RegistryPrecompile`] is.
pub const REGISTRY: u16 = 0x0A00;
/// Where [`DatanetsPrecompile`] is.
pub const DATANETS: u16 = 0x0A01;
/// Where [`ModelsPrecompile`] is.
pub const MODELS: u16 = 0x0A02;
/// Where [`AgentsPrecompile`] is.
pub const AGENTS: u16 = 0x0A03;
/// Where [`AttributionPrecompile`] is.
pub const ATTRIBUTION: u16 = 0x0A04;

/// All precompiles by name.
pub const NAMES: [(&str, u16); 5] = [
	("registry", REGISTRY),
	("datanets", DATANETS),
	("models", MODELS),
	("agents", AGENTS),
	("attribution", ATTRIBUTION),
];

/// The address `0x…pppp0000` of a precompile.
pub fn address_of(precompile: u16) -> H160 {
	H160::from_low_u64_be(u64::from(precompile) << 16)
}

/// The matcher of one address; evaluated by the compiler.
const fn fixed(precompile: u16) -> AddressMatcher {
	match NonZero::new(precompile) {
		Some(precompile) => AddressMatcher::Fixed(precompile),
		None => panic!("a precompile is not at zero"),
	}
}
