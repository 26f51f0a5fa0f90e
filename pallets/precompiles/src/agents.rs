//! Agents for Solidity.

use crate::{
	abi::{
		IAgents,
		IAgents::{
			agentOfCall, agentOfReturn, callSkillCall, listSkillCall, registerCall, skillOfCall,
			skillOfReturn, walletCall, withdrawCall, IAgentsCalls,
		},
	},
	context::{
		account, address, amount, caller, charge_transfer, hash, limit, log, mutable, refused,
		revert, without_value, word,
	},
};
use alloc::vec::Vec;
use core::marker::PhantomData;
use frame::token::{fungible::Mutate, Preservation};
use openledger_core::{AgentsCall, AgentsFace, Balance};
use pallet_revive::{
	precompiles::{
		alloy::{primitives::U256 as Word, sol_types::SolCall},
		AddressMatcher, Error, Ext, Precompile,
	},
	Config,
};

/// [`crate::abi::IAgents`] over the agents `A`.
pub struct AgentsPrecompile<T, A>(PhantomData<(T, A)>);

impl<T, A> Precompile for AgentsPrecompile<T, A>
where
	T: Config<Balance = Balance>,
	A: AgentsFace<T::AccountId>,
{
	type T = T;
	type Interface = IAgentsCalls;
	const MATCHER: AddressMatcher = crate::fixed(crate::AGENTS);
	const HAS_CONTRACT_INFO: bool = false;

	fn call(
		_: &[u8; 20],
		input: &Self::Interface,
		env: &mut impl Ext<T = T>,
	) -> Result<Vec<u8>, Error> {
		use IAgentsCalls as Call;
		let (weight, changes) = match input {
			Call::register(_) => (AgentsCall::Register, true),
			Call::listSkill(_) => (AgentsCall::ListSkill, true),
			Call::callSkill(_) => (AgentsCall::CallSkill, true),
			Call::withdraw(_) => (AgentsCall::Withdraw, true),
			Call::agentOf(_) | Call::wallet(_) | Call::skillOf(_) => (AgentsCall::Read, false),
		};
		env.charge(A::weight(weight))?;
		if changes {
			mutable(env)?;
		}
		if !matches!(input, Call::callSkill(_)) {
			without_value(env)?;
		}
		match input {
			Call::register(registerCall { card }) => {
				let who = caller(env)?;
				let agent = A::register(who.clone(), hash(card)).map_err(refused)?;
				let owner = address::<T>(&who);
				log(env, &IAgents::Registered { agent, owner, card: *card })?;
				Ok(registerCall::abi_encode_returns(&agent))
			},
			Call::listSkill(listSkillCall { agent, card, price }) => {
				let (who, wei) = (caller(env)?, amount(price)?);
				let skill = A::list_skill(who, *agent, hash(card), wei).map_err(refused)?;
				let (agent, card, price) = (*agent, *card, *price);
				log(env, &IAgents::SkillListed { agent, skill, card, price })?;
				Ok(listSkillCall::abi_encode_returns(&skill))
			},
			Call::callSkill(call) => Self::call_skill(call, env),
			Call::withdraw(withdrawCall { agent, to, amount: wei }) => {
				let (who, payee, sum) = (caller(env)?, account(env, *to)?, amount(wei)?);
				A::withdraw(who, *agent, payee, sum).map_err(refused)?;
				log(env, &IAgents::Withdrawn { agent: *agent, to: *to, amount: *wei })?;
				Ok(Vec::new())
			},
			Call::agentOf(agentOfCall { agent }) => {
				let agent = A::agent(*agent).ok_or_else(|| revert("NoAgent"))?;
				Ok(agentOfCall::abi_encode_returns(&agentOfReturn {
					owner: address::<T>(&agent.owner),
					wallet: address::<T>(&agent.wallet),
					card: word(agent.card),
					active: agent.active,
				}))
			},
			Call::wallet(walletCall { agent }) => {
				let agent = A::agent(*agent).ok_or_else(|| revert("NoAgent"))?;
				Ok(walletCall::abi_encode_returns(&address::<T>(&agent.wallet)))
			},
			Call::skillOf(skillOfCall { agent, skill }) => {
				let skill = A::skill(*agent, *skill).ok_or_else(|| revert("NoSkill"))?;
				let (card, price) = (word(skill.0), Word::from(skill.1));
				Ok(skillOfCall::abi_encode_returns(&skillOfReturn { card, price }))
			},
		}
	}
}

impl<T, A> AgentsPrecompile<T, A>
where
	T: Config<Balance = Balance>,
	A: AgentsFace<T::AccountId>,
{
	fn call_skill(call: &callSkillCall, env: &mut impl Ext<T = T>) -> Result<Vec<u8>, Error> {
		let callSkillCall { agent, skill, maximum, input } = call;
		let (who, mut maximum) = (caller(env)?, limit(maximum));
		let value = env.value_transferred();
		if !value.is_zero() {
			// The value lies in the precompile's account. It goes back, so that the pallet charges
			// and names the caller itself and what is above the price needs no second transfer.
			let value = Balance::try_from(value).map_err(|_| revert("the value is too large"))?;
			charge_transfer(env)?;
			let here = env.account_id().clone();
			T::Currency::transfer(&here, &who, value, Preservation::Preserve).map_err(refused)?;
			maximum = maximum.min(value);
		}
		let number =
			A::call_skill(who.clone(), *agent, *skill, maximum, hash(input)).map_err(refused)?;
		let event = IAgents::SkillCalled {
			call: number,
			agent: *agent,
			skill: *skill,
			caller: address::<T>(&who),
			input: *input,
		};
		log(env, &event)?;
		Ok(callSkillCall::abi_encode_returns(&number))
	}
}
