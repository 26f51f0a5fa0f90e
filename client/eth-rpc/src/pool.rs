//! The Ethereum transactions in the pool, and what may enter it.

use crate::{block::Transaction, fees::Offer, rpc::Inner, Error, EthClient, Indexer, LOG_TARGET};
use futures::StreamExt;
use pallet_revive::{
	evm::{GenericTransaction, TransactionSigned},
	keccak_256,
};
use sc_transaction_pool_api::{InPoolTransaction, TransactionPool};
use sp_core::{H256, U256};
use sp_runtime::traits::Block as BlockT;
use std::sync::{
	atomic::{AtomicBool, Ordering},
	Arc,
};
use tokio::sync::broadcast;

/// Transactions that a slow subscriber may lag behind before it is cut off.
const ARRIVALS: usize = 4_096;

/// Who tells of the Ethereum transactions that enter the pool. It watches the pool from the first
/// time that somebody wants to know.
pub(crate) struct Pending {
	watching: AtomicBool,
	arrivals: broadcast::Sender<Arc<Transaction>>,
}

impl Default for Pending {
	fn default() -> Self {
		Self { watching: AtomicBool::new(false), arrivals: broadcast::channel(ARRIVALS).0 }
	}
}

/// The Ethereum transactions of the pool.
pub(crate) struct Pooled {
	/// Those that may go into the next block.
	pub(crate) ready: Vec<Transaction>,
	/// Those that wait for an earlier nonce.
	pub(crate) future: Vec<Transaction>,
}

/// On what terms the next block takes a transaction of one sender.
pub(crate) struct Terms {
	/// The EVM chain id.
	pub(crate) chain_id: u64,
	/// Wei for one gas.
	pub(crate) base_fee: U256,
	/// The sender's next nonce.
	pub(crate) nonce: u32,
	/// The sender's wei.
	pub(crate) balance: U256,
	/// What the sender offers in the pool for the same nonce.
	pub(crate) rivals: Vec<Offer>,
}

impl Terms {
	/// Fails, in geth's words, if the transaction cannot be taken.
	pub(crate) fn admit(&self, transaction: &Transaction) -> Result<(), Error> {
		if matches!(
			transaction.signed,
			TransactionSigned::Transaction4844Signed(_)
				| TransactionSigned::Transaction7702Signed(_)
		) {
			return Err(Error::refused("transaction type not supported: send type 0, 1 or 2"));
		}
		let from = transaction.from;
		let tx = GenericTransaction::from_signed(transaction.signed.clone(), U256::MAX, Some(from));
		let offer = Offer::of(&transaction.signed);
		if let Some(chain_id) = tx.chain_id.filter(|id| *id != self.chain_id.into()) {
			return Err(Error::refused(format!(
				"invalid chain id for signer: have {chain_id} want {}",
				self.chain_id
			)));
		}
		let nonce = tx.nonce.unwrap_or_default();
		if nonce < self.nonce.into() {
			return Err(Error::refused(format!(
				"nonce too low: next nonce {}, tx nonce {nonce}",
				self.nonce
			)));
		}
		let Offer { cap, tip } = offer;
		if tip > cap {
			return Err(Error::refused(format!(
				"max priority fee per gas higher than max fee per gas: address {from:?}, \
				 maxPriorityFeePerGas: {tip}, maxFeePerGas: {cap}"
			)));
		}
		if cap < self.base_fee {
			return Err(Error::refused(format!(
				"max fee per gas less than block base fee: address {from:?}, maxFeePerGas: \
				 {cap}, baseFee: {}",
				self.base_fee
			)));
		}
		let cost = tx
			.gas
			.unwrap_or_default()
			.saturating_mul(cap)
			.saturating_add(tx.value.unwrap_or_default());
		if self.balance < cost {
			return Err(Error::refused(format!(
				"insufficient funds for gas * price + value: address {from:?} have {} want {cost}",
				self.balance
			)));
		}
		if !self.rivals.iter().all(|rival| offer.replaces(rival)) {
			return Err(Error::refused("replacement transaction underpriced"));
		}
		Ok(())
	}
}

impl<Block, C, P> Inner<Block, C, P>
where
	Block: BlockT<Hash = H256>,
	C: EthClient<Block>,
	P: TransactionPool<Block = Block> + 'static,
{
	/// What is in the pool.
	pub(crate) fn pooled_all(&self) -> Pooled {
		let decode = |extrinsic: &Block::Extrinsic| {
			Transaction::decode(0, &self.chain().transactions.payload(extrinsic)?)
		};
		Pooled {
			ready: self.pool.ready().filter_map(|tx| decode(tx.data())).collect(),
			future: self.pool.futures().iter().filter_map(|tx| decode(tx.data())).collect(),
		}
	}

	/// An Ethereum transaction in the pool.
	pub(crate) fn pooled(&self, hash: H256) -> Option<Transaction> {
		let decode = |extrinsic: &Block::Extrinsic| {
			let payload = self.chain().transactions.payload(extrinsic)?;
			(keccak_256(&payload) == hash.0)
				.then(|| Transaction::decode(0, &payload))
				.flatten()
		};
		let ready = self.pool.ready().find_map(|transaction| decode(transaction.data()));
		ready.or_else(|| {
			self.pool.futures().iter().find_map(|transaction| decode(transaction.data()))
		})
	}

	/// What the Ethereum transactions of the pool offer that provide a tag.
	pub(crate) fn offers(&self, tag: &[u8]) -> Vec<Offer> {
		let offer = |tags: &[Vec<u8>], extrinsic: &Block::Extrinsic| {
			if !tags.iter().any(|provided| provided == tag) {
				return None;
			}
			let payload = self.chain().transactions.payload(extrinsic)?;
			Some(Offer::of(&TransactionSigned::decode(&payload).ok()?))
		};
		let futures = self.pool.futures();
		let future = futures.iter().filter_map(|tx| offer(tx.provides(), tx.data()));
		let ready = self.pool.ready().filter_map(|tx| offer(tx.provides(), tx.data()));
		ready.chain(future).collect()
	}

	/// The Ethereum transactions that enter the pool from now on. Within a Tokio runtime.
	pub(crate) fn arrivals(&self) -> broadcast::Receiver<Arc<Transaction>> {
		let pending = &self.indexer.pending;
		let arrivals = pending.arrivals.subscribe();
		if !pending.watching.swap(true, Ordering::SeqCst) {
			// Here, not in the task: nothing is missed after this call.
			let imports = self.pool.import_notification_stream();
			tokio::spawn(watch(imports, self.pool.clone(), self.indexer.clone()));
		}
		arrivals
	}
}

/// Ends with the pool.
async fn watch<Block, C, P>(
	mut imports: impl futures::Stream<Item = P::Hash> + Unpin,
	pool: Arc<P>,
	indexer: Arc<Indexer<Block, C>>,
) where
	Block: BlockT<Hash = H256>,
	C: EthClient<Block>,
	P: TransactionPool<Block = Block> + 'static,
{
	while let Some(hash) = imports.next().await {
		let found = pool
			.ready_transaction(&hash)
			.or_else(|| pool.ready().find(|transaction| *transaction.hash() == hash));
		let Some(found) = found else {
			log::debug!(target: LOG_TARGET, "{hash:?} left the pool before it was looked at.");
			continue;
		};
		let payload = indexer.chain.transactions.payload(found.data());
		let Some(transaction) = payload.and_then(|payload| Transaction::decode(0, &payload)) else {
			continue;
		};
		let transaction = Arc::new(transaction);
		indexer.filters.on_pool(transaction.clone(), std::time::Instant::now());
		// An error says that nobody listens.
		let _ = indexer.pending.arrivals.send(transaction);
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use pallet_revive::evm::{
		Account, Transaction1559Unsigned, Transaction7702Unsigned, TransactionLegacyUnsigned,
		TransactionUnsigned,
	};

	fn sign(tx: impl Into<TransactionUnsigned>) -> Transaction {
		let payload = Account::default().sign_transaction(tx.into()).signed_payload();
		Transaction::decode(0, &payload).unwrap()
	}

	/// What the terms below just admit: 100 gas at 10 wei, and 7 wei of value.
	fn good() -> Transaction1559Unsigned {
		Transaction1559Unsigned {
			chain_id: 5.into(),
			nonce: 3.into(),
			gas: 100.into(),
			max_fee_per_gas: 10.into(),
			max_priority_fee_per_gas: 10.into(),
			value: 7.into(),
			..Default::default()
		}
	}

	fn refusal(tx: impl Into<TransactionUnsigned>) -> String {
		let terms = Terms {
			chain_id: 5,
			base_fee: 10.into(),
			nonce: 3,
			balance: (100 * 10 + 7).into(),
			rivals: Vec::new(),
		};
		refusal_on(terms, tx)
	}

	fn refusal_on(terms: Terms, tx: impl Into<TransactionUnsigned>) -> String {
		match terms.admit(&sign(tx)) {
			Ok(()) => "admitted".into(),
			Err(error) => error.to_string(),
		}
	}

	#[test]
	fn admit_should_use_geths_words_when_a_transaction_breaks_one_rule() {
		assert_eq!(refusal(good()), "admitted");
		let from = Account::default().address();
		for (tx, expected) in [
			(
				Transaction1559Unsigned { chain_id: 6.into(), ..good() },
				"invalid chain id for signer: have 6 want 5".into(),
			),
			(
				Transaction1559Unsigned { nonce: 2.into(), ..good() },
				"nonce too low: next nonce 3, tx nonce 2".into(),
			),
			(
				Transaction1559Unsigned { max_priority_fee_per_gas: 11.into(), ..good() },
				format!(
					"max priority fee per gas higher than max fee per gas: address {from:?}, \
					 maxPriorityFeePerGas: 11, maxFeePerGas: 10"
				),
			),
			(
				Transaction1559Unsigned {
					max_fee_per_gas: 9.into(),
					max_priority_fee_per_gas: 0.into(),
					..good()
				},
				format!(
					"max fee per gas less than block base fee: address {from:?}, maxFeePerGas: 9, \
					 baseFee: 10"
				),
			),
			(
				Transaction1559Unsigned { value: 8.into(), ..good() },
				format!(
					"insufficient funds for gas * price + value: address {from:?} have 1007 want \
					 1008"
				),
			),
			(
				Transaction1559Unsigned { max_fee_per_gas: 11.into(), ..good() },
				format!(
					"insufficient funds for gas * price + value: address {from:?} have 1007 want \
					 1107"
				),
			),
		] {
			assert_eq!(refusal(tx), expected);
		}
	}

	#[test]
	fn admit_should_take_a_later_nonce_and_no_chain_id_when_the_funds_cover_them() {
		assert_eq!(refusal(Transaction1559Unsigned { nonce: 9.into(), ..good() }), "admitted");
		// As deployments by a key that nobody has are signed.
		let unprotected = TransactionLegacyUnsigned {
			nonce: 3.into(),
			gas: 100.into(),
			gas_price: 10.into(),
			..Default::default()
		};
		assert_eq!(refusal(unprotected), "admitted");
	}

	#[test]
	fn admit_should_want_a_tenth_more_when_the_nonce_is_taken() {
		let refusal = |price: u64| {
			let rivals = [20, 30].map(|price| Offer { cap: price.into(), tip: price.into() });
			let terms = Terms {
				chain_id: 5,
				base_fee: 10.into(),
				nonce: 3,
				balance: 1_000_000.into(),
				rivals: rivals.into(),
			};
			let prices = Transaction1559Unsigned {
				max_fee_per_gas: price.into(),
				max_priority_fee_per_gas: price.into(),
				..good()
			};
			refusal_on(terms, prices)
		};
		assert_eq!(refusal(33), "admitted");
		assert_eq!(refusal(32), "replacement transaction underpriced");
	}

	#[test]
	fn admit_should_refuse_when_the_type_is_not_the_chains() {
		let tx = Transaction7702Unsigned { chain_id: 5.into(), ..Default::default() };
		assert_eq!(refusal(tx), "transaction type not supported: send type 0, 1 or 2");
	}
}
