//! Native transactions as Ethereum sees them: by the logs that they made.
//!
//! Where a native extrinsic moves money, calls a contract or changes what a precompile shows, the
//! block has it as one more transaction, behind those that Ethereum's users signed, and so what the
//! chain did by itself. The header commits to none of them.

use crate::{EthEvent, EthEventKind, RawLog};
use codec::{Decode, Encode};
use pallet_revive::{pallet_revive_types::runtime_api::BlockV1, RUNTIME_PALLETS_ADDR};
use serde_json::{json, Value};
use sp_core::{H160, H256, U256};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What the runtime was told to do, and by whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct NativeCall {
	/// The signer's address; zero if nobody signed, or not with an account's key.
	pub from: H160,
	/// The signer's nonce.
	pub nonce: u64,
	/// The SCALE-encoded call.
	pub call: Vec<u8>,
}

/// A native extrinsic that made logs, or all that the chain did by itself in a block.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct NativeTransaction {
	/// BLAKE2b-256 of the extrinsic; the block's Substrate hash for what the chain did by itself.
	pub hash: H256,
	/// Index of the extrinsic in the block; none for what the chain did by itself.
	pub extrinsic: Option<u32>,
	/// Empty for what the chain did by itself.
	pub call: NativeCall,
}

impl NativeTransaction {
	/// Whom it calls: the address at which Ethereum transactions call the runtime too.
	pub(crate) const TO: H160 = RUNTIME_PALLETS_ADDR;

	/// As `eth_getTransactionByHash` gives it: a legacy transaction whose signature is zeros.
	pub(crate) fn to_json(
		&self,
		block: &BlockV1,
		position: usize,
		gas: U256,
		price: U256,
	) -> Value {
		let NativeCall { from, nonce, call } = &self.call;
		json!({
			"blockHash": block.hash,
			"blockNumber": block.number,
			"transactionIndex": U256::from(position),
			"hash": self.hash,
			"type": "0x0",
			"from": from,
			"to": Self::TO,
			"nonce": U256::from(*nonce),
			"input": format!("0x{}", hex::encode(call)),
			"value": U256::zero(),
			"gas": gas,
			"gasPrice": price,
			"v": U256::zero(),
			"r": U256::zero(),
			"s": U256::zero(),
		})
	}
}

/// Who Ethereum's users signed an extrinsic for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signed {
	/// A contract or an account: its header commits to its logs.
	ForEthereum,
	/// The runtime, whose pallets emit no logs.
	ForRuntime,
}

/// Of a block's events those that Ethereum sees, what pallets did among the logs. `signed` has the
/// extrinsics that Ethereum's users signed; another one is seen if there is a log of it.
pub(crate) fn visible(events: Vec<EthEvent>, signed: &BTreeMap<u32, Signed>) -> Vec<EthEvent> {
	let signer = |extrinsic: Option<u32>| extrinsic.and_then(|index| signed.get(&index)).copied();
	// A precompile logs what its pallet says too, in the same words.
	let mut emitted = HashMap::<(Option<u32>, RawLog), usize>::new();
	for EthEvent { extrinsic, kind } in &events {
		match (kind, signer(*extrinsic)) {
			(_, Some(Signed::ForEthereum)) => {},
			(EthEventKind::Log(log), _) => {
				*emitted.entry((*extrinsic, log.clone())).or_default() += 1;
			},
			_ => {},
		}
	}
	let mut seen = Vec::new();
	for EthEvent { extrinsic, kind } in events {
		let kind = match (kind, signer(extrinsic)) {
			(EthEventKind::Pallet(_) | EthEventKind::Fee(_), Some(Signed::ForEthereum)) => continue,
			(EthEventKind::Pallet(log), _) => {
				let key = (extrinsic, log);
				if let Some(count) = emitted.get_mut(&key).filter(|count| **count > 0) {
					*count -= 1;
					continue;
				}
				EthEventKind::Log(key.1)
			},
			(kind, _) => kind,
		};
		seen.push(EthEvent { extrinsic, kind });
	}
	let logged: BTreeSet<_> = seen
		.iter()
		.filter(|event| matches!(event.kind, EthEventKind::Log(_)))
		.map(|event| event.extrinsic)
		.collect();
	seen.retain(|event| signer(event.extrinsic).is_some() || logged.contains(&event.extrinsic));
	seen
}

#[cfg(test)]
mod tests {
	use super::*;

	fn log(address: u8) -> RawLog {
		RawLog { address: H160::repeat_byte(address), ..Default::default() }
	}

	fn at(extrinsic: u32, kind: EthEventKind) -> EthEvent {
		EthEvent { extrinsic: Some(extrinsic), kind }
	}

	#[test]
	fn pallets_should_log_when_no_contract_could() {
		use EthEventKind::{Fee, Log, Pallet, Reverted};
		let signed = BTreeMap::from([(1, Signed::ForEthereum), (2, Signed::ForRuntime)]);
		let hook = |kind| EthEvent { extrinsic: None, kind };
		let events = vec![
			hook(Pallet(log(9))),
			at(1, Pallet(log(1))),
			at(1, Log(log(2))),
			at(1, Fee(5)),
			at(1, Reverted),
			at(2, Pallet(log(3))),
			at(2, Fee(6)),
			at(3, Pallet(log(4))),
			at(3, Fee(7)),
		];
		let expected = [
			hook(Log(log(9))),
			at(1, Log(log(2))),
			at(1, Reverted),
			at(2, Log(log(3))),
			at(2, Fee(6)),
			at(3, Log(log(4))),
			at(3, Fee(7)),
		];
		assert_eq!(visible(events, &signed), expected);
	}

	#[test]
	fn pallet_should_not_log_again_when_its_precompile_did() {
		use EthEventKind::{Log, Pallet};
		// A native transaction calls a contract that claims twice by precompile; then it claims
		// natively in the same batch.
		let events = vec![
			at(0, Pallet(log(1))),
			at(0, Log(log(1))),
			at(0, Pallet(log(1))),
			at(0, Log(log(1))),
			at(0, Pallet(log(1))),
		];
		let signed = BTreeMap::from([(0, Signed::ForRuntime)]);
		for signed in [BTreeMap::new(), signed] {
			assert_eq!(visible(events.clone(), &signed), vec![at(0, Log(log(1))); 3]);
		}
	}

	#[test]
	fn native_transaction_should_not_be_seen_when_it_made_no_logs() {
		let events = vec![at(0, EthEventKind::Fee(1)), at(1, EthEventKind::Reverted)];
		assert_eq!(visible(events, &BTreeMap::new()), []);
	}
}
