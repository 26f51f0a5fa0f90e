//! Methods that score training rows for queries, behind one interface.
//!
//! A score is positive where a row made the measure of the query larger. Gradients are of losses: a
//! step of descent on row `i` raises the log-probability of query `q` by `∇L_q·∇L_i`. Papers name
//! these methods; this code follows their formulas.

use super::{
	data::{words, Rows},
	linear::{cholesky, narrow, solve_lower, solve_upper, wide},
	metrics::by_block,
	model::{below, train, uniform, Factors, Job, Probe, Projection, Projector, Recipe},
	truth::{halves, Cache, Laboratory, Measure},
	Error, Result,
};
use crate::{control::controlled, NAT};
use ndarray::{s, Array1, Array2, ArrayView1, ArrayView2, Axis};
use openledger_factory::Wanted;
use openledger_graph::Mlp;
use openledger_influence_math::{
	design::{contains, draw, group},
	psi::ONE,
	Psi, Subset,
};
use rand_chacha::{
	rand_core::{RngCore, SeedableRng},
	ChaCha8Rng,
};
use std::collections::{BTreeMap, HashSet};

/// What methods may look at.
pub struct Subject<'a> {
	/// The architecture.
	pub model: &'a Mlp,
	/// How it was trained.
	pub recipe: &'a Recipe,
	/// What it was trained on.
	pub rows: &'a Rows,
	/// The block of each row.
	pub block: &'a [usize],
	/// How many blocks there are.
	pub blocks: usize,
	/// Trainings on all rows, each by its checkpoints in order.
	pub runs: &'a [Vec<Vec<f32>>],
	/// What of a query is explained.
	pub measure: Measure,
	/// Where retrainings are kept.
	pub cache: &'a Cache,
	/// Seeds projections, designs and retrainings.
	pub seed: u64,
}

/// What a method scores.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
	/// Every training row.
	Rows,
	/// Every block of rows.
	Blocks,
}

/// A method of attribution.
pub trait Method {
	/// What tables call it.
	fn name(&self) -> String;

	/// What it scores.
	fn unit(&self) -> Unit {
		Unit::Rows
	}

	/// The dampings to choose from, on queries that are not reported; one if there is no choice.
	fn dampings(&self) -> Vec<f64> {
		vec![0.0]
	}

	/// Looks at the training rows.
	fn fit(&mut self, _subject: &Subject) -> Result<()> {
		Ok(())
	}

	/// Scores `[rows or blocks, queries]`.
	fn scores(&mut self, subject: &Subject, queries: &Rows, damping: f64) -> Result<Array2<f32>>;

	/// Scores by which a damping is chosen: the same, or what comes near them for less.
	fn draft(&mut self, subject: &Subject, queries: &Rows, damping: f64) -> Result<Array2<f32>> {
		self.scores(subject, queries, damping)
	}
}

/// The last parameters of the first `n` runs.
fn finals<'a>(subject: &'a Subject, n: usize) -> impl Iterator<Item = &'a Vec<f32>> {
	subject.runs.iter().take(n).filter_map(|run| run.last())
}

/// Parts of the queries' gradients of the measure.
pub fn query_factors(probe: &mut Probe, queries: &Rows, measure: Measure) -> Result<Vec<Factors>> {
	let mut factors = probe.factors(queries)?;
	let weight: Array1<f32> = match factors.last() {
		// The last layer's gradient at the label is p − 1.
		Some(last) => (0..queries.len())
			.map(|q| measure.weight(1.0 + last.d[[q, queries.y[q]]]))
			.collect(),
		None => return Ok(factors),
	};
	let weight = weight.insert_axis(Axis(1));
	factors.iter_mut().for_each(|layer| layer.d *= &weight);
	Ok(factors)
}

/// Inner products of gradients `[rows, queries]` in one layer.
pub fn products(rows: &Factors, queries: &Factors) -> Array2<f32> {
	rows.a.dot(&queries.a.t()) * rows.d.dot(&queries.d.t())
}

/// Numbers drawn at random.
pub struct Random;

impl Method for Random {
	fn name(&self) -> String {
		"random".into()
	}
	fn scores(&mut self, subject: &Subject, queries: &Rows, _: f64) -> Result<Array2<f32>> {
		let mut rng = ChaCha8Rng::seed_from_u64(subject.seed);
		Ok(Array2::from_shape_simple_fn((subject.rows.len(), queries.len()), || uniform(&mut rng)))
	}
}

/// The same for every row, so that a block earns by its size.
pub struct Size;

impl Method for Size {
	fn name(&self) -> String {
		"size only".into()
	}
	fn scores(&mut self, subject: &Subject, queries: &Rows, _: f64) -> Result<Array2<f32>> {
		Ok(Array2::ones((subject.rows.len(), queries.len())))
	}
}

/// The same for every block.
pub struct Equal;

impl Method for Equal {
	fn name(&self) -> String {
		"equal".into()
	}
	fn unit(&self) -> Unit {
		Unit::Blocks
	}
	fn scores(&mut self, subject: &Subject, queries: &Rows, _: f64) -> Result<Array2<f32>> {
		Ok(Array2::ones((subject.blocks, queries.len())))
	}
}

/// Inner products of gradients: at the end of training, or at all checkpoints (TracIn, Pruthi et al.
/// 2020).
pub struct Gradients {
	/// Of gradients scaled to length one.
	pub cosine: bool,
	/// At all checkpoints, not the last alone.
	pub path: bool,
}

impl Method for Gradients {
	fn name(&self) -> String {
		match (self.cosine, self.path) {
			(true, _) => "gradient cosine",
			(_, true) => "TracIn",
			_ => "gradient dot",
		}
		.into()
	}
	fn scores(&mut self, subject: &Subject, queries: &Rows, _: f64) -> Result<Array2<f32>> {
		let mut sum = Array2::zeros((subject.rows.len(), queries.len()));
		let run = subject.runs.first().map_or(&[][..], |run| &run[..]);
		let from = if self.path { 0 } else { run.len().saturating_sub(1) };
		for parameters in &run[from..] {
			let mut probe = Probe::new(subject.model, parameters)?;
			let rows = probe.factors(subject.rows)?;
			let asked = query_factors(&mut probe, queries, subject.measure)?;
			let lengths = |all: &[Factors]| -> Array1<f32> {
				all.iter().map(squares).fold(Array1::zeros(all[0].a.nrows()), |a, b| a + b)
			};
			let mut dot = Array2::zeros(sum.raw_dim());
			rows.iter().zip(&asked).for_each(|(r, q)| dot += &products(r, q));
			if self.cosine {
				let scale = |v: f32| v.sqrt().max(1e-20);
				dot /= &lengths(&rows).mapv(scale).insert_axis(Axis(1));
				dot /= &lengths(&asked).mapv(scale);
			}
			sum += &dot;
		}
		Ok(sum)
	}
}

/// Squared lengths of the rows' gradients in one layer.
fn squares(layer: &Factors) -> Array1<f32> {
	let square = |x: &Array2<f32>| (x * x).sum_axis(Axis(1));
	square(&layer.a) * square(&layer.d)
}

/// DataInf (Kwon et al. 2024): the inverse of a mean of rank-one matrices taken as the mean of their
/// inverses, layer by layer.
pub struct DataInf;

impl Method for DataInf {
	fn name(&self) -> String {
		"DataInf".into()
	}
	fn dampings(&self) -> Vec<f64> {
		vec![1e-3, 1e-2, 1e-1, 1.0]
	}
	fn scores(&mut self, subject: &Subject, queries: &Rows, damping: f64) -> Result<Array2<f32>> {
		let n = subject.rows.len();
		let mut sum = Array2::zeros((n, queries.len()));
		for parameters in finals(subject, 1) {
			let mut probe = Probe::new(subject.model, parameters)?;
			let rows = probe.factors(subject.rows)?;
			let asked = query_factors(&mut probe, queries, subject.measure)?;
			for (rows, asked) in rows.iter().zip(&asked) {
				let lengths = squares(rows);
				let lambda = damping as f32 * lengths.sum() / n as f32;
				let direct = products(rows, asked);
				let weighed = &direct / &(&lengths + lambda).insert_axis(Axis(1));
				let through = products(rows, rows).dot(&weighed) / n as f32;
				sum += &((direct - through) / lambda);
			}
		}
		Ok(sum)
	}
}

/// A seeded projection of every layer to at most `k` numbers of each side.
pub fn random_projection(model: &Mlp, k: usize, seed: u64) -> Projection {
	let mut rng = ChaCha8Rng::seed_from_u64(seed);
	let mut side = |n: usize| match n <= k {
		true => Array2::eye(n),
		false => Array2::from_shape_simple_fn((n, k), || {
			let sign = if rng.next_u32() & 1 == 0 { 1.0 } else { -1.0 };
			sign * (k as f32).powf(-0.5)
		}),
	};
	model
		.layers()
		.into_iter()
		.map(|(from, to)| (side(from + 1), side(to)))
		.collect()
}

/// Columns, so many at a time.
fn cut<'a>(all: &'a Array2<f32>, widths: &[usize]) -> Vec<ArrayView2<'a, f32>> {
	let mut rest = all.view();
	let mut parts = Vec::new();
	for width in widths {
		let (part, others) = rest.split_at(Axis(1), *width);
		parts.push(part);
		rest = others;
	}
	parts
}

/// `FᵀF/n`, the second moments of short gradients `F` `[rows, k]`.
fn second_moments(rows: ArrayView2<f32>) -> Array2<f64> {
	wide(&rows.t().dot(&rows)) / rows.nrows().max(1) as f64
}

/// `(H + λ·mean(diag H))⁻¹ Qᵀ`, `[k, queries]`.
fn inverse(h: &Array2<f64>, queries: ArrayView2<f32>, damping: f64) -> Result<Array2<f32>> {
	let lambda = damping * h.diag().mean().unwrap_or(1.0);
	let l = cholesky(h + &(Array2::<f64>::eye(h.ncols()) * lambda))?;
	let mut b = wide(&queries.t().to_owned());
	solve_lower(&l, &mut b);
	solve_upper(&l, &mut b);
	Ok(narrow(&b))
}

/// How per-example gradients become short.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Compression {
	/// Random Kronecker products (LoGRA, Choe et al. 2024).
	Kronecker,
	/// Random coordinates, summed with random signs (GraSS, Hu et al. 2025).
	Sparse,
}

/// Influence functions (Koh and Liang 2017) on short gradients, with the empirical Fisher matrix of
/// each layer for the Hessian.
pub struct Fisher {
	compression: Compression,
	/// Numbers of each side of a layer; its square numbers of a layer.
	k: usize,
	rows: Array2<f32>,
	/// Their second moments, layer by layer.
	moments: Vec<Array2<f64>>,
}

impl Fisher {
	/// Not yet fitted.
	pub fn new(compression: Compression, k: usize) -> Self {
		Self { compression, k, rows: Array2::default((0, 0)), moments: Vec::new() }
	}

	/// How many numbers each layer has.
	fn widths(&self, model: &Mlp) -> Vec<usize> {
		let width = |(from, to): (usize, usize)| match self.compression {
			Compression::Kronecker => (from + 1).min(self.k) * to.min(self.k),
			Compression::Sparse => self.k * self.k,
		};
		model.layers().into_iter().map(width).collect()
	}

	fn features(&self, subject: &Subject, rows: &Rows, asked: bool) -> Result<Array2<f32>> {
		let parameters = finals(subject, 1).next().ok_or(Error::Unfit("no run".into()))?;
		let mut probe = Probe::new(subject.model, parameters)?;
		let weight = match asked {
			true => query_weights(&mut probe, rows, subject.measure)?,
			false => Array1::ones(rows.len()),
		};
		let all = match self.compression {
			Compression::Kronecker => {
				let projection = random_projection(subject.model, self.k, subject.seed);
				let mut projector = Projector::new(subject.model, &projection)?;
				projector.features(parameters, rows, &rows.y)?
			},
			Compression::Sparse => self.sparse(&probe.factors(rows)?, subject.seed),
		};
		Ok(all * weight.insert_axis(Axis(1)))
	}

	/// Four coordinates of a layer's gradient make one number.
	fn sparse(&self, factors: &[Factors], seed: u64) -> Array2<f32> {
		let width = self.k * self.k;
		let mut all = Array2::zeros((factors[0].a.nrows(), width * factors.len()));
		for (l, layer) in factors.iter().enumerate() {
			let mut rng = ChaCha8Rng::seed_from_u64(seed ^ (l as u64 + 1));
			for i in 0..4 * width {
				let (a, d) = (below(&mut rng, layer.a.ncols()), below(&mut rng, layer.d.ncols()));
				let sign = if below(&mut rng, 2) == 0 { 1.0 } else { -1.0 };
				let product = &layer.a.column(a) * &layer.d.column(d);
				all.column_mut(l * width + i % width).scaled_add(sign, &product);
			}
		}
		all
	}
}

/// By what the gradient of each query's loss is multiplied.
pub fn query_weights(probe: &mut Probe, queries: &Rows, measure: Measure) -> Result<Array1<f32>> {
	let factors = probe.factors(queries)?;
	let last = factors.last().ok_or(Error::Unfit("a model has a layer".into()))?;
	Ok((0..queries.len())
		.map(|q| measure.weight(1.0 + last.d[[q, queries.y[q]]]))
		.collect())
}

impl Method for Fisher {
	fn name(&self) -> String {
		match self.compression {
			Compression::Kronecker => format!("LoGRA-{}, empirical Fisher", self.k),
			Compression::Sparse => format!("GraSS-{}", self.k * self.k),
		}
	}
	fn dampings(&self) -> Vec<f64> {
		vec![1e-3, 1e-2, 1e-1, 1.0, 10.0]
	}
	fn fit(&mut self, subject: &Subject) -> Result<()> {
		self.rows = self.features(subject, subject.rows, false)?;
		let layers = cut(&self.rows, &self.widths(subject.model));
		self.moments = layers.into_iter().map(second_moments).collect();
		Ok(())
	}
	fn scores(&mut self, subject: &Subject, queries: &Rows, damping: f64) -> Result<Array2<f32>> {
		let asked = self.features(subject, queries, true)?;
		let widths = self.widths(subject.model);
		let both = cut(&self.rows, &widths).into_iter().zip(cut(&asked, &widths));
		let mut scores = Array2::zeros((self.rows.nrows(), queries.len()));
		for ((rows, asked), moments) in both.zip(&self.moments) {
			scores += &rows.dot(&inverse(moments, asked, damping)?);
		}
		Ok(scores)
	}
}

/// How many numbers of a gradient TRAK keeps, at least: twice as many as dense projections usually
/// have, since Kronecker products of projections keep less of a gradient in as many.
const TRAK_NUMBERS: usize = 1024;

/// The least `k` with which [`random_projection`] keeps so many numbers, or all.
fn side(model: &Mlp, numbers: usize) -> usize {
	let kept = |k: usize| -> usize {
		model.layers().iter().map(|(from, to)| (from + 1).min(k) * k.min(*to)).sum()
	};
	let all = model.layers().iter().map(|(from, to)| to.max(from) + 1).max().unwrap_or(1);
	(1..all).find(|k| kept(*k) >= numbers).unwrap_or(all)
}

/// TRAK (Park et al. 2023): gradients of margins of models trained on halves, projected by
/// Kronecker products.
pub struct Trak {
	count: usize,
	/// Parameters of models trained on random halves.
	models: Vec<Vec<f32>>,
	/// Each model's gradients of the rows, and their second moments.
	rows: Vec<(Array2<f32>, Array2<f64>)>,
	/// Sums over models of `1 − p` of the rows' labels.
	misses: Array1<f32>,
}

impl Trak {
	/// Not yet fitted, of so many models.
	pub fn new(count: usize) -> Self {
		Self { count, models: Vec::new(), rows: Vec::new(), misses: Array1::default(0) }
	}

	/// The models' parameters `[models][parameters]`; none before the first fit, which alone trains.
	pub fn models(&self) -> &[Vec<f32>] {
		&self.models
	}

	/// Projected gradients of the margins of rows under a model, and by what those of losses were
	/// multiplied: `1/(1 − p)`.
	fn margins(&self, subject: &Subject, m: usize, x: &Rows) -> Result<(Array2<f32>, Array1<f32>)> {
		let k = side(subject.model, TRAK_NUMBERS);
		let projection = random_projection(subject.model, k, subject.seed + m as u64);
		let mut probe = Probe::new(subject.model, &self.models[m])?;
		let weight = query_weights(&mut probe, x, Measure::Margin)?;
		let mut projector = Projector::new(subject.model, &projection)?;
		let features = projector.features(&self.models[m], x, &x.y)?;
		Ok((features * weight.view().insert_axis(Axis(1)), weight))
	}
}

impl Method for Trak {
	fn name(&self) -> String {
		format!("TRAK-{}", self.count)
	}
	fn dampings(&self) -> Vec<f64> {
		vec![1e-3, 1e-2, 1e-1, 1.0, 10.0]
	}
	fn fit(&mut self, subject: &Subject) -> Result<()> {
		if self.models.is_empty() {
			let members = halves(self.count, subject.rows.len(), subject.seed ^ 0x5e97);
			let mut rng = ChaCha8Rng::seed_from_u64(subject.seed ^ 0x5e96);
			let job = |half: ArrayView1<f32>| Job {
				rows: (0..half.len()).filter(|i| half[*i] > 0.0).collect(),
				seed: rng.next_u64(),
			};
			let jobs: Vec<Job> = members.rows().into_iter().map(job).collect();
			let trained = train(subject.model, subject.recipe, subject.rows, &jobs, 1, &|_| {})?;
			self.models = trained.concat();
		}
		self.rows.clear();
		self.misses = Array1::zeros(subject.rows.len());
		for m in 0..self.models.len() {
			let (rows, weight) = self.margins(subject, m, subject.rows)?;
			let moments = second_moments(rows.view());
			self.rows.push((rows, moments));
			self.misses += &weight.mapv(|w| 1.0 / w);
		}
		Ok(())
	}
	fn scores(&mut self, subject: &Subject, queries: &Rows, damping: f64) -> Result<Array2<f32>> {
		let mut kernel = Array2::zeros((subject.rows.len(), queries.len()));
		for (m, (rows, moments)) in self.rows.iter().enumerate() {
			let (asked, _) = self.margins(subject, m, queries)?;
			kernel += &rows.dot(&inverse(moments, asked.view(), damping)?);
		}
		Ok(kernel * self.misses.view().insert_axis(Axis(1)))
	}
}

/// Retrainings without one block each.
pub struct LeaveOneOut;

/// Jobs on all rows but those of blocks that a subset leaves out.
fn jobs(subject: &Subject, wanted: &[impl Into<Wanted> + Copy]) -> Vec<Job> {
	let job = |wanted: Wanted| Job {
		rows: (0..subject.rows.len())
			.filter(|i| contains(&wanted.subset, subject.block[*i]))
			.collect(),
		// The same weights and, as far as it goes, order for all of a group.
		seed: wanted.seed(subject.seed),
	};
	wanted.iter().map(|one| job((*one).into())).collect()
}

/// The measure of all queries after each job: `[jobs, queries]`.
fn measured(subject: &Subject, queries: &Rows, what: &str, jobs: &[Job]) -> Result<Array2<f64>> {
	let Subject { model, recipe, rows, cache, .. } = *subject;
	let laboratory = Laboratory { model, recipe, rows, queries, cache };
	let logits = laboratory.logits(what, jobs, subject.seed)?;
	Ok(Array2::from_shape_fn((jobs.len(), queries.len()), |(k, q)| {
		subject.measure.of(logits[k].row(q), queries.y[q])
	}))
}

impl Method for LeaveOneOut {
	fn name(&self) -> String {
		"leave one block out".into()
	}
	fn unit(&self) -> Unit {
		Unit::Blocks
	}
	fn scores(&mut self, subject: &Subject, queries: &Rows, _: f64) -> Result<Array2<f32>> {
		let without = |u: usize| {
			let mut subset = [0xff; 32];
			subset[u / 8] ^= 1 << (u % 8);
			subset
		};
		let mut subsets = vec![[0xff; 32]];
		subsets.extend((0..subject.blocks).map(without));
		let values = measured(subject, queries, "leave one out", &jobs(subject, &subsets))?;
		let all = values.row(0);
		Ok((&all - &values.slice(s![1.., ..])).mapv(|v| v as f32))
	}
}

/// What the chain pays by: models retrained on the subsets of the chain's design, and its own integer
/// regression.
#[derive(Clone, Copy, Debug)]
pub struct Counterfactual {
	/// Retrainings.
	pub adapters: u16,
}

impl Counterfactual {
	/// The subsets, and Ψ for blocks of these sizes.
	pub fn design(&self, subject: &Subject) -> Result<(Vec<Subset>, Psi)> {
		let mut sizes = vec![0u64; subject.blocks];
		subject.block.iter().for_each(|u| sizes[*u] += 1);
		let mut seed = [0; 32];
		seed[..8].copy_from_slice(&subject.seed.to_le_bytes());
		let subsets = draw(seed.into(), subject.blocks as u16, self.adapters);
		let psi = Psi::solve(&subsets, &sizes)
			.map_err(|e| Error::Unfit(format!("the design has no solution: {e:?}")))?;
		Ok((subsets, psi))
	}

	/// The vectors `y` of all queries: the measure, in 2^-16, of the untrained model, of the trained
	/// one and of each retraining.
	pub fn vectors(
		&self,
		subject: &Subject,
		queries: &Rows,
		subsets: &[Subset],
	) -> Result<Vec<Vec<i32>>> {
		let all = Wanted::version(subsets, subject.blocks);
		let what = format!("{} counterfactuals", self.adapters);
		let values = measured(subject, queries, &what, &jobs(subject, &all))?;
		let start = super::model::initial(subject.model, subject.seed);
		let start = super::model::predict(subject.model, &[start], queries)?.remove(0);
		let fixed = |v: f64| (v * NAT).round().clamp(-1e9, 1e9) as i32;
		let vector = |q: usize| {
			let base = subject.measure.of(start.row(q), queries.y[q]);
			[base].into_iter().chain(values.column(q).iter().copied()).map(fixed).collect()
		};
		Ok((0..queries.len()).map(vector).collect())
	}
}

impl Method for Counterfactual {
	fn name(&self) -> String {
		format!("counterfactual, K = {}", self.adapters)
	}
	fn unit(&self) -> Unit {
		Unit::Blocks
	}
	fn scores(&mut self, subject: &Subject, queries: &Rows, _: f64) -> Result<Array2<f32>> {
		let (subsets, psi) = self.design(subject)?;
		let mut scores = Array2::zeros((subject.blocks, queries.len()));
		for (q, y) in self.vectors(subject, queries, &subsets)?.iter().enumerate() {
			let found = psi.scores(y).ok_or(Error::Unfit("y does not fit Ψ".into()))?;
			for (u, score) in found.into_iter().enumerate() {
				scores[[u, q]] = (score as f64 / f64::from(ONE) / NAT) as f32;
			}
		}
		Ok(scores)
	}
}

/// Retrainings on random halves, with gradients as their control variate ([`controlled`]).
pub struct Controlled {
	/// The retrainings.
	pub counterfactual: Counterfactual,
	/// The gradients.
	pub features: Box<dyn Method>,
}

impl Method for Controlled {
	fn name(&self) -> String {
		format!("with gradients, K = {}", self.counterfactual.adapters)
	}
	fn unit(&self) -> Unit {
		Unit::Blocks
	}
	fn dampings(&self) -> Vec<f64> {
		self.features.dampings()
	}
	fn fit(&mut self, subject: &Subject) -> Result<()> {
		self.features.fit(subject)
	}
	/// The gradients alone, so that a damping costs no retraining.
	fn draft(&mut self, subject: &Subject, queries: &Rows, damping: f64) -> Result<Array2<f32>> {
		let scores = self.features.draft(subject, queries, damping)?;
		Ok(by_block(&scores, subject.block, subject.blocks))
	}
	fn scores(&mut self, subject: &Subject, queries: &Rows, damping: f64) -> Result<Array2<f32>> {
		let (subsets, _) = self.counterfactual.design(subject)?;
		let vectors = self.counterfactual.vectors(subject, queries, &subsets)?;
		let gradients = self.features.scores(subject, queries, damping)?;
		let gradients = wide(&by_block(&gradients, subject.block, subject.blocks));
		let observed = Array2::from_shape_fn((subsets.len(), queries.len()), |(k, q)| {
			f64::from(vectors[q][k + 2]) / NAT
		});
		let members = Array2::from_shape_fn((subsets.len(), subject.blocks), |(k, u)| {
			f64::from(u8::from(contains(&subsets[k], u)))
		});
		let groups: Vec<u8> =
			(0..subsets.len()).map(|k| group(k, subject.blocks, subsets.len())).collect();
		Ok(narrow(&controlled(&members, &observed, &[gradients], &groups)?.scores))
	}
}

/// How texts are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Likeness {
	/// Okapi BM25 (Robertson et al. 1994), k₁ = 1.2, b = 0.75.
	Bm25,
	/// Distinct shared 6-grams of bytes.
	Overlap,
	/// The cosine of the rows' numbers: of bags of words for texts.
	Embedding,
}

impl Method for Likeness {
	fn name(&self) -> String {
		match self {
			Self::Bm25 => "BM25",
			Self::Overlap => "shared 6-grams",
			Self::Embedding => "embedding cosine",
		}
		.into()
	}
	fn scores(&mut self, subject: &Subject, queries: &Rows, _: f64) -> Result<Array2<f32>> {
		match self {
			Self::Bm25 => Ok(bm25(&subject.rows.text, &queries.text)),
			Self::Overlap => {
				let grams = |text: &String| -> HashSet<Vec<u8>> {
					text.as_bytes().windows(6).map(<[u8]>::to_vec).collect()
				};
				let (rows, asked): (Vec<_>, Vec<_>) = (
					subject.rows.text.iter().map(grams).collect(),
					queries.text.iter().map(grams).collect(),
				);
				Ok(Array2::from_shape_fn((rows.len(), asked.len()), |(i, q)| {
					rows[i].intersection(&asked[q]).count() as f32
				}))
			},
			Self::Embedding => {
				let unit = |x: &Array2<f32>| {
					let length = (x * x).sum_axis(Axis(1)).mapv(|v| v.sqrt().max(1e-20));
					x / &length.insert_axis(Axis(1))
				};
				Ok(unit(&subject.rows.x).dot(&unit(&queries.x).t()))
			},
		}
	}
}

/// Okapi BM25 scores `[rows, queries]` of texts, as [`Likeness::Bm25`] has it.
pub fn bm25(rows: &[String], queries: &[String]) -> Array2<f32> {
	let counts = |text: &String| {
		let mut counts: BTreeMap<String, f32> = BTreeMap::new();
		words(text).into_iter().for_each(|word| *counts.entry(word).or_default() += 1.0);
		counts
	};
	let rows: Vec<BTreeMap<String, f32>> = rows.iter().map(counts).collect();
	let lengths: Vec<f32> = rows.iter().map(|row| row.values().sum()).collect();
	let mean = (lengths.iter().sum::<f32>() / rows.len().max(1) as f32).max(1.0);
	let mut holding: BTreeMap<&String, f32> = BTreeMap::new();
	rows.iter()
		.flat_map(BTreeMap::keys)
		.for_each(|w| *holding.entry(w).or_default() += 1.0);
	let mut scores = Array2::zeros((rows.len(), queries.len()));
	for (q, query) in queries.iter().enumerate() {
		for word in counts(query).keys() {
			let Some(n) = holding.get(word) else { continue };
			let rarity = ((rows.len() as f32 - n + 0.5) / (n + 0.5) + 1.0).ln();
			for (i, row) in rows.iter().enumerate() {
				let Some(count) = row.get(word) else { continue };
				let long = 1.2 * (0.25 + 0.75 * lengths[i] / mean);
				scores[[i, q]] += rarity * count * 2.2 / (count + long);
			}
		}
	}
	scores
}
