//! Classifiers: trained many at once, and looked into.

use super::{data::Rows, Error, Result};
use ndarray::{concatenate, s, Array2, Axis};
use openledger_graph::{count, Mlp, Sgd};
use openledger_onnx::{Runtime, Session, Tensor};
use rand_chacha::{
	rand_core::{RngCore, SeedableRng},
	ChaCha8Rng,
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Steps of a training graph, so that parameters leave the library more seldom.
const STEPS: usize = 8;
/// Parameters that are trained in one graph, of one model or several.
const TOGETHER: usize = 400_000;
/// The most models in one graph.
const MOST: usize = 32;
/// Rows that are looked at in one run.
const BATCH: usize = 256;

/// How a classifier is trained.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Recipe {
	/// How often each row is seen.
	pub epochs: usize,
	/// Rows of a step.
	pub batch: usize,
	/// The learning rate.
	pub rate: f32,
	/// Momentum and weight decay.
	pub sgd: Sgd,
}

impl Recipe {
	/// Steps on so many rows.
	pub fn steps(&self, rows: usize) -> usize {
		self.epochs * rows.div_ceil(self.batch)
	}

	/// What a step moves by in the long run, momentum included.
	pub fn effective_rate(&self) -> f64 {
		f64::from(self.rate) / (1.0 - f64::from(self.sgd.momentum))
	}
}

/// A training: rows by their places, and the seed of weights and order.
#[derive(Clone, Debug)]
pub struct Job {
	/// Places of the rows.
	pub rows: Vec<usize>,
	/// Seeds weights and order.
	pub seed: u64,
}

/// Below `n`, as good as uniform.
pub fn below(rng: &mut ChaCha8Rng, n: usize) -> usize {
	((u64::from(rng.next_u32()) * n as u64) >> 32) as usize
}

/// A shuffle (Fisher and Yates).
pub fn shuffle(rng: &mut ChaCha8Rng, order: &mut [usize]) {
	for i in (1..order.len()).rev() {
		let j = below(rng, i + 1);
		order.swap(i, j);
	}
}

/// Uniform between −1 and 1.
pub fn uniform(rng: &mut ChaCha8Rng) -> f32 {
	(rng.next_u32() >> 8) as f32 / (1 << 23) as f32 - 1.0
}

/// Fresh parameters: uniform in ±1/√inputs, as PyTorch has it.
pub fn initial(model: &Mlp, seed: u64) -> Vec<f32> {
	let mut rng = ChaCha8Rng::seed_from_u64(seed);
	let layer = |(from, to): (usize, usize)| {
		let scale = (from as f32).powf(-0.5);
		(0..(from + 1) * to).map(|_| scale * uniform(&mut rng)).collect::<Vec<f32>>()
	};
	model.layers().into_iter().flat_map(layer).collect()
}

/// A job on its way.
struct Running<'a> {
	job: &'a Job,
	rng: ChaCha8Rng,
	/// Rows of this epoch still to be seen, last first.
	queue: Vec<usize>,
	step: usize,
	steps: usize,
	saved: Vec<Vec<f32>>,
}

impl<'a> Running<'a> {
	fn new(job: &'a Job, recipe: &Recipe) -> Self {
		// Another stream than that of the weights.
		let mut rng = ChaCha8Rng::seed_from_u64(job.seed);
		rng.set_stream(1);
		let steps = recipe.steps(job.rows.len());
		Self { job, rng, queue: Vec::new(), step: 0, steps, saved: Vec::new() }
	}

	/// The rows of the next step; none when all are done.
	fn next(&mut self, batch: usize) -> Vec<usize> {
		if self.step >= self.steps {
			return Vec::new();
		}
		self.step += 1;
		if self.queue.is_empty() {
			self.queue = self.job.rows.clone();
			shuffle(&mut self.rng, &mut self.queue);
		}
		let from = self.queue.len().saturating_sub(batch);
		self.queue.split_off(from)
	}
}

/// How many models are trained in one graph.
pub fn together(model: &Mlp) -> usize {
	(TOGETHER / count(&model.weights())).clamp(1, MOST)
}

/// Trains a classifier for each job, and gives the parameters after each of `checkpoints` equal parts
/// of its steps, up to [`STEPS`] later. Jobs do not depend on each other. `done` hears of how many
/// jobs have ended.
pub fn train(
	model: &Mlp,
	recipe: &Recipe,
	rows: &Rows,
	jobs: &[Job],
	checkpoints: usize,
	done: &(dyn Fn(usize) + Sync),
) -> Result<Vec<Vec<Vec<f32>>>> {
	let total = count(&model.weights());
	// Whatever the number of jobs: another graph could round otherwise.
	let segments = together(model);
	let graph = model.train(segments, STEPS, recipe.batch, recipe.sgd).to_onnx();
	let runtime = Runtime::load()?;
	let chunk = |jobs: &[Job]| -> Result<Vec<Vec<Vec<f32>>>> {
		let mut session = Session::new(&runtime, &graph, 1)?;
		let mut running: Vec<Running> = jobs.iter().map(|job| Running::new(job, recipe)).collect();
		let mut parameters: Vec<f32> =
			jobs.iter().flat_map(|job| initial(model, job.seed)).collect();
		parameters.resize(segments * total, 0.0);
		let mut velocity = vec![0f32; segments * total];
		while running.iter().any(|r| r.step < r.steps) {
			let shape = vec![segments, STEPS, recipe.batch];
			let cells = shape.iter().product::<usize>();
			let mut x = vec![0f32; cells * model.inputs];
			let (mut labels, mut weight) = (vec![0i64; cells], vec![0f32; cells]);
			let mut rate = vec![0f32; segments * STEPS];
			for (s, run) in running.iter_mut().enumerate() {
				for (step, rate) in rate.iter_mut().enumerate().skip(s * STEPS).take(STEPS) {
					let taken = run.next(recipe.batch);
					*rate = if taken.is_empty() { 0.0 } else { recipe.rate };
					for (i, row) in taken.iter().enumerate() {
						let cell = step * recipe.batch + i;
						let to = &mut x[cell * model.inputs..][..model.inputs];
						rows.x.row(*row).iter().zip(to).for_each(|(from, to)| *to = *from);
						labels[cell] = rows.y[*row] as i64;
						weight[cell] = 1.0 / taken.len() as f32;
					}
				}
			}
			let state = |v| Tensor::Floats(vec![segments, total], v);
			let mut out = session.run(vec![
				("parameters.in", state(parameters)),
				("velocity.in", state(velocity)),
				("x", Tensor::Floats([&shape[..], &[model.inputs]].concat(), x)),
				("labels", Tensor::Integers(shape.clone(), labels)),
				("weight", Tensor::Floats(shape, weight)),
				("rate", Tensor::Floats(vec![segments, STEPS], rate)),
			])?;
			parameters = out.remove("parameters").unwrap_or_default();
			velocity = out.remove("velocity").unwrap_or_default();
			for (s, run) in running.iter_mut().enumerate() {
				while run.saved.len() < checkpoints
					&& run.step >= run.steps * (run.saved.len() + 1) / checkpoints
				{
					run.saved.push(parameters[s * total..(s + 1) * total].to_vec());
				}
			}
		}
		done(jobs.len());
		Ok(running.into_iter().map(|run| run.saved).collect())
	};
	let parts: Vec<_> = jobs.par_chunks(segments).map(chunk).collect::<Result<_>>()?;
	let all: Vec<Vec<Vec<f32>>> = parts.into_iter().flatten().collect();
	if all.iter().flatten().flatten().any(|v| !v.is_finite()) {
		return Err(Error::Unfit("training diverges: choose a lower learning rate".into()));
	}
	Ok(all)
}

/// Logits `[rows, classes]` under each of several sets of parameters.
pub fn predict(model: &Mlp, parameters: &[Vec<f32>], rows: &Rows) -> Result<Vec<Array2<f32>>> {
	let graph = model.predict(1, BATCH).to_onnx();
	let mut session = Session::new(&Runtime::load()?, &graph, 1)?;
	let mut all = Vec::new();
	for flat in parameters {
		let mut logits = Vec::new();
		for (x, _, rows) in batches(rows, &rows.y) {
			let out = session.run(vec![
				("parameters.in", Tensor::Floats(vec![1, flat.len()], flat.clone())),
				("x", Tensor::Floats(vec![1, BATCH, model.inputs], x)),
			])?;
			logits.extend(&out["logits"][..rows * model.classes]);
		}
		all.push(matrix(rows.len(), logits)?);
	}
	Ok(all)
}

/// Rows and labels cut into batches, the last filled up; how many of a batch count.
fn batches<'a>(
	rows: &'a Rows,
	labels: &'a [usize],
) -> impl Iterator<Item = (Vec<f32>, Vec<i64>, usize)> + 'a {
	(0..rows.len()).step_by(BATCH).map(move |from| {
		let to = (from + BATCH).min(rows.len());
		let mut x: Vec<f32> = rows.x.slice(s![from..to, ..]).iter().copied().collect();
		x.resize(BATCH * rows.x.ncols(), 0.0);
		let mut y: Vec<i64> = labels[from..to].iter().map(|y| *y as i64).collect();
		y.resize(BATCH, 0);
		(x, y, to - from)
	})
}

fn matrix(rows: usize, values: Vec<f32>) -> Result<Array2<f32>> {
	let columns = values.len() / rows.max(1);
	Array2::from_shape_vec((rows, columns), values).map_err(|e| Error::Unfit(e.to_string()))
}

/// A layer's part in the gradients of rows: `a` `[rows, from + 1]`, its input and a one, and `d`
/// `[rows, to]`; the row's gradient is `a ⊗ d`.
pub struct Factors {
	/// Inputs and a one.
	pub a: Array2<f32>,
	/// Gradients of outputs.
	pub d: Array2<f32>,
}

/// A classifier, to be looked into.
pub struct Probe<'a> {
	model: &'a Mlp,
	parameters: &'a [f32],
	factors: Session,
}

impl<'a> Probe<'a> {
	/// Of a model with these parameters.
	pub fn new(model: &'a Mlp, parameters: &'a [f32]) -> Result<Self> {
		let graph = model.factors(BATCH).to_onnx();
		let factors = Session::new(&Runtime::load()?, &graph, 1)?;
		Ok(Self { model, parameters, factors })
	}

	/// Every layer's part in the gradients of the rows' losses.
	pub fn factors(&mut self, rows: &Rows) -> Result<Vec<Factors>> {
		self.factors_for(rows, &rows.y)
	}

	/// As [`Probe::factors`], with other labels.
	pub fn factors_for(&mut self, rows: &Rows, labels: &[usize]) -> Result<Vec<Factors>> {
		let layers = self.model.layers();
		let mut parts: BTreeMap<String, Vec<f32>> = BTreeMap::new();
		for (x, y, n) in batches(rows, labels) {
			for (name, values) in self.factors.run(inputs(self.parameters, self.model, x, y))? {
				let width = values.len() / BATCH;
				parts.entry(name).or_default().extend(&values[..n * width]);
			}
		}
		let mut take = |name: String| matrix(rows.len(), parts.remove(&name).unwrap_or_default());
		let ones = Array2::ones((rows.len(), 1));
		(0..layers.len())
			.map(|i| {
				let a = take(format!("a.{i}"))?;
				let a = concatenate(Axis(1), &[a.view(), ones.view()])
					.map_err(|e| Error::Unfit(e.to_string()))?;
				Ok(Factors { a, d: take(format!("d.{i}"))? })
			})
			.collect()
	}
}

/// What both graphs of gradients take.
fn inputs(flat: &[f32], model: &Mlp, x: Vec<f32>, y: Vec<i64>) -> Vec<(&'static str, Tensor)> {
	vec![
		("parameters.in", Tensor::Floats(vec![flat.len()], flat.to_vec())),
		("x", Tensor::Floats(vec![BATCH, model.inputs], x)),
		("labels", Tensor::Integers(vec![BATCH], y)),
	]
}

/// A projection of each layer's inputs (with the one) and outputs, `[from + 1, p]` and `[to, q]`.
pub type Projection = Vec<(Array2<f32>, Array2<f32>)>;

/// Projected gradients.
pub struct Projector<'a> {
	model: &'a Mlp,
	flat: Vec<f32>,
	session: Session,
}

impl<'a> Projector<'a> {
	/// Of a model's gradients.
	pub fn new(model: &'a Mlp, projection: &Projection) -> Result<Self> {
		let shape: Vec<(usize, usize)> = projection
			.iter()
			.map(|(input, output)| (input.ncols(), output.ncols()))
			.collect();
		let graph = model.features(BATCH, &shape).to_onnx();
		let session = Session::new(&Runtime::load()?, &graph, 1)?;
		let flat = projection.iter().flat_map(|(input, output)| input.iter().chain(output));
		Ok(Self { model, flat: flat.copied().collect(), session })
	}

	/// Features `[rows, Σ p·q]` of the rows' losses under some parameters, with some labels.
	pub fn features(
		&mut self,
		parameters: &[f32],
		rows: &Rows,
		labels: &[usize],
	) -> Result<Array2<f32>> {
		let mut all = Vec::new();
		for (x, y, n) in batches(rows, labels) {
			let mut given = inputs(parameters, self.model, x, y);
			given.push(("projection", Tensor::Floats(vec![self.flat.len()], self.flat.clone())));
			let out = self.session.run(given)?;
			let values = &out["feature"];
			all.extend(&values[..n * (values.len() / BATCH)]);
		}
		matrix(rows.len(), all)
	}
}

/// Probabilities of the classes.
pub fn probabilities(logits: &Array2<f32>) -> Array2<f32> {
	let mut all = logits.clone();
	for mut row in all.rows_mut() {
		let most = row.fold(f32::NEG_INFINITY, |m, v| m.max(*v));
		row.mapv_inplace(|v| (v - most).exp());
		let sum = row.sum();
		row /= sum;
	}
	all
}
