//! Names, addresses and versions of the precompiles.

use crate::{
	abi::IRegistry::{addressOfCall, interfacesCall, namesCall, IRegistryCalls, Interface},
	context::{revert, without_value},
	INTERFACES,
};
use alloc::{string::String, vec::Vec};
use core::marker::PhantomData;
use frame::prelude::Weight;
use pallet_revive::{
	precompiles::{
		alloy::{primitives::Address, sol_types::SolCall},
		AddressMatcher, Error, Ext, Precompile,
	},
	Config,
};

/// [`crate::abi::IRegistry`].
pub struct RegistryPrecompile<T>(PhantomData<T>);

impl<T: Config> Precompile for RegistryPrecompile<T> {
	type T = T;
	type Interface = IRegistryCalls;
	const MATCHER: AddressMatcher = crate::fixed(crate::REGISTRY);
	const HAS_CONTRACT_INFO: bool = false;

	fn call(
		_: &[u8; 20],
		input: &Self::Interface,
		env: &mut impl Ext<T = T>,
	) -> Result<Vec<u8>, Error> {
		// A constant table: one microsecond covers it.
		env.charge(Weight::from_parts(1_000_000, 0))?;
		without_value(env)?;
		match input {
			IRegistryCalls::addressOf(addressOfCall { name }) => {
				let known = INTERFACES.iter().find(|known| known.name == name.as_str());
				let known = known.ok_or_else(|| revert("no precompile has this name"))?;
				let at = Address::from(crate::address_of(known.at).0);
				Ok(addressOfCall::abi_encode_returns(&at))
			},
			IRegistryCalls::names(namesCall {}) => {
				let all: Vec<String> = INTERFACES.iter().map(|known| known.name.into()).collect();
				Ok(namesCall::abi_encode_returns(&all))
			},
			IRegistryCalls::interfaces(interfacesCall {}) => {
				let all: Vec<Interface> = INTERFACES
					.iter()
					.map(|known| Interface {
						name: known.name.into(),
						precompile: crate::address_of(known.at).0.into(),
						version: known.version,
						deprecated: known.deprecated,
					})
					.collect();
				Ok(interfacesCall::abi_encode_returns(&all))
			},
		}
	}
}
