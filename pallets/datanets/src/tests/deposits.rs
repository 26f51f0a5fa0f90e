//! What is stored is paid for, and what was paid comes back.

use crate::{
	mock::{Datanets, *},
	*,
};
use frame::{deps::sp_runtime::TokenError, testing_prelude::*};
use openledger_core::Datanets as _;
use proptest::prelude::*;

/// Contributors and builders of the random walk.
const PEOPLE: [u64; 4] = [ALICE, BOB, BUILDER, 21];
/// Curators whose accounts do not exist.
const POOR: [u64; 3] = [500, 501, 502];

fn set_price(price: Balance) {
	assert_ok!(Datanets::set_terms(origin(OWNER), 0, Terms { price, ..TERMS }));
}

fn buy(who: u64) -> DispatchResult {
	Datanets::buy_licence(origin(who), 0, Rights::FINE_TUNE, u128::MAX)
}

/// Everything that is held of all accounts, and everything they have.
fn balances() -> (Balance, Balance) {
	let all = || frame_system::Account::<Test>::iter_values().map(|account| account.data);
	let held = all().map(|data| data.reserved).sum();
	(held, held + all().map(|data| data.free).sum::<Balance>())
}

/// What every entry says that was paid for it.
fn deposits() -> Balance {
	(crate::Datanets::<Test>::iter_values().map(|entry| entry.ticket))
		.chain(Batches::<Test>::iter_values().map(|entry| entry.ticket))
		.chain(Versions::<Test>::iter_values().map(|entry| entry.deposit.1))
		.chain(Licences::<Test>::iter_values().map(|entry| entry.ticket))
		.chain(Announcements::<Test>::iter_values().map(|entry| entry.ticket))
		.chain(AtRisk::<Test>::iter_values().map(|entry| entry.ticket))
		.map(|ticket| Balance::decode(&mut &ticket.encode()[..]).unwrap())
		.sum()
}

/// What is staked for rows that are registered or were until lately.
fn bonds() -> Balance {
	(Batches::<Test>::iter_values().map(|entry| entry.bond.of(entry.rows, entry.bytes)))
		.chain(Withdrawn::<Test>::iter_values().map(|(staked, _)| staked.bond))
		.sum()
}

/// What is at risk.
fn risks() -> Balance {
	AtRisk::<Test>::iter_values().map(|entry| entry.amount).sum()
}

/// What demands are staked with.
fn stakes() -> Balance {
	Demands::<Test>::iter_values().map(|demand| demand.stake).sum()
}

/// The rows that are left of a batch.
fn left(batch: BatchId) -> Rows {
	let all: Vec<Row> = RowIndex::<Test>::iter_prefix(0)
		.filter(|(_, (of, _))| *of == batch)
		.map(|(hash, (_, bytes))| Row { hash, bytes })
		.collect();
	rows(&all)
}

#[test]
fn buy_licence_should_credit_the_curator_when_its_account_cannot_take_its_part() {
	build_and_execute(|| {
		create();
		accepted(ALICE, 1, 100);
		let curator = POOR[0];
		assert_ok!(Datanets::set_curator(origin(OWNER), 0, curator));
		// 5 % of 95 % of it are less than the existential deposit of 1,000.
		set_price(20_000);
		assert_ok!(buy(BUILDER));
		assert_eq!(Datanets::claimable(0, curator), 950);
		assert_noop!(Datanets::claim_for(origin(BOB), 0, curator), TokenError::BelowMinimum);
		assert_ok!(buy(BUILDER));
		assert_eq!(Datanets::claimable(0, curator), 1_900);
		assert_ok!(Datanets::claim_for(origin(BOB), 0, curator));
		assert_eq!(Balances::free_balance(curator), 1_900);
		// Now that it exists it is paid at once, and what it was owed is forgotten.
		assert_ok!(buy(BUILDER));
		assert_eq!(Balances::free_balance(curator), 2_850);
		assert!(!Contributors::<Test>::contains_key(0, curator));
	});
}

#[test]
fn buy_licence_should_fail_when_the_buyer_cannot_pay() {
	build_and_execute(|| {
		create();
		assert_ok!(Datanets::set_curator(origin(OWNER), 0, POOR[0]));
		set_price(RICH + 1);
		assert_noop!(buy(BUILDER), TokenError::FundsUnavailable);
	});
}

#[test]
fn reward_rows_should_pay_the_owner_when_all_rows_were_withdrawn() {
	build_and_execute(|| {
		create();
		accepted(ALICE, 1, 300);
		assert_ok!(Datanets::reward_rows(0, &BUILDER, 700));
		assert_ok!(Datanets::withdraw_row(origin(ALICE), 0, row(1, 0).hash));
		let before = Balances::free_balance(OWNER);
		assert_ok!(Datanets::reward_rows(0, &BUILDER, 1));
		assert_eq!(Balances::free_balance(OWNER) - before, 1);
		// What the row earned before is still its contributor's, up to rounding.
		assert_eq!(Datanets::claimable(0, ALICE), 699);
	});
}

#[test]
fn remove_licence_should_return_the_deposit_when_it_expired_or_is_given_up() {
	build_and_execute(|| {
		create();
		set_price(0);
		let before = Balances::free_balance(BUILDER);
		assert_ok!(buy(BUILDER));
		let remove = |by| Datanets::remove_licence(origin(by), 0, BUILDER);
		System::set_block_number(101);
		assert_noop!(remove(ALICE), Error::<Test>::LicenceRuns);
		System::set_block_number(102);
		assert_ok!(remove(ALICE));
		assert_eq!(Balances::free_balance(BUILDER), before);
		assert_noop!(remove(ALICE), Error::<Test>::NoLicence);

		// One that never expires is its holder's to give up.
		assert_ok!(Datanets::set_terms(origin(OWNER), 0, Terms { price: 0, period: 0, ..TERMS }));
		assert_ok!(buy(BUILDER));
		System::set_block_number(1_000_000);
		assert_noop!(remove(ALICE), Error::<Test>::LicenceRuns);
		assert_ok!(remove(BUILDER));
		assert_eq!(Balances::free_balance(BUILDER), before);
		assert!(!Datanets::licensed(0, BUILDER, Rights::FINE_TUNE));
	});
}

#[test]
fn close_should_return_the_deposit_when_nothing_is_left() {
	build_and_execute(|| {
		let before = Balances::free_balance(OWNER);
		create();
		let close = |who| Datanets::close(origin(who), 0);
		let batch = accepted(ALICE, 1, 300);
		assert_noop!(close(OWNER), Error::<Test>::NotEmpty);
		assert_ok!(buy(BUILDER));
		assert_ok!(Datanets::withdraw_row(origin(ALICE), 0, row(1, 0).hash));
		assert!(Batches::<Test>::get(0, batch).is_none());
		assert_noop!(close(OWNER), Error::<Test>::NotEmpty);
		assert_ok!(Datanets::remove_licence(origin(BUILDER), 0, BUILDER));
		// Its bond stays for a while.
		assert_noop!(close(OWNER), Error::<Test>::NotEmpty);
		release(&[1]);
		// Its contributor is owed money.
		assert_noop!(close(OWNER), Error::<Test>::NotEmpty);
		assert_ok!(Datanets::claim_for(origin(OWNER), 0, ALICE));
		assert_noop!(close(ALICE), Error::<Test>::NotOwner);
		assert_ok!(close(OWNER));
		assert_noop!(close(OWNER), Error::<Test>::NoDatanet);
		// The curator's part is what it earned.
		assert_eq!(Balances::free_balance(OWNER), before + 47_500);
		assert_eq!(RowRewards::<Test>::iter().count(), 0);
		let name = b"law".to_vec().try_into().unwrap();
		assert_ok!(Datanets::create(origin(OWNER), name, TERMS));
		assert!(crate::Datanets::<Test>::contains_key(1), "ids are not used again");
	});
}

#[test]
fn remove_version_should_return_the_deposit_when_stale_or_superseded_and_unused() {
	build_and_execute(|| {
		create();
		assert_ok!(Datanets::set_curator(origin(OWNER), 0, BOB));
		let before = Balances::free_balance(BOB);
		assert_ok!(Datanets::contribute(origin(ALICE), 0, rows(&[row(1, 5), row(2, 5)])));
		assert_ok!(Datanets::review(origin(BOB), 0, 0, Verdict::Accept(GOOD)));
		let publish = || Datanets::publish(origin(BOB), 0, vec![0].try_into().unwrap());
		let remove = |who, version| Datanets::remove_version(origin(who), 0, version);
		assert_ok!(publish());
		assert_noop!(remove(BOB, 2), Error::<Test>::NoVersion);
		assert_noop!(remove(BOB, 1), Error::<Test>::VersionFresh);
		assert_ok!(publish());
		assert_ok!(Datanets::set_curator(origin(OWNER), 0, OWNER));
		assert_noop!(remove(OWNER, 1), Error::<Test>::VersionFresh);
		assert_ok!(Datanets::retain(0, 1));
		assert_noop!(remove(BOB, 1), Error::<Test>::VersionInUse);
		<Datanets as openledger_core::Datanets<u64>>::release(0, 1);
		assert_ok!(remove(BOB, 1));
		assert_noop!(Datanets::retain(0, 1), Error::<Test>::NoVersion);
		assert_noop!(remove(BOB, 2), Error::<Test>::VersionFresh);
		assert_ok!(Datanets::withdraw_row(origin(ALICE), 0, row(1, 0).hash));
		assert_ok!(remove(OWNER, 2));
		assert_eq!(Balances::free_balance(BOB), before);
	});
}

#[test]
fn close_should_fail_when_a_version_is_published() {
	build_and_execute(|| {
		create();
		let batch = accepted(ALICE, 1, 300);
		assert_ok!(Datanets::publish(origin(OWNER), 0, vec![batch].try_into().unwrap()));
		assert_ok!(Datanets::withdraw_row(origin(ALICE), 0, row(1, 0).hash));
		assert_noop!(Datanets::close(origin(OWNER), 0), Error::<Test>::NotEmpty);
	});
}

/// Rows that may be announced.
fn promised(n: u8) -> Rows {
	rows(&[written(n % 2, 100), written(8, 200)])
}

/// Two near-duplicates, from text `n` on, that are registered if any are.
fn neighbours(n: u8) -> (u8, u8) {
	let registered = |n: &u8| RowIndex::<Test>::contains_key(0, written(*n, 0).hash);
	let both = |n: &u8| registered(n) && registered(&(n ^ 1));
	let first = (0..36).map(|i| (n + i) % 36).find(both).unwrap_or(n);
	(first, first ^ 1)
}

/// One call of anybody, of which many fail.
fn step(kind: u8, who: usize, n: u8, amount: Balance) {
	let entry = crate::Datanets::<Test>::get(0).unwrap();
	let who = PEOPLE[who % PEOPLE.len()];
	let curator = origin(entry.curator);
	let batch = u32::from(n).checked_rem(entry.next_batch).unwrap_or(0);
	let _ = match kind {
		0 | 1 => {
			// Half of them say how long they are.
			let bytes = match amount % 2 {
				0 => text(0).len() as u32,
				_ => 1 + (amount % 65_536) as u32,
			};
			let all: Vec<Row> = (0..=n % 4).map(|i| written((n % 32) + i, bytes)).collect();
			Datanets::contribute(origin(who), 0, rows(&all))
		},
		2 | 3 => Datanets::review(curator, 0, batch, Verdict::Accept(GOOD)),
		4 => {
			let verdict = Verdict::Reject { reason: Reason::Duplicate, rows: left(batch) };
			Datanets::review(curator, 0, batch, verdict)
		},
		5 | 6 => {
			let mut all = RowIndex::<Test>::iter_prefix(0);
			let Some((hash, (batch, _))) = all.nth((n % 8).into()) else { return };
			let contributor = Batches::<Test>::get(0, batch).unwrap().contributor;
			// Mostly who may.
			Datanets::withdraw_row(origin(if n < 32 { who } else { contributor }), 0, hash)
		},
		17 => {
			let batch = Batches::<Test>::iter_prefix(0)
				.find(|(_, batch)| batch.root.is_none())
				.map_or(batch, |(batch, _)| batch);
			Datanets::recommit(origin(who), 0, batch, left(batch))
		},
		7 => Datanets::publish(curator, 0, vec![batch].try_into().unwrap()),
		8 => {
			let at_risk = if n.is_multiple_of(4) { amount % 9_000 } else { 0 };
			let terms = Terms { price: amount % 60_000, period: (n % 3).into(), at_risk, ..TERMS };
			Datanets::set_terms(origin(OWNER), 0, terms)
		},
		9 => {
			let curator = *[OWNER].iter().chain(&POOR).nth(usize::from(n % 4)).unwrap();
			Datanets::set_curator(origin(OWNER), 0, curator)
		},
		10 | 11 => buy(who),
		12 => Datanets::remove_licence(origin(PEOPLE[usize::from(n % 2)]), 0, who),
		13 => Datanets::claim_for(origin(OWNER), 0, who),
		14 => Datanets::claim_for(origin(OWNER), 0, POOR[usize::from(n % 3)]),
		15 => Datanets::reward_rows(0, &BUILDER, amount),
		18 => Datanets::remove_version(origin(who), 0, 1 + batch),
		19 => Datanets::announce(origin(who), promise(who, &promised(n))),
		20 => Datanets::contribute_announced(origin(who), 0, promised(n), SALT),
		21 => match Withdrawn::<Test>::iter_key_prefix(0).nth((n % 8).into()) {
			Some(hash) => Datanets::release_bond(origin(who), 0, hash),
			None => Ok(()),
		},
		22 => {
			Datanets::retract(origin(who), PEOPLE[usize::from(n % 4)], promise(who, &promised(n)))
		},
		23 | 24 => {
			let (earlier, later) = neighbours(n % 36);
			let hash = written(later, 0).hash;
			// The contributor of the row may see what comes.
			show(who, &[earlier], &[later], || {
				let batch = RowIndex::<Test>::get(0, hash).map(|(batch, _)| batch);
				if let (24, Some(entry)) = (kind, batch.and_then(|of| Batches::<Test>::get(0, of)))
				{
					Datanets::withdraw_row(origin(entry.contributor), 0, hash).unwrap();
				}
			})
		},
		25 | 26 => Datanets::put_at_risk(origin(who), 0, Balance::from(n) * 100),
		27 => Datanets::release_at_risk(origin(who), 0, PEOPLE[usize::from(n % 2)]),
		28 => {
			let version = 1 + u32::from(n).checked_rem(entry.next_version).unwrap_or(0);
			Datanets::seize(0, version, &PEOPLE[usize::from(n % 2)], amount % 9_000).map(|_| ())
		},
		29 => match RowIndex::<Test>::iter_key_prefix(0).nth((n % 8).into()) {
			Some(hash) => Datanets::demand(origin(who), 0, hash),
			None => Ok(()),
		},
		30 => {
			// One that is demanded, if any is.
			let demanded = |n: &u8| Demands::<Test>::contains_key(0, written(*n, 0).hash);
			let n = (0..36).find(demanded).unwrap_or(n % 36);
			Datanets::show(origin(who), 0, Content::truncate_from(text(n).into_bytes()))
		},
		31 => match Demands::<Test>::iter_key_prefix(0).nth((n % 8).into()) {
			Some(hash) => Datanets::end_demand(origin(who), 0, hash),
			None => Ok(()),
		},
		_ => {
			let blocks = match n {
				0..8 => CHALLENGE_WINDOW,
				8..16 => WINDOW,
				_ => u32::from(n % 8),
			};
			System::set_block_number(System::block_number() + u64::from(blocks));
			Ok(())
		},
	};
}

/// Takes everything out of the Datanet 0 that its people may take out.
fn unwind() {
	assert_ok!(Datanets::set_curator(origin(OWNER), 0, OWNER));
	set_price(0);
	let batches: Vec<_> = Batches::<Test>::iter_prefix(0).collect();
	for (batch, entry) in batches {
		if entry.scores.is_none() {
			let verdict = Verdict::Reject { reason: Reason::OffTopic, rows: left(batch) };
			assert_ok!(Datanets::review(origin(OWNER), 0, batch, verdict));
			continue;
		}
		for row in left(batch) {
			assert_ok!(Datanets::withdraw_row(origin(entry.contributor), 0, row.hash));
		}
	}
	// One that was in no version may have been the last.
	let fresh = Versions::<Test>::iter_key_prefix(0)
		.max()
		.is_some_and(|version| version >= crate::Datanets::<Test>::get(0).unwrap().fresh_from);
	if fresh {
		let batch = accepted(ALICE, 255, 1);
		assert_ok!(Datanets::withdraw_row(origin(ALICE), 0, row(255, 0).hash));
		assert!(Batches::<Test>::get(0, batch).is_none());
	}
	for version in Versions::<Test>::iter_key_prefix(0).collect::<Vec<_>>() {
		assert_ok!(Datanets::remove_version(origin(BOB), 0, version));
	}
	let later = u64::from(WINDOW) + u64::from(CHALLENGE_WINDOW) + 1;
	System::set_block_number(System::block_number() + later);
	for hash in Demands::<Test>::iter_key_prefix(0).collect::<Vec<_>>() {
		assert_ok!(Datanets::end_demand(origin(BOB), 0, hash));
	}
	for hash in Withdrawn::<Test>::iter_key_prefix(0).collect::<Vec<_>>() {
		assert_ok!(Datanets::release_bond(origin(BOB), 0, hash));
	}
	for (who, hash) in Announcements::<Test>::iter_keys().collect::<Vec<_>>() {
		assert_ok!(Datanets::retract(origin(OWNER), who, hash));
	}
	for who in AtRisk::<Test>::iter_key_prefix(0).collect::<Vec<_>>() {
		assert_noop!(Datanets::close(origin(OWNER), 0), Error::<Test>::NotEmpty);
		assert_ok!(Datanets::release_at_risk(origin(OWNER), 0, who));
	}
	for who in Licences::<Test>::iter_key_prefix(0).collect::<Vec<_>>() {
		assert_ok!(Datanets::remove_licence(origin(who), 0, who));
	}
	for who in Contributors::<Test>::iter_key_prefix(0).collect::<Vec<_>>() {
		// An account that exists can be paid the least amount.
		assert_ok!(Balances::transfer_keep_alive(origin(BUILDER), who, EXISTENTIAL));
		assert_ok!(Datanets::claim_for(origin(OWNER), 0, who));
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(128))]

	#[test]
	fn deposits_should_return_and_money_be_conserved_when_calls_are_any(
		steps in prop::collection::vec((0u8..35, 0usize..4, any::<u8>(), 0u128..1 << 40), 1..60),
	) {
		build_and_execute(|| {
			let (_, all) = balances();
			create();
			// Every walk meets near-duplicates.
			for who in [ALICE, BOB] {
				let n = (who - ALICE) as u8;
				assert_ok!(Datanets::contribute(origin(who), 0, rows(&[written(n, 900), written(8 + n, 70)])));
			}
			for (kind, who, n, amount) in steps {
				step(kind, who, n, amount);
				assert_eq!(balances(), (deposits() + bonds() + risks() + stakes(), all));
				Datanets::do_try_state().unwrap();
			}
			unwind();
			assert_ok!(Datanets::close(origin(OWNER), 0));
			assert_eq!(balances(), (0, all));
			Datanets::do_try_state().unwrap();
			// Each settlement of a share leaves less than a unit of rounding in the pot.
			let dust = Balances::free_balance(Datanets::pot()) - EXISTENTIAL;
			assert!(dust < 200, "{dust} left");
		});
	}
}
