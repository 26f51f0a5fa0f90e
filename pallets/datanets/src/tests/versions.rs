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
