use super::{
	account,
	demands::{DemandCommand, DemandsCommand, EndDemandsCommand, ShowRowsCommand},
	duplicates::{compare, DuplicatesCommand, ExhibitCommand, Source},
	event, open, show_open, table, Common,
};
use crate::chain::{under, Chain, Result};
use codec::Decode;
use openledger_core::{BatchId, DatanetId, Rights, Version, MAX_BLOCKS};
use pallet_datanets::{
	Batch, Call, Datanet, Event, Published, Reason, Row, Scores, Terms, Verdict,
};
use polkadot_sdk::*;
use runtime::{AccountId, Hash, Runtime, RuntimeCall, RuntimeEvent};
use serde_json::json;
use sp_core::crypto::Ss58Codec;
use std::{
	collections::{BTreeMap, BTreeSet},
	path::PathBuf,
};

/// What pays for entries of Datanets.
pub type Consideration = <Runtime as pallet_datanets::Config>::Consideration;

/// What who contributes has at risk unless they say otherwise, in $OPEN: the price of a licence.
const AT_RISK: &str = "10";

/// Datanets: data that its contributors are paid for.
#[derive(Debug, clap::Subcommand)]
pub enum DatanetCommand {
	#[command(flatten)]
	OnChain(OnChain),
	Duplicates(DuplicatesCommand),
	Exhibit(ExhibitCommand),
	Demand(DemandCommand),
	Demands(DemandsCommand),
	ShowRows(ShowRowsCommand),
	EndDemands(EndDemandsCommand),
}

/// What a node is needed for in any case.
#[derive(Debug, clap::Subcommand)]
pub enum OnChain {
	/// Creates a Datanet; you own and curate it.
	Create {
		/// Its name.
		name: String,
		/// What licences may allow.
		#[arg(long, value_delimiter = ',', value_parser = right, default_value = "fine-tune,commercial")]
		rights: Vec<Rights>,
		/// The price of a licence in $OPEN.
		#[arg(long, value_parser = open, default_value = "10")]
		price: u128,
		/// Blocks after which a licence expires; 0 for never.
		#[arg(long, default_value_t = 0)]
		period: u32,
		/// The curator's part of what contributors earn, in basis points.
		#[arg(long, default_value_t = 500)]
		curator_cut: u16,
		/// What who contributes must have at risk, in $OPEN: it pays for rows that make answers worse, and
		/// returns when no version has rows of the contributor. With 0, junk costs nothing.
		#[arg(long, value_parser = open, default_value = AT_RISK)]
		at_risk: u128,
	},
	/// Cuts a text into rows, stores them as blobs and registers their hashes.
	Contribute {
		/// The Datanet.
		datanet: DatanetId,
		/// The text.
		file: PathBuf,
		/// Bytes of a row, about.
		#[arg(long, default_value_t = 256)]
		row_bytes: usize,
		/// Leaves out every n-th row, for measuring on text that was not learnt.
		#[arg(long)]
		hold_out: Option<usize>,
		/// Writes the rows that were left out to this file, one a line.
		#[arg(long)]
		held_out: Option<PathBuf>,
		/// Puts at risk what the Datanet wants, at most so much in $OPEN: it pays for rows that make answers
		/// worse. `release-at-risk` gives it back.
		#[arg(long, value_parser = open, default_value = AT_RISK)]
		at_risk: u128,
		/// Leaves out rows that are registered or stand in earlier ones, as `duplicates` shows them:
		/// somebody could take their bonds.
		#[arg(long)]
		only_new: bool,
		#[command(flatten)]
		from: Source,
	},
	/// Accepts or rejects all batches that wait, after checking that their rows can be had.
	Review {
		/// The Datanet.
		datanet: DatanetId,
		/// Sub-scores of 100: authenticity, ownership, quality, uniqueness.
		#[arg(long, value_delimiter = ',', num_args = 4, default_value = "100,100,100,100")]
		scores: Vec<u8>,
		/// Rejects this batch for lack of quality instead.
		#[arg(long)]
		reject: Option<BatchId>,
	},
	/// Publishes all accepted batches as a version.
	Publish {
		/// The Datanet.
		datanet: DatanetId,
		/// The most blocks that influence is measured by. If there are more contributors, they share
		/// blocks in groups that are drawn, and divide a group's pay by size. Fewer blocks are measured
		/// better by as many adapters: two or three adapters for a block are good.
		#[arg(long, value_name = "BLOCKS", default_value_t = 256)]
		blocks: u16,
	},
	/// Buys a block of your own in all versions to come, so that you are paid by your rows' own influence
	/// where others are paid by their group's.
	BuyBlock {
		/// The Datanet.
		datanet: DatanetId,
		/// The most that it may cost, in $OPEN.
		#[arg(long, value_parser = open, default_value = "10")]
		maximum: u128,
	},
	/// Gives your block up: you are in a group in versions to come.
	LeaveBlock {
		/// The Datanet.
		datanet: DatanetId,
	},
	/// Buys a licence.
	Licence {
		/// The Datanet.
		datanet: DatanetId,
		/// What for.
		#[arg(long, value_delimiter = ',', value_parser = right, default_value = "fine-tune,commercial")]
		rights: Vec<Rights>,
		/// The most that it may cost, in $OPEN.
		#[arg(long, value_parser = open, default_value = "100")]
		maximum: u128,
	},
	/// Pays out what licence fees, the prior and its groups gave a contributor.
	Claim {
		/// The Datanet.
		datanet: DatanetId,
		/// The contributor.
		#[arg(value_parser = account)]
		who: AccountId,
	},
	/// Withdraws a row that you gave.
	Withdraw {
		/// The Datanet.
		datanet: DatanetId,
		/// The row's hash.
		#[arg(value_parser = super::hash)]
		row: Hash,
	},
	/// Gives back what a contributor has at risk, if none of its batches stand and no version has rows of
	/// it: your own, or anybody's in your Datanet.
	ReleaseAtRisk {
		/// The Datanet.
		datanet: DatanetId,
		/// Whose; yours by default.
		#[arg(value_parser = account)]
		who: Option<AccountId>,
	},
	/// Gives back the bond of a row that was withdrawn more than 1,200 blocks ago.
	ReleaseBond {
		/// The Datanet.
		datanet: DatanetId,
		/// The row's hash.
		#[arg(value_parser = super::hash)]
		row: Hash,
	},
	/// Removes a licence and gives its deposit back: your own, or anybody's that has expired.
	RemoveLicence {
		/// The Datanet.
		datanet: DatanetId,
		/// Whose; yours by default.
		#[arg(value_parser = account)]
		who: Option<AccountId>,
	},
	/// Removes a version that is stale or that you published and there is a newer one of, and
	/// gives its deposit back.
	RemoveVersion {
		/// The Datanet.
		datanet: DatanetId,
		/// The version.
		version: Version,
	},
	/// Closes a Datanet that has no batches, versions, licences and debts, and gives its deposit
	/// back.
	Close {
		/// The Datanet.
		datanet: DatanetId,
	},
	/// Shows a Datanet and its batches, or the rows of a batch.
	Show {
		/// The Datanet.
		datanet: DatanetId,
		/// Lists the rows of this batch, by their hashes.
		#[arg(long)]
		batch: Option<BatchId>,
	},
}

fn right(text: &str) -> std::result::Result<Rights, String> {
	Ok(match text {
		"train" => Rights::TRAIN,
		"fine-tune" => Rights::FINE_TUNE,
		"retrieve" => Rights::RETRIEVE,
		"evaluate" => Rights::EVALUATE,
		"commercial" => Rights::COMMERCIAL,
		"derive" => Rights::DERIVE,
		_ => {
			return Err(format!(
				"{text:?} is no right: train, fine-tune, retrieve, evaluate, commercial or derive"
			))
		},
	})
}

fn union(rights: &[Rights]) -> Rights {
	rights.iter().fold(Rights::default(), |all, one| all.union(*one))
}

/// Cuts text at spaces into rows of about so many bytes, white space made one space.
pub fn cut(text: &str, bytes: usize) -> Vec<String> {
	let mut rows = vec![String::new()];
	for word in text.split_whitespace() {
		let full = rows
			.last()
			.is_some_and(|row| !row.is_empty() && row.len() + word.len() >= bytes);
		if full {
			rows.push(String::new());
		}
		if let Some(row) = rows.last_mut() {
			if !row.is_empty() {
				row.push(' ');
			}
			row.push_str(word);
		}
	}
	rows.retain(|row| !row.is_empty());
	rows
}

/// The rows of a Datanet with their batches, by hash.
pub async fn rows(chain: &Chain, datanet: DatanetId) -> Result<Vec<(BatchId, Row)>> {
	let prefix = under("Datanets", "RowIndex", datanet);
	let mut rows = Vec::new();
	for (key, (batch, bytes)) in chain.values::<(BatchId, u32)>(&prefix).await? {
		// Blake2_128Concat: sixteen bytes of hash before the key.
		let hash = Hash::decode(&mut &key[16..])?;
		rows.push((batch, Row { hash, bytes }));
	}
	rows.sort_by_key(|(batch, row)| (*batch, row.hash));
	Ok(rows)
}

/// Those of one batch.
fn of_batch(rows: &[(BatchId, Row)], batch: BatchId) -> Vec<Row> {
	rows.iter().filter(|(of, _)| *of == batch).map(|(_, row)| *row).collect()
}

/// A Datanet, which must be there.
pub async fn entry(chain: &Chain, datanet: DatanetId) -> Result<Datanet<AccountId, Consideration>> {
	let key = pallet_datanets::Datanets::<Runtime>::hashed_key_for(datanet);
	Ok(chain.read(&key).await?.ok_or_else(|| {
		format!("there is no Datanet {datanet}: openledger datanet create makes one")
	})?)
}

/// The batches of a Datanet, in order.
pub async fn batches(
	chain: &Chain,
	datanet: DatanetId,
) -> Result<Vec<(BatchId, Batch<AccountId, Consideration>)>> {
	let prefix = under("Datanets", "Batches", datanet);
	let mut batches = Vec::new();
	for (key, batch) in chain.values(&prefix).await? {
		batches.push((BatchId::decode(&mut &key[8..])?, batch));
	}
	batches.sort_by_key(|(id, _)| *id);
	Ok(batches)
}

/// What the groups of a version are called, by their addresses.
pub fn groups(datanet: DatanetId, version: Version) -> BTreeMap<String, String> {
	let group = |block| {
		let account = pallet_datanets::Pallet::<Runtime>::group(datanet, version, block)?;
		Some((account.to_ss58check(), format!("group {block}")))
	};
	(0..MAX_BLOCKS as u16).filter_map(group).collect()
}

/// The groups of an account that have earned what is not divided yet.
async fn unpaid_groups(
	chain: &Chain,
	datanet: DatanetId,
	who: &AccountId,
) -> Result<BTreeSet<(Version, u16)>> {
	let all = batches(chain, datanet).await?;
	let mine: BTreeSet<BatchId> = all
		.iter()
		.filter(|(_, batch)| batch.contributor == *who)
		.map(|(id, _)| *id)
		.collect();
	let mut groups = BTreeSet::new();
	let prefix = under("Datanets", "Versions", datanet);
	for (key, published) in chain.values::<Published<AccountId, Consideration>>(&prefix).await? {
		let version = Version::decode(&mut &key[8..])?;
		let given = published.batches.iter().zip(&published.block_of);
		let blocks: BTreeSet<u16> = given
			.filter(|(batch, _)| mine.contains(batch))
			.map(|(_, block)| *block)
			.collect();
		for block in blocks {
			let group = pallet_datanets::Pallet::<Runtime>::group(datanet, version, block);
			let owner = published.blocks.get(usize::from(block)).map(|block| &block.owner);
			let Some(group) = group.filter(|group| Some(group) == owner) else { continue };
			let key = pallet_attribution::Earnings::<Runtime>::hashed_key_for(&group);
			let earned: u128 = chain.read(&key).await?.unwrap_or(0);
			if earned > 0 || chain.balance(&group, None).await?.free > 0 {
				groups.insert((version, block));
			}
		}
	}
	Ok(groups)
}

impl DatanetCommand {
	pub async fn run(&self, common: &Common) -> Result<()> {
		match self {
			Self::OnChain(command) => command.run(common).await,
			// A text is compared with itself without a node.
			Self::Duplicates(command) => command.run(common).await,
			Self::Exhibit(command) => {
				command.run(common, &common.chain().await?, &common.signer()?).await
			},
			Self::Demand(command) => command.run(common).await,
			Self::Demands(command) => command.run(common).await,
			Self::ShowRows(command) => command.run(common).await,
			Self::EndDemands(command) => command.run(common).await,
		}
	}
}

impl OnChain {
	async fn run(&self, common: &Common) -> Result<()> {
		let chain = common.chain().await?;
		let signer = common.signer()?;
		match self {
			Self::Create { name, rights, price, period, curator_cut, at_risk } => {
				let name = name.as_bytes().to_vec();
				let name = name.try_into().map_err(|_| "a name has at most 64 bytes")?;
				let terms = Terms {
					rights: union(rights),
					price: *price,
					period: *period,
					curator_cut: *curator_cut,
					at_risk: *at_risk,
				};
				let included = chain.send(&signer, Call::create { name, terms }).await?;
				let id = event(included, |event| match event {
					RuntimeEvent::Datanets(Event::Created { datanet, .. }) => Some(datanet),
					_ => None,
				})?;
				common.print(format!("Datanet {id} created"), json!({ "datanet": id }));
			},
			Self::Contribute {
				datanet,
				file,
				row_bytes,
				hold_out,
				held_out,
				at_risk,
				only_new,
				from,
			} => {
				// Before anything is compared, stored or written.
				let wanted = entry(&chain, *datanet).await?.terms.at_risk;
				if wanted > *at_risk {
					return Err(format!(
						"Datanet {datanet} wants {0} $OPEN at risk: contribute with --at-risk {0}",
						show_open(wanted)
					)
					.into());
				}
				let text = std::fs::read_to_string(file)
					.map_err(|e| format!("{} cannot be read: {e}", file.display()))?;
				let all = cut(&text, *row_bytes);
				let every = hold_out.unwrap_or(usize::MAX).max(2);
				let (mut given, mut left) = (Vec::new(), Vec::new());
				for (i, row) in all.into_iter().enumerate() {
					if i % every == every / 2 && hold_out.is_some() {
						left.push(row);
					} else {
						given.push(row);
					}
				}
				if let Some(path) = held_out {
					std::fs::write(path, left.join("\n") + "\n")?;
				}
				let count = given.len();
				if *only_new {
					let compared = compare(common, &chain, *datanet, from, &given).await?;
					given = compared.new_texts();
				}
				let known = count - given.len();
				let store = common.store()?;
				let mut seen = BTreeSet::new();
				let mut rows = Vec::new();
				for row in &given {
					let hash = store.put(row.as_bytes())?;
					// The same chunk twice in a text is one row.
					if seen.insert(hash) {
						rows.push(Row { hash, bytes: row.len() as u32 });
					}
				}
				if wanted > 0 {
					let call = Call::put_at_risk { datanet: *datanet, maximum: *at_risk };
					chain.send(&signer, call).await?;
				}
				let bar = common.bar("rows on chain", rows.len() as u64);
				let mut ids = Vec::new();
				for batch in rows.chunks(pallet_datanets::MAX_ROWS as usize) {
					let count = batch.len() as u64;
					let batch = batch.to_vec().try_into().map_err(|_| "the batch is too long")?;
					let call = Call::contribute { datanet: *datanet, rows: batch };
					let id = event(chain.send(&signer, call).await?, |event| match event {
						RuntimeEvent::Datanets(Event::Contributed { batch, .. }) => Some(batch),
						_ => None,
					})?;
					ids.push(id);
					bar.inc(count);
				}
				bar.finish_and_clear();
				let mut text = format!(
					"{} rows contributed to Datanet {datanet} in {} batches, {} held out",
					rows.len(),
					ids.len(),
					left.len()
				);
				if *only_new {
					text += &format!(", {known} left out that stand in others");
				}
				let json = json!({ "rows": rows.len(), "batches": ids, "known": known });
				common.print(text, json);
			},
			Self::Review { datanet, scores, reject } => {
				let store = common.store()?;
				let rows = rows(&chain, *datanet).await?;
				let [authenticity, ownership, quality, uniqueness] = scores[..] else {
					return Err("--scores takes four numbers".into());
				};
				let scores = Scores { authenticity, ownership, quality, uniqueness };
				let (mut done, mut calls) = (Vec::new(), Vec::<RuntimeCall>::new());
				for (id, batch) in batches(&chain, *datanet).await? {
					if batch.scores.is_some() {
						continue;
					}
					let mine = of_batch(&rows, id);
					for row in &mine {
						let content = store.get(&row.hash)?;
						if content.len() != row.bytes as usize {
							let hash = row.hash;
							return Err(
								format!("row {hash:?} has another length than stated").into()
							);
						}
					}
					let verdict = if *reject == Some(id) {
						let rows = mine.try_into().map_err(|_| "the batch is too long")?;
						Verdict::Reject { reason: Reason::Quality, rows }
					} else {
						Verdict::Accept(scores)
					};
					let call = Call::review { datanet: *datanet, batch: id, verdict };
					calls.push(call.into());
					done.push(id);
				}
				// As many as fit into a block.
				for calls in calls.chunks(1_000) {
					let calls = calls.to_vec();
					chain.send(&signer, pallet_utility::Call::batch_all { calls }).await?;
				}
				common.print(
					format!("{} batches of Datanet {datanet} reviewed", done.len()),
					json!({ "batches": done }),
				);
			},
			Self::Publish { datanet, blocks } => {
				let (mut accepted, mut calls) = (Vec::new(), Vec::new());
				let rows = rows(&chain, *datanet).await?;
				for (id, batch) in batches(&chain, *datanet).await? {
					if batch.scores.is_none() {
						continue;
					}
					accepted.push(id);
					if batch.root.is_none() {
						// Rows were withdrawn: the batch commits to those that are left.
						let left = of_batch(&rows, id);
						let rows = left.try_into().map_err(|_| "the batch is too long")?;
						calls.push(Call::recommit { datanet: *datanet, batch: id, rows }.into());
					}
				}
				let batches =
					accepted.try_into().map_err(|_| "a version has at most 16,384 batches")?;
				let (datanet, blocks) = (*datanet, *blocks);
				calls.push(Call::publish_in { datanet, batches, blocks }.into());
				let included =
					chain.send(&signer, pallet_utility::Call::batch_all { calls }).await?;
				let (version, root, blocks) = event(included, |event| match event {
					RuntimeEvent::Datanets(Event::Published { version, root, blocks, .. }) => {
						Some((version, root, blocks))
					},
					_ => None,
				})?;
				let text = format!(
					"version {version} of Datanet {datanet}: {blocks} blocks, root {root:?}"
				);
				common.print(text, json!({ "version": version, "root": root, "blocks": blocks }));
			},
			Self::Licence { datanet, rights, maximum } => {
				let rights = union(rights);
				let call = Call::buy_licence { datanet: *datanet, rights, maximum: *maximum };
				let price = event(chain.send(&signer, call).await?, |event| match event {
					RuntimeEvent::Datanets(Event::LicenceBought { price, .. }) => Some(price),
					_ => None,
				})?;
				let text =
					format!("licence to Datanet {datanet} bought for {} $OPEN", show_open(price));
				common.print(text, json!({ "price": price.to_string() }));
			},
			Self::Claim { datanet, who } => {
				let mut calls: Vec<RuntimeCall> = Vec::new();
				for (version, block) in unpaid_groups(&chain, *datanet, who).await? {
					calls.push(Call::distribute { datanet: *datanet, version, block }.into());
				}
				calls.push(Call::claim_for { datanet: *datanet, who: who.clone() }.into());
				let call = pallet_utility::Call::batch_all { calls };
				let amount = event(chain.send(&signer, call).await?, |event| match event {
					RuntimeEvent::Datanets(Event::Claimed { amount, .. }) => Some(amount),
					_ => None,
				})?;
				let text = format!("{} paid {} $OPEN", who.to_ss58check(), show_open(amount));
				common.print(text, json!({ "amount": amount.to_string() }));
			},
			Self::BuyBlock { datanet, maximum } => {
				let call = Call::buy_block { datanet: *datanet, maximum: *maximum };
				let price = event(chain.send(&signer, call).await?, |event| match event {
					RuntimeEvent::Datanets(Event::BlockBought { price, .. }) => Some(price),
					_ => None,
				})?;
				let text = format!(
					"a block in versions of Datanet {datanet} to come bought for {} $OPEN",
					show_open(price)
				);
				common.print(text, json!({ "price": price.to_string() }));
			},
			Self::LeaveBlock { datanet } => {
				chain.send(&signer, Call::leave_block { datanet: *datanet }).await?;
				let text = format!("block in versions of Datanet {datanet} to come given up");
				common.print(text, json!({ "datanet": datanet }));
			},
			Self::Withdraw { datanet, row } => {
				chain
					.send(&signer, Call::withdraw_row { datanet: *datanet, hash: *row })
					.await?;
				common.print(format!("row {row:?} withdrawn"), json!({ "row": row }));
			},
			Self::ReleaseAtRisk { datanet, who } => {
				let who = who.clone().unwrap_or_else(|| signer.account());
				let call = Call::release_at_risk { datanet: *datanet, who: who.clone() };
				let amount = event(chain.send(&signer, call).await?, |event| match event {
					RuntimeEvent::Datanets(Event::RiskReleased { amount, .. }) => Some(amount),
					_ => None,
				})?;
				let text = format!("{} has {} $OPEN back", who.to_ss58check(), show_open(amount));
				common.print(text, json!({ "amount": amount.to_string() }));
			},
			Self::ReleaseBond { datanet, row } => {
				let call = Call::release_bond { datanet: *datanet, hash: *row };
				chain.send(&signer, call).await?;
				common.print(format!("the bond of row {row:?} is back"), json!({ "row": row }));
			},
			Self::RemoveLicence { datanet, who } => {
				let who = who.clone().unwrap_or_else(|| signer.account());
				let text = format!("licence of {} removed", who.to_ss58check());
				chain.send(&signer, Call::remove_licence { datanet: *datanet, who }).await?;
				common.print(text, json!({ "datanet": datanet }));
			},
			Self::RemoveVersion { datanet, version } => {
				let call = Call::remove_version { datanet: *datanet, version: *version };
				chain.send(&signer, call).await?;
				let text = format!("version {version} of Datanet {datanet} removed");
				common.print(text, json!({ "datanet": datanet, "version": version }));
			},
			Self::Close { datanet } => {
				chain.send(&signer, Call::close { datanet: *datanet }).await?;
				common.print(format!("Datanet {datanet} closed"), json!({ "datanet": datanet }));
			},
			Self::Show { datanet, batch: Some(batch) } => {
				let listed = of_batch(&rows(&chain, *datanet).await?, *batch);
				if listed.is_empty() {
					return Err(format!(
						"Datanet {datanet} has no rows of a batch {batch}: `openledger datanet show \
						 {datanet}` lists its batches"
					)
					.into());
				}
				let mut table = table(["row", "bytes"]);
				for row in &listed {
					table.add_row([format!("{:?}", row.hash), row.bytes.to_string()]);
				}
				let rows: Vec<_> = listed
					.iter()
					.map(|row| json!({ "row": row.hash, "bytes": row.bytes }))
					.collect();
				common.print(table, json!({ "batch": batch, "rows": rows }));
			},
			Self::Show { datanet, batch: None } => {
				let entry = entry(&chain, *datanet).await?;
				let name = String::from_utf8_lossy(&entry.name).into_owned();
				let mut table = table(["batch", "contributor", "rows", "bytes", "status"]);
				let mut listed = Vec::new();
				for (id, batch) in batches(&chain, *datanet).await? {
					let who = batch.contributor.to_ss58check();
					let status = if batch.scores.is_some() { "accepted" } else { "waits" };
					table.add_row([
						id.to_string(),
						who.clone(),
						batch.rows.to_string(),
						batch.bytes.to_string(),
						status.to_string(),
					]);
					listed.push(json!({ "batch": id, "contributor": who, "rows": batch.rows,
						"bytes": batch.bytes, "status": status }));
				}
				let versions: Version = entry.next_version - 1;
				let text = format!(
					"Datanet {datanet} “{name}”, curated by {}, {versions} versions, licence {} $OPEN, at risk {} $OPEN\n{table}",
					entry.curator.to_ss58check(),
					show_open(entry.terms.price),
					show_open(entry.terms.at_risk)
				);
				common.print(
					text,
					json!({ "name": name, "versions": versions,
						"at_risk": entry.terms.at_risk.to_string(), "batches": listed }),
				);
			},
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn cut_should_keep_every_word_when_text_is_cut() {
		let text = "one  two\nthree four five six seven";
		let rows = cut(text, 10);
		assert_eq!(rows.join(" "), text.split_whitespace().collect::<Vec<_>>().join(" "));
		assert!(rows.iter().all(|row| row.len() <= 10), "{rows:?}");
	}
}
