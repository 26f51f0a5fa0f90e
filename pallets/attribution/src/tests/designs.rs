use crate::{mock::*, *};
use frame::{testing_prelude::*, token::fungible::InspectHold};
use openledger_core::Designs as _;
use openledger_core::Hash;
use openledger_influence_math::{design::draw, Psi};

fn owners() -> Vec<AccountId> {
	(0..BLOCKS).map(contributor).collect()
}

fn open(owners: &[AccountId], adapters: u16) -> DispatchResult {
	let method = Method::Counterfactual;
	Attribution::open(&developer(), MODEL, blocks(owners), method, adapters, CLASS)
}

#[test]
fn open_should_draw_the_seed_from_later_blocks_when_opened() {
	build_and_execute(|| {
		assert_ok!(open(&owners(), ADAPTERS));
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
			[(vec![], 16), (owners(), 0), (owners(), 513), (vec![account(1); 257], 64)]
		{
			assert_eq!(open(&owners, adapters), Err(Error::<Test>::DesignOutOfBounds.into()));
		}
	});
}

#[test]
fn close_should_fail_when_psi_is_another() {
	build_and_execute(|| {
		assert_ok!(open(&owners(), ADAPTERS));
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
			(hashes.clone(), cheat, Error::<Test>::PsiNormalEquations),
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
		assert_ok!(open(&owners(), ADAPTERS));
		assert!(Balances::free_balance(developer()) < before);
		Attribution::cancel(&developer(), MODEL);
		assert_eq!(Balances::free_balance(developer()), before);
		run_to(1 + DELAY);
		assert!(Designs::<Test>::get(MODEL).is_none());
	});
}

#[test]
fn cancel_should_leave_a_tenth_of_the_bond_to_panels_when_the_subsets_are_drawn() {
	build_and_execute(|| {
		let free = |who: AccountId| Balances::free_balance(who);
		let before = (free(developer()), free(Attribution::pot()), PanelFund::<Test>::get());
		assert_ok!(open(&owners(), ADAPTERS));
		run_to(1 + DELAY);
		Attribution::cancel(&developer(), MODEL);
		let lost = Settings::<Test>::get().version_bond / 10;
		assert_eq!(free(developer()), before.0 - lost);
		assert_eq!(free(Attribution::pot()), before.1 + lost);
		assert_eq!(PanelFund::<Test>::get(), before.2 + lost);
		for reason in [HoldReason::Version, HoldReason::Training, HoldReason::Storage] {
			assert_eq!(Balances::balance_on_hold(&reason.into(), &developer()), 0);
		}
		let event = Event::<Test>::DesignGivenUp { model: MODEL, who: developer(), amount: lost };
		System::assert_has_event(event.into());
	});
}

#[test]
fn cancel_should_return_all_when_the_version_was_registered() {
	build_and_execute(|| {
		let before = Balances::free_balance(developer());
		let fund = PanelFund::<Test>::get();
		let work = closed();
		// Its committee, which nobody joins, comes to nothing.
		run_to(Attribution::now() + 4 * DELAY);
		assert!(Committees::<Test>::get(work).is_none());
		Attribution::cancel(&developer(), MODEL);
		assert_eq!(Balances::free_balance(developer()), before);
		assert_eq!(PanelFund::<Test>::get(), fund);
	});
}

/// Closes the design of the model; nobody has trained its adapters again.
fn closed() -> Work {
	assert_ok!(open(&owners(), ADAPTERS));
	run_to(Attribution::now() + DELAY);
	let seed = Designs::<Test>::get(MODEL).unwrap().seed.unwrap();
	let psi = Psi::solve(&draw(seed, 8, ADAPTERS), &[1_000; 8]).unwrap();
	let hashes = vec![counterfactual(); ADAPTERS.into()];
	assert_ok!(Attribution::close(MODEL, hashes, psi.entries().to_vec()));
	run_to(Attribution::now() + DELAY);
	Work::Training(MODEL)
}

fn standing() -> Standing {
	Designs::<Test>::get(MODEL).unwrap().standing
}

#[test]
fn version_should_be_active_and_trainers_paid_when_its_adapters_reproduce() {
	build_and_execute(|| {
		(0..3).for_each(bond_scorer);
		let work = closed();
		let held = || Balances::balance_on_hold(&HoldReason::Training.into(), &developer());
		let escrow = held();
		assert!(escrow > 0);
		let before = Balances::free_balance(scorer(0));
		find(work, |_| retrained(work));
		assert_eq!(standing(), Standing::Untested);
		review(work);
		assert_eq!((standing(), held()), (Standing::Active, 0));
		assert_eq!(Balances::free_balance(scorer(0)) - before, escrow / 3);
	});
}

#[test]
fn version_should_stay_untested_and_be_tried_again_when_nobody_trains() {
	build_and_execute(|| {
		let by = || RuntimeOrigin::signed(developer());
		assert_noop!(
			Attribution::activate(RuntimeOrigin::signed(account(1)), MODEL),
			Error::<Test>::NoDesign
		);
		// Of another class than the version: not drawn.
		(0..3).for_each(|n| bond_scorer_of(n, CLASS + 1));
		let work = closed();
		assert_noop!(Attribution::activate(by(), MODEL), Error::<Test>::NotUntested);
		run_to(Attribution::now() + 4 * DELAY);
		assert!(Committees::<Test>::get(work).is_none());
		assert_eq!(standing(), Standing::Untested);
		(3..6).for_each(bond_scorer);
		assert_ok!(Attribution::activate(by(), MODEL));
		run_to(Attribution::now() + DELAY);
		find(work, |_| retrained(work));
		review(work);
		assert_eq!(standing(), Standing::Active);
		assert_noop!(Attribution::activate(by(), MODEL), Error::<Test>::NotUntested);
	});
}

#[test]
fn version_should_stay_untested_when_a_committee_without_a_panel_finds_others() {
	build_and_execute(|| {
		(0..3).for_each(bond_scorer);
		let work = closed();
		let others = vec![Hash::zero(); committee(work).drawn.len()];
		find(work, |_| Finding::Adapters(others.clone().try_into().unwrap()));
		review(work);
		assert_eq!(standing(), Standing::Untested);
		assert_eq!(Slashes::<Test>::iter().count(), 0);
		// Those who trained were paid; another committee is paid as much.
		let held = || Balances::balance_on_hold(&HoldReason::Training.into(), &developer());
		assert_eq!(held(), 0);
		let stranger = RuntimeOrigin::signed(account(1));
		assert_noop!(Attribution::activate(stranger, MODEL), Error::<Test>::NotDeveloper);
		assert_ok!(Attribution::activate(RuntimeOrigin::signed(developer()), MODEL));
		assert!(held() > 0);
	});
}

#[test]
fn version_should_be_void_when_a_panel_finds_what_the_committee_found() {
	build_and_execute(|| {
		(0..SCORERS).for_each(bond_scorer);
		let work = closed();
		let others = vec![Hash::zero(); committee(work).drawn.len()];
		let found = |_| Finding::Adapters(others.clone().try_into().unwrap());
		find(work, found);
		run_to(Attribution::now() + DELAY);
		assert_eq!(committee(work).panel_from, Some(3));
		find(work, found);
		assert_eq!(standing(), Standing::Void);
		let slash = Slashes::<Test>::iter_values().next().unwrap();
		assert_eq!((slash.who, slash.offence), (developer(), Offence::Version));
	});
}
