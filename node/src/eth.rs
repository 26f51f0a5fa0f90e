//! The runtime's types, for the Ethereum RPC.
use codec::{Decode, Encode};
use jsonrpsee::{core::traits::IdProvider, types::SubscriptionId};
use openledger_eth_rpc::{
	Config, EthEvent, EthEventKind, EthTransactions, NativeCall, Network, RawLog,
};
use pallet_revive::AddressMapper;
use polkadot_sdk::*;
use runtime::{
	logs::EthLog, Hash, OpaqueBlock, Runtime, RuntimeCall, RuntimeEvent, UncheckedExtrinsic,
};
use sc_service::config::RpcSubscriptionIdProvider;
use sp_runtime::{generic, MultiAddress, OpaqueExtrinsic};
use std::{sync::Arc, time::Duration};

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

	fn native(&self, extrinsic: &OpaqueExtrinsic) -> Option<NativeCall> {
		let extrinsic = UncheckedExtrinsic::decode(&mut &extrinsic.encode()[..]).ok()?.0;
		let (from, nonce) = match &extrinsic.preamble {
			generic::Preamble::Signed(MultiAddress::Id(who), _, extension) => {
				let frame_system::CheckNonce(nonce) = extension.6;
				(<Runtime as pallet_revive::Config>::AddressMapper::to_address(who), nonce)
			},
			_ => Default::default(),
		};
		Some(NativeCall { from, nonce: nonce.into(), call: extrinsic.function.encode() })
	}

	fn events(&self, encoded: &[u8]) -> Result<Vec<EthEvent>, codec::Error> {
		use frame_system::{Event::ExtrinsicFailed, EventRecord, Phase};
		use pallet_revive::Event::{ContractEmitted, EthExtrinsicRevert};
		use pallet_transaction_payment::Event::TransactionFeePaid;
		let records = Vec::<EventRecord<RuntimeEvent, Hash>>::decode(&mut &encoded[..])?;
		let pallet = |EthLog { address, topics, data }| {
			EthEventKind::Pallet(RawLog { address, topics, data })
		};
		let kinds = |event| match event {
			RuntimeEvent::Revive(ContractEmitted { contract, data, topics }) => {
				vec![EthEventKind::Log(RawLog { address: contract, topics, data })]
			},
			RuntimeEvent::Revive(EthExtrinsicRevert { .. })
			| RuntimeEvent::System(ExtrinsicFailed { .. }) => vec![EthEventKind::Reverted],
			RuntimeEvent::TransactionPayment(TransactionFeePaid { actual_fee, .. }) => {
				vec![EthEventKind::Fee(actual_fee)]
			},
			event => runtime::logs::logs(&event).into_iter().map(pallet).collect(),
		};
		let events = records.into_iter().flat_map(|EventRecord { phase, event, .. }| {
			let extrinsic = match phase {
				Phase::ApplyExtrinsic(extrinsic) => Some(extrinsic),
				Phase::Initialization | Phase::Finalization => None,
			};
			kinds(event).into_iter().map(move |kind| EthEvent { extrinsic, kind })
		});
		Ok(events.collect())
	}
}

/// What the Ethereum RPC does for one client.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Ethereum RPC")]
pub struct Limits {
	/// The most blocks of one eth_getLogs.
	#[arg(long, value_name = "BLOCKS", default_value_t = 10_000)]
	pub eth_max_log_blocks: u64,
	/// The most logs that one answer has.
	#[arg(long, value_name = "LOGS", default_value_t = 10_000)]
	pub eth_max_logs: usize,
	/// The most blocks of one eth_feeHistory.
	#[arg(long, value_name = "BLOCKS", default_value_t = 1_024)]
	pub eth_max_fee_history: u64,
	/// The most filters of all clients together.
	#[arg(long, value_name = "FILTERS", default_value_t = 1_000)]
	pub eth_max_filters: usize,
	/// After how many seconds a filter is gone that nobody asks for.
	#[arg(long, value_name = "SECONDS", default_value_t = 300)]
	pub eth_filter_idle: u64,
	/// The most gas of a call, an estimate or a traced call; what a block allows if left out.
	#[arg(long, value_name = "GAS")]
	pub eth_max_call_gas: Option<u64>,
	/// How many seconds a client waits for a trace, its turn included.
	#[arg(long, value_name = "SECONDS", default_value_t = 30)]
	pub eth_trace_timeout: u64,
	/// The most traces that run at the same time.
	#[arg(long, value_name = "TRACES", default_value_t = 4)]
	pub eth_max_traces: usize,
	/// The most steps of one trace of the struct logger.
	#[arg(long, value_name = "STEPS", default_value_t = 20_000)]
	pub eth_max_trace_steps: u64,
}

impl Limits {
	/// The configuration of the Ethereum RPC, its index in memory.
	pub fn config(&self) -> Config {
		let version = concat!("openledger/v", env!("CARGO_PKG_VERSION"));
		Config {
			max_log_blocks: self.eth_max_log_blocks,
			max_logs: self.eth_max_logs,
			max_fee_history: self.eth_max_fee_history,
			max_filters: self.eth_max_filters,
			filter_idle: Duration::from_secs(self.eth_filter_idle),
			max_call_gas: self.eth_max_call_gas,
			trace_timeout: Duration::from_secs(self.eth_trace_timeout),
			max_traces: self.eth_max_traces,
			max_trace_steps: self.eth_max_trace_steps,
			..Config::new(runtime::EVM_CHAIN_ID, version)
		}
	}
}

/// Ids of subscriptions as geth has them: hexadecimal and hard to guess.
#[derive(Clone, Debug)]
pub struct SubscriptionIds;

impl RpcSubscriptionIdProvider for SubscriptionIds {}

impl IdProvider for SubscriptionIds {
	fn next_id(&self) -> SubscriptionId<'static> {
		format!("{:#x}", rand::random::<u128>()).into()
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
