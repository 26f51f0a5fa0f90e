//! Receipts and logs, with the indices that Ethereum gives them.

use crate::{block::Transaction, fees::Offer, EthEvent, EthEventKind, NativeTransaction, RawLog};
use codec::{Decode, Encode};
use pallet_revive::{
	create1,
	evm::{rlp::RlpStream, Bytes, Bytes256, GenericTransaction},
	keccak_256,
	pallet_revive_types::runtime_api::BlockV1,
};
use serde::Serialize;
use sp_core::{H160, H256, U256};
use std::collections::HashMap;

/// The 2048-bit filter over addresses and topics (Yellow Paper, section 4.3.1).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Bloom(pub [u8; 256]);

impl Default for Bloom {
	fn default() -> Self {
		Self([0; 256])
	}
}

impl Bloom {
	/// Adds a log's address and topics.
	pub fn accrue(&mut self, address: &H160, topics: &[H256]) {
		self.insert(address.as_bytes());
		for topic in topics {
			self.insert(topic.as_bytes());
		}
	}

	/// Whether the value may be in; a `false` is certain.
	pub fn may_contain(&self, value: &[u8]) -> bool {
		self.has(&bits(value))
	}

	fn has(&self, bits: &Bits) -> bool {
		bits.iter().all(|(byte, mask)| self.0[*byte] & mask != 0)
	}

	/// Whether all that is in the other is in.
	pub(crate) fn has_all(&self, other: &Self) -> bool {
		self.0.iter().zip(other.0).all(|(ours, theirs)| ours & theirs == theirs)
	}

	/// Whether nothing is in.
	pub fn is_empty(&self) -> bool {
		self.0.iter().all(|byte| *byte == 0)
	}

	fn insert(&mut self, value: &[u8]) {
		for (byte, mask) in bits(value) {
			self.0[byte] |= mask;
		}
	}
}

/// The three bits of a value, as (byte, mask).
type Bits = [(usize, u8); 3];

/// What a filter looks for in many blooms: of each set of values one.
#[derive(Clone, Debug, Default)]
pub(crate) struct BloomQuery(Vec<Vec<Bits>>);

impl BloomQuery {
	/// Adds a set of values of which one has to be in.
	pub(crate) fn any_of<T: AsRef<[u8]>>(&mut self, values: &[T]) {
		self.0.push(values.iter().map(|value| bits(value.as_ref())).collect());
	}

	/// Whether of each set one may be in; a `false` is certain.
	pub(crate) fn may_be_in(&self, bloom: &Bloom) -> bool {
		self.0.iter().all(|any| any.iter().any(|bits| bloom.has(bits)))
	}
}

/// The three bits of a value; bytes count from the most significant one.
fn bits(value: &[u8]) -> Bits {
	let hash = keccak_256(value);
	[0, 2, 4].map(|at| {
		let bit = usize::from(u16::from_be_bytes([hash[at], hash[at + 1]]) & 0x7ff);
		(255 - bit / 8, 1 << (bit % 8))
	})
}

/// A log of a mined transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Log {
	/// The contract.
	pub address: H160,
	/// At most four.
	pub topics: Vec<H256>,
	/// The arguments that are not indexed.
	pub data: Bytes,
	/// The block's number.
	pub block_number: U256,
	/// The block's Ethereum hash.
	pub block_hash: H256,
	/// Seconds since 1970.
	pub block_timestamp: U256,
	/// The transaction's hash.
	pub transaction_hash: H256,
	/// The transaction's position in the block.
	pub transaction_index: U256,
	/// The log's position in the block.
	pub log_index: U256,
	/// Whether a reorganisation took it back.
	pub removed: bool,
}

/// A receipt, as `eth_getTransactionReceipt` gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
	/// The block's Ethereum hash.
	pub block_hash: H256,
	/// The block's number.
	pub block_number: U256,
	/// The contract that the transaction made, if it was to make one.
	pub contract_address: Option<H160>,
	/// Gas used in the block up to and with this transaction.
	pub cumulative_gas_used: U256,
	/// Wei paid for each gas.
	pub effective_gas_price: U256,
	/// The signer.
	pub from: H160,
	/// Gas used by this transaction, its storage deposit included; of one that the runtime ran, its
	/// fee over the price.
	pub gas_used: U256,
	/// What the transaction emitted.
	pub logs: Vec<Log>,
	/// The filter over `logs`.
	pub logs_bloom: Bytes256,
	/// 1 for success, 0 for revert.
	pub status: U256,
	/// The callee; none for a creation.
	pub to: Option<H160>,
	/// The transaction's hash.
	pub transaction_hash: H256,
	/// The position in the block.
	pub transaction_index: U256,
	/// The EIP-2718 type.
	#[serde(rename = "type")]
	pub kind: U256,
}

impl Receipt {
	/// The receipt as the trie of receipts holds it (EIP-2718).
	pub(crate) fn rlp(&self) -> Vec<u8> {
		let mut stream = RlpStream::new_list(4);
		stream
			.append(&self.status)
			.append(&self.cumulative_gas_used)
			.append(&self.logs_bloom.0.to_vec())
			.begin_list(self.logs.len());
		for log in &self.logs {
			stream
				.begin_list(3)
				.append(&log.address)
				.append_list(&log.topics)
				.append(&log.data.0);
		}
		let kind = (!self.kind.is_zero()).then(|| self.kind.low_u32() as u8);
		kind.into_iter().chain(stream.out()).collect()
	}
}

/// Makes the receipts of a block, one after the other.
pub(crate) struct Receipts<'a> {
	block: &'a BlockV1,
	events: HashMap<Option<u32>, Vec<EthEventKind>>,
	cumulative: U256,
	position: usize,
	logs: u64,
}

/// What a receipt tells of a transaction beside what happened.
struct Outline {
	extrinsic: Option<u32>,
	hash: H256,
	from: H160,
	to: Option<H160>,
	contract_address: Option<H160>,
	kind: u8,
	/// Wei for one gas.
	price: U256,
	/// What the runtime says that it used: nothing where the fee is among the events.
	gas: U256,
}

impl<'a> Receipts<'a> {
	/// Those of a block; `events` are what Ethereum sees of it, in order.
	pub(crate) fn new(block: &'a BlockV1, events: Vec<EthEvent>) -> Self {
		let mut by_extrinsic = HashMap::<_, Vec<_>>::new();
		for EthEvent { extrinsic, kind } in events {
			by_extrinsic.entry(extrinsic).or_default().push(kind);
		}
		Self { block, events: by_extrinsic, cumulative: U256::zero(), position: 0, logs: 0 }
	}

	/// The receipt of the next transaction, which an Ethereum user signed; none if it cannot be
	/// read. `gas` is what it used, zero for a call of the runtime.
	pub(crate) fn signed(
		&mut self,
		transaction: Option<&Transaction>,
		gas: U256,
	) -> Option<Receipt> {
		let Some(transaction) = transaction else {
			self.cumulative = self.cumulative.saturating_add(gas);
			self.position += 1;
			return None;
		};
		let Transaction { hash, from, signed, extrinsic, .. } = transaction;
		let price = Offer::of(signed).price_at(self.block.base_fee_per_gas);
		let generic = GenericTransaction::from_signed(signed.clone(), price, Some(*from));
		let nonce = generic.nonce.unwrap_or_default().try_into().unwrap_or(u64::MAX);
		Some(self.next(Outline {
			extrinsic: Some(*extrinsic),
			hash: *hash,
			from: *from,
			to: generic.to,
			contract_address: generic.to.is_none().then(|| create1(from, nonce)),
			kind: generic.r#type.map(|kind| kind.0).unwrap_or_default(),
			price,
			gas,
		}))
	}

	/// The receipt of the next transaction, a native one.
	pub(crate) fn native(&mut self, native: &NativeTransaction) -> Receipt {
		self.next(Outline {
			extrinsic: native.extrinsic,
			hash: native.hash,
			from: native.call.from,
			to: Some(NativeTransaction::TO),
			contract_address: None,
			kind: 0,
			price: self.block.base_fee_per_gas,
			gas: U256::zero(),
		})
	}

	fn next(&mut self, outline: Outline) -> Receipt {
		let block = self.block;
		let transaction_index = U256::from(self.position);
		let (mut gas_used, mut reverted) = (outline.gas, false);
		let (mut bloom, mut logs) = (Bloom::default(), Vec::new());
		for event in self.events.remove(&outline.extrinsic).unwrap_or_default() {
			match event {
				EthEventKind::Reverted => reverted = true,
				EthEventKind::Fee(fee) => {
					let whole =
						U256::from(fee).saturating_add(outline.price.saturating_sub(1.into()));
					gas_used += whole.checked_div(outline.price).unwrap_or_default();
				},
				EthEventKind::Log(RawLog { address, topics, data })
				| EthEventKind::Pallet(RawLog { address, topics, data }) => {
					bloom.accrue(&address, &topics);
					logs.push(Log {
						address,
						topics,
						data: data.into(),
						block_number: block.number,
						block_hash: block.hash,
						block_timestamp: block.timestamp,
						transaction_hash: outline.hash,
						transaction_index,
						log_index: self.logs.into(),
						removed: false,
					});
					self.logs += 1;
				},
			}
		}
		self.cumulative = self.cumulative.saturating_add(gas_used);
		self.position += 1;
		Receipt {
			block_hash: block.hash,
			block_number: block.number,
			contract_address: outline.contract_address,
			cumulative_gas_used: self.cumulative,
			effective_gas_price: outline.price,
			from: outline.from,
			gas_used,
			logs,
			logs_bloom: bloom.0.into(),
			status: U256::from(u8::from(!reverted)),
			to: outline.to,
			transaction_hash: outline.hash,
			transaction_index,
			kind: outline.kind.into(),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::NativeCall;
	use pallet_revive::evm::{
		Account, Transaction1559Unsigned, TransactionLegacyUnsigned, TransactionUnsigned,
	};

	fn transaction(extrinsic: u32, tx: impl Into<TransactionUnsigned>) -> Option<Transaction> {
		let account = Account::from_secret_key([7; 32]);
		let payload = account.sign_transaction(tx.into()).signed_payload();
		Some(Transaction::decode(extrinsic, &payload).expect("the payload is what was signed"))
	}

	fn call(extrinsic: u32, nonce: u64) -> Option<Transaction> {
		let to = Some(H160::repeat_byte(2));
		transaction(
			extrinsic,
			Transaction1559Unsigned { to, nonce: nonce.into(), ..Default::default() },
		)
	}

	/// The receipts of transactions that used this much gas.
	fn receipts(
		block: &BlockV1,
		transactions: &[Option<Transaction>],
		gas: &[u64],
		events: Vec<EthEvent>,
	) -> Vec<Option<Receipt>> {
		let mut receipts = Receipts::new(block, events);
		let pairs = transactions.iter().zip(gas);
		pairs.map(|(tx, gas)| receipts.signed(tx.as_ref(), (*gas).into())).collect()
	}

	fn event(extrinsic: u32, kind: EthEventKind) -> EthEvent {
		EthEvent { extrinsic: Some(extrinsic), kind }
	}

	fn log(extrinsic: u32, address: u8) -> EthEvent {
		let log = RawLog {
			address: H160::repeat_byte(address),
			topics: vec![H256::repeat_byte(address)],
			data: vec![address],
		};
		event(extrinsic, EthEventKind::Log(log))
	}

	#[test]
	fn receipts_should_count_among_ethereum_transactions_when_others_are_in_the_block() {
		let block = BlockV1 { hash: H256::repeat_byte(9), number: 5.into(), ..Default::default() };
		// Extrinsics 0, 1 and 3 are native; these are the receipts of the others.
		let transactions = [call(2, 0), call(4, 1), call(5, 2)];
		let events =
			vec![log(2, 1), log(2, 2), log(3, 3), event(4, EthEventKind::Reverted), log(5, 4)];
		let receipts = receipts(&block, &transactions, &[100, 20, 3], events);
		let receipts: Vec<_> = receipts.into_iter().flatten().collect();

		let numbers = |of: fn(&Receipt) -> U256| -> Vec<u64> {
			receipts.iter().map(|receipt| of(receipt).as_u64()).collect()
		};
		assert_eq!(numbers(|receipt| receipt.transaction_index), [0, 1, 2]);
		assert_eq!(numbers(|receipt| receipt.gas_used), [100, 20, 3]);
		assert_eq!(numbers(|receipt| receipt.cumulative_gas_used), [100, 120, 123]);
		assert_eq!(numbers(|receipt| receipt.status), [1, 0, 1]);
		assert_eq!(numbers(|receipt| receipt.kind), [2, 2, 2]);
		let logs: Vec<_> = receipts
			.iter()
			.flat_map(|receipt| &receipt.logs)
			.map(|log| (log.transaction_index.as_u64(), log.log_index.as_u64(), log.data.0.clone()))
			.collect();
		assert_eq!(logs, [(0, 0, vec![1]), (0, 1, vec![2]), (2, 2, vec![4])]);
		assert_eq!(receipts[1].logs_bloom, Bytes256([0; 256]));
		assert!(receipts.iter().all(|receipt| receipt.contract_address.is_none()));
		assert!(receipts.iter().all(|receipt| receipt.block_hash == block.hash));
	}

	#[test]
	fn receipt_should_name_the_contract_when_the_transaction_creates_one() {
		let tx = TransactionLegacyUnsigned {
			chain_id: Some(1.into()),
			nonce: 3.into(),
			..Default::default()
		};
		let transactions = [transaction(1, tx)];
		let receipts = receipts(&BlockV1::default(), &transactions, &[1], Vec::new());
		let receipts: Vec<_> = receipts.into_iter().flatten().collect();
		let from = Account::from_secret_key([7; 32]).address();
		assert_eq!(receipts[0].from, from);
		assert_eq!(receipts[0].to, None);
		assert_eq!(receipts[0].contract_address, Some(create1(&from, 3)));
		assert_eq!(receipts[0].kind, U256::zero());
	}

	#[test]
	fn receipt_should_have_the_tip_in_its_price_when_one_was_offered() {
		let block = BlockV1 { base_fee_per_gas: 10.into(), ..Default::default() };
		let price = |tx: TransactionUnsigned| {
			let receipts = receipts(&block, &[transaction(1, tx)], &[1], Vec::new());
			receipts[0].as_ref().unwrap().effective_gas_price.as_u64()
		};
		let capped = |cap: u64, tip: u64| Transaction1559Unsigned {
			max_fee_per_gas: cap.into(),
			max_priority_fee_per_gas: tip.into(),
			..Default::default()
		};
		assert_eq!(price(capped(20, 3).into()), 13);
		assert_eq!(price(capped(20, 15).into()), 20);
		let legacy = TransactionLegacyUnsigned { gas_price: 17.into(), ..Default::default() };
		assert_eq!(price(legacy.into()), 17);
	}

	#[test]
	fn receipt_should_tell_gas_by_the_fee_when_the_runtime_ran_the_transaction() {
		let block = BlockV1 { base_fee_per_gas: 10.into(), ..Default::default() };
		let events = vec![
			event(1, EthEventKind::Fee(205)),
			log(1, 1),
			event(2, EthEventKind::Reverted),
			log(2, 2),
			event(2, EthEventKind::Fee(300)),
			EthEvent { extrinsic: None, ..log(0, 3) },
		];
		let mut receipts = Receipts::new(&block, events);
		// It offers a tip of 10, so it pays 20 for one gas.
		let tip = Transaction1559Unsigned {
			max_fee_per_gas: 20.into(),
			max_priority_fee_per_gas: 10.into(),
			to: Some(NativeTransaction::TO),
			..Default::default()
		};
		let from = H160::repeat_byte(7);
		let call = NativeCall { from, nonce: 4, call: vec![1, 2] };
		let native = NativeTransaction { hash: H256::repeat_byte(8), extrinsic: Some(2), call };
		let own = NativeTransaction {
			hash: H256::repeat_byte(9),
			extrinsic: None,
			call: NativeCall::default(),
		};
		let all = [
			receipts.signed(transaction(1, tip).as_ref(), U256::zero()).unwrap(),
			receipts.native(&native),
			receipts.native(&own),
		];
		let tell = |receipt: &Receipt| {
			let numbers = [receipt.gas_used, receipt.cumulative_gas_used, receipt.status];
			(numbers.map(|number| number.as_u64()), receipt.logs[0].log_index.as_u64())
		};
		assert_eq!(all.each_ref().map(tell), [([11, 11, 1], 0), ([30, 41, 0], 1), ([0, 41, 1], 2)]);
		assert_eq!((all[1].from, all[1].to), (from, Some(NativeTransaction::TO)));
		assert_eq!(all[1].effective_gas_price, 10.into());
		assert_eq!(all[2].logs[0].transaction_hash, own.hash);
		assert_eq!(all[2].transaction_index, 2.into());
		let json = native.to_json(&block, 1, all[1].gas_used, all[1].effective_gas_price);
		assert_eq!((&json["input"], &json["nonce"]), (&"0x0102".into(), &"0x4".into()));
	}

	#[test]
	fn bloom_should_set_the_published_bits_when_a_value_is_added() {
		// The words that geth tests its filter with.
		let mut bloom = Bloom::default();
		for value in ["testtest", "test", "hallo", "other"] {
			bloom.insert(value.as_bytes());
		}
		for value in ["testtest", "test", "hallo", "other"] {
			assert!(bloom.may_contain(value.as_bytes()));
		}
		for value in ["tes", "lo"] {
			assert!(!bloom.may_contain(value.as_bytes()));
		}
		// keccak256("") starts c5d2 4601 86f7: bits 0x5d2, 0x601 and 0x6f7.
		let mut empty = Bloom::default();
		empty.insert(b"");
		let mut expected = [0; 256];
		for bit in [0x5d2usize, 0x601, 0x6f7] {
			expected[255 - bit / 8] |= 1 << (bit % 8);
		}
		assert_eq!(empty.0, expected);
	}

	#[test]
	fn receipt_rlp_should_hold_status_gas_bloom_and_logs_when_decoded() {
		use pallet_revive::evm::rlp::Rlp;
		let events = vec![log(1, 3), log(1, 4)];
		let receipts = receipts(&BlockV1::default(), &[call(1, 0)], &[70_000], events);
		let receipt = receipts[0].as_ref().unwrap();
		let raw = receipt.rlp();
		assert_eq!(raw[0], 2, "the type of EIP-1559 comes before the list");
		let list = Rlp::new(&raw[1..]);
		assert_eq!(list.item_count(), Ok(4));
		assert_eq!(list.val_at::<bool>(0), Ok(true));
		assert_eq!(list.val_at::<u64>(1), Ok(70_000));
		assert_eq!(list.val_at::<Vec<u8>>(2), Ok(receipt.logs_bloom.0.to_vec()));
		let logs = list.at(3).unwrap();
		assert_eq!(logs.item_count(), Ok(2));
		let second = logs.at(1).unwrap();
		assert_eq!(second.val_at::<H160>(0), Ok(H160::repeat_byte(4)));
		assert_eq!(second.list_at::<H256>(1), Ok(vec![H256::repeat_byte(4)]));
		assert_eq!(second.val_at::<Vec<u8>>(2), Ok(vec![4]));
	}

	#[test]
	fn receipt_rlp_should_have_an_empty_status_and_no_type_when_a_legacy_call_reverted() {
		use pallet_revive::evm::rlp::Rlp;
		let tx = transaction(
			1,
			TransactionLegacyUnsigned { chain_id: Some(1.into()), ..Default::default() },
		);
		let reverted = vec![event(1, EthEventKind::Reverted)];
		let receipts = receipts(&BlockV1::default(), &[tx], &[1], reverted);
		let raw = receipts[0].as_ref().unwrap().rlp();
		assert!(raw[0] >= 0xc0, "a list comes first");
		assert_eq!(Rlp::new(&raw).val_at::<bool>(0), Ok(false));
	}
}
