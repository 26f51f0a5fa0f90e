//! Factorisations of symmetric matrices, in f64. Products are ndarray's.

use super::{Error, Result};
use ndarray::{linalg::general_mat_mul, s, Array1, Array2, ArrayViewMut2, Axis};

/// Columns that are factorised at once; the rest is matrix products.
const BLOCK: usize = 64;

/// The lower triangle `L` of `L·Lᵀ = a`, for a symmetric, positive definite `a`.
pub fn cholesky(mut a: Array2<f64>) -> Result<Array2<f64>> {
	let n = a.nrows();
	for from in (0..n).step_by(BLOCK) {
		let to = (from + BLOCK).min(n);
		for j in from..to {
			for i in j..n {
				let known = dot(&row(&a, i)[from..j], &row(&a, j)[from..j]);
				a[[i, j]] -= known;
			}
			let pivot = a[[j, j]];
			if pivot <= 0.0 || !pivot.is_finite() {
				return Err(Error::Unfit("a matrix is not positive definite: damp it more".into()));
			}
			let root = pivot.sqrt();
			a.slice_mut(s![j.., j]).mapv_inplace(|v| v / root);
		}
		let panel = a.slice(s![to.., from..to]).to_owned();
		general_mat_mul(-1.0, &panel, &panel.t(), 1.0, &mut a.slice_mut(s![to.., to..]));
	}
	for i in 0..n {
		a.slice_mut(s![i, i + 1..]).fill(0.0);
	}
	Ok(a)
}

fn row(a: &Array2<f64>, i: usize) -> &[f64] {
	let n = a.ncols();
	&a.as_slice().unwrap_or(&[])[i * n..(i + 1) * n]
}

/// Inner product, in lanes that a compiler can vectorise.
fn dot(a: &[f64], b: &[f64]) -> f64 {
	let mut lanes = [0f64; 8];
	let (x, y) = (a.chunks_exact(8), b.chunks_exact(8));
	let rest: f64 = x.remainder().iter().zip(y.remainder()).map(|(a, b)| a * b).sum();
	for (x, y) in x.zip(y) {
		for (lane, (a, b)) in lanes.iter_mut().zip(x.iter().zip(y)) {
			*lane += a * b;
		}
	}
	lanes.iter().sum::<f64>() + rest
}

/// `L⁻¹·b`, in place.
pub fn solve_lower(l: &Array2<f64>, b: &mut Array2<f64>) {
	let n = l.nrows();
	for from in (0..n).step_by(BLOCK) {
		let to = (from + BLOCK).min(n);
		let (done, mut rest) = b.view_mut().split_at(Axis(0), from);
		let mut block = rest.slice_mut(s![..to - from, ..]);
		general_mat_mul(-1.0, &l.slice(s![from..to, ..from]), &done, 1.0, &mut block);
		for i in from..to {
			for j in from..i {
				subtract(&mut block, i - from, j - from, l[[i, j]]);
			}
			block.row_mut(i - from).mapv_inplace(|v| v / l[[i, i]]);
		}
	}
}

/// `L⁻ᵀ·b`, in place.
pub fn solve_upper(l: &Array2<f64>, b: &mut Array2<f64>) {
	let n = l.nrows();
	let mut to = n;
	while to > 0 {
		let from = (to - 1) / BLOCK * BLOCK;
		let (mut rest, done) = b.view_mut().split_at(Axis(0), to);
		let mut block = rest.slice_mut(s![from.., ..]);
		general_mat_mul(-1.0, &l.slice(s![to.., from..to]).t(), &done, 1.0, &mut block);
		for i in (from..to).rev() {
			for j in i + 1..to {
				subtract(&mut block, i - from, j - from, l[[j, i]]);
			}
			block.row_mut(i - from).mapv_inplace(|v| v / l[[i, i]]);
		}
		to = from;
	}
}

/// Row `i` less a multiple of row `j`.
fn subtract(block: &mut ArrayViewMut2<f64>, i: usize, j: usize, by: f64) {
	let (low, high) = (i.min(j), i.max(j));
	let (mut upper, mut lower) = block.view_mut().split_at(Axis(0), high);
	let (mut a, mut b) = (upper.row_mut(low), lower.row_mut(0));
	if i == low {
		a.scaled_add(-by, &b);
	} else {
		b.scaled_add(-by, &a);
	}
}

/// Sweeps of rotations at most.
const SWEEPS: usize = 30;

/// Eigenvalues, largest first, and eigenvectors, as columns, of a symmetric matrix without negative
/// eigenvalues: one-sided Jacobi rotations on its Cholesky factor (Veselić and Hari 1989).
pub fn eigen(a: &Array2<f64>) -> Result<(Array1<f64>, Array2<f64>)> {
	let n = a.nrows();
	let mean = a.diag().sum() / n.max(1) as f64;
	// Keeps the directions of eigenvalues that are zero.
	let floor = (mean * 1e-9).max(f64::MIN_POSITIVE);
	let l = cholesky(a + &(Array2::<f64>::eye(n) * floor))?;
	let mut columns: Vec<Vec<f64>> = l.columns().into_iter().map(|c| c.to_vec()).collect();
	for _ in 0..SWEEPS {
		let mut squares: Vec<f64> = columns.iter().map(|c| dot(c, c)).collect();
		let mut turned = false;
		for i in 0..n {
			for j in i + 1..n {
				let (head, tail) = columns.split_at_mut(j);
				let (x, y) = (&mut head[i], &mut tail[0]);
				let product = dot(x, y);
				if product.abs() <= 1e-11 * (squares[i] * squares[j]).sqrt() {
					continue;
				}
				turned = true;
				let zeta = (squares[j] - squares[i]) / (2.0 * product);
				let tangent = zeta.signum() / (zeta.abs() + zeta.hypot(1.0));
				let cosine = 1.0 / tangent.hypot(1.0);
				let sine = cosine * tangent;
				for (x, y) in x.iter_mut().zip(y.iter_mut()) {
					(*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
				}
				squares[i] -= tangent * product;
				squares[j] += tangent * product;
			}
		}
		if !turned {
			break;
		}
	}
	let mut all: Vec<(f64, Vec<f64>)> = columns.into_iter().map(|c| (dot(&c, &c), c)).collect();
	all.sort_by(|a, b| b.0.total_cmp(&a.0));
	let values = all.iter().map(|(square, _)| (square - floor).max(0.0)).collect();
	let vectors = Array2::from_shape_fn((n, n), |(i, j)| all[j].1[i] / all[j].0.sqrt());
	Ok((values, vectors))
}

/// In f64.
pub fn wide(a: &Array2<f32>) -> Array2<f64> {
	a.mapv(f64::from)
}

/// In f32.
pub fn narrow(a: &Array2<f64>) -> Array2<f32> {
	a.mapv(|v| v as f32)
}

#[cfg(test)]
mod tests {
	use super::*;
	use rand_chacha::{
		rand_core::{RngCore, SeedableRng},
		ChaCha8Rng,
	};

	fn numbers(shape: (usize, usize)) -> Array2<f64> {
		let mut rng = ChaCha8Rng::seed_from_u64(5);
		Array2::from_shape_fn(shape, |_| rng.next_u32() as f64 / u32::MAX as f64 - 0.5)
	}

	fn close(a: &Array2<f64>, b: &Array2<f64>, tolerance: f64) {
		let worst = (a - b).iter().fold(0f64, |m, v| m.max(v.abs()));
		assert!(worst < tolerance, "{worst}");
	}

	#[test]
	fn cholesky_should_solve_when_the_matrix_is_definite() {
		for n in [1, 7, 64, 65, 150] {
			let root = numbers((n, n + 20));
			let a = root.dot(&root.t());
			let l = cholesky(a.clone()).unwrap();
			close(&l.dot(&l.t()), &a, 1e-10);
			let b = numbers((n, 3));
			let mut x = b.clone();
			solve_lower(&l, &mut x);
			close(&l.dot(&x), &b, 1e-9);
			solve_upper(&l, &mut x);
			close(&a.dot(&x), &b, 1e-8);
		}
		assert!(cholesky(-Array2::<f64>::eye(3)).is_err());
	}

	#[test]
	fn eigen_should_give_the_matrix_back_when_it_has_less_than_full_rank() {
		for (n, rank) in [(1, 1), (30, 30), (40, 11)] {
			let root = numbers((n, rank));
			let a = root.dot(&root.t());
			let (values, vectors) = eigen(&a).unwrap();
			close(&(&vectors * &values).dot(&vectors.t()), &a, 1e-8);
			close(&vectors.t().dot(&vectors), &Array2::eye(n), 1e-6);
			assert!(values.iter().skip(rank).all(|v| *v < 1e-8));
		}
	}
}
