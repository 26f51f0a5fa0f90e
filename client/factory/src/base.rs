//! Base models: a manifest that names config, tokenizer and weights by their hashes.

use crate::{adapter, hash, noise, text::Tokenizer, Error, Hash, Progress};
use openledger_graph::{count, Gpt, BETAS};
use openledger_onnx::{Runtime, Session, Tensor};
use rand_chacha::{
	rand_core::{RngCore, SeedableRng},
	ChaCha8Rng,
};
use serde::{Deserialize, Serialize};

/// The architecture of base models, until there is a choice.
pub const SMALL: Gpt =
	Gpt { vocabulary: 512, context: 64, width: 64, layers: 2, heads: 4, rank: 32 };

/// A base model in memory.
pub struct Base {
	/// The architecture.
	pub model: Gpt,
	/// Text to tokens and back.
	pub tokenizer: Tokenizer,
	/// All weights, in the order of [`Gpt::weights`].
	pub weights: Vec<f32>,
}

/// The files of a base model by their BLAKE2b-256 hashes, in hexadecimal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Manifest {
	/// `config.json`.
	pub config: String,
	/// `model.safetensors`.
	pub model: String,
	/// `tokenizer.json`.
	pub tokenizer: String,
}

/// How a base model is trained.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Pretraining {
	/// Steps.
	pub steps: usize,
	/// Rows a step.
	pub rows: usize,
	/// The highest learning rate.
	pub rate: f32,
	/// Seeds weights and the order of the text.
	pub seed: u64,
}

impl Default for Pretraining {
	fn default() -> Self {
		Self { steps: 1_200, rows: 16, rate: 3e-3, seed: 1 }
	}
}

/// A warm-up of a twentieth, then a line down to zero.
pub(crate) fn schedule(rate: f32, step: usize, steps: usize) -> f32 {
	let (step, steps) = (step as f32, steps.max(1) as f32);
	rate * (20.0 * (step + 1.0) / steps).min(1.0) * (1.0 - step / steps)
}

/// `1 − βⁿ` for both moments, `n` counted from 1.
pub(crate) fn corrections(n: usize) -> (f32, f32) {
	let power = |beta: f32| (1.0 - f64::from(beta).powi(n as i32)) as f32;
	(power(BETAS.0), power(BETAS.1))
}

impl Base {
	/// Trains tokenizer and weights on text.
	pub fn train(
		mut model: Gpt,
		text: &str,
		how: Pretraining,
		threads: usize,
		progress: &mut dyn Progress,
	) -> Result<Self, Error> {
		let tokenizer = Tokenizer::train(text, model.vocabulary)?;
		model.vocabulary = tokenizer.vocabulary();
		let tokens = tokenizer.encode(text)?;
		let (t, rows) = (model.context, how.rows);
		if tokens.len() < 10 * t {
			let have = tokens.len();
			return Err(Error::TooLittle(format!(
				"a base model needs at least {} tokens of text, not {have}",
				10 * t
			)));
		}
		let total = count(&model.weights());
		let mut session =
			Session::new(&Runtime::load()?, &model.pretrain(rows).to_onnx(), threads)?;
		let mut state = [initial(&model, how.seed), vec![0.0; total], vec![0.0; total]];
		let mut rng = ChaCha8Rng::seed_from_u64(how.seed);
		for step in 0..how.steps {
			let (mut inputs, mut targets) = (Vec::new(), Vec::new());
			for _ in 0..rows {
				let from = rng.next_u64() as usize % (tokens.len() - t);
				let window = &tokens[from..from + t + 1];
				// Half of the windows begin as answers do.
				let begin = rng.next_u32() & 1 == 0;
				inputs.extend((0..t).map(|i| match i {
					0 if begin => tokenizer.end().into(),
					_ => i64::from(window[i]),
				}));
				targets.extend(window[1..].iter().map(|v| i64::from(*v)));
			}
			let (c1, c2) = corrections(step + 1);
			let one = |v: f32| Tensor::Floats(vec![1, 1], vec![v]);
			let [parameters, first, second] = state.map(|v| Tensor::Floats(vec![1, total], v));
			let shape = vec![1, rows, t];
			let mask = vec![1.0 / (rows * t) as f32; rows * t];
			let mut out = session.run(vec![
				("parameters.in", parameters),
				("first.in", first),
				("second.in", second),
				("tokens", Tensor::Integers(shape.clone(), inputs)),
				("targets", Tensor::Integers(shape.clone(), targets)),
				("mask", Tensor::Floats(shape, mask)),
				("rate", one(schedule(how.rate, step, how.steps))),
				("correct1", one(c1)),
				("correct2", one(c2)),
			])?;
			let mut take = |name: &str| out.remove(name).unwrap_or_default();
			state = [take("parameters"), take("first"), take("second")];
			let loss = -take("objective").first().copied().unwrap_or(f32::NAN);
			progress.step(step + 1, how.steps, loss);
		}
		let [weights, ..] = state;
		Ok(Self { model, tokenizer, weights })
	}

	/// The files: hash and bytes of each, the manifest last.
	pub fn files(&self) -> Result<Vec<(Hash, Vec<u8>)>, Error> {
		let config =
			serde_json::to_vec(&self.model).map_err(|e| Error::corrupt("the config", e))?;
		let model = adapter::write(&self.model.weights(), &self.weights)?;
		let tokenizer = self.tokenizer.to_json()?;
		let manifest = Manifest {
			config: hex::encode(hash(&config)),
			model: hex::encode(hash(&model)),
			tokenizer: hex::encode(hash(&tokenizer)),
		};
		let manifest = serde_json::to_vec(&manifest).map_err(|e| Error::corrupt("manifest", e))?;
		let files = [config, model, tokenizer, manifest];
		Ok(files.into_iter().map(|file| (hash(&file), file)).collect())
	}

	/// Reads a base model: `blob` gives the bytes of a hash.
	pub fn load<E: ToString>(
		manifest: &Hash,
		blob: impl Fn(&Hash) -> Result<Vec<u8>, E>,
	) -> Result<Self, Error> {
		let read = |what: &str, wanted: &Hash| -> Result<Vec<u8>, Error> {
			let bytes = blob(wanted).map_err(|e| Error::corrupt(what, e.to_string()))?;
			if hash(&bytes) == *wanted {
				Ok(bytes)
			} else {
				Err(Error::corrupt(what, format!("its hash is not {}", hex::encode(wanted))))
			}
		};
		let named = |what: &str, text: &str| -> Result<Vec<u8>, Error> {
			let mut wanted = [0; 32];
			hex::decode_to_slice(text, &mut wanted).map_err(|e| Error::corrupt(what, e))?;
			read(what, &wanted)
		};
		let manifest: Manifest = serde_json::from_slice(&read("the base's manifest", manifest)?)
			.map_err(|e| Error::corrupt("the base's manifest", e))?;
		let model: Gpt = serde_json::from_slice(&named("config.json", &manifest.config)?)
			.map_err(|e| Error::corrupt("config.json", e))?;
		let tokenizer = Tokenizer::from_json(&named("tokenizer.json", &manifest.tokenizer)?)?;
		let file = named("model.safetensors", &manifest.model)?;
		let weights = adapter::read("model.safetensors", &model.weights(), &file)?;
		Ok(Self { model, tokenizer, weights })
	}
}

/// Weights before training: norms are one, embeddings small, linear layers keep the variance.
fn initial(model: &Gpt, seed: u64) -> Vec<f32> {
	let mut flat = Vec::new();
	for (i, (name, shape)) in model.weights().into_iter().enumerate() {
		let seed = hash(&[seed.to_le_bytes(), (i as u64).to_le_bytes()].concat());
		let n = shape.iter().product();
		flat.extend(match shape.as_slice() {
			[_] => vec![1.0; n],
			_ if name == "embedding" || name == "position" => noise(seed, n, 0.1),
			[from, _] if name.ends_with("output") || name.ends_with("down") => {
				noise(seed, n, (*from as f32 * 2.0 * model.layers as f32).powf(-0.5))
			},
			[from, ..] => noise(seed, n, (*from as f32).powf(-0.5)),
			[] => vec![0.0; n],
		});
	}
	flat
}
