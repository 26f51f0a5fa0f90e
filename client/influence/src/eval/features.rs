//! Features: a few integers for each row, with which the chain can score.
//!
//! 1. **Reduction.** Any method whose scores are bilinear in gradients is reduced to `D` numbers by a
//!    range finder (Halko et al. 2011): `Φ`, orthonormal over the rows, spans the scores of all rows
//!    for some of them, the landmarks. A row's feature is its line of `Φ`; a query's is `ΦᵀS`, with `S`
//!    its scores of all rows. Both are linear in gradients, so features of rows can be summed.
//! 2. **Integers.** Rows and queries in block floating point ([`Feature`]), `D + 1` bytes each, whose
//!    sums and scores the chain computes exactly.

use super::{
	data::Rows,
	linear::{cholesky, narrow, solve_lower, wide},
	methods::{Method, Subject},
	model::uniform,
	Error, Result,
};
use ndarray::{Array2, Axis};
use openledger_influence_math::{
	feature::{MAX_EXPONENT, MAX_MANTISSA},
	Feature,
};
use rand_chacha::{rand_core::SeedableRng, ChaCha8Rng};
use std::{cell::RefCell, rc::Rc};

/// What is made of a method's scores.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
	/// Nothing.
	Whole,
	/// Features.
	Real,
	/// Features as integers.
	Integers,
}

/// What was asked last.
struct Asked {
	damping: f64,
	queries: Rows,
	/// The method's own scores.
	scores: Array2<f32>,
	/// The rows' features `[rows, D]`.
	features: Array2<f32>,
}

struct Core {
	base: Box<dyn Method>,
	width: usize,
	fitted: bool,
	asked: Option<Asked>,
}

impl Core {
	fn ask(&mut self, subject: &Subject, queries: &Rows, damping: f64) -> Result<&Asked> {
		let asked = match self.asked.take() {
			Some(asked) if asked.damping == damping && asked.queries == *queries => asked,
			Some(asked) if asked.damping == damping => {
				let scores = self.base.scores(subject, queries, damping)?;
				Asked { queries: queries.clone(), scores, ..asked }
			},
			_ => {
				let n = subject.rows.len();
				let width = self.width.min(n);
				let landmarks: Vec<usize> = (0..width).map(|i| i * n / width).collect();
				let both = subject.rows.take(&landmarks).and(queries)?;
				let scores = self.base.scores(subject, &both, damping)?;
				let (landmarks, scores) = scores.view().split_at(Axis(1), width);
				let features = orthonormal(&landmarks.to_owned())?;
				// Turned at random, so that a query counts on all numbers alike and eight bits do.
				let mut rng = ChaCha8Rng::seed_from_u64(subject.seed);
				let turn = Array2::from_shape_simple_fn((width, width), || uniform(&mut rng));
				let features = features.dot(&orthonormal(&turn)?);
				Asked { damping, queries: queries.clone(), scores: scores.to_owned(), features }
			},
		};
		Ok(self.asked.insert(asked))
	}
}

/// A method, or its features. Its forms and its clones share what is fitted.
#[derive(Clone)]
pub struct Reduced {
	core: Rc<RefCell<Core>>,
	form: Form,
}

impl Reduced {
	/// A method, its features of `width` numbers, and these as integers.
	pub fn forms(base: Box<dyn Method>, width: usize) -> [Self; 3] {
		let core = Core { base, width, fitted: false, asked: None };
		let core = Rc::new(RefCell::new(core));
		[Form::Whole, Form::Real, Form::Integers].map(|form| Self { core: core.clone(), form })
	}

	/// Its features of `width` numbers as integers.
	pub fn integers(base: Box<dyn Method>, width: usize) -> Self {
		let [_, _, integers] = Self::forms(base, width);
		integers
	}
}

impl Method for Reduced {
	fn name(&self) -> String {
		let core = self.core.borrow();
		let (name, width) = (core.base.name(), core.width);
		match self.form {
			Form::Whole => name,
			Form::Real => format!("{name}, D = {width}"),
			Form::Integers => format!("{name}, D = {width}, integers"),
		}
	}
	fn dampings(&self) -> Vec<f64> {
		self.core.borrow().base.dampings()
	}
	fn fit(&mut self, subject: &Subject) -> Result<()> {
		let mut core = self.core.borrow_mut();
		if !core.fitted {
			core.base.fit(subject)?;
			core.fitted = true;
		}
		Ok(())
	}
	fn draft(&mut self, subject: &Subject, queries: &Rows, damping: f64) -> Result<Array2<f32>> {
		self.core.borrow_mut().base.draft(subject, queries, damping)
	}
	fn scores(&mut self, subject: &Subject, queries: &Rows, damping: f64) -> Result<Array2<f32>> {
		let mut core = self.core.borrow_mut();
		let asked = core.ask(subject, queries, damping)?;
		let short = || asked.scores.t().dot(&asked.features);
		match self.form {
			Form::Whole => Ok(asked.scores.clone()),
			Form::Real => Ok(asked.features.dot(&short().t())),
			Form::Integers => integer_scores(&asked.features, &short()),
		}
	}
}

/// Columns that span the same and are orthonormal.
fn orthonormal(y: &Array2<f32>) -> Result<Array2<f32>> {
	let mut columns = wide(&y.t().to_owned());
	for mut column in columns.rows_mut() {
		let length = column.dot(&column).sqrt().max(f64::MIN_POSITIVE);
		column /= length;
	}
	let gram = columns.dot(&columns.t());
	let l = cholesky(gram + Array2::<f64>::eye(y.ncols()) * 1e-10)?;
	solve_lower(&l, &mut columns);
	Ok(narrow(&columns).reversed_axes())
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
