//! Nothing is made or lost, whatever is called.

use crate::{
	mock::{Spans, *},
	*,
};
use frame::testing_prelude::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

const PEOPLE: [u64; 3] = [ALICE, BOB, POOR];

#[derive(Clone, Debug)]
enum Act {
	/// With a fault or without.
	Register(u64, Version, bool),
	Challenge(u64, Version),
	Retire(u64, Version),
	Remove(u64, Version),
	Wait(u32),
}

fn act() -> impl Strategy<Value = Act> {
	let who = || prop::sample::select(&PEOPLE[..]);
	let version = || VERSIONS;
	prop_oneof![
		3 => (who(), version(), any::<bool>()).prop_map(|(a, b, c)| Act::Register(a, b, c)),
		2 => (who(), version()).prop_map(|(a, b)| Act::Challenge(a, b)),
		2 => (who(), version()).prop_map(|(a, b)| Act::Retire(a, b)),
		2 => (who(), version()).prop_map(|(a, b)| Act::Remove(a, b)),
		2 => (0u32..20).prop_map(Act::Wait),
	]
}

/// Everything that everybody has.
fn everything() -> Balance {
	frame_system::Account::<Test>::iter_values()
		.map(|account| account.data.free + account.data.reserved)
		.sum()
}

proptest! {
	#[test]
	fn bonds_should_go_where_they_belong_when_calls_are_random(
		acts in prop::collection::vec(act(), 1..60),
	) {
		build_and_execute(|| {
			let (wrong, fraud) = disordered();
			// One more for everybody, so that POOR can pay a deposit as well.
			for who in PEOPLE {
				assert_ok!(Balances::transfer_allow_death(origin(CURATOR), who, BOND));
			}
			let total = everything();
			let mut owns: BTreeMap<u64, Balance> =
				PEOPLE.map(|who| (who, Balances::total_balance(&who))).into();
			for act in acts {
				let before = Indices::<Test>::iter().count();
				match act {
					Act::Register(who, version, fault) => {
						let commitment = if fault { wrong } else { honest().commitment() };
						let free = !Indices::<Test>::contains_key(0, version);
						let done = register(who, version, commitment).is_ok();
						assert!(!done || free);
						assert_eq!(Indices::<Test>::iter().count(), before + usize::from(done));
					},
					Act::Challenge(who, version) => {
						let index = Indices::<Test>::get(0, version);
						let fault = index.filter(|index| index.commitment == wrong);
						assert_eq!(challenge(who, version, &fraud).is_ok(), fault.is_some());
						if let Some(index) = fault {
							*owns.get_mut(&index.registrant).unwrap() -= BOND;
							*owns.get_mut(&who).unwrap() += BOND * 3 / 10;
						}
					},
					Act::Retire(who, version) => {
						let _ = Spans::retire(origin(who), 0, version);
					},
					Act::Remove(who, version) => {
						let _ = Spans::remove(origin(who), 0, version);
					},
					Act::Wait(blocks) => run_to(System::block_number() as u32 + blocks),
				}
				assert_eq!(everything(), total);
				for (who, owned) in &owns {
					assert_eq!(Balances::total_balance(who), *owned);
				}
				Spans::do_try_state().unwrap();
			}
			// In the end everybody can have back what is not slashed.
			for (datanet, version, index) in Indices::<Test>::iter().collect::<Vec<_>>() {
				let _ = Spans::retire(origin(index.registrant), datanet, version);
			}
			run_to(System::block_number() as u32 + WINDOWS.unbonding);
			for (datanet, version) in Indices::<Test>::iter_keys().collect::<Vec<_>>() {
				assert_ok!(Spans::remove(origin(CURATOR), datanet, version));
			}
			for who in [ALICE, POOR] {
				assert_eq!(Balances::reserved_balance(who), 0);
				assert_eq!(Balances::free_balance(who), owns[&who]);
			}
		});
	}
}
