//! Counterfactual scores of answers, and answers themselves.
//!
//! A [`Scorer`] holds a base model and the adapters of a model version; it gives the vector `y` of
//! log-probabilities that committees commit to. A [`Generator`] answers under one adapter, looking at
//! the very windows that the scorer will look at. [`gradient`] gives the features of answers and of rows
//! by which the second method scores. [`eval`] measures methods of attribution against retrainings.

pub mod baselines;
pub mod control;
pub mod eval;
pub mod gradient;

use openledger_factory::{Base, Error, Task};
use openledger_graph::count;
use openledger_onnx::{Session, Tensor};
use rand_chacha::{
	rand_core::{RngCore, SeedableRng},
	ChaCha8Rng,
};
use std::sync::Arc;

/// One nat in the units of scores.
pub const NAT: f64 = 65_536.0;

/// Where the window begins in which the token at `position` is predicted. A sequence longer than
/// the context is read in windows that overlap by half.
pub fn window(position: usize, context: usize) -> usize {
	let half = context / 2;
	match position.checked_sub(context) {
		None => 0,
		Some(beyond) => (beyond / half + 1) * half,
	}
}

/// The sequence that an answer is: begun, asked, answered.
fn sequence(begin: u32, prompt: &[u32], completion: &[u32]) -> Vec<u32> {
	[&[begin], prompt, completion].concat()
}

/// Scores answers under the base model, the published adapter and the counterfactual ones.
pub struct Scorer {
	base: Arc<Base>,
	/// The adapters one after another, first one that changes nothing.
	stack: Vec<f32>,
	segments: usize,
	session: Session,
}

impl Scorer {
	/// `adapters`: the published one, then the counterfactual ones in the order of the subsets.
	pub fn new(base: Arc<Base>, adapters: &[Vec<f32>], threads: usize) -> Result<Self, Error> {
		let size = count(&base.adapter());
		let mut stack = vec![0.0; size];
		adapters.iter().for_each(|adapter| stack.extend(adapter));
		let segments = adapters.len() + 1;
		let session = base.session(Task::Score { segments, rows: 1 }, threads)?;
		Ok(Self { base, stack, segments, session })
	}

	/// Sums of the log-probabilities of the completion's tokens, in nats: base model, published
	/// adapter, counterfactual adapters.
	pub fn log_probabilities(
		&mut self,
		prompt: &[u32],
		completion: &[u32],
	) -> Result<Vec<f64>, Error> {
		let t = self.base.context();
		let all = sequence(self.base.tokenizer.begin(), prompt, completion);
		let asked = 1 + prompt.len();
		let mut sums = vec![0f64; self.segments];
		let mut position = asked;
		while position < all.len() {
			let from = window(position - 1, t);
			let to = (from + t + 1).min(all.len());
			// Targets of this window that no earlier one predicts.
			let last = (position..to).take_while(|p| window(p - 1, t) == from).count();
			let mut tokens = vec![0i64; t];
			let mut targets = vec![0i64; t];
			let mut mask = vec![0f32; t];
			for (i, token) in all[from..to - 1].iter().enumerate() {
				tokens[i] = i64::from(*token);
				targets[i] = i64::from(all[from + i + 1]);
			}
			for target in position..position + last {
				mask[target - 1 - from] = 1.0;
			}
			let shape = vec![self.segments, 1, t];
			let out = self.session.run(self.base.inputs(vec![
				(
					"parameters.in",
					Tensor::Floats(
						vec![self.segments, self.stack.len() / self.segments],
						self.stack.clone(),
					),
				),
				("tokens", Tensor::Integers(shape.clone(), tokens.repeat(self.segments))),
				("targets", Tensor::Integers(shape.clone(), targets.repeat(self.segments))),
				("mask", Tensor::Floats(shape, mask.repeat(self.segments))),
			]))?;
			for (sum, row) in sums.iter_mut().zip(out["log"].chunks(t)) {
				for target in position..position + last {
					*sum += f64::from(row[target - 1 - from]);
				}
			}
			position += last;
		}
		Ok(sums)
	}

	/// The vector `y`: [`Scorer::log_probabilities`] in units of 2^-16 nat, rounded half away from
	/// zero.
	pub fn score(&mut self, prompt: &[u32], completion: &[u32]) -> Result<Vec<i32>, Error> {
		let sums = self.log_probabilities(prompt, completion)?;
		Ok(sums
			.into_iter()
			.map(|v| (v * NAT).round().clamp(i32::MIN as f64, 0.0) as i32)
			.collect())
	}
}

/// How an answer is drawn.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Sampling {
	/// Zero takes the most likely token.
	pub temperature: f32,
	/// The most tokens of an answer.
	pub max_tokens: usize,
	/// Seeds the draws.
	pub seed: u64,
}

/// Answers under one adapter.
pub struct Generator {
	base: Arc<Base>,
	adapter: Vec<f32>,
	session: Session,
}

impl Generator {
	/// An adapter of zeros is the base model.
	pub fn new(base: Arc<Base>, adapter: Vec<f32>, threads: usize) -> Result<Self, Error> {
		let session = base.session(Task::Decode(1), threads)?;
		Ok(Self { base, adapter, session })
	}

	/// The base model that answers.
	pub fn base(&self) -> &Arc<Base> {
		&self.base
	}

	/// Logits of the token that follows these.
	pub fn logits(&mut self, tokens: &[u32]) -> Result<Vec<f32>, Error> {
		let t = self.base.context();
		let all = sequence(self.base.tokenizer.begin(), tokens, &[]);
		let from = window(all.len() - 1, t);
		let mut tokens = vec![0i64; t];
		let mut pick = vec![0f32; t];
		tokens
			.iter_mut()
			.zip(&all[from..])
			.for_each(|(to, token)| *to = i64::from(*token));
		pick[all.len() - 1 - from] = 1.0;
		let mut out = self.session.run(self.base.inputs(vec![
			("parameters.in", Tensor::Floats(vec![1, self.adapter.len()], self.adapter.clone())),
			("tokens", Tensor::Integers(vec![1, 1, t], tokens)),
			("pick", Tensor::Floats(vec![1, 1, t], pick)),
		]))?;
		Ok(out.remove("logits").unwrap_or_default())
	}

	/// Draws an answer token by token. `on_token` hears of each and ends the answer by `false`.
	/// Returns the tokens, and whether the model ended the answer itself.
	pub fn generate(
		&mut self,
		prompt: &[u32],
		how: Sampling,
		mut on_token: impl FnMut(u32) -> bool,
	) -> Result<(Vec<u32>, bool), Error> {
		let known = self.base.tokenizer.vocabulary();
		let mut all = prompt.to_vec();
		let mut rng = ChaCha8Rng::seed_from_u64(how.seed);
		let mut answer = Vec::new();
		while answer.len() < how.max_tokens {
			let mut logits = self.logits(&all)?;
			// Published models have room for tokens that there are not.
			logits.truncate(known);
			let token = draw(&logits, how.temperature, &mut rng);
			if self.base.tokenizer.is_end(token) {
				return Ok((answer, true));
			}
			all.push(token);
			answer.push(token);
			if !on_token(token) {
				return Ok((answer, true));
			}
		}
		Ok((answer, false))
	}
}

/// A token by its logit: the highest at temperature zero, else by the softmax.
fn draw(logits: &[f32], temperature: f32, rng: &mut ChaCha8Rng) -> u32 {
	let best = logits.iter().enumerate().fold((0, f32::NEG_INFINITY), |best, (i, v)| {
		if *v > best.1 {
			(i, *v)
		} else {
			best
		}
	});
	if temperature <= 0.0 {
		return best.0 as u32;
	}
	let weight = |v: &f32| (f64::from(v - best.1) / f64::from(temperature)).exp();
	let total: f64 = logits.iter().map(weight).sum();
	let mut left = rng.next_u64() as f64 / u64::MAX as f64 * total;
	for (i, v) in logits.iter().enumerate() {
		left -= weight(v);
		if left <= 0.0 {
			return i as u32;
		}
	}
	best.0 as u32
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn window_should_see_at_least_half_a_context_when_the_sequence_is_long() {
		for position in 0..1000 {
			let from = window(position, 64);
			assert!(from <= position && position < from + 64);
			assert!(position < 64 || position - from >= 32, "{position}");
		}
	}
}
