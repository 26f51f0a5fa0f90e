//! Native $OPEN as an ERC-20 token.
//!
//! Balances are those of the chain; what a token has beside them lives in the storage of the
//! precompile's own account, laid out as Solidity lays out these variables:
//!
//! ```solidity
//! mapping(address owner => mapping(address spender => uint256)) allowances;
//! mapping(address owner => uint256) nonces;
//! mapping(address authorizer => mapping(bytes32 nonce => bool)) authorizations;
//! ```
//!
//! The rules are those of ERC-20, EIP-2612, EIP-3009, EIP-712 and EIP-5267. A refusal has the name
//! that OpenZeppelin's contracts give it, with its arguments, as the string of a revert.

use crate::{
	abi::{
		IOpen,
		IOpen::{
			allowanceCall, approveCall, authorizationStateCall, balanceOfCall,
			cancelAuthorizationCall, decimalsCall, eip712DomainCall, eip712DomainReturn, nameCall,
			noncesCall, permitCall, receiveWithAuthorizationCall, symbolCall, totalSupplyCall,
			transferCall, transferFromCall, transferWithAuthorizationCall, DOMAIN_SEPARATORCall,
			IOpenCalls,
		},
	},
	context::{
		account, address, called, caller, charge_transfer, log, mutable, refused, revert,
		without_value,
	},
};
use alloc::{format, string::String, vec::Vec};
use core::marker::PhantomData;
use frame::{
	deps::sp_io::{crypto::secp256k1_ecdsa_recover, hashing::keccak_256},
	prelude::{Get, Weight},
	token::{
		fungible::{Inspect, Mutate},
		Fortitude, Preservation,
	},
};
use openledger_core::{Balance, EIP712_NAME, EIP712_VERSION};
use pallet_revive::{
	precompiles::{
		alloy::{
			primitives::{Address, FixedBytes, B256, U256 as Word},
			sol_types::{Eip712Domain, SolCall, SolStruct},
		},
		AddressMatcher, Error, Ext, ExtWithInfo, Precompile, RuntimeCosts, StorageOp, H160, U256,
	},
	Config, Key,
};

/// What a signature can be for.
mod signed {
	use pallet_revive::precompiles::alloy::sol;

	sol! {
		struct Permit {
			address owner;
			address spender;
			uint256 value;
			uint256 nonce;
			uint256 deadline;
		}

		struct TransferWithAuthorization {
			address from;
			address to;
			uint256 value;
			uint256 validAfter;
			uint256 validBefore;
			bytes32 nonce;
		}

		struct ReceiveWithAuthorization {
			address from;
			address to;
			uint256 value;
			uint256 validAfter;
			uint256 validBefore;
			bytes32 nonce;
		}

		struct CancelAuthorization {
			address authorizer;
			bytes32 nonce;
		}
	}
}

const SYMBOL: &str = "OPEN";
const DECIMALS: u8 = 18;
/// Name, version, chain and address: which fields that domain has (EIP-5267).
const FIELDS: FixedBytes<1> = FixedBytes([0b1111]);

/// Half of the order of secp256k1. Of the two forms of a signature one has an `s` up to it; the
/// other is refused, so that nobody can change a signature that counts.
const HALF_ORDER: Word = Word::from_limbs([
	0xdfe9_2f46_681b_20a0,
	0x5d57_6e73_57a4_501d,
	0xffff_ffff_ffff_ffff,
	0x7fff_ffff_ffff_ffff,
]);

/// The variables in storage, by their position.
#[derive(Clone, Copy)]
enum Variable {
	Allowances = 0,
	Nonces = 1,
	Authorizations = 2,
}

/// `v`, `r` and `s`.
type Signature<'a> = (u8, &'a B256, &'a B256);

/// [`crate::abi::IOpen`].
pub struct OpenPrecompile<T>(PhantomData<T>);

impl<T: Config<Balance = Balance>> Precompile for OpenPrecompile<T> {
	type T = T;
	type Interface = IOpenCalls;
	const MATCHER: AddressMatcher = crate::fixed(crate::OPEN);
	const HAS_CONTRACT_INFO: bool = true;

	fn call_with_info(
		_: &[u8; 20],
		input: &Self::Interface,
		env: &mut impl ExtWithInfo<T = T>,
	) -> Result<Vec<u8>, Error> {
		use IOpenCalls as Call;
		// For what is constant; everything else is charged where it is done.
		env.charge(Weight::from_parts(1_000_000, 0))?;
		without_value(env)?;
		// The storage of a delegate call is the caller's.
		called(env)?;
		if let Call::transfer(_)
		| Call::approve(_)
		| Call::transferFrom(_)
		| Call::permit(_)
		| Call::transferWithAuthorization(_)
		| Call::receiveWithAuthorization(_)
		| Call::cancelAuthorization(_) = input
		{
			mutable(env)?;
		}
		match input {
			Call::name(_) => Ok(nameCall::abi_encode_returns(&String::from(EIP712_NAME))),
			Call::symbol(_) => Ok(symbolCall::abi_encode_returns(&String::from(SYMBOL))),
			Call::decimals(_) => Ok(decimalsCall::abi_encode_returns(&DECIMALS)),
			Call::totalSupply(_) => {
				env.charge(T::DbWeight::get().reads(1))?;
				let supply = Word::from(T::Currency::total_issuance());
				Ok(totalSupplyCall::abi_encode_returns(&supply))
			},
			Call::balanceOf(balanceOfCall { account }) => {
				env.frame_meter_mut().charge_weight_token(RuntimeCosts::BalanceOf)?;
				let balance = number(env.balance_of(&H160(account.into_array())));
				Ok(balanceOfCall::abi_encode_returns(&balance))
			},
			Call::allowance(allowanceCall { owner, spender }) => {
				let key = allowance(env, owner, spender)?;
				Ok(allowanceCall::abi_encode_returns(&read(env, &key)?))
			},
			Call::transfer(transferCall { to, value }) => {
				let from = sender(env)?;
				pay(env, from, *to, *value)?;
				Ok(transferCall::abi_encode_returns(&true))
			},
			Call::approve(approveCall { spender, value }) => {
				let owner = sender(env)?;
				approve(env, owner, *spender, *value)?;
				Ok(approveCall::abi_encode_returns(&true))
			},
			Call::transferFrom(transferFromCall { from, to, value }) => {
				spend(env, from, *value)?;
				pay(env, *from, *to, *value)?;
				Ok(transferFromCall::abi_encode_returns(&true))
			},
			Call::permit(call) => permit(env, call),
			Call::nonces(noncesCall { owner }) => {
				let key = slot(env, Variable::Nonces, &[owner.into_word()])?;
				Ok(noncesCall::abi_encode_returns(&read(env, &key)?))
			},
			Call::DOMAIN_SEPARATOR(_) => {
				charge_hashing(env)?;
				let separator = domain(env).separator();
				Ok(DOMAIN_SEPARATORCall::abi_encode_returns(&separator))
			},
			Call::eip712Domain(_) => {
				Ok(eip712DomainCall::abi_encode_returns(&eip712DomainReturn {
					fields: FIELDS,
					name: EIP712_NAME.into(),
					version: EIP712_VERSION.into(),
					chainId: Word::from(env.chain_id()),
					verifyingContract: env.address().0.into(),
					salt: B256::ZERO,
					extensions: Vec::new(),
				}))
			},
			Call::transferWithAuthorization(transferWithAuthorizationCall {
				from,
				to,
				value,
				validAfter,
				validBefore,
				nonce,
				v,
				r,
				s,
			}) => {
				let message = signed::TransferWithAuthorization {
					from: *from,
					to: *to,
					value: *value,
					validAfter: *validAfter,
					validBefore: *validBefore,
					nonce: *nonce,
				};
				in_time(env, validAfter, validBefore)?;
				pay_authorized(env, (*from, *to, *value), nonce, &message, (*v, r, s))
			},
			Call::receiveWithAuthorization(receiveWithAuthorizationCall {
				from,
				to,
				value,
				validAfter,
				validBefore,
				nonce,
				v,
				r,
				s,
			}) => {
				if sender(env)? != *to {
					return Err(revert(&format!("ERC20InvalidReceiver({to})")));
				}
				let message = signed::ReceiveWithAuthorization {
					from: *from,
					to: *to,
					value: *value,
					validAfter: *validAfter,
					validBefore: *validBefore,
					nonce: *nonce,
				};
				in_time(env, validAfter, validBefore)?;
				pay_authorized(env, (*from, *to, *value), nonce, &message, (*v, r, s))
			},
			Call::cancelAuthorization(cancelAuthorizationCall { authorizer, nonce, v, r, s }) => {
				let message =
					signed::CancelAuthorization { authorizer: *authorizer, nonce: *nonce };
				use_up(env, authorizer, nonce, &message, (*v, r, s))?;
				let event = IOpen::AuthorizationCanceled { authorizer: *authorizer, nonce: *nonce };
				log(env, &event)?;
				Ok(Vec::new())
			},
			Call::authorizationState(authorizationStateCall { authorizer, nonce }) => {
				let key = slot(env, Variable::Authorizations, &[authorizer.into_word(), *nonce])?;
				let used = !read(env, &key)?.is_zero();
				Ok(authorizationStateCall::abi_encode_returns(&used))
			},
		}
	}
}

/// The address of `msg.sender`.
fn sender<T: Config>(env: &impl Ext<T = T>) -> Result<Address, Error> {
	caller(env).map(|who| address::<T>(&who))
}

fn number(number: U256) -> Word {
	Word::from_be_bytes(number.to_big_endian())
}

/// The key of an entry of a mapping, as Solidity computes it. Charges for its hashes.
fn slot<T: Config>(
	env: &mut impl Ext<T = T>,
	variable: Variable,
	keys: &[B256],
) -> Result<Key, Error> {
	let mut slot = Word::from(variable as u8).to_be_bytes();
	for key in keys {
		env.frame_meter_mut().charge_weight_token(RuntimeCosts::HashKeccak256(64))?;
		slot = keccak_256(&[key.0, slot].concat());
	}
	Ok(Key::from_fixed(slot))
}

fn allowance<T: Config>(
	env: &mut impl Ext<T = T>,
	owner: &Address,
	spender: &Address,
) -> Result<Key, Error> {
	slot(env, Variable::Allowances, &[owner.into_word(), spender.into_word()])
}

/// A word of the storage; zero where none is. Charges for it.
fn read<T: Config>(env: &mut impl Ext<T = T>, key: &Key) -> Result<Word, Error> {
	let kind = env.touch_storage_access(false, key, StorageOp::Read);
	env.frame_meter_mut()
		.charge_weight_token(RuntimeCosts::GetStorage { len: 32, kind })?;
	Ok(env.get_storage(key).map_or(Word::ZERO, |word| Word::from_be_slice(&word)))
}

/// Stores a word; zero removes it. Charges for it, and holds or releases its deposit.
fn write<T: Config>(env: &mut impl Ext<T = T>, key: &Key, word: Word) -> Result<(), Error> {
	let kind = env.touch_storage_access(false, key, StorageOp::Write);
	env.frame_meter_mut().charge_weight_token(RuntimeCosts::SetStorage {
		new_bytes: 32,
		old_bytes: 32,
		kind,
	})?;
	let word = (!word.is_zero()).then(|| word.to_be_bytes_vec());
	env.set_storage(key, word, false)?;
	Ok(())
}

/// Moves money and logs it. Refuses recipients whose money is lost. An account that does not exist
/// yet gets its existential deposit from the signer of the transaction, as in a transfer of value.
fn pay<T: Config<Balance = Balance>>(
	env: &mut impl Ext<T = T>,
	from: Address,
	to: Address,
	value: Word,
) -> Result<(), Error> {
	if from.is_zero() {
		return Err(revert(&format!("ERC20InvalidSender({from})")));
	}
	// Nobody can take money out of this precompile's account.
	if to.is_zero() || to.into_array() == env.address().0 {
		return Err(revert(&format!("ERC20InvalidReceiver({to})")));
	}
	let (payer, payee) = (account(env, from)?, account(env, to)?);
	charge_transfer(env)?;
	if !value.is_zero() && T::Currency::total_balance(&payee) == 0 {
		charge_transfer(env)?;
		let signer = env.origin().account_id().map_err(refused)?;
		let deposit = T::Currency::minimum_balance();
		T::Currency::transfer(signer, &payee, deposit, Preservation::Preserve)
			.map_err(|_| revert("the signer cannot pay the new account's existential deposit"))?;
	}
	let balance = T::Currency::reducible_balance(&payer, Preservation::Preserve, Fortitude::Polite);
	let amount = match Balance::try_from(value) {
		Ok(amount) if amount <= balance => amount,
		_ => {
			return Err(revert(&format!("ERC20InsufficientBalance({from}, {balance}, {value})")));
		},
	};
	if amount > 0 {
		T::Currency::transfer(&payer, &payee, amount, Preservation::Preserve).map_err(refused)?;
	}
	log(env, &IOpen::Transfer { from, to, value })
}

/// Sets an allowance and logs it.
fn approve<T: Config>(
	env: &mut impl Ext<T = T>,
	owner: Address,
	spender: Address,
	value: Word,
) -> Result<(), Error> {
	for (address, error) in [(owner, "ERC20InvalidApprover"), (spender, "ERC20InvalidSpender")] {
		if address.is_zero() {
			return Err(revert(&format!("{error}({address})")));
		}
	}
	let key = allowance(env, &owner, &spender)?;
	write(env, &key, value)?;
	log(env, &IOpen::Approval { owner, spender, value })
}

/// Takes a value out of what the caller may take from an owner.
fn spend<T: Config>(env: &mut impl Ext<T = T>, owner: &Address, value: Word) -> Result<(), Error> {
	let spender = sender(env)?;
	let key = allowance(env, owner, &spender)?;
	let allowed = read(env, &key)?;
	if allowed == Word::MAX {
		return Ok(());
	}
	let rest = allowed.checked_sub(value).ok_or_else(|| {
		revert(&format!("ERC20InsufficientAllowance({spender}, {allowed}, {value})"))
	})?;
	write(env, &key, rest)
}

fn permit<T: Config>(env: &mut impl Ext<T = T>, call: &permitCall) -> Result<Vec<u8>, Error> {
	let permitCall { owner, spender, value, deadline, v, r, s } = call;
	if now(env)? > *deadline {
		return Err(revert(&format!("ERC2612ExpiredSignature({deadline})")));
	}
	let key = slot(env, Variable::Nonces, &[owner.into_word()])?;
	let nonce = read(env, &key)?;
	let message = signed::Permit {
		owner: *owner,
		spender: *spender,
		value: *value,
		nonce,
		deadline: *deadline,
	};
	let hash = signing_hash(env, &message)?;
	let signer = recover(&hash, (*v, r, s)).map_err(|error| revert(&error))?;
	if signer != *owner {
		return Err(revert(&format!("ERC2612InvalidSigner({signer}, {owner})")));
	}
	// Nobody signs 2^256 times.
	write(env, &key, nonce.wrapping_add(Word::from(1)))?;
	approve(env, *owner, *spender, *value)?;
	Ok(Vec::new())
}

/// Refuses an authorization before and after its time.
fn in_time<T: Config>(env: &mut impl Ext<T = T>, after: &Word, before: &Word) -> Result<(), Error> {
	let now = now(env)?;
	if *after < now && now < *before {
		Ok(())
	} else {
		Err(revert(&format!("ERC3009InvalidAuthorizationTime({after}, {before})")))
	}
}

/// Checks the signature of an authorization, or of its cancellation, which may be used once.
fn use_up<T: Config>(
	env: &mut impl Ext<T = T>,
	authorizer: &Address,
	nonce: &B256,
	message: &impl SolStruct,
	signature: Signature,
) -> Result<(), Error> {
	let key = slot(env, Variable::Authorizations, &[authorizer.into_word(), *nonce])?;
	if !read(env, &key)?.is_zero() {
		return Err(revert(&format!("ERC3009UsedAuthorization({authorizer}, {nonce})")));
	}
	let hash = signing_hash(env, message)?;
	if recover(&hash, signature).as_ref() != Ok(authorizer) {
		return Err(revert("ERC3009InvalidSignature()"));
	}
	write(env, &key, Word::from(1))
}

/// Moves `value` from one account to another by an authorization, which is used up by that.
fn pay_authorized<T: Config<Balance = Balance>>(
	env: &mut impl Ext<T = T>,
	(from, to, value): (Address, Address, Word),
	nonce: &B256,
	message: &impl SolStruct,
	signature: Signature,
) -> Result<Vec<u8>, Error> {
	use_up(env, &from, nonce, message, signature)?;
	log(env, &IOpen::AuthorizationUsed { authorizer: from, nonce: *nonce })?;
	pay(env, from, to, value)?;
	Ok(Vec::new())
}

/// The second of the block.
fn now<T: Config>(env: &mut impl Ext<T = T>) -> Result<Word, Error> {
	env.frame_meter_mut().charge_weight_token(RuntimeCosts::Now)?;
	Ok(number(env.now()))
}

/// The domain that signatures are for: a chain's signature counts on that chain alone.
fn domain<T: Config>(env: &impl Ext<T = T>) -> Eip712Domain {
	Eip712Domain::new(
		Some(EIP712_NAME.into()),
		Some(EIP712_VERSION.into()),
		Some(Word::from(env.chain_id())),
		Some(env.address().0.into()),
		None,
	)
}

/// Charges for at most eight hashes of at most 300 bytes, which the runtime computes itself.
fn charge_hashing<T: Config>(env: &mut impl Ext<T = T>) -> Result<(), Error> {
	env.charge(Weight::from_parts(50_000_000, 0))?;
	Ok(())
}

/// What is signed (EIP-712). Charges for the hashes and for [`recover`].
fn signing_hash<T: Config>(
	env: &mut impl Ext<T = T>,
	message: &impl SolStruct,
) -> Result<B256, Error> {
	charge_hashing(env)?;
	env.frame_meter_mut().charge_weight_token(RuntimeCosts::EcdsaRecovery)?;
	Ok(message.eip712_signing_hash(&domain(env)))
}

/// Who signed a hash.
fn recover(hash: &B256, (v, r, s): Signature) -> Result<Address, String> {
	if Word::from_be_bytes(s.0) > HALF_ORDER {
		return Err(format!("ECDSAInvalidSignatureS({s})"));
	}
	let invalid = || String::from("ECDSAInvalidSignature()");
	let parity = match v {
		27 => 0,
		28 => 1,
		_ => return Err(invalid()),
	};
	let mut signature = [parity; 65];
	signature[..32].copy_from_slice(&r.0);
	signature[32..64].copy_from_slice(&s.0);
	let key = secp256k1_ecdsa_recover(&signature, &hash.0).map_err(|_| invalid())?;
	Ok(Address::from_raw_public_key(&key))
}
