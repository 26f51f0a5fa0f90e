use crate::{
	mock::{Agents, *},
	*,
};
use frame::testing_prelude::*;
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

proptest! {
	#[test]
	fn money_should_be_conserved_when_skills_are_called(
		prices in prop::collection::vec(0u128..1 << 60, 1..6),
		calls in prop::collection::vec(0usize..6, 0..20),
	) {
		build_and_execute(|| {
			assert_ok!(Agents::register(origin(OWNER), Hash::zero()));
			for price in &prices {
				assert_ok!(Agents::list_skill(origin(OWNER), 0, Hash::zero(), *price));
			}
			let (issuance, caller) = (Balances::total_issuance(), Balances::free_balance(CALLER));
			for skill in calls {
				let _ = Agents::call_skill(origin(CALLER), 0, skill as u32, u128::MAX, Hash::zero());
			}
			let wallet = Balances::free_balance(Agents::wallet(0));
			let protocol = Balances::free_balance(PROTOCOL) - EXISTENTIAL;
			assert_eq!(caller - Balances::free_balance(CALLER), wallet + protocol);
			assert_eq!(Balances::total_issuance(), issuance);
		});
	}
}
