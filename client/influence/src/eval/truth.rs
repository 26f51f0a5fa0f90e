//! What retrainings on subsets show, kept by content hash.

use super::{
	data::Rows,
	model::{self, Job, Recipe},
	Error, Result,
};
use indicatif::{ProgressBar, ProgressStyle};
use ndarray::{Array2, Array3, ArrayView1, Axis};
use openledger_factory::{hash, Hash};
use openledger_graph::Mlp;
use openledger_onnx::ExecutionClass;
use rand_chacha::{
	rand_core::{RngCore, SeedableRng},
	ChaCha8Rng,
};
use serde::{Deserialize, Serialize};
use std::{
	env, fs,
	path::{Path, PathBuf},
};

/// Retrainings between two visits of the disk.
const CHUNK: usize = 32;
/// Retrainings that every run makes again.
const CHECKED: usize = 5;

/// What of a query is explained.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Measure {
	/// The log-probability of its label, the negative loss.
	LogProbability,
	/// `log p/(1 − p)` of its label, as TRAK and SOURCE have it.
	Margin,
}

impl Measure {
	/// Of a query's logits.
	pub fn of(self, logits: ArrayView1<f32>, label: usize) -> f64 {
		let sum = |skip: Option<usize>| -> f64 {
			let kept = || {
				let all = logits.iter().enumerate().filter(move |(c, _)| Some(*c) != skip);
				all.map(|(_, z)| f64::from(*z))
			};
			let most = kept().fold(f64::NEG_INFINITY, f64::max);
			most + kept().map(|z| (z - most).exp()).sum::<f64>().ln()
		};
		let others = match self {
			Self::LogProbability => None,
			Self::Margin => Some(label),
		};
		f64::from(logits[label]) - sum(others)
	}

	/// By what the gradient of a query's loss is multiplied to be that of the negative measure.
	pub fn weight(self, probability: f32) -> f32 {
		match self {
			Self::LogProbability => 1.0,
			Self::Margin => 1.0 / (1.0 - probability).max(1e-6),
		}
	}
}

/// Files by the hash of what they are made of.
pub struct Cache {
	folder: PathBuf,
	/// The execution class: under another one nothing is the same.
	class: Hash,
	/// Whether what is there counts as missing.
	recompute: bool,
}

impl Cache {
	/// In `$OPENLEDGER_CACHE/eval`, by default `~/.cache/openledger/eval`.
	pub fn open(recompute: bool) -> Result<Self> {
		let home = || PathBuf::from(env::var_os("HOME").unwrap_or_default());
		let cache = env::var_os("OPENLEDGER_CACHE").map(PathBuf::from).unwrap_or_else(|| {
			let xdg = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
			xdg.unwrap_or_else(|| home().join(".cache")).join("openledger")
		});
		Self::at(&cache.join("eval"), recompute)
	}

	/// In a folder.
	pub fn at(folder: &Path, recompute: bool) -> Result<Self> {
		fs::create_dir_all(folder).map_err(|e| Error::file(folder, e))?;
		let class = ExecutionClass::current().hash();
		Ok(Self { folder: folder.into(), class, recompute })
	}

	fn path(&self, key: &[u8]) -> PathBuf {
		self.folder.join(hex::encode(hash(&[&self.class[..], key].concat())))
	}

	fn read(&self, key: &[u8], columns: usize) -> Option<Array2<f32>> {
		let bytes = fs::read(self.path(key)).ok()?;
		let floats = bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
		let values: Vec<f32> = floats.collect();
		Array2::from_shape_vec((values.len() / columns, columns), values).ok()
	}

	fn write(&self, key: &[u8], values: &Array2<f32>) -> Result<()> {
		let path = self.path(key);
		let part = path.with_extension("part");
		let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
		fs::write(&part, bytes)
			.and_then(|()| fs::rename(&part, &path))
			.map_err(|e| Error::file(&path, e))
	}
}

/// A bar with how much is done and how long the rest takes.
pub fn bar(what: &str, length: usize) -> ProgressBar {
	let bar = ProgressBar::new(length as u64).with_message(what.to_string());
	match ProgressStyle::with_template("{msg:36} {wide_bar} {pos}/{len} {eta}") {
		Ok(style) => bar.with_style(style),
		Err(_) => bar,
	}
}

/// A model to retrain, and where retrainings are kept.
pub struct Laboratory<'a> {
	/// The architecture.
	pub model: &'a Mlp,
	/// How it is trained.
	pub recipe: &'a Recipe,
	/// What it is trained on, or subsets of it.
	pub rows: &'a Rows,
	/// What it is asked.
	pub queries: &'a Rows,
	/// Where retrainings are kept.
	pub cache: &'a Cache,
}

impl Laboratory<'_> {
	/// The logits `[queries, classes]` that each job's model gives.
	pub fn logits(&self, what: &str, jobs: &[Job], seed: u64) -> Result<Vec<Array2<f32>>> {
		let rows: Vec<Hash> = (0..self.rows.len()).map(|i| digest(self.rows, i)).collect();
		let mut common = serde_json::to_vec(&(self.model, self.recipe)).unwrap_or_default();
		(0..self.queries.len()).for_each(|i| common.extend(digest(self.queries, i)));
		let key = |job: &Job| {
			let mut key = common.clone();
			key.extend(job.seed.to_le_bytes());
			job.rows.iter().for_each(|i| key.extend(rows[*i]));
			hash(&key)
		};
		let keys: Vec<Hash> = jobs.iter().map(key).collect();
		let kept = |i: usize| self.cache.read(&keys[i], self.model.classes);
		let missing: Vec<usize> =
			(0..jobs.len()).filter(|i| self.cache.recompute || kept(*i).is_none()).collect();
		let bar = bar(&format!("retraining: {what}"), missing.len());
		let train = |which: &[usize]| -> Result<Vec<Array2<f32>>> {
			let chunk: Vec<Job> = which.iter().map(|i| jobs[*i].clone()).collect();
			let done = |n| bar.inc(n as u64);
			let trained = model::train(self.model, self.recipe, self.rows, &chunk, 1, &done)?;
			model::predict(self.model, &trained.concat(), self.queries)
		};
		for chunk in missing.chunks(CHUNK) {
			for (i, logits) in chunk.iter().zip(train(chunk)?) {
				self.cache.write(&keys[*i], &logits)?;
			}
		}
		bar.finish_and_clear();
		// Of what was kept some is made again: it must be the same.
		let mut rng = ChaCha8Rng::seed_from_u64(seed);
		let mut old: Vec<usize> = (0..jobs.len()).filter(|i| !missing.contains(i)).collect();
		model::shuffle(&mut rng, &mut old);
		old.truncate(CHECKED);
		for (i, again) in old.iter().zip(train(&old)?) {
			if kept(*i).as_ref() != Some(&again) {
				let path = self.cache.path(&keys[*i]);
				return Err(Error::file(&path, "a retraining came out otherwise: use --recompute"));
			}
		}
		let all = (0..jobs.len()).map(|i| {
			kept(i).ok_or_else(|| {
				Error::file(&self.cache.folder, "a retraining was not kept: is the disk full?")
			})
		});
		all.collect()
	}

	/// The measure of every query `[subsets, retrainings, queries]` under models retrained on subsets
	/// of parts, each with seeds of its own. `part` says which part a row belongs to.
	pub fn truth(
		&self,
		what: &str,
		members: &Array2<f32>,
		part: &[usize],
		retrainings: usize,
		measure: Measure,
		seed: u64,
	) -> Result<Array3<f64>> {
		let mut rng = ChaCha8Rng::seed_from_u64(seed);
		let mut jobs = Vec::new();
		for subset in members.axis_iter(Axis(0)) {
			let member = |i: &usize| subset[part[*i]] > 0.0;
			let rows: Vec<usize> = (0..self.rows.len()).filter(member).collect();
			for _ in 0..retrainings {
				jobs.push(Job { rows: rows.clone(), seed: rng.next_u64() });
			}
		}
		let logits = self.logits(what, &jobs, rng.next_u64())?;
		let shape = (members.nrows(), retrainings, self.queries.len());
		Ok(Array3::from_shape_fn(shape, |(m, r, q)| {
			measure.of(logits[m * retrainings + r].row(q), self.queries.y[q])
		}))
	}
}

fn digest(rows: &Rows, i: usize) -> Hash {
	let mut bytes: Vec<u8> = rows.x.row(i).iter().flat_map(|v| v.to_le_bytes()).collect();
	bytes.extend((rows.y[i] as u64).to_le_bytes());
	hash(&bytes)
}

/// Random halves of so many parts: `[subsets, parts]`, one where a part is in a subset.
pub fn halves(subsets: usize, parts: usize, seed: u64) -> Array2<f32> {
	let mut rng = ChaCha8Rng::seed_from_u64(seed);
	let mut members = Array2::zeros((subsets, parts));
	for mut subset in members.rows_mut() {
		let mut order: Vec<usize> = (0..parts).collect();
		model::shuffle(&mut rng, &mut order);
		order[..parts / 2].iter().for_each(|i| subset[*i] = 1.0);
	}
	members
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn measure_should_be_what_its_definition_says() {
		let logits = ndarray::arr1(&[1.0f32, 2.0, -0.5]);
		let p = |c: usize| {
			let e = logits.mapv(|z| f64::from(z).exp());
			e[c] / e.sum()
		};
		let log = Measure::LogProbability.of(logits.view(), 2);
		assert!((log - p(2).ln()).abs() < 1e-12);
		let margin = Measure::Margin.of(logits.view(), 2);
		assert!((margin - (p(2) / (1.0 - p(2))).ln()).abs() < 1e-12);
	}

	#[test]
	fn halves_should_hold_half_of_the_parts() {
		for subset in halves(10, 7, 3).rows() {
			assert_eq!(subset.sum(), 3.0);
		}
	}
}
