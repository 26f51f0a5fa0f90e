//! Panels, challenges, audits and slashes.

use crate::{mock::*, *};
use frame::{testing_prelude::*, token::fungible::InspectHold};
use openledger_core::Hash;
use proptest::prelude::*;

const WORTH: [i32; 8] = [9, 0, 2, 0, 1, 0, 0, 4];
const OTHER_CLASS: Class = 2;

fn settings() -> Parameters {
	Settings::<Test>::get()
}

/// Enough scorers for a panel of the least size; those from `other` on in another class.
fn many(other: u8) {
	ready();
	(3..other).for_each(bond_scorer);
	(other..SCORERS).for_each(|n| bond_scorer_of(n, OTHER_CLASS));
}

/// A paid answer whose committee is drawn.
fn drawn() -> (Hash, Work) {
	let id = answer(nonce(1));
	run_to(Attribution::now() + DELAY);
	(id, Work::Answer(id))
}

fn bond_of(n: u8) -> u128 {
	Scorers::<Test>::get(scorer(n)).unwrap().bond
}

fn held(who: &AccountId, reason: HoldReason) -> u128 {
	Balances::balance_on_hold(&reason.into(), who)
}

fn challenge(work: Work) -> DispatchResult {
	Attribution::challenge(RuntimeOrigin::signed(challenger()), work)
}

/// A panel of honest scorers looks again.
fn panel(work: Work, y: &[Nats]) {
	run_to(Attribution::now() + DELAY);
	assert!(committee(work).turn().len() >= usize::from(settings().minimum_panel));
	find(work, |_| scores(y));
	assert!(Committees::<Test>::get(work).is_none());
}

#[test]
fn panel_should_slash_who_lied_when_a_committee_disagrees() {
	build_and_execute(|| {
		many(SCORERS);
		let (id, work) = drawn();
		let (y, wrong) = (vector(&WORTH), vector(&[0, 9, 0, 0, 0, 0, 0, 7]));
		let (liar, others) = (turn(work)[0], turn(work)[1..].to_vec());
		let before = Balances::free_balance(scorer(others[0]));
		find(work, |n| scores(if n == liar { &wrong } else { &y }));
		assert_eq!(committee(work).panel_from, Some(3));
		panel(work, &y);

		assert_eq!(Vectors::<Test>::get(id).unwrap().to_vec(), y);
		assert!(Balances::free_balance(scorer(others[0])) > before);
		assert_eq!(bond_of(liar), 0);
		assert!(!Drawable::<Test>::get().contains(&(scorer(liar), CLASS)));
		// Not taken yet, and not freed by unbonding either.
		let slash = Slashes::<Test>::get(0).unwrap();
		assert_eq!((slash.who.clone(), slash.amount), (scorer(liar), 1_000 * OPEN));
		run_to(slash.due - 1);
		assert_noop!(
			Attribution::apply_slash(RuntimeOrigin::signed(account(1)), 0),
			Error::<Test>::SlashPending
		);
		let (protocol, fund) = (Balances::free_balance(account(202)), PanelFund::<Test>::get());
		run_to(slash.due);
		assert_eq!(held(&scorer(liar), HoldReason::Bond), 0);
		assert_eq!(Balances::free_balance(account(202)) - protocol, 700 * OPEN);
		assert_eq!(PanelFund::<Test>::get() - fund, 300 * OPEN);
		assert_ok!(Attribution::withdraw_bond(RuntimeOrigin::signed(scorer(liar))));
	});
}

#[test]
fn challenger_should_win_when_a_whole_committee_lied() {
	build_and_execute(|| {
		many(SCORERS);
		let (id, work) = drawn();
		let (y, wrong) = (vector(&WORTH), vector(&[0, 9, 0, 0, 0, 0, 0, 7]));
		let liars = turn(work);
		find(work, |_| scores(&wrong));
		let before = Balances::free_balance(challenger());
		assert_ok!(challenge(work));
		assert_eq!(held(&challenger(), HoldReason::Challenge), settings().challenge_bond);
		panel(work, &y);
		assert_eq!(Vectors::<Test>::get(id).unwrap().to_vec(), y);
		assert_eq!(Balances::free_balance(challenger()), before);
		assert!(liars.iter().all(|n| bond_of(*n) == 0));
		run_to(Attribution::now() + settings().slash_delay + 1);
		assert_eq!(Attribution::earnings(challenger()), 3 * 300 * OPEN);
	});
}

#[test]
fn challenger_should_lose_its_bond_when_the_panel_finds_the_same() {
	build_and_execute(|| {
		many(SCORERS);
		let (id, work) = drawn();
		let y = vector(&WORTH);
		let members = turn(work);
		find(work, |_| scores(&y));
		let before = Balances::total_balance(&challenger());
		let fund = PanelFund::<Test>::get();
		assert_ok!(challenge(work));
		assert_noop!(challenge(work), Error::<Test>::NotInReview);
		panel(work, &y);
		assert_eq!(Balances::total_balance(&challenger()), before - settings().challenge_bond);
		assert!(PanelFund::<Test>::get() > fund + settings().challenge_bond / 2);
		assert!(members.iter().all(|n| bond_of(*n) == 1_000 * OPEN));
		assert_eq!(Vectors::<Test>::get(id).unwrap().to_vec(), y);
	});
}

#[test]
fn challenge_should_be_refused_when_there_is_nothing_to_challenge() {
	build_and_execute(|| {
		ready();
		let (id, work) = drawn();
		let y = vector(&WORTH);
		assert_noop!(challenge(work), Error::<Test>::NotInReview);
		find(work, |_| scores(&y));
		assert_noop!(challenge(work), Error::<Test>::NoPanel);
		review(work);
		assert_noop!(challenge(Work::Answer(id)), Error::<Test>::NotInReview);
		assert_noop!(challenge(Work::Training(MODEL + 1)), Error::<Test>::NoDesign);
	});
}

#[test]
fn panel_should_look_again_when_an_audit_is_drawn() {
	build_and_execute(|| {
		many(SCORERS);
		Settings::<Test>::mutate(|settings| settings.audit_rate = BASIS_POINTS);
		let (_, work) = drawn();
		let (y, wrong) = (vector(&WORTH), vector(&[0, 9, 0, 0, 0, 0, 0, 7]));
		let liars = turn(work);
		find(work, |_| scores(&wrong));
		review(work);
		assert_eq!(committee(work).panel_from, Some(3));
		panel(work, &y);
		assert!(liars.iter().all(|n| bond_of(*n) == 0));
	});
}

#[test]
fn audits_should_be_as_frequent_as_the_rate_says() {
	build_and_execute(|| {
		many(SCORERS);
		Settings::<Test>::mutate(|settings| settings.audit_rate = 2_500);
		let y = vector(&WORTH);
		let audited = (0..60)
			.filter(|_| {
				let (_, work) = drawn();
				find(work, |_| scores(&y));
				review(work);
				let audited = Committees::<Test>::get(work).is_some();
				if audited {
					panel(work, &y);
				}
				audited
			})
			.count();
		assert!((5..26).contains(&audited), "{audited} of 60");
	});
}

#[test]
fn audits_should_be_certain_when_the_pool_is_the_largest() {
	build_and_execute(|| {
		many(SCORERS);
		let (id, work) = drawn();
		let rate = |pool| {
			Receipts::<Test>::mutate_extant(id, |receipt| receipt.pool = pool);
			Attribution::audit_rate(work)
		};
		let largest = settings().largest_pool();
		let pool = Receipts::<Test>::get(id).unwrap().pool;
		assert_eq!([rate(0), rate(largest / 50), rate(largest)], [0, 200, 10_000]);
		rate(pool);
	});
}

#[test]
fn scorer_should_keep_its_bond_when_only_its_class_rounds_otherwise() {
	build_and_execute(|| {
		// Ten of one class, two of another.
		many(10);
		let y = vector(&WORTH);
		// Beyond the tolerance, and far from gross.
		let off: Vec<Nats> = y.iter().map(|v| v - 100).collect();
		loop {
			let (_, work) = drawn();
			let own = |n: u8| scores(if n < 10 { &y } else { &off });
			if turn(work).iter().all(|n| *n < 10) {
				find(work, own);
				review(work);
				continue;
			}
			find(work, own);
			run_to(Attribution::now() + DELAY);
			find(work, own);
			break;
		}
		assert_eq!(Slashes::<Test>::iter().count(), 0);
		let missed = |n: u8| Scorers::<Test>::get(scorer(n)).unwrap().missed;
		assert!(missed(10) + missed(11) > 0);
	});
}

#[test]
fn scorer_should_be_slashed_when_it_is_biased_within_the_tolerance() {
	build_and_execute(|| {
		many(SCORERS);
		let (_, work) = drawn();
		let y = vector(&WORTH);
		let biased: Vec<Nats> = y.iter().map(|v| v - 10).collect();
		let liars = turn(work);
		find(work, |_| scores(&biased));
		assert_ok!(challenge(work));
		panel(work, &y);
		assert!(liars.iter().all(|n| bond_of(*n) == 0));
	});
}

#[test]
fn slash_should_return_when_it_is_cancelled() {
	build_and_execute(|| {
		many(SCORERS);
		let (_, work) = drawn();
		let (y, wrong) = (vector(&WORTH), vector(&[0, 9, 0, 0, 0, 0, 0, 7]));
		let liar = turn(work)[0];
		find(work, |n| scores(if n == liar { &wrong } else { &y }));
		panel(work, &y);
		let root = RuntimeOrigin::root();
		assert_noop!(
			Attribution::cancel_slash(RuntimeOrigin::signed(account(1)), 0),
			DispatchError::BadOrigin
		);
		assert_ok!(Attribution::cancel_slash(root.clone(), 0));
		assert_noop!(Attribution::cancel_slash(root, 0), Error::<Test>::NoSlash);
		assert_eq!(bond_of(liar), 1_000 * OPEN);
		run_to(Attribution::now() + settings().unbonding);
		assert_ok!(Attribution::withdraw_bond(RuntimeOrigin::signed(scorer(liar))));
	});
}

#[test]
fn bond_should_stay_when_a_scorer_leaves_before_its_answer_is_final() {
	build_and_execute(|| {
		ready();
		Settings::<Test>::mutate(|settings| {
			settings.unbonding = 1;
			settings.challenge_window = 100;
		});
		let (_, work) = drawn();
		let y = vector(&WORTH);
		find(work, |_| scores(&y));
		let by = || RuntimeOrigin::signed(scorer(0));
		assert_ok!(Attribution::unbond(by()));
		run_to(Attribution::now() + 10);
		assert_noop!(Attribution::withdraw_bond(by()), Error::<Test>::StillLiable);
		review(work);
		assert_ok!(Attribution::withdraw_bond(by()));
	});
}

#[test]
fn version_should_be_void_and_slashed_when_it_does_not_reproduce() {
	build_and_execute(|| {
		many(SCORERS);
		let work = Work::Training(MODEL);
		let (bond, by_developer) =
			(settings().version_bond, || held(&developer(), HoldReason::Version));
		assert_eq!(by_developer(), bond);
		assert_ok!(challenge(work));
		run_to(Attribution::now() + DELAY);
		let other =
			|n: usize| Finding::Adapters(BoundedVec::truncate_from(vec![Hash::repeat_byte(77); n]));
		let drawn = committee(work).drawn.len();
		find(work, |_| other(drawn));
		assert_eq!(Designs::<Test>::get(MODEL).unwrap().standing, Standing::Void);
		let request = request(nonce(1));
		assert_noop!(submit(&request, &reply(&request)), Error::<Test>::NotActive);
		assert_eq!(held(&challenger(), HoldReason::Challenge), 0);
		run_to(Attribution::now() + settings().slash_delay + 1);
		assert_eq!(by_developer(), 0);
		assert_eq!(Attribution::earnings(challenger()), bond * 30 / 100);
	});
}

#[test]
fn challenger_should_lose_its_bond_when_an_active_version_reproduces() {
	build_and_execute(|| {
		many(SCORERS);
		let work = Work::Training(MODEL);
		assert_ok!(challenge(work));
		let before = Balances::total_balance(&challenger());
		run_to(Attribution::now() + DELAY);
		find(work, |_| retrained(work));
		assert_eq!(Designs::<Test>::get(MODEL).unwrap().standing, Standing::Active);
		assert_eq!(Balances::total_balance(&challenger()), before - settings().challenge_bond);
	});
}

#[test]
fn challenger_should_put_up_what_the_panel_is_paid_when_that_is_more() {
	build_and_execute(|| {
		many(SCORERS);
		Settings::<Test>::mutate(|settings| {
			settings.challenge_bond = 1;
			settings.training_price = 10 * OPEN;
		});
		let bond = || held(&challenger(), HoldReason::Challenge);
		let seats = u128::from(settings().panel);
		// Of an answer.
		let (id, work) = drawn();
		let reward = Receipts::<Test>::get(id).unwrap().reward;
		find(work, |_| scores(&vector(&WORTH)));
		assert_ok!(challenge(work));
		assert_eq!(bond(), seats * (Attribution::cut(reward, settings().audit_share)[0] / 3));
		panel(work, &vector(&WORTH));
		assert_eq!(bond(), 0);

		// Of a version of a megabyte at most.
		let work = Work::Training(MODEL);
		assert_ok!(challenge(work));
		let each = 10 * OPEN * u128::from(settings().retrained);
		let taken = bond();
		assert_eq!(taken, seats * each);
		// What was taken is lost, whatever the parameter is then.
		Settings::<Test>::mutate(|settings| settings.training_price = OPEN);
		run_to(Attribution::now() + DELAY);
		let issuance = Balances::total_issuance();
		let (before, fund) = (Balances::total_balance(&challenger()), PanelFund::<Test>::get());
		let members = turn(work);
		let money = || members.iter().map(|n| Balances::balance(&scorer(*n))).sum::<u128>();
		let paid = money();
		find(work, |_| retrained(work));
		assert_eq!((bond(), before - Balances::total_balance(&challenger())), (0, taken));
		assert_eq!(PanelFund::<Test>::get() + money(), fund + paid + taken);
		assert_eq!(Balances::total_issuance(), issuance);
	});
}

#[test]
fn panel_should_be_paid_from_the_lost_bond_when_nothing_is_kept_for_panels() {
	build_and_execute(|| {
		many(SCORERS);
		// The bond is what a panel of the full size is paid.
		Settings::<Test>::mutate(|settings| settings.training_price = 10 * OPEN);
		let each = 10 * OPEN * u128::from(settings().retrained);
		let work = Work::Training(MODEL);
		assert_ok!(challenge(work));
		let bond = held(&challenger(), HoldReason::Challenge);
		assert_eq!(bond, each * u128::from(settings().panel));
		run_to(Attribution::now() + DELAY);
		PanelFund::<Test>::kill();
		let members = turn(work);
		let money = || members.iter().map(|n| Balances::balance(&scorer(*n))).collect::<Vec<_>>();
		let before = money();
		find(work, |_| retrained(work));
		assert!(money().iter().zip(&before).all(|(after, before)| *after == before + each));
		assert_eq!(PanelFund::<Test>::get(), bond - each * members.len() as u128);
	});
}

#[test]
fn receipt_should_go_to_the_prior_at_the_operators_cost_when_a_panel_cannot_have_it() {
	build_and_execute(|| {
		many(SCORERS);
		let deposit = held(&operator().1, HoldReason::Storage);
		let (id, work) = drawn();
		let deposit = held(&operator().1, HoldReason::Storage) - deposit;
		let Receipt { pool, reward, service, .. } = Receipts::<Test>::get(id).unwrap();
		let fund = PanelFund::<Test>::get();
		find(work, |_| Finding::Withheld);
		run_to(Attribution::now() + DELAY);
		let asked = turn(work);
		let before: u128 = asked.iter().map(|n| Balances::balance(&scorer(*n))).sum();
		find(work, |_| Finding::Withheld);

		let period = Attribution::period_of(Attribution::now());
		assert_eq!(Receipts::<Test>::get(id).unwrap().phase, Phase::Withheld { period });
		assert_eq!(Periods::<Test>::get(MODEL, period).unwrap().total, pool + service);
		let after: u128 = asked.iter().map(|n| Balances::balance(&scorer(*n))).sum();
		assert_eq!(PanelFund::<Test>::get() + after, fund + reward + before);
		assert_eq!(NextSlash::<Test>::get(), 0);
		assert!(Scorers::<Test>::iter_values().all(|scorer| scorer.missed == 0));

		next_period();
		run_to(Attribution::now() + settings().retention);
		let anybody = RuntimeOrigin::signed(account(1));
		assert_ok!(Attribution::settle(anybody.clone(), MODEL, period));
		let (free, all) = (Balances::balance(&operator().1), Balances::total_issuance());
		assert_ok!(Attribution::prune(anybody, id));
		assert_eq!(Balances::balance(&operator().1), free);
		assert_eq!(Balances::total_issuance(), all - deposit);
	});
}

#[test]
fn payer_should_have_its_money_back_at_the_operators_cost_when_a_panel_counts_other_tokens() {
	build_and_execute(|| {
		many(SCORERS);
		let storage = || held(&operator().1, HoldReason::Storage);
		let before = storage();
		let (id, work) = drawn();
		let deposit = storage() - before;
		let Receipt { pool, reward, service, .. } = Receipts::<Test>::get(id).unwrap();
		let money = || [payer().1, operator().1].map(|who| Balances::total_balance(&who));
		let [paid, earned] = money();
		let scorers = || -> u128 { (0..SCORERS).map(|n| Balances::balance(&scorer(n))).sum() };
		let kept = PanelFund::<Test>::get() + scorers();
		find(work, |_| Finding::Miscounted);
		assert_eq!(committee(work).panel_from, Some(3));
		run_to(Attribution::now() + DELAY);
		find(work, |_| Finding::Miscounted);

		assert_eq!(Receipts::<Test>::get(id).unwrap().phase, Phase::Miscounted);
		let refunded = pool + service;
		assert_eq!(money(), [paid + refunded, earned]);
		System::assert_has_event(Event::<Test>::ReceiptVoided { receipt: id, refunded }.into());
		assert_eq!(Periods::<Test>::iter().count(), 0);
		// Who counted is paid as who scores.
		assert_eq!(PanelFund::<Test>::get() + scorers(), kept + reward);
		assert_eq!(NextSlash::<Test>::get(), 0);
		assert!(Scorers::<Test>::iter_values().all(|scorer| scorer.missed == 0));

		run_to(Attribution::now() + settings().retention);
		let all = Balances::total_issuance();
		assert_ok!(Attribution::prune(RuntimeOrigin::signed(account(1)), id));
		assert_eq!(money(), [paid + refunded, earned - deposit]);
		assert_eq!(Balances::total_issuance(), all - deposit);
	});
}

#[test]
fn committee_should_lose_its_bonds_when_it_says_that_honest_tokens_are_miscounted() {
	build_and_execute(|| {
		many(SCORERS);
		let (id, work) = drawn();
		let (y, liars) = (vector(&WORTH), turn(work));
		find(work, |_| Finding::Miscounted);
		panel(work, &y);
		assert!(matches!(Receipts::<Test>::get(id).unwrap().phase, Phase::Scored { .. }));
		assert!(liars.iter().all(|n| bond_of(*n) == 0));
	});
}

#[test]
fn committee_should_lose_its_bonds_when_it_scores_what_a_challenger_knows_to_be_miscounted() {
	build_and_execute(|| {
		many(SCORERS);
		let (id, work) = drawn();
		let liars = turn(work);
		find(work, |_| scores(&vector(&WORTH)));
		let before = Balances::balance(&challenger());
		assert_ok!(challenge(work));
		run_to(Attribution::now() + DELAY);
		find(work, |_| Finding::Miscounted);
		assert_eq!(Receipts::<Test>::get(id).unwrap().phase, Phase::Miscounted);
		assert!(liars.iter().all(|n| bond_of(*n) == 0));
		assert_eq!(Balances::balance(&challenger()), before);
	});
}

#[test]
fn receipt_should_be_void_when_a_panel_scores_more_tokens_than_were_claimed() {
	build_and_execute(|| {
		many(SCORERS);
		let request = request(nonce(1));
		assert_ok!(submit(&request, &Reply { completion_tokens: 1, ..reply(&request) }));
		run_to(Attribution::now() + DELAY);
		let (id, y) = (request.id(), vector(&WORTH));
		let work = Work::Answer(id);
		find(work, |_| scores(&y));
		assert_ok!(challenge(work));
		panel(work, &y);
		assert_eq!(Receipts::<Test>::get(id).unwrap().phase, Phase::Void);
		assert_eq!(NextSlash::<Test>::get(), 0);
		assert!(Scorers::<Test>::iter_values().all(|scorer| scorer.missed == 0));
	});
}

#[test]
fn scorer_should_keep_its_bond_when_it_alone_is_refused_what_it_needs() {
	build_and_execute(|| {
		many(SCORERS);
		let (id, work) = drawn();
		let (y, refused) = (vector(&WORTH), turn(work)[0]);
		find(work, |n| if n == refused { Finding::Withheld } else { scores(&y) });
		panel(work, &y);
		assert_eq!(Vectors::<Test>::get(id).unwrap().to_vec(), y);
		assert_eq!(NextSlash::<Test>::get(), 0);
		assert_eq!(Scorers::<Test>::get(scorer(refused)).unwrap().missed, 1);
	});
}

#[test]
fn committee_should_keep_its_bonds_when_a_panel_is_refused_what_it_had() {
	build_and_execute(|| {
		many(SCORERS);
		let (id, work) = drawn();
		find(work, |_| scores(&vector(&WORTH)));
		let before = Balances::balance(&challenger());
		assert_ok!(challenge(work));
		run_to(Attribution::now() + DELAY);
		find(work, |_| Finding::Withheld);
		assert_eq!(Balances::balance(&challenger()), before);
		let phase = Receipts::<Test>::get(id).unwrap().phase;
		assert!(matches!(phase, Phase::Withheld { .. }));
		assert_eq!(NextSlash::<Test>::get(), 0);
		assert!(Scorers::<Test>::iter_values().all(|scorer| scorer.missed == 0));
	});
}

#[test]
fn version_should_be_void_when_a_challenger_names_the_adapter_that_is_wrong() {
	build_and_execute(|| {
		many(SCORERS);
		let challenge = |named: &[u16]| {
			let named = Drawn::truncate_from(named.to_vec());
			Attribution::challenge_adapters(RuntimeOrigin::signed(challenger()), MODEL, named)
		};
		assert_noop!(challenge(&[1, ADAPTERS + 1]), Error::<Test>::NoAdapter);
		assert_ok!(challenge(&[5, 0]));
		let work = Work::Training(MODEL);
		assert_eq!(committee(work).drawn.to_vec(), [5, 0]);
		run_to(Attribution::now() + DELAY);
		let Finding::Adapters(mut found) = retrained(work) else { panic!("it trains") };
		found[0] = Hash::repeat_byte(77);
		find(work, |_| Finding::Adapters(found.clone()));
		assert_eq!(Designs::<Test>::get(MODEL).unwrap().standing, Standing::Void);
	});
}

#[test]
fn version_should_earn_no_more_when_a_panel_cannot_have_rows_that_were_withdrawn_before() {
	build_and_execute(|| {
		many(SCORERS);
		let (work, bond) = (Work::Training(MODEL), held(&developer(), HoldReason::Version));
		LEFT.set(Some(vec![1_000; BLOCKS]));
		let before = Balances::total_balance(&challenger());
		assert_ok!(challenge(work));
		run_to(Attribution::now() + DELAY);
		find(work, |_| Finding::Withheld);
		// Nobody need keep these rows, and who asks for them pays the panel.
		assert_eq!(Slashes::<Test>::iter().count(), 0);
		assert_eq!(held(&developer(), HoldReason::Version), bond);
		assert_eq!(Balances::total_balance(&challenger()), before - settings().challenge_bond);
		// But what nobody can train again is not paid for, until somebody can.
		assert_eq!(Designs::<Test>::get(MODEL).unwrap().standing, Standing::Untested);
		let request = request(nonce(1));
		assert_noop!(submit(&request, &reply(&request)), Error::<Test>::NotActive);
		assert_ok!(Attribution::activate(RuntimeOrigin::signed(developer()), MODEL));
		run_to(Attribution::now() + DELAY);
		find(work, |_| retrained(work));
		review(work);
		LEFT.set(None);
		assert_eq!(Designs::<Test>::get(MODEL).unwrap().standing, Standing::Active);
	});
}

#[test]
fn version_should_be_void_when_its_rows_are_withdrawn_after_it_was_challenged() {
	build_and_execute(|| {
		many(SCORERS);
		let (work, bond) = (Work::Training(MODEL), settings().version_bond);
		assert_ok!(challenge(work));
		LEFT.set(Some(vec![1_000; BLOCKS]));
		run_to(Attribution::now() + DELAY);
		find(work, |_| Finding::Withheld);
		LEFT.set(None);
		assert_eq!(Designs::<Test>::get(MODEL).unwrap().standing, Standing::Void);
		let slash = Slashes::<Test>::get(0).unwrap();
		assert_eq!(
			(slash.who, slash.amount, slash.reporter),
			(developer(), bond, Some(challenger()))
		);
		assert_eq!(held(&challenger(), HoldReason::Challenge), 0);
	});
}

#[test]
fn version_should_be_void_when_its_rows_were_withdrawn_but_it_does_not_reproduce() {
	build_and_execute(|| {
		many(SCORERS);
		let work = Work::Training(MODEL);
		LEFT.set(Some(vec![1_000; BLOCKS]));
		assert_ok!(challenge(work));
		run_to(Attribution::now() + DELAY);
		let other = vec![Hash::repeat_byte(77); committee(work).drawn.len()];
		find(work, |_| Finding::Adapters(BoundedVec::truncate_from(other.clone())));
		LEFT.set(None);
		assert_eq!(Designs::<Test>::get(MODEL).unwrap().standing, Standing::Void);
		assert_eq!(held(&challenger(), HoldReason::Challenge), 0);
	});
}

#[test]
fn version_should_be_void_when_a_panel_cannot_have_its_rows() {
	build_and_execute(|| {
		many(SCORERS);
		let work = Work::Training(MODEL);
		assert_ok!(challenge(work));
		run_to(Attribution::now() + DELAY);
		find(work, |_| Finding::Withheld);
		assert_eq!(Designs::<Test>::get(MODEL).unwrap().standing, Standing::Void);
		assert_eq!(Slashes::<Test>::get(0).unwrap().who, developer());
	});
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(24))]

	/// Whoever lies, whoever challenges, whatever is audited or cancelled: no unit is made or lost,
	/// and an honest scorer keeps its bond.
	#[test]
	fn money_should_be_conserved_when_scorers_lie_and_challengers_err(
		liars in prop::collection::btree_set(0u8..SCORERS, 0..4),
		answers in prop::collection::vec((any::<bool>(), any::<bool>(), -2i32..3), 1..5),
		audit_rate in 0u16..=10_000,
		slash in 0u16..=10_000,
	) {
		build_and_execute(|| {
			many(SCORERS);
			Settings::<Test>::mutate(|settings| {
				settings.audit_rate = audit_rate;
				settings.slash = slash;
				// Who is slashed is drawn no more.
				settings.minimum_panel = 5;
			});
			let issuance = Balances::total_issuance();
			let y = vector(&WORTH);
			for (challenged, cancelled, off) in answers {
				let lie: Vec<Nats> = y.iter().map(|v| (v + off * 300_000).min(0)).collect();
				let found = |n: u8| match liars.contains(&n) {
					true if off == 2 => Finding::Withheld,
					true if off == -2 => Finding::Miscounted,
					true => scores(&lie),
					false => scores(&y),
				};
				let (id, work) = drawn();
				find(work, found);
				let review = |work| Committees::<Test>::get(work).filter(|c| c.stage == Stage::Review);
				if challenged && review(work).is_some() {
					assert_ok!(challenge(work));
				} else if let Some(committee) = review(work) {
					run_to(committee.due);
				}
				while Committees::<Test>::contains_key(work) {
					run_to(committee(work).due);
					find(work, found);
				}
				assert!(Receipts::<Test>::get(id).unwrap().phase != Phase::Pending);
				if let (true, Some(id)) = (cancelled, Slashes::<Test>::iter_keys().next()) {
					assert_ok!(Attribution::cancel_slash(RuntimeOrigin::root(), id));
				}
				Attribution::do_try_state().unwrap();
				assert_eq!(Balances::total_issuance(), issuance);
			}
			run_to(Attribution::now() + settings().slash_delay + 1);
			assert_eq!(Slashes::<Test>::iter().count(), 0);
			for n in (0..SCORERS).filter(|n| !liars.contains(n)) {
				assert_eq!(bond_of(n), 1_000 * OPEN);
			}
			for n in 0..SCORERS {
				assert_eq!(held(&scorer(n), HoldReason::Bond), bond_of(n));
			}
			assert_eq!(held(&challenger(), HoldReason::Challenge), 0);
			assert_eq!(Balances::total_issuance(), issuance);
		});
	}
}
