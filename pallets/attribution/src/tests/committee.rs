use crate::{committee::invalid, mock::*, *};
use frame::testing_prelude::*;
use openledger_core::Hash;

const WORTH: [i32; 8] = [9, 0, 2, 0, 1, 0, 0, 4];

fn custom(code: u8) -> Result<(), TransactionValidityError> {
	Err(InvalidTransaction::Custom(code).into())
}

fn phase(id: Hash) -> Phase {
	Receipts::<Test>::get(id).unwrap().phase
}

/// A paid answer whose committee is drawn.
fn drawn() -> (Hash, Work) {
	let id = answer(nonce(1));
	run_to(Attribution::now() + DELAY);
	(id, Work::Answer(id))
}

#[test]
fn committee_should_be_drawn_ten_blocks_later_when_a_receipt_is_fixed() {
	build_and_execute(|| {
		ready();
		let work = Work::Answer(answer(nonce(1)));
		run_to(Attribution::now() + DELAY - 1);
		assert_eq!(committee(work).stage, Stage::Waiting);
		run_to(Attribution::now() + 1);
		assert_eq!((committee(work).stage, committee(work).seats.len()), (Stage::Commit, 3));
	});
}

#[test]
fn receipt_should_be_scored_when_all_agree_and_nobody_challenges() {
	build_and_execute(|| {
		ready();
		let (id, work) = drawn();
		let y = vector(&WORTH);
		let money = || (0..3).map(|n| Balances::free_balance(scorer(n))).sum::<u128>();
		let (before, fund) = (money(), PanelFund::<Test>::get());
		find(work, |_| scores(&y));
		assert_eq!((committee(work).stage, phase(id)), (Stage::Review, Phase::Pending));
		assert_eq!(money(), before);
		review(work);
		assert!(matches!(phase(id), Phase::Scored { .. }));
		assert_eq!(Vectors::<Test>::get(id).unwrap().to_vec(), y);
		let for_panels = PanelFund::<Test>::get() - fund;
		let reward = Receipts::<Test>::get(id).unwrap().reward;
		assert_eq!(money() - before + for_panels, reward);
		assert_eq!(for_panels, reward / 5);
	});
}

#[test]
fn receipt_should_be_scored_by_the_majority_when_there_is_no_panel() {
	build_and_execute(|| {
		ready();
		let id = answer(nonce(1));
		let (y, wrong) = (vector(&WORTH), vector(&[0, 9, 0, 0, 0, 0, 0, 7]));
		let before = Balances::free_balance(scorer(1));
		score(id, [&y, &wrong, &y]);
		assert_eq!(Vectors::<Test>::get(id).unwrap().to_vec(), y);
		assert_eq!(Balances::free_balance(scorer(1)), before);
		assert_eq!(Scorers::<Test>::get(scorer(1)).unwrap().missed, 1);
		assert_eq!(Scorers::<Test>::get(scorer(0)).unwrap().missed, 0);
		assert_eq!(Slashes::<Test>::iter().count(), 0);
	});
}

#[test]
fn receipt_should_be_scored_when_one_never_commits() {
	build_and_execute(|| {
		ready();
		let (id, work) = drawn();
		let y = scores(&vector(&WORTH));
		for n in 0..2 {
			assert_ok!(apply(commit_call(n, work, &y)));
		}
		run_to(Attribution::now() + Settings::<Test>::get().commit_window);
		for n in 0..2 {
			assert_ok!(apply(reveal_call(n, work, &y)));
		}
		review(work);
		assert!(matches!(phase(id), Phase::Scored { .. }));
		assert_eq!(Scorers::<Test>::get(scorer(2)).unwrap().missed, 1);
	});
}

#[test]
fn receipt_should_go_to_the_prior_when_no_committee_answers() {
	build_and_execute(|| {
		ready();
		let id = answer(nonce(1));
		let window = DELAY + Settings::<Test>::get().commit_window;
		run_to(Attribution::now() + 3 * window);
		let receipt = Receipts::<Test>::get(id).unwrap();
		assert!(matches!(receipt.phase, Phase::Prior { .. }));
		let period = next_period();
		assert_ok!(Attribution::settle(RuntimeOrigin::signed(account(1)), MODEL, period));
		assert_eq!(Balances::free_balance(rows_pot()), EXISTENTIAL + receipt.pool + receipt.reward);
		for n in 0..3 {
			assert_eq!(Scorers::<Test>::get(scorer(n)).unwrap().missed, MAX_REDRAWS + 1);
		}
	});
}

#[test]
fn receipt_should_go_to_the_prior_when_there_is_no_scorer() {
	build_and_execute(|| {
		ready();
		for n in 0..3 {
			assert_ok!(Attribution::unbond(RuntimeOrigin::signed(scorer(n))));
		}
		let id = answer(nonce(1));
		run_to(Attribution::now() + 4 * DELAY);
		assert!(matches!(phase(id), Phase::Prior { .. }));
	});
}

#[test]
fn receipt_should_go_to_the_prior_when_all_are_refused_it_and_there_is_no_panel() {
	build_and_execute(|| {
		ready();
		let (id, work) = drawn();
		let Receipt { pool, reward, .. } = Receipts::<Test>::get(id).unwrap();
		find(work, |_| Finding::Withheld);
		review(work);
		let period = Attribution::period_of(Attribution::now());
		assert_eq!(phase(id), Phase::Prior { period });
		assert_eq!(Periods::<Test>::get(MODEL, period).unwrap().total, pool + reward);
	});
}

#[test]
fn receipt_should_be_void_when_the_model_cannot_have_drawn_its_tokens() {
	build_and_execute(|| {
		ready();
		let id = answer(nonce(1));
		let receipt = Receipts::<Test>::get(id).unwrap();
		// 13 nats for each of 50 tokens.
		let y = vec![-13 * 50 * 65_536; usize::from(ADAPTERS) + 2];
		let before = Balances::total_balance(&payer().1);
		score(id, [&y, &y, &y]);
		assert_eq!(phase(id), Phase::Void);
		assert_eq!(Balances::total_balance(&payer().1), before + receipt.pool + receipt.service);
		run_to(Attribution::now() + Settings::<Test>::get().retention);
		assert_ok!(Attribution::prune(RuntimeOrigin::signed(account(1)), id));
	});
}

#[test]
fn receipt_should_be_void_and_nobody_miss_when_its_operator_claims_one_token_of_fifty() {
	build_and_execute(|| {
		ready();
		let request = request(nonce(1));
		let reply = Reply { completion_tokens: 1, ..reply(&request) };
		assert_ok!(submit(&request, &reply));
		let id = request.id();
		let Receipt { pool, service, .. } = Receipts::<Test>::get(id).unwrap();
		let money = || [payer().1, operator().1].map(|who| Balances::total_balance(&who));
		let [paid, earned] = money();
		// What the fifty tokens score: 400 nats, where one has 12 at most.
		let y = vector(&WORTH);
		score(id, [&y, &y, &y]);
		assert_eq!(phase(id), Phase::Void);
		assert_eq!(money(), [paid + pool + service, earned]);
		assert!(Scorers::<Test>::iter_values().all(|scorer| scorer.missed == 0));
	});
}

#[test]
fn payer_should_have_its_money_back_when_a_committee_without_a_panel_counts_other_tokens() {
	build_and_execute(|| {
		ready();
		let (id, work) = drawn();
		let Receipt { pool, service, .. } = Receipts::<Test>::get(id).unwrap();
		let before = Balances::total_balance(&payer().1);
		find(work, |_| Finding::Miscounted);
		assert_eq!(Balances::total_balance(&payer().1), before, "it can be challenged");
		review(work);
		assert_eq!(phase(id), Phase::Miscounted);
		assert_eq!(Balances::total_balance(&payer().1), before + pool + service);
	});
}

#[test]
fn reveal_should_be_refused_when_a_version_is_said_to_be_miscounted() {
	build_and_execute(|| {
		ready();
		let work = Work::Training(MODEL);
		(3..SCORERS).for_each(bond_scorer);
		let by = RuntimeOrigin::signed(challenger());
		assert_ok!(Attribution::challenge(by, work));
		run_to(Attribution::now() + DELAY);
		for n in turn(work) {
			assert_ok!(apply(commit_call(n, work, &Finding::Miscounted)));
		}
		let reveal = reveal_call(turn(work)[0], work, &Finding::Miscounted);
		assert_eq!(apply(reveal), custom(invalid::WRONG_LENGTH));
	});
}

#[test]
fn scorer_should_leave_when_it_misses_too_often() {
	build_and_execute(|| {
		ready();
		let y = scores(&vector(&WORTH));
		for _ in 0..MAX_MISSED {
			let (_, work) = drawn();
			for n in 0..2 {
				assert_ok!(apply(commit_call(n, work, &y)));
			}
			run_to(Attribution::now() + Settings::<Test>::get().commit_window);
			for n in 0..2 {
				assert_ok!(apply(reveal_call(n, work, &y)));
			}
			review(work);
		}
		let absent = Scorers::<Test>::get(scorer(2)).unwrap();
		assert_eq!(absent.left_at, Some(Attribution::now()));
		assert_eq!(absent.bond, 990 * OPEN);
		assert_eq!(Slashes::<Test>::get(0).unwrap().amount, 10 * OPEN);
		assert_eq!(Drawable::<Test>::get().len(), 2);
	});
}

#[test]
fn commit_should_be_refused_when_repeated_or_not_signed_by_the_seat() {
	build_and_execute(|| {
		ready();
		let (_, work) = drawn();
		let call = commit_call(0, work, &scores(&vector(&WORTH)));
		let Call::commit { seat, signature, .. } = &call else { unreachable!() };
		let forged =
			Call::commit { seat: *seat, commitment: Hash::zero(), signature: signature.clone() };
		assert_eq!(apply(forged), Err(InvalidTransaction::BadProof.into()));
		assert_ok!(apply(call.clone()));
		assert_eq!(apply(call), Err(InvalidTransaction::Stale.into()));
	});
}

#[test]
fn reveal_should_be_refused_when_the_finding_is_wrong_and_not_when_it_is_unlikely() {
	build_and_execute(|| {
		ready();
		let (_, work) = drawn();
		let y = vector(&WORTH);
		let (mut positive, mut low) = (y.clone(), y.clone());
		(positive[3], low[3]) = (1, Nats::MIN);
		let [short, positive, low] = [&y[1..], &positive, &low].map(scores);
		let (y, hashes) = (scores(&y), Finding::Adapters(Default::default()));
		assert_ok!(apply(commit_call(0, work, &short)));
		assert_ok!(apply(commit_call(1, work, &positive)));
		assert_ok!(apply(commit_call(2, work, &low)));
		assert_eq!(apply(reveal_call(0, work, &short)), custom(invalid::WRONG_LENGTH));
		assert_eq!(apply(reveal_call(0, work, &hashes)), custom(invalid::WRONG_LENGTH));
		assert_eq!(apply(reveal_call(1, work, &positive)), custom(invalid::POSITIVE));
		assert_eq!(apply(reveal_call(0, work, &y)), custom(invalid::WRONG_REVEAL));
		assert_ok!(apply(reveal_call(2, work, &low)));
	});
}

#[test]
fn reveal_should_be_stale_when_commits_are_open() {
	build_and_execute(|| {
		ready();
		let (_, work) = drawn();
		let y = scores(&vector(&WORTH));
		assert_ok!(apply(commit_call(0, work, &y)));
		assert_eq!(apply(reveal_call(0, work, &y)), Err(InvalidTransaction::Stale.into()));
	});
}

#[test]
fn assignments_should_be_spread_when_scorers_are_many() {
	build_and_execute(|| {
		ready();
		(3..SCORERS).for_each(bond_scorer);
		let works: Vec<Work> = (0..20).map(|_| Work::Answer(answer(nonce(1)))).collect();
		run_to(Attribution::now() + DELAY);
		for who in (0..SCORERS).map(scorer) {
			let seats = works.iter().filter(|work| Assignments::<Test>::contains_key(&who, work));
			assert!((1..20).contains(&seats.count()));
		}
	});
}

/// The three scorers answer for so many works at once, and the last of them waits until others are done.
fn last_should_wait(count: u32) {
	let works: Vec<Work> = (0..count).map(|_| Work::Answer(answer(nonce(1)))).collect();
	run_to(Attribution::now() + DELAY);
	let (waiting, drawn): (Vec<Work>, Vec<Work>) =
		works.iter().copied().partition(|work| committee(*work).stage == Stage::Waiting);
	assert_eq!(waiting.len(), 1);
	Attribution::do_try_state().unwrap();
	let y = vector(&WORTH);
	let due = committee(waiting[0]).due;
	for work in drawn {
		find(work, |_| scores(&y));
	}
	run_to(due);
	find(waiting[0], |_| scores(&y));
	review(waiting[0]);
	for work in works {
		let Work::Answer(id) = work else { unreachable!() };
		assert!(matches!(phase(id), Phase::Scored { .. }));
	}
	assert_eq!(Liable::<Test>::iter().count(), 0);
	assert!(Scorers::<Test>::iter_values().all(|scorer| scorer.missed == 0));
}

#[test]
fn committee_should_wait_when_scorers_have_all_the_seats_that_they_fill() {
	build_and_execute(|| {
		ready();
		last_should_wait(MAX_SEATS_AT_ONCE + 1);
	});
}

#[test]
fn committee_should_wait_when_scorers_answer_for_more_than_the_largest_pool() {
	build_and_execute(|| {
		ready();
		let id = answer(nonce(1));
		let pool = Receipts::<Test>::get(id).unwrap().pool;
		let y = vector(&WORTH);
		score(id, [&y, &y, &y]);
		// An answer costs what the largest may, and a scorer answers for two at most.
		Settings::<Test>::mutate(|settings| settings.minimum_bond = pool * BOND_OVER_POOL);
		last_should_wait(3);
	});
}

#[test]
fn receipt_should_go_to_the_prior_and_nobody_be_blamed_when_scorers_never_have_room() {
	build_and_execute(|| {
		ready();
		let full = Load { works: MAX_SEATS_AT_ONCE, seats: MAX_SEATS_AT_ONCE, pools: 0 };
		(0..3).for_each(|n| Liable::<Test>::insert(scorer(n), full.clone()));
		let id = answer(nonce(1));
		let window = Settings::<Test>::get().commit_window;
		run_to(Attribution::now() + DELAY + 2 * window - 1);
		assert_eq!(committee(Work::Answer(id)).stage, Stage::Waiting);
		run_to(Attribution::now() + 1);
		assert!(matches!(phase(id), Phase::Prior { .. }));
		assert!(Scorers::<Test>::iter_values().all(|scorer| scorer.missed == 0));
		(0..3).for_each(|n| Liable::<Test>::remove(scorer(n)));
	});
}

/// Leaves no room for tasks in the blocks that a search from `block` looks through.
fn crowd(block: u32) {
	let full = BoundedVec::truncate_from(vec![Due::Seed(0); MAX_TASKS as usize]);
	(block..block + PUT_OFF).for_each(|at| Agenda::<Test>::insert(at, &full));
}

#[test]
fn committees_should_be_drawn_one_a_block_when_a_block_has_room_for_no_more() {
	build_and_execute(|| {
		ready();
		let works = [(); 3].map(|()| Work::Answer(answer(nonce(1))));
		let due = committee(works[0]).due;
		MaximumWeight::set(Weight::from_parts(1, 1));
		for at in due..due + 3 {
			run_to(at);
			let drawn = works.iter().filter(|work| committee(**work).stage == Stage::Commit);
			assert_eq!(drawn.count() as u32, at - due + 1);
		}
	});
}

#[test]
fn advance_should_draw_the_committee_when_the_agenda_had_no_room() {
	build_and_execute(|| {
		ready();
		let work = Work::Answer(answer(nonce(1)));
		let due = committee(work).due;
		let anybody = RuntimeOrigin::signed(account(1));
		// Neither the committee's window nor the draw itself can be put on the agenda again.
		crowd(due + Settings::<Test>::get().commit_window);
		crowd(due + 1);
		run_to(due + PUT_OFF);
		assert_noop!(Attribution::advance(anybody.clone(), work), Error::<Test>::NotOverdue);

		run_to(due + PUT_OFF + 1);
		assert_eq!(committee(work).stage, Stage::Waiting);
		assert_ok!(Attribution::advance(anybody.clone(), work));
		assert_eq!(committee(work).stage, Stage::Commit);
		assert_noop!(Attribution::advance(anybody, work), Error::<Test>::NotOverdue);
	});
}
