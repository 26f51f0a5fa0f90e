use crate::{
	mock::{Datanets, *},
	*,
};
use frame::testing_prelude::*;

fn publish(batches: &[BatchId]) -> DispatchResult {
	Datanets::publish(origin(OWNER), 0, batches.to_vec().try_into().unwrap())
}

#[test]
fn publish_should_cut_rows_per_contributor_when_accepted() {
	build_and_execute(|| {
		create();
		let batches = [accepted(BOB, 1, 10), accepted(ALICE, 2, 20), accepted(BOB, 3, 30)];
		assert_ok!(publish(&batches));
		let (root, blocks, stale) = Datanets::version(0, 1).unwrap();
		let block = |owner, rows, bytes| Block { owner, rows, bytes };
		assert_eq!(blocks, vec![block(BOB, 2, 40), block(ALICE, 1, 20)]);
		assert!(!stale);
		assert_ok!(publish(&batches[..1]));
		assert_ne!(Datanets::version(0, 2).unwrap().0, root);
	});
}

#[test]
fn bytes_left_should_shrink_when_rows_of_a_version_are_withdrawn() {
	build_and_execute(|| {
		type Face = Pallet<Test>;
		create();
		assert_ok!(Datanets::contribute(origin(ALICE), 0, rows(&[row(4, 40), row(5, 50)])));
		assert_ok!(Datanets::review(origin(OWNER), 0, 0, Verdict::Accept(GOOD)));
		let batches = [0, accepted(BOB, 1, 10), accepted(ALICE, 2, 20)];
		assert_ok!(publish(&batches));
		let left = || <Face as openledger_core::Datanets<_>>::bytes_left(0, 1);
		assert_eq!(left(), None, "no row is gone");
		let blocks = || <Face as openledger_core::Datanets<_>>::blocks_of_batches(0, 1);
		assert_eq!(blocks(), Some(vec![0, 1, 0]));
		assert_ok!(Datanets::withdraw_row(origin(ALICE), 0, row(4, 0).hash));
		assert_eq!(left(), Some((vec![70, 10], 3)));
		// The last one of its batch.
		assert_ok!(Datanets::withdraw_row(origin(BOB), 0, row(1, 0).hash));
		assert_eq!((left(), blocks()), (Some((vec![70, 0], 3)), Some(vec![0, 1, 0])));
	});
}

#[test]
fn publish_should_commit_to_what_is_left_when_rows_were_withdrawn() {
	build_and_execute(|| {
		create();
		let given = [row(3, 30), row(1, 10), row(2, 20)];
		assert_ok!(Datanets::contribute(origin(ALICE), 0, rows(&given)));
		assert_ok!(Datanets::review(origin(OWNER), 0, 0, Verdict::Accept(GOOD)));
		assert_ok!(publish(&[0]));
		let (first, ..) = Datanets::version(0, 1).unwrap();
		let recommit = |all: &[Row]| Datanets::recommit(origin(BOB), 0, 0, rows(all));
		assert_noop!(recommit(&given), Error::<Test>::RootCurrent);
		assert_ok!(Datanets::withdraw_row(origin(ALICE), 0, row(1, 0).hash));
		assert_noop!(publish(&[0]), Error::<Test>::RootOutdated);
		for wrong in [&given[..], &given[..1], &[row(3, 30), row(3, 30)], &[row(3, 30), row(2, 2)]]
		{
			assert_noop!(recommit(wrong), Error::<Test>::WrongRows);
		}
		assert_ok!(recommit(&[row(3, 30), row(2, 20)]));
		assert_ok!(publish(&[0]));
		// In the same block as the withdrawal, and fresh for all that.
		let (root, blocks, stale) = Datanets::version(0, 2).unwrap();
		assert_eq!(blocks, vec![Block { owner: ALICE, rows: 2, bytes: 50 }]);
		assert!(!stale && Datanets::version(0, 1).unwrap().2);
		// The same as if the row had never been there.
		assert_ok!(Datanets::create(origin(OWNER), b"art".to_vec().try_into().unwrap(), TERMS));
		assert_ok!(Datanets::contribute(origin(BOB), 1, rows(&[row(2, 20), row(3, 30)])));
		assert_ok!(Datanets::review(origin(OWNER), 1, 0, Verdict::Accept(GOOD)));
		assert_ok!(Datanets::publish(origin(OWNER), 1, vec![0].try_into().unwrap()));
		let (without, ..) = Datanets::version(1, 1).unwrap();
		assert_eq!(root, without);
		assert_ne!(root, first);
	});
}

#[test]
fn recommit_should_fail_when_the_batch_is_unknown() {
	build_and_execute(|| {
		create();
		let recommit = Datanets::recommit(origin(BOB), 0, 0, rows(&[row(1, 1)]));
		assert_noop!(recommit, Error::<Test>::NoBatch);
	});
}

#[test]
fn publish_should_fail_when_a_batch_is_not_accepted_or_twice() {
	build_and_execute(|| {
		create();
		assert_noop!(publish(&[]), Error::<Test>::EmptyVersion);
		assert_noop!(publish(&[0]), Error::<Test>::NoBatch);
		assert_ok!(Datanets::contribute(origin(ALICE), 0, rows(&[row(1, 5)])));
		assert_noop!(publish(&[0]), Error::<Test>::NotAccepted);
		let batch = accepted(BOB, 2, 5);
		assert_noop!(publish(&[batch, batch]), Error::<Test>::NotAccepted);
		assert_noop!(
			Datanets::publish(origin(ALICE), 0, vec![batch].try_into().unwrap()),
			Error::<Test>::NotCurator
		);
	});
}
