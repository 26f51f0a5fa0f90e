//! Methods with a curvature that is a Kronecker product in each layer.

use super::{
	data::Rows,
	linear::{eigen, narrow, wide},
	methods::{query_factors, Method, Subject},
	model::{probabilities, Factors, Probe},
	Result,
};
use ndarray::{Array1, Array2, Axis};

/// A layer's curvature in its own basis.
struct Layer {
	/// Eigenvectors of the second moment of inputs, `[from + 1, from + 1]`.
	input: Array2<f32>,
	/// Eigenvectors of the second moment of outputs' gradients, `[to, to]`.
	output: Array2<f32>,
	/// Second moments of gradients in that basis, `[from + 1, to]`: corrected eigenvalues.
	moments: Array2<f32>,
}

impl Layer {
	/// In the layer's basis.
	fn turned(&self, layer: &Factors) -> Factors {
		Factors { a: layer.a.dot(&self.input), d: layer.d.dot(&self.output) }
	}
}

/// Second moments of every layer's inputs and of its outputs' gradients, exact over the model's
/// labels, summed over checkpoints.
fn moments(subject: &Subject, checkpoints: &[Vec<f32>]) -> Result<Vec<[Array2<f64>; 2]>> {
	let layers = subject.model.layers();
	let zero = |n: usize| Array2::<f64>::zeros((n, n));
	let mut sums: Vec<[Array2<f64>; 2]> =
		layers.iter().map(|(from, to)| [zero(from + 1), zero(*to)]).collect();
	let n = (subject.rows.len() * checkpoints.len()) as f64;
	for_each_label(subject, checkpoints, &mut |class, factors, weight| {
		for ([input, output], layer) in sums.iter_mut().zip(factors) {
			// Inputs do not depend on the label.
			if class == 0 {
				*input += &second(&layer.a, n);
			}
			let root = weight.mapv(f32::sqrt).insert_axis(Axis(1));
			*output += &second(&(&layer.d * &root), n);
		}
	})?;
	Ok(sums)
}

/// `xᵀx/n`; in f64, so that no eigenvalue comes out negative.
fn second(x: &Array2<f32>, n: f64) -> Array2<f64> {
	let x = wide(x);
	x.t().dot(&x) / n
}

/// Calls back with gradients for each label that rows could have, and how likely it is.
fn for_each_label(
	subject: &Subject,
	checkpoints: &[Vec<f32>],
	then: &mut dyn FnMut(usize, &[Factors], &Array1<f32>),
) -> Result<()> {
	for parameters in checkpoints {
		let one = std::slice::from_ref(parameters);
		let logits = super::model::predict(subject.model, one, subject.rows)?.remove(0);
		let probability = probabilities(&logits);
		let mut probe = Probe::new(subject.model, parameters)?;
		for class in 0..subject.model.classes {
			let labels = vec![class; subject.rows.len()];
			let factors = probe.factors_for(subject.rows, &labels)?;
			then(class, &factors, &probability.column(class).to_owned());
		}
	}
	Ok(())
}

/// Eigenvalue-corrected Kronecker factors (George et al. 2018) of the Gauss-Newton matrix.
fn factorised(subject: &Subject, checkpoints: &[Vec<f32>]) -> Result<Vec<Layer>> {
	let mut layers = Vec::new();
	for [input, output] in moments(subject, checkpoints)? {
		let (input, output) = (narrow(&eigen(&input)?.1), narrow(&eigen(&output)?.1));
		let moments = Array2::zeros((input.nrows(), output.nrows()));
		layers.push(Layer { input, output, moments });
	}
	for_each_label(subject, checkpoints, &mut |_, factors, weight| {
		let n = (weight.len() * checkpoints.len()) as f32;
		for (layer, factors) in layers.iter_mut().zip(factors) {
			let turned = layer.turned(factors);
			let weighed = (&turned.d * &turned.d) * weight.view().insert_axis(Axis(1));
			layer.moments += &((&turned.a * &turned.a).t().dot(&weighed) / n);
		}
	})?;
	Ok(layers)
}

/// Scores of all rows for one query, whose gradient is a matrix in the layer's basis.
fn against(rows: &Factors, query: &Array2<f32>) -> Array1<f32> {
	(rows.a.dot(query) * &rows.d).sum_axis(Axis(1))
}

/// Influence functions with EK-FAC (Grosse et al. 2023), summed over runs.
pub struct EkFac {
	runs: usize,
	layers: Vec<Vec<Layer>>,
}

impl EkFac {
	/// Not yet fitted, of so many runs.
	pub fn new(runs: usize) -> Self {
		Self { runs, layers: Vec::new() }
	}
}

impl Method for EkFac {
	fn name(&self) -> String {
		match self.runs {
			1 => "EK-FAC".into(),
			runs => format!("EK-FAC, {runs} runs"),
		}
	}
	fn dampings(&self) -> Vec<f64> {
		vec![1e-5, 1e-4, 1e-3, 1e-2, 1e-1]
	}
	fn fit(&mut self, subject: &Subject) -> Result<()> {
		let runs = subject.runs.iter().take(self.runs);
		self.layers = runs
			.map(|run| factorised(subject, &run[run.len() - 1..]))
			.collect::<Result<_>>()?;
		Ok(())
	}
	/// The first run's alone.
	fn draft(&mut self, subject: &Subject, queries: &Rows, damping: f64) -> Result<Array2<f32>> {
		let first = Subject { runs: subject.runs.get(..1).unwrap_or_default(), ..*subject };
		self.scores(&first, queries, damping)
	}
	fn scores(&mut self, subject: &Subject, queries: &Rows, damping: f64) -> Result<Array2<f32>> {
		let mut scores = Array2::zeros((subject.rows.len(), queries.len()));
		for (run, layers) in subject.runs.iter().zip(&self.layers) {
			let mut probe = Probe::new(subject.model, &run[run.len() - 1])?;
			let rows = probe.factors(subject.rows)?;
			let asked = query_factors(&mut probe, queries, subject.measure)?;
			for ((layer, rows), asked) in layers.iter().zip(&rows).zip(&asked) {
				let (rows, asked) = (layer.turned(rows), layer.turned(asked));
				// Relative to the largest curvature.
				let most = layer.moments.fold(0f32, |m, v| m.max(*v));
				let damped = &layer.moments + damping as f32 * most;
				for q in 0..queries.len() {
					let query = outer(&asked, q) / &damped;
					let mut column = scores.column_mut(q);
					column += &against(&rows, &query);
				}
			}
		}
		Ok(scores)
	}
}

/// The gradient of one row, `[from + 1, to]`.
fn outer(layer: &Factors, row: usize) -> Array2<f32> {
	let (a, d) = (layer.a.row(row), layer.d.row(row));
	a.insert_axis(Axis(1)).dot(&d.insert_axis(Axis(0)))
}

/// SOURCE (Bae et al. 2024): training unrolled over segments, in each of which gradients and
/// curvature stay as they are on average.
#[derive(Default)]
pub struct Source {
	segments: Vec<Vec<Layer>>,
}

/// Segments of a run.
pub const SEGMENTS: usize = 3;

impl Method for Source {
	fn name(&self) -> String {
		"SOURCE, EK-FAC".into()
	}
	fn fit(&mut self, subject: &Subject) -> Result<()> {
		let run = &subject.runs[0];
		let segment = |part: &[Vec<f32>]| factorised(subject, part);
		self.segments =
			run.chunks(run.len().div_ceil(SEGMENTS)).map(segment).collect::<Result<_>>()?;
		Ok(())
	}
	fn scores(&mut self, subject: &Subject, queries: &Rows, _: f64) -> Result<Array2<f32>> {
		let run = &subject.runs[0];
		let parts: Vec<&[Vec<f32>]> = run.chunks(run.len().div_ceil(SEGMENTS)).collect();
		let steps = subject.recipe.steps(subject.rows.len()) as f64 / parts.len() as f64;
		let time = (subject.recipe.effective_rate() * steps) as f32;
		let decay = subject.recipe.sgd.decay;
		let mut scores = Array2::zeros((subject.rows.len(), queries.len()));
		let mut probe = Probe::new(subject.model, &run[run.len() - 1])?;
		let asked = query_factors(&mut probe, queries, subject.measure)?;
		// Each query's gradient in each layer, carried back through the segments.
		let mut carried: Vec<Vec<Array2<f32>>> = asked
			.iter()
			.map(|layer| (0..queries.len()).map(|q| outer(layer, q)).collect())
			.collect();
		for (layers, part) in self.segments.iter().zip(parts).rev() {
			let mut rows = Vec::new();
			for parameters in part {
				rows.push(Probe::new(subject.model, parameters)?.factors(subject.rows)?);
			}
			for (l, layer) in layers.iter().enumerate() {
				let turned: Vec<Factors> = rows.iter().map(|r| layer.turned(&r[l])).collect();
				let curved = |v: &f32| v.max(0.0) + decay;
				let kept = layer.moments.map(|v| (-time * curved(v)).exp());
				let learned = layer.moments.map(|v| {
					let h = curved(v).max(1e-12);
					-(-time * h).exp_m1() / h
				});
				for (q, gradient) in carried[l].iter_mut().enumerate() {
					let mut here = layer.input.t().dot(gradient).dot(&layer.output);
					let asked = &here * &learned / part.len() as f32;
					let mut column = scores.column_mut(q);
					turned.iter().for_each(|rows| column += &against(rows, &asked));
					here *= &kept;
					*gradient = layer.input.dot(&here).dot(&layer.output.t());
				}
			}
		}
		Ok(scores)
	}
}
