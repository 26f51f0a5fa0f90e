//! Tips: what is charged to the wei, and the place that it buys.

use super::*;
use crate::tips;
use pallet_revive::{
	evm::{Byte, GenericTransaction},
	pallet_revive_types::runtime_api::{
		ReceiptDataInputPayloadV1, ReceiptDataOutputPayloadV1, ReceiptGasInfoV1,
	},
};
use proptest::prelude::*;
use sp_runtime::transaction_validity::{TransactionSource, TransactionValidity};

/// EVM code that stores the first word of its input in slot 0, and reverts when that is 2.
const KEEPER: &str = "6010600c60003960106000f35f3580600214600c575f55005b5f5ffd";

const GWEI: u128 = 1_000_000_000;

/// What a transaction does.
#[derive(Clone, Copy, Debug)]
enum Deed {
	/// Gives wei to somebody who is there, or is new.
	Transfer { value: u128, to_new: bool },
	/// Gives all that the whole gas limit at the effective price leaves.
	TransferAll,
	/// Calls the keeper with this word.
	Store(u8),
}

/// A transaction to be.
#[derive(Clone, Copy, Debug)]
struct Plan {
	/// The EIP-2718 type.
	kind: u8,
	/// Wei for one gas: at most, and of tip.
	cap: u128,
	tip: u128,
	/// Gas above what the deed needs.
	spare: u64,
	deed: Deed,
}

impl Plan {
	/// Wei of tip for one gas.
	fn paid(&self) -> u128 {
		let tip = if self.kind == 2 { self.tip } else { self.cap };
		tip.min(self.cap - tips::price())
	}
}

/// Signs with alith's key.
fn sign(plan: Plan, to: H160, value: u128, input: Vec<u8>, gas: u64) -> UncheckedExtrinsic {
	let capped = plan.kind == 2;
	let tx = GenericTransaction {
		r#type: Some(Byte(plan.kind)),
		chain_id: Some(EVM_CHAIN_ID.into()),
		nonce: Some(Revive::evm_nonce(&alith().address()).into()),
		to: Some(to),
		value: Some(value.into()),
		gas: Some(gas.into()),
		gas_price: Some(plan.cap.into()),
		max_fee_per_gas: capped.then(|| plan.cap.into()),
		max_priority_fee_per_gas: capped.then(|| plan.tip.into()),
		input: input.into(),
		..Default::default()
	};
	let tx = tx.try_into_unsigned().expect("these types can be signed");
	let payload = alith().sign_transaction(tx).signed_payload();
	let call = RuntimeCall::Revive(pallet_revive::Call::eth_transact { payload });
	generic::UncheckedExtrinsic::new_bare(call).into()
}

fn account(address: H160) -> AccountId {
	<Runtime as pallet_revive::Config>::AddressMapper::to_account_id(&address)
}

fn word(last: u8) -> Vec<u8> {
	let mut word = vec![0; 32];
	word[31] = last;
	word
}

/// What one transaction did to balances, all in wei.
#[derive(Debug)]
struct Outcome {
	plan: Plan,
	gas_limit: u64,
	/// What the sender had before and has after.
	before: u128,
	after: u128,
	/// What reached the other side, storage deposits included.
	given: i128,
	/// What reached the author and the treasury.
	fees: u128,
}

/// Deploys the keeper.
fn keeper() -> H160 {
	let code = hex(KEEPER);
	let from = Some(alith().address());
	let gas =
		estimate(GenericTransactionV1 { from, input: code.clone().into(), ..Default::default() });
	let nonce = Revive::evm_nonce(&alith().address()).into();
	send(None, 0, code, gas);
	pallet_revive::create1(&alith().address(), nonce)
}

fn run(plan: Plan, keeper: H160, n: u8) -> Outcome {
	let sender = account(alith().address());
	let author = Authorship::author().expect("the block has one");
	let (to, input) = match plan.deed {
		Deed::Transfer { to_new: true, .. } => (H160::repeat_byte(0xa0 + n), Vec::new()),
		Deed::Transfer { .. } | Deed::TransferAll => (ETHEREUM_ACCOUNTS[1].into(), Vec::new()),
		Deed::Store(value) => (keeper, word(value)),
	};
	let needed = match plan.deed {
		Deed::Store(_) => 100_000,
		_ => 21_000,
	};
	let gas_limit = needed + plan.spare;
	let spendable = balance(alith().address()).as_u128();
	let value = match plan.deed {
		Deed::Transfer { value, .. } => value,
		Deed::TransferAll => spendable - u128::from(gas_limit) * (tips::price() + plan.paid()),
		Deed::Store(_) => 0,
	};
	let total = |of: &AccountId| Balances::total_balance(of);
	let other = account(to);
	let (before, others) = (total(&sender), total(&other));
	let fees = || total(&author) + total(&pots::Treasury::get());
	let earned = fees();
	let extrinsic = sign(plan, to, value, input, gas_limit);
	Executive::apply_extrinsic(extrinsic)
		.expect("the transaction is valid")
		.expect("the transaction is included");
	let outcome = Outcome {
		plan,
		gas_limit,
		before,
		after: total(&sender),
		given: total(&other) as i128 - others as i128,
		fees: fees() - earned,
	};
	if let Deed::TransferAll = plan.deed {
		// Back, for those that follow.
		let back = total(&other) - others;
		let call = pallet_balances::Call::transfer_allow_death { dest: sender.into(), value: back };
		act(&other, call);
	}
	outcome
}

fn receipts() -> Vec<ReceiptGasInfoV1> {
	let output = Runtime::eth_receipt_data_versioned(ReceiptDataInputPayloadV1.into());
	ReceiptDataOutputPayloadV1::try_from(output).expect("same version").receipt_data
}

/// Checks one transaction against the gas of its receipt.
fn check(outcome: &Outcome, gas_used: u128) {
	let Outcome { plan, gas_limit, before, after, given, fees } = outcome;
	let price = tips::price() + plan.paid();
	let lost = *before as i128 - *after as i128;
	assert_eq!(lost, given + *fees as i128, "what one loses others get: {outcome:?}");
	let value = match plan.deed {
		Deed::Transfer { value, .. } => value as i128,
		// The existential deposit is not asked of one who has it.
		Deed::TransferAll => *given,
		Deed::Store(_) => 0,
	};
	let charged = lost - value;
	assert!(charged <= (u128::from(*gas_limit) * plan.cap) as i128, "{outcome:?}");
	// A refund of storage deposits that is more than the fee is no negative gas.
	if gas_used > 0 {
		assert_eq!(charged, (gas_used * price) as i128, "{gas_used} gas at {price}: {outcome:?}");
	}
	assert!(gas_used <= u128::from(*gas_limit));
}

/// Opens a block at this multiplier with the keeper in it, runs all, and checks them.
fn run_all(multiplier: u32, plans: &[Plan]) {
	development().execute_with(|| {
		let keeper = keeper();
		end_block();
		pallet_transaction_payment::NextFeeMultiplier::<Runtime>::put(
			pallet_transaction_payment::Multiplier::from_u32(multiplier),
		);
		start_block(2);
		let issuance = Balances::total_issuance();
		let base = tips::price();
		// Plans speak of what is above the price.
		let plans = plans.iter().map(|plan| Plan { cap: plan.cap + base, ..*plan });
		let outcomes: Vec<_> = (0..).zip(plans).map(|(n, plan)| run(plan, keeper, n)).collect();
		assert_eq!(Balances::total_issuance(), issuance);
		assert_eq!(TransactionPayment::remaining_txfee::<Balance>(), 0);
		let price = tips::price();
		end_block();
		let receipts = receipts();
		assert_eq!(receipts.len(), outcomes.len());
		// The next block has another price.
		pallet_transaction_payment::NextFeeMultiplier::<Runtime>::put(
			pallet_transaction_payment::Multiplier::from_u32(multiplier),
		);
		assert_eq!(tips::price(), price);
		for (outcome, receipt) in outcomes.iter().zip(receipts) {
			check(outcome, receipt.gas_used.as_u128());
		}
	});
}

fn deed() -> impl Strategy<Value = Deed> {
	prop_oneof![
		(0..UNIT, any::<bool>()).prop_map(|(value, to_new)| Deed::Transfer { value, to_new }),
		Just(Deed::TransferAll),
		(0..5u8).prop_map(Deed::Store),
	]
}

prop_compose! {
	fn plan()(
		kind in 0..3u8,
		cap in prop_oneof![Just(0), 0..GWEI, 0..1_000 * GWEI],
		tip in prop_oneof![Just(0), 0..GWEI, 0..1_000 * GWEI],
		spare in 0..100_000u64,
		deed in deed(),
	) -> Plan {
		Plan { kind, cap, tip, spare, deed }
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]

	#[test]
	fn charge_should_be_the_gas_at_the_effective_price_and_within_the_cap_when_anything_is_sent(
		multiplier in 10..200u32,
		plans in proptest::collection::vec(plan(), 1..8),
	) {
		run_all(multiplier, &plans);
	}
}

#[test]
fn charge_should_be_exact_when_all_is_sent_or_all_is_taken_back() {
	for kind in 0..3 {
		let plan = |deed| Plan { kind, cap: 3 * GWEI + 7, tip: 2 * GWEI + 5, spare: 1_234, deed };
		run_all(13, &[plan(Deed::TransferAll), plan(Deed::Store(2)), plan(Deed::Store(1))]);
	}
}

fn validate(extrinsic: UncheckedExtrinsic) -> TransactionValidity {
	let parent = System::parent_hash();
	discarding(|| Executive::validate_transaction(TransactionSource::External, extrinsic, parent))
}

fn priority(extrinsic: UncheckedExtrinsic) -> u64 {
	validate(extrinsic).expect("the transaction is valid").priority
}

/// A remark of Alice's with this tip.
fn native(tip: Balance) -> UncheckedExtrinsic {
	let alice = Sr25519Keyring::Alice;
	let nonce = System::account_nonce(alice.to_account_id());
	let extension = evm::extension(
		nonce,
		tip,
		generic::Era::Immortal,
		pallet_revive::evm::tx_extension::SetOrigin::default(),
	);
	let call = RuntimeCall::System(frame_system::Call::remark { remark: vec![1; 100] });
	let payload = SignedPayload::new(call, extension).expect("all implicit data is there");
	let signature = payload.using_encoded(|data| alice.sign(data));
	let (call, extension, _) = payload.deconstruct();
	let who = alice.to_account_id().into();
	generic::UncheckedExtrinsic::new_signed(call, who, signature.into(), extension).into()
}

#[test]
fn priority_should_be_the_tip_for_one_gas_when_a_transaction_is_ethereums() {
	development().execute_with(|| {
		let base = tips::price();
		let of = |kind, cap, tip, gas| {
			let plan = Plan { kind, cap, tip, spare: 0, deed: Deed::Store(0) };
			priority(sign(plan, ETHEREUM_ACCOUNTS[1].into(), 1, Vec::new(), gas))
		};
		for kind in [0, 1] {
			assert_eq!(of(kind, base, 0, 21_000), 0);
			assert_eq!(of(kind, base + 7, 0, 21_000), 7);
			assert_eq!(of(kind, base + 7, 0, 2_000_000), 7);
		}
		assert_eq!(of(2, base, 5, 21_000), 0);
		assert_eq!(of(2, base + 3, 5, 21_000), 3);
		assert_eq!(of(2, base + 9, 5, 21_000), 5);
		assert_eq!(of(2, base + 9_000 * GWEI, 8_000 * GWEI, 21_000), 8_000 * GWEI as u64);
	});
}

#[test]
fn priority_should_be_the_tip_over_the_fee_in_gas_when_a_transaction_is_native() {
	development().execute_with(|| {
		assert_eq!(priority(native(0)), 0);
		for tip in [1, GWEI, UNIT, 500_000 * UNIT] {
			let extrinsic = native(tip);
			let (info, length) = (extrinsic.get_dispatch_info(), extrinsic.encoded_size() as u32);
			// What the same fee would buy of an Ethereum transaction.
			let gas = TransactionPayment::compute_fee(length, &info, 0) / tips::price();
			assert_eq!(u128::from(priority(extrinsic)), (tip / gas).min(u64::MAX.into()));
		}
		assert!(priority(native(UNIT + GWEI)) > priority(native(UNIT)));
	});
}

#[test]
fn transaction_should_be_refused_when_the_sender_cannot_leave_its_tip() {
	development().execute_with(|| {
		let base = tips::price();
		let spendable = balance(alith().address()).as_u128();
		let most = spendable / 21_000;
		let of = |cap| {
			let plan = Plan { kind: 0, cap, tip: 0, spare: 0, deed: Deed::Store(0) };
			validate(sign(plan, ETHEREUM_ACCOUNTS[1].into(), 0, Vec::new(), 21_000))
		};
		assert!(of(most).is_ok());
		assert!(of(most + 1).is_err());
		assert!(of(u128::MAX).is_err());
		assert!(of(base - 1).is_err());
	});
}

#[test]
fn charge_should_encode_as_frames_when_it_is_native() {
	let frames = pallet_transaction_payment::ChargeTransactionPayment::<Runtime>::from(1 << 70);
	let ours = tips::Charge::native(1 << 70);
	assert_eq!(ours.encode(), frames.encode());
	assert_eq!(tips::Charge::decode(&mut &frames.encode()[..]), Ok(ours));
}
