//! What all precompiles do with the frame that they run in.

use alloc::vec::Vec;
use frame::prelude::{DispatchError, Get, Weight};
use openledger_core::{Balance, Hash};
use pallet_revive::{
	precompiles::{
		alloy::{
			primitives::{Address, FixedBytes, I256, U256 as Word},
			sol_types::SolEvent,
		},
		AddressMapper, Error, Ext, RuntimeCosts, H160, H256,
	},
	Config,
};

/// A revert with `Error(string)`.
pub fn revert(reason: &str) -> Error {
	Error::Revert(reason.into())
}

/// A revert with the name of what a pallet refused.
pub fn refused(error: DispatchError) -> Error {
	let reason: &'static str = error.into();
	revert(reason)
}

/// Refuses value.
pub fn without_value<T: Config>(env: &impl Ext<T = T>) -> Result<(), Error> {
	if env.value_transferred().is_zero() {
		Ok(())
	} else {
		Err(revert("this function takes no value"))
	}
}

/// Refuses delegate calls.
pub fn called<T: Config>(env: &impl Ext<T = T>) -> Result<(), Error> {
	if env.is_delegate_call() {
		return Err(revert("not by delegate call: call the precompile itself"));
	}
	Ok(())
}

/// Refuses calls that may not change anything.
pub fn mutable<T: Config>(env: &impl Ext<T = T>) -> Result<(), Error> {
	called(env)?;
	if env.is_read_only() {
		return Err(revert("not by static call: this function changes the state"));
	}
	Ok(())
}

/// The account of `msg.sender`.
pub fn caller<T: Config>(env: &impl Ext<T = T>) -> Result<T::AccountId, Error> {
	env.caller().account_id().cloned().map_err(refused)
}

/// The account behind an address. Charges for the look-up.
pub fn account<T: Config>(
	env: &mut impl Ext<T = T>,
	address: Address,
) -> Result<T::AccountId, Error> {
	env.frame_meter_mut().charge_weight_token(RuntimeCosts::ToAccountId)?;
	Ok(env.to_account_id(&H160(address.into_array())))
}

/// The address of an account.
pub fn address<T: Config>(who: &T::AccountId) -> Address {
	T::AddressMapper::to_address(who).0.into()
}

/// The addresses of accounts.
pub fn addresses<'a, T: Config>(all: impl Iterator<Item = &'a T::AccountId>) -> Vec<Address>
where
	T::AccountId: 'a,
{
	all.map(address::<T>).collect()
}

/// An amount that is paid or stored.
pub fn amount(wei: &Word) -> Result<Balance, Error> {
	Balance::try_from(*wei).map_err(|_| revert("an amount is below 2^128 wei"))
}

/// A limit: whatever is beyond all money there can be is no limit.
pub fn limit(wei: &Word) -> Balance {
	Balance::try_from(*wei).unwrap_or(Balance::MAX)
}

/// A hash in Solidity's type.
pub fn word(hash: Hash) -> FixedBytes<32> {
	hash.0.into()
}

/// A hash in the chain's type.
pub fn hash(word: &FixedBytes<32>) -> Hash {
	H256(word.0)
}

/// A signed number in Solidity's type.
pub fn signed(number: i128) -> I256 {
	let size = I256::from_raw(Word::from(number.unsigned_abs()));
	if number < 0 {
		size.wrapping_neg()
	} else {
		size
	}
}

/// Charges for a native transfer: both accounts are read and written.
pub fn charge_transfer<T: Config>(env: &mut impl Ext<T = T>) -> Result<(), Error> {
	let accounts = T::DbWeight::get().reads_writes(2, 2);
	env.charge(accounts.saturating_add(Weight::from_parts(50_000_000, 0)))?;
	Ok(())
}

/// Logs an event at the address of the precompile. Charges for it.
pub fn log<T: Config>(env: &mut impl Ext<T = T>, event: &impl SolEvent) -> Result<(), Error> {
	let (topics, data) = event.encode_log_data().split();
	env.frame_meter_mut().charge_weight_token(RuntimeCosts::DepositEvent {
		num_topic: topics.len() as u32,
		len: data.len() as u32,
	})?;
	env.deposit_event(topics.into_iter().map(|topic| H256(topic.0)).collect(), data.to_vec());
	Ok(())
}
