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
const REQUEST_TYPE: &str = "Request(bytes32 genesis,bytes32 payer,bytes32 operator,\
uint32 model,bytes32 adapter,bytes32 prompt,uint256 maximum,uint64 nonce,uint32 expiry)";
/// The type of a voucher in EIP-712.
pub const VOUCHER_TYPE: &str = "Voucher(bytes32 genesis,bytes32 payer,bytes32 operator,\
uint32 model,bytes32 adapter,uint256 cumulative,uint64 nonce,uint32 expiry)";
/// The type of the domain in EIP-712.
pub const EIP712_TYPE: &str =
	"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";

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

/// What an Ethereum wallet shows and signs with what its owner owes (EIP-712), under [`EIP712_NAME`]
/// and [`EIP712_VERSION`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Eip712Domain {
	/// The EVM chain id.
	pub chain: u64,
	/// The precompile of attribution.
	pub contract: H160,
}

/// A field of typed data.
type Word = [u8; 32];

fn number(n: impl Into<u128>) -> Word {
	U256::from(n.into()).to_big_endian()
}

fn account<AccountId: Clone + Into<AccountId32>>(who: &AccountId) -> Word {
	who.clone().into().into()
}

impl Eip712Domain {
	fn separator(&self) -> Word {
		let mut contract = [0; 32];
		contract[12..].copy_from_slice(self.contract.as_bytes());
		let name = [EIP712_NAME, EIP712_VERSION].map(|text| keccak_256(text.as_bytes()));
		hash_of(EIP712_TYPE, &[name[0], name[1], number(self.chain), contract])
	}

	/// What a wallet signs of a struct of this type: `eth_signTypedData_v4` of EIP-712.
	fn hash(&self, of: &str, fields: &[Word]) -> Word {
		let message = [self.separator(), hash_of(of, fields)].concat();
		keccak_256(&[&[0x19, 0x01], &message[..]].concat())
	}
}

/// The hash of a struct of this type.
fn hash_of(of: &str, fields: &[Word]) -> Word {
	keccak_256(&[&[keccak_256(of.as_bytes())], fields].concat().concat())
}

/// Whether `payer` signed what it owes: the payload, as [`verify`] takes it, or with an Ethereum key
/// the typed data, and never the other.
fn is_signed<AccountId: Clone + Into<AccountId32>>(
	payer: &AccountId,
	signature: &MultiSignature,
	payload: &[u8],
	typed: impl FnOnce() -> Word,
) -> bool {
	let MultiSignature::Eth(signature) = signature else {
		return verify(payload, signature, payer);
	};
	let key = sp_io::crypto::secp256k1_ecdsa_recover(signature.as_ref(), &typed());
	let address = |key: [u8; 64]| H160::from_slice(&keccak_256(&key)[12..]);
	key.is_ok_and(|key| account_of_address(&address(key)) == payer.clone().into())
}

impl<AccountId: Encode + Clone + Into<AccountId32>> Request<AccountId> {
	/// The hash that an Ethereum wallet signs.
	pub fn typed_hash(&self, domain: &Eip712Domain) -> [u8; 32] {
		let Self { genesis, payer, operator, model, adapter, prompt, maximum, nonce, expiry } =
			self;
		let fields = [
			genesis.0,
			account(payer),
			account(operator),
			number(*model),
			adapter.0,
			prompt.0,
			number(*maximum),
			number(*nonce),
			number(*expiry),
		];
		domain.hash(REQUEST_TYPE, &fields)
	}

	/// Whether the payer signed it: its payload, as [`verify`] takes it, or with an Ethereum key its
	/// typed data.
	pub fn is_signed(&self, signature: &MultiSignature, domain: &Eip712Domain) -> bool {
		is_signed(&self.payer, signature, &self.payload(), || self.typed_hash(domain))
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

impl<AccountId: Encode + Clone + Into<AccountId32>> Voucher<AccountId> {
	/// The hash that an Ethereum wallet signs.
	pub fn typed_hash(&self, domain: &Eip712Domain) -> [u8; 32] {
		let Self { genesis, payer, operator, model, adapter, cumulative, nonce, expiry } = self;
		let fields = [
			genesis.0,
			account(payer),
			account(operator),
			number(*model),
			adapter.0,
			number(*cumulative),
			number(*nonce),
			number(*expiry),
		];
		domain.hash(VOUCHER_TYPE, &fields)
	}

	/// Whether the payer signed it: its payload, as [`verify`] takes it, or with an Ethereum key its
	/// typed data.
	pub fn is_signed(&self, signature: &MultiSignature, domain: &Eip712Domain) -> bool {
		is_signed(&self.payer, signature, &self.payload(), || self.typed_hash(domain))
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

	/// Whether it is signed, answered and made on this chain by this operator with this adapter; Ethereum
	/// wallets signed under `domain`.
	pub fn is_right(
		&self,
		genesis: Hash,
		operator: &AccountId,
		model: ModelId,
		adapter: Hash,
		domain: &Eip712Domain,
	) -> bool {
		let Self { request, payer_signature, reply, operator_signature } = self;
		request.genesis == genesis
			&& request.operator == *operator
			&& request.model == model
			&& request.adapter == adapter
			&& reply.request == request.id()
			&& reply.completion_tokens > 0
			&& request.is_signed(payer_signature, domain)
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
	use sp_core::{ecdsa, sr25519, Pair};
	use sp_runtime::{AccountId32, MultiSigner};

	const DOMAIN: Eip712Domain = Eip712Domain {
		chain: 918_273,
		contract: H160([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0a, 0x04, 0, 0]),
	};

	fn wallet(n: u8) -> (ecdsa::KeccakPair, AccountId32) {
		let pair = ecdsa::KeccakPair::from_seed(&[n; 32]);
		let (hash, key) = ([1; 32], pair.sign_prehashed(&[1; 32]));
		let key = sp_io::crypto::secp256k1_ecdsa_recover(key.as_ref(), &hash);
		let address = H160::from_slice(&keccak_256(&key.ok().unwrap())[12..]);
		(pair, account_of_address(&address))
	}

	/// A wallet's signature of a typed hash.
	fn typed(pair: &ecdsa::KeccakPair, hash: &[u8; 32]) -> MultiSignature {
		MultiSignature::Eth(pair.sign_prehashed(hash))
	}

	fn pair(n: u8) -> (sr25519::Pair, AccountId32) {
		let pair = sr25519::Pair::from_seed(&[n; 32]);
		let who = pair.public().into();
		(pair, who)
	}

	fn request(payer: AccountId32, nonce: u64) -> Request<AccountId32> {
		Request {
			genesis: Hash::repeat_byte(1),
			payer,
			operator: pair(9).1,
			model: 7,
			adapter: Hash::repeat_byte(2),
			prompt: Hash::repeat_byte(3),
			maximum: 1_000_000_000_000_000_000,
			nonce,
			expiry: 10,
		}
	}

	fn voucher(payer: AccountId32, nonce: u64) -> Voucher<AccountId32> {
		Voucher {
			genesis: Hash::repeat_byte(1),
			payer,
			operator: pair(9).1,
			model: 7,
			adapter: Hash::repeat_byte(2),
			cumulative: 3_000_000_000_000_000_000,
			nonce,
			expiry: 10,
		}
	}

	fn answered(
		request: Request<AccountId32>,
		sign: impl Fn(&Request<AccountId32>) -> MultiSignature,
	) -> Item<AccountId32> {
		let response = Hash::repeat_byte(4);
		let reply =
			Reply { request: request.id(), response, prompt_tokens: 1, completion_tokens: 1 };
		Item {
			payer_signature: sign(&request),
			operator_signature: pair(9).0.sign(&reply.payload()).into(),
			request,
			reply,
		}
	}

	fn item(payer: u8, nonce: u64) -> Item<AccountId32> {
		let (key, payer) = pair(payer);
		answered(request(payer, nonce), |request| key.sign(&request.payload()).into())
	}

	fn item_of_wallet(nonce: u64) -> Item<AccountId32> {
		let (key, payer) = wallet(1);
		answered(request(payer, nonce), |request| typed(&key, &request.typed_hash(&DOMAIN)))
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
			item.is_right(Hash::repeat_byte(1), &pair(9).1, 7, Hash::repeat_byte(2), &DOMAIN)
		};
		let changes: [fn(&mut Item<AccountId32>); 6] = [
			|item| item.request.nonce = 6,
			|item| item.request.prompt = Hash::zero(),
			|item| item.request.model = 8,
			|item| item.reply.response = Hash::zero(),
			|item| item.reply.completion_tokens = 0,
			|item| item.payer_signature = item.operator_signature.clone(),
		];
		for good in [item(1, 5), item_of_wallet(5)] {
			assert!(right(&good));
			for change in changes {
				let mut other = good.clone();
				change(&mut other);
				assert!(!right(&other));
				assert_ne!(other.hash(), good.hash());
			}
		}
	}

	#[test]
	fn is_right_should_be_false_when_a_wallet_signed_for_another_chain_or_contract() {
		let item = item_of_wallet(5);
		let right = |domain: Eip712Domain| {
			item.is_right(Hash::repeat_byte(1), &pair(9).1, 7, Hash::repeat_byte(2), &domain)
		};
		assert!(right(DOMAIN));
		assert!(!right(Eip712Domain { chain: 1, ..DOMAIN }));
		assert!(!right(Eip712Domain { contract: H160::zero(), ..DOMAIN }));
	}

	/// The bytes of hexadecimal digits.
	fn bytes<const N: usize>(digits: &str) -> [u8; N] {
		core::array::from_fn(|n| u8::from_str_radix(&digits[2 * n..][..2], 16).unwrap())
	}

	// Both hashes and signatures are those of ethers 6.17.0, the hashes also those of viem 2.57.1, for the
	// account whose key is 32 bytes of 0x46.
	#[test]
	fn typed_hash_should_be_what_wallets_sign_when_they_know_type_and_domain() {
		let (_, payer) = wallet(0x46);
		let address = H160(bytes("9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f"));
		assert_eq!(payer, account_of_address(&address));
		let nonce = (1 << 32) + 5;
		let mut request = request(payer.clone(), nonce);
		let mut voucher = voucher(payer, nonce);
		request.operator = [9; 32].into();
		voucher.operator = [9; 32].into();
		let signature = |digits| MultiSignature::Eth(bytes::<65>(digits).into());

		let hash = "00274f6e126c22a2d8af0b9b8f84cae05b3b9ff9f563330cf6a77b1646af5498";
		assert_eq!(request.typed_hash(&DOMAIN), bytes(hash));
		let by_wallet = signature(
			"f74c73e1cfb45a464bd6d1211d813a1d749ae502f5392e29fd23fdfd1867956f\
			 47341665108ff3bdf71c92a559c6174957e00eec692faa9f780db1b98b4425921c",
		);
		assert!(request.is_signed(&by_wallet, &DOMAIN));

		let hash = "1791617d21a2e9d620828b88a4dcdac0065dd99aa5edc0397d243f63779d7542";
		assert_eq!(voucher.typed_hash(&DOMAIN), bytes(hash));
		let by_wallet = signature(
			"54f819deaaa2c001884e99817b149ee3dcbe087c7acb50463b07b36348299373\
			 6563ae048de063b2c086f474fdd7dab7297d12e41101f5c392d69ca47acb796d1b",
		);
		assert!(voucher.is_signed(&by_wallet, &DOMAIN));
	}

	#[test]
	fn voucher_should_be_signed_when_its_payer_signed_every_field_under_the_domain() {
		let (key, payer) = wallet(1);
		let good = voucher(payer, 5);
		let signature = typed(&key, &good.typed_hash(&DOMAIN));
		assert!(good.is_signed(&signature, &DOMAIN));
		let changes: [fn(&mut Voucher<AccountId32>); 8] = [
			|voucher| voucher.genesis = Hash::zero(),
			|voucher| voucher.payer = wallet(2).1,
			|voucher| voucher.operator = wallet(2).1,
			|voucher| voucher.model = 8,
			|voucher| voucher.adapter = Hash::zero(),
			|voucher| voucher.cumulative += 1,
			|voucher| voucher.nonce += 1,
			|voucher| voucher.expiry += 1,
		];
		for (index, change) in changes.into_iter().enumerate() {
			let mut other = good.clone();
			change(&mut other);
			assert!(!other.is_signed(&signature, &DOMAIN), "{index}");
		}
		assert!(!good.is_signed(&signature, &Eip712Domain { chain: 1, ..DOMAIN }));
		let elsewhere = Eip712Domain { contract: H160::zero(), ..DOMAIN };
		assert!(!good.is_signed(&signature, &elsewhere));
	}

	#[test]
	fn voucher_should_not_be_signed_when_the_wallet_signed_a_request_or_bytes() {
		let (key, payer) = wallet(1);
		let (request, voucher) = (request(payer.clone(), 5), voucher(payer, 5));
		let of_request = typed(&key, &request.typed_hash(&DOMAIN));
		let of_voucher = typed(&key, &voucher.typed_hash(&DOMAIN));
		assert!(request.is_signed(&of_request, &DOMAIN) && voucher.is_signed(&of_voucher, &DOMAIN));
		assert!(!voucher.is_signed(&of_request, &DOMAIN));
		assert!(!request.is_signed(&of_voucher, &DOMAIN));
		// Bytes that no wallet shows to its owner: the SDK takes them, for an account of another address.
		let payer = MultiSigner::Eth(key.public()).into_account();
		let blind = Voucher { payer, ..voucher };
		let of_bytes = MultiSignature::Eth(key.sign(&blind.payload()));
		assert!(verify(&blind.payload(), &of_bytes, &blind.payer));
		assert!(!blind.is_signed(&of_bytes, &DOMAIN));
	}
}
