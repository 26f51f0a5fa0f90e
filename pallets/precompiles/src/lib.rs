//! The Solidity face of the chain: one interface and one module per precompile.
//!
//! | address | interface | what |
//! |---|---|---|
//! | `0x…0A000000` | [`abi::IRegistry`] | names, addresses and versions of all |
//! | `0x…0A010000` | [`abi::IDatanets`] | create, contribute, license, claim, blocks |
//! | `0x…0A020000` | [`abi::IModels`] | models, operators, lineage |
//! | `0x…0A030000` | [`abi::IAgents`] | register, list and call skills |
//! | `0x…0A040000` | [`abi::IAttribution`] | scores, receipts, channels, claims, spans |
//! | `0x…0A050000` | [`abi::IOpen`] | native $OPEN as an ERC-20 token |
//!
//! What they promise in common:
//!
//! - A call that changes something acts for the account of `msg.sender`, never for another one;
//!   in `IOpen` also for the account whose signature it brings. It is refused in static calls, and in delegate calls, where `msg.sender` is not who
//!   decided to call.
//! - The weight that the pallet's own call costs is charged before anything is done.
//! - What a pallet refuses reverts with `Error(string)`, the name of the pallet's error; the frame
//!   is a storage transaction, so nothing of the call stays.
//! - Every event of a pallet has one of its interface. A call logs all that its pallet deposits, but
//!   for moves of money; of native calls and hooks the node makes the same logs.
//! - Value is refused, except by `IAgents.callSkill`.
//! - What is stored holds a deposit of the caller's balance, as native calls do; what `IOpen`
//!   stores, of the signer of the transaction, as contracts do.
//! - What was released stays: `selectors.txt` has every function and event with the version of its
//!   interface that brought it, and a test compares. The example `interfaces` writes the ABI of all
//!   as JSON and TypeScript, from the same files that the runtime is compiled from.
//!
//! The runtime's `NativeToEthRatio` must be 1: amounts are native wei.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod agents;
mod attribution;
mod context;
mod datanets;
mod models;
mod open;
mod registry;
mod spans;

pub use agents::AgentsPrecompile;
pub use attribution::AttributionPrecompile;
pub use context::{address, word};
pub use datanets::DatanetsPrecompile;
pub use models::ModelsPrecompile;
pub use open::OpenPrecompile;
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
	sol!("sol/IOpen.sol");
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

/// Where [`OpenPrecompile`] is.
pub const OPEN: u16 = 0x0A05;

/// What the registry says of an interface.
pub struct Interface {
	/// The name of its file in lower case, without the `I`.
	pub name: &'static str,
	/// Where its precompile is; [`address_of`] makes an address of it.
	pub at: u16,
	/// Starts at 1 and grows by one with every release that adds a function or an event.
	pub version: u32,
	/// Whether new contracts should use another interface. It keeps answering.
	pub deprecated: bool,
}

/// All interfaces in the order of their addresses.
pub const INTERFACES: [Interface; 6] = [
	Interface { name: "registry", at: REGISTRY, version: 2, deprecated: false },
	Interface { name: "datanets", at: DATANETS, version: 7, deprecated: false },
	Interface { name: "models", at: MODELS, version: 3, deprecated: false },
	Interface { name: "agents", at: AGENTS, version: 2, deprecated: false },
	Interface { name: "attribution", at: ATTRIBUTION, version: 6, deprecated: false },
	Interface { name: "open", at: OPEN, version: 1, deprecated: false },
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
