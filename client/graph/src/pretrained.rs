//! Published models out of a folder as Hugging Face lays it out: `config.json`, `model.safetensors`,
//! `tokenizer.json`. Weights stay in their file, which sessions map.
//!
//! GPT-2 (Radford et al. 2019), the Llama family (Touvron et al. 2023; Mistral and Qwen2 are of it),
//! and BERT with a head for classes (Devlin et al. 2019).

use crate::{
	transformer::Weights, Activation, Biases, Graph, Norm, Output, Positions, Stretch, Tensors,
	Transformer, Var,
};
use memmap2::Mmap;
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use std::{
	fs::{self, File},
	path::{Path, PathBuf},
};

const CONFIG: &str = "config.json";
const MODEL: &str = "model.safetensors";
const TOKENIZER: &str = "tokenizer.json";
/// No size in a config is larger, so that products of two do not overflow.
const LARGEST: u64 = 1 << 24;
/// What makes one file of f32 out of what others use.
const CONVERT: &str =
	"load it with transformers as float32 (from_pretrained(folder, torch_dtype=torch.float32)) and \
	 write it with save_pretrained(folder, max_shard_size=\"1000GB\")";

/// Why a folder is not a model that this program runs.
#[derive(Debug, thiserror::Error)]
pub enum Error {
	/// A file cannot be read.
	#[error(
		"{0} cannot be read ({1}): a model is a folder with {CONFIG}, {MODEL} and {TOKENIZER}"
	)]
	Read(PathBuf, std::io::Error),
	/// A file is not of its format.
	#[error("{0} is not what it should be: {1}; fetch it again")]
	Corrupt(PathBuf, String),
	/// Weights are in another format.
	#[error("{0} has its weights in several files, or in the format of pickle: {CONVERT}")]
	Format(PathBuf),
	/// It is another architecture.
	#[error("{0} is of the model_type {1}: known are gpt2, llama, mistral, qwen2 and bert")]
	Unknown(PathBuf, String),
	/// It is a variant that is not built.
	#[error("{0} says {1}: {2}")]
	Variant(PathBuf, String, String),
	/// A tensor is not there.
	#[error(
		"{0} has no tensor {1} of F32 {2:?}, which {CONFIG} asks for: are both files of the same \
		 model, with the head that it needs?"
	)]
	Missing(PathBuf, String, Vec<usize>),
	/// A tensor has another shape.
	#[error("{0}: {1} is {2:?}, but {CONFIG} asks for {3:?}: are both files of the same model?")]
	Shape(PathBuf, String, Vec<usize>, Vec<usize>),
	/// A tensor has other numbers.
	#[error("{0}: {1} is {2}, but graphs compute with F32: {CONVERT}")]
	Kind(PathBuf, String, String),
	/// The caller asks for what the model does not have.
	#[error("{0}")]
	Asked(String),
}

/// How a family calls its tensors, and which way its matrices lie.
struct Family {
	/// Where the blocks are.
	blocks: &'static str,
	/// Our names and theirs.
	names: &'static [(&'static str, &'static str)],
	/// Whether matrices are `[to, from]`.
	transposed: bool,
}

const GPT2: Family = Family {
	blocks: "transformer.h",
	names: &[
		("embedding", "transformer.wte"),
		("position", "transformer.wpe"),
		("norm1", "ln_1"),
		("attention", "attn.c_attn"),
		("output", "attn.c_proj"),
		("norm2", "ln_2"),
		("up", "mlp.c_fc"),
		("down", "mlp.c_proj"),
		("norm", "transformer.ln_f"),
		// An adapter's name: its matrix is the embedding.
		("head", "lm_head"),
	],
	transposed: false,
};

const LLAMA: Family = Family {
	blocks: "model.layers",
	names: &[
		("embedding", "model.embed_tokens"),
		("norm1", "input_layernorm"),
		("query", "self_attn.q_proj"),
		("key", "self_attn.k_proj"),
		("value", "self_attn.v_proj"),
		("output", "self_attn.o_proj"),
		("norm2", "post_attention_layernorm"),
		("gate", "mlp.gate_proj"),
		("up", "mlp.up_proj"),
		("down", "mlp.down_proj"),
		("norm", "model.norm"),
		("head", "lm_head"),
	],
	transposed: true,
};

const BERT: Family = Family {
	blocks: "bert.encoder.layer",
	names: &[
		("embedding", "bert.embeddings.word_embeddings"),
		("position", "bert.embeddings.position_embeddings"),
		("kind", "bert.embeddings.token_type_embeddings"),
		("embedding.norm", "bert.embeddings.LayerNorm"),
		("query", "attention.self.query"),
		("key", "attention.self.key"),
		("value", "attention.self.value"),
		("output", "attention.output.dense"),
		("norm1", "attention.output.LayerNorm"),
		("up", "intermediate.dense"),
		("down", "output.dense"),
		("norm2", "output.LayerNorm"),
		("pooler", "bert.pooler.dense"),
		("head", "classifier"),
	],
	transposed: true,
};

impl Family {
	/// Their name of a part of ours: `layers.0.query` is `model.layers.0.self_attn.q_proj`.
	fn module(&self, ours: &str) -> Option<String> {
		let theirs = |part: &str| Some(self.names.iter().find(|(name, _)| *name == part)?.1);
		match ours.strip_prefix("layers.") {
			Some(rest) => {
				let (layer, part) = rest.split_once('.')?;
				Some(format!("{}.{layer}.{}", self.blocks, theirs(part)?))
			},
			None => theirs(ours).map(Into::into),
		}
	}

	/// Their name of a tensor of ours.
	fn tensor(&self, ours: &str) -> String {
		let (part, suffix) = match ours.strip_suffix(".bias") {
			Some(part) => (part, "bias"),
			None => (ours, "weight"),
		};
		format!("{}.{suffix}", self.module(part).expect("a family names all its parts"))
	}
}

/// A `config.json`, with the path for messages.
struct Config {
	path: PathBuf,
	values: Value,
}

impl Config {
	fn wrong(&self, name: &str, why: &str) -> Error {
		let value = &self.values[name];
		Error::Variant(self.path.clone(), format!("{name} = {value}"), why.into())
	}

	fn numbers(&self, name: &str, default: Option<usize>) -> Result<usize, Error> {
		match (&self.values[name], default) {
			(Value::Null, Some(default)) => Ok(default),
			(value, _) => match value.as_u64() {
				Some(n @ 1..=LARGEST) => Ok(n as usize),
				_ => Err(self.wrong(name, &format!("it must be between 1 and {LARGEST}"))),
			},
		}
	}

	fn float(&self, of: &Value, name: &str, default: Option<f32>) -> Result<f32, Error> {
		let value = of[name].as_f64().map(|v| v as f32).or(default);
		value.filter(|v| v.is_finite() && *v > 0.0).ok_or_else(|| {
			let found = format!("{name} = {}", of[name]);
			Error::Variant(self.path.clone(), found, "it must be a positive number".into())
		})
	}

	fn flag(&self, name: &str, default: bool) -> Result<bool, Error> {
		match &self.values[name] {
			Value::Null => Ok(default),
			Value::Bool(value) => Ok(*value),
			_ => Err(self.wrong(name, "it must be true or false")),
		}
	}

	/// That a variant is not asked for which is not built.
	fn plain(&self, name: &str, default: bool) -> Result<(), Error> {
		if self.flag(name, default)? == default {
			Ok(())
		} else {
			Err(self.wrong(name, "this variant is not built"))
		}
	}

	fn activation(&self, name: &str, default: &str) -> Result<Activation, Error> {
		match self.values[name].as_str().unwrap_or(default) {
			"relu" => Ok(Activation::Relu),
			"gelu" => Ok(Activation::Gelu),
			"gelu_new" | "gelu_fast" | "gelu_pytorch_tanh" => Ok(Activation::GeluTanh),
			"silu" | "swish" => Ok(Activation::Silu),
			_ => {
				Err(self.wrong(name, "known are relu, gelu, gelu_new, gelu_pytorch_tanh and silu"))
			},
		}
	}

	/// The width of a head.
	fn head(&self, name: &str, width: usize, by: &str, heads: usize) -> Result<usize, Error> {
		if width.is_multiple_of(heads) {
			Ok(width / heads)
		} else {
			Err(self.wrong(name, &format!("{by} = {heads} must divide it")))
		}
	}

	fn gpt2(&self) -> Result<(Transformer, Family, usize), Error> {
		for (name, default) in [
			("scale_attn_weights", true),
			("scale_attn_by_inverse_layer_idx", false),
			("add_cross_attention", false),
			("tie_word_embeddings", true),
		] {
			self.plain(name, default)?;
		}
		let width = self.numbers("n_embd", Some(768))?;
		let heads = self.numbers("n_head", Some(12))?;
		let positions = self.numbers("n_positions", Some(1024))?;
		let model = Transformer {
			vocabulary: self.numbers("vocab_size", Some(50257))?,
			context: 0,
			width,
			layers: self.numbers("n_layer", Some(12))?,
			heads,
			groups: heads,
			head: self.head("n_embd", width, "n_head", heads)?,
			hidden: self.numbers("n_inner", Some(4 * width))?,
			rank: 0,
			norm: Norm::Layer(self.float(&self.values, "layer_norm_epsilon", Some(1e-5))?),
			post: false,
			positions: Positions::Learned(positions),
			activation: self.activation("activation_function", "gelu_new")?,
			gated: false,
			joined: true,
			biases: Biases { attention: true, output: true, mlp: true },
			output: Output::Next { tied: true },
		};
		Ok((model, GPT2, positions))
	}

	fn llama(&self, kind: &str) -> Result<(Transformer, Family, usize), Error> {
		let width = self.numbers("hidden_size", None)?;
		let heads = self.numbers("num_attention_heads", None)?;
		let groups = self.numbers("num_key_value_heads", (kind == "llama").then_some(heads))?;
		if !heads.is_multiple_of(groups) {
			let why = format!("it must divide num_attention_heads = {heads}");
			return Err(self.wrong("num_key_value_heads", &why));
		}
		let head = match &self.values["head_dim"] {
			Value::Null => self.head("hidden_size", width, "num_attention_heads", heads)?,
			_ => self.numbers("head_dim", None)?,
		};
		if !head.is_multiple_of(2) {
			let found = format!("heads of {head} numbers");
			let why = "rotary positions need an even number".into();
			return Err(Error::Variant(self.path.clone(), found, why));
		}
		self.plain("use_sliding_window", false)?;
		let positions = self.numbers("max_position_embeddings", None)?;
		// Within the window it is an attention like the others.
		let window = match (kind, self.values.get("sliding_window")) {
			("mistral", None) => 4096,
			("mistral", Some(Value::Number(_))) => self.numbers("sliding_window", None)?,
			_ => positions,
		};
		let attention = self.flag("attention_bias", kind == "qwen2")?;
		let biases = Biases {
			attention,
			output: attention && kind != "qwen2",
			mlp: self.flag("mlp_bias", false)?,
		};
		let model = Transformer {
			vocabulary: self.numbers("vocab_size", None)?,
			context: 0,
			width,
			layers: self.numbers("num_hidden_layers", None)?,
			heads,
			groups,
			head,
			hidden: self.numbers("intermediate_size", None)?,
			rank: 0,
			norm: Norm::Rms(self.float(&self.values, "rms_norm_eps", Some(1e-6))?),
			post: false,
			positions: self.rotary()?,
			activation: self.activation("hidden_act", "silu")?,
			gated: true,
			joined: false,
			biases,
			output: Output::Next { tied: self.flag("tie_word_embeddings", false)? },
		};
		Ok((model, LLAMA, positions.min(window)))
	}

	/// Rotary positions: `rope_theta` and `rope_scaling`, or both in `rope_parameters`.
	fn rotary(&self) -> Result<Positions, Error> {
		let (base, scaling) = match &self.values["rope_parameters"] {
			Value::Null => (&self.values, &self.values["rope_scaling"]),
			both => (both, both),
		};
		let base = self.float(base, "rope_theta", Some(1e4))?;
		let name = ["rope_type", "type"].map(|key| scaling[key].as_str());
		let of = |name: &str| self.float(scaling, name, None);
		let stretch = match name[0].or(name[1]) {
			None if scaling.is_null() => Stretch::Linear(1.0),
			Some("default") => Stretch::Linear(1.0),
			Some("linear") => Stretch::Linear(of("factor")?),
			Some("llama3") if of("low_freq_factor")? < of("high_freq_factor")? => Stretch::Llama3 {
				factor: of("factor")?,
				low: of("low_freq_factor")?,
				high: of("high_freq_factor")?,
				original: of("original_max_position_embeddings")?,
			},
			_ => {
				let found = format!("rotary positions {scaling}");
				let why = "known are the types default, linear and llama3 (its low factor below the high)";
				return Err(Error::Variant(self.path.clone(), found, why.into()));
			},
		};
		Ok(Positions::Rotary { base, stretch })
	}

	fn bert(&self) -> Result<(Transformer, Family, usize), Error> {
		self.plain("is_decoder", false)?;
		self.plain("add_cross_attention", false)?;
		for (name, only) in [
			("position_embedding_type", "absolute"),
			("problem_type", "single_label_classification"),
		] {
			if !self.values[name].is_null() && self.values[name] != only {
				return Err(self.wrong(name, &format!("only {only} is built")));
			}
		}
		let heads = self.numbers("num_attention_heads", Some(12))?;
		let width = self.numbers("hidden_size", Some(768))?;
		let positions = self.numbers("max_position_embeddings", Some(512))?;
		let classes = match self.values["id2label"].as_object() {
			Some(labels) => labels.len(),
			None => self.numbers("num_labels", Some(2))?,
		};
		if classes < 2 {
			return Err(self.wrong("id2label", "a classifier has two classes or more"));
		}
		let model = Transformer {
			vocabulary: self.numbers("vocab_size", Some(30522))?,
			context: 0,
			width,
			layers: self.numbers("num_hidden_layers", Some(12))?,
			heads,
			groups: heads,
			head: self.head("hidden_size", width, "num_attention_heads", heads)?,
			hidden: self.numbers("intermediate_size", Some(3072))?,
			rank: 0,
			norm: Norm::Layer(self.float(&self.values, "layer_norm_eps", Some(1e-12))?),
			post: true,
			positions: Positions::Learned(positions),
			activation: self.activation("hidden_act", "gelu")?,
			gated: false,
			joined: false,
			biases: Biases { attention: true, output: true, mlp: true },
			output: Output::Class { classes, kinds: self.numbers("type_vocab_size", Some(2))? },
		};
		Ok((model, BERT, positions))
	}
}

/// A published model whose weights lie in a file. An adapter is one flat vector in the order of
/// [`Transformer::adapter`]: a linear layer is `xW + (xA)B` (Hu et al. 2021), so that a factor `α/r`
/// of others is a part of `B`, and the zero vector leaves the model as it is.
///
/// Graphs go to a session that knows the folder (`Session::with_files`). Beside the inputs that are
/// named at each, a classifier's graphs have `kinds` (i64), of which text a token is, and `present`,
/// one where there is a token and zero behind the last one, both of the shape of `tokens`.
pub struct Pretrained {
	model: Transformer,
	family: Family,
	config: Config,
	tokenizer: PathBuf,
	/// The file of the weights, and the folder that it really is in: a session follows no links.
	file: (PathBuf, String),
	/// Where each of the weights begins in the file, in bytes, and its shape there.
	places: Vec<(String, usize, Vec<usize>)>,
}

impl Pretrained {
	/// Reads config and the list of weights of a folder; for rows of `context` tokens and adapters
	/// of a rank. The bytes of a decoder's graphs hold `context²` numbers, which tell what comes
	/// later. An error says what to do.
	pub fn open(folder: &Path, context: usize, rank: usize) -> Result<Self, Error> {
		let named = |name| folder.join(name);
		Self::of_files(&named(CONFIG), &named(MODEL), &named(TOKENIZER), context, rank)
	}

	/// The same where the files have other names.
	pub fn of_files(
		config: &Path,
		weights: &Path,
		tokenizer: &Path,
		context: usize,
		rank: usize,
	) -> Result<Self, Error> {
		let path = config.to_path_buf();
		let text = fs::read(&path).map_err(|e| Error::Read(path.clone(), e))?;
		let values: Value = serde_json::from_slice(&text)
			.map_err(|e| Error::Corrupt(path.clone(), e.to_string()))?;
		let config = Config { path, values };
		let (model, family, positions) = match config.values["model_type"].as_str() {
			Some("gpt2") => config.gpt2(),
			Some(kind @ ("llama" | "mistral" | "qwen2")) => config.llama(kind),
			Some("bert") => config.bert(),
			_ => Err(Error::Unknown(config.path.clone(), config.values["model_type"].to_string())),
		}?;
		if !(1..=positions).contains(&context) {
			return Err(Error::Asked(format!(
				"rows of {context} tokens: {} takes between 1 and {positions}",
				config.path.display()
			)));
		}
		if !(1..=model.width).contains(&rank) {
			return Err(Error::Asked(format!(
				"adapters of rank {rank}: {} takes between 1 and its width, {}",
				config.path.display(),
				model.width
			)));
		}
		let model = Transformer { context, rank, ..model };
		let places = places(weights, &config, &model, &family)?;
		let path = weights.to_path_buf();
		let real = path.canonicalize().map_err(|e| Error::Read(path.clone(), e))?;
		let (Some(parent), Some(Some(name))) =
			(real.parent(), real.file_name().map(|name| name.to_str()))
		else {
			return Err(Error::Asked(format!("{} is no name in UTF-8", real.display())));
		};
		let file = (parent.into(), name.into());
		Ok(Self { model, family, config, tokenizer: tokenizer.into(), file, places })
	}

	/// The architecture.
	pub fn model(&self) -> &Transformer {
		&self.model
	}

	/// The folder that the weights lie in, for the session: behind a link, its target's.
	pub fn folder(&self) -> &Path {
		&self.file.0
	}

	/// The bytes of `tokenizer.json`.
	pub fn tokenizer(&self) -> Result<Vec<u8>, Error> {
		fs::read(&self.tokenizer).map_err(|e| Error::Read(self.tokenizer.clone(), e))
	}

	/// The token that a decoder's sequences begin with, and those that end one: `bos_token_id` and
	/// `eos_token_id` of the config. The end begins where there is nothing else.
	pub fn ends(&self) -> Result<(u32, Vec<u32>), Error> {
		let wrong = |name| self.config.wrong(name, "it must be a token of the vocabulary");
		let token = |name: &'static str, value: &Value| {
			let known = value.as_u64().filter(|token| *token < self.model.vocabulary as u64);
			known.map(|token| token as u32).ok_or_else(|| wrong(name))
		};
		let ends = &self.config.values["eos_token_id"];
		let ends: Vec<u32> = match ends.as_array() {
			Some(all) => {
				all.iter().map(|end| token("eos_token_id", end)).collect::<Result<_, _>>()?
			},
			None => vec![token("eos_token_id", ends)?],
		};
		let begin = match &self.config.values["bos_token_id"] {
			Value::Null => *ends.first().ok_or_else(|| wrong("eos_token_id"))?,
			begin => token("bos_token_id", begin)?,
		};
		Ok((begin, ends))
	}

	/// The tensors of an adapter, in their order.
	pub fn adapter(&self) -> Tensors {
		self.model.adapter()
	}

	/// The name in the published model of what an adapter's tensor changes: of `layers.0.query.lora_A`
	/// it is `model.layers.0.self_attn.q_proj`.
	pub fn module(&self, tensor: &str) -> Option<String> {
		let part = tensor.strip_suffix(".lora_A").or(tensor.strip_suffix(".lora_B"))?;
		self.family.module(part)
	}

	fn base(&self) -> (Graph, Weights) {
		let mut g = Graph::default();
		let tensors = self
			.places
			.iter()
			.map(|(name, offset, shape)| (name.clone(), g.file(&self.file.1, *offset, shape)))
			.collect();
		let product: fn(&mut Graph, Var, Var) -> Var = if self.family.transposed {
			|g, x, matrix| g.linear(x, matrix, true)
		} else {
			|g, x, matrix| g.linear(x, matrix, false)
		};
		(g, Weights { tensors, product })
	}

	/// Logits of rows under adapters: inputs `parameters.in` `[segments, adapter]`, `tokens`
	/// `[segments, rows, context]`; output `logits` `[segments, rows·context, vocabulary]`, or
	/// `[segments, rows, classes]`.
	pub fn logits(&self, segments: usize, rows: usize) -> Graph {
		let (g, weights) = self.base();
		self.model.logits(g, &weights, segments, rows)
	}

	/// Scores rows under adapters: inputs `parameters.in` `[segments, adapter]`, `tokens`
	/// `[segments, rows, context]`, `targets` (i64) and `mask`, what each counts, of that shape, or
	/// `[segments, rows]` for a classifier, whose targets are classes; outputs `objective` `[segments]`,
	/// the weighted sum of log-probabilities, and `log` of the shape of the targets.
	pub fn score(&self, segments: usize, rows: usize) -> Graph {
		let (g, weights) = self.base();
		self.model.score(g, &weights, segments, rows)
	}

	/// Gradients of each row's loss with respect to an adapter of its own: inputs as
	/// [`Pretrained::score`] of `rows` segments of one row; outputs `gradient` `[rows, adapter]` and
	/// `objective` `[rows]`.
	pub fn gradient(&self, rows: usize) -> Graph {
		let (g, weights) = self.base();
		self.model.gradient(g, &weights, rows)
	}

	/// Trains `segments` adapters at once by a step of AdamW (Loshchilov and Hutter 2019), each on
	/// `rows` rows of its own: inputs as [`Pretrained::score`], `first.in`, `second.in`
	/// `[segments, adapter]`, `rate`, `correct1`, `correct2` `[segments, 1]`, the learning rate and
	/// `1 − βⁿ`; outputs `parameters`, `first`, `second` and `objective` `[segments]`.
	pub fn train(&self, segments: usize, rows: usize) -> Graph {
		let (g, weights) = self.base();
		self.model.train(g, &weights, segments, rows)
	}

	/// Logits after one token of each row: inputs `parameters.in` `[rows, adapter]`, `tokens`
	/// `[rows, 1, context]`, `pick` `[rows, 1, context]`, one at the position that is asked for;
	/// output `logits` `[rows, vocabulary]`. A classifier is an error.
	pub fn decode(&self, rows: usize) -> Result<Graph, Error> {
		if let Output::Class { .. } = self.model.output {
			let config = self.config.path.display();
			return Err(Error::Asked(format!("{config} is of a classifier: it gives no tokens")));
		}
		let (g, weights) = self.base();
		Ok(self.model.decode(g, &weights, rows, false))
	}
}

/// Where the weights of a model begin in its file, and their shapes there.
fn places(
	path: &Path,
	config: &Config,
	model: &Transformer,
	family: &Family,
) -> Result<Vec<(String, usize, Vec<usize>)>, Error> {
	let path = path.to_path_buf();
	if !path.exists() {
		let others = ["model.safetensors.index.json", "pytorch_model.bin"];
		if let Some(other) =
			others.map(|name| path.with_file_name(name)).iter().find(|p| p.exists())
		{
			return Err(Error::Format(other.clone()));
		}
	}
	let read = |e| Error::Read(path.clone(), e);
	let corrupt = |e: safetensors::SafeTensorError| Error::Corrupt(path.clone(), e.to_string());
	let file = File::open(&path).map_err(read)?;
	// SAFETY: only the list in front of the weights is read here, and it is checked; who changes the
	// file meanwhile has it read wrongly, or this process stopped.
	let map = unsafe { Mmap::map(&file) }.map_err(read)?;
	let (header, list) = SafeTensors::read_metadata(&map).map_err(corrupt)?;
	// A config from elsewhere must not make a list of layers without end.
	if model.layers > list.tensors().len() {
		let found = format!("{} layers", model.layers);
		let why =
			format!("{} has fewer tensors: are both files of the same model?", path.display());
		return Err(Error::Variant(config.path.clone(), found, why));
	}
	model
		.weights()
		.into_iter()
		.map(|(ours, mut shape)| {
			let name = family.tensor(&ours);
			let matrix = !["embedding", "position", "kind"].contains(&ours.as_str());
			if matrix && family.transposed {
				shape.reverse();
			}
			// A file of the model without its head has names without their first part.
			let bare = name.split_once('.').map_or("", |(_, rest)| rest);
			let Some(info) = list.info(&name).or_else(|| list.info(bare)) else {
				return Err(Error::Missing(path.clone(), name, shape));
			};
			if info.shape != shape {
				return Err(Error::Shape(path.clone(), name, info.shape.clone(), shape));
			}
			if info.dtype != Dtype::F32 {
				return Err(Error::Kind(path.clone(), name, format!("{:?}", info.dtype)));
			}
			Ok((ours, 8 + header + info.data_offsets.0, shape))
		})
		.collect()
}
