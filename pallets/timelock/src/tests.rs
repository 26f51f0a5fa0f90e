use crate::{mock::*, *};
use frame::testing_prelude::*;

fn proposal(delay: u64) -> Box<RuntimeCall> {
	Box::new(RuntimeCall::Timelock(Call::set_delay { delay }))
}

fn council() -> RuntimeOrigin {
	RuntimeOrigin::signed(1)
}

fn run_to(block: u64) {
	System::run_to_block::<AllPalletsWithSystem>(block);
}

#[test]
fn schedule_should_dispatch_when_the_delay_is_over() {
	state().execute_with(|| {
		assert_ok!(Timelock::schedule(council(), proposal(20)));
		let id = proposal(20).using_encoded(blake2_256);
		System::assert_last_event(Event::Scheduled { id, at: 1 + DELAY }.into());
		run_to(DELAY);
		assert_eq!(Delay::<Test>::get(), DELAY);
		run_to(1 + DELAY);
		assert_eq!(Delay::<Test>::get(), 20);

		// From now on with the new one.
		assert_ok!(Timelock::schedule(council(), proposal(5)));
		run_to(DELAY + 20);
		assert_eq!(Delay::<Test>::get(), 20);
		run_to(1 + DELAY + 20);
		assert_eq!(Delay::<Test>::get(), 5);
	});
}

#[test]
fn schedule_should_be_refused_when_the_proposal_waits_already() {
	state().execute_with(|| {
		assert_ok!(Timelock::schedule(council(), proposal(20)));
		assert!(Timelock::schedule(council(), proposal(20)).is_err());
		assert_ok!(Timelock::schedule(council(), proposal(21)));
	});
}

#[test]
fn cancel_should_keep_things_as_they_are_when_the_proposal_waits() {
	state().execute_with(|| {
		assert_ok!(Timelock::schedule(council(), proposal(20)));
		let id = proposal(20).using_encoded(blake2_256);
		assert_noop!(Timelock::cancel(RuntimeOrigin::signed(2), id), DispatchError::BadOrigin);
		assert_ok!(Timelock::cancel(council(), id));
		run_to(2 * DELAY);
		assert_eq!(Delay::<Test>::get(), DELAY);
		assert!(Timelock::cancel(council(), id).is_err());
	});
}

#[test]
fn calls_should_be_refused_when_the_origin_is_another() {
	state().execute_with(|| {
		for origin in [RuntimeOrigin::signed(2), RuntimeOrigin::none(), RuntimeOrigin::root()] {
			assert_noop!(Timelock::schedule(origin, proposal(1)), DispatchError::BadOrigin);
		}
		for origin in [council(), RuntimeOrigin::root()] {
			assert_noop!(Timelock::set_delay(origin, 1), DispatchError::BadOrigin);
		}
	});
}
