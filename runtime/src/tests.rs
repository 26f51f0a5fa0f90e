//! The chain's promises, checked natively from the development genesis.

use crate::{genesis::ETHEREUM_ACCOUNTS, *};
use codec::Encode;
use frame_support::{storage::with_transaction_unchecked, traits::fungible::Inspect};
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
use serde_json::Value;
use sp_consensus_babe::digests::{CompatibleDigestItem, PreDigest, SecondaryPlainPreDigest};
use sp_genesis_builder::runtime_decl_for_genesis_builder::GenesisBuilderV1;
use sp_io::TestExternalities;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{traits::Header as _, Digest, DigestItem, TransactionOutcome};

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

fn development() -> TestExternalities {
	let mut ext = TestExternalities::new_empty();
	ext.execute_with(|| {
		let json = |id: Option<&str>| -> Value {
			let bytes = Runtime::get_preset(&id.map(Into::into)).expect("the preset exists");
			serde_json::from_slice(&bytes).expect("a preset is JSON")
		};
		let mut config = json(None);
		merge(&mut config, json(Some("development")));
		Runtime::build_state(serde_json::to_vec(&config).unwrap()).expect("genesis builds");
		start_block(1);
	});
	ext
}

fn start_block(number: BlockNumber) {
	let slot = PreDigest::SecondaryPlain(SecondaryPlainPreDigest {
		authority_index: 0,
		slot: u64::from(number).into(),
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

		use sp_runtime::traits::Dispatchable;
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
