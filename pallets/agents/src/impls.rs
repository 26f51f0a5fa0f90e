//! What the calls do.

use super::*;
use frame::deps::frame_support::traits::tokens::{Fortitude, Preservation};
use openledger_influence_math::split;

impl<T: Config> Pallet<T> {
	/// The account that holds an agent's money; nobody has its key.
	pub fn wallet(agent: AgentId) -> T::AccountId {
		T::PalletId::get().into_sub_account_truncating(agent)
	}

	/// Registers an agent; returns its id.
	pub fn do_register(owner: T::AccountId, card: Hash) -> Result<AgentId, DispatchError> {
		let id = NextAgent::<T>::get();
		NextAgent::<T>::put(id.checked_add(1).ok_or(Error::<T>::Overflow)?);
		let footprint = Footprint::from_mel::<Agent<T::AccountId, T::Consideration>>();
		let ticket = T::Consideration::new(&owner, footprint)?;
		let deposit = (owner.clone(), ticket);
		let agent = Agent { owner: owner.clone(), card, next_skill: 0, active: true, deposit };
		Agents::<T>::insert(id, agent);
		let wallet = Self::wallet(id);
		Self::deposit_event(Event::Registered { agent: id, owner, wallet, card });
		Ok(id)
	}

	/// Changes an agent on behalf of its owner.
	pub(crate) fn as_owner<R>(
		who: &T::AccountId,
		id: AgentId,
		change: impl FnOnce(&mut Agent<T::AccountId, T::Consideration>) -> R,
	) -> Result<R, DispatchError> {
		Agents::<T>::try_mutate(id, |agent| {
			let agent = agent.as_mut().ok_or(Error::<T>::NoAgent)?;
			ensure!(agent.owner == *who, Error::<T>::NotOwner);
			Ok(change(agent))
		})
	}

	pub(crate) fn do_transfer(
		who: T::AccountId,
		agent: AgentId,
		owner: T::AccountId,
	) -> DispatchResult {
		Self::as_owner(&who, agent, |entry| entry.owner = owner.clone())?;
		Self::deposit_event(Event::Transferred { agent, owner });
		Ok(())
	}

	pub(crate) fn do_list_skill(
		who: T::AccountId,
		agent: AgentId,
		card: Hash,
		price: Balance,
	) -> DispatchResult {
		let skill = Self::as_owner(&who, agent, |entry| {
			let skill = entry.next_skill;
			entry.next_skill = skill.checked_add(1)?;
			Some(skill)
		})?
		.ok_or(Error::<T>::Overflow)?;
		ensure!(Self::is_payable(price), Error::<T>::PriceTooLow);
		let footprint = Footprint::from_mel::<Skill<T::AccountId, T::Consideration>>();
		let deposit = (who.clone(), T::Consideration::new(&who, footprint)?);
		Skills::<T>::insert(agent, skill, Skill { card, price, deposit });
		Self::deposit_event(Event::SkillListed { agent, skill, card, price });
		Ok(())
	}

	pub(crate) fn do_unlist_skill(
		who: T::AccountId,
		agent: AgentId,
		skill: SkillId,
	) -> DispatchResult {
		Self::as_owner(&who, agent, |_| ())?;
		let entry = Skills::<T>::take(agent, skill).ok_or(Error::<T>::NoSkill)?;
		let (payer, ticket) = entry.deposit;
		ticket.drop(&payer)?;
		Self::deposit_event(Event::SkillUnlisted { agent, skill });
		Ok(())
	}

	/// The agent's and the protocol's part of a price.
	fn parts(price: Balance) -> [Balance; 2] {
		split(price, [BASIS_POINTS.saturating_sub(PROTOCOL_CUT), PROTOCOL_CUT])
	}

	/// Whether a call at this price can be paid when it is what opens the wallet.
	fn is_payable(price: Balance) -> bool {
		let [earned, _] = Self::parts(price);
		earned == 0 || earned >= T::Currency::minimum_balance()
	}

	/// Pays for a call; returns its number.
	pub fn do_call_skill(
		caller: T::AccountId,
		agent: AgentId,
		skill: SkillId,
		maximum: Balance,
		input: Hash,
	) -> Result<u64, DispatchError> {
		let active = Agents::<T>::get(agent).ok_or(Error::<T>::NoAgent)?.active;
		ensure!(active, Error::<T>::Inactive);
		let price = Skills::<T>::get(agent, skill).ok_or(Error::<T>::NoSkill)?.price;
		ensure!(price <= maximum, Error::<T>::AboveMaximum);
		let [earned, protocol] = Self::parts(price);
		for (to, amount) in [(Self::wallet(agent), earned), (T::ProtocolPot::get(), protocol)] {
			if amount > 0 {
				T::Currency::transfer(&caller, &to, amount, Preservation::Preserve)?;
			}
		}
		let call = NextCall::<T>::mutate(|next| {
			let call = *next;
			*next = next.saturating_add(1);
			call
		});
		Self::deposit_event(Event::SkillCalled { call, agent, skill, caller, input, price });
		Ok(call)
	}

	pub(crate) fn do_withdraw(
		who: T::AccountId,
		agent: AgentId,
		to: T::AccountId,
		amount: Balance,
	) -> DispatchResult {
		Self::as_owner(&who, agent, |_| ())?;
		let wallet = Self::wallet(agent);
		let left = T::Currency::balance(&wallet).saturating_sub(amount);
		let kept = left == 0 || left >= T::Currency::minimum_balance();
		ensure!(kept, Error::<T>::LeavesDust);
		T::Currency::transfer(&wallet, &to, amount, Preservation::Expendable)?;
		Self::deposit_event(Event::Withdrawn { agent, to, amount });
		Ok(())
	}

	pub(crate) fn do_deregister(
		who: T::AccountId,
		agent: AgentId,
		to: T::AccountId,
	) -> DispatchResult {
		let entry = Agents::<T>::take(agent).ok_or(Error::<T>::NoAgent)?;
		ensure!(entry.owner == who, Error::<T>::NotOwner);
		let listed = Skills::<T>::iter_key_prefix(agent).next().is_some();
		ensure!(!listed, Error::<T>::SkillsListed);
		let (wallet, all) = (Self::wallet(agent), Preservation::Expendable);
		let amount = T::Currency::reducible_balance(&wallet, all, Fortitude::Polite);
		if amount > 0 {
			T::Currency::transfer(&wallet, &to, amount, all)?;
		}
		ensure!(T::Currency::total_balance(&wallet) == 0, Error::<T>::WalletNotEmpty);
		let (payer, ticket) = entry.deposit;
		ticket.drop(&payer)?;
		Self::deposit_event(Event::Deregistered { agent, to, amount });
		Ok(())
	}

	/// Invariants of this pallet.
	#[cfg(any(feature = "std", feature = "try-runtime"))]
	pub fn do_try_state() -> Result<(), frame::deps::sp_runtime::TryRuntimeError> {
		for id in Agents::<T>::iter_keys() {
			ensure!(id < NextAgent::<T>::get(), "an agent beyond the next id");
		}
		for (agent, id, skill) in Skills::<T>::iter() {
			let next = Agents::<T>::get(agent).ok_or("a skill has an agent")?.next_skill;
			ensure!(id < next, "a skill beyond the next id");
			ensure!(Self::is_payable(skill.price), "any call can open the wallet");
		}
		Ok(())
	}
}
