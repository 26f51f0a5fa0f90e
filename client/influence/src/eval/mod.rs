//! How well scores of data say what retraining without it shows.
//!
//! | module | what it holds |
//! |---|---|
//! | [`data`] | rows with labels, from files |
//! | [`model`] | classifiers: training many at once, their gradients |
//! | [`truth`] | retrainings on subsets, kept by content hash |
//! | [`methods`] | methods that score rows, behind one interface |
//! | [`curvature`] | methods with a Kronecker-factored curvature |
//! | [`unrolled`] | the gradient method |
//! | [`features`] | few integers for each row, of any bilinear method |
//! | [`metrics`] | rank correlations, intervals, areas, pay |
//! | [`linear`] | factorisations |
//! | [`peers`] | the same methods by dattri, on the same checkpoints |
//! | [`report`] | tables, plots and figures |

pub mod curvature;
pub mod data;
pub mod features;
pub mod harness;
pub mod linear;
pub mod methods;
pub mod metrics;
pub mod model;
pub mod peers;
pub mod report;
pub mod truth;
pub mod unrolled;

pub use harness::{run, Options};

use std::path::{Path, PathBuf};

/// What can go wrong in an evaluation.
#[derive(Debug, thiserror::Error)]
pub enum Error {
	/// ONNX Runtime is missing or refuses.
	#[error(transparent)]
	Onnx(#[from] openledger_onnx::Error),
	/// A file cannot be read or written, or is not what it should be.
	#[error("{0}: {1}")]
	File(PathBuf, String),
	/// Options or numbers do not fit.
	#[error("{0}")]
	Unfit(String),
}

impl Error {
	pub(crate) fn file(path: &Path, why: impl ToString) -> Self {
		Self::File(path.into(), why.to_string())
	}
}

/// The result of an evaluation's step.
pub type Result<T> = std::result::Result<T, Error>;
