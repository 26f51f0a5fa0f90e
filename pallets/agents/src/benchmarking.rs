//! Benchmarks of the calls, each in its worst case.
#![allow(missing_docs)]

use super::*;
use frame::benchmarking::prelude::*;
use openledger_core::Hash;

/// In wei.
const FORTUNE: Balance = 1_000_000_000_000_000_000_000_000;
const CARD: Hash = Hash::repeat_byte(1);

fn rich<T: Config>(name: &'static str) -> T::AccountId {
	let who = account(name, 0, 0);
	T::Currency::mint_into(&who, FORTUNE).expect("nobody is that rich; qed");
	who
}

fn agent<T: Config>(owner: &T::AccountId) -> AgentId {
	Pallet::<T>::do_register(owner.clone(), CARD).expect("the owner is rich; qed")
}

fn skill<T: Config>(owner: &T::AccountId) -> AgentId {
	let agent = agent::<T>(owner);
	Pallet::<T>::do_list_skill(owner.clone(), agent, CARD, FORTUNE / 4).expect("rich; qed");
	agent
}

#[benchmarks]
mod benches {
	use super::*;

	#[cfg(test)]
	use crate::mock::{state, Test};
	impl_benchmark_test_suite!(Pallet, state(), Test);

	#[benchmark]
	fn register() {
		let (owner, id) = (rich::<T>("owner"), NextAgent::<T>::get());

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), CARD);

		assert!(Agents::<T>::contains_key(id));
	}

	#[benchmark]
	fn set_card() {
		let owner = rich::<T>("owner");
		let agent = agent::<T>(&owner);

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), agent, Hash::repeat_byte(2));

		assert!(Agents::<T>::get(agent).is_some_and(|agent| agent.card != CARD));
	}

	#[benchmark]
	fn set_active() {
		let owner = rich::<T>("owner");
		let agent = agent::<T>(&owner);

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), agent, false);

		assert!(Agents::<T>::get(agent).is_some_and(|agent| !agent.active));
	}

	#[benchmark]
	fn transfer_agent() {
		let (owner, other) = (rich::<T>("owner"), account::<T::AccountId>("other", 0, 0));
		let agent = agent::<T>(&owner);

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), agent, other.clone());

		assert!(Agents::<T>::get(agent).is_some_and(|agent| agent.owner == other));
	}

	#[benchmark]
	fn list_skill() {
		let owner = rich::<T>("owner");
		let agent = agent::<T>(&owner);

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), agent, CARD, FORTUNE);

		assert!(Skills::<T>::contains_key(agent, 0));
	}

	#[benchmark]
	fn unlist_skill() {
		let owner = rich::<T>("owner");
		let agent = skill::<T>(&owner);

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), agent, 0);

		assert!(!Skills::<T>::contains_key(agent, 0));
	}

	/// The first one, which brings the wallet into being.
	#[benchmark]
	fn call_skill() {
		let agent = skill::<T>(&rich::<T>("owner"));
		let caller = RawOrigin::Signed(rich::<T>("caller"));

		#[extrinsic_call]
		_(caller, agent, 0, FORTUNE, CARD);

		assert!(T::Currency::balance(&Pallet::<T>::wallet(agent)) > 0);
	}

	/// All, to a new account.
	#[benchmark]
	fn withdraw() {
		let owner = rich::<T>("owner");
		let agent = agent::<T>(&owner);
		let to: T::AccountId = account("to", 0, 0);
		T::Currency::mint_into(&Pallet::<T>::wallet(agent), FORTUNE).expect("nobody is; qed");

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), agent, to.clone(), FORTUNE);

		assert_eq!(T::Currency::balance(&to), FORTUNE);
	}

	/// With a full wallet, to a new account.
	#[benchmark]
	fn deregister() {
		let owner = rich::<T>("owner");
		let agent = agent::<T>(&owner);
		let to: T::AccountId = account("to", 0, 0);
		T::Currency::mint_into(&Pallet::<T>::wallet(agent), FORTUNE).expect("nobody is; qed");

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), agent, to.clone());

		assert_eq!(T::Currency::balance(&to), FORTUNE);
	}

	/// Looks an agent up.
	#[benchmark]
	fn read() {
		let agent = agent::<T>(&rich::<T>("owner"));
		let found;

		#[block]
		{
			found = Agents::<T>::get(agent);
		}

		assert!(found.is_some());
	}
}
