//! `txpool_*`: the Ethereum transactions in the pool, in geth's shapes.

use crate::{block::Transaction, EthClient, EthRpc};
use jsonrpsee::{core::RpcResult, proc_macros::rpc};
use pallet_revive::{evm::GenericTransaction, keccak_256};
use sc_transaction_pool_api::TransactionPool;
use serde_json::{json, Map, Value};
use sp_core::{H160, H256, U256};
use sp_runtime::traits::Block as BlockT;

/// The methods of the pool. Native transactions are not Ethereum's and are left out.
#[rpc(server)]
pub trait TxPoolApi {
	/// Every transaction by sender and nonce.
	#[method(name = "txpool_content", blocking)]
	fn content(&self) -> RpcResult<Value>;

	/// One sender's transactions by nonce.
	#[method(name = "txpool_contentFrom", blocking)]
	fn content_from(&self, address: H160) -> RpcResult<Value>;

	/// As `txpool_content`, with one line of text for each transaction.
	#[method(name = "txpool_inspect", blocking)]
	fn inspect(&self) -> RpcResult<Value>;

	/// How many may go into the next block, and how many wait for an earlier nonce.
	#[method(name = "txpool_status", blocking)]
	fn status(&self) -> RpcResult<Value>;
}

impl<Block, C, P> TxPoolApiServer for EthRpc<Block, C, P>
where
	Block: BlockT<Hash = H256>,
	C: EthClient<Block>,
	P: TransactionPool<Block = Block> + 'static,
{
	fn content(&self) -> RpcResult<Value> {
		let pooled = self.0.pooled_all();
		Ok(json!({
			"pending": by_sender(&pooled.ready, whole),
			"queued": by_sender(&pooled.future, whole),
		}))
	}

	fn content_from(&self, address: H160) -> RpcResult<Value> {
		let pooled = self.0.pooled_all();
		Ok(json!({
			"pending": by_nonce(of(&pooled.ready, address), whole),
			"queued": by_nonce(of(&pooled.future, address), whole),
		}))
	}

	fn inspect(&self) -> RpcResult<Value> {
		let pooled = self.0.pooled_all();
		Ok(json!({
			"pending": by_sender(&pooled.ready, line),
			"queued": by_sender(&pooled.future, line),
		}))
	}

	fn status(&self) -> RpcResult<Value> {
		let pooled = self.0.pooled_all();
		Ok(json!({
			"pending": U256::from(pooled.ready.len()),
			"queued": U256::from(pooled.future.len()),
		}))
	}
}

/// A transaction as the pool's methods show it.
type Show = fn(&Transaction) -> Value;

fn by_sender(transactions: &[Transaction], show: Show) -> Value {
	let mut senders = Map::new();
	for transaction in transactions {
		senders
			.entry(checksummed(transaction.from))
			.or_insert_with(|| by_nonce(of(transactions, transaction.from), show));
	}
	senders.into()
}

fn of(transactions: &[Transaction], sender: H160) -> impl Iterator<Item = &Transaction> {
	transactions.iter().filter(move |transaction| transaction.from == sender)
}

fn by_nonce<'a>(transactions: impl Iterator<Item = &'a Transaction>, show: Show) -> Value {
	transactions
		.map(|transaction| (nonce(transaction).to_string(), show(transaction)))
		.collect::<Map<_, _>>()
		.into()
}

pub(crate) fn nonce(transaction: &Transaction) -> U256 {
	generic(transaction).nonce.unwrap_or_default()
}

fn generic(transaction: &Transaction) -> GenericTransaction {
	GenericTransaction::from_signed(transaction.signed.clone(), U256::MAX, Some(transaction.from))
}

fn whole(transaction: &Transaction) -> Value {
	transaction.to_json(None).unwrap_or_default()
}

/// Callee, value, gas and price, as geth writes them.
fn line(transaction: &Transaction) -> Value {
	let transaction = generic(transaction);
	let to = match transaction.to {
		Some(to) => checksummed(to),
		None => "contract creation".into(),
	};
	let price = transaction.max_fee_per_gas.or(transaction.gas_price).unwrap_or_default();
	format!(
		"{to}: {} wei + {} gas × {price} wei",
		transaction.value.unwrap_or_default(),
		transaction.gas.unwrap_or_default(),
	)
	.into()
}

/// The address with the checksum of EIP-55 in its letters' case.
pub fn checksummed(address: H160) -> String {
	let digits = hex::encode(address);
	let sum = keccak_256(digits.as_bytes());
	let nibbles = sum.iter().flat_map(|byte| [byte >> 4, byte & 15]);
	let cased = digits.chars().zip(nibbles).map(|(digit, nibble)| {
		if nibble < 8 {
			digit
		} else {
			digit.to_ascii_uppercase()
		}
	});
	"0x".chars().chain(cased).collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use pallet_revive::evm::{
		Account, Transaction1559Unsigned, TransactionLegacyUnsigned, TransactionUnsigned,
	};

	fn signed(key: u8, tx: impl Into<TransactionUnsigned>) -> Transaction {
		let account = Account::from_secret_key([key; 32]);
		let payload = account.sign_transaction(tx.into()).signed_payload();
		Transaction::decode(0, &payload).unwrap()
	}

	fn call(key: u8, nonce: u64) -> Transaction {
		signed(
			key,
			Transaction1559Unsigned {
				nonce: nonce.into(),
				to: Some(H160::repeat_byte(0xab)),
				value: 5.into(),
				gas: 21_000.into(),
				max_fee_per_gas: 7.into(),
				..Default::default()
			},
		)
	}

	#[test]
	fn checksummed_should_equal_the_published_addresses_when_encoded() {
		for address in [
			"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
			"0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
			"0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
			"0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
		] {
			let bytes = hex::decode(&address[2..]).unwrap();
			assert_eq!(checksummed(H160::from_slice(&bytes)), address);
		}
	}

	#[test]
	fn content_should_group_by_sender_and_nonce_when_there_are_several() {
		let pool = [call(1, 3), call(2, 0), call(1, 4)];
		let senders = by_sender(&pool, whole);
		let [one, two] = [1, 2].map(|key| Account::from_secret_key([key; 32]).address());
		let of_one = senders[checksummed(one)].as_object().unwrap();
		assert_eq!(of_one.keys().collect::<Vec<_>>(), ["3", "4"]);
		assert_eq!(of_one["4"]["hash"], json!(pool[2].hash));
		assert_eq!(of_one["4"]["blockHash"], Value::Null);
		assert_eq!(senders[checksummed(two)]["0"]["from"], json!(two));
		assert_eq!(senders.as_object().unwrap().len(), 2);
		assert_eq!(by_sender(&[], whole), json!({}));
	}

	#[test]
	fn line_should_read_as_geths_when_it_is_a_call_or_a_creation() {
		let to = checksummed(H160::repeat_byte(0xab));
		assert_eq!(line(&call(1, 0)), format!("{to}: 5 wei + 21000 gas × 7 wei"));
		let creation = TransactionLegacyUnsigned {
			chain_id: Some(1.into()),
			gas: 90_000.into(),
			gas_price: 9.into(),
			..Default::default()
		};
		assert_eq!(line(&signed(1, creation)), "contract creation: 0 wei + 90000 gas × 9 wei");
	}
}
