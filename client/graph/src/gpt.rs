//! A GPT with LoRA adapters on all its linear layers, and every graph that is made of it.
//!
//! Decoder-only transformer (Radford et al. 2019) with root-mean-square norms before each part
//! (Zhang and Sennrich 2019) and ReLU; low-rank adapters after Hu et al. 2021. Weights are one
//! flat vector in the order of [`Gpt::weights`], adapters one in the order of [`Gpt::adapter`]. Every
//! batch segment has an adapter tensor of its own, `[segments, d, r]`: many adapters train, score
//! and serve in one batch.

use crate::{
	count,
	transformer::{adam, cut, Activation, Biases, Norm, Output, Positions, Weights},
	Graph, Tensors, Transformer, Var,
};
use serde::{Deserialize, Serialize};

/// Keeps the norm of a zero vector finite.
const EPSILON: f32 = 1e-5;

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

impl From<&Gpt> for Transformer {
	fn from(gpt: &Gpt) -> Self {
		Self {
			vocabulary: gpt.vocabulary,
			context: gpt.context,
			width: gpt.width,
			layers: gpt.layers,
			heads: gpt.heads,
			groups: gpt.heads,
			head: gpt.width / gpt.heads,
			hidden: 4 * gpt.width,
			rank: gpt.rank,
			norm: Norm::Rms(EPSILON),
			post: false,
			positions: Positions::Learned(gpt.context),
			activation: Activation::Relu,
			gated: false,
			joined: false,
			biases: Biases::default(),
			output: Output::Next { tied: false },
		}
	}
}

impl Gpt {
	/// The weights of the base model, in their order.
	pub fn weights(&self) -> Tensors {
		Transformer::from(self).weights()
	}

	/// The tensors of an adapter, in their order.
	pub fn adapter(&self) -> Tensors {
		Transformer::from(self).adapter()
	}

	/// The weights out of a flat vector.
	fn cut(&self, g: &mut Graph, flat: Var) -> Weights {
		Weights { tensors: cut(g, flat, &self.weights()), product: Graph::matmul }
	}

	/// A graph with the input `base`, and the weights in it.
	fn base(&self) -> (Transformer, Graph, Weights) {
		let mut g = Graph::default();
		let base = g.input("base", &[count(&self.weights())]);
		let weights = self.cut(&mut g, base);
		(self.into(), g, weights)
	}

	/// Trains the base model: `rows` rows a step. Inputs `parameters.in`, `first.in`, `second.in`
	/// `[1, weights]`, `tokens`, `targets`, `mask` `[1, rows, context]`, `rate`, `correct1`, `correct2`
	/// `[1, 1]`; outputs `parameters`, `first`, `second` and `objective` `[1]`.
	pub fn pretrain(&self, rows: usize) -> Graph {
		let mut g = Graph::default();
		let total = count(&self.weights());
		let flat = g.input("parameters.in", &[1, total]);
		let line = g.reshape(flat, &[total]);
		let weights = self.cut(&mut g, line);
		let model = Transformer::from(self);
		let (objective, _) = model.objective(&mut g, &weights, None, (1, rows));
		let gradient = Transformer::flat_gradient(&mut g, objective, &weights.tensors, 1);
		g.output("objective", objective);
		adam(&mut g, flat, gradient, 0.01);
		g
	}

	/// Trains `segments` adapters at once, each on `rows` rows of its own a step. Inputs `base`
	/// `[weights]`, `parameters.in`, `first.in`, `second.in` `[segments, adapter]`, `tokens`, `targets`,
	/// `mask` `[segments, rows, context]`, `rate`, `correct1`, `correct2` `[segments, 1]`; outputs as
	/// [`Gpt::pretrain`].
	pub fn train(&self, segments: usize, rows: usize) -> Graph {
		let (model, g, weights) = self.base();
		model.train(g, &weights, segments, rows)
	}

	/// Gradients of each row's loss with respect to an adapter of its own: inputs `base`,
	/// `parameters.in` `[rows, adapter]`, `tokens`, `targets`, `mask` `[rows, 1, context]`; outputs
	/// `gradient` `[rows, adapter]` and `objective` `[rows]`.
	pub fn gradient(&self, rows: usize) -> Graph {
		let (model, g, weights) = self.base();
		model.gradient(g, &weights, rows)
	}

	/// Scores rows under adapters: inputs `base`, `parameters.in` `[segments, adapter]`, `tokens`,
	/// `targets`, `mask` `[segments, rows, context]`; outputs `objective` `[segments]`, the weighted sum
	/// of log-probabilities, and `log` of the shape of the targets.
	pub fn score(&self, segments: usize, rows: usize) -> Graph {
		let (model, g, weights) = self.base();
		model.score(g, &weights, segments, rows)
	}

	/// Logits after every token: inputs `base`, `parameters.in` `[rows, adapter]`, `tokens`
	/// `[rows, 1, context]`, `pick` `[rows, 1, context]`, one at the position that is asked for;
	/// output `logits` `[rows, vocabulary]`.
	pub fn decode(&self, rows: usize) -> Graph {
		let (model, g, weights) = self.base();
		model.decode(g, &weights, rows, true)
	}
}
