//! What Proof of Attribution costs on this chain: `scripts/bench poa` runs it.
//!
//! `poa NATIVE WASM SPANS OUTPUT`: NATIVE is what the example `speed` of the arithmetic printed, WASM what
//! `openledger-benchmark` measured of the pages of batches in the compiled runtime (or `-` without
//! that), SPANS what the example `spans` of the span index wrote. Answers settled in a block come from
//! the weights and lengths of the transactions and the limits of a block; all answers of a batch are
//! scored, so a sample settles more.

use openledger_core::{Hash, Reply, Request, Voucher, MAX_BLOCKS};
use openledger_influence_math::batch::{entries_per_page, entry_size, page_count, MAX_ITEMS};
use openledger_runtime::{Attribution, Runtime, RuntimeCall, UncheckedExtrinsic};
use pallet_attribution::{
	Call, Finding, Page, PageProof, ScorerSignature, SeatId, WeightInfo, Work,
};
use polkadot_sdk::{
	frame_support::{
		dispatch::{DispatchClass, GetDispatchInfo},
		traits::Authorize,
		weights::Weight,
		BoundedVec,
	},
	frame_system::{self, offchain::CreateAuthorizedTransaction},
	sp_core::sr25519,
	sp_runtime::{AccountId32, MultiSignature},
};
use serde_json::{json, Value};
use std::{error::Error, fs, path::Path};

type Weights = pallet_attribution::weights::SubstrateWeight<Runtime>;

/// Adapters and blocks.
const SHAPES: [(u16, u32); 3] = [(16, 8), (64, 32), (256, 128)];
/// Tokens of the indices in which spans are verified.
const INDICES: [&str; 2] = ["1e5", "1e7"];
/// Seats of a committee.
const COMMITTEE: u32 = 3;
/// Vouchers of a batch.
const VOUCHERS: usize = 16;
/// Seconds of a slot.
const SLOT: f64 = 3.0;
/// What a signed transaction has beyond one without a signer: address and signature.
const SIGNER: u64 = 33 + 65;
const ACCOUNT: AccountId32 = AccountId32::new([1; 32]);

/// What something takes of a block.
#[derive(Clone, Copy, Default)]
struct Cost {
	/// Picoseconds.
	time: f64,
	bytes: f64,
}

impl Cost {
	fn plus(self, other: Self) -> Self {
		Self { time: self.time + other.time, bytes: self.bytes + other.bytes }
	}
	fn times(self, n: f64) -> Self {
		Self { time: self.time * n, bytes: self.bytes * n }
	}
}

/// A step at the start of a block, which has no bytes.
fn step(weight: Weight) -> Cost {
	Cost { time: weight.ref_time() as f64, bytes: 0.0 }
}

/// A transaction that weighs `weight` once it is applied, or what it declares.
fn transaction(call: Call<Runtime>, weight: Option<Weight>, signed: bool) -> Cost {
	let call = RuntimeCall::from(call);
	let declared = call.get_dispatch_info();
	let base = <Runtime as frame_system::Config>::BlockWeights::get();
	let time = weight
		.unwrap_or(declared.call_weight)
		.saturating_add(call.weight_of_authorize())
		.saturating_add(base.get(declared.class).base_extrinsic);
	let transaction: UncheckedExtrinsic =
		<Runtime as CreateAuthorizedTransaction<RuntimeCall>>::create_authorized_transaction(call);
	let length = codec::Encode::encoded_size(&transaction) as u64;
	let bytes = length + if signed { SIGNER } else { 0 };
	Cost { time: time.ref_time() as f64, bytes: bytes as f64 }
}

fn committee(work: Work, finding: Finding) -> Cost {
	let seat = SeatId { work, attempt: 0, index: 0 };
	let signature = ScorerSignature::from(sr25519::Signature::from_raw([0; 64]));
	let commit = Call::commit { seat, commitment: Hash::zero(), signature: signature.clone() };
	let reveal = Call::reveal { seat, finding, salt: Hash::zero(), signature };
	let seats = transaction(commit, None, false)
		.plus(transaction(reveal, Some(Weights::reveal()), false))
		.times(COMMITTEE.into());
	seats
		.plus(step(Weights::draw_committee(COMMITTEE)))
		.plus(step(Weights::conclude(COMMITTEE, 0)))
		.plus(step(Weights::conclude(COMMITTEE, 0)))
}

fn signature() -> MultiSignature {
	MultiSignature::Sr25519(sr25519::Signature::from_raw([0; 64]))
}

/// A receipt and its committee.
fn single(adapters: u16) -> Cost {
	let hash = Hash::zero();
	let request = Request {
		genesis: hash,
		payer: ACCOUNT,
		operator: ACCOUNT,
		model: 1,
		adapter: hash,
		prompt: hash,
		maximum: 1,
		nonce: 1,
		expiry: 1,
	};
	let reply = Reply { request: hash, response: hash, prompt_tokens: 1, completion_tokens: 1 };
	let call = Call::submit_receipt {
		request,
		payer_signature: signature(),
		reply,
		operator_signature: signature(),
	};
	let y = BoundedVec::truncate_from(vec![0; usize::from(adapters) + 2]);
	transaction(call, None, true)
		.plus(committee(Work::Answer(hash), Finding::Scores(y, Default::default())))
}

/// An answer of a full batch, and of it the pages alone.
fn batched(adapters: u16, blocks: u32) -> (Cost, Cost) {
	let hash = Hash::zero();
	let voucher = Voucher {
		genesis: hash,
		payer: ACCOUNT,
		operator: ACCOUNT,
		model: 1,
		adapter: hash,
		cumulative: 1,
		nonce: 1,
		expiry: 1,
	};
	let vouchers = BoundedVec::truncate_from(vec![(voucher, signature()); VOUCHERS]);
	let submit =
		Call::submit_batch { model: 1, vouchers, root: hash, items: hash, count: MAX_ITEMS as u16 };
	let entries = entries_per_page(adapters);
	let depth = page_count(MAX_ITEMS as u16, adapters).next_power_of_two().trailing_zeros();
	let post = Call::post_page {
		batch: 0,
		index: 0,
		page: Page::truncate_from(vec![0; entries * entry_size(adapters)]),
		proof: PageProof::truncate_from(vec![hash; depth as usize]),
	};
	let columns = u32::from(adapters) + 1;
	let weight = Attribution::page_weight(entries as u32, (columns, blocks));
	let page = transaction(post, Some(weight), false).times(1.0 / entries as f64);
	let fixed = transaction(submit, None, true)
		.plus(committee(Work::Batch(0), Finding::Root(hash)))
		.plus(transaction(
			Call::close_batch { batch: 0 },
			Some(Weights::close_batch(VOUCHERS as u32)),
			true,
		));
	(page.plus(fixed.times(1.0 / f64::from(MAX_ITEMS))), page)
}

/// Answers a second within a block's limits, and the limit that binds.
fn rate(cost: Cost) -> (f64, &'static str) {
	let weights = <Runtime as frame_system::Config>::BlockWeights::get();
	let normal = weights.get(DispatchClass::Normal);
	let time = normal.max_total.unwrap_or(weights.max_block).ref_time() as f64 / cost.time;
	let length = <Runtime as frame_system::Config>::BlockLength::get();
	let bytes = f64::from(*length.max.get(DispatchClass::Normal)) / cost.bytes;
	if time < bytes {
		(time / SLOT, "time")
	} else {
		(bytes / SLOT, "bytes")
	}
}

/// Microseconds of each answer more on a page, from the fastest times of its benchmark at both ends.
fn slope(measured: &Value, name: &str) -> Option<f64> {
	let results = measured.as_array()?.iter().find(|one| one["benchmark"] == name)?;
	let times = results["time_results"].as_array()?;
	let point =
		|time: &Value| Some((time["components"][0][1].as_f64()?, time["extrinsic_time"].as_f64()?));
	let points: Vec<(f64, f64)> = times.iter().filter_map(point).collect();
	let least = |at: f64| {
		points
			.iter()
			.filter(|(n, _)| *n == at)
			.map(|(_, t)| *t)
			.fold(f64::INFINITY, f64::min)
	};
	let first = points.iter().map(|(n, _)| *n).fold(f64::INFINITY, f64::min);
	let last = points.iter().map(|(n, _)| *n).fold(0.0, f64::max);
	(last > first).then(|| (least(last) - least(first)) / (last - first) / 1e3)
}

/// Figures of spans by the sizes of their indices, each of which must be there.
fn of_spans(measured: &Value, name: &str) -> Result<Value, Box<dyn Error>> {
	let figures = &measured[name];
	for tokens in INDICES {
		if figures[tokens].as_f64().is_none() {
			return Err(format!("SPANS has no {name} for {tokens} tokens").into());
		}
	}
	Ok(figures.clone())
}

fn read(path: &str) -> Result<Value, Box<dyn Error>> {
	Ok(serde_json::from_slice(&fs::read(path)?)?)
}

fn main() -> Result<(), Box<dyn Error>> {
	let arguments: Vec<String> = std::env::args().skip(1).collect();
	let [native, wasm, spans, output] = &arguments[..] else {
		return Err("usage: poa NATIVE WASM SPANS OUTPUT".into());
	};
	let (native, spans) = (read(native)?, read(spans)?);
	let wasm = if wasm == "-" { Value::Null } else { read(wasm)? };
	let verify = of_spans(&spans, "span_verify_us")?;
	let proof = of_spans(&spans, "span_proof_bytes")?;
	let mut shapes = serde_json::Map::new();
	println!("   K  blocks  native µs  Wasm µs | singly/s  bytes     µs  binds | batched/s  bytes    µs  binds");
	for (adapters, blocks) in SHAPES {
		let scored = native["scores"][adapters.to_string()]["batch_us"].as_f64();
		let in_wasm = slope(&wasm, &format!("page_{adapters}"));
		if in_wasm.is_none() && !wasm.is_null() {
			return Err(format!("WASM has no page_{adapters} at two sizes").into());
		}
		let (alone, (batch, page)) = (single(adapters), batched(adapters, blocks));
		let ((each, by), (many, binds)) = (rate(alone), rate(batch));
		let or = |figure: Option<f64>| figure.map_or("-".into(), |figure| format!("{figure:.2}"));
		println!(
			"{adapters:4} {blocks:7} {:>10} {:>8} | {each:8.1} {:6.0} {:6.0} {by:>6} | {many:9.0} {:6.1} {:5.1} {binds:>6}",
			or(scored), or(in_wasm), alone.bytes, alone.time / 1e6, batch.bytes, batch.time / 1e6,
		);
		shapes.insert(
			adapters.to_string(),
			json!({
				"blocks": blocks,
				"native_us_per_score": scored,
				"wasm_us_per_score": in_wasm,
				"single_answers_per_second": each,
				"single_bytes": alone.bytes,
				"single_us": alone.time / 1e6,
				"single_binds": by,
				"batched_answers_per_second": many,
				"bytes_per_answer": batch.bytes,
				"execution_us_per_answer": batch.time / 1e6,
				"page_us_per_answer": page.time / 1e6,
				"batched_binds": binds,
			}),
		);
	}
	let settle = (Weights::settle(256).ref_time() - Weights::settle(1).ref_time()) as f64 / 255e6;
	let register = |columns: u32, blocks: u32| {
		use pallet_models::WeightInfo;
		type Models = pallet_models::weights::SubstrateWeight<Runtime>;
		let draw = <Attribution as openledger_core::Designs<AccountId32>>::draw_weight(columns - 1);
		Models::register_version(columns * blocks).saturating_add(draw).ref_time() as f64 / 1e9
	};
	// In the most blocks that there may be, a batch from each.
	let (crowd, groups) = (10_000, MAX_BLOCKS);
	let members = crowd / groups;
	let divide = {
		use pallet_datanets::WeightInfo;
		type Datanets = pallet_datanets::weights::SubstrateWeight<Runtime>;
		let reads = <Runtime as frame_system::Config>::DbWeight::get().reads(members.into());
		let collect = <Attribution as openledger_core::Earnings<AccountId32>>::collect_weight();
		Datanets::distribute(members).saturating_add(collect).saturating_add(reads)
	};
	let whole = Weights::settle(groups).saturating_add(divide.saturating_mul(groups.into()));
	let grouped = whole.ref_time() as f64 / 1e6 / f64::from(crowd);
	println!("settling a contributor with a block: {settle:.1} µs");
	println!(
		"settling {groups} blocks: {:.1} ms; {crowd} contributors in groups: {grouped:.1} µs each",
		Weights::settle(groups).ref_time() as f64 / 1e9
	);
	println!(
		"registering a version: {:.1} ms at 16 adapters and 8 blocks, {:.1} at 64 and 32, {:.1} at 256 and \
		 128, {:.1} at 512 and 256",
		register(17, 8),
		register(65, 32),
		register(257, 128),
		register(513, 256)
	);
	for tokens in INDICES {
		let figure = |figures: &Value| figures[tokens].as_f64().unwrap_or(f64::NAN);
		println!(
			"verifying a span in an index of {tokens} tokens: {:.1} µs natively, its proof {:.0} bytes",
			figure(&verify),
			figure(&proof)
		);
	}
	let main = &shapes["64"];
	let figures = json!({
		"batched_answers_per_second": main["batched_answers_per_second"],
		"bytes_per_answer": main["bytes_per_answer"],
		"execution_us_per_answer": main["execution_us_per_answer"],
		"wasm_us_per_score_64": main["wasm_us_per_score"],
		"settlement_us_per_contributor": settle,
		"settlement_us_per_contributor_in_groups": grouped,
		"settlement_256_native_us": native["settle_256_us"],
		"check_psi_256_native_us": native["check_psi_256_us"],
		"sample_4096_native_us": native["sample_4096_us"],
		"span_verify_us": verify,
		"span_proof_bytes": proof,
		"register_version_ms": {
			"16": register(17, 8),
			"64": register(65, 32),
			"256": register(257, 128),
			"512": register(513, 256),
		},
		"adapters": shapes,
	});
	let file = Path::new(output).join("poa.json");
	fs::write(&file, serde_json::to_vec_pretty(&figures)?)?;
	println!("{}", file.display());
	Ok(())
}
