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
/// Goes before a voucher when it is signed.
pub const VOUCHER_DOMAIN: &[u8] = b"openledger/voucher/v1";

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

/// The name under which this chain's contracts have Ethereum wallets sign typed data (EIP-712).
pub const EIP712_NAME: &str = "OpenLedger";
/// The version of that data.
pub const EIP712_VERSION: &str = "1";

/// The native account of an Ethereum address, as `pallet-revive` maps it: the address and twelve bytes
/// `0xee`.
pub fn account_of_address(address: &H160) -> AccountId32 {
	let mut account = [0xee; 32];
	account[..20].copy_from_slice(address.as_bytes());
	account.into()
}

/// What an Ethereum wallet shows and signs with a request (EIP-712), under [`EIP712_NAME`] and
/// [`EIP712_VERSION`].
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
			keccak_256(EIP712_NAME.as_bytes()),
			keccak_256(EIP712_VERSION.as_bytes()),
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
				let address = |key: &[u8; 64]| H160::from_slice(&keccak_256(key)[12..]);
				key.is_ok_and(|key| account_of_address(&address(&key)) == self.payer.clone().into())
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

/// What a payer signs for many answers at once: all that it owes an operator since their channel
/// was opened.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Voucher<AccountId> {
	/// The chain: hash of its genesis block.
	pub genesis: Hash,
	/// Who pays, out of its channel with the operator.
	pub payer: AccountId,
	/// Who answered.
	pub operator: AccountId,
	/// The model version of all answers since the last voucher or receipt.
	pub model: ModelId,
	/// The adapter that answered.
	pub adapter: Hash,
	/// What all answers since the channel was opened cost, paid or not, in wei.
	pub cumulative: Balance,
	/// The nonce of the last request among them.
	pub nonce: u64,
	/// The last block at which it may be redeemed.
	pub expiry: u32,
}

impl<AccountId: Encode> Voucher<AccountId> {
	/// The bytes that the payer signs.
	pub fn payload(&self) -> Vec<u8> {
		(VOUCHER_DOMAIN, self).encode()
	}
}

/// One answer of a batch. The payer signed the request before it was made and the operator the reply,
/// so that neither can put another answer in its place.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Item<AccountId> {
	/// What was asked.
	pub request: Request<AccountId>,
	/// The payer's signature of it.
	pub payer_signature: MultiSignature,
	/// What was answered.
	pub reply: Reply,
	/// The operator's signature of it.
	pub operator_signature: MultiSignature,
}

/// What a batch redeemed of one payer: it pays for the items of these nonces.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Redeemed<AccountId> {
	/// Who paid.
	pub payer: AccountId,
	/// How much, in wei.
	pub amount: Balance,
	/// The last nonce that was paid before.
	pub after: u64,
	/// The last nonce that this pays.
	pub nonce: u64,
}

impl<AccountId> Item<AccountId>
where
	AccountId: Clone
		+ Encode
		+ PartialEq
		+ Into<<<MultiSignature as Verify>::Signer as IdentifyAccount>::AccountId>,
{
	/// Its hash under the root of its batch.
	pub fn hash(&self) -> Hash {
		blake2_256(&self.encode()).into()
	}

	/// Whether it is signed, answered and made on this chain by this operator with this adapter.
	pub fn is_right(
		&self,
		genesis: Hash,
		operator: &AccountId,
		model: ModelId,
		adapter: Hash,
	) -> bool {
		let Self { request, payer_signature, reply, operator_signature } = self;
		request.genesis == genesis
			&& request.operator == *operator
			&& request.model == model
			&& request.adapter == adapter
			&& reply.request == request.id()
			&& reply.completion_tokens > 0
			&& verify(&request.payload(), payer_signature, &request.payer)
			&& verify(&reply.payload(), operator_signature, operator)
	}
}

/// Which voucher pays each of `items`, in their order: they stand voucher by voucher, by rising
/// nonces, and every voucher pays for one at least. `None` if they do not.
pub fn payers_of<AccountId: PartialEq>(
	items: &[Item<AccountId>],
	redeemed: &[Redeemed<AccountId>],
) -> Option<Vec<u8>> {
	let (mut items, mut payers) = (items.iter().peekable(), Vec::new());
	for (index, Redeemed { payer, after, nonce, .. }) in redeemed.iter().enumerate() {
		let mut last = *after;
		while let Some(item) = items.next_if(|item| {
			let request = &item.request;
			request.payer == *payer && request.nonce > last && request.nonce <= *nonce
		}) {
			last = item.request.nonce;
			payers.push(index as u8);
		}
		if last == *after {
			return None;
		}
	}
	items.next().is_none().then_some(payers)
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

#[cfg(test)]
mod tests {
	use super::*;
	use sp_core::{sr25519, Pair};
	use sp_runtime::AccountId32;

	fn pair(n: u8) -> (sr25519::Pair, AccountId32) {
		let pair = sr25519::Pair::from_seed(&[n; 32]);
		let who = pair.public().into();
		(pair, who)
	}

	fn item(payer: u8, nonce: u64) -> Item<AccountId32> {
		let ((by_payer, payer), (by_operator, operator)) = (pair(payer), pair(9));
		let request = Request {
			genesis: Hash::zero(),
			payer,
			operator,
			model: 7,
			adapter: Hash::repeat_byte(2),
			prompt: Hash::repeat_byte(3),
			maximum: 100,
			nonce,
			expiry: 10,
		};
		let response = Hash::repeat_byte(4);
		let reply =
			Reply { request: request.id(), response, prompt_tokens: 1, completion_tokens: 1 };
		Item {
			payer_signature: by_payer.sign(&request.payload()).into(),
			operator_signature: by_operator.sign(&reply.payload()).into(),
			request,
			reply,
		}
	}

	fn redeemed(payer: u8, after: u64, nonce: u64) -> Redeemed<AccountId32> {
		Redeemed { payer: pair(payer).1, amount: 1, after, nonce }
	}

	#[test]
	fn payers_of_should_name_the_vouchers_when_each_pays_its_items() {
		let items = [item(1, 5), item(1, 6), item(2, 1)];
		let vouchers = [redeemed(1, 4, 6), redeemed(2, 0, 9)];
		assert_eq!(payers_of(&items, &vouchers), Some(vec![0, 0, 1]));
		assert_eq!(payers_of(&items[..2], &vouchers), None, "one is paid for nothing");
		assert_eq!(payers_of(&items, &vouchers[..1]), None, "nobody pays for one");
	}

	#[test]
	fn payers_of_should_be_none_when_a_nonce_was_paid_or_comes_twice() {
		let twice = [item(1, 5), item(1, 5)];
		assert_eq!(payers_of(&twice, &[redeemed(1, 4, 6)]), None);
		assert_eq!(payers_of(&twice[..1], &[redeemed(1, 5, 6)]), None);
		assert_eq!(payers_of(&twice[..1], &[redeemed(1, 1, 4)]), None);
	}

	#[test]
	fn is_right_should_be_false_when_anything_signed_is_changed() {
		let right = |item: &Item<AccountId32>| {
			item.is_right(Hash::zero(), &pair(9).1, 7, Hash::repeat_byte(2))
		};
		let good = item(1, 5);
		assert!(right(&good));
		let changes: [fn(&mut Item<AccountId32>); 6] = [
			|item| item.request.nonce = 6,
			|item| item.request.prompt = Hash::zero(),
			|item| item.request.model = 8,
			|item| item.reply.response = Hash::zero(),
			|item| item.reply.completion_tokens = 0,
			|item| item.payer_signature = item.operator_signature.clone(),
		];
		for change in changes {
			let mut other = good.clone();
			change(&mut other);
			assert!(!right(&other));
			assert_ne!(other.hash(), good.hash());
		}
	}
}
