use crate::{
	mock::{Models, *},
	*,
};
use frame::testing_prelude::*;
use openledger_core::Models as _;

const PRICE: Price = Price { input: 1, output: 2, donation: 100 };

fn base() {
	assert_ok!(Models::register_base(origin(STRANGER), Hash::repeat_byte(1), url()));
}

fn start(who: u64, version: Version, adapters: u16) -> DispatchResult {
	Models::start_run(origin(who), 0, 0, version, Hash::repeat_byte(2), adapters, None)
}

fn register(who: u64, adapters: usize, price: Price) -> DispatchResult {
	let hashes = vec![Hash::repeat_byte(4); adapters].try_into().unwrap();
	Models::register_version(
		origin(who),
		0,
		Hash::repeat_byte(3),
		hashes,
		vec![0; 3].try_into().unwrap(),
		price,
	)
}

fn ready() {
	base();
	assert_ok!(start(DEVELOPER, 1, 2));
	assert_ok!(register(DEVELOPER, 2, PRICE));
}

#[test]
fn register_base_should_fail_when_the_url_is_bad() {
	build_and_execute(|| {
		for bad in [vec![], vec![0xff]] {
			let bad = Url::try_from(bad).unwrap();
			assert_noop!(
				Models::register_base(origin(1), Hash::zero(), bad),
				Error::<Test>::BadUrl
			);
		}
	});
}

#[test]
fn start_run_should_fail_when_anything_is_missing() {
	build_and_execute(|| {
		assert_noop!(start(DEVELOPER, 1, 2), Error::<Test>::NoBase);
		base();
		assert_noop!(start(STRANGER, 1, 2), Error::<Test>::NotLicensed);
		assert_noop!(start(DEVELOPER, 2, 2), Error::<Test>::StaleVersion);
		assert_noop!(start(DEVELOPER, 3, 2), Error::<Test>::NoVersion);
		for adapters in [0, 3, 514] {
			assert_noop!(start(DEVELOPER, 1, adapters), Error::<Test>::BadAdapterCount);
		}
		let parent = Models::start_run(origin(DEVELOPER), 0, 0, 1, Hash::zero(), 2, Some(0));
		assert_noop!(parent, Error::<Test>::NoModel);
	});
}

#[test]
fn register_version_should_make_the_model_servable_when_the_design_closes() {
	build_and_execute(|| {
		base();
		assert_ok!(start(DEVELOPER, 1, 2));
		assert!(<Models as openledger_core::Models<u64>>::model(0).is_none());
		assert_noop!(register(STRANGER, 2, PRICE), Error::<Test>::NotDeveloper);
		assert_noop!(register(DEVELOPER, 1, PRICE), DispatchError::Other("the design wants two"));
		let greedy = Price { donation: 10_001, ..PRICE };
		assert_noop!(register(DEVELOPER, 2, greedy), Error::<Test>::BadPrice);
		assert_ok!(register(DEVELOPER, 2, PRICE));
		assert_noop!(register(DEVELOPER, 2, PRICE), Error::<Test>::NotTraining);
		let info = <Models as openledger_core::Models<u64>>::model(0).unwrap();
		assert_eq!((info.base, info.adapter), (Hash::repeat_byte(1), Hash::repeat_byte(3)));
		assert_eq!((info.input_price, info.output_price, info.donation), (1, 2, 100));
	});
}

#[test]
fn lineage_should_name_the_parents_when_versions_follow() {
	build_and_execute(|| {
		ready();
		let next = Models::start_run(origin(DEVELOPER), 0, 0, 1, Hash::zero(), 2, Some(0));
		assert_ok!(next);
		assert_eq!(Models::lineage(1), vec![0]);
	});
}

#[test]
fn serve_should_publish_the_endpoint_when_ready() {
	build_and_execute(|| {
		base();
		assert_ok!(start(DEVELOPER, 1, 2));
		assert_noop!(Models::serve(origin(OPERATOR), 0, url()), Error::<Test>::NotReady);
		assert_ok!(register(DEVELOPER, 2, PRICE));
		let before = Balances::free_balance(OPERATOR);
		assert_ok!(Models::serve(origin(OPERATOR), 0, url()));
		assert_ok!(Models::serve(origin(OPERATOR), 0, url()));
		assert!(Models::is_operator(0, &OPERATOR) && !Models::is_operator(0, &STRANGER));
		assert_eq!(Models::endpoints(0, &OPERATOR), vec![url().into_inner(); 2]);
		assert_noop!(Models::stop_serving(origin(STRANGER), 0), Error::<Test>::NotOperator);
		assert_ok!(Models::stop_serving(origin(OPERATOR), 0));
		assert_eq!(Balances::free_balance(OPERATOR), before);
	});
}

#[test]
fn set_price_should_fail_when_not_developer() {
	build_and_execute(|| {
		ready();
		assert_noop!(Models::set_price(origin(STRANGER), 0, PRICE), Error::<Test>::NotDeveloper);
		assert_ok!(Models::set_price(origin(DEVELOPER), 0, Price { input: 7, ..PRICE }));
		assert_eq!(<Models as openledger_core::Models<u64>>::model(0).unwrap().input_price, 7);
	});
}

#[test]
fn cancel_run_should_return_deposits_when_given_up_or_overdue() {
	build_and_execute(|| {
		base();
		let before = Balances::free_balance(DEVELOPER);
		assert_ok!(start(DEVELOPER, 1, 2));
		assert_noop!(Models::cancel_run(origin(STRANGER), 0), Error::<Test>::RunNotOverdue);
		System::set_block_number(u64::from(DEADLINE) + 2);
		assert_ok!(Models::cancel_run(origin(STRANGER), 0));
		assert_eq!(Balances::free_balance(DEVELOPER), before);
		assert!(OPEN.with_borrow(Vec::is_empty));
		assert_noop!(Models::cancel_run(origin(DEVELOPER), 0), Error::<Test>::NoModel);
	});
}

#[test]
fn cancel_run_should_fail_when_finished() {
	build_and_execute(|| {
		ready();
		assert_noop!(Models::cancel_run(origin(DEVELOPER), 0), Error::<Test>::NotTraining);
	});
}
