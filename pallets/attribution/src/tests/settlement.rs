use crate::{mock::*, *};
use frame::{testing_prelude::*, token::fungible::Inspect};
use openledger_core::Hash;
use proptest::prelude::*;

fn anybody() -> RuntimeOrigin {
	RuntimeOrigin::signed(account(1))
}

#[test]
fn settle_should_pay_by_influence_when_scored() {
	build_and_execute(|| {
		ready();
		let id = answer(nonce(1));
		let y = vector(&[6, 0, 2, 0, 0, 0, 0, 0]);
		score(id, [&y, &y, &y]);
		let pool = Receipts::<Test>::get(id).unwrap().pool;
		let items = Attribution::answer_items(id).unwrap();
		let period = next_period();
		assert_ok!(Attribution::settle(anybody(), MODEL, period));
		let earned: Vec<u128> = (0..8).map(|u| Attribution::earnings(contributor(u))).collect();
		assert!(earned[0] > pool * 70 / 100 && earned[2] > pool * 20 / 100, "{earned:?} of {pool}");
		for ((who, item, _), earned) in items.iter().zip(&earned) {
			assert_eq!((*item).max(0) as u128, *earned, "{who:?}");
		}
		let again = Attribution::settle(anybody(), MODEL, period).map_err(|refused| refused.error);
		assert_noop!(again, Error::<Test>::NoPeriod);
	});
}

#[test]
fn settle_should_fail_when_the_period_runs() {
	build_and_execute(|| {
		ready();
		let period = Attribution::period_of(Attribution::now());
		let early = Attribution::settle(anybody(), MODEL, period).map_err(|refused| refused.error);
		assert_noop!(early, Error::<Test>::PeriodRunning);
	});
}

#[test]
fn claim_for_should_pay_once_when_claimed_twice() {
	build_and_execute(|| {
		ready();
		let id = answer(nonce(1));
		let y = vector(&[6, 0, 2, 0, 0, 0, 0, 0]);
		score(id, [&y, &y, &y]);
		let period = next_period();
		assert_ok!(Attribution::settle(anybody(), MODEL, period));
		let earned = Attribution::earnings(contributor(0));
		assert_ok!(Attribution::claim_for(anybody(), contributor(0)));
		assert_eq!(Balances::balance(&contributor(0)), earned);
		assert_noop!(
			Attribution::claim_for(anybody(), contributor(0)),
			Error::<Test>::NothingToClaim
		);
	});
}

#[test]
fn claim_for_should_keep_the_earnings_when_the_account_cannot_exist() {
	build_and_execute(|| {
		Earnings::<Test>::insert(contributor(0), EXISTENTIAL - 1);
		assert_noop!(Attribution::claim_for(anybody(), contributor(0)), TokenError::BelowMinimum);
		assert_eq!(Attribution::earnings(contributor(0)), EXISTENTIAL - 1);
	});
}

#[test]
fn settle_should_owe_and_repay_when_rows_made_answers_worse() {
	build_and_execute(|| {
		ready();
		let harmful = vector(&[9, -4, 2, 0, 0, 0, 0, 0]);
		let id = answer(nonce(1));
		score(id, [&harmful, &harmful, &harmful]);
		let first = next_period();
		assert_ok!(Attribution::settle(anybody(), MODEL, first));
		let debt = Debts::<Test>::get(MODEL, contributor(1));
		assert!(debt > 0 && Attribution::earnings(contributor(1)) == 0);

		let useful = vector(&[0, 9, 0, 0, 0, 0, 0, 0]);
		let id = answer(nonce(1));
		score(id, [&useful, &useful, &useful]);
		let item = Attribution::answer_items(id).unwrap()[1].1 as u128;
		let second = next_period();
		assert_ok!(Attribution::settle(anybody(), MODEL, second));
		assert_eq!(Attribution::earnings(contributor(1)), item - debt);
		assert_eq!(Debts::<Test>::get(MODEL, contributor(1)), 0);
	});
}

/// What the event says of a period that was settled in this block: total, paid, rest, netted.
fn settled(period: u32) -> [u128; 4] {
	let found = System::events().into_iter().find_map(|record| match record.event {
		RuntimeEvent::Attribution(Event::Settled {
			period: of, total, paid, rest, netted, ..
		}) if of == period => Some([total, paid, rest, netted]),
		_ => None,
	});
	found.unwrap()
}

/// An answer for which all scorers find this.
fn scored(y: &[Nats]) -> Hash {
	let id = answer(nonce(1));
	score(id, [y, y, y]);
	id
}

#[test]
fn settle_should_say_what_netting_left_when_answers_differ_about_a_contributor() {
	build_and_execute(|| {
		ready();
		// The second contributor earns by one answer and owes by the other one, less than that.
		scored(&vector(&[4, 4, 0, 0, 0, 0, 0, 0]));
		let id = scored(&vector(&[8, -2, 0, 0, 0, 0, 0, 0]));
		let owed = Attribution::answer_items(id).unwrap()[1].1.min(0).unsigned_abs();
		let pools = 2 * Receipts::<Test>::get(id).unwrap().pool;
		assert!(owed.abs_diff(pools / 8) < pools / 1_000, "{owed} of {pools}");
		let period = next_period();
		assert_ok!(Attribution::settle(anybody(), MODEL, period));
		let [total, paid, rest, netted] = settled(period);
		assert_eq!((total, paid + rest, netted), (pools, pools, rest));
		assert_eq!(Balances::balance(&rows_pot()) - EXISTENTIAL, rest);
		// What one answer took of what the other one gave, up to the rounding of Ψ.
		assert!(netted.abs_diff(owed) < pools / 1_000, "{netted} for {owed}");
		assert_eq!(Debts::<Test>::get(MODEL, contributor(1)), 0);
	});
}

#[test]
fn settle_should_say_that_netting_left_nothing_when_the_prior_has_it_for_other_reasons() {
	build_and_execute(|| {
		ready();
		// One answer gained nothing, the other one pays a contributor whose rows are withdrawn.
		let id = scored(&vector(&[0; 8]));
		scored(&vector(&[9, 0, 0, 0, 0, 0, 0, 0]));
		let pool = Receipts::<Test>::get(id).unwrap().pool;
		let period = next_period();
		assert_eq!(Periods::<Test>::get(MODEL, period).unwrap().prior, pool);
		LEFT.set(Some(vec![0; BLOCKS]));
		assert_ok!(Attribution::settle(anybody(), MODEL, period));
		LEFT.set(None);
		let [total, paid, rest, netted] = settled(period);
		assert_eq!((total, paid, rest), (2 * pool, 0, 2 * pool));
		// The rounding of Ψ alone.
		assert!(netted < pool / 1_000, "{netted} of {pool}");
	});
}

#[test]
fn forget_should_take_what_is_still_owed_when_something_is_at_risk() {
	build_and_execute(|| {
		ready();
		let y = vector(&[9, -4, 2, -3, 0, 0, 0, 0]);
		let id = answer(nonce(1));
		score(id, [&y, &y, &y]);
		assert_ok!(Attribution::settle(anybody(), MODEL, next_period()));
		let owed = |u: usize| Debts::<Test>::get(MODEL, contributor(u));
		let (one, other) = (owed(1), owed(3));
		assert!(one > 1 && other > 1);
		// All that one owes is at risk and more, and of what the other owes all but a unit.
		let at_risk = [(contributor(1), one + 5), (contributor(3), other - 1)];
		AT_RISK.set(at_risk.into());
		run_to(Attribution::now() + Settings::<Test>::get().retention);
		assert_ok!(Attribution::prune(anybody(), id));
		assert_ok!(<Attribution as openledger_core::Designs<_>>::forget(&developer(), MODEL));
		assert_eq!(AT_RISK.take(), [(contributor(1), 5), (contributor(3), 0)].into());
		assert_eq!((owed(1), owed(3)), (0, 0));
		for (u, debt, taken) in [(1, one, one), (3, other, other - 1)] {
			let (model, who) = (MODEL, contributor(u));
			System::assert_has_event(
				Event::<Test>::DebtForgotten { model, who, debt, taken }.into(),
			);
		}
	});
}

#[test]
fn settle_should_pay_less_when_rows_are_withdrawn() {
	build_and_execute(|| {
		ready();
		let y = vector(&[9, 3, 2, 0, 0, 0, 0, 2]);
		let id = answer(nonce(1));
		score(id, [&y, &y, &y]);
		let items = Attribution::answer_items(id).unwrap();
		// A quarter of the first one's bytes is left, and all of the second one's but none of the third's.
		LEFT.set(Some(vec![250, 1_000, 0, 1_000, 1_000, 1_000, 1_000, 1_000]));
		let pool = Receipts::<Test>::get(id).unwrap().pool;
		assert_ok!(Attribution::settle(anybody(), MODEL, next_period()));
		let earned = |u: usize| Attribution::earnings(contributor(u)) as i128;
		assert_eq!([earned(0), earned(1), earned(2)], [items[0].1 / 4, items[1].1, 0]);
		let all: i128 = (0..BLOCKS).map(earned).sum();
		assert_eq!(Balances::balance(&rows_pot()) - EXISTENTIAL, pool - all as u128);
	});
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(24))]

	/// Random graphs of contributors, models and splits: what went in is what came out.
	#[test]
	fn money_should_be_conserved_when_answers_are_any(
		owners in prop::collection::vec(0usize..5, 2..10),
		answers in prop::collection::vec((prop::collection::vec(-6i32..20, 10), 1u32..400, 0usize..4), 1..5),
		parts in prop::array::uniform5(0u16..2_000),
		donation in 0u16..=10_000,
		curator_cut in 0u16..=1_000,
		price in 0u128..5_000_000_000_000_000_000,
	) {
		build_and_execute(|| {
			let [developer_part, operator_part, scorers, stakers, protocol] = parts;
			let split = FeeSplit {
				contributors: 10_000 - parts.iter().sum::<u16>(),
				developer: developer_part, operator: operator_part, scorers, stakers, protocol,
			};
			let settings = Parameters { split, ..Settings::<Test>::get() };
			assert_ok!(Attribution::set_parameters(RuntimeOrigin::root(), settings));
			TERMS.with_borrow_mut(|terms| *terms = Terms {
				donation, curator_cut, input_price: price, output_price: 3 * price,
			});
			let owners: Vec<AccountId> = owners.iter().map(|u| contributor(*u)).collect();
			(0..3).for_each(bond_scorer);
			design(&owners);
			assert_ok!(Attribution::fund_channel(
				RuntimeOrigin::signed(payer().1), operator().1, 100_000 * OPEN,
			));
			let issuance = Balances::total_issuance();
			let (pot, fund) = (Balances::balance(&Attribution::pot()), PanelFund::<Test>::get());
			let rows = Balances::balance(&rows_pot());
			let mut pools = 0;
			for (worth, tokens, corrupted) in answers {
				let request = Request { maximum: u128::MAX, ..request(nonce(1)) };
				let reply = Reply { completion_tokens: tokens, ..reply(&request) };
				assert_ok!(submit(&request, &reply));
				let y = vector(&worth[..owners.len().min(10)]);
				let wrong: Vec<Nats> = y.iter().map(|v| v / 2).collect();
				let pick = |n| if n == corrupted { &wrong[..] } else { &y[..] };
				score(request.id(), [pick(0), pick(1), pick(2)]);
				Attribution::do_try_state().unwrap();
				let receipt = Receipts::<Test>::get(request.id()).unwrap();
				pools += if receipt.phase == Phase::Void { 0 } else { receipt.pool };
			}
			let last = next_period();
			for period in 0..=last {
				if Periods::<Test>::contains_key(MODEL, period) {
					assert_ok!(Attribution::settle(anybody(), MODEL, period));
				}
			}
			let earned: u128 = (0..5).map(|u| Attribution::earnings(contributor(u))).sum();
			let by_prior = Balances::balance(&rows_pot()) - rows;
			assert_eq!(earned + by_prior, pools);
			for who in (0..5).map(contributor).chain([curator(), developer(), operator().1]) {
				if Attribution::earnings(who.clone()) >= EXISTENTIAL {
					assert_ok!(Attribution::claim_for(anybody(), who));
				}
			}
			let left: u128 = Earnings::<Test>::iter_values().sum();
			let for_panels = PanelFund::<Test>::get() - fund;
			assert_eq!(Balances::balance(&Attribution::pot()), pot + left + for_panels);
			assert_eq!(Balances::total_issuance(), issuance);
		});
	}
}
