use crate::{mock::*, *};
use frame::{deps::sp_core::Pair, testing_prelude::*, token::fungible::Inspect};
use openledger_core::Hash;

#[test]
fn submit_receipt_should_split_the_fee_to_the_last_unit_when_accepted() {
	build_and_execute(|| {
		TERMS.with_borrow_mut(|terms| {
			terms.donation = 2_500;
			terms.curator_cut = 1_000;
			terms.input_price = OPEN + 7;
		});
		ready();
		let paid = |who: AccountId| Balances::total_balance(&who);
		let all =
			[curator(), developer(), account(201), account(202), operator().1, Attribution::pot()];
		let before = all.clone().map(paid);
		let id = answer(nonce(1));
		let receipt = Receipts::<Test>::get(id).unwrap();
		// 100 tokens at 1 $OPEN and 7 wei, 50 at 3 $OPEN a thousand, rounded up.
		assert_eq!(receipt.fee, OPEN / 10 + 1 + 3 * OPEN / 20);
		let got: Vec<u128> =
			all.into_iter().zip(before).map(|(who, was)| paid(who) - was).collect();
		assert_eq!(got.iter().sum::<u128>(), receipt.fee);
		// The operator waits for the committee, as contributors and scorers do.
		assert_eq!((got[4], receipt.service), (0, receipt.fee / 4));
		assert_eq!(got[5], receipt.pool + receipt.reward + receipt.service);
		// 55 % to contributors with the developer's quarter of 20 %, less the curator's tenth.
		assert_eq!(receipt.pool + got[0], receipt.fee * 45 / 100 + receipt.fee % 2);
		TERMS.with_borrow_mut(|terms| (terms.donation, terms.curator_cut) = (0, 0));
	});
}

#[test]
fn submit_receipt_should_cost_what_scoring_costs_when_prices_are_lower() {
	build_and_execute(|| {
		TERMS.with_borrow_mut(|terms| (terms.input_price, terms.output_price) = (0, 0));
		ready();
		let fee = |tokens: u32| {
			let request = request(nonce(1));
			let mut reply = reply(&request);
			(reply.prompt_tokens, reply.completion_tokens) = (tokens - 50, 50);
			assert_ok!(submit(&request, &reply));
			Receipts::<Test>::get(request.id()).unwrap().fee
		};
		let Parameters { minimum_fee, scoring_price, .. } = Settings::<Test>::get();
		assert_eq!(fee(256), minimum_fee);
		// Under base, published and 16 other adapters.
		assert_eq!(fee(100_000), scoring_price * 18 * 100_000);
		TERMS.with_borrow_mut(|terms| {
			(terms.input_price, terms.output_price) = (OPEN, 3 * OPEN);
		});
		assert_eq!(fee(150), OPEN / 4);
	});
}

#[test]
fn submit_receipt_should_fail_when_anything_signed_is_wrong() {
	build_and_execute(|| {
		ready();
		let good = request(nonce(1));
		let change = |f: fn(&mut Request<AccountId>)| {
			let mut request = good.clone();
			f(&mut request);
			submit(&request, &reply(&request))
		};
		let refused = [
			(change(|r| r.genesis = Hash::zero()), Error::<Test>::WrongChain),
			(change(|r| r.expiry = 0), Error::<Test>::Expired),
			(change(|r| r.model = 8), Error::<Test>::NoModel),
			(change(|r| r.adapter = Hash::zero()), Error::<Test>::WrongAdapter),
			(change(|r| r.operator = account(1)), Error::<Test>::NotOperator),
			(change(|r| r.payer = account(1)), Error::<Test>::NoChannel),
			(change(|r| r.nonce = 0), Error::<Test>::NonceUsed),
			(change(|r| r.maximum = OPEN / 10), Error::<Test>::AboveMaximum),
		];
		for (outcome, error) in refused {
			assert_eq!(outcome, Err(error.into()));
		}
	});
}

#[test]
fn submit_receipt_should_fail_when_the_reply_is_wrong() {
	build_and_execute(|| {
		ready();
		let request = request(nonce(1));
		let mut other = reply(&request);
		other.request = Hash::zero();
		assert_noop!(submit(&request, &other), Error::<Test>::WrongReply);
		let mut empty = reply(&request);
		empty.completion_tokens = 0;
		assert_noop!(submit(&request, &empty), Error::<Test>::EmptyAnswer);
		let mut dear = reply(&request);
		dear.completion_tokens = u32::MAX;
		assert_noop!(submit(&request, &dear), Error::<Test>::FeeTooHigh);
	});
}

#[test]
fn submit_receipt_should_fail_when_unsigned_or_signed_by_another() {
	build_and_execute(|| {
		ready();
		let request = request(nonce(1));
		let reply = reply(&request);
		let sign = |pair: &frame::deps::sp_core::sr25519::Pair, bytes: &[u8]| -> MultiSignature {
			pair.sign(bytes).into()
		};
		let (payer, operator) = (payer().0, operator().0);
		let by_payer = sign(&payer, &request.payload());
		let by_operator = sign(&operator, &reply.payload());
		let submit_by = |who: AccountId, a: &MultiSignature, b: &MultiSignature| {
			let origin = RuntimeOrigin::signed(who);
			Attribution::submit_receipt(
				origin,
				request.clone(),
				a.clone(),
				reply.clone(),
				b.clone(),
			)
		};
		let submit =
			|a: &MultiSignature, b: &MultiSignature| submit_by(crate::mock::operator().1, a, b);
		let by = submit_by(crate::mock::payer().1, &by_payer, &by_operator);
		assert_eq!(by, Err(Error::<Test>::NotOperator.into()));
		assert_noop!(submit(&by_operator, &by_operator), Error::<Test>::BadPayerSignature);
		assert_noop!(submit(&by_payer, &by_payer), Error::<Test>::BadOperatorSignature);
		let wrapped = [b"<Bytes>", request.payload().as_slice(), b"</Bytes>"].concat();
		assert_ok!(submit(&sign(&payer, &wrapped), &by_operator));
	});
}

#[test]
fn submit_receipt_should_fail_when_replayed() {
	build_and_execute(|| {
		ready();
		let request = request(nonce(1));
		assert_ok!(submit(&request, &reply(&request)));
		assert_noop!(submit(&request, &reply(&request)), Error::<Test>::ReceiptKnown);
	});
}

#[test]
fn submit_receipt_should_fail_when_the_channel_is_too_low_or_paused() {
	build_and_execute(|| {
		ready();
		let request = request(nonce(1));
		Channels::<Test>::mutate(payer().1, operator().1, |channel| {
			if let Some(channel) = channel {
				channel.balance = OPEN / 10;
			}
		});
		assert_noop!(submit(&request, &reply(&request)), Error::<Test>::ChannelTooLow);
		assert_ok!(Attribution::set_paused(RuntimeOrigin::root(), true));
		assert_noop!(submit(&request, &reply(&request)), Error::<Test>::Paused);
	});
}

#[test]
fn prune_should_return_the_deposit_when_settled_and_old() {
	build_and_execute(|| {
		ready();
		let before = Balances::balance(&operator().1);
		let id = answer(nonce(1));
		let receipt = Receipts::<Test>::get(id).unwrap();
		let part = receipt.fee * 25 / 100;
		assert!(Balances::balance(&operator().1) < before);
		let prune = || Attribution::prune(RuntimeOrigin::signed(account(1)), id);
		assert_noop!(prune(), Error::<Test>::StillNeeded);
		let y = vector(&[3, 0, 1, 0, 0, 0, 0, 2]);
		score(id, [&y, &y, &y]);
		let paid = Balances::balance(&operator().1);
		assert!((before..before + part).contains(&paid));
		let period = next_period();
		assert_noop!(prune(), Error::<Test>::StillNeeded);
		run_to(Attribution::now() + Settings::<Test>::get().retention);
		assert_noop!(prune(), Error::<Test>::StillNeeded);
		let forget = || <Attribution as openledger_core::Designs<_>>::forget(&developer(), MODEL);
		let held = || System::account(developer()).data.reserved;
		assert!(held() > 0);
		assert_ok!(Attribution::settle(RuntimeOrigin::signed(account(1)), MODEL, period));
		assert_noop!(forget(), Error::<Test>::StillNeeded);
		assert_ok!(prune());
		assert_ok!(forget());
		assert_eq!(held(), 0);
		assert!(Attribution::psi(MODEL).is_none());
		assert_noop!(forget(), Error::<Test>::NoDesign);
		assert_eq!(Balances::balance(&operator().1), before + part);
		assert_noop!(prune(), Error::<Test>::NoReceipt);
	});
}
