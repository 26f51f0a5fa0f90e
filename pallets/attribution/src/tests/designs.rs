use crate::{mock::*, *};
use frame::testing_prelude::*;
use openledger_core::Designs as _;
use openledger_core::Hash;
use openledger_influence_math::{design::draw, Psi};

fn owners() -> Vec<AccountId> {
	(0..BLOCKS).map(contributor).collect()
}

#[test]
fn open_should_draw_the_seed_from_later_blocks_when_opened() {
	build_and_execute(|| {
		assert_ok!(Attribution::open(&developer(), MODEL, blocks(&owners()), ADAPTERS));
		run_to(DELAY);
		assert_eq!(Designs::<Test>::get(MODEL).unwrap().seed, None);
		assert_eq!(
			Attribution::close(MODEL, vec![], vec![]),
			Err(Error::<Test>::SeedNotDrawn.into())
		);
		run_to(1 + DELAY);
		assert!(Designs::<Test>::get(MODEL).unwrap().seed.is_some());
	});
}

#[test]
fn open_should_fail_when_out_of_bounds() {
	build_and_execute(|| {
		for (owners, adapters) in
			[(vec![], 16), (owners(), 0), (owners(), 513), (vec![account(1); 256], 64)]
		{
			assert_eq!(
				Attribution::open(&developer(), MODEL, blocks(&owners), adapters),
				Err(Error::<Test>::DesignOutOfBounds.into())
			);
		}
	});
}

#[test]
fn close_should_fail_when_psi_is_another() {
	build_and_execute(|| {
		assert_ok!(Attribution::open(&developer(), MODEL, blocks(&owners()), ADAPTERS));
		run_to(1 + DELAY);
		let seed = Designs::<Test>::get(MODEL).unwrap().seed.unwrap();
		let hashes = vec![Hash::zero(); ADAPTERS.into()];
		let subsets = draw(seed, 8, ADAPTERS);
		let right = Psi::solve(&subsets, &[1_000; 8]).unwrap().entries().to_vec();
		let (mut cheat, mut moved) = (right.clone(), right.clone());
		cheat[0] += 1_000;
		// From the second contributor to the first.
		let columns = usize::from(ADAPTERS) + 1;
		(moved[0], moved[columns]) = (moved[0] + 1_000, moved[columns] - 1_000);
		let refused = [
			(vec![], right.clone(), Error::<Test>::WrongAdapterCount),
			(hashes.clone(), right[1..].to_vec(), Error::<Test>::PsiShape),
			(hashes.clone(), cheat, Error::<Test>::PsiEfficiency),
			(hashes.clone(), moved, Error::<Test>::PsiNormalEquations),
		];
		for (adapters, psi, error) in refused {
			assert_eq!(Attribution::close(MODEL, adapters, psi), Err(error.into()));
		}
		assert_ok!(Attribution::close(MODEL, hashes.clone(), right.clone()));
		assert_eq!(Attribution::close(MODEL, hashes, right), Err(Error::<Test>::NoDesign.into()));
	});
}

#[test]
fn cancel_should_return_the_deposit_when_the_run_is_given_up() {
	build_and_execute(|| {
		let before = Balances::free_balance(developer());
		assert_ok!(Attribution::open(&developer(), MODEL, blocks(&owners()), ADAPTERS));
		assert!(Balances::free_balance(developer()) < before);
		Attribution::cancel(&developer(), MODEL);
		assert_eq!(Balances::free_balance(developer()), before);
		run_to(1 + DELAY);
		assert!(Designs::<Test>::get(MODEL).is_none());
	});
}
