//! What Solidity can do with the agents.

use super::*;
use openledger_core::{AgentInfo, AgentsCall, AgentsFace};

impl<T: Config> AgentsFace<T::AccountId> for Pallet<T> {
	fn weight(call: AgentsCall) -> Weight {
		match call {
			AgentsCall::Register => T::WeightInfo::register(),
			AgentsCall::ListSkill => T::WeightInfo::list_skill(),
			AgentsCall::CallSkill => T::WeightInfo::call_skill(),
			AgentsCall::Withdraw => T::WeightInfo::withdraw(),
			AgentsCall::Read => T::WeightInfo::read(),
		}
	}

	fn register(who: T::AccountId, card: Hash) -> Result<AgentId, DispatchError> {
		Self::do_register(who, card)
	}

	fn list_skill(
		who: T::AccountId,
		agent: AgentId,
		card: Hash,
		price: Balance,
	) -> Result<SkillId, DispatchError> {
		let skill = Agents::<T>::get(agent).ok_or(Error::<T>::NoAgent)?.next_skill;
		Self::do_list_skill(who, agent, card, price).map(|()| skill)
	}

	fn call_skill(
		who: T::AccountId,
		agent: AgentId,
		skill: SkillId,
		maximum: Balance,
		input: Hash,
	) -> Result<u64, DispatchError> {
		Self::do_call_skill(who, agent, skill, maximum, input)
	}

	fn withdraw(
		who: T::AccountId,
		agent: AgentId,
		to: T::AccountId,
		amount: Balance,
	) -> DispatchResult {
		Self::do_withdraw(who, agent, to, amount)
	}

	fn agent(agent: AgentId) -> Option<AgentInfo<T::AccountId>> {
		let Agent { owner, card, active, .. } = Agents::<T>::get(agent)?;
		Some(AgentInfo { owner, wallet: Self::wallet(agent), card, active })
	}

	fn skill(agent: AgentId, skill: SkillId) -> Option<(Hash, Balance)> {
		Skills::<T>::get(agent, skill).map(|skill| (skill.card, skill.price))
	}
}
