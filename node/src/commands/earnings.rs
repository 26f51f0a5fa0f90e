use super::{
	batch::{self, open_batches},
	datanet, event, hash,
	model::{model, Design},
	show_open, table, Common, Measure,
};
use crate::chain::{all, under, Chain, Result};
use openledger_core::{DatanetId, ModelId};
use openledger_influence_math::{batch::Entry as Scored, design::draw, money, spans, Psi, Spans};
use openledger_openlora::{Entry, Outbox};
use openledger_precompiles::{address_of, ATTRIBUTION};
use pallet_attribution::{Call, Event, Phase, Vector, Work};
use polkadot_sdk::*;
use runtime::{AccountId, Hash, Runtime, RuntimeEvent};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sp_core::crypto::Ss58Codec;
use std::{
	collections::{BTreeMap, BTreeSet},
	path::PathBuf,
};

/// How receipts are stored on chain.
pub type Receipt =
	pallet_attribution::Receipt<AccountId, <Runtime as pallet_attribution::Config>::Consideration>;

/// Everything that an answer's shares are computed from: enough to verify them offline.
#[derive(Clone, Serialize, Deserialize)]
pub struct Evidence {
	/// The receipt.
	pub receipt: Hash,
	/// Who paid, answered and scored.
	pub payer: String,
	/// Who answered.
	pub operator: String,
	/// The committee.
	pub scorers: Vec<String>,
	/// The model version.
	pub model: ModelId,
	/// Paid, in wei.
	pub fee: String,
	/// The contributors' part, in wei.
	pub pool: String,
	/// Where it stands.
	pub phase: String,
	/// How influence is measured.
	#[serde(default)]
	pub method: Measure,
	/// Seeds the subsets, or the map.
	pub seed: Hash,
	/// Owner and bytes of each block of rows.
	pub blocks: Vec<(String, u64)>,
	/// Counterfactual adapters, or columns of features.
	pub adapters: u16,
	/// Ψ, row by row.
	pub psi: Vec<i32>,
	/// The vector that the committee agreed on.
	pub y: Vec<i32>,
	/// What of the answer stands in whose rows: bytes of [`Spans`], hexadecimal.
	#[serde(default)]
	pub spans: String,
	/// Basis points of the pool that an answer pays for spans if all of it stands there.
	#[serde(default)]
	pub span_share: u16,
	/// What each block earned by it, in wei, signed, and its standard error, which is its own size where
	/// none is known.
	pub items: Vec<(String, String)>,
}

impl Evidence {
	/// Reads it from the chain; `None` before the answer is scored.
	async fn read(chain: &Chain, id: Hash) -> Result<(Receipt, Option<Self>)> {
		let key = pallet_attribution::Receipts::<Runtime>::hashed_key_for(id);
		let receipt: Receipt = chain.read(&key).await?.ok_or_else(|| {
			format!(
				"there is no receipt {id:?}: if its operator collects answers into batches, only the \
				 operator's machine knows where it stands"
			)
		})?;
		let key = pallet_attribution::Vectors::<Runtime>::hashed_key_for(id);
		let Some(y) = chain.read::<Vector>(&key).await? else { return Ok((receipt, None)) };
		let evidence = Self {
			receipt: id,
			payer: receipt.payer.to_ss58check(),
			operator: receipt.operator.to_ss58check(),
			scorers: receipt.scorers.iter().map(|scorer| scorer.to_ss58check()).collect(),
			fee: receipt.fee.to_string(),
			pool: receipt.pool.to_string(),
			phase: format!("{:?}", receipt.phase),
			y: y.into_inner(),
			spans: hex::encode(receipt.spans.to_bytes()),
			span_share: receipt.terms.share,
			..Self::of_model(chain, receipt.model).await?
		};
		Ok((receipt, Some(evidence.with_items()?)))
	}

	/// That of an answer of a batch, as it stands in a page that was posted. The chain does not keep who
	/// scored it.
	async fn of_entry(
		chain: &Chain,
		batch: &batch::Batch,
		item: &Entry,
		entry: &Scored,
	) -> Result<Self> {
		let (input, output) = batch.prices;
		let Entry { request, reply, .. } = item;
		let fee = money::fee((input, reply.prompt_tokens), (output, reply.completion_tokens), 0);
		let period = batch.posting.as_ref().map_or(0, |posting| posting.period);
		let evidence = Self {
			receipt: request.id(),
			payer: request.payer.to_ss58check(),
			operator: batch.operator.to_ss58check(),
			fee: fee.unwrap_or(0).to_string(),
			pool: entry.amount.to_string(),
			phase: format!("{:?}", Phase::Scored { period }),
			y: entry.vector(),
			spans: hex::encode(entry.spans.to_bytes()),
			span_share: batch.terms.share,
			..Self::of_model(chain, batch.model).await?
		};
		evidence.with_items()
	}

	/// What all answers of a model version have in common.
	async fn of_model(chain: &Chain, model: ModelId) -> Result<Self> {
		let key = pallet_attribution::Designs::<Runtime>::hashed_key_for(model);
		let design: Design = chain.read(&key).await?.ok_or("the model has no design")?;
		let key = pallet_attribution::Psis::<Runtime>::hashed_key_for(model);
		let psi: Vec<i32> = chain.read(&key).await?.ok_or("the model has no Ψ")?;
		Ok(Self {
			receipt: Hash::zero(),
			payer: String::new(),
			operator: String::new(),
			scorers: Vec::new(),
			model,
			fee: String::new(),
			pool: String::new(),
			phase: String::new(),
			method: design.method.into(),
			seed: design.seed.ok_or("the design has no seed")?,
			blocks: design
				.blocks
				.iter()
				.map(|block| (block.owner.to_ss58check(), block.bytes))
				.collect(),
			adapters: design.adapters,
			psi,
			y: Vec::new(),
			spans: String::new(),
			span_share: 0,
			items: Vec::new(),
		})
	}

	/// With the items that follow from all else.
	fn with_items(self) -> Result<Self> {
		let shown = |(amount, error): (i128, u128)| (amount.to_string(), error.to_string());
		let items = self.compute()?.into_iter().map(shown).collect();
		Ok(Self { items, ..self })
	}

	/// Fails unless the runtime, in its WebAssembly on the node, computes the same items as this program
	/// does natively.
	async fn compare(&self, chain: &Chain) -> Result<()> {
		let view = pallet_attribution::AnswerItemsViewFunction::<Runtime>::new(self.receipt);
		let items = chain.view(view).await?.ok_or("the runtime has no items of this answer")?;
		let native = self.compute()?;
		if items.len() != native.len() {
			return Err(format!(
				"the runtime's WebAssembly computes {} items, this program natively {}",
				items.len(),
				native.len()
			)
			.into());
		}
		let ours = self.blocks.iter().zip(native);
		for (block, (((owner, _), (amount, error)), item)) in ours.zip(items).enumerate() {
			let (who, wasm_amount, wasm_error) = item;
			let who = who.to_ss58check();
			if (owner, amount, error) != (&who, wasm_amount, wasm_error) {
				return Err(format!(
					"block {block} earns {who} {wasm_amount} wei with an error of {wasm_error} by the \
					 runtime's WebAssembly, and {owner} {amount} with {error} by this program natively"
				)
				.into());
			}
		}
		Ok(())
	}

	/// Recomputes everything from the seed on: subsets, the normal equations of Ψ, amounts and errors. By
	/// gradients only committees can tell that Ψ is the rows'; its bounds are checked.
	fn compute(&self) -> Result<Vec<(i128, u128)>> {
		let sizes: Vec<u64> = self.blocks.iter().map(|(_, bytes)| *bytes).collect();
		let psi = Psi::new(self.blocks.len(), self.adapters, self.psi.clone())
			.map_err(|e| format!("Ψ is not what it should be: {e:?}"))?;
		let (subsets, checked) = match self.method {
			Measure::Counterfactual => {
				let subsets = draw(self.seed, self.blocks.len() as u16, self.adapters);
				let checked = psi.check(&subsets, &sizes);
				(subsets, checked)
			},
			Measure::Gradient => (Vec::new(), psi.check_bounds()),
		};
		checked.map_err(|e| format!("Ψ is not the design's: {e:?}"))?;
		let spans = (&self.spans()?, self.span_share);
		let items = money::items(&psi, &subsets, &self.y, spans, self.pool.parse()?);
		items.ok_or_else(|| "y does not fit the design".into())
	}

	fn spans(&self) -> Result<Spans> {
		if self.spans.is_empty() {
			return Ok(Spans::default());
		}
		let mut bytes = [0; spans::SIZE];
		hex::decode_to_slice(&self.spans, &mut bytes)
			.map_err(|e| format!("the spans cannot be read: {e}"))?;
		Ok(Spans::from_bytes(&bytes))
	}

	fn table(&self, name: impl Fn(&str) -> String) -> Result<comfy_table::Table> {
		let pool = self.pool.parse::<u128>()?.max(1) as f64;
		let mut table = table(["contributor", "bytes", "share", "±", "word for word", "$OPEN"]);
		let spans: BTreeMap<u16, u16> = self.spans()?.parts().collect();
		let blocks = self.blocks.iter().zip(self.compute()?);
		for (block, ((owner, bytes), (amount, error))) in (0u16..).zip(blocks) {
			let part = spans.get(&block).map(|part| f64::from(*part) / f64::from(spans::WHOLE));
			table.add_row([
				name(owner),
				bytes.to_string(),
				format!("{:.1} %", amount as f64 / pool * 100.0),
				format!("{:.1}", error as f64 / pool * 100.0),
				part.map_or(String::new(), |part| format!("{:.0} %", part * 100.0)),
				signed(amount),
			]);
		}
		Ok(table)
	}
}

/// Whether the period with which an answer is paid is settled, what each of these contributors may claim by
/// now, and how.
async fn payment(
	chain: &Chain,
	(model, datanet, period): (ModelId, DatanetId, u32),
	blocks: &[(String, u64)],
	name: impl Fn(&str) -> String,
) -> Result<(String, serde_json::Value)> {
	let key = pallet_attribution::Periods::<Runtime>::hashed_key_for(model, period);
	let settled = chain.read::<pallet_attribution::Period>(&key).await?.is_none();
	let key = pallet_attribution::Settings::<Runtime>::hashed_key();
	let settings: pallet_attribution::Parameters = chain.read(&key).await?.unwrap_or_default();
	let end = settings.period.max(1).saturating_mul(period.saturating_add(1));
	let mut text = if settled {
		format!("period {period} is settled")
	} else if chain.number().await? >= end {
		format!("period {period} is over: anybody settles it with `openledger settle {model}`")
	} else {
		format!(
			"period {period} ends with block {}, and anybody settles it with `openledger settle {model}`",
			end.saturating_sub(1)
		)
	};
	let mut table = table(["contributor", "may claim, $OPEN", "owes, $OPEN"]);
	let (mut seen, mut listed) = (BTreeSet::new(), Vec::new());
	for (owner, _) in blocks {
		if !seen.insert(owner) {
			continue;
		}
		let who = AccountId::from_ss58check(owner)
			.map_err(|e| format!("{owner:?} is no account: {e:?}"))?;
		let key = pallet_attribution::Earnings::<Runtime>::hashed_key_for(&who);
		let claimable: u128 = chain.read(&key).await?.unwrap_or(0);
		let key = pallet_attribution::Debts::<Runtime>::hashed_key_for(model, &who);
		let owed: u128 = chain.read(&key).await?.unwrap_or(0);
		table.add_row([name(owner), show_open(claimable), show_open(owed)]);
		listed.push(json!({ "contributor": owner, "claimable": claimable.to_string(),
			"owes": owed.to_string() }));
	}
	if !listed.is_empty() {
		text += &format!("; what may be claimed by now, of all answers:\n{table}");
	}
	let precompile = address_of(ATTRIBUTION);
	text += &format!(
		"\nanybody claims for anybody: `openledger claim ACCOUNT`, or `claim(address)` of {precompile:?}; for a \
		 member of a group, and what the prior pays, `openledger datanet claim {datanet} ACCOUNT`"
	);
	let json = json!({ "period": period, "settled": settled, "contributors": listed });
	Ok((text, json))
}

type Committee = pallet_attribution::Committee<AccountId>;

/// The committee that is at work, until its end.
pub async fn committee(chain: &Chain, work: Work) -> Result<Option<Committee>> {
	chain
		.read(&pallet_attribution::Committees::<Runtime>::hashed_key_for(work))
		.await
}

/// How far a committee is, in words.
pub fn stage(committee: &Committee) -> String {
	use pallet_attribution::Stage;
	let who = if committee.panel_from.is_some() { "a panel" } else { "a committee" };
	match committee.stage {
		Stage::Waiting => format!("{who} is to be drawn"),
		Stage::Commit => format!("{who} commits"),
		Stage::Reveal { .. } => format!("{who} reveals"),
		Stage::Review => "its committee agrees and can be challenged".into(),
	}
}

fn signed(amount: i128) -> String {
	let sign = if amount < 0 { "-" } else { "" };
	format!("{sign}{}", show_open(amount.unsigned_abs()))
}

/// Shows one paid answer: who was paid for it, and why.
#[derive(Debug, clap::Args)]
pub struct ReceiptCommand {
	/// The receipt.
	#[arg(value_parser = hash)]
	receipt: Hash,
	/// Waits until it is scored or the prior pays.
	#[arg(long)]
	wait: bool,
	/// Writes what is needed to verify it offline to this file.
	#[arg(long)]
	export: Option<PathBuf>,
	/// Puts up a bond against what its committee agrees on: a panel looks again.
	#[arg(long)]
	challenge: bool,
}

impl ReceiptCommand {
	pub async fn run(&self, common: &Common) -> Result<()> {
		let chain = common.chain().await?;
		let key = pallet_attribution::Receipts::<Runtime>::hashed_key_for(self.receipt);
		if chain.read::<Receipt>(&key).await?.is_none() && self.show_batched(common, &chain).await?
		{
			return Ok(());
		}
		if self.challenge {
			let work = Work::Answer(self.receipt);
			chain.send(&common.signer()?, Call::challenge { work }).await?;
		}
		if self.wait {
			let bar = common.bar("waiting for the committee", 0);
			chain
				.until(|| async {
					let receipt: Option<Receipt> = chain.read(&key).await?;
					if let Some(committee) = committee(&chain, Work::Answer(self.receipt)).await? {
						bar.set_message(stage(&committee));
					}
					let done = |r: &Receipt| r.phase != Phase::Pending;
					Ok(receipt.filter(done).map(|_| ()))
				})
				.await?;
			bar.finish_and_clear();
		}
		let (receipt, evidence) = Evidence::read(&chain, self.receipt).await?;
		let mut text = format!(
			"receipt {:?}: model {}, {} + {} tokens, {} $OPEN, {:?}\n  paid by {}\n  answered by {}",
			self.receipt,
			receipt.model,
			receipt.prompt_tokens,
			receipt.completion_tokens,
			show_open(receipt.fee),
			receipt.phase,
			common.name(&receipt.payer.to_ss58check()),
			common.name(&receipt.operator.to_ss58check()),
		);
		if let Some(committee) = committee(&chain, Work::Answer(self.receipt)).await? {
			text += &format!("\n  {}, next step in block {}", stage(&committee), committee.due);
			for index in committee.turn() {
				let who = committee.seats[index].scorer.to_ss58check();
				text += &format!("\n  seat {index}: {}", common.name(&who));
			}
		}
		for scorer in &receipt.scorers {
			text += &format!("\n  scored by {}", common.name(&scorer.to_ss58check()));
		}
		let run = model(&chain, receipt.model).await?.run;
		let groups = datanet::groups(run.datanet, run.version);
		let name = |owner: &str| groups.get(owner).cloned();
		let name = |owner: &str| name(owner).unwrap_or_else(|| common.name(owner));
		if let Some(evidence) = &evidence {
			evidence.compare(&chain).await?;
			text += &format!(
				"\n{}\nthe runtime's WebAssembly and this program natively: the same items",
				evidence.table(name)?
			);
			self.write(evidence)?;
		}
		let period = match receipt.phase {
			Phase::Scored { period } | Phase::Prior { period } | Phase::Withheld { period } => {
				Some(period)
			},
			Phase::Pending | Phase::Void | Phase::Miscounted => None,
		};
		let mut paid = None;
		if let Some(period) = period {
			let blocks = evidence.as_ref().map(|evidence| &evidence.blocks[..]).unwrap_or_default();
			let of = (receipt.model, run.datanet, period);
			let (words, json) = payment(&chain, of, blocks, name).await?;
			text += &format!("\n{words}");
			paid = Some(json);
		}
		let json = json!({
			"receipt": self.receipt, "model": receipt.model, "fee": receipt.fee.to_string(),
			"pool": receipt.pool.to_string(), "reward": receipt.reward.to_string(),
			"service": receipt.service.to_string(),
			"phase": format!("{:?}", receipt.phase), "evidence": evidence, "payment": paid,
		});
		common.print(text, json);
		Ok(())
	}

	/// Writes what is needed to verify the answer offline, if that was asked for.
	fn write(&self, evidence: &Evidence) -> Result<()> {
		if let Some(path) = &self.export {
			std::fs::write(path, serde_json::to_vec_pretty(evidence)?)?;
		}
		Ok(())
	}

	/// Shows an answer that stands in a batch, or waits for one, as far as this machine knows; whether
	/// it knows.
	async fn show_batched(&self, common: &Common, chain: &Chain) -> Result<bool> {
		let store = common.store()?.0;
		let Some((id, place, item)) = batch::find(chain, &store, self.receipt).await? else {
			let outbox = Outbox::open(&store.root().join("outbox"))?.waiting()?;
			let waits = outbox.iter().any(|entry| entry.request.id() == self.receipt);
			if waits {
				let text = format!("receipt {:?} waits on this machine to be paid", self.receipt);
				common.print(text, json!({ "receipt": self.receipt, "waits": true }));
			}
			return Ok(waits);
		};
		let batch = batch::read(chain, id).await?;
		let drawn = batch.as_ref().and_then(|batch| {
			let drawn = batch::drawn(batch, &batch::items(&store, &batch.items)?)?;
			Some(drawn.iter().any(|item| usize::from(*item) == place))
		});
		let (stage, json) = batch::describe(chain, &store, id, batch.as_ref()).await?;
		let mut text = format!(
			"receipt {:?}: model {}, {} + {} tokens, answer {place} of batch {id}{}\n  batch {id}: {stage}",
			self.receipt,
			item.request.model,
			item.reply.prompt_tokens,
			item.reply.completion_tokens,
			match drawn {
				Some(true) => ", drawn to be scored",
				Some(false) => ", not drawn: others stand for it",
				None => "",
			},
		);
		let (words, evidence, paid) = match (&batch, drawn) {
			(Some(batch), Some(true)) => {
				self.batched_shares(common, chain, id, batch, place, &item).await?
			},
			(None, _) => {
				let words = format!(
					"its shares stood in a page of the batch, if it was drawn: in the block whose event \
					 `PagePosted` names batch {id}, of which the node keeps the extrinsics"
				);
				(words, None, None)
			},
			_ => Default::default(),
		};
		if !words.is_empty() {
			text += &format!("\n{words}");
		}
		let json = json!({ "receipt": self.receipt, "model": item.request.model, "item": place,
			"drawn": drawn, "batch": json, "evidence": evidence, "payment": paid });
		common.print(text, json);
		Ok(true)
	}

	/// What an answer of a batch that was drawn pays whom, by the page that was posted, in words and for
	/// programs.
	async fn batched_shares(
		&self,
		common: &Common,
		chain: &Chain,
		id: pallet_attribution::BatchId,
		batch: &batch::Batch,
		place: usize,
		item: &Entry,
	) -> Result<(String, Option<Evidence>, Option<serde_json::Value>)> {
		let Some((number, entry)) = batch::posted(chain, id, batch, place).await? else {
			let now = chain.number().await?;
			let words =
				match batch.posting.as_ref().map(|posting| posting.until) {
					None => "its shares will stand in a page of the batch, once that is scored"
						.to_string(),
					Some(until) if now > until => {
						"no page was posted for it: the prior pays".to_string()
					},
					Some(until) => {
						format!("its shares will stand in a page, which can be posted until block {until}")
					},
				};
			return Ok((words, None, None));
		};
		let key = pallet_attribution::Settings::<Runtime>::hashed_key();
		let settings: pallet_attribution::Parameters = chain.read(&key).await?.unwrap_or_default();
		if entry.is_out_of(settings.served_band) {
			let words = format!(
				"block {number} has its page: its tokens cannot have come from the model, and its payer has \
				 its part of the contributors' money back when the batch is closed"
			);
			return Ok((words, None, None));
		}
		let evidence = Evidence::of_entry(chain, batch, item, &entry).await?;
		self.write(&evidence)?;
		let run = model(chain, batch.model).await?.run;
		let groups = datanet::groups(run.datanet, run.version);
		let name = |owner: &str| groups.get(owner).cloned();
		let name = |owner: &str| name(owner).unwrap_or_else(|| common.name(owner));
		let period = batch.posting.as_ref().map_or(0, |posting| posting.period);
		let of = (batch.model, run.datanet, period);
		let (paid, json) = payment(chain, of, &evidence.blocks, name).await?;
		let words = format!(
			"its shares, by its page in block {number}, up to the rounding of its gains there:\n{}\n{paid}",
			evidence.table(name)?
		);
		Ok((words, Some(evidence), Some(json)))
	}
}

/// Verifies a receipt offline: recomputes subsets, Ψ, scores and amounts from its exported file.
#[derive(Debug, clap::Args)]
pub struct VerifyCommand {
	/// What `openledger receipt --export` wrote.
	file: PathBuf,
}

impl VerifyCommand {
	pub fn run(&self, common: &Common) -> Result<()> {
		let bytes = std::fs::read(&self.file)
			.map_err(|e| format!("{} cannot be read: {e}", self.file.display()))?;
		let evidence: Evidence = serde_json::from_slice(&bytes)
			.map_err(|e| format!("{} is no exported receipt: {e}", self.file.display()))?;
		let computed = evidence.compute()?;
		if computed.len() != evidence.items.len() {
			return Err("the receipt lists another number of blocks".into());
		}
		for (i, ((amount, _), (stated, _))) in computed.iter().zip(&evidence.items).enumerate() {
			if amount.to_string() != *stated {
				return Err(format!(
					"block {i} is stated to earn {stated} wei, but earns {amount}"
				)
				.into());
			}
		}
		let columns = match evidence.method {
			Measure::Counterfactual => "counterfactual adapters, Ψ solves its design",
			Measure::Gradient => "features, Ψ is within its bounds",
		};
		let text = format!(
			"receipt {:?} holds: {} blocks, {} {columns}, amounts agree\n{}",
			evidence.receipt,
			evidence.blocks.len(),
			evidence.adapters,
			evidence.table(|owner| common.name(owner))?
		);
		common.print(text, json!({ "receipt": evidence.receipt, "verified": true }));
		Ok(())
	}
}

/// What the settlement of a period came to, in wei.
struct Settled {
	period: u32,
	/// The contributors' parts of all its fees.
	total: u128,
	/// What contributors are credited.
	paid: u128,
	/// What the prior pays the accepted rows.
	rest: u128,
	/// What of that netting and rounding alone left.
	netted: u128,
}

impl Settled {
	/// What an event says, if it is one of a settlement.
	fn of(event: RuntimeEvent) -> Option<Self> {
		match event {
			RuntimeEvent::Attribution(Event::Settled {
				period, total, paid, rest, netted, ..
			}) => Some(Self { period, total, paid, rest, netted }),
			_ => None,
		}
	}

	/// The part of the pool that netting left to the prior.
	fn netted_share(&self) -> f64 {
		self.netted as f64 / self.total.max(1) as f64
	}

	fn json(&self) -> serde_json::Value {
		json!({
			"period": self.period, "pool": self.total.to_string(), "paid": self.paid.to_string(),
			"netted": self.netted.to_string(), "netted_share": self.netted_share(),
			"rest": self.rest.to_string(),
		})
	}
}

/// Turns finished periods of a model version into earnings.
#[derive(Debug, clap::Args)]
pub struct SettleCommand {
	/// The model version.
	model: ModelId,
	/// Waits until every receipt of it is scored, every batch paid, and its last period over.
	#[arg(long)]
	wait: bool,
}

impl SettleCommand {
	pub async fn run(&self, common: &Common) -> Result<()> {
		let chain = common.chain().await?;
		let signer = common.signer()?;
		let prefix = under("Attribution", "Periods", self.model);
		let settings = pallet_attribution::Settings::<Runtime>::hashed_key();
		let settings: pallet_attribution::Parameters =
			chain.read(&settings).await?.unwrap_or_default();
		let bar = common.bar("settling", 0);
		let mut settled = Vec::new();
		loop {
			let open = receipts(&chain, Some(self.model))
				.await?
				.into_iter()
				.any(|(_, r)| r.phase == Phase::Pending);
			let block = chain.number().await?;
			let unpaid = |batch: &batch::Batch| {
				let ended = batch.posting.as_ref().is_some_and(|posting| block > posting.until);
				batch.model == self.model && batch.left > 0 && !ended
			};
			let open = open || open_batches(&chain).await?.iter().any(|(_, batch)| unpaid(batch));
			let now = block / settings.period.max(1);
			let mut left = 0;
			for key in chain.keys(&prefix).await? {
				let mut number = [0; 4];
				number.copy_from_slice(&key[key.len() - 4..]);
				let period = u32::from_le_bytes(number);
				if period < now {
					let call = Call::settle { model: self.model, period };
					settled.push(event(chain.send(&signer, call).await?, Settled::of)?);
				} else {
					left += 1;
				}
			}
			if !self.wait || (!open && left == 0) {
				break;
			}
			bar.set_message(format!("waiting: {left} periods run"));
			let before = chain.number().await?;
			chain
				.until(|| async { Ok((chain.number().await? > before).then_some(())) })
				.await?;
		}
		bar.finish_and_clear();
		if settled.is_empty() {
			let text = format!("nothing of model {} to settle", self.model);
			common.print(text, json!({ "periods": [] }));
			return Ok(());
		}
		let mut table =
			table(["period", "pool", "to contributors", "netted", "of pool", "to the prior"]);
		for one in &settled {
			table.add_row([
				one.period.to_string(),
				show_open(one.total),
				show_open(one.paid),
				show_open(one.netted),
				format!("{:.2} %", 100.0 * one.netted_share()),
				show_open(one.rest),
			]);
		}
		let text = format!(
			"{} periods of model {} settled, in $OPEN; what netting leaves is the prior's\n{table}",
			settled.len(),
			self.model
		);
		let listed: Vec<_> = settled.iter().map(Settled::json).collect();
		common.print(text, json!({ "periods": listed }));
		Ok(())
	}
}

/// Pays accounts what their data earned.
#[derive(Debug, clap::Args)]
pub struct ClaimCommand {
	/// The contributors; without any, all that earned.
	#[arg(value_parser = super::account)]
	who: Vec<AccountId>,
}

impl ClaimCommand {
	pub async fn run(&self, common: &Common) -> Result<()> {
		let chain = common.chain().await?;
		let signer = common.signer()?;
		let prefix = all("Attribution", "Earnings");
		let mut paid = BTreeMap::new();
		for (key, amount) in chain.values::<u128>(&prefix).await? {
			let who: AccountId = codec::Decode::decode(&mut &key[16..])?;
			if self.who.is_empty() || self.who.contains(&who) {
				chain.send(&signer, Call::claim_for { who: who.clone() }).await?;
				paid.insert(who.to_ss58check(), amount.to_string());
			}
		}
		let text: Vec<String> = paid
			.iter()
			.map(|(who, amount)| {
				format!("{:20} {} $OPEN", common.name(who), show_open(amount.parse().unwrap_or(0)))
			})
			.collect();
		let text = if text.is_empty() { "nothing to claim".into() } else { text.join("\n") };
		common.print(text, json!(paid));
		Ok(())
	}
}

/// Receipts on chain, of one model version or all, in order.
pub async fn receipts(chain: &Chain, model: Option<ModelId>) -> Result<Vec<(Hash, Receipt)>> {
	let prefix = all("Attribution", "Receipts");
	let mut all = Vec::new();
	for (key, receipt) in chain.values::<Receipt>(&prefix).await? {
		if model.is_none_or(|model| model == receipt.model) {
			all.push((Hash::from_slice(&key[16..]), receipt));
		}
	}
	all.sort_by_key(|(id, receipt)| (receipt.submitted, *id));
	Ok(all)
}

/// What the contributors of a model version earned.
#[derive(Debug, clap::Args)]
pub struct EarningsCommand {
	/// The model version.
	#[arg(long, default_value_t = 0)]
	model: ModelId,
	/// One line for each answer as well.
	#[arg(long)]
	by_answer: bool,
}

/// Where the fees of a model version went, in wei.
#[derive(Default)]
struct Money {
	fees: u128,
	shares: u128,
	earned: BTreeMap<String, u128>,
	rest: u128,
	refunded: u128,
	owed: BTreeMap<String, u128>,
}

impl EarningsCommand {
	pub async fn run(&self, common: &Common) -> Result<()> {
		let chain = common.chain().await?;
		let entry = model(&chain, self.model).await?;
		let key = pallet_datanets::Versions::<Runtime>::hashed_key_for(
			entry.run.datanet,
			entry.run.version,
		);
		let published: pallet_datanets::Published<
			AccountId,
			<Runtime as pallet_datanets::Config>::Consideration,
		> = chain.read(&key).await?.ok_or("the model's data has no version on chain")?;

		let groups = datanet::groups(entry.run.datanet, entry.run.version);
		let name = |owner: &str| groups.get(owner).cloned();
		let name = |owner: &str| name(owner).unwrap_or_else(|| common.name(owner));
		let money = self.money(&chain).await?;
		let receipts = receipts(&chain, Some(self.model)).await?;
		let (mut shares, mut variances) = (BTreeMap::new(), BTreeMap::new());
		let (mut answers, mut pending) = (Vec::new(), 0u128);
		let mut scored = 0u128;
		for (id, receipt) in &receipts {
			let (_, evidence) = Evidence::read(&chain, *id).await?;
			if receipt.phase == Phase::Pending {
				pending += receipt.pool + receipt.reward + receipt.service;
			}
			// Whoever paid for a void answer has its money back.
			let Some(evidence) = evidence.filter(|_| receipt.phase != Phase::Void) else {
				answers.push((*id, receipt.fee, format!("{:?}", receipt.phase), Vec::new()));
				continue;
			};
			scored += receipt.pool;
			let items = evidence.compute()?;
			for ((owner, _), (amount, error)) in evidence.blocks.iter().zip(&items) {
				*shares.entry(owner.clone()).or_insert(0i128) += amount;
				*variances.entry(owner.clone()).or_insert(0f64) += (*error as f64).powi(2);
			}
			let named: Vec<(String, i128)> = evidence
				.blocks
				.iter()
				.zip(&items)
				.map(|((owner, _), (amount, _))| (owner.clone(), *amount))
				.collect();
			answers.push((*id, receipt.fee, format!("{:?}", receipt.phase), named));
		}
		let prefix = under("Attribution", "Periods", self.model);
		let unsettled: u128 = chain
			.values::<pallet_attribution::Period>(&prefix)
			.await?
			.iter()
			.map(|(_, period)| period.total)
			.sum();

		let mut table = table(["contributor", "rows", "bytes", "influence", "±", "$OPEN earned"]);
		let mut listed = Vec::new();
		for block in &published.blocks {
			let owner = block.owner.to_ss58check();
			let whole = scored.max(1) as f64;
			let share = shares.get(&owner).copied().unwrap_or(0) as f64 / whole;
			let error = variances.get(&owner).copied().unwrap_or(0.0).sqrt() / whole;
			let earned = money.earned.get(&owner).copied().unwrap_or(0);
			table.add_row([
				name(&owner),
				block.rows.to_string(),
				block.bytes.to_string(),
				format!("{:.1} %", share * 100.0),
				format!("{:.1}", error * 100.0),
				show_open(earned),
			]);
			listed.push(json!({ "contributor": owner, "rows": block.rows, "bytes": block.bytes,
				"share": share, "error": error, "earned": earned.to_string() }));
		}
		for (id, batch) in open_batches(&chain).await? {
			if batch.model != self.model {
				continue;
			}
			let waiting = if batch.posting.is_none() { batch.reward + batch.service } else { 0 };
			let key = pallet_attribution::BatchPayers::<Runtime>::hashed_key_for(id);
			let payers: pallet_attribution::Payers<AccountId> =
				chain.read(&key).await?.unwrap_or_default();
			let refunds: u128 = payers.iter().map(|paying| paying.refund).sum();
			pending += batch.left + waiting + refunds;
		}
		let earned: u128 = money.earned.values().sum();
		let out = money.shares + earned + money.rest + money.refunded + pending + unsettled;
		let mut text = format!("{table}\n");
		if self.by_answer {
			for (id, fee, phase, items) in &answers {
				text += &format!("{id:?}  {} $OPEN  {phase}\n", show_open(*fee));
				for (owner, amount) in items.iter().filter(|(_, amount)| *amount != 0) {
					text += &format!("    {:20} {}\n", name(owner), signed(*amount));
				}
			}
		}
		text += &format!(
			"fees in {} = parts paid {} + influence {} + prior {}{} + waiting {} wei: {}",
			money.fees,
			money.shares,
			earned,
			money.rest,
			match money.refunded {
				0 => String::new(),
				refunded => format!(" + refunds {refunded}"),
			},
			pending + unsettled,
			if out == money.fees { "to the last unit" } else { "A DIFFERENCE" }
		);
		let json = json!({
			"contributors": listed,
			"fees": money.fees.to_string(), "paid": money.shares.to_string(),
			"influence": earned.to_string(), "prior": money.rest.to_string(),
			"refunded": money.refunded.to_string(),
			"waiting": (pending + unsettled).to_string(), "conserved": out == money.fees,
			"owed": money.owed.iter().map(|(w, a)| (w.clone(), a.to_string())).collect::<BTreeMap<_, _>>(),
			"answers": answers.iter().map(|(id, fee, phase, _)| json!({
				"receipt": id, "fee": fee.to_string(), "phase": phase })).collect::<Vec<_>>(),
		});
		common.print(text, json);
		if out == money.fees {
			Ok(())
		} else {
			Err(format!("fees in are {} wei, but {out} wei are accounted for", money.fees).into())
		}
	}

	/// Reads the blocks' events: the chain's own account of where money went.
	async fn money(&self, chain: &Chain) -> Result<Money> {
		let last = chain.number().await?;
		let bar = common_bar(last.into());
		let mut money = Money::default();
		let (mut mine, mut batches) = (BTreeSet::new(), BTreeSet::new());
		for number in 1..=last {
			let block = chain.hash(number).await?;
			bar.inc(1);
			for (_, event) in chain.events(block).await? {
				let RuntimeEvent::Attribution(event) = event else { continue };
				match event {
					Event::ReceiptSubmitted { receipt, model, fee, .. } if model == self.model => {
						mine.insert(receipt);
						money.fees += fee;
					},
					// A batch is named by its root where its shares are paid.
					Event::BatchSubmitted { batch, model, root, fee, .. }
						if model == self.model =>
					{
						mine.insert(root);
						batches.insert(batch);
						money.fees += fee;
					},
					Event::BatchClosed { batch, rest, refunded } if batches.contains(&batch) => {
						money.rest += rest;
						money.refunded += refunded;
					},
					Event::ReceiptVoided { receipt, refunded } if mine.contains(&receipt) => {
						money.refunded += refunded
					},
					Event::SharePaid { receipt, amount, .. } if mine.contains(&receipt) => {
						money.shares += amount
					},
					Event::Earned { model, who, amount, .. } if model == self.model => {
						*money.earned.entry(who.to_ss58check()).or_default() += amount
					},
					Event::Settled { model, rest, .. } if model == self.model => money.rest += rest,
					Event::Owed { model, who, debt } if model == self.model => {
						money.owed.insert(who.to_ss58check(), debt);
					},
					_ => {},
				}
			}
		}
		bar.finish_and_clear();
		Ok(money)
	}
}

fn common_bar(length: u64) -> indicatif::ProgressBar {
	indicatif::ProgressBar::new(length).with_message("reading blocks")
}
