use crate::{
	mock::{Datanets, *},
	*,
};
use frame::testing_prelude::*;

fn after(blocks: u32) {
	System::set_block_number(System::block_number() + u64::from(blocks));
}

fn announce(who: u64, all: &[Row]) {
	assert_ok!(Datanets::announce(origin(who), promise(who, all)));
}

fn give(who: u64, all: &[Row]) -> DispatchResult {
	Datanets::contribute(origin(who), 0, rows(all))
}

fn give_announced(who: u64, all: &[Row]) -> DispatchResult {
	Datanets::contribute_announced(origin(who), 0, rows(all), SALT)
}

fn contributor(row: Row) -> u64 {
	let (batch, _) = RowIndex::<Test>::get(0, row.hash).unwrap();
	Batches::<Test>::get(0, batch).unwrap().contributor
}

#[test]
fn contribute_announced_should_take_the_rows_when_others_registered_them_later() {
	build_and_execute(|| {
		create();
		let (mine, free) = ([written(0, 100), written(4, 100)], Balances::free_balance(BOB));
		announce(ALICE, &mine);
		after(1);
		// He saw them on their way into a block; they are accepted and published meanwhile.
		assert_ok!(give(BOB, &[mine[0], written(8, 100)]));
		assert_ok!(Datanets::review(origin(OWNER), 0, 0, Verdict::Accept(GOOD)));
		assert_ok!(Datanets::publish(origin(OWNER), 0, vec![0].try_into().unwrap()));
		assert_noop!(give(ALICE, &mine), Error::<Test>::RowKnown);
		assert_ok!(give_announced(ALICE, &mine));
		assert_eq!([mine[0], mine[1], written(8, 0)].map(contributor), [ALICE, ALICE, BOB]);
		assert_eq!(Batches::<Test>::get(0, 1).unwrap().since, 1);
		assert!(Datanets::version(0, 1).unwrap().2, "the row is in it no more");
		// He did nothing that could be shown: what he paid comes back with his other row.
		assert_ok!(Datanets::withdraw_row(origin(BOB), 0, written(8, 0).hash));
		after(WINDOW + 1);
		assert_ok!(Datanets::release_bond(origin(ALICE), 0, written(8, 0).hash));
		assert_eq!(Balances::free_balance(BOB), free);
	});
}

#[test]
fn contribute_announced_should_take_the_rows_when_others_withdrew_them_again() {
	build_and_execute(|| {
		create();
		let (mine, free) = (written(0, 100), Balances::free_balance(BOB));
		announce(ALICE, &[mine]);
		after(1);
		assert_ok!(give(BOB, &[mine]));
		assert_ok!(Datanets::withdraw_row(origin(BOB), 0, mine.hash));
		assert_noop!(give(ALICE, &[mine]), Error::<Test>::RowKnown);
		assert_ok!(give_announced(ALICE, &[mine]));
		assert_eq!((contributor(mine), Balances::free_balance(BOB)), (ALICE, free));
	});
}

#[test]
fn contribute_announced_should_fail_when_others_were_first() {
	build_and_execute(|| {
		create();
		let row = written(0, 100);
		// Of the same block, then of one before.
		announce(ALICE, &[row]);
		assert_ok!(give(BOB, &[row]));
		assert_noop!(give_announced(ALICE, &[row]), Error::<Test>::RowKnown);
		after(5);
		announce(21, &[row]);
		after(5);
		assert_noop!(give_announced(21, &[row]), Error::<Test>::RowKnown);
		// One that was announced before and shown now is registered since then.
		let other = written(4, 100);
		announce(BOB, &[other]);
		after(5);
		announce(ALICE, &[other]);
		after(5);
		assert_ok!(give_announced(BOB, &[other]));
		assert_noop!(give_announced(ALICE, &[other]), Error::<Test>::RowKnown);
	});
}

#[test]
fn contribute_announced_should_fail_when_not_announced_so_or_too_long_ago() {
	build_and_execute(|| {
		create();
		let (row, other) = (written(0, 100), written(4, 100));
		announce(ALICE, &[row]);
		assert_noop!(
			Datanets::announce(origin(ALICE), promise(ALICE, &[row])),
			Error::<Test>::AlreadyAnnounced
		);
		// Copied, for other rows, of another length, with another salt.
		assert_ok!(Datanets::announce(origin(BOB), promise(ALICE, &[row])));
		assert_noop!(give_announced(BOB, &[row]), Error::<Test>::NotAnnounced);
		assert_noop!(give_announced(ALICE, &[row, other]), Error::<Test>::NotAnnounced);
		assert_noop!(give_announced(ALICE, &[written(0, 99)]), Error::<Test>::NotAnnounced);
		let other_salt = Datanets::contribute_announced(origin(ALICE), 0, rows(&[row]), row.hash);
		assert_noop!(other_salt, Error::<Test>::NotAnnounced);
		after(WINDOW + 1);
		assert_noop!(give_announced(ALICE, &[row]), Error::<Test>::AnnouncementExpired);
	});
}

#[test]
fn retract_should_return_the_deposit_when_its_account_calls_or_it_expired() {
	build_and_execute(|| {
		create();
		let free = Balances::free_balance(ALICE);
		let hash = promise(ALICE, &[written(0, 100)]);
		let retract = |by| Datanets::retract(origin(by), ALICE, hash);
		assert_noop!(retract(ALICE), Error::<Test>::NotAnnounced);
		assert_ok!(Datanets::announce(origin(ALICE), hash));
		assert!(Balances::free_balance(ALICE) < free);
		after(WINDOW);
		assert_noop!(retract(BOB), Error::<Test>::AnnouncementCounts);
		assert_ok!(retract(ALICE));
		assert_ok!(Datanets::announce(origin(ALICE), hash));
		after(WINDOW + 1);
		assert_ok!(retract(BOB));
		assert_eq!(Balances::free_balance(ALICE), free);
	});
}

#[test]
fn contribute_announced_should_return_the_deposit_when_done() {
	build_and_execute(|| {
		create();
		let (row, free) = (written(0, 100), Balances::free_balance(ALICE));
		assert_ok!(give(ALICE, &[row]));
		let paid = free - Balances::free_balance(ALICE);
		announce(ALICE, &[written(4, 100)]);
		assert_ok!(give_announced(ALICE, &[written(4, 100)]));
		assert_eq!(free - Balances::free_balance(ALICE), 2 * paid);
	});
}
