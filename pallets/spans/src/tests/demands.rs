//! Leaves that are demanded are shown, or the index falls.

use crate::{
	mock::{Spans, *},
	*,
};
use frame::{deps::sp_runtime::TokenError, testing_prelude::*, token::fungible::InspectHold};
use openledger_core::Hash;
use openledger_spans_math::{reference::Reference, Suffix};
use proptest::prelude::*;
use std::collections::BTreeMap;

type Errors = crate::Error<Test>;

/// What a challenger gets of a bond.
const REWARD: Balance = BOND * 3 / 10;
const SLOT: Leaf = Leaf::Slot(2);

fn staked(who: u64) -> Balance {
	Balances::balance_on_hold(&RuntimeHoldReason::Spans(HoldReason::Demand), &who)
}

fn demand(who: u64, leaf: Leaf) -> DispatchResult {
	Spans::demand(origin(who), 0, 1, leaf)
}

fn shown(index: &Reference, leaf: Leaf) -> Shown {
	match leaf {
		Leaf::Slot(slot) => Shown::Slot(index.opening(slot).unwrap()),
		Leaf::Chunk(at) => Shown::Chunk { index: at, text: index.chunks(at, 1).unwrap() },
	}
}

fn show(who: u64, shown: Shown) -> DispatchResult {
	Spans::show(origin(who), 0, 1, Box::new(shown))
}

fn end(leaf: Leaf) -> DispatchResult {
	Spans::end_demand(origin(CURATOR), 0, 1, leaf)
}

/// Roots of nothing that anybody knows.
fn hollow() -> Commitment {
	let [text_root, suffix_root] = [1, 2].map(Hash::repeat_byte);
	Commitment { text_root, suffix_root, ..honest().commitment() }
}

#[test]
fn show_should_pay_the_stake_when_the_leaf_is_the_committed_one() {
	for leaf in [Leaf::Slot(0), SLOT, Leaf::Slot(80), Leaf::Chunk(0), Leaf::Chunk(1)] {
		build_and_execute(|| {
			let index = honest();
			assert_ok!(register(ALICE, 1, index.commitment()));
			assert_ok!(demand(BOB, leaf));
			let until = 1 + WINDOWS.challenge;
			let event = Event::Demanded { datanet: 0, version: 1, leaf, who: BOB, until };
			System::assert_last_event(event.into());
			assert_eq!(staked(BOB), STAKE);
			Spans::do_try_state().unwrap();
			// In its last block, and by somebody who built the same.
			run_to(until);
			assert_noop!(end(leaf), Errors::StillOpen);
			assert_eq!(Spans::span_index(0, 1), Some((index.commitment(), false)));
			assert_ok!(show(CAROL, shown(&index, leaf)));
			let event = Event::Shown { datanet: 0, version: 1, leaf, who: CAROL };
			System::assert_last_event(event.into());
			assert_eq!((staked(BOB), Balances::free_balance(BOB)), (0, RICH - STAKE));
			assert_eq!(Spans::span_index(0, 1), Some((index.commitment(), true)));
			assert_noop!(show(CAROL, shown(&index, leaf)), Errors::NotDemanded);
			assert_noop!(end(leaf), Errors::NotDemanded);
			// It can be asked again.
			assert_ok!(demand(BOB, leaf));
		});
	}
}

#[test]
fn end_demand_should_refute_when_nobody_shows_the_leaf() {
	build_and_execute(|| {
		assert_ok!(register(ALICE, 1, hollow()));
		assert_ok!(demand(BOB, SLOT));
		assert_ok!(demand(CAROL, Leaf::Chunk(0)));
		run_to(2 + WINDOWS.challenge);
		assert_noop!(show(ALICE, shown(&honest(), SLOT)), Errors::TooLate);
		assert_ok!(end(SLOT));
		System::assert_last_event(
			Event::Refuted {
				datanet: 0,
				version: 1,
				registrant: ALICE,
				challenger: BOB,
				reward: REWARD,
				rest: BOND - REWARD,
			}
			.into(),
		);
		assert_eq!((staked(BOB), Balances::free_balance(BOB)), (0, RICH + REWARD));
		assert_eq!(Balances::total_balance(&ALICE), RICH - BOND);
		assert_eq!(Balances::free_balance(PROTOCOL), EXISTENTIAL + BOND - REWARD);
		// The version is free for an honest one, which the other demand is not of.
		assert_ok!(register(DAVE, 1, honest().commitment()));
		Spans::do_try_state().unwrap();
		assert_noop!(demand(BOB, Leaf::Chunk(0)), Errors::AlreadyDemanded);
		assert_noop!(show(DAVE, shown(&honest(), Leaf::Chunk(0))), Errors::NotDemanded);
		assert_ok!(end(Leaf::Chunk(0)));
		assert_eq!(staked(CAROL), 0);
		assert!(Indices::<Test>::contains_key(0, 1));
		assert_ok!(demand(BOB, Leaf::Chunk(0)));
	});
}

#[test]
fn show_should_fail_when_it_is_not_what_was_committed_or_may_not_stand_there() {
	build_and_execute(|| {
		assert_ok!(register(ALICE, 1, hollow()));
		for leaf in [SLOT, Leaf::Chunk(1)] {
			assert_ok!(demand(BOB, leaf));
		}
		assert_noop!(show(ALICE, shown(&honest(), SLOT)), Errors::WrongSuffixes);
		assert_noop!(show(ALICE, shown(&honest(), Leaf::Chunk(1))), Errors::WrongText);
		let both = Shown::Chunk { index: 0, text: honest().chunks(0, 2).unwrap() };
		assert_noop!(show(ALICE, both), Errors::NotDemanded);
		let more = Shown::Chunk { index: 1, text: honest().chunks(0, 2).unwrap() };
		assert_noop!(show(ALICE, more), Errors::WrongText);
		assert_noop!(
			Spans::show(RuntimeOrigin::none(), 0, 1, Box::new(shown(&honest(), SLOT))),
			BadOrigin
		);
	});
	build_and_execute(|| {
		// It can be opened, and is none that may be there.
		let index = forged(|leaves| leaves.suffixes[2] = Suffix::first(79));
		assert_ok!(register(ALICE, 1, index.commitment()));
		assert_ok!(demand(BOB, SLOT));
		assert_noop!(show(ALICE, shown(&index, SLOT)), Errors::WrongSuffixes);
	});
}

#[test]
fn demand_should_fail_when_there_is_nothing_to_demand() {
	build_and_execute(|| {
		assert_noop!(demand(BOB, SLOT), Errors::NoIndex);
		assert_noop!(show(BOB, shown(&honest(), SLOT)), Errors::NoIndex);
		assert_noop!(end(SLOT), Errors::NotDemanded);
		assert_ok!(register(ALICE, 1, honest().commitment()));
		for leaf in [Leaf::Slot(81), Leaf::Slot(u64::MAX), Leaf::Chunk(2), Leaf::Chunk(u64::MAX)] {
			assert_noop!(demand(BOB, leaf), Errors::NoLeaf);
		}
		assert_noop!(Spans::demand(RuntimeOrigin::root(), 0, 1, SLOT), BadOrigin);
		assert_noop!(Spans::end_demand(RuntimeOrigin::none(), 0, 1, SLOT), BadOrigin);
		assert_ok!(Balances::transfer_allow_death(origin(POOR), CURATOR, BOND));
		assert_noop!(demand(POOR, SLOT), TokenError::FundsUnavailable);
		assert_ok!(demand(BOB, SLOT));
		assert_noop!(demand(CAROL, SLOT), Errors::AlreadyDemanded);
		assert_ok!(demand(CAROL, Leaf::Slot(3)));
	});
}

#[test]
fn remove_should_fail_when_a_leaf_is_demanded() {
	build_and_execute(|| {
		assert_ok!(register(ALICE, 1, hollow()));
		assert_ok!(Spans::retire(origin(ALICE), 0, 1));
		let last = WINDOWS.unbonding - WINDOWS.challenge;
		run_to(last);
		assert_ok!(demand(BOB, SLOT));
		run_to(1 + last);
		// It would have to be shown in a block in which the index can be gone.
		assert_noop!(demand(BOB, Leaf::Slot(3)), Errors::EndsBefore);
		run_to(1 + WINDOWS.unbonding);
		assert_noop!(Spans::remove(origin(ALICE), 0, 1), Errors::StillDemanded);
		assert_ok!(end(SLOT));
		assert_eq!(Balances::total_balance(&ALICE), RICH - BOND);
	});
}

#[test]
fn demand_should_be_ended_when_its_index_was_refuted_otherwise() {
	build_and_execute(|| {
		let (commitment, fraud) = disordered();
		assert_ok!(register(ALICE, 1, commitment));
		assert_ok!(demand(BOB, SLOT));
		assert_ok!(challenge(CAROL, 1, &fraud));
		Spans::do_try_state().unwrap();
		// The same again in the same block, of which nothing is demanded.
		assert_ok!(register(ALICE, 1, commitment));
		Spans::do_try_state().unwrap();
		assert_ok!(end(SLOT));
		let event = Event::DemandEnded { datanet: 0, version: 1, leaf: SLOT, who: BOB };
		System::assert_last_event(event.into());
		assert_eq!((staked(BOB), Balances::free_balance(BOB)), (0, RICH));
		assert!(Indices::<Test>::contains_key(0, 1));
	});
}

#[derive(Clone, Debug)]
enum Act {
	/// Honest, with a fault, or of nothing.
	Register(u64, u8),
	Demand(u64, Leaf),
	Show(u64, Leaf, bool),
	End(Leaf),
	Challenge(u64),
	Retire(u64),
	Remove,
	Wait(u32),
}

fn act() -> impl Strategy<Value = Act> {
	let who = || prop::sample::select(&[ALICE, BOB, CAROL][..]);
	let leaf = || prop::sample::select(&[Leaf::Slot(1), SLOT, Leaf::Chunk(0)][..]);
	prop_oneof![
		3 => (who(), 0u8..3).prop_map(|(a, b)| Act::Register(a, b)),
		4 => (who(), leaf()).prop_map(|(a, b)| Act::Demand(a, b)),
		3 => (who(), leaf(), any::<bool>()).prop_map(|(a, b, c)| Act::Show(a, b, c)),
		3 => leaf().prop_map(Act::End),
		1 => who().prop_map(Act::Challenge),
		1 => who().prop_map(Act::Retire),
		1 => Just(Act::Remove),
		3 => (0u32..8).prop_map(Act::Wait),
	]
}

proptest! {
	#[test]
	fn stakes_should_go_where_they_belong_when_calls_are_random(
		acts in prop::collection::vec(act(), 1..60),
	) {
		build_and_execute(|| {
			let (wrong, fraud) = disordered();
			let indices = [honest(), forged(|leaves| leaves.suffixes.swap(3, 6))];
			let mut owns: BTreeMap<u64, Balance> = [ALICE, BOB, CAROL, PROTOCOL]
				.map(|who| (who, Balances::total_balance(&who)))
				.into();
			let slash = |owns: &mut BTreeMap<u64, Balance>, of: u64, to: u64| {
				*owns.get_mut(&of).unwrap() -= BOND;
				*owns.get_mut(&to).unwrap() += REWARD;
				*owns.get_mut(&PROTOCOL).unwrap() += BOND - REWARD;
			};
			for act in acts {
				let index = Indices::<Test>::get(0, 1);
				match act {
					Act::Register(who, kind) => {
						let all = [honest().commitment(), wrong, hollow()];
						let done = register(who, 1, all[usize::from(kind)]).is_ok();
						assert_eq!(done, index.is_none());
					},
					Act::Demand(who, leaf) => {
						let _ = demand(who, leaf);
					},
					Act::Show(who, leaf, right) => {
						let by = Demands::<Test>::get((0, 1, leaf));
						if show(who, shown(&indices[usize::from(!right)], leaf)).is_ok() {
							*owns.get_mut(&by.unwrap().who).unwrap() -= STAKE;
							*owns.get_mut(&who).unwrap() += STAKE;
						}
					},
					Act::End(leaf) => {
						let by = Demands::<Test>::get((0, 1, leaf));
						let done = end(leaf).is_ok();
						let gone = Indices::<Test>::get(0, 1).is_none();
						if let (true, Some(index)) = (done && gone, index) {
							slash(&mut owns, index.registrant, by.unwrap().who);
						}
					},
					Act::Challenge(who) => {
						if challenge(who, 1, &fraud).is_ok() {
							slash(&mut owns, index.unwrap().registrant, who);
						}
					},
					Act::Retire(who) => {
						let _ = Spans::retire(origin(who), 0, 1);
					},
					Act::Remove => {
						let _ = Spans::remove(origin(CURATOR), 0, 1);
					},
					Act::Wait(blocks) => run_to(System::block_number() as u32 + blocks),
				}
				for (who, owned) in &owns {
					assert_eq!(Balances::total_balance(who), *owned);
				}
				Spans::do_try_state().unwrap();
			}
			// In the end every stake and every bond can be had back or is slashed.
			run_to(System::block_number() as u32 + WINDOWS.challenge + 1);
			for (.., leaf) in Demands::<Test>::iter_keys().collect::<Vec<_>>() {
				assert_ok!(end(leaf));
			}
			if let Some(index) = Indices::<Test>::get(0, 1) {
				let _ = Spans::retire(origin(index.registrant), 0, 1);
				run_to(System::block_number() as u32 + WINDOWS.unbonding);
				assert_ok!(Spans::remove(origin(CURATOR), 0, 1));
			}
			for who in [ALICE, BOB] {
				assert_eq!(Balances::reserved_balance(who), 0);
			}
		});
	}
}
