//! The chain's promises, checked natively from the development genesis.

use crate::{genesis::ETHEREUM_ACCOUNTS, *};
use codec::{Decode, Encode};
use frame_support::{
	assert_ok,
	dispatch::GetDispatchInfo,
	storage::with_transaction_unchecked,
	traits::{fungible::Inspect, Contains, InstanceFilter},
};
use pallet_revive::{
	evm::{Account, TransactionLegacyUnsigned, TransactionUnsigned},
	pallet_revive_types::runtime_api::{
		EstimateGasInputPayloadV1, EstimateGasOutputPayloadV1, EthTransactInfoV1,
		GenericTransactionV1, MaxExtrinsicWeightInGasInputPayloadV1,
		MaxExtrinsicWeightInGasOutputPayloadV1, TransactInputPayloadV1, TransactOutputPayloadV1,
	},
	runtime_decl_for_revive_api::ReviveApiV2,
	AddressMapper, EthTransactError, H160, U256,
};
use pallet_staking::RewardDestination;
use serde_json::Value;
use sp_consensus_babe::digests::{CompatibleDigestItem, PreDigest, SecondaryPlainPreDigest};
use sp_genesis_builder::runtime_decl_for_genesis_builder::GenesisBuilderV1;
use sp_io::TestExternalities;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{
	traits::{Dispatchable, Header as _},
	Digest, DigestItem, Perbill, TransactionOutcome,
};

mod attacks;
mod events;
mod exhibits;
mod groups;
mod precompiles;
mod tips;

/// EVM code that adds one to storage slot 0 and returns it, behind twelve bytes of constructor.
const COUNTER: &str = "6012600c60003960126000f36000546001018060005560005260206000f3";

fn merge(into: &mut Value, patch: Value) {
	match (into, patch) {
		(Value::Object(into), Value::Object(patch)) => {
			for (key, value) in patch {
				merge(into.entry(key).or_insert(Value::Null), value);
			}
		},
		(into, patch) => *into = patch,
	}
}

/// What a node makes of a preset: a patch of the default genesis.
fn genesis(preset: &str) -> Value {
	let json = |id: Option<&str>| -> Value {
		let bytes = Runtime::get_preset(&id.map(Into::into)).expect("the preset exists");
		serde_json::from_slice(&bytes).expect("a preset is JSON")
	};
	let mut config = json(None);
	merge(&mut config, json(Some(preset)));
	config
}

fn build(config: &Value) -> sp_genesis_builder::Result {
	Runtime::build_state(serde_json::to_vec(config).unwrap())
}

fn development() -> TestExternalities {
	let mut ext = TestExternalities::new_empty();
	ext.execute_with(|| {
		build(&genesis("development")).expect("genesis builds");
		start_block(1);
	});
	ext
}

fn start_block(number: BlockNumber) {
	start_block_in(number, number.into());
}

/// Ends the block that is open, with its inherent.
fn end_block() {
	let now = u64::from(Babe::current_slot()) * SLOT_MILLIS;
	let time = RuntimeCall::Timestamp(pallet_timestamp::Call::set { now });
	Executive::apply_extrinsic(generic::UncheckedExtrinsic::new_bare(time).into())
		.expect("the inherent is valid")
		.expect("the inherent succeeds");
	Executive::finalize_block();
}

/// Opens the next block in the next session: a block per session is enough for the author to count
/// as present.
fn next_session() {
	let (number, slot) = (System::block_number(), u64::from(Babe::current_slot()));
	end_block();
	start_block_in(number + 1, slot + consensus::EpochSlots::get());
	assert_eq!(Balances::total_issuance(), pots::SUPPLY, "in block {}", number + 1);
}

fn active_era() -> u32 {
	pallet_staking::ActiveEra::<Runtime>::get().expect("an era is active").index
}

fn run_to_era(era: u32) {
	while active_era() < era {
		next_session();
	}
}

fn act(who: &AccountId, call: impl Into<RuntimeCall>) {
	call.into()
		.dispatch(RuntimeOrigin::signed(who.clone()))
		.expect("the call succeeds");
}

fn free(of: &AccountId) -> Balance {
	Balances::free_balance(of)
}

fn start_block_in(number: BlockNumber, slot: u64) {
	let slot = PreDigest::SecondaryPlain(SecondaryPlainPreDigest {
		authority_index: 0,
		slot: slot.into(),
	});
	let digest = Digest { logs: vec![<DigestItem as CompatibleDigestItem>::babe_pre_digest(slot)] };
	Executive::initialize_block(&Header::new(
		number,
		Default::default(),
		Default::default(),
		Default::default(),
		digest,
	));
}

fn alith() -> Account {
	Account::default()
}

fn transfer(to: H160) -> GenericTransactionV1 {
	GenericTransactionV1 {
		from: Some(alith().address()),
		to: Some(to),
		value: Some(UNIT.into()),
		..Default::default()
	}
}

/// Runs and forgets, as a node does with every call of a runtime API. The dry run itself keeps
/// its changes.
fn discarding<R>(run: impl FnOnce() -> R) -> R {
	with_transaction_unchecked(|| TransactionOutcome::Rollback(run()))
}

fn estimate(tx: GenericTransactionV1) -> U256 {
	let input = EstimateGasInputPayloadV1 { tx, timestamp_override: None, state_overrides: None };
	let output = discarding(|| Runtime::eth_estimate_gas_versioned(input.into()))
		.expect("the estimate succeeds");
	EstimateGasOutputPayloadV1::try_from(output).expect("same version").gas_estimate
}

fn dry_run(tx: GenericTransactionV1) -> Result<EthTransactInfoV1<Balance>, EthTransactError> {
	let input = TransactInputPayloadV1 {
		tx,
		timestamp_override: None,
		perform_balance_checks: true,
		state_overrides: None,
	};
	let output = discarding(|| Runtime::eth_transact_versioned(input.into()))?;
	Ok(TransactOutputPayloadV1::try_from(output).expect("same version").transact_info)
}

fn price() -> U256 {
	Revive::evm_base_fee()
}

fn balance(of: H160) -> U256 {
	Revive::evm_balance(&of)
}

/// Signs with alith's key and applies the transaction to the block.
fn send(to: Option<H160>, value: u128, input: Vec<u8>, gas: U256) -> usize {
	let tx = TransactionUnsigned::from(TransactionLegacyUnsigned {
		chain_id: Some(EVM_CHAIN_ID.into()),
		gas,
		gas_price: price(),
		input: input.into(),
		nonce: Revive::evm_nonce(&alith().address()).into(),
		to,
		value: value.into(),
		..Default::default()
	});
	let payload = alith().sign_transaction(tx).signed_payload();
	let call = RuntimeCall::Revive(pallet_revive::Call::eth_transact { payload });
	let extrinsic: UncheckedExtrinsic = generic::UncheckedExtrinsic::new_bare(call).into();
	let length = extrinsic.encoded_size();
	Executive::apply_extrinsic(extrinsic)
		.expect("the transaction is valid")
		.expect("the transaction succeeds");
	length
}

fn hex(code: &str) -> Vec<u8> {
	(0..code.len())
		.step_by(2)
		.map(|i| u8::from_str_radix(&code[i..i + 2], 16).unwrap())
		.collect()
}

#[test]
fn pallets_agree_with_their_configuration() {
	use frame_support::traits::IntegrityTest;
	development().execute_with(AllPalletsWithSystem::integrity_test);
}

#[test]
fn no_weight_or_limit_is_zero() {
	use frame_support::traits::Get;
	type Config = <Runtime as frame_system::Config>::DbWeight;
	let db = <Config as Get<frame_support::weights::RuntimeDbWeight>>::get();
	assert!(db.read > 0 && db.write > 0);
	assert!(system::RuntimeBlockWeights::get().max_block.ref_time() > 0);
	assert!(
		*system::RuntimeBlockLength::get()
			.max
			.get(frame_support::dispatch::DispatchClass::Normal)
			> 0
	);
}

#[test]
fn genesis_elects_the_stakers() {
	development().execute_with(|| {
		assert_eq!(Session::validators().len(), 1);
		assert_eq!(pallet_staking::ActiveEra::<Runtime>::get().map(|era| era.index), Some(0));
		assert!(pallet_staking::ErasStakersOverview::<Runtime>::iter_prefix(0).count() == 1);
		assert_eq!(Babe::authorities().len(), 1);
		assert_eq!(Grandpa::grandpa_authorities().len(), 1);
	});
}

#[test]
fn the_price_is_one_gwei_at_the_floor() {
	development().execute_with(|| {
		assert_eq!(price(), U256::from(GAS_PRICE_FLOOR));
		let output = Runtime::max_extrinsic_weight_in_gas_versioned(
			MaxExtrinsicWeightInGasInputPayloadV1.into(),
		);
		let gas = MaxExtrinsicWeightInGasOutputPayloadV1::try_from(output).expect("same version");
		println!("gas of the largest extrinsic: {}", gas.max_extrinsic_weight_in_gas);
	});
}

#[test]
fn a_plain_transfer_fits_into_21000_gas() {
	development().execute_with(|| {
		let old = estimate(transfer(ETHEREUM_ACCOUNTS[1].into()));
		let new = estimate(transfer(H160::repeat_byte(0x77)));
		println!("gas of a plain transfer: {old} to an old account, {new} to a new one");
		assert!(old <= 21_000.into() && new <= 21_000.into());
	});
}

#[test]
fn a_signed_transfer_moves_value_with_21000_gas() {
	development().execute_with(|| {
		let to = H160::repeat_byte(0x77);
		let before = balance(alith().address());
		let length = send(Some(to), UNIT, Vec::new(), 21_000.into());
		assert_eq!(balance(to), UNIT.into());
		let fee = before - balance(alith().address()) - U256::from(UNIT);
		println!("a transfer of {length} bytes paid {} gas", fee / price());
		assert!(fee <= U256::from(21_000) * price());
	});
}

#[test]
fn evm_code_deploys_and_counts() {
	development().execute_with(|| {
		let from = Some(alith().address());
		let create =
			GenericTransactionV1 { from, input: hex(COUNTER).into(), ..Default::default() };
		let dry = dry_run(create.clone()).expect("the dry run succeeds");
		let gas = estimate(create);
		println!(
			"deploying: dry run {} gas, estimate {gas}, deposit {}",
			dry.eth_gas, dry.storage_deposit
		);
		let contract = pallet_revive::create1(
			&alith().address(),
			Revive::evm_nonce(&alith().address()).into(),
		);
		send(None, 0, hex(COUNTER), gas);
		assert_eq!(Revive::code(&contract), hex(&COUNTER[24..]));

		for expected in 1u8..=2 {
			let call = GenericTransactionV1 { from, to: Some(contract), ..Default::default() };
			let dry = dry_run(call.clone()).expect("the dry run succeeds");
			assert_eq!(dry.data.last(), Some(&expected));
			let gas = estimate(call);
			println!("call {expected}: dry run {} gas, estimate {gas}", dry.eth_gas);
			send(Some(contract), 0, Vec::new(), gas);
		}
		let slot = Revive::get_storage(contract, [0; 32]).unwrap().unwrap();
		assert_eq!(slot.last(), Some(&2));
	});
}

#[test]
fn polkavm_code_is_refused_on_both_paths() {
	development().execute_with(|| {
		let tx = TransactionUnsigned::from(TransactionLegacyUnsigned {
			chain_id: Some(EVM_CHAIN_ID.into()),
			gas: 10_000_000.into(),
			gas_price: price(),
			input: b"PVM\0code".to_vec().into(),
			..Default::default()
		});
		let payload = alith().sign_transaction(tx).signed_payload();
		let call = RuntimeCall::Revive(pallet_revive::Call::eth_transact { payload });
		let before = balance(alith().address());
		let extrinsic: UncheckedExtrinsic = generic::UncheckedExtrinsic::new_bare(call).into();
		assert!(Executive::apply_extrinsic(extrinsic).is_err());
		assert_eq!(balance(alith().address()), before);

		let upload = RuntimeCall::Revive(pallet_revive::Call::upload_code {
			code: b"PVM\0code".to_vec(),
			storage_deposit_limit: UNIT,
		});
		let who = RuntimeOrigin::signed(Sr25519Keyring::Alice.to_account_id());
		let error = upload.dispatch(who).unwrap_err().error;
		assert_eq!(error, frame_system::Error::<Runtime>::CallFiltered.into());
	});
}

#[test]
fn native_accounts_have_an_address_without_registration() {
	development().execute_with(|| {
		let alice = Sr25519Keyring::Alice.to_account_id();
		type Mapper = <Runtime as pallet_revive::Config>::AddressMapper;
		let address = Mapper::to_address(&alice);
		assert_eq!(
			balance(address) + U256::from(system::ExistentialDeposit::get()),
			Balances::total_balance(&alice).into()
		);
		send(Some(address), UNIT, Vec::new(), 21_000.into());
		assert!(Mapper::is_mapped(&alice));
		assert_eq!(Mapper::to_account_id(&address), alice);
	});
}

#[test]
fn the_multiplier_moves_in_whole_steps() {
	use fees::{WholeMultiplier, MAX_MULTIPLIER};
	let (limit, half) = (750_000_000_000, 375_000_000_000);
	assert_eq!(WholeMultiplier::next(10, 0, limit), 10);
	assert_eq!(WholeMultiplier::next(10, half, limit), 10);
	assert_eq!(WholeMultiplier::next(10, half + 1, limit), 11);
	assert_eq!(WholeMultiplier::next(80, limit, limit), 90);
	assert_eq!(WholeMultiplier::next(80, 0, limit), 70);
	assert_eq!(WholeMultiplier::next(MAX_MULTIPLIER, limit, limit), MAX_MULTIPLIER);
	assert_eq!(WholeMultiplier::next(0, 0, 0), 10);
}

#[test]
fn the_largest_contract_fits_into_one_transaction() {
	development().execute_with(|| {
		// Returns 24,576 zero bytes as the code.
		let create = GenericTransactionV1 {
			from: Some(alith().address()),
			input: hex("620060006000f3").into(),
			..Default::default()
		};
		let dry = dry_run(create.clone()).expect("the dry run succeeds");
		let gas = estimate(create);
		println!("24 KiB of code: estimate {gas}, deposit {}", dry.storage_deposit);
		send(None, 0, hex("620060006000f3"), gas);
	});
}

#[test]
fn issuance_should_be_the_supply_when_genesis_builds_and_an_era_pays() {
	use pallet_staking::EraPayout;
	development().execute_with(|| {
		assert_eq!(Balances::total_issuance(), pots::SUPPLY);
		let (promised, rest) = pots::Schedule::era_payout(0, 0, 360_000);
		assert!(promised > 0 && rest == 0);
		// As `payout_stakers` does: mint to the staker, give the debt to `Reward`.
		let bob = Sr25519Keyring::Bob.to_account_id();
		let minted = <Balances as frame_support::traits::fungible::Balanced<_>>::deposit(
			&bob,
			promised,
			frame_support::traits::tokens::Precision::Exact,
		)
		.unwrap();
		<pots::FromRewards as frame_support::traits::OnUnbalanced<_>>::on_unbalanced(minted);
		assert_eq!(Balances::total_issuance(), pots::SUPPLY);
	});
}

/// A call of the runtime, as its type description lists it.
struct Listed {
	/// `Pallet::call`.
	name: String,
	pallet: u8,
	index: u8,
}

impl Listed {
	/// The call with the first arguments that decode, mostly zeros and empty lists.
	fn smallest(&self) -> RuntimeCall {
		(0..=4u8)
			.find_map(|fill| {
				let mut bytes = vec![fill; 4096];
				bytes[0] = self.pallet;
				bytes[1] = self.index;
				RuntimeCall::decode(&mut &bytes[..]).ok()
			})
			.unwrap_or_else(|| panic!("{} takes arguments that this test cannot guess", self.name))
	}
}

fn calls() -> Vec<Listed> {
	use scale_info::{meta_type, PortableRegistry, Registry, TypeDef};
	let mut registry = Registry::new();
	let root = registry.register_type(&meta_type::<RuntimeCall>());
	let types = PortableRegistry::from(registry);
	let variants = |id| match &types.resolve(id).expect("the type is registered").type_def {
		TypeDef::Variant(of) => of.variants.clone(),
		other => panic!("calls are enumerations, not {other:?}"),
	};
	let mut calls: Vec<_> = variants(root.id)
		.into_iter()
		.flat_map(|pallet| {
			variants(pallet.fields[0].ty.id).into_iter().map(move |call| Listed {
				name: format!("{}::{}", pallet.name, call.name),
				pallet: pallet.index,
				index: call.index,
			})
		})
		.collect();
	calls.sort_by_key(|call| (call.pallet, call.index));
	calls
}

#[test]
fn call_weight_should_not_be_zero_when_arguments_are_the_smallest() {
	development().execute_with(|| {
		let free: Vec<_> = calls()
			.into_iter()
			.filter(|call| call.smallest().get_dispatch_info().call_weight.ref_time() == 0)
			.map(|call| call.name)
			.collect();
		// Root says the weight of this one.
		assert_eq!(free, ["Utility::with_weight"]);
	});
}

#[test]
fn call_index_should_stay_when_the_runtime_changes() {
	let now: Vec<_> = calls()
		.into_iter()
		.map(|call| format!("{} {} {}", call.pallet, call.index, call.name))
		.collect();
	let frozen: Vec<_> = include_str!("call_indices.txt").lines().collect();
	let gone: Vec<_> = frozen.iter().filter(|line| !now.iter().any(|call| call == *line)).collect();
	let new: Vec<_> = now.iter().filter(|call| !frozen.contains(&call.as_str())).collect();
	assert!(
		gone.is_empty(),
		"signed transactions of old wallets would mean something else; raise \
		 transaction_version if that is wanted: {gone:#?}"
	);
	assert!(new.is_empty(), "append these lines to call_indices.txt: {new:#?}");
}

#[test]
fn pallet_index_should_stay_when_the_runtime_changes() {
	use frame_support::traits::PalletsInfoAccess;
	let indices: Vec<_> = AllPalletsWithSystem::infos()
		.into_iter()
		.map(|pallet| (pallet.index, pallet.name))
		.collect();
	let frozen = [
		(0, "System"),
		(1, "Babe"),
		(2, "Timestamp"),
		(3, "Balances"),
		(4, "TransactionPayment"),
		(10, "Authorship"),
		(11, "Staking"),
		(12, "VoterList"),
		(13, "Offences"),
		(14, "Historical"),
		(15, "Session"),
		(16, "Grandpa"),
		(17, "ImOnline"),
		(18, "AuthorityDiscovery"),
		(19, "Epoch"),
		(30, "Utility"),
		(31, "Multisig"),
		(32, "Proxy"),
		(33, "Preimage"),
		(34, "Scheduler"),
		(35, "Council"),
		(36, "Timelock"),
		(40, "Revive"),
		(50, "Datanets"),
		(51, "Models"),
		(52, "Agents"),
		(53, "Attribution"),
		(54, "Spans"),
	];
	assert_eq!(indices, frozen);
}

#[test]
fn base_call_filter_should_refuse_native_code_alone_when_every_call_is_tried() {
	development().execute_with(|| {
		let refused: Vec<_> = calls()
			.into_iter()
			.filter(|call| !system::NoNativeCode::contains(&call.smallest()))
			.map(|call| call.name)
			.collect();
		assert_eq!(
			refused,
			["Revive::instantiate", "Revive::instantiate_with_code", "Revive::upload_code"]
		);

		let alice = Sr25519Keyring::Alice.to_account_id();
		let upload = pallet_revive::Call::upload_code { code: vec![], storage_deposit_limit: 0 };
		let batch = pallet_utility::Call::batch_all { calls: vec![upload.into()] };
		let error = RuntimeCall::from(batch)
			.dispatch(RuntimeOrigin::signed(alice))
			.unwrap_err()
			.error;
		assert_eq!(error, frame_system::Error::<Runtime>::CallFiltered.into());
	});
}

#[test]
fn proxy_should_reach_its_own_pallets_alone_when_every_call_is_tried() {
	use governance::ProxyType;
	let reached = |proxy: ProxyType| -> Vec<String> {
		let mut pallets: Vec<_> = calls()
			.into_iter()
			.filter(|call| proxy.filter(&call.smallest()))
			.filter_map(|call| call.name.split("::").next().map(String::from))
			.collect();
		pallets.dedup();
		pallets
	};
	development().execute_with(|| {
		assert_eq!(reached(ProxyType::Staking), ["Staking", "Session", "Utility"]);
		assert_eq!(reached(ProxyType::NonTransfer), ["Staking", "Session", "Utility", "Multisig"]);
		assert_eq!(
			reached(ProxyType::OpenLedger),
			["Utility", "Datanets", "Models", "Agents", "Attribution", "Spans"]
		);
		assert!(calls().iter().all(|call| ProxyType::Any.filter(&call.smallest())));
	});
}

#[test]
fn metadata_should_be_served_when_asked_for_14_15_or_16() {
	development().execute_with(|| {
		for version in [14u8, 15, 16] {
			assert!(Runtime::metadata_versions().contains(&version.into()));
			let metadata =
				Runtime::metadata_at_version(version.into()).expect("the version is served");
			assert_eq!(metadata[..4], *b"meta");
			assert_eq!(metadata[4], version);
		}
		assert!(Runtime::metadata_at_version(13).is_none());
	});
}

#[test]
fn preset_should_build_the_whole_supply_when_its_keys_are_real() {
	let mut keys = 0u8;
	for id in Runtime::preset_names() {
		let id: &str = id.as_ref();
		let mut json = serde_json::to_string(&genesis(id)).unwrap();
		// Whoever starts a public chain does this by hand.
		while let Some(at) = json.find(genesis::PLACEHOLDER) {
			use sp_core::crypto::Ss58Codec;
			let end = at + json[at..].find('"').expect("a placeholder is a whole string");
			let placeholder = json[at..end].to_string();
			keys += 1;
			json = json.replace(&placeholder, &AccountId::from([keys; 32]).to_ss58check());
		}
		TestExternalities::new_empty().execute_with(|| {
			build(&serde_json::from_str(&json).unwrap())
				.unwrap_or_else(|error| panic!("{id}: {error}"));
			assert_eq!(Balances::total_issuance(), pots::SUPPLY, "{id}");
			let validators = if id == "development" { 1 } else { 4 };
			assert_eq!(Session::validators().len(), validators, "{id}");
			let slots = if id == genesis::LIVE_PRESET { 200 } else { 20 };
			assert_eq!(consensus::EpochSlots::get(), slots, "{id}");
			assert_eq!(
				pallet_collective::Members::<Runtime, governance::CouncilInstance>::get().len(),
				3,
				"{id}"
			);
			for pot in pots::accounts() {
				assert!(free(&pot) >= system::ExistentialDeposit::get(), "{id}");
			}
		});
	}
	// Four validators of a stash and four session keys, three council members.
	assert_eq!(keys, 23);
}

#[test]
fn live_preset_should_be_refused_when_a_placeholder_is_left() {
	TestExternalities::new_empty().execute_with(|| {
		let error = build(&genesis(genesis::LIVE_PRESET)).unwrap_err();
		assert!(error.contains("placeholder") && error.contains("REPLACE: "), "{error}");
		assert_eq!(Balances::total_issuance(), 0);
	});
}

#[test]
fn staking_should_keep_the_supply_when_it_pays_and_slashes() {
	use sp_staking::offence::{OffenceDetails, OnOffenceHandler};
	development().execute_with(|| {
		let bob = Sr25519Keyring::Bob.to_account_id();
		let validator = Session::validators()[0].clone();
		let value = 50_000 * UNIT;
		act(&bob, pallet_staking::Call::bond { value, payee: RewardDestination::Staked });
		let targets = vec![validator.clone().into()];
		act(&bob, pallet_staking::Call::nominate { targets });
		send(Some(H160::repeat_byte(0x77)), UNIT, Vec::new(), 21_000.into());

		run_to_era(2);
		let staked = |who: &AccountId| {
			pallet_staking::Ledger::<Runtime>::get(who).expect("it is bonded").active
		};
		let (pot, before) = (free(&pots::StakingRewards::get()), staked(&bob));
		let own = Balances::total_balance(&validator);
		let payout =
			pallet_staking::Call::payout_stakers { validator_stash: validator.clone(), era: 1 };
		act(&bob, payout);
		let (earned, paid) = (staked(&bob) - before, pot - free(&pots::StakingRewards::get()));
		println!("era 1 paid {paid}, of that {earned} to the nominator");
		assert!(earned > 0);
		assert_eq!(earned + Balances::total_balance(&validator) - own, paid);
		assert_eq!(Balances::total_issuance(), pots::SUPPLY);

		let offence = OffenceDetails { offender: (validator.clone(), ()), reporters: vec![] };
		let _ = <Staking as OnOffenceHandler<_, _, _>>::on_offence(
			&[offence],
			&[Perbill::from_percent(10)],
			Session::current_index(),
		);
		let treasury = free(&pots::Treasury::get());
		let (stake, other) = (staked(&validator), staked(&bob));
		run_to_era(2 + staking::SlashDeferDuration::get() + 2);
		let slashed = stake - staked(&validator) + other - staked(&bob);
		println!("slashed {slashed}");
		assert!(slashed > 0);
		assert!(free(&pots::Treasury::get()) >= treasury + slashed);
	});
}

#[test]
fn unclaimed_rewards_should_return_to_the_reserve_when_staking_forgets_their_era() {
	development().execute_with(|| {
		let owed =
			|| pallet_staking::ErasValidatorReward::<Runtime>::iter_values().sum::<Balance>();
		let earmarked = || free(&pots::StakingRewards::get()) - system::ExistentialDeposit::get();
		let depth = staking::HistoryDepth::get();
		run_to_era(depth);
		assert!(pallet_staking::ErasValidatorReward::<Runtime>::contains_key(0));
		assert_eq!(earmarked(), owed());

		run_to_era(depth + 10);
		assert!(!pallet_staking::ErasValidatorReward::<Runtime>::contains_key(0));
		// Staking forgets in the last session of an era, the reserve gets it with the next promise.
		assert_eq!(earmarked(), owed());
		// Whatever is remembered can still be claimed to the last.
		let validator = Session::validators()[0].clone();
		let bob = Sr25519Keyring::Bob.to_account_id();
		let oldest = pallet_staking::CurrentEra::<Runtime>::get().unwrap() - depth;
		for era in oldest..active_era() {
			let validator_stash = validator.clone();
			act(&bob, pallet_staking::Call::payout_stakers { validator_stash, era });
		}
		assert!(earmarked() < owed() / 1_000);
		assert_eq!(Balances::total_issuance(), pots::SUPPLY);
	});
}

/// A motion for which so many of three voted.
fn council(yes: u32) -> RuntimeOrigin {
	OriginCaller::Council(pallet_collective::RawOrigin::Members(yes, 3)).into()
}

/// Lets what the council scheduled just now happen.
fn pass_timelock() {
	let (now, delay) = (System::block_number(), pallet_timelock::Delay::<Runtime>::get());
	// A session may begin when the delay is over and fill that block.
	for number in now + 1..=now + delay + 1 {
		end_block();
		start_block(number);
	}
}

#[test]
fn council_should_not_seize_when_all_of_it_agrees() {
	development().execute_with(|| {
		let (alice, bob) = (Sr25519Keyring::Alice, Sr25519Keyring::Bob);
		let [from, to] = [alice, bob].map(|key| key.to_account_id());
		let before = (free(&from), sp_io::storage::get(sp_core::storage::well_known_keys::CODE));
		let seize = pallet_balances::Call::force_transfer {
			source: from.clone().into(),
			dest: to.into(),
			value: UNIT,
		};
		let replace = frame_system::Call::set_code_without_checks { code: vec![1] };
		for call in [RuntimeCall::from(seize), RuntimeCall::from(replace)] {
			assert!(call.clone().dispatch(council(3)).is_err());
			assert_ok!(Timelock::schedule(council(3), Box::new(call)));
		}
		pass_timelock();
		let after = (free(&from), sp_io::storage::get(sp_core::storage::well_known_keys::CODE));
		assert_eq!(after, before);
	});
}

#[test]
fn council_should_set_parameters_when_the_timelock_is_over() {
	development().execute_with(|| {
		let pause = RuntimeCall::Attribution(pallet_attribution::Call::set_paused { paused: true });
		assert!(pause.clone().dispatch(council(3)).is_err());
		assert!(Timelock::schedule(council(1), Box::new(pause.clone())).is_err());
		assert_ok!(Timelock::schedule(council(2), Box::new(pause)));
		assert!(!pallet_attribution::Paused::<Runtime>::get());
		pass_timelock();
		assert!(pallet_attribution::Paused::<Runtime>::get());
	});
}

#[test]
fn proxy_should_deploy_to_the_same_address_as_elsewhere_when_it_is_called() {
	development().execute_with(|| {
		let proxy = H160(genesis::CREATE2_PROXY);
		// The hash of its code on Ethereum.
		let known = hex("2fa86add0aed31f33a762c9d88e807c475bd51d0f52bd0955754b2608f7e4989");
		assert_eq!(sp_io::hashing::keccak_256(&Revive::code(&proxy)).to_vec(), known);

		let (salt, code) = ([7; 32], hex(COUNTER));
		let call = [&salt[..], &code].concat();
		let gas = estimate(GenericTransactionV1 {
			from: Some(alith().address()),
			to: Some(proxy),
			input: call.clone().into(),
			..Default::default()
		});
		send(Some(proxy), 0, call, gas);
		let at = pallet_revive::create2(&proxy, &code, &[], &salt);
		assert_eq!(Revive::code(&at), hex(&COUNTER[24..]));
	});
}
