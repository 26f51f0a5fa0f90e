use super::batches::{batch_of, pages, paid};
use crate::{
	mock::{Hash, *},
	*,
};
use frame::deps::{sp_core::Pair, sp_runtime::codec::Decode as _};
use openledger_core::Item;
use openledger_influence_math::{
	batch,
	host::{Answer, BatchJob, Engine, Query},
};
use std::sync::{Arc, Mutex};

/// Runs the worker and gives what it sent.
fn work(
	pool: &parking_lot::RwLock<frame::deps::sp_core::offchain::testing::PoolState>,
) -> Vec<Call<Test>> {
	Attribution::work(Attribution::now());
	let sent = core::mem::take(&mut pool.write().transactions);
	sent.iter()
		.map(|bytes| match UncheckedExtrinsic::decode(&mut &bytes[..]).unwrap().function {
			RuntimeCall::Attribution(call) => call,
			other => panic!("unexpected {other:?}"),
		})
		.collect()
}

fn commitments(calls: &[Call<Test>]) -> Vec<Hash> {
	let commitment = |call: &Call<Test>| match call {
		Call::commit { commitment, .. } => *commitment,
		other => panic!("unexpected {other:?}"),
	};
	calls.iter().map(commitment).collect()
}

#[test]
fn worker_should_commit_and_reveal_when_the_engine_answers() {
	let engine = Arc::new(Scripted(Mutex::new(Answer::Pending), 5_000));
	let (mut state, pool) = state(engine.clone());
	state.execute_with(|| {
		run_to(1);
		ready();
		let id = answer(nonce(1));
		run_to(Attribution::now() + DELAY);
		assert!(work(&pool).is_empty(), "the engine is at work");

		let y = vector(&[5, 1, 0, 0, 0, 0, 0, 0]);
		*engine.0.lock().unwrap() = Answer::Scored(y.clone(), Default::default());
		let commits = work(&pool);
		assert_eq!(commits.len(), 3);
		// Sent again until the chain has them, with the same salt.
		assert_eq!(commitments(&work(&pool)), commitments(&commits));
		commits.into_iter().for_each(|call| apply(call).unwrap());

		// What was committed to is stored: the engine is not asked again.
		*engine.0.lock().unwrap() = Answer::Failed(b"gone".to_vec());
		let reveals = work(&pool);
		assert_eq!(reveals.len(), 3);
		reveals.into_iter().for_each(|call| apply(call).unwrap());
		review(Work::Answer(id));
		assert_eq!(Vectors::<Test>::get(id).unwrap().to_vec(), y);
		assert!(work(&pool).is_empty());
		Attribution::do_try_state().unwrap();
	});
}

#[test]
fn worker_should_wait_when_commits_are_not_final() {
	let y = Mutex::new(Answer::Pending);
	let engine = Arc::new(Scripted(y, 3));
	let (mut state, pool) = state(engine.clone());
	state.execute_with(|| {
		run_to(1);
		ready();
		answer(nonce(1));
		run_to(Attribution::now() + DELAY);
		*engine.0.lock().unwrap() =
			Answer::Scored(vector(&[5, 1, 0, 0, 0, 0, 0, 0]), Default::default());
		work(&pool).into_iter().for_each(|call| apply(call).unwrap());
		assert!(work(&pool).is_empty());
	});
}

#[test]
fn worker_should_commit_that_it_was_refused_when_little_of_the_window_is_left() {
	let engine = Arc::new(Scripted(Mutex::new(Answer::Missing(b"404".to_vec())), 5_000));
	let (mut state, pool) = state(engine.clone());
	state.execute_with(|| {
		run_to(1);
		ready();
		let work_on = Work::Answer(answer(nonce(1)));
		run_to(Attribution::now() + DELAY);
		let (due, quarter) = (committee(work_on).due, Attribution::commit_window(work_on) / 4);
		run_to(due - quarter - 1);
		assert!(work(&pool).is_empty(), "it may come yet");
		run_to(due - quarter);
		work(&pool).into_iter().for_each(|call| apply(call).unwrap());
		work(&pool).into_iter().for_each(|call| apply(call).unwrap());
		let found: Vec<_> = Findings::<Test>::iter().map(|(.., finding)| finding).collect();
		assert_eq!(found, [(); 3].map(|()| Finding::Withheld));
	});
}

#[test]
fn worker_should_commit_at_once_when_tokens_are_miscounted() {
	let answered = Answer::Miscounted(b"2 for 1".to_vec());
	let (mut state, pool) = state(Arc::new(Scripted(Mutex::new(answered), 5_000)));
	state.execute_with(|| {
		run_to(1);
		ready();
		answer(nonce(1));
		run_to(Attribution::now() + DELAY);
		work(&pool).into_iter().for_each(|call| apply(call).unwrap());
		work(&pool).into_iter().for_each(|call| apply(call).unwrap());
		let found: Vec<_> = Findings::<Test>::iter().map(|(.., finding)| finding).collect();
		assert_eq!(found, [(); 3].map(|()| Finding::Miscounted));
		Attribution::do_try_state().unwrap();
	});
}

#[test]
fn worker_should_post_the_pages_of_a_batch_when_its_committee_agreed() {
	let engine = Arc::new(Scripted(Mutex::new(Answer::Pending), 5_000));
	let (mut state, pool) = state(engine.clone());
	state.execute_with(|| {
		run_to(1);
		ready();
		let fees = [Settings::<Test>::get().full_fee; 4];
		let id = paid(&fees);
		run_to(Attribution::now() + DELAY);
		let pages = pages(id, &fees, |_| vector(&[5, 1, 0, 0, 0, 0, 0, 0]));
		let hashes = batch::page_hashes(&pages, 4, ADAPTERS);
		let root = batch::root(&pages, 4, ADAPTERS);
		*engine.0.lock().unwrap() = Answer::Root { root, pages: hashes };
		let commits = work(&pool);
		assert_eq!(commits.len(), 3);
		commits.into_iter().for_each(|call| apply(call).unwrap());
		work(&pool).into_iter().for_each(|call| apply(call).unwrap());
		assert!(work(&pool).is_empty(), "what was found can be challenged");
		review(Work::Batch(id));

		*engine.0.lock().unwrap() = Answer::Page(pages[0].clone());
		let mut posts = work(&pool);
		assert_eq!(posts.len(), 1, "the three scorers of this node have one page");
		apply(posts.remove(0)).unwrap();
		assert_eq!(batch_of(id).left, 0);
		assert!(work(&pool).is_empty());
		Attribution::do_try_state().unwrap();
	});
}

/// Keeps what it is asked about a batch.
#[derive(Default)]
struct Asked(Mutex<Option<BatchJob>>);

impl Engine for Asked {
	fn poll(&self, query: Query) -> Answer {
		if let Query::Batch(job) = query {
			*self.0.lock().unwrap() = Some(job);
		}
		Answer::Pending
	}
}

#[test]
fn worker_should_ask_with_what_wallets_sign_under_when_a_batch_is_drawn() {
	let engine = Arc::new(Asked::default());
	let (mut state, pool) = state(engine.clone());
	state.execute_with(|| {
		run_to(1);
		ready();
		let request = Request { payer: wallet().1, ..request(1) };
		let reply = reply(&request);
		let item = Item {
			payer_signature: by_wallet(&request.typed_hash(&Typed::get())),
			operator_signature: operator().0.sign(&reply.payload()).into(),
			request,
			reply,
		};
		paid(&[Settings::<Test>::get().full_fee; 4]);
		run_to(Attribution::now() + DELAY);
		assert!(work(&pool).is_empty(), "the engine is at work");
		let job = engine.0.lock().unwrap().take().unwrap();
		let domain = Eip712Domain { chain: job.evm_chain, contract: job.contract.into() };
		let operator = job.operator.into();
		assert!(item.is_right(job.genesis, &operator, job.model, job.adapter, &domain));
	});
}
