use crate::{
	mock::{Agents, Hash, *},
	*,
};
use frame::{
	deps::sp_runtime::{AccountId32, TokenError},
	testing_prelude::*,
};
use proptest::prelude::*;

const PRICE: u128 = 1_000_007;

fn ready() {
	assert_ok!(Agents::register(origin(OWNER), Hash::repeat_byte(1)));
	assert_ok!(Agents::list_skill(origin(OWNER), 0, Hash::repeat_byte(2), PRICE));
}

fn call(maximum: u128) -> DispatchResult {
	Agents::call_skill(origin(CALLER), 0, 0, maximum, Hash::repeat_byte(3))
}

#[test]
fn call_skill_should_pay_wallet_and_protocol_when_within_the_maximum() {
	build_and_execute(|| {
		ready();
		assert_noop!(call(PRICE - 1), Error::<Test>::AboveMaximum);
		assert_ok!(call(PRICE));
		let wallet = Balances::free_balance(Agents::wallet(0));
		let protocol = Balances::free_balance(PROTOCOL) - EXISTENTIAL;
		assert_eq!((wallet + protocol, protocol), (PRICE, 50_000));
	});
}

#[test]
fn call_skill_should_fail_when_unknown_or_inactive() {
	build_and_execute(|| {
		assert_noop!(call(PRICE), Error::<Test>::NoAgent);
		ready();
		let unknown = Agents::call_skill(origin(CALLER), 0, 1, PRICE, Hash::zero());
		assert_noop!(unknown, Error::<Test>::NoSkill);
		assert_ok!(Agents::set_active(origin(OWNER), 0, false));
		assert_noop!(call(PRICE), Error::<Test>::Inactive);
	});
}

#[test]
fn calls_should_fail_when_not_owner() {
	build_and_execute(|| {
		ready();
		let who = || origin(STRANGER);
		let refused = [
			Agents::set_card(who(), 0, Hash::zero()),
			Agents::set_active(who(), 0, false),
			Agents::transfer_agent(who(), 0, STRANGER),
			Agents::list_skill(who(), 0, Hash::zero(), 1),
			Agents::unlist_skill(who(), 0, 0),
			Agents::withdraw(who(), 0, STRANGER, 1),
			Agents::deregister(who(), 0, STRANGER),
		];
		for outcome in refused {
			assert_eq!(outcome, Err(Error::<Test>::NotOwner.into()));
		}
	});
}

#[test]
fn transfer_agent_should_hand_over_the_wallet_when_given_away() {
	build_and_execute(|| {
		ready();
		assert_ok!(call(PRICE));
		assert_ok!(Agents::transfer_agent(origin(OWNER), 0, STRANGER));
		assert_noop!(Agents::withdraw(origin(OWNER), 0, OWNER, 1), Error::<Test>::NotOwner);
		let before = Balances::free_balance(OWNER);
		assert_ok!(Agents::unlist_skill(origin(STRANGER), 0, 0));
		// The one who paid the deposit gets it back.
		assert!(Balances::free_balance(OWNER) > before);
		let all = Balances::free_balance(Agents::wallet(0));
		assert_ok!(Agents::withdraw(origin(STRANGER), 0, CALLER, all));
		assert_eq!(Balances::free_balance(Agents::wallet(0)), 0);
	});
}

#[test]
fn list_skill_should_fail_when_a_call_could_not_open_the_wallet() {
	build_and_execute(|| {
		assert_ok!(Agents::register(origin(OWNER), Hash::repeat_byte(1)));
		// 95 % of the least price are the existential deposit.
		let least = EXISTENTIAL * 20 / 19;
		let list = |price| Agents::list_skill(origin(OWNER), 0, Hash::zero(), price);
		for price in [1, EXISTENTIAL, least - 1] {
			assert_noop!(list(price), Error::<Test>::PriceTooLow);
		}
		assert_ok!(list(least));
		assert_ok!(list(0));
		assert_ok!(Agents::call_skill(origin(CALLER), 0, 1, 0, Hash::zero()));
		assert_ok!(Agents::call_skill(origin(CALLER), 0, 0, least, Hash::zero()));
		assert!(Balances::free_balance(Agents::wallet(0)) >= EXISTENTIAL);
	});
}

#[test]
fn withdraw_should_fail_when_it_would_leave_dust() {
	build_and_execute(|| {
		ready();
		assert_ok!(call(PRICE));
		let all = Balances::free_balance(Agents::wallet(0));
		let withdraw = |amount| Agents::withdraw(origin(OWNER), 0, OWNER, amount);
		assert_noop!(withdraw(all - 1), Error::<Test>::LeavesDust);
		assert_noop!(withdraw(all - EXISTENTIAL + 1), Error::<Test>::LeavesDust);
		assert_noop!(withdraw(all + 1), TokenError::FundsUnavailable);
		assert_ok!(withdraw(all - EXISTENTIAL));
		assert_ok!(withdraw(EXISTENTIAL));
		assert_eq!(Balances::free_balance(Agents::wallet(0)), 0);
	});
}

#[test]
fn wallets_should_be_apart_when_agents_are_many() {
	build_and_execute(|| {
		ready();
		assert_ok!(Agents::register(origin(STRANGER), Hash::repeat_byte(1)));
		assert_ok!(call(PRICE));
		assert_eq!(Balances::free_balance(Agents::wallet(1)), 0);
		assert!(Agents::withdraw(origin(STRANGER), 1, STRANGER, 1).is_err());
	});
}

#[test]
fn deregister_should_sweep_the_wallet_and_return_the_deposit_when_no_skill_is_listed() {
	build_and_execute(|| {
		let before = Balances::free_balance(OWNER);
		ready();
		assert_ok!(call(PRICE));
		assert_ok!(Agents::transfer_agent(origin(OWNER), 0, STRANGER));
		let end = |to| Agents::deregister(origin(STRANGER), 0, to);
		assert_noop!(end(CALLER), Error::<Test>::SkillsListed);
		assert_ok!(Agents::unlist_skill(origin(STRANGER), 0, 0));
		let wallet = Agents::wallet(0);
		assert_noop!(end(wallet.clone()), Error::<Test>::WalletNotEmpty);
		let (held, caller) = (Balances::free_balance(&wallet), Balances::free_balance(CALLER));
		assert_ok!(end(CALLER));
		System::assert_last_event(
			Event::Deregistered { agent: 0, to: CALLER, amount: held }.into(),
		);
		assert_eq!(Balances::free_balance(CALLER), caller + held);
		assert_eq!(Balances::free_balance(&wallet), 0);
		// To the one who paid it.
		assert_eq!(Balances::free_balance(OWNER), before);
		assert_noop!(end(CALLER), Error::<Test>::NoAgent);
		assert_noop!(call(PRICE), Error::<Test>::NoAgent);
		assert_ok!(Agents::register(origin(OWNER), Hash::zero()));
		assert!(crate::Agents::<Test>::contains_key(1), "ids are not used again");
	});
}

/// Everything that is held of all accounts, and everything they have.
fn balances() -> (Balance, Balance) {
	let all = || frame_system::Account::<Test>::iter_values().map(|account| account.data);
	let held = all().map(|data| data.reserved).sum();
	(held, held + all().map(|data| data.free).sum::<Balance>())
}

/// What every entry says that was paid for it.
fn deposits() -> Balance {
	(crate::Agents::<Test>::iter_values().map(|entry| entry.deposit.1))
		.chain(Skills::<Test>::iter_values().map(|entry| entry.deposit.1))
		.map(|ticket| Balance::decode(&mut &ticket.encode()[..]).unwrap())
		.sum()
}

/// What the wallets and the protocol got.
fn earned() -> Balance {
	let wallets = (0..NextAgent::<Test>::get()).map(Agents::wallet);
	wallets.chain([PROTOCOL]).map(Balances::free_balance).sum()
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(256))]

	#[test]
	fn deposits_should_return_and_money_be_conserved_when_calls_are_any(
		steps in prop::collection::vec(
			(
				0u8..9,
				0usize..3,
				0usize..3,
				0u32..3,
				0u32..4,
				prop_oneof![0u128..1 << 14, 0u128..1 << 60],
			),
			1..60,
		),
	) {
		build_and_execute(|| {
			let (_, all) = balances();
			let people: [AccountId32; 3] = [OWNER, CALLER, STRANGER];
			for (kind, who, to, agent, skill, amount) in steps {
				let to = people[to].clone();
				// Mostly the owner.
				let owner = crate::Agents::<Test>::get(agent).map(|agent| agent.owner);
				let who = origin(match owner {
					Some(owner) if who > 0 => owner,
					_ => people[who].clone(),
				});
				let listed = Skills::<Test>::get(agent, skill).map(|skill| skill.price);
				let active = crate::Agents::<Test>::get(agent).is_some_and(|agent| agent.active);
				let before = earned();
				let _ = match kind {
					0 => Agents::register(who, Hash::zero()),
					1 => Agents::list_skill(who, agent, Hash::zero(), amount),
					2 => Agents::unlist_skill(who, agent, skill),
					3 | 4 => {
						let called = Agents::call_skill(who, agent, skill, amount, Hash::zero());
						let price = listed.filter(|price| active && *price <= amount);
						// Nothing but the caller's maximum stands in the way of a call.
						assert_eq!(called.is_ok(), price.is_some());
						assert_eq!(earned() - before, price.unwrap_or(0));
						called
					},
					5 => Agents::withdraw(who, agent, to, amount),
					6 => Agents::transfer_agent(who, agent, to),
					7 => Agents::set_active(who, agent, amount > 1 << 10),
					_ => Agents::deregister(who, agent, to),
				};
				assert_eq!(balances(), (deposits(), all));
				Agents::do_try_state().unwrap();
			}
			for (agent, skill) in Skills::<Test>::iter_keys().collect::<Vec<_>>() {
				let owner = crate::Agents::<Test>::get(agent).unwrap().owner;
				assert_ok!(Agents::unlist_skill(origin(owner), agent, skill));
			}
			for (agent, entry) in crate::Agents::<Test>::iter().collect::<Vec<_>>() {
				assert_ok!(Agents::deregister(origin(entry.owner), agent, STRANGER));
			}
			assert_eq!(balances(), (0, all));
			assert_eq!(earned(), Balances::free_balance(PROTOCOL));
		});
	}
}
