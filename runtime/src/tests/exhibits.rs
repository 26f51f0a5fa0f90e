//! Exhibits pay, and fit into a block; so do rows that are shown on demand.

use super::*;
use frame_support::{dispatch::GetDispatchInfo, traits::fungible::Inspect};
use openledger_core::{commitment, Announced, MAX_EARLIER, MAX_EXHIBIT_BYTES, MAX_LATER};
use openledger_precompiles::abi::IDatanets;
use pallet_datanets::{
	Call, Content, Row, Scores, Terms, Verdict, BOUNTY, CHALLENGE_WINDOW, NOTICE,
};
use pallet_revive::precompiles::alloy::{primitives::U256, sol_types::SolEvent};

const SALT: Hash = Hash::repeat_byte(7);

/// Letters of which no run of sixteen is like another.
fn text(seed: u8, bytes: usize) -> Content {
	let hashes = (0u32..).flat_map(|i| sp_io::hashing::blake2_256(&(seed, i).encode()));
	Content::truncate_from(hashes.map(|byte| b'a' + byte % 26).take(bytes).collect())
}

fn row(content: &Content) -> Row {
	Row { hash: sp_io::hashing::blake2_256(content).into(), bytes: content.len() as u32 }
}

fn exhibit(earlier: &[Content], later: &[Content]) -> RuntimeCall {
	let earlier = earlier.to_vec().try_into().unwrap();
	let later = later.to_vec().try_into().unwrap();
	Call::<Runtime>::exhibit { datanet: 0, earlier, later, salt: SALT }.into()
}

fn fee(call: &RuntimeCall) -> Balance {
	// The signature and what it signs are about 150 bytes.
	let length = call.encoded_size() as u32 + 150;
	TransactionPayment::compute_fee(length, &call.get_dispatch_info(), 0)
}

fn bond(bytes: usize) -> Balance {
	openledger::RowBond::get() + openledger::ByteBond::get() * bytes as Balance
}

/// Alice, who curates Datanet 0, Bob, who contributes to it, and Eve.
fn parties() -> [AccountId; 3] {
	let parties = [Sr25519Keyring::Alice, Sr25519Keyring::Bob, Sr25519Keyring::Eve]
		.map(|key| key.to_account_id());
	let terms = Terms {
		rights: openledger_core::Rights::FINE_TUNE,
		price: UNIT,
		period: 0,
		curator_cut: 0,
		at_risk: 0,
	};
	let name = b"law".to_vec().try_into().unwrap();
	assert_ok!(Datanets::create(by(&parties[0]), name, terms));
	parties
}

fn by(who: &AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who.clone())
}

/// Whether Ethereum sees that a row is void, and what `exhibitor` has for it.
fn is_logged(row: Hash, exhibitor: &AccountId, bounty: Balance) -> bool {
	let voided = IDatanets::RowVoided {
		id: 0,
		row: openledger_precompiles::word(row),
		exhibitor: openledger_precompiles::address::<Runtime>(exhibitor),
		bounty: U256::from(bounty),
	};
	let (topics, data) = voided.encode_log_data().split();
	let events = System::events();
	let mut logs = events.iter().filter_map(|record| logs::log(&record.event));
	logs.any(|log| {
		log.topics.iter().map(|topic| topic.0).eq(topics.iter().map(|topic| topic.0))
			&& log.data == data.to_vec()
	})
}

#[test]
fn bounty_should_pay_for_the_exhibit_when_two_rows_of_a_length_are_shown() {
	development().execute_with(|| {
		let announce = fee(&Call::<Runtime>::announce { commitment: SALT }.into());
		for bytes in [80, 256, 1_024, 4_096, 16_384, 65_536] {
			let cost = announce + fee(&exhibit(&[text(0, bytes)], &[text(1, bytes)]));
			let bounty = bond(bytes) * Balance::from(BOUNTY) / 10_000;
			println!("{bytes} bytes: costs {cost} wei, bounty {bounty} wei");
			assert!(bounty * 2 >= cost * 3, "{bytes}: {cost} for {bounty}");
		}
		// Sixteen parts of a row of the longest.
		let whole = text(0, 65_536);
		let parts: Vec<Content> =
			whole.chunks(4_096).map(|part| Content::truncate_from(part.to_vec())).collect();
		let bounty = 16 * bond(4_096) * Balance::from(BOUNTY) / 10_000;
		assert!(bounty > announce + fee(&exhibit(&[whole], &parts)));
	});
}

#[test]
fn exhibit_should_fit_into_a_block_when_it_is_the_largest() {
	development().execute_with(|| {
		let earlier = vec![text(0, 65_536); MAX_EARLIER as usize];
		let later = vec![text(0, 4_096); MAX_LATER as usize];
		let call = exhibit(&earlier, &later);
		let limits = system::RuntimeBlockWeights::get();
		let limit = limits.get(frame_support::dispatch::DispatchClass::Normal);
		let weight = call.get_dispatch_info().call_weight;
		assert!(weight.all_lte(limit.max_extrinsic.unwrap()), "{weight:?}");
		assert!(call.encoded_size() <= MAX_EXHIBIT_BYTES as usize + 1_000);
	});
}

#[test]
fn bond_should_cover_the_deposit_of_a_withdrawn_row_or_a_demand_when_it_stands_for_one() {
	use frame_support::traits::StorageInfoTrait;
	for info in [
		pallet_datanets::Withdrawn::<Runtime>::storage_info(),
		pallet_datanets::Demands::<Runtime>::storage_info(),
	] {
		let bytes = Balance::from(info[0].max_size.unwrap());
		let deposit = evm::DepositPerItem::get() + bytes * evm::DepositPerByte::get();
		assert!(bond(1) >= deposit, "{deposit} wei");
	}
}

#[test]
fn stake_should_pay_for_showing_a_row_when_it_is_demanded() {
	development().execute_with(|| {
		for bytes in [1, 256, 4_096, 65_536] {
			let content = text(0, bytes);
			let show: RuntimeCall = Call::<Runtime>::show { datanet: 0, content }.into();
			let (cost, stake) = (fee(&show), bond(bytes));
			println!("{bytes} bytes: costs {cost} wei, stake {stake} wei");
			// Fees may double and double again meanwhile.
			assert!(stake >= 4 * cost, "{bytes}: {cost} for {stake}");
		}
	});
}

#[test]
fn end_demand_should_void_and_log_when_the_row_was_not_shown() {
	development().execute_with(|| {
		let [alice, bob, eve] = parties();
		let withheld = row(&text(0, 2_000));
		assert_ok!(Datanets::contribute(by(&bob), 0, vec![withheld].try_into().unwrap()));
		let scores = Scores { authenticity: 9, ownership: 9, quality: 9, uniqueness: 9 };
		assert_ok!(Datanets::review(by(&alice), 0, 0, Verdict::Accept(scores)));
		let before = [&bob, &eve].map(Balances::total_balance);
		assert_ok!(Datanets::demand(by(&eve), 0, withheld.hash));
		System::set_block_number(System::block_number() + CHALLENGE_WINDOW + 1);
		System::reset_events();
		assert_ok!(Datanets::end_demand(by(&alice), 0, withheld.hash));
		let reward = bond(2_000) * Balance::from(BOUNTY) / 10_000;
		let after = [&bob, &eve].map(Balances::total_balance);
		assert_eq!(after, [before[0] - bond(2_000), before[1] + reward]);
		assert!(is_logged(withheld.hash, &eve, reward));
	});
}

#[test]
fn exhibit_should_void_and_pay_and_log_when_the_runtime_runs_it() {
	development().execute_with(|| {
		let [alice, bob, eve] = parties();
		let (first, mut second) = (text(0, 2_000), text(0, 2_000).into_inner());
		second[1_000] = b'!';
		let second = Content::truncate_from(second);
		for (who, content) in [(&alice, &first), (&bob, &second)] {
			let rows = vec![row(content)].try_into().unwrap();
			assert_ok!(Datanets::contribute(by(who), 0, rows));
		}
		let what =
			Announced::Exhibit { earlier: vec![row(&first).hash], later: vec![row(&second).hash] };
		assert_ok!(Datanets::announce(by(&eve), commitment(&eve, 0, &what, &SALT)));
		System::set_block_number(System::block_number() + NOTICE);
		System::reset_events();
		let (before, bob_before) = (Balances::balance(&eve), Balances::total_balance(&bob));
		assert_ok!(exhibit(&[first], std::slice::from_ref(&second)).dispatch(by(&eve)));
		let bounty = bond(2_000) * Balance::from(BOUNTY) / 10_000;
		// And the deposit of the announcement.
		assert!(Balances::balance(&eve) > before + bounty);
		assert_eq!(bob_before - Balances::total_balance(&bob), bond(2_000));
		assert!(is_logged(row(&second).hash, &eve, bounty));
	});
}
