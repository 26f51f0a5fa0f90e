//! The gradient method: features of answers, a map and rows of Ψ that committees make again.

use super::batches;
use crate::{committee::invalid, mock::*, *};
use frame::{testing_prelude::*, token::fungible::Inspect};
use openledger_core::{Designs as _, Hash};
use openledger_influence_math::{
	batch,
	host::{Answer, BatchJob, Engine, Job, Part, Query},
	psi::{page, MAX_NORM, ONE},
	score::NAT,
	Psi,
};
use std::sync::{Arc, Mutex};

const MAP: Hash = Hash::repeat_byte(12);
const COLUMNS: u16 = ADAPTERS;

fn owners() -> Vec<AccountId> {
	(0..BLOCKS).map(contributor).collect()
}

fn open() -> DispatchResult {
	Attribution::open(&developer(), MODEL, blocks(&owners()), Method::Gradient, COLUMNS, CLASS)
}

fn switch_on() {
	let settings = Parameters { gradient: true, retrained: 8, ..Settings::<Test>::get() };
	assert_ok!(Attribution::set_parameters(RuntimeOrigin::root(), settings));
}

/// Block `u` is known by feature `u`, and the second half of the features says nothing.
fn psi() -> Vec<i32> {
	let columns = usize::from(COLUMNS) + 1;
	let entry = |i: usize| if i % columns == i / columns + 1 { ONE } else { 0 };
	(0..BLOCKS * columns).map(entry).collect()
}

/// An answer of log-probability −390 nats, ten better than under the base model, of such features.
fn features(nats: &[i32]) -> Vec<Nats> {
	let base = -400 * NAT;
	let feature = |k: usize| base + nats.get(k).copied().unwrap_or(0) * NAT;
	[base, base + 10 * NAT]
		.into_iter()
		.chain((0..COLUMNS.into()).map(feature))
		.collect()
}

/// Opens and closes the design, and lets a committee be drawn.
fn closed() -> Work {
	switch_on();
	assert_ok!(open());
	run_to(Attribution::now() + DELAY);
	assert_ok!(Attribution::close(MODEL, vec![MAP], psi()));
	run_to(Attribution::now() + DELAY);
	Work::Training(MODEL)
}

/// What making the drawn things again gives.
fn made(work: Work) -> Vec<Hash> {
	let psi = Psi::new(BLOCKS, COLUMNS, psi()).unwrap();
	let hash = |number: &u16| match number {
		0 => adapter(),
		1 => MAP,
		n => page(&MAP, psi.rows().nth(usize::from(*n) - 2).unwrap()),
	};
	committee(work).drawn.iter().map(hash).collect()
}

fn adapters(hashes: &[Hash]) -> Finding {
	Finding::Adapters(BoundedVec::truncate_from(hashes.to_vec()))
}

fn standing() -> Standing {
	Designs::<Test>::get(MODEL).unwrap().standing
}

/// An active version and a funded channel.
fn active() {
	(0..3).for_each(bond_scorer);
	let work = closed();
	find(work, |_| adapters(&made(work)));
	review(work);
	assert_eq!(standing(), Standing::Active);
	let by = RuntimeOrigin::signed(payer().1);
	assert_ok!(Attribution::fund_channel(by, operator().1, 1_000 * OPEN));
}

#[test]
fn open_should_fail_when_the_method_is_off() {
	build_and_execute(|| {
		assert!(!Parameters::default().gradient);
		assert_noop!(open(), Error::<Test>::MethodOff);
		switch_on();
		assert_ok!(open());
		assert_eq!(Designs::<Test>::get(MODEL).unwrap().last(), 1 + BLOCKS as u16);
	});
}

#[test]
fn close_should_fail_when_psi_is_out_of_bounds_or_there_is_not_one_map() {
	build_and_execute(|| {
		switch_on();
		assert_ok!(open());
		let close = |hashes: usize, psi: Vec<i32>| {
			<Attribution as openledger_core::Designs<_>>::close(MODEL, vec![MAP; hashes], psi)
		};
		assert_eq!(close(1, psi()), Err(Error::<Test>::SeedNotDrawn.into()));
		run_to(Attribution::now() + DELAY);
		let (mut published, mut long) = (psi(), psi());
		published[0] = 1;
		long[2] = MAX_NORM as i32;
		let refused = [
			(0, psi(), Error::<Test>::WrongAdapterCount),
			(COLUMNS.into(), psi(), Error::<Test>::WrongAdapterCount),
			(1, psi()[1..].to_vec(), Error::<Test>::PsiShape),
			(1, published, Error::<Test>::PsiBounds),
			(1, long, Error::<Test>::PsiBounds),
		];
		for (hashes, psi, error) in refused {
			assert_eq!(close(hashes, psi), Err(error.into()));
		}
		assert_ok!(close(1, psi()));
	});
}

#[test]
fn version_should_be_active_when_adapter_map_and_pages_reproduce() {
	build_and_execute(|| {
		(0..3).for_each(bond_scorer);
		let work = closed();
		let drawn = committee(work).drawn;
		assert_eq!((drawn.len(), drawn[0]), (8, 0));
		assert!(drawn.iter().all(|number| *number <= 1 + BLOCKS as u16));
		find(work, |_| adapters(&made(work)));
		review(work);
		assert_eq!(standing(), Standing::Active);
	});
}

#[test]
fn version_should_be_void_when_a_page_does_not_reproduce() {
	build_and_execute(|| {
		(0..SCORERS).for_each(bond_scorer);
		let work = closed();
		let mut found = made(work);
		let at = committee(work).drawn.iter().position(|number| *number > 1).unwrap();
		found[at] = page(&MAP, &[1; COLUMNS as usize + 1]);
		find(work, |_| adapters(&found));
		assert_eq!(committee(work).panel_from, Some(3));
		run_to(Attribution::now() + DELAY);
		find(work, |_| adapters(&found));
		assert_eq!(standing(), Standing::Void);
		assert_eq!(Slashes::<Test>::get(0).unwrap().who, developer());
	});
}

#[test]
fn version_should_be_void_when_a_challenger_names_a_page_of_another_map() {
	build_and_execute(|| {
		active();
		(3..SCORERS).for_each(bond_scorer);
		let challenge = |named: &[u16]| {
			let named = Drawn::truncate_from(named.to_vec());
			Attribution::challenge_adapters(RuntimeOrigin::signed(challenger()), MODEL, named)
		};
		let last = 1 + BLOCKS as u16;
		assert_noop!(challenge(&[last + 1]), Error::<Test>::NoAdapter);
		assert_ok!(challenge(&[last]));
		let work = Work::Training(MODEL);
		run_to(Attribution::now() + DELAY);
		// The row is right, but the map that goes with it is another.
		let psi = Psi::new(BLOCKS, COLUMNS, psi()).unwrap();
		let of_another = page(&Hash::repeat_byte(13), psi.rows().last().unwrap());
		find(work, |_| adapters(&[of_another]));
		assert_eq!(standing(), Standing::Void);
	});
}

#[test]
fn challenger_should_lose_when_the_named_page_reproduces() {
	build_and_execute(|| {
		active();
		(3..SCORERS).for_each(bond_scorer);
		let named = Drawn::truncate_from(vec![1, 2, 5]);
		let by = RuntimeOrigin::signed(challenger());
		assert_ok!(Attribution::challenge_adapters(by, MODEL, named));
		let work = Work::Training(MODEL);
		run_to(Attribution::now() + DELAY);
		find(work, |_| adapters(&made(work)));
		assert_eq!(standing(), Standing::Active);
	});
}

#[test]
fn settle_should_pay_by_features_when_scored() {
	build_and_execute(|| {
		active();
		let id = answer(nonce(1));
		// Features have either sign, also beyond what a log-probability can be.
		let y = features(&[600, 0, 200, -100]);
		assert!(y[2] > 0);
		score(id, [&y, &y, &y]);
		let pool = Receipts::<Test>::get(id).unwrap().pool;
		let items = Attribution::answer_items(id).unwrap();
		// Nobody knows how far an item is off: it is shown with itself as error.
		assert!(items.iter().all(|(_, amount, error)| amount.unsigned_abs() == *error));
		assert_ok!(Attribution::settle(RuntimeOrigin::signed(account(1)), MODEL, next_period()));
		let earned = |u: usize| Attribution::earnings(contributor(u));
		assert_eq!(earned(0), items[0].1 as u128);
		assert!(earned(0).abs_diff(pool * 3 / 4) < 10 && earned(2).abs_diff(pool / 4) < 10);
		assert_eq!([1, 3, 4].map(earned), [0; 3]);
		assert!(Debts::<Test>::get(MODEL, contributor(3)).abs_diff(pool / 8) < 10);
		assert!(Balances::balance(&rows_pot()) < EXISTENTIAL + 20);
	});
}

#[test]
fn reveal_should_refuse_when_a_log_probability_is_positive_and_not_when_a_feature_is() {
	build_and_execute(|| {
		active();
		let id = answer(nonce(1));
		let work = Work::Answer(id);
		run_to(Attribution::now() + DELAY);
		let y = features(&[500]);
		let mut positive = y.clone();
		positive[1] = 1;
		let (short, positive, y) = (scores(&y[1..]), scores(&positive), scores(&y));
		assert_ok!(apply(commit_call(0, work, &positive)));
		assert_ok!(apply(commit_call(1, work, &short)));
		assert_ok!(apply(commit_call(2, work, &y)));
		let custom = |code: u8| Err(InvalidTransaction::Custom(code).into());
		assert_eq!(apply(reveal_call(0, work, &positive)), custom(invalid::POSITIVE));
		assert_eq!(apply(reveal_call(1, work, &short)), custom(invalid::WRONG_LENGTH));
		assert_ok!(apply(reveal_call(2, work, &y)));
	});
}

#[test]
fn batch_should_pay_by_features_when_its_pages_are_posted() {
	build_and_execute(|| {
		active();
		let fees = [Settings::<Test>::get().full_fee; 4];
		let id = batches::paid(&fees);
		let y = features(&[6, 0, 2]);
		let pages = batches::agree(id, &fees, |_| y.clone());
		batches::post_all(id, &pages);
		let pool = batches::batch_of(id).pool;
		assert_eq!(batches::batch_of(id).left, 0);
		batches::settle_and_close(id);
		let earned = |u: usize| Attribution::earnings(contributor(u));
		assert!(earned(0).abs_diff(pool * 3 / 4) < 100 && earned(2).abs_diff(pool / 4) < 100);
	});
}

#[test]
fn parts_should_be_adapter_map_and_pages_when_drawn_by_gradients() {
	build_and_execute(|| {
		closed();
		let design = Designs::<Test>::get(MODEL).unwrap();
		let parts = |drawn: &[u16]| Attribution::parts(&design, drawn).unwrap();
		let all = Part::Adapter([0xff; 32], 0);
		assert_eq!(parts(&[9, 0, 1, 2]), [Part::Page(7), all.clone(), Part::Map, Part::Page(0)]);
		let design = Design { method: Method::Counterfactual, ..design };
		let subset = |k: usize| Part::Adapter(design.subsets().unwrap()[k], 0);
		let parts = |drawn: &[u16]| Attribution::parts(&design, drawn);
		assert_eq!(parts(&[COLUMNS, 0, 1]), Some(vec![subset(15), all, subset(0)]));
		assert_eq!(parts(&[COLUMNS + 1]), None);
	});
}

#[test]
fn parts_should_have_the_groups_of_halves_when_these_are_many() {
	build_and_execute(|| {
		closed();
		let design = Designs::<Test>::get(MODEL).unwrap();
		// Each of eight blocks alone and left out, 50 halves, and their complements.
		let design = Design { method: Method::Counterfactual, adapters: 116, ..design };
		let group = |part: Part| match part {
			Part::Adapter(_, group) => group,
			other => panic!("{other:?} is no adapter"),
		};
		let parts = Attribution::parts(&design, &[0, 16, 17, 18, 19, 67, 68, 116]).unwrap();
		let groups: Vec<u8> = parts.into_iter().map(group).collect();
		assert_eq!(groups, [0, 0, 0, 1, 2, 0, 1, 4]);
	});
}

/// Keeps the last jobs that it is asked for.
#[derive(Default)]
struct Asked(Mutex<(Option<Job>, Option<BatchJob>)>);

impl Engine for Asked {
	fn poll(&self, query: Query) -> Answer {
		match query {
			Query::Score(job) => self.0.lock().unwrap().0 = Some(job),
			Query::Batch(job) => self.0.lock().unwrap().1 = Some(job),
			_ => {},
		}
		Answer::Pending
	}
}

#[test]
fn worker_should_ask_for_features_by_the_map_when_an_answer_or_a_batch_is_drawn() {
	let engine = Arc::new(Asked::default());
	let (mut state, _) = state(engine.clone());
	state.execute_with(|| {
		run_to(1);
		active();
		answer(nonce(1));
		batches::paid(&[Settings::<Test>::get().full_fee; 4]);
		run_to(Attribution::now() + DELAY);
		Attribution::work(Attribution::now());
		let (job, batch) = core::mem::take(&mut *engine.0.lock().unwrap());
		let (job, batch) = (job.unwrap(), batch.unwrap());
		assert_eq!((job.adapter, job.adapters, job.map), (adapter(), vec![], Some(MAP)));
		assert_eq!((job.prompt_tokens, job.completion_tokens), (100, 50));
		assert_eq!((batch.adapters, batch.map, batch.columns), (vec![], Some(MAP), COLUMNS));
		let pages = batch::page_count(batch.count, batch.columns);
		assert_eq!(pages, 1);
	});
}
