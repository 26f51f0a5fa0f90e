//! ModelFactory: tokenizers, base models, and fine-tuning of a published adapter together with its
//! counterfactual ones.
//!
//! | module | what it makes |
//! |---|---|
//! | [`text`] | tokens of text, and a tokenizer trained on one |
//! | [`base`] | a base model: files named by a manifest, and its pretraining |
//! | [`adapter`] | an adapter's file |
//! | [`run`] | a run's manifest, from which its adapters are trained again |
//! | [`train`] | adapters, many at once, each a function of recipe, rows, subset and group alone |

pub mod adapter;
pub mod base;
pub mod run;
pub mod text;
pub mod train;

pub use base::{Base, Model, Task};
pub use openledger_influence_math::Subset;
pub use run::Run;
pub use text::Tokenizer;
pub use train::{train, Recipe, Row, Wanted};

use blake2::{digest::consts::U32, Blake2b, Digest};

/// A BLAKE2b-256 hash.
pub type Hash = [u8; 32];

/// BLAKE2b-256.
pub fn hash(bytes: &[u8]) -> Hash {
	Blake2b::<U32>::digest(bytes).into()
}

/// What can go wrong in the factory.
#[derive(Debug, thiserror::Error)]
pub enum Error {
	/// ONNX Runtime is missing or refuses.
	#[error(transparent)]
	Onnx(#[from] openledger_onnx::Error),
	/// A published model is none that this program runs.
	#[error(transparent)]
	Model(#[from] openledger_graph::Error),
	/// A file is not what it should be.
	#[error("{0} is not what it should be: {1}")]
	Corrupt(String, String),
	/// There is too little text.
	#[error("{0}")]
	TooLittle(String),
}

impl Error {
	pub(crate) fn corrupt(what: &str, why: impl ToString) -> Self {
		Self::Corrupt(what.into(), why.to_string())
	}
}

/// Hears how far long work is.
pub trait Progress {
	/// So many of so many steps are done; `loss` is in nats per token.
	fn step(&mut self, done: usize, all: usize, loss: f32);
}

impl<F: FnMut(usize, usize, f32)> Progress for F {
	fn step(&mut self, done: usize, all: usize, loss: f32) {
		self(done, all, loss)
	}
}

/// Uniform numbers with mean zero and the given deviation, from a ChaCha8 stream: integer
/// arithmetic and one multiplication, the same everywhere.
pub(crate) fn noise(seed: Hash, count: usize, deviation: f32) -> Vec<f32> {
	use rand_chacha::{
		rand_core::{RngCore, SeedableRng},
		ChaCha8Rng,
	};
	let mut rng = ChaCha8Rng::from_seed(seed);
	let scale = deviation * 3f32.sqrt();
	(0..count)
		.map(|_| ((rng.next_u32() >> 8) as f32 / (1 << 23) as f32 - 1.0) * scale)
		.collect()
}
