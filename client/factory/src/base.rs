//! Base models: a manifest that names config, tokenizer and weights by their hashes.

use crate::{adapter, hash, noise, text::Tokenizer, Error, Hash, Progress};
use openledger_graph::{count, Gpt, Pretrained, Tensors, BETAS};
use openledger_onnx::{Runtime, Session, Tensor};
use rand_chacha::{
	rand_core::{RngCore, SeedableRng},
	ChaCha8Rng,
};
use serde::{Deserialize, Serialize};
use std::{
	fs,
	path::{Path, PathBuf},
};

/// The architecture of base models that are trained here.
pub const SMALL: Gpt =
	Gpt { vocabulary: 512, context: 64, width: 64, layers: 2, heads: 4, rank: 32 };

/// A base model.
pub struct Base {
	/// The architecture and its weights.
	pub model: Model,
	/// Text to tokens and back.
	pub tokenizer: Tokenizer,
}

/// An architecture and its weights.
pub enum Model {
	/// Trained here, with all weights in memory, in the order of [`Gpt::weights`].
	Own(Gpt, Vec<f32>),
	/// Published, with its weights in their file.
	Published(Box<Pretrained>),
}

/// What is asked of a base model under adapters: a graph. Inputs and outputs are at the functions of
/// [`Pretrained`] of the same names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Task {
	/// Trains `segments` adapters a step, each on `rows` rows.
	Train {
		/// Adapters.
		segments: usize,
		/// Rows of each.
		rows: usize,
	},
	/// Scores `rows` rows under each of `segments` adapters.
	Score {
		/// Adapters.
		segments: usize,
		/// Rows of each.
		rows: usize,
	},
	/// Gradients of so many rows with respect to an adapter each.
	Gradient(usize),
	/// Logits after a token of so many rows.
	Decode(usize),
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
	/// How a published model is used; none of one that was trained here.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub published: Option<Use>,
}

/// How a published model is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Use {
	/// Tokens that it looks at.
	pub context: usize,
	/// Rank of the adapters.
	pub rank: usize,
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
					0 if begin => tokenizer.begin().into(),
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
		Ok(Self { model: Model::Own(model, weights), tokenizer })
	}

	/// The files of a published model, out of a folder as Hugging Face lays it out: hash and bytes of
	/// each, the manifest last. Fails if it is none that answers.
	pub fn publish(folder: &Path, how: Use) -> Result<Vec<(Hash, Vec<u8>)>, Error> {
		let named = |name: &str| folder.join(name);
		let [config, model, tokenizer] =
			["config.json", "model.safetensors", "tokenizer.json"].map(named);
		Self::of_files(&config, &model, &tokenizer, how)?;
		let read = |path: &PathBuf| {
			fs::read(path).map_err(|e| Error::corrupt(&path.display().to_string(), e))
		};
		files([read(&config)?, read(&model)?, read(&tokenizer)?], Some(how))
	}

	/// The files: hash and bytes of each, the manifest last. Those of a published model are where it
	/// was published from.
	pub fn files(&self) -> Result<Vec<(Hash, Vec<u8>)>, Error> {
		let Model::Own(model, weights) = &self.model else {
			return Err(Error::corrupt("the base model", "its files were published elsewhere"));
		};
		let config = serde_json::to_vec(model).map_err(|e| Error::corrupt("the config", e))?;
		let weights = adapter::write(&model.weights(), weights)?;
		files([config, weights, self.tokenizer.to_json()?], None)
	}

	/// Tokens that it looks at.
	pub fn context(&self) -> usize {
		match &self.model {
			Model::Own(model, _) => model.context,
			Model::Published(model) => model.model().context,
		}
	}

	/// The tensors of an adapter, in their order.
	pub fn adapter(&self) -> Tensors {
		match &self.model {
			Model::Own(model, _) => model.adapter(),
			Model::Published(model) => model.adapter(),
		}
	}

	/// A session that does a task.
	pub fn session(&self, task: Task, threads: usize) -> Result<Session, Error> {
		let runtime = Runtime::load()?;
		Ok(match &self.model {
			Model::Own(model, _) => {
				let graph = match task {
					Task::Train { segments, rows } => model.train(segments, rows),
					Task::Score { segments, rows } => model.score(segments, rows),
					Task::Gradient(rows) => model.gradient(rows),
					Task::Decode(rows) => model.decode(rows),
				};
				Session::new(&runtime, &graph.to_onnx(), threads)?
			},
			Model::Published(model) => {
				let graph = match task {
					Task::Train { segments, rows } => model.train(segments, rows),
					Task::Score { segments, rows } => model.score(segments, rows),
					Task::Gradient(rows) => model.gradient(rows),
					Task::Decode(rows) => model.decode(rows)?,
				};
				Session::with_files(&runtime, &graph.to_onnx(), threads, model.folder())?
			},
		})
	}

	/// What a session of a task takes: its own inputs, and the weights if they lie in no file.
	pub fn inputs(&self, mut inputs: Vec<(&'static str, Tensor)>) -> Vec<(&'static str, Tensor)> {
		if let Model::Own(_, weights) = &self.model {
			inputs.push(("base", Tensor::Floats(vec![weights.len()], weights.clone())));
		}
		inputs
	}

	fn of_files(config: &Path, model: &Path, tokenizer: &Path, how: Use) -> Result<Self, Error> {
		let model = Pretrained::of_files(config, model, tokenizer, how.context, how.rank)?;
		// A classifier has no answers.
		model.decode(1)?;
		let (begin, ends) = model.ends()?;
		let tokenizer = Tokenizer::published(&model.tokenizer()?, begin, ends)?;
		let (tokens, known) = (tokenizer.vocabulary(), model.model().vocabulary);
		if tokens > known {
			let why = format!("it has {tokens} tokens, and config.json {known}");
			return Err(Error::corrupt("tokenizer.json", why));
		}
		Ok(Self { model: Model::Published(Box::new(model)), tokenizer })
	}

	/// Reads a base model: `blob` gives the bytes of a hash, and `file` where a file with it lies, which
	/// it has checked: weights of published models are mapped, not read.
	pub fn load<E: ToString, F: ToString>(
		manifest: &Hash,
		blob: impl Fn(&Hash) -> Result<Vec<u8>, E>,
		file: impl Fn(&Hash) -> Result<PathBuf, F>,
	) -> Result<Self, Error> {
		let place = |what: &str, text: &str| -> Result<PathBuf, Error> {
			file(&parse(what, text)?).map_err(|e| Error::corrupt(what, e.to_string()))
		};
		let read = |what: &str, wanted: &Hash| -> Result<Vec<u8>, Error> {
			let bytes = blob(wanted).map_err(|e| Error::corrupt(what, e.to_string()))?;
			if hash(&bytes) == *wanted {
				Ok(bytes)
			} else {
				Err(Error::corrupt(what, format!("its hash is not {}", hex::encode(wanted))))
			}
		};
		let named =
			|what: &str, text: &str| -> Result<Vec<u8>, Error> { read(what, &parse(what, text)?) };
		let manifest: Manifest = serde_json::from_slice(&read("the base's manifest", manifest)?)
			.map_err(|e| Error::corrupt("the base's manifest", e))?;
		if let Some(how) = manifest.published {
			let config = place("config.json", &manifest.config)?;
			let model = place("model.safetensors", &manifest.model)?;
			let tokenizer = place("tokenizer.json", &manifest.tokenizer)?;
			return Self::of_files(&config, &model, &tokenizer, how);
		}
		let model: Gpt = serde_json::from_slice(&named("config.json", &manifest.config)?)
			.map_err(|e| Error::corrupt("config.json", e))?;
		let tokenizer = Tokenizer::from_json(&named("tokenizer.json", &manifest.tokenizer)?)?;
		let file = named("model.safetensors", &manifest.model)?;
		let weights = adapter::read("model.safetensors", &model.weights(), &file)?;
		Ok(Self { model: Model::Own(model, weights), tokenizer })
	}
}

/// A hash in hexadecimal.
fn parse(what: &str, text: &str) -> Result<Hash, Error> {
	let mut hash = [0; 32];
	hex::decode_to_slice(text, &mut hash).map_err(|e| Error::corrupt(what, e))?;
	Ok(hash)
}

/// Config, weights and tokenizer by their hashes, and the manifest that names them.
fn files(three: [Vec<u8>; 3], published: Option<Use>) -> Result<Vec<(Hash, Vec<u8>)>, Error> {
	let [config, model, tokenizer] = [0, 1, 2].map(|i| hex::encode(hash(&three[i])));
	let manifest = Manifest { config, model, tokenizer, published };
	let manifest = serde_json::to_vec(&manifest).map_err(|e| Error::corrupt("manifest", e))?;
	let files = three.into_iter().chain([manifest]);
	Ok(files.map(|file| (hash(&file), file)).collect())
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
