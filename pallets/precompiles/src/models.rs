//! Models for Solidity.

use crate::{
	abi::IModels::{
		endpointsCall, isOperatorCall, lineageCall, modelCall, modelReturn, IModelsCalls,
	},
	context::{account, address, revert, without_value, word},
};
use alloc::{string::String, vec::Vec};
use core::marker::PhantomData;
use openledger_core::ModelsFace;
use pallet_revive::{
	precompiles::{
		alloy::{primitives::U256 as Word, sol_types::SolCall},
		AddressMatcher, Error, Ext, Precompile,
	},
	Config,
};

/// [`crate::abi::IModels`] over the models `M`.
pub struct ModelsPrecompile<T, M>(PhantomData<(T, M)>);

impl<T: Config, M: ModelsFace<T::AccountId>> Precompile for ModelsPrecompile<T, M> {
	type T = T;
	type Interface = IModelsCalls;
	const MATCHER: AddressMatcher = crate::fixed(crate::MODELS);
	const HAS_CONTRACT_INFO: bool = false;

	fn call(
		_: &[u8; 20],
		input: &Self::Interface,
		env: &mut impl Ext<T = T>,
	) -> Result<Vec<u8>, Error> {
		env.charge(M::weight())?;
		without_value(env)?;
		match input {
			IModelsCalls::model(modelCall { id }) => {
				let model = M::model(*id).ok_or_else(|| revert("NoModel"))?;
				Ok(modelCall::abi_encode_returns(&modelReturn {
					developer: address::<T>(&model.developer),
					base: word(model.base),
					datanet: model.datanet,
					version: model.version,
					adapter: word(model.adapter),
					inputPrice: Word::from(model.input_price),
					outputPrice: Word::from(model.output_price),
					donation: model.donation,
				}))
			},
			IModelsCalls::isOperator(isOperatorCall { id, account: of }) => {
				let who = account(env, *of)?;
				Ok(isOperatorCall::abi_encode_returns(&M::is_operator(*id, &who)))
			},
			IModelsCalls::endpoints(endpointsCall { id, operator }) => {
				let operator = account(env, *operator)?;
				let urls: Vec<String> = M::endpoints(*id, Some(&operator))
					.into_iter()
					.filter_map(|url| String::from_utf8(url).ok())
					.collect();
				Ok(endpointsCall::abi_encode_returns(&urls))
			},
			IModelsCalls::lineage(lineageCall { id }) => {
				Ok(lineageCall::abi_encode_returns(&M::lineage(*id)))
			},
		}
	}
}
