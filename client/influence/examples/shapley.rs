//! `scripts/bench attribution`: shares of answers against exact Shapley values.
//!
//! Eight licence texts are eight contributors. The truth of an answer is the Shapley value of
//! every contributor in `v(S)`, the log-probability of the answer's tokens under the adapter that
//! was trained on the rows of `S`, from retrainings on all 256 subsets, under other seeds than
//! those of the adapters that are measured. The shares are computed from the vector `y` by the very
//! integer arithmetic that the runtime has (`openledger-influence-math`).
//!
//! Retrainings and scores are kept by content hash under `$OPENLEDGER_CACHE/bench/attribution`
//! (`~/.cache/openledger` by default), so that a run that was cut short goes on where it was.

use comfy_table::Table;
use indicatif::{ProgressBar, ProgressStyle};
use openledger_factory::{
	adapter,
	base::{Pretraining, SMALL},
	hash, train,
	train::fingerprint,
	Base, Hash, Recipe, Row, Subset,
};
use openledger_influence::baselines::{shares, Gradients, Metric, Overlap};
use openledger_influence::{Generator, Sampling, Scorer, NAT};
use openledger_influence_math::{
	design::draw,
	psi::ONE,
	score::{positive, standard_errors},
	Pool, Psi,
};
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

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const NAMES: [&str; 8] =
	["Apache-2.0", "Artistic", "CC0-1.0", "GFDL-1.3", "GPL-3", "LGPL-2.1", "MPL-1.1", "MPL-2.0"];
const BLOCKS: usize = NAMES.len();
const ALL: usize = (1 << BLOCKS) - 1;
/// Tokens of a row, and of a passage that is held out.
const ROW: usize = 128;
/// Tokens of a passage that an answer goes on from.
const PROMPT: usize = 32;
/// Held-out passages of a licence.
const HELD_OUT: usize = 5;
/// Licences that 70 % of the demand of a period falls on.
const WANTED: [usize; 2] = [0, 4];
/// Temperatures of served answers, and their names in the figures.
const TEMPERATURES: [(f32, &str); 4] = [(0.0, "t0"), (0.3, "t03"), (0.7, "t07"), (1.0, "t1")];
/// Subsets that one call of the factory trains.
const CHUNK: usize = 24;
/// Half the length of an error bar, in standard errors.
const BAR: f64 = 2.0;

const HELP: &str = "\
usage: scripts/bench attribution [options]
  --seed N       other seeds for every retraining, design and answer (1)
  --arm NAME     equal: the same training rows of every licence; natural: all rows; both (both)
  --chain FILE   instead: the shares that a chain paid, as `openledger model export` wrote them
  --store DIR    the blob store that the exported model's base is in
  --adapters K   counterfactual adapters (16)
  --epochs N     how often a retraining sees each row (the factory's default, and twice that on
                 equal rows, of which there are a third as many)
  --rate X       its highest learning rate (the factory's default)
  --averaged X   the last part of its steps, of 1, whose weights it is the mean of (the factory's
                 default); 0 for the last weights
  --output DIR   where attribution.json is written (bench-results)";

struct Options {
	seed: u64,
	arms: Vec<&'static str>,
	/// What a chain paid, and the blob store of its model.
	chain: Option<(PathBuf, PathBuf)>,
	adapters: u16,
	epochs: Option<usize>,
	recipe: Recipe,
	output: PathBuf,
}

impl Options {
	fn parse() -> Result<Self> {
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
	fn seed(&self, what: &str) -> u64 {
		let hash = hash(format!("{}/{what}", self.seed).as_bytes());
		u64::from_le_bytes([hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]])
	}
}

/// What is kept between runs.
struct Cache {
	folder: PathBuf,
	/// The execution class: under another one nothing is the same.
	class: Hash,
}

impl Cache {
	fn open() -> Result<Self> {
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

	fn path(&self, kind: &str, key: &[u8]) -> PathBuf {
		let key = hash(&[&self.class[..], kind.as_bytes(), key].concat());
		self.folder.join(format!("{kind}-{}", hex::encode(key)))
	}

	fn write(path: &Path, bytes: &[u8]) -> Result<()> {
		let part = path.with_extension("part");
		fs::write(&part, bytes)
			.and_then(|()| fs::rename(&part, path))
			.map_err(|e| format!("{} cannot be written: {e}", path.display()).into())
	}

	/// A value that is computed unless it is kept.
	fn value<T: Serialize + DeserializeOwned>(
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
struct Retrained {
	/// BLAKE2b-256 of the adapter's file.
	adapter: String,
	/// Its part of the time that it was trained in.
	seconds: f64,
}

/// Adapters with what they came to.
struct Adapters {
	flat: Vec<Vec<f32>>,
	notes: Vec<Retrained>,
}

impl Adapters {
	fn seconds(&self) -> f64 {
		self.notes.iter().map(|note| note.seconds).sum()
	}
}

/// An answer: tokens that it goes on from, and its own.
#[derive(Clone, Serialize, Deserialize)]
struct Answer {
	prompt: Vec<u32>,
	completion: Vec<u32>,
	/// The licence that the passage is of.
	of: usize,
}

struct Bench {
	cache: Cache,
	base: Arc<Base>,
	base_hash: Hash,
	options: Options,
}

impl Bench {
	fn bar(what: String, length: usize) -> ProgressBar {
		let style = ProgressStyle::with_template("{msg:32} {wide_bar} {pos}/{len} {eta}");
		let bar = ProgressBar::new(length as u64).with_message(what);
		match style {
			Ok(style) => bar.with_style(style),
			Err(_) => bar,
		}
	}

	/// An adapter of each subset, kept ones first. `together`: in one call on two threads, as a
	/// version is trained, else in several at once.
	fn retrain(
		&self,
		what: &str,
		rows: &[Row],
		subsets: &[Subset],
		seed: &str,
		together: bool,
	) -> Result<Adapters> {
		let recipe = Recipe { seed: self.options.seed(seed), ..self.options.recipe };
		let path = |subset: &Subset| {
			self.cache.path("adapter", &fingerprint(&self.base_hash, rows, subset, &recipe))
		};
		let kept = |subset: &Subset| -> Option<(Vec<f32>, Retrained)> {
			let path = path(subset);
			let file = fs::read(&path).ok()?;
			let note: Retrained =
				serde_json::from_slice(&fs::read(path.with_extension("json")).ok()?).ok()?;
			(hex::encode(hash(&file)) == note.adapter).then_some(())?;
			Some((adapter::from_file(&self.base.model, &file).ok()?, note))
		};
		let missing: Vec<Subset> = subsets.iter().filter(|s| kept(s).is_none()).copied().collect();
		let bar = Self::bar(format!("retraining: {what}"), missing.len());
		let (size, threads) = if together { (missing.len().max(1), 2) } else { (CHUNK, 1) };
		// Of every size some in each chunk.
		let chunks = missing.len().div_ceil(size);
		let chunk = |i: usize| missing.iter().skip(i).step_by(chunks).copied().collect::<Vec<_>>();
		(0..chunks).into_par_iter().try_for_each(|i| -> Result<()> {
			let (chunk, start) = (chunk(i), Instant::now());
			let nothing = &mut |_: usize, _: usize, _: f32| {};
			let adapters = train(&self.base, rows, &chunk, &recipe, threads, nothing)?;
			let seconds = start.elapsed().as_secs_f64() / chunk.len() as f64;
			for (subset, flat) in chunk.iter().zip(adapters) {
				let (file, path) = (adapter::to_file(&self.base.model, &flat)?, path(subset));
				let note = Retrained { adapter: hex::encode(hash(&file)), seconds };
				Cache::write(&path, &file)?;
				Cache::write(&path.with_extension("json"), &serde_json::to_vec(&note)?)?;
				bar.inc(1);
			}
			Ok(())
		})?;
		bar.finish_and_clear();
		let read = |subset| kept(subset).ok_or("a retraining was not kept: is the disk full?");
		let both = subsets.iter().map(read).collect::<std::result::Result<Vec<_>, _>>()?;
		let (flat, notes) = both.into_iter().unzip();
		Ok(Adapters { flat, notes })
	}

	/// Log-probabilities in nats: of every answer under the base model and every adapter.
	fn values(
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
fn licences() -> Result<Vec<String>> {
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

/// The text that the base model is trained on: Python's own help.
fn base_text() -> Result<String> {
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

fn base(cache: &Cache) -> Result<(Base, Hash)> {
	let text = base_text()?;
	let how = Pretraining::default();
	let key = [serde_json::to_vec(&(SMALL, how))?, text.clone().into_bytes()].concat();
	let blob = |hash: &Hash| cache.folder.join(format!("blob-{}", hex::encode(hash)));
	let manifest: Hash = cache.value("base", &key, || {
		let bar = Bench::bar("the base model".into(), how.steps);
		let step = &mut |done: usize, _: usize, _: f32| bar.set_position(done as u64);
		let files = Base::train(SMALL, &text, how, 2, step)?.files()?;
		bar.finish_and_clear();
		files.iter().try_for_each(|(hash, file)| Cache::write(&blob(hash), file))?;
		Ok(files.last().map(|(hash, _)| *hash).unwrap_or_default())
	})?;
	Ok((Base::load(&manifest, |hash| fs::read(blob(hash)))?, manifest))
}

/// Training rows and held-out passages of every licence.
struct Data {
	rows: Vec<Vec<Vec<u32>>>,
	passages: Vec<Answer>,
}

fn data(base: &Base) -> Result<Data> {
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
fn equal(rows: &[Vec<Vec<u32>>]) -> Vec<Row> {
	let least = rows.iter().map(Vec::len).min().unwrap_or(0);
	let pick = |(block, rows): (usize, &Vec<Vec<u32>>)| -> Vec<Row> {
		(0..least)
			.map(|i| Row { block, tokens: rows[i * rows.len() / least].clone() })
			.collect()
	};
	rows.iter().enumerate().flat_map(pick).collect()
}

fn natural(rows: &[Vec<Vec<u32>>]) -> Vec<Row> {
	let row = |(block, rows): (usize, &Vec<Vec<u32>>)| {
		rows.iter()
			.map(|tokens| Row { block, tokens: tokens.clone() })
			.collect::<Vec<_>>()
	};
	rows.iter().enumerate().flat_map(row).collect()
}

/// Tokens of every block's rows: the size prior.
fn sizes(rows: &[Row], blocks: usize) -> Vec<u64> {
	let mut sizes = vec![0; blocks];
	rows.iter().for_each(|row| sizes[row.block] += row.tokens.len() as u64);
	sizes
}

/// A random order.
fn shuffle<T>(seed: u64, all: &mut [T]) {
	let mut rng = ChaCha8Rng::seed_from_u64(seed);
	for i in (1..all.len()).rev() {
		all.swap(i, (rng.next_u64() % (i as u64 + 1)) as usize);
	}
}

/// The subset whose blocks are the bits of a number.
fn subset(mask: usize) -> Subset {
	let mut subset = [0; 32];
	subset[..8].copy_from_slice(&(mask as u64).to_le_bytes());
	subset
}

/// Exact Shapley values of values by mask, `v[0]` that of the base model.
fn shapley(v: &[f64]) -> Vec<f64> {
	let blocks = v.len().ilog2() as usize;
	let factorial = |n: usize| (1..=n).map(|i| i as f64).product::<f64>();
	let weight = |n: usize| factorial(n) * factorial(blocks - 1 - n) / factorial(blocks);
	(0..blocks)
		.map(|u| {
			(0..v.len())
				.filter(|mask| mask >> u & 1 == 0)
				.map(|mask| weight(mask.count_ones() as usize) * (v[mask | 1 << u] - v[mask]))
				.sum()
		})
		.collect()
}

fn l1(a: &[f64], b: &[f64]) -> f64 {
	a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum()
}

fn mean(v: impl IntoIterator<Item = f64>) -> f64 {
	let (sum, n) = v.into_iter().fold((0.0, 0usize), |(sum, n), v| (sum + v, n + 1));
	sum / n.max(1) as f64
}

/// Ranks, equal values the mean of theirs.
fn ranks(v: &[f64]) -> Vec<f64> {
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
fn rank_correlation(a: &[f64], b: &[f64]) -> f64 {
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
fn fixed(nats: impl IntoIterator<Item = f64>) -> Vec<i32> {
	nats.into_iter()
		.map(|v| (v * NAT).round().clamp(f64::from(i32::MIN), 0.0) as i32)
		.collect()
}

/// Scores in nats.
fn scores(psi: &Psi, y: &[i32]) -> Vec<f64> {
	let scores = psi.scores(y).unwrap_or_default();
	scores.into_iter().map(|s| s as f64 / f64::from(ONE) / NAT).collect()
}

/// What the answers of a period pay: each its own part, by its positive scores.
fn period(answers: &[Answer], scores: &[Vec<f64>]) -> Vec<f64> {
	let mut sum = vec![0.0; scores.first().map_or(0, Vec::len)];
	for (answer, scores) in answers.iter().zip(scores) {
		let positive: f64 = scores.iter().map(|s| s.max(0.0)).sum();
		let part = demand(answer) as f64 / positive.max(1e-9);
		sum.iter_mut().zip(scores).for_each(|(sum, s)| *sum += part * s);
	}
	shares(&sum)
}

/// What an answer costs of a period's fees, so that 70 % fall on two licences of eight.
fn demand(answer: &Answer) -> u128 {
	let (wanted, rest) = (WANTED.len() as u128, (BLOCKS - WANTED.len()) as u128);
	let part = if WANTED.contains(&answer.of) { 70 * rest } else { 30 * wanted };
	part * 1_000_000_000_000_000
}

/// The same through the runtime's pool.
fn period_paid(answers: &[Answer], psi: &Psi, ys: &[Vec<i32>]) -> Result<Vec<f64>> {
	let mut pool = Pool::default();
	for (answer, y) in answers.iter().zip(ys) {
		pool.add(psi, y, demand(answer)).ok_or("an answer does not fit the pool")?;
	}
	let settled = pool.settle(psi).ok_or("the period cannot be settled")?;
	Ok(shares(&settled.amounts.iter().map(|a| *a as f64).collect::<Vec<_>>()))
}

/// A set of answers that is reported on its own.
struct Set {
	name: &'static str,
	answers: std::ops::Range<usize>,
}

type Figures = BTreeMap<String, f64>;

/// Measures one way of choosing training rows.
fn arm(bench: &Bench, data: &Data, rows: &[Row], name: &str, figures: &mut Figures) -> Result<()> {
	let (options, prefix) = (&bench.options, if name == "equal" { "" } else { "natural_" });
	let base = &bench.base;
	let sizes_of = sizes(rows, BLOCKS);

	// What is registered: the published adapter, and the adapters that the chain's seed draws.
	let subsets = draw(hash(&options.seed("design").to_le_bytes()).into(), 8, options.adapters);
	let psi = Psi::solve(&subsets, &sizes_of).map_err(|e| format!("the design: {e:?}"))?;
	psi.check(&subsets, &sizes_of).map_err(|e| format!("the design: {e:?}"))?;
	let with_published = [vec![subset(ALL)], subsets.clone()].concat();
	let registered =
		bench.retrain("registered adapters", rows, &with_published, "registered", true)?;

	// Answers: passages that were held out, and what the published adapter says instead.
	let mut answers = data.passages.clone();
	let mut sets = vec![Set { name: "held_out", answers: 0..answers.len() }];
	let mut key = hash(&serde_json::to_vec(&(&registered.notes[0].adapter, &answers))?).to_vec();
	key.extend(options.seed.to_le_bytes());
	let (served, serving): (Vec<Answer>, f64) = bench.cache.value("answers", &key, || {
		let bar = Bench::bar("serving".into(), TEMPERATURES.len() * answers.len());
		let start = Instant::now();
		let mut generator = Generator::new(base.clone(), registered.flat[0].clone(), 1)?;
		let mut served = Vec::new();
		for (temperature, name) in TEMPERATURES {
			for (i, passage) in answers.iter().enumerate() {
				let seed = options.seed(&format!("{name}/{i}"));
				let how = Sampling { temperature, max_tokens: ROW - PROMPT, seed };
				let (completion, _) = generator.generate(&passage.prompt, how, |_| true)?;
				served.push(Answer { completion, ..passage.clone() });
				bar.inc(1);
			}
		}
		bar.finish_and_clear();
		Ok((served, start.elapsed().as_secs_f64()))
	})?;
	for (i, (_, name)) in TEMPERATURES.iter().enumerate() {
		let from = answers.len() + i * answers.len();
		sets.push(Set { name, answers: from..from + answers.len() });
	}
	answers.extend(served);

	// The vectors that scorers commit to.
	let (ys, scoring): (Vec<Vec<i32>>, f64) = {
		let key = [
			key.clone(),
			serde_json::to_vec(&registered.notes.iter().map(|n| &n.adapter).collect::<Vec<_>>())?,
		]
		.concat();
		bench.cache.value("registered", &key, || {
			let mut scorer = Scorer::new(base.clone(), &registered.flat, 1)?;
			let (mut ys, mut seconds) = (Vec::new(), 0.0);
			for (i, answer) in answers.iter().enumerate() {
				let start = Instant::now();
				ys.push(scorer.score(&answer.prompt, &answer.completion)?);
				if !sets[0].answers.contains(&i) {
					seconds += start.elapsed().as_secs_f64();
				}
			}
			Ok((ys, seconds))
		})?
	};

	// The truth, and the truth of other seeds.
	let every: Vec<Subset> = (1..=ALL).map(subset).collect();
	let mut tables = Vec::new();
	let mut notes = Vec::new();
	for which in ["truth", "ceiling"] {
		let adapters = bench.retrain(&format!("{which}, {name}"), rows, &every, which, false)?;
		let table = bench.values(&format!("{which}, {name}"), &adapters.flat, &answers)?;
		let held = &sets[0].answers;
		let tokens: usize = answers[held.clone()].iter().map(|a| a.completion.len()).sum();
		for (mask, note) in (1..=ALL).zip(&adapters.notes) {
			let loss = -table[held.clone()].iter().map(|v| v[mask]).sum::<f64>() / tokens as f64;
			notes.push(serde_json::json!({
				"seed": options.seed(which), "subset": mask, "adapter": note.adapter,
				"held_out_nats_per_token": loss,
			}));
		}
		tables.push(table);
	}
	let file = bench.cache.folder.join(format!("retrainings-{name}-{}.json", options.seed));
	Cache::write(&file, &serde_json::to_vec_pretty(&notes)?)?;
	let truths: Vec<Vec<f64>> = tables[0].iter().map(|v| shapley(v)).collect();
	let others: Vec<Vec<f64>> = tables[1].iter().map(|v| shapley(v)).collect();
	let truth: Vec<Vec<f64>> = truths.iter().map(|s| shares(s)).collect();

	// What would be paid, and what others would pay.
	let estimates: Vec<Vec<f64>> = ys.iter().map(|y| scores(&psi, y)).collect();
	let texts = rows
		.iter()
		.map(|row| Ok((row.block, base.tokenizer.decode(&row.tokens)?)))
		.collect::<Result<Vec<_>>>()?;
	let overlap = Overlap::new(BLOCKS, texts.iter().map(|(block, text)| (*block, text.as_str())));
	let overlap = answers
		.iter()
		.map(|answer| Ok(overlap.scores(&base.tokenizer.decode(&answer.completion)?)))
		.collect::<Result<Vec<_>>>()?;
	let mut gradients: [Vec<Vec<f64>>; 3] = Default::default();
	let mut gradient = Gradients::new(base.clone(), registered.flat[0].clone(), rows, BLOCKS, 2)?;
	for answer in &answers {
		let scores = gradient.scores(&answer.prompt, &answer.completion)?;
		gradients.iter_mut().zip(scores).for_each(|(all, scores)| all.push(scores));
	}

	// Controls: the trained numbers in a random order, and adapters of rows whose owners are drawn.
	let mut untrained = registered.flat[1..].to_vec();
	for (i, flat) in untrained.iter_mut().enumerate() {
		shuffle(options.seed(&format!("untrained/{i}")), flat);
	}
	let untrained = [registered.flat[..1].to_vec(), untrained].concat();
	let untrained = bench.values("untrained adapters", &untrained, &answers)?;
	let mut drawn = rows.to_vec();
	let mut owners: Vec<usize> = rows.iter().map(|row| row.block).collect();
	shuffle(options.seed("owners"), &mut owners);
	drawn.iter_mut().zip(owners).for_each(|(row, block)| row.block = block);
	let drawn = bench.retrain("shuffled owners", &drawn, &with_published, "registered", true)?;
	let drawn = bench.values("shuffled owners", &drawn.flat, &answers)?;
	let by_psi = |table: &[Vec<f64>]| -> Vec<Vec<f64>> {
		table.iter().map(|v| scores(&psi, &fixed(v.iter().copied()))).collect()
	};
	let (untrained, drawn) = (by_psi(&untrained), by_psi(&drawn));

	// A ninth contributor, of shuffled characters.
	let mut with_junk = rows.to_vec();
	let mut characters: Vec<char> = texts.iter().flat_map(|(_, text)| text.chars()).collect();
	shuffle(options.seed("junk"), &mut characters);
	let junk = base.tokenizer.encode(&characters.into_iter().collect::<String>())?;
	let count = rows.len() / BLOCKS;
	let junk = junk.chunks_exact(ROW).take(count);
	with_junk.extend(junk.map(|tokens| Row { block: BLOCKS, tokens: tokens.to_vec() }));
	let blocks = BLOCKS + 1;
	let junk_subsets =
		draw(hash(&options.seed("junk").to_le_bytes()).into(), blocks as u16, options.adapters + 2);
	let junk_psi = Psi::solve(&junk_subsets, &sizes(&with_junk, blocks))
		.map_err(|e| format!("the design with nine: {e:?}"))?;
	let all = [vec![subset(2 * ALL + 1)], junk_subsets].concat();
	let junk = bench.retrain("with a junk contributor", &with_junk, &all, "registered", true)?;
	let junk: Vec<Vec<i32>> = bench
		.values("with a junk contributor", &junk.flat, &answers)?
		.into_iter()
		.map(fixed)
		.collect();

	// The tables.
	let error = |estimates: &[Vec<f64>], set: &Set| {
		mean(set.answers.clone().map(|i| l1(&shares(&estimates[i]), &truth[i])))
	};
	let uniform = vec![vec![1.0; BLOCKS]; answers.len()];
	let mut table = Table::new();
	let mut header = vec![format!("L1 error of an answer's shares, {name} rows")];
	header.extend(sets.iter().map(|set| set.name.to_string()));
	table.set_header(header);
	let mut line =
		|title: &str, key: Option<&str>, of: &dyn Fn(&Set) -> f64, figures: &mut Figures| {
			let mut cells = vec![title.to_string()];
			for set in &sets {
				let value = of(set);
				cells.push(format!("{value:.3}"));
				if let Some(key) = key {
					figures.insert(format!("{prefix}{key}answer_l1_{}", set.name), value);
				}
			}
			table.add_row(cells);
		};
	let paid = format!("counterfactual adapters, K = {}", options.adapters);
	line(&paid, Some(""), &|set| error(&estimates, set), figures);
	for adapters in [16u16, 32, 64] {
		// The same regression on the second set of retrainings, over several designs.
		let designs = (0..8)
			.map(|i| {
				let seed = hash(format!("{}/design/{i}", options.seed).as_bytes());
				let subsets = draw(seed.into(), BLOCKS as u16, adapters);
				let psi = Psi::solve(&subsets, &sizes_of).map_err(|e| format!("{e:?}"))?;
				let estimate = |v: &Vec<f64>| {
					let mask = |s: &Subset| usize::from(s[0]);
					let picked = subsets.iter().map(|s| v[mask(s)]);
					scores(&psi, &fixed([v[0], v[ALL]].into_iter().chain(picked)))
				};
				Ok(tables[1].iter().map(estimate).collect())
			})
			.collect::<Result<Vec<Vec<Vec<f64>>>>>()?;
		let title = format!("  eight other designs, K = {adapters}");
		let key = format!("designs_k{adapters}_");
		line(&title, Some(&key), &|set| mean(designs.iter().map(|e| error(e, set))), figures);
	}
	line("ceiling: the truth of other seeds", Some("ceiling_"), &|s| error(&others, s), figures);
	line("equal split", Some("uniform_"), &|set| error(&uniform, set), figures);
	line("shared 6-grams", Some("overlap_"), &|set| error(&overlap, set), figures);
	for (metric, scores) in Metric::ALL.iter().zip(&gradients) {
		let title = format!("  gradients, {metric:?}").to_lowercase();
		line(&title, None, &|set| error(scores, set), figures);
	}
	let best = |set: &Set| gradients.iter().map(|g| error(g, set)).fold(f64::INFINITY, f64::min);
	line("gradients, the best of these", Some("gradient_"), &best, figures);
	line("control: untrained adapters", None, &|set| error(&untrained, set), figures);
	line("control: shuffled owners", None, &|set| error(&drawn, set), figures);
	println!("{table}");

	let everywhere = |estimates: &[Vec<f64>]| mean(sets.iter().map(|set| error(estimates, set)));
	let correlation = |estimates: &[Vec<f64>]| {
		mean((0..answers.len()).map(|i| rank_correlation(&estimates[i], &truths[i])))
	};
	let (mut worst_period, mut ceiling_period, mut uniform_period) = (0f64, 0f64, 0f64);
	let (mut junk_share, mut junk_period) = (0f64, 0f64);
	for set in &sets {
		let at = set.answers.clone();
		let truth = period(&answers[at.clone()], &truths[at.clone()]);
		let paid = period_paid(&answers[at.clone()], &psi, &ys[at.clone()])?;
		worst_period = worst_period.max(l1(&paid, &truth));
		let other = period(&answers[at.clone()], &others[at.clone()]);
		ceiling_period = ceiling_period.max(l1(&other, &truth));
		uniform_period = uniform_period.max(l1(&uniform_share(), &truth));
		let share = |y: &Vec<i32>| shares(&scores(&junk_psi, y))[BLOCKS];
		junk_share = junk_share.max(mean(junk[at.clone()].iter().map(share)));
		let paid = period_paid(&answers[at.clone()], &junk_psi, &junk[at])?;
		junk_period = junk_period.max(paid[BLOCKS]);
	}
	let (mut covered, mut bars) = (0usize, Vec::new());
	for (i, y) in ys.iter().enumerate() {
		let errors = standard_errors(&psi, &subsets, y).unwrap_or_default();
		let sum = positive(&psi.scores(y).unwrap_or_default()).max(1) as f64;
		for (u, error) in errors.iter().enumerate() {
			let bar = BAR * *error as f64 / sum;
			covered += usize::from((shares(&estimates[i])[u] - truth[i][u]).abs() <= bar);
			bars.push(bar);
		}
	}
	// The gain, in nats a byte of the held-out passages.
	let held = &sets[0].answers;
	let mut bytes = 0;
	for answer in &answers[held.clone()] {
		bytes += base.tokenizer.decode(&answer.completion)?.len();
	}
	let loss = |i: usize| {
		-ys[held.clone()].iter().map(|y| f64::from(y[i]) / NAT).sum::<f64>() / bytes as f64
	};
	let rest = [
		("rank_correlation", correlation(&estimates)),
		("ceiling_rank_correlation", correlation(&others)),
		("overlap_rank_correlation", correlation(&overlap)),
		(
			"gradient_rank_correlation",
			gradients.iter().map(|g| correlation(g)).fold(-1.0, f64::max),
		),
		("period_l1", worst_period),
		("ceiling_period_l1", ceiling_period),
		("uniform_period_l1", uniform_period),
		("junk_share", junk_share),
		("junk_period_share", junk_period),
		("coverage", covered as f64 / bars.len() as f64),
		("error_bar", mean(bars.iter().copied())),
		("control_untrained_l1", everywhere(&untrained)),
		("control_shuffled_l1", everywhere(&drawn)),
		("base_nats_per_byte", loss(0)),
		("adapter_nats_per_byte", loss(1)),
		(
			"negative_shares_in_truth",
			mean(truths.iter().flatten().map(|s| f64::from(u8::from(*s < 0.0)))),
		),
		("rows", rows.len() as f64),
		("adapters", f64::from(options.adapters)),
		("training_seconds", registered.seconds()),
		("scoring_seconds_over_serving_seconds", scoring / serving),
	];
	let mut table = Table::new();
	table.set_header([&format!("figure, {name} rows"), ""]);
	for (key, value) in rest {
		table.add_row([key.to_string(), format!("{value:.3}")]);
		figures.insert(format!("{prefix}{key}"), value);
	}
	println!("{table}");
	println!("loss and adapter hash of every retraining: {}", file.display());
	Ok(())
}

/// A model version and its scored answers, as `openledger model export` writes them.
#[derive(Deserialize)]
struct Exported {
	base: String,
	recipe: Recipe,
	rows: Vec<(usize, String)>,
	answers: Vec<PaidAnswer>,
}

/// An answer that was paid for.
#[derive(Deserialize)]
struct PaidAnswer {
	prompt: String,
	temperature: f32,
	tokens: Vec<u32>,
	/// What each block is paid, signed, and its standard error, in wei.
	items: Vec<(String, String)>,
}

/// Measures what a chain paid: its own rows, adapters, committees and runtime; the truth from
/// retrainings by the same recipe under other seeds.
fn chain_arm(
	cache: Cache,
	mut options: Options,
	exported: &Path,
	store: &Path,
	figures: &mut Figures,
) -> Result<()> {
	let file = fs::read(exported).map_err(|e| format!("{}: {e}", exported.display()))?;
	let Exported { base, recipe, rows, answers } = serde_json::from_slice(&file)?;
	let mut manifest = Hash::default();
	hex::decode_to_slice(base.trim_start_matches("0x"), &mut manifest)?;
	let blob = |hash: &Hash| fs::read(store.join("blobs").join(hex::encode(hash)));
	let base = Base::load(&manifest, blob)?;
	let rows = rows
		.iter()
		.map(|(block, text)| Ok(Row { block: *block, tokens: base.tokenizer.encode(text)? }))
		.collect::<Result<Vec<_>>>()?;
	let number = |text: &String| Ok(text.parse::<f64>()?);
	let paid = |answer: &PaidAnswer| answer.items.iter().map(|(a, _)| number(a)).collect();
	let paid: Vec<Vec<f64>> = answers.iter().map(paid).collect::<Result<_>>()?;
	let bars = |answer: &PaidAnswer| answer.items.iter().map(|(_, e)| number(e)).collect();
	let bars: Vec<Vec<f64>> = answers.iter().map(bars).collect::<Result<_>>()?;
	let asked = answers
		.iter()
		.map(|answer| {
			let prompt = base.tokenizer.encode(&answer.prompt)?;
			Ok(Answer { prompt, completion: answer.tokens.clone(), of: 0 })
		})
		.collect::<Result<Vec<_>>>()?;

	options.recipe = recipe;
	let bench = Bench { cache, base: Arc::new(base), base_hash: manifest, options };
	let every: Vec<Subset> = (1..=ALL).map(subset).collect();
	let adapters = bench.retrain("truth of the chain's model", &rows, &every, "truth", false)?;
	let table = bench.values("truth of the chain's model", &adapters.flat, &asked)?;
	let truths: Vec<Vec<f64>> = table.iter().map(|v| shapley(v)).collect();
	let truth: Vec<Vec<f64>> = truths.iter().map(|s| shares(s)).collect();

	let all: Vec<usize> = (0..answers.len()).collect();
	let mut table = Table::new();
	table.set_header([
		"L1 error of an answer's shares",
		"answers",
		"paid by the chain",
		"equal split",
	]);
	for (temperature, name) in TEMPERATURES {
		let of = |i: &&usize| answers[**i].temperature == temperature;
		let set: Vec<usize> = all.iter().filter(of).copied().collect();
		let error = |estimate: &dyn Fn(usize) -> Vec<f64>| {
			mean(set.iter().map(|i| l1(&estimate(*i), &truth[*i])))
		};
		let (ours, equal) = (error(&|i| shares(&paid[i])), error(&|_| uniform_share()));
		table.add_row([
			format!("temperature {temperature}"),
			set.len().to_string(),
			format!("{ours:.3}"),
			format!("{equal:.3}"),
		]);
		figures.insert(format!("chain_answer_l1_{name}"), ours);
		figures.insert(format!("chain_uniform_answer_l1_{name}"), equal);
	}
	println!("{table}");
	let covered = |i: &usize| {
		let whole: f64 = paid[*i].iter().map(|v| v.max(0.0)).sum::<f64>().max(1.0);
		let inside =
			|u: usize| (shares(&paid[*i])[u] - truth[*i][u]).abs() <= BAR * bars[*i][u] / whole;
		mean((0..BLOCKS).map(|u| f64::from(u8::from(inside(u)))))
	};
	for (key, value) in [
		("chain_answers", answers.len() as f64),
		("chain_coverage", mean(all.iter().map(covered))),
		(
			"chain_rank_correlation",
			mean(all.iter().map(|i| rank_correlation(&paid[*i], &truths[*i]))),
		),
	] {
		println!("{key}: {value:.3}");
		figures.insert(key.into(), value);
	}
	Ok(())
}

fn uniform_share() -> Vec<f64> {
	vec![1.0 / BLOCKS as f64; BLOCKS]
}

fn machine() -> String {
	let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
	let name = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
	let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
	format!("{}, {cores} cores", name.unwrap_or("an unknown processor"))
}

fn main() -> Result<()> {
	let start = Instant::now();
	let options = Options::parse()?;
	let cache = Cache::open()?;
	println!("{}", machine());
	let file = options.output.join("attribution.json");
	let mut figures = Figures::new();
	if let Some((exported, store)) = options.chain.clone() {
		// Beside what the other arms measured.
		let kept = fs::read(&file).ok().and_then(|kept| serde_json::from_slice(&kept).ok());
		figures = kept.unwrap_or_default();
		fs::create_dir_all(&options.output)?;
		chain_arm(cache, options, &exported, &store, &mut figures)?;
		Cache::write(&file, &serde_json::to_vec_pretty(&figures)?)?;
		println!("{} after {:.0} s", file.display(), start.elapsed().as_secs_f64());
		return Ok(());
	}
	let (base, base_hash) = base(&cache)?;
	let data = data(&base)?;
	let mut bench = Bench { cache, base: Arc::new(base), base_hash, options };
	for name in bench.options.arms.clone() {
		let usual = Recipe::default().epochs;
		let (rows, epochs) = match name {
			"equal" => (equal(&data.rows), 2 * usual),
			_ => (natural(&data.rows), usual),
		};
		bench.options.recipe.epochs = bench.options.epochs.unwrap_or(epochs);
		arm(&bench, &data, &rows, name, &mut figures)?;
		figures.insert("seed".into(), bench.options.seed as f64);
		figures.insert("seconds".into(), start.elapsed().as_secs_f64());
		fs::create_dir_all(&bench.options.output)?;
		Cache::write(&file, &serde_json::to_vec_pretty(&figures)?)?;
		println!("{} after {:.0} s", file.display(), start.elapsed().as_secs_f64());
	}
	Ok(())
}
