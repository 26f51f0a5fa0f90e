//! What spans of answers are paid.

use super::batches::{batch_of, pages, paid};
use crate::{mock::*, *};
use frame::testing_prelude::*;
use openledger_core::Hash;
use openledger_influence_math::{batch, Spans};

const WORTH: [i32; 8] = [6, 0, 2, 0, 0, 0, 0, 0];

fn pay_for_spans(share: u16) {
	Settings::<Test>::mutate(|settings| settings.spans = SpanTerms { share, least: 64 });
}

/// A quarter of the answer stands in the rows of block 3, an eighth in those of block 5.
fn spans() -> Spans {
	Spans::new(&[(3, 100), (5, 50)], 400)
}

fn found(spans: Spans) -> Finding {
	Finding::Scores(vector(&WORTH).try_into().unwrap(), spans)
}

/// A paid answer whose committee is drawn.
fn drawn() -> (Hash, Work) {
	let id = answer(nonce(1));
	run_to(Attribution::now() + DELAY);
	(id, Work::Answer(id))
}

fn settle() -> Vec<u128> {
	let period = next_period();
	assert_ok!(Attribution::settle(RuntimeOrigin::signed(account(1)), MODEL, period));
	(0..BLOCKS).map(|u| Attribution::earnings(contributor(u))).collect()
}

#[test]
fn spans_should_carry_their_share_when_governance_gives_them_one() {
	build_and_execute(|| {
		ready();
		let (plain, work) = drawn();
		find(work, |_| found(Spans::default()));
		review(work);
		let by_influence = settle();
		pay_for_spans(4_000);
		let (id, work) = drawn();
		find(work, |_| found(spans()));
		review(work);
		let receipt = Receipts::<Test>::get(id).unwrap();
		assert_eq!((receipt.spans, receipt.terms.share), (spans(), 4_000));
		assert_eq!(receipt.pool, Receipts::<Test>::get(plain).unwrap().pool);
		let items = Attribution::answer_items(id).unwrap();
		let earned: Vec<u128> = settle().iter().zip(&by_influence).map(|(a, b)| a - b).collect();
		let paid: Vec<u128> = items.iter().map(|(_, item, _)| (*item).max(0) as u128).collect();
		assert_eq!(earned, paid);
		// A tenth and a twentieth of the pool, up to the rounding of parts.
		let near = |a: u128, b: u128| a.abs_diff(b) <= receipt.pool / 65_535 + 2;
		assert!(near(earned[3], by_influence[3] + receipt.pool / 10));
		assert!(near(earned[5], by_influence[5] + receipt.pool / 20));
		// All others get what is left by influence.
		assert!(near(earned[0], by_influence[0] * 85 / 100));
	});
}

#[test]
fn spans_should_be_paid_when_the_answer_gained_nothing() {
	build_and_execute(|| {
		ready();
		pay_for_spans(4_000);
		let (id, work) = drawn();
		let y = vector(&[0; 8]);
		find(work, |_| Finding::Scores(y.clone().try_into().unwrap(), spans()));
		review(work);
		let receipt = Receipts::<Test>::get(id).unwrap();
		assert!(matches!(receipt.phase, Phase::Prior { .. }));
		let earned = settle();
		assert!(earned[3] > receipt.pool * 99 / 1_000 && earned[5] > receipt.pool * 49 / 1_000);
		assert_eq!(earned.iter().sum::<u128>(), earned[3] + earned[5]);
	});
}

#[test]
fn panel_should_slash_who_lied_about_spans_when_the_vectors_are_the_same() {
	build_and_execute(|| {
		ready();
		(3..SCORERS).for_each(bond_scorer);
		pay_for_spans(4_000);
		let (id, work) = drawn();
		let liar = turn(work)[0];
		let lie = Spans::new(&[(0, 400)], 400);
		find(work, |n| found(if n == liar { lie } else { spans() }));
		assert_eq!(committee(work).panel_from, Some(3));
		run_to(Attribution::now() + DELAY);
		find(work, |_| found(spans()));
		assert_eq!(Receipts::<Test>::get(id).unwrap().spans, spans());
		let slashed: Vec<AccountId> = Slashes::<Test>::iter_values().map(|one| one.who).collect();
		assert_eq!(slashed, [scorer(liar)]);
	});
}

#[test]
fn reveal_should_be_refused_when_spans_are_of_no_block() {
	build_and_execute(|| {
		ready();
		let (_, work) = drawn();
		let strange = found(Spans::new(&[(BLOCKS as u16, 1)], 2));
		for n in turn(work) {
			assert_ok!(apply(commit_call(n, work, &strange)));
		}
		let refused = InvalidTransaction::Custom(committee::invalid::NO_SPANS);
		let n = turn(work)[0];
		assert_eq!(apply(reveal_call(n, work, &strange)), Err(refused.into()));
	});
}

#[test]
fn spans_should_carry_nothing_when_rows_were_withdrawn() {
	build_and_execute(|| {
		ready();
		pay_for_spans(4_000);
		LEFT.set(Some(vec![1_000; BLOCKS]));
		let id = answer(nonce(1));
		assert_eq!(Receipts::<Test>::get(id).unwrap().terms.share, 0);
		LEFT.set(None);
	});
}

#[test]
fn batch_should_pay_spans_as_single_answers_do_when_they_are_the_same() {
	build_and_execute(|| {
		ready();
		pay_for_spans(4_000);
		let fees = [Settings::<Test>::get().full_fee; 3];
		let id = paid(&fees);
		run_to(Attribution::now() + DELAY);
		let work = Work::Batch(id);
		let entries: Vec<batch::Entry> = pages(id, &fees, |_| vector(&WORTH))
			.iter()
			.flat_map(|page| batch::read_page(page, ADAPTERS).unwrap())
			.map(|entry| batch::Entry { spans: spans(), ..entry })
			.collect();
		let pages = batch::pages(&entries, ADAPTERS);
		let root = batch::root(&pages, 3, ADAPTERS);
		find(work, |_| Finding::Root(root));
		review(work);
		let call = Call::post_page {
			batch: id,
			index: 0,
			page: pages[0].clone().try_into().unwrap(),
			proof: Default::default(),
		};
		assert_ok!(apply(call));
		let batch = batch_of(id);
		let sums = Periods::<Test>::get(MODEL, batch.posting.unwrap().period).unwrap();
		let part: u128 = entries[0].spans.amounts(entries[0].amount, 4_000).map(|(_, n)| n).sum();
		assert!(part > entries[0].amount * 14 / 100);
		assert_eq!(sums.by_spans.iter().sum::<u128>(), 3 * part);
		assert_eq!(sums.total, batch.pool);
	});
}
