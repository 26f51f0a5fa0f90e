//! What all arms of `scripts/bench attribution` share: options, retrainings that are kept, texts.

use indicatif::{ProgressBar, ProgressStyle};
use openledger_factory::{
	adapter, base::Pretraining, hash, train, train::fingerprint, Base, Hash, Recipe, Row, Subset,
	Wanted,
};
use openledger_graph::Gpt;
use openledger_influence::{
	baselines::Gradients,
	gradient::{solve, Features, Names},
	Generator, Sampling, Scorer, NAT,
};
use openledger_influence_math::{psi::ONE, Psi};
use openledger_onnx::ExecutionClass;
use rand_chacha::{
	rand_core::{RngCore, SeedableRng},
	ChaCha8Rng,
};
use rayon::prelude::*;
use serde::{de::DeserializeOwned, Deserialize, Serialize};
use std::{
	collections::BTreeMap,
	env, fs,
	path::{Path, PathBuf},
	sync::Arc,
	time::Instant,
};
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

pub const NAMES: [&str; 8] =
	["Apache-2.0", "Artistic", "CC0-1.0", "GFDL-1.3", "GPL-3", "LGPL-2.1", "MPL-1.1", "MPL-2.0"];
pub const BLOCKS: usize = NAMES.len();
pub const ALL: usize = (1 << BLOCKS) - 1;
/// Tokens of a row, and of a passage that is held out.
pub const ROW: usize = 128;
/// Tokens of a passage that an answer goes on from.
pub const PROMPT: usize = 32;
/// Held-out passages of a licence.
pub const HELD_OUT: usize = 5;
/// Temperatures of served answers, and their names in the figures.
pub const TEMPERATURES: [(f32, &str); 4] = [(0.0, "t0"), (0.3, "t03"), (0.7, "t07"), (1.0, "t1")];
/// Counterfactual adapters whose gradients are averaged.
pub const PROBES: usize = 3;
/// Adapters that one call of the factory trains.
pub const CHUNK: usize = 24;

pub const HELP: &str = "\
usage: scripts/bench attribution [options]
  --seed N       other seeds for every retraining, design and answer (1)
  --arm NAME     equal: the same training rows of every licence; natural: all rows; both (both);
                 text: 48 blocks, six of each licence, against retrainings on halves of them;
                 fortunes: the same with 40 categories of Debian's fortunes;
                 facts: which rows state the fact that an answer states;
                 cost: seconds and memory as blocks, adapters, rows and answers grow;
                 device: the processor's speeds, or a GPU's beside them (OPENLEDGER_PROVIDER)
  --chain FILE   instead: the shares that a chain paid, as `openledger model export` wrote them
  --store DIR    the blob store that the exported model's base is in
  --adapters K   counterfactual adapters (16)
  --epochs N     how often a retraining sees each row (the factory's default, and twice that on
                 equal rows, of which there are a third as many)
  --rate X       its highest learning rate (the factory's default)
  --averaged X   the last part of its steps, of 1, whose weights it is the mean of (the factory's
                 default); 0 for the last weights
  --output DIR   where attribution.json is written (bench-results)";

pub struct Options {
	pub seed: u64,
	pub arms: Vec<&'static str>,
	/// What a chain paid, and the blob store of its model.
	pub chain: Option<(PathBuf, PathBuf)>,
	pub adapters: u16,
	pub epochs: Option<usize>,
	pub recipe: Recipe,
	pub output: PathBuf,
}

impl Options {
	pub fn parse() -> Result<Self> {
		let mut options = Self {
			seed: 1,
			arms: vec!["equal", "natural"],
			chain: None,
			adapters: 16,
			epochs: None,
			recipe: Recipe::default(),
			output: "bench-results".into(),
		};
		let (mut exported, mut store) = (None, None);
		let mut args = env::args().skip(1);
		while let Some(name) = args.next() {
			if name == "--help" {
				println!("{HELP}");
				std::process::exit(0);
			}
			let value = args.next().ok_or_else(|| format!("{name} has no value\n{HELP}"))?;
			let wrong = || format!("{name} cannot be {value}\n{HELP}");
			match name.as_str() {
				"--seed" => options.seed = value.parse().map_err(|_| wrong())?,
				"--adapters" => options.adapters = value.parse().map_err(|_| wrong())?,
				"--epochs" => options.epochs = Some(value.parse().map_err(|_| wrong())?),
				"--averaged" => options.recipe.averaged = value.parse().map_err(|_| wrong())?,
				"--rate" => options.recipe.rate = value.parse().map_err(|_| wrong())?,
				"--output" => options.output = value.into(),
				"--chain" => exported = Some(value.into()),
				"--store" => store = Some(value.into()),
				"--arm" => {
					options.arms = match value.as_str() {
						"equal" => vec!["equal"],
						"natural" => vec!["natural"],
						"both" => vec!["equal", "natural"],
						"text" => vec!["text"],
						"fortunes" => vec!["fortunes"],
						"facts" => vec!["facts"],
						"cost" => vec!["cost"],
						"device" => vec!["device"],
						_ => return Err(wrong().into()),
					}
				},
				_ => return Err(format!("there is no option {name}\n{HELP}").into()),
			}
		}
		options.chain = match (exported, store) {
			(Some(exported), Some(store)) => Some((exported, store)),
			(None, None) => None,
			_ => return Err(format!("--chain and --store go together\n{HELP}").into()),
		};
		Ok(options)
	}

	/// Seeds of one use are those of no other.
	pub fn seed(&self, what: &str) -> u64 {
		let hash = hash(format!("{}/{what}", self.seed).as_bytes());
		u64::from_le_bytes([hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]])
	}
}

/// What is kept between runs.
pub struct Cache {
	pub folder: PathBuf,
	/// The execution class: under another one nothing is the same.
	pub class: Hash,
}

impl Cache {
	pub fn open() -> Result<Self> {
		let home = || PathBuf::from(env::var_os("HOME").unwrap_or_default());
		let cache = env::var_os("OPENLEDGER_CACHE").map(PathBuf::from).unwrap_or_else(|| {
			let xdg = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
			xdg.unwrap_or_else(|| home().join(".cache")).join("openledger")
		});
		let folder = cache.join("bench").join("attribution");
		fs::create_dir_all(&folder)
			.map_err(|e| format!("{} cannot be made: {e}", folder.display()))?;
		Ok(Self { folder, class: ExecutionClass::current().hash() })
	}

	pub fn path(&self, kind: &str, key: &[u8]) -> PathBuf {
		let key = hash(&[&self.class[..], kind.as_bytes(), key].concat());
		self.folder.join(format!("{kind}-{}", hex::encode(key)))
	}

	pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
		let part = path.with_extension("part");
		fs::write(&part, bytes)
			.and_then(|()| fs::rename(&part, path))
			.map_err(|e| format!("{} cannot be written: {e}", path.display()).into())
	}

	/// A value that is computed unless it is kept.
	pub fn value<T: Serialize + DeserializeOwned>(
		&self,
		kind: &str,
		key: &[u8],
		compute: impl FnOnce() -> Result<T>,
	) -> Result<T> {
		let path = self.path(kind, key);
		if let Some(kept) = fs::read(&path).ok().and_then(|b| serde_json::from_slice(&b).ok()) {
			return Ok(kept);
		}
		let value = compute()?;
		Self::write(&path, &serde_json::to_vec(&value)?)?;
		Ok(value)
	}
}

/// What a retraining came to.
#[derive(Clone, Serialize, Deserialize)]
pub struct Retrained {
	/// BLAKE2b-256 of the adapter's file.
	pub adapter: String,
	/// Its part of the time that it was trained in.
	pub seconds: f64,
}

/// Adapters with what they came to.
pub struct Adapters {
	pub flat: Vec<Vec<f32>>,
	pub notes: Vec<Retrained>,
}

impl Adapters {
	pub fn seconds(&self) -> f64 {
		self.notes.iter().map(|note| note.seconds).sum()
	}
}

/// An answer: tokens that it goes on from, and its own.
#[derive(Clone, Serialize, Deserialize)]
pub struct Answer {
	pub prompt: Vec<u32>,
	pub completion: Vec<u32>,
	/// The licence that the passage is of.
	pub of: usize,
}

/// What is scored.
pub struct Asked {
	pub answers: Vec<Answer>,
	pub sets: Vec<Set>,
	/// Seconds that the served ones took.
	pub serving: f64,
	/// Names all of it.
	pub key: Vec<u8>,
}

pub struct Bench {
	pub cache: Cache,
	pub base: Arc<Base>,
	pub base_hash: Hash,
	pub options: Options,
}

impl Bench {
	pub fn bar(what: String, length: usize) -> ProgressBar {
		let style = ProgressStyle::with_template("{msg:32} {wide_bar} {pos}/{len} {eta}");
		let bar = ProgressBar::new(length as u64).with_message(what);
		match style {
			Ok(style) => bar.with_style(style),
			Err(_) => bar,
		}
	}

	/// All adapters that are wanted, kept ones first. `together`: in one call on two threads, as a
	/// version is trained, else in several at once.
	pub fn retrain(
		&self,
		recipe: Recipe,
		what: &str,
		rows: &[Row],
		wanted: &[impl Into<Wanted> + Copy],
		seed: &str,
		together: bool,
	) -> Result<Adapters> {
		let wanted: Vec<Wanted> = wanted.iter().map(|one| (*one).into()).collect();
		let recipe = Recipe { seed: self.options.seed(seed), ..recipe };
		let path = |one: &Wanted| {
			self.cache.path("adapter", &fingerprint(&self.base_hash, rows, one, &recipe))
		};
		let kept = |one: &Wanted| -> Option<(Vec<f32>, Retrained)> {
			let path = path(one);
			let file = fs::read(&path).ok()?;
			let note: Retrained =
				serde_json::from_slice(&fs::read(path.with_extension("json")).ok()?).ok()?;
			(hex::encode(hash(&file)) == note.adapter).then_some(())?;
			Some((adapter::from_file(&self.base, &file).ok()?, note))
		};
		let missing: Vec<Wanted> =
			wanted.iter().filter(|one| kept(one).is_none()).copied().collect();
		let bar = Self::bar(format!("retraining: {what}"), missing.len());
		let (size, threads) = if together { (missing.len().max(1), 2) } else { (CHUNK, 1) };
		// Of every size some in each chunk, and for two threads as many chunks.
		let chunks = missing.len().div_ceil(size);
		let chunks = if together { chunks } else { chunks.next_multiple_of(2) };
		let chunk = |i: usize| missing.iter().skip(i).step_by(chunks).copied().collect::<Vec<_>>();
		(0..chunks).into_par_iter().try_for_each(|i| -> Result<()> {
			let (chunk, start) = (chunk(i), Instant::now());
			let nothing = &mut |_: usize, _: usize, _: f32| {};
			let adapters = train(&self.base, rows, &chunk, &recipe, threads, nothing)?;
			let seconds = start.elapsed().as_secs_f64() / chunk.len() as f64;
			for (one, flat) in chunk.iter().zip(adapters) {
				let (file, path) = (adapter::to_file(&self.base, &flat)?, path(one));
				let note = Retrained { adapter: hex::encode(hash(&file)), seconds };
				Cache::write(&path, &file)?;
				Cache::write(&path.with_extension("json"), &serde_json::to_vec(&note)?)?;
				bar.inc(1);
			}
			Ok(())
		})?;
		bar.finish_and_clear();
		let read = |one| kept(one).ok_or("a retraining was not kept: is the disk full?");
		let both = wanted.iter().map(read).collect::<std::result::Result<Vec<_>, _>>()?;
		let (flat, notes) = both.into_iter().unzip();
		Ok(Adapters { flat, notes })
	}

	/// Passages that were held out, and what the published adapter says instead at every temperature.
	pub fn asked(
		&self,
		(published, note): (Vec<f32>, &Retrained),
		passages: &[Answer],
	) -> Result<Asked> {
		let mut key = hash(&serde_json::to_vec(&(&note.adapter, passages))?).to_vec();
		key.extend(self.options.seed.to_le_bytes());
		let (served, serving): (Vec<Answer>, f64) = self.cache.value("answers", &key, || {
			let bar = Self::bar("serving".into(), TEMPERATURES.len() * passages.len());
			let start = Instant::now();
			let mut generator = Generator::new(self.base.clone(), published, 1)?;
			let mut served = Vec::new();
			for (temperature, name) in TEMPERATURES {
				for (i, passage) in passages.iter().enumerate() {
					let seed = self.options.seed(&format!("{name}/{i}"));
					let how = Sampling { temperature, max_tokens: ROW - PROMPT, seed };
					let (completion, _) = generator.generate(&passage.prompt, how, |_| true)?;
					served.push(Answer { completion, ..passage.clone() });
					bar.inc(1);
				}
			}
			bar.finish_and_clear();
			Ok((served, start.elapsed().as_secs_f64()))
		})?;
		let names = std::iter::once("held_out").chain(TEMPERATURES.map(|(_, name)| name));
		let count = passages.len();
		let set = |(i, name)| Set { name, answers: i * count..(i + 1) * count };
		let sets = names.enumerate().map(set).collect();
		Ok(Asked { answers: [passages.to_vec(), served].concat(), sets, serving, key })
	}

	/// Scores of every answer by every metric, under an adapter of all rows.
	pub fn gradients(
		&self,
		(published, note): (Vec<f32>, &Retrained),
		rows: &[Row],
		blocks: usize,
		answers: &[Answer],
	) -> Result<[Vec<Vec<f64>>; 3]> {
		let of: Vec<usize> = rows.iter().map(|row| row.block).collect();
		let key = serde_json::to_vec(&(&note.adapter, of, answers))?;
		self.cache.value("gradients", &key, || {
			let bar = Self::bar("gradients".into(), answers.len());
			let mut gradient = Gradients::new(self.base.clone(), published, rows, blocks, 2)?;
			let mut all: [Vec<Vec<f64>>; 3] = Default::default();
			for answer in answers {
				let scores = gradient.scores(&answer.prompt, &answer.completion)?;
				all.iter_mut().zip(scores).for_each(|(all, scores)| all.push(scores));
				bar.inc(1);
			}
			bar.finish_and_clear();
			Ok(all)
		})
	}

	/// Scores of every answer by the gradient method with so many columns, as the runtime computes them.
	pub fn by_features(
		&self,
		(published, note): (Vec<f32>, &Retrained),
		rows: &[Row],
		blocks: usize,
		answers: &[Answer],
		columns: u16,
	) -> Result<Vec<Vec<f64>>> {
		let of: Vec<usize> = rows.iter().map(|row| row.block).collect();
		let seed = hash(&self.options.seed("map").to_le_bytes());
		let key = serde_json::to_vec(&(&note.adapter, of, answers, seed, columns))?;
		self.cache.value("features", &key, || {
			let bar = Self::bar(format!("features, D = {columns}"), answers.len());
			let names = Names { adapter: [0; 32], manifest: [0; 32], seed, columns };
			let solution = solve(self.base.clone(), published.clone(), rows, blocks, &names, 1)?;
			let psi = Psi::new(blocks, columns, solution.psi())
				.and_then(|psi| psi.check_bounds().map(|()| psi))
				.map_err(|e| format!("Ψ of features: {e:?}"))?;
			let mut features = Features::new(self.base.clone(), published, &solution.map, 1)?;
			let mut all = Vec::new();
			for answer in answers {
				let found = features.of(&answer.prompt, &answer.completion)?;
				all.push(scores(&psi, &[&[0, 0][..], &found].concat()));
				bar.inc(1);
			}
			bar.finish_and_clear();
			Ok(all)
		})
	}

	/// Whitened scores of every answer, the mean over the first [`PROBES`] adapters: those that did not
	/// see a row say more about it than the published one.
	pub fn mean_gradients(
		&self,
		adapters: &Adapters,
		rows: &[Row],
		blocks: usize,
		answers: &[Answer],
	) -> Result<Vec<Vec<f64>>> {
		let mut sum = vec![vec![0.0; blocks]; answers.len()];
		for (flat, note) in adapters.flat.iter().zip(&adapters.notes).take(PROBES) {
			let [.., whitened] = self.gradients((flat.clone(), note), rows, blocks, answers)?;
			for (sum, scores) in sum.iter_mut().flatten().zip(whitened.iter().flatten()) {
				*sum += scores / PROBES as f64;
			}
		}
		Ok(sum)
	}

	/// Log-probabilities in nats: of every answer under the base model and every adapter.
	pub fn values(
		&self,
		what: &str,
		adapters: &[Vec<f32>],
		answers: &[Answer],
	) -> Result<Vec<Vec<f64>>> {
		let mut key = self.base_hash.to_vec();
		for flat in adapters {
			key.extend(hash(&flat.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>()));
		}
		key.extend(serde_json::to_vec(answers)?);
		self.cache.value("values", &key, || {
			let bar = Self::bar(format!("scoring: {what}"), adapters.len() * answers.len());
			let parts: Vec<Vec<Vec<f64>>> = adapters
				.par_chunks(32)
				.map(|adapters| -> Result<Vec<Vec<f64>>> {
					let mut scorer = Scorer::new(self.base.clone(), adapters, 1)?;
					let score = |answer: &Answer| {
						bar.inc(adapters.len() as u64);
						Ok(scorer.log_probabilities(&answer.prompt, &answer.completion)?)
					};
					answers.iter().map(score).collect()
				})
				.collect::<Result<_>>()?;
			bar.finish_and_clear();
			Ok((0..answers.len())
				.map(|i| {
					let mut row = vec![parts[0][i][0]];
					parts.iter().for_each(|part| row.extend(&part[i][1..]));
					row
				})
				.collect())
		})
	}
}

/// Texts of the licences, every run of white space one space.
pub fn licences() -> Result<Vec<String>> {
	NAMES
		.iter()
		.map(|name| {
			let path = format!("/usr/share/common-licenses/{name}");
			let text = fs::read_to_string(&path)
				.map_err(|e| format!("{path}: {e}; Debian's package base-files has it"))?;
			Ok(text.split_whitespace().collect::<Vec<_>>().join(" "))
		})
		.collect()
}

/// Where Debian's packages fortunes and fortunes-min put one file for each category.
const FORTUNES: &str = "/usr/share/games/fortunes";

/// Texts of the largest categories of fortunes, by name, every run of white space one space.
pub fn categories(count: usize) -> Result<Vec<String>> {
	let missing =
		|e| format!("{FORTUNES}: {e}; Debian's packages fortunes and fortunes-min have it");
	let mut all = Vec::new();
	for entry in fs::read_dir(FORTUNES).map_err(missing)? {
		let path = entry?.path();
		// Beside each text lie its index and a link to it.
		if path.extension().is_none() && path.is_file() {
			let text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
			let words = text.lines().filter(|line| *line != "%").flat_map(str::split_whitespace);
			all.push((path, words.collect::<Vec<_>>().join(" ")));
		}
	}
	all.sort_by_key(|(path, text)| (usize::MAX - text.len(), path.clone()));
	all.truncate(count);
	all.sort();
	Ok(all.into_iter().map(|(_, text)| text).collect())
}

/// The text that the base model is trained on: Python's own help.
pub fn base_text() -> Result<String> {
	let program =
		"import pydoc_data.topics as t; print('\\n'.join(t.topics[k] for k in sorted(t.topics)))";
	let out = std::process::Command::new("python3")
		.args(["-c", program])
		.output()
		.map_err(|e| format!("python3, whose help the base model is trained on: {e}"))?;
	if out.status.success() {
		Ok(String::from_utf8(out.stdout)?)
	} else {
		Err(format!("python3 has no pydoc_data: {}", String::from_utf8_lossy(&out.stderr)).into())
	}
}

/// A base model of the usual text and some more.
pub fn base(cache: &Cache, model: Gpt, more: &str, how: Pretraining) -> Result<(Base, Hash)> {
	let text = base_text()? + more;
	let key = [serde_json::to_vec(&(model, how))?, text.clone().into_bytes()].concat();
	let blob = |hash: &Hash| cache.folder.join(format!("blob-{}", hex::encode(hash)));
	let manifest: Hash = cache.value("base", &key, || {
		let bar = Bench::bar("the base model".into(), how.steps);
		let step = &mut |done: usize, _: usize, _: f32| bar.set_position(done as u64);
		let files = Base::train(model, &text, how, 2, step)?.files()?;
		bar.finish_and_clear();
		files.iter().try_for_each(|(hash, file)| Cache::write(&blob(hash), file))?;
		Ok(files.last().map(|(hash, _)| *hash).unwrap_or_default())
	})?;
	Ok((
		Base::load(&manifest, |hash| fs::read(blob(hash)), |hash| Ok::<_, String>(blob(hash)))?,
		manifest,
	))
}

/// Training rows and held-out passages of every licence.
pub struct Data {
	pub rows: Vec<Vec<Vec<u32>>>,
	pub passages: Vec<Answer>,
}

pub fn data(base: &Base) -> Result<Data> {
	let mut data = Data { rows: Vec::new(), passages: Vec::new() };
	for (of, text) in licences()?.iter().enumerate() {
		let tokens = base.tokenizer.encode(text)?;
		let all: Vec<&[u32]> = tokens.chunks_exact(ROW).collect();
		let every = all.len() / HELD_OUT;
		let held = |i: &usize| i % every == every / 2 && i / every < HELD_OUT;
		data.rows
			.push((0..all.len()).filter(|i| !held(i)).map(|i| all[i].to_vec()).collect());
		data.passages.extend((0..all.len()).filter(held).map(|i| {
			let (prompt, completion) = all[i].split_at(PROMPT);
			Answer { prompt: prompt.to_vec(), completion: completion.to_vec(), of }
		}));
	}
	Ok(data)
}

/// As many rows of every licence as the smallest has, from all over it.
pub fn equal(rows: &[Vec<Vec<u32>>]) -> Vec<Row> {
	let least = rows.iter().map(Vec::len).min().unwrap_or(0);
	let pick = |(block, rows): (usize, &Vec<Vec<u32>>)| -> Vec<Row> {
		(0..least)
			.map(|i| Row { block, tokens: rows[i * rows.len() / least].clone() })
			.collect()
	};
	rows.iter().enumerate().flat_map(pick).collect()
}

pub fn natural(rows: &[Vec<Vec<u32>>]) -> Vec<Row> {
	let row = |(block, rows): (usize, &Vec<Vec<u32>>)| {
		rows.iter()
			.map(|tokens| Row { block, tokens: tokens.clone() })
			.collect::<Vec<_>>()
	};
	rows.iter().enumerate().flat_map(row).collect()
}

/// Tokens of every block's rows: the size prior.
pub fn sizes(rows: &[Row], blocks: usize) -> Vec<u64> {
	let mut sizes = vec![0; blocks];
	rows.iter().for_each(|row| sizes[row.block] += row.tokens.len() as u64);
	sizes
}

/// A random order.
pub fn shuffle<T>(seed: u64, all: &mut [T]) {
	let mut rng = ChaCha8Rng::seed_from_u64(seed);
	for i in (1..all.len()).rev() {
		all.swap(i, (rng.next_u64() % (i as u64 + 1)) as usize);
	}
}

/// The subset whose blocks are the bits of a number.
pub fn subset(mask: usize) -> Subset {
	let mut subset = [0; 32];
	subset[..8].copy_from_slice(&(mask as u64).to_le_bytes());
	subset
}

pub fn mean(v: impl IntoIterator<Item = f64>) -> f64 {
	let (sum, n) = v.into_iter().fold((0.0, 0usize), |(sum, n), v| (sum + v, n + 1));
	sum / n.max(1) as f64
}

/// Ranks, equal values the mean of theirs.
pub fn ranks(v: &[f64]) -> Vec<f64> {
	v.iter()
		.map(|x| {
			let (below, same) = v.iter().fold((0, 0), |(below, same), y| {
				(below + usize::from(y < x), same + usize::from(y == x))
			});
			below as f64 + (same as f64 - 1.0) / 2.0
		})
		.collect()
}

/// Spearman's rank correlation.
pub fn rank_correlation(a: &[f64], b: &[f64]) -> f64 {
	let (a, b) = (ranks(a), ranks(b));
	let middle = (a.len() as f64 - 1.0) / 2.0;
	let dot = |a: &[f64], b: &[f64]| -> f64 {
		a.iter().zip(b).map(|(x, y)| (x - middle) * (y - middle)).sum()
	};
	let size = (dot(&a, &a) * dot(&b, &b)).sqrt();
	if size > 0.0 {
		dot(&a, &b) / size
	} else {
		0.0
	}
}

/// `y` as scorers commit to it.
pub fn fixed(nats: impl IntoIterator<Item = f64>) -> Vec<i32> {
	nats.into_iter()
		.map(|v| (v * NAT).round().clamp(f64::from(i32::MIN), 0.0) as i32)
		.collect()
}

/// Scores in nats.
pub fn scores(psi: &Psi, y: &[i32]) -> Vec<f64> {
	let scores = psi.scores(y).unwrap_or_default();
	scores.into_iter().map(|s| s as f64 / f64::from(ONE) / NAT).collect()
}
/// A set of answers that is reported on its own.
pub struct Set {
	pub name: &'static str,
	pub answers: std::ops::Range<usize>,
}

pub type Figures = BTreeMap<String, f64>;
