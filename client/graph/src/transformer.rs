//! Transformers (Vaswani et al. 2017) as parts to choose, with LoRA adapters (Hu et al. 2021) on all
//! their linear layers, and every graph that is made of them.
//!
//! Where weights come from is not a part: [`Weights`] brings them. Every batch segment has an adapter
//! tensor of its own, `[segments, d, r]`: many adapters train, score and serve in one batch.

use crate::{Graph, Var};

/// Moments of AdamW (Loshchilov and Hutter 2019).
pub const BETAS: (f32, f32) = (0.9, 0.99);
/// Keeps AdamW's quotient finite.
const ADAM_EPSILON: f32 = 1e-8;
/// What keeps a token from another one; twice of it is still finite.
const NEVER: f32 = f32::MIN / 2.0;

/// A tensor's name and shape.
pub type Tensors = Vec<(String, Vec<usize>)>;

/// How many numbers tensors hold.
pub fn count(tensors: &Tensors) -> usize {
	tensors.iter().map(|(_, shape)| shape.iter().product::<usize>()).sum()
}

/// Tensors of a graph by their names.
pub(crate) type Named = [(String, Var)];

/// Cuts a flat vector, or a stack of them (`[segments, total]`), into its tensors.
pub(crate) fn cut(g: &mut Graph, flat: Var, tensors: &Tensors) -> Vec<(String, Var)> {
	let stacked = g.shape(flat).len() == 2;
	let leading: Vec<usize> = if stacked { vec![g.shape(flat)[0]] } else { vec![] };
	let mut from = 0;
	tensors
		.iter()
		.map(|(name, shape)| {
			let to = from + shape.iter().product::<usize>();
			let part = g.slice(flat, leading.len(), from, to);
			from = to;
			let shape: Vec<usize> = leading.iter().chain(shape).copied().collect();
			(name.clone(), g.reshape(part, &shape))
		})
		.collect()
}

/// How activations are brought to one size; with what is added to keep the quotient finite.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Norm {
	/// By their root mean square (Zhang and Sennrich 2019).
	Rms(f32),
	/// By mean and deviation, with a bias (Ba et al. 2016).
	Layer(f32),
}

/// How a token knows its place.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Positions {
	/// By a table of so many rows, added to the embedding.
	Learned(usize),
	/// By rotating queries and keys (Su et al. 2021).
	Rotary {
		/// The base of the frequencies, θ.
		base: f32,
		/// How frequencies are stretched for longer texts.
		stretch: Stretch,
	},
}

/// How rotary frequencies are stretched for longer texts.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Stretch {
	/// All by one factor (Chen et al. 2023); one leaves them as they are.
	Linear(f32),
	/// Low ones by a factor, high ones not, a blend between (Llama 3.1).
	Llama3 {
		/// What low frequencies are divided by.
		factor: f32,
		/// Frequencies with fewer turns in the original context are low.
		low: f32,
		/// Those with more are high.
		high: f32,
		/// The original context, in tokens.
		original: f32,
	},
}

/// What makes a transformer more than linear.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Activation {
	/// `max(x, 0)`.
	Relu,
	/// `x Φ(x)` (Hendrycks and Gimpel 2016).
	Gelu,
	/// The same, approximated by a hyperbolic tangent.
	GeluTanh,
	/// `x / (1 + e⁻ˣ)` (Elfwing et al. 2018).
	Silu,
}

/// What comes out of a transformer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Output {
	/// The next token: a token sees those before it.
	Next {
		/// The head's matrix is the embedding (Press and Wolf 2017).
		tied: bool,
	},
	/// A class of the whole text, out of its first token (Devlin et al. 2019): all tokens see each
	/// other.
	Class {
		/// How many classes there are.
		classes: usize,
		/// How many kinds of tokens there are: those of the first text, of the second.
		kinds: usize,
	},
}

/// Which linear layers have a bias.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Biases {
	/// Those of queries, keys and values.
	pub attention: bool,
	/// That behind the attention.
	pub output: bool,
	/// Those between the attentions.
	pub mlp: bool,
}

/// The architecture.
#[derive(Clone, PartialEq, Debug)]
pub struct Transformer {
	/// Tokens of the vocabulary.
	pub vocabulary: usize,
	/// Tokens of a row.
	pub context: usize,
	/// Width of the residual stream.
	pub width: usize,
	/// Blocks.
	pub layers: usize,
	/// Attention heads.
	pub heads: usize,
	/// Heads of keys and values; they divide the heads, which share them (Ainslie et al. 2023).
	pub groups: usize,
	/// Numbers of a head.
	pub head: usize,
	/// Width between the two linear layers after an attention.
	pub hidden: usize,
	/// Rank of the adapters.
	pub rank: usize,
	/// The norm.
	pub norm: Norm,
	/// Whether norms stand behind the sums (Vaswani et al. 2017), and one behind the embedding, not
	/// before each part and the head.
	pub post: bool,
	/// How a token knows its place.
	pub positions: Positions,
	/// The activation.
	pub activation: Activation,
	/// Whether the activation is of a third linear layer and gates (Shazeer 2020).
	pub gated: bool,
	/// Whether queries, keys and values come out of one linear layer.
	pub joined: bool,
	/// Which linear layers have a bias.
	pub biases: Biases,
	/// What comes out.
	pub output: Output,
}

/// The weights of a base model in a graph, and how one of its matrices `[from, to]` is multiplied
/// with, however it lies.
pub(crate) struct Weights {
	pub tensors: Vec<(String, Var)>,
	pub product: fn(&mut Graph, Var, Var) -> Var,
}

struct Linear {
	name: String,
	from: usize,
	to: usize,
	bias: bool,
}

fn find(all: &Named, name: &str) -> Var {
	all.iter().find(|(n, _)| n == name).expect("the tensor is in the list").1
}

/// In another shape, if it is another one.
fn shaped(g: &mut Graph, x: Var, shape: &[usize]) -> Var {
	if g.shape(x) == shape {
		x
	} else {
		g.reshape(x, shape)
	}
}

impl Activation {
	fn apply(self, g: &mut Graph, x: Var) -> Var {
		let half_of_sum = |g: &mut Graph, y: Var| {
			let one = g.number(1.0);
			let sum = g.add(y, one);
			let product = g.mul(x, sum);
			g.scale(product, 0.5)
		};
		match self {
			Self::Relu => g.relu(x),
			Self::Gelu => {
				let scaled = g.scale(x, std::f32::consts::FRAC_1_SQRT_2);
				let erf = g.erf(scaled);
				half_of_sum(g, erf)
			},
			Self::GeluTanh => {
				let square = g.mul(x, x);
				let cube = g.mul(square, x);
				let small = g.scale(cube, 0.044715);
				let sum = g.add(x, small);
				let scaled = g
					.scale(sum, std::f32::consts::FRAC_2_SQRT_PI * std::f32::consts::FRAC_1_SQRT_2);
				let tanh = g.tanh(scaled);
				half_of_sum(g, tanh)
			},
			Self::Silu => {
				let gate = g.sigmoid(x);
				g.mul(x, gate)
			},
		}
	}
}

impl Stretch {
	/// Radians a token of a frequency.
	fn apply(self, frequency: f32) -> f32 {
		match self {
			Self::Linear(factor) => frequency / factor,
			Self::Llama3 { factor, low, high, original } => {
				let turns = original * frequency / (2.0 * std::f32::consts::PI);
				let kept = ((turns - low) / (high - low)).clamp(0.0, 1.0);
				(1.0 - kept) * frequency / factor + kept * frequency
			},
		}
	}
}

/// Cosines and sines `[context, 1, head]`. Of f32, as published models were trained, and in code of
/// ours, since those of platforms differ in the last bit and would be in the graph's bytes.
fn rotations(base: f32, stretch: Stretch, context: usize, head: usize) -> [Vec<f32>; 2] {
	let angle = |i: usize| {
		let pair = i % head % (head / 2);
		let frequency = libm::pow(f64::from(base), -2.0 * pair as f64 / head as f64) as f32;
		f64::from((i / head) as f32 * stretch.apply(frequency))
	};
	let table = |f: fn(f64) -> f64| (0..context * head).map(|i| f(angle(i)) as f32).collect();
	[table(libm::cos), table(libm::sin)]
}

/// Pairs of numbers `[.., head]`, the first half's with the second's, turned by the angles of tables.
fn rotated(g: &mut Graph, x: Var, [cos, sin]: [Var; 2]) -> Var {
	let (last, head) = (g.shape(x).len() - 1, g.shape(x)[g.shape(x).len() - 1]);
	let first = g.slice(x, last, 0, head / 2);
	let second = g.slice(x, last, head / 2, head);
	let second = g.neg(second);
	let across = g.concat(&[second, first], last);
	let kept = g.mul(x, cos);
	let across = g.mul(across, sin);
	g.add(kept, across)
}

/// One pass through a model.
struct Pass<'a> {
	model: &'a Transformer,
	weights: &'a Weights,
	adapter: Option<&'a Named>,
}

/// Which tokens do not see each other, and the tables by which queries and keys are rotated.
struct Places {
	mask: Var,
	rotation: Option<[Var; 2]>,
}

impl Pass<'_> {
	fn weight(&self, name: &str) -> Var {
		find(&self.weights.tensors, name)
	}

	fn linear(&self, g: &mut Graph, x: Var, name: &str) -> Var {
		let mut y = if name == "head" && self.model.output == (Output::Next { tied: true }) {
			g.linear(x, self.weight("embedding"), true)
		} else {
			(self.weights.product)(g, x, self.weight(name))
		};
		let bias = format!("{name}.bias");
		if let Some((_, bias)) = self.weights.tensors.iter().find(|(name, _)| *name == bias) {
			y = g.add(y, *bias);
		}
		let Some(adapter) = self.adapter else { return y };
		let down = g.matmul(x, find(adapter, &format!("{name}.lora_A")));
		let up = g.matmul(down, find(adapter, &format!("{name}.lora_B")));
		g.add(y, up)
	}

	fn norm(&self, g: &mut Graph, mut x: Var, name: &str) -> Var {
		let mean = |g: &mut Graph, x: Var| {
			let sum = g.sum(x, &[2]);
			g.scale(sum, 1.0 / self.model.width as f32)
		};
		let (Norm::Rms(epsilon) | Norm::Layer(epsilon)) = self.model.norm;
		if let Norm::Layer(_) = self.model.norm {
			let middle = mean(g, x);
			x = g.sub(x, middle);
		}
		let square = g.mul(x, x);
		let square = mean(g, square);
		let epsilon = g.number(epsilon);
		let square = g.add(square, epsilon);
		let size = g.sqrt(square);
		let unit = g.div(x, size);
		let y = g.mul(unit, self.weight(name));
		match self.model.norm {
			Norm::Rms(_) => y,
			Norm::Layer(_) => g.add(y, self.weight(&format!("{name}.bias"))),
		}
	}

	/// Attention of `x` `[segments, rows·context, width]`, of the shape `[segments, rows, context]`.
	fn attention(
		&self,
		g: &mut Graph,
		x: Var,
		layer: usize,
		[s, b, t]: [usize; 3],
		places: &Places,
	) -> Var {
		let Transformer { heads, groups, head, .. } = *self.model;
		let name = |part: &str| format!("layers.{layer}.{part}");
		let all = self.model.joined.then(|| self.linear(g, x, &name("attention")));
		// Of so many heads, which begin behind others where one linear layer gives all.
		let split = |g: &mut Graph, part: &str, from: usize, heads: usize, order: [usize; 5]| {
			let y = match all {
				Some(all) => g.slice(all, 2, from * head, (from + heads) * head),
				None => self.linear(g, x, &name(part)),
			};
			let mut y = g.reshape(y, &[s, b, t, heads, head]);
			if let (Some(tables), "query" | "key") = (places.rotation, part) {
				y = rotated(g, y, tables);
			}
			g.transpose(y, &order)
		};
		let query = split(g, "query", 0, heads, [0, 1, 3, 2, 4]);
		let key = split(g, "key", heads, groups, [0, 1, 3, 4, 2]);
		let value = split(g, "value", heads + groups, groups, [0, 1, 3, 2, 4]);
		let query = g.scale(query, (head as f32).powf(-0.5));
		// Heads that share a key stand one below the other.
		let shared = heads / groups * t;
		let query = shaped(g, query, &[s, b, groups, shared, head]);
		let scores = g.matmul(query, key);
		let scores = shaped(g, scores, &[s, b, heads, t, t]);
		let scores = g.add(scores, places.mask);
		let attention = g.softmax(scores);
		let attention = shaped(g, attention, &[s, b, groups, shared, t]);
		let mixed = g.matmul(attention, value);
		let mixed = shaped(g, mixed, &[s, b, heads, t, head]);
		let mixed = g.transpose(mixed, &[0, 1, 3, 2, 4]);
		let mixed = g.reshape(mixed, &[s, b * t, heads * head]);
		self.linear(g, mixed, &name("output"))
	}

	/// The linear layers between two attentions.
	fn perceptron(&self, g: &mut Graph, x: Var, layer: usize) -> Var {
		let name = |part: &str| format!("layers.{layer}.{part}");
		let activation = self.model.activation;
		let gate = self.model.gated.then(|| {
			let gate = self.linear(g, x, &name("gate"));
			activation.apply(g, gate)
		});
		let up = self.linear(g, x, &name("up"));
		let up = match gate {
			Some(gate) => g.mul(gate, up),
			None => activation.apply(g, up),
		};
		self.linear(g, up, &name("down"))
	}

	/// The last hidden states `[segments, rows·context, width]` of tokens `[segments, rows, context]`.
	/// A classifier has the inputs `kinds`, of which text a token is, and `present`, one where there
	/// is a token, both of the shape of the tokens.
	fn states(&self, g: &mut Graph, tokens: Var) -> Var {
		let [s, b, t] = *g.shape(tokens) else { panic!("tokens are [segments, rows, context]") };
		let shape = [s, b, t];
		let mask = match self.model.output {
			Output::Next { .. } => {
				let later = (0..t * t).map(|i| if i % t > i / t { NEVER } else { 0.0 }).collect();
				g.constant(&[t, t], later)
			},
			Output::Class { .. } => {
				let present = g.input("present", &shape);
				let one = g.number(1.0);
				let absent = g.sub(one, present);
				let never = g.scale(absent, NEVER);
				g.reshape(never, &[s, b, 1, 1, t])
			},
		};
		let mut places = Places { mask, rotation: None };
		let mut x = g.gather(self.weight("embedding"), tokens);
		match self.model.positions {
			Positions::Learned(rows) => {
				let table = self.weight("position");
				let table = if rows == t { table } else { g.slice(table, 0, 0, t) };
				x = g.add(x, table);
			},
			Positions::Rotary { base, stretch } => {
				let head = self.model.head;
				let tables = rotations(base, stretch, t, head);
				places.rotation = Some(tables.map(|table| g.constant(&[t, 1, head], table)));
			},
		}
		if let Output::Class { .. } = self.model.output {
			let kinds = g.indices("kinds", &shape);
			let kinds = g.gather(self.weight("kind"), kinds);
			x = g.add(x, kinds);
		}
		x = g.reshape(x, &[s, b * t, self.model.width]);
		let post = self.model.post;
		let norm = |g: &mut Graph, x: Var, here: bool, name: &str| {
			if here {
				self.norm(g, x, name)
			} else {
				x
			}
		};
		x = norm(g, x, post, "embedding.norm");
		for layer in 0..self.model.layers {
			let [norm1, norm2] = [1, 2].map(|i| format!("layers.{layer}.norm{i}"));
			let normed = norm(g, x, !post, &norm1);
			let mixed = self.attention(g, normed, layer, shape, &places);
			x = g.add(x, mixed);
			x = norm(g, x, post, &norm1);
			let normed = norm(g, x, !post, &norm2);
			let down = self.perceptron(g, normed, layer);
			x = g.add(x, down);
			x = norm(g, x, post, &norm2);
		}
		norm(g, x, !post, "norm")
	}

	/// Logits of the states of [`Pass::states`]: `[segments, rows·context, vocabulary]`, or
	/// `[segments, rows, classes]`.
	fn head(&self, g: &mut Graph, states: Var) -> Var {
		let mut x = states;
		if let Output::Class { .. } = self.model.output {
			let [s, n, d] = *g.shape(x) else {
				panic!("states are [segments, rows·context, width]")
			};
			let (rows, t) = (n / self.model.context, self.model.context);
			let all = g.reshape(x, &[s, rows, t, d]);
			let first = g.slice(all, 2, 0, 1);
			let first = g.reshape(first, &[s, rows, d]);
			let pooled = self.linear(g, first, "pooler");
			x = g.tanh(pooled);
		}
		self.linear(g, x, "head")
	}
}

impl Transformer {
	/// The linear layers, in their order.
	fn linears(&self) -> Vec<Linear> {
		let (d, hidden, Biases { attention, output, mlp }) = (self.width, self.hidden, self.biases);
		let (query, key) = (self.heads * self.head, self.groups * self.head);
		let mut all = Vec::new();
		for layer in 0..self.layers {
			let mut add = |part: &str, from, to, bias| {
				all.push(Linear { name: format!("layers.{layer}.{part}"), from, to, bias });
			};
			if self.joined {
				add("attention", d, query + 2 * key, attention);
			} else {
				add("query", d, query, attention);
				add("key", d, key, attention);
				add("value", d, key, attention);
			}
			add("output", query, d, output);
			if self.gated {
				add("gate", d, hidden, mlp);
			}
			add("up", d, hidden, mlp);
			add("down", hidden, d, mlp);
		}
		let mut add = |name: &str, to, bias| {
			all.push(Linear { name: name.into(), from: d, to, bias });
		};
		match self.output {
			Output::Next { .. } => add("head", self.vocabulary, false),
			Output::Class { classes, .. } => {
				add("pooler", d, true);
				add("head", classes, true);
			},
		}
		all
	}

	/// The weights of the base model, in their order; matrices are `[from, to]`.
	pub fn weights(&self) -> Tensors {
		let d = self.width;
		let mut all = vec![("embedding".into(), vec![self.vocabulary, d])];
		if let Positions::Learned(rows) = self.positions {
			all.push(("position".into(), vec![rows, d]));
		}
		if let Output::Class { kinds, .. } = self.output {
			all.push(("kind".into(), vec![kinds, d]));
		}
		let mut norms = Vec::new();
		if self.post {
			norms.push("embedding.norm".into());
		}
		for layer in 0..self.layers {
			norms.extend([format!("layers.{layer}.norm1"), format!("layers.{layer}.norm2")]);
		}
		if !self.post {
			norms.push("norm".into());
		}
		for norm in norms {
			let bias = format!("{norm}.bias");
			all.push((norm, vec![d]));
			if let Norm::Layer(_) = self.norm {
				all.push((bias, vec![d]));
			}
		}
		for Linear { name, from, to, bias } in self.linears() {
			let biased = format!("{name}.bias");
			if name != "head" || self.output != (Output::Next { tied: true }) {
				all.push((name, vec![from, to]));
			}
			if bias {
				all.push((biased, vec![to]));
			}
		}
		all
	}

	/// The tensors of an adapter, in their order.
	pub fn adapter(&self) -> Tensors {
		let pair = |Linear { name, from, to, .. }: Linear| {
			[
				(format!("{name}.lora_A"), vec![from, self.rank]),
				(format!("{name}.lora_B"), vec![self.rank, to]),
			]
		};
		self.linears().into_iter().flat_map(pair).collect()
	}

	/// What can be said: tokens or classes.
	fn answers(&self) -> usize {
		match self.output {
			Output::Next { .. } => self.vocabulary,
			Output::Class { classes, .. } => classes,
		}
	}

	/// Log-probabilities of `targets`, of their shape.
	fn log_probabilities(&self, g: &mut Graph, logits: Var, targets: Var) -> Var {
		let shape = g.shape(targets).to_vec();
		let log = g.log_softmax(logits);
		let one_hot = g.one_hot(targets, self.answers());
		let all = g.shape(log).to_vec();
		let one_hot = g.reshape(one_hot, &all);
		let picked = g.mul(log, one_hot);
		let picked = g.sum(picked, &[2]);
		g.reshape(picked, &shape)
	}

	/// The weighted log-probability `[segments]` of targets, and that of each one. Inputs: `tokens`
	/// `[segments, rows, context]`, `targets` and `mask`, what each counts, of the same shape, or
	/// `[segments, rows]` for a classifier.
	pub(crate) fn objective(
		&self,
		g: &mut Graph,
		weights: &Weights,
		adapter: Option<&Named>,
		(s, b): (usize, usize),
	) -> (Var, Var) {
		let tokens = [s, b, self.context];
		let answers = match self.output {
			Output::Next { .. } => &tokens[..],
			Output::Class { .. } => &tokens[..2],
		};
		let tokens = g.indices("tokens", &tokens);
		let targets = g.indices("targets", answers);
		let mask = g.input("mask", answers);
		let pass = Pass { model: self, weights, adapter };
		let states = pass.states(g, tokens);
		let logits = pass.head(g, states);
		let log = self.log_probabilities(g, logits, targets);
		let weighted = g.mul(log, mask);
		let axes: Vec<usize> = (1..answers.len()).collect();
		let sum = g.sum(weighted, &axes);
		(g.reshape(sum, &[s]), log)
	}

	/// Loss gradients of `tensors`, joined in their order, `[segments, total]`.
	pub(crate) fn flat_gradient(g: &mut Graph, objective: Var, tensors: &Named, s: usize) -> Var {
		let of: Vec<Var> = tensors.iter().map(|(_, x)| *x).collect();
		let parts: Vec<Var> = g
			.gradients(objective, &of)
			.into_iter()
			.map(|gradient| {
				let count = g.shape(gradient).iter().product::<usize>() / s;
				g.reshape(gradient, &[s, count])
			})
			.collect();
		let joined = g.concat(&parts, 1);
		g.neg(joined)
	}

	/// The input `parameters.in` `[segments, adapter]`, and its tensors.
	fn adapters(&self, g: &mut Graph, segments: usize) -> (Var, Vec<(String, Var)>) {
		let tensors = self.adapter();
		let flat = g.input("parameters.in", &[segments, count(&tensors)]);
		(flat, cut(g, flat, &tensors))
	}

	/// Inputs `parameters.in`, `tokens`; output `logits`, of all tokens or of the classes.
	pub(crate) fn logits(&self, mut g: Graph, weights: &Weights, s: usize, b: usize) -> Graph {
		let (_, adapter) = self.adapters(&mut g, s);
		let tokens = g.indices("tokens", &[s, b, self.context]);
		let pass = Pass { model: self, weights, adapter: Some(&adapter) };
		let states = pass.states(&mut g, tokens);
		let logits = pass.head(&mut g, states);
		g.output("logits", logits);
		g
	}

	/// Inputs `parameters.in` and those of [`Transformer::objective`]; outputs `objective`, `log`.
	pub(crate) fn score(&self, mut g: Graph, weights: &Weights, s: usize, b: usize) -> Graph {
		let (_, adapter) = self.adapters(&mut g, s);
		let (objective, log) = self.objective(&mut g, weights, Some(&adapter), (s, b));
		g.output("objective", objective);
		g.output("log", log);
		g
	}

	/// Inputs as [`Transformer::score`] of one row a segment; outputs `gradient`, `objective`.
	pub(crate) fn gradient(&self, mut g: Graph, weights: &Weights, rows: usize) -> Graph {
		let (_, adapter) = self.adapters(&mut g, rows);
		let (objective, _) = self.objective(&mut g, weights, Some(&adapter), (rows, 1));
		let gradient = Self::flat_gradient(&mut g, objective, &adapter, rows);
		g.output("gradient", gradient);
		g.output("objective", objective);
		g
	}

	/// Inputs as [`Transformer::score`], and those of [`adam`]; outputs its, and `objective`.
	pub(crate) fn train(&self, mut g: Graph, weights: &Weights, s: usize, b: usize) -> Graph {
		let (flat, adapter) = self.adapters(&mut g, s);
		let (objective, _) = self.objective(&mut g, weights, Some(&adapter), (s, b));
		let gradient = Self::flat_gradient(&mut g, objective, &adapter, s);
		g.output("objective", objective);
		adam(&mut g, flat, gradient, 0.0);
		g
	}

	/// Inputs `parameters.in`, `tokens` and `pick` `[rows, 1, context]`, one at the position that is
	/// asked for; output `logits` `[rows, vocabulary]`. With `late`, positions are picked behind the
	/// head, not before it, which is the same but for rounding.
	pub(crate) fn decode(&self, mut g: Graph, weights: &Weights, rows: usize, late: bool) -> Graph {
		let (_, adapter) = self.adapters(&mut g, rows);
		let tokens = g.indices("tokens", &[rows, 1, self.context]);
		let pick = g.input("pick", &[rows, 1, self.context]);
		let pass = Pass { model: self, weights, adapter: Some(&adapter) };
		let mut x = pass.states(&mut g, tokens);
		if !late {
			x = g.matmul(pick, x);
		}
		x = pass.head(&mut g, x);
		if late {
			x = g.matmul(pick, x);
		}
		let picked = g.reshape(x, &[rows, self.vocabulary]);
		g.output("logits", picked);
		g
	}
}

/// One step of AdamW on the rows of a stack of flat vectors. `rate`, `correct1`, `correct2`
/// `[segments, 1]`: learning rate and `1 − βⁿ`. A rate of zero leaves a vector as it is.
pub(crate) fn adam(g: &mut Graph, parameters: Var, gradient: Var, decay: f32) {
	let shape = g.shape(parameters).to_vec();
	let per_row = [shape[0], 1];
	let first = g.input("first.in", &shape);
	let second = g.input("second.in", &shape);
	let rate = g.input("rate", &per_row);
	let correct1 = g.input("correct1", &per_row);
	let correct2 = g.input("correct2", &per_row);
	let (b1, b2) = BETAS;
	let blend = |g: &mut Graph, old: Var, new: Var, beta: f32| {
		let old = g.scale(old, beta);
		let new = g.scale(new, 1.0 - beta);
		g.add(old, new)
	};
	let first = blend(g, first, gradient, b1);
	let square = g.mul(gradient, gradient);
	let second = blend(g, second, square, b2);
	let mean = g.div(first, correct1);
	let variance = g.div(second, correct2);
	let deviation = g.sqrt(variance);
	let epsilon = g.number(ADAM_EPSILON);
	let deviation = g.add(deviation, epsilon);
	let direction = g.div(mean, deviation);
	let decayed = g.scale(parameters, decay);
	let direction = g.add(direction, decayed);
	let step = g.mul(direction, rate);
	let updated = g.sub(parameters, step);
	g.output("parameters", updated);
	g.output("first", first);
	g.output("second", second);
}
