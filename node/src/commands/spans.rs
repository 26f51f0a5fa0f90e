use super::{datanet, event, show_open, table, Common};
use crate::chain::{under, Chain, Result};
use codec::{Decode, Encode};
use frame_support::{StorageHasher, Twox64Concat};
use openledger_core::{DatanetId, Version};
use openledger_spans::{abi, text, Builder, Index};
use openledger_spans_math::{verify_count, verify_span, Fraud, Leaf, Listing, Source, SPAN};
use pallet_datanets::{Published, Versions};
use pallet_spans::{Call, Demand, Event, Indices};
use polkadot_sdk::*;
use runtime::{AccountId, Runtime, RuntimeEvent};
use serde_json::json;
use std::path::{Path, PathBuf};

type Consideration = <Runtime as pallet_datanets::Config>::Consideration;
type SpansConsideration = <Runtime as pallet_spans::Config>::Consideration;

/// Which spans of an answer stand in a Datanet, and proofs of it.
///
/// Here a token is a byte, so that everybody has the same tokens.
#[derive(Debug, clap::Subcommand)]
pub enum SpansCommand {
	/// Indexes a text.
	Index {
		/// A folder, each file of which is a row, in the order of their names; or a file, each line
		/// of which is one.
		text: PathBuf,
		/// The index, a file.
		out: PathBuf,
	},
	/// Indexes the rows of a published version from the blob store: the text that can be registered
	/// for it.
	IndexVersion {
		/// The Datanet.
		datanet: DatanetId,
		/// The version.
		version: Version,
		/// The index, a file.
		out: PathBuf,
	},
	/// Shows the spans of an answer that stand in an index.
	Find {
		/// The index.
		index: PathBuf,
		/// The answer.
		answer: String,
		/// The shortest, in bytes.
		#[arg(long, default_value_t = 16)]
		least: usize,
	},
	/// Proves the longest beginning of a text that stands in an index, and how often it does.
	Prove {
		/// The index.
		index: PathBuf,
		/// The text, of which the first 64 bytes count.
		query: String,
		/// The Datanet, for the calldata of Solidity.
		#[arg(long, default_value_t = 0)]
		datanet: DatanetId,
		/// The version, for the calldata of Solidity.
		#[arg(long, default_value_t = 1)]
		version: Version,
	},
	/// Registers the index of a published version, and holds a bond. The index is compared with the
	/// rows in the blob store first, since one of other rows would cost the bond.
	Register {
		/// The Datanet.
		datanet: DatanetId,
		/// The version.
		version: Version,
		/// The index.
		index: PathBuf,
	},
	/// Looks for a fault in a registered index, in itself and against the rows in the blob store; if it
	/// has one, shows it and takes a part of its bond.
	Challenge {
		/// The Datanet.
		datanet: DatanetId,
		/// The version.
		version: Version,
		/// The index, as its registrant published it.
		index: PathBuf,
	},
	/// Demands that a leaf of a registered index be shown, and holds a stake. The index falls if nobody
	/// shows it in time, and you get a part of its bond; else whoever does gets the stake.
	#[command(group = clap::ArgGroup::new("leaf").required(true))]
	Demand {
		/// The Datanet.
		datanet: DatanetId,
		/// The version.
		version: Version,
		/// The leaf of the suffix array at this slot, the rank and 1.
		#[arg(long, group = "leaf")]
		slot: Option<u64>,
		/// The leaf of the text with this number, of 64 tokens each.
		#[arg(long, group = "leaf")]
		chunk: Option<u64>,
	},
	/// Shows all leaves of a version's index that are demanded, and takes their stakes.
	Show {
		/// The Datanet.
		datanet: DatanetId,
		/// The version.
		version: Version,
		/// The index.
		index: PathBuf,
	},
	/// Ends all demands of a version that were not met in time or whose index is gone.
	EndDemands {
		/// The Datanet.
		datanet: DatanetId,
		/// The version.
		version: Version,
	},
	/// Announces that your index ends.
	Retire {
		/// The Datanet.
		datanet: DatanetId,
		/// The version.
		version: Version,
	},
	/// Removes a retired index after its delay, and gives its bond back.
	Remove {
		/// The Datanet.
		datanet: DatanetId,
		/// The version.
		version: Version,
	},
}

fn hex(bytes: &[u8]) -> String {
	format!("0x{}", hex::encode(bytes))
}

impl SpansCommand {
	pub async fn run(&self, common: &Common) -> Result<()> {
		match self {
			Self::Index { text, out } => {
				let (rows, mut builder) = (text::rows(text)?, Builder::new());
				for row in &rows {
					builder.push(row)?;
				}
				index(common, builder, rows.len(), out)
			},
			Self::IndexVersion { datanet, version, out } => {
				let (listing, store) =
					(listing(common, *datanet, *version).await?, common.store()?);
				let mut builder = Builder::new();
				builder.push_version(&listing, |hash| store.get(hash))?;
				index(common, builder, listing.rows().count(), out)
			},
			Self::Find { index, answer, least } => find(common, index, answer, *least),
			Self::Prove { index, query, datanet, version } => {
				prove(common, index, query, *datanet, *version)
			},
			Self::Register { datanet, version, index } => {
				let (datanet, version) = (*datanet, *version);
				let (index, store) = (Index::open(index)?, common.store()?);
				let listing = listing(common, datanet, version).await?;
				if index.audit_rows(&listing, |hash| store.get(hash))?.is_some() {
					return Err("the index is of other rows than the version; build it by \
						`openledger spans index-version`"
						.into());
				}
				let commitment = index.commitment();
				let call = Call::register { datanet, version, commitment };
				let included = common.chain().await?.send(&common.signer()?, call).await?;
				let final_at = event(included, |event| match event {
					RuntimeEvent::Spans(Event::Registered { final_at, .. }) => Some(final_at),
					_ => None,
				})?;
				let text = format!("registered; final from block {final_at} on");
				common.print(text, json!({ "finalAt": final_at }));
				Ok(())
			},
			Self::Challenge { datanet, version, index } => {
				let (datanet, version) = (*datanet, *version);
				let index = Index::open(index)?;
				check_registered(&common.chain().await?, datanet, version, &index).await?;
				let Some(fraud) = fault(common, datanet, version, &index).await? else {
					common.print("the index has no fault", json!({ "fault": false }));
					return Ok(());
				};
				let call = Call::challenge { datanet, version, fraud: Box::new(fraud) };
				let included = common.chain().await?.send(&common.signer()?, call).await?;
				let reward = event(included, |event| match event {
					RuntimeEvent::Spans(Event::Refuted { reward, .. }) => Some(reward),
					_ => None,
				})?;
				let text = format!("the index is gone; you have {} $OPEN", show_open(reward));
				common.print(text, json!({ "fault": true, "reward": reward.to_string() }));
				Ok(())
			},
			Self::Demand { datanet, version, slot, chunk } => {
				let leaf = match (slot, chunk) {
					(Some(slot), _) => Leaf::Slot(*slot),
					(None, Some(chunk)) => Leaf::Chunk(*chunk),
					(None, None) => return Err("name a slot or a chunk".into()),
				};
				let call = Call::demand { datanet: *datanet, version: *version, leaf };
				let included = common.chain().await?.send(&common.signer()?, call).await?;
				let until = event(included, |event| match event {
					RuntimeEvent::Spans(Event::Demanded { until, .. }) => Some(until),
					_ => None,
				})?;
				let text = format!("demanded; to be shown up to block {until}");
				common.print(text, json!({ "until": until }));
				Ok(())
			},
			Self::Show { datanet, version, index } => {
				show(common, *datanet, *version, &Index::open(index)?).await
			},
			Self::EndDemands { datanet, version } => end_demands(common, *datanet, *version).await,
			Self::Retire { datanet, version } => {
				let call = Call::retire { datanet: *datanet, version: *version };
				let included = common.chain().await?.send(&common.signer()?, call).await?;
				let free_at = event(included, |event| match event {
					RuntimeEvent::Spans(Event::Retired { free_at, .. }) => Some(free_at),
					_ => None,
				})?;
				let text = format!("retired; to be removed from block {free_at} on");
				common.print(text, json!({ "freeAt": free_at }));
				Ok(())
			},
			Self::Remove { datanet, version } => {
				let call = Call::remove { datanet: *datanet, version: *version };
				common.chain().await?.send(&common.signer()?, call).await?;
				common.print("the index is gone and its bond is free", json!({}));
				Ok(())
			},
		}
	}
}

/// The rows of a version by their hashes, as it was published.
async fn listing(common: &Common, datanet: DatanetId, version: Version) -> Result<Listing> {
	let chain = common.chain().await?;
	let key = Versions::<Runtime>::hashed_key_for(datanet, version);
	let published: Option<Published<AccountId, Consideration>> = chain.read(&key).await?;
	let published =
		published.ok_or_else(|| format!("Datanet {datanet} has no version {version}"))?;
	let all = datanet::rows(&chain, datanet).await?;
	let mut batches = Vec::new();
	for batch in &published.batches {
		let rows = all.iter().filter(|(of, _)| of == batch);
		batches.push(rows.map(|(_, row)| (row.hash, row.bytes)).collect());
	}
	let listing = Listing::new(batches);
	let Published { root, extents, .. } = published;
	if listing.source() != (Source { root, batches: extents.into_inner() }) {
		return Err(format!(
			"rows of version {version} have left Datanet {datanet} since it was published, so that \
			 the chain does not list them any more; index a newer version"
		)
		.into());
	}
	Ok(listing)
}

type Entry = pallet_spans::Index<AccountId, SpansConsideration>;

async fn registered(chain: &Chain, datanet: DatanetId, version: Version) -> Result<Option<Entry>> {
	chain.read(&Indices::<Runtime>::hashed_key_for(datanet, version)).await
}

/// What is registered, if it is this index.
async fn check_registered(
	chain: &Chain,
	datanet: DatanetId,
	version: Version,
	index: &Index,
) -> Result<Entry> {
	match registered(chain, datanet, version).await? {
		None => Err(format!("version {version} of Datanet {datanet} has no index").into()),
		Some(entry) if entry.commitment != index.commitment() => {
			Err("the file is another index than the registered one".into())
		},
		Some(entry) => Ok(entry),
	}
}

/// Leaves of a version's indices that are demanded.
async fn demands(
	chain: &Chain,
	datanet: DatanetId,
	version: Version,
) -> Result<Vec<(Leaf, Demand<AccountId>)>> {
	let of_datanet = under("Spans", "Demands", datanet);
	let of_version = <Twox64Concat as StorageHasher>::hash(&version.encode());
	let mut demands = Vec::new();
	for (key, demand) in chain.values(&[&of_datanet[..], &of_version[..]].concat()).await? {
		// Blake2_128Concat: sixteen bytes of hash before the key.
		demands.push((Leaf::decode(&mut &key[16..])?, demand));
	}
	Ok(demands)
}

async fn show(common: &Common, datanet: DatanetId, version: Version, index: &Index) -> Result<()> {
	let (chain, signer) = (common.chain().await?, common.signer()?);
	let entry = check_registered(&chain, datanet, version, index).await?;
	let (now, mut shown) = (chain.number().await?, 0);
	for (leaf, demand) in demands(&chain, datanet, version).await? {
		// Those of an index that was there before cannot be met, nor those whose time is over.
		if demand.index == entry.serial && demand.until > now {
			let call = Call::show { datanet, version, shown: Box::new(index.show(leaf)?) };
			chain.send(&signer, call).await?;
			shown += 1;
		}
	}
	common.print(format!("{shown} leaves shown"), json!({ "shown": shown }));
	Ok(())
}

async fn end_demands(common: &Common, datanet: DatanetId, version: Version) -> Result<()> {
	let (chain, signer) = (common.chain().await?, common.signer()?);
	let mut ended = 0;
	for (leaf, demand) in demands(&chain, datanet, version).await? {
		// The first that ends takes the index with it, so that all others can be ended too.
		let entry = registered(&chain, datanet, version).await?;
		let open = entry.is_some_and(|entry| entry.serial == demand.index);
		if !open || demand.until < chain.number().await? {
			chain.send(&signer, Call::end_demand { datanet, version, leaf }).await?;
			ended += 1;
		}
	}
	common.print(format!("{ended} demands ended"), json!({ "ended": ended }));
	Ok(())
}

/// A fault of an index, in itself or against the rows of the version.
async fn fault(
	common: &Common,
	datanet: DatanetId,
	version: Version,
	index: &Index,
) -> Result<Option<Fraud>> {
	if let Some(fraud) = index.audit()? {
		return Ok(Some(fraud));
	}
	let (listing, store) = (listing(common, datanet, version).await?, common.store()?);
	index.audit_rows(&listing, |hash| store.get(hash))
}

fn index(common: &Common, builder: Builder, rows: usize, out: &Path) -> Result<()> {
	let bar = common.bar("sorting suffixes", builder.tokens());
	let commitment = builder.write(out, &|progress| bar.set_position(progress.done))?;
	bar.finish_and_clear();
	let (text_root, suffix_root) =
		(hex(commitment.text_root.as_bytes()), hex(commitment.suffix_root.as_bytes()));
	let shown = format!(
		"{rows} rows, {} tokens\ntext root   {text_root}\nsuffix root {suffix_root}",
		commitment.tokens,
	);
	common.print(
		shown,
		json!({
			"rows": rows,
			"tokens": commitment.tokens,
			"textRoot": text_root,
			"suffixRoot": suffix_root,
		}),
	);
	Ok(())
}

fn find(common: &Common, index: &Path, answer: &str, least: usize) -> Result<()> {
	let found = text::find(&Index::open(index)?, &text::tokens(answer.as_bytes()), least);
	let mut table = table(["span", "bytes", "row", "times"]);
	for one in &found {
		table.add_row([
			one.text.clone(),
			one.span.length.to_string(),
			one.place.row.to_string(),
			one.span.count().to_string(),
		]);
	}
	let spans: Vec<_> = found
		.iter()
		.map(|one| {
			json!({
				"text": one.text,
				"start": one.span.start,
				"length": one.span.length,
				"row": one.place.row,
				"position": one.place.position,
				"count": one.span.count(),
			})
		})
		.collect();
	common.print(table, json!(spans));
	Ok(())
}

fn prove(
	common: &Common,
	index: &Path,
	query: &str,
	datanet: DatanetId,
	version: Version,
) -> Result<()> {
	let index = Index::open(index)?;
	let mut query = text::tokens(query.as_bytes());
	query.truncate(SPAN as usize);
	let proof = index.prove(&query)?;
	let found = verify_span(&index.commitment(), &query, &proof)
		.map_err(|error| format!("the proof does not hold: {error:?}"))?;
	let Some(place) = found.place else {
		let calldata = hex(&abi::verify_span(datanet, version, &query, &proof));
		common.print(
			format!("its first byte stands nowhere\nverifySpan {calldata}"),
			json!({ "length": 0, "proof": hex(&proof.encode()), "verifySpan": calldata }),
		);
		return Ok(());
	};
	let span = &query[..found.length as usize];
	let count = index.prove_count(span)?;
	let ranks = verify_count(&index.commitment(), span, &count)
		.map_err(|error| format!("the proof does not hold: {error:?}"))?;
	let times = ranks.end - ranks.start;
	let calldata = [
		hex(&abi::verify_span(datanet, version, &query, &proof)),
		hex(&abi::verify_count(datanet, version, span, &count)),
	];
	let at_least = if found.is_at_least() { "at least " } else { "" };
	let shown = format!(
		"“{}”: {at_least}{} bytes, row {}, position {}, found {times}×\nverifySpan  {}\nverifyCount {}",
		text::show(span),
		found.length,
		place.row,
		place.position,
		calldata[0],
		calldata[1],
	);
	common.print(
		shown,
		json!({
			"length": found.length,
			"row": place.row,
			"position": place.position,
			"count": times,
			"proof": hex(&proof.encode()),
			"countProof": hex(&count.encode()),
			"verifySpan": calldata[0],
			"verifyCount": calldata[1],
		}),
	);
	Ok(())
}
