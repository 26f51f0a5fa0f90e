//! `debug_*`: traces and raw bytes.

use crate::{
	rpc::{without, Inner},
	types::BlockId,
	Error, EthClient, EthRpc,
};
use jsonrpsee::{
	core::{async_trait, RpcResult},
	proc_macros::rpc,
};
use pallet_revive::{
	evm::Bytes,
	pallet_revive_types::runtime_api::{
		ExecutionTracerConfigV1, GenericTransactionV1, StateOverrideSetV1,
		TraceBlockInputPayloadV2, TraceBlockOutputPayloadV2, TraceCallInputPayloadV2,
		TraceCallOutputPayloadV2, TraceEntryV1, TraceTxInputPayloadV2, TraceTxOutputPayloadV2,
		TracerTypeV1,
	},
	ReviveApi,
};
use sc_transaction_pool_api::TransactionPool;
use serde::Serialize;
use serde_json::{json, Map, Value};
use sp_core::H256;
use sp_runtime::traits::{Block as BlockT, Header as _};
use std::{collections::HashMap, sync::Arc};
use tokio::time::{timeout_at, Instant};

/// The methods for developers; names and shapes as geth has them.
///
/// A tracer is `callTracer`, `prestateTracer` or, with no name, the struct logger.
#[rpc(server)]
pub trait DebugApi {
	/// Runs a mined transaction again under a tracer.
	#[method(name = "debug_traceTransaction")]
	async fn trace_transaction(&self, hash: H256, options: Option<Value>) -> RpcResult<Value>;

	/// Runs the Ethereum transactions of a block again under a tracer.
	#[method(name = "debug_traceBlockByNumber")]
	async fn trace_block(&self, block: BlockId, options: Option<Value>) -> RpcResult<Value>;

	/// As `debug_traceBlockByNumber`, by Ethereum hash.
	#[method(name = "debug_traceBlockByHash")]
	async fn trace_block_by_hash(&self, hash: H256, options: Option<Value>) -> RpcResult<Value>;

	/// Runs a call under a tracer and forgets it; `options` may have `stateOverrides`.
	#[method(name = "debug_traceCall")]
	async fn trace_call(
		&self,
		call: GenericTransactionV1,
		block: Option<BlockId>,
		options: Option<Value>,
	) -> RpcResult<Value>;

	/// The header in RLP.
	#[method(name = "debug_getRawHeader", blocking)]
	fn raw_header(&self, block: BlockId) -> RpcResult<Bytes>;

	/// The block in RLP.
	#[method(name = "debug_getRawBlock", blocking)]
	fn raw_block(&self, block: BlockId) -> RpcResult<Bytes>;

	/// The receipts, as the trie of receipts holds them.
	#[method(name = "debug_getRawReceipts", blocking)]
	fn raw_receipts(&self, block: BlockId) -> RpcResult<Vec<Bytes>>;

	/// A transaction of a block or of the pool, as it was signed.
	#[method(name = "debug_getRawTransaction", blocking)]
	fn raw_transaction(&self, hash: H256) -> RpcResult<Option<Bytes>>;

	/// Blocks that were refused: the node keeps none.
	#[method(name = "debug_getBadBlocks")]
	fn bad_blocks(&self) -> RpcResult<Vec<Value>>;
}

/// Words of memory that a step of the struct logger shows at most.
const MAX_MEMORY_WORDS: u32 = 1_024;

/// The struct logger with bounds: one step more than `max_steps` tells that there are too many.
fn steps(mut config: ExecutionTracerConfigV1, max_steps: u64) -> TracerTypeV1 {
	let limit = config.limit.unwrap_or(u64::MAX).min(max_steps.saturating_add(1));
	config.limit = Some(limit);
	config.memory_word_limit = MAX_MEMORY_WORDS;
	TracerTypeV1::ExecutionTracer(Some(config))
}

/// What a request wants to see.
struct Tracer {
	kind: TracerTypeV1,
	max_steps: u64,
}

impl Tracer {
	/// The tracer that the options of a request name.
	fn new(options: Option<Value>, max_steps: u64) -> Result<Self, Error> {
		let invalid = |error: serde_json::Error| {
			Error::InvalidParams(format!(
				"unknown tracer: use callTracer, prestateTracer or, with no name, the struct \
				 logger ({error})"
			))
		};
		let fields = match options {
			Some(Value::Object(fields)) => fields,
			None | Some(Value::Null) => Map::new(),
			Some(_) => return Err(Error::InvalidParams("the trace options are an object".into())),
		};
		let Some(name) = fields.get("tracer").filter(|name| !name.is_null()) else {
			let kind = steps(serde_json::from_value(fields.into()).map_err(invalid)?, max_steps);
			return Ok(Self { kind, max_steps });
		};
		let mut config = match fields.get("tracerConfig") {
			Some(Value::Object(config)) => config.clone(),
			_ => Map::new(),
		};
		// Under geth's name, and off unless it is asked for, as there.
		let logs = config.remove("withLog").unwrap_or(false.into());
		config.entry("withLogs").or_insert(logs);
		let kind = serde_json::from_value(json!({ "tracer": name, "tracerConfig": config }));
		Ok(Self { kind: kind.map_err(invalid)?, max_steps })
	}

	/// A trace as geth gives it.
	fn show(&self, trace: impl Serialize) -> Result<Value, Error> {
		let mut trace = serde_json::to_value(trace).map_err(Error::internal)?;
		let TracerTypeV1::ExecutionTracer(config) = &self.kind else { return Ok(trace) };
		let Some(fields) = trace.as_object_mut() else { return Ok(trace) };
		fields.remove("weightConsumed");
		fields.remove("baseCallWeight");
		let Some(Value::Array(steps)) = fields.get_mut("structLogs") else { return Ok(trace) };
		if steps.len() as u64 > self.max_steps {
			return Err(Error::Limit(format!(
				"the trace has more than {} steps: give a limit, or use callTracer",
				self.max_steps
			)));
		}
		let without_stack = config.as_ref().is_some_and(|config| config.disable_stack);
		for step in steps.iter_mut().filter_map(Value::as_object_mut) {
			step.remove("weightCost");
			if without_stack {
				step.remove("stack");
			}
		}
		Ok(trace)
	}
}

fn overrides(options: &Option<Value>) -> Result<Option<StateOverrideSetV1>, Error> {
	let given = options.as_ref().and_then(|options| options.get("stateOverrides"));
	given
		.filter(|given| !given.is_null())
		.map(|given| serde_json::from_value(given.clone()))
		.transpose()
		.map_err(|error| Error::InvalidParams(format!("invalid stateOverrides: {error}")))
}

const NOT_TRACED: &str = "the transaction was not traced: its block cannot be run again";

impl<Block, C, P> Inner<Block, C, P>
where
	Block: BlockT<Hash = H256>,
	C: EthClient<Block>,
	P: TransactionPool<Block = Block> + 'static,
{
	/// Does `work` on a thread of its own when it is its turn, within the limits on traces. What
	/// runs cannot be stopped, so it keeps its place to the end even if nobody waits any more.
	async fn traced(
		self: &Arc<Self>,
		work: impl FnOnce(&Self) -> Result<Value, Error> + Send + 'static,
	) -> Result<Value, Error> {
		let deadline = Instant::now() + self.config.trace_timeout;
		let late = |_| {
			Error::Limit(format!(
				"execution timeout: a trace may take {:?}",
				self.config.trace_timeout
			))
		};
		let place = timeout_at(deadline, self.traces.clone().acquire_owned())
			.await
			.map_err(late)?
			.map_err(Error::internal)?;
		let inner = self.clone();
		let work = tokio::task::spawn_blocking(move || {
			let _place = place;
			work(&inner)
		});
		timeout_at(deadline, work).await.map_err(late)?.map_err(Error::internal)?
	}

	/// A block's Substrate hash, its body, and the hash of its parent, whose state is there.
	fn traceable(&self, hash: H256) -> Result<(Block, H256), Error> {
		let block = self.client.block(hash)?.ok_or(Error::BlockNotFound)?.block;
		let parent = *block.header().parent_hash();
		self.chain().need_state(parent)?;
		Ok((block, parent))
	}

	fn trace_transaction(&self, hash: H256, options: Option<Value>) -> Result<Value, Error> {
		let tracer = Tracer::new(options, self.config.max_trace_steps)?;
		let missing = || Error::refused("transaction not found");
		let (at, position) = self.mined(hash)?.ok_or_else(missing)?;
		let loaded = self.indexer.load(at)?;
		let native = || Error::refused("a native transaction has no trace: look at its logs");
		let tx_index = loaded.at(position).ok_or_else(native)?.transaction.extrinsic;
		let (block, parent) = self.traceable(at)?;
		let input = TraceTxInputPayloadV2 { block, tx_index, config: tracer.kind.clone() };
		let output = self.client.runtime_api().trace_tx_versioned(parent, input.into())?;
		match TraceTxOutputPayloadV2::try_from(output).map_err(Error::internal)?.entry {
			Some(TraceEntryV1::Traced(trace)) => tracer.show(trace),
			_ => Err(Error::refused(NOT_TRACED)),
		}
	}

	fn trace_block(&self, id: BlockId, options: Option<Value>) -> Result<Value, Error> {
		let tracer = Tracer::new(options, self.config.max_trace_steps)?;
		let hash = self.find(id)?.ok_or(Error::BlockNotFound)?;
		let loaded = self.indexer.load(hash)?;
		if loaded.mined().next().is_none() {
			return Ok(json!([]));
		}
		let (block, parent) = self.traceable(hash)?;
		let input = TraceBlockInputPayloadV2 { block, config: tracer.kind.clone() };
		let output = self.client.runtime_api().trace_block_versioned(parent, input.into())?;
		let entries = TraceBlockOutputPayloadV2::try_from(output).map_err(Error::internal)?.entries;
		if entries.is_empty() {
			return Err(Error::refused(NOT_TRACED));
		}
		let mut entries: HashMap<_, _> = entries.into_iter().collect();
		loaded
			.mined()
			.map(|mined| {
				let hash = mined.transaction.hash;
				Ok(match entries.remove(&mined.transaction.extrinsic) {
					Some(TraceEntryV1::Traced(trace)) => match tracer.show(trace) {
						Ok(trace) => json!({ "txHash": hash, "result": trace }),
						Err(error) => json!({ "txHash": hash, "error": error.to_string() }),
					},
					_ => json!({ "txHash": hash, "error": NOT_TRACED }),
				})
			})
			.collect()
	}

	fn trace_call(
		&self,
		mut tx: GenericTransactionV1,
		block: Option<BlockId>,
		options: Option<Value>,
	) -> Result<Value, Error> {
		let state_overrides = overrides(&options)?;
		without(options.as_ref().and_then(|options| options.get("blockOverrides")))?;
		let tracer = Tracer::new(options, self.config.max_trace_steps)?;
		let at = self.state(block)?;
		self.cap_gas(&mut tx);
		let input = TraceCallInputPayloadV2 { tx, config: tracer.kind.clone(), state_overrides };
		let output = self.client.runtime_api().trace_call_versioned(at, input.into())??;
		let trace = TraceCallOutputPayloadV2::try_from(output).map_err(Error::internal)?.trace;
		tracer.show(trace)
	}
}

#[async_trait]
impl<Block, C, P> DebugApiServer for EthRpc<Block, C, P>
where
	Block: BlockT<Hash = H256>,
	C: EthClient<Block>,
	P: TransactionPool<Block = Block> + 'static,
{
	async fn trace_transaction(&self, hash: H256, options: Option<Value>) -> RpcResult<Value> {
		Ok(self.0.traced(move |inner| inner.trace_transaction(hash, options)).await?)
	}

	async fn trace_block(&self, block: BlockId, options: Option<Value>) -> RpcResult<Value> {
		Ok(self.0.traced(move |inner| inner.trace_block(block, options)).await?)
	}

	async fn trace_block_by_hash(&self, hash: H256, options: Option<Value>) -> RpcResult<Value> {
		DebugApiServer::trace_block(self, BlockId::Hash(hash), options).await
	}

	async fn trace_call(
		&self,
		call: GenericTransactionV1,
		block: Option<BlockId>,
		options: Option<Value>,
	) -> RpcResult<Value> {
		Ok(self.0.traced(move |inner| inner.trace_call(call, block, options)).await?)
	}

	fn raw_header(&self, block: BlockId) -> RpcResult<Bytes> {
		let block = self.0.load(block)?.ok_or(Error::BlockNotFound)?;
		Ok(block.header_rlp().into())
	}

	fn raw_block(&self, block: BlockId) -> RpcResult<Bytes> {
		let block = self.0.load(block)?.ok_or(Error::BlockNotFound)?;
		Ok(block.rlp().into())
	}

	fn raw_receipts(&self, block: BlockId) -> RpcResult<Vec<Bytes>> {
		let block = self.0.load(block)?.ok_or(Error::BlockNotFound)?;
		Ok(block.mined().map(|mined| mined.receipt.rlp().into()).collect())
	}

	fn raw_transaction(&self, hash: H256) -> RpcResult<Option<Bytes>> {
		Ok(self.0.raw_transaction(hash)?)
	}

	fn bad_blocks(&self) -> RpcResult<Vec<Value>> {
		Ok(Vec::new())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use pallet_revive::pallet_revive_types::runtime_api::{
		CallTracerConfigV1, PrestateTracerConfigV1,
	};

	#[test]
	fn tracer_should_be_what_geth_takes_it_for_when_options_are_given() {
		let call = |with_logs, only_top_call| {
			TracerTypeV1::CallTracer(Some(CallTracerConfigV1 { with_logs, only_top_call }))
		};
		let cases = [
			(json!({ "tracer": "callTracer" }), call(false, false)),
			(json!({ "tracer": "callTracer", "timeout": "5s" }), call(false, false)),
			(
				json!({ "tracer": "callTracer", "tracerConfig": { "withLog": true } }),
				call(true, false),
			),
			(
				json!({ "tracer": "callTracer", "tracerConfig": { "onlyTopCall": true } }),
				call(false, true),
			),
			(
				json!({ "tracer": "prestateTracer", "tracerConfig": { "diffMode": true } }),
				TracerTypeV1::PrestateTracer(Some(PrestateTracerConfigV1 {
					diff_mode: true,
					..Default::default()
				})),
			),
			(Value::Null, steps(Default::default(), 9)),
			(json!({ "tracer": null, "limit": 0 }), steps(Default::default(), 9)),
			(
				json!({ "disableStack": true, "enableMemory": true, "limit": 5 }),
				TracerTypeV1::ExecutionTracer(Some(ExecutionTracerConfigV1 {
					disable_stack: true,
					enable_memory: true,
					limit: Some(5),
					memory_word_limit: MAX_MEMORY_WORDS,
					..Default::default()
				})),
			),
		];
		for (options, expected) in cases {
			let tracer = Tracer::new(Some(options.clone()), 9).unwrap();
			assert_eq!(tracer.kind, expected, "{options}");
		}
	}

	#[test]
	fn trace_should_be_refused_when_it_has_more_steps_than_allowed() {
		let trace = |count: usize| {
			let steps = vec![json!({ "pc": 0, "stack": [], "weightCost": {} }); count];
			json!({ "gas": 1, "weightConsumed": {}, "baseCallWeight": {}, "structLogs": steps })
		};
		let tracer = Tracer::new(Some(json!({ "disableStack": true })), 2).unwrap();
		let expected = json!({ "gas": 1, "structLogs": [{ "pc": 0 }, { "pc": 0 }] });
		assert_eq!(tracer.show(trace(2)).unwrap(), expected);
		assert!(matches!(tracer.show(trace(3)), Err(Error::Limit(_))));
	}

	#[test]
	fn tracer_should_be_refused_when_it_is_not_there() {
		for options in [json!({ "tracer": "4byteTracer" }), json!("callTracer"), json!([])] {
			let error = Tracer::new(Some(options), 9).err().expect("it is unknown");
			assert!(matches!(error, Error::InvalidParams(_)), "{error}");
		}
	}

	#[test]
	fn overrides_should_be_read_or_refused_when_they_stand_in_the_options() {
		let address = "0x0000000000000000000000000000000000000007";
		let good = json!({ "stateOverrides": { address: { "balance": "0x1" } } });
		assert!(overrides(&Some(good)).unwrap().is_some());
		assert!(overrides(&Some(json!({}))).unwrap().is_none());
		assert!(overrides(&None).unwrap().is_none());
		assert!(overrides(&Some(json!({ "stateOverrides": 7 }))).is_err());
	}
}
