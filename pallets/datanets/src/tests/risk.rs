//! What contributors have at risk pays for harm, and returns when there was none.

use crate::{
	mock::{Datanets, *},
	*,
};
use frame::{deps::sp_runtime::TokenError, testing_prelude::*, token::fungible::InspectHold};
use openledger_core::Datanets as _;
use proptest::prelude::*;

const AT_RISK: Balance = 5_000;

fn want(at_risk: Balance) {
	assert_ok!(Datanets::set_terms(origin(OWNER), 0, Terms { at_risk, ..TERMS }));
}

fn put(who: u64, maximum: Balance) -> DispatchResult {
	Datanets::put_at_risk(origin(who), 0, maximum)
}

fn give(who: u64, n: u8) -> DispatchResult {
	Datanets::contribute(origin(who), 0, rows(&[row(n, 100)]))
}

fn take_back(who: u64) -> DispatchResult {
	Datanets::release_at_risk(origin(who), 0, who)
}

fn held(who: u64) -> Balance {
	let reason = HoldReason::AtRisk.into();
	<Balances as InspectHold<u64>>::balance_on_hold(&reason, &who)
}

fn withdraw(who: u64, n: u8) {
	assert_ok!(Datanets::withdraw_row(origin(who), 0, row(n, 0).hash));
}

fn publish(batches: &[BatchId]) {
	assert_ok!(Datanets::publish(origin(OWNER), 0, batches.to_vec().try_into().unwrap()));
}

fn remove_version(version: Version) -> DispatchResult {
	Datanets::remove_version(origin(OWNER), 0, version)
}

#[test]
fn contribute_should_fail_when_too_little_is_at_risk() {
	build_and_execute(|| {
		create();
		want(AT_RISK);
		assert_noop!(give(ALICE, 1), Error::<Test>::TooLittleAtRisk);
		assert_ok!(put(ALICE, AT_RISK));
		assert_ok!(give(ALICE, 1));
		// Once for all rows, and for each account.
		assert_ok!(give(ALICE, 2));
		assert_eq!(held(ALICE), AT_RISK);
		assert_noop!(give(BOB, 3), Error::<Test>::TooLittleAtRisk);
		want(AT_RISK + 1);
		assert_noop!(give(ALICE, 3), Error::<Test>::TooLittleAtRisk);
		assert_ok!(Datanets::announce(origin(ALICE), promise(ALICE, &[row(4, 100)])));
		let announced =
			Datanets::contribute_announced(origin(ALICE), 0, rows(&[row(4, 100)]), SALT);
		assert_noop!(announced, Error::<Test>::TooLittleAtRisk);
		assert_ok!(put(ALICE, AT_RISK + 1));
		assert_ok!(give(ALICE, 3));
		want(1);
		assert_ok!(give(ALICE, 5));
		assert_eq!(held(ALICE), AT_RISK + 1);
	});
}

#[test]
fn put_at_risk_should_fail_when_terms_want_more_than_the_maximum() {
	build_and_execute(|| {
		assert_noop!(put(ALICE, AT_RISK), Error::<Test>::NoDatanet);
		create();
		want(AT_RISK);
		assert_noop!(put(ALICE, AT_RISK - 1), Error::<Test>::AboveMaximum);
		want(RICH);
		assert_noop!(put(ALICE, RICH), TokenError::FundsUnavailable);
		// Terms that want nothing take nothing.
		want(0);
		let before = Balances::free_balance(ALICE);
		assert_ok!(put(ALICE, AT_RISK));
		assert_eq!((Balances::free_balance(ALICE), AtRisk::<Test>::iter().count()), (before, 0));
		assert_noop!(take_back(ALICE), Error::<Test>::NothingAtRisk);
	});
}

#[test]
fn release_at_risk_should_return_all_when_no_batch_and_no_version_needs_it() {
	build_and_execute(|| {
		create();
		want(AT_RISK);
		let before = Balances::free_balance(ALICE);
		assert_ok!(put(ALICE, AT_RISK));
		let release = |by| Datanets::release_at_risk(origin(by), 0, ALICE);
		assert_noop!(release(BOB), Error::<Test>::NotOwner);
		assert_ok!(give(ALICE, 1));
		assert_noop!(take_back(ALICE), Error::<Test>::RiskStays);
		assert_ok!(Datanets::review(origin(OWNER), 0, 0, Verdict::Accept(GOOD)));
		publish(&[0]);
		assert_ok!(Datanets::retain(0, 1));
		withdraw(ALICE, 1);
		// Her row is gone, and a model was trained on it.
		assert_noop!(take_back(ALICE), Error::<Test>::RiskStays);
		assert_noop!(remove_version(1), Error::<Test>::VersionInUse);
		<Datanets as openledger_core::Datanets<u64>>::release(0, 1);
		assert_noop!(take_back(ALICE), Error::<Test>::RiskStays);
		assert_ok!(remove_version(1));
		assert_ok!(take_back(ALICE));
		crate::mock::release(&[1]);
		assert_eq!(Balances::free_balance(ALICE), before);

		// A batch that is rejected needs it no more, and the owner may give it back.
		assert_ok!(put(ALICE, AT_RISK));
		assert_ok!(give(ALICE, 2));
		let verdict = Verdict::Reject { reason: Reason::Quality, rows: rows(&[row(2, 100)]) };
		assert_ok!(Datanets::review(origin(OWNER), 0, 1, verdict));
		assert_ok!(release(OWNER));
		assert_eq!(Balances::free_balance(ALICE), before);
	});
}

#[test]
fn seize_should_pay_the_protocol_when_something_is_at_risk() {
	build_and_execute(|| {
		create();
		accepted(BOB, 1, 300);
		want(AT_RISK);
		assert_ok!(put(ALICE, AT_RISK));
		let batch = accepted(ALICE, 2, 100);
		publish(&[batch]);
		let seize = |who: u64, amount| Datanets::seize(0, 1, &who, amount);
		assert_eq!(seize(BOB, 1_000), Ok(0));
		assert_eq!(seize(ALICE, 0), Ok(0));
		assert_eq!(seize(ALICE, 2_000), Ok(2_000));
		System::assert_has_event(
			Event::<Test>::Seized { datanet: 0, who: ALICE, amount: 2_000 }.into(),
		);
		assert_eq!(Balances::free_balance(PROTOCOL) - EXISTENTIAL, 2_000);
		assert_eq!([BOB, ALICE].map(|who| Datanets::claimable(0, who)), [0, 0]);
		assert_eq!(held(ALICE), 3_000);
		// What was taken is wanted again before she contributes more.
		assert_noop!(give(ALICE, 3), Error::<Test>::TooLittleAtRisk);
		assert_ok!(put(ALICE, AT_RISK));
		assert_eq!(held(ALICE), AT_RISK);
		assert_eq!(seize(ALICE, 9_000), Ok(AT_RISK));
		assert_eq!(seize(ALICE, 9_000), Ok(0));
		// An empty entry goes like any other.
		withdraw(ALICE, 2);
		assert_ok!(remove_version(1));
		assert_ok!(take_back(ALICE));
		assert_eq!(AtRisk::<Test>::iter().count(), 0);
	});
}

#[test]
fn seize_should_take_nothing_when_the_version_is_older_than_what_is_at_risk() {
	build_and_execute(|| {
		create();
		let batch = accepted(ALICE, 1, 100);
		publish(&[batch]);
		want(AT_RISK);
		assert_ok!(put(ALICE, AT_RISK));
		assert_eq!(Datanets::seize(0, 1, &ALICE, AT_RISK), Ok(0));
		// Nor does it stay for what came before it.
		assert_ok!(take_back(ALICE));
		assert_ok!(put(ALICE, AT_RISK));
		let other = accepted(ALICE, 2, 100);
		publish(&[batch, other]);
		assert_ok!(remove_version(1));
		withdraw(ALICE, 1);
		withdraw(ALICE, 2);
		assert_noop!(take_back(ALICE), Error::<Test>::RiskStays);
		assert_eq!(Datanets::seize(0, 2, &ALICE, AT_RISK), Ok(AT_RISK));
		assert_ok!(remove_version(2));
		assert_ok!(take_back(ALICE));
	});
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(128))]

	/// Whatever owners want and attribution takes, a contributor has at risk what it agreed to, and loses
	/// no more than that each time it agrees; what is left returns.
	#[test]
	fn contributors_should_lose_what_they_agreed_to_at_most_when_calls_are_any(
		steps in prop::collection::vec((0u8..6, 0u8..2, 0u128..10_000), 1..60),
	) {
		build_and_execute(|| {
			create();
			accepted(12, 250, 1_000);
			let people = [ALICE, BOB];
			let before = people.map(Balances::free_balance);
			let (mut agreed, mut put_in, mut lost) = ([0; 2], [0; 2], [0; 2]);
			for (n, (kind, i, amount)) in (1u8..).zip(steps) {
				let (i, who) = (usize::from(i), people[usize::from(i)]);
				let was = held(who);
				match kind {
					0 => want(amount),
					1 if put(who, amount).is_ok() => {
						agreed[i] = amount.max(agreed[i]);
						put_in[i] += held(who) - was;
					},
					2 if give(who, n).is_ok() => {
						let batch = crate::Datanets::<Test>::get(0).unwrap().next_batch - 1;
						let accept = Verdict::Accept(GOOD);
						assert_ok!(Datanets::review(origin(OWNER), 0, batch, accept));
						publish(&[batch]);
					},
					3 => {
						let version = crate::Datanets::<Test>::get(0).unwrap().next_version - 1;
						let taken = Datanets::seize(0, version, &who, amount).unwrap();
						assert!(taken <= amount.min(was));
						lost[i] += taken;
					},
					4 if take_back(who).is_ok() => put_in[i] -= was,
					_ => {},
				}
				// Nobody is asked for more by a call of its own, or of others.
				assert!(held(who) <= agreed[i] && lost[i] <= put_in[i]);
				assert_eq!(held(who), put_in[i] - lost[i]);
				Datanets::do_try_state().unwrap();
			}
			for hash in RowIndex::<Test>::iter_key_prefix(0).collect::<Vec<_>>() {
				for who in people {
					let _ = Datanets::withdraw_row(origin(who), 0, hash);
				}
			}
			for version in Versions::<Test>::iter_key_prefix(0).collect::<Vec<_>>() {
				assert_ok!(remove_version(version));
			}
			System::set_block_number(System::block_number() + u64::from(WINDOW) + 1);
			for hash in Withdrawn::<Test>::iter_key_prefix(0).collect::<Vec<_>>() {
				assert_ok!(Datanets::release_bond(origin(OWNER), 0, hash));
			}
			for (i, who) in people.into_iter().enumerate() {
				if AtRisk::<Test>::contains_key(0, who) {
					assert_ok!(take_back(who));
				}
				assert_eq!(Balances::free_balance(who), before[i] - lost[i]);
			}
		});
	}
}
