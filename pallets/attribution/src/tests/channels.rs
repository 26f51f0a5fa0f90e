use crate::{mock::*, *};
use frame::{testing_prelude::*, token::fungible::InspectHold};

fn fund(amount: u128) -> DispatchResult {
	Attribution::fund_channel(RuntimeOrigin::signed(payer().1), operator().1, amount)
}

fn held() -> u128 {
	Balances::balance_on_hold(&HoldReason::Channel.into(), &payer().1)
}

#[test]
fn fund_channel_should_hold_and_add_when_funded_twice() {
	build_and_execute(|| {
		assert_ok!(fund(5 * OPEN));
		assert_ok!(fund(2 * OPEN));
		assert_eq!(held(), 7 * OPEN);
		assert_eq!(Channels::<Test>::get(payer().1, operator().1).unwrap().balance, 7 * OPEN);
	});
}

#[test]
fn withdraw_channel_should_give_all_back_when_notice_is_over() {
	build_and_execute(|| {
		let before = Balances::free_balance(payer().1);
		assert_ok!(fund(5 * OPEN));
		let origin = || RuntimeOrigin::signed(payer().1);
		assert_noop!(
			Attribution::withdraw_channel(origin(), operator().1),
			Error::<Test>::ChannelOpen
		);
		assert_ok!(Attribution::close_channel(origin(), operator().1));
		let notice = Settings::<Test>::get().notice;
		run_to(Attribution::now() + notice);
		assert_noop!(
			Attribution::withdraw_channel(origin(), operator().1),
			Error::<Test>::ChannelOpen
		);
		run_to(Attribution::now() + 1);
		assert_ok!(Attribution::withdraw_channel(origin(), operator().1));
		assert_eq!(Balances::free_balance(payer().1), before);
		assert_noop!(
			Attribution::withdraw_channel(origin(), operator().1),
			Error::<Test>::NoChannel
		);
	});
}

#[test]
fn close_channel_should_be_cancelled_when_funded_again() {
	build_and_execute(|| {
		assert_ok!(fund(OPEN));
		assert_ok!(Attribution::close_channel(RuntimeOrigin::signed(payer().1), operator().1));
		assert_ok!(fund(OPEN));
		assert_eq!(Channels::<Test>::get(payer().1, operator().1).unwrap().closing, None);
	});
}

#[test]
fn submit_receipt_should_be_refused_when_it_was_paid_in_an_earlier_channel() {
	build_and_execute(|| {
		ready();
		let old = request(nonce(1));
		assert_ok!(submit(&old, &reply(&old)));
		let origin = || RuntimeOrigin::signed(payer().1);
		assert_ok!(Attribution::close_channel(origin(), operator().1));
		run_to(Attribution::now() + Settings::<Test>::get().notice + 1);
		assert_ok!(Attribution::withdraw_channel(origin(), operator().1));
		assert_ok!(fund(100 * OPEN));
		// As if it had been settled and pruned.
		Receipts::<Test>::remove(old.id());
		Kept::<Test>::remove(MODEL);
		let _ = Periods::<Test>::clear_prefix(MODEL, u32::MAX, None);
		assert_noop!(submit(&old, &reply(&old)), Error::<Test>::NonceUsed);
	});
}
