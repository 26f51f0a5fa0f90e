use super::{earnings::committee, earnings::stage, show_open, table, Common};
use crate::chain::{all, Chain, Result};
use codec::{Decode, Encode};
use openledger_blobs::{Space, Store};
use openledger_influence_math::batch::{entries_per_page, read_page, sample, Entry as Scored};
use openledger_openlora::{Entry, Folder, Kept};
use openledger_worker::weights;
use pallet_attribution::{BatchId, Call, Work};
use polkadot_sdk::*;
use runtime::{AccountId, Hash, Runtime, RuntimeCall};
use serde_json::{json, Value};
use sp_core::crypto::Ss58Codec;

/// How batches are stored on chain.
pub type Batch =
	pallet_attribution::Batch<AccountId, <Runtime as pallet_attribution::Config>::Consideration>;

/// A batch that this machine submitted: where its items are when the chain has forgotten it.
#[derive(Encode, Decode)]
pub struct Listed {
	/// The batch.
	pub batch: BatchId,
	/// The blob that lists its items.
	pub items: Hash,
}

impl Kept for Listed {
	fn name(&self) -> String {
		format!("{:020}", self.batch)
	}
}

/// The batches that this machine submitted.
pub fn listed(store: &Store) -> Result<Folder<Listed>> {
	Ok(Folder::open(&store.root().join("batches"))?)
}

/// A batch that is not closed.
pub async fn read(chain: &Chain, id: BatchId) -> Result<Option<Batch>> {
	chain.read(&pallet_attribution::Batches::<Runtime>::hashed_key_for(id)).await
}

/// All batches that are not closed, in order.
pub async fn open_batches(chain: &Chain) -> Result<Vec<(BatchId, Batch)>> {
	let mut batches = Vec::new();
	for (key, batch) in chain.values::<Batch>(&all("Attribution", "Batches")).await? {
		// Behind the hash of the id.
		batches.push((BatchId::decode(&mut &key[8..])?, batch));
	}
	batches.sort_by_key(|(id, _)| *id);
	Ok(batches)
}

/// The items that a blob of this machine lists.
pub fn items(store: &Store, blob: &Hash) -> Option<Vec<Entry>> {
	let bytes = store.get(Space::Private, &blob.0).ok()?;
	Vec::decode(&mut &bytes[..]).ok()
}

/// Which items are scored; `None` before they are drawn.
pub fn drawn(batch: &Batch, items: &[Entry]) -> Option<Vec<u16>> {
	let fees = weights(items, batch.prices.0, batch.prices.1)?;
	let sample = sample(&batch.seed?, &fees, batch.fee, batch.full, batch.pool)?;
	Some(sample.into_iter().map(|(item, _)| item).collect())
}

/// What was found about an answer of a batch, by its place, and the block that has the page with it: `None`
/// if no page that was posted has it. Pages are in blocks alone, and looked for in those that take them.
pub async fn posted(
	chain: &Chain,
	id: BatchId,
	batch: &Batch,
	place: usize,
) -> Result<Option<(u32, Scored)>> {
	let Some(posting) = batch.posting.as_ref().filter(|posting| posting.until > 0) else {
		return Ok(None);
	};
	let key = pallet_attribution::Settings::<Runtime>::hashed_key();
	let settings: pallet_attribution::Parameters = chain.read(&key).await?.unwrap_or_default();
	let first = posting.until.saturating_sub(settings.posting_window);
	for number in first..=posting.until.min(chain.number().await?) {
		for call in chain.calls(chain.hash(number).await?).await? {
			let RuntimeCall::Attribution(Call::post_page { batch: of, page, .. }) = call else {
				continue;
			};
			let entries = if of == id { read_page(&page, batch.adapters) } else { None };
			let found =
				entries.into_iter().flatten().find(|entry| usize::from(entry.item) == place);
			if let Some(entry) = found {
				return Ok(Some((number, entry)));
			}
		}
	}
	Ok(None)
}

/// An answer that this machine put into a batch: the batch and the answer's place in it.
pub async fn find(
	chain: &Chain,
	store: &Store,
	receipt: Hash,
) -> Result<Option<(BatchId, usize, Entry)>> {
	let mut lists: Vec<(BatchId, Hash)> =
		listed(store)?.waiting()?.iter().map(|one| (one.batch, one.items)).collect();
	// A crash may have come between the chain and the list.
	lists.extend(open_batches(chain).await?.iter().map(|(id, batch)| (*id, batch.items)));
	Ok(lists.into_iter().find_map(|(batch, blob)| {
		let items = items(store, &blob)?;
		let place = items.iter().position(|item| item.request.id() == receipt)?;
		Some((batch, place, items[place].clone()))
	}))
}

/// Where a batch stands, in words and for programs.
pub async fn describe(
	chain: &Chain,
	store: &Store,
	id: BatchId,
	batch: Option<&Batch>,
) -> Result<(String, Value)> {
	let Some(batch) = batch else {
		return Ok(("closed".into(), json!({ "batch": id, "stage": "closed" })));
	};
	let (stage, due) = match (&batch.posting, committee(chain, Work::Batch(id)).await?) {
		(_, Some(committee)) => (stage(&committee), Some(committee.due)),
		(Some(_), _) if batch.withheld && batch.left == 0 => {
			("miscounted: its payers have their money back when it is closed".into(), None)
		},
		(Some(_), _) if batch.withheld => ("withheld: the prior pays".into(), None),
		(Some(posting), _) if posting.until == 0 => ("no committee agreed".into(), None),
		(Some(posting), _) if batch.left > 0 => ("pages are posted".into(), Some(posting.until)),
		(Some(posting), _) => (format!("paid with period {}", posting.period), None),
		(None, None) => ("its committee ends".into(), None),
	};
	let drawn = items(store, &batch.items).and_then(|items| drawn(batch, &items));
	let scored = drawn.map(|drawn| drawn.len());
	let pages = scored.map(|scored| scored.div_ceil(entries_per_page(batch.adapters)));
	let posted = batch
		.posting
		.as_ref()
		.map_or(0, |posting| posting.posted.0.iter().map(|word| word.count_ones()).sum::<u32>());
	let known = |count: Option<usize>| count.map_or("?".into(), |count| count.to_string());
	let text = format!(
		"{stage}{}, {} of {} answers are scored, {posted} of {} pages posted, {} $OPEN left",
		due.map(|due| format!(" (until block {due})")).unwrap_or_default(),
		known(scored),
		batch.count,
		known(pages),
		show_open(batch.left),
	);
	let json = json!({
		"batch": id, "model": batch.model, "operator": batch.operator.to_ss58check(),
		"answers": batch.count, "fee": batch.fee.to_string(), "pool": batch.pool.to_string(),
		"left": batch.left.to_string(), "root": batch.root, "items": batch.items,
		"stage": stage, "due": due, "sample": scored, "pages": pages, "posted": posted,
	});
	Ok((text, json))
}

/// How far a batch is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Until {
	/// The chain has it.
	Submitted,
	/// Its committee is done.
	Scored,
	/// All is paid.
	Closed,
}

/// Shows batches: many answers that are paid by vouchers and scored by sample.
#[derive(Debug, clap::Args)]
pub struct BatchCommand {
	/// The batch; without it, all that are not closed.
	batch: Option<BatchId>,
	/// Waits until it is so far.
	#[arg(long, value_enum, requires = "batch")]
	until: Option<Until>,
}

impl BatchCommand {
	pub async fn run(&self, common: &Common) -> Result<()> {
		let chain = common.chain().await?;
		let store = common.store()?.0;
		if let (Some(id), Some(until)) = (self.batch, self.until) {
			chain.until(|| reached(&chain, id, until)).await?;
		}
		let batches = match self.batch {
			None => {
				let open = open_batches(&chain).await?;
				open.into_iter().map(|(id, batch)| (id, Some(batch))).collect()
			},
			Some(id) => {
				let batch = read(&chain, id).await?;
				if batch.is_none() && id >= next(&chain).await? {
					return Err(format!("there is no batch {id} yet").into());
				}
				vec![(id, batch)]
			},
		};
		let mut table = table(["batch", "model", "operator", "answers", "$OPEN", "stage"]);
		let mut listed = Vec::new();
		for (id, batch) in &batches {
			let (text, json) = describe(&chain, &store, *id, batch.as_ref()).await?;
			let row = batch.as_ref().map(|batch| {
				let operator = common.name(&batch.operator.to_ss58check());
				let (model, count) = (batch.model.to_string(), batch.count.to_string());
				[model, operator, count, show_open(batch.fee)]
			});
			let row = row.unwrap_or_default();
			table.add_row([id.to_string()].into_iter().chain(row).chain([text]));
			listed.push(json);
		}
		common.print(table, json!(listed));
		Ok(())
	}
}

/// How many batches there were.
async fn next(chain: &Chain) -> Result<BatchId> {
	let key = pallet_attribution::NextBatch::<Runtime>::hashed_key();
	Ok(chain.read(&key).await?.unwrap_or(0))
}

async fn reached(chain: &Chain, id: BatchId, until: Until) -> Result<Option<()>> {
	if id >= next(chain).await? {
		return Ok(None);
	}
	let batch = read(chain, id).await?;
	let reached = match (until, batch) {
		(_, None) | (Until::Submitted, _) => true,
		(Until::Scored, Some(batch)) => batch.posting.is_some(),
		(Until::Closed, Some(_)) => false,
	};
	Ok(reached.then_some(()))
}
