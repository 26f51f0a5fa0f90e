//! Indices come, become final, and go.

use crate::{
	mock::{Datanets, Spans, *},
	*,
};
use frame::{deps::sp_runtime::TokenError, testing_prelude::*, token::fungible::InspectHold};
use openledger_core::SpansFace;
use openledger_spans_math::MAX_TOKENS;

type Errors = crate::Error<Test>;

fn held(who: u64) -> Balance {
	Balances::reserved_balance(who)
}

#[test]
fn register_should_hold_bond_and_deposit_when_the_version_is_published() {
	build_and_execute(|| {
		let commitment = honest().commitment();
		assert_ok!(register(ALICE, 1, commitment));
		let reason = RuntimeHoldReason::Spans(HoldReason::Bond);
		assert_eq!(Balances::balance_on_hold(&reason, &ALICE), BOND);
		assert!(held(ALICE) > BOND);
		assert_eq!(Spans::span_index(0, 1), Some((commitment, false)));
		assert_eq!(Spans::registrant(0, 1), Some(ALICE));
		System::assert_last_event(
			Event::Registered {
				datanet: 0,
				version: 1,
				registrant: ALICE,
				commitment,
				final_at: 1 + WINDOWS.challenge,
			}
			.into(),
		);
	});
}

#[test]
fn register_should_fail_when_anything_is_wrong() {
	build_and_execute(|| {
		let commitment = honest().commitment();
		assert_noop!(Spans::register(RuntimeOrigin::root(), 0, 1, commitment), BadOrigin);
		assert_noop!(register(ALICE, 0, commitment), Errors::NoVersion);
		assert_noop!(register(ALICE, 4, commitment), Errors::NoVersion);
		let elsewhere = Spans::register(origin(ALICE), 1, 1, commitment);
		assert_noop!(elsewhere, Errors::NoVersion);
		let long = Commitment { tokens: MAX_TOKENS + 1, ..commitment };
		assert_noop!(register(ALICE, 1, long), Errors::TooLong);
		for tokens in [0, commitment.tokens - 1, commitment.tokens + 1] {
			let other = Commitment { tokens, ..commitment };
			assert_noop!(register(ALICE, 1, other), Errors::WrongLength);
		}
		// The bond is there, the deposit is not.
		assert_noop!(register(POOR, 1, commitment), TokenError::FundsUnavailable);
		assert_ok!(register(ALICE, 1, commitment));
		assert_noop!(register(BOB, 1, commitment), Errors::AlreadyIndexed);
	});
}

#[test]
fn register_should_keep_versions_apart_when_there_are_several() {
	build_and_execute(|| {
		let (one, other) = (honest().commitment(), disordered().0);
		assert_ok!(register(ALICE, 1, one));
		assert_ok!(register(BOB, 2, other));
		assert_eq!(Spans::span_index(0, 1), Some((one, false)));
		assert_eq!(Spans::span_index(0, 2), Some((other, false)));
		assert_eq!(Spans::span_index(0, 3), None);
	});
}

#[test]
fn index_should_be_final_when_the_window_is_over() {
	build_and_execute(|| {
		let commitment = honest().commitment();
		assert_ok!(register(ALICE, 1, commitment));
		run_to(WINDOWS.challenge);
		assert_eq!(Spans::span_index(0, 1), Some((commitment, false)));
		run_to(1 + WINDOWS.challenge);
		assert_eq!(Spans::span_index(0, 1), Some((commitment, true)));
	});
}

#[test]
fn remove_should_return_bond_and_deposit_when_the_delay_is_over() {
	build_and_execute(|| {
		let commitment = honest().commitment();
		assert_ok!(register(ALICE, 1, commitment));
		assert_noop!(Spans::remove(origin(ALICE), 0, 1), Errors::NotRetired);
		run_to(50);
		assert_ok!(Spans::retire(origin(ALICE), 0, 1));
		let free_at = 50 + WINDOWS.unbonding;
		System::assert_last_event(Event::Retired { datanet: 0, version: 1, free_at }.into());
		run_to(free_at - 1);
		assert_noop!(Spans::remove(origin(ALICE), 0, 1), Errors::StillBonded);
		// It answers until it is gone, and nobody else takes its place.
		assert_eq!(Spans::span_index(0, 1), Some((commitment, true)));
		assert_noop!(register(BOB, 1, commitment), Errors::AlreadyIndexed);
		run_to(free_at);
		// Anybody may clear the way for the next one.
		assert_ok!(Spans::remove(origin(BOB), 0, 1));
		System::assert_last_event(Event::Removed { datanet: 0, version: 1 }.into());
		assert_eq!((held(ALICE), Balances::free_balance(ALICE)), (0, RICH));
		assert_eq!(Spans::span_index(0, 1), None);
		assert_ok!(register(BOB, 1, commitment));
	});
}

#[test]
fn retire_should_fail_when_it_is_not_the_registrants_to_do() {
	build_and_execute(|| {
		assert_noop!(Spans::retire(origin(ALICE), 0, 1), Errors::NoIndex);
		assert_noop!(Spans::remove(origin(ALICE), 0, 1), Errors::NoIndex);
		assert_ok!(register(ALICE, 1, honest().commitment()));
		assert_noop!(Spans::retire(origin(BOB), 0, 1), Errors::NotRegistrant);
		assert_noop!(Spans::retire(RuntimeOrigin::none(), 0, 1), BadOrigin);
		assert_ok!(Spans::retire(origin(ALICE), 0, 1));
		// A second announcement would put the end off.
		assert_noop!(Spans::retire(origin(ALICE), 0, 1), Errors::AlreadyRetired);
		assert_noop!(Spans::remove(RuntimeOrigin::none(), 0, 1), BadOrigin);
	});
}

#[test]
fn version_should_stay_when_it_has_an_index() {
	build_and_execute(|| {
		type Refused = pallet_datanets::Error<Test>;
		let (commitment, fraud) = disordered();
		let remove = |version| Datanets::remove_version(origin(CURATOR), 0, version);
		assert_ok!(register(ALICE, 1, honest().commitment()));
		assert_ok!(register(ALICE, 2, commitment));
		assert_noop!(remove(1), Refused::VersionInUse);
		assert_noop!(remove(2), Refused::VersionInUse);
		assert_ok!(challenge(BOB, 2, &fraud));
		assert_ok!(remove(2));
		assert_ok!(Spans::retire(origin(ALICE), 0, 1));
		assert_noop!(remove(1), Refused::VersionInUse);
		run_to(1 + WINDOWS.unbonding);
		assert_ok!(Spans::remove(origin(ALICE), 0, 1));
		assert_ok!(remove(1));
		assert_noop!(register(ALICE, 1, honest().commitment()), Errors::NoVersion);
	});
}

#[test]
fn windows_should_be_refused_when_a_bond_would_be_free_before_its_index_is_final() {
	for (challenge, unbonding, valid) in [(0, 0, false), (0, 9, false), (5, 4, false), (5, 5, true)]
	{
		assert_eq!(Windows { challenge, unbonding }.is_valid(), valid);
	}
	assert!(Windows::default().is_valid());
}
