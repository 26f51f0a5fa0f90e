//! What the node signs, with the keys that it was given.

use crate::{types::BlockId, Error, EthApiServer, EthClient, EthRpc, Source};
use alloy_dyn_abi::TypedData;
use jsonrpsee::{
	core::{async_trait, RpcResult},
	proc_macros::rpc,
};
use pallet_revive::{
	evm::{Byte, Bytes, GenericTransaction, TransactionSigned, TYPE_EIP1559, TYPE_EIP2930},
	keccak_256,
	pallet_revive_types::runtime_api::GenericTransactionV1,
};
use sc_transaction_pool_api::TransactionPool;
use serde_json::Value;
use sp_core::{H160, H256, U256};
use sp_runtime::traits::Block as BlockT;

/// What a client learns that asks for an account that the node has no key of.
const UNKNOWN: &str = "unknown account: this node does not hold its key; sign in a wallet or a \
                       library and use eth_sendRawTransaction";

/// Keys that the node signs with for whoever asks: for chains on which people try things.
pub trait Keys: Send + Sync + 'static {
	/// The addresses of the keys.
	fn accounts(&self) -> Vec<H160>;
	/// The signature of a hash: r, s and the recovery id, 0 or 1. None if the account is another's.
	fn sign(&self, account: &H160, hash: &H256) -> Option<[u8; 65]>;
}

/// No keys, as every node of a public chain has them.
pub struct NoKeys;

impl Keys for NoKeys {
	fn accounts(&self) -> Vec<H160> {
		Vec::new()
	}

	fn sign(&self, _: &H160, _: &H256) -> Option<[u8; 65]> {
		None
	}
}

/// What needs a key of the node.
#[rpc(server)]
pub trait SignApi {
	/// The accounts whose keys the node holds.
	#[method(name = "eth_accounts")]
	fn accounts(&self) -> RpcResult<Vec<H160>>;

	/// Fills in what a transaction leaves open, signs it, submits it and gives its hash.
	#[method(name = "eth_sendTransaction")]
	async fn send_transaction(&self, transaction: GenericTransactionV1) -> RpcResult<H256>;

	/// As `eth_sendTransaction`, but gives the signed transaction instead of submitting it.
	#[method(name = "eth_signTransaction", blocking)]
	fn sign_transaction(&self, transaction: GenericTransactionV1) -> RpcResult<Bytes>;

	/// The signature of a message (EIP-191, version 0x45).
	#[method(name = "eth_sign")]
	fn sign(&self, account: H160, message: Bytes) -> RpcResult<Bytes>;

	/// As `eth_sign`; a password is taken and not needed.
	#[method(name = "personal_sign")]
	fn personal_sign(
		&self,
		message: Bytes,
		account: H160,
		password: Option<String>,
	) -> RpcResult<Bytes>;

	/// The signature of typed data (EIP-712), given as an object or as its JSON.
	#[method(name = "eth_signTypedData_v4", aliases = ["eth_signTypedData"])]
	fn sign_typed_data(&self, account: H160, data: Value) -> RpcResult<Bytes>;
}

/// What is signed for a message. It can be no transaction.
fn message_hash(message: &[u8]) -> H256 {
	let prefix = format!("\x19Ethereum Signed Message:\n{}", message.len());
	keccak_256(&[prefix.as_bytes(), message].concat()).into()
}

/// What is signed for typed data.
fn typed_data_hash(data: Value) -> Result<H256, Error> {
	let wrong = |error: &dyn std::fmt::Display| {
		Error::InvalidParams(format!("the typed data is not as in EIP-712: {error}"))
	};
	let data: TypedData = serde_json::from_value(data).map_err(|error| wrong(&error))?;
	data.eip712_signing_hash()
		.map(|hash| hash.0.into())
		.map_err(|error| wrong(&error))
}

/// The signature of a hash as Ethereum's tools take it, with 27 or 28 at its end.
fn signature(keys: &dyn Keys, account: &H160, hash: &H256) -> Result<Bytes, Error> {
	let mut signature = keys.sign(account, hash).ok_or_else(|| Error::refused(UNKNOWN))?;
	signature[64] = signature[64].saturating_add(27);
	Ok(signature.to_vec().into())
}

/// Chooses the type of a transaction by the prices that it names, and the prices that it leaves
/// open, as geth does: `tip` above the base fee; with a cap of its own twice the base fee and the
/// tip, so that it may wait for some blocks.
fn price(tx: &mut GenericTransactionV1, base_fee: U256, tip: U256) -> Result<(), Error> {
	let modern = tx.max_fee_per_gas.is_some() || tx.max_priority_fee_per_gas.is_some();
	if modern && tx.gas_price.is_some() {
		return Err(Error::InvalidParams(
			"both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified: name one".into(),
		));
	}
	let by_prices = match (&tx.gas_price, &tx.access_list) {
		(None, _) => TYPE_EIP1559,
		(Some(_), Some(_)) => TYPE_EIP2930,
		(Some(_), None) => 0,
	};
	let kind = tx.r#type.get_or_insert(Byte(by_prices)).0;
	if kind < TYPE_EIP1559 {
		tx.gas_price.get_or_insert(base_fee.saturating_add(tip));
	} else {
		let tip = *tx.max_priority_fee_per_gas.get_or_insert(tip);
		let twice = base_fee.saturating_mul(2.into());
		tx.max_fee_per_gas.get_or_insert(twice.saturating_add(tip));
	}
	Ok(())
}

/// Signs a transaction that has all its fields.
fn sign_transaction(
	keys: &dyn Keys,
	account: &H160,
	tx: GenericTransaction,
) -> Result<TransactionSigned, Error> {
	let unsigned = tx
		.try_into_unsigned()
		.map_err(|()| Error::refused("transaction type not supported: send type 0, 1 or 2"))?;
	let hash = keccak_256(&unsigned.unsigned_payload()).into();
	let signature = keys.sign(account, &hash).ok_or_else(|| Error::refused(UNKNOWN))?;
	Ok(unsigned.with_signature(signature))
}

impl<Block, C, P> crate::rpc::Inner<Block, C, P>
where
	Block: BlockT<Hash = H256>,
	C: EthClient<Block>,
	P: TransactionPool<Block = Block> + 'static,
{
	/// Fills in what a transaction leaves open, and signs it.
	fn sign_filled(&self, mut tx: GenericTransactionV1) -> Result<Bytes, Error> {
		let from = tx.from.ok_or_else(|| {
			Error::InvalidParams("from is missing: name one of eth_accounts".into())
		})?;
		// Before anything is computed for somebody who cannot sign.
		if !self.keys.accounts().contains(&from) {
			return Err(Error::refused(UNKNOWN));
		}
		tx.chain_id.get_or_insert(self.config.chain_id.into());
		if tx.nonce.is_none() {
			tx.nonce = Some(self.pending_nonce(from)?.into());
		}
		if tx.gas.is_none() {
			tx.gas = Some(self.estimate(tx.clone(), Some(BlockId::Pending), None)?);
		}
		price(&mut tx, self.chain().gas_price(self.chain().best().0)?, self.tip()?)?;
		let signed = sign_transaction(&*self.keys, &from, tx.into())?;
		Ok(signed.signed_payload().into())
	}
}

#[async_trait]
impl<Block, C, P> SignApiServer for EthRpc<Block, C, P>
where
	Block: BlockT<Hash = H256>,
	C: EthClient<Block>,
	P: TransactionPool<Block = Block> + 'static,
{
	fn accounts(&self) -> RpcResult<Vec<H160>> {
		Ok(self.0.keys.accounts())
	}

	async fn send_transaction(&self, transaction: GenericTransactionV1) -> RpcResult<H256> {
		// One after the other: each takes the nonce after those in the pool.
		let _turn = self.0.sending.lock().await;
		let inner = self.0.clone();
		let signed = tokio::task::spawn_blocking(move || inner.sign_filled(transaction))
			.await
			.map_err(Error::internal)??;
		self.send_raw_transaction(signed).await
	}

	fn sign_transaction(&self, transaction: GenericTransactionV1) -> RpcResult<Bytes> {
		Ok(self.0.sign_filled(transaction)?)
	}

	fn sign(&self, account: H160, message: Bytes) -> RpcResult<Bytes> {
		Ok(signature(&*self.0.keys, &account, &message_hash(&message.0))?)
	}

	fn personal_sign(
		&self,
		message: Bytes,
		account: H160,
		_password: Option<String>,
	) -> RpcResult<Bytes> {
		SignApiServer::sign(self, account, message)
	}

	fn sign_typed_data(&self, account: H160, data: Value) -> RpcResult<Bytes> {
		// Nothing is read for somebody who cannot sign.
		if !self.0.keys.accounts().contains(&account) {
			return Err(Error::refused(UNKNOWN).into());
		}
		Ok(signature(&*self.0.keys, &account, &typed_data_hash(data)?)?)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;
	use sp_core::{ecdsa, Pair};

	/// One key, as the vectors below have it.
	struct OneKey(ecdsa::Pair);

	impl OneKey {
		fn new(secret: [u8; 32]) -> Self {
			Self(ecdsa::Pair::from_seed(&secret))
		}
	}

	impl Keys for OneKey {
		fn accounts(&self) -> Vec<H160> {
			vec![H160::zero()]
		}

		fn sign(&self, _: &H160, hash: &H256) -> Option<[u8; 65]> {
			Some(self.0.sign_prehashed(&hash.0).0)
		}
	}

	/// The example of EIP-712, signed there with the key keccak256("cow").
	fn mail() -> Value {
		json!({
			"types": {
				"EIP712Domain": [
					{ "name": "name", "type": "string" },
					{ "name": "version", "type": "string" },
					{ "name": "chainId", "type": "uint256" },
					{ "name": "verifyingContract", "type": "address" },
				],
				"Person": [
					{ "name": "name", "type": "string" },
					{ "name": "wallet", "type": "address" },
				],
				"Mail": [
					{ "name": "from", "type": "Person" },
					{ "name": "to", "type": "Person" },
					{ "name": "contents", "type": "string" },
				],
			},
			"primaryType": "Mail",
			"domain": {
				"name": "Ether Mail",
				"version": "1",
				"chainId": 1,
				"verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC",
			},
			"message": {
				"from": {
					"name": "Cow",
					"wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826",
				},
				"to": {
					"name": "Bob",
					"wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB",
				},
				"contents": "Hello, Bob!",
			},
		})
	}

	#[test]
	fn typed_data_should_be_signed_as_in_eip_712_when_it_is_its_example() {
		let key = OneKey::new(keccak_256(b"cow"));
		let expected = concat!(
			"4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d",
			"07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b915621c",
		);
		// Wallets send an object, some libraries its JSON.
		for data in [mail(), mail().to_string().into()] {
			let hash = typed_data_hash(data).unwrap();
			assert_eq!(
				hex::encode(hash),
				"be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2"
			);
			let signed = signature(&key, &H160::zero(), &hash).unwrap();
			assert_eq!(hex::encode(signed.0), expected);
		}
	}

	#[test]
	fn typed_data_should_be_refused_when_a_type_is_missing() {
		let mut data = mail();
		data["types"]["Mail"][0]["type"] = "Nobody".into();
		assert!(matches!(typed_data_hash(data), Err(Error::InvalidParams(_))));
		assert!(matches!(typed_data_hash(json!("nothing")), Err(Error::InvalidParams(_))));
	}

	#[test]
	fn message_should_be_signed_as_in_web3s_documentation_when_it_is_its_example() {
		// web3.eth.accounts.sign('Some data', …), whose signature is in its documentation.
		let secret = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";
		let secret: [u8; 32] = hex::decode(secret).unwrap().try_into().unwrap();
		let hash = message_hash(b"Some data");
		assert_eq!(
			hex::encode(hash),
			"1da44b586eb0729ff70a73c326926f6ed5a25f5b056e7f47fbc6e58d86871655"
		);
		let signed = signature(&OneKey::new(secret), &H160::zero(), &hash).unwrap();
		assert_eq!(
			hex::encode(signed.0),
			concat!(
				"b91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd",
				"6007e74cd82e037b800186422fc2da167c747ef045e5d18a5f5d4300f8e1a0291c",
			)
		);
	}

	#[test]
	fn transaction_should_be_signed_as_in_eip_155_when_it_is_its_example() {
		let tx = GenericTransaction {
			chain_id: Some(1.into()),
			nonce: Some(9.into()),
			gas_price: Some(20_000_000_000u64.into()),
			gas: Some(21_000.into()),
			to: Some(H160([0x35; 20])),
			value: Some(1_000_000_000_000_000_000u64.into()),
			..Default::default()
		};
		let signed = sign_transaction(&OneKey::new([0x46; 32]), &H160::zero(), tx)
			.unwrap()
			.signed_payload();
		assert_eq!(
			hex::encode(signed),
			concat!(
				"f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a7640000",
				"8025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f7",
				"61aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83",
			)
		);
	}

	#[test]
	fn price_should_choose_the_type_when_the_transaction_names_none() {
		let priced = |tx: GenericTransactionV1| {
			let mut tx = tx;
			price(&mut tx, 10.into(), 1.into()).map(|()| tx)
		};
		let open = priced(Default::default()).unwrap();
		assert_eq!(open.r#type, Some(Byte(2)));
		assert_eq!((open.max_fee_per_gas, open.gas_price), (Some(21.into()), None));
		assert_eq!(open.max_priority_fee_per_gas, Some(1.into()));
		let tip = Some(3.into());
		let tipped =
			priced(GenericTransactionV1 { max_priority_fee_per_gas: tip, ..Default::default() });
		assert_eq!(tipped.unwrap().max_fee_per_gas, Some(23.into()));
		let legacy =
			priced(GenericTransactionV1 { gas_price: Some(7.into()), ..Default::default() })
				.unwrap();
		assert_eq!((legacy.r#type, legacy.gas_price), (Some(Byte(0)), Some(7.into())));
		let typed = GenericTransactionV1 { r#type: Some(Byte(0)), ..Default::default() };
		assert_eq!(priced(typed).unwrap().gas_price, Some(11.into()));
		let both = GenericTransactionV1 {
			gas_price: Some(1.into()),
			max_fee_per_gas: Some(1.into()),
			..Default::default()
		};
		assert!(matches!(priced(both), Err(Error::InvalidParams(_))));
	}

	#[test]
	fn signature_should_be_refused_when_there_are_no_keys() {
		let error = signature(&NoKeys, &H160::zero(), &H256::zero()).unwrap_err();
		assert!(error.to_string().starts_with("unknown account"));
	}
}
