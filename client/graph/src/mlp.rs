//! Multilayer perceptrons with ReLU; without a hidden layer, softmax regression.
//!
//! Parameters are one flat vector in the order of [`Mlp::weights`]. A training graph holds many
//! models at once, `[segments, total]`, and takes several steps in a run. Per-example gradients come
//! from a perturbation of each layer's outputs that every row has for itself: its gradient `δ` and
//! the layer's input `a` make the row's gradient `a ⊗ δ`, which LoGRA (Choe et al. 2024) projects
//! without forming it: `(aᵀP) ⊗ (δᵀQ)`.

use crate::{transformer::cut, Graph, Tensors, Var};
use serde::{Deserialize, Serialize};

/// The architecture.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Mlp {
	/// Numbers of a row.
	pub inputs: usize,
	/// Widths of the hidden layers.
	pub hidden: Vec<usize>,
	/// Classes.
	pub classes: usize,
}

/// Stochastic gradient descent with momentum (Polyak 1964): `v ← μv + ∇ + λw`, `w ← w − ηv`.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Sgd {
	/// μ.
	pub momentum: f32,
	/// λ, on biases too.
	pub decay: f32,
}

/// Weight and bias of a layer.
type Layer = (Var, Var);

/// What a forward pass leaves behind: each layer's input, and the perturbation of its output.
struct Trace {
	logits: Var,
	inputs: Vec<Var>,
	perturbations: Vec<Var>,
}

impl Mlp {
	/// Inputs and outputs of each layer.
	pub fn layers(&self) -> Vec<(usize, usize)> {
		let widths = [&[self.inputs], &self.hidden[..], &[self.classes]].concat();
		widths.windows(2).map(|pair| (pair[0], pair[1])).collect()
	}

	/// The parameters, in their order.
	pub fn weights(&self) -> Tensors {
		let pair = |(i, (from, to)): (usize, (usize, usize))| {
			[
				(format!("layers.{i}.weight"), vec![from, to]),
				(format!("layers.{i}.bias"), vec![1, to]),
			]
		};
		self.layers().into_iter().enumerate().flat_map(pair).collect()
	}

	/// The projections of gradient features: of layer `i` to `shape[i]` numbers of its input, whose
	/// last row is the bias's, times so many of its output's gradient.
	pub fn projections(&self, shape: &[(usize, usize)]) -> Tensors {
		let pair = |(i, ((from, to), (p, q))): (usize, ((usize, usize), &(usize, usize)))| {
			[
				(format!("layers.{i}.input"), vec![from, *p]),
				(format!("layers.{i}.one"), vec![1, *p]),
				(format!("layers.{i}.output"), vec![to, *q]),
			]
		};
		self.layers().into_iter().zip(shape).enumerate().flat_map(pair).collect()
	}

	/// Pairs of weight and bias of a flat vector, or of a stack of them.
	fn cut(&self, g: &mut Graph, flat: Var) -> Vec<Layer> {
		let all = cut(g, flat, &self.weights());
		all.chunks(2).map(|pair| (pair[0].1, pair[1].1)).collect()
	}

	/// Logits of `x` `[.., rows, inputs]`.
	fn forward(&self, g: &mut Graph, layers: &[Layer], x: Var, perturbed: bool) -> Trace {
		let mut trace = Trace { logits: x, inputs: Vec::new(), perturbations: Vec::new() };
		for (i, (weight, bias)) in layers.iter().enumerate() {
			trace.inputs.push(trace.logits);
			let y = g.matmul(trace.logits, *weight);
			let mut y = g.add(y, *bias);
			if perturbed {
				let shape = g.shape(y).to_vec();
				let zero = g.constant(&shape, vec![0.0; shape.iter().product()]);
				trace.perturbations.push(zero);
				y = g.add(y, zero);
			}
			trace.logits = if i + 1 == layers.len() { y } else { g.relu(y) };
		}
		trace
	}

	/// Log-probabilities of the labels, of the shape of `labels`.
	fn log_probabilities(&self, g: &mut Graph, logits: Var, labels: Var) -> Var {
		let shape = g.shape(labels).to_vec();
		let log = g.log_softmax(logits);
		let one_hot = g.one_hot(labels, self.classes);
		let picked = g.mul(log, one_hot);
		let picked = g.sum(picked, &[shape.len()]);
		g.reshape(picked, &shape)
	}

	/// Logits: inputs `parameters.in` `[segments, total]`, `x` `[segments, rows, inputs]`; output
	/// `logits` `[segments, rows, classes]`.
	pub fn predict(&self, segments: usize, rows: usize) -> Graph {
		let mut g = Graph::default();
		let flat = g.input("parameters.in", &[segments, crate::count(&self.weights())]);
		let layers = self.cut(&mut g, flat);
		let x = g.input("x", &[segments, rows, self.inputs]);
		let trace = self.forward(&mut g, &layers, x, false);
		g.output("logits", trace.logits);
		g
	}

	/// Trains `segments` models at once by `steps` steps of `rows` rows each, every model on its
	/// own: inputs `parameters.in`, `velocity.in` `[segments, total]`, `x`
	/// `[segments, steps, rows, inputs]`, `labels` and `weight` `[segments, steps, rows]`, what a
	/// row's loss counts in its step, `rate` `[segments, steps]`; outputs `parameters`, `velocity`.
	/// A rate of zero leaves the parameters as they are.
	pub fn train(&self, segments: usize, steps: usize, rows: usize, how: Sgd) -> Graph {
		let mut g = Graph::default();
		let flat = [segments, crate::count(&self.weights())];
		let parameters = g.input("parameters.in", &flat);
		let velocity = g.input("velocity.in", &flat);
		let x = g.input("x", &[segments, steps, rows, self.inputs]);
		let labels = g.indices("labels", &[segments, steps, rows]);
		let weight = g.input("weight", &[segments, steps, rows]);
		let rate = g.input("rate", &[segments, steps]);
		let unpair = |layers: Vec<Layer>| layers.into_iter().flat_map(|(w, b)| [w, b]);
		let mut parameters: Vec<Var> = unpair(self.cut(&mut g, parameters)).collect();
		let mut velocity: Vec<Var> = unpair(self.cut(&mut g, velocity)).collect();
		for step in 0..steps {
			let at = |g: &mut Graph, x: Var, shape: &[usize]| {
				let part = g.slice(x, 1, step, step + 1);
				g.reshape(part, shape)
			};
			let x = at(&mut g, x, &[segments, rows, self.inputs]);
			let labels = at(&mut g, labels, &[segments, rows]);
			let weight = at(&mut g, weight, &[segments, rows]);
			let rate = at(&mut g, rate, &[segments, 1, 1]);
			let layers: Vec<Layer> = parameters.chunks(2).map(|pair| (pair[0], pair[1])).collect();
			let trace = self.forward(&mut g, &layers, x, false);
			let log = self.log_probabilities(&mut g, trace.logits, labels);
			let objective = g.mul(log, weight);
			let gradients = g.gradients(objective, &parameters);
			for (i, gradient) in gradients.into_iter().enumerate() {
				// The objective is the negative loss.
				let kept = g.scale(velocity[i], how.momentum);
				let moved = g.sub(kept, gradient);
				let decayed = g.scale(parameters[i], how.decay);
				velocity[i] = g.add(moved, decayed);
				let by = g.mul(velocity[i], rate);
				parameters[i] = g.sub(parameters[i], by);
			}
		}
		for (name, tensors) in [("parameters", parameters), ("velocity", velocity)] {
			let flat: Vec<Var> = tensors
				.into_iter()
				.map(|x| {
					let count = g.shape(x).iter().product::<usize>() / segments;
					g.reshape(x, &[segments, count])
				})
				.collect();
			let joined = g.concat(&flat, 1);
			g.output(name, joined);
		}
		g
	}

	/// Logits and each layer's part in every row's gradient: inputs `parameters.in` `[total]`, `x`
	/// `[rows, inputs]`, `labels` `[rows]`; outputs `logits` `[rows, classes]`, and for each layer
	/// `a.i` `[rows, from]`, its input, and `d.i` `[rows, to]`, the gradient of the row's loss with
	/// respect to its output. The row's gradient is `a ⊗ d` for the weight and `d` for the bias.
	pub fn factors(&self, rows: usize) -> Graph {
		let mut g = Graph::default();
		let (trace, deltas) = self.differentiated(&mut g, rows);
		g.output("logits", trace.logits);
		for (i, (a, d)) in trace.inputs.iter().zip(deltas).enumerate() {
			g.output(&format!("a.{i}"), *a);
			g.output(&format!("d.{i}"), d);
		}
		g
	}

	/// Projected gradients of every row's loss, which alone leave the graph: inputs as
	/// [`Mlp::factors`], and `projection`, the tensors of [`Mlp::projections`] in their order;
	/// output `feature` `[rows, Σ p·q]`.
	pub fn features(&self, rows: usize, shape: &[(usize, usize)]) -> Graph {
		let mut g = Graph::default();
		let (trace, deltas) = self.differentiated(&mut g, rows);
		let tensors = self.projections(shape);
		let flat = g.input("projection", &[crate::count(&tensors)]);
		let projections = cut(&mut g, flat, &tensors);
		let mut parts = Vec::new();
		for (i, (p, q)) in shape.iter().enumerate() {
			let [input, one, output] = [0, 1, 2].map(|k| projections[3 * i + k].1);
			let a = g.matmul(trace.inputs[i], input);
			let a = g.add(a, one);
			let a = g.reshape(a, &[rows, *p, 1]);
			let d = g.matmul(deltas[i], output);
			let d = g.reshape(d, &[rows, 1, *q]);
			let product = g.mul(a, d);
			parts.push(g.reshape(product, &[rows, p * q]));
		}
		let feature = g.concat(&parts, 1);
		g.output("feature", feature);
		g
	}

	/// A forward pass of one model, and the gradient of each row's loss with respect to the outputs
	/// of all layers.
	fn differentiated(&self, g: &mut Graph, rows: usize) -> (Trace, Vec<Var>) {
		let flat = g.input("parameters.in", &[crate::count(&self.weights())]);
		let layers = self.cut(g, flat);
		let x = g.input("x", &[rows, self.inputs]);
		let labels = g.indices("labels", &[rows]);
		let trace = self.forward(g, &layers, x, true);
		let log = self.log_probabilities(g, trace.logits, labels);
		let loss = g.neg(log);
		let deltas = g.gradients(loss, &trace.perturbations);
		(trace, deltas)
	}
}
