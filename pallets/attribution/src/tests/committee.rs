use crate::{impls::invalid, mock::*, *};
use frame::testing_prelude::*;
use openledger_core::Hash;

const WORTH: [i32; 8] = [9, 0, 2, 0, 1, 0, 0, 4];

fn custom(code: u8) -> Result<(), TransactionValidityError> {
	Err(InvalidTransaction::Custom(code).into())
}

#[test]
fn committee_should_be_drawn_ten_blocks_later_when_a_receipt_is_fixed() {
	build_and_execute(|| {
		ready();
		let id = answer(nonce(1));
		run_to(Attribution::now() + DELAY - 1);
		assert_eq!(Receipts::<Test>::get(id).unwrap().phase, Phase::Waiting);
		run_to(Attribution::now() + 1);
		let receipt = Receipts::<Test>::get(id).unwrap();
		assert_eq!((receipt.phase, receipt.seats.len()), (Phase::Commit, 3));
	});
}

#[test]
fn receipt_should_be_scored_when_all_agree() {
	build_and_execute(|| {
		ready();
		let id = answer(nonce(1));
		let y = vector(&WORTH);
		let before: Vec<u128> = (0..3).map(|n| Balances::free_balance(scorer(n))).collect();
		score(id, [&y, &y, &y]);
		let receipt = Receipts::<Test>::get(id).unwrap();
		assert!(matches!(receipt.phase, Phase::Scored { .. }));
		assert_eq!(Vectors::<Test>::get(id).unwrap().to_vec(), y);
		let paid: u128 = (0..3).map(|n| Balances::free_balance(scorer(n))).sum::<u128>()
			- before.iter().sum::<u128>();
		assert_eq!(paid, receipt.reward);
	});
}

#[test]
fn receipt_should_be_scored_by_the_others_when_one_is_corrupted() {
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
	});
}

#[test]
fn receipt_should_be_scored_when_one_never_commits() {
	build_and_execute(|| {
		ready();
		let id = answer(nonce(1));
		let y = vector(&WORTH);
		run_to(Attribution::now() + DELAY);
		for n in 0..2 {
			assert_ok!(apply(commit_call(n, id, &y)));
		}
		run_to(Attribution::now() + Settings::<Test>::get().commit_window);
		for n in 0..2 {
			assert_ok!(apply(reveal_call(n, id, &y)));
		}
		assert!(matches!(Receipts::<Test>::get(id).unwrap().phase, Phase::Scored { .. }));
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
		assert_eq!(receipt.attempt, MAX_REDRAWS);
		let period = next_period();
		assert_ok!(Attribution::settle(RuntimeOrigin::signed(account(1)), MODEL, period));
		assert_eq!(Balances::free_balance(rows_pot()), EXISTENTIAL + receipt.pool + receipt.reward);
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
		assert!(matches!(Receipts::<Test>::get(id).unwrap().phase, Phase::Prior { .. }));
	});
}

#[test]
fn scorer_should_leave_when_it_misses_too_often() {
	build_and_execute(|| {
		ready();
		let y = vector(&WORTH);
		for _ in 0..MAX_MISSED {
			let id = answer(nonce(1));
			run_to(Attribution::now() + DELAY);
			for n in 0..2 {
				assert_ok!(apply(commit_call(n, id, &y)));
			}
			run_to(Attribution::now() + Settings::<Test>::get().commit_window);
			for n in 0..2 {
				assert_ok!(apply(reveal_call(n, id, &y)));
			}
		}
		assert!(!Drawable::<Test>::get().contains(&scorer(2)));
		assert_eq!(Drawable::<Test>::get().len(), 2);
	});
}

#[test]
fn commit_should_be_refused_when_repeated_or_not_signed_by_the_seat() {
	build_and_execute(|| {
		ready();
		let id = answer(nonce(1));
		let y = vector(&WORTH);
		run_to(Attribution::now() + DELAY);
		let call = commit_call(0, id, &y);
		let Call::commit { seat, signature, .. } = &call else { unreachable!() };
		let forged =
			Call::commit { seat: *seat, commitment: Hash::zero(), signature: signature.clone() };
		assert_eq!(apply(forged), Err(InvalidTransaction::BadProof.into()));
		assert_ok!(apply(call.clone()));
		assert_eq!(apply(call), Err(InvalidTransaction::Stale.into()));
	});
}

#[test]
fn reveal_should_be_refused_when_the_vector_is_wrong() {
	build_and_execute(|| {
		ready();
		let id = answer(nonce(1));
		let y = vector(&WORTH);
		run_to(Attribution::now() + DELAY);
		let calls = |y: &[Nats]| (0..3).map(|n| commit_call(n, id, y)).collect::<Vec<_>>();
		let (mut positive, mut low) = (y.clone(), y.clone());
		positive[3] = 1;
		low[3] = -(33 * 50 * 65_536);
		assert_ok!(apply(commit_call(0, id, &y[1..])));
		assert_ok!(apply(commit_call(1, id, &positive)));
		assert_ok!(apply(calls(&low).remove(2)));
		assert_eq!(apply(reveal_call(0, id, &y[1..])), custom(invalid::WRONG_LENGTH));
		assert_eq!(apply(reveal_call(1, id, &positive)), custom(invalid::OUT_OF_BAND));
		assert_eq!(apply(reveal_call(2, id, &low)), custom(invalid::OUT_OF_BAND));
		assert_eq!(apply(reveal_call(0, id, &y)), custom(invalid::WRONG_REVEAL));
	});
}

#[test]
fn reveal_should_be_stale_when_commits_are_open() {
	build_and_execute(|| {
		ready();
		let id = answer(nonce(1));
		let y = vector(&WORTH);
		run_to(Attribution::now() + DELAY);
		assert_ok!(apply(commit_call(0, id, &y)));
		assert_eq!(apply(reveal_call(0, id, &y)), Err(InvalidTransaction::Stale.into()));
	});
}

#[test]
fn assignments_should_be_spread_when_scorers_are_many() {
	build_and_execute(|| {
		ready();
		let more: Vec<AccountId> = (0..5).map(|n| account(120 + n)).collect();
		for who in &more {
			assert_ok!(Drawable::<Test>::try_append(who));
		}
		let ids: Vec<Hash> = (0..20).map(|_| answer(nonce(1))).collect();
		run_to(Attribution::now() + DELAY);
		for who in &more {
			let seats = ids.iter().filter(|id| Assignments::<Test>::contains_key(who, *id)).count();
			assert!((1..20).contains(&seats), "{seats} of 20 receipts");
		}
		more.iter().for_each(|who| {
			Drawable::<Test>::mutate(|all| all.retain(|one| one != who));
		});
	});
}

/// Leaves no room for tasks in the blocks that a search from `block` looks through.
fn crowd(block: u32) {
	let full = BoundedVec::truncate_from(vec![Due::Seed(0); MAX_TASKS as usize]);
	(block..block + crate::impls::SEARCH).for_each(|at| Agenda::<Test>::insert(at, &full));
}

#[test]
fn advance_should_draw_the_committee_when_the_agenda_had_no_room() {
	build_and_execute(|| {
		ready();
		let receipt = answer(nonce(1));
		let due = Receipts::<Test>::get(receipt).unwrap().due;
		let anybody = RuntimeOrigin::signed(account(1));
		// Neither the committee's window nor the draw itself can be put on the agenda again.
		crowd(due + Settings::<Test>::get().commit_window);
		crowd(due + 1);
		run_to(due + crate::impls::SEARCH);
		assert_noop!(Attribution::advance(anybody.clone(), receipt), Error::<Test>::NotOverdue);

		run_to(due + crate::impls::SEARCH + 1);
		assert_eq!(Receipts::<Test>::get(receipt).unwrap().phase, Phase::Waiting);
		assert_ok!(Attribution::advance(anybody.clone(), receipt));
		assert_eq!(Receipts::<Test>::get(receipt).unwrap().phase, Phase::Commit);
		assert_noop!(Attribution::advance(anybody, receipt), Error::<Test>::NotOverdue);
	});
}
