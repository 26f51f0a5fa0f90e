use crate::{
	mock::{Datanets, *},
	*,
};
use frame::testing_prelude::*;

fn give(who: u64, all: &[Row]) -> DispatchResult {
	Datanets::contribute(origin(who), 0, rows(all))
}

#[test]
fn create_should_fail_when_name_or_terms_are_bad() {
	build_and_execute(|| {
		let name = |bytes: &[u8]| Name::try_from(bytes.to_vec()).unwrap();
		assert_noop!(Datanets::create(origin(OWNER), name(b""), TERMS), Error::<Test>::BadName);
		assert_noop!(Datanets::create(origin(OWNER), name(&[0xff]), TERMS), Error::<Test>::BadName);
		for terms in [
			Terms { rights: Rights(0), ..TERMS },
			Terms { rights: Rights(1 << 15), ..TERMS },
			Terms { curator_cut: 1_001, ..TERMS },
		] {
			assert_noop!(
				Datanets::create(origin(OWNER), name(b"law"), terms),
				Error::<Test>::BadTerms
			);
		}
	});
}

#[test]
fn set_terms_and_set_curator_should_fail_when_not_owner() {
	build_and_execute(|| {
		create();
		assert_noop!(Datanets::set_terms(origin(ALICE), 0, TERMS), Error::<Test>::NotOwner);
		assert_noop!(Datanets::set_curator(origin(ALICE), 0, BOB), Error::<Test>::NotOwner);
		assert_noop!(Datanets::set_terms(origin(OWNER), 1, TERMS), Error::<Test>::NoDatanet);
		assert_ok!(Datanets::set_curator(origin(OWNER), 0, BOB));
		assert_ok!(give(ALICE, &[row(1, 10)]));
		let accept = || Verdict::Accept(GOOD);
		assert_noop!(Datanets::review(origin(OWNER), 0, 0, accept()), Error::<Test>::NotCurator);
		assert_ok!(Datanets::review(origin(BOB), 0, 0, accept()));
	});
}

#[test]
fn contribute_should_fail_when_rows_are_bad() {
	build_and_execute(|| {
		create();
		assert_noop!(give(ALICE, &[]), Error::<Test>::EmptyBatch);
		assert_noop!(give(ALICE, &[row(1, 0)]), Error::<Test>::EmptyRow);
		assert_noop!(give(ALICE, &[row(1, MAX_ROW_BYTES + 1)]), Error::<Test>::RowTooLong);
		assert_noop!(give(ALICE, &[row(1, 5), row(1, 5)]), Error::<Test>::RowKnown);
		assert_ok!(give(ALICE, &[row(1, MAX_ROW_BYTES)]));
		assert_noop!(give(BOB, &[row(2, 5), row(1, 5)]), Error::<Test>::RowKnown);
		assert!(Rows::try_from(vec![row(3, 1); 257]).is_err());
	});
}

#[test]
fn review_should_return_deposit_and_free_rows_when_rejected() {
	build_and_execute(|| {
		create();
		let before = Balances::free_balance(ALICE);
		let given = [row(1, 5), row(2, 6)];
		assert_ok!(give(ALICE, &given));
		assert!(Balances::free_balance(ALICE) < before);
		let reject = |all: &[Row]| {
			let verdict = Verdict::Reject { reason: Reason::Quality, rows: rows(all) };
			Datanets::review(origin(OWNER), 0, 0, verdict)
		};
		assert_ok!(give(BOB, &[row(3, 5)]));
		for wrong in [
			&given[..1],
			&[row(1, 5), row(1, 5)],
			&[row(1, 5), row(2, 7)],
			&[row(1, 5), row(3, 5)],
			&[row(1, 5), row(2, 6), row(3, 5)],
		] {
			assert_noop!(reject(wrong), Error::<Test>::WrongRows);
		}
		// In any order.
		assert_ok!(reject(&[row(2, 6), row(1, 5)]));
		assert_eq!(Balances::free_balance(ALICE), before);
		assert_noop!(reject(&given), Error::<Test>::NoBatch);
		assert_ok!(give(BOB, &given));
	});
}

#[test]
fn review_should_fail_when_scores_or_batch_are_wrong() {
	build_and_execute(|| {
		create();
		assert_ok!(give(ALICE, &[row(1, 5)]));
		let bad = Scores { quality: 101, ..GOOD };
		let review =
			|batch, scores| Datanets::review(origin(OWNER), 0, batch, Verdict::Accept(scores));
		assert_noop!(review(0, bad), Error::<Test>::BadScores);
		assert_noop!(review(7, GOOD), Error::<Test>::NoBatch);
		assert_ok!(review(0, GOOD));
		assert_noop!(review(0, GOOD), Error::<Test>::AlreadyReviewed);
	});
}

#[test]
fn withdraw_row_should_stop_pay_and_make_versions_stale_when_contributor() {
	build_and_execute(|| {
		create();
		let batch = accepted(ALICE, 1, 100);
		accepted(BOB, 2, 100);
		assert_ok!(Datanets::publish(origin(OWNER), 0, vec![batch].try_into().unwrap()));
		let hash = row(1, 0).hash;
		assert_noop!(Datanets::withdraw_row(origin(BOB), 0, hash), Error::<Test>::NoRow);
		assert_ok!(Datanets::withdraw_row(origin(ALICE), 0, hash));
		assert_noop!(Datanets::withdraw_row(origin(ALICE), 0, hash), Error::<Test>::NoRow);
		assert!(Datanets::version(0, 1).unwrap().2);
		<Datanets as openledger_core::Datanets<u64>>::reward_rows(0, &BUILDER, 5_000).unwrap();
		assert_eq!((Datanets::claimable(0, ALICE), Datanets::claimable(0, BOB)), (0, 5_000));
	});
}

#[test]
fn review_should_reject_what_is_left_when_rows_were_withdrawn() {
	build_and_execute(|| {
		create();
		let before = Balances::free_balance(ALICE);
		assert_ok!(give(ALICE, &[row(1, 5), row(2, 6)]));
		assert_ok!(Datanets::withdraw_row(origin(ALICE), 0, row(1, 0).hash));
		// Another's by now.
		release(&[1]);
		assert_ok!(give(BOB, &[row(1, 5)]));
		let reject = |all: &[Row]| {
			let verdict = Verdict::Reject { reason: Reason::Quality, rows: rows(all) };
			Datanets::review(origin(OWNER), 0, 0, verdict)
		};
		assert_noop!(reject(&[row(1, 5), row(2, 6)]), Error::<Test>::WrongRows);
		assert_ok!(reject(&[row(2, 6)]));
		assert_eq!(Balances::free_balance(ALICE), before);
		assert!(crate::RowIndex::<Test>::contains_key(0, row(1, 0).hash));
	});
}

#[test]
fn withdraw_row_should_return_deposit_row_by_row_when_withdrawn() {
	build_and_execute(|| {
		create();
		let before = Balances::free_balance(ALICE);
		assert_ok!(give(ALICE, &[row(1, 5)]));
		let single = before - Balances::free_balance(ALICE);
		assert_ok!(give(ALICE, &[row(2, 5), row(3, 5), row(4, 5)]));
		assert_ok!(Datanets::review(origin(OWNER), 0, 1, Verdict::Accept(GOOD)));
		for (n, deposits) in [(3, 3), (2, 2), (4, 1)] {
			let free = Balances::free_balance(ALICE);
			assert_ok!(Datanets::withdraw_row(origin(ALICE), 0, row(n, 0).hash));
			Datanets::do_try_state().unwrap();
			release(&[n]);
			let back = Balances::free_balance(ALICE) - free;
			assert_eq!(back == single, deposits == 1);
			assert!(back > 0 && back <= single);
			Datanets::do_try_state().unwrap();
		}
		assert!(crate::Batches::<Test>::get(0, 1).is_none());
		assert_eq!(before - Balances::free_balance(ALICE), single);
		// The hash is free for others.
		assert_ok!(give(BOB, &[row(3, 6)]));
	});
}

#[test]
fn withdraw_row_should_leave_versions_fresh_when_the_batch_is_pending() {
	build_and_execute(|| {
		create();
		let batch = accepted(ALICE, 1, 100);
		assert_ok!(Datanets::publish(origin(OWNER), 0, vec![batch].try_into().unwrap()));
		assert_ok!(give(BOB, &[row(2, 5)]));
		assert_ok!(Datanets::withdraw_row(origin(BOB), 0, row(2, 0).hash));
		assert!(!Datanets::version(0, 1).unwrap().2);
	});
}
