//! The gradient method: features of answers, and what blocks of rows add to them.
//!
//! A feature is the gradient of a text's log-probability with respect to the published adapter, projected
//! to few numbers by a sparse random projection: each parameter is added with a drawn sign to one
//! drawn column (count sketch, Charikar, Chen and Farach-Colton 2002), which keeps inner products in
//! expectation, and needs no matrix. With `φ` the features of the `N` windows of rows that the adapter was
//! trained on, `C` the mean of `φφᵀ` (the empirical Fisher matrix) and λ a part of its mean diagonal, the
//! influence of block `u` on an answer `q` is
//!
//! ```text
//! S_u = φ_qᵀ (C + λI)⁻¹ Σ_{r in u} φ_r / N
//! ```
//!
//! nats: what one Newton step away from the block's rows takes from the answer's log-probability (influence
//! functions, Koh and Liang 2017, on projected gradients: LoGRA, Choe et al. 2024). [`solve`] gives the
//! integers of `(C + λI)⁻¹ Σ φ_r / N`, and the [`Map`] by which [`Features`] gives those of `φ_q`. Both are
//! the same bits again within an execution class.

use crate::{baselines::windows, NAT};
use openledger_factory::{hash, train::Row, Base, Error, Hash, Task};
use openledger_graph::count;
use openledger_influence_math::psi::{factorise, page, substitute, MAX_NORM, ONE};
use openledger_onnx::{Session, Tensor};
use rand_chacha::{
	rand_core::{RngCore, SeedableRng},
	ChaCha8Rng,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// λ as a part of the mean of C's diagonal, as Choe et al. take it.
pub const DAMPING: f64 = 0.1;
/// Windows that the graph takes at once.
pub(crate) const BATCH: usize = 8;

/// Gradients of texts' log-probabilities with respect to an adapter.
pub(crate) struct Probe {
	base: Arc<Base>,
	adapter: Vec<f32>,
	session: Session,
}

impl Probe {
	pub(crate) fn new(base: Arc<Base>, adapter: Vec<f32>, threads: usize) -> Result<Self, Error> {
		let session = base.session(Task::Gradient(BATCH), threads)?;
		Ok(Self { base, adapter, session })
	}

	pub(crate) fn base(&self) -> &Base {
		&self.base
	}

	/// Of each completion's tokens after its prompt.
	pub(crate) fn gradients(&mut self, texts: &[(&[u32], &[u32])]) -> Result<Vec<Vec<f64>>, Error> {
		let (t, size) = (self.base.context(), self.adapter.len());
		let mut sums = vec![vec![0f64; size]; texts.len()];
		let begin = self.base.tokenizer.begin();
		let of = |(i, (prompt, completion)): (usize, &(&[u32], &[u32]))| {
			windows(begin, prompt, completion, t).into_iter().map(move |window| (i, window))
		};
		let all: Vec<_> = texts.iter().enumerate().flat_map(of).collect();
		for batch in all.chunks(BATCH) {
			let (mut tokens, mut targets, mut mask) = (Vec::new(), Vec::new(), Vec::new());
			for (_, window) in batch {
				tokens.extend(&window.0);
				targets.extend(&window.1);
				mask.extend(&window.2);
			}
			tokens.resize(BATCH * t, 0);
			targets.resize(BATCH * t, 0);
			mask.resize(BATCH * t, 0.0);
			let shape = vec![BATCH, 1, t];
			let out = self.session.run(self.base.inputs(vec![
				("parameters.in", Tensor::Floats(vec![BATCH, size], self.adapter.repeat(BATCH))),
				("tokens", Tensor::Integers(shape.clone(), tokens)),
				("targets", Tensor::Integers(shape.clone(), targets)),
				("mask", Tensor::Floats(shape, mask)),
			]))?;
			for ((i, _), gradient) in batch.iter().zip(out["gradient"].chunks(size)) {
				sums[*i].iter_mut().zip(gradient).for_each(|(s, g)| *s += f64::from(*g));
			}
		}
		Ok(sums)
	}
}

/// The windows of rows that an adapter is trained on, each with its block; blocks are `0..blocks`.
pub(crate) fn trained_on(rows: &[Row], blocks: usize, context: usize) -> Vec<(usize, &[u32])> {
	rows.iter()
		.filter(|row| row.block < blocks)
		.flat_map(|row| row.tokens.chunks(context).map(|tokens| (row.block, tokens)))
		.collect()
}

/// The projection: for each parameter of an adapter the column that it is added to, and whether it is
/// subtracted.
struct Projection {
	columns: usize,
	drawn: Vec<(usize, bool)>,
}

impl Projection {
	/// From a ChaCha8 stream, a word for each parameter in their order.
	fn new(seed: &Hash, columns: usize, parameters: usize) -> Self {
		let seed = hash(&[&b"openledger/projection/v1"[..], seed].concat());
		let mut rng = ChaCha8Rng::from_seed(seed);
		let draw = |_| {
			let word = rng.next_u32();
			(((u64::from(word >> 1) * columns as u64) >> 31) as usize, word & 1 == 1)
		};
		Self { columns, drawn: (0..parameters).map(draw).collect() }
	}

	fn apply(&self, gradient: &[f64]) -> Vec<f64> {
		let mut feature = vec![0f64; self.columns];
		for ((column, negative), g) in self.drawn.iter().zip(gradient) {
			feature[*column] += if *negative { -g } else { *g };
		}
		feature
	}
}

/// What makes the features of an answer, as it is stored and hashed: JSON. All of it follows from the
/// run, its rows and the chain's seed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Map {
	/// Hash of the published adapter, hexadecimal.
	pub adapter: String,
	/// How many numbers a feature has.
	pub columns: u16,
	/// λ as a part of the mean of C's diagonal.
	pub damping: f64,
	/// Hash of the run's manifest, hexadecimal.
	pub manifest: String,
	/// Features are gradients in nats times 2 to the power of this.
	pub scale: i32,
	/// Seeds the projection: that of the design, hexadecimal.
	pub seed: String,
}

impl Map {
	/// Reads it.
	pub fn from_file(file: &[u8]) -> Result<Self, Error> {
		serde_json::from_slice(file).map_err(|e| Error::Corrupt("the map".into(), e.to_string()))
	}

	/// Its bytes.
	pub fn to_file(&self) -> Result<Vec<u8>, Error> {
		serde_json::to_vec(self).map_err(|e| Error::Corrupt("the map".into(), e.to_string()))
	}

	fn projection(&self, parameters: usize) -> Result<Projection, Error> {
		let corrupt = |why: String| Error::Corrupt("the map".into(), why);
		let mut seed = [0; 32];
		hex::decode_to_slice(&self.seed, &mut seed).map_err(|e| corrupt(e.to_string()))?;
		if self.columns == 0 || !(-512..=512).contains(&self.scale) {
			return Err(corrupt("its columns or its scale are out of bounds".into()));
		}
		Ok(Projection::new(&seed, self.columns.into(), parameters))
	}
}

/// Features of answers under a map.
pub struct Features {
	probe: Probe,
	projection: Projection,
	scale: f64,
}

impl Features {
	/// `adapter` is the published one, whose hash the map names.
	pub fn new(
		base: Arc<Base>,
		adapter: Vec<f32>,
		map: &Map,
		threads: usize,
	) -> Result<Self, Error> {
		let projection = map.projection(adapter.len())?;
		let probe = Probe::new(base, adapter, threads)?;
		Ok(Self { probe, projection, scale: 2f64.powi(map.scale) })
	}

	/// Features of a completion's tokens after its prompt, not rounded.
	fn exact(&mut self, prompt: &[u32], completion: &[u32]) -> Result<Vec<f64>, Error> {
		let gradient = self.probe.gradients(&[(prompt, completion)])?.remove(0);
		Ok(self.projection.apply(&gradient))
	}

	/// Features of a completion's tokens after its prompt, in units of 2^-16 times the map's scale, rounded
	/// half away from zero.
	pub fn of(&mut self, prompt: &[u32], completion: &[u32]) -> Result<Vec<i32>, Error> {
		let scale = self.scale * NAT;
		Ok(self
			.exact(prompt, completion)?
			.into_iter()
			.map(|v| (v * scale).round() as i32)
			.collect())
	}
}

/// What registers a version: its map, and its Ψ.
#[derive(Clone, PartialEq, Debug)]
pub struct Solution {
	/// Makes the features of an answer.
	pub map: Map,
	/// A row for each block: zero for the published adapter, then an entry for each column of features,
	/// [`ONE`] to the unit; at most [`MAX_NORM`] in sum.
	pub rows: Vec<Vec<i32>>,
}

impl Solution {
	/// The map's hash.
	pub fn hash(&self) -> Result<Hash, Error> {
		Ok(hash(&self.map.to_file()?))
	}

	/// The hash of a block's row, `None` if there is no such block.
	pub fn page(&self, block: usize) -> Result<Option<Hash>, Error> {
		let map = self.hash()?.into();
		Ok(self.rows.get(block).map(|row| page(&map, row).0))
	}

	/// All rows, one after another.
	pub fn psi(&self) -> Vec<i32> {
		self.rows.concat()
	}
}

/// What a map is a function of, beside the adapter and the rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Names {
	/// Hash of the published adapter.
	pub adapter: Hash,
	/// Hash of the run's manifest.
	pub manifest: Hash,
	/// The design's seed.
	pub seed: Hash,
	/// How many numbers a feature has.
	pub columns: u16,
}

/// Map and Ψ of the published adapter and the rows that it was trained on; blocks are `0..blocks`. The
/// scale is the least power of two, so that features are coarsest, at which every row of Ψ is within
/// [`MAX_NORM`].
///
/// Fails if there are no rows, if none has a gradient, or if ONNX Runtime fails.
pub fn solve(
	base: Arc<Base>,
	adapter: Vec<f32>,
	rows: &[Row],
	blocks: usize,
	names: &Names,
	threads: usize,
) -> Result<Solution, Error> {
	let columns = usize::from(names.columns);
	let projection = Projection::new(&names.seed, columns, count(&base.adapter()));
	let mut probe = Probe::new(base, adapter, threads)?;
	let mut sums = vec![vec![0f64; columns]; blocks];
	let mut fisher = vec![0f64; columns * columns];
	let windows = trained_on(rows, blocks, probe.base().context());
	for batch in windows.chunks(BATCH) {
		let texts: Vec<_> = batch.iter().map(|(_, tokens)| (&[][..], *tokens)).collect();
		for ((block, _), gradient) in batch.iter().zip(probe.gradients(&texts)?) {
			let feature = projection.apply(&gradient);
			sums[*block].iter_mut().zip(&feature).for_each(|(sum, v)| *sum += v);
			for (cells, a) in fisher.chunks_mut(columns).zip(&feature) {
				cells.iter_mut().zip(&feature).for_each(|(cell, b)| *cell += a * b);
			}
		}
	}
	let seen = windows.len() as f64;
	fisher.iter_mut().for_each(|cell| *cell /= seen);
	let mean = fisher.iter().step_by(columns + 1).sum::<f64>() / columns as f64;
	if !(mean > 0.0 && mean.is_finite()) {
		return Err(Error::TooLittle("the rows have no gradient that tells them apart".into()));
	}
	fisher.iter_mut().step_by(columns + 1).for_each(|cell| *cell += DAMPING * mean);
	let factor = factorise(&fisher, columns);
	let exact: Vec<Vec<f64>> = sums
		.iter()
		.map(|sum| {
			let right: Vec<f64> = sum.iter().map(|v| v / seen).collect();
			substitute(&factor, &right)
		})
		.collect();
	let scale = scale(&exact);
	let unit = f64::from(ONE) * 2f64.powi(-scale);
	let rounded = |row: &Vec<f64>| -> Vec<i32> {
		std::iter::once(0)
			.chain(row.iter().map(|v| (v * unit).round() as i32))
			.collect()
	};
	let map = Map {
		adapter: hex::encode(names.adapter),
		columns: names.columns,
		damping: DAMPING,
		manifest: hex::encode(names.manifest),
		scale,
		seed: hex::encode(names.seed),
	};
	Ok(Solution { map, rows: exact.iter().map(rounded).collect() })
}

/// The least power of two by which all rows, divided by it, are within [`MAX_NORM`] when rounded.
fn scale(rows: &[Vec<f64>]) -> i32 {
	let longest = rows
		.iter()
		.map(|row| row.iter().map(|v| v.abs()).sum::<f64>())
		.fold(0f64, f64::max);
	let entries = rows.first().map_or(0, Vec::len) as f64;
	// Rounding adds half a unit to an entry at most.
	let most = (MAX_NORM as f64 - entries) / f64::from(ONE);
	let fits = |scale: &i32| longest * 2f64.powi(-scale) <= most;
	(-256..256).find(fits).unwrap_or(256)
}
