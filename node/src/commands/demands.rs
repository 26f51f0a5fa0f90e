use super::{
	datanet::{cut, Consideration},
	duplicates::{bounty, content, endpoints, Source},
	event, hash, show_open, table, Common,
};
use crate::chain::{under, Chain, Result, Signer};
use codec::Decode;
use openledger_core::{BatchId, DatanetId};
use pallet_datanets::{
	Batch, Batches, Call, Content, Demand, Demands, Event, RowIndex, Staked, Withdrawn,
};
use polkadot_sdk::*;
use runtime::{AccountId, Hash, Runtime, RuntimeCall, RuntimeEvent, SLOT_MILLIS};
use serde_json::{json, Value};
use sp_core::crypto::Ss58Codec;
use std::{
	collections::{BTreeMap, BTreeSet},
	path::PathBuf,
};

/// Blocks after which a row that could not be shown is tried again: some minutes.
const RETRY: u32 = 100;

/// Demands that a row be shown on chain: it is void if nobody does so within a day.
///
/// Models are trained on rows, and trained again by whoever checks them, so everybody must be able to
/// have the content of accepted rows. Whoever cannot have one demands it here and stakes as much as its
/// contributor did. The contributor, or anybody else who has the row, shows it on chain (`openledger
/// datanet show-rows`), where all can read it for ever, and gets the stake for that. If nobody does,
/// `openledger datanet end-demands` makes the row void: the stake returns, and three tenths of the row's
/// bond go to who demanded it.
#[derive(Debug, clap::Args)]
pub struct DemandCommand {
	/// The Datanet.
	datanet: DatanetId,
	/// The row's hash: `openledger datanet show DATANET --batch BATCH` lists those of a batch.
	#[arg(value_parser = hash, required_unless_present = "file", conflicts_with = "file")]
	row: Option<Hash>,
	/// Names the row by its content instead, which is this file.
	#[arg(long)]
	file: Option<PathBuf>,
	/// Waits until the row is shown, and stores it as a blob; also of a row that is demanded already.
	#[arg(long)]
	wait: bool,
}

/// Shows rows on chain that are demanded, your own and others that you have: their stakes are yours.
///
/// Each stake is several times what showing the row costs. The content of the rows is in the chain for
/// ever. A contributor of rows that are hard to have runs this with --watch, and loses none.
#[derive(Debug, clap::Args)]
pub struct ShowRowsCommand {
	/// The Datanet.
	datanet: DatanetId,
	/// Shows rows of these files alone: each is a row, or a text that was contributed and is cut again.
	/// By default rows among the blobs, or from who publishes them.
	file: Vec<PathBuf>,
	/// Bytes of a row of such a text, about, as for `contribute`.
	#[arg(long, default_value_t = 256)]
	row_bytes: usize,
	/// Goes on until it is stopped, and shows rows as soon as they are demanded.
	#[arg(long)]
	watch: bool,
	#[command(flatten)]
	from: Source,
}

/// Lists the rows of a Datanet that are demanded, and what is to be done about each.
#[derive(Debug, clap::Args)]
pub struct DemandsCommand {
	/// The Datanet.
	datanet: DatanetId,
}

/// Ends all demands of a Datanet that were not met in time, and makes their rows void; and those of
/// rows that have left their batch.
///
/// Anybody may do this: stakes return to who made the demands, who also get three tenths of the bonds
/// of rows that are void.
#[derive(Debug, clap::Args)]
pub struct EndDemandsCommand {
	/// The Datanet.
	datanet: DatanetId,
}

/// A row that is registered, or was withdrawn lately.
struct Registered {
	batch: BatchId,
	contributor: AccountId,
	/// What is staked for it, in wei.
	bond: u128,
	withdrawn: bool,
}

impl Registered {
	/// Reads it from the chain.
	async fn read(chain: &Chain, datanet: DatanetId, row: Hash) -> Result<Option<Self>> {
		let key = RowIndex::<Runtime>::hashed_key_for(datanet, row);
		if let Some((id, bytes)) = chain.read::<(BatchId, u32)>(&key).await? {
			let key = Batches::<Runtime>::hashed_key_for(datanet, id);
			let batch: Option<Batch<AccountId, Consideration>> = chain.read(&key).await?;
			return Ok(batch.map(|batch| Self {
				batch: id,
				bond: batch.bond.of(1, bytes.into()),
				contributor: batch.contributor,
				withdrawn: false,
			}));
		}
		let key = Withdrawn::<Runtime>::hashed_key_for(datanet, row);
		let withdrawn: Option<(Staked<AccountId>, u32)> = chain.read(&key).await?;
		Ok(withdrawn.map(|(Staked { contributor, batch, bond, .. }, _)| Self {
			batch,
			bond,
			contributor,
			withdrawn: true,
		}))
	}
}

/// What can be done about a demand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
	/// The row can be shown.
	Open,
	/// The row was not shown in time, and is void when the demand is ended.
	Over,
	/// The row has left its batch and need not be shown: the demand can be ended.
	Gone,
}

/// A row that is demanded.
struct Demanded {
	row: Hash,
	demand: Demand<AccountId>,
	/// None if it has left the batch in which it is demanded.
	registered: Option<Registered>,
}

impl Demanded {
	/// What the next block can do about it, after block `now`.
	fn stage(&self, now: u32) -> Stage {
		match self.registered {
			None => Stage::Gone,
			Some(_) if now < self.demand.until => Stage::Open,
			Some(_) => Stage::Over,
		}
	}

	/// That in words.
	fn words(&self, now: u32) -> &'static str {
		let withdrawn = self.registered.as_ref().is_some_and(|row| row.withdrawn);
		match self.stage(now) {
			Stage::Open if withdrawn => "withdrawn, yet to be shown",
			Stage::Open => "to be shown",
			Stage::Over => "not shown: to be ended",
			Stage::Gone => "left its batch: to be ended",
		}
	}

	fn json(&self, now: u32) -> Value {
		let Self { row, demand, registered } = self;
		let state = match self.stage(now) {
			Stage::Open => "open",
			Stage::Over => "over",
			Stage::Gone => "gone",
		};
		json!({
			"row": row, "bytes": demand.bytes, "batch": demand.batch,
			"contributor": registered.as_ref().map(|row| row.contributor.to_ss58check()),
			"withdrawn": registered.as_ref().is_some_and(|row| row.withdrawn),
			"who": demand.who.to_ss58check(), "stake": demand.stake.to_string(),
			"reward": registered.as_ref().map(|row| bounty(row.bond).to_string()),
			"until": demand.until, "state": state,
		})
	}
}

/// The demand of a row, if there is one.
async fn demand(chain: &Chain, datanet: DatanetId, row: Hash) -> Result<Option<Demand<AccountId>>> {
	chain.read(&Demands::<Runtime>::hashed_key_for(datanet, row)).await
}

/// A demand, with what has become of its row.
async fn demanded(
	chain: &Chain,
	datanet: DatanetId,
	row: Hash,
	demand: Demand<AccountId>,
) -> Result<Demanded> {
	let registered = Registered::read(chain, datanet, row).await?;
	let registered = registered.filter(|registered| registered.batch == demand.batch);
	Ok(Demanded { row, demand, registered })
}

/// All demands of a Datanet, the oldest first.
async fn demands(chain: &Chain, datanet: DatanetId) -> Result<Vec<Demanded>> {
	let mut all = Vec::new();
	for (key, demand) in chain.values(&under("Datanets", "Demands", datanet)).await? {
		// Blake2_128Concat: sixteen bytes of hash before the key.
		let row = Hash::decode(&mut &key[16..])?;
		all.push(demanded(chain, datanet, row, demand).await?);
	}
	all.sort_by_key(|one| (one.demand.until, one.row));
	Ok(all)
}

/// How long so many blocks take, about.
fn duration(blocks: u32) -> String {
	let minutes = u64::from(blocks) * SLOT_MILLIS / 60_000;
	match (minutes / 60, minutes % 60) {
		(0, 0) => "under a minute".into(),
		(0, minutes) => format!("{minutes} min"),
		(hours, minutes) => format!("{hours} h {minutes} min"),
	}
}

/// Waits for a block after this one.
async fn after(chain: &Chain, number: u32) -> Result<()> {
	chain
		.until(|| async { Ok((chain.number().await? > number).then_some(())) })
		.await
}

/// How a demand has ended.
enum Ended {
	/// With the row, and who showed it; its content, unless it came by a call that this does not read.
	Shown(AccountId, Option<Vec<u8>>),
	/// Nobody has shown the row, and nobody may any more.
	Over,
	/// Somebody ended it.
	Without,
}

impl DemandCommand {
	pub async fn run(&self, common: &Common) -> Result<()> {
		let (chain, signer) = (common.chain().await?, common.signer()?);
		let (datanet, row, from) = (self.datanet, self.named()?, chain.number().await?);
		let found = match demand(&chain, datanet, row).await? {
			Some(found) if self.wait => found,
			Some(Demand { who, until, .. }) => {
				return Err(format!(
					"{} demands row {row:?} already, up to block {until}: wait for it with --wait, or see \
					 `openledger datanet demands {datanet}`",
					common.name(&who.to_ss58check())
				)
				.into())
			},
			None => send(&chain, &signer, datanet, row).await?,
		};
		let demanded = demanded(&chain, datanet, row, found).await?;
		let mut json = demanded.json(from);
		let Demand { who, stake, until, bytes, .. } = &demanded.demand;
		let (stake, who) = (show_open(*stake), common.name(&who.to_ss58check()));
		if self.wait {
			let ended = self.ended(common, &chain, row, from).await?;
			let (text, shown) = match ended {
				Ended::Shown(by, content) => {
					let held = match &content {
						Some(content) => {
							common.store()?.put(content)?;
							format!("it is among the blobs in {}", common.blobs.display())
						},
						None => "it is in the chain, in a block after its demand".into(),
					};
					let by = by.to_ss58check();
					let text = format!(
						"{} showed row {row:?} ({bytes} bytes) and has the stake of {stake} $OPEN; {held}",
						common.name(&by)
					);
					json["stored"] = content.is_some().into();
					(text, Some(by))
				},
				Ended::Over => {
					let text = format!(
						"nobody showed row {row:?} up to block {until}: end the demand, the row is void, and \
						 the stake returns\n  openledger datanet end-demands {datanet}"
					);
					(text, None)
				},
				Ended::Without => {
					let text = format!(
						"the demand of row {row:?} was ended without the row, and the stake of {stake} $OPEN \
						 is back: the row is void, or has left its batch"
					);
					(text, None)
				},
			};
			json["shown"] = json!(shown);
			common.print(text, json);
			return Ok(());
		}
		let (of, reward) = match &demanded.registered {
			Some(Registered { contributor, bond, .. }) => {
				(common.name(&contributor.to_ss58check()), bounty(*bond))
			},
			None => ("nobody any more".into(), 0),
		};
		let text = format!(
			"row {row:?} of {of} ({bytes} bytes) is demanded, with a stake of {stake} $OPEN for whoever \
			 shows it up to block {until}, in {} at the latest:\n  openledger datanet show-rows {datanet}\n\
			 if nobody does, the row is void and {who} has {} $OPEN of its bond:\n  \
			 openledger datanet end-demands {datanet}",
			duration(until.saturating_sub(from)),
			show_open(reward)
		);
		common.print(text, json);
		Ok(())
	}

	/// The row that is meant.
	fn named(&self) -> Result<Hash> {
		let path = match (self.row, &self.file) {
			(Some(row), _) => return Ok(row),
			(None, Some(path)) => path,
			(None, None) => return Err("name a row by its hash, or by --file".into()),
		};
		let content = std::fs::read(path)
			.map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
		Ok(openledger_blobs::hash(&content).into())
	}

	/// Waits for the end of a demand that was there after block `from`, or was made since.
	async fn ended(
		&self,
		common: &Common,
		chain: &Chain,
		row: Hash,
		mut from: u32,
	) -> Result<Ended> {
		let bar = common.bar("waiting for the row", 0);
		let ended = loop {
			let now = chain.number().await?;
			match demand(chain, self.datanet, row).await? {
				None => break shown(chain, self.datanet, row, from).await?,
				Some(Demand { until, .. }) if now < until => {
					bar.set_message(format!("{} to show the row", duration(until - now)));
					from = now;
				},
				Some(_) => break Ended::Over,
			}
			after(chain, now).await?;
		};
		bar.finish_and_clear();
		Ok(ended)
	}
}

/// Demands a row.
async fn send(
	chain: &Chain,
	signer: &Signer,
	datanet: DatanetId,
	row: Hash,
) -> Result<Demand<AccountId>> {
	let key = RowIndex::<Runtime>::hashed_key_for(datanet, row);
	if chain.read::<(BatchId, u32)>(&key).await?.is_none() {
		return Err(format!(
			"Datanet {datanet} has no row {row:?}: `openledger datanet show {datanet} --batch BATCH` lists \
			 those of a batch"
		)
		.into());
	}
	let included = chain.send(signer, Call::demand { datanet, hash: row }).await?;
	let block = included.block;
	event(included, |event| match event {
		RuntimeEvent::Datanets(Event::RowDemanded { until, .. }) => Some(until),
		_ => None,
	})?;
	let key = Demands::<Runtime>::hashed_key_for(datanet, row);
	let demand = chain.read_at(&key, Some(block)).await?;
	demand.ok_or_else(|| "the row was demanded and shown in one block: it is in the chain".into())
}

/// How a demand ended that was there after block `from`, and is gone.
async fn shown(chain: &Chain, datanet: DatanetId, row: Hash, from: u32) -> Result<Ended> {
	for number in from..=chain.number().await? {
		let block = chain.hash(number).await?;
		let by = chain.events(block).await?.into_iter().find_map(|(_, event)| match event {
			RuntimeEvent::Datanets(Event::RowShown { datanet: of, hash, who })
				if (of, hash) == (datanet, row) =>
			{
				Some(who)
			},
			_ => None,
		});
		if let Some(by) = by {
			let calls = chain.calls(block).await?;
			return Ok(Ended::Shown(by, calls.iter().find_map(|call| content_in(call, row))));
		}
	}
	Ok(Ended::Without)
}

/// The content of a row that a call shows.
fn content_in(call: &RuntimeCall, row: Hash) -> Option<Vec<u8>> {
	use pallet_utility::Call::{batch, batch_all, force_batch};
	match call {
		RuntimeCall::Datanets(Call::show { content, .. }) => {
			(Hash::from(openledger_blobs::hash(content)) == row).then(|| content.to_vec())
		},
		RuntimeCall::Utility(batch { calls } | batch_all { calls } | force_batch { calls }) => {
			calls.iter().find_map(|call| content_in(call, row))
		},
		_ => None,
	}
}

/// What became of rows that were to be shown.
#[derive(Default)]
struct Shown {
	/// With their stakes, in wei.
	rows: Vec<(Hash, u128)>,
	/// That nobody gives.
	missing: Vec<Hash>,
	refused: Vec<String>,
}

impl Shown {
	fn is_empty(&self) -> bool {
		self.rows.is_empty() && self.missing.is_empty() && self.refused.is_empty()
	}

	fn print(&self, common: &Common) {
		let Self { rows, missing, refused } = self;
		let paid: u128 = rows.iter().map(|(_, stake)| stake).sum();
		let mut text =
			format!("{} rows shown; you have their stakes, {} $OPEN", rows.len(), show_open(paid));
		if !missing.is_empty() {
			text += &format!(
				"\n{} rows that are demanded are not here, and nobody gives them: name their files, or a \
				 node that publishes them with --endpoint URL",
				missing.len()
			);
		}
		for why in refused {
			text += &format!("\na row was not shown: {why}");
		}
		let listed: Vec<Value> = rows
			.iter()
			.map(|(row, stake)| json!({ "row": row, "stake": stake.to_string() }))
			.collect();
		common.print(
			text,
			json!({ "shown": listed, "paid": paid.to_string(), "missing": missing,
				"refused": refused }),
		);
	}
}

impl ShowRowsCommand {
	pub async fn run(&self, common: &Common) -> Result<()> {
		let (chain, signer) = (common.chain().await?, common.signer()?);
		let (datanet, store, given) = (self.datanet, common.store()?, self.given()?);
		let endpoints = endpoints(&chain, datanet, &self.from).await?;
		let (mut tried, bar) = (BTreeSet::new(), common.bar("reading demands", 0));
		loop {
			let (now, mut done) = (chain.number().await?, Shown::default());
			for Demanded { row, demand, .. } in self.open(&chain, now).await? {
				if !self.file.is_empty() && !given.contains_key(&row) {
					continue;
				}
				// What nobody gives, or the chain refuses, is not tried again with every block.
				if !tried.insert((row, demand.until, now / RETRY)) {
					continue;
				}
				let found = match given.get(&row) {
					Some(found) => Some(found.clone()),
					None => content(&store, &row, &endpoints).await,
				};
				let Some(found) = found else {
					done.missing.push(row);
					continue;
				};
				match show(&chain, &signer, datanet, found).await {
					Ok(stake) => done.rows.push((row, stake)),
					Err(why) => done.refused.push(format!("{row:?}: {why}")),
				}
			}
			if self.watch {
				if !done.is_empty() {
					bar.suspend(|| done.print(common));
				}
				bar.set_message("waiting for demands");
				after(&chain, now).await?;
				continue;
			}
			if done.is_empty() && !self.file.is_empty() {
				return Err(format!(
					"these files have no row that is demanded: `openledger datanet demands {datanet}` lists \
					 those; a text is cut as it was for `contribute` if --row-bytes is the same"
				)
				.into());
			}
			bar.finish_and_clear();
			done.print(common);
			return Ok(());
		}
	}

	/// Demands that can be met.
	async fn open(&self, chain: &Chain, now: u32) -> Result<Vec<Demanded>> {
		let mut all = demands(chain, self.datanet).await?;
		all.retain(|one| one.stage(now) == Stage::Open);
		Ok(all)
	}

	/// The rows of the files, each as a whole and as it is cut.
	fn given(&self) -> Result<BTreeMap<Hash, Vec<u8>>> {
		let mut given = BTreeMap::new();
		for path in &self.file {
			let whole = std::fs::read(path)
				.map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
			let rows = cut(&String::from_utf8_lossy(&whole), self.row_bytes);
			for row in rows.into_iter().map(String::into_bytes).chain([whole]) {
				given.insert(openledger_blobs::hash(&row).into(), row);
			}
		}
		Ok(given)
	}
}

/// Shows a row; the stake that it earned, in wei.
async fn show(
	chain: &Chain,
	signer: &Signer,
	datanet: DatanetId,
	content: Vec<u8>,
) -> Result<u128> {
	let content = Content::try_from(content).map_err(|_| "the row is too long")?;
	let included = chain.send(signer, Call::show { datanet, content }).await?;
	event(included, |event| match event {
		RuntimeEvent::Balances(pallet_balances::Event::TransferOnHold { amount, .. }) => {
			Some(amount)
		},
		_ => None,
	})
}

impl DemandsCommand {
	pub async fn run(&self, common: &Common) -> Result<()> {
		let (chain, datanet) = (common.chain().await?, self.datanet);
		let (now, all) = (chain.number().await?, demands(&chain, datanet).await?);
		if all.is_empty() {
			common.print(format!("no row of Datanet {datanet} is demanded"), json!([]));
			return Ok(());
		}
		let mut table = table([
			"row",
			"bytes",
			"contributor",
			"demanded by",
			"stake $OPEN",
			"until block",
			"time left",
			"state",
		]);
		for one in &all {
			let Demand { who, stake, until, bytes, .. } = &one.demand;
			let contributor = one.registered.as_ref().map(|row| row.contributor.to_ss58check());
			table.add_row([
				format!("{:?}", one.row),
				bytes.to_string(),
				contributor.map_or(String::new(), |who| common.name(&who)),
				common.name(&who.to_ss58check()),
				show_open(*stake),
				until.to_string(),
				match one.stage(now) {
					Stage::Open => duration(until - now),
					Stage::Over | Stage::Gone => String::new(),
				},
				one.words(now).into(),
			]);
		}
		let is = |stage: Stage| all.iter().any(|one| one.stage(now) == stage);
		let mut text = table.to_string();
		if is(Stage::Open) {
			text += &format!(
				"\nwhoever has a row shows it for its stake: openledger datanet show-rows {datanet}"
			);
		}
		if is(Stage::Over) || is(Stage::Gone) {
			text += &format!(
				"\nanybody ends what is to be ended: openledger datanet end-demands {datanet}"
			);
		}
		let listed: Vec<Value> = all.iter().map(|one| one.json(now)).collect();
		common.print(text, json!(listed));
		Ok(())
	}
}

impl EndDemandsCommand {
	pub async fn run(&self, common: &Common) -> Result<()> {
		let (chain, signer) = (common.chain().await?, common.signer()?);
		let (datanet, now) = (self.datanet, chain.number().await?);
		let (mut ended, mut stakes, mut void, mut rewards) = (0, 0, Vec::new(), 0);
		let mut open = Vec::new();
		for one in demands(&chain, datanet).await? {
			if one.stage(now) == Stage::Open {
				open.push(one.demand.until);
				continue;
			}
			let call = Call::end_demand { datanet, hash: one.row };
			let included = chain.send(&signer, call).await?;
			ended += 1;
			stakes += one.demand.stake;
			let reward = included.events.iter().find_map(|event| match event {
				RuntimeEvent::Datanets(Event::RowWithheld { reward, .. }) => Some(*reward),
				_ => None,
			});
			if let Some(reward) = reward {
				void.push(one.row);
				rewards += reward;
			}
		}
		let mut text = format!(
			"{ended} demands ended, and their stakes are back, {} $OPEN; {} rows are void, and who demanded \
			 them has {} $OPEN of their bonds",
			show_open(stakes),
			void.len(),
			show_open(rewards)
		);
		if let Some(first) = open.iter().min() {
			text += &format!(
				"\n{} rows can still be shown, the first up to block {first}, in {} at the latest",
				open.len(),
				duration(first.saturating_sub(now))
			);
		}
		common.print(
			text,
			json!({ "ended": ended, "stakes": stakes.to_string(), "void": void,
				"rewards": rewards.to_string(), "open": open.len() }),
		);
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn demanded(registered: Option<bool>) -> Demanded {
		let demand = Demand { who: [1; 32].into(), stake: 9, until: 100, batch: 3, bytes: 4 };
		let row = |withdrawn| Registered {
			batch: 3,
			contributor: [2; 32].into(),
			bond: 1_000,
			withdrawn,
		};
		Demanded { row: Hash::repeat_byte(7), demand, registered: registered.map(row) }
	}

	#[test]
	fn stage_should_be_over_when_the_next_block_is_too_late() {
		let row = demanded(Some(false));
		assert_eq!([0, 99, 100].map(|now| row.stage(now)), [Stage::Open, Stage::Open, Stage::Over]);
		assert_eq!(demanded(None).stage(0), Stage::Gone);
		assert_eq!(demanded(Some(true)).words(0), "withdrawn, yet to be shown");
		assert_eq!(row.json(0)["reward"], "300");
	}

	#[test]
	fn duration_should_be_hours_and_minutes_when_blocks_take_long() {
		let all = [0, 19, 20, 1_199, 1_200, 28_799].map(duration);
		let said =
			["under a minute", "under a minute", "1 min", "59 min", "1 h 0 min", "23 h 59 min"];
		assert_eq!(all, said);
	}

	#[test]
	fn content_in_should_be_the_row_when_a_batch_shows_it() {
		let show = |content: &[u8]| -> RuntimeCall {
			Call::show { datanet: 0, content: content.to_vec().try_into().unwrap() }.into()
		};
		let calls = vec![show(b"another"), show(b"a row")];
		let call: RuntimeCall = pallet_utility::Call::batch_all { calls }.into();
		let row = |content: &[u8]| Hash::from(openledger_blobs::hash(content));
		assert_eq!(content_in(&call, row(b"a row")), Some(b"a row".to_vec()));
		assert_eq!(content_in(&call, row(b"a third")), None);
	}

	#[test]
	fn given_should_be_rows_of_a_text_and_the_text_when_files_are_named() {
		let path = std::env::temp_dir().join(format!("openledger-demands-{}", std::process::id()));
		std::fs::write(&path, "one two three four").unwrap();
		let from = Source { endpoint: Vec::new() };
		let file = vec![path.clone()];
		let command = ShowRowsCommand { datanet: 0, file, row_bytes: 8, watch: false, from };
		let given: BTreeSet<Vec<u8>> = command.given().unwrap().into_values().collect();
		std::fs::remove_file(path).unwrap();
		let rows = ["one two", "three", "four", "one two three four"];
		assert_eq!(given, BTreeSet::from(rows.map(|row| row.as_bytes().to_vec())));
	}
}
