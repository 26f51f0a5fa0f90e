use super::{
	datanet::{batches, cut, entry, rows, Consideration},
	model::Model,
	show_open, table, Blobs, Common,
};
use crate::chain::{all, Chain, Result, Signer};
use codec::{Decode, Encode};
use openledger_blobs::{Fetch, Space};
use openledger_core::{commitment, Announced, BatchId, DatanetId};
use openledger_duplicates::{find_with, group, Exhibit, Found, STEPS};
use openledger_influence_math::{shingles::NEAR_DUPLICATE, split};
use openledger_openlora::{Folder, Kept};
use pallet_datanets::{Announcement, Bond, Call, Content, Event, BOUNTY, NOTICE, WINDOW};
use polkadot_sdk::*;
use runtime::{
	openledger::{ByteBond, RowBond},
	AccountId, Hash, Runtime, RuntimeCall, RuntimeEvent,
};
use serde_json::{json, Value};
use sp_core::crypto::Ss58Codec;
use std::{
	collections::{BTreeSet, HashMap},
	path::{Path, PathBuf},
};

/// The most exhibits of one run of the command: each holds a deposit from its announcement on.
const AT_ONCE: usize = 64;
/// Letters of a row that a table shows.
const SHOWN: usize = 40;

/// Shows which rows stand in earlier ones, what that costs their contributors, and what to do.
///
/// A row stands in others if at least half of its text, and 79 letters and digits or more, is in up to
/// four rows that were registered before it, whatever their order, case and spaces. Such a row is taken
/// out, and its contributor loses its bond, as soon as somebody shows the rows on chain (`openledger
/// datanet exhibit`), who gets three tenths of that bond. So contributors look before they give, and
/// curators before they publish.
#[derive(Debug, clap::Args)]
pub struct DuplicatesCommand {
	/// The Datanet; without one the rows of --file are compared with each other alone.
	#[arg(required_unless_present = "file")]
	datanet: Option<DatanetId>,
	/// A text that is about to be contributed: which of its rows stand in those of the Datanet, or in
	/// earlier ones of the text.
	#[arg(long)]
	file: Option<PathBuf>,
	/// Bytes of a row of that text, about, as for `contribute`.
	#[arg(long, default_value_t = 256, requires = "file")]
	row_bytes: usize,
	#[command(flatten)]
	from: Source,
}

/// Shows on chain that rows of others stand in earlier ones: they are taken out, and three tenths of
/// their bonds are yours.
///
/// What is to be shown is announced first and shown ten blocks later, so that nobody who sees it on its
/// way can take the bounty; the announcement holds a deposit until then. Whatever ends the command in
/// between, running it again goes on where it was. The content of the rows is in the chain for ever.
#[derive(Debug, clap::Args)]
pub struct ExhibitCommand {
	/// The Datanet.
	datanet: DatanetId,
	/// Only rows whose hash begins so; your own ones are shown only if they are named here. All of
	/// others by default.
	#[arg(long, value_name = "HASH")]
	row: Vec<String>,
	#[command(flatten)]
	from: Source,
}

/// Where the content of rows comes from.
#[derive(Debug, clap::Args)]
pub struct Source {
	/// A node that publishes rows which this machine does not have, beside those of the Datanet's models.
	#[arg(long, value_name = "URL")]
	pub endpoint: Vec<String>,
}

/// Where a row is registered.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Place {
	/// The block at which it counts as registered.
	since: u32,
	batch: BatchId,
	contributor: AccountId,
	/// Whether the batch waits for its review.
	waits: bool,
}

/// A row that is compared with others.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Compared {
	hash: Hash,
	content: Vec<u8>,
	/// None if it is about to be given.
	place: Option<Place>,
	/// What is staked for it, in wei.
	bond: u128,
}

impl AsRef<[u8]> for Compared {
	fn as_ref(&self) -> &[u8] {
		&self.content
	}
}

impl Compared {
	/// A row that is not registered yet.
	fn given(text: &str) -> Self {
		let bond = Bond { row: RowBond::get(), byte: ByteBond::get() };
		Self {
			hash: openledger_blobs::hash(text.as_bytes()).into(),
			content: text.as_bytes().to_vec(),
			place: None,
			bond: bond.of(1, text.len() as u64),
		}
	}

	fn is_of(&self, who: &AccountId) -> bool {
		self.place.as_ref().is_some_and(|place| place.contributor == *who)
	}

	/// The batch, if it waits for its review.
	fn waits(&self) -> Option<BatchId> {
		self.place.as_ref().filter(|place| place.waits).map(|place| place.batch)
	}

	/// What who shows it gets of its bond.
	fn bounty(&self) -> u128 {
		bounty(self.bond)
	}

	/// The beginning of its text.
	fn beginning(&self) -> String {
		let text = String::from_utf8_lossy(&self.content);
		let shown: String = text.chars().take(SHOWN).collect();
		let more = if shown.len() < text.len() { "…" } else { "" };
		format!("{}{more}", shown.replace(char::is_control, " "))
	}
}

/// What of the bond of a void row goes to who made it void.
pub fn bounty(bond: u128) -> u128 {
	let [_, bounty] = split(bond, [openledger_core::BASIS_POINTS - BOUNTY, BOUNTY]);
	bounty
}

/// The beginning of a hash, which names a row.
fn short(hash: &Hash) -> String {
	format!("{hash:?}")[..12].into()
}

/// What was compared, and what stands in what.
pub struct Comparison {
	/// Registered rows in their order, then those that are about to be given.
	rows: Vec<Compared>,
	found: Vec<Found>,
	/// Rows that are about to be given and are, byte for byte, registered or in the text before.
	same: usize,
	/// Rows whose content nobody has.
	missing: Vec<Hash>,
	/// Who reviews batches of the Datanet.
	curator: Option<AccountId>,
}

impl Comparison {
	/// Compares rows that were registered, and texts that are about to be.
	fn new(
		mut registered: Vec<Compared>,
		given: &[String],
		missing: Vec<Hash>,
		step: &(dyn Fn() + Sync),
	) -> Self {
		registered.sort_by(|a, b| (&a.place, a.hash).cmp(&(&b.place, b.hash)));
		let mut known: BTreeSet<Hash> = registered.iter().map(|row| row.hash).collect();
		let (mut rows, mut same) = (registered, 0);
		for row in given.iter().map(|text| Compared::given(text)) {
			if known.insert(row.hash) {
				rows.push(row);
			} else {
				same += 1;
			}
		}
		let found = find_with(&rows, NEAR_DUPLICATE, step);
		Self { rows, found, same, missing, curator: None }
	}

	/// What was found of rows that are, or are not yet, registered.
	fn found(&self, registered: bool) -> impl Iterator<Item = (&Compared, &Found)> {
		let all = self.found.iter().map(|found| (&self.rows[found.later], found));
		all.filter(move |(row, _)| row.place.is_some() == registered)
	}

	/// The texts that add something to what is registered and was given before them.
	pub fn new_texts(&self) -> Vec<String> {
		let standing: BTreeSet<usize> = self.found.iter().map(|found| found.later).collect();
		let rows = self.rows.iter().enumerate();
		rows.filter(|(index, row)| row.place.is_none() && !standing.contains(index))
			.map(|(_, row)| String::from_utf8_lossy(&row.content).into_owned())
			.collect()
	}

	fn table(&self, common: &Common) -> comfy_table::Table {
		let mut table =
			table(["later row", "its text", "contained", "stands in", "owner", "bounty $OPEN"]);
		let owner = |row: &Compared| match &row.place {
			Some(place) => common.name(&place.contributor.to_ss58check()),
			None => "the file".into(),
		};
		for found in &self.found {
			let later = &self.rows[found.later];
			let earlier = found.earlier.iter().map(|row| &self.rows[*row]);
			let earlier: Vec<String> =
				earlier.map(|row| format!("{} of {}", short(&row.hash), owner(row))).collect();
			table.add_row([
				short(&later.hash),
				later.beginning(),
				format!("{:.1} %", f64::from(found.contained) / 100.0),
				earlier.join("\n"),
				owner(later),
				show_open(later.bounty()),
			]);
		}
		table
	}

	fn json(&self) -> Value {
		let found = self.found.iter().map(|found| {
			let later = &self.rows[found.later];
			let hash = |row: &usize| self.rows[*row].hash;
			json!({
				"row": later.hash,
				"earlier": found.earlier.iter().map(hash).collect::<Vec<_>>(),
				"contained": found.contained,
				"owner": later.place.as_ref().map(|place| place.contributor.to_ss58check()),
				"batch": later.place.as_ref().map(|place| place.batch),
				"bond": later.bond.to_string(),
				"bounty": later.bounty().to_string(),
			})
		});
		let found: Vec<Value> = found.collect();
		json!({ "rows": self.rows.len(), "missing": self.missing.len(),
			"missing_rows": self.missing, "same": self.same, "found": found })
	}
}

impl DuplicatesCommand {
	pub async fn run(&self, common: &Common) -> Result<()> {
		let given = match &self.file {
			Some(file) => texts(file, self.row_bytes)?,
			None => Vec::new(),
		};
		let comparison = match self.datanet {
			Some(datanet) => {
				let chain = common.chain().await?;
				compare(common, &chain, datanet, &self.from, &given).await?
			},
			None => {
				let bar = common.bar("rows compared", STEPS * given.len() as u64);
				let comparison = Comparison::new(Vec::new(), &given, Vec::new(), &|| bar.inc(1));
				bar.finish_and_clear();
				comparison
			},
		};
		let advice = self.advice(&comparison, &common.signer()?.account());
		let nothing = comparison.found.is_empty();
		let table = if nothing { String::new() } else { format!("{}\n", comparison.table(common)) };
		common.print(table + &advice, comparison.json());
		Ok(())
	}

	/// What there is, and what to do about it.
	fn advice(&self, comparison: &Comparison, me: &AccountId) -> String {
		let Comparison { rows, found, missing, .. } = comparison;
		let mut lines =
			vec![format!("{} of {} rows stand in earlier ones", found.len(), rows.len())];
		if let Some(datanet) = self.datanet {
			lines.extend(of_registered(comparison, datanet, me));
		}
		lines.extend(self.of_given(comparison));
		if let (Some(row), Some(datanet)) = (missing.first(), self.datanet) {
			lines.push(format!(
				"{} rows are not compared, as nobody gives their content: name a node that publishes them \
				 with --endpoint URL, or demand those that are accepted, such as the first\n  \
				 openledger datanet demand {datanet} {row:?}",
				missing.len()
			));
		}
		lines.join("\n")
	}

	/// What to do about rows that are about to be given.
	fn of_given(&self, comparison: &Comparison) -> Vec<String> {
		let (Some(file), same) = (&self.file, comparison.same) else { return Vec::new() };
		let rows: Vec<&Compared> = comparison.found(false).map(|(row, _)| row).collect();
		let mut lines = Vec::new();
		if !rows.is_empty() {
			let (count, bond) = (rows.len(), show_open(sum(&rows, |row| row.bond)));
			lines
				.push(format!("{count} of the text would be void, and {bond} $OPEN of bonds lost"));
		}
		if same > 0 {
			lines.push(format!("{same} more of the text are the same as others, byte for byte"));
		}
		if let Some(datanet) = self.datanet.filter(|_| !lines.is_empty()) {
			let (file, bytes) = (file.display(), self.row_bytes);
			lines.push(format!(
				"leave them out:\n  openledger datanet contribute {datanet} {file} --row-bytes {bytes} \
				 --only-new"
			));
		}
		lines
	}
}

fn sum(rows: &[&Compared], of: impl Fn(&Compared) -> u128) -> u128 {
	rows.iter().map(|row| of(row)).sum()
}

/// What to do about registered rows: one's own are withdrawn, those of others are shown.
fn of_registered(comparison: &Comparison, datanet: DatanetId, me: &AccountId) -> Vec<String> {
	let (mine, others): (Vec<&Compared>, Vec<&Compared>) =
		comparison.found(true).map(|(row, _)| row).partition(|row| row.is_of(me));
	let mut lines = Vec::new();
	if !mine.is_empty() {
		lines.push(format!(
			"{} are yours, with {} $OPEN of bonds: withdraw them before somebody shows them, and release \
			 the bonds {WINDOW} blocks later",
			mine.len(),
			show_open(sum(&mine, |row| row.bond))
		));
		for row in mine {
			lines.push(format!("  openledger datanet withdraw {datanet} {:?}", row.hash));
		}
	}
	if !others.is_empty() {
		lines.push(format!(
			"{} are of others: show that on chain, they are void and {} $OPEN is yours, less fees\n  \
			 openledger datanet exhibit {datanet}",
			others.len(),
			show_open(sum(&others, Compared::bounty))
		));
	}
	let waiting: BTreeSet<BatchId> = others.iter().filter_map(|row| row.waits()).collect();
	if comparison.curator.as_ref() == Some(me) {
		for batch in waiting {
			lines.push(format!(
				"batch {batch} waits for your review: to send all of it back instead, with its bonds\n  \
				 openledger datanet review {datanet} --reject {batch}"
			));
		}
	}
	lines
}

/// The rows of a text, as they are contributed.
fn texts(file: &Path, row_bytes: usize) -> Result<Vec<String>> {
	let text = std::fs::read_to_string(file).map_err(|error| {
		format!("{} cannot be read ({error}): give a text in UTF-8", file.display())
	})?;
	Ok(cut(&text, row_bytes))
}

/// Compares texts that are about to be given with the rows of a Datanet, and these with each other.
pub async fn compare(
	common: &Common,
	chain: &Chain,
	datanet: DatanetId,
	from: &Source,
	given: &[String],
) -> Result<Comparison> {
	let entry = entry(chain, datanet).await?;
	let (registered, missing) = registered(common, chain, datanet, from).await?;
	let bar = common.bar("rows compared", STEPS * (registered.len() + given.len()) as u64);
	let comparison = Comparison::new(registered, given, missing, &|| bar.inc(1));
	bar.finish_and_clear();
	Ok(Comparison { curator: Some(entry.curator), ..comparison })
}

/// The rows of a Datanet with their content, and those that have none here or anywhere.
async fn registered(
	common: &Common,
	chain: &Chain,
	datanet: DatanetId,
	from: &Source,
) -> Result<(Vec<Compared>, Vec<Hash>)> {
	let batches: HashMap<BatchId, _> = batches(chain, datanet).await?.into_iter().collect();
	let (store, all) = (common.store()?, rows(chain, datanet).await?);
	let endpoints = endpoints(chain, datanet, from).await?;
	let bar = common.bar("rows read", all.len() as u64);
	let (mut compared, mut missing) = (Vec::new(), Vec::new());
	for (id, row) in all {
		bar.inc(1);
		// A batch that was contributed while this read.
		let Some(batch) = batches.get(&id) else { continue };
		let Some(content) = content(&store, &row.hash, &endpoints).await else {
			missing.push(row.hash);
			continue;
		};
		compared.push(Compared {
			hash: row.hash,
			bond: batch.bond.of(1, row.bytes.into()),
			place: Some(Place {
				since: batch.since,
				batch: id,
				contributor: batch.contributor.clone(),
				waits: batch.scores.is_none(),
			}),
			content,
		});
	}
	bar.finish_and_clear();
	Ok((compared, missing))
}

/// The content of a row, from here or from who publishes it.
pub async fn content(store: &Blobs, hash: &Hash, endpoints: &[String]) -> Option<Vec<u8>> {
	let wanted = Fetch { space: Space::Public, hash: hash.0, endpoints, authorization: None };
	openledger_blobs::fetch(&store.0, wanted).await.ok()
}

/// Who publishes rows of a Datanet: named ones, then those who trained models on it.
pub async fn endpoints(chain: &Chain, datanet: DatanetId, from: &Source) -> Result<Vec<String>> {
	let mut endpoints = from.endpoint.clone();
	for (_, model) in chain.values::<Model>(&all("Models", "Models")).await? {
		let url = String::from_utf8_lossy(&model.run.endpoint).into_owned();
		if model.run.datanet == datanet && !endpoints.contains(&url) {
			endpoints.push(url);
		}
	}
	Ok(endpoints)
}

/// What was announced and is to be shown.
#[derive(Clone, Encode, Decode)]
struct Shown {
	genesis: Hash,
	who: AccountId,
	datanet: DatanetId,
	earlier: Vec<Hash>,
	later: Vec<Hash>,
	salt: Hash,
}

impl Shown {
	fn commitment(&self) -> Hash {
		let (earlier, later) = (self.earlier.clone(), self.later.clone());
		commitment(&self.who, self.datanet, &Announced::Exhibit { earlier, later }, &self.salt)
	}
}

impl Kept for Shown {
	fn name(&self) -> String {
		hex::encode(self.commitment())
	}
}

/// What became of exhibits.
#[derive(Default)]
struct Outcome {
	void: usize,
	bounty: u128,
	refused: Vec<String>,
}

impl ExhibitCommand {
	pub async fn run(&self, common: &Common, chain: &Chain, signer: &Signer) -> Result<()> {
		let folder = Folder::<Shown>::open(&common.blobs.join("exhibits"))?;
		let mut waiting = self.waiting(chain, signer, &folder).await?;
		let comparison = compare(common, chain, self.datanet, &self.from, &[]).await?;
		let announced: BTreeSet<Hash> =
			waiting.iter().flat_map(|(shown, _)| shown.later.clone()).collect();
		let found = self.wanted(&comparison, &signer.account(), &announced)?;
		let mut exhibits = group(&comparison.rows, &found);
		let left = exhibits.len().saturating_sub(AT_ONCE);
		exhibits.truncate(AT_ONCE);
		if !exhibits.is_empty() {
			let new = self.announce(chain, signer, &folder, &comparison.rows, &exhibits).await?;
			waiting.extend(new);
		}
		if waiting.is_empty() {
			let text = "there is nothing to show: no row of others stands in earlier ones";
			common.print(text, json!({ "void": 0, "bounty": "0", "refused": [], "left": 0 }));
			return Ok(());
		}
		let outcome = show(common, chain, signer, &folder, waiting).await?;
		let Outcome { void, bounty, refused } = outcome;
		let mut text = format!("{void} rows are void; you have {} $OPEN", show_open(bounty));
		for why in &refused {
			text += &format!("\nan exhibit was refused and its deposit is back, run this again for its other rows: {why}");
		}
		if left > 0 {
			text += &format!("\n{left} more exhibits: openledger datanet exhibit {}", self.datanet);
		}
		let json = json!({ "void": void, "bounty": bounty.to_string(), "refused": refused,
			"left": left });
		common.print(text, json);
		Ok(())
	}

	/// What this machine announced and did not show, with its block; forgets what the chain does not know.
	async fn waiting(
		&self,
		chain: &Chain,
		signer: &Signer,
		folder: &Folder<Shown>,
	) -> Result<Vec<(Shown, u32)>> {
		let mut waiting = Vec::new();
		for shown in folder.waiting()? {
			let mine = (shown.genesis, shown.datanet) == (chain.genesis, self.datanet)
				&& shown.who == signer.account();
			if !mine {
				continue;
			}
			match announced_at(chain, &shown).await? {
				Some(at) => waiting.push((shown, at)),
				None => folder.done(&shown)?,
			}
		}
		Ok(waiting)
	}

	/// What was found and is to be shown.
	fn wanted(
		&self,
		comparison: &Comparison,
		me: &AccountId,
		announced: &BTreeSet<Hash>,
	) -> Result<Vec<Found>> {
		let begins = |row: &Compared, name: &String| {
			hex::encode(row.hash).starts_with(&name.trim_start_matches("0x").to_lowercase())
		};
		if let Some(name) = self
			.row
			.iter()
			.find(|name| !comparison.found(true).any(|(row, _)| begins(row, name)))
		{
			return Err(format!(
				"no row {name} stands in earlier ones: openledger datanet duplicates {} lists those that do",
				self.datanet
			)
			.into());
		}
		let named = |row: &Compared| self.row.iter().any(|name| begins(row, name));
		let wanted = |row: &Compared| if self.row.is_empty() { !row.is_of(me) } else { named(row) };
		let all = comparison.found(true);
		let new = all.filter(|(row, _)| wanted(row) && !announced.contains(&row.hash));
		Ok(new.map(|(_, found)| found.clone()).collect())
	}

	/// Announces exhibits; what is to be shown is on disk before the chain has the announcements.
	async fn announce(
		&self,
		chain: &Chain,
		signer: &Signer,
		folder: &Folder<Shown>,
		rows: &[Compared],
		exhibits: &[Exhibit],
	) -> Result<Vec<(Shown, u32)>> {
		let hashes = |of: &[usize]| of.iter().map(|row| rows[*row].hash).collect();
		let shown: Vec<Shown> = exhibits
			.iter()
			.map(|exhibit| Shown {
				genesis: chain.genesis,
				who: signer.account(),
				datanet: self.datanet,
				earlier: hashes(&exhibit.earlier),
				later: hashes(&exhibit.later),
				salt: rand::random::<[u8; 32]>().into(),
			})
			.collect();
		for one in &shown {
			folder.put(one)?;
		}
		let call =
			|one: &Shown| -> RuntimeCall { Call::announce { commitment: one.commitment() }.into() };
		let calls: Vec<RuntimeCall> = shown.iter().map(call).collect();
		chain.send(signer, pallet_utility::Call::batch_all { calls }).await?;
		let mut announced = Vec::new();
		for one in shown {
			let at = announced_at(chain, &one).await?.ok_or("the announcement is gone")?;
			announced.push((one, at));
		}
		Ok(announced)
	}
}

/// The block of an announcement, if it was not shown or retracted.
async fn announced_at(chain: &Chain, shown: &Shown) -> Result<Option<u32>> {
	let (who, commitment) = (&shown.who, shown.commitment());
	let key = pallet_datanets::Announcements::<Runtime>::hashed_key_for(who, commitment);
	let announcement: Option<Announcement<Consideration>> = chain.read(&key).await?;
	Ok(announcement.map(|announcement| announcement.at))
}

/// Shows what was announced, as soon as it may be shown.
async fn show(
	common: &Common,
	chain: &Chain,
	signer: &Signer,
	folder: &Folder<Shown>,
	mut waiting: Vec<(Shown, u32)>,
) -> Result<Outcome> {
	waiting.sort_by_key(|(_, at)| *at);
	let (store, mut outcome) = (common.store()?, Outcome::default());
	let bar = common.bar("exhibits", waiting.len() as u64);
	for (shown, at) in waiting {
		let ready = at + NOTICE;
		chain
			.until(|| async {
				let now = chain.number().await?;
				// What is shown in the next block.
				let left = ready.saturating_sub(now + 1);
				bar.set_message(match left {
					0 => "exhibits".into(),
					left => format!("{left} blocks until they count"),
				});
				Ok((left == 0).then_some(()))
			})
			.await?;
		match exhibit(chain, signer, &store, &shown).await {
			Ok((void, bounty)) => {
				outcome.void += void;
				outcome.bounty += bounty;
			},
			Err(why) => {
				outcome.refused.push(why.to_string());
				let (who, commitment) = (signer.account(), shown.commitment());
				chain.send(signer, Call::retract { who, commitment }).await?;
			},
		}
		folder.done(&shown)?;
		bar.inc(1);
	}
	bar.finish_and_clear();
	Ok(outcome)
}

/// Shows rows; how many are void, and the bounty.
async fn exhibit(
	chain: &Chain,
	signer: &Signer,
	store: &Blobs,
	shown: &Shown,
) -> Result<(usize, u128)> {
	let contents = |hashes: &[Hash]| -> Result<Vec<Content>> {
		let content = |hash: &Hash| -> Result<Content> {
			Ok(store.get(hash)?.try_into().map_err(|_| "a row is too long")?)
		};
		hashes.iter().map(content).collect()
	};
	let (earlier, later) = (contents(&shown.earlier)?, contents(&shown.later)?);
	let call = Call::exhibit {
		datanet: shown.datanet,
		earlier: earlier.try_into().map_err(|_| "too many earlier rows")?,
		later: later.try_into().map_err(|_| "too many later rows")?,
		salt: shown.salt,
	};
	let included = chain.send(signer, call).await?;
	let bounties = included.events.iter().filter_map(|event| match event {
		RuntimeEvent::Datanets(Event::RowVoided { bounty, .. }) => Some(*bounty),
		_ => None,
	});
	let bounties: Vec<u128> = bounties.collect();
	Ok((bounties.len(), bounties.iter().sum()))
}

#[cfg(test)]
mod tests {
	use super::*;

	/// A text of words that no other seed has.
	fn text(seed: u32) -> String {
		let words = (0..40).map(|n| format!("{:05x}", (seed * 40 + n).wrapping_mul(0x9e37)));
		words.collect::<Vec<_>>().join(" ")
	}

	fn person(n: u8) -> AccountId {
		[n; 32].into()
	}

	fn registered(text: &str, since: u32, batch: BatchId, who: u8) -> Compared {
		let contributor = person(who);
		let place = Some(Place { since, batch, contributor, waits: batch > 5 });
		Compared { place, bond: 1_000, ..Compared::given(text) }
	}

	/// A row of the first person, copied by the second one and by the third one.
	fn comparison(given: &[String]) -> Comparison {
		let copy = text(1).to_uppercase();
		let rows = vec![
			registered(&format!("{} end", text(1)), 9, 6, 3),
			registered(&copy, 7, 5, 2),
			registered(&text(2), 8, 4, 2),
			// Announced, so that it counts before those of earlier batches.
			registered(&text(1), 3, 7, 1),
		];
		Comparison::new(rows, given, Vec::new(), &|| ())
	}

	fn command(datanet: Option<DatanetId>, file: Option<&str>) -> DuplicatesCommand {
		let from = Source { endpoint: Vec::new() };
		DuplicatesCommand { datanet, file: file.map(PathBuf::from), row_bytes: 256, from }
	}

	fn exhibit(row: &[String]) -> ExhibitCommand {
		ExhibitCommand { datanet: 0, row: row.to_vec(), from: Source { endpoint: Vec::new() } }
	}

	#[test]
	fn comparison_should_name_the_rows_registered_later_when_batches_come_in_another_order() {
		let comparison = comparison(&[]);
		let found: Vec<(u32, Vec<usize>)> = comparison
			.found(true)
			.map(|(row, found)| (row.place.as_ref().unwrap().since, found.earlier.clone()))
			.collect();
		assert_eq!(found, [(7, vec![0]), (9, vec![0])]);
		assert_eq!(comparison.rows[0].content, text(1).into_bytes());
		assert_eq!(comparison.rows[1].bounty(), 300);
	}

	#[test]
	fn new_texts_should_be_those_that_add_something_when_others_are_registered_or_come_twice() {
		let near = format!("{} more", text(2));
		let comparison = comparison(&[text(1), near, text(3), text(4), text(3)]);
		assert_eq!(comparison.new_texts(), [text(3), text(4)]);
		assert_eq!((comparison.same, comparison.found(false).count()), (2, 1));
	}

	#[test]
	fn advice_should_be_commands_when_rows_stand_in_others() {
		let mut comparison = comparison(&[format!("{} more", text(2))]);
		comparison.curator = Some(person(1));
		let of = |who| command(Some(4), Some("text")).advice(&comparison, &person(who));
		let copy: Hash = openledger_blobs::hash(text(1).to_uppercase().as_bytes()).into();
		let contributor = of(2);
		for line in [
			"3 of 5 rows stand in earlier ones",
			format!("  openledger datanet withdraw 4 {copy:?}").as_str(),
			"  openledger datanet exhibit 4",
			"  openledger datanet contribute 4 text --row-bytes 256 --only-new",
		] {
			assert!(contributor.lines().any(|other| other == line), "{line:?} in\n{contributor}");
		}
		assert!(!contributor.contains("--reject"));
		assert!(of(1).contains("openledger datanet review 4 --reject 6"));
		let alone = Comparison::new(Vec::new(), &[text(1), text(2)], Vec::new(), &|| ());
		let nothing = command(None, Some("text")).advice(&alone, &person(1));
		assert_eq!(nothing, "0 of 2 rows stand in earlier ones");
	}

	#[test]
	fn advice_should_name_a_row_to_demand_when_nobody_gives_it() {
		let missing = vec![Hash::repeat_byte(7), Hash::repeat_byte(8)];
		let comparison = Comparison::new(Vec::new(), &[], missing, &|| ());
		let advice = command(Some(4), None).advice(&comparison, &person(1));
		assert!(advice.contains(&format!("datanet demand 4 0x{}", "07".repeat(32))), "{advice}");
		assert_eq!(comparison.json()["missing"], 2);
	}

	#[test]
	fn wanted_should_be_rows_of_others_when_none_are_named() {
		let (comparison, none) = (comparison(&[]), BTreeSet::new());
		let wanted = |row: &[String], me, announced: &BTreeSet<Hash>| -> Result<Vec<u32>> {
			let found = exhibit(row).wanted(&comparison, &person(me), announced)?;
			let since = |found: &Found| comparison.rows[found.later].place.as_ref().unwrap().since;
			Ok(found.iter().map(since).collect())
		};
		assert_eq!(wanted(&[], 1, &none).unwrap(), [7, 9]);
		assert_eq!(wanted(&[], 2, &none).unwrap(), [9]);
		let copy = comparison.rows[1].hash;
		assert_eq!(wanted(&[], 1, &[copy].into()).unwrap(), [9]);
		// One's own only by its name.
		assert_eq!(wanted(&[short(&copy)], 2, &none).unwrap(), [7]);
		let why = wanted(&["0x77".repeat(9)], 2, &none).unwrap_err().to_string();
		assert!(why.contains("openledger datanet duplicates 0"), "{why}");
	}

	#[test]
	fn beginning_should_be_one_line_when_the_text_is_long() {
		let row = Compared::given(&format!("ünd\n{}", text(1)));
		assert_eq!(row.beginning(), format!("ünd {}…", &text(1)[..SHOWN - 4]));
		assert_eq!(Compared::given("short").beginning(), "short");
	}
}
