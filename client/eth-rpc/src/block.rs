//! An Ethereum block apart from the chain that it was read from.

use crate::{
	receipt::{Receipt, Receipts},
	Bloom, Error, EthEvent, EthEventKind, Log, NativeTransaction, LOG_TARGET,
};
use codec::{Decode, Encode};
use pallet_revive::{
	evm::{rlp::RlpStream, GenericTransaction, TransactionInfo, TransactionSigned},
	keccak_256,
	pallet_revive_types::runtime_api::{
		BlockV1, HashesOrTransactionInfosV1, ReceiptGasInfoV1, TransactionInfoV1,
	},
};
use serde_json::{
	json,
	value::{to_raw_value, RawValue},
	Value,
};
use sp_core::{H160, H256, U256};
use std::sync::OnceLock;

/// Bytes of a block's JSON that are kept at most, of each of the blocks in memory.
const MAX_KEPT_TEXT: usize = 512 << 10;

/// A transaction as it stands in a block's body.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SignedPayload {
	/// Index of the extrinsic that carries it.
	pub extrinsic: u32,
	/// The signer, recovered once.
	pub from: H160,
	/// The signed transaction.
	pub payload: Vec<u8>,
}

/// All that an Ethereum block consists of. It needs neither state nor body any more, so an index
/// that keeps it answers for a pruned block too.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Facts {
	/// The header and the transactions' hashes.
	pub block: BlockV1,
	/// Gas that one extrinsic could use.
	pub gas_limit: U256,
	/// Gas and price, in parallel with the hashes.
	pub gas: Vec<ReceiptGasInfoV1>,
	/// In parallel with the hashes; none for one that the body lacks.
	pub transactions: Vec<Option<SignedPayload>>,
	/// Native transactions that Ethereum sees, in order; they come behind the others.
	pub natives: Vec<NativeTransaction>,
	/// What all these transactions did, in order.
	pub events: Vec<EthEvent>,
}

impl Facts {
	/// The hashes of all transactions, by position.
	pub(crate) fn hashes(&self) -> Vec<H256> {
		let signed = transaction_hashes(self.block.transactions.clone());
		signed
			.into_iter()
			.chain(self.natives.iter().map(|native| native.hash))
			.collect()
	}

	/// The filter over all logs; the header's is over those that Ethereum's users made.
	pub(crate) fn bloom(&self) -> Bloom {
		let mut bloom = Bloom::default();
		for event in &self.events {
			if let EthEventKind::Log(log) = &event.kind {
				bloom.accrue(&log.address, &log.topics);
			}
		}
		bloom
	}
}

/// An Ethereum transaction in a block or in the pool.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
	pub(crate) hash: H256,
	pub(crate) from: H160,
	pub(crate) signed: TransactionSigned,
	pub(crate) extrinsic: u32,
	pub(crate) payload: Vec<u8>,
}

impl Transaction {
	/// None if the payload is no validly signed transaction.
	pub(crate) fn decode(extrinsic: u32, payload: &[u8]) -> Option<Self> {
		let signed = TransactionSigned::decode(payload).ok()?;
		let from = signed.recover_eth_address().ok()?;
		let hash = H256(keccak_256(payload));
		Some(Self { hash, from, signed, extrinsic, payload: payload.to_vec() })
	}

	/// One whose signer is known already.
	fn stored(stored: SignedPayload) -> Option<Self> {
		let SignedPayload { extrinsic, from, payload } = stored;
		let signed = TransactionSigned::decode(&payload).ok()?;
		Some(Self { hash: H256(keccak_256(&payload)), from, signed, extrinsic, payload })
	}

	/// Whom it calls; none for a creation.
	pub(crate) fn to(&self) -> Option<H160> {
		GenericTransaction::from_signed(self.signed.clone(), U256::zero(), None).to
	}

	/// As `eth_getTransactionByHash` gives it; `place` is (block, position, price), none while
	/// pending.
	pub(crate) fn to_json(&self, place: Option<(&BlockV1, usize, U256)>) -> Result<Value, Error> {
		let info = TransactionInfo {
			block_hash: place.map(|(block, ..)| block.hash).unwrap_or_default(),
			block_number: place.map(|(block, ..)| block.number).unwrap_or_default(),
			from: self.from,
			hash: self.hash,
			transaction_index: place.map(|(_, position, _)| position).unwrap_or_default().into(),
			transaction_signed: self.signed.clone(),
		};
		let mut json =
			serde_json::to_value(TransactionInfoV1::from(info)).map_err(Error::internal)?;
		if let Some(fields) = json.as_object_mut() {
			match place {
				// What was paid, where the signed transaction has what was offered.
				Some((.., price)) => {
					fields.insert("gasPrice".into(), json!(price));
				},
				None => {
					// What may be paid, as nothing was yet.
					if let Some(cap) = fields.get("maxFeePerGas").cloned() {
						fields.insert("gasPrice".into(), cap);
					}
					for key in ["blockHash", "blockNumber", "transactionIndex"] {
						fields.insert(key.into(), Value::Null);
					}
				},
			}
			// Typed transactions carry the parity under both names, as geth shows it.
			if let (Some(parity), false) =
				(fields.get("yParity").cloned(), fields.contains_key("v"))
			{
				fields.insert("v".into(), parity);
			}
		}
		Ok(json)
	}
}

/// A transaction that an Ethereum user signed, in a block, and its receipt.
#[derive(Clone, Debug)]
pub(crate) struct Mined {
	pub(crate) transaction: Transaction,
	pub(crate) receipt: Receipt,
}

/// An Ethereum block with everything that a request may want of it.
#[derive(Clone, Debug)]
pub struct LoadedBlock {
	pub(crate) block: BlockV1,
	pub(crate) gas_limit: U256,
	bloom: Bloom,
	/// By position; none where the body's bytes made no transaction.
	mined: Vec<Option<Mined>>,
	/// Behind them.
	natives: Vec<(NativeTransaction, Receipt)>,
	/// Its JSON with hashes and with whole transactions, once somebody asked.
	texts: [OnceLock<Box<RawValue>>; 2],
}

impl LoadedBlock {
	/// The block of these facts. A transaction that cannot be read leaves the others as they are.
	pub fn new(facts: Facts) -> Self {
		let bloom = facts.bloom();
		let Facts { block, gas_limit, gas, transactions, natives, events } = facts;
		if !bloom.has_all(&Bloom(block.logs_bloom.0)) {
			log::warn!(
				target: LOG_TARGET,
				"The logs of block {} do not give its bloom.",
				block.number
			);
		}
		let mut receipts = Receipts::new(&block, events);
		let mined = transactions
			.into_iter()
			.zip(gas)
			.map(|(stored, gas)| {
				let transaction = stored.and_then(Transaction::stored);
				let receipt = receipts.signed(transaction.as_ref(), gas.gas_used);
				transaction
					.zip(receipt)
					.map(|(transaction, receipt)| Mined { transaction, receipt })
			})
			.collect();
		let natives = natives
			.into_iter()
			.map(|native| {
				let receipt = receipts.native(&native);
				(native, receipt)
			})
			.collect();
		Self { block, gas_limit, bloom, mined, natives, texts: Default::default() }
	}

	/// The Ethereum hash.
	pub fn hash(&self) -> H256 {
		self.block.hash
	}

	/// The number of transactions.
	pub(crate) fn count(&self) -> usize {
		self.mined.len() + self.natives.len()
	}

	/// What can be read of the transactions that Ethereum's users signed, in order.
	pub(crate) fn mined(&self) -> impl Iterator<Item = &Mined> {
		self.mined.iter().flatten()
	}

	/// The transaction and receipt at a position, if an Ethereum user signed it.
	pub(crate) fn at(&self, position: usize) -> Option<&Mined> {
		self.mined.get(position)?.as_ref()
	}

	/// The native transaction and its receipt at a position.
	fn native(&self, position: usize) -> Option<&(NativeTransaction, Receipt)> {
		self.natives.get(position.checked_sub(self.mined.len())?)
	}

	/// The receipt at a position.
	pub(crate) fn receipt(&self, position: usize) -> Option<&Receipt> {
		let native = || self.native(position).map(|(_, receipt)| receipt);
		self.at(position).map(|mined| &mined.receipt).or_else(native)
	}

	/// The receipts, in order.
	pub fn receipts(&self) -> impl Iterator<Item = &Receipt> {
		let natives = self.natives.iter().map(|(_, receipt)| receipt);
		self.mined().map(|mined| &mined.receipt).chain(natives)
	}

	/// The logs, in order.
	pub fn logs(&self) -> impl Iterator<Item = &Log> {
		self.receipts().flat_map(|receipt| &receipt.logs)
	}

	/// The filter over the logs.
	pub(crate) fn bloom(&self) -> &Bloom {
		&self.bloom
	}

	/// As `eth_getBlockByNumber` gives it, with whole transactions or their hashes. Many ask for the
	/// same block, so the text is kept unless it is long.
	pub(crate) fn text(&self, whole: bool) -> Result<Box<RawValue>, Error> {
		let kept = &self.texts[usize::from(whole)];
		if let Some(text) = kept.get() {
			return Ok(text.clone());
		}
		let text = to_raw_value(&self.to_json(whole)?).map_err(Error::internal)?;
		if text.get().len() <= MAX_KEPT_TEXT {
			// Another request may have been faster, with the same text.
			let _ = kept.set(text.clone());
		}
		Ok(text)
	}

	fn to_json(&self, whole: bool) -> Result<Value, Error> {
		let transactions = if whole {
			(0..self.count())
				.filter_map(|position| self.transaction(position).transpose())
				.collect::<Result<Vec<_>, _>>()?
		} else {
			transaction_hashes(self.block.transactions.clone())
				.into_iter()
				.chain(self.natives.iter().map(|(native, _)| native.hash))
				.map(|hash| json!(hash))
				.collect()
		};
		let mut json = self.header_json()?;
		if let Some(fields) = json.as_object_mut() {
			fields.insert("size".into(), json!(U256::from(self.rlp().len())));
			fields.insert("transactions".into(), transactions.into());
			fields.insert("uncles".into(), json!([]));
			fields.insert("withdrawals".into(), json!([]));
		}
		Ok(json)
	}

	/// The header, as the subscription `newHeads` gives it.
	pub(crate) fn header_json(&self) -> Result<Value, Error> {
		let mut json = serde_json::to_value(&self.block).map_err(Error::internal)?;
		if let Some(fields) = json.as_object_mut() {
			fields.insert("gasLimit".into(), json!(self.gas_limit));
			for of_the_body in ["size", "transactions", "uncles", "withdrawals"] {
				fields.remove(of_the_body);
			}
		}
		Ok(json)
	}

	/// The transaction at a position, if there is one.
	pub(crate) fn transaction(&self, position: usize) -> Result<Option<Value>, Error> {
		if let Some((native, receipt)) = self.native(position) {
			let (gas, price) = (receipt.gas_used, receipt.effective_gas_price);
			return Ok(Some(native.to_json(&self.block, position, gas, price)));
		}
		self.at(position)
			.map(|Mined { transaction, receipt }| {
				transaction.to_json(Some((&self.block, position, receipt.effective_gas_price)))
			})
			.transpose()
	}

	/// The header in RLP; its Keccak-256 is the block's hash.
	pub(crate) fn header_rlp(&self) -> Vec<u8> {
		let block = &self.block;
		let optional = [block.parent_beacon_block_root, block.requests_hash];
		let mut stream = RlpStream::new_list(19 + optional.iter().flatten().count());
		stream
			.append(&block.parent_hash)
			.append(&block.sha_3_uncles)
			.append(&block.miner)
			.append(&block.state_root)
			.append(&block.transactions_root)
			.append(&block.receipts_root)
			.append(&block.logs_bloom.0.to_vec())
			.append(&block.difficulty)
			.append(&block.number)
			// The hash commits to 64 bits at most.
			.append(&block.gas_limit.min(u64::MAX.into()))
			.append(&block.gas_used)
			.append(&block.timestamp)
			.append(&block.extra_data.0)
			.append(&block.mix_hash)
			.append(&block.nonce.0.to_vec())
			.append(&block.base_fee_per_gas)
			.append(&block.withdrawals_root)
			.append(&block.blob_gas_used)
			.append(&block.excess_blob_gas);
		for hash in optional.into_iter().flatten() {
			stream.append(&hash);
		}
		stream.out().to_vec()
	}

	/// The block in RLP: header, transactions, no uncles, no withdrawals.
	pub(crate) fn rlp(&self) -> Vec<u8> {
		let mut stream = RlpStream::new_list(4);
		stream.append_raw(&self.header_rlp(), 1);
		stream.begin_list(self.mined().count());
		for Mined { transaction, .. } in self.mined() {
			match transaction.signed {
				// A legacy transaction is a list in the list, a typed one a byte string.
				TransactionSigned::TransactionLegacySigned(_) => {
					stream.append_raw(&transaction.payload, 1)
				},
				_ => stream.append(&transaction.payload),
			};
		}
		stream.begin_list(0).begin_list(0);
		stream.out().to_vec()
	}
}

/// The hashes of a block's transactions.
pub(crate) fn transaction_hashes(transactions: HashesOrTransactionInfosV1) -> Vec<H256> {
	match transactions {
		HashesOrTransactionInfosV1::Hashes(hashes) => hashes,
		HashesOrTransactionInfosV1::TransactionInfos(infos) => {
			infos.into_iter().map(|info| info.hash).collect()
		},
	}
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use crate::{EthEventKind, NativeCall, RawLog};
	use pallet_revive::evm::{
		Account, Block, Transaction1559Unsigned, TransactionLegacyUnsigned, TransactionUnsigned,
	};

	fn sign(tx: impl Into<TransactionUnsigned>) -> Vec<u8> {
		Account::default().sign_transaction(tx.into()).signed_payload()
	}

	fn transaction() -> Transaction {
		let payload = sign(Transaction1559Unsigned {
			max_fee_per_gas: 100.into(),
			to: Some(H160::repeat_byte(2)),
			..Default::default()
		});
		Transaction::decode(1, &payload).expect("the payload is what was signed")
	}

	/// A block with one transaction for each nonce; each emits a log of the address `nonce + 1`.
	pub(crate) fn facts(number: u64, fork: u8, nonces: &[u64]) -> Facts {
		let mut bloom = Bloom::default();
		let (mut hashes, mut transactions, mut events) = (Vec::new(), Vec::new(), Vec::new());
		for (extrinsic, nonce) in (1..).zip(nonces) {
			let payload = sign(Transaction1559Unsigned {
				nonce: (*nonce).into(),
				to: Some(H160::repeat_byte(2)),
				..Default::default()
			});
			hashes.push(H256(keccak_256(&payload)));
			let from = Account::default().address();
			transactions.push(Some(SignedPayload { extrinsic, from, payload }));
			let address = H160::repeat_byte(*nonce as u8 + 1);
			bloom.accrue(&address, &[]);
			let log = RawLog { address, topics: Vec::new(), data: vec![fork] };
			events.push(EthEvent { extrinsic: Some(extrinsic), kind: EthEventKind::Log(log) });
		}
		let block = BlockV1 {
			number: number.into(),
			hash: H256(keccak_256(&[number as u8, fork])),
			parent_hash: H256::repeat_byte(fork),
			logs_bloom: bloom.0.into(),
			transactions: HashesOrTransactionInfosV1::Hashes(hashes),
			..Default::default()
		};
		let gas = vec![ReceiptGasInfoV1 { gas_used: 7.into(), ..Default::default() }; nonces.len()];
		let natives = Vec::new();
		Facts { block, gas_limit: 100.into(), gas, transactions, natives, events }
	}

	#[test]
	fn transaction_should_have_null_place_when_pending() {
		let json = transaction().to_json(None).unwrap();
		for key in ["blockHash", "blockNumber", "transactionIndex"] {
			assert_eq!(json[key], Value::Null);
		}
		assert_eq!(json["type"], "0x2");
		assert_eq!(json["gasPrice"], "0x64");
		assert_eq!(json["v"], json["yParity"]);
		assert_eq!(json["from"], json!(Account::default().address()));
	}

	#[test]
	fn transaction_should_show_the_paid_price_when_mined() {
		let block = BlockV1 { hash: H256::repeat_byte(3), number: 8.into(), ..Default::default() };
		let json = transaction().to_json(Some((&block, 2, 10.into()))).unwrap();
		assert_eq!(json["blockHash"], json!(block.hash));
		assert_eq!(json["blockNumber"], "0x8");
		assert_eq!(json["transactionIndex"], "0x2");
		assert_eq!(json["gasPrice"], "0xa");
		assert_eq!(json["maxFeePerGas"], "0x64");
	}

	#[test]
	fn transaction_should_not_decode_when_the_payload_is_garbage() {
		for payload in [&[][..], &[0x02], &[0xff; 40], &[0xc0]] {
			assert!(Transaction::decode(0, payload).is_none());
		}
	}

	#[test]
	fn header_rlp_should_hash_to_the_block_hash_when_the_pallet_built_it() {
		let block = Block {
			number: 70_000.into(),
			gas_limit: U256::MAX,
			gas_used: 21_000.into(),
			timestamp: 1_700_000_000.into(),
			base_fee_per_gas: 1_000_000_000.into(),
			miner: H160::repeat_byte(5),
			state_root: H256::repeat_byte(6),
			mix_hash: H256::repeat_byte(7),
			extra_data: vec![1, 2, 3].into(),
			..Default::default()
		};
		let beacon = Block { parent_beacon_block_root: Some(H256::zero()), ..block.clone() };
		for block in [Block::default(), block, beacon] {
			let hash = block.header_hash();
			let facts = Facts { block: block.into(), ..facts(0, 0, &[]) };
			assert_eq!(H256(keccak_256(&LoadedBlock::new(facts).header_rlp())), hash);
		}
	}

	#[test]
	fn block_rlp_should_hold_legacy_and_typed_transactions_when_it_is_read_back() {
		use pallet_revive::evm::rlp::Rlp;
		let mut facts = facts(3, 0, &[0, 1]);
		let legacy =
			sign(TransactionLegacyUnsigned { chain_id: Some(1.into()), ..Default::default() });
		let typed = facts.transactions[0].as_ref().unwrap().payload.clone();
		facts.transactions[1].as_mut().unwrap().payload = legacy.clone();
		let raw = LoadedBlock::new(facts).rlp();
		let block = Rlp::new(&raw);
		assert_eq!(block.item_count(), Ok(4));
		let transactions = block.at(1).unwrap();
		assert_eq!(transactions.val_at::<Vec<u8>>(0), Ok(typed));
		assert_eq!(transactions.at(1).unwrap().as_raw(), legacy);
	}

	#[test]
	fn block_should_keep_its_other_transactions_when_one_is_unreadable() {
		let mut facts = facts(3, 0, &[0, 1, 2]);
		let hashes = transaction_hashes(facts.block.transactions.clone());
		facts.transactions[0] = None;
		facts.transactions[1].as_mut().unwrap().payload = vec![0xff; 4];
		let block = LoadedBlock::new(facts);
		assert_eq!(block.count(), 3);
		assert!(block.transaction(0).unwrap().is_none());
		assert!(block.transaction(1).unwrap().is_none());
		let last = block.at(2).unwrap();
		assert_eq!(last.transaction.hash, hashes[2]);
		assert_eq!(last.receipt.transaction_index, 2.into());
		assert_eq!(last.receipt.cumulative_gas_used, 21.into());
		assert_eq!(block.to_json(false).unwrap()["transactions"], json!(hashes));
		assert_eq!(block.to_json(true).unwrap()["transactions"].as_array().unwrap().len(), 1);
	}

	#[test]
	fn block_should_have_native_transactions_behind_the_others_when_there_are_some() {
		let mut facts = facts(3, 0, &[0]);
		let call = NativeCall { from: H160::repeat_byte(4), nonce: 9, call: vec![5] };
		let hash = H256::repeat_byte(6);
		facts.natives.push(NativeTransaction { hash, extrinsic: Some(2), call });
		let address = H160::repeat_byte(8);
		let log = RawLog { address, ..Default::default() };
		facts.events.push(EthEvent { extrinsic: Some(2), kind: EthEventKind::Log(log) });
		assert_eq!(facts.hashes()[1], hash);
		let block = LoadedBlock::new(facts.clone());
		assert!(block.bloom().may_contain(address.as_bytes()));
		assert_eq!((block.count(), block.mined().count()), (2, 1));
		assert_eq!(block.to_json(false).unwrap()["transactions"], json!(facts.hashes()));
		let native = block.transaction(1).unwrap().unwrap();
		assert_eq!((&native["hash"], &native["r"]), (&json!(hash), &json!("0x0")));
		assert_eq!(block.to_json(true).unwrap()["transactions"][1], native);
		for whole in [true, false] {
			let text = || serde_json::from_str::<Value>(block.text(whole).unwrap().get()).unwrap();
			assert_eq!(text(), block.to_json(whole).unwrap());
			assert_eq!(text(), block.to_json(whole).unwrap(), "kept");
		}
		assert_eq!(block.receipt(1).unwrap().logs[0].address, address);
		assert_eq!(block.logs().count(), 2);
		assert!(block.at(1).is_none(), "nobody signed it for Ethereum");
		assert!(block.transaction(2).unwrap().is_none() && block.receipt(2).is_none());
	}

	#[test]
	fn facts_should_give_the_same_block_when_they_were_stored() {
		let facts = facts(9, 1, &[4, 5]);
		let back = Facts::decode(&mut &facts.encode()[..]).unwrap();
		assert_eq!(back, facts);
		let (block, stored) = (LoadedBlock::new(facts), LoadedBlock::new(back));
		assert_eq!(block.to_json(true).unwrap(), stored.to_json(true).unwrap());
		assert!(block.receipts().eq(stored.receipts()));
		assert_eq!(block.receipts().count(), 2);
		assert_eq!(block.at(1).unwrap().transaction.from, Account::default().address());
	}
}
