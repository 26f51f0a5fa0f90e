//! The runtime's types, for the Ethereum RPC.
use codec::{Decode, Encode};
use openledger_eth_rpc::{EthEvent, EthEventKind, EthTransactions, Network};
use polkadot_sdk::*;
use runtime::{Hash, OpaqueBlock, RuntimeCall, RuntimeEvent, UncheckedExtrinsic};
use sp_runtime::{generic, OpaqueExtrinsic};
use std::sync::Arc;

pub struct RuntimeTransactions;

impl EthTransactions<OpaqueExtrinsic> for RuntimeTransactions {
	fn payload(&self, extrinsic: &OpaqueExtrinsic) -> Option<Vec<u8>> {
		let extrinsic = UncheckedExtrinsic::decode(&mut &extrinsic.encode()[..]).ok()?.0;
		match (extrinsic.preamble, extrinsic.function) {
			(
				generic::Preamble::Bare(_),
				RuntimeCall::Revive(pallet_revive::Call::eth_transact { payload }),
			) => Some(payload),
			_ => None,
		}
	}

	fn extrinsic(&self, payload: Vec<u8>) -> OpaqueExtrinsic {
		let call = RuntimeCall::Revive(pallet_revive::Call::eth_transact { payload });
		UncheckedExtrinsic::from(generic::UncheckedExtrinsic::new_bare(call)).into()
	}

	fn events(&self, encoded: &[u8]) -> Result<Vec<EthEvent>, codec::Error> {
		use frame_system::{EventRecord, Phase};
		use pallet_revive::Event;
		let records = Vec::<EventRecord<RuntimeEvent, Hash>>::decode(&mut &encoded[..])?;
		Ok(records
			.into_iter()
			.filter_map(|record| {
				let Phase::ApplyExtrinsic(extrinsic) = record.phase else { return None };
				let kind = match record.event {
					RuntimeEvent::Revive(Event::ContractEmitted { contract, data, topics }) => {
						EthEventKind::Log { address: contract, topics, data }
					},
					RuntimeEvent::Revive(Event::EthExtrinsicRevert { .. }) => {
						EthEventKind::Reverted
					},
					_ => return None,
				};
				Some(EthEvent { extrinsic, kind })
			})
			.collect())
	}
}

pub struct Syncing(pub Arc<sc_network_sync::SyncingService<OpaqueBlock>>);

#[async_trait::async_trait]
impl Network for Syncing {
	fn peers(&self) -> usize {
		self.0.num_connected_peers()
	}

	fn is_syncing(&self) -> bool {
		sp_consensus::SyncOracle::is_major_syncing(&*self.0)
	}

	async fn highest_block(&self) -> Option<u64> {
		self.0.status().await.ok()?.best_seen_block.map(u64::from)
	}
}
