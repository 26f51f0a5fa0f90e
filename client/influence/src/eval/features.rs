//! The gradient method: a few integers for each row, with which the chain can score.
//!
//! 1. **Projection.** Each layer's inputs and outputs' gradients are turned into the leading
//!    eigenvectors of their second moments, as many as carry the most; a row's gradient becomes `g`, a
//!    few thousand numbers, and only these leave the graph (LoGRA, Choe et al. 2024, with its PCA
//!    initialisation).
//! 2. **Curvature.** The Gauss-Newton matrix `H` of the projected gradients, exact over the classes.
//! 3. **Unrolling.** Training is cut into segments in which gradients and curvature stay as they are
//!    on average (SOURCE, Bae et al. 2024). A row moves the parameters in a segment of duration
//!    `t = η·steps/(1−μ)` by `(1 − e^{−tH})H⁻¹ḡ`, and what is left of that after a later segment is
//!    `e^{−tH}` of it. Both come from `m` implicit steps of gradient flow, `e^{−tH} ≈ (1 + tH/m)^{−m}`,
//!    which need one Cholesky factorisation and no eigenvectors; `m = 1` and one segment are damped
//!    influence functions with damping `1/t`. How much of `t` counts is chosen on held-out queries.
//! 4. **Reduction.** All checkpoints' and runs' `F = [ḡ]` (rows) and `B` (what step 3 makes of a query)
//!    are reduced to `D` numbers by a randomised range finder (Halko et al. 2011) of the score matrix
//!    between rows: `Φ = F·W·L⁻ᵀ` with `L·Lᵀ = (FW)ᵀFW`, and `ΦᵀF·Bq` for a query. Both are linear in
//!    gradients.
//! 5. **Integers.** Rows and queries in block floating point ([`Feature`]), `D + 1` bytes each, whose
//!    sums and scores the chain computes exactly.

use super::{
	curvature::{moments, SEGMENTS},
	data::Rows,
	linear::{cholesky, eigen, narrow, solve_lower, solve_upper, wide},
	methods::{query_weights, Method, Subject},
	model::{uniform, Probe, Projection, Projector},
	truth::Measure,
	Error, Result,
};
use ndarray::{concatenate, s, Array2, Axis};
use openledger_influence_math::{
	feature::{MAX_EXPONENT, MAX_MANTISSA},
	Feature,
};
use rand_chacha::{rand_core::SeedableRng, ChaCha8Rng};
use std::{cell::RefCell, rc::Rc};

/// Implicit steps of a segment.
const IMPLICIT: usize = 4;
/// The most rows that stand for queries when features are reduced.
const PROXIES: usize = 3072;

/// A run, projected.
struct Run {
	projection: Projection,
	/// Mean gradients `[rows, k]` and Gauss-Newton matrix `[k, k]` of each segment.
	segments: Vec<(Array2<f32>, Array2<f64>)>,
	last: Vec<f32>,
}

/// What makes features short, for one width.
struct Map {
	damping: f64,
	/// The rows' features `[rows, D]`.
	rows: Array2<f32>,
	/// `ΦᵀF`, `[D, all]`.
	queries: Array2<f32>,
}

/// How features are made.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
	/// Runs that are averaged.
	pub runs: usize,
	/// Whether all checkpoints count, in [`SEGMENTS`] segments, or the last alone.
	pub unrolled: bool,
	/// Numbers of a projected gradient.
	pub numbers: usize,
	/// Numbers of a feature; as many as there are, if absent.
	pub width: Option<usize>,
	/// Whether features are integers.
	pub integers: bool,
}

/// What looking at the rows leaves behind.
#[derive(Default)]
struct Fitted {
	runs: Vec<Run>,
	map: Option<Map>,
}

/// The gradient method.
pub struct Features {
	shape: Shape,
	fitted: Rc<RefCell<Fitted>>,
}

impl Features {
	/// Not yet fitted.
	pub fn new(shape: Shape) -> Self {
		Self { shape, fitted: Rc::default() }
	}

	/// The same with features of so many numbers. It shares what is fitted, which is done once.
	pub fn reduced(&self, width: usize, integers: bool) -> Self {
		let shape = Shape { width: Some(width), integers, ..self.shape };
		Self { shape, fitted: self.fitted.clone() }
	}

	fn run(&self, subject: &Subject, run: &[Vec<f32>]) -> Result<Run> {
		let (part, last) = match (self.shape.unrolled, run.last()) {
			(_, None) => return Err(Error::Unfit("a run has no checkpoint".into())),
			(true, Some(last)) => (run, last.clone()),
			(false, Some(last)) => (&run[run.len() - 1..], last.clone()),
		};
		let projection = leading(&moments(subject, part)?, self.shape.numbers)?;
		let mut projector = Projector::new(subject.model, &projection)?;
		let segment = |part: &[Vec<f32>]| -> Result<(Array2<f32>, Array2<f64>)> {
			let k = projection.iter().map(|(i, o)| i.ncols() * o.ncols()).sum();
			let mut mean = Array2::zeros((subject.rows.len(), k));
			let mut h = Array2::zeros((k, k));
			for parameters in part {
				mean += &projector.features(parameters, subject.rows, &subject.rows.y)?;
				h += &gauss_newton(subject, &mut projector, parameters)?;
			}
			let n = part.len() as f32;
			Ok((mean / n, h / f64::from(n)))
		};
		let length = part.len().div_ceil(if self.shape.unrolled { SEGMENTS } else { 1 });
		let segments = part.chunks(length).map(segment).collect::<Result<_>>()?;
		Ok(Run { projection, segments, last })
	}
}

impl Fitted {
	/// What the unrolling makes of queries: `[queries, all]`, runs and in them segments side by side.
	fn queries(&self, subject: &Subject, queries: &Rows, damping: f64) -> Result<Array2<f32>> {
		let mut parts = Vec::new();
		for run in &self.runs {
			let mut probe = Probe::new(subject.model, &run.last)?;
			let weight = query_weights(&mut probe, queries, subject.measure)?;
			let mut projector = Projector::new(subject.model, &run.projection)?;
			let gradients = projector.features(&run.last, queries, &queries.y)?;
			let mut carried = wide(&(gradients * weight.insert_axis(Axis(1))).t().to_owned());
			let steps = subject.recipe.steps(subject.rows.len()) as f64 / run.segments.len() as f64;
			let time = subject.recipe.effective_rate() * steps / damping;
			let step = time / IMPLICIT as f64;
			let mut segments = Vec::new();
			for (_, h) in run.segments.iter().rev() {
				let decay = step * f64::from(subject.recipe.sgd.decay);
				let unit = Array2::<f64>::eye(h.nrows()) * (1.0 + decay);
				let l = cholesky(h * step + unit)?;
				let mut learned = Array2::zeros(carried.raw_dim());
				for _ in 0..IMPLICIT {
					solve_lower(&l, &mut carried);
					solve_upper(&l, &mut carried);
					learned += &carried;
				}
				segments.push(narrow(&(learned * step)).reversed_axes());
			}
			parts.extend(segments.into_iter().rev());
		}
		joined(&parts)
	}

	fn rows(&self) -> Result<Array2<f32>> {
		let all: Vec<_> =
			self.runs.iter().flat_map(|run| &run.segments).map(|(rows, _)| rows).collect();
		joined(&all)
	}

	/// Reduces features to `width` numbers.
	fn reduce(&self, subject: &Subject, width: usize, damping: f64) -> Result<Map> {
		let rows = self.rows()?;
		let n = rows.nrows();
		let proxies: Vec<usize> = (0..n).step_by(n.div_ceil(PROXIES).max(1)).collect();
		let asked = self.queries(subject, &subject.rows.take(&proxies), damping)?;
		let mut rng = ChaCha8Rng::seed_from_u64(subject.seed);
		let width = width.min(proxies.len()).min(rows.ncols());
		let start = Array2::from_shape_simple_fn((proxies.len(), width), || uniform(&mut rng));
		// Twice through the scores of rows for rows, so that what scores most is kept best.
		let range = orthonormal(&rows.dot(&asked.t().dot(&start)))?;
		let towards = asked.t().dot(&asked.dot(&rows.t().dot(&range)));
		let features = orthonormal(&rows.dot(&towards))?;
		let queries = features.t().dot(&rows);
		Ok(Map { damping, rows: features, queries })
	}
}

impl Method for Features {
	fn name(&self) -> String {
		let Shape { runs, unrolled, width, integers, .. } = self.shape;
		let runs = if runs == 1 { "1 run".to_string() } else { format!("{runs} runs") };
		let how = if unrolled { "unrolled" } else { "GGN" };
		let width = width.map_or(String::new(), |width| format!(", D = {width}"));
		format!("{how}, {runs}{width}{}", if integers { ", integers" } else { "" })
	}
	fn dampings(&self) -> Vec<f64> {
		vec![0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0]
	}
	fn fit(&mut self, subject: &Subject) -> Result<()> {
		if self.fitted.borrow().runs.is_empty() {
			let runs = subject.runs.iter().take(self.shape.runs);
			let runs = runs.map(|run| self.run(subject, run)).collect::<Result<_>>()?;
			self.fitted.borrow_mut().runs = runs;
		}
		Ok(())
	}
	fn draft(&mut self, subject: &Subject, queries: &Rows, damping: f64) -> Result<Array2<f32>> {
		let fitted = self.fitted.borrow();
		Ok(fitted.rows()?.dot(&fitted.queries(subject, queries, damping)?.t()))
	}
	fn scores(&mut self, subject: &Subject, queries: &Rows, damping: f64) -> Result<Array2<f32>> {
		let Some(width) = self.shape.width else { return self.draft(subject, queries, damping) };
		let mut fitted = self.fitted.borrow_mut();
		let asked = fitted.queries(subject, queries, damping)?;
		let map = match fitted.map.take() {
			Some(map) if map.damping == damping => map,
			_ => fitted.reduce(subject, width, damping)?,
		};
		let asked = asked.dot(&map.queries.t());
		let scores = match self.shape.integers {
			true => integer_scores(&map.rows, &asked)?,
			false => map.rows.dot(&asked.t()),
		};
		fitted.map = Some(map);
		Ok(scores)
	}
}

/// Features of any method whose scores are bilinear in gradients: a row's are its scores for
/// `width` rows, the landmarks, made orthonormal over the rows; a query's are its scores of all rows in
/// that basis. So the features of EK-FAC need no projection of gradients.
pub struct Landmarks {
	base: Box<dyn Method>,
	width: usize,
	/// The damping, and the rows' features `[rows, D]`.
	map: Option<(f64, Array2<f32>)>,
}

impl Landmarks {
	/// Of a method that scores rows.
	pub fn new(base: Box<dyn Method>, width: usize) -> Self {
		Self { base, width, map: None }
	}
}

impl Method for Landmarks {
	fn name(&self) -> String {
		format!("{}, D = {}, integers", self.base.name(), self.width)
	}
	fn dampings(&self) -> Vec<f64> {
		self.base.dampings()
	}
	fn fit(&mut self, subject: &Subject) -> Result<()> {
		self.map = None;
		self.base.fit(subject)
	}
	fn draft(&mut self, subject: &Subject, queries: &Rows, damping: f64) -> Result<Array2<f32>> {
		self.base.scores(subject, queries, damping)
	}
	fn scores(&mut self, subject: &Subject, queries: &Rows, damping: f64) -> Result<Array2<f32>> {
		let rows = match self.map.take() {
			Some((of, rows)) if of == damping => rows,
			_ => {
				let n = subject.rows.len();
				let width = self.width.min(n);
				let landmarks: Vec<usize> = (0..width).map(|i| i * n / width).collect();
				let subject = Subject { measure: Measure::LogProbability, ..*subject };
				let landmarks = subject.rows.take(&landmarks);
				orthonormal(&self.base.scores(&subject, &landmarks, damping)?)?
			},
		};
		let asked = self.base.scores(subject, queries, damping)?.t().dot(&rows);
		let scores = integer_scores(&rows, &asked)?;
		self.map = Some((damping, rows));
		Ok(scores)
	}
}

fn joined<A: std::borrow::Borrow<Array2<f32>>>(parts: &[A]) -> Result<Array2<f32>> {
	let views: Vec<_> = parts.iter().map(|part| part.borrow().view()).collect();
	concatenate(Axis(1), &views).map_err(|e| Error::Unfit(e.to_string()))
}

/// Columns that span the same and are orthonormal.
fn orthonormal(y: &Array2<f32>) -> Result<Array2<f32>> {
	let mut columns = wide(&y.t().to_owned());
	let gram = columns.dot(&columns.t());
	let floor = gram.diag().mean().unwrap_or(1.0) * 1e-10;
	let l = cholesky(gram + Array2::<f64>::eye(y.ncols()) * floor)?;
	solve_lower(&l, &mut columns);
	Ok(narrow(&columns).reversed_axes())
}

/// The leading eigenvectors of each layer's second moments: as many as make the most of so many
/// numbers.
fn leading(moments: &[[Array2<f64>; 2]], numbers: usize) -> Result<Projection> {
	let mut bases = Vec::new();
	for [input, output] in moments {
		bases.push([eigen(input)?, eigen(output)?]);
	}
	let sums = |side: &ndarray::Array1<f64>| -> Vec<f64> {
		let sum = |total: &mut f64, v: &f64| {
			*total += v;
			Some(*total)
		};
		side.iter().scan(0.0, sum).collect()
	};
	let spectra: Vec<[Vec<f64>; 2]> =
		bases.iter().map(|[input, output]| [sums(&input.0), sums(&output.0)]).collect();
	let sizes = boxes(&spectra, numbers);
	let cut = |vectors: &Array2<f64>, n: usize| narrow(&vectors.slice(s![.., ..n]).to_owned());
	let pair = |(basis, size): (&[(_, Array2<f64>); 2], &[usize; 2])| {
		(cut(&basis[0].1, size[0]), cut(&basis[1].1, size[1]))
	};
	Ok(bases.iter().zip(&sizes).map(pair).collect())
}

/// How many eigenvectors of each side of each layer: one more at a time, of the side where it carries
/// the most for its numbers. `spectra` are sums of the leading eigenvalues.
fn boxes(spectra: &[[Vec<f64>; 2]], numbers: usize) -> Vec<[usize; 2]> {
	let mut sizes = vec![[1, 1]; spectra.len()];
	let mut used = spectra.len();
	loop {
		let mut best: Option<(f64, usize, usize)> = None;
		for (l, spectrum) in spectra.iter().enumerate() {
			for side in 0..2 {
				let (n, other) = (sizes[l][side], sizes[l][1 - side]);
				if n == spectrum[side].len() || used + other > numbers {
					continue;
				}
				let carried = spectrum[side][n] - spectrum[side][n - 1];
				let gain = carried * spectrum[1 - side][other - 1] / other as f64;
				if best.is_none_or(|(most, _, _)| gain > most) {
					best = Some((gain, l, side));
				}
			}
		}
		let Some((_, l, side)) = best else { return sizes };
		used += sizes[l][1 - side];
		sizes[l][side] += 1;
	}
}

/// The Gauss-Newton matrix of projected gradients, a mean over rows and exact over classes:
/// `Σ_c p_c g_c g_cᵀ`.
fn gauss_newton(
	subject: &Subject,
	projector: &mut Projector,
	parameters: &[f32],
) -> Result<Array2<f64>> {
	let logits =
		super::model::predict(subject.model, &[parameters.to_vec()], subject.rows)?.remove(0);
	let probability = super::model::probabilities(&logits);
	let mut sum: Option<Array2<f64>> = None;
	for class in 0..subject.model.classes {
		let labels = vec![class; subject.rows.len()];
		let mut features = projector.features(parameters, subject.rows, &labels)?;
		let root = probability.column(class).mapv(f32::sqrt);
		features *= &root.insert_axis(Axis(1));
		let part = wide(&features.t().dot(&features)) / subject.rows.len() as f64;
		sum = Some(match sum {
			Some(sum) => sum + part,
			None => part,
		});
	}
	sum.ok_or(Error::Unfit("there is no class".into()))
}

/// Features as integers: the power of two by which all are multiplied lets the largest number of all
/// rows just fit.
fn integers(values: &Array2<f32>) -> Result<Vec<Feature>> {
	let largest = values.iter().fold(0f32, |m, v| m.max(v.abs())).max(f32::MIN_POSITIVE);
	let most = f64::from(MAX_MANTISSA) * f64::from(1u32 << MAX_EXPONENT);
	let scale = (most / f64::from(largest)).log2().floor().exp2();
	let feature = |row: ndarray::ArrayView1<f32>| {
		let whole: Vec<i64> = row.iter().map(|v| (f64::from(*v) * scale).round() as i64).collect();
		Feature::round(&whole).ok_or(Error::Unfit("a feature has too many numbers".into()))
	};
	values.rows().into_iter().map(feature).collect()
}

/// Scores `[rows, queries]` as the chain computes them.
fn integer_scores(rows: &Array2<f32>, queries: &Array2<f32>) -> Result<Array2<f32>> {
	let (rows, queries) = (integers(rows)?, integers(queries)?);
	let mut scores = Array2::zeros((rows.len(), queries.len()));
	for (i, row) in rows.iter().enumerate() {
		let sum: Vec<i64> = row.values().collect();
		for (q, query) in queries.iter().enumerate() {
			let score = query.score(&sum).ok_or(Error::Unfit("widths differ".into()))?;
			scores[[i, q]] = score as f32;
		}
	}
	Ok(scores)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn boxes_should_hold_what_carries_the_most() {
		let flat = |n: usize| (1..=n).map(|v| v as f64).collect::<Vec<f64>>();
		// The second layer carries a hundred times as much.
		let strong: Vec<f64> = flat(4).iter().map(|v| v * 100.0).collect();
		let sizes = boxes(&[[flat(4), flat(4)], [strong, flat(4)]], 17);
		assert_eq!(sizes, [[1, 1], [4, 4]]);
		let all = boxes(&[[flat(3), flat(2)]], 100);
		assert_eq!(all, [[3, 2]]);
	}

	#[test]
	fn orthonormal_should_span_the_same() {
		let y = Array2::from_shape_fn((20, 5), |(i, j)| ((i * 7 + j * 13) % 11) as f32 - 5.0);
		let q = orthonormal(&y).unwrap();
		let off = q.t().dot(&q) - Array2::<f32>::eye(5);
		assert!(off.iter().all(|v| v.abs() < 1e-3), "{off}");
		let back = q.dot(&q.t().dot(&y)) - &y;
		assert!(back.iter().all(|v| v.abs() < 1e-2), "{back}");
	}

	#[test]
	fn integer_scores_should_be_near_the_real_ones_when_rows_differ_in_size() {
		let rows = Array2::from_shape_fn((6, 64), |(i, j)| {
			((i * 31 + j * 17) % 23) as f32 * 10f32.powi(i as i32 % 4 - 2)
		});
		let queries = Array2::from_shape_fn((4, 64), |(i, j)| ((i * 5 + j * 3) % 19) as f32 - 7.0);
		let (exact, found) = (rows.dot(&queries.t()), integer_scores(&rows, &queries).unwrap());
		let ratio = found[[3, 0]] / exact[[3, 0]];
		for (a, b) in found.iter().zip(&exact) {
			assert!((a / ratio - b).abs() <= 0.02 * b.abs(), "{a} and {b}");
		}
	}
}
