use super::{
	batch::{self, open_batches},
	datanet, hash,
	model::{model, Design},
	show_open, Common, Measure,
};
use crate::chain::{all, under, Chain, Result};
use openledger_core::ModelId;
use openledger_influence_math::{design::draw, money, spans, Psi, Spans};
use openledger_openlora::Outbox;
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
		let key = pallet_attribution::Designs::<Runtime>::hashed_key_for(receipt.model);
		let design: Design = chain.read(&key).await?.ok_or("the model has no design")?;
		let key = pallet_attribution::Psis::<Runtime>::hashed_key_for(receipt.model);
		let psi: Vec<i32> = chain.read(&key).await?.ok_or("the model has no Ψ")?;
		let mut evidence = Self {
			receipt: id,
			payer: receipt.payer.to_ss58check(),
			operator: receipt.operator.to_ss58check(),
			scorers: receipt.scorers.iter().map(|scorer| scorer.to_ss58check()).collect(),
			model: receipt.model,
			fee: receipt.fee.to_string(),
			pool: receipt.pool.to_string(),
			phase: format!("{:?}", receipt.phase),
			method: design.method.into(),
			seed: design.seed.ok_or("the design has no seed")?,
			blocks: design
				.blocks
				.iter()
				.map(|block| (block.owner.to_ss58check(), block.bytes))
				.collect(),
			adapters: design.adapters,
			psi,
			y: y.into_inner(),
			spans: hex::encode(receipt.spans.to_bytes()),
			span_share: receipt.terms.share,
			items: Vec::new(),
		};
		evidence.items = evidence
			.compute()?
			.into_iter()
			.map(|(amount, error)| (amount.to_string(), error.to_string()))
			.collect();
		Ok((receipt, Some(evidence)))
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
		let mut table = comfy_table::Table::new();
		table.load_preset(comfy_table::presets::UTF8_FULL_CONDENSED);
		table.set_header(["contributor", "bytes", "share", "±", "word for word", "$OPEN"]);
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
		if let Some(evidence) = &evidence {
			let run = model(&chain, receipt.model).await?.run;
			let groups = datanet::groups(run.datanet, run.version);
			let name = |owner: &str| groups.get(owner).cloned();
			let name = |owner: &str| name(owner).unwrap_or_else(|| common.name(owner));
			text += &format!("\n{}", evidence.table(name)?);
			if let Some(path) = &self.export {
				std::fs::write(path, serde_json::to_vec_pretty(evidence)?)?;
			}
		}
		let json = json!({
			"receipt": self.receipt, "model": receipt.model, "fee": receipt.fee.to_string(),
			"pool": receipt.pool.to_string(), "reward": receipt.reward.to_string(),
			"service": receipt.service.to_string(),
			"phase": format!("{:?}", receipt.phase), "evidence": evidence,
		});
		common.print(text, json);
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
		let text = format!(
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
		let json = json!({ "receipt": self.receipt, "model": item.request.model, "item": place,
			"drawn": drawn, "batch": json });
		common.print(text, json);
		Ok(true)
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
					chain.send(&signer, Call::settle { model: self.model, period }).await?;
					settled.push(period);
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
		let text = match settled.as_slice() {
			[] => format!("nothing of model {} to settle", self.model),
			periods => format!("{} periods of model {} settled", periods.len(), self.model),
		};
		common.print(text, json!({ "periods": settled }));
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

		let mut table = comfy_table::Table::new();
		table.load_preset(comfy_table::presets::UTF8_FULL_CONDENSED);
		table.set_header(["contributor", "rows", "bytes", "influence", "±", "$OPEN earned"]);
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
