use crate::{
	mock::{Datanets, *},
	*,
};
use frame::testing_prelude::*;

fn give(who: u64, all: &[Row]) {
	assert_ok!(Datanets::contribute(origin(who), 0, rows(all)));
}

fn registered(n: u8) -> bool {
	RowIndex::<Test>::contains_key(0, written(n, 0).hash)
}

fn nothing() {}

#[test]
fn exhibit_should_void_the_later_row_and_divide_its_bond_when_most_of_it_is_in_the_earlier() {
	build_and_execute(|| {
		create();
		give(ALICE, &[written(0, 500)]);
		let bob = Balances::free_balance(BOB);
		give(BOB, &[written(1, 500), written(4, 500)]);
		for batch in [0, 1] {
			assert_ok!(Datanets::review(origin(OWNER), 0, batch, Verdict::Accept(GOOD)));
		}
		assert_ok!(Datanets::publish(origin(OWNER), 0, vec![0, 1].try_into().unwrap()));
		let (exhibitor, pot) = (Balances::free_balance(21), Balances::free_balance(PROTOCOL));
		assert_ok!(show(21, &[0], &[1], nothing));
		assert!(registered(0) && !registered(1) && registered(4));
		// 50,000 and 20 a byte.
		let bond = 60_000;
		assert_eq!(Balances::free_balance(21) - exhibitor, bond * 3 / 10);
		assert_eq!(Balances::free_balance(PROTOCOL) - pot, bond * 7 / 10);
		assert!(Datanets::version(0, 1).unwrap().2, "models on it are paid no more");
		<Datanets as openledger_core::Datanets<u64>>::reward_rows(0, &BUILDER, 5_000).unwrap();
		assert_eq!((Datanets::claimable(0, ALICE), Datanets::claimable(0, BOB)), (2_500, 2_500));
		// What is left is committed to again and published.
		let publish = || Datanets::publish(origin(OWNER), 0, vec![0, 1].try_into().unwrap());
		assert_noop!(publish(), Error::<Test>::RootOutdated);
		assert_ok!(Datanets::recommit(origin(21), 0, 1, rows(&[written(4, 500)])));
		assert_ok!(publish());
		let event = System::events().into_iter().find_map(|record| match record.event {
			RuntimeEvent::Datanets(Event::RowVoided { contributor, contained, bounty, .. }) => {
				Some((contributor, contained, bounty))
			},
			_ => None,
		});
		assert!(matches!(event, Some((BOB, 9_000..10_000, 18_000))), "{event:?}");
		// Everything else comes back.
		assert_ok!(Datanets::withdraw_row(origin(BOB), 0, written(4, 0).hash));
		System::set_block_number(System::block_number() + u64::from(WINDOW) + 1);
		assert_ok!(Datanets::release_bond(origin(21), 0, written(4, 0).hash));
		assert_eq!(bob - Balances::free_balance(BOB), bond);
	});
}

#[test]
fn exhibit_should_fail_when_the_rows_do_not_show_it() {
	build_and_execute(|| {
		create();
		give(ALICE, &[written(0, 500)]);
		give(BOB, &[written(1, 500), written(4, 500)]);
		assert_eq!(show(21, &[1], &[0], nothing), Err(Error::<Test>::NotLater.into()));
		assert_eq!(show(21, &[0], &[4], nothing), Err(Error::<Test>::NotContained.into()));
		assert_eq!(show(21, &[0], &[2], nothing), Err(Error::<Test>::NoRow.into()));
		assert_eq!(show(21, &[2], &[1], nothing), Err(Error::<Test>::NoRow.into()));
		assert_eq!(show(21, &[0], &[0], nothing), Err(Error::<Test>::BadExhibit.into()));
		assert_eq!(show(21, &[0, 1], &[1], nothing), Err(Error::<Test>::BadExhibit.into()));
		assert_eq!(show(21, &[], &[1], nothing), Err(Error::<Test>::BadExhibit.into()));
		assert_eq!(show(21, &[0], &[], nothing), Err(Error::<Test>::BadExhibit.into()));
		assert_eq!(show(21, &[0], &[1, 1], nothing), Err(Error::<Test>::NoRow.into()));
		// One that does not stand in them saves the others: all or none.
		assert_eq!(show(21, &[0], &[1, 4], nothing), Err(Error::<Test>::NotContained.into()));
		assert!([0, 1, 4].into_iter().all(registered));
		let long = (0..2).map(|n| n.to_string().repeat(65_536)).collect::<Vec<_>>();
		let many = [&long[..], &long[..]].concat();
		let tall = exhibit(21, &many, &long, nothing);
		assert_eq!(tall, Err(Error::<Test>::ExhibitTooLong.into()));
	});
}

#[test]
fn exhibit_should_void_the_row_registered_first_when_the_other_was_announced_before_it() {
	build_and_execute(|| {
		create();
		assert_ok!(Datanets::announce(origin(ALICE), promise(ALICE, &[written(0, 500)])));
		System::set_block_number(2);
		// He saw it on its way into a block and changed two words.
		give(BOB, &[written(1, 500)]);
		assert_ok!(Datanets::contribute_announced(
			origin(ALICE),
			0,
			rows(&[written(0, 500)]),
			SALT
		));
		assert_eq!(show(BOB, &[1], &[0], nothing), Err(Error::<Test>::NotLater.into()));
		assert_ok!(show(ALICE, &[0], &[1], nothing));
		assert!(registered(0) && !registered(1));
	});
}

#[test]
fn exhibit_should_void_parts_mixtures_and_copies_at_once_when_they_stand_in_earlier_rows() {
	build_and_execute(|| {
		create();
		give(ALICE, &[written(0, 500), written(4, 500)]);
		let (first, second) = (text(0), text(4));
		let half = first.len() / 2;
		let words = |text: &str| -> Vec<String> {
			let words: Vec<&str> = text.split(' ').collect();
			words.chunks(10).map(|some| some.join(" ")).collect()
		};
		let mixed: Vec<String> = words(&first)
			.into_iter()
			.zip(words(&second))
			.flat_map(|(a, b)| [a, b])
			.collect();
		let copies = [
			first[..half].to_string(),
			first[half..].to_string(),
			format!("{first} {second}"),
			mixed.join(". "),
			second.to_uppercase().replace(' ', ",\n "),
		];
		let all: Vec<Row> = copies.iter().map(|copy| row_of(copy, 100)).collect();
		give(BOB, &all);
		assert_ok!(exhibit(21, &[first, second], &copies, nothing));
		assert_eq!(RowIndex::<Test>::iter_prefix(0).count(), 2);
		assert!(Batches::<Test>::get(0, 1).is_none());
	});
}

#[test]
fn exhibit_should_count_when_both_rows_are_of_one_contributor_or_batch() {
	build_and_execute(|| {
		create();
		give(ALICE, &[written(0, 500), written(1, 500)]);
		give(ALICE, &[written(2, 500)]);
		assert_ok!(show(BOB, &[1], &[0], nothing));
		assert_ok!(show(BOB, &[1], &[2], nothing));
		assert!(registered(1) && !registered(0) && !registered(2));
	});
}

#[test]
fn exhibit_should_take_the_bond_when_a_row_is_withdrawn_after_the_announcement() {
	build_and_execute(|| {
		create();
		give(ALICE, &[written(0, 500)]);
		give(BOB, &[written(1, 500), written(2, 500), written(3, 500)]);
		let withdraw = |who, n| Datanets::withdraw_row(origin(who), 0, written(n, 0).hash);
		let before = Balances::free_balance(21);
		assert_ok!(show(21, &[0], &[1], || withdraw(BOB, 1).unwrap()));
		assert_eq!(Balances::free_balance(21) - before, 18_000);
		// Nor does it help to withdraw the earlier one.
		assert_ok!(show(21, &[0], &[2], || withdraw(ALICE, 0).unwrap()));
		assert_eq!(Balances::free_balance(21) - before, 36_000);
		// Whoever sees his mistake first keeps his bond.
		assert_ok!(withdraw(BOB, 3));
		System::set_block_number(System::block_number() + 1);
		give(ALICE, &[written(7, 500)]);
		assert_eq!(show(21, &[7], &[3], nothing), Err(Error::<Test>::NoRow.into()));
		assert!(Withdrawn::<Test>::contains_key(0, written(3, 0).hash));
	});
}

#[test]
fn exhibit_should_fail_when_not_announced_or_shown_early_or_late() {
	build_and_execute(|| {
		create();
		give(ALICE, &[written(0, 500)]);
		give(BOB, &[written(1, 500)]);
		let rows = |n: u8| Content::truncate_from(text(n).into_bytes());
		let call = |who| {
			let (earlier, later) = (vec![rows(0)], vec![rows(1)]);
			let (earlier, later) = (earlier.try_into().unwrap(), later.try_into().unwrap());
			Datanets::exhibit(origin(who), 0, earlier, later, SALT)
		};
		assert_noop!(call(21), Error::<Test>::NotAnnounced);
		let what = Announced::Exhibit {
			earlier: vec![written(0, 0).hash],
			later: vec![written(1, 0).hash],
		};
		let announce = |who: u64| {
			assert_ok!(Datanets::announce(origin(who), commitment(&who, 0, &what, &SALT)));
		};
		announce(21);
		assert_noop!(call(21), Error::<Test>::ShownEarly);
		System::set_block_number(u64::from(NOTICE));
		assert_noop!(call(21), Error::<Test>::ShownEarly);
		// Who sees it now and copies it is too late.
		System::set_block_number(u64::from(NOTICE) + 1);
		announce(BOB);
		assert_noop!(call(BOB), Error::<Test>::ShownEarly);
		System::set_block_number(u64::from(WINDOW) + 2);
		assert_noop!(call(21), Error::<Test>::AnnouncementExpired);
		assert_ok!(call(BOB));
		assert_noop!(call(BOB), Error::<Test>::NotAnnounced);
	});
}

#[test]
fn release_bond_should_fail_when_the_row_is_registered_or_was_lately() {
	build_and_execute(|| {
		create();
		let free = Balances::free_balance(ALICE);
		let release = || Datanets::release_bond(origin(21), 0, written(0, 0).hash);
		assert_noop!(release(), Error::<Test>::BondStays);
		give(ALICE, &[written(0, 500)]);
		assert_noop!(release(), Error::<Test>::BondStays);
		assert_ok!(Datanets::withdraw_row(origin(ALICE), 0, written(0, 0).hash));
		System::set_block_number(1 + u64::from(WINDOW));
		assert_noop!(release(), Error::<Test>::BondStays);
		assert_noop!(
			Datanets::contribute(origin(BOB), 0, rows(&[written(0, 500)])),
			Error::<Test>::RowKnown
		);
		System::set_block_number(2 + u64::from(WINDOW));
		assert_ok!(release());
		assert_eq!(Balances::free_balance(ALICE), free);
		give(BOB, &[written(0, 500)]);
	});
}
