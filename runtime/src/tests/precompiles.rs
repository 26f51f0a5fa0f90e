//! The Solidity face, called as a contract calls it.

use super::{alith, development, estimate, hex, send};
use crate::{
	genesis::{ethereum_account, ETHEREUM_ACCOUNTS},
	*,
};
use codec::Encode;
use frame_support::{
	assert_ok,
	traits::fungible::{Inspect, Mutate},
};
use openledger_core::{AttributionCall, AttributionFace, Method, Reply, Request, Rights, Voucher};
use openledger_influence_math::{
	design::{contains, draw},
	Nats, Psi,
};
use openledger_precompiles::{
	abi::{IAgents, IAttribution, IDatanets, IModels, IOpen, IRegistry},
	address_of, AGENTS, ATTRIBUTION, DATANETS, INTERFACES, MODELS, OPEN, REGISTRY,
};
use pallet_attribution::{Finding, Phase, ScorerId, SeatId, Work};
use pallet_revive::{
	pallet_revive_types::runtime_api::GenericTransactionV1,
	precompiles::alloy::{
		primitives::{Address as SolAddress, FixedBytes, I256, U256 as Word},
		sol_types::{Eip712Domain, Revert, SolCall, SolError, SolEvent, SolStruct},
	},
	AddressMapper, ExecConfig, TransactionLimits, H160,
};
use sp_core::{sr25519, Pair};
use sp_keyring::Sr25519Keyring;
use sp_runtime::{MultiSignature, Weight};

mod gas;
mod open;
mod spans;

/// EVM code that passes its input on with one kind of call and returns or reverts with what came
/// back. `value` is the instruction that pushes the value of the call, for a CALL alone.
fn forwarder(to: H160, opcode: &str, value: &str) -> Vec<u8> {
	let to: String = to.0.iter().map(|byte| format!("{byte:02x}")).collect();
	let target = 49 + value.len() / 2;
	let code = format!(
		"36600060003760006000366000{value}73{to}5a{opcode}\
		 3d600060003e60{target:02x}573d6000fd5b3d6000f3"
	);
	let length = code.len() / 2;
	hex(&format!("60{length:02x}600c60003960{length:02x}6000f3{code}"))
}

/// Deploys a forwarder from alith's account.
fn deploy(to: H160, opcode: &str, value: &str) -> H160 {
	let from = alith().address();
	let code = forwarder(to, opcode, value);
	let create =
		GenericTransactionV1 { from: Some(from), input: code.clone().into(), ..Default::default() };
	let at = pallet_revive::create1(&from, Revive::evm_nonce(&from).into());
	send(None, 0, code, estimate(create));
	assert!(!Revive::code(&at).is_empty());
	at
}

/// Calls an address with value; the error is the reason of the revert.
fn call(from: &AccountId, to: H160, value: Balance, input: Vec<u8>) -> Result<Vec<u8>, String> {
	let limits = TransactionLimits::WeightAndDeposit {
		weight_limit: Weight::from_parts(700_000_000_000, u64::MAX),
		deposit_limit: 100 * UNIT,
	};
	let origin = RuntimeOrigin::signed(from.clone());
	let config = ExecConfig::new_substrate_tx();
	let before = System::events().len();
	let output = Revive::bare_call(origin, to, value.into(), limits, input, &config)
		.result
		.map_err(|error| format!("trapped: {error:?}"))?;
	if output.did_revert() {
		return Err(Revert::abi_decode(&output.data).map_or("no reason".into(), |r| r.reason));
	}
	check_logs(&System::events().split_off(before));
	Ok(output.data)
}

/// Fails unless precompiles logged what their pallets did, in the words that native calls have.
/// Money apart: it moves in any call.
fn check_logs(events: &[frame_system::EventRecord<RuntimeEvent, Hash>]) {
	let mut emitted = Vec::new();
	for record in events {
		if let RuntimeEvent::Revive(pallet_revive::Event::ContractEmitted {
			contract: address,
			data,
			topics,
		}) = record.event.clone()
		{
			emitted.push(crate::logs::EthLog { address, topics, data });
		}
	}
	let done = events.iter().flat_map(|record| crate::logs::logs(&record.event));
	for log in done.filter(|log| log.address != address_of(openledger_precompiles::OPEN)) {
		let at = emitted.iter().position(|known| *known == log);
		emitted.swap_remove(at.unwrap_or_else(|| panic!("{log:?} is not among {emitted:?}")));
	}
}

/// Calls a function of a precompile.
fn ask<C: SolCall>(from: &AccountId, precompile: u16, input: C) -> Result<C::Return, String> {
	let output = call(from, address_of(precompile), 0, input.abi_encode())?;
	Ok(C::abi_decode_returns_validate(&output).expect("the precompile returns what it declares"))
}

/// Why a precompile refuses a call.
fn refusal<C: SolCall>(from: &AccountId, precompile: u16, input: C) -> String {
	ask(from, precompile, input).err().expect("the call is refused")
}

fn owner() -> AccountId {
	ethereum_account(ETHEREUM_ACCOUNTS[0])
}

fn other() -> AccountId {
	ethereum_account(ETHEREUM_ACCOUNTS[1])
}

fn at(who: &AccountId) -> SolAddress {
	<Runtime as pallet_revive::Config>::AddressMapper::to_address(who).0.into()
}

fn word(byte: u8) -> FixedBytes<32> {
	FixedBytes::repeat_byte(byte)
}

fn wei(amount: Balance) -> Word {
	Word::from(amount)
}

/// Whether a precompile logged this event.
fn logged(precompile: u16, event: &impl SolEvent) -> bool {
	let (topics, data) = event.encode_log_data().split();
	let topics: Vec<Hash> = topics.into_iter().map(|topic| topic.0.into()).collect();
	let wanted = pallet_revive::Event::ContractEmitted {
		contract: address_of(precompile),
		data: data.to_vec(),
		topics,
	};
	System::events()
		.into_iter()
		.any(|record| record.event == RuntimeEvent::Revive(wanted.clone()))
}

/// The native account of a well-known key, known to the EVM.
fn native(key: Sr25519Keyring) -> AccountId {
	let who = key.to_account_id();
	if !<Runtime as pallet_revive::Config>::AddressMapper::is_mapped(&who) {
		assert_ok!(Revive::map_account(RuntimeOrigin::signed(who.clone())));
	}
	who
}

fn create(price: Balance) -> IDatanets::createCall {
	IDatanets::createCall {
		name: "letters".into(),
		rights: Rights::ALL.0,
		price: wei(price),
		period: 0,
		curatorCut: 0,
	}
}

fn contribute(id: u32, hashes: &[u8]) -> IDatanets::contributeCall {
	IDatanets::contributeCall {
		id,
		hashes: hashes.iter().map(|byte| word(*byte)).collect(),
		lengths: vec![1_000; hashes.len()],
	}
}

/// Accepts batches as the curator.
fn accept(curator: &AccountId, id: u32, batches: &[u32]) {
	let scores =
		pallet_datanets::Scores { authenticity: 90, ownership: 90, quality: 90, uniqueness: 90 };
	for batch in batches {
		assert_ok!(Datanets::review(
			RuntimeOrigin::signed(curator.clone()),
			id,
			*batch,
			pallet_datanets::Verdict::Accept(scores),
		));
	}
}

/// Accepts batches as the curator and publishes them.
fn publish(curator: &AccountId, id: u32, batches: &[u32]) {
	accept(curator, id, batches);
	let batches = batches.to_vec().try_into().unwrap();
	assert_ok!(Datanets::publish(RuntimeOrigin::signed(curator.clone()), id, batches));
}

/// Publishes batches that were accepted as the block of one group; returns its account.
fn publish_group(curator: &AccountId, id: u32, version: u32, batches: &[u32]) -> AccountId {
	let batches = batches.to_vec().try_into().unwrap();
	assert_ok!(Datanets::publish_in(RuntimeOrigin::signed(curator.clone()), id, batches, 1));
	let group = Datanets::group(id, version, 0).unwrap();
	let published = pallet_datanets::Versions::<Runtime>::get(id, version).unwrap();
	assert_eq!(published.blocks[0].owner, group);
	group
}

#[test]
fn registry_should_name_every_precompile_when_asked() {
	development().execute_with(|| {
		let names = ask(&owner(), REGISTRY, IRegistry::namesCall {}).unwrap();
		assert_eq!(names, INTERFACES.map(|known| known.name.to_string()));
		let listed = ask(&owner(), REGISTRY, IRegistry::interfacesCall {}).unwrap();
		assert_eq!(listed.len(), names.len());
		for (known, listed) in INTERFACES.iter().zip(&listed) {
			assert_eq!((listed.name.as_str(), listed.version), (known.name, known.version));
			assert_eq!(listed.deprecated, known.deprecated);
			let input = IRegistry::addressOfCall { name: known.name.into() };
			assert_eq!(ask(&owner(), REGISTRY, input), Ok(listed.precompile));
		}
		for (position, name) in names.into_iter().enumerate() {
			let found = ask(&owner(), REGISTRY, IRegistry::addressOfCall { name }).unwrap();
			let expected = format!("0x000000000000000000000000000000000a0{position}0000");
			assert_eq!(format!("{found:?}").to_lowercase(), expected);
			// Solidity checks for code before it calls.
			assert!(!Revive::code(&H160(found.into_array())).is_empty());
		}
		let unknown = IRegistry::addressOfCall { name: "nobody".into() };
		let error = refusal(&owner(), REGISTRY, unknown);
		assert_eq!(error, "no precompile has this name");
	});
}

#[test]
fn datanets_should_license_and_pay_when_called_from_solidity() {
	development().execute_with(|| {
		let (owner, other) = (owner(), other());
		let id = ask(&owner, DATANETS, create(10 * UNIT)).unwrap();
		assert!(logged(DATANETS, &IDatanets::Created { id, owner: at(&owner) }));
		let terms = ask(&owner, DATANETS, IDatanets::termsCall { id }).unwrap();
		assert_eq!((terms.owner, terms.curator), (at(&owner), at(&owner)));
		assert_eq!((terms.rights, terms.price), (Rights::ALL.0, wei(10 * UNIT)));

		assert_eq!(ask(&other, DATANETS, contribute(id, &[1, 2])), Ok(0));
		let contributor = at(&other);
		assert!(logged(DATANETS, &IDatanets::Contributed { id, batch: 0, contributor, rows: 2 }));
		assert_eq!(pallet_datanets::Batches::<Runtime>::get(id, 0).unwrap().contributor, other);
		let curator = native(Sr25519Keyring::Charlie);
		let appoint = IDatanets::setCuratorCall { id, curator: at(&curator) };
		assert_eq!(refusal(&other, DATANETS, appoint.clone()), "NotOwner");
		assert!(ask(&owner, DATANETS, appoint).is_ok());
		publish(&curator, id, &[0]);

		let version = || ask(&owner, DATANETS, IDatanets::versionCall { id, number: 1 }).unwrap();
		let stored = pallet_datanets::Versions::<Runtime>::get(id, 1).unwrap();
		assert_eq!((version().root.0, version().stale), (stored.root.0, false));

		let buyer = native(Sr25519Keyring::Dave);
		let rights = Rights::FINE_TUNE.0;
		let licensed = |account| {
			ask(&owner, DATANETS, IDatanets::isLicensedCall { id, account, rights }).unwrap()
		};
		let buy = |maximum| IDatanets::buyLicenceCall { id, rights, maximum };
		assert!(!licensed(at(&buyer)));
		assert_eq!(refusal(&buyer, DATANETS, buy(wei(UNIT))), "AboveMaximum");
		assert!(ask(&buyer, DATANETS, buy(Word::MAX)).is_ok());
		assert!(logged(DATANETS, &IDatanets::LicenceBought { id, account: at(&buyer), rights }));
		assert!(licensed(at(&buyer)));

		let claimable = || {
			let account = at(&other);
			ask(&owner, DATANETS, IDatanets::claimableCall { id, account }).unwrap()
		};
		// 5 % go to the protocol.
		let due = wei(95 * UNIT / 10);
		assert_eq!(claimable(), due);
		assert!(logged(DATANETS, &IDatanets::RowsRewarded { id, amount: due }));
		let before = Balances::balance(&other);
		let claim = IDatanets::claimCall { id, account: at(&other) };
		assert_eq!(ask(&buyer, DATANETS, claim.clone()), Ok(due));
		assert_eq!(wei(Balances::balance(&other) - before), due);
		assert_eq!(claimable(), Word::ZERO);
		assert_eq!(refusal(&buyer, DATANETS, claim), "NothingToClaim");

		let row = Hash::repeat_byte(1);
		assert_ok!(Datanets::withdraw_row(RuntimeOrigin::signed(other.clone()), id, row));
		assert!(version().stale);
	});
}

#[test]
fn curator_should_be_credited_when_its_part_is_less_than_an_account_can_have() {
	development().execute_with(|| {
		let (owner, buyer) = (owner(), other());
		let price = 5 * system::ExistentialDeposit::get();
		let call = IDatanets::createCall { curatorCut: 1_000, ..create(price) };
		let id = ask(&owner, DATANETS, call).unwrap();
		let account = SolAddress::repeat_byte(7);
		ask(&owner, DATANETS, IDatanets::setCuratorCall { id, curator: account }).unwrap();
		let rights = Rights::FINE_TUNE.0;
		let buy = IDatanets::buyLicenceCall { id, rights, maximum: Word::MAX };
		ask(&buyer, DATANETS, buy).unwrap();
		// A tenth of what the protocol leaves.
		let amount = wei(price * 95 / 1_000);
		assert!(logged(DATANETS, &IDatanets::Credited { id, account, amount }));
		let claimable = IDatanets::claimableCall { id, account };
		assert_eq!(ask(&buyer, DATANETS, claimable), Ok(amount));
	});
}

#[test]
fn contributor_should_put_at_risk_and_have_it_back_when_called_from_solidity() {
	development().execute_with(|| {
		let (owner, other) = (owner(), other());
		let id = ask(&owner, DATANETS, create(0)).unwrap();
		let (account, amount) = (at(&other), wei(3 * UNIT));
		let want = IDatanets::setAtRiskCall { id, amount };
		assert_eq!(refusal(&other, DATANETS, want.clone()), "NotOwner");
		ask(&owner, DATANETS, want).unwrap();
		assert!(logged(DATANETS, &IDatanets::AtRiskSet { id, amount }));
		let at_risk = || {
			let answer = ask(&owner, DATANETS, IDatanets::atRiskCall { id, account }).unwrap();
			(answer.wanted, answer.amount)
		};
		assert_eq!(at_risk(), (amount, Word::ZERO));
		assert_eq!(refusal(&other, DATANETS, contribute(id, &[1])), "TooLittleAtRisk");
		let put = |maximum| IDatanets::putAtRiskCall { id, maximum };
		assert_eq!(refusal(&other, DATANETS, put(wei(UNIT))), "AboveMaximum");
		let before = Balances::balance(&other);
		assert_eq!(ask(&other, DATANETS, put(amount)), Ok(amount));
		assert!(logged(DATANETS, &IDatanets::PutAtRisk { id, account, amount }));
		assert_eq!(at_risk(), (amount, amount));
		assert!(before - Balances::balance(&other) > 3 * UNIT);
		assert_eq!(ask(&other, DATANETS, contribute(id, &[1])), Ok(0));
		let release = IDatanets::releaseAtRiskCall { id, account };
		assert_eq!(refusal(&other, DATANETS, release.clone()), "RiskStays");
		let row = Hash::repeat_byte(1);
		assert_ok!(Datanets::withdraw_row(RuntimeOrigin::signed(other), id, row));
		assert_eq!(ask(&owner, DATANETS, release), Ok(amount));
		assert!(logged(DATANETS, &IDatanets::RiskReleased { id, account, amount }));
	});
}

#[test]
fn group_should_share_its_pay_when_called_from_solidity() {
	development().execute_with(|| {
		let (owner, other) = (owner(), other());
		let id = ask(&owner, DATANETS, create(0)).unwrap();
		assert_eq!(ask(&owner, DATANETS, contribute(id, &[1])), Ok(0));
		assert_eq!(ask(&other, DATANETS, contribute(id, &[2, 3, 4])), Ok(1));
		accept(&owner, id, &[0, 1]);
		let version = 1;
		let group = publish_group(&owner, id, version, &[0, 1]);
		let distribute =
			|number, block| IDatanets::distributeCall { id, number, blockIndex: block };
		assert_eq!(refusal(&other, DATANETS, distribute(2, 0)), "NoVersion");
		assert_eq!(refusal(&other, DATANETS, distribute(version, 1)), "NoGroup");
		assert_eq!(refusal(&other, DATANETS, distribute(version, 0)), "NothingToClaim");

		// What it was given, and what it earned.
		assert_ok!(Balances::mint_into(&group, UNIT));
		assert_ok!(Balances::mint_into(&Attribution::pot(), 4 * UNIT));
		pallet_attribution::Earnings::<Runtime>::insert(&group, 3 * UNIT);
		let claimable = |who: &AccountId| {
			let account = at(who);
			ask(&other, DATANETS, IDatanets::claimableCall { id, account }).unwrap()
		};
		let amount = wei(4 * UNIT);
		assert_eq!(ask(&other, DATANETS, distribute(version, 0)), Ok(amount));
		assert!(logged(DATANETS, &IDatanets::Distributed { id, version, blockIndex: 0, amount }));
		assert_eq!((claimable(&owner), claimable(&other)), (wei(UNIT), wei(3 * UNIT)));
		assert_eq!(refusal(&other, DATANETS, distribute(version, 0)), "NothingToClaim");
	});
}

#[test]
fn accepted_rows_should_get_the_pay_of_a_group_when_its_members_withdrew() {
	development().execute_with(|| {
		let (owner, other) = (owner(), other());
		let id = ask(&owner, DATANETS, create(0)).unwrap();
		assert_eq!(ask(&owner, DATANETS, contribute(id, &[1])), Ok(0));
		assert_eq!(ask(&other, DATANETS, contribute(id, &[2])), Ok(1));
		// Not in the version.
		assert_eq!(ask(&other, DATANETS, contribute(id, &[3])), Ok(2));
		accept(&owner, id, &[0, 1, 2]);
		let group = publish_group(&owner, id, 1, &[0, 1]);
		for (who, byte) in [(&owner, 1), (&other, 2)] {
			let row = Hash::repeat_byte(byte);
			assert_ok!(Datanets::withdraw_row(RuntimeOrigin::signed(who.clone()), id, row));
		}
		assert_ok!(Balances::mint_into(&group, UNIT));
		let share = IDatanets::distributeCall { id, number: 1, blockIndex: 0 };
		assert_eq!(ask(&other, DATANETS, share), Ok(wei(UNIT)));
		assert!(logged(DATANETS, &IDatanets::RowsRewarded { id, amount: wei(UNIT) }));
		let claimable = IDatanets::claimableCall { id, account: at(&other) };
		assert_eq!(ask(&other, DATANETS, claimable), Ok(wei(UNIT)));
	});
}

#[test]
fn contributor_should_have_a_block_until_it_leaves_it_when_called_from_solidity() {
	development().execute_with(|| {
		let (owner, other) = (owner(), other());
		let id = ask(&owner, DATANETS, create(0)).unwrap();
		let (account, price) = (at(&other), openledger::BlockPrice::get());
		let buy = |maximum| IDatanets::buyBlockCall { id, maximum };
		assert_eq!(refusal(&other, DATANETS, buy(Word::MAX)), "NoRow");
		assert_eq!(ask(&other, DATANETS, contribute(id, &[1])), Ok(0));
		accept(&owner, id, &[0]);
		assert_eq!(refusal(&other, DATANETS, buy(wei(price - 1))), "AboveMaximum");
		let before = Balances::total_balance(&other);
		assert_eq!(ask(&other, DATANETS, buy(wei(price))), Ok(wei(price)));
		assert_eq!(before - Balances::total_balance(&other), price);
		assert!(logged(DATANETS, &IDatanets::BlockBought { id, account, price: wei(price) }));
		assert!(logged(DATANETS, &IDatanets::RowsRewarded { id, amount: wei(price) }));
		assert_eq!(refusal(&other, DATANETS, buy(Word::MAX)), "HasBlock");
		assert_eq!(pallet_datanets::Apart::<Runtime>::get(id).len(), 1);

		let leave = IDatanets::leaveBlockCall { id };
		assert!(ask(&other, DATANETS, leave.clone()).is_ok());
		assert!(logged(DATANETS, &IDatanets::BlockLeft { id, account }));
		assert_eq!(refusal(&other, DATANETS, leave), "HasNoBlock");
		assert_eq!(pallet_datanets::Apart::<Runtime>::get(id).len(), 0);
	});
}

#[test]
fn contribution_should_leave_nothing_when_it_reverts() {
	development().execute_with(|| {
		let owner = owner();
		let id = ask(&owner, DATANETS, create(0)).unwrap();
		let free = Balances::balance(&owner);
		// The first row is indexed before the second is refused.
		assert_eq!(refusal(&owner, DATANETS, contribute(id, &[1, 1])), "RowKnown");
		assert_eq!(pallet_datanets::RowIndex::<Runtime>::iter_prefix(id).count(), 0);
		assert_eq!(Balances::balance(&owner), free);
		let uneven = IDatanets::contributeCall { lengths: vec![], ..contribute(id, &[1]) };
		assert_eq!(refusal(&owner, DATANETS, uneven), "one length for each hash");
		let large: Vec<u8> = (0..=255).chain([0]).collect();
		let error = refusal(&owner, DATANETS, contribute(id, &large));
		assert_eq!(error, "TooManyRows: a batch has at most 256");
		assert_eq!(ask(&owner, DATANETS, contribute(id, &[1])), Ok(0));
	});
}

#[test]
fn agents_should_be_paid_when_called_from_solidity() {
	development().execute_with(|| {
		let (owner, other) = (owner(), other());
		let card = word(7);
		let agent = ask(&owner, AGENTS, IAgents::registerCall { card }).unwrap();
		assert!(logged(AGENTS, &IAgents::Registered { agent, owner: at(&owner), card }));
		let known = ask(&other, AGENTS, IAgents::agentOfCall { agent }).unwrap();
		let wallet = Agents::wallet(agent);
		assert_eq!((known.owner, known.wallet), (at(&owner), at(&wallet)));
		assert_eq!((known.card, known.active), (card, true));
		assert_eq!(ask(&other, AGENTS, IAgents::walletCall { agent }), Ok(at(&wallet)));

		let price = wei(2 * UNIT);
		let list = IAgents::listSkillCall { agent, card: word(8), price };
		assert_eq!(refusal(&other, AGENTS, list.clone()), "NotOwner");
		let skill = ask(&owner, AGENTS, list).unwrap();
		let listed = ask(&other, AGENTS, IAgents::skillOfCall { agent, skill }).unwrap();
		assert_eq!((listed.card, listed.price), (word(8), price));

		let input = IAgents::callSkillCall { agent, skill, maximum: price, input: word(9) };
		let mut before = Balances::balance(&other);
		assert_eq!(ask(&other, AGENTS, input.clone()), Ok(0));
		assert_eq!(before - Balances::balance(&other), 2 * UNIT);
		assert_eq!(Balances::balance(&wallet), 19 * UNIT / 10);
		let caller = at(&other);
		let event = IAgents::SkillCalled { call: 0, agent, skill, caller, input: word(9) };
		assert!(logged(AGENTS, &event));

		// With value: what is above the price comes back, and the first value given to the
		// precompile opens its account for one existential deposit.
		before = Balances::balance(&other);
		let input = IAgents::callSkillCall { maximum: Word::MAX, ..input }.abi_encode();
		let pay = |value| call(&other, address_of(AGENTS), value, input.clone());
		assert!(pay(5 * UNIT).is_ok());
		let paid = before - Balances::balance(&other);
		assert_eq!(paid, 2 * UNIT + system::ExistentialDeposit::get());
		assert_eq!(Balances::balance(&wallet), 38 * UNIT / 10);
		before = Balances::balance(&other);
		assert!(pay(2 * UNIT).is_ok());
		assert_eq!(before - Balances::balance(&other), 2 * UNIT);
		assert_eq!(pay(UNIT).unwrap_err(), "AboveMaximum");
		assert_eq!(before - Balances::balance(&other), 2 * UNIT);

		let take = IAgents::withdrawCall { agent, to: at(&owner), amount: wei(UNIT) };
		assert_eq!(refusal(&other, AGENTS, take.clone()), "NotOwner");
		before = Balances::balance(&owner);
		assert!(ask(&owner, AGENTS, take).is_ok());
		assert_eq!(Balances::balance(&owner) - before, UNIT);
	});
}

/// Ends blocks of attribution until this one begins.
fn run_to(block: BlockNumber) {
	use frame_support::traits::Hooks;
	while System::block_number() < block {
		let next = System::block_number() + 1;
		System::set_block_number(next);
		Attribution::on_initialize(next);
	}
}

const ADAPTERS: u16 = 8;
const ADAPTER: Hash = Hash::repeat_byte(5);
/// Of every counterfactual adapter.
const OTHER: Hash = Hash::repeat_byte(6);
const CLASS: u64 = 1;

/// A run on the first version of a Datanet.
fn run(datanet: u32, parent: Option<u32>) -> pallet_models::Run {
	pallet_models::Run {
		base: 0,
		datanet,
		version: 1,
		manifest: Hash::repeat_byte(4),
		method: Method::Counterfactual,
		adapters: ADAPTERS,
		class: CLASS,
		endpoint: b"https://alith.example".to_vec().try_into().unwrap(),
		parent,
	}
}

/// A model on rows of both Ethereum accounts, developed by alith and served by Bob.
fn trained() -> u32 {
	let (owner, other) = (owner(), other());
	let id = ask(&owner, DATANETS, create(0)).unwrap();
	ask(&owner, DATANETS, contribute(id, &[1])).unwrap();
	ask(&other, DATANETS, contribute(id, &[2])).unwrap();
	publish(&owner, id, &[0, 1]);
	let signed = RuntimeOrigin::signed(owner);
	let base = b"https://base.example".to_vec().try_into().unwrap();
	assert_ok!(Models::register_base(signed.clone(), Hash::repeat_byte(3), base));
	assert_ok!(Models::start_run(signed.clone(), run(id, None)));
	run_to(System::block_number() + pallet_attribution::DELAY);
	let psi = Psi::solve(&subsets(0), &[1_000, 1_000]).unwrap();
	let price = pallet_models::Price { input: 0, output: 100 * UNIT, donation: 0 };
	assert_ok!(Models::register_version(
		signed,
		0,
		ADAPTER,
		vec![OTHER; ADAPTERS.into()].try_into().unwrap(),
		psi.entries().to_vec().try_into().unwrap(),
		price,
	));
	let operator = RuntimeOrigin::signed(native(Sr25519Keyring::Bob));
	let endpoint = b"https://bob.example".to_vec().try_into().unwrap();
	assert_ok!(Models::serve(operator, 0, endpoint));
	0
}

fn subsets(model: u32) -> Vec<openledger_influence_math::Subset> {
	let design = pallet_attribution::Designs::<Runtime>::get(model).unwrap();
	draw(design.seed.unwrap(), design.blocks.len() as u16, design.adapters)
}

/// The vector of an answer to which the contributors add 30 and 10 nats.
fn vector(model: u32) -> Vec<Nats> {
	let base = -400 * 65_536;
	let value = |subset: &_| {
		[(0, 30), (1, 10)]
			.iter()
			.filter(|(block, _)| contains(subset, *block))
			.map(|(_, nats)| nats * 65_536)
			.sum::<i32>()
	};
	[base, base + 40 * 65_536]
		.into_iter()
		.chain(subsets(model).iter().map(|subset| base + value(subset)))
		.collect()
}

#[test]
fn models_should_be_readable_when_registered() {
	development().execute_with(|| {
		let who = other();
		let id = trained();
		let model = ask(&who, MODELS, IModels::modelCall { id }).unwrap();
		assert_eq!(model.developer, at(&owner()));
		assert_eq!((model.base, model.adapter), (word(3), word(5)));
		assert_eq!((model.datanet, model.version, model.donation), (0, 1, 0));
		assert_eq!((model.inputPrice, model.outputPrice), (Word::ZERO, wei(100 * UNIT)));
		let operator = at(&native(Sr25519Keyring::Bob));
		let serves = |account| ask(&who, MODELS, IModels::isOperatorCall { id, account }).unwrap();
		assert!(serves(operator) && !serves(at(&who)));
		let urls = ask(&who, MODELS, IModels::endpointsCall { id, operator }).unwrap();
		assert_eq!(urls, ["https://bob.example", "https://alith.example", "https://base.example"]);
		assert!(ask(&who, MODELS, IModels::lineageCall { id }).unwrap().is_empty());

		// A run that trains is no model yet, and its parent is its lineage.
		assert_ok!(Models::start_run(RuntimeOrigin::signed(owner()), run(0, Some(id))));
		assert_eq!(ask(&who, MODELS, IModels::lineageCall { id: 1 }), Ok(vec![id]));
		assert!(ask(&who, MODELS, IModels::modelCall { id: 1 }).is_err());
	});
}

#[test]
fn scores_should_be_psi_times_y_when_computed_for_solidity() {
	development().execute_with(|| {
		let model = trained();
		let y = vector(model);
		let input = IAttribution::scoresCall { model, y: y.clone() };
		let answer = ask(&other(), ATTRIBUTION, input).unwrap();
		assert_eq!(answer.accounts, [at(&owner()), at(&other())]);
		let psi = Psi::solve(&subsets(model), &[1_000, 1_000]).unwrap();
		let expected: Vec<I256> = psi
			.scores(&y)
			.unwrap()
			.iter()
			.map(|score| I256::try_from(*score).unwrap())
			.collect();
		assert_eq!(answer.values, expected);
		// 30 and 10 nats of 2^36, but for the shrinkage of the regression.
		let nats = |score: &I256| i128::try_from(*score).unwrap() as f64 / 2f64.powi(36);
		assert!((nats(&answer.values[0]) - 30.0).abs() < 1.0);
		assert!((nats(&answer.values[1]) - 10.0).abs() < 1.0);
		// Below the base model nobody gains: the signs survive the encoding.
		let worse = y.iter().enumerate().map(|(i, v)| if i == 0 { 0 } else { *v }).collect();
		let input = IAttribution::scoresCall { model, y: worse };
		let answer = ask(&other(), ATTRIBUTION, input).unwrap();
		assert!(answer.values.iter().all(I256::is_negative));
		let short = IAttribution::scoresCall { model, y: vec![0; 3] };
		assert!(ask(&other(), ATTRIBUTION, short).is_err());
	});
}

fn bond_scorer(key: Sr25519Keyring, n: usize) {
	let (who, pair) = (key.to_account_id(), hot_key(n));
	let domain = pallet_attribution::scorers::SCORER_DOMAIN;
	let proof = pair.sign(&(domain, System::block_hash(0), &who).encode());
	let (bond, key) = (1_000 * UNIT, ScorerId::from(pair.public()));
	assert_ok!(Attribution::bond(RuntimeOrigin::signed(who), key, proof.into(), CLASS, bond));
}

/// Bonds three scorers, which train adapters of the model again.
fn bond_scorers(model: u32) {
	run_to(committee(retrain(model)).due);
	let design = pallet_attribution::Designs::<Runtime>::get(model).unwrap();
	assert_eq!(design.standing, pallet_attribution::Standing::Active);
}

/// Bonds three scorers, which agree that adapters of the model reproduce.
fn retrain(model: u32) -> Work {
	for (n, key) in [Sr25519Keyring::Dave, Sr25519Keyring::Eve, Sr25519Keyring::Ferdie]
		.into_iter()
		.enumerate()
	{
		bond_scorer(key, n);
	}
	let work = Work::Training(model);
	if !pallet_attribution::Committees::<Runtime>::contains_key(work) {
		assert_ok!(Attribution::activate(RuntimeOrigin::signed(owner()), model));
	}
	run_to(committee(work).due);
	let hash = |index: &u16| if *index == 0 { ADAPTER } else { OTHER };
	let hashes: Vec<Hash> = committee(work).drawn.iter().map(hash).collect();
	agree(work, Finding::Adapters(hashes.try_into().unwrap()));
	work
}

/// Bonds one more scorer, which is enough for a panel.
fn bond_panel() {
	bond_scorer(Sr25519Keyring::Charlie, 3);
	pallet_attribution::Settings::<Runtime>::mutate(|settings| settings.minimum_panel = 1);
}

fn committee(work: Work) -> pallet_attribution::Committee<AccountId> {
	pallet_attribution::Committees::<Runtime>::get(work).unwrap()
}

fn hot_key(n: usize) -> sr25519::Pair {
	sr25519::Pair::from_string(&format!("//scorer{n}"), None).unwrap()
}

/// Alice pays Bob for an answer of 50 tokens; returns the receipt.
fn answer(model: u32, nonce: u64) -> Hash {
	let (payer, operator) = (Sr25519Keyring::Alice, Sr25519Keyring::Bob);
	let request = Request {
		genesis: System::block_hash(0),
		payer: payer.to_account_id(),
		operator: operator.to_account_id(),
		model,
		adapter: ADAPTER,
		prompt: Hash::repeat_byte(10),
		maximum: 10 * UNIT,
		nonce,
		expiry: 10_000,
	};
	let reply = Reply {
		request: request.id(),
		response: Hash::repeat_byte(11),
		prompt_tokens: 100,
		completion_tokens: 50,
	};
	let by_payer: MultiSignature = payer.sign(&request.payload()).into();
	let by_operator: MultiSignature = operator.sign(&reply.payload()).into();
	let signed = RuntimeOrigin::signed(operator.to_account_id());
	let id = request.id();
	assert_ok!(Attribution::submit_receipt(signed, request, by_payer, reply, by_operator));
	id
}

/// The committee of a receipt finds `y`.
fn score(receipt: Hash, y: &[Nats]) {
	find(
		Work::Answer(receipt),
		Finding::Scores(y.to_vec().try_into().unwrap(), Default::default()),
	);
}

/// A committee agrees, and nobody challenges that.
fn find(work: Work, finding: Finding) {
	agree(work, finding);
	run_to(committee(work).due);
}

/// A committee commits to what it finds and reveals it.
fn agree(work: Work, finding: Finding) {
	let authorized = || RuntimeOrigin::from(frame_system::RawOrigin::Authorized);
	let (salt, attempt) = (Hash::repeat_byte(12), committee(work).attempt);
	let sign = |payload: &[u8]| hot_key(0).sign(payload).into();
	assert_eq!(committee(work).seats.len(), 3);
	let seats = || (0..3).map(|index| SeatId { work, attempt, index });
	for seat in seats() {
		assert_ok!(Attribution::commit(authorized(), seat, salt, sign(b"")));
	}
	for seat in seats() {
		assert_ok!(Attribution::reveal(authorized(), seat, finding.clone(), salt, sign(b"")));
	}
}

#[test]
fn receipt_should_be_taken_when_an_ethereum_wallet_signed_the_request() {
	development().execute_with(|| {
		let model = trained();
		bond_scorers(model);
		let (key, address, payer) = open::wallet(7);
		let operator = native(Sr25519Keyring::Bob);
		Balances::mint_into(&payer, 1_000 * UNIT).unwrap();
		assert_ok!(Attribution::fund_channel(
			RuntimeOrigin::signed(payer.clone()),
			operator.clone(),
			100 * UNIT
		));
		let (_, nonce) = <Attribution as AttributionFace<_>>::channel(&payer, &operator).unwrap();
		let request = Request {
			genesis: System::block_hash(0),
			payer: payer.clone(),
			operator: operator.clone(),
			model,
			adapter: ADAPTER,
			prompt: Hash::repeat_byte(10),
			maximum: 10 * UNIT,
			nonce: nonce + 1,
			expiry: 10_000,
		};
		assert_eq!(at(&payer), address);
		// As wallets compute it, which take the types and the domain from the interface.
		let account = |who: &AccountId| FixedBytes(<[u8; 32]>::from(who.clone()));
		let typed = IAttribution::Request {
			genesis: FixedBytes(request.genesis.0),
			payer: account(&payer),
			operator: account(&operator),
			model,
			adapter: FixedBytes(ADAPTER.0),
			prompt: FixedBytes(request.prompt.0),
			maximum: wei(request.maximum),
			nonce: request.nonce,
			expiry: request.expiry,
		};
		let domain = Eip712Domain {
			name: Some("OpenLedger".into()),
			version: Some("1".into()),
			chain_id: Some(Word::from(EVM_CHAIN_ID)),
			verifying_contract: Some(address_of(ATTRIBUTION).0.into()),
			salt: None,
		};
		let sign = |domain: &Eip712Domain| -> MultiSignature {
			let hash = typed.eip712_signing_hash(domain);
			MultiSignature::Eth(key.sign_prehashed(&hash.0).0.into())
		};
		let reply = Reply {
			request: request.id(),
			response: Hash::repeat_byte(11),
			prompt_tokens: 100,
			completion_tokens: 50,
		};
		let submit = |by_payer: MultiSignature| {
			let by_operator: MultiSignature = Sr25519Keyring::Bob.sign(&reply.payload()).into();
			let signed = RuntimeOrigin::signed(operator.clone());
			Attribution::submit_receipt(
				signed,
				request.clone(),
				by_payer,
				reply.clone(),
				by_operator,
			)
		};
		let elsewhere = Eip712Domain { chain_id: Some(Word::from(1)), ..domain.clone() };
		let bad = Err(pallet_attribution::Error::<Runtime>::BadPayerSignature.into());
		assert_eq!(submit(sign(&elsewhere)), bad);
		assert_ok!(submit(sign(&domain)));

		// All that it owes with a second answer, which goes by batch.
		let (_, redeemed) = paid(&payer, &operator);
		let voucher = Voucher {
			genesis: request.genesis,
			payer: payer.clone(),
			operator: operator.clone(),
			model,
			adapter: ADAPTER,
			cumulative: redeemed + UNIT,
			nonce: request.nonce + 1,
			expiry: 10_000,
		};
		let typed = IAttribution::Voucher {
			genesis: FixedBytes(voucher.genesis.0),
			payer: account(&payer),
			operator: account(&operator),
			model,
			adapter: FixedBytes(ADAPTER.0),
			cumulative: wei(voucher.cumulative),
			nonce: voucher.nonce,
			expiry: voucher.expiry,
		};
		let redeem = |domain: &Eip712Domain| {
			let hash = typed.eip712_signing_hash(domain);
			let signature = MultiSignature::Eth(key.sign_prehashed(&hash.0).0.into());
			let vouchers = vec![(voucher.clone(), signature)].try_into().unwrap();
			let signed = RuntimeOrigin::signed(operator.clone());
			let [root, items] = [Hash::repeat_byte(12), Hash::repeat_byte(13)];
			Attribution::submit_batch(signed, model, vouchers, root, items, 1)
		};
		assert_eq!(redeem(&elsewhere), bad);
		assert_ok!(redeem(&domain));
		assert_eq!(paid(&payer, &operator), (voucher.nonce, voucher.cumulative));
	});
}

/// The last nonce that a channel paid, and all that it paid.
fn paid(payer: &AccountId, operator: &AccountId) -> (u64, u128) {
	let channel = pallet_attribution::Channels::<Runtime>::get(payer, operator).unwrap();
	(channel.nonce, channel.redeemed)
}

#[test]
fn attribution_should_show_and_pay_an_answer_when_called_from_solidity() {
	development().execute_with(|| {
		let model = trained();
		let (payer, operator) = (native(Sr25519Keyring::Alice), native(Sr25519Keyring::Bob));
		bond_scorers(model);
		let channel = || {
			let (payer, operator) = (at(&payer), at(&operator));
			ask(&owner(), ATTRIBUTION, IAttribution::channelCall { payer, operator }).unwrap()
		};
		assert_eq!((channel().balance, channel().nonce), (Word::ZERO, 0));
		let amount = wei(100 * UNIT);
		let fund = IAttribution::fundChannelCall { operator: at(&operator), amount };
		assert!(ask(&payer, ATTRIBUTION, fund).is_ok());
		let (from, to) = (at(&payer), at(&operator));
		let event = IAttribution::ChannelFunded { payer: from, operator: to, amount };
		assert!(logged(ATTRIBUTION, &event));
		assert_eq!(channel().balance, amount);

		let receipt = answer(model, channel().nonce + 1);
		let id = FixedBytes(receipt.0);
		let shown = || ask(&owner(), ATTRIBUTION, IAttribution::receiptCall { id }).unwrap();
		assert_eq!((shown().payer, shown().operator), (from, to));
		assert_eq!((shown().model, shown().fee), (model, wei(5 * UNIT)));
		assert!(matches!(shown().phase, IAttribution::Phase::Waiting));
		assert_eq!(channel().balance, wei(95 * UNIT));
		let items = IAttribution::answerItemsCall { id };
		let error = refusal(&owner(), ATTRIBUTION, items.clone());
		assert_eq!(error, "the receipt is not scored");

		run_to(System::block_number() + pallet_attribution::DELAY);
		assert!(matches!(shown().phase, IAttribution::Phase::Commit));
		score(receipt, &vector(model));
		assert!(matches!(shown().phase, IAttribution::Phase::Scored));
		let items = ask(&owner(), ATTRIBUTION, items).unwrap();
		assert_eq!(items.accounts, [at(&owner()), at(&other())]);
		assert_eq!(items.errors.len(), 2);
		// Two fifths of five, three quarters of it to the first contributor.
		let amount = |i: usize| i128::try_from(items.amounts[i]).unwrap() as f64 / UNIT as f64;
		assert!((amount(0) - 1.5).abs() < 0.05 && (amount(1) - 0.5).abs() < 0.05);

		let Phase::Scored { period } =
			pallet_attribution::Receipts::<Runtime>::get(receipt).unwrap().phase
		else {
			panic!("the receipt is scored")
		};
		let length = pallet_attribution::Settings::<Runtime>::get().period;
		run_to((period + 1) * length);
		assert_ok!(Attribution::settle(RuntimeOrigin::signed(owner()), model, period));
		let account = at(&other());
		let pending =
			|| ask(&owner(), ATTRIBUTION, IAttribution::pendingRewardsCall { account }).unwrap();
		let due = pending();
		assert_eq!(I256::from_raw(due), items.amounts[1]);
		let before = Balances::balance(&other());
		let claim = IAttribution::claimCall { account };
		assert_eq!(ask(&payer, ATTRIBUTION, claim.clone()), Ok(due));
		assert!(logged(ATTRIBUTION, &IAttribution::Claimed { account, amount: due }));
		assert_eq!(wei(Balances::balance(&other()) - before), due);
		assert_eq!(pending(), Word::ZERO);
		assert_eq!(refusal(&payer, ATTRIBUTION, claim), "NothingToClaim");

		let close = IAttribution::closeChannelCall { operator: to };
		let withdraw = IAttribution::withdrawChannelCall { operator: to };
		assert!(ask(&payer, ATTRIBUTION, close).is_ok());
		assert_eq!(refusal(&payer, ATTRIBUTION, withdraw.clone()), "ChannelOpen");
		let notice = pallet_attribution::Settings::<Runtime>::get().notice;
		run_to(System::block_number() + notice + 1);
		let before = Balances::balance(&payer);
		assert!(ask(&payer, ATTRIBUTION, withdraw).is_ok());
		// The rest, and the deposit for the channel.
		assert!(Balances::balance(&payer) - before > 95 * UNIT);
		assert_eq!(channel().balance, Word::ZERO);
	});
}

#[test]
fn panel_should_be_asked_when_solidity_challenges_what_a_committee_found() {
	development().execute_with(|| {
		let model = trained();
		retrain(model);
		bond_panel();
		let work: FixedBytes<32> = Word::from(model).into();
		let asked = |work| {
			let doubt = IAttribution::Doubt::Challenge;
			logged(ATTRIBUTION, &IAttribution::PanelAsked { work, doubt })
		};
		assert!(!asked(work));
		let version = IAttribution::challengeVersionCall { model };
		let bond = ask(&owner(), ATTRIBUTION, version).unwrap();
		let challenger = at(&owner());
		assert!(logged(ATTRIBUTION, &IAttribution::Challenged { work, challenger, bond }));
		assert!(asked(work));
	});
}

#[test]
fn challenge_should_be_logged_when_solidity_doubts_an_answer_or_an_active_version() {
	development().execute_with(|| {
		let model = trained();
		bond_scorers(model);
		let (payer, operator) = (native(Sr25519Keyring::Alice), native(Sr25519Keyring::Bob));
		let amount = wei(20 * UNIT);
		let fund = IAttribution::fundChannelCall { operator: at(&operator), amount };
		ask(&payer, ATTRIBUTION, fund).unwrap();
		let (_, nonce) = <Attribution as AttributionFace<_>>::channel(&payer, &operator).unwrap();
		let receipt = answer(model, nonce + 1);
		run_to(System::block_number() + pallet_attribution::DELAY);
		let y = vector(model).try_into().unwrap();
		agree(Work::Answer(receipt), Finding::Scores(y, Default::default()));
		bond_panel();
		let challenger = at(&owner());
		let asked = |work| {
			let doubt = IAttribution::Doubt::Challenge;
			logged(ATTRIBUTION, &IAttribution::PanelAsked { work, doubt })
		};
		let work = FixedBytes(receipt.0);
		let input = IAttribution::challengeCall { id: work };
		let bond = ask(&owner(), ATTRIBUTION, input).unwrap();
		assert!(logged(ATTRIBUTION, &IAttribution::Challenged { work, challenger, bond }));
		assert!(asked(work));

		// No committee of an active version is asked again: it gets one of its own.
		let work: FixedBytes<32> = Word::from(model).into();
		let input = IAttribution::challengeAdaptersCall { model, adapters: vec![0, 1] };
		let bond = ask(&owner(), ATTRIBUTION, input).unwrap();
		assert!(logged(ATTRIBUTION, &IAttribution::Challenged { work, challenger, bond }));
		assert!(!asked(work));
	});
}

#[test]
fn unknown_ids_should_revert_with_the_reason_when_asked_for() {
	development().execute_with(|| {
		let who = owner();
		let reason = |precompile, input: Vec<u8>| {
			call(&who, address_of(precompile), 0, input).expect_err("nothing is there")
		};
		let account = at(&who);
		let missing = word(1);
		let table = [
			(DATANETS, contribute(9, &[1]).abi_encode(), "NoDatanet"),
			(
				DATANETS,
				IDatanets::buyLicenceCall { id: 9, rights: 1, maximum: Word::MAX }.abi_encode(),
				"NoDatanet",
			),
			(
				DATANETS,
				IDatanets::setCuratorCall { id: 9, curator: account }.abi_encode(),
				"NoDatanet",
			),
			(
				DATANETS,
				IDatanets::setAtRiskCall { id: 9, amount: wei(UNIT) }.abi_encode(),
				"NoDatanet",
			),
			(DATANETS, IDatanets::termsCall { id: 9 }.abi_encode(), "NoDatanet"),
			(DATANETS, IDatanets::versionCall { id: 9, number: 1 }.abi_encode(), "NoVersion"),
			(DATANETS, IDatanets::claimCall { id: 9, account }.abi_encode(), "NothingToClaim"),
			(DATANETS, IDatanets::atRiskCall { id: 9, account }.abi_encode(), "NoDatanet"),
			(
				DATANETS,
				IDatanets::putAtRiskCall { id: 9, maximum: Word::MAX }.abi_encode(),
				"NoDatanet",
			),
			(
				DATANETS,
				IDatanets::releaseAtRiskCall { id: 9, account }.abi_encode(),
				"NothingAtRisk",
			),
			(
				DATANETS,
				IDatanets::distributeCall { id: 9, number: 1, blockIndex: 0 }.abi_encode(),
				"NoVersion",
			),
			(
				DATANETS,
				IDatanets::buyBlockCall { id: 9, maximum: Word::MAX }.abi_encode(),
				"NoDatanet",
			),
			(DATANETS, IDatanets::leaveBlockCall { id: 9 }.abi_encode(), "HasNoBlock"),
			(MODELS, IModels::modelCall { id: 9 }.abi_encode(), "NoModel"),
			(AGENTS, IAgents::agentOfCall { agent: 9 }.abi_encode(), "NoAgent"),
			(AGENTS, IAgents::walletCall { agent: 9 }.abi_encode(), "NoAgent"),
			(AGENTS, IAgents::skillOfCall { agent: 9, skill: 0 }.abi_encode(), "NoSkill"),
			(
				AGENTS,
				IAgents::listSkillCall { agent: 9, card: missing, price: Word::ZERO }.abi_encode(),
				"NoAgent",
			),
			(
				AGENTS,
				IAgents::callSkillCall { agent: 9, skill: 0, maximum: Word::MAX, input: missing }
					.abi_encode(),
				"NoAgent",
			),
			(ATTRIBUTION, IAttribution::receiptCall { id: missing }.abi_encode(), "NoReceipt"),
			(ATTRIBUTION, IAttribution::answerItemsCall { id: missing }.abi_encode(), "NoReceipt"),
			(
				ATTRIBUTION,
				IAttribution::scoresCall { model: 9, y: vec![0; 4] }.abi_encode(),
				"no such model, or not one entry for the base and each adapter",
			),
			(ATTRIBUTION, IAttribution::claimCall { account }.abi_encode(), "NothingToClaim"),
			(
				ATTRIBUTION,
				IAttribution::closeChannelCall { operator: account }.abi_encode(),
				"NoChannel",
			),
			(
				ATTRIBUTION,
				IAttribution::withdrawChannelCall { operator: account }.abi_encode(),
				"NoChannel",
			),
			(
				ATTRIBUTION,
				IAttribution::spanIndexCall { datanet: 9, version: 1 }.abi_encode(),
				"NoIndex",
			),
			(ATTRIBUTION, spans::register(0, &spans::honest()).abi_encode(), "NoVersion"),
		];
		for (precompile, input, expected) in table {
			assert_eq!(reason(precompile, input), expected);
		}
		// What asks about rights and money of nobody is false or nothing.
		let id = 9;
		let licensed = IDatanets::isLicensedCall { id, account, rights: 1 };
		assert_eq!(ask(&who, DATANETS, licensed), Ok(false));
		let claimable = IDatanets::claimableCall { id, account };
		assert_eq!(ask(&who, DATANETS, claimable), Ok(Word::ZERO));
		assert_eq!(ask(&who, MODELS, IModels::isOperatorCall { id, account }), Ok(false));
		// Terms that the pallet refuses, and amounts beyond its type.
		let bad = IDatanets::createCall { rights: 0, ..create(0) };
		assert_eq!(refusal(&who, DATANETS, bad), "BadTerms");
		let bad = IDatanets::createCall { price: Word::MAX, ..create(0) };
		assert_eq!(refusal(&who, DATANETS, bad), "an amount is below 2^128 wei");
		let bad = IDatanets::createCall { name: "x".repeat(65), ..create(0) };
		assert_eq!(refusal(&who, DATANETS, bad), "BadName");
	});
}

/// One call of every function that changes something.
fn changing(account: SolAddress) -> Vec<(u16, Vec<u8>)> {
	let (id, agent, skill, operator) = (0, 0, 0, account);
	let maximum = Word::MAX;
	let (owner, value, deadline) = (account, wei(UNIT), Word::MAX);
	let (nonce, v, r, s) = (word(1), 27, word(1), word(1));
	vec![
		(DATANETS, create(0).abi_encode()),
		(DATANETS, contribute(0, &[99]).abi_encode()),
		(DATANETS, IDatanets::setCuratorCall { id, curator: account }.abi_encode()),
		(DATANETS, IDatanets::setAtRiskCall { id, amount: wei(UNIT) }.abi_encode()),
		(DATANETS, IDatanets::buyLicenceCall { id, rights: 1, maximum }.abi_encode()),
		(DATANETS, IDatanets::claimCall { id, account }.abi_encode()),
		(DATANETS, IDatanets::putAtRiskCall { id, maximum }.abi_encode()),
		(DATANETS, IDatanets::releaseAtRiskCall { id, account }.abi_encode()),
		(DATANETS, IDatanets::distributeCall { id, number: 1, blockIndex: 0 }.abi_encode()),
		(DATANETS, IDatanets::buyBlockCall { id, maximum }.abi_encode()),
		(DATANETS, IDatanets::leaveBlockCall { id }.abi_encode()),
		(AGENTS, IAgents::registerCall { card: word(1) }.abi_encode()),
		(AGENTS, IAgents::listSkillCall { agent, card: word(1), price: Word::ZERO }.abi_encode()),
		(AGENTS, IAgents::callSkillCall { agent, skill, maximum, input: word(1) }.abi_encode()),
		(AGENTS, IAgents::withdrawCall { agent, to: account, amount: Word::ZERO }.abi_encode()),
		(ATTRIBUTION, IAttribution::claimCall { account }.abi_encode()),
		(ATTRIBUTION, IAttribution::fundChannelCall { operator, amount: wei(UNIT) }.abi_encode()),
		(ATTRIBUTION, IAttribution::closeChannelCall { operator }.abi_encode()),
		(ATTRIBUTION, IAttribution::withdrawChannelCall { operator }.abi_encode()),
		(ATTRIBUTION, IAttribution::challengeCall { id: word(1) }.abi_encode()),
		(ATTRIBUTION, IAttribution::challengeVersionCall { model: 0 }.abi_encode()),
		(
			ATTRIBUTION,
			IAttribution::challengeAdaptersCall { model: 0, adapters: vec![0] }.abi_encode(),
		),
		(ATTRIBUTION, spans::register(0, &spans::honest()).abi_encode()),
		(ATTRIBUTION, spans::challenge(0, &spans::faulty().1).abi_encode()),
		(ATTRIBUTION, IAttribution::retireSpansCall { datanet: 0, version: 1 }.abi_encode()),
		(ATTRIBUTION, IAttribution::removeSpansCall { datanet: 0, version: 1 }.abi_encode()),
		(ATTRIBUTION, spans::demand(0, 1).abi_encode()),
		(ATTRIBUTION, spans::show(0, &spans::honest(), 1).abi_encode()),
		(ATTRIBUTION, spans::end_demand(0, 1).abi_encode()),
		(OPEN, IOpen::transferCall { to: account, value }.abi_encode()),
		(OPEN, IOpen::approveCall { spender: account, value }.abi_encode()),
		(OPEN, IOpen::transferFromCall { from: account, to: account, value }.abi_encode()),
		(
			OPEN,
			IOpen::permitCall { owner, spender: account, value, deadline, v, r, s }.abi_encode(),
		),
		(
			OPEN,
			IOpen::transferWithAuthorizationCall {
				from: owner,
				to: account,
				value,
				validAfter: Word::ZERO,
				validBefore: deadline,
				nonce,
				v,
				r,
				s,
			}
			.abi_encode(),
		),
		(
			OPEN,
			IOpen::receiveWithAuthorizationCall {
				from: owner,
				to: account,
				value,
				validAfter: Word::ZERO,
				validBefore: deadline,
				nonce,
				v,
				r,
				s,
			}
			.abi_encode(),
		),
		(OPEN, IOpen::cancelAuthorizationCall { authorizer: owner, nonce, v, r, s }.abi_encode()),
	]
}

/// Names of the functions that the source of an interface declares neither `view` nor `pure`.
fn not_reading(source: &str) -> Vec<String> {
	let code: Vec<_> = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
	code.join(" ")
		.split(';')
		.filter_map(|item| item.split_once("function "))
		.filter(|(_, function)| {
			!function.split_whitespace().any(|word| ["view", "pure"].contains(&word))
		})
		.filter_map(|(_, function)| function.split('(').next().map(Into::into))
		.collect()
}

#[test]
fn changing_should_have_a_function_when_its_interface_declares_no_view() {
	development().execute_with(|| {
		let known = changing(at(&owner()));
		macro_rules! check {
			($precompile:ident, $interface:ident, $calls:ident) => {
				let source = include_str!(concat!(
					"../../../pallets/precompiles/sol/",
					stringify!($interface),
					".sol"
				));
				let changes = not_reading(source);
				for (selector, signature) in
					$interface::$calls::SELECTORS.iter().zip($interface::$calls::SIGNATURES)
				{
					let named = |name: &String| signature.starts_with(&format!("{name}("));
					let listed = known.iter().any(|(precompile, input)| {
						*precompile == $precompile && input[..4] == *selector
					});
					assert_eq!(listed, changes.iter().any(named), "{signature}");
				}
			};
		}
		check!(REGISTRY, IRegistry, IRegistryCalls);
		check!(DATANETS, IDatanets, IDatanetsCalls);
		check!(MODELS, IModels, IModelsCalls);
		check!(AGENTS, IAgents, IAgentsCalls);
		check!(ATTRIBUTION, IAttribution, IAttributionCalls);
		check!(OPEN, IOpen, IOpenCalls);
	});
}

#[test]
fn changes_should_be_refused_when_the_call_is_static_or_delegated() {
	development().execute_with(|| {
		let who = owner();
		let forwarders = |opcode| {
			[DATANETS, AGENTS, ATTRIBUTION, OPEN]
				.map(|precompile| (precompile, deploy(address_of(precompile), opcode, "")))
		};
		let (fixed, delegated) = (forwarders("fa"), forwarders("f4"));
		let find = |all: &[(u16, H160); 4], wanted| {
			all.iter().find(|(precompile, _)| *precompile == wanted).unwrap().1
		};
		for (precompile, input) in changing(at(&who)) {
			let error = call(&who, find(&fixed, precompile), 0, input.clone()).unwrap_err();
			assert_eq!(error, "not by static call: this function changes the state");
			let error = call(&who, find(&delegated, precompile), 0, input).unwrap_err();
			assert_eq!(error, "not by delegate call: call the precompile itself");
		}
		assert_eq!(pallet_datanets::NextDatanet::<Runtime>::get(), 0);
		assert_eq!(pallet_agents::NextAgent::<Runtime>::get(), 0);
		// What only reads answers a static call.
		let input = IAttribution::pendingRewardsCall { account: at(&who) }.abi_encode();
		let output = call(&who, find(&fixed, ATTRIBUTION), 0, input).unwrap();
		assert_eq!(output, [0; 32]);
	});
}

#[test]
fn value_should_be_refused_when_a_function_takes_none() {
	development().execute_with(|| {
		let who = owner();
		let before = Balances::balance(&who);
		let reads = [
			(REGISTRY, IRegistry::namesCall {}.abi_encode()),
			(OPEN, IOpen::nameCall {}.abi_encode()),
			(MODELS, IModels::modelCall { id: 0 }.abi_encode()),
		];
		for (precompile, input) in changing(at(&who)).into_iter().chain(reads) {
			let error = call(&who, address_of(precompile), UNIT, input.clone()).unwrap_err();
			if input[..4] == IAgents::callSkillCall::SELECTOR {
				assert_eq!(error, "NoAgent");
			} else {
				assert_eq!(error, "this function takes no value");
			}
			assert_eq!(Balances::balance(&who), before);
		}
	});
}

#[test]
fn contract_should_act_for_itself_when_it_calls() {
	development().execute_with(|| {
		let who = owner();
		let contract = deploy(address_of(AGENTS), "f1", "34");
		let account = <Runtime as pallet_revive::Config>::AddressMapper::to_account_id(&contract);
		assert_ok!(Balances::mint_into(&account, 10 * UNIT));
		let register = IAgents::registerCall { card: word(1) }.abi_encode();
		assert!(call(&who, contract, 0, register).is_ok());
		let agent = pallet_agents::Agents::<Runtime>::get(0).unwrap();
		assert_eq!(agent.owner, account);
		assert_eq!(agent.deposit.0, account);
		let list = IAgents::listSkillCall { agent: 0, card: word(1), price: wei(UNIT) };
		assert_eq!(refusal(&who, AGENTS, list.clone()), "NotOwner");
		assert!(call(&who, contract, 0, list.abi_encode()).is_ok());
		// The contract passes the user's value on and is the caller of the skill.
		let before = Balances::balance(&account);
		let input =
			IAgents::callSkillCall { agent: 0, skill: 0, maximum: wei(UNIT), input: word(2) };
		assert!(call(&who, contract, 3 * UNIT, input.abi_encode()).is_ok());
		assert_eq!(Balances::balance(&account) - before, 2 * UNIT);
		let caller = SolAddress::from(contract.0);
		let event = IAgents::SkillCalled { call: 0, agent: 0, skill: 0, caller, input: word(2) };
		assert!(logged(AGENTS, &event));
	});
}

#[test]
fn ethereum_transaction_should_reach_the_precompiles_when_signed_by_a_wallet() {
	development().execute_with(|| {
		let from = Some(alith().address());
		let transact = |precompile, input: Vec<u8>, name: &str| {
			let to = address_of(precompile);
			let tx = GenericTransactionV1 {
				from,
				to: Some(to),
				input: input.clone().into(),
				..Default::default()
			};
			let gas = estimate(tx);
			println!("{name}: {gas} gas");
			send(Some(to), 0, input, gas);
		};
		transact(DATANETS, create(UNIT).abi_encode(), "IDatanets.create");
		transact(DATANETS, contribute(0, &[1, 2, 3, 4]).abi_encode(), "contribute 4 rows");
		let id = 0;
		let maximum = wei(UNIT);
		let buy = IDatanets::buyLicenceCall { id, rights: 1, maximum }.abi_encode();
		transact(DATANETS, buy, "buyLicence");
		transact(AGENTS, IAgents::registerCall { card: word(1) }.abi_encode(), "register");
		let operator = at(&other());
		let fund = IAttribution::fundChannelCall { operator, amount: wei(UNIT) }.abi_encode();
		transact(ATTRIBUTION, fund, "fundChannel");
		assert_eq!(pallet_datanets::Datanets::<Runtime>::get(0).unwrap().owner, owner());
		assert_eq!(pallet_datanets::Batches::<Runtime>::get(0, 0).unwrap().rows, 4);
		assert!(pallet_datanets::Licences::<Runtime>::contains_key(0, owner()));
		assert_eq!(pallet_agents::Agents::<Runtime>::get(0).unwrap().owner, owner());
		assert_eq!(Attribution::channel(owner(), other()).map(|(balance, _)| balance), Some(UNIT));
	});
}

#[test]
fn reads_should_fit_into_a_block_when_the_design_is_the_largest() {
	let normal = system::RuntimeBlockWeights::get()
		.get(frame_support::dispatch::DispatchClass::Normal)
		.max_extrinsic
		.unwrap();
	let weight = <Attribution as AttributionFace<AccountId>>::weight;
	let (blocks, adapters) = (openledger_core::MAX_BLOCKS, openledger_core::MAX_ADAPTERS);
	for call in [
		AttributionCall::Scores { blocks, adapters },
		AttributionCall::AnswerItems { blocks, adapters },
	] {
		// With room for the contract that asks.
		assert!(weight(call).ref_time() < normal.ref_time() / 2, "{call:?}");
	}
}
