use crate::{
	mock::{Hash, *},
	*,
};
use frame::{
	deps::{sp_core::Pair, sp_runtime::traits::Dispatchable},
	testing_prelude::*,
	token::fungible::{Inspect, InspectHold},
};
use openledger_influence_math::{
	batch::{self, Entry},
	merkle,
	score::NAT,
};
use proptest::prelude::{prop, proptest, ProptestConfig};

const WORTH: [i32; 8] = [9, 0, 2, 0, 1, 0, 0, 4];
const TOKENS: u32 = 50;

fn anybody() -> RuntimeOrigin {
	RuntimeOrigin::signed(account(1))
}

/// All that the payer owes after answers of these fees, up to the `n`th nonce from now.
fn voucher(owed: u128, n: u64) -> Voucher<AccountId> {
	voucher_of(payer().1, owed, n)
}

fn voucher_of(payer: AccountId, owed: u128, n: u64) -> Voucher<AccountId> {
	let channel = Channels::<Test>::get(&payer, operator().1).unwrap();
	Voucher {
		genesis: Attribution::genesis(),
		payer,
		operator: operator().1,
		model: MODEL,
		adapter: adapter(),
		cumulative: channel.redeemed + owed,
		nonce: channel.nonce + n,
		expiry: 10_000,
	}
}

fn signed(voucher: &Voucher<AccountId>) -> (Voucher<AccountId>, MultiSignature) {
	(voucher.clone(), payer().0.sign(&voucher.payload()).into())
}

fn submit_all(vouchers: Vec<(Voucher<AccountId>, MultiSignature)>, count: u16) -> DispatchResult {
	let (by, hash) = (RuntimeOrigin::signed(operator().1), Hash::repeat_byte(5));
	let vouchers = vouchers.try_into().unwrap();
	let items = Hash::repeat_byte(6);
	dispatch(by, Call::submit_batch { model: MODEL, vouchers, root: hash, items, count })
}

/// As a block would: nothing is changed by a call that fails.
fn dispatch(by: RuntimeOrigin, call: Call<Test>) -> DispatchResult {
	RuntimeCall::from(call).dispatch(by).map(|_| ()).map_err(|failed| failed.error)
}

fn close(id: BatchId) -> DispatchResult {
	dispatch(anybody(), Call::close_batch { batch: id })
}

fn submit_one(voucher: &Voucher<AccountId>) -> DispatchResult {
	submit_all(vec![signed(voucher)], 1)
}

/// A paid batch of answers of these fees, one voucher for all; returns its number.
pub(super) fn paid(fees: &[u128]) -> BatchId {
	let owed = voucher(fees.iter().sum(), fees.len() as u64);
	assert_ok!(submit_all(vec![signed(&owed)], fees.len() as u16));
	NextBatch::<Test>::get() - 1
}

pub(super) fn batch_of(id: BatchId) -> Batch<AccountId, <Test as Config>::Consideration> {
	Batches::<Test>::get(id).unwrap()
}

/// What an honest member finds: the pages of the drawn items, each worth what `worth` says.
pub(super) fn pages(id: BatchId, fees: &[u128], worth: impl Fn(u16) -> Vec<Nats>) -> Vec<Vec<u8>> {
	let batch = batch_of(id);
	let drawn =
		batch::sample(&batch.seed.unwrap(), fees, batch.fee, batch.full, batch.pool).unwrap();
	let entries: Vec<Entry> = drawn
		.into_iter()
		.map(|(item, amount)| Entry::new(item, 0, TOKENS, amount, &worth(item)))
		.collect();
	batch::pages(&entries, ADAPTERS)
}

fn root_of(id: BatchId, pages: &[Vec<u8>]) -> Finding {
	Finding::Root(batch::root(pages, batch_of(id).count, ADAPTERS))
}

fn post_call(id: BatchId, pages: &[Vec<u8>], index: usize) -> Call<Test> {
	let hashes = batch::page_hashes(pages, batch_of(id).count, ADAPTERS);
	Call::post_page {
		batch: id,
		index: index as u16,
		page: pages[index].clone().try_into().unwrap(),
		proof: merkle::proof(&hashes, index).unwrap().try_into().unwrap(),
	}
}

fn drawn(id: BatchId) -> Work {
	run_to(Attribution::now() + DELAY);
	Work::Batch(id)
}

/// The committee agrees on these pages and nobody challenges them.
pub(super) fn agree(id: BatchId, fees: &[u128], worth: impl Fn(u16) -> Vec<Nats>) -> Vec<Vec<u8>> {
	let work = drawn(id);
	let pages = pages(id, fees, worth);
	let root = root_of(id, &pages);
	find(work, |_| root.clone());
	review(work);
	pages
}

pub(super) fn post_all(id: BatchId, pages: &[Vec<u8>]) {
	for index in 0..pages.len() {
		assert_ok!(apply(post_call(id, pages, index)));
	}
}

/// Ends the period of a batch, settles it and closes the batch.
pub(super) fn settle_and_close(id: BatchId) {
	let posting = batch_of(id).posting.unwrap();
	let end = (posting.period + 1) * Settings::<Test>::get().period;
	run_to(end.max(posting.until + 1));
	if Periods::<Test>::contains_key(MODEL, posting.period) {
		assert_ok!(Attribution::settle(anybody(), MODEL, posting.period));
	}
	assert_ok!(close(id));
}

fn earned() -> Vec<u128> {
	(0..BLOCKS).map(|u| Attribution::earnings(contributor(u))).collect()
}

/// The least fee of an answer that is always scored.
fn full() -> u128 {
	Settings::<Test>::get().full_fee
}

#[test]
fn submit_batch_should_redeem_what_is_owed_when_signed() {
	build_and_execute(|| {
		ready();
		let before = Channels::<Test>::get(payer().1, operator().1).unwrap();
		let fees = [full(), 2 * full(), full() / 2];
		let fee: u128 = fees.iter().sum();
		let id = paid(&fees);
		let after = Channels::<Test>::get(payer().1, operator().1).unwrap();
		assert_eq!((after.redeemed, after.nonce), (fee, before.nonce + 3));
		assert_eq!(before.balance - after.balance, fee);
		let batch = batch_of(id);
		assert_eq!((batch.fee, batch.left, batch.count), (fee, batch.pool, 3));
		assert_eq!(batch.pool, fee * 40 / 100);
		let redeemed = BatchPayers::<Test>::get(id)[0].redeemed.clone();
		assert_eq!((redeemed.after, redeemed.nonce), (before.nonce, after.nonce));
		assert_eq!(Kept::<Test>::get(MODEL), 1);
	});
}

#[test]
fn submit_batch_should_redeem_what_a_wallet_owes_when_it_signed_typed_data() {
	build_and_execute(|| {
		ready();
		let who = wallet().1;
		let channel = || Channels::<Test>::get(wallet().1, operator().1).unwrap();
		let funded = 100 * OPEN;
		assert_ok!(Attribution::fund_channel(
			RuntimeOrigin::signed(who.clone()),
			operator().1,
			funded
		));
		let mine = voucher_of(who.clone(), 2 * OPEN, 3);
		let domain = Typed::get();
		// The typed data of another chain or contract, and that of a request.
		let request = Request { payer: who.clone(), ..request(mine.nonce) };
		let wrong = [
			by_wallet(&mine.typed_hash(&Eip712Domain { chain: 2, ..domain })),
			by_wallet(&mine.typed_hash(&Eip712Domain { contract: [1; 20].into(), ..domain })),
			by_wallet(&request.typed_hash(&domain)),
		];
		for signature in wrong {
			assert_noop!(
				submit_all(vec![(mine.clone(), signature)], 3),
				Error::<Test>::BadPayerSignature
			);
		}
		let signature = by_wallet(&mine.typed_hash(&domain));
		let more = Voucher { cumulative: mine.cumulative + 1, ..mine.clone() };
		assert_noop!(
			submit_all(vec![(more, signature.clone())], 3),
			Error::<Test>::BadPayerSignature
		);

		// Beside a payer of another kind.
		let before = channel();
		let other = signed(&voucher(OPEN, 1));
		assert_ok!(submit_all(vec![other, (mine.clone(), signature)], 4));
		let batch = NextBatch::<Test>::get() - 1;
		assert_eq!(batch_of(batch).fee, 3 * OPEN);
		let paying = BatchPayers::<Test>::get(batch)[1].redeemed.clone();
		let (after, nonce) = (before.nonce, mine.nonce);
		assert_eq!(paying, Redeemed { payer: who, amount: 2 * OPEN, after, nonce });
		assert_eq!((channel().redeemed, channel().nonce), (2 * OPEN, nonce));
		assert_eq!(before.balance - channel().balance, 2 * OPEN);
	});
}

#[test]
fn submit_batch_should_pay_as_a_receipt_when_the_fee_is_the_same() {
	let paid_by = |pay: fn()| {
		let mut got = Vec::new();
		build_and_execute(|| {
			TERMS.with_borrow_mut(|terms| (terms.donation, terms.curator_cut) = (2_500, 1_000));
			ready();
			let all = [curator(), developer(), account(201), account(202)];
			let before = all.clone().map(|who| Balances::total_balance(&who));
			pay();
			let after = all.map(|who| Balances::total_balance(&who));
			got = after.iter().zip(before).map(|(after, before)| after - before).collect();
			TERMS.with_borrow_mut(|terms| (terms.donation, terms.curator_cut) = (0, 0));
		});
		got
	};
	let single = paid_by(|| {
		answer(nonce(1));
	});
	// 100 tokens at 1 $OPEN and 50 at 3 $OPEN a thousand.
	let batch = paid_by(|| {
		paid(&[OPEN / 4]);
	});
	assert_eq!(single, batch);
	assert!(single.iter().all(|part| *part > 0));
}

#[test]
fn submit_batch_should_fail_when_anything_signed_is_wrong() {
	build_and_execute(|| {
		ready();
		let good = voucher(OPEN, 5);
		let change = |f: fn(&mut Voucher<AccountId>)| {
			let mut voucher = good.clone();
			f(&mut voucher);
			submit_one(&voucher)
		};
		let refused = [
			(change(|v| v.genesis = Hash::zero()), Error::<Test>::WrongChain),
			(change(|v| v.expiry = 0), Error::<Test>::Expired),
			(change(|v| v.model = 8), Error::<Test>::WrongModel),
			(change(|v| v.adapter = Hash::zero()), Error::<Test>::WrongAdapter),
			(change(|v| v.operator = account(1)), Error::<Test>::NotOperator),
			(change(|v| v.payer = account(1)), Error::<Test>::NoChannel),
			(change(|v| v.nonce = 0), Error::<Test>::NonceUsed),
			(change(|v| v.cumulative = 0), Error::<Test>::NothingToRedeem),
			(change(|v| v.cumulative = 2_000 * OPEN), Error::<Test>::ChannelTooLow),
			(change(|v| v.cumulative = 1), Error::<Test>::FeeTooLow),
			(change(|v| v.cumulative = 300 * OPEN), Error::<Test>::FeeTooHigh),
		];
		for (index, (outcome, error)) in refused.into_iter().enumerate() {
			assert_eq!(outcome, Err(error.into()), "{index}");
		}
		let by_operator: MultiSignature = operator().0.sign(&good.payload()).into();
		assert_noop!(
			submit_all(vec![(good.clone(), by_operator)], 1),
			Error::<Test>::BadPayerSignature
		);
		assert_noop!(submit_all(vec![], 1), Error::<Test>::BatchOutOfBounds);
		assert_noop!(submit_all(vec![signed(&good)], 0), Error::<Test>::BatchOutOfBounds);
		assert_noop!(submit_all(vec![signed(&good)], 15_873), Error::<Test>::BatchOutOfBounds);
		let by = RuntimeOrigin::signed(account(1));
		let vouchers = vec![signed(&good)].try_into().unwrap();
		let [root, items] = [Hash::zero(); 2];
		let call = Call::submit_batch { model: MODEL, vouchers, root, items, count: 1 };
		assert_noop!(dispatch(by, call), Error::<Test>::NotOperator);
		assert_ok!(Attribution::set_paused(RuntimeOrigin::root(), true));
		assert_noop!(submit_one(&good), Error::<Test>::Paused);
		assert_ok!(Attribution::set_paused(RuntimeOrigin::root(), false));
		assert_ok!(submit_one(&good));
	});
}

#[test]
fn submit_batch_should_fail_when_a_price_is_above_what_any_answer_costs() {
	build_and_execute(|| {
		ready();
		let (good, usual) = (voucher(OPEN, 5), TERMS.with_borrow(Clone::clone));
		TERMS.with_borrow_mut(|terms| terms.output_price = u128::MAX);
		let dear = submit_one(&good);
		TERMS.set(usual);
		assert_eq!(dear, Err(Error::<Test>::FeeTooHigh.into()));
		assert_ok!(submit_one(&good));
	});
}

#[test]
fn voucher_should_be_refused_when_redeemed_twice() {
	build_and_execute(|| {
		ready();
		let first = voucher(OPEN, 5);
		assert_ok!(submit_one(&first));
		assert_noop!(submit_one(&first), Error::<Test>::NonceUsed);
		// Signed for more requests, but all that it owes was paid.
		let same = Voucher { nonce: first.nonce + 1, ..first.clone() };
		assert_noop!(submit_one(&same), Error::<Test>::NothingToRedeem);
		assert_noop!(
			submit_all(vec![signed(&voucher(OPEN, 1)), signed(&voucher(OPEN, 1))], 2),
			Error::<Test>::NonceUsed
		);
	});
}

#[test]
fn voucher_and_receipt_should_pay_an_answer_once_when_both_cover_it() {
	build_and_execute(|| {
		ready();
		// The fifth request is paid alone; the voucher is over all ten.
		let (fifth, all) = (request(nonce(5)), voucher(OPEN, 10));
		assert_ok!(submit(&fifth, &reply(&fifth)));
		let single = Receipts::<Test>::get(fifth.id()).unwrap().fee;
		assert_ok!(submit_one(&all));
		assert_eq!(batch_of(0).fee, OPEN - single);
		// And one that the voucher covers cannot be paid alone.
		let ninth = Request { nonce: all.nonce - 1, ..request(0) };
		assert_noop!(submit(&ninth, &reply(&ninth)), Error::<Test>::NonceUsed);
	});
}

#[test]
fn voucher_should_be_refused_when_it_was_signed_for_an_earlier_channel() {
	build_and_execute(|| {
		ready();
		let old = voucher(OPEN, 5);
		let by = || RuntimeOrigin::signed(payer().1);
		assert_ok!(Attribution::close_channel(by(), operator().1));
		run_to(Attribution::now() + Settings::<Test>::get().notice + 1);
		assert_ok!(Attribution::withdraw_channel(by(), operator().1));
		assert_ok!(Attribution::fund_channel(by(), operator().1, 100 * OPEN));
		assert_noop!(submit_one(&old), Error::<Test>::NonceUsed);
	});
}

#[test]
fn batch_should_pay_by_influence_when_its_pages_are_posted() {
	build_and_execute(|| {
		ready();
		let fees = [full(); 40];
		let id = paid(&fees);
		let (pool, reward) = (batch_of(id).pool, batch_of(id).reward);
		let money = || (0..3).map(|n| Balances::free_balance(scorer(n))).sum::<u128>();
		let (before, fund) = (money(), PanelFund::<Test>::get());
		let held = Balances::total_balance(&operator().1) - Balances::free_balance(operator().1);
		assert!(held > 0);
		let pages = agree(id, &fees, |_| vector(&[6, 0, 2, 0, 0, 0, 0, 0]));
		assert_eq!(money() - before + PanelFund::<Test>::get() - fund, reward);
		assert_noop!(close(id), Error::<Test>::StillNeeded);
		post_all(id, &pages);
		assert_eq!(batch_of(id).left, 0);
		assert_noop!(close(id), Error::<Test>::StillNeeded);
		settle_and_close(id);
		let earned = earned();
		assert!(earned[0] > pool * 70 / 100 && earned[2] > pool * 20 / 100, "{earned:?} of {pool}");
		assert_eq!(Balances::reserved_balance(operator().1), 0);
		assert!(!Kept::<Test>::contains_key(MODEL) && !Batches::<Test>::contains_key(id));
	});
}

#[test]
fn post_page_should_be_refused_when_posted_twice_or_not_under_the_root() {
	build_and_execute(|| {
		ready();
		let fees = [full(); 4_000];
		let id = paid(&fees);
		let pages =
			agree(id, &fees, |item| vector(&[i32::from(item % 7) + 1, 0, 2, 0, 0, 0, 0, 0]));
		assert_eq!(pages.len(), 2);
		let good = post_call(id, &pages, 0);
		let refused = |change: fn(&mut u16, &mut Page)| {
			let mut call = good.clone();
			let Call::post_page { index, page, .. } = &mut call else { unreachable!() };
			change(index, page);
			apply(call).unwrap_err()
		};
		let bad = TransactionValidityError::from(InvalidTransaction::BadProof);
		assert_eq!(refused(|_, page| page[9] ^= 1), bad);
		assert_eq!(refused(|index, _| *index = 1), bad);
		assert_eq!(refused(|index, _| *index = 256), InvalidTransaction::Stale.into());
		let short = InvalidTransaction::Custom(crate::committee::invalid::WRONG_LENGTH).into();
		assert_eq!(refused(|_, page| page.truncate(61)), short);
		assert_eq!(refused(|_, page| page.truncate(0)), short);
		assert_ok!(apply(good.clone()));
		assert_eq!(apply(good), Err(InvalidTransaction::Stale.into()));
		let late = post_call(id, &pages, 1);
		run_to(batch_of(id).posting.unwrap().until + 1);
		assert_eq!(apply(late), Err(InvalidTransaction::Stale.into()));
	});
}

#[test]
fn batch_should_leave_to_the_prior_what_nobody_posts_when_its_time_is_over() {
	build_and_execute(|| {
		ready();
		let fees = [full(); 4_000];
		let id = paid(&fees);
		let pages = agree(id, &fees, |_| vector(&WORTH));
		assert_ok!(apply(post_call(id, &pages, 1)));
		let (left, rows) = (batch_of(id).left, Balances::balance(&rows_pot()));
		assert!(left > 0 && left < batch_of(id).pool);
		let pool = batch_of(id).pool;
		settle_and_close(id);
		let by_prior = Balances::balance(&rows_pot()) - rows;
		assert!(by_prior >= left);
		assert_eq!(earned().iter().sum::<u128>() + by_prior, pool);
	});
}

#[test]
fn batch_should_go_to_the_prior_when_no_committee_answers() {
	build_and_execute(|| {
		ready();
		let id = paid(&[full(); 3]);
		let Batch { pool, reward, .. } = batch_of(id);
		let rows = Balances::balance(&rows_pot());
		run_to(Attribution::now() + 3 * (DELAY + Settings::<Test>::get().training_window));
		settle_and_close(id);
		assert_eq!(Balances::balance(&rows_pot()) - rows, pool + reward);
	});
}

#[test]
fn batch_should_go_to_the_prior_at_the_operators_cost_when_a_panel_cannot_have_it() {
	build_and_execute(|| {
		ready();
		(3..SCORERS).for_each(bond_scorer);
		let held = || Balances::balance_on_hold(&HoldReason::Storage.into(), &operator().1);
		let before = held();
		let id = paid(&[full(); 3]);
		let deposit = held() - before;
		let (Batch { pool, service, .. }, rows) = (batch_of(id), Balances::balance(&rows_pot()));
		let work = drawn(id);
		find(work, |_| Finding::Withheld);
		run_to(Attribution::now() + DELAY);
		find(work, |_| Finding::Withheld);
		assert!(batch_of(id).withheld && service > 0);
		let (free, all) = (Balances::balance(&operator().1), Balances::total_issuance());
		settle_and_close(id);
		assert_eq!(Balances::balance(&rows_pot()) - rows, pool + service);
		assert_eq!(Balances::balance(&operator().1), free);
		assert_eq!(Balances::total_issuance(), all - deposit);
	});
}

#[test]
fn payers_should_have_their_money_back_when_a_panel_counts_other_tokens_in_a_batch() {
	build_and_execute(|| {
		ready();
		(3..SCORERS).for_each(bond_scorer);
		let funded =
			Attribution::fund_channel(RuntimeOrigin::signed(wallet().1), operator().1, 10 * full());
		assert_ok!(funded);
		let held = || Balances::balance_on_hold(&HoldReason::Storage.into(), &operator().1);
		let before = held();
		let other = voucher_of(wallet().1, 3 * full(), 3);
		let signature = by_wallet(&other.typed_hash(&Typed::get()));
		let vouchers = vec![signed(&voucher(full(), 1)), (other, signature)];
		assert_ok!(submit_all(vouchers, 4));
		let id = NextBatch::<Test>::get() - 1;
		let (deposit, Batch { pool, service, .. }) = (held() - before, batch_of(id));
		let payers = || [payer().1, wallet().1].map(|who| Balances::total_balance(&who));
		let (paid, earned) = (payers(), Balances::total_balance(&operator().1));
		let rows = Balances::balance(&rows_pot());
		let work = drawn(id);
		find(work, |_| Finding::Miscounted);
		run_to(Attribution::now() + DELAY);
		find(work, |_| Finding::Miscounted);
		assert_eq!((batch_of(id).withheld, batch_of(id).left), (true, 0));
		Attribution::do_try_state().unwrap();

		settle_and_close(id);
		let back = pool + service;
		let parts = [back / 4, back - back / 4];
		assert_eq!(payers(), [paid[0] + parts[0], paid[1] + parts[1]]);
		assert_eq!(Balances::total_balance(&operator().1), earned - deposit);
		assert_eq!(Balances::balance(&rows_pot()), rows);
		System::assert_has_event(
			Event::<Test>::BatchClosed { batch: id, rest: 0, refunded: back }.into(),
		);
	});
}

#[test]
fn reveal_should_be_refused_when_the_root_is_over_no_pages() {
	build_and_execute(|| {
		ready();
		let work = drawn(paid(&[full(); 3]));
		let none = Finding::Root(Hash::zero());
		for n in turn(work) {
			assert_ok!(apply(commit_call(n, work, &none)));
		}
		let refused = InvalidTransaction::Custom(crate::committee::invalid::NO_PAGES);
		let n = turn(work)[0];
		assert_eq!(apply(reveal_call(n, work, &none)), Err(refused.into()));
	});
}

#[test]
fn batch_should_refund_its_payer_when_the_model_cannot_have_drawn_the_tokens() {
	build_and_execute(|| {
		ready();
		let fees = [full(), 3 * full()];
		let id = paid(&fees);
		let pool = batch_of(id).pool;
		let before = Balances::total_balance(&payer().1);
		let pages = agree(id, &fees, |item| match item {
			// 13 nats for each token.
			1 => vec![-13 * TOKENS as i32 * NAT; usize::from(ADAPTERS) + 2],
			_ => vector(&WORTH),
		});
		post_all(id, &pages);
		settle_and_close(id);
		assert_eq!(Balances::total_balance(&payer().1), before + pool * 3 / 4);
	});
}

#[test]
fn sample_should_stay_when_another_committee_is_drawn() {
	build_and_execute(|| {
		ready();
		let id = paid(&[full(); 3]);
		let work = drawn(id);
		let seed = batch_of(id).seed;
		assert!(seed.is_some());
		run_to(Attribution::now() + Settings::<Test>::get().training_window + DELAY);
		assert_eq!((committee(work).attempt, committee(work).stage), (1, Stage::Commit));
		assert_eq!(batch_of(id).seed, seed);
	});
}

#[test]
fn batch_should_be_scored_in_the_class_of_its_version_when_there_are_others() {
	build_and_execute(|| {
		ready();
		(3..SCORERS).for_each(|n| bond_scorer_of(n, CLASS + 1));
		let work = drawn(paid(&[full(); 3]));
		let mut members = turn(work);
		members.sort_unstable();
		assert_eq!(members, vec![0, 1, 2]);
	});
}

#[test]
fn liar_should_lose_its_bond_when_a_panel_finds_other_pages() {
	build_and_execute(|| {
		ready();
		(3..SCORERS).for_each(bond_scorer);
		let fees = [full(); 5];
		let id = paid(&fees);
		let work = drawn(id);
		let honest = pages(id, &fees, |_| vector(&WORTH));
		let lie = root_of(id, &pages(id, &fees, |_| vector(&[0, 9, 0, 0, 0, 0, 0, 7])));
		let (liar, truth) = (turn(work)[0], root_of(id, &honest));
		find(work, |n| if n == liar { lie.clone() } else { truth.clone() });
		run_to(committee(work).due);
		find(work, |_| truth.clone());
		assert_eq!(
			Slashes::<Test>::iter_values().map(|s| s.who).collect::<Vec<_>>(),
			[scorer(liar)]
		);
		post_all(id, &honest);
		assert_eq!(batch_of(id).left, 0);
	});
}

#[test]
fn page_should_spend_nothing_when_it_adds_up_to_more_than_there_is() {
	build_and_execute(|| {
		ready();
		let fees = [full(); 5];
		let pool = 2 * full();
		let greedy = Entry::new(0, 0, TOKENS, pool + 1, &vector(&WORTH));
		// It refunds somebody who paid nothing.
		let strange = Entry::new(0, 9, 0, pool, &vector(&WORTH));
		for entry in [greedy, strange] {
			let id = paid(&fees);
			assert_eq!(batch_of(id).pool, pool);
			let work = drawn(id);
			let pages = batch::pages(&[entry], ADAPTERS);
			let root = root_of(id, &pages);
			find(work, |_| root.clone());
			review(work);
			let call = post_call(id, &pages, 0);
			assert_ok!(apply(call.clone()));
			assert_eq!(batch_of(id).left, pool);
			// It is not free to try again.
			assert_eq!(apply(call), Err(InvalidTransaction::Stale.into()));
			let rows = Balances::balance(&rows_pot());
			settle_and_close(id);
			assert_eq!(Balances::balance(&rows_pot()) - rows, pool);
		}
	});
}

/// Answers of any worth, the same singly and in one batch.
#[test]
fn batch_should_pay_each_contributor_as_single_answers_do_when_they_are_the_same() {
	let worths = [[9, 0, 2, 0, 1, 0, 0, 4], [0, 5, 1, 0, 0, -2, 0, 3], [60, 0, 0, 7, 0, 0, 1, 0]];
	let fee = OPEN / 4;
	let (mut single, mut batched) = (Vec::new(), Vec::new());
	build_and_execute(|| {
		ready();
		let period = Attribution::period_of(Attribution::now());
		for worth in &worths {
			let y = vector(worth);
			score(answer(nonce(1)), [&y, &y, &y]);
		}
		assert_eq!(next_period(), period);
		assert_ok!(Attribution::settle(anybody(), MODEL, period));
		single = earned();
	});
	build_and_execute(|| {
		ready();
		let fees = [fee; 3];
		let id = paid(&fees);
		let pages = agree(id, &fees, |item| vector(&worths[usize::from(item)]));
		post_all(id, &pages);
		settle_and_close(id);
		batched = earned();
	});
	let pool = fee * 3 * 40 / 100;
	for (a, b) in single.iter().zip(&batched) {
		// Gains are off by 2^-15 of the largest one, and Ψ_u weighs them by less than four.
		assert!(a.abs_diff(*b) <= pool >> 13, "{single:?} {batched:?}");
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(24))]

	/// Any vouchers, items, samples, pages and lies: what went in is what came out.
	#[test]
	fn money_should_be_conserved_when_batches_are_any(
		batches in prop::collection::vec((
			prop::collection::vec(1u128..3_000_000_000_000_000, 1..60),
			prop::collection::vec(-6i32..20, 8),
			0usize..5,
			prop::collection::vec(proptest::bool::ANY, 2),
			0u128..4,
		), 1..4),
		full in 0u128..2_000_000_000_000_000,
		parts in prop::array::uniform5(0u16..2_000),
	) {
		build_and_execute(|| {
			let [developer_part, operator_part, scorers, stakers, protocol] = parts;
			let split = FeeSplit {
				contributors: 10_000 - parts.iter().sum::<u16>(),
				developer: developer_part, operator: operator_part, scorers, stakers, protocol,
			};
			ready();
			let settings = Parameters {
				split, full_fee: full, minimum_item: 0, minimum_fee: 0, ..Settings::<Test>::get()
			};
			assert_ok!(Attribution::set_parameters(RuntimeOrigin::root(), settings));
			let issuance = Balances::total_issuance();
			let (pot, fund) = (Balances::balance(&Attribution::pot()), PanelFund::<Test>::get());
			let (rows, back) = (Balances::balance(&rows_pot()), || Balances::total_balance(&payer().1));
			let mut pools = 0;
			for (fees, worth, corrupted, posted, greed) in batches {
				let before = back();
				let id = paid(&fees);
				let Batch { pool, reward, fee, .. } = batch_of(id);
				assert_eq!(before - back(), fee);
				let work = drawn(id);
				let y = |item: u16| -> Vec<Nats> {
					let scale = 1 + i32::from(item) % 9;
					vector(&worth).iter().map(|v| (v / scale).min(0)).collect()
				};
				let honest = pages(id, &fees, y);
				// A committee may agree on anything: more than the pool, or less.
				let mut agreed: Vec<Entry> = honest
					.iter()
					.flat_map(|page| batch::read_page(page, ADAPTERS).unwrap())
					.collect();
				for entry in &mut agreed {
					entry.amount = entry.amount * (greed + 1) / 2;
					// Too few for what they are said to be: their payer has its money back.
					entry.tokens = if entry.item % 4 == 0 { 1 } else { TOKENS };
				}
				let agreed = batch::pages(&agreed, ADAPTERS);
				let (root, wrong) = (root_of(id, &agreed), Finding::Root(Hash::repeat_byte(7)));
				find(work, |n| match usize::from(n) == corrupted {
					true => wrong.clone(),
					false => root.clone(),
				});
				review(work);
				Attribution::do_try_state().unwrap();
				for (index, _) in agreed.iter().enumerate().filter(|(i, _)| posted[i % 2]) {
					assert_ok!(apply(post_call(id, &agreed, index)));
				}
				let unscored = batch_of(id).left == pool + reward;
				let refunds: u128 = BatchPayers::<Test>::get(id).iter().map(|p| p.refund).sum();
				pools += pool - refunds + if unscored { reward } else { 0 };
				settle_and_close(id);
				assert_eq!(before - back(), fee - refunds);
				Attribution::do_try_state().unwrap();
			}
			let by_prior = Balances::balance(&rows_pot()) - rows;
			assert_eq!(earned().iter().sum::<u128>() + by_prior, pools);
			let left: u128 = Earnings::<Test>::iter_values().sum();
			let for_panels = PanelFund::<Test>::get() - fund;
			assert_eq!(Balances::balance(&Attribution::pot()), pot + left + for_panels);
			assert_eq!(Balances::total_issuance(), issuance);
		});
	}
}
