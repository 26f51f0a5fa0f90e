use crate::{mock::*, *};
use frame::{deps::sp_runtime::RuntimeAppPublic, testing_prelude::*, token::fungible::InspectHold};

fn proof(n: u8, who: &AccountId) -> ScorerSignature {
	key(n)
		.sign(&(crate::scorers::SCORER_DOMAIN, Attribution::genesis(), who).encode())
		.unwrap()
}

fn bond(n: u8, who: AccountId, by: AccountId, amount: u128) -> DispatchResult {
	let proof = proof(n, &who);
	Attribution::bond(RuntimeOrigin::signed(by), key(n), proof, CLASS, amount)
}

#[test]
fn bond_should_hold_and_make_drawable_when_the_key_signed() {
	build_and_execute(|| {
		bond_scorer(0);
		assert_eq!(Balances::balance_on_hold(&HoldReason::Bond.into(), &scorer(0)), 1_000 * OPEN);
		assert_eq!(Drawable::<Test>::get().to_vec(), vec![(scorer(0), CLASS)]);
	});
}

#[test]
fn bond_should_fail_when_key_account_or_amount_are_wrong() {
	build_and_execute(|| {
		bond_scorer(0);
		let refused = [
			(bond(0, scorer(0), scorer(0), 1_000 * OPEN), Error::<Test>::AlreadyBonded),
			(bond(0, scorer(1), scorer(1), 1_000 * OPEN), Error::<Test>::KeyTaken),
			(bond(1, scorer(1), scorer(1), 999 * OPEN), Error::<Test>::BondTooLow),
			(bond(1, scorer(2), scorer(1), 1_000 * OPEN), Error::<Test>::BadKeyProof),
		];
		for (outcome, error) in refused {
			assert_eq!(outcome, Err(error.into()));
		}
	});
}

#[test]
fn withdraw_bond_should_return_all_when_unbonding_is_over() {
	build_and_execute(|| {
		let before = Balances::free_balance(scorer(0));
		bond_scorer(0);
		let origin = || RuntimeOrigin::signed(scorer(0));
		assert_noop!(Attribution::withdraw_bond(origin()), Error::<Test>::StillBonded);
		assert_ok!(Attribution::unbond(origin()));
		assert_noop!(Attribution::unbond(origin()), Error::<Test>::StillUnbonding);
		assert_noop!(Attribution::withdraw_bond(origin()), Error::<Test>::StillUnbonding);
		run_to(Attribution::now() + Settings::<Test>::get().unbonding);
		assert_ok!(Attribution::withdraw_bond(origin()));
		assert_eq!(Balances::free_balance(scorer(0)), before);
		assert!(Drawable::<Test>::get().is_empty());
		bond_scorer(0);
	});
}

#[test]
fn set_parameters_should_be_refused_when_not_admin_or_invalid() {
	build_and_execute(|| {
		let mut wrong = Parameters::default();
		wrong.split.protocol += 1;
		assert_noop!(
			Attribution::set_parameters(RuntimeOrigin::signed(scorer(0)), Parameters::default()),
			DispatchError::BadOrigin
		);
		assert_noop!(
			Attribution::set_parameters(RuntimeOrigin::root(), wrong),
			Error::<Test>::InvalidParameters
		);
	});
}
