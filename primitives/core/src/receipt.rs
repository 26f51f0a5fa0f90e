use crate::{Balance, Hash, ModelId};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::{H160, U256};
use sp_crypto_hashing::{blake2_256, keccak_256};
use sp_runtime::{
	traits::{IdentifyAccount, Verify},
	AccountId32, MultiSignature,
};

/// Goes before a request when it is hashed and signed.
pub const REQUEST_DOMAIN: &[u8] = b"openledger/request/v1";
/// Goes before a reply when it is signed.
pub const REPLY_DOMAIN: &[u8] = b"openledger/reply/v1";

/// What a payer signs before an answer is made.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Request<AccountId> {
	/// The chain: hash of its genesis block.
	pub genesis: Hash,
	/// Who pays, out of its channel with the operator.
	pub payer: AccountId,
	/// Who answers.
	pub operator: AccountId,
	/// The model version.
	pub model: ModelId,
	/// The adapter that must answer.
	pub adapter: Hash,
	/// Hash of the salted prompt blob.
	pub prompt: Hash,
	/// The most that the answer may cost, in wei.
	pub maximum: Balance,
	/// Greater than that of every request that the channel paid before.
	pub nonce: u64,
	/// The last block at which the receipt may be submitted.
	pub expiry: u32,
}

impl<AccountId: Encode> Request<AccountId> {
	/// The bytes that the payer signs.
	pub fn payload(&self) -> Vec<u8> {
		(REQUEST_DOMAIN, self).encode()
	}

	/// Identifies the request and the receipt that comes of it.
	pub fn id(&self) -> Hash {
		blake2_256(&self.payload()).into()
	}
}

/// The type of a request in EIP-712; accounts are the 32 bytes of the native chain.
const REQUEST_TYPE: &[u8] = b"Request(bytes32 genesis,bytes32 payer,bytes32 operator,uint32 model,\
bytes32 adapter,bytes32 prompt,uint256 maximum,uint64 nonce,uint32 expiry)";
/// The type of the domain in EIP-712.
const DOMAIN_TYPE: &[u8] =
	b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";

/// What an Ethereum wallet shows and signs with a request (EIP-712): name `OpenLedger`, version `1`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Eip712Domain {
	/// The EVM chain id.
	pub chain: u64,
	/// The precompile of attribution.
	pub contract: H160,
}

impl Eip712Domain {
	fn separator(&self) -> [u8; 32] {
		let mut contract = [0; 32];
		contract[12..].copy_from_slice(self.contract.as_bytes());
		let words = [
			keccak_256(DOMAIN_TYPE),
			keccak_256(b"OpenLedger"),
			keccak_256(b"1"),
			U256::from(self.chain).to_big_endian(),
			contract,
		];
		keccak_256(&words.concat())
	}
}

impl<AccountId: Encode + Clone + Into<AccountId32>> Request<AccountId> {
	/// The hash that an Ethereum wallet signs: `eth_signTypedData_v4` of EIP-712.
	pub fn typed_hash(&self, domain: &Eip712Domain) -> [u8; 32] {
		let account = |who: &AccountId| -> [u8; 32] { who.clone().into().into() };
		let number = |n: u128| U256::from(n).to_big_endian();
		let words = [
			keccak_256(REQUEST_TYPE),
			self.genesis.0,
			account(&self.payer),
			account(&self.operator),
			number(self.model.into()),
			self.adapter.0,
			self.prompt.0,
			number(self.maximum),
			number(self.nonce.into()),
			number(self.expiry.into()),
		];
		keccak_256(&[&[0x19, 0x01], &domain.separator()[..], &keccak_256(&words.concat())].concat())
	}

	/// Whether the payer signed it: its payload, as [`verify`] takes it, or with an Ethereum key its
	/// typed data.
	pub fn is_signed(&self, signature: &MultiSignature, domain: &Eip712Domain) -> bool {
		match signature {
			MultiSignature::Eth(signature) => {
				let hash = self.typed_hash(domain);
				let key = sp_io::crypto::secp256k1_ecdsa_recover(signature.as_ref(), &hash);
				// The native account of an Ethereum address, as `pallet-revive` maps it.
				let account = |key: &[u8; 64]| {
					let mut account = [0xee; 32];
					account[..20].copy_from_slice(&keccak_256(key)[12..]);
					AccountId32::new(account)
				};
				key.is_ok_and(|key| account(&key) == self.payer.clone().into())
			},
			_ => verify(&self.payload(), signature, &self.payer),
		}
	}
}

/// What an operator signs when it answers.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Reply {
	/// [`Request::id`].
	pub request: Hash,
	/// Hash of the salted response blob.
	pub response: Hash,
	/// Tokens of the prompt.
	pub prompt_tokens: u32,
	/// Tokens of the answer.
	pub completion_tokens: u32,
}

impl Reply {
	/// The bytes that the operator signs.
	pub fn payload(&self) -> Vec<u8> {
		(REPLY_DOMAIN, self).encode()
	}
}

/// Whether `who` signed `payload`, as it is or between the `<Bytes>` tags that browser wallets
/// put around raw bytes.
pub fn verify<AccountId>(payload: &[u8], signature: &MultiSignature, who: &AccountId) -> bool
where
	AccountId: Clone + Into<<<MultiSignature as Verify>::Signer as IdentifyAccount>::AccountId>,
{
	let who = who.clone().into();
	signature.verify(payload, &who) || {
		let wrapped = [b"<Bytes>", payload, b"</Bytes>"].concat();
		signature.verify(wrapped.as_slice(), &who)
	}
}
