//! The gradient method's scores: training unrolled, with the Gauss-Newton matrix in its dual form.
//!
//! 1. **Curvature.** The Gauss-Newton matrix of a checkpoint, `H = (1/n) Σ_i J_iᵀ(diag p − ppᵀ)J_i` over
//!    all layers together, is `GᵀG/n`: with `v` the columns of a root of `diag p − ppᵀ`, the rows of `G`
//!    are the gradients `J_iᵀv`. Of these a few are drawn in proportion to `|v|²`, so that `H` is right
//!    on average.
//! 2. **Kernel.** All that follows needs inner products of gradients alone, each a sum over layers of
//!    `(a·a')(δ·δ')`, and so no gradient is written down, and none is projected.
//! 3. **Unrolling.** Training is cut into segments, one for each checkpoint, in which gradients and
//!    curvature stay as they are at its end (SOURCE, Bae et al. 2024). A row moves the parameters in a
//!    segment of duration `t = η·steps/(1−μ)` by `(1 − e^{−tH})H⁻¹g`, and what is left of that after a
//!    later segment is `e^{−tH}` of it. Both come from `m` implicit steps of gradient flow,
//!    `e^{−tH} ≈ (1 + tH/m)^{−m}`, each of which is `(β + sH)⁻¹ = (1 − Gᵀ(nβ/s + GGᵀ)⁻¹G)/β`. How much
//!    of `t` counts is chosen on held-out queries.

use super::{
	data::Rows,
	linear::{cholesky, narrow, solve_lower, solve_upper, wide},
	methods::{products, query_factors, Method, Subject},
	model::{predict, probabilities, uniform, Factors, Probe},
	Error, Result,
};
use ndarray::{Array1, Array2, ArrayView1, Axis};
use rand_chacha::{rand_core::SeedableRng, ChaCha8Rng};
use rayon::prelude::*;

/// Implicit steps of a segment.
const IMPLICIT: usize = 4;

/// Inner products of gradients, over all layers.
fn kernel(x: &[Factors], y: &[Factors]) -> Array2<f32> {
	let zero = || Array2::zeros((x[0].a.nrows(), y[0].a.nrows()));
	x.iter().zip(y).fold(zero(), |sum, (x, y)| sum + products(x, y))
}

/// The columns of a root of `diag p − ppᵀ`, its Cholesky factor with the likeliest class first, in
/// closed form (Tanabe and Sagae 1992).
fn root(p: ArrayView1<f32>) -> Vec<Array1<f32>> {
	let mut order: Vec<usize> = (0..p.len()).collect();
	order.sort_by(|a, b| p[*b].total_cmp(&p[*a]));
	let mut columns = Vec::new();
	let (mut tail, mut place) = (0f32, order.len());
	// From the least likely, so that tails are sums of what is small.
	while place > 0 {
		place -= 1;
		let here = p[order[place]];
		if tail > 0.0 {
			let mut column = Array1::zeros(p.len());
			let scale = (here / (tail + here) / tail).sqrt();
			column[order[place]] = tail * scale;
			order[place + 1..].iter().for_each(|c| column[*c] = -p[*c] * scale);
			columns.push(column);
		}
		tail += here;
	}
	columns
}

/// About `rank` gradients `G` with `GᵀG/n` the Gauss-Newton matrix, on average over seeds.
fn curvature(subject: &Subject, parameters: &[f32], rank: usize) -> Result<Vec<Factors>> {
	let logits = predict(subject.model, &[parameters.to_vec()], subject.rows)?.remove(0);
	let probability = probabilities(&logits);
	let all: Vec<(usize, Array1<f32>)> = (0..subject.rows.len())
		.flat_map(|i| root(probability.row(i)).into_iter().map(move |column| (i, column)))
		.collect();
	let total: f64 = all.iter().map(|(_, v)| f64::from(v.dot(v))).sum();
	let step = total / rank as f64;
	// What a point at equal steps through all squares falls on is taken, once or more.
	let mut rng = ChaCha8Rng::seed_from_u64(subject.seed);
	let mut next = step * f64::from(uniform(&mut rng) + 1.0) / 2.0;
	let (mut passed, mut rows, mut columns) = (0.0, Vec::new(), Vec::new());
	for (row, column) in all {
		let square = f64::from(column.dot(&column));
		passed += square;
		let times = ((passed - next) / step).ceil().max(0.0);
		next += times * step;
		if times > 0.0 {
			rows.push(row);
			columns.push(column * (times * step / square).sqrt() as f32);
		}
	}
	gradients(subject, parameters, &rows, &columns)
}

/// The gradients `J_iᵀv` of rows `i`, `v` a vector over the classes that sums to nothing.
fn gradients(
	subject: &Subject,
	parameters: &[f32],
	rows: &[usize],
	vectors: &[Array1<f32>],
) -> Result<Vec<Factors>> {
	let rows = subject.rows.take(rows);
	let mut probe = Probe::new(subject.model, parameters)?;
	let mut sum: Option<Vec<Factors>> = None;
	for class in 0..subject.model.classes {
		// The gradient of the loss with label c is Jᵀ(p − e_c), and p falls out of the sum.
		let share: Array1<f32> = vectors.iter().map(|v| -v[class]).collect();
		let share = share.insert_axis(Axis(1));
		let mut part = probe.factors_for(&rows, &vec![class; rows.len()])?;
		part.iter_mut().for_each(|layer| layer.d *= &share);
		match &mut sum {
			Some(sum) => sum.iter_mut().zip(part).for_each(|(sum, part)| sum.d += &part.d),
			None => sum = Some(part),
		}
	}
	Ok(sum.unwrap_or_default())
}

/// A run, looked at from its rows: one entry for each checkpoint.
struct Run {
	/// The rows' gradients.
	rows: Vec<Vec<Factors>>,
	/// Those that make the curvature, `G`.
	curved: Vec<Vec<Factors>>,
	/// Inner products of the rows with `G` of this checkpoint and of every later one.
	row_kernels: Vec<Vec<Array2<f32>>>,
	/// Of `G` with the same.
	kernels: Vec<Vec<Array2<f32>>>,
}

impl Run {
	fn new(subject: &Subject, checkpoints: &[Vec<f32>], rank: usize) -> Result<Self> {
		let look = |parameters: &Vec<f32>| -> Result<(Vec<Factors>, Vec<Factors>)> {
			let rows = Probe::new(subject.model, parameters)?.factors(subject.rows)?;
			Ok((rows, curvature(subject, parameters, rank)?))
		};
		let looked: Vec<_> = checkpoints.iter().map(look).collect::<Result<_>>()?;
		let (rows, curved) = looked.into_iter().unzip();
		Ok(Self::of(rows, curved))
	}

	fn of(rows: Vec<Vec<Factors>>, curved: Vec<Vec<Factors>>) -> Self {
		let with = |all: &[Vec<Factors>]| -> Vec<Vec<Array2<f32>>> {
			let later = |(c, x): (usize, &Vec<Factors>)| {
				curved[c..].par_iter().map(|y| kernel(x, y)).collect()
			};
			all.iter().enumerate().map(later).collect()
		};
		let (row_kernels, kernels) = (with(&rows), with(&curved));
		Self { rows, curved, row_kernels, kernels }
	}

	/// Scores `[rows, queries]`: a query's gradient is carried back through the segments, as `direct`
	/// times itself and a sum of `through` of the `G` of every later segment.
	fn scores(&self, asked: &[Factors], segment: Segment) -> Result<Array2<f32>> {
		let Segment { step, decay } = segment;
		let (n, queries) = (self.rows[0][0].a.nrows(), asked[0].a.nrows());
		let (shrink, ratio) = (1.0 + step * decay, n as f64 / step);
		let (kept, lasting) = (1..=IMPLICIT)
			.fold((1.0, 0.0), |(kept, lasting), _| (kept / shrink, lasting + step * kept / shrink));
		let mut scores = Array2::zeros((n, queries));
		let mut direct = 1.0;
		let mut through: Vec<Array2<f32>> = Vec::new();
		for c in (0..self.curved.len()).rev() {
			let mut seen = kernel(&self.curved[c], asked) * direct as f32;
			for (g, x) in self.kernels[c][1..].iter().zip(&through) {
				seen += &g.dot(x);
			}
			let own = &self.kernels[c][0];
			let l = cholesky(wide(own) + Array2::<f64>::eye(own.nrows()) * (shrink * ratio))?;
			let mut seen = wide(&seen);
			let mut here = Array2::<f64>::zeros(seen.raw_dim());
			let mut learned = Array2::<f64>::zeros(seen.raw_dim());
			for _ in 0..IMPLICIT {
				solve_lower(&l, &mut seen);
				solve_upper(&l, &mut seen);
				here = (here - &seen) / shrink;
				learned.scaled_add(step, &here);
				seen *= ratio;
			}
			scores.scaled_add((direct * lasting) as f32, &kernel(&self.rows[c], asked));
			scores += &self.row_kernels[c][0].dot(&narrow(&learned));
			for (g, x) in self.row_kernels[c][1..].iter().zip(&through) {
				scores.scaled_add(lasting as f32, &g.dot(x));
			}
			direct *= kept;
			through.iter_mut().for_each(|x| *x *= kept as f32);
			through.insert(0, narrow(&here));
		}
		Ok(scores)
	}
}

/// A segment of training.
#[derive(Clone, Copy)]
struct Segment {
	/// The duration of an implicit step.
	step: f64,
	/// The weight decay.
	decay: f64,
}

/// A run's checkpoints, and the last of them.
fn checkpoints<'a>(subject: &'a Subject, run: usize) -> Result<(&'a [Vec<f32>], &'a [f32])> {
	let run = subject.runs.get(run).map_or(&[][..], |run| &run[..]);
	let last = run.last().ok_or(Error::Unfit("a run has no checkpoint".into()))?;
	Ok((run, last))
}

/// The gradient method, averaged over runs.
pub struct Unrolled {
	runs: usize,
	/// About how many gradients make the curvature of a checkpoint.
	rank: usize,
	/// The run that was looked at last: all of them together are large.
	run: Option<(usize, Run)>,
}

impl Unrolled {
	/// Not yet fitted.
	pub fn new(runs: usize, rank: usize) -> Self {
		Self { runs, rank, run: None }
	}

	fn of_run(
		&mut self,
		subject: &Subject,
		queries: &Rows,
		damping: f64,
		r: usize,
	) -> Result<Array2<f32>> {
		let (checkpoints, last) = checkpoints(subject, r)?;
		let run = match self.run.take() {
			Some((which, run)) if which == r => run,
			_ => Run::new(subject, checkpoints, self.rank)?,
		};
		let mut probe = Probe::new(subject.model, last)?;
		let asked = query_factors(&mut probe, queries, subject.measure)?;
		let steps = subject.recipe.steps(subject.rows.len()) as f64 / checkpoints.len() as f64;
		let time = subject.recipe.effective_rate() * steps / damping;
		let decay = f64::from(subject.recipe.sgd.decay);
		let scores = run.scores(&asked, Segment { step: time / IMPLICIT as f64, decay })?;
		self.run = Some((r, run));
		Ok(scores)
	}
}

impl Method for Unrolled {
	fn name(&self) -> String {
		match self.runs {
			1 => "unrolled, 1 run".into(),
			runs => format!("unrolled, {runs} runs"),
		}
	}
	/// The duration of training over what counts of it.
	fn dampings(&self) -> Vec<f64> {
		vec![1.0, 2.0, 5.0, 10.0, 20.0, 50.0]
	}
	/// Looks at the first run.
	fn fit(&mut self, subject: &Subject) -> Result<()> {
		let (first, _) = checkpoints(subject, 0)?;
		self.run = Some((0, Run::new(subject, first, self.rank)?));
		Ok(())
	}
	/// The first run's alone.
	fn draft(&mut self, subject: &Subject, queries: &Rows, damping: f64) -> Result<Array2<f32>> {
		self.of_run(subject, queries, damping, 0)
	}
	fn scores(&mut self, subject: &Subject, queries: &Rows, damping: f64) -> Result<Array2<f32>> {
		let mut sum = Array2::zeros((subject.rows.len(), queries.len()));
		for r in 0..self.runs.min(subject.runs.len()) {
			sum += &self.of_run(subject, queries, damping, r)?;
		}
		Ok(sum)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn root_should_give_the_covariance_of_a_class_drawn_with_these_probabilities() {
		let rare = [1.0 - 2e-7, 1e-7, 1e-7, 0.0];
		for p in [[0.1, 0.6, 0.05, 0.25], [0.0, 1.0, 0.0, 0.0], rare] {
			let p = Array1::from_iter(p.map(|v| v as f32));
			let mut sum = Array2::<f32>::zeros((4, 4));
			for v in root(p.view()) {
				assert!(v.sum().abs() < 1e-6);
				let column = v.view().insert_axis(Axis(1));
				sum += &column.dot(&column.t());
			}
			let wanted = |(i, j)| f32::from(u8::from(i == j)) * p[i] - p[i] * p[j];
			let off = &sum - &Array2::from_shape_fn((4, 4), wanted);
			assert!(off.iter().all(|v| v.abs() < 1e-6), "{off}");
		}
	}

	/// Gradients of two layers, and the same written down.
	fn drawn(rng: &mut ChaCha8Rng, n: usize) -> (Vec<Factors>, Array2<f64>) {
		let mut draw = |width| Array2::from_shape_simple_fn((n, width), || uniform(rng));
		let layers = vec![Factors { a: draw(3), d: draw(4) }, Factors { a: draw(5), d: draw(2) }];
		let entry = |(i, j): (usize, usize)| {
			let (layer, j) = if j < 12 { (&layers[0], j) } else { (&layers[1], j - 12) };
			let outputs = layer.d.ncols();
			f64::from(layer.a[[i, j / outputs]] * layer.d[[i, j % outputs]])
		};
		let dense = Array2::from_shape_fn((n, 22), entry);
		(layers, dense)
	}

	#[test]
	fn scores_should_be_those_of_gradients_that_are_written_down() {
		let mut rng = ChaCha8Rng::seed_from_u64(4);
		let (rows, dense_rows): (Vec<_>, Vec<_>) = (0..3).map(|_| drawn(&mut rng, 9)).unzip();
		let (curved, dense): (Vec<_>, Vec<_>) = (0..3).map(|_| drawn(&mut rng, 6)).unzip();
		let (asked, dense_asked) = drawn(&mut rng, 2);
		let segment = Segment { step: 0.7, decay: 0.05 };
		let found = Run::of(rows, curved).scores(&asked, segment).unwrap();
		let mut carried = dense_asked.t().to_owned();
		let mut wanted = Array2::<f64>::zeros((9, 2));
		for (rows, g) in dense_rows.iter().zip(&dense).rev() {
			let h = g.t().dot(g) / 9.0 + Array2::<f64>::eye(22) * segment.decay;
			let l = cholesky(h * segment.step + Array2::<f64>::eye(22)).unwrap();
			for _ in 0..IMPLICIT {
				solve_lower(&l, &mut carried);
				solve_upper(&l, &mut carried);
				wanted += &(rows.dot(&carried) * segment.step);
			}
		}
		let off = wide(&found) - wanted;
		assert!(off.iter().all(|v| v.abs() < 1e-4), "{off}");
	}
}
