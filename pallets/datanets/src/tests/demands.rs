//! Rows that are demanded are shown, or they are void.

use crate::{
	mock::{Datanets, *},
	*,
};
use frame::{
	deps::sp_runtime::TokenError,
	testing_prelude::*,
	token::fungible::{Inspect, InspectHold},
};
use openledger_core::Hash;

type Errors = crate::Error<Test>;

/// Who demands.
const CAROL: u64 = 12;
/// Bytes of a text: eighty words of six letters, and what is between them.
const BYTES: u32 = 80 * 7 - 1;
/// What is staked for one as a row: 50,000 and 20 a byte.
const STAKE: Balance = 50_000 + 20 * BYTES as Balance;
/// What who demands in vain gets of that.
const REWARD: Balance = STAKE * 3 / 10;

/// The row with text `n`.
fn honest(n: u8) -> Row {
	written(n, BYTES)
}

fn hash(n: u8) -> Hash {
	honest(n).hash
}

/// Contributes rows as a batch, which is accepted.
fn give(who: u64, all: &[Row]) -> BatchId {
	let batch = crate::Datanets::<Test>::get(0).unwrap().next_batch;
	assert_ok!(Datanets::contribute(origin(who), 0, rows(all)));
	assert_ok!(Datanets::review(origin(OWNER), 0, batch, Verdict::Accept(GOOD)));
	batch
}

fn publish(batches: &[BatchId]) -> DispatchResult {
	Datanets::publish(origin(OWNER), 0, batches.to_vec().try_into().unwrap())
}

fn demand(who: u64, n: u8) -> DispatchResult {
	Datanets::demand(origin(who), 0, hash(n))
}

/// Shows text `n`.
fn answer(who: u64, n: u8) -> DispatchResult {
	Datanets::show(origin(who), 0, Content::truncate_from(text(n).into_bytes()))
}

fn end(n: u8) -> DispatchResult {
	Datanets::end_demand(origin(OWNER), 0, hash(n))
}

fn after(blocks: u32) {
	System::set_block_number(System::block_number() + u64::from(blocks));
}

/// What an account has, held or not.
fn owned(who: u64) -> Balance {
	<Balances as Inspect<u64>>::total_balance(&who)
}

fn staked(who: u64) -> Balance {
	<Balances as InspectHold<u64>>::balance_on_hold(&HoldReason::Demand.into(), &who)
}

fn registered(n: u8) -> bool {
	RowIndex::<Test>::contains_key(0, hash(n))
}

#[test]
fn show_should_pay_the_stake_when_the_row_is_shown_in_time() {
	build_and_execute(|| {
		create();
		let batch = give(ALICE, &[honest(0), honest(4)]);
		assert_ok!(publish(&[batch]));
		let (alice, carol) = (owned(ALICE), owned(CAROL));
		let until = 1 + CHALLENGE_WINDOW;
		assert_ok!(demand(CAROL, 0));
		System::assert_last_event(
			Event::<Test>::RowDemanded { datanet: 0, hash: hash(0), who: CAROL, until }.into(),
		);
		assert_eq!((staked(CAROL), owned(CAROL)), (STAKE, carol));
		Datanets::do_try_state().unwrap();
		// In its last block.
		after(CHALLENGE_WINDOW);
		assert_noop!(end(0), Errors::StillOpen);
		assert_ok!(answer(ALICE, 0));
		System::assert_last_event(
			Event::<Test>::RowShown { datanet: 0, hash: hash(0), who: ALICE }.into(),
		);
		assert_eq!((staked(CAROL), owned(CAROL)), (0, carol - STAKE));
		assert_eq!(owned(ALICE), alice + STAKE);
		assert!(registered(0) && !Datanets::version(0, 1).unwrap().2);
		// Not again.
		assert_noop!(answer(ALICE, 0), Errors::NotDemanded);
		assert_noop!(end(0), Errors::NotDemanded);
		// It can be asked again, and somebody else who has it may show it.
		assert_ok!(demand(CAROL, 0));
		let bob = owned(BOB);
		assert_ok!(answer(BOB, 0));
		assert_eq!(owned(BOB), bob + STAKE);
	});
}

#[test]
fn end_demand_should_void_the_row_and_divide_its_bond_when_nobody_shows_it() {
	build_and_execute(|| {
		create();
		let batches = [give(ALICE, &[honest(0), honest(4)]), give(BOB, &[honest(8)])];
		assert_ok!(publish(&batches));
		let people = [ALICE, CAROL, PROTOCOL];
		let before = people.map(owned);
		assert_ok!(demand(CAROL, 0));
		after(CHALLENGE_WINDOW + 1);
		assert_noop!(answer(ALICE, 0), Errors::TooLate);
		assert_ok!(end(0));
		System::assert_last_event(
			Event::<Test>::RowWithheld {
				datanet: 0,
				hash: hash(0),
				contributor: ALICE,
				who: CAROL,
				reward: REWARD,
			}
			.into(),
		);
		assert_eq!(staked(CAROL), 0);
		let [alice, carol, protocol] = before;
		let divided = [alice - STAKE, carol + REWARD, protocol + STAKE - REWARD];
		assert_eq!(people.map(owned), divided);
		assert!(!registered(0) && registered(4));
		assert!(Datanets::version(0, 1).unwrap().2, "no run starts on it");
		<Datanets as openledger_core::Datanets<u64>>::reward_rows(
			0,
			&BUILDER,
			2 * Balance::from(BYTES),
		)
		.unwrap();
		let half = Balance::from(BYTES);
		assert_eq!((Datanets::claimable(0, ALICE), Datanets::claimable(0, BOB)), (half, half));
		// Neither again, nor from the start.
		assert_noop!(end(0), Errors::NotDemanded);
		assert_noop!(demand(CAROL, 0), Errors::NoRow);
		// What is left is committed to again and published, and the row is free for who has it.
		assert_noop!(publish(&batches), Errors::RootOutdated);
		assert_ok!(Datanets::recommit(origin(CAROL), 0, batches[0], rows(&[honest(4)])));
		assert_ok!(publish(&batches));
		give(BOB, &[honest(0)]);
	});
}

#[test]
fn end_demand_should_remove_the_batch_when_its_last_row_is_withheld() {
	build_and_execute(|| {
		create();
		let alice = owned(ALICE);
		let free = Balances::free_balance(ALICE);
		let batch = give(ALICE, &[honest(0)]);
		assert_ok!(demand(CAROL, 0));
		after(CHALLENGE_WINDOW + 1);
		assert_ok!(end(0));
		assert!(!Batches::<Test>::contains_key(0, batch));
		// The deposit returned, the bond did not.
		assert_eq!((owned(ALICE), Balances::free_balance(ALICE)), (alice - STAKE, free - STAKE));
	});
}

#[test]
fn show_should_fail_when_the_row_is_another_or_of_another_length() {
	build_and_execute(|| {
		create();
		// One is said to be longer than it is.
		give(ALICE, &[honest(0), written(4, BYTES + 1)]);
		give(BOB, &[honest(8)]);
		assert_ok!(demand(CAROL, 0));
		assert_ok!(demand(CAROL, 4));
		for other in [1, 8] {
			assert_noop!(answer(ALICE, other), Errors::NotDemanded);
		}
		assert_noop!(answer(ALICE, 4), Errors::WrongLength);
		let content = || Content::truncate_from(text(0).into_bytes());
		assert_noop!(Datanets::show(origin(ALICE), 1, content()), Errors::NotDemanded);
		assert_noop!(Datanets::show(RuntimeOrigin::none(), 0, content()), BadOrigin);
		assert_ok!(answer(ALICE, 0));
		// What cannot be shown falls.
		after(CHALLENGE_WINDOW + 1);
		assert_ok!(end(4));
		assert!(registered(0) && !registered(4));
	});
}

#[test]
fn demand_should_fail_when_there_is_nothing_to_demand() {
	build_and_execute(|| {
		assert_noop!(demand(CAROL, 0), Errors::NoRow);
		create();
		assert_noop!(demand(CAROL, 0), Errors::NoRow);
		assert_noop!(end(0), Errors::NotDemanded);
		assert_ok!(Datanets::contribute(origin(ALICE), 0, rows(&[honest(0)])));
		// The curator, who has yet to take it, may reject it.
		assert_noop!(demand(CAROL, 0), Errors::NotAccepted);
		assert_ok!(Datanets::review(origin(OWNER), 0, 0, Verdict::Accept(GOOD)));
		assert_noop!(Datanets::demand(origin(CAROL), 1, hash(0)), Errors::NoRow);
		assert_noop!(Datanets::demand(RuntimeOrigin::root(), 0, hash(0)), BadOrigin);
		assert_noop!(Datanets::end_demand(RuntimeOrigin::none(), 0, hash(0)), BadOrigin);
		assert_noop!(demand(PROTOCOL, 0), TokenError::FundsUnavailable);
		assert_ok!(demand(CAROL, 0));
		assert_noop!(demand(BOB, 0), Errors::AlreadyDemanded);
		assert_ok!(answer(ALICE, 0));
		// Withdrawn before anybody wanted to see it.
		assert_ok!(Datanets::withdraw_row(origin(ALICE), 0, hash(0)));
		assert_noop!(demand(CAROL, 0), Errors::NoRow);
	});
}

#[test]
fn end_demand_should_divide_the_bond_when_the_row_was_withdrawn_meanwhile() {
	build_and_execute(|| {
		create();
		let before = [ALICE, CAROL].map(owned);
		give(ALICE, &[honest(0)]);
		assert_ok!(demand(CAROL, 0));
		assert_ok!(Datanets::withdraw_row(origin(ALICE), 0, hash(0)));
		Datanets::do_try_state().unwrap();
		after(WINDOW + 1);
		let release = || Datanets::release_bond(origin(ALICE), 0, hash(0));
		assert_noop!(release(), Errors::StillDemanded);
		assert_noop!(Datanets::close(origin(OWNER), 0), Errors::NotEmpty);
		after(CHALLENGE_WINDOW);
		assert_ok!(end(0));
		assert_eq!([ALICE, CAROL].map(owned), [before[0] - STAKE, before[1] + REWARD]);
		assert_noop!(release(), Errors::BondStays);
		assert_ok!(Datanets::close(origin(OWNER), 0));
	});
}

#[test]
fn release_bond_should_return_it_when_a_withdrawn_row_was_shown() {
	build_and_execute(|| {
		create();
		let before = [ALICE, CAROL].map(owned);
		give(ALICE, &[honest(0)]);
		assert_ok!(demand(CAROL, 0));
		assert_ok!(Datanets::withdraw_row(origin(ALICE), 0, hash(0)));
		assert_ok!(answer(ALICE, 0));
		after(WINDOW + 1);
		assert_ok!(Datanets::release_bond(origin(ALICE), 0, hash(0)));
		assert_eq!([ALICE, CAROL].map(owned), [before[0] + STAKE, before[1] - STAKE]);
	});
}

#[test]
fn end_demand_should_return_the_stake_when_the_row_was_shown_to_be_a_copy() {
	build_and_execute(|| {
		create();
		give(ALICE, &[honest(0)]);
		give(BOB, &[honest(1)]);
		assert_ok!(demand(CAROL, 1));
		let (bob, carol) = (owned(BOB), owned(CAROL));
		assert_ok!(show(21, &[0], &[1], || {}));
		assert_eq!(owned(BOB), bob - STAKE);
		Datanets::do_try_state().unwrap();
		assert_noop!(answer(BOB, 1), Errors::NotDemanded);
		// At any time, and no bond is taken twice.
		assert_ok!(end(1));
		System::assert_last_event(
			Event::<Test>::DemandEnded { datanet: 0, hash: hash(1), who: CAROL }.into(),
		);
		assert_eq!((owned(BOB), owned(CAROL), staked(CAROL)), (bob - STAKE, carol, 0));
	});
}

#[test]
fn contribute_announced_should_fail_when_the_row_is_demanded() {
	build_and_execute(|| {
		create();
		// Alice has a way out ready, under her own name and that of Bob, before she gives the row.
		for who in [ALICE, BOB] {
			assert_ok!(Datanets::announce(origin(who), promise(who, &[honest(0)])));
		}
		after(1);
		let before = [ALICE, CAROL].map(owned);
		give(ALICE, &[honest(0)]);
		assert_ok!(demand(CAROL, 0));
		let moved = |who| Datanets::contribute_announced(origin(who), 0, rows(&[honest(0)]), SALT);
		for who in [ALICE, BOB] {
			assert_noop!(moved(who), Errors::StillDemanded);
		}
		// Nor once it is withdrawn.
		assert_ok!(Datanets::withdraw_row(origin(ALICE), 0, hash(0)));
		for who in [ALICE, BOB] {
			assert_noop!(moved(who), Errors::StillDemanded);
		}
		Datanets::do_try_state().unwrap();
		after(CHALLENGE_WINDOW + 1);
		assert_ok!(end(0));
		assert_eq!([ALICE, CAROL].map(owned), [before[0] - STAKE, before[1] + REWARD]);
	});
}

#[test]
fn contribute_announced_should_take_the_row_over_when_who_announced_it_has_shown_it() {
	build_and_execute(|| {
		create();
		assert_ok!(Datanets::announce(origin(ALICE), promise(ALICE, &[honest(0)])));
		after(1);
		give(BOB, &[honest(0)]);
		assert_ok!(demand(CAROL, 0));
		let all = || rows(&[honest(0)]);
		let contribute = || Datanets::contribute_announced(origin(ALICE), 0, all(), SALT);
		assert_noop!(contribute(), Errors::StillDemanded);
		let before = [ALICE, CAROL].map(owned);
		assert_ok!(answer(ALICE, 0));
		assert_ok!(contribute());
		assert_eq!([ALICE, CAROL].map(owned), [before[0] + STAKE, before[1] - STAKE]);
		assert_eq!(RowIndex::<Test>::get(0, hash(0)).unwrap().0, 1);
		assert_noop!(end(0), Errors::NotDemanded);
	});
}

#[test]
fn end_demand_should_return_the_stake_when_the_row_is_void_and_was_given_again() {
	build_and_execute(|| {
		create();
		give(ALICE, &[honest(0)]);
		give(BOB, &[honest(1)]);
		assert_ok!(demand(CAROL, 1));
		assert_ok!(show(21, &[0], &[1], || {}));
		let batch = give(BOB, &[honest(1)]);
		Datanets::do_try_state().unwrap();
		// It was not demanded in this batch.
		assert_noop!(answer(BOB, 1), Errors::NotDemanded);
		assert_noop!(demand(CAROL, 1), Errors::AlreadyDemanded);
		after(CHALLENGE_WINDOW + 1);
		let before = [BOB, CAROL].map(owned);
		assert_ok!(end(1));
		assert_eq!(([BOB, CAROL].map(owned), staked(CAROL)), (before, 0));
		assert_eq!(RowIndex::<Test>::get(0, hash(1)).unwrap().0, batch);
		assert_ok!(demand(CAROL, 1));
		assert_ok!(answer(BOB, 1));
	});
}
