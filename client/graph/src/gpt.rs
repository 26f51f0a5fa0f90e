//! A GPT with LoRA adapters on all its linear layers, and every graph that is made of it.
//!
//! Decoder-only transformer (Radford et al. 2019) with root-mean-square norms before each part
//! (Zhang and Sennrich 2019) and ReLU; low-rank adapters after Hu et al. 2021. Weights are one
//! flat vector in the order of [`Gpt::weights`], adapters one in the order of [`Gpt::adapter`]. Every
//! batch segment has an adapter tensor of its own, `[segments, d, r]`: many adapters train, score
//! and serve in one batch.

use crate::{Graph, Var};
use serde::{Deserialize, Serialize};

/// Keeps the norm of a zero vector finite.
const EPSILON: f32 = 1e-5;
/// Moments of AdamW (Loshchilov and Hutter 2019).
pub const BETAS: (f32, f32) = (0.9, 0.99);
/// Keeps AdamW's quotient finite.
const ADAM_EPSILON: f32 = 1e-8;

/// The architecture.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Gpt {
	/// Tokens of the vocabulary.
	pub vocabulary: usize,
	/// Tokens that the model looks at.
	pub context: usize,
	/// Width of the residual stream.
	pub width: usize,
	/// Transformer blocks.
	pub layers: usize,
	/// Attention heads; they divide the width.
	pub heads: usize,
	/// Rank of the adapters.
	pub rank: usize,
}

/// A tensor's name and shape.
pub type Tensors = Vec<(String, Vec<usize>)>;

/// How many numbers tensors hold.
pub fn count(tensors: &Tensors) -> usize {
	tensors.iter().map(|(_, shape)| shape.iter().product::<usize>()).sum()
}

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

impl Gpt {
	/// The linear layers of a block, and the head: name, inputs, outputs.
	fn linears(&self) -> Vec<(String, usize, usize)> {
		let d = self.width;
		let mut all = Vec::new();
		for layer in 0..self.layers {
			for (name, from, to) in [
				("query", d, d),
				("key", d, d),
				("value", d, d),
				("output", d, d),
				("up", d, 4 * d),
				("down", 4 * d, d),
			] {
				all.push((format!("layers.{layer}.{name}"), from, to));
			}
		}
		all.push(("head".into(), d, self.vocabulary));
		all
	}

	/// The weights of the base model, in their order.
	pub fn weights(&self) -> Tensors {
		let mut all = vec![
			("embedding".into(), vec![self.vocabulary, self.width]),
			("position".into(), vec![self.context, self.width]),
		];
		for layer in 0..self.layers {
			all.push((format!("layers.{layer}.norm1"), vec![self.width]));
			all.push((format!("layers.{layer}.norm2"), vec![self.width]));
		}
		all.push(("norm".into(), vec![self.width]));
		all.extend(self.linears().into_iter().map(|(name, from, to)| (name, vec![from, to])));
		all
	}

	/// The tensors of an adapter, in their order.
	pub fn adapter(&self) -> Tensors {
		let pair = |(name, from, to): (String, usize, usize)| {
			[
				(format!("{name}.lora_A"), vec![from, self.rank]),
				(format!("{name}.lora_B"), vec![self.rank, to]),
			]
		};
		self.linears().into_iter().flat_map(pair).collect()
	}

	/// Logits `[segments, rows·context, vocabulary]` of tokens `[segments, rows, context]`.
	fn logits(
		&self,
		g: &mut Graph,
		weights: &[(String, Var)],
		adapter: Option<&[(String, Var)]>,
		tokens: Var,
	) -> Var {
		let find = |all: &[(String, Var)], name: &str| {
			all.iter().find(|(n, _)| n == name).expect("the tensor is in the list").1
		};
		let [s, b, t] = *g.shape(tokens) else { panic!("tokens are [segments, rows, context]") };
		let (d, h) = (self.width, self.heads);
		let linear = |g: &mut Graph, x: Var, name: &str| {
			let y = g.matmul(x, find(weights, name));
			let Some(adapter) = adapter else { return y };
			let down = g.matmul(x, find(adapter, &format!("{name}.lora_A")));
			let up = g.matmul(down, find(adapter, &format!("{name}.lora_B")));
			g.add(y, up)
		};
		let norm = |g: &mut Graph, x: Var, name: &str| {
			let square = g.mul(x, x);
			let sum = g.sum(square, &[2]);
			let mean = g.scale(sum, 1.0 / d as f32);
			let epsilon = g.number(EPSILON);
			let mean = g.add(mean, epsilon);
			let size = g.sqrt(mean);
			let unit = g.div(x, size);
			g.mul(unit, find(weights, name))
		};
		let mask: Vec<f32> =
			(0..t * t).map(|i| if i % t > i / t { f32::MIN / 2.0 } else { 0.0 }).collect();
		let mask = g.constant(&[t, t], mask);

		let embedded = g.gather(find(weights, "embedding"), tokens);
		let x = g.add(embedded, find(weights, "position"));
		let mut x = g.reshape(x, &[s, b * t, d]);
		for layer in 0..self.layers {
			let name = |part: &str| format!("layers.{layer}.{part}");
			let normed = norm(g, x, &name("norm1"));
			let split = |g: &mut Graph, part: &str, order: [usize; 5]| {
				let y = linear(g, normed, &name(part));
				let y = g.reshape(y, &[s, b, t, h, d / h]);
				g.transpose(y, &order)
			};
			let query = split(g, "query", [0, 1, 3, 2, 4]);
			let key = split(g, "key", [0, 1, 3, 4, 2]);
			let value = split(g, "value", [0, 1, 3, 2, 4]);
			let query = g.scale(query, ((d / h) as f32).powf(-0.5));
			let scores = g.matmul(query, key);
			let scores = g.add(scores, mask);
			let attention = g.softmax(scores);
			let mixed = g.matmul(attention, value);
			let mixed = g.transpose(mixed, &[0, 1, 3, 2, 4]);
			let mixed = g.reshape(mixed, &[s, b * t, d]);
			let mixed = linear(g, mixed, &name("output"));
			x = g.add(x, mixed);
			let normed = norm(g, x, &name("norm2"));
			let up = linear(g, normed, &name("up"));
			let up = g.relu(up);
			let down = linear(g, up, &name("down"));
			x = g.add(x, down);
		}
		let x = norm(g, x, "norm");
		linear(g, x, "head")
	}

	/// Log-probabilities `[segments, rows, context]` of `targets` of that shape.
	fn log_probabilities(&self, g: &mut Graph, logits: Var, targets: Var) -> Var {
		let shape = g.shape(targets).to_vec();
		let log = g.log_softmax(logits);
		let one_hot = g.one_hot(targets, self.vocabulary);
		let all = g.shape(log).to_vec();
		let one_hot = g.reshape(one_hot, &all);
		let picked = g.mul(log, one_hot);
		let picked = g.sum(picked, &[2]);
		g.reshape(picked, &shape)
	}

	/// Tokens, targets and weights of the targets, and the weighted log-probability of each segment.
	fn objective(
		&self,
		g: &mut Graph,
		weights: &[(String, Var)],
		adapter: Option<&[(String, Var)]>,
		(s, b): (usize, usize),
	) -> (Var, Var) {
		let shape = [s, b, self.context];
		let tokens = g.indices("tokens", &shape);
		let targets = g.indices("targets", &shape);
		let mask = g.input("mask", &shape);
		let logits = self.logits(g, weights, adapter, tokens);
		let log = self.log_probabilities(g, logits, targets);
		let weighted = g.mul(log, mask);
		let sum = g.sum(weighted, &[1, 2]);
		(g.reshape(sum, &[s]), log)
	}

	/// One step of AdamW on the rows of a stack of flat vectors. `rate`, `correct1`, `correct2`
	/// `[segments, 1]`: learning rate and `1 − βⁿ`. A rate of zero leaves a vector as it is.
	fn adam(&self, g: &mut Graph, parameters: Var, gradient: Var, decay: f32) {
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

	/// Loss gradients of `tensors`, joined in their order, `[segments, total]`.
	fn flat_gradient(
		&self,
		g: &mut Graph,
		objective: Var,
		tensors: &[(String, Var)],
		s: usize,
	) -> Var {
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

	/// Trains the base model: `rows` rows a step. Inputs `parameters.in`, `first.in`, `second.in`
	/// `[1, weights]`, `tokens`, `targets`, `mask` `[1, rows, context]`, `rate`, `correct1`, `correct2`
	/// `[1, 1]`; outputs `parameters`, `first`, `second` and `objective` `[1]`.
	pub fn pretrain(&self, rows: usize) -> Graph {
		let mut g = Graph::default();
		let tensors = self.weights();
		let flat = g.input("parameters.in", &[1, count(&tensors)]);
		let line = g.reshape(flat, &[count(&tensors)]);
		let weights = cut(&mut g, line, &tensors);
		let (objective, _) = self.objective(&mut g, &weights, None, (1, rows));
		let gradient = self.flat_gradient(&mut g, objective, &weights, 1);
		g.output("objective", objective);
		self.adam(&mut g, flat, gradient, 0.01);
		g
	}

	/// Trains `segments` adapters at once, each on `rows` rows of its own a step. Inputs `base`
	/// `[weights]`, `parameters.in`, `first.in`, `second.in` `[segments, adapter]`, `tokens`, `targets`,
	/// `mask` `[segments, rows, context]`, `rate`, `correct1`, `correct2` `[segments, 1]`; outputs as
	/// [`Gpt::pretrain`].
	pub fn train(&self, segments: usize, rows: usize) -> Graph {
		let mut g = Graph::default();
		let (flat, weights, adapter) = self.adapted(&mut g, segments);
		let (objective, _) = self.objective(&mut g, &weights, Some(&adapter), (segments, rows));
		let gradient = self.flat_gradient(&mut g, objective, &adapter, segments);
		g.output("objective", objective);
		self.adam(&mut g, flat, gradient, 0.0);
		g
	}

	/// Gradients of each row's loss with respect to an adapter of its own: inputs `base`,
	/// `parameters.in` `[rows, adapter]`, `tokens`, `targets`, `mask` `[rows, 1, context]`; outputs
	/// `gradient` `[rows, adapter]` and `objective` `[rows]`.
	pub fn gradient(&self, rows: usize) -> Graph {
		let mut g = Graph::default();
		let (_, weights, adapter) = self.adapted(&mut g, rows);
		let (objective, _) = self.objective(&mut g, &weights, Some(&adapter), (rows, 1));
		let gradient = self.flat_gradient(&mut g, objective, &adapter, rows);
		g.output("gradient", gradient);
		g.output("objective", objective);
		g
	}

	/// Scores rows under adapters: inputs `base`, `parameters.in` `[segments, adapter]`, `tokens`,
	/// `targets`, `mask` `[segments, rows, context]`; outputs `objective` `[segments]`, the weighted sum
	/// of log-probabilities, and `log` of the shape of the targets.
	pub fn score(&self, segments: usize, rows: usize) -> Graph {
		let mut g = Graph::default();
		let (_, weights, adapter) = self.adapted(&mut g, segments);
		let (objective, log) = self.objective(&mut g, &weights, Some(&adapter), (segments, rows));
		g.output("objective", objective);
		g.output("log", log);
		g
	}

	/// Logits after every token: inputs `base`, `parameters.in` `[rows, adapter]`, `tokens`
	/// `[rows, 1, context]`, `pick` `[rows, 1, context]`, one at the position that is asked for;
	/// output `logits` `[rows, vocabulary]`.
	pub fn decode(&self, rows: usize) -> Graph {
		let mut g = Graph::default();
		let (_, weights, adapter) = self.adapted(&mut g, rows);
		let tokens = g.indices("tokens", &[rows, 1, self.context]);
		let pick = g.input("pick", &[rows, 1, self.context]);
		let logits = self.logits(&mut g, &weights, Some(&adapter), tokens);
		let picked = g.matmul(pick, logits);
		let picked = g.reshape(picked, &[rows, self.vocabulary]);
		g.output("logits", picked);
		g
	}

	#[allow(clippy::type_complexity)]
	fn adapted(
		&self,
		g: &mut Graph,
		segments: usize,
	) -> (Var, Vec<(String, Var)>, Vec<(String, Var)>) {
		let base = g.input("base", &[count(&self.weights())]);
		let weights = cut(g, base, &self.weights());
		let flat = g.input("parameters.in", &[segments, count(&self.adapter())]);
		let adapter = cut(g, flat, &self.adapter());
		(flat, weights, adapter)
	}
}
