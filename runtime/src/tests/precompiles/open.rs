//! Native $OPEN as an ERC-20 token.

use super::*;
use crate::tests::{balance, price};
use openledger_precompiles::{abi::IOpen, OPEN};
use pallet_revive::evm::Account;
use sp_core::ecdsa;
use sp_io::hashing::keccak_256;
use std::collections::BTreeMap;

const ED: Balance = system::ExistentialDeposit::get();
/// The second of the block in these tests.
const NOW: u64 = 1_800_000_000;
/// The order of secp256k1.
const ORDER: &str = "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

fn balance_of(account: SolAddress) -> Word {
	ask(&owner(), OPEN, IOpen::balanceOfCall { account }).unwrap()
}

fn allowance(owner: SolAddress, spender: SolAddress) -> Word {
	ask(&super::owner(), OPEN, IOpen::allowanceCall { owner, spender }).unwrap()
}

fn transfer(to: SolAddress, value: Word) -> IOpen::transferCall {
	IOpen::transferCall { to, value }
}

/// An account that nobody has used.
fn unused(number: u8) -> AccountId {
	ethereum_account([number; 20])
}

fn set_time(seconds: u64) {
	pallet_timestamp::Now::<Runtime>::put(seconds * 1_000);
}

/// A wallet outside the chain: its key, address and account.
pub(super) fn wallet(seed: u8) -> (ecdsa::Pair, SolAddress, AccountId) {
	let address = Account::from_secret_key([seed; 32]).address();
	(ecdsa::Pair::from_seed(&[seed; 32]), SolAddress::from(address.0), ethereum_account(address.0))
}

fn hash_of(words: &[FixedBytes<32>]) -> FixedBytes<32> {
	keccak_256(&words.iter().flat_map(|word| word.0).collect::<Vec<u8>>()).into()
}

fn type_hash(of: &str) -> FixedBytes<32> {
	keccak_256(of.as_bytes()).into()
}

fn uint(number: Word) -> FixedBytes<32> {
	number.to_be_bytes().into()
}

/// The domain separator by hand, as a wallet computes it.
fn separator(chain: u64) -> FixedBytes<32> {
	hash_of(&[
		type_hash(
			"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
		),
		type_hash("OpenLedger"),
		type_hash("1"),
		uint(Word::from(chain)),
		SolAddress::from(address_of(OPEN).0).into_word(),
	])
}

/// `v`, `r` and `s` of a struct's hash for a chain.
type Signature = (u8, FixedBytes<32>, FixedBytes<32>);

fn sign(key: &ecdsa::Pair, chain: u64, message: FixedBytes<32>) -> Signature {
	let mut payload = vec![0x19, 0x01];
	payload.extend_from_slice(separator(chain).as_slice());
	payload.extend_from_slice(message.as_slice());
	let signature = key.sign_prehashed(&keccak_256(&payload)).0;
	let half = |from| FixedBytes::from_slice(&signature[from..from + 32]);
	(27 + signature[64], half(0), half(32))
}

/// The other form of a signature, which says the same.
fn malleable((v, r, s): Signature) -> Signature {
	let order: Word = ORDER.parse().unwrap();
	(55 - v, r, uint(order - Word::from_be_bytes(s.0)))
}

fn permit_hash(call: &IOpen::permitCall, nonce: u64) -> FixedBytes<32> {
	let of = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)";
	hash_of(&[
		type_hash(of),
		call.owner.into_word(),
		call.spender.into_word(),
		uint(call.value),
		uint(Word::from(nonce)),
		uint(call.deadline),
	])
}

fn permit(
	owner: SolAddress,
	spender: SolAddress,
	value: Word,
	key: &ecdsa::Pair,
	nonce: u64,
	chain: u64,
) -> IOpen::permitCall {
	let (r, s) = Default::default();
	let mut call =
		IOpen::permitCall { owner, spender, value, deadline: Word::from(NOW), v: 0, r, s };
	(call.v, call.r, call.s) = sign(key, chain, permit_hash(&call, nonce));
	call
}

/// The hash of an authorization to transfer or to receive.
fn authorization_hash(
	kind: &str,
	(from, to, value): (SolAddress, SolAddress, Word),
	(after, before): (u64, u64),
	nonce: FixedBytes<32>,
) -> FixedBytes<32> {
	let fields = "address from,address to,uint256 value,uint256 validAfter,\
	              uint256 validBefore,bytes32 nonce";
	hash_of(&[
		type_hash(&format!("{kind}WithAuthorization({fields})")),
		from.into_word(),
		to.into_word(),
		uint(value),
		uint(Word::from(after)),
		uint(Word::from(before)),
		nonce,
	])
}

/// An authorization to transfer in the second before and after now.
fn authorized(
	key: &ecdsa::Pair,
	payment: (SolAddress, SolAddress, Word),
	nonce: FixedBytes<32>,
	chain: u64,
) -> IOpen::transferWithAuthorizationCall {
	let time = (NOW - 1, NOW + 1);
	let (v, r, s) = sign(key, chain, authorization_hash("Transfer", payment, time, nonce));
	let (from, to, value) = payment;
	IOpen::transferWithAuthorizationCall {
		from,
		to,
		value,
		validAfter: Word::from(time.0),
		validBefore: Word::from(time.1),
		nonce,
		v,
		r,
		s,
	}
}

fn received(call: &IOpen::transferWithAuthorizationCall) -> IOpen::receiveWithAuthorizationCall {
	IOpen::receiveWithAuthorizationCall {
		from: call.from,
		to: call.to,
		value: call.value,
		validAfter: call.validAfter,
		validBefore: call.validBefore,
		nonce: call.nonce,
		v: call.v,
		r: call.r,
		s: call.s,
	}
}

fn cancelled(key: &ecdsa::Pair, authorizer: SolAddress, nonce: FixedBytes<32>) -> Vec<u8> {
	let of = type_hash("CancelAuthorization(address authorizer,bytes32 nonce)");
	let message = hash_of(&[of, authorizer.into_word(), nonce]);
	let (v, r, s) = sign(key, EVM_CHAIN_ID, message);
	IOpen::cancelAuthorizationCall { authorizer, nonce, v, r, s }.abi_encode()
}

#[test]
fn open_should_describe_itself_when_wallets_ask() {
	development().execute_with(|| {
		let who = owner();
		assert_eq!(ask(&who, OPEN, IOpen::nameCall {}), Ok("OpenLedger".into()));
		assert_eq!(ask(&who, OPEN, IOpen::symbolCall {}), Ok("OPEN".into()));
		assert_eq!(ask(&who, OPEN, IOpen::decimalsCall {}), Ok(18));
		let supply = ask(&who, OPEN, IOpen::totalSupplyCall {}).unwrap();
		assert_eq!(supply, wei(Balances::total_issuance()));
		// The balance is the one that wallets see, and that leaves the existential deposit out.
		for who in [owner(), native(Sr25519Keyring::Alice)] {
			let seen = balance(H160(at(&who).into_array()));
			assert_eq!(balance_of(at(&who)), Word::from_be_bytes(seen.to_big_endian()));
			assert_eq!(balance_of(at(&who)), wei(Balances::usable_balance(&who) - ED));
		}
		assert_eq!(balance_of(at(&unused(1))), Word::ZERO);

		let domain = ask(&who, OPEN, IOpen::eip712DomainCall {}).unwrap();
		assert_eq!((domain.fields.0, domain.salt), ([0x0f], FixedBytes::ZERO));
		assert_eq!((domain.name.as_str(), domain.version.as_str()), ("OpenLedger", "1"));
		assert_eq!(domain.chainId, Word::from(EVM_CHAIN_ID));
		assert_eq!(domain.verifyingContract.into_array(), address_of(OPEN).0);
		assert!(domain.extensions.is_empty());
		let found = ask(&who, OPEN, IOpen::DOMAIN_SEPARATORCall {});
		assert_eq!(found, Ok(separator(EVM_CHAIN_ID)));
	});
}

#[test]
fn supply_should_be_conserved_when_anybody_transfers_anything() {
	development().execute_with(|| {
		let all: Vec<AccountId> = [owner(), other(), native(Sr25519Keyring::Charlie)]
			.into_iter()
			.chain((1..=5).map(unused))
			.collect();
		let shown = |who: &AccountId| u128::try_from(balance_of(at(who))).unwrap();
		let mut model: BTreeMap<&AccountId, Balance> =
			all.iter().map(|who| (who, shown(who))).collect();
		let issuance = Balances::total_issuance();
		// The first call of the precompile opened its account.
		assert!(issuance - pots::SUPPLY <= ED);
		let mut state = 1u64;
		let mut random = || {
			state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
			(state >> 33) as usize
		};
		let (mut paid, mut refused, mut opened) = (0, 0, 0);
		for _ in 0..300 {
			let (from, to) = (&all[random() % all.len()], &all[random() % all.len()]);
			if !System::account_exists(from) {
				continue;
			}
			let has = model[from];
			let value = match random() % 8 {
				0 => 0,
				1 => has,
				2 => has + 1,
				_ => (random() as u128 * UNIT).min(has / 2),
			};
			let new = value > 0 && !System::account_exists(to);
			let deposit = if new { ED } else { 0 };
			System::reset_events();
			let event = IOpen::Transfer { from: at(from), to: at(to), value: wei(value) };
			let result = ask(from, OPEN, transfer(at(to), wei(value)));
			if value + deposit <= has {
				assert_eq!(result, Ok(true));
				*model.get_mut(from).unwrap() -= value + deposit;
				*model.get_mut(to).unwrap() += value;
				paid += 1;
				opened += u32::from(new);
				assert!(logged(OPEN, &event));
			} else {
				let left = has - deposit;
				let error = format!("ERC20InsufficientBalance({}, {left}, {value})", at(from));
				assert_eq!(result, Err(error));
				refused += 1;
				assert!(!logged(OPEN, &event));
			}
			assert_eq!(Balances::total_issuance(), issuance);
			for who in &all {
				assert_eq!(shown(who), model[who]);
			}
		}
		assert!(paid > 100 && refused > 10 && opened == 5, "{paid} {refused} {opened}");
	});
}

#[test]
fn transfer_should_be_refused_when_it_is_to_nobody_or_of_more_than_there_is() {
	development().execute_with(|| {
		let (who, to) = (owner(), at(&other()));
		for lost in [SolAddress::ZERO, SolAddress::from(address_of(OPEN).0)] {
			let error = refusal(&who, OPEN, transfer(lost, wei(1)));
			assert_eq!(error, format!("ERC20InvalidReceiver({lost})"));
		}
		let has = balance_of(at(&who));
		let error = refusal(&who, OPEN, transfer(to, Word::MAX));
		let expected = format!("ERC20InsufficientBalance({}, {has}, {})", at(&who), Word::MAX);
		assert_eq!(error, expected);
		// What is staked cannot be paid with.
		let bond = pallet_staking::Call::bond {
			value: Balances::usable_balance(&who) - UNIT,
			payee: pallet_staking::RewardDestination::Staked,
		};
		crate::tests::act(&who, bond);
		assert!(balance_of(at(&who)) < wei(2 * UNIT));
		assert!(refusal(&who, OPEN, transfer(to, wei(2 * UNIT))).starts_with("ERC20Insuff"));
	});
}

#[test]
fn spender_should_take_no_more_than_allowed_when_it_transfers_for_an_owner() {
	development().execute_with(|| {
		let (who, spender, payee) = (owner(), native(Sr25519Keyring::Dave), at(&other()));
		let (from, by) = (at(&who), at(&spender));
		let approve = |value| IOpen::approveCall { spender: by, value };
		let take = |value| IOpen::transferFromCall { from, to: payee, value };
		let error = refusal(&spender, OPEN, take(wei(1)));
		assert_eq!(error, format!("ERC20InsufficientAllowance({by}, 0, 1)"));

		let free = Balances::free_balance(&who);
		assert_eq!(ask(&who, OPEN, approve(wei(5 * UNIT))), Ok(true));
		let event = IOpen::Approval { owner: from, spender: by, value: wei(5 * UNIT) };
		assert!(logged(OPEN, &event));
		assert_eq!(allowance(from, by), wei(5 * UNIT));
		// An allowance is set, not added to, and holds a deposit until it is zero.
		assert_eq!(ask(&who, OPEN, approve(wei(3 * UNIT))), Ok(true));
		assert_eq!(allowance(from, by), wei(3 * UNIT));
		assert!(Balances::free_balance(&who) < free);
		assert_eq!(ask(&who, OPEN, approve(Word::ZERO)), Ok(true));
		assert_eq!(Balances::free_balance(&who), free);
		assert_eq!(ask(&who, OPEN, approve(wei(3 * UNIT))), Ok(true));

		let before = balance_of(payee);
		assert_eq!(ask(&spender, OPEN, take(wei(UNIT))), Ok(true));
		assert!(logged(OPEN, &IOpen::Transfer { from, to: payee, value: wei(UNIT) }));
		assert_eq!(balance_of(payee) - before, wei(UNIT));
		assert_eq!(allowance(from, by), wei(2 * UNIT));
		let error = refusal(&spender, OPEN, take(wei(2 * UNIT + 1)));
		let expected = format!("ERC20InsufficientAllowance({by}, {}, {})", 2 * UNIT, 2 * UNIT + 1);
		assert_eq!(error, expected);
		// Only the spender may, and the owner is none for itself.
		assert!(refusal(&other(), OPEN, take(wei(1))).starts_with("ERC20InsufficientAllowance"));
		assert!(refusal(&who, OPEN, take(wei(1))).starts_with("ERC20InsufficientAllowance"));
		assert_eq!(ask(&spender, OPEN, take(wei(2 * UNIT))), Ok(true));
		assert_eq!(allowance(from, by), Word::ZERO);

		// The allowance without end stays; a payment that fails takes nothing from another one.
		assert_eq!(ask(&who, OPEN, approve(Word::MAX)), Ok(true));
		assert_eq!(ask(&spender, OPEN, take(wei(UNIT))), Ok(true));
		assert_eq!(allowance(from, by), Word::MAX);
		let enough = balance_of(from) + wei(1);
		assert_eq!(ask(&who, OPEN, approve(enough)), Ok(true));
		assert!(refusal(&spender, OPEN, take(enough)).starts_with("ERC20InsufficientBalance"));
		assert_eq!(allowance(from, by), enough);

		let nobody = SolAddress::ZERO;
		let error = refusal(&who, OPEN, IOpen::approveCall { spender: nobody, value: wei(1) });
		assert_eq!(error, format!("ERC20InvalidSpender({nobody})"));
		let nothing = IOpen::transferFromCall { from: nobody, to: payee, value: Word::ZERO };
		let error = refusal(&spender, OPEN, nothing);
		assert_eq!(error, format!("ERC20InvalidSender({nobody})"));
	});
}

#[test]
fn storage_should_be_laid_out_as_in_solidity_when_an_allowance_is_set() {
	development().execute_with(|| {
		let (who, spender) = (owner(), at(&other()));
		let value = wei(7 * UNIT);
		ask(&who, OPEN, IOpen::approveCall { spender, value }).unwrap();
		let of_owner = hash_of(&[at(&who).into_word(), uint(Word::ZERO)]);
		let slot = hash_of(&[spender.into_word(), of_owner]);
		let stored = Revive::get_storage(address_of(OPEN), slot.0).unwrap();
		assert_eq!(stored, Some(uint(value).to_vec()));
	});
}

#[test]
fn permit_should_count_once_when_its_owner_signed_it_for_this_chain() {
	development().execute_with(|| {
		set_time(NOW);
		let (key, signer, account) = wallet(7);
		let (stranger, recovered, _) = wallet(8);
		let (relayer, spender) = (other(), at(&native(Sr25519Keyring::Dave)));
		let value = wei(3 * UNIT);
		let signed = |nonce| permit(signer, spender, value, &key, nonce, EVM_CHAIN_ID);
		let hash = type_hash(
			"Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)",
		);
		assert_eq!(
			hash.to_string(),
			"0x6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c9"
		);
		ask(&owner(), OPEN, transfer(signer, wei(10 * UNIT))).unwrap();

		let error =
			refusal(&relayer, OPEN, permit(signer, spender, value, &stranger, 0, EVM_CHAIN_ID));
		assert_eq!(error, format!("ERC2612InvalidSigner({recovered}, {signer})"));
		let wrong = [
			permit(signer, spender, value, &key, 0, EVM_CHAIN_ID + 1),
			signed(1),
			IOpen::permitCall { value: value + wei(1), ..signed(0) },
			IOpen::permitCall { spender: at(&owner()), ..signed(0) },
			IOpen::permitCall { owner: at(&owner()), ..signed(0) },
			IOpen::permitCall { owner: SolAddress::ZERO, ..signed(0) },
		];
		for call in wrong {
			let error = refusal(&relayer, OPEN, call);
			assert!(error.starts_with("ERC2612InvalidSigner(0x"), "{error}");
		}
		let call = signed(0);
		let (v, r, s) = malleable((call.v, call.r, call.s));
		let error = refusal(&relayer, OPEN, IOpen::permitCall { v, r, s, ..call.clone() });
		assert_eq!(error, format!("ECDSAInvalidSignatureS({s})"));
		for (v, r) in [(0, call.r), (call.v - 27, call.r), (29, call.r), (27, FixedBytes::ZERO)] {
			let error = refusal(&relayer, OPEN, IOpen::permitCall { v, r, ..call.clone() });
			assert_eq!(error, "ECDSAInvalidSignature()");
		}
		// Nobody may be the spender, even when signed; the nonce stays.
		let to_nobody = permit(signer, SolAddress::ZERO, value, &key, 0, EVM_CHAIN_ID);
		assert!(refusal(&relayer, OPEN, to_nobody).starts_with("ERC20InvalidSpender"));
		set_time(NOW + 1);
		let error = refusal(&relayer, OPEN, call.clone());
		assert_eq!(error, format!("ERC2612ExpiredSignature({NOW})"));
		let nonce = || ask(&owner(), OPEN, IOpen::noncesCall { owner: signer }).unwrap();
		assert_eq!((nonce(), allowance(signer, spender)), (Word::ZERO, Word::ZERO));

		set_time(NOW);
		let before = Balances::free_balance(&account);
		assert!(ask(&relayer, OPEN, call.clone()).is_ok());
		let event = IOpen::Approval { owner: signer, spender, value };
		assert!(logged(OPEN, &event));
		assert_eq!((nonce(), allowance(signer, spender)), (wei(1), value));
		// Whoever brings it pays for it.
		assert_eq!(Balances::free_balance(&account), before);
		let error = refusal(&relayer, OPEN, call);
		assert!(error.starts_with("ERC2612InvalidSigner("), "{error}");
		assert!(ask(&relayer, OPEN, signed(1)).is_ok());
		let take = IOpen::transferFromCall { from: signer, to: at(&relayer), value };
		assert_eq!(ask(&native(Sr25519Keyring::Dave), OPEN, take), Ok(true));
		assert_eq!(balance_of(signer), wei(7 * UNIT));
	});
}

#[test]
fn authorization_should_count_once_and_in_its_time_when_it_is_signed_for_this_chain() {
	development().execute_with(|| {
		set_time(NOW);
		let (key, from, _) = wallet(7);
		let (stranger, ..) = wallet(8);
		let (relayer, payee) = (other(), at(&unused(1)));
		let payment = (from, payee, wei(2 * UNIT));
		let nonce = word(1);
		let used = |nonce| {
			let input = IOpen::authorizationStateCall { authorizer: from, nonce };
			ask(&owner(), OPEN, input).unwrap()
		};
		let call = authorized(&key, payment, nonce, EVM_CHAIN_ID);
		// There is no money yet: the signature is not used up.
		let error = refusal(&relayer, OPEN, call.clone());
		assert!(error.starts_with("ERC20InsufficientBalance("), "{error}");
		ask(&owner(), OPEN, transfer(from, wei(10 * UNIT))).unwrap();

		type Transfer = IOpen::transferWithAuthorizationCall;
		let (v, r, s) = malleable((call.v, call.r, call.s));
		let wrong = [
			authorized(&stranger, payment, nonce, EVM_CHAIN_ID),
			authorized(&key, payment, nonce, EVM_CHAIN_ID + 1),
			Transfer { value: wei(3 * UNIT), ..call.clone() },
			Transfer { to: at(&relayer), ..call.clone() },
			Transfer { nonce: word(2), ..call.clone() },
			Transfer { from: SolAddress::ZERO, ..call.clone() },
			Transfer { v: 29, ..call.clone() },
			Transfer { v, r, s, ..call.clone() },
		];
		for call in wrong {
			assert_eq!(refusal(&relayer, OPEN, call), "ERC3009InvalidSignature()");
		}
		for time in [NOW - 1, NOW + 1] {
			set_time(time);
			let error = refusal(&relayer, OPEN, call.clone());
			let expected = format!("ERC3009InvalidAuthorizationTime({}, {})", NOW - 1, NOW + 1);
			assert_eq!(error, expected);
		}
		set_time(NOW);
		assert!(!used(nonce));
		let relayer_has = Balances::free_balance(&relayer);
		assert!(ask(&relayer, OPEN, call.clone()).is_ok());
		assert!(logged(OPEN, &IOpen::AuthorizationUsed { authorizer: from, nonce }));
		assert!(logged(OPEN, &IOpen::Transfer { from, to: payee, value: payment.2 }));
		assert!(used(nonce) && !used(word(2)));
		// The payee is new: it has the value, and the relayer paid for its account.
		assert_eq!((balance_of(payee), balance_of(from)), (payment.2, wei(8 * UNIT)));
		assert!(relayer_has - Balances::free_balance(&relayer) > ED);
		let error = refusal(&relayer, OPEN, call.clone());
		assert_eq!(error, format!("ERC3009UsedAuthorization({from}, {nonce})"));

		// A transfer's signature is none for a receipt, which only the payee may bring.
		let call = authorized(&key, payment, word(2), EVM_CHAIN_ID);
		let error = refusal(&relayer, OPEN, received(&call));
		assert_eq!(error, format!("ERC20InvalidReceiver({payee})"));
		let error = refusal(&unused(1), OPEN, received(&call));
		assert_eq!(error, "ERC3009InvalidSignature()");
		let message = authorization_hash("Receive", payment, (NOW - 1, NOW + 1), word(2));
		let (v, r, s) = sign(&key, EVM_CHAIN_ID, message);
		let receipt = IOpen::receiveWithAuthorizationCall { v, r, s, ..received(&call) };
		let error = refusal(&relayer, OPEN, receipt.clone());
		assert_eq!(error, format!("ERC20InvalidReceiver({payee})"));
		assert!(ask(&unused(1), OPEN, receipt.clone()).is_ok());
		assert!(logged(OPEN, &IOpen::AuthorizationUsed { authorizer: from, nonce: word(2) }));
		assert_eq!(balance_of(from), wei(6 * UNIT));
		// One nonce is for one of both.
		for error in [refusal(&unused(1), OPEN, receipt), refusal(&relayer, OPEN, call)] {
			assert_eq!(error, format!("ERC3009UsedAuthorization({from}, {})", word(2)));
		}

		// What is cancelled never counts, and what was used cannot be cancelled.
		let error = call_open(&relayer, cancelled(&stranger, from, word(3))).unwrap_err();
		assert_eq!(error, "ERC3009InvalidSignature()");
		assert!(call_open(&relayer, cancelled(&key, from, word(3))).is_ok());
		assert!(logged(OPEN, &IOpen::AuthorizationCanceled { authorizer: from, nonce: word(3) }));
		assert!(used(word(3)));
		let error = refusal(&relayer, OPEN, authorized(&key, payment, word(3), EVM_CHAIN_ID));
		assert_eq!(error, format!("ERC3009UsedAuthorization({from}, {})", word(3)));
		let error = call_open(&relayer, cancelled(&key, from, nonce)).unwrap_err();
		assert_eq!(error, format!("ERC3009UsedAuthorization({from}, {nonce})"));
	});
}

fn call_open(from: &AccountId, input: Vec<u8>) -> Result<Vec<u8>, String> {
	super::call(from, address_of(OPEN), 0, input)
}

#[test]
fn types_should_have_their_published_hashes_when_authorizations_are_signed() {
	let fields = "address from,address to,uint256 value,uint256 validAfter,\
	              uint256 validBefore,bytes32 nonce";
	for (of, hash) in [
		(
			format!("TransferWithAuthorization({fields})"),
			"0x7c7c6cdb67a18743f49ec6fa9b35f50d52ed05cbed4cc592e13b44501c1a2267",
		),
		(
			format!("ReceiveWithAuthorization({fields})"),
			"0xd099cc98ef71107a616c4f0f941f04c322d8e254fe26b3c6668db87aae413de8",
		),
		(
			"CancelAuthorization(address authorizer,bytes32 nonce)".into(),
			"0x158b0a9edf7a828aad02f63cd515c68ef2f50ba807396f6d12842833a1597429",
		),
	] {
		assert_eq!(type_hash(&of).to_string(), hash);
	}
}

#[test]
fn reads_should_answer_static_calls_alone_when_a_contract_passes_them_on() {
	development().execute_with(|| {
		let who = owner();
		let (fixed, delegated) =
			(deploy(address_of(OPEN), "fa", ""), deploy(address_of(OPEN), "f4", ""));
		let input = IOpen::balanceOfCall { account: at(&other()) }.abi_encode();
		let output = super::call(&who, fixed, 0, input.clone()).unwrap();
		assert_eq!(Word::from_be_slice(&output), balance_of(at(&other())));
		let error = super::call(&who, delegated, 0, input).unwrap_err();
		assert_eq!(error, "not by delegate call: call the precompile itself");
	});
}

#[test]
fn contract_should_pay_with_its_own_money_when_it_calls() {
	development().execute_with(|| {
		let (who, payee) = (owner(), at(&unused(1)));
		let contract = deploy(address_of(OPEN), "f1", "34");
		let has = SolAddress::from(contract.0);
		ask(&who, OPEN, transfer(has, wei(5 * UNIT))).unwrap();
		assert_eq!(balance_of(has), wei(5 * UNIT));
		let input = |value| transfer(payee, wei(value)).abi_encode();
		assert!(super::call(&who, contract, 0, input(2 * UNIT)).is_ok());
		assert!(logged(OPEN, &IOpen::Transfer { from: has, to: payee, value: wei(2 * UNIT) }));
		assert_eq!((balance_of(has), balance_of(payee)), (wei(3 * UNIT), wei(2 * UNIT)));
		let error = super::call(&who, contract, 0, input(4 * UNIT)).unwrap_err();
		let expected = format!("ERC20InsufficientBalance({has}, {}, {})", 3 * UNIT, 4 * UNIT);
		assert_eq!(error, expected);
	});
}

#[test]
fn estimate_should_cover_the_gas_when_a_wallet_sends_the_call() {
	development().execute_with(|| {
		set_time(NOW);
		let (key, from, _) = wallet(7);
		let sender = SolAddress::from(alith().address().0);
		let payee = at(&other());
		let value = wei(UNIT);
		ask(&owner(), OPEN, transfer(from, wei(100 * UNIT))).unwrap();
		let chain = EVM_CHAIN_ID;
		const FREES: &str = "transferFrom of all that is allowed";
		let calls = [
			("transfer", UNIT, transfer(payee, value).abi_encode()),
			// The signer pays the existential deposit beside the gas.
			("transfer to a new account", UNIT + ED, transfer(at(&unused(1)), value).abi_encode()),
			("approve", 0, IOpen::approveCall { spender: payee, value }.abi_encode()),
			("permit", 0, permit(from, sender, wei(2 * UNIT), &key, 0, chain).abi_encode()),
			("transferFrom", 0, IOpen::transferFromCall { from, to: payee, value }.abi_encode()),
			(FREES, 0, IOpen::transferFromCall { from, to: payee, value }.abi_encode()),
			(
				"transferWithAuthorization",
				0,
				authorized(&key, (from, payee, value), word(1), chain).abi_encode(),
			),
			("cancelAuthorization", 0, cancelled(&key, from, word(2))),
		];
		let before = balance_of(payee);
		for (name, moved, input) in calls {
			let tx = GenericTransactionV1 {
				from: Some(alith().address()),
				to: Some(address_of(OPEN)),
				input: input.clone().into(),
				..Default::default()
			};
			let gas = estimate(tx);
			let left = balance(alith().address()) - moved;
			send(Some(address_of(OPEN)), 0, input, gas);
			// The deposit that comes back with an allowance can be more than the fee.
			let used = left.saturating_sub(balance(alith().address())) / price();
			println!("IOpen.{name}: estimate {gas}, used {used}");
			assert!(used <= gas, "{name}");
			assert!(name == FREES || gas * 100 <= used * 105, "{name}");
		}
		assert_eq!(balance_of(payee) - before, wei(4 * UNIT));
		assert_eq!(balance_of(at(&unused(1))), value);
		assert_eq!(balance_of(from), wei(97 * UNIT));
		assert_eq!(allowance(sender, payee), value);
		assert_eq!(allowance(from, sender), Word::ZERO);
		let cancelled = IOpen::authorizationStateCall { authorizer: from, nonce: word(2) };
		assert_eq!(ask(&owner(), OPEN, cancelled), Ok(true));
	});
}
