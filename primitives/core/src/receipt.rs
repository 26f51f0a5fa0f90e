use crate::{Balance, Hash, ModelId};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_crypto_hashing::blake2_256;
use sp_runtime::{
	traits::{IdentifyAccount, Verify},
	MultiSignature,
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
