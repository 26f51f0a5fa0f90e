use crate::{
	mock::{Hash, Models, *},
	*,
};
use frame::testing_prelude::*;
use openledger_core::Models as _;
use proptest::prelude::*;

const PRICE: Price = Price { input: 1, output: 2, donation: 100 };

fn base() {
	assert_ok!(Models::register_base(origin(STRANGER), Hash::repeat_byte(1), url()));
}

fn start(who: u64, version: Version, adapters: u16) -> DispatchResult {
	Models::start_run(origin(who), Run { version, adapters, ..run() })
}

fn run() -> Run {
	Run {
		base: 0,
		datanet: 0,
		version: 1,
		manifest: Hash::repeat_byte(2),
		method: Method::Counterfactual,
		adapters: 2,
		class: 0,
		endpoint: url(),
		parent: None,
	}
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
		// Columns of features come in no pairs.
		let columns = |adapters| Run { method: Method::Gradient, adapters, ..run() };
		for adapters in [0, 513] {
			let refused = Models::start_run(origin(DEVELOPER), columns(adapters));
			assert_noop!(refused, Error::<Test>::BadAdapterCount);
		}
		assert_ok!(Models::start_run(origin(DEVELOPER), columns(3)));
		let parent = Models::start_run(origin(DEVELOPER), Run { parent: Some(9), ..run() });
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
		let next = Models::start_run(origin(DEVELOPER), Run { parent: Some(0), ..run() });
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
		assert_eq!(Models::endpoints(0, Some(&OPERATOR)), vec![url().into_inner(); 3]);
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
		assert_eq!(RETAINED.get(), 1);
		assert_noop!(Models::cancel_run(origin(STRANGER), 0), Error::<Test>::RunNotOverdue);
		System::set_block_number(u64::from(DEADLINE) + 2);
		assert_ok!(Models::cancel_run(origin(STRANGER), 0));
		assert_eq!(Balances::free_balance(DEVELOPER), before);
		assert_eq!(RETAINED.get(), 0);
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

#[test]
fn remove_base_should_return_the_deposit_when_no_model_uses_it() {
	build_and_execute(|| {
		let before = Balances::free_balance(STRANGER);
		base();
		let remove = |who| Models::remove_base(origin(who), 0);
		assert_noop!(remove(DEVELOPER), Error::<Test>::NotRegistrant);
		assert_ok!(start(DEVELOPER, 1, 2));
		assert_noop!(remove(STRANGER), Error::<Test>::BaseInUse);
		assert_ok!(Models::cancel_run(origin(DEVELOPER), 0));
		assert_ok!(remove(STRANGER));
		assert_eq!(Balances::free_balance(STRANGER), before);
		assert_noop!(remove(STRANGER), Error::<Test>::NoBase);
		assert_noop!(start(DEVELOPER, 1, 2), Error::<Test>::NoBase);
		base();
		assert!(Bases::<Test>::contains_key(1), "ids are not used again");
	});
}

#[test]
fn remove_base_should_fail_when_a_version_was_retired() {
	build_and_execute(|| {
		ready();
		assert_ok!(Models::retire(origin(DEVELOPER), 0));
		System::set_block_number(u64::from(RETIRE_DELAY) * 2);
		// Receipts may be open: who answered names the base model's hash and endpoint.
		assert_noop!(Models::remove_base(origin(STRANGER), 0), Error::<Test>::BaseInUse);
	});
}

#[test]
fn retire_should_take_receipts_of_operators_until_the_delay_is_over() {
	build_and_execute(|| {
		ready();
		assert_ok!(Models::serve(origin(OPERATOR), 0, url()));
		let info = <Models as openledger_core::Models<u64>>::model(0);
		assert_ok!(Models::retire(origin(DEVELOPER), 0));
		let last = 1 + RETIRE_DELAY;
		System::assert_last_event(Event::Retired { model: 0, until: last }.into());
		assert_noop!(Models::serve(origin(STRANGER), 0, url()), Error::<Test>::Retired);
		// Its blobs may still have to move.
		assert_ok!(Models::serve(origin(OPERATOR), 0, url()));
		System::set_block_number(last.into());
		assert!(Models::is_operator(0, &OPERATOR));
		System::set_block_number(u64::from(last) + 1);
		assert!(!Models::is_operator(0, &OPERATOR));
		// Settlement asks for the model as long as there are receipts, and scorers for its blobs.
		assert_eq!(<Models as openledger_core::Models<u64>>::model(0), info);
		assert_eq!(Models::endpoints(0, Some(&OPERATOR)).len(), 3);
		assert_ok!(Models::stop_serving(origin(OPERATOR), 0));
	});
}

#[test]
fn retire_should_fail_when_not_the_developer_or_not_ready_or_twice() {
	build_and_execute(|| {
		let retire = |who| Models::retire(origin(who), 0);
		assert_noop!(retire(DEVELOPER), Error::<Test>::NoModel);
		base();
		assert_ok!(start(DEVELOPER, 1, 2));
		assert_noop!(retire(DEVELOPER), Error::<Test>::NotReady);
		assert_ok!(register(DEVELOPER, 2, PRICE));
		assert_noop!(retire(STRANGER), Error::<Test>::NotDeveloper);
		assert_ok!(retire(DEVELOPER));
		assert_noop!(retire(DEVELOPER), Error::<Test>::Retired);
	});
}

#[test]
fn remove_version_should_return_all_deposits_when_nothing_needs_it() {
	build_and_execute(|| {
		let (held, _) = balances();
		ready();
		assert_ok!(Models::serve(origin(OPERATOR), 0, url()));
		assert_ok!(Models::retire(origin(DEVELOPER), 0));
		let remove = || Models::remove_version(origin(STRANGER), 0);
		let operator = || Models::remove_operator(origin(STRANGER), 0, OPERATOR);
		System::set_block_number(1 + u64::from(RETIRE_DELAY));
		assert_noop!(remove(), Error::<Test>::NotOver);
		assert_noop!(operator(), Error::<Test>::NotOver);
		System::set_block_number(2 + u64::from(RETIRE_DELAY));
		assert_noop!(remove(), Error::<Test>::StillServed);
		assert_ok!(operator());
		assert_noop!(operator(), Error::<Test>::NotOperator);
		NEEDED.set(true);
		assert_noop!(remove(), DispatchError::Other("a receipt needs the design"));
		NEEDED.set(false);
		assert_ok!(remove());
		assert_noop!(remove(), Error::<Test>::NoModel);
		assert!(OPEN.with_borrow(Vec::is_empty));
		assert_eq!(RETAINED.get(), 0);
		assert_ok!(Models::remove_base(origin(STRANGER), 0));
		assert_eq!(balances().0, held);
	});
}

/// Everything that is held of all accounts, and everything they have.
fn balances() -> (Balance, Balance) {
	let all = || frame_system::Account::<Test>::iter_values().map(|account| account.data);
	let held = all().map(|data| data.reserved).sum();
	(held, held + all().map(|data| data.free).sum::<Balance>())
}

/// What every entry says that was paid for it.
fn deposits() -> Balance {
	(Bases::<Test>::iter_values().map(|entry| entry.ticket))
		.chain(crate::Models::<Test>::iter_values().map(|entry| entry.ticket))
		.chain(Operators::<Test>::iter_values().map(|entry| entry.ticket))
		.map(|ticket| Balance::decode(&mut &ticket.encode()[..]).unwrap())
		.sum()
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(128))]

	#[test]
	fn deposits_should_return_and_money_be_conserved_when_calls_are_any(
		steps in prop::collection::vec((0u8..9, 0u64..3, 0u32..4), 1..60),
	) {
		build_and_execute(|| {
			let (_, all) = balances();
			for (kind, who, id) in steps {
				let (who, by) = (origin(DEVELOPER + who), origin(DEVELOPER));
				let hash = Hash::repeat_byte(4);
				let _ = match kind {
					0 => Models::register_base(who, hash, url()),
					1 => Models::start_run(by, Run { base: id, parent: id.checked_sub(1), ..run() }),
					2 => {
						let hashes = vec![hash; 2].try_into().unwrap();
						let psi = vec![0; 3].try_into().unwrap();
						Models::register_version(by, id, hash, hashes, psi, PRICE)
					},
					3 => Models::serve(who, id, url()),
					4 => Models::stop_serving(who, id),
					5 => Models::cancel_run(by, id),
					6 => Models::remove_base(who, id),
					7 => Models::retire(by, id),
					_ => {
						System::set_block_number(System::block_number() + u64::from(DEADLINE));
						Models::cancel_run(who, id)
					},
				};
				assert_eq!(balances(), (deposits(), all));
				Models::do_try_state().unwrap();
			}
			for (model, who, _) in Operators::<Test>::iter().collect::<Vec<_>>() {
				assert_ok!(Models::stop_serving(origin(who), model));
			}
			let ready: Vec<ModelId> = crate::Models::<Test>::iter_keys()
				.filter(|model| Models::cancel_run(origin(DEVELOPER), *model).is_err())
				.collect();
			for model in &ready {
				let _ = Models::retire(origin(DEVELOPER), *model);
			}
			System::set_block_number(System::block_number() + u64::from(RETIRE_DELAY) + 1);
			for model in ready {
				assert_ok!(Models::remove_version(origin(STRANGER), model));
			}
			for (base, entry) in Bases::<Test>::iter().collect::<Vec<_>>() {
				assert_ok!(Models::remove_base(origin(entry.registrant), base));
			}
			assert_eq!(balances(), (0, all));
			assert_eq!(RETAINED.get(), 0);
		});
	}
}
